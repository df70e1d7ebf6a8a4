//! Payloads that a data committee keeps: read chunk by chunk, or not at all.

use crate::{
    machine,
    rollup::{sign, transfer, wallet},
    scenes::{block, funded},
    spans::check,
    world::World,
};
use alloy_primitives::B256;
use mezz_derive::Layout;
use mezz_primitives::{CHUNK_SIZE, CHUNKS_MAX, PayloadId, encode_chunk_hashes};

/// Posts a payload under a hash that a committee has signed, whatever that is the hash of.
fn post(world: &mut World, payload_hash: B256, payload_length: usize, payload: Option<&[u8]>) {
    let id = PayloadId { payload_hash, payload_length: payload_length as u32 };
    world.preimages.insert(id.encode());
    world.post_committed(1, id.da_hash(), payload);
}

/// A batch for each form in which a committee can sign a payload, right or wrong, with the chunks at hand.
fn scene() -> (World, usize) {
    let mut world = funded();
    let one = wallet(1).address();
    let payload = world.payload(Layout::Signed, vec![block(0, [sign(0, transfer(0, one, 5))])]);
    let id = PayloadId::of(&payload).unwrap();
    world.preimages.insert_committed(&id, &payload);
    world.post_committed(1, id.da_hash(), Some(&payload));
    let right = world.inputs.len();
    assert_eq!(world.inputs[right - 1].transactions.len(), 1, "the payload counts");

    // Two chunks of what is no batch.
    let garbage = vec![7; CHUNK_SIZE + 1];
    let two = PayloadId::of(&garbage).unwrap();
    world.preimages.insert_committed(&two, &garbage);
    world.post_committed(1, two.da_hash(), Some(&garbage));

    let next = world.payload(Layout::Signed, vec![block(0, [sign(0, transfer(1, one, 5))])]);
    let hash = world.preimages.insert(next.clone());
    let mut list = |hashes: &[B256]| world.preimages.insert(encode_chunk_hashes(hashes));
    let (once, twice, none, most) =
        (list(&[hash]), list(&[hash, hash]), list(&[]), list(&[hash; CHUNKS_MAX + 1]));
    let strange = world.preimages.insert(b"no list of hashes".to_vec());
    let odd = world.preimages.insert([encode_chunk_hashes(&[hash]).to_vec(), vec![0]].concat());
    // The right chunk under a wrong length, a wrong count, no form.
    let wrong = [
        (once, next.len() + 1),
        (once, next.len() - 1),
        (once, CHUNK_SIZE + next.len()),
        (twice, next.len()),
        (twice, 2 * next.len()),
        (none, 0),
        (none, next.len()),
        (most, CHUNKS_MAX * CHUNK_SIZE + 1),
        (once, 0),
        (strange, next.len()),
        (odd, next.len()),
    ];
    for (payload_hash, length) in wrong {
        post(&mut world, payload_hash, length, None);
        assert!(world.inputs.last().unwrap().transactions.is_empty());
    }
    // The same chunk under its own length is a payload.
    post(&mut world, once, next.len(), Some(&next));
    assert_eq!(world.inputs.last().unwrap().transactions.len(), 1);
    (world, right)
}

/// Invariant 24 for payloads of a committee: whatever was certified gives a block.
#[test]
fn a_committees_payload_counts_if_its_chunks_are_what_its_length_says() {
    let (mut world, _) = scene();
    check(&mut world, &[1, 3]);
}

/// Invariant 25 for payloads of a committee.
#[test]
fn the_machine_reads_a_committees_payload_too() {
    let (mut world, right) = scene();
    let (head, end) = (world.output().number, world.batches.len() as u64);
    machine::check(&mut world, right as u64 - 1, end, 2);
    machine::check(&mut world, head - 2, end, 2);
}

/// Invariant 37, the program's part: of a void batch it reads a header without data, whose own place in the posted chain nobody compares.
#[test]
fn a_void_batch_is_one_without_data() {
    let mut world = funded();
    let one = wallet(1).address();
    let payload = world.payload(Layout::Signed, vec![block(0, [sign(0, transfer(0, one, 5))])]);
    let id = PayloadId::of(&payload).unwrap();
    world.void(1, id.da_hash());
    assert!(world.inputs.last().unwrap().transactions.is_empty());
    assert_eq!(world.batches.last().unwrap().da_hash, B256::ZERO);
    world.preimages.insert_committed(&id, &payload);
    world.post_committed(1, id.da_hash(), Some(&payload));
    assert_eq!(world.inputs.last().unwrap().transactions.len(), 1, "it can be posted again");
    let (head, end) = (world.output().number, world.batches.len() as u64);
    check(&mut world, &[1, 3]);
    machine::check(&mut world, head - 2, end, 3);
    assert_ne!(world.batches[1].prev_acc, world.acc(1), "the posted chain is another");
}
