// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStep} from "../interfaces/IStep.sol";
import {Machine} from "../types/Machine.sol";
import {MemoryTree} from "./MemoryTree.sol";

/// @notice What `ECALL` does: the machine's five ways to the world outside (docs/spec/fault-proof.md, section 2).
library Environment {
    uint32 private constant HALT = 0;
    uint32 private constant BOOT = 1;
    uint32 private constant SELECT = 2;
    uint32 private constant READ = 3;
    uint32 private constant OUTPUT = 4;

    uint8 private constant PREIMAGE = 1;
    uint8 private constant BLOB = 2;
    uint32 private constant BLOB_SIZE = 131_072;

    /// @dev The registers a0, a1 and a7.
    uint256 private constant A0 = 10;
    uint256 private constant A1 = 11;
    uint256 private constant A7 = 17;

    address private constant POINT_EVALUATION = address(0x0a);
    /// @dev Bytes of commitment, opening proof and element.
    uint256 private constant OPENING_SIZE = 128;
    /// @dev The field of a blob's elements, and its 4096th root of unity (EIP-4844).
    uint256 private constant MODULUS = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    uint256 private constant ROOT_OF_UNITY =
        39033254847818212395286706435128746857159659164139250548781411570340225835782;

    /// @notice Executes `ECALL`.
    function call(Machine memory m, bytes32[] calldata proof, bytes calldata aux) internal view {
        (uint32 number, uint32 a0) = (m.x[A7], m.x[A0]);
        if (number == HALT) return _halt(m, a0);
        if (number > OUTPUT || a0 & 31 != 0) return m.trap();
        if (number == SELECT && !_known(m.x[A1])) return m.trap();
        if (number == READ && !_known(m.kind)) return m.trap();

        uint256 index = a0 >> 5;
        bytes32 leaf = MemoryTree.open(m.memoryRoot, proof, 1, index);
        if (number == SELECT) _select(m, leaf, aux);
        else if (number == OUTPUT) m.output = leaf;
        else m.memoryRoot = MemoryTree.replace(number == BOOT ? m.boot : _read(m, aux), proof, 1, index);
        m.next();
    }

    function _halt(Machine memory m, uint32 code) private pure {
        m.exited = 1;
        m.code = uint8(code);
    }

    function _known(uint32 kind) private pure returns (bool) {
        return kind == PREIMAGE || kind == BLOB;
    }

    function _select(Machine memory m, bytes32 key, bytes calldata aux) private pure {
        m.key = key;
        m.kind = uint8(m.x[A1]);
        m.offset = 0;
        if (m.kind == PREIMAGE) _checkPreimage(key, aux);
        m.x[A0] = m.kind == PREIMAGE ? uint32(aux.length) : BLOB_SIZE;
    }

    /// @dev The next 32 bytes of what is selected.
    function _read(Machine memory m, bytes calldata aux) private view returns (bytes32 word) {
        uint256 offset = m.offset;
        if (m.kind == PREIMAGE) {
            _checkPreimage(m.key, aux);
            word = _slice(aux, offset);
        } else if (offset < BLOB_SIZE) {
            word = _element(m.key, offset / 32, aux);
        }
        unchecked {
            m.offset += 32;
        }
    }

    function _checkPreimage(bytes32 key, bytes calldata aux) private pure {
        if (keccak256(aux) != key) revert IStep.RiscVStep_WrongPreimage(key);
    }

    /// @dev 32 bytes from `offset`, zeros past the end.
    function _slice(bytes calldata data, uint256 offset) private pure returns (bytes32) {
        if (offset >= data.length) return 0;
        uint256 left = data.length - offset;
        bytes32 word;
        // Past its end calldata goes on with whatever follows: cut off below.
        assembly ("memory-safe") {
            word := calldataload(add(data.offset, offset))
        }
        return left >= 32 ? word : word & ~bytes32(type(uint256).max >> (left * 8));
    }

    /// @dev Field element `index` of a blob, which `aux` shows.
    function _element(bytes32 versionedHash, uint256 index, bytes calldata aux) private view returns (bytes32 element) {
        if (aux.length != OPENING_SIZE) revert IStep.RiscVStep_AuxLength(aux.length);
        element = bytes32(aux[96:128]);
        bytes memory input = abi.encodePacked(versionedHash, _point(index), element, aux[0:96]);
        (bool success, bytes memory answer) = POINT_EVALUATION.staticcall(input);
        // An L1 without the precompile would agree with everything, and answer with nothing.
        if (!success || answer.length == 0) revert IStep.RiscVStep_WrongElement(versionedHash, index);
    }

    /// @dev Where element `index` lies: `ROOT_OF_UNITY` to the power of the index with its 12 bits reversed.
    function _point(uint256 index) private pure returns (uint256 point) {
        point = 1;
        uint256 power = ROOT_OF_UNITY;
        for (uint256 bit = 12; bit > 0; --bit) {
            if ((index >> (bit - 1)) & 1 == 1) point = mulmod(point, power, MODULUS);
            power = mulmod(power, power, MODULUS);
        }
    }
}
