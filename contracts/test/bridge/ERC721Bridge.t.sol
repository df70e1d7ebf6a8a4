// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICrossDomainMessenger} from "../../src/bridge/ICrossDomainMessenger.sol";
import {IERC721Bridge} from "../../src/bridge/IERC721Bridge.sol";
import {L1ERC721Bridge} from "../../src/bridge/L1ERC721Bridge.sol";
import {OptimismMintableERC721} from "../../src/l2/OptimismMintableERC721.sol";
import {vm} from "../utils/Vm.sol";
import {Moody} from "./Recipients.sol";
import {PlainCollection} from "./Tokens.sol";
import {TwoChains} from "./TwoChains.sol";

contract ERC721BridgeTest is TwoChains {
    address internal alice;
    address internal bob;
    PlainCollection internal art;
    OptimismMintableERC721 internal artL2;

    function setUp() public {
        _deployChains();
        alice = _actor("alice");
        bob = _actor("bob");
        art = new PlainCollection();
        art.mint(alice, 7);
        artL2 = _likeness(address(art));
        vm.prank(alice);
        art.setApprovalForAll(address(l1ERC721Bridge), true);
    }

    function test_getters() public view {
        vm.assertEq(address(l1ERC721Bridge.MESSENGER()), address(l1Messenger));
        vm.assertEq(l1ERC721Bridge.OTHER_BRIDGE(), address(l2ERC721Bridge));
        vm.assertEq(address(l2ERC721Bridge.MESSENGER()), address(l2Messenger));
        vm.assertEq(l2ERC721Bridge.OTHER_BRIDGE(), address(l1ERC721Bridge));
    }

    function test_over_and_back() public {
        vm.expectEmit(true, true, true, true, address(l1ERC721Bridge));
        emit IERC721Bridge.ERC721BridgeInitiated(address(art), address(artL2), alice, bob, 7, "x");
        vm.prank(alice);
        l1ERC721Bridge.bridgeERC721To(address(art), address(artL2), bob, 7, 300_000, "x");
        vm.assertTrue(l1ERC721Bridge.deposits(address(art), address(artL2), 7));
        vm.assertEq(art.ownerOf(7), address(l1ERC721Bridge));

        vm.expectEmit(true, true, true, true, address(l2ERC721Bridge));
        emit IERC721Bridge.ERC721BridgeFinalized(address(artL2), address(art), alice, bob, 7, "x");
        _deliverLast();
        vm.assertEq(artL2.ownerOf(7), bob);

        vm.prank(bob, bob);
        l2ERC721Bridge.bridgeERC721(address(artL2), address(art), 7, 300_000, "");
        vm.assertEq(artL2.totalSupply(), 0);
        _payLast();
        vm.assertEq(art.ownerOf(7), bob);
        vm.assertFalse(l1ERC721Bridge.deposits(address(art), address(artL2), 7));
    }

    function test_refused_token_waits() public {
        Moody moody = new Moody();
        vm.prank(alice);
        l1ERC721Bridge.bridgeERC721To(address(art), address(artL2), address(moody), 7, 300_000, "");
        _deliverLast();
        bytes memory relay = _lastDeposit().data;
        vm.assertTrue(_isFailed(l2Messenger, relay));
        // The recipient learns to take tokens.
        vm.etch(address(moody), address(new Receiver()).code);
        vm.assertTrue(_replay(l2Messenger, relay));
        vm.assertEq(artL2.ownerOf(7), address(moody));
    }

    function test_wrong_pair_comes_back() public {
        address[3] memory wrong = [address(_likeness(address(0xabc))), address(0x1234), address(art)];
        for (uint256 i; i < wrong.length; ++i) {
            vm.prank(alice, alice);
            l1ERC721Bridge.bridgeERC721(address(art), wrong[i], 7, 500_000, "");
            vm.expectEmit(true, true, true, true, address(l2ERC721Bridge));
            emit IERC721Bridge.ERC721BridgeReturned(wrong[i], address(art), alice, alice, 7, "");
            _deliverLast();
            _payLast();
            vm.assertEq(art.ownerOf(7), alice);
            vm.assertFalse(l1ERC721Bridge.deposits(address(art), wrong[i], 7));
        }
    }

    /// @dev A collection of L2 that claims to be the likeness of somebody else's gets nothing on L1.
    function test_fake_likeness_cannot_withdraw() public {
        vm.prank(alice, alice);
        l1ERC721Bridge.bridgeERC721(address(art), address(artL2), 7, 300_000, "");
        _deliverLast();
        FakeCollection fake = new FakeCollection(address(art), bob);
        vm.prank(bob, bob);
        l2ERC721Bridge.bridgeERC721(address(fake), address(art), 7, 500_000, "");
        vm.expectEmit(true, true, true, true, address(l1ERC721Bridge));
        emit IERC721Bridge.ERC721BridgeReturned(address(art), address(fake), bob, bob, 7, "");
        _payLast();
        vm.assertEq(art.ownerOf(7), address(l1ERC721Bridge));
        vm.assertTrue(l1ERC721Bridge.deposits(address(art), address(artL2), 7));
    }

    /// @dev The messenger stops before; the bridge does not rely on it.
    function test_pause_stops_the_bridge_itself() public {
        pause.set(true);
        vm.mockCall(
            address(l1Messenger),
            abi.encodeCall(ICrossDomainMessenger.xDomainMessageSender, ()),
            abi.encode(address(l2ERC721Bridge))
        );
        vm.prank(address(l1Messenger));
        vm.expectRevert(IERC721Bridge.Paused.selector);
        l1ERC721Bridge.finalizeBridgeERC721(address(art), address(artL2), alice, alice, 7, "");
    }

    function test_not_owner_reverts() public {
        vm.prank(bob);
        vm.expectRevert();
        l1ERC721Bridge.bridgeERC721To(address(art), address(artL2), bob, 7, 0, "");

        vm.prank(alice, alice);
        l1ERC721Bridge.bridgeERC721(address(art), address(artL2), 7, 300_000, "");
        _deliverLast();
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC721Bridge.NotOwner.selector, 7));
        l2ERC721Bridge.bridgeERC721To(address(artL2), address(art), bob, 7, 0, "");
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC721Bridge.WrongPair.selector, address(artL2), address(0xabc)));
        l2ERC721Bridge.bridgeERC721To(address(artL2), address(0xabc), bob, 7, 0, "");
    }

    function test_token_that_does_not_arrive_reverts() public {
        Phantom phantom = new Phantom();
        vm.expectRevert(abi.encodeWithSelector(IERC721Bridge.NotOwner.selector, 1));
        l1ERC721Bridge.bridgeERC721To(address(phantom), address(artL2), bob, 1, 0, "");
    }

    function test_bad_recipients_on_L1_revert() public {
        vm.prank(alice);
        l1ERC721Bridge.bridgeERC721To(address(art), address(artL2), bob, 7, 300_000, "");
        _deliverLast();
        address[7] memory bad = _partsOfL1();
        vm.startPrank(bob);
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IERC721Bridge.BadRecipient.selector, bad[i]));
            l2ERC721Bridge.bridgeERC721To(address(artL2), address(art), bad[i], 7, 0, "");
        }
        vm.stopPrank();
        vm.assertEq(artL2.ownerOf(7), bob);
    }

    function test_bad_arguments_revert() public {
        vm.startPrank(alice);
        vm.expectRevert(IERC721Bridge.NoRemoteToken.selector);
        l1ERC721Bridge.bridgeERC721To(address(art), address(0), bob, 7, 0, "");
        address[4] memory bad = [address(0), address(l2ERC721Bridge), address(l2Messenger), address(l2Bridge)];
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IERC721Bridge.BadRecipient.selector, bad[i]));
            l1ERC721Bridge.bridgeERC721To(address(art), address(artL2), bad[i], 7, 0, "");
        }
        vm.stopPrank();
        vm.prank(address(art), alice);
        vm.expectRevert(IERC721Bridge.OnlyEOA.selector);
        l1ERC721Bridge.bridgeERC721(address(art), address(artL2), 7, 0, "");
        vm.expectRevert(IERC721Bridge.OnlyOtherBridge.selector);
        l1ERC721Bridge.finalizeBridgeERC721(address(art), address(artL2), alice, alice, 7, "");
        vm.expectRevert(IERC721Bridge.ZeroAddress.selector);
        new L1ERC721Bridge(ICrossDomainMessenger(address(0)));
    }

    function test_only_bridge_mints_and_burns() public {
        vm.expectRevert(OptimismMintableERC721.OnlyBridge.selector);
        artL2.safeMint(alice, 1);
        vm.expectRevert(OptimismMintableERC721.OnlyBridge.selector);
        artL2.burn(alice, 1);
    }

    function _likeness(address original) internal returns (OptimismMintableERC721) {
        return OptimismMintableERC721(factory721.createOptimismMintableERC721(original, "art", "A"));
    }
}

/// @notice Takes ERC-721 tokens.
contract Receiver {
    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return this.onERC721Received.selector;
    }
}

/// @notice A collection whose tokens do not move.
contract Phantom {
    function transferFrom(address, address, uint256) external {}

    function ownerOf(uint256) external view returns (address) {
        return address(this);
    }
}

/// @notice Claims to be the likeness of a collection it has nothing to do with.
contract FakeCollection {
    address public remoteToken;
    address private _owner;

    constructor(address original, address owner) {
        remoteToken = original;
        _owner = owner;
    }

    function burn(address, uint256) external {}

    function ownerOf(uint256) external view returns (address) {
        return _owner;
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id != 0xffffffff;
    }
}
