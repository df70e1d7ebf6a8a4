// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICrossDomainMessenger} from "../bridge/ICrossDomainMessenger.sol";
import {Constants} from "../libraries/Constants.sol";
import {Predeploys} from "./Predeploys.sol";

/// @notice Records what L2 says to L1: the portal pays what it finds here.
///
/// Storage: slot 0 `sentMessages` (what withdrawal proofs open), slot 1 the count of messages.
contract L2ToL1MessagePasser {
    /// @notice A withdrawal was recorded.
    event MessagePassed(
        uint256 indexed nonce,
        address indexed sender,
        address indexed target,
        uint256 value,
        uint256 gasLimit,
        bytes data,
        bytes32 withdrawalHash
    );
    /// @notice The ether of past withdrawals was destroyed.
    event WithdrawerBalanceBurnt(uint256 indexed amount);

    /// @notice The target is a contract of the rollup on L1: the ether would be lost. Name the receiver's own address.
    error UnsafeTarget(address target);
    /// @notice The data is too long to be proven on L1 in one transaction.
    error DataTooLong(uint256 length, uint256 lengthMax);

    /// @notice Version of the withdrawals recorded, in the top two bytes of their nonces.
    uint16 public constant MESSAGE_VERSION = 1;

    address private constant MESSENGER = Predeploys.L2_CROSS_DOMAIN_MESSENGER;
    /// @dev Gas on L1 for a plain transfer to this contract, which is a withdrawal to oneself.
    uint256 private constant RECEIVE_GAS_LIMIT = 100_000;

    /// @notice Whether the withdrawal with this hash was recorded.
    mapping(bytes32 withdrawalHash => bool) public sentMessages;

    uint240 private _count;

    /// @notice Ether that arrives alone is withdrawn to its sender's own address on L1.
    receive() external payable {
        initiateWithdrawal(msg.sender, RECEIVE_GAS_LIMIT, "");
    }

    /// @notice Destroys the ether that withdrawals have left here; it exists on L1 already.
    function burn() external {
        uint256 amount = address(this).balance;
        new Furnace{value: amount}();
        emit WithdrawerBalanceBurnt(amount);
    }

    /// @notice Version of the contract.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @notice Asks L1 to call `target` with the value of this call, at least `gasLimit` gas, and `data`.
    function initiateWithdrawal(address target, uint256 gasLimit, bytes memory data) public payable {
        if (data.length > Constants.WITHDRAWAL_DATA_MAX) {
            revert DataTooLong(data.length, Constants.WITHDRAWAL_DATA_MAX);
        }
        // The messenger sends to its counterpart, and looks at the targets of its messages itself.
        if (msg.value != 0 && msg.sender != MESSENGER && ICrossDomainMessenger(MESSENGER).isOtherPart(target)) {
            revert UnsafeTarget(target);
        }
        uint256 nonce = messageNonce();
        bytes32 withdrawalHash = keccak256(abi.encode(nonce, msg.sender, target, msg.value, gasLimit, data));
        sentMessages[withdrawalHash] = true;
        ++_count;
        emit MessagePassed(nonce, msg.sender, target, msg.value, gasLimit, data, withdrawalHash);
    }

    /// @notice The nonce of the next withdrawal, with the version in the top two bytes.
    function messageNonce() public view returns (uint256) {
        return uint256(MESSAGE_VERSION) << 240 | _count;
    }
}

/// @notice Destroys what it is created with: a contract that ends itself in its creation takes its balance along (EIP-6780).
contract Furnace {
    constructor() payable {
        selfdestruct(payable(address(this)));
    }
}
