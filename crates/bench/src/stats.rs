//! Medians, percentiles, and the CPU time that the kernel accounts.

use eyre::{OptionExt, Result, WrapErr, ensure};
use std::{fs, time::Duration};

/// The kernel's clock ticks in `/proc/PID/stat`: 100 to the second on every Linux that people run.
const TICK: Duration = Duration::from_millis(10);

/// The middle of some numbers; the mean of the two middle ones of an even count.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => f64::NAN,
        (count, half) if count.is_multiple_of(2) => (values[half - 1] + values[half]) / 2.0,
        (_, half) => values[half],
    }
}

/// The value below which `per_cent` of the numbers lie.
pub(crate) fn percentile(mut values: Vec<f64>, per_cent: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * per_cent / 100.0).ceil() as usize;
    values.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// User and system time of all threads of a process so far.
pub(crate) fn process_cpu(process: u32) -> Result<Duration> {
    let path = format!("/proc/{process}/stat");
    let text = fs::read_to_string(&path).wrap_err("the server's process is gone")?;
    parse_stat(&text).ok_or_eyre("/proc/PID/stat has another shape than Linux gives it")
}

/// utime and stime, fields 14 and 15; the name before them may hold anything but ends in the last parenthesis.
fn parse_stat(text: &str) -> Option<Duration> {
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let ticks: u32 =
        fields.next()?.parse::<u32>().ok()?.checked_add(fields.next()?.parse().ok()?)?;
    Some(TICK * ticks)
}

/// CPU time of this thread so far.
#[allow(unsafe_code, reason = "the standard library has no clock of a thread's CPU time")]
pub(crate) fn thread_cpu() -> Result<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime(2) writes one timespec, which is ours.
    let outcome = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    ensure!(outcome == 0, "this system has no clock of a thread's CPU time");
    Ok(Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_found() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(percentile((1..=100).map(f64::from).collect(), 99.0), 99.0);
        assert_eq!(percentile(vec![7.0], 50.0), 7.0);
    }

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_confuse() {
        let text = "42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 12 0";
        assert_eq!(parse_stat(text), Some(Duration::from_secs(3)));
    }

    #[test]
    fn this_process_has_used_cpu_time() {
        assert!(thread_cpu().unwrap() > Duration::ZERO);
        assert!(process_cpu(std::process::id()).is_ok());
    }
}
