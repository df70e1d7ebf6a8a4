//! The answers to a dispute's questions about one run (`docs/spec/fault-proof.md`, sections 3 and 4).
//!
//! A *path* names an interval of the run: its first index is one of 256 intervals of 2^32 steps, the second one of the 256 intervals of 2^24 steps in that one,
//! and so on to the fifth, which names a single step. The *vector* of an interval is the hashes of the 256 states that end its parts.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};
use alloy_primitives::B256;

use crate::{Machine, MissingPreimage, Openings, Preimages, Snapshot, StepWitness};

/// Entries of a vector.
pub const ENTRIES: usize = 256;
/// Indices of a path that names a single step.
pub const PATH_MAX: usize = 5;

/// A vector.
pub type Vector = [B256; ENTRIES];

/// Steps that are rather made again than kept from being made by a snapshot.
const RERUN_STEPS: u64 = 1 << 20;
/// Bytes of snapshots that a trace keeps, unless it is told otherwise.
const SNAPSHOT_BYTES: usize = 1 << 30;

/// A run that can be asked about.
///
/// It keeps a machine, which goes back and forth, and snapshots, so that no way is long.
#[derive(Debug)]
pub struct Trace<P> {
    machine: Machine,
    preimages: P,
    start: u64,
    vectors: BTreeMap<Vec<u8>, Box<Vector>>,
    snapshots: Snapshots,
}

impl<P: Preimages> Trace<P> {
    /// The run that `machine` stands at the start of.
    pub fn new(mut machine: Machine, preimages: P) -> Self {
        let mut snapshots = Snapshots { bytes_max: SNAPSHOT_BYTES, ..Snapshots::default() };
        snapshots.keep(machine.snapshot());
        let start = machine.steps();
        Self { start, machine, preimages, vectors: BTreeMap::new(), snapshots }
    }

    /// Keeps at most so many bytes of snapshots: fewer make long runs longer.
    pub const fn with_snapshot_bytes(mut self, bytes: usize) -> Self {
        self.snapshots.bytes_max = bytes;
        self
    }

    /// What the run may ask for: a preimage that was missing can be put there.
    pub const fn preimages_mut(&mut self) -> &mut P {
        &mut self.preimages
    }

    /// The hashes of the states after each of the 256 parts of the interval.
    ///
    /// # Errors
    ///
    /// [`MissingPreimage`] if the run needs what nobody knows; call again when it is known.
    ///
    /// # Panics
    ///
    /// If the path names a single step, which has no parts.
    pub fn vector(&mut self, path: &[u8]) -> Result<Vector, MissingPreimage> {
        assert!(path.len() < PATH_MAX, "a step has no parts");
        if let Some(vector) = self.vectors.get(path) {
            return Ok(**vector);
        }
        let (first, stride) = (self.position(path), steps(path.len() + 1));
        let mut vector = [B256::ZERO; ENTRIES];
        for index in 0..ENTRIES {
            // The state of a run that has ended stays as it is.
            vector[index] = if index > 0 && self.machine.exit_code().is_some() {
                vector[index - 1]
            } else {
                self.go(first + (index as u64 + 1) * stride)?;
                self.machine.state().hash()
            };
        }
        self.vectors.insert(path.into(), Box::new(vector));
        Ok(vector)
    }

    /// The moment at which an interval begins.
    ///
    /// # Errors
    ///
    /// [`MissingPreimage`] if the run needs what nobody knows.
    pub fn start(&mut self, path: &[u8]) -> Result<Snapshot, MissingPreimage> {
        self.go(self.position(path))?;
        Ok(self.machine.snapshot())
    }

    /// The moment at which an interval ends; of the empty path, the run.
    ///
    /// # Errors
    ///
    /// [`MissingPreimage`] if the run needs what nobody knows.
    pub fn end(&mut self, path: &[u8]) -> Result<Snapshot, MissingPreimage> {
        self.go(self.position(path) + steps(path.len()))?;
        Ok(self.machine.snapshot())
    }

    /// The witness of the step that a path begins with.
    ///
    /// # Errors
    ///
    /// [`MissingPreimage`] if the run or the step needs what nobody knows.
    pub fn witness(
        &mut self,
        path: &[u8],
        openings: &impl Openings,
    ) -> Result<StepWitness, MissingPreimage> {
        self.go(self.position(path))?;
        self.machine.witness(&self.preimages, openings)
    }

    /// The step at which an interval begins.
    fn position(&self, path: &[u8]) -> u64 {
        assert!(path.len() <= PATH_MAX, "a path has at most {PATH_MAX} indices");
        let parts = path.iter().enumerate();
        self.start + parts.map(|(depth, index)| u64::from(*index) * steps(depth + 1)).sum::<u64>()
    }

    /// Goes to where the run is after `steps` steps.
    fn go(&mut self, steps: u64) -> Result<(), MissingPreimage> {
        let here = self.machine.steps();
        let last = self.snapshots.last_before(steps);
        if let Some(last) = last.filter(|last| here > steps || last.steps() > here) {
            self.machine.restore(last);
        }
        let from = self.machine.steps();
        self.machine.run(steps - from, &self.preimages)?;
        let near = self.snapshots.last_before(self.machine.steps()).map_or(0, Snapshot::steps);
        if self.machine.steps() - near >= RERUN_STEPS {
            self.snapshots.keep(self.machine.snapshot());
        }
        Ok(())
    }
}

/// The first entry in which two vectors differ: the one to query.
pub fn first_difference(ours: &Vector, theirs: &Vector) -> Option<u8> {
    (0..=u8::MAX).find(|&index| ours[usize::from(index)] != theirs[usize::from(index)])
}

/// Steps of an interval with a path of so many indices.
const fn steps(indices: usize) -> u64 {
    1 << (8 * (PATH_MAX - indices))
}

/// Snapshots of one run by their number of steps, as many as there is room for.
#[derive(Debug, Default)]
struct Snapshots {
    /// Each with the bytes that it has and the one before has not.
    by_steps: BTreeMap<u64, (Snapshot, usize)>,
    bytes: usize,
    bytes_max: usize,
}

impl Snapshots {
    fn last_before(&self, steps: u64) -> Option<&Snapshot> {
        self.by_steps.range(..=steps).next_back().map(|(_, (snapshot, _))| snapshot)
    }

    fn keep(&mut self, snapshot: Snapshot) {
        let steps = snapshot.steps();
        self.by_steps.insert(steps, (snapshot, 0));
        self.weigh(steps);
        if let Some(next) = self.after(steps) {
            self.weigh(next);
        }
        while self.bytes > self.bytes_max && self.drop_one() {}
    }

    /// Drops the snapshot without which the least has to be made again; never the first or the last.
    fn drop_one(&mut self) -> bool {
        let steps: Vec<u64> = self.by_steps.keys().copied().collect();
        let gaps = steps.windows(3).map(|three| (three[2] - three[0], three[1], three[2]));
        let Some((_, dropped, next)) = gaps.min() else { return false };
        if let Some((_, bytes)) = self.by_steps.remove(&dropped) {
            self.bytes -= bytes;
        }
        self.weigh(next);
        true
    }

    /// Counts anew what a snapshot has that the one before has not.
    fn weigh(&mut self, steps: u64) {
        let before = self.by_steps.range(..steps).next_back();
        let before = before.map(|(_, (before, _))| before.tree().clone()).unwrap_or_default();
        if let Some((snapshot, bytes)) = self.by_steps.get_mut(&steps) {
            let new = snapshot.tree().bytes_beyond(&before);
            self.bytes = self.bytes + new - core::mem::replace(bytes, new);
        }
    }

    fn after(&self, steps: u64) -> Option<u64> {
        self.by_steps.range(steps + 1..).next().map(|(steps, _)| *steps)
    }
}
