// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {InstanceStatus} from "../src/interfaces/IClaimManager.sol";
import {Pausable} from "../src/interfaces/IPauseController.sol";
import {IProofRouter, Policy} from "../src/interfaces/IProofRouter.sol";
import {IQueryGame} from "../src/interfaces/IQueryGame.sol";
import {Claim} from "../src/types/Output.sol";
import {ValidityProof} from "../src/types/Proof.sol";
import {ProofFixture} from "./utils/ProofFixture.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Policy SAFE: a proof shortens the window, and the game has the last word.
contract ProofSafeTest is ProofFixture {
    Claim internal claim;
    uint256 internal made;

    function setUp() public override {
        super.setUp();
        claim = _claim(owner, 0, RIGHT, "seed");
        made = block.timestamp;
    }

    function _policy() internal pure override returns (Policy) {
        return Policy.Safe;
    }

    /// @dev The content is confirmed after `close` and not at it.
    function _expectClose(uint256 close) private {
        vm.assertEq(uint256(claims.closesAt(claim)), close, "closesAt");
        vm.warp(close);
        vm.assertFalse(claims.isRipe(claim));
        vm.warp(close + 1);
        vm.assertTrue(claims.isRipe(claim));
        claims.confirm(claim, owner);
    }

    function test_unproven_windowIsWhole() public {
        _expectClose(made + WINDOW);
    }

    function test_proven_windowIsShortenedFromTheProof() public {
        _skip(10 hours);
        _prove(claim);
        _expectClose(made + 10 hours + FAST_WINDOW);
    }

    function test_provenLate_windowIsNotProlonged() public {
        _skip(WINDOW - 1 hours);
        _prove(claim);
        _expectClose(made + WINDOW);
    }

    /// @dev Never earlier than the shortened window after the instance.
    function test_backedAfterTheProof_hasAWindowOfItsOwn() public {
        bytes32 node = _query(claim, 0, 3);
        _prove(claim);
        _skip(2 days);
        address backer = _actor("backer");
        _stake(backer);
        vm.prank(backer);
        claims.back(claim);
        uint256 backed = block.timestamp;
        vm.warp(backed + FAST_WINDOW);
        vm.assertFalse(claims.isRipe(claim));
        vm.warp(backed + FAST_WINDOW + 1);
        // The first instance is held up by its doubt, and by nobody else's.
        vm.assertTrue(claims.isRipe(claim));
        claims.confirm(claim, backer);
        game.reclaim(node);
    }

    function test_provenWithoutInstance_isNotConfirmed() public {
        bytes32 node = _query(claim, 0, 3);
        _prove(claim);
        vm.warp(block.timestamp + CLOCK + 1);
        game.timeout(node);
        vm.warp(block.timestamp + 30 days);
        vm.assertFalse(claims.isRipe(claim));
        vm.assertFalse(claims.isOpen(claim));
        vm.expectRevert();
        claims.confirm(claim, address(0));
    }

    /// @dev A doubt that was answered brings back the whole window, so what comes after the answer can be doubted as ever.
    function test_proven_answeredDoubt_bringsTheWholeWindowBack() public {
        _prove(claim);
        bytes32 node = _query(claim, 0, 3);
        vm.warp(made + FAST_WINDOW + 1);
        vm.assertFalse(claims.isRipe(claim));
        _answer(node, "answer");
        _expectClose(made + WINDOW);
    }

    function test_proven_doubtedUntilConfirmed() public {
        _prove(claim);
        vm.warp(made + FAST_WINDOW);
        bytes32 node = _query(claim, 0, 3);
        vm.warp(block.timestamp + CLOCK + 1);
        game.timeout(node);
        vm.assertEq(uint256(claims.instanceStatus(claim, owner)), uint256(InstanceStatus.Refuted));
    }

    /// @dev What the game has refuted once has its whole window in every instance, however it is proven.
    function test_proven_refutedOnce_isNotShortened() public {
        address backer = _actor("backer");
        _stake(backer);
        vm.prank(backer);
        claims.back(claim);
        uint256 backed = block.timestamp;
        bytes32 node = _query(claim, 0, 3);
        _prove(claim);
        _skip(CLOCK + 1);
        game.timeout(node);
        vm.assertFalse(claims.isRipe(claim));
        vm.warp(backed + WINDOW);
        vm.assertFalse(claims.isRipe(claim));
        vm.warp(backed + WINDOW + 1);
        claims.confirm(claim, backer);
    }

    function test_zkMoves_revert() public {
        bytes32 node = _query(claim, 0, 3);
        IQueryGame.Node memory asked = game.node(node);
        ValidityProof memory proof = _spanProof(claim, asked.start, asked.end);
        vm.expectRevert(IProofRouter.ProofRouter_NotFast.selector);
        router.answerByZk(node, proof);
        IProofRouter.Entry memory entry = _entry(claim, 3);
        proof = _spanProof(claim, entry.start, RIGHT);
        vm.expectRevert(IProofRouter.ProofRouter_NotFast.selector);
        router.refuteByZk(claim, owner, entry, RIGHT, proof);
        vm.expectRevert(IProofRouter.ProofRouter_NotFast.selector);
        this.assertAndProve();
    }

    function assertAndProve() external {
        _assertAndProve(alice, 0, keccak256("mine"));
    }

    function test_alarm_windowsAreWholeAgain() public {
        _prove(claim);
        _reportConflict(alice, 0);
        vm.assertTrue(pauses.paused(Pausable.Withdraw));
        _expectClose(made + WINDOW);
    }
}

/// @notice Policy STEP_ONLY with a router: proofs are recorded, compared, and worth nothing.
contract ProofStepOnlyTest is ProofFixture {
    function _policy() internal pure override returns (Policy) {
        return Policy.StepOnly;
    }

    function test_42_proofsAreIgnored() public {
        Claim claim = _claim(owner, 0, RIGHT, "seed");
        uint256 made = block.timestamp;
        _prove(claim);
        vm.assertEq(uint256(claims.closesAt(claim)), made + WINDOW);
        vm.warp(made + WINDOW);
        vm.assertFalse(claims.isRipe(claim));
        vm.warp(made + WINDOW + 1);
        vm.assertTrue(claims.tryConfirm(claim));
    }

    function test_alarm_pausesNothing() public {
        _reportConflict(alice, 0);
        vm.assertGt(router.brokenAt(0), 0);
        vm.assertFalse(pauses.paused(Pausable.Withdraw));
    }
}
