//! What this machine can prove, and in what time.

use crate::{
    Limits, WrapFolder,
    progress::{AGGREGATION_CELLS, Span, aggregations},
    speed::Speed,
    usage::kilobytes,
};
use serde::Serialize;
use std::{fmt, path::Path, thread, time::Duration};

/// Memory that is taken before the first segment, in MiB: the keys.
const BESIDES_MIB: u64 = 1280;

/// Memory and swap that the wrap was seen to take, in MiB, and a little more.
const WRAP_MIB: u64 = 32 << 10;

/// Cells of a claim with one empty block, of each block more, and of a transfer, the latter two with a fifth on top for the proofs of proofs that their segments need. Claims of `mezz up zk` have 107 M cells with 1 block and ten deposits, 195 M
/// with 9 blocks, 460 M with 40, 611 M with 50; a transfer is in docs/benchmarks.md.
const FIRST_BLOCK_CELLS: u64 = 90_000_000;
const BLOCK_CELLS: u64 = 13_000_000;
const TRANSFER_CELLS: u64 = 10_000_000;

/// What the wrap is worth, and the keys for the first one: a program without the wrap says it as well.
#[cfg(not(feature = "wrap"))]
const WRAP_CELLS: [u64; 2] = [0; 2];
#[cfg(feature = "wrap")]
use crate::wrap::WRAP_CELLS;

/// The machine, and what to change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    cores: usize,
    threads: usize,
    vectors: &'static str,
    memory_mib: u64,
    free_mib: u64,
    gpu: &'static str,
    memory_cap_mib: u64,
    /// Whether a segment of that size can be proved in what is free now, and what is.
    segments_fit: bool,
    memory_cap_most_mib: u64,
    wrap: Wrap,
    /// What proofs take; nothing where that cannot be told.
    seconds: Option<Seconds>,
}

/// Whether proofs can be wrapped, for L1s without the precompile.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Wrap {
    /// Whether this program can.
    built: bool,
    /// Whether it could now, in this folder.
    ready: bool,
    says: String,
}

/// What proofs take, about: in seconds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Seconds {
    cells_per_second: f64,
    /// A claim of one empty block.
    claim: f64,
    /// Each further block.
    block: f64,
    /// Each transfer.
    transfer: f64,
    /// The wrap of each proof.
    wrap: Option<f64>,
    /// The keys that the first wrap makes.
    wrap_keys: Option<f64>,
}

impl Report {
    /// Looks at the machine, and measures it for a second.
    pub fn new(limits: &Limits, folder: &WrapFolder) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let free_mib = kilobytes("/proc/meminfo", "MemAvailable:") >> 10;
        let cap = limits.memory_cap as u64;
        Self {
            cores,
            threads: limits.threads.unwrap_or(cores),
            vectors: vectors(),
            memory_mib: kilobytes("/proc/meminfo", "MemTotal:") >> 10,
            free_mib,
            gpu: gpu(),
            memory_cap_mib: cap,
            segments_fit: cap + BESIDES_MIB <= free_mib,
            memory_cap_most_mib: free_mib.saturating_sub(BESIDES_MIB),
            wrap: Wrap::new(folder),
            seconds: Speed::measure().map(Seconds::new),
        }
    }
}

impl Seconds {
    fn new(speed: Speed) -> Self {
        let takes = |cells: u64| speed.takes(cells).as_secs_f64();
        let wrap = cfg!(feature = "wrap").then(|| WRAP_CELLS.map(takes));
        Self {
            cells_per_second: speed.cells_per_second,
            claim: takes(FIRST_BLOCK_CELLS + aggregations(1) as u64 * AGGREGATION_CELLS),
            block: takes(BLOCK_CELLS),
            transfer: takes(TRANSFER_CELLS),
            wrap: wrap.map(|[wrap, _]| wrap),
            wrap_keys: wrap.map(|[_, keys]| keys),
        }
    }
}

impl Wrap {
    fn new(folder: &WrapFolder) -> Self {
        let there = (kilobytes("/proc/meminfo", "MemTotal:")
            + kilobytes("/proc/meminfo", "SwapTotal:"))
            >> 10;
        let lacks = folder.check().err().map(|error| format!("{error:#}"));
        let says = match &lacks {
            None if there < WRAP_MIB => {
                format!(
                    "the wrap takes {WRAP_MIB} MiB of memory and swap, and there are {there}: add swap"
                )
            }
            None => format!("proofs can be wrapped, with what is in {}", folder.wrap.display()),
            Some(lacks) => lacks.clone(),
        };
        Self { built: cfg!(feature = "wrap"), ready: lacks.is_none(), says }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "cores: {}, {} used", self.cores, self.threads)?;
        writeln!(f, "vectors: {}", self.vectors)?;
        writeln!(f, "memory: {} MiB, {} MiB free", self.memory_mib, self.free_mib)?;
        writeln!(f, "gpu: {}", self.gpu)?;
        let (cap, most) = (self.memory_cap_mib, self.memory_cap_most_mib);
        if self.segments_fit {
            writeln!(
                f,
                "segments of {cap} MiB fit: a proof of any length can be made, segment by segment"
            )?;
        } else {
            writeln!(f, "segments of {cap} MiB do not fit: pass --memory-cap {most} or less")?;
        }
        match &self.seconds {
            Some(seconds) => write!(f, "{seconds}")?,
            None => writeln!(f, "time: not known for a GPU; a proof says how long it will take")?,
        }
        writeln!(f, "other L1s than the embedded one: {}", self.wrap.says)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = |seconds| Span(Duration::from_secs_f64(seconds));
        writeln!(
            f,
            "time: about {} for a claim of one empty block, {:.0} s for each block more, {:.0} s for each transfer",
            span(self.claim),
            self.block.max(1.0),
            self.transfer.max(1.0)
        )?;
        if let (Some(wrap), Some(keys)) = (self.wrap, self.wrap_keys) {
            writeln!(
                f,
                "  about {} more to wrap each; {} for the keys, once",
                span(wrap),
                span(keys)
            )?;
        }
        writeln!(
            f,
            "  estimated by a second of commitments just now: {:.1} M cells in a second, if it does nothing else",
            self.cells_per_second / 1e6
        )
    }
}

fn gpu() -> &'static str {
    match (Path::new("/dev/nvidia0").exists(), cfg!(feature = "cuda")) {
        (true, true) => "used",
        (true, false) => "there, but this program was built without `--features cuda`",
        (false, true) => {
            "none, and this program was built to use one: build it without `--features cuda`"
        }
        (false, false) => "none",
    }
}

/// What field arithmetic was compiled for, which is fixed when this program is built.
const fn vectors() -> &'static str {
    if cfg!(target_feature = "avx512f") {
        "AVX-512"
    } else if cfg!(target_feature = "avx2") {
        "AVX2"
    } else {
        "none: build with RUSTFLAGS=-Ctarget-cpu=native on the machine that proves"
    }
}
