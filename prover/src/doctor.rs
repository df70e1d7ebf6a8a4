//! What this machine can prove.

use crate::{Limits, usage::kilobytes};
use std::{fmt::Write as _, path::Path, thread};

/// Memory that is taken before the first segment, in MiB: the keys.
const BESIDES_MIB: u64 = 1280;

/// Memory and swap that the wrap was seen to take, in MiB, and a little more.
const WRAP_MIB: u64 = 32 << 10;

/// A few lines about the machine, and what to change.
pub fn examine(limits: &Limits) -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (memory, free) = (
        kilobytes("/proc/meminfo", "MemTotal:") >> 10,
        kilobytes("/proc/meminfo", "MemAvailable:") >> 10,
    );
    let mut text = String::new();
    let _ = writeln!(text, "cores: {cores}, {} used", limits.threads.unwrap_or(cores));
    let _ = writeln!(text, "vectors: {}", vectors());
    let _ = writeln!(text, "memory: {memory} MiB, {free} MiB free");
    let gpu = Path::new("/dev/nvidia0").exists();
    let _ = writeln!(
        text,
        "gpu: {}",
        match (gpu, cfg!(feature = "cuda")) {
            (true, true) => "used",
            (true, false) => "there, but this program was built without `--features cuda`",
            (false, true) =>
                "none, and this program was built to use one: build it without `--features cuda`",
            (false, false) => "none",
        }
    );
    let need = limits.memory_cap as u64 + BESIDES_MIB;
    let _ = if need <= free {
        writeln!(
            text,
            "segments of {} MiB fit: a proof of any length can be made, segment by segment",
            limits.memory_cap
        )
    } else {
        let fits = free.saturating_sub(BESIDES_MIB);
        writeln!(
            text,
            "segments of {} MiB do not fit: pass --memory-cap {fits} or less",
            limits.memory_cap
        )
    };
    let _ = writeln!(text, "other L1s than the embedded one: {}", wrap());
    text
}

/// Whether proofs can be wrapped here.
fn wrap() -> String {
    let there =
        (kilobytes("/proc/meminfo", "MemTotal:") + kilobytes("/proc/meminfo", "SwapTotal:")) >> 10;
    if !cfg!(feature = "wrap") {
        "this program was built without the wrap: `make prover WRAP=1`".into()
    } else if there < WRAP_MIB {
        format!("the wrap takes {WRAP_MIB} MiB of memory and swap, and there are {there}: add swap")
    } else {
        "proofs can be wrapped".into()
    }
}

/// What field arithmetic was compiled for, which is fixed when this program is built.
fn vectors() -> &'static str {
    if cfg!(target_feature = "avx512f") {
        "AVX-512"
    } else if cfg!(target_feature = "avx2") {
        "AVX2"
    } else {
        "none: build with RUSTFLAGS=-Ctarget-cpu=native on the machine that proves"
    }
}
