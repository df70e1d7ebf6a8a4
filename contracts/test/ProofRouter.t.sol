// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DisputeGame} from "../src/claims/DisputeGame.sol";
import {ProofRouter} from "../src/claims/ProofRouter.sol";
import {IAlarm} from "../src/interfaces/IAlarm.sol";
import {IClaimManager, InstanceStatus} from "../src/interfaces/IClaimManager.sol";
import {IPauseController, Pausable} from "../src/interfaces/IPauseController.sol";
import {IProofRouter, Policy} from "../src/interfaces/IProofRouter.sol";
import {IQueryGame, NodeStatus} from "../src/interfaces/IQueryGame.sol";
import {IVerifier} from "../src/interfaces/IVerifier.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Claim} from "../src/types/Output.sol";
import {ProofKind, ValidityProof} from "../src/types/Proof.sol";
import {WithdrawalTransaction} from "../src/types/Withdrawal.sol";
import {ProofFixture} from "./utils/ProofFixture.sol";
import {Trie} from "./utils/Trie.sol";
import {Vm, vm} from "./utils/Vm.sol";

/// @notice Policy FAST: what a proof does, and what it cannot do.
contract ProofRouterTest is ProofFixture {
    Claim internal claim;

    function setUp() public override {
        super.setUp();
        claim = _claim(owner, 0, RIGHT, "seed");
    }

    function _expectStatus(Claim content, address who, InstanceStatus status) private view {
        vm.assertEq(uint256(claims.instanceStatus(content, who)), uint256(status), "instance");
    }

    // --- construction ---

    function _expectBad(string memory name, ProofRouter.Parameters memory p) private {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.mockCall(address(claims), abi.encodeCall(IClaimManager.proofs, ()), abi.encode(next));
        vm.mockCall(address(pauses), abi.encodeCall(IAlarm.alarm, ()), abi.encode(next));
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_BadParameter.selector, name));
        new ProofRouter(p);
        vm.clearMockedCalls();
    }

    function test_constructor_badParameter_reverts() public {
        ProofRouter.Parameters memory p = _proofParameters();
        p.claimManager = address(0);
        _expectBad("claimManager", p);
        p = _proofParameters();
        p.programs = alice;
        _expectBad("programs", p);
        p = _proofParameters();
        p.programs = address(game);
        _expectBad("claimManager", p);
        p = _proofParameters();
        p.pauseController = address(0);
        _expectBad("pauseController", p);
        p = _proofParameters();
        p.wait = 0;
        _expectBad("wait", p);
        p.wait = WINDOW + 1;
        _expectBad("wait", p);
        p = _proofParameters();
        p.policy = Policy.Safe;
        _expectBad("proverTimeout", p);
        p.policy = Policy.Fast;
        p.proverTimeout = uint64(1) << 32;
        _expectBad("proverTimeout", p);
    }

    /// @dev Who is not the one that claim manager and pause controller name.
    function test_constructor_contradiction_reverts() public {
        ProofRouter.Parameters memory p = _proofParameters();
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_BadParameter.selector, "claimManager"));
        new ProofRouter(p);
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.mockCall(address(claims), abi.encodeCall(IClaimManager.proofs, ()), abi.encode(next));
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_BadParameter.selector, "pauseController"));
        new ProofRouter(p);
        vm.etch(address(verifier), "");
        _expectBad("verifier", p);
    }

    // --- prove ---

    function test_prove_recordsAndConfirmsAfterTheGuard() public {
        vm.expectEmit(true, true, true, true, address(router));
        emit IProofRouter.ContentProven(claim, 0, address(this));
        _prove(claim);
        vm.assertEq(uint256(router.provenAt(claim)), block.timestamp);
        vm.assertEq(uint256(claims.closesAt(claim)), block.timestamp + GUARD);
        _skip(GUARD - 1);
        vm.assertFalse(claims.isRipe(claim));
        vm.warp(router.provenAt(claim) + GUARD + 1);
        vm.assertTrue(claims.isRipe(claim));
        claims.confirm(claim, address(0));
        vm.assertTrue(claims.isFinal(claim));
        _expectStatus(claim, owner, InstanceStatus.Confirmed);
        claims.settle(claim, owner);
        vm.prank(owner);
        claims.withdrawStake();
    }

    function test_prove_twice_reverts() public {
        _prove(claim);
        ValidityProof memory proof = _contentProof(claim);
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_ProvenAlready.selector, claim));
        router.prove(claim, proof);
    }

    function test_prove_genesis_reverts() public {
        Claim genesis = claims.contentAt(0).id;
        ValidityProof memory proof = _contentProof(claim);
        vm.expectRevert(IProofRouter.ProofRouter_Genesis.selector);
        router.prove(genesis, proof);
    }

    function test_prove_unknownContent_reverts() public {
        ValidityProof memory proof = _contentProof(claim);
        Claim unknown = Claim.wrap(keccak256("unknown"));
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_UnknownContent.selector, unknown));
        router.prove(unknown, proof);
    }

    function test_prove_proofOfAnEndOnly_reverts() public {
        // That the last span ends right says nothing of the entries before.
        (bytes32 start,, uint64 n1) = claims.statementOf(claim);
        ValidityProof memory proof = _proofOf(0, ProofKind.SPAN, _boot(start, n1), vectors[Claim.unwrap(claim)][255]);
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        router.prove(claim, proof);
    }

    function test_confirm_byProof_waitsForTheParent() public {
        _post(batcher, 1);
        _prove(claim);
        Claim next = _assertAndProve(alice, 1, keccak256("next"));
        vm.warp(block.timestamp + GUARD + 1);
        vm.assertFalse(claims.tryConfirm(next));
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRipe.selector, next));
        claims.confirm(next, address(0));
        vm.assertTrue(claims.tryConfirm(claim));
        vm.assertTrue(claims.tryConfirm(next));
    }

    function test_confirm_unproven_withoutOwner_reverts() public {
        vm.warp(block.timestamp + 30 days);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRipe.selector, claim));
        claims.confirm(claim, address(0));
    }

    function test_confirm_rejectsTheSiblings_andPaysTheDoubtsOfTheRight() public {
        address liar = _actor("liar");
        _stake(liar);
        Claim lie = _claim(liar, 0, WRONG, "lie");
        bytes32 onRight = _query(claim, 0, 3);
        bytes32 onWrong = _query(querier, lie, liar, 0, 3);
        _prove(claim);
        vm.warp(block.timestamp + GUARD + 1);
        // A doubt does not hold up what is proven: whoever raised it pays its bond to the owner.
        vm.assertTrue(claims.tryConfirm(claim));
        _expectStatus(lie, liar, InstanceStatus.Rejected);
        game.reclaim(onRight);
        game.reclaim(onWrong);
        vm.assertEq(game.credits(owner), BOND);
        vm.assertEq(game.credits(querier), BOND);
        claims.settle(lie, liar);
        vm.assertEq(claims.forfeited(), STAKE);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_InstanceNotLive.selector, claim, owner));
        game.timeout(onRight);
    }

    function test_confirm_refutedInstance_staysRefuted() public {
        bytes32 node = _query(claim, 0, 3);
        vm.warp(block.timestamp + CLOCK + 1);
        game.timeout(node);
        _expectStatus(claim, owner, InstanceStatus.Refuted);
        vm.assertFalse(claims.isOpen(claim));
        // Its owner was silent, which says nothing of the content.
        _prove(claim);
        vm.assertTrue(claims.isOpen(claim));
        vm.warp(block.timestamp + GUARD + 1);
        vm.assertTrue(claims.tryConfirm(claim));
        _expectStatus(claim, owner, InstanceStatus.Refuted);
    }

    // --- assertAndProve ---

    function test_assertAndProve_needsNoStake() public {
        Claim proven = _assertAndProve(alice, 0, keccak256("mine"));
        vm.assertTrue(claims.isOpen(proven));
        vm.assertEq(uint256(claims.instanceCreatedAt(proven, address(router))), 0);
        vm.assertEq(uint256(claims.closesAt(proven)), block.timestamp + GUARD);
        DisputeGame shown = DisputeGame(games.gameOf(proven));
        vm.assertEq(uint256(shown.status()), uint256(DisputeGame.GameStatus.IN_PROGRESS));
        vm.assertEq(uint256(shown.expectedResolution()), block.timestamp + GUARD);
        vm.warp(block.timestamp + GUARD + 1);
        vm.assertTrue(claims.tryConfirm(proven));
        vm.assertEq(uint256(shown.status()), uint256(DisputeGame.GameStatus.DEFENDER_WINS));
        vm.assertTrue(games.isGameFinalized(address(shown)));
    }

    function test_assertAndProve_emitsNoOwner() public {
        vm.recordLogs();
        _assertAndProve(alice, 0, keccak256("mine"));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bool seen;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IClaimManager.ClaimAsserted.selector) continue;
            seen = true;
            // What is not indexed begins with the owner.
            vm.assertEq(bytes32(logs[i].data), bytes32(0), "owner");
        }
        vm.assertTrue(seen);
    }

    function test_assertAndProve_ofWhatIsThere_provesIt() public {
        Claim proven = _assertAndProve(alice, 0, keccak256("mine"));
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_ProvenAlready.selector, proven));
        this.assertAndProveAgain();
        uint256 count = claims.contentCount();
        // And somebody may stake on it, as on any content.
        address backer = _actor("backer");
        _stake(backer);
        vm.assertEq(Claim.unwrap(_assert(backer, 0, keccak256("mine"))), Claim.unwrap(proven));
        vm.assertEq(claims.contentCount(), count);
        _expectStatus(proven, backer, InstanceStatus.Live);
    }

    function assertAndProveAgain() external {
        _assertAndProve(alice, 0, keccak256("mine"));
    }

    function test_assertAndProve_falseProof_leavesNothing() public {
        uint256 count = claims.contentCount();
        try this.assertWithProof(hex"00") {
            vm.assertTrue(false, "accepted");
        } catch (bytes memory reason) {
            vm.assertEq(bytes32(bytes4(reason)), bytes32(IVerifier.Verifier_Refused.selector));
        }
        vm.assertEq(claims.contentCount(), count);
    }

    function assertWithProof(bytes calldata proof) external {
        ValidityProof memory p = ValidityProof(0, "", proof);
        Claim parent = claims.contentAt(0).id;
        router.assertAndProve(
            parent, inbox.acc(1), _vector(_endOutput(0, keccak256("x"))), _endOutput(0, keccak256("x")), p
        );
    }

    function test_withdrawal_isPaidByAProvenClaim() public {
        vm.deal(address(portal), 1 ether);
        WithdrawalTransaction memory w = WithdrawalTransaction(uint256(1) << 240, bob, bob, 1 ether, 21_000, "");
        (bytes32 root, bytes[] memory trie) = Trie.single(Hashing.withdrawal(w), 0x01);
        Claim proven = _assertAndProve(alice, 0, Hashing.outputRoot(_rootProof(root)));
        uint256 index = claims.indexOf(proven);
        portal.proveWithdrawalTransaction(w, index, _rootProof(root), trie);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        portal.checkWithdrawal(Hashing.withdrawal(w), address(this));
        uint256 before = bob.balance;
        portal.finalizeWithdrawalTransaction(w);
        vm.assertEq(bob.balance, before + 1 ether);
    }

    // --- answerByZk ---

    function test_answerByZk_settlesTheDoubt() public {
        bytes32 node = _query(claim, 0, 7);
        _expectStanding(claim, owner, 1, 0);
        _answerByZk(node);
        _expectNode(node, NodeStatus.Verified);
        _expectStanding(claim, owner, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NodeNotOpen.selector, node));
        game.timeout(node);
        vm.warp(block.timestamp + WINDOW + PROVER_TIMEOUT + 1);
        claims.confirm(claim, owner);
        game.reclaim(node);
        vm.assertEq(game.credits(owner), BOND);
    }

    function test_answerByZk_otherResult_reverts() public {
        bytes32 node = _query(claim, 0, 7);
        ValidityProof memory proof = _spanProof(claim, game.node(node).start, WRONG);
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        router.answerByZk(node, proof);
    }

    function test_answerByZk_deeper_reverts() public {
        bytes32 node = _descend(claim, 7, 1);
        IQueryGame.Node memory asked = game.node(node);
        ValidityProof memory proof = _spanProof(claim, asked.start, asked.end);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongDepth.selector, 1));
        router.answerByZk(node, proof);
    }

    function test_game_prove_stranger_reverts() public {
        bytes32 node = _query(claim, 0, 7);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NotProofs.selector, owner));
        vm.prank(owner);
        game.prove(node);
    }

    function test_reopen_beforeTheAlarm_reverts() public {
        bytes32 node = _query(claim, 0, 7);
        _answerByZk(node);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NotReopenable.selector, node));
        game.reopen(node);
    }

    // --- refuteByZk ---

    function test_refuteByZk_refutesAndPaysTheProver() public {
        IProofRouter.Entry memory entry = _entry(claim, 7);
        ValidityProof memory proof = _spanProof(claim, entry.start, RIGHT);
        vm.expectEmit(true, true, true, true, address(router));
        emit IProofRouter.InstanceDisproven(claim, owner, alice, 7);
        vm.prank(alice);
        router.refuteByZk(claim, owner, entry, RIGHT, proof);
        _expectStatus(claim, owner, InstanceStatus.Refuted);
        vm.assertEq(claims.credits(alice), STAKE / 2);
        vm.assertEq(claims.forfeited(), STAKE / 2);
    }

    function test_refuteByZk_firstEntry() public {
        IProofRouter.Entry memory entry = _entry(claim, 0);
        router.refuteByZk(claim, owner, entry, RIGHT, _spanProof(claim, entry.start, RIGHT));
        _expectStatus(claim, owner, InstanceStatus.Refuted);
    }

    function test_refuteByZk_sameResult_reverts() public {
        IProofRouter.Entry memory entry = _entry(claim, 7);
        ValidityProof memory proof = _spanProof(claim, entry.start, entry.end);
        vm.expectRevert(IProofRouter.ProofRouter_SameResult.selector);
        router.refuteByZk(claim, owner, entry, entry.end, proof);
    }

    function test_refuteByZk_otherEntries_reverts() public {
        IProofRouter.Entry memory entry = _entry(claim, 7);
        ValidityProof memory proof = _spanProof(claim, entry.start, RIGHT);
        bytes memory refused = abi.encodeWithSelector(IProofRouter.ProofRouter_WrongEntry.selector, 7);
        entry.end = WRONG;
        vm.expectRevert(refused);
        router.refuteByZk(claim, owner, entry, RIGHT, proof);
        entry = _entry(claim, 7);
        entry.index = 8;
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_WrongEntry.selector, 7));
        router.refuteByZk(claim, owner, entry, RIGHT, proof);
        entry = _entry(claim, 0);
        entry.start = WRONG;
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_WrongEntry.selector, 0));
        router.refuteByZk(claim, owner, entry, RIGHT, proof);
        entry = _entry(claim, 7);
        entry.endProof = new bytes32[](9);
        vm.expectRevert(refused);
        router.refuteByZk(claim, owner, entry, RIGHT, proof);
    }

    function test_refuteByZk_provenContent_reverts() public {
        _prove(claim);
        IProofRouter.Entry memory entry = _entry(claim, 7);
        ValidityProof memory proof = _spanProof(claim, entry.start, RIGHT);
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_Proven.selector, claim));
        router.refuteByZk(claim, owner, entry, RIGHT, proof);
    }

    function test_refute_onlyRefereeAndRouter() public {
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotReferee.selector, address(pauses)));
        vm.prank(address(pauses));
        claims.refute(claim, owner, new address[](0));
    }

    // --- the bounty and the pause ---

    function test_alarm_pausesWithdrawals_andPaysWhoShowedIt() public {
        (bool sent,) = address(router).call{value: 3 ether}("");
        vm.assertTrue(sent);
        _report(alice, 0, RIGHT);
        vm.expectEmit(true, true, true, true, address(router));
        emit IProofRouter.ProofConflict(0, RUN, alice, 3 ether);
        _report(alice, 0, WRONG);
        vm.assertTrue(pauses.paused(Pausable.Withdraw));
        vm.assertFalse(pauses.paused(Pausable.Deposit));
        uint256 before = alice.balance;
        vm.prank(alice);
        router.withdraw();
        vm.assertEq(alice.balance, before + 3 ether);
        vm.assertEq(address(router).balance, 0);
        vm.warp(block.timestamp + PAUSE_MAX);
        vm.assertFalse(pauses.paused(Pausable.Withdraw));
    }

    function test_withdraw_bountyThatWasOwed_isNotTheNextOnes() public {
        uint64 activation = inbox.batchCount() + NOTICE;
        _schedule(activation);
        vm.deal(address(router), 2 ether);
        _reportConflict(alice, 0);
        _reportConflict(bob, 1);
        vm.assertEq(router.credits(alice), 2 ether);
        vm.assertEq(router.credits(bob), 0);
    }

    function test_withdraw_refusedPayment_reverts() public {
        vm.deal(address(router), 1 ether);
        _reportConflict(address(inbox), 0);
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_PaymentFailed.selector, address(inbox)));
        vm.prank(address(inbox));
        router.withdraw();
    }

    function test_raise_stranger_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IPauseController.PauseController_Unauthorized.selector, guardian));
        vm.prank(guardian);
        pauses.raise();
    }

    function test_raise_neverShortensAPause_andIgnoresTheCooldown() public {
        vm.prank(guardian);
        pauses.pause(Pausable.Withdraw);
        vm.prank(council);
        pauses.extend(Pausable.Withdraw);
        (uint64 until,) = pauses.pauseOf(Pausable.Withdraw);
        vm.prank(address(router));
        pauses.raise();
        (uint64 after_, bool extended) = pauses.pauseOf(Pausable.Withdraw);
        vm.assertEq(uint256(after_), uint256(until));
        vm.assertTrue(extended);
        vm.warp(until + 1);
        vm.prank(address(router));
        pauses.raise();
        (after_, extended) = pauses.pauseOf(Pausable.Withdraw);
        vm.assertEq(uint256(after_), block.timestamp + PAUSE_MAX);
        vm.assertFalse(extended);
        vm.prank(council);
        pauses.lift(Pausable.Withdraw);
        vm.assertFalse(pauses.paused(Pausable.Withdraw));
    }

    // --- blobs ---

    bytes private constant OPENING =
        hex"011b95cc69fca9bc7f0406752fccf4aa04f465a022130f76bf17e0cd64e48bc417c0f6bb9ef5940361063b5ad334fdd32fcfe9f98e62d6da98e665f54d3c41fd27f7096dd59eb7efcf80afbfd4ec9bb845a2a1f107b88e004a713ffa2112e169a18277f6f65c7aae6744c27e6d8bb399660bdc2ad408ac87838742e63ca08a208b5656b06f9451ff5bca2bef9388e55d8506b0ae1cb5262ad6963902f4015429bf1c5a6fcb9f60d41335e063f4664d94c718ecc0d049b0ab4d38bc8e45b3dc01";
    /// @dev Of the blob of zeros.
    bytes private constant ZEROS =
        hex"010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c4440141ca7e713b32fe164dba75381b6ac811b38fe39db65e25e605b540fc5a69e92520000000000000000000000000000000000000000000000000000000000000000c00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000c00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";

    function _contentProofOver(bytes32 opened, bytes memory openings) private view returns (ValidityProof memory) {
        (bytes32 start, bytes32 root, uint64 n1) = claims.statementOf(claim);
        return _proofOver(0, ProofKind.CLAIM, _boot(start, n1), root, opened, openings);
    }

    function test_prove_overBlobs() public {
        router.prove(claim, _contentProofOver(0, bytes.concat(OPENING, ZEROS)));
        vm.assertGt(router.provenAt(claim), 0);
    }

    function test_prove_overBlobsThatWereOpenedBefore() public {
        bytes32 first = router.open(0, OPENING);
        ValidityProof memory proof = _contentProofOver(first, ZEROS);
        router.prove(claim, proof);
        vm.assertGt(router.provenAt(claim), 0);
    }

    function test_open_inPieces_isTheSameChain() public {
        bytes32 whole = router.open(0, bytes.concat(OPENING, ZEROS));
        bytes32 first = router.open(0, OPENING);
        vm.assertNotEq(whole, first);
        vm.assertEq(router.open(first, ZEROS), whole);
    }

    function test_prove_overBlobsThatWereNotOpened_reverts() public {
        ValidityProof memory proof = _contentProofOver(keccak256("never"), ZEROS);
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_NotOpened.selector, keccak256("never")));
        router.prove(claim, proof);
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_NotOpened.selector, keccak256("never")));
        router.open(keccak256("never"), OPENING);
    }

    function test_prove_openingsLeftOutOrReordered_reverts() public {
        ValidityProof memory proof = _contentProofOver(0, bytes.concat(OPENING, ZEROS));
        proof.openings = OPENING;
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        router.prove(claim, proof);
        proof.openings = bytes.concat(ZEROS, OPENING);
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        router.prove(claim, proof);
        proof.openings = "";
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        router.prove(claim, proof);
    }

    /// @dev Every part of an opening but the point counts: another point has another value.
    function test_prove_wrongOpening_reverts() public {
        uint256[5] memory places = [uint256(5), 40, 70, 100, 150];
        for (uint256 i; i < places.length; ++i) {
            bytes memory altered = bytes.concat(ZEROS, OPENING);
            altered[192 + places[i]] ^= 0x01;
            ValidityProof memory proof = _contentProofOver(0, altered);
            vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_WrongOpening.selector, 1));
            // The precompile burns what it is given.
            router.prove{gas: 1_000_000}(claim, proof);
        }
        // Not the least number of its class.
        bytes memory large = bytes.concat(OPENING);
        uint256 y = 0x27f7096dd59eb7efcf80afbfd4ec9bb845a2a1f107b88e004a713ffa2112e169;
        y += 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
        assembly ("memory-safe") {
            mstore(add(large, 0x60), y)
        }
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_WrongOpening.selector, 0));
        router.open{gas: 1_000_000}(0, large);
    }

    function test_open_length_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_OpeningsLength.selector, 191));
        router.open(0, new bytes(191));
    }

    function test_open_withoutThePrecompile_reverts() public {
        vm.mockCall(address(0x0a), "", "");
        vm.expectRevert(abi.encodeWithSelector(IProofRouter.ProofRouter_WrongOpening.selector, 0));
        router.open(0, OPENING);
    }
}
