//! Adversaries by name, and drills in which the honest side wins.
//!
//! | name | what it does |
//! |---|---|
//! | liar | claims a wrong output and answers every doubt with made-up states |
//! | garbage | claims the right end with garbage before it |
//! | withholder | claims a wrong output and answers nothing |
//! | equivocator | stakes once on two wrong claims |
//! | censor | as the liar, and keeps the challenger's transactions out of L1 for a while |
//! | griefer | doubts a claim that is right, down to one instruction |
//! | lying-prover | as the liar, and shows L1 false proofs of its claim |
//! | data-withholder | a batcher and its data committee, who post a batch that nobody else gets to see |
//!
//! A [`Drill`] is one adversary against a running chain with an honest proposer and challenger. It never asks them for anything: it sees what L1 shows.

mod adversary;
mod data;
mod drill;
mod error;
mod proofs;
mod record;

pub use adversary::Adversary;
pub use drill::{Drill, Verdict};
pub use error::Error;
pub use record::{Act, Side};
