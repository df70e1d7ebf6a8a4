// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Calls to strangers: what they return is not copied, and the gas they get can be promised.
library Call {
    /// @notice What the call opcode itself may cost: a cold account, a value transfer, a new account.
    uint256 internal constant OVERHEAD = 40_000;

    /// @notice Calls `target` with at most `gasMax` gas; tells whether it succeeded.
    function tryCall(address target, uint256 gasMax, uint256 value, bytes memory data) internal returns (bool success) {
        assembly ("memory-safe") {
            success := call(gasMax, target, value, add(data, 0x20), mload(data), 0, 0)
        }
    }

    /// @notice Whether a call made now gets `gasMin` gas after `reserved` has been set aside.
    /// @dev The opcode gives 63/64 of what is left: (gas - OVERHEAD - reserved) * 63 / 64 >= gasMin.
    function hasGas(uint256 gasMin, uint256 reserved) internal view returns (bool) {
        return gasleft() * 63 >= gasMin * 64 + (OVERHEAD + reserved) * 63;
    }
}
