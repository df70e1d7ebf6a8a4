//! `eth_simulateV1`: blocks that might be, on top of one that is.

mod chain;
mod transfers;

use self::{chain::Step, transfers::TransferLogs};
use crate::{
    RpcError,
    evm::{CallError, Scene},
    node::{At, Node, StateAt},
    request::call_env,
    shape::{BlockJson, LogJson, Place, quantity},
    wire::{Answer, Params, json},
    words::{geth_words, halt_words},
    workers::Deadline,
};
use alloy::{
    consensus::{
        EthereumTxEnvelope, SignableTransaction, Transaction as _, TxEip1559, TxEip2930, TxEip4844,
        TxEip7702, TxLegacy,
    },
    eips::{BlockId, eip7685::Requests},
    primitives::{Bytes, Log, Signature, U64, U256},
    rpc::types::{TransactionRequest, simulate::SimulatePayload},
};
use mezz_evm::{
    BlockEnvironment, BlockExecutor, Overlay, Receipt, SignedTransaction, Transaction, Unsealed,
};
use mezz_storage::Block;
use revm::context::{
    TxEnv,
    result::{ExecutionResult, InvalidTransaction},
};
use serde::Serialize;

/// A simulated block with what its calls gave.
#[derive(Serialize)]
struct SimulatedJson<'a> {
    #[serde(flatten)]
    block: BlockJson<'a>,
    calls: Vec<CallJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallJson<'a> {
    return_data: Bytes,
    logs: Vec<LogJson<'a>>,
    gas_used: U64,
    max_used_gas: U64,
    status: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a RpcError>,
}

/// What one call gave, with the transfers among its logs if asked for.
struct Called {
    output: Bytes,
    logs: Vec<Log>,
    gas_used: u64,
    gas_used_max: u64,
    error: Option<RpcError>,
}

/// A block that was simulated.
struct Simulated {
    block: Block,
    calls: Vec<Called>,
}

/// A simulation under way.
struct Simulation {
    scene: Scene,
    base: StateAt,
    validation: bool,
    transfers: bool,
    /// Gas left for all calls together.
    gas_left: u64,
}

/// `eth_simulateV1`.
pub(super) fn simulate_v1(node: &Node, params: &Params<'_>) -> Answer {
    let payload: SimulatePayload = params.get(0)?;
    let at = node.find(params.block(1)?)?.ok_or_else(|| RpcError::rejected("header not found"))?;
    let base = base_block(node, &at)?;
    let steps = chain::steps(&base, &payload.block_state_calls)?;
    let mut simulation = Simulation::new(node, &base, payload.validation, payload.trace_transfers)?;
    let mut done: Vec<Simulated> = Vec::new();
    for step in &steps {
        let parent = done.last().map_or(&*base, |simulated| &simulated.block);
        let environment =
            chain::environment(node, parent, step, &mut simulation.scene, payload.validation)?;
        done.push(simulation.block(environment, step)?);
    }
    let shapes: Vec<_> =
        done.iter().map(|simulated| simulated.shape(payload.return_full_transactions)).collect();
    json(&shapes)
}

/// What the simulation stands on: the block under construction is simulated on what it stands on itself.
fn base_block(node: &Node, at: &At) -> Result<std::sync::Arc<Block>, RpcError> {
    match at {
        At::Sealed(block) => Ok(block.clone()),
        At::Pending(pending) => {
            let parent = pending.environment.number.saturating_sub(1);
            node.sealed(BlockId::from(parent))?.ok_or_else(|| RpcError::block_not_found(parent))
        }
    }
}

impl Simulation {
    fn new(node: &Node, base: &Block, validation: bool, transfers: bool) -> Result<Self, RpcError> {
        let state = StateAt::Sealed(node.state_after(base.header.number)?);
        let environment = BlockEnvironment::of_header(&base.header, None);
        let mut scene = Scene::new(
            node.backend.store().chain(),
            state.clone(),
            &environment,
            Deadline::after(node.limits.call_time_max),
        );
        scene.cfg.disable_nonce_check = !validation;
        Ok(Self { scene, base: state, validation, transfers, gas_left: node.limits.call_gas_max })
    }

    /// Executes one block.
    fn block(&mut self, environment: BlockEnvironment, step: &Step) -> Result<Simulated, RpcError> {
        self.scene.db.hashes.insert(environment.number - 1, environment.parent_hash);
        self.scene.block = environment.block_env();
        self.scene.override_block(&step.overrides);
        if let Some(overrides) = &step.state {
            self.scene.override_state(overrides)?;
        }
        self.system_calls(&environment)?;
        let (mut calls, mut transactions, mut receipts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut gas_used, mut blob_gas_used) = (0, 0);
        for request in &step.calls {
            let (called, transaction, receipt) = self.call(request, gas_used)?;
            gas_used += called.gas_used;
            blob_gas_used += transaction.transaction.blob_gas_used().unwrap_or_default();
            receipts.push(Receipt { cumulative_gas_used: gas_used, ..receipt });
            transactions.push(transaction);
            calls.push(called);
        }
        let requests = self.requests(&environment, &receipts)?;
        let (state_root, passer_root) = self.base.roots(&self.scene.db.overlay.diff)?;
        let db = ();
        let unsealed =
            Unsealed { environment, transactions, receipts, gas_used, blob_gas_used, requests, db };
        let (outcome, ()) = unsealed.seal(state_root, passer_root);
        Ok(Simulated { block: outcome.into(), calls })
    }

    /// Runs the calls that every block begins with.
    fn system_calls(&mut self, environment: &BlockEnvironment) -> Result<(), RpcError> {
        let overlay =
            std::mem::replace(&mut self.scene.db.overlay, Overlay::new(self.base.clone()));
        let executor = BlockExecutor::begin(self.scene.chain, environment.clone(), overlay)
            .map_err(RpcError::internal)?;
        self.scene.db.overlay = executor.into_db();
        Ok(())
    }

    /// Runs the calls that a block of L1 ends with.
    fn requests(
        &mut self,
        environment: &BlockEnvironment,
        receipts: &[Receipt],
    ) -> Result<Requests, RpcError> {
        let overlay =
            std::mem::replace(&mut self.scene.db.overlay, Overlay::new(self.base.clone()));
        let receipts = receipts.to_vec();
        let executor =
            BlockExecutor::resume(self.scene.chain, environment.clone(), receipts, overlay);
        let unsealed = executor.finish().map_err(RpcError::internal)?;
        self.scene.db.overlay = unsealed.db;
        Ok(unsealed.requests)
    }

    fn call(
        &mut self,
        request: &TransactionRequest,
        block_gas_used: u64,
    ) -> Result<(Called, SignedTransaction, Receipt), RpcError> {
        let gas = self.gas(request, block_gas_used)?;
        let caller = request.from.unwrap_or_default();
        let nonce = match request.nonce {
            Some(nonce) => nonce,
            None => self.scene.nonce(caller)?,
        };
        let mut tx = call_env(self.scene.chain, request, gas, nonce)?;
        if tx.tx_type == 0 && request.gas_price.is_none() {
            tx.tx_type = 2;
            tx.gas_priority_fee = Some(0);
        }
        self.scene.cfg.disable_base_fee = !self.validation && tx.gas_price == 0;
        let transaction = unsigned(&tx);
        let (outcome, inspector) = self
            .scene
            .run(tx.clone(), TransferLogs::new(self.transfers))
            .map_err(|error| refusal(error, &tx))?;
        let result = outcome.result;
        self.gas_left = self.gas_left.saturating_sub(result.tx_gas_used());
        self.scene.commit(outcome.state);
        let receipt = Receipt {
            transaction_type: tx.tx_type,
            success: result.is_success(),
            cumulative_gas_used: 0,
            logs: if result.is_success() { result.logs().to_vec() } else { Vec::new() },
            deposit_nonce: None,
        };
        let called = Called {
            gas_used: result.tx_gas_used(),
            gas_used_max: result.gas().total_gas_spent().max(result.tx_gas_used()),
            logs: if result.is_success() { inspector.into_logs() } else { Vec::new() },
            error: failure(&result),
            output: result.into_output().unwrap_or_default(),
        };
        Ok((called, transaction, receipt))
    }

    /// The gas of a call: what it asks for, or what is left of block and request.
    fn gas(&self, request: &TransactionRequest, block_gas_used: u64) -> Result<u64, RpcError> {
        let block_gas = self.scene.block.gas_limit;
        let asked = request.gas.unwrap_or_else(|| block_gas.saturating_sub(block_gas_used));
        if block_gas_used.saturating_add(asked) > block_gas {
            return Err(RpcError::new(
                -38015,
                format!("block gas limit reached: {block_gas_used} + {asked} > {block_gas}"),
            ));
        }
        Ok(asked.min(self.gas_left))
    }
}

impl Simulated {
    fn shape(&self, full: bool) -> SimulatedJson<'_> {
        let Block { header, hash, transactions, receipts, size } = &self.block;
        let mut next_log = 0..;
        let calls =
            self.calls.iter().zip(transactions).zip(0..).map(|((called, transaction), index)| {
                let place = Place {
                    block_hash: *hash,
                    block_number: header.number,
                    block_timestamp: header.timestamp,
                    base_fee: header.base_fee_per_gas.unwrap_or_default(),
                    index,
                };
                let logs = called
                    .logs
                    .iter()
                    .zip(next_log.by_ref())
                    .map(|(log, at)| LogJson::new(log, place, transaction.hash, at, false));
                CallJson {
                    return_data: called.output.clone(),
                    logs: logs.collect(),
                    gas_used: quantity(called.gas_used),
                    max_used_gas: quantity(called.gas_used_max),
                    status: quantity(called.error.is_none().into()),
                    error: called.error.as_ref(),
                }
            });
        SimulatedJson {
            calls: calls.collect(),
            block: BlockJson::new(header, *hash, *size, transactions, receipts, full),
        }
    }
}

/// The error of a call that failed in its block.
fn failure(result: &ExecutionResult) -> Option<RpcError> {
    match result {
        ExecutionResult::Success { .. } => None,
        ExecutionResult::Revert { output, .. } => Some(RpcError::execution_reverted(output)),
        ExecutionResult::Halt { reason, .. } => {
            Some(RpcError::new(-32015, format!("vm execution error: {}", halt_words(reason))))
        }
    }
}

/// The error of a call that cannot stand in a block: it ends the simulation.
fn refusal(error: CallError, tx: &TxEnv) -> RpcError {
    let CallError::Invalid(invalid) = error else { return error.into() };
    let code = match &invalid {
        InvalidTransaction::NonceTooLow { .. } => -38010,
        InvalidTransaction::NonceTooHigh { .. } => -38011,
        InvalidTransaction::GasPriceLessThanBasefee => -38012,
        InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
        | InvalidTransaction::GasFloorMoreThanGasLimit { .. } => -38013,
        InvalidTransaction::LackOfFundForMaxFee { .. }
        | InvalidTransaction::OverflowPaymentInTransaction => -38014,
        InvalidTransaction::CallerGasLimitMoreThanBlock => -38015,
        InvalidTransaction::RejectCallerWithCode => -38024,
        InvalidTransaction::CreateInitCodeSizeLimit => -38025,
        _ => -32603,
    };
    RpcError::new(
        code,
        format!(
            "err: {}: address {} (supplied gas {})",
            geth_words(&invalid),
            tx.caller,
            tx.gas_limit
        ),
    )
}

/// A call as a transaction of its block: nobody signed it.
fn unsigned(tx: &TxEnv) -> SignedTransaction {
    let signature = Signature::new(U256::ZERO, U256::ZERO, false);
    let chain_id = tx.chain_id.unwrap_or_default();
    let (nonce, gas_limit, value, input) = (tx.nonce, tx.gas_limit, tx.value, tx.data.clone());
    let (max_fee_per_gas, max_priority_fee_per_gas) =
        (tx.gas_price, tx.gas_priority_fee.unwrap_or_default());
    let (to, access_list) = (tx.kind, tx.access_list.clone());
    let callee = to.to().copied().unwrap_or_default();
    let envelope = match tx.tx_type {
        0 => EthereumTxEnvelope::Legacy(
            TxLegacy {
                chain_id: Some(chain_id),
                nonce,
                gas_price: max_fee_per_gas,
                gas_limit,
                to,
                value,
                input,
            }
            .into_signed(signature),
        ),
        1 => EthereumTxEnvelope::Eip2930(
            TxEip2930 {
                chain_id,
                nonce,
                gas_price: max_fee_per_gas,
                gas_limit,
                to,
                value,
                access_list,
                input,
            }
            .into_signed(signature),
        ),
        3 => EthereumTxEnvelope::Eip4844(
            TxEip4844 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to: callee,
                value,
                access_list,
                blob_versioned_hashes: tx.blob_hashes.clone(),
                max_fee_per_blob_gas: tx.max_fee_per_blob_gas,
                input,
            }
            .into_signed(signature),
        ),
        4 => EthereumTxEnvelope::Eip7702(
            TxEip7702 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to: callee,
                value,
                access_list,
                authorization_list: chain::authorizations(tx),
                input,
            }
            .into_signed(signature),
        ),
        _ => EthereumTxEnvelope::Eip1559(
            TxEip1559 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to,
                value,
                access_list,
                input,
            }
            .into_signed(signature),
        ),
    };
    SignedTransaction::new(Transaction::Ethereum(envelope), tx.caller)
}
