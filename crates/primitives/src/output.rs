//! Outputs and the contents of claims (`docs/spec/output.md`).

use crate::{
    Accumulator, CLAIM_ENTRIES,
    hash::{Fields, Words, domain},
};
use alloc::{boxed::Box, vec::Vec};
use alloy_primitives::{B256, Bytes, keccak256};
use serde::{Deserialize, Serialize};

/// The root that OP's tools prove withdrawals against: version 0 of the OP output root.
pub fn op_output_root(state_root: B256, message_passer_root: B256, block_hash: B256) -> B256 {
    OpOutput { state_root, message_passer_root, block_hash }.hash()
}

/// What an OP output root of version 0 is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpOutput {
    /// State root of the block.
    pub state_root: B256,
    /// Storage root of `L2ToL1MessagePasser`.
    pub message_passer_root: B256,
    /// Hash of the block.
    pub block_hash: B256,
}

impl OpOutput {
    /// The output root.
    pub fn hash(&self) -> B256 {
        keccak256(self.encode())
    }

    /// What the root is taken of: the version, which is zero, and the three hashes.
    pub fn encode(&self) -> Bytes {
        [B256::ZERO, self.state_root, self.message_passer_root, self.block_hash].concat().into()
    }

    /// Reads [`OpOutput::encode`].
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::of(B256::ZERO, bytes)?;
        let output = Self {
            state_root: fields.word()?,
            message_passer_root: fields.word()?,
            block_hash: fields.word()?,
        };
        fields.end(output)
    }
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
        OutputHash(self.words().hash())
    }

    /// What the hash is taken of.
    pub fn encode(&self) -> Bytes {
        self.words().into_bytes()
    }

    /// Reads [`Output::encode`].
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::of(domain::OUTPUT, bytes)?;
        let output = Self {
            version: fields.number()?,
            chain_id: fields.number()?,
            inbox_index: fields.number()?,
            block_in_batch: fields.number()?,
            queue_index: fields.number()?,
            number: fields.number()?,
            timestamp: fields.number()?,
            output_root: fields.word()?,
        };
        fields.end(output)
    }

    fn words(&self) -> Words {
        Words::domain(domain::OUTPUT)
            .number(self.version.into())
            .number(self.chain_id)
            .number(self.inbox_index)
            .number(self.block_in_batch.into())
            .number(self.queue_index)
            .number(self.number)
            .number(self.timestamp)
            .word(self.output_root)
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
        level = parents(&level);
    }
    level[0]
}

/// The nodes above these. A short claim repeats its last entry, so most pairs are the one before.
fn parents(level: &[B256]) -> Vec<B256> {
    let (pairs, _) = level.as_chunks::<2>();
    let mut parents: Vec<B256> = Vec::with_capacity(pairs.len());
    for (index, [left, right]) in pairs.iter().enumerate() {
        let parent = match index.checked_sub(1) {
            Some(last) if pairs[last] == pairs[index] => parents[last],
            _ => Words::domain(domain::NODE).word(*left).word(*right).hash(),
        };
        parents.push(parent);
    }
    parents
}

/// The siblings of entry `index` on its way to the [`vector_root`], from the bottom.
pub fn vector_proof(vector: &[B256; CLAIM_ENTRIES], index: u8) -> Vec<B256> {
    let (mut level, mut index, mut siblings) = (vector.to_vec(), usize::from(index), Vec::new());
    while level.len() > 1 {
        siblings.push(level[index ^ 1]);
        level = parents(&level);
        index /= 2;
    }
    siblings
}

/// The identity of the content "from the end of `parent`, the batches up to `n1`, with this accumulator after them, lead to these outputs".
pub fn content_id(
    parent: ContentId,
    n1: u64,
    acc: Accumulator,
    vector_root: B256,
    end: OutputHash,
) -> ContentId {
    ContentId(
        Words::domain(domain::CONTENT)
            .word(parent.0)
            .number(n1)
            .word(acc.0)
            .word(vector_root)
            .word(end.0)
            .hash(),
    )
}

/// The identity of the content that everything else continues: the genesis.
pub fn genesis_content_id(genesis: &Output) -> ContentId {
    let acc = Accumulator::genesis(genesis.chain_id);
    content_id(ContentId(B256::ZERO), 0, acc, B256::ZERO, genesis.hash())
}
