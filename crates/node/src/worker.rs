//! The thread of the sequencer: it owns the head of the chain.

mod adopt;

use crate::{
    Error,
    builder::{Builder, Opening, header},
    journal::{Entry, Journal},
    sequencer::{Command, MessageSource, Reply, SequencerConfig, Shared},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{
    Address, U256,
    map::{B256Map, B256Set},
};
use mezz_evm::{SignedTransaction, TransactionError};
use mezz_rpc::{Event, Preconfirmed, SubmitError, Submitted, Wait};
use mezz_storage::{Block, Store};
use revm::context::result::InvalidTransaction;
use std::{
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Blocks to one segment of the journal.
const SEGMENT_BLOCKS: u64 = 64;

/// How close together submissions must come to be in company, and how long the thread then sleeps.
const GATHERING: Duration = Duration::from_micros(200);

/// The thread's own state.
pub(crate) struct Worker {
    config: SequencerConfig,
    store: Store,
    messages: MessageSource,
    shared: Arc<Shared>,
    journal: Journal,
    /// Who waits for the execution of a transaction in the pool.
    waiting: B256Map<Reply>,
    /// Transactions in the pool that had a place in a block which L1 displaced: they are owed another.
    displaced: B256Set,
    /// What was displaced just now, in the order of its promises.
    owed: Vec<SignedTransaction>,
    builder: Option<Builder>,
    sequencing: bool,
}

impl Worker {
    /// Opens the journal and brings the chain to where it says it was.
    pub(crate) fn new(
        config: SequencerConfig,
        store: Store,
        messages: MessageSource,
        shared: Arc<Shared>,
    ) -> Result<Self, Error> {
        let (journal, entries) = Journal::open(&config.journal)?;
        // Not before the driver has read L1: until then nobody knows what the next block stands on.
        let sequencing = false;
        let mut worker = Self {
            config,
            store,
            messages,
            shared,
            journal,
            waiting: B256Map::default(),
            displaced: B256Set::default(),
            owed: Vec::new(),
            builder: None,
            sequencing,
        };
        worker.recover(entries)?;
        Ok(worker)
    }

    /// Works until told to stop.
    pub(crate) fn run(&mut self, commands: &Receiver<Command>) -> Result<(), Error> {
        let mut deadline = Instant::now() + self.config.block_time;
        if self.sequencing && self.builder.is_none() {
            self.begin()?;
        }
        self.drain_pool()?;
        let mut company = Company::default();
        loop {
            let next = commands.try_recv().or_else(|_| {
                company.gather();
                commands.recv_timeout(deadline.saturating_duration_since(Instant::now()))
            });
            match next {
                Ok(Command::Submit { transaction, wait, reply }) => {
                    company.came();
                    self.submit(transaction, wait, reply)?
                }
                Ok(Command::Adopt { parent, blocks, reply }) => {
                    let done = self.adopt(parent, &blocks);
                    let fatal = matches!(done, Err(Error::Storage(_)));
                    let _ = reply.send(done);
                    if fatal {
                        return Err(Error::Stopped);
                    }
                }
                Ok(Command::Sequence(on, reply)) => {
                    let (stops, starts) = (self.sequencing && !on, !self.sequencing && on);
                    self.sequencing = on && self.config.sequencing;
                    if stops {
                        // Whoever takes over begins after all that was promised here.
                        self.seal()?;
                    }
                    if self.sequencing && self.builder.is_none() {
                        self.begin()?;
                    }
                    if starts {
                        // What L1 and the journal hold has waited long enough.
                        deadline = Instant::now();
                    }
                    self.drain_pool()?;
                    self.shared.sequencing.store(self.sequencing, Ordering::Relaxed);
                    let _ = reply.send(self.store.head());
                }
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if Instant::now() >= deadline {
                deadline = (deadline + self.config.block_time).max(Instant::now());
                if self.sequencing {
                    self.seal()?;
                    self.begin()?;
                    self.drain_pool()?;
                }
                if !self.journal.is_alive() {
                    return Err(Error::Journal);
                }
            }
        }
        Ok(())
    }

    /// Ends with everything on disk.
    pub(crate) fn close(self) -> Result<(), Error> {
        self.store.flush()?;
        Ok(self.journal.close()?)
    }

    /// Begins a block with the queue messages that are due.
    fn begin(&mut self) -> Result<(), Error> {
        let head = self.store.head();
        let parent = header(&self.store, head.number)?;
        let next_message = u64::from_be_bytes(parent.nonce.0);
        let messages = (self.messages)(next_message);
        let now =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
        let timestamp = parent.timestamp.max(now).max(self.shared.l1_time.load(Ordering::Relaxed));
        let mut builder = Builder::begin(
            &self.store,
            Opening {
                timestamp,
                queue_index: next_message + messages.len() as u64,
                attributed: self.config.attributed,
            },
            self.config.block_bytes,
        )?;
        self.turn_page(head.number);
        self.journal.append(&builder.opened());
        for message in messages {
            let bytes = mezz_derive::message_transaction(&message.message, message.hint);
            let Some(transaction) = bytes.and_then(|bytes| SignedTransaction::decode(bytes).ok())
            else {
                continue;
            };
            if let Err(error) = builder.execute_journaled(&self.journal, transaction)? {
                tracing::info!(index = message.message.index, %error, "a forced transaction is invalid at its place and is skipped");
            }
        }
        *self.shared.pending.write() = Some(builder.pending());
        self.builder = Some(builder);
        Ok(())
    }

    /// Begins a segment of the journal where it is time, and lets go of those that the store has made needless.
    fn turn_page(&mut self, head: u64) {
        if head.is_multiple_of(SEGMENT_BLOCKS) {
            self.journal.rotate(head + 1);
            self.owe_again();
            self.journal.forget(self.store.flushed());
        }
    }

    fn seal(&mut self) -> Result<(), Error> {
        let Some(builder) = self.builder.take() else { return Ok(()) };
        let block = builder.seal(&self.store)?;
        self.journal.append(&Entry::Seal { number: block.header.number, hash: block.hash });
        self.announce(block);
        Ok(())
    }

    fn announce(&self, block: Arc<Block>) {
        *self.shared.pending.write() = None;
        // Nobody listening is no error.
        let _ = self.shared.events.send(Event::Head(block));
    }

    /// Executes a transaction now if its turn has come; otherwise lets it wait.
    fn submit(
        &mut self,
        transaction: SignedTransaction,
        wait: Wait,
        reply: Reply,
    ) -> Result<(), Error> {
        if !self.sequencing {
            let _ = reply.send(Err(SubmitError::Unavailable(self.unavailable().into())));
            return Ok(());
        }
        let Some(builder) = self.builder.as_mut() else {
            let _ = reply.send(Err(SubmitError::Unavailable("no block is open".into())));
            return Ok(());
        };
        let (gas_limit, _) = builder.gas();
        let environment = builder.environment();
        let tip_floor = u128::from(self.shared.tip_floor.load(Ordering::Relaxed));
        let refused = if transaction.transaction.gas_limit() > gas_limit {
            Some(SubmitError::ExceedsGasLimit {
                gas: transaction.transaction.gas_limit(),
                limit: gas_limit,
            })
        } else if transaction.bytes.len() > self.config.block_bytes {
            Some(SubmitError::Oversized {
                bytes: transaction.bytes.len(),
                limit: self.config.block_bytes,
            })
        } else if tip_floor > 0
            && transaction
                .transaction
                .effective_tip_per_gas(environment.base_fee)
                .unwrap_or_default()
                < tip_floor
        {
            Some(SubmitError::Underpriced {
                required: tip_floor + u128::from(environment.base_fee),
                offered: transaction.transaction.max_fee_per_gas(),
            })
        } else {
            None
        };
        if let Some(error) = refused {
            let _ = reply.send(Err(error));
            return Ok(());
        }
        let (sender, hash, nonce) =
            (transaction.sender, transaction.hash, transaction.transaction.nonce());
        let next = builder.next_nonce(sender)?;
        if self.shared.arrivals.receiver_count() > 0 {
            let _ = self.shared.arrivals.send(Arc::new(transaction.clone()));
        }
        if nonce != next {
            if let Some(error) = cannot_pay(&transaction, builder.balance(sender)?) {
                let _ = reply.send(Err(error));
                return Ok(());
            }
            self.enqueue(transaction, next, wait, reply, Some(next));
            return Ok(());
        }
        match builder.execute_signed(&self.journal, transaction.clone())? {
            Ok(done) => {
                self.answer(reply, done, wait);
                self.drain_sender(sender)?;
            }
            Err(error) if self.may_wait(&transaction, &error) => {
                self.enqueue(transaction, next, wait, reply, None);
            }
            Err(error) => {
                tracing::debug!(%hash, %error, "refused");
                let _ = reply.send(Err(refusal(error, &transaction)));
            }
        }
        Ok(())
    }

    /// Why it takes no transactions now.
    fn unavailable(&self) -> &'static str {
        match self.config.sequencing {
            true => "the sequencer is reading L1, or was stopped; try again in a few seconds",
            false => {
                "this node does not sequence; send to the sequencer, or force it through the portal on L1"
            }
        }
    }

    /// Puts a transaction into the pool. `missing` is the nonce that must come first.
    fn enqueue(
        &mut self,
        transaction: SignedTransaction,
        next: u64,
        wait: Wait,
        reply: Reply,
        missing: Option<u64>,
    ) {
        let hash = transaction.hash;
        let replaced = match self.shared.pool.write().insert(transaction, next) {
            Ok(replaced) => replaced,
            Err(error) => return drop(reply.send(Err(error))),
        };
        match (wait, missing) {
            (Wait::Preconfirmed, Some(next)) => {
                drop(reply.send(Err(SubmitError::Gapped { hash, next })))
            }
            (Wait::Preconfirmed, None) => drop(self.waiting.insert(hash, reply)),
            (Wait::Accepted, _) => drop(reply.send(Ok(Submitted { hash, preconfirmed: None }))),
        }
        if let Some(old) = replaced {
            self.give_up(&old, SubmitError::Replaced { by: hash });
        }
    }

    /// A transaction left the pool without a place: who waits for it hears why.
    fn give_up(&mut self, transaction: &SignedTransaction, why: SubmitError) {
        self.displaced.remove(&transaction.hash);
        if let Some(reply) = self.waiting.remove(&transaction.hash) {
            let _ = reply.send(Err(why));
        }
    }

    /// Answers once the journal is on disk.
    fn answer(&self, reply: Reply, done: Preconfirmed, wait: Wait) {
        let hash = done.transaction.hash;
        let preconfirmed = (wait == Wait::Preconfirmed).then_some(done);
        self.journal.then(Box::new(move || drop(reply.send(Ok(Submitted { hash, preconfirmed })))));
    }

    /// Tries everything that waited, the best-paying sender first.
    fn drain_pool(&mut self) -> Result<(), Error> {
        let candidates = self.shared.pool.read().candidates();
        for (sender, _) in candidates {
            self.drain_sender(sender)?;
        }
        Ok(())
    }

    /// Executes what waited of one sender, as far as it goes.
    fn drain_sender(&mut self, sender: Address) -> Result<(), Error> {
        if self.shared.pool.read().is_empty() {
            return Ok(());
        }
        while let Some(builder) = self.builder.as_mut() {
            let next = builder.next_nonce(sender)?;
            let (stale, ready) = {
                let mut pool = self.shared.pool.write();
                (pool.drop_stale(sender, next), pool.take(sender, next))
            };
            let Some(transaction) = ready else {
                self.forget_stale(&stale, next);
                break;
            };
            let done = builder.execute_signed(&self.journal, transaction.clone())?;
            self.forget_stale(&stale, next);
            match done {
                Ok(done) => {
                    self.displaced.remove(&transaction.hash);
                    if let Some(reply) = self.waiting.remove(&transaction.hash) {
                        self.answer(reply, done, Wait::Preconfirmed);
                    }
                }
                Err(error) if self.may_wait(&transaction, &error) => {
                    self.shared.pool.write().restore(transaction);
                    break;
                }
                Err(error) => {
                    tracing::debug!(hash = %transaction.hash, %error, "dropped from the pool");
                    let why = refusal(error, &transaction);
                    self.give_up(&transaction, why);
                }
            }
        }
        Ok(())
    }

    fn forget_stale(&mut self, stale: &[SignedTransaction], next: u64) {
        for old in stale {
            let nonce = old.transaction.nonce();
            self.give_up(old, SubmitError::NonceTooLow { next, nonce });
        }
    }

    /// Whether a later block may take what this one refused.
    fn may_wait(&self, transaction: &SignedTransaction, error: &TransactionError) -> bool {
        match error {
            TransactionError::BlockFull { .. }
            | TransactionError::Invalid(InvalidTransaction::GasPriceLessThanBasefee) => true,
            // The deposit that pays for it may be of the blocks that L1 displaced, and on its way.
            TransactionError::Invalid(InvalidTransaction::LackOfFundForMaxFee { .. }) => {
                self.displaced.contains(&transaction.hash)
            }
            _ => false,
        }
    }
}

/// Whether submissions come in company. Then the thread sleeps a moment before it waits for the next one: it wakes once for several of them.
/// Who is alone is never kept waiting.
#[derive(Debug, Default)]
struct Company {
    last: Option<Instant>,
    close: bool,
}

impl Company {
    /// A submission came.
    fn came(&mut self) {
        let now = Instant::now();
        self.close = self.last.is_some_and(|last| now - last < GATHERING);
        self.last = Some(now);
    }

    /// Sleeps if the last two came close together.
    fn gather(&mut self) {
        if std::mem::take(&mut self.close) {
            std::thread::sleep(GATHERING);
        }
    }
}

/// Why a transaction that waits for others would not even alone be paid for.
fn cannot_pay(transaction: &SignedTransaction, balance: U256) -> Option<SubmitError> {
    let tx = &transaction.transaction;
    let gas = U256::from(tx.gas_limit()).saturating_mul(U256::from(tx.max_fee_per_gas()));
    let want = gas.saturating_add(tx.value());
    (want > balance).then_some(SubmitError::InsufficientFunds {
        address: transaction.sender,
        have: balance,
        want,
    })
}

/// The refusal in the words of a pool.
fn refusal(error: TransactionError, transaction: &SignedTransaction) -> SubmitError {
    match error {
        TransactionError::Invalid(InvalidTransaction::LackOfFundForMaxFee { fee, balance }) => {
            SubmitError::InsufficientFunds {
                address: transaction.sender,
                have: *balance,
                want: *fee,
            }
        }
        TransactionError::Invalid(InvalidTransaction::NonceTooLow { tx, state }) => {
            SubmitError::NonceTooLow { next: state, nonce: tx }
        }
        other => SubmitError::Invalid(other),
    }
}
