// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVerifier} from "../../src/interfaces/IVerifier.sol";

/// @notice A proof system without soundness, for tests only: anybody can make a proof of anything.
///
/// So tests can prove what is right without a prover, and show what happens when something false is proven. A proof is bound to one
/// program and one statement all the same: no proof of one is accepted for another.
contract BrokenVerifier is IVerifier {
    /// @inheritdoc IVerifier
    function verify(bytes32 programKey, bytes32 statement, bytes calldata proof) external pure {
        if (keccak256(proof) != keccak256(proofOf(programKey, statement))) revert Verifier_Refused();
    }

    /// @notice The one proof of a statement.
    function proofOf(bytes32 programKey, bytes32 statement) public pure returns (bytes memory) {
        return abi.encode(keccak256(abi.encode("proof", programKey, statement)));
    }
}
