// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeStatus, IDaChallenge} from "../interfaces/IDaChallenge.sol";
import {IDemanders} from "../interfaces/IDemanders.sol";
import {IInbox} from "../interfaces/IInbox.sol";
import {Bits} from "../libraries/Bits.sol";
import {Constants} from "../libraries/Constants.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {BatchHeader, DaType} from "../types/Batch.sol";

/// @notice Demands for the payloads of committee batches, and the chunks that meet them.
///
/// Whether a batch is void follows from time and from what was answered: no transaction makes it so, and none can undo it.
contract DaChallenge is IDaChallenge {
    /// @dev Keeps all arithmetic on times far from its limits.
    uint64 private constant WINDOW_MAX = type(uint32).max;

    IInbox private immutable _inbox;
    /// @inheritdoc IDaChallenge
    uint64 public immutable challengeWindow;
    /// @inheritdoc IDaChallenge
    uint64 public immutable answerWindow;
    /// @notice What a demand costs for each chunk, and what bringing one to L1 earns, in wei.
    uint256 public immutable bondPerChunk;
    /// @inheritdoc IDaChallenge
    address public immutable demanders;

    mapping(uint64 index => Challenge) private _challenges;
    mapping(uint64 index => mapping(uint256 chunk => address)) private _answerers;
    /// @dev Bit `i % 256` of word `i / 256` is set while the payload of batch `i` was demanded and is not on L1.
    mapping(uint256 word => uint256 bits) private _unanswered;
    /// @inheritdoc IDaChallenge
    mapping(address who => uint256) public credits;

    constructor(
        address inbox_,
        uint64 challengeWindow_,
        uint64 answerWindow_,
        uint256 bondPerChunk_,
        address demanders_
    ) {
        if (inbox_ == address(0)) revert DaChallenge_BadParameter("inbox");
        if (challengeWindow_ == 0 || challengeWindow_ > WINDOW_MAX) revert DaChallenge_BadParameter("challengeWindow");
        if (answerWindow_ == 0 || answerWindow_ > WINDOW_MAX) revert DaChallenge_BadParameter("answerWindow");
        if (bondPerChunk_ == 0) revert DaChallenge_BadParameter("bondPerChunk");
        // Whoever is removed can still demand all that was posted before.
        if (demanders_ != address(0) && IDemanders(demanders_).delay() <= challengeWindow_) {
            revert DaChallenge_BadParameter("demanders");
        }
        _inbox = IInbox(inbox_);
        challengeWindow = challengeWindow_;
        answerWindow = answerWindow_;
        bondPerChunk = bondPerChunk_;
        demanders = demanders_;
    }

    /// @inheritdoc IDaChallenge
    function challenge(BatchHeader calldata header, bytes32 payloadHash, uint32 payloadLength) external payable {
        if (demanders != address(0) && !IDemanders(demanders).mayDemand(msg.sender)) {
            revert DaChallenge_NotDemander(msg.sender);
        }
        uint64 index = header.index;
        bytes32 acc = Hashing.batchNext(header.prevAcc, Hashing.header(header));
        if (acc != _inbox.acc(index + 1)) revert DaChallenge_WrongHeader(index);
        if (header.daType & ~DaType.UNSIGNED != DaType.COMMITTEE) revert DaChallenge_NotCommittee(index);
        if (Hashing.committee(payloadHash, payloadLength) != header.daHash) {
            revert DaChallenge_WrongPayload(header.daHash);
        }
        uint64 limit = header.l1Time + challengeWindow;
        if (block.timestamp > limit) revert DaChallenge_TooLate(limit);
        if (_challenges[index].deadline != 0) revert DaChallenge_ChallengedAlready(index);
        uint256 bond = bondOf(payloadLength);
        if (msg.value != bond) revert DaChallenge_WrongBond(msg.value, bond);

        uint64 deadline = uint64(block.timestamp) + answerWindow;
        _challenges[index] = Challenge({
            challenger: msg.sender,
            deadline: uint40(deadline),
            payloadLength: payloadLength,
            answered: 0,
            reclaimed: false,
            payloadHash: payloadHash
        });
        _unanswered[index / 256] |= 1 << (index % 256);
        emit Challenged(index, msg.sender, payloadHash, payloadLength, deadline);
    }

    /// @inheritdoc IDaChallenge
    function answer(uint64 index, bytes32[] calldata hashes, uint256 chunk, bytes calldata data) external {
        if (statusOf(index) != ChallengeStatus.Open) revert DaChallenge_NotOpen(index);
        Challenge storage open = _challenges[index];
        uint256 chunks = _chunks(open.payloadLength);
        if (hashes.length != chunks || Hashing.payload(hashes) != open.payloadHash) {
            revert DaChallenge_WrongHashes(index);
        }
        if (chunk >= chunks || data.length != _chunkLength(open.payloadLength, chunk)) {
            revert DaChallenge_WrongChunk(chunk);
        }
        if (keccak256(data) != hashes[chunk]) revert DaChallenge_WrongChunk(chunk);
        uint256 bit = 1 << chunk;
        uint256 answered = open.answered;
        if (answered & bit != 0) revert DaChallenge_AnsweredAlready(index, chunk);

        answered |= bit;
        open.answered = uint8(answered);
        _answerers[index][chunk] = msg.sender;
        emit ChunkAnswered(index, chunk, msg.sender, data);
        if (answered == (1 << chunks) - 1) _settle(index, chunks);
    }

    /// @inheritdoc IDaChallenge
    function reclaim(uint64 index) external {
        Challenge storage c = _challenges[index];
        if (statusOf(index) != ChallengeStatus.Void || c.reclaimed) revert DaChallenge_NothingToReclaim(index);
        c.reclaimed = true;
        uint256 bond = bondOf(c.payloadLength);
        credits[c.challenger] += bond;
        emit Reclaimed(index, c.challenger, bond);
    }

    /// @inheritdoc IDaChallenge
    function withdraw() external {
        uint256 amount = credits[msg.sender];
        credits[msg.sender] = 0;
        emit Withdrawn(msg.sender, amount);
        (bool success,) = msg.sender.call{value: amount}("");
        if (!success) revert DaChallenge_PaymentFailed(msg.sender);
    }

    /// @inheritdoc IDaChallenge
    function challengeOf(uint64 index) external view returns (Challenge memory) {
        return _challenges[index];
    }

    /// @inheritdoc IDaChallenge
    function firstUnanswered(uint64 from, uint64 to) external view returns (uint64) {
        while (from < to) {
            uint256 found = Bits.lowest(_unanswered[from / 256] >> (from % 256));
            // A shift brings zeros in, so what is found lies in this word.
            if (found != 256) return from + found < to ? uint64(from + found) : to;
            from = (from / 256 + 1) * 256;
        }
        return to;
    }

    /// @inheritdoc IDaChallenge
    function inbox() external view returns (address) {
        return address(_inbox);
    }

    /// @inheritdoc IDaChallenge
    function statusOf(uint64 index) public view returns (ChallengeStatus) {
        Challenge storage c = _challenges[index];
        if (c.deadline == 0) return ChallengeStatus.None;
        if (_unanswered[index / 256] & (1 << (index % 256)) == 0) return ChallengeStatus.Answered;
        return block.timestamp > c.deadline ? ChallengeStatus.Void : ChallengeStatus.Open;
    }

    /// @inheritdoc IDaChallenge
    function bondOf(uint32 payloadLength) public view returns (uint256) {
        return bondPerChunk * _chunks(payloadLength);
    }

    /// @dev All of the payload is on L1: its bond goes to those who brought it.
    function _settle(uint64 index, uint256 chunks) private {
        _unanswered[index / 256] &= ~(1 << (index % 256));
        for (uint256 i; i < chunks; ++i) {
            credits[_answerers[index][i]] += bondPerChunk;
        }
        emit ChallengeAnswered(index);
    }

    function _chunks(uint32 payloadLength) private pure returns (uint256) {
        return (payloadLength + Constants.CHUNK_SIZE - 1) / Constants.CHUNK_SIZE;
    }

    /// @dev All chunks but the last are whole.
    function _chunkLength(uint32 payloadLength, uint256 chunk) private pure returns (uint256) {
        uint256 left = payloadLength - chunk * Constants.CHUNK_SIZE;
        return left < Constants.CHUNK_SIZE ? left : Constants.CHUNK_SIZE;
    }
}
