//! Handing out runs and taking proofs: what is decided of them without knowing anything of the chain.

use super::{
    Run,
    leases::{Lease, Leases, Said},
    shelf::{Made, Shelf, VERIFIER},
};
use crate::{Metrics, batches};
use alloy::eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256, Bytes};
use mezz_l1::{Client, ProofForm, contracts::Halo2Verifier};
use mezz_primitives::Statement;
use parking_lot::Mutex;
use std::{io, path::PathBuf, sync::Arc, time::Duration};

/// After this long without a word from any worker there is none. One that has nothing to do asks more often.
const WORKER_SILENCE: Duration = Duration::from_secs(120);

/// The leases and the proofs of one node.
#[derive(Debug)]
pub(crate) struct Desk {
    leases: Mutex<Leases>,
    /// Whether a worker has been heard of lately, and when.
    heard: Mutex<(bool, Option<Duration>)>,
    shelf: Shelf,
    metrics: Arc<Metrics>,
}

/// What became of a proof or of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done: the lease is prolonged, or the proof is taken.
    Done(Run),
    /// Somebody else works on it.
    Leased,
    /// Nobody wants it (any more).
    Unwanted,
}

/// What came of verifying a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verified {
    /// The form that it was verified as.
    form: ProofForm,
    /// Why it is none.
    refused: Option<String>,
}

impl Verified {
    /// Whether it is a proof.
    pub(crate) const fn is_proof(&self) -> bool {
        self.refused.is_none()
    }

    /// Verifies a STARK, here.
    pub(crate) fn stark(id: B256, proof: &[u8]) -> Self {
        let refused = VERIFIER.verify(id, proof).err().map(|error| error.to_string());
        Self { form: ProofForm::Stark, refused }
    }

    /// Asks the contract that will verify it.
    pub(crate) async fn halo2(
        client: &Client,
        verifier: Address,
        id: B256,
        proof: Bytes,
    ) -> Result<Self, mezz_l1::Error> {
        let call =
            Halo2Verifier::verifyCall { programKey: VERIFIER.program_key(), statement: id, proof };
        let refused = match client.call(verifier, &call, BlockNumberOrTag::Latest).await {
            Ok(_) => None,
            Err(mezz_l1::Error::Reverted(revert)) => Some(format!("L1 says: {revert}")),
            Err(error) => return Err(error),
        };
        Ok(Self { form: ProofForm::Halo2, refused })
    }
}

/// Why a proof is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// It proves something that this node does not hold for right, or nothing at all.
    #[error(
        "the proof is wrong and was not taken: {0}; the prover must be built from the same sources as this node"
    )]
    Wrong(String),
    /// The disk failed.
    #[error("the proof is right, but cannot be written to disk: {0}; try again")]
    Disk(#[from] io::Error),
}

impl Desk {
    /// A desk whose proofs lie in `folder`.
    pub(crate) fn open(folder: PathBuf, metrics: Arc<Metrics>) -> io::Result<Self> {
        Ok(Self {
            leases: Mutex::default(),
            heard: Mutex::default(),
            shelf: Shelf::open(folder)?,
            metrics,
        })
    }

    /// The proofs.
    pub(crate) const fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// A worker asks for work, or works.
    pub(crate) fn heard(&self, now: Duration) {
        *self.heard.lock() = (true, Some(now));
    }

    /// Whether there are workers.
    pub(crate) fn has_workers(&self) -> bool {
        self.heard.lock().0
    }

    /// What workers have, or had and nobody took up, and whether they still have it.
    pub(crate) fn leases(&self, now: Duration) -> Vec<(Run, bool)> {
        self.leases.lock().all(now).map(|(run, live)| (*run, live)).collect()
    }

    /// The lease of a run, if somebody works on it.
    pub(crate) fn lease(&self, run: &Run, now: Duration) -> Option<Lease> {
        self.leases.lock().live(run, now).cloned()
    }

    /// Gives `worker` the first of `wanted` that nobody has or has proven.
    pub(crate) fn take(&self, wanted: &[Run], worker: &str, now: Duration) -> Option<Run> {
        let open: Vec<_> = wanted.iter().filter(|run| !self.shelf.has(run)).copied().collect();
        self.leases.lock().take(&open, worker, now)
    }

    /// Prolongs a lease.
    pub(crate) fn renew(
        &self,
        wanted: &[Run],
        statement: &Statement,
        worker: &str,
        said: Said,
        now: Duration,
    ) -> Outcome {
        let run = find(wanted, statement).filter(|run| !self.shelf.has(run));
        match run {
            None => Outcome::Unwanted,
            Some(run) if self.leases.lock().renew(run, worker, now, said) => Outcome::Done(run),
            Some(_) => Outcome::Leased,
        }
    }

    /// Takes a run from a worker that was given it in vain.
    pub(crate) fn release(&self, run: &Run, worker: &str, now: Duration) {
        self.leases.lock().release(run, worker, now);
    }

    /// Takes a proof of a run that is wanted and comes to `right`, from anybody. A wrong one costs its worker the lease.
    pub(crate) fn give(
        &self,
        (run, right): (Run, B256),
        statement: &Statement,
        worker: &str,
        (proof, verified): (&[u8], Verified),
        now: Duration,
    ) -> Result<(), Refused> {
        if self.shelf.has(&run) {
            return Ok(());
        }
        let id = statement.hash();
        let refused = match statement.result == right {
            true => verified.refused,
            false => Some(format!("this node comes to {right}, and not to {}", statement.result)),
        };
        if let Some(error) = refused {
            tracing::warn!(worker, %id, error, "a wrong proof was refused");
            self.metrics.proofs_refused.increment();
            self.leases.lock().release(&run, worker, now);
            return Err(Refused::Wrong(error));
        }
        let made =
            Made { proving: run.proving, statement: statement.clone(), since: batches::now() };
        self.shelf.keep(made, proof, verified.form)?;
        self.metrics.proofs.increment();
        let took = self.leases.lock().release(&run, worker, now);
        if let Some(took) = took {
            self.metrics.proof_seconds.add(took.as_secs());
        }
        tracing::info!(worker, %id, batches = run.proving.n1, took = took.map(|took| took.as_secs()), "a proof was taken");
        Ok(())
    }

    /// Counts what is wanted, and forgets the leases of what nobody wants any more.
    pub(crate) fn tidy(&self, wanted: &[Run], gone: &[Run], now: Duration) {
        let mut heard = self.heard.lock();
        heard.0 = heard.1.is_some_and(|last| now.saturating_sub(last) < WORKER_SILENCE);
        drop(heard);
        let mut leases = self.leases.lock();
        leases.forget(gone);
        let open = wanted.iter().filter(|run| leases.live(run, now).is_none());
        let open = open.filter(|run| !self.shelf.has(run)).count();
        self.metrics.proofs_proving.set(leases.count(now) as u64);
        self.metrics.proofs_wanted.set(open as u64);
    }
}

/// The run that a statement is about.
pub(crate) fn find(wanted: &[Run], statement: &Statement) -> Option<Run> {
    let is_it = |run: &&Run| run.boot == statement.boot && run.kind() == statement.kind;
    wanted.iter().find(is_it).copied()
}
