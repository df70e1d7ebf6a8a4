//! Receipts and logs.

use super::{Place, effective_gas_price, quantity, quantity_128};
use alloy::{
    consensus::{Transaction as _, Typed2718},
    primitives::{Address, B256, Bloom, Bytes, Log, TxKind, U64, U128, U256},
};
use mezz_evm::{BLOB_PARAMS, L2Config, Receipt, SignedTransaction, flz_compress_len, l1_fee};
use serde::Serialize;

/// A log with its place.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogJson<'a> {
    address: Address,
    topics: &'a [B256],
    data: &'a Bytes,
    block_number: U64,
    transaction_hash: B256,
    transaction_index: U64,
    block_hash: B256,
    block_timestamp: U64,
    log_index: U64,
    removed: bool,
}

impl<'a> LogJson<'a> {
    /// `index` is the log's in the block.
    pub(crate) fn new(
        log: &'a Log,
        place: Place,
        transaction_hash: B256,
        index: u64,
        removed: bool,
    ) -> Self {
        Self {
            address: log.address,
            topics: log.data.topics(),
            data: &log.data.data,
            block_number: quantity(place.block_number),
            transaction_hash,
            transaction_index: quantity(place.index),
            block_hash: place.block_hash,
            block_timestamp: quantity(place.block_timestamp),
            log_index: quantity(index),
            removed,
        }
    }
}

/// A receipt as `eth_getTransactionReceipt` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceiptJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_gas_price: Option<U128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_gas_used: Option<U64>,
    block_hash: B256,
    block_number: U64,
    contract_address: Option<Address>,
    cumulative_gas_used: U64,
    effective_gas_price: U128,
    from: Address,
    gas_used: U64,
    logs: Vec<LogJson<'a>>,
    logs_bloom: Bloom,
    status: U64,
    to: Option<Address>,
    transaction_hash: B256,
    transaction_index: U64,
    #[serde(rename = "type")]
    kind: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit_nonce: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit_receipt_version: Option<U64>,
    #[serde(flatten)]
    rollup: Option<RollupCosts>,
}

impl<'a> ReceiptJson<'a> {
    /// `first_log` is the number of logs in the block before its own; `excess_blob_gas` is the block's; `l2` is the configuration of an L2 block.
    pub(crate) fn new(
        signed: &SignedTransaction,
        receipt: &'a Receipt,
        place: Place,
        gas_used: u64,
        first_log: u64,
        excess_blob_gas: u64,
        l2: Option<&L2Config>,
    ) -> Self {
        let tx = &signed.transaction;
        let blob_gas_used = tx.blob_gas_used();
        Self {
            blob_gas_price: blob_gas_used
                .map(|_| quantity_128(BLOB_PARAMS.calc_blob_fee(excess_blob_gas))),
            blob_gas_used: blob_gas_used.map(quantity),
            block_hash: place.block_hash,
            block_number: quantity(place.block_number),
            contract_address: signed.created(receipt.deposit_nonce.unwrap_or_else(|| tx.nonce())),
            cumulative_gas_used: quantity(receipt.cumulative_gas_used),
            effective_gas_price: quantity_128(effective_gas_price(signed, place.base_fee)),
            from: signed.sender,
            gas_used: quantity(gas_used),
            logs: receipt
                .logs
                .iter()
                .zip(first_log..)
                .map(|(log, index)| LogJson::new(log, place, signed.hash, index, false))
                .collect(),
            logs_bloom: receipt.bloom(),
            status: quantity(receipt.success.into()),
            to: match tx.kind() {
                TxKind::Call(to) => Some(to),
                TxKind::Create => None,
            },
            transaction_hash: signed.hash,
            transaction_index: quantity(place.index),
            kind: quantity(tx.ty().into()),
            deposit_nonce: receipt.deposit_nonce.map(quantity),
            deposit_receipt_version: receipt.deposit_nonce.map(|_| quantity(1)),
            rollup: l2
                .filter(|_| !signed.is_deposit())
                .map(|config| RollupCosts::new(config, signed.standing())),
        }
    }
}

/// What a transaction paid for L1, in the OP Stack's words.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RollupCosts {
    l1_fee: U256,
    l1_gas_price: U256,
    l1_gas_used: U64,
    l1_blob_base_fee: U256,
    l1_base_fee_scalar: U64,
    l1_blob_base_fee_scalar: U64,
    operator_fee_scalar: U64,
    operator_fee_constant: U64,
}

impl RollupCosts {
    /// What a transaction with these signed bytes pays under `config`.
    pub(crate) fn new(config: &L2Config, signed: &[u8]) -> Self {
        // Fjord: the estimated size, millionths of a byte, at 16 gas a byte.
        let size = (836_500 * u64::from(flz_compress_len(signed)))
            .saturating_sub(42_585_600)
            .max(100_000_000);
        Self {
            l1_fee: l1_fee(config, signed),
            l1_gas_price: config.l1_base_fee,
            l1_gas_used: quantity(size * 16 / 1_000_000),
            l1_blob_base_fee: config.l1_blob_base_fee,
            l1_base_fee_scalar: quantity(config.base_fee_scalar.into()),
            l1_blob_base_fee_scalar: quantity(config.blob_base_fee_scalar.into()),
            operator_fee_scalar: quantity(config.operator_fee_scalar.into()),
            operator_fee_constant: quantity(config.operator_fee_constant),
        }
    }
}

/// Gas that the transaction at `index` used itself.
pub(crate) fn gas_used(receipts: &[Receipt], index: usize) -> u64 {
    let before = index.checked_sub(1).map_or(0, |previous| receipts[previous].cumulative_gas_used);
    receipts[index].cumulative_gas_used - before
}
