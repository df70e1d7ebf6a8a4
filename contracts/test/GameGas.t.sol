// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStep} from "../src/interfaces/IStep.sol";
import {Claim} from "../src/types/Output.sol";
import {Assembler} from "./utils/Assembler.sol";
import {Memory} from "./utils/Memory.sol";
import {ProgramFixture} from "./utils/ProgramFixture.sol";
import {StepFixture} from "./utils/StepFixture.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What the moves of a dispute cost on L1, whole transactions with their calldata; written to `snapshots/game.json`.
///
/// forge-config: default.isolate = true
contract GameGasTest is ProgramFixture {
    function _record(string memory name, uint256 most) private {
        uint256 gas = vm.snapshotGasLastCall("game", name);
        vm.assertLe(gas, most, name);
        vm.assertGt(gas, 21_000, name);
    }

    /// @dev A vector without repetitions: what costs most.
    function _wrong() private returns (Claim) {
        return _claim(owner, 0, WRONG, "seed");
    }

    function test_gas_moves() public {
        Claim claim = _wrong();
        bytes32 node = _query(claim, 0, 9);
        _record("query, depth 0", 270_000);
        _answer(node, "answer");
        _record("answer, depth 0", 400_000);
        node = _query(claim, node, 9);
        _record("query, deeper", 270_000);
        _answer(node, "answer");
        _record("answer, deeper", 390_000);
        for (uint256 depth = 2; depth < 5; ++depth) {
            node = _query(claim, node, 9);
            _answer(node, "answer");
        }
        bytes32 leaf = _query(claim, node, 9);
        _record("query, depth 5", 270_000);
        vm.warp(block.timestamp + CLOCK + 1);
        game.timeout(leaf);
        _record("timeout, depth 5", 240_000);
        game.reclaim(leaf);
        _record("reclaim", 100_000);
        vm.prank(querier);
        game.withdraw();
        _record("withdraw", 60_000);
    }

    function test_gas_timeout_sixQueriers() public {
        Claim claim = _wrong();
        bytes32 node;
        for (uint160 depth; depth < 6; ++depth) {
            address who = address(0x9000 + depth);
            vm.deal(who, BOND);
            node = _query(who, claim, owner, node, 9);
            if (depth < 5) _answer(node, "answer");
        }
        vm.warp(block.timestamp + CLOCK + 1);
        game.timeout(node);
        _record("timeout, depth 5, six queriers", 360_000);
    }

    function test_gas_step() public {
        uint256 start = vm.snapshotState();
        _playTo(39, NEVER);
        _record("step, store, proven", 220_000);
        vm.revertToState(start);
        _playTo(39, 39);
        _record("step, store, refuted", 400_000);
    }

    function _playTo(uint256 target, uint256 lie) private {
        Claim claim = lie == NEVER ? _rightClaim(owner) : _wrongClaim(owner, 9);
        bytes32 node = _query(claim, 0, 9);
        while (game.node(node).depth < 5) {
            _respond(node, lie);
            node = _pursue(querier, node, target);
        }
        _judge(node);
    }
}

/// @notice What one step costs as a transaction of its own. The registers, roots and siblings have no zero bytes, as in a full memory.
///
/// forge-config: default.isolate = true
contract StepGasTest is StepFixture {
    using Memory for Memory.Leaf[];

    function _record(string memory name, Step memory step, uint256 most) private {
        for (uint256 i; i < 56 && i < step.proof.length; ++i) {
            for (uint256 j; j < 32; ++j) {
                vm.assertTrue(i % 28 == 0 || step.proof[i] != 0, "a sibling of zero");
            }
        }
        // Not a view's static call, which would be no transaction.
        (bool success,) = address(machine).call(abi.encodeCall(IStep.step, (step.state, step.proof, step.aux)));
        vm.assertTrue(success, name);
        vm.assertLe(vm.snapshotGasLastCall("game", name), most, name);
    }

    /// @dev Leaves beside everything that the tests use: no node is over zeros alone. The root of zeros is not zero anyway.
    function setUp() public override {
        super.setUp();
        state.key = keccak256("key");
        (state.kind, state.offset) = (1, 0x01010120);
        state.x[6] = DATA;
        ram.set((PC >> 5) ^ 1, keccak256("beside the instruction"));
        ram.set((DATA >> 5) ^ 1, keccak256("beside the data"));
        _poke(DATA, 0x01020304);
    }

    function test_gas_step_register() public {
        _record("machine: mul", _lay(Assembler.r(0x33, 0, 1, 5, 6, 7)), 120_000);
        _record("machine: div", _lay(Assembler.r(0x33, 4, 1, 5, 6, 7)), 120_000);
        _record("machine: addi", _lay(Assembler.addi(5, 6, -1)), 120_000);
        _record("machine: beq", _lay(Assembler.b(0, 6, 7, 64)), 120_000);
    }

    function test_gas_step_memory() public {
        _record("machine: lw", _lay(Assembler.i(0x03, 2, 5, 6, 0), DATA), 120_000);
        _record("machine: sb", _lay(Assembler.s(0, 6, 7, 1), DATA), 120_000);
    }

    function _ecall(uint32 number) private returns (Step memory) {
        (state.x[17], state.x[10], state.x[11]) = (number, DATA, 1);
        return _lay(Assembler.ECALL, DATA);
    }

    /// @dev Invariant 19: the longest preimage, without a zero byte, in one transaction of 16,777,216 gas (EIP-7825).
    function test_gas_19_longestPreimage() public {
        bytes memory preimage = new bytes(98_304);
        for (uint256 i; i < preimage.length; ++i) {
            preimage[i] = 0x01;
        }
        ram.set(DATA >> 5, keccak256(preimage));
        Step memory step = _ecall(2);
        step.aux = preimage;
        _record("machine: select, 98,304 bytes", step, 5_000_000);
        state.key = keccak256(preimage);
        state.offset = 98_272;
        step = _ecall(3);
        step.aux = preimage;
        _record("machine: read, 98,304 bytes", step, 5_000_000);
    }

    function test_gas_19_blobElement() public {
        (state.key, state.kind, state.offset) =
        (0x011b95cc69fca9bc7f0406752fccf4aa04f465a022130f76bf17e0cd64e48bc4, 2, 6 * 32);
        Step memory step = _ecall(3);
        step.aux =
            hex"a18277f6f65c7aae6744c27e6d8bb399660bdc2ad408ac87838742e63ca08a208b5656b06f9451ff5bca2bef9388e55d83501a0a5561bb81b9a5b74a9407f8d4c9d28581741ceff8bc700677c866b09886cb91d27b205ccc485affdb681467b900d88127d4d31a3891f41598eeed41174e5bc89b1eb9bbd66a8cbfc09956a3fd";
        _record("machine: read, blob", step, 200_000);
    }
}
