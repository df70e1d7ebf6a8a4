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

    function root(Leaf[] memory leaves) internal pure returns (bytes32) {
        return _node(leaves, DEPTH, 0);
    }

    /// @notice The leaf at `index` and its siblings from the bottom.
    function open(Leaf[] memory leaves, uint256 index) internal pure returns (bytes32[] memory opening) {
        opening = new bytes32[](DEPTH + 1);
        opening[0] = _node(leaves, 0, index);
        for (uint256 level; level < DEPTH; ++level) {
            opening[level + 1] = _node(leaves, level, (index >> level) ^ 1);
        }
    }

    /// @dev The node over the leaves `index * 2 ** level` and on.
    function _node(Leaf[] memory leaves, uint256 level, uint256 index) private pure returns (bytes32) {
        Leaf[] memory below = _below(leaves, level, index);
        if (below.length == 0) return _zero(level);
        if (level == 0) return below[0].value;
        bytes32 left = _node(below, level - 1, 2 * index);
        return keccak256(abi.encode(left, _node(below, level - 1, 2 * index + 1)));
    }

    function _below(Leaf[] memory leaves, uint256 level, uint256 index) private pure returns (Leaf[] memory below) {
        below = new Leaf[](leaves.length);
        uint256 count;
        for (uint256 i; i < leaves.length; ++i) {
            if (leaves[i].index >> level == index) below[count++] = leaves[i];
        }
        assembly ("memory-safe") {
            mstore(below, count)
        }
    }

    function _zero(uint256 level) private pure returns (bytes32 node) {
        for (uint256 i; i < level; ++i) {
            node = keccak256(abi.encode(node, node));
        }
    }
}
