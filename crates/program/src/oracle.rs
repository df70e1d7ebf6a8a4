//! Asking for preimages, none of which is believed.

use alloy_primitives::{B256, Bytes, keccak256};
use mezz_evm::WitnessError;
use mezz_primitives::{Preimages, SIGNATURE_SIZE};
use revm::database_interface::DBErrorMarker;

/// What the program cannot go on without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// Bytes with this hash: nobody gave them, or something else in their place.
    #[error("the preimage of {0} is missing: the oracle does not hold it, or holds something else")]
    Preimage(B256),
    /// Bytes of another form: the hash was never one of what the program asks for.
    #[error(
        "the preimage of {0} is not what the program looks for: the span does not begin at a right output"
    )]
    Form(B256),
    /// A field element of a blob.
    #[error("field element {index} of blob {blob} is missing: the oracle does not hold that blob")]
    Element {
        /// Its versioned hash.
        blob: B256,
        /// Position of the element.
        index: u32,
    },
    /// A signature of the sender that a payload names.
    #[error(
        "transaction {index} of the batch with header {batch} is not signed by the sender that its payload names, or the oracle does not hold the signature"
    )]
    Signature {
        /// Hash of the header.
        batch: B256,
        /// Position in the payload.
        index: u32,
    },
    /// The hash of an ancestor that no block comes from.
    #[error("block {0} is no ancestor of the span: it does not begin at a right output")]
    Ancestor(u64),
    /// The end of the claim.
    #[error(
        "a vector ends before its claim does: the claim covers more spans than a vector has entries"
    )]
    Vector,
    /// The engine failed for a reason that is not the oracle's.
    #[error("the engine stopped; this is a fault of the program, please report it")]
    Engine,
}

impl DBErrorMarker for Missing {}

impl From<WitnessError> for Missing {
    fn from(error: WitnessError) -> Self {
        match error {
            WitnessError::Node(missing) => Self::Preimage(missing.hash),
            WitnessError::Code(hash) | WitnessError::Header(hash) => Self::Preimage(hash),
            WitnessError::BlockHash(number) => Self::Ancestor(number),
        }
    }
}

/// An oracle whose answers are checked.
#[derive(Debug)]
pub(crate) struct Oracle<'a, P>(pub(crate) &'a P);

impl<P> Clone for Oracle<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Oracle<'_, P> {}

impl<P: Preimages> Oracle<'_, P> {
    /// The bytes with this hash.
    pub(crate) fn preimage(&self, hash: B256) -> Result<Bytes, Missing> {
        self.unchecked(hash).filter(|bytes| keccak256(bytes) == hash).ok_or(Missing::Preimage(hash))
    }

    /// A signature; whoever asks recovers the signer.
    pub(crate) fn signature(&self, batch: B256, index: u32) -> Option<[u8; SIGNATURE_SIZE]> {
        self.0.signature(batch, index)
    }

    /// What the bytes with this hash say.
    pub(crate) fn read<T>(
        &self,
        hash: B256,
        decode: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<T, Missing> {
        decode(&self.preimage(hash)?).ok_or(Missing::Form(hash))
    }

    /// What the oracle says to be the bytes with this hash, for whoever checks that.
    pub(crate) fn unchecked(&self, hash: B256) -> Option<Bytes> {
        self.0.keccak(hash)
    }

    /// A field element of a blob. L1 checks it when the instruction that reads it is in doubt.
    pub(crate) fn element(&self, blob: B256, index: u32) -> Result<[u8; 32], Missing> {
        self.0.element(blob, index).ok_or(Missing::Element { blob, index })
    }

    /// A whole blob, if the oracle gives it. Whoever gives it opens it too.
    pub(crate) fn blob(&self, blob: B256) -> Option<Bytes> {
        self.0.blob(blob)
    }
}
