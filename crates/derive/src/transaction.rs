//! Which transactions a payload can carry.

use alloy_consensus::{EthereumTxEnvelope, Transaction, TxEip4844, TxType, Typed2718};
use alloy_eips::{Decodable2718, Encodable2718};

/// A signed transaction of any Ethereum type.
pub(crate) type Envelope = EthereumTxEnvelope<TxEip4844>;

/// Why a payload cannot carry a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotEncodable {
    /// The bytes are no signed transaction, or not in their one canonical form.
    #[error(
        "the bytes are no canonical EIP-2718 transaction; send the signed transaction exactly as the wallet encodes it"
    )]
    Malformed,
    /// A type that only L1 has.
    #[error("transactions of type {0} cannot be sent on this chain; use type 0, 1, 2 or 4")]
    Type(u8),
    /// Signed for another chain.
    #[error(
        "the transaction is signed for chain {signed}, this is chain {expected}; sign it for this chain"
    )]
    ChainId {
        /// The chain in the transaction.
        signed: u64,
        /// The chain of the payload.
        expected: u64,
    },
}

/// Whether a payload of the chain carries this transaction without loss.
pub fn is_encodable(transaction: &[u8], chain_id: u64) -> bool {
    check_encodable(transaction, chain_id).is_ok()
}

/// Checks that a payload of the chain carries this transaction without loss, and says why if it does not.
pub fn check_encodable(transaction: &[u8], chain_id: u64) -> Result<(), NotEncodable> {
    parse_encodable(transaction, chain_id).map(drop)
}

/// Parses a transaction that a payload of the chain carries.
pub(crate) fn parse_encodable(transaction: &[u8], chain_id: u64) -> Result<Envelope, NotEncodable> {
    let envelope = parse(transaction)?;
    check_chain(&envelope, chain_id).map(|()| envelope)
}

/// Whether the transaction is for this chain.
pub(crate) fn check_chain(envelope: &Envelope, chain_id: u64) -> Result<(), NotEncodable> {
    match envelope.chain_id() {
        Some(signed) if signed != chain_id => {
            Err(NotEncodable::ChainId { signed, expected: chain_id })
        }
        _ => Ok(()),
    }
}

/// Parses a transaction of a type that wallets send here, in its one canonical form.
pub(crate) fn parse(transaction: &[u8]) -> Result<Envelope, NotEncodable> {
    let envelope =
        Envelope::decode_2718_exact(transaction).map_err(|_| match transaction.first() {
            Some(&kind) if kind > TxType::Eip7702 as u8 && kind < 0xc0 => NotEncodable::Type(kind),
            _ => NotEncodable::Malformed,
        })?;
    if envelope.ty() == TxType::Eip4844 as u8 {
        return Err(NotEncodable::Type(envelope.ty()));
    }
    if envelope.encode_2718_len() != transaction.len() || envelope.encoded_2718() != transaction {
        return Err(NotEncodable::Malformed);
    }
    Ok(envelope)
}
