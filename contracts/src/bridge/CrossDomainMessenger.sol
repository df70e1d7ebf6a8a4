// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Call} from "./Call.sol";
import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";

/// @notice What the messengers of both sides have in common.
///
/// Storage: slot 0 `successfulMessages`, slot 1 `failedMessages`, slot 2 the count of messages sent.
abstract contract CrossDomainMessenger is ICrossDomainMessenger {
    /// @notice Version of the messages sent, in the top two bytes of their nonces.
    uint16 public constant MESSAGE_VERSION = 1;
    /// @notice Intrinsic gas of a transaction.
    uint64 public constant TX_BASE_GAS = 21_000;
    /// @notice Gas of one byte of calldata.
    uint64 public constant MIN_GAS_CALLDATA_OVERHEAD = 16;
    /// @notice Floor of the gas of one byte of calldata (EIP-7623).
    uint64 public constant FLOOR_CALLDATA_OVERHEAD = 40;
    /// @notice Bytes that the encoding of `relayMessage` adds to a message, padding included.
    uint64 public constant ENCODING_OVERHEAD = 260;
    /// @notice Gas for what a relay does before its call.
    uint64 public constant RELAY_CONSTANT_OVERHEAD = 200_000;
    /// @notice Gas for the call opcode of a relay.
    uint64 public constant RELAY_CALL_OVERHEAD = uint64(Call.OVERHEAD);
    /// @notice Gas kept back to record the outcome of a relay.
    uint64 public constant RELAY_RESERVED_GAS = 40_000;
    /// @notice Gas spent between the check of the gas left and the call.
    uint64 public constant RELAY_GAS_CHECK_BUFFER = 5_000;
    /// @notice A call gets 63/64 of the gas left, so the gas of the target is scaled by 64/63.
    uint64 public constant MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR = 64;
    /// @notice See `MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR`.
    uint64 public constant MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR = 63;

    /// @dev The sender that gas estimators use.
    address private constant ESTIMATOR = address(1);

    /// @inheritdoc ICrossDomainMessenger
    mapping(bytes32 msgHash => bool) public successfulMessages;

    /// @inheritdoc ICrossDomainMessenger
    mapping(bytes32 msgHash => bool) public failedMessages;

    uint240 private _sentCount;

    /// @dev Sender of the message being relayed; zero when none is. It is the re-entrancy guard too.
    address private transient _relayedSender;

    /// @inheritdoc ICrossDomainMessenger
    function sendMessage(address target, bytes calldata message, uint32 minGasLimit) external payable {
        if (_isUnsafeOtherTarget(target)) revert UnsafeTarget(target);
        // Ether that a part of the other chain refuses, or takes for itself, is nobody's any more.
        if (msg.value != 0 && isOtherPart(target) && msg.sender != _bridge()) revert UnsafeTarget(target);

        uint256 nonce = messageNonce();
        ++_sentCount;
        bytes memory relay = abi.encodeCall(
            ICrossDomainMessenger.relayMessage, (nonce, msg.sender, target, msg.value, minGasLimit, message)
        );
        _send(baseGas(message, minGasLimit), relay);

        emit SentMessage(target, msg.sender, message, nonce, minGasLimit);
        emit SentMessageExtension1(msg.sender, msg.value);
    }

    /// @inheritdoc ICrossDomainMessenger
    function relayMessage(
        uint256 nonce,
        address sender,
        address target,
        uint256 value,
        uint256 minGasLimit,
        bytes calldata message
    ) external payable {
        if (paused()) revert Paused();
        if (nonce >> 240 != MESSAGE_VERSION) revert UnsupportedVersion(nonce >> 240);
        if (_isUnsafeTarget(target)) revert UnsafeTarget(target);

        bytes32 msgHash = keccak256(
            abi.encodeCall(ICrossDomainMessenger.relayMessage, (nonce, sender, target, value, minGasLimit, message))
        );
        bool isNew = _isOtherMessenger();
        if (msg.value != (isNew ? value : 0)) revert WrongValue(msg.value, isNew ? value : 0);
        if (!isNew && !failedMessages[msgHash]) revert NotFailed(msgHash);
        if (successfulMessages[msgHash]) revert AlreadyRelayed(msgHash);

        // A relay within a relay fails and is kept: the sender that the outer target sees must not change.
        bool success = _relayedSender == address(0) && _execute(sender, target, value, minGasLimit, message);
        if (success) {
            successfulMessages[msgHash] = true;
            emit RelayedMessage(msgHash);
        } else {
            failedMessages[msgHash] = true;
            emit FailedRelayedMessage(msgHash);
            if (tx.origin == ESTIMATOR) revert RelayFailed(msgHash);
        }
    }

    /// @inheritdoc ICrossDomainMessenger
    function xDomainMessageSender() external view returns (address) {
        if (_relayedSender == address(0)) revert NoMessage();
        return _relayedSender;
    }

    /// @notice The messenger on the other chain (older name).
    function OTHER_MESSENGER() external view returns (address) {
        return otherMessenger();
    }

    /// @notice Version of the contract.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc ICrossDomainMessenger
    function messageNonce() public view returns (uint256) {
        return uint256(MESSAGE_VERSION) << 240 | _sentCount;
    }

    /// @inheritdoc ICrossDomainMessenger
    function baseGas(bytes calldata message, uint32 minGasLimit) public pure returns (uint64) {
        uint256 size = message.length + ENCODING_OVERHEAD;
        uint256 execution = RELAY_CONSTANT_OVERHEAD + RELAY_CALL_OVERHEAD + RELAY_RESERVED_GAS + RELAY_GAS_CHECK_BUFFER
            + (uint256(minGasLimit) * MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR) / MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR;
        uint256 standard = execution + size * MIN_GAS_CALLDATA_OVERHEAD;
        uint256 floor = size * FLOOR_CALLDATA_OVERHEAD;

        uint256 gasLimit = TX_BASE_GAS + (standard > floor ? standard : floor);
        uint256 gasLimitMax = _gasLimitMax();
        if (gasLimit > gasLimitMax) revert GasLimitTooHigh(gasLimit, gasLimitMax);
        return uint64(gasLimit);
    }

    /// @inheritdoc ICrossDomainMessenger
    function paused() public view virtual returns (bool) {
        return false;
    }

    /// @inheritdoc ICrossDomainMessenger
    function otherMessenger() public view virtual returns (address);

    /// @inheritdoc ICrossDomainMessenger
    function isOtherPart(address account) public view virtual returns (bool);

    /// @dev Hands `relay`, a call of the other messenger, to the channel between the chains.
    function _send(uint64 gasLimit, bytes memory relay) internal virtual;

    /// @dev The most gas a message may ask for on the other chain.
    function _gasLimitMax() internal pure virtual returns (uint256);

    /// @dev The standard bridge of this chain, which alone sends ether to a part of the other: to its counterpart.
    function _bridge() internal view virtual returns (address);

    /// @dev Whether the caller speaks for the other messenger.
    function _isOtherMessenger() internal view virtual returns (bool);

    /// @dev Whether `target`, on this chain, would take a call of the messenger for something else.
    function _isUnsafeTarget(address target) internal view virtual returns (bool);

    /// @dev Whether the other messenger is known to refuse `target`, so that the message would be lost.
    function _isUnsafeOtherTarget(address target) internal view virtual returns (bool);

    /// @dev Calls the target of a message if there is gas for it and for recording the outcome. The message must be in memory before
    ///      gas is counted: copying a long one costs more than what is set aside.
    function _execute(address sender, address target, uint256 value, uint256 minGasLimit, bytes memory message)
        private
        returns (bool success)
    {
        if (!Call.hasGas(minGasLimit, RELAY_RESERVED_GAS + RELAY_GAS_CHECK_BUFFER)) return false;
        _relayedSender = sender;
        success = Call.tryCall(target, gasleft() - RELAY_RESERVED_GAS, value, message);
        _relayedSender = address(0);
    }
}
