//! L1 reorgs: the node ends where a fresh node ends, and no preconfirmed transaction is lost.

use crate::{
    user::User,
    world::{FUNDER, L2, Settings, World, wait},
};
use alloy::primitives::{Address, B256, U64, U256};
use mezz_l1::contracts::Inbox;
use serde_json::json;

/// Blocks that these tests may take away.
const UNSAFE_WINDOW: u64 = 64;

/// A sequencer, a node that follows it, and a user whose ether no reorg reaches.
async fn start(finalized_lag: u64) -> (World, L2, L2, User) {
    let world = World::start(finalized_lag).await;
    let sequencer = world.node(Settings::operator()).await;
    let watcher = world.node(Settings::watcher()).await;
    let user = User::new(1);
    world.deposit(FUNDER, user.address(), "10").await;
    sequencer.wait_for_ether(user.address()).await;
    world.control("anvil_mine", json!([20, 1])).await;
    (world, sequencer, watcher, user)
}

async fn send_some(sequencer: &L2, user: &mut User, sent: &mut Vec<B256>) {
    for _ in 0..5 {
        sent.push(sequencer.send(&user.transfer(Address::repeat_byte(0xee), 1)).await);
    }
}

/// The end of every test here: everything that was promised is safe, and all nodes agree with one that saw no reorg.
async fn check(world: &World, sequencer: &L2, watcher: &L2, sent: &[B256]) {
    sequencer.wait_safe(sent).await;
    let last = sequencer.node.heads().safe;
    let fresh = world.node(Settings::watcher()).await;
    fresh.wait_derived(last).await;
    watcher.wait_derived(last).await;
    assert!(fresh.assert_same(sequencer) >= last);
    assert!(fresh.assert_same(watcher) >= last);
    let mut places: Vec<_> = sent
        .iter()
        .map(|hash| {
            let (block, index) = fresh.store.transaction(*hash).unwrap().unwrap();
            (block.header.number, index)
        })
        .collect();
    let in_order = places.clone();
    places.sort_unstable();
    assert_eq!(places, in_order, "one user's transactions stay in order");
}

async fn batches(world: &World) -> u64 {
    world.read(world.deployment.contracts.inbox, &Inbox::batchCountCall {}).await
}

/// Invariant 35 on a whole chain, a few blocks deep.
#[tokio::test(flavor = "multi_thread")]
async fn reorgs_of_l1_at_several_depths_lose_nothing() {
    let (world, sequencer, watcher, mut user) = start(UNSAFE_WINDOW).await;
    let mut sent = Vec::new();
    for depth in [1_u64, 3, 8, 20] {
        let receiver = Address::repeat_byte(depth as u8);
        send_some(&sequencer, &mut user, &mut sent).await;
        let (posted, began) = (batches(&world).await, world.l1.latest().await.unwrap().number);
        world.deposit(FUNDER, receiver, "1").await;
        sequencer.wait_for_ether(receiver).await;
        send_some(&sequencer, &mut user, &mut sent).await;
        wait("L1 to be deep enough", async || {
            let deep = world.l1.latest().await.unwrap().number >= began + depth;
            deep && (depth < 3 || batches(&world).await > posted)
        })
        .await;
        // Both nodes have read what goes: only then must they notice that it went.
        let head = world.l1.latest().await.unwrap().number;
        let read = [&sequencer, &watcher].map(|node| node.node.metrics());
        wait("both nodes to read L1", async || {
            read.iter().all(|metrics| metrics.l1_head.get() >= head)
        })
        .await;
        let reorgs = read.each_ref().map(|metrics| metrics.l1_reorgs.get());
        // The deposit goes back into L1's pool and comes again, somewhere else; what was built on the old blocks cannot.
        world.control("anvil_reorg", json!([depth, []])).await;
        send_some(&sequencer, &mut user, &mut sent).await;
        // L1 may have moved on by a block meanwhile, which is then all that a reorg of one block takes away.
        wait("both nodes to see the reorg", async || {
            let seen =
                read.iter().zip(reorgs).all(|(metrics, before)| metrics.l1_reorgs.get() > before);
            seen || depth < 3
        })
        .await;
        wait("the deposit to come again", async || {
            sequencer.balance(receiver).await == U256::from(10_u128.pow(18))
        })
        .await;
    }
    check(&world, &sequencer, &watcher, &sent).await;
}

/// Invariant 35, where L1 drops what users sent.
#[tokio::test(flavor = "multi_thread")]
async fn what_l1_forgets_for_good_is_unmade() {
    let (world, sequencer, watcher, mut user) = start(UNSAFE_WINDOW).await;
    let mut sent = Vec::new();
    for round in 1..=2_u8 {
        let lost = Address::repeat_byte(round);
        send_some(&sequencer, &mut user, &mut sent).await;
        let before = world.control("evm_snapshot", json!([])).await;
        let posted = batches(&world).await;
        world.deposit(FUNDER, lost, "1").await;
        sequencer.wait_for_ether(lost).await;
        send_some(&sequencer, &mut user, &mut sent).await;
        wait("batches over the deposit", async || batches(&world).await > posted + 1).await;
        world.control("evm_revert", json!([before])).await;
        send_some(&sequencer, &mut user, &mut sent).await;
        wait("the deposit to be unmade", async || sequencer.balance(lost).await.is_zero()).await;
    }
    check(&world, &sequencer, &watcher, &sent).await;
    assert_eq!(watcher.balance(Address::repeat_byte(1)).await, U256::ZERO);
}

/// Invariant 35 on an L1 that breaks its own promise: everything observed of it is dropped and read anew.
#[tokio::test(flavor = "multi_thread")]
async fn what_l1_called_final_may_go_too() {
    let (world, sequencer, watcher, mut user) = start(2).await;
    let mut sent = Vec::new();
    send_some(&sequencer, &mut user, &mut sent).await;
    sequencer.wait_safe(&sent).await;
    let last = sequencer.safe_block(*sent.last().unwrap()).unwrap();
    world.control("anvil_mine", json!([4, 1])).await;
    wait("the batch to be final", async || sequencer.node.heads().finalized >= last).await;
    let batch = sequencer.ask("mezz_getBatchByBlock", json!([U64::from(last)])).await;
    let head = world.l1.latest().await.unwrap().number;
    let depth = head + 1 - batch["l1Block"].as_u64().unwrap();
    world.control("anvil_reorg", json!([depth, []])).await;
    send_some(&sequencer, &mut user, &mut sent).await;
    check(&world, &sequencer, &watcher, &sent).await;
    assert!(sequencer.node.metrics().l1_resets.get() > 0);
    assert!(watcher.node.metrics().l1_resets.get() > 0);
}
