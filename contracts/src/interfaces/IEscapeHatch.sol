// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {QueueMessage} from "../types/Queue.sol";
import {OutputRootProof, WithdrawalTransaction} from "../types/Withdrawal.sol";
import {IPauseController} from "./IPauseController.sol";
import {ISettlement} from "./ISettlement.sol";

/// @notice The way out of a chain that nobody can carry on, because its data are gone (docs/spec/committee.md).
///
/// The portal takes it for the settlement, and everything that can be paused takes it for the pause controller. Until the chain is
/// frozen it hands all questions on. Nobody owns it, and nothing here can be paused.
interface IEscapeHatch is ISettlement, IPauseController {
    /// @notice Branches of the factory's account, of what it says of the token, of the token's account, and of the balance in it.
    struct TokenProof {
        bytes[] factory;
        bytes[] deployment;
        bytes[] token;
        bytes[] balance;
    }

    /// @notice A constructor argument is zero or contradicts another.
    error EscapeHatch_BadParameter(string name);
    /// @notice The chain is frozen already.
    error EscapeHatch_FrozenAlready();
    /// @notice The chain is not frozen: withdraw over L2.
    error EscapeHatch_NotFrozen();
    /// @notice The claim is not the last that is confirmed.
    error EscapeHatch_NotLast(uint256 claimIndex);
    /// @notice A claim was confirmed not long ago: wait until `time`.
    error EscapeHatch_TooEarly(uint256 time);
    /// @notice The output root proof is not the preimage of the last confirmed claim's output root.
    error EscapeHatch_WrongOutputRoot();
    /// @notice The account has nothing of this token, or has left with it. Zero stands for ether.
    error EscapeHatch_Nothing(address account, address token);
    /// @notice L2's factory has made no such likeness of this token.
    error EscapeHatch_WrongPair(address l1Token, address l2Token);
    /// @notice The message is not in the queue, or not a deposit with these data.
    error EscapeHatch_WrongMessage(uint64 index);
    /// @notice L2 has consumed the message: what it brought is in the state.
    error EscapeHatch_Consumed(uint64 index);
    /// @notice The deposit was given back already.
    error EscapeHatch_RefundedAlready(uint64 index);
    /// @notice Only who made the deposit gets it back.
    error EscapeHatch_NotDepositor(address caller);

    /// @notice The chain ends with the output of this claim.
    event Frozen(uint256 indexed claimIndex, bytes32 outputRoot);
    /// @notice A withdrawal in the name of L2: the portal pays it by `finalizeWithdrawalTransactionExternalProof`, this contract being
    /// the submitter, once its proof has matured.
    event Exited(uint256 indexed exit, bytes32 indexed withdrawalHash, WithdrawalTransaction withdrawal);

    /// @notice Ends the chain with its last confirmed claim if that is older than `freezeDelay`. Anybody may.
    function freeze(uint256 claimIndex) external;

    /// @notice Takes the caller's ether out, by its account's branch in the last confirmed state.
    function exitEther(address recipient, OutputRootProof calldata output, bytes[] calldata accountProof)
        external
        returns (WithdrawalTransaction memory);

    /// @notice Takes the caller's `l2Token` out, a likeness of `l1Token` that L2's factory has made.
    function exitToken(
        address l1Token,
        address l2Token,
        address recipient,
        OutputRootProof calldata output,
        TokenProof calldata proof
    ) external returns (WithdrawalTransaction memory);

    /// @notice Gives back a deposit that L2 has not consumed: ether, or what came over the messenger or the standard bridge.
    function refund(QueueMessage calldata message, bytes calldata data, address recipient)
        external
        returns (WithdrawalTransaction memory);

    /// @notice Whether the chain has ended.
    function frozen() external view returns (bool);

    /// @notice Time after the last confirmed claim from which on the chain can be frozen, in seconds.
    function freezeDelay() external view returns (uint64);
}
