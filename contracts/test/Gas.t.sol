// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Hashing} from "../src/libraries/Hashing.sol";
import {Claim, Output} from "../src/types/Output.sol";
import {WithdrawalTransaction} from "../src/types/Withdrawal.sol";
import {Deployment} from "./utils/Deployment.sol";
import {Trie} from "./utils/Trie.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What the frequent transactions cost on L1, whole transactions with their calldata; written to `snapshots/L1.json`.
///
/// forge-config: default.isolate = true
contract GasTest is Deployment {
    function setUp() public override {
        super.setUp();
        _post(batcher, 1);
        _skip(12);
    }

    function _record(string memory name, uint256 most) private {
        uint256 gas = vm.snapshotGasLastCall("L1", name);
        vm.assertLe(gas, most, name);
        vm.assertGt(gas, 21_000, name);
    }

    function _postOf(uint8 daType, bytes memory aux) private {
        uint64 qEnd = inbox.queueCount();
        bytes32 head = inbox.acc(1);
        bytes32 queue = inbox.queueAcc(qEnd);
        vm.prank(batcher);
        inbox.postBatch(daType, head, qEnd, queue, 16, aux);
    }

    function test_gas_postBatch_emptyCalldata() public {
        _postOf(1, "");
        _record("postBatch, empty calldata", 210_000);
    }

    function test_gas_postBatch_fullCalldata() public {
        bytes memory payload = new bytes(98_304);
        for (uint256 i; i < payload.length; i += 32) {
            bytes32 word = keccak256(abi.encode(i));
            assembly ("memory-safe") {
                mstore(add(add(payload, 0x20), i), word)
            }
        }
        _postOf(1, payload);
        _record("postBatch, 96 KiB of random calldata", 4_100_000);
    }

    function test_gas_depositTransaction() public {
        vm.prank(alice, alice);
        portal.depositTransaction{value: 1 ether}(alice, 1 ether, 100_000, false, "");
        _record("depositTransaction", 130_000);
    }

    function test_gas_forceTransaction() public {
        bytes memory raw = new bytes(110);
        for (uint256 i; i < raw.length; ++i) {
            raw[i] = bytes1(uint8(i + 1));
        }
        vm.prank(alice);
        portal.forceTransaction(100_000, raw);
        _record("forceTransaction, 110 bytes", 130_000);
    }

    function test_gas_claimAndWithdrawal() public {
        vm.deal(address(portal), 1 ether);
        _stake(alice);
        _record("deposit (stake)", 60_000);
        WithdrawalTransaction memory w = WithdrawalTransaction(uint256(1) << 240, bob, bob, 1 ether, 21_000, "");
        (bytes32 root, bytes[] memory proof) = Trie.single(Hashing.withdrawal(w), 0x01);
        Output memory end = _endOutput(0, Hashing.outputRoot(_rootProof(root)));
        bytes32[256] memory vector = _vector(end);
        for (uint256 i; i < 255; ++i) {
            vector[i] = keccak256(abi.encode(i));
        }
        Claim genesis = claims.contentAt(0).id;
        vm.prank(alice);
        Claim claim = claims.assertClaim(genesis, accs[1], vector, end);
        _record("assertClaim", 700_000);
        _stake(bob);
        vm.prank(bob);
        claims.back(claim);
        _record("back", 110_000);
        vm.prank(bob);
        portal.proveWithdrawalTransaction(w, 1, _rootProof(root), proof);
        _record("proveWithdrawalTransaction, one trie node", 150_000);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        uint256 snapshot = vm.snapshotState();
        claims.confirm(claim, alice);
        _record("confirm", 110_000);
        vm.revertToState(snapshot);
        vm.prank(bob);
        portal.finalizeWithdrawalTransaction(w);
        _record("finalizeWithdrawalTransaction, confirming on the way", 160_000);
    }
}

/// @notice The most data that the message passer lets out, none of it zero, can be proven and paid in one L1 transaction each.
///
/// forge-config: default.isolate = true
contract GasLongestWithdrawalTest is Deployment {
    /// @dev Gas of one L1 transaction (EIP-7825).
    uint256 private constant TRANSACTION_GAS_MAX = 16_777_216;

    function setUp() public override {
        super.setUp();
        _post(batcher, 1);
        _stake(alice);
        vm.deal(address(portal), 1 ether);
    }

    function test_gas_longestWithdrawal() public {
        uint256 start = vm.snapshotState();
        // What the messenger asks for at most leaves 3,100,000 gas; what anybody may ask for fits.
        _check(12_000_000, TRANSACTION_GAS_MAX * 82 / 100);
        vm.revertToState(start);
        _check(15_000_000, TRANSACTION_GAS_MAX);
    }

    /// @dev Proves a withdrawal that asks for `gasLimit` and pays it with a transaction of `gasMax`.
    function _check(uint256 gasLimit, uint256 gasMax) private {
        bytes memory data = new bytes(65_463);
        for (uint256 i; i < data.length; ++i) {
            data[i] = 0x01;
        }
        WithdrawalTransaction memory w = WithdrawalTransaction(uint256(1) << 240, bob, bob, 1 ether, gasLimit, data);
        (bytes32 root, bytes[] memory proof) = Trie.single(Hashing.withdrawal(w), 0x01);
        _assert(alice, 0, Hashing.outputRoot(_rootProof(root)));
        portal.proveWithdrawalTransaction(w, 1, _rootProof(root), proof);
        vm.assertLe(vm.snapshotGasLastCall("L1", "proveWithdrawalTransaction, 65,463 bytes of data"), 2_800_000);
        vm.warp(block.timestamp + PROOF_MATURITY + 1);
        // Forge adds the 21,000 of a transaction.
        portal.finalizeWithdrawalTransaction{gas: gasMax - 21_000}(w);
        vm.assertTrue(portal.finalizedWithdrawals(Hashing.withdrawal(w)));
    }
}

/// @notice What all the transactions of a deployment cost together.
///
/// forge-config: default.isolate = true
contract GasDeploymentTest is Deployment {
    uint256 private _total;

    function test_gas_deployment() public {
        _total = 0;
        _deploy();
        vm.snapshotValue("L1", "deployment, without its factory's 289,000", _total);
        vm.assertLe(_total, 27_000_000);
    }

    function _create(uint256 step, bytes memory code) internal override returns (address deployed) {
        deployed = deployer.deploy(step, code, 0);
        (, uint64 gas,,,) = vm.lastCallGas();
        vm.assertGt(gas, 100_000, "a creation");
        _total += gas;
    }
}

/// @notice The same for a batch in blobs. An isolated transaction has no blobs, so this is the call alone on cold accounts.
contract GasBlobsTest is Deployment {
    function test_gas_postBatch_sixBlobs() public {
        _post(batcher, 1);
        _skip(12);
        bytes32[] memory hashes = new bytes32[](6);
        for (uint256 i; i < 6; ++i) {
            hashes[i] = bytes32((uint256(1) << 248) | uint248(uint256(keccak256(abi.encode(i)))));
        }
        vm.blobhashes(hashes);
        uint64 qEnd = inbox.queueCount();
        bytes32 head = inbox.acc(1);
        bytes32 queue = inbox.queueAcc(qEnd);
        bytes memory aux = abi.encodePacked(hashes);
        vm.cool(address(inbox));
        vm.cool(address(config));
        vm.cool(address(pauses));
        vm.cool(inbox.blobDa());
        vm.prank(batcher);
        inbox.postBatch(2, head, qEnd, queue, 16, aux);
        vm.assertLe(vm.snapshotGasLastCall("L1", "postBatch, 6 blobs, without the transaction's own 28,000"), 140_000);
    }
}
