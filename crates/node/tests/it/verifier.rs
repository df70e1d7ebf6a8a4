//! Chains with validity proofs on the embedded L1: what is deployed, and what their verifier takes for a proof.

use crate::world::{FUNDER, World};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, Bytes, U256, address},
    sol,
};
use mezz_l1::{
    Error, ProofForm, TRANSACTION_GAS_MAX,
    deploy::{Intent, ProofVerifier, inspect, program_key},
};
use mezz_primitives::{Family, Statement};
use serde::Deserialize;

sol! {
    /// What every verifier does.
    interface Verifier {
        error Verifier_Refused();
        function verify(bytes32 programKey, bytes32 statement, bytes proof) external view;
    }
}

const CLAIM: &[u8] = include_bytes!("../../../../programs/zk/fixtures/claim.proof");
const WRAPPED: &[u8] = include_bytes!("../../../../programs/zk/fixtures/claim.wrapped");
const WRAPPED_SAYS: &str = include_str!("../../../../programs/zk/fixtures/claim.wrapped.json");
const CLAIM_SAYS: &str = include_str!("../../../../programs/zk/fixtures/claim.proof.json");
const TOKEN: &[u8] = include_bytes!("../../../../programs/zk/fixtures/token.proof");
const TOKEN_SAYS: &str = include_str!("../../../../programs/zk/fixtures/token.proof.json");

/// A block with transfers, a token, a creation, a delegation, a forced transaction and a deposit.
const MIXED: &[u8] = include_bytes!("../../../../programs/zk/fixtures/mixed.proof");
const MIXED_SAYS: &str = include_str!("../../../../programs/zk/fixtures/mixed.proof.json");

/// What a wrapped proof is of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wrapped {
    program_key: B256,
    statement: B256,
}

/// A call of the verifier under the program's key.
fn verify(statement: B256, proof: &[u8]) -> Verifier::verifyCall {
    Verifier::verifyCall { programKey: program_key(), statement, proof: proof.to_vec().into() }
}

fn statement(said: &str) -> B256 {
    serde_json::from_str::<Statement>(said).unwrap().hash()
}

/// The chain's verifier does not take it.
async fn refused(world: &World, verifier: Address, what: &str, call: &Verifier::verifyCall) {
    match world.l1.call(verifier, call, BlockNumberOrTag::Latest).await {
        Err(Error::Reverted(revert)) => {
            assert!(revert.is::<Verifier::Verifier_Refused>(), "{what}: {revert:?}");
        }
        other => panic!("{what}: {:?}", other.map(drop)),
    }
}

/// Invariant 38, with real proofs and the embedded L1's precompile.
#[tokio::test]
async fn the_embedded_l1_verifies_what_was_proven_and_nothing_else() {
    let world = World::of(Family::Zk, |_| {}).await;
    let verifier = world.deployment.contracts.proofs.unwrap().verifier;
    let (claim, token) = (statement(CLAIM_SAYS), statement(TOKEN_SAYS));
    world.read(verifier, &verify(claim, CLAIM)).await;
    world.read(verifier, &verify(token, TOKEN)).await;
    world.read(verifier, &verify(statement(MIXED_SAYS), MIXED)).await;

    // A transaction of it fits: the floor of its calldata is all that it costs.
    let receipt = world.call(FUNDER, verifier, &verify(claim, CLAIM), U256::ZERO).await;
    assert!(receipt.status());
    println!("a verified proof takes {} gas", receipt.gas_used);
    assert!((10_000_000..11_000_000).contains(&receipt.gas_used), "{}", receipt.gas_used);
    assert!(receipt.gas_used < TRANSACTION_GAS_MAX);

    for place in [0, 1000, CLAIM.len() / 2, CLAIM.len() - 1] {
        let mut altered = CLAIM.to_vec();
        altered[place] ^= 1;
        refused(&world, verifier, "an altered byte", &verify(claim, &altered)).await;
    }
    refused(&world, verifier, "another statement", &verify(token, CLAIM)).await;
    refused(&world, verifier, "another block", &verify(token, MIXED)).await;
    refused(&world, verifier, "no statement", &verify(B256::ZERO, CLAIM)).await;
    refused(&world, verifier, "no proof", &verify(claim, &[])).await;
    refused(&world, verifier, "half a proof", &verify(claim, &CLAIM[..CLAIM.len() / 2])).await;
    let other = Verifier::verifyCall { programKey: B256::ZERO, ..verify(claim, CLAIM) };
    refused(&world, verifier, "no key", &other).await;
    let other = Verifier::verifyCall { programKey: B256::repeat_byte(1), ..verify(claim, CLAIM) };
    refused(&world, verifier, "another key", &other).await;

    // The precompile itself gives 32 bytes to nobody else.
    let precompile = address!("00000000000000000000000000000000004D5A01");
    for input in [vec![0; 64], Vec::new(), CLAIM.to_vec()] {
        let request = alloy::rpc::types::TransactionRequest::default()
            .to(precompile)
            .input(Bytes::from(input).into());
        let answer: Bytes =
            world.l1.request("eth_call", (request, BlockNumberOrTag::Latest)).await.unwrap();
        assert!(answer.is_empty(), "{answer}");
    }
}

/// Lets OpenVM's contract verify.
fn by_contract(intent: &mut Intent) {
    intent.proofs.as_mut().expect("a family with proofs; qed").verifier =
        Some(ProofVerifier::Development);
}

/// Invariant 38, with a real proof and OpenVM's contract.
#[tokio::test]
async fn a_contract_verifies_what_was_wrapped_and_nothing_else() {
    let world = World::of(Family::Zk, by_contract).await;
    let verifier = world.deployment.contracts.proofs.unwrap().verifier;
    assert_eq!(ProofForm::of(&world.l1, verifier).await.unwrap(), ProofForm::Halo2);
    // The contract knows no program: the proof says under which program's key it was made.
    let Wrapped { program_key, statement: claim } = serde_json::from_str(WRAPPED_SAYS).unwrap();
    let verify = |statement: B256, proof: &[u8]| Verifier::verifyCall {
        programKey: program_key,
        statement,
        proof: proof.to_vec().into(),
    };
    let receipt = world.call(FUNDER, verifier, &verify(claim, WRAPPED), U256::ZERO).await;
    assert!(receipt.status());
    println!("a wrapped proof takes {} gas", receipt.gas_used);
    assert!(receipt.gas_used < 500_000, "{}", receipt.gas_used);

    // Both commitments, the accumulator, the proof's points and its evaluations.
    for place in [0, 40, 70, 64 + 12 * 32, WRAPPED.len() / 2, WRAPPED.len() - 1] {
        let mut altered = WRAPPED.to_vec();
        altered[place] ^= 1;
        refused(&world, verifier, "an altered byte", &verify(claim, &altered)).await;
    }
    refused(&world, verifier, "another statement", &verify(statement(TOKEN_SAYS), WRAPPED)).await;
    refused(&world, verifier, "no statement", &verify(B256::ZERO, WRAPPED)).await;
    refused(&world, verifier, "no proof", &verify(claim, &[])).await;
    refused(&world, verifier, "half a proof", &verify(claim, &WRAPPED[..WRAPPED.len() / 2])).await;
    refused(&world, verifier, "the STARK itself", &verify(claim, CLAIM)).await;
    let longer = [WRAPPED, &[0]].concat();
    refused(&world, verifier, "more than a proof", &verify(claim, &longer)).await;
    let other = Verifier::verifyCall { programKey: B256::repeat_byte(1), ..verify(claim, WRAPPED) };
    refused(&world, verifier, "another key", &other).await;
}

#[tokio::test]
async fn chains_with_proofs_are_as_they_were_planned() {
    for (family, verified) in [
        (Family::Zk, None),
        (Family::Hybrid, None),
        (Family::Validium, None),
        (Family::Zk, Some(ProofVerifier::Development)),
    ] {
        let choose = |intent: &mut Intent| {
            intent.proofs.as_mut().expect("a family with proofs; qed").verifier = verified;
        };
        let world = World::of(family, choose).await;
        let deployment = &world.deployment;
        assert_eq!(deployment.config.family(), family);
        let inspection = inspect(&world.l1, deployment).await.unwrap();
        assert_eq!(inspection.differences().count(), 0, "{family}: {inspection}");
        let wide = |line: &str| line.chars().count() > 80;
        assert!(!inspection.to_string().lines().any(wide), "{inspection}");

        // A file that says something else is found out.
        let mut wrong = deployment.clone();
        let rules = wrong.config.proofs.as_mut().unwrap();
        rules.wait += 1;
        rules.prover_timeout += 1;
        wrong.contracts.proofs.as_mut().unwrap().router = Address::repeat_byte(1);
        let inspection = inspect(&world.l1, &wrong).await.unwrap();
        let whats: Vec<_> = inspection.differences().map(|found| found.what.as_str()).collect();
        for what in ["claimManager.proofs", "pauseController.alarm", "router.wait"] {
            assert!(whats.contains(&what), "{what} in {whats:?}");
        }
        wrong.contracts.proofs = None;
        wrong.config.proofs = None;
        let inspection = inspect(&world.l1, &wrong).await.unwrap();
        let whats: Vec<_> = inspection.differences().map(|found| found.what.as_str()).collect();
        assert!(whats.contains(&"programs: the first verifier"), "{whats:?}");
        assert!(!inspection.is_sound());
    }
}
