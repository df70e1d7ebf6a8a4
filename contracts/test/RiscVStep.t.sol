// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStep} from "../src/interfaces/IStep.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Assembler} from "./utils/Assembler.sol";
import {Memory} from "./utils/Memory.sol";
import {StepFixture} from "./utils/StepFixture.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Every instruction of RV32IM, with operands and results from the manual's rules.
contract RiscVStepTest is StepFixture {
    using Memory for Memory.Leaf[];

    uint32 private constant MIN = 0x80000000;
    uint32 private constant MAX = 0x7fffffff;
    uint32 private constant ONES = 0xffffffff;

    // --- the state ---

    function test_step_exited_isTheIdentity() public {
        for (uint256 exited = 1; exited < 256; exited += 127) {
            state.exited = uint8(exited);
            state.pc = 3;
            vm.assertEq(machine.step(_encoded(), new bytes32[](0), ""), _hash());
        }
    }

    function test_step_stateLength_reverts() public {
        bytes memory encoded = _encoded();
        vm.assertEq(encoded.length, 263);
        vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_StateLength.selector, 264));
        machine.step(bytes.concat(encoded, hex"00"), new bytes32[](0), "");
        vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_StateLength.selector, 0));
        machine.step("", new bytes32[](0), "");
    }

    function test_fuzz_20_anyStateThatExited_isTheIdentity(bytes32[8] memory words, uint56 rest, uint8 exited)
        public
        view
    {
        bytes memory encoded = abi.encodePacked(words, rest);
        encoded[137] = bytes1(exited == 0 ? 1 : exited);
        vm.assertEq(machine.step(encoded, new bytes32[](0), ""), Hashing.state(encoded));
    }

    function test_step_misalignedPc_traps() public {
        for (uint32 i = 1; i < 4; ++i) {
            Step memory step = _lay(Assembler.addi(1, 1, 1));
            state.pc = PC + i;
            step.state = _encoded();
            _expectTrap(step, "pc");
            state.pc = PC;
        }
    }

    function test_step_pcWraps() public {
        state.pc = 0xfffffffc;
        Step memory step = _lay(Assembler.addi(1, 0, 7));
        (state.pc, state.x[1]) = (0, 7);
        _expect(step, "next");
        state.pc = 0xfffffffc;
        step = _lay(Assembler.u(0x17, 2, 0x5000));
        (state.pc, state.x[2]) = (0, 0x4ffc);
        _expect(step, "auipc");
    }

    // --- arithmetic ---

    /// @dev x5 = a op b for `OP` with these function bits.
    function _op(string memory name, uint32 f3, uint32 f7, uint32 a, uint32 b, uint32 result) private {
        (state.x[6], state.x[7]) = (a, b);
        Step memory step = _lay(Assembler.r(0x33, f3, f7, 5, 6, 7));
        (state.x[5], state.pc) = (result, PC + 4);
        _expect(step, name);
        state.pc = PC;
        // x0 stays zero, and reading it gives zero.
        step = _lay(Assembler.r(0x33, f3, f7, 0, 6, 7));
        state.pc = PC + 4;
        _expect(step, name);
        state.pc = PC;
    }

    /// @dev x5 = a op immediate for `OP-IMM`.
    function _opImm(string memory name, uint32 f3, uint32 a, int32 immediate, uint32 result) private {
        state.x[6] = a;
        Step memory step = _lay(Assembler.i(0x13, f3, 5, 6, immediate));
        (state.x[5], state.pc) = (result, PC + 4);
        _expect(step, name);
        state.pc = PC;
    }

    function test_step_addSub() public {
        _op("add", 0, 0, 3, 4, 7);
        _op("add", 0, 0, MIN, ONES, MAX);
        _op("add", 0, 0, ONES, 1, 0);
        _op("sub", 0, 0x20, 3, 4, ONES);
        _op("sub", 0, 0x20, 0, MIN, MIN);
        _opImm("addi", 0, 0, 2047, 2047);
        _opImm("addi", 0, 0, -2048, 0xfffff800);
        _opImm("addi", 0, MIN, -1, MAX);
    }

    function test_step_shifts() public {
        _op("sll", 1, 0, 1, 31, MIN);
        _op("sll", 1, 0, 0x21212121, 0xffffffe7, 0x90909080);
        _op("srl", 5, 0, MIN, 31, 1);
        _op("srl", 5, 0, ONES, 32, ONES);
        _op("sra", 5, 0x20, MIN, 31, ONES);
        _op("sra", 5, 0x20, 0x81818181, 0xffffffce, 0xfffe0606);
        _op("sra", 5, 0x20, MAX, 30, 1);
        _opImm("slli", 1, 0x21212121, 14, 0x48484000);
        _opImm("srli", 5, 0x80000001, 4, 0x08000000);
        _opImm("srai", 5, 0x80000001, 0x404, 0xf8000000);
    }

    function test_step_compare() public {
        _op("slt", 2, 0, MIN, MAX, 1);
        _op("slt", 2, 0, MAX, MIN, 0);
        _op("slt", 2, 0, 5, 5, 0);
        _op("sltu", 3, 0, MIN, MAX, 0);
        _op("sltu", 3, 0, 0, ONES, 1);
        _opImm("slti", 2, MIN, -1, 1);
        _opImm("slti", 2, 0, -1, 0);
        _opImm("sltiu", 3, 5, -1, 1);
        _opImm("sltiu", 3, 0, 1, 1);
    }

    function test_step_logic() public {
        _op("xor", 4, 0, 0xff00ff00, 0x0f0f0f0f, 0xf00ff00f);
        _op("or", 6, 0, 0xff00ff00, 0x0f0f0f0f, 0xff0fff0f);
        _op("and", 7, 0, 0xff00ff00, 0x0f0f0f0f, 0x0f000f00);
        _opImm("xori", 4, 0x00ff0f00, -241, 0xff00f00f);
        _opImm("ori", 6, 0xff00ff00, -241, 0xffffff0f);
        _opImm("andi", 7, 0xff00ff00, 0x70f, 0x00000700);
    }

    function test_step_multiply() public {
        _op("mul", 0, 1, 0x00007e00, 0xb6db6db7, 0x00001200);
        _op("mul", 0, 1, ONES, ONES, 1);
        _op("mul", 0, 1, MIN, ONES, MIN);
        _op("mulh", 1, 1, MIN, MIN, 0x40000000);
        _op("mulh", 1, 1, ONES, ONES, 0);
        _op("mulh", 1, 1, 0xaaaaaaab, 0x0002fe7d, 0xffff0081);
        _op("mulhsu", 2, 1, MIN, ONES, MIN);
        _op("mulhsu", 2, 1, ONES, ONES, ONES);
        _op("mulhsu", 2, 1, 1, ONES, 0);
        _op("mulhu", 3, 1, ONES, ONES, 0xfffffffe);
        _op("mulhu", 3, 1, MIN, MIN, 0x40000000);
    }

    function test_step_divide() public {
        _op("div", 4, 1, 0xffffffec, 6, 0xfffffffd);
        _op("div", 4, 1, 20, 0xfffffffa, 0xfffffffd);
        _op("div", 4, 1, MIN, ONES, MIN);
        _op("div", 4, 1, MIN, 0, ONES);
        _op("div", 4, 1, 0, 0, ONES);
        _op("divu", 5, 1, 0xffffffec, 6, 0x2aaaaaa7);
        _op("divu", 5, 1, MIN, ONES, 0);
        _op("divu", 5, 1, 1, 0, ONES);
        _op("rem", 6, 1, 0xffffffec, 6, 0xfffffffe);
        _op("rem", 6, 1, 20, 0xfffffffa, 2);
        _op("rem", 6, 1, MIN, ONES, 0);
        _op("rem", 6, 1, MIN, 0, MIN);
        _op("remu", 7, 1, 0xffffffec, 6, 2);
        _op("remu", 7, 1, MIN, ONES, MIN);
        _op("remu", 7, 1, 7, 0, 7);
    }

    function test_step_upperImmediates() public {
        Step memory step = _lay(Assembler.u(0x37, 5, 0xfffff000));
        (state.x[5], state.pc) = (0xfffff000, PC + 4);
        _expect(step, "lui");
        state.pc = PC;
        step = _lay(Assembler.u(0x17, 5, 0xfffff000));
        (state.x[5], state.pc) = (0, PC + 4);
        _expect(step, "auipc");
    }

    function test_step_fence_doesNothing() public {
        for (uint32 f3; f3 < 8; ++f3) {
            Step memory step = _lay(Assembler.i(0x0f, f3, 1, 2, -1));
            state.pc = PC + 4;
            _expect(step, "fence");
            state.pc = PC;
        }
    }

    // --- jumps ---

    function _branch(string memory name, uint32 f3, uint32 a, uint32 b, bool taken) private {
        (state.x[6], state.x[7]) = (a, b);
        int32[4] memory offsets = [int32(-4096), -2, 4094, 64];
        for (uint256 i; i < offsets.length; ++i) {
            Step memory step = _lay(Assembler.b(f3, 6, 7, offsets[i]));
            state.pc = taken ? uint32(int32(PC) + offsets[i]) : PC + 4;
            _expect(step, name);
            state.pc = PC;
        }
    }

    function test_step_branches() public {
        _branch("beq", 0, 5, 5, true);
        _branch("beq", 0, 5, 6, false);
        _branch("bne", 1, 5, 6, true);
        _branch("bne", 1, 5, 5, false);
        _branch("blt", 4, ONES, 0, true);
        _branch("blt", 4, 0, 0, false);
        _branch("blt", 4, MAX, MIN, false);
        _branch("bge", 5, 0, ONES, true);
        _branch("bge", 5, 0, 0, true);
        _branch("bge", 5, MIN, MAX, false);
        _branch("bltu", 6, 0, ONES, true);
        _branch("bltu", 6, ONES, 0, false);
        _branch("bgeu", 7, ONES, 0, true);
        _branch("bgeu", 7, ONES, ONES, true);
        _branch("bgeu", 7, 0, 1, false);
    }

    function test_step_jal() public {
        int32[4] memory offsets = [int32(-1048576), 1048574, -2, 2048];
        for (uint256 i; i < offsets.length; ++i) {
            Step memory step = _lay(Assembler.j(1, offsets[i]));
            (state.x[1], state.pc) = (PC + 4, uint32(int32(PC) + offsets[i]));
            _expect(step, "jal");
            state.pc = PC;
        }
    }

    function test_step_jalr_clearsTheLowestBit_andReadsBeforeItWrites() public {
        state.x[1] = 0x2004;
        Step memory step = _lay(Assembler.i(0x67, 0, 1, 1, -1));
        (state.x[1], state.pc) = (PC + 4, 0x2002);
        _expect(step, "jalr");
        state.pc = PC;
        step = _lay(Assembler.i(0x67, 0, 0, 1, 2047));
        state.pc = 0x1802;
        _expect(step, "jalr to x0");
    }

    // --- memory ---

    function _load(string memory name, uint32 f3, uint32 from, uint32 result) private {
        state.x[6] = from + 5;
        Step memory step = _lay(Assembler.i(0x03, f3, 5, 6, -5), from);
        (state.x[5], state.pc) = (result, PC + 4);
        _expect(step, name);
        state.pc = PC;
    }

    function test_step_loads() public {
        _poke(DATA, 0x83828180);
        _poke(DATA + 28, 0x7f00ff01);
        _load("lb", 0, DATA, 0xffffff80);
        _load("lb", 0, DATA + 3, 0xffffff83);
        _load("lb", 0, DATA + 31, 0x7f);
        _load("lbu", 4, DATA + 1, 0x81);
        _load("lbu", 4, DATA + 29, 0xff);
        _load("lh", 1, DATA + 2, 0xffff8382);
        _load("lh", 1, DATA + 30, 0x7f00);
        _load("lhu", 5, DATA, 0x8180);
        _load("lw", 2, DATA, 0x83828180);
        _load("lw", 2, DATA + 28, 0x7f00ff01);
        _load("lw", 2, DATA + 64, 0);
    }

    function test_step_load_ofItsOwnInstruction() public {
        state.x[6] = PC;
        uint32 instruction = Assembler.i(0x03, 2, 5, 6, 0);
        Step memory step = _lay(instruction, PC);
        (state.x[5], state.pc) = (instruction, PC + 4);
        _expect(step, "lw");
    }

    function test_step_load_intoRegisterZero() public {
        _poke(DATA, 1);
        state.x[6] = DATA;
        Step memory step = _lay(Assembler.i(0x03, 2, 0, 6, 0), DATA);
        state.pc = PC + 4;
        _expect(step, "lw");
    }

    function _store(string memory name, uint32 f3, uint32 to, uint32 word) private {
        _poke(DATA, 0x11111111);
        _poke(DATA + 28, 0x22222222);
        state.x[6] = to - 2047;
        state.x[7] = 0x8a8b8c8d;
        Step memory step = _lay(Assembler.s(f3, 6, 7, 2047), to);
        _poke(to & ~uint32(3), word);
        state.pc = PC + 4;
        _expect(step, name);
        state.pc = PC;
    }

    function test_step_stores() public {
        _store("sb", 0, DATA, 0x1111118d);
        _store("sb", 0, DATA + 1, 0x11118d11);
        _store("sb", 0, DATA + 31, 0x8d222222);
        _store("sh", 1, DATA, 0x11118c8d);
        _store("sh", 1, DATA + 30, 0x8c8d2222);
        _store("sw", 2, DATA, 0x8a8b8c8d);
        _store("sw", 2, DATA + 28, 0x8a8b8c8d);
        _store("sw", 2, DATA + 4, 0x8a8b8c8d);
        _store("sw", 2, 0xfffffffc, 0x8a8b8c8d);
    }

    function test_step_store_overItself() public {
        state.x[6] = PC + 16;
        Step memory step = _lay(Assembler.s(2, 6, 7, -16), PC);
        _poke(PC, state.x[7]);
        state.pc = PC + 4;
        _expect(step, "sw");
    }

    // --- traps ---

    function _trap(string memory name, uint32 instruction) private {
        _expectTrap(_lay(instruction), name);
    }

    function test_step_misaligned_traps() public {
        for (uint32 low = 1; low < 4; ++low) {
            state.x[6] = DATA + low;
            _trap("lw", Assembler.i(0x03, 2, 5, 6, 0));
            _trap("sw", Assembler.s(2, 6, 7, 0));
            if (low == 2) continue;
            _trap("lh", Assembler.i(0x03, 1, 5, 6, 0));
            _trap("lhu", Assembler.i(0x03, 5, 5, 6, 0));
            _trap("sh", Assembler.s(1, 6, 7, 0));
        }
    }

    function test_step_otherEncodings_trap() public {
        _trap("zeros", 0);
        _trap("ones", ONES);
        _trap("ebreak", Assembler.EBREAK);
        _trap("csrrw", Assembler.i(0x73, 1, 1, 1, 0x300));
        _trap("mret", 0x30200073);
        _trap("ecall with rd", Assembler.ECALL | (1 << 7));
        _trap("ecall with rs1", Assembler.ECALL | (1 << 15));
        _trap("jalr funct3", Assembler.i(0x67, 1, 1, 1, 0));
        _trap("branch 2", Assembler.b(2, 1, 1, 8));
        _trap("branch 3", Assembler.b(3, 1, 1, 8));
        _trap("ld", Assembler.i(0x03, 3, 1, 1, 0));
        _trap("lwu", Assembler.i(0x03, 6, 1, 1, 0));
        _trap("load 7", Assembler.i(0x03, 7, 1, 1, 0));
        for (uint32 f3 = 3; f3 < 8; ++f3) {
            _trap("store", Assembler.s(f3, 1, 1, 0));
        }
        _trap("slli", Assembler.i(0x13, 1, 1, 1, 0x401));
        _trap("slli, bit 5", Assembler.i(0x13, 1, 1, 1, 0x20));
        _trap("srli, bit 5", Assembler.i(0x13, 5, 1, 1, 0x20));
        _trap("srai, bit 5", Assembler.i(0x13, 5, 1, 1, 0x420));
        _trap("srai, bit 11", Assembler.i(0x13, 5, 1, 1, -0x400));
        for (uint32 f7 = 2; f7 < 128; f7 += 6) {
            if (f7 != 0x20) _trap("op", Assembler.r(0x33, f7 & 7, f7, 1, 1, 1));
        }
        for (uint32 f3 = 1; f3 < 8; ++f3) {
            if (f3 != 5) _trap("sub's bit", Assembler.r(0x33, f3, 0x20, 1, 1, 1));
        }
    }

    function test_step_everyOtherOpcode_traps() public {
        bytes memory known = hex"030f131723333763676f73";
        for (uint32 opcode; opcode < 128; ++opcode) {
            bool skip;
            for (uint256 i; i < known.length; ++i) {
                if (uint8(known[i]) == opcode) skip = true;
            }
            if (!skip) _trap("opcode", opcode | (5 << 7) | (6 << 15) | (7 << 20));
        }
    }

    // --- witnesses ---

    function test_step_proofLength_reverts() public {
        Step memory step = _lay(Assembler.addi(1, 1, 1));
        step.proof = _cut(step.proof, 27);
        vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_ProofLength.selector, 27, 28));
        _run(step);
        state.x[6] = DATA;
        step = _lay(Assembler.i(0x03, 2, 5, 6, 0), DATA);
        step.proof = _cut(step.proof, 55);
        vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_ProofLength.selector, 55, 56));
        _run(step);
    }

    function _cut(bytes32[] memory words, uint256 length) private pure returns (bytes32[] memory cut) {
        cut = new bytes32[](length);
        for (uint256 i; i < length; ++i) {
            cut[i] = words[i];
        }
    }

    function test_fuzz_step_alteredProof_reverts(uint8 place, bytes32 noise) public {
        state.x[6] = DATA;
        Step memory step = _lay(Assembler.s(2, 6, 7, 0), DATA);
        uint256 i = place % 56;
        vm.assume(step.proof[i] != noise);
        step.proof[i] = noise;
        uint256 which = i / 28;
        vm.expectRevert(
            abi.encodeWithSelector(IStep.RiscVStep_WrongOpening.selector, which, (which == 0 ? PC : DATA) >> 5)
        );
        _run(step);
    }

    function test_step_openingOfAnotherLeaf_reverts() public {
        state.x[6] = DATA;
        _poke(DATA + 32, 7);
        Step memory step = _lay(Assembler.i(0x03, 2, 5, 6, 0), DATA + 32);
        vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_WrongOpening.selector, 1, DATA >> 5));
        _run(step);
    }

    /// @dev What an instruction does not need is not looked at, so that no true step can be refused for it.
    function test_step_superfluousWitness_isIgnored() public {
        Step memory step = _lay(Assembler.addi(1, 0, 1), DATA);
        step.proof[28] = keccak256("anything");
        step.aux = "anything";
        (state.x[1], state.pc) = (1, PC + 4);
        _expect(step, "addi");
    }
}
