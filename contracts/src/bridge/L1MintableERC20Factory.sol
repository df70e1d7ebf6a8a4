// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {MintableERC20Factory} from "./MintableERC20Factory.sol";

/// @notice Makes likenesses of L2 tokens on L1.
contract L1MintableERC20Factory is MintableERC20Factory {
    /// @notice The bridge is zero.
    error ZeroAddress();

    address private immutable _bridge;

    constructor(address bridge_) {
        if (bridge_ == address(0)) revert ZeroAddress();
        _bridge = bridge_;
    }

    /// @notice The bridge of L1.
    function bridge() public view override returns (address) {
        return _bridge;
    }
}
