// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {L1Block} from "../../src/l2/L1Block.sol";
import {Test} from "../utils/Test.sol";
import {vm} from "../utils/Vm.sol";

contract L1BlockTest is Test {
    L1Block internal l1;

    function setUp() public {
        l1 = new L1Block();
    }

    function test_depositor_is_OPs() public view {
        vm.assertEq(l1.DEPOSITOR_ACCOUNT(), 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001);
    }

    function test_strangers_revert() public {
        vm.expectRevert(L1Block.NotDepositor.selector);
        l1.setL1BlockValues(1, 1, 1, 1, 0, 0);
        vm.expectRevert(L1Block.NotDepositor.selector);
        l1.setConfig(0, 1);
    }

    function test_unknown_key_reverts() public {
        vm.prank(l1.DEPOSITOR_ACCOUNT());
        vm.expectRevert(abi.encodeWithSelector(L1Block.UnknownKey.selector, 6));
        l1.setConfig(6, 1);
    }

    function testFuzz_setL1BlockValues(uint64 n, uint64 t, uint256 fee, uint256 blobFee, bytes32 parent, bytes32 rand)
        public
    {
        vm.startPrank(l1.DEPOSITOR_ACCOUNT());
        l1.setConfig(1, type(uint64).max);
        l1.setL1BlockValues(n, t, fee, blobFee, parent, rand);
        vm.assertEq(uint256(l1.number()), n);
        vm.assertEq(uint256(l1.timestamp()), t);
        vm.assertEq(l1.basefee(), fee);
        vm.assertEq(l1.blobBaseFee(), blobFee);
        vm.assertEq(l1.hash(), parent);
        vm.assertEq(l1.prevRandao(), uint256(rand));
        vm.assertEq(uint256(l1.sequenceNumber()), 0);
        vm.assertEq(uint256(l1.baseFeeScalar()), type(uint32).max);
        vm.assertEq(uint256(l1.blobBaseFeeScalar()), type(uint32).max);
    }

    /// @dev The derived transactions have 1,000,000 gas (docs/spec/derivation.md).
    function test_gas_fits_the_derived_transaction() public {
        vm.startPrank(l1.DEPOSITOR_ACCOUNT());
        uint256 before = gasleft();
        l1.setL1BlockValues(1, 1, 1, 1, bytes32(uint256(1)), bytes32(uint256(1)));
        vm.assertLt(before - gasleft(), 500_000);
    }
}
