//! Garbage: an attacker posts bytes that are no batch, when posting is open to everybody.

use crate::{
    user::User,
    world::{FUNDER, L2, Settings, World},
};
use alloy::primitives::{Address, B256, Bytes, U256};
use mezz_l1::contracts::Inbox;
use mezz_node::Role;
use mezz_primitives::DaType;

/// The attacker's account.
const ATTACKER: u32 = 9;

/// Bytes without sense, always the same for one seed.
fn noise(mut seed: u64, length: usize) -> Bytes {
    let bytes = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as u8
    });
    bytes.take(length).collect::<Vec<_>>().into()
}

async fn post(world: &World, blocks: u32, payload: Bytes) {
    let inbox = world.deployment.contracts.inbox;
    let posted = world.read(inbox, &Inbox::batchCountCall {}).await;
    let queued = world.read(inbox, &Inbox::queueCountCall {}).await;
    let call = Inbox::postBatchCall {
        daType: DaType::Calldata.into(),
        prevAcc: world.read(inbox, &Inbox::accCall { n: posted }).await,
        qEnd: queued,
        queueAcc: world.read(inbox, &Inbox::queueAccCall { n: queued }).await,
        blockCount: blocks,
        aux: payload,
    };
    world.call(ATTACKER, inbox, &call, U256::ZERO).await;
}

async fn send_some(sequencer: &L2, user: &mut User, sent: &mut Vec<B256>) {
    for _ in 0..10 {
        sent.push(sequencer.send(&user.transfer(Address::repeat_byte(0xee), 1)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_in_the_inbox_costs_nobody_a_transaction() {
    let world = World::start(4).await;
    // A sequencer whose batcher is down, and a node that follows L1.
    let place = world.place();
    let silent = Settings { roles: vec![Role::Sequencer, Role::Watcher], ..Settings::operator() };
    let sequencer = world.node_in(place.clone(), silent).await;
    let watcher = world.node(Settings::watcher()).await;
    let mut user = User::new(1);
    world.deposit(FUNDER, user.address(), "10").await;
    sequencer.wait_for_ether(user.address()).await;
    let mut sent = Vec::new();
    send_some(&sequencer, &mut user, &mut sent).await;

    world.pass(world.deployment.config.windows.permissionless_delay + 1).await;
    assert!(world.read(world.deployment.contracts.inbox, &Inbox::permissionlessOpenCall {}).await);
    let mut garbage = 0;
    for (seed, (blocks, length)) in
        [(1, 0), (5, 1), (40, 300), (512, 5_000)].into_iter().enumerate()
    {
        post(&world, blocks, noise(seed as u64, length)).await;
        garbage += u64::from(blocks);
        send_some(&sequencer, &mut user, &mut sent).await;
    }
    sequencer.wait_derived(garbage).await;
    watcher.wait_derived(garbage).await;
    assert!(watcher.assert_same(&sequencer) >= garbage);
    send_some(&sequencer, &mut user, &mut sent).await;

    // The operator comes back.
    sequencer.stop().await;
    let operator = world.node_in(place, Settings::operator()).await;
    send_some(&operator, &mut user, &mut sent).await;
    operator.wait_safe(&sent).await;
    let last = operator.node.heads().safe;
    watcher.wait_derived(last).await;
    let fresh = world.node(Settings::watcher()).await;
    fresh.wait_derived(last).await;
    assert!(fresh.assert_same(&operator) >= last);
    assert!(fresh.assert_same(&watcher) >= last);
}
