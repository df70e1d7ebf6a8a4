//! Whatever stands on L1, the program comes to an output, and to the node's.

use crate::{
    machine,
    rollup::cases,
    scenes::{block, funded, token},
    world::{Posted, World},
};
use alloy_primitives::{Address, U256};
use mezz_derive::Layout;
use mezz_primitives::QueueMessage;
use proptest::{collection::vec, prelude::*, sample::Index};

fn posted() -> impl Strategy<Value = Posted> {
    prop_oneof![Just(Posted::Calldata), Just(Posted::Blobs)]
}

/// A message of any kind with data of the lengths that something is made of.
fn message() -> impl Strategy<Value = QueueMessage> {
    let data = prop_oneof![
        vec(any::<u8>(), 0..300),
        vec(any::<u8>(), 192),
        vec(any::<u8>(), 64),
        vec(0..2u8, 70..110),
    ];
    let kind = prop_oneof![4 => 0u8..5, 1 => any::<u8>()];
    (kind, any::<[u8; 2]>(), any::<u64>(), 0..4_000_000u64, data).prop_map(
        |(kind, [from, to], value, gas, data)| QueueMessage {
            kind: kind.into(),
            from: Address::repeat_byte(from),
            to: Address::repeat_byte(to),
            value: U256::from(value),
            gas,
            data: data.into(),
            l1_block: 1,
            l1_time: 12,
            index: 0,
        },
    )
}

/// The batch that was posted last, block by block, at once, and at once on the machine.
fn check(world: &mut World) {
    let (head, end) = (world.output().number, world.batches.len() as u64);
    let first = world.batches.last().unwrap().first_block - 1;
    for (from, span) in (first..head).map(|from| (from, 1)).chain([(first, 100)]) {
        assert_eq!(world.run(from, end, span).unwrap(), world.expected(from, end, span));
    }
    machine::check(world, first, end, 100);
}

proptest! {
    #![proptest_config(cases(40))]

    /// Invariant 24, invariant 30: any payload gives exactly the blocks that the header names.
    #[test]
    fn any_payload(posted in posted(), count in 1..4u32, payload in vec(any::<u8>(), 0..600)) {
        let mut world = funded();
        world.l1_info(1);
        world.post_payload(posted, count, &payload);
        prop_assert_eq!(world.output().number, 1 + u64::from(count));
        check(&mut world);
    }

    /// Invariant 24, invariant 30, with a payload that is almost right.
    #[test]
    fn any_flipped_bits(posted in posted(), flips in vec(any::<(Index, u8)>(), 1..4)) {
        let mut world = funded();
        world.l1_info(1);
        let blocks = vec![block(1, [token(0, 1, Address::ZERO, 1)]), block(0, [token(1, 1, Address::ZERO, 2)])];
        let mut payload = world.payload(Layout::Signed, blocks);
        for (position, bit) in flips {
            *position.get_mut(&mut payload[..]) ^= 1 << (bit % 8);
        }
        world.post_payload(posted, 2, &payload);
        check(&mut world);
    }

    /// Invariant 24, invariant 30, with whatever somebody put into the queue.
    #[test]
    fn any_messages(messages in vec(message(), 0..30), taken in 0..30u32) {
        let mut world = funded();
        let first = world.output().queue_index;
        for (message, index) in messages.into_iter().zip(first..) {
            world.push(QueueMessage { index, ..message });
        }
        world.post(Posted::Calldata, vec![block(taken, []), block(0, [])]);
        check(&mut world);
    }
}
