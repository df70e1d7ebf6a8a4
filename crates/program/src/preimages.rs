//! Preimages of which somebody holds a copy.

use alloc::{boxed::Box, vec::Vec};
use alloy_primitives::{B256, Bytes, keccak256, map::B256Map};
use mezz_derive::Blob;
use mezz_evm::Witness;
use mezz_primitives::{
    Accumulator, BatchHeader, CHUNK_SIZE, PayloadId, Preimages, QueueAccumulator, QueueMessage,
    SIGNATURE_SIZE, chunk_hashes, encode_chunk_hashes, trimmed,
};

/// What a node gives the program: bytes by their hash, blobs by their versioned hash.
#[derive(Debug, Clone, Default)]
pub struct KnownPreimages {
    /// The preimages of keccak256.
    pub by_hash: B256Map<Bytes>,
    /// The blobs.
    pub blobs: B256Map<Box<Blob>>,
    /// The signatures of batches that were posted without, by the hash of the header, in the order of the payload.
    pub signatures: B256Map<Vec<[u8; SIGNATURE_SIZE]>>,
}

impl KnownPreimages {
    /// Bytes, and the hash under which they are found.
    pub fn insert(&mut self, bytes: impl Into<Bytes>) -> B256 {
        let bytes = bytes.into();
        let hash = keccak256(&bytes);
        self.by_hash.insert(hash, bytes);
        hash
    }

    /// A blob, whose versioned hash the caller knows to be right.
    pub fn insert_blob(&mut self, versioned_hash: B256, blob: Box<Blob>) {
        self.blobs.insert(versioned_hash, blob);
    }

    /// A batch's header and its link in the chain of batches that claims are about, which stood at `before`; its payload is not among them.
    pub fn insert_batch(&mut self, before: Accumulator, header: &BatchHeader) {
        let hash = self.insert(header.encode());
        self.insert(before.link(hash));
    }

    /// A payload that a committee keeps, with the hashes that lead to it.
    pub fn insert_committed(&mut self, id: &PayloadId, payload: &[u8]) {
        self.insert(id.encode());
        self.insert(encode_chunk_hashes(&chunk_hashes(payload)));
        for chunk in payload.chunks(CHUNK_SIZE) {
            self.insert(chunk.to_vec());
        }
    }

    /// A queue message, its data, and its link in the queue chain that stood at `before`.
    pub fn insert_message(&mut self, before: QueueAccumulator, message: &QueueMessage) {
        self.insert(message.data.clone());
        let hash = self.insert(message.encode());
        self.insert(before.link(hash));
    }

    /// What the execution of a block reads.
    pub fn insert_witness(&mut self, witness: Witness) {
        for bytes in witness.state.into_iter().chain(witness.codes).chain(witness.headers) {
            self.insert(bytes);
        }
    }
}

impl Preimages for KnownPreimages {
    fn keccak(&self, hash: B256) -> Option<Bytes> {
        self.by_hash.get(&hash).cloned()
    }

    fn element(&self, blob: B256, index: u32) -> Option<[u8; 32]> {
        let elements = self.blobs.get(&blob)?.as_chunks().0;
        elements.get(usize::try_from(index).ok()?).copied()
    }

    fn blob(&self, blob: B256) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(trimmed(&self.blobs.get(&blob)?[..])))
    }

    fn signature(&self, batch: B256, index: u32) -> Option<[u8; SIGNATURE_SIZE]> {
        self.signatures.get(&batch)?.get(usize::try_from(index).ok()?).copied()
    }
}
