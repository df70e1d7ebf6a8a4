//! `txpool_*`.

use crate::{
    PoolSlots,
    methods::Handler::{self, Inline, Worker},
    node::Node,
    shape::{TransactionJson, quantity},
    wire::{Answer, Params, json},
};
use alloy::{consensus::Transaction as _, primitives::Address};
use mezz_evm::SignedTransaction;
use serde::Serialize;
use serde_json::json as value;
use std::collections::BTreeMap;

pub(crate) const METHODS: &[(&str, Handler)] = &[
    ("txpool_status", Inline(status)),
    ("txpool_content", Worker(content)),
    ("txpool_contentFrom", Worker(content_from)),
    ("txpool_inspect", Worker(inspect)),
];

/// The nonce after the transactions of `address` that are executed and those ready in the pool.
pub(crate) fn next_nonce(node: &Node, address: Address, executed: u64) -> u64 {
    executed.max(node.backend.next_nonce(address).unwrap_or(0))
}

fn status(node: &Node, _: &Params<'_>) -> Answer {
    let (pending, queued) = node.backend.pool_size();
    json(&value!({ "pending": quantity(pending), "queued": quantity(queued) }))
}

fn shapes<'a, T: Serialize>(
    slots: &'a PoolSlots,
    shape: impl Fn(&'a SignedTransaction) -> T,
) -> BTreeMap<String, BTreeMap<String, T>> {
    let by_nonce = |nonces: &'a BTreeMap<u64, SignedTransaction>| {
        nonces.iter().map(|(nonce, tx)| (nonce.to_string(), shape(tx))).collect()
    };
    slots.iter().map(|(sender, nonces)| (sender.to_checksum(None), by_nonce(nonces))).collect()
}

fn content(node: &Node, _: &Params<'_>) -> Answer {
    let pool = node.backend.pool();
    let full = |tx| TransactionJson::new(tx, None, None);
    json(&BTreeMap::from([
        ("pending", shapes(&pool.pending, full)),
        ("queued", shapes(&pool.queued, full)),
    ]))
}

fn content_from(node: &Node, params: &Params<'_>) -> Answer {
    let address = params.address(0)?;
    let pool = node.backend.pool();
    let of = |slots: &PoolSlots| -> BTreeMap<String, serde_json::Value> {
        let nonces = slots.get(&address).into_iter().flatten();
        nonces
            .map(|(nonce, tx)| (nonce.to_string(), value!(TransactionJson::new(tx, None, None))))
            .collect()
    };
    json(&BTreeMap::from([("pending", of(&pool.pending)), ("queued", of(&pool.queued))]))
}

fn inspect(node: &Node, _: &Params<'_>) -> Answer {
    let pool = node.backend.pool();
    let line = |signed: &SignedTransaction| {
        let tx = &signed.transaction;
        let to = tx.to().map_or_else(|| "contract creation".to_owned(), |to| to.to_string());
        format!("{to}: {} wei + {} gas × {} wei", tx.value(), tx.gas_limit(), tx.max_fee_per_gas())
    };
    json(&BTreeMap::from([
        ("pending", shapes(&pool.pending, line)),
        ("queued", shapes(&pool.queued, line)),
    ]))
}
