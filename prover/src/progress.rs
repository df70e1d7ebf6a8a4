//! How far a proof is: said to whoever waits, and to the node that wants it.

use crate::speed::Speed;
use std::{
    error, fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Cells that a proof of proofs is worth: what it takes, measured against a segment's cells.
pub const AGGREGATION_CELLS: u64 = 60_000_000;
/// A step that takes so long is announced.
const LONG: Duration = Duration::from_secs(60);

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

/// A step of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is made.
    pub what: String,
    /// What it takes, measured against a segment's cells.
    pub cells: u64,
}

impl Step {
    /// A step that takes as long as that many cells of a segment.
    pub fn new(what: impl Into<String>, cells: u64) -> Self {
        Self { what: what.into(), cells }
    }
}

/// Steps of a proof: those that are done, and what is left.
pub struct Progress<'a> {
    steps: Vec<Step>,
    next: usize,
    /// Cells that were proved here, not before.
    proved: u64,
    started: Instant,
    /// What is thought of this machine before it has proved anything.
    speed: Option<Speed>,
    watch: &'a Watch,
}

impl<'a> Progress<'a> {
    /// A proof that ends with these steps.
    pub fn new(last: Vec<Step>, speed: Option<Speed>, watch: &'a Watch) -> Self {
        Self { steps: last, next: 0, proved: 0, started: Instant::now(), speed, watch }
    }

    /// Puts in front: segments with these cells, and the proofs of their proofs.
    pub fn plan(&mut self, segments: &[u64]) {
        let steps = segments.iter().zip(1..);
        let steps = steps.map(|(cells, index)| Step::new(format!("segment {index}"), *cells));
        let proofs = 1..=aggregations(segments.len());
        let proofs =
            proofs.map(|index| Step::new(format!("proof of proofs {index}"), AGGREGATION_CELLS));
        self.steps.splice(0..0, steps.chain(proofs).collect::<Vec<_>>());
        self.tell();
    }

    /// Fails once the job is to end.
    pub fn check(&self) -> Result<(), Stopped> {
        self.watch.check()
    }

    /// A step is about to be taken. Fails once the job is to end.
    pub fn begin(&self) -> Result<(), Stopped> {
        self.check()?;
        let step = self.steps.get(self.next);
        if let Some((step, takes)) = step.and_then(|step| Some((step, self.takes(step.cells)?)))
            && takes >= LONG
        {
            eprintln!("begins {}: about {}", step.what, Span(takes));
        }
        Ok(())
    }

    /// A step was done.
    pub fn done(&mut self) {
        self.proved += self.steps.get(self.next).map_or(0, |step| step.cells);
        self.advance("");
    }

    /// A step had been done before.
    pub fn skip(&mut self) {
        self.advance(", which was made before");
    }

    fn advance(&mut self, how: &str) {
        let what = self.steps.get(self.next).map_or("", |step| &step.what).to_owned();
        self.next += 1;
        let left = self.tell();
        let left = left.map_or(String::new(), |left| format!(", about {} left", Span(left)));
        let (all, passed) = (self.steps.len(), Span(self.started.elapsed()));
        eprintln!("step {} of {all}: {what}{how}; after {passed}{left}", self.next);
    }

    /// Tells whoever watches; what is left.
    fn tell(&self) -> Option<Duration> {
        let cells = |steps: &[Step]| steps.iter().map(|step| step.cells).sum::<u64>();
        let (left, all) = (cells(self.steps.get(self.next..).unwrap_or_default()), &self.steps);
        let takes = self.takes(left);
        self.watch.say(1.0 - left as f64 / cells(all).max(1) as f64, takes);
        takes
    }

    /// How long cells take: as long as those before them, or as this machine is thought to need.
    fn takes(&self, cells: u64) -> Option<Duration> {
        if self.proved == 0 {
            return self.speed.map(|speed| speed.takes(cells));
        }
        let each = self.started.elapsed().as_secs_f64() / self.proved as f64;
        Some(Duration::from_secs_f64(each * cells as f64))
    }
}

/// How many proofs of proofs follow so many segments.
pub fn aggregations(segments: usize) -> usize {
    let mut layer = segments.div_ceil(4);
    let mut count = layer;
    // Two layers at least, and a last one.
    for depth in 0.. {
        layer = layer.div_ceil(3);
        count += layer;
        if layer <= 1 && depth > 0 {
            break;
        }
    }
    count + 1
}

/// A time as people say it.
#[derive(Debug, Clone, Copy)]
pub struct Span(pub Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds @ 0..=599 => write!(f, "{seconds} s"),
            seconds @ 600..=7_199 => write!(f, "{} min", (seconds + 30) / 60),
            seconds => write!(f, "{:.1} h", seconds as f64 / 3_600.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that proves ten million cells in a second.
    const SPEED: Option<Speed> = Some(Speed { cells_per_second: 1e7 });

    #[test]
    fn proofs_of_proofs_are_counted() {
        let check = |segments, count| assert_eq!(aggregations(segments), count, "{segments}");
        check(1, 4);
        check(4, 4);
        // Two, then one, one, and the last.
        check(5, 5);
        // Four, two, one, and the last.
        check(13, 8);
        // 13, five, two, one, and the last.
        check(50, 22);
    }

    #[test]
    fn the_wrap_is_a_part_of_what_is_left() {
        let watch = Watch::default();
        let wrap = vec![Step::new("root", 400_000_000), Step::new("halo2", 600_000_000)];
        let mut progress = Progress::new(wrap, SPEED, &watch);
        progress.plan(&[160_000_000, 100_000_000]);
        // 260 M of segments, four proofs of proofs of 60 M, 1,000 M of the wrap.
        let (share, left) = watch.said();
        assert_eq!(share, 0.0);
        assert!((149..=150).contains(&left.unwrap()), "{left:?}");
        // What was made before is no measure of this machine.
        progress.skip();
        let (share, left) = watch.said();
        assert!((share - 160.0 / 1_500.0).abs() < 1e-9, "{share}");
        assert!((133..=134).contains(&left.unwrap()), "{left:?}");
        (0..5).for_each(|_| progress.done());
        let share = watch.said().0;
        assert!((share - 500.0 / 1_500.0).abs() < 1e-9, "the wrap is still to come: {share}");
        (0..2).for_each(|_| progress.done());
        assert_eq!(watch.said(), (1.0, Some(0)));
    }

    #[test]
    fn a_job_ends_at_its_next_step() {
        let watch = Watch::default();
        let progress = Progress::new(vec![Step::new("root", 1)], SPEED, &watch);
        assert!(progress.begin().is_ok());
        watch.stop();
        assert!(progress.begin().is_err() && progress.check().is_err());
    }
}
