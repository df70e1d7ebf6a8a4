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
    primitives::{B256, Bytes, U64},
    providers::{Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};
use serde_json::Value;

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
    signer: PrivateKeySigner,
    request: TransactionRequest,
) -> Result<Value, Failure> {
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
    let signer = keys::read(&args.key.key)?;
    let deployment = DataDir(args.here.datadir.clone()).deployment()?;
    let provider = provider(&deployment.l2.rpc)?;
    let request = TransactionRequest::default()
        .with_to(args.to)
        .with_value(args.amount)
        .with_input(args.data.clone());
    let began = std::time::Instant::now();
    let receipt = submit(&provider, signer, request).await?;
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
