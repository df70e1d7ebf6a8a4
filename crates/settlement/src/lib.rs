//! How an L2's blocks become safe and its claims final: a pure value that observes L1 and names the moves now due.
//!
//! # The protocol
//!
//! [`Settlement::observe`] folds L1 blocks and the node's own progress into a view; [`Settlement::moves`] is a function of that view and nothing else: the same
//! events give the same moves. A move is not remembered. It vanishes when its effect shows on L1, so a crash, a lost transaction, a reorg of L1 and a second
//! operator in the same role need no code of their own. There is no undo: [`Event::Rewound`] replays what is left.
//!
//! | role | moves |
//! |---|---|
//! | watcher | [`Move::Derive`]: check or execute the next batch; [`Move::Compute`]: what is right to claim |
//! | batcher | [`Move::Publish`], [`Move::ForceInclude`] |
//! | proposer | [`Move::Seal`], [`Move::Propose`], [`Move::Back`], [`Move::Answer`], [`Move::Prove`], [`Move::Confirm`] |
//! | challenger | [`Move::Query`], [`Move::Step`], [`Move::Timeout`], [`Move::RefuteByProof`], [`Move::Contradict`], [`Move::Demand`], [`Move::Show`] |
//!
//! It holds no clock, socket or key: time arrives with the L1 blocks, and whoever runs it decides which moves to make.

mod claims;
mod committee;
mod disputes;
mod event;
pub mod game;
mod inbox;
mod moves;
mod proofs;
mod versions;
mod view;

#[cfg(test)]
mod tests;

pub use claims::{Claim, ClaimState, Claims};
pub use committee::{Demand, DemandStatus, Sealing};
pub use disputes::{Disputes, Forbidden};
pub use event::{Event, Fact, L1Block, L1Ref, ProofFact, SealedBlock};
pub use inbox::{Inbox, Message, PostedBatch};
pub use moves::{Heads, Move, Role};
pub use proofs::{Proven, Proving};
pub use versions::{Older, Standing, Version};
pub use view::{Error, Parameters, Settlement};
