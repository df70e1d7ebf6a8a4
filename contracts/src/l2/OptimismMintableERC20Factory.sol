// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {MintableERC20Factory} from "../bridge/MintableERC20Factory.sol";
import {Predeploys} from "./Predeploys.sol";

/// @notice Makes likenesses of L1 tokens on L2.
///
/// Storage: slot 0 `deployments`.
contract OptimismMintableERC20Factory is MintableERC20Factory {
    /// @notice The bridge of L2.
    function bridge() public pure override returns (address) {
        return Predeploys.L2_STANDARD_BRIDGE;
    }
}
