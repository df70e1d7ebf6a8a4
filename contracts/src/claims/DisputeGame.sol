// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IClaimManager} from "../interfaces/IClaimManager.sol";
import {Claim} from "../types/Output.sol";

/// @notice One claim with the face of an OP dispute game: a view, it holds nothing and decides nothing.
///
/// Each claim has a clone of this contract, with the claim's id behind the clone's code.
contract DisputeGame {
    /// @notice How a game stands; OP's numbers.
    enum GameStatus {
        IN_PROGRESS,
        CHALLENGER_WINS,
        DEFENDER_WINS
    }

    /// @notice Semantic version, as OP's contracts have it.
    string public constant version = "1.0.0";
    IClaimManager public immutable claimManager;
    /// @notice OP's game type of all games here.
    uint32 public immutable gameType;

    constructor(IClaimManager claimManager_, uint32 gameType_) {
        claimManager = claimManager_;
        gameType = gameType_;
    }

    /// @notice The claim that this game shows.
    function contentId() public view returns (Claim) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (Claim));
    }

    /// @notice L1 time at which the claim was made.
    function createdAt() external view returns (uint64) {
        return _content().createdAt;
    }

    /// @notice L1 time at which the claim became final; zero before.
    function resolvedAt() external view returns (uint64) {
        return _content().confirmedAt;
    }

    /// @notice L1 time at which the claim becomes final if nobody refutes it; zero if it cannot any more.
    function expectedResolution() external view returns (uint64) {
        IClaimManager.Content memory content = _content();
        return content.confirmedAt != 0 ? content.confirmedAt : claimManager.closesAt(content.id);
    }

    /// @notice Time in which a claim can be refuted, in seconds.
    function maxClockDuration() external view returns (uint64) {
        return claimManager.window();
    }

    /// @notice The claim's OP output root.
    function rootClaim() external view returns (bytes32) {
        return _content().outputRoot;
    }

    /// @notice The L2 block that the claim ends with.
    function l2BlockNumber() public view returns (uint256) {
        return _content().number;
    }

    /// @notice The L2 block that the claim ends with.
    function l2SequenceNumber() external view returns (uint256) {
        return l2BlockNumber();
    }

    /// @notice The L2 block that the claim ends with, encoded.
    function extraData() external view returns (bytes memory) {
        return abi.encode(l2BlockNumber());
    }

    /// @notice Final claims are won by the defender, claims that can no longer become final by the challenger.
    function status() external view returns (GameStatus) {
        IClaimManager.Content memory content = _content();
        if (content.confirmedAt != 0) return GameStatus.DEFENDER_WINS;
        return claimManager.isOpen(content.id) ? GameStatus.IN_PROGRESS : GameStatus.CHALLENGER_WINS;
    }

    /// @notice There is one game type, and it is always respected.
    function wasRespectedGameTypeWhenCreated() external pure returns (bool) {
        return true;
    }

    function _content() private view returns (IClaimManager.Content memory) {
        return claimManager.contentAt(claimManager.indexOf(contentId()));
    }
}
