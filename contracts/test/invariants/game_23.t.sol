// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Claim} from "../../src/types/Output.sol";
import {DisputeFixture} from "../utils/DisputeFixture.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Invariant 23: however many claims, instances and doubts there are, a move costs the same.
///
/// forge-config: default.isolate = true
contract GameCrowdTest is DisputeFixture {
    /// @dev What sixteen refuted instances and four live ones add to a confirmation that names no owner.
    uint256 private constant WALK_MAX = 150_000;
    uint256 private constant MOVES = 7;

    Claim private _doubted;

    function setUp() public override {
        super.setUp();
        _doubted = _claim(owner, 0, keccak256("target"), "target");
    }

    function test_23_movesCostTheSameInACrowd() public {
        uint256 start = vm.snapshotState();
        uint256[MOVES] memory alone = _moves();
        vm.revertToState(start);
        _crowd();
        uint256[MOVES] memory crowded = _moves();
        for (uint256 i; i < MOVES; ++i) {
            vm.assertLe(crowded[i], alone[i] + 25_000, vm.toString(i));
        }
    }

    /// @dev Contents beside it, instances on it, doubts about it.
    function _crowd() private {
        for (uint160 i; i < 24; ++i) {
            address who = address(0x5000 + i);
            _stake(who);
            _claim(who, 0, keccak256(abi.encode(i)), bytes32(uint256(i)));
            address backer = address(0x6000 + i);
            _stake(backer);
            vm.prank(backer);
            claims.back(_doubted);
            if (i % 2 == 0) _refute(_doubted, backer);
        }
        for (uint8 i = 100; i < 115; ++i) {
            bytes32 node = _query(_doubted, 0, i);
            _answer(node, "crowd");
            _answer(_query(_doubted, node, i), "crowd");
        }
    }

    function _moves() private returns (uint256[MOVES] memory gas) {
        bytes32 node = _query(_doubted, 0, 9);
        gas[0] = _gas();
        _answer(node, "answer");
        gas[1] = _gas();
        bytes32 other = _query(_doubted, node, 9);
        gas[2] = _gas();
        _answer(other, "answer");
        _stake(alice);
        vm.prank(alice);
        claims.back(_doubted);
        gas[3] = _gas();
        uint256 start = vm.snapshotState();
        vm.warp(block.timestamp + WINDOW + CLOCK + 1);
        claims.confirm(_doubted, owner);
        gas[4] = _gas();
        game.reclaim(node);
        gas[5] = _gas();
        vm.revertToState(start);
        bytes32 last = _query(_doubted, other, 9);
        vm.warp(block.timestamp + 2 * CLOCK);
        game.timeout(last);
        gas[6] = _gas();
    }

    function _gas() private view returns (uint256) {
        (, uint64 total,,,) = vm.lastCallGas();
        return total;
    }

    /// @dev Where no owner is named, a bounded number of instances is looked at.
    function test_23_walkOverTheLineIsBounded() public {
        _refute(_doubted, owner);
        for (uint160 i; i < 15; ++i) {
            address liar = address(0x5000 + i);
            _stake(liar);
            vm.prank(liar);
            claims.back(_doubted);
            _refute(_doubted, liar);
        }
        _stake(alice);
        vm.prank(alice);
        claims.back(_doubted);
        vm.warp(block.timestamp + WINDOW);
        for (uint160 i; i < 30; ++i) {
            address late = address(0x6000 + i);
            _stake(late);
            vm.prank(late);
            claims.back(_doubted);
        }
        vm.warp(block.timestamp + 1);
        // Fifteen refuted and the one that is through: the last that is looked at.
        claims.skipRefuted(_doubted, 1);
        uint256 start = vm.snapshotState();
        claims.confirm(_doubted, alice);
        uint256 named = _gas();
        vm.revertToState(start);
        claims.tryConfirm(_doubted);
        vm.assertTrue(claims.isFinal(_doubted));
        vm.assertLe(_gas(), named + WALK_MAX);
    }
}
