// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IQueryGame, NodeStatus} from "../../src/interfaces/IQueryGame.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Claim, Output} from "../../src/types/Output.sol";
import {Deployment} from "./Deployment.sol";
import {Vectors} from "./Vectors.sol";
import {vm} from "./Vm.sol";

/// @notice Moves of the query game by anybody on any vectors, which it remembers so that entries can be opened.
abstract contract DisputeFixture is Deployment {
    /// @dev By claim for its own vector, by node for the answer's.
    mapping(bytes32 key => bytes32[256]) internal vectors;

    address internal owner = _actor("owner");
    address internal querier = _actor("querier");

    function setUp() public virtual override {
        super.setUp();
        _stake(owner);
        vm.deal(querier, 100 ether);
        _post(batcher, 4);
    }

    // --- claims ---

    /// @dev `who` claims that content `parent` is followed by entries that `seed` makes up, and by this OP output root.
    function _claim(address who, uint256 parent, bytes32 root, bytes32 seed) internal returns (Claim) {
        return _claimVector(who, parent, root, _noise(seed));
    }

    /// @dev The same with these entries; the last is the end output's hash whatever is given.
    function _claimVector(address who, uint256 parent, bytes32 root, bytes32[256] memory entries)
        internal
        returns (Claim claim)
    {
        Output memory end = _endOutput(parent, root);
        entries[255] = Hashing.output(end);
        Claim parentId = claims.contentAt(parent).id;
        bytes32 acc = inbox.acc(end.inboxIndex);
        vm.prank(who);
        claim = claims.assertClaim(parentId, acc, entries, end);
        vectors[Claim.unwrap(claim)] = entries;
    }

    function _noise(bytes32 seed) internal pure returns (bytes32[256] memory entries) {
        for (uint256 i; i < 256; ++i) {
            entries[i] = keccak256(abi.encode(seed, i));
        }
    }

    // --- queries ---

    /// @dev What a doubt about entry `index` opens.
    struct Doubt {
        bytes32 start;
        bytes32 end;
        bytes32[] startProof;
        bytes32[] endProof;
    }

    function _doubt(Claim claim, bytes32 parent, uint8 index) internal view returns (Doubt memory d) {
        bytes32[256] memory entries = vectors[parent == 0 ? Claim.unwrap(claim) : parent];
        d.endProof = Vectors.proof(entries, index);
        d.end = entries[index];
        if (index > 0) {
            d.startProof = Vectors.proof(entries, index - 1);
            d.start = entries[index - 1];
        } else if (parent == 0) {
            (d.start,,) = claims.statementOf(claim);
        } else {
            d.start = game.node(parent).start;
        }
    }

    function _query(Claim claim, bytes32 parent, uint8 index) internal returns (bytes32) {
        return _query(querier, claim, owner, parent, index);
    }

    function _query(address who, Claim claim, address of_, bytes32 parent, uint8 index) internal returns (bytes32) {
        return _send(who, claim, of_, parent, index, _doubt(claim, parent, index));
    }

    function _send(address who, Claim claim, address of_, bytes32 parent, uint8 index, Doubt memory d)
        internal
        returns (bytes32)
    {
        vm.prank(who);
        return game.query{value: BOND}(claim, of_, parent, index, d.start, d.end, d.startProof, d.endProof);
    }

    // --- answers ---

    /// @dev A state that ends a run well, with this output; not that any run leads there.
    function _ended(bytes32 output) internal pure returns (bytes memory) {
        return abi.encodePacked(
            keccak256("memory"), keccak256("boot"), output, bytes32(0), bytes9(0), bytes2(0x0100), new bytes(124)
        );
    }

    /// @dev Answers with entries that `seed` makes up.
    function _answer(bytes32 id, bytes32 seed) internal {
        IQueryGame.Node memory asked = game.node(id);
        bytes memory finalState;
        bytes32 last = asked.end;
        if (asked.depth == 0) {
            finalState = _ended(asked.end);
            last = Hashing.state(finalState);
        }
        bytes32[256] memory entries = _noise(seed);
        entries[255] = last;
        _answerVector(asked.owner, id, entries, finalState);
    }

    function _answerVector(address who, bytes32 id, bytes32[256] memory entries, bytes memory finalState) internal {
        vm.prank(who);
        game.answer(id, entries, finalState);
        vectors[id] = entries;
    }

    /// @dev Asks for entry `index` at every depth down to `depth`, with made-up answers; the last node stays open.
    function _descend(Claim claim, uint8 index, uint8 depth) internal returns (bytes32 id) {
        id = _query(claim, 0, index);
        for (uint8 d = 1; d <= depth; ++d) {
            _answer(id, keccak256(abi.encode("answer", id)));
            id = _query(claim, id, index);
        }
    }

    // --- expectations ---

    function _expectNode(bytes32 id, NodeStatus status) internal view {
        vm.assertEq(uint256(game.node(id).status), uint256(status), "status");
    }

    function _expectStanding(Claim claim, address of_, uint256 openNodes, uint256 closesAt) internal view {
        (uint64 open, uint64 close) = game.standing(claim, of_);
        vm.assertEq(uint256(open), openNodes, "open nodes");
        vm.assertEq(uint256(close), closesAt, "close");
    }

    function _limits(bytes32 id) internal view returns (uint256 deadline, uint256 childClose) {
        (deadline, childClose) = game.limits(id);
    }
}
