// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVerifier} from "../src/interfaces/IVerifier.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Halo2Verifier, IOpenVmHalo2Verifier} from "../src/verifiers/Halo2Verifier.sol";
import {StarkVerifier} from "../src/verifiers/StarkVerifier.sol";
import {Test} from "./utils/Test.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Stands where the embedded L1 has its precompile: knows its name, and one proof.
contract FakePrecompile {
    bytes32 private constant DOMAIN_STARK = keccak256("mezzanine.stark.v1");

    fallback(bytes calldata input) external returns (bytes memory) {
        if (input.length == 32 && bytes32(input) == DOMAIN_STARK) {
            return abi.encode(keccak256(abi.encode(DOMAIN_STARK, DOMAIN_STARK)));
        }
        bool right = keccak256(input) == keccak256(abi.encodePacked(bytes32("key"), bytes32("statement"), "proof"));
        return abi.encode(right);
    }
}

/// @notice Stands for what OpenVM's tool generates: takes one proof, and reverts as that does.
contract FakeGenerated is IOpenVmHalo2Verifier {
    error ProofVerificationFailed();

    function verify(bytes calldata publicValues, bytes calldata proofData, bytes32 exe, bytes32 machine) external pure {
        bool right = publicValues.length == 32 && bytes32(publicValues) == "statement" && exe == "exe"
            && machine == "vm" && proofData.length == 55 * 32 && bytes32(proofData) == "proof";
        if (!right) revert ProofVerificationFailed();
    }
}

contract StarkVerifierTest is Test {
    address private constant PRECOMPILE = 0x00000000000000000000000000000000004D5A01;

    function _verifier() private returns (StarkVerifier) {
        vm.etch(PRECOMPILE, address(new FakePrecompile()).code);
        return new StarkVerifier();
    }

    function test_constructor_withoutThePrecompile_reverts() public {
        vm.expectRevert(StarkVerifier.StarkVerifier_NoPrecompile.selector);
        new StarkVerifier();
    }

    /// @dev What answers everything with yes, with its input, or with noise is not it.
    function test_constructor_somethingElseThere_reverts() public {
        bytes[3] memory answers = [abi.encode(1), abi.encode(keccak256("mezzanine.stark.v1")), bytes("")];
        for (uint256 i; i < answers.length; ++i) {
            vm.mockCall(PRECOMPILE, "", answers[i]);
            vm.expectRevert(StarkVerifier.StarkVerifier_NoPrecompile.selector);
            new StarkVerifier();
        }
    }

    function test_constructor_precompileThatTakesNothingForAProof_reverts() public {
        bytes32 domain = keccak256("mezzanine.stark.v1");
        vm.mockCall(PRECOMPILE, "", abi.encode(1));
        vm.mockCall(PRECOMPILE, abi.encode(domain), abi.encode(keccak256(abi.encode(domain, domain))));
        vm.expectRevert(StarkVerifier.StarkVerifier_NoPrecompile.selector);
        new StarkVerifier();
    }

    function test_verify() public {
        _verifier().verify("key", "statement", "proof");
    }

    function test_verify_anythingElse_reverts() public {
        StarkVerifier v = _verifier();
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        v.verify("another key", "statement", "proof");
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        v.verify("key", "another statement", "proof");
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        v.verify("key", "statement", "another proof");
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        v.verify("key", "statement", "");
    }

    /// @dev Only the number 1 in one word is a yes.
    function test_verify_otherAnswers_revert() public {
        StarkVerifier v = _verifier();
        bytes[5] memory answers =
            [bytes(""), hex"01", abi.encode(2), abi.encode(uint256(1) << 255), abi.encode(1, uint256(0))];
        for (uint256 i; i < answers.length; ++i) {
            vm.mockCall(PRECOMPILE, "", answers[i]);
            vm.expectRevert(IVerifier.Verifier_Refused.selector);
            v.verify("key", "statement", "proof");
        }
        vm.mockCallRevert(PRECOMPILE, "", abi.encode(1));
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        v.verify("key", "statement", "proof");
    }
}

contract Halo2VerifierTest is Test {
    Halo2Verifier private _v;
    bytes32 private _key = Hashing.programKey("exe", "vm");

    function setUp() public {
        _v = new Halo2Verifier(address(new FakeGenerated()));
    }

    function _proof() private pure returns (bytes memory) {
        return abi.encodePacked(bytes32("exe"), bytes32("vm"), bytes32("proof"), new bytes(54 * 32));
    }

    function test_constructor_noContract_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(Halo2Verifier.Halo2Verifier_NoContract.selector, address(0)));
        new Halo2Verifier(address(0));
    }

    function test_verify() public view {
        _v.verify(_key, "statement", _proof());
    }

    function test_verify_otherKeyOrStatement_reverts() public {
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        _v.verify(keccak256("key"), "statement", _proof());
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        _v.verify(_key, "another statement", _proof());
    }

    /// @dev A proof of another program is refused although the generated contract would take it for that program.
    function test_verify_otherCommitments_reverts() public {
        bytes memory proof = _proof();
        proof[3] ^= 0x01;
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        _v.verify(_key, "statement", proof);
        proof = _proof();
        proof[40] ^= 0x01;
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        _v.verify(_key, "statement", proof);
    }

    function test_verify_alteredProof_reverts() public {
        bytes memory proof = _proof();
        proof[64] ^= 0x01;
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        _v.verify(_key, "statement", proof);
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        _v.verify(_key, "statement", bytes.concat(_proof(), hex"00"));
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        _v.verify(_key, "statement", new bytes(63));
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        _v.verify(_key, "statement", "");
    }
}
