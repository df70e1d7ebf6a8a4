// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {EscapeHatch} from "../src/bridge/EscapeHatch.sol";
import {Policy} from "../src/interfaces/IProofRouter.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Claim} from "../src/types/Output.sol";
import {WithdrawalTransaction} from "../src/types/Withdrawal.sol";
import {CommitteeDeployment} from "./utils/CommitteeDeployment.sol";
import {Trie} from "./utils/Trie.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Takes ether and remembers how much gas it had for it.
contract Meter {
    uint256 public gasSeen;

    receive() external payable {
        gasSeen = gasleft();
    }
}

/// @notice An estimate of the gas that finalizing a withdrawal takes suffices later, whatever becomes of its claim in between: a wallet
/// may estimate where somebody's transaction confirms the claim, and then be the one who confirms it.
///
/// On a validium, where the settlement has most to look at.
///
/// forge-config: default.isolate = true
contract WithdrawalGasTest is CommitteeDeployment {
    /// @dev Owners of the claim, as many as the settlement looks at, of which the last is `alice`; as many before her as are looked at
    /// closely may be in doubt.
    uint256 private constant OWNERS = 16;
    uint256 private constant DOUBTED = 3;

    Meter private _meter;
    WithdrawalTransaction private _withdrawal;
    Claim private _claim;

    function _proves() internal pure override returns (bool) {
        return true;
    }

    function _policy() internal pure override returns (Policy) {
        return Policy.Fast;
    }

    function _hatchParameters() internal view override returns (EscapeHatch.Parameters memory p) {
        p = super._hatchParameters();
        p.freezeDelay = 23 days;
    }

    function setUp() public override {
        super.setUp();
        vm.deal(address(portal), 1 ether);
        _meter = new Meter();
        _postWith("payload");
        _skip(CHALLENGE_WINDOW + 1);
        _seal(0);
    }

    function _owner(uint256 place) private view returns (address) {
        return place == OWNERS - 1 ? alice : address(uint160(0x7000 + place));
    }

    /// @dev Proven by bob and ripe, with a claim that all owners stand for.
    function _ripen(address target, uint256 gasLimit) private {
        _withdrawal = WithdrawalTransaction(uint256(1) << 240, bob, target, 1 ether, gasLimit, "");
        (bytes32 root, bytes[] memory proof) = Trie.single(Hashing.withdrawal(_withdrawal), 0x01);
        for (uint256 i; i < OWNERS; ++i) {
            _stake(_owner(i));
            _claim = _assert(_owner(i), 0, Hashing.outputRoot(_rootProof(root)));
        }
        vm.prank(bob);
        portal.proveWithdrawalTransaction(_withdrawal, 1, _rootProof(root), proof);
        vm.warp(block.timestamp + PROVER_TIMEOUT + 1);
    }

    /// @dev All owners but the last are refuted or in doubt, so that the settlement looks at every one.
    function _burden() private {
        for (uint256 i; i < OWNERS - 1 - DOUBTED; ++i) {
            _refute(_claim, _owner(i));
        }
        for (uint256 i = OWNERS - 1 - DOUBTED; i < OWNERS - 1; ++i) {
            bytes32 of_ = keccak256(abi.encode(_owner(i), keccak256(abi.encode(_claim, uint256(1)))));
            // One open doubt, and one settled by a proof.
            vm.store(address(game), of_, bytes32(uint256(1) << 192 | 1));
            (uint64 openNodes,) = game.standing(_claim, _owner(i));
            vm.assertEq(openNodes, 1);
        }
    }

    function _finalize(uint256 gas) private returns (bool success, uint64 used) {
        vm.prank(bob);
        (success,) = address(portal).call{gas: gas}(abi.encodeCall(portal.finalizeWithdrawalTransaction, (_withdrawal)));
        (, used,,,) = vm.lastCallGas();
    }

    /// @dev The least gas with which the withdrawal is finalized in this state, to the unit, and what is used of it.
    function _least() private returns (uint256 high, uint256 used) {
        (uint256 low, uint256 start) = (21_000, vm.snapshotState());
        high = 2_000_000;
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            (bool enough,) = _finalize(middle);
            vm.revertToState(start);
            if (enough) high = middle;
            else low = middle;
        }
        (, used) = _finalize(2_000_000);
        vm.revertToState(start);
    }

    /// @dev The estimate is the same where the claim is final and where finalizing has all there can be to look at.
    function _check(address target, uint256 gasLimit) private {
        _ripen(target, gasLimit);
        uint256 start = vm.snapshotState();
        (uint256 ripe, uint256 ripeUsed) = _least();

        claims.confirm(_claim, alice);
        (uint256 final_, uint256 finalUsed) = _least();
        vm.revertToState(start);

        _burden();
        (uint256 burdened, uint256 burdenedUsed) = _least();
        (bool success,) = _finalize(final_);
        vm.assertTrue(success, "the estimate on a final claim suffices");
        vm.assertTrue(claims.isFinal(_claim), "confirmed on the way");

        vm.assertEq(ripe, final_);
        vm.assertEq(burdened, final_);
        // What is set aside is not paid for, and the states do differ.
        vm.assertGt(ripeUsed, finalUsed + 60_000);
        vm.assertGt(burdenedUsed, ripeUsed + 60_000);
    }

    function test_payment_needsTheSame_whateverBecomesOfItsClaim() public {
        _check(bob, 21_000);
    }

    function test_paymentOfAContract_needsTheSame_whateverBecomesOfItsClaim() public {
        _check(address(_meter), 100_000);
    }

    /// @dev More than the withdrawal asked for: what the target has beyond that must not depend on the claim either.
    function test_paymentOfAGreedyContract_needsTheSame_whateverBecomesOfItsClaim() public {
        _check(address(_meter), 0);
    }

    function test_return_needsTheSame_whateverBecomesOfItsClaim() public {
        _check(bob, 15_000_001);
    }

    function test_target_seesTheSameGas_whateverBecomesOfItsClaim() public {
        _ripen(address(_meter), 100_000);
        uint256 start = vm.snapshotState();
        _finalize(1_000_000);
        uint256 seen = _meter.gasSeen();
        vm.assertGt(seen, 100_000);
        vm.revertToState(start);
        claims.confirm(_claim, alice);
        _finalize(1_000_000);
        vm.assertEq(_meter.gasSeen(), seen);
        vm.revertToState(start);
        _burden();
        _finalize(1_000_000);
        vm.assertEq(_meter.gasSeen(), seen);
    }
}
