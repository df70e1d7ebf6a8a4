//! Any bytes give exactly the header's number of blocks (invariant 24, invariant 30), and whatever decodes is canonical.

#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use mezz_derive::{
    Batch, BlockBody, Compressor, Expected, Invalid, Layout, blocks, decode, encode,
};
use mezz_primitives::{BlockInput, MESSAGES_PER_BLOCK_MAX, PAYLOAD_MAX};
use miniz_oxide::deflate::compress_to_vec;
use proptest::{collection::vec, prelude::*, sample::Index};
use support::{CHAIN_ID, config, header, messages};

const PARENT_TIME: u64 = 1_799_999_000;
const BLOCK_COUNT: u32 = 3;
/// Deposits among [`KINDS`].
const DEPOSITS: usize = 2;
const KINDS: [u8; 6] = [0, 1, 2, 3, 0, 9];
const EXPECTED: Expected =
    Expected { unsigned: false, chain_id: CHAIN_ID, block_count: BLOCK_COUNT, deposits: DEPOSITS };

fn derive(payload: Option<&[u8]>) -> Vec<BlockInput> {
    blocks(
        &header(BLOCK_COUNT, KINDS.len() as u64),
        PARENT_TIME,
        &messages(&KINDS),
        payload,
        CHAIN_ID,
    )
}

/// Checks everything that holds for any payload.
fn check(payload: &[u8]) {
    let derived = derive(Some(payload));
    assert_eq!(derived.len(), BLOCK_COUNT as usize);
    assert_eq!(
        derived.last().unwrap().queue_index,
        100 + KINDS.len() as u64,
        "all messages are consumed"
    );
    let mut parent = (PARENT_TIME, 100);
    for block in &derived {
        assert!(block.timestamp >= parent.0);
        assert!((parent.1..=parent.1 + MESSAGES_PER_BLOCK_MAX).contains(&block.queue_index));
        parent = (block.timestamp, block.queue_index);
    }
    match decode(payload, &EXPECTED) {
        Ok(batch) => {
            let again =
                encode(&batch, CHAIN_ID, Compressor::None).expect("what decodes can be encoded");
            assert_eq!(decode(&again, &EXPECTED), Ok(batch));
        }
        Err(_) => assert_eq!(derived, derive(None), "an invalid payload is no payload"),
    }
}

/// A valid payload for [`EXPECTED`].
fn valid(seed: u64, compressor: Compressor) -> Vec<u8> {
    let mut batch = support::batch(seed);
    batch.blocks.resize(BLOCK_COUNT as usize, BlockBody::default());
    batch.hints.resize(
        DEPOSITS,
        mezz_primitives::DepositHint { l1_block_hash: Default::default(), log_index: 3 },
    );
    let payload = encode(&batch, CHAIN_ID, compressor).unwrap();
    assert_eq!(decode(&payload, &EXPECTED), Ok(batch));
    payload
}

fn compressor(deflate: bool) -> Compressor {
    if deflate { Compressor::Deflate } else { Compressor::None }
}

/// A payload with this body and no signatures.
fn with_body(compressor: u8, body: &[u8]) -> Vec<u8> {
    [&[1, compressor, 0], body].concat()
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn any_bytes(payload in vec(any::<u8>(), 0..400)) {
        check(&payload);
    }

    /// Small numbers get further into the columns than any bytes do.
    #[test]
    fn any_columns(body in vec(prop_oneof![3 => 0u8..4, 1 => any::<u8>()], 0..400)) {
        check(&with_body(0, &[&[BLOCK_COUNT as u8][..], &body].concat()));
        check(&with_body(1, &body));
        check(&with_body(1, &compress_to_vec(&body, 6)));
    }

    #[test]
    fn truncated(seed: u64, deflate: bool, length: Index) {
        let payload = valid(seed, compressor(deflate));
        let payload = &payload[..length.index(payload.len())];
        prop_assert!(decode(payload, &EXPECTED).is_err());
        check(payload);
    }

    #[test]
    fn lengthened(seed: u64, deflate: bool, byte: u8) {
        let mut payload = valid(seed, compressor(deflate));
        payload.push(byte);
        prop_assert!(decode(&payload, &EXPECTED).is_err());
        check(&payload);
    }

    #[test]
    fn bits_flipped(seed: u64, deflate: bool, flips in vec(any::<(Index, u8)>(), 1..4)) {
        let mut payload = valid(seed, compressor(deflate));
        for (position, bit) in flips {
            *position.get_mut(&mut payload[..]) ^= 1 << (bit % 8);
        }
        check(&payload);
    }

    /// A byte of a column made extreme, taken out, or put in.
    #[test]
    fn bytes_changed(seed: u64, position: Index, byte in prop_oneof![Just(0), Just(0x7f), Just(0x80), Just(0xff)], how in 0..3) {
        let mut payload = valid(seed, Compressor::None);
        let position = position.index(payload.len());
        match how {
            0 => payload[position] = byte,
            1 => { payload.remove(position); }
            _ => payload.insert(position, byte),
        }
        check(&payload);
    }

    /// Whatever somebody put into the queue.
    #[test]
    fn any_messages(
        contents in vec((prop_oneof![4 => 0u8..5, 1 => any::<u8>()], prop_oneof![vec(any::<u8>(), 0..300), vec(any::<u8>(), 192), vec(any::<u8>(), 64)], any::<(u64, u64)>()), 0..40),
    ) {
        let queue: Vec<_> = messages(&vec![0; contents.len()])
            .into_iter()
            .zip(contents)
            .map(|(message, (kind, data, (value, gas)))| mezz_primitives::QueueMessage {
                kind: kind.into(),
                data: data.into(),
                value: alloy_primitives::U256::from(value),
                gas,
                ..message
            })
            .collect();
        let derived = blocks(&header(BLOCK_COUNT, queue.len() as u64), PARENT_TIME, &queue, None, CHAIN_ID);
        prop_assert_eq!(derived.len(), BLOCK_COUNT as usize);
        prop_assert_eq!(derived.last().unwrap().queue_index, 100 + queue.len() as u64);
    }

    #[test]
    fn any_header(
        block_count in 0u32..40, parent_time: u64, l1_time: u64, q_end: u64, declared in vec(any::<(u64, u32)>(), 40),
        kinds in vec(0u8..6, 0..100),
    ) {
        let bodies = declared.into_iter().take(block_count as usize);
        let blocks_in = bodies.map(|(step, messages)| BlockBody { step, messages: messages % 30, transactions: vec![] }).collect();
        let hint = mezz_primitives::DepositHint { l1_block_hash: Default::default(), log_index: 0 };
        let batch = Batch { layout: Layout::Signed, blocks: blocks_in, hints: vec![hint; kinds.iter().filter(|kind| **kind == 0).count()] };
        let payload = encode(&batch, CHAIN_ID, Compressor::None).unwrap();
        let header = mezz_primitives::BatchHeader { l1_time, q_end, ..header(block_count, 0) };
        let derived = blocks(&header, parent_time, &messages(&kinds), Some(&payload), CHAIN_ID);
        prop_assert_eq!(derived.len(), block_count as usize);
        prop_assert!(derived.last().is_none_or(|block| block.queue_index == q_end));
        prop_assert!(derived.is_sorted_by_key(|block| block.timestamp));
    }
}

#[test]
fn no_payload() {
    assert_eq!(derive(None).len(), BLOCK_COUNT as usize);
    check(&[]);
}

#[test]
fn each_violation_has_its_name() {
    let check = |payload: &[u8], error: Invalid| assert_eq!(decode(payload, &EXPECTED), Err(error));
    let good = valid(1, Compressor::None);
    check(&[], Invalid::Truncated);
    check(&[3], Invalid::Version);
    check(&[2, 0x80, 5, 1], Invalid::Truncated);
    check(&[1, 2, 0], Invalid::Compressor);
    check(&[1, 1, 0, 0xff], Invalid::Deflate);
    check(&[1, 0, 0x80, 0], Invalid::Number);
    check(&with_body(0, &[4]), Invalid::BlockCount);
    check(&with_body(0, &vec![0; PAYLOAD_MAX + 1]), Invalid::Length);
    check(&with_body(1, &compress_to_vec(&vec![0; PAYLOAD_MAX + 1], 9)), Invalid::Length);
    check(&[&good[..], &[0]].concat(), Invalid::Trailing);
    let wrong_deposits = Expected { deposits: DEPOSITS + 1, ..EXPECTED };
    assert!(decode(&good, &wrong_deposits).is_err());
    let steps_and_messages = [0; 2 * BLOCK_COUNT as usize];
    let counts = [
        &[0xff; BLOCK_COUNT as usize][..],
        &[0xff; BLOCK_COUNT as usize],
        &[0x7f; BLOCK_COUNT as usize],
    ]
    .concat();
    check(
        &with_body(0, &[&[BLOCK_COUNT as u8][..], &steps_and_messages, &counts].concat()),
        Invalid::TransactionCount,
    );
}
