// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBatches} from "./IBatches.sol";
import {Program} from "../types/Proof.sol";

/// @notice Which version of the program each batch belongs to.
///
/// A version is for ever: it has its batches, and later versions have theirs. So node, machine and verification key change at one
/// batch, and what was claimed before is judged by the old version for ever.
interface IProgramRegistry {
    /// @notice A constructor argument or a field of the version is zero or contradicts another.
    error ProgramRegistry_BadParameter(string name);
    /// @notice Only the owner, the timelock, schedules.
    error ProgramRegistry_Unauthorized(address caller);
    /// @notice The fields are not those of one build: its tool names `release`.
    error ProgramRegistry_WrongRelease(bytes32 release);
    /// @notice Claims may cover this batch already, or nodes have derived it: `earliest` is the first batch that a version may begin
    /// with.
    error ProgramRegistry_TooEarly(uint64 activation, uint64 earliest);
    /// @notice There is no such version.
    error ProgramRegistry_UnknownVersion(uint256 version);

    /// @notice From batch `activation` on the program is this version.
    event ProgramScheduled(
        uint256 indexed version, uint64 indexed activation, bytes32 indexed release, Program program
    );

    /// @notice Adds the next version. Only the owner may; it can never be changed or taken back.
    /// @param release The hash over memory root, pc and key that the build's tool printed.
    /// @param statement Any statement that the new program has put out, and `proof` of it: a key that accepts nothing never becomes
    /// one. Not looked at in a chain without validity proofs.
    function schedule(Program calldata program, bytes32 release, bytes32 statement, bytes calldata proof)
        external
        returns (uint256 version);

    /// @notice Number of versions.
    function versionCount() external view returns (uint256);

    /// @notice A version.
    function programOf(uint256 version) external view returns (Program memory);

    /// @notice The version of the batch with this index.
    function versionAt(uint64 batch) external view returns (uint256);

    /// @notice What the machine starts with in a run about the batch with this index.
    function machineAt(uint64 batch) external view returns (bytes32 memoryRoot, uint32 pc);

    /// @notice The first batch after this one that belongs to another version; the greatest number if there is none.
    function nextActivation(uint64 batch) external view returns (uint64);

    /// @notice The inbox whose batches these are, as they were posted.
    function inbox() external view returns (IBatches);
}
