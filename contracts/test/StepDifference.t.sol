// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Emulator} from "./utils/Emulator.sol";
import {Memory} from "./utils/Memory.sol";

/// @notice Random instructions do in the contract what they do in the emulator of the tests.
contract StepDifferenceTest is Emulator {
    using Memory for Memory.Leaf[];

    function test_fuzz_step_equalsTheEmulator(uint256 seed) public {
        for (uint256 i; i < 8; ++i) {
            _check(uint256(keccak256(abi.encode(seed, i))));
        }
    }

    function _check(uint256 seed) private {
        _scatter(seed);
        _poke(state.pc, _instruction(uint64(seed)));
        Step memory step = _lay(_instruction(uint64(seed)), _dataAddress());
        step.aux = preimage;
        _advance();
        _expect(step, "emulator");
        (state.exited, state.code) = (0, 0);
    }

    /// @dev Registers with every kind of value, memory with something in it.
    function _scatter(uint256 seed) private {
        delete ram;
        uint32[8] memory edges = [uint32(0), 1, 2, 31, 0x7fffffff, 0x80000000, 0xffffffff, DATA];
        for (uint32 i = 1; i < 32; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, "register", i)));
            state.x[i] = random % 2 == 0 ? uint32(random >> 8) : edges[(random >> 8) % 8];
            if (random % 5 == 0) state.x[i] = DATA + uint32((random >> 40) % 32);
        }
        state.pc = seed % 64 == 0 ? uint32(seed >> 32) : uint32(seed >> 32) & ~uint32(3);
        state.kind = uint8(seed % 2);
        preimage = abi.encodePacked(seed, seed, "tail");
        state.key = keccak256(preimage);
        state.offset = uint32(seed >> 64) % 128;
        for (uint256 i; i < 3; ++i) {
            ram.set((DATA >> 5) + i, keccak256(abi.encode(seed, "leaf", i)));
        }
    }

    /// @dev Mostly encodings that exist: those that do not are easy.
    function _instruction(uint64 random) private returns (uint32) {
        bytes memory opcodes = hex"33333313130303232363636f67371773";
        uint32 opcode = uint8(opcodes[(random >> 32) % opcodes.length]);
        if (opcode == 0x73) {
            state.x[17] = uint32(random >> 36) % 6;
            state.x[10] = DATA + 32 * (uint32(random >> 40) % 3);
            state.x[11] = 1;
            ram.set(state.x[10] >> 5, keccak256(preimage));
            return 0x73;
        }
        uint32 instruction = (uint32(random) & ~uint32(127)) | opcode;
        // Half of the registers' and shifts' encodings have one of the three known upper fields.
        bool coded = opcode == 0x33 || (opcode == 0x13 && (instruction >> 12) % 4 == 1);
        if (!coded || random >> 63 == 0) return instruction;
        uint32[3] memory upper = [uint32(0), 1, 0x20];
        return (instruction & 0x1ffffff) | (upper[(random >> 48) % 3] << 25);
    }
}
