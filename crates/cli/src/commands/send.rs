//! `mezz send`: a transaction on L2, answered when it is preconfirmed.

use super::keys;
use crate::{
    args::SendArgs,
    files::DataDir,
    output::{Failure, Output},
};
use alloy::{
    eips::eip2718::Encodable2718,
    network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder},
    primitives::{Bytes, U256, utils::parse_ether},
    providers::{Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
};
use serde_json::Value;

/// Reads an amount of ether.
pub(crate) fn ether(text: &str) -> Result<U256, Failure> {
    parse_ether(text).map_err(|_| {
        Failure::usage(format!("`{text}` is no amount of ether; give one such as 1.5"))
    })
}

/// A provider for an endpoint of deployment.json.
pub(crate) fn provider(url: &str) -> Result<impl Provider + Clone + use<>, Failure> {
    let url = url.parse().map_err(|_| {
        Failure::failed(format!(
            "deployment.json names `{url}`, which is no URL; start `mezz up` again"
        ))
    })?;
    Ok(ProviderBuilder::new().disable_recommended_fillers().connect_http(url))
}

/// Fills in, signs and sends a transaction; the preconfirmed receipt.
pub(crate) async fn submit(
    provider: &impl Provider,
    key: &str,
    request: TransactionRequest,
) -> Result<Value, Failure> {
    let signer = keys::read(key)?;
    let from = signer.address();
    let request = request.with_from(from);
    let fees = provider.estimate_eip1559_fees().await?;
    let request = request
        .with_nonce(provider.get_transaction_count(from).pending().await?)
        .with_chain_id(provider.get_chain_id().await?)
        .with_max_fee_per_gas(fees.max_fee_per_gas)
        .with_max_priority_fee_per_gas(fees.max_priority_fee_per_gas);
    let gas = provider.estimate_gas(request.clone()).await?;
    let signed = request.with_gas_limit(gas + gas / 5).build(&EthereumWallet::new(signer)).await?;
    let raw = Bytes::from(signed.encoded_2718());
    Ok(provider.raw_request("eth_sendRawTransactionSync".into(), [raw]).await?)
}

pub(crate) async fn run(args: &SendArgs, output: Output) -> Result<(), Failure> {
    let deployment = DataDir(args.here.datadir.clone()).deployment()?;
    let provider = provider(&deployment.l2.rpc)?;
    let request = TransactionRequest::default()
        .with_to(args.to)
        .with_value(ether(&args.amount)?)
        .with_input(args.data.clone());
    let began = std::time::Instant::now();
    let receipt = submit(&provider, &args.key.key, request).await?;
    let took = began.elapsed().as_millis();
    let status =
        if receipt["status"] == "0x1" { "preconfirmed" } else { "preconfirmed, but reverted" };
    let text = |field: &str| receipt[field].as_str().unwrap_or("?").to_owned();
    output.answer(
        format!(
            "{status} in block {} after {took} ms\n{}",
            text("blockNumber"),
            text("transactionHash")
        ),
        &receipt,
    );
    Ok(())
}
