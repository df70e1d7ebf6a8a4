//! The sequencer: one thread that owns the head of the chain.
//!
//! A transaction is executed when it arrives, written to the journal, and answered when the journal is on disk. Blocks are sealed on a clock. Everything that
//! writes the store goes through this thread, the blocks that L1 dictates ([`Command::Adopt`]) too; everybody else reads.

use crate::{
    Error,
    builder::{Builder, Opening, header},
    journal::{self, Entry, Journal},
    pool::{Pool, PoolLimits},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, map::B256Map};
use mezz_evm::{SignedTransaction, TransactionError, execute};
use mezz_primitives::BlockInput;
use mezz_rpc::{Event, Pending, Preconfirmed, SubmitError, Submitted, Wait};
use mezz_settlement::Message;
use mezz_storage::{Block, Store};
use parking_lot::RwLock;
use revm::context::result::InvalidTransaction;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{broadcast, oneshot};

/// Blocks to one segment of the journal.
const SEGMENT_BLOCKS: u64 = 64;
/// Commands that may wait for the thread; past that a submission is refused.
const COMMANDS_MAX: usize = 16_384;

/// How a node sequences.
#[derive(Debug, Clone)]
pub struct SequencerConfig {
    /// Whether it seals blocks of its own; otherwise it only follows L1.
    pub sequencing: bool,
    /// Time between two blocks.
    pub block_time: Duration,
    /// How much may wait.
    pub pool: PoolLimits,
    /// Where the journal lies.
    pub journal: PathBuf,
}

/// Gives the queue messages that may be taken from an index on.
pub(crate) type MessageSource = Box<dyn Fn(u64) -> Vec<Message> + Send>;

/// What the thread is asked to do.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all commands are submissions; a box for each would cost more"
)]
pub(crate) enum Command {
    /// Take a transaction.
    Submit {
        transaction: SignedTransaction,
        wait: Wait,
        reply: oneshot::Sender<Result<Submitted, SubmitError>>,
    },
    /// Make these the blocks after `parent`; what they displace is queued again.
    Adopt { parent: u64, blocks: Vec<BlockInput>, reply: oneshot::Sender<Result<(), Error>> },
    /// Stop or resume sealing and taking transactions.
    Sequence(bool, oneshot::Sender<()>),
    /// End.
    Stop,
}

/// What everybody may see of the sequencer.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The block under construction.
    pub(crate) pending: RwLock<Option<Pending>>,
    /// What waits.
    pub(crate) pool: RwLock<Pool>,
    /// New heads and reorgs.
    pub(crate) events: broadcast::Sender<Event>,
    /// Transactions as they arrive.
    pub(crate) arrivals: broadcast::Sender<Arc<SignedTransaction>>,
    /// Least priority fee taken now, wei per gas: rises when posting to L1 falls behind.
    pub(crate) tip_floor: AtomicU64,
    /// Time of the L1 head, seconds: L2 time is never far behind it.
    pub(crate) l1_time: AtomicU64,
    /// Why the thread ended, if it did.
    pub(crate) failure: RwLock<Option<String>>,
}

/// A handle to the thread.
#[derive(Debug)]
pub(crate) struct Sequencer {
    commands: SyncSender<Command>,
    thread: parking_lot::Mutex<Option<std::thread::JoinHandle<()>>>,
    /// What everybody may see.
    pub(crate) shared: Arc<Shared>,
}

impl Sequencer {
    /// Recovers what the journal promised and starts the thread.
    pub(crate) fn start(
        config: SequencerConfig,
        store: Store,
        messages: MessageSource,
    ) -> Result<Self, Error> {
        let (commands, inbox) = sync_channel(COMMANDS_MAX);
        let shared = Arc::new(Shared {
            pending: RwLock::new(None),
            pool: RwLock::new(Pool::new(config.pool)),
            events: broadcast::channel(4_096).0,
            arrivals: broadcast::channel(16_384).0,
            tip_floor: AtomicU64::new(0),
            l1_time: AtomicU64::new(0),
            failure: RwLock::new(None),
        });
        let (recovered, outcome) = sync_channel(1);
        let view = shared.clone();
        // revm's context stays on the thread that made it, so the worker is made there.
        let thread = std::thread::Builder::new().name("sequencer".into()).spawn(move || {
            let mut worker = match Worker::new(config, store, messages, view.clone()) {
                Ok(worker) => worker,
                Err(error) => return drop(recovered.send(Err(error))),
            };
            if recovered.send(Ok(())).is_err() {
                return;
            }
            let ended = worker.run(&inbox).and_then(|()| worker.close());
            if let Err(error) = ended {
                tracing::error!(%error, "the sequencer stopped");
                *view.failure.write() = Some(error.to_string());
            }
        })?;
        outcome.recv().map_err(|_| Error::Stopped)??;
        Ok(Self { commands, thread: parking_lot::Mutex::new(Some(thread)), shared })
    }

    /// Hands over a transaction; the receiver gets the answer.
    pub(crate) fn submit(
        &self,
        transaction: SignedTransaction,
        wait: Wait,
    ) -> Result<oneshot::Receiver<Result<Submitted, SubmitError>>, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.commands.try_send(Command::Submit { transaction, wait, reply }).map_err(|error| {
            match error {
                std::sync::mpsc::TrySendError::Full(_) => SubmitError::PoolFull,
                std::sync::mpsc::TrySendError::Disconnected(_) => {
                    SubmitError::Unavailable("the sequencer stopped; see the node's log".into())
                }
            }
        })?;
        Ok(answer)
    }

    /// Makes these the blocks after `parent`.
    pub(crate) async fn adopt(&self, parent: u64, blocks: Vec<BlockInput>) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Adopt { parent, blocks, reply })?;
        answer.await.map_err(|_| Error::Stopped)?
    }

    /// Stops or resumes sealing.
    pub(crate) async fn sequence(&self, on: bool) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Sequence(on, reply))?;
        answer.await.map_err(|_| Error::Stopped)
    }

    fn send(&self, command: Command) -> Result<(), Error> {
        self.commands.send(command).map_err(|_| Error::Stopped)
    }

    /// Ends the thread; what was promised is on disk.
    pub(crate) fn stop(&self) {
        let _ = self.commands.send(Command::Stop);
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

/// The thread's own state.
struct Worker {
    config: SequencerConfig,
    store: Store,
    messages: MessageSource,
    shared: Arc<Shared>,
    journal: Journal,
    /// Who waits for the execution of a transaction in the pool.
    waiting: B256Map<oneshot::Sender<Result<Submitted, SubmitError>>>,
    builder: Option<Builder>,
    sequencing: bool,
}

impl Worker {
    /// Opens the journal and brings the chain to where it says it was.
    fn new(
        config: SequencerConfig,
        store: Store,
        messages: MessageSource,
        shared: Arc<Shared>,
    ) -> Result<Self, Error> {
        let (journal, entries) = Journal::open(&config.journal)?;
        let sequencing = config.sequencing;
        let mut worker = Self {
            config,
            store,
            messages,
            shared,
            journal,
            waiting: B256Map::default(),
            builder: None,
            sequencing,
        };
        worker.recover(entries)?;
        Ok(worker)
    }

    /// Brings the chain to where the journal says it was.
    fn recover(&mut self, entries: Vec<Entry>) -> Result<(), Error> {
        for block in journal::blocks(entries) {
            let head = self.store.head();
            if block.number <= head.number {
                let same = match (block.sealed, self.store.header(block.number)?) {
                    (Some(hash), Some(header)) => header.hash_slow() == hash,
                    _ => false,
                };
                if same {
                    continue;
                }
                self.store.rewind(block.number - 1)?;
            }
            let head = self.store.head();
            if block.number != head.number + 1 || block.parent != head.hash {
                return Err(Error::Diverged { number: block.number });
            }
            let builder = Builder::replay(&self.store, &block)?;
            match block.sealed {
                Some(hash) => {
                    let sealed = builder.seal(&self.store)?;
                    if sealed.hash != hash {
                        return Err(Error::Diverged { number: block.number });
                    }
                }
                None => self.builder = Some(builder),
            }
        }
        let (head, open) = (
            self.store.head().number,
            self.builder
                .as_ref()
                .map_or(0, |builder| builder.pending().body.read().transactions().len()),
        );
        tracing::info!(head, open, "recovered");
        if !self.sequencing {
            self.builder = None;
        }
        *self.shared.pending.write() = self.builder.as_ref().map(Builder::pending);
        Ok(())
    }

    fn run(&mut self, commands: &Receiver<Command>) -> Result<(), Error> {
        let mut deadline = Instant::now() + self.config.block_time;
        if self.sequencing && self.builder.is_none() {
            self.begin()?;
        }
        loop {
            match commands.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Command::Submit { transaction, wait, reply }) => {
                    self.submit(transaction, wait, reply)?
                }
                Ok(Command::Adopt { parent, blocks, reply }) => {
                    let done = self.adopt(parent, blocks);
                    let fatal = matches!(done, Err(Error::Storage(_)));
                    let _ = reply.send(done);
                    if fatal {
                        return Err(Error::Stopped);
                    }
                }
                Ok(Command::Sequence(on, reply)) => {
                    self.sequencing = on && self.config.sequencing;
                    if self.sequencing && self.builder.is_none() {
                        self.begin()?;
                    }
                    let _ = reply.send(());
                }
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if Instant::now() >= deadline {
                deadline = (deadline + self.config.block_time).max(Instant::now());
                if self.sequencing {
                    self.seal()?;
                    self.begin()?;
                }
                if !self.journal.is_alive() {
                    return Err(Error::Journal);
                }
            }
        }
        Ok(())
    }

    /// Ends with everything on disk.
    fn close(self) -> Result<(), Error> {
        self.store.flush()?;
        Ok(self.journal.close()?)
    }

    /// Begins a block: queue messages first, then what waited for room.
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
            Opening { timestamp, queue_index: next_message + messages.len() as u64 },
        )?;
        if head.number.is_multiple_of(SEGMENT_BLOCKS) {
            self.journal.rotate(head.number + 1);
            self.journal.forget(self.store.flushed());
        }
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
        self.drain_pool()
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
        reply: oneshot::Sender<Result<Submitted, SubmitError>>,
    ) -> Result<(), Error> {
        let Some(builder) = self.builder.as_mut().filter(|_| self.sequencing) else {
            let _ = reply.send(Err(SubmitError::Unavailable("this node does not sequence; send to the sequencer, or force it through the portal on L1".into())));
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
            self.enqueue(transaction, next, wait, reply, Some(next));
            return Ok(());
        }
        match builder.execute_journaled(&self.journal, transaction.clone())? {
            Ok(done) => {
                self.answer(reply, done, wait);
                self.shared.pool.write().drop_stale(sender, next + 1);
                self.drain_sender(sender)?;
            }
            Err(
                TransactionError::BlockFull { .. }
                | TransactionError::Invalid(InvalidTransaction::GasPriceLessThanBasefee),
            ) => {
                self.enqueue(transaction, next, wait, reply, None);
            }
            Err(error) => {
                tracing::debug!(%hash, %error, "refused");
                let _ = reply.send(Err(refusal(error, &transaction)));
            }
        }
        Ok(())
    }

    /// Puts a transaction into the pool. `missing` is the nonce that must come first.
    fn enqueue(
        &mut self,
        transaction: SignedTransaction,
        next: u64,
        wait: Wait,
        reply: oneshot::Sender<Result<Submitted, SubmitError>>,
        missing: Option<u64>,
    ) {
        let hash = transaction.hash;
        match (self.shared.pool.write().insert(transaction, next), wait, missing) {
            (Err(error), ..) => drop(reply.send(Err(error))),
            (Ok(_), Wait::Preconfirmed, Some(next)) => {
                drop(reply.send(Err(SubmitError::Gapped { hash, next })))
            }
            (Ok(_), Wait::Preconfirmed, None) => drop(self.waiting.insert(hash, reply)),
            (Ok(_), Wait::Accepted, _) => {
                drop(reply.send(Ok(Submitted { hash, preconfirmed: None })))
            }
        }
    }

    /// Answers once the journal is on disk.
    fn answer(
        &self,
        reply: oneshot::Sender<Result<Submitted, SubmitError>>,
        done: Preconfirmed,
        wait: Wait,
    ) {
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
            self.shared.pool.write().drop_stale(sender, next);
            let Some(transaction) = self.shared.pool.write().take(sender, next) else { break };
            let hash = transaction.hash;
            match builder.execute_journaled(&self.journal, transaction.clone())? {
                Ok(done) => {
                    if let Some(reply) = self.waiting.remove(&hash) {
                        self.answer(reply, done, Wait::Preconfirmed);
                    }
                }
                Err(
                    TransactionError::BlockFull { .. }
                    | TransactionError::Invalid(InvalidTransaction::GasPriceLessThanBasefee),
                ) => {
                    // It keeps its place; it was there before, so there is room.
                    let _ = self.shared.pool.write().insert(transaction, next);
                    break;
                }
                Err(error) => {
                    tracing::debug!(%hash, %error, "dropped from the pool");
                    if let Some(reply) = self.waiting.remove(&hash) {
                        let _ = reply.send(Err(refusal(error, &transaction)));
                    }
                }
            }
        }
        Ok(())
    }

    /// Cuts the chain back to `parent`, executes the blocks that L1 dictates, and queues again what they displaced.
    fn adopt(&mut self, parent: u64, blocks: Vec<BlockInput>) -> Result<(), Error> {
        let open = self.builder.take();
        *self.shared.pending.write() = None;
        let removed =
            if parent < self.store.head().number { self.store.rewind(parent)? } else { Vec::new() };
        let mut displaced: Vec<SignedTransaction> = removed
            .iter()
            .flat_map(|block| block.transactions.iter())
            .filter(|transaction| !transaction.is_deposit())
            .cloned()
            .collect();
        displaced.extend(open.iter().flat_map(|builder| builder.signed().cloned()));
        if !removed.is_empty() {
            tracing::warn!(from = parent + 1, blocks = removed.len(), "blocks displaced by L1");
            self.journal.append(&Entry::Cut { to: parent });
            let _ = self.shared.events.send(Event::Reorged { removed });
        }
        for input in &blocks {
            self.append(input)?;
        }
        if self.sequencing {
            self.begin()?;
        }
        self.requeue(displaced)
    }

    /// Executes one block that L1 dictates.
    fn append(&self, input: &BlockInput) -> Result<(), Error> {
        let head = self.store.head();
        let parent = header(&self.store, head.number)?;
        let (outcome, diff) =
            execute(self.store.chain(), &parent, head.hash, input, self.store.latest())?;
        let (number, timestamp, queue_index) =
            (outcome.header.number, input.timestamp, input.queue_index);
        self.journal.append(&Entry::Open { number, timestamp, queue_index, parent: head.hash });
        for transaction in &outcome.transactions {
            self.journal.append(&Entry::Transaction {
                sender: transaction.sender,
                bytes: transaction.bytes.clone(),
            });
        }
        self.journal.append(&Entry::Seal { number, hash: outcome.hash });
        let block = self.store.append(outcome, &diff)?;
        let _ = self.shared.events.send(Event::Head(block));
        Ok(())
    }

    /// Gives displaced transactions their turn again, in their old order.
    fn requeue(&mut self, displaced: Vec<SignedTransaction>) -> Result<(), Error> {
        let count = displaced.len();
        let mut kept = 0;
        for transaction in displaced {
            let Some(builder) = self.builder.as_mut() else { break };
            let next = builder.next_nonce(transaction.sender)?;
            let done = match transaction.transaction.nonce() == next {
                true => builder.execute_journaled(&self.journal, transaction.clone())?.is_ok(),
                false => false,
            };
            kept += usize::from(done || self.shared.pool.write().insert(transaction, next).is_ok());
        }
        if count > 0 {
            tracing::info!(count, kept, "displaced transactions queued again");
        }
        Ok(())
    }
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
