//! What is due.

use crate::{Proving, game::Path};
use alloy_primitives::Address;
use mezz_primitives::ContentId;
use serde::{Deserialize, Serialize};

/// Who makes a move. A node makes those of the roles it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Orders transactions and seals blocks.
    Sequencer,
    /// Publishes batches.
    Batcher,
    /// Claims, answers doubts about its claims, and confirms.
    Proposer,
    /// Doubts what is wrong.
    Challenger,
    /// Derives and checks; every node is one.
    Watcher,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] =
        [Self::Sequencer, Self::Batcher, Self::Proposer, Self::Challenger, Self::Watcher];

    /// The name on the command line, in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sequencer => "sequencer",
            Self::Batcher => "batcher",
            Self::Proposer => "proposer",
            Self::Challenger => "challenger",
            Self::Watcher => "watcher",
        }
    }
}

/// Something that is due now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Move {
    /// Fetch the data of this batch, check the chain against it, or follow it.
    Derive {
        /// Position of the batch.
        index: u64,
    },
    /// Compute what is right to claim on this parent.
    Compute {
        /// On which claim.
        parent: ContentId,
        /// Batches covered by the parent.
        n0: u64,
        /// Batches covered.
        n1: u64,
    },
    /// Run the program over an entry of what is right to claim on this parent, and divide the run.
    Trace {
        /// On which claim.
        parent: ContentId,
        /// Batches covered by the parent.
        n0: u64,
        /// Batches covered.
        n1: u64,
        /// Which part of the run.
        path: Path,
    },
    /// Publish these sealed blocks as the next batch.
    Publish {
        /// Position of the batch.
        index: u64,
        /// First block.
        first: u64,
        /// Last block.
        last: u64,
        /// Whether it may do without the signatures.
        unsigned: bool,
    },
    /// Include the overdue messages without a batcher.
    ForceInclude {
        /// First message.
        from: u64,
    },
    /// Claim the outputs of batches up to `n1`.
    Propose {
        /// On which claim.
        parent: ContentId,
        /// Batches covered by the parent.
        n0: u64,
        /// Batches covered.
        n1: u64,
    },
    /// Join a claim that is right.
    Back {
        /// Which.
        content: ContentId,
    },
    /// Make a ripe claim final.
    Confirm {
        /// Which.
        content: ContentId,
        /// By whose instance.
        owner: Address,
    },
    /// Deposit the stake.
    Stake,
    /// Doubt an entry.
    Query {
        /// Of which claim.
        content: ContentId,
        /// Whose instance.
        owner: Address,
        /// Which entry.
        path: Path,
    },
    /// Answer a doubt about one's own instance.
    Answer {
        /// Of which claim.
        content: ContentId,
        /// The doubt.
        path: Path,
    },
    /// Let L1 execute the instruction that is left.
    Step {
        /// Who does.
        by: Role,
        /// Of which claim.
        content: ContentId,
        /// Whose instance.
        owner: Address,
        /// The doubt.
        path: Path,
    },
    /// Refute an owner that is silent.
    Timeout {
        /// Of which claim.
        content: ContentId,
        /// Whose instance.
        owner: Address,
        /// The doubt.
        path: Path,
    },
    /// Mark a claim that can never become final.
    Reject {
        /// Which.
        content: ContentId,
    },
    /// Book the end of an instance.
    Settle {
        /// Of which claim.
        content: ContentId,
        /// Whose.
        owner: Address,
    },
    /// Have a bond credited.
    Reclaim {
        /// Who does.
        by: Role,
        /// Of which claim.
        content: ContentId,
        /// Whose instance.
        owner: Address,
        /// The doubt.
        path: Path,
    },
    /// Look for the payload of a batch whose turn to be derived has not come.
    Look {
        /// Position of the batch.
        index: u64,
    },
    /// Demand on L1 the payload of a batch, which nobody gives.
    Demand {
        /// Position of the batch.
        index: u64,
    },
    /// Show a chunk that is demanded.
    Show {
        /// Who does.
        by: Role,
        /// Of which batch.
        index: u64,
        /// Which chunk.
        chunk: u8,
    },
    /// Have the bond of a demand credited that was not met.
    ReclaimDemand {
        /// For which batch.
        index: u64,
    },
    /// Show L1 a proof of the signatures of batches that were posted without.
    ProveSignatures {
        /// The proof.
        of: Proving,
        /// From which batch on it counts: those before it are proven, or it comes too late for them.
        first: u64,
    },
    /// Seal the batches up to this one: what they are is decided.
    Seal {
        /// How many from the first on.
        count: u64,
    },
    /// Show L1 the proof of a right claim.
    Prove {
        /// Which.
        content: ContentId,
        /// The proof.
        of: Proving,
    },
    /// Answer a doubt about one's own instance by a proof.
    AnswerByProof {
        /// Of which claim.
        content: ContentId,
        /// The doubt.
        path: Path,
        /// The proof.
        of: Proving,
    },
    /// Refute an instance by a proof of what is right.
    RefuteByProof {
        /// Of which claim.
        content: ContentId,
        /// Whose instance.
        owner: Address,
        /// Which entry is wrong.
        entry: u8,
        /// The proof.
        of: Proving,
    },
    /// Show L1 a proof that contradicts that of a wrong claim: the alarm.
    Contradict {
        /// Which claim.
        content: ContentId,
        /// Which entry is wrong.
        entry: u8,
        /// The proof.
        of: Proving,
    },
    /// Put the proven result of a span of a right claim on record, of which a proof said something else: the alarm.
    Report {
        /// Of which claim.
        content: ContentId,
        /// The proof.
        of: Proving,
    },
    /// Open a doubt again that a proof had settled which is worth nothing any more.
    Reopen {
        /// Who does.
        by: Role,
        /// Of which claim.
        content: ContentId,
        /// Whose instance.
        owner: Address,
        /// The doubt.
        path: Path,
    },
    /// Be paid what was credited.
    Collect {
        /// Who.
        by: Role,
    },
}

impl Move {
    /// Whether it may be made at the same time as others of its role: none of those that may needs another to come first.
    pub const fn is_independent(&self) -> bool {
        matches!(
            self,
            Self::Query { .. }
                | Self::Answer { .. }
                | Self::Step { .. }
                | Self::Timeout { .. }
                | Self::Settle { .. }
                | Self::Reclaim { .. }
                | Self::Demand { .. }
                | Self::Show { .. }
                | Self::ReclaimDemand { .. }
                | Self::Reopen { .. }
                | Self::ProveSignatures { .. }
        )
    }

    /// Whether it only makes sense while the chain goes on.
    pub(crate) const fn is_of_a_living_chain(&self) -> bool {
        matches!(
            self,
            Self::Publish { .. }
                | Self::ForceInclude { .. }
                | Self::Stake
                | Self::Propose { .. }
                | Self::Back { .. }
                | Self::Seal { .. }
                | Self::Demand { .. }
        )
    }

    /// Whose move it is.
    pub const fn role(&self) -> Role {
        match self {
            Self::Derive { .. } | Self::Look { .. } | Self::Compute { .. } | Self::Trace { .. } => {
                Role::Watcher
            }
            Self::Publish { .. } | Self::ForceInclude { .. } => Role::Batcher,
            Self::Propose { .. }
            | Self::Back { .. }
            | Self::Confirm { .. }
            | Self::Stake
            | Self::Seal { .. }
            | Self::Answer { .. }
            | Self::Prove { .. }
            | Self::ProveSignatures { .. }
            | Self::AnswerByProof { .. }
            | Self::Reject { .. }
            | Self::Settle { .. } => Role::Proposer,
            Self::Query { .. }
            | Self::Timeout { .. }
            | Self::RefuteByProof { .. }
            | Self::Contradict { .. }
            | Self::Report { .. }
            | Self::Demand { .. }
            | Self::ReclaimDemand { .. } => Role::Challenger,
            Self::Step { by, .. }
            | Self::Reclaim { by, .. }
            | Self::Show { by, .. }
            | Self::Reopen { by, .. }
            | Self::Collect { by } => *by,
        }
    }
}

/// How far the chain is sequenced, published and final: L2 block numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heads {
    /// Sealed by the sequencer.
    pub latest: u64,
    /// Its batch is on L1 and was derived.
    pub safe: u64,
    /// The L1 block of its batch is final.
    pub finalized: u64,
    /// Its claim is confirmed.
    pub settled: u64,
}
