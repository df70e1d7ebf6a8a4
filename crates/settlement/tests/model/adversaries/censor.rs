//! Keeps the honest parties from L1, as long as the assumption lets it: less than `clock` in total in the life of any path.

use crate::{
    game::{Move, Rules},
    random::Random,
};
use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct Censor {
    /// Ticks that it may take away in `horizon` ticks.
    budget: usize,
    horizon: u64,
    taken: VecDeque<u64>,
    habit: Habit,
    /// It begins here.
    from: u64,
}

/// What an honest party may have to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duty {
    Anything,
    Query,
    DeepQuery,
    Answer,
    Claim,
    Timeout,
    Confirm,
}

#[derive(Debug, Clone, Copy)]
enum Habit {
    Never,
    /// All at once.
    Outage,
    /// Now and then, in percent.
    Often(u64),
    /// Whenever there is something of this kind to do.
    WhenDue(Duty),
}

impl Censor {
    /// `budget` ticks in all, beginning at `from` at the earliest.
    pub(crate) fn new(rules: &Rules, budget: u64, from: u64, random: &mut Random) -> Self {
        use Duty::{Answer, Anything, Claim, Confirm, DeepQuery, Query, Timeout};
        let duties =
            [Anything, Query, DeepQuery, DeepQuery, Answer, Answer, Claim, Timeout, Confirm];
        let habit = match random.below(8) {
            0 => Habit::Never,
            1 | 2 => Habit::Outage,
            3 => Habit::Often(random.between(10, 90)),
            _ => Habit::WhenDue(duties[random.below(duties.len() as u64) as usize]),
        };
        Self {
            budget: budget as usize,
            horizon: rules.resolution_max() + rules.clock,
            taken: VecDeque::new(),
            habit,
            from: from + random.below(rules.window + rules.clock),
        }
    }

    /// Whether the honest parties are kept away in this tick, in which they would make these moves.
    pub(crate) fn takes(&mut self, now: u64, due: &[Move], random: &mut Random) -> bool {
        while self.taken.front().is_some_and(|taken| taken + self.horizon < now) {
            self.taken.pop_front();
        }
        let wants = match self.habit {
            Habit::Never => false,
            Habit::Outage => true,
            Habit::Often(percent) => random.chance(percent),
            Habit::WhenDue(duty) => due.iter().any(|action| duty.is(action)),
        };
        let takes = wants && now >= self.from && self.taken.len() < self.budget;
        if takes {
            self.taken.push_back(now);
        }
        takes
    }
}

impl Duty {
    const fn is(self, action: &Move) -> bool {
        match self {
            Self::Anything => true,
            Self::Query => matches!(action, Move::Query { .. }),
            Self::DeepQuery => matches!(action, Move::Query { path, .. } if path.length() > 1),
            Self::Answer => matches!(action, Move::Answer { .. } | Move::Step { .. }),
            Self::Claim => matches!(action, Move::Assert { .. } | Move::Back { .. }),
            Self::Timeout => matches!(action, Move::Timeout { .. }),
            Self::Confirm => matches!(action, Move::Confirm { .. }),
        }
    }
}
