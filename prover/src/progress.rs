//! How far a proof is, on stderr.

use std::time::{Duration, Instant};

/// Cells that a proof of proofs is worth: what it takes, measured against a segment's cells.
const AGGREGATION_CELLS: u64 = 60_000_000;

/// Steps of a proof, each with the cells that it is worth.
pub struct Progress {
    steps: Vec<u64>,
    next: usize,
    /// Cells that were proved here, not before.
    proved: u64,
    started: Instant,
}

impl Progress {
    /// The segments with these cells, and all that follows them.
    pub fn new(segments: &[u64]) -> Self {
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
        Self { steps, next: 0, proved: 0, started: Instant::now() }
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
