//! Transactions that name their sender and have no signature (`docs/spec/signatures.md`).

use crate::SIGNATURE_SIZE;
use alloc::vec::Vec;
use alloy_consensus::{EthereumTxEnvelope, SignableTransaction, Signed, TxEip4844};
use alloy_eips::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, Bytes, Signature, U256};

/// The first byte of an [`Attributed`] transaction: an EIP-2718 type that Ethereum does not have.
pub const ATTRIBUTED_TYPE: u8 = 0x7d;

type Envelope = EthereumTxEnvelope<TxEip4844>;

/// The signature of a transaction that has none.
pub const NO_SIGNATURE: Signature = Signature::new(U256::ZERO, U256::ZERO, false);

/// A transaction with its sender in place of its signature: `0x7D ‖ sender (20) ‖ the EIP-2718 transaction, its signature all zeros`.
///
/// Blocks of a chain whose batches are posted without signatures hold this form: it is the same whoever makes it, with the signature or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributed {
    /// Who has signed it.
    pub sender: Address,
    /// The transaction, its signature all zeros.
    pub transaction: Envelope,
}

impl Attributed {
    /// What `sender` has signed, without the signature.
    pub fn new(sender: Address, signed: &Envelope) -> Self {
        Self { sender, transaction: with_signature(signed, NO_SIGNATURE) }
    }

    /// The bytes.
    pub fn encode(&self) -> Bytes {
        let mut bytes = Vec::with_capacity(21 + self.transaction.encode_2718_len());
        bytes.push(ATTRIBUTED_TYPE);
        bytes.extend_from_slice(self.sender.as_slice());
        self.transaction.encode_2718(&mut bytes);
        bytes.into()
    }

    /// Reads [`Attributed::encode`]. It is for bytes that this program made: nothing is checked but that they can be read.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (sender, transaction) =
            bytes.strip_prefix(&[ATTRIBUTED_TYPE])?.split_first_chunk::<20>()?;
        let transaction = Envelope::decode_2718_exact(transaction).ok()?;
        (*transaction.signature() == NO_SIGNATURE)
            .then_some(Self { sender: Address::new(*sender), transaction })
    }

    /// The transaction with a signature: `r ‖ s ‖ y-parity`. `None` if the last byte is no parity.
    pub fn signed(&self, signature: &[u8; SIGNATURE_SIZE]) -> Option<Envelope> {
        let (numbers, [parity]) = signature.split_at(64) else { return None };
        let (r, s) = numbers.split_at(32);
        let signature =
            Signature::new(U256::from_be_slice(r), U256::from_be_slice(s), *parity == 1);
        (*parity <= 1).then(|| with_signature(&self.transaction, signature))
    }
}

/// The same transaction with another signature.
fn with_signature(envelope: &Envelope, signature: Signature) -> Envelope {
    match envelope {
        Envelope::Legacy(signed) => resign(signed, signature).into(),
        Envelope::Eip2930(signed) => resign(signed, signature).into(),
        Envelope::Eip1559(signed) => resign(signed, signature).into(),
        Envelope::Eip4844(signed) => resign(signed, signature).into(),
        Envelope::Eip7702(signed) => resign(signed, signature).into(),
    }
}

fn resign<T: SignableTransaction<Signature> + Clone>(
    signed: &Signed<T>,
    signature: Signature,
) -> Signed<T> {
    Signed::new_unhashed(signed.tx().clone(), signature)
}
