// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Bls12381} from "../../src/libraries/Bls12381.sol";

/// @notice Keys and signatures over BLS12-381, made with the precompiles for multiplication.
library BlsSigner {
    /// @dev The order of the groups.
    uint256 internal constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    bytes internal constant SIGNATURE_DST = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";
    bytes internal constant PROOF_DST = "MEZZANINE_COMMITTEE_POP_V1_BLS12381G1_XMD:SHA-256_SSWU_RO_";
    bytes private constant G2_GENERATOR = hex"00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
        hex"0000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
        hex"000000000000000000000000000000000ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"
        hex"000000000000000000000000000000000606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be";

    /// @notice The key of a secret, packed.
    function keyOf(uint256 secret) internal view returns (bytes memory) {
        return Bls12381.pack(_multiply(address(0x0e), G2_GENERATOR, secret));
    }

    /// @notice The signature over a digest, packed. With the sum of secrets it is the sum of signatures.
    function sign(uint256 secret, bytes32 digest) internal view returns (bytes memory) {
        return signMessage(secret, abi.encodePacked(digest), SIGNATURE_DST);
    }

    /// @notice The proof that `member` has the key of a secret, packed.
    function prove(uint256 secret, address member) internal view returns (bytes memory) {
        return signMessage(secret, abi.encodePacked(member, keyOf(secret)), PROOF_DST);
    }

    function signMessage(uint256 secret, bytes memory message, bytes memory dst) internal view returns (bytes memory) {
        return Bls12381.pack(_multiply(address(0x0c), Bls12381.hashToG1(message, dst), secret));
    }

    function _multiply(address precompile, bytes memory point, uint256 scalar) private view returns (bytes memory) {
        (bool done, bytes memory product) = precompile.staticcall(abi.encodePacked(point, scalar));
        require(done && product.length == point.length, "multiplication");
        return product;
    }
}
