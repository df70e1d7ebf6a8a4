// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICrossDomainMessenger} from "../bridge/ICrossDomainMessenger.sol";
import {ILegacyMintableERC20} from "../bridge/IMintableERC20.sol";
import {StandardBridge} from "../bridge/StandardBridge.sol";
import {Predeploys} from "./Predeploys.sol";

/// @notice The standard bridge on L2: mints and burns the likenesses of L1 tokens.
///
/// Storage: slot 0 `deposits`, slot 1 the L1 bridge (written by genesis).
contract L2StandardBridge is StandardBridge {
    /// @notice Tokens or ether left for L1 (older event).
    event WithdrawalInitiated(
        address indexed l1Token,
        address indexed l2Token,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );
    /// @notice Tokens or ether of L1 arrived (older event).
    event DepositFinalized(
        address indexed l1Token,
        address indexed l2Token,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );

    /// @dev The token address that stands for ether in the older interface.
    address private constant ETHER = 0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000;

    address private _otherBridge;

    /// @notice Sends ether or tokens to one's own address on L1 (older interface).
    function withdraw(address l2Token, uint256 amount, uint32 minGasLimit, bytes calldata extraData)
        external
        payable
        onlyEOA
    {
        _withdraw(l2Token, msg.sender, amount, minGasLimit, extraData);
    }

    /// @notice Sends ether or tokens to `to` on L1 (older interface).
    function withdrawTo(address l2Token, address to, uint256 amount, uint32 minGasLimit, bytes calldata extraData)
        external
        payable
    {
        _withdraw(l2Token, to, amount, minGasLimit, extraData);
    }

    /// @notice The bridge on L1 (older name).
    function l1TokenBridge() external view returns (address) {
        return _otherBridge;
    }

    /// @notice The messenger of L2.
    function messenger() public pure override returns (ICrossDomainMessenger) {
        return ICrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER);
    }

    /// @notice The bridge on L1.
    function otherBridge() public view override returns (address) {
        return _otherBridge;
    }

    function _emitETHInitiated(address from, address to, uint256 amount, bytes memory extraData) internal override {
        emit WithdrawalInitiated(address(0), ETHER, from, to, amount, extraData);
        super._emitETHInitiated(from, to, amount, extraData);
    }

    function _emitETHFinalized(address from, address to, uint256 amount, bytes memory extraData) internal override {
        emit DepositFinalized(address(0), ETHER, from, to, amount, extraData);
        super._emitETHFinalized(from, to, amount, extraData);
    }

    function _emitERC20Initiated(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes memory extraData
    ) internal override {
        emit WithdrawalInitiated(remoteToken, localToken, from, to, amount, extraData);
        super._emitERC20Initiated(localToken, remoteToken, from, to, amount, extraData);
    }

    function _emitERC20Finalized(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes memory extraData
    ) internal override {
        emit DepositFinalized(remoteToken, localToken, from, to, amount, extraData);
        super._emitERC20Finalized(localToken, remoteToken, from, to, amount, extraData);
    }

    function _withdraw(address l2Token, address to, uint256 amount, uint32 minGasLimit, bytes calldata extraData)
        private
    {
        if (l2Token == ETHER) {
            _bridgeETH(msg.sender, to, amount, minGasLimit, extraData);
        } else {
            address l1Token = ILegacyMintableERC20(l2Token).l1Token();
            _bridgeERC20(l2Token, l1Token, msg.sender, to, amount, minGasLimit, extraData);
        }
    }
}
