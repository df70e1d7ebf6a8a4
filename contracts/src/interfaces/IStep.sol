// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Executes one instruction of the machine that the fault proof is about (docs/spec/fault-proof.md, section 2).
interface IStep {
    /// @notice A state has 263 bytes.
    error RiscVStep_StateLength(uint256 length);
    /// @notice The proof ends before the opening that the instruction needs: give `needed` words.
    error RiscVStep_ProofLength(uint256 length, uint256 needed);
    /// @notice Opening `which` (0: the instruction, 1: the data) does not lead from leaf `index` to the state's memory root.
    error RiscVStep_WrongOpening(uint256 which, uint256 index);
    /// @notice `aux` is not the preimage that is selected.
    error RiscVStep_WrongPreimage(bytes32 key);
    /// @notice `aux` must be commitment, opening proof and element: 128 bytes.
    error RiscVStep_AuxLength(uint256 length);
    /// @notice `aux` does not show that the element is the one with this index in the blob that is selected.
    error RiscVStep_WrongElement(bytes32 versionedHash, uint256 index);

    /// @notice The hash of the state after one step from `state`. It reverts only for a malformed witness.
    /// @param proof A leaf and its 27 siblings from the bottom, for the instruction; the same for the word that it loads, stores, or
    /// that the environment reads or writes. What the instruction does not need is not looked at.
    /// @param aux The whole preimage, or commitment, opening proof and field element of a blob.
    function step(bytes calldata state, bytes32[] calldata proof, bytes calldata aux) external view returns (bytes32);
}
