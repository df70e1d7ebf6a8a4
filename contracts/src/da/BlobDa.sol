// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDataAvailability} from "../interfaces/IDataAvailability.sol";
import {Constants} from "../libraries/Constants.sol";
import {Hashing} from "../libraries/Hashing.sol";

/// @notice Batch data in blobs of the posting transaction: `aux` is their versioned hashes, from the first blob on.
///
/// `blobhash` reads the transaction, so it works in this nested call too.
contract BlobDa is IDataAvailability {
    /// @inheritdoc IDataAvailability
    function commit(bytes calldata aux) external view returns (bytes32 daHash) {
        uint256 count = aux.length / 32;
        if (aux.length % 32 != 0) revert BadAux("not a whole number of versioned hashes");
        if (count == 0 || count > Constants.BLOBS_PER_BATCH_MAX) revert BadAux("a batch has 1 to 6 blobs");
        for (uint256 i; i < count; ++i) {
            bytes32 hash = bytes32(aux[i * 32:i * 32 + 32]);
            if (hash == 0 || hash != blobhash(i)) revert BadAux("not the versioned hash of this transaction's blob");
        }
        return Hashing.blobs(aux);
    }
}
