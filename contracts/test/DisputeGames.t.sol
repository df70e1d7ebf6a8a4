// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DisputeGame} from "../src/claims/DisputeGame.sol";
import {DisputeGameFactory} from "../src/claims/DisputeGameFactory.sol";
import {IDisputeGameFactory} from "../src/interfaces/IDisputeGameFactory.sol";
import {Claim} from "../src/types/Output.sol";
import {vm} from "./utils/Vm.sol";
import {ClaimsFixture} from "./ClaimManager.t.sol";

contract DisputeGamesTest is ClaimsFixture {
    function test_register_stranger_reverts() public {
        bytes memory reason =
            abi.encodeWithSelector(IDisputeGameFactory.DisputeGameFactory_NotClaimManager.selector, alice);
        vm.expectRevert(reason);
        vm.prank(alice);
        games.register(Claim.wrap(keccak256("fake")), RIGHT);
    }

    function test_constructor_zero_reverts() public {
        vm.expectRevert(IDisputeGameFactory.DisputeGameFactory_Zero.selector);
        new DisputeGameFactory(address(0));
    }

    function test_game_showsItsClaim() public {
        _assert(alice, 0, RIGHT);
        vm.assertEq(games.gameCount(), 2);
        (uint32 gameType, uint64 timestamp, address proxy) = games.gameAtIndex(1);
        vm.assertEq(uint256(gameType), 0x4d657a7a);
        vm.assertEq(uint256(timestamp), block.timestamp);
        DisputeGame shown = DisputeGame(proxy);
        vm.assertEq(shown.rootClaim(), RIGHT);
        vm.assertEq(shown.l2SequenceNumber(), 4);
        vm.assertEq(shown.extraData(), abi.encode(4));
        vm.assertEq(uint256(shown.createdAt()), block.timestamp);
        vm.assertEq(uint256(shown.resolvedAt()), 0);
        vm.assertEq(uint256(shown.expectedResolution()), block.timestamp + WINDOW);
        vm.assertEq(uint256(shown.maxClockDuration()), WINDOW);
        vm.assertEq(uint256(shown.status()), 0);
        vm.assertEq(uint256(shown.gameType()), 0x4d657a7a);
        vm.assertTrue(shown.wasRespectedGameTypeWhenCreated());
        vm.assertTrue(games.isGameProper(proxy));
        vm.assertFalse(games.isGameFinalized(proxy));

        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(shown.contentId(), alice);
        vm.assertEq(uint256(shown.resolvedAt()), block.timestamp);
        vm.assertEq(uint256(shown.expectedResolution()), block.timestamp);
        vm.assertEq(uint256(shown.status()), 2);
        vm.assertTrue(games.isGameFinalized(proxy));
        vm.assertTrue(games.isGameClaimValid(proxy));
    }

    function test_game_refuted_challengerWins() public {
        Claim claim = _assert(alice, 0, WRONG);
        _refute(claim, alice);
        DisputeGame shown = DisputeGame(games.gameOf(claim));
        vm.assertEq(uint256(shown.status()), 1);
        vm.assertEq(uint256(shown.expectedResolution()), 0);
    }

    function test_isGameProper_impostor_isUnknown() public {
        _assert(alice, 0, RIGHT);
        // A contract that names a real claim but is not at the claim's address.
        Impostor impostor = new Impostor(claims.contentAt(1).id);
        vm.assertFalse(games.isGameProper(address(impostor)));
        vm.assertFalse(games.isGameRespected(address(impostor)));
        vm.assertFalse(games.isGameFinalized(address(impostor)));
        vm.assertFalse(games.isGameProper(alice));
        vm.assertFalse(games.isGameProper(address(inbox)));
    }

    function test_findLatestGames_newestFirstWithoutTheDead() public {
        _post(batcher, 2);
        Claim wrong = _assert(bob, 0, WRONG);
        _assert(alice, 0, RIGHT);
        _assert(alice, 2, RIGHT);
        _refute(wrong, bob);
        uint32 gameType = games.GAME_TYPE();
        IDisputeGameFactory.GameSearchResult[] memory found = games.findLatestGames(gameType, 3, 10);
        vm.assertEq(found.length, 3);
        vm.assertEq(found[0].index, 3);
        vm.assertEq(found[1].index, 2);
        vm.assertEq(found[2].index, 0);
        vm.assertEq(found[0].extraData, abi.encode(6));
        vm.assertEq(found[1].rootClaim, RIGHT);
        (,, address proxy) = games.gameAtIndex(3);
        vm.assertEq(address(uint160(uint256(found[0].metadata))), proxy);
        vm.assertEq(uint256(found[0].metadata) >> 224, gameType);
        vm.assertEq(uint256(uint64(uint256(found[0].metadata) >> 160)), block.timestamp);

        vm.assertEq(games.findLatestGames(gameType, 3, 1).length, 1);
        vm.assertEq(games.findLatestGames(gameType, 3, 0).length, 0);
        vm.assertEq(games.findLatestGames(gameType, 4, 1).length, 0);
        vm.assertEq(games.findLatestGames(0, 3, 1).length, 0);
    }

    function test_games_findsByRootAndNumber() public {
        Claim claim = _assert(alice, 0, RIGHT);
        (address proxy, uint64 timestamp) = games.games(games.GAME_TYPE(), RIGHT, abi.encode(4));
        vm.assertEq(proxy, games.gameOf(claim));
        vm.assertEq(uint256(timestamp), block.timestamp);
        (proxy,) = games.games(games.GAME_TYPE(), WRONG, abi.encode(4));
        vm.assertEq(proxy, address(0));
        (proxy,) = games.games(0, RIGHT, abi.encode(4));
        vm.assertEq(proxy, address(0));
    }
}

contract Impostor {
    Claim public contentId;

    constructor(Claim claim) {
        contentId = claim;
    }
}
