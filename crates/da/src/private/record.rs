//! A tenant's own transactions of a batch.

use alloy::primitives::Bytes;
use serde::{Deserialize, Serialize};

/// A tenant's transactions of one batch, in the chain's order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record {
    /// Them.
    pub transactions: Vec<OwnTransaction>,
}

/// A transaction and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnTransaction {
    /// Its block.
    pub block_number: u64,
    /// Its place in the block.
    pub position: u32,
    /// As it was signed, EIP-2718.
    pub signed: Bytes,
}

/// Bytes before a transaction's own.
const HEAD: usize = 8 + 4 + 4;

impl Record {
    /// `count (4)`, and for each `block number (8) ‖ position (4) ‖ length (4) ‖ bytes`.
    pub(super) fn encode(&self) -> Vec<u8> {
        let length = |transaction: &OwnTransaction| HEAD + transaction.signed.len();
        let mut out = Vec::with_capacity(4 + self.transactions.iter().map(length).sum::<usize>());
        out.extend((self.transactions.len() as u32).to_be_bytes());
        for OwnTransaction { block_number, position, signed } in &self.transactions {
            out.extend(block_number.to_be_bytes());
            out.extend(position.to_be_bytes());
            out.extend((signed.len() as u32).to_be_bytes());
            out.extend_from_slice(signed);
        }
        out
    }

    /// Reads what [`Self::encode`] wrote, and zeros after it; `None` if it is anything else.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (count, mut rest) = bytes.split_first_chunk()?;
        let mut transactions = Vec::new();
        for _ in 0..u32::from_be_bytes(*count) {
            let (block_number, after) = rest.split_first_chunk()?;
            let (position, after) = after.split_first_chunk()?;
            let (length, after) = after.split_first_chunk()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (signed, after) = after.split_at_checked(length)?;
            transactions.push(OwnTransaction {
                block_number: u64::from_be_bytes(*block_number),
                position: u32::from_be_bytes(*position),
                signed: signed.to_vec().into(),
            });
            rest = after;
        }
        rest.iter().all(|byte| *byte == 0).then_some(Self { transactions })
    }
}
