// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BatchHeader} from "../types/Batch.sol";
import {IBatches} from "./IBatches.sol";

/// @notice The batches of which it is decided whether they count: what claims of a chain with a committee are about
/// (docs/spec/committee.md).
interface ISealedInbox is IBatches {
    /// @notice A constructor argument is zero or contradicts another.
    error SealedInbox_BadParameter(string name);
    /// @notice The header is not that of this batch in the inbox.
    error SealedInbox_WrongHeader(uint64 index);
    /// @notice The batch is sealed already: go on with `next`.
    error SealedInbox_SealedAlready(uint64 next);
    /// @notice Batch `needed` comes first: its payload was demanded, or a batch before it is void and each needs its header.
    error SealedInbox_HeaderMissing(uint64 needed);
    /// @notice The payload of this batch may be demanded until `time`, or is demanded and may be shown until then.
    error SealedInbox_TooEarly(uint64 index, uint64 time);

    /// @notice Batches up to `count` are sealed; `acc` is the chain after them.
    event Sealed(uint64 indexed count, bytes32 acc);
    /// @notice Nobody showed the payload of this batch: it counts as empty.
    event Voided(uint64 indexed index);

    /// @notice Seals the batches up to that of the last header. Anybody may.
    ///
    /// Headers are in order; those that may be left out: batches whose payload was not demanded, or shown, as long as no batch is void.
    function seal(BatchHeader[] calldata headers) external;

    /// @notice The first void batch; the greatest number while there is none. Up to it the chain is the inbox's own.
    function firstVoid() external view returns (uint64);
}
