// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDemanders} from "../interfaces/IDemanders.sol";

/// @notice The addresses that may demand payloads of a private chain: a demand makes a payload public, so only those may force that who
/// can read it anyway.
///
/// Removing one takes longer than batches can be demanded: a watcher that is to be disarmed can still demand everything that was posted
/// before it knew.
contract Demanders is IDemanders {
    /// @dev Keeps all arithmetic on times far from its limits.
    uint64 private constant DELAY_MAX = type(uint32).max;
    uint64 private constant TO_STAY = type(uint64).max;

    /// @inheritdoc IDemanders
    address public immutable owner;
    /// @inheritdoc IDemanders
    uint64 public immutable delay;

    /// @inheritdoc IDemanders
    mapping(address who => uint64) public until;
    /// @dev How many are to stay.
    uint256 private _staying;

    constructor(address owner_, uint64 delay_, address[] memory demanders) {
        if (owner_ == address(0)) revert Demanders_BadParameter("owner");
        if (delay_ == 0 || delay_ > DELAY_MAX) revert Demanders_BadParameter("delay");
        if (demanders.length == 0) revert Demanders_BadParameter("demanders");
        owner = owner_;
        delay = delay_;
        for (uint256 i; i < demanders.length; ++i) {
            _add(demanders[i]);
        }
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert Demanders_Unauthorized(msg.sender);
        _;
    }

    /// @inheritdoc IDemanders
    function add(address who) external onlyOwner {
        _add(who);
    }

    /// @inheritdoc IDemanders
    function remove(address who) external onlyOwner {
        if (until[who] != TO_STAY) revert Demanders_NotListed(who);
        if (_staying == 1) revert Demanders_LastOne(who);
        --_staying;
        uint64 end = uint64(block.timestamp) + delay;
        until[who] = end;
        emit DemanderRemoved(who, end);
    }

    /// @inheritdoc IDemanders
    function mayDemand(address who) external view returns (bool) {
        return block.timestamp <= until[who];
    }

    function _add(address who) private {
        if (who == address(0)) revert Demanders_BadParameter("demanders");
        if (until[who] == TO_STAY) revert Demanders_ListedAlready(who);
        ++_staying;
        until[who] = TO_STAY;
        emit DemanderAdded(who);
    }
}
