// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Claim} from "../types/Output.sol";

/// @notice Accepts claims about the L2 and knows which of them are final.
interface ISettlement {
    /// @notice Whether `claim` is final. The portal pays against it and never looks back.
    function isFinal(Claim claim) external view returns (bool);

    /// @notice Whether `tryConfirm` would make `claim` final now, or it is final.
    function isRipe(Claim claim) external view returns (bool);

    /// @notice Makes `claim` final if it is ripe; returns whether it is final.
    function tryConfirm(Claim claim) external returns (bool);

    /// @notice The claim with this index, its OP output root, and whether withdrawals may be proven against it.
    function claimAt(uint256 index) external view returns (Claim claim, bytes32 outputRoot, bool open);
}
