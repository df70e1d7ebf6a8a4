// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

/// @notice Builds small tries of L2's state and storage, and the branches in them, node by node as the yellow paper says.
library StateTrie {
    /// @notice An account's encoding.
    function account(uint256 balance, bytes32 storageRoot) internal pure returns (bytes memory) {
        bytes[] memory fields = new bytes[](4);
        fields[0] = RLP.encode(uint256(7));
        fields[1] = RLP.encode(balance);
        fields[2] = RLP.encode(storageRoot);
        fields[3] = RLP.encode(keccak256(""));
        return RLP.encode(fields);
    }

    /// @notice The path of an account.
    function accountKey(address who) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(who));
    }

    /// @notice The path of an entry of the mapping in slot 0.
    function entryKey(address key) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(abi.encode(key, uint256(0)))));
    }

    /// @notice A trie with these values; the paths must differ in their first nibbles.
    function build(bytes32[] memory paths, bytes[] memory values)
        internal
        pure
        returns (bytes32 root, bytes[][] memory proofs)
    {
        bytes[] memory children = new bytes[](17);
        for (uint256 i; i < 17; ++i) {
            children[i] = hex"80";
        }
        proofs = new bytes[][](paths.length);
        for (uint256 i; i < paths.length; ++i) {
            uint256 nibble = uint8(paths[i][0]) >> 4;
            require(children[nibble].length == 1, "two paths with the same first nibble");
            proofs[i] = new bytes[](2);
            proofs[i][1] = _leaf(paths[i], values[i]);
            children[nibble] = RLP.encode(keccak256(proofs[i][1]));
        }
        bytes memory node = RLP.encode(children);
        for (uint256 i; i < paths.length; ++i) {
            proofs[i][0] = node;
        }
        root = keccak256(node);
    }

    /// @dev [0x3n ‖ the other 31 bytes of the path, value], n being the path's second nibble
    function _leaf(bytes32 path, bytes memory value) private pure returns (bytes memory) {
        bytes32 compact = (path & bytes32(~(uint256(0xf) << 252))) | bytes32(uint256(0x3) << 252);
        bytes[] memory fields = new bytes[](2);
        fields[0] = RLP.encode(abi.encodePacked(compact));
        fields[1] = RLP.encode(value);
        return RLP.encode(fields);
    }
}
