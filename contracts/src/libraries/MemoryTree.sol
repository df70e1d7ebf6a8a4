// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStep} from "../interfaces/IStep.sol";

/// @notice The machine's memory as a Merkle tree of depth 27 over leaves of 32 bytes; an inner node is `keccak256(left ‖ right)`.
///
/// A proof is a list of openings; each has 28 words: the leaf and its siblings from the bottom.
library MemoryTree {
    uint256 private constant DEPTH = 27;
    uint256 private constant WORDS = 28;

    /// @notice The leaf that opening `which` of `proof` shows at `index`.
    function open(bytes32 root, bytes32[] calldata proof, uint256 which, uint256 index)
        internal
        pure
        returns (bytes32 leaf)
    {
        uint256 needed = (which + 1) * WORDS;
        if (proof.length < needed) revert IStep.RiscVStep_ProofLength(proof.length, needed);
        leaf = proof[which * WORDS];
        if (replace(leaf, proof, which, index) != root) revert IStep.RiscVStep_WrongOpening(which, index);
    }

    /// @notice The root with `leaf` in the place of the leaf at `index`, which opening `which` was checked for.
    function replace(bytes32 leaf, bytes32[] calldata proof, uint256 which, uint256 index)
        internal
        pure
        returns (bytes32 node)
    {
        node = leaf;
        uint256 first = which * WORDS + 1;
        assembly ("memory-safe") {
            let sibling := add(proof.offset, shl(5, first))
            for { let level := 0 } lt(level, DEPTH) { level := add(level, 1) } {
                // The node goes left (0x00) if its bit of the index is 0, right (0x20) otherwise.
                let side := shl(5, and(shr(level, index), 1))
                mstore(side, node)
                mstore(xor(side, 0x20), calldataload(add(sibling, shl(5, level))))
                node := keccak256(0x00, 0x40)
            }
        }
    }
}
