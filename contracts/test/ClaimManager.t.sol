// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ClaimManager} from "../src/claims/ClaimManager.sol";
import {DisputeGame} from "../src/claims/DisputeGame.sol";
import {DisputeGameFactory} from "../src/claims/DisputeGameFactory.sol";
import {IClaimManager, InstanceStatus} from "../src/interfaces/IClaimManager.sol";
import {IDisputeGameFactory} from "../src/interfaces/IDisputeGameFactory.sol";
import {IQueryGame} from "../src/interfaces/IQueryGame.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Claim, Output} from "../src/types/Output.sol";
import {Deployment} from "./utils/Deployment.sol";
import {vm} from "./utils/Vm.sol";

/// @notice An owner that refuses ether.
contract Miser {
    function deposit(ClaimManager claims) external payable {
        claims.deposit{value: msg.value}();
    }

    function withdraw(ClaimManager claims) external {
        claims.withdrawStake();
    }
}

/// @notice Asks for its credit again while it is paid.
contract Thief {
    ClaimManager private immutable _claims;
    uint256 public calls;

    constructor(ClaimManager claims_) {
        _claims = claims_;
    }

    function steal() external {
        _claims.withdrawCredit();
    }

    receive() external payable {
        if (++calls < 3) _claims.withdrawCredit();
    }
}

abstract contract ClaimsFixture is Deployment {
    bytes32 internal constant RIGHT = keccak256("right");
    bytes32 internal constant WRONG = keccak256("wrong");

    function setUp() public virtual override {
        super.setUp();
        _stake(alice);
        _stake(bob);
        _post(batcher, 4);
    }

    function _back(address who, Claim claim) internal {
        vm.prank(who);
        claims.back(claim);
    }

    function _status(Claim claim, address owner) internal view returns (uint256) {
        return uint256(claims.instanceStatus(claim, owner));
    }

    function _expectStatus(Claim claim, address owner, InstanceStatus status) internal view {
        vm.assertEq(_status(claim, owner), uint256(status), "status");
    }

    function _open(address owner) internal view returns (uint256 count) {
        (, count,,) = claims.owners(owner);
    }
}

contract ClaimManagerTest is ClaimsFixture {
    // --- construction ---

    function test_constructor_confirmsGenesis() public view {
        IClaimManager.Content memory genesis = claims.contentAt(0);
        Output memory o = Output({
            version: 1,
            chainId: CHAIN_ID,
            inboxIndex: 0,
            blockInBatch: 0,
            queueIndex: 0,
            number: 0,
            timestamp: START,
            outputRoot: keccak256("genesis")
        });
        vm.assertEq(Claim.unwrap(genesis.id), Hashing.content(0, 0, inbox.acc(0), 0, Hashing.output(o)));
        vm.assertTrue(claims.isFinal(genesis.id));
        vm.assertEq(uint256(genesis.childN1), 1);
    }

    function test_constructor_badParameter_reverts() public {
        ClaimManager.Parameters memory p = _claimParameters();
        p.inbox = address(0);
        _expectBad("inbox", p);
        p = _claimParameters();
        p.games = address(0);
        _expectBad("games", p);
        p = _claimParameters();
        p.referee = address(0);
        _expectBad("referee", p);
        p = _claimParameters();
        p.programs = address(0);
        _expectBad("programs", p);
        p = _claimParameters();
        p.treasury = payable(address(0));
        _expectBad("treasury", p);
        p = _claimParameters();
        p.stake = 0;
        _expectBad("stake", p);
        p = _claimParameters();
        p.window = 0;
        _expectBad("window", p);
        p = _claimParameters();
        p.genesisOutputRoot = 0;
        _expectBad("genesisOutputRoot", p);
        p = _claimParameters();
        p.genesisTimestamp = 0;
        _expectBad("genesisTimestamp", p);
    }

    function _expectBad(string memory name, ClaimManager.Parameters memory p) private {
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_BadParameter.selector, name));
        new ClaimManager(p);
    }

    // --- stakes ---

    function test_deposit_wrongAmount_reverts() public {
        vm.deal(address(this), 100 ether);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_WrongStake.selector, STAKE - 1, STAKE));
        claims.deposit{value: STAKE - 1}();
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_WrongStake.selector, STAKE + 1, STAKE));
        claims.deposit{value: STAKE + 1}();
    }

    function test_deposit_twice_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_StakedAlready.selector, alice));
        vm.prank(alice);
        claims.deposit{value: STAKE}();
    }

    function test_withdrawStake_returnsIt() public {
        uint256 before = alice.balance;
        vm.prank(alice);
        claims.withdrawStake();
        vm.assertEq(alice.balance, before + STAKE);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotStaked.selector, alice));
        vm.prank(alice);
        claims.withdrawStake();
        _stake(alice);
    }

    function test_withdrawStake_instancesOpen_reverts() public {
        Claim claim = _assert(alice, 0, RIGHT);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_InstancesOpen.selector, 1));
        vm.prank(alice);
        claims.withdrawStake();
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(claim, alice);
        vm.prank(alice);
        claims.withdrawStake();
    }

    function test_deposit_beforeTheGame_reverts() public {
        vm.etch(address(game), "");
        vm.deal(address(this), STAKE);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NoReferee.selector, address(game)));
        claims.deposit{value: STAKE}();
    }

    function test_withdrawStake_refused_reverts() public {
        Miser miser = new Miser();
        miser.deposit{value: STAKE}(claims);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_PaymentFailed.selector, address(miser)));
        miser.withdraw(claims);
    }

    // --- asserting ---

    function test_assertClaim_recordsTheContent() public {
        Output memory end = _endOutput(0, RIGHT);
        bytes32[256] memory vector = _vector(end);
        bytes32 root = Hashing.vectorRoot(_vector(end));
        Claim genesis = claims.contentAt(0).id;
        Claim expected = Claim.wrap(Hashing.content(Claim.unwrap(genesis), 1, accs[1], root, Hashing.output(end)));
        vm.expectEmit(true, true, true, true, address(claims));
        emit IClaimManager.ClaimAsserted(expected, genesis, 1, alice, 1, 2, root, end, vector);
        vm.prank(alice);
        Claim claim = claims.assertClaim(genesis, accs[1], vector, end);
        vm.assertEq(Claim.unwrap(claim), Claim.unwrap(expected));
        IClaimManager.Content memory content = claims.contentAt(1);
        vm.assertEq(content.outputRoot, RIGHT);
        vm.assertEq(uint256(content.n1), 1);
        vm.assertEq(uint256(content.number), 4);
        vm.assertEq(claims.indexOf(claim), 1);
        vm.assertTrue(claims.isOpen(claim));
        _expectStatus(claim, alice, InstanceStatus.Live);
        _expectStatus(claim, bob, InstanceStatus.None);
    }

    function test_assertClaim_notStaked_reverts() public {
        Output memory end = _endOutput(0, RIGHT);
        Claim genesis = claims.contentAt(0).id;
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotStaked.selector, address(this)));
        claims.assertClaim(genesis, accs[1], _vector(end), end);
    }

    function test_assertClaim_slashed_reverts() public {
        Claim claim = _assert(alice, 0, WRONG);
        _refute(claim, alice);
        Output memory end = _endOutput(0, RIGHT);
        Claim genesis = claims.contentAt(0).id;
        bytes memory slashed = abi.encodeWithSelector(IClaimManager.ClaimManager_Slashed.selector, alice);
        vm.expectRevert(slashed);
        vm.prank(alice);
        claims.assertClaim(genesis, accs[1], _vector(end), end);
        vm.expectRevert(slashed);
        vm.prank(alice);
        claims.deposit{value: STAKE}();
        vm.expectRevert(slashed);
        vm.prank(alice);
        claims.withdrawStake();
    }

    function test_assertClaim_unknownParent_reverts() public {
        Output memory end = _endOutput(0, RIGHT);
        Claim unknown = Claim.wrap(keccak256("unknown"));
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_UnknownContent.selector, unknown));
        vm.prank(alice);
        claims.assertClaim(unknown, accs[1], _vector(end), end);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_UnknownContent.selector, Claim.wrap(0)));
        vm.prank(alice);
        claims.assertClaim(Claim.wrap(0), accs[1], _vector(end), end);
    }

    /// @dev What is said of batches that a reorganised L1 no longer has is not taken, though it has as many.
    function test_assertClaim_ofOtherBatches_reverts() public {
        Output memory end = _endOutput(0, RIGHT);
        Claim genesis = claims.contentAt(0).id;
        bytes32 other = keccak256("other batches");
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_OtherBatches.selector, 1, other));
        vm.prank(alice);
        claims.assertClaim(genesis, other, _vector(end), end);
    }

    /// @dev The same outputs said of other batches are another content: `back` cannot be carried over to it.
    function test_assertClaim_idHoldsTheBatches() public {
        Claim claim = _assert(alice, 0, RIGHT);
        vm.mockCall(address(inbox), abi.encodeCall(inbox.acc, (1)), abi.encode(keccak256("other batches")));
        Claim other = _assert(bob, 0, RIGHT);
        vm.assertTrue(claim != other);
        vm.assertEq(claims.contentCount(), 3);
    }

    function test_assertClaim_tooEarly_reverts() public {
        Claim claim = _assert(alice, 0, RIGHT);
        Output memory end = _endOutput(1, RIGHT);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_TooEarly.selector, 2));
        vm.prank(alice);
        claims.assertClaim(claim, accs[2], _vector(end), end);
    }

    function test_assertClaim_twice_backs() public {
        Claim claim = _assert(alice, 0, RIGHT);
        vm.expectEmit(true, true, true, true, address(claims));
        emit IClaimManager.ClaimBacked(claim, bob);
        vm.assertEq(Claim.unwrap(_assert(bob, 0, RIGHT)), Claim.unwrap(claim));
        vm.assertEq(claims.contentCount(), 2);
        _expectStatus(claim, bob, InstanceStatus.Live);
        vm.assertEq(_open(bob), 1);
        Output memory end = _endOutput(0, RIGHT);
        Claim genesis = claims.contentAt(0).id;
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_InstanceExists.selector, claim, bob));
        vm.prank(bob);
        claims.assertClaim(genesis, accs[1], _vector(end), end);
    }

    function test_assertClaim_parentHasConfirmedChild_reverts() public {
        Claim claim = _assert(alice, 0, RIGHT);
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(claim, alice);
        Output memory end = _endOutput(0, WRONG);
        Claim genesis = claims.contentAt(0).id;
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_Resolved.selector, genesis));
        vm.prank(bob);
        claims.assertClaim(genesis, accs[1], _vector(end), end);
    }

    function test_assertClaim_badOutput_reverts() public {
        Output memory end = _endOutput(0, RIGHT);
        end.version = 2;
        _expectBadOutput("version", end);
        end = _endOutput(0, RIGHT);
        end.chainId += 1;
        _expectBadOutput("chainId", end);
        end = _endOutput(0, RIGHT);
        end.inboxIndex += 1;
        _expectBadOutput("inboxIndex", end);
        end = _endOutput(0, RIGHT);
        end.blockInBatch = 1;
        _expectBadOutput("blockInBatch", end);
        end = _endOutput(0, RIGHT);
        end.queueIndex += 1;
        _expectBadOutput("queueIndex", end);
        end = _endOutput(0, RIGHT);
        end.number += 1;
        _expectBadOutput("number", end);
        end = _endOutput(0, RIGHT);
        end.outputRoot = 0;
        _expectBadOutput("outputRoot", end);
    }

    function _expectBadOutput(string memory field, Output memory end) private {
        Claim genesis = claims.contentAt(0).id;
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_BadOutput.selector, field));
        vm.prank(alice);
        claims.assertClaim(genesis, accs[1], _vector(end), end);
    }

    function test_assertClaim_lastEntryIsNotTheEnd_reverts() public {
        Output memory end = _endOutput(0, RIGHT);
        bytes32[256] memory vector = _vector(end);
        vector[255] = keccak256("another");
        Claim genesis = claims.contentAt(0).id;
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_BadOutput.selector, "last entry"));
        vm.prank(alice);
        claims.assertClaim(genesis, accs[1], vector, end);
    }

    function test_fuzz_vectorRoot_equalsThePlainTree(bytes32 seed) public pure {
        bytes32[256] memory entries;
        bytes32[] memory level = new bytes32[](256);
        for (uint256 i; i < 256; ++i) {
            entries[i] = level[i] = keccak256(abi.encode(seed, i));
        }
        while (level.length > 1) {
            bytes32[] memory next = new bytes32[](level.length / 2);
            for (uint256 i; i < next.length; ++i) {
                next[i] = keccak256(abi.encode(Hashing.DOMAIN_NODE, level[2 * i], level[2 * i + 1]));
            }
            level = next;
        }
        vm.assertEq(Hashing.vectorRoot(entries), level[0]);
    }

    function test_fuzz_childN1_isTheGreatestThatFits(uint8 batches, uint32 seed) public {
        for (uint256 i; i < batches; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            _post(batcher, uint32(1 + random % (random % 7 == 0 ? 256 * SPAN : 20)));
        }
        _assert(alice, 0, RIGHT);
        uint64 n1 = 1;
        uint64 count = inbox.batchCount();
        uint64 expected = n1 + 1;
        for (uint64 n = n1 + 1; n <= count; ++n) {
            if (inbox.blocksUpTo(n) - inbox.blocksUpTo(n1) <= 256 * SPAN) expected = n;
        }
        vm.assertEq(uint256(claims.contentAt(1).childN1), expected);
    }

    // --- backing, confirming ---

    function test_back_addsAnInstance() public {
        Claim claim = _assert(alice, 0, RIGHT);
        vm.expectEmit(true, true, true, true, address(claims));
        emit IClaimManager.ClaimBacked(claim, bob);
        _back(bob, claim);
        _expectStatus(claim, bob, InstanceStatus.Live);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_InstanceExists.selector, claim, bob));
        _back(bob, claim);
    }

    function test_back_resolved_reverts() public {
        Claim right = _assert(alice, 0, RIGHT);
        Claim wrong = _assert(bob, 0, WRONG);
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(right, alice);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_Resolved.selector, right));
        _back(bob, right);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_Resolved.selector, wrong));
        _back(alice, wrong);
    }

    function test_back_offThePath_reverts() public {
        _post(batcher, 4);
        Claim right = _assert(alice, 0, RIGHT);
        Claim wrong = _assert(bob, 0, WRONG);
        // A sibling of the newest instance, and a child of a claim that one does not stand behind.
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_OffPath.selector, right));
        _back(alice, wrong);
        Claim child = _assert(bob, 2, RIGHT);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_OffPath.selector, right));
        _back(alice, child);
        // Both confirmed: the path goes on from any of them.
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(right, alice);
        _post(batcher, 4);
        _assert(alice, 1, RIGHT);
    }

    function test_confirm_window_reverts() public {
        Claim claim = _assert(alice, 0, RIGHT);
        vm.warp(block.timestamp + WINDOW);
        vm.assertFalse(claims.isRipe(claim));
        vm.assertFalse(claims.tryConfirm(claim));
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRipe.selector, claim));
        claims.confirm(claim, alice);
        // A query is in time until the very second in which the window ends.
        vm.warp(block.timestamp + 1);
        vm.assertTrue(claims.isRipe(claim));
        vm.expectEmit(true, true, true, true, address(claims));
        emit IClaimManager.ClaimConfirmed(claim, 1);
        claims.confirm(claim, alice);
        vm.assertTrue(claims.isFinal(claim));
        vm.assertTrue(claims.tryConfirm(claim));
        _expectStatus(claim, alice, InstanceStatus.Confirmed);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRipe.selector, claim));
        claims.confirm(claim, alice);
    }

    function test_confirm_parentFirst_reverts() public {
        Claim parent = _assert(alice, 0, RIGHT);
        _post(batcher, 4);
        Claim child = _assert(alice, 1, RIGHT);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRipe.selector, child));
        claims.confirm(child, alice);
        claims.confirm(parent, alice);
        claims.confirm(child, alice);
    }

    function test_confirm_everyInstanceHasItsOwnWindow() public {
        Claim claim = _assert(alice, 0, RIGHT);
        vm.warp(block.timestamp + WINDOW);
        _back(bob, claim);
        _refute(claim, alice);
        vm.warp(block.timestamp + WINDOW);
        vm.assertEq(uint256(claims.closesAt(claim)), block.timestamp);
        _expectNotRipe(claim, bob);
        vm.warp(block.timestamp + 1);
        _expectNotRipe(claim, alice);
        claims.confirm(claim, bob);
        _expectStatus(claim, alice, InstanceStatus.Refuted);
        _expectStatus(claim, bob, InstanceStatus.Confirmed);
    }

    function test_confirm_lateBacker_doesNotDelay() public {
        Claim claim = _assert(alice, 0, RIGHT);
        vm.warp(block.timestamp + WINDOW);
        _back(bob, claim);
        vm.warp(block.timestamp + 1);
        _expectNotRipe(claim, bob);
        claims.confirm(claim, alice);
        _expectStatus(claim, bob, InstanceStatus.Confirmed);
    }

    function test_confirm_notAnInstance_reverts() public {
        Claim claim = _assert(alice, 0, RIGHT);
        vm.warp(block.timestamp + WINDOW + 1);
        _expectNotRipe(claim, bob);
        _expectNotRipe(claims.contentAt(0).id, alice);
        _expectNotRipe(claims.contentAt(0).id, address(0));
    }

    function _expectNotRipe(Claim claim, address owner) private {
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRipe.selector, claim));
        claims.confirm(claim, owner);
    }

    // --- the game's say ---

    /// @dev The game says that `owner`'s instance has this many open nodes and closes then.
    function _standing(Claim claim, address owner, uint64 open, uint64 close) private {
        bytes memory asked = abi.encodeCall(IQueryGame.standing, (claim, owner));
        vm.mockCall(address(game), asked, abi.encode(open, close));
    }

    function test_confirm_openNode_reverts() public {
        Claim claim = _assert(alice, 0, RIGHT);
        _standing(claim, alice, 1, 0);
        vm.warp(block.timestamp + 2 * WINDOW);
        _expectNotRipe(claim, alice);
        vm.assertFalse(claims.tryConfirm(claim));
        _standing(claim, alice, 0, 0);
        claims.confirm(claim, alice);
    }

    function test_confirm_closesLater_reverts() public {
        Claim claim = _assert(alice, 0, RIGHT);
        uint64 close = uint64(block.timestamp) + 2 * WINDOW;
        _standing(claim, alice, 0, close);
        vm.assertEq(uint256(claims.closesAt(claim)), close);
        vm.warp(close);
        _expectNotRipe(claim, alice);
        vm.warp(close + 1);
        claims.confirm(claim, alice);
    }

    function test_tryConfirm_takesTheFirstInstanceThatIsThrough() public {
        Claim claim = _assert(alice, 0, RIGHT);
        _standing(claim, alice, 1, 0);
        _back(bob, claim);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.assertEq(uint256(claims.closesAt(claim)), block.timestamp - 1);
        vm.assertTrue(claims.isRipe(claim));
        vm.assertTrue(claims.tryConfirm(claim));
        vm.assertEq(_open(alice), 1);
        vm.assertEq(_open(bob), 0);
    }

    function test_tryConfirm_looksAtFourLiveInstances() public {
        Claim claim = _assert(alice, 0, RIGHT);
        _standing(claim, alice, 1, 0);
        for (uint160 i; i < 3; ++i) {
            address delayer = address(0x1000 + i);
            _stake(delayer);
            _back(delayer, claim);
            _standing(claim, delayer, 1, 0);
        }
        _back(bob, claim);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.assertFalse(claims.isRipe(claim));
        vm.assertFalse(claims.tryConfirm(claim));
        claims.confirm(claim, bob);
    }

    // --- refuting, rejecting, settling ---

    function test_refute_notReferee_reverts() public {
        Claim claim = _assert(alice, 0, WRONG);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotReferee.selector, council));
        vm.prank(council);
        claims.refute(claim, alice, new address[](0));
    }

    function test_refute_voidsAllInstancesOfTheOwnerAndNoOther() public {
        _post(batcher, 4);
        Claim wrong = _assert(alice, 0, WRONG);
        Claim child = _assert(alice, 1, RIGHT);
        _back(bob, wrong);
        vm.expectEmit(true, true, true, true, address(claims));
        emit IClaimManager.InstanceRefuted(wrong, alice);
        _refute(wrong, alice);
        _expectStatus(wrong, alice, InstanceStatus.Refuted);
        _expectStatus(child, alice, InstanceStatus.Refuted);
        _expectStatus(wrong, bob, InstanceStatus.Live);
        vm.assertTrue(claims.isOpen(wrong));
        vm.assertFalse(claims.isOpen(child));
        vm.assertEq(claims.forfeited(), STAKE);
        bytes memory notLive = abi.encodeWithSelector(IClaimManager.ClaimManager_InstanceNotLive.selector, wrong, alice);
        vm.expectRevert(notLive);
        _refute(wrong, alice);
        claims.collect();
        vm.assertEq(treasury.balance, STAKE);
        vm.assertEq(address(claims).balance, STAKE);
    }

    function test_refute_noInstance_reverts() public {
        Claim claim = _assert(alice, 0, RIGHT);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_InstanceNotLive.selector, claim, bob));
        _refute(claim, bob);
    }

    function test_refute_confirmed_reverts() public {
        Claim claim = _assert(alice, 0, RIGHT);
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(claim, alice);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_InstanceNotLive.selector, claim, alice));
        _refute(claim, alice);
    }

    function test_settle_rejectedInstance_forfeits() public {
        Claim right = _assert(alice, 0, RIGHT);
        Claim wrong = _assert(bob, 0, WRONG);
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(right, alice);
        _expectStatus(wrong, bob, InstanceStatus.Rejected);
        vm.assertFalse(claims.isOpen(wrong));
        claims.settle(wrong, bob);
        _expectStatus(wrong, bob, InstanceStatus.Rejected);
        vm.assertEq(claims.forfeited(), STAKE);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotSettleable.selector, wrong, bob));
        claims.settle(wrong, bob);
    }

    function test_settle_backerOfAConfirmedContent() public {
        Claim claim = _assert(alice, 0, RIGHT);
        _back(bob, claim);
        bytes memory live = abi.encodeWithSelector(IClaimManager.ClaimManager_NotSettleable.selector, claim, bob);
        vm.expectRevert(live);
        claims.settle(claim, bob);
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(claim, alice);
        vm.assertEq(_open(alice), 0);
        vm.assertEq(_open(bob), 1);
        claims.settle(claim, bob);
        vm.assertEq(_open(bob), 0);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotSettleable.selector, claim, alice));
        claims.settle(claim, alice);
    }

    function test_reject_spreadsToChildren() public {
        _post(batcher, 4);
        Claim right = _assert(alice, 0, RIGHT);
        Claim wrong = _assert(bob, 0, WRONG);
        Claim child = _assert(bob, 2, WRONG);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRejected.selector, wrong));
        claims.reject(wrong);
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(right, alice);
        _expectStatus(child, bob, InstanceStatus.Live);
        vm.expectEmit(true, true, true, true, address(claims));
        emit IClaimManager.ClaimRejected(wrong, 2);
        claims.reject(wrong);
        _expectStatus(child, bob, InstanceStatus.Rejected);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRejected.selector, wrong));
        claims.reject(wrong);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRejected.selector, right));
        claims.reject(right);
        claims.reject(child);
        _post(batcher, 4);
        Output memory end = _endOutput(3, RIGHT);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_Resolved.selector, child));
        vm.prank(alice);
        claims.assertClaim(child, accs[2], _vector(end), end);
    }

    function test_skipRefuted_stepsOverRefutedOnly() public {
        Claim claim = _assert(alice, 0, RIGHT);
        _refute(claim, alice);
        for (uint160 i; i < 16; ++i) {
            address liar = address(0x1000 + i);
            _stake(liar);
            _back(liar, claim);
            _refute(claim, liar);
        }
        _back(bob, claim);
        vm.warp(block.timestamp + WINDOW + 1);
        // Seventeen stand before bob: sixteen are looked at, and what is not looked at counts as live.
        vm.assertTrue(claims.isOpen(claim));
        vm.assertFalse(claims.isRipe(claim));
        vm.assertEq(uint256(claims.closesAt(claim)), 0);
        claims.skipRefuted(claim, 2);
        vm.assertTrue(claims.isRipe(claim));
        claims.skipRefuted(claim, type(uint32).max);
        vm.assertTrue(claims.isOpen(claim));
        vm.assertTrue(claims.tryConfirm(claim));
        _expectStatus(claim, bob, InstanceStatus.Confirmed);
    }

    // --- rewards ---

    function _refuteFor(Claim claim, address owner, address[] memory rewarded) private {
        vm.prank(address(game));
        claims.refute(claim, owner, rewarded);
    }

    function test_fuzz_refute_splitsHalfOfTheStake(uint8 count) public {
        Claim claim = _assert(alice, 0, WRONG);
        address[] memory rewarded = new address[](_bound(count, 1, 6));
        for (uint256 i; i < rewarded.length; ++i) {
            rewarded[i] = address(uint160(0x2000 + i));
        }
        uint256 share = STAKE / 2 / rewarded.length;
        vm.expectEmit(true, true, true, true, address(claims));
        emit IClaimManager.Rewarded(rewarded[0], share);
        _refuteFor(claim, alice, rewarded);
        for (uint256 i; i < rewarded.length; ++i) {
            vm.assertEq(claims.credits(rewarded[i]), share);
            vm.prank(rewarded[i]);
            claims.withdrawCredit();
            vm.assertEq(rewarded[i].balance, share);
        }
        vm.assertEq(claims.forfeited(), STAKE - share * rewarded.length);
        vm.assertGe(claims.forfeited(), STAKE / 2);
        claims.collect();
        vm.assertEq(address(claims).balance, STAKE, "bob's");
    }

    function test_refute_oneWhoAskedTwice_getsTwoShares() public {
        Claim claim = _assert(alice, 0, WRONG);
        address[] memory rewarded = new address[](3);
        (rewarded[0], rewarded[1], rewarded[2]) = (bob, council, bob);
        _refuteFor(claim, alice, rewarded);
        vm.assertEq(claims.credits(bob), 2 * (STAKE / 6));
        vm.assertEq(claims.credits(council), STAKE / 6);
    }

    function test_refute_onlyTheFirstRefutationOfAnOwnerPays() public {
        _post(batcher, 4);
        Claim wrong = _assert(alice, 0, WRONG);
        Claim another = _assert(alice, 1, keccak256("another"));
        address[] memory rewarded = new address[](1);
        rewarded[0] = bob;
        _refuteFor(wrong, alice, rewarded);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_InstanceNotLive.selector, another, alice));
        _refuteFor(another, alice, rewarded);
        vm.assertEq(claims.credits(bob), STAKE / 2);
    }

    function test_withdrawCredit_refused_reverts() public {
        Claim claim = _assert(alice, 0, WRONG);
        address[] memory rewarded = new address[](1);
        rewarded[0] = address(inbox);
        _refuteFor(claim, alice, rewarded);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_PaymentFailed.selector, inbox));
        vm.prank(address(inbox));
        claims.withdrawCredit();
        vm.assertEq(claims.credits(address(inbox)), STAKE / 2);
    }

    function test_withdrawCredit_again_paysNothing() public {
        Claim claim = _assert(alice, 0, WRONG);
        Thief thief = new Thief(claims);
        address[] memory rewarded = new address[](1);
        rewarded[0] = address(thief);
        _refuteFor(claim, alice, rewarded);
        uint256 before = address(claims).balance;
        thief.steal();
        vm.assertEq(address(thief).balance, STAKE / 2);
        vm.assertEq(address(claims).balance, before - STAKE / 2);
        vm.assertEq(thief.calls(), 3);
    }

    // --- what the game asks ---

    function test_statementOf_namesStartVectorAndEnd() public {
        Claim claim = _assert(alice, 0, RIGHT);
        Output memory end = _endOutput(0, RIGHT);
        (bytes32 start, bytes32 root, uint64 n1) = claims.statementOf(claim);
        vm.assertEq(start, claims.contentAt(0).endHash);
        vm.assertEq(root, Hashing.vectorRoot(_vector(end)));
        vm.assertEq(uint256(n1), 1);
        vm.assertEq(claims.contentAt(1).vectorRoot, root);
        vm.assertEq(claims.contentAt(1).endHash, Hashing.output(end));
        Claim unknown = Claim.wrap(keccak256("unknown"));
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_UnknownContent.selector, unknown));
        claims.statementOf(unknown);
    }

    function test_instanceCreatedAt_isTheInstances() public {
        Claim claim = _assert(alice, 0, RIGHT);
        _skip(100);
        _back(bob, claim);
        vm.assertEq(uint256(claims.instanceCreatedAt(claim, alice)), block.timestamp - 100);
        vm.assertEq(uint256(claims.instanceCreatedAt(claim, bob)), block.timestamp);
        vm.assertEq(uint256(claims.instanceCreatedAt(claim, council)), 0);
    }
}
