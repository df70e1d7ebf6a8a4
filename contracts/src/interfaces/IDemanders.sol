// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Who may demand payloads of a private chain (docs/spec/committee.md, "Private chains").
interface IDemanders {
    /// @notice A constructor argument is zero, or there is none.
    error Demanders_BadParameter(string name);
    /// @notice Only the owner, the timelock, changes the list.
    error Demanders_Unauthorized(address caller);
    /// @notice The address is on the list already, to stay.
    error Demanders_ListedAlready(address who);
    /// @notice The address is not on the list, or its end is set already.
    error Demanders_NotListed(address who);
    /// @notice Somebody must stay on the list: add another one first.
    error Demanders_LastOne(address who);

    /// @notice From now on this address may demand payloads.
    event DemanderAdded(address indexed who);
    /// @notice This address may demand payloads until `until`, and not after it.
    event DemanderRemoved(address indexed who, uint64 until);

    /// @notice Lets `who` demand payloads, at once; takes back its removal. Only the owner may.
    function add(address who) external;

    /// @notice Takes `who` off the list, `delay` from now. Only the owner may.
    function remove(address who) external;

    /// @notice Whether `who` may demand payloads now.
    function mayDemand(address who) external view returns (bool);

    /// @notice The last moment in which this address may demand payloads: the greatest number while it is to stay, zero if it never was
    /// on the list.
    function until(address who) external view returns (uint64);

    /// @notice Time between the removal of an address and its end, in seconds.
    function delay() external view returns (uint64);

    /// @notice Who adds and removes: the timelock.
    function owner() external view returns (address);
}
