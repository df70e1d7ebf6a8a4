// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IClaimManager, InstanceStatus} from "../src/interfaces/IClaimManager.sol";
import {IQueryGame, NodeStatus} from "../src/interfaces/IQueryGame.sol";
import {Claim} from "../src/types/Output.sol";
import {ProgramFixture} from "./utils/ProgramFixture.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Whole disputes about a real program, from the claim to the instruction.
contract DisputeTest is ProgramFixture {
    /// @dev Accounts of dishonest parties.
    address private _liar = _actor("liar");
    address private _alias = _actor("the liar's other account");

    function setUp() public override {
        super.setUp();
        _stake(_liar);
        vm.deal(_liar, 10 ether);
        vm.deal(_alias, 10 ether);
    }

    function test_program_endsAsTheGameWants() public view {
        vm.assertGt(trace.length, 300);
        vm.assertEq(uint256(state.exited), 1);
        vm.assertEq(uint256(state.code), 0);
        vm.assertEq(state.output, _rightHash());
    }

    /// @dev Whoever opens node by node on the way to `target`, and answers that lie from `lie` on.
    function _play(Claim claim, uint8 entry, uint256 target, uint256 lie) private returns (bytes32 leaf) {
        address defendant = claims.instanceStatus(claim, _liar) == InstanceStatus.Live ? _liar : owner;
        leaf = _query(querier, claim, defendant, 0, entry);
        while (game.node(leaf).depth < 5) {
            _respond(leaf, lie);
            leaf = _pursue(querier, leaf, target);
        }
    }

    function _status(Claim claim, address of_) private view returns (uint256) {
        return uint256(claims.instanceStatus(claim, of_));
    }

    function _expectRefuted(Claim claim, address of_) private view {
        vm.assertEq(_status(claim, of_), uint256(InstanceStatus.Refuted), "refuted");
    }

    function _expectLive(Claim claim, address of_) private view {
        vm.assertEq(_status(claim, of_), uint256(InstanceStatus.Live), "live");
    }

    // --- honest owners ---

    /// @dev Every kind of step: arithmetic, boot, select, read, branch, store, load, output, halt, and the rest of the trace.
    function test_12_13_honestOwner_provesEveryStepAndGainsTheBonds() public {
        Claim claim = _rightClaim(owner);
        uint256 before = owner.balance;
        uint256 length = trace.length - 1;
        uint256[12] memory targets =
            [0, 2, 5, 10, 12, 38, 39, 40, length - 4, length - 1, length, (uint256(1) << 40) - 1];
        bytes32[] memory nodes = new bytes32[](72);
        uint256 count;
        for (uint256 i; i < targets.length; ++i) {
            bytes32 leaf = _play(claim, uint8(1 + i * 20), targets[i], NEVER);
            vm.prank(bob);
            _judge(leaf);
            _expectNode(leaf, NodeStatus.Proven);
            for (; leaf != 0; leaf = game.node(leaf).parent) {
                nodes[count++] = leaf;
            }
        }
        _expectLive(claim, owner);
        (uint64 open, uint64 close) = game.standing(claim, owner);
        vm.assertEq(uint256(open), 0);
        vm.warp(close + 1);
        claims.confirm(claim, owner);
        for (uint256 i; i < nodes.length; ++i) {
            game.reclaim(nodes[i]);
        }
        vm.prank(owner);
        game.withdraw();
        vm.prank(owner);
        claims.withdrawStake();
        vm.assertEq(owner.balance, before + 72 * BOND + STAKE);
        vm.assertEq(address(game).balance, 0);
    }

    /// @dev The first entry of the claim starts from the parent's end: another run, and another boot.
    function test_12_honestOwner_firstEntry() public {
        Claim claim = _rightClaim(owner);
        bytes32 node = _query(claim, 0, 0);
        vm.assertEq(game.node(node).start, claims.contentAt(0).endHash);
    }

    // --- dishonest owners ---

    function test_fuzz_10_wrongClaim_isRefutedAtItsFirstWrongStep(uint8 entry, uint256 lie) public {
        entry = uint8(_bound(entry, 1, 255));
        // Somewhere in the run, in the padding after it, or far out.
        lie = lie % 3 == 0 ? _bound(lie, 0, (uint256(1) << 40) - 1) : _bound(lie, 0, trace.length + 10);
        Claim claim = _wrongClaim(_liar, entry);
        uint256 before = querier.balance;
        bytes32 leaf = _play(claim, entry, lie, lie);
        _judge(leaf);
        _expectRefuted(claim, _liar);
        for (; leaf != 0; leaf = game.node(leaf).parent) {
            game.reclaim(leaf);
        }
        vm.prank(querier);
        game.withdraw();
        vm.prank(querier);
        claims.withdrawCredit();
        vm.assertEq(querier.balance, before + STAKE / 2 / 6 * 6, "invariant 13");
        vm.assertEq(address(game).balance, 0);
        vm.assertFalse(claims.isOpen(claim));
    }

    function test_10_wrongLeaf_theOwnerCannotProveIt() public {
        Claim claim = _wrongClaim(_liar, 9);
        bytes32 leaf = _play(claim, 9, 40, 40);
        Step memory step = _witness(40);
        // The owner's best try is the witness of another step; the state is not the one that it must start from.
        Step memory other = _witness(41);
        vm.expectRevert();
        game.step(leaf, other.state, other.proof, other.aux);
        game.step(leaf, step.state, step.proof, step.aux);
        _expectRefuted(claim, _liar);
    }

    function test_10_silentOwner_atAnyDepth_isTimedOut() public {
        uint256 start = vm.snapshotState();
        for (uint256 depth; depth < 6; ++depth) {
            Claim claim = _wrongClaim(_liar, 9);
            bytes32 node = _query(querier, claim, _liar, 0, 9);
            for (uint256 i; i < depth; ++i) {
                _respond(node, 40);
                node = _pursue(querier, node, 40);
            }
            (uint64 deadline,) = game.limits(node);
            vm.warp(deadline);
            vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_TooEarly.selector, deadline));
            game.timeout(node);
            vm.warp(deadline + 1);
            game.timeout(node);
            _expectRefuted(claim, _liar);
            vm.assertEq(claims.credits(querier), STAKE / 2 / (depth + 1) * (depth + 1));
            vm.revertToState(start);
        }
    }

    /// @dev The claim is right, but its owner answers with garbage: the instance falls, the content does not (invariant 22).
    function test_22_garbageMiddle_refutesTheInstanceOnly() public {
        Claim claim = _rightClaim(_liar);
        vm.prank(owner);
        claims.back(claim);
        bytes32 node = _query(querier, claim, _liar, 0, 9);
        bytes32[256] memory garbage = _noise("garbage");
        garbage[255] = trace[trace.length - 1];
        _answerVector(_liar, node, garbage, finalState);
        node = _pursue(querier, node, 0);
        // No run leads to garbage, and the hash of nothing cannot be stepped from.
        (uint64 deadline,) = game.limits(node);
        vm.warp(deadline + 1);
        game.timeout(node);
        _expectRefuted(claim, _liar);
        _expectLive(claim, owner);
        vm.warp(START + WINDOW + 1 days);
        claims.confirm(claim, owner);
    }

    function test_22_twoOwners_eachIsDoubtedOnItsOwn() public {
        Claim claim = _wrongClaim(_liar, 9);
        _stake(_alias);
        vm.prank(_alias);
        claims.back(claim);
        bytes32 leaf = _play(claim, 9, 40, 40);
        _judge(leaf);
        _expectRefuted(claim, _liar);
        _expectLive(claim, _alias);
        bytes32 node = _query(querier, claim, _alias, 0, 9);
        (uint64 deadline,) = game.limits(node);
        vm.warp(deadline + 1);
        vm.assertFalse(claims.tryConfirm(claim));
        game.timeout(node);
        vm.assertFalse(claims.isOpen(claim));
    }

    // --- time ---

    /// @dev Both sides play every move in its last second: the claim is confirmed within the bound, and no sooner.
    function test_11_18_lastSeconds_confirmedWithinTheBound() public {
        Claim claim = _rightClaim(owner);
        uint256 asserted = block.timestamp;
        vm.warp(asserted + WINDOW);
        bytes32 node = _query(claim, 0, 9);
        while (game.node(node).depth < 5) {
            (uint64 deadline,) = game.limits(node);
            vm.warp(deadline);
            vm.assertFalse(claims.tryConfirm(claim));
            _respond(node, NEVER);
            (, uint64 childClose) = game.limits(node);
            vm.warp(childClose);
            vm.assertFalse(claims.tryConfirm(claim));
            node = _pursue(querier, node, 40);
        }
        (uint64 last,) = game.limits(node);
        vm.warp(last);
        vm.assertFalse(claims.tryConfirm(claim));
        _judge(node);
        vm.assertTrue(claims.tryConfirm(claim));
        vm.assertEq(block.timestamp, asserted + WINDOW + 2 * CLOCK + 9 * GRACE);
        vm.assertLe(block.timestamp, asserted + WINDOW + 2 * CLOCK + 10 * GRACE);
    }

    /// @dev The same against a liar: the last second is enough.
    function test_10_lastSeconds_refute() public {
        Claim claim = _wrongClaim(_liar, 9);
        vm.warp(block.timestamp + WINDOW);
        bytes32 node = _query(querier, claim, _liar, 0, 9);
        while (game.node(node).depth < 5) {
            (uint64 deadline,) = game.limits(node);
            vm.warp(deadline);
            _respond(node, 40);
            (, uint64 childClose) = game.limits(node);
            vm.warp(childClose);
            node = _pursue(querier, node, 40);
        }
        vm.assertFalse(claims.tryConfirm(claim));
        _judge(node);
        _expectRefuted(claim, _liar);
    }

    /// @dev A liar that doubts itself at once, and stops before the last move, leaves everybody the whole window.
    function test_10_selfQuery_leavesTheWindow() public {
        Claim claim = _wrongClaim(_liar, 9);
        uint256 asserted = block.timestamp;
        bytes32 node = _query(_alias, claim, _liar, 0, 9);
        _respond(node, 40);
        for (uint256 i; i < 4; ++i) {
            node = _pursue(_alias, node, 40);
            _respond(node, 40);
        }
        vm.warp(asserted + WINDOW);
        bytes32 leaf = _pursue(querier, node, 40);
        _judge(leaf);
        _expectRefuted(claim, _liar);
        vm.assertEq(claims.credits(querier), STAKE / 2 / 6);
        vm.assertEq(claims.credits(_alias), STAKE / 2 / 6 * 5);
    }

    /// @dev It can have half of its stake back, and no more, by refuting itself before others do.
    function test_21_selfRefutation_costsHalfOfTheStake() public {
        Claim claim = _wrongClaim(_liar, 9);
        _query(querier, claim, _liar, 0, 9);
        bytes32 own = _query(_alias, claim, _liar, 0, 10);
        (uint64 deadline,) = game.limits(own);
        vm.warp(deadline + 1);
        game.timeout(own);
        vm.assertEq(claims.credits(_alias), STAKE / 2);
        vm.assertEq(claims.forfeited(), STAKE / 2);
    }

    /// @dev Whoever is faster with one query of the path takes one share (invariant 21), and pays one bond of the path.
    function test_21_frontRunQuery_takesOneShare() public {
        Claim claim = _wrongClaim(_liar, 9);
        bytes32 node = _query(querier, claim, _liar, 0, 9);
        _respond(node, 40);
        node = _pursue(querier, node, 40);
        _respond(node, 40);
        node = _pursue(_alias, node, 40);
        IQueryGame.Node memory taken = game.node(node);
        Doubt memory late = _doubt(claim, taken.parent, taken.index);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NodeExists.selector, node));
        _send(querier, claim, _liar, taken.parent, taken.index, late);
        while (game.node(node).depth < 5) {
            _respond(node, 40);
            node = _pursue(querier, node, 40);
        }
        vm.prank(_alias);
        _judge(node);
        vm.assertEq(claims.credits(_alias), STAKE / 2 / 6);
        vm.assertEq(claims.credits(querier), STAKE / 2 / 6 * 5);
    }

    function test_21_rewardIsSplitAmongThePathsQueriers() public {
        Claim claim = _wrongClaim(_liar, 9);
        bytes32 node = _query(alice, claim, _liar, 0, 9);
        _query(bob, claim, _liar, 0, 12);
        _respond(node, 40);
        node = _pursue(bob, node, 40);
        _respond(node, 40);
        node = _pursue(querier, node, 40);
        (uint64 deadline,) = game.limits(node);
        vm.warp(deadline + 1);
        game.timeout(node);
        uint256 share = STAKE / 2 / 3;
        vm.assertEq(claims.credits(alice), share);
        vm.assertEq(claims.credits(bob), share, "not for the other path");
        vm.assertEq(claims.credits(querier), share);
        vm.assertEq(claims.forfeited(), STAKE - 3 * share);
    }

    // --- confirmation ---

    function test_17_openNode_blocksThatInstanceOnly() public {
        Claim claim = _rightClaim(owner);
        vm.prank(_liar);
        claims.back(claim);
        _query(querier, claim, owner, 0, 9);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRipe.selector, claim));
        claims.confirm(claim, owner);
        claims.confirm(claim, _liar);
        vm.assertEq(_status(claim, owner), uint256(InstanceStatus.Confirmed));
    }

    /// @dev With a right and a wrong claim on the table the right one becomes final, and all that is honest is paid out.
    function test_10_11_rightBesideWrong() public {
        Claim wrong = _wrongClaim(_liar, 9);
        Claim right = _rightClaim(owner);
        bytes32 leaf = _play(wrong, 9, 40, 40);
        bytes32 doubt = _query(_alias, right, owner, 0, 9);
        _respond(doubt, NEVER);
        _judge(leaf);
        (, uint64 close) = game.standing(right, owner);
        vm.warp(close + 1);
        vm.assertTrue(claims.tryConfirm(right));
        vm.assertFalse(claims.isOpen(wrong));
        vm.assertEq(_status(wrong, _liar), uint256(InstanceStatus.Refuted));
        game.reclaim(doubt);
        vm.assertEq(game.credits(owner), BOND);
    }
}
