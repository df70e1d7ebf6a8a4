//! Instructions as words: the formats of the manual, and a name for each instruction.

/// Registers of the calling convention.
pub(crate) const A0: u32 = 10;
pub(crate) const A1: u32 = 11;
pub(crate) const A7: u32 = 17;

pub(crate) const ECALL: u32 = 0x73;
pub(crate) const EBREAK: u32 = 0x0010_0073;
pub(crate) const NOP: u32 = 0x13;

pub(crate) const fn r_type(funct7: u32, rs2: u32, rs1: u32, funct3: u32, rd: u32) -> u32 {
    funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x33
}

pub(crate) const fn i_type(opcode: u32, immediate: i32, rs1: u32, funct3: u32, rd: u32) -> u32 {
    (immediate as u32) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode
}

pub(crate) const fn store(funct3: u32, immediate: i32, rs1: u32, rs2: u32) -> u32 {
    let immediate = immediate as u32;
    (immediate >> 5 & 0x7f) << 25
        | rs2 << 20
        | rs1 << 15
        | funct3 << 12
        | (immediate & 31) << 7
        | 0x23
}

pub(crate) const fn branch(funct3: u32, offset: i32, rs1: u32, rs2: u32) -> u32 {
    let offset = offset as u32;
    (offset >> 12 & 1) << 31
        | (offset >> 5 & 0x3f) << 25
        | rs2 << 20
        | rs1 << 15
        | funct3 << 12
        | (offset >> 1 & 0xf) << 8
        | (offset >> 11 & 1) << 7
        | 0x63
}

pub(crate) const fn jal(rd: u32, offset: i32) -> u32 {
    let offset = offset as u32;
    (offset >> 20 & 1) << 31
        | (offset >> 1 & 0x3ff) << 21
        | (offset >> 11 & 1) << 20
        | (offset >> 12 & 0xff) << 12
        | rd << 7
        | 0x6f
}

pub(crate) const fn jalr(rd: u32, rs1: u32, immediate: i32) -> u32 {
    i_type(0x67, immediate, rs1, 0, rd)
}

pub(crate) const fn lui(rd: u32, upper: u32) -> u32 {
    upper & 0xffff_f000 | rd << 7 | 0x37
}

pub(crate) const fn auipc(rd: u32, upper: u32) -> u32 {
    upper & 0xffff_f000 | rd << 7 | 0x17
}

pub(crate) const fn addi(rd: u32, rs1: u32, immediate: i32) -> u32 {
    i_type(0x13, immediate, rs1, 0, rd)
}

pub(crate) const fn load(funct3: u32, rd: u32, rs1: u32, immediate: i32) -> u32 {
    i_type(0x03, immediate, rs1, funct3, rd)
}

/// Sets a register to any value: `lui` and `addi`.
pub(crate) const fn li(rd: u32, value: u32) -> [u32; 2] {
    let low = (value << 20) as i32 >> 20;
    [lui(rd, value.wrapping_sub(low as u32)), addi(rd, rd, low)]
}

/// `li` for a7, a0 and a1, and the call.
pub(crate) fn call(number: u32, a0: u32, a1: u32) -> Vec<u32> {
    [li(A7, number), li(A0, a0), li(A1, a1)].concat().into_iter().chain([ECALL]).collect()
}
