// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Enumerable} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Enumerable.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IOptimismMintableERC721} from "../bridge/IMintableERC721.sol";

/// @notice The likeness of a collection of the other chain: only the bridge mints and burns.
contract OptimismMintableERC721 is ERC721Enumerable, IOptimismMintableERC721 {
    /// @notice Only the bridge may call this.
    error OnlyBridge();
    /// @notice An address or the chain id is zero.
    error ZeroArgument();
    /// @notice The token is not `from`'s.
    error NotOwner(address from, uint256 tokenId);

    /// @inheritdoc IOptimismMintableERC721
    uint256 public immutable REMOTE_CHAIN_ID;
    /// @inheritdoc IOptimismMintableERC721
    address public immutable REMOTE_TOKEN;
    /// @inheritdoc IOptimismMintableERC721
    address public immutable BRIDGE;

    /// @notice Where token metadata is read: the original's `tokenURI`, as an EIP-681 address.
    string public baseTokenURI;

    modifier onlyBridge() {
        if (msg.sender != BRIDGE) revert OnlyBridge();
        _;
    }

    constructor(
        address bridge_,
        uint256 remoteChainId_,
        address remoteToken_,
        string memory name_,
        string memory symbol_
    ) ERC721(name_, symbol_) {
        if (bridge_ == address(0) || remoteChainId_ == 0 || remoteToken_ == address(0)) {
            revert ZeroArgument();
        }
        BRIDGE = bridge_;
        REMOTE_CHAIN_ID = remoteChainId_;
        REMOTE_TOKEN = remoteToken_;
        baseTokenURI = string.concat(
            "ethereum:", Strings.toHexString(remoteToken_), "@", Strings.toString(remoteChainId_), "/tokenURI?uint256="
        );
    }

    /// @inheritdoc IOptimismMintableERC721
    function safeMint(address to, uint256 tokenId) external onlyBridge {
        emit Mint(to, tokenId);
        _safeMint(to, tokenId);
    }

    /// @inheritdoc IOptimismMintableERC721
    function burn(address from, uint256 tokenId) external onlyBridge {
        if (ownerOf(tokenId) != from) revert NotOwner(from, tokenId);
        _burn(tokenId);
        emit Burn(from, tokenId);
    }

    /// @inheritdoc IOptimismMintableERC721
    function remoteChainId() external view returns (uint256) {
        return REMOTE_CHAIN_ID;
    }

    /// @inheritdoc IOptimismMintableERC721
    function remoteToken() external view returns (address) {
        return REMOTE_TOKEN;
    }

    /// @inheritdoc IOptimismMintableERC721
    function bridge() external view returns (address) {
        return BRIDGE;
    }

    /// @notice Version of the contract.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721Enumerable, IERC165) returns (bool) {
        return interfaceId == type(IOptimismMintableERC721).interfaceId || super.supportsInterface(interfaceId);
    }

    function _baseURI() internal view override returns (string memory) {
        return baseTokenURI;
    }
}
