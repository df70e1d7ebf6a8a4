// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BatchHeader} from "../types/Batch.sol";
import {IBatches} from "./IBatches.sol";

/// @notice Everything that L1 tells L2, in order: the queue of messages and the chain of batches (docs/spec/queue.md, batch.md).
interface IInbox is IBatches {
    /// @notice The caller may not enqueue this kind of message.
    error Inbox_NotEnqueuer(address caller, uint8 kind);
    /// @notice The caller is not the batcher and permissionless posting is closed.
    error Inbox_NotBatcher(address caller);
    /// @notice Posting is paused; `forceInclude` is not.
    error Inbox_Paused();
    /// @notice The batch was built on another head: rebuild it on `head`.
    error Inbox_WrongHead(bytes32 head);
    /// @notice The batch was built on another queue: rebuild it with the queue as it is now.
    error Inbox_WrongQueueAcc(bytes32 expected);
    /// @notice `qEnd` is not between the messages consumed and the messages enqueued.
    error Inbox_QueueRange(uint64 qStart, uint64 qEnd, uint64 queueCount);
    /// @notice The batch leaves an overdue message out: consume at least up to `dueIndex`.
    error Inbox_Overdue(uint64 dueIndex);
    /// @notice The block count is zero, too large, or too small for the messages consumed.
    error Inbox_BlockCount(uint32 blockCount);
    /// @notice No data availability of this type is installed.
    error Inbox_UnknownDaType(uint8 daType);
    /// @notice Only the batcher posts batches without signatures: post this one with them.
    error Inbox_SignaturesNeeded(address caller);
    /// @notice Nothing is overdue for long enough: wait until `time`.
    error Inbox_NothingToForce(uint256 time);
    /// @notice L1 info was refreshed in this L1 block already.
    error Inbox_RefreshedAlready();
    /// @notice A constructor argument is zero or contradicts another.
    error Inbox_BadParameter(string name);

    event MessageEnqueued(
        uint64 indexed index,
        uint8 indexed kind,
        address indexed from,
        address to,
        uint256 value,
        uint64 gas,
        uint64 l1Block,
        uint64 l1Time,
        bytes data
    );
    event BatchPosted(uint64 indexed index, bytes32 acc, BatchHeader header, bytes aux);

    /// @notice Appends a message to the queue. Only the portal (deposits, forced transactions) and the system config (config) may.
    function enqueue(uint8 kind, address from, address to, uint256 value, uint64 gas, bytes calldata data)
        external
        returns (uint64 index);

    /// @notice Appends a batch.
    /// @param daType Where its payload lies; with the flag `DaType.UNSIGNED`, the batcher's only, a payload without signatures.
    function postBatch(
        uint8 daType,
        bytes32 prevAcc,
        uint64 qEnd,
        bytes32 queueAccEnd,
        uint32 blockCount,
        bytes calldata aux
    ) external;

    /// @notice Appends a batch without payload that consumes the overdue messages. Anybody may, once the oldest is older than
    /// `forceDelay + forceGrace`.
    function forceInclude() external;

    /// @notice Enqueues the L1 block's values. Anybody may, once a block.
    function refreshL1Info() external;

    /// @notice The queue chain after `n` messages; zero if there are fewer.
    function queueAcc(uint64 n) external view returns (bytes32);

    /// @notice Number of messages ever enqueued.
    function queueCount() external view returns (uint64);

    /// @notice Number of messages that batches have consumed.
    function consumed() external view returns (uint64);

    /// @notice The index after the last overdue message; `consumed()` if none is overdue.
    function dueIndex() external view returns (uint64);

    /// @notice L1 time at which message `i` was enqueued.
    function enqueuedAt(uint64 i) external view returns (uint64);

    /// @notice Whether anybody may post a batch now.
    function permissionlessOpen() external view returns (bool);

    /// @notice Whether batches without signatures are taken: then claims are about `SealedInbox`, which asks for a proof of them.
    function unsignedBatches() external view returns (bool);

    /// @notice Checks the certificates of batches whose data lie with a committee; zero: none are taken.
    function committeeDa() external view returns (address);

    /// @notice Who may post a batch at any time.
    function batcher() external view returns (address);
}
