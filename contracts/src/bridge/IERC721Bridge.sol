// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";

/// @notice Moves ERC-721 tokens of L1 to their likenesses on L2 and back. A token is on one side only.
interface IERC721Bridge {
    /// @notice A token was sent to the other chain.
    event ERC721BridgeInitiated(
        address indexed localToken,
        address indexed remoteToken,
        address indexed from,
        address to,
        uint256 tokenId,
        bytes extraData
    );
    /// @notice A token of the other chain was handed out.
    event ERC721BridgeFinalized(
        address indexed localToken,
        address indexed remoteToken,
        address indexed from,
        address to,
        uint256 tokenId,
        bytes extraData
    );
    /// @notice A token that this chain has no way to hand out went back to its sender.
    event ERC721BridgeReturned(
        address indexed localToken,
        address indexed remoteToken,
        address indexed from,
        address to,
        uint256 tokenId,
        bytes extraData
    );

    /// @notice Only an account with a key may call this: a contract names the recipient with `bridgeERC721To`.
    error OnlyEOA();
    /// @notice Only the bridge of the other chain may call this, through the messenger.
    error OnlyOtherBridge();
    /// @notice The recipient is zero or a part of the chain: the token would be lost.
    error BadRecipient(address to);
    /// @notice The collection of the other chain is missing.
    error NoRemoteToken();
    /// @notice `localToken` is not a likeness of `remoteToken`.
    error WrongPair(address localToken, address remoteToken);
    /// @notice The caller does not own the token, or the bridge did not receive it.
    error NotOwner(uint256 tokenId);
    /// @notice Withdrawals are paused on L1: try again when the pause has ended.
    error Paused();
    /// @notice An address that must be set is zero.
    error ZeroAddress();

    /// @notice Sends `tokenId` to one's own address on the other chain.
    function bridgeERC721(
        address localToken,
        address remoteToken,
        uint256 tokenId,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;

    /// @notice Sends `tokenId` to `to` on the other chain.
    function bridgeERC721To(
        address localToken,
        address remoteToken,
        address to,
        uint256 tokenId,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;

    /// @notice Hands out a token that was sent on the other chain.
    function finalizeBridgeERC721(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 tokenId,
        bytes calldata extraData
    ) external;

    /// @notice The messenger of this chain.
    function messenger() external view returns (ICrossDomainMessenger);

    /// @notice The bridge on the other chain.
    function otherBridge() external view returns (address);

    /// @notice Whether handing out is paused.
    function paused() external view returns (bool);
}
