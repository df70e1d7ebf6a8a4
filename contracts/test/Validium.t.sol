// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {EscapeHatch} from "../src/bridge/EscapeHatch.sol";
import {IEscapeHatch} from "../src/interfaces/IEscapeHatch.sol";
import {Pausable} from "../src/interfaces/IPauseController.sol";
import {Policy} from "../src/interfaces/IProofRouter.sol";
import {IVerifier} from "../src/interfaces/IVerifier.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Claim, Output} from "../src/types/Output.sol";
import {ProofKind, ValidityProof} from "../src/types/Proof.sol";
import {WithdrawalTransaction} from "../src/types/Withdrawal.sol";
import {CommitteeDeployment} from "./utils/CommitteeDeployment.sol";
import {Trie} from "./utils/Trie.sol";
import {vm} from "./utils/Vm.sol";

/// @notice A validium: data with a committee, claims made final by proofs over the sealed batches.
contract ValidiumTest is CommitteeDeployment {
    uint64 private constant LONGER = 23 days;

    function _proves() internal pure override returns (bool) {
        return true;
    }

    function _policy() internal pure override returns (Policy) {
        return Policy.Fast;
    }

    /// @dev The optimium's delay, and the time that the chain waits for a proof.
    function _hatchParameters() internal view override returns (EscapeHatch.Parameters memory p) {
        p = super._hatchParameters();
        p.freezeDelay = LONGER;
    }

    /// @dev Posts and seals a batch.
    function _sealed(bytes memory payload) private {
        _postWith(payload);
        _skip(CHALLENGE_WINDOW + 1);
        _seal(inbox.batchCount() - 1);
    }

    function _end(uint256 parent, bytes32 root) private view returns (Output memory) {
        return _endOutput(parent, root);
    }

    function _proof(uint256 parent, Output memory end, bytes32 acc) private view returns (ValidityProof memory) {
        bytes32 start = claims.contentAt(parent).endHash;
        bytes32 boot = Hashing.boot(CHAIN_ID, start, acc, end.inboxIndex, SPAN);
        bytes32 statement = Hashing.statement(ProofKind.CLAIM, boot, Hashing.vectorRoot(_vector(end)), 0);
        return ValidityProof(0, "", verifier.proofOf(PROGRAM_KEY, statement));
    }

    function _assertAndProve(uint256 parent, bytes32 root) private returns (Claim) {
        Output memory end = _end(parent, root);
        bytes32 acc = sealedInbox.acc(end.inboxIndex);
        Claim parentId = claims.contentAt(parent).id;
        return router.assertAndProve(parentId, acc, _vector(end), end, _proof(parent, end, acc));
    }

    function test_withdrawal_afterSealAndProof() public {
        vm.deal(address(portal), 1 ether);
        WithdrawalTransaction memory w = WithdrawalTransaction(uint256(1) << 240, bob, bob, 1 ether, 21_000, "");
        (bytes32 root, bytes[] memory trie) = Trie.single(Hashing.withdrawal(w), 0x01);
        _sealed("payload");
        Claim claim = _assertAndProve(0, Hashing.outputRoot(_rootProof(root)));
        portal.proveWithdrawalTransaction(w, claims.indexOf(claim), _rootProof(root), trie);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertTrue(claims.isFinal(claim));
    }

    function test_prove_unsealedBatch_reverts() public {
        _postWith("payload");
        Output memory end = _end(0, keccak256("root"));
        ValidityProof memory proof = _proof(0, end, inbox.acc(1));
        Claim genesis = claims.contentAt(0).id;
        bytes32 acc = inbox.acc(1);
        vm.expectRevert();
        router.assertAndProve(genesis, acc, _vector(end), end, proof);
    }

    /// @dev A void batch is one without data: what is proven of the posted chain is proven of something else.
    function test_prove_voidBatch_isTheSealedChains() public {
        _postWith("payload");
        _challenge(alice, 0, "payload");
        _skip(CHALLENGE_WINDOW + ANSWER_WINDOW + 1);
        _seal(0);
        vm.assertNotEq(sealedInbox.acc(1), inbox.acc(1));
        Output memory end = _end(0, keccak256("root"));
        ValidityProof memory posted = _proof(0, end, inbox.acc(1));
        Claim genesis = claims.contentAt(0).id;
        bytes32 acc = sealedInbox.acc(1);
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        router.assertAndProve(genesis, acc, _vector(end), end, posted);
        Claim claim = _assertAndProve(0, keccak256("root"));
        vm.warp(block.timestamp + GUARD + 1);
        vm.assertTrue(claims.tryConfirm(claim));
    }

    function test_freezeDelay_hasTheTimeThatTheChainWaitsForAProof() public {
        EscapeHatch.Parameters memory p = _hatchParameters();
        // 1 + 1 + 5 + 2 * 3 + 10 / 4 days, and 7.
        p.freezeDelay = 22 days + 12 hours;
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_BadParameter.selector, "freezeDelay"));
        new EscapeHatch(p);
        p.freezeDelay += 1;
        new EscapeHatch(p);
    }

    function test_freeze_endsWhatProofsConfirmLater() public {
        _sealed("payload");
        vm.warp(block.timestamp + LONGER + 1);
        hatch.freeze(0);
        Claim claim = _assertAndProve(0, keccak256("root"));
        vm.warp(block.timestamp + GUARD + 1);
        vm.assertTrue(claims.tryConfirm(claim));
        // Stakes come back as ever; the portal pays nothing by it.
        vm.assertFalse(hatch.isFinal(claim));
    }

    function test_alarm_pausesWithdrawals_untilTheChainIsFrozen() public {
        _sealed("payload");
        _assertAndProve(0, keccak256("root"));
        _assertAndProve(0, keccak256("another"));
        vm.assertGt(router.brokenAt(0), 0);
        vm.assertTrue(hatch.paused(Pausable.Withdraw));
        vm.warp(block.timestamp + PAUSE_MAX);
        vm.assertFalse(hatch.paused(Pausable.Withdraw));
    }
}
