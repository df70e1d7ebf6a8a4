// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SignatureProofs} from "../src/da/SignatureProofs.sol";
import {IClaimManager} from "../src/interfaces/IClaimManager.sol";
import {IProgramRegistry} from "../src/interfaces/IProgramRegistry.sol";
import {IProofRouter} from "../src/interfaces/IProofRouter.sol";
import {ISealedInbox} from "../src/interfaces/ISealedInbox.sol";
import {ISignatureProofs, SignatureStatus} from "../src/interfaces/ISignatureProofs.sol";
import {IVerifier} from "../src/interfaces/IVerifier.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {BatchHeader} from "../src/types/Batch.sol";
import {Program, ProofKind, ValidityProof} from "../src/types/Proof.sol";
import {SignatureDeployment} from "./utils/SignatureDeployment.sol";
import {vm} from "./utils/Vm.sol";

contract SignatureProofsTest is SignatureDeployment {
    function setUp() public override {
        super.setUp();
        for (uint256 i; i < 3; ++i) {
            _skip(10 minutes);
            _postUnsigned(abi.encode(i));
        }
    }

    function _expectStatus(uint64 index, SignatureStatus status) private view {
        vm.assertEq(uint256(signatures.statusOf(index, headers[index].l1Time)), uint256(status), "status");
    }

    /// @dev What the verifier refuses is no proof of this.
    function _expectRefused(uint64 start, uint64 end, ValidityProof memory proof) private {
        vm.expectRevert(IVerifier.Verifier_Refused.selector);
        signatures.prove(headers[start], start, end, proof);
        _expectStatus(start, SignatureStatus.Open);
    }

    // --- construction ---

    function _expectBad(string memory name, address router_, address sealed_, uint64 timeout) private {
        vm.expectRevert(abi.encodeWithSelector(ISignatureProofs.SignatureProofs_BadParameter.selector, name));
        new SignatureProofs(router_, sealed_, timeout);
    }

    function test_constructor_badParameter_reverts() public {
        _expectBad("router", address(0), address(sealedInbox), 1);
        _expectBad("sealedInbox", address(router), address(0), 1);
        _expectBad("timeout", address(router), address(sealedInbox), 0);
        _expectBad("timeout", address(router), address(sealedInbox), uint64(type(uint32).max) + 1);
        // The sealed inbox names the one of the deployment.
        _expectBad("sealedInbox", address(router), address(sealedInbox), 1);
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.mockCall(address(sealedInbox), abi.encodeCall(ISealedInbox.signatures, ()), abi.encode(next));
        vm.mockCall(address(claims), abi.encodeCall(IClaimManager.inbox, ()), abi.encode(inbox));
        _expectBad("router", address(router), address(sealedInbox), 1);
        vm.mockCall(address(claims), abi.encodeCall(IClaimManager.inbox, ()), abi.encode(sealedInbox));
        vm.mockCall(address(programs), abi.encodeCall(IProgramRegistry.inbox, ()), abi.encode(sealedInbox));
        next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.mockCall(address(sealedInbox), abi.encodeCall(ISealedInbox.signatures, ()), abi.encode(next));
        _expectBad("router", address(router), address(sealedInbox), 1);
    }

    function test_constructor_knowsItsContracts() public view {
        vm.assertEq(signatures.router(), address(router));
        vm.assertEq(signatures.inbox(), address(inbox));
        vm.assertEq(uint256(signatures.timeout()), SIGNATURE_TIMEOUT);
        vm.assertEq(address(sealedInbox.signatures()), address(signatures));
    }

    // --- what counts ---

    function test_prove_marksTheRange() public {
        bytes32 boot = _signaturesOf(0, 2);
        vm.assertEq(boot, Hashing.signatures(CHAIN_ID, inbox.acc(2), 0, 2));
        _expectStatus(0, SignatureStatus.Open);
        vm.expectEmit(true, true, true, true, address(router));
        emit IProofRouter.ResultRecorded(0, ProofKind.SIGNATURES, boot, boot);
        vm.expectEmit(true, true, true, true, address(signatures));
        emit ISignatureProofs.SignaturesProven(0, 2, alice);
        ValidityProof memory proof = _signatureProof(0, 2);
        vm.prank(alice);
        signatures.prove(headers[0], 0, 2, proof);
        _expectStatus(0, SignatureStatus.Proven);
        _expectStatus(1, SignatureStatus.Proven);
        _expectStatus(2, SignatureStatus.Open);
        vm.assertEq(uint256(signatures.firstUnproven(0, 3)), 2);
    }

    /// @dev What is on record needs no proof again, whoever has put it there.
    function test_prove_fromTheRecord() public {
        bytes32 boot = _signaturesOf(1, 3);
        router.report(0, ProofKind.SIGNATURES, boot, boot, _signatureProof(1, 3));
        _expectStatus(1, SignatureStatus.Open);
        ValidityProof memory nothing;
        signatures.prove(headers[1], 1, 3, nothing);
        _expectStatus(1, SignatureStatus.Proven);
        // Again, and over what is proven: nothing changes.
        signatures.prove(headers[1], 1, 3, nothing);
        _proveSignatures(0, 3);
        vm.assertEq(uint256(signatures.firstUnproven(0, 3)), 3);
    }

    function test_prove_wrongHeader_reverts() public {
        ValidityProof memory proof = _signatureProof(0, 2);
        BatchHeader memory header = headers[0];
        // As if it had been posted later.
        header.l1Time += 1;
        vm.expectRevert(abi.encodeWithSelector(ISignatureProofs.SignatureProofs_WrongHeader.selector, 0));
        signatures.prove(header, header.index, 2, proof);
        header = headers[1];
        header.index = 0;
        vm.expectRevert(abi.encodeWithSelector(ISignatureProofs.SignatureProofs_WrongHeader.selector, 0));
        signatures.prove(header, header.index, 2, proof);
        // One that will be, is not.
        header.index = 7;
        vm.expectRevert(abi.encodeWithSelector(ISignatureProofs.SignatureProofs_WrongRange.selector, 7, 8, 3));
        signatures.prove(header, header.index, 8, proof);
    }

    function test_prove_wrongRange_reverts() public {
        ValidityProof memory proof = _signatureProof(1, 2);
        uint64[3] memory ends = [uint64(0), 1, 4];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ISignatureProofs.SignatureProofs_WrongRange.selector, 1, ends[i], 3));
            signatures.prove(headers[1], 1, ends[i], proof);
        }
        // It counts for no batch before those that it is of.
        vm.expectRevert(abi.encodeWithSelector(ISignatureProofs.SignatureProofs_WrongRange.selector, 1, 2, 3));
        signatures.prove(headers[0], 1, 2, proof);
    }

    /// @dev What is too late for the first batches is not for the others, and what it counts for are these.
    function test_prove_forALaterPart() public {
        ValidityProof memory proof = _signatureProof(0, 3);
        uint64 limit = headers[0].l1Time + SIGNATURE_TIMEOUT;
        vm.warp(limit + 1);
        vm.expectRevert(abi.encodeWithSelector(ISignatureProofs.SignatureProofs_TooLate.selector, limit));
        signatures.prove(headers[0], 0, 3, proof);
        vm.expectEmit(true, true, true, true, address(signatures));
        emit ISignatureProofs.SignaturesProven(1, 3, address(this));
        signatures.prove(headers[1], 0, 3, proof);
        _expectStatus(0, SignatureStatus.Void);
        _expectStatus(1, SignatureStatus.Proven);
        _expectStatus(2, SignatureStatus.Proven);
    }

    /// @dev Each part of what the run is about: range, chain, batches; and kind, result, version.
    function test_prove_proofOfSomethingElse_reverts() public {
        _expectRefused(0, 2, _signatureProof(0, 3));
        _expectRefused(0, 2, _signatureProof(1, 2));
        bytes32 acc = inbox.acc(2);
        bytes32[4] memory boots = [
            Hashing.signatures(CHAIN_ID + 1, acc, 0, 2),
            Hashing.signatures(CHAIN_ID, inbox.acc(1), 0, 2),
            Hashing.signatures(CHAIN_ID, acc, 1, 2),
            Hashing.signatures(CHAIN_ID, acc, 0, 3)
        ];
        for (uint256 i; i < boots.length; ++i) {
            _expectRefused(0, 2, _runProof(0, ProofKind.SIGNATURES, boots[i], boots[i]));
        }
        bytes32 boot = _signaturesOf(0, 2);
        _expectRefused(0, 2, _runProof(0, ProofKind.SPAN, boot, boot));
        _expectRefused(0, 2, _runProof(0, ProofKind.CLAIM, boot, boot));
        _expectRefused(0, 2, _runProof(0, ProofKind.SIGNATURES, boot, keccak256("another result")));
        _schedule(inbox.batchCount() + NOTICE);
        _expectRefused(0, 2, _runProof(1, ProofKind.SIGNATURES, boot, boot));
        ValidityProof memory altered = _signatureProof(0, 2);
        altered.proof[3] ^= 0x01;
        _expectRefused(0, 2, altered);
        _proveSignatures(0, 2);
    }

    function test_fuzz_prove_anyOtherStatement_reverts(uint8 kind, bytes32 boot, bytes32 result, bytes32 openings)
        public
    {
        bytes32 right = _signaturesOf(0, 2);
        if (kind % 3 == 0) boot = right;
        if (kind % 5 == 0) result = right;
        if (kind % 7 == 0) openings = 0;
        bytes32 statement = Hashing.statement(kind, boot, result, openings);
        vm.assume(statement != Hashing.statement(ProofKind.SIGNATURES, right, right, 0));
        _expectRefused(0, 2, ValidityProof(0, "", verifier.proofOf(PROGRAM_KEY, statement)));
    }

    /// @dev The same batches on an L1 that was reorganised are others.
    function test_prove_otherBatches_reverts() public {
        ValidityProof memory proof = _signatureProof(0, 3);
        vm.mockCall(address(inbox), abi.encodeCall(inbox.acc, (3)), abi.encode(keccak256("other batches")));
        _expectRefused(0, 3, proof);
    }

    // --- time ---

    function test_prove_inTheLastSecond_counts() public {
        vm.warp(headers[0].l1Time + SIGNATURE_TIMEOUT);
        _expectStatus(0, SignatureStatus.Open);
        _proveSignatures(0, 3);
        vm.warp(block.timestamp + 30 days);
        _expectStatus(0, SignatureStatus.Proven);
    }

    /// @dev The oldest batch binds: what is void is in no range that can be proven, whatever is behind it.
    function test_prove_late_reverts() public {
        uint64 limit = headers[0].l1Time + SIGNATURE_TIMEOUT;
        vm.warp(limit + 1);
        ValidityProof memory proof = _signatureProof(0, 3);
        vm.expectRevert(abi.encodeWithSelector(ISignatureProofs.SignatureProofs_TooLate.selector, limit));
        signatures.prove(headers[0], 0, 3, proof);
        _expectStatus(0, SignatureStatus.Void);
        _expectStatus(1, SignatureStatus.Open);
        _proveSignatures(1, 3);
        _expectStatus(0, SignatureStatus.Void);
        _expectStatus(2, SignatureStatus.Proven);
    }

    /// @dev A proof that lies with the router since long ago is none in time.
    function test_prove_late_fromTheRecord_reverts() public {
        bytes32 boot = _signaturesOf(0, 3);
        ValidityProof memory proof = _signatureProof(0, 3);
        router.report(0, ProofKind.SIGNATURES, boot, boot, proof);
        uint64 limit = headers[0].l1Time + SIGNATURE_TIMEOUT;
        vm.warp(limit + 1);
        vm.expectRevert(abi.encodeWithSelector(ISignatureProofs.SignatureProofs_TooLate.selector, limit));
        signatures.prove(headers[0], 0, 3, proof);
    }

    // --- versions and the alarm ---

    function _schedule(uint64 activation) private {
        bytes32 memoryRoot = keccak256("next program");
        bytes32 key = keccak256("next key");
        Program memory program = Program(memoryRoot, key, address(verifier), 0x2000, activation);
        bytes memory proof = verifier.proofOf(key, keccak256("any"));
        vm.prank(address(timelock));
        programs.schedule(program, Hashing.release(memoryRoot, 0x2000, key), keccak256("any"), proof);
    }

    function test_prove_twoVersions_reverts() public {
        uint64 activation = inbox.batchCount() + NOTICE;
        _schedule(activation);
        while (inbox.batchCount() < activation + 2) {
            _postUnsigned("more");
        }
        ValidityProof memory proof = _signatureProof(0, activation + 1);
        vm.expectRevert(abi.encodeWithSelector(ISignatureProofs.SignatureProofs_TwoVersions.selector, activation));
        signatures.prove(headers[0], 0, activation + 1, proof);
        _proveSignatures(0, activation);
        // Under the old key nothing of the new version is proven.
        bytes32 boot = _signaturesOf(activation, activation + 2);
        _expectRefused(activation, activation + 2, _runProof(0, ProofKind.SIGNATURES, boot, boot));
        _proveSignatures(activation, activation + 2);
        vm.assertEq(uint256(signatures.firstUnproven(0, activation + 2)), activation + 2);
    }

    /// @dev What was proven stays so; nothing more is, and what is open becomes void by time.
    function test_prove_afterTheAlarm_reverts() public {
        _proveSignatures(0, 1);
        _raiseAlarm();
        ValidityProof memory proof = _signatureProof(1, 2);
        bytes memory broken = abi.encodeWithSelector(IProofRouter.ProofRouter_Broken.selector, 0);
        vm.expectRevert(broken);
        signatures.prove(headers[1], 1, 2, proof);
        // Not even by what is on record.
        proof = _signatureProof(0, 1);
        vm.expectRevert(broken);
        signatures.prove(headers[0], 0, 1, proof);
        _expectStatus(0, SignatureStatus.Proven);
        _expectStatus(1, SignatureStatus.Open);
        vm.warp(headers[1].l1Time + SIGNATURE_TIMEOUT + 1);
        _expectStatus(1, SignatureStatus.Void);
    }

    /// @dev Who has a proof that contradicts one on record takes it to the router: there it raises the alarm and earns the bounty.
    function test_prove_contradictingTheRecord_reverts() public {
        vm.deal(address(router), 1 ether);
        bytes32 boot = _signaturesOf(0, 1);
        bytes32 lie = keccak256("no run of the program has this result");
        router.report(0, ProofKind.SIGNATURES, boot, lie, _runProof(0, ProofKind.SIGNATURES, boot, lie));
        ValidityProof memory proof = _signatureProof(0, 1);
        vm.expectRevert(abi.encodeWithSelector(ISignatureProofs.SignatureProofs_Contradicted.selector, 0));
        signatures.prove(headers[0], 0, 1, proof);
        vm.assertEq(uint256(router.brokenAt(0)), 0);
        vm.prank(alice);
        router.report(0, ProofKind.SIGNATURES, boot, boot, proof);
        vm.assertGt(router.brokenAt(0), 0);
        vm.assertEq(router.credits(alice), 1 ether);
    }

    /// @dev A hash that is right for no time at all.
    function test_statusOf_anyTime() public view {
        vm.assertEq(uint256(signatures.statusOf(9, type(uint64).max)), uint256(SignatureStatus.Open));
        vm.assertEq(uint256(signatures.statusOf(9, 0)), uint256(SignatureStatus.Void));
    }
}

/// @notice Ranges over the words of the bitmap, against one flag for each batch.
contract SignatureRangesTest is SignatureDeployment {
    uint64 private constant COUNT = 600;

    bool[COUNT] private _model;

    function setUp() public override {
        super.setUp();
        for (uint64 i; i < COUNT; ++i) {
            // Each fifth has its signatures: a range goes over it all the same.
            if (i % 5 == 4) _postPlain(hex"0100");
            else _postUnsigned(hex"0200");
        }
    }

    function _proveBoth(uint64 from, uint64 to) private {
        _proveSignatures(from, to);
        for (uint64 i = from; i < to; ++i) {
            _model[i] = true;
        }
    }

    function _expectFirst(uint64 from, uint64 to) private view {
        uint64 expected = from;
        while (expected < to && _model[expected]) ++expected;
        vm.assertEq(uint256(signatures.firstUnproven(from, to)), expected < to ? expected : to);
    }

    function _expectModel() private view {
        for (uint64 i; i < COUNT; ++i) {
            bool proven = signatures.statusOf(i, headers[i].l1Time) == SignatureStatus.Proven;
            vm.assertEq(proven, _model[i], vm.toString(uint256(i)));
        }
    }

    function test_prove_wordBorders() public {
        uint64[2][6] memory ranges = [
            [uint64(255), 256],
            [uint64(256), 257],
            [uint64(0), 256],
            [uint64(511), 513],
            [uint64(256), 512],
            [uint64(257), COUNT]
        ];
        uint256 state = vm.snapshotState();
        for (uint256 i; i < ranges.length; ++i) {
            _proveBoth(ranges[i][0], ranges[i][1]);
            _expectModel();
            vm.revertToState(state);
            state = vm.snapshotState();
        }
        _proveBoth(0, COUNT);
        _expectModel();
        _expectFirst(0, COUNT);
    }

    function test_fuzz_prove_ranges(uint64[3] memory from, uint64[3] memory length, uint64[4] memory asked) public {
        for (uint256 i; i < 3; ++i) {
            uint64 start = uint64(_bound(from[i], 0, COUNT - 1));
            _proveBoth(start, uint64(_bound(length[i], start + 1, COUNT)));
        }
        for (uint256 i; i < 4; ++i) {
            uint64 low = uint64(_bound(asked[i], 0, COUNT));
            for (uint64 to = low; to <= COUNT; to += 97) {
                _expectFirst(low, to);
            }
        }
        // Beyond all batches nothing is proven.
        _expectFirst(COUNT - 1, COUNT);
        vm.assertEq(uint256(signatures.firstUnproven(COUNT, COUNT + 300)), COUNT);
        vm.assertEq(uint256(signatures.firstUnproven(COUNT, 3)), 3);
    }
}
