// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Claim} from "../types/Output.sol";

/// @notice Shows claims as the OP Stack's dispute games, so that its tools find them.
interface IDisputeGameFactory {
    /// @notice One entry of `findLatestGames`. `metadata` is the game type (4 bytes), the timestamp (8) and the game's address (20).
    struct GameSearchResult {
        uint256 index;
        bytes32 metadata;
        uint64 timestamp;
        bytes32 rootClaim;
        bytes extraData;
    }

    /// @notice Only the claim manager registers games.
    error DisputeGameFactory_NotClaimManager(address caller);
    /// @notice A constructor argument is zero.
    error DisputeGameFactory_Zero();

    event DisputeGameCreated(address indexed disputeProxy, uint32 indexed gameType, bytes32 indexed rootClaim);

    /// @notice Creates the game of a new claim.
    function register(Claim claim, bytes32 rootClaim) external;

    /// @notice Number of games; the game with index `i` is the claim with index `i`.
    function gameCount() external view returns (uint256);

    /// @notice The game with this index.
    function gameAtIndex(uint256 index) external view returns (uint32 gameType, uint64 timestamp, address proxy);

    /// @notice The type of all games here.
    function GAME_TYPE() external view returns (uint32);

    /// @notice Address of a claim's game.
    function gameOf(Claim claim) external view returns (address);
}
