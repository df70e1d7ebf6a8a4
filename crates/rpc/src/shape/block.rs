//! Blocks and headers.

use super::{Place, TransactionJson, quantity};
use alloy::{
    consensus::Header,
    primitives::{Address, B64, B256, Bloom, Bytes, U64, U256},
};
use mezz_evm::{Receipt, SignedTransaction};
use serde::Serialize;

/// A header as `newHeads` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeaderJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    base_fee_per_gas: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_gas_used: Option<U64>,
    difficulty: U256,
    #[serde(skip_serializing_if = "Option::is_none")]
    excess_blob_gas: Option<U64>,
    extra_data: &'a Bytes,
    gas_limit: U64,
    gas_used: U64,
    hash: B256,
    logs_bloom: Bloom,
    miner: Address,
    mix_hash: B256,
    nonce: B64,
    number: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_beacon_block_root: Option<B256>,
    parent_hash: B256,
    receipts_root: B256,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_hash: Option<B256>,
    sha3_uncles: B256,
    state_root: B256,
    timestamp: U64,
    transactions_root: B256,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawals_root: Option<B256>,
}

impl<'a> HeaderJson<'a> {
    pub(crate) fn new(header: &'a Header, hash: B256) -> Self {
        Self {
            base_fee_per_gas: header.base_fee_per_gas.map(quantity),
            blob_gas_used: header.blob_gas_used.map(quantity),
            difficulty: header.difficulty,
            excess_blob_gas: header.excess_blob_gas.map(quantity),
            extra_data: &header.extra_data,
            gas_limit: quantity(header.gas_limit),
            gas_used: quantity(header.gas_used),
            hash,
            logs_bloom: header.logs_bloom,
            miner: header.beneficiary,
            mix_hash: header.mix_hash,
            nonce: header.nonce,
            number: quantity(header.number),
            parent_beacon_block_root: header.parent_beacon_block_root,
            parent_hash: header.parent_hash,
            receipts_root: header.receipts_root,
            requests_hash: header.requests_hash,
            sha3_uncles: header.ommers_hash,
            state_root: header.state_root,
            timestamp: quantity(header.timestamp),
            transactions_root: header.transactions_root,
            withdrawals_root: header.withdrawals_root,
        }
    }
}

/// A block as `eth_getBlockByNumber` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct BlockJson<'a> {
    #[serde(flatten)]
    header: HeaderJson<'a>,
    size: U64,
    transactions: Transactions<'a>,
    uncles: [B256; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawals: Option<[B256; 0]>,
}

/// The transactions of a block, by hash or in full.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Transactions<'a> {
    Hashes(Vec<B256>),
    Full(Vec<TransactionJson<'a>>),
}

impl<'a> BlockJson<'a> {
    /// `receipts` tell the nonces of deposits; there may be none.
    pub(crate) fn new(
        header: &'a Header,
        hash: B256,
        size: u64,
        transactions: &'a [SignedTransaction],
        receipts: &[Receipt],
        full: bool,
    ) -> Self {
        let place = Place {
            block_hash: hash,
            block_number: header.number,
            block_timestamp: header.timestamp,
            base_fee: header.base_fee_per_gas.unwrap_or_default(),
            index: 0,
        };
        let transactions = if full {
            let place_at = |index: usize| Some(Place { index: index as u64, ..place });
            let nonce_of =
                |index: usize| receipts.get(index).and_then(|receipt| receipt.deposit_nonce);
            Transactions::Full(
                transactions
                    .iter()
                    .enumerate()
                    .map(|(index, tx)| TransactionJson::new(tx, place_at(index), nonce_of(index)))
                    .collect(),
            )
        } else {
            Transactions::Hashes(transactions.iter().map(|tx| tx.hash).collect())
        };
        Self {
            size: quantity(size),
            transactions,
            uncles: [],
            withdrawals: header.withdrawals_root.map(|_| []),
            header: HeaderJson::new(header, hash),
        }
    }
}
