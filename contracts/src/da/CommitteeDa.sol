// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {LibBit} from "solady/utils/LibBit.sol";
import {IBatches} from "../interfaces/IBatches.sol";
import {ICommitteeRegistry} from "../interfaces/ICommitteeRegistry.sol";
import {IDataAvailability} from "../interfaces/IDataAvailability.sol";
import {Bits} from "../libraries/Bits.sol";
import {Constants} from "../libraries/Constants.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {BlsSignature, Certificate} from "../types/Certificate.sol";

/// @notice Batch data with a committee: `aux` is a certificate that enough of its members have signed (docs/spec/committee.md).
///
/// The caller is the inbox: its head is the place that the certificate must name. So one committee can serve any number of chains.
///
/// `aux`: epoch (8 bytes) ‖ expiry (8) ‖ payloadHash (32) ‖ payloadLength (4) ‖ signers (3) ‖ a signature `r ‖ s ‖ v` (65) for each
/// bit of `signers`, from the lowest on. Of a BLS epoch, with more than 20 members: the same fields ‖ signers (32) ‖ one signature (96),
/// the sum of theirs.
contract CommitteeDa is IDataAvailability {
    /// @notice A constructor argument is zero.
    error CommitteeDa_BadParameter(string name);
    /// @notice The payload must have 1 to 786,432 bytes.
    error CommitteeDa_PayloadLength(uint32 length);
    /// @notice The certificate must bind its signers until `needed` at least: ask them for a new one.
    error CommitteeDa_Expired(uint64 expiry, uint64 needed);
    /// @notice Fewer have signed than must.
    error CommitteeDa_TooFewSignatures(uint256 count, uint256 threshold);
    /// @notice These members, bit by bit, must sign and have not.
    error CommitteeDa_MandatoryMissing(uint256 members);
    /// @notice These bits of `signers` are revoked, or those of no member.
    error CommitteeDa_NotMembers(uint256 signers);
    /// @notice The signature is not that of the member with this index over this certificate.
    error CommitteeDa_WrongSignature(uint256 index);

    /// @notice The signature is not that of all its signers, and of nobody else, over this certificate.
    error CommitteeDa_WrongAggregate();

    uint256 private constant HEAD_SIZE = 55;
    uint256 private constant BLS_SIZE = 52 + 32 + 96;
    uint256 private constant SIGNATURE_SIZE = 65;

    /// @notice Knows the members.
    ICommitteeRegistry public immutable registry;

    constructor(ICommitteeRegistry registry_) {
        if (address(registry_) == address(0)) revert CommitteeDa_BadParameter("registry");
        registry = registry_;
    }

    /// @inheritdoc IDataAvailability
    function commit(bytes calldata aux) external view returns (bytes32 daHash) {
        if (aux.length < HEAD_SIZE) revert BadAux("shorter than a certificate");
        uint64 index = IBatches(msg.sender).batchCount();
        Certificate memory c = Certificate({
            batchIndex: index,
            prevAcc: IBatches(msg.sender).acc(index),
            payloadHash: bytes32(aux[16:48]),
            payloadLength: uint32(bytes4(aux[48:52])),
            epoch: uint64(bytes8(aux[0:8])),
            expiry: uint64(bytes8(aux[8:16]))
        });
        (ICommitteeRegistry.Epoch memory epoch, bytes memory members) = registry.signing(c.epoch);

        uint256 most = Constants.CHUNKS_MAX * Constants.CHUNK_SIZE;
        if (c.payloadLength == 0 || c.payloadLength > most) revert CommitteeDa_PayloadLength(c.payloadLength);
        uint64 needed = uint64(block.timestamp) + registry.retention();
        if (c.expiry < needed) revert CommitteeDa_Expired(c.expiry, needed);
        bytes32 digest = Hashing.certificate(c, block.chainid, msg.sender);
        // The threshold of a BLS epoch is elsewhere.
        if (epoch.threshold == 0) {
            _checkBls(digest, c.epoch, aux);
        } else {
            uint24 signers = uint24(bytes3(aux[52:55]));
            _checkSigners(signers, epoch, members.length / 20);
            _checkSignatures(digest, signers, members, aux[HEAD_SIZE:]);
        }
        return Hashing.committee(c.payloadHash, c.payloadLength);
    }

    function _checkBls(bytes32 digest, uint64 number, bytes calldata aux) private view {
        if (aux.length != BLS_SIZE) revert BadAux("not one BLS signature");
        BlsSignature memory by = BlsSignature(uint256(bytes32(aux[52:84])), aux[84:]);
        ICommitteeRegistry.BlsEpoch memory epoch = registry.blsEpochAt(number);
        // A shift by 256 leaves nothing: all bits are those of members then.
        uint256 wrong = by.signers & (epoch.revoked | type(uint256).max << epoch.members);
        if (wrong != 0) revert CommitteeDa_NotMembers(wrong);
        uint256 missing = epoch.mandatory & ~by.signers;
        if (missing != 0) revert CommitteeDa_MandatoryMissing(missing);
        uint256 count = LibBit.popCount(by.signers);
        if (count < epoch.threshold) revert CommitteeDa_TooFewSignatures(count, epoch.threshold);
        if (!registry.isSigned(number, digest, by)) revert CommitteeDa_WrongAggregate();
    }

    function _checkSigners(uint24 signers, ICommitteeRegistry.Epoch memory epoch, uint256 members) private pure {
        uint24 wrong = signers & (epoch.revoked | ~uint24((1 << members) - 1));
        if (wrong != 0) revert CommitteeDa_NotMembers(wrong);
        uint24 missing = epoch.mandatory & ~signers;
        if (missing != 0) revert CommitteeDa_MandatoryMissing(missing);
        uint256 count = Bits.count(signers);
        if (count < epoch.threshold) revert CommitteeDa_TooFewSignatures(count, epoch.threshold);
    }

    function _checkSignatures(bytes32 digest, uint24 signers, bytes memory members, bytes calldata signatures)
        private
        pure
    {
        if (signatures.length != SIGNATURE_SIZE * Bits.count(signers)) {
            revert BadAux("not a signature for each signer");
        }
        uint256 offset;
        for (uint256 bits = signers; bits != 0; bits &= bits - 1) {
            uint256 index = Bits.lowest(bits);
            (address signer, ECDSA.RecoverError problem,) =
                ECDSA.tryRecoverCalldata(digest, signatures[offset:offset + SIGNATURE_SIZE]);
            if (problem != ECDSA.RecoverError.NoError || signer != Bits.addressAt(members, index)) {
                revert CommitteeDa_WrongSignature(index);
            }
            offset += SIGNATURE_SIZE;
        }
    }
}
