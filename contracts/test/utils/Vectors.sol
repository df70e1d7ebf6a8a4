// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Hashing} from "../../src/libraries/Hashing.sol";

/// @notice Proofs of a vector's entries.
library Vectors {
    /// @dev The siblings from entry `index` up to the root.
    function proof(bytes32[256] memory entries, uint256 index) internal pure returns (bytes32[] memory siblings) {
        siblings = new bytes32[](8);
        bytes32[] memory level = new bytes32[](256);
        for (uint256 i; i < 256; ++i) {
            level[i] = entries[i];
        }
        for (uint256 j; j < 8; ++j) {
            siblings[j] = level[(index >> j) ^ 1];
            for (uint256 i; i < uint256(128) >> j; ++i) {
                level[i] = keccak256(abi.encode(Hashing.DOMAIN_NODE, level[2 * i], level[2 * i + 1]));
            }
        }
    }
}
