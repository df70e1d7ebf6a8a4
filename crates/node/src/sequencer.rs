//! The sequencer: one thread that owns the head of the chain.
//!
//! A transaction is executed when it arrives, written to the journal, and answered when the journal is on disk. Blocks are sealed on a clock. Everything that
//! writes the store goes through this thread, the blocks that L1 dictates ([`Command::Adopt`]) too; everybody else reads.

use crate::{
    Error,
    pool::{Pool, PoolLimits},
    worker::Worker,
};
use mezz_evm::SignedTransaction;
use mezz_primitives::BlockInput;
use mezz_rpc::{Event, Pending, SubmitError, Submitted, Wait};
use mezz_settlement::Message;
use mezz_storage::{BlockRef, Store};
use parking_lot::RwLock;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
        mpsc::{SyncSender, sync_channel},
    },
    time::Duration,
};
use tokio::sync::{broadcast, oneshot};

/// Commands that may wait for the thread; past that a submission is refused.
const COMMANDS_MAX: usize = 16_384;

/// How a node sequences.
#[derive(Debug, Clone)]
pub struct SequencerConfig {
    /// Whether it seals blocks of its own; otherwise it only follows L1.
    pub sequencing: bool,
    /// Time between two blocks.
    pub block_time: Duration,
    /// Bytes that the users' transactions of one block may take, so that it fits a batch on L1.
    pub block_bytes: usize,
    /// Whether its blocks hold senders in place of signatures: a batch of them may be posted without.
    pub attributed: bool,
    /// How much may wait.
    pub pool: PoolLimits,
    /// Where the journal lies.
    pub journal: PathBuf,
}

/// Gives the queue messages that may be taken from an index on.
pub(crate) type MessageSource = Box<dyn Fn(u64) -> Vec<Message> + Send>;

/// Where the answer to a submission goes.
pub(crate) type Reply = oneshot::Sender<Result<Submitted, SubmitError>>;

/// What the thread is asked to do.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all commands are submissions; a box for each would cost more"
)]
pub(crate) enum Command {
    /// Take a transaction.
    Submit { transaction: SignedTransaction, wait: Wait, reply: Reply },
    /// Make these the blocks after `parent`; what they displace is queued again.
    Adopt { parent: u64, blocks: Vec<BlockInput>, reply: oneshot::Sender<Result<(), Error>> },
    /// Stop or resume sealing and taking transactions.
    Sequence(bool, oneshot::Sender<BlockRef>),
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
    /// Whether it takes transactions.
    pub(crate) sequencing: AtomicBool,
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
    /// What users have sent that stands in no block yet.
    pub(crate) fn unsealed(&self) -> Vec<SignedTransaction> {
        let mut waiting: Vec<_> = self.shared.pool.read().transactions().cloned().collect();
        if let Some(pending) = &*self.shared.pending.read() {
            waiting.extend(pending.body.read().transactions().iter().cloned());
        }
        waiting
    }

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
            sequencing: AtomicBool::new(false),
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
            let work = std::panic::AssertUnwindSafe(|| worker.run(&inbox));
            let ended = match std::panic::catch_unwind(work) {
                Ok(ended) => ended.and_then(|()| worker.close()),
                Err(_) => Err(Error::Stopped),
            };
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

    /// Stops or resumes sealing; gives the head then.
    pub(crate) async fn sequence(&self, on: bool) -> Result<BlockRef, Error> {
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
