// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BatchHeader} from "../types/Batch.sol";

/// @notice Where the demand for a batch's payload stands. The last two are terminal.
enum ChallengeStatus {
    None,
    Open,
    Answered,
    Void
}

/// @notice Makes a committee show a payload: whoever lacks it demands it on L1 (docs/spec/committee.md).
///
/// Nothing here can be paused, nobody owns it, and payments are pulled.
interface IDaChallenge {
    /// @notice One demand. `answered` has a bit for each chunk that is on L1.
    struct Challenge {
        address challenger;
        uint40 deadline;
        uint32 payloadLength;
        uint8 answered;
        bool reclaimed;
        bytes32 payloadHash;
    }

    /// @notice A constructor argument is zero or contradicts another.
    error DaChallenge_BadParameter(string name);
    /// @notice The payloads of this chain are private: only those whom `demanders` lists may demand them.
    error DaChallenge_NotDemander(address caller);
    /// @notice The header is not that of this batch in the inbox.
    error DaChallenge_WrongHeader(uint64 index);
    /// @notice The data of this batch do not lie with a committee.
    error DaChallenge_NotCommittee(uint64 index);
    /// @notice The payload's hash and length are not what the header commits to.
    error DaChallenge_WrongPayload(bytes32 daHash);
    /// @notice The payload was demanded already.
    error DaChallenge_ChallengedAlready(uint64 index);
    /// @notice The time for this ended at `limit`.
    error DaChallenge_TooLate(uint64 limit);
    /// @notice Exactly `bond` must be sent.
    error DaChallenge_WrongBond(uint256 sent, uint256 bond);
    /// @notice The demand is not open: there is none, or it is decided.
    error DaChallenge_NotOpen(uint64 index);
    /// @notice The hashes of the chunks are not those of the payload.
    error DaChallenge_WrongHashes(uint64 index);
    /// @notice The chunk is on L1 already.
    error DaChallenge_AnsweredAlready(uint64 index, uint256 chunk);
    /// @notice There is no such chunk, it has another length, or it is not the one with this hash.
    error DaChallenge_WrongChunk(uint256 chunk);
    /// @notice The batch is not void, or the bond was credited already.
    error DaChallenge_NothingToReclaim(uint64 index);
    /// @notice The caller refused the payment.
    error DaChallenge_PaymentFailed(address to);

    event Challenged(
        uint64 indexed index, address indexed challenger, bytes32 payloadHash, uint32 payloadLength, uint64 deadline
    );
    event ChunkAnswered(uint64 indexed index, uint256 indexed chunk, address indexed by, bytes data);
    event ChallengeAnswered(uint64 indexed index);
    event Reclaimed(uint64 indexed index, address indexed challenger, uint256 amount);
    event Withdrawn(address indexed to, uint256 amount);

    /// @notice Demands the payload of a batch, within `challengeWindow` of its posting, for `bondOf(payloadLength)`.
    function challenge(BatchHeader calldata header, bytes32 payloadHash, uint32 payloadLength) external payable;

    /// @notice Puts a chunk of a demanded payload on L1. Anybody may. Who brought a chunk gets `bondPerChunk` when all are there.
    /// @param hashes The hashes of all chunks.
    function answer(uint64 index, bytes32[] calldata hashes, uint256 chunk, bytes calldata data) external;

    /// @notice Credits the bond of a demand that nobody has met in time to who made it.
    function reclaim(uint64 index) external;

    /// @notice Pays what the caller is credited.
    function withdraw() external;

    /// @notice Where the demand for the payload of batch `index` stands.
    function statusOf(uint64 index) external view returns (ChallengeStatus);

    /// @notice Everything that is known of a demand.
    function challengeOf(uint64 index) external view returns (Challenge memory);

    /// @notice The first batch of `from..to` whose payload was demanded and is not on L1; `to` if there is none.
    function firstUnanswered(uint64 from, uint64 to) external view returns (uint64);

    /// @notice What it costs to demand a payload of this length, until it is decided, in wei.
    function bondOf(uint32 payloadLength) external view returns (uint256);

    /// @notice What `withdraw` pays this address, in wei.
    function credits(address who) external view returns (uint256);

    /// @notice Time from a batch's posting in which its payload may be demanded, in seconds.
    function challengeWindow() external view returns (uint64);

    /// @notice Time from a demand in which it may be met, in seconds.
    function answerWindow() external view returns (uint64);

    /// @notice Knows who may demand payloads (`IDemanders`); zero: anybody may.
    function demanders() external view returns (address);

    /// @notice The inbox whose batches these are.
    function inbox() external view returns (address);
}
