// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ClaimManager} from "../../src/claims/ClaimManager.sol";
import {QueryGame} from "../../src/claims/QueryGame.sol";
import {IClaimManager, InstanceStatus} from "../../src/interfaces/IClaimManager.sol";
import {IQueryGame, NodeStatus} from "../../src/interfaces/IQueryGame.sol";
import {Claim} from "../../src/types/Output.sol";
import {ProgramFixture} from "../utils/ProgramFixture.sol";
import {Test} from "../utils/Test.sol";
import {vm} from "../utils/Vm.sol";

/// @notice An honest owner and an honest challenger among liars and a stranger who asks at random, about a real program.
///
/// The dishonest act whenever they like, and between any two moments that are a grace apart the honest act once.
contract GameActors is ProgramFixture {
    uint256 private constant LIARS_MAX = 8;

    address[] public accounts;
    bytes32[] public nodes;
    /// @dev The honest owner's and challenger's wealth in the beginning.
    uint256 public honestWealth;
    /// @dev What was seen go wrong; empty if nothing.
    string public broken;
    address private _stranger = _actor("stranger");
    /// @dev How far the challenger has come against an instance.
    mapping(Claim => mapping(address liar => bytes32)) private _front;
    mapping(Claim => mapping(address => InstanceStatus)) private _seen;
    mapping(Claim => mapping(address => uint64)) private _closes;

    constructor() {
        ProgramFixture.setUp();
        accounts.push(owner);
        accounts.push(querier);
        accounts.push(_stranger);
        vm.deal(_stranger, 1_000 ether);
        honestWealth = wealth();
        _rightClaim(owner);
        newLiar();
        newLiar();
    }

    function setUp() public override {}

    function theClaims() external view returns (ClaimManager) {
        return claims;
    }

    function theGame() external view returns (QueryGame) {
        return game;
    }

    function accountCount() external view returns (uint256) {
        return accounts.length;
    }

    function nodeCount() external view returns (uint256) {
        return nodes.length;
    }

    /// @dev What the honest two own; their stake counts while they have it.
    function wealth() public view returns (uint256 sum) {
        address[2] memory honest = [owner, querier];
        for (uint256 i; i < 2; ++i) {
            (bool staked,,,) = claims.owners(honest[i]);
            sum += honest[i].balance + game.credits(honest[i]) + claims.credits(honest[i]);
            if (staked) sum += STAKE;
        }
        for (uint256 i; i < nodes.length; ++i) {
            IQueryGame.Node memory node = game.node(nodes[i]);
            if (node.querier == querier && !node.reclaimed) sum += BOND;
        }
    }

    // --- the dishonest ---

    function newLiar() public {
        if (accounts.length >= 3 + LIARS_MAX) return;
        address liar = address(uint160(0x11a20000 + accounts.length));
        accounts.push(liar);
        _stake(liar);
        vm.deal(liar, 100 ether);
    }

    /// @dev Few contents, so that liars meet: the right one, and wrong ones.
    function lie(uint256 who, uint256 entry) external {
        address liar = _liar(who);
        uint8[4] memory firsts = [0, 1, 9, 255];
        entry = firsts[entry % 4];
        try this.claimAs(liar, entry) {} catch {}
    }

    function claimAs(address liar, uint256 entry) external {
        if (entry == 0) _rightClaim(liar);
        else _wrongClaim(liar, entry);
    }

    function back(uint256 who, uint256 index) external {
        vm.prank(_liar(who));
        try claims.back(_claimAt(index)) {} catch {}
    }

    /// @dev The stranger asks about a claim, or goes on where something was answered. On the honest owner's instance it spares entry
    /// 0, for which the fixture has no run.
    function ask(uint256 index, uint256 who, uint256 from, uint8 entry) external {
        address of_ = who % 3 == 0 ? owner : _liar(who);
        Claim claim = _claimAt(index);
        bytes32 parent;
        if (from % 4 != 0 && nodes.length > 0) {
            parent = nodes[from % nodes.length];
            IQueryGame.Node memory node = game.node(parent);
            (claim, of_) = (node.content, node.owner);
        }
        if (of_ == owner && parent == 0 && entry == 0) return;
        try this.askAs(_stranger, claim, of_, parent, entry) {} catch {}
    }

    function askAs(address who, Claim claim, address of_, bytes32 parent, uint8 entry)
        external
        returns (bytes32 child)
    {
        child = _query(who, claim, of_, parent, entry);
        offsets[child] = parent == 0 ? 0 : offsets[parent] + entry * _stride(game.node(parent).depth);
        nodes.push(child);
    }

    /// @dev A liar answers: from the run up to some step, or with garbage.
    function respond(uint256 which, uint256 until) external {
        if (nodes.length == 0) return;
        bytes32 node = nodes[which % nodes.length];
        if (game.node(node).owner == owner) return;
        if (until % 8 != 0) until = (until >> 8) % (trace.length + 5);
        try this.respondAs(node, until) {} catch {}
    }

    function respondAs(bytes32 node, uint256 until) external {
        if (until % 8 == 0) _answer(node, bytes32(until));
        else _respond(node, until);
    }

    function timeout(uint256 which) external {
        if (nodes.length > 0) _refuteWith(nodes[which % nodes.length], false);
    }

    // --- anybody ---

    function confirm(uint256 index, uint256 who) external {
        _confirm(_claimAt(index), accounts[who % accounts.length], who % 2 == 0);
    }

    function reclaim(uint256 which) public {
        if (nodes.length == 0) return;
        try game.reclaim(nodes[which % nodes.length]) {} catch {}
    }

    function withdraw(uint256 who) public {
        address account = accounts[who % accounts.length];
        vm.prank(account);
        game.withdraw();
        vm.prank(account);
        claims.withdrawCredit();
        vm.prank(account);
        try claims.withdrawStake() {} catch {}
    }

    function settle(uint256 index, uint256 who) public {
        try claims.settle(_claimAt(index), accounts[who % accounts.length]) {} catch {}
    }

    /// @dev Time passes, a grace at a time.
    function wait_(uint256 graces) public {
        graces = _bound(graces, 1, 4);
        for (uint256 i; i < graces; ++i) {
            honestMoves();
            _skip(GRACE);
        }
        honestMoves();
    }

    // --- the honest ---

    function honestMoves() public {
        for (uint256 i; i < nodes.length; ++i) {
            _defend(nodes[i]);
        }
        uint256 count = claims.contentCount();
        for (uint256 c = 1; c < count; ++c) {
            if (claims.contentAt(c).outputRoot == RIGHT) continue;
            for (uint256 i = 3; i < accounts.length; ++i) {
                _accuse(claims.contentAt(c).id, accounts[i]);
            }
        }
    }

    function _defend(bytes32 node) private {
        IQueryGame.Node memory asked = game.node(node);
        if (asked.owner != owner || asked.status != NodeStatus.Open || !_isLive(asked.content, owner)) return;
        if (asked.depth < 5) return _respond(node, NEVER);
        _judge(node);
        _check(game.node(node).status == NodeStatus.Proven, "12: a true step was not proven");
    }

    /// @dev One move against a live instance of a wrong content.
    function _accuse(Claim claim, address liar) private {
        if (!_isLive(claim, liar)) return;
        bytes32 front = _front[claim][liar];
        IQueryGame.Node memory node = game.node(front);
        if (front == 0 || node.status == NodeStatus.Answered) {
            _front[claim][liar] = _ask(claim, liar, front, _firstWrong(claim, front, node.depth));
        } else if (node.depth == 5 || _isLate(front)) {
            _refuteWith(front, node.depth == 5);
            _check(!_isLive(claim, liar), "10: a lie stood");
        }
    }

    function _ask(Claim claim, address liar, bytes32 parent, uint8 entry) private returns (bytes32 child) {
        try this.askAs(querier, claim, liar, parent, entry) returns (bytes32 opened) {
            return opened;
        } catch (bytes memory reason) {
            _check(bytes4(reason) == IQueryGame.QueryGame_NodeExists.selector, "10: the challenger came too late");
            assembly ("memory-safe") {
                child := mload(add(reason, 0x24))
            }
        }
    }

    /// @dev The first entry that is not the run's, of a claim's vector or of an answer.
    function _firstWrong(Claim claim, bytes32 node, uint8 depth) private view returns (uint8) {
        bytes32[256] memory entries = vectors[node == 0 ? Claim.unwrap(claim) : node];
        for (uint256 i; i < 256; ++i) {
            bytes32 right = _rightHash();
            if (node != 0) {
                uint256 number = offsets[node] + (i + 1) * _stride(depth);
                right = trace[number < trace.length ? number : trace.length - 1];
            }
            if (entries[i] != right) return uint8(i);
        }
        revert("a wrong vector without a wrong entry");
    }

    // --- watching ---

    /// @dev Refutes by `step` or `timeout`; looks at what that does to everybody else (invariants 21 and 22).
    function _refuteWith(bytes32 node, bool byStep) private {
        IQueryGame.Node memory failed = game.node(node);
        uint256[] memory credits = new uint256[](accounts.length);
        InstanceStatus[] memory statuses = new InstanceStatus[](accounts.length);
        for (uint256 i; i < accounts.length; ++i) {
            credits[i] = claims.credits(accounts[i]);
            statuses[i] = claims.instanceStatus(failed.content, accounts[i]);
        }
        if (byStep) {
            _judge(node);
        } else {
            try game.timeout(node) {}
            catch {
                return;
            }
        }
        _check(failed.owner != owner, "12: the honest owner was refuted");
        uint256 share = STAKE / 2 / (failed.depth + 1);
        for (uint256 i; i < accounts.length; ++i) {
            uint256 due;
            for (bytes32 at_ = node; at_ != 0; at_ = game.node(at_).parent) {
                if (game.node(at_).querier == accounts[i]) due += share;
            }
            _check(claims.credits(accounts[i]) == credits[i] + due, "21: a reward went astray");
            bool same = claims.instanceStatus(failed.content, accounts[i]) == statuses[i];
            _check(same || accounts[i] == failed.owner, "22: another owner was touched");
        }
    }

    function _confirm(Claim claim, address account, bool named) private {
        if (claims.isFinal(claim)) return;
        bool[] memory through = new bool[](accounts.length);
        bool any;
        for (uint256 i; i < accounts.length; ++i) {
            through[i] = _isLive(claim, accounts[i]) && _isThrough(claim, accounts[i]);
            any = any || through[i];
        }
        if (named) {
            try claims.confirm(claim, account) {
                any = false;
                for (uint256 i; i < accounts.length; ++i) {
                    if (accounts[i] == account) any = through[i];
                }
            } catch {
                return;
            }
        } else if (!claims.tryConfirm(claim)) {
            return;
        }
        _check(any, "17: confirmed with an open node or in a window");
        bool right = claims.contentAt(claims.indexOf(claim)).outputRoot == RIGHT;
        _check(right, "10: a wrong output was confirmed");
    }

    function _isThrough(Claim claim, address of_) private view returns (bool) {
        for (uint256 i; i < nodes.length; ++i) {
            IQueryGame.Node memory node = game.node(nodes[i]);
            if (node.content != claim || node.owner != of_) continue;
            (, uint64 childClose) = game.limits(nodes[i]);
            if (node.status == NodeStatus.Open || childClose >= block.timestamp) return false;
        }
        return claims.instanceCreatedAt(claim, of_) + WINDOW < block.timestamp;
    }

    function _isLate(bytes32 node) private view returns (bool) {
        (uint64 deadline,) = game.limits(node);
        return block.timestamp > deadline;
    }

    function _isLive(Claim claim, address of_) private view returns (bool) {
        return claims.instanceStatus(claim, of_) == InstanceStatus.Live;
    }

    function _check(bool holds, string memory what) private {
        if (!holds) broken = what;
    }

    function _liar(uint256 who) private view returns (address) {
        return accounts[3 + who % (accounts.length - 3)];
    }

    function _claimAt(uint256 index) private view returns (Claim) {
        return claims.contentAt(index % claims.contentCount()).id;
    }

    // --- what the invariants look at ---

    /// @dev Terminal states and closes, compared with what was seen before.
    function remember() external {
        uint256 count = claims.contentCount();
        for (uint256 c; c < count; ++c) {
            Claim claim = claims.contentAt(c).id;
            for (uint256 i; i < accounts.length; ++i) {
                InstanceStatus status = claims.instanceStatus(claim, accounts[i]);
                InstanceStatus before = _seen[claim][accounts[i]];
                bool terminal = before != InstanceStatus.None && before != InstanceStatus.Live;
                _check(!terminal || status == before, "16: a terminal state changed");
                _seen[claim][accounts[i]] = status;
                (, uint64 close) = game.standing(claim, accounts[i]);
                _check(close >= _closes[claim][accounts[i]], "17: a close decreased");
                _closes[claim][accounts[i]] = close;
            }
        }
    }

    /// @dev What a side has used on the way to a node, added up from the moments of the moves.
    function used(bytes32 id) external view returns (uint256 byOwner, uint256 byQuerier) {
        IQueryGame.Node memory node = game.node(id);
        uint256 windowEnd = claims.instanceCreatedAt(node.content, node.owner) + WINDOW;
        for (bytes32 up = node.parent; up != 0; up = node.parent) {
            uint256 askedAt = node.askedAt;
            node = game.node(up);
            byOwner += node.answeredAt - node.askedAt;
            uint256 from = node.answeredAt > windowEnd ? node.answeredAt : windowEnd;
            if (askedAt > from) byQuerier += askedAt - from;
        }
    }

    /// @dev Everything is played to its end, and everybody takes out what is theirs.
    function windUp() external {
        for (uint256 i; i < 60; ++i) {
            honestMoves();
            _skip(GRACE);
        }
        for (uint256 c; c < claims.contentCount(); ++c) {
            _confirm(claims.contentAt(c).id, owner, claims.contentAt(c).outputRoot == RIGHT);
        }
        for (uint256 c; c < claims.contentCount(); ++c) {
            for (uint256 i; i < accounts.length; ++i) {
                settle(c, i);
            }
        }
        for (uint256 i; i < nodes.length; ++i) {
            reclaim(i);
        }
        for (uint256 i; i < accounts.length; ++i) {
            withdraw(i);
        }
        claims.collect();
    }
}

/// @notice Invariants 10 to 18, 21 and 22 of the settlement design, for the contracts together.
/// forge-config: default.invariant.fail-on-revert = true
contract GameInvariants is Test {
    GameActors private _actors;
    ClaimManager private _claims;
    QueryGame private _game;

    function setUp() public {
        vm.warp(1_800_000_000);
        vm.roll(100);
        _actors = new GameActors();
        _claims = _actors.theClaims();
        _game = _actors.theGame();
        bytes4[] memory selectors = new bytes4[](15);
        selectors[0] = GameActors.newLiar.selector;
        selectors[1] = GameActors.lie.selector;
        selectors[2] = GameActors.back.selector;
        selectors[3] = GameActors.ask.selector;
        selectors[4] = GameActors.respond.selector;
        selectors[5] = GameActors.timeout.selector;
        selectors[6] = GameActors.confirm.selector;
        selectors[7] = GameActors.reclaim.selector;
        selectors[8] = GameActors.withdraw.selector;
        selectors[9] = GameActors.settle.selector;
        selectors[10] = GameActors.wait_.selector;
        // What matters most is done most.
        selectors[11] = GameActors.ask.selector;
        selectors[12] = GameActors.respond.selector;
        selectors[13] = GameActors.respond.selector;
        selectors[14] = GameActors.honestMoves.selector;
        _target(address(_actors), selectors);
    }

    /// @dev Seen by the actors on the way: 10 (no wrong output), 12, 16, 17, 21, 22.
    function invariant_10_12_16_17_21_22_nothingIsBroken() public {
        _actors.remember();
        vm.assertEq(_actors.broken(), "");
    }

    function invariant_14_escrowIsTheSumOfLiabilities() public view {
        uint256 bonds;
        for (uint256 i; i < _actors.nodeCount(); ++i) {
            if (!_game.node(_actors.nodes(i)).reclaimed) bonds += _game.bond();
        }
        uint256 stakes = _claims.forfeited();
        for (uint256 i; i < _actors.accountCount(); ++i) {
            address account = _actors.accounts(i);
            bonds += _game.credits(account);
            (bool staked,,,) = _claims.owners(account);
            stakes += _claims.credits(account) + (staked ? _claims.stake() : 0);
        }
        vm.assertEq(address(_game).balance, bonds, "bonds");
        vm.assertEq(address(_claims).balance, stakes, "stakes");
    }

    function invariant_15_oneConfirmedChild() public view {
        uint256 confirmed;
        for (uint256 i = 1; i < _claims.contentCount(); ++i) {
            if (_claims.contentAt(i).confirmedAt != 0) ++confirmed;
        }
        vm.assertLe(confirmed, 1);
    }

    /// @dev Each side's time depends on its own moves alone.
    function invariant_18_clocksDoNotCross() public view {
        uint256 clock = _game.clock();
        uint256 grace = _game.grace();
        for (uint256 i; i < _actors.nodeCount(); ++i) {
            bytes32 id = _actors.nodes(i);
            IQueryGame.Node memory node = _game.node(id);
            (uint256 byOwner, uint256 byQuerier) = _actors.used(id);
            (uint64 deadline, uint64 childClose) = _game.limits(id);
            if (node.status == NodeStatus.Open) {
                vm.assertEq(uint256(deadline), node.askedAt + _left(clock, grace, byOwner), "deadline");
            }
            if (node.status == NodeStatus.Answered) {
                uint256 windowEnd = _claims.instanceCreatedAt(node.content, node.owner) + _claims.window();
                uint256 own = node.answeredAt + _left(clock, grace, byQuerier);
                vm.assertEq(uint256(childClose), own > windowEnd ? own : windowEnd, "child close");
            }
        }
    }

    function _left(uint256 clock, uint256 grace, uint256 used) private pure returns (uint256) {
        return used + grace >= clock ? grace : clock - used;
    }

    /// @dev 10, 11, 13, 14: the right claim is final, no lie stands, the honest have not lost, and nothing is left behind.
    function afterInvariant() public {
        _actors.windUp();
        vm.assertEq(_actors.broken(), "");
        IClaimManager.Content memory right = _claims.contentAt(1);
        vm.assertGt(right.confirmedAt, 0, "11: the right claim is not final");
        vm.assertGe(_actors.wealth(), _actors.honestWealth(), "13: the honest have lost");
        vm.assertEq(address(_game).balance, 0, "14: bonds are stuck");
        vm.assertEq(address(_claims).balance, 0, "14: stakes are stuck");
    }
}
