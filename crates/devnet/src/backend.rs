//! What the JSON-RPC server gets from a devnet.

use crate::{Error, admit, chain::Handle, controls, shared::Shared};
use alloy::{
    consensus::TxEnvelope,
    dyn_abi::TypedData,
    eips::eip2718::Encodable2718,
    primitives::{Address, B256, Bytes},
    rpc::types::TransactionRequest,
};
use futures::future::BoxFuture;
use mezz_evm::SignedTransaction;
use mezz_rpc::{
    Event, FeeSuggestion, Heads, Pending, PoolContent, RpcError, Submission, SubmitError, Submitted,
};
use mezz_storage::Store;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::broadcast;

/// The version that `web3_clientVersion` and the beacon API tell.
pub(crate) const VERSION: &str = concat!("mezz-devnet/v", env!("CARGO_PKG_VERSION"));

/// A devnet as the JSON-RPC server sees it.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    pub(crate) shared: Arc<Shared>,
    pub(crate) handle: Handle,
}

impl mezz_rpc::Backend for Backend {
    fn store(&self) -> &Store {
        &self.shared.store
    }

    fn heads(&self) -> Heads {
        self.shared.heads()
    }

    fn pending(&self) -> Option<Pending> {
        self.shared
            .pending()
            .inspect_err(|error| tracing::error!(%error, "no pending L1 block"))
            .ok()
    }

    fn submit(&self, submission: Submission) -> BoxFuture<'static, Result<Submitted, SubmitError>> {
        let handle = self.handle.clone();
        Box::pin(async move {
            let hash = submit(&handle, submission.bytes, None).await?;
            Ok(Submitted { hash, preconfirmed: None })
        })
    }

    fn pool(&self) -> PoolContent {
        self.shared.pool.read().content()
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.shared.events.subscribe()
    }

    fn arrivals(&self) -> broadcast::Receiver<Arc<SignedTransaction>> {
        self.shared.arrivals.subscribe()
    }

    fn fees(&self) -> FeeSuggestion {
        self.shared.fees()
    }

    fn accounts(&self) -> Vec<Address> {
        self.shared.keys.accounts()
    }

    fn sign_and_submit(
        &self,
        request: TransactionRequest,
    ) -> BoxFuture<'static, Result<B256, RpcError>> {
        let (handle, shared) = (self.handle.clone(), Arc::clone(&self.shared));
        Box::pin(async move {
            let (bytes, impersonated) = sign(&shared, request)?;
            Ok(submit(&handle, bytes, impersonated).await?)
        })
    }

    fn sign_transaction(&self, request: TransactionRequest) -> Result<Bytes, RpcError> {
        match sign(&self.shared, request)? {
            (bytes, None) => Ok(bytes),
            (_, Some(from)) => Err(RpcError::rejected(format!(
                "{from} is impersonated: there is no key to sign with; send with eth_sendTransaction"
            ))),
        }
    }

    fn sign_message(&self, address: Address, message: Bytes) -> Result<Bytes, RpcError> {
        self.shared.keys.sign_message(address, &message)
    }

    fn extra(
        &self,
        method: &str,
        params: Value,
    ) -> Option<BoxFuture<'static, Result<Value, RpcError>>> {
        match method {
            "eth_signTypedData_v4" | "eth_signTypedData" => {
                let signature = sign_typed_data(&self.shared, params);
                Some(Box::pin(
                    async move { signature.map(|signature| signature.to_string().into()) },
                ))
            }
            _ => controls::dispatch(self, method, params),
        }
    }

    fn modules(&self) -> &'static [&'static str] {
        &["anvil", "evm", "hardhat"]
    }

    fn client_version(&self) -> String {
        VERSION.to_owned()
    }

    fn ready(&self) -> Result<(), String> {
        match self.shared.failure.read().clone() {
            _ if self.shared.is_stopped() => Err(Error::Stopped.to_string()),
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }
}

/// Decodes a transaction, off the server's threads when that takes a while, and gives it to the chain.
pub(crate) async fn submit(
    handle: &Handle,
    bytes: Bytes,
    impersonated: Option<Address>,
) -> Result<B256, SubmitError> {
    let unavailable = |what: String| SubmitError::Unavailable(what);
    let entry = match admit::is_slow(&bytes) {
        false => admit::decode(bytes, impersonated)?,
        true => tokio::task::spawn_blocking(move || admit::decode(bytes, impersonated))
            .await
            .map_err(|error| unavailable(error.to_string()))??,
    };
    let hash = entry.transaction.hash;
    handle
        .call(move |core| core.submit(entry))
        .await
        .map_err(|error| unavailable(error.to_string()))??;
    Ok(hash)
}

/// Signs a request whose fields are filled. The sender is given back when the signature is only a stand-in.
pub(crate) fn sign(
    shared: &Shared,
    mut request: TransactionRequest,
) -> Result<(Bytes, Option<Address>), RpcError> {
    let from = request
        .from
        .ok_or_else(|| RpcError::invalid_params("\"from\" is missing: name one of eth_accounts"))?;
    request.chain_id.get_or_insert(shared.chain.id);
    let transaction = request.build_typed_tx().map_err(|request| {
        RpcError::invalid_params(format!(
            "fields are missing for a transaction: {:?}",
            request.missing_keys()
        ))
    })?;
    let signed = shared.keys.sign(from, &transaction)?;
    let envelope = TxEnvelope::new_unhashed(transaction, signed.signature);
    Ok((envelope.encoded_2718().into(), signed.impersonated.then_some(from)))
}

fn sign_typed_data(shared: &Shared, params: Value) -> Result<Bytes, RpcError> {
    let wrong = |error: serde_json::Error| {
        RpcError::invalid_params(format!("expected [address, typed data]: {error}"))
    };
    let (address, data): (Address, Value) = serde_json::from_value(params).map_err(wrong)?;
    // Wallets send the data as JSON or as a string of it.
    let data: TypedData = match data {
        Value::String(text) => serde_json::from_str(&text),
        data => serde_json::from_value(data),
    }
    .map_err(wrong)?;
    shared.keys.sign_typed_data(address, &data)
}
