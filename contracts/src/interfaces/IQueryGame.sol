// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Claim} from "../types/Output.sol";

/// @notice Where a doubt stands.
enum NodeStatus {
    None,
    Open,
    Answered,
    Proven,
    /// @dev By a validity proof, which is worth something as long as no other contradicts it.
    Verified
}

/// @notice Decides what is wrong: doubts about the entries of a claim, down to one instruction (docs/spec/fault-proof.md).
///
/// Nothing here can be paused, nobody owns it, and payments are pulled.
interface IQueryGame {
    /// @notice A doubt: "what lies before entry `index` of this vector may be right, the entry is not".
    ///
    /// `parent` is the node whose answer is doubted, zero for the claim's own vector. `ownerUsed` and `querierUsed` are what the
    /// sides have used of their clocks on the way here, `ownerUsed` with the answer. After an answer `start` and `root` are those of
    /// the answer's vector. Times are in seconds.
    struct Node {
        Claim content;
        address owner;
        uint40 askedAt;
        uint40 ownerUsed;
        uint8 index;
        uint8 depth;
        address querier;
        uint40 answeredAt;
        uint40 querierUsed;
        NodeStatus status;
        bool reclaimed;
        bytes32 parent;
        bytes32 start;
        bytes32 end;
        bytes32 root;
    }

    /// @notice A constructor argument is zero or contradicts another.
    error QueryGame_BadParameter(string name);
    /// @notice The payloads of this chain are private: only those whom `demanders` lists may doubt claims.
    error QueryGame_NotDemander(address caller);
    /// @notice Exactly `bond` must be sent.
    error QueryGame_WrongBond(uint256 sent, uint256 bond);
    /// @notice There is no live instance of this content by this owner: it is refuted, confirmed, rejected or was never made.
    error QueryGame_InstanceNotLive(Claim content, address owner);
    /// @notice The bond stays until the instance is resolved.
    error QueryGame_InstanceLive(Claim content, address owner);
    /// @notice This doubt was raised already: go on from its node.
    error QueryGame_NodeExists(bytes32 node);
    /// @notice There is no such node.
    error QueryGame_UnknownNode(bytes32 node);
    /// @notice The parent node is not one of this instance, or it has no answer to doubt.
    error QueryGame_WrongParent(bytes32 parent);
    /// @notice The entry, or the one before it, is not the vector's.
    error QueryGame_WrongEntry(uint256 index);
    /// @notice The time for this move ended at `limit`.
    error QueryGame_TooLate(uint64 limit);
    /// @notice The owner has until `deadline`.
    error QueryGame_TooEarly(uint64 deadline);
    /// @notice The node is answered, proven or does not exist.
    error QueryGame_NodeNotOpen(bytes32 node);
    /// @notice Only the instance's owner answers.
    error QueryGame_NotOwner(address caller);
    /// @notice A doubt of depth 5 is settled by `step`, any other by an answer.
    error QueryGame_WrongDepth(uint8 depth);
    /// @notice The vector does not end where the doubted entry says.
    error QueryGame_WrongEnd(bytes32 last, bytes32 end);
    /// @notice A field of the final state is not what it must be, or the state is not the vector's last entry ("hash").
    error QueryGame_WrongFinalState(string field);
    /// @notice The state is not the one before the doubted instruction.
    error QueryGame_WrongState(bytes32 stateHash, bytes32 start);
    /// @notice The node's bond was credited already.
    error QueryGame_ReclaimedAlready(bytes32 node);
    /// @notice The caller refused the payment.
    error QueryGame_PaymentFailed(address to);
    /// @notice Only the proof router says what is proven.
    error QueryGame_NotProofs(address caller);
    /// @notice The node was not settled by a validity proof, or such proofs still count.
    error QueryGame_NotReopenable(bytes32 node);

    event Queried(
        Claim indexed content,
        address indexed owner,
        bytes32 indexed node,
        bytes32 parent,
        uint8 depth,
        uint8 index,
        address querier,
        bytes32 start,
        bytes32 end,
        uint64 deadline
    );
    event Answered(bytes32 indexed node, bytes32 start, bytes32 root, uint64 childClose, bytes32[256] vector);
    event Proven(bytes32 indexed node);
    event Reopened(bytes32 indexed node, uint64 deadline);
    event Refuted(Claim indexed content, address indexed owner, bytes32 indexed node);
    event Reclaimed(bytes32 indexed node, address to);
    event Withdrawn(address indexed to, uint256 amount);

    /// @notice Doubts entry `index` of the vector that answered `parent`, or of the claim's own vector where `parent` is zero.
    /// @param start The entry before it; of entry 0 what the vector starts from.
    /// @param startProof Siblings of `start` from the bottom; not looked at for entry 0.
    function query(
        Claim content,
        address owner,
        bytes32 parent,
        uint8 index,
        bytes32 start,
        bytes32 end,
        bytes32[] calldata startProof,
        bytes32[] calldata endProof
    ) external payable returns (bytes32 id);

    /// @notice Answers a doubt of depth 0 to 4 with 256 states between its start and its end. Only the owner may.
    /// @param finalState The state that the run ends with, at depth 0; not looked at deeper.
    function answer(bytes32 id, bytes32[256] calldata vector, bytes calldata finalState) external;

    /// @notice Executes the one instruction that a doubt of depth 5 is about: proves the node or refutes the instance.
    function step(bytes32 id, bytes calldata state, bytes32[] calldata proof, bytes calldata aux) external;

    /// @notice Settles a doubt of depth 0 that was decided by a validity proof. Only the proof router may.
    function prove(bytes32 id) external;

    /// @notice Opens a doubt again that a validity proof settled, once such proofs count no more: the owner must answer it. Anybody may.
    function reopen(bytes32 id) external;

    /// @notice Refutes an instance whose owner let a deadline pass.
    function timeout(bytes32 id) external;

    /// @notice Credits the bond of a node of a resolved instance: to its owner if it was confirmed, to the querier otherwise.
    function reclaim(bytes32 id) external;

    /// @notice Pays what the caller is credited.
    function withdraw() external;

    /// @notice Everything that is known of a node.
    function node(bytes32 id) external view returns (Node memory);

    /// @notice Until when an open node must be answered or proven, and until when an answered node's answer may be doubted; the other
    /// is zero.
    function limits(bytes32 id) external view returns (uint64 deadline, uint64 childClose);

    /// @notice The open nodes of an instance, with those to be reopened, and the last moment in which an answer on it may be doubted
    /// (zero without any).
    function standing(Claim content, address owner) external view returns (uint64 openNodes, uint64 closesAt);

    /// @notice What `withdraw` pays this address, in wei.
    function credits(address who) external view returns (uint256);

    /// @notice Knows who may doubt claims (`IDemanders`): a doubt ends in a step that may show a part of a payload. Zero: anybody may.
    function demanders() external view returns (address);

    /// @notice Each side's budget on one path, in seconds.
    function clock() external view returns (uint64);

    /// @notice Least time for any move, in seconds.
    function grace() external view returns (uint64);
}
