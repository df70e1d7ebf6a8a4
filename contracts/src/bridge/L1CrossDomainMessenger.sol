// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPauseController, Pausable} from "../interfaces/IPauseController.sol";
import {IPortal} from "../interfaces/IPortal.sol";
import {ISystemConfig} from "../interfaces/ISystemConfig.sol";
import {Predeploys} from "../l2/Predeploys.sol";
import {Constants} from "../libraries/Constants.sol";
import {CrossDomainMessenger} from "./CrossDomainMessenger.sol";

/// @notice The messenger on L1: sends through the portal, relays what the portal pays out.
contract L1CrossDomainMessenger is CrossDomainMessenger {
    /// @notice The portal of this chain.
    IPortal public immutable PORTAL;
    /// @notice Who may pause withdrawals.
    IPauseController public immutable PAUSE;

    constructor(IPortal portal_, IPauseController pause_) {
        if (address(portal_) == address(0) || address(pause_) == address(0)) revert ZeroAddress();
        PORTAL = portal_;
        PAUSE = pause_;
    }

    /// @notice The portal of this chain.
    function portal() external view returns (IPortal) {
        return PORTAL;
    }

    /// @notice Whether withdrawals are paused.
    function paused() public view override returns (bool) {
        return PAUSE.paused(Pausable.Withdraw);
    }

    /// @notice The messenger on L2.
    function otherMessenger() public pure override returns (address) {
        return Predeploys.L2_CROSS_DOMAIN_MESSENGER;
    }

    /// @notice Whether `account` is in the range of L2's predeploys.
    function isOtherPart(address account) public pure override returns (bool) {
        return Predeploys.isPredeploy(account);
    }

    function _send(uint64 gasLimit, bytes memory relay) internal override {
        PORTAL.depositTransaction{value: msg.value}(otherMessenger(), msg.value, gasLimit, false, relay);
    }

    function _gasLimitMax() internal pure override returns (uint256) {
        return Constants.MESSAGE_GAS_MAX;
    }

    function _bridge() internal view override returns (address) {
        return ISystemConfig(PORTAL.systemConfig()).l1StandardBridge();
    }

    function _isOtherMessenger() internal view override returns (bool) {
        return msg.sender == address(PORTAL) && PORTAL.l2Sender() == otherMessenger();
    }

    function _isUnsafeTarget(address target) internal view override returns (bool) {
        return target == address(this) || target == address(PORTAL);
    }

    function _isUnsafeOtherTarget(address target) internal pure override returns (bool) {
        return target == Predeploys.L2_CROSS_DOMAIN_MESSENGER || target == Predeploys.L2_TO_L1_MESSAGE_PASSER;
    }
}
