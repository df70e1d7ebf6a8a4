//! `testing_buildBlockV1`: a block that is built and thrown away.

use crate::{
    RpcError,
    methods::Handler::{self, Worker},
    node::{Node, StateAt},
    shape::{effective_gas_price, gas_used, quantity},
    wire::{Answer, Params, json},
    words::geth_words,
};
use alloy::{
    eips::{eip1559::BaseFeeParams, eip7685::Requests},
    primitives::{Address, B256, Bytes, U64, U256},
};
use mezz_evm::{
    BLOB_PARAMS, BlockEnvironment, BlockExecutor, Layer, Overlay, SignedTransaction, StateRoots,
    TransactionError,
};
use mezz_storage::Block;
use serde::Deserialize;
use serde_json::{Value, json as value};

pub(crate) const METHODS: &[(&str, Handler)] = &[("testing_buildBlockV1", Worker(build_block_v1))];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    timestamp: U64,
    prev_randao: B256,
    suggested_fee_recipient: Address,
    #[serde(default)]
    withdrawals: Vec<Value>,
    #[serde(default)]
    parent_beacon_block_root: B256,
}

/// Parent hash, payload attributes, transactions (`null`: the pool's), extra data.
fn build_block_v1(node: &Node, params: &Params<'_>) -> Answer {
    let parent_hash = params.hash(0)?;
    let attributes: Attributes = params.get(1)?;
    let wanted: Option<Vec<Bytes>> = params.optional(2)?;
    let parent = node
        .backend
        .store()
        .block_by_hash(parent_hash)?
        .ok_or_else(|| RpcError::block_not_found(parent_hash))?;
    if !attributes.withdrawals.is_empty() {
        return Err(RpcError::invalid_params(
            "withdrawals of validators do not exist on this chain: give an empty list",
        ));
    }
    let timestamp: u64 = attributes.timestamp.to();
    if timestamp <= parent.header.timestamp {
        return Err(RpcError::invalid_params(format!(
            "timestamp {timestamp} is not after the parent's {}",
            parent.header.timestamp
        )));
    }
    let state = node.state_after(parent.header.number)?;
    let mut overlay = Overlay::new(StateAt::Sealed(state.clone()));
    let environment = environment(node, &parent, &attributes, params.optional(3)?, &mut overlay)?;
    let mut executor = BlockExecutor::begin(node.backend.store().chain(), environment, overlay)
        .map_err(RpcError::internal)?;
    match wanted {
        Some(list) => include_all(&mut executor, list)?,
        None => include_pool(node, &mut executor)?,
    }
    let unsealed = executor.finish().map_err(RpcError::internal)?;
    let (state_root, passer_root) = state.roots(&unsealed.db.diff)?;
    let requests = unsealed.requests.clone();
    let block: Block = unsealed.seal(state_root, passer_root).0.into();
    json(&payload(&block, &requests))
}

fn environment(
    node: &Node,
    parent: &Block,
    attributes: &Attributes,
    extra_data: Option<Bytes>,
    overlay: &mut Overlay<StateAt>,
) -> Result<BlockEnvironment, RpcError> {
    let header = &parent.header;
    let timestamp: u64 = attributes.timestamp.to();
    if node.backend.store().chain().layer == Layer::Two {
        let environment = BlockEnvironment::rollup(
            header,
            parent.hash,
            timestamp,
            u64::from_be_bytes(header.nonce.0),
            overlay,
        )?;
        return Ok(BlockEnvironment {
            extra_data: extra_data.unwrap_or_else(|| environment.extra_data.clone()),
            ..environment
        });
    }
    Ok(BlockEnvironment {
        number: header.number + 1,
        parent_hash: parent.hash,
        timestamp,
        beneficiary: attributes.suggested_fee_recipient,
        gas_limit: header.gas_limit,
        base_fee: header.next_block_base_fee(BaseFeeParams::ethereum()).unwrap_or_default(),
        prev_randao: attributes.prev_randao,
        extra_data: extra_data.unwrap_or_default(),
        queue_index: 0,
        parent_beacon_block_root: attributes.parent_beacon_block_root,
        excess_blob_gas: BLOB_PARAMS.next_block_excess_blob_gas_osaka(
            header.excess_blob_gas.unwrap_or_default(),
            header.blob_gas_used.unwrap_or_default(),
            header.base_fee_per_gas.unwrap_or_default(),
        ),
        l2: None,
    })
}

fn include_all(
    executor: &mut BlockExecutor<Overlay<StateAt>>,
    list: Vec<Bytes>,
) -> Result<(), RpcError> {
    for bytes in list {
        let signed = SignedTransaction::decode(bytes)
            .map_err(|error| RpcError::invalid_params(error.to_string()))?;
        let refused = executor.transact(signed).map_err(RpcError::internal)?.err();
        match refused {
            None => {}
            Some(TransactionError::Invalid(invalid)) => {
                return Err(RpcError::rejected(geth_words(&invalid)));
            }
            Some(other) => return Err(RpcError::rejected(other.to_string())),
        }
    }
    Ok(())
}

/// What is ready in the pool, as far as it is valid and fits.
fn include_pool(
    node: &Node,
    executor: &mut BlockExecutor<Overlay<StateAt>>,
) -> Result<(), RpcError> {
    for nonces in node.backend.pool().pending.into_values() {
        for signed in nonces.into_values() {
            if executor.transact(signed).map_err(RpcError::internal)?.is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// A block as the engine API shows it.
fn payload(block: &Block, requests: &Requests) -> Value {
    let header = &block.header;
    let base_fee = header.base_fee_per_gas.unwrap_or_default();
    let tip = |index: usize| {
        let tip = effective_gas_price(&block.transactions[index], base_fee)
            .saturating_sub(base_fee.into());
        U256::from(tip) * U256::from(gas_used(&block.receipts, index))
    };
    let value = (0..block.transactions.len()).map(tip).fold(U256::ZERO, U256::saturating_add);
    value!({
        "executionPayload": {
            "parentHash": header.parent_hash,
            "feeRecipient": header.beneficiary,
            "stateRoot": header.state_root,
            "receiptsRoot": header.receipts_root,
            "logsBloom": header.logs_bloom,
            "prevRandao": header.mix_hash,
            "blockNumber": quantity(header.number),
            "gasLimit": quantity(header.gas_limit),
            "gasUsed": quantity(header.gas_used),
            "timestamp": quantity(header.timestamp),
            "extraData": header.extra_data,
            "baseFeePerGas": quantity(base_fee),
            "blockHash": block.hash,
            "transactions": block.transactions.iter().map(|signed| &signed.bytes).collect::<Vec<_>>(),
            "withdrawals": [],
            "blobGasUsed": quantity(header.blob_gas_used.unwrap_or_default()),
            "excessBlobGas": quantity(header.excess_blob_gas.unwrap_or_default()),
        },
        "blockValue": value,
        "blobsBundle": { "commitments": [], "proofs": [], "blobs": [] },
        "executionRequests": requests,
        "shouldOverrideBuilder": false,
    })
}
