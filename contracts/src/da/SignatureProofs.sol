// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IInbox} from "../interfaces/IInbox.sol";
import {IProgramRegistry} from "../interfaces/IProgramRegistry.sol";
import {IProofRouter} from "../interfaces/IProofRouter.sol";
import {ISealedInbox} from "../interfaces/ISealedInbox.sol";
import {ISignatureProofs, SignatureStatus} from "../interfaces/ISignatureProofs.sol";
import {Bits} from "../libraries/Bits.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {BatchHeader} from "../types/Batch.sol";
import {ProofKind, ValidityProof} from "../types/Proof.sol";

/// @notice Which batches' signatures are proven.
///
/// The router verifies; here it is remembered for which batches it did in time. What was proven stays so, and what was not is void by
/// time: no transaction makes it so, and none can undo it.
contract SignatureProofs is ISignatureProofs {
    /// @dev Keeps all arithmetic on times far from its limits.
    uint64 private constant TIMEOUT_MAX = type(uint32).max;

    IProofRouter private immutable _router;
    IProgramRegistry private immutable _programs;
    IInbox private immutable _inbox;
    uint64 private immutable _l2ChainId;
    /// @inheritdoc ISignatureProofs
    uint64 public immutable timeout;

    /// @dev Bit `i % 256` of word `i / 256` is set once the signatures of batch `i` are proven.
    mapping(uint256 word => uint256 bits) private _proven;

    constructor(address router_, address sealedInbox, uint64 timeout_) {
        if (router_ == address(0)) revert SignatureProofs_BadParameter("router");
        if (sealedInbox == address(0)) revert SignatureProofs_BadParameter("sealedInbox");
        if (timeout_ == 0 || timeout_ > TIMEOUT_MAX) revert SignatureProofs_BadParameter("timeout");
        ISealedInbox decided = ISealedInbox(sealedInbox);
        if (address(decided.signatures()) != address(this)) revert SignatureProofs_BadParameter("sealedInbox");
        IProofRouter verifies = IProofRouter(router_);
        if (verifies.claimManager().inbox() != sealedInbox) revert SignatureProofs_BadParameter("router");
        _router = verifies;
        _programs = verifies.programs();
        // A version begins with a batch that is posted after it was announced, so none is posted under one and proven under another.
        if (address(_programs.inbox()) != decided.inbox()) revert SignatureProofs_BadParameter("router");
        _inbox = IInbox(decided.inbox());
        _l2ChainId = decided.l2ChainId();
        timeout = timeout_;
    }

    /// @inheritdoc ISignatureProofs
    function prove(BatchHeader calldata first, uint64 start, uint64 end, ValidityProof calldata proof) external {
        uint64 from = first.index;
        uint64 count = _inbox.batchCount();
        if (from < start || end <= from || end > count) revert SignatureProofs_WrongRange(start, end, count);
        if (Hashing.batchNext(first.prevAcc, Hashing.header(first)) != _inbox.acc(from + 1)) {
            revert SignatureProofs_WrongHeader(from);
        }
        // Times never fall along the chain: none of those from here on is void by time (invariant 61).
        uint64 limit = first.l1Time + timeout;
        if (block.timestamp > limit) revert SignatureProofs_TooLate(limit);
        uint64 activation = _programs.nextActivation(start);
        if (end > activation) revert SignatureProofs_TwoVersions(activation);

        uint256 version = _programs.versionAt(start);
        bytes32 boot = Hashing.signatures(_l2ChainId, _inbox.acc(end), start, end);
        _router.report(version, ProofKind.SIGNATURES, boot, boot, proof);
        // Then the router has taken it for one half of a conflict: whoever has it is to raise the alarm, and get the bounty, itself.
        if (_router.brokenAt(version) != 0) revert SignatureProofs_Contradicted(version);
        _mark(from, end);
        emit SignaturesProven(from, end, msg.sender);
    }

    /// @inheritdoc ISignatureProofs
    function statusOf(uint64 index, uint64 l1Time) external view returns (SignatureStatus) {
        if (_proven[index / 256] & (1 << (index % 256)) != 0) return SignatureStatus.Proven;
        return block.timestamp > uint256(l1Time) + timeout ? SignatureStatus.Void : SignatureStatus.Open;
    }

    /// @inheritdoc ISignatureProofs
    function firstUnproven(uint64 from, uint64 to) external view returns (uint64) {
        while (from < to) {
            uint256 found = Bits.lowest(~_proven[from / 256] >> (from % 256));
            // A shift brings zeros in, so what is found lies in this word.
            if (found != 256) return from + found < to ? uint64(from + found) : to;
            from = (from / 256 + 1) * 256;
        }
        return to;
    }

    /// @inheritdoc ISignatureProofs
    function router() external view returns (address) {
        return address(_router);
    }

    /// @inheritdoc ISignatureProofs
    function inbox() external view returns (address) {
        return address(_inbox);
    }

    /// @dev Sets the bits `from..to`, a word at once.
    function _mark(uint256 from, uint256 to) private {
        uint256 last = (to - 1) / 256;
        for (uint256 word = from / 256; word <= last; ++word) {
            uint256 mask = type(uint256).max;
            if (word == from / 256) mask <<= from % 256;
            if (word == last) mask &= type(uint256).max >> (255 - (to - 1) % 256);
            _proven[word] |= mask;
        }
    }
}
