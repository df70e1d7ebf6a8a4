// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice What L1 records of one batch (docs/spec/batch.md).
struct BatchHeader {
    uint8 version;
    uint8 daType;
    uint64 index;
    bytes32 prevAcc;
    bytes32 daHash;
    uint64 qStart;
    uint64 qEnd;
    bytes32 queueAcc;
    uint64 firstBlock;
    uint32 blockCount;
    uint64 l1Block;
    uint64 l1Time;
}

/// @notice Where the payload of a batch lies.
library DaType {
    uint8 internal constant NONE = 0;
    uint8 internal constant CALLDATA = 1;
    uint8 internal constant BLOBS = 2;
    uint8 internal constant COMMITTEE = 3;
    /// @dev A flag beside the place: the payload has no signatures, and counts once a proof has shown them (docs/spec/signatures.md).
    uint8 internal constant UNSIGNED = 0x10;
}
