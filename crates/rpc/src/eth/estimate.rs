//! `eth_estimateGas`.

use super::call::scene;
use crate::{
    RpcError,
    evm::{CallError, Scene, output},
    node::Node,
    request::call_env,
    shape::{quantity, saturate},
    wire::{Answer, Params, json},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, TxKind, U256},
    rpc::types::{BlockOverrides, TransactionRequest, state::StateOverride},
};
use mezz_evm::{Charges, L2Config};
use revm::{
    DatabaseRef,
    context::{
        TxEnv,
        result::{ExecutionResult, HaltReason, InvalidTransaction},
    },
    inspector::NoOpInspector,
};

/// Gas of a transfer of ether.
const TRANSFER_GAS: u64 = 21_000;
/// Gas that a call with value hands on beside its own.
const CALL_STIPEND: u64 = 2_300;
/// EIP-7825: the most gas of one transaction.
const TRANSACTION_GAS_MAX: u64 = 1 << 24;
/// How close the answer is to the least gas: 1.5 %, as geth.
const TOLERANCE: f64 = 0.015;

/// `eth_estimateGas`: the least gas (nearly) with which a call succeeds, on the pending state if the caller names no block.
pub(super) fn estimate_gas(node: &Node, params: &Params<'_>) -> Answer {
    let request: TransactionRequest = params.get(0)?;
    let (state, block): (Option<StateOverride>, Option<BlockOverrides>) =
        (params.optional(2)?, params.optional(3)?);
    // Where the transaction will be executed: after those that are preconfirmed.
    let id = params.optional(1)?.unwrap_or(BlockId::pending());
    let mut scene = scene(node, id, state.as_ref(), block.as_ref())?;
    let config = node.environment(&node.at(id)?)?.l2;
    json(&quantity(estimate(node, &mut scene, &request, config.as_ref())?))
}

/// The gas for `request` in `scene`.
pub(super) fn estimate(
    node: &Node,
    scene: &mut Scene,
    request: &TransactionRequest,
    config: Option<&L2Config>,
) -> Result<u64, RpcError> {
    scene.free_of_charge(request);
    let asked = request.gas.filter(|gas| *gas >= TRANSFER_GAS).unwrap_or(scene.block.gas_limit);
    let most = asked.min(TRANSACTION_GAS_MAX).min(node.limits.call_gas_max);
    let nonce = scene.nonce(request.from.unwrap_or_default())?;
    let mut tx = call_env(scene.chain, request, most, nonce)?;
    tx.gas_limit = affordable(scene, &tx, most, config)?;
    if is_transfer(scene, &tx)?
        && matches!(attempt(scene, &tx, TRANSFER_GAS)?, Attempt::Enough { .. })
    {
        return Ok(TRANSFER_GAS);
    }
    search(scene, &tx)
}

/// The gas that the caller can pay for, at most `most`.
fn affordable(
    scene: &Scene,
    tx: &TxEnv,
    most: u64,
    config: Option<&L2Config>,
) -> Result<u64, RpcError> {
    if tx.gas_price == 0 {
        return Ok(most);
    }
    let balance = scene.db.basic_ref(tx.caller)?.unwrap_or_default().balance;
    let blobs = U256::from(tx.max_fee_per_blob_gas)
        * U256::from(tx.blob_hashes.len())
        * U256::from(alloy::eips::eip4844::DATA_GAS_PER_BLOB);
    let rollup =
        config.map_or(U256::ZERO, |config| Charges::new(config, &signed_size(tx)).upfront(most));
    let needed = tx.value.saturating_add(blobs).saturating_add(rollup);
    if balance < needed {
        return Err(RpcError::rejected(format!(
            "insufficient funds for transfer: address {} have {balance} want {needed}",
            tx.caller
        )));
    }
    Ok(most.min(saturate((balance - needed) / U256::from(tx.gas_price))))
}

/// Bytes as long, and about as hard to compress, as the signed transaction will be: its data, and 120 bytes for everything else.
fn signed_size(tx: &TxEnv) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..120u8).map(|index| index.wrapping_mul(151)).collect();
    bytes.extend_from_slice(&tx.data);
    bytes
}

fn is_transfer(scene: &Scene, tx: &TxEnv) -> Result<bool, RpcError> {
    let TxKind::Call(to) = tx.kind else { return Ok(false) };
    let plain = tx.data.is_empty()
        && tx.access_list.0.is_empty()
        && tx.authorization_list.is_empty()
        && !scene.moves.contains_key(&to);
    Ok(plain && has_no_code(scene, to)?)
}

fn has_no_code(scene: &Scene, address: Address) -> Result<bool, RpcError> {
    Ok(scene.db.basic_ref(address)?.is_none_or(|info| info.is_empty_code_hash()))
}

/// What became of a call with some gas.
enum Attempt {
    Enough { used: u64, refunded: u64 },
    TooLittle,
    Failed(ExecutionResult),
}

fn attempt(scene: &mut Scene, tx: &TxEnv, gas: u64) -> Result<Attempt, RpcError> {
    let result = match scene.run(TxEnv { gas_limit: gas, ..tx.clone() }, NoOpInspector) {
        Ok((outcome, _)) => outcome.result,
        Err(CallError::Invalid(
            InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
            | InvalidTransaction::GasFloorMoreThanGasLimit { .. },
        )) => return Ok(Attempt::TooLittle),
        Err(error) => return Err(error.into()),
    };
    Ok(match result {
        ExecutionResult::Success { gas, .. } => {
            Attempt::Enough { used: gas.tx_gas_used(), refunded: gas.final_refunded() }
        }
        ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. } => Attempt::TooLittle,
        failed => Attempt::Failed(failed),
    })
}

fn search(scene: &mut Scene, tx: &TxEnv) -> Result<u64, RpcError> {
    let mut high = tx.gas_limit;
    let (used, refunded) = match attempt(scene, tx, high)? {
        Attempt::Enough { used, refunded } => (used, refunded),
        Attempt::TooLittle => {
            return Err(RpcError::rejected(format!("gas required exceeds allowance ({high})")));
        }
        Attempt::Failed(result) => {
            return Err(output(result)
                .err()
                .unwrap_or_else(|| RpcError::internal("a failed call has an error; qed")));
        }
    };
    let mut low = used - 1;
    // Most calls need what they used, what was refunded at the end, and a 64th that is kept back at each depth.
    let guess = (used + refunded + CALL_STIPEND) * 64 / 63;
    if guess < high {
        match attempt(scene, tx, guess)? {
            Attempt::Enough { .. } => high = guess,
            Attempt::TooLittle | Attempt::Failed(_) => low = guess,
        }
    }
    while low + 1 < high && (high - low) as f64 / high as f64 >= TOLERANCE {
        // The answer is usually near the low end.
        let middle = (low + (high - low) / 2).min(low.saturating_mul(2));
        match attempt(scene, tx, middle)? {
            Attempt::Enough { .. } => high = middle,
            Attempt::TooLittle | Attempt::Failed(_) => low = middle,
        }
    }
    Ok(high)
}
