// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {OptimismMintableERC20} from "../../src/l2/OptimismMintableERC20.sol";
import {Test} from "../utils/Test.sol";
import {vm} from "../utils/Vm.sol";
import {BridgeHandler} from "../bridge/BridgeHandler.sol";

/// @notice Invariant 4: for each pair, what is locked on L1 is L2's supply and what is on its way.
contract Invariant04 is Test {
    BridgeHandler internal bridge;

    function setUp() public {
        bridge = new BridgeHandler();
        bytes4[] memory selectors = bridge.selectors();
        bytes4[] memory all = new bytes4[](selectors.length + 1);
        for (uint256 i; i < selectors.length; ++i) {
            all[i] = selectors[i];
        }
        all[selectors.length] = BridgeHandler.rebase.selector;
        _target(address(bridge), all);
    }

    function invariant_04_locked_is_supply_and_in_flight() public view {
        uint256[3][3] memory inFlight = bridge.tokensInFlight();
        for (uint256 i; i < 3; ++i) {
            address token = bridge.tokens(i);
            uint256 locked;
            for (uint256 j; j < 3; ++j) {
                address likeness = bridge.likenesses(j);
                uint256 supply = i == j ? OptimismMintableERC20(likeness).totalSupply() : 0;
                uint256 deposits = bridge.lockedTokens(token, likeness);
                vm.assertEq(deposits, supply + inFlight[i][j]);
                locked += deposits;
            }
            // A rebasing token's balance is its own affair.
            if (i < 2) vm.assertEq(bridge.tokensInBridge(token), locked);
        }
    }
}
