// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice One place where batch data may lie, and what a batch there commits to.
interface IDataAvailability {
    /// @notice `aux` is not what this kind of data needs.
    error BadAux(string reason);

    /// @notice Returns the commitment to the data that `aux` describes; reverts if this transaction does not provide it.
    function commit(bytes calldata aux) external view returns (bytes32 daHash);
}
