//! Blocks, transactions and receipts.

use crate::{
    Pending, RpcError,
    methods::Plain,
    node::{At, Node, sealed_place},
    shape::{BlockJson, HeaderJson, ReceiptJson, TransactionJson, gas_used, quantity},
    wire::{Answer, Params, json},
};
use alloy::{
    consensus::{Header, constants::EMPTY_WITHDRAWALS},
    eips::{BlockId, BlockNumberOrTag, eip7685::EMPTY_REQUESTS_HASH},
    primitives::{B64, B256, U64},
};
use mezz_evm::{SignedTransaction, receipts_bloom, receipts_root, transactions_root};
use mezz_storage::Block;
use std::sync::Arc;

/// `null`: there is no such thing.
const NONE: &str = "null";

fn none() -> Answer {
    Ok(NONE.to_owned())
}

fn by_hash(params: &Params<'_>) -> Result<BlockId, RpcError> {
    params.hash(0).map(BlockId::from)
}

fn by_number(params: &Params<'_>) -> Result<BlockId, RpcError> {
    params.get::<BlockNumberOrTag>(0).map(BlockId::Number)
}

fn index(params: &Params<'_>) -> Result<usize, RpcError> {
    Ok(params.get::<U64>(1)?.saturating_to())
}

/// `eth_getBlockByHash`.
pub(super) fn get_block_by_hash(node: &Node, params: &Params<'_>) -> Answer {
    block(node, by_hash(params)?, Shown::asked(params)?)
}

/// `eth_getBlockByNumber`.
pub(super) fn get_block_by_number(node: &Node, params: &Params<'_>) -> Answer {
    block(node, by_number(params)?, Shown::asked(params)?)
}

/// What is written of a block's transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Nothing,
    Hashes,
    Full,
}

impl Shown {
    fn asked(params: &Params<'_>) -> Result<Self, RpcError> {
        Ok(if params.optional(1)?.unwrap_or(false) { Self::Full } else { Self::Hashes })
    }
}

/// The same methods for whoever sees no transaction: nor is anything counted or hashed of those that wait.
pub(crate) fn without_transactions(method: &str) -> Option<Plain> {
    let plain: Plain = match method {
        "eth_getBlockByHash" => |node, params| {
            Shown::asked(params)?;
            block(node, by_hash(params)?, Shown::Nothing)
        },
        "eth_getBlockByNumber" => |node, params| {
            Shown::asked(params)?;
            block(node, by_number(params)?, Shown::Nothing)
        },
        "eth_getHeaderByHash" => |node, params| header(node, by_hash(params)?, Shown::Nothing),
        "eth_getHeaderByNumber" | "erigon_getHeaderByNumber" => {
            |node, params| header(node, by_number(params)?, Shown::Nothing)
        }
        _ => return None,
    };
    Some(plain)
}

fn block(node: &Node, id: BlockId, shown: Shown) -> Answer {
    let full = shown == Shown::Full;
    match node.find(id)? {
        Some(At::Sealed(block)) => {
            let transactions = if shown == Shown::Nothing { &[] } else { &block.transactions[..] };
            json(&BlockJson::new(
                &block.header,
                block.hash,
                block.size,
                transactions,
                &block.receipts,
                full,
            ))
        }
        Some(At::Pending(pending)) => {
            let (header, transactions, receipts) = unsealed(&pending, shown);
            let size = transactions.iter().map(|tx| tx.bytes.len() as u64).sum();
            json(&BlockJson::new(&header, B256::ZERO, size, &transactions, &receipts, full))
        }
        None => none(),
    }
}

/// The header of a block under construction as far as it is known: no state root, and so no hash.
fn unsealed(
    pending: &Pending,
    shown: Shown,
) -> (Header, Vec<SignedTransaction>, Vec<mezz_evm::Receipt>) {
    let (transactions, receipts) = if shown == Shown::Nothing {
        Default::default()
    } else {
        let body = pending.body.read();
        (body.transactions().to_vec(), body.receipts().to_vec())
    };
    let environment = &pending.environment;
    let header = Header {
        parent_hash: environment.parent_hash,
        beneficiary: environment.beneficiary,
        transactions_root: transactions_root(&transactions),
        receipts_root: receipts_root(&receipts),
        logs_bloom: receipts_bloom(&receipts),
        number: environment.number,
        gas_limit: environment.gas_limit,
        gas_used: receipts.last().map_or(0, |receipt| receipt.cumulative_gas_used),
        timestamp: environment.timestamp,
        extra_data: environment.extra_data.clone(),
        mix_hash: environment.prev_randao,
        nonce: B64::from(environment.queue_index),
        base_fee_per_gas: Some(environment.base_fee),
        withdrawals_root: Some(EMPTY_WITHDRAWALS),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(environment.excess_blob_gas),
        parent_beacon_block_root: Some(environment.parent_beacon_block_root),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        state_root: B256::ZERO,
        ..Header::default()
    };
    (header, transactions, receipts)
}

/// `eth_getHeaderByHash`.
pub(super) fn get_header_by_hash(node: &Node, params: &Params<'_>) -> Answer {
    header(node, by_hash(params)?, Shown::Hashes)
}

/// `eth_getHeaderByNumber`.
pub(super) fn get_header_by_number(node: &Node, params: &Params<'_>) -> Answer {
    header(node, by_number(params)?, Shown::Hashes)
}

fn header(node: &Node, id: BlockId, shown: Shown) -> Answer {
    match node.find(id)? {
        Some(At::Sealed(block)) => json(&HeaderJson::new(&block.header, block.hash)),
        Some(At::Pending(pending)) => {
            json(&HeaderJson::new(&unsealed(&pending, shown).0, B256::ZERO))
        }
        None => none(),
    }
}

/// `eth_getBlockTransactionCountByHash`.
pub(super) fn count_by_hash(node: &Node, params: &Params<'_>) -> Answer {
    count(node, by_hash(params)?)
}

/// `eth_getBlockTransactionCountByNumber`.
pub(super) fn count_by_number(node: &Node, params: &Params<'_>) -> Answer {
    count(node, by_number(params)?)
}

fn count(node: &Node, id: BlockId) -> Answer {
    match node.find(id)? {
        Some(At::Sealed(block)) => json(&quantity(block.transactions.len() as u64)),
        Some(At::Pending(pending)) => {
            json(&quantity(pending.body.read().transactions().len() as u64))
        }
        None => none(),
    }
}

/// `eth_getUncleCountByBlockHash`: no block has uncles.
pub(super) fn uncle_count_by_hash(node: &Node, params: &Params<'_>) -> Answer {
    if node.find(by_hash(params)?)?.is_some() { json(&quantity(0)) } else { none() }
}

/// `eth_getUncleCountByBlockNumber`.
pub(super) fn uncle_count_by_number(node: &Node, params: &Params<'_>) -> Answer {
    if node.find(by_number(params)?)?.is_some() { json(&quantity(0)) } else { none() }
}

/// `eth_getUncleByBlock*AndIndex`.
pub(super) fn uncle(_: &Node, _: &Params<'_>) -> Answer {
    none()
}

/// `eth_getTransactionByHash`.
pub(super) fn get_transaction_by_hash(node: &Node, params: &Params<'_>) -> Answer {
    let hash = params.hash(0)?;
    if let Some((block, index)) = node.backend.store().transaction(hash)? {
        return json(&transaction_in(&block, index));
    }
    if let Some(pending) = node.backend.pending() {
        let body = pending.body.read();
        if let Some(index) = body.position(&hash) {
            return json(&TransactionJson::new(
                &body.transactions()[index],
                None,
                body.receipts()[index].deposit_nonce,
            ));
        }
    }
    match node.backend.pooled(hash) {
        Some(transaction) => json(&TransactionJson::new(&transaction, None, None)),
        None => none(),
    }
}

fn transaction_in(block: &Block, index: usize) -> TransactionJson<'_> {
    TransactionJson::new(
        &block.transactions[index],
        Some(sealed_place(block, index as u64)),
        block.receipts[index].deposit_nonce,
    )
}

/// `eth_getTransactionByBlockHashAndIndex`.
pub(super) fn get_transaction_by_block_hash_and_index(node: &Node, params: &Params<'_>) -> Answer {
    transaction_at(node, by_hash(params)?, index(params)?)
}

/// `eth_getTransactionByBlockNumberAndIndex`.
pub(super) fn get_transaction_by_block_number_and_index(
    node: &Node,
    params: &Params<'_>,
) -> Answer {
    transaction_at(node, by_number(params)?, index(params)?)
}

fn transaction_at(node: &Node, id: BlockId, index: usize) -> Answer {
    match node.find(id)? {
        Some(At::Sealed(block)) if index < block.transactions.len() => {
            json(&transaction_in(&block, index))
        }
        Some(At::Pending(pending)) => {
            let body = pending.body.read();
            body.transactions().get(index).map_or_else(none, |tx| {
                json(&TransactionJson::new(tx, None, body.receipts()[index].deposit_nonce))
            })
        }
        _ => none(),
    }
}

/// `eth_getRawTransactionByHash`.
pub(super) fn get_raw_transaction_by_hash(node: &Node, params: &Params<'_>) -> Answer {
    let hash = params.hash(0)?;
    if let Some((block, index)) = node.backend.store().transaction(hash)? {
        return json(&block.transactions[index].bytes);
    }
    node.backend.pooled(hash).map_or_else(none, |transaction| json(&transaction.bytes))
}

/// `eth_getRawTransactionByBlockHashAndIndex`.
pub(super) fn get_raw_transaction_by_block_hash_and_index(
    node: &Node,
    params: &Params<'_>,
) -> Answer {
    raw_transaction_at(node, by_hash(params)?, index(params)?)
}

/// `eth_getRawTransactionByBlockNumberAndIndex`.
pub(super) fn get_raw_transaction_by_block_number_and_index(
    node: &Node,
    params: &Params<'_>,
) -> Answer {
    raw_transaction_at(node, by_number(params)?, index(params)?)
}

fn raw_transaction_at(node: &Node, id: BlockId, index: usize) -> Answer {
    match node.sealed(id)?.as_ref().and_then(|block| block.transactions.get(index)) {
        Some(transaction) => json(&transaction.bytes),
        None => none(),
    }
}

/// `eth_getTransactionReceipt`. A receipt appears here with its sealed block, so that whoever waited for it finds its effects at `latest`; the preconfirmed
/// receipt is what `eth_sendRawTransactionSync` answers and `eth_getBlockReceipts("pending")` lists.
pub(super) fn get_transaction_receipt(node: &Node, params: &Params<'_>) -> Answer {
    match node.backend.store().transaction(params.hash(0)?)? {
        Some((block, index)) => json(&receipt_in(node, &block, index)?),
        None => none(),
    }
}

pub(super) fn receipt_in<'a>(
    node: &Node,
    block: &'a Arc<Block>,
    index: usize,
) -> Result<ReceiptJson<'a>, RpcError> {
    let config = node.l2_config(&block.header)?;
    let first_log = block.receipts[..index].iter().map(|receipt| receipt.logs.len() as u64).sum();
    Ok(ReceiptJson::new(
        &block.transactions[index],
        &block.receipts[index],
        sealed_place(block, index as u64),
        gas_used(&block.receipts, index),
        first_log,
        block.header.excess_blob_gas.unwrap_or_default(),
        config.as_ref(),
    ))
}

/// `eth_getBlockReceipts`.
pub(super) fn get_block_receipts(node: &Node, params: &Params<'_>) -> Answer {
    node.find(params.get(0)?)?.map_or_else(none, |at| receipts_text(node, &at))
}

/// All receipts of a block.
pub(crate) fn receipts_text(node: &Node, at: &At) -> Answer {
    let environment = node.environment(at)?;
    let list = |transactions: &[SignedTransaction], receipts: &[mezz_evm::Receipt]| {
        let mut first_log = 0;
        let mut shapes = Vec::with_capacity(receipts.len());
        for (index, (transaction, receipt)) in transactions.iter().zip(receipts).enumerate() {
            let place = at.place(index as u64);
            let used = gas_used(receipts, index);
            let config = environment.l2.as_ref();
            shapes.push(ReceiptJson::new(
                transaction,
                receipt,
                place,
                used,
                first_log,
                environment.excess_blob_gas,
                config,
            ));
            first_log += receipt.logs.len() as u64;
        }
        json(&shapes)
    };
    match at {
        At::Sealed(block) => list(&block.transactions, &block.receipts),
        At::Pending(pending) => {
            let body = pending.body.read();
            list(body.transactions(), body.receipts())
        }
    }
}
