//! A key that is elsewhere.

use crate::{
    adversaries::serve,
    world::{INBOX, World, batcher, key, payload},
};
use alloy::{
    hex,
    primitives::{Address, B256},
    signers::{SignerSync, local::PrivateKeySigner},
    sol,
    sol_types::{SolStruct, eip712_domain},
};
use axum::{Json, Router, routing::post};
use mezz_da::{
    Error, Member,
    committee::{CertificateSigner, RemoteSigner, SignerConfig},
};
use serde_json::{Value, json};

sol! {
    struct Certificate {
        uint64 batchIndex; bytes32 prevAcc; bytes32 payloadHash; uint32 payloadLength; uint64 epoch; uint64 expiry;
    }
}

/// Signs as such a signer does: what it is shown, with another library's EIP-712.
fn sign(key: &PrivateKeySigner, request: &Value) -> Option<String> {
    let parameters = request["params"].as_array()?;
    let account: Address = parameters[0].as_str()?.parse().ok()?;
    assert_eq!(account, PrivateKeySigner::address(&crate::world::key(1)));
    let signature = match request["method"].as_str()? {
        "eth_sign" => {
            let hash: B256 = parameters[1].as_str()?.parse().ok()?;
            key.sign_message_sync(hash.as_slice()).ok()?
        }
        "eth_signTypedData" => {
            let (domain, message) = (&parameters[1]["domain"], &parameters[1]["message"]);
            let number = |name: &str| message[name].as_str()?.parse::<u64>().ok();
            let word = |name: &str| message[name].as_str()?.parse::<B256>().ok();
            let certificate = Certificate {
                batchIndex: number("batchIndex")?,
                prevAcc: word("prevAcc")?,
                payloadHash: word("payloadHash")?,
                payloadLength: number("payloadLength")? as u32,
                epoch: number("epoch")?,
                expiry: number("expiry")?,
            };
            let domain = eip712_domain! {
                name: domain["name"].as_str()?.to_owned(),
                version: domain["version"].as_str()?.to_owned(),
                chain_id: domain["chainId"].as_str()?.parse::<u64>().ok()?,
                verifying_contract: domain["verifyingContract"].as_str()?.parse::<Address>().ok()?,
            };
            key.sign_hash_sync(&certificate.eip712_signing_hash(&domain)).ok()?
        }
        _ => return None,
    };
    Some(hex::encode_prefixed(signature.as_bytes()))
}

async fn signer(with: u8) -> String {
    let answer = move |Json(request): Json<Value>| async move {
        Json(match sign(&key(with), &request) {
            Some(signature) => {
                json!({ "jsonrpc": "2.0", "id": request["id"], "result": signature })
            }
            None => {
                json!({ "jsonrpc": "2.0", "id": request["id"], "error": { "code": -32601, "message": "no such method" } })
            }
        })
    };
    serve(Router::new().route("/", post(answer))).await
}

#[tokio::test]
async fn a_remote_key_signs_as_a_local_one() {
    let account = PrivateKeySigner::address(&key(1));
    let remote = RemoteSigner::new(account, &signer(1).await, "eth_signTypedData", None).unwrap();
    let mut world = World::new(1, 1).await;
    let certificate = world.certificate(3, &payload(1));
    let local = key(1);
    assert_eq!(
        remote.sign_certificate(INBOX, &certificate).await.unwrap(),
        local.sign_certificate(INBOX, &certificate).await.unwrap()
    );
    let request = B256::repeat_byte(7);
    assert_eq!(
        remote.sign_request(request).await.unwrap(),
        local.sign_request(request).await.unwrap()
    );
    // A member whose key is there.
    world.stop(0).await;
    let mut config = world.config(0);
    config.signer = SignerConfig::Remote {
        address: account,
        url: signer(1).await,
        method: "eth_signTypedData".to_owned(),
        tls: None,
    };
    let clock_of_the_world = Member::start(config.clone()).await.unwrap();
    clock_of_the_world.stop().await;
    world.start_with(0, config, std::sync::Arc::new(remote)).await.unwrap();
    let bytes = payload(1);
    world.client().certify(&certificate, &world.committee, 0, &bytes).await.unwrap();
}

#[tokio::test]
async fn what_a_remote_signer_gets_wrong_is_an_error() {
    let account = PrivateKeySigner::address(&key(1));
    let certificate = World::new(1, 1).await.certificate(3, &payload(1));
    let gone = "http://127.0.0.1:1".to_owned();
    let cases = [
        (signer(2).await, "eth_signTypedData", "no signature of this account"),
        (signer(1).await, "eth_signTypedData_v9", "no such method"),
        (gone, "eth_signTypedData", "check that it is up"),
    ];
    for (url, method, reason) in cases {
        let remote = RemoteSigner::new(account, &url, method, None).unwrap();
        let error = remote.sign_certificate(INBOX, &certificate).await.unwrap_err();
        assert!(matches!(error, Error::Signing { .. }));
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert!(RemoteSigner::new(account, "nowhere", "x", None).is_err());
    assert_ne!(PrivateKeySigner::address(&batcher()), account);
}
