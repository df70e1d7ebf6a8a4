// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVerifier} from "../interfaces/IVerifier.sol";

/// @notice Asks the embedded L1, whose precompile verifies the STARK itself. It cannot be deployed on an L1 without one.
///
/// The precompile takes `programKey ‖ statement ‖ proof` and answers with the number 1 in 32 bytes, or not so. 32 bytes
/// `DOMAIN_STARK` are the question who it is, which it answers with `keccak256(DOMAIN_STARK ‖ DOMAIN_STARK)`.
contract StarkVerifier is IVerifier {
    /// @notice The precompile does not say who it is, or accepts what is no proof: this L1 has none.
    error StarkVerifier_NoPrecompile();

    /// @notice Where the precompile is.
    address public constant PRECOMPILE = 0x00000000000000000000000000000000004D5A01;
    bytes32 private constant DOMAIN_STARK = keccak256("mezzanine.stark.v1");
    bytes32 private constant YES = bytes32(uint256(1));

    constructor() {
        // No contract can be put there, so whoever answers this is a part of the L1.
        bool known = _answers(abi.encode(DOMAIN_STARK), keccak256(abi.encode(DOMAIN_STARK, DOMAIN_STARK)));
        if (!known || _answers(new bytes(64), YES)) revert StarkVerifier_NoPrecompile();
    }

    /// @inheritdoc IVerifier
    function verify(bytes32 programKey, bytes32 statement, bytes calldata proof) external view {
        if (!_answers(bytes.concat(programKey, statement, proof), YES)) revert Verifier_Refused();
    }

    function _answers(bytes memory input, bytes32 expected) private view returns (bool) {
        (bool success, bytes memory answer) = PRECOMPILE.staticcall(input);
        return success && answer.length == 32 && bytes32(answer) == expected;
    }
}
