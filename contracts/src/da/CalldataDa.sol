// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDataAvailability} from "../interfaces/IDataAvailability.sol";
import {Constants} from "../libraries/Constants.sol";

/// @notice Batch data in the calldata of the posting transaction: `aux` is the payload.
contract CalldataDa is IDataAvailability {
    /// @inheritdoc IDataAvailability
    function commit(bytes calldata aux) external pure returns (bytes32 daHash) {
        if (aux.length > Constants.CALLDATA_MAX) revert BadAux("payload longer than 98304 bytes: post it in blobs");
        return keccak256(aux);
    }
}
