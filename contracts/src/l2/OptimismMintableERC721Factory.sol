// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {OptimismMintableERC721} from "./OptimismMintableERC721.sol";
import {Predeploys} from "./Predeploys.sol";

/// @notice Makes likenesses of L1 collections on L2.
///
/// Storage: slot 0 `isOptimismMintableERC721`, slot 1 the chain id of L1 (written by genesis).
contract OptimismMintableERC721Factory {
    /// @notice A collection was made.
    event OptimismMintableERC721Created(address indexed localToken, address indexed remoteToken, address deployer);

    /// @notice The original collection is missing.
    error NoRemoteToken();

    /// @notice Whether a collection was made here.
    mapping(address localToken => bool) public isOptimismMintableERC721;

    uint256 private _remoteChainId;

    /// @notice Makes a collection.
    function createOptimismMintableERC721(address remoteToken, string memory name, string memory symbol)
        external
        returns (address token)
    {
        if (remoteToken == address(0)) revert NoRemoteToken();

        bytes32 salt = keccak256(abi.encode(remoteToken, name, symbol));
        token = address(new OptimismMintableERC721{salt: salt}(bridge(), _remoteChainId, remoteToken, name, symbol));
        isOptimismMintableERC721[token] = true;

        emit OptimismMintableERC721Created(token, remoteToken, msg.sender);
    }

    /// @notice Chain of the originals (older name).
    function REMOTE_CHAIN_ID() external view returns (uint256) {
        return _remoteChainId;
    }

    /// @notice Chain of the originals.
    function remoteChainID() external view returns (uint256) {
        return _remoteChainId;
    }

    /// @notice The bridge that may mint (older name).
    function BRIDGE() external pure returns (address) {
        return bridge();
    }

    /// @notice Version of the contract.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @notice The bridge that may mint.
    function bridge() public pure returns (address) {
        return Predeploys.L2_ERC721_BRIDGE;
    }
}
