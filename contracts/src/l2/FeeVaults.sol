// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {FeeVault} from "./FeeVault.sol";

/// @notice Collects the priority fees.
contract SequencerFeeVault is FeeVault {
    /// @notice The recipient of the fees (older name).
    function l1FeeWallet() external view returns (address) {
        return recipient;
    }
}

/// @notice Collects the base fees.
contract BaseFeeVault is FeeVault {}

/// @notice Collects the fees for publishing on L1.
contract L1FeeVault is FeeVault {}

/// @notice Collects the operator fees.
contract OperatorFeeVault is FeeVault {}
