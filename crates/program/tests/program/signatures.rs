//! Batches without signatures: the same blocks as with them, and statements about who has signed.

use crate::{
    rollup::{CHAIN, sign, transfer, wallet},
    scenes::{ALICE, block, busy, funded, token},
    world::{Posted, World, split},
};
use alloy_primitives::{B256, Bytes, U256};
use mezz_derive::{BlockBody, Layout};
use mezz_primitives::{ProofKind, SIGNATURE_SIZE, SignaturesBoot};
use mezz_program::{Missing, ProofInput};

impl World {
    /// What a proof of the signatures of these batches is made from.
    pub(crate) fn signatures(&mut self, start: u64, end: u64) -> ProofInput {
        let boot = SignaturesBoot { chain_id: CHAIN.id, acc: self.acc(end), start, end };
        let boot = self.preimages.insert(boot.encode());
        ProofInput { kind: ProofKind::Signatures, boot, known: self.preimages.clone() }
    }

    fn check_signatures(&mut self, start: u64, end: u64) -> Result<(), Missing> {
        let input = self.signatures(start, end);
        let (statement, _) = input.rehearse::<U256>()?;
        assert_eq!((statement.kind, statement.boot), (ProofKind::Signatures, input.boot));
        assert_eq!(statement.result, input.boot);
        Ok(())
    }
}

/// Transfers, one of them invalid at its place, in two blocks.
fn users() -> Vec<BlockBody> {
    let one = wallet(1).address();
    let first = [sign(0, transfer(1, one, 5)), token(0, 2, one, 1), sign(1, transfer(7, ALICE, 9))];
    vec![block(0, first), block(0, [sign(1, transfer(1, ALICE, 9))])]
}

#[test]
fn blocks_are_the_same_with_signatures_and_without() {
    let chain = |layout, bodies: [Vec<BlockBody>; 2]| {
        let mut world = funded();
        for (posted, body) in [Posted::Calldata, Posted::Blobs].into_iter().zip(bodies) {
            world.l1_info(7);
            world.force(sign(2, transfer(1, ALICE, 11)));
            world.post_as(layout, posted, body);
        }
        world.outputs
    };
    // The same a second time: their nonces are used.
    let twice = || [users(), users()];
    let unsigned = chain(Layout::Unsigned, twice());
    assert_eq!(unsigned, chain(Layout::Attributed, twice()));
    assert_ne!(unsigned, chain(Layout::Signed, twice()), "blocks hold something else");
    // What is invalid at its place is in no block.
    let mut valid = users();
    valid[0].transactions.remove(2);
    let valid = [valid, vec![block(0, []), block(0, [])]];
    assert_eq!(unsigned, chain(Layout::Unsigned, valid));
    assert_ne!(unsigned, chain(Layout::Unsigned, [valid_without_one(), users()]));
}

/// The same without one that is valid.
fn valid_without_one() -> Vec<BlockBody> {
    let mut blocks = users();
    blocks[0].transactions.remove(1);
    blocks
}

#[test]
fn who_has_signed_is_a_statement() {
    let mut world = busy();
    let end = world.batches.len() as u64;
    let unsigned = world.batches.iter().position(|header| header.unsigned).unwrap() as u64;
    for start in [0, unsigned, unsigned + 1] {
        world.check_signatures(start, end).unwrap();
    }
    world.check_signatures(unsigned, unsigned).unwrap();
    // The blobs of unsigned batches are opened, and no others.
    let openings = |input: ProofInput| input.rehearse::<U256>().unwrap().0.openings.len();
    assert_eq!(openings(world.signatures(0, end)), 1);
    assert_eq!(openings(world.signatures(0, unsigned)), 0);
}

#[test]
fn a_signature_that_is_not_the_senders_is_none() {
    let mut world = funded();
    world.post_as(Layout::Unsigned, Posted::Calldata, users());
    let batch = world.batches[1].hash();
    world.check_signatures(1, 2).unwrap();
    let right = world.preimages.signatures[&batch].clone();
    let mut check = |index: u32, change: &dyn Fn(&mut Vec<[u8; SIGNATURE_SIZE]>)| {
        let mut wrong = right.clone();
        change(&mut wrong);
        world.preimages.signatures.insert(batch, wrong);
        assert_eq!(world.check_signatures(1, 2), Err(Missing::Signature { batch, index }));
    };
    // Also that of a transaction that no block takes.
    for index in 0..4 {
        for position in [0, 31, 33, 63] {
            check(index, &|wrong| wrong[index as usize][position] ^= 1);
        }
        check(index, &|wrong| wrong[index as usize][64] ^= 1);
        check(index, &|wrong| wrong[index as usize][64] = 2);
        check(index, &|wrong| wrong[index as usize] = [0; SIGNATURE_SIZE]);
        check(index, &|wrong| wrong.truncate(index as usize));
    }
    check(0, &|wrong| wrong.swap(0, 1));
    // The other root of the same signature: `n - s`, with the other parity (EIP-2).
    check(2, &|wrong| {
        let order = U256::from_str_radix(
            "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
            16,
        )
        .unwrap();
        let s = U256::from_be_slice(&wrong[2][32..64]);
        wrong[2][32..64].copy_from_slice(&(order - s).to_be_bytes::<32>());
        wrong[2][64] ^= 1;
    });
}

#[test]
fn nobody_signs_for_another() {
    let mut world = funded();
    let (bytes, signature) = split(&sign(0, transfer(1, ALICE, 5)));
    let forged: Bytes = [&bytes[..1], wallet(1).address().as_slice(), &bytes[21..]].concat().into();
    let payload = world.payload(Layout::Unsigned, vec![block(0, [forged])]);
    world.post_unsigned(Posted::Calldata, 1, &payload, vec![signature]);
    let batch = world.batches[1].hash();
    assert_eq!(world.check_signatures(1, 2), Err(Missing::Signature { batch, index: 0 }));
}

/// What cannot be read is nobody's transaction: such a batch has a proof, and empty blocks.
#[test]
fn a_payload_that_cannot_be_read_needs_no_signature() {
    let mut world = funded();
    let signed = world.payload(Layout::Signed, users());
    let cut = &world.payload(Layout::Attributed, users())[..50];
    for payload in [b"no payload".as_slice(), &signed, cut] {
        world.post_unsigned(Posted::Calldata, 2, payload, Vec::new());
    }
    world.check_signatures(0, 4).unwrap();
    assert!(world.inputs[1..].iter().all(|input| input.transactions.is_empty()));
}

#[test]
fn a_statement_is_about_one_chain_and_one_range() {
    let mut world = busy();
    let end = world.batches.len() as u64;
    let mut boots = Vec::new();
    for (start, end) in [(0, end), (1, end), (0, end - 1)] {
        boots.push(world.signatures(start, end).boot);
    }
    let boot = SignaturesBoot { chain_id: 5, acc: world.acc(end), start: 0, end };
    boots.push(boot.hash());
    assert_eq!(SignaturesBoot::decode(&boot.encode()), Some(boot));
    boots.sort_unstable();
    boots.dedup();
    assert_eq!(boots.len(), 4);
    // A range that begins before the chain does goes back too far.
    let mut input = world.signatures(0, end);
    let boot = SignaturesBoot { chain_id: CHAIN.id, acc: world.acc(end), start: 0, end: end + 1 };
    input.boot = input.known.insert(boot.encode());
    assert!(matches!(input.rehearse::<U256>(), Err(Missing::Preimage(_) | Missing::Form(_))));
    input.boot = B256::repeat_byte(9);
    assert_eq!(input.rehearse::<U256>().unwrap_err(), Missing::Preimage(input.boot));
}

#[test]
fn payloads_may_be_padded() {
    let (mut padded, mut plain) = (funded(), funded());
    let payload = plain.payload(Layout::Attributed, users());
    plain.post_payload(Posted::Calldata, 2, &payload);
    // Three bytes that say nothing (docs/spec/batch.md).
    let wide = [&payload[..1], &[payload[1] | 0x80, 3, 7, 8, 9], &payload[2..]].concat();
    padded.post_payload(Posted::Calldata, 2, &wide);
    assert_eq!(
        padded.outputs.last().unwrap().output_root,
        plain.outputs.last().unwrap().output_root
    );
}
