//! Requests as revm's transactions.

use crate::RpcError;
use alloy::{
    eips::eip7702::SignedAuthorization,
    primitives::{B256, Bytes, TxKind},
    rpc::types::TransactionRequest,
};
use mezz_evm::Chain;
use revm::context::{
    TxEnv,
    either::Either,
    transaction::{RecoveredAuthority, RecoveredAuthorization},
};

/// What revm executes for a request. Missing fields are filled with what costs nothing.
pub(crate) fn call_env(
    chain: Chain,
    request: &TransactionRequest,
    gas: u64,
    nonce: u64,
) -> Result<TxEnv, RpcError> {
    check_fees(request)?;
    if let Some(id) = request.chain_id.filter(|id| *id != chain.id) {
        return Err(RpcError::invalid_params(format!(
            "chainId does not match node's (have={id}, want={})",
            chain.id
        )));
    }
    let dynamic = request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some();
    let tx_type = if request.authorization_list.is_some() {
        4
    } else if request.blob_versioned_hashes.is_some() || request.sidecar.is_some() {
        3
    } else if dynamic {
        2
    } else {
        u8::from(request.access_list.is_some())
    };
    let price = request
        .gas_price
        .or(request.max_fee_per_gas)
        .or(request.max_priority_fee_per_gas)
        .unwrap_or(0);
    Ok(TxEnv {
        tx_type,
        caller: request.from.unwrap_or_default(),
        gas_limit: gas,
        gas_price: price,
        kind: request.to.unwrap_or(TxKind::Create),
        value: request.value.unwrap_or_default(),
        data: input(request)?,
        nonce,
        chain_id: Some(chain.id),
        access_list: request.access_list.clone().unwrap_or_default(),
        gas_priority_fee: (tx_type >= 2)
            .then(|| request.max_priority_fee_per_gas.unwrap_or(if dynamic { 0 } else { price })),
        blob_hashes: blob_hashes(request),
        max_fee_per_blob_gas: request.max_fee_per_blob_gas.unwrap_or(0),
        authorization_list: request
            .authorization_list
            .iter()
            .flatten()
            .map(authorization)
            .collect(),
    })
}

fn blob_hashes(request: &TransactionRequest) -> Vec<B256> {
    match (&request.blob_versioned_hashes, &request.sidecar) {
        (Some(hashes), _) => hashes.clone(),
        (None, Some(sidecar)) => sidecar.versioned_hashes().collect(),
        (None, None) => Vec::new(),
    }
}

fn authorization(
    signed: &SignedAuthorization,
) -> Either<SignedAuthorization, RecoveredAuthorization> {
    let authority =
        signed.recover_authority().map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
    Either::Right(RecoveredAuthorization::new_unchecked(signed.inner().clone(), authority))
}

/// The input of a request: `input`, or `data` as older clients say.
pub(crate) fn input(request: &TransactionRequest) -> Result<Bytes, RpcError> {
    match request.input.clone().try_into_unique_input() {
        Ok(input) => Ok(input.unwrap_or_default()),
        Err(_) => Err(RpcError::invalid_params(
            "both \"data\" and \"input\" are set and not equal. Please use \"input\" to pass transaction call data",
        )),
    }
}

fn check_fees(request: &TransactionRequest) -> Result<(), RpcError> {
    let (max, tip) = (request.max_fee_per_gas, request.max_priority_fee_per_gas);
    if request.gas_price.is_some() && (max.is_some() || tip.is_some()) {
        return Err(RpcError::invalid_params(
            "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified",
        ));
    }
    match (max, tip) {
        (Some(max), Some(tip)) if max < tip => Err(RpcError::invalid_params(format!(
            "maxFeePerGas ({max}) < maxPriorityFeePerGas ({tip})"
        ))),
        _ => Ok(()),
    }
}
