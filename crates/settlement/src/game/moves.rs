//! The moves as values: what a strategy names and a log keeps.

use super::{Error, Game, Machine, Path};
use alloy_primitives::{Address, B256};

/// One move; who makes it and when is said beside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Move {
    /// Stake.
    Deposit,
    /// Claim these outputs on `parent`.
    Assert {
        /// On which content.
        parent: u64,
        /// The outputs.
        vector: Vec<B256>,
    },
    /// Stand behind what somebody claimed.
    Back {
        /// Which content.
        content: u64,
    },
    /// Doubt an entry.
    Query {
        /// Of which content.
        content: u64,
        /// Whose instance.
        owner: Address,
        /// Which entry.
        path: Path,
    },
    /// Show the detail of what is doubted.
    Answer {
        /// Of which content.
        content: u64,
        /// Whose instance; nobody else may answer.
        owner: Address,
        /// The doubt.
        path: Path,
        /// The states.
        vector: Vec<B256>,
    },
    /// Execute one instruction.
    Step {
        /// Of which content.
        content: u64,
        /// Whose instance.
        owner: Address,
        /// The doubt.
        path: Path,
    },
    /// Refute an owner that is silent.
    Timeout {
        /// Of which content.
        content: u64,
        /// Whose instance.
        owner: Address,
        /// The doubt.
        path: Path,
    },
    /// Make a content final.
    Confirm {
        /// Which content.
        content: u64,
        /// By whose instance.
        owner: Address,
    },
    /// Mark a content that can never be confirmed.
    Reject {
        /// Which content.
        content: u64,
    },
    /// Book the end of an instance.
    Settle {
        /// Of which content.
        content: u64,
        /// Whose.
        owner: Address,
    },
    /// Credit a bond.
    Reclaim {
        /// Of which content.
        content: u64,
        /// Whose instance.
        owner: Address,
        /// The doubt.
        path: Path,
    },
    /// Be paid what was credited.
    Withdraw,
    /// Be paid the stake.
    WithdrawStake,
}

impl Game {
    /// Makes one move.
    pub fn apply(
        &mut self,
        now: u64,
        who: Address,
        action: &Move,
        machine: &impl Machine,
    ) -> Result<(), Error> {
        match action {
            Move::Deposit => self.deposit(who),
            Move::Assert { parent, vector } => {
                self.assert(now, who, *parent, vector.clone()).map(drop)
            }
            Move::Back { content } => self.back(now, who, *content),
            Move::Query { content, owner, path } => self.query(now, who, *content, *owner, *path),
            Move::Answer { content, owner, path, vector } => {
                self.answer(now, who, *content, *owner, *path, vector.clone(), machine)
            }
            Move::Step { content, owner, path } => self.step(*content, *owner, *path, machine),
            Move::Timeout { content, owner, path } => self.timeout(now, *content, *owner, *path),
            Move::Confirm { content, owner } => self.confirm(now, *content, *owner),
            Move::Reject { content } => self.reject(*content),
            Move::Settle { content, owner } => self.settle(*content, *owner),
            Move::Reclaim { content, owner, path } => self.reclaim(*content, *owner, *path),
            Move::Withdraw => self.withdraw(who).map(drop),
            Move::WithdrawStake => self.withdraw_stake(who),
        }
    }
}
