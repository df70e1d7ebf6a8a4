// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ClaimManager} from "../../src/claims/ClaimManager.sol";
import {IClaimManager, InstanceStatus} from "../../src/interfaces/IClaimManager.sol";
import {Claim} from "../../src/types/Output.sol";
import {Deployment} from "../utils/Deployment.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Owners who stake, claim, back, and get refuted at random.
contract ClaimActors is Deployment {
    uint256 private constant OWNERS = 6;

    address[] public owners;
    uint256 public staked;
    uint256 public paid;
    /// @dev A confirmation without a window that has passed, or before the parent's.
    bool public confirmedTooEarly;
    /// @dev Terminal states once seen.
    mapping(Claim claim => mapping(address owner => InstanceStatus)) private _seen;
    mapping(Claim claim => mapping(address owner => uint256)) private _since;
    mapping(uint256 index => uint256) private _confirmedAt;

    constructor() {
        super.setUp();
        for (uint256 i; i < OWNERS; ++i) {
            owners.push(address(uint160(0xc1a1b000 + i)));
        }
        deposit(0);
        deposit(1);
    }

    function setUp() public override {}

    function theClaims() external view returns (ClaimManager) {
        return claims;
    }

    function deposit(uint256 who) public {
        address owner = owners[who % OWNERS];
        vm.deal(owner, STAKE);
        vm.prank(owner);
        try claims.deposit{value: STAKE}() {
            staked += STAKE;
        } catch {}
    }

    function withdrawStake(uint256 who) public {
        vm.prank(owners[who % OWNERS]);
        try claims.withdrawStake() {
            paid += STAKE;
        } catch {}
    }

    function collect() external {
        uint256 before = treasury.balance;
        claims.collect();
        paid += treasury.balance - before;
    }

    /// @dev Few parents and roots, so that siblings and chains of them come up.
    function assertClaim(uint256 who, uint256 parent, uint256 root) external {
        uint256 count = claims.contentCount();
        parent = count < 4 ? parent % count : count - 1 - parent % 4;
        while (inbox.batchCount() < claims.contentAt(parent).childN1) {
            _post(batcher, 1);
        }
        address owner = owners[who % OWNERS];
        try this.assertAs(owner, parent, keccak256(abi.encode(root % 3))) returns (Claim claim) {
            _since[claim][owner] = block.timestamp;
        } catch {}
    }

    function assertAs(address owner, uint256 parent, bytes32 root) external returns (Claim) {
        return _assert(owner, parent, root);
    }

    function back(uint256 who, uint256 index) external {
        Claim claim = _claim(index);
        address owner = owners[who % OWNERS];
        vm.prank(owner);
        try claims.back(claim) {
            _since[claim][owner] = block.timestamp;
        } catch {}
    }

    function confirm(uint256 index) external {
        Claim claim = _claim(index);
        bool before = claims.isFinal(claim);
        if (claims.tryConfirm(claim) && !before) _checkConfirmed(claim);
    }

    function confirmBy(uint256 index, uint256 who) external {
        Claim claim = _claim(index);
        try claims.confirm(claim, owners[who % OWNERS]) {
            _checkConfirmed(claim);
        } catch {}
    }

    function _checkConfirmed(Claim claim) private {
        IClaimManager.Content memory content = claims.contentAt(claims.indexOf(claim));
        bool window;
        for (uint256 i; i < OWNERS; ++i) {
            bool live = claims.instanceStatus(claim, owners[i]) == InstanceStatus.Confirmed;
            if (live && _since[claim][owners[i]] + WINDOW < block.timestamp) window = true;
        }
        if (!window || claims.contentAt(content.parent).confirmedAt == 0) confirmedTooEarly = true;
    }

    function refute(uint256 who, uint256 index) external {
        Claim claim = _claim(index);
        address[] memory rewarded = new address[](who / 7 % 7);
        for (uint256 i; i < rewarded.length; ++i) {
            rewarded[i] = owners[(index % OWNERS + i * i) % OWNERS];
        }
        vm.prank(address(game));
        try claims.refute(claim, owners[who % OWNERS], rewarded) {} catch {}
    }

    function withdrawCredit(uint256 who) public {
        address owner = owners[who % OWNERS];
        paid += claims.credits(owner);
        vm.prank(owner);
        claims.withdrawCredit();
    }

    function reject(uint256 index) external {
        try claims.reject(_claim(index)) {} catch {}
    }

    function settle(uint256 who, uint256 index) public {
        try claims.settle(_claim(index), owners[who % OWNERS]) {} catch {}
    }

    function skipRefuted(uint256 index, uint8 most) external {
        claims.skipRefuted(_claim(index), most);
    }

    function wait_(uint256 time) external {
        _skip(_bound(time, 1, 6 days));
    }

    /// @dev Whether every terminal state stayed as it was when first seen; remembers the new ones.
    function terminalStatesStay() external returns (bool) {
        uint256 count = claims.contentCount();
        for (uint256 c; c < count; ++c) {
            IClaimManager.Content memory content = claims.contentAt(c);
            if (_confirmedAt[c] != 0 && content.confirmedAt != _confirmedAt[c]) return false;
            _confirmedAt[c] = content.confirmedAt;
            for (uint256 i; i < OWNERS; ++i) {
                InstanceStatus status = claims.instanceStatus(content.id, owners[i]);
                InstanceStatus seen = _seen[content.id][owners[i]];
                bool terminal = seen != InstanceStatus.None && seen != InstanceStatus.Live;
                if (terminal && status != seen) return false;
                _seen[content.id][owners[i]] = status;
            }
        }
        return true;
    }

    /// @dev Resolves everything there is: the treasury and every owner take out what is theirs.
    function windUp() external {
        uint256 count = claims.contentCount();
        _skip(WINDOW + 1);
        for (uint256 c; c < count; ++c) {
            claims.tryConfirm(claims.contentAt(c).id);
        }
        for (uint256 c; c < count; ++c) {
            try claims.reject(claims.contentAt(c).id) {} catch {}
        }
        for (uint256 c; c < count; ++c) {
            for (uint256 i; i < OWNERS; ++i) {
                settle(i, c);
            }
        }
        for (uint256 i; i < OWNERS; ++i) {
            withdrawStake(i);
            withdrawCredit(i);
        }
        this.collect();
    }

    function _claim(uint256 index) private view returns (Claim) {
        return claims.contentAt(index % claims.contentCount()).id;
    }
}

/// @notice Invariants 14 to 17: escrow is the sum of liabilities, one confirmed child, terminal states, no confirmation in a window.
/// forge-config: default.invariant.fail-on-revert = true
contract ClaimInvariants is Deployment {
    ClaimActors private _actors;
    ClaimManager private _claims;

    function setUp() public override {
        vm.warp(START);
        vm.roll(100);
        _actors = new ClaimActors();
        _claims = _actors.theClaims();
        bytes4[] memory selectors = new bytes4[](13);
        selectors[0] = ClaimActors.deposit.selector;
        selectors[1] = ClaimActors.withdrawStake.selector;
        selectors[2] = ClaimActors.collect.selector;
        selectors[3] = ClaimActors.assertClaim.selector;
        selectors[4] = ClaimActors.back.selector;
        selectors[5] = ClaimActors.confirm.selector;
        selectors[6] = ClaimActors.refute.selector;
        selectors[7] = ClaimActors.reject.selector;
        selectors[8] = ClaimActors.settle.selector;
        selectors[9] = ClaimActors.skipRefuted.selector;
        selectors[10] = ClaimActors.wait_.selector;
        selectors[11] = ClaimActors.withdrawCredit.selector;
        selectors[12] = ClaimActors.confirmBy.selector;
        _target(address(_actors), selectors);
    }

    function invariant_14_escrowIsTheSumOfLiabilities() public view {
        uint256 liabilities = _claims.forfeited();
        for (uint256 i; i < 6; ++i) {
            (bool staked,,,) = _claims.owners(_actors.owners(i));
            if (staked) liabilities += _claims.stake();
            liabilities += _claims.credits(_actors.owners(i));
        }
        vm.assertEq(address(_claims).balance, liabilities);
        vm.assertEq(address(_claims).balance, _actors.staked() - _actors.paid());
    }

    function invariant_15_oneConfirmedChild() public view {
        uint256 count = _claims.contentCount();
        uint256[] memory confirmedChildren = new uint256[](count);
        for (uint256 i = 1; i < count; ++i) {
            IClaimManager.Content memory content = _claims.contentAt(i);
            if (content.confirmedAt == 0) continue;
            vm.assertEq(++confirmedChildren[content.parent], 1);
            vm.assertEq(uint256(_claims.contentAt(content.parent).confirmedChild), i);
            vm.assertGt(_claims.contentAt(content.parent).confirmedAt, 0, "a child before its parent");
        }
    }

    function invariant_16_terminalStatesStay() public {
        vm.assertTrue(_actors.terminalStatesStay());
    }

    function invariant_17_noConfirmationInsideAWindow() public view {
        vm.assertFalse(_actors.confirmedTooEarly());
    }

    function afterInvariant() public {
        _actors.windUp();
        invariant_14_escrowIsTheSumOfLiabilities();
        invariant_15_oneConfirmedChild();
        invariant_16_terminalStatesStay();
        // What cannot be taken out belongs to owners with an instance that is still live under an unresolved parent.
        uint256 stuck;
        for (uint256 i; i < 6; ++i) {
            (bool staked, uint64 open,,) = _claims.owners(_actors.owners(i));
            if (staked) {
                vm.assertGt(open, 0, "a stake without an open instance was not paid");
                ++stuck;
            }
        }
        vm.assertEq(address(_claims).balance, stuck * _claims.stake());
    }
}

/// @notice Invariant 16 in directed form: what was resolved first stays.
contract ClaimOrderTest is Deployment {
    function setUp() public override {
        super.setUp();
        _stake(alice);
        _stake(bob);
        _post(batcher, 1);
    }

    function _expect(Claim claim, address owner, InstanceStatus status) private view {
        vm.assertEq(uint256(claims.instanceStatus(claim, owner)), uint256(status));
    }

    function test_16_confirmedInstance_outlivesTheOwnersRefutation() public {
        Claim first = _assert(alice, 0, keccak256("first"));
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(first, alice);
        _post(batcher, 1);
        Claim second = _assert(alice, 1, keccak256("second"));
        _refute(second, alice);
        _expect(first, alice, InstanceStatus.Confirmed);
        _expect(second, alice, InstanceStatus.Refuted);
        vm.assertTrue(claims.isFinal(first));
    }

    function test_16_refutedInstance_staysRefuted_whenItsContentIsConfirmed() public {
        Claim claim = _assert(alice, 0, keccak256("first"));
        vm.prank(bob);
        claims.back(claim);
        _refute(claim, alice);
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(claim, bob);
        _expect(claim, alice, InstanceStatus.Refuted);
        _expect(claim, bob, InstanceStatus.Confirmed);
    }

    function test_16_rejectedInstance_outlivesALaterRefutation_andRefutedOneALaterRejection() public {
        Claim right = _assert(alice, 0, keccak256("right"));
        Claim wrong = _assert(bob, 0, keccak256("wrong"));
        _post(batcher, 1);
        Claim next = _assert(bob, 2, keccak256("next"));
        address liar = _actor("liar");
        _stake(liar);
        vm.prank(liar);
        claims.back(wrong);
        _refute(wrong, liar);
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(right, alice);
        _expect(wrong, liar, InstanceStatus.Refuted);
        _expect(wrong, bob, InstanceStatus.Rejected);
        // Its child still lives, and costs the stake; what was rejected before stays so.
        _refute(next, bob);
        claims.reject(wrong);
        _expect(wrong, bob, InstanceStatus.Rejected);
        _expect(wrong, liar, InstanceStatus.Refuted);
    }
}
