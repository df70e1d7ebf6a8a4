// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Clock} from "../../src/libraries/Clock.sol";

/// @notice The clocks of a dispute for all times: with windows below 2^32 seconds and an L1 before the year 36812 nothing overflows.
contract ClockSymbolic {
    /// @dev Assertions of `assume` are conditions: paths on which they fail are left out.
    function _assume(bool condition) private pure {
        if (!condition) {
            assembly ("memory-safe") {
                stop()
            }
        }
    }

    function _assumeParameters(uint64 clock, uint64 grace) private pure {
        _assume(grace > 0 && clock >= grace && clock < 1 << 32);
    }

    function check_allowance_isWithinItsBounds(uint64 clock, uint64 grace, uint64 used) external pure {
        _assumeParameters(clock, grace);
        uint64 time = Clock.allowance(clock, grace, used);
        assert(time >= grace && time <= clock);
        if (used <= clock - grace) assert(time == clock - used);
    }

    /// @dev More used never gives more time.
    function check_allowance_falls(uint64 clock, uint64 grace, uint64 less, uint64 more) external pure {
        _assumeParameters(clock, grace);
        _assume(less <= more);
        assert(Clock.allowance(clock, grace, less) >= Clock.allowance(clock, grace, more));
    }

    /// @dev What the game computes: a deadline after the question, a close after the answer and after the window.
    function check_limits_doNotOverflow(uint64 clock, uint64 grace, uint40 moment, uint40 used, uint40 windowEnd)
        external
        pure
    {
        _assumeParameters(clock, grace);
        uint64 limit = moment + Clock.allowance(clock, grace, used);
        assert(limit >= uint64(moment) + grace && limit < 1 << 41);
        uint64 close = Clock.later(limit, windowEnd);
        assert(close >= limit && close >= windowEnd && (close == limit || close == windowEnd));
    }

    /// @dev An instance's close is the latest of what was: it never decreases.
    function check_close_neverDecreases(uint64 close, uint64 childClose) external pure {
        uint64 next = Clock.later(close, childClose);
        assert(next >= close && next >= childClose);
    }

    function check_elapsed_isNeverMoreThanTheTime(uint64 from, uint64 to) external pure {
        uint64 time = Clock.elapsed(from, to);
        assert(time <= to);
        if (from <= to) assert(from + time == to);
        else assert(time == 0);
    }

    /// @dev One side's moves on a path take at most the clock and a grace for each after the first: by induction over the moves, the
    /// first of which takes at most the clock. So six moves take at most the clock and five graces.
    function check_nextMove_addsAtMostAGrace(uint64 clock, uint64 grace, uint64 used, uint64 time, uint8 moves)
        external
        pure
    {
        _assumeParameters(clock, grace);
        _assume(moves > 0 && moves < 6);
        uint64 bound = clock + uint64(moves - 1) * grace;
        _assume(used <= bound && time <= Clock.allowance(clock, grace, used));
        assert(used + time <= bound + grace);
    }
}
