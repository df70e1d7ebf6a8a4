//! Statements, and who stands behind them.

use super::{Node, Path};
use alloy_primitives::{Address, B256};
use std::collections::BTreeMap;

/// One statement: from the end of the parent, the batches up to `n1` lead to these outputs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Content {
    /// What it builds on; the genesis builds on itself.
    pub parent: u64,
    /// Batches that it covers.
    pub n1: u64,
    /// Batches that its children cover, fixed when it was asserted.
    pub child_n1: u64,
    /// The outputs; empty for the genesis.
    pub vector: Vec<B256>,
    /// The last output.
    pub end: B256,
    /// When it was asserted.
    pub created_at: u64,
    /// When a proof of it was accepted.
    pub proven_at: Option<u64>,
    /// Whether an instance of it was refuted.
    pub contested: bool,
    /// The entry that a proof said was another, if one did.
    pub disproven: Option<u8>,
    /// When it was confirmed, or marked as never to be, in the order of all that was resolved.
    pub mark: Option<Mark>,
    /// The one child that was confirmed.
    pub confirmed_child: Option<u64>,
    /// Who stands or stood behind it.
    pub instances: BTreeMap<Address, Instance>,
}

/// The end of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// It is final.
    Confirmed {
        /// Position among all that was resolved.
        sequence: u64,
    },
    /// It can never be.
    Rejected {
        /// Position among all that was resolved.
        sequence: u64,
    },
}

/// One owner's stake on a content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Instance {
    /// When the owner asserted or backed the content.
    pub created_at: u64,
    /// The last moment in which an answer to a doubt about it may be doubted; zero without one.
    pub answers_close: u64,
    /// Queries that wait for the owner.
    pub open_nodes: usize,
    /// Whether its end was booked.
    pub settled: bool,
    /// The doubts about it.
    pub nodes: BTreeMap<Path, Node>,
}

/// Where an instance stands. The last three are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It may still be refuted.
    Live,
    /// Its content is final.
    Confirmed,
    /// Its owner lost a game on this or another instance.
    Refuted,
    /// Another content took the place of this one or of what it builds on.
    Rejected,
}

/// What the rules know of an address that claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Owner {
    /// Whether its stake lies here.
    pub staked: bool,
    /// Instances that are not settled.
    pub open_instances: usize,
    /// When it was slashed, in the order of all that was resolved.
    pub slashed: Option<u64>,
    /// The content of its newest instance; the genesis before there is one.
    pub tip: u64,
    /// Where it lost, if it lost a game.
    pub refuted_by: Option<(u64, Path)>,
}
