//! What the fault proof hashes and reads (`docs/spec/fault-proof.md`).

use crate::{
    Accumulator, ContentId, OutputHash,
    hash::{Fields, Words, domain},
};
use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

/// Which program decides disputes, as L1 knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProgramId {
    /// Root of the memory that it starts with.
    pub memory: B256,
    /// Where it starts.
    pub pc: u32,
}

/// Everything that a run of the program depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Boot {
    /// Chain id of the L2.
    pub chain_id: u64,
    /// The output before the span.
    pub start: OutputHash,
    /// The batch chain after `end` batches.
    pub acc: Accumulator,
    /// Batches that the claim covers.
    pub end: u64,
    /// Blocks of the span.
    pub span: u32,
}

impl Boot {
    /// Bytes of [`Boot::encode`].
    pub const SIZE: usize = 192;

    /// What the hash is taken of.
    pub fn encode(&self) -> Bytes {
        self.words().into_bytes()
    }

    /// Reads [`Boot::encode`]; `None` if a field does not fit or the domain is another's.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::of(domain::BOOT, bytes)?;
        let boot = Self {
            chain_id: fields.number()?,
            start: OutputHash(fields.word()?),
            acc: Accumulator(fields.word()?),
            end: fields.number()?,
            span: fields.number()?,
        };
        fields.end(boot)
    }

    /// What the machine's initial state holds.
    pub fn hash(&self) -> B256 {
        self.words().hash()
    }

    fn words(&self) -> Words {
        Words::domain(domain::BOOT)
            .number(self.chain_id)
            .word(self.start.0)
            .word(self.acc.0)
            .number(self.end)
            .number(self.span.into())
    }
}

/// The identity of a doubt about entry `index` of the vector that answered `parent`, which is zero for the claim's own vector.
pub fn query_id(content: ContentId, owner: Address, parent: B256, index: u8) -> B256 {
    Words::domain(domain::QUERY)
        .word(content.0)
        .address(owner)
        .word(parent)
        .number(index.into())
        .hash()
}

/// Whatever the program may ask for, by hash.
pub trait Preimages {
    /// The bytes whose keccak256 is `hash`.
    fn keccak(&self, hash: B256) -> Option<Bytes>;

    /// Field element `index` of the blob with this versioned hash.
    fn element(&self, blob: B256, index: u32) -> Option<[u8; 32]>;

    /// The elements of that blob up to the last that is not zero, from whoever has it whole.
    fn blob(&self, _blob: B256) -> Option<Bytes> {
        None
    }

    /// The signature of a transaction of the batch whose header has this hash, by its position in the payload: `r ‖ s ‖ y-parity`.
    fn signature(&self, _batch: B256, _index: u32) -> Option<[u8; SIGNATURE_SIZE]> {
        None
    }
}

/// Bytes of a signature with its y-parity.
pub const SIGNATURE_SIZE: usize = 65;

impl<P: Preimages + ?Sized> Preimages for &P {
    fn keccak(&self, hash: B256) -> Option<Bytes> {
        (**self).keccak(hash)
    }

    fn element(&self, blob: B256, index: u32) -> Option<[u8; 32]> {
        (**self).element(blob, index)
    }

    fn blob(&self, blob: B256) -> Option<Bytes> {
        (**self).blob(blob)
    }

    fn signature(&self, batch: B256, index: u32) -> Option<[u8; SIGNATURE_SIZE]> {
        (**self).signature(batch, index)
    }
}
