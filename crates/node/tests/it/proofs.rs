//! Chains with validity proofs: what a node does with them, without them, and against them.

use crate::{
    disputes::first_claim,
    user::User,
    world::{FUNDER, GULLIBLE, L2, PROPOSER, Settings, World, sender, wait},
};
use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol,
    sol_types::SolEvent,
};
use mezz_l1::{
    Call,
    contracts::{ClaimManager, Entry, ProofRouter, ValidityProof},
    deploy::{Intent, ProofVerifier, dev_key},
};
use mezz_node::Role;
use mezz_primitives::{Family, vector_proof};
use serde_json::json;

sol! {
    /// What a prover without a stake calls.
    interface Claims {
        struct Last { uint8 version; uint64 chainId; uint64 inboxIndex; uint32 blockInBatch; uint64 queueIndex; uint64 number; uint64 timestamp; bytes32 outputRoot; }
        struct Proof { bytes32 opened; bytes openings; bytes proof; }
        function assertAndProve(bytes32 parentId, bytes32 acc, bytes32[256] vector, Last endOutput, Proof proof) external returns (bytes32 content);
    }
}

/// Windows of seconds: a guard of 6, and 30 until a claim no longer waits for its proof.
fn quick(intent: &mut Intent) {
    let proofs = intent.proofs.as_mut().expect("a family with proofs; qed");
    (proofs.rules.wait, proofs.rules.prover_timeout) = (6, 30);
    intent.windows.proof_maturity = 8;
}

/// The same with a verifier that accepts every proof: what a broken proof system would be.
fn broken(intent: &mut Intent) {
    quick(intent);
    intent.proofs.as_mut().expect("a family with proofs; qed").verifier =
        Some(ProofVerifier::Named(GULLIBLE));
}

fn router(world: &World) -> Address {
    world.deployment.contracts.proofs.unwrap().router
}

/// A proof that only the broken verifier takes.
fn nonsense() -> ValidityProof {
    ValidityProof {
        opened: B256::ZERO,
        openings: Bytes::new(),
        proof: Bytes::from_static(b"trust me"),
    }
}

/// A user with ether on L2, who has sent something.
async fn busy(world: &World, node: &L2) {
    let mut user = User::new(1);
    world.deposit(FUNDER, user.address(), "5").await;
    node.wait_for_ether(user.address()).await;
    node.send(&user.transfer(Address::repeat_byte(7), 1)).await;
}

async fn proven_at(world: &World, content: B256) -> u64 {
    world.read(router(world), &ProofRouter::provenAtCall { content }).await
}

/// Invariant 43 on a whole chain.
#[tokio::test(flavor = "multi_thread")]
async fn without_provers_a_zk_chain_confirms_by_itself() {
    let world = World::of(Family::Zk, quick).await;
    let node = world.node(Settings::operator()).await;
    busy(&world, &node).await;
    let (claim, _) = first_claim(&world).await;
    let manager = world.deployment.contracts.claim_manager;
    let index = ClaimManager::indexOfCall { contentId: claim.contentId };
    let index = world.read(manager, &index).await;
    let content = async || world.read(manager, &ClaimManager::contentAtCall { index }).await;
    wait("the claim to be final", async || content().await.confirmedAt > 0).await;
    let content = content().await;
    let waited = content.confirmedAt - content.createdAt;
    // The prover's timeout, not the claim's window of 12 seconds, and no refused tries before.
    assert!((31..45).contains(&waited), "{waited}");
    assert_eq!(proven_at(&world, claim.contentId).await, 0);
    assert_eq!(node.node.failure(), None);
    // It is still wanted to be proven until then, and nobody serves the public work.
    let fresh = world.node(Settings::watcher()).await;
    fresh.wait_derived(node.node.heads().safe.min(5)).await;
    fresh.assert_same(&node);
}

/// Invariant 42 on a whole chain: by its proof a claim is final after the guard, long before its window and timeout, and nobody has to stay behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_proven_claim_is_confirmed_after_the_guard() {
    let world = World::of(Family::Zk, broken).await;
    let node = world.node(Settings::operator()).await;
    busy(&world, &node).await;
    let (claim, _) = first_claim(&world).await;
    let call = ProofRouter::proveCall { content: claim.contentId, proof: nonsense() };
    world.call(FUNDER, router(&world), &call, U256::ZERO).await;
    let at = proven_at(&world, claim.contentId).await;
    let manager = world.deployment.contracts.claim_manager;
    let index =
        world.read(manager, &ClaimManager::indexOfCall { contentId: claim.contentId }).await;
    let content = async || world.read(manager, &ClaimManager::contentAtCall { index }).await;
    wait("the claim to be final", async || content().await.confirmedAt > 0).await;
    let waited = content().await.confirmedAt - at;
    assert!((7..14).contains(&waited), "{waited} s after the proof");
    // The stake comes free although the instance confirmed nothing.
    let owner = dev_key(PROPOSER).address();
    let status = ClaimManager::instanceStatusCall { contentId: claim.contentId, owner };
    assert_eq!(world.read(manager, &status).await, 2, "confirmed");
    wait("the instance to be settled", async || {
        let shown = node.ask("mezz_getClaims", json!([])).await;
        let claims = shown.as_array().unwrap();
        let known = claims.iter().find(|known| known["claim"]["content"] == json!(claim.contentId));
        let known = known.unwrap();
        known["instances"][0]["settled"] == json!(true)
    })
    .await;
}

/// Invariant 39 on a whole chain, with a proof system that is broken: the lie is shown, proofs are worth nothing from then on, the game decides, and nobody has
/// lost anything.
#[tokio::test(flavor = "multi_thread")]
async fn conflicting_proofs_raise_the_alarm_and_the_game_goes_on() {
    let world = World::of(Family::Zk, |intent| {
        broken(intent);
        // Time for the truth.
        intent.proofs.as_mut().unwrap().rules.wait = 12;
        intent.windows.proof_maturity = 14;
    })
    .await;
    let node = world.node(Settings::operator()).await;
    busy(&world, &node).await;
    let (right, _) = first_claim(&world).await;
    // Somebody without a stake "proves" that the chain came to something else.
    let mut vector = right.vector;
    let mut end = right.endOutput.clone();
    end.outputRoot = B256::repeat_byte(0x66);
    let lie = mezz_primitives::Output::from(end.clone()).hash().0;
    vector[1..].fill(lie);
    let inbox = world.deployment.contracts.inbox;
    let acc = world.read(inbox, &mezz_l1::contracts::Inbox::accCall { n: right.n1 }).await;
    let last = Claims::Last {
        version: end.version,
        chainId: end.chainId,
        inboxIndex: end.inboxIndex,
        blockInBatch: end.blockInBatch,
        queueIndex: end.queueIndex,
        number: end.number,
        timestamp: end.timestamp,
        outputRoot: end.outputRoot,
    };
    let proof = Claims::Proof {
        opened: B256::ZERO,
        openings: Bytes::new(),
        proof: Bytes::from_static(b"trust me"),
    };
    let call = Claims::assertAndProveCall {
        parentId: right.parentId,
        acc,
        vector,
        endOutput: last,
        proof,
    };
    let receipt = world.call(FUNDER, router(&world), &call, U256::ZERO).await;
    let asserted = receipt.logs().iter();
    let asserted =
        asserted.filter_map(|log| ClaimManager::ClaimAsserted::decode_log(&log.inner).ok());
    let wrong = asserted.map(|event| event.contentId).next().unwrap();
    assert_ne!(proven_at(&world, wrong).await, 0);
    let state = async |content: B256| {
        let claims = node.ask("mezz_getClaims", json!([])).await;
        let known =
            claims.as_array().unwrap().iter().find(|it| it["claim"]["content"] == json!(content));
        known.map(|known| known["claim"]["state"].clone()).unwrap_or_default()
    };
    wait("the node to see it", async || state(wrong).await == "live").await;
    // The node wants the truth about its first wrong entry before anything else.
    let wanted = node.ask("mezz_getProofs", json!([])).await;
    assert_eq!((&wanted[0]["kind"], &wanted[0]["entry"]), (&json!("span"), &json!(1)), "{wanted}");
    // Somebody proves it.
    let entry = Entry {
        index: 1,
        start: vector[0],
        end: vector[1],
        startProof: vector_proof(&vector, 0),
        endProof: vector_proof(&vector, 1),
    };
    let call = ProofRouter::reportContradictionCall {
        content: wrong,
        entry,
        result: right.vector[1],
        proof: nonsense(),
    };
    world.call(FUNDER, router(&world), &call, U256::ZERO).await;
    let broken_at = ProofRouter::brokenAtCall { version: U256::ZERO };
    assert_ne!(world.read(router(&world), &broken_at).await, 0);
    wait("the lie to fall", async || state(wrong).await == "refuted").await;
    assert_eq!(node.ask("mezz_getProofs", json!([])).await, json!([]), "none is wanted any more");
    // The right one is confirmed by its window, as in an optimistic chain, and the wrong one never.
    wait("the right claim to be final", async || state(right.contentId).await == "confirmed").await;
    wait("the wrong claim to be rejected", async || state(wrong).await == "rejected").await;
    assert_eq!(node.node.failure(), None);
    // A node that comes later sees the same.
    let later = world.node(Settings { roles: vec![Role::Watcher], ..Settings::operator() }).await;
    wait("the same view", async || {
        let (ours, theirs) = (
            node.ask("mezz_getClaims", json!([])).await,
            later.ask("mezz_getClaims", json!([])).await,
        );
        ours == theirs
    })
    .await;
}

/// With the real verifier nothing but a proof is a proof.
#[tokio::test(flavor = "multi_thread")]
async fn a_lying_prover_proves_nothing() {
    let world = World::of(Family::Hybrid, |intent| {
        intent.proofs.as_mut().unwrap().rules.wait = 6;
        intent.windows.proof_maturity = 8;
    })
    .await;
    let node = world.node(Settings::operator()).await;
    busy(&world, &node).await;
    let (claim, _) = first_claim(&world).await;
    let of_another = include_bytes!("../../../../programs/zk/fixtures/claim.proof");
    let mut altered = of_another.to_vec();
    altered[1_000] ^= 1;
    for proof in [Vec::new(), b"trust me".to_vec(), vec![0; 267_271], of_another.to_vec(), altered]
    {
        let proof = ValidityProof { proof: proof.into(), ..nonsense() };
        let call = ProofRouter::proveCall { content: claim.contentId, proof };
        let refused = sender(&world.l1, FUNDER).send(Call::to(router(&world), &call)).await;
        let reason = refused.unwrap_err().to_string();
        assert!(reason.contains("does not accept the proof"), "{reason}");
    }
    assert_eq!(proven_at(&world, claim.contentId).await, 0);
}
