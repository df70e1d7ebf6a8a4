//! The questions of a dispute against the plainest way to answer them.

use alloy_primitives::B256;
use mezz_riscv::{State, Trace, trace};

use crate::{
    common::{World, leaf},
    programs::workload,
};

/// The hashes after each of 256 parts of `stride` steps, from a machine that is run from the start of the program.
fn vector(rounds: u32, first: u64, stride: u64) -> Vec<B256> {
    let (mut machine, world, _) = workload(rounds);
    machine.run(first, &world).unwrap();
    (0..256)
        .map(|_| {
            machine.run(stride, &world).unwrap();
            machine.state().hash()
        })
        .collect()
}

fn trace(rounds: u32) -> Trace<World> {
    let (machine, world, _) = workload(rounds);
    Trace::new(machine, world)
}

#[test]
fn vectors_are_the_states_of_the_run() {
    // About 3 million steps: 46 of 2^16.
    let mut trace = trace(50);
    assert_eq!(trace.vector(&[0, 0]).unwrap()[..], vector(50, 0, 1 << 16));
    assert_eq!(trace.vector(&[0, 0, 20]).unwrap()[..], vector(50, 20 << 16, 1 << 8));
    assert_eq!(trace.vector(&[0, 0, 7, 255]).unwrap()[..], vector(50, (8 << 16) - 256, 1));
    // Asked in any order, and again.
    assert_eq!(trace.vector(&[0]).unwrap()[..], vector(50, 0, 1 << 24));
    assert_eq!(trace.vector(&[]).unwrap()[..], vector(50, 0, 1 << 32));
    assert_eq!(trace.vector(&[0, 0, 20]).unwrap()[..], vector(50, 20 << 16, 1 << 8));
}

#[test]
fn each_level_ends_where_its_entry_says() {
    let mut trace = trace(50);
    let mut path = Vec::new();
    for index in [0, 0, 33, 7, 200] {
        let (vector, first) = (trace.vector(&path).unwrap(), trace.start(&path).unwrap());
        let before = |index: u8| match index {
            0 => first.state().hash(),
            index => vector[usize::from(index) - 1],
        };
        path.push(index);
        assert_eq!(trace.start(&path).unwrap().state().hash(), before(index));
        assert_eq!(trace.end(&path).unwrap().state().hash(), vector[usize::from(index)]);
        if path.len() < trace::PATH_MAX {
            assert_eq!(trace.vector(&path).unwrap()[255], vector[usize::from(index)]);
        }
    }
}

#[test]
fn a_run_that_has_ended_pads_its_vectors() {
    let mut trace = trace(0);
    let end = trace.end(&[]).unwrap();
    assert_eq!((end.state().exited, end.state().code), (1, 0));
    for path in [&[][..], &[0], &[255, 255], &[1, 2, 3, 4]] {
        assert_eq!(trace.vector(path).unwrap()[255], end.state().hash());
    }
    assert_eq!(trace.start(&[255; 5]).unwrap().state(), end.state());
}

#[test]
fn little_room_for_snapshots_changes_nothing_but_time() {
    let (mut roomy, mut tight) = (trace(50), trace(50).with_snapshot_bytes(0));
    for path in [&[0, 0][..], &[0, 0, 40], &[0, 0, 3], &[0], &[0, 0, 3, 9]] {
        assert_eq!(roomy.vector(path).unwrap(), tight.vector(path).unwrap());
    }
}

#[test]
fn a_missing_preimage_can_be_found_later() {
    let (machine, world, _) = workload(1);
    let mut trace = Trace::new(machine, World::default());
    trace.vector(&[]).unwrap_err();
    trace.witness(&[0, 0, 0, 0, 1], &World::default()).unwrap();
    *trace.preimages_mut() = world;
    assert_eq!(trace.vector(&[0, 0, 0]).unwrap()[..], vector(1, 0, 256));
}

#[test]
fn the_first_difference_is_the_doubt() {
    let ours = [B256::ZERO; 256];
    assert_eq!(trace::first_difference(&ours, &ours), None);
    for index in [0, 1, 254, 255u8] {
        let mut theirs = ours;
        theirs[usize::from(index)..].fill(B256::repeat_byte(1));
        assert_eq!(trace::first_difference(&ours, &theirs), Some(index));
    }
}

#[test]
fn a_witness_shows_what_the_step_touches() {
    let mut trace = trace(1);
    for step in [0u16, 1, 2, 5, 100, 1_000, 40_000] {
        let [high, low] = step.to_be_bytes();
        let path = [0, 0, 0, high, low];
        let witness = trace.witness(&path, &World::default()).unwrap();
        let state = State::decode(&witness.state);
        assert_eq!(state, *trace.start(&path).unwrap().state());
        let openings = witness.proof.as_chunks::<28>();
        assert!((1..=2).contains(&openings.0.len()) && openings.1.is_empty());
        assert_eq!(openings.0[0][0], leaf(&trace.start(&path).unwrap(), state.pc));
    }
}
