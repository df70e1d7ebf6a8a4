// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {QueryGame} from "../src/claims/QueryGame.sol";
import {Demanders} from "../src/da/Demanders.sol";
import {IClaimManager} from "../src/interfaces/IClaimManager.sol";
import {ChallengeStatus, IDaChallenge} from "../src/interfaces/IDaChallenge.sol";
import {IDemanders} from "../src/interfaces/IDemanders.sol";
import {IQueryGame} from "../src/interfaces/IQueryGame.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {BatchHeader} from "../src/types/Batch.sol";
import {Claim} from "../src/types/Output.sol";
import {CommitteeDeployment} from "./utils/CommitteeDeployment.sol";
import {Vectors} from "./utils/Vectors.sol";
import {vm} from "./utils/Vm.sol";

/// @notice A private chain: only two watchers may demand payloads.
contract DemandersTest is CommitteeDeployment {
    bytes private constant PAYLOAD = "payload";

    address private constant FIRST = address(0xa11);
    address private constant SECOND = address(0xa12);

    function _watchersOnly() internal pure override returns (address[] memory list) {
        list = new address[](2);
        list[0] = FIRST;
        list[1] = SECOND;
    }

    function setUp() public override {
        super.setUp();
        _postWith(PAYLOAD);
    }

    function challenge(address who, uint64 index, bytes calldata payload) external {
        _challenge(who, index, payload);
    }

    function _expectRefused(address who) private {
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_NotDemander.selector, who));
        this.challenge(who, 0, PAYLOAD);
        vm.assertEq(uint256(challenges.statusOf(0)), uint256(ChallengeStatus.None));
    }

    function _add(address who) private {
        vm.prank(address(timelock));
        demanders.add(who);
    }

    function _remove(address who) private {
        vm.prank(address(timelock));
        demanders.remove(who);
    }

    // --- construction ---

    function _expectBad(string memory name, address owner, uint64 delay, address[] memory list) private {
        vm.expectRevert(abi.encodeWithSelector(IDemanders.Demanders_BadParameter.selector, name));
        new Demanders(owner, delay, list);
    }

    function test_constructor_badParameter_reverts() public {
        address[] memory list = _watchersOnly();
        _expectBad("owner", address(0), 1, list);
        _expectBad("delay", alice, 0, list);
        _expectBad("delay", alice, uint64(type(uint32).max) + 1, list);
        _expectBad("demanders", alice, 1, new address[](0));
        list[1] = address(0);
        _expectBad("demanders", alice, 1, list);
        list[1] = FIRST;
        vm.expectRevert(abi.encodeWithSelector(IDemanders.Demanders_ListedAlready.selector, FIRST));
        new Demanders(alice, 1, list);
    }

    function test_constructor_listsThem() public {
        vm.assertEq(demanders.owner(), address(timelock));
        vm.assertEq(uint256(demanders.delay()), DEMANDER_DELAY);
        vm.assertEq(challenges.demanders(), address(demanders));
        vm.assertTrue(demanders.mayDemand(FIRST));
        vm.assertTrue(demanders.mayDemand(SECOND));
        vm.assertFalse(demanders.mayDemand(alice));
        vm.assertFalse(demanders.mayDemand(address(0)));
        vm.expectEmit(true, true, true, true);
        emit IDemanders.DemanderAdded(FIRST);
        new Demanders(alice, 1, _watchersOnly());
    }

    /// @dev The list stands before the demands; all else is one later.
    function test_tables_placesAreThose() public view {
        vm.assertEq(address(demanders), deployer.addressOf(8));
        vm.assertEq(address(challenges), deployer.addressOf(9));
        vm.assertEq(address(sealedInbox), deployer.addressOf(10));
        vm.assertEq(address(claims), deployer.addressOf(12));
        vm.assertEq(address(hatch), deployer.addressOf(21));
    }

    // --- doubting ---

    /// @dev A doubt ends in a step that shows what the machine has read: as with demands, only those may force it who can read it anyway.
    function test_query_whoIsNotListed_reverts() public {
        vm.assertEq(game.demanders(), address(demanders));
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        _seal(0);
        _stake(bob);
        Claim claim = _assert(bob, 0, keccak256("root"));
        bytes32[256] memory vector = _vector(_endOutput(0, keccak256("root")));
        bytes32 start = claims.contentAt(0).endHash;
        bytes32[] memory proof = Vectors.proof(vector, 0);
        bytes32[] memory none;
        vm.deal(alice, BOND);
        vm.deal(FIRST, BOND);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NotDemander.selector, alice));
        vm.prank(alice);
        game.query{value: BOND}(claim, bob, 0, 0, start, vector[0], none, proof);
        vm.prank(FIRST);
        game.query{value: BOND}(claim, bob, 0, 0, start, vector[0], none, proof);
    }

    /// @dev Whoever is removed can still doubt what was claimed before.
    function test_game_delayWithinTheWindow_reverts() public {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.mockCall(address(claims), abi.encodeCall(IClaimManager.referee, ()), abi.encode(next));
        vm.mockCall(address(demanders), abi.encodeCall(IDemanders.delay, ()), abi.encode(WINDOW));
        QueryGame.Parameters memory p = _gameParameters();
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_BadParameter.selector, "demanders"));
        new QueryGame(p);
    }

    // --- demanding ---

    function test_challenge_whoIsNotListed_reverts() public {
        _expectRefused(alice);
        _expectRefused(address(timelock));
        _challenge(SECOND, 0, PAYLOAD);
        vm.assertEq(uint256(challenges.statusOf(0)), uint256(ChallengeStatus.Open));
    }

    /// @dev Whoever has the payload may show it, as ever.
    function test_answer_isOpenToAll() public {
        _challenge(FIRST, 0, PAYLOAD);
        _answer(alice, 0, PAYLOAD);
        vm.assertEq(uint256(challenges.statusOf(0)), uint256(ChallengeStatus.Answered));
    }

    function test_add_atOnce() public {
        vm.expectEmit(true, true, true, true, address(demanders));
        emit IDemanders.DemanderAdded(alice);
        _add(alice);
        vm.assertEq(uint256(demanders.until(alice)), type(uint64).max);
        _challenge(alice, 0, PAYLOAD);
    }

    function test_add_refuses() public {
        vm.expectRevert(abi.encodeWithSelector(IDemanders.Demanders_Unauthorized.selector, guardian));
        vm.prank(guardian);
        demanders.add(alice);
        vm.expectRevert(abi.encodeWithSelector(IDemanders.Demanders_ListedAlready.selector, FIRST));
        _add(FIRST);
        vm.expectRevert(abi.encodeWithSelector(IDemanders.Demanders_BadParameter.selector, "demanders"));
        _add(address(0));
    }

    /// @dev What was posted before the removal can be demanded by who is removed, in its whole window.
    function test_remove_afterTheDelay() public {
        uint64 end = uint64(block.timestamp) + DEMANDER_DELAY;
        vm.expectEmit(true, true, true, true, address(demanders));
        emit IDemanders.DemanderRemoved(FIRST, end);
        _remove(FIRST);
        vm.assertTrue(demanders.mayDemand(FIRST));
        vm.warp(end);
        _postWith(PAYLOAD);
        _challenge(FIRST, 1, PAYLOAD);
        vm.warp(end + 1);
        vm.assertFalse(demanders.mayDemand(FIRST));
        _postWith(PAYLOAD);
        vm.expectRevert(abi.encodeWithSelector(IDaChallenge.DaChallenge_NotDemander.selector, FIRST));
        this.challenge(FIRST, 2, PAYLOAD);
        _challenge(SECOND, 2, PAYLOAD);
        // A demand that was made stays, whoever made it.
        vm.warp(end + ANSWER_WINDOW + 1);
        challenges.reclaim(1);
        vm.assertEq(challenges.credits(FIRST), CHUNK_BOND);
    }

    function test_fuzz_remove_coversTheWindow(uint256 removed, uint256 looked) public {
        vm.warp(headers[0].l1Time + _bound(removed, 0, CHALLENGE_WINDOW));
        _remove(FIRST);
        vm.warp(_bound(looked, block.timestamp, headers[0].l1Time + CHALLENGE_WINDOW));
        _challenge(FIRST, 0, PAYLOAD);
    }

    function test_add_takesBackARemoval() public {
        _remove(FIRST);
        _add(FIRST);
        vm.warp(block.timestamp + 2 * DEMANDER_DELAY);
        vm.assertTrue(demanders.mayDemand(FIRST));
        // After its end, too.
        _remove(FIRST);
        vm.warp(block.timestamp + DEMANDER_DELAY + 1);
        vm.assertFalse(demanders.mayDemand(FIRST));
        _add(FIRST);
        vm.assertTrue(demanders.mayDemand(FIRST));
    }

    function test_remove_refuses() public {
        vm.expectRevert(abi.encodeWithSelector(IDemanders.Demanders_Unauthorized.selector, FIRST));
        vm.prank(FIRST);
        demanders.remove(SECOND);
        vm.expectRevert(abi.encodeWithSelector(IDemanders.Demanders_NotListed.selector, alice));
        _remove(alice);
        _remove(FIRST);
        // Its end is set: a second removal would move it.
        vm.expectRevert(abi.encodeWithSelector(IDemanders.Demanders_NotListed.selector, FIRST));
        _remove(FIRST);
        vm.expectRevert(abi.encodeWithSelector(IDemanders.Demanders_LastOne.selector, SECOND));
        _remove(SECOND);
        _add(alice);
        _remove(SECOND);
    }
}
