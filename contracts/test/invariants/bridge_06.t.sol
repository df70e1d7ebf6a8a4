// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../utils/Test.sol";
import {vm} from "../utils/Vm.sol";
import {BridgeHandler} from "../bridge/BridgeHandler.sol";

/// @notice Invariant 6: a failed call on L1 or L2 loses no value.
contract Invariant06 is Test {
    BridgeHandler internal bridge;

    function setUp() public {
        bridge = new BridgeHandler();
        _target(address(bridge), bridge.selectors());
    }

    /// @dev What a messenger holds is the value of the messages that it keeps for another try.
    function invariant_06_failed_messages_are_kept() public view {
        uint256[2] memory kept;
        for (uint256 i; i < bridge.messageCount(); ++i) {
            BridgeHandler.Message memory m = bridge.messageAt(i);
            bool success = bridge.isSuccessful(m);
            vm.assertEq(success || bridge.isFailed(m), m.isDelivered, "delivered is known");
            if (m.isDelivered && !success) kept[address(m.destination) == bridge.messenger(true) ? 1 : 0] += m.value;
        }
        vm.assertEq(bridge.messengerBalance(false), kept[0], "L2 messenger");
        vm.assertEq(bridge.messengerBalance(true), kept[1], "L1 messenger");
        vm.assertEq(bridge.lostDeposits(), 0, "lost deposits");
    }

    /// @dev When recipients accept again, everything arrives: nothing is left in a messenger or on the way.
    function afterInvariant() public {
        bridge.settle();
        invariant_06_failed_messages_are_kept();
        for (uint256 i; i < bridge.messageCount(); ++i) {
            BridgeHandler.Message memory m = bridge.messageAt(i);
            // A recipient without `onERC721Received` never accepts a token; only such a message may be left, and it has no value.
            if (!bridge.isSuccessful(m)) vm.assertEq(m.value, 0, "left over");
        }
        vm.assertEq(bridge.etherComingToL2() + bridge.etherLeavingL2(), 0, "on the way");
        vm.assertEq(bridge.portalBalance(), bridge.etherOnL2(), "backed");
    }
}
