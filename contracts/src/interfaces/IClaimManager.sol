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
    /// @notice What is kept of a content, in four slots. Vector root and end output are in its id: whoever needs them brings them.
    ///
    /// `parent` and `confirmedChild` are indices; `confirmedChild` is zero while there is none. `number` is the L2 block of the end
    /// output. `sequence` orders resolutions and slashings; without `confirmedAt` it means that the content was rejected.
    struct Content {
        Claim id;
        bytes32 outputRoot;
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
    /// @notice There is no such content.
    error ClaimManager_UnknownContent(Claim content);
    /// @notice The content was asserted already: call `back`.
    error ClaimManager_ContentExists(Claim content);
    /// @notice The parent has a confirmed child already, or the content itself is confirmed.
    error ClaimManager_Resolved(Claim content);
    /// @notice The caller has an instance of this content already.
    error ClaimManager_InstanceExists(Claim content, address owner);
    /// @notice There is no live instance of this content by this owner.
    error ClaimManager_InstanceNotLive(Claim content, address owner);
    /// @notice The inbox does not hold the batches that the parent's next claim covers: wait for batch `n1`.
    error ClaimManager_TooEarly(uint64 n1);
    /// @notice A field of the end output contradicts the inbox.
    error ClaimManager_BadOutput(string field);
    /// @notice The content is not ripe: its parent is not confirmed, its window not over, or it has no live instance.
    error ClaimManager_NotRipe(Claim content);
    /// @notice Only the referee may refute.
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
    event StakeDeposited(address indexed owner);
    event StakeForfeited(address indexed owner);
    event StakeWithdrawn(address indexed owner);

    /// @notice Stakes for the caller; one stake covers all of an owner's claims.
    function deposit() external payable;

    /// @notice Pays the caller's stake back, once all of its instances are settled.
    function withdrawStake() external;

    /// @notice Pays the treasury what was forfeited. Anybody may call.
    function collect() external;

    /// @notice Claims that the batches after `parentId` lead to these outputs.
    function assertClaim(Claim parentId, bytes32[256] calldata vector, Output calldata endOutput)
        external
        returns (Claim contentId);

    /// @notice Adds the caller's own instance of a content somebody asserted.
    function back(Claim contentId) external;

    /// @notice Makes a ripe content final for ever.
    function confirm(Claim contentId) external;

    /// @notice Marks a content that can never be confirmed, so that its children can be rejected in turn.
    function reject(Claim contentId) external;

    /// @notice Refutes one owner's instance; the owner loses its stake and all its other instances.
    function refute(Claim contentId, address owner) external;

    /// @notice Closes an instance that is confirmed or rejected. A rejected one costs the stake.
    function settle(Claim contentId, address owner) external;

    /// @notice Steps over at most `most` refuted instances at the head of a content's list. Only needed where there are so many that
    /// confirming the content would run out of gas.
    function skipRefuted(Claim contentId, uint256 most) external;

    /// @notice Number of contents.
    function contentCount() external view returns (uint256);

    /// @notice The content with this index.
    function contentAt(uint256 index) external view returns (Content memory);

    /// @notice The index of a content; reverts if there is none.
    function indexOf(Claim contentId) external view returns (uint256);

    /// @notice Where one owner's instance stands.
    function instanceStatus(Claim contentId, address owner) external view returns (InstanceStatus);

    /// @notice Whether withdrawals may be proven against this content.
    function isOpen(Claim contentId) external view returns (bool);

    /// @notice L1 time at which the oldest live instance's window ends; zero if there is no live instance.
    function closesAt(Claim contentId) external view returns (uint64);

    /// @notice Time in which a claim can be refuted, in seconds.
    function window() external view returns (uint64);
}
