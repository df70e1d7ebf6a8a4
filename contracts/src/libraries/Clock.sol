// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice The time that each side of a dispute has on one path (docs/spec/fault-proof.md, section 4). All in seconds.
///
/// Each side has a budget of its own; what one side uses never shortens the other's.
library Clock {
    /// @notice Time for the next move of a side that has `used` some of its `clock`: what is left of it, at least `grace`.
    function allowance(uint64 clock, uint64 grace, uint64 used) internal pure returns (uint64) {
        uint64 left = clock > used ? clock - used : 0;
        return left > grace ? left : grace;
    }

    /// @notice Time from `from` to `to`; zero if `to` is earlier.
    function elapsed(uint64 from, uint64 to) internal pure returns (uint64) {
        return to > from ? to - from : 0;
    }

    /// @notice The later of two instants.
    function later(uint64 a, uint64 b) internal pure returns (uint64) {
        return a > b ? a : b;
    }
}
