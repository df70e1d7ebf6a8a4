// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice What a member of a data committee signs: it holds this payload and serves it until `expiry` (docs/spec/committee.md).
///
/// Chain and inbox are in the EIP-712 domain. `prevAcc` is the inbox's accumulator that the batch is posted on.
struct Certificate {
    uint64 batchIndex;
    bytes32 prevAcc;
    bytes32 payloadHash;
    uint32 payloadLength;
    uint64 epoch;
    uint64 expiry;
}

/// @notice One signature of several members of a BLS epoch over one certificate: the sum of theirs. Of a single member it is its own.
struct BlsSignature {
    /// @dev Bit `i` for the member with index `i`.
    uint256 signers;
    /// @dev A point of G1, `x ‖ y`, 48 bytes each.
    bytes signature;
}
