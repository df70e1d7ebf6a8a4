//! What a validity proof says, against the fault proof's program and the library that L1's precompile is made of.

use crate::{
    rollup::{cases, sign, transfer, words},
    scenes::{
        ALICE, MEETING, SIGNERS, block, busy, call, creation, delegation, fund, funded, signers,
        token,
    },
    world::{Contract, Posted, World},
};
use alloy_primitives::{Address, B256, Bytes, U256, uint};
use mezz_derive::{Blob, Layout, to_blobs};
use mezz_primitives::{
    BLOB_MODULUS, BlobOpening, CLAIM_ENTRIES, OutputHash, ProofKind, Statement, trimmed,
    vector_root,
};
use mezz_program::{Missing, ProofInput, evaluate};
use proptest::{collection::vec, prelude::*};

/// The value that L1's library gives.
fn expected(blob: &Blob, z: B256) -> B256 {
    let settings = c_kzg::ethereum_kzg_settings(0);
    let (_, y) =
        settings.compute_kzg_proof(&c_kzg::Blob::new(*blob), &c_kzg::Bytes32::new(z.0)).unwrap();
    B256::new(*y)
}

fn check_value(payload: &[u8], z: U256) {
    let blob = to_blobs(payload).unwrap().remove(0);
    let value = evaluate(trimmed(&blob[..]), &z).unwrap();
    assert_eq!(B256::from(value), expected(&blob, z.into()));
}

proptest! {
    #![proptest_config(cases(20))]

    #[test]
    fn blobs_are_worth_what_the_library_says(payload in vec(any::<u8>(), 0..60_000), z in any::<[u64; 4]>()) {
        check_value(&payload, U256::from_limbs(z) % BLOB_MODULUS);
    }
}

#[test]
fn a_root_of_unity_is_worth_its_element() {
    // No root, and the first three in the blob's order.
    let third = uint!(0x8d51ccce760304d0ec030002760300000001000000000000_U256);
    for z in [U256::ZERO, U256::from(1), BLOB_MODULUS - U256::from(1), third] {
        check_value(&[7; 4_000], z);
        check_value(&[7; 40], z);
    }
}

#[test]
fn an_element_beyond_the_field_is_none() {
    let mut blob = vec![0; 64];
    blob[..32].copy_from_slice(&(BLOB_MODULUS - U256::from(1)).to_be_bytes::<32>());
    assert!(evaluate(&blob, &U256::from(5)).is_some());
    blob[..32].copy_from_slice(&BLOB_MODULUS.to_be_bytes::<32>());
    assert_eq!(evaluate(&blob, &U256::from(5)), None);
}

impl World {
    fn input(&mut self, kind: ProofKind, from: u64, end: u64, span: u32) -> ProofInput {
        let boot = self.preimages.insert(self.boot(from, end, span).encode());
        ProofInput { kind, boot, known: self.preimages.clone() }
    }

    fn statement(&mut self, kind: ProofKind, from: u64, end: u64, span: u32) -> Statement {
        self.input(kind, from, end, span).rehearse::<U256>().unwrap().0
    }

    fn check_openings(&self, openings: &[BlobOpening]) {
        for opening in openings {
            let blob = &self.preimages.blobs[&opening.versioned_hash];
            assert_eq!(opening.y, expected(blob, opening.z));
        }
    }
}

/// Invariant 41: the statement's result is what the fault proof's program comes to, of every span and every claim.
#[test]
fn statements_say_what_the_program_comes_to() {
    let mut world = busy();
    let batches = world.batches.len() as u64;
    for from in 0..world.output().number {
        for span in [1, 3] {
            let statement = world.statement(ProofKind::Span, from, batches, span);
            assert_eq!(statement.result, world.expected(from, batches, span).hash().0);
            world.check_openings(&statement.openings);
        }
    }
    for first in 0..batches {
        let from =
            first.checked_sub(1).map_or(0, |batch| world.batches[batch as usize].last_block());
        for span in [1, 2, 100] {
            let statement = world.statement(ProofKind::Claim, from, batches, span);
            let vector: Vec<OutputHash> = (1..=CLAIM_ENTRIES as u32)
                .map(|entry| world.expected(from, batches, entry * span).hash())
                .collect();
            assert_eq!(statement.result, vector_root(&vector.try_into().unwrap()));
            world.check_openings(&statement.openings);
            let hashes: Vec<_> = statement.openings.iter().map(|it| it.versioned_hash).collect();
            let distinct: std::collections::BTreeSet<_> = hashes.iter().collect();
            assert_eq!(distinct.len(), hashes.len(), "each blob once");
        }
    }
}

#[test]
fn a_claim_of_more_spans_than_entries_has_no_statement() {
    let mut world = funded();
    world.post(Posted::Calldata, vec![block(0, []); 300]);
    let error = |input: ProofInput| input.rehearse::<U256>().unwrap_err();
    assert_eq!(error(world.input(ProofKind::Claim, 1, 2, 1)), Missing::Vector);
    assert!(world.input(ProofKind::Claim, 1, 2, 2).rehearse::<U256>().is_ok());
}

#[test]
fn what_is_missing_is_said() {
    let mut world = busy();
    let input = world.input(ProofKind::Claim, 0, world.batches.len() as u64, 1);
    let mut without = input.clone();
    let blob = *without.known.blobs.keys().next().unwrap();
    without.known.blobs.remove(&blob);
    let error = without.rehearse::<U256>().unwrap_err();
    assert_eq!(error, Missing::Element { blob, index: 0 });
    // A number beyond the field is no element of a blob.
    let mut beyond = input;
    beyond.known.blobs.get_mut(&blob).unwrap()[..32].fill(0xff);
    let error = beyond.rehearse::<U256>().unwrap_err();
    assert_eq!(error, Missing::Element { blob, index: 0 });
}

#[test]
fn inputs_are_read_back_whole() {
    let mut world = busy();
    let input = world.input(ProofKind::Claim, 0, world.batches.len() as u64, 2);
    let file = input.encode();
    let again = ProofInput::decode(&file).unwrap();
    assert_eq!(again.encode(), file);
    assert_eq!(again.rehearse::<U256>().unwrap().0, input.rehearse::<U256>().unwrap().0);
    assert!(ProofInput::decode(&file[1..]).is_none());
    assert!(ProofInput::decode(&file[..file.len() - 1]).is_none());
    assert!(ProofInput::decode(&[&file[..], &[0]].concat()).is_none());
}

/// The runs that docs/benchmarks.md has numbers for, and two with a bit of everything for comparing the two builds (invariant 41).
const RUNS: [&str; 13] = [
    "empty",
    "transfer",
    "transfers-4",
    "transfers-20",
    "token",
    "tokens-20",
    "mixed",
    "claim",
    "signatures-2",
    "signatures-20",
    "meeting",
    "busy-1",
    "busy-3",
];

/// One of a thousand accounts.
fn account(number: usize) -> Address {
    Address::left_padding_from(&(0x4000 + number as u16 % 1_000).to_be_bytes())
}

/// A chain with a thousand accounts, and three wallets that have had a deposit each.
fn crowd() -> World {
    fund(World::with_contracts((0..1_000).map(|number| Contract::new(account(number), Vec::new()))))
}

/// The three wallets in turn send something to so many accounts.
fn sent(count: usize, make: fn(u8, u64, Address) -> Bytes) -> impl Iterator<Item = Bytes> {
    (0..count)
        .map(move |index| make((index % 3) as u8, 1 + (index / 3) as u64, account(index * 37)))
}

fn one(who: u8, nonce: u64, to: Address) -> Bytes {
    sign(who, transfer(nonce, to, 1))
}

fn one_token(who: u8, nonce: u64, to: Address) -> Bytes {
    token(who, nonce, to, 1)
}

/// What one block in a blob with these transactions, and all messages that wait, comes to.
fn last_block(mut world: World, transactions: impl IntoIterator<Item = Bytes>) -> ProofInput {
    let transactions: Vec<_> = transactions.into_iter().collect();
    let (messages, users) = (world.waiting(), transactions.len());
    world.post(Posted::Blobs, vec![block(messages, transactions)]);
    assert_eq!(world.inputs.last().unwrap().transactions.len(), users + messages as usize);
    let (head, end) = (world.output().number, world.batches.len() as u64);
    world.input(ProofKind::Span, head - 1, end, 1)
}

/// Transfers, a token, a creation, a delegation, a forced transaction and a deposit in one block.
fn mixed() -> ProofInput {
    let mut world = crowd();
    world.l1_info(2_000_000_000);
    world.force(sign(2, transfer(1, account(1), 11)));
    world.deposit(ALICE, ALICE, 7, 0, &[]);
    let users =
        [one(0, 1, account(2)), one_token(0, 2, account(3)), creation(0, 3), delegation(1, 1)];
    last_block(world, users)
}

/// Two batches in blobs, of three blocks with one transfer each, in spans of two blocks.
fn claim() -> ProofInput {
    let mut world = crowd();
    for batch in 0..2 {
        let blocks = (0..3).map(|index| {
            let number = batch * 3 + index;
            let to = account(number as usize * 11);
            block(0, [one((number % 3) as u8, 1 + number / 3, to)])
        });
        world.post(Posted::Blobs, blocks.collect());
    }
    world.input(ProofKind::Claim, 1, 3, 2)
}

fn signatures(count: usize) -> ProofInput {
    let mut world = crowd();
    world.post_as(Layout::Unsigned, Posted::Blobs, vec![block(0, sent(count, one))]);
    world.signatures(1, 2)
}

/// A contract writes down who made signatures that were made for the zkVM's sums to meet a summand.
fn meeting() -> ProofInput {
    let world = fund(World::with_contracts([signers()]));
    let calls = MEETING.iter().zip(1..).map(|([hash, r, s], nonce)| {
        call(
            0,
            nonce,
            SIGNERS,
            words([hash.0, B256::with_last_byte(27).0, r.0, s.0].map(U256::from_be_bytes)),
        )
    });
    last_block(world, calls)
}

fn everything(span: u32) -> ProofInput {
    let mut world = busy();
    let end = world.batches.len() as u64;
    world.input(ProofKind::Claim, 0, end, span)
}

fn run(name: &str) -> ProofInput {
    match name {
        "empty" => last_block(crowd(), []),
        "transfer" => last_block(crowd(), sent(1, one)),
        "transfers-4" => last_block(crowd(), sent(4, one)),
        "transfers-20" => last_block(crowd(), sent(20, one)),
        "token" => last_block(crowd(), sent(1, one_token)),
        "tokens-20" => last_block(crowd(), sent(20, one_token)),
        "mixed" => mixed(),
        "claim" => claim(),
        "signatures-2" => signatures(2),
        "signatures-20" => signatures(20),
        "meeting" => meeting(),
        "busy-1" => everything(1),
        "busy-3" => everything(3),
        _ => panic!("{name} is no run"),
    }
}

/// The runs as files, in the folder that `MEZZ_PROOF_INPUTS` names.
#[test]
#[ignore = "writes files for mezz-prover"]
#[allow(clippy::disallowed_methods, reason = "whoever measures says where the files go")]
fn write_inputs() {
    let folder = std::env::var("MEZZ_PROOF_INPUTS").expect("MEZZ_PROOF_INPUTS names a folder");
    for name in RUNS {
        std::fs::write(format!("{folder}/{name}.input"), run(name).encode()).unwrap();
    }
}

/// What was proven is what these runs come to today.
#[test]
fn the_committed_proofs_are_of_these_runs() {
    let files = [
        ("claim", include_str!("../../../../programs/zk/fixtures/claim.proof.json")),
        ("token", include_str!("../../../../programs/zk/fixtures/token.proof.json")),
        ("mixed", include_str!("../../../../programs/zk/fixtures/mixed.proof.json")),
        ("signatures-20", include_str!("../../../../programs/zk/fixtures/signatures.proof.json")),
    ];
    for (name, said) in files {
        let said: Statement = serde_json::from_str(said).unwrap();
        assert_eq!(run(name).rehearse::<U256>().unwrap().0, said, "{name}");
    }
}
