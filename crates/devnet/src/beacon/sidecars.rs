//! `BlobSidecar` of the consensus specification.

use super::header::{BeaconHeader, decimal};
use crate::blobs::KeptBlob;
use alloy::{
    eips::eip4844::{Blob, Bytes48},
    primitives::{B256, FixedBytes},
};
use serde::Serialize;
use serde_json::{Value, json};

/// Depth of the commitments in a beacon block's body.
const INCLUSION_PROOF_DEPTH: usize = 17;

/// A blob with what proves it. There is no beacon block here to prove inclusion in, so the inclusion proof is zeros; the
/// commitment and the blob's proof are true.
#[derive(Debug, Serialize)]
pub(super) struct Sidecar {
    #[serde(serialize_with = "decimal")]
    index: u64,
    blob: Box<Blob>,
    kzg_commitment: Bytes48,
    kzg_proof: Bytes48,
    signed_block_header: Value,
    kzg_commitment_inclusion_proof: [B256; INCLUSION_PROOF_DEPTH],
    #[serde(skip)]
    header: BeaconHeader,
}

impl Sidecar {
    /// The sidecar of the blob at `index`. Computes its proof, which takes tens of milliseconds.
    pub(super) fn new(
        index: usize,
        kept: &KeptBlob,
        header: BeaconHeader,
    ) -> Result<Self, c_kzg::Error> {
        Ok(Self {
            index: index as u64,
            blob: kept.blob.clone(),
            kzg_commitment: kept.commitment,
            kzg_proof: kept.proof()?,
            signed_block_header: signed(&header),
            kzg_commitment_inclusion_proof: [B256::ZERO; INCLUSION_PROOF_DEPTH],
            header,
        })
    }

    /// Its SSZ encoding: all parts have a fixed size.
    pub(super) fn ssz(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(132_000);
        bytes.extend(self.index.to_le_bytes());
        bytes.extend_from_slice(self.blob.as_slice());
        bytes.extend_from_slice(self.kzg_commitment.as_slice());
        bytes.extend_from_slice(self.kzg_proof.as_slice());
        bytes.extend(self.header.ssz());
        bytes.extend_from_slice(SIGNATURE.as_slice());
        bytes.extend(self.kzg_commitment_inclusion_proof.iter().flatten());
        bytes
    }
}

/// Nobody signs here.
const SIGNATURE: FixedBytes<96> = FixedBytes::ZERO;

/// `SignedBeaconBlockHeader`.
pub(super) fn signed(header: &BeaconHeader) -> Value {
    json!({ "message": header, "signature": SIGNATURE })
}
