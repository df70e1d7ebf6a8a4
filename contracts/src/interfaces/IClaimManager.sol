// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Claim, Output} from "../types/Output.sol";
import {ISettlement} from "./ISettlement.sol";

/// @notice Where one owner's instance of a content stands. The last three are terminal.
enum InstanceStatus {
    None,
    Live,
    Confirmed,
    Refuted,
    Rejected
}

/// @notice Claims about the L2, their owners and stakes (docs/spec/output.md).
interface IClaimManager is ISettlement {
    /// @notice What is kept of a content, in six slots. `endHash` is the hash of its end output.
    ///
    /// `parent` and `confirmedChild` are indices; `confirmedChild` is zero while there is none. `number` is the L2 block of the end
    /// output. `sequence` orders resolutions and slashings; without `confirmedAt` it means that the content was rejected.
    struct Content {
        Claim id;
        bytes32 outputRoot;
        bytes32 vectorRoot;
        bytes32 endHash;
        uint64 parent;
        uint64 n1;
        uint64 childN1;
        uint64 createdAt;
        uint64 confirmedAt;
        uint64 confirmedChild;
        uint64 number;
        uint64 sequence;
    }

    /// @notice A constructor argument is zero or contradicts another.
    error ClaimManager_BadParameter(string name);
    /// @notice Exactly `stake` must be sent, once.
    error ClaimManager_WrongStake(uint256 sent, uint256 stake);
    /// @notice The caller has a stake already.
    error ClaimManager_StakedAlready(address owner);
    /// @notice The owner has no stake: call `deposit` first.
    error ClaimManager_NotStaked(address owner);
    /// @notice The owner was refuted; its address cannot claim again.
    error ClaimManager_Slashed(address owner);
    /// @notice The owner still has instances that are neither confirmed nor settled.
    error ClaimManager_InstancesOpen(uint64 count);
    /// @notice An owner's instances form one path: back the claim's parent first. `tip` is the owner's newest claim.
    error ClaimManager_OffPath(Claim tip);
    /// @notice There is no such content.
    error ClaimManager_UnknownContent(Claim content);
    /// @notice The parent has a confirmed child already, or the content itself is confirmed.
    error ClaimManager_Resolved(Claim content);
    /// @notice The caller has an instance of this content already.
    error ClaimManager_InstanceExists(Claim content, address owner);
    /// @notice There is no live instance of this content by this owner.
    error ClaimManager_InstanceNotLive(Claim content, address owner);
    /// @notice The inbox does not hold the batches that the parent's next claim covers: wait for batch `n1`.
    error ClaimManager_TooEarly(uint64 n1);
    /// @notice The batches that the claim is about are not those in the inbox: L1 was reorganised. Derive them again, then claim.
    error ClaimManager_OtherBatches(uint64 n1, bytes32 acc);
    /// @notice The game is not deployed yet: nobody could doubt a claim. Finish the deployment first.
    error ClaimManager_NoReferee(address referee);
    /// @notice A field of the end output contradicts the inbox.
    error ClaimManager_BadOutput(string field);
    /// @notice The content is not ripe: its parent is not confirmed, or no live instance that was looked at is through its window with
    /// every doubt answered.
    error ClaimManager_NotRipe(Claim content);
    /// @notice Only the referee and the proof router may refute.
    error ClaimManager_NotReferee(address caller);
    /// @notice The content's parent is neither rejected nor the parent of another confirmed content.
    error ClaimManager_NotRejected(Claim content);
    /// @notice The instance is live, was refuted or is settled already.
    error ClaimManager_NotSettleable(Claim content, address owner);
    /// @notice The recipient of a payment refused it.
    error ClaimManager_PaymentFailed(address to);

    event ClaimAsserted(
        Claim indexed contentId,
        Claim indexed parentId,
        uint256 indexed index,
        address owner,
        uint64 n1,
        uint64 childN1,
        bytes32 vectorRoot,
        Output endOutput,
        bytes32[256] vector
    );
    event ClaimBacked(Claim indexed contentId, address indexed owner);
    event ClaimConfirmed(Claim indexed contentId, uint256 indexed index);
    event ClaimRejected(Claim indexed contentId, uint256 indexed index);
    event InstanceRefuted(Claim indexed contentId, address indexed owner);
    event InstanceSettled(Claim indexed contentId, address indexed owner, InstanceStatus status);
    event CreditWithdrawn(address indexed to, uint256 amount);
    event Rewarded(address indexed to, uint256 amount);
    event StakeDeposited(address indexed owner);
    event StakeForfeited(address indexed owner);
    event StakeWithdrawn(address indexed owner);

    /// @notice Stakes for the caller; one stake covers all of an owner's claims.
    function deposit() external payable;

    /// @notice Pays the caller's stake back, once all of its instances are settled.
    function withdrawStake() external;

    /// @notice Pays the treasury what was forfeited. Anybody may call.
    function collect() external;

    /// @notice Pays the caller its rewards.
    function withdrawCredit() external;

    /// @notice Claims that the batches after `parentId` lead to these outputs. If somebody asserted the same already, it is `back`.
    /// The proof router asserts what it is about to prove: without a stake, and nobody has an instance then (`owner` is zero).
    /// `acc` is the inbox's accumulator after the last of them, as the caller knows it.
    function assertClaim(Claim parentId, bytes32 acc, bytes32[256] calldata vector, Output calldata endOutput)
        external
        returns (Claim contentId);

    /// @notice Adds the caller's own instance of a content somebody asserted.
    function back(Claim contentId) external;

    /// @notice Makes a content final for ever by this owner's instance: its parent is final, the instance is live, no node on it is
    /// open, and its close has passed. With `owner` zero: by its validity proof alone, where the policy is FAST.
    function confirm(Claim contentId, address owner) external;

    /// @notice Marks a content that can never be confirmed, so that its children can be rejected in turn.
    function reject(Claim contentId) external;

    /// @notice Refutes one owner's instance; the owner loses its stake and all its other instances. Half of the stake is split equally
    /// among `rewarded`, an address as often as it is named.
    function refute(Claim contentId, address owner, address[] calldata rewarded) external;

    /// @notice Closes an instance that is confirmed or rejected. A rejected one costs the stake.
    function settle(Claim contentId, address owner) external;

    /// @notice Steps over at most `most` refuted instances at the head of a content's list. Needed where there are more than are looked
    /// at, so that `tryConfirm`, `isRipe` and `closesAt` see what comes after them.
    function skipRefuted(Claim contentId, uint256 most) external;

    /// @notice Number of contents.
    function contentCount() external view returns (uint256);

    /// @notice The content with this index.
    function contentAt(uint256 index) external view returns (Content memory);

    /// @notice The index of a content; reverts if there is none.
    function indexOf(Claim contentId) external view returns (uint256);

    /// @notice Where one owner's instance stands.
    function instanceStatus(Claim contentId, address owner) external view returns (InstanceStatus);

    /// @notice When an instance was made; zero if there is none.
    function instanceCreatedAt(Claim contentId, address owner) external view returns (uint64);

    /// @notice What a content says: from the output with hash `startHash`, batches up to `n1` lead to the 256 outputs under `vectorRoot`.
    function statementOf(Claim contentId) external view returns (bytes32 startHash, bytes32 vectorRoot, uint64 n1);

    /// @notice Whether withdrawals may be proven against this content: it is final, or may become so by an instance that is live or
    /// by its validity proof.
    function isOpen(Claim contentId) external view returns (bool);

    /// @notice L1 time after which the content can be confirmed, as far as is known: the earliest close among its first live instances,
    /// or when its validity proof makes it final. A query on such an instance may put it off. Zero if there is neither.
    function closesAt(Claim contentId) external view returns (uint64);

    /// @notice What `withdrawCredit` pays this address, in wei.
    function credits(address who) external view returns (uint256);

    /// @notice Time in which a claim can be queried, in seconds.
    function window() external view returns (uint64);

    /// @notice What an owner stakes, in wei.
    function stake() external view returns (uint256);

    /// @notice The game, which refutes.
    function referee() external view returns (address);

    /// @notice Which version of the program each batch belongs to.
    function programs() external view returns (address);

    /// @notice The router of validity proofs; zero where there are none.
    function proofs() external view returns (address);

    /// @notice The batches that the claims are about: the inbox, or `SealedInbox`.
    function inbox() external view returns (address);
}
