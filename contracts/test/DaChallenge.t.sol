// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DaChallenge} from "../src/da/DaChallenge.sol";
import {Demanders} from "../src/da/Demanders.sol";
import {ChallengeStatus, IDaChallenge} from "../src/interfaces/IDaChallenge.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {BatchHeader} from "../src/types/Batch.sol";
import {Certificate} from "../src/types/Certificate.sol";
import {CommitteeDeployment} from "./utils/CommitteeDeployment.sol";
import {vm} from "./utils/Vm.sol";

contract DaChallengeTest is CommitteeDeployment {
    bytes private constant PAYLOAD = "payload";

    function setUp() public override {
        super.setUp();
        _postWith(PAYLOAD);
    }

    function _status(uint64 index) private view returns (uint256) {
        return uint256(challenges.statusOf(index));
    }

    function _payloadHash() private pure returns (bytes32) {
        return Hashing.payload(_hashes(PAYLOAD));
    }

    function _expectBad(string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_BadParameter.selector, name));
    }

    function test_constructor_badParameter_reverts() public {
        _expectBad("inbox");
        new DaChallenge(address(0), 1, 1, 1, address(0));
        _expectBad("challengeWindow");
        new DaChallenge(address(inbox), 0, 1, 1, address(0));
        _expectBad("challengeWindow");
        new DaChallenge(address(inbox), uint64(type(uint32).max) + 1, 1, 1, address(0));
        _expectBad("answerWindow");
        new DaChallenge(address(inbox), 1, 0, 1, address(0));
        _expectBad("bondPerChunk");
        new DaChallenge(address(inbox), 1, 1, 0, address(0));
        // Who is removed could be gone before what was posted is shown.
        address[] memory list = new address[](1);
        list[0] = alice;
        Demanders quick = new Demanders(address(timelock), 7, list);
        _expectBad("demanders");
        new DaChallenge(address(inbox), 7, 1, 1, address(quick));
        new DaChallenge(address(inbox), 6, 1, 1, address(quick));
        // And a list that is not there would let nobody demand.
        vm.expectRevert();
        new DaChallenge(address(inbox), 1, 1, 1, alice);
    }

    // --- demanding ---

    function test_challenge_opens() public {
        vm.assertEq(_status(0), uint256(ChallengeStatus.None));
        vm.expectEmit(true, true, true, true, address(challenges));
        emit IDaChallenge.Challenged(0, alice, _payloadHash(), 7, uint64(block.timestamp) + ANSWER_WINDOW);
        _challenge(alice, 0, PAYLOAD);
        vm.assertEq(_status(0), uint256(ChallengeStatus.Open));
        vm.assertEq(address(challenges).balance, CHUNK_BOND);
        vm.assertEq(uint256(challenges.firstUnanswered(0, 1)), 0);
    }

    function test_challenge_wrongHeader_reverts() public {
        BatchHeader memory header = headers[0];
        header.l1Time += 1;
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_WrongHeader.selector, 0));
        challenges.challenge{value: CHUNK_BOND}(header, _payloadHash(), 7);
        header = headers[0];
        header.index = 1;
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_WrongHeader.selector, 1));
        challenges.challenge{value: CHUNK_BOND}(header, _payloadHash(), 7);
    }

    function test_challenge_dataOnL1_reverts() public {
        _postPlain(PAYLOAD);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_NotCommittee.selector, 1));
        challenges.challenge{value: CHUNK_BOND}(headers[1], _payloadHash(), 7);
    }

    function test_challenge_wrongPayload_reverts() public {
        bytes memory reason = abi.encodeWithSelector(IDaChallenge.DaChallenge_WrongPayload.selector, headers[0].daHash);
        vm.expectRevert(reason);
        challenges.challenge{value: CHUNK_BOND}(headers[0], _payloadHash(), 8);
        vm.expectRevert(reason);
        challenges.challenge{value: CHUNK_BOND}(headers[0], keccak256("other"), 7);
    }

    function test_challenge_window() public {
        uint64 limit = headers[0].l1Time + CHALLENGE_WINDOW;
        vm.warp(limit + 1);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_TooLate.selector, limit));
        challenges.challenge{value: CHUNK_BOND}(headers[0], _payloadHash(), 7);
        vm.warp(limit);
        _challenge(alice, 0, PAYLOAD);
        vm.assertEq(_status(0), uint256(ChallengeStatus.Open));
    }

    function test_challenge_twice_reverts() public {
        _challenge(alice, 0, PAYLOAD);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_ChallengedAlready.selector, 0));
        challenges.challenge{value: CHUNK_BOND}(headers[0], _payloadHash(), 7);
        // Not after it was met either: the data are on L1.
        _answer(bob, 0, PAYLOAD);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_ChallengedAlready.selector, 0));
        challenges.challenge{value: CHUNK_BOND}(headers[0], _payloadHash(), 7);
    }

    function test_fuzz_challenge_wrongBond_reverts(uint96 sent) public {
        vm.assume(sent != CHUNK_BOND);
        vm.deal(address(this), sent);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_WrongBond.selector, sent, CHUNK_BOND));
        challenges.challenge{value: sent}(headers[0], _payloadHash(), 7);
    }

    // --- answering ---

    function test_answer_oneChunk() public {
        _challenge(alice, 0, PAYLOAD);
        vm.expectEmit(true, true, true, true, address(challenges));
        emit IDaChallenge.ChunkAnswered(0, 0, bob, PAYLOAD);
        vm.expectEmit(true, true, true, true, address(challenges));
        emit IDaChallenge.ChallengeAnswered(0);
        _answer(bob, 0, PAYLOAD);
        vm.assertEq(_status(0), uint256(ChallengeStatus.Answered));
        // Whoever brought it is paid for it, and the one who asked has lost what it cost.
        vm.assertEq(challenges.credits(bob), CHUNK_BOND);
        vm.assertEq(challenges.credits(alice), 0);
        uint256 before = bob.balance;
        vm.prank(bob);
        challenges.withdraw();
        vm.assertEq(bob.balance, before + CHUNK_BOND);
        vm.assertEq(address(challenges).balance, 0);
        // It stays so for ever.
        vm.warp(block.timestamp + 365 days);
        vm.assertEq(_status(0), uint256(ChallengeStatus.Answered));
    }

    function test_answer_chunks_bySeveral() public {
        bytes memory payload = _bytes(2 * CHUNK + 5, 1);
        _postWith(payload);
        _challenge(alice, 1, payload);
        bytes32[] memory hashes = _hashes(payload);
        vm.assertEq(address(challenges).balance, 3 * CHUNK_BOND);
        vm.prank(bob);
        challenges.answer(1, hashes, 2, _chunk(payload, 2));
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_AnsweredAlready.selector, 1, 2));
        challenges.answer(1, hashes, 2, _chunk(payload, 2));
        vm.prank(bob);
        challenges.answer(1, hashes, 0, _chunk(payload, 0));
        vm.assertEq(_status(1), uint256(ChallengeStatus.Open));
        vm.assertEq(challenges.credits(bob), 0);
        vm.prank(treasury);
        challenges.answer(1, hashes, 1, _chunk(payload, 1));
        vm.assertEq(_status(1), uint256(ChallengeStatus.Answered));
        vm.assertEq(challenges.credits(bob), 2 * CHUNK_BOND);
        vm.assertEq(challenges.credits(treasury), CHUNK_BOND);
    }

    /// @dev The longest payload that a certificate may have: eight transactions bring it to L1.
    function test_answer_longestPayload() public {
        bytes memory payload = _bytes(8 * CHUNK, 2);
        _postWith(payload);
        _challenge(alice, 1, payload);
        _answer(bob, 1, payload);
        vm.assertEq(_status(1), uint256(ChallengeStatus.Answered));
        vm.assertEq(challenges.credits(bob), 8 * CHUNK_BOND);
    }

    /// @dev Of any length, about the boundaries above all: each chunk has its length and no other, and the bond is by their number.
    /// forge-config: default.fuzz.runs = 48
    function test_fuzz_answer_anyLength(uint32 length, uint8 nearTo, bool above) public {
        length = nearTo % 4 == 0
            ? uint32(_bound(length, 1, 3 * CHUNK))
            : uint32(nearTo % 4 * CHUNK - (above ? 0 : 1) + (above && nearTo > 127 ? 1 : 0));
        bytes memory payload = _bytes(length, length);
        _postWith(payload);
        _challenge(alice, 1, payload);
        uint256 chunks = length / CHUNK + (length % CHUNK == 0 ? 0 : 1);
        vm.assertEq(address(challenges).balance, chunks * CHUNK_BOND);
        bytes32[] memory hashes = _hashes(payload);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_WrongChunk.selector, chunks));
        challenges.answer(1, hashes, chunks, "");
        for (uint256 i; i < chunks; ++i) {
            vm.assertEq(_status(1), uint256(ChallengeStatus.Open));
            challenges.answer(1, hashes, i, _chunk(payload, i));
        }
        vm.assertEq(_status(1), uint256(ChallengeStatus.Answered));
        vm.assertEq(challenges.credits(address(this)), chunks * CHUNK_BOND);
    }

    /// @dev All chunks but one is not enough, and earns nothing: who withholds cannot live off who demands.
    function test_answer_inPart_isVoid() public {
        bytes memory payload = _bytes(2 * CHUNK, 3);
        _postWith(payload);
        _challenge(alice, 1, payload);
        bytes32[] memory hashes = _hashes(payload);
        vm.prank(bob);
        challenges.answer(1, hashes, 0, _chunk(payload, 0));
        vm.warp(block.timestamp + ANSWER_WINDOW + 1);
        vm.assertEq(_status(1), uint256(ChallengeStatus.Void));
        challenges.reclaim(1);
        vm.assertEq(challenges.credits(alice), 2 * CHUNK_BOND);
        vm.assertEq(challenges.credits(bob), 0);
    }

    function test_answer_wrong_reverts() public {
        bytes memory payload = _bytes(CHUNK + 9, 4);
        _postWith(payload);
        bytes32[] memory hashes = _hashes(payload);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_NotOpen.selector, 1));
        challenges.answer(1, hashes, 0, _chunk(payload, 0));
        _challenge(alice, 1, payload);

        bytes32[] memory fewer = new bytes32[](1);
        fewer[0] = hashes[0];
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_WrongHashes.selector, 1));
        challenges.answer(1, fewer, 0, _chunk(payload, 0));
        bytes32[] memory others = _hashes(payload);
        others[1] = keccak256("other");
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_WrongHashes.selector, 1));
        challenges.answer(1, others, 0, _chunk(payload, 0));

        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_WrongChunk.selector, 2));
        challenges.answer(1, hashes, 2, "");
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_WrongChunk.selector, 1));
        challenges.answer(1, hashes, 1, _chunk(payload, 0));
        bytes memory forged = _chunk(payload, 1);
        forged[0] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_WrongChunk.selector, 1));
        challenges.answer(1, hashes, 1, forged);
    }

    /// @dev A payload whose chunks are not as long as the certificate says cannot be shown: the batch becomes void.
    function test_answer_otherLength_reverts() public {
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = keccak256(PAYLOAD);
        bytes memory said = new bytes(8);
        _postLying(PAYLOAD, 8);
        uint256 bond = challenges.bondOf(8);
        vm.deal(alice, bond);
        vm.prank(alice);
        challenges.challenge{value: bond}(headers[1], _payloadHash(), 8);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_WrongChunk.selector, 0));
        challenges.answer(1, hashes, 0, PAYLOAD);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_WrongChunk.selector, 0));
        challenges.answer(1, hashes, 0, said);
    }

    /// @dev Posts a payload under a certificate with another length.
    function _postLying(bytes memory payload, uint32 length) private {
        Certificate memory c = _certificate(payload, 0);
        c.payloadLength = length;
        _postAux(3, _aux(c, 0xf, _keys(0)), Hashing.committee(c.payloadHash, length));
    }

    function test_answer_window() public {
        _challenge(alice, 0, PAYLOAD);
        vm.warp(block.timestamp + ANSWER_WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_NotOpen.selector, 0));
        challenges.answer(0, _hashes(PAYLOAD), 0, PAYLOAD);
        vm.warp(block.timestamp - 1);
        _answer(bob, 0, PAYLOAD);
        vm.assertEq(_status(0), uint256(ChallengeStatus.Answered));
    }

    // --- giving back ---

    function test_reclaim_void() public {
        _challenge(alice, 0, PAYLOAD);
        vm.warp(block.timestamp + ANSWER_WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_NothingToReclaim.selector, 0));
        challenges.reclaim(0);
        vm.warp(block.timestamp + 1);
        vm.assertEq(_status(0), uint256(ChallengeStatus.Void));
        challenges.reclaim(0);
        vm.assertEq(challenges.credits(alice), CHUNK_BOND);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_NothingToReclaim.selector, 0));
        challenges.reclaim(0);
        uint256 before = alice.balance;
        vm.prank(alice);
        challenges.withdraw();
        vm.assertEq(alice.balance, before + CHUNK_BOND);
    }

    function test_reclaim_answered_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_NothingToReclaim.selector, 0));
        challenges.reclaim(0);
        _challenge(alice, 0, PAYLOAD);
        _answer(bob, 0, PAYLOAD);
        vm.warp(block.timestamp + ANSWER_WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_NothingToReclaim.selector, 0));
        challenges.reclaim(0);
    }

    function test_withdraw_refused_reverts() public {
        vm.deal(address(this), CHUNK_BOND);
        challenges.challenge{value: CHUNK_BOND}(headers[0], _payloadHash(), 7);
        vm.warp(block.timestamp + ANSWER_WINDOW + 1);
        challenges.reclaim(0);
        // This contract takes no ether.
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_PaymentFailed.selector, address(this)));
        challenges.withdraw();
        vm.assertEq(challenges.credits(address(this)), CHUNK_BOND);
    }

    // --- looking up ---

    /// @dev Against a plain search, over words of 256 batches.
    function test_fuzz_firstUnanswered(uint256 word0, uint256 word1, uint16 from, uint16 to) public {
        // The bitmap is the third mapping.
        vm.store(address(challenges), keccak256(abi.encode(uint256(0), uint256(2))), bytes32(word0));
        vm.store(address(challenges), keccak256(abi.encode(uint256(1), uint256(2))), bytes32(word1));
        from %= 600;
        to = uint16(_bound(to, from, 700));
        uint64 expected = from;
        for (; expected < to; ++expected) {
            uint256 word = expected < 256 ? word0 : expected < 512 ? word1 : 0;
            if (word >> (expected % 256) & 1 == 1) break;
        }
        vm.assertEq(uint256(challenges.firstUnanswered(from, to)), expected);
    }

    function test_fuzz_firstUnanswered_sparse(uint8 bit0, uint8 bit1, uint16 from, uint16 to) public {
        test_fuzz_firstUnanswered(uint256(1) << bit0, uint256(1) << bit1, from, to);
    }
}
