// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Claim, Output} from "../types/Output.sol";
import {ValidityProof} from "../types/Proof.sol";
import {IClaimManager} from "./IClaimManager.sol";
import {IProgramRegistry} from "./IProgramRegistry.sol";

/// @notice What a validity proof is worth.
enum Policy {
    /// @dev Nothing: it is recorded and changes nothing.
    StepOnly,
    /// @dev It shortens the window of the content's instances; the game still has the last word.
    Safe,
    /// @dev It makes the content final, decides doubts about spans, and refutes.
    Fast
}

/// @notice Validity proofs of claims: what they are worth, and what happens when they contradict each other
/// (docs/spec/validity-proof.md).
///
/// Nobody owns it, nothing here can be paused, and nothing is accepted that the version's verifier has not accepted.
interface IProofRouter {
    /// @notice What the claim manager asks about a content. `provenAt` is zero without a proof that counts; `wait` is what must pass
    /// after it; `alone` says that it makes the content final without an instance; `timeout` is how long
    /// after its assertion the content waits for a proof before an instance may make it final. Seconds.
    struct Terms {
        uint64 provenAt;
        uint64 wait;
        uint64 timeout;
        bool alone;
    }

    /// @notice Entry `index` of a content's vector and the one before it, which is the parent's end output for entry 0, with their
    /// siblings from the bottom; `startProof` is not looked at for entry 0.
    struct Entry {
        uint8 index;
        bytes32 start;
        bytes32 end;
        bytes32[] startProof;
        bytes32[] endProof;
    }

    /// @notice A constructor argument is zero or contradicts another.
    error ProofRouter_BadParameter(string name);
    /// @notice Only a chain with the policy FAST lets a proof decide this.
    error ProofRouter_NotFast();
    /// @notice Proofs of this version have contradicted each other: no more of them are taken.
    error ProofRouter_Broken(uint256 version);
    /// @notice The genesis content needs no proof.
    error ProofRouter_Genesis();
    /// @notice The content is proven already.
    error ProofRouter_ProvenAlready(Claim content);
    /// @notice The content is proven: if an entry of it is not what a proof says, report the contradiction.
    error ProofRouter_Proven(Claim content);
    /// @notice The content is not proven: there is nothing to contradict.
    error ProofRouter_NotProven(Claim content);
    /// @notice No chain of openings with this hash was checked: call `open` first.
    error ProofRouter_NotOpened(bytes32 openings);
    /// @notice An opening has 192 bytes.
    error ProofRouter_OpeningsLength(uint256 length);
    /// @notice The opening with this index does not show that the blob's polynomial is `y` at `z`.
    error ProofRouter_WrongOpening(uint256 index);
    /// @notice The entry, or the one before it, is not the content's.
    error ProofRouter_WrongEntry(uint256 index);
    /// @notice No run has the result zero.
    error ProofRouter_NoResult();
    /// @notice The results are the same: nothing contradicts anything.
    error ProofRouter_SameResult();
    /// @notice The caller refused the payment.
    error ProofRouter_PaymentFailed(address to);

    event ContentProven(Claim indexed content, uint256 indexed version, address indexed by);
    event ResultRecorded(uint256 indexed version, uint8 indexed kind, bytes32 indexed boot, bytes32 result);
    event BlobsOpened(bytes32 indexed openings, uint256 count);
    event NodeProven(bytes32 indexed node, address indexed by);
    /// @notice A proof says that entry `entry` of the content is another: whoever knows better proves that span too, which is the alarm.
    event InstanceDisproven(Claim indexed content, address indexed owner, address indexed by, uint8 entry);
    /// @notice Proofs of this version contradict each other: from now on they are worth nothing.
    event ProofConflict(uint256 indexed version, bytes32 indexed boot, address indexed reporter, uint256 bounty);
    event Withdrawn(address indexed to, uint256 amount);

    /// @notice Checks openings of blobs ahead of a proof that needs more of them than fit one transaction. They are appended to the
    /// chain `from`, which was checked before, or to none (zero).
    function open(bytes32 from, bytes calldata openings) external returns (bytes32 to);

    /// @notice Records that a content is proven.
    ///
    /// Here and in every other move with a proof: what was proven of a run before needs no proof again; if it was another result, the
    /// alarm is raised instead.
    function prove(Claim content, ValidityProof calldata proof) external;

    /// @notice Asserts a content and proves it, without a stake. FAST only.
    function assertAndProve(
        Claim parentId,
        bytes32 acc,
        bytes32[256] calldata vector,
        Output calldata endOutput,
        ValidityProof calldata proof
    ) external returns (Claim content);

    /// @notice Settles a doubt of depth 0: the program leads from the node's start to its end. FAST only.
    function answerByZk(bytes32 node, ValidityProof calldata proof) external;

    /// @notice Refutes an instance: the program leads from the entry before to `result`, not to the entry. FAST only.
    function refuteByZk(
        Claim content,
        address owner,
        Entry calldata entry,
        bytes32 result,
        ValidityProof calldata proof
    ) external;

    /// @notice Puts the proven result of any run on record, as every other move does with what is proven to it. If another result of the
    /// same run is there, it raises the alarm: who has two proofs calls twice. Kinds are those of `ProofKind`.
    function report(uint256 version, uint8 kind, bytes32 boot, bytes32 result, ValidityProof calldata proof) external;

    /// @notice Raises the alarm: the content is proven, and that one of its entries is another is proven too.
    function reportContradiction(Claim content, Entry calldata entry, bytes32 result, ValidityProof calldata proof)
        external;

    /// @notice Pays the caller its bounties.
    function withdraw() external;

    /// @notice Whose claims the proofs are about.
    function claimManager() external view returns (IClaimManager);

    /// @notice The versions of the program that proofs are of.
    function programs() external view returns (IProgramRegistry);

    /// @notice What a content's proof is worth now.
    function termsOf(Claim content, uint64 n1) external view returns (Terms memory);

    /// @notice When a content was proven; zero if it was not.
    function provenAt(Claim content) external view returns (uint64);

    /// @notice Whether proofs about the content that covers the batches up to `n1` are worth nothing any more.
    function isBroken(uint64 n1) external view returns (bool);

    /// @notice When proofs of a version contradicted each other; zero if they did not.
    function brokenAt(uint256 version) external view returns (uint64);

    /// @notice What a proof is worth.
    function policy() external view returns (Policy);

    /// @notice Time between a proof and finality: the guard of FAST, the shortened window of SAFE. Seconds.
    function wait() external view returns (uint64);

    /// @notice How long a content waits for a proof, from its assertion. Seconds.
    function proverTimeout() external view returns (uint64);

    /// @notice What `withdraw` pays this address, in wei.
    function credits(address who) external view returns (uint256);
}
