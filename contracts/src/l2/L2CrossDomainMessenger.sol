// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CrossDomainMessenger} from "../bridge/CrossDomainMessenger.sol";
import {Aliasing} from "../libraries/Aliasing.sol";
import {L2ERC721Bridge} from "./L2ERC721Bridge.sol";
import {L2StandardBridge} from "./L2StandardBridge.sol";
import {L2ToL1MessagePasser} from "./L2ToL1MessagePasser.sol";
import {Predeploys} from "./Predeploys.sol";

/// @notice The messenger on L2: sends through the message passer, relays the deposits of the L1 messenger.
///
/// Storage: slots 0 to 2 of `CrossDomainMessenger`, slots 3 to 7 contracts of L1 (written by genesis): the messenger, the portal, the
/// inbox, the claim manager, the system config.
contract L2CrossDomainMessenger is CrossDomainMessenger {
    /// @dev A message to L1 must fit a transaction there (EIP-7825: 16,777,216 gas) together with the portal's own work.
    uint256 private constant GAS_LIMIT_MAX = 12_000_000;

    address private _l1Messenger;
    address private _portal;
    address private _inbox;
    address private _claimManager;
    address private _systemConfig;

    /// @notice The messenger on L1 (older name).
    function l1CrossDomainMessenger() external view returns (address) {
        return _l1Messenger;
    }

    /// @notice The messenger on L1.
    function otherMessenger() public view override returns (address) {
        return _l1Messenger;
    }

    /// @notice Whether `account` is a contract of the rollup on L1 that would refuse what arrives, or take it for itself.
    function isOtherPart(address account) public view override returns (bool) {
        return account == _l1Messenger || account == _portal || account == _inbox || account == _claimManager
            || account == _systemConfig || account == L2StandardBridge(payable(_bridge())).otherBridge()
            || account == L2ERC721Bridge(Predeploys.L2_ERC721_BRIDGE).otherBridge();
    }

    function _send(uint64 gasLimit, bytes memory relay) internal override {
        L2ToL1MessagePasser(payable(Predeploys.L2_TO_L1_MESSAGE_PASSER)).initiateWithdrawal{value: msg.value}(
            otherMessenger(), gasLimit, relay
        );
    }

    function _gasLimitMax() internal pure override returns (uint256) {
        return GAS_LIMIT_MAX;
    }

    function _bridge() internal pure override returns (address) {
        return Predeploys.L2_STANDARD_BRIDGE;
    }

    function _isOtherMessenger() internal view override returns (bool) {
        return Aliasing.toL1(msg.sender) == otherMessenger();
    }

    function _isUnsafeTarget(address target) internal view override returns (bool) {
        return target == address(this) || target == Predeploys.L2_TO_L1_MESSAGE_PASSER;
    }

    function _isUnsafeOtherTarget(address target) internal view override returns (bool) {
        return target == otherMessenger() || target == _portal;
    }
}
