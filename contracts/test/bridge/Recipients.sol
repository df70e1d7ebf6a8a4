// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICrossDomainMessenger} from "../../src/bridge/ICrossDomainMessenger.sol";

/// @notice Takes ether and messages, or refuses them, or burns their gas, as it is told.
contract Moody {
    enum Mood {
        Accept,
        Refuse,
        Waste,
        Bomb
    }

    Mood public mood;
    uint256 public calls;
    address public lastSender;

    receive() external payable {
        _behave();
    }

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function hear(ICrossDomainMessenger messenger) external payable {
        _behave();
        lastSender = messenger.xDomainMessageSender();
    }

    function _behave() private {
        if (mood == Mood.Refuse) revert("moody: no");
        if (mood == Mood.Waste) while (true) {}
        if (mood == Mood.Bomb) {
            assembly {
                revert(0, 1000000)
            }
        }
        ++calls;
    }
}

/// @notice Makes a call of its choice while it receives a message, and remembers how that went.
contract Reentrant {
    address public target;
    bytes public data;
    bool public isArmed;
    bool public innerSuccess;
    address public senderBefore;
    address public senderAfter;
    uint256 public calls;

    receive() external payable {
        _reenter();
    }

    function arm(address target_, bytes calldata data_) external {
        target = target_;
        data = data_;
        isArmed = true;
    }

    function disarm() external {
        isArmed = false;
    }

    function hear(ICrossDomainMessenger messenger) external payable {
        senderBefore = messenger.xDomainMessageSender();
        _reenter();
        // Zero if the call inside has taken the sender away.
        try messenger.xDomainMessageSender() returns (address sender) {
            senderAfter = sender;
        } catch {
            senderAfter = address(0);
        }
    }

    function _reenter() private {
        ++calls;
        if (isArmed) (innerSuccess,) = target.call(data);
    }
}
