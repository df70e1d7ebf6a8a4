//! A node that starts with nothing but L1 has the sequencer's chain.

use crate::{
    user::User,
    world::{FUNDER, L2, Settings, World},
};
use alloy::primitives::{Address, Bytes, U256};
use mezz_primitives::DaType;
use serde_json::json;
use std::time::Duration;

/// Transfers and calldata over several blocks, all of it safe in the end.
async fn traffic(world: &World, sequencer: &L2) {
    let mut user = User::new(1);
    world.deposit(FUNDER, user.address(), "10").await;
    sequencer.wait_for_ether(user.address()).await;
    let mut sent = Vec::new();
    for round in 0..30_u8 {
        let to = Address::repeat_byte(round);
        sent.push(sequencer.send(&user.transfer(to, 1_000 + u64::from(round))).await);
        let input = Bytes::from(vec![round; 200]);
        sent.push(sequencer.send(&user.sign(to, U256::ZERO, input, 40_000)).await);
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    sequencer.wait_safe(&sent).await;
}

async fn check(beacon: bool, expected: DaType) {
    let world = World::start(4).await;
    let sequencer = world.node(Settings { beacon, ..Settings::operator() }).await;
    traffic(&world, &sequencer).await;
    let batches = sequencer.ask("mezz_getBatches", json!([])).await;
    let mut kinds = batches.as_array().unwrap().iter().map(|batch| &batch["daType"]);
    assert!(kinds.any(|kind| *kind == json!(expected)), "{batches}");

    // All transactions of the traffic and no deposit, at what L1 says that their batches cost.
    let costs = sequencer.ask("mezz_getCosts", json!(["0x40"])).await;
    let total = &costs["total"];
    assert_eq!(total["transactions"], 60, "{costs}");
    let wei = |field: &str| total[field].as_str().unwrap().parse::<U256>().unwrap();
    assert!(wei("l1FeePaid") >= U256::from(total["l1GasUsed"].as_u64().unwrap()));
    assert_eq!(wei("l1FeePaidPerTransaction"), wei("l1FeePaid") / U256::from(60));
    assert!(wei("l1FeeCollected") > U256::ZERO);
    assert_eq!(total["l1BlobGasUsed"].as_u64().unwrap() > 0, beacon);

    let last = sequencer.node.heads().safe;
    let fresh = world.node(Settings::watcher()).await;
    fresh.wait_derived(last).await;
    assert!(fresh.assert_same(&sequencer) >= last);
    // Only the node that was told so may be stopped over its RPC.
    let modules = async |node: &L2| node.ask("rpc_modules", json!([])).await;
    assert!(modules(&sequencer).await.get("admin").is_some());
    assert!(modules(&fresh).await.get("admin").is_none());
}

/// Invariant 36: from L1 alone, the data in blobs.
#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_node_derives_the_sequencers_chain_from_blobs() {
    check(true, DaType::Blobs).await;
}

/// Invariant 36: from L1 alone, the data in calldata.
#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_node_derives_the_sequencers_chain_from_calldata() {
    check(false, DaType::Calldata).await;
}

/// Bytes that nothing compresses.
fn noise(seed: u64, length: usize) -> Bytes {
    let mut state = seed;
    let next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8 | 1
    };
    std::iter::repeat_with(next).take(length).collect::<Vec<_>>().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_block_holds_more_than_l1_takes() {
    let world = World::start(4).await;
    // Calldata alone: 96 KiB.
    let sequencer = world.node(Settings { beacon: false, ..Settings::operator() }).await;
    let mut user = User::new(1);
    world.deposit(FUNDER, user.address(), "10").await;
    sequencer.wait_for_ether(user.address()).await;
    let to = Address::repeat_byte(0xee);
    let too_long = user.clone().sign(to, U256::ZERO, noise(9, 100_000), 5_000_000);
    let refused = sequencer.refusal("eth_sendRawTransaction", json!([too_long])).await;
    assert!(refused.starts_with("oversized data"), "{refused}");
    // Two of them are more than a batch holds: never in one block.
    let mut sent = Vec::new();
    for seed in 0..6 {
        let raw = user.sign(to, U256::ZERO, noise(seed, 60_000), 3_000_000);
        let hash = sequencer.ask("eth_sendRawTransaction", json!([raw])).await;
        sent.push(serde_json::from_value(hash).unwrap());
    }
    sequencer.wait_safe(&sent).await;
    let mut blocks: Vec<_> = sent.iter().map(|hash| sequencer.safe_block(*hash)).collect();
    blocks.dedup();
    assert_eq!(blocks.len(), sent.len());
}
