// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Inbox} from "../../src/Inbox.sol";
import {ClaimManager} from "../../src/claims/ClaimManager.sol";
import {QueryGame} from "../../src/claims/QueryGame.sol";
import {SealedInbox} from "../../src/da/SealedInbox.sol";
import {SignatureProofs} from "../../src/da/SignatureProofs.sol";
import {IDaChallenge} from "../../src/interfaces/IDaChallenge.sol";
import {ISignatureProofs} from "../../src/interfaces/ISignatureProofs.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {BatchHeader, DaType} from "../../src/types/Batch.sol";
import {Program, ProofKind, ValidityProof} from "../../src/types/Proof.sol";
import {Deployment} from "./Deployment.sol";
import {vm} from "./Vm.sol";

/// @notice A deployment whose claims are about sealed batches, because of a committee, of batches without signatures, or of both.
abstract contract SealedDeployment is Deployment {
    /// @dev Longer than a committee's windows, so that each can be seen to count.
    uint64 internal constant SIGNATURE_TIMEOUT = 3 days;
    /// @dev The step of `SignatureProofs` in the table of a rollup: after the router.
    uint256 private constant SIGNATURE_STEP = 18;

    SealedInbox internal sealedInbox;
    SignatureProofs internal signatures;

    /// @dev Headers of all batches that were posted by the functions below.
    BatchHeader[] internal headers;

    /// @dev Whether the chain takes batches without signatures.
    function _unsigned() internal view virtual returns (bool) {
        return false;
    }

    /// @dev The step of the sealed inbox, as it is.
    function _sealedStep() internal view virtual returns (uint256);

    function _deploySealed(IDaChallenge challenges_) internal {
        ISignatureProofs later = ISignatureProofs(_unsigned() ? _at(SIGNATURE_STEP) : address(0));
        bytes memory arguments = abi.encode(inbox, challenges_, later);
        sealedInbox =
            SealedInbox(deployer.deploy(_sealedStep(), abi.encodePacked(type(SealedInbox).creationCode, arguments), 0));
    }

    function _deployLast() internal virtual override {
        if (!_unsigned()) return;
        bytes memory arguments = abi.encode(router, sealedInbox, SIGNATURE_TIMEOUT);
        signatures =
            SignatureProofs(_create(SIGNATURE_STEP, abi.encodePacked(type(SignatureProofs).creationCode, arguments)));
    }

    function _inboxParameters() internal view virtual override returns (Inbox.Parameters memory p) {
        p = super._inboxParameters();
        p.unsignedBatches = _unsigned();
    }

    function _claimParameters() internal view override returns (ClaimManager.Parameters memory p) {
        p = super._claimParameters();
        p.inbox = deployer.addressOf(_sealedStep());
    }

    function _gameParameters() internal virtual override returns (QueryGame.Parameters memory p) {
        p = super._gameParameters();
        p.inbox = deployer.addressOf(_sealedStep());
    }

    // --- moves ---

    /// @dev Posts with `aux` as the batcher, and keeps the header.
    function _postAux(uint8 daType, bytes memory aux, bytes32 daHash) internal {
        uint64 head = inbox.batchCount();
        uint64 qStart = inbox.consumed();
        uint64 qEnd = inbox.queueCount();
        bytes32 prevAcc = inbox.acc(head);
        bytes32 queueAcc = inbox.queueAcc(qEnd);
        uint64 firstBlock = inbox.blocksUpTo(head) + 1;
        vm.prank(batcher);
        inbox.postBatch(daType, prevAcc, qEnd, queueAcc, 1, aux);
        headers.push(
            BatchHeader({
                version: 1,
                daType: daType,
                index: head,
                prevAcc: prevAcc,
                daHash: daHash,
                qStart: qStart,
                qEnd: qEnd,
                queueAcc: queueAcc,
                firstBlock: firstBlock,
                blockCount: 1,
                l1Block: uint64(block.number),
                l1Time: uint64(block.timestamp)
            })
        );
        vm.assertEq(inbox.acc(head + 1), Hashing.batchNext(prevAcc, Hashing.header(headers[head])), "header");
    }

    function _postPlain(bytes memory payload) internal {
        _postAux(DaType.CALLDATA, payload, keccak256(payload));
    }

    function _postUnsigned(bytes memory payload) internal {
        _postAux(DaType.CALLDATA | DaType.UNSIGNED, payload, keccak256(payload));
    }

    /// @dev Seals by the header of batch `index` alone.
    function _seal(uint64 index) internal {
        BatchHeader[] memory one = new BatchHeader[](1);
        one[0] = headers[index];
        sealedInbox.seal(one);
    }

    /// @dev Seals by the headers of the batches `from..to`.
    function _sealAll(uint64 from, uint64 to) internal {
        BatchHeader[] memory all = new BatchHeader[](to - from);
        for (uint64 i = from; i < to; ++i) {
            all[i - from] = headers[i];
        }
        sealedInbox.seal(all);
    }

    /// @dev The header of a batch as the sealed chain has it if it is void.
    function _emptied(BatchHeader memory header) internal pure returns (BatchHeader memory) {
        header.daType = DaType.NONE;
        header.daHash = 0;
        return header;
    }

    // --- proofs of signatures ---

    /// @dev What a proof of the signatures of the batches `start..end` is about.
    function _signaturesOf(uint64 start, uint64 end) internal view returns (bytes32) {
        return Hashing.signatures(CHAIN_ID, inbox.acc(end), start, end);
    }

    /// @dev A proof, without blobs, under the key of `version` that the run `boot` of this kind has this result.
    function _runProof(uint256 version, uint8 kind, bytes32 boot, bytes32 result)
        internal
        view
        returns (ValidityProof memory)
    {
        Program memory program = programs.programOf(version);
        return ValidityProof(0, "", verifier.proofOf(program.key, Hashing.statement(kind, boot, result, 0)));
    }

    function _signatureProof(uint64 start, uint64 end) internal view returns (ValidityProof memory) {
        bytes32 boot = _signaturesOf(start, end);
        return _runProof(programs.versionAt(start), ProofKind.SIGNATURES, boot, boot);
    }

    /// @dev Two proofs of one run with different results: nothing of version 0 is proven from then on.
    function _raiseAlarm() internal {
        bytes32 run = keccak256("a run");
        router.report(0, ProofKind.SPAN, run, keccak256("a"), _runProof(0, ProofKind.SPAN, run, keccak256("a")));
        router.report(0, ProofKind.SPAN, run, keccak256("b"), _runProof(0, ProofKind.SPAN, run, keccak256("b")));
        vm.assertGt(router.brokenAt(0), 0);
    }

    function _proveSignatures(uint64 start, uint64 end) internal {
        signatures.prove(headers[start], start, end, _signatureProof(start, end));
    }
}
