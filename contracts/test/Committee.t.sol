// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeStatus} from "../src/interfaces/IDaChallenge.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Claim} from "../src/types/Output.sol";
import {WithdrawalTransaction} from "../src/types/Withdrawal.sol";
import {FrozenState} from "./utils/FrozenState.sol";
import {vm} from "./utils/Vm.sol";

/// @notice A committee that withholds data traps nobody: from the certificate to the last ether.
contract CommitteeTest is FrozenState {
    address private _carol;

    function setUp() public override {
        super.setUp();
        l1Token = address(0x7070);
        _buildState();
        _carol = _actor("carol");
        // All ether that L2's accounts have.
        vm.prank(alice, alice);
        portal.depositTransaction{value: ALICES + BOBS}(alice, ALICES + BOBS, 100_000, false, "");
        _confirmState();
    }

    /// @dev The committee certifies and shows nobody the payload; the operator, too, is gone. One watcher with a bond, and no key of
    /// anybody else's, ends it: demanded, void, frozen, out.
    function test_withheld_demanded_void_frozen_out() public {
        bytes memory withheld = "nobody but the committee knows this";
        _postWith(withheld);
        _postWith("nor this");
        _challenge(bob, 1, withheld);
        _challenge(bob, 2, "nor this");
        vm.warp(block.timestamp + CHALLENGE_WINDOW + ANSWER_WINDOW + 1);
        vm.assertEq(uint256(challenges.statusOf(1)), uint256(ChallengeStatus.Void));
        vm.startPrank(bob);
        _seal(1);
        _seal(2);
        vm.stopPrank();
        bytes32 decided = Hashing.batchNext(inbox.acc(1), Hashing.header(_emptied(headers[1])));
        decided = Hashing.batchNext(decided, Hashing.header(_emptied(headers[2])));
        vm.assertEq(sealedInbox.acc(3), decided);
        challenges.reclaim(1);
        challenges.reclaim(2);
        uint256 before = bob.balance;
        vm.prank(bob);
        challenges.withdraw();
        vm.assertEq(bob.balance, before + 2 * CHUNK_BOND);

        vm.warp(claims.contentAt(1).confirmedAt + FREEZE_DELAY + 1);
        vm.prank(bob);
        hatch.freeze(1);
        vm.prank(bob, bob);
        WithdrawalTransaction memory bobs = hatch.exitEther(_carol, _state(), branches[bob]);
        vm.prank(alice, alice);
        WithdrawalTransaction memory alices = hatch.exitEther(alice, _state(), branches[alice]);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        before = alice.balance;
        portal.finalizeWithdrawalTransactionExternalProof(bobs, address(hatch));
        portal.finalizeWithdrawalTransactionExternalProof(alices, address(hatch));
        vm.assertEq(_carol.balance, BOBS);
        vm.assertEq(alice.balance, before + ALICES);
        vm.assertEq(address(portal).balance, 0);
    }

    /// @dev If anybody carries the chain on, nothing need end: the void batch is empty blocks, which everybody can derive, and a claim
    /// over it is confirmed. The queue was consumed all the same.
    function test_withheld_demanded_void_goesOn() public {
        vm.prank(alice, alice);
        portal.depositTransaction{value: 1 ether}(alice, 1 ether, 100_000, false, "");
        _postWith("withheld");
        uint64 consumed = inbox.consumed();
        vm.assertEq(uint256(consumed), headers[1].qEnd);
        _challenge(bob, 1, "withheld");
        vm.warp(block.timestamp + FORCE_DELAY + FORCE_GRACE + 1);
        // Nobody posts: the messages that have come since are forced in.
        inbox.forceInclude();
        vm.warp(block.timestamp + CHALLENGE_WINDOW + ANSWER_WINDOW + 1);
        _seal(1);
        _stake(bob);
        Claim claim = _claim(bob, 1, keccak256("with empty blocks"));
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(claim, bob);
        vm.assertTrue(hatch.isFinal(claim));
        vm.assertEq(uint256(claims.contentAt(2).n1), 2);
    }

    /// @dev A demand that is met costs the one who made it, and delays the chain by the time to meet it.
    function test_demanded_shown_goesOn() public {
        bytes memory payload = "here it is";
        _postWith(payload);
        _challenge(bob, 1, payload);
        _answer(vm.addr(_keys(0)[0]), 1, payload);
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        _seal(1);
        vm.assertEq(sealedInbox.acc(2), inbox.acc(2));
        vm.assertEq(challenges.credits(vm.addr(_keys(0)[0])), CHUNK_BOND);
        _stake(bob);
        Claim claim = _claim(bob, 1, keccak256("as posted"));
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(claim, bob);
        vm.assertTrue(hatch.isFinal(claim));
    }
}
