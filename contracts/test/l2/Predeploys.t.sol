// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SequencerFeeVault} from "../../src/l2/FeeVaults.sol";
import {FeeVault} from "../../src/l2/FeeVault.sol";
import {L2CrossDomainMessenger} from "../../src/l2/L2CrossDomainMessenger.sol";
import {L2ERC721Bridge} from "../../src/l2/L2ERC721Bridge.sol";
import {L2StandardBridge} from "../../src/l2/L2StandardBridge.sol";
import {L2ToL1MessagePasser} from "../../src/l2/L2ToL1MessagePasser.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {WETH9} from "../../src/l2/WETH9.sol";
import {Moody} from "../bridge/Recipients.sol";
import {Test} from "../utils/Test.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Lets the message passer ask which contracts of L1 take nothing: those at 0xa3 to 0xa9.
abstract contract PartsTest is Test {
    function _etchParts() internal {
        vm.etch(Predeploys.L2_CROSS_DOMAIN_MESSENGER, type(L2CrossDomainMessenger).runtimeCode);
        vm.etch(Predeploys.L2_STANDARD_BRIDGE, type(L2StandardBridge).runtimeCode);
        vm.etch(Predeploys.L2_ERC721_BRIDGE, type(L2ERC721Bridge).runtimeCode);
        for (uint256 i = 3; i < 8; ++i) {
            vm.store(Predeploys.L2_CROSS_DOMAIN_MESSENGER, bytes32(i), bytes32(0xa0 + i));
        }
        vm.store(Predeploys.L2_STANDARD_BRIDGE, bytes32(uint256(1)), bytes32(uint256(0xa8)));
        vm.store(Predeploys.L2_ERC721_BRIDGE, bytes32(0), bytes32(uint256(0xa9)));
    }
}

contract L2ToL1MessagePasserTest is PartsTest {
    L2ToL1MessagePasser internal passer;

    function setUp() public {
        passer = new L2ToL1MessagePasser();
        _etchParts();
    }

    /// @dev The hash is OP's, and it is in the slot that withdrawal proofs open: keccak256(hash, 0).
    function testFuzz_initiateWithdrawal_records(
        address sender,
        address target,
        uint96 value,
        uint256 gasLimit,
        bytes memory data
    ) public {
        vm.assume(sender != address(passer) && sender != address(vm));
        vm.assume(uint160(target) < 0xa3 || uint160(target) > 0xa9);
        vm.deal(sender, value);
        uint256 nonce = passer.messageNonce();
        bytes32 hash = keccak256(abi.encode(nonce, sender, target, uint256(value), gasLimit, data));
        vm.assertFalse(passer.sentMessages(hash));
        vm.expectEmit(true, true, true, true, address(passer));
        emit L2ToL1MessagePasser.MessagePassed(nonce, sender, target, value, gasLimit, data, hash);
        vm.prank(sender);
        passer.initiateWithdrawal{value: value}(target, gasLimit, data);

        vm.assertTrue(passer.sentMessages(hash));
        vm.assertEq(vm.load(address(passer), keccak256(abi.encode(hash, uint256(0)))), bytes32(uint256(1)));
        vm.assertEq(passer.messageNonce(), nonce + 1);
        vm.assertEq(nonce >> 240, 1);
        vm.assertEq(address(passer).balance, value);
    }

    function test_plain_transfer_is_a_withdrawal_to_oneself() public {
        address alice = _actor("alice");
        vm.deal(alice, 5);
        bytes32 hash = keccak256(abi.encode(passer.messageNonce(), alice, alice, 5, 100_000, ""));
        vm.prank(alice);
        (bool success,) = address(passer).call{value: 5}("");
        vm.assertTrue(success);
        vm.assertTrue(passer.sentMessages(hash));
    }

    function test_initiateWithdrawal_of_ether_to_a_part_of_the_chain_reverts() public {
        for (uint160 target = 0xa3; target <= 0xa9; ++target) {
            vm.expectRevert(abi.encodeWithSelector(L2ToL1MessagePasser.UnsafeTarget.selector, address(target)));
            passer.initiateWithdrawal{value: 1}(address(target), 100_000, "");
            // Without ether there is nothing to lose, and to replay a message on L1 is anybody's right.
            passer.initiateWithdrawal(address(target), 100_000, "");
        }
        vm.deal(Predeploys.L2_CROSS_DOMAIN_MESSENGER, 1);
        vm.prank(Predeploys.L2_CROSS_DOMAIN_MESSENGER);
        passer.initiateWithdrawal{value: 1}(address(0xa3), 100_000, "");
    }

    function test_initiateWithdrawal_with_too_much_data_reverts() public {
        passer.initiateWithdrawal(address(1), 0, new bytes(65_463));
        vm.expectRevert(abi.encodeWithSelector(L2ToL1MessagePasser.DataTooLong.selector, 65_464, 65_463));
        passer.initiateWithdrawal(address(1), 0, new bytes(65_464));
    }

    function test_burn_destroys_the_ether() public {
        vm.deal(address(passer), 7 ether);
        vm.expectEmit(true, true, true, true, address(passer));
        emit L2ToL1MessagePasser.WithdrawerBalanceBurnt(7 ether);
        passer.burn();
        vm.assertEq(address(passer).balance, 0);
    }
}

contract FeeVaultTest is PartsTest {
    L2ToL1MessagePasser internal constant passer = L2ToL1MessagePasser(payable(Predeploys.L2_TO_L1_MESSAGE_PASSER));

    SequencerFeeVault internal vault;
    address internal treasury;

    function setUp() public {
        vault = new SequencerFeeVault();
        treasury = _actor("treasury");
        vm.etch(address(passer), type(L2ToL1MessagePasser).runtimeCode);
        _etchParts();
    }

    function test_withdraw_to_L1() public {
        _configure(treasury, FeeVault.WithdrawalNetwork.L1, 10);
        (bool success,) = address(vault).call{value: 15}("");
        vm.assertTrue(success);
        bytes32 hash = keccak256(abi.encode(passer.messageNonce(), address(vault), treasury, 15, 400_000, ""));
        vm.expectEmit(true, true, true, true, address(vault));
        emit FeeVault.Withdrawal(15, treasury, address(this), FeeVault.WithdrawalNetwork.L1);
        vm.assertEq(vault.withdraw(), 15);
        vm.assertTrue(passer.sentMessages(hash));
        vm.assertEq(vault.totalProcessed(), 15);
        vm.assertEq(address(vault).balance, 0);
        vm.assertEq(vault.l1FeeWallet(), treasury);
    }

    function test_withdraw_to_L2() public {
        _configure(treasury, FeeVault.WithdrawalNetwork.L2, 0);
        vm.deal(address(vault), 15);
        vault.withdraw();
        vm.assertEq(treasury.balance, 15);
        vm.assertEq(vault.totalProcessed(), 15);
    }

    function test_withdraw_too_little_reverts() public {
        _configure(treasury, FeeVault.WithdrawalNetwork.L1, 10);
        vm.deal(address(vault), 9);
        vm.expectRevert(abi.encodeWithSelector(FeeVault.TooLittle.selector, 9, 10));
        vault.withdraw();
    }

    function test_withdraw_without_recipient_reverts() public {
        vm.deal(address(vault), 9);
        vm.expectRevert(FeeVault.NoRecipient.selector);
        vault.withdraw();
    }

    function test_withdraw_refused_reverts() public {
        Moody moody = new Moody();
        moody.setMood(Moody.Mood.Refuse);
        _configure(address(moody), FeeVault.WithdrawalNetwork.L2, 0);
        vm.deal(address(vault), 9);
        vm.expectRevert(abi.encodeWithSelector(FeeVault.TransferFailed.selector, address(moody)));
        vault.withdraw();
        vm.assertEq(address(vault).balance, 9);
    }

    function _configure(address recipient, FeeVault.WithdrawalNetwork network, uint256 least) private {
        vm.store(
            address(vault), bytes32(uint256(1)), bytes32(uint256(uint8(network)) << 160 | uint256(uint160(recipient)))
        );
        vm.store(address(vault), bytes32(uint256(2)), bytes32(least));
    }
}

contract WETH9Test is Test {
    WETH9 internal weth;
    address internal alice;
    address internal bob;

    function setUp() public {
        weth = new WETH9();
        alice = _actor("alice");
        bob = _actor("bob");
        vm.deal(alice, 100);
    }

    function test_metadata() public view {
        vm.assertEq(weth.name(), "Wrapped Ether");
        vm.assertEq(weth.symbol(), "WETH");
        vm.assertEq(uint256(weth.decimals()), 18);
    }

    function testFuzz_wrap_and_unwrap(uint256 amount, uint256 part) public {
        amount = _bound(amount, 0, 100);
        part = _bound(part, 0, amount);
        vm.startPrank(alice);
        weth.deposit{value: amount}();
        vm.assertEq(weth.balanceOf(alice), amount);
        vm.assertEq(weth.totalSupply(), amount);
        weth.withdraw(part);
        vm.assertEq(alice.balance, 100 - amount + part);
        vm.expectRevert(abi.encodeWithSelector(WETH9.InsufficientBalance.selector, amount - part, amount - part + 1));
        weth.withdraw(amount - part + 1);
        vm.stopPrank();
    }

    function test_plain_transfer_wraps() public {
        vm.prank(alice);
        (bool success,) = address(weth).call{value: 10}("");
        vm.assertTrue(success);
        vm.assertEq(weth.balanceOf(alice), 10);
    }

    function test_allowance() public {
        vm.startPrank(alice);
        weth.deposit{value: 100}();
        weth.approve(bob, 30);
        vm.stopPrank();
        vm.startPrank(bob);
        weth.transferFrom(alice, bob, 10);
        vm.assertEq(weth.allowance(alice, bob), 20);
        vm.expectRevert(abi.encodeWithSelector(WETH9.InsufficientAllowance.selector, 20, 21));
        weth.transferFrom(alice, bob, 21);
        vm.stopPrank();
        vm.prank(alice);
        weth.approve(bob, type(uint256).max);
        vm.prank(bob);
        weth.transferFrom(alice, bob, 90);
        vm.assertEq(weth.allowance(alice, bob), type(uint256).max);
        vm.assertEq(weth.balanceOf(bob), 100);
    }

    function test_transfer_to_oneself_keeps_the_balance() public {
        vm.startPrank(alice);
        weth.deposit{value: 5}();
        weth.transfer(alice, 5);
        vm.stopPrank();
        vm.assertEq(weth.balanceOf(alice), 5);
    }
}
