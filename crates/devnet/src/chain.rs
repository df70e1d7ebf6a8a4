//! The thread that owns the chain: it alone makes and unmakes blocks and writes the pool.

use crate::{
    Error, Mining,
    edits::Edit,
    pool::Entry,
    shared::{Shared, Tip},
    snapshots::Snapshots,
};
use futures::channel::oneshot;
use std::{
    fmt, io,
    sync::{Arc, atomic::Ordering, mpsc},
    thread::{self, JoinHandle},
    time::Instant,
};

type Command = Box<dyn FnOnce(&mut Core) + Send>;

/// The way to the chain's thread.
#[derive(Clone)]
pub(crate) struct Handle {
    commands: mpsc::Sender<Command>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}

impl Handle {
    /// Runs `work` on the chain's thread. It is run even if the future is dropped.
    pub(crate) fn call<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Core) -> R + Send + 'static,
    ) -> impl Future<Output = Result<R, Error>> + Send + 'static {
        let (answer, result) = oneshot::channel();
        let sent = self.commands.send(Box::new(move |core| {
            // Nobody waiting for the answer is no error.
            let _ = answer.send(work(core));
        }));
        async move {
            sent.map_err(|_| Error::Stopped)?;
            result.await.map_err(|_| Error::Stopped)
        }
    }

    /// Asks the thread to end after what it was asked before.
    pub(crate) fn stop(&self) {
        // An error means that it has ended already.
        let _ =
            self.commands.send(Box::new(|core| core.shared.stopped.store(true, Ordering::Release)));
    }
}

/// Starts the thread.
pub(crate) fn start(shared: Arc<Shared>) -> Result<(Handle, JoinHandle<()>), Error> {
    let (commands, received) = mpsc::channel();
    let tip = shared.tip.read().clone();
    let mut core = Core { snapshots: Snapshots::load(&shared.store)?, tip, shared, due: None };
    core.schedule();
    let thread = thread::Builder::new()
        .name("mezz-devnet".to_owned())
        .spawn(move || core.run(&received))
        .map_err(|source: io::Error| Error::File { path: "thread mezz-devnet".into(), source })?;
    Ok((Handle { commands }, thread))
}

/// The chain and what only its thread knows.
pub(crate) struct Core {
    pub(crate) shared: Arc<Shared>,
    pub(crate) snapshots: Snapshots,
    /// The newest block, which need not be announced yet.
    pub(crate) tip: Tip,
    /// When the next block is due, in interval mining.
    due: Option<Instant>,
}

impl Core {
    fn run(&mut self, commands: &mpsc::Receiver<Command>) {
        while !self.shared.is_stopped() {
            let command = match self.due {
                None => commands.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
                Some(due) => commands.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match command {
                Ok(command) => command(self),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            self.tick();
        }
        if let Err(error) = self.shared.store.flush() {
            tracing::error!(%error, "the L1 store could not be flushed");
        }
    }

    /// Makes the block that is due.
    fn tick(&mut self) {
        let now = Instant::now();
        let Mining::Interval(period) = *self.shared.mining.read() else { return };
        let Some(due) = self.due.filter(|due| *due <= now) else { return };
        // A period is never made up for: after a pause the blocks go on from now.
        self.due = Some((due + period).max(now));
        if let Err(error) = self.mine() {
            tracing::error!(%error, "no L1 block could be made; trying again at the next");
            *self.shared.failure.write() = Some(error.to_string());
        }
    }

    fn schedule(&mut self) {
        self.due = match *self.shared.mining.read() {
            Mining::Interval(period) => Some(Instant::now() + period),
            Mining::Automatic | Mining::Manual => None,
        };
    }

    /// Changes when blocks are made. Switching to automatic mining makes one of what waits.
    pub(crate) fn set_mining(&mut self, mining: Mining) -> Result<(), Error> {
        *self.shared.mining.write() = mining;
        self.schedule();
        self.mine_if_automatic()
    }

    pub(crate) fn mine_if_automatic(&mut self) -> Result<(), Error> {
        match *self.shared.mining.read() {
            Mining::Automatic => {}
            Mining::Interval(_) | Mining::Manual => return Ok(()),
        }
        self.mine_ready()
    }

    /// Takes a transaction into the pool, and in automatic mining into a block.
    pub(crate) fn submit(&mut self, entry: Entry) -> Result<(), mezz_rpc::SubmitError> {
        let transaction = Arc::new(entry.transaction.clone());
        self.admit(entry)?;
        if self.shared.arrivals.receiver_count() > 0 {
            // The last listener may have gone in between.
            let _ = self.shared.arrivals.send(Arc::clone(&transaction));
        }
        if *self.shared.mining.read() != Mining::Automatic {
            return Ok(());
        }
        let refused = self.mine_ready_refusing(transaction.hash);
        match refused.map_err(|error| mezz_rpc::SubmitError::Unavailable(error.to_string()))? {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Makes a block of its own that carries `edits`, at once.
    pub(crate) fn edit(&mut self, edits: Vec<Edit>) -> Result<(), Error> {
        Edit::check_all(&edits, &self.tip.state)?;
        let block = self.seal_edits(edits, None)?;
        self.publish(vec![block])?;
        self.settle_everybody()?;
        self.mine_if_automatic()
    }
}
