// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice RV32I and M as pure functions of 32-bit numbers (The RISC-V Instruction Set Manual, Volume I).
library Rv32 {
    // --- fields of an instruction ---

    function opcode(uint32 i) internal pure returns (uint32) {
        return i & 0x7f;
    }

    function rd(uint32 i) internal pure returns (uint32) {
        return (i >> 7) & 0x1f;
    }

    function funct3(uint32 i) internal pure returns (uint32) {
        return (i >> 12) & 7;
    }

    function rs1(uint32 i) internal pure returns (uint32) {
        return (i >> 15) & 0x1f;
    }

    function rs2(uint32 i) internal pure returns (uint32) {
        return (i >> 20) & 0x1f;
    }

    function funct7(uint32 i) internal pure returns (uint32) {
        return i >> 25;
    }

    function immediateI(uint32 i) internal pure returns (uint32) {
        return uint32(int32(i) >> 20);
    }

    function immediateS(uint32 i) internal pure returns (uint32) {
        return (uint32(int32(i) >> 25) << 5) | rd(i);
    }

    function immediateB(uint32 i) internal pure returns (uint32) {
        return (uint32(int32(i) >> 31) << 12) | ((i & 0x80) << 4) | ((i >> 20) & 0x7e0) | ((i >> 7) & 0x1e);
    }

    function immediateU(uint32 i) internal pure returns (uint32) {
        return i & 0xfffff000;
    }

    function immediateJ(uint32 i) internal pure returns (uint32) {
        return (uint32(int32(i) >> 31) << 20) | (i & 0xff000) | ((i >> 9) & 0x800) | ((i >> 20) & 0x7fe);
    }

    // --- arithmetic ---

    /// @notice ADD, SLL, SLT, SLTU, XOR, SRL, OR, AND by funct3; with `alternate` SUB for ADD and SRA for SRL.
    function alu(uint32 f3, uint32 a, uint32 b, bool alternate) internal pure returns (uint32) {
        unchecked {
            if (f3 == 0) return alternate ? a - b : a + b;
            if (f3 == 1) return a << (b & 31);
            if (f3 == 2) return int32(a) < int32(b) ? 1 : 0;
            if (f3 == 3) return a < b ? 1 : 0;
            if (f3 == 4) return a ^ b;
            if (f3 == 5) return alternate ? uint32(int32(a) >> (b & 31)) : a >> (b & 31);
            if (f3 == 6) return a | b;
            return a & b;
        }
    }

    /// @notice MUL, MULH, MULHSU, MULHU, DIV, DIVU, REM, REMU by funct3.
    function muldiv(uint32 f3, uint32 a, uint32 b) internal pure returns (uint32) {
        unchecked {
            if (f3 == 0) return a * b;
            if (f3 == 1) return uint32(uint64((int64(int32(a)) * int64(int32(b))) >> 32));
            if (f3 == 2) return uint32(uint64((int64(int32(a)) * int64(uint64(b))) >> 32));
            if (f3 == 3) return uint32((uint64(a) * uint64(b)) >> 32);
            if (b == 0) return f3 < 6 ? type(uint32).max : a;
            // In 64 bits INT_MIN / -1 is 2^31, which is INT_MIN again in 32.
            if (f3 == 4) return uint32(uint64(int64(int32(a)) / int64(int32(b))));
            if (f3 == 5) return a / b;
            if (f3 == 6) return uint32(uint64(int64(int32(a)) % int64(int32(b))));
            return a % b;
        }
    }

    /// @notice Whether BEQ, BNE, BLT, BGE, BLTU or BGEU branches; `known` is false for the two funct3 without a branch.
    function branches(uint32 f3, uint32 a, uint32 b) internal pure returns (bool known, bool taken) {
        bool negated = f3 & 1 == 1;
        if (f3 < 2) taken = a == b;
        else if (f3 < 4) return (false, false);
        else if (f3 < 6) taken = int32(a) < int32(b);
        else taken = a < b;
        return (true, taken != negated);
    }

    // --- memory ---

    /// @notice The little-endian word at `address_` (a multiple of 4) of the leaf that holds it.
    function word(bytes32 leaf, uint32 address_) internal pure returns (uint32) {
        unchecked {
            return _reversed(uint32(uint256(leaf) >> _shift(address_)));
        }
    }

    /// @notice The leaf with another word at `address_`.
    function withWord(bytes32 leaf, uint32 address_, uint32 value) internal pure returns (bytes32) {
        uint256 shift = _shift(address_);
        uint256 others = uint256(leaf) & ~(uint256(0xffffffff) << shift);
        return bytes32(others | (uint256(_reversed(value)) << shift));
    }

    /// @notice What LB, LH, LW, LBU or LHU by funct3 gives for the bytes from `address_` on.
    function loaded(uint32 f3, bytes32 leaf, uint32 address_) internal pure returns (uint32 value) {
        value = word(leaf, address_ & ~uint32(3)) >> ((address_ & 3) << 3);
        if (f3 == 0) return uint32(int32(int8(uint8(value))));
        if (f3 == 1) return uint32(int32(int16(uint16(value))));
        if (f3 == 4) return value & 0xff;
        if (f3 == 5) return value & 0xffff;
    }

    /// @notice The leaf after SB, SH or SW by funct3.
    function stored(uint32 f3, bytes32 leaf, uint32 address_, uint32 value) internal pure returns (bytes32) {
        uint32 aligned = address_ & ~uint32(3);
        uint32 shift = (address_ & 3) << 3;
        uint32 mask = (f3 == 0 ? 0xff : f3 == 1 ? 0xffff : type(uint32).max) << shift;
        return withWord(leaf, aligned, (word(leaf, aligned) & ~mask) | ((value << shift) & mask));
    }

    /// @dev How far from the right a word lies in the number that its leaf is.
    function _shift(uint32 address_) private pure returns (uint256) {
        return (28 - (address_ & 28)) << 3;
    }

    function _reversed(uint32 value) private pure returns (uint32) {
        return (value >> 24) | ((value >> 8) & 0xff00) | ((value & 0xff00) << 8) | (value << 24);
    }
}
