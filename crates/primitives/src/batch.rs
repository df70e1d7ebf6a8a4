//! Batch headers and their hash chain (`docs/spec/batch.md`).

use crate::hash::{Fields, Words, domain};
use alloc::vec::Vec;
use alloy_primitives::{B256, Bytes, keccak256};
use serde::{Deserialize, Serialize};

/// Where the data of a batch lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DaType {
    /// No data: a batch made by `forceInclude`.
    None,
    /// In the calldata of the transaction.
    Calldata,
    /// In blobs of the transaction.
    Blobs,
    /// With a data committee.
    Committee,
    /// A kind this version does not know.
    Unknown(u8),
}

impl From<u8> for DaType {
    fn from(da_type: u8) -> Self {
        match da_type {
            0 => Self::None,
            1 => Self::Calldata,
            2 => Self::Blobs,
            3 => Self::Committee,
            other => Self::Unknown(other),
        }
    }
}

impl From<DaType> for u8 {
    fn from(da_type: DaType) -> Self {
        match da_type {
            DaType::None => 0,
            DaType::Calldata => 1,
            DaType::Blobs => 2,
            DaType::Committee => 3,
            DaType::Unknown(other) => other,
        }
    }
}

/// The bit of a header's `daType` that says: without signatures, which a proof shows (`docs/spec/signatures.md`).
const UNSIGNED: u8 = 0x10;

impl DaType {
    /// Reads a header's `daType`: where the data lie, and whether they lack the signatures.
    pub fn read(byte: u8) -> (Self, bool) {
        match Self::from(byte & !UNSIGNED) {
            place @ (Self::Calldata | Self::Blobs | Self::Committee) => {
                (place, byte & UNSIGNED != 0)
            }
            _ => (Self::from(byte), false),
        }
    }

    /// Writes what [`DaType::read`] reads.
    pub fn write(self, unsigned: bool) -> u8 {
        u8::from(self) | if unsigned { UNSIGNED } else { 0 }
    }
}

/// What the inbox records of one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchHeader {
    /// Format version, 1.
    pub version: u8,
    /// Where the data lie.
    pub da_type: DaType,
    /// Whether the data lack the signatures of their transactions: then the batch counts once a proof shows them.
    #[serde(default)]
    pub unsigned: bool,
    /// Position in the inbox.
    pub index: u64,
    /// The chain before this batch.
    pub prev_acc: Accumulator,
    /// Commitment to the data.
    pub da_hash: B256,
    /// First queue message consumed.
    pub q_start: u64,
    /// One past the last queue message consumed.
    pub q_end: u64,
    /// The queue chain at `q_end`.
    pub queue_acc: B256,
    /// Number of the first L2 block.
    pub first_block: u64,
    /// How many L2 blocks.
    pub block_count: u32,
    /// L1 block that recorded it.
    pub l1_block: u64,
    /// Timestamp of that block, seconds.
    pub l1_time: u64,
}

impl BatchHeader {
    /// The hash that the batch chain absorbs.
    pub fn hash(&self) -> B256 {
        self.words().hash()
    }

    /// What the hash is taken of.
    pub fn encode(&self) -> Bytes {
        self.words().into_bytes()
    }

    /// Reads [`BatchHeader::encode`].
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::of(domain::HEADER, bytes)?;
        let version = fields.number()?;
        let (da_type, unsigned) = DaType::read(fields.number()?);
        let header = Self {
            version,
            da_type,
            unsigned,
            index: fields.number()?,
            prev_acc: Accumulator(fields.word()?),
            da_hash: fields.word()?,
            q_start: fields.number()?,
            q_end: fields.number()?,
            queue_acc: fields.word()?,
            first_block: fields.number()?,
            block_count: fields.number()?,
            l1_block: fields.number()?,
            l1_time: fields.number()?,
        };
        fields.end(header)
    }

    fn words(&self) -> Words {
        Words::domain(domain::HEADER)
            .number(self.version.into())
            .number(self.da_type.write(self.unsigned).into())
            .number(self.index)
            .word(self.prev_acc.0)
            .word(self.da_hash)
            .number(self.q_start)
            .number(self.q_end)
            .word(self.queue_acc)
            .number(self.first_block)
            .number(self.block_count.into())
            .number(self.l1_block)
            .number(self.l1_time)
    }

    /// The header that claims read in the place of a batch that does not count, because its payload or its signatures were not shown: one without data.
    pub const fn voided(self) -> Self {
        Self { da_type: DaType::None, unsigned: false, da_hash: B256::ZERO, ..self }
    }

    /// The chain after this batch.
    pub fn acc(&self) -> Accumulator {
        self.prev_acc.push(self.hash())
    }

    /// Number of the last L2 block.
    pub const fn last_block(&self) -> u64 {
        self.first_block + self.block_count as u64 - 1
    }
}

/// The hash chain over all batches so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Accumulator(pub B256);

impl Accumulator {
    /// The chain before batch 0.
    pub fn genesis(l2_chain_id: u64) -> Self {
        Self(Words::domain(domain::BATCH).word(B256::ZERO).number(l2_chain_id).hash())
    }

    /// The chain after the batch whose header has this hash.
    pub fn push(self, header: B256) -> Self {
        Self(keccak256(self.link(header)))
    }

    /// What the chain after that batch is the hash of.
    pub fn link(self, header: B256) -> Bytes {
        Words::domain(domain::BATCH).word(self.0).word(header).into_bytes()
    }

    /// Reads [`Accumulator::link`]: the chain before, and the hash of the header.
    pub fn unlink(bytes: &[u8]) -> Option<(Self, B256)> {
        let mut fields = Fields::of(domain::BATCH, bytes)?;
        let link = (Self(fields.word()?), fields.word()?);
        fields.end(link)
    }
}

/// The `daHash` of a batch whose data lie in blobs with these versioned hashes.
pub fn blobs_hash(versioned_hashes: &[B256]) -> B256 {
    keccak256(encode_blobs(versioned_hashes))
}

/// What [`blobs_hash`] is the hash of.
pub fn encode_blobs(versioned_hashes: &[B256]) -> Bytes {
    versioned_hashes
        .iter()
        .fold(Words::domain(domain::BLOBS), |words, hash| words.word(*hash))
        .into_bytes()
}

/// Reads [`encode_blobs`].
pub fn decode_blobs(bytes: &[u8]) -> Option<Vec<B256>> {
    Fields::of(domain::BLOBS, bytes).map(Fields::rest)
}
