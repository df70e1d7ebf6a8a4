//! Random programs, run in two ways.

use mezz_riscv::{Snapshot, State};
use proptest::{prelude::*, sample::select};

use crate::{
    assembler::*,
    common::{CODE, DATA, EDGES, World, cases, run, start, tree},
};

/// Few registers, so that instructions meet.
fn register() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0u32..8, 2 => select(vec![A0, A1, A7]), 1 => 0u32..32]
}

fn small() -> impl Strategy<Value = i32> {
    prop_oneof![-64i32..64, select(vec![0, 4, 8, -4, 31, 32, 2047, -2048]), -2048i32..2048]
}

/// Mostly instructions, of all kinds; now and then any word.
pub(crate) fn word() -> impl Strategy<Value = u32> {
    let funct7 = prop_oneof![Just(0u32), Just(1), Just(0x20)];
    let registers = (register(), register(), register());
    let near = (-32i32..64).prop_map(|words| 4 * words);
    prop_oneof![
        8 => (registers, 0u32..8, funct7).prop_map(|((a, b, d), f3, f7)| r_type(f7, b, a, f3, d)),
        6 => (register(), register(), select(vec![0, 2, 3, 4, 6, 7]), small())
            .prop_map(|(a, d, f3, number)| i_type(0x13, number, a, f3, d)),
        3 => (register(), register(), select(vec![(1, 0), (5, 0), (5, 0x400)]), 0i32..32)
            .prop_map(|(a, d, (f3, kind), number)| i_type(0x13, kind | number, a, f3, d)),
        4 => (register(), register(), 0u32..8, small()).prop_map(|(a, d, f3, o)| load(f3, d, a, o & !3)),
        4 => (register(), register(), 0u32..4, small()).prop_map(|(a, b, f3, o)| store(f3, o & !3, a, b)),
        2 => (register(), register(), 0u32..6, small()).prop_map(|(a, d, f3, o)| load(f3, d, a, o)),
        2 => (register(), register(), 0u32..3, small()).prop_map(|(a, b, f3, o)| store(f3, o, a, b)),
        4 => (register(), register(), 0u32..8, near.clone()).prop_map(|(a, b, f3, o)| branch(f3, o, a, b)),
        1 => (register(), near).prop_map(|(d, offset)| jal(d, offset)),
        1 => (register(), register(), small()).prop_map(|(d, a, number)| jalr(d, a, number)),
        1 => (register(), any::<u32>()).prop_map(|(d, upper)| lui(d, upper)),
        1 => (register(), 0u32..3).prop_map(|(d, pages)| auipc(d, pages << 12)),
        1 => Just(ECALL),
        1 => any::<u32>(),
    ]
}

/// Numbers that go wrong, and addresses of code and data.
pub(crate) fn value() -> impl Strategy<Value = u32> {
    prop_oneof![
        4 => select(EDGES.to_vec()),
        2 => (0u32..64).prop_map(|offset| CODE + 4 * offset),
        1 => (0u32..16).prop_map(|offset| CODE + 4096 - 4 * offset),
        3 => (0u32..64).prop_map(|offset| DATA + 4 * offset),
        1 => (0u32..8).prop_map(|offset| DATA + 32 * offset),
        1 => (0u32..256).prop_map(|offset| DATA - 128 + offset),
        1 => any::<u32>(),
    ]
}

/// A state with random registers and the rest as a program might have made it.
pub(crate) fn state() -> impl Strategy<Value = State> {
    let registers = prop::collection::vec(value(), 31);
    let call = prop_oneof![3 => 0u32..6, 1 => value()];
    let selected = (prop_oneof![Just(0u8), Just(1), Just(2), any::<u8>()], any::<u32>());
    (registers, call, prop_oneof![0u32..4, value()], selected, any::<[u8; 32]>()).prop_map(
        |(registers, a7, a1, (kind, offset), bytes)| {
            let mut state = State {
                pc: CODE,
                registers: registers.try_into().unwrap(),
                kind,
                offset: offset & !31,
                key: bytes.into(),
                boot: bytes.into(),
                ..State::default()
            };
            state.set_register(A7 as usize, a7);
            state.set_register(A1 as usize, a1);
            state
        },
    )
}

/// A moment with a program at [`CODE`] and over the end of its page, and data.
fn moment() -> impl Strategy<Value = Snapshot> {
    let words = prop::collection::vec(word(), 64..200);
    (words, state(), 0u32..2, prop::collection::vec(value(), 64)).prop_map(
        |(words, mut state, at_end, data)| {
            state.pc = if at_end == 1 { CODE + 4096 - 200 } else { CODE };
            let tree = tree(&[(state.pc, &words), (DATA, &data)]);
            Snapshot::new(state, tree)
        },
    )
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn both_ways_agree_after_any_number_of_steps(moment in moment(), steps in 0u64..6_000, more in 0u64..3_000) {
        let world = World::default();
        if let Ok(later) = run(&moment, steps, &world) {
            // From there it goes on as if it had never stopped.
            let direct = run(&moment, steps + more, &world).map(|end| end.state().clone());
            prop_assert_eq!(run(&later, more, &world).map(|end| end.state().clone()), direct);
        }
    }
}

#[test]
fn a_program_that_changes_itself() {
    let (code, word, count, sum, end, base) = (1, 2, 3, 4, 5, 6);
    let add_zero = li(base, addi(sum, sum, 0));
    // Each time round the last instruction but two is another: `sum += count`, with the count as a number in the instruction.
    let program = [
        lui(code, CODE),
        addi(end, 0, 2_000),
        i_type(0x13, 20, count, 1, word),
        add_zero[0],
        add_zero[1],
        r_type(0, base, word, 6, word),
        store(2, 36, code, word),
        addi(count, count, 1),
        NOP,
        NOP,
        branch(4, -32, count, end),
        EBREAK,
    ];
    let start = start(&[(CODE, &program)], &[]);
    let end = run(&start, 100_000, &World::default()).unwrap();
    let expected: u32 = (0..2_000).sum();
    assert_eq!(end.state().code, State::TRAPPED);
    assert_eq!(end.state().register(sum as usize), expected);
}

/// A program that calls a function on another page, changes it and calls it again.
#[test]
fn a_program_that_changes_what_it_calls() {
    let (data, word, sum, count, end, link) = (1, 2, 3, 4, 5, 6);
    let add_zero = li(word, addi(sum, sum, 0));
    let program = [
        lui(data, DATA),
        addi(end, 0, 300),
        add_zero[0],
        add_zero[1],
        // The page is stored to before it is executed for the first time, and each time after.
        i_type(0x13, 20, count, 1, 7),
        r_type(0, word, 7, 6, 7),
        store(2, 0, data, 7),
        jalr(link, data, 0),
        addi(count, count, 1),
        branch(4, -20, count, end),
        EBREAK,
    ];
    let start = start(&[(CODE, &program), (DATA, &[0, jalr(0, link, 0)])], &[]);
    let end = run(&start, 100_000, &World::default()).unwrap();
    let expected: u32 = (0..300).sum();
    assert_eq!(end.state().code, State::TRAPPED);
    assert_eq!(end.state().register(sum as usize), expected);
}

/// A program that has the environment overwrite what it has already executed.
#[test]
fn a_program_that_reads_itself() {
    let (sum, count, code) = (3, 4, 5);
    // Two rounds: first eight additions of 1, then eight of what is read.
    let tail = [
        vec![addi(count, count, 1), addi(code, 0, 2), branch(0, 36, count, code)],
        call(1, CODE, 0),
        vec![jal(0, -72), EBREAK],
    ];
    let program = [vec![addi(sum, sum, 1); 8], tail.concat()].concat();
    let moment = start(&[(CODE, &program)], &[]);
    let mut boot = [0; 32];
    for bytes in boot.as_chunks_mut::<4>().0 {
        *bytes = addi(sum, sum, 100).to_le_bytes();
    }
    let state = State { boot: boot.into(), ..moment.state().clone() };
    let end = run(&Snapshot::new(state, moment.tree().clone()), 5_000, &World::default()).unwrap();
    assert_eq!(end.state().code, State::TRAPPED);
    assert_eq!(end.state().register(sum as usize), 808);
}

/// Pages without a jump, and limits around their ends.
#[test]
fn exactly_so_many_steps() {
    let moment = start(&[(CODE, &vec![addi(1, 1, 1); 4_096])], &[]);
    let limits = (0..5).flat_map(|pages| [-1, 0, 1].map(|more| 1_024 * pages + more));
    for first in [0, 1, 1_000, 1_023] {
        let moment = run(&moment, first, &World::default()).unwrap();
        for limit in limits.clone().filter_map(|limit| u64::try_from(limit).ok()) {
            let steps = limit.min(4_096 - first);
            let end = run(&moment, steps, &World::default()).unwrap();
            assert_eq!(end.steps(), first + steps);
            assert_eq!(u64::from(end.state().register(1)), first + steps);
        }
    }
}
