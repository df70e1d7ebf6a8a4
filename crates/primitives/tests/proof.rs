//! What a validity proof says, byte by byte.

#![allow(clippy::unwrap_used, reason = "test code")]

use alloy_primitives::{B256, U256, keccak256};
use mezz_primitives::{
    BLOB_MODULUS, BlobOpening, ProgramId, ProofKind, Statement, domain, opening_point,
    openings_hash, program_key, release, trimmed,
};

fn word(byte: u8) -> B256 {
    B256::repeat_byte(byte)
}

fn number(number: u64) -> B256 {
    U256::from(number).into()
}

fn hash(words: &[B256]) -> B256 {
    keccak256(words.iter().flatten().copied().collect::<Vec<u8>>())
}

#[test]
fn domains_are_named_as_the_contracts_name_them() {
    let check = |name: &str, domain: B256| {
        assert_eq!(domain, keccak256(format!("mezzanine.{name}.v1")), "{name}");
    };
    check("proof", domain::PROOF);
    check("openings", domain::OPENINGS);
    check("point", domain::POINT);
    check("program", domain::PROGRAM);
    check("release", domain::RELEASE);
}

#[test]
fn statements_are_hashed_as_abi_encode_says() {
    let opening =
        |byte| BlobOpening { versioned_hash: word(byte), z: word(byte + 1), y: word(byte + 2) };
    let one = hash(&[domain::OPENINGS, B256::ZERO, word(1), word(2), word(3)]);
    let two = hash(&[domain::OPENINGS, one, word(7), word(8), word(9)]);
    assert_eq!(openings_hash(&[]), B256::ZERO);
    assert_eq!(openings_hash(&[opening(1), opening(7)]), two);
    let openings = vec![opening(1), opening(7)];
    let statement = Statement { kind: ProofKind::Claim, boot: word(4), result: word(5), openings };
    assert_eq!(statement.hash(), hash(&[domain::PROOF, number(1), word(4), word(5), two]));
}

#[test]
fn keys_are_hashed_as_abi_encode_says() {
    let key = program_key(word(1), word(2));
    assert_eq!(key, hash(&[domain::PROGRAM, word(1), word(2)]));
    let program = ProgramId { memory: word(3), pc: 0x10000 };
    let expected = hash(&[domain::RELEASE, word(3), number(0x10000), key]);
    assert_eq!(release(program, key), expected);
}

#[test]
fn points_are_below_the_modulus() {
    let elements = [1; 64];
    let expected = hash(&[domain::POINT, word(1), keccak256(elements)]);
    let point = U256::from_be_bytes(expected.0) % BLOB_MODULUS;
    assert_eq!(opening_point(word(1), &elements), B256::from(point));
}

#[test]
fn a_blob_is_trimmed_to_its_last_element() {
    let mut blob = vec![0; 131_072];
    assert_eq!(trimmed(&blob).len(), 0);
    blob[64] = 1;
    assert_eq!(trimmed(&blob).len(), 96);
    blob[131_071] = 1;
    assert_eq!(trimmed(&blob).len(), 131_072);
}
