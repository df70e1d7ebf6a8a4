//! What provers are given: the statement that L1 needs, from nothing that the node only says.

use crate::{
    disputes::first_claim,
    user::User,
    world::{FUNDER, L2, Settings, World, wait},
};
use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use mezz_l1::contracts::{ClaimManager, Inbox, ProofRouter};
use mezz_node::genesis_output;
use mezz_primitives::{
    Accumulator, Boot, Family, Output, OutputHash, ProofKind, Statement, genesis_content_id,
    vector_root,
};
use mezz_program::ProofInput;
use mezz_settlement::{Proven, Proving};
use serde_json::{Value, json};

/// A user with ether on L2, who sends something now and then.
async fn busy(world: &World, node: &L2) {
    let mut user = User::new(1);
    world.deposit(FUNDER, user.address(), "5").await;
    node.wait_for_ether(user.address()).await;
    for _ in 0..3 {
        node.send(&user.transfer(Address::repeat_byte(7), 1)).await;
    }
}

/// What the program begins with, as L1 has it.
async fn boot(world: &World, start: OutputHash, n1: u64) -> Boot {
    let acc = world.read(world.deployment.contracts.inbox, &Inbox::accCall { n: n1 }).await;
    let config = &world.deployment.config;
    let (chain_id, span) = (config.l2_chain_id, config.span as u32);
    Boot { chain_id, start, acc: Accumulator(acc), end: n1, span }
}

/// What a proof of the first claim on the genesis says, from L1's event alone.
async fn said(
    world: &World,
    genesis: &Output,
    claim: &ClaimManager::ClaimAsserted,
) -> (B256, B256) {
    assert_eq!(claim.parentId, genesis_content_id(genesis).0);
    let boot = boot(world, genesis.hash(), claim.n1).await;
    (boot.hash(), vector_root(&claim.vector.map(OutputHash)))
}

/// What was gathered is enough, and comes to this.
fn rehearse(file: &[u8]) -> Statement {
    ProofInput::decode(file).unwrap().rehearse::<U256>().unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_of_what_l1_was_told() {
    let world = World::start(4).await;
    // Long enough for some blocks even where this machine does other work.
    let node = world.node(Settings { batch_interval: 30, ..Settings::operator() }).await;
    busy(&world, &node).await;
    let (claim, distinct) = first_claim(&world).await;
    assert!(distinct > 2, "{distinct} spans");
    let genesis = genesis_output(&world.deployment.config, &node.store);
    let parent = genesis_content_id(&genesis);
    let proving = |entry: Option<u8>| {
        let of = entry.map_or(Proven::Claim(parent), |entry| Proven::Entry(parent, entry));
        Proving { of, n0: 0, n1: claim.n1 }
    };

    let (statement, input) = node.node.proof_input(proving(None)).await.unwrap();
    assert_eq!(statement.kind, ProofKind::Claim);
    assert_eq!((statement.boot, statement.result), said(&world, &genesis, &claim).await);
    assert_eq!(rehearse(&input.encode()), statement);
    // Whoever gathers it gets the same bytes: also a node that has only followed L1.
    let again = node.node.proof_input(proving(None)).await.unwrap().1;
    let watcher = world.node(Settings::watcher()).await;
    watcher.wait_derived(claim.endOutput.number).await;
    let theirs = watcher.node.proof_input(proving(None)).await.unwrap().1;
    for other in [again, theirs] {
        assert_eq!(keccak256(other.encode()), keccak256(input.encode()));
    }

    // Spans: the first, one in the middle, the last, and one behind the end.
    for entry in [0, 1, distinct, 255] {
        let start = match entry {
            0 => genesis.hash(),
            _ => OutputHash(claim.vector[entry - 1]),
        };
        let (statement, input) = node.node.proof_input(proving(Some(entry as u8))).await.unwrap();
        assert_eq!(statement.kind, ProofKind::Span);
        assert_eq!(statement.boot, boot(&world, start, claim.n1).await.hash(), "{entry}");
        assert_eq!(statement.result, claim.vector[entry], "{entry}");
        assert_eq!(rehearse(&input.encode()), statement, "{entry}");
    }
    // Batches that are not there.
    let beyond = Proving { n1: claim.n1 + 1_000, ..proving(None) };
    assert!(node.node.proof_input(beyond).await.is_err());
}

async fn take(node: &L2, worker: &str) -> Value {
    node.ask("mezz_takeProof", json!([{ "worker": worker }])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn provers_are_given_one_job_each_over_rpc() {
    let world = World::of(Family::Zk, |_| {}).await;
    let node = world.node(Settings { provers: true, ..Settings::operator() }).await;
    busy(&world, &node).await;
    let (claim, _) = first_claim(&world).await;
    let proofs = async || node.ask("mezz_getProofs", json!([])).await;
    wait("two proofs to be wanted", async || proofs().await.as_array().unwrap().len() > 1).await;

    let first = take(&node, "one").await;
    let genesis = genesis_output(&world.deployment.config, &node.store);
    let statement: Statement = serde_json::from_value(first["statement"].clone()).unwrap();
    assert_eq!((statement.boot, statement.result), said(&world, &genesis, &claim).await);
    assert_eq!(first["id"], json!(statement.hash()));
    assert_eq!((&first["kind"], &first["entry"]), (&json!("claim"), &Value::Null));
    assert_eq!(first["batches"], json!({ "from": 0, "to": claim.n1 }));
    assert_eq!(first["blocks"], json!({ "first": 1, "last": claim.endOutput.number }));
    let input: Bytes = serde_json::from_value(first["input"].clone()).unwrap();
    assert_eq!(rehearse(&input), statement);
    let second = take(&node, "two").await;
    assert_ne!(second["id"], first["id"]);

    // What one has another does not get, and cannot renew.
    let about = |worker, progress| json!([{ "worker": worker, "statement": statement, "progress": progress, "secondsLeft": 90 }]);
    let renewed = node.ask("mezz_renewProof", about("one", 0.25)).await;
    assert_eq!(renewed, json!({ "state": "proving", "leaseSeconds": 60 }));
    let renewed = node.ask("mezz_renewProof", about("two", 0.25)).await;
    assert_eq!(renewed, json!({ "state": "leased" }));
    let shown = &proofs().await[0];
    assert_eq!((&shown["state"], &shown["worker"]), (&json!("proving"), &json!("one")));
    assert_eq!((&shown["progress"], &shown["secondsLeft"]), (&json!(0.25), &json!(90)));
    assert_eq!(shown["claim"], json!(claim.contentId));

    // A proof of something else changes nothing, but costs the lease.
    let of_another = include_bytes!("../../../../programs/zk/fixtures/claim.proof");
    let give = json!([{ "worker": "one", "statement": statement, "proof": Bytes::from_static(of_another) }]);
    let refusal = node.refusal("mezz_giveProof", give).await;
    assert!(refusal.contains("the proof is wrong and was not taken"), "{refusal}");
    assert_eq!(node.node.metrics().proofs_refused.get(), 1);
    assert_eq!(proofs().await[0]["state"], "wanted");
    assert_eq!(take(&node, "three").await["input"], first["input"], "the same bytes again");

    // What nobody wants is not taken, nor what has no name.
    let other = Statement { boot: B256::repeat_byte(1), ..statement.clone() };
    let give = json!([{ "worker": "one", "statement": other, "proof": "0x" }]);
    assert_eq!(node.ask("mezz_giveProof", give).await, json!({ "state": "unwanted" }));
    let refusal = node.refusal("mezz_takeProof", json!([{ "worker": "" }])).await;
    assert!(refusal.contains("must be a name"), "{refusal}");
}

/// A worker that takes a job and is not heard of again: the step route confirms the claim when its time to be proven is over, and nobody has to do anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_does_not_hold_up_its_claim() {
    let world = World::of(Family::Zk, |intent| {
        let proofs = intent.proofs.as_mut().unwrap();
        // A quarter of that by the clock: far less than the worker's lease of a minute.
        (proofs.rules.wait, proofs.rules.prover_timeout) = (6, 40);
        intent.windows.proof_maturity = 8;
    })
    .await;
    let node = world.node(Settings { provers: true, ..Settings::operator() }).await;
    busy(&world, &node).await;
    let (claim, _) = first_claim(&world).await;
    let known = async || {
        let proofs = node.ask("mezz_getProofs", json!([])).await;
        let mut proofs = proofs.as_array().unwrap().iter();
        proofs.find(|it| it["claim"] == json!(claim.contentId)).cloned()
    };
    wait("its proof to be wanted", async || known().await.is_some()).await;
    let job = take(&node, "dies").await;
    let its = (&job["kind"], &job["batches"]);
    assert_eq!(its, (&json!("claim"), &json!({ "from": 0, "to": claim.n1 })), "{job}");

    let manager = world.deployment.contracts.claim_manager;
    let index = ClaimManager::indexOfCall { contentId: claim.contentId };
    let index = world.read(manager, &index).await;
    let content = async || world.read(manager, &ClaimManager::contentAtCall { index }).await;
    wait("the claim to be final", async || content().await.confirmedAt > 0).await;
    let content = content().await;
    let waited = content.confirmedAt - content.createdAt;
    assert!((41..56).contains(&waited), "{waited} s after it was made");
    let router = world.deployment.contracts.proofs.unwrap().router;
    let proven = ProofRouter::provenAtCall { content: claim.contentId };
    assert_eq!(world.read(router, &proven).await, 0, "nobody has proven it");

    // The job is over, and others are there for others.
    wait("nobody to want its proof", async || known().await.is_none()).await;
    let other = take(&node, "lives").await;
    assert_ne!(other["id"], job["id"]);
    let late = json!([{ "worker": "dies", "statement": job["statement"], "progress": 0.5, "secondsLeft": 9 }]);
    assert_eq!(node.ask("mezz_renewProof", late).await, json!({ "state": "unwanted" }));
    assert_eq!(node.node.failure(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_not_told_to_gives_no_work() {
    let world = World::start(4).await;
    let node = world.node(Settings::operator()).await;
    for method in ["mezz_takeProof", "mezz_renewProof", "mezz_giveProof"] {
        let refusal = node.refusal(method, json!([])).await;
        assert_eq!(refusal, format!("{method} is not served: start the node with --provers"));
    }
    assert_eq!(node.ask("mezz_getProofs", json!([])).await, json!([]));
}
