// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {EscapeHatch} from "../src/bridge/EscapeHatch.sol";
import {IDisputeGameFactory} from "../src/interfaces/IDisputeGameFactory.sol";
import {IEscapeHatch} from "../src/interfaces/IEscapeHatch.sol";
import {IInbox} from "../src/interfaces/IInbox.sol";
import {Pausable} from "../src/interfaces/IPauseController.sol";
import {IPortal} from "../src/interfaces/IPortal.sol";
import {Aliasing} from "../src/libraries/Aliasing.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Claim} from "../src/types/Output.sol";
import {QueueMessage} from "../src/types/Queue.sol";
import {OutputRootProof, WithdrawalTransaction} from "../src/types/Withdrawal.sol";
import {PlainToken} from "./bridge/Tokens.sol";
import {FrozenState} from "./utils/FrozenState.sol";
import {Trie} from "./utils/Trie.sol";
import {Vm, vm} from "./utils/Vm.sol";

contract EscapeHatchTest is FrozenState {
    PlainToken private _token;
    address private _carol;
    Claim private _confirmed;
    WithdrawalTransaction private _sent;
    bytes[] private _sentProof;

    function setUp() public override {
        super.setUp();
        _token = new PlainToken();
        l1Token = address(_token);
        _buildState();
        _carol = _actor("carol");
        _token.mint(alice, 1_000);
        vm.prank(alice);
        _token.approve(address(bridge), 1_000);
        // What L2 has: five ether of accounts, one that is under way to L1, and 70 tokens.
        vm.prank(alice, alice);
        portal.depositTransaction{value: 6 ether}(alice, 6 ether, 100_000, false, "");
        vm.prank(alice, alice);
        bridge.depositERC20(l1Token, l2Token, 70, 200_000, "");
        _sent = WithdrawalTransaction(uint256(1) << 240, _carol, _carol, 1 ether, 21_000, "");
        (passerRoot, _sentProof) = Trie.single(Hashing.withdrawal(_sent), 0x01);
        _confirmed = _confirmState();
        vm.recordLogs();
    }

    function _freeze() private {
        vm.warp(claims.contentAt(1).confirmedAt + FREEZE_DELAY + 1);
        hatch.freeze(1);
    }

    function _pay(WithdrawalTransaction memory w) private {
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        portal.finalizeWithdrawalTransactionExternalProof(w, address(hatch));
    }

    function _exitEther(address who, address recipient) private returns (WithdrawalTransaction memory) {
        OutputRootProof memory state = _state();
        bytes[] memory branch = branches[who];
        vm.prank(who, who);
        return hatch.exitEther(recipient, state, branch);
    }

    function _exitToken(address who, address token, address recipient) private returns (WithdrawalTransaction memory) {
        OutputRootProof memory state = _state();
        IEscapeHatch.TokenProof memory proof = _tokenProof(token, who);
        vm.prank(who, who);
        return hatch.exitToken(l1Token, token, recipient, state, proof);
    }

    // --- construction ---

    function _expectBad(string memory name, EscapeHatch.Parameters memory p) private {
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_BadParameter.selector, name));
        new EscapeHatch(p);
    }

    function test_constructor_badParameter_reverts() public {
        EscapeHatch.Parameters memory p = _hatchParameters();
        p.claimManager = address(0);
        _expectBad("claimManager", p);
        p = _hatchParameters();
        p.inbox = address(0);
        _expectBad("inbox", p);
        p = _hatchParameters();
        p.portal = address(0);
        _expectBad("portal", p);
        p = _hatchParameters();
        p.messenger = address(0);
        _expectBad("messenger", p);
        p = _hatchParameters();
        p.standardBridge = address(0);
        _expectBad("standardBridge", p);
        p = _hatchParameters();
        p.pauseController = address(0);
        _expectBad("pauseController", p);
        // 1 + 1 + 5 + 2 * 3 + 10 / 4 days is what attackers can take.
        p = _hatchParameters();
        p.freezeDelay = 15 days + 12 hours;
        _expectBad("freezeDelay", p);
        p.freezeDelay = 15 days + 12 hours + 1;
        new EscapeHatch(p);
        // Members must serve data for a week after the chain could be frozen.
        p.freezeDelay = RETENTION - 7 days + 1;
        _expectBad("retention", p);
        p.freezeDelay = RETENTION - 7 days;
        new EscapeHatch(p);
    }

    // --- before the end ---

    function test_beforeTheEnd_withdrawalsAreAsEver() public {
        portal.proveWithdrawalTransaction(_sent, 1, _state(), _sentProof);
        vm.assertFalse(hatch.frozen());
        vm.assertTrue(hatch.isFinal(_confirmed));
        vm.assertTrue(hatch.isRipe(_confirmed));
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        portal.finalizeWithdrawalTransaction(_sent);
        vm.assertEq(_carol.balance, 1 ether);
    }

    function test_beforeTheEnd_theHatchIsShut() public {
        OutputRootProof memory state = _state();
        bytes[] memory branch = branches[alice];
        IEscapeHatch.TokenProof memory proof = _tokenProof(l2Token, alice);
        QueueMessage memory message;
        bytes memory shut = abi.encodeWithSelector(IEscapeHatch.EscapeHatch_NotFrozen.selector);
        vm.startPrank(alice, alice);
        vm.expectRevert(shut);
        hatch.exitEther(alice, state, branch);
        vm.expectRevert(shut);
        hatch.exitToken(l1Token, l2Token, alice, state, proof);
        vm.expectRevert(shut);
        hatch.refund(message, "", alice);
    }

    function test_beforeTheEnd_pausesAreTheControllers() public {
        vm.assertEq(hatch.guardian(), guardian);
        vm.assertFalse(hatch.paused(Pausable.Deposit));
        vm.prank(guardian);
        pauses.pause(Pausable.Deposit);
        vm.assertTrue(hatch.paused(Pausable.Deposit));
        vm.assertFalse(hatch.paused(Pausable.Withdraw));
        vm.expectRevert(abi.encodeWithSelector(IPortal.OptimismPortal_CallPaused.selector));
        vm.prank(alice, alice);
        portal.depositTransaction{value: 1}(alice, 1, 100_000, false, "");
    }

    function test_claimAt_unknown_isNothing() public view {
        (Claim claim, bytes32 root, bool open) = hatch.claimAt(7);
        vm.assertEq(Claim.unwrap(claim), 0);
        (claim, root, open) = hatch.claimAt(1 << 63);
        vm.assertEq(Claim.unwrap(claim), 0);
        vm.assertEq(root, 0);
        vm.assertFalse(open);
    }

    // --- freezing ---

    function test_freeze_onlyLateAndOnlyTheLast() public {
        uint256 from = uint256(claims.contentAt(1).confirmedAt) + FREEZE_DELAY;
        vm.warp(from);
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_TooEarly.selector, from));
        hatch.freeze(1);
        vm.warp(from + 1);
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_NotLast.selector, 0));
        hatch.freeze(0);
        vm.expectEmit(true, true, true, true, address(hatch));
        emit IEscapeHatch.Frozen(1, Hashing.outputRoot(_state()));
        vm.prank(bob);
        hatch.freeze(1);
        vm.assertTrue(hatch.frozen());
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_FrozenAlready.selector));
        hatch.freeze(1);
    }

    function test_freeze_unconfirmedClaim_reverts() public {
        Claim late = _lateClaim();
        vm.warp(block.timestamp + FREEZE_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_NotLast.selector, 2));
        hatch.freeze(2);
        // While claims are confirmed, nobody can freeze.
        claims.confirm(late, treasury);
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_NotLast.selector, 1));
        hatch.freeze(1);
        vm.expectPartialRevert(IEscapeHatch.EscapeHatch_TooEarly.selector);
        hatch.freeze(2);
    }

    /// @dev A second claim, not confirmed, in whose state another withdrawal of the same ether was sent.
    function _lateClaim() private returns (Claim) {
        _postWith("late");
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        _seal(1);
        WithdrawalTransaction memory w = _lateWithdrawal();
        (bytes32 root,) = Trie.single(Hashing.withdrawal(w), 0x01);
        return _claim(treasury, 1, Hashing.outputRoot(_rootProof(root)));
    }

    function _lateWithdrawal() private view returns (WithdrawalTransaction memory) {
        return WithdrawalTransaction((uint256(1) << 240) | 1, alice, alice, ALICES, 21_000, "");
    }

    /// @dev What the claim manager confirms after the end pays nobody: those who withdrew there leave by their older balance.
    function test_49_afterTheEnd_laterClaimsPayNothing() public {
        Claim late = _lateClaim();
        WithdrawalTransaction memory w = _lateWithdrawal();
        (bytes32 root, bytes[] memory proof) = Trie.single(Hashing.withdrawal(w), 0x01);
        portal.proveWithdrawalTransaction(w, 2, _rootProof(root), proof);
        vm.warp(claims.contentAt(1).confirmedAt + FREEZE_DELAY + 1);
        vm.assertTrue(hatch.isRipe(late));
        hatch.freeze(1);
        vm.assertFalse(hatch.isRipe(late));
        vm.expectRevert(abi.encodeWithSelector(IPortal.OptimismPortal_InvalidRootClaim.selector));
        portal.finalizeWithdrawalTransaction(w);
        claims.confirm(late, treasury);
        vm.assertTrue(claims.isFinal(late));
        vm.assertFalse(hatch.isFinal(late));
        vm.expectRevert(abi.encodeWithSelector(IPortal.OptimismPortal_InvalidRootClaim.selector));
        portal.finalizeWithdrawalTransaction(w);
        vm.expectRevert(abi.encodeWithSelector(IPortal.OptimismPortal_InvalidDisputeGame.selector));
        portal.proveWithdrawalTransaction(w, 2, _rootProof(root), proof);
        // The stake behind it is not lost with the chain.
        vm.prank(treasury);
        claims.withdrawStake();

        _pay(_exitEther(alice, _carol));
        vm.assertEq(_carol.balance, ALICES);
    }

    function test_afterTheEnd_whatWasSentIsPaid() public {
        _freeze();
        portal.proveWithdrawalTransaction(_sent, 1, _state(), _sentProof);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        portal.finalizeWithdrawalTransaction(_sent);
        vm.assertEq(_carol.balance, 1 ether);
    }

    function test_afterTheEnd_nothingGoesIn() public {
        _freeze();
        vm.expectRevert(abi.encodeWithSelector(IPortal.OptimismPortal_CallPaused.selector));
        vm.prank(alice, alice);
        portal.depositTransaction{value: 1}(alice, 1, 100_000, false, "");
        uint64 qEnd = inbox.queueCount();
        bytes32 prevAcc = inbox.acc(1);
        bytes32 queueAcc = inbox.queueAcc(qEnd);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_Paused.selector));
        vm.prank(batcher);
        inbox.postBatch(1, prevAcc, qEnd, queueAcc, 1, "");
    }

    /// @dev Not even the guardian keeps anybody in.
    function test_afterTheEnd_withdrawalsCannotBePaused() public {
        _freeze();
        vm.prank(guardian);
        pauses.pause(Pausable.Withdraw);
        _pay(_exitEther(alice, _carol));
        vm.assertEq(_carol.balance, ALICES);
        WithdrawalTransaction memory w = _exitToken(bob, l2Token, _carol);
        _pay(w);
        vm.assertEq(_token.balanceOf(_carol), BOBS_TOKENS);
    }

    // --- ether ---

    function test_exitEther_pays() public {
        _freeze();
        WithdrawalTransaction memory w = _exitEther(alice, _carol);
        vm.assertEq(w.value, ALICES);
        vm.assertEq(w.sender, alice);
        vm.expectRevert(abi.encodeWithSelector(IPortal.OptimismPortal_ProofNotOldEnough.selector));
        portal.finalizeWithdrawalTransactionExternalProof(w, address(hatch));
        _pay(w);
        vm.assertEq(_carol.balance, ALICES);
        vm.expectRevert(abi.encodeWithSelector(IPortal.OptimismPortal_AlreadyFinalized.selector));
        portal.finalizeWithdrawalTransactionExternalProof(w, address(hatch));
        _pay(_exitEther(bob, _carol));
        vm.assertEq(_carol.balance, ALICES + BOBS);
        vm.assertEq(address(portal).balance, 1 ether);
    }

    function test_exitEther_twice_reverts() public {
        _freeze();
        _exitEther(alice, _carol);
        OutputRootProof memory state = _state();
        bytes[] memory branch = branches[alice];
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_Nothing.selector, alice, address(0)));
        vm.prank(alice, alice);
        hatch.exitEther(bob, state, branch);
    }

    function test_exitEther_anothersBranch_reverts() public {
        _freeze();
        OutputRootProof memory state = _state();
        bytes[] memory branch = branches[alice];
        vm.expectRevert();
        vm.prank(bob, bob);
        hatch.exitEther(bob, state, branch);
        // A contract at the address of an account of L2 is another there.
        vm.expectRevert();
        vm.prank(alice, bob);
        hatch.exitEther(bob, state, branch);
        vm.prank(alice, alice);
        hatch.exitEther(bob, state, branch);
    }

    function test_exitEther_emptyAccount_reverts() public {
        _freeze();
        OutputRootProof memory state = _state();
        bytes[] memory branch = branches[l2Token];
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_Nothing.selector, l2Token, address(0)));
        vm.prank(l2Token, l2Token);
        hatch.exitEther(bob, state, branch);
    }

    function test_exitEther_otherOutput_reverts() public {
        _freeze();
        OutputRootProof memory state = _state();
        bytes[] memory branch = branches[alice];
        state.latestBlockhash = keccak256("another");
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_WrongOutputRoot.selector));
        vm.prank(alice, alice);
        hatch.exitEther(bob, state, branch);
    }

    /// @dev An exit proves one withdrawal and no other.
    function test_exitEther_provesNothingElse() public {
        _freeze();
        WithdrawalTransaction memory w = _exitEther(alice, _carol);
        (Claim claim, bytes32 root, bool open) = hatch.claimAt(1 << 63);
        vm.assertEq(Claim.unwrap(claim), Hashing.withdrawal(w));
        vm.assertTrue(open);
        WithdrawalTransaction memory other = w;
        (bytes32 storageRoot, bytes[] memory proof) = Trie.single(Hashing.withdrawal(w), 0x01);
        OutputRootProof memory alone;
        alone.messagePasserStorageRoot = storageRoot;
        vm.assertEq(Hashing.outputRoot(alone), root);
        other.value = 4 ether;
        vm.expectRevert();
        portal.proveWithdrawalTransaction(other, 1 << 63, alone, proof);
        (storageRoot, proof) = Trie.single(Hashing.withdrawal(other), 0x01);
        alone.messagePasserStorageRoot = storageRoot;
        vm.expectRevert(abi.encodeWithSelector(IPortal.OptimismPortal_InvalidOutputRootProof.selector));
        portal.proveWithdrawalTransaction(other, 1 << 63, alone, proof);
    }

    /// @dev What the recipient refuses stays open; what goes to a part of the chain comes back as a deposit, and that is refunded.
    function test_exitEther_toAPart_comesBack() public {
        _freeze();
        WithdrawalTransaction memory w = _exitEther(alice, address(portal));
        vm.recordLogs();
        _pay(w);
        vm.assertEq(address(portal).balance, 6 ether);
        (QueueMessage memory message, bytes memory data) = _lastMessage();
        vm.assertEq(message.from, alice);
        vm.prank(alice, alice);
        w = hatch.refund(message, data, _carol);
        _pay(w);
        vm.assertEq(_carol.balance, ALICES);
    }

    // --- tokens ---

    function test_exitToken_pays() public {
        _freeze();
        _pay(_exitToken(alice, l2Token, _carol));
        vm.assertEq(_token.balanceOf(_carol), ALICES_TOKENS);
        _pay(_exitToken(bob, l2Token, _carol));
        vm.assertEq(_token.balanceOf(_carol), ALICES_TOKENS + BOBS_TOKENS);
        vm.assertEq(bridge.deposits(l1Token, l2Token), 0);
    }

    function test_exitToken_twice_reverts() public {
        _freeze();
        _exitToken(alice, l2Token, _carol);
        OutputRootProof memory state = _state();
        IEscapeHatch.TokenProof memory proof = _tokenProof(l2Token, alice);
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_Nothing.selector, alice, l2Token));
        vm.prank(alice, alice);
        hatch.exitToken(l1Token, l2Token, _carol, state, proof);
    }

    /// @dev A contract that says what it likes of balances, and is no likeness of anything.
    function test_exitToken_impostor_reverts() public {
        _freeze();
        OutputRootProof memory state = _state();
        IEscapeHatch.TokenProof memory proof = _tokenProof(impostor, alice);
        vm.startPrank(alice, alice);
        vm.expectRevert();
        hatch.exitToken(l1Token, impostor, _carol, state, proof);
        // Nor the branch of one token for another, nor another original.
        vm.expectRevert();
        hatch.exitToken(l1Token, l2Token, _carol, state, proof);
        proof = _tokenProof(l2Token, alice);
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_WrongPair.selector, address(1), l2Token));
        hatch.exitToken(address(1), l2Token, _carol, state, proof);
    }

    // --- deposits that L2 never saw ---

    function _lastMessage() private returns (QueueMessage memory message, bytes memory data) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = logs.length; i > 0; --i) {
            Vm.Log memory log = logs[i - 1];
            if (log.topics[0] != IInbox.MessageEnqueued.selector || uint256(log.topics[2]) != 0) continue;
            message.index = uint64(uint256(log.topics[1]));
            message.from = address(uint160(uint256(log.topics[3])));
            (message.to, message.value, message.gas, message.l1Block, message.l1Time, data) =
                abi.decode(log.data, (address, uint256, uint64, uint64, uint64, bytes));
            message.dataHash = keccak256(data);
            return (message, data);
        }
        revert("no message");
    }

    function _refund(address who) private {
        (QueueMessage memory message, bytes memory data) = _lastMessage();
        _freeze();
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_NotDepositor.selector, bob));
        vm.prank(bob, bob);
        hatch.refund(message, data, bob);
        vm.startPrank(who, who);
        WithdrawalTransaction memory w = hatch.refund(message, data, _carol);
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_RefundedAlready.selector, message.index));
        hatch.refund(message, data, _carol);
        vm.stopPrank();
        _pay(w);
    }

    function test_refund_deposit() public {
        vm.prank(alice, alice);
        portal.depositTransaction{value: 4 ether}(bob, 4 ether, 100_000, false, "");
        _refund(alice);
        vm.assertEq(_carol.balance, 4 ether);
    }

    function test_refund_overTheMessenger() public {
        vm.prank(alice, alice);
        messenger.sendMessage{value: 4 ether}(bob, "", 100_000);
        _refund(alice);
        vm.assertEq(_carol.balance, 4 ether);
    }

    function test_refund_overTheBridge() public {
        vm.prank(alice, alice);
        bridge.bridgeETHTo{value: 4 ether}(bob, 200_000, "");
        _refund(alice);
        vm.assertEq(_carol.balance, 4 ether);
    }

    function test_refund_tokens() public {
        vm.prank(alice, alice);
        bridge.depositERC20(l1Token, l2Token, 9, 200_000, "");
        _refund(alice);
        vm.assertEq(_token.balanceOf(_carol), 9);
        vm.assertEq(bridge.deposits(l1Token, l2Token), 70);
    }

    function test_refund_wrong_reverts() public {
        vm.prank(alice, alice);
        portal.depositTransaction{value: 4 ether}(bob, 4 ether, 100_000, false, "");
        (QueueMessage memory message, bytes memory data) = _lastMessage();
        _freeze();
        vm.startPrank(alice, alice);
        message.value += 1;
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_WrongMessage.selector, message.index));
        hatch.refund(message, data, alice);
        message.value -= 1;
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_WrongMessage.selector, message.index));
        hatch.refund(message, bytes.concat(data, hex"00"), alice);
        message.index = 10_000;
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_WrongMessage.selector, 10_000));
        hatch.refund(message, data, alice);
    }

    /// @dev What L2 has consumed before the end is in the state.
    function test_refund_consumed_reverts() public {
        vm.prank(alice, alice);
        portal.depositTransaction{value: 4 ether}(bob, 4 ether, 100_000, false, "");
        (QueueMessage memory message, bytes memory data) = _lastMessage();
        Claim late = _lateClaim();
        vm.warp(block.timestamp + WINDOW + 1);
        claims.confirm(late, treasury);
        vm.warp(block.timestamp + FREEZE_DELAY + 1);
        hatch.freeze(2);
        vm.expectRevert(abi.encodeWithSelector(IEscapeHatch.EscapeHatch_Consumed.selector, message.index));
        vm.prank(alice, alice);
        hatch.refund(message, data, alice);
    }

    /// @dev An L1 contract is on L2 at its alias, and speaks for that account here.
    function test_contractsLeaveByTheirAlias() public {
        Depositor depositor = new Depositor(hatch);
        vm.deal(address(depositor), 2 ether);
        depositor.deposit(portal);
        (QueueMessage memory message, bytes memory data) = _lastMessage();
        vm.assertEq(message.from, Aliasing.toL2(address(depositor)));
        _freeze();
        _pay(depositor.refund(message, data, _carol));
        vm.assertEq(_carol.balance, 2 ether);
    }
}

contract Depositor {
    IEscapeHatch private immutable _hatch;

    constructor(IEscapeHatch hatch) {
        _hatch = hatch;
    }

    function deposit(IPortal portal) external {
        portal.depositTransaction{value: 2 ether}(address(1), 2 ether, 100_000, false, "");
    }

    function refund(QueueMessage calldata message, bytes calldata data, address to)
        external
        returns (WithdrawalTransaction memory)
    {
        return _hatch.refund(message, data, to);
    }
}
