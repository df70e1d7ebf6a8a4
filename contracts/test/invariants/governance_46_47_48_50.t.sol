// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SystemConfig} from "../../src/SystemConfig.sol";
import {Inbox} from "../../src/Inbox.sol";
import {Portal} from "../../src/Portal.sol";
import {ClaimManager} from "../../src/claims/ClaimManager.sol";
import {PauseController} from "../../src/governance/PauseController.sol";
import {IClaimManager} from "../../src/interfaces/IClaimManager.sol";
import {IInbox} from "../../src/interfaces/IInbox.sol";
import {IPauseController, Pausable} from "../../src/interfaces/IPauseController.sol";
import {ISystemConfig} from "../../src/interfaces/ISystemConfig.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Claim} from "../../src/types/Output.sol";
import {WithdrawalTransaction} from "../../src/types/Withdrawal.sol";
import {Deployment} from "../utils/Deployment.sol";
import {Trie} from "../utils/Trie.sol";
import {Vm, vm} from "../utils/Vm.sol";

contract GovernanceTest is Deployment {
    function _pauseAll() private {
        vm.startPrank(guardian);
        for (uint8 i; i < 4; ++i) {
            pauses.pause(Pausable(i));
        }
        vm.stopPrank();
    }

    function test_46_disputeAndForcePathsWork_whileEverythingIsPaused() public {
        _stake(alice);
        _stake(bob);
        _post(batcher, 1);
        _pauseAll();
        portal.forceTransaction(100_000, hex"02f8");
        inbox.refreshL1Info();
        vm.warp(block.timestamp + FORCE_DELAY + FORCE_GRACE + 1);
        inbox.forceInclude();
        Claim right = _assert(alice, 0, keccak256("right"));
        Claim wrong = _assert(bob, 0, keccak256("wrong"));
        _refute(wrong, bob);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.assertTrue(pauses.paused(Pausable.Withdraw));
        claims.confirm(right, alice);
        vm.prank(alice);
        claims.withdrawStake();
        claims.collect();
    }

    function test_fuzz_46_pauseExpires(uint8 kind, bool extend) public {
        Pausable what = Pausable(kind % 4);
        uint256 start = block.timestamp;
        _pauseAll();
        if (extend) {
            vm.prank(council);
            pauses.extend(what);
        }
        vm.warp(start + (extend ? 2 : 1) * uint256(PAUSE_MAX));
        vm.assertFalse(pauses.paused(what));
        // Between two pauses there is always the cooldown: the share of time that can be paused is bounded.
        vm.expectPartialRevert(IPauseController.PauseController_CoolingDown.selector);
        vm.prank(guardian);
        pauses.pause(what);
    }

    /// @dev A change is announced and the sequencer is gone. A user who acts at the announcement has left before it takes effect.
    function test_47_aUserWhoActsAtTheAnnouncementExitsFirst() public {
        vm.prank(alice, alice);
        portal.depositTransaction{value: 2 ether}(alice, 2 ether, 100_000, false, "");
        _stake(bob);
        bytes memory change = abi.encodeCall(config.setMinBaseFee, (1_000 gwei));
        vm.prank(council);
        timelock.schedule(address(config), 0, change, 0, 0, TIMELOCK_DELAY);
        uint256 effective = block.timestamp + TIMELOCK_DELAY;

        // The user forces a withdrawal; nobody posts, so anybody includes it.
        vm.prank(alice);
        portal.forceTransaction(200_000, hex"02f8");
        vm.warp(block.timestamp + FORCE_DELAY + FORCE_GRACE + 1);
        inbox.forceInclude();
        WithdrawalTransaction memory w = WithdrawalTransaction(uint256(1) << 240, alice, alice, 2 ether, 100_000, "");
        (bytes32 root, bytes[] memory proof) = Trie.single(Hashing.withdrawal(w), 0x01);
        _assert(bob, 0, Hashing.outputRoot(_rootProof(root)));
        vm.prank(alice);
        portal.proveWithdrawalTransaction(w, 1, _rootProof(root), proof);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        uint256 before = alice.balance;
        vm.prank(alice);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertEq(alice.balance, before + 2 ether);
        vm.assertLt(block.timestamp, effective);

        // Still nobody can make the change.
        bytes32 id = timelock.hashOperation(address(config), 0, change, 0, 0);
        vm.assertFalse(timelock.isOperationReady(id));
        vm.warp(effective);
        vm.assertTrue(timelock.isOperationReady(id));
    }

    function test_47_scheduleBelowTheDelay_reverts() public {
        vm.expectRevert();
        vm.prank(council);
        timelock.schedule(address(config), 0, "", 0, 0, TIMELOCK_DELAY - 1);
    }

    function test_50_settersRefuseZero_reverts() public {
        vm.startPrank(address(timelock));
        _expectBad("batcher");
        config.setBatcher(address(0));
        _expectBad("unsafeBlockSigner");
        config.setUnsafeBlockSigner(address(0));
        _expectBad("operator");
        config.setOperator(address(0));
        vm.stopPrank();
        vm.expectRevert(IPauseController.PauseController_Zero.selector);
        vm.prank(council);
        pauses.setGuardian(address(0));
    }

    function test_50_constructorsRefuseZero_reverts() public {
        vm.expectRevert(IPauseController.PauseController_Zero.selector);
        new PauseController(guardian, address(0), PAUSE_MAX, COOLDOWN, address(0));
        vm.expectRevert(IPauseController.PauseController_Zero.selector);
        new PauseController(guardian, council, 0, COOLDOWN, address(0));
        vm.expectRevert(IPauseController.PauseController_Zero.selector);
        new PauseController(guardian, council, PAUSE_MAX, 0, address(0));

        string[7] memory addresses = [
            "inbox",
            "optimismPortal",
            "disputeGameFactory",
            "l1CrossDomainMessenger",
            "l1StandardBridge",
            "l1ERC721Bridge",
            "optimismMintableERC20Factory"
        ];
        for (uint256 i; i < 7; ++i) {
            SystemConfig.Parameters memory p = _configParameters();
            SystemConfig.Addresses memory a = p.addresses;
            // A struct of addresses is one word for each of them in memory.
            assembly ("memory-safe") {
                mstore(add(a, mul(i, 0x20)), 0)
            }
            _expectBad(addresses[i]);
            new SystemConfig(p);
        }
        SystemConfig.Parameters memory q = _configParameters();
        q.operator = address(0);
        _expectBad("operator");
        new SystemConfig(q);
        q = _configParameters();
        q.l2ChainId = 0;
        _expectBad("l2ChainId");
        new SystemConfig(q);
        q = _configParameters();
        q.span = 0;
        _expectBad("span");
        new SystemConfig(q);
        q = _configParameters();
        q.span = 3;
        _expectBad("gasLimit");
        new SystemConfig(q);
        q = _configParameters();
        q.configuration.batcher = address(0);
        _expectBad("batcher");
        new SystemConfig(q);
        q = _configParameters();
        q.configuration.unsafeBlockSigner = address(0);
        _expectBad("unsafeBlockSigner");
        new SystemConfig(q);
    }

    function _expectBad(string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(ISystemConfig.SystemConfig_BadParameter.selector, name));
    }

    /// @dev There is nothing to initialise: no deployed contract has an initialiser or an upgrade function in its dispatcher.
    function test_50_noInitialisersAndNoUpgrades() public view {
        string[6] memory signatures = [
            "initialize()",
            "initialize(address)",
            "initialize(address,address)",
            "upgradeTo(address)",
            "upgradeToAndCall(address,bytes)",
            "reinitialize(uint8)"
        ];
        for (uint256 step; step < deployer.deployments(); ++step) {
            bytes memory code = deployer.addressOf(step).code;
            vm.assertGt(code.length, 0);
            for (uint256 i; i < signatures.length; ++i) {
                vm.assertFalse(_contains(code, bytes4(keccak256(bytes(signatures[i])))), signatures[i]);
            }
        }
    }

    /// @dev Whether a PUSH4 of `selector` is in the code.
    function _contains(bytes memory code, bytes4 selector) private pure returns (bool) {
        bytes5 wanted = bytes5(abi.encodePacked(hex"63", selector));
        for (uint256 i; i + 5 <= code.length; ++i) {
            bytes5 window;
            assembly ("memory-safe") {
                window := mload(add(add(code, 0x20), i))
            }
            if (bytes5(window) == wanted) return true;
        }
        return false;
    }
}

/// @notice Everybody with a role, calling whatever its role lets it call.
contract Admins is Deployment {
    constructor() {
        vm.recordLogs();
        super.setUp();
        vm.prank(alice, alice);
        portal.depositTransaction{value: 100 ether}(alice, 100 ether, 100_000, false, "");
        _stake(alice);
        _post(batcher, 1);
        _assert(alice, 0, keccak256("right"));
        vm.getRecordedLogs();
    }

    function setUp() public override {}

    function thePortal() external view returns (Portal) {
        return portal;
    }

    function theClaims() external view returns (ClaimManager) {
        return claims;
    }

    function asOwner(uint256 which, uint64 a, uint64 b, address who) external {
        vm.startPrank(address(timelock));
        which %= 8;
        if (which == 0) try config.setGasLimit(a) {} catch {}
        if (which == 1) config.setGasConfigEcotone(uint32(a), uint32(b));
        if (which == 2) config.setOperatorFeeScalars(uint32(a), b);
        if (which == 3) try config.setEIP1559Params(uint32(a % 300), uint32(b % 20)) {} catch {}
        if (which == 4) try config.setMinBaseFee(a) {} catch {}
        if (which == 5) try config.setBatcher(who) {} catch {}
        if (which == 6) try config.setUnsafeBlockSigner(who) {} catch {}
        if (which == 7) try config.setOperator(who) {} catch {}
        vm.stopPrank();
    }

    function asGuardianOrCouncil(uint8 kind, uint8 action) external {
        Pausable what = Pausable(kind % 4);
        action %= 3;
        vm.startPrank(action == 0 ? guardian : council);
        if (action == 0) try pauses.pause(what) {} catch {}
        if (action == 1) try pauses.extend(what) {} catch {}
        if (action == 2) try pauses.lift(what) {} catch {}
        vm.stopPrank();
    }

    /// @dev Any role, any contract, any selector with any words behind it, among them the functions that are not theirs.
    function raw(uint8 role, uint8 contract_, bytes4 selector, bytes32[4] calldata words) external {
        address[6] memory roles = [address(timelock), operator, guardian, council, batcher, address(deployer)];
        address[5] memory contracts =
            [address(portal), address(inbox), address(claims), address(config), address(pauses)];
        bytes4[6] memory known = [
            ClaimManager.confirm.selector,
            ClaimManager.refute.selector,
            ClaimManager.withdrawStake.selector,
            Inbox.enqueue.selector,
            Portal.finalizeWithdrawalTransaction.selector,
            ClaimManager.tryConfirm.selector
        ];
        if (uint8(selector[0]) % 2 == 0) selector = known[uint8(selector[1]) % 6];
        vm.prank(roles[role % 6]);
        (bool success,) = contracts[contract_ % 5].call(abi.encodePacked(selector, words));
        success;
    }

    function wait_(uint256 time) external {
        vm.warp(block.timestamp + _bound(time, 1, 30 days));
    }

    /// @dev Number of messages that mint, since the last look.
    function deposits() external returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            bool enqueued = logs[i].topics[0] == IInbox.MessageEnqueued.selector;
            if (enqueued && uint256(logs[i].topics[2]) == 0) ++count;
        }
    }
}

/// @notice Invariant 48: no admin call sets an output, mints, or moves bridged value.
/// forge-config: default.invariant.fail-on-revert = true
contract AdminInvariants is Deployment {
    Admins private _admins;
    bytes32 private _claimsBefore;

    function setUp() public override {
        vm.warp(START);
        vm.roll(100);
        _admins = new Admins();
        _claimsBefore = _outputs();
        bytes4[] memory selectors = new bytes4[](4);
        selectors[0] = Admins.asOwner.selector;
        selectors[1] = Admins.asGuardianOrCouncil.selector;
        selectors[2] = Admins.raw.selector;
        selectors[3] = Admins.wait_.selector;
        _target(address(_admins), selectors);
    }

    function _outputs() private view returns (bytes32 hash) {
        ClaimManager claims_ = _admins.theClaims();
        for (uint256 i; i < claims_.contentCount(); ++i) {
            IClaimManager.Content memory c = claims_.contentAt(i);
            hash = keccak256(abi.encode(hash, c.id, c.outputRoot, c.parent, c.n1, c.number));
        }
    }

    function invariant_48_adminsCannotSetOutputsMintOrMoveValue() public {
        vm.assertEq(_outputs(), _claimsBefore);
        vm.assertEq(address(_admins.thePortal()).balance, 100 ether);
        vm.assertEq(address(_admins.theClaims()).balance, STAKE);
        vm.assertEq(_admins.deposits(), 0);
    }
}
