//! Upgrades of the program (invariant 40 on a whole chain): the older version of this software plays on for the claims about its batches, and the newer one
//! carries the chain on.

use crate::{
    disputes::crook::{Crook, Lie, Wrong, claims, stranger},
    user::User,
    world::{FUNDER, L2, PROPOSER, Settings, World, wait},
};
use alloy::{
    primitives::{Address, B256, Bytes, keccak256},
    sol_types::SolEvent,
};
use mezz_evm::execute;
use mezz_l1::{
    Call,
    contracts::{ClaimManager, Inbox, Program, ProgramRegistry, QueryGame},
    deploy::dev_key,
};
use mezz_node::{Build, Role};
use mezz_primitives::{BlockInput, ContentId, Family, ProgramId, query_id, release, vector_proof};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// Dev accounts of the node that comes after another.
const NEXT_PROPOSER: u32 = 6;
const NEXT_CHALLENGER: u32 = 7;
const CONFIRMED: u8 = 2;
const REFUTED: u8 = 3;

/// What another version of this software has for its program.
fn another() -> Build {
    Build { program: ProgramId { memory: B256::repeat_byte(0x77), pc: 4 }, key: B256::ZERO }
}

async fn batches(world: &World) -> u64 {
    world.read(world.deployment.contracts.inbox, &Inbox::batchCountCall {}).await
}

/// Announces a version that begins so many batches later: its first batch.
async fn schedule(world: &World, build: Build, later: u64) -> u64 {
    let activation = batches(world).await + later;
    let program = build.program;
    let call = ProgramRegistry::scheduleCall {
        program: Program {
            memoryRoot: program.memory,
            key: B256::ZERO,
            verifier: Address::ZERO,
            pc: program.pc,
            activation,
        },
        release: release(program, B256::ZERO),
        statement: B256::ZERO,
        proof: Bytes::new(),
    };
    world.govern(world.deployment.contracts.program_registry, &call).await;
    assert!(batches(world).await < activation, "announced in time");
    activation
}

/// A user with ether on L2, who has sent something.
async fn busy(world: &World, node: &L2) -> User {
    let mut user = User::new(1);
    world.deposit(FUNDER, user.address(), "5").await;
    node.wait_for_ether(user.address()).await;
    node.send(&user.transfer(Address::repeat_byte(7), 1)).await;
    user
}

/// What a node says of the versions.
async fn program(node: &L2) -> Value {
    node.ask("mezz_status", json!([])).await["program"].clone()
}

/// Waits until a node has done for its version all that it can but for claims.
async fn superseded(world: &World, node: &L2, activation: u64) {
    wait("the node to come to its end", async || {
        program(node).await["standing"] == "superseded" && !node.node.progress().sequencing
    })
    .await;
    assert_eq!(node.node.failure(), None);
    assert_eq!(node.node.metrics().superseded.get(), 1);
    let notice = program(node).await["notice"].as_str().unwrap().to_owned();
    assert!(notice.contains(&format!("from batch {activation} on")), "{notice}");
    assert!(notice.contains("version 1"), "{notice}");
    assert_eq!(batches(world).await, activation, "all that is of its own version, and no more");
}

async fn ended(node: &L2) -> String {
    wait("the node to end", async || node.node.failure().is_some()).await;
    node.node.failure().unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(&path, &to).unwrap()),
        }
    }
}

/// Seals a block with one transaction in it, of which another program makes something else: its number and hash.
fn seal_otherwise(world: &World, directory: &Path, raw: Bytes) -> (u64, B256) {
    let store = world.store_in(directory);
    let head = store.head();
    let parent = store.header(head.number).unwrap().unwrap();
    let input = BlockInput {
        timestamp: parent.timestamp,
        queue_index: u64::from_be_bytes(parent.nonce.0),
        messages: 0,
        transactions: vec![raw],
        attributed: false,
    };
    let (mut outcome, diff) =
        execute(store.chain(), &parent, head.hash, &input, store.latest()).unwrap();
    assert_eq!(outcome.transactions.len(), 1);
    outcome.header.gas_used += 1;
    outcome.hash = outcome.header.hash_slow();
    let sealed = (outcome.header.number, outcome.hash);
    store.append(outcome, &diff).unwrap();
    store.flush().unwrap();
    sealed
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_upgrades_and_nothing_is_lost() {
    let world = World::of_build(another(), |intent| intent.governance.program_notice = 1).await;
    let (place, copied) = (world.place(), world.place());
    let older = Settings { build: another(), ..Settings::operator() };
    let old = world.node_in(place.clone(), older.clone()).await;
    let mut user = busy(&world, &old).await;
    let activation = schedule(&world, Build::own(), 30).await;
    superseded(&world, &old, activation).await;
    let raw = user.transfer(Address::repeat_byte(8), 1);
    let refusal = old.refusal("eth_sendRawTransaction", json!([raw])).await;
    assert!(refusal.contains("was stopped"), "{refusal}");
    old.stop().await;
    copy(&place, &copied);
    // What it had promised and not posted, by other rules.
    let (number, hash) = seal_otherwise(&world, &place, raw.clone());

    let next =
        Settings { proposer: NEXT_PROPOSER, challenger: NEXT_CHALLENGER, ..Settings::operator() };
    let new = world.node_in(place, next).await;
    let said = program(&new).await;
    assert_eq!(said["standing"], "current");
    assert_eq!(said["older"]["version"]["number"], 0, "{said}");
    assert_eq!(said["older"]["batches"]["to"], activation);
    assert!(said["notice"].as_str().unwrap().contains("keep the version of mezz"), "{said}");
    wait("the gauge to say so", async || new.node.metrics().older_batches.get() > 0).await;
    new.wait_safe(&[keccak256(&raw)]).await;
    assert_ne!(new.hash(number), hash, "executed again");
    assert!(batches(&world).await > activation);

    // The older one plays on, and ends when nothing is left for it to do.
    let roles = vec![Role::Watcher, Role::Proposer, Role::Challenger];
    let old = world.node_in(copied, Settings { roles, ..older.clone() }).await;
    wait("its claims to be final", async || program(&new).await["older"].is_null()).await;
    let reason = ended(&old).await;
    assert!(reason.contains("has done its part"), "{reason}");
    assert_eq!(program(&new).await["notice"], Value::Null);
    wait("a claim of the new version to be final", async || {
        let claims = new.ask("mezz_getClaims", json!([])).await;
        claims
            .as_array()
            .unwrap()
            .iter()
            .any(|claim| claim["claim"]["n1"].as_u64() > Some(activation) && claim["final"] == true)
    })
    .await;
    for claim in claims(&world).await {
        let account = if claim.n1 > activation { NEXT_PROPOSER } else { PROPOSER };
        assert_eq!(claim.owner, dev_key(account).address(), "batches before {}", claim.n1);
    }

    // From L1 alone: each version derives its own batches, on one data directory.
    let watcher = |build| Settings { build, ..Settings::watcher() };
    let place = world.place();
    let first = world.node_in(place.clone(), watcher(another())).await;
    let reason = ended(&first).await;
    assert!(reason.contains(&format!("before {activation}")), "{reason}");
    first.stop().await;
    let second = world.node_in(place, watcher(Build::own())).await;
    second.wait_derived(new.node.heads().safe).await;
    second.assert_same(&new);
    assert_eq!(new.node.failure(), None);
    // Without the first there is nothing that the second could go on from.
    let lost = world.node(Settings::watcher()).await;
    let reason = ended(&lost).await;
    assert!(reason.contains("batch 0 is of version 0"), "{reason}");
    // And a program that the chain never had decides nothing.
    let build = Build { program: ProgramId { pc: 8, ..another().program }, key: B256::ZERO };
    let foreign = world.try_node_in(world.place(), Settings { build, ..Settings::operator() });
    assert!(matches!(foreign.await.map(drop), Err(mezz_node::Error::OtherProgram { .. })));
}

/// What L1 says of a claim by its owner.
async fn status(world: &World, claim: &ClaimManager::ClaimAsserted) -> u8 {
    let call = ClaimManager::instanceStatusCall { contentId: claim.contentId, owner: claim.owner };
    world.read(world.deployment.contracts.claim_manager, &call).await
}

/// After its last batch the older version answers doubts about its claims, and doubts wrong ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_superseded_node_defends_its_claims_to_the_end() {
    let world = World::of(Family::Optimistic, |intent| {
        intent.governance.program_notice = 1;
        let windows = &mut intent.windows;
        (windows.claim_window, windows.proof_maturity) = (200, 202);
        (windows.dispute_clock, windows.dispute_grace) = (100, 6);
    })
    .await;
    let node = world.node(Settings::operator()).await;
    busy(&world, &node).await;
    let activation = schedule(&world, another(), 12).await;
    superseded(&world, &node, activation).await;
    // The oldest that may be doubted: what it takes to claim beside it is the least.
    let mut all = claims(&world).await.into_iter();
    let right = loop {
        let claim = all.next().expect("the last one is too young to be final; qed");
        if status(&world, &claim).await != CONFIRMED {
            break claim;
        }
    };
    let mut liar = Crook::begin(&world, &node.node, &right, Lie::Silent, Wrong::From(1)).await;
    let call = QueryGame::queryCall {
        content: right.contentId,
        owner: right.owner,
        parent: B256::ZERO,
        index: 1,
        start: right.vector[0],
        end: right.vector[1],
        startProof: vector_proof(&right.vector, 0),
        endProof: vector_proof(&right.vector, 1),
    };
    let game = world.deployment.contracts.query_game;
    let doubt = Call::to(game, &call).with_value(world.deployment.config.bond);
    stranger(&world).await.send(doubt).await.unwrap();
    let asked = query_id(ContentId(right.contentId), right.owner, B256::ZERO, 1);
    wait("the answer", async || {
        let head = world.l1.latest().await.unwrap().number;
        let logs = world.l1.logs(world.deployment.start_block, head, &[game]).await.unwrap();
        let mut answers =
            logs.iter().filter_map(|log| QueryGame::Answered::decode_log(&log.inner).ok());
        answers.any(|answer| answer.node == asked)
    })
    .await;
    wait("the lie to be refuted", async || liar.status(&world).await == REFUTED).await;
    assert_eq!(liar.turn(&world).await, 1, "it was asked and said nothing");
    wait("the right claim to be final", async || status(&world, &right).await == CONFIRMED).await;
    let reason = ended(&node).await;
    assert!(reason.contains("has done its part"), "{reason}");
    assert_eq!(batches(&world).await, activation);
    assert!(claims(&world).await.iter().all(|claim| claim.n1 <= activation));
}
