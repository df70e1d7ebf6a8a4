// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ILegacyMintableERC20, IOptimismMintableERC20} from "../bridge/IMintableERC20.sol";

/// @notice The likeness of a token of the other chain: only the bridge mints and burns.
contract OptimismMintableERC20 is ERC20Permit, IOptimismMintableERC20, ILegacyMintableERC20 {
    /// @notice Tokens came over.
    event Mint(address indexed account, uint256 amount);
    /// @notice Tokens went back.
    event Burn(address indexed account, uint256 amount);

    /// @notice Only the bridge may call this.
    error OnlyBridge();

    /// @notice The original token on the other chain.
    address public immutable REMOTE_TOKEN;
    /// @notice The bridge that may mint and burn.
    address public immutable BRIDGE;
    uint8 private immutable _decimals;

    modifier onlyBridge() {
        if (msg.sender != BRIDGE) revert OnlyBridge();
        _;
    }

    constructor(address bridge_, address remoteToken_, string memory name_, string memory symbol_, uint8 decimals_)
        ERC20(name_, symbol_)
        ERC20Permit(name_)
    {
        REMOTE_TOKEN = remoteToken_;
        BRIDGE = bridge_;
        _decimals = decimals_;
    }

    /// @notice Makes `amount` for `to`.
    function mint(address to, uint256 amount)
        external
        override(IOptimismMintableERC20, ILegacyMintableERC20)
        onlyBridge
    {
        _mint(to, amount);
        emit Mint(to, amount);
    }

    /// @notice Destroys `amount` of `from`.
    function burn(address from, uint256 amount)
        external
        override(IOptimismMintableERC20, ILegacyMintableERC20)
        onlyBridge
    {
        _burn(from, amount);
        emit Burn(from, amount);
    }

    /// @notice The original token (older name).
    function l1Token() external view returns (address) {
        return REMOTE_TOKEN;
    }

    /// @notice The bridge (older name).
    function l2Bridge() external view returns (address) {
        return BRIDGE;
    }

    /// @notice The original token.
    function remoteToken() external view returns (address) {
        return REMOTE_TOKEN;
    }

    /// @notice The bridge.
    function bridge() external view returns (address) {
        return BRIDGE;
    }

    /// @notice Version of the contract.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IOptimismMintableERC20).interfaceId
            || interfaceId == type(ILegacyMintableERC20).interfaceId;
    }

    /// @notice Decimals of the original token.
    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}
