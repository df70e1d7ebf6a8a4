//! The words of Mezzanine: queue message, batch header, output, claim, withdrawal, chain configuration; their encodings and domain-separated hashes.
//!
//! Every hash here is computed by a contract too; `contracts/vectors.json` pins both sides. The protocol is written down in `docs/spec/`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod addresses;
mod attributed;
mod batch;
mod block;
mod chain;
mod committee;
mod fault;
mod hash;
mod output;
mod proof;
mod queue;
mod withdrawal;

pub use addresses::{alias, predeploys, unalias};
pub use attributed::{ATTRIBUTED_TYPE, Attributed, NO_SIGNATURE};
pub use batch::{Accumulator, BatchHeader, DaType, blobs_hash, decode_blobs, encode_blobs};
pub use block::BlockInput;
pub use chain::{ChainConfig, Contracts, Family, FeeConfig, GenesisId, ParseFamilyError, Windows};
pub use committee::{
    Certificate, Committee, CommitteeConfig, CommitteeContracts, Fallback, PayloadId,
    SignedCertificate, chunk_hashes, decode_chunk_hashes, encode_chunk_hashes,
};
pub use fault::{Boot, Preimages, ProgramId, SIGNATURE_SIZE, query_id};
pub use hash::domain;
pub use output::{
    ClaimVector, ContentId, OpOutput, Output, OutputHash, content_id, genesis_content_id,
    op_output_root, vector_proof, vector_root,
};
pub use proof::{
    BLOB_MODULUS, BlobOpening, ProofConfig, ProofContracts, ProofKind, ProofPolicy, SignaturesBoot,
    SignaturesConfig, SignaturesContracts, Statement, opening_point, openings_hash, program_key,
    release, trimmed,
};
pub use queue::{DepositHint, L1Info, MessageKind, QueueAccumulator, QueueMessage};
pub use withdrawal::Withdrawal;

/// Queue messages that one L2 block may consume.
pub const MESSAGES_PER_BLOCK_MAX: u64 = 24;
/// Invalid transactions of a payload that are looked at in one block: each costs a signature recovery and no gas.
pub const SKIPPED_MAX: usize = 16;
/// L2 gas that one queue message may ask for.
pub const MESSAGE_GAS_MAX: u64 = 4_000_000;
/// Bytes of data in one queue message.
pub const MESSAGE_DATA_MAX: usize = 65_536;
/// Bytes of a payload posted as calldata.
pub const CALLDATA_MAX: usize = 98_304;
/// Bytes of a chunk of a payload that a committee keeps: one preimage, and one answer to a demand.
pub const CHUNK_SIZE: usize = CALLDATA_MAX;
/// Chunks of a payload that a committee keeps.
pub const CHUNKS_MAX: usize = 8;
/// Members of a data committee.
pub const COMMITTEE_MEMBERS_MAX: usize = 20;
/// Blobs of one batch.
pub const BLOBS_PER_BATCH_MAX: usize = 6;
/// Bytes of a payload's body after decompression.
pub const PAYLOAD_MAX: usize = 4_194_304;
/// Outputs in the vector of one claim.
pub const CLAIM_ENTRIES: usize = 256;
/// Block gas limit times span may not exceed this, so that a worst-case span fits the 2^40 steps of a trace.
pub const SPAN_GAS_MAX: u64 = 250_000_000;
/// The least block gas limit: a block's worth of queue messages always fits.
pub const BLOCK_GAS_MIN: u64 = MESSAGES_PER_BLOCK_MAX * MESSAGE_GAS_MAX;

const _: () = assert!(BLOCK_GAS_MIN <= SPAN_GAS_MAX);
