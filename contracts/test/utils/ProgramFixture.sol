// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IQueryGame} from "../../src/interfaces/IQueryGame.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Claim, Output} from "../../src/types/Output.sol";
import {Assembler} from "./Assembler.sol";
import {Deployment} from "./Deployment.sol";
import {DisputeFixture} from "./DisputeFixture.sol";
import {Emulator} from "./Emulator.sol";
import {Memory} from "./Memory.sol";
import {StepFixture} from "./StepFixture.sol";
import {vm} from "./Vm.sol";

/// @notice A game about a small real program, its trace, and players who answer with it or with lies.
///
/// The program reads the preimage of its boot hash, computes in a loop on memory, and puts out a constant: the hash of the output
/// that ends the right claim. So every entry of the right claim is that constant.
abstract contract ProgramFixture is DisputeFixture, Emulator {
    using Memory for Memory.Leaf[];

    bytes32 internal constant RIGHT = keccak256("right");
    bytes32 internal constant WRONG = keccak256("wrong");
    /// @dev Blocks of the first batch, which the claims are about.
    uint32 internal constant BLOCKS = 4;
    uint32 internal constant HEAP = 0x80000000;
    uint32 internal constant RESULT = 0x80001000;
    uint256 internal constant ROUNDS = 55;
    /// @dev An owner that lies about no step.
    uint256 internal constant NEVER = type(uint256).max;

    /// @dev Hashes of the states of the run after the constant output, from the initial one to the final one.
    bytes32[] internal trace;
    bytes internal finalState;
    Memory.Leaf[] private _image;
    bytes32 private _boot;
    /// @dev Steps before the span of a node.
    mapping(bytes32 node => uint256) internal offsets;

    function setUp() public virtual override(DisputeFixture, StepFixture) {
        DisputeFixture.setUp();
        machine = stepContract;
        _boot = Hashing.boot(CHAIN_ID, _rightHash(), inbox.acc(1), 1, SPAN);
        preimage = abi.encode(Hashing.DOMAIN_BOOT, uint256(CHAIN_ID), _rightHash(), inbox.acc(1), 1, uint256(SPAN));
        _record();
    }

    // --- the program ---

    function _deployData() internal override {
        _assemble();
    }

    function _program() internal view override returns (bytes32 memoryRoot, uint32 pc) {
        return (_image.root(), PC);
    }

    /// @dev The hash of the one right output after the first batch.
    function _rightHash() internal view returns (bytes32) {
        return Hashing.output(
            Output({
                version: 1,
                chainId: CHAIN_ID,
                inboxIndex: 1,
                blockInBatch: 0,
                queueIndex: inbox.batchCount() == 0 ? inbox.queueCount() : inbox.consumedUpTo(1),
                number: BLOCKS,
                timestamp: START + 1,
                outputRoot: RIGHT
            })
        );
    }

    function _assemble() private {
        uint32[27] memory code = [
            Assembler.addi(17, 0, 1),
            Assembler.u(0x37, 10, HEAP),
            Assembler.ECALL, // boot
            Assembler.addi(17, 0, 2),
            Assembler.addi(11, 0, 1),
            Assembler.ECALL, // select
            Assembler.addi(8, 10, 0),
            Assembler.u(0x37, 10, HEAP),
            Assembler.addi(10, 10, 32),
            Assembler.addi(17, 0, 3),
            Assembler.ECALL, // read, until x8 is used up
            Assembler.addi(8, 8, -32),
            Assembler.b(1, 8, 0, -8),
            Assembler.addi(5, 0, int32(uint32(ROUNDS))),
            Assembler.addi(6, 0, 7),
            Assembler.r(0x33, 0, 1, 6, 6, 5), // mul
            Assembler.s(2, 10, 6, 36), // sw
            Assembler.i(0x03, 4, 7, 10, 37), // lbu
            Assembler.r(0x33, 0, 0, 6, 6, 7), // add
            Assembler.addi(5, 5, -1),
            Assembler.b(1, 5, 0, -20),
            Assembler.u(0x37, 10, RESULT),
            Assembler.addi(17, 0, 4),
            Assembler.ECALL, // output
            Assembler.addi(17, 0, 0),
            Assembler.addi(10, 0, 0),
            Assembler.ECALL // halt
        ];
        delete ram;
        for (uint32 i; i < code.length; ++i) {
            _poke(PC + 4 * i, code[i]);
        }
        ram.set(RESULT >> 5, _rightHash());
        _image = ram;
    }

    /// @dev Loads the program as the game's initial state has it.
    function _reset() private {
        delete state;
        ram = _image;
        (state.pc, state.boot) = (PC, _boot);
    }

    function _record() private {
        _reset();
        bytes32 root = ram.root();
        trace.push(Hashing.state(_encoded(root)));
        while (state.exited == 0) {
            bool writes = _dataAddress() != 0;
            _advance();
            if (writes) root = ram.root();
            trace.push(Hashing.state(_encoded(root)));
        }
        finalState = _encoded(root);
    }

    /// @dev The state before step `number` of the run, and the witness for the step.
    function _witness(uint256 number) internal returns (Step memory step) {
        _reset();
        for (uint256 i; i < number && state.exited == 0; ++i) {
            _advance();
        }
        step.state = _encoded();
        step.proof = _openings(_dataAddress());
        step.aux = preimage;
    }

    // --- claims ---

    function _rightClaim(address who) internal returns (Claim claim) {
        Output memory end = _endOutput(0, RIGHT);
        vm.assertEq(Hashing.output(end), _rightHash(), "the program's constant");
        return _claimVector(who, 0, RIGHT, _vector(end));
    }

    /// @dev A claim that is right before entry `first` and wrong from there on.
    function _wrongClaim(address who, uint256 first) internal returns (Claim) {
        bytes32[256] memory entries;
        bytes32 wrong = Hashing.output(_endOutput(0, WRONG));
        for (uint256 i; i < 256; ++i) {
            entries[i] = i < first ? _rightHash() : wrong;
        }
        return _claimVector(who, 0, WRONG, entries);
    }

    // --- playing ---

    /// @dev The next node on the way to the doubt about step `target`, opened by `who`.
    function _pursue(address who, bytes32 node, uint256 target) internal returns (bytes32 child) {
        IQueryGame.Node memory doubted = game.node(node);
        uint256 index = (target - offsets[node]) / _stride(doubted.depth);
        child = _query(who, doubted.content, doubted.owner, node, uint8(index));
        offsets[child] = offsets[node] + index * _stride(doubted.depth);
    }

    /// @dev The owner answers: with the run up to step `lie`, with an end of its own after it.
    function _respond(bytes32 node, uint256 lie) internal {
        IQueryGame.Node memory asked = game.node(node);
        bytes memory end = lie == NEVER ? finalState : _ended(asked.depth == 0 ? asked.end : _wrongEnd());
        bytes32 last = Hashing.state(end);
        bytes32[256] memory entries;
        for (uint256 i; i < 256; ++i) {
            uint256 number = offsets[node] + (i + 1) * _stride(asked.depth);
            if (number > lie) entries[i] = last;
            else entries[i] = trace[number < trace.length ? number : trace.length - 1];
        }
        _answerVector(asked.owner, node, entries, asked.depth == 0 ? end : bytes(""));
    }

    function _wrongEnd() private view returns (bytes32) {
        return Hashing.output(_endOutput(0, WRONG));
    }

    /// @dev Steps between the entries of an answer at this depth.
    function _stride(uint8 depth) internal pure returns (uint256) {
        return uint256(1) << (32 - 8 * depth);
    }

    /// @dev Executes the instruction that a leaf is about.
    function _judge(bytes32 leaf) internal {
        Step memory step = _witness(offsets[leaf]);
        game.step(leaf, step.state, step.proof, step.aux);
    }
}
