//! A chain in memory: a real store, real blocks, transactions executed as they arrive and sealed when the test says so.

#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod ask;

use alloy::{
    consensus::{Header, SignableTransaction, TxEip1559, TxEnvelope, constants::EMPTY_WITHDRAWALS},
    eips::{
        eip1559::BaseFeeParams, eip2718::Encodable2718, eip2935, eip4788,
        eip7685::EMPTY_REQUESTS_HASH,
    },
    network::TxSignerSync,
    primitives::{Address, B256, Bytes, TxKind, U256, keccak256},
    signers::local::PrivateKeySigner,
};
use futures::future::BoxFuture;
use mezz_evm::{
    AccountChange, BLOB_PARAMS, BlockEnvironment, BlockExecutor, Chain, L2Config, Layer,
    SignedTransaction, StateDiff, StateRoots, Transaction,
};
use mezz_primitives::{FeeConfig, predeploys::L1_BLOCK};
use mezz_rpc::{
    Backend, Event, FeeSuggestion, Heads, Pending, PoolContent, Preconfirmed, Submission,
    SubmitError, Submitted,
};
use mezz_storage::{Block, Genesis, SharedOverlay, Store};
use op_alloy_consensus::TxDeposit;
use parking_lot::RwLock;
use revm::{bytecode::Bytecode, state::AccountInfo};
use std::sync::{Arc, mpsc};
use tokio::sync::{broadcast, oneshot};

/// A counter: a call with no data returns slot 0; with data it adds one to slot 0, logs the new value under topic 7, and returns it.
/// `CALLDATASIZE JUMPI(add)  SLOAD(0) RETURN  add: SLOAD(0)+1, SSTORE, LOG1, RETURN`
pub(crate) const COUNTER_CODE: &str =
    "36600c575f545f5260205ff35b5f54600101805f555f52600760205fa160205ff3";
/// Where the counter is from genesis on.
pub(crate) const COUNTER: Address = Address::repeat_byte(0xc0);
/// The timestamp of genesis.
pub(crate) const GENESIS_TIME: u64 = 1_800_000_000;

/// The chain of a test. Its blocks are executed on a thread of their own.
pub(crate) struct TestChain {
    store: Store,
    chain: Chain,
    pending: Arc<RwLock<Pending>>,
    commands: mpsc::Sender<Command>,
    events: broadcast::Sender<Event>,
    arrivals: broadcast::Sender<Arc<SignedTransaction>>,
}

/// Takes an answer to whoever waits for it.
type Answer<T> = Box<dyn FnOnce(T) + Send>;

/// What the thread is asked to do, and where it answers.
enum Command {
    Execute(Box<SignedTransaction>, Answer<Result<Preconfirmed, SubmitError>>),
    Seal(Answer<Arc<Block>>),
    Rewind(u64, Answer<()>),
}

/// What the thread holds.
struct Builder {
    store: Store,
    executor: BlockExecutor<SharedOverlay>,
    pending: Pending,
    shared: Arc<RwLock<Pending>>,
    events: broadcast::Sender<Event>,
    arrivals: broadcast::Sender<Arc<SignedTransaction>>,
}

/// The key of a funded account.
pub(crate) fn signer(index: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256([index])).expect("a hash is a key")
}

impl TestChain {
    /// A chain with a genesis block.
    pub(crate) fn new(layer: Layer) -> Arc<Self> {
        let chain = Chain { id: if layer == Layer::One { 900 } else { 901 }, layer };
        let store = Store::open(None, genesis(chain)).expect("a store in memory opens");
        let (events, arrivals) = (broadcast::channel(1024).0, broadcast::channel(1024).0);
        let (commands, received) = mpsc::channel();
        let (ready, begun) = mpsc::channel();
        let (thread_store, thread_events, thread_arrivals) =
            (store.clone(), events.clone(), arrivals.clone());
        std::thread::spawn(move || {
            let (executor, pending) = begin(&thread_store);
            let shared = Arc::new(RwLock::new(pending.clone()));
            ready.send(shared.clone()).expect("the test waits for it");
            Builder {
                store: thread_store,
                executor,
                pending,
                shared,
                events: thread_events,
                arrivals: thread_arrivals,
            }
            .run(&received);
        });
        let pending = begun.recv().expect("the thread begins a block");
        Arc::new(Self { store, chain, pending, commands, events, arrivals })
    }

    /// Seals the block under construction.
    pub(crate) fn seal(&self) -> Arc<Block> {
        self.wait(Command::Seal)
    }

    /// Takes blocks back.
    pub(crate) fn rewind(&self, number: u64) {
        self.wait(|answer| Command::Rewind(number, answer));
    }

    /// Executes a transaction at the end of the block under construction.
    pub(crate) fn execute(&self, signed: SignedTransaction) -> Result<Preconfirmed, SubmitError> {
        self.wait(|answer| Command::Execute(Box::new(signed), answer))
    }

    fn wait<T: Send + 'static>(&self, command: impl FnOnce(Answer<T>) -> Command) -> T {
        let (sender, answer) = mpsc::channel();
        self.commands
            .send(command(Box::new(move |value| drop(sender.send(value)))))
            .expect("the thread runs");
        answer.recv().expect("the thread answers")
    }

    /// A deposit from L1.
    pub(crate) fn deposit(
        &self,
        from: Address,
        to: TxKind,
        mint: u128,
        input: Bytes,
    ) -> Preconfirmed {
        let deposit = TxDeposit {
            source_hash: keccak256(mint.to_be_bytes()),
            from,
            to,
            mint,
            value: U256::from(mint),
            gas_limit: 1_000_000,
            is_system_transaction: false,
            input,
        };
        let transaction = Transaction::Deposit(alloy::consensus::Sealable::seal_slow(deposit));
        self.execute(SignedTransaction::new(transaction, from)).expect("a deposit is always valid")
    }

    /// Signs a transaction of account `index`.
    pub(crate) fn sign(
        &self,
        index: u8,
        nonce: u64,
        to: TxKind,
        value: u64,
        input: Bytes,
    ) -> Bytes {
        let mut tx = TxEip1559 {
            chain_id: self.chain.id,
            nonce,
            gas_limit: 500_000,
            max_fee_per_gas: 100_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to,
            value: U256::from(value),
            access_list: Default::default(),
            input,
        };
        let signature = signer(index).sign_transaction_sync(&mut tx).expect("a local key signs");
        TxEnvelope::from(tx.into_signed(signature)).encoded_2718().into()
    }
}

impl Builder {
    fn run(mut self, commands: &mpsc::Receiver<Command>) {
        for command in commands {
            match command {
                Command::Execute(signed, answer) => answer(self.execute(*signed)),
                Command::Seal(answer) => answer(self.seal()),
                Command::Rewind(number, answer) => {
                    let removed = self.store.rewind(number).expect("the block exists");
                    self.begin();
                    let _ = self.events.send(Event::Reorged { removed });
                    answer(());
                }
            }
        }
    }

    fn begin(&mut self) -> BlockExecutor<SharedOverlay> {
        let (executor, pending) = begin(&self.store);
        self.pending = pending.clone();
        *self.shared.write() = pending;
        std::mem::replace(&mut self.executor, executor)
    }

    fn seal(&mut self) -> Arc<Block> {
        let state = self.pending.state.clone();
        let (executor, _) = begin(&self.store);
        let unsealed = std::mem::replace(&mut self.executor, executor)
            .finish()
            .expect("the store is in memory");
        let diff = state.diff();
        let (state_root, passer_root) = state.base().roots(&diff).expect("the store is in memory");
        let (outcome, _) = unsealed.seal(state_root, passer_root);
        let block = self.store.append(outcome, &diff).expect("the block follows the head");
        self.begin();
        let _ = self.events.send(Event::Head(block.clone()));
        block
    }

    fn execute(&mut self, signed: SignedTransaction) -> Result<Preconfirmed, SubmitError> {
        let executed = self.executor.transact(signed.clone()).expect("the store is in memory")?;
        let receipt = self.executor.receipts().last().expect("just executed").clone();
        let mut body = self.pending.body.write();
        let index = body.receipts().len() as u64;
        let first_log = body.receipts().iter().map(|receipt| receipt.logs.len() as u64).sum();
        body.push(signed.clone(), receipt.clone());
        if self.arrivals.receiver_count() > 0 {
            let _ = self.arrivals.send(Arc::new(signed.clone()));
        }
        let environment = self.pending.environment.clone();
        Ok(Preconfirmed {
            environment,
            transaction: signed,
            receipt,
            index,
            gas_used: executed.gas_used,
            first_log,
        })
    }
}

fn begin(store: &Store) -> (BlockExecutor<SharedOverlay>, Pending) {
    let chain = store.chain();
    let parent = store.block(store.head().number).expect("in memory").expect("the head exists");
    let timestamp = parent.header.timestamp + 1;
    let state = SharedOverlay::new(store.latest());
    let environment = match chain.layer {
        Layer::Two => {
            BlockEnvironment::rollup(&parent.header, parent.hash, timestamp, 0, &mut state.clone())
                .expect("in memory")
        }
        Layer::One => BlockEnvironment {
            number: parent.header.number + 1,
            parent_hash: parent.hash,
            timestamp,
            beneficiary: Address::repeat_byte(0xbe),
            gas_limit: parent.header.gas_limit,
            base_fee: parent
                .header
                .next_block_base_fee(BaseFeeParams::ethereum())
                .expect("a base fee"),
            prev_randao: B256::repeat_byte(0x77),
            extra_data: Bytes::new(),
            queue_index: 0,
            parent_beacon_block_root: B256::repeat_byte(0x88),
            excess_blob_gas: BLOB_PARAMS.next_block_excess_blob_gas_osaka(0, 0, 7),
            l2: None,
        },
    };
    let executor =
        BlockExecutor::begin(chain, environment.clone(), state.clone()).expect("in memory");
    (executor, Pending { environment: Arc::new(environment), body: Arc::default(), state })
}

fn genesis(chain: Chain) -> Genesis {
    let mut alloc = StateDiff::default();
    let mut account = |address: Address, balance: U256, code: &[u8], storage: Vec<(U256, U256)>| {
        let mut info = AccountInfo { balance, ..AccountInfo::default() };
        if !code.is_empty() {
            let bytecode = Bytecode::new_raw(Bytes::copy_from_slice(code));
            info.code_hash = bytecode.hash_slow();
            info.nonce = 1;
            alloc.codes.insert(info.code_hash, bytecode);
        }
        alloc.accounts.insert(
            address,
            AccountChange {
                info: Some(info),
                wiped: false,
                storage: storage.into_iter().collect(),
            },
        );
    };
    for index in 0..10 {
        account(signer(index).address(), U256::from(10u64).pow(U256::from(22)), &[], Vec::new());
    }
    account(COUNTER, U256::ZERO, &alloy::hex::decode(COUNTER_CODE).expect("hex"), Vec::new());
    account(eip4788::BEACON_ROOTS_ADDRESS, U256::ZERO, &eip4788::BEACON_ROOTS_CODE, Vec::new());
    account(
        eip2935::HISTORY_STORAGE_ADDRESS,
        U256::ZERO,
        &eip2935::HISTORY_STORAGE_CODE,
        Vec::new(),
    );
    let fees = FeeConfig {
        gas_limit: 100_000_000,
        base_fee_scalar: 1368,
        blob_base_fee_scalar: 810_949,
        operator_fee_scalar: 1_000,
        operator_fee_constant: 50,
        eip1559_denominator: 250,
        eip1559_elasticity: 6,
        min_base_fee: 1_000_000,
    };
    if chain.layer == Layer::Two {
        let mut slots = L2Config::genesis_slots(&fees).to_vec();
        slots.extend([
            (U256::from(1), U256::from(5_000_000_000u64)),
            (U256::from(7), U256::from(3)),
        ]);
        account(L1_BLOCK, U256::ZERO, &[0], slots);
    }
    let header = Header {
        timestamp: GENESIS_TIME,
        gas_limit: fees.gas_limit,
        base_fee_per_gas: Some(1_000_000_000),
        withdrawals_root: (chain.layer == Layer::One).then_some(EMPTY_WITHDRAWALS),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        ..Header::default()
    };
    Genesis { chain, header, alloc }
}

/// A chain as the server sees it.
pub(crate) struct TestBackend {
    pub(crate) chain: Arc<TestChain>,
    /// Whether a submission waits for its preconfirmation, as on an L2.
    pub(crate) preconfirms: bool,
}

impl TestBackend {
    pub(crate) fn new(chain: Arc<TestChain>) -> Arc<Self> {
        Arc::new(Self { chain, preconfirms: true })
    }
}

impl Backend for TestBackend {
    fn store(&self) -> &Store {
        &self.chain.store
    }

    fn heads(&self) -> Heads {
        let latest = self.chain.store.head().number;
        Heads { latest, safe: latest.saturating_sub(1), finalized: latest.saturating_sub(2) }
    }

    fn pending(&self) -> Option<Pending> {
        Some(self.chain.pending.read().clone())
    }

    fn submit(&self, submission: Submission) -> BoxFuture<'static, Result<Submitted, SubmitError>> {
        let (chain, preconfirms) = (self.chain.clone(), self.preconfirms);
        Box::pin(async move {
            let signed = SignedTransaction::decode(submission.bytes)?;
            let hash = signed.hash;
            let (sender, answer) = oneshot::channel();
            chain
                .commands
                .send(Command::Execute(
                    Box::new(signed),
                    Box::new(move |value| drop(sender.send(value))),
                ))
                .expect("the thread runs");
            let preconfirmed = answer.await.expect("the thread answers")?;
            Ok(Submitted { hash, preconfirmed: preconfirms.then_some(preconfirmed) })
        })
    }

    fn pool(&self) -> PoolContent {
        PoolContent::default()
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.chain.events.subscribe()
    }

    fn arrivals(&self) -> broadcast::Receiver<Arc<SignedTransaction>> {
        self.chain.arrivals.subscribe()
    }

    fn fees(&self) -> FeeSuggestion {
        FeeSuggestion {
            base_fee: self.chain.pending.read().environment.base_fee,
            tip: 1_000_000,
            blob_base_fee: 1,
        }
    }

    fn client_version(&self) -> String {
        "test/v0".to_owned()
    }
}
