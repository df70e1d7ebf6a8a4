//! One instruction at a time, as the specification reads: the reference for `fast.rs`, and what it leaves to be done.

use crate::{Memory, MissingPreimage, Preimages, State, environment::Environment};

/// Makes one step. If a preimage is missing, nothing has changed.
pub(crate) fn step(
    state: &mut State,
    memory: &mut Memory,
    environment: &mut Environment,
    preimages: &impl Preimages,
) -> Result<(), MissingPreimage> {
    if state.is_exited() {
        return Ok(());
    }
    if !state.pc.is_multiple_of(4) {
        state.trap();
        return Ok(());
    }
    let word = Word(u32::from_le_bytes(memory.get(state.pc)));
    if word.0 == Word::ECALL {
        return environment.call(state, memory, preimages);
    }
    if execute(word, state, memory).is_none() {
        state.trap();
    }
    Ok(())
}

/// What the instruction that `state` stands at needs beside the state, for a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing: no instruction can be at this address.
    Misaligned,
    /// The instruction.
    Instruction,
    /// The instruction and the word at an address.
    Data(u32),
    /// What the environment is asked for.
    Call,
}

/// Looks at the instruction that `state` stands at.
pub(crate) fn access(state: &State, memory: &Memory) -> Access {
    if !state.pc.is_multiple_of(4) {
        return Access::Misaligned;
    }
    let word = Word(u32::from_le_bytes(memory.get(state.pc)));
    let base = state.register(word.rs1());
    match word.opcode() {
        0x03 => Access::Data(base.wrapping_add(word.immediate_i())),
        0x23 => Access::Data(base.wrapping_add(word.immediate_s())),
        _ if word.0 == Word::ECALL => Access::Call,
        _ => Access::Instruction,
    }
}

/// Executes any instruction but `ECALL`; `None` if it traps, and then nothing has changed.
fn execute(word: Word, state: &mut State, memory: &mut Memory) -> Option<()> {
    let (a, b) = (state.register(word.rs1()), state.register(word.rs2()));
    let mut next = state.pc.wrapping_add(4);
    let mut result = None;
    match word.opcode() {
        0x37 => result = Some(word.immediate_u()),
        0x17 => result = Some(state.pc.wrapping_add(word.immediate_u())),
        0x6f => {
            result = Some(next);
            next = state.pc.wrapping_add(word.immediate_j());
        }
        0x67 if word.funct3() == 0 => {
            result = Some(next);
            next = a.wrapping_add(word.immediate_i()) & !1;
        }
        0x63 if branches(word.funct3(), a, b)? => {
            next = state.pc.wrapping_add(word.immediate_b());
        }
        0x63 | 0x0f => {}
        0x03 => result = Some(load(word.funct3(), a.wrapping_add(word.immediate_i()), memory)?),
        0x23 => store(word.funct3(), a.wrapping_add(word.immediate_s()), b, memory)?,
        0x13 => result = Some(immediate_operation(word, a)?),
        0x33 => result = Some(register_operation(word, a, b)?),
        _ => return None,
    }
    if let Some(result) = result {
        state.set_register(word.rd(), result);
    }
    state.pc = next;
    Some(())
}

const fn branches(funct3: u32, a: u32, b: u32) -> Option<bool> {
    Some(match funct3 {
        0 => a == b,
        1 => a != b,
        4 => (a as i32) < b as i32,
        5 => a as i32 >= b as i32,
        6 => a < b,
        7 => a >= b,
        _ => return None,
    })
}

fn load(funct3: u32, address: u32, memory: &Memory) -> Option<u32> {
    Some(match (funct3, address % 4) {
        (0, _) => i8::from_le_bytes(memory.get(address)) as u32,
        (1, 0 | 2) => i16::from_le_bytes(memory.get(address)) as u32,
        (2, 0) => u32::from_le_bytes(memory.get(address)),
        (4, _) => u8::from_le_bytes(memory.get(address)).into(),
        (5, 0 | 2) => u16::from_le_bytes(memory.get(address)).into(),
        _ => return None,
    })
}

fn store(funct3: u32, address: u32, value: u32, memory: &mut Memory) -> Option<()> {
    match (funct3, address % 4) {
        (0, _) => memory.set(address, (value as u8).to_le_bytes()),
        (1, 0 | 2) => memory.set(address, (value as u16).to_le_bytes()),
        (2, 0) => memory.set(address, value.to_le_bytes()),
        _ => return None,
    }
    Some(())
}

const fn immediate_operation(word: Word, a: u32) -> Option<u32> {
    match (word.funct3(), word.funct7()) {
        (1 | 5, 0) => Some(arithmetic(word.funct3(), a, word.rs2() as u32)),
        (5, 0x20) => Some((a as i32 >> word.rs2()) as u32),
        (1 | 5, _) => None,
        (funct3, _) => Some(arithmetic(funct3, a, word.immediate_i())),
    }
}

fn register_operation(word: Word, a: u32, b: u32) -> Option<u32> {
    match (word.funct7(), word.funct3()) {
        (0, funct3) => Some(arithmetic(funct3, a, b)),
        (1, funct3) => Some(multiply(funct3, a, b)),
        (0x20, 0) => Some(a.wrapping_sub(b)),
        (0x20, 5) => Some((a as i32 >> (b % 32)) as u32),
        _ => None,
    }
}

const fn arithmetic(funct3: u32, a: u32, b: u32) -> u32 {
    match funct3 {
        0 => a.wrapping_add(b),
        1 => a << (b % 32),
        2 => ((a as i32) < b as i32) as u32,
        3 => (a < b) as u32,
        4 => a ^ b,
        5 => a >> (b % 32),
        6 => a | b,
        _ => a & b,
    }
}

/// Extension M. What it says of division by zero and of overflow is what `checked_` and `wrapping_` make of it.
fn multiply(funct3: u32, a: u32, b: u32) -> u32 {
    let (wide_a, wide_b) = (i64::from(a as i32), i64::from(b as i32));
    match funct3 {
        0 => a.wrapping_mul(b),
        1 => ((wide_a * wide_b) >> 32) as u32,
        2 => ((wide_a * i64::from(b)) >> 32) as u32,
        3 => ((u64::from(a) * u64::from(b)) >> 32) as u32,
        4 if b == 0 => u32::MAX,
        4 => (a as i32).wrapping_div(b as i32) as u32,
        5 => a.checked_div(b).unwrap_or(u32::MAX),
        6 if b == 0 => a,
        6 => (a as i32).wrapping_rem(b as i32) as u32,
        _ => a.checked_rem(b).unwrap_or(a),
    }
}

/// The fields of an instruction.
#[derive(Debug, Clone, Copy)]
struct Word(u32);

impl Word {
    const ECALL: u32 = 0x73;

    const fn opcode(self) -> u32 {
        self.0 & 0x7f
    }

    const fn rd(self) -> usize {
        (self.0 >> 7 & 31) as usize
    }

    const fn funct3(self) -> u32 {
        self.0 >> 12 & 7
    }

    const fn rs1(self) -> usize {
        (self.0 >> 15 & 31) as usize
    }

    const fn rs2(self) -> usize {
        (self.0 >> 20 & 31) as usize
    }

    const fn funct7(self) -> u32 {
        self.0 >> 25
    }

    const fn immediate_i(self) -> u32 {
        (self.0 as i32 >> 20) as u32
    }

    const fn immediate_s(self) -> u32 {
        self.immediate_i() & !31 | self.rd() as u32
    }

    const fn immediate_b(self) -> u32 {
        self.immediate_s() & !0x801 | (self.0 >> 7 & 1) << 11
    }

    const fn immediate_u(self) -> u32 {
        self.0 & !0xfff
    }

    const fn immediate_j(self) -> u32 {
        self.immediate_i() & !0xf_f801 | self.0 & 0xf_f000 | (self.0 >> 20 & 1) << 11
    }
}
