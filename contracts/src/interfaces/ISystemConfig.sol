// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice The configuration that governance may change; every change reaches L2 as a queue message (docs/spec/queue.md).
///
/// Getters, setters and the event are the OP Stack's, where it has them.
interface ISystemConfig {
    /// @notice What a `ConfigUpdate` is about; OP's numbers.
    enum UpdateType {
        BATCHER,
        FEE_SCALARS,
        GAS_LIMIT,
        UNSAFE_BLOCK_SIGNER,
        EIP_1559_PARAMS,
        OPERATOR_FEE_PARAMS,
        MIN_BASE_FEE
    }

    /// @notice The caller is neither the owner nor the operator.
    error SystemConfig_Unauthorized(address caller);
    /// @notice A value is zero or outside of its bounds.
    error SystemConfig_BadParameter(string name);

    event ConfigUpdate(uint256 indexed version, UpdateType indexed updateType, bytes data);
    event OperatorSet(address indexed operator);

    /// @notice The L1 account that may post batches.
    function batcher() external view returns (address);

    /// @notice Chain id of the L2.
    function l2ChainId() external view returns (uint256);

    /// @notice Blocks between two entries of a claim.
    function span() external view returns (uint32);

    /// @notice The inbox that takes the changes to L2.
    function inbox() external view returns (address);

    /// @notice The standard bridge of L1.
    function l1StandardBridge() external view returns (address);
}
