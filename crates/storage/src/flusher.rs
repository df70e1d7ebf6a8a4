//! The background thread that carries blocks to disk.

use crate::{Error, store::Shared};
use parking_lot::{Condvar, Mutex};
use std::{sync::Arc, thread::JoinHandle};

/// Weight of the blocks that go into one batch.
const BATCH_WEIGHT: usize = 100_000;
/// Blocks that may wait for the disk before `append` waits too.
const WAITING_MAX: u64 = 1024;

/// How far the blocks got.
#[derive(Debug)]
pub(crate) struct Progress {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug)]
struct Waiting {
    head: u64,
    flushed: u64,
    failed: Option<Arc<str>>,
    stopping: bool,
}

impl Waiting {
    fn check(&self) -> Result<(), Error> {
        match &self.failed {
            Some(reason) => Err(Error::Flush(reason.clone())),
            None => Ok(()),
        }
    }
}

impl Progress {
    pub(crate) const fn new(head: u64) -> Self {
        Self {
            state: Mutex::new(Waiting { head, flushed: head, failed: None, stopping: false }),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn flushed(&self) -> u64 {
        self.state.lock().flushed
    }

    /// There is a new head; with `flushed` the disk has a new one too.
    pub(crate) fn set(&self, head: u64, flushed: Option<u64>) {
        let mut state = self.state.lock();
        state.head = head;
        state.flushed = flushed.unwrap_or(state.flushed);
        self.changed.notify_all();
    }

    pub(crate) fn set_flushed(&self, flushed: u64) {
        self.state.lock().flushed = flushed;
        self.changed.notify_all();
    }

    pub(crate) fn fail(&self, error: &Error) {
        self.state.lock().failed = Some(error.to_string().into());
        self.changed.notify_all();
    }

    /// Waits until the disk is near enough to take another block. `full` tells whether memory is short.
    pub(crate) fn wait_for_room(&self, full: impl Fn() -> bool) -> Result<(), Error> {
        let mut state = self.state.lock();
        loop {
            state.check()?;
            let waiting = state.head.saturating_sub(state.flushed);
            if waiting == 0 || (waiting < WAITING_MAX && !full()) {
                return Ok(());
            }
            self.changed.wait(&mut state);
        }
    }

    /// Waits until what is the head now is on disk.
    pub(crate) fn wait_for_disk(&self) -> Result<(), Error> {
        let mut state = self.state.lock();
        let target = state.head;
        while state.flushed < target.min(state.head) {
            state.check()?;
            self.changed.wait(&mut state);
        }
        state.check()
    }

    /// Waits for work; `false` when there is none and will be none.
    fn wait_for_work(&self) -> bool {
        let mut state = self.state.lock();
        while state.head <= state.flushed && !state.stopping {
            self.changed.wait(&mut state);
        }
        state.head > state.flushed
    }
}

/// The thread; dropping it waits until everything is on disk.
#[derive(Debug)]
pub(crate) struct Flusher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    pub(crate) fn start(shared: Arc<Shared>) -> Result<Self, std::io::Error> {
        let worker = shared.clone();
        let thread =
            std::thread::Builder::new().name("store-flusher".into()).spawn(move || run(&worker))?;
        Ok(Self { shared, thread: Some(thread) })
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.shared.progress.state.lock().stopping = true;
        self.shared.progress.changed.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes blocks panicked");
        }
    }
}

fn run(shared: &Shared) {
    while shared.progress.wait_for_work() {
        if let Err(error) = shared.write_some(BATCH_WEIGHT) {
            tracing::error!(%error, "blocks cannot be written");
            return shared.progress.fail(&error);
        }
    }
}
