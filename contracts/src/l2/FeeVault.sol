// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {L2ToL1MessagePasser} from "./L2ToL1MessagePasser.sol";
import {Predeploys} from "./Predeploys.sol";

/// @notice Collects one kind of fee; anybody may send what has come together to the recipient.
///
/// Storage (slots 1 and 2 are written by genesis):
///
///     slot 0   totalProcessed
///     slot 1   withdrawalNetwork (uint8: 0 = L1, 1 = L2) << 160 | recipient (address)
///     slot 2   minWithdrawalAmount
abstract contract FeeVault {
    /// @notice Where the recipient is.
    enum WithdrawalNetwork {
        L1,
        L2
    }

    /// @notice Fees were sent.
    event Withdrawal(uint256 value, address to, address from);
    /// @notice Fees were sent, with the recipient's chain.
    event Withdrawal(uint256 value, address to, address from, WithdrawalNetwork withdrawalNetwork);

    /// @notice The vault holds less than a withdrawal needs: wait for more fees.
    error TooLittle(uint256 balance, uint256 minWithdrawalAmount);
    /// @notice The vault has no recipient: it would burn the fees.
    error NoRecipient();
    /// @notice The recipient on L2 refused the ether.
    error TransferFailed(address recipient);

    /// @dev Gas on L1 for the recipient.
    uint256 private constant WITHDRAWAL_GAS_LIMIT = 400_000;

    /// @notice Wei sent so far.
    uint256 public totalProcessed;
    /// @notice The recipient of the fees.
    address public recipient;
    /// @notice The recipient's chain.
    WithdrawalNetwork public withdrawalNetwork;
    /// @notice The least that is sent at once.
    uint256 public minWithdrawalAmount;

    /// @notice Fees arrive.
    receive() external payable {}

    /// @notice Sends all fees to the recipient.
    function withdraw() external returns (uint256 value) {
        if (recipient == address(0)) revert NoRecipient();
        value = address(this).balance;
        if (value < minWithdrawalAmount) revert TooLittle(value, minWithdrawalAmount);
        totalProcessed += value;

        emit Withdrawal(value, recipient, msg.sender);
        emit Withdrawal(value, recipient, msg.sender, withdrawalNetwork);

        if (withdrawalNetwork == WithdrawalNetwork.L2) {
            (bool success,) = recipient.call{value: value}("");
            if (!success) revert TransferFailed(recipient);
        } else {
            L2ToL1MessagePasser(payable(Predeploys.L2_TO_L1_MESSAGE_PASSER)).initiateWithdrawal{value: value}(
                recipient, WITHDRAWAL_GAS_LIMIT, ""
            );
        }
    }

    /// @notice The recipient of the fees (older name).
    function RECIPIENT() external view returns (address) {
        return recipient;
    }

    /// @notice The recipient's chain (older name).
    function WITHDRAWAL_NETWORK() external view returns (WithdrawalNetwork) {
        return withdrawalNetwork;
    }

    /// @notice The least that is sent at once (older name).
    function MIN_WITHDRAWAL_AMOUNT() external view returns (uint256) {
        return minWithdrawalAmount;
    }

    /// @notice Version of the contract.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }
}
