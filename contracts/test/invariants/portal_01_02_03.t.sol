// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Portal} from "../../src/Portal.sol";
import {Inbox} from "../../src/Inbox.sol";
import {ClaimManager} from "../../src/claims/ClaimManager.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Claim, Output} from "../../src/types/Output.sol";
import {OutputRootProof, WithdrawalTransaction} from "../../src/types/Withdrawal.sol";
import {Deployment} from "../utils/Deployment.sol";
import {Trie} from "../utils/Trie.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Counts the payments it gets, by the id in their data.
contract Till {
    mapping(uint256 id => uint256) public payments;

    function pay(uint256 id) external payable {
        ++payments[id];
    }
}

/// @notice Users, an honest proposer and a liar, driven at random. Each claim carries one withdrawal.
contract PortalActors is Deployment {
    struct Entry {
        WithdrawalTransaction withdrawal;
        bytes32 hash;
        OutputRootProof root;
        bytes[] proof;
        uint256 claimIndex;
        uint64 provenAt;
        address owner;
        bool lie;
        bool paid;
    }

    Till public immutable till = new Till();
    Entry[] private _entries;
    uint256 public deposited;
    uint256 public initiated;
    uint256 public paidTotal;
    uint256 private _tip;
    uint256 private _liars;
    /// @dev A payment against a claim that was not final, or before its proof matured.
    bool public paidTooEarly;
    bool public returned;

    constructor() {
        super.setUp();
        _stake(alice);
    }

    function setUp() public override {}

    function thePortal() external view returns (Portal) {
        return portal;
    }

    function count() external view returns (uint256) {
        return _entries.length;
    }

    function entry(uint256 i) external view returns (Entry memory) {
        return _entries[i];
    }

    function deposit(uint256 amount) external {
        amount = _bound(amount, 0, 100 ether);
        vm.deal(bob, amount);
        vm.prank(bob, bob);
        portal.depositTransaction{value: amount}(bob, amount, 100_000, false, "");
        deposited += amount;
    }

    /// @dev A withdrawal that L2 made, in a right claim.
    function withdraw(uint256 amount) external {
        amount = _bound(amount, 0, deposited - initiated);
        initiated += amount;
        _claim(amount, false, alice, address(till));
    }

    /// @dev The same to a target that is never called: its value goes back to L2.
    function withdrawToAPart(uint256 amount, uint8 part) external {
        amount = _bound(amount, 0, deposited - initiated);
        initiated += amount;
        address[4] memory parts = [address(portal), address(inbox), address(claims), address(config)];
        _claim(amount, false, alice, parts[part % 4]);
    }

    /// @dev A withdrawal that L2 never made, in a wrong claim of everything the portal has.
    function lie() external {
        address liar = address(uint160(0xbad0000 + ++_liars));
        _stake(liar);
        _claim(address(portal).balance, true, liar, address(till));
    }

    function prove(uint256 i) external {
        if (_entries.length == 0) return;
        Entry storage e = _entries[i % _entries.length];
        vm.prank(bob);
        try portal.proveWithdrawalTransaction(e.withdrawal, e.claimIndex, e.root, e.proof) {
            e.provenAt = uint64(block.timestamp);
        } catch {}
    }

    function finalize(uint256 i, bool other) external {
        if (_entries.length == 0) return;
        Entry storage e = _entries[i % _entries.length];
        uint64 queue = inbox.queueCount();
        vm.prank(other ? alice : bob);
        try portal.finalizeWithdrawalTransactionExternalProof(e.withdrawal, bob) {
            e.paid = true;
            paidTotal += e.withdrawal.value;
            // A message in the queue is a mint on L2.
            if (inbox.queueCount() > queue) deposited += e.withdrawal.value;
            returned = returned || (inbox.queueCount() > queue);
            Claim claim = claims.contentAt(e.claimIndex).id;
            bool mature = e.provenAt != 0 && block.timestamp > e.provenAt + PROOF_MATURITY;
            if (!claims.isFinal(claim) || !mature) paidTooEarly = true;
        } catch {}
    }

    function confirm(uint256 i) external {
        if (_entries.length == 0) return;
        claims.tryConfirm(claims.contentAt(_entries[i % _entries.length].claimIndex).id);
    }

    /// @dev Time passes; the game has seen the lies before.
    function wait_(uint256 time) external {
        for (uint256 i; i < _entries.length; ++i) {
            Entry storage e = _entries[i];
            if (!e.lie) continue;
            Claim claim = claims.contentAt(e.claimIndex).id;
            vm.prank(address(game));
            try claims.refute(claim, e.owner, new address[](0)) {} catch {}
        }
        _skip(_bound(time, 1, 7 days));
    }

    function _claim(uint256 amount, bool isLie, address owner, address target) private {
        uint256 id = _entries.length;
        Entry storage e = _entries.push();
        e.withdrawal = WithdrawalTransaction({
            nonce: (uint256(1) << 240) | id,
            sender: bob,
            target: target,
            value: amount,
            gasLimit: 100_000,
            data: abi.encodeCall(Till.pay, (id))
        });
        e.hash = Hashing.withdrawal(e.withdrawal);
        (bytes32 root, bytes[] memory proof) = Trie.single(e.hash, 0x01);
        e.proof = proof;
        e.root = _rootProof(root);
        e.lie = isLie;
        e.owner = owner;
        // Whoever is new begins on what is confirmed: an owner's claims form one path.
        uint256 parent = isLie ? _confirmed() : _tip;
        if (inbox.batchCount() < claims.contentAt(parent).childN1) _post(batcher, 1);
        e.claimIndex = claims.contentCount();
        _assert(owner, parent, Hashing.outputRoot(e.root));
        if (!isLie) _tip = e.claimIndex;
    }

    function _confirmed() private view returns (uint256 head) {
        for (uint256 child = 1; child != 0;) {
            child = claims.contentAt(head).confirmedChild;
            if (child != 0) head = child;
        }
    }
}

/// @notice Invariants 1, 2 and 3 (L1 part): paid at most once, only against a final claim after its delay, and solvent.
/// forge-config: default.invariant.fail-on-revert = true
contract PortalInvariants is Deployment {
    PortalActors private _actors;

    function setUp() public override {
        vm.warp(START);
        vm.roll(100);
        _actors = new PortalActors();
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = PortalActors.deposit.selector;
        selectors[1] = PortalActors.withdraw.selector;
        selectors[2] = PortalActors.lie.selector;
        selectors[3] = PortalActors.prove.selector;
        selectors[4] = PortalActors.finalize.selector;
        selectors[5] = PortalActors.confirm.selector;
        selectors[6] = PortalActors.wait_.selector;
        selectors[7] = PortalActors.withdrawToAPart.selector;
        _target(address(_actors), selectors);
    }

    function invariant_01_aWithdrawalIsPaidAtMostOnce() public view {
        for (uint256 i; i < _actors.count(); ++i) {
            PortalActors.Entry memory e = _actors.entry(i);
            bool called = e.paid && e.withdrawal.target == address(_actors.till());
            vm.assertEq(_actors.till().payments(i), called ? 1 : 0);
            vm.assertEq(_actors.thePortal().finalizedWithdrawals(e.hash), e.paid);
        }
    }

    function invariant_02_onlyFinalClaimsArePaid() public view {
        vm.assertFalse(_actors.paidTooEarly());
        for (uint256 i; i < _actors.count(); ++i) {
            PortalActors.Entry memory e = _actors.entry(i);
            vm.assertFalse(e.paid && e.lie, "a lie was paid");
        }
    }

    function invariant_03_theEtherCoversL2AndWhatIsUnpaid() public view {
        uint256 l2Supply = _actors.deposited() - _actors.initiated();
        uint256 unpaid = _actors.initiated() - _actors.paidTotal();
        vm.assertEq(address(_actors.thePortal()).balance, l2Supply + unpaid);
    }

    /// @dev The random run must be able to pay at all: the shortest way there.
    function test_02_theActorsCanReachAPayment() public {
        _actors.deposit(5 ether);
        _actors.withdraw(2 ether);
        _actors.withdrawToAPart(1 ether, 0);
        _actors.lie();
        for (uint256 i; i < 3; ++i) {
            _actors.prove(i);
        }
        _actors.wait_(PROOF_MATURITY + 1);
        _actors.finalize(0, true);
        _actors.finalize(1, true);
        _actors.finalize(2, true);
        _actors.finalize(0, false);
        vm.assertEq(_actors.paidTotal(), 3 ether);
        vm.assertTrue(_actors.returned());
        invariant_01_aWithdrawalIsPaidAtMostOnce();
        invariant_02_onlyFinalClaimsArePaid();
        invariant_03_theEtherCoversL2AndWhatIsUnpaid();
    }
}
