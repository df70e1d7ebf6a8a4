//! A doubt about one entry of a vector.

use alloy_primitives::{Address, B256};
use std::fmt;

/// Queries on the longest path: a claim and the five levels of a trace of 2^40 steps.
pub const DEPTH_MAX: usize = 6;

/// Which entry of which vector: the index in the claim, in the answer about that entry, and so on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Path {
    indices: [u8; DEPTH_MAX],
    length: u8,
}

impl Path {
    /// The claim's own vector.
    pub const CLAIM: Self = Self { indices: [0; DEPTH_MAX], length: 0 };

    /// The entry `index` of the vector that answers this; `None` where no path goes deeper.
    pub const fn entry(mut self, index: usize) -> Option<Self> {
        if self.length as usize == DEPTH_MAX || index > u8::MAX as usize {
            return None;
        }
        self.indices[self.length as usize] = index as u8;
        self.length += 1;
        Some(self)
    }

    /// The doubt that this one is about; `None` for the claim itself.
    pub const fn parent(mut self) -> Option<Self> {
        if self.length == 0 {
            return None;
        }
        self.length -= 1;
        self.indices[self.length as usize] = 0;
        Some(self)
    }

    /// Indices from the claim downward.
    pub fn indices(&self) -> &[u8] {
        &self.indices[..self.length as usize]
    }

    /// Number of indices: 1 for a doubt about an entry of the claim.
    pub const fn length(&self) -> usize {
        self.length as usize
    }

    /// The last index; `None` for the claim itself.
    pub fn last(&self) -> Option<usize> {
        self.indices().last().map(|index| (*index).into())
    }

    /// The doubts from the claim's entry down to this one.
    pub fn prefixes(self) -> impl Iterator<Item = Self> {
        (1..=self.length).map(move |length| {
            let mut prefix = Self { length, ..Self::CLAIM };
            prefix.indices[..length as usize].copy_from_slice(&self.indices[..length as usize]);
            prefix
        })
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.indices()).finish()
    }
}

/// One doubt: the entry before may be right, this one is not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node {
    /// Who asked and paid the bond.
    pub querier: Address,
    /// When.
    pub asked_at: u64,
    /// The last moment to answer.
    pub deadline: u64,
    /// What the owner has used of its clock on the path down to here.
    pub owner_used: u64,
    /// What queriers have used of theirs.
    pub querier_used: u64,
    /// The entry before.
    pub start: B256,
    /// The entry in doubt.
    pub end: B256,
    /// What became of it.
    pub state: NodeState,
    /// Whether the bond still lies here.
    pub bonded: bool,
}

/// What became of a doubt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NodeState {
    /// The owner has not answered.
    Open,
    /// There is finer detail, which may be doubted in turn.
    Answered(Answer),
    /// One right instruction leads from start to end.
    Proven,
    /// A validity proof says that the program leads from start to end.
    Verified,
}

/// The detail between two entries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Answer {
    /// When it was given.
    pub at: u64,
    /// The last moment to doubt an entry of it.
    pub child_close: u64,
    /// What the first entry is reached from.
    pub start: B256,
    /// The entries.
    pub vector: Vec<B256>,
}

impl Node {
    /// Whether the owner owes an answer or a step.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, NodeState::Open)
    }

    /// Whether a validity proof has settled it.
    pub const fn is_verified(&self) -> bool {
        matches!(self.state, NodeState::Verified)
    }

    /// The answer, if there is one.
    pub const fn answer(&self) -> Option<&Answer> {
        match &self.state {
            NodeState::Answered(answer) => Some(answer),
            _ => None,
        }
    }
}
