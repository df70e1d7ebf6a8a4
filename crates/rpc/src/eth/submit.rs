//! Sending transactions.

use super::{call::scene, estimate::estimate};
use crate::{
    Preconfirmed, RpcError, Submission, Wait,
    node::Node,
    shape::{Place, ReceiptJson},
    wire::{Answer, Params, json},
};
use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    network::{Ethereum, NetworkTransactionBuilder},
    primitives::{Address, B256, Bytes, U64, keccak256},
    rpc::types::TransactionRequest,
};
use futures::future::BoxFuture;
use mezz_evm::L2Config;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::error::RecvError;

/// EIP-7966: the transaction was taken, its receipt did not come in time.
const TIMEOUT: i64 = 4;

/// `eth_sendRawTransaction`.
pub(super) fn send_raw_transaction(
    node: &Arc<Node>,
    params: &Params<'_>,
) -> Result<BoxFuture<'static, Answer>, RpcError> {
    let submitted = node.backend.submit(Submission { bytes: params.get(0)?, wait: Wait::Accepted });
    Ok(Box::pin(async move { json(&submitted.await?.hash) }))
}

/// `eth_sendRawTransactionSync` (EIP-7966): the receipt, preconfirmed where the chain does that.
pub(super) fn send_raw_transaction_sync(
    node: &Arc<Node>,
    params: &Params<'_>,
) -> Result<BoxFuture<'static, Answer>, RpcError> {
    let bytes: Bytes = params.get(0)?;
    let limits = &node.limits;
    let timeout = params
        .optional::<Milliseconds>(1)?
        .map_or(limits.sync_timeout, |timeout| timeout.duration().min(limits.sync_timeout_max));
    let node = node.clone();
    Ok(Box::pin(async move {
        let submitted =
            node.backend.submit(Submission { bytes: bytes.clone(), wait: Wait::Preconfirmed });
        let receipt = async {
            let submitted = submitted.await?;
            match submitted.preconfirmed {
                Some(preconfirmed) => preconfirmed_receipt(&preconfirmed),
                None => sealed_receipt(&node, submitted.hash).await,
            }
        };
        match tokio::time::timeout(timeout, receipt).await {
            Ok(answer) => answer,
            Err(_) => {
                let message = format!(
                    "the transaction was taken, but there is no receipt after {timeout:?}; ask eth_getTransactionReceipt"
                );
                Err(RpcError::new(TIMEOUT, message).with_data(hash_of(&bytes).to_string()))
            }
        }
    }))
}

/// A timeout as a number or as a quantity.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Milliseconds {
    Number(u64),
    Quantity(U64),
}

impl Milliseconds {
    fn duration(self) -> Duration {
        Duration::from_millis(match self {
            Self::Number(millis) => millis,
            Self::Quantity(millis) => millis.to(),
        })
    }
}

/// The block is not sealed: its hash is zero.
fn preconfirmed_receipt(preconfirmed: &Preconfirmed) -> Answer {
    let environment = &preconfirmed.environment;
    let place = Place {
        block_hash: B256::ZERO,
        block_number: environment.number,
        block_timestamp: environment.timestamp,
        base_fee: environment.base_fee,
        index: preconfirmed.index,
    };
    json(&ReceiptJson::new(
        &preconfirmed.transaction,
        &preconfirmed.receipt,
        place,
        preconfirmed.gas_used,
        preconfirmed.first_log,
        environment.excess_blob_gas,
        environment.l2.as_ref(),
    ))
}

/// Waits for the block with the transaction.
async fn sealed_receipt(node: &Node, hash: B256) -> Answer {
    let mut events = node.backend.events();
    loop {
        if let Some((block, index)) = node.backend.store().transaction(hash)? {
            return json(&super::blocks::receipt_in(node, &block, index)?);
        }
        match events.recv().await {
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => {
                return Err(RpcError::rejected(
                    "the chain stops; ask eth_getTransactionReceipt when it is back",
                ));
            }
        }
    }
}

/// The hash of a transaction as sent: of type 3 without its sidecar.
fn hash_of(bytes: &Bytes) -> B256 {
    use alloy::{consensus::TxEnvelope, eips::eip2718::Decodable2718};
    TxEnvelope::decode_2718(&mut bytes.as_ref())
        .map_or_else(|_| keccak256(bytes), |envelope| *envelope.tx_hash())
}

/// `eth_accounts`.
pub(super) fn accounts(node: &Node, _: &Params<'_>) -> Answer {
    json(&node.backend.accounts())
}

/// `eth_sign`: address, then message.
pub(super) fn sign(node: &Node, params: &Params<'_>) -> Answer {
    json(&node.backend.sign_message(params.address(0)?, params.get(1)?)?)
}

/// `personal_sign`: message, then address.
pub(super) fn personal_sign(node: &Node, params: &Params<'_>) -> Answer {
    json(&node.backend.sign_message(params.address(1)?, params.get(0)?)?)
}

/// `eth_sendTransaction`: fills what is missing, signs with an account of the chain, submits.
pub(super) fn send_transaction(
    node: &Arc<Node>,
    params: &Params<'_>,
) -> Result<BoxFuture<'static, Answer>, RpcError> {
    let request: TransactionRequest = params.get(0)?;
    let node = node.clone();
    Ok(Box::pin(async move {
        let worker = node.clone();
        let filled = node.workers.run(move || fill(&worker, request)).await?;
        json(&node.backend.sign_and_submit(filled).await?)
    }))
}

/// `eth_signTransaction`: fills what is missing and signs with an account of the chain.
pub(super) fn sign_transaction(node: &Node, params: &Params<'_>) -> Answer {
    json(&node.backend.sign_transaction(fill(node, params.get(0)?)?)?)
}

/// `eth_fillTransaction`: the request with everything that is missing, ready to be signed.
pub(super) fn fill_transaction(node: &Node, params: &Params<'_>) -> Answer {
    let filled = fill(node, params.get(0)?)?;
    let unsigned = NetworkTransactionBuilder::<Ethereum>::build_unsigned(filled.clone())
        .map_err(|error| RpcError::invalid_params(error.to_string()))?;
    let mut tx = serde_json::to_value(&filled).map_err(RpcError::internal)?;
    if let (Value::Object(fields), Some(to)) = (&mut tx, filled.to) {
        fields.insert("to".to_owned(), to.to().map_or(Value::Null, |to| to.to_string().into()));
    }
    json(&serde_json::json!({ "raw": Bytes::from(unsigned_bytes(&unsigned)), "tx": tx }))
}

/// What is signed.
fn unsigned_bytes(unsigned: &alloy::consensus::TypedTransaction) -> Vec<u8> {
    use alloy::consensus::SignableTransaction;
    let mut bytes = Vec::new();
    SignableTransaction::<alloy::primitives::Signature>::encode_for_signing(unsigned, &mut bytes);
    bytes
}

/// Fills nonce, gas, fees and chain id.
fn fill(node: &Node, mut request: TransactionRequest) -> Result<TransactionRequest, RpcError> {
    let chain = node.backend.store().chain();
    let from = request.from.ok_or_else(|| RpcError::invalid_params("\"from\" is missing"))?;
    let pending = BlockId::Number(BlockNumberOrTag::Pending);
    let data = crate::request::input(&request)?;
    if request.to.is_none() {
        if data.is_empty() {
            return Err(RpcError::invalid_params(
                "contract creation without any data provided: set \"to\" or \"input\"",
            ));
        }
        request.to = Some(alloy::primitives::TxKind::Create);
    }
    request.input = data.into();
    request.chain_id = Some(chain.id);
    request.value.get_or_insert_default();
    fill_fees(node, &mut request);
    if request.nonce.is_none() {
        request.nonce = Some(next_nonce(node, from)?);
    }
    if request.gas.is_none() {
        let mut scene = scene(node, pending, None, None)?;
        let config: Option<L2Config> = node.environment(&node.at(pending)?)?.l2;
        request.gas = Some(estimate(node, &mut scene, &request, config.as_ref())?);
    }
    request.transaction_type = Some(request.preferred_type() as u8);
    Ok(request)
}

fn next_nonce(node: &Node, from: Address) -> Result<u64, RpcError> {
    use revm::DatabaseRef;
    let executed = node
        .state(BlockId::Number(BlockNumberOrTag::Pending))?
        .basic_ref(from)?
        .map_or(0, |info| info.nonce);
    Ok(crate::txpool::next_nonce(node, from, executed))
}

/// Twice the base fee and the suggested tip, as wallets do, unless the request says otherwise.
fn fill_fees(node: &Node, request: &mut TransactionRequest) {
    let fees = node.backend.fees();
    let blobs = request.blob_versioned_hashes.is_some() || request.sidecar.is_some();
    if blobs && request.max_fee_per_blob_gas.is_none() {
        request.max_fee_per_blob_gas = Some(2 * fees.blob_base_fee);
    }
    if request.gas_price.is_some() {
        return;
    }
    let tip = request.max_priority_fee_per_gas.unwrap_or(fees.tip.into());
    let max = request.max_fee_per_gas.unwrap_or(tip + 2 * u128::from(fees.base_fee));
    request.max_priority_fee_per_gas = Some(tip.min(max));
    request.max_fee_per_gas = Some(max);
}
