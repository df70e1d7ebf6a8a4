// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BatchHeader} from "../types/Batch.sol";
import {ValidityProof} from "../types/Proof.sol";

/// @notice Whether the signatures of a batch are proven. The last two are terminal.
enum SignatureStatus {
    Open,
    Proven,
    Void
}

/// @notice Proofs of the signatures of batches that were posted without them (docs/spec/signatures.md).
///
/// Nobody owns it and nothing here can be paused.
interface ISignatureProofs {
    /// @notice A constructor argument is zero or contradicts another.
    error SignatureProofs_BadParameter(string name);
    /// @notice The header is not that of this batch in the inbox.
    error SignatureProofs_WrongHeader(uint64 index);
    /// @notice `from..to` is no range of the `count` batches that are posted, or the header is not of a batch in it.
    error SignatureProofs_WrongRange(uint64 from, uint64 to, uint64 count);
    /// @notice The time for this batch ended at `limit`: show the header of a later one.
    error SignatureProofs_TooLate(uint64 limit);
    /// @notice Another version of the program begins with batch `activation`: prove the batches before it and those from it on apart.
    error SignatureProofs_TwoVersions(uint64 activation);
    /// @notice Another result of this run is on record: report the proof to the router, which is the alarm.
    error SignatureProofs_Contradicted(uint256 version);

    /// @notice The signatures of the batches `from..to` are proven.
    event SignaturesProven(uint64 indexed from, uint64 to, address indexed by);

    /// @notice Shows a proof that every transaction in the unsigned batches of `start..end` was signed by the sender that its payload
    /// names. It counts for those from `first` on, not later than `timeout` after that one was posted: a proof that comes too late for
    /// some is not lost for the others. Anybody may; batches with signatures may be among them.
    /// @param first The header of the first batch that it shall count for.
    function prove(BatchHeader calldata first, uint64 start, uint64 end, ValidityProof calldata proof) external;

    /// @notice Where the signatures of batch `index` stand, if it has none of its own and was posted at `l1Time`.
    function statusOf(uint64 index, uint64 l1Time) external view returns (SignatureStatus);

    /// @notice The first batch of `from..to` whose signatures are not proven, whether it has signatures of its own or not; `to` if there
    /// is none.
    function firstUnproven(uint64 from, uint64 to) external view returns (uint64);

    /// @notice Time from a batch's posting in which its signatures may be proven, in seconds.
    function timeout() external view returns (uint64);

    /// @notice Whoever verifies the proofs.
    function router() external view returns (address);

    /// @notice The inbox whose batches these are.
    function inbox() external view returns (address);
}
