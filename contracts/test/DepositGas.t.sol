// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DepositPrice} from "../src/libraries/DepositPrice.sol";
import {Deployment} from "./utils/Deployment.sol";
import {vm} from "./utils/Vm.sol";

/// @notice An estimate of a deposit's gas suffices later, whatever lands in between, as long as no L1 block is congested: a wallet
/// signs with it, and a transaction that runs out of gas has cost its sender that gas for nothing.
///
/// forge-config: default.isolate = true
contract DepositGasTest is Deployment {
    uint256 private _block = 100;

    function _next(uint256 blocks) private {
        _block += blocks;
        vm.roll(_block);
        _skip(12 * blocks);
    }

    /// @dev Gas of one deposit, the whole transaction; the target of the meter is 8,000,000 an L1 block.
    function _deposit(uint64 gasLimit) private returns (uint256 total) {
        vm.prank(alice, alice);
        portal.depositTransaction{value: 1 ether}(bob, 1 ether, gasLimit, false, hex"01020304");
        (, total,,,) = vm.lastCallGas();
    }

    /// @dev What the price is at, so that the sequence below is not one of the lowest price only.
    function _price(uint256 billionths, uint256 bought) private {
        uint256 packed = billionths | bought << 128 | _block << 192;
        vm.store(address(portal), _paramsSlot(), bytes32(packed));
        (uint128 price, uint64 boughtGas, uint64 number) = portal.params();
        vm.assertEq(price, billionths);
        vm.assertEq(boughtGas, bought);
        vm.assertEq(number, _block);
    }

    function _paramsSlot() private pure returns (bytes32) {
        return bytes32(uint256(3));
    }

    function test_deposit_costsTheSame_amongBatchesAndOtherDeposits() public {
        uint256 first = _deposit(100_000);
        for (uint256 i; i < 8; ++i) {
            vm.assertEq(_deposit(100_000), first, "in the same block");
        }
        for (uint256 i; i < 8; ++i) {
            _next(i + 1);
            if (i % 3 == 0) _post(batcher, 1);
            if (i % 2 == 0) inbox.refreshL1Info();
            vm.assertEq(_deposit(100_000), first, "in a later block");
        }
        _next(1000);
        vm.assertEq(_deposit(100_000), first, "long after");
    }

    function test_largeDeposit_costsTheSame_belowTheTarget() public {
        uint256 first = _deposit(4_000_000);
        for (uint256 i = 1; i < 5; ++i) {
            _next(i);
            _deposit(2_000_000);
            _post(batcher, 1);
            vm.assertEq(_deposit(4_000_000), first);
        }
    }

    function test_deposit_afterCongestion_neverCostsMoreThanBefore() public {
        _price(DepositPrice.PRICE_MAX, DepositPrice.TARGET);
        uint256 before = _deposit(4_000_000);
        for (uint256 i; i < 40; ++i) {
            _next(1);
            uint256 snapshot = vm.snapshotState();
            uint256 cost = _deposit(4_000_000);
            vm.revertToState(snapshot);
            vm.assertLe(cost, before);
            before = cost;
        }
    }

    /// @dev Above the target it does cost more: a queue that many want is dear.
    function test_deposit_inACongestedBlock_costsMore() public {
        uint256 first = _deposit(4_000_000);
        _deposit(4_000_000);
        vm.assertGt(_deposit(4_000_000), first);
    }

    function test_fuzz_price_belowTheTarget_neverRises(
        uint128 fee,
        uint64 bought,
        uint64 gas,
        uint64[6] memory others,
        uint8[6] memory blocks
    ) public pure {
        uint256 number = 1_000;
        gas = uint64(_bound(gas, 21_000, 4_000_000));
        DepositPrice.Params memory p = DepositPrice.Params({
            prevBaseFee: uint128(_bound(fee, DepositPrice.PRICE_MIN, DepositPrice.PRICE_MAX)),
            prevBoughtGas: uint64(_bound(bought, 21_000, 100_000_000)),
            prevBlockNum: uint64(number)
        });
        // The estimate is made on the newest block, in which something may have been bought already.
        (uint256 estimate,) = DepositPrice.buy(p, gas, number);
        number += 1;
        for (uint256 i; i < 6; ++i) {
            uint256 room = DepositPrice.TARGET - gas - (p.prevBlockNum == number ? p.prevBoughtGas : 0);
            if (room > 21_000) (, p) = DepositPrice.buy(p, uint64(_bound(others[i], 21_000, room)), number);
            (uint256 burn,) = DepositPrice.buy(p, gas, number);
            vm.assertLe(burn, estimate);
            number += blocks[i] % 4;
        }
    }
}
