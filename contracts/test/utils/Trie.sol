// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Builds small storage tries of `L2ToL1MessagePasser` and the proofs in them, node by node as the yellow paper says.
library Trie {
    /// @notice The trie path of `sentMessages[withdrawalHash]`.
    function key(bytes32 withdrawalHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(abi.encode(withdrawalHash, uint256(0)))));
    }

    /// @notice A trie with this slot alone, set to `value` (1 to 127).
    function single(bytes32 withdrawalHash, bytes1 value) internal pure returns (bytes32 root, bytes[] memory proof) {
        proof = new bytes[](1);
        proof[0] = _leafAtRoot(key(withdrawalHash), value);
        root = keccak256(proof[0]);
    }

    /// @notice A trie with one slot for each first nibble: those of `hashes`, which must differ there.
    function branch(bytes32[] memory hashes)
        internal
        pure
        returns (bytes32 root, bytes memory node, bytes[] memory leaves)
    {
        leaves = new bytes[](hashes.length);
        bytes[16] memory children;
        for (uint256 i; i < 16; ++i) {
            children[i] = hex"80";
        }
        for (uint256 i; i < hashes.length; ++i) {
            bytes32 path = key(hashes[i]);
            leaves[i] = _leafBelowBranch(path, 0x01);
            uint256 nibble = uint8(path[0]) >> 4;
            require(children[nibble].length == 1, "two hashes with the same first nibble");
            children[nibble] = abi.encodePacked(hex"a0", keccak256(leaves[i]));
        }
        bytes memory payload;
        for (uint256 i; i < 16; ++i) {
            payload = bytes.concat(payload, children[i]);
        }
        payload = bytes.concat(payload, hex"80");
        node = payload.length < 56
            ? bytes.concat(bytes1(uint8(0xc0 + payload.length)), payload)
            : payload.length < 256
                ? bytes.concat(bytes1(0xf8), bytes1(uint8(payload.length)), payload)
                : bytes.concat(bytes1(0xf9), bytes2(uint16(payload.length)), payload);
        root = keccak256(node);
    }

    /// @notice The proof of a leaf of `branch`.
    function proofOf(bytes memory node, bytes memory leaf) internal pure returns (bytes[] memory proof) {
        proof = new bytes[](2);
        proof[0] = node;
        proof[1] = leaf;
    }

    /// @dev [0x20 ‖ 32 bytes of path, value]
    function _leafAtRoot(bytes32 path, bytes1 value) private pure returns (bytes memory) {
        return abi.encodePacked(hex"e3a120", path, value);
    }

    /// @dev [0x3n ‖ the other 31 bytes of path, value], n being the path's second nibble
    function _leafBelowBranch(bytes32 path, bytes1 value) private pure returns (bytes memory) {
        bytes32 compact = (path & bytes32(~(uint256(0xf) << 252))) | bytes32(uint256(0x3) << 252);
        return abi.encodePacked(hex"e2a0", compact, value);
    }
}
