//! `ots_*`: what the Otterscan explorer asks for.

use crate::{
    RpcError,
    debug::locate,
    eth::receipts_text,
    methods::Handler::{self, Inline, Tracer},
    node::{At, Node, sealed_place},
    replay::Replay,
    shape::{BlockJson, TransactionJson, effective_gas_price, gas_used},
    trace,
    wire::{Answer, Params, json},
    workers::Deadline,
};
use alloy::{
    consensus::Transaction as _,
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, Bytes, U256},
    rpc::types::trace::{
        otterscan::TraceEntry,
        parity::{Action, TraceOutput},
    },
};
use mezz_storage::Block;
use revm::{DatabaseRef, context::result::ExecutionResult, inspector::NoOpInspector};
use revm_inspectors::otterscan::InternalOperationsInspector;
use serde_json::{Value, json as value};
use std::sync::Arc;

pub(crate) const METHODS: &[(&str, Handler)] = &[
    ("ots_getApiLevel", Inline(get_api_level)),
    ("ots_hasCode", Inline(has_code)),
    ("ots_getInternalOperations", Tracer(get_internal_operations)),
    ("ots_getTransactionError", Tracer(get_transaction_error)),
    ("ots_traceTransaction", Tracer(trace_transaction)),
    ("ots_getBlockDetails", Tracer(get_block_details)),
    ("ots_getBlockDetailsByHash", Tracer(get_block_details_by_hash)),
    ("ots_getBlockTransactions", Tracer(get_block_transactions)),
    ("ots_searchTransactionsBefore", Tracer(search_transactions_before)),
    ("ots_searchTransactionsAfter", Tracer(search_transactions_after)),
    ("ots_getTransactionBySenderAndNonce", Tracer(get_transaction_by_sender_and_nonce)),
    ("ots_getContractCreator", Tracer(get_contract_creator)),
];

/// Results on one page of a search.
const PAGE_MAX: usize = 100;

fn deadline(node: &Node) -> Deadline {
    Deadline::after(node.limits.trace_time_max)
}

fn get_api_level(_: &Node, _: &Params<'_>) -> Answer {
    Ok("8".to_owned())
}

fn has_code(node: &Node, params: &Params<'_>) -> Answer {
    let state = node.state(params.block(1)?)?;
    json(&state.basic_ref(params.address(0)?)?.is_some_and(|info| !info.is_empty_code_hash()))
}

fn get_internal_operations(node: &Node, params: &Params<'_>) -> Answer {
    let (at, index) = locate(node, params.hash(0)?)?;
    let mut replay = Replay::before(node, &at, index, deadline(node))?;
    json(&replay.watch(index, InternalOperationsInspector::default())?.inspector.into_operations())
}

/// What a transaction reverted with; nothing when it did not.
fn get_transaction_error(node: &Node, params: &Params<'_>) -> Answer {
    let (at, index) = locate(node, params.hash(0)?)?;
    let mut replay = Replay::before(node, &at, index, deadline(node))?;
    match replay.watch(index, NoOpInspector)?.outcome.result {
        ExecutionResult::Revert { output, .. } => json(&output),
        ExecutionResult::Success { .. } | ExecutionResult::Halt { .. } => json(&Bytes::new()),
    }
}

fn trace_transaction(node: &Node, params: &Params<'_>) -> Answer {
    let traces = trace::transaction_traces(node, params.hash(0)?)?;
    json(&traces.map(|traces| {
        traces
            .iter()
            .filter_map(|trace| TraceEntry::from_transaction_trace(&trace.trace))
            .collect::<Vec<_>>()
    }))
}

fn get_block_details(node: &Node, params: &Params<'_>) -> Answer {
    block_details(node, number(node, params)?)
}

fn get_block_details_by_hash(node: &Node, params: &Params<'_>) -> Answer {
    block_details(node, BlockId::from(params.hash(0)?))
}

/// Otterscan says numbers as numbers, everybody else as quantities and tags.
fn number(node: &Node, params: &Params<'_>) -> Result<BlockId, RpcError> {
    let number = match params.get::<u64>(0) {
        Ok(number) => number,
        Err(_) => node.number(params.get::<BlockNumberOrTag>(0)?),
    };
    Ok(BlockId::from(number))
}

fn block_details(node: &Node, id: BlockId) -> Answer {
    let Some(block) = node.sealed(id)? else { return Ok("null".to_owned()) };
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let fee = |index| {
        U256::from(effective_gas_price(&block.transactions[index], base_fee))
            * U256::from(gas_used(&block.receipts, index))
    };
    let fees = (0..block.transactions.len()).map(fee).fold(U256::ZERO, U256::saturating_add);
    let zero = U256::ZERO;
    json(&value!({
        "block": slim(&block, false)?,
        "issuance": { "blockReward": zero, "uncleReward": zero, "issuance": zero },
        "totalFees": fees,
    }))
}

/// A block without its bloom, and without its transactions or with them in full.
fn slim(block: &Block, full: bool) -> Result<Value, RpcError> {
    let shape = BlockJson::new(
        &block.header,
        block.hash,
        block.size,
        &block.transactions,
        &block.receipts,
        full,
    );
    let mut shape = serde_json::to_value(shape).map_err(RpcError::internal)?;
    shape["logsBloom"] = Value::Null;
    shape["transactionCount"] = block.transactions.len().into();
    if let (Value::Object(fields), false) = (&mut shape, full) {
        fields.remove("transactions");
    }
    Ok(shape)
}

/// One page of a block's transactions, the last page first.
fn get_block_transactions(node: &Node, params: &Params<'_>) -> Answer {
    let Some(block) = node.sealed(number(node, params)?)? else { return Ok("null".to_owned()) };
    let (page, size): (usize, usize) = (params.get(1)?, params.get::<usize>(2)?.clamp(1, PAGE_MAX));
    let end = block.transactions.len().saturating_sub(page.saturating_mul(size));
    let start = end.saturating_sub(size);
    let mut shape = slim(&block, true)?;
    if let Some(transactions) = shape["transactions"].as_array_mut() {
        transactions.truncate(end);
        transactions.drain(..start);
        transactions.iter_mut().for_each(keep_selector);
    }
    let receipts = receipts(node, &block)?.drain(start..end).map(without_logs).collect::<Vec<_>>();
    json(&value!({ "fullblock": shape, "receipts": receipts }))
}

/// Cuts the input to the four bytes that name the method.
fn keep_selector(transaction: &mut Value) {
    if let Some(input) = transaction["input"].as_str().filter(|input| input.len() > 10) {
        transaction["input"] = input[..10].into();
    }
}

fn receipts(node: &Node, block: &Arc<Block>) -> Result<Vec<Value>, RpcError> {
    serde_json::from_str(&receipts_text(node, &At::Sealed(block.clone()))?)
        .map_err(RpcError::internal)
}

fn without_logs(mut receipt: Value) -> Value {
    receipt["logs"] = Value::Null;
    receipt["logsBloom"] = Value::Null;
    receipt
}

/// What a search has found.
#[derive(Default)]
struct Page {
    transactions: Vec<Value>,
    receipts: Vec<Value>,
}

impl Page {
    /// Adds the transactions of a block that `address` takes part in, the newest first.
    fn add(&mut self, node: &Node, block: &Arc<Block>, address: Address) -> Result<(), RpcError> {
        let hits: Vec<usize> = (0..block.transactions.len())
            .rev()
            .filter(|index| takes_part(block, *index, address))
            .collect();
        if hits.is_empty() {
            return Ok(());
        }
        let all = receipts(node, block)?;
        for index in hits {
            let shape = TransactionJson::new(
                &block.transactions[index],
                Some(sealed_place(block, index as u64)),
                block.receipts[index].deposit_nonce,
            );
            self.transactions.push(serde_json::to_value(shape).map_err(RpcError::internal)?);
            let mut receipt = without_logs(all[index].clone());
            receipt["timestamp"] = block.header.timestamp.into();
            self.receipts.push(receipt);
        }
        Ok(())
    }

    fn finish(self, first: bool, last: bool) -> Answer {
        json(
            &value!({ "txs": self.transactions, "receipts": self.receipts, "firstPage": first, "lastPage": last }),
        )
    }
}

/// Whether an address is sender, recipient, created contract, or in a log of a transaction.
fn takes_part(block: &Block, index: usize, address: Address) -> bool {
    let (signed, receipt) = (&block.transactions[index], &block.receipts[index]);
    let word = address.into_word();
    signed.sender == address
        || signed.transaction.to() == Some(address)
        || signed.created(receipt.deposit_nonce.unwrap_or_else(|| signed.transaction.nonce()))
            == Some(address)
        || receipt
            .logs
            .iter()
            .any(|log| log.address == address || log.data.topics().contains(&word))
}

/// Backwards from a block (0: from the head). The address is found as sender, recipient, created contract or in logs.
fn search_transactions_before(node: &Node, params: &Params<'_>) -> Answer {
    let (address, before, size): (Address, u64, usize) =
        (params.address(0)?, params.get(1)?, params.get(2)?);
    let latest = node.backend.heads().latest;
    let mut next = if before == 0 {
        Some(latest)
    } else {
        before.checked_sub(1).map(|number| number.min(latest))
    };
    let (mut page, deadline) = (Page::default(), deadline(node));
    while let Some(number) = next.filter(|_| page.transactions.len() < size.min(PAGE_MAX)) {
        deadline.check()?;
        if let Some(block) = node.backend.store().block(number)? {
            page.add(node, &block, address)?;
        }
        next = number.checked_sub(1);
    }
    page.finish(before == 0, next.is_none())
}

/// Forwards from a block (0: from genesis); the answer is newest first all the same.
fn search_transactions_after(node: &Node, params: &Params<'_>) -> Answer {
    let (address, after, size): (Address, u64, usize) =
        (params.address(0)?, params.get(1)?, params.get(2)?);
    let latest = node.backend.heads().latest;
    let mut next = if after == 0 { 0 } else { after + 1 };
    let (mut pages, mut count, deadline) = (Vec::new(), 0, deadline(node));
    while next <= latest && count < size.min(PAGE_MAX) {
        deadline.check()?;
        if let Some(block) = node.backend.store().block(next)? {
            let mut page = Page::default();
            page.add(node, &block, address)?;
            count += page.transactions.len();
            pages.push(page);
        }
        next += 1;
    }
    let all = pages.into_iter().rev().fold(Page::default(), |mut all, page| {
        all.transactions.extend(page.transactions);
        all.receipts.extend(page.receipts);
        all
    });
    all.finish(next > latest, after == 0)
}

/// The first block in `0..=latest` whose state is as `holds` wants it, when that never changes back.
fn first_block(
    node: &Node,
    holds: impl Fn(&mezz_storage::State) -> Result<bool, RpcError>,
) -> Result<Option<u64>, RpcError> {
    let (mut low, mut high) = (0, node.backend.heads().latest);
    if !holds(&node.state_after(high)?)? {
        return Ok(None);
    }
    while low < high {
        let middle = low + (high - low) / 2;
        match holds(&node.state_after(middle)?)? {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    Ok(Some(low))
}

fn get_transaction_by_sender_and_nonce(node: &Node, params: &Params<'_>) -> Answer {
    let sender = params.address(0)?;
    let nonce: u64 = match params.get::<u64>(1) {
        Ok(nonce) => nonce,
        Err(_) => params.get::<alloy::primitives::U64>(1)?.to(),
    };
    let used = |state: &mezz_storage::State| {
        Ok(state.basic_ref(sender)?.is_some_and(|info| info.nonce > nonce))
    };
    let Some(number) = first_block(node, used)? else { return Ok("null".to_owned()) };
    let block =
        node.backend.store().block(number)?.ok_or_else(|| RpcError::block_not_found(number))?;
    let nonce_of = |index: usize| {
        block.receipts[index]
            .deposit_nonce
            .unwrap_or_else(|| block.transactions[index].transaction.nonce())
    };
    let found = (0..block.transactions.len())
        .find(|index| block.transactions[*index].sender == sender && nonce_of(*index) == nonce);
    json(&found.map(|index| block.transactions[index].hash))
}

fn get_contract_creator(node: &Node, params: &Params<'_>) -> Answer {
    let contract = params.address(0)?;
    let there = |state: &mezz_storage::State| {
        Ok(state.basic_ref(contract)?.is_some_and(|info| !info.is_empty_code_hash()))
    };
    let Some(number) = first_block(node, there)?.filter(|number| *number > 0) else {
        return Ok("null".to_owned());
    };
    let traces = trace::block_traces(node, &node.at(BlockId::from(number))?, deadline(node))?;
    let creation =
        traces.into_iter().find_map(|trace| match (&trace.trace.action, &trace.trace.result) {
            (Action::Create(action), Some(TraceOutput::Create(output)))
                if output.address == contract =>
            {
                Some(value!({ "hash": trace.transaction_hash, "creator": action.from }))
            }
            _ => None,
        });
    json(&creation)
}
