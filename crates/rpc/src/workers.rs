//! A bounded pool for work that computes: calls, traces, log queries.

use crate::RpcError;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;

/// Runs work on threads of its own so that it does not stand in the way of transactions.
#[derive(Debug)]
pub(crate) struct Workers {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
}

/// Counts somebody waiting, also when the wait is given up.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Workers {
    pub(crate) fn new(workers: usize, waiting_max: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(workers.max(1))),
            waiting: AtomicUsize::new(0),
            waiting_max,
        }
    }

    /// Runs `work` when a worker is free.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, RpcError> + Send + 'static,
    ) -> Result<T, RpcError> {
        let permit = {
            if self.waiting.fetch_add(1, Relaxed) >= self.waiting_max {
                self.waiting.fetch_sub(1, Relaxed);
                return Err(RpcError::limit(format!(
                    "busy: {} requests wait already; try again",
                    self.waiting_max
                )));
            }
            let _waiting = Waiting(&self.waiting);
            self.permits.clone().acquire_owned().await.expect("the semaphore is never closed; qed")
        };
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        task.await.unwrap_or_else(|error| {
            Err(RpcError::internal(format!("the request could not be finished: {error}")))
        })
    }
}

/// The time until which a piece of work may run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    time: Duration,
}

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        Self { at: Instant::now() + time, time }
    }

    pub(crate) fn passed(&self) -> bool {
        Instant::now() >= self.at
    }

    /// An error when the time is over.
    pub(crate) fn check(&self) -> Result<(), RpcError> {
        if self.passed() { Err(self.error()) } else { Ok(()) }
    }

    pub(crate) fn error(&self) -> RpcError {
        RpcError::limit(format!(
            "execution aborted (timeout = {:?}): ask for less in one request",
            self.time
        ))
    }
}
