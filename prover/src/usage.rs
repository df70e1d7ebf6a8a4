//! What a command has taken of the machine.

use std::{fmt, fs, time::Instant};

/// Clock ticks in a second, as Linux counts them for programs.
const TICKS: f64 = 100.0;

/// A moment to count from.
pub struct Usage {
    started: Instant,
    cpu: f64,
}

impl Usage {
    /// This moment.
    pub fn now() -> Self {
        Self { started: Instant::now(), cpu: cpu_seconds() }
    }

    /// What was taken since.
    pub fn since(&self) -> impl fmt::Display {
        let (wall, cpu) = (self.started.elapsed().as_secs_f64(), cpu_seconds() - self.cpu);
        format!("{wall:.1} s, {cpu:.1} s of CPU, {} MiB at most", peak_memory() >> 20)
    }
}

/// CPU time of all threads so far; zero where nothing says.
pub fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2).filter_map(|it| it.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS
}

/// Bytes of memory at the worst moment; zero where nothing says.
fn peak_memory() -> u64 {
    kilobytes("/proc/self/status", "VmHWM:") << 10
}

/// A number of kilobytes in one of the kernel's files.
pub fn kilobytes(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
