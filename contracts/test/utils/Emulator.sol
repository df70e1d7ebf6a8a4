// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Memory} from "./Memory.sol";
import {StepFixture} from "./StepFixture.sol";

/// @notice The machine written a second time, for tests: byte by byte, with the unbounded-looking numbers of the manual.
abstract contract Emulator is StepFixture {
    using Memory for Memory.Leaf[];

    int256 private constant WORD = 1 << 32;

    /// @dev What `select` finds, if its hash is asked for.
    bytes internal preimage;

    /// @dev Makes the next step from `state` and `ram`.
    function _advance() internal {
        if (state.exited != 0) return;
        if (state.pc % 4 != 0) return _trap();
        uint32 i = uint32(_peek(state.pc, 4));
        uint32 opcode = i % 128;
        if (opcode == 0x33 || opcode == 0x13) _arithmetic(i, opcode == 0x33);
        else if (opcode == 0x03) _load(i);
        else if (opcode == 0x23) _store(i);
        else if (opcode == 0x63) _branch(i);
        else if (opcode == 0x6f) _jump(i, int256(uint256(state.pc)) + _immediateJ(i));
        else if (opcode == 0x67 && _f3(i) == 0) _jump(i, (_unsigned(_reg(_rs1(i)) + _immediateI(i)) / 2) * 2);
        else if (opcode == 0x37) _write(i, int256(uint256(i / 4096 * 4096)));
        else if (opcode == 0x17) _write(i, int256(uint256(i / 4096 * 4096)) + int256(uint256(state.pc)));
        else if (opcode == 0x0f) _goto(4);
        else if (i == 0x73) _environment();
        else _trap();
    }

    /// @dev The address that the next step uses beside its instruction; zero if there is none.
    function _dataAddress() internal view returns (uint32) {
        if (state.exited != 0 || state.pc % 4 != 0) return 0;
        uint32 i = uint32(_peek(state.pc, 4));
        if (i % 128 == 0x03) return uint32(uint256(_unsigned(_reg(_rs1(i)) + _immediateI(i))));
        if (i % 128 == 0x23) return uint32(uint256(_unsigned(_reg(_rs1(i)) + _immediateS(i))));
        return i == 0x73 ? state.x[10] : 0;
    }

    // --- groups of instructions ---

    function _arithmetic(uint32 i, bool isRegister) private {
        (uint32 f3, uint32 f7) = (_f3(i), i >> 25);
        int256 a = _reg(_rs1(i));
        int256 b = isRegister ? _reg((i >> 20) % 32) : _immediateI(i);
        if (isRegister && f7 == 1) return _write(i, _muldiv(f3, a, b));
        bool shift = f3 == 1 || f3 == 5;
        bool coded = isRegister || shift;
        bool other = coded && f7 == 0x20 && (f3 == 5 || (isRegister && f3 == 0));
        if (coded && f7 != 0 && !other) return _trap();
        _write(i, _simple(f3, other, a, b));
    }

    function _simple(uint32 f3, bool other, int256 a, int256 b) private pure returns (int256) {
        if (f3 == 0) return other ? a - b : a + b;
        if (f3 == 1) return _unsigned(a) * int256(2 ** uint256(_unsigned(b) % 32));
        if (f3 == 2) return a < b ? int256(1) : int256(0);
        if (f3 == 3) return _unsigned(a) < _unsigned(b) ? int256(1) : int256(0);
        if (f3 == 4) return a ^ b;
        if (f3 == 6) return a | b;
        if (f3 == 7) return a & b;
        // Rounded towards minus infinity, which is what shifting means.
        int256 power = int256(2 ** uint256(_unsigned(b) % 32));
        if (!other) return _unsigned(a) / power;
        return a < 0 ? -((-a + power - 1) / power) : a / power;
    }

    function _muldiv(uint32 f3, int256 a, int256 b) private pure returns (int256) {
        if (f3 == 0) return a * b;
        if (f3 == 1) return _high(a * b);
        if (f3 == 2) return _high(a * _unsigned(b));
        if (f3 == 3) return _high(_unsigned(a) * _unsigned(b));
        bool signed = f3 % 2 == 0;
        (int256 p, int256 q) = signed ? (a, b) : (_unsigned(a), _unsigned(b));
        if (f3 < 6) return q == 0 ? -1 : p / q;
        return q == 0 ? p : p % q;
    }

    function _load(uint32 i) private {
        uint32 f3 = _f3(i);
        int256 from = _unsigned(_reg(_rs1(i)) + _immediateI(i));
        int256 size = int256(2 ** uint256(f3 % 4));
        if (f3 == 3 || f3 > 5 || from % size != 0) return _trap();
        int256 value = int256(uint256(_peek(uint256(from), uint256(size))));
        bool negative = f3 < 2 && value >= int256(2 ** uint256(8 * size - 1));
        _write(i, negative ? value - int256(2 ** uint256(8 * size)) : value);
    }

    function _store(uint32 i) private {
        uint32 f3 = _f3(i);
        int256 to = _unsigned(_reg(_rs1(i)) + _immediateS(i));
        int256 size = int256(2 ** uint256(f3 % 4));
        if (f3 > 2 || to % size != 0) return _trap();
        uint32 value = state.x[(i >> 20) % 32];
        for (uint256 j; j < uint256(size); ++j) {
            _pokeByte(uint256(to) + j, uint8(value >> (8 * j)));
        }
        _goto(4);
    }

    function _branch(uint32 i) private {
        uint32 f3 = _f3(i);
        (int256 a, int256 b) = (_reg(_rs1(i)), _reg((i >> 20) % 32));
        if (f3 > 5) (a, b) = (_unsigned(a), _unsigned(b));
        bool taken;
        if (f3 == 0) taken = a == b;
        else if (f3 == 1) taken = a != b;
        else if (f3 == 4 || f3 == 6) taken = a < b;
        else if (f3 == 5 || f3 == 7) taken = a >= b;
        else return _trap();
        _goto(taken ? _immediateB(i) : int256(4));
    }

    function _jump(uint32 i, int256 to) private {
        _write(i, int256(uint256(state.pc)) + 4);
        state.pc = uint32(uint256(_unsigned(to)));
    }

    function _environment() private {
        (uint32 call, uint32 a0, uint32 a1) = (state.x[17], state.x[10], state.x[11]);
        if (call == 0) return _exit(uint8(a0 % 256));
        if (call > 4 || a0 % 32 != 0) return _trap();
        if (call == 1) {
            ram.set(a0 / 32, state.boot);
        } else if (call == 4) {
            state.output = ram.get(a0 / 32);
        } else if (call == 2) {
            if (a1 != 1) return _trap();
            require(keccak256(preimage) == ram.get(a0 / 32), "the emulator knows one preimage");
            (state.key, state.kind, state.offset) = (ram.get(a0 / 32), 1, 0);
            state.x[10] = uint32(preimage.length);
        } else {
            if (state.kind != 1) return _trap();
            bytes memory word = new bytes(32);
            for (uint256 j; j < 32 && j + state.offset < preimage.length; ++j) {
                word[j] = preimage[j + state.offset];
            }
            ram.set(a0 / 32, bytes32(word));
            state.offset += 32;
        }
        _goto(4);
    }

    // --- registers, numbers, bytes ---

    function _trap() private {
        _exit(255);
    }

    function _exit(uint8 code) private {
        (state.exited, state.code) = (1, code);
    }

    /// @dev Writes the lowest 32 bits of `value` into the instruction's register and goes on.
    function _write(uint32 i, int256 value) private {
        uint32 rd = (i >> 7) % 32;
        if (rd != 0) state.x[rd] = uint32(uint256(_unsigned(value)));
        _goto(4);
    }

    function _goto(int256 distance) private {
        state.pc = uint32(uint256(_unsigned(int256(uint256(state.pc)) + distance)));
    }

    /// @dev A register as a number from -2^31 to 2^31 - 1.
    function _reg(uint32 register) private view returns (int256) {
        return _signed(state.x[register], 32);
    }

    function _signed(uint256 value, uint256 bits) private pure returns (int256) {
        return value >= 2 ** (bits - 1) ? int256(value) - int256(2 ** bits) : int256(value);
    }

    /// @dev The remainder modulo 2^32, from 0 on.
    function _unsigned(int256 value) private pure returns (int256) {
        return ((value % WORD) + WORD) % WORD;
    }

    /// @dev A 64-bit product's upper half.
    function _high(int256 product) private pure returns (int256) {
        int256 low = _unsigned(product);
        return (product - low) / WORD;
    }

    function _peek(uint256 from, uint256 size) private view returns (uint256 value) {
        bytes32 leaf = ram.get(from / 32);
        for (uint256 j = size; j > 0; --j) {
            value = value * 256 + uint8(leaf[from % 32 + j - 1]);
        }
    }

    function _pokeByte(uint256 to, uint8 value) private {
        bytes memory leaf = abi.encode(ram.get(to / 32));
        leaf[to % 32] = bytes1(value);
        ram.set(to / 32, bytes32(leaf));
    }

    function _f3(uint32 i) private pure returns (uint32) {
        return (i >> 12) % 8;
    }

    function _rs1(uint32 i) private pure returns (uint32) {
        return (i >> 15) % 32;
    }

    function _immediateI(uint32 i) private pure returns (int256) {
        return _signed(i >> 20, 12);
    }

    function _immediateS(uint32 i) private pure returns (int256) {
        return _signed((i >> 25) * 32 + (i >> 7) % 32, 12);
    }

    function _immediateB(uint32 i) private pure returns (int256) {
        uint256 low = (i >> 8) % 16 * 2 + (i >> 25) % 64 * 32;
        return _signed(low + (i >> 7) % 2 * 2048 + (i >> 31) * 4096, 13);
    }

    function _immediateJ(uint32 i) private pure returns (int256) {
        uint256 low = (i >> 21) % 1024 * 2 + (i >> 20) % 2 * 2048;
        return _signed(low + (i >> 12) % 256 * 4096 + (i >> 31) * 1048576, 21);
    }
}
