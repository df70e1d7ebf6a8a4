// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Hashing} from "../../src/libraries/Hashing.sol";
import {BlsSignature, Certificate} from "../../src/types/Certificate.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {CommitteeDeployment} from "./CommitteeDeployment.sol";
import {vm} from "./Vm.sol";

/// @notice A deployment whose committee has grown above 20 members: epoch 1 signs with BLS12-381.
abstract contract BlsCommitteeDeployment is CommitteeDeployment {
    uint64 internal constant BLS_EPOCH = 1;

    /// @dev The members in ascending order, and their BLS secrets.
    address[] internal blsMembers;
    uint256[] internal blsSecrets;

    function _blsCount() internal pure virtual returns (uint256) {
        return 21;
    }

    function _blsThreshold() internal pure virtual returns (uint16) {
        return uint16((_blsCount() * 2 + 2) / 3);
    }

    function _blsMandatory() internal pure virtual returns (uint256) {
        return 0;
    }

    /// @dev Makes the members, registers their keys, and waits until they sign and nobody else does.
    function _rotateToBls() internal {
        _makeMembers();
        for (uint256 i; i < blsMembers.length; ++i) {
            _register(i);
        }
        _proposeBls();
        _skip(ROTATION_DELAY + OVERLAP + 1);
    }

    function _makeMembers() internal {
        for (uint256 i; i < _blsCount(); ++i) {
            address member = vm.addr(_accountKey(i));
            blsMembers.push(member);
            blsSecrets.push(uint256(keccak256(abi.encode("bls secret", i))) % BlsSigner.ORDER);
            for (uint256 place = i; place > 0 && blsMembers[place - 1] > member; --place) {
                blsMembers[place] = blsMembers[place - 1];
                blsMembers[place - 1] = member;
            }
        }
    }

    function _accountKey(uint256 i) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("bls member", i)));
    }

    function _register(uint256 i) internal {
        bytes memory key = BlsSigner.keyOf(blsSecrets[i]);
        bytes memory proof = BlsSigner.prove(blsSecrets[i], blsMembers[i]);
        registry.registerKey(blsMembers[i], key, proof);
    }

    /// @dev The keys of the members, one after the other.
    function _blsKeys() internal view returns (bytes memory keys) {
        keys = new bytes(192 * blsSecrets.length);
        for (uint256 i; i < blsSecrets.length; ++i) {
            bytes memory key = BlsSigner.keyOf(blsSecrets[i]);
            assembly ("memory-safe") {
                mcopy(add(add(keys, 0x20), mul(i, 192)), add(key, 0x20), 192)
            }
        }
    }

    function _proposeBls() internal returns (uint64 epoch) {
        bytes memory keys = _blsKeys();
        address[] memory members = blsMembers;
        vm.prank(address(timelock));
        return registry.proposeBls(members, keys, _blsThreshold(), _blsMandatory());
    }

    /// @dev One signature of these members.
    function _blsSigned(Certificate memory c, uint256 signers) internal view returns (BlsSignature memory) {
        uint256 secret;
        for (uint256 i; i < blsSecrets.length; ++i) {
            if (signers >> i & 1 == 1) secret = addmod(secret, blsSecrets[i], BlsSigner.ORDER);
        }
        bytes32 digest = Hashing.certificate(c, block.chainid, address(inbox));
        return BlsSignature({signers: signers, signature: BlsSigner.sign(secret, digest)});
    }

    function _blsAux(Certificate memory c, uint256 signers) internal view returns (bytes memory) {
        return _blsAuxOf(c, _blsSigned(c, signers));
    }

    function _blsAuxOf(Certificate memory c, BlsSignature memory by) internal pure returns (bytes memory) {
        return abi.encodePacked(c.epoch, c.expiry, c.payloadHash, c.payloadLength, by.signers, by.signature);
    }

    /// @dev As many of the first members as must sign.
    function _quorum() internal pure virtual returns (uint256) {
        return (1 << _blsThreshold()) - 1;
    }

    /// @dev Posts a payload that as many members of the BLS epoch hold as must.
    function _postWith(bytes memory payload) internal virtual override {
        Certificate memory c = _certificate(payload, BLS_EPOCH);
        _postAux(3, _blsAux(c, _quorum()), Hashing.committee(c.payloadHash, c.payloadLength));
    }
}
