//! `debug_*`: raw data, geth's tracers, witnesses.

use crate::{
    RpcError,
    eth::scene,
    logs::array,
    methods::Handler::{self, Inline, Tracer},
    node::{At, Node},
    replay::Replay,
    request::call_env,
    wire::{Answer, Params, json},
    workers::Deadline,
};
use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, keccak256},
    rlp::{BufMut, Encodable, Header as RlpHeader},
    rpc::types::{
        TransactionRequest,
        trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions, GethTrace},
    },
};
use mezz_evm::{
    BlockEnvironment, BlockExecutor, L2Config, Layer, Overlay, PartialState, StateRoots,
};
use mezz_storage::Block;
use revm_inspectors::tracing::{
    DebugInspector, DebugInspectorError, TraceLimitBehavior, TraceLimits, TransactionContext,
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

pub(crate) const METHODS: &[(&str, Handler)] = &[
    ("debug_getRawHeader", Inline(get_raw_header)),
    ("debug_getRawBlock", Inline(get_raw_block)),
    ("debug_getRawTransaction", Inline(get_raw_transaction)),
    ("debug_getRawReceipts", Inline(get_raw_receipts)),
    ("debug_getBadBlocks", Inline(get_bad_blocks)),
    ("debug_traceTransaction", Tracer(trace_transaction)),
    ("debug_traceCall", Tracer(trace_call)),
    ("debug_traceBlockByNumber", Tracer(trace_block_by_number)),
    ("debug_traceBlockByHash", Tracer(trace_block_by_hash)),
    ("debug_storageRangeAt", Tracer(storage_range_at)),
    ("debug_executionWitness", Tracer(execution_witness)),
    ("debug_executionWitnessByBlockHash", Tracer(execution_witness)),
];

fn sealed(node: &Node, params: &Params<'_>) -> Result<Arc<Block>, RpcError> {
    let id = params.get(0)?;
    node.sealed(id)?
        .ok_or_else(|| RpcError::rejected("block not found: only sealed blocks have an encoding"))
}

fn get_raw_header(node: &Node, params: &Params<'_>) -> Answer {
    json(&Bytes::from(alloy::rlp::encode(&sealed(node, params)?.header)))
}

fn get_raw_block(node: &Node, params: &Params<'_>) -> Answer {
    json(&Bytes::from(encode_block(&*sealed(node, params)?)))
}

/// `rlp([header, transactions, ommers, withdrawals])`.
fn encode_block(block: &Block) -> Vec<u8> {
    let mut transactions = Vec::new();
    for transaction in &block.transactions {
        // A legacy transaction is a list and stands as it is; a typed one is a string.
        match transaction.standing().first() {
            Some(first) if *first >= 0xc0 => transactions.put_slice(transaction.standing()),
            _ => transaction.standing().encode(&mut transactions),
        }
    }
    let mut fields = Vec::new();
    block.header.encode(&mut fields);
    RlpHeader { list: true, payload_length: transactions.len() }.encode(&mut fields);
    fields.put_slice(&transactions);
    fields.put_u8(alloy::rlp::EMPTY_LIST_CODE);
    if block.header.withdrawals_root.is_some() {
        fields.put_u8(alloy::rlp::EMPTY_LIST_CODE);
    }
    let mut encoded = Vec::new();
    RlpHeader { list: true, payload_length: fields.len() }.encode(&mut encoded);
    encoded.put_slice(&fields);
    encoded
}

fn get_raw_transaction(node: &Node, params: &Params<'_>) -> Answer {
    match node.backend.store().transaction(params.hash(0)?)? {
        Some((block, index)) => json(&block.transactions[index].bytes),
        // As geth: no bytes.
        None => json(&Bytes::new()),
    }
}

fn get_raw_receipts(node: &Node, params: &Params<'_>) -> Answer {
    let block = sealed(node, params)?;
    let encode = |receipt: &mezz_evm::Receipt| {
        let mut bytes = Vec::new();
        receipt.encode_2718(&mut bytes);
        Bytes::from(bytes)
    };
    json(&block.receipts.iter().map(encode).collect::<Vec<_>>())
}

/// A chain that executes its own blocks stores no bad ones.
fn get_bad_blocks(_: &Node, _: &Params<'_>) -> Answer {
    Ok("[]".to_owned())
}

impl<E: std::fmt::Display> From<DebugInspectorError<E>> for RpcError {
    fn from(error: DebugInspectorError<E>) -> Self {
        match error {
            DebugInspectorError::Database(error) => Self::internal(error),
            DebugInspectorError::JsTracerNotEnabled | DebugInspectorError::UnsupportedTracer => {
                Self::invalid_params(
                    "no such tracer; there are callTracer, prestateTracer, 4byteTracer, flatCallTracer, muxTracer, noopTracer, erc7562Tracer, and struct logs without one",
                )
            }
            other => Self::invalid_params(other.to_string()),
        }
    }
}

/// `debug_traceTransaction`.
fn trace_transaction(node: &Node, params: &Params<'_>) -> Answer {
    let hash = params.hash(0)?;
    let options: GethDebugTracingOptions = params.optional(1)?.unwrap_or_default();
    let (at, index) = locate(node, hash)?;
    let mut replay = Replay::before(node, &at, index, Deadline::after(node.limits.trace_time_max))?;
    replay.limit_records(record_limit(node, &options));
    json(&trace_one(&mut replay, &at, index, inspector(node, options)?)?.0)
}

/// What recording instructions may take: without a tracer, or with several, each instruction is recorded.
fn record_limit(node: &Node, options: &GethDebugTracingOptions) -> usize {
    let records = match &options.tracer {
        None => true,
        Some(tracer) => matches!(tracer.as_str(), "" | "muxTracer" | "erc7562Tracer"),
    };
    if records { node.limits.trace_bytes_max } else { usize::MAX }
}

/// The tracer that the options name. Struct logs copy memory as far as the limit goes.
fn inspector(node: &Node, options: GethDebugTracingOptions) -> Result<DebugInspector, RpcError> {
    Ok(match DebugInspector::new(options)? {
        DebugInspector::Default(inspector, options) => {
            let limits = TraceLimits::default()
                .set_max_recorded_bytes(Some(node.limits.trace_bytes_max))
                .set_behavior(TraceLimitBehavior::Halt);
            DebugInspector::Default(inspector.with_limits(limits), options)
        }
        other => other,
    })
}

/// Where a transaction stands, in a block or in the one under construction.
pub(crate) fn locate(node: &Node, hash: B256) -> Result<(At, usize), RpcError> {
    if let Some((block, index)) = node.backend.store().transaction(hash)? {
        return Ok((At::Sealed(block), index));
    }
    let pending = node.backend.pending().and_then(|pending| {
        let index = pending.body.read().position(&hash)?;
        Some((At::Pending(pending), index))
    });
    pending
        .ok_or_else(|| RpcError::rejected(format!("transaction not found: {hash} is in no block")))
}

/// Executes one transaction under a tracer; the outcome is still to be written.
fn trace_one(
    replay: &mut Replay,
    at: &At,
    index: usize,
    inspector: DebugInspector,
) -> Result<(GethTrace, revm::context::result::ResultAndState), RpcError> {
    let context = TransactionContext {
        block_hash: match at {
            At::Sealed(block) => Some(block.hash),
            At::Pending(_) => None,
        },
        tx_index: Some(index),
        tx_hash: replay.transactions().get(index).map(|transaction| transaction.hash),
    };
    let mut watched = replay.watch(index, inspector)?;
    let trace = watched.inspector.get_result(
        Some(context),
        &watched.tx,
        &watched.block,
        &watched.outcome,
        replay.db(),
    )?;
    Ok((trace, watched.outcome))
}

fn trace_block_by_number(node: &Node, params: &Params<'_>) -> Answer {
    trace_block(node, BlockId::Number(params.get::<BlockNumberOrTag>(0)?), params)
}

fn trace_block_by_hash(node: &Node, params: &Params<'_>) -> Answer {
    trace_block(node, BlockId::from(params.hash(0)?), params)
}

/// The trace of one transaction of a block.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Traced {
    tx_hash: B256,
    result: GethTrace,
}

fn trace_block(node: &Node, id: BlockId, params: &Params<'_>) -> Answer {
    let options: GethDebugTracingOptions = params.optional(1)?.unwrap_or_default();
    let at = node.at(id)?;
    let mut replay = Replay::start(node, &at, Deadline::after(node.limits.trace_time_max))?;
    replay.limit_records(record_limit(node, &options));
    let (mut texts, mut bytes) = (Vec::new(), 0);
    for index in 0..replay.transactions().len() {
        let tx_hash = replay.transactions()[index].hash;
        let (result, outcome) =
            trace_one(&mut replay, &at, index, inspector(node, options.clone())?)?;
        replay.write(outcome);
        let text = json(&Traced { tx_hash, result })?;
        bytes += text.len();
        if bytes > node.limits.answer_bytes_max {
            return Err(RpcError::limit(
                "the traces of this block are too large: trace its transactions one by one",
            ));
        }
        texts.push(text);
    }
    Ok(array(&texts))
}

/// `debug_traceCall`.
fn trace_call(node: &Node, params: &Params<'_>) -> Answer {
    let request: TransactionRequest = params.get(0)?;
    let options: GethDebugTracingCallOptions = params.optional(2)?.unwrap_or_default();
    let mut scene = scene(
        node,
        params.block(1)?,
        options.state_overrides.as_ref(),
        options.block_overrides.as_ref(),
    )?;
    scene.deadline = Deadline::after(node.limits.trace_time_max);
    scene.record_bytes_max = record_limit(node, &options.tracing_options);
    scene.free_of_charge(&request);
    let gas = request.gas.unwrap_or(u64::MAX).min(node.limits.call_gas_max);
    let nonce = scene.nonce(request.from.unwrap_or_default())?;
    let tx = call_env(scene.chain, &request, gas, nonce)?;
    let (outcome, mut inspector) =
        scene.run(tx.clone(), inspector(node, options.tracing_options)?)?;
    let block = scene.block.clone();
    json(&inspector.get_result(None, &tx, &block, &outcome, &mut scene.db)?)
}

/// `debug_executionWitness`: what the execution of a block reads of its parent's state, so that the block can be executed again from it alone.
fn execution_witness(node: &Node, params: &Params<'_>) -> Answer {
    let block = sealed(node, params)?;
    let Some(parent) = block.header.number.checked_sub(1) else {
        return Err(RpcError::rejected("genesis has no witness: nothing was executed"));
    };
    let state = node.state_after(parent)?;
    let recorded = PartialState::recording(state.trie()?, state);
    let mut overlay = Overlay::new(&recorded);
    let l2 = match node.backend.store().chain().layer {
        Layer::One => None,
        Layer::Two => Some(L2Config::read(&mut overlay)?),
    };
    let environment = BlockEnvironment::of_header(&block.header, l2);
    let mut executor = BlockExecutor::begin(node.backend.store().chain(), environment, overlay)
        .map_err(RpcError::internal)?;
    for transaction in &block.transactions {
        let refused = executor.transact(transaction.clone()).map_err(RpcError::internal)?.err();
        if let Some(error) = refused {
            return Err(RpcError::internal(format!(
                "transaction {} is not valid at its place: {error}",
                transaction.hash
            )));
        }
    }
    let diff = executor.finish().map_err(RpcError::internal)?.db.diff;
    recorded.roots(&diff)?;
    let header = |number| {
        node.backend
            .store()
            .header(number)?
            .map(|header| header.as_ref().clone())
            .ok_or_else(|| RpcError::block_not_found(number))
    };
    json(&recorded.into_witness(parent, header)?)
}

/// A part of a contract's storage.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StorageRange {
    storage: BTreeMap<B256, StorageEntry>,
    next_key: Option<B256>,
}

#[derive(Serialize)]
struct StorageEntry {
    /// The slot itself where it is known: the trie has its hash only.
    key: Option<B256>,
    value: B256,
}

/// Slots in one answer.
const RANGE_MAX: usize = 1024;

/// `debug_storageRangeAt`: block hash, transactions executed of it, contract, first hashed key, slots wanted.
fn storage_range_at(node: &Node, params: &Params<'_>) -> Answer {
    let at = node.at(params.get(0)?)?;
    let (executed, contract): (usize, Address) = (params.get(1)?, params.address(2)?);
    let start: Bytes = params.optional(3)?.unwrap_or_default();
    let wanted = params.optional::<usize>(4)?.unwrap_or(RANGE_MAX).min(RANGE_MAX);
    let mut replay =
        Replay::before(node, &at, executed, Deadline::after(node.limits.trace_time_max))?;
    let diff = replay.db().overlay.diff.clone();
    let mut trie = node.state_after(replay.environment().number - 1)?.trie()?;
    trie.apply(&diff).map_err(RpcError::internal)?;
    let known: BTreeMap<B256, B256> = diff
        .accounts
        .get(&contract)
        .into_iter()
        .flat_map(|change| change.storage.keys())
        .map(|slot| B256::from(*slot))
        .map(|slot| (keccak256(slot), slot))
        .collect();
    let mut range = StorageRange { storage: BTreeMap::new(), next_key: None };
    let Some(leaf) = trie.leaf(&keccak256(contract)).map_err(RpcError::internal)? else {
        return json(&range);
    };
    let first = B256::right_padding_from(&start[..start.len().min(32)]);
    for entry in leaf.storage.iter() {
        let (hashed, value) = entry.map_err(RpcError::internal)?;
        if hashed < first {
            continue;
        }
        if range.storage.len() == wanted {
            range.next_key = Some(hashed);
            break;
        }
        range.storage.insert(
            hashed,
            StorageEntry { key: known.get(&hashed).copied(), value: B256::from(*value) },
        );
    }
    json(&range)
}
