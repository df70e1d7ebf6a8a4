// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CrossDomainMessenger} from "../../src/bridge/CrossDomainMessenger.sol";
import {ICrossDomainMessenger} from "../../src/bridge/ICrossDomainMessenger.sol";
import {L1CrossDomainMessenger} from "../../src/bridge/L1CrossDomainMessenger.sol";
import {IPauseController} from "../../src/interfaces/IPauseController.sol";
import {IPortal} from "../../src/interfaces/IPortal.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Aliasing} from "../../src/libraries/Aliasing.sol";
import {vm} from "../utils/Vm.sol";
import {Moody, Reentrant} from "./Recipients.sol";
import {PortalHarness, TwoChains} from "./TwoChains.sol";

contract CrossDomainMessengerTest is TwoChains {
    address internal alice;
    address internal bob;
    Moody internal moody;

    function setUp() public {
        _deployChains();
        alice = _actor("alice");
        bob = _actor("bob");
        moody = new Moody();
        vm.deal(alice, 100 ether);
        vm.deal(bob, 100 ether);
    }

    function test_constructor_zero_reverts() public {
        vm.expectRevert(ICrossDomainMessenger.ZeroAddress.selector);
        new L1CrossDomainMessenger(IPortal(address(0)), IPauseController(address(pause)));
        vm.expectRevert(ICrossDomainMessenger.ZeroAddress.selector);
        new L1CrossDomainMessenger(IPortal(address(portal)), IPauseController(address(0)));
    }

    function test_getters() public view {
        vm.assertEq(l1Messenger.OTHER_MESSENGER(), address(l2Messenger));
        vm.assertEq(l2Messenger.OTHER_MESSENGER(), address(l1Messenger));
        vm.assertEq(l2Messenger.l1CrossDomainMessenger(), address(l1Messenger));
        vm.assertEq(address(l1Messenger.PORTAL()), address(portal));
        vm.assertEq(address(l1Messenger.portal()), address(portal));
        vm.assertEq(l1Messenger.messageNonce(), uint256(1) << 240);
        vm.assertEq(uint256(l1Messenger.MESSAGE_VERSION()), 1);
    }

    function test_sendMessage_emits_and_deposits() public {
        bytes memory message = abi.encodeCall(Moody.hear, (l2Messenger));
        uint256 nonce = l1Messenger.messageNonce();
        vm.expectEmit(true, true, true, true, address(l1Messenger));
        emit ICrossDomainMessenger.SentMessage(address(moody), alice, message, nonce, 100_000);
        vm.expectEmit(true, true, true, true, address(l1Messenger));
        emit ICrossDomainMessenger.SentMessageExtension1(alice, 1 ether);
        vm.prank(alice);
        l1Messenger.sendMessage{value: 1 ether}(address(moody), message, 100_000);

        PortalHarness.Deposit memory d = _lastDeposit();
        vm.assertEq(d.from, Aliasing.toL2(address(l1Messenger)));
        vm.assertEq(d.to, address(l2Messenger));
        vm.assertEq(d.value, 1 ether);
        vm.assertEq(uint256(d.gasLimit), uint256(l1Messenger.baseGas(message, 100_000)));
        vm.assertEq(
            d.data,
            abi.encodeCall(
                ICrossDomainMessenger.relayMessage, (nonce, alice, address(moody), 1 ether, 100_000, message)
            )
        );
        vm.assertEq(l1Messenger.messageNonce(), nonce + 1);
    }

    /// @dev The hash of version 1, as every OP tool computes it.
    function test_message_hash_is_pinned() public {
        vm.prank(alice);
        l1Messenger.sendMessage(address(moody), abi.encodeCall(Moody.hear, (l2Messenger)), 100_000);
        bytes32 hash = keccak256(
            abi.encodeWithSignature(
                "relayMessage(uint256,address,address,uint256,uint256,bytes)",
                uint256(1) << 240,
                alice,
                address(moody),
                0,
                100_000,
                abi.encodeCall(Moody.hear, (l2Messenger))
            )
        );
        vm.expectEmit(true, true, true, true, address(l2Messenger));
        emit ICrossDomainMessenger.RelayedMessage(hash);
        vm.assertTrue(_deliverLast());
        vm.assertTrue(l2Messenger.successfulMessages(hash));
    }

    function test_relay_to_L2_and_back() public {
        vm.prank(alice);
        l1Messenger.sendMessage{value: 3}(address(moody), abi.encodeCall(Moody.hear, (l2Messenger)), 100_000);
        vm.assertTrue(_deliverLast());
        vm.assertEq(moody.lastSender(), alice);
        vm.assertEq(address(moody).balance, 3);

        vm.prank(bob);
        l2Messenger.sendMessage{value: 4}(address(moody), abi.encodeCall(Moody.hear, (l1Messenger)), 100_000);
        vm.deal(address(portal), 100);
        _payLast();
        vm.assertEq(moody.lastSender(), bob);
        vm.assertEq(address(moody).balance, 7);
        vm.assertEq(address(portal).balance, 96);
    }

    function test_xDomainMessageSender_outside_reverts() public {
        vm.expectRevert(ICrossDomainMessenger.NoMessage.selector);
        l1Messenger.xDomainMessageSender();
    }

    function test_failed_message_is_replayed_once_by_anybody() public {
        moody.setMood(Moody.Mood.Refuse);
        vm.prank(alice);
        l1Messenger.sendMessage{value: 1 ether}(address(moody), abi.encodeCall(Moody.hear, (l2Messenger)), 100_000);
        bytes memory relay = _lastDeposit().data;
        vm.assertTrue(_deliverLast());
        vm.assertTrue(_isFailed(l2Messenger, relay));
        vm.assertFalse(_isSuccessful(l2Messenger, relay));
        vm.assertEq(address(l2Messenger).balance, 1 ether);

        // Still refusing: kept, nothing lost.
        vm.assertTrue(_replay(l2Messenger, relay));
        vm.assertFalse(_isSuccessful(l2Messenger, relay));

        moody.setMood(Moody.Mood.Accept);
        vm.prank(bob);
        vm.assertTrue(_replay(l2Messenger, relay));
        vm.assertTrue(_isSuccessful(l2Messenger, relay));
        vm.assertEq(address(moody).balance, 1 ether);
        vm.assertEq(moody.lastSender(), alice);

        vm.expectRevert(abi.encodeWithSelector(ICrossDomainMessenger.AlreadyRelayed.selector, keccak256(relay)));
        this.call(address(l2Messenger), relay);
    }

    /// @dev A relay inside a relay is kept for later, and the outer target keeps hearing its own sender.
    function test_relay_inside_a_relay_is_kept() public {
        moody.setMood(Moody.Mood.Refuse);
        vm.prank(bob);
        l1Messenger.sendMessage{value: 1}(address(moody), abi.encodeCall(Moody.hear, (l2Messenger)), 100_000);
        bytes memory inner = _lastDeposit().data;
        vm.assertTrue(_deliverLast());
        moody.setMood(Moody.Mood.Accept);

        Reentrant reentrant = new Reentrant();
        reentrant.arm(address(l2Messenger), inner);
        vm.prank(alice);
        l1Messenger.sendMessage{value: 2}(address(reentrant), abi.encodeCall(Reentrant.hear, (l2Messenger)), 500_000);
        vm.assertTrue(_deliverLast());
        vm.assertTrue(_isSuccessful(l2Messenger, _lastDeposit().data));
        vm.assertTrue(reentrant.innerSuccess());
        vm.assertFalse(_isSuccessful(l2Messenger, inner));
        vm.assertEq(moody.calls(), 0);
        vm.assertEq(reentrant.senderBefore(), alice);
        vm.assertEq(reentrant.senderAfter(), alice);
        vm.assertTrue(_replay(l2Messenger, inner));
        vm.assertEq(moody.lastSender(), bob);
    }

    /// @dev While the portal pays a message of the L2 messenger, only the portal speaks for it.
    function test_forged_message_inside_a_payment_reverts() public {
        Reentrant reentrant = new Reentrant();
        bytes memory forged =
            abi.encodeCall(ICrossDomainMessenger.relayMessage, (uint256(1) << 240 | 99, bob, address(moody), 0, 0, ""));
        reentrant.arm(address(l1Messenger), forged);
        vm.prank(alice);
        l2Messenger.sendMessage(address(reentrant), abi.encodeCall(Reentrant.hear, (l1Messenger)), 500_000);
        _payLast();
        vm.assertEq(reentrant.calls(), 1);
        vm.assertFalse(reentrant.innerSuccess());
        vm.assertFalse(_isFailed(l1Messenger, forged));
    }

    /// @dev A recipient that replays its own message while it receives it gets its value once.
    function test_replaying_oneself_pays_once() public {
        Reentrant reentrant = new Reentrant();
        vm.prank(alice);
        l1Messenger.sendMessage{value: 5}(address(reentrant), abi.encodeCall(Reentrant.hear, (l2Messenger)), 500_000);
        bytes memory relay = _lastDeposit().data;
        reentrant.arm(address(l2Messenger), relay);
        vm.deal(address(l2Messenger), 5);
        vm.assertTrue(_deliverLast());
        vm.assertEq(address(reentrant).balance, 5);
        vm.assertEq(address(l2Messenger).balance, 5);
        vm.assertEq(reentrant.calls(), 1);
    }

    function test_replay_with_value_reverts() public {
        moody.setMood(Moody.Mood.Refuse);
        vm.prank(alice);
        l1Messenger.sendMessage{value: 1}(address(moody), "", 0);
        _deliverLast();
        bytes memory relay = _lastDeposit().data;
        vm.deal(address(this), 1);
        vm.expectRevert(abi.encodeWithSelector(ICrossDomainMessenger.WrongValue.selector, 1, 0));
        this.call{value: 1}(address(l2Messenger), relay);
    }

    function test_forged_message_reverts() public {
        bytes memory relay =
            abi.encodeCall(ICrossDomainMessenger.relayMessage, (uint256(1) << 240, alice, address(moody), 0, 0, ""));
        bytes memory reason = abi.encodeWithSelector(ICrossDomainMessenger.NotFailed.selector, keccak256(relay));
        vm.expectRevert(reason);
        this.call(address(l2Messenger), relay);
        // The unaliased L1 messenger is a stranger on L2.
        vm.prank(address(l1Messenger));
        vm.expectRevert(reason);
        l2Messenger.relayMessage(uint256(1) << 240, alice, address(moody), 0, 0, "");
        // A withdrawal of somebody else than the L2 messenger.
        vm.prank(bob);
        passer.initiateWithdrawal(address(l1Messenger), 1_000_000, relay);
        _collect();
        vm.expectRevert("portal: call failed");
        this.payLast();
    }

    function test_other_versions_revert() public {
        for (uint256 v; v < 4; ++v) {
            if (v == 1) continue;
            vm.prank(Aliasing.toL2(address(l1Messenger)));
            vm.expectRevert(abi.encodeWithSelector(ICrossDomainMessenger.UnsupportedVersion.selector, v));
            l2Messenger.relayMessage(v << 240, alice, address(moody), 0, 0, "");
        }
    }

    function test_wrong_value_reverts() public {
        address l1Alias = Aliasing.toL2(address(l1Messenger));
        vm.deal(l1Alias, 1);
        vm.prank(l1Alias);
        vm.expectRevert(abi.encodeWithSelector(ICrossDomainMessenger.WrongValue.selector, 1, 2));
        l2Messenger.relayMessage{value: 1}(uint256(1) << 240, alice, address(moody), 2, 0, "");
    }

    /// @dev What they refuse would wait in a messenger for ever, what they take would be the messenger's.
    function test_ether_for_a_part_of_the_other_chain_reverts() public {
        vm.startPrank(alice);
        address[7] memory parts = _partsOfL1();
        for (uint256 i; i < parts.length; ++i) {
            vm.assertTrue(l2Messenger.isOtherPart(parts[i]));
            vm.expectRevert(abi.encodeWithSelector(ICrossDomainMessenger.UnsafeTarget.selector, parts[i]));
            l2Messenger.sendMessage{value: 1}(parts[i], hex"01", 0);
            if (i > 1) l2Messenger.sendMessage(parts[i], hex"01", 0);
        }
        vm.assertFalse(l2Messenger.isOtherPart(alice));

        uint160 first = uint160(0x4200000000000000000000000000000000000000);
        address[5] memory predeploys =
            [address(first), Predeploys.WETH9, Predeploys.BASE_FEE_VAULT, address(l2Bridge), address(first + 0x7ff)];
        for (uint256 i; i < predeploys.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ICrossDomainMessenger.UnsafeTarget.selector, predeploys[i]));
            l1Messenger.sendMessage{value: 1}(predeploys[i], hex"01", 0);
            l1Messenger.sendMessage(predeploys[i], hex"01", 0);
        }
        l1Messenger.sendMessage{value: 1}(address(first - 1), "", 0);
        l1Messenger.sendMessage{value: 1}(address(first + 0x800), "", 0);
        vm.stopPrank();
        vm.assertEq(alice.balance, 100 ether - 2);
    }

    function test_unsafe_targets_revert() public {
        address[2] memory onL2 = [address(l2Messenger), address(passer)];
        for (uint256 i; i < 2; ++i) {
            bytes memory reason = abi.encodeWithSelector(ICrossDomainMessenger.UnsafeTarget.selector, onL2[i]);
            vm.expectRevert(reason);
            l1Messenger.sendMessage(onL2[i], "", 0);
            vm.prank(Aliasing.toL2(address(l1Messenger)));
            vm.expectRevert(reason);
            l2Messenger.relayMessage(uint256(1) << 240, alice, onL2[i], 0, 0, "");
        }
        address[2] memory onL1 = [address(l1Messenger), address(portal)];
        for (uint256 i; i < 2; ++i) {
            bytes memory reason = abi.encodeWithSelector(ICrossDomainMessenger.UnsafeTarget.selector, onL1[i]);
            vm.expectRevert(reason);
            l2Messenger.sendMessage(onL1[i], "", 0);
            vm.prank(address(portal));
            vm.expectRevert(reason);
            l1Messenger.relayMessage(uint256(1) << 240, alice, onL1[i], 0, 0, "");
        }
    }

    function test_pause_stops_relaying_on_L1_only() public {
        l2Messenger.sendMessage(address(moody), "", 0);
        _collect();
        pause.set(true);
        vm.assertTrue(l1Messenger.paused());
        vm.assertFalse(l2Messenger.paused());
        vm.expectRevert("portal: call failed");
        this.payLast();
        l1Messenger.sendMessage(address(moody), "", 0);
        vm.assertTrue(_deliverLast());
        pause.set(false);
        _payLast();
        vm.assertEq(moody.calls(), 2);
    }

    function test_baseGas_too_much_reverts() public {
        bytes memory message = new bytes(100);
        vm.assertLe(l1Messenger.baseGas(message, 3_600_000), 4_000_000);
        vm.expectPartialRevert(ICrossDomainMessenger.GasLimitTooHigh.selector);
        l1Messenger.baseGas(message, 3_700_000);
        vm.expectPartialRevert(ICrossDomainMessenger.GasLimitTooHigh.selector);
        l1Messenger.sendMessage(address(moody), message, type(uint32).max);
        vm.assertGt(l2Messenger.baseGas(message, 11_000_000), 11_000_000);
        vm.expectPartialRevert(ICrossDomainMessenger.GasLimitTooHigh.selector);
        l2Messenger.sendMessage(address(moody), message, 12_000_000);
    }

    function test_estimator_sees_failure() public {
        moody.setMood(Moody.Mood.Refuse);
        l1Messenger.sendMessage(address(moody), "", 0);
        _deliverLast();
        bytes memory relay = _lastDeposit().data;
        vm.prank(address(1), address(1));
        (bool success, bytes memory reason) = address(l2Messenger).call(relay);
        vm.assertFalse(success);
        vm.assertEq(reason, abi.encodeWithSelector(ICrossDomainMessenger.RelayFailed.selector, keccak256(relay)));
    }

    /// @dev A recipient gets its gas, however much of it the message takes.
    function testFuzz_baseGas_gives_target_its_gas(uint32 minGasLimit, uint256 size, uint8 mood) public {
        minGasLimit = uint32(_bound(minGasLimit, 0, 900_000));
        bytes memory message = new bytes(_bound(size, 0, 60_000));
        for (uint256 i; i < message.length; i += 7) {
            message[i] = 0xff;
        }
        GasMeter meter = new GasMeter();
        moody.setMood(Moody.Mood(mood % 4));

        l1Messenger.sendMessage(address(meter), message, minGasLimit);
        vm.assertTrue(_deliverLast(), "delivered");
        vm.assertTrue(_isSuccessful(l2Messenger, _lastDeposit().data), "successful");
        // The meter's own prologue costs a little.
        vm.assertGe(meter.gas() + 500, minGasLimit, "gas");

        // A hostile recipient cannot take the gas for recording the failure.
        vm.deal(alice, 1 ether);
        vm.prank(alice);
        l1Messenger.sendMessage{value: 1}(
            address(moody), abi.encodePacked(abi.encodeCall(Moody.hear, (l2Messenger)), message), minGasLimit
        );
        vm.assertTrue(_deliverLast(), "kept");
        bytes memory relay = _lastDeposit().data;
        vm.assertTrue(_isFailed(l2Messenger, relay) != _isSuccessful(l2Messenger, relay), "known");
    }

    /// @dev With less gas than promised the message is kept; it is never marked as done.
    function testFuzz_little_gas_never_loses_a_message(uint256 gasLimit) public {
        l1Messenger.sendMessage{value: 0}(address(moody), abi.encodeCall(Moody.hear, (l2Messenger)), 200_000);
        PortalHarness.Deposit memory d = _lastDeposit();
        gasLimit = _bound(gasLimit, 0, d.gasLimit);
        vm.prank(d.from, d.from);
        (bool success,) = d.to.call{gas: gasLimit}(d.data);
        bool done = _isSuccessful(l2Messenger, d.data);
        if (done) vm.assertEq(moody.calls(), 1);
        else vm.assertEq(moody.calls(), 0);
        if (success) vm.assertTrue(done || _isFailed(l2Messenger, d.data));
    }

    function call(address target, bytes calldata data) external payable {
        (bool success, bytes memory reason) = target.call{value: msg.value}(data);
        if (success) return;
        assembly {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    function payLast() external {
        _payLast();
    }
}

/// @notice Remembers the gas it was called with.
contract GasMeter {
    uint256 public gas;

    fallback() external payable {
        gas = gasleft();
    }
}
