// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RiscVStep} from "../../src/claims/RiscVStep.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Machine} from "../../src/types/Machine.sol";
import {Memory} from "./Memory.sol";
import {Test} from "./Test.sol";
import {vm} from "./Vm.sol";

/// @notice A machine whose next step a test lays out, and the witness for it.
abstract contract StepFixture is Test {
    using Memory for Memory.Leaf[];

    uint32 internal constant PC = 0x1000;
    /// @dev Where the tests' data lies: another subtree than the instructions.
    uint32 internal constant DATA = 0x80000040;

    RiscVStep internal machine;
    Memory.Leaf[] internal ram;
    /// @dev The state before the step, and what a test expects after it.
    Machine internal state;

    function setUp() public virtual {
        machine = new RiscVStep();
        state.pc = PC;
        state.boot = keccak256("boot");
        state.output = keccak256("output");
        for (uint32 i = 1; i < 32; ++i) {
            state.x[i] = 0x01010101 * i;
        }
    }

    /// @dev Writes a little-endian word.
    function _poke(uint32 to, uint32 word) internal {
        bytes32 leaf = ram.get(to >> 5);
        uint256 shift = (28 - (to & 28)) * 8;
        uint256 bytes_ = ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >> 8) & 0xff00) | (word >> 24);
        ram.set(to >> 5, bytes32((uint256(leaf) & ~(uint256(type(uint32).max) << shift)) | (bytes_ << shift)));
    }

    function _hash() internal view returns (bytes32) {
        return Hashing.state(_encoded());
    }

    function _encoded() internal view returns (bytes memory) {
        return _encoded(ram.root());
    }

    /// @dev The state as bytes, with the root of `ram` if it is known.
    function _encoded(bytes32 memoryRoot) internal view returns (bytes memory) {
        Machine memory m = state;
        bytes memory registers;
        for (uint256 i = 1; i < 32; ++i) {
            registers = bytes.concat(registers, bytes4(m.x[i]));
        }
        bytes memory roots = abi.encodePacked(memoryRoot, m.boot, m.output, m.key);
        return abi.encodePacked(roots, m.kind, m.offset, m.pc, m.exited, m.code, registers);
    }

    /// @dev A step from the state as it is now.
    struct Step {
        bytes state;
        bytes32[] proof;
        bytes aux;
    }

    /// @dev Puts `instruction` at `state.pc`; the step opens that leaf only.
    function _lay(uint32 instruction) internal returns (Step memory step) {
        _poke(state.pc, instruction);
        step.state = _encoded();
        step.proof = ram.open(state.pc >> 5);
    }

    /// @dev The same for an instruction that uses the leaf at `data`.
    function _lay(uint32 instruction, uint32 data) internal returns (Step memory step) {
        step = _lay(instruction);
        step.proof = _openings(data);
    }

    /// @dev Openings of the leaves at `state.pc` and at `data`.
    function _openings(uint32 data) internal view returns (bytes32[] memory proof) {
        bytes32[] memory first = ram.open(state.pc >> 5);
        bytes32[] memory second = ram.open(data >> 5);
        proof = new bytes32[](56);
        for (uint256 i; i < 28; ++i) {
            (proof[i], proof[28 + i]) = (first[i], second[i]);
        }
    }

    function _run(Step memory step) internal view returns (bytes32) {
        return machine.step(step.state, step.proof, step.aux);
    }

    /// @dev `step` leads to the state as it is now.
    function _expect(Step memory step, string memory name) internal view {
        vm.assertEq(_run(step), _hash(), name);
    }

    /// @dev `step` leads to the state as it is now, but trapped.
    function _expectTrap(Step memory step, string memory name) internal {
        (state.exited, state.code) = (1, 255);
        _expect(step, name);
        (state.exited, state.code) = (0, 0);
    }
}
