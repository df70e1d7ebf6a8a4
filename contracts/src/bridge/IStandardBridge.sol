// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";

/// @notice Moves ether and ERC-20 tokens between the chains.
///
/// A token of this chain is locked here and its likeness minted there; a likeness is burned here and the original
/// released there. What arrived is counted, not what was asked for, so tokens that keep a fee are safe. A token whose balances
/// shrink by themselves (negative rebase) leaves its own last withdrawals waiting and touches no other token; what balances
/// grow by themselves stays in the bridge.
interface IStandardBridge {
    /// @notice Ether was sent to the other chain.
    event ETHBridgeInitiated(address indexed from, address indexed to, uint256 amount, bytes extraData);
    /// @notice Ether of the other chain was paid out.
    event ETHBridgeFinalized(address indexed from, address indexed to, uint256 amount, bytes extraData);
    /// @notice Tokens were sent to the other chain.
    event ERC20BridgeInitiated(
        address indexed localToken,
        address indexed remoteToken,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );
    /// @notice Tokens of the other chain were paid out.
    event ERC20BridgeFinalized(
        address indexed localToken,
        address indexed remoteToken,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );
    /// @notice Tokens that this chain has no way to pay out went back to their sender.
    event ERC20BridgeReturned(
        address indexed localToken,
        address indexed remoteToken,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );

    /// @notice Only an account with a key may call this: a contract names the recipient with the function that ends in `To`.
    error OnlyEOA();
    /// @notice Only the bridge of the other chain may call this, through the messenger.
    error OnlyOtherBridge();
    /// @notice The recipient is zero or a part of the chain: the money would be lost.
    error BadRecipient(address to);
    /// @notice The ether sent differs from the amount.
    error WrongValue(uint256 sent, uint256 expected);
    /// @notice The recipient refused the ether: replay the message when it accepts.
    error TransferFailed(address to);
    /// @notice `localToken` is a likeness, but of another token than `remoteToken`.
    error WrongPair(address localToken, address remoteToken);
    /// @notice Withdrawals are paused on L1: try again when the pause has ended.
    error Paused();
    /// @notice An address that must be set is zero.
    error ZeroAddress();

    /// @notice Sends the ether of this call to one's own address on the other chain.
    function bridgeETH(uint32 minGasLimit, bytes calldata extraData) external payable;

    /// @notice Sends the ether of this call to `to` on the other chain.
    function bridgeETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable;

    /// @notice Sends tokens to one's own address on the other chain.
    function bridgeERC20(
        address localToken,
        address remoteToken,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;

    /// @notice Sends tokens to `to` on the other chain.
    function bridgeERC20To(
        address localToken,
        address remoteToken,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;

    /// @notice Pays out ether that was sent on the other chain.
    function finalizeBridgeETH(address from, address to, uint256 amount, bytes calldata extraData) external payable;

    /// @notice Pays out tokens that were sent on the other chain.
    function finalizeBridgeERC20(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external;

    /// @notice Tokens locked here for a likeness on the other chain.
    function deposits(address localToken, address remoteToken) external view returns (uint256);

    /// @notice The messenger of this chain.
    function messenger() external view returns (ICrossDomainMessenger);

    /// @notice The bridge on the other chain.
    function otherBridge() external view returns (address);

    /// @notice Whether payouts are paused.
    function paused() external view returns (bool);
}
