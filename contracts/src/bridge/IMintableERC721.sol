// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC721Enumerable} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Enumerable.sol";

/// @notice A collection that the ERC-721 bridge mints and burns: the likeness of a collection of the other chain.
interface IOptimismMintableERC721 is IERC721Enumerable {
    /// @notice A token came over.
    event Mint(address indexed account, uint256 tokenId);
    /// @notice A token went back.
    event Burn(address indexed account, uint256 tokenId);

    /// @notice Makes `tokenId` for `to`.
    function safeMint(address to, uint256 tokenId) external;

    /// @notice Destroys `tokenId` of `from`.
    function burn(address from, uint256 tokenId) external;

    /// @notice Chain of the original collection.
    function REMOTE_CHAIN_ID() external view returns (uint256);

    /// @notice The original collection.
    function REMOTE_TOKEN() external view returns (address);

    /// @notice The bridge that may mint and burn.
    function BRIDGE() external view returns (address);

    /// @notice Chain of the original collection.
    function remoteChainId() external view returns (uint256);

    /// @notice The original collection.
    function remoteToken() external view returns (address);

    /// @notice The bridge that may mint and burn.
    function bridge() external view returns (address);
}
