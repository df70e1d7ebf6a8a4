// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {OptimismMintableERC20} from "../l2/OptimismMintableERC20.sol";

/// @notice Makes tokens that the standard bridge mints: the likenesses of tokens of the other chain.
///
/// A token's address follows from the original and its name, symbol and decimals (CREATE2), so anybody can make it first.
abstract contract MintableERC20Factory {
    /// @notice A token was made (older event).
    event StandardL2TokenCreated(address indexed remoteToken, address indexed localToken);
    /// @notice A token was made.
    event OptimismMintableERC20Created(address indexed localToken, address indexed remoteToken, address deployer);

    /// @notice The original token is missing.
    error NoRemoteToken();

    /// @notice The original of a token made here; zero for any other address.
    mapping(address localToken => address remoteToken) public deployments;

    /// @notice Makes a token with 18 decimals (older name).
    function createStandardL2Token(address remoteToken, string memory name, string memory symbol)
        external
        returns (address)
    {
        return createOptimismMintableERC20WithDecimals(remoteToken, name, symbol, 18);
    }

    /// @notice Makes a token with 18 decimals.
    function createOptimismMintableERC20(address remoteToken, string memory name, string memory symbol)
        external
        returns (address)
    {
        return createOptimismMintableERC20WithDecimals(remoteToken, name, symbol, 18);
    }

    /// @notice The bridge that may mint (older name).
    function BRIDGE() external view returns (address) {
        return bridge();
    }

    /// @notice Version of the contract.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @notice Makes a token; `decimals` should be those of the original.
    function createOptimismMintableERC20WithDecimals(
        address remoteToken,
        string memory name,
        string memory symbol,
        uint8 decimals
    ) public returns (address token) {
        if (remoteToken == address(0)) revert NoRemoteToken();

        bytes32 salt = keccak256(abi.encode(remoteToken, name, symbol, decimals));
        token = address(new OptimismMintableERC20{salt: salt}(bridge(), remoteToken, name, symbol, decimals));
        deployments[token] = remoteToken;

        emit StandardL2TokenCreated(remoteToken, token);
        emit OptimismMintableERC20Created(token, remoteToken, msg.sender);
    }

    /// @notice The bridge that may mint.
    function bridge() public view virtual returns (address);
}
