// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IClaimManager, InstanceStatus} from "../../src/interfaces/IClaimManager.sol";
import {IProofRouter, Policy} from "../../src/interfaces/IProofRouter.sol";
import {IQueryGame, NodeStatus} from "../../src/interfaces/IQueryGame.sol";
import {Claim} from "../../src/types/Output.sol";
import {ValidityProof} from "../../src/types/Proof.sol";
import {ProofFixture} from "../utils/ProofFixture.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Proposers, provers of truths and of lies, doubts, a governor and time, at random.
contract ProofActors is ProofFixture {
    Policy private immutable _actorsPolicy;
    address[] public owners;
    /// @dev When each instance was made.
    mapping(Claim content => mapping(address owner => uint256)) private _made;
    bool public tooEarly;
    bool public straddles;
    /// @dev A confirmation by an instance with a doubt that is open, or that may still be raised.
    bool public doubted;
    /// @dev How often each way was gone, so that the runs are known to reach it: final by a proof alone, by an instance within the
    /// window that a proof has shortened, refuted by a proof, proofs of the contents' version in conflict.
    uint256 public confirmedByProof;
    uint256 public confirmedSooner;
    uint256 public refutedByProof;
    uint256 public alarms;
    /// @dev Contents of which some instance was refuted.
    mapping(Claim content => bool) private _refuted;
    bytes32[] private _nodes;

    constructor(Policy policy) {
        _actorsPolicy = policy;
        super.setUp();
        owners.push(owner);
        for (uint256 i; i < 3; ++i) {
            owners.push(address(uint160(0xd00d00 + i)));
            _stake(owners[i + 1]);
        }
    }

    function setUp() public override {}

    function _policy() internal view override returns (Policy) {
        return _actorsPolicy;
    }

    function _content(uint256 index) private view returns (Claim) {
        uint256 count = claims.contentCount();
        return claims.contentAt(count < 5 ? index % count : count - 1 - index % 5).id;
    }

    /// @dev The owner of an instance of a content, or anybody where it has none.
    function _holder(Claim content, uint256 who) private view returns (address) {
        for (uint256 i; i < owners.length; ++i) {
            address by = owners[(who % owners.length + i) % owners.length];
            if (_made[content][by] != 0) return by;
        }
        return owners[who % owners.length];
    }

    function post(uint256 count) external {
        for (uint256 i; i <= count % 3; ++i) {
            _post(batcher, 1);
        }
    }

    function assertClaim(uint256 who, uint256 parent, uint256 root) external {
        address by = owners[who % owners.length];
        uint256 index = claims.indexOf(_content(parent));
        if (inbox.batchCount() < claims.contentAt(index).childN1) _post(batcher, 1);
        try this.assertAs(by, index, bytes32(root % 2 + 1)) returns (Claim content) {
            _made[content][by] = block.timestamp;
            _checkStraddling(content);
        } catch {}
    }

    function assertAs(address by, uint256 parent, bytes32 root) external returns (Claim) {
        return _claim(by, parent, root, root);
    }

    function assertAndProve(uint256 parent, uint256 root) external {
        uint256 index = claims.indexOf(_content(parent));
        if (inbox.batchCount() < claims.contentAt(index).childN1) _post(batcher, 1);
        try this.assertAndProveAs(index, bytes32(root % 3 + 1)) returns (Claim content) {
            _checkStraddling(content);
        } catch {}
    }

    function assertAndProveAs(uint256 parent, bytes32 root) external returns (Claim) {
        return _assertAndProve(alice, parent, root);
    }

    function prove(uint256 index) external {
        Claim content = _content(index);
        if (claims.indexOf(content) == 0) return;
        ValidityProof memory proof = _contentProof(content);
        try router.prove(content, proof) {} catch {}
    }

    /// @dev Seldom, so that there is something to freeze.
    function report(uint256 dice, uint256 version) external {
        if (dice % 16 != 0) return;
        try this.reportAs(version % programs.versionCount()) {
            ++alarms;
        } catch {}
    }

    function reportAs(uint256 version) external {
        _reportConflict(bob, version);
    }

    function schedule(uint256 further) external {
        uint256 versions = programs.versionCount();
        if (versions > 4) return;
        uint64 last = programs.programOf(versions - 1).activation;
        uint64 earliest = inbox.batchCount() + NOTICE;
        _schedule((earliest > last ? earliest : last + 1) + uint64(further % 3));
    }

    function refute(uint256 who, uint256 index) external {
        Claim content = _content(index);
        address of_ = _holder(content, who);
        vm.prank(address(game));
        try claims.refute(content, of_, new address[](0)) {
            _refuted[content] = true;
        } catch {}
    }

    /// @dev Seldom, too: each leaves a result on record, and who proves another one of the same run raises the alarm.
    function refuteByZk(uint256 dice, uint256 who, uint256 index, uint8 entry) external {
        if (dice % 4 != 0) return;
        Claim content = _content(index);
        address of_ = _holder(content, who);
        try this.refuteByZkAs(content, of_, entry % 3) {
            // After a conflict it is not known which of the two proofs is false.
            if (claims.instanceStatus(content, of_) != InstanceStatus.Refuted) return;
            _refuted[content] = true;
            ++refutedByProof;
        } catch {}
    }

    function refuteByZkAs(Claim content, address of_, uint8 index) external {
        IProofRouter.Entry memory entry = _entry(content, index);
        ValidityProof memory proof = _spanProof(content, entry.start, RIGHT);
        vm.prank(querier);
        router.refuteByZk(content, of_, entry, RIGHT, proof);
    }

    // --- doubts ---

    function query(uint256 who, uint256 index, uint256 node, uint8 entry) external {
        Claim content = _content(index);
        address of_ = _holder(content, who);
        bytes32 parent = node % 2 == 0 || _nodes.length == 0 ? bytes32(0) : _nodes[node % _nodes.length];
        if (parent != 0) (content, of_) = (game.node(parent).content, game.node(parent).owner);
        try this.queryAs(content, of_, parent, entry % 3) returns (bytes32 id) {
            _nodes.push(id);
        } catch {}
    }

    function queryAs(Claim content, address of_, bytes32 parent, uint8 entry) external returns (bytes32) {
        vm.deal(querier, BOND);
        return _query(querier, content, of_, parent, entry);
    }

    function answer(uint256 node) external {
        if (_nodes.length == 0) return;
        try this.answerAs(_nodes[node % _nodes.length]) {} catch {}
    }

    function answerAs(bytes32 id) external {
        _answer(id, id);
    }

    function answerByZk(uint256 node) external {
        if (_nodes.length == 0) return;
        try this.answerByZkAs(_nodes[node % _nodes.length]) {} catch {}
    }

    function answerByZkAs(bytes32 id) external {
        _answerByZk(id);
    }

    function reopen(uint256 node) external {
        if (_nodes.length == 0) return;
        try game.reopen(_nodes[node % _nodes.length]) {} catch {}
    }

    function timeout(uint256 node) external {
        if (_nodes.length == 0) return;
        bytes32 id = _nodes[node % _nodes.length];
        try game.timeout(id) {
            _refuted[game.node(id).content] = true;
        } catch {}
    }

    /// @dev Whether an instance has a doubt to be answered, or an answer that may be doubted, by its nodes themselves.
    function _isDoubted(Claim content, address by) private view returns (bool) {
        bool broken = router.isBroken(claims.contentAt(claims.indexOf(content)).n1);
        for (uint256 i; i < _nodes.length; ++i) {
            IQueryGame.Node memory node = game.node(_nodes[i]);
            if (node.content != content || node.owner != by) continue;
            if (node.status == NodeStatus.Open || (node.status == NodeStatus.Verified && broken)) return true;
            (, uint256 childClose) = _limits(_nodes[i]);
            if (node.status == NodeStatus.Answered && block.timestamp <= childClose) return true;
        }
        return false;
    }

    function confirm(uint256 index, uint256 who, bool byProof) external {
        Claim content = _content(index);
        if (claims.isFinal(content)) return;
        address by = byProof ? address(0) : _holder(content, who);
        bool isDoubted = by != address(0) && _isDoubted(content, by);
        try claims.confirm(content, by) {
            if (!_mayBy(content, by)) tooEarly = true;
            if (isDoubted) doubted = true;
            if (by == address(0)) ++confirmedByProof;
            else if (block.timestamp <= _made[content][by] + WINDOW) ++confirmedSooner;
        } catch {}
    }

    function tryConfirm(uint256 index) external {
        Claim content = _content(index);
        bool before = claims.isFinal(content);
        bool ripe = claims.isRipe(content);
        if (claims.tryConfirm(content) != ripe) tooEarly = true;
        if (!ripe || before) return;
        _checkAny(content);
        // Then no instance was through its whole window.
        if (block.timestamp > claims.contentAt(claims.indexOf(content)).createdAt + WINDOW) return;
        if (_actorsPolicy == Policy.Fast) ++confirmedByProof;
        else ++confirmedSooner;
    }

    function wait_(uint256 time) external {
        uint256[4] memory most = [uint256(8 days), 2 days, 6 hours, 1 hours];
        _skip(_bound(time, 1, most[time % 4]));
    }

    /// @dev The rule of the spec, from what was recorded, not from what the contracts say.
    function _mayBy(Claim content, address by) private view returns (bool) {
        IClaimManager.Content memory c = claims.contentAt(claims.indexOf(content));
        uint256 provenAt = router.provenAt(content);
        bool counts = provenAt != 0 && router.brokenAt(programs.versionAt(c.n1 - 1)) == 0;
        if (by == address(0)) {
            return counts && _actorsPolicy == Policy.Fast && block.timestamp > provenAt + GUARD;
        }
        uint256 made = _made[content][by];
        if (made == 0) return false;
        if (_actorsPolicy == Policy.Safe && counts && !_refuted[content]) {
            uint256 from = made > provenAt ? made : provenAt;
            if (block.timestamp > from + FAST_WINDOW) return true;
        }
        if (block.timestamp <= made + WINDOW) return false;
        bool waits = _actorsPolicy == Policy.Fast && router.brokenAt(programs.versionAt(c.n1 - 1)) == 0;
        return !waits || block.timestamp > c.createdAt + PROVER_TIMEOUT;
    }

    function _checkAny(Claim content) private {
        bool may = _mayBy(content, address(0));
        for (uint256 i; i < owners.length; ++i) {
            may = may || (_mayBy(content, owners[i]) && !_isDoubted(content, owners[i]));
        }
        if (!may) tooEarly = true;
    }

    function _checkStraddling(Claim content) private {
        IClaimManager.Content memory c = claims.contentAt(claims.indexOf(content));
        uint64 from = claims.contentAt(c.parent).n1;
        if (programs.versionAt(from) != programs.versionAt(c.n1 - 1)) straddles = true;
    }

    /// @dev Also of what was asserted before a version was scheduled.
    function anyStraddles() external view returns (bool) {
        for (uint256 i = 1; i < claims.contentCount(); ++i) {
            IClaimManager.Content memory c = claims.contentAt(i);
            uint64 from = claims.contentAt(c.parent).n1;
            if (programs.versionAt(from) != programs.versionAt(c.n1 - 1)) return true;
            if (programs.versionAt(c.n1) != programs.versionAt(c.childN1 - 1)) return true;
        }
        return straddles;
    }

    function escrow() external view returns (uint256 held, uint256 liabilities) {
        held = address(claims).balance;
        liabilities = claims.forfeited() + claims.credits(querier);
        for (uint256 i; i < owners.length; ++i) {
            (bool staked,,,) = claims.owners(owners[i]);
            liabilities += (staked ? STAKE : 0) + claims.credits(owners[i]);
        }
    }
}

/// @notice Invariants 39, 40 and 42 over random histories; each policy has its own.
abstract contract ProofInvariants is ProofFixture {
    ProofActors internal _actors;

    function setUp() public override {
        vm.warp(START);
        vm.roll(100);
        _actors = new ProofActors(_policy());
        bytes4[] memory selectors = new bytes4[](16);
        selectors[0] = ProofActors.post.selector;
        selectors[1] = ProofActors.assertClaim.selector;
        selectors[2] = ProofActors.assertAndProve.selector;
        selectors[3] = ProofActors.prove.selector;
        selectors[4] = ProofActors.report.selector;
        selectors[5] = ProofActors.schedule.selector;
        selectors[6] = ProofActors.refute.selector;
        selectors[7] = ProofActors.confirm.selector;
        selectors[8] = ProofActors.tryConfirm.selector;
        selectors[9] = ProofActors.wait_.selector;
        selectors[10] = ProofActors.query.selector;
        selectors[11] = ProofActors.answer.selector;
        selectors[12] = ProofActors.answerByZk.selector;
        selectors[13] = ProofActors.reopen.selector;
        selectors[14] = ProofActors.timeout.selector;
        selectors[15] = ProofActors.refuteByZk.selector;
        _target(address(_actors), selectors);
    }

    function invariant_14_escrowIsTheSumOfLiabilities() public view {
        (uint256 held, uint256 liabilities) = _actors.escrow();
        vm.assertEq(held, liabilities);
    }

    function invariant_39_42_nothingIsConfirmedSoonerThanItMayBe() public view {
        vm.assertFalse(_actors.tooEarly());
    }

    function invariant_17_39_nothingIsConfirmedWithAnOpenDoubt() public view {
        vm.assertFalse(_actors.doubted());
    }

    function invariant_40_noContentStraddlesAnActivation() public view {
        vm.assertFalse(_actors.anyStraddles());
    }

    /// @dev The actors reach what the invariants are about, as far as the policy has it.
    function test_actors_reachAll() public {
        (bool fast, bool safe) = (_policy() == Policy.Fast, _policy() == Policy.Safe);
        // With FAST a content is asserted with its proof, and final after the guard.
        _actors.assertAndProve(0, 0);
        _actors.wait_(GUARD + 1);
        _actors.confirm(1, 0, true);
        vm.assertEq(_actors.confirmedByProof(), fast ? 1 : 0, "by proof");
        // An instance of the next one is refuted by the proof of another entry.
        uint256 next = fast ? 2 : 1;
        _actors.assertClaim(0, next - 1, 0);
        _actors.refuteByZk(0, 0, next, 0);
        vm.assertEq(_actors.refutedByProof(), fast ? 1 : 0, "refuted");
        // With SAFE a proof shortens the window of that instance.
        _actors.prove(next);
        _actors.wait_(FAST_WINDOW + 4);
        _actors.confirm(next, 0, false);
        vm.assertEq(_actors.confirmedSooner(), safe ? 1 : 0, "sooner");
        // Two proofs of one run.
        _actors.report(0, 0);
        vm.assertEq(_actors.alarms(), 1, "alarm");
        invariant_14_escrowIsTheSumOfLiabilities();
        invariant_39_42_nothingIsConfirmedSoonerThanItMayBe();
        invariant_17_39_nothingIsConfirmedWithAnOpenDoubt();
        invariant_40_noContentStraddlesAnActivation();
    }
}

/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.depth = 48
contract ProofFastInvariants is ProofInvariants {}

/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.depth = 48
contract ProofSafeInvariants is ProofInvariants {
    function _policy() internal pure override returns (Policy) {
        return Policy.Safe;
    }
}

/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.depth = 48
contract ProofStepOnlyInvariants is ProofInvariants {
    function _policy() internal pure override returns (Policy) {
        return Policy.StepOnly;
    }
}
