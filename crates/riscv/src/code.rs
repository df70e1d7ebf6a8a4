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
    /// Is left to `step.rs`: traps, calls of the environment, jumps to where no instruction can be.
    Other,
    /// Is no instruction: the page ends here.
    PageEnd,
    Nop, Set,
    Add, Sub, Sll, Slt, Sltu, Xor, Srl, Sra, Or, And,
    AddImm, SllImm, SltImm, SltuImm, XorImm, SrlImm, SraImm, OrImm, AndImm,
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
    /// The number in the instruction; of branches and `Jump` the address to go to, of `Set` the value.
    pub(crate) immediate: u32,
}

impl Instruction {
    /// Decodes the word at an address.
    fn decode(address: u32, word: u32) -> Self {
        let field = |from: u32, bits: u32| word >> from & ((1 << bits) - 1);
        let (funct3, funct7, signed) = (field(12, 3) as usize, field(25, 7), word as i32);
        let upper = word & 0xffff_f000;
        let immediate = (signed >> 20) as u32;
        let (operation, immediate) = match word & 0x7f {
            0x37 => (O::Set, upper),
            0x17 => (O::Set, address.wrapping_add(upper)),
            0x6f => (O::Jump, address.wrapping_add(jump_offset(word))),
            0x67 if funct3 == 0 => (O::JumpRegister, immediate),
            0x63 => (BRANCHES[funct3], address.wrapping_add(branch_offset(word))),
            0x03 => (LOADS[funct3], immediate),
            0x23 => (STORES[funct3], (signed >> 25 << 5) as u32 | field(7, 5)),
            0x13 => (immediate_operation(funct3, funct7), immediate),
            0x33 => (register_operation(funct3, funct7), 0),
            0x0f => (O::Nop, 0),
            _ => (O::Other, 0),
        };
        let rd = field(7, 5) as u8;
        let goes_nowhere =
            immediate & 3 != 0 && (operation == O::Jump || BRANCHES.contains(&operation));
        Self {
            operation: if goes_nowhere { O::Other } else { operation },
            rd: if rd == 0 { SINK } else { rd },
            rs1: field(15, 5) as u8,
            rs2: field(20, 5) as u8,
            immediate,
        }
    }
}

const BRANCHES: [Operation; 8] = [
    O::BranchEq,
    O::BranchNe,
    O::Other,
    O::Other,
    O::BranchLt,
    O::BranchGe,
    O::BranchLtu,
    O::BranchGeu,
];
const LOADS: [Operation; 8] = [
    O::LoadByte,
    O::LoadHalf,
    O::LoadWord,
    O::Other,
    O::LoadByteUnsigned,
    O::LoadHalfUnsigned,
    O::Other,
    O::Other,
];
const STORES: [Operation; 8] =
    [O::StoreByte, O::StoreHalf, O::StoreWord, O::Other, O::Other, O::Other, O::Other, O::Other];
const ALU: [Operation; 8] = [O::Add, O::Sll, O::Slt, O::Sltu, O::Xor, O::Srl, O::Or, O::And];
const ALU_IMMEDIATE: [Operation; 8] =
    [O::AddImm, O::SllImm, O::SltImm, O::SltuImm, O::XorImm, O::SrlImm, O::OrImm, O::AndImm];
const MULTIPLY: [Operation; 8] =
    [O::Mul, O::Mulh, O::Mulhsu, O::Mulhu, O::Div, O::Divu, O::Rem, O::Remu];

const fn register_operation(funct3: usize, funct7: u32) -> Operation {
    match (funct7, funct3) {
        (0, _) => ALU[funct3],
        (1, _) => MULTIPLY[funct3],
        (0x20, 0) => O::Sub,
        (0x20, 5) => O::Sra,
        _ => O::Other,
    }
}

const fn immediate_operation(funct3: usize, funct7: u32) -> Operation {
    match (funct3, funct7) {
        (5, 0x20) => O::SraImm,
        // Of a shift's number only five bits are the number; the others are part of the encoding.
        (1 | 5, 1..) => O::Other,
        _ => ALU_IMMEDIATE[funct3],
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

/// A page of instructions, and the end.
pub(crate) type CodePage = [Instruction; PAGE_WORDS + 1];

/// The pages that have been decoded.
#[derive(Debug, Clone)]
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
        for (index, instruction) in self.pages[place as usize][..PAGE_WORDS].iter_mut().enumerate()
        {
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
    let end = Instruction { operation: O::PageEnd, rd: SINK, rs1: 0, rs2: 0, immediate: 0 };
    let page = vec![end; PAGE_WORDS + 1].into_boxed_slice();
    page.try_into().expect("it has as many instructions as a page; qed")
}
