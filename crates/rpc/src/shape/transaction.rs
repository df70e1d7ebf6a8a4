//! Transactions.

use super::{quantity, quantity_128};
use alloy::{
    consensus::{EthereumTxEnvelope, Transaction as _, Typed2718},
    eips::{eip2930::AccessList, eip7702::SignedAuthorization},
    primitives::{Address, B256, Bytes, Signature, TxKind, U64, U128, U256},
};
use mezz_evm::{SignedTransaction, Transaction};
use serde::Serialize;

/// Where a transaction stands. A block that is not sealed has the hash zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) block_hash: B256,
    pub(crate) block_number: u64,
    pub(crate) block_timestamp: u64,
    pub(crate) base_fee: u64,
    pub(crate) index: u64,
}

/// A transaction as `eth_getTransactionByHash` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransactionJson<'a> {
    block_hash: Option<B256>,
    block_number: Option<U64>,
    block_timestamp: Option<U64>,
    from: Address,
    gas: U64,
    gas_price: U128,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_fee_per_gas: Option<U128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_priority_fee_per_gas: Option<U128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_fee_per_blob_gas: Option<U128>,
    hash: B256,
    input: &'a Bytes,
    nonce: U64,
    to: Option<Address>,
    transaction_index: Option<U64>,
    value: U256,
    #[serde(rename = "type")]
    kind: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_list: Option<&'a AccessList>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain_id: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_versioned_hashes: Option<&'a [B256]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_list: Option<&'a [SignedAuthorization]>,
    v: U64,
    r: U256,
    s: U256,
    #[serde(skip_serializing_if = "Option::is_none")]
    y_parity: Option<U64>,
    #[serde(flatten)]
    deposit: Option<DepositJson>,
}

/// What a deposit has besides.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DepositJson {
    source_hash: B256,
    mint: U128,
    is_system_tx: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit_receipt_version: Option<U64>,
}

impl<'a> TransactionJson<'a> {
    /// `place` is `None` in the pool; `deposit_nonce` is what the receipt of a deposit says.
    pub(crate) fn new(
        signed: &'a SignedTransaction,
        place: Option<Place>,
        deposit_nonce: Option<u64>,
    ) -> Self {
        let tx = &signed.transaction;
        let dynamic = tx.is_dynamic_fee();
        let typed = tx.ty() != 0;
        let (signature, v) = signature(tx);
        Self {
            block_hash: place.map(|place| place.block_hash),
            block_number: place.map(|place| quantity(place.block_number)),
            block_timestamp: place.map(|place| quantity(place.block_timestamp)),
            from: signed.sender,
            gas: quantity(tx.gas_limit()),
            gas_price: quantity_128(match place {
                Some(place) => effective_gas_price(signed, place.base_fee),
                None => tx.max_fee_per_gas(),
            }),
            max_fee_per_gas: dynamic.then(|| quantity_128(tx.max_fee_per_gas())),
            max_priority_fee_per_gas: tx
                .max_priority_fee_per_gas()
                .filter(|_| dynamic)
                .map(quantity_128),
            max_fee_per_blob_gas: tx.max_fee_per_blob_gas().map(quantity_128),
            hash: signed.hash,
            input: tx.input(),
            nonce: quantity(deposit_nonce.unwrap_or_else(|| tx.nonce())),
            to: match tx.kind() {
                TxKind::Call(to) => Some(to),
                TxKind::Create => None,
            },
            transaction_index: place.map(|place| quantity(place.index)),
            value: tx.value(),
            kind: quantity(tx.ty().into()),
            access_list: tx.access_list().filter(|_| typed),
            chain_id: tx.chain_id().map(quantity),
            blob_versioned_hashes: tx.blob_versioned_hashes(),
            authorization_list: tx.authorization_list(),
            v: quantity(v),
            r: signature.map_or(U256::ZERO, |signature| signature.r()),
            s: signature.map_or(U256::ZERO, |signature| signature.s()),
            y_parity: (typed && !signed.is_deposit()).then(|| quantity(v)),
            deposit: signed.deposit().map(|deposit| DepositJson {
                source_hash: deposit.source_hash,
                mint: quantity_128(deposit.mint),
                is_system_tx: deposit.is_system_transaction,
                deposit_receipt_version: deposit_nonce.map(|_| quantity(1)),
            }),
        }
    }
}

/// The signature of a transaction and its `v`; a deposit has none.
fn signature(tx: &Transaction) -> (Option<&Signature>, u64) {
    let Transaction::Ethereum(signed) = tx else { return (None, 0) };
    let signature = signed.signature();
    let parity = u64::from(signature.v());
    let v = match signed {
        EthereumTxEnvelope::Legacy(legacy) => {
            legacy.tx().chain_id.map_or(27 + parity, |id| 35 + 2 * id + parity)
        }
        _ => parity,
    };
    (Some(signature), v)
}

/// Wei per gas that a transaction pays in a block with this base fee; nothing for a deposit.
pub(crate) fn effective_gas_price(signed: &SignedTransaction, base_fee: u64) -> u128 {
    if signed.is_deposit() { 0 } else { signed.transaction.effective_gas_price(Some(base_fee)) }
}
