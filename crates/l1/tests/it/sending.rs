//! The transaction manager against pools, fees and restarts.

use crate::anvil::Anvil;
use alloy::{
    eips::{BlockNumberOrTag, eip4844::Blob, eip7594::BlobTransactionSidecarEip7594},
    primitives::{Address, B256, U256},
};
use mezz_l1::{Call, Error};
use serde_json::json;
use std::{sync::Arc, time::Duration};

const GWEI: u128 = 1_000_000_000;

fn payment(wei: u64) -> Call {
    Call { to: Some(Address::repeat_byte(9)), value: U256::from(wei), ..Call::default() }
}

async fn until_pending(anvil: &Anvil) {
    while anvil.pending().await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn fees_rise_until_the_transaction_is_included() {
    let Some(anvil) = Anvil::start(&["--no-mining"]).await else { return };
    let sender = Arc::new(anvil.sender(0));
    let sending = tokio::spawn({
        let sender = sender.clone();
        async move { sender.send(payment(1)).await }
    });
    until_pending(&anvil).await;
    let receipt = loop {
        anvil.mine_at(50 * GWEI).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        if sending.is_finished() {
            break sending.await.unwrap().unwrap();
        }
    };
    assert!(receipt.effective_gas_price >= 50 * GWEI);
    assert_eq!(
        anvil.client.nonce(sender.address(), BlockNumberOrTag::Latest).await.unwrap(),
        1,
        "one nonce, one transaction"
    );
}

#[tokio::test]
async fn after_a_restart_the_next_transaction_takes_the_place_of_the_one_left_behind() {
    let Some(anvil) = Anvil::start(&["--no-mining"]).await else { return };
    let before = Arc::new(anvil.sender(0));
    let left = tokio::spawn({
        let before = before.clone();
        async move { before.send(payment(1)).await }
    });
    until_pending(&anvil).await;
    left.abort();

    let after = anvil.sender(0);
    let sending = tokio::spawn(async move { after.send(payment(2)).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(anvil.pending().await, 1);
    anvil.mine(1).await;
    let receipt = sending.await.unwrap().unwrap();
    assert_eq!(anvil.transaction(receipt.transaction_hash).await["value"], "0x2");
    assert_eq!(anvil.client.nonce(before.address(), BlockNumberOrTag::Latest).await.unwrap(), 1);
}

#[tokio::test]
async fn a_nonce_taken_by_another_transaction_is_reported() {
    let Some(anvil) = Anvil::start(&["--no-mining"]).await else { return };
    let sender = anvil.sender(0);
    let account = sender.address();
    let sending = tokio::spawn(async move { sender.send(payment(1)).await });
    until_pending(&anvil).await;
    anvil.rpc("anvil_dropAllTransactions", json!([])).await;
    let dear = json!([{ "from": account, "to": Address::ZERO, "nonce": "0x0", "gas": "0x5208", "maxFeePerGas": "0x174876e800", "maxPriorityFeePerGas": "0x3b9aca00" }]);
    anvil.rpc("eth_sendTransaction", dear).await;
    anvil.mine(1).await;
    assert!(matches!(sending.await.unwrap(), Err(Error::Replaced { nonce: 0, .. })));
}

#[tokio::test]
async fn a_transaction_that_a_reorganisation_took_out_is_sent_again() {
    let Some(anvil) = Anvil::start(&["--no-mining"]).await else { return };
    let mut config =
        mezz_l1::SenderConfig { poll: Duration::from_millis(20), ..Default::default() };
    config.fees.confirmations = 3;
    let sender = mezz_l1::Sender::new(anvil.client.clone(), crate::anvil::signer(0), config);
    let sending = tokio::spawn(async move { sender.send(payment(1)).await });
    until_pending(&anvil).await;
    anvil.mine(1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    anvil.reorg(1).await;
    until_pending(&anvil).await;
    anvil.mine(3).await;
    assert!(sending.await.unwrap().unwrap().status());
}

#[tokio::test]
async fn blobs_go_out_and_come_back() {
    let Some(anvil) = Anvil::start(&[]).await else { return };
    assert!(anvil.client.capabilities().blobs);
    let blobs: Vec<Blob> = (1..=2)
        .map(|seed: u8| Blob::from_slice(&[[0; 1].as_slice(), &[seed; 31]].concat().repeat(4096)))
        .collect();
    let sidecar = BlobTransactionSidecarEip7594::try_from_blobs_with_settings(
        blobs.clone(),
        c_kzg::ethereum_kzg_settings(0),
    )
    .unwrap();
    let hashes: Vec<B256> = sidecar.versioned_hashes().collect();
    let receipt = anvil.sender(0).send(payment(0).with_blobs(sidecar)).await.unwrap();
    assert_eq!(receipt.blob_gas_used, Some(2 * 131_072));

    let head = anvil.client.header_by_hash(receipt.block_hash.unwrap()).await.unwrap().unwrap();
    let beacon = anvil.client.beacon().unwrap();
    let reversed: Vec<B256> = hashes.iter().rev().copied().collect();
    let found = beacon.blobs(&head, &reversed).await.unwrap();
    assert_eq!((&*found[0], &*found[1]), (&blobs[1], &blobs[0]), "in the order asked for");
    let missing = beacon.blobs(&head, &[B256::repeat_byte(1)]).await.unwrap_err();
    assert!(matches!(missing, Error::BlobsMissing { .. }), "{missing}");
}

#[tokio::test]
async fn an_account_without_ether_is_told_so() {
    let Some(anvil) = Anvil::start(&[]).await else { return };
    let error = anvil.sender(77).send(payment(1)).await.unwrap_err();
    assert!(matches!(error, Error::InsufficientFunds { .. }), "{error:?}");
}
