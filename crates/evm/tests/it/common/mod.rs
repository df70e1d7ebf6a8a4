//! A rollup in memory, from the genesis file that deployments start from.

pub(crate) mod random;

use alloy::{
    consensus::{EthereumTxEnvelope, SignableTransaction, TxEip1559, TxEip4844},
    signers::{SignerSync, local::PrivateKeySigner},
};
use alloy_consensus::{Header, Sealable};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U64, U256, hex, map::B256Map};
use alloy_sol_types::{SolCall, sol};
use mezz_evm::{
    AccountChange, BlockEnvironment, Chain, EvmContext, Kind, L2Config, Layer, Outcome, Overlay,
    StateDiff, StateRoots, Transaction, WitnessError, execute, transact, trie::StateTrie,
};
use mezz_primitives::{
    BlockInput, FeeConfig,
    predeploys::{DEPOSITOR, L1_BLOCK, MESSAGE_PASSER},
};
use op_alloy_consensus::TxDeposit;
use proptest::prelude::ProptestConfig;
use revm::{
    DatabaseRef, MainBuilder,
    bytecode::Bytecode,
    context::{TxEnv, result::ExecutionResult},
    primitives::KECCAK_EMPTY,
    state::AccountInfo,
};
use std::collections::BTreeMap;

const L2_GENESIS: &str = include_str!("../../../../../contracts/artifacts/l2-genesis.json");

pub(crate) const CHAIN: Chain = Chain { id: 901, layer: Layer::Two };
pub(crate) const ETHER: u128 = 1_000_000_000_000_000_000;
pub(crate) const FEES: FeeConfig = FeeConfig {
    gas_limit: 30_000_000,
    base_fee_scalar: 5_227,
    blob_base_fee_scalar: 1_014_213,
    operator_fee_scalar: 250_000,
    operator_fee_constant: 77,
    eip1559_denominator: 50,
    eip1559_elasticity: 6,
    min_base_fee: 1_000,
};

sol! {
    function setL1BlockValues(uint64 number, uint64 timestamp, uint256 basefee, uint256 blobBaseFee, bytes32 parentHash, bytes32 prevRandao) external;
    function setConfig(uint256 key, uint256 value) external;
}

/// Contracts of a few bytes, at `Code::address`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// Moves `calldata[1]` of the caller's balance to `calldata[0]` and logs it.
    Token,
    /// `sstore(calldata[0], calldata[1]); sstore(0x99, blockhash(number() - calldata[2]))`
    Writer,
    /// Sends half of the value on to `calldata[0]`.
    Splitter,
    /// Writes, then reverts.
    Reverter,
    /// Burns all gas.
    Spinner,
    /// Self-destructs in favour of `calldata[0]`.
    Heir,
}

impl Code {
    const ALL: [Self; 6] =
        [Self::Token, Self::Writer, Self::Splitter, Self::Reverter, Self::Spinner, Self::Heir];

    pub(crate) const fn address(self) -> Address {
        Address::repeat_byte(0xc0 + self as u8)
    }

    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Token => &hex!("60203533540333556020355f3554015f35555f355f5fa100"),
            Self::Writer => &hex!("60203560003555604035430340609955"),
            Self::Splitter => &hex!("5f5f5f5f600234045f355af100"),
            Self::Reverter => &hex!("60015f555f5ffd"),
            Self::Spinner => &hex!("5b5f56"),
            Self::Heir => &hex!("5f35ff"),
        }
    }
}

/// Calldata of whole words.
pub(crate) fn words<const N: usize>(words: [U256; N]) -> Bytes {
    words.map(|word| word.to_be_bytes::<32>()).concat().into()
}

/// The word of an address.
pub(crate) fn word(address: Address) -> U256 {
    U256::from_be_slice(address.as_slice())
}

/// A whole state.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) trie: StateTrie,
    pub(crate) codes: B256Map<Bytecode>,
    pub(crate) hashes: BTreeMap<u64, B256>,
}

impl State {
    pub(crate) fn apply(&mut self, diff: &StateDiff) {
        self.trie.apply(diff).unwrap();
        self.codes.extend(diff.codes.clone());
    }
}

impl DatabaseRef for State {
    type Error = WitnessError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, WitnessError> {
        Ok(self.trie.info(address)?)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, WitnessError> {
        match hash {
            KECCAK_EMPTY => Ok(Bytecode::default()),
            _ => self.codes.get(&hash).cloned().ok_or(WitnessError::Code(hash)),
        }
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, WitnessError> {
        Ok(self.trie.storage(address, slot)?)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, WitnessError> {
        Ok(self.hashes.get(&number).copied().unwrap_or_default())
    }
}

impl StateRoots for State {
    fn roots(&self, diff: &StateDiff) -> Result<(B256, B256), WitnessError> {
        let mut trie = self.trie.clone();
        trie.apply(diff)?;
        Ok((trie.root(), trie.storage_root(MESSAGE_PASSER)?))
    }
}

/// An account that comes to be with code and storage.
pub(crate) fn insert(
    diff: &mut StateDiff,
    address: Address,
    nonce: u64,
    balance: U256,
    code: Bytes,
    storage: impl IntoIterator<Item = (U256, U256)>,
) {
    let code = Bytecode::new_raw(code);
    let code_hash = code.hash_slow();
    let info = AccountInfo { nonce, balance, code_hash, ..AccountInfo::default() };
    let storage = storage.into_iter().filter(|(_, value)| !value.is_zero()).collect();
    let change = AccountChange { info: Some(info), wiped: true, storage };
    diff.accounts.insert(address, change);
    diff.codes.insert(code_hash, code);
}

/// A rollup and its chain so far.
#[derive(Debug, Clone)]
pub(crate) struct Rollup {
    pub(crate) state: State,
    pub(crate) headers: Vec<Header>,
}

impl Rollup {
    /// Predeploys and preinstalls as deployed, and the contracts of [`Code`].
    pub(crate) fn new(fees: &FeeConfig) -> Self {
        let genesis: serde_json::Value = serde_json::from_str(L2_GENESIS).unwrap();
        let mut diff = StateDiff::default();
        for (address, account) in genesis["alloc"].as_object().unwrap() {
            let address: Address = address.parse().unwrap();
            let nonce: U64 = account["nonce"].as_str().unwrap().parse().unwrap();
            let code: Bytes = account["code"].as_str().unwrap().parse().unwrap();
            let slots = (address == L1_BLOCK).then(|| L2Config::genesis_slots(fees));
            insert(&mut diff, address, nonce.to(), U256::ZERO, code, slots.into_iter().flatten());
        }
        for code in Code::ALL {
            insert(&mut diff, code.address(), 1, U256::ZERO, code.bytes().into(), []);
        }
        let mut state = State::default();
        state.apply(&diff);
        let header = Header {
            state_root: state.trie.root(),
            base_fee_per_gas: Some(fees.min_base_fee),
            gas_limit: fees.gas_limit,
            ..Header::default()
        };
        state.hashes.insert(0, header.hash_slow());
        Self { state, headers: vec![header] }
    }

    /// A rollup on which the first `count` wallets own a thousand ether each.
    pub(crate) fn with_wallets(fees: &FeeConfig, count: u8) -> Self {
        let mut rollup = Self::new(fees);
        rollup.run((0..count).map(|number| mint(wallet(number).address(), 1000 * ETHER)));
        rollup
    }

    pub(crate) fn head(&self) -> &Header {
        self.headers.last().unwrap()
    }

    pub(crate) fn input(&self, transactions: impl IntoIterator<Item = Bytes>) -> BlockInput {
        BlockInput {
            attributed: false,
            timestamp: self.head().timestamp + 1,
            queue_index: 0,
            messages: 0,
            transactions: transactions.into_iter().collect(),
        }
    }

    /// The next block with these transactions, not yet part of the chain.
    pub(crate) fn execute(&self, input: &BlockInput) -> (Outcome, StateDiff) {
        execute(CHAIN, self.head(), self.head().hash_slow(), input, &self.state).unwrap()
    }

    /// Makes an executed block the head.
    pub(crate) fn append(&mut self, (outcome, diff): &(Outcome, StateDiff)) {
        self.state.apply(diff);
        assert_eq!(self.state.trie.root(), outcome.header.state_root);
        self.state.hashes.insert(outcome.header.number, outcome.hash);
        self.headers.push(outcome.header.clone());
    }

    /// Executes the next block.
    pub(crate) fn run(&mut self, transactions: impl IntoIterator<Item = Bytes>) -> Outcome {
        let executed = self.execute(&self.input(transactions));
        self.append(&executed);
        executed.0
    }

    pub(crate) fn balance(&self, address: Address) -> U256 {
        self.state.trie.account(address).unwrap().unwrap_or_default().balance
    }

    pub(crate) fn nonce(&self, address: Address) -> u64 {
        self.state.trie.account(address).unwrap().unwrap_or_default().nonce
    }

    pub(crate) fn slot(&self, address: Address, slot: u64) -> U256 {
        self.state.trie.storage(address, U256::from(slot)).unwrap()
    }

    /// The configuration of the next block.
    pub(crate) fn config(&self) -> L2Config {
        L2Config::read(&mut Overlay::new(&self.state)).unwrap()
    }

    /// All ether there is.
    pub(crate) fn supply(&self) -> U256 {
        self.state.trie.iter().map(|leaf| leaf.unwrap().1.balance).sum()
    }

    /// What a view function returns in the next block.
    pub(crate) fn call<C: SolCall>(&self, to: Address, call: &C) -> C::Return {
        let (head, db) = (self.head(), &mut Overlay::new(&self.state));
        let environment =
            BlockEnvironment::rollup(head, head.hash_slow(), head.timestamp + 1, 0, db).unwrap();
        let mut evm = EvmContext::new(Overlay::new(&self.state), Chain::SPEC)
            .with_cfg(CHAIN.cfg_env())
            .with_block(environment.block_env())
            .build_mainnet();
        let call_data = call.abi_encode().into();
        let tx = TxEnv {
            kind: TxKind::Call(to),
            data: call_data,
            gas_limit: 16_000_000,
            ..TxEnv::default()
        };
        match transact(&mut evm, tx, Kind::Deposit { mint: 0 }).unwrap().result {
            ExecutionResult::Success { output, .. } => {
                C::abi_decode_returns(output.data()).unwrap()
            }
            other => panic!("{} does not answer: {other:?}", C::SIGNATURE),
        }
    }
}

pub(crate) fn wallet(number: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(number + 1)).unwrap()
}

/// A fee-market transaction with usual fees, to be adapted.
pub(crate) fn transfer(nonce: u64, to: Address, value: u128) -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN.id,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 1_000_000,
        max_priority_fee_per_gas: 30,
        to: TxKind::Call(to),
        value: U256::from(value),
        ..TxEip1559::default()
    }
}

/// Signs and encodes.
pub(crate) fn sign<T: SignableTransaction<Signature>>(number: u8, transaction: T) -> Bytes
where
    EthereumTxEnvelope<TxEip4844>: From<alloy_consensus::Signed<T>>,
{
    let signature = wallet(number).sign_hash_sync(&transaction.signature_hash()).unwrap();
    let signed = transaction.into_signed(signature);
    EthereumTxEnvelope::<TxEip4844>::from(signed).encoded_2718().into()
}

/// A deposit that calls `to` with plenty of gas, to be adapted.
pub(crate) fn deposit(from: Address, to: Address) -> TxDeposit {
    TxDeposit { from, to: TxKind::Call(to), gas_limit: 200_000, ..TxDeposit::default() }
}

/// Encodes a deposit.
pub(crate) fn encode(deposit: TxDeposit) -> Bytes {
    Transaction::Deposit(deposit.seal_slow()).encoded_2718().into()
}

/// Ether from L1.
pub(crate) fn mint(to: Address, amount: u128) -> Bytes {
    encode(TxDeposit { mint: amount, value: U256::ZERO, ..deposit(to, to) })
}

/// A call of `L1Block` by the derivation.
pub(crate) fn system(call: impl SolCall) -> Bytes {
    let input = call.abi_encode().into();
    encode(TxDeposit { gas_limit: 1_000_000, input, ..deposit(DEPOSITOR, L1_BLOCK) })
}

/// L1 has a block with these prices.
pub(crate) fn l1_prices(base_fee: u64, blob_base_fee: u64) -> Bytes {
    system(setL1BlockValuesCall {
        number: 100,
        timestamp: 200,
        basefee: U256::from(base_fee),
        blobBaseFee: U256::from(blob_base_fee),
        parentHash: B256::repeat_byte(3),
        prevRandao: B256::repeat_byte(4),
    })
}

/// How often a property is tried: so often, or as `PROPTEST_CASES` says.
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    // 256 is proptest's own number: nobody has said another.
    let cases = if default.cases == 256 { usual } else { default.cases };
    ProptestConfig { cases, ..default }
}
