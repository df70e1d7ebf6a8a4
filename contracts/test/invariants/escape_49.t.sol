// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {EscapeHatch} from "../../src/bridge/EscapeHatch.sol";
import {IInbox} from "../../src/interfaces/IInbox.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Claim} from "../../src/types/Output.sol";
import {QueueMessage} from "../../src/types/Queue.sol";
import {OutputRootProof, WithdrawalTransaction} from "../../src/types/Withdrawal.sol";
import {FrozenState} from "../utils/FrozenState.sol";
import {Trie} from "../utils/Trie.sol";
import {Vm, vm} from "../utils/Vm.sol";

/// @notice Users of a chain that freezes: they withdraw, deposit, claim, leave and try to leave twice, at random.
contract Leavers is FrozenState {
    /// @dev What each got from the portal, at an address of its own.
    address public constant ALICES_PURSE = address(0xa11ce);
    address public constant BOBS_PURSE = address(0xb0b);
    address public constant CAROLS_PURSE = address(0xca401);

    uint256 public deposited;
    uint256 public exits;
    uint256 public refunds;

    WithdrawalTransaction private _before;
    bytes[] private _beforeProof;
    WithdrawalTransaction private _after;
    bytes[] private _afterProof;
    bytes32 private _afterRoot;
    QueueMessage[] private _messages;
    bytes[] private _data;
    WithdrawalTransaction[] private _leaving;

    constructor() {
        super.setUp();
        l1Token = address(0x7070);
        _buildState();
        vm.prank(alice, alice);
        portal.depositTransaction{value: ALICES + BOBS + 1 ether}(alice, 1, 100_000, false, "");
        deposited = ALICES + BOBS + 1 ether;
        // One withdrawal in the state that the chain ends with, and one of all that alice has in a later one.
        _before = WithdrawalTransaction(uint256(1) << 240, CAROLS_PURSE, CAROLS_PURSE, 1 ether, 21_000, "");
        (passerRoot, _beforeProof) = Trie.single(Hashing.withdrawal(_before), 0x01);
        _confirmState();
        _after = WithdrawalTransaction((uint256(1) << 240) | 1, alice, ALICES_PURSE, ALICES, 21_000, "");
        (_afterRoot, _afterProof) = Trie.single(Hashing.withdrawal(_after), 0x01);
        _postWith("late");
        vm.warp(block.timestamp + CHALLENGE_WINDOW + 1);
        _seal(1);
        _claim(treasury, 1, Hashing.outputRoot(_rootProof(_afterRoot)));
        vm.recordLogs();
    }

    function setUp() public override {}

    function theHatch() external view returns (EscapeHatch) {
        return hatch;
    }

    function theUsers() external view returns (address, address, address) {
        return (alice, bob, address(portal));
    }

    function freeze(bool confirmFirst) external {
        if (confirmFirst) {
            try claims.confirm(claims.contentAt(2).id, treasury) {} catch {}
        }
        try hatch.freeze(1) {} catch {}
    }

    function wait_(uint256 time) external {
        _skip(_bound(time, 1 days, 12 days));
    }

    function deposit(uint64 value) external {
        vm.deal(bob, bob.balance + value);
        vm.prank(bob, bob);
        try portal.depositTransaction{value: value}(bob, value, 100_000, false, "") {
            deposited += value;
        } catch {}
        _read();
    }

    function exit(bool ofAlice, bool byAlice) external {
        OutputRootProof memory state = _state();
        bytes[] memory branch = branches[ofAlice ? alice : bob];
        address who = byAlice ? alice : bob;
        vm.prank(who, who);
        try hatch.exitEther(byAlice ? ALICES_PURSE : BOBS_PURSE, state, branch) returns (
            WithdrawalTransaction memory w
        ) {
            _leaving.push(w);
            ++exits;
        } catch {}
        vm.getRecordedLogs();
    }

    function refund(uint256 which) external {
        if (_messages.length == 0) return;
        which %= _messages.length;
        vm.prank(bob, bob);
        try hatch.refund(_messages[which], _data[which], BOBS_PURSE) returns (WithdrawalTransaction memory w) {
            _leaving.push(w);
            ++refunds;
        } catch {}
        vm.getRecordedLogs();
    }

    function prove(bool late) external {
        if (late) {
            try portal.proveWithdrawalTransaction(_after, 2, _rootProof(_afterRoot), _afterProof) {} catch {}
        } else {
            try portal.proveWithdrawalTransaction(_before, 1, _state(), _beforeProof) {} catch {}
        }
    }

    function pay(uint256 which) external {
        try portal.finalizeWithdrawalTransaction(_before) {} catch {}
        try portal.finalizeWithdrawalTransaction(_after) {} catch {}
        for (uint256 i; i < _leaving.length; ++i) {
            if (which >> (i % 256) & 1 == 1) continue;
            try portal.finalizeWithdrawalTransactionExternalProof(_leaving[i], address(hatch)) {} catch {}
        }
        vm.getRecordedLogs();
    }

    /// @dev What `bob` has deposited since the state.
    function depositsOfBob() external view returns (uint256 sum) {
        for (uint256 i; i < _messages.length; ++i) {
            sum += _messages[i].value;
        }
    }

    function _read() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            Vm.Log memory log = logs[i];
            if (log.topics[0] != IInbox.MessageEnqueued.selector) continue;
            QueueMessage memory m;
            bytes memory data;
            m.index = uint64(uint256(log.topics[1]));
            m.from = address(uint160(uint256(log.topics[3])));
            (m.to, m.value, m.gas, m.l1Block, m.l1Time, data) =
                abi.decode(log.data, (address, uint256, uint64, uint64, uint64, bytes));
            m.dataHash = keccak256(data);
            _messages.push(m);
            _data.push(data);
        }
    }
}

/// @notice Invariant 49: each leaves once, after the end, with what it had; never with what a later claim pays too.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.depth = 48
contract EscapeInvariants is FrozenState {
    Leavers private _leavers;

    function setUp() public override {
        vm.warp(START);
        vm.roll(100);
        _leavers = new Leavers();
        bytes4[] memory selectors = new bytes4[](9);
        selectors[0] = Leavers.freeze.selector;
        selectors[1] = Leavers.wait_.selector;
        selectors[2] = Leavers.deposit.selector;
        selectors[3] = Leavers.exit.selector;
        selectors[4] = Leavers.refund.selector;
        selectors[5] = Leavers.prove.selector;
        selectors[6] = Leavers.pay.selector;
        selectors[7] = Leavers.exit.selector;
        selectors[8] = Leavers.wait_.selector;
        _target(address(_leavers), selectors);
    }

    function invariant_49_eachLeavesOnce() public view {
        (,, address portal_) = _leavers.theUsers();
        bool frozen = _leavers.theHatch().frozen();
        if (!frozen) vm.assertEq(_leavers.exits() + _leavers.refunds(), 0);
        vm.assertLe(_leavers.exits(), 2);
        uint256 alices = _leavers.ALICES_PURSE().balance;
        uint256 bobs = _leavers.BOBS_PURSE().balance;
        uint256 carols = _leavers.CAROLS_PURSE().balance;
        vm.assertLe(alices, ALICES);
        vm.assertLe(bobs, BOBS + _leavers.depositsOfBob());
        vm.assertLe(carols, 1 ether);
        vm.assertEq(portal_.balance + alices + bobs + carols, _leavers.deposited());
    }

    /// @dev The actors reach what the invariant is about: both leave, and the portal has paid all there is.
    function test_leavers_allGetOut() public {
        _leavers.deposit(5 ether);
        _leavers.wait_(12 days);
        _leavers.wait_(12 days);
        _leavers.freeze(false);
        _leavers.exit(true, true);
        _leavers.exit(false, false);
        _leavers.exit(false, false);
        _leavers.exit(true, false);
        _leavers.refund(0);
        _leavers.refund(0);
        _leavers.prove(false);
        _leavers.prove(true);
        _leavers.wait_(12 days);
        _leavers.freeze(true);
        _leavers.pay(0);
        vm.assertEq(_leavers.ALICES_PURSE().balance, ALICES);
        vm.assertEq(_leavers.BOBS_PURSE().balance, BOBS + 5 ether);
        vm.assertEq(_leavers.CAROLS_PURSE().balance, 1 ether);
        (,, address portal_) = _leavers.theUsers();
        vm.assertEq(portal_.balance, 0);
        vm.assertEq(_leavers.exits(), 2);
        vm.assertEq(_leavers.refunds(), 1);
    }
}
