//! How far a proof is: said to whoever waits, and to the node that wants it.

use std::{
    error, fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Cells that a proof of proofs is worth: what it takes, measured against a segment's cells.
const AGGREGATION_CELLS: u64 = 60_000_000;

/// What others may know of a job while it is made, and their wish that it ends.
#[derive(Debug, Default)]
pub struct Watch {
    stop: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    share: f64,
    /// When it will be done, as far as one can tell.
    done_at: Option<Instant>,
}

/// Somebody wished that the job ends.
#[derive(Debug)]
pub struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the job was ended; what was made of it is kept")
    }
}

impl error::Error for Stopped {}

impl Watch {
    /// Lets the job end at its next step.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Fails once the job is to end.
    pub fn check(&self) -> Result<(), Stopped> {
        if self.stop.load(Ordering::Relaxed) { Err(Stopped) } else { Ok(()) }
    }

    /// How much is done, of 1, and how many seconds are left, if that can be told.
    pub fn said(&self) -> (f64, Option<u64>) {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let left = state.done_at.map(|at| at.saturating_duration_since(Instant::now()).as_secs());
        (state.share, left)
    }

    fn say(&self, share: f64, left: Option<Duration>) {
        let done_at = left.map(|left| Instant::now() + left);
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State { share, done_at };
    }
}

/// Steps of a proof, each with the cells that it is worth.
pub struct Progress<'a> {
    steps: Vec<u64>,
    next: usize,
    /// Cells that were proved here, not before.
    proved: u64,
    started: Instant,
    watch: &'a Watch,
}

impl<'a> Progress<'a> {
    /// The segments with these cells, and all that follows them.
    pub fn new(segments: &[u64], watch: &'a Watch) -> Self {
        let mut steps = segments.to_vec();
        let mut layer = segments.len().div_ceil(4);
        steps.extend(vec![AGGREGATION_CELLS; layer]);
        // Two layers at least, and a last one.
        for depth in 0.. {
            layer = layer.div_ceil(3);
            steps.extend(vec![AGGREGATION_CELLS; layer]);
            if layer == 1 && depth > 0 {
                break;
            }
        }
        steps.push(AGGREGATION_CELLS);
        Self { steps, next: 0, proved: 0, started: Instant::now(), watch }
    }

    /// A step is about to be taken. Fails once the job is to end.
    pub fn begin(&self) -> Result<(), Stopped> {
        self.watch.check()
    }

    /// A step was done.
    pub fn done(&mut self) {
        self.proved += self.steps.get(self.next).copied().unwrap_or(0);
        self.skip();
    }

    /// A step had been done before.
    pub fn skip(&mut self) {
        self.next += 1;
        let elapsed = self.started.elapsed();
        let left: u64 = self.steps.iter().skip(self.next).sum();
        let estimate = (self.proved > 0).then(|| {
            Duration::from_secs_f64(elapsed.as_secs_f64() * left as f64 / self.proved as f64)
        });
        let all: u64 = self.steps.iter().sum();
        self.watch.say(1.0 - left as f64 / all.max(1) as f64, estimate);
        let estimate =
            estimate.map_or(String::new(), |left| format!(", about {} s left", left.as_secs()));
        eprintln!(
            "proof {} of {} after {} s{estimate}",
            self.next,
            self.steps.len(),
            elapsed.as_secs()
        );
    }
}
