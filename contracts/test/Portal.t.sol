// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Portal} from "../src/Portal.sol";
import {IInbox} from "../src/interfaces/IInbox.sol";
import {Pausable} from "../src/interfaces/IPauseController.sol";
import {IPortal} from "../src/interfaces/IPortal.sol";
import {Aliasing} from "../src/libraries/Aliasing.sol";
import {DepositPrice} from "../src/libraries/DepositPrice.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Claim} from "../src/types/Output.sol";
import {OutputRootProof, WithdrawalTransaction} from "../src/types/Withdrawal.sol";
import {Deployment} from "./utils/Deployment.sol";
import {Trie} from "./utils/Trie.sol";
import {vm} from "./utils/Vm.sol";

/// @notice A contract that deposits: it must be aliased.
contract Depositor {
    function deposit(Portal portal, address to) external payable {
        portal.depositTransaction{value: msg.value}(to, msg.value, 100_000, false, "");
    }
}

/// @notice A withdrawal's target that records who called and can be told to fail or to use gas.
contract Target {
    Portal private immutable _portal;
    bool public failing;
    address public sender;
    uint256 public received;
    uint256 public gasSeen;

    error Refused(uint256 value);

    constructor(Portal portal) {
        _portal = portal;
    }

    function setFailing(bool value) external {
        failing = value;
    }

    function take() external payable {
        if (failing) revert Refused(msg.value);
        gasSeen = gasleft();
        sender = _portal.l2Sender();
        received += msg.value;
    }
}

contract PortalDepositTest is Deployment {
    function _opaque(uint256 mint, uint256 value, uint64 gas, bool creation, bytes memory data)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(mint, value, gas, creation, data);
    }

    function test_fuzz_depositTransaction_enqueuesAndEmits(
        uint64 mint,
        uint256 value,
        uint64 gas,
        address to,
        bytes memory data
    ) public {
        gas = uint64(_bound(gas, portal.minimumGasLimit(uint64(data.length)), 4_000_000));
        vm.deal(alice, mint);
        bytes memory opaque = _opaque(mint, value, gas, false, data);
        vm.expectEmit(true, true, true, true, address(portal));
        emit IPortal.TransactionDeposited(alice, to, 0, opaque);
        vm.expectEmit(true, true, true, true, address(inbox));
        emit IInbox.MessageEnqueued(1, 0, alice, to, mint, gas, uint64(block.number), uint64(block.timestamp), opaque);
        vm.prank(alice, alice);
        portal.depositTransaction{value: mint}(to, value, gas, false, data);
        vm.assertEq(address(portal).balance, mint);
    }

    function test_depositTransaction_contractCaller_isAliased() public {
        Depositor depositor = new Depositor();
        bytes memory opaque = _opaque(1 ether, 1 ether, 100_000, false, "");
        vm.expectEmit(true, true, true, true, address(portal));
        emit IPortal.TransactionDeposited(Aliasing.toL2(address(depositor)), bob, 0, opaque);
        vm.prank(alice, alice);
        depositor.deposit{value: 1 ether}(portal, bob);
    }

    function test_depositTransaction_delegatedAccount_isNotAliased() public {
        vm.etch(alice, abi.encodePacked(hex"ef0100", address(new Depositor())));
        bytes memory opaque = _opaque(0, 0, 100_000, false, "");
        vm.expectEmit(true, true, true, true, address(portal));
        emit IPortal.TransactionDeposited(alice, bob, 0, opaque);
        // Somebody else's transaction calls into the delegated account.
        vm.prank(alice, bob);
        portal.depositTransaction(bob, 0, 100_000, false, "");
    }

    function test_receive_isADepositToOneself() public {
        bytes memory opaque = _opaque(2 ether, 2 ether, 100_000, false, "");
        vm.expectEmit(true, true, true, true, address(portal));
        emit IPortal.TransactionDeposited(alice, alice, 0, opaque);
        vm.prank(alice, alice);
        (bool success,) = address(portal).call{value: 2 ether}("");
        vm.assertTrue(success);
    }

    function test_donateETH_isNoDeposit() public {
        uint64 before = inbox.queueCount();
        vm.prank(alice);
        portal.donateETH{value: 1 ether}();
        vm.assertEq(uint256(inbox.queueCount()), before);
        vm.assertEq(address(portal).balance, 1 ether);
    }

    function test_depositTransaction_creation() public {
        vm.prank(alice, alice);
        portal.depositTransaction(address(0), 0, 100_000, true, hex"00");
        vm.expectRevert(IPortal.OptimismPortal_BadTarget.selector);
        vm.prank(alice, alice);
        portal.depositTransaction(bob, 0, 100_000, true, hex"00");
    }

    function test_depositTransaction_paused_reverts() public {
        vm.prank(guardian);
        pauses.pause(Pausable.Deposit);
        vm.expectRevert(IPortal.OptimismPortal_CallPaused.selector);
        vm.prank(alice, alice);
        portal.depositTransaction(bob, 0, 100_000, false, "");
    }

    function test_depositTransaction_gasLimit_reverts() public {
        vm.expectRevert(IPortal.OptimismPortal_GasLimitTooLow.selector);
        portal.depositTransaction(bob, 0, 21_079, false, hex"0102");
        portal.depositTransaction(bob, 0, 21_080, false, hex"0102");
        portal.depositTransaction(bob, 0, 4_000_000, false, "");
        vm.expectRevert(IPortal.Portal_GasLimitTooHigh.selector);
        portal.depositTransaction(bob, 0, 4_000_001, false, "");
    }

    function test_depositTransaction_calldataTooLarge_reverts() public {
        bytes memory most = new bytes(65_536 - 73);
        portal.depositTransaction(bob, 0, 4_000_000, false, most);
        vm.expectRevert(IPortal.OptimismPortal_CalldataTooLarge.selector);
        portal.depositTransaction(bob, 0, 4_000_000, false, bytes.concat(most, hex"00"));
    }

    function test_forceTransaction_enqueuesThough_everythingIsPaused() public {
        vm.startPrank(guardian);
        for (uint8 i; i < 4; ++i) {
            pauses.pause(Pausable(i));
        }
        vm.stopPrank();
        vm.expectEmit(true, true, true, true, address(inbox));
        emit IInbox.MessageEnqueued(
            1, 1, alice, address(0), 0, 50_000, uint64(block.number), uint64(block.timestamp), hex"02f8"
        );
        vm.prank(alice);
        portal.forceTransaction(50_000, hex"02f8");
    }

    function test_forceTransaction_badInput_reverts() public {
        vm.expectRevert(IPortal.Portal_EmptyTransaction.selector);
        portal.forceTransaction(50_000, "");
        vm.expectRevert(IPortal.OptimismPortal_CalldataTooLarge.selector);
        portal.forceTransaction(4_000_000, new bytes(65_537));
        vm.expectRevert(IPortal.OptimismPortal_GasLimitTooLow.selector);
        portal.forceTransaction(21_039, hex"02");
        vm.expectRevert(IPortal.Portal_GasLimitTooHigh.selector);
        portal.forceTransaction(4_000_001, hex"02");
    }

    // --- price ---

    function test_price_rises_andBurnsGas() public {
        uint256 before = gasleft();
        portal.depositTransaction(bob, 0, 4_000_000, false, "");
        uint256 first = before - gasleft();
        for (uint256 i; i < 100; ++i) {
            portal.depositTransaction(bob, 0, 4_000_000, false, "");
        }
        before = gasleft();
        portal.depositTransaction(bob, 0, 4_000_000, false, "");
        uint256 later = before - gasleft();
        vm.assertLt(first, 200_000);
        // 400,000,000 gas in one block is past the point where the price is highest.
        vm.assertGt(later, 4_000_000);
        vm.assertLt(later, 4_100_000);
        // Fifty empty blocks bring it back.
        vm.roll(block.number + 50);
        before = gasleft();
        portal.depositTransaction(bob, 0, 4_000_000, false, "");
        vm.assertLt(before - gasleft(), 200_000);
    }

    function test_fuzz_price_isBounded(uint128 fee, uint64 bought, uint64 gas, uint32 blocks) public pure {
        DepositPrice.Params memory p = DepositPrice.Params({
            prevBaseFee: uint128(_bound(fee, DepositPrice.PRICE_MIN, DepositPrice.PRICE_MAX)),
            prevBoughtGas: uint64(_bound(bought, 0, 1e12)),
            prevBlockNum: 1_000
        });
        gas = uint64(_bound(gas, 21_000, 4_000_000));
        (uint256 burn, DepositPrice.Params memory next) = DepositPrice.buy(p, gas, 1_000 + uint256(blocks));
        vm.assertLe(burn, gas);
        vm.assertGe(burn, gas * DepositPrice.PRICE_MIN / DepositPrice.UNIT);
        vm.assertGe(next.prevBaseFee, DepositPrice.PRICE_MIN);
        vm.assertLe(next.prevBaseFee, DepositPrice.PRICE_MAX);
        vm.assertEq(next.prevBoughtGas, blocks == 0 ? p.prevBoughtGas + gas : gas);
        if (blocks > 31) vm.assertEq(next.prevBaseFee, DepositPrice.PRICE_MIN);
    }

    function test_price_atTarget_stays() public pure {
        DepositPrice.Params memory p =
            DepositPrice.Params({prevBaseFee: 1e8, prevBoughtGas: uint64(DepositPrice.TARGET), prevBlockNum: 5});
        vm.assertEq(DepositPrice.basePrice(p, 6), 1e8);
        vm.assertEq(DepositPrice.basePrice(p, 7), 1e8 * 7 / 8);
        p.prevBoughtGas *= 2;
        vm.assertEq(DepositPrice.basePrice(p, 6), 1e8 * 9 / 8);
        p.prevBoughtGas = 0;
        vm.assertEq(DepositPrice.basePrice(p, 6), 1e8 * 7 / 8);
    }
}

contract PortalWithdrawalTest is Deployment {
    Target internal target;
    WithdrawalTransaction internal withdrawal;
    bytes32 internal hash;
    bytes32 internal storageRoot;
    bytes[] internal proof;

    function setUp() public override {
        super.setUp();
        target = new Target(portal);
        vm.prank(alice, alice);
        portal.depositTransaction{value: 10 ether}(alice, 10 ether, 100_000, false, "");
        _use(
            WithdrawalTransaction({
                nonce: uint256(1) << 240,
                sender: bob,
                target: address(target),
                value: 3 ether,
                gasLimit: 200_000,
                data: abi.encodeCall(Target.take, ())
            })
        );
        _stake(alice);
        _post(batcher, 4);
        _assertRoot(alice, 0);
    }

    function _use(WithdrawalTransaction memory w) private {
        withdrawal = w;
        hash = Hashing.withdrawal(w);
        (storageRoot, proof) = Trie.single(hash, 0x01);
    }

    function _assertRoot(address who, uint256 parent) private returns (Claim) {
        return _assert(who, parent, Hashing.outputRoot(_rootProof(storageRoot)));
    }

    function _prove(address who) private {
        vm.prank(who);
        portal.proveWithdrawalTransaction(withdrawal, 1, _rootProof(storageRoot), proof);
    }

    function _finalize(address who) private {
        vm.prank(who);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_constructor_zero_reverts() public {
        Portal.Parameters memory p = _portalParameters();
        p.inbox = address(0);
        _expectBad("inbox", p);
        p = _portalParameters();
        p.settlement = address(0);
        _expectBad("settlement", p);
        p = _portalParameters();
        p.systemConfig = address(0);
        _expectBad("systemConfig", p);
        p = _portalParameters();
        p.pauseController = address(0);
        _expectBad("pauseController", p);
        p = _portalParameters();
        p.disputeGameFactory = address(0);
        _expectBad("disputeGameFactory", p);
        p = _portalParameters();
        p.proofMaturityDelay = 0;
        _expectBad("proofMaturityDelay", p);
    }

    function _expectBad(string memory name, Portal.Parameters memory p) private {
        vm.expectRevert(abi.encodeWithSelector(IPortal.Portal_BadParameter.selector, name));
        new Portal(p);
    }

    function test_withdrawal_isPaidOnceFinalAndMature() public {
        vm.expectEmit(true, true, true, true, address(portal));
        emit IPortal.WithdrawalProven(hash, bob, address(target));
        vm.expectEmit(true, true, true, true, address(portal));
        emit IPortal.WithdrawalProvenExtension1(hash, alice);
        _prove(alice);
        vm.assertEq(portal.numProofSubmitters(hash), 1);
        vm.assertEq(portal.proofSubmitters(hash, 0), alice);
        (address game, uint64 timestamp) = portal.provenWithdrawals(hash, alice);
        (,, address expected) = games.gameAtIndex(1);
        vm.assertEq(game, expected);
        vm.assertEq(uint256(timestamp), block.timestamp);

        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        portal.checkWithdrawal(hash, alice);
        vm.expectEmit(true, true, true, true, address(portal));
        emit IPortal.WithdrawalFinalized(hash, true);
        _finalize(alice);
        vm.assertTrue(portal.finalizedWithdrawals(hash));
        vm.assertEq(target.received(), 3 ether);
        vm.assertEq(target.sender(), bob);
        vm.assertEq(address(portal).balance, 7 ether);
        vm.assertEq(portal.l2Sender(), 0x000000000000000000000000000000000000dEaD);
        // Paying confirmed the claim on the way.
        vm.assertTrue(claims.isFinal(claims.contentAt(1).id));
    }

    function test_finalize_byAnybodyWithAnothersProof() public {
        _prove(alice);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        vm.prank(bob);
        portal.finalizeWithdrawalTransactionExternalProof(withdrawal, alice);
        vm.assertEq(target.received(), 3 ether);
    }

    function test_prove_unknownClaim_reverts() public {
        vm.expectRevert(IPortal.OptimismPortal_InvalidDisputeGame.selector);
        portal.proveWithdrawalTransaction(withdrawal, 2, _rootProof(storageRoot), proof);
    }

    function test_prove_refutedClaim_reverts() public {
        Claim claim = claims.contentAt(1).id;
        _refute(claim, alice);
        vm.expectRevert(IPortal.OptimismPortal_InvalidDisputeGame.selector);
        _prove(bob);
    }

    function test_prove_wrongOutputRoot_reverts() public {
        OutputRootProof memory other = _rootProof(storageRoot);
        other.stateRoot = keccak256("another state");
        vm.expectRevert(IPortal.OptimismPortal_InvalidOutputRootProof.selector);
        portal.proveWithdrawalTransaction(withdrawal, 1, other, proof);
        other = _rootProof(storageRoot);
        other.version = bytes32(uint256(1));
        vm.expectRevert(IPortal.OptimismPortal_InvalidOutputRootProof.selector);
        portal.proveWithdrawalTransaction(withdrawal, 1, other, proof);
    }

    function test_prove_paused_reverts() public {
        vm.prank(guardian);
        pauses.pause(Pausable.Withdraw);
        vm.assertTrue(portal.paused());
        vm.expectRevert(IPortal.OptimismPortal_CallPaused.selector);
        _prove(alice);
        vm.expectRevert(IPortal.OptimismPortal_CallPaused.selector);
        _finalize(alice);
    }

    function test_prove_afterPayment_reverts() public {
        _prove(alice);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        _finalize(alice);
        vm.expectRevert(IPortal.OptimismPortal_AlreadyFinalized.selector);
        _prove(bob);
        vm.expectRevert(IPortal.OptimismPortal_AlreadyFinalized.selector);
        _finalize(alice);
        vm.expectRevert(IPortal.OptimismPortal_AlreadyFinalized.selector);
        portal.checkWithdrawal(hash, alice);
    }

    function test_prove_again_doesNotTouchAnothersClock() public {
        _prove(alice);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        _prove(bob);
        portal.checkWithdrawal(hash, alice);
        vm.expectRevert(IPortal.OptimismPortal_ProofNotOldEnough.selector);
        portal.checkWithdrawal(hash, bob);
        _finalize(alice);
    }

    function test_checkWithdrawal_unproven_reverts() public {
        vm.expectRevert(IPortal.OptimismPortal_Unproven.selector);
        portal.checkWithdrawal(hash, alice);
        vm.expectRevert(IPortal.OptimismPortal_Unproven.selector);
        _finalize(alice);
    }

    function test_checkWithdrawal_tooEarly_reverts() public {
        _prove(alice);
        vm.warp(block.timestamp + PROOF_MATURITY);
        vm.expectRevert(IPortal.OptimismPortal_ProofNotOldEnough.selector);
        portal.checkWithdrawal(hash, alice);
        vm.expectRevert(IPortal.OptimismPortal_ProofNotOldEnough.selector);
        _finalize(alice);
    }

    function test_checkWithdrawal_claimRefutedSince_reverts() public {
        _prove(alice);
        Claim claim = claims.contentAt(1).id;
        _refute(claim, alice);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        vm.expectRevert(IPortal.OptimismPortal_InvalidRootClaim.selector);
        portal.checkWithdrawal(hash, alice);
        vm.expectRevert(IPortal.OptimismPortal_InvalidRootClaim.selector);
        _finalize(alice);
        // viem asks these to tell "prove again" from "wait".
        (address game,) = portal.provenWithdrawals(hash, alice);
        vm.assertFalse(games.isGameProper(game));
        vm.assertTrue(games.isGameRespected(game));
        vm.assertFalse(games.isGameFinalized(game));
    }

    function test_checkWithdrawal_parentNotFinal_reverts() public {
        _post(batcher, 4);
        _use(
            WithdrawalTransaction({
                nonce: (uint256(1) << 240) | 1, sender: bob, target: bob, value: 1, gasLimit: 0, data: ""
            })
        );
        _assertRoot(alice, 1);
        vm.prank(alice);
        portal.proveWithdrawalTransaction(withdrawal, 2, _rootProof(storageRoot), proof);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        vm.expectRevert(IPortal.OptimismPortal_InvalidRootClaim.selector);
        portal.checkWithdrawal(hash, alice);
        claims.confirm(claims.contentAt(1).id, alice);
        portal.checkWithdrawal(hash, alice);
        _finalize(alice);
    }

    function test_finalize_targetFails_staysOpenAndCanBePaidLater() public {
        _prove(alice);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        target.setFailing(true);
        bytes memory reason = abi.encodeWithSelector(Target.Refused.selector, 3 ether);
        vm.expectRevert(abi.encodeWithSelector(IPortal.Portal_CallFailed.selector, reason));
        _finalize(alice);
        vm.assertFalse(portal.finalizedWithdrawals(hash));
        vm.assertEq(address(portal).balance, 10 ether);
        target.setFailing(false);
        vm.prank(bob);
        portal.finalizeWithdrawalTransactionExternalProof(withdrawal, alice);
        vm.assertEq(target.received(), 3 ether);
    }

    function test_fuzz_finalize_gas_targetGetsItsGasOrNothingHappens(uint32 gas) public {
        _prove(alice);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        uint256 limit = _bound(gas, 100_000, 1_000_000);
        vm.prank(alice);
        (bool success,) =
            address(portal).call{gas: limit}(abi.encodeCall(portal.finalizeWithdrawalTransaction, (withdrawal)));
        vm.assertEq(portal.finalizedWithdrawals(hash), success);
        if (success) vm.assertGe(target.gasSeen(), 199_000);
        if (limit > 600_000) vm.assertTrue(success);
        if (limit < 200_000) vm.assertFalse(success);
    }

    function test_prove_inABranchedTrie() public {
        bytes32[] memory hashes = new bytes32[](2);
        hashes[0] = hash;
        for (uint256 i;; ++i) {
            hashes[1] = keccak256(abi.encode(i));
            if (Trie.key(hashes[1])[0] >> 4 != Trie.key(hash)[0] >> 4) break;
        }
        (bytes32 root, bytes memory node, bytes[] memory leaves) = Trie.branch(hashes);
        storageRoot = root;
        _stake(address(0x7777));
        _assertRoot(address(0x7777), 0);
        vm.prank(alice);
        portal.proveWithdrawalTransaction(withdrawal, 2, _rootProof(root), Trie.proofOf(node, leaves[0]));
        vm.expectRevert(IPortal.OptimismPortal_InvalidMerkleProof.selector);
        portal.proveWithdrawalTransaction(withdrawal, 2, _rootProof(root), Trie.proofOf(node, leaves[1]));
    }

    function test_views_opAbi() public view {
        vm.assertEq(portal.disputeGameFactory(), address(games));
        vm.assertEq(portal.anchorStateRegistry(), address(games));
        vm.assertEq(uint256(portal.respectedGameType()), games.GAME_TYPE());
        vm.assertEq(portal.proofMaturityDelaySeconds(), PROOF_MATURITY);
        vm.assertEq(portal.disputeGameFinalityDelaySeconds(), 0);
        vm.assertEq(portal.guardian(), guardian);
        vm.assertEq(portal.systemConfig(), address(config));
        vm.assertEq(uint256(portal.minimumGasLimit(10)), 21_400);
        vm.assertEq(portal.version(), "4.0.0");
        (uint128 price, uint64 bought, uint64 number) = portal.params();
        vm.assertEq(uint256(price), DepositPrice.PRICE_MIN);
        vm.assertEq(uint256(bought), 100_000);
        vm.assertEq(uint256(number), block.number);
    }
}
