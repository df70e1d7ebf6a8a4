//! Keys of members and of those who ask them: here, or in a signer elsewhere.

use super::{ClientTls, InboxId, client::http_client};
use crate::Error;
use alloy::{
    primitives::{Address, B256, Bytes, Signature, eip191_hash_message},
    signers::{Signer as _, local::PrivateKeySigner},
    transports::http::reqwest::{Client, Url},
};
use futures::future::BoxFuture;
use mezz_primitives::Certificate;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{fmt, time::Duration};

/// How long a remote signer may take.
const SIGNING_TIMEOUT: Duration = Duration::from_secs(5);

/// A secp256k1 key that signs certificates and requests. Signatures are `r ‖ s ‖ v`, `s` in the lower half, `v` 27 or 28.
pub trait CertificateSigner: fmt::Debug + Send + Sync {
    /// Whose signatures they are.
    fn address(&self) -> Address;

    /// Signs a certificate for an inbox (EIP-712).
    fn sign_certificate<'a>(
        &'a self,
        inbox: InboxId,
        certificate: &'a Certificate,
    ) -> BoxFuture<'a, Result<[u8; 65], Error>>;

    /// Signs the hash of a request (EIP-191, `personal_sign` of its 32 bytes).
    fn sign_request(&self, request: B256) -> BoxFuture<'_, Result<[u8; 65], Error>>;
}

/// A key in this process.
impl CertificateSigner for PrivateKeySigner {
    fn address(&self) -> Address {
        self.address()
    }

    fn sign_certificate<'a>(
        &'a self,
        inbox: InboxId,
        certificate: &'a Certificate,
    ) -> BoxFuture<'a, Result<[u8; 65], Error>> {
        let digest = certificate.digest(inbox.l1_chain_id, inbox.inbox);
        Box::pin(async move { canonical(self.address(), self.sign_hash(&digest).await) })
    }

    fn sign_request(&self, request: B256) -> BoxFuture<'_, Result<[u8; 65], Error>> {
        Box::pin(
            async move { canonical(self.address(), self.sign_message(request.as_slice()).await) },
        )
    }
}

fn canonical(
    account: Address,
    signature: Result<Signature, impl fmt::Display>,
) -> Result<[u8; 65], Error> {
    match signature {
        Ok(signature) => Ok(signature.normalized_s().as_bytes()),
        Err(error) => Err(Error::Signing { account, reason: error.to_string() }),
    }
}

/// A key in a signer that speaks Ethereum's JSON-RPC, such as web3signer in front of an HSM or a cloud's key service.
///
/// It is asked for `eth_signTypedData` (or whatever method has those parameters) and `eth_sign`. What it answers is
/// believed only if it is a signature of the account's.
#[derive(Debug, Clone)]
pub struct RemoteSigner {
    account: Address,
    url: Url,
    method: String,
    http: Client,
}

#[derive(Deserialize)]
struct Answer {
    result: Option<Bytes>,
    error: Option<Value>,
}

impl RemoteSigner {
    /// A signer at a URL; `method` is `eth_signTypedData` for web3signer, `eth_signTypedData_v4` for others.
    pub fn new(
        account: Address,
        url: &str,
        method: &str,
        tls: Option<&ClientTls>,
    ) -> Result<Self, Error> {
        let wrong = || Error::Signing {
            account,
            reason: format!("{url:?} is not the URL of a signer: use http:// or https://"),
        };
        let url = Url::parse(url).ok().filter(|url| url.has_host()).ok_or_else(wrong)?;
        Ok(Self { account, url, method: method.to_owned(), http: http_client(tls)? })
    }

    async fn ask(&self, method: &str, parameter: Value, hash: B256) -> Result<[u8; 65], Error> {
        let failed = |reason: String| Error::Signing { account: self.account, reason };
        let unreachable = |error: alloy::transports::http::reqwest::Error| {
            failed(format!(
                "no answer of the remote signer ({}); check that it is up",
                error.without_url()
            ))
        };
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": [self.account, parameter] });
        let request = self.http.post(self.url.clone()).timeout(SIGNING_TIMEOUT).json(&body);
        let response = request.send().await.map_err(unreachable)?;
        let answer: Answer = response.json().await.map_err(unreachable)?;
        let Some(bytes) = answer.result else {
            let said = answer.error.unwrap_or_default();
            return Err(failed(format!("the remote signer refused {method}: {said}")));
        };
        let signature = Signature::from_raw(&bytes).ok().map(Signature::normalized_s);
        let ours = |signature: &Signature| {
            signature.recover_address_from_prehash(&hash).is_ok_and(|by| by == self.account)
        };
        signature.filter(ours).map(|signature| signature.as_bytes()).ok_or_else(|| {
            failed("the remote signer's answer is no signature of this account: check its configuration".to_owned())
        })
    }
}

impl CertificateSigner for RemoteSigner {
    fn address(&self) -> Address {
        self.account
    }

    fn sign_certificate<'a>(
        &'a self,
        inbox: InboxId,
        certificate: &'a Certificate,
    ) -> BoxFuture<'a, Result<[u8; 65], Error>> {
        let digest = certificate.digest(inbox.l1_chain_id, inbox.inbox);
        Box::pin(
            async move { self.ask(&self.method, typed_data(inbox, certificate), digest).await },
        )
    }

    fn sign_request(&self, request: B256) -> BoxFuture<'_, Result<[u8; 65], Error>> {
        let hash = eip191_hash_message(request);
        Box::pin(async move { self.ask("eth_sign", json!(request), hash).await })
    }
}

/// A certificate as EIP-712 has it: numbers as decimal strings, which keep their digits in every language.
fn typed_data(inbox: InboxId, certificate: &Certificate) -> Value {
    let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
    json!({
        "types": {
            "EIP712Domain": [
                field("name", "string"), field("version", "string"),
                field("chainId", "uint256"), field("verifyingContract", "address"),
            ],
            "Certificate": [
                field("batchIndex", "uint64"), field("prevAcc", "bytes32"), field("payloadHash", "bytes32"),
                field("payloadLength", "uint32"), field("epoch", "uint64"), field("expiry", "uint64"),
            ],
        },
        "primaryType": "Certificate",
        "domain": {
            "name": "Mezzanine data committee",
            "version": "1",
            "chainId": inbox.l1_chain_id.to_string(),
            "verifyingContract": inbox.inbox,
        },
        "message": {
            "batchIndex": certificate.batch_index.to_string(),
            "prevAcc": certificate.prev_acc.0,
            "payloadHash": certificate.payload.payload_hash,
            "payloadLength": certificate.payload.payload_length.to_string(),
            "epoch": certificate.epoch.to_string(),
            "expiry": certificate.expiry.to_string(),
        },
    })
}
