// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice One version of the proven program (docs/spec/validity-proof.md, section 5).
///
/// `memoryRoot` and `pc` are what the machine of the fault proof starts with, `key` and `verifier` what validity proofs of it are
/// checked against; both zero where the chain has none. It is the program of the batches from `activation` on.
struct Program {
    bytes32 memoryRoot;
    bytes32 key;
    address verifier;
    uint32 pc;
    uint64 activation;
}

/// @notice Evidence that a run of the program has the result that is claimed.
///
/// `openings` has 192 bytes for each blob that the program has read and that is not in the chain `opened`, which was checked before
/// (zero: none was): `versionedHash ‖ z ‖ y ‖ commitment ‖ KZG proof`. `proof` is what the version's verifier takes.
struct ValidityProof {
    bytes32 opened;
    bytes openings;
    bytes proof;
}

/// @notice What a validity proof is about.
library ProofKind {
    /// @dev One span: the result is the hash of the output after it.
    uint8 internal constant SPAN = 0;
    /// @dev A whole claim: the result is the root over its 256 entries.
    uint8 internal constant CLAIM = 1;
    /// @dev The signatures of a range of batches: the result is `boot` itself (docs/spec/signatures.md).
    uint8 internal constant SIGNATURES = 2;
}
