// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {LibBit} from "solady/utils/LibBit.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {ICommitteeRegistry} from "../interfaces/ICommitteeRegistry.sol";
import {IPauseController} from "../interfaces/IPauseController.sol";
import {Bits} from "../libraries/Bits.sol";
import {Constants} from "../libraries/Constants.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {BlsSignature, Certificate} from "../types/Certificate.sol";
import {BlsEpochs} from "./BlsEpochs.sol";

/// @notice The members of a data committee, by epoch.
///
/// The owner is the timelock: whom it proposes signs after `rotationDelay`, so that whoever does not trust them can leave before.
/// Nobody can add a signer sooner; revoking one never lowers how many must sign.
contract CommitteeRegistry is BlsEpochs, Ownable2Step {
    /// @notice Everything that the constructor needs. The first epoch begins at once.
    struct Parameters {
        address owner;
        address pauseController;
        uint64 rotationDelay;
        uint64 overlap;
        uint64 retention;
        address[] members;
        uint8 threshold;
        uint24 mandatory;
    }

    /// @dev Keeps all arithmetic on times far from its limits.
    uint64 private constant TIME_MAX = type(uint32).max;

    /// @notice Knows the guardian, who may revoke.
    IPauseController public immutable pauseController;
    /// @inheritdoc ICommitteeRegistry
    uint64 public immutable rotationDelay;
    /// @inheritdoc ICommitteeRegistry
    uint64 public immutable overlap;
    /// @inheritdoc ICommitteeRegistry
    uint64 public immutable retention;

    Epoch[] private _epochs;

    constructor(Parameters memory p) Ownable(p.owner) {
        if (p.pauseController == address(0)) revert CommitteeRegistry_BadParameter("pauseController");
        if (p.rotationDelay == 0 || p.rotationDelay > TIME_MAX) revert CommitteeRegistry_BadParameter("rotationDelay");
        // Two epochs sign together at most: the overlap of one ends before the one after the next begins.
        if (p.overlap > p.rotationDelay) revert CommitteeRegistry_BadParameter("overlap");
        if (p.retention == 0 || p.retention > TIME_MAX) revert CommitteeRegistry_BadParameter("retention");
        pauseController = IPauseController(p.pauseController);
        rotationDelay = p.rotationDelay;
        overlap = p.overlap;
        retention = p.retention;
        _add(p.members, p.threshold, p.mandatory, block.timestamp);
    }

    /// @inheritdoc ICommitteeRegistry
    function propose(address[] calldata members, uint8 threshold, uint24 mandatory)
        external
        onlyOwner
        returns (uint64 epoch)
    {
        return _add(members, threshold, mandatory, _activeFromNext());
    }

    /// @inheritdoc ICommitteeRegistry
    function proposeBls(address[] calldata members, bytes calldata keys, uint16 threshold, uint256 mandatory)
        external
        onlyOwner
        returns (uint64 epoch)
    {
        uint40 activeFrom = uint40(_activeFromNext());
        address table = _writeTable(members, keys, threshold, mandatory);
        epoch = uint64(_epochs.length);
        _epochs.push(Epoch({table: table, activeFrom: activeFrom, threshold: 0, mandatory: 0, revoked: 0}));
        emit BlsEpochProposed(epoch, activeFrom, threshold, mandatory, members);
    }

    /// @inheritdoc ICommitteeRegistry
    function cancel() external onlyOwner {
        uint64 last = epochCount() - 1;
        if (block.timestamp >= _epochs[last].activeFrom) revert CommitteeRegistry_NothingPending();
        _epochs.pop();
        emit EpochCancelled(last);
    }

    /// @inheritdoc ICommitteeRegistry
    function revoke(uint64 epoch, uint256 index) external {
        address member = _memberAt(epoch, index);
        if (msg.sender != member && msg.sender != pauseController.guardian()) {
            revert CommitteeRegistry_Unauthorized(msg.sender);
        }
        if (!_tryRevoke(epoch, index, member)) revert CommitteeRegistry_Indispensable(epoch, index);
    }

    /// @inheritdoc ICommitteeRegistry
    function showEquivocation(
        address inbox,
        Certificate calldata first,
        bytes calldata firstSignature,
        Certificate calldata second,
        bytes calldata secondSignature
    ) external {
        _requireConflict(first, second);
        if (_isBls(epochAt(first.epoch))) revert CommitteeRegistry_OtherScheme(first.epoch);
        address member = ECDSA.recover(Hashing.certificate(first, block.chainid, inbox), firstSignature);
        address other = ECDSA.recover(Hashing.certificate(second, block.chainid, inbox), secondSignature);
        if (member != other) revert CommitteeRegistry_NoEquivocation("two signers");

        uint64 epoch = first.epoch;
        uint256 index = _indexOf(epoch, member);
        bool revoked = _tryRevoke(epoch, index, member);
        emit EquivocationShown(epoch, index, member, first.payloadHash, second.payloadHash, revoked);
    }

    /// @inheritdoc ICommitteeRegistry
    function showBlsEquivocation(
        address inbox,
        Certificate calldata first,
        BlsSignature calldata firstSignature,
        Certificate calldata second,
        BlsSignature calldata secondSignature
    ) external {
        _requireConflict(first, second);
        uint256 both = firstSignature.signers & secondSignature.signers;
        if (both == 0) revert CommitteeRegistry_NoEquivocation("two signers");
        uint64 epoch = first.epoch;
        address table = _blsTable(epoch);
        if (
            !_isSignedBy(table, Hashing.certificate(first, block.chainid, inbox), firstSignature)
                || !_isSignedBy(table, Hashing.certificate(second, block.chainid, inbox), secondSignature)
        ) revert CommitteeRegistry_NoEquivocation("wrong signature");
        for (; both != 0; both &= both - 1) {
            uint256 index = LibBit.ffs(both);
            address member = _memberAt(epoch, index);
            bool revoked = _tryRevoke(epoch, index, member);
            emit EquivocationShown(epoch, index, member, first.payloadHash, second.payloadHash, revoked);
        }
    }

    /// @inheritdoc ICommitteeRegistry
    function signing(uint64 epoch) external view returns (Epoch memory e, bytes memory members) {
        e = epochAt(epoch);
        if (!isSigning(epoch)) revert CommitteeRegistry_NotSigning(epoch, e.activeFrom, _until(epoch));
        if (!_isBls(e)) members = SSTORE2.read(e.table);
    }

    /// @inheritdoc ICommitteeRegistry
    function isSigned(uint64 epoch, bytes32 digest, BlsSignature calldata by) external view returns (bool) {
        return _isSignedBy(_blsTable(epoch), digest, by);
    }

    /// @inheritdoc ICommitteeRegistry
    function blsEpochAt(uint64 epoch) external view returns (BlsEpoch memory) {
        return _rules(_blsTable(epoch));
    }

    /// @inheritdoc ICommitteeRegistry
    function blsKeysOf(uint64 epoch) external view returns (bytes memory) {
        return _keys(_blsTable(epoch));
    }

    /// @inheritdoc ICommitteeRegistry
    function membersOf(uint64 epoch) external view returns (address[] memory members) {
        bytes memory packed = _packed(epoch);
        members = new address[](packed.length / ADDRESS_SIZE);
        for (uint256 i; i < members.length; ++i) {
            members[i] = Bits.addressAt(packed, i);
        }
    }

    /// @inheritdoc ICommitteeRegistry
    function isSigning(uint64 epoch) public view returns (bool) {
        if (epoch >= _epochs.length || block.timestamp < _epochs[epoch].activeFrom) return false;
        uint64 until = _until(epoch);
        return until == 0 || block.timestamp <= until;
    }

    /// @inheritdoc ICommitteeRegistry
    function epochAt(uint64 epoch) public view returns (Epoch memory) {
        if (epoch >= _epochs.length) revert CommitteeRegistry_UnknownEpoch(epoch);
        return _epochs[epoch];
    }

    /// @inheritdoc ICommitteeRegistry
    function epochCount() public view returns (uint64) {
        return uint64(_epochs.length);
    }

    function _add(address[] memory members, uint8 threshold, uint24 mandatory, uint256 activeFrom)
        private
        returns (uint64 epoch)
    {
        uint256 count = members.length;
        if (count == 0 || count > Constants.MEMBERS_MAX) revert CommitteeRegistry_BadMembers(count);
        if (threshold == 0 || threshold > count) revert CommitteeRegistry_BadThreshold(threshold, count);
        if (uint256(mandatory) >> count != 0 || Bits.count(mandatory) > threshold) {
            revert CommitteeRegistry_BadMandatory(mandatory);
        }
        bytes memory table = new bytes(0);
        address previous;
        for (uint256 i; i < count; ++i) {
            if (members[i] <= previous) revert CommitteeRegistry_BadMembers(i);
            previous = members[i];
            table = abi.encodePacked(table, previous);
        }
        epoch = uint64(_epochs.length);
        _epochs.push(
            Epoch({
                table: SSTORE2.write(table),
                activeFrom: uint40(activeFrom),
                threshold: threshold,
                mandatory: mandatory,
                revoked: 0
            })
        );
        emit EpochProposed(epoch, uint64(activeFrom), threshold, mandatory, members);
    }

    /// @dev When an epoch that is proposed now begins; reverts if there is one to come.
    function _activeFromNext() private view returns (uint256) {
        uint64 last = epochCount() - 1;
        uint64 activeFrom = _epochs[last].activeFrom;
        if (block.timestamp < activeFrom) revert CommitteeRegistry_Pending(last, activeFrom);
        return block.timestamp + rotationDelay;
    }

    /// @dev Two payloads for one place, both of which could be posted now.
    function _requireConflict(Certificate calldata first, Certificate calldata second) private view {
        bool onePlace =
            first.epoch == second.epoch && first.batchIndex == second.batchIndex && first.prevAcc == second.prevAcc;
        if (!onePlace) revert CommitteeRegistry_NoEquivocation("other places");
        bool same = first.payloadHash == second.payloadHash && first.payloadLength == second.payloadLength;
        if (same) revert CommitteeRegistry_NoEquivocation("one payload");
        // A member may sign anew once what it signed before can be posted no more.
        uint64 expiry = first.expiry < second.expiry ? first.expiry : second.expiry;
        if (block.timestamp + retention > expiry) revert CommitteeRegistry_NoEquivocation("expired");
    }

    /// @dev Revokes unless the committee could not sign without this member, or it is revoked already.
    function _tryRevoke(uint64 epoch, uint256 index, address member) private returns (bool) {
        Epoch storage e = _epochs[epoch];
        if (_isBls(e)) {
            if (!_tryRevokeBls(e.table, index)) return false;
        } else {
            uint24 bit = uint24(1 << index);
            uint256 left = SSTORE2.read(e.table).length / ADDRESS_SIZE - Bits.count(e.revoked);
            if ((e.revoked | e.mandatory) & bit != 0 || left == e.threshold) return false;
            e.revoked |= bit;
        }
        emit MemberRevoked(epoch, index, member);
        return true;
    }

    function _memberAt(uint64 epoch, uint256 index) private view returns (address) {
        bytes memory packed = _packed(epoch);
        if (index >= packed.length / ADDRESS_SIZE) revert CommitteeRegistry_BadMembers(index);
        return Bits.addressAt(packed, index);
    }

    /// @dev The members of an epoch, 20 bytes each.
    function _packed(uint64 epoch) private view returns (bytes memory) {
        Epoch memory e = epochAt(epoch);
        return _isBls(e) ? _members(e.table) : SSTORE2.read(e.table);
    }

    function _blsTable(uint64 epoch) private view returns (address) {
        Epoch memory e = epochAt(epoch);
        if (!_isBls(e)) revert CommitteeRegistry_OtherScheme(epoch);
        return e.table;
    }

    /// @dev No other epoch has a threshold of zero.
    function _isBls(Epoch memory e) private pure returns (bool) {
        return e.threshold == 0;
    }

    function _indexOf(uint64 epoch, address member) private view returns (uint256 index) {
        bytes memory table = SSTORE2.read(epochAt(epoch).table);
        uint256 count = table.length / ADDRESS_SIZE;
        while (index < count && Bits.addressAt(table, index) != member) ++index;
        if (index == count) revert CommitteeRegistry_NoEquivocation("not a member");
    }

    /// @dev Last second in which an epoch may sign; zero while the next is not fixed.
    function _until(uint64 epoch) private view returns (uint64) {
        return epoch + 1 < _epochs.length ? _epochs[epoch + 1].activeFrom + overlap : 0;
    }
}
