// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice The L2 address of an L1 contract, so that it cannot pose as the L2 account at the same address.
library Aliasing {
    uint160 internal constant OFFSET = uint160(0x1111000000000000000000000000000000001111);

    /// @notice The L2 address of the L1 contract `l1`.
    function toL2(address l1) internal pure returns (address) {
        unchecked {
            return address(uint160(l1) + OFFSET);
        }
    }

    /// @notice The L1 contract whose L2 address is `l2`.
    function toL1(address l2) internal pure returns (address) {
        unchecked {
            return address(uint160(l2) - OFFSET);
        }
    }

    /// @notice The caller as L2 knows it: itself for an account with a key (EIP-7702 delegation or not), aliased for a contract.
    function caller() internal view returns (address) {
        return msg.sender == tx.origin || isDelegated(msg.sender) ? msg.sender : toL2(msg.sender);
    }

    /// @notice Whether the code of `who` is an EIP-7702 delegation (0xef0100 and an address), which no contract can have.
    function isDelegated(address who) internal view returns (bool) {
        // The length first: the code of a large contract need not be copied.
        return who.code.length == 23 && bytes3(who.code) == 0xef0100;
    }
}
