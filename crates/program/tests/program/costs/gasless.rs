//! Work that whoever posts a batch or a message pays no L2 gas for. It must fit beside the gas of a span.

use crate::{
    machine,
    rollup::{CHAIN, sign, transfer, wallet},
    scenes::{block, fund, funded, write},
    world::{Posted, World},
};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip7702};
use alloy_eips::{
    Encodable2718,
    eip2930::{AccessList, AccessListItem},
    eip7702::Authorization,
};
use alloy_primitives::{Address, Bytes, Signature, U256};
use mezz_derive::PAYLOAD_BLOBS_MAX;
use mezz_primitives::{
    BLOCK_GAS_MIN, MESSAGE_DATA_MAX, MESSAGES_PER_BLOCK_MAX, PAYLOAD_MAX, SKIPPED_MAX, SPAN_GAS_MAX,
};

/// The large cases are so much smaller here than they may be, and what they take is as much more.
const SCALE: u64 = 8;

/// What a trace has room for beside the gas of its span, for each block of the longest span there may be.
const ROOM: u64 =
    ((1 << 40) - super::INSTRUCTIONS_PER_GAS_MAX * SPAN_GAS_MAX) / (SPAN_GAS_MAX / BLOCK_GAS_MIN);

/// What the first block of the last batch takes.
fn first_block(world: &mut World) -> u64 {
    let first = world.batches.last().unwrap().first_block;
    machine::check(world, first - 1, world.batches.len() as u64, 1)
}

fn nothing() -> u64 {
    let mut world = funded();
    world.post(Posted::Blobs, vec![block(0, [])]);
    first_block(&mut world)
}

/// Transactions that are invalid and signed, the most there may be.
fn skipped() -> u64 {
    let mut world = funded();
    let invalid = |nonce: u64| sign(0, transfer(100 + nonce, wallet(1).address(), 5));
    world.post(Posted::Blobs, vec![block(0, (0..100).map(invalid))]);
    first_block(&mut world)
}

/// The same with authorizations, whose signers nobody may look for.
fn skipped_with_authorizations() -> u64 {
    let mut world = funded();
    let authorization = Authorization { chain_id: U256::ZERO, address: Address::ZERO, nonce: 0 };
    let signed = authorization.into_signed(Signature::test_signature());
    let invalid = |nonce: u64| {
        sign(
            0,
            TxEip7702 {
                chain_id: CHAIN.id,
                nonce: 100 + nonce,
                gas_limit: 10_000_000,
                authorization_list: vec![signed.clone(); 50],
                ..TxEip7702::default()
            },
        )
    };
    world.post(Posted::Blobs, vec![block(0, (0..100).map(invalid))]);
    first_block(&mut world)
}

/// A payload of as many transactions as there are signatures in six blobs, all in another block.
fn many_transactions() -> u64 {
    let mut world = funded();
    let signature = Signature::new(U256::ZERO, U256::ZERO, false);
    let transfer = transfer(1, Address::ZERO, 1).into_signed(signature);
    let count = PAYLOAD_BLOBS_MAX / 65 / SCALE as usize;
    let transactions = vec![Bytes::from(transfer.encoded_2718()); count];
    world.post(Posted::Blobs, vec![block(0, []), block(0, transactions)]);
    SCALE * first_block(&mut world)
}

/// Transactions of much data, as much as they may have together.
fn much_data() -> u64 {
    let mut world = funded();
    let input = Bytes::from(vec![0; PAYLOAD_MAX / SCALE as usize / SKIPPED_MAX]);
    let invalid = |nonce: u64| {
        sign(0, TxEip1559 { input: input.clone(), ..transfer(100 + nonce, Address::ZERO, 5) })
    };
    world.post(Posted::Blobs, vec![block(0, (0..SKIPPED_MAX as u64).map(invalid))]);
    SCALE * first_block(&mut world)
}

/// Long access lists.
fn long_lists() -> u64 {
    let mut world = funded();
    let item = AccessListItem { address: Address::ZERO, storage_keys: Vec::new() };
    let length = PAYLOAD_MAX / SCALE as usize / SKIPPED_MAX / 23;
    let list = AccessList(vec![item; length]);
    let invalid = |nonce: u64| {
        sign(0, TxEip1559 { access_list: list.clone(), ..transfer(100 + nonce, Address::ZERO, 5) })
    };
    world.post(Posted::Blobs, vec![block(0, (0..SKIPPED_MAX as u64).map(invalid))]);
    SCALE * first_block(&mut world)
}

/// A stream of empty deflate blocks, each with tables of its own.
fn many_tables() -> u64 {
    let mut world = funded();
    let mut bits = Bits::default();
    while bits.bytes.len() < PAYLOAD_BLOBS_MAX / SCALE as usize {
        bits.write(0b10 << 1, 3);
        // 257 lengths of literals, one of distances, 18 lengths of lengths.
        bits.write(0, 10);
        bits.write(14, 4);
        // Of which the third, for a run of zeros, and the last, for a one, are one.
        (0..18).for_each(|at| bits.write(u32::from(at == 2 || at == 17), 3));
        // 138 and 118 zeros, then the end of a block and a distance.
        bits.write(1 | (138 - 11) << 1, 8);
        bits.write(1 | (118 - 11) << 1, 8);
        bits.write(0, 2);
        bits.write(0, 1);
    }
    world.post_payload(Posted::Blobs, 1, &[&[1, 1, 0][..], &bits.bytes].concat());
    SCALE * first_block(&mut world)
}

/// Writes from the lowest bit up.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    open: u32,
    count: u32,
}

impl Bits {
    fn write(&mut self, value: u32, count: u32) {
        self.open |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.open as u8);
            self.open >>= 8;
            self.count -= 8;
        }
    }
}

/// A batch with as many messages as fit, most of them of other blocks.
fn many_messages() -> u64 {
    let mut world = funded();
    let blocks = 512 / SCALE;
    for _ in 0..blocks * MESSAGES_PER_BLOCK_MAX {
        world.enqueue(9, Address::ZERO, Address::ZERO, 0, Bytes::new());
    }
    world.post_nothing(blocks as u32);
    SCALE * first_block(&mut world)
}

/// The longest messages that a block may have: forced transactions that are no transactions, and deposits that are.
fn long_messages() -> u64 {
    let mut world = funded();
    for _ in 0..MESSAGES_PER_BLOCK_MAX / 2 {
        world.force(vec![0xf8; MESSAGE_DATA_MAX].into());
        world.deposit(Address::ZERO, Address::ZERO, 0, 0, &vec![1; MESSAGE_DATA_MAX - 73]);
    }
    world.post_nothing(1);
    first_block(&mut world)
}

/// The oldest ancestor's hash, in a claim of many batches.
fn many_ancestors() -> u64 {
    let mut world = fund(World::new());
    (0..256).for_each(|_| world.post_nothing(1));
    world.post(Posted::Calldata, vec![block(0, [write(0, 1, 1, 1, 256)])]);
    (0..256).for_each(|_| world.post_nothing(1));
    let (from, end) = (world.output().number - 257, world.batches.len() as u64);
    machine::check(&mut world, from, end, 1)
}

/// Invariant 29, for what costs no gas.
#[test]
fn what_costs_no_gas_fits_beside_what_does() {
    let rows = [
        ("nothing", nothing()),
        ("skipped transactions", skipped()),
        ("skipped transactions with authorizations", skipped_with_authorizations()),
        ("12,000 transactions in another block", many_transactions()),
        ("4 MiB of calldata in skipped transactions", much_data()),
        ("4 MiB of access lists in skipped transactions", long_lists()),
        ("785 KB of Huffman tables", many_tables()),
        ("12,288 messages", many_messages()),
        ("24 messages of 64 KiB", long_messages()),
        ("256 ancestors, 256 batches", many_ancestors()),
    ];
    for (name, steps) in rows {
        println!("| {name} | {} M |", steps / 1_000_000);
    }
    let all: u64 = rows.iter().map(|(_, steps)| steps).sum();
    assert!(all < ROOM, "{all} of {ROOM}");
}
