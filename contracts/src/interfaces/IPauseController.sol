// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice What may be paused. Refuting claims, the forced paths and stake exits are absent on purpose.
enum Pausable {
    Deposit,
    Withdraw,
    Interop,
    Post
}

/// @notice Stops one kind of action for a limited time.
interface IPauseController {
    /// @notice The caller has not the role that this needs.
    error PauseController_Unauthorized(address caller);
    /// @notice The pause of this kind is still on, or its cooldown has not passed: wait until `until`.
    error PauseController_CoolingDown(uint64 until);
    /// @notice There is no pause of this kind to extend.
    error PauseController_NotPaused();
    /// @notice The pause was extended already.
    error PauseController_ExtendedAlready();
    /// @notice A constructor argument or setter argument is zero.
    error PauseController_Zero();

    event Paused(Pausable indexed what, uint64 until);
    event PauseExtended(Pausable indexed what, uint64 until);
    event PauseLifted(Pausable indexed what);
    event GuardianSet(address indexed guardian);

    /// @notice Whether `what` is paused now.
    function paused(Pausable what) external view returns (bool);

    /// @notice Who may pause.
    function guardian() external view returns (address);
}
