// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IClaimManager, InstanceStatus} from "../../src/interfaces/IClaimManager.sol";
import {Pausable} from "../../src/interfaces/IPauseController.sol";
import {IProofRouter} from "../../src/interfaces/IProofRouter.sol";
import {IQueryGame, NodeStatus} from "../../src/interfaces/IQueryGame.sol";
import {IVerifier} from "../../src/interfaces/IVerifier.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Claim} from "../../src/types/Output.sol";
import {ProofKind, ValidityProof} from "../../src/types/Proof.sol";
import {ProofFixture} from "../utils/ProofFixture.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Invariant 38: a proof is one of one program for one statement, and of nothing else.
contract Proof38Test is ProofFixture {
    Claim private _content;

    function setUp() public override {
        super.setUp();
        _content = _claim(owner, 0, RIGHT, "seed");
    }

    function _expectRefused(ValidityProof memory proof) private {
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        router.prove(_content, proof);
        vm.assertEq(uint256(router.provenAt(_content)), 0);
    }

    function test_38_alteredProof() public {
        ValidityProof memory proof = _contentProof(_content);
        proof.proof[7] ^= 0x01;
        _expectRefused(proof);
        proof.proof = "";
        _expectRefused(proof);
    }

    function test_38_otherContentOfTheSameParent() public {
        Claim other = _claim(_staked("another"), 0, WRONG, "another seed");
        _expectRefused(_contentProof(other));
    }

    function test_38_otherKind() public {
        (bytes32 start, bytes32 root, uint64 n1) = claims.statementOf(_content);
        _expectRefused(_proofOf(0, ProofKind.SPAN, _boot(start, n1), root));
        _expectRefused(_proofOf(0, 2, _boot(start, n1), root));
    }

    function test_38_otherVersion() public {
        _schedule(inbox.batchCount() + NOTICE);
        (bytes32 start, bytes32 root, uint64 n1) = claims.statementOf(_content);
        _expectRefused(_proofOf(1, ProofKind.CLAIM, _boot(start, n1), root));
    }

    /// @dev Each part of the run's input: chain, start, batches, their number, span.
    function test_38_otherBoot() public {
        (bytes32 start, bytes32 root, uint64 n1) = claims.statementOf(_content);
        bytes32 acc = inbox.acc(n1);
        bytes32[5] memory boots = [
            Hashing.boot(CHAIN_ID + 1, start, acc, n1, SPAN),
            Hashing.boot(CHAIN_ID, WRONG, acc, n1, SPAN),
            Hashing.boot(CHAIN_ID, start, inbox.acc(0), n1, SPAN),
            Hashing.boot(CHAIN_ID, start, acc, n1 + 1, SPAN),
            Hashing.boot(CHAIN_ID, start, acc, n1, SPAN + 1)
        ];
        for (uint256 i; i < boots.length; ++i) {
            _expectRefused(_proofOf(0, ProofKind.CLAIM, boots[i], root));
        }
    }

    /// @dev The same batches on an L1 that was reorganised are another run.
    function test_38_otherBatches() public {
        ValidityProof memory proof = _contentProof(_content);
        vm.mockCall(
            address(inbox), abi.encodeCall(inbox.acc, (1)), abi.encode(keccak256("the same number of other batches"))
        );
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        router.prove(_content, proof);
    }

    function test_fuzz_38_anyOtherStatement(uint8 kind, bytes32 boot, bytes32 result, bytes32 openings) public {
        (bytes32 start, bytes32 root, uint64 n1) = claims.statementOf(_content);
        bytes32 right = Hashing.statement(ProofKind.CLAIM, _boot(start, n1), root, 0);
        if (kind % 3 == 0) boot = _boot(start, n1);
        if (kind % 5 == 0) result = root;
        if (kind % 7 == 0) openings = 0;
        bytes32 statement = Hashing.statement(kind, boot, result, openings);
        vm.assume(statement != right);
        _expectRefused(ValidityProof(0, "", verifier.proofOf(PROGRAM_KEY, statement)));
    }

    function _staked(string memory name) private returns (address who) {
        who = _actor(name);
        _stake(who);
    }
}

/// @notice Invariant 39: proofs that contradict each other are worth nothing from then on, and nothing that was confirmed changes.
contract Proof39Test is ProofFixture {
    Claim private _right;
    Claim private _wrong;
    address private _liar;

    function setUp() public override {
        super.setUp();
        _right = _claim(owner, 0, RIGHT, "seed");
        _liar = _actor("liar");
        _stake(_liar);
        _wrong = _claim(_liar, 0, WRONG, "lie");
    }

    function _expectAlarm() private {
        vm.assertEq(uint256(router.brokenAt(0)), block.timestamp);
        vm.assertTrue(pauses.paused(Pausable.Withdraw));
        vm.warp(block.timestamp + GUARD + 1);
        vm.assertFalse(claims.isRipe(_right));
        vm.assertFalse(claims.isRipe(_wrong));
        ValidityProof memory proof = _contentProof(_right);
        if (router.provenAt(_right) == 0) {
            vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_Broken.selector, 0));
            router.prove(_right, proof);
        }
    }

    /// @dev The right content is confirmed by the game's rules alone, and nobody waits for a prover.
    function _expectStepRoute() private {
        vm.warp(block.timestamp + WINDOW + 1);
        vm.assertTrue(claims.isRipe(_right));
        claims.confirm(_right, owner);
        vm.assertEq(uint256(claims.instanceStatus(_wrong, _liar)), uint256(InstanceStatus.Rejected));
    }

    function test_39_secondProvenSibling_raisesItByItself() public {
        _prove(_wrong);
        _skip(GUARD - 1);
        _prove(_right);
        _expectAlarm();
        _expectStepRoute();
    }

    function test_39_reportedConflict() public {
        _prove(_wrong);
        _reportConflict(alice, 0);
        _expectAlarm();
        _expectStepRoute();
    }

    /// @dev One short proof contradicts a whole claim.
    function test_39_provenEntryOfAProvenContent() public {
        _prove(_wrong);
        IProofRouter.Entry memory entry = _entry(_wrong, 7);
        ValidityProof memory proof = _spanProof(_wrong, entry.start, RIGHT);
        vm.prank(alice);
        router.reportContradiction(_wrong, entry, RIGHT, proof);
        _expectAlarm();
        _expectStepRoute();
    }

    function test_39_contradictionOfWhatIsNotProven_reverts() public {
        IProofRouter.Entry memory entry = _entry(_wrong, 7);
        ValidityProof memory proof = _spanProof(_wrong, entry.start, RIGHT);
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_NotProven.selector, _wrong));
        router.reportContradiction(_wrong, entry, RIGHT, proof);
    }

    function test_39_agreement_isNoConflict() public {
        _prove(_right);
        IProofRouter.Entry memory entry = _entry(_right, 7);
        ValidityProof memory proof = _spanProof(_right, entry.start, entry.end);
        vm.expectRevert(IProofRouter.ProofRouter_SameResult.selector);
        router.reportContradiction(_right, entry, entry.end, proof);
        _report(alice, 0, RIGHT);
        _report(bob, 0, RIGHT);
        vm.assertEq(uint256(router.brokenAt(0)), 0);
    }

    /// @dev Whatever a proof was given for is on record, and what comes after it is compared.
    function test_39_answerThatContradictsAReport_raisesIt() public {
        bytes32 node = _query(querier, _wrong, _liar, 0, 7);
        IQueryGame.Node memory asked = game.node(node);
        (,, uint64 n1) = claims.statementOf(_wrong);
        ValidityProof memory proof = _spanProof(_wrong, asked.start, RIGHT);
        vm.expectEmit(true, true, true, true, address(router));
        emit IProofRouter.ResultRecorded(0, ProofKind.SPAN, _boot(asked.start, n1), RIGHT);
        router.report(0, ProofKind.SPAN, _boot(asked.start, n1), RIGHT, proof);
        _answerByZk(node);
        vm.assertGt(router.brokenAt(0), 0);
        _expectNode(node, NodeStatus.Open);
    }

    function test_39_refutationThatContradictsAnAnswer_raisesIt() public {
        bytes32 node = _query(querier, _wrong, _liar, 0, 7);
        _answerByZk(node);
        IProofRouter.Entry memory entry = _entry(_wrong, 7);
        router.refuteByZk(_wrong, _liar, entry, RIGHT, _spanProof(_wrong, entry.start, RIGHT));
        vm.assertGt(router.brokenAt(0), 0);
        // Which of the two is false is not known: nobody loses a stake by it.
        vm.assertEq(uint256(claims.instanceStatus(_wrong, _liar)), uint256(InstanceStatus.Live));
    }

    /// @dev What is on record needs no proof, and nothing else does without one.
    function test_39_recordedResult_contradictsWithoutAProof() public {
        _prove(_wrong);
        IProofRouter.Entry memory entry = _entry(_wrong, 7);
        (,, uint64 n1) = claims.statementOf(_wrong);
        ValidityProof memory none;
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        router.reportContradiction(_wrong, entry, RIGHT, none);
        ValidityProof memory proof = _spanProof(_wrong, entry.start, RIGHT);
        router.report(0, ProofKind.SPAN, _boot(entry.start, n1), RIGHT, proof);
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        router.reportContradiction(_wrong, entry, keccak256("a third"), none);
        router.reportContradiction(_wrong, entry, RIGHT, none);
        _expectAlarm();
    }

    function test_39_resultZero_reverts() public {
        ValidityProof memory proof = _proofOf(0, ProofKind.SPAN, RUN, 0);
        vm.expectRevert(IProofRouter.ProofRouter_NoResult.selector);
        router.report(0, ProofKind.SPAN, RUN, 0, proof);
    }

    function test_39_contradictionThatContradictsARecord_raisesItOnce() public {
        _prove(_wrong);
        IProofRouter.Entry memory entry = _entry(_wrong, 7);
        (,, uint64 n1) = claims.statementOf(_wrong);
        ValidityProof memory proof = _spanProof(_wrong, entry.start, entry.end);
        router.report(0, ProofKind.SPAN, _boot(entry.start, n1), entry.end, proof);
        vm.deal(address(router), 1 ether);
        proof = _spanProof(_wrong, entry.start, RIGHT);
        vm.prank(alice);
        router.reportContradiction(_wrong, entry, RIGHT, proof);
        vm.assertEq(router.credits(alice), 1 ether);
        _expectAlarm();
    }

    /// @dev Nothing that is not proven twice: other runs, kinds and versions, a proof that is refused, blobs that L1 does not have.
    function test_39_stagedConflict_isNone() public {
        _schedule(inbox.batchCount() + NOTICE);
        _report(alice, 0, RIGHT);
        ValidityProof memory proof = _proofOf(0, ProofKind.SPAN, RUN, WRONG);
        bytes memory refused = abi.encodeWithSelector(IVerifier.Verifier_Refused.selector);
        vm.expectRevert(refused);
        router.report(0, ProofKind.SPAN, keccak256("another run"), WRONG, proof);
        vm.expectRevert(refused);
        router.report(0, ProofKind.CLAIM, RUN, WRONG, proof);
        vm.expectRevert(refused);
        router.report(1, ProofKind.SPAN, RUN, WRONG, proof);
        proof.proof[0] ^= 0x01;
        vm.expectRevert(refused);
        router.report(0, ProofKind.SPAN, RUN, WRONG, proof);
        proof = _proofOver(0, ProofKind.SPAN, RUN, WRONG, 0, new bytes(192));
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_WrongOpening.selector, 0));
        router.report{gas: 1_000_000}(0, ProofKind.SPAN, RUN, WRONG, proof);

        router.report(
            0,
            ProofKind.SPAN,
            keccak256("another run"),
            WRONG,
            _proofOf(0, ProofKind.SPAN, keccak256("another run"), WRONG)
        );
        router.report(0, ProofKind.CLAIM, RUN, WRONG, _proofOf(0, ProofKind.CLAIM, RUN, WRONG));
        _report(alice, 1, WRONG);
        vm.assertEq(uint256(router.brokenAt(0)), 0);
        vm.assertEq(uint256(router.brokenAt(1)), 0);
    }

    function test_39_confirmed_staysConfirmed() public {
        _prove(_right);
        vm.warp(block.timestamp + GUARD + 1);
        claims.confirm(_right, address(0));
        _reportConflict(alice, 0);
        vm.assertTrue(claims.isFinal(_right));
        vm.assertEq(uint256(claims.instanceStatus(_right, owner)), uint256(InstanceStatus.Confirmed));
    }

    /// @dev Ripe is not confirmed: what nobody has confirmed before the alarm is not by its proof.
    function test_39_ripe_isNotConfirmed() public {
        _prove(_wrong);
        vm.warp(block.timestamp + GUARD + 1);
        vm.assertTrue(claims.isRipe(_wrong));
        _reportConflict(alice, 0);
        vm.assertFalse(claims.tryConfirm(_wrong));
    }

    function test_39_noMoveByProofIsLeft() public {
        bytes32 node = _query(_right, 0, 7);
        IQueryGame.Node memory asked = game.node(node);
        ValidityProof memory answer = _spanProof(_right, asked.start, asked.end);
        IProofRouter.Entry memory entry = _entry(_right, 7);
        ValidityProof memory other = _spanProof(_right, entry.start, RIGHT);
        ValidityProof memory third = _proofOf(0, ProofKind.SPAN, RUN, RIGHT);
        _reportConflict(alice, 0);
        bytes memory broken = abi.encodeWithSelector(IProofRouter.ProofRouter_Broken.selector, 0);
        vm.expectRevert(broken);
        router.answerByZk(node, answer);
        vm.expectRevert(broken);
        router.refuteByZk(_right, owner, entry, RIGHT, other);
        vm.expectRevert(broken);
        router.report(0, ProofKind.SPAN, RUN, RIGHT, third);
        vm.expectRevert(broken);
        this.assertAndProve(0, keccak256("more"));
    }

    function assertAndProve(uint256 parent, bytes32 root) external {
        _assertAndProve(alice, parent, root);
    }

    /// @dev Content without an instance is nothing after the alarm, until somebody stakes on it.
    function test_39_provenWithoutStake_isNotOpenAnyMore() public {
        Claim proven = _assertAndProve(alice, 0, keccak256("bare"));
        vm.assertTrue(claims.isOpen(proven));
        _reportConflict(alice, 0);
        vm.assertFalse(claims.isOpen(proven));
        vm.assertEq(uint256(claims.closesAt(proven)), 0);
        address backer = _actor("backer");
        _stake(backer);
        vm.prank(backer);
        claims.back(proven);
        vm.assertTrue(claims.isOpen(proven));
    }

    /// @dev A liar settled the doubt that matters with a false proof. After the alarm that doubt is open again, whether anybody says so
    /// or not: the instance cannot be confirmed before it is answered, and the path goes on from there.
    function test_39_doubtsThatProofsSettled_areOpenAgain() public {
        bytes32 node = _query(querier, _wrong, _liar, 0, 7);
        _answerByZk(node);
        _expectStanding(_wrong, _liar, 0, 0);
        _reportConflict(alice, 0);
        _expectStanding(_wrong, _liar, 1, 0);
        vm.warp(block.timestamp + 30 days);
        vm.assertFalse(claims.isRipe(_wrong));

        game.reopen(node);
        _expectNode(node, NodeStatus.Open);
        _expectStanding(_wrong, _liar, 1, 0);
        (uint256 deadline,) = _limits(node);
        vm.assertEq(deadline, block.timestamp + CLOCK);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NotReopenable.selector, node));
        game.reopen(node);
        vm.warp(deadline + 1);
        game.timeout(node);
        vm.assertEq(uint256(claims.instanceStatus(_wrong, _liar)), uint256(InstanceStatus.Refuted));
        vm.assertEq(claims.credits(querier), STAKE / 2);
    }

    /// @dev An honest owner that used a proof answers with its trace instead and loses nothing.
    function test_39_reopened_honestOwnerAnswers() public {
        bytes32 node = _query(_right, 0, 7);
        _answerByZk(node);
        _reportConflict(alice, 0);
        vm.prank(owner);
        game.reopen(node);
        _answer(node, "trace");
        (, uint256 childClose) = _limits(node);
        vm.warp(childClose + 1);
        claims.confirm(_right, owner);
        game.reclaim(node);
        vm.assertEq(game.credits(owner), BOND);
    }

    /// @dev Other versions are other proof systems.
    function test_39_otherVersion_goesOn() public {
        uint64 activation = inbox.batchCount() + NOTICE;
        _schedule(activation);
        _reportConflict(alice, 0);
        while (inbox.batchCount() < activation) {
            _post(batcher, 1);
        }
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(_right, owner);
        uint256 parent = claims.indexOf(_right);
        vm.assertEq(uint256(claims.contentAt(parent).childN1), 2);
        _assert(owner, parent, keccak256("second"));
        vm.warp(block.timestamp + WINDOW + 1);
        parent = claims.contentCount() - 1;
        vm.assertTrue(claims.tryConfirm(claims.contentAt(parent).id));
        vm.assertEq(uint256(claims.contentAt(parent).childN1), activation);
        _assert(owner, parent, keccak256("third"));
        vm.warp(block.timestamp + WINDOW + 1);
        parent = claims.contentCount() - 1;
        vm.assertTrue(claims.tryConfirm(claims.contentAt(parent).id));
        _post(batcher, 1);
        Claim next = _assertAndProve(alice, parent, keccak256("first of the next version"));
        vm.warp(block.timestamp + GUARD + 1);
        vm.assertTrue(claims.tryConfirm(next));
    }
}

/// @notice Invariant 40: no content straddles an activation, and game and proofs go by the version of its batches.
contract Proof40Test is ProofFixture {
    /// @dev Whatever is asserted around it, a version begins with a content.
    function test_40_childrenEndAtTheActivation() public {
        for (uint256 i; i < 4; ++i) {
            _post(batcher, 1);
        }
        Claim first = _assert(owner, 0, RIGHT);
        uint64 before = claims.contentAt(claims.indexOf(first)).childN1;
        vm.assertEq(uint256(before), inbox.batchCount());
        uint64 activation = inbox.batchCount() + NOTICE;
        _schedule(activation);
        for (uint256 i; i < 9; ++i) {
            _post(batcher, 1);
        }
        // What was fixed before the version was scheduled stays, and does not reach it.
        vm.assertEq(uint256(claims.contentAt(1).childN1), before);
        _assert(owner, 1, "second");
        vm.assertEq(uint256(claims.contentAt(2).childN1), activation);
        _assert(owner, 2, "third");
        vm.assertEq(uint256(claims.contentAt(3).n1), activation);
        vm.assertEq(uint256(claims.contentAt(3).childN1), inbox.batchCount());
    }

    /// @dev The greatest reach of a content that exists when a version is scheduled.
    function test_40_childrenFixedBeforeTheSchedule() public {
        Claim first = _assert(owner, 0, RIGHT);
        IClaimManager.Content memory content = claims.contentAt(claims.indexOf(first));
        vm.assertEq(uint256(content.childN1), inbox.batchCount() + 1);
        vm.assertLe(uint256(content.childN1), inbox.batchCount() + programs.notice());
    }

    function test_40_gameStartsTheMachineOfTheBatches() public {
        uint64 activation = inbox.batchCount() + NOTICE;
        _schedule(activation);
        while (inbox.batchCount() < activation + 1) {
            _post(batcher, 1);
        }
        _claim(owner, 0, RIGHT, "a");
        _claim(owner, 1, RIGHT, "b");
        Claim old = claims.contentAt(2).id;
        vm.assertEq(uint256(claims.contentAt(2).n1), activation);
        Claim young = _claim(owner, 2, RIGHT, "c");
        _expectStart(old, keccak256("program"), 0x1000);
        (bytes32 memoryRoot, uint32 pc) = programs.machineAt(activation);
        _expectStart(young, memoryRoot, pc);
        vm.assertEq(uint256(pc), 0x2000);
    }

    function _expectStart(Claim content, bytes32 memoryRoot, uint32 pc) private {
        bytes32 node = _query(content, 0, 9);
        bytes32 start = game.node(node).start;
        (,, uint64 n1) = claims.statementOf(content);
        _answer(node, "answer");
        vm.assertEq(game.node(node).start, Hashing.initialState(memoryRoot, pc, _boot(start, n1)));
    }

    function test_40_proofsAreOfTheVersionOfTheBatches() public {
        uint64 activation = inbox.batchCount() + NOTICE;
        _schedule(activation);
        while (inbox.batchCount() < activation + 1) {
            _post(batcher, 1);
        }
        _assertAndProve(alice, 0, "a");
        _assertAndProve(alice, 1, "b");
        _assertAndProve(alice, 2, "c");
        (bytes32 start, bytes32 root, uint64 n1) = claims.statementOf(claims.contentAt(3).id);
        vm.assertEq(programs.versionAt(n1 - 1), 1);
        vm.assertEq(programs.versionAt(claims.contentAt(2).n1 - 1), 0);
        // Under the old key nothing of the new version is proven, nor the other way round.
        Claim other = _claim(owner2(), 3, "d", "seed");
        (start, root, n1) = claims.statementOf(other);
        ValidityProof memory proof = _proofOf(0, ProofKind.CLAIM, _boot(start, n1), root);
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        router.prove(other, proof);
    }

    function owner2() private returns (address who) {
        who = owner;
        for (uint256 i = 1; i < 4; ++i) {
            Claim content = claims.contentAt(i).id;
            vm.prank(who);
            claims.back(content);
        }
        _post(batcher, 1);
    }
}

/// @notice Invariants 42 and 43: proofs count after their guard and not before; without them the chain goes on by itself.
contract Proof42And43Test is ProofFixture {
    function test_fuzz_42_fast_neverBeforeTheGuard(uint256 proven, uint256 looked) public {
        Claim claim = _claim(owner, 0, RIGHT, "seed");
        _skip(_bound(proven, 0, 3 days));
        _prove(claim);
        uint256 at_ = block.timestamp;
        looked = _bound(looked, 0, 2 * GUARD);
        vm.warp(at_ + looked);
        vm.assertEq(claims.isRipe(claim) ? 1 : 0, looked > GUARD ? 1 : 0);
        vm.assertEq(claims.tryConfirm(claim) ? 1 : 0, looked > GUARD ? 1 : 0);
    }

    /// @dev All provers are gone. Nobody has a role in what follows, and nothing is set.
    function test_43_withoutProvers_theChainConfirmsByTheStepRoute() public {
        Claim first = _claim(owner, 0, RIGHT, "seed");
        uint256 asserted = block.timestamp;
        vm.assertEq(uint256(claims.closesAt(first)), asserted + PROVER_TIMEOUT);
        // Claims go on in the meantime, and each waits for itself only: the chain is late by the timeout, not slower.
        Claim[4] memory following;
        for (uint256 i; i < 4; ++i) {
            _skip(1 hours);
            _post(batcher, 1);
            following[i] = _claim(owner, i + 1, RIGHT, bytes32(i));
        }
        vm.warp(asserted + PROVER_TIMEOUT);
        vm.assertFalse(claims.isRipe(first));
        vm.assertFalse(claims.tryConfirm(first));
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRipe.selector, first));
        claims.confirm(first, owner);
        vm.warp(asserted + PROVER_TIMEOUT + 1);
        vm.prank(_actor("anybody"));
        claims.confirm(first, owner);
        vm.assertFalse(claims.isRipe(following[0]));
        vm.warp(asserted + PROVER_TIMEOUT + 4 hours + 1 minutes);
        for (uint256 i; i < 4; ++i) {
            vm.assertTrue(claims.tryConfirm(following[i]), "a following claim");
        }
    }

    /// @dev Whoever proves little holds up nobody: neither what came before nor what comes after.
    function test_43_oneProof_doesNotMakeTheOthersWait() public {
        Claim first = _claim(owner, 0, RIGHT, "seed");
        _post(batcher, 1);
        Claim second = _claim(owner, 1, RIGHT, "second");
        _post(batcher, 1);
        Claim third = _claim(owner, 2, RIGHT, "third");
        vm.warp(block.timestamp + PROVER_TIMEOUT + 1);
        _prove(second);
        vm.assertTrue(claims.tryConfirm(first));
        claims.confirm(second, owner);
        vm.assertTrue(claims.tryConfirm(third));
    }

    /// @dev An instance made after the timeout has a whole window.
    function test_43_windowIsWhole() public {
        Claim claim = _assertByAnother();
        vm.warp(block.timestamp + 30 days);
        vm.prank(owner);
        claims.back(claim);
        vm.warp(block.timestamp + WINDOW);
        vm.assertFalse(claims.tryConfirm(claim));
        vm.warp(block.timestamp + 1);
        vm.assertTrue(claims.tryConfirm(claim));
    }

    /// @dev A content whose first owner has let it fall.
    function _assertByAnother() private returns (Claim claim) {
        address other = _actor("another");
        _stake(other);
        claim = _claim(other, 0, RIGHT, "seed");
        _refute(claim, other);
    }

    /// @dev The game works all the time: what is wrong is refuted, proven or not, before the timeout and after.
    function test_43_wrongClaimsAreRefutedWithoutProvers() public {
        Claim wrong = _claim(owner, 0, WRONG, "lie");
        bytes32 node = _query(wrong, 0, 3);
        vm.warp(block.timestamp + CLOCK + 1);
        game.timeout(node);
        vm.warp(block.timestamp + PROVER_TIMEOUT + WINDOW + 1);
        vm.assertFalse(claims.tryConfirm(wrong));
    }

    /// @dev Provers that come back are in time for what is not confirmed.
    function test_43_proversComeBack() public {
        Claim claim = _claim(owner, 0, RIGHT, "seed");
        vm.warp(block.timestamp + 6 days);
        _prove(claim);
        vm.warp(block.timestamp + GUARD + 1);
        vm.assertTrue(claims.tryConfirm(claim));
    }
}
