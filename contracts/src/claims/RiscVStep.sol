// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStep} from "../interfaces/IStep.sol";
import {Environment} from "../libraries/Environment.sol";
import {MemoryTree} from "../libraries/MemoryTree.sol";
import {Rv32} from "../libraries/Rv32.sol";
import {Machine, MachineLibrary} from "../types/Machine.sol";

/// @notice One RV32IM instruction on a Merkleised memory: the last word of every dispute.
///
/// It has no storage, no owner and no upgrade. Every state has a successor: what cannot be executed traps, and a trap is a state.
contract RiscVStep is IStep {
    using Rv32 for uint32;

    uint32 private constant LOAD = 0x03;
    uint32 private constant FENCE = 0x0f;
    uint32 private constant OP_IMM = 0x13;
    uint32 private constant AUIPC = 0x17;
    uint32 private constant STORE = 0x23;
    uint32 private constant OP = 0x33;
    uint32 private constant LUI = 0x37;
    uint32 private constant BRANCH = 0x63;
    uint32 private constant JALR = 0x67;
    uint32 private constant JAL = 0x6f;
    uint32 private constant ECALL = 0x00000073;

    /// @inheritdoc IStep
    function step(bytes calldata state, bytes32[] calldata proof, bytes calldata aux) external view returns (bytes32) {
        Machine memory m = MachineLibrary.decode(state);
        if (m.exited == 0) _step(m, proof, aux);
        return m.hash();
    }

    function _step(Machine memory m, bytes32[] calldata proof, bytes calldata aux) private view {
        if (m.pc & 3 != 0) return m.trap();
        uint32 i = Rv32.word(MemoryTree.open(m.memoryRoot, proof, 0, m.pc >> 5), m.pc);
        uint32 opcode = i.opcode();
        if (opcode == OP) return _register(m, i);
        if (opcode == OP_IMM) return _immediate(m, i);
        if (opcode == LOAD) return _load(m, i, proof);
        if (opcode == STORE) return _store(m, i, proof);
        if (opcode == BRANCH) return _branch(m, i);
        if (opcode == JAL || opcode == JALR) return _jump(m, i);
        if (opcode == LUI) return m.finish(i.rd(), i.immediateU());
        if (opcode == AUIPC) return m.finish(i.rd(), _plus(m.pc, i.immediateU()));
        if (opcode == FENCE) return m.next();
        if (i == ECALL) return Environment.call(m, proof, aux);
        m.trap();
    }

    /// @dev Arithmetic of two registers.
    function _register(Machine memory m, uint32 i) private pure {
        (uint32 f3, uint32 f7) = (i.funct3(), i.funct7());
        (uint32 a, uint32 b) = (m.x[i.rs1()], m.x[i.rs2()]);
        if (f7 == 1) return m.finish(i.rd(), Rv32.muldiv(f3, a, b));
        bool alternate = f7 == 0x20 && (f3 == 0 || f3 == 5);
        if (f7 != 0 && !alternate) return m.trap();
        m.finish(i.rd(), Rv32.alu(f3, a, b, alternate));
    }

    /// @dev Arithmetic of a register and a number.
    function _immediate(Machine memory m, uint32 i) private pure {
        (uint32 f3, uint32 f7) = (i.funct3(), i.funct7());
        bool alternate = f3 == 5 && f7 == 0x20;
        // Of a shift's number only 5 bits are the number; the others are part of the encoding.
        if ((f3 == 1 || f3 == 5) && f7 != 0 && !alternate) return m.trap();
        m.finish(i.rd(), Rv32.alu(f3, m.x[i.rs1()], i.immediateI(), alternate));
    }

    function _load(Machine memory m, uint32 i, bytes32[] calldata proof) private pure {
        uint32 f3 = i.funct3();
        uint32 from = _plus(m.x[i.rs1()], i.immediateI());
        if (f3 == 3 || f3 > 5 || _misaligned(f3 & 3, from)) return m.trap();
        bytes32 leaf = MemoryTree.open(m.memoryRoot, proof, 1, from >> 5);
        m.finish(i.rd(), Rv32.loaded(f3, leaf, from));
    }

    function _store(Machine memory m, uint32 i, bytes32[] calldata proof) private pure {
        uint32 f3 = i.funct3();
        uint32 to = _plus(m.x[i.rs1()], i.immediateS());
        if (f3 > 2 || _misaligned(f3, to)) return m.trap();
        bytes32 leaf = MemoryTree.open(m.memoryRoot, proof, 1, to >> 5);
        m.memoryRoot = MemoryTree.replace(Rv32.stored(f3, leaf, to, m.x[i.rs2()]), proof, 1, to >> 5);
        m.next();
    }

    function _branch(Machine memory m, uint32 i) private pure {
        (bool known, bool taken) = Rv32.branches(i.funct3(), m.x[i.rs1()], m.x[i.rs2()]);
        if (!known) return m.trap();
        m.pc = _plus(m.pc, taken ? i.immediateB() : 4);
    }

    /// @dev A jump to an address that is not a multiple of 4 is made; the next step traps.
    function _jump(Machine memory m, uint32 i) private pure {
        bool absolute = i.opcode() == JALR;
        if (absolute && i.funct3() != 0) return m.trap();
        uint32 to = absolute ? _plus(m.x[i.rs1()], i.immediateI()) & ~uint32(1) : _plus(m.pc, i.immediateJ());
        m.finish(i.rd(), _plus(m.pc, 4));
        m.pc = to;
    }

    /// @dev Whether an address is not a multiple of the size `2 ** log2Size`.
    function _misaligned(uint32 log2Size, uint32 address_) private pure returns (bool) {
        return address_ & ((uint32(1) << log2Size) - 1) != 0;
    }

    function _plus(uint32 a, uint32 b) private pure returns (uint32) {
        unchecked {
            return a + b;
        }
    }
}
