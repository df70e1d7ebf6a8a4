// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {Predeploys} from "../l2/Predeploys.sol";
import {ERC721Bridge} from "./ERC721Bridge.sol";
import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";

/// @notice The ERC-721 bridge on L1: holds the originals.
contract L1ERC721Bridge is ERC721Bridge {
    /// @notice Whether `tokenId` of `l1Token` is locked here for `l2Token`.
    mapping(address l1Token => mapping(address l2Token => mapping(uint256 tokenId => bool))) public deposits;

    ICrossDomainMessenger private immutable _messenger;

    constructor(ICrossDomainMessenger messenger_) {
        if (address(messenger_) == address(0)) revert ZeroAddress();
        _messenger = messenger_;
    }

    /// @notice The messenger of L1.
    function messenger() public view override returns (ICrossDomainMessenger) {
        return _messenger;
    }

    /// @notice The bridge on L2.
    function otherBridge() public pure override returns (address) {
        return Predeploys.L2_ERC721_BRIDGE;
    }

    /// @notice Whether handing out is paused.
    function paused() public view override returns (bool) {
        return _messenger.paused();
    }

    function _takeIn(address localToken, address remoteToken, address from, uint256 tokenId) internal override {
        deposits[localToken][remoteToken][tokenId] = true;
        IERC721(localToken).transferFrom(from, address(this), tokenId);
        if (IERC721(localToken).ownerOf(tokenId) != address(this)) revert NotOwner(tokenId);
    }

    function _handOut(address localToken, address remoteToken, address to, uint256 tokenId)
        internal
        override
        returns (bool)
    {
        if (!deposits[localToken][remoteToken][tokenId]) return false;
        deposits[localToken][remoteToken][tokenId] = false;
        IERC721(localToken).safeTransferFrom(address(this), to, tokenId);
        return true;
    }
}
