// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ProgramRegistry} from "../src/claims/ProgramRegistry.sol";
import {IProgramRegistry} from "../src/interfaces/IProgramRegistry.sol";
import {IVerifier} from "../src/interfaces/IVerifier.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Program} from "../src/types/Proof.sol";
import {Deployment} from "./utils/Deployment.sol";
import {ProofFixture} from "./utils/ProofFixture.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Versions of the program of a chain with validity proofs.
contract ProgramRegistryTest is ProofFixture {
    bytes32 private constant MEMORY = keccak256("next program");
    bytes32 private constant KEY = keccak256("next key");
    bytes32 private constant STATEMENT = keccak256("statement");

    function _next() private view returns (Program memory) {
        return Program(MEMORY, KEY, address(verifier), 0x2000, inbox.batchCount() + NOTICE);
    }

    function _send(Program memory program, bytes32 release, bytes memory proof) private {
        vm.prank(address(timelock));
        programs.schedule(program, release, STATEMENT, proof);
    }

    function _release(Program memory p) private pure returns (bytes32) {
        return Hashing.release(p.memoryRoot, p.pc, p.key);
    }

    function _good(Program memory p) private view returns (bytes memory) {
        return verifier.proofOf(p.key, STATEMENT);
    }

    function test_constructor_setsVersionZero() public view {
        vm.assertEq(programs.versionCount(), 1);
        Program memory first = programs.programOf(0);
        vm.assertEq(first.key, PROGRAM_KEY);
        vm.assertEq(uint256(first.activation), 0);
        vm.assertEq(first.verifier, address(verifier));
        vm.assertEq(programs.versionAt(0), 0);
        vm.assertEq(programs.versionAt(type(uint64).max), 0);
        vm.assertEq(uint256(programs.nextActivation(0)), type(uint64).max);
    }

    function _expectBad(string memory name, ProgramRegistry.Parameters memory p) private {
        p.release = _release(p.program);
        vm.expectRevert(abi.encodeWithSelector(IProgramRegistry.ProgramRegistry_BadParameter.selector, name));
        new ProgramRegistry(p);
    }

    function test_constructor_badParameter_reverts() public {
        ProgramRegistry.Parameters memory p = _programParameters();
        p.owner = address(0);
        _expectBad("owner", p);
        p = _programParameters();
        p.inbox = address(0);
        _expectBad("inbox", p);
        p = _programParameters();
        p.notice = 0;
        _expectBad("notice", p);
        p = _programParameters();
        p.program.activation = 1;
        _expectBad("activation", p);
        p = _programParameters();
        p.program.memoryRoot = 0;
        _expectBad("memoryRoot", p);
        p = _programParameters();
        p.program.pc = 0;
        _expectBad("pc", p);
        p = _programParameters();
        p.program.key = 0;
        _expectBad("verifier", p);
        p = _programParameters();
        p.program.verifier = address(0);
        _expectBad("verifier", p);
        p = _programParameters();
        p.release = keccak256("another build");
        vm.expectPartialRevert(IProgramRegistry.ProgramRegistry_WrongRelease.selector);
        new ProgramRegistry(p);
    }

    function test_schedule_addsAVersion() public {
        Program memory next = _next();
        vm.expectEmit(true, true, true, true, address(programs));
        emit IProgramRegistry.ProgramScheduled(1, next.activation, _release(next), next);
        _send(next, _release(next), _good(next));
        vm.assertEq(programs.versionAt(next.activation - 1), 0);
        vm.assertEq(programs.versionAt(next.activation), 1);
        vm.assertEq(uint256(programs.nextActivation(next.activation - 1)), next.activation);
        vm.assertEq(uint256(programs.nextActivation(next.activation)), type(uint64).max);
        (bytes32 memoryRoot, uint32 pc) = programs.machineAt(next.activation);
        vm.assertEq(memoryRoot, MEMORY);
        vm.assertEq(uint256(pc), 0x2000);
        (memoryRoot,) = programs.machineAt(next.activation - 1);
        vm.assertEq(memoryRoot, keccak256("program"));
    }

    function test_schedule_stranger_reverts() public {
        Program memory next = _next();
        bytes memory proof = _good(next);
        address[4] memory strangers = [alice, guardian, council, operator];
        for (uint256 i; i < strangers.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IProgramRegistry.ProgramRegistry_Unauthorized.selector, strangers[i])
            );
            vm.prank(strangers[i]);
            programs.schedule(next, _release(next), STATEMENT, proof);
        }
    }

    /// @dev A key cannot change by accident: the fields must be of one build, and the verifier must take a proof under the new key.
    function test_schedule_mixedBuilds_reverts() public {
        Program memory next = _next();
        bytes32 release = _release(next);
        bytes memory proof = _good(next);
        next.key = keccak256("key of another build");
        vm.expectRevert(abi.encodeWithSelector(IProgramRegistry.ProgramRegistry_WrongRelease.selector, _release(next)));
        _send(next, release, proof);
        next = _next();
        next.memoryRoot = keccak256("program of another build");
        vm.expectPartialRevert(IProgramRegistry.ProgramRegistry_WrongRelease.selector);
        _send(next, release, proof);
        next = _next();
        next.pc = 0x1000;
        vm.expectPartialRevert(IProgramRegistry.ProgramRegistry_WrongRelease.selector);
        _send(next, release, proof);
    }

    function test_schedule_keyThatTakesNoProof_reverts() public {
        Program memory next = _next();
        bytes memory proof = verifier.proofOf(PROGRAM_KEY, STATEMENT);
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        _send(next, _release(next), proof);
        next.verifier = alice;
        vm.expectRevert();
        _send(next, _release(next), proof);
    }

    function test_schedule_badFields_reverts() public {
        Program memory next = _next();
        next.memoryRoot = 0;
        _expectBadSchedule("memoryRoot", next);
        next = _next();
        next.pc = 0;
        _expectBadSchedule("pc", next);
        next = _next();
        next.key = 0;
        _expectBadSchedule("key", next);
        next = _next();
        next.verifier = address(0);
        _expectBadSchedule("verifier", next);
    }

    function _expectBadSchedule(string memory name, Program memory next) private {
        bytes memory proof = _good(next);
        vm.expectRevert(abi.encodeWithSelector(IProgramRegistry.ProgramRegistry_BadParameter.selector, name));
        _send(next, _release(next), proof);
    }

    function test_schedule_tooEarly_reverts() public {
        Program memory next = _next();
        uint64 earliest = next.activation;
        next.activation = earliest - 1;
        bytes memory proof = _good(next);
        bytes memory refused =
            abi.encodeWithSelector(IProgramRegistry.ProgramRegistry_TooEarly.selector, earliest - 1, earliest);
        vm.expectRevert(refused);
        _send(next, _release(next), proof);
        // Nor before, or together with, a version that is scheduled.
        next.activation = earliest + 10;
        _send(next, _release(next), proof);
        vm.expectRevert(
            abi.encodeWithSelector(IProgramRegistry.ProgramRegistry_TooEarly.selector, earliest + 10, earliest + 11)
        );
        _send(next, _release(next), proof);
        next.activation = earliest + 11;
        _send(next, _release(next), proof);
        vm.assertEq(programs.versionAt(earliest + 10), 1);
        vm.assertEq(programs.versionAt(earliest + 11), 2);
    }

    function test_programOf_unknown_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IProgramRegistry.ProgramRegistry_UnknownVersion.selector, 1));
        programs.programOf(1);
    }

    /// @dev For every batch the version is the last that has begun, and the next activation the first that has not.
    function test_fuzz_versionAt(uint64[5] calldata gaps, uint64 batch) public {
        uint64[6] memory activations;
        uint64 at_ = inbox.batchCount() + NOTICE;
        for (uint256 i = 1; i < 6; ++i) {
            at_ += uint64(_bound(gaps[i - 1], 1, 50));
            activations[i] = at_;
            _schedule(at_);
        }
        batch = uint64(_bound(batch, 0, at_ + 10));
        uint256 expected;
        uint64 next = type(uint64).max;
        for (uint256 i; i < 6; ++i) {
            if (activations[i] <= batch) expected = i;
            else if (activations[i] < next) next = activations[i];
        }
        vm.assertEq(programs.versionAt(batch), expected);
        vm.assertEq(uint256(programs.nextActivation(batch)), uint256(next));
    }
}

/// @notice Versions of the program of a chain without validity proofs: none has a key.
contract ProgramRegistryWithoutProofsTest is Deployment {
    function test_schedule_needsNoProof_andTakesNoKey() public {
        bytes32 memoryRoot = keccak256("next");
        Program memory next = Program(memoryRoot, 0, address(0), 0x2000, NOTICE);
        vm.startPrank(address(timelock));
        programs.schedule(next, Hashing.release(memoryRoot, 0x2000, 0), 0, "");
        vm.assertEq(programs.versionCount(), 2);
        next.activation += 1;
        next.key = keccak256("key");
        bytes32 release = Hashing.release(memoryRoot, 0x2000, next.key);
        vm.expectRevert(abi.encodeWithSelector(IProgramRegistry.ProgramRegistry_BadParameter.selector, "key"));
        programs.schedule(next, release, 0, "");
    }

    function test_schedule_throughTheTimelock_takesItsDelay() public {
        bytes32 memoryRoot = keccak256("next");
        Program memory next = Program(memoryRoot, 0, address(0), 0x2000, NOTICE);
        bytes memory call = abi.encodeCall(
            IProgramRegistry.schedule, (next, Hashing.release(memoryRoot, 0x2000, 0), bytes32(0), bytes(""))
        );
        vm.prank(council);
        timelock.schedule(address(programs), 0, call, 0, 0, TIMELOCK_DELAY);
        vm.expectRevert();
        vm.prank(council);
        timelock.execute(address(programs), 0, call, 0, 0);
        vm.warp(block.timestamp + TIMELOCK_DELAY);
        vm.prank(council);
        timelock.execute(address(programs), 0, call, 0, 0);
        vm.assertEq(programs.versionCount(), 2);
    }
}
