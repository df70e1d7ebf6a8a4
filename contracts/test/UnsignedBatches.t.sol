// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {EscapeHatch} from "../src/bridge/EscapeHatch.sol";
import {SealedInbox} from "../src/da/SealedInbox.sol";
import {ChallengeStatus, IDaChallenge} from "../src/interfaces/IDaChallenge.sol";
import {IDataAvailability} from "../src/interfaces/IDataAvailability.sol";
import {IEscapeHatch} from "../src/interfaces/IEscapeHatch.sol";
import {IClaimManager} from "../src/interfaces/IClaimManager.sol";
import {IInbox} from "../src/interfaces/IInbox.sol";
import {Pausable} from "../src/interfaces/IPauseController.sol";
import {Policy} from "../src/interfaces/IProofRouter.sol";
import {ISealedInbox} from "../src/interfaces/ISealedInbox.sol";
import {ISignatureProofs, SignatureStatus} from "../src/interfaces/ISignatureProofs.sol";
import {IVerifier} from "../src/interfaces/IVerifier.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {BatchHeader} from "../src/types/Batch.sol";
import {Claim, Output} from "../src/types/Output.sol";
import {ProofKind, ValidityProof} from "../src/types/Proof.sol";
import {WithdrawalTransaction} from "../src/types/Withdrawal.sol";
import {CommitteeDeployment} from "./utils/CommitteeDeployment.sol";
import {SignatureDeployment} from "./utils/SignatureDeployment.sol";
import {Trie} from "./utils/Trie.sol";
import {vm} from "./utils/Vm.sol";

/// @notice The flag `0x10` at the inbox.
contract UnsignedPostingTest is SignatureDeployment {
    function _postAs(address who, uint8 daType, bytes memory aux) private {
        bytes32 head = inbox.acc(inbox.batchCount());
        uint64 qEnd = inbox.queueCount();
        bytes32 queue = inbox.queueAcc(qEnd);
        vm.prank(who);
        inbox.postBatch(daType, head, qEnd, queue, 1, aux);
    }

    /// @dev The header keeps the whole byte; `daHash` is that of the place.
    function test_postBatch_unsigned_isInTheHeader() public {
        vm.assertTrue(inbox.unsignedBatches());
        _postUnsigned(hex"0200");
        vm.assertEq(uint256(headers[0].daType), 0x11);
        vm.assertEq(headers[0].daHash, keccak256(hex"0200"));
    }

    function test_postBatch_unsigned_blobs() public {
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = keccak256("blob");
        vm.blobhashes(hashes);
        bytes memory aux = abi.encodePacked(hashes[0]);
        _postAux(0x12, aux, Hashing.blobs(aux));
        vm.expectRevert(
            abi.encodeWithSelector(IDataAvailability.BadAux.selector, "not a whole number of versioned hashes")
        );
        this.postAs(batcher, 0x12, hex"01");
    }

    function test_postBatch_unsigned_hasTheRulesOfItsPlace() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IDataAvailability.BadAux.selector, "payload longer than 98304 bytes: post it in blobs"
            )
        );
        this.postAs(batcher, 0x11, new bytes(98_305));
        // Without a committee there is none without signatures either.
        uint8[8] memory unknown = [0x10, 0x13, 0x14, 0x1f, 0x20, 0x21, 0x31, 0xff];
        for (uint256 i; i < unknown.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_UnknownDaType.selector, unknown[i]));
            this.postAs(batcher, unknown[i], hex"0200");
        }
    }

    function test_fuzz_postBatch_otherTypes_revert(uint8 daType) public {
        vm.assume(daType != 1 && daType != 2 && daType != 0x11 && daType != 0x12);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_UnknownDaType.selector, daType));
        this.postAs(batcher, daType, hex"0200");
    }

    function postAs(address who, uint8 daType, bytes calldata aux) external {
        _postAs(who, daType, aux);
    }

    /// @dev Whoever may post because the batcher is late could hold up the chain by the timeout with each such batch.
    function test_postBatch_unsigned_stranger_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_NotBatcher.selector, alice));
        this.postAs(alice, 0x11, hex"0200");
        vm.warp(block.timestamp + PERMISSIONLESS_DELAY + 1);
        vm.assertTrue(inbox.permissionlessOpen());
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_SignaturesNeeded.selector, alice));
        this.postAs(alice, 0x11, hex"0200");
        _postAs(alice, 1, hex"0100");
        _postAs(batcher, 0x11, hex"0200");
        vm.assertEq(uint256(inbox.batchCount()), 2);
    }

    /// @dev An inbox that takes such batches before a chain of sealed ones that does not ask for proofs.
    function test_sealedInbox_withoutProofs_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_BadParameter.selector, "signatures"));
        new SealedInbox(address(inbox), IDaChallenge(address(game)), ISignatureProofs(address(0)));
    }

    /// @dev An inbox that takes a committee's certificates before a chain of sealed ones on which nobody can demand what it withholds.
    function test_sealedInbox_withoutDemands_reverts() public {
        vm.mockCall(address(inbox), abi.encodeCall(IInbox.committeeDa, ()), abi.encode(alice));
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_BadParameter.selector, "challenges"));
        new SealedInbox(address(inbox), IDaChallenge(address(0)), signatures);
    }
}

/// @notice A rollup: what is sealed when, and what claims see of it.
contract UnsignedSealingTest is SignatureDeployment {
    function sealOne(uint64 index) external {
        _seal(index);
    }

    function _expectMissing(uint64 needed, uint64 index) private {
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_HeaderMissing.selector, needed));
        this.sealOne(index);
    }

    /// @dev Nothing is to be waited for without a committee: not a second.
    function test_seal_signed_atOnce() public {
        _postPlain(hex"0100");
        _seal(0);
        vm.assertEq(sealedInbox.acc(1), inbox.acc(1));
    }

    function test_seal_proven_atOnce() public {
        _postUnsigned(hex"0200");
        uint64 limit = headers[0].l1Time + SIGNATURE_TIMEOUT;
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_TooEarly.selector, 0, limit));
        this.sealOne(0);
        _proveSignatures(0, 1);
        vm.expectEmit(true, true, true, true, address(sealedInbox));
        emit ISealedInbox.Sealed(1, inbox.acc(1));
        _seal(0);
        vm.assertEq(sealedInbox.acc(1), inbox.acc(1));
        vm.assertEq(uint256(sealedInbox.firstVoid()), type(uint64).max);
    }

    /// @dev Open to the last second of the timeout, void from the next one on.
    function test_60_seal_unproven_isVoid() public {
        _postUnsigned(hex"0200");
        _postPlain(hex"0100");
        uint64 limit = headers[0].l1Time + SIGNATURE_TIMEOUT;
        vm.warp(limit);
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_TooEarly.selector, 0, limit));
        this.sealOne(0);
        _expectMissing(0, 1);
        vm.warp(limit + 1);
        // It cannot be passed over.
        _expectMissing(0, 1);
        vm.expectEmit(true, true, true, true, address(sealedInbox));
        emit ISealedInbox.Voided(0);
        _sealAll(0, 2);
        bytes32 expected = Hashing.batchNext(inbox.acc(0), Hashing.header(_emptied(headers[0])));
        vm.assertEq(sealedInbox.acc(1), expected);
        vm.assertEq(sealedInbox.acc(2), Hashing.batchNext(expected, Hashing.header(headers[1])));
        vm.assertNotEq(sealedInbox.acc(1), inbox.acc(1));
        // The messages that it took are taken: nothing but its payload is gone.
        vm.assertEq(uint256(sealedInbox.consumedUpTo(1)), headers[0].qEnd);
        vm.assertGt(headers[0].qEnd, headers[0].qStart);
    }

    /// @dev What may be left out is what a proof covers, whether it needs one or not.
    function test_seal_leftOut_onlyWhenProven() public {
        _postPlain(hex"0100");
        _postUnsigned(hex"0200");
        _postPlain(hex"0101");
        _postUnsigned(hex"0201");
        _proveSignatures(1, 4);
        // Nothing shows that the first has its signatures but its header.
        _expectMissing(0, 3);
        uint256 state = vm.snapshotState();
        BatchHeader[] memory two = new BatchHeader[](2);
        two[0] = headers[0];
        two[1] = headers[3];
        sealedInbox.seal(two);
        vm.assertEq(sealedInbox.acc(4), inbox.acc(4));
        vm.revertToState(state);
        _proveSignatures(0, 2);
        _seal(3);
        vm.assertEq(sealedInbox.acc(4), inbox.acc(4));
        vm.assertEq(sealedInbox.acc(2), inbox.acc(2));
    }

    /// @dev A forced batch has no payload, and no signatures to be missing.
    function test_seal_forced() public {
        _postUnsigned(hex"0200");
        vm.warp(block.timestamp + FORCE_DELAY + FORCE_GRACE + 1);
        inbox.forceInclude();
        // Its place; nobody needs its header.
        headers.push(headers[0]);
        _postUnsigned(hex"0201");
        _proveSignatures(0, 3);
        _seal(2);
        vm.assertEq(sealedInbox.acc(3), inbox.acc(3));
    }

    function test_seal_many() public {
        for (uint256 i; i < 300; ++i) {
            _postUnsigned(abi.encode(i));
        }
        _proveSignatures(0, 299);
        _proveSignatures(299, 300);
        _seal(299);
        vm.assertEq(sealedInbox.acc(300), inbox.acc(300));
        vm.assertEq(sealedInbox.acc(256), inbox.acc(256));
    }

    /// @dev Void batches and proven ones after each other, sealed in pieces.
    function test_60_seal_afterAVoidOne() public {
        _postUnsigned(hex"0200");
        _skip(1 hours);
        _postUnsigned(hex"0201");
        _postUnsigned(hex"0202");
        vm.warp(headers[0].l1Time + SIGNATURE_TIMEOUT + 1);
        _proveSignatures(2, 3);
        _seal(0);
        // Each needs its header now, and batch 1 is open still.
        _expectMissing(1, 2);
        vm.expectRevert(
            abi.encodeWithSelector(ISealedInbox.SealedInbox_TooEarly.selector, 1, headers[1].l1Time + SIGNATURE_TIMEOUT)
        );
        this.sealOne(1);
        vm.warp(headers[1].l1Time + SIGNATURE_TIMEOUT + 1);
        _sealAll(1, 3);
        bytes32 expected = Hashing.batchNext(inbox.acc(0), Hashing.header(_emptied(headers[0])));
        expected = Hashing.batchNext(expected, Hashing.header(_emptied(headers[1])));
        vm.assertEq(sealedInbox.acc(3), Hashing.batchNext(expected, Hashing.header(headers[2])));
    }

    // --- claims ---

    function _proof(uint256 parent, Output memory end, bytes32 acc) private view returns (ValidityProof memory) {
        bytes32 boot = Hashing.boot(CHAIN_ID, claims.contentAt(parent).endHash, acc, end.inboxIndex, SPAN);
        return _runProof(0, ProofKind.CLAIM, boot, Hashing.vectorRoot(_vector(end)));
    }

    function _assertAndProve(uint256 parent, bytes32 root) private returns (Claim) {
        Output memory end = _endOutput(parent, root);
        bytes32 acc = sealedInbox.acc(end.inboxIndex);
        Claim parentId = claims.contentAt(parent).id;
        return router.assertAndProve(parentId, acc, _vector(end), end, _proof(parent, end, acc));
    }

    /// @dev From a batch without signatures to a payment, by two proofs.
    function test_withdrawal_ofAnUnsignedBatch() public {
        vm.deal(address(portal), 1 ether);
        WithdrawalTransaction memory w = WithdrawalTransaction(uint256(1) << 240, bob, bob, 1 ether, 21_000, "");
        (bytes32 root, bytes[] memory trie) = Trie.single(Hashing.withdrawal(w), 0x01);
        root = Hashing.outputRoot(_rootProof(root));
        _postUnsigned(hex"0200");
        Output memory end = _endOutput(0, root);
        bytes32 posted = inbox.acc(1);
        ValidityProof memory proof = _proof(0, end, posted);
        Claim genesis = claims.contentAt(0).id;
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_TooEarly.selector, 1));
        router.assertAndProve(genesis, posted, _vector(end), end, proof);

        _proveSignatures(0, 1);
        _seal(0);
        Claim claim = _assertAndProve(0, root);
        (bytes32 storageRoot,) = Trie.single(Hashing.withdrawal(w), 0x01);
        portal.proveWithdrawalTransaction(w, claims.indexOf(claim), _rootProof(storageRoot), trie);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertTrue(claims.isFinal(claim));
    }

    /// @dev Who still believes in a batch that nobody has proven can claim nothing of it, with a proof or without.
    function test_60_claims_ofAVoidBatch_revert() public {
        _postUnsigned(hex"0200");
        vm.warp(block.timestamp + SIGNATURE_TIMEOUT + 1);
        _seal(0);
        Output memory end = _endOutput(0, keccak256("root"));
        bytes32 posted = inbox.acc(1);
        bytes32 decided = sealedInbox.acc(1);
        Claim genesis = claims.contentAt(0).id;
        ValidityProof memory proof = _proof(0, end, posted);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_OtherBatches.selector, 1, posted));
        router.assertAndProve(genesis, posted, _vector(end), end, proof);
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        router.assertAndProve(genesis, decided, _vector(end), end, proof);
        Claim claim = _assertAndProve(0, keccak256("root"));
        vm.warp(block.timestamp + GUARD + 1);
        vm.assertTrue(claims.tryConfirm(claim));
    }

    /// @dev A claim by stake alone covers a batch without signatures, too; the game is about the sealed chain.
    function test_claims_byStake() public {
        _postUnsigned(hex"0200");
        _proveSignatures(0, 1);
        _seal(0);
        _stake(alice);
        Claim claim = _assert(alice, 0, keccak256("root"));
        vm.assertEq(address(game.inbox()), address(sealedInbox));
        vm.warp(block.timestamp + PROVER_TIMEOUT + 1);
        claims.confirm(claim, alice);
    }

    /// @dev After the alarm the step route goes on: what was proven counts, what was not is void, and with signatures all is as ever.
    function test_alarm_chainGoesOnWithSignatures() public {
        _postUnsigned(hex"0200");
        _proveSignatures(0, 1);
        _postUnsigned(hex"0201");
        _raiseAlarm();
        _seal(0);
        _postPlain(hex"0100");
        vm.warp(block.timestamp + SIGNATURE_TIMEOUT + 1);
        _sealAll(1, 3);
        vm.assertEq(uint256(sealedInbox.firstVoid()), 1);
        _postPlain(hex"0101");
        _seal(3);
        _stake(alice);
        Output memory end = _endOutput(0, keccak256("root"));
        bytes32 acc = sealedInbox.acc(end.inboxIndex);
        Claim genesis = claims.contentAt(0).id;
        vm.prank(alice);
        Claim claim = claims.assertClaim(genesis, acc, _vector(end), end);
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(claim, alice);
    }
}

/// @notice Where proofs say nothing of claims, and only they say that somebody has signed.
contract UnsignedStepOnlyTest is SignatureDeployment {
    function _policy() internal pure override returns (Policy) {
        return Policy.StepOnly;
    }

    /// @dev A false proof of signatures makes a claim right that robs somebody: nobody could refute it.
    function test_alarm_pausesWithdrawals() public {
        vm.assertFalse(pauses.paused(Pausable.Withdraw));
        _raiseAlarm();
        vm.assertTrue(pauses.paused(Pausable.Withdraw));
    }

    function test_proven_counts() public {
        _postUnsigned(hex"0200");
        _proveSignatures(0, 1);
        _seal(0);
        vm.assertEq(sealedInbox.acc(1), inbox.acc(1));
        _stake(alice);
        Claim claim = _assert(alice, 0, keccak256("root"));
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(claim, alice);
    }
}

/// @notice A committee and batches without signatures: two verdicts about one batch.
contract TwoVerdictsTest is CommitteeDeployment {
    bytes private constant PAYLOAD = "payload";

    function _proves() internal pure override returns (bool) {
        return true;
    }

    function _unsigned() internal pure override returns (bool) {
        return true;
    }

    function sealOne(uint64 index) external {
        _seal(index);
    }

    function _expectTooEarly(uint64 index, uint64 limit) private {
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_TooEarly.selector, index, limit));
        this.sealOne(index);
    }

    function test_tables_placesAreThose() public view {
        vm.assertEq(address(sealedInbox), deployer.addressOf(9));
        vm.assertEq(address(router), deployer.addressOf(21));
        vm.assertEq(address(signatures), deployer.addressOf(22));
        vm.assertEq(address(hatch), deployer.addressOf(23));
    }

    /// @dev The demand is for the payload, whether its transactions are signed or not.
    function test_challenge_unsigned() public {
        _postUnsignedWith(PAYLOAD);
        vm.assertEq(uint256(headers[0].daType), 0x13);
        _challenge(alice, 0, PAYLOAD);
        vm.assertEq(uint256(challenges.statusOf(0)), uint256(ChallengeStatus.Open));
        _postUnsigned(PAYLOAD);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_NotCommittee.selector, 1));
        challenges.challenge{value: CHUNK_BOND}(headers[1], Hashing.payload(_hashes(PAYLOAD)), 7);
    }

    /// @dev All that can happen to a batch, in all orders: demanded or not, shown or not, proven or not, before the demand or after. It
    /// counts if nothing is missing; it is sealed when both are decided.
    function test_61_bothVerdicts() public {
        for (uint256 way; way < 24; ++way) {
            uint256 state = vm.snapshotState();
            _follow(way % 3, way / 3 % 2 == 0, way / 6 % 2 == 0, way / 12 == 0);
            vm.revertToState(state);
        }
    }

    /// @param demand 0 none, 1 shown, 2 not shown.
    function _follow(uint256 demand, bool proven, bool proveFirst, bool unsigned) private {
        if (unsigned) _postUnsignedWith(PAYLOAD);
        else _postWith(PAYLOAD);
        uint64 posted = headers[0].l1Time;
        if (proven && proveFirst) _proveSignatures(0, 1);
        vm.warp(posted + CHALLENGE_WINDOW);
        if (demand > 0) _challenge(alice, 0, PAYLOAD);
        if (proven && !proveFirst) _proveSignatures(0, 1);
        // The window is open, whatever is proven.
        _expectTooEarly(0, posted + CHALLENGE_WINDOW);
        vm.warp(posted + CHALLENGE_WINDOW + 1);
        if (demand > 0) _expectTooEarly(0, posted + CHALLENGE_WINDOW + ANSWER_WINDOW);
        if (demand == 1) _answer(bob, 0, PAYLOAD);
        if (demand == 2) vm.warp(posted + CHALLENGE_WINDOW + ANSWER_WINDOW + 1);
        if (unsigned && !proven) {
            vm.warp(posted + SIGNATURE_TIMEOUT);
            _expectTooEarly(0, posted + SIGNATURE_TIMEOUT);
            vm.warp(posted + SIGNATURE_TIMEOUT + 1);
        }
        _seal(0);
        bool counts = demand != 2 && (proven || !unsigned);
        bytes32 expected = Hashing.batchNext(inbox.acc(0), Hashing.header(counts ? headers[0] : _emptied(headers[0])));
        vm.assertEq(sealedInbox.acc(1), expected);
        vm.assertEq(sealedInbox.firstVoid() == 0, !counts);
        // What is decided stays: nothing can be demanded, shown or proven any more that was not.
        uint256 bond = challenges.bondOf(7);
        if (demand == 0) {
            vm.expectRevert(
                abi.encodeWithSelector(IDaChallenge.DaChallenge_TooLate.selector, posted + CHALLENGE_WINDOW)
            );
            challenges.challenge{value: bond}(headers[0], Hashing.payload(_hashes(PAYLOAD)), 7);
        } else {
            vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_NotOpen.selector, 0));
            challenges.answer(0, _hashes(PAYLOAD), 0, PAYLOAD);
        }
        if (unsigned && !proven) {
            ValidityProof memory proof = _signatureProof(0, 1);
            vm.expectRevert(
                abi.encodeWithSelector(ISignatureProofs.SignatureProofs_TooLate.selector, posted + SIGNATURE_TIMEOUT)
            );
            signatures.prove(headers[0], 0, 1, proof);
        }
        vm.warp(block.timestamp + 30 days);
        vm.assertEq(sealedInbox.acc(1), expected);
    }

    /// @dev Void already, and demanded still: it waits for the demand, too, so that the verdict's reason is final.
    function test_61_void_waitsForTheDemand() public {
        _postUnsignedWith(PAYLOAD);
        uint64 posted = headers[0].l1Time;
        vm.warp(posted + CHALLENGE_WINDOW);
        _challenge(alice, 0, PAYLOAD);
        vm.warp(posted + CHALLENGE_WINDOW + 1);
        // As it is where the signatures have less time than this.
        bytes memory status = abi.encodeCall(ISignatureProofs.statusOf, (0, posted));
        vm.mockCall(address(signatures), status, abi.encode(SignatureStatus.Void));
        _expectTooEarly(0, posted + CHALLENGE_WINDOW + ANSWER_WINDOW);
        _answer(bob, 0, PAYLOAD);
        _seal(0);
        vm.assertEq(uint256(sealedInbox.firstVoid()), 0);
    }

    /// @dev The other way round.
    function test_61_withheld_waitsForTheProof() public {
        _postUnsignedWith(PAYLOAD);
        uint64 posted = headers[0].l1Time;
        _challenge(alice, 0, PAYLOAD);
        vm.warp(posted + SIGNATURE_TIMEOUT);
        vm.assertEq(uint256(challenges.statusOf(0)), uint256(ChallengeStatus.Void));
        _expectTooEarly(0, posted + SIGNATURE_TIMEOUT);
        _proveSignatures(0, 1);
        _seal(0);
        vm.assertEq(uint256(sealedInbox.firstVoid()), 0);
    }

    /// @dev The first of what is demanded and what is not proven is the one that is needed.
    function test_seal_leftOut_needsBoth() public {
        for (uint256 i; i < 4; ++i) {
            _postUnsignedWith(abi.encode(i));
        }
        _proveSignatures(0, 2);
        vm.warp(block.timestamp + CHALLENGE_WINDOW);
        _challenge(alice, 1, abi.encode(1));
        _proveSignatures(3, 4);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_HeaderMissing.selector, 1));
        this.sealOne(3);
        _seal(0);
        _answer(bob, 1, abi.encode(1));
        vm.expectRevert(abi.encodeWithSelector(ISealedInbox.SealedInbox_HeaderMissing.selector, 2));
        this.sealOne(3);
        vm.warp(headers[2].l1Time + SIGNATURE_TIMEOUT + 1);
        _sealAll(2, 4);
        vm.assertEq(uint256(sealedInbox.firstVoid()), 2);
        vm.assertEq(sealedInbox.acc(2), inbox.acc(2));
    }

    /// @dev A prover cannot have what the committee keeps: it proves what is before and behind.
    function test_prove_aroundAWithheldBatch() public {
        for (uint256 i; i < 3; ++i) {
            _postUnsignedWith(abi.encode(i));
        }
        _proveSignatures(0, 1);
        _proveSignatures(2, 3);
        _challenge(alice, 1, abi.encode(1));
        vm.warp(block.timestamp + SIGNATURE_TIMEOUT + 1);
        _sealAll(0, 3);
        bytes32 expected = Hashing.batchNext(inbox.acc(1), Hashing.header(_emptied(headers[1])));
        vm.assertEq(sealedInbox.acc(3), Hashing.batchNext(expected, Hashing.header(headers[2])));
    }

    /// @dev Verdicts are waited for at the same time: only a timeout beyond both windows makes the chain slower.
    function test_freezeDelay_coversTheTimeout() public {
        EscapeHatch.Parameters memory p = _hatchParameters();
        // 3 + 5 + 2 * 3 + 10 / 4 days.
        p.freezeDelay = 16 days + 12 hours + 1;
        new EscapeHatch(p);
        vm.mockCall(address(signatures), abi.encodeCall(ISignatureProofs.timeout, ()), abi.encode(5 days));
        p.freezeDelay = 18 days + 12 hours;
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_BadParameter.selector, "freezeDelay"));
        new EscapeHatch(p);
        p.freezeDelay += 1;
        new EscapeHatch(p);
    }
}
