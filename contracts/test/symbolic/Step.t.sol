// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RiscVStep} from "../../src/claims/RiscVStep.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {MemoryTree} from "../../src/libraries/MemoryTree.sol";
import {Rv32} from "../../src/libraries/Rv32.sol";
import {Assembler} from "../utils/Assembler.sol";

/// @notice Whole steps of fixed instructions on any registers, roots and memory: the instruction does what `Rv32` says of its operands
/// (see `Rv32Symbolic`), and nothing else in the state changes.
contract StepSymbolic {
    uint32 private constant PC = 0x1000;
    uint32 private constant DATA = 0x80000044;

    /// @dev Everything that is not fixed; `registers` are x1 to x31 in 124 bytes.
    struct Any {
        bytes32 boot;
        bytes32 output;
        bytes32 key;
        uint8 kind;
        uint32 offset;
        uint8 code;
        bytes32[3] registers;
        bytes28 last;
        bytes32 leaf;
        bytes32 data;
        bytes32[27] beside;
        bytes32[27] besideData;
    }

    RiscVStep private _machine = new RiscVStep();

    function _registers(Any calldata any) private pure returns (bytes memory) {
        return abi.encodePacked(any.registers[0], any.registers[1], any.registers[2], any.last);
    }

    function _x(bytes memory registers, uint256 i) private pure returns (uint32 value) {
        uint256 from = 4 * (i - 1);
        for (uint256 j; j < 4; ++j) {
            value = (value << 8) | uint8(registers[from + j]);
        }
    }

    function _set(bytes memory registers, uint256 i, uint32 value) private pure {
        if (i == 0) return;
        for (uint256 j; j < 4; ++j) {
            registers[4 * (i - 1) + j] = bytes1(uint8(value >> (24 - 8 * j)));
        }
    }

    function _state(Any calldata any, bytes32 root, uint32 pc, uint16 end, bytes memory registers)
        private
        pure
        returns (bytes memory)
    {
        bytes memory roots = abi.encodePacked(root, any.boot, any.output, any.key);
        return abi.encodePacked(roots, any.kind, any.offset, pc, end, registers);
    }

    /// @dev Openings of the instruction's leaf and of the data's leaf; the two do not hang together, as memory proofs are checked apart.
    function _proof(Any calldata any, uint32 instruction) private pure returns (bytes32[] memory proof) {
        proof = new bytes32[](56);
        proof[0] = Rv32.withWord(any.leaf, PC, instruction);
        proof[28] = any.data;
        for (uint256 i; i < 27; ++i) {
            (proof[1 + i], proof[29 + i]) = (any.beside[i], any.besideData[i]);
        }
    }

    function rootOf(bytes32 leaf, bytes32[] calldata proof, uint256 which, uint256 index)
        external
        pure
        returns (bytes32)
    {
        return MemoryTree.replace(leaf, proof, which, index);
    }

    // --- one instruction of two registers or of one and a number: x5 = f(x6, x7) ---

    function _check(Any calldata any, uint32 instruction, uint32 result, uint32 rd) private view {
        bytes memory registers = _registers(any);
        bytes32[] memory proof = _proof(any, instruction);
        bytes32 root = this.rootOf(proof[0], proof, 0, PC >> 5);
        bytes memory before = _state(any, root, PC, any.code, registers);
        _set(registers, rd, result);
        bytes memory afterwards = _state(any, root, PC + 4, any.code, registers);
        assert(_machine.step(before, proof, "") == Hashing.state(afterwards));
    }

    function _checkOp(Any calldata any, uint32 f3, uint32 f7) private view {
        bytes memory registers = _registers(any);
        (uint32 a, uint32 b) = (_x(registers, 6), _x(registers, 7));
        uint32 result = f7 == 1 ? Rv32.muldiv(f3, a, b) : Rv32.alu(f3, a, b, f7 == 0x20);
        _check(any, Assembler.r(0x33, f3, f7, 5, 6, 7), result, 5);
    }

    function check_sums(Any calldata any) external view {
        _checkOp(any, 0, 0);
        _checkOp(any, 0, 0x20);
    }

    function check_comparisons(Any calldata any) external view {
        _checkOp(any, 2, 0);
        _checkOp(any, 3, 0);
    }

    function check_shifts(Any calldata any) external view {
        _checkOp(any, 1, 0);
        _checkOp(any, 5, 0);
        _checkOp(any, 5, 0x20);
    }

    function check_logic(Any calldata any) external view {
        _checkOp(any, 4, 0);
        _checkOp(any, 6, 0);
        _checkOp(any, 7, 0);
    }

    function check_products(Any calldata any) external view {
        for (uint32 f3; f3 < 4; ++f3) {
            _checkOp(any, f3, 1);
        }
    }

    function check_div(Any calldata any) external view {
        _checkOp(any, 4, 1);
    }

    function check_divu(Any calldata any) external view {
        _checkOp(any, 5, 1);
    }

    function check_rem(Any calldata any) external view {
        _checkOp(any, 6, 1);
    }

    function check_remu(Any calldata any) external view {
        _checkOp(any, 7, 1);
    }

    function _checkOpImm(Any calldata any, uint32 f3, int32 number) private view {
        uint32 result = Rv32.alu(f3, _x(_registers(any), 6), uint32(number), false);
        _check(any, Assembler.i(0x13, f3, 5, 6, number), result, 5);
    }

    function check_sumOfNumber(Any calldata any) external view {
        _checkOpImm(any, 0, -7);
    }

    function check_comparisonsWithNumber(Any calldata any) external view {
        _checkOpImm(any, 2, -7);
        _checkOpImm(any, 3, -7);
    }

    function check_shiftsByNumber(Any calldata any) external view {
        _checkOpImm(any, 1, 13);
        _checkOpImm(any, 5, 13);
        _check(any, Assembler.i(0x13, 5, 5, 6, 0x400 | 13), Rv32.alu(5, _x(_registers(any), 6), 13, true), 5);
    }

    function check_logicWithNumber(Any calldata any) external view {
        _checkOpImm(any, 4, -7);
        _checkOpImm(any, 6, -7);
        _checkOpImm(any, 7, -7);
    }

    /// @dev Register 0 is not written.
    function check_x0(Any calldata any) external view {
        _check(any, Assembler.r(0x33, 0, 0, 0, 6, 7), 0, 0);
    }

    function check_upperImmediates(Any calldata any) external view {
        _check(any, Assembler.u(0x37, 31, 0xabcde000), 0xabcde000, 31);
        _check(any, Assembler.u(0x17, 31, 0xabcde000), PC + 0xabcde000, 31);
    }

    // --- jumps ---

    function _checkJump(Any calldata any, uint32 instruction, uint32 to, uint32 rd) private view {
        bytes memory registers = _registers(any);
        bytes32[] memory proof = _proof(any, instruction);
        bytes32 root = this.rootOf(proof[0], proof, 0, PC >> 5);
        bytes memory before = _state(any, root, PC, any.code, registers);
        _set(registers, rd, PC + 4);
        assert(_machine.step(before, proof, "") == Hashing.state(_state(any, root, to, any.code, registers)));
    }

    function check_jumps(Any calldata any) external view {
        _checkJump(any, Assembler.j(1, -2048), PC - 2048, 1);
        _checkJump(any, Assembler.j(0, 2048), PC + 2048, 0);
        unchecked {
            uint32 to = (_x(_registers(any), 6) + 9) & ~uint32(1);
            _checkJump(any, Assembler.i(0x67, 0, 6, 6, 9), to, 6);
        }
    }

    function check_branches(Any calldata any) external view {
        bytes memory registers = _registers(any);
        (, bool taken) = Rv32.branches(4, _x(registers, 6), _x(registers, 7));
        _checkJump(any, Assembler.b(4, 6, 7, -64), taken ? PC - 64 : PC + 4, 0);
    }

    // --- traps, states that exited ---

    /// @dev A trap changes `exited` and `code` only.
    function check_ebreak(Any calldata any) external view {
        bytes memory registers = _registers(any);
        bytes32[] memory proof = _proof(any, Assembler.EBREAK);
        bytes32 root = this.rootOf(proof[0], proof, 0, PC >> 5);
        bytes32 result = _machine.step(_state(any, root, PC, any.code, registers), proof, "");
        assert(result == Hashing.state(_state(any, root, PC, 0x01ff, registers)));
    }

    /// @dev Invariant 20: whatever exited stays as it is.
    function check_exited_isTheIdentity(Any calldata any, bytes32 root, uint32 pc, uint8 exited) external view {
        if (exited == 0) return;
        bytes memory state = _state(any, root, pc, (uint16(exited) << 8) | any.code, _registers(any));
        assert(_machine.step(state, new bytes32[](0), "") == Hashing.state(state));
    }

    // --- memory ---

    /// @dev The register that holds the address is fixed, all others are not.
    function _checkMemory(Any calldata any, uint32 instruction, uint32 loaded, bytes32 stored, bool isStore)
        private
        view
    {
        bytes memory registers = _registers(any);
        _set(registers, 6, DATA);
        bytes32[] memory proof = _proof(any, instruction);
        bytes32 root = this.rootOf(proof[0], proof, 0, PC >> 5);
        // The two openings must lead to one root: look at those that do.
        if (this.rootOf(proof[28], proof, 1, DATA >> 5) != root) return;
        bytes memory before = _state(any, root, PC, any.code, registers);
        if (isStore) root = this.rootOf(stored, proof, 1, DATA >> 5);
        else _set(registers, 5, loaded);
        bytes memory afterwards = _state(any, root, PC + 4, any.code, registers);
        assert(_machine.step(before, proof, "") == Hashing.state(afterwards));
    }

    function check_lw(Any calldata any) external view {
        _checkMemory(any, Assembler.i(0x03, 2, 5, 6, 0), Rv32.loaded(2, any.data, DATA), 0, false);
    }

    function check_lb(Any calldata any) external view {
        _checkMemory(any, Assembler.i(0x03, 0, 5, 6, 3), Rv32.loaded(0, any.data, DATA + 3), 0, false);
    }

    function check_sh(Any calldata any) external view {
        uint32 value = _x(_registers(any), 7);
        _checkMemory(any, Assembler.s(1, 6, 7, 2), 0, Rv32.stored(1, any.data, DATA + 2, value), true);
    }

    // --- the environment ---

    /// @dev Calls the environment with a7 = `number` and a0 = `DATA - 4`.
    function _checkEnvironment(Any calldata any, uint32 number, bytes32 output, bytes32 stored) private view {
        bytes memory registers = _registers(any);
        _set(registers, 17, number);
        _set(registers, 10, DATA - 4);
        bytes32[] memory proof = _proof(any, Assembler.ECALL);
        bytes32 root = this.rootOf(proof[0], proof, 0, PC >> 5);
        if (this.rootOf(proof[28], proof, 1, DATA >> 5) != root) return;
        bytes32 result = _machine.step(_state(any, root, PC, any.code, registers), proof, "");
        root = this.rootOf(stored, proof, 1, DATA >> 5);
        bytes memory roots = abi.encodePacked(root, any.boot, output, any.key);
        bytes memory rest = abi.encodePacked(any.kind, any.offset, PC + 4, uint16(any.code), registers);
        assert(result == Hashing.state(abi.encodePacked(roots, rest)));
    }

    function check_boot(Any calldata any) external view {
        _checkEnvironment(any, 1, any.output, any.boot);
    }

    function check_output(Any calldata any) external view {
        _checkEnvironment(any, 4, any.data, any.data);
    }

    /// @dev `halt` changes `exited` and `code` only.
    function check_halt(Any calldata any) external view {
        bytes memory registers = _registers(any);
        _set(registers, 17, 0);
        bytes32[] memory proof = _proof(any, Assembler.ECALL);
        bytes32 root = this.rootOf(proof[0], proof, 0, PC >> 5);
        bytes32 result = _machine.step(_state(any, root, PC, any.code, registers), proof, "");
        uint16 end = uint16(0x100 | (_x(registers, 10) & 0xff));
        assert(result == Hashing.state(_state(any, root, PC, end, registers)));
    }
}
