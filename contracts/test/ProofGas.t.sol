// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofRouter} from "../src/interfaces/IProofRouter.sol";
import {IQueryGame} from "../src/interfaces/IQueryGame.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Claim, Output} from "../src/types/Output.sol";
import {ProofKind, ValidityProof} from "../src/types/Proof.sol";
import {ProofFixture} from "./utils/ProofFixture.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What validity proofs cost on L1 beside their verification, whole transactions with their calldata and proofs of 1,824 bytes
/// (those of OpenVM's halo2 circuit with the commitments); written to `snapshots/proofs.json`.
///
/// forge-config: default.isolate = true
contract ProofGasTest is ProofFixture {
    uint256 private constant PROOF_SIZE = 1_824;

    function _record(string memory name, uint256 most) private {
        uint256 gas = vm.snapshotGasLastCall("proofs", name);
        vm.assertLe(gas, most, name);
        vm.assertGt(gas, 21_000, name);
    }

    /// @dev Any proof is accepted here, and it has the size of a real one: the verifier's own cost is left out.
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

    function test_gas_contents() public {
        ValidityProof memory proof = _sized();
        Output memory end = _endOutput(0, RIGHT);
        bytes32 acc = inbox.acc(1);
        Claim genesis = claims.contentAt(0).id;
        bytes32[256] memory entries = _noise("seed");
        entries[255] = Hashing.output(end);
        uint256 start = vm.snapshotState();
        router.assertAndProve(genesis, acc, entries, end, proof);
        _record("assertAndProve", 900_000);
        Claim claim = claims.contentAt(1).id;
        vm.warp(block.timestamp + GUARD + 1);
        claims.confirm(claim, address(0));
        _record("confirm, by proof", 130_000);
        vm.revertToState(start);
        claim = _claim(owner, 0, RIGHT, "seed");
        _record("assertClaim, where there are proofs", 700_000);
        router.prove(claim, proof);
        _record("prove", 200_000);
    }

    function test_gas_doubts() public {
        ValidityProof memory proof = _sized();
        Claim claim = _claim(owner, 0, RIGHT, "seed");
        bytes32 node = _query(claim, 0, 9);
        router.answerByZk(node, proof);
        _record("answerByZk", 200_000);
        IProofRouter.Entry memory entry = _entry(claim, 10);
        router.refuteByZk(claim, owner, entry, WRONG, proof);
        _record("refuteByZk", 300_000);
        vm.assertEq(claims.credits(address(this)), STAKE / 2);
    }

    function test_gas_alarm() public {
        vm.deal(address(router), 1 ether);
        router.report(0, ProofKind.SPAN, keccak256("a run"), RIGHT, _sized());
        _record("report, recorded", 250_000);
        router.report(0, ProofKind.SPAN, keccak256("a run"), WRONG, _sized());
        _record("report, alarm", 350_000);
    }

    function test_gas_open() public {
        bytes memory opening =
            hex"011b95cc69fca9bc7f0406752fccf4aa04f465a022130f76bf17e0cd64e48bc417c0f6bb9ef5940361063b5ad334fdd32fcfe9f98e62d6da98e665f54d3c41fd27f7096dd59eb7efcf80afbfd4ec9bb845a2a1f107b88e004a713ffa2112e169a18277f6f65c7aae6744c27e6d8bb399660bdc2ad408ac87838742e63ca08a208b5656b06f9451ff5bca2bef9388e55d8506b0ae1cb5262ad6963902f4015429bf1c5a6fcb9f60d41335e063f4664d94c718ecc0d049b0ab4d38bc8e45b3dc01";
        router.open(0, opening);
        _record("open, one blob", 150_000);
        bytes memory many;
        for (uint256 i; i < 200; ++i) {
            many = bytes.concat(many, opening);
        }
        router.open(0, many);
        _record("open, 200 blobs", 14_000_000);
    }
}
