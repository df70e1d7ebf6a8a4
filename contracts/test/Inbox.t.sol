// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Inbox} from "../src/Inbox.sol";
import {BlobDa} from "../src/da/BlobDa.sol";
import {CalldataDa} from "../src/da/CalldataDa.sol";
import {IDataAvailability} from "../src/interfaces/IDataAvailability.sol";
import {IInbox} from "../src/interfaces/IInbox.sol";
import {Pausable} from "../src/interfaces/IPauseController.sol";
import {ISystemConfig} from "../src/interfaces/ISystemConfig.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {BatchHeader} from "../src/types/Batch.sol";
import {QueueMessage} from "../src/types/Queue.sol";
import {Deployment} from "./utils/Deployment.sol";
import {vm} from "./utils/Vm.sol";

contract InboxTest is Deployment {
    function _deposit() private {
        vm.prank(alice, alice);
        portal.depositTransaction{value: 1 ether}(bob, 1 ether, 100_000, false, "");
    }

    function _postAs(address who, bytes32 prevAcc, uint64 qEnd, bytes32 queueAcc, uint32 blocks) private {
        vm.prank(who);
        inbox.postBatch(1, prevAcc, qEnd, queueAcc, blocks, hex"0100");
    }

    // --- construction ---

    function test_constructor_enqueuesL1Info() public view {
        vm.assertEq(uint256(inbox.queueCount()), 1);
        vm.assertEq(inbox.acc(0), Hashing.batchGenesis(CHAIN_ID));
        vm.assertEq(inbox.queueAcc(0), Hashing.queueGenesis(CHAIN_ID));
        vm.assertEq(uint256(inbox.enqueuedAt(0)), START);
    }

    function test_constructor_badParameter_reverts() public {
        Inbox.Parameters memory p = _inboxParameters();
        p.portal = address(0);
        _expectBad("portal", p);
        p = _inboxParameters();
        p.systemConfig = address(0);
        _expectBad("systemConfig", p);
        p = _inboxParameters();
        p.pauseController = address(0);
        _expectBad("pauseController", p);
        p = _inboxParameters();
        p.calldataDa = address(0);
        _expectBad("calldataDa", p);
        p = _inboxParameters();
        p.blobDa = address(0);
        _expectBad("blobDa", p);
        p = _inboxParameters();
        p.l2ChainId = 0;
        _expectBad("l2ChainId", p);
        p = _inboxParameters();
        p.span = 0;
        _expectBad("span", p);
        p = _inboxParameters();
        p.span = type(uint32).max;
        _expectBad("span", p);
        p = _inboxParameters();
        p.forceDelay = 0;
        _expectBad("forceDelay", p);
        p = _inboxParameters();
        p.permissionlessDelay = p.forceDelay + p.forceGrace;
        _expectBad("permissionlessDelay", p);
    }

    function test_constructor_disagreesWithSystemConfig_reverts() public {
        Inbox.Parameters memory p = _inboxParameters();
        // The config names the inbox of the deployment, and this is another.
        _expectBad("systemConfig", p);
        p.l2ChainId += 1;
        _nameTheNext();
        _expectBad("l2ChainId", p);
        p = _inboxParameters();
        p.span = 1;
        _nameTheNext();
        _expectBad("span", p);
        _nameTheNext();
        vm.assertEq(uint256(new Inbox(_inboxParameters()).span()), SPAN);
    }

    /// @dev Makes the config name the next contract that this one creates.
    function _nameTheNext() private {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.mockCall(address(config), abi.encodeCall(ISystemConfig.inbox, ()), abi.encode(next));
    }

    function _expectBad(string memory name, Inbox.Parameters memory p) private {
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_BadParameter.selector, name));
        new Inbox(p);
    }

    // --- queue ---

    function test_enqueue_stranger_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_NotEnqueuer.selector, alice, 0));
        vm.prank(alice);
        inbox.enqueue(0, alice, alice, 0, 21_000, "");
    }

    function test_enqueue_configFromPortal_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_NotEnqueuer.selector, address(portal), 3));
        vm.prank(address(portal));
        inbox.enqueue(3, address(0), address(0), 0, 0, "");
    }

    function test_enqueue_l1InfoFromPortal_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_NotEnqueuer.selector, address(portal), 2));
        vm.prank(address(portal));
        inbox.enqueue(2, address(0), address(0), 0, 0, "");
    }

    function test_enqueue_depositFromSystemConfig_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_NotEnqueuer.selector, address(config), 0));
        vm.prank(address(config));
        inbox.enqueue(0, address(0), address(0), 1 ether, 0, "");
    }

    function test_fuzz_enqueue_chainsTheMessage(address from, address to, uint256 value, uint64 gas, bytes memory data)
        public
    {
        bytes32 before = inbox.queueAcc(1);
        QueueMessage memory m = QueueMessage({
            kind: 0,
            from: from,
            to: to,
            value: value,
            gas: gas,
            dataHash: keccak256(data),
            l1Block: uint64(block.number),
            l1Time: uint64(block.timestamp),
            index: 1
        });
        vm.expectEmit(true, true, true, true, address(inbox));
        emit IInbox.MessageEnqueued(1, 0, from, to, value, gas, m.l1Block, m.l1Time, data);
        vm.prank(address(portal));
        vm.assertEq(uint256(inbox.enqueue(0, from, to, value, gas, data)), 1);
        vm.assertEq(inbox.queueAcc(2), Hashing.queueNext(before, Hashing.message(m)));
    }

    function test_refreshL1Info_carriesTheBlock() public {
        _skip(12);
        vm.fee(7 gwei);
        vm.blobBaseFee(1 gwei);
        vm.assertGt(block.blobbasefee, 1);
        vm.prevrandao(bytes32(uint256(99)));
        vm.setBlockhash(block.number - 1, keccak256("parent"));
        bytes memory data = abi.encode(
            uint64(block.number),
            uint64(block.timestamp),
            uint256(7 gwei),
            block.blobbasefee,
            keccak256("parent"),
            uint256(99)
        );
        vm.expectEmit(true, true, true, true, address(inbox));
        emit IInbox.MessageEnqueued(
            1, 2, address(0), address(0), 0, 0, uint64(block.number), uint64(block.timestamp), data
        );
        inbox.refreshL1Info();
    }

    function test_refreshL1Info_twiceInABlock_reverts() public {
        inbox.refreshL1Info();
        vm.expectRevert(IInbox.Inbox_RefreshedAlready.selector);
        inbox.refreshL1Info();
    }

    function test_fuzz_enqueuedAt_isKeptForEach(uint8 count, uint32 seed) public {
        uint64[] memory times = new uint64[](uint256(count) + 1);
        times[0] = START;
        for (uint256 i = 1; i <= count; ++i) {
            _skip(uint256(keccak256(abi.encode(seed, i))) % 1000);
            times[i] = uint64(block.timestamp);
            inbox.refreshL1Info();
        }
        for (uint64 i; i <= count; ++i) {
            vm.assertEq(uint256(inbox.enqueuedAt(i)), times[i]);
        }
    }

    // --- posting ---

    function test_postBatch_chainsTheHeader() public {
        _deposit();
        BatchHeader memory h = BatchHeader({
            version: 1,
            daType: 1,
            index: 0,
            prevAcc: inbox.acc(0),
            daHash: keccak256(hex"0100"),
            qStart: 0,
            qEnd: 2,
            queueAcc: inbox.queueAcc(2),
            firstBlock: 1,
            blockCount: 3,
            l1Block: uint64(block.number),
            l1Time: uint64(block.timestamp)
        });
        bytes32 next = Hashing.batchNext(h.prevAcc, Hashing.header(h));
        vm.expectEmit(true, true, true, true, address(inbox));
        emit IInbox.BatchPosted(0, next, h, hex"0100");
        _post(batcher, 3);
        vm.assertEq(inbox.acc(1), next);
        vm.assertEq(uint256(inbox.batchCount()), 1);
        vm.assertEq(uint256(inbox.consumed()), 2);
        vm.assertEq(uint256(inbox.blocksUpTo(1)), 3);
        vm.assertEq(uint256(inbox.consumedUpTo(1)), 2);
        // Its own L1 info.
        vm.assertEq(uint256(inbox.queueCount()), 3);
        _post(batcher, 2);
        vm.assertEq(uint256(inbox.blocksUpTo(2)), 5);
    }

    function test_postBatch_stranger_reverts() public {
        bytes32 head = inbox.acc(0);
        bytes32 queue = inbox.queueAcc(0);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_NotBatcher.selector, alice));
        _postAs(alice, head, 0, queue, 1);
    }

    function test_postBatch_paused_reverts() public {
        vm.prank(guardian);
        pauses.pause(Pausable.Post);
        bytes32 head = inbox.acc(0);
        bytes32 queue = inbox.queueAcc(0);
        vm.expectRevert(IInbox.Inbox_Paused.selector);
        _postAs(batcher, head, 0, queue, 1);
    }

    function test_postBatch_queueRange_reverts() public {
        _post(batcher, 1);
        bytes32 head = inbox.acc(1);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_QueueRange.selector, 1, 3, 2));
        _postAs(batcher, head, 3, 0, 1);
        bytes32 queue = inbox.queueAcc(0);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_QueueRange.selector, 1, 0, 2));
        _postAs(batcher, head, 0, queue, 1);
    }

    function test_postBatch_blockCount_reverts() public {
        bytes32 head = inbox.acc(0);
        bytes32 queue = inbox.queueAcc(1);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_BlockCount.selector, 0));
        _postAs(batcher, head, 1, queue, 0);
        uint32 most = 256 * SPAN;
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_BlockCount.selector, most + 1));
        _postAs(batcher, head, 1, queue, most + 1);
        _postAs(batcher, head, 1, queue, most);
    }

    function test_postBatch_tooManyMessagesForItsBlocks_reverts() public {
        for (uint256 i; i < 24; ++i) {
            _deposit();
        }
        bytes32 head = inbox.acc(0);
        bytes32 queue = inbox.queueAcc(25);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_BlockCount.selector, 1));
        _postAs(batcher, head, 25, queue, 1);
        _postAs(batcher, head, 25, queue, 2);
    }

    function test_postBatch_unknownDaType_reverts() public {
        bytes32 head = inbox.acc(0);
        bytes32 queue = inbox.queueAcc(0);
        // Without signatures, too: this chain takes none such.
        uint8[9] memory unknown = [0, 3, 4, 0x10, 0x11, 0x12, 0x13, 0x21, 0x81];
        for (uint256 i; i < unknown.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_UnknownDaType.selector, unknown[i]));
            vm.prank(batcher);
            inbox.postBatch(unknown[i], head, 0, queue, 1, "");
        }
    }

    function test_postBatch_committee_usesTheInstalledContract() public {
        Inbox.Parameters memory p = _inboxParameters();
        p.committeeDa = address(new CalldataDa());
        _nameTheNext();
        Inbox withCommittee = new Inbox(p);
        bytes32 head = withCommittee.acc(0);
        bytes32 queue = withCommittee.queueAcc(0);
        vm.expectCall(p.committeeDa, abi.encodeCall(IDataAvailability.commit, (hex"aa")));
        vm.prank(batcher);
        withCommittee.postBatch(3, head, 0, queue, 1, hex"aa");
    }

    function test_postBatch_nobodyLate_batchMayLeaveMessages() public {
        _deposit();
        bytes32 head = inbox.acc(0);
        bytes32 queue = inbox.queueAcc(0);
        _postAs(batcher, head, 0, queue, 1);
        vm.assertEq(uint256(inbox.consumed()), 0);
    }

    // --- permissionless posting ---

    function test_permissionlessOpen_batcherSilent_opensAndClosesWhenItPosts() public {
        _post(batcher, 1);
        _post(batcher, 1);
        vm.warp(block.timestamp + PERMISSIONLESS_DELAY);
        vm.assertFalse(inbox.permissionlessOpen());
        vm.warp(block.timestamp + 1);
        vm.assertTrue(inbox.permissionlessOpen());
        _post(alice, 1);
        // Until the batcher posts again, not only until somebody does.
        vm.assertTrue(inbox.permissionlessOpen());
        _post(bob, 1);
        _post(batcher, 1);
        vm.assertFalse(inbox.permissionlessOpen());
    }

    function test_permissionlessOpen_messageTooOld_opens() public {
        _deposit();
        vm.warp(START + PERMISSIONLESS_DELAY / 2);
        bytes32 head = inbox.acc(0);
        bytes32 queue = inbox.queueAcc(0);
        _postAs(batcher, head, 0, queue, 1);
        vm.warp(START + PERMISSIONLESS_DELAY);
        vm.assertFalse(inbox.permissionlessOpen());
        vm.warp(START + PERMISSIONLESS_DELAY + 1);
        vm.assertTrue(inbox.permissionlessOpen());
    }

    // --- forced inclusion ---

    function test_forceInclude_tooEarly_reverts() public {
        uint256 time = uint256(START) + FORCE_DELAY + FORCE_GRACE + 1;
        vm.warp(time - 1);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_NothingToForce.selector, time));
        inbox.forceInclude();
        vm.warp(time);
        inbox.forceInclude();
    }

    function test_forceInclude_emptyQueue_reverts() public {
        // A batch enqueues L1 info itself, so an empty queue needs a hand in the storage: consumed = queue.
        vm.store(address(inbox), 0, bytes32(uint256(1) | (uint256(1) << 128)));
        vm.assertEq(uint256(inbox.consumed()), 1);
        vm.warp(block.timestamp + 30 days);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_NothingToForce.selector, type(uint256).max));
        inbox.forceInclude();
    }

    function test_forceInclude_consumesTheOverduePrefix() public {
        for (uint256 i; i < 30; ++i) {
            _deposit();
        }
        vm.warp(START + FORCE_GRACE + 1);
        _deposit();
        vm.warp(START + FORCE_DELAY + FORCE_GRACE + 1);
        vm.assertEq(uint256(inbox.dueIndex()), 31);
        vm.prank(alice);
        inbox.forceInclude();
        vm.assertEq(uint256(inbox.consumed()), 31);
        vm.assertEq(uint256(inbox.blocksUpTo(1)), 2);
    }

    function test_fuzz_dueIndex_equalsTheLinearSearch(uint8 count, uint32 seed, uint32 later) public {
        for (uint256 i = 0; i < count; ++i) {
            _skip(uint256(keccak256(abi.encode(seed, i))) % 2 hours);
            inbox.refreshL1Info();
        }
        vm.warp(block.timestamp + later % 2 days);
        uint64 expected;
        while (expected < inbox.queueCount() && block.timestamp > inbox.enqueuedAt(expected) + FORCE_DELAY) ++expected;
        vm.assertEq(uint256(inbox.dueIndex()), expected);
    }
}

contract DaTest is Deployment {
    function _hashes(uint256 n) private pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](n);
        for (uint256 i; i < n; ++i) {
            hashes[i] = bytes32((uint256(1) << 248) | (i + 1));
        }
    }

    function test_commit_calldata_isTheHash() public {
        CalldataDa da = new CalldataDa();
        vm.assertEq(da.commit(hex"0102"), keccak256(hex"0102"));
        vm.assertEq(da.commit(new bytes(98_304)), keccak256(new bytes(98_304)));
    }

    function test_commit_calldataTooLong_reverts() public {
        CalldataDa da = new CalldataDa();
        vm.expectPartialRevert(IDataAvailability.BadAux.selector);
        da.commit(new bytes(98_305));
    }

    function test_postBatch_blobs_commitsToTheirHashes() public {
        bytes32[] memory hashes = _hashes(6);
        vm.blobhashes(hashes);
        bytes32 head = inbox.acc(0);
        bytes32 queue = inbox.queueAcc(1);
        bytes memory aux = abi.encodePacked(hashes);
        vm.prank(batcher);
        inbox.postBatch(2, head, 1, queue, 8, aux);
        BatchHeader memory h = BatchHeader({
            version: 1,
            daType: 2,
            index: 0,
            prevAcc: head,
            daHash: keccak256(abi.encodePacked(Hashing.DOMAIN_BLOBS, hashes)),
            qStart: 0,
            qEnd: 1,
            queueAcc: queue,
            firstBlock: 1,
            blockCount: 8,
            l1Block: uint64(block.number),
            l1Time: uint64(block.timestamp)
        });
        vm.assertEq(inbox.acc(1), Hashing.batchNext(head, Hashing.header(h)));
    }

    function test_commit_blobs_reverts() public {
        BlobDa da = new BlobDa();
        vm.blobhashes(_hashes(2));
        bytes memory two = abi.encodePacked(_hashes(2));
        vm.assertEq(da.commit(two), Hashing.blobs(two));
        // Not a whole hash, none, more than the transaction has, more than seven, a wrong one.
        _expectBad(da, hex"01");
        _expectBad(da, "");
        _expectBad(da, abi.encodePacked(_hashes(3)));
        vm.blobhashes(_hashes(7));
        _expectBad(da, abi.encodePacked(_hashes(7)));
        _expectBad(da, abi.encodePacked(_hashes(1)[0], keccak256("other")));
        _expectBad(da, abi.encodePacked(_hashes(2)[1]));
    }

    function _expectBad(BlobDa da, bytes memory aux) private {
        vm.expectPartialRevert(IDataAvailability.BadAux.selector);
        da.commit(aux);
    }
}
