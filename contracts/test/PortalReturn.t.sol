// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Portal} from "../src/Portal.sol";
import {SystemConfig} from "../src/SystemConfig.sol";
import {ClaimManager} from "../src/claims/ClaimManager.sol";
import {IInbox} from "../src/interfaces/IInbox.sol";
import {Pausable} from "../src/interfaces/IPauseController.sol";
import {IPortal} from "../src/interfaces/IPortal.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Claim} from "../src/types/Output.sol";
import {WithdrawalTransaction} from "../src/types/Withdrawal.sol";
import {Deployment} from "./utils/Deployment.sol";
import {Trie} from "./utils/Trie.sol";
import {Vm, vm} from "./utils/Vm.sol";

/// @notice Withdrawals to the contracts that must never hear the portal's voice: their value goes back to L2, once.
contract PortalReturnTest is Deployment {
    address private immutable _sender = address(0x5afe);
    WithdrawalTransaction private _withdrawal;
    bytes32 private _hash;

    function setUp() public override {
        super.setUp();
        vm.prank(alice, alice);
        portal.depositTransaction{value: 10 ether}(alice, 10 ether, 100_000, false, "");
        _stake(alice);
        _post(batcher, 1);
    }

    /// @dev Proven and ripe: what is left is to finalize it.
    function _ripen(address target, uint256 value, bytes memory data) private {
        _ripen(WithdrawalTransaction(uint256(1) << 240, _sender, target, value, 100_000, data));
    }

    function _ripen(WithdrawalTransaction memory withdrawal) private {
        _withdrawal = withdrawal;
        _hash = Hashing.withdrawal(_withdrawal);
        (bytes32 root, bytes[] memory proof) = Trie.single(_hash, 0x01);
        _assert(alice, 0, Hashing.outputRoot(_rootProof(root)));
        portal.proveWithdrawalTransaction(_withdrawal, 1, _rootProof(root), proof);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
    }

    /// @dev Every part of the chain, with a call that it would heed if the portal made it.
    function _parts() private view returns (address[4] memory targets, bytes[4] memory calls) {
        targets = [address(portal), address(inbox), address(claims), address(config)];
        calls[0] = abi.encodeCall(Portal.depositTransaction, (_sender, 3 ether, 100_000, false, ""));
        calls[1] = abi.encodeCall(IInbox.enqueue, (0, _sender, _sender, 1_000 ether, 100_000, new bytes(73)));
        calls[2] = abi.encodeCall(ClaimManager.deposit, ());
        calls[3] = abi.encodeCall(SystemConfig.setBatcher, (_sender));
    }

    function test_return_mintsTheValueForTheSenderOnL2_once() public {
        (address[4] memory targets, bytes[4] memory calls) = _parts();
        uint256 start = vm.snapshotState();
        for (uint256 i; i < 4; ++i) {
            _ripen(targets[i], 3 ether, calls[i]);
            portal.checkWithdrawal(_hash, address(this));
            uint64 queue = inbox.queueCount();
            bytes memory opaque = abi.encodePacked(uint256(3 ether), uint256(0), uint64(21_000), false);
            vm.expectEmit(true, true, true, true, address(portal));
            emit IPortal.WithdrawalReturned(_hash, _sender, 3 ether);
            vm.expectEmit(true, true, true, true, address(portal));
            emit IPortal.TransactionDeposited(_sender, address(0), 0, opaque);
            vm.expectEmit(true, true, true, true, address(inbox));
            emit IInbox.MessageEnqueued(
                queue, 0, _sender, address(0), 3 ether, 21_000, uint64(block.number), uint64(block.timestamp), opaque
            );
            vm.expectEmit(true, true, true, true, address(portal));
            emit IPortal.WithdrawalFinalized(_hash, false);
            portal.finalizeWithdrawalTransaction(_withdrawal);

            vm.assertTrue(portal.finalizedWithdrawals(_hash));
            vm.assertEq(address(portal).balance, 10 ether, "the ether stays, because L2 has it again");
            vm.assertEq(uint256(inbox.queueCount()), queue + 1, "one message and no other");
            vm.assertEq(address(claims).balance, STAKE, "the proposer's and no other");
            vm.assertEq(config.batcher(), batcher);
            vm.assertEq(portal.l2Sender(), 0x000000000000000000000000000000000000dEaD);
            vm.expectRevert(IPortal.OptimismPortal_AlreadyFinalized.selector);
            portal.finalizeWithdrawalTransaction(_withdrawal);
            vm.revertToState(start);
        }
    }

    function test_return_callsNoPart() public {
        (address[4] memory targets, bytes[4] memory calls) = _parts();
        for (uint256 i; i < 4; ++i) {
            uint256 start = vm.snapshotState();
            _ripen(targets[i], 3 ether, calls[i]);
            vm.mockCallRevert(targets[i], 3 ether, calls[i], "called");
            portal.finalizeWithdrawalTransaction(_withdrawal);
            vm.clearMockedCalls();
            vm.revertToState(start);
        }
    }

    function test_return_withoutValue_enqueuesNothing() public {
        _ripen(address(portal), 0, hex"01");
        uint64 queue = inbox.queueCount();
        portal.finalizeWithdrawalTransaction(_withdrawal);
        vm.assertTrue(portal.finalizedWithdrawals(_hash));
        vm.assertEq(uint256(inbox.queueCount()), queue);
    }

    /// @dev More gas than an L1 transaction can have: the payment would fail for ever.
    function test_return_ofWhatAsksForTooMuchGas() public {
        uint256 start = vm.snapshotState();
        _ripen(WithdrawalTransaction(uint256(1) << 240, _sender, bob, 3 ether, 15_000_001, ""));
        portal.finalizeWithdrawalTransaction(_withdrawal);
        vm.assertTrue(portal.finalizedWithdrawals(_hash));
        vm.assertEq(address(portal).balance, 10 ether);
        vm.revertToState(start);
        _ripen(WithdrawalTransaction(uint256(1) << 240, _sender, bob, 3 ether, 15_000_000, ""));
        vm.expectRevert(abi.encodeWithSelector(IPortal.Portal_TooLittleGas.selector, 15_000_000));
        portal.finalizeWithdrawalTransaction{gas: 15_500_000}(_withdrawal);
        portal.finalizeWithdrawalTransaction{gas: 15_600_000}(_withdrawal);
        vm.assertEq(address(portal).balance, 7 ether);
    }

    function test_return_needsNoMoreThanAPayment() public {
        _ripen(address(inbox), 3 ether, "");
        vm.expectRevert(IPortal.OptimismPortal_Unproven.selector);
        portal.finalizeWithdrawalTransactionExternalProof(_withdrawal, bob);
        vm.startPrank(guardian);
        pauses.pause(Pausable.Withdraw);
        vm.expectRevert(IPortal.OptimismPortal_CallPaused.selector);
        portal.finalizeWithdrawalTransaction(_withdrawal);
        pauses.lift(Pausable.Withdraw);
        // A pause of deposits holds nothing back that was on L2 before.
        pauses.pause(Pausable.Deposit);
        vm.stopPrank();
        portal.finalizeWithdrawalTransaction(_withdrawal);
    }

    function test_return_refutedClaim_reverts() public {
        _ripen(address(portal), 3 ether, "");
        Claim claim = claims.contentAt(1).id;
        _refute(claim, alice);
        vm.expectRevert(IPortal.OptimismPortal_InvalidRootClaim.selector);
        portal.finalizeWithdrawalTransaction(_withdrawal);
        vm.assertFalse(portal.finalizedWithdrawals(_hash));
    }

    /// @dev Even a settlement gone wrong mints no more than the portal holds.
    function test_return_moreThanIsHeld_reverts() public {
        _ripen(address(portal), 10 ether + 1, "");
        vm.expectRevert(abi.encodeWithSelector(IPortal.Portal_CallFailed.selector, ""));
        portal.finalizeWithdrawalTransaction(_withdrawal);
    }
}
