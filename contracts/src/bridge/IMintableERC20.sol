// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @notice A token that the standard bridge mints and burns: the likeness of a token of the other chain.
/// @dev The set of functions gives the ERC-165 identifier 0xec4fc8e3, which tokens in use already answer to.
interface IOptimismMintableERC20 is IERC165 {
    /// @notice The token of the other chain.
    function remoteToken() external view returns (address);

    /// @notice The bridge that may mint and burn.
    function bridge() external returns (address);

    /// @notice Makes `amount` for `to`.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` of `from`.
    function burn(address from, uint256 amount) external;
}

/// @notice The older form of `IOptimismMintableERC20`, with the ERC-165 identifier 0x1d1d8b63.
interface ILegacyMintableERC20 is IERC165 {
    /// @notice The token of L1.
    function l1Token() external view returns (address);

    /// @notice Makes `amount` for `to`.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` of `from`.
    function burn(address from, uint256 amount) external;
}
