// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../utils/Test.sol";
import {vm} from "../utils/Vm.sol";
import {BridgeHandler} from "../bridge/BridgeHandler.sol";
import {Reentrant} from "../bridge/Recipients.sol";

/// @notice Invariant 7: a recipient that calls back executes nothing twice and does not change whom it hears.
contract Invariant07 is Test {
    BridgeHandler internal bridge;

    function setUp() public {
        bridge = new BridgeHandler();
        bytes4[] memory selectors = new bytes4[](7);
        selectors[0] = BridgeHandler.sendToL2.selector;
        selectors[1] = BridgeHandler.sendToL1.selector;
        selectors[2] = BridgeHandler.deliver.selector;
        selectors[3] = BridgeHandler.pay.selector;
        selectors[4] = BridgeHandler.arm.selector;
        selectors[5] = BridgeHandler.armWithPortal.selector;
        selectors[6] = BridgeHandler.replay.selector;
        _target(address(bridge), selectors);
    }

    function invariant_07_no_second_execution() public view {
        uint256 successes;
        for (uint256 i; i < bridge.messageCount(); ++i) {
            BridgeHandler.Message memory m = bridge.messageAt(i);
            uint256 relays = bridge.relaysOf(m);
            vm.assertEq(relays, bridge.isSuccessful(m) ? 1 : 0, "relayed once");
            successes += relays;
        }
        vm.assertLe(bridge.reentrantL1().calls() + bridge.reentrantL2().calls(), successes, "called once");
    }

    function invariant_07_sender_is_stable() public view {
        _checkSender(bridge.reentrantL1());
        _checkSender(bridge.reentrantL2());
    }

    function _checkSender(Reentrant r) private view {
        vm.assertEq(r.senderBefore(), r.senderAfter());
    }
}
