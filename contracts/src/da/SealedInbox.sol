// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBatches} from "../interfaces/IBatches.sol";
import {ChallengeStatus, IDaChallenge} from "../interfaces/IDaChallenge.sol";
import {IInbox} from "../interfaces/IInbox.sol";
import {ISealedInbox} from "../interfaces/ISealedInbox.sol";
import {ISignatureProofs, SignatureStatus} from "../interfaces/ISignatureProofs.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {BatchHeader, DaType} from "../types/Batch.sol";

/// @notice The inbox's chain once more, as far as it is decided, with each void batch in it as one without data.
///
/// Claims and the game take it for the inbox, and so does the program: of a void batch it sees a header with `daType` 0, which has
/// always meant empty blocks. While no batch is void it is the inbox's chain itself and costs nothing but a counter.
contract SealedInbox is ISealedInbox {
    IBatches private immutable _inbox;
    /// @inheritdoc ISealedInbox
    IDaChallenge public immutable challenges;
    /// @inheritdoc ISealedInbox
    ISignatureProofs public immutable signatures;
    uint64 private immutable _challengeWindow;

    uint64 private _sealed;
    /// @inheritdoc ISealedInbox
    uint64 public firstVoid = type(uint64).max;
    /// @dev The chain after `n` batches, for `n` above `firstVoid`.
    mapping(uint64 n => bytes32) private _accs;

    /// @param challenges_ Zero where all data lie on L1.
    /// @param signatures_ Zero where all payloads have their signatures. It is deployed later.
    constructor(address inbox_, IDaChallenge challenges_, ISignatureProofs signatures_) {
        if (inbox_ == address(0)) revert SealedInbox_BadParameter("inbox");
        bool proves = address(signatures_) != address(0);
        // Otherwise batches without signatures would count whether they are proven or not.
        if (IInbox(inbox_).unsignedBatches() != proves) revert SealedInbox_BadParameter("signatures");
        _inbox = IBatches(inbox_);
        signatures = signatures_;
        challenges = challenges_;
        if (address(challenges_) != address(0)) {
            if (challenges_.inbox() != inbox_) revert SealedInbox_BadParameter("challenges");
            _challengeWindow = challenges_.challengeWindow();
        } else if (!proves || IInbox(inbox_).committeeDa() != address(0)) {
            // Otherwise nobody could demand what the committee withholds.
            revert SealedInbox_BadParameter("challenges");
        }
    }

    /// @inheritdoc ISealedInbox
    function seal(BatchHeader[] calldata headers) external {
        for (uint256 i; i < headers.length; ++i) {
            _seal(headers[i]);
        }
        emit Sealed(_sealed, acc(_sealed));
    }

    /// @inheritdoc IBatches
    function batchCount() external view returns (uint64) {
        return _sealed;
    }

    /// @inheritdoc IBatches
    function blocksUpTo(uint64 n) external view returns (uint64) {
        return _inbox.blocksUpTo(n);
    }

    /// @inheritdoc IBatches
    function consumedUpTo(uint64 n) external view returns (uint64) {
        return _inbox.consumedUpTo(n);
    }

    /// @inheritdoc IBatches
    function l2ChainId() external view returns (uint64) {
        return _inbox.l2ChainId();
    }

    /// @inheritdoc IBatches
    function span() external view returns (uint32) {
        return _inbox.span();
    }

    /// @inheritdoc ISealedInbox
    function inbox() external view returns (address) {
        return address(_inbox);
    }

    /// @inheritdoc IBatches
    function acc(uint64 n) public view returns (bytes32) {
        if (n > _sealed) return 0;
        return n <= firstVoid ? _inbox.acc(n) : _accs[n];
    }

    function _seal(BatchHeader memory header) private {
        uint64 index = header.index;
        uint64 next = _sealed;
        // Somebody was quicker: what is left of the list is no less right.
        if (index < next) return;
        if (Hashing.batchNext(header.prevAcc, Hashing.header(header)) != _inbox.acc(index + 1)) {
            revert SealedInbox_WrongHeader(index);
        }
        if (address(challenges) != address(0)) {
            // Times never fall along the chain: the windows of all batches before have closed too (invariant 51).
            uint64 limit = header.l1Time + _challengeWindow;
            if (block.timestamp <= limit) revert SealedInbox_TooEarly(index, limit);
        }
        if (index > next) _requirePlain(next, index);

        bool withheld = _isWithheld(index);
        bool unproven = _isUnproven(header);
        if (withheld || unproven) {
            header.daType = DaType.NONE;
            header.daHash = 0;
            if (firstVoid == type(uint64).max) firstVoid = index;
            emit Voided(index);
        }
        _sealed = index + 1;
        if (index >= firstVoid) _accs[index + 1] = Hashing.batchNext(acc(index), Hashing.header(header));
    }

    /// @dev Whether the payload was demanded and not shown; reverts while that is not decided.
    function _isWithheld(uint64 index) private view returns (bool) {
        if (address(challenges) == address(0)) return false;
        ChallengeStatus status = challenges.statusOf(index);
        if (status == ChallengeStatus.Open) {
            revert SealedInbox_TooEarly(index, challenges.challengeOf(index).deadline);
        }
        return status == ChallengeStatus.Void;
    }

    /// @dev Whether signatures are missing that nobody has proven; reverts while that is not decided.
    function _isUnproven(BatchHeader memory header) private view returns (bool) {
        if (header.daType & DaType.UNSIGNED == 0) return false;
        SignatureStatus status = signatures.statusOf(header.index, header.l1Time);
        if (status == SignatureStatus.Open) {
            revert SealedInbox_TooEarly(header.index, header.l1Time + signatures.timeout());
        }
        return status == SignatureStatus.Void;
    }

    /// @dev The batches `from..to` need no header: the chain is still the inbox's, none of their payloads is missing, and whether they
    /// have signatures or not, these are proven.
    function _requirePlain(uint64 from, uint64 to) private view {
        if (firstVoid != type(uint64).max) revert SealedInbox_HeaderMissing(from);
        uint64 needed = to;
        if (address(challenges) != address(0)) needed = challenges.firstUnanswered(from, needed);
        if (address(signatures) != address(0)) needed = signatures.firstUnproven(from, needed);
        if (needed != to) revert SealedInbox_HeaderMissing(needed);
    }
}
