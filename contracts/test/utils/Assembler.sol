// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Encodes RV32IM instructions, field by field as the manual's tables have them.
library Assembler {
    uint32 internal constant ECALL = 0x00000073;
    uint32 internal constant EBREAK = 0x00100073;

    function r(uint32 opcode, uint32 funct3, uint32 funct7, uint32 rd, uint32 rs1, uint32 rs2)
        internal
        pure
        returns (uint32)
    {
        return (funct7 << 25) | (rs2 << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | opcode;
    }

    function i(uint32 opcode, uint32 funct3, uint32 rd, uint32 rs1, int32 immediate) internal pure returns (uint32) {
        return (uint32(immediate) << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | opcode;
    }

    function s(uint32 funct3, uint32 rs1, uint32 rs2, int32 immediate) internal pure returns (uint32) {
        uint32 x = uint32(immediate);
        return ((x >> 5) << 25) | (rs2 << 20) | (rs1 << 15) | (funct3 << 12) | ((x & 31) << 7) | 0x23;
    }

    function b(uint32 funct3, uint32 rs1, uint32 rs2, int32 immediate) internal pure returns (uint32) {
        uint32 x = uint32(immediate);
        uint32 high = (((x >> 12) & 1) << 31) | (((x >> 5) & 0x3f) << 25);
        uint32 low = (((x >> 1) & 0xf) << 8) | (((x >> 11) & 1) << 7);
        return high | (rs2 << 20) | (rs1 << 15) | (funct3 << 12) | low | 0x63;
    }

    function u(uint32 opcode, uint32 rd, uint32 immediate) internal pure returns (uint32) {
        return (immediate & 0xfffff000) | (rd << 7) | opcode;
    }

    function j(uint32 rd, int32 immediate) internal pure returns (uint32) {
        uint32 x = uint32(immediate);
        uint32 high = (((x >> 20) & 1) << 31) | (((x >> 1) & 0x3ff) << 21) | (((x >> 11) & 1) << 20);
        return high | (((x >> 12) & 0xff) << 12) | (rd << 7) | 0x6f;
    }

    function addi(uint32 rd, uint32 rs1, int32 immediate) internal pure returns (uint32) {
        return i(0x13, 0, rd, rs1, immediate);
    }
}
