//! Proofs that `mezz-prover` made of the committed program, and what is no proof.

#![allow(clippy::unwrap_used, reason = "test code")]

use alloy_primitives::B256;
use mezz_primitives::{ProofKind, Statement};
use mezz_verify::{Error, Verifier, VerifyingKey};

const KEY: &[u8] = include_bytes!("../../../programs/zk/verifying.key");
const KEYS: &str = include_str!("../../../programs/zk/key.json");
const CLAIM: &[u8] = include_bytes!("../../../programs/zk/fixtures/claim.proof");
const CLAIM_SAYS: &str = include_str!("../../../programs/zk/fixtures/claim.proof.json");

const TOKEN: &[u8] = include_bytes!("../../../programs/zk/fixtures/token.proof");
const TOKEN_SAYS: &str = include_str!("../../../programs/zk/fixtures/token.proof.json");

const MIXED: &[u8] = include_bytes!("../../../programs/zk/fixtures/mixed.proof");
const MIXED_SAYS: &str = include_str!("../../../programs/zk/fixtures/mixed.proof.json");

const SIGNATURES: &[u8] = include_bytes!("../../../programs/zk/fixtures/signatures.proof");
const SIGNATURES_SAYS: &str = include_str!("../../../programs/zk/fixtures/signatures.proof.json");

fn statement() -> Statement {
    serde_json::from_str(CLAIM_SAYS).unwrap()
}

/// The proof with another byte.
fn altered(at: usize) -> Vec<u8> {
    let mut proof = CLAIM.to_vec();
    proof[at] ^= 1;
    proof
}

#[test]
fn a_claims_proof_is_one() {
    let statement = statement();
    assert_eq!(statement.kind, ProofKind::Claim);
    assert!(!statement.openings.is_empty());
    Verifier::committed().verify(statement.hash(), CLAIM).unwrap();
}

#[test]
fn a_spans_proof_is_one_and_of_that_span_only() {
    let verifier = Verifier::committed();
    for (says, proof, other) in [(TOKEN_SAYS, TOKEN, MIXED), (MIXED_SAYS, MIXED, TOKEN)] {
        let said: Statement = serde_json::from_str(says).unwrap();
        assert_eq!(said.kind, ProofKind::Span);
        verifier.verify(said.hash(), proof).unwrap();
        assert!(verifier.verify(said.hash(), CLAIM).is_err());
        assert!(verifier.verify(said.hash(), other).is_err());
        assert!(verifier.verify(statement().hash(), proof).is_err());
    }
}

#[test]
fn a_proof_of_signatures_is_one_and_of_nothing_else() {
    let said: Statement = serde_json::from_str(SIGNATURES_SAYS).unwrap();
    assert_eq!((said.kind, said.result), (ProofKind::Signatures, said.boot));
    let verifier = Verifier::committed();
    verifier.verify(said.hash(), SIGNATURES).unwrap();
    for kind in [ProofKind::Span, ProofKind::Claim] {
        let other = Statement { kind, ..said.clone() };
        assert!(verifier.verify(other.hash(), SIGNATURES).is_err());
    }
    assert!(verifier.verify(said.hash(), CLAIM).is_err());
    assert!(verifier.verify(statement().hash(), SIGNATURES).is_err());
}

/// Invariant 38: a proof is of one statement.
#[test]
fn it_proves_nothing_else() {
    let statement = statement();
    let others = [
        Statement { kind: ProofKind::Span, ..statement.clone() },
        Statement { boot: B256::repeat_byte(1), ..statement.clone() },
        Statement { result: B256::repeat_byte(1), ..statement.clone() },
        Statement { openings: Vec::new(), ..statement },
    ];
    for other in others {
        let verified = Verifier::committed().verify(other.hash(), CLAIM);
        assert!(matches!(verified, Err(Error::Public(_))), "{verified:?}");
    }
}

/// Invariant 38: an altered proof is none.
#[test]
fn no_byte_of_it_can_be_changed() {
    let (verifier, statement) = (Verifier::committed(), statement().hash());
    let count = if cfg!(debug_assertions) { 5 } else { 60 };
    for part in 0..count {
        let proof = altered(part * (CLAIM.len() - 1) / (count - 1));
        assert!(verifier.verify(statement, &proof).is_err(), "part {part}");
    }
}

#[test]
fn garbage_is_no_proof() {
    let (verifier, statement) = (Verifier::committed(), statement().hash());
    let longer = [CLAIM, &[0]].concat();
    let noise: Vec<u8> = (0..100_000u32).map(|index| ((index * index) >> 7) as u8).collect();
    for proof in [&[][..], &CLAIM[..1000], &CLAIM[..CLAIM.len() - 1], &longer, &noise] {
        assert!(verifier.verify(statement, proof).is_err());
    }
}

/// Invariant 38: a proof is of one program.
#[test]
fn another_program_is_not_proven_by_it() {
    let key = || VerifyingKey::decode(KEY).unwrap();
    let mut others = [key(), key(), key(), key(), key(), key()];
    let [program, machine, leaf, internal, recursive, memory] = &mut others;
    program.program[0] = program.program[1];
    machine.machine.key[0] = machine.machine.key[1];
    leaf.leaf.constraints[0] = leaf.leaf.constraints[1];
    internal.internal.key[0] = internal.internal.key[1];
    recursive.recursive.constraints[0] = recursive.recursive.constraints[1];
    memory.memory_heights.0 += 1;
    for other in others {
        assert!(Verifier::new(other).verify(statement().hash(), CLAIM).is_err());
    }
}

#[test]
fn the_key_is_that_of_the_committed_file() {
    let key = VerifyingKey::decode(KEY).unwrap();
    let keys: serde_json::Value = serde_json::from_str(KEYS).unwrap();
    let said = |name: &str| serde_json::from_value::<B256>(keys[name].clone()).unwrap();
    assert_eq!(key.app_exe_commit(), said("appExeCommit"));
    assert_eq!(key.app_vm_commit(), said("appVmCommit"));
    assert_eq!(key.program_key(), said("programKey"));
    assert_eq!(Verifier::committed().program_key(), said("programKey"));
    assert_eq!(key.encode(), KEY);
    assert!(VerifyingKey::decode(&KEY[1..]).is_err());
}
