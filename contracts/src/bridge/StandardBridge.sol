// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";
import {Aliasing} from "../libraries/Aliasing.sol";
import {Call} from "./Call.sol";
import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";
import {ILegacyMintableERC20, IOptimismMintableERC20} from "./IMintableERC20.sol";
import {IStandardBridge} from "./IStandardBridge.sol";

/// @notice What the standard bridges of both sides have in common.
///
/// Storage: slot 0 `deposits`.
abstract contract StandardBridge is IStandardBridge, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice Gas for the other chain's side of a plain transfer of ether to the bridge, and of a return.
    uint32 internal constant DEFAULT_GAS_LIMIT = 200_000;

    /// @inheritdoc IStandardBridge
    mapping(address localToken => mapping(address remoteToken => uint256)) public deposits;

    modifier onlyEOA() {
        if (msg.sender != tx.origin && !Aliasing.isDelegated(msg.sender)) revert OnlyEOA();
        _;
    }

    modifier onlyOtherBridge() {
        if (msg.sender != address(messenger()) || messenger().xDomainMessageSender() != otherBridge()) {
            revert OnlyOtherBridge();
        }
        _;
    }

    /// @notice Ether that arrives alone goes to its sender's own address on the other chain.
    receive() external payable onlyEOA {
        _bridgeETH(msg.sender, msg.sender, msg.value, DEFAULT_GAS_LIMIT, "");
    }

    /// @inheritdoc IStandardBridge
    function bridgeETH(uint32 minGasLimit, bytes calldata extraData) external payable onlyEOA {
        _bridgeETH(msg.sender, msg.sender, msg.value, minGasLimit, extraData);
    }

    /// @inheritdoc IStandardBridge
    function bridgeETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable {
        _bridgeETH(msg.sender, to, msg.value, minGasLimit, extraData);
    }

    /// @inheritdoc IStandardBridge
    function bridgeERC20(
        address localToken,
        address remoteToken,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external onlyEOA {
        _bridgeERC20(localToken, remoteToken, msg.sender, msg.sender, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IStandardBridge
    function bridgeERC20To(
        address localToken,
        address remoteToken,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external {
        _bridgeERC20(localToken, remoteToken, msg.sender, to, amount, minGasLimit, extraData);
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

    /// @inheritdoc IStandardBridge
    function finalizeBridgeETH(address from, address to, uint256 amount, bytes calldata extraData)
        public
        payable
        onlyOtherBridge
    {
        if (paused()) revert Paused();
        if (msg.value != amount) revert WrongValue(msg.value, amount);
        if (to == address(this) || to == address(messenger())) revert BadRecipient(to);

        _emitETHFinalized(from, to, amount, extraData);
        if (!Call.tryCall(to, gasleft(), amount, "")) revert TransferFailed(to);
    }

    /// @inheritdoc IStandardBridge
    function finalizeBridgeERC20(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) public onlyOtherBridge {
        if (paused()) revert Paused();

        if (_isMintable(localToken)) {
            if (!_isLikenessOf(localToken, remoteToken)) {
                return _returnERC20(localToken, remoteToken, from, to, amount, extraData);
            }
            _emitERC20Finalized(localToken, remoteToken, from, to, amount, extraData);
            IOptimismMintableERC20(localToken).mint(to, amount);
        } else {
            uint256 locked = deposits[localToken][remoteToken];
            if (locked < amount) return _returnERC20(localToken, remoteToken, from, to, amount, extraData);
            deposits[localToken][remoteToken] = locked - amount;
            _emitERC20Finalized(localToken, remoteToken, from, to, amount, extraData);
            IERC20(localToken).safeTransfer(to, amount);
        }
    }

    /// @inheritdoc IStandardBridge
    function messenger() public view virtual returns (ICrossDomainMessenger);

    /// @inheritdoc IStandardBridge
    function otherBridge() public view virtual returns (address);

    /// @inheritdoc IStandardBridge
    function paused() public view virtual returns (bool) {
        return false;
    }

    function _bridgeETH(address from, address to, uint256 amount, uint32 minGasLimit, bytes memory extraData) internal {
        if (msg.value != amount) revert WrongValue(msg.value, amount);
        _checkRecipient(to);

        _emitETHInitiated(from, to, amount, extraData);
        messenger().sendMessage{value: amount}(
            otherBridge(), abi.encodeCall(IStandardBridge.finalizeBridgeETH, (from, to, amount, extraData)), minGasLimit
        );
    }

    /// @dev Guarded: a token that calls back while its arrival is measured would have its tokens counted twice.
    function _bridgeERC20(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes memory extraData
    ) internal nonReentrant {
        if (msg.value != 0) revert WrongValue(msg.value, 0);
        _checkRecipient(to);

        if (_isMintable(localToken)) {
            if (!_isLikenessOf(localToken, remoteToken)) revert WrongPair(localToken, remoteToken);
            IOptimismMintableERC20(localToken).burn(from, amount);
        } else {
            uint256 before = IERC20(localToken).balanceOf(address(this));
            IERC20(localToken).safeTransferFrom(from, address(this), amount);
            amount = IERC20(localToken).balanceOf(address(this)) - before;
            deposits[localToken][remoteToken] += amount;
        }

        _emitERC20Initiated(localToken, remoteToken, from, to, amount, extraData);
        _sendERC20(localToken, remoteToken, from, to, amount, minGasLimit, extraData);
    }

    /// @dev Events of the older interface are added by the two sides.
    function _emitETHInitiated(address from, address to, uint256 amount, bytes memory extraData) internal virtual {
        emit ETHBridgeInitiated(from, to, amount, extraData);
    }

    function _emitETHFinalized(address from, address to, uint256 amount, bytes memory extraData) internal virtual {
        emit ETHBridgeFinalized(from, to, amount, extraData);
    }

    function _emitERC20Initiated(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes memory extraData
    ) internal virtual {
        emit ERC20BridgeInitiated(localToken, remoteToken, from, to, amount, extraData);
    }

    function _emitERC20Finalized(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes memory extraData
    ) internal virtual {
        emit ERC20BridgeFinalized(localToken, remoteToken, from, to, amount, extraData);
    }

    /// @dev Sends back what this chain can neither mint nor release, so that a mistaken pair of tokens loses nothing.
    function _returnERC20(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes memory extraData
    ) private {
        emit ERC20BridgeReturned(localToken, remoteToken, from, to, amount, extraData);
        _sendERC20(localToken, remoteToken, to, from, amount, DEFAULT_GAS_LIMIT, extraData);
    }

    /// @dev Local and remote trade places: what is local here is remote there.
    function _sendERC20(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes memory extraData
    ) private {
        messenger()
            .sendMessage(
                otherBridge(),
                abi.encodeCall(
                    IStandardBridge.finalizeBridgeERC20, (remoteToken, localToken, from, to, amount, extraData)
                ),
                minGasLimit
            );
    }

    function _checkRecipient(address to) private view {
        if (to == address(0) || messenger().isOtherPart(to)) revert BadRecipient(to);
    }

    function _isMintable(address token) private view returns (bool) {
        return ERC165Checker.supportsInterface(token, type(IOptimismMintableERC20).interfaceId)
            || ERC165Checker.supportsInterface(token, type(ILegacyMintableERC20).interfaceId);
    }

    function _isLikenessOf(address token, address original) private view returns (bool) {
        if (ERC165Checker.supportsInterface(token, type(IOptimismMintableERC20).interfaceId)) {
            return IOptimismMintableERC20(token).remoteToken() == original;
        }
        return ILegacyMintableERC20(token).l1Token() == original;
    }
}
