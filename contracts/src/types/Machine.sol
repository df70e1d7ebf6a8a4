// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Hashing} from "../libraries/Hashing.sol";
import {IStep} from "../interfaces/IStep.sol";

/// @notice The state of the machine (docs/spec/fault-proof.md, section 2).
struct Machine {
    bytes32 memoryRoot;
    bytes32 boot;
    bytes32 output;
    bytes32 key;
    uint8 kind;
    uint32 offset;
    uint32 pc;
    uint8 exited;
    uint8 code;
    uint32[32] x;
}

using MachineLibrary for Machine global;

/// @notice A state as 263 bytes, and what every instruction may do to it.
library MachineLibrary {
    uint256 internal constant SIZE = 263;
    /// @dev Where the registers begin: x1, x2, …, x31, 4 bytes each.
    uint256 private constant REGISTERS = 139;
    uint256 private constant REGISTERS_SIZE = 124;
    uint8 private constant TRAPPED = 255;

    /// @notice Reads a state; any 263 bytes are one.
    function decode(bytes calldata state) internal pure returns (Machine memory m) {
        if (state.length != SIZE) revert IStep.RiscVStep_StateLength(state.length);
        m.memoryRoot = bytes32(state[0:32]);
        m.boot = bytes32(state[32:64]);
        m.output = bytes32(state[64:96]);
        m.key = bytes32(state[96:128]);
        m.kind = uint8(state[128]);
        m.offset = uint32(bytes4(state[129:133]));
        m.pc = uint32(bytes4(state[133:137]));
        m.exited = uint8(state[137]);
        m.code = uint8(state[138]);
        uint32[32] memory x = m.x;
        assembly ("memory-safe") {
            let from := add(state.offset, REGISTERS)
            for { let i := 0 } lt(i, 31) { i := add(i, 1) } {
                mstore(add(x, shl(5, add(i, 1))), shr(224, calldataload(add(from, shl(2, i)))))
            }
        }
    }

    /// @notice The inverse of `decode`.
    function encode(Machine memory m) internal pure returns (bytes memory) {
        bytes memory roots = abi.encodePacked(m.memoryRoot, m.boot, m.output, m.key);
        // A register is written as the first 4 bytes of a word, whose other 28 the next one overwrites; the last needs the room.
        bytes memory registers = new bytes(REGISTERS_SIZE + 28);
        uint32[32] memory x = m.x;
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, 31) { i := add(i, 1) } {
                mstore(add(add(registers, 0x20), shl(2, i)), shl(224, mload(add(x, shl(5, add(i, 1))))))
            }
            mstore(registers, REGISTERS_SIZE)
        }
        return abi.encodePacked(roots, m.kind, m.offset, m.pc, m.exited, m.code, registers);
    }

    /// @notice What the game calls this state.
    function hash(Machine memory m) internal pure returns (bytes32) {
        return Hashing.state(m.encode());
    }

    /// @notice Ends the run because of an instruction that cannot be executed.
    function trap(Machine memory m) internal pure {
        m.exited = 1;
        m.code = TRAPPED;
    }

    /// @notice Writes a register and goes to the next instruction. Register 0 stays zero.
    function finish(Machine memory m, uint32 register, uint32 value) internal pure {
        if (register != 0) m.x[register] = value;
        m.next();
    }

    /// @notice Goes to the next instruction.
    function next(Machine memory m) internal pure {
        unchecked {
            m.pc += 4;
        }
    }
}
