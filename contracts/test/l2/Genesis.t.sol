// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {FeeVault} from "../../src/l2/FeeVault.sol";
import {L1Block} from "../../src/l2/L1Block.sol";
import {L2CrossDomainMessenger} from "../../src/l2/L2CrossDomainMessenger.sol";
import {L2ERC721Bridge} from "../../src/l2/L2ERC721Bridge.sol";
import {L2StandardBridge} from "../../src/l2/L2StandardBridge.sol";
import {OptimismMintableERC721Factory} from "../../src/l2/OptimismMintableERC721Factory.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Test} from "../utils/Test.sol";
import {vm} from "../utils/Vm.sol";
import {json} from "./Json.sol";

/// @notice Loads artifacts/l2-genesis.json, fills its slots as a deployment does, and asks the contracts.
contract GenesisTest is Test {
    address internal constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;

    string internal file;

    function setUp() public {
        file = vm.readFile("artifacts/l2-genesis.json");
        string[] memory addresses = json.parseJsonKeys(file, ".alloc");
        for (uint256 i; i < addresses.length; ++i) {
            bytes memory code = json.parseJsonBytes(file, string.concat(".alloc.", addresses[i], ".code"));
            vm.assertGt(code.length, 0);
            vm.etch(json.parseAddress(addresses[i]), code);
        }
    }

    function test_slots_reach_their_getters() public {
        _fill("l1CrossDomainMessenger", 0xa1);
        string[4] memory parts = ["l1Portal", "l1Inbox", "l1ClaimManager", "l1SystemConfig"];
        for (uint160 i; i < parts.length; ++i) {
            address part = address(0xb0 + i);
            vm.assertFalse(L2CrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER).isOtherPart(part));
            _fill(parts[i], uint160(part));
            vm.assertTrue(L2CrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER).isOtherPart(part));
        }
        _fill("l1StandardBridge", 0xa2);
        _fill("l1ERC721Bridge", 0xa3);
        _fill("l1ChainId", 900);
        vm.assertEq(L2CrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER).otherMessenger(), address(0xa1));
        vm.assertEq(L2StandardBridge(payable(Predeploys.L2_STANDARD_BRIDGE)).otherBridge(), address(0xa2));
        vm.assertEq(L2ERC721Bridge(Predeploys.L2_ERC721_BRIDGE).otherBridge(), address(0xa3));
        vm.assertEq(OptimismMintableERC721Factory(Predeploys.OPTIMISM_MINTABLE_ERC721_FACTORY).REMOTE_CHAIN_ID(), 900);
    }

    function test_vault_slots_reach_their_getters() public {
        _checkVault("sequencerFeeVault", Predeploys.SEQUENCER_FEE_VAULT);
        _checkVault("baseFeeVault", Predeploys.BASE_FEE_VAULT);
        _checkVault("l1FeeVault", Predeploys.L1_FEE_VAULT);
        _checkVault("operatorFeeVault", Predeploys.OPERATOR_FEE_VAULT);
    }

    function test_L1Block_slots_reach_their_getters() public {
        string[15] memory names = [
            "number",
            "timestamp",
            "basefee",
            "hash",
            "blobBaseFeeScalar",
            "baseFeeScalar",
            "batcherHash",
            "prevRandao",
            "gasLimit",
            "blobBaseFee",
            "operatorFeeConstant",
            "operatorFeeScalar",
            "eip1559Elasticity",
            "eip1559Denominator",
            "minBaseFee"
        ];
        for (uint256 i; i < names.length; ++i) {
            _fill(names[i], i + 1);
        }
        for (uint256 i; i < names.length; ++i) {
            (bool success, bytes memory answer) =
                Predeploys.L1_BLOCK.staticcall(abi.encodeWithSignature(string.concat(names[i], "()")));
            vm.assertTrue(success, names[i]);
            vm.assertEq(abi.decode(answer, (uint256)), i + 1, names[i]);
        }
        vm.assertEq(uint256(L1Block(Predeploys.L1_BLOCK).sequenceNumber()), 0);
    }

    /// @dev The layout that docs/spec/execution.md fixes, written out a second time.
    function test_L1Block_layout_is_the_spec() public {
        vm.startPrank(L1Block(Predeploys.L1_BLOCK).DEPOSITOR_ACCOUNT());
        L1Block l1 = L1Block(Predeploys.L1_BLOCK);
        l1.setL1BlockValues(1, 2, 3, 4, bytes32(uint256(5)), bytes32(uint256(6)));
        l1.setConfig(0, 7);
        l1.setConfig(1, 8 << 32 | 9);
        l1.setConfig(2, 10 << 64 | 11);
        l1.setConfig(3, 12 << 32 | 13);
        l1.setConfig(4, 14);
        l1.setConfig(5, 15);
        uint256[11] memory slots = [
            uint256(2) << 64 | 1,
            3,
            5,
            uint256(8) << 96 | uint256(9) << 64,
            15,
            6,
            7,
            4,
            uint256(10) << 64 | 11,
            uint256(12) << 32 | 13,
            14
        ];
        for (uint256 i; i < slots.length; ++i) {
            vm.assertEq(uint256(vm.load(Predeploys.L1_BLOCK, bytes32(i))), slots[i], vm.toString(i));
        }
    }

    /// @dev The template's cached chain id is zero, so the domain is derived on any chain.
    function testFuzz_permit2_domain(uint64 chainId) public {
        vm.chainId(_bound(chainId, 1, type(uint64).max - 1));
        bytes32 expected = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)"),
                keccak256("Permit2"),
                block.chainid,
                PERMIT2
            )
        );
        (bool success, bytes memory answer) = PERMIT2.staticcall(abi.encodeWithSignature("DOMAIN_SEPARATOR()"));
        vm.assertTrue(success);
        vm.assertEq(abi.decode(answer, (bytes32)), expected);
    }

    function test_preinstalls_answer() public {
        (bool success, bytes memory answer) =
            0xcA11bde05977b3631167028862bE2a173976CA11.staticcall(abi.encodeWithSignature("getChainId()"));
        vm.assertTrue(success);
        vm.assertEq(abi.decode(answer, (uint256)), block.chainid);
        // The deterministic proxy creates: five bytes of init code that return nothing.
        (success, answer) =
            0x4e59b44847b379578588920cA78FbF26c0B4956C.call(abi.encodePacked(bytes32(0), hex"600160005360016000f3"));
        vm.assertTrue(success);
        vm.assertEq(address(bytes20(answer)).code.length, 1);
        (success, answer) = 0x0000000071727De22E5E9d8BAf0edAc6f37da032
        .staticcall(abi.encodeWithSignature("getNonce(address,uint192)", 1, 0));
        vm.assertTrue(success);
        vm.assertEq(abi.decode(answer, (uint256)), 0);
    }

    function _checkVault(string memory name, address at_) private {
        _fill(string.concat(name, "Recipient"), 0xbeef);
        _fill(string.concat(name, "Network"), 1);
        _fill(string.concat(name, "MinWithdrawalAmount"), 77);
        FeeVault vault = FeeVault(payable(at_));
        vm.assertEq(vault.RECIPIENT(), address(0xbeef));
        vm.assertTrue(vault.WITHDRAWAL_NETWORK() == FeeVault.WithdrawalNetwork.L2);
        vm.assertEq(vault.MIN_WITHDRAWAL_AMOUNT(), 77);
        vm.assertEq(vault.totalProcessed(), 0);
    }

    /// @dev Ors `value` into the place that the file names.
    function _fill(string memory name, uint256 value) private {
        string memory key = string.concat(".slots.", name);
        address who = json.parseJsonAddress(file, string.concat(key, ".address"));
        bytes32 slot = json.parseJsonBytes32(file, string.concat(key, ".slot"));
        uint256 offset = json.parseJsonUint(file, string.concat(key, ".offset"));
        uint256 bits = json.parseJsonUint(file, string.concat(key, ".bits"));
        vm.assertTrue(bits == 256 || value >> bits == 0, name);
        vm.store(who, slot, bytes32(uint256(vm.load(who, slot)) | value << offset));
    }
}
