// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SealedInbox} from "../../src/da/SealedInbox.sol";
import {SignatureProofs} from "../../src/da/SignatureProofs.sol";
import {ChallengeStatus} from "../../src/interfaces/IDaChallenge.sol";
import {SignatureStatus} from "../../src/interfaces/ISignatureProofs.sol";
import {Inbox} from "../../src/Inbox.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {BatchHeader, DaType} from "../../src/types/Batch.sol";
import {CommitteeDeployment} from "../utils/CommitteeDeployment.sol";
import {SignatureDeployment} from "../utils/SignatureDeployment.sol";
import {Test} from "../utils/Test.sol";
import {vm} from "../utils/Vm.sol";

/// @notice What the actors below move.
interface IChain {
    function parts() external view returns (Inbox, SealedInbox, SignatureProofs);
    function batches() external view returns (BatchHeader[] memory);
    function post(uint256 kind) external;
    function proveRange(uint64 from, uint64 to) external;
    function sealOne(uint64 index) external;
    function sealAll(uint64 from, uint64 to) external;
    function raiseAlarm() external;
    function demand(uint64 index) external;
    function show(uint64 index) external;
    /// @dev Where the demand for a payload stands, and until when it can be made.
    function demandOf(uint64 index) external view returns (ChallengeStatus status, uint256 limit);
}

contract RollupChain is IChain, SignatureDeployment {
    constructor() {
        super.setUp();
    }

    function setUp() public override {}

    function parts() external view returns (Inbox, SealedInbox, SignatureProofs) {
        return (inbox, sealedInbox, signatures);
    }

    function batches() external view returns (BatchHeader[] memory) {
        return headers;
    }

    function post(uint256 kind) external {
        bytes memory payload = abi.encode(headers.length);
        if (kind % 4 == 0) _postPlain(payload);
        else _postUnsigned(payload);
    }

    function proveRange(uint64 from, uint64 to) external {
        _proveSignatures(from, to);
    }

    function sealOne(uint64 index) external {
        _seal(index);
    }

    function sealAll(uint64 from, uint64 to) external {
        _sealAll(from, to);
    }

    function raiseAlarm() external {
        _raiseAlarm();
    }

    function demand(uint64) external {}

    function show(uint64) external {}

    function demandOf(uint64) external pure returns (ChallengeStatus, uint256) {
        return (ChallengeStatus.None, 0);
    }
}

/// @notice The same with a committee.
contract ValidiumChain is IChain, CommitteeDeployment {
    constructor() {
        super.setUp();
    }

    function setUp() public override {}

    function _proves() internal pure override returns (bool) {
        return true;
    }

    function _unsigned() internal pure override returns (bool) {
        return true;
    }

    function parts() external view returns (Inbox, SealedInbox, SignatureProofs) {
        return (inbox, sealedInbox, signatures);
    }

    function batches() external view returns (BatchHeader[] memory) {
        return headers;
    }

    function post(uint256 kind) external {
        bytes memory payload = abi.encode(headers.length);
        if (kind % 4 == 0) _postWith(payload);
        else if (kind % 4 == 1) _postUnsigned(payload);
        else _postUnsignedWith(payload);
    }

    function proveRange(uint64 from, uint64 to) external {
        _proveSignatures(from, to);
    }

    function sealOne(uint64 index) external {
        _seal(index);
    }

    function sealAll(uint64 from, uint64 to) external {
        _sealAll(from, to);
    }

    function raiseAlarm() external {
        _raiseAlarm();
    }

    function demand(uint64 index) external {
        if (headers[index].daType & 0x0f == DaType.COMMITTEE) _challenge(alice, index, abi.encode(uint256(index)));
    }

    function show(uint64 index) external {
        _answer(bob, index, abi.encode(uint256(index)));
    }

    function demandOf(uint64 index) external view returns (ChallengeStatus, uint256) {
        return (challenges.statusOf(index), headers[index].l1Time + CHALLENGE_WINDOW);
    }
}

/// @notice A batcher that posts with signatures and without, provers who are quick, late or gone, watchers, a committee that shows what is
/// demanded or does not, and whoever seals, driven at random.
contract UnsignedActors is Test {
    uint64 private constant SIGNATURE_TIMEOUT = 3 days;

    /// @dev What the provers did in time, one flag for each batch.
    mapping(uint64 index => bool) public proven;
    /// @dev A proof was taken that should not have been, or refused that should not have been.
    bool public wronglyJudged;
    /// @dev Something was sealed that could still change, or taken back.
    bool public sealedEarly;
    /// @dev What is decided could not be sealed.
    bool public stuck;
    /// @dev A verdict that was there is another one now.
    bool public verdictChanged;
    /// @dev How often each way was gone, so that the runs are known to reach it.
    uint256 public voids;
    uint256 public counted;
    uint256 public refused;
    uint256 public whole;

    IChain public chain;
    SealedInbox private _sealedInbox;
    SignatureProofs private _signatures;
    mapping(uint64 index => SignatureStatus) private _verdicts;
    bool private _alarmed;

    constructor(IChain chain_) {
        chain = chain_;
        (, _sealedInbox, _signatures) = chain_.parts();
    }

    /// @dev Sees to it that a verdict, once it is there, stays, whatever is moved.
    modifier watched() {
        bytes32[] memory before = _sealedAccs();
        _;
        _look();
        for (uint64 n; n < before.length; ++n) {
            if (_sealedInbox.acc(n) != before[n]) sealedEarly = true;
        }
    }

    function post(uint256 kind) external watched {
        if (chain.batches().length < 24) chain.post(kind);
    }

    function prove(uint256 first, uint256 length) external watched {
        BatchHeader[] memory all = chain.batches();
        if (all.length == 0) return;
        // Half of the time what is new, half of the time anything.
        uint64 from = first % 2 == 0 ? uint64(first / 2 % all.length) : _recent(first / 2, all.length);
        uint64 to = from + 1 + uint64(length % (all.length - from));
        bool may = !_alarmed && block.timestamp <= all[from].l1Time + SIGNATURE_TIMEOUT;
        try chain.proveRange(from, to) {
            if (!may) wronglyJudged = true;
            for (uint64 i = from; i < to; ++i) {
                proven[i] = true;
            }
        } catch {
            if (may) wronglyJudged = true;
            ++refused;
        }
    }

    function demand(uint256 index) external watched {
        uint256 count = chain.batches().length;
        if (count == 0) return;
        uint64 i = _recent(index, count);
        (ChallengeStatus status, uint256 limit) = chain.demandOf(i);
        if (status == ChallengeStatus.None && block.timestamp <= limit) chain.demand(i);
    }

    function show(uint256 index) external watched {
        uint256 count = chain.batches().length;
        if (count == 0) return;
        uint64 i = _recent(index, count);
        (ChallengeStatus status,) = chain.demandOf(i);
        if (status == ChallengeStatus.Open) chain.show(i);
    }

    function seal(uint256 skip) external watched {
        BatchHeader[] memory all = chain.batches();
        uint64 next = _sealedInbox.batchCount();
        if (next == all.length) return;
        uint64 last = next + uint64(skip % (all.length - next));
        try chain.sealOne(last) {
            for (uint64 i = next; i <= last; ++i) {
                (ChallengeStatus status, uint256 limit) = chain.demandOf(i);
                if (status == ChallengeStatus.Open || block.timestamp <= limit) sealedEarly = true;
                if (_lacks(all[i]) && block.timestamp <= all[i].l1Time + SIGNATURE_TIMEOUT) sealedEarly = true;
                if (isVoid(all[i])) ++voids;
                else if (all[i].daType & DaType.UNSIGNED != 0) ++counted;
            }
        } catch {}
    }

    /// @dev Whatever is decided can be sealed by whoever shows all headers.
    function sealDecided() external watched {
        BatchHeader[] memory all = chain.batches();
        uint64 next = _sealedInbox.batchCount();
        uint64 to = next;
        while (to < all.length && _isDecided(all[to])) ++to;
        if (to == next) return;
        try chain.sealAll(next, to) {
            if (_sealedInbox.batchCount() != to) stuck = true;
            ++whole;
        } catch {
            stuck = true;
        }
    }

    /// @dev Seldom, and once: nothing is proven from then on.
    function alarm(uint256 dice) external watched {
        if (dice % 32 != 0 || _alarmed) return;
        _alarmed = true;
        chain.raiseAlarm();
    }

    function wait_(uint256 time) external watched {
        _skip(_bound(time, 10 minutes, 36 hours));
    }

    /// @dev Whether a batch is to count as empty, by the model.
    function isVoid(BatchHeader memory header) public view returns (bool) {
        (ChallengeStatus status,) = chain.demandOf(header.index);
        return _lacks(header) || status == ChallengeStatus.Void;
    }

    /// @dev Whether signatures are missing that nobody has proven.
    function _lacks(BatchHeader memory header) private view returns (bool) {
        return header.daType & DaType.UNSIGNED != 0 && !proven[header.index];
    }

    /// @dev Whether nothing that is to come can change what becomes of a batch, by the model.
    function _isDecided(BatchHeader memory header) private view returns (bool) {
        (ChallengeStatus status, uint256 limit) = chain.demandOf(header.index);
        if (status == ChallengeStatus.Open || block.timestamp <= limit) return false;
        return !_lacks(header) || block.timestamp > header.l1Time + SIGNATURE_TIMEOUT;
    }

    /// @dev One of the last four batches: most are still within their windows.
    function _recent(uint256 index, uint256 count) private pure returns (uint64) {
        return uint64(count - 1 - index % (count < 4 ? count : 4));
    }

    function _look() private {
        BatchHeader[] memory all = chain.batches();
        for (uint64 i; i < all.length; ++i) {
            SignatureStatus status = _signatures.statusOf(i, all[i].l1Time);
            if (_verdicts[i] != SignatureStatus.Open && _verdicts[i] != status) verdictChanged = true;
            _verdicts[i] = status;
            if ((status == SignatureStatus.Proven) != proven[i]) wronglyJudged = true;
        }
    }

    function _sealedAccs() private view returns (bytes32[] memory accs) {
        accs = new bytes32[](_sealedInbox.batchCount() + 1);
        for (uint64 n; n < accs.length; ++n) {
            accs[n] = _sealedInbox.acc(n);
        }
    }
}

/// @notice Invariants 60 and 61, and 51 with both verdicts.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.depth = 64
contract SignatureInvariants is Test {
    UnsignedActors internal _actors;

    function setUp() public {
        vm.warp(1_800_000_000);
        vm.roll(100);
        _actors = new UnsignedActors(_newChain());
        _target(address(_actors), _moves());
    }

    function _newChain() internal virtual returns (IChain) {
        return new RollupChain();
    }

    function _moves() private pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](11);
        selectors[0] = UnsignedActors.post.selector;
        selectors[1] = UnsignedActors.post.selector;
        selectors[2] = UnsignedActors.prove.selector;
        selectors[3] = UnsignedActors.prove.selector;
        selectors[4] = UnsignedActors.seal.selector;
        selectors[5] = UnsignedActors.seal.selector;
        selectors[6] = UnsignedActors.wait_.selector;
        selectors[7] = UnsignedActors.alarm.selector;
        selectors[8] = UnsignedActors.demand.selector;
        selectors[9] = UnsignedActors.show.selector;
        selectors[10] = UnsignedActors.sealDecided.selector;
    }

    /// @dev What claims see of a batch without signatures has its payload only if they were proven in time; nothing else is changed.
    function invariant_60_nothingUnprovenIsReadWithItsPayload() public view {
        (Inbox posted, SealedInbox decided,) = _actors.chain().parts();
        BatchHeader[] memory all = _actors.chain().batches();
        uint64 count = decided.batchCount();
        bytes32 acc = posted.acc(0);
        for (uint64 i; i < count; ++i) {
            bool empty = _actors.isVoid(all[i]);
            acc = Hashing.batchNext(acc, Hashing.header(empty ? _emptied(all[i]) : all[i]));
            vm.assertEq(decided.acc(i + 1), acc);
        }
        vm.assertEq(decided.acc(count + 1), 0);
    }

    function _emptied(BatchHeader memory header) private pure returns (BatchHeader memory) {
        header.daType = 0;
        header.daHash = 0;
        return header;
    }

    function invariant_61_aVerdictStays() public view {
        vm.assertFalse(_actors.verdictChanged(), "changed");
        vm.assertFalse(_actors.wronglyJudged(), "wrong");
    }

    function invariant_51_whatIsSealedIsDecidedAndStays() public view {
        vm.assertFalse(_actors.sealedEarly());
    }

    /// @dev No verdict and no order of them stops the chain.
    function invariant_61_whatIsDecidedCanBeSealed() public view {
        vm.assertFalse(_actors.stuck());
    }

    /// @dev The actors reach what the invariants are about.
    function test_actors_reachAll() public {
        for (uint256 i; i < 120; ++i) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            if (i % 4 == 0) _actors.post(r);
            if (i % 4 == 1) _actors.prove(r, r >> 8);
            if (i % 4 == 2) _actors.wait_(r);
            if (i % 8 == 2) _actors.demand(r);
            if (i % 16 == 3) _actors.show(r);
            if (i % 4 == 3) _actors.seal(0);
            if (i % 16 == 13) _actors.sealDecided();
            if (i == 100) _actors.alarm(0);
        }
        vm.assertGt(_actors.voids(), 0);
        vm.assertGt(_actors.counted(), 0);
        vm.assertGt(_actors.refused(), 0);
        vm.assertGt(_actors.whole(), 0);
        invariant_61_whatIsDecidedCanBeSealed();
        invariant_60_nothingUnprovenIsReadWithItsPayload();
        invariant_61_aVerdictStays();
        invariant_51_whatIsSealedIsDecidedAndStays();
    }
}

/// @notice The same where batches are demanded, too.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.depth = 64
contract ValidiumSignatureInvariants is SignatureInvariants {
    function _newChain() internal override returns (IChain) {
        return new ValidiumChain();
    }
}
