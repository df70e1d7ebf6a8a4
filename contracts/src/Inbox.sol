// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBatches} from "./interfaces/IBatches.sol";
import {IDataAvailability} from "./interfaces/IDataAvailability.sol";
import {IInbox} from "./interfaces/IInbox.sol";
import {IPauseController, Pausable} from "./interfaces/IPauseController.sol";
import {ISystemConfig} from "./interfaces/ISystemConfig.sol";
import {Constants} from "./libraries/Constants.sol";
import {Hashing} from "./libraries/Hashing.sol";
import {BatchHeader, DaType} from "./types/Batch.sol";
import {MessageKind, QueueMessage} from "./types/Queue.sol";

/// @notice What L1 tells L2, in order: the queue chain and the batch chain.
contract Inbox is IInbox {
    /// @notice Everything that is fixed for the life of an inbox.
    struct Parameters {
        address portal;
        address systemConfig;
        address pauseController;
        address calldataDa;
        address blobDa;
        address committeeDa; // zero: daType 3 is refused
        uint64 l2ChainId;
        uint32 span;
        uint64 forceDelay;
        uint64 forceGrace;
        uint64 permissionlessDelay;
        bool unsignedBatches;
    }

    /// @dev One slot, so that a batch or a message writes its counters once.
    struct Counters {
        uint64 queue;
        uint64 batches;
        uint64 consumed;
        uint64 batcherSeenAt;
    }

    struct Progress {
        uint64 blocks;
        uint64 consumed;
    }

    address public immutable portal;
    address public immutable systemConfig;
    address public immutable pauseController;
    address public immutable calldataDa;
    address public immutable blobDa;
    /// @inheritdoc IInbox
    address public immutable committeeDa;
    /// @inheritdoc IBatches
    uint64 public immutable l2ChainId;
    /// @inheritdoc IBatches
    uint32 public immutable span;
    uint64 public immutable forceDelay;
    uint64 public immutable forceGrace;
    uint64 public immutable permissionlessDelay;
    /// @inheritdoc IInbox
    bool public immutable unsignedBatches;

    Counters private _counters;
    /// @dev L1 block of the last `refreshL1Info`.
    uint256 private _refreshedAt;
    /// @inheritdoc IBatches
    mapping(uint64 n => bytes32) public acc;
    /// @inheritdoc IInbox
    mapping(uint64 n => bytes32) public queueAcc;
    mapping(uint64 n => Progress) private _progress;
    /// @inheritdoc IInbox
    /// @dev A slot for each message: were several packed, the first of a slot would pay 17,100 gas more than its sender's estimate said.
    mapping(uint64 i => uint64) public enqueuedAt;

    constructor(Parameters memory p) {
        if (p.portal == address(0)) revert Inbox_BadParameter("portal");
        if (p.systemConfig == address(0)) revert Inbox_BadParameter("systemConfig");
        if (p.pauseController == address(0)) revert Inbox_BadParameter("pauseController");
        if (p.calldataDa == address(0)) revert Inbox_BadParameter("calldataDa");
        if (p.blobDa == address(0)) revert Inbox_BadParameter("blobDa");
        if (p.l2ChainId == 0) revert Inbox_BadParameter("l2ChainId");
        if (p.span == 0 || p.span > type(uint32).max / Constants.CLAIM_ENTRIES) revert Inbox_BadParameter("span");
        if (p.forceDelay == 0) revert Inbox_BadParameter("forceDelay");
        if (p.permissionlessDelay <= uint256(p.forceDelay) + p.forceGrace) {
            revert Inbox_BadParameter("permissionlessDelay");
        }
        // Deployed before: it bounds the gas of a span and answers tools that ask for the chain.
        ISystemConfig config = ISystemConfig(p.systemConfig);
        if (config.inbox() != address(this)) revert Inbox_BadParameter("systemConfig");
        if (config.l2ChainId() != p.l2ChainId) revert Inbox_BadParameter("l2ChainId");
        if (config.span() != p.span) revert Inbox_BadParameter("span");
        portal = p.portal;
        systemConfig = p.systemConfig;
        pauseController = p.pauseController;
        calldataDa = p.calldataDa;
        blobDa = p.blobDa;
        committeeDa = p.committeeDa;
        l2ChainId = p.l2ChainId;
        span = p.span;
        forceDelay = p.forceDelay;
        forceGrace = p.forceGrace;
        permissionlessDelay = p.permissionlessDelay;
        unsignedBatches = p.unsignedBatches;

        acc[0] = Hashing.batchGenesis(p.l2ChainId);
        queueAcc[0] = Hashing.queueGenesis(p.l2ChainId);
        _counters.batcherSeenAt = uint64(block.timestamp);
        _enqueueL1Info();
    }

    /// @inheritdoc IInbox
    function enqueue(uint8 kind, address from, address to, uint256 value, uint64 gas, bytes calldata data)
        external
        returns (uint64 index)
    {
        bool allowed = (msg.sender == portal && kind <= MessageKind.FORCED)
            || (msg.sender == systemConfig && kind == MessageKind.CONFIG);
        if (!allowed) revert Inbox_NotEnqueuer(msg.sender, kind);
        return _enqueue(kind, from, to, value, gas, data);
    }

    /// @inheritdoc IInbox
    function postBatch(
        uint8 daType,
        bytes32 prevAcc,
        uint64 qEnd,
        bytes32 queueAccEnd,
        uint32 blockCount,
        bytes calldata aux
    ) external {
        if (IPauseController(pauseController).paused(Pausable.Post)) revert Inbox_Paused();
        Counters memory c = _counters;
        bool fromBatcher = msg.sender == batcher();
        if (!fromBatcher && !_permissionlessOpen(c)) revert Inbox_NotBatcher(msg.sender);

        // Both accumulators: a batch built on an L1 that was reorganised away reverts (invariant 34).
        if (prevAcc != acc[c.batches]) revert Inbox_WrongHead(acc[c.batches]);
        if (qEnd < c.consumed || qEnd > c.queue) revert Inbox_QueueRange(c.consumed, qEnd, c.queue);
        if (queueAccEnd != queueAcc[qEnd]) revert Inbox_WrongQueueAcc(queueAcc[qEnd]);
        // Times never fall along the queue: nothing is overdue past `qEnd` unless its first message is (invariant 31).
        if (qEnd < c.queue && _overdue(qEnd)) revert Inbox_Overdue(_dueIndex(c));
        if (
            blockCount == 0 || blockCount > _blocksMax()
                || qEnd - c.consumed > Constants.MESSAGES_PER_BLOCK_MAX * blockCount
        ) revert Inbox_BlockCount(blockCount);

        bytes32 daHash = _dataAvailability(daType, fromBatcher).commit(aux);
        // Zero stands for "permissionless until the batcher posts again".
        _append(daType, daHash, qEnd, blockCount, fromBatcher ? block.timestamp : 0, aux);
    }

    /// @inheritdoc IInbox
    function forceInclude() external {
        Counters memory c = _counters;
        if (c.consumed == c.queue) revert Inbox_NothingToForce(type(uint256).max);
        uint256 dueAt = uint256(enqueuedAt[c.consumed]) + forceDelay + forceGrace;
        if (block.timestamp <= dueAt) revert Inbox_NothingToForce(dueAt + 1);

        uint256 count = _dueIndex(c) - c.consumed;
        uint256 most = Constants.MESSAGES_PER_BLOCK_MAX * _blocksMax();
        if (count > most) count = most;
        uint256 blocks = (count + Constants.MESSAGES_PER_BLOCK_MAX - 1) / Constants.MESSAGES_PER_BLOCK_MAX;
        _append(DaType.NONE, 0, uint64(c.consumed + count), uint32(blocks), c.batcherSeenAt, msg.data[:0]);
    }

    /// @inheritdoc IInbox
    function refreshL1Info() external {
        if (_refreshedAt == block.number) revert Inbox_RefreshedAlready();
        _refreshedAt = block.number;
        _enqueueL1Info();
    }

    /// @inheritdoc IBatches
    function batchCount() external view returns (uint64) {
        return _counters.batches;
    }

    /// @inheritdoc IInbox
    function queueCount() external view returns (uint64) {
        return _counters.queue;
    }

    /// @inheritdoc IInbox
    function consumed() external view returns (uint64) {
        return _counters.consumed;
    }

    /// @inheritdoc IBatches
    function blocksUpTo(uint64 n) external view returns (uint64) {
        return _progress[n].blocks;
    }

    /// @inheritdoc IBatches
    function consumedUpTo(uint64 n) external view returns (uint64) {
        return _progress[n].consumed;
    }

    /// @inheritdoc IInbox
    function dueIndex() external view returns (uint64) {
        return _dueIndex(_counters);
    }

    /// @inheritdoc IInbox
    function permissionlessOpen() external view returns (bool) {
        return _permissionlessOpen(_counters);
    }

    /// @inheritdoc IInbox
    function batcher() public view returns (address) {
        return ISystemConfig(systemConfig).batcher();
    }

    function _append(
        uint8 daType,
        bytes32 daHash,
        uint64 qEnd,
        uint32 blockCount,
        uint256 batcherSeenAt,
        bytes calldata aux
    ) private {
        Counters memory c = _counters;
        uint64 blocks = _progress[c.batches].blocks;
        BatchHeader memory header = BatchHeader({
            version: Constants.VERSION,
            daType: daType,
            index: c.batches,
            prevAcc: acc[c.batches],
            daHash: daHash,
            qStart: c.consumed,
            qEnd: qEnd,
            queueAcc: queueAcc[qEnd],
            firstBlock: blocks + 1,
            blockCount: blockCount,
            l1Block: uint64(block.number),
            l1Time: uint64(block.timestamp)
        });
        bytes32 next = Hashing.batchNext(header.prevAcc, Hashing.header(header));
        acc[c.batches + 1] = next;
        _progress[c.batches + 1] = Progress({blocks: blocks + blockCount, consumed: qEnd});
        _counters =
            Counters({queue: c.queue, batches: c.batches + 1, consumed: qEnd, batcherSeenAt: uint64(batcherSeenAt)});
        emit BatchPosted(header.index, next, header, aux);
        _enqueueL1Info();
    }

    function _enqueueL1Info() private {
        bytes memory data = abi.encode(
            block.number,
            block.timestamp,
            block.basefee,
            block.blobbasefee,
            blockhash(block.number - 1),
            bytes32(block.prevrandao)
        );
        _enqueue(MessageKind.L1_INFO, address(0), address(0), 0, 0, data);
    }

    function _enqueue(uint8 kind, address from, address to, uint256 value, uint64 gas, bytes memory data)
        private
        returns (uint64 index)
    {
        index = _counters.queue;
        QueueMessage memory m = QueueMessage({
            kind: kind,
            from: from,
            to: to,
            value: value,
            gas: gas,
            dataHash: keccak256(data),
            l1Block: uint64(block.number),
            l1Time: uint64(block.timestamp),
            index: index
        });
        queueAcc[index + 1] = Hashing.queueNext(queueAcc[index], Hashing.message(m));
        enqueuedAt[index] = m.l1Time;
        _counters.queue = index + 1;
        emit MessageEnqueued(index, kind, from, to, value, gas, m.l1Block, m.l1Time, data);
    }

    function _dataAvailability(uint8 daType, bool fromBatcher) private view returns (IDataAvailability) {
        uint8 place = daType;
        if (unsignedBatches && daType & DaType.UNSIGNED != 0) {
            // Each may hold up the batches after it until its time is over.
            if (!fromBatcher) revert Inbox_SignaturesNeeded(msg.sender);
            place ^= DaType.UNSIGNED;
        }
        if (place == DaType.CALLDATA) return IDataAvailability(calldataDa);
        if (place == DaType.BLOBS) return IDataAvailability(blobDa);
        if (place == DaType.COMMITTEE && committeeDa != address(0)) return IDataAvailability(committeeDa);
        revert Inbox_UnknownDaType(daType);
    }

    function _permissionlessOpen(Counters memory c) private view returns (bool) {
        if (block.timestamp > uint256(c.batcherSeenAt) + permissionlessDelay) return true;
        return c.consumed < c.queue && block.timestamp > uint256(enqueuedAt[c.consumed]) + permissionlessDelay;
    }

    /// @dev The first message that is not overdue, by bisection: times never fall along the queue.
    function _dueIndex(Counters memory c) private view returns (uint64) {
        uint64 low = c.consumed;
        uint64 high = c.queue;
        while (low < high) {
            uint64 middle = low + (high - low) / 2;
            if (_overdue(middle)) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    function _overdue(uint64 i) private view returns (bool) {
        return block.timestamp > uint256(enqueuedAt[i]) + forceDelay;
    }

    function _blocksMax() private view returns (uint256) {
        return Constants.CLAIM_ENTRIES * span;
    }
}
