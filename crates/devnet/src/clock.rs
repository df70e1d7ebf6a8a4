//! The chain's clock: the wall's, plus an offset that can be moved.

use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock in whole seconds.
pub(crate) fn wall_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

/// Gives each block its timestamp.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// Seconds that the chain's clock is ahead of the wall's.
    offset: i64,
    /// Seconds between blocks, whatever the clocks say: `anvil_setBlockTimestampInterval`.
    #[serde(default)]
    pub(crate) step: Option<u64>,
    /// Of the next block only: `evm_setNextBlockTimestamp`.
    #[serde(skip)]
    next: Option<u64>,
}

impl Clock {
    /// The chain's time when the wall's is `wall`.
    pub(crate) const fn now(&self, wall: u64) -> u64 {
        wall.saturating_add_signed(self.offset)
    }

    /// The offset, seconds.
    pub(crate) const fn offset(&self) -> i64 {
        self.offset
    }

    /// The timestamp of the block after one with `parent`: later than it in any case.
    pub(crate) fn block_time(&self, parent: u64, wall: u64) -> u64 {
        let wanted = self
            .next
            .or_else(|| self.step.map(|step| parent.saturating_add(step)))
            .unwrap_or_else(|| self.now(wall));
        wanted.max(parent.saturating_add(1))
    }

    /// The timestamp of a block between, which leaves the one that was asked for to the block after it.
    pub(crate) fn time_between(&self, parent: u64, wall: u64) -> u64 {
        let wanted = match self.next {
            Some(next) => self.now(wall).min(next.saturating_sub(1)),
            None => return self.block_time(parent, wall),
        };
        wanted.max(parent.saturating_add(1))
    }

    /// Notes that a block with this timestamp was made. A time that was asked for becomes the chain's time.
    pub(crate) fn passed(&mut self, timestamp: u64, wall: u64) {
        if self.next.take().is_some() {
            self.set(timestamp, wall);
        }
    }

    /// Makes the chain's time `timestamp`, now.
    pub(crate) fn set(&mut self, timestamp: u64, wall: u64) {
        self.offset = i64::try_from(i128::from(timestamp) - i128::from(wall)).unwrap_or(i64::MAX);
    }

    /// Moves on by `seconds`, measured from the newest block where that is ahead: the next block is at least that much later.
    pub(crate) fn advance(&mut self, seconds: u64, head: u64, wall: u64) {
        self.set(self.now(wall).max(head).saturating_add(seconds), wall);
    }

    /// Asks for the timestamp of the next block.
    pub(crate) fn set_next(&mut self, timestamp: u64) {
        self.next = Some(timestamp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_time_strictly_increases() {
        let clock = Clock::default();
        assert_eq!(clock.block_time(100, 200), 200);
        assert_eq!(clock.block_time(200, 200), 201);
        assert_eq!(clock.block_time(300, 200), 301);
    }

    #[test]
    fn advance_moves_on_from_the_head() {
        let mut clock = Clock::default();
        clock.advance(3_600, 250, 200);
        assert_eq!(clock.block_time(250, 200), 3_850);
        assert_eq!(clock.offset(), 3_650);
    }

    #[test]
    fn a_time_that_was_asked_for_stays() {
        let mut clock = Clock::default();
        clock.set_next(5_000);
        assert_eq!(clock.time_between(100, 200), 200);
        assert_eq!(clock.block_time(200, 200), 5_000);
        clock.passed(5_000, 200);
        assert_eq!(clock.block_time(5_000, 203), 5_003);
    }

    #[test]
    fn a_step_needs_no_clock() {
        let clock = Clock { step: Some(12), ..Clock::default() };
        assert_eq!(clock.block_time(100, 9_000), 112);
    }
}
