//! The program comes to the outputs that a node comes to.

use crate::{
    rollup::{CHAIN, sign, transfer, wallet},
    scenes::{block, busy, call, funded},
    world::{Posted, World},
};
use alloy_primitives::{B256, Bytes};
use mezz_primitives::{Boot, OutputHash, SKIPPED_MAX};

/// Every span of these lengths from every block, in every claim that holds it.
pub(crate) fn check(world: &mut World, spans: &[u32]) {
    let head = world.output().number;
    for from in 0..=head {
        for end in world.outputs[from as usize].inbox_index..=world.batches.len() as u64 {
            for span in spans {
                let output = world.run(from, end, *span).unwrap();
                let expected = world.expected(from, end, *span);
                assert_eq!(output, expected, "{span} blocks after {from}, {end} batches");
            }
        }
    }
}

/// Invariant 25, invariant 26: derived again from preimages alone, each block is what the node made of it.
#[test]
fn every_span_leads_to_the_output_of_the_chain() {
    let mut world = busy();
    // As the scene is meant: everything valid is in, nothing else.
    let transactions: Vec<_> = world.inputs.iter().map(|input| input.transactions.len()).collect();
    assert_eq!(transactions, [4, 4, 1, 3, 0, 3, 1, 1, 8, 1, 6, 3, 6, 3]);
    check(&mut world, &[1, 2, 3, 100]);
}

#[test]
fn a_span_of_nothing_is_where_it_begins() {
    let mut world = funded();
    assert_eq!(world.run(0, 1, 0), Ok(world.outputs[0]));
    assert_eq!(world.run(1, 1, 5), Ok(world.outputs[1]));
}

/// Invariant 28: `boot` is the hash of everything that a run depends on, and is read back whole.
#[test]
fn boot_commits_to_every_input() {
    let boot = Boot {
        chain_id: CHAIN.id,
        start: OutputHash(B256::repeat_byte(1)),
        acc: mezz_primitives::Accumulator(B256::repeat_byte(2)),
        end: 7,
        span: 2,
    };
    let others = [
        Boot { chain_id: 902, ..boot },
        Boot { start: OutputHash(B256::repeat_byte(3)), ..boot },
        Boot { acc: mezz_primitives::Accumulator(B256::repeat_byte(3)), ..boot },
        Boot { end: 8, ..boot },
        Boot { span: 3, ..boot },
    ];
    assert!(others.iter().all(|other| other.hash() != boot.hash()));
    assert!(others.iter().all(|other| Boot::decode(&other.encode()) == Some(*other)));
}

/// A block's payload ends at the 16th transaction that is invalid; those of messages do not count.
#[test]
fn a_payload_of_invalid_transactions_ends_early() {
    let mut world = funded();
    let (zero, one) = (wallet(0).address(), wallet(1).address());
    let invalid = || (0..).map(|nonce| sign(0, transfer(100 + nonce, one, 5)));
    let valid = |nonce| sign(1, transfer(nonce, zero, 5));
    for _ in 0..SKIPPED_MAX {
        world.force(sign(2, transfer(7, zero, 11)));
    }
    let one_less = invalid().take(SKIPPED_MAX - 1).chain([valid(1), valid(2)]);
    let enough = [valid(3)].into_iter().chain(invalid().take(SKIPPED_MAX)).chain([valid(4)]);
    let again = [valid(4), call(1, 5, one, Bytes::new())];
    let messages = SKIPPED_MAX as u32;
    let blocks = vec![block(messages, one_less), block(0, enough), block(0, again)];
    world.post(Posted::Blobs, blocks);
    assert_eq!(world.rollup.nonce(one), 6);
    let used: Vec<_> = world.rollup.headers.iter().map(|header| header.gas_used).collect();
    assert_eq!(used[2..], [42_000, 21_000, 42_000]);
    check(&mut world, &[1, 3]);
}

/// A batch full of messages, most of them not of the block in question.
#[test]
fn messages_are_spread_over_the_blocks_of_a_batch() {
    let mut world = funded();
    for index in 0..60 {
        world.deposit(wallet(0).address(), wallet(1).address(), index, 1, &[]);
        world.l1_info(index as u64);
    }
    let blocks = [3, 24, 10, 0, 24, 1].map(|messages| block(messages, []));
    world.post(Posted::Calldata, blocks.into());
    let queue: Vec<_> = world.outputs.iter().map(|output| output.queue_index).collect();
    assert_eq!(queue, [0, 4, 7, 31, 52, 76, 100, 124]);
    check(&mut world, &[1, 2, 5]);
}
