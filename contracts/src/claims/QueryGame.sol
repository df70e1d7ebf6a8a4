// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBatches} from "../interfaces/IBatches.sol";
import {IClaimManager, InstanceStatus} from "../interfaces/IClaimManager.sol";
import {IDemanders} from "../interfaces/IDemanders.sol";
import {IProgramRegistry} from "../interfaces/IProgramRegistry.sol";
import {IProofRouter} from "../interfaces/IProofRouter.sol";
import {IQueryGame, NodeStatus} from "../interfaces/IQueryGame.sol";
import {IStep} from "../interfaces/IStep.sol";
import {Clock} from "../libraries/Clock.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {Claim} from "../types/Output.sol";

/// @notice The query-answer game: six queries and five answers lead from a claim to one instruction.
///
/// The owner of a wrong claim must contradict the machine somewhere, and whoever knows where asks for it. The game never judges an
/// answer: it only holds the owner to what it said, and lets `IStep` execute the instruction that is left.
contract QueryGame is IQueryGame {
    /// @notice Everything that is fixed for the life of a game.
    struct Parameters {
        address claimManager;
        address inbox;
        address step;
        uint64 clock;
        uint64 grace;
        uint256 bond;
        address demanders;
    }

    /// @dev `windowEnd` is the last second for a query of depth 0; `closesAt` the latest `childClose`; `verified` counts the nodes
    /// that validity proofs have settled.
    struct Standing {
        uint64 openNodes;
        uint64 closesAt;
        uint64 windowEnd;
        uint64 verified;
    }

    /// @dev Depth of a doubt about one instruction.
    uint8 private constant LEAF = 5;
    /// @dev A stake is worth at least ten times the six bonds of one path.
    uint256 private constant BONDS_PER_STAKE = 60;
    /// @dev Keeps all arithmetic on times far from its limits.
    uint64 private constant WINDOW_MAX = type(uint32).max;

    IClaimManager public immutable claimManager;
    IBatches public immutable inbox;
    /// @notice Executes one instruction.
    IStep public immutable stepContract;
    /// @notice Which version of the program each batch belongs to.
    IProgramRegistry public immutable programs;
    /// @notice Says what validity proofs have decided; zero where there are none.
    address public immutable proofs;
    /// @inheritdoc IQueryGame
    uint64 public immutable clock;
    /// @inheritdoc IQueryGame
    uint64 public immutable grace;
    /// @notice What a query costs until the instance is resolved, in wei.
    uint256 public immutable bond;
    /// @inheritdoc IQueryGame
    address public immutable demanders;
    uint64 private immutable _window;
    uint64 private immutable _l2ChainId;
    uint32 private immutable _span;

    mapping(bytes32 id => Node) private _nodes;
    mapping(Claim content => mapping(address owner => Standing)) private _standings;
    /// @inheritdoc IQueryGame
    mapping(address who => uint256) public credits;

    constructor(Parameters memory p) {
        if (p.claimManager == address(0)) revert QueryGame_BadParameter("claimManager");
        if (p.inbox == address(0)) revert QueryGame_BadParameter("inbox");
        if (p.step.code.length == 0) revert QueryGame_BadParameter("step");
        if (p.grace == 0) revert QueryGame_BadParameter("grace");
        if (p.clock < p.grace) revert QueryGame_BadParameter("clock");
        IClaimManager manager = IClaimManager(p.claimManager);
        if (manager.referee() != address(this) || manager.inbox() != p.inbox) {
            revert QueryGame_BadParameter("claimManager");
        }
        if (manager.window() < p.clock || manager.window() > WINDOW_MAX) revert QueryGame_BadParameter("window");
        if (p.bond == 0 || manager.stake() / BONDS_PER_STAKE < p.bond) revert QueryGame_BadParameter("bond");
        // Whoever is removed can still doubt all that was claimed before.
        if (p.demanders != address(0) && IDemanders(p.demanders).delay() <= manager.window()) {
            revert QueryGame_BadParameter("demanders");
        }
        claimManager = manager;
        inbox = IBatches(p.inbox);
        stepContract = IStep(p.step);
        programs = IProgramRegistry(manager.programs());
        proofs = manager.proofs();
        clock = p.clock;
        grace = p.grace;
        bond = p.bond;
        demanders = p.demanders;
        _window = manager.window();
        _l2ChainId = IBatches(p.inbox).l2ChainId();
        _span = IBatches(p.inbox).span();
    }

    // --- moves ---

    /// @inheritdoc IQueryGame
    function query(
        Claim content,
        address owner,
        bytes32 parent,
        uint8 index,
        bytes32 start,
        bytes32 end,
        bytes32[] calldata startProof,
        bytes32[] calldata endProof
    ) external payable returns (bytes32 id) {
        // The step that a doubt leads to shows what the machine reads, and whoever doubts chooses which.
        if (demanders != address(0) && !IDemanders(demanders).mayDemand(msg.sender)) {
            revert QueryGame_NotDemander(msg.sender);
        }
        if (msg.value != bond) revert QueryGame_WrongBond(msg.value, bond);
        _requireLive(content, owner);
        id = Hashing.queryId(Claim.unwrap(content), owner, parent, index);
        if (_nodes[id].status != NodeStatus.None) revert QueryGame_NodeExists(id);

        // Until it is stored, the node has start and root of the vector that it is about.
        Node memory opened = parent == 0 ? _doubtOfClaim(content, owner) : _doubtOfAnswer(content, owner, parent);
        if (index == 0) {
            if (start != opened.start) revert QueryGame_WrongEntry(0);
        } else {
            _requireEntry(opened.root, index - 1, start, startProof);
        }
        _requireEntry(opened.root, index, end, endProof);
        opened.index = index;
        opened.start = start;
        opened.end = end;
        opened.root = 0;
        _open(id, opened);
    }

    /// @inheritdoc IQueryGame
    function answer(bytes32 id, bytes32[256] calldata vector, bytes calldata finalState) external {
        Node storage opened = _requireOpen(id);
        if (msg.sender != opened.owner) revert QueryGame_NotOwner(msg.sender);
        if (opened.depth == LEAF) revert QueryGame_WrongDepth(LEAF);
        uint64 deadline = _deadline(opened.askedAt, opened.ownerUsed);
        if (block.timestamp > deadline) revert QueryGame_TooLate(deadline);
        bytes32 last = vector[255];
        if (opened.depth == 0) {
            _requireFinal(finalState, last, opened.end);
            opened.start = _initialState(opened.content, opened.start);
        } else if (last != opened.end) {
            revert QueryGame_WrongEnd(last, opened.end);
        }
        bytes32 root = Hashing.vectorRoot(vector);
        emit Answered(id, opened.start, root, _close(opened, root), vector);
    }

    /// @inheritdoc IQueryGame
    function step(bytes32 id, bytes calldata state, bytes32[] calldata proof, bytes calldata aux) external {
        Node storage opened = _requireOpen(id);
        if (opened.depth != LEAF) revert QueryGame_WrongDepth(opened.depth);
        bytes32 hash = Hashing.state(state);
        if (hash != opened.start) revert QueryGame_WrongState(hash, opened.start);
        if (stepContract.step(state, proof, aux) != opened.end) return _refute(id, opened);
        opened.status = NodeStatus.Proven;
        --_standings[opened.content][opened.owner].openNodes;
        emit Proven(id);
    }

    /// @inheritdoc IQueryGame
    function prove(bytes32 id) external {
        if (msg.sender != proofs) revert QueryGame_NotProofs(msg.sender);
        Node storage opened = _requireOpen(id);
        if (opened.depth != 0) revert QueryGame_WrongDepth(opened.depth);
        opened.status = NodeStatus.Verified;
        Standing storage of_ = _standings[opened.content][opened.owner];
        --of_.openNodes;
        ++of_.verified;
        emit Proven(id);
    }

    /// @inheritdoc IQueryGame
    function reopen(bytes32 id) external {
        Node storage held = _nodes[id];
        if (held.status != NodeStatus.Verified || !_isBroken(held.content)) revert QueryGame_NotReopenable(id);
        _requireLive(held.content, held.owner);
        held.status = NodeStatus.Open;
        held.askedAt = uint40(block.timestamp);
        Standing storage of_ = _standings[held.content][held.owner];
        ++of_.openNodes;
        --of_.verified;
        emit Reopened(id, _deadline(held.askedAt, held.ownerUsed));
    }

    /// @inheritdoc IQueryGame
    function timeout(bytes32 id) external {
        Node storage opened = _requireOpen(id);
        uint64 deadline = _deadline(opened.askedAt, opened.ownerUsed);
        if (block.timestamp <= deadline) revert QueryGame_TooEarly(deadline);
        _refute(id, opened);
    }

    /// @inheritdoc IQueryGame
    function reclaim(bytes32 id) external {
        Node storage held = _nodes[id];
        if (held.status == NodeStatus.None) revert QueryGame_UnknownNode(id);
        if (held.reclaimed) revert QueryGame_ReclaimedAlready(id);
        InstanceStatus status = claimManager.instanceStatus(held.content, held.owner);
        if (status == InstanceStatus.Live) revert QueryGame_InstanceLive(held.content, held.owner);
        address to = status == InstanceStatus.Confirmed ? held.owner : held.querier;
        held.reclaimed = true;
        credits[to] += bond;
        emit Reclaimed(id, to);
    }

    /// @inheritdoc IQueryGame
    function withdraw() external {
        uint256 amount = credits[msg.sender];
        credits[msg.sender] = 0;
        emit Withdrawn(msg.sender, amount);
        (bool success,) = msg.sender.call{value: amount}("");
        if (!success) revert QueryGame_PaymentFailed(msg.sender);
    }

    // --- views ---

    /// @inheritdoc IQueryGame
    function node(bytes32 id) external view returns (Node memory) {
        return _nodes[id];
    }

    /// @inheritdoc IQueryGame
    function limits(bytes32 id) external view returns (uint64 deadline, uint64 childClose) {
        Node storage known = _nodes[id];
        if (known.status == NodeStatus.None) revert QueryGame_UnknownNode(id);
        if (known.status == NodeStatus.Open) deadline = _deadline(known.askedAt, known.ownerUsed);
        if (known.status == NodeStatus.Answered) childClose = _childClose(known);
    }

    /// @inheritdoc IQueryGame
    function standing(Claim content, address owner) external view returns (uint64 openNodes, uint64 closesAt) {
        Standing memory of_ = _standings[content][owner];
        // What a proof has settled that counts no more is open, whether anybody has said so or not.
        openNodes = of_.verified != 0 && _isBroken(content) ? of_.openNodes + of_.verified : of_.openNodes;
        closesAt = of_.closesAt;
    }

    // --- opening ---

    function _doubtOfClaim(Claim content, address owner) private returns (Node memory opened) {
        uint64 windowEnd = claimManager.instanceCreatedAt(content, owner) + _window;
        if (block.timestamp > windowEnd) revert QueryGame_TooLate(windowEnd);
        _standings[content][owner].windowEnd = windowEnd;
        opened.content = content;
        opened.owner = owner;
        (opened.start, opened.root,) = claimManager.statementOf(content);
    }

    function _doubtOfAnswer(Claim content, address owner, bytes32 parent) private view returns (Node memory opened) {
        Node storage doubted = _nodes[parent];
        bool same = doubted.content == content && doubted.owner == owner;
        if (!same || doubted.status != NodeStatus.Answered) revert QueryGame_WrongParent(parent);
        uint64 childClose = _childClose(doubted);
        if (block.timestamp > childClose) revert QueryGame_TooLate(childClose);
        opened = doubted;
        opened.parent = parent;
        opened.depth = doubted.depth + 1;
        opened.answeredAt = 0;
        opened.reclaimed = false;
        // The querier's clock runs when the window is over: nobody's queries take the window from anybody else.
        uint64 from = Clock.later(doubted.answeredAt, _standings[content][owner].windowEnd);
        opened.querierUsed += uint40(Clock.elapsed(from, uint64(block.timestamp)));
    }

    function _requireEntry(bytes32 root, uint8 index, bytes32 entry, bytes32[] calldata proof) private pure {
        if (proof.length != 8 || Hashing.vectorRootFrom(index, entry, proof) != root) {
            revert QueryGame_WrongEntry(index);
        }
    }

    function _open(bytes32 id, Node memory opened) private {
        opened.querier = msg.sender;
        opened.askedAt = uint40(block.timestamp);
        opened.status = NodeStatus.Open;
        _nodes[id] = opened;
        ++_standings[opened.content][opened.owner].openNodes;
        emit Queried(
            opened.content,
            opened.owner,
            id,
            opened.parent,
            opened.depth,
            opened.index,
            msg.sender,
            opened.start,
            opened.end,
            _deadline(opened.askedAt, opened.ownerUsed)
        );
    }

    // --- answering ---

    /// @dev The run ends well and with the output that is doubted.
    function _requireFinal(bytes calldata state, bytes32 last, bytes32 output) private pure {
        if (state.length != 263) revert QueryGame_WrongFinalState("length");
        if (Hashing.state(state) != last) revert QueryGame_WrongFinalState("hash");
        if (bytes32(state[64:96]) != output) revert QueryGame_WrongFinalState("output");
        if (state[137] != 0x01) revert QueryGame_WrongFinalState("exited");
        if (state[138] != 0x00) revert QueryGame_WrongFinalState("code");
    }

    /// @dev The machine before its first instruction, for the span of blocks after `startOutputHash`.
    function _initialState(Claim content, bytes32 startOutputHash) private view returns (bytes32) {
        (,, uint64 n1) = claimManager.statementOf(content);
        bytes32 boot = Hashing.boot(_l2ChainId, startOutputHash, inbox.acc(n1), n1, _span);
        // No content straddles an activation: its last batch is of the version that all are.
        (bytes32 memoryRoot, uint32 pc) = programs.machineAt(n1 - 1);
        return Hashing.initialState(memoryRoot, pc, boot);
    }

    /// @dev Records an answer; returns until when it may be doubted.
    function _close(Node storage answered, bytes32 root) private returns (uint64 childClose) {
        answered.root = root;
        answered.status = NodeStatus.Answered;
        answered.answeredAt = uint40(block.timestamp);
        answered.ownerUsed += uint40(block.timestamp) - answered.askedAt;
        childClose = _childClose(answered);
        Standing storage of_ = _standings[answered.content][answered.owner];
        --of_.openNodes;
        of_.closesAt = Clock.later(of_.closesAt, childClose);
    }

    // --- refuting ---

    function _refute(bytes32 id, Node storage failed) private {
        address[] memory queriers = new address[](failed.depth + 1);
        Node storage at_ = failed;
        for (uint256 i; i < queriers.length; ++i) {
            queriers[i] = at_.querier;
            at_ = _nodes[at_.parent];
        }
        emit Refuted(failed.content, failed.owner, id);
        claimManager.refute(failed.content, failed.owner, queriers);
    }

    // --- clocks ---

    function _deadline(uint64 askedAt, uint64 ownerUsed) private view returns (uint64) {
        return askedAt + Clock.allowance(clock, grace, ownerUsed);
    }

    function _childClose(Node storage answered) private view returns (uint64) {
        uint64 own = answered.answeredAt + Clock.allowance(clock, grace, answered.querierUsed);
        return Clock.later(own, _standings[answered.content][answered.owner].windowEnd);
    }

    // --- guards ---

    function _isBroken(Claim content) private view returns (bool) {
        (,, uint64 n1) = claimManager.statementOf(content);
        return IProofRouter(proofs).isBroken(n1);
    }

    function _requireLive(Claim content, address owner) private view {
        if (claimManager.instanceStatus(content, owner) != InstanceStatus.Live) {
            revert QueryGame_InstanceNotLive(content, owner);
        }
    }

    function _requireOpen(bytes32 id) private view returns (Node storage opened) {
        opened = _nodes[id];
        if (opened.status != NodeStatus.Open) revert QueryGame_NodeNotOpen(id);
        _requireLive(opened.content, opened.owner);
    }
}
