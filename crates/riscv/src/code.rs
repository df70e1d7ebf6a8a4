//! Instructions decoded in advance, page by page.

use alloc::{boxed::Box, vec, vec::Vec};

use crate::memory::{PAGE_SIZE, Page, Table};

/// Instructions on a page.
pub(crate) const PAGE_WORDS: usize = PAGE_SIZE / 4;
/// The register that takes what is written to x0. An index is a byte and the register file has 256 places, so that no index needs to be checked.
const SINK: u8 = 32;

/// What an instruction does, without its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[rustfmt::skip]
pub(crate) enum Operation {
    /// Is left to `step.rs`: traps and calls of the environment.
    Other,
    Add, Sub, Sll, Slt, Sltu, Xor, Srl, Sra, Or, And,
    Mul, Mulh, Mulhsu, Mulhu, Div, Divu, Rem, Remu,
    LoadByte, LoadHalf, LoadWord, LoadByteUnsigned, LoadHalfUnsigned, StoreByte, StoreHalf, StoreWord,
    BranchEq, BranchNe, BranchLt, BranchGe, BranchLtu, BranchGeu, Jump, JumpRegister,
}

use Operation as O;

/// A decoded instruction.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(8))]
pub(crate) struct Instruction {
    pub(crate) operation: Operation,
    pub(crate) rd: u8,
    pub(crate) rs1: u8,
    pub(crate) rs2: u8,
    /// The number in the instruction, zero if there is none; of branches and `Jump` the address to go to.
    pub(crate) immediate: u32,
}

const OTHER: Instruction =
    Instruction { operation: O::Other, rd: SINK, rs1: 0, rs2: 0, immediate: 0 };

impl Instruction {
    /// Decodes the word at an address.
    fn decode(address: u32, word: u32) -> Self {
        let register = |from: u32| (word >> from) as u8 & 31;
        let (rd, rs1, rs2) = (register(7), register(15), register(20));
        let rd = if rd == 0 { SINK } else { rd };
        let (funct3, funct7) = ((word >> 12 & 7) as usize, word >> 25);
        let immediate = (word as i32 >> 20) as u32;
        let upper = word & 0xffff_f000;
        match word & 0x7f {
            0x37 => Self { operation: O::Add, rd, immediate: upper, ..OTHER },
            0x17 => Self { operation: O::Add, rd, immediate: address.wrapping_add(upper), ..OTHER },
            0x6f => {
                let immediate = address.wrapping_add(jump_offset(word));
                Self { operation: O::Jump, rd, immediate, ..OTHER }
            }
            0x67 if funct3 == 0 => Self { operation: O::JumpRegister, rd, rs1, immediate, ..OTHER },
            0x63 => {
                let immediate = address.wrapping_add(branch_offset(word));
                Self { operation: BRANCHES[funct3], rs1, rs2, immediate, ..OTHER }
            }
            0x03 => Self { operation: LOADS[funct3], rd, rs1, immediate, ..OTHER },
            0x23 => {
                let immediate = immediate & !31 | word >> 7 & 31;
                Self { operation: STORES[funct3], rs1, rs2, immediate, ..OTHER }
            }
            0x13 => {
                Self { operation: immediate_operation(funct3, funct7), rd, rs1, immediate, ..OTHER }
            }
            0x33 => Self { operation: register_operation(funct3, funct7), rd, rs1, rs2, ..OTHER },
            0x0f => Self { operation: O::Add, ..OTHER },
            _ => OTHER,
        }
    }
}

/// By funct3, as all tables.
#[rustfmt::skip]
const BRANCHES: [Operation; 8] = [
    O::BranchEq, O::BranchNe, O::Other, O::Other, O::BranchLt, O::BranchGe, O::BranchLtu, O::BranchGeu,
];
#[rustfmt::skip]
const LOADS: [Operation; 8] = [
    O::LoadByte, O::LoadHalf, O::LoadWord, O::Other, O::LoadByteUnsigned, O::LoadHalfUnsigned, O::Other, O::Other,
];
#[rustfmt::skip]
const STORES: [Operation; 8] = [
    O::StoreByte, O::StoreHalf, O::StoreWord, O::Other, O::Other, O::Other, O::Other, O::Other,
];
const ARITHMETIC: [Operation; 8] = [O::Add, O::Sll, O::Slt, O::Sltu, O::Xor, O::Srl, O::Or, O::And];
const MULTIPLICATION: [Operation; 8] =
    [O::Mul, O::Mulh, O::Mulhsu, O::Mulhu, O::Div, O::Divu, O::Rem, O::Remu];

const fn register_operation(funct3: usize, funct7: u32) -> Operation {
    match (funct7, funct3) {
        (0, _) => ARITHMETIC[funct3],
        (1, _) => MULTIPLICATION[funct3],
        (0x20, 0) => O::Sub,
        (0x20, 5) => O::Sra,
        _ => O::Other,
    }
}

const fn immediate_operation(funct3: usize, funct7: u32) -> Operation {
    match (funct3, funct7) {
        (5, 0x20) => O::Sra,
        // Of a shift's number only five bits are the number; the others are part of the encoding.
        (1 | 5, 1..) => O::Other,
        _ => ARITHMETIC[funct3],
    }
}

const fn jump_offset(word: u32) -> u32 {
    ((word as i32 >> 31 << 20) as u32)
        | (word & 0xf_f000)
        | (word >> 20 & 1) << 11
        | (word >> 21 & 0x3ff) << 1
}

const fn branch_offset(word: u32) -> u32 {
    ((word as i32 >> 31 << 12) as u32)
        | (word >> 7 & 1) << 11
        | (word >> 25 & 0x3f) << 5
        | (word >> 8 & 0xf) << 1
}

/// A page of instructions.
pub(crate) type CodePage = [Instruction; PAGE_WORDS];

/// The pages that have been decoded.
pub(crate) struct Code {
    /// The first is nobody's.
    pub(crate) pages: Vec<Box<CodePage>>,
    pub(crate) places: Table,
    free: Vec<u32>,
}

impl Code {
    pub(crate) fn new() -> Self {
        Self { pages: vec![empty_page()], places: Table::new(), free: Vec::new() }
    }

    /// Whether the page of an address is decoded.
    pub(crate) fn has(&self, address: u32) -> bool {
        self.places.of(address) != 0
    }

    /// Decodes the page of an address, which is not decoded yet.
    pub(crate) fn decode(&mut self, address: u32, page: &Page) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.pages.push(empty_page());
            self.pages.len() as u32 - 1
        });
        self.places.set(address, place);
        let first = address & !(PAGE_SIZE as u32 - 1);
        for (index, instruction) in self.pages[place as usize].iter_mut().enumerate() {
            let address = first + 4 * index as u32;
            *instruction = Instruction::decode(address, u32::from_le_bytes(page.get(address)));
        }
    }

    /// Decodes anew what is in the 32 bytes around an address that have been stored to.
    pub(crate) fn refresh(&mut self, address: u32, page: &Page) {
        let place = self.places.of(address) as usize;
        if place != 0 {
            let first = address & !31;
            for address in (first..=first + 28).step_by(4) {
                self.pages[place][address as usize % PAGE_SIZE / 4] =
                    Instruction::decode(address, u32::from_le_bytes(page.get(address)));
            }
        }
    }

    /// Drops what is decoded of the page of an address.
    pub(crate) fn forget(&mut self, address: u32) {
        let place = self.places.of(address);
        if place != 0 {
            self.places.set(address, 0);
            self.free.push(place);
        }
    }
}

fn empty_page() -> Box<CodePage> {
    let page = vec![OTHER; PAGE_WORDS].into_boxed_slice();
    page.try_into().expect("it has as many instructions as a page; qed")
}
