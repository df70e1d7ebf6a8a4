// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice The machine's memory with a few leaves that are not zero, as a list; roots and openings of it, in the plainest way.
library Memory {
    uint256 private constant DEPTH = 27;

    struct Leaf {
        uint256 index;
        bytes32 value;
    }

    /// @notice Writes `value` at leaf `index`.
    function set(Leaf[] storage leaves, uint256 index, bytes32 value) internal {
        for (uint256 i; i < leaves.length; ++i) {
            if (leaves[i].index == index) {
                leaves[i].value = value;
                return;
            }
        }
        leaves.push(Leaf(index, value));
    }

    function get(Leaf[] storage leaves, uint256 index) internal view returns (bytes32) {
        for (uint256 i; i < leaves.length; ++i) {
            if (leaves[i].index == index) return leaves[i].value;
        }
        return 0;
    }

    function root(Leaf[] memory leaves) internal pure returns (bytes32 node) {
        (node,) = _climb(leaves, 0);
    }

    /// @notice The leaf at `index` and its siblings from the bottom.
    function open(Leaf[] memory leaves, uint256 index) internal pure returns (bytes32[] memory opening) {
        (, opening) = _climb(leaves, index);
    }

    /// @dev Level by level: the nodes that are not over zeros alone, and what stands beside the way up from leaf `index`.
    function _climb(Leaf[] memory leaves, uint256 index) private pure returns (bytes32, bytes32[] memory opening) {
        opening = new bytes32[](DEPTH + 1);
        Leaf[] memory nodes = leaves;
        bytes32 zero;
        opening[0] = _find(nodes, index, zero);
        for (uint256 level; level < DEPTH; ++level) {
            opening[level + 1] = _find(nodes, (index >> level) ^ 1, zero);
            nodes = _parents(nodes, zero);
            zero = _hash(zero, zero);
        }
        return (_find(nodes, 0, zero), opening);
    }

    function _parents(Leaf[] memory nodes, bytes32 zero) private pure returns (Leaf[] memory parents) {
        parents = new Leaf[](nodes.length);
        uint256 count;
        for (uint256 i; i < nodes.length; ++i) {
            uint256 left = nodes[i].index & ~uint256(1);
            // The right one of two makes no parent of its own.
            if (nodes[i].index != left && _has(nodes, left)) continue;
            parents[count++] = Leaf(left >> 1, _hash(_find(nodes, left, zero), _find(nodes, left + 1, zero)));
        }
        assembly ("memory-safe") {
            mstore(parents, count)
        }
    }

    function _has(Leaf[] memory nodes, uint256 index) private pure returns (bool) {
        for (uint256 i; i < nodes.length; ++i) {
            if (nodes[i].index == index) return true;
        }
        return false;
    }

    function _find(Leaf[] memory nodes, uint256 index, bytes32 otherwise) private pure returns (bytes32) {
        for (uint256 i; i < nodes.length; ++i) {
            if (nodes[i].index == index) return nodes[i].value;
        }
        return otherwise;
    }

    function _hash(bytes32 left, bytes32 right) private pure returns (bytes32 node) {
        assembly ("memory-safe") {
            mstore(0x00, left)
            mstore(0x20, right)
            node := keccak256(0x00, 0x40)
        }
    }
}
