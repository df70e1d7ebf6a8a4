// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {QueryGame} from "../src/claims/QueryGame.sol";
import {IClaimManager, InstanceStatus} from "../src/interfaces/IClaimManager.sol";
import {IQueryGame, NodeStatus} from "../src/interfaces/IQueryGame.sol";
import {IStep} from "../src/interfaces/IStep.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Claim} from "../src/types/Output.sol";
import {DisputeFixture} from "./utils/DisputeFixture.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Asks, and takes its bond back as often as it is let.
contract GreedyQuerier {
    QueryGame private immutable _game;
    uint256 public calls;

    constructor(QueryGame game_) {
        _game = game_;
    }

    function withdraw() external {
        _game.withdraw();
    }

    receive() external payable {
        if (++calls < 3) _game.withdraw();
    }
}

contract QueryGameTest is DisputeFixture {
    bytes32 private constant RIGHT = keccak256("right");
    bytes32 private constant SEED = keccak256("seed");

    Claim internal claim;
    uint256 internal asserted;

    function setUp() public override {
        super.setUp();
        claim = _claim(owner, 0, RIGHT, SEED);
        asserted = block.timestamp;
    }

    // --- construction ---

    function test_constructor_badParameter_reverts() public {
        QueryGame.Parameters memory p = _gameParameters();
        p.claimManager = address(0);
        _expectBad("claimManager", p);
        p = _gameParameters();
        p.inbox = address(0);
        _expectBad("inbox", p);
        p = _gameParameters();
        p.step = alice;
        _expectBad("step", p);
        p = _gameParameters();
        p.grace = 0;
        _expectBad("grace", p);
        p = _gameParameters();
        p.clock = GRACE - 1;
        _expectBad("clock", p);
    }

    /// @dev These are seen after it was checked that the claim manager names this game.
    function test_constructor_contradiction_reverts() public {
        _expectBad("claimManager", _gameParameters());
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.mockCall(address(claims), abi.encodeCall(IClaimManager.referee, ()), abi.encode(next));
        QueryGame.Parameters memory p = _gameParameters();
        p.inbox = alice;
        _expectBad("claimManager", p);
        p = _gameParameters();
        p.clock = WINDOW + 1;
        _expectBadNext("window", p);
        p = _gameParameters();
        p.bond = 0;
        _expectBadNext("bond", p);
        p = _gameParameters();
        p.bond = STAKE / 60 + 1;
        _expectBadNext("bond", p);
        vm.mockCall(address(claims), abi.encodeCall(IClaimManager.window, ()), abi.encode(uint256(1) << 32));
        _expectBadNext("window", _gameParameters());
    }

    function _expectBad(string memory name, QueryGame.Parameters memory p) private {
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_BadParameter.selector, name));
        new QueryGame(p);
    }

    /// @dev The claim manager's game is the next contract that this one creates.
    function _expectBadNext(string memory name, QueryGame.Parameters memory p) private {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.mockCall(address(claims), abi.encodeCall(IClaimManager.referee, ()), abi.encode(next));
        _expectBad(name, p);
    }

    // --- query ---

    function test_fuzz_query_opensANode(uint8 index) public {
        Doubt memory d = _doubt(claim, 0, index);
        bytes32 id = Hashing.queryId(Claim.unwrap(claim), owner, 0, index);
        vm.expectEmit(true, true, true, true, address(game));
        emit IQueryGame.Queried(claim, owner, id, 0, 0, index, querier, d.start, d.end, uint64(block.timestamp) + CLOCK);
        vm.assertEq(_query(claim, 0, index), id);
        IQueryGame.Node memory node = game.node(id);
        vm.assertEq(Claim.unwrap(node.content), Claim.unwrap(claim));
        vm.assertEq(node.owner, owner);
        vm.assertEq(node.querier, querier);
        vm.assertEq(uint256(node.askedAt), block.timestamp);
        vm.assertEq(uint256(node.index), index);
        vm.assertEq(node.start, d.start);
        vm.assertEq(node.end, d.end);
        _expectNode(id, NodeStatus.Open);
        _expectStanding(claim, owner, 1, 0);
        vm.assertEq(address(game).balance, BOND);
    }

    function test_query_wrongBond_reverts() public {
        Doubt memory d = _doubt(claim, 0, 1);
        vm.deal(querier, 1 ether);
        uint256[3] memory sent = [uint256(0), BOND - 1, BOND + 1];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongBond.selector, sent[i], BOND));
            vm.prank(querier);
            game.query{value: sent[i]}(claim, owner, 0, 1, d.start, d.end, d.startProof, d.endProof);
        }
    }

    function test_query_noInstance_reverts() public {
        Doubt memory d = _doubt(claim, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_InstanceNotLive.selector, claim, bob));
        _send(querier, claim, bob, 0, 1, d);
        Claim unknown = Claim.wrap(keccak256("unknown"));
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_InstanceNotLive.selector, unknown, owner));
        _send(querier, unknown, owner, 0, 1, d);
        Claim genesis = claims.contentAt(0).id;
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_InstanceNotLive.selector, genesis, owner));
        _send(querier, genesis, owner, 0, 1, d);
    }

    function test_query_twice_reverts() public {
        bytes32 id = _query(claim, 0, 9);
        Doubt memory d = _doubt(claim, 0, 9);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NodeExists.selector, id));
        _send(alice, claim, owner, 0, 9, d);
        _answer(id, SEED);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NodeExists.selector, id));
        _send(alice, claim, owner, 0, 9, d);
    }

    function test_query_atTheLastSecond_andLater_reverts() public {
        vm.warp(asserted + WINDOW);
        _query(claim, 0, 1);
        vm.warp(asserted + WINDOW + 1);
        Doubt memory d = _doubt(claim, 0, 2);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_TooLate.selector, asserted + WINDOW));
        _send(querier, claim, owner, 0, 2, d);
    }

    function test_fuzz_query_wrongEntries_reverts(uint8 index, uint8 place, bytes32 noise) public {
        vm.assume(index > 0);
        Doubt memory d = _doubt(claim, 0, index);
        uint256 wrong = index;
        if (place % 4 == 0) {
            (d.start, wrong) = (noise, index - 1);
        } else if (place % 4 == 1) {
            d.end = noise;
        } else if (place % 4 == 2) {
            d.startProof[place / 4 % 8] = noise;
            wrong = index - 1;
        } else {
            d.endProof[place / 4 % 8] = noise;
        }
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongEntry.selector, wrong));
        _send(querier, claim, owner, 0, index, d);
    }

    function test_query_proofLength_reverts() public {
        Doubt memory d = _doubt(claim, 0, 4);
        d.endProof = new bytes32[](9);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongEntry.selector, 4));
        _send(querier, claim, owner, 0, 4, d);
        // An inner node of the tree is no entry.
        d = _doubt(claim, 0, 4);
        bytes32[] memory shorter = new bytes32[](7);
        for (uint256 i; i < 7; ++i) {
            shorter[i] = d.endProof[i + 1];
        }
        d.end = keccak256(abi.encode(Hashing.DOMAIN_NODE, d.end, d.endProof[0]));
        d.endProof = shorter;
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongEntry.selector, 4));
        _send(querier, claim, owner, 0, 4, d);
    }

    function test_query_entry0_startsFromTheParentsEnd() public {
        Doubt memory d = _doubt(claim, 0, 0);
        vm.assertEq(d.start, claims.contentAt(0).endHash);
        d.start = d.end;
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongEntry.selector, 0));
        _send(querier, claim, owner, 0, 0, d);
        _post(batcher, 1);
        Claim child = _claim(owner, 1, keccak256("child"), "child");
        d = _doubt(child, 0, 0);
        vm.assertEq(d.start, claims.contentAt(1).endHash);
        _query(child, 0, 0);
    }

    function test_query_deeper_takesTheAnswersVector() public {
        bytes32 first = _query(claim, 0, 9);
        _answer(first, SEED);
        bytes32 second = _query(claim, first, 0);
        IQueryGame.Node memory node = game.node(second);
        vm.assertEq(node.start, game.node(first).start);
        vm.assertEq(node.parent, first);
        vm.assertEq(uint256(node.depth), 1);
        vm.assertFalse(node.start == claims.contentAt(0).endHash);
        // The claim's own vector is another.
        Doubt memory d = _doubt(claim, 0, 7);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongEntry.selector, 6));
        _send(querier, claim, owner, first, 7, d);
    }

    function test_query_wrongParent_reverts() public {
        bytes32 open = _query(claim, 0, 9);
        bytes32 answered = _query(claim, 0, 10);
        _answer(answered, SEED);
        _stake(alice);
        vm.prank(alice);
        claims.back(claim);
        Doubt memory d = _doubt(claim, answered, 1);
        bytes32 unknown = keccak256("unknown");
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongParent.selector, unknown));
        _send(querier, claim, owner, unknown, 1, d);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongParent.selector, open));
        _send(querier, claim, owner, open, 1, d);
        // Another owner's answer binds its owner only.
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongParent.selector, answered));
        _send(querier, claim, alice, answered, 1, d);
        _post(batcher, 1);
        Claim child = _claim(owner, 1, keccak256("child"), "child");
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongParent.selector, answered));
        _send(querier, child, owner, answered, 1, d);
    }

    function test_query_ofALeaf_reverts() public {
        bytes32 leaf = _descend(claim, 3, 5);
        Doubt memory d = _doubt(claim, game.node(leaf).parent, 1);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongParent.selector, leaf));
        _send(querier, claim, owner, leaf, 1, d);
    }

    function test_query_deeper_tooLate_reverts() public {
        vm.warp(asserted + WINDOW);
        bytes32 id = _query(claim, 0, 9);
        _answer(id, SEED);
        (, uint256 childClose) = _limits(id);
        vm.assertEq(childClose, asserted + WINDOW + CLOCK);
        vm.warp(childClose);
        _query(claim, id, 1);
        vm.warp(childClose + 1);
        Doubt memory d = _doubt(claim, id, 2);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_TooLate.selector, childClose));
        _send(querier, claim, owner, id, 2, d);
    }

    // --- answer ---

    function test_answer_closesTheNode() public {
        bytes32 id = _query(claim, 0, 9);
        _skip(1 hours);
        bytes memory finalState = _ended(vectors[Claim.unwrap(claim)][9]);
        bytes32[256] memory entries = _noise(SEED);
        entries[255] = Hashing.state(finalState);
        bytes32 root = Hashing.vectorRoot(_copy(entries));
        bytes32 boot = Hashing.boot(CHAIN_ID, vectors[Claim.unwrap(claim)][8], inbox.acc(1), 1, SPAN);
        (bytes32 programMemory, uint32 programPc) = _program();
        bytes32 start = Hashing.initialState(programMemory, programPc, boot);
        // The window ends later than the querier's clock would.
        uint64 childClose = uint64(asserted + WINDOW);
        vm.expectEmit(true, true, true, true, address(game));
        emit IQueryGame.Answered(id, start, root, childClose, entries);
        _answerVector(owner, id, entries, finalState);
        IQueryGame.Node memory node = game.node(id);
        vm.assertEq(node.start, start);
        vm.assertEq(node.root, root);
        vm.assertEq(uint256(node.answeredAt), block.timestamp);
        vm.assertEq(uint256(node.ownerUsed), 1 hours);
        _expectNode(id, NodeStatus.Answered);
        _expectStanding(claim, owner, 0, childClose);
    }

    function _copy(bytes32[256] memory entries) private pure returns (bytes32[256] memory copy) {
        for (uint256 i; i < 256; ++i) {
            copy[i] = entries[i];
        }
    }

    function test_answer_initialState_isTheMachines() public view {
        bytes32 boot = keccak256("boot");
        (bytes32 programMemory, uint32 programPc) = _program();
        bytes memory state =
            abi.encodePacked(programMemory, boot, new bytes(64), new bytes(5), programPc, new bytes(2), new bytes(124));
        vm.assertEq(state.length, 263);
        vm.assertEq(Hashing.initialState(programMemory, programPc, boot), Hashing.state(state));
    }

    function test_answer_notOwner_reverts() public {
        bytes32 id = _query(claim, 0, 9);
        bytes32[256] memory entries = _noise(SEED);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NotOwner.selector, querier));
        _answerVector(querier, id, entries, "");
    }

    function test_answer_notOpen_reverts() public {
        bytes32 id = _query(claim, 0, 9);
        _answer(id, SEED);
        bytes32[256] memory entries = _noise(SEED);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NodeNotOpen.selector, id));
        _answerVector(owner, id, entries, "");
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NodeNotOpen.selector, bytes32(0)));
        _answerVector(owner, 0, entries, "");
    }

    function test_answer_atTheLastSecond_andLater_reverts() public {
        bytes32 first = _query(claim, 0, 9);
        bytes32 second = _query(claim, 0, 10);
        vm.warp(block.timestamp + CLOCK);
        _answer(first, SEED);
        vm.warp(block.timestamp + 1);
        bytes32[256] memory entries = _noise(SEED);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_TooLate.selector, block.timestamp - 1));
        _answerVector(owner, second, entries, "");
    }

    function test_answer_leaf_reverts() public {
        bytes32 leaf = _descend(claim, 3, 5);
        bytes32[256] memory entries = _noise(SEED);
        entries[255] = game.node(leaf).end;
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongDepth.selector, 5));
        _answerVector(owner, leaf, entries, "");
    }

    function test_answer_wrongEnd_reverts() public {
        bytes32 id = _descend(claim, 3, 1);
        bytes32[256] memory entries = _noise(SEED);
        bytes32 end = game.node(id).end;
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongEnd.selector, entries[255], end));
        _answerVector(owner, id, entries, "");
        entries[255] = end;
        _answerVector(owner, id, entries, "");
    }

    function test_answer_wrongFinalState_reverts() public {
        bytes32 id = _query(claim, 0, 9);
        bytes memory state = _ended(game.node(id).end);
        _expectWrongFinal("length", id, bytes.concat(state, hex"00"), true);
        _expectWrongFinal("length", id, "", true);
        _expectWrongFinal("hash", id, state, false);
        _expectWrongFinal("output", id, _ended(keccak256("another")), true);
        state[137] = 0x02;
        _expectWrongFinal("exited", id, state, true);
        state[137] = 0x00;
        _expectWrongFinal("exited", id, state, true);
        state[137] = 0x01;
        state[138] = 0xff;
        _expectWrongFinal("code", id, state, true);
    }

    function _expectWrongFinal(string memory field, bytes32 id, bytes memory state, bool hashed) private {
        bytes32[256] memory entries = _noise(SEED);
        if (hashed) entries[255] = Hashing.state(state);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongFinalState.selector, field));
        _answerVector(owner, id, entries, state);
    }

    // --- step ---

    /// @dev A leaf whose start is the hash of `before`, and its end that of `claimed`.
    function _leaf(bytes memory before, bytes32 claimed) private returns (bytes32 id) {
        id = _descend(claim, 3, 4);
        bytes32[256] memory entries = _noise(SEED);
        entries[6] = Hashing.state(before);
        entries[7] = claimed;
        entries[255] = game.node(id).end;
        _answerVector(owner, id, entries, "");
        return _query(claim, id, 7);
    }

    function test_step_right_provesTheNode() public {
        bytes memory state = _ended(0);
        bytes32 leaf = _leaf(state, Hashing.state(state));
        vm.expectEmit(true, true, true, true, address(game));
        emit IQueryGame.Proven(leaf);
        game.step(leaf, state, new bytes32[](0), "");
        _expectNode(leaf, NodeStatus.Proven);
        (uint64 open,) = game.standing(claim, owner);
        vm.assertEq(uint256(open), 0);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NodeNotOpen.selector, leaf));
        game.step(leaf, state, new bytes32[](0), "");
    }

    function test_step_wrong_refutesTheInstance() public {
        bytes memory state = _ended(0);
        bytes32 leaf = _leaf(state, keccak256("lie"));
        vm.expectEmit(true, true, true, true, address(game));
        emit IQueryGame.Refuted(claim, owner, leaf);
        vm.prank(bob);
        game.step(leaf, state, new bytes32[](0), "");
        vm.assertEq(uint256(claims.instanceStatus(claim, owner)), uint256(InstanceStatus.Refuted));
        vm.assertEq(claims.credits(querier), STAKE / 2 / 6 * 6);
        vm.assertEq(claims.credits(bob), 0);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_InstanceNotLive.selector, claim, owner));
        game.step(leaf, state, new bytes32[](0), "");
    }

    function test_step_wrongState_reverts() public {
        bytes memory state = _ended(0);
        bytes32 leaf = _leaf(state, keccak256("lie"));
        bytes memory another = _ended(keccak256("another"));
        vm.expectRevert(
            abi.encodeWithSelector(
                IQueryGame.QueryGame_WrongState.selector, Hashing.state(another), Hashing.state(state)
            )
        );
        game.step(leaf, another, new bytes32[](0), "");
    }

    function test_step_noState_cannotBeProven() public {
        // The owner alone knows what hashes to this entry, and it is not even a state.
        bytes32 leaf = _leaf("short", keccak256("lie"));
        vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_StateLength.selector, 5));
        game.step(leaf, "short", new bytes32[](0), "");
        (uint256 deadline,) = _limits(leaf);
        vm.warp(deadline + 1);
        game.timeout(leaf);
        vm.assertEq(uint256(claims.instanceStatus(claim, owner)), uint256(InstanceStatus.Refuted));
    }

    function test_step_malformedWitness_revertsAndChangesNothing() public {
        bytes memory state = _ended(0);
        state[137] = 0x00;
        bytes32 leaf = _leaf(state, keccak256("lie"));
        vm.expectRevert(abi.encodeWithSelector(IStep.RiscVStep_ProofLength.selector, 0, 28));
        game.step(leaf, state, new bytes32[](0), "");
        _expectNode(leaf, NodeStatus.Open);
        vm.assertEq(uint256(claims.instanceStatus(claim, owner)), uint256(InstanceStatus.Live));
    }

    function test_step_aboveTheLeaf_reverts() public {
        bytes32 id = _descend(claim, 3, 4);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_WrongDepth.selector, 4));
        game.step(id, _ended(0), new bytes32[](0), "");
    }

    function test_step_afterTheDeadline_stillProves() public {
        bytes memory state = _ended(0);
        bytes32 leaf = _leaf(state, Hashing.state(state));
        (uint256 deadline,) = _limits(leaf);
        vm.warp(deadline + 1);
        game.step(leaf, state, new bytes32[](0), "");
        _expectNode(leaf, NodeStatus.Proven);
    }

    // --- timeout ---

    function test_timeout_early_reverts() public {
        bytes32 id = _query(claim, 0, 9);
        vm.warp(block.timestamp + CLOCK);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_TooEarly.selector, block.timestamp));
        game.timeout(id);
        vm.warp(block.timestamp + 1);
        vm.expectEmit(true, true, true, true, address(game));
        emit IQueryGame.Refuted(claim, owner, id);
        game.timeout(id);
        vm.assertEq(uint256(claims.instanceStatus(claim, owner)), uint256(InstanceStatus.Refuted));
        vm.assertEq(claims.credits(querier), STAKE / 2);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_InstanceNotLive.selector, claim, owner));
        game.timeout(id);
    }

    function test_timeout_answered_reverts() public {
        bytes32 id = _query(claim, 0, 9);
        _answer(id, SEED);
        vm.warp(block.timestamp + 2 * CLOCK);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_NodeNotOpen.selector, id));
        game.timeout(id);
    }

    // --- clocks ---

    function test_clock_ownersBudgetIsOnePathLong() public {
        bytes32 id = _query(claim, 0, 9);
        bytes32 other = _query(claim, 0, 10);
        _skip(CLOCK - GRACE - 1 hours);
        _answer(id, SEED);
        bytes32 next = _query(claim, id, 9);
        (uint256 deadline,) = _limits(next);
        vm.assertEq(deadline, block.timestamp + GRACE + 1 hours, "what is left");
        _skip(2 hours);
        _answer(next, SEED);
        next = _query(claim, next, 9);
        (deadline,) = _limits(next);
        vm.assertEq(deadline, block.timestamp + GRACE, "at least the grace");
        // The other path's budget is its own: one hour less than the grace is left of it.
        (deadline,) = _limits(other);
        vm.assertEq(deadline, asserted + CLOCK);
        _answer(other, SEED);
        other = _query(claim, other, 1);
        (deadline,) = _limits(other);
        vm.assertEq(deadline, block.timestamp + GRACE, "the other path");
    }

    function test_clock_queriersBudgetRunsAfterTheWindow() public {
        bytes32 id = _query(claim, 0, 9);
        _answer(id, SEED);
        (, uint256 childClose) = _limits(id);
        vm.assertEq(childClose, asserted + WINDOW, "the window is everybody's");
        vm.warp(asserted + WINDOW);
        bytes32 next = _query(claim, id, 9);
        _answer(next, SEED);
        (, childClose) = _limits(next);
        vm.assertEq(childClose, block.timestamp + CLOCK, "nothing used");
        _skip(CLOCK - 8 hours);
        next = _query(claim, next, 9);
        _answer(next, SEED);
        (, childClose) = _limits(next);
        vm.assertEq(childClose, block.timestamp + 8 hours, "what is left");
        _skip(8 hours);
        next = _query(claim, next, 9);
        _answer(next, SEED);
        (, childClose) = _limits(next);
        vm.assertEq(childClose, block.timestamp + GRACE, "at least the grace");
    }

    /// @dev An answer on a path with little time left comes after one on a path with much.
    function test_clock_closeIsTheLatestOfAllPaths() public {
        vm.warp(asserted + WINDOW);
        bytes32 slow = _query(claim, 0, 9);
        bytes32 fresh = _query(claim, 0, 10);
        _answer(slow, SEED);
        _skip(CLOCK);
        _answer(fresh, SEED);
        (, uint256 latest) = _limits(fresh);
        _expectStanding(claim, owner, 0, latest);
        slow = _query(claim, slow, 9);
        _answer(slow, SEED);
        (, uint256 earlier) = _limits(slow);
        vm.assertLt(earlier, latest);
        _expectStanding(claim, owner, 0, latest);
    }

    function test_limits_unknownNode_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_UnknownNode.selector, bytes32(0)));
        game.limits(0);
    }

    // --- bonds ---

    function test_reclaim_live_reverts() public {
        bytes32 id = _query(claim, 0, 9);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_InstanceLive.selector, claim, owner));
        game.reclaim(id);
    }

    function test_reclaim_unknownNode_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_UnknownNode.selector, bytes32(0)));
        game.reclaim(0);
    }

    function test_reclaim_confirmed_creditsTheOwner() public {
        bytes32 id = _query(claim, 0, 9);
        _answer(id, SEED);
        vm.warp(asserted + WINDOW + 1);
        claims.confirm(claim, owner);
        vm.expectEmit(true, true, true, true, address(game));
        emit IQueryGame.Reclaimed(id, owner);
        vm.prank(bob);
        game.reclaim(id);
        vm.assertEq(game.credits(owner), BOND);
        vm.assertEq(game.credits(querier), 0);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_ReclaimedAlready.selector, id));
        game.reclaim(id);
        uint256 before = owner.balance;
        vm.expectEmit(true, true, true, true, address(game));
        emit IQueryGame.Withdrawn(owner, BOND);
        vm.prank(owner);
        game.withdraw();
        vm.assertEq(owner.balance, before + BOND);
        vm.assertEq(address(game).balance, 0);
    }

    function test_reclaim_refuted_creditsEveryQuerier() public {
        bytes32 first = _query(alice, claim, owner, 0, 9);
        bytes32 second = _query(bob, claim, owner, 0, 10);
        _answer(first, SEED);
        bytes32 third = _query(querier, claim, owner, first, 1);
        vm.warp(block.timestamp + CLOCK + 1);
        game.timeout(second);
        game.reclaim(first);
        game.reclaim(second);
        game.reclaim(third);
        vm.assertEq(game.credits(alice), BOND);
        vm.assertEq(game.credits(bob), BOND);
        vm.assertEq(game.credits(querier), BOND);
        vm.assertEq(claims.credits(bob), STAKE / 2, "the path that refuted");
        vm.assertEq(claims.credits(alice), 0);
    }

    function test_reclaim_rejected_creditsTheQuerier() public {
        _stake(alice);
        _claim(alice, 0, keccak256("sibling"), "sibling");
        Claim sibling = claims.contentAt(2).id;
        bytes32 id = _query(claim, 0, 9);
        _answer(id, SEED);
        vm.warp(asserted + WINDOW + 1);
        claims.confirm(sibling, alice);
        game.reclaim(id);
        vm.assertEq(game.credits(querier), BOND);
    }

    function test_reclaim_ownerRefutedElsewhere_creditsTheQuerier() public {
        _post(batcher, 1);
        Claim child = _claim(owner, 1, keccak256("child"), "child");
        bytes32 here = _query(alice, claim, owner, 0, 9);
        bytes32 there = _query(bob, child, owner, 0, 9);
        _answer(here, SEED);
        bytes32 deeper = _query(querier, claim, owner, here, 9);
        vm.warp(block.timestamp + CLOCK + 1);
        game.timeout(there);
        // No move is left on the other instance, and no bond is stuck.
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_InstanceNotLive.selector, claim, owner));
        game.timeout(deeper);
        bytes32[256] memory entries = _noise(SEED);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_InstanceNotLive.selector, claim, owner));
        _answerVector(owner, deeper, entries, "");
        game.reclaim(here);
        game.reclaim(deeper);
        vm.assertEq(game.credits(alice) + game.credits(querier), 2 * BOND);
    }

    function test_withdraw_reentered_paysOnce() public {
        GreedyQuerier greedy = new GreedyQuerier(game);
        vm.deal(address(greedy), BOND);
        bytes32 id = _query(address(greedy), claim, owner, 0, 9);
        _query(claim, 0, 10);
        vm.warp(block.timestamp + CLOCK + 1);
        game.timeout(id);
        game.reclaim(id);
        greedy.withdraw();
        vm.assertEq(address(greedy).balance, BOND);
        vm.assertEq(address(game).balance, BOND);
        vm.assertEq(greedy.calls(), 3);
    }

    function test_withdraw_refused_reverts() public {
        vm.deal(address(inbox), BOND);
        bytes32 id = _query(address(inbox), claim, owner, 0, 9);
        vm.warp(block.timestamp + CLOCK + 1);
        game.timeout(id);
        game.reclaim(id);
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_PaymentFailed.selector, inbox));
        vm.prank(address(inbox));
        game.withdraw();
        vm.assertEq(game.credits(address(inbox)), BOND);
    }

    // --- confirmation ---

    function test_confirm_openNode_reverts() public {
        bytes32 id = _query(claim, 0, 9);
        vm.warp(asserted + WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRipe.selector, claim));
        claims.confirm(claim, owner);
        vm.assertFalse(claims.tryConfirm(claim));
        game.timeout(id);
    }

    function test_confirm_answeredLate_waitsForTheChildrensClose() public {
        vm.warp(asserted + WINDOW);
        bytes32 id = _query(claim, 0, 9);
        _skip(CLOCK);
        _answer(id, SEED);
        (, uint256 childClose) = _limits(id);
        vm.assertEq(childClose, block.timestamp + CLOCK);
        vm.assertEq(uint256(claims.closesAt(claim)), childClose);
        vm.warp(childClose);
        vm.expectRevert(abi.encodeWithSelector(IClaimManager.ClaimManager_NotRipe.selector, claim));
        claims.confirm(claim, owner);
        vm.warp(childClose + 1);
        claims.confirm(claim, owner);
    }

    function test_confirm_byAnotherInstance_whileNodesAreOpen() public {
        _stake(alice);
        vm.prank(alice);
        claims.back(claim);
        bytes32 id = _query(claim, 0, 9);
        vm.warp(asserted + WINDOW + 1);
        claims.confirm(claim, alice);
        // The doubted instance is confirmed with its content: it was right, and so its owner gets the bond.
        vm.assertEq(uint256(claims.instanceStatus(claim, owner)), uint256(InstanceStatus.Confirmed));
        vm.expectRevert(abi.encodeWithSelector(IQueryGame.QueryGame_InstanceNotLive.selector, claim, owner));
        game.timeout(id);
        game.reclaim(id);
        vm.assertEq(game.credits(owner), BOND);
    }

    /// @dev An owner that asks itself takes no time from anybody else.
    function test_selfQuery_doesNotShortenTheWindow() public {
        vm.deal(owner, 6 * BOND);
        bytes32 id;
        for (uint256 depth; depth < 5; ++depth) {
            id = _query(owner, claim, owner, id, 9);
            _answer(id, SEED);
        }
        vm.warp(asserted + WINDOW);
        _query(claim, id, 9);
    }
}
