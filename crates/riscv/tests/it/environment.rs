//! The calls of the environment, one by one.

use alloy_primitives::B256;
use mezz_riscv::{Machine, MissingPreimage, Snapshot, State};

use crate::{
    assembler::*,
    common::{CODE, DATA, World, leaf, run, start, step, with_memory},
};

/// A moment before a call, with a state that it may use.
fn before(number: u32, a0: u32, a1: u32, change: impl Fn(&mut State)) -> Snapshot {
    let registers = [(A7, number), (A0, a0), (A1, a1)];
    let data = [0x0302_0100, 0x0706_0504, 3, 4, 5, 6, 7, 8];
    let start = start(&[(CODE, &[ECALL]), (DATA, &data)], &registers);
    let mut state = start.state().clone();
    (state.boot, state.output) = (B256::repeat_byte(0xb0), B256::repeat_byte(0x0e));
    (state.key, state.kind, state.offset) = (B256::repeat_byte(0x4e), 9, 77);
    change(&mut state);
    Snapshot::new(state, start.tree().clone())
}

/// The same with other 32 bytes of data.
fn with_data(moment: &Snapshot, data: B256) -> Snapshot {
    let tree = with_memory(moment.tree(), |memory| {
        memory.set(DATA, data.0);
        memory.commit().clone()
    });
    Snapshot::new(moment.state().clone(), tree)
}

/// The moment after the call, and the state before it.
fn call_from(before: &Snapshot, world: &World) -> (Snapshot, State) {
    let (after, long) = (step(before, world), run(before, 1_100, world).unwrap());
    // What follows the call is a trap.
    if !after.state().is_exited() {
        let expected = State { exited: 1, code: 255, ..after.state().clone() };
        assert_eq!(*long.state(), expected);
    }
    (after, before.state().clone())
}

#[test]
fn halt() {
    for (a0, code) in [(0, 0), (1, 1), (255, 255), (256, 0), (0xffff_ff07, 7)] {
        let (after, state) = call_from(&before(0, a0, 0, |_| {}), &World::default());
        assert_eq!(*after.state(), State { exited: 1, code, ..state });
    }
}

#[test]
fn boot() {
    let (after, state) = call_from(&before(1, DATA, 0, |_| {}), &World::default());
    assert_eq!(leaf(&after, DATA), state.boot.0);
    let memory = after.state().memory;
    assert_ne!(memory, state.memory);
    assert_eq!(*after.state(), State { memory, pc: CODE + 4, ..state });
}

#[test]
fn output() {
    let (after, state) = call_from(&before(4, DATA, 0, |_| {}), &World::default());
    let output = leaf(&after, DATA).into();
    assert_eq!(*after.state(), State { output, pc: CODE + 4, ..state });
}

#[test]
fn select_and_read_a_preimage() {
    for length in [0, 1, 31, 32, 33, 64, 1_000, 98_304] {
        let bytes: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
        let mut world = World::default();
        let key = world.know(&bytes);
        let (after, state) = call_from(&with_data(&before(2, DATA, 1, |_| {}), key), &world);
        let mut expected = State { key, kind: 1, offset: 0, pc: CODE + 4, ..state };
        expected.set_register(A0 as usize, length);
        assert_eq!(*after.state(), expected);

        for offset in [0, 32, 64, length.saturating_sub(7), length, 0xffff_fff0] {
            let selected = before(3, DATA, 0, |state| {
                (state.key, state.kind, state.offset) = (key, 1, offset);
            });
            let (after, state) = call_from(&selected, &world);
            let mut word = [0; 32];
            for (at, byte) in bytes.iter().skip(offset as usize).take(32).enumerate() {
                word[at] = *byte;
            }
            assert_eq!(leaf(&after, DATA), word);
            let memory = after.state().memory;
            let offset = offset.wrapping_add(32);
            assert_eq!(*after.state(), State { memory, offset, pc: CODE + 4, ..state });
        }
    }
}

#[test]
fn select_and_read_a_blob() {
    let (after, state) = call_from(&before(2, DATA, 2, |_| {}), &World::default());
    let key = leaf(&after, DATA).into();
    let mut expected = State { key, kind: 2, offset: 0, pc: CODE + 4, ..state };
    expected.set_register(A0 as usize, 131_072);
    assert_eq!(*after.state(), expected);

    let mut world = World::default();
    for index in [0, 1, 4_095] {
        world.elements.insert((key, index), [index as u8 + 1; 32]);
    }
    let cases =
        [(0, 1), (31, 1), (32, 2), (131_040, 0), (131_071, 0), (131_072, 0), (0xffff_ffe0, 0)];
    for (offset, byte) in cases {
        let selected = before(3, DATA, 0, |state| {
            (state.key, state.kind, state.offset) = (key, 2, offset);
        });
        let (after, state) = call_from(&selected, &world);
        assert_eq!(leaf(&after, DATA), [byte; 32]);
        let memory = after.state().memory;
        let offset = offset.wrapping_add(32);
        assert_eq!(*after.state(), State { memory, offset, pc: CODE + 4, ..state });
    }
}

#[test]
fn what_is_no_call_traps() {
    let mut cases: Vec<(u32, u32, u32)> =
        vec![(5, DATA, 1), (6, 0, 0), (93, 0, 0), (u32::MAX, DATA, 0)];
    // A pointer that is not a multiple of 32, a kind that there is not.
    cases.extend((1..5).flat_map(|number| [1, 4, 16, 31].map(|offset| (number, DATA + offset, 1))));
    cases.extend([0, 3, 255, 257, u32::MAX].map(|kind| (2, DATA, kind)));
    // The state's kind is 9.
    cases.push((3, DATA, 1));
    for (number, a0, a1) in cases {
        let (after, state) = call_from(&before(number, a0, a1, |_| {}), &World::default());
        assert_eq!(*after.state(), State { exited: 1, code: 255, ..state }, "{number} {a0} {a1}");
    }
}

#[test]
fn a_missing_preimage_leaves_the_machine_before_the_call() {
    let world = World::default();
    let key = B256::repeat_byte(0x4e);
    let preimage = MissingPreimage::Keccak(key);
    let element = MissingPreimage::Element { blob: key, index: 2 };
    for (kind, missing) in [(1, preimage), (2, element)] {
        let moment = before(3, DATA, 0, |state| (state.kind, state.offset) = (kind, 77));
        let mut machine = Machine::from(&moment);
        assert_eq!(machine.run(5_000, &world), Err(missing));
        assert_eq!(machine.steps(), 0);
        assert_eq!(machine.state(), moment.state());
        assert_eq!(machine.witness(&world, &world), Err(missing));
    }
    let moment = before(2, DATA, 1, |_| {});
    let key = B256::from(leaf(&moment, DATA));
    let mut machine = Machine::from(&moment);
    assert_eq!(machine.run(1, &world), Err(MissingPreimage::Keccak(key)));
    assert_eq!(machine.state(), moment.state());

    // Steps before the one that misses are made.
    let code = [vec![NOP; 3_000], call(2, DATA, 1)].concat();
    let mut machine = Machine::from(&start(&[(CODE, &code)], &[]));
    assert_eq!(machine.run(1 << 40, &world), Err(MissingPreimage::Keccak(B256::ZERO)));
    assert_eq!(machine.steps(), 3_006);
    assert_eq!(machine.state().pc, CODE + 4 * 3_006);
}

#[test]
fn a_preimage_of_something_else_is_none() {
    let mut world = World::default();
    world.preimages.insert(B256::ZERO, b"not this".as_slice().into());
    let mut machine = Machine::from(&start(&[(CODE, &call(2, DATA, 1))], &[]));
    assert_eq!(machine.run(100, &world), Err(MissingPreimage::Keccak(B256::ZERO)));
}
