// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Predeploys} from "../l2/Predeploys.sol";
import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";
import {StandardBridge} from "./StandardBridge.sol";

/// @notice The standard bridge on L1: holds the originals of L1 tokens.
contract L1StandardBridge is StandardBridge {
    /// @notice Older name of `ETHBridgeInitiated`.
    event ETHDepositInitiated(address indexed from, address indexed to, uint256 amount, bytes extraData);
    /// @notice Older name of `ETHBridgeFinalized`.
    event ETHWithdrawalFinalized(address indexed from, address indexed to, uint256 amount, bytes extraData);
    /// @notice Older name of `ERC20BridgeInitiated`.
    event ERC20DepositInitiated(
        address indexed l1Token,
        address indexed l2Token,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );
    /// @notice Older name of `ERC20BridgeFinalized`.
    event ERC20WithdrawalFinalized(
        address indexed l1Token,
        address indexed l2Token,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );

    ICrossDomainMessenger private immutable _messenger;

    constructor(ICrossDomainMessenger messenger_) {
        if (address(messenger_) == address(0)) revert ZeroAddress();
        _messenger = messenger_;
    }

    /// @notice Older name of `bridgeETH`.
    function depositETH(uint32 minGasLimit, bytes calldata extraData) external payable onlyEOA {
        _bridgeETH(msg.sender, msg.sender, msg.value, minGasLimit, extraData);
    }

    /// @notice Older name of `bridgeETHTo`.
    function depositETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable {
        _bridgeETH(msg.sender, to, msg.value, minGasLimit, extraData);
    }

    /// @notice Older name of `bridgeERC20`.
    function depositERC20(
        address l1Token,
        address l2Token,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external onlyEOA {
        _bridgeERC20(l1Token, l2Token, msg.sender, msg.sender, amount, minGasLimit, extraData);
    }

    /// @notice Older name of `bridgeERC20To`.
    function depositERC20To(
        address l1Token,
        address l2Token,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external {
        _bridgeERC20(l1Token, l2Token, msg.sender, to, amount, minGasLimit, extraData);
    }

    /// @notice Older name of `finalizeBridgeETH`.
    function finalizeETHWithdrawal(address from, address to, uint256 amount, bytes calldata extraData)
        external
        payable
    {
        finalizeBridgeETH(from, to, amount, extraData);
    }

    /// @notice Older name of `finalizeBridgeERC20`.
    function finalizeERC20Withdrawal(
        address l1Token,
        address l2Token,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external {
        finalizeBridgeERC20(l1Token, l2Token, from, to, amount, extraData);
    }

    /// @notice Older name of `otherBridge`.
    function l2TokenBridge() external pure returns (address) {
        return otherBridge();
    }

    /// @notice The messenger of L1.
    function messenger() public view override returns (ICrossDomainMessenger) {
        return _messenger;
    }

    /// @notice The bridge on L2.
    function otherBridge() public pure override returns (address) {
        return Predeploys.L2_STANDARD_BRIDGE;
    }

    /// @notice Whether payouts are paused.
    function paused() public view override returns (bool) {
        return _messenger.paused();
    }

    function _emitETHInitiated(address from, address to, uint256 amount, bytes memory extraData) internal override {
        emit ETHDepositInitiated(from, to, amount, extraData);
        super._emitETHInitiated(from, to, amount, extraData);
    }

    function _emitETHFinalized(address from, address to, uint256 amount, bytes memory extraData) internal override {
        emit ETHWithdrawalFinalized(from, to, amount, extraData);
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
        emit ERC20DepositInitiated(localToken, remoteToken, from, to, amount, extraData);
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
        emit ERC20WithdrawalFinalized(localToken, remoteToken, from, to, amount, extraData);
        super._emitERC20Finalized(localToken, remoteToken, from, to, amount, extraData);
    }
}
