// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Aliasing} from "../libraries/Aliasing.sol";
import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";
import {IERC721Bridge} from "./IERC721Bridge.sol";

/// @notice What the ERC-721 bridges of both sides have in common.
abstract contract ERC721Bridge is IERC721Bridge {
    /// @dev Gas for the other chain's side of a return.
    uint32 private constant RETURN_GAS_LIMIT = 200_000;

    modifier onlyOtherBridge() {
        if (msg.sender != address(messenger()) || messenger().xDomainMessageSender() != otherBridge()) {
            revert OnlyOtherBridge();
        }
        _;
    }

    /// @inheritdoc IERC721Bridge
    function bridgeERC721(
        address localToken,
        address remoteToken,
        uint256 tokenId,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external {
        if (msg.sender != tx.origin && !Aliasing.isDelegated(msg.sender)) revert OnlyEOA();
        _bridge(localToken, remoteToken, msg.sender, tokenId, minGasLimit, extraData);
    }

    /// @inheritdoc IERC721Bridge
    function bridgeERC721To(
        address localToken,
        address remoteToken,
        address to,
        uint256 tokenId,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external {
        _bridge(localToken, remoteToken, to, tokenId, minGasLimit, extraData);
    }

    /// @inheritdoc IERC721Bridge
    function finalizeBridgeERC721(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 tokenId,
        bytes calldata extraData
    ) external onlyOtherBridge {
        if (paused()) revert Paused();

        if (_handOut(localToken, remoteToken, to, tokenId)) {
            emit ERC721BridgeFinalized(localToken, remoteToken, from, to, tokenId, extraData);
        } else {
            emit ERC721BridgeReturned(localToken, remoteToken, from, to, tokenId, extraData);
            _send(localToken, remoteToken, to, from, tokenId, RETURN_GAS_LIMIT, extraData);
        }
    }

    /// @notice The messenger of this chain (older name).
    function MESSENGER() external view returns (ICrossDomainMessenger) {
        return messenger();
    }

    /// @notice The bridge on the other chain (older name).
    function OTHER_BRIDGE() external view returns (address) {
        return otherBridge();
    }

    /// @notice Version of the contract.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc IERC721Bridge
    function messenger() public view virtual returns (ICrossDomainMessenger);

    /// @inheritdoc IERC721Bridge
    function otherBridge() public view virtual returns (address);

    /// @inheritdoc IERC721Bridge
    function paused() public view virtual returns (bool) {
        return false;
    }

    /// @dev Locks or burns `tokenId` of `from`; reverts if it cannot.
    function _takeIn(address localToken, address remoteToken, address from, uint256 tokenId) internal virtual;

    /// @dev Releases or mints `tokenId` for `to`; false if this pair of collections has no such token here.
    function _handOut(address localToken, address remoteToken, address to, uint256 tokenId)
        internal
        virtual
        returns (bool);

    function _bridge(
        address localToken,
        address remoteToken,
        address to,
        uint256 tokenId,
        uint32 minGasLimit,
        bytes calldata extraData
    ) private {
        if (remoteToken == address(0)) revert NoRemoteToken();
        if (to == address(0) || messenger().isOtherPart(to)) revert BadRecipient(to);

        _takeIn(localToken, remoteToken, msg.sender, tokenId);
        emit ERC721BridgeInitiated(localToken, remoteToken, msg.sender, to, tokenId, extraData);
        _send(localToken, remoteToken, msg.sender, to, tokenId, minGasLimit, extraData);
    }

    /// @dev Local and remote trade places: what is local here is remote there.
    function _send(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 tokenId,
        uint32 minGasLimit,
        bytes calldata extraData
    ) private {
        messenger()
            .sendMessage(
                otherBridge(),
                abi.encodeCall(
                    IERC721Bridge.finalizeBridgeERC721, (remoteToken, localToken, from, to, tokenId, extraData)
                ),
                minGasLimit
            );
    }
}
