// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice The one pause that nobody decides on: of withdrawals, when validity proofs contradict each other.
interface IAlarm {
    /// @notice Who raises it: the proof router, or nobody (zero).
    function alarm() external view returns (address);

    /// @notice Pauses withdrawals for `pauseMax` from now, whatever the cooldown. Only the proof router may.
    function raise() external;
}
