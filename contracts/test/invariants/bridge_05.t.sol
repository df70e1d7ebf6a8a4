// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../utils/Test.sol";
import {vm} from "../utils/Vm.sol";
import {BridgeHandler} from "../bridge/BridgeHandler.sol";

/// @notice Invariant 5: an ERC-721 token is on L1, on L2, or on its way, and in one place only.
contract Invariant05 is Test {
    BridgeHandler internal bridge;

    function setUp() public {
        bridge = new BridgeHandler();
        bytes4[] memory selectors = new bytes4[](5);
        selectors[0] = BridgeHandler.moveArt.selector;
        selectors[1] = BridgeHandler.deliver.selector;
        selectors[2] = BridgeHandler.pay.selector;
        selectors[3] = BridgeHandler.replay.selector;
        selectors[4] = BridgeHandler.arm.selector;
        _target(address(bridge), selectors);
    }

    function invariant_05_token_is_in_one_place() public view {
        for (uint256 id; id < bridge.IDS(); ++id) {
            uint256 places = bridge.artInFlight(id);
            if (bridge.isArtOnL1(id)) ++places;
            if (bridge.isArtOnL2(id)) ++places;
            vm.assertEq(places, 1);
        }
    }
}
