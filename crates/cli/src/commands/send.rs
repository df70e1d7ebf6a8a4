//! `mezz send`: a transaction on L2, answered when it is preconfirmed.

use super::keys;
use crate::{
    args::{AskArgs, SendArgs},
    files::{self, DeploymentFile},
    output::{Failure, Output, is_not_allowed},
};
use alloy::{
    eips::eip2718::Encodable2718,
    network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder},
    primitives::{B256, Bytes, U64},
    providers::{Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
    transports::http::reqwest::{
        Client,
        header::{AUTHORIZATION, HeaderMap, HeaderValue},
    },
};
use serde_json::Value;
use std::fs;

/// A provider for the chain's node, which shows it the token that was given.
pub(crate) fn provider(
    args: &AskArgs,
    deployment: &DeploymentFile,
) -> Result<impl Provider + Clone + use<>, Failure> {
    let url = &deployment.l2.rpc;
    let url = url.parse().map_err(|_| {
        Failure::usage(format!(
            "the L2's endpoint is `{url}`, which is no URL: give one such as http://127.0.0.1:9545"
        ))
    })?;
    let mut headers = HeaderMap::new();
    if let Some(token) = &args.access_token {
        headers.insert(AUTHORIZATION, bearer(token)?);
    }
    let http = Client::builder().default_headers(headers).build()?;
    Ok(ProviderBuilder::new().disable_recommended_fillers().connect_reqwest(http, url))
}

/// A token as it is given: itself, or @FILE with it.
fn bearer(token: &str) -> Result<HeaderValue, Failure> {
    let token = match token.strip_prefix('@') {
        Some(file) => fs::read_to_string(file).map_err(|error| {
            Failure::usage(format!("the token file {file} cannot be read: {error}"))
        })?,
        None => token.to_owned(),
    };
    let wrong = || {
        Failure::usage("a token is one line of plain characters: ask the node's operator for yours")
    };
    let token = Some(token.trim()).filter(|token| !token.is_empty()).ok_or_else(wrong)?;
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| wrong())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Fills in, signs and sends a transaction; the preconfirmed receipt. `gas_enough` is the limit where the node may not estimate it for us.
pub(crate) async fn submit(
    provider: &impl Provider,
    signer: PrivateKeySigner,
    request: TransactionRequest,
    gas_enough: Option<u64>,
) -> Result<Value, Failure> {
    let from = signer.address();
    let request = request.with_from(from);
    let fees = provider.estimate_eip1559_fees().await?;
    let request = request
        .with_nonce(provider.get_transaction_count(from).pending().await?)
        .with_chain_id(provider.get_chain_id().await?)
        .with_max_fee_per_gas(fees.max_fee_per_gas)
        .with_max_priority_fee_per_gas(fees.max_priority_fee_per_gas);
    let gas = match (provider.estimate_gas(request.clone()).await, gas_enough) {
        (Ok(gas), _) => gas + gas / 5,
        (Err(error), Some(enough)) if is_not_allowed(&error) => enough,
        (Err(error), _) => return Err(error.into()),
    };
    let signed = request.with_gas_limit(gas).build(&EthereumWallet::new(signer)).await?;
    let raw = Bytes::from(signed.encoded_2718());
    Ok(provider.raw_request("eth_sendRawTransactionSync".into(), [raw]).await?)
}

pub(crate) async fn run(args: &SendArgs, output: Output) -> Result<(), Failure> {
    let signer = keys::read(&args.key.key)?;
    let deployment = files::asked(&args.ask)?;
    let provider = provider(&args.ask, &deployment)?;
    let request = TransactionRequest::default()
        .with_to(args.to)
        .with_value(args.amount)
        .with_input(args.data.clone());
    let began = std::time::Instant::now();
    let receipt = submit(&provider, signer, request, None).await?;
    let took = began.elapsed().as_millis();
    let number: U64 = serde_json::from_value(receipt["blockNumber"].clone())?;
    let hash: B256 = serde_json::from_value(receipt["transactionHash"].clone())?;
    let text = |status: &str| format!("{status} in block {number} after {took} ms\n{hash}");
    if receipt["status"] == "0x1" {
        return output.answer(text("preconfirmed"), &receipt);
    }
    let failure = format!("transaction {hash} reverted; `debug_traceTransaction` says where");
    output.answer_failing(text("reverted"), &receipt, Failure::failed(failure))
}
