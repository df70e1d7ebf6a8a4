//! How fast this machine proves, before it has proved anything.
//!
//! Measured is what proofs spend much of their time with, in the prover's own code and on all of its threads: committing to a trace, which is Fourier transforms and
//! Poseidon2. What a proof takes is that times a constant, seen where both were measured. Other things are proportional to it only roughly.

use std::time::Duration;
#[cfg(not(feature = "cuda"))]
use std::time::Instant;

/// Cells that are proved while one could be committed to. On two cores of a Xeon at 2.5 GHz with AVX-512, a million cells take 0.1 s of CPU to commit to; to prove them took 0.72 s, with both cores busy for 85% of the time (docs/benchmarks.md).
#[cfg(not(feature = "cuda"))]
const PROVED: f64 = 0.1 / 0.72 * 0.85;
/// CPU seconds of each thread that it is measured, and the longest time for that.
#[cfg(not(feature = "cuda"))]
const MEASURED: f64 = 0.6;
#[cfg(not(feature = "cuda"))]
const PATIENCE: Duration = Duration::from_secs(3);

/// Cells of segments that are proved in a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed {
    /// So many.
    pub cells_per_second: f64,
}

impl Speed {
    /// How long that many cells take.
    pub fn takes(&self, cells: u64) -> Duration {
        Duration::from_secs_f64(cells as f64 / self.cells_per_second.max(1.0))
    }

    /// Measures this machine for about a second of its CPU: what else it does just now does not count.
    #[cfg(not(feature = "cuda"))]
    pub fn measure() -> Option<Self> {
        use crate::usage::cpu_seconds;
        use openvm_sdk::DefaultStarkEngine;
        use openvm_stark_backend::{
            StarkEngine as _, p3_field::PrimeCharacteristicRing as _,
            p3_matrix::dense::RowMajorMatrix, prover::TraceCommitter as _,
        };
        use openvm_stark_sdk::config::app_params_with_100_bits_security;

        const LOG_HEIGHT: usize = 17;
        const WIDTH: usize = 16;
        let cells = WIDTH << LOG_HEIGHT;
        let values = (0..cells as u32).map(|index| openvm_sdk::F::from_u32(index % 1_000_003));
        let trace = RowMajorMatrix::new(values.collect(), WIDTH);
        let engine = DefaultStarkEngine::new(app_params_with_100_bits_security(LOG_HEIGHT));
        let commit = || engine.device().commit(&[&trace]).ok().map(drop);
        // The first makes tables and threads.
        commit()?;
        let threads = rayon::current_num_threads() as f64;
        let (began, before, mut count) = (Instant::now(), cpu_seconds(), 0);
        let taken = || cpu_seconds() - before;
        while taken() < MEASURED * threads && began.elapsed() < PATIENCE {
            commit()?;
            count += 1;
        }
        let committed = f64::from(count) * cells as f64 / taken().max(0.01);
        Some(Self { cells_per_second: committed * threads * PROVED })
    }

    /// Nothing was measured on a GPU yet that proofs could be compared with.
    #[cfg(feature = "cuda")]
    pub fn measure() -> Option<Self> {
        None
    }
}
