// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";

/// @notice Reads L2's state by branches of its tries, and makes the smallest trie there is.
library StateProof {
    using Memory for bytes;
    using RLP for Memory.Slice;

    /// @notice The balance of `account` and the root of its storage under `stateRoot`.
    function account(bytes32 stateRoot, address account_, bytes[] calldata proof)
        internal
        pure
        returns (uint256 balance, bytes32 storageRoot)
    {
        bytes memory encoded = TrieProof.traverse(stateRoot, _path(abi.encodePacked(account_)), proof);
        // [nonce, balance, storageRoot, codeHash]
        Memory.Slice[] memory fields = encoded.asSlice().readList();
        return (fields[1].readUint256(), fields[2].readBytes32());
    }

    /// @notice The value of the mapping in slot 0 for the key `of_`, under `storageRoot`.
    function mappingEntry(bytes32 storageRoot, address of_, bytes[] calldata proof) internal pure returns (uint256) {
        bytes32 slot = keccak256(abi.encode(of_, uint256(0)));
        return TrieProof.traverse(storageRoot, _path(abi.encode(slot)), proof).asSlice().readUint256();
    }

    /// @notice A message passer's storage in which this withdrawal alone was sent: its root, and its one node as the proof.
    function sentAlone(bytes32 withdrawalHash) internal pure returns (bytes32 root, bytes[] memory proof) {
        bytes32 slot = keccak256(abi.encode(withdrawalHash, uint256(0)));
        proof = new bytes[](1);
        // A leaf at the root: [0x20 ‖ the path's 32 bytes, 1].
        proof[0] = abi.encodePacked(hex"e3a120", keccak256(abi.encode(slot)), hex"01");
        root = keccak256(proof[0]);
    }

    function _path(bytes memory key) private pure returns (bytes memory) {
        return abi.encodePacked(keccak256(key));
    }
}
