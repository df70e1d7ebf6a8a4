//! Blobs: the pool's rules, the fee market, and the beacon API, over real HTTP.

use crate::common::{BOB, NOBODY, World, quantity};
use alloy::{
    consensus::{
        BlobTransactionSidecar, EthereumTxEnvelope, SidecarBuilder, SimpleCoder,
        TxEip4844WithSidecar,
    },
    eips::{
        eip2718::{Decodable2718, Encodable2718},
        eip4844::kzg_to_versioned_hash,
        eip7594::BlobTransactionSidecarVariant,
    },
    network::{
        EthereumWallet, NetworkTransactionBuilder, TransactionBuilder, TransactionBuilder4844,
    },
    primitives::{B256, hex, keccak256},
    providers::Provider,
    rpc::types::TransactionRequest,
};
use serde_json::{Value, json};

type WithBlobs = EthereumTxEnvelope<TxEip4844WithSidecar<BlobTransactionSidecarVariant>>;

/// The blobs and versioned hashes inside a sent transaction.
fn contents(raw: &[u8]) -> (Vec<Vec<u8>>, Vec<B256>) {
    let WithBlobs::Eip4844(signed) = WithBlobs::decode_2718(&mut &*raw).unwrap() else {
        panic!("not a blob transaction")
    };
    let sidecar = &signed.tx().sidecar;
    let hashes = sidecar
        .commitments()
        .iter()
        .map(|commitment| kzg_to_versioned_hash(commitment.as_slice()))
        .collect();
    (sidecar.blobs().iter().map(|blob| blob.to_vec()).collect(), hashes)
}

fn data(answer: &(u16, Value)) -> Vec<Vec<u8>> {
    assert_eq!(answer.0, 200, "{}", answer.1);
    answer.1["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|blob| hex::decode(blob.as_str().unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn blobs_are_mined_and_served() {
    let world = World::manual().await;
    world.call("anvil_mine", json!([2])).await;
    let (first, second) = (world.blobs(0, &[1, 2]).await, world.blobs(1, &[3]).await);
    let hash = world.send(&first).await;
    world.send(&second).await;
    world.call("evm_mine", json!([])).await;
    world.call("evm_mine", json!([])).await;
    let receipt = world.receipt(hash).await.unwrap();
    assert_eq!((receipt.blob_gas_used, receipt.blob_gas_price), (Some(2 * 131_072), Some(1)));
    let block = world.block("0x3").await;
    assert_eq!(quantity(&block["blobGasUsed"]), 3 * 131_072);

    let ((mut blobs, mut hashes), (more, more_hashes)) = (contents(&first), contents(&second));
    blobs.extend(more);
    hashes.extend(more_hashes);
    let genesis = world.beacon("/eth/v1/beacon/genesis").await.1;
    let spec = world.beacon("/eth/v1/config/spec").await.1;
    let number = |value: &Value| value.as_str().unwrap().parse::<u64>().unwrap();
    let slot = (quantity(&block["timestamp"]) - number(&genesis["data"]["genesis_time"]))
        / number(&spec["data"]["SECONDS_PER_SLOT"]);
    // The child names the beacon root of the block.
    let root = world.block("0x4").await["parentBeaconBlockRoot"].as_str().unwrap().to_owned();
    let execution = block["hash"].as_str().unwrap().to_owned();
    for id in [slot.to_string(), root.clone(), execution] {
        assert_eq!(data(&world.beacon(&format!("/eth/v1/beacon/blobs/{id}")).await), blobs, "{id}");
    }
    let some = format!("/eth/v1/beacon/blobs/{slot}?versioned_hashes={},{}", hashes[2], hashes[0]);
    assert_eq!(data(&world.beacon(&some).await), [blobs[0].clone(), blobs[2].clone()]);
    let none = format!("/eth/v1/beacon/blobs/{slot}?versioned_hashes={}", B256::ZERO);
    assert!(data(&world.beacon(&none).await).is_empty());
    let raw = world
        .beacon_bytes(&format!("/eth/v1/beacon/blobs/{slot}"), "application/octet-stream")
        .await;
    assert_eq!(raw, (200, blobs.concat()));
    assert!(data(&world.beacon("/eth/v1/beacon/blobs/head").await).is_empty());

    let header = world.beacon(&format!("/eth/v1/beacon/headers/{slot}")).await.1;
    assert_eq!(header["data"]["root"], root);
    assert_eq!(header["data"]["header"]["message"]["slot"], slot.to_string());
    let by_parent = world.beacon(&format!("/eth/v1/beacon/headers?parent_root={root}")).await.1;
    assert_eq!(by_parent["data"][0]["header"]["message"]["parent_root"], root);
    assert_eq!(
        world.beacon("/eth/v1/beacon/headers/genesis").await.1["data"]["header"]["message"]["slot"],
        "0"
    );

    let anvil = world.call("anvil_getBlobsByTransactionHash", json!([hash])).await;
    assert_eq!(hex::decode(anvil[1].as_str().unwrap()).unwrap(), blobs[1]);
    let anvil = world.call("anvil_getBlobByHash", json!([hashes[2]])).await;
    assert_eq!(hex::decode(anvil.as_str().unwrap()).unwrap(), blobs[2]);
    assert_eq!(world.call("anvil_getBlobByHash", json!([B256::ZERO])).await, Value::Null);
    world.stop().await;
}

#[tokio::test]
async fn blob_sidecars_carry_true_proofs() {
    let world = World::automatic().await;
    let sent = world.blobs(0, &[1, 2]).await;
    world.send(&sent).await;
    let (blobs, hashes) = contents(&sent);
    let (status, answer) = world.beacon("/eth/v1/beacon/blob_sidecars/head").await;
    assert_eq!((status, answer["version"].as_str()), (200, Some("fulu")));
    let settings = c_kzg::ethereum_kzg_settings(0);
    for (index, sidecar) in answer["data"].as_array().unwrap().iter().enumerate() {
        let bytes = |name: &str| hex::decode(sidecar[name].as_str().unwrap()).unwrap();
        assert_eq!(sidecar["index"], index.to_string());
        assert_eq!(bytes("blob"), blobs[index]);
        assert_eq!(kzg_to_versioned_hash(&bytes("kzg_commitment")), hashes[index]);
        let blob = c_kzg::Blob::from_bytes(&bytes("blob")).unwrap();
        let [commitment, proof] = ["kzg_commitment", "kzg_proof"]
            .map(|name| c_kzg::Bytes48::from_bytes(&bytes(name)).unwrap());
        assert!(settings.verify_blob_kzg_proof(&blob, &commitment, &proof).unwrap());
        assert_eq!(sidecar["kzg_commitment_inclusion_proof"].as_array().unwrap().len(), 17);
    }
    let one = world.beacon("/eth/v1/beacon/blob_sidecars/head?indices=1").await.1;
    assert_eq!((one["data"].as_array().unwrap().len(), &one["data"][0]["index"]), (1, &json!("1")));
    let (_, ssz) =
        world.beacon_bytes("/eth/v1/beacon/blob_sidecars/head", "application/octet-stream").await;
    assert_eq!(ssz.len(), 2 * (8 + 131_072 + 48 + 48 + 112 + 96 + 17 * 32));
    world.stop().await;
}

#[tokio::test]
async fn beacon_api_says_what_is_wrong() {
    let world = World::manual().await;
    world.call("evm_increaseTime", json!([100])).await;
    world.call("evm_mine", json!([])).await;
    for (path, status) in [
        ("/eth/v1/beacon/blobs/50", 404),
        ("/eth/v1/beacon/blobs/99999999", 404),
        ("/eth/v1/beacon/blobs/latest", 400),
        ("/eth/v1/beacon/blobs/0x12", 400),
        ("/eth/v1/beacon/blobs/head?versioned_hashes=7", 400),
        ("/eth/v1/beacon/blob_sidecars/head?indices=x", 400),
        (&format!("/eth/v1/beacon/headers/{}", B256::repeat_byte(1)), 404),
    ] {
        let answer = world.beacon(path).await;
        assert_eq!((answer.0, answer.1["code"].as_u64()), (status, Some(status.into())), "{path}");
    }
    assert_eq!(world.beacon("/eth/v1/node/syncing").await.1["data"]["is_syncing"], false);
    assert!(
        world.beacon("/eth/v1/node/version").await.1["data"]["version"]
            .as_str()
            .unwrap()
            .starts_with("mezz-devnet/")
    );
    world.stop().await;
}

fn request(nonce: u64) -> TransactionRequest {
    TransactionRequest::default()
        .with_to(BOB)
        .with_nonce(nonce)
        .with_chain_id(900)
        .with_gas_limit(21_000)
        .with_max_fee_per_gas(20_000_000_000)
        .with_max_priority_fee_per_gas(1_000_000_000)
        .with_max_fee_per_blob_gas(1_000)
}

async fn signed(request: TransactionRequest) -> Vec<u8> {
    request.build(&EthereumWallet::from(crate::common::signer(0))).await.unwrap().encoded_2718()
}

#[tokio::test]
async fn sidecars_of_version_0_are_refused_with_what_to_do() {
    let world = World::manual().await;
    let mut builder = SidecarBuilder::<SimpleCoder>::new();
    builder.ingest(b"old");
    let sidecar: BlobTransactionSidecar = builder.build().unwrap();
    let raw = signed(request(0).with_blob_sidecar(sidecar.into())).await;
    let message = world.refused(&raw).await;
    assert!(message.contains("Osaka") && message.contains("EIP-7594"), "{message}");
    world.stop().await;
}

#[tokio::test]
async fn blobs_that_are_missing_wrong_or_too_many_are_refused() {
    let world = World::manual().await;
    let good = world.blobs(0, &[1]).await;
    let WithBlobs::Eip4844(signed) = WithBlobs::decode_2718(&mut &*good).unwrap() else {
        panic!("not a blob transaction")
    };
    // As it stands in a block.
    let (transaction, signature, _) = signed.clone().into_parts();
    let (transaction, sidecar) = transaction.into_parts();
    let bare = EthereumTxEnvelope::new_unhashed(
        alloy::consensus::EthereumTypedTransaction::<alloy::consensus::TxEip4844>::Eip4844(
            transaction.clone(),
        ),
        signature,
    );
    assert!(world.refused(&bare.encoded_2718()).await.contains("missing"));
    // With the blob of another.
    let BlobTransactionSidecarVariant::Eip7594(mut wrong) = sidecar else {
        panic!("not version 1")
    };
    wrong.blobs[0][40] ^= 1;
    let wrong = TxEip4844WithSidecar {
        tx: transaction,
        sidecar: BlobTransactionSidecarVariant::Eip7594(wrong),
    };
    let wrong = WithBlobs::Eip4844(alloy::consensus::Signed::new_unhashed(wrong, signature));
    assert!(world.refused(&wrong.encoded_2718()).await.contains("invalid blob sidecar"));
    assert!(world.refused(&world.blobs(0, &[1, 2, 3, 4, 5, 6, 7]).await).await.contains("blob"));
    let hash = world.send(&world.blobs(0, &[1, 2, 3, 4, 5, 6]).await).await;
    world.call("evm_mine", json!([])).await;
    assert_eq!(world.receipt(hash).await.unwrap().blob_gas_used, Some(6 * 131_072));
    world.stop().await;
}

#[tokio::test]
async fn blob_fee_rises_when_blocks_are_full() {
    let world = World::manual().await;
    for nonce in 0..4 {
        world.send(&world.blobs(nonce, &[1, 2, 3, 4, 5, 6]).await).await;
    }
    world.call("anvil_mine", json!([2])).await;
    // 18 of 21 fit, and four more need not: the fourth transaction waits for the second block.
    let (first, second) = (world.block("0x1").await, world.block("0x2").await);
    assert_eq!(
        (quantity(&first["blobGasUsed"]), quantity(&second["blobGasUsed"])),
        (18 * 131_072, 6 * 131_072)
    );
    // EIP-7918: below the reserve price the excess grows by a third of what was used.
    assert_eq!(quantity(&second["excessBlobGas"]), 6 * 131_072);
    world.call("evm_mine", json!([])).await;
    // Excess and use together are below the target again.
    assert_eq!(quantity(&world.block("latest").await["excessBlobGas"]), 0);
    world.stop().await;
}

#[tokio::test]
async fn one_transaction_of_another_sort_between() {
    let world = World::automatic().await;
    let plain = world.transfer(0, 0, NOBODY, 20).await;
    assert_eq!(world.send(&plain).await, keccak256(&plain));
    let hash = world.send(&world.blobs(1, &[9]).await).await;
    let found = world.provider.get_transaction_by_hash(hash).await.unwrap().unwrap();
    assert_eq!(alloy::consensus::Transaction::blob_count(&found), Some(1));
    world.stop().await;
}
