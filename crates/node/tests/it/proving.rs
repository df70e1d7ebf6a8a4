//! A node's whole way with proofs: it gives a worker what is to be proven and shows L1 what comes back, with the openings of the blobs that it was made from; by
//! it batches count, claims are confirmed, lies refuted and alarms raised. Nobody else makes a move here but those who lie.
//!
//! Only the proof system is none. The verifier takes a statement for the proof of itself, so a worker need not prove but only compute it; what L1 puts together
//! from the claim and the blobs that its precompile has checked must still be that statement to the last bit.

use crate::{
    disputes::{
        crook::{Crook, Lie, Wrong, stranger},
        first_claim,
    },
    user::User,
    world::{CHALLENGER, ECHO, FUNDER, L2, PROPOSER, Settings, World, wait},
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, Bytes, U256},
    sol,
    sol_types::{SolCall, SolEvent},
};
use mezz_l1::{
    Call,
    contracts::{
        ClaimManager, Entry, Inbox, ProofRouter, QueryGame, SealedInbox, SignatureProofs,
        ValidityProof,
    },
    deploy::{Intent, ProofVerifier, dev_key},
};
use mezz_node::{DisputeLimits, Role};
use mezz_primitives::{
    Accumulator, Boot, ContentId, Family, Output, OutputHash, ProofKind, SignaturesConfig,
    Statement, query_id, vector_proof, vector_root,
};
use mezz_program::ProofInput;
use serde_json::{Value, json};
use std::num::NonZeroUsize;

sol! {
    /// What a prover without a stake calls.
    interface Claims {
        struct Last { uint8 version; uint64 chainId; uint64 inboxIndex; uint32 blockInBatch; uint64 queueIndex; uint64 number; uint64 timestamp; bytes32 outputRoot; }
        struct Proof { bytes32 opened; bytes openings; bytes proof; }
        function assertAndProve(bytes32 parentId, bytes32 acc, bytes32[256] vector, Last endOutput, Proof proof) external returns (bytes32 content);
        error ProofRouter_WrongOpening(uint256 index);
    }
}

/// Bytes of the opening of a blob.
const OPENING: usize = 192;

/// A chain on which nothing but a proof makes a claim final while a test lasts.
async fn chain(guard: u64, signatures: Option<SignaturesConfig>) -> World {
    World::of(Family::Zk, |intent: &mut Intent| {
        let proofs = intent.proofs.as_mut().expect("a family with proofs; qed");
        proofs.verifier = Some(ProofVerifier::Named(ECHO));
        (proofs.rules.wait, proofs.rules.prover_timeout) = (guard, 1_000);
        proofs.signatures = signatures;
        let windows = &mut intent.windows;
        (windows.claim_window, windows.proof_maturity) = (1_000, guard + 2);
        (windows.dispute_clock, windows.dispute_grace) = (300, 30);
    })
    .await
}

fn operator() -> Settings {
    Settings { provers: true, ..Settings::operator() }
}

/// A user with ether on L2, who has sent something.
async fn busy(world: &World, node: &L2) -> User {
    let mut user = User::new(1);
    world.deposit(FUNDER, user.address(), "5").await;
    node.wait_for_ether(user.address()).await;
    for _ in 0..3 {
        node.send(&user.transfer(Address::repeat_byte(7), 1)).await;
    }
    user
}

fn router(world: &World) -> Address {
    world.deployment.contracts.proofs.unwrap().router
}

fn account(index: u32) -> Address {
    dev_key(index).address()
}

/// An event, with the block and the data of the transaction that brought it.
struct Seen<E> {
    event: E,
    block: u64,
    calldata: Bytes,
}

/// Everything that a contract has said of one kind.
async fn seen<E: SolEvent>(world: &World, contract: Address) -> Vec<Seen<E>> {
    let head = world.l1.latest().await.unwrap().number;
    let logs = world.l1.logs(world.deployment.start_block, head, &[contract]).await.unwrap();
    let mut all = Vec::new();
    for log in logs {
        let Ok(event) = E::decode_log(&log.inner) else { continue };
        let made = world.control("eth_getTransactionByHash", json!([log.transaction_hash])).await;
        let calldata = serde_json::from_value(made["input"].clone()).unwrap();
        all.push(Seen { event: event.data, block: log.block_number.unwrap(), calldata });
    }
    all
}

/// The proof of a statement, as far as this verifier is concerned.
fn echo(statement: &Statement) -> Bytes {
    statement.hash().to_vec().into()
}

/// Something to compute, if the node wants anything: what it comes to.
async fn take(node: &L2) -> Option<Statement> {
    let job = node.ask("mezz_takeProof", json!([{ "worker": "one" }])).await;
    if job.is_null() {
        return None;
    }
    assert_eq!(job["form"], "halo2");
    let input: Bytes = serde_json::from_value(job["input"].clone()).unwrap();
    Some(ProofInput::decode(&input).unwrap().rehearse::<U256>().unwrap().0)
}

/// What a worker brings.
fn brought(statement: &Statement, proof: Bytes) -> Value {
    json!([{ "worker": "one", "statement": statement, "proof": proof }])
}

/// Computes the most urgent thing.
async fn work_once(node: &L2) -> bool {
    let Some(statement) = take(node).await else { return false };
    let answer = node.ask("mezz_giveProof", brought(&statement, echo(&statement))).await;
    // A doubt may be settled otherwise meanwhile.
    assert!(answer["state"] == "proved" || answer["state"] == "unwanted", "{answer}");
    true
}

/// Computes whatever the node wants, until something is so.
async fn work(node: &L2, what: &str, done: impl AsyncFn() -> bool) {
    wait(what, async || {
        work_once(node).await;
        done().await
    })
    .await;
}

/// A user sends something, and waits until it is on L1.
async fn send_to_l1(user: &mut User, node: &L2) {
    let sent = node.send(&user.transfer(Address::repeat_byte(7), 1)).await;
    node.wait_safe(&[sent]).await;
}

/// Waits until the truth about a span is wanted before anything else, and computes nothing but that.
async fn work_on_a_span(node: &L2) {
    wait("the node to see the lie", async || {
        node.ask("mezz_getProofs", json!([])).await[0]["kind"] == "span"
    })
    .await;
    assert!(work_once(node).await);
}

async fn confirmed_at(world: &World, content: B256) -> u64 {
    let manager = world.deployment.contracts.claim_manager;
    let index = ClaimManager::indexOfCall { contentId: content };
    let index = world.read(manager, &index).await;
    world.read(manager, &ClaimManager::contentAtCall { index }).await.confirmedAt
}

async fn proven_at(world: &World, content: B256) -> u64 {
    world.read(router(world), &ProofRouter::provenAtCall { content }).await
}

/// What a run from `start` over the batches of a claim begins with, as L1 has it.
async fn boot(world: &World, start: B256, n1: u64) -> B256 {
    let acc = world.read(world.deployment.contracts.inbox, &Inbox::accCall { n: n1 }).await;
    let config = &world.deployment.config;
    let (chain_id, span) = (config.l2_chain_id, config.span as u32);
    let (start, acc) = (OutputHash(start), Accumulator(acc));
    Boot { chain_id, start, acc, end: n1, span }.hash()
}

/// A proof that says what is not so.
fn false_proof(kind: ProofKind, boot: B256, result: B256) -> ValidityProof {
    let proof = echo(&Statement { kind, boot, result, openings: Vec::new() });
    ValidityProof { opened: B256::ZERO, openings: Bytes::new(), proof }
}

fn entry(vector: &[B256; 256], index: u8) -> Entry {
    let before = index - 1;
    Entry {
        index,
        start: vector[usize::from(before)],
        end: vector[usize::from(index)],
        startProof: vector_proof(vector, before),
        endProof: vector_proof(vector, index),
    }
}

/// The node shows the proof of its claim, with the blobs that it is about; what is altered in those is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_final_by_what_a_worker_brings() {
    let world = chain(6, None).await;
    let node = world.node(operator()).await;
    busy(&world, &node).await;
    let (claim, _) = first_claim(&world).await;
    let content = claim.contentId;
    // What this L1 does not take the node does not keep.
    wait("something to prove", async || {
        let Some(statement) = take(&node).await else { return false };
        let other = brought(&statement, B256::ZERO.to_vec().into());
        let refusal = node.refusal("mezz_giveProof", other).await;
        assert!(refusal.contains("the proof is wrong and was not taken"), "{refusal}");
        true
    })
    .await;
    assert_eq!(proven_at(&world, content).await, 0);
    // A batch with hardly anything in it goes into calldata; the users' goes into a blob.
    let of_blobs = async || {
        let all = seen::<ProofRouter::ContentProven>(&world, router(&world)).await;
        let shown = |it: &Seen<ProofRouter::ContentProven>| {
            ProofRouter::proveCall::abi_decode(&it.calldata).unwrap().proof.openings
        };
        all.into_iter().find(|it| !shown(it).is_empty())
    };
    work(&node, "a claim of blobs to be proven", async || of_blobs().await.is_some()).await;
    let proven = of_blobs().await.unwrap();
    let content = proven.event.content;
    work(&node, "the claim to be final", async || confirmed_at(&world, content).await > 0).await;
    let waited = confirmed_at(&world, content).await - proven_at(&world, content).await;
    assert!(waited >= 7, "{waited} s after the proof");

    assert_eq!(proven.event.by, account(PROPOSER));
    let call = ProofRouter::proveCall::abi_decode(&proven.calldata).unwrap();
    let openings = call.proof.openings.clone();
    assert!(openings.len().is_multiple_of(OPENING), "{}", openings.len());
    // As L1 stood before, it takes that and nothing else.
    let before = BlockNumberOrTag::Number(proven.block - 1);
    let shown = async |openings: Bytes| {
        let proof = ValidityProof { openings, ..call.proof.clone() };
        world.l1.call(router(&world), &ProofRouter::proveCall { content, proof }, before).await
    };
    shown(openings.clone()).await.unwrap();
    for (place, what) in
        [(1, "versioned hash"), (63, "z"), (95, "y"), (97, "commitment"), (150, "proof")]
    {
        let mut altered = openings.to_vec();
        altered[place] ^= 1;
        match shown(altered.into()).await {
            Err(mezz_l1::Error::Reverted(revert)) => {
                assert!(revert.is::<Claims::ProofRouter_WrongOpening>(), "{what}: {revert:?}");
            }
            other => panic!("{what}: {:?}", other.map(drop)),
        }
    }
    assert!(shown(Bytes::new()).await.is_err(), "the blobs are part of the statement");
    assert!(shown([&openings[..], &openings[..OPENING]].concat().into()).await.is_err(), "twice");
    assert_eq!(node.node.failure(), None);
}

/// Openings beyond those that fit the transaction of a proof are checked before, a few at a time, and none of them twice.
#[tokio::test(flavor = "multi_thread")]
async fn many_blobs_are_opened_in_several_transactions() {
    let world = chain(6, None).await;
    let place = world.place();
    let one = NonZeroUsize::new(1).unwrap();
    let limits = DisputeLimits { openings_max: one, ..DisputeLimits::default() };
    let operator = Settings { disputes: limits, ..operator() };
    // Nobody claims before there are batches enough.
    let silent = Role::ALL.into_iter().filter(|role| *role != Role::Proposer).collect();
    let node = world.node_in(place.clone(), Settings { roles: silent, ..operator.clone() }).await;
    let mut user = busy(&world, &node).await;
    // Enough for three openings in one of its claims, should it make several before it has read all of them.
    for _ in 0..6 {
        send_to_l1(&mut user, &node).await;
    }
    node.stop().await;
    let node = world.node_in(place, operator).await;
    // A proof that was shown with others' openings checked before, and those, from the last back to the first.
    let of_many = async || {
        let opened = seen::<ProofRouter::BlobsOpened>(&world, router(&world)).await;
        for proven in seen::<ProofRouter::ContentProven>(&world, router(&world)).await {
            let shown = ProofRouter::proveCall::abi_decode(&proven.calldata).unwrap().proof;
            let (mut at, mut before) = (shown.opened, Vec::new());
            while at != B256::ZERO {
                let step = opened.iter().find(|it| it.event.openings == at);
                let step = step.expect("L1 has checked what it was shown");
                assert!(step.block <= proven.block && step.event.count == U256::ONE);
                before.push(at);
                at = ProofRouter::openCall::abi_decode(&step.calldata).unwrap().from;
            }
            if before.len() >= 2 {
                return Some((proven.event.content, shown, before));
            }
        }
        None
    };
    work(&node, "a claim of many blobs to be proven", async || of_many().await.is_some()).await;
    let (content, shown, before) = of_many().await.unwrap();
    assert_eq!(shown.openings.len(), OPENING, "the last one goes with the proof");
    let opened = seen::<ProofRouter::BlobsOpened>(&world, router(&world)).await;
    let times = |openings| opened.iter().filter(|it| it.event.openings == openings).count();
    assert!(before.into_iter().all(|openings| times(openings) == 1), "none was checked twice");
    work(&node, "the claim to be final", async || confirmed_at(&world, content).await > 0).await;
    assert_eq!(node.node.failure(), None);
}

/// A doubt about a right claim is settled by the proof of the span that is doubted: its owner need not run the program.
#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_is_answered_by_what_a_worker_brings() {
    let world = chain(6, None).await;
    let limits = DisputeLimits { runs_max: 0, ..DisputeLimits::default() };
    let node = world.node(Settings { disputes: limits, ..operator() }).await;
    busy(&world, &node).await;
    let (claim, _) = first_claim(&world).await;
    let (content, owner, parent, index) = (claim.contentId, claim.owner, B256::ZERO, 1);
    let Entry { start, end, startProof, endProof, .. } = entry(&claim.vector, index);
    let doubt =
        QueryGame::queryCall { content, owner, parent, index, start, end, startProof, endProof };
    let (game, bond) = (world.deployment.contracts.query_game, world.deployment.config.bond);
    let doubter = stranger(&world).await;
    doubter.send(Call::to(game, &doubt).with_value(bond)).await.unwrap();
    let settled = async || seen::<ProofRouter::NodeProven>(&world, router(&world)).await;
    work_on_a_span(&node).await;
    wait("the doubt to be settled", async || !settled().await.is_empty()).await;
    let [answer] = &settled().await[..] else { panic!("one doubt, one answer") };
    let doubted = query_id(ContentId(content), owner, parent, index);
    assert_eq!((answer.event.node, answer.event.by), (doubted, account(PROPOSER)));
    assert!(seen::<QueryGame::Answered>(&world, game).await.is_empty(), "nobody ran the program");
    work(&node, "the claim to be final", async || confirmed_at(&world, content).await > 0).await;
    // What was doubted without a reason is the owner's.
    let credit = QueryGame::creditsCall { who: owner };
    wait("the bond to go to the owner", async || world.read(game, &credit).await == bond).await;
    assert_eq!(node.node.failure(), None);
}

/// A wrong claim falls by the proof of its first wrong span, long before the time of its silent owner is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_claim_is_refuted_by_what_a_worker_brings() {
    let world = chain(6, None).await;
    let node = world.node(operator()).await;
    busy(&world, &node).await;
    let (claim, _) = first_claim(&world).await;
    let liar = Crook::begin(&world, &node.node, &claim, Lie::Silent, Wrong::From(0)).await;
    let disproven = async || seen::<ProofRouter::InstanceDisproven>(&world, router(&world)).await;
    work(&node, "the lie to be refuted", async || !disproven().await.is_empty()).await;
    let [refutation] = &disproven().await[..] else { panic!("one is enough") };
    let said = &refutation.event;
    assert_eq!((said.content, said.owner, said.entry), (liar.claim, liar.address(), 0));
    assert_eq!(said.by, account(CHALLENGER));
    let call = ProofRouter::refuteByZkCall::abi_decode(&refutation.calldata).unwrap();
    assert_eq!(call.result, claim.vector[0]);
    assert!(liar.is_slashed(&world).await);
    work(&node, "the right one to be final", async || {
        confirmed_at(&world, claim.contentId).await > 0
    })
    .await;
    assert_eq!(node.node.failure(), None);
}

/// A lie that is proven is contradicted by the truth: the node raises the alarm.
#[tokio::test(flavor = "multi_thread")]
async fn a_proven_lie_is_contradicted_by_what_a_worker_brings() {
    let world = chain(1_000, None).await;
    let node = world.node(operator()).await;
    busy(&world, &node).await;
    let (right, _) = first_claim(&world).await;
    let mut end = right.endOutput.clone();
    end.outputRoot = B256::repeat_byte(0x66);
    let mut vector = right.vector;
    vector[1..].fill(Output::from(end.clone()).hash().0);
    let inbox = world.deployment.contracts.inbox;
    let acc = world.read(inbox, &Inbox::accCall { n: right.n1 }).await;
    let genesis = mezz_node::genesis_output(&world.deployment.config, &node.store).hash();
    let said = vector_root(&vector.map(OutputHash));
    let lie = false_proof(ProofKind::Claim, boot(&world, genesis.0, right.n1).await, said);
    let call = Claims::assertAndProveCall {
        parentId: right.parentId,
        acc,
        vector,
        endOutput: Claims::Last {
            version: end.version,
            chainId: end.chainId,
            inboxIndex: end.inboxIndex,
            blockInBatch: end.blockInBatch,
            queueIndex: end.queueIndex,
            number: end.number,
            timestamp: end.timestamp,
            outputRoot: end.outputRoot,
        },
        proof: Claims::Proof { opened: lie.opened, openings: lie.openings, proof: lie.proof },
    };
    world.call(FUNDER, router(&world), &call, U256::ZERO).await;
    let conflicts = async || seen::<ProofRouter::ProofConflict>(&world, router(&world)).await;
    work_on_a_span(&node).await;
    wait("the alarm", async || !conflicts().await.is_empty()).await;
    let alarm = &conflicts().await[0];
    assert_eq!(alarm.event.reporter, account(CHALLENGER));
    let call = ProofRouter::reportContradictionCall::abi_decode(&alarm.calldata).unwrap();
    assert_eq!((call.entry.index, call.result), (1, right.vector[1]));
    wait("nothing to be proven any more", async || {
        let proofs = node.ask("mezz_getProofs", json!([])).await;
        proofs.as_array().unwrap().iter().all(|proof| proof["state"] == "proved")
    })
    .await;
    assert_eq!(node.node.failure(), None);
}

/// A false proof refutes a right claim; the node puts the truth beside it: the alarm.
#[tokio::test(flavor = "multi_thread")]
async fn a_false_refutation_is_reported_by_what_a_worker_brings() {
    let world = chain(1_000, None).await;
    let node = world.node(operator()).await;
    busy(&world, &node).await;
    let (right, _) = first_claim(&world).await;
    let result = B256::repeat_byte(0x66);
    let entry = entry(&right.vector, 1);
    let proof = false_proof(ProofKind::Span, boot(&world, entry.start, right.n1).await, result);
    let (content, owner) = (right.contentId, right.owner);
    let call = ProofRouter::refuteByZkCall { content, owner, entry, result, proof };
    world.call(FUNDER, router(&world), &call, U256::ZERO).await;
    let conflicts = async || seen::<ProofRouter::ProofConflict>(&world, router(&world)).await;
    work_on_a_span(&node).await;
    wait("the alarm", async || !conflicts().await.is_empty()).await;
    let alarm = &conflicts().await[0];
    assert_eq!(alarm.event.reporter, account(CHALLENGER));
    let call = ProofRouter::reportCall::abi_decode(&alarm.calldata).unwrap();
    assert_eq!((call.kind, call.result), (ProofKind::Span as u8, right.vector[1]));
    assert_eq!(node.node.failure(), None);
}

/// Signatures that are proven: the node shows L1 the proof, and the batches count.
#[tokio::test(flavor = "multi_thread")]
async fn batches_without_signatures_count_by_what_a_worker_brings() {
    let world = chain(6, Some(SignaturesConfig { timeout: 10_000 })).await;
    let node = world.node(operator()).await;
    // So that it posts without them.
    assert_eq!(take(&node).await, None);
    let mut user = busy(&world, &node).await;
    let sent = node.send(&user.transfer(Address::repeat_byte(7), 1)).await;
    node.wait_safe(&[sent]).await;
    let block = node.safe_block(sent).unwrap();
    let batch = node.ask("mezz_getBatchByBlock", json!([format!("{block:#x}")])).await;
    assert_eq!((&batch["unsigned"], &batch["status"]), (&json!(true), &json!("revocable")));
    let index = batch["index"].as_u64().unwrap();
    let sealed = world.deployment.contracts.sealed_inbox().unwrap();
    work(&node, "the batch to count", async || {
        world.read(sealed, &SealedInbox::batchCountCall {}).await > index
    })
    .await;
    assert_eq!(world.read(sealed, &SealedInbox::firstVoidCall {}).await, u64::MAX);
    let contract = world.deployment.contracts.signatures.unwrap().proofs;
    let all = seen::<SignatureProofs::SignaturesProven>(&world, contract).await;
    let range = |it: &Seen<SignatureProofs::SignaturesProven>| it.event.from..it.event.to;
    let shown = all.iter().find(|it| range(it).contains(&index)).unwrap();
    assert_eq!(shown.event.by, account(PROPOSER));
    let call = SignatureProofs::proveCall::abi_decode(&shown.calldata).unwrap();
    assert!(!call.proof.openings.is_empty(), "of the blobs of these batches");
    // And claims about them are proven as well.
    let (claim, _) = first_claim(&world).await;
    work(&node, "the claim to be final", async || confirmed_at(&world, claim.contentId).await > 0)
        .await;
    assert_eq!(node.node.failure(), None);
}
