// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Counts, emits and reverts on demand.
contract Counter {
    uint256 public count;

    event Counted(address indexed by, uint256 count);

    error TooMany(uint256 count, uint256 most);

    function add(uint256 by) external payable returns (uint256) {
        count += by;
        emit Counted(msg.sender, count);
        return count;
    }

    function addAtMost(uint256 by, uint256 most) external {
        if (count + by > most) revert TooMany(count + by, most);
        count += by;
    }
}

/// @notice Refuses money until its door is opened.
contract Door {
    bool public open;

    function setOpen(bool open_) external {
        open = open_;
    }

    receive() external payable {
        require(open, "the door is closed");
    }
}

interface IPortalFinalize {
    struct WithdrawalTransaction {
        uint256 nonce;
        address sender;
        address target;
        uint256 value;
        uint256 gasLimit;
        bytes data;
    }

    function finalizeWithdrawalTransaction(WithdrawalTransaction calldata withdrawal) external;
}

/// @notice A withdrawal's target that tries to be paid twice by calling the portal again.
contract Greedy {
    IPortalFinalize public immutable portal;
    IPortalFinalize.WithdrawalTransaction private again;
    uint256 public received;
    bool public refused;

    constructor(IPortalFinalize portal_) {
        portal = portal_;
    }

    function aim(IPortalFinalize.WithdrawalTransaction calldata withdrawal) external {
        again = withdrawal;
    }

    receive() external payable {
        received += 1;
        try portal.finalizeWithdrawalTransaction(again) {}
        catch {
            refused = true;
        }
    }
}

/// @notice What an account delegates to with EIP-7702: several calls in one transaction.
contract Batcher {
    struct Call {
        address to;
        uint256 value;
        bytes data;
    }

    function run(Call[] calldata calls) external payable {
        require(msg.sender == address(this), "only the account itself");
        for (uint256 i = 0; i < calls.length; i++) {
            (bool ok,) = calls[i].to.call{value: calls[i].value}(calls[i].data);
            require(ok, "call failed");
        }
    }
}
