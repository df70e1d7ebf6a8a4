//! `trace_*`: traces in the manner of OpenEthereum.

use crate::{
    RpcError,
    debug::locate,
    eth::scene,
    methods::Handler::{self, Tracer},
    node::{At, Node},
    replay::{Replay, Watched},
    request::call_env,
    wire::{Answer, Params, json},
    workers::Deadline,
};
use alloy::{
    consensus::Transaction as _,
    eips::{BlockId, BlockNumberOrTag},
    primitives::{B256, Bytes, U64, map::HashSet},
    rpc::types::{
        BlockOverrides, TransactionInfo, TransactionRequest,
        state::StateOverride,
        trace::{
            filter::TraceFilter,
            parity::{
                LocalizedTransactionTrace, TraceResults, TraceResultsWithTransactionHash, TraceType,
            },
        },
    },
};
use mezz_evm::SignedTransaction;
use revm_inspectors::tracing::{TracingInspector, TracingInspectorConfig};

pub(crate) const METHODS: &[(&str, Handler)] = &[
    ("trace_block", Tracer(block)),
    ("trace_transaction", Tracer(transaction)),
    ("trace_get", Tracer(get)),
    ("trace_filter", Tracer(filter)),
    ("trace_call", Tracer(call)),
    ("trace_callMany", Tracer(call_many)),
    ("trace_rawTransaction", Tracer(raw_transaction)),
    ("trace_replayTransaction", Tracer(replay_transaction)),
    ("trace_replayBlockTransactions", Tracer(replay_block_transactions)),
];

type Types = HashSet<TraceType>;

fn deadline(node: &Node) -> Deadline {
    Deadline::after(node.limits.trace_time_max)
}

/// What recording instructions may take, when the types ask for that.
fn record_limit(node: &Node, types: &Types) -> usize {
    if types.contains(&TraceType::VmTrace) { node.limits.trace_bytes_max } else { usize::MAX }
}

fn tracer() -> TracingInspector {
    TracingInspector::new(TracingInspectorConfig::default_parity())
}

/// `trace_block`.
fn block(node: &Node, params: &Params<'_>) -> Answer {
    match node.find(params.block(0)?)? {
        Some(at) => json(&block_traces(node, &at, deadline(node))?),
        None => Ok("null".to_owned()),
    }
}

/// The traces of all transactions of a block; none for genesis.
pub(crate) fn block_traces(
    node: &Node,
    at: &At,
    deadline: Deadline,
) -> Result<Vec<LocalizedTransactionTrace>, RpcError> {
    if at.number() == 0 {
        return Ok(Vec::new());
    }
    let mut replay = Replay::start(node, at, deadline)?;
    let mut traces = Vec::new();
    for index in 0..replay.transactions().len() {
        let watched = replay.watch(index, tracer())?;
        let signed = replay.transactions()[index].clone();
        let outcome = localize(at, index, &signed, watched, &mut traces);
        replay.write(outcome);
    }
    Ok(traces)
}

/// Adds the traces of one transaction with their place.
fn localize(
    at: &At,
    index: usize,
    signed: &SignedTransaction,
    watched: Watched<TracingInspector>,
    traces: &mut Vec<LocalizedTransactionTrace>,
) -> revm::context::result::ResultAndState {
    let place = at.place(index as u64);
    let info = TransactionInfo {
        hash: Some(signed.hash),
        index: Some(index as u64),
        block_hash: Some(place.block_hash),
        block_number: Some(place.block_number),
        ..TransactionInfo::default()
    };
    let inspector = watched.inspector.with_transaction_gas_limit(signed.transaction.gas_limit());
    traces.extend(inspector.into_parity_builder().into_localized_transaction_traces_iter(info));
    watched.outcome
}

/// The traces of one transaction; `None` when there is no such.
pub(crate) fn transaction_traces(
    node: &Node,
    hash: B256,
) -> Result<Option<Vec<LocalizedTransactionTrace>>, RpcError> {
    let Ok((at, index)) = locate(node, hash) else { return Ok(None) };
    let mut replay = Replay::before(node, &at, index, deadline(node))?;
    let watched = replay.watch(index, tracer())?;
    let mut traces = Vec::new();
    let signed = replay.transactions()[index].clone();
    localize(&at, index, &signed, watched, &mut traces);
    Ok(Some(traces))
}

/// `trace_transaction`.
fn transaction(node: &Node, params: &Params<'_>) -> Answer {
    json(&transaction_traces(node, params.hash(0)?)?)
}

/// `trace_get`: the trace at an address in a transaction's tree of calls.
fn get(node: &Node, params: &Params<'_>) -> Answer {
    let address: Vec<U64> = params.get(1)?;
    let address: Vec<usize> = address.into_iter().map(|index| index.saturating_to()).collect();
    let traces = transaction_traces(node, params.hash(0)?)?.unwrap_or_default();
    json(&traces.into_iter().find(|trace| trace.trace.trace_address == address))
}

/// `trace_filter`.
fn filter(node: &Node, params: &Params<'_>) -> Answer {
    let filter: TraceFilter = params.get(0)?;
    let latest = node.backend.heads().latest;
    let (from, to) =
        (filter.from_block.unwrap_or(latest), filter.to_block.unwrap_or(latest).min(latest));
    if from > to {
        return Err(RpcError::invalid_params(
            "invalid block range: fromBlock is after toBlock or after the head",
        ));
    }
    let limit = node.limits.trace_range_blocks_max;
    if to - from >= limit {
        return Err(RpcError::limit(format!(
            "block range too large: {} blocks, {limit} are allowed",
            to - from + 1
        )));
    }
    let (matcher, deadline) = (filter.matcher(), deadline(node));
    let wanted =
        filter.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
    let mut skip = filter.after.unwrap_or(0);
    let mut found = Vec::new();
    for number in from..=to {
        deadline.check()?;
        for trace in block_traces(node, &node.at(BlockId::from(number))?, deadline)? {
            if !matcher.matches(&trace.trace) {
                continue;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            if found.len() == wanted {
                return json(&found);
            }
            if found.len() == node.limits.logs_max {
                return Err(RpcError::limit(format!(
                    "more than {} traces: ask for fewer blocks or set \"count\"",
                    node.limits.logs_max
                )));
            }
            found.push(trace);
        }
    }
    json(&found)
}

/// `trace_call`: request, trace types, block, overrides.
fn call(node: &Node, params: &Params<'_>) -> Answer {
    let (request, types): (TransactionRequest, Types) = (params.get(0)?, params.get(1)?);
    let (state, block): (Option<StateOverride>, Option<BlockOverrides>) =
        (params.optional(3)?, params.optional(4)?);
    let mut scene = scene(node, params.block(2)?, state.as_ref(), block.as_ref())?;
    json(&trace_in(node, &mut scene, &request, &types)?.0)
}

/// `trace_callMany`: requests with their trace types, each on the state that the one before left.
fn call_many(node: &Node, params: &Params<'_>) -> Answer {
    let calls: Vec<(TransactionRequest, Types)> = params.get(0)?;
    let mut scene = scene(node, params.block(1)?, None, None)?;
    let mut results = Vec::new();
    for (request, types) in &calls {
        let (result, changes) = trace_in(node, &mut scene, request, types)?;
        scene.commit(changes);
        results.push(result);
    }
    json(&results)
}

fn trace_in(
    node: &Node,
    scene: &mut crate::evm::Scene,
    request: &TransactionRequest,
    types: &Types,
) -> Result<(TraceResults, revm::state::EvmState), RpcError> {
    scene.deadline = deadline(node);
    scene.record_bytes_max = record_limit(node, types);
    scene.free_of_charge(request);
    let gas = request.gas.unwrap_or(u64::MAX).min(node.limits.call_gas_max);
    let nonce = scene.nonce(request.from.unwrap_or_default())?;
    let tx = call_env(scene.chain, request, gas, nonce)?;
    let (outcome, inspector) =
        scene.run(tx, TracingInspector::new(TracingInspectorConfig::from_parity_config(types)))?;
    let result = inspector
        .into_parity_builder()
        .into_trace_results_with_state(&outcome, types, &scene.db)?;
    Ok((result, outcome.state))
}

/// `trace_rawTransaction`: a signed transaction as if it were the next.
fn raw_transaction(node: &Node, params: &Params<'_>) -> Answer {
    let (bytes, types): (Bytes, Types) = (params.get(0)?, params.get(1)?);
    let signed = SignedTransaction::decode(bytes)
        .map_err(|error| RpcError::invalid_params(error.to_string()))?;
    let at = node.at(params.optional(2)?.unwrap_or(BlockId::Number(BlockNumberOrTag::Latest)))?;
    let mut replay = Replay::after(node, &at, deadline(node))?;
    replay.limit_records(record_limit(node, &types));
    let watched = replay.watch_other(
        &signed,
        TracingInspector::new(TracingInspectorConfig::from_parity_config(&types)),
    )?;
    json(&results(&mut replay, &watched.outcome, watched.inspector, &types)?)
}

fn results(
    replay: &mut Replay,
    outcome: &revm::context::result::ResultAndState,
    inspector: TracingInspector,
    types: &Types,
) -> Result<TraceResults, RpcError> {
    Ok(inspector.into_parity_builder().into_trace_results_with_state(
        outcome,
        types,
        &*replay.db(),
    )?)
}

/// `trace_replayTransaction`.
fn replay_transaction(node: &Node, params: &Params<'_>) -> Answer {
    let types: Types = params.get(1)?;
    let (at, index) = locate(node, params.hash(0)?)?;
    let mut replay = Replay::before(node, &at, index, deadline(node))?;
    replay.limit_records(record_limit(node, &types));
    let watched = replay
        .watch(index, TracingInspector::new(TracingInspectorConfig::from_parity_config(&types)))?;
    json(&results(&mut replay, &watched.outcome, watched.inspector, &types)?)
}

/// `trace_replayBlockTransactions`.
fn replay_block_transactions(node: &Node, params: &Params<'_>) -> Answer {
    let types: Types = params.get(1)?;
    let at = node.at(params.get(0)?)?;
    if at.number() == 0 {
        return Ok("[]".to_owned());
    }
    let mut replay = Replay::start(node, &at, deadline(node))?;
    replay.limit_records(record_limit(node, &types));
    let mut all = Vec::new();
    for index in 0..replay.transactions().len() {
        let watched = replay.watch(
            index,
            TracingInspector::new(TracingInspectorConfig::from_parity_config(&types)),
        )?;
        let full_trace = results(&mut replay, &watched.outcome, watched.inspector, &types)?;
        all.push(TraceResultsWithTransactionHash {
            full_trace,
            transaction_hash: replay.transactions()[index].hash,
        });
        replay.write(watched.outcome);
    }
    json(&all)
}
