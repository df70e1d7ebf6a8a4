// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {CommitteeRegistry} from "../src/da/CommitteeRegistry.sol";
import {ICommitteeRegistry} from "../src/interfaces/ICommitteeRegistry.sol";
import {Bits} from "../src/libraries/Bits.sol";
import {Certificate} from "../src/types/Certificate.sol";
import {CommitteeDeployment} from "./utils/CommitteeDeployment.sol";
import {vm} from "./utils/Vm.sol";

contract CommitteeRegistryTest is CommitteeDeployment {
    function _propose(uint256 generation) private returns (uint64 epoch) {
        vm.prank(address(timelock));
        return registry.propose(_addresses(_keys(generation)), THRESHOLD, 0);
    }

    function _expectBad(string memory name, CommitteeRegistry.Parameters memory p) private {
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadParameter.selector, name));
        new CommitteeRegistry(p);
    }

    // --- epochs ---

    function test_constructor_firstEpochSigns() public view {
        vm.assertEq(uint256(registry.epochCount()), 1);
        vm.assertTrue(registry.isSigning(0));
        vm.assertFalse(registry.isSigning(1));
        address[] memory members = registry.membersOf(0);
        address[] memory expected = _addresses(_keys(0));
        vm.assertEq(abi.encode(members), abi.encode(expected));
        vm.assertEq(uint256(registry.epochAt(0).threshold), THRESHOLD);
        vm.assertEq(registry.owner(), address(timelock));
    }

    function test_constructor_badParameter_reverts() public {
        CommitteeRegistry.Parameters memory p = _registryParameters();
        p.pauseController = address(0);
        _expectBad("pauseController", p);
        p = _registryParameters();
        p.rotationDelay = 0;
        _expectBad("rotationDelay", p);
        p = _registryParameters();
        p.overlap = p.rotationDelay + 1;
        _expectBad("overlap", p);
        p = _registryParameters();
        p.retention = 0;
        _expectBad("retention", p);
        p = _registryParameters();
        p.owner = address(0);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new CommitteeRegistry(p);
    }

    function test_propose_stranger_reverts() public {
        address[] memory members = _addresses(_keys(1));
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guardian));
        vm.prank(guardian);
        registry.propose(members, THRESHOLD, 0);
    }

    function test_propose_badMembers_reverts() public {
        vm.startPrank(address(timelock));
        address[] memory members = _addresses(_keys(1));
        (members[1], members[2]) = (members[2], members[1]);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadMembers.selector, 2));
        registry.propose(members, THRESHOLD, 0);
        members = _addresses(_keys(1));
        members[3] = members[2];
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadMembers.selector, 3));
        registry.propose(members, THRESHOLD, 0);
        members[0] = address(0);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadMembers.selector, 0));
        registry.propose(members, THRESHOLD, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadMembers.selector, 21));
        registry.propose(new address[](21), THRESHOLD, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadMembers.selector, 0));
        registry.propose(new address[](0), THRESHOLD, 0);
    }

    function test_propose_badThresholdOrMandatory_reverts() public {
        address[] memory members = _addresses(_keys(1));
        vm.startPrank(address(timelock));
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadThreshold.selector, 0, 5));
        registry.propose(members, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadThreshold.selector, 6, 5));
        registry.propose(members, 6, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadMandatory.selector, 0x20));
        registry.propose(members, 4, 0x20);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadMandatory.selector, 0x7));
        registry.propose(members, 2, 0x7);
    }

    function test_propose_signsAfterTheDelayOnly() public {
        uint64 start = uint64(block.timestamp);
        vm.assertEq(uint256(_propose(1)), 1);
        vm.warp(start + ROTATION_DELAY - 1);
        vm.assertFalse(registry.isSigning(1));
        vm.assertTrue(registry.isSigning(0));
        vm.expectRevert(
            abi.encodeWithSelector(
                ICommitteeRegistry.CommitteeRegistry_NotSigning.selector, 1, start + ROTATION_DELAY, 0
            )
        );
        registry.signing(1);
        vm.warp(start + ROTATION_DELAY);
        vm.assertTrue(registry.isSigning(1));
        vm.warp(start + ROTATION_DELAY + OVERLAP);
        vm.assertTrue(registry.isSigning(0));
        vm.warp(start + ROTATION_DELAY + OVERLAP + 1);
        vm.assertFalse(registry.isSigning(0));
        vm.assertTrue(registry.isSigning(1));
        // For reading, for ever.
        vm.assertEq(registry.membersOf(0).length, MEMBERS);
    }

    function test_propose_twice_reverts() public {
        _propose(1);
        address[] memory members = _addresses(_keys(2));
        vm.expectRevert(
            abi.encodeWithSelector(
                ICommitteeRegistry.CommitteeRegistry_Pending.selector, 1, block.timestamp + ROTATION_DELAY
            )
        );
        vm.prank(address(timelock));
        registry.propose(members, THRESHOLD, 0);
        vm.warp(block.timestamp + ROTATION_DELAY);
        vm.assertEq(uint256(_propose(2)), 2);
    }

    function test_cancel_takesTheNextBack() public {
        _propose(1);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guardian));
        vm.prank(guardian);
        registry.cancel();
        vm.prank(address(timelock));
        registry.cancel();
        vm.warp(block.timestamp + ROTATION_DELAY + OVERLAP + 1);
        vm.assertTrue(registry.isSigning(0));
        vm.assertFalse(registry.isSigning(1));
    }

    function test_cancel_begun_reverts() public {
        vm.startPrank(address(timelock));
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_NothingPending.selector));
        registry.cancel();
        vm.stopPrank();
        _propose(1);
        vm.warp(block.timestamp + ROTATION_DELAY);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_NothingPending.selector));
        vm.prank(address(timelock));
        registry.cancel();
    }

    function test_epochAt_unknown_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_UnknownEpoch.selector, 1));
        registry.epochAt(1);
    }

    // --- revoking ---

    function test_revoke_byGuardianOrByTheMember() public {
        address member = vm.addr(_keys(0)[2]);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_Unauthorized.selector, alice));
        vm.prank(alice);
        registry.revoke(0, 2);
        vm.expectRevert(
            abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_Unauthorized.selector, address(timelock))
        );
        vm.prank(address(timelock));
        registry.revoke(0, 2);
        uint256 snapshot = vm.snapshotState();
        vm.prank(guardian);
        registry.revoke(0, 2);
        vm.assertEq(uint256(registry.epochAt(0).revoked), 4);
        vm.revertToState(snapshot);
        vm.prank(member);
        registry.revoke(0, 2);
        vm.assertEq(uint256(registry.epochAt(0).revoked), 4);
    }

    function test_revoke_neverBelowTheThreshold() public {
        vm.startPrank(guardian);
        registry.revoke(0, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_Indispensable.selector, 0, 0));
        registry.revoke(0, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_Indispensable.selector, 0, 1));
        registry.revoke(0, 1);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadMembers.selector, 5));
        registry.revoke(0, 5);
    }

    function test_revoke_mandatory_reverts() public {
        address[] memory members = _addresses(_keys(1));
        vm.prank(address(timelock));
        registry.propose(members, 3, 0x1);
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_Indispensable.selector, 1, 0));
        registry.revoke(1, 0);
        registry.revoke(1, 1);
    }

    // --- equivocation ---

    function _two() private view returns (Certificate memory first, Certificate memory second) {
        first = _certificate("one", 0);
        second = _certificate("another", 0);
    }

    function _show(Certificate memory first, uint256 firstKey, Certificate memory second, uint256 secondKey) private {
        registry.showEquivocation(
            address(inbox), first, _signature(first, firstKey), second, _signature(second, secondKey)
        );
    }

    function _expectNone(string memory reason) private {
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_NoEquivocation.selector, reason));
    }

    function test_showEquivocation_revokes() public {
        (Certificate memory first, Certificate memory second) = _two();
        uint256 key = _keys(0)[3];
        vm.expectEmit(true, true, true, true, address(registry));
        emit ICommitteeRegistry.EquivocationShown(0, 3, vm.addr(key), first.payloadHash, second.payloadHash, true);
        _show(first, key, second, key);
        vm.assertEq(uint256(registry.epochAt(0).revoked), 8);
        // The next one could not be missed: it is shown, and stays.
        key = _keys(0)[1];
        vm.expectEmit(true, true, true, true, address(registry));
        emit ICommitteeRegistry.EquivocationShown(0, 1, vm.addr(key), first.payloadHash, second.payloadHash, false);
        _show(first, key, second, key);
        vm.assertEq(uint256(registry.epochAt(0).revoked), 8);
    }

    function test_showEquivocation_none_reverts() public {
        (Certificate memory first, Certificate memory second) = _two();
        uint256 key = _keys(0)[3];
        _expectNone("one payload");
        this.show(first, key, first, key);
        _expectNone("two signers");
        this.show(first, key, second, _keys(0)[2]);
        _expectNone("not a member");
        this.show(first, 77, second, 77);
        Certificate memory elsewhere = second;
        elsewhere.batchIndex += 1;
        _expectNone("other places");
        this.show(first, key, elsewhere, key);
        (, second) = _two();
        second.prevAcc = keccak256("reorganised");
        _expectNone("other places");
        this.show(first, key, second, key);
        // What can be posted no more may be replaced.
        (, second) = _two();
        vm.warp(block.timestamp + 1 hours + 1);
        _expectNone("expired");
        this.show(first, key, second, key);
    }

    /// @dev Outside, so that the cheatcode sees one call.
    function show(Certificate memory first, uint256 firstKey, Certificate memory second, uint256 secondKey) external {
        bytes memory firstSignature = _signature(first, firstKey);
        bytes memory secondSignature = _signature(second, secondKey);
        registry.showEquivocation(address(inbox), first, firstSignature, second, secondSignature);
    }

    // --- bits ---

    function test_fuzz_bits(uint256 bits) public pure {
        uint256 n;
        uint256 first = 256;
        for (uint256 i; i < 256; ++i) {
            if (bits >> i & 1 == 0) continue;
            ++n;
            if (first == 256) first = i;
        }
        vm.assertEq(Bits.count(bits), n);
        vm.assertEq(Bits.lowest(bits), first);
    }

    function test_fuzz_bits_single(uint8 i) public pure {
        vm.assertEq(Bits.lowest(uint256(1) << i), i);
        vm.assertEq(Bits.lowest(type(uint256).max << i), i);
    }
}
