// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Sends messages to the other chain and relays the messages that come from there.
///
/// A message is named by its hash, `keccak256(abi.encodeCall(relayMessage, (nonce, sender, target, value, minGasLimit, message)))`. A
/// relay that fails is kept, with its value, and can be replayed by anybody; a message succeeds once.
interface ICrossDomainMessenger {
    /// @notice A message was sent; its value is in the event that follows.
    event SentMessage(address indexed target, address sender, bytes message, uint256 messageNonce, uint256 gasLimit);
    /// @notice The value of the message sent just before.
    event SentMessageExtension1(address indexed sender, uint256 value);
    /// @notice A message was relayed and its target succeeded.
    event RelayedMessage(bytes32 indexed msgHash);
    /// @notice A message was relayed but its target failed; it can be replayed.
    event FailedRelayedMessage(bytes32 indexed msgHash);

    /// @notice Withdrawals are paused on L1: relay the message when the pause has ended.
    error Paused();
    /// @notice Only messages of version 1 exist here.
    error UnsupportedVersion(uint256 version);
    /// @notice The target is a part of the chain, which the messenger must not call or which would keep the ether.
    error UnsafeTarget(address target);
    /// @notice The value sent along differs from that of the message; a replay carries none.
    error WrongValue(uint256 sent, uint256 expected);
    /// @notice Only the other messenger delivers new messages, and this one has not failed before: there is nothing to replay.
    error NotFailed(bytes32 msgHash);
    /// @notice The message has succeeded already.
    error AlreadyRelayed(bytes32 msgHash);
    /// @notice The relay failed; thrown only to gas estimators, so that they look for a gas limit with which it succeeds.
    error RelayFailed(bytes32 msgHash);
    /// @notice No message is being relayed now.
    error NoMessage();
    /// @notice The message needs more gas than the other chain gives one message: lower `minGasLimit` or shorten the data.
    error GasLimitTooHigh(uint256 gasLimit, uint256 gasLimitMax);
    /// @notice An address that must be set is zero.
    error ZeroAddress();

    /// @notice Sends `message` to `target` on the other chain, with at least `minGasLimit` gas and the value of this call.
    function sendMessage(address target, bytes calldata message, uint32 minGasLimit) external payable;

    /// @notice Delivers a message: called by the other messenger, or by anybody to replay one that failed.
    function relayMessage(
        uint256 nonce,
        address sender,
        address target,
        uint256 value,
        uint256 minGasLimit,
        bytes calldata message
    ) external payable;

    /// @notice The account on the other chain that sent the message being relayed now; reverts if there is none.
    function xDomainMessageSender() external view returns (address);

    /// @notice The messenger on the other chain.
    function otherMessenger() external view returns (address);

    /// @notice Whether `account`, on the other chain, is a part of this rollup, where what arrives for it is lost.
    function isOtherPart(address account) external view returns (bool);

    /// @notice The nonce of the next message, with the version in the top two bytes.
    function messageNonce() external view returns (uint256);

    /// @notice The gas a message needs on the other chain so that it is delivered or kept, never lost.
    function baseGas(bytes calldata message, uint32 minGasLimit) external pure returns (uint64);

    /// @notice Whether the message was relayed and succeeded.
    function successfulMessages(bytes32 msgHash) external view returns (bool);

    /// @notice Whether the message has failed at least once (it may have succeeded since).
    function failedMessages(bytes32 msgHash) external view returns (bool);

    /// @notice Whether relaying is paused.
    function paused() external view returns (bool);
}
