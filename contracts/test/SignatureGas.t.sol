// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ValidityProof} from "../src/types/Proof.sol";
import {SignatureDeployment} from "./utils/SignatureDeployment.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What batches without signatures cost on L1, whole transactions with their calldata and proofs of 1,824 bytes, without what the
/// verifier itself takes; written to `snapshots/signatures.json`.
///
/// forge-config: default.isolate = true
contract SignatureGasTest is SignatureDeployment {
    uint256 private constant PROOF_SIZE = 1_824;

    function _record(string memory name, uint256 most) private {
        uint256 gas = vm.snapshotGasLastCall("signatures", name);
        vm.assertLe(gas, most, name);
        vm.assertGt(gas, 21_000, name);
    }

    function setUp() public override {
        super.setUp();
        vm.mockCall(address(verifier), "", "");
    }

    function _sized() private pure returns (ValidityProof memory proof) {
        proof.proof = new bytes(PROOF_SIZE);
        for (uint256 i; i < PROOF_SIZE; ++i) {
            proof.proof[i] = 0x01;
        }
    }

    function _fill(uint256 count) private {
        for (uint256 i; i < count; ++i) {
            _postUnsigned(hex"0200");
        }
    }

    function test_gas_postBatch() public {
        _postPlain(hex"0100");
        _skip(12);
        uint64 qEnd = inbox.queueCount();
        bytes32 prevAcc = inbox.acc(1);
        bytes32 queueAcc = inbox.queueAcc(qEnd);
        vm.prank(batcher);
        inbox.postBatch(0x11, prevAcc, qEnd, queueAcc, 16, hex"0100");
        _record("postBatch, empty calldata", 165_000);
    }

    function test_gas_prove() public {
        _fill(513);
        ValidityProof memory proof = _sized();
        signatures.prove(headers[0], 0, 1, proof);
        _record("prove, 1 batch", 180_000);
        signatures.prove(headers[1], 1, 257, proof);
        _record("prove, 256 batches", 200_000);
        signatures.prove(headers[257], 257, 258, proof);
        _record("prove, 1 batch, in a word that has some", 165_000);
        _seal(0);
        _record("seal, the first batch", 95_000);
        _seal(257);
        _record("seal, 257 batches more", 75_000);
    }

    function test_gas_sealVoid() public {
        _fill(11);
        vm.warp(block.timestamp + SIGNATURE_TIMEOUT + 1);
        _seal(0);
        _record("seal, a void batch", 120_000);
        _sealAll(1, 11);
        _record("seal, 10 void batches after it", 450_000);
    }
}
