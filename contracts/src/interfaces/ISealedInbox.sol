// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BatchHeader} from "../types/Batch.sol";
import {IBatches} from "./IBatches.sol";
import {IDaChallenge} from "./IDaChallenge.sol";
import {ISignatureProofs} from "./ISignatureProofs.sol";

/// @notice The batches of which it is decided whether they count: what claims are about in a chain with a committee
/// (docs/spec/committee.md) or with batches without signatures (docs/spec/signatures.md).
interface ISealedInbox is IBatches {
    /// @notice A constructor argument is zero or contradicts another.
    error SealedInbox_BadParameter(string name);
    /// @notice The header is not that of this batch in the inbox.
    error SealedInbox_WrongHeader(uint64 index);
    /// @notice Batch `needed` comes first: its payload was demanded, its signatures are not proven, or a batch before it is void and
    /// each needs its header.
    error SealedInbox_HeaderMissing(uint64 needed);
    /// @notice The payload of this batch may be demanded until `time`, or is demanded and may be shown until then, or its signatures may
    /// be proven until then.
    error SealedInbox_TooEarly(uint64 index, uint64 time);

    /// @notice Batches up to `count` are sealed; `acc` is the chain after them.
    event Sealed(uint64 indexed count, bytes32 acc);
    /// @notice Nobody showed the payload of this batch, or nobody proved its signatures: it counts as empty.
    event Voided(uint64 indexed index);

    /// @notice Seals the batches up to that of the last header. Anybody may; headers of what is sealed already are passed over.
    ///
    /// Headers are in order; those that may be left out, as long as no batch is void: of batches whose payload was not demanded, or
    /// shown, and, where there are batches without signatures, whose signatures are proven.
    function seal(BatchHeader[] calldata headers) external;

    /// @notice The first void batch; the greatest number while there is none. Up to it the chain is the inbox's own.
    function firstVoid() external view returns (uint64);

    /// @notice The inbox whose batches are sealed here.
    function inbox() external view returns (address);

    /// @notice Knows which payloads were demanded and shown; zero where all data lie on L1.
    function challenges() external view returns (IDaChallenge);

    /// @notice Knows which signatures are proven; zero where all payloads have theirs.
    function signatures() external view returns (ISignatureProofs);
}
