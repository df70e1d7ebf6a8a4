// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAlarm} from "../interfaces/IAlarm.sol";
import {IPauseController, Pausable} from "../interfaces/IPauseController.sol";

/// @notice Pauses by kind, each of which ends by itself.
///
/// The guardian may pause a kind for `pauseMax` and not again before `cooldown` has passed since that pause ended. The council may
/// extend a pause once by `pauseMax`, and lift it. So nobody can stop anything for longer than `2 * pauseMax` at a time.
///
/// Where there are validity proofs, `alarm` pauses withdrawals for `pauseMax` when two of them contradict each other: once for each
/// version of the program, because it takes no more proofs of that version.
contract PauseController is IPauseController, IAlarm {
    /// @dev One slot for each kind.
    struct Pause {
        uint64 until;
        bool extended;
    }

    /// @notice Who may extend and lift pauses and appoint the guardian.
    address public immutable council;
    /// @notice Longest pause without the council, in seconds.
    uint64 public immutable pauseMax;
    /// @notice Least time between the end of a pause and the next one of its kind, in seconds.
    uint64 public immutable cooldown;
    /// @inheritdoc IAlarm
    address public immutable alarm;
    /// @inheritdoc IPauseController
    address public guardian;

    mapping(Pausable what => Pause) private _pauses;

    constructor(address guardian_, address council_, uint64 pauseMax_, uint64 cooldown_, address alarm_) {
        if (guardian_ == address(0) || council_ == address(0)) revert PauseController_Zero();
        if (pauseMax_ == 0 || cooldown_ == 0) revert PauseController_Zero();
        guardian = guardian_;
        council = council_;
        pauseMax = pauseMax_;
        cooldown = cooldown_;
        alarm = alarm_;
        emit GuardianSet(guardian_);
    }

    modifier onlyCouncil() {
        if (msg.sender != council) revert PauseController_Unauthorized(msg.sender);
        _;
    }

    /// @notice Pauses `what` for `pauseMax`.
    function pause(Pausable what) external {
        if (msg.sender != guardian) revert PauseController_Unauthorized(msg.sender);
        Pause storage p = _pauses[what];
        if (p.until != 0 && block.timestamp < uint256(p.until) + cooldown) {
            revert PauseController_CoolingDown(p.until + cooldown);
        }
        p.until = uint64(block.timestamp) + pauseMax;
        p.extended = false;
        emit Paused(what, p.until);
    }

    /// @inheritdoc IAlarm
    function raise() external {
        if (msg.sender != alarm) revert PauseController_Unauthorized(msg.sender);
        Pause storage p = _pauses[Pausable.Withdraw];
        uint64 until = uint64(block.timestamp) + pauseMax;
        // An extended pause may last longer already; one that has ended may be extended again.
        if (until <= p.until) return;
        if (block.timestamp >= p.until) p.extended = false;
        p.until = until;
        emit Paused(Pausable.Withdraw, until);
    }

    /// @notice Extends the pause of `what` by `pauseMax`, once.
    function extend(Pausable what) external onlyCouncil {
        Pause storage p = _pauses[what];
        if (block.timestamp >= p.until) revert PauseController_NotPaused();
        if (p.extended) revert PauseController_ExtendedAlready();
        p.until += pauseMax;
        p.extended = true;
        emit PauseExtended(what, p.until);
    }

    /// @notice Ends the pause of `what` now; its cooldown starts.
    function lift(Pausable what) external {
        if (msg.sender != council && msg.sender != guardian) revert PauseController_Unauthorized(msg.sender);
        Pause storage p = _pauses[what];
        if (block.timestamp >= p.until) revert PauseController_NotPaused();
        p.until = uint64(block.timestamp);
        emit PauseLifted(what);
    }

    /// @notice Appoints another guardian.
    function setGuardian(address guardian_) external onlyCouncil {
        if (guardian_ == address(0)) revert PauseController_Zero();
        guardian = guardian_;
        emit GuardianSet(guardian_);
    }

    /// @inheritdoc IPauseController
    function paused(Pausable what) external view returns (bool) {
        return block.timestamp < _pauses[what].until;
    }

    /// @notice When the last pause of `what` ends or ended, and whether it was extended.
    function pauseOf(Pausable what) external view returns (uint64 until, bool extended) {
        Pause memory p = _pauses[what];
        return (p.until, p.extended);
    }
}
