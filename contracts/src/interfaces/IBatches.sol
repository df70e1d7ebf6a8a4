// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice The batches that claims are about.
///
/// The inbox itself where data lie on L1: what is posted is decided. Where a committee holds the data it is `SealedInbox`, which has
/// a batch only once it is decided whether the batch counts.
interface IBatches {
    /// @notice The batch chain after `n` batches; zero if there are fewer.
    function acc(uint64 n) external view returns (bytes32);

    /// @notice Number of batches.
    function batchCount() external view returns (uint64);

    /// @notice Number of L2 blocks in the first `n` batches: the number of the last block of batch `n - 1`.
    function blocksUpTo(uint64 n) external view returns (uint64);

    /// @notice Number of messages consumed by the first `n` batches.
    function consumedUpTo(uint64 n) external view returns (uint64);

    /// @notice Chain id of the L2 that this inbox serves.
    function l2ChainId() external view returns (uint64);

    /// @notice Blocks between two entries of a claim.
    function span() external view returns (uint32);
}
