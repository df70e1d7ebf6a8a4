//! A dead sequencer: a user gets in, acts and gets out with nobody's help but a stranger's gas.

use crate::{
    user::User,
    world::{FUNDER, L2, Settings, World, sender, wait},
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, Bytes, U256, keccak256, utils::parse_ether},
    rpc::types::EIP1186AccountProofResponse,
    sol_types::{SolCall, SolEvent},
};
use mezz_l1::contracts::{DisputeGameFactory, Inbox, L2ToL1MessagePasser, OutputRootProof, Portal};
use mezz_node::Role;
use mezz_primitives::{Withdrawal, predeploys::MESSAGE_PASSER};
use serde_json::json;

const USER: u32 = 5;
const STRANGER: u32 = 6;
const OTHER_PROPOSER: u32 = 7;
/// Where the money goes.
const TARGET: Address = Address::repeat_byte(0x77);

/// The withdrawal that a transaction initiated, and its block.
fn initiated(node: &L2, transaction: B256) -> (Withdrawal, u64) {
    let (block, index) = node.store.transaction(transaction).unwrap().unwrap();
    let receipt = &block.receipts[index];
    assert!(receipt.success, "the forced transaction reverted");
    let event = receipt
        .logs
        .iter()
        .filter(|log| log.address == MESSAGE_PASSER)
        .find_map(|log| L2ToL1MessagePasser::MessagePassed::decode_log(log).ok())
        .unwrap();
    let withdrawal = Withdrawal::from(event.data);
    (withdrawal, block.header.number)
}

/// The first claim that covers an L2 block: its index and its last block.
async fn covering(world: &World, block: u64) -> Option<(u64, u64)> {
    let factory = world.deployment.contracts.dispute_game_factory;
    let count: u64 =
        world.read(factory, &DisputeGameFactory::gameCountCall {}).await.saturating_to();
    let find = DisputeGameFactory::findLatestGamesCall {
        gameType: world.read(factory, &DisputeGameFactory::GAME_TYPECall {}).await,
        start: U256::from(count - 1),
        n: U256::from(count),
    };
    let games = world.read(factory, &find).await;
    games
        .iter()
        .filter_map(|game| {
            let number: u64 = U256::from_be_slice(game.extraData.get(..32)?).saturating_to();
            (number >= block).then_some((game.index.saturating_to(), number))
        })
        .min()
}

/// Proves a withdrawal against a claim and has it paid.
async fn withdraw(
    world: &World,
    node: &L2,
    transaction: B256,
    withdrawal: &Withdrawal,
    block: u64,
) {
    let portal = world.deployment.contracts.portal;
    wait("a claim that covers the withdrawal", async || covering(world, block).await.is_some())
        .await;
    let (game, number) = covering(world, block).await.unwrap();
    let slots = json!([MESSAGE_PASSER, [withdrawal.storage_slot()], format!("{number:#x}")]);
    let proof: EIP1186AccountProofResponse =
        serde_json::from_value(node.ask("eth_getProof", slots).await).unwrap();
    let header = node.store.header(number).unwrap().unwrap();
    let prove = Portal::proveWithdrawalTransactionCall {
        withdrawal: withdrawal.clone().into(),
        disputeGameIndex: U256::from(game),
        outputRootProof: OutputRootProof {
            version: B256::ZERO,
            stateRoot: header.state_root,
            messagePasserStorageRoot: proof.storage_hash,
            latestBlockhash: node.hash(number),
        },
        withdrawalProof: proof.storage_proof[0].proof.clone(),
    };
    let status = async || {
        let seen = node.ask("mezz_getWithdrawals", json!([transaction])).await;
        seen[0]["status"].as_str().unwrap().to_owned()
    };
    wait("the node to see the claim", async || status().await == "ready-to-prove").await;
    world.call(STRANGER, portal, &prove, U256::ZERO).await;
    assert_eq!(status().await, "waiting-to-finalize");
    world.pass(world.deployment.config.windows.proof_maturity + 1).await;
    // A claim is final after its parent, which the proposer confirms in its own time.
    let check = Portal::checkWithdrawalCall {
        withdrawalHash: withdrawal.hash(),
        proofSubmitter: sender(&world.l1, STRANGER).address(),
    };
    let ripe = async || world.l1.call(portal, &check, BlockNumberOrTag::Latest).await.is_ok();
    wait("the withdrawal to be payable", ripe).await;
    assert_eq!(status().await, "ready-to-finalize");
    let finalize =
        Portal::finalizeWithdrawalTransactionCall { withdrawal: withdrawal.clone().into() };
    world.call(STRANGER, portal, &finalize, U256::ZERO).await;
}

/// Invariant 32 on a whole chain.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_gets_in_and_out_without_the_operator() {
    let world = World::start(4).await;
    let contracts = world.deployment.contracts;
    // A chain with a past, and then no sequencer, batcher or proposer any more.
    let operator = world.node(Settings::operator()).await;
    let mut early = User::new(1);
    world.deposit(FUNDER, early.address(), "1").await;
    operator.wait_for_ether(early.address()).await;
    let past = operator.send(&early.transfer(TARGET, 1)).await;
    operator.wait_safe(&[past]).await;
    operator.stop().await;

    let mut user = User::new(USER);
    world.deposit(USER, user.address(), "2").await;
    // The deposit is a transaction of its sender on L2.
    user.nonce += 1;
    let value = parse_ether("1.25").unwrap();
    let call = L2ToL1MessagePasser::initiateWithdrawalCall {
        target: TARGET,
        gasLimit: U256::from(100_000),
        data: Bytes::new(),
    };
    let raw = user.sign(MESSAGE_PASSER, value, call.abi_encode().into(), 300_000);
    let forced = keccak256(&raw);
    let force = Portal::forceTransactionCall { gasLimit: 400_000, rawTransaction: raw };
    // Whoever pays for the message: the transaction speaks for its signer.
    world.call(STRANGER, contracts.portal, &force, U256::ZERO).await;

    let windows = &world.deployment.config.windows;
    world.pass(windows.force_delay + windows.force_grace + 1).await;
    world.call(STRANGER, contracts.inbox, &Inbox::forceIncludeCall {}, U256::ZERO).await;

    let roles = vec![Role::Watcher, Role::Proposer];
    let another =
        world.node(Settings { roles, proposer: OTHER_PROPOSER, ..Settings::operator() }).await;
    let second = world.node(Settings::watcher()).await;
    another.wait_safe(&[past, forced]).await;
    second.wait_safe(&[past, forced]).await;
    assert!(second.assert_same(&another) > 0);

    let (withdrawal, block) = initiated(&another, forced);
    assert_eq!((withdrawal.sender, withdrawal.value), (user.address(), value));
    withdraw(&world, &another, forced, &withdrawal, block).await;
    assert_eq!(world.l1.balance(TARGET, BlockNumberOrTag::Latest).await.unwrap(), value);
    assert!(another.node.metrics().claims.get() > 0);
}
