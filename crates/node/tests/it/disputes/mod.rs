//! Whole disputes on the embedded L1: whoever lies loses the stake, and the right claim becomes final.

pub(crate) mod crook;

use crate::{
    user::User,
    world::{CHALLENGER, FUNDER, L2, PROPOSER, Settings, World, sender, wait},
};
use alloy::{
    primitives::{Address, Bytes, TxKind, U256, hex, utils::parse_ether},
    sol_types::SolEvent,
};
use crook::{Crook, Lie, Moment, Wrong, gas_paid, stranger, wealth};
use futures::future::join_all;
use mezz_l1::{
    Call,
    contracts::{ClaimManager, Portal, QueryGame},
};
use mezz_node::Role;
use mezz_primitives::{ContentId, query_id, vector_proof};
use serde_json::json;
use std::time::{Duration, Instant};

const OTHER_CHALLENGER: u32 = 8;
const REFUTED: u8 = 3;
const REJECTED: u8 = 4;
/// Longest that a dispute may take.
const PATIENCE: Duration = Duration::from_secs(170);

/// Everything that an operator does, but doubt.
fn operator() -> Settings {
    let roles = Role::ALL.into_iter().filter(|role| *role != Role::Challenger).collect();
    // The first batch has many spans.
    Settings { roles, batch_interval: 36, ..Settings::operator() }
}

/// The same on an L1 whose clock is the world's.
fn patient_operator() -> Settings {
    Settings { batch_interval: 10, ..operator() }
}

/// A watchtower.
fn watchtower(challenger: u32) -> Settings {
    Settings { roles: vec![Role::Watcher, Role::Challenger], challenger, ..Settings::operator() }
}

/// Everything that a block of users may hold, in the blocks of the first batch: transfers, creations, storage, a precompile, a forced transaction.
async fn use_the_chain(world: &World, node: &L2) {
    let mut user = User::new(1);
    world.deposit(FUNDER, user.address(), "10").await;
    node.wait_for_ether(user.address()).await;
    // Stores its calldata's first word, and logs it: PUSH0 CALLDATALOAD DUP1 DUP1 SSTORE PUSH0 MSTORE PUSH1 32 PUSH0 LOG0
    let code = hex!("5f358080555f5260205fa0");
    let init = [
        &hex!("60")[..],
        &[code.len() as u8],
        &hex!("600a5f3960"),
        &[code.len() as u8],
        &hex!("5ff3"),
        &code,
    ]
    .concat();
    let contract = user.address().create(user.nonce);
    node.send(&user.sign(TxKind::Create, U256::ZERO, init.into(), 200_000)).await;
    let mut forced = User::new(5);
    world.deposit(FUNDER, forced.address(), "1").await;
    node.wait_for_ether(forced.address()).await;
    let raw = forced.transfer(Address::repeat_byte(0xf0), 1);
    let call = Portal::forceTransactionCall { gasLimit: 100_000, rawTransaction: raw };
    world.call(FUNDER, world.deployment.contracts.portal, &call, U256::ZERO).await;
    for round in 0..6_u8 {
        node.send(&user.transfer(Address::repeat_byte(0xee), 1)).await;
        let word = Bytes::from(vec![round + 1; 32]);
        node.send(&user.sign(contract, U256::ZERO, word, 100_000)).await;
        // ecrecover of garbage, and what hardly compresses.
        let mut noise = vec![round; 128];
        noise
            .iter_mut()
            .zip(1_u32..)
            .for_each(|(byte, place)| *byte = ((place * place * 31) >> 3) as u8 ^ round);
        node.send(&user.sign(Address::with_last_byte(1), U256::ZERO, noise.into(), 60_000)).await;
    }
}

/// The first claim, which is the operator's: after so many entries it only repeats its end.
pub(crate) async fn first_claim(world: &World) -> (ClaimManager::ClaimAsserted, usize) {
    let manager = world.deployment.contracts.claim_manager;
    let find = async || {
        let head = world.l1.latest().await.unwrap().number;
        let logs = world.l1.logs(world.deployment.start_block, head, &[manager]).await.unwrap();
        logs.iter().find_map(|log| ClaimManager::ClaimAsserted::decode_log(&log.inner).ok())
    };
    wait("the first claim", async || find().await.is_some()).await;
    let claim = find().await.unwrap().data;
    let distinct = claim.vector.iter().position(|entry| *entry == claim.vector[255]).unwrap();
    (claim, distinct)
}

/// The entry over the block with the most transactions.
fn busiest(node: &L2, last: u64, span: u64) -> usize {
    let transactions =
        |number: &u64| node.store.block(*number).unwrap().unwrap().transactions.len();
    ((1..=last).max_by_key(transactions).unwrap() - 1) as usize / span as usize
}

async fn is_final(world: &World, claim: &ClaimManager::ClaimAsserted) -> bool {
    let call = ClaimManager::isFinalCall { contentId: claim.contentId };
    world.read(world.deployment.contracts.claim_manager, &call).await
}

/// Lets them lie until the right claim is final and theirs are not: how deep each was asked.
async fn play(
    world: &World,
    claim: &ClaimManager::ClaimAsserted,
    crooks: Vec<Crook>,
) -> Vec<(Crook, usize)> {
    let began = Instant::now();
    let mut playing: Vec<_> = crooks.into_iter().map(|crook| (crook, 0)).collect();
    loop {
        let mut ended = true;
        let turns = playing.iter_mut().map(async |(crook, depth)| {
            let live = crook.status(world).await < REFUTED;
            if live {
                *depth = crook.turn(world).await.max(*depth);
            }
            live
        });
        ended &= !join_all(turns).await.contains(&true);
        if ended && is_final(world, claim).await {
            return playing;
        }
        if ended {
            // Nobody has anything left to say in the window.
            world.pass(10).await;
        }
        let left: Vec<_> = playing.iter().map(|(crook, depth)| (&crook.name, depth)).collect();
        assert!(began.elapsed() < PATIENCE, "still playing: {left:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What the honest have when everything is over, and what they must have.
struct Books {
    who: Address,
    before: U256,
    since: u64,
}

impl Books {
    async fn open(world: &World, account: u32) -> Self {
        let who = sender(&world.l1, account).address();
        let since = world.l1.latest().await.unwrap().number;
        Self { who, before: wealth(world, who).await, since: since + 1 }
    }

    /// Waits until it has what it had, gas aside; with `staked` wei still in a stake.
    async fn check(&self, world: &World, staked: U256) {
        wait("the honest to have their money back", async || {
            let (now, head) =
                (wealth(world, self.who).await, world.l1.latest().await.unwrap().number);
            let paid = gas_paid(world, self.who, self.since, head).await;
            now + paid + staked >= self.before
        })
        .await;
    }
}

/// The lies that there are: in which way, and in which entries of a claim that has so many, the busiest of which is `middle`.
fn lies(middle: usize, distinct: usize) -> [(Lie, Wrong); 12] {
    [
        (Lie::MadeUp, Wrong::From(0)),
        (Lie::MadeUp, Wrong::From(middle)),
        (Lie::MadeUp, Wrong::From(distinct)),
        (Lie::MadeUp, Wrong::Only(middle)),
        // After its end a claim repeats it, and not even that is left to its owner.
        (Lie::MadeUp, Wrong::Only(200)),
        (Lie::Silent, Wrong::From(middle)),
        (Lie::From(Moment::First), Wrong::From(middle)),
        (Lie::From(Moment::Middle), Wrong::From(middle)),
        (Lie::From(Moment::Halt), Wrong::From(middle)),
        (Lie::From(Moment::Halted), Wrong::From(middle)),
        (Lie::From(Moment::Last), Wrong::From(middle)),
        (Lie::Blob, Wrong::From(middle)),
    ]
}

/// Each lie, all at once, against one watchtower.
async fn lie_in_every_way(world: &World, operator: Settings) {
    let operator = world.node(operator).await;
    let books = [Books::open(world, CHALLENGER).await, Books::open(world, PROPOSER).await];
    let tower = world.node(watchtower(CHALLENGER)).await;
    use_the_chain(world, &operator).await;
    let (claim, distinct) = first_claim(world).await;
    assert!(distinct >= 5, "{distinct} spans");
    tower.wait_derived(operator.node.heads().safe).await;
    let middle = busiest(&operator, claim.endOutput.number, world.deployment.config.span);
    let crooks = lies(middle, distinct)
        .map(|(lie, wrong)| Crook::begin(world, &operator.node, &claim, lie, wrong));
    let ended = play(world, &claim, join_all(crooks).await).await;
    let stake = world.deployment.config.stake;
    for (crook, depth) in &ended {
        assert_eq!(crook.status(world).await, REFUTED, "{}", crook.name);
        assert!(crook.is_slashed(world).await, "{}", crook.name);
        let asked = if crook.name.starts_with("Silent") { 1..=1 } else { 5..=6 };
        assert!(asked.contains(depth), "{}: asked {depth} times", crook.name);
        assert!(crook.wealth(world).await < parse_ether("100").unwrap() - stake);
    }
    books[0].check(world, U256::ZERO).await;
    books[1].check(world, stake).await;
    // Each refuted stake brought the challenger half of it.
    let earned = wealth(world, books[0].who).await;
    assert!(earned > books[0].before + stake * U256::from(ended.len() / 3));
}

/// Invariant 10, invariant 11 and invariant 13 on a whole chain, against twelve liars at once.
#[tokio::test(flavor = "multi_thread")]
async fn every_lie_is_refuted_and_the_right_claim_is_final() {
    lie_in_every_way(&World::with_windows(4, 240, (120, 12)).await, operator()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lie_is_refuted_on_anvil_as_well() {
    if let Some(world) = World::on_anvil(150, (45, 8)).await {
        lie_in_every_way(&world, patient_operator()).await;
    }
}

/// The watchtower is killed and started again, L1 is reorganised under the dispute, and for most of its clock nobody is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_outlives_restarts_reorgs_and_a_challenger_that_comes_late() {
    let world = World::with_windows(16, 100, (100, 12)).await;
    let operator = world.node(operator()).await;
    use_the_chain(&world, &operator).await;
    let (claim, distinct) = first_claim(&world).await;
    let lie = Lie::From(Moment::Middle);
    let mut crook =
        Crook::begin(&world, &operator.node, &claim, lie, Wrong::From(distinct / 2)).await;
    // The window is half over before anybody looks.
    world.pass(30).await;
    let place = world.place();
    let began = Instant::now();
    for stop_at in [1, 3, 5] {
        let tower = world.node_in(place.clone(), watchtower(CHALLENGER)).await;
        let mut depth = 0;
        while depth < stop_at {
            depth = crook.turn(&world).await;
            assert!(began.elapsed() < PATIENCE, "asked no deeper than {depth}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if stop_at == 3 {
            // What was asked and answered last goes back into L1's pool.
            world.control("anvil_reorg", json!([4, []])).await;
        }
        tower.stop().await;
        crook.turn(&world).await;
        world.pass(12).await;
    }
    let tower = world.node_in(place, watchtower(CHALLENGER)).await;
    let ended = play(&world, &claim, vec![crook]).await;
    assert_eq!(ended[0].0.status(&world).await, REFUTED);
    assert!(ended[0].0.is_slashed(&world).await);
    assert_eq!(tower.node.failure(), None);
}

/// Somebody doubts the right claim down to one instruction, while two watchtowers fight one liar.
#[tokio::test(flavor = "multi_thread")]
async fn two_challengers_and_an_owner_do_not_hurt_each_other() {
    let world = World::with_windows(4, 120, (120, 12)).await;
    let operator = world.node(operator()).await;
    let books = [
        Books::open(&world, CHALLENGER).await,
        Books::open(&world, OTHER_CHALLENGER).await,
        Books::open(&world, PROPOSER).await,
    ];
    let _towers =
        [world.node(watchtower(CHALLENGER)).await, world.node(watchtower(OTHER_CHALLENGER)).await];
    use_the_chain(&world, &operator).await;
    let (claim, distinct) = first_claim(&world).await;
    let mut liar =
        Crook::begin(&world, &operator.node, &claim, Lie::MadeUp, Wrong::From(distinct / 2)).await;
    let griefer = stranger(&world).await;
    let bond = world.deployment.config.bond;
    let game = world.deployment.contracts.query_game;
    let (mut vector, mut parent) = (claim.vector, alloy::primitives::B256::ZERO);
    let began = Instant::now();
    for depth in 0..6 {
        let index = 1;
        let call = QueryGame::queryCall {
            content: claim.contentId,
            owner: claim.owner,
            parent,
            index,
            start: vector[0],
            end: vector[1],
            startProof: vector_proof(&vector, 0),
            endProof: vector_proof(&vector, 1),
        };
        griefer.send(Call::to(game, &call).with_value(bond)).await.unwrap();
        parent = query_id(ContentId(claim.contentId), claim.owner, parent, index);
        // The owner answers, and the last time has L1 execute the instruction.
        loop {
            liar.turn(&world).await;
            let head = world.l1.latest().await.unwrap().number;
            let logs = world.l1.logs(world.deployment.start_block, head, &[game]).await.unwrap();
            let answer =
                logs.iter().filter_map(|log| QueryGame::Answered::decode_log(&log.inner).ok());
            let proven =
                logs.iter().filter_map(|log| QueryGame::Proven::decode_log(&log.inner).ok());
            if let Some(answer) = answer.into_iter().find(|answer| answer.node == parent) {
                vector = answer.vector;
                break;
            }
            if proven.into_iter().any(|proven| proven.node == parent) {
                assert_eq!(depth, 5);
                break;
            }
            assert!(began.elapsed() < PATIENCE, "no answer at depth {depth}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let ended = play(&world, &claim, vec![liar]).await;
    assert!(matches!(ended[0].0.status(&world).await, REFUTED | REJECTED));
    assert!(ended[0].0.is_slashed(&world).await);
    books[0].check(&world, U256::ZERO).await;
    books[1].check(&world, U256::ZERO).await;
    books[2].check(&world, world.deployment.config.stake).await;
    // The doubts about what was right went to its owner.
    let spent = wealth(&world, griefer.address()).await;
    assert!(spent < parse_ether("100").unwrap() - bond * U256::from(6));
}

/// What would only lose money is refused at the start.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_another_program_or_one_key_for_two_roles_does_not_start() {
    let world = World::start(4).await;
    let start = async |settings| world.try_node_in(world.place(), settings).await.map(drop);
    let shared = start(watchtower(PROPOSER)).await;
    assert!(matches!(shared, Err(mezz_node::Error::SharedKey { .. })), "{shared:?}");
    // A registry that says zero to every question, five words of it.
    let code = json!([world.deployment.contracts.program_registry, "0x60a05ff3"]);
    world.control("anvil_setCode", code).await;
    let other = start(watchtower(CHALLENGER)).await;
    assert!(matches!(other, Err(mezz_node::Error::OtherProgram { .. })), "{other:?}");
    // Whoever only watches does not care.
    start(Settings::watcher()).await.unwrap();
}
