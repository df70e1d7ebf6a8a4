// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBatches} from "../interfaces/IBatches.sol";
import {IProgramRegistry} from "../interfaces/IProgramRegistry.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {Program} from "../types/Proof.sol";

/// @notice The versions of the program, each bound to the batches from its activation on. Only added to, by the timelock alone.
contract ProgramRegistry is IProgramRegistry {
    /// @notice Everything that is fixed for the life of a registry, and version 0. `notice` is in batches.
    struct Parameters {
        address owner;
        address inbox;
        uint64 notice;
        Program program;
        bytes32 release;
    }

    /// @notice Who schedules: the timelock.
    address public immutable owner;
    /// @notice The batches as they are posted, decided or not.
    IBatches public immutable inbox;
    /// @notice Least number of batches between the last one that is posted and an activation.
    uint64 public immutable notice;
    /// @dev Whether the chain has validity proofs at all: then every version has a key.
    bool private immutable _proves;

    Program[] private _programs;

    constructor(Parameters memory p) {
        if (p.owner == address(0)) revert ProgramRegistry_BadParameter("owner");
        if (p.inbox == address(0)) revert ProgramRegistry_BadParameter("inbox");
        if (p.notice == 0) revert ProgramRegistry_BadParameter("notice");
        if (p.program.activation != 0) revert ProgramRegistry_BadParameter("activation");
        owner = p.owner;
        inbox = IBatches(p.inbox);
        notice = p.notice;
        _proves = p.program.key != 0;
        _check(p.program, p.release, p.program.key != 0);
        _add(p.program, p.release);
    }

    /// @inheritdoc IProgramRegistry
    function schedule(Program calldata program, bytes32 release, bytes32 statement, bytes calldata proof)
        external
        returns (uint256 version)
    {
        if (msg.sender != owner) revert ProgramRegistry_Unauthorized(msg.sender);
        _check(program, release, _proves);
        // No child of a content that exists now covers more than one batch beyond these (invariant 40).
        uint64 earliest = inbox.batchCount() + notice;
        uint64 last = _programs[_programs.length - 1].activation;
        if (earliest <= last) earliest = last + 1;
        if (program.activation < earliest) revert ProgramRegistry_TooEarly(program.activation, earliest);
        if (_proves) IVerifier(program.verifier).verify(program.key, statement, proof);
        return _add(program, release);
    }

    /// @inheritdoc IProgramRegistry
    function versionCount() external view returns (uint256) {
        return _programs.length;
    }

    /// @inheritdoc IProgramRegistry
    function programOf(uint256 version) external view returns (Program memory) {
        if (version >= _programs.length) revert ProgramRegistry_UnknownVersion(version);
        return _programs[version];
    }

    /// @inheritdoc IProgramRegistry
    function versionAt(uint64 batch) public view returns (uint256 version) {
        version = _programs.length - 1;
        // Version 0 begins with batch 0. What is asked for is the latest but for old claims.
        while (_programs[version].activation > batch) --version;
    }

    /// @inheritdoc IProgramRegistry
    function machineAt(uint64 batch) external view returns (bytes32 memoryRoot, uint32 pc) {
        Program storage program = _programs[versionAt(batch)];
        return (program.memoryRoot, program.pc);
    }

    /// @inheritdoc IProgramRegistry
    function nextActivation(uint64 batch) external view returns (uint64 next) {
        next = type(uint64).max;
        for (uint256 version = _programs.length; version > 0; --version) {
            uint64 activation = _programs[version - 1].activation;
            if (activation <= batch) return next;
            next = activation;
        }
    }

    /// @dev The fields are of one build and there is none too few.
    function _check(Program memory program, bytes32 release, bool proves) private pure {
        if (program.memoryRoot == 0) revert ProgramRegistry_BadParameter("memoryRoot");
        if (program.pc == 0) revert ProgramRegistry_BadParameter("pc");
        if ((program.key != 0) != proves) revert ProgramRegistry_BadParameter("key");
        if ((program.verifier != address(0)) != proves) revert ProgramRegistry_BadParameter("verifier");
        bytes32 computed = Hashing.release(program.memoryRoot, program.pc, program.key);
        if (computed != release) revert ProgramRegistry_WrongRelease(computed);
    }

    function _add(Program memory program, bytes32 release) private returns (uint256 version) {
        version = _programs.length;
        _programs.push(program);
        emit ProgramScheduled(version, program.activation, release, program);
    }
}
