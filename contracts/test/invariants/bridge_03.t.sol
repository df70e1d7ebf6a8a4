// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../utils/Test.sol";
import {vm} from "../utils/Vm.sol";
import {BridgeHandler} from "../bridge/BridgeHandler.sol";

/// @notice Invariant 3: the ether that L1 holds is L2's supply and what is on its way, at every step.
contract Invariant03 is Test {
    BridgeHandler internal bridge;

    function setUp() public {
        bridge = new BridgeHandler();
        _target(address(bridge), bridge.selectors());
    }

    function invariant_03_ether_is_backed() public view {
        vm.assertEq(bridge.portalBalance(), bridge.etherOnL2() + bridge.etherComingToL2() + bridge.etherLeavingL2());
    }
}
