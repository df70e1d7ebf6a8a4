// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice The state of the L2 after one block and where derivation stands (docs/spec/output.md).
struct Output {
    uint8 version;
    uint64 chainId;
    uint64 inboxIndex;
    uint32 blockInBatch;
    uint64 queueIndex;
    uint64 number;
    uint64 timestamp;
    bytes32 outputRoot;
}

/// @notice A claim about the L2: the id of its content.
type Claim is bytes32;

using {equals as ==, differs as !=} for Claim global;

function equals(Claim left, Claim right) pure returns (bool) {
    return Claim.unwrap(left) == Claim.unwrap(right);
}

function differs(Claim left, Claim right) pure returns (bool) {
    return Claim.unwrap(left) != Claim.unwrap(right);
}
