// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CrossDomainMessenger} from "../bridge/CrossDomainMessenger.sol";
import {Aliasing} from "../libraries/Aliasing.sol";
import {L2ToL1MessagePasser} from "./L2ToL1MessagePasser.sol";
import {Predeploys} from "./Predeploys.sol";

/// @notice The messenger on L2: sends through the message passer, relays the deposits of the L1 messenger.
///
/// Storage: slots 0 to 2 of `CrossDomainMessenger`, slot 3 the L1 messenger (written by genesis).
contract L2CrossDomainMessenger is CrossDomainMessenger {
    /// @dev A message to L1 must fit a transaction there (EIP-7825: 16,777,216 gas) together with the portal's own work.
    uint256 private constant GAS_LIMIT_MAX = 12_000_000;

    address private _l1Messenger;

    /// @notice The messenger on L1 (older name).
    function l1CrossDomainMessenger() external view returns (address) {
        return _l1Messenger;
    }

    /// @notice The messenger on L1.
    function otherMessenger() public view override returns (address) {
        return _l1Messenger;
    }

    function _send(uint64 gasLimit, bytes memory relay) internal override {
        L2ToL1MessagePasser(payable(Predeploys.L2_TO_L1_MESSAGE_PASSER)).initiateWithdrawal{value: msg.value}(
            otherMessenger(), gasLimit, relay
        );
    }

    function _gasLimitMax() internal pure override returns (uint256) {
        return GAS_LIMIT_MAX;
    }

    function _isOtherMessenger() internal view override returns (bool) {
        return Aliasing.toL1(msg.sender) == otherMessenger();
    }

    function _isUnsafeTarget(address target) internal view override returns (bool) {
        return target == address(this) || target == Predeploys.L2_TO_L1_MESSAGE_PASSER;
    }

    function _isUnsafeOtherTarget(address target) internal view override returns (bool) {
        return target == otherMessenger();
    }
}
