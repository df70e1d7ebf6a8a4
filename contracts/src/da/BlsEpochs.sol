// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LibBit} from "solady/utils/LibBit.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {ICommitteeRegistry} from "../interfaces/ICommitteeRegistry.sol";
import {Bls12381} from "../libraries/Bls12381.sol";
import {Constants} from "../libraries/Constants.sol";
import {BlsSignature} from "../types/Certificate.sol";

/// @notice The keys and epochs of committees that sign with BLS12-381.
///
/// A key counts only with a proof of possession: without it a member could register the difference between a key of its own and those
/// of others, and sign for all of them. With it, one signature of a set of members is one of each.
///
/// An epoch's table is the code of a contract, after a zero byte: threshold (2 bytes) ‖ mandatory (32) ‖ the sum of all keys (192) ‖
/// four contracts with 64 keys each (20 each) ‖ members (20 each).
abstract contract BlsEpochs is ICommitteeRegistry {
    /// @dev Who has this key signs this: another tag than that of certificates, so that neither is ever the other.
    bytes private constant PROOF_DST = "MEZZANINE_COMMITTEE_POP_V1_BLS12381G1_XMD:SHA-256_SSWU_RO_";
    /// @dev The ciphersuite's own tag: whatever signs with BLS can sign certificates.
    bytes private constant SIGNATURE_DST = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";

    uint256 internal constant ADDRESS_SIZE = 20;
    uint256 private constant KEY_SIZE = Bls12381.G2_PACKED;
    uint256 private constant SUM_OFFSET = 34;
    uint256 private constant PAGES_OFFSET = SUM_OFFSET + KEY_SIZE;
    uint256 private constant PAGES = 4;
    uint256 private constant KEYS_PER_PAGE = Constants.BLS_MEMBERS_MAX / PAGES;
    uint256 private constant MEMBERS_OFFSET = PAGES_OFFSET + PAGES * ADDRESS_SIZE;

    /// @dev Hashes of member and key.
    mapping(bytes32 id => bool) private _registered;
    /// @dev By table: the number of an epoch that was cancelled is given again.
    mapping(address table => uint256) private _revoked;

    /// @inheritdoc ICommitteeRegistry
    function registerKey(address member, bytes calldata key, bytes calldata proof) external {
        bytes memory point = Bls12381.unpack(key, KEY_SIZE);
        bytes memory hash = Bls12381.hashToG1(abi.encodePacked(member, key), PROOF_DST);
        bytes memory signature = Bls12381.unpack(proof, Bls12381.G1_PACKED);
        if (!Bls12381.verify(signature, hash, point)) revert CommitteeRegistry_WrongProof(member);
        _registered[_id(member, key)] = true;
        emit KeyRegistered(member, key);
    }

    /// @inheritdoc ICommitteeRegistry
    function isRegistered(address member, bytes calldata key) public view returns (bool) {
        return _registered[_id(member, key)];
    }

    /// @dev Writes the table of an epoch, and the keys.
    function _writeTable(address[] calldata members, bytes calldata keys, uint16 threshold, uint256 mandatory)
        internal
        returns (address)
    {
        uint256 count = members.length;
        bool sized = count > Constants.MEMBERS_MAX && count <= Constants.BLS_MEMBERS_MAX;
        if (!sized || keys.length != count * KEY_SIZE) revert CommitteeRegistry_BadMembers(count);
        if (threshold == 0 || threshold > count) revert CommitteeRegistry_BadThreshold(threshold, count);
        if (mandatory >> count != 0 || LibBit.popCount(mandatory) > threshold) {
            revert CommitteeRegistry_BadMandatory(mandatory);
        }
        address previous;
        // Room for the twelve bytes that the last member's word has more.
        bytes memory packed = new bytes(count * ADDRESS_SIZE + 12);
        for (uint256 i; i < count; ++i) {
            address member = members[i];
            if (member <= previous) revert CommitteeRegistry_BadMembers(i);
            if (!isRegistered(member, keys[i * KEY_SIZE:(i + 1) * KEY_SIZE])) {
                revert CommitteeRegistry_UnknownKey(member);
            }
            previous = member;
            assembly ("memory-safe") {
                mstore(add(add(packed, 0x20), mul(i, ADDRESS_SIZE)), shl(96, member))
            }
        }
        assembly ("memory-safe") {
            mstore(packed, mul(count, ADDRESS_SIZE))
        }
        (bytes memory sum, bytes memory pages) = _writeKeys(keys);
        return SSTORE2.write(abi.encodePacked(threshold, mandatory, sum, pages, packed));
    }

    /// @dev Writes the keys, 64 to a contract; returns their sum, packed, and the contracts' addresses.
    function _writeKeys(bytes calldata keys) private returns (bytes memory, bytes memory pages) {
        bytes memory sum = Bls12381.newSum();
        for (uint256 from; from < PAGES * KEYS_PER_PAGE * KEY_SIZE; from += KEYS_PER_PAGE * KEY_SIZE) {
            address page;
            if (from < keys.length) {
                uint256 to = from + KEYS_PER_PAGE * KEY_SIZE;
                bytes memory some = keys[from:to < keys.length ? to : keys.length];
                for (uint256 i; i < some.length / KEY_SIZE; ++i) {
                    Bls12381.add(sum, some, i);
                }
                page = SSTORE2.write(some);
            }
            pages = abi.encodePacked(pages, page);
        }
        return (Bls12381.pack(Bls12381.pointOf(sum)), pages);
    }

    /// @dev The rules of the epoch with this table.
    function _rules(address table) internal view returns (BlsEpoch memory) {
        bytes memory head = SSTORE2.read(table, 0, SUM_OFFSET);
        return BlsEpoch({
            members: uint16(_count(table)),
            threshold: uint16(bytes2(head)),
            mandatory: _word(head, 2),
            revoked: _revoked[table]
        });
    }

    /// @dev The members of the epoch with this table, 20 bytes each.
    function _members(address table) internal view returns (bytes memory) {
        return SSTORE2.read(table, MEMBERS_OFFSET);
    }

    /// @dev The keys of all members, 192 bytes each.
    function _keys(address table) internal view returns (bytes memory keys) {
        bytes memory pages = SSTORE2.read(table, PAGES_OFFSET, MEMBERS_OFFSET);
        for (uint256 i; i * KEYS_PER_PAGE < _count(table); ++i) {
            keys = bytes.concat(keys, SSTORE2.read(address(bytes20(bytes32(_word(pages, i * ADDRESS_SIZE))))));
        }
    }

    /// @dev Whether all signers, and nobody else, have signed `digest`. They must be members.
    function _isSignedBy(address table, bytes32 digest, BlsSignature calldata by) internal view returns (bool) {
        if (by.signers == 0 || by.signature.length != Bls12381.G1_PACKED) return false;
        uint256 count = _count(table);
        if (by.signers >> count != 0) return false;
        bytes memory signature = Bls12381.unpack(by.signature, Bls12381.G1_PACKED);
        bytes memory hash = Bls12381.hashToG1(abi.encodePacked(digest), SIGNATURE_DST);
        return Bls12381.verify(signature, hash, _keyOf(table, by.signers, count));
    }

    /// @dev The sum of the signers' keys: of theirs, or of all keys less those of the others, whichever are fewer.
    function _keyOf(address table, uint256 signers, uint256 count) private view returns (bytes memory) {
        bytes memory head = SSTORE2.read(table, SUM_OFFSET, MEMBERS_OFFSET);
        uint256 others = signers ^ (type(uint256).max >> (256 - count));
        bool without = LibBit.popCount(others) < LibBit.popCount(signers);
        uint256 bits = without ? others : signers;
        bytes memory sum = Bls12381.newSum();
        for (uint256 i; bits >> (i * KEYS_PER_PAGE) != 0; ++i) {
            uint256 part = (bits >> (i * KEYS_PER_PAGE)) & ((1 << KEYS_PER_PAGE) - 1);
            if (part == 0) continue;
            bytes memory page = SSTORE2.read(address(bytes20(bytes32(_word(head, KEY_SIZE + i * ADDRESS_SIZE)))));
            for (; part != 0; part &= part - 1) {
                Bls12381.add(sum, page, LibBit.ffs(part));
            }
        }
        if (without) {
            Bls12381.negate(sum);
            Bls12381.add(sum, head, 0);
        }
        return Bls12381.pointOf(sum);
    }

    /// @dev Revokes unless the committee could not sign without this member, or it is revoked already.
    function _tryRevokeBls(address table, uint256 index) internal returns (bool) {
        BlsEpoch memory epoch = _rules(table);
        uint256 left = epoch.members - LibBit.popCount(epoch.revoked);
        if ((epoch.revoked | epoch.mandatory) & (1 << index) != 0 || left == epoch.threshold) return false;
        _revoked[table] = epoch.revoked | 1 << index;
        return true;
    }

    function _count(address table) private view returns (uint256) {
        // The code begins with a zero byte.
        return (table.code.length - 1 - MEMBERS_OFFSET) / ADDRESS_SIZE;
    }

    function _id(address member, bytes calldata key) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(member, key));
    }

    function _word(bytes memory data, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), offset))
        }
    }
}
