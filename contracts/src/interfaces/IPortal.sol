// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {OutputRootProof, WithdrawalTransaction} from "../types/Withdrawal.sol";

/// @notice Holds the ether of the L2: deposits in, withdrawals out against a final claim (docs/spec/bridge.md).
///
/// Functions, events and errors named `OptimismPortal_*` are the OP Stack's, so that its tools work unmodified.
interface IPortal {
    /// @notice The withdrawal was paid already.
    error OptimismPortal_AlreadyFinalized();
    /// @notice A creation names a target.
    error OptimismPortal_BadTarget();
    /// @notice This kind of action is paused.
    error OptimismPortal_CallPaused();
    /// @notice The data are longer than a message may carry.
    error OptimismPortal_CalldataTooLarge();
    /// @notice The gas limit does not cover the transaction's intrinsic cost: see `minimumGasLimit`.
    error OptimismPortal_GasLimitTooLow();
    /// @notice The claim is refuted, rejected or unknown.
    error OptimismPortal_InvalidDisputeGame();
    /// @notice The proof does not show the withdrawal in the storage of `L2ToL1MessagePasser`.
    error OptimismPortal_InvalidMerkleProof();
    /// @notice The output root proof is not the preimage of the claim's output root.
    error OptimismPortal_InvalidOutputRootProof();
    /// @notice The claim that the withdrawal was proven against is not final yet, or was refuted.
    error OptimismPortal_InvalidRootClaim();
    /// @notice A withdrawal is being paid already.
    error OptimismPortal_NoReentrancy();
    /// @notice The proof has not matured.
    error OptimismPortal_ProofNotOldEnough();
    /// @notice Nobody, or not this submitter, has proven the withdrawal.
    error OptimismPortal_Unproven();
    /// @notice The gas limit is above the 4,000,000 that one message may use.
    error Portal_GasLimitTooHigh();
    /// @notice A forced transaction is empty.
    error Portal_EmptyTransaction();
    /// @notice The transaction has too little gas for a withdrawal that asks for `needed`, beside what is set aside for the settlement.
    error Portal_TooLittleGas(uint256 needed);
    /// @notice The target's call failed, so the withdrawal stays open; `reason` is what the target returned.
    error Portal_CallFailed(bytes reason);
    /// @notice A constructor argument is zero.
    error Portal_BadParameter(string name);

    event TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData);
    event WithdrawalProven(bytes32 indexed withdrawalHash, address indexed from, address indexed to);
    event WithdrawalProvenExtension1(bytes32 indexed withdrawalHash, address indexed proofSubmitter);
    /// @notice The withdrawal was paid or, if not a `success`, given back.
    event WithdrawalFinalized(bytes32 indexed withdrawalHash, bool success);
    /// @notice The withdrawal could never be paid, so its value was minted on L2 again, for `to`, who had withdrawn it.
    event WithdrawalReturned(bytes32 indexed withdrawalHash, address indexed to, uint256 value);

    /// @notice Sends a transaction to L2; the ether sent is minted there.
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable;

    /// @notice Puts a signed L2 transaction into the queue, so that no batch can leave it out for ever. Never paused.
    function forceTransaction(uint64 gasLimit, bytes calldata rawTransaction) external;

    /// @notice Shows that the claim with index `disputeGameIndex` contains the withdrawal.
    function proveWithdrawalTransaction(
        WithdrawalTransaction calldata withdrawal,
        uint256 disputeGameIndex,
        OutputRootProof calldata outputRootProof,
        bytes[] calldata withdrawalProof
    ) external;

    /// @notice Pays a withdrawal that the caller has proven, or gives it back to its sender on L2 if it could never be paid: its
    /// target is the portal, the inbox, the settlement or the system config, or it asks for more gas than an L1 transaction has.
    function finalizeWithdrawalTransaction(WithdrawalTransaction calldata withdrawal) external;

    /// @notice Pays a withdrawal that `proofSubmitter` has proven.
    function finalizeWithdrawalTransactionExternalProof(
        WithdrawalTransaction calldata withdrawal,
        address proofSubmitter
    ) external;

    /// @notice Reverts, with the reason, unless the withdrawal can be paid now.
    function checkWithdrawal(bytes32 withdrawalHash, address proofSubmitter) external view;

    /// @notice The L2 account whose withdrawal is being paid now; `0x…dEaD` outside of a payment.
    function l2Sender() external view returns (address);

    /// @notice The configuration of the chain, which knows the other contracts.
    function systemConfig() external view returns (address);
}
