// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";
import {ERC721Bridge} from "../bridge/ERC721Bridge.sol";
import {ICrossDomainMessenger} from "../bridge/ICrossDomainMessenger.sol";
import {IOptimismMintableERC721} from "../bridge/IMintableERC721.sol";
import {Predeploys} from "./Predeploys.sol";

/// @notice The ERC-721 bridge on L2: mints and burns the likenesses of L1 collections.
///
/// Storage: slot 0 the L1 bridge (written by genesis).
contract L2ERC721Bridge is ERC721Bridge {
    address private _otherBridge;

    /// @notice The messenger of L2.
    function messenger() public pure override returns (ICrossDomainMessenger) {
        return ICrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER);
    }

    /// @notice The bridge on L1.
    function otherBridge() public view override returns (address) {
        return _otherBridge;
    }

    function _takeIn(address localToken, address remoteToken, address from, uint256 tokenId) internal override {
        if (!_isLikenessOf(localToken, remoteToken)) revert WrongPair(localToken, remoteToken);
        if (IOptimismMintableERC721(localToken).ownerOf(tokenId) != from) revert NotOwner(tokenId);
        IOptimismMintableERC721(localToken).burn(from, tokenId);
    }

    function _handOut(address localToken, address remoteToken, address to, uint256 tokenId)
        internal
        override
        returns (bool)
    {
        if (!_isLikenessOf(localToken, remoteToken)) return false;
        IOptimismMintableERC721(localToken).safeMint(to, tokenId);
        return true;
    }

    function _isLikenessOf(address token, address original) private view returns (bool) {
        return ERC165Checker.supportsInterface(token, type(IOptimismMintableERC721).interfaceId)
            && IOptimismMintableERC721(token).remoteToken() == original;
    }
}
