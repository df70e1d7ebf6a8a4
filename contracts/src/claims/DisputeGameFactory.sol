// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IClaimManager} from "../interfaces/IClaimManager.sol";
import {IDisputeGameFactory} from "../interfaces/IDisputeGameFactory.sol";
import {Claim} from "../types/Output.sol";
import {DisputeGame} from "./DisputeGame.sol";

/// @notice OP's dispute game factory and anchor state registry as views over the claim manager.
///
/// Tools call the games themselves (`l2SequenceNumber`, `resolvedAt`), so each claim has a real contract: a clone of `DisputeGame`
/// whose address follows from the claim's id.
contract DisputeGameFactory is IDisputeGameFactory {
    /// @notice Semantic version, as OP's contracts have it.
    string public constant version = "1.2.0";
    /// @inheritdoc IDisputeGameFactory
    uint32 public constant GAME_TYPE = 0x4d657a7a; // "Mezz"

    IClaimManager public immutable claimManager;
    /// @notice The contract that every game is a clone of.
    address public immutable implementation;

    constructor(address claimManager_) {
        if (claimManager_ == address(0)) revert DisputeGameFactory_Zero();
        claimManager = IClaimManager(claimManager_);
        implementation = address(new DisputeGame(IClaimManager(claimManager_), GAME_TYPE));
    }

    /// @inheritdoc IDisputeGameFactory
    function register(Claim claim, bytes32 rootClaim) external {
        if (msg.sender != address(claimManager)) revert DisputeGameFactory_NotClaimManager(msg.sender);
        bytes32 id = Claim.unwrap(claim);
        address game = Clones.cloneDeterministicWithImmutableArgs(implementation, abi.encode(id), id);
        emit DisputeGameCreated(game, GAME_TYPE, rootClaim);
    }

    /// @inheritdoc IDisputeGameFactory
    function gameCount() external view returns (uint256) {
        return claimManager.contentCount();
    }

    /// @inheritdoc IDisputeGameFactory
    function gameAtIndex(uint256 index) external view returns (uint32 gameType, uint64 timestamp, address proxy) {
        IClaimManager.Content memory content = claimManager.contentAt(index);
        return (GAME_TYPE, content.createdAt, gameOf(content.id));
    }

    /// @notice The newest game with this type, root claim and extra data; zero if there is none. For tools: it looks at every game.
    function games(uint32 gameType, bytes32 rootClaim, bytes calldata extraData)
        external
        view
        returns (address proxy, uint64 timestamp)
    {
        if (gameType != GAME_TYPE || extraData.length != 32) return (address(0), 0);
        uint256 number = abi.decode(extraData, (uint256));
        for (uint256 i = claimManager.contentCount(); i > 0; --i) {
            IClaimManager.Content memory content = claimManager.contentAt(i - 1);
            if (content.outputRoot == rootClaim && content.number == number) {
                return (gameOf(content.id), content.createdAt);
            }
        }
    }

    /// @notice The latest `n` games from index `start` downwards, without those that can no longer become final.
    function findLatestGames(uint32 gameType, uint256 start, uint256 n)
        external
        view
        returns (GameSearchResult[] memory results)
    {
        uint256 count = claimManager.contentCount();
        if (gameType != GAME_TYPE || start >= count || n == 0) return results;
        uint256 left = start + 1;
        results = new GameSearchResult[](n < left ? n : left);
        uint256 found;
        for (; left > 0 && found < results.length; --left) {
            IClaimManager.Content memory content = claimManager.contentAt(left - 1);
            if (claimManager.isOpen(content.id)) results[found++] = _result(left - 1, content);
        }
        assembly ("memory-safe") {
            mstore(results, found)
        }
    }

    /// @notice Whether `game` is a game of this factory whose claim can still become final or is.
    function isGameProper(address game) public view returns (bool) {
        (bool known, Claim claim) = _claimOf(game);
        return known && claimManager.isOpen(claim);
    }

    /// @notice Whether `game` is a game of this factory: there is one game type, and it is always respected.
    function isGameRespected(address game) external view returns (bool known) {
        (known,) = _claimOf(game);
    }

    /// @notice Whether the claim of `game` is final.
    function isGameFinalized(address game) public view returns (bool) {
        (bool known, Claim claim) = _claimOf(game);
        return known && claimManager.isFinal(claim);
    }

    /// @notice Whether withdrawals may be paid against `game`.
    function isGameClaimValid(address game) external view returns (bool) {
        return isGameFinalized(game);
    }

    /// @inheritdoc IDisputeGameFactory
    function gameOf(Claim claim) public view returns (address) {
        bytes32 id = Claim.unwrap(claim);
        return Clones.predictDeterministicAddressWithImmutableArgs(implementation, abi.encode(id), id);
    }

    function _result(uint256 index, IClaimManager.Content memory content)
        private
        view
        returns (GameSearchResult memory)
    {
        uint256 metadata = (uint256(GAME_TYPE) << 224) | (uint256(content.createdAt) << 160)
            | uint160(gameOf(content.id));
        return GameSearchResult({
            index: index,
            metadata: bytes32(metadata),
            timestamp: content.createdAt,
            rootClaim: content.outputRoot,
            extraData: abi.encode(uint256(content.number))
        });
    }

    /// @dev A game is known by its address, which follows from the id that it names.
    function _claimOf(address game) private view returns (bool known, Claim claim) {
        if (game.code.length == 0) return (false, claim);
        (bool success, bytes memory answer) = game.staticcall(abi.encodeCall(DisputeGame.contentId, ()));
        if (!success || answer.length != 32) return (false, claim);
        claim = abi.decode(answer, (Claim));
        return (gameOf(claim) == game, claim);
    }
}
