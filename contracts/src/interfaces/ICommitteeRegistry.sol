// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BlsSignature, Certificate} from "../types/Certificate.sol";

/// @notice Who holds the data of a chain: the members of a committee by epoch (docs/spec/committee.md).
///
/// Of an epoch's members `threshold` must sign, among them all that are `mandatory`. So whatever is certified, one of any
/// `members + 1 - threshold` holds it.
///
/// Up to 20 members sign with secp256k1, each for itself; 21 to 256 with BLS12-381, which gives one signature for all. Those have
/// registered their keys before, with a proof of possession.
interface ICommitteeRegistry {
    /// @notice The members of one epoch. `mandatory` and `revoked` have bit `i` for the member with index `i`.
    ///
    /// `table` is the contract whose code is a zero byte and the addresses of the members, in ascending order. In a BLS epoch
    /// `threshold`, `mandatory` and `revoked` are zero: `blsEpochAt` has them.
    struct Epoch {
        address table;
        uint40 activeFrom;
        uint8 threshold;
        uint24 mandatory;
        uint24 revoked;
    }

    /// @notice The rules of one BLS epoch. `mandatory` and `revoked` have bit `i` for the member with index `i`.
    struct BlsEpoch {
        uint16 members;
        uint16 threshold;
        uint256 mandatory;
        uint256 revoked;
    }

    /// @notice A constructor argument is zero or contradicts another.
    error CommitteeRegistry_BadParameter(string name);
    /// @notice There must be 1 to 20 members, or 21 to 256 with as many BLS keys, in ascending order, none twice and none zero.
    error CommitteeRegistry_BadMembers(uint256 index);
    /// @notice The threshold must be between 1 and the number of members.
    error CommitteeRegistry_BadThreshold(uint256 threshold, uint256 members);
    /// @notice A bit of `mandatory` is that of no member, or more are mandatory than must sign.
    error CommitteeRegistry_BadMandatory(uint256 mandatory);
    /// @notice The proof is not a signature with this key over the member and the key, or the key is none.
    error CommitteeRegistry_WrongProof(address member);
    /// @notice The member has not registered this key: call `registerKey` with its proof before.
    error CommitteeRegistry_UnknownKey(address member);
    /// @notice The epoch's members sign with the other curve.
    error CommitteeRegistry_OtherScheme(uint64 epoch);
    /// @notice The next epoch is fixed already: wait until `activeFrom`, or cancel it.
    error CommitteeRegistry_Pending(uint64 epoch, uint64 activeFrom);
    /// @notice There is no epoch to come.
    error CommitteeRegistry_NothingPending();
    /// @notice There is no such epoch.
    error CommitteeRegistry_UnknownEpoch(uint64 epoch);
    /// @notice The epoch signs from `activeFrom` until `until` (zero: no end is set).
    error CommitteeRegistry_NotSigning(uint64 epoch, uint64 activeFrom, uint64 until);
    /// @notice Only the guardian, or the member itself, may revoke.
    error CommitteeRegistry_Unauthorized(address caller);
    /// @notice Without this member the committee could not sign any more, or it is revoked already: rotate instead.
    error CommitteeRegistry_Indispensable(uint64 epoch, uint256 index);
    /// @notice The two certificates are not for one place, are the same, are not both live, or are not of one member.
    error CommitteeRegistry_NoEquivocation(string reason);

    event EpochProposed(uint64 indexed epoch, uint64 activeFrom, uint8 threshold, uint24 mandatory, address[] members);
    event BlsEpochProposed(
        uint64 indexed epoch, uint64 activeFrom, uint16 threshold, uint256 mandatory, address[] members
    );
    /// @notice The member has shown that it has the BLS key.
    event KeyRegistered(address indexed member, bytes key);
    event EpochCancelled(uint64 indexed epoch);
    event MemberRevoked(uint64 indexed epoch, uint256 indexed index, address member);
    /// @notice A member signed two payloads for one place. It is `revoked` unless the committee could not sign without it.
    event EquivocationShown(
        uint64 indexed epoch,
        uint256 indexed index,
        address member,
        bytes32 firstPayload,
        bytes32 secondPayload,
        bool revoked
    );

    /// @notice Fixes the next epoch, which begins after `rotationDelay`. Only the owner may, and only one may be to come.
    function propose(address[] calldata members, uint8 threshold, uint24 mandatory) external returns (uint64 epoch);

    /// @notice Notes that a member has a BLS key. Anybody may bring it: `proof` is a signature with the key over member and key.
    ///
    /// `key` is a point of G2 and `proof` one of G1, coordinates of 48 bytes (`Bls12381`).
    function registerKey(address member, bytes calldata key, bytes calldata proof) external;

    /// @notice As `propose`, for 21 to 256 members that sign with BLS12-381; `keys` are their registered keys, one after the other.
    function proposeBls(address[] calldata members, bytes calldata keys, uint16 threshold, uint256 mandatory)
        external
        returns (uint64 epoch);

    /// @notice Takes the epoch to come back. Only the owner may.
    function cancel() external;

    /// @notice Takes a member's signatures out of an epoch at once, for a leaked key. The threshold stays, so no fewer can certify.
    function revoke(uint64 epoch, uint256 index) external;

    /// @notice Shows that one member signed two payloads for one place of `inbox`, both of which could be posted now. Anybody may.
    function showEquivocation(
        address inbox,
        Certificate calldata first,
        bytes calldata firstSignature,
        Certificate calldata second,
        bytes calldata secondSignature
    ) external;

    /// @notice As `showEquivocation`, in a BLS epoch: of all members that are in both signatures, each of which may be of one or of many.
    function showBlsEquivocation(
        address inbox,
        Certificate calldata first,
        BlsSignature calldata firstSignature,
        Certificate calldata second,
        BlsSignature calldata secondSignature
    ) external;

    /// @notice The epoch that certificates may name now, with its members packed, 20 bytes each (none in a BLS epoch); reverts if it
    /// does not sign.
    function signing(uint64 epoch) external view returns (Epoch memory, bytes memory members);

    /// @notice Whether certificates of this epoch may be posted now.
    function isSigning(uint64 epoch) external view returns (bool);

    /// @notice An epoch, past, present or to come.
    function epochAt(uint64 epoch) external view returns (Epoch memory);

    /// @notice The rules of a BLS epoch, past, present or to come; reverts if it is none.
    function blsEpochAt(uint64 epoch) external view returns (BlsEpoch memory);

    /// @notice The keys of a BLS epoch's members, 192 bytes each.
    function blsKeysOf(uint64 epoch) external view returns (bytes memory keys);

    /// @notice Whether the BLS signature over `digest` is that of all its signers, which must be members of this BLS epoch.
    function isSigned(uint64 epoch, bytes32 digest, BlsSignature calldata by) external view returns (bool);

    /// @notice Whether the member has shown that it has this BLS key.
    function isRegistered(address member, bytes calldata key) external view returns (bool);

    /// @notice The members of an epoch: for reading, for ever.
    function membersOf(uint64 epoch) external view returns (address[] memory);

    /// @notice Number of epochs, with the one to come.
    function epochCount() external view returns (uint64);

    /// @notice Time between fixing an epoch and its beginning, in seconds.
    function rotationDelay() external view returns (uint64);

    /// @notice How long an epoch may still sign when the next has begun, in seconds.
    function overlap() external view returns (uint64);

    /// @notice How long a certificate that is posted must bind its signers yet, in seconds.
    function retention() external view returns (uint64);
}
