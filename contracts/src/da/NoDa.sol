// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDataAvailability} from "../interfaces/IDataAvailability.sol";

/// @notice Refuses all data: stands in the place of calldata and blobs where a chain's data must not become public.
contract NoDa is IDataAvailability {
    /// @inheritdoc IDataAvailability
    function commit(bytes calldata) external pure returns (bytes32) {
        revert BadAux("this chain keeps its data with its committee");
    }
}
