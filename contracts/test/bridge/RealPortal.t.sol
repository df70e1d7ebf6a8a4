// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {L2CrossDomainMessenger} from "../../src/l2/L2CrossDomainMessenger.sol";
import {L2ERC721Bridge} from "../../src/l2/L2ERC721Bridge.sol";
import {L2StandardBridge} from "../../src/l2/L2StandardBridge.sol";
import {L2ToL1MessagePasser} from "../../src/l2/L2ToL1MessagePasser.sol";
import {OptimismMintableERC20} from "../../src/l2/OptimismMintableERC20.sol";
import {OptimismMintableERC20Factory} from "../../src/l2/OptimismMintableERC20Factory.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {IPortal} from "../../src/interfaces/IPortal.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {WithdrawalTransaction} from "../../src/types/Withdrawal.sol";
import {Deployment} from "../utils/Deployment.sol";
import {Trie} from "../utils/Trie.sol";
import {Vm, vm} from "../utils/Vm.sol";
import {PlainToken} from "./Tokens.sol";

/// @notice The bridge over the portal itself: what it emits is delivered, what the message passer emits is proven and paid.
contract RealPortalTest is Deployment {
    L2StandardBridge internal constant l2Bridge = L2StandardBridge(payable(Predeploys.L2_STANDARD_BRIDGE));

    PlainToken internal token;
    OptimismMintableERC20 internal likeness;

    function setUp() public override {
        super.setUp();
        vm.etch(Predeploys.L2_CROSS_DOMAIN_MESSENGER, type(L2CrossDomainMessenger).runtimeCode);
        vm.etch(Predeploys.L2_STANDARD_BRIDGE, type(L2StandardBridge).runtimeCode);
        vm.etch(Predeploys.L2_ERC721_BRIDGE, type(L2ERC721Bridge).runtimeCode);
        vm.etch(Predeploys.L2_TO_L1_MESSAGE_PASSER, type(L2ToL1MessagePasser).runtimeCode);
        vm.etch(Predeploys.OPTIMISM_MINTABLE_ERC20_FACTORY, type(OptimismMintableERC20Factory).runtimeCode);
        vm.store(
            Predeploys.L2_CROSS_DOMAIN_MESSENGER, bytes32(uint256(3)), bytes32(uint256(uint160(address(messenger))))
        );
        vm.store(Predeploys.L2_STANDARD_BRIDGE, bytes32(uint256(1)), bytes32(uint256(uint160(address(bridge)))));
        token = new PlainToken();
        likeness = OptimismMintableERC20(
            OptimismMintableERC20Factory(Predeploys.OPTIMISM_MINTABLE_ERC20_FACTORY)
                .createOptimismMintableERC20(address(token), "likeness", "L")
        );
        token.mint(alice, 100);
        vm.prank(alice);
        token.approve(address(bridge), 100);
        vm.recordLogs();
    }

    function test_ether_over_and_back() public {
        address carol = _actor("carol");
        vm.prank(alice, alice);
        bridge.bridgeETHTo{value: 5 ether}(carol, 200_000, "");
        _deliver();
        vm.assertEq(carol.balance, 5 ether);
        vm.assertEq(address(portal).balance, 5 ether);

        vm.prank(carol, carol);
        l2Bridge.bridgeETHTo{value: 2 ether}(bob, 200_000, "");
        uint256 before = bob.balance;
        _proveAndPay();
        vm.assertEq(bob.balance, before + 2 ether);
        vm.assertEq(address(portal).balance, 3 ether);
    }

    function test_erc20_over_and_back() public {
        vm.prank(alice, alice);
        bridge.depositERC20(address(token), address(likeness), 70, 200_000, "");
        _deliver();
        vm.assertEq(likeness.balanceOf(alice), 70);

        vm.prank(alice, alice);
        l2Bridge.withdraw(address(likeness), 30, 200_000, "");
        _proveAndPay();
        vm.assertEq(token.balanceOf(alice), 60);
        vm.assertEq(bridge.deposits(address(token), address(likeness)), 40);
    }

    /// @dev A pair that L2 cannot pay goes back by a second message, through the portal.
    function test_wrong_pair_is_returned_through_the_portal() public {
        OptimismMintableERC20 other = OptimismMintableERC20(
            OptimismMintableERC20Factory(Predeploys.OPTIMISM_MINTABLE_ERC20_FACTORY)
                .createOptimismMintableERC20(address(0xabc), "other", "O")
        );
        vm.prank(alice, alice);
        bridge.depositERC20(address(token), address(other), 70, 500_000, "");
        _deliver();
        vm.assertEq(other.totalSupply(), 0);
        _proveAndPay();
        vm.assertEq(token.balanceOf(alice), 100);
    }

    /// @dev What L2 lets out L1 can send back, at any length: a token of L2 that L1 does not know, with as much data as there may be.
    function test_longest_message_is_returned_through_the_portal() public {
        PlainToken foreign = new PlainToken();
        foreign.mint(alice, 100);
        vm.startPrank(alice, alice);
        foreign.approve(address(l2Bridge), 100);
        vm.expectPartialRevert(L2ToL1MessagePasser.DataTooLong.selector);
        l2Bridge.bridgeERC20(address(foreign), address(0xabc), 70, 2_000_000, new bytes(64_961));
        l2Bridge.bridgeERC20(address(foreign), address(0xabc), 70, 2_000_000, new bytes(64_960));
        vm.stopPrank();
        _proveAndPay();
        vm.assertEq(foreign.balanceOf(alice), 30);
        _deliver();
        vm.assertEq(foreign.balanceOf(alice), 100);
    }

    /// @dev Decodes the latest deposit from the portal's event, as derivation does, and runs it.
    function _deliver() private {
        Vm.Log memory log = _find(address(portal), IPortal.TransactionDeposited.selector);
        address from = address(uint160(uint256(log.topics[1])));
        address to = address(uint160(uint256(log.topics[2])));
        bytes memory opaque = abi.decode(log.data, (bytes));
        (uint256 mint, uint256 value) = (_word(opaque, 0), _word(opaque, 32));
        uint256 gasLimit = _word(opaque, 64) >> 192;
        bytes memory data = new bytes(opaque.length - 73);
        uint256 intrinsic = 21_000;
        for (uint256 i; i < data.length; ++i) {
            data[i] = opaque[i + 73];
            intrinsic += data[i] == 0 ? 4 : 16;
        }
        vm.deal(from, from.balance + mint);
        vm.prank(from, from);
        (bool success,) = to.call{value: value, gas: gasLimit - intrinsic}(data);
        vm.assertTrue(success);
    }

    /// @dev Takes the latest withdrawal from the message passer's event through claim, proof and payment.
    function _proveAndPay() private {
        Vm.Log memory log = _find(Predeploys.L2_TO_L1_MESSAGE_PASSER, L2ToL1MessagePasser.MessagePassed.selector);
        (uint256 value, uint256 gasLimit, bytes memory data, bytes32 hash) =
            abi.decode(log.data, (uint256, uint256, bytes, bytes32));
        WithdrawalTransaction memory w = WithdrawalTransaction({
            nonce: uint256(log.topics[1]),
            sender: address(uint160(uint256(log.topics[2]))),
            target: address(uint160(uint256(log.topics[3]))),
            value: value,
            gasLimit: gasLimit,
            data: data
        });
        vm.assertEq(Hashing.withdrawal(w), hash);
        (bytes32 storageRoot, bytes[] memory proof) = Trie.single(hash, 0x01);
        _stake(bob);
        _post(batcher, 4);
        _assert(bob, 0, Hashing.outputRoot(_rootProof(storageRoot)));
        portal.proveWithdrawalTransaction(w, 1, _rootProof(storageRoot), proof);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertTrue(messenger.successfulMessages(keccak256(data)));
    }

    /// @dev The latest event of this kind since the last call.
    function _find(address emitter, bytes32 topic) private returns (Vm.Log memory found) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == emitter && logs[i].topics[0] == topic) found = logs[i];
        }
        vm.assertEq(found.emitter, emitter);
    }

    function _word(bytes memory data, uint256 offset) private pure returns (uint256 word) {
        assembly {
            word := mload(add(add(data, 0x20), offset))
        }
    }
}
