// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofRouter, Policy} from "../../src/interfaces/IProofRouter.sol";
import {IQueryGame} from "../../src/interfaces/IQueryGame.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Claim, Output} from "../../src/types/Output.sol";
import {Program, ProofKind, ValidityProof} from "../../src/types/Proof.sol";
import {DisputeFixture} from "./DisputeFixture.sol";
import {vm} from "./Vm.sol";

/// @notice A chain with validity proofs of a proof system that proves anything: what is right is up to the test.
abstract contract ProofFixture is DisputeFixture {
    bytes32 internal constant RIGHT = keccak256("right");
    bytes32 internal constant WRONG = keccak256("wrong");

    function _proves() internal pure override returns (bool) {
        return true;
    }

    function _policy() internal view virtual override returns (Policy) {
        return Policy.Fast;
    }

    // --- proofs ---

    /// @dev A proof without blobs.
    function _proofOf(uint256 version, uint8 kind, bytes32 boot, bytes32 result)
        internal
        view
        returns (ValidityProof memory)
    {
        return _proofOver(version, kind, boot, result, 0, "");
    }

    /// @dev A proof over blobs: those of the chain `opened`, then `openings`.
    function _proofOver(
        uint256 version,
        uint8 kind,
        bytes32 boot,
        bytes32 result,
        bytes32 opened,
        bytes memory openings
    ) internal view returns (ValidityProof memory) {
        bytes32 all = opened;
        for (uint256 i; i < openings.length; i += 192) {
            all = Hashing.openingsNext(all, _word(openings, i), _word(openings, i + 32), _word(openings, i + 64));
        }
        Program memory program = programs.programOf(version);
        bytes32 statement = Hashing.statement(kind, boot, result, all);
        return ValidityProof(opened, openings, verifier.proofOf(program.key, statement));
    }

    function _word(bytes memory data, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), offset))
        }
    }

    function _boot(bytes32 start, uint64 n1) internal view returns (bytes32) {
        return Hashing.boot(CHAIN_ID, start, inbox.acc(n1), n1, SPAN);
    }

    /// @dev The proof that a content is right, whether it is or not.
    function _contentProof(Claim content) internal view returns (ValidityProof memory) {
        (bytes32 start, bytes32 root, uint64 n1) = claims.statementOf(content);
        return _proofOf(programs.versionAt(n1 - 1), ProofKind.CLAIM, _boot(start, n1), root);
    }

    /// @dev The proof that the span after `start` ends with `result`.
    function _spanProof(Claim content, bytes32 start, bytes32 result) internal view returns (ValidityProof memory) {
        (,, uint64 n1) = claims.statementOf(content);
        return _proofOf(programs.versionAt(n1 - 1), ProofKind.SPAN, _boot(start, n1), result);
    }

    function _prove(Claim content) internal {
        router.prove(content, _contentProof(content));
    }

    function _answerByZk(bytes32 node) internal {
        IQueryGame.Node memory asked = game.node(node);
        router.answerByZk(node, _spanProof(asked.content, asked.start, asked.end));
    }

    /// @dev Entry `index` of a content that the fixture made, with what shows it.
    function _entry(Claim content, uint8 index) internal view returns (IProofRouter.Entry memory) {
        Doubt memory d = _doubt(content, 0, index);
        return IProofRouter.Entry(index, d.start, d.end, d.startProof, d.endProof);
    }

    /// @dev Asserts a child of content `parent` and proves it in the same transaction, with an end output of this root.
    function _assertAndProve(address who, uint256 parent, bytes32 root) internal returns (Claim) {
        Output memory end = _endOutput(parent, root);
        bytes32[256] memory entries = _vector(end);
        bytes32 boot = _boot(claims.contentAt(parent).endHash, end.inboxIndex);
        uint256 version = programs.versionAt(end.inboxIndex - 1);
        bytes32 vectorRoot = Hashing.vectorRoot(_vector(end));
        ValidityProof memory proof = _proofOf(version, ProofKind.CLAIM, boot, vectorRoot);
        Claim parentId = claims.contentAt(parent).id;
        bytes32 acc = inbox.acc(end.inboxIndex);
        vm.prank(who);
        return router.assertAndProve(parentId, acc, entries, end, proof);
    }

    bytes32 internal constant RUN = keccak256("a run");

    function _report(address who, uint256 version, bytes32 result) internal {
        ValidityProof memory proof = _proofOf(version, ProofKind.SPAN, RUN, result);
        vm.prank(who);
        router.report(version, ProofKind.SPAN, RUN, result, proof);
    }

    /// @dev Two proofs of the same run with different results.
    function _reportConflict(address who, uint256 version) internal {
        _report(who, version, RIGHT);
        _report(who, version, WRONG);
    }

    // --- versions ---

    /// @dev Schedules the next version as the timelock, from batch `activation` on.
    function _schedule(uint64 activation) internal returns (uint256) {
        uint256 version = programs.versionCount();
        bytes32 memoryRoot = keccak256(abi.encode("program", version));
        bytes32 key = keccak256(abi.encode("key", version));
        Program memory program = Program(memoryRoot, key, address(verifier), 0x2000, activation);
        bytes32 statement = keccak256("any");
        bytes memory proof = verifier.proofOf(key, statement);
        vm.prank(address(timelock));
        return programs.schedule(program, Hashing.release(memoryRoot, 0x2000, key), statement, proof);
    }
}
