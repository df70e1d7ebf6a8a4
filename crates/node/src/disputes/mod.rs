//! What is right in a dispute, computed: the program is run over the span that is doubted, and asked for its states.
//!
//! A run is kept for a while, because a dispute asks for it five times, ever closer to one instruction.

pub(crate) mod plays;
mod proving;
mod spans;

pub use spans::{Span, SpanPreimages};
pub(crate) use spans::{blocks, boot, gather, gather_batches, gather_run};

use crate::{
    Error,
    acts::{Acts, blocking},
};
use alloy_primitives::B256;
use mezz_primitives::Accumulator;
use mezz_riscv::{Machine, Program, State, StepWitness, Trace};
use mezz_settlement::{Settlement, game::Path};
use parking_lot::{Mutex, RwLock};
use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock},
};

/// Runs kept at once: a dispute about another makes it anew, which takes up to an hour for the dearest span there can be.
const RUNS_MAX: usize = 16;
/// Bytes of snapshots that each keeps.
const SNAPSHOT_BYTES: usize = 128 << 20;

/// The program that decides disputes.
static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    Program::parse(mezz_program::ELF).expect("the program is part of this one and tested; qed")
});

/// A run, and what it depends on.
#[derive(Debug, Clone)]
struct Run {
    span: Span,
    /// The batch chain at the claim's end: another one after a reorg of L1.
    acc: Accumulator,
    preimages: SpanPreimages,
    trace: Arc<Mutex<Trace<SpanPreimages>>>,
}

/// The runs that were asked about last, the newest first.
#[derive(Debug, Default)]
pub(crate) struct Disputes {
    runs: Mutex<VecDeque<Run>>,
}

impl Disputes {
    /// The right answer to the doubt `path` about a claim of the batches `n0..n1`.
    pub(crate) async fn answer(
        &self,
        acts: &Acts,
        settlement: &RwLock<Settlement>,
        (n0, n1): (u64, u64),
        path: Path,
    ) -> Result<Vec<B256>, Error> {
        let (run, path) = self.run(acts, settlement, (n0, n1), path).await?;
        let vector = blocking(move || run.trace.lock().vector(&path)).await?;
        Ok(vector.to_vec())
    }

    /// The state in which the run over the claim's entry ends.
    pub(crate) async fn final_state(
        &self,
        acts: &Acts,
        settlement: &RwLock<Settlement>,
        (n0, n1): (u64, u64),
        path: Path,
    ) -> Result<State, Error> {
        let (run, _) = self.run(acts, settlement, (n0, n1), path).await?;
        let end = blocking(move || run.trace.lock().end(&[])).await?;
        Ok(end.state().clone())
    }

    /// What L1 must be shown to execute the instruction that `path` names.
    pub(crate) async fn witness(
        &self,
        acts: &Acts,
        settlement: &RwLock<Settlement>,
        (n0, n1): (u64, u64),
        path: Path,
    ) -> Result<StepWitness, Error> {
        let (run, path) = self.run(acts, settlement, (n0, n1), path).await?;
        Ok(blocking(move || run.trace.lock().witness(&path, &run.preimages)).await?)
    }

    /// The run that a path is about, and the rest of the path.
    async fn run(
        &self,
        acts: &Acts,
        settlement: &RwLock<Settlement>,
        (n0, n1): (u64, u64),
        path: Path,
    ) -> Result<(Run, Vec<u8>), Error> {
        let (index, rest) = path.indices().split_first().expect("a doubt has an entry; qed");
        let span = Span { n0, n1, index: *index };
        let acc = settlement.read().inbox().acc(n1).ok_or(Error::Reorged)?;
        if let Some(known) = self.known(span, acc) {
            return Ok((known, rest.to_vec()));
        }
        let (boot, preimages) = gather(acts, settlement, span).await?;
        tracing::info!(n0, n1, entry = index, boot = %boot.hash(), "running the program over a doubted span");
        let machine = Machine::new(&PROGRAM, boot.hash());
        let trace = Trace::new(machine, preimages.clone()).with_snapshot_bytes(SNAPSHOT_BYTES);
        let run = Run { span, acc, preimages, trace: Arc::new(Mutex::new(trace)) };
        let mut runs = self.runs.lock();
        runs.push_front(run.clone());
        runs.truncate(RUNS_MAX);
        Ok((run, rest.to_vec()))
    }

    fn known(&self, span: Span, acc: Accumulator) -> Option<Run> {
        let mut runs = self.runs.lock();
        let place = runs.iter().position(|run| run.span == span && run.acc == acc)?;
        let run = runs.remove(place)?;
        runs.push_front(run.clone());
        Some(run)
    }
}
