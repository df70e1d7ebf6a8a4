//! Chains whose batches may lack signatures: with provers, without, and with provers that fail.

use crate::{
    disputes::first_claim,
    user::User,
    world::{FUNDER, GULLIBLE, L2, Settings, World, wait},
};
use alloy::{
    consensus::transaction::SignerRecoverable,
    primitives::{Address, B256, Bytes, TxKind, U256},
};
use mezz_l1::{
    contracts::{SealedInbox, SignatureProofs, SignaturesProof},
    deploy::{Intent, ProofVerifier},
};
use mezz_node::Role;
use mezz_primitives::{
    BatchHeader, Family, ProofKind, SignaturesBoot, SignaturesConfig, Statement,
};
use mezz_program::ProofInput;
use serde_json::{Value, json};

const ALICE: Address = Address::repeat_byte(0x77);

/// Signatures that must be proven within `timeout`, to a verifier that accepts every proof.
fn proved(timeout: u64) -> impl FnOnce(&mut Intent) {
    move |intent| {
        let proofs = intent.proofs.as_mut().expect("a family with proofs; qed");
        proofs.verifier = Some(ProofVerifier::Named(GULLIBLE));
        (proofs.rules.wait, proofs.rules.prover_timeout) = (6, 30);
        proofs.signatures = Some(SignaturesConfig { timeout });
        intent.windows.proof_maturity = 8;
    }
}

/// An operator that a worker has asked for something to prove.
async fn operator(world: &World) -> L2 {
    let node = world.node(Settings { provers: true, ..Settings::operator() }).await;
    take(&node).await;
    node
}

async fn take(node: &L2) -> Value {
    node.ask("mezz_takeProof", json!([{ "worker": "one" }])).await
}

/// Somebody with ether on L2.
async fn funded(world: &World, node: &L2) -> User {
    let user = User::new(1);
    world.deposit(FUNDER, user.address(), "5").await;
    node.wait_for_ether(user.address()).await;
    user
}

/// The batch that a safe transaction is in.
async fn batch_of(node: &L2, transaction: B256) -> Value {
    batch_of_block(node, node.safe_block(transaction).unwrap()).await
}

async fn batch_of_block(node: &L2, number: u64) -> Value {
    node.ask("mezz_getBatchByBlock", json!([format!("{number:#x}")])).await
}

fn header(batch: &Value) -> BatchHeader {
    serde_json::from_value(batch.clone()).unwrap()
}

/// Shows L1 a proof that only the broken verifier takes.
async fn prove(world: &World, first: BatchHeader, end: u64) {
    let proof = SignaturesProof {
        opened: B256::ZERO,
        openings: Bytes::new(),
        proof: Bytes::from_static(b"trust me"),
    };
    let call = SignatureProofs::proveCall { start: first.index, first: first.into(), end, proof };
    let contract = world.deployment.contracts.signatures.unwrap().proofs;
    world.call(FUNDER, contract, &call, U256::ZERO).await;
}

async fn sealed(world: &World) -> u64 {
    let contract = world.deployment.contracts.sealed_inbox().unwrap();
    world.read(contract, &SealedInbox::batchCountCall {}).await
}

/// Invariant 60 on a whole chain.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_without_signatures_counts_once_they_are_proven() {
    let world = World::of(Family::Zk, proved(100_000)).await;
    let directory = world.place();
    let settings = || Settings { provers: true, ..Settings::operator() };
    let node = world.node_in(directory.clone(), settings()).await;
    take(&node).await;
    let mut user = funded(&world, &node).await;
    let (mut raw, mut sent) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        raw.push(user.transfer(ALICE, 1));
        sent.push(node.send(raw.last().unwrap()).await);
    }
    node.wait_safe(&sent).await;
    let batch = batch_of(&node, sent[0]).await;
    assert_eq!((&batch["unsigned"], &batch["status"]), (&json!(true), &json!("revocable")));
    assert!(batch["signaturesDue"].is_u64(), "{batch}");

    // Here everything is as its sender knows it.
    let shown = node.ask("eth_getTransactionByHash", json!([sent[0]])).await;
    assert_eq!(shown["hash"], json!(sent[0]));
    assert_ne!(shown["r"], json!("0x0"));
    assert_eq!(node.ask("eth_getRawTransactionByHash", json!([sent[0]])).await, json!(raw[0]));

    // From L1 alone come the same blocks, with senders and without signatures.
    let number = node.safe_block(sent[0]).unwrap();
    let watcher = world.node(Settings::watcher()).await;
    watcher.wait_derived(node.safe_block(sent[4]).unwrap()).await;
    watcher.assert_same(&node);
    assert_eq!(watcher.ask("eth_getTransactionByHash", json!([sent[0]])).await, Value::Null);
    let block = |full: bool| json!([format!("{number:#x}"), full]);
    let theirs = watcher.ask("eth_getBlockByNumber", block(true)).await;
    let there = theirs["transactions"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&there["from"], &there["to"]), (&json!(user.address()), &json!(ALICE)));
    assert_eq!((&there["r"], &there["type"]), (&json!("0x0"), &json!("0x2")));
    let receipt = watcher.ask("eth_getTransactionReceipt", json!([there["hash"]])).await;
    let ours = node.ask("eth_getBlockByNumber", block(false)).await;
    assert_eq!((&receipt["status"], &receipt["blockHash"]), (&json!("0x1"), &ours["hash"]));

    // What a worker is given is a statement about the signatures, and enough to prove it.
    let job = wait_for_job(&node).await;
    let statement: Statement = serde_json::from_value(job["statement"].clone()).unwrap();
    let input: Bytes = serde_json::from_value(job["input"].clone()).unwrap();
    let rehearsed = ProofInput::decode(&input).unwrap().rehearse::<U256>().unwrap().0;
    assert_eq!((&rehearsed, statement.kind), (&statement, ProofKind::Signatures));
    let from = job["batches"]["from"].as_u64().unwrap();
    let to = job["batches"]["to"].as_u64().unwrap();
    let batches = node.ask("mezz_getBatches", json!([])).await;
    let headers: Vec<_> = batches.as_array().unwrap().iter().map(header).collect();
    let at = |index: u64| headers.iter().find(|header| header.index == index).copied().unwrap();
    let chain_id = world.deployment.config.l2_chain_id;
    let boot = SignaturesBoot { chain_id, acc: at(to - 1).acc(), start: from, end: to };
    assert_eq!((statement.boot, statement.result), (boot.hash(), boot.hash()));

    // Nothing is claimed of what is not proven; then it is.
    let unsigned = header(&batch).index;
    assert!(sealed(&world).await <= unsigned);
    for header in headers.iter().filter(|header| header.unsigned) {
        prove(&world, *header, header.index + 1).await;
    }
    wait("the batch to be sealed", async || sealed(&world).await > unsigned).await;
    first_claim(&world).await;
    wait("the view to know", async || batch_of(&node, sent[0]).await["status"] == "sealed").await;
    let batch = batch_of(&node, sent[0]).await;
    assert_eq!((&batch["signaturesProven"], &batch["signaturesDue"]), (&json!(true), &Value::Null));
    let void = world.deployment.contracts.sealed_inbox().unwrap();
    assert_eq!(world.read(void, &SealedInbox::firstVoidCall {}).await, u64::MAX);

    // After a restart the journal and the store have the same blocks.
    let (head, last) = (node.node.heads().safe, node.hash(node.node.heads().safe));
    node.stop().await;
    let again = world.node_in(directory, settings()).await;
    assert_eq!(again.hash(head), last);
    assert_eq!(
        again.ask("eth_getTransactionByHash", json!([sent[0]])).await["hash"],
        json!(sent[0])
    );
    again.wait_derived(head).await;
    watcher.assert_same(&again);
}

/// The first job about signatures that is given.
async fn wait_for_job(node: &L2) -> Value {
    for _ in 0..100 {
        let job = take(node).await;
        if job["kind"] == "signatures" {
            return job;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no job about signatures: {}", node.ask("mezz_getProofs", json!([])).await);
}

/// Invariant 60, its other half: what nobody proves counts as empty.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_promised_finds_another_place_when_nobody_proves_it() {
    const TIMEOUT: u64 = 200;
    let world = World::of(Family::Hybrid, proved_safe(TIMEOUT)).await;
    let node = operator(&world).await;
    let mut user = funded(&world, &node).await;
    let mut sent = Vec::new();
    for _ in 0..5 {
        sent.push(node.send(&user.transfer(ALICE, 1)).await);
    }
    node.wait_safe(&sent).await;
    let first = header(&batch_of(&node, sent[0]).await);
    assert!(first.unsigned);
    pass_until_void(&world, &first, TIMEOUT).await;
    wait("the batch to be void", async || {
        let batches = node.ask("mezz_getBatches", json!([])).await;
        let known = batches
            .as_array()
            .unwrap()
            .iter()
            .find(|batch| header(batch).index == first.index)
            .cloned();
        known.is_some_and(|batch| batch["status"] == "void")
    })
    .await;
    // They are in batches with signatures now, under the same hashes.
    wait_signed(&node, &sent).await;
    assert_eq!(node.balance(ALICE).await, U256::from(5));
    let next = node.send(&user.transfer(ALICE, 1)).await;
    node.wait_safe(&[next]).await;
    assert!(!header(&batch_of(&node, next).await).unsigned, "after a failure they are posted");
    let last = header(&batch_of(&node, next).await).index;
    wait("all of it to be sealed", async || sealed(&world).await > last).await;
    first_claim(&world).await;
    let watcher = world.node(Settings::watcher()).await;
    watcher.wait_derived(node.safe_block(next).unwrap()).await;
    watcher.assert_same(&node);
    // Posted with signatures: also from L1 alone they are what their senders know.
    let shown = watcher.ask("eth_getTransactionByHash", json!([next])).await;
    assert_eq!(shown["from"], json!(user.address()));
    assert_eq!(node.node.failure(), None);
}

/// The same on a hybrid chain.
fn proved_safe(timeout: u64) -> impl FnOnce(&mut Intent) {
    move |intent| {
        let proofs = intent.proofs.as_mut().expect("a family with proofs; qed");
        proofs.verifier = Some(ProofVerifier::Named(GULLIBLE));
        proofs.signatures = Some(SignaturesConfig { timeout });
    }
}

/// Creates a contract with code that never ends: uses all its gas.
const ENDLESS: Bytes = Bytes::from_static(&[0x5b, 0x60, 0x00, 0x56]);

async fn send_raw(node: &L2, raw: &Bytes) -> B256 {
    serde_json::from_value(node.ask("eth_sendRawTransaction", json!([raw])).await).unwrap()
}

/// Waits until all these transactions are in safe blocks, of batches with signatures.
async fn wait_signed(node: &L2, transactions: &[B256]) {
    wait("another place for all", async || {
        for hash in transactions {
            let Some(block) = node.safe_block(*hash) else { return false };
            if header(&batch_of_block(node, block).await).unsigned {
                return false;
            }
        }
        true
    })
    .await;
}

/// Lets L1 time pass until a batch can be proven no more.
async fn pass_until_void(world: &World, batch: &BatchHeader, timeout: u64) {
    let now = world.l1.latest().await.unwrap().time;
    world.pass((batch.l1_time + timeout + 1).saturating_sub(now)).await;
}

/// Batches become void one after the other. What stood in the later ones waits in the pool when the first goes, and is not derived without its signatures.
async fn what_is_lost_bit_by_bit_keeps_its_signatures(restart: bool) {
    const TIMEOUT: u64 = 200;
    let world = World::of(Family::Hybrid, proved_safe(TIMEOUT)).await;
    let directory = world.place();
    let settings = || Settings { provers: true, ..Settings::operator() };
    let mut node = world.node_in(directory.clone(), settings()).await;
    take(&node).await;
    let (mut one, mut two) = (User::new(1), User::new(2));
    for user in [&one, &two] {
        world.deposit(FUNDER, user.address(), "5").await;
        node.wait_for_ether(user.address()).await;
    }
    // More than three blocks of gas.
    let mut sent = Vec::new();
    for _ in 0..24 {
        let endless = one.sign(TxKind::Create, U256::ZERO, ENDLESS, 16_000_000);
        sent.push(send_raw(&node, &endless).await);
    }
    node.wait_safe(&sent).await;
    let early = header(&batch_of(&node, sent[23]).await);
    world.pass(60).await;
    // These have no room in a block with the others.
    let mut later = Vec::new();
    for nonce in 0..3 {
        let (to, wei, input) = (TxKind::Call(ALICE), U256::from(1), Bytes::new());
        let raw = two.sign_at(nonce, to, wei, input, 10_000_000, 900_000_000);
        later.push(send_raw(&node, &raw).await);
    }
    two.nonce = 3;
    node.wait_safe(&later).await;
    let late = header(&batch_of(&node, later[0]).await);
    assert!(early.unsigned && late.unsigned && late.l1_time >= early.l1_time + 60);

    // The first ones are void; the later ones are not, and are derived without them.
    if restart {
        node.stop().await;
        pass_until_void(&world, &early, TIMEOUT).await;
        node = world.node_in(directory, settings()).await;
    } else {
        pass_until_void(&world, &early, TIMEOUT).await;
    }
    wait("the first to be void and the later ones derived again", async || {
        let void = batch_of_block(&node, early.last_block()).await["status"] == "void";
        void && node.node.progress().derived > late.index
    })
    .await;
    assert!(batch_of_block(&node, late.last_block()).await["status"] == "revocable");
    for hash in &later {
        assert!(node.safe_block(*hash).is_some(), "{hash} lost its signature");
    }
    // Now all of it is lost, and finds another place.
    pass_until_void(&world, &late, TIMEOUT).await;
    sent.extend(later);
    wait_signed(&node, &sent).await;
    assert_eq!(node.balance(ALICE).await, U256::from(3));
    let next = node.send(&two.transfer(ALICE, 1)).await;
    node.wait_safe(&[next]).await;
    assert_eq!(node.node.failure(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_block_is_lost_bit_by_bit() {
    what_is_lost_bit_by_bit_keeps_its_signatures(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_no_loss_either() {
    what_is_lost_bit_by_bit_keeps_its_signatures(true).await;
}

/// A worker goes on with its row after a restart of the node, though other batches are open by then; what it brings is shown to L1, and kept no longer than it is of use.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_was_begun_before_a_restart_is_taken() {
    let world = World::of(Family::Zk, |intent| {
        proved(100_000)(intent);
        // No claim is ever final here.
        intent.proofs.as_mut().unwrap().rules.prover_timeout = 1_000_000;
    })
    .await;
    // Now it also says that it is one for halo2 proofs, which L1 is asked about: `if eq(calldatasize(), 4) { return(0, 32) }`.
    world.control("anvil_setCode", json!([GULLIBLE, "0x36600414600857005b60206000f3"])).await;
    let directory = world.place();
    let settings = || Settings { provers: true, ..Settings::operator() };
    let node = world.node_in(directory.clone(), settings()).await;
    take(&node).await;
    let mut user = funded(&world, &node).await;
    let first = node.send(&user.transfer(ALICE, 1)).await;
    node.wait_safe(&[first]).await;
    let job = wait_for_job(&node).await;
    let second = node.send(&user.transfer(ALICE, 1)).await;
    node.wait_safe(&[second]).await;
    node.stop().await;
    let node = world.node_in(directory, settings()).await;

    let about = json!([{ "worker": "one", "statement": job["statement"], "progress": 0.5, "secondsLeft": 9 }]);
    let renewed = node.ask("mezz_renewProof", about).await;
    assert_eq!(renewed, json!({ "state": "proving", "leaseSeconds": 60 }));
    // It is one of two rows, and each batch is in one of them.
    let rows = node.ask("mezz_getProofs", json!([])).await;
    let rows = rows.as_array().unwrap().iter().filter(|row| row["kind"] == "signatures");
    let rows: Vec<_> = rows.map(|row| &row["batches"]).collect();
    assert_eq!(rows[0], &job["batches"]);
    assert!(rows[1..].iter().all(|row| row["from"].as_u64() >= job["batches"]["to"].as_u64()));
    assert!(rows.len() > 1, "{rows:?}");
    let other = node.ask("mezz_takeProof", json!([{ "worker": "two" }])).await;
    assert_eq!(other["kind"], "signatures");
    assert!(other["batches"]["from"].as_u64() >= job["batches"]["to"].as_u64(), "{other}");

    let give = json!([{ "worker": "one", "statement": job["statement"], "proof": "0x01" }]);
    assert_eq!(node.ask("mezz_giveProof", give).await, json!({ "state": "proved" }));
    let last = job["batches"]["to"].as_u64().unwrap() - 1;
    wait("L1 to have the proof", async || sealed(&world).await > last).await;
    wait("the view to know", async || batch_of(&node, first).await["status"] == "sealed").await;
    let batch = batch_of(&node, first).await;
    assert_eq!((&batch["signaturesProven"], &batch["signaturesDue"]), (&json!(true), &Value::Null));
    wait("what is of no use any more to be gone", async || {
        let all = node.ask("mezz_getProofs", json!([])).await;
        all.as_array().unwrap().iter().all(|made| made["state"] != "proved")
    })
    .await;
}

/// L1 takes back a batch without signatures that this node knows from there only: nobody can post it again.
#[tokio::test(flavor = "multi_thread")]
async fn a_block_whose_signatures_nobody_has_does_not_stop_the_batcher() {
    let world = World::of(Family::Zk, proved(100_000)).await;
    let node = operator(&world).await;
    let mut user = funded(&world, &node).await;
    let before = world.control("evm_snapshot", json!([])).await;
    let raw = user.transfer(ALICE, 1);
    let sent = node.send(&raw).await;
    node.wait_safe(&[sent]).await;
    assert!(header(&batch_of(&node, sent).await).unsigned);
    let number = node.safe_block(sent).unwrap();
    node.stop().await;
    let settings = Settings { provers: true, ..Settings::operator() };
    let fresh = world.node(settings).await;
    fresh.wait_derived(number).await;
    assert_eq!(fresh.balance(ALICE).await, U256::from(1));
    world.control("evm_revert", json!([before])).await;
    wait("the block to be built anew", async || fresh.balance(ALICE).await.is_zero()).await;
    let again = fresh.send(&raw).await;
    assert_eq!(again, sent);
    fresh.wait_safe(&[again]).await;
    assert_eq!(fresh.node.failure(), None);
}

/// Where nobody shows L1 the proofs, workers are of no use.
#[tokio::test(flavor = "multi_thread")]
async fn a_sequencer_that_does_not_propose_posts_signatures() {
    let world = World::of(Family::Zk, proved(100_000)).await;
    let roles = vec![Role::Sequencer, Role::Batcher, Role::Watcher];
    let node = world.node(Settings { roles, provers: true, ..Settings::operator() }).await;
    take(&node).await;
    let mut user = funded(&world, &node).await;
    let sent = node.send(&user.transfer(ALICE, 1)).await;
    node.wait_safe(&[sent]).await;
    assert!(!header(&batch_of(&node, sent).await).unsigned);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_workers_signatures_are_posted() {
    let world = World::of(Family::Zk, proved(100_000)).await;
    let node = world.node(Settings { provers: true, ..Settings::operator() }).await;
    let mut user = funded(&world, &node).await;
    let raw = user.transfer(ALICE, 1);
    let sent = node.send(&raw).await;
    node.wait_safe(&[sent]).await;
    let batch = header(&batch_of(&node, sent).await);
    assert!(!batch.unsigned);
    wait("it to be sealed", async || sealed(&world).await > batch.index).await;
    first_claim(&world).await;
    let watcher = world.node(Settings::watcher()).await;
    watcher.wait_derived(node.safe_block(sent).unwrap()).await;
    watcher.assert_same(&node);
    let theirs = watcher.store.transaction(sent).unwrap().unwrap();
    let transaction = &theirs.0.transactions[theirs.1];
    assert_eq!((&transaction.bytes, transaction.is_attributed()), (&raw, true));
    let envelope = match &transaction.transaction {
        mezz_evm::Transaction::Ethereum(signed) => signed.clone(),
        mezz_evm::Transaction::Deposit(_) => panic!("a user sent it"),
    };
    assert_eq!(envelope.recover_signer().unwrap(), user.address());
}
