// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Checks validity proofs of one proof system.
interface IVerifier {
    /// @notice The proof is not one of this program for this statement.
    error Verifier_Refused();

    /// @notice Returns if `proof` shows that the program with `programKey` has put out `statement`; reverts otherwise.
    ///
    /// It answers with nothing on purpose: a caller that forgot to look at a truth value would accept everything, and a call of an
    /// address without code reverts.
    function verify(bytes32 programKey, bytes32 statement, bytes calldata proof) external view;
}
