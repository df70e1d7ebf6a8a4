//! Outputs and the contents of claims (`docs/spec/output.md`).

use crate::{
    CLAIM_ENTRIES,
    hash::{Words, domain},
};
use alloc::{boxed::Box, vec::Vec};
use alloy_primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

/// The root that OP's tools prove withdrawals against: version 0 of the OP output root.
pub fn op_output_root(state_root: B256, message_passer_root: B256, block_hash: B256) -> B256 {
    let mut bytes = [0; 128];
    bytes[32..64].copy_from_slice(state_root.as_slice());
    bytes[64..96].copy_from_slice(message_passer_root.as_slice());
    bytes[96..].copy_from_slice(block_hash.as_slice());
    keccak256(bytes)
}

/// The L2 after one block, and where derivation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// Format version, 1.
    pub version: u8,
    /// Chain id of the L2.
    pub chain_id: u64,
    /// Batch that holds the next block.
    pub inbox_index: u64,
    /// Position of the next block in that batch.
    pub block_in_batch: u32,
    /// Next queue message.
    pub queue_index: u64,
    /// Number of the block.
    pub number: u64,
    /// Timestamp of the block, seconds.
    pub timestamp: u64,
    /// OP output root of the block.
    pub output_root: B256,
}

/// The hash of an [`Output`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OutputHash(pub B256);

impl Output {
    /// The hash that claims hold.
    pub fn hash(&self) -> OutputHash {
        OutputHash(
            Words::domain(domain::OUTPUT)
                .number(self.version.into())
                .number(self.chain_id)
                .number(self.inbox_index)
                .number(self.block_in_batch.into())
                .number(self.queue_index)
                .number(self.number)
                .number(self.timestamp)
                .word(self.output_root)
                .hash(),
        )
    }
}

/// The identity of what a claim says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContentId(pub B256);

/// The 256 outputs of a claim.
pub type ClaimVector = Box<[OutputHash; CLAIM_ENTRIES]>;

/// The Merkle root over a claim's vector.
pub fn vector_root(vector: &[OutputHash; CLAIM_ENTRIES]) -> B256 {
    let mut level: Vec<B256> = vector.iter().map(|entry| entry.0).collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| Words::domain(domain::NODE).word(pair[0]).word(pair[1]).hash())
            .collect();
    }
    level[0]
}

/// The identity of the content "from the end of `parent`, batches up to `n1` lead to these outputs".
pub fn content_id(parent: ContentId, n1: u64, vector_root: B256, end: OutputHash) -> ContentId {
    ContentId(
        Words::domain(domain::CONTENT)
            .word(parent.0)
            .number(n1)
            .word(vector_root)
            .word(end.0)
            .hash(),
    )
}
