// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Inbox} from "../../src/Inbox.sol";
import {IInbox} from "../../src/interfaces/IInbox.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {BatchHeader} from "../../src/types/Batch.sol";
import {QueueMessage} from "../../src/types/Queue.sol";
import {Deployment} from "../utils/Deployment.sol";
import {Vm, vm} from "../utils/Vm.sol";

/// @notice Users and batchers of all kinds, driven at random; keeps the logs, as a node would.
contract InboxActors is Deployment {
    QueueMessage[] private _messages;
    BatchHeader[] private _headers;
    /// @dev A batch was accepted that left an overdue message out.
    bool public leftOverdue;

    constructor() {
        vm.recordLogs();
        super.setUp();
        _read();
    }

    function setUp() public override {}

    function theInbox() external view returns (Inbox) {
        return inbox;
    }

    function messages() external view returns (QueueMessage[] memory) {
        return _messages;
    }

    function headers() external view returns (BatchHeader[] memory) {
        return _headers;
    }

    function deposit(uint64 value) external {
        vm.deal(alice, value);
        vm.prank(alice, alice);
        portal.depositTransaction{value: value}(bob, value, 100_000, false, "");
        _read();
    }

    function force(bytes calldata raw) external {
        if (raw.length == 0 || raw.length > 1_000) return;
        portal.forceTransaction(100_000, raw);
        _read();
    }

    function configure(uint32 scalar) external {
        vm.prank(address(timelock));
        config.setGasConfigEcotone(scalar, scalar);
        _read();
    }

    function refresh() external {
        try inbox.refreshL1Info() {} catch {}
        _read();
    }

    function post(bool asBatcher, uint256 take, uint32 blocks) external {
        uint64 consumed = inbox.consumed();
        uint64 qEnd = uint64(_bound(take, consumed, inbox.queueCount()));
        bytes32 head = inbox.acc(inbox.batchCount());
        bytes32 queue = inbox.queueAcc(qEnd);
        vm.prank(asBatcher ? batcher : alice);
        try inbox.postBatch(1, head, qEnd, queue, uint32(_bound(blocks, 1, 30)), "") {
            for (uint64 i = qEnd; i < inbox.queueCount(); ++i) {
                if (block.timestamp > inbox.enqueuedAt(i) + FORCE_DELAY) leftOverdue = true;
            }
        } catch {}
        _read();
    }

    function forceInclude() external {
        try inbox.forceInclude() {} catch {}
        _read();
    }

    function wait_(uint256 time) external {
        _skip(_bound(time, 1, 16 hours));
    }

    function _read() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IInbox.MessageEnqueued.selector) _readMessage(logs[i]);
            if (logs[i].topics[0] == IInbox.BatchPosted.selector) {
                (, BatchHeader memory h,) = abi.decode(logs[i].data, (bytes32, BatchHeader, bytes));
                _headers.push(h);
            }
        }
    }

    function _readMessage(Vm.Log memory log) private {
        (address to, uint256 value, uint64 gas, uint64 l1Block, uint64 l1Time, bytes memory data) =
            abi.decode(log.data, (address, uint256, uint64, uint64, uint64, bytes));
        _messages.push(
            QueueMessage({
                kind: uint8(uint256(log.topics[2])),
                from: address(uint160(uint256(log.topics[3]))),
                to: to,
                value: value,
                gas: gas,
                dataHash: keccak256(data),
                l1Block: l1Block,
                l1Time: l1Time,
                index: uint64(uint256(log.topics[1]))
            })
        );
    }
}

/// @notice Invariants 31 and 33: nothing overdue is left out; order kept, nothing skipped or taken twice, all of it in the logs.
/// forge-config: default.invariant.fail-on-revert = true
contract InboxInvariants is Deployment {
    InboxActors private _actors;
    Inbox private _inbox;

    function setUp() public override {
        vm.warp(START);
        vm.roll(100);
        _actors = new InboxActors();
        _inbox = _actors.theInbox();
        bytes4[] memory selectors = new bytes4[](7);
        selectors[0] = InboxActors.deposit.selector;
        selectors[1] = InboxActors.force.selector;
        selectors[2] = InboxActors.configure.selector;
        selectors[3] = InboxActors.refresh.selector;
        selectors[4] = InboxActors.post.selector;
        selectors[5] = InboxActors.forceInclude.selector;
        selectors[6] = InboxActors.wait_.selector;
        _target(address(_actors), selectors);
    }

    function invariant_31_anOverdueMessageIsInTheNextBatch() public view {
        vm.assertFalse(_actors.leftOverdue());
    }

    function invariant_33_theLogsAreTheChains() public view {
        QueueMessage[] memory messages = _actors.messages();
        vm.assertEq(messages.length, _inbox.queueCount());
        bytes32 queue = Hashing.queueGenesis(CHAIN_ID);
        for (uint256 i; i < messages.length; ++i) {
            vm.assertEq(uint256(messages[i].index), i);
            queue = Hashing.queueNext(queue, Hashing.message(messages[i]));
            vm.assertEq(_inbox.queueAcc(uint64(i + 1)), queue);
        }

        BatchHeader[] memory headers = _actors.headers();
        vm.assertEq(headers.length, _inbox.batchCount());
        bytes32 acc = Hashing.batchGenesis(CHAIN_ID);
        uint64 consumed;
        uint64 blocks;
        for (uint64 i; i < headers.length; ++i) {
            vm.assertEq(headers[i].prevAcc, acc);
            vm.assertEq(uint256(headers[i].qStart), consumed);
            vm.assertEq(headers[i].queueAcc, _inbox.queueAcc(headers[i].qEnd));
            vm.assertEq(uint256(headers[i].firstBlock), uint256(blocks) + 1);
            consumed = headers[i].qEnd;
            blocks += headers[i].blockCount;
            vm.assertLe(uint256(consumed) - headers[i].qStart, 24 * uint256(headers[i].blockCount));
            acc = Hashing.batchNext(acc, Hashing.header(headers[i]));
            vm.assertEq(_inbox.acc(i + 1), acc);
            vm.assertEq(uint256(_inbox.consumedUpTo(i + 1)), consumed);
            vm.assertEq(uint256(_inbox.blocksUpTo(i + 1)), blocks);
        }
        vm.assertEq(uint256(_inbox.consumed()), consumed);
    }
}

/// @notice Invariants 31, 32 and 34 in directed form.
contract InboxDirectedTest is Deployment {
    function _deposit() private {
        vm.prank(alice, alice);
        portal.depositTransaction{value: 1}(bob, 1, 100_000, false, "");
    }

    function test_31_postBatch_leavesOverdueOut_reverts() public {
        _deposit();
        _post(batcher, 1);
        _deposit();
        uint64 index = inbox.queueCount() - 1;
        vm.warp(block.timestamp + FORCE_DELAY + 1);
        bytes32 head = inbox.acc(1);
        bytes32 queue = inbox.queueAcc(index);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_Overdue.selector, index + 1));
        vm.prank(batcher);
        inbox.postBatch(1, head, index, queue, 1, "");
        _post(batcher, 1);
    }

    /// @dev No sequencer at all: with one L1 block every 12 seconds and somebody who calls `forceInclude` when it works, every message
    /// is consumed within forceDelay + forceGrace + one L1 block.
    function test_fuzz_32_everyMessageIsConsumedWithoutASequencer(uint32 seed) public {
        uint256 done;
        for (uint256 step; step < 60; ++step) {
            uint256 random = uint256(keccak256(abi.encode(seed, step)));
            if (step < 30) {
                for (uint256 i; i < random % 3; ++i) {
                    _deposit();
                }
            }
            vm.warp(block.timestamp + 12 * (1 + random % 500));
            vm.roll(block.number + 1);
            // The one honest outsider acts in every L1 block in which it can.
            uint64 oldest = inbox.consumed();
            while (oldest < inbox.queueCount()) {
                uint256 due = uint256(inbox.enqueuedAt(oldest)) + FORCE_DELAY + FORCE_GRACE + 1;
                if (due > block.timestamp) break;
                uint256 now_ = block.timestamp;
                vm.warp(due);
                vm.prank(bob);
                inbox.forceInclude();
                for (uint64 i = oldest; i < inbox.consumed(); ++i) {
                    vm.assertLe(block.timestamp - inbox.enqueuedAt(i), FORCE_DELAY + FORCE_GRACE + 12);
                    ++done;
                }
                vm.assertGt(inbox.consumed(), oldest);
                oldest = inbox.consumed();
                vm.warp(now_);
            }
        }
        vm.assertGt(done, 0);
    }

    function test_34_postBatch_onAReorganisedQueueOrHead_reverts() public {
        uint256 snapshot = vm.snapshotState();
        _deposit();
        uint64 qEnd = inbox.queueCount();
        bytes32 head = inbox.acc(0);
        bytes32 queue = inbox.queueAcc(qEnd);
        // Another branch of L1: the same number of messages, other content.
        vm.revertToState(snapshot);
        vm.prank(bob, bob);
        portal.depositTransaction{value: 2}(bob, 2, 100_000, false, "");
        vm.assertEq(uint256(inbox.queueCount()), qEnd);
        bytes32 actual = inbox.queueAcc(qEnd);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_WrongQueueAcc.selector, actual));
        vm.prank(batcher);
        inbox.postBatch(1, head, qEnd, queue, 1, "");

        // Another batch took the place.
        _post(batcher, 2);
        bytes32 newHead = inbox.acc(1);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_WrongHead.selector, newHead));
        vm.prank(batcher);
        inbox.postBatch(1, head, qEnd, actual, 1, "");
    }
}
