//! `eth_call` and `eth_createAccessList`.

use crate::{
    RpcError,
    evm::{Scene, output},
    node::Node,
    request::call_env,
    shape::quantity,
    wire::{Answer, Params, json},
    words::halt_words,
    workers::Deadline,
};
use alloy::{
    eips::{BlockId, eip2930::AccessList},
    primitives::{Address, U64},
    rpc::types::{BlockOverrides, TransactionRequest, state::StateOverride},
};
use revm::{DatabaseRef, context::result::ExecutionResult, inspector::NoOpInspector};
use revm_inspectors::access_list::AccessListInspector;
use serde::Serialize;

/// Rounds of tracing until an access list no longer grows.
const ACCESS_LIST_ROUNDS: usize = 16;

/// The scene after a block, with overrides.
pub(crate) fn scene(
    node: &Node,
    id: BlockId,
    state: Option<&StateOverride>,
    block: Option<&BlockOverrides>,
) -> Result<Scene, RpcError> {
    let at = node.at(id)?;
    let deadline = Deadline::after(node.limits.call_time_max);
    let mut scene = Scene::new(
        node.backend.store().chain(),
        node.state_of(&at)?,
        &node.environment(&at)?,
        deadline,
    );
    if let Some(overrides) = block {
        scene.override_block(overrides);
    }
    if let Some(overrides) = state {
        scene.override_state(overrides)?;
    }
    Ok(scene)
}

impl Scene {
    /// The nonce that the caller has here.
    pub(crate) fn nonce(&self, caller: Address) -> Result<u64, RpcError> {
        Ok(self.db.basic_ref(caller)?.map_or(0, |info| info.nonce))
    }

    /// As Ethereum's clients do: who offers no price sees a base fee of zero.
    pub(crate) fn free_of_charge(&mut self, request: &TransactionRequest) {
        let priced =
            request.gas_price.or(request.max_fee_per_gas).or(request.max_priority_fee_per_gas);
        if priced.unwrap_or(0) == 0 {
            self.block.basefee = 0;
        }
        if request.max_fee_per_blob_gas.unwrap_or(0) == 0
            && let Some(blob) = self.block.blob_excess_gas_and_price.as_mut()
        {
            blob.blob_gasprice = 0;
        }
    }
}

/// `eth_call`.
pub(super) fn call(node: &Node, params: &Params<'_>) -> Answer {
    let request: TransactionRequest = params.get(0)?;
    let (state, block): (Option<StateOverride>, Option<BlockOverrides>) =
        (params.optional(2)?, params.optional(3)?);
    let mut scene = scene(node, params.block(1)?, state.as_ref(), block.as_ref())?;
    scene.free_of_charge(&request);
    let gas = request.gas.unwrap_or(u64::MAX).min(node.limits.call_gas_max);
    let nonce = scene.nonce(request.from.unwrap_or_default())?;
    let tx = call_env(scene.chain, &request, gas, nonce)?;
    let (outcome, _) = scene.run(tx, NoOpInspector)?;
    json(&output(outcome.result)?)
}

/// What `eth_createAccessList` answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessListJson {
    access_list: AccessList,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    gas_used: U64,
}

/// `eth_createAccessList`: the addresses and slots that a call touches, until naming them names no more.
pub(super) fn create_access_list(node: &Node, params: &Params<'_>) -> Answer {
    let mut request: TransactionRequest = params.get(0)?;
    let state: Option<StateOverride> = params.optional(2)?;
    let mut scene = scene(node, params.block(1)?, state.as_ref(), None)?;
    scene.free_of_charge(&request);
    let gas = request.gas.unwrap_or(u64::MAX).min(node.limits.call_gas_max);
    let nonce = scene.nonce(request.from.unwrap_or_default())?;
    let mut listed = request.access_list.take().unwrap_or_default();
    for _ in 0..ACCESS_LIST_ROUNDS {
        request.access_list = (!listed.0.is_empty()).then(|| listed.clone());
        let tx = call_env(scene.chain, &request, gas, nonce)?;
        let (outcome, inspector) = scene.run(tx, AccessListInspector::new(listed.clone()))?;
        let touched = inspector.into_access_list();
        if touched == listed {
            let error = match &outcome.result {
                ExecutionResult::Success { .. } => None,
                ExecutionResult::Revert { output, .. } => {
                    Some(RpcError::execution_reverted(output).message)
                }
                ExecutionResult::Halt { reason, .. } => Some(halt_words(reason)),
            };
            return json(&AccessListJson {
                access_list: touched,
                error,
                gas_used: quantity(outcome.result.tx_gas_used()),
            });
        }
        listed = touched;
    }
    Err(RpcError::rejected(
        "the access list grows with every round: the call depends on its own access list",
    ))
}
