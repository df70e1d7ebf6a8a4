// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAlarm} from "../interfaces/IAlarm.sol";
import {IBatches} from "../interfaces/IBatches.sol";
import {IInbox} from "../interfaces/IInbox.sol";
import {IClaimManager} from "../interfaces/IClaimManager.sol";
import {IProgramRegistry} from "../interfaces/IProgramRegistry.sol";
import {IProofRouter, Policy} from "../interfaces/IProofRouter.sol";
import {IQueryGame} from "../interfaces/IQueryGame.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {Claim, Output} from "../types/Output.sol";
import {Program, ProofKind, ValidityProof} from "../types/Proof.sol";

/// @notice Takes validity proofs and says what they are worth; raises the alarm when two of them contradict each other.
///
/// It never sets an output: it says when something was proven, and the claim manager and the game do the rest. The ether that it
/// holds is the bounty for the next alarm; anybody may add to it.
contract ProofRouter is IProofRouter {
    /// @notice Everything that is fixed for the life of a router.
    struct Parameters {
        address claimManager;
        address programs;
        address pauseController;
        Policy policy;
        uint64 wait;
        uint64 proverTimeout;
    }

    address private constant POINT_EVALUATION = address(0x0a);
    /// @dev Bytes of an opening: what the precompile takes.
    uint256 private constant OPENING_SIZE = 192;
    /// @dev Siblings of an entry.
    uint256 private constant SIBLINGS = 8;
    /// @dev Keeps all arithmetic on times far from its limits.
    uint64 private constant TIME_MAX = type(uint32).max;

    /// @inheritdoc IProofRouter
    IClaimManager public immutable claimManager;
    /// @inheritdoc IProofRouter
    IProgramRegistry public immutable programs;
    /// @notice Where the alarm pauses withdrawals.
    IAlarm public immutable pauseController;
    /// @inheritdoc IProofRouter
    Policy public immutable policy;
    /// @inheritdoc IProofRouter
    uint64 public immutable wait;
    /// @inheritdoc IProofRouter
    uint64 public immutable proverTimeout;
    IQueryGame private immutable _game;
    IBatches private immutable _inbox;
    /// @dev Whether a false proof can do harm: where proofs say nothing of claims, one of signatures can.
    bool private immutable _endangers;
    uint64 private immutable _l2ChainId;
    uint32 private immutable _span;

    /// @inheritdoc IProofRouter
    mapping(Claim content => uint64) public provenAt;
    /// @inheritdoc IProofRouter
    mapping(uint256 version => uint64) public brokenAt;
    /// @notice Whether a chain of openings was checked.
    mapping(bytes32 openings => bool) public opened;
    /// @inheritdoc IProofRouter
    mapping(address who => uint256) public credits;
    /// @dev What was proven first of each run, by version, kind and boot.
    mapping(bytes32 run => bytes32) private _resultOf;
    /// @dev The sum of `credits`.
    uint256 private _owed;

    constructor(Parameters memory p) {
        if (p.claimManager == address(0)) revert ProofRouter_BadParameter("claimManager");
        if (p.programs.code.length == 0) revert ProofRouter_BadParameter("programs");
        if (p.pauseController == address(0)) revert ProofRouter_BadParameter("pauseController");
        IClaimManager manager = IClaimManager(p.claimManager);
        if (manager.proofs() != address(this) || manager.programs() != p.programs) {
            revert ProofRouter_BadParameter("claimManager");
        }
        if (IProgramRegistry(p.programs).programOf(0).verifier.code.length == 0) {
            revert ProofRouter_BadParameter("verifier");
        }
        if (IAlarm(p.pauseController).alarm() != address(this)) {
            revert ProofRouter_BadParameter("pauseController");
        }
        if (p.wait == 0 || p.wait > manager.window()) revert ProofRouter_BadParameter("wait");
        bool waits = p.proverTimeout != 0;
        if (p.proverTimeout > TIME_MAX || (waits && p.policy != Policy.Fast)) {
            revert ProofRouter_BadParameter("proverTimeout");
        }
        claimManager = manager;
        programs = IProgramRegistry(p.programs);
        pauseController = IAlarm(p.pauseController);
        policy = p.policy;
        wait = p.wait;
        proverTimeout = p.proverTimeout;
        _game = IQueryGame(manager.referee());
        _inbox = IBatches(manager.inbox());
        _endangers = p.policy != Policy.StepOnly || IInbox(address(programs.inbox())).unsignedBatches();
        _l2ChainId = _inbox.l2ChainId();
        _span = _inbox.span();
    }

    modifier onlyFast() {
        if (policy != Policy.Fast) revert ProofRouter_NotFast();
        _;
    }

    /// @notice Adds to the bounty for the next alarm.
    receive() external payable {}

    // --- proofs ---

    /// @inheritdoc IProofRouter
    function open(bytes32 from, bytes calldata openings) external returns (bytes32 to) {
        to = _open(from, openings);
        opened[to] = true;
        emit BlobsOpened(to, openings.length / OPENING_SIZE);
    }

    /// @inheritdoc IProofRouter
    function prove(Claim content, ValidityProof calldata proof) public {
        if (provenAt[content] != 0) revert ProofRouter_ProvenAlready(content);
        (bytes32 startHash, bytes32 vectorRoot, uint64 n1) = claimManager.statementOf(content);
        uint256 version = _versionOf(n1);
        if (!_accept(version, ProofKind.CLAIM, _boot(startHash, n1), vectorRoot, proof)) return;
        provenAt[content] = uint64(block.timestamp);
        emit ContentProven(content, version, msg.sender);
    }

    /// @inheritdoc IProofRouter
    function assertAndProve(
        Claim parentId,
        bytes32 acc,
        bytes32[256] calldata vector,
        Output calldata endOutput,
        ValidityProof calldata proof
    ) external onlyFast returns (Claim content) {
        content = claimManager.assertClaim(parentId, acc, vector, endOutput);
        prove(content, proof);
    }

    /// @inheritdoc IProofRouter
    function answerByZk(bytes32 node, ValidityProof calldata proof) external onlyFast {
        IQueryGame.Node memory asked = _game.node(node);
        (,, uint64 n1) = claimManager.statementOf(asked.content);
        if (!_accept(_versionOf(n1), ProofKind.SPAN, _boot(asked.start, n1), asked.end, proof)) return;
        emit NodeProven(node, msg.sender);
        _game.prove(node);
    }

    /// @inheritdoc IProofRouter
    function refuteByZk(
        Claim content,
        address owner,
        Entry calldata entry,
        bytes32 result,
        ValidityProof calldata proof
    ) external onlyFast {
        // Then one of the two proofs is false, and it is not known which.
        if (provenAt[content] != 0) revert ProofRouter_Proven(content);
        (bool stands,,) = _disprove(content, entry, result, proof);
        if (!stands) return;
        emit InstanceDisproven(content, owner, msg.sender, entry.index);
        address[] memory rewarded = new address[](1);
        rewarded[0] = msg.sender;
        claimManager.refute(content, owner, rewarded);
    }

    // --- the alarm ---

    /// @inheritdoc IProofRouter
    function report(uint256 version, uint8 kind, bytes32 boot, bytes32 result, ValidityProof calldata proof) external {
        if (_accept(version, kind, boot, result, proof)) emit ResultRecorded(version, kind, boot, result);
    }

    /// @inheritdoc IProofRouter
    function reportContradiction(Claim content, Entry calldata entry, bytes32 result, ValidityProof calldata proof)
        external
    {
        if (provenAt[content] == 0) revert ProofRouter_NotProven(content);
        (bool stands, uint256 version, bytes32 boot) = _disprove(content, entry, result, proof);
        if (stands) _alarm(version, boot);
    }

    /// @inheritdoc IProofRouter
    function withdraw() external {
        uint256 amount = credits[msg.sender];
        credits[msg.sender] = 0;
        _owed -= amount;
        emit Withdrawn(msg.sender, amount);
        (bool success,) = msg.sender.call{value: amount}("");
        if (!success) revert ProofRouter_PaymentFailed(msg.sender);
    }

    // --- views ---

    /// @inheritdoc IProofRouter
    function termsOf(Claim content, uint64 n1) external view returns (Terms memory terms) {
        if (policy == Policy.StepOnly || n1 == 0 || isBroken(n1)) return terms;
        terms.provenAt = provenAt[content];
        terms.wait = wait;
        terms.timeout = proverTimeout;
        terms.alone = policy == Policy.Fast;
    }

    /// @inheritdoc IProofRouter
    function isBroken(uint64 n1) public view returns (bool) {
        return brokenAt[_versionOf(n1)] != 0;
    }

    // --- inside ---

    /// @dev Reverts unless the version's verifier takes the proof and the blobs that it was made from are those of L1; what is on
    /// record needs no proof. Returns whether the result stands: if another one of the same run was proven before, the alarm is raised
    /// instead.
    function _accept(uint256 version, uint8 kind, bytes32 boot, bytes32 result, ValidityProof calldata proof)
        private
        returns (bool stands)
    {
        if (brokenAt[version] != 0) revert ProofRouter_Broken(version);
        // No run has it, and it would look like none on record.
        if (result == 0) revert ProofRouter_NoResult();
        bytes32 run = keccak256(abi.encode(version, kind, boot));
        bytes32 known = _resultOf[run];
        if (known == result) return true;

        bytes32 openings = _open(proof.opened, proof.openings);
        Program memory program = programs.programOf(version);
        bytes32 statement = Hashing.statement(kind, boot, result, openings);
        IVerifier(program.verifier).verify(program.key, statement, proof.proof);

        stands = known == 0;
        if (stands) _resultOf[run] = result;
        else _alarm(version, boot);
    }

    /// @dev The chain of openings after these; reverts unless all of them are right.
    function _open(bytes32 from, bytes calldata openings) private view returns (bytes32 to) {
        if (from != 0 && !opened[from]) revert ProofRouter_NotOpened(from);
        if (openings.length % OPENING_SIZE != 0) revert ProofRouter_OpeningsLength(openings.length);
        to = from;
        for (uint256 i; i < openings.length / OPENING_SIZE; ++i) {
            bytes calldata opening = openings[i * OPENING_SIZE:(i + 1) * OPENING_SIZE];
            (bool success, bytes memory answer) = POINT_EVALUATION.staticcall(opening);
            // An L1 without the precompile would agree with everything, and answer with nothing.
            if (!success || answer.length == 0) revert ProofRouter_WrongOpening(i);
            to = Hashing.openingsNext(to, bytes32(opening[0:32]), bytes32(opening[32:64]), bytes32(opening[64:96]));
        }
    }

    /// @dev Shows that the program leads from the entry before to another result than the entry.
    function _disprove(Claim content, Entry calldata entry, bytes32 result, ValidityProof calldata proof)
        private
        returns (bool stands, uint256 version, bytes32 boot)
    {
        (bytes32 startHash, bytes32 vectorRoot, uint64 n1) = claimManager.statementOf(content);
        if (entry.index == 0) {
            if (entry.start != startHash) revert ProofRouter_WrongEntry(0);
        } else {
            _requireEntry(vectorRoot, entry.index - 1, entry.start, entry.startProof);
        }
        _requireEntry(vectorRoot, entry.index, entry.end, entry.endProof);
        if (result == entry.end) revert ProofRouter_SameResult();
        (version, boot) = (_versionOf(n1), _boot(entry.start, n1));
        stands = _accept(version, ProofKind.SPAN, boot, result, proof);
    }

    function _requireEntry(bytes32 root, uint8 index, bytes32 entry, bytes32[] calldata proof) private pure {
        if (proof.length != SIBLINGS || Hashing.vectorRootFrom(index, entry, proof) != root) {
            revert ProofRouter_WrongEntry(index);
        }
    }

    /// @dev Proofs of the version are worth nothing from now on, and whoever showed it is owed what the router holds.
    function _alarm(uint256 version, bytes32 boot) private {
        brokenAt[version] = uint64(block.timestamp);
        uint256 bounty = address(this).balance - _owed;
        _owed += bounty;
        credits[msg.sender] += bounty;
        emit ProofConflict(version, boot, msg.sender, bounty);
        if (_endangers) pauseController.raise();
    }

    /// @dev No content straddles an activation, so the version of its last batch is that of all (invariant 40).
    function _versionOf(uint64 n1) private view returns (uint256) {
        if (n1 == 0) revert ProofRouter_Genesis();
        return programs.versionAt(n1 - 1);
    }

    function _boot(bytes32 startHash, uint64 n1) private view returns (bytes32) {
        return Hashing.boot(_l2ChainId, startHash, _inbox.acc(n1), n1, _span);
    }
}
