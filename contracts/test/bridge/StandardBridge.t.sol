// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICrossDomainMessenger} from "../../src/bridge/ICrossDomainMessenger.sol";
import {IStandardBridge} from "../../src/bridge/IStandardBridge.sol";
import {L1MintableERC20Factory} from "../../src/bridge/L1MintableERC20Factory.sol";
import {L1StandardBridge} from "../../src/bridge/L1StandardBridge.sol";
import {L2StandardBridge} from "../../src/l2/L2StandardBridge.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {OptimismMintableERC20} from "../../src/l2/OptimismMintableERC20.sol";
import {vm} from "../utils/Vm.sol";
import {Moody} from "./Recipients.sol";
import {FeeToken, HookToken, ITokenHook, PlainToken, RebasingToken} from "./Tokens.sol";
import {TwoChains} from "./TwoChains.sol";

contract StandardBridgeTest is TwoChains {
    address internal constant ETHER = 0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000;

    address internal alice;
    address internal bob;
    PlainToken internal plain;
    OptimismMintableERC20 internal plainL2;

    function setUp() public {
        _deployChains();
        alice = _actor("alice");
        bob = _actor("bob");
        vm.deal(alice, 100 ether);
        plain = new PlainToken();
        plain.mint(alice, 1000);
        plainL2 = _likeness(address(plain));
        vm.prank(alice);
        plain.approve(address(l1Bridge), type(uint256).max);
    }

    function test_getters() public view {
        vm.assertEq(address(l1Bridge.MESSENGER()), address(l1Messenger));
        vm.assertEq(address(l1Bridge.messenger()), address(l1Messenger));
        vm.assertEq(l1Bridge.OTHER_BRIDGE(), address(l2Bridge));
        vm.assertEq(l1Bridge.l2TokenBridge(), address(l2Bridge));
        vm.assertEq(address(l2Bridge.MESSENGER()), address(l2Messenger));
        vm.assertEq(l2Bridge.OTHER_BRIDGE(), address(l1Bridge));
        vm.assertEq(l2Bridge.l1TokenBridge(), address(l1Bridge));
    }

    function test_ether_over_and_back() public {
        vm.expectEmit(true, true, true, true, address(l1Bridge));
        emit L1StandardBridge.ETHDepositInitiated(alice, bob, 2 ether, "x");
        vm.expectEmit(true, true, true, true, address(l1Bridge));
        emit IStandardBridge.ETHBridgeInitiated(alice, bob, 2 ether, "x");
        vm.prank(alice, alice);
        l1Bridge.depositETHTo{value: 2 ether}(bob, 200_000, "x");

        vm.expectEmit(true, true, true, true, address(l2Bridge));
        emit L2StandardBridge.DepositFinalized(address(0), ETHER, alice, bob, 2 ether, "x");
        vm.expectEmit(true, true, true, true, address(l2Bridge));
        emit IStandardBridge.ETHBridgeFinalized(alice, bob, 2 ether, "x");
        _deliverLast();
        vm.assertEq(bob.balance, 2 ether);

        vm.expectEmit(true, true, true, true, address(l2Bridge));
        emit L2StandardBridge.WithdrawalInitiated(address(0), ETHER, bob, bob, 1 ether, "y");
        vm.prank(bob, bob);
        l2Bridge.withdraw{value: 1 ether}(ETHER, 1 ether, 0, "y");
        vm.expectEmit(true, true, true, true, address(l1Bridge));
        emit L1StandardBridge.ETHWithdrawalFinalized(bob, bob, 1 ether, "y");
        _payLast();
        vm.assertEq(bob.balance, 2 ether);
        vm.assertEq(address(portal).balance, 1 ether);
    }

    function test_plain_transfer_is_a_deposit_to_oneself() public {
        vm.prank(alice, alice);
        (bool success,) = address(l1Bridge).call{value: 1 ether}("");
        vm.assertTrue(success);
        _deliverLast();
        vm.assertEq(alice.balance, 100 ether);
    }

    function test_ether_for_a_refusing_recipient_waits() public {
        Moody moody = new Moody();
        moody.setMood(Moody.Mood.Refuse);
        vm.prank(alice);
        l1Bridge.bridgeETHTo{value: 1 ether}(address(moody), 100_000, "");
        bytes memory relay = _lastDeposit().data;
        vm.assertTrue(_deliverLast());
        vm.assertEq(address(l2Messenger).balance, 1 ether);
        moody.setMood(Moody.Mood.Accept);
        vm.assertTrue(_replay(l2Messenger, relay));
        vm.assertEq(address(moody).balance, 1 ether);
        vm.assertEq(address(l2Messenger).balance, 0);
    }

    function test_contracts_name_their_recipient() public {
        vm.startPrank(address(plain), alice);
        vm.deal(address(plain), 1);
        vm.expectRevert(IStandardBridge.OnlyEOA.selector);
        l1Bridge.bridgeETH{value: 1}(0, "");
        vm.expectRevert(IStandardBridge.OnlyEOA.selector);
        l1Bridge.depositETH{value: 1}(0, "");
        vm.expectRevert(IStandardBridge.OnlyEOA.selector);
        l1Bridge.bridgeERC20(address(plain), address(plainL2), 0, 0, "");
        vm.expectRevert(IStandardBridge.OnlyEOA.selector);
        l1Bridge.depositERC20(address(plain), address(plainL2), 0, 0, "");
        vm.expectRevert(IStandardBridge.OnlyEOA.selector);
        l2Bridge.withdraw(address(plainL2), 0, 0, "");
        (bool success,) = address(l1Bridge).call{value: 1}("");
        vm.assertFalse(success);
        vm.stopPrank();

        // An account with a key and an EIP-7702 delegation is still an account with a key.
        vm.etch(bob, abi.encodePacked(hex"ef0100", address(plain)));
        vm.deal(bob, 1);
        vm.prank(bob, alice);
        l1Bridge.bridgeETH{value: 1}(0, "");
    }

    function test_bad_recipients_revert() public {
        address[5] memory bad =
            [address(0), address(l2Bridge), address(l2Messenger), address(passer), address(Predeploys.WETH9)];
        for (uint256 i; i < bad.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IStandardBridge.BadRecipient.selector, bad[i]);
            vm.startPrank(alice);
            vm.expectRevert(reason);
            l1Bridge.bridgeETHTo{value: 1}(bad[i], 0, "");
            vm.expectRevert(reason);
            l1Bridge.bridgeERC20To(address(plain), address(plainL2), bad[i], 1, 0, "");
            vm.stopPrank();
        }
    }

    /// @dev The portal would take ether as a deposit of the bridge's alias; tokens of any of these nobody could move.
    function test_bad_recipients_on_L1_revert() public {
        vm.prank(alice, alice);
        l1Bridge.depositERC20(address(plain), address(plainL2), 10, 200_000, "");
        _deliverLast();
        address[7] memory bad = _partsOfL1();
        vm.startPrank(alice);
        for (uint256 i; i < bad.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IStandardBridge.BadRecipient.selector, bad[i]);
            vm.expectRevert(reason);
            l2Bridge.bridgeETHTo{value: 1}(bad[i], 0, "");
            vm.expectRevert(reason);
            l2Bridge.withdrawTo{value: 1}(ETHER, bad[i], 1, 0, "");
            vm.expectRevert(reason);
            l2Bridge.bridgeERC20To(address(plainL2), address(plain), bad[i], 1, 0, "");
            vm.expectRevert(reason);
            l2Bridge.withdrawTo(address(plainL2), bad[i], 1, 0, "");
        }
        vm.stopPrank();
        vm.assertEq(plainL2.balanceOf(alice), 10);
        vm.assertEq(address(passer).balance, 0);
    }

    function test_erc20_over_and_back() public {
        vm.expectEmit(true, true, true, true, address(l1Bridge));
        emit L1StandardBridge.ERC20DepositInitiated(address(plain), address(plainL2), alice, bob, 300, "x");
        vm.expectEmit(true, true, true, true, address(l1Bridge));
        emit IStandardBridge.ERC20BridgeInitiated(address(plain), address(plainL2), alice, bob, 300, "x");
        vm.prank(alice);
        l1Bridge.depositERC20To(address(plain), address(plainL2), bob, 300, 200_000, "x");
        vm.assertEq(l1Bridge.deposits(address(plain), address(plainL2)), 300);

        vm.expectEmit(true, true, true, true, address(l2Bridge));
        emit L2StandardBridge.DepositFinalized(address(plain), address(plainL2), alice, bob, 300, "x");
        vm.expectEmit(true, true, true, true, address(l2Bridge));
        emit IStandardBridge.ERC20BridgeFinalized(address(plainL2), address(plain), alice, bob, 300, "x");
        _deliverLast();
        vm.assertEq(plainL2.balanceOf(bob), 300);

        vm.prank(bob, bob);
        l2Bridge.withdraw(address(plainL2), 100, 200_000, "y");
        vm.assertEq(plainL2.totalSupply(), 200);
        vm.expectEmit(true, true, true, true, address(l1Bridge));
        emit L1StandardBridge.ERC20WithdrawalFinalized(address(plain), address(plainL2), bob, bob, 100, "y");
        _payLast();
        vm.assertEq(plain.balanceOf(bob), 100);
        vm.assertEq(l1Bridge.deposits(address(plain), address(plainL2)), 200);

        vm.prank(bob);
        l2Bridge.bridgeERC20To(address(plainL2), address(plain), alice, 200, 0, "");
        _payLast();
        vm.assertEq(plain.balanceOf(alice), 900);
        vm.assertEq(l1Bridge.deposits(address(plain), address(plainL2)), 0);
    }

    function test_withdraw_wrong_value_reverts() public {
        vm.startPrank(alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IStandardBridge.WrongValue.selector, 1, 2));
        l2Bridge.withdraw{value: 1}(ETHER, 2, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IStandardBridge.WrongValue.selector, 1, 0));
        l2Bridge.withdraw{value: 1}(address(plainL2), 0, 0, "");
        vm.stopPrank();
    }

    function test_only_other_bridge_finalizes() public {
        vm.expectRevert(IStandardBridge.OnlyOtherBridge.selector);
        l1Bridge.finalizeBridgeERC20(address(plain), address(plainL2), alice, alice, 1, "");
        vm.expectRevert(IStandardBridge.OnlyOtherBridge.selector);
        l1Bridge.finalizeERC20Withdrawal(address(plain), address(plainL2), alice, alice, 1, "");
        vm.expectRevert(IStandardBridge.OnlyOtherBridge.selector);
        l1Bridge.finalizeBridgeETH(alice, alice, 0, "");
        vm.expectRevert(IStandardBridge.OnlyOtherBridge.selector);
        l1Bridge.finalizeETHWithdrawal(alice, alice, 0, "");
        // Through the messenger, but sent by a stranger.
        vm.prank(alice);
        l1Messenger.sendMessage(
            address(l2Bridge),
            abi.encodeCall(
                IStandardBridge.finalizeBridgeERC20, (address(plainL2), address(plain), alice, alice, 1, "")
            ),
            200_000
        );
        _deliverLast();
        vm.assertTrue(_isFailed(l2Messenger, _lastDeposit().data));
        vm.assertEq(plainL2.totalSupply(), 0);
    }

    function test_pause_keeps_payouts_waiting() public {
        vm.prank(alice, alice);
        l1Bridge.bridgeERC20(address(plain), address(plainL2), 10, 200_000, "");
        _deliverLast();
        vm.prank(alice, alice);
        l2Bridge.withdraw(address(plainL2), 10, 0, "");
        _collect();
        pause.set(true);
        vm.expectRevert("portal: call failed");
        this.payLast();
        pause.set(false);
        _payLast();
        vm.assertEq(plain.balanceOf(alice), 1000);
    }

    /// @dev The messenger stops before; the bridge does not rely on it.
    function test_pause_stops_the_bridge_itself() public {
        pause.set(true);
        vm.mockCall(
            address(l1Messenger),
            abi.encodeCall(ICrossDomainMessenger.xDomainMessageSender, ()),
            abi.encode(address(l2Bridge))
        );
        vm.startPrank(address(l1Messenger));
        vm.expectRevert(IStandardBridge.Paused.selector);
        l1Bridge.finalizeBridgeETH(alice, alice, 0, "");
        vm.expectRevert(IStandardBridge.Paused.selector);
        l1Bridge.finalizeBridgeERC20(address(plain), address(plainL2), alice, alice, 0, "");
        vm.stopPrank();
    }

    /// @dev Neither a token that L2 cannot mint nor a likeness of something else keeps the original on L1 for ever.
    function test_wrong_pair_comes_back() public {
        OptimismMintableERC20 other = _likeness(address(0xabc));
        address[3] memory wrong = [address(other), address(0x1234), address(new PlainToken())];
        for (uint256 i; i < wrong.length; ++i) {
            vm.prank(alice, alice);
            l1Bridge.bridgeERC20(address(plain), wrong[i], 50, 500_000, "");
            vm.expectEmit(true, true, true, true, address(l2Bridge));
            emit IStandardBridge.ERC20BridgeReturned(wrong[i], address(plain), alice, alice, 50, "");
            _deliverLast();
            vm.assertEq(l1Bridge.deposits(address(plain), wrong[i]), 50);
            _payLast();
            vm.assertEq(l1Bridge.deposits(address(plain), wrong[i]), 0);
            vm.assertEq(plain.balanceOf(alice), 1000);
        }
        vm.assertEq(other.totalSupply(), 0);
    }

    /// @dev A token of L2 that claims to be the likeness of somebody else's money gets nothing on L1.
    function test_fake_likeness_cannot_withdraw() public {
        vm.prank(alice, alice);
        l1Bridge.bridgeERC20(address(plain), address(plainL2), 500, 200_000, "");
        _deliverLast();

        FakeLikeness fake = new FakeLikeness(address(plain));
        vm.prank(bob, bob);
        l2Bridge.withdraw(address(fake), 500, 500_000, "");
        _payLast();
        vm.assertEq(plain.balanceOf(bob), 0);
        vm.assertEq(l1Bridge.deposits(address(plain), address(plainL2)), 500);
        // It went back to L2, where the fake may do as it likes.
        _deliverLast();
        vm.assertEq(plain.balanceOf(address(l1Bridge)), 500);
    }

    function test_wrong_likeness_cannot_be_burned() public {
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IStandardBridge.WrongPair.selector, address(plainL2), address(0xabc)));
        l2Bridge.bridgeERC20To(address(plainL2), address(0xabc), bob, 1, 0, "");
    }

    function testFuzz_fee_token_counts_what_arrived(uint256 amount, uint256 part) public {
        FeeToken token = new FeeToken();
        OptimismMintableERC20 likeness = _likeness(address(token));
        amount = _bound(amount, 0, 1e30);
        token.mint(alice, amount);
        vm.startPrank(alice, alice);
        token.approve(address(l1Bridge), amount);
        l1Bridge.bridgeERC20(address(token), address(likeness), amount, 200_000, "");
        vm.stopPrank();
        _deliverLast();
        uint256 arrived = amount - amount / 100;
        vm.assertEq(likeness.balanceOf(alice), arrived);
        vm.assertEq(l1Bridge.deposits(address(token), address(likeness)), arrived);
        vm.assertEq(token.balanceOf(address(l1Bridge)), arrived);

        part = _bound(part, 0, arrived);
        vm.prank(alice, alice);
        l2Bridge.withdraw(address(likeness), part, 200_000, "");
        _payLast();
        vm.assertEq(l1Bridge.deposits(address(token), address(likeness)), arrived - part);
        vm.assertEq(token.balanceOf(alice), part - part / 100);
        vm.assertEq(likeness.totalSupply(), arrived - part);
    }

    /// @dev A shrinking token keeps its own holders waiting, and nobody else's.
    function test_rebasing_token_harms_only_itself() public {
        RebasingToken token = new RebasingToken();
        OptimismMintableERC20 likeness = _likeness(address(token));
        token.mint(alice, 1000);
        vm.startPrank(alice, alice);
        token.approve(address(l1Bridge), 1000);
        l1Bridge.bridgeERC20(address(token), address(likeness), 1000, 200_000, "");
        l1Bridge.bridgeERC20(address(plain), address(plainL2), 1000, 200_000, "");
        vm.stopPrank();
        _deliver(0);
        _deliver(1);

        token.rebase(50);
        vm.startPrank(alice, alice);
        l2Bridge.withdraw(address(likeness), 400, 200_000, "");
        l2Bridge.withdraw(address(likeness), 600, 200_000, "");
        l2Bridge.withdraw(address(plainL2), 1000, 200_000, "");
        vm.stopPrank();
        _collect();
        uint256 last = withdrawals.length - 1;
        _pay(last - 2);
        _pay(last - 1);
        bytes memory relay = withdrawals[last - 1].data;
        vm.assertTrue(_isFailed(l1Messenger, relay));
        _pay(last);
        vm.assertEq(plain.balanceOf(alice), 1000);
        vm.assertEq(token.balanceOf(alice), 400);

        // The waiting withdrawal is paid when there is enough again.
        vm.assertTrue(_replay(l1Messenger, relay));
        vm.assertFalse(_isSuccessful(l1Messenger, relay));
        token.rebase(350);
        vm.assertTrue(_replay(l1Messenger, relay));
        vm.assertTrue(_isSuccessful(l1Messenger, relay));
        vm.assertEq(l1Bridge.deposits(address(token), address(likeness)), 0);
    }

    /// @dev A token that calls back while its arrival is measured must not be counted twice.
    function test_reentrant_deposit_reverts() public {
        HookToken token = new HookToken();
        Nester nester = new Nester(l1Bridge, token, address(_likeness(address(token))));
        token.mint(address(nester), 1000);
        nester.bridge(1, 100);
        vm.assertFalse(nester.innerSuccess());
        vm.assertEq(l1Bridge.deposits(address(token), nester.likeness()), token.balanceOf(address(l1Bridge)));
        vm.assertEq(token.balanceOf(address(l1Bridge)), 1);
    }

    /// @dev Tokens of L2 travel the other way round.
    function test_L2_token_over_and_back() public {
        L1MintableERC20Factory l1Factory = new L1MintableERC20Factory(address(l1Bridge));
        vm.assertEq(l1Factory.BRIDGE(), address(l1Bridge));
        PlainToken native = new PlainToken();
        OptimismMintableERC20 likeness =
            OptimismMintableERC20(l1Factory.createOptimismMintableERC20(address(native), "n", "n"));
        native.mint(bob, 100);
        vm.startPrank(bob, bob);
        native.approve(address(l2Bridge), 100);
        l2Bridge.bridgeERC20(address(native), address(likeness), 100, 200_000, "");
        _payLast();
        vm.assertEq(likeness.balanceOf(bob), 100);
        vm.assertEq(l2Bridge.deposits(address(native), address(likeness)), 100);
        vm.startPrank(bob, bob);
        l1Bridge.bridgeERC20(address(likeness), address(native), 100, 200_000, "");
        vm.stopPrank();
        _deliverLast();
        vm.assertEq(native.balanceOf(bob), 100);
        vm.assertEq(likeness.totalSupply(), 0);
    }

    function test_constructor_zero_reverts() public {
        vm.expectRevert(IStandardBridge.ZeroAddress.selector);
        new L1StandardBridge(ICrossDomainMessenger(address(0)));
        vm.expectRevert(L1MintableERC20Factory.ZeroAddress.selector);
        new L1MintableERC20Factory(address(0));
    }

    function payLast() external {
        _payLast();
    }

    function _likeness(address original) internal returns (OptimismMintableERC20) {
        return OptimismMintableERC20(factory.createOptimismMintableERC20(original, "likeness", "L"));
    }
}

/// @notice Claims to be the likeness of a token it has nothing to do with.
contract FakeLikeness {
    address public l1Token;
    address public remoteToken;

    constructor(address original) {
        l1Token = original;
        remoteToken = original;
    }

    function mint(address, uint256) external {}
    function burn(address, uint256) external {}

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id != 0xffffffff;
    }
}

/// @notice Deposits a token while it is depositing it.
contract Nester is ITokenHook {
    L1StandardBridge private immutable _bridge;
    HookToken private immutable _token;
    address public immutable likeness;
    uint256 private _inner;
    bool public innerSuccess;

    constructor(L1StandardBridge bridge_, HookToken token, address likeness_) {
        _bridge = bridge_;
        _token = token;
        likeness = likeness_;
        token.approve(address(bridge_), type(uint256).max);
    }

    function bridge(uint256 outer, uint256 inner) external {
        _inner = inner;
        _bridge.bridgeERC20To(address(_token), likeness, address(this), outer, 200_000, "");
    }

    function tokensToSend(address, uint256) external {
        if (_inner == 0) return;
        uint256 amount = _inner;
        _inner = 0;
        (innerSuccess,) = address(_bridge)
            .call(
                abi.encodeCall(
                    IStandardBridge.bridgeERC20To, (address(_token), likeness, address(this), amount, 200_000, "")
                )
            );
    }
}
