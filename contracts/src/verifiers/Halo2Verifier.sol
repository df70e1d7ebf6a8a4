// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVerifier} from "../interfaces/IVerifier.sol";
import {Hashing} from "../libraries/Hashing.sol";

/// @notice The contract that OpenVM's tool generates from its halo2 circuit and the KZG parameters.
interface IOpenVmHalo2Verifier {
    /// @notice Returns if `proofData` is a proof of this program for these public values; reverts otherwise.
    function verify(bytes calldata publicValues, bytes calldata proofData, bytes32 appExeCommit, bytes32 appVmCommit)
        external
        view;
}

/// @notice Verifies on any L1, by the contract that OpenVM generates.
///
/// `proof` is `appExeCommit (32) ‖ appVmCommit (32) ‖ proofData (55 words)`; the program's key is the hash of the commitments. The
/// generated contract refuses any other length, and a commitment that is not the least of its residue class.
contract Halo2Verifier is IVerifier {
    /// @notice There is no contract at this address.
    error Halo2Verifier_NoContract(address generated);

    /// @notice The contract that OpenVM generated.
    IOpenVmHalo2Verifier public immutable generated;

    constructor(address generated_) {
        if (generated_.code.length == 0) revert Halo2Verifier_NoContract(generated_);
        generated = IOpenVmHalo2Verifier(generated_);
    }

    /// @inheritdoc IVerifier
    function verify(bytes32 programKey, bytes32 statement, bytes calldata proof) external view {
        if (proof.length < 64) revert Verifier_Refused();
        (bytes32 appExeCommit, bytes32 appVmCommit) = (bytes32(proof[:32]), bytes32(proof[32:64]));
        if (Hashing.programKey(appExeCommit, appVmCommit) != programKey) revert Verifier_Refused();
        try generated.verify(abi.encodePacked(statement), proof[64:], appExeCommit, appVmCommit) {}
        catch {
            revert Verifier_Refused();
        }
    }
}
