// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeStatus, IDaChallenge} from "../../src/interfaces/IDaChallenge.sol";
import {DaChallenge} from "../../src/da/DaChallenge.sol";
import {SealedInbox} from "../../src/da/SealedInbox.sol";
import {Inbox} from "../../src/Inbox.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {BatchHeader} from "../../src/types/Batch.sol";
import {BlsCommitteeDeployment} from "../utils/BlsCommitteeDeployment.sol";
import {CommitteeDeployment} from "../utils/CommitteeDeployment.sol";
import {Deployment} from "../utils/Deployment.sol";
import {vm} from "../utils/Vm.sol";

/// @notice A batcher, a committee that shows payloads or not, and watchers who demand them, driven at random.
contract CommitteeActors is CommitteeDeployment {
    uint256 public paidIn;
    uint256 public paidOut;
    /// @dev Something was sealed that could still change, or taken back.
    bool public sealedEarly;
    /// @dev How often each way was gone, so that the runs are known to reach it.
    uint256 public voids;
    uint256 public answers;

    bytes[] private _payloads;
    address[3] private _watchers = [address(0xa11), address(0xa12), address(0xa13)];

    constructor() {
        super.setUp();
    }

    function setUp() public virtual override {}

    function contracts() external view returns (Inbox, DaChallenge, SealedInbox) {
        return (inbox, challenges, sealedInbox);
    }

    function batches() external view returns (BatchHeader[] memory) {
        return headers;
    }

    function watchers() external view returns (address[3] memory) {
        return _watchers;
    }

    function post(uint256 length, bool withCommittee) external {
        if (headers.length > 40) return;
        bytes memory payload = _bytes(_bound(length, 1, CHUNK + 200), headers.length);
        if (length % 4 != 0) payload = _bytes(1 + length % 100, headers.length);
        _payloads.push(payload);
        if (withCommittee) _postWith(payload);
        else _postPlain(_bytes(9, 9));
    }

    function demand(uint256 index, uint256 who) external {
        if (headers.length == 0) return;
        uint64 i = _recent(index);
        bool may = headers[i].daType == 3 && block.timestamp <= headers[i].l1Time + CHALLENGE_WINDOW
            && challenges.statusOf(i) == ChallengeStatus.None;
        if (!may) return;
        paidIn += challenges.bondOf(uint32(_payloads[i].length));
        _challenge(_watchers[who % 3], i, _payloads[i]);
    }

    function show(uint256 index, uint256 who, bool inPart) external {
        if (headers.length == 0) return;
        uint64 i = _recent(index);
        if (challenges.statusOf(i) != ChallengeStatus.Open || challenges.challengeOf(i).answered != 0) return;
        bytes memory payload = _payloads[i];
        if (inPart && payload.length > CHUNK) {
            vm.prank(_watchers[who % 3]);
            challenges.answer(i, _hashes(payload), 1, _chunk(payload, 1));
        } else {
            _answer(_watchers[who % 3], i, payload);
            ++answers;
        }
    }

    function seal(uint256 skip) external {
        uint64 next = sealedInbox.batchCount();
        if (next == headers.length) return;
        uint64 i = next + uint64(skip % (headers.length - next));
        bytes32[] memory before = _sealedAccs();
        try this.sealOne(i) {
            if (block.timestamp <= headers[i].l1Time + CHALLENGE_WINDOW) sealedEarly = true;
            for (uint64 k = next; k <= i; ++k) {
                ChallengeStatus status = challenges.statusOf(k);
                if (status == ChallengeStatus.Open) sealedEarly = true;
                if (status == ChallengeStatus.Void) ++voids;
            }
        } catch {}
        for (uint64 n; n < before.length; ++n) {
            if (sealedInbox.acc(n) != before[n]) sealedEarly = true;
        }
    }

    function sealOne(uint64 i) external {
        _seal(i);
    }

    function reclaim(uint256 index, uint256 who) external {
        if (headers.length == 0) return;
        try challenges.reclaim(uint64(index % headers.length)) {} catch {}
        address to = _watchers[who % 3];
        uint256 before = to.balance;
        vm.prank(to);
        challenges.withdraw();
        paidOut += to.balance - before;
    }

    function wait_(uint256 time) external {
        _skip(_bound(time, 10 minutes, 20 hours));
    }

    /// @dev One of the last four batches: most are still within their windows.
    function _recent(uint256 index) private view returns (uint64) {
        uint256 count = headers.length;
        return uint64(count - 1 - index % (count < 4 ? count : 4));
    }

    function _sealedAccs() private view returns (bytes32[] memory accs) {
        accs = new bytes32[](sealedInbox.batchCount() + 1);
        for (uint64 n; n < accs.length; ++n) {
            accs[n] = sealedInbox.acc(n);
        }
    }
}

/// @notice The same with a committee of 21, which signs with BLS12-381.
contract BlsCommitteeActors is CommitteeActors, BlsCommitteeDeployment {
    constructor() {
        _rotateToBls();
    }

    function setUp() public override(CommitteeActors, Deployment) {}

    function _postWith(bytes memory payload) internal override(CommitteeDeployment, BlsCommitteeDeployment) {
        BlsCommitteeDeployment._postWith(payload);
    }
}

/// @notice Invariants 37, 51 and 52.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.depth = 64
contract CommitteeInvariants is CommitteeDeployment {
    CommitteeActors private _actors;

    function setUp() public override {
        vm.warp(START);
        vm.roll(100);
        _actors = _newActors();
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = CommitteeActors.post.selector;
        selectors[1] = CommitteeActors.demand.selector;
        selectors[2] = CommitteeActors.show.selector;
        selectors[3] = CommitteeActors.seal.selector;
        selectors[4] = CommitteeActors.reclaim.selector;
        selectors[5] = CommitteeActors.wait_.selector;
        selectors[6] = CommitteeActors.demand.selector;
        selectors[7] = CommitteeActors.seal.selector;
        _target(address(_actors), selectors);
    }

    function _newActors() internal virtual returns (CommitteeActors) {
        return new CommitteeActors();
    }

    /// @dev The sealed chain is the posted headers in order, those of void batches without data, and nothing else.
    function invariant_37_aVoidBatchIsEmptyInTheSealedChain() public view {
        (Inbox posted, DaChallenge demands, SealedInbox decided) = _actors.contracts();
        BatchHeader[] memory all = _actors.batches();
        uint64 count = decided.batchCount();
        vm.assertLe(uint256(count), posted.batchCount());
        bytes32 acc = posted.acc(0);
        vm.assertEq(decided.acc(0), acc);
        for (uint64 i; i < count; ++i) {
            bool isVoid = demands.statusOf(i) == ChallengeStatus.Void;
            acc = Hashing.batchNext(acc, Hashing.header(isVoid ? _emptied(all[i]) : all[i]));
            vm.assertEq(decided.acc(i + 1), acc);
            if (i < decided.firstVoid()) vm.assertEq(acc, posted.acc(i + 1));
        }
        vm.assertEq(decided.acc(count + 1), 0);
    }

    function invariant_51_whatIsSealedIsDecidedAndStays() public view {
        vm.assertFalse(_actors.sealedEarly());
    }

    /// @dev What was paid in is there or was paid out: bonds of open demands, of void ones until reclaimed, and credits.
    function invariant_52_bondsAreAccountedFor() public view {
        (, DaChallenge demands,) = _actors.contracts();
        uint256 owed;
        for (uint64 i; i < _actors.batches().length; ++i) {
            IDaChallenge.Challenge memory c = demands.challengeOf(i);
            ChallengeStatus status = demands.statusOf(i);
            bool held = status == ChallengeStatus.Open || (status == ChallengeStatus.Void && !c.reclaimed);
            if (held) owed += demands.bondOf(c.payloadLength);
        }
        for (uint256 i; i < 3; ++i) {
            owed += demands.credits(_actors.watchers()[i]);
        }
        vm.assertEq(address(demands).balance, owed);
        vm.assertEq(_actors.paidIn(), owed + _actors.paidOut());
    }

    /// @dev The actors reach what the invariants are about.
    function test_actors_reachVoidAndAnswered() public {
        for (uint256 i; i < 60; ++i) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            if (i % 6 == 0) _actors.post(r, true);
            if (i % 6 == 1) _actors.demand(r, r);
            if (i % 6 == 2 && r % 2 == 0) _actors.show(r >> 8, r, false);
            if (i % 6 >= 3) _actors.wait_(r);
            if (i % 6 == 5) _actors.seal(0);
        }
        vm.assertGt(_actors.voids(), 0);
        vm.assertGt(_actors.answers(), 0);
    }
}

/// @notice The same invariants with a BLS committee.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.depth = 64
contract BlsCommitteeInvariants is CommitteeInvariants {
    function _newActors() internal override returns (CommitteeActors) {
        return new BlsCommitteeActors();
    }
}
