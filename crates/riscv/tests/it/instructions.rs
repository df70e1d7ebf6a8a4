//! Each instruction of RV32I and M by itself, with the operands and the registers at which it might go wrong.

use crate::{
    assembler::*,
    common::{CODE, DATA, EDGES, World, execute, leaf, run, start},
};
use mezz_riscv::State;

/// What an operation on two numbers gives, computed with room to spare.
type Expected = fn(i128, i128) -> i128;

fn signed(word: u32) -> i128 {
    (word as i32).into()
}

/// Name, funct7, funct3, whether its operands are signed, and what it gives modulo 2^32.
#[rustfmt::skip]
const REGISTER_OPERATIONS: [(&str, u32, u32, [bool; 2], Expected); 18] = [
    ("add",    0x00, 0, [true, true],   |a, b| a + b),
    ("sub",    0x20, 0, [true, true],   |a, b| a - b),
    ("sll",    0x00, 1, [false, false], |a, b| a << (b % 32)),
    ("slt",    0x00, 2, [true, true],   |a, b| (a < b).into()),
    ("sltu",   0x00, 3, [false, false], |a, b| (a < b).into()),
    ("xor",    0x00, 4, [true, true],   |a, b| a ^ b),
    ("srl",    0x00, 5, [false, false], |a, b| a >> (b % 32)),
    ("sra",    0x20, 5, [true, false],  |a, b| a >> (b % 32)),
    ("or",     0x00, 6, [true, true],   |a, b| a | b),
    ("and",    0x00, 7, [true, true],   |a, b| a & b),
    ("mul",    0x01, 0, [true, true],   |a, b| a * b),
    ("mulh",   0x01, 1, [true, true],   |a, b| (a * b) >> 32),
    ("mulhsu", 0x01, 2, [true, false],  |a, b| (a * b) >> 32),
    ("mulhu",  0x01, 3, [false, false], |a, b| (a * b) >> 32),
    ("div",    0x01, 4, [true, true],   |a, b| if b == 0 { -1 } else { a / b }),
    ("divu",   0x01, 5, [false, false], |a, b| if b == 0 { -1 } else { a / b }),
    ("rem",    0x01, 6, [true, true],   |a, b| if b == 0 { a } else { a % b }),
    ("remu",   0x01, 7, [false, false], |a, b| if b == 0 { a } else { a % b }),
];

fn operand(word: u32, is_signed: bool) -> i128 {
    if is_signed { signed(word) } else { word.into() }
}

/// The state after an instruction that only writes a register.
fn check(name: &str, word: u32, registers: &[(u32, u32)], rd: u32, expected: u32) {
    let end = execute(word, registers, &[]);
    let state = end.state();
    let expected = if rd == 0 { 0 } else { expected };
    assert_eq!(state.register(rd as usize), expected, "{name} {registers:x?}");
    assert_eq!((state.pc, state.exited), (CODE + 4, 0), "{name}");
    for (number, value) in registers.iter().filter(|(number, _)| *number != rd) {
        assert_eq!(state.register(*number as usize), *value, "{name} touches x{number}");
    }
}

#[test]
fn operations_on_registers() {
    for (name, funct7, funct3, [a_signed, b_signed], expected) in REGISTER_OPERATIONS {
        let give = |a, b| expected(operand(a, a_signed), operand(b, b_signed)) as u32;
        for (a, b) in EDGES.iter().flat_map(|a| EDGES.map(|b| (*a, b))) {
            check(name, r_type(funct7, 2, 1, funct3, 3), &[(1, a), (2, b)], 3, give(a, b));
        }
        for (a, b) in [(7, 5), (i32::MIN as u32, u32::MAX), (0xdead_beef, 3)] {
            // The result goes where an operand comes from, or nowhere; operands come from one register, or from none.
            check(name, r_type(funct7, 2, 1, funct3, 1), &[(1, a), (2, b)], 1, give(a, b));
            check(name, r_type(funct7, 2, 1, funct3, 2), &[(1, a), (2, b)], 2, give(a, b));
            check(name, r_type(funct7, 2, 1, funct3, 0), &[(1, a), (2, b)], 0, 0);
            check(name, r_type(funct7, 1, 1, funct3, 1), &[(1, a)], 1, give(a, a));
            check(name, r_type(funct7, 0, 1, funct3, 3), &[(1, a)], 3, give(a, 0));
            check(name, r_type(funct7, 2, 0, funct3, 3), &[(2, b)], 3, give(0, b));
            check(name, r_type(funct7, 30, 31, funct3, 31), &[(31, a), (30, b)], 31, give(a, b));
        }
    }
}

#[test]
fn operations_on_a_register_and_a_number() {
    const NUMBERS: [i32; 9] = [0, 1, -1, 31, 32, 0x555, -0x556, 2047, -2048];
    // All that have no funct7 are without multiplication, and there is no subtraction.
    for (name, funct7, funct3, [a_signed, b_signed], expected) in
        REGISTER_OPERATIONS.into_iter().filter(|(_, funct7, ..)| *funct7 != 1)
    {
        let is_shift = funct3 == 1 || funct3 == 5;
        let numbers: Vec<i32> = if is_shift { (0..32).collect() } else { NUMBERS.into() };
        if name == "sub" {
            continue;
        }
        for (a, number) in EDGES.iter().flat_map(|a| numbers.iter().map(|n| (*a, *n))) {
            let give = expected(operand(a, a_signed), operand(number as u32, b_signed)) as u32;
            let immediate = if is_shift { (funct7 << 5) as i32 | number } else { number };
            check(name, i_type(0x13, immediate, 1, funct3, 3), &[(1, a)], 3, give);
            check(name, i_type(0x13, immediate, 1, funct3, 1), &[(1, a)], 1, give);
            check(name, i_type(0x13, immediate, 1, funct3, 0), &[(1, a)], 0, 0);
        }
    }
}

#[test]
fn upper_immediates() {
    for upper in [0, 0x1000, 0x7fff_f000, 0x8000_0000, 0xffff_f000] {
        check("lui", lui(5, upper), &[(5, 3)], 5, upper);
        check("lui", lui(0, upper), &[], 0, 0);
        check("auipc", auipc(5, upper), &[(5, 3)], 5, CODE.wrapping_add(upper));
        check("auipc", auipc(0, upper), &[], 0, 0);
    }
}

#[test]
fn fences_do_nothing() {
    for word in [0x0ff0_000f, 0x0000_100f, 0x8330_000f, 0xffff_ff8f] {
        check("fence", word, &[(31, 9)], 31, 9);
    }
}

#[test]
fn branches() {
    type Taken = fn(i128, i128) -> bool;
    #[rustfmt::skip]
    const BRANCHES: [(&str, u32, bool, Taken); 6] = [
        ("beq",  0, true,  |a, b| a == b),
        ("bne",  1, true,  |a, b| a != b),
        ("blt",  4, true,  |a, b| a < b),
        ("bge",  5, true,  |a, b| a >= b),
        ("bltu", 6, false, |a, b| a < b),
        ("bgeu", 7, false, |a, b| a >= b),
    ];
    for (name, funct3, is_signed, taken) in BRANCHES {
        for (a, b) in EDGES.iter().flat_map(|a| EDGES.map(|b| (*a, b))) {
            for offset in [-4096, -6, -4, 0, 2, 4, 8, 2046, 2048, 4092, 4094] {
                let state =
                    execute(branch(funct3, offset, 1, 2), &[(1, a), (2, b)], &[]).state().clone();
                let is_taken = taken(operand(a, is_signed), operand(b, is_signed));
                let to = CODE.wrapping_add(if is_taken { offset as u32 } else { 4 });
                assert_eq!((state.pc, state.exited), (to, 0), "{name} {a:x} {b:x} {offset}");
            }
        }
        let same = execute(branch(funct3, 8, 1, 1), &[(1, 5)], &[]).state().clone();
        assert_eq!(same.pc, CODE + if taken(5, 5) { 8 } else { 4 }, "{name}");
    }
}

#[test]
fn jumps() {
    for offset in [-0x10_0000, -2048, -4, 0, 2, 4, 6, 2046, 2048, 4096, 0x8_0000, 0xf_fffe] {
        for rd in [0, 1] {
            let state = execute(jal(rd, offset), &[], &[]).state().clone();
            assert_eq!((state.pc, state.exited), (CODE.wrapping_add(offset as u32), 0));
            assert_eq!(state.register(rd as usize), if rd == 0 { 0 } else { CODE + 4 });
        }
    }
    for (base, offset) in
        EDGES.iter().flat_map(|base| [-2048, -1, 0, 1, 2, 2047].map(|o| (*base, o)))
    {
        for rd in [0, 1, 2] {
            // The register that is written may be the one that is jumped to.
            let state = execute(jalr(rd, 1, offset), &[(1, base)], &[]).state().clone();
            assert_eq!((state.pc, state.exited), (base.wrapping_add(offset as u32) & !1, 0));
            assert_eq!(state.register(rd as usize), if rd == 0 { 0 } else { CODE + 4 });
        }
    }
}

#[test]
fn a_jump_to_where_no_instruction_can_be_traps_at_the_next_step() {
    for word in [jal(1, 6), branch(0, 6, 0, 0), jalr(1, 2, 6)] {
        let state = execute(word, &[(2, CODE)], &[]).state().clone();
        assert_eq!((state.pc, state.exited), (CODE + 6, 0));
        // What is written before the trap stays written.
        assert_eq!(state.register(1), if word & 0x7f == 0x63 { 0 } else { CODE + 4 });
    }
}

const WORDS: [u32; 2] = [0x8070_f0ff, 0x7f00_ff80];

#[test]
fn loads() {
    let bytes: Vec<u8> = WORDS.iter().flat_map(|word| word.to_le_bytes()).collect();
    #[rustfmt::skip]
    const LOADS: [(&str, u32, usize, bool); 5] =
        [("lb", 0, 1, true), ("lh", 1, 2, true), ("lw", 2, 4, true), ("lbu", 4, 1, false), ("lhu", 5, 2, false)];
    for (name, funct3, size, is_signed) in LOADS {
        for at in (0..8).step_by(size) {
            let mut expected = bytes[at..at + size]
                .iter()
                .rev()
                .fold(0, |value, byte| value << 8 | i64::from(*byte));
            if is_signed && expected >> (8 * size - 1) == 1 {
                expected -= 1 << (8 * size);
            }
            for (base, offset) in [(DATA, at as i32), (DATA + 2048, at as i32 - 2048)] {
                for rd in [0, 1, 3] {
                    let state =
                        execute(load(funct3, rd, 1, offset), &[(1, base)], &WORDS).state().clone();
                    let expected = if rd == 0 { 0 } else { expected as u32 };
                    assert_eq!(state.register(rd as usize), expected, "{name} {at}");
                    assert_eq!((state.pc, state.exited), (CODE + 4, 0));
                }
            }
        }
        // What has never been written is zero, and addresses go round.
        assert_eq!(
            execute(load(funct3, 3, 1, 0), &[(1, 0x8000_0000), (3, 1)], &[]).state().register(3),
            0
        );
        assert_eq!(execute(load(funct3, 3, 0, -4), &[(3, 1)], &[]).state().register(3), 0);
    }
}

#[test]
fn stores() {
    for (name, funct3, size) in [("sb", 0, 1), ("sh", 1, 2), ("sw", 2, 4)] {
        for (at, value) in (0..8).step_by(size).flat_map(|at| EDGES.map(|value| (at, value))) {
            let mut expected: Vec<u8> = WORDS.iter().flat_map(|word| word.to_le_bytes()).collect();
            expected[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
            for (base, offset) in [(DATA, at as i32), (DATA + 2048, at as i32 - 2048)] {
                let words = &[store(funct3, offset, 1, 2)];
                let before = start(&[(CODE, words), (DATA, &WORDS)], &[(1, base), (2, value)]);
                let end = run(&before, 1_100, &World::default()).unwrap();
                assert_eq!(leaf(&end, DATA)[..8], expected, "{name} {at} {value:x}");
            }
        }
    }
}

/// The state before but for the trap.
fn assert_traps(name: &str, word: u32, registers: &[(u32, u32)]) {
    let before = start(&[(CODE, &[word]), (DATA, &WORDS)], registers);
    let after = execute(word, registers, &WORDS);
    assert_eq!(
        *after.state(),
        State { exited: 1, code: 255, ..before.state().clone() },
        "{name} {word:x}"
    );
}

#[test]
fn misaligned_loads_and_stores_trap() {
    for (funct3, size) in [(1, 2), (2, 4), (5, 2)] {
        for at in (0..8).filter(|at| at % size != 0) {
            assert_traps("load", load(funct3, 3, 1, at), &[(1, DATA)]);
            if funct3 < 3 {
                assert_traps("store", store(funct3, at, 1, 2), &[(1, DATA), (2, 7)]);
            }
        }
    }
}

#[test]
fn what_is_no_instruction_traps() {
    let registers: Vec<(u32, u32)> = (1..32).map(|number| (number, DATA)).collect();
    const OPCODES: [u32; 10] = [0x03, 0x0f, 0x13, 0x17, 0x23, 0x33, 0x37, 0x63, 0x67, 0x6f];
    for opcode in (0..128).filter(|opcode| !OPCODES.contains(opcode)) {
        for rest in [0, 0x0000_0080, 0xfff0_0000, 0xffff_ff80] {
            if opcode | rest != ECALL {
                assert_traps("opcode", opcode | rest, &registers);
            }
        }
    }
    for funct3 in 0..8 {
        for funct7 in (2..128).filter(|funct7| *funct7 != 0x20) {
            assert_traps("funct7", r_type(funct7, 2, 1, funct3, 3), &registers);
        }
        if funct3 != 0 && funct3 != 5 {
            assert_traps("funct7", r_type(0x20, 2, 1, funct3, 3), &registers);
        }
        if funct3 != 0 {
            assert_traps("jalr", i_type(0x67, 0, 1, funct3, 3), &registers);
            assert_traps("system", i_type(0x73, 0x300, 1, funct3, 3), &registers);
        }
    }
    for funct3 in [3, 6, 7] {
        assert_traps("load", load(funct3, 3, 1, 0), &registers);
    }
    for funct3 in 3..8 {
        assert_traps("store", store(funct3, 0, 1, 2), &registers);
    }
    for funct3 in [2, 3] {
        assert_traps("branch", branch(funct3, 8, 1, 2), &registers);
    }
    for funct7 in 1..128 {
        assert_traps("slli", i_type(0x13, funct7 << 5 | 3, 1, 1, 3), &registers);
        if funct7 != 0x20 {
            assert_traps("srli", i_type(0x13, funct7 << 5 | 3, 1, 5, 3), &registers);
        }
    }
    // EBREAK, and what is almost ECALL.
    for word in [EBREAK, 0xf3, 0x0000_8073, 0x0020_0073, 0x3020_0073] {
        assert_traps("system", word, &registers);
    }
}
