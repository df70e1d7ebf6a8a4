//! Receipts and the roots over them.

use alloc::vec::Vec;
use alloy_consensus::proofs::ordered_trie_root_with_encoder;
use alloy_primitives::{B256, Bloom, Log};
use alloy_rlp::{BufMut, Encodable, Header};

use crate::SignedTransaction;

/// The receipt of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Receipt {
    /// EIP-2718 type of the transaction.
    pub transaction_type: u8,
    /// Whether its call succeeded.
    pub success: bool,
    /// Gas used in the block up to and with it.
    pub cumulative_gas_used: u64,
    /// What it logged.
    pub logs: Vec<Log>,
    /// Nonce of the sender before a deposit; `None` for every other type.
    pub deposit_nonce: Option<u64>,
}

impl Receipt {
    /// The bloom over the logs.
    pub fn bloom(&self) -> Bloom {
        alloy_primitives::logs_bloom(&self.logs)
    }

    /// Appends the EIP-2718 encoding, the one that the receipts root is over.
    pub fn encode_2718(&self, out: &mut dyn BufMut) {
        if self.transaction_type != 0 {
            out.put_u8(self.transaction_type);
        }
        let bloom = self.bloom();
        let length = self.success.length()
            + self.cumulative_gas_used.length()
            + bloom.length()
            + self.logs.length()
            + self
                .deposit_nonce
                .map_or(0, |nonce| nonce.length() + DEPOSIT_RECEIPT_VERSION.length());
        Header { list: true, payload_length: length }.encode(out);
        self.success.encode(out);
        self.cumulative_gas_used.encode(out);
        bloom.encode(out);
        self.logs.encode(out);
        if let Some(nonce) = self.deposit_nonce {
            nonce.encode(out);
            DEPOSIT_RECEIPT_VERSION.encode(out);
        }
    }
}

/// `depositReceiptVersion` since OP's Canyon.
const DEPOSIT_RECEIPT_VERSION: u64 = 1;

/// The root over the transactions of a block.
pub fn transactions_root(transactions: &[SignedTransaction]) -> B256 {
    ordered_trie_root_with_encoder(transactions, |transaction, out| {
        out.put_slice(transaction.standing())
    })
}

/// The root over the receipts of a block.
pub fn receipts_root(receipts: &[Receipt]) -> B256 {
    ordered_trie_root_with_encoder(receipts, |receipt, out| receipt.encode_2718(out))
}

/// The bloom over the receipts of a block.
pub fn receipts_bloom(receipts: &[Receipt]) -> Bloom {
    receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | receipt.bloom())
}
