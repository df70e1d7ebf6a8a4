//! What a block is made from.

use alloc::vec::Vec;
use alloy_primitives::Bytes;
use serde::{Deserialize, Serialize};

/// Everything that one L2 block adds to its parent: the input of execution, the output of derivation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BlockInput {
    /// Seconds.
    pub timestamp: u64,
    /// The next queue message after this block; stands in the header's `nonce`.
    pub queue_index: u64,
    /// How many of the transactions come from queue messages.
    pub messages: usize,
    /// EIP-2718 transactions in order, those from queue messages first. Invalid ones are skipped.
    pub transactions: Vec<Bytes>,
    /// Whether the block holds their senders in place of their signatures, which some may lack (`docs/spec/signatures.md`).
    #[serde(default)]
    pub attributed: bool,
}
