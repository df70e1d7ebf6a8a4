//! Who proves what, for how long: so that two workers never prove the same.
//!
//! A lease is kept in memory only. After a restart of the node a worker renews a lease that nobody knows, and has it again.

use super::Run;
use alloy_primitives::B256;
use std::{collections::BTreeMap, time::Duration};

/// How long a worker has a job without saying a word.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

/// With so many leases there is none for what was not given here: a row of batches, say, that a worker began before a restart.
const LEASES_MAX: usize = 256;

/// A job that somebody works on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lease {
    /// Who.
    pub(crate) worker: String,
    /// Hash of the statement, once the input is gathered.
    pub(crate) id: Option<B256>,
    /// How much is done, of 1.
    pub(crate) progress: f64,
    /// What the worker thinks that it still takes.
    pub(crate) seconds_left: Option<u64>,
    /// When it began: time as the caller counts it.
    pub(crate) since: Duration,
    /// Until when it holds.
    until: Duration,
}

/// All leases, also those that ran out. Time is whatever the caller counts, and only grows.
#[derive(Debug, Default)]
pub(crate) struct Leases(BTreeMap<Run, Lease>);

impl Leases {
    /// The lease of a run, if it has not run out.
    pub(crate) fn live(&self, run: &Run, now: Duration) -> Option<&Lease> {
        self.0.get(run).filter(|lease| lease.until > now)
    }

    /// All of them, and whether they hold.
    pub(crate) fn all(&self, now: Duration) -> impl Iterator<Item = (&Run, bool)> {
        self.0.iter().map(move |(run, lease)| (run, lease.until > now))
    }

    /// How many runs are being proved.
    pub(crate) fn count(&self, now: Duration) -> usize {
        self.all(now).filter(|(_, live)| *live).count()
    }

    /// Gives the first of `wanted` that nobody has.
    pub(crate) fn take(&mut self, wanted: &[Run], worker: &str, now: Duration) -> Option<Run> {
        let run = *wanted.iter().find(|run| self.live(run, now).is_none())?;
        self.0.insert(run, Lease::new(worker, now));
        Some(run)
    }

    /// Prolongs what `worker` has, or had and nobody took up; `false` if it is another's now, or one too many.
    pub(crate) fn renew(&mut self, run: Run, worker: &str, now: Duration, said: Said) -> bool {
        if self.live(&run, now).is_some_and(|lease| lease.worker != worker) {
            return false;
        }
        if !self.0.contains_key(&run) && self.0.len() >= LEASES_MAX {
            self.0.retain(|_, lease| lease.until > now);
            if self.0.len() >= LEASES_MAX {
                return false;
            }
        }
        let known = self.0.remove(&run).filter(|lease| lease.worker == worker);
        let lease = known.unwrap_or_else(|| Lease::new(worker, now));
        let Said { id, progress, seconds_left } = said;
        let until = now + LEASE;
        self.0.insert(run, Lease { id: Some(id), progress, seconds_left, until, ..lease });
        true
    }

    /// Takes a run from `worker`; gives how long it had it.
    pub(crate) fn release(&mut self, run: &Run, worker: &str, now: Duration) -> Option<Duration> {
        let mine = self.0.get(run).is_some_and(|lease| lease.worker == worker);
        let lease = if mine { self.0.remove(run) } else { None };
        lease.map(|lease| now.saturating_sub(lease.since))
    }

    /// Forgets the leases of these runs.
    pub(crate) fn forget(&mut self, gone: &[Run]) {
        self.0.retain(|run, _| !gone.contains(run));
    }
}

impl Lease {
    fn new(worker: &str, now: Duration) -> Self {
        let worker = worker.to_owned();
        Self { worker, id: None, progress: 0.0, seconds_left: None, since: now, until: now + LEASE }
    }
}

/// What a worker says of its job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Said {
    /// Hash of the statement.
    pub(crate) id: B256,
    /// How much is done, of 1.
    pub(crate) progress: f64,
    /// What it still takes.
    pub(crate) seconds_left: Option<u64>,
}
