//! Merkle Patricia tries whose clones are snapshots.
//!
//! A [`Trie`] is a tree of `Arc` nodes: a clone costs one reference count, a change copies only the nodes on its path that a snapshot still holds and works in
//! place otherwise. [`StateTrie`] holds Ethereum's state: an account's leaf carries its storage trie, so one pointer is the whole state.
//!
//! A node may be *blinded*: known by its hash alone. A full node's tries have none; the tries of a [`witness`](crate::PartialState) start as one blinded root and
//! are revealed node by node. What would need a node that is not there says [`Missing`].

mod nibbles;
mod node;
mod state;
mod tree;

pub use node::Value;
pub use state::{
    Account, AccountLeaf, AccountProof, HashedChange, HashedDiff, StateTrie, StorageProof,
};
pub use tree::{Iter, Position, Trie};

pub(crate) use tree::Resolver;

#[cfg(test)]
mod tests;

use alloy_primitives::B256;

/// A node is known by its hash alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "trie node {hash} is missing: the witness does not hold it, or holds something that is no node"
)]
pub struct Missing {
    /// Its hash.
    pub hash: B256,
}
