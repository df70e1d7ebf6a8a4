// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {CommitteeDa} from "../src/da/CommitteeDa.sol";
import {ICommitteeRegistry} from "../src/interfaces/ICommitteeRegistry.sol";
import {IDataAvailability} from "../src/interfaces/IDataAvailability.sol";
import {Bls12381, Bls12381_BadPoint} from "../src/libraries/Bls12381.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {BlsSignature, Certificate} from "../src/types/Certificate.sol";
import {BlsCommitteeDeployment} from "./utils/BlsCommitteeDeployment.sol";
import {BlsSigner} from "./utils/BlsSigner.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Keys of members, and epochs of 21 and more of them.
contract BlsRegistryTest is BlsCommitteeDeployment {
    /// @dev On the curves, and not in their subgroups.
    bytes private constant OUTSIDE_G1 =
        hex"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000040a989badd40d6212b33cffc3f3763e9bc760f988c9926b26da9dd85e928483446346b8ed00e1de5d5ea93e354abe706c";
    bytes private constant OUTSIDE_G2 = hex"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000002"
        hex"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        hex"18c6b864ae17dc9da64203ffefb966306425a7bc6aeb7c75247438372716284a4173830420cd476ba1a365b95bfcec38"
        hex"172e93db764a8400a7d5071b6b6f5de0da2f0f4a063119abca014006b7c40a2cfe291a1924e65db0d6d0fcfbf3bf3d5c";
    /// @dev A refused precompile call takes all gas that it is given.
    uint256 private constant GAS = 3_000_000;

    function setUp() public override {
        super.setUp();
        _makeMembers();
    }

    function _tryRegister(address member, bytes memory key, bytes memory proof) private returns (bytes memory reason) {
        bool done;
        bytes memory call = abi.encodeCall(ICommitteeRegistry.registerKey, (member, key, proof));
        (done, reason) = address(registry).call{gas: GAS}(call);
        vm.assertFalse(done, "registered");
        vm.assertFalse(registry.isRegistered(member, key));
    }

    function _refused(address member, bytes memory key, bytes memory proof) private {
        bytes memory reason = _tryRegister(member, key, proof);
        vm.assertEq(reason, abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_WrongProof.selector, member));
    }

    // --- proofs of possession ---

    function test_registerKey_byAnybody() public {
        bytes memory key = BlsSigner.keyOf(7);
        bytes memory proof = BlsSigner.prove(7, alice);
        vm.assertFalse(registry.isRegistered(alice, key));
        vm.expectEmit(true, true, true, true, address(registry));
        emit ICommitteeRegistry.KeyRegistered(alice, key);
        vm.prank(bob);
        registry.registerKey(alice, key, proof);
        vm.assertTrue(registry.isRegistered(alice, key));
        vm.assertFalse(registry.isRegistered(bob, key));
        // Again, or another one: a member that rotates its key has two.
        registry.registerKey(alice, key, proof);
        registry.registerKey(alice, BlsSigner.keyOf(8), BlsSigner.prove(8, alice));
    }

    function test_registerKey_wrongProof_reverts() public {
        bytes memory key = BlsSigner.keyOf(7);
        // Of another member, of another key, of another message, for another purpose.
        _refused(alice, key, BlsSigner.prove(7, bob));
        _refused(alice, key, BlsSigner.prove(8, alice));
        _refused(alice, key, BlsSigner.signMessage(7, key, BlsSigner.PROOF_DST));
        _refused(alice, key, BlsSigner.signMessage(7, abi.encodePacked(alice, key), BlsSigner.SIGNATURE_DST));
    }

    function test_fuzz_registerKey_alteredProof_reverts(uint8 where, uint8 bit) public {
        bytes memory proof = BlsSigner.prove(7, alice);
        proof[where % 96] ^= bytes1(uint8(1 << (bit % 8)));
        _refused(alice, BlsSigner.keyOf(7), proof);
    }

    function test_fuzz_registerKey_alteredKey_reverts(uint8 where, uint8 bit) public {
        bytes memory key = BlsSigner.keyOf(7);
        bytes memory proof = BlsSigner.prove(7, alice);
        key[where % 192] ^= bytes1(uint8(1 << (bit % 8)));
        _refused(alice, key, proof);
    }

    /// @dev Infinity is the key of nobody, and its own signature.
    function test_registerKey_infinity_reverts() public {
        _refused(alice, new bytes(192), new bytes(96));
        _refused(alice, new bytes(192), BlsSigner.prove(7, alice));
        _refused(alice, BlsSigner.keyOf(7), new bytes(96));
    }

    function test_registerKey_outsideOfTheSubgroup_reverts() public {
        // They are on the curves: the precompiles for addition take them.
        (bool onG1,) = address(0x0b).staticcall(bytes.concat(Bls12381.unpack(OUTSIDE_G1, 96), new bytes(128)));
        (bool onG2,) = address(0x0d).staticcall(bytes.concat(Bls12381.unpack(OUTSIDE_G2, 192), new bytes(256)));
        vm.assertTrue(onG1 && onG2, "not on the curves");
        _refused(alice, BlsSigner.keyOf(7), OUTSIDE_G1);
        _refused(alice, OUTSIDE_G2, BlsSigner.prove(7, alice));
    }

    function test_registerKey_noPoint_reverts() public {
        bytes memory key = BlsSigner.keyOf(7);
        bytes memory proof = BlsSigner.prove(7, alice);
        bytes memory bad = abi.encodeWithSelector(Bls12381_BadPoint.selector);
        vm.assertEq(_tryRegister(alice, bytes.concat(key, hex"00"), proof), bad);
        vm.assertEq(_tryRegister(alice, "", proof), bad);
        vm.assertEq(_tryRegister(alice, key, bytes.concat(proof, hex"00")), bad);
        // The field's order added to a coordinate is the same element, written otherwise.
        bytes memory order =
            hex"1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
        bytes memory outside = OUTSIDE_G2;
        for (uint256 i; i < 48; ++i) {
            outside[48 + i] = order[i];
        }
        _refused(alice, outside, proof);
        (bool done,) = address(0x0d).staticcall{gas: GAS}(bytes.concat(Bls12381.unpack(outside, 192), new bytes(256)));
        vm.assertFalse(done, "a coordinate above the order");
    }

    /// @dev Who registers the difference to another's key could sign for both: it has no proof, with any secret that it knows.
    function test_registerKey_rogueKey_reverts() public {
        bytes memory honest = BlsSigner.keyOf(7);
        // own - honest, so that honest + rogue == own
        bytes memory sum = Bls12381.newSum();
        Bls12381.add(sum, honest, 0);
        Bls12381.negate(sum);
        Bls12381.add(sum, BlsSigner.keyOf(1000), 0);
        bytes memory rogue = Bls12381.pack(Bls12381.pointOf(sum));
        // It would work: one signature with the own secret is one of both.
        Bls12381.add(sum, honest, 0);
        vm.assertEq(Bls12381.pack(Bls12381.pointOf(sum)), BlsSigner.keyOf(1000));
        _refused(alice, rogue, BlsSigner.signMessage(1000, abi.encodePacked(alice, rogue), BlsSigner.PROOF_DST));
        _refused(alice, rogue, BlsSigner.signMessage(7, abi.encodePacked(alice, rogue), BlsSigner.PROOF_DST));
        _refused(alice, rogue, BlsSigner.prove(1000, alice));
        // Nor may the owner name it.
        for (uint256 i = 1; i < blsMembers.length; ++i) {
            _register(i);
        }
        bytes memory keys = _blsKeys();
        for (uint256 i; i < 192; ++i) {
            keys[i] = rogue[i];
        }
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_UnknownKey.selector, blsMembers[0]));
        vm.prank(address(timelock));
        registry.proposeBls(blsMembers, keys, 14, 0);
    }

    // --- epochs ---

    function test_proposeBls_signsAfterTheDelayOnly() public {
        for (uint256 i; i < blsMembers.length; ++i) {
            _register(i);
        }
        uint64 start = uint64(block.timestamp);
        address[] memory members = blsMembers;
        vm.expectEmit(true, true, true, true, address(registry));
        emit ICommitteeRegistry.BlsEpochProposed(1, start + ROTATION_DELAY, 14, 0, members);
        vm.assertEq(uint256(_proposeBls()), 1);
        vm.assertEq(abi.encode(registry.membersOf(1)), abi.encode(members));
        vm.assertEq(registry.blsKeysOf(1), _blsKeys());
        ICommitteeRegistry.BlsEpoch memory epoch = registry.blsEpochAt(1);
        vm.assertEq(abi.encode(epoch), abi.encode(21, 14, 0, 0));
        vm.assertEq(uint256(registry.epochAt(1).threshold), 0);
        vm.assertFalse(registry.isSigning(1));
        vm.warp(start + ROTATION_DELAY);
        vm.assertTrue(registry.isSigning(1) && registry.isSigning(0));
        (, bytes memory none) = registry.signing(1);
        vm.assertEq(none, "");
        vm.warp(start + ROTATION_DELAY + OVERLAP + 1);
        vm.assertTrue(registry.isSigning(1) && !registry.isSigning(0));
    }

    function test_proposeBls_badMembers_reverts() public {
        for (uint256 i; i < blsMembers.length; ++i) {
            _register(i);
        }
        bytes memory keys = _blsKeys();
        address[] memory members = blsMembers;
        vm.startPrank(address(timelock));
        bytes4 bad = ICommitteeRegistry.CommitteeRegistry_BadMembers.selector;
        // Up to 20 members sign with secp256k1.
        vm.expectRevert(abi.encodeWithSelector(bad, 20));
        registry.proposeBls(new address[](20), new bytes(20 * 192), 14, 0);
        vm.expectRevert(abi.encodeWithSelector(bad, 257));
        registry.proposeBls(new address[](257), new bytes(257 * 192), 14, 0);
        vm.expectRevert(abi.encodeWithSelector(bad, 21));
        registry.proposeBls(members, bytes.concat(keys, hex"00"), 14, 0);
        (members[3], members[4]) = (members[4], members[3]);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_UnknownKey.selector, members[3]));
        registry.proposeBls(members, keys, 14, 0);
        members = blsMembers;
        members[4] = members[3];
        vm.expectRevert(abi.encodeWithSelector(bad, 4));
        registry.proposeBls(members, keys, 14, 0);
        members[0] = address(0);
        vm.expectRevert(abi.encodeWithSelector(bad, 0));
        registry.proposeBls(members, keys, 14, 0);
    }

    function test_proposeBls_badThresholdOrMandatory_reverts() public {
        for (uint256 i; i < blsMembers.length; ++i) {
            _register(i);
        }
        bytes memory keys = _blsKeys();
        address[] memory members = blsMembers;
        vm.startPrank(address(timelock));
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadThreshold.selector, 0, 21));
        registry.proposeBls(members, keys, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadThreshold.selector, 22, 21));
        registry.proposeBls(members, keys, 22, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadMandatory.selector, 1 << 21));
        registry.proposeBls(members, keys, 14, 1 << 21);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadMandatory.selector, 7));
        registry.proposeBls(members, keys, 2, 7);
        registry.proposeBls(members, keys, 21, (1 << 21) - 1);
    }

    function test_proposeBls_byAStrangerOrTwice_reverts() public {
        bytes memory keys = _blsKeys();
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guardian));
        vm.prank(guardian);
        registry.proposeBls(blsMembers, keys, 14, 0);
        for (uint256 i; i < blsMembers.length; ++i) {
            _register(i);
        }
        _proposeBls();
        vm.expectPartialRevert(ICommitteeRegistry.CommitteeRegistry_Pending.selector);
        vm.prank(address(timelock));
        registry.proposeBls(blsMembers, keys, 14, 0);
    }

    /// @dev An epoch that takes the number of one that was cancelled has none of its revocations.
    function test_cancel_revocationsGoToo() public {
        for (uint256 i; i < blsMembers.length; ++i) {
            _register(i);
        }
        _proposeBls();
        vm.prank(guardian);
        registry.revoke(1, 3);
        vm.assertEq(registry.blsEpochAt(1).revoked, 8);
        vm.prank(address(timelock));
        registry.cancel();
        _proposeBls();
        vm.assertEq(registry.blsEpochAt(1).revoked, 0);
        vm.assertEq(uint256(registry.blsEpochAt(1).members), 21);
    }

    function test_blsEpochAt_otherScheme_reverts() public {
        bytes memory other = abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_OtherScheme.selector, 0);
        vm.expectRevert(other);
        registry.blsEpochAt(0);
        vm.expectRevert(other);
        registry.blsKeysOf(0);
        vm.expectRevert(other);
        registry.isSigned(0, 0, BlsSignature(1, new bytes(96)));
    }
}

/// @notice What the inbox takes of a BLS committee, what it does not, and members that sign twice.
contract BlsCommitteeDaTest is BlsCommitteeDeployment {
    bytes private constant PAYLOAD = "payload";
    uint256 private constant GAS = 3_000_000;
    uint256 private constant MANDATORY = 1 << 20;

    function setUp() public override {
        super.setUp();
        _rotateToBls();
    }

    function _blsMandatory() internal pure override returns (uint256) {
        return MANDATORY;
    }

    /// @dev Fourteen members, the mandatory one among them.
    function _quorum() internal pure override returns (uint256) {
        return MANDATORY | 0x1fff;
    }

    function _try(bytes memory aux) private returns (bool done, bytes memory reason) {
        uint64 head = inbox.batchCount();
        uint64 qEnd = inbox.queueCount();
        bytes memory call = abi.encodeCall(inbox.postBatch, (3, inbox.acc(head), qEnd, inbox.queueAcc(qEnd), 1, aux));
        vm.prank(batcher);
        (done, reason) = address(inbox).call{gas: GAS}(call);
        vm.assertEq(uint256(inbox.batchCount()), head + (done ? 1 : 0));
    }

    function _refused(bytes memory aux, bytes memory expected) private {
        (bool done, bytes memory reason) = _try(aux);
        vm.assertFalse(done, "posted");
        vm.assertEq(reason, expected);
    }

    function _taken(bytes memory aux) private {
        (bool done,) = _try(aux);
        vm.assertTrue(done, "refused");
    }

    function _wrongAggregate() private pure returns (bytes memory) {
        return abi.encodeWithSelector(CommitteeDa.CommitteeDa_WrongAggregate.selector);
    }

    function test_postBatch_certified() public {
        _postWith(PAYLOAD);
        vm.assertEq(
            headers[0].daHash, Hashing.committee(Hashing.payload(_hashes(PAYLOAD)), uint32(PAYLOAD.length)), "daHash"
        );
        _taken(_blsAux(_certificate(PAYLOAD, 1), (1 << 21) - 1));
    }

    /// @dev Any set of members is judged by its size alone, and by the mandatory one.
    function test_fuzz_postBatch_anyQuorum(uint256 signers) public {
        signers &= (1 << 21) - 1;
        uint256 count;
        for (uint256 bits = signers; bits != 0; bits &= bits - 1) {
            ++count;
        }
        bytes memory aux = _blsAux(_certificate(PAYLOAD, 1), signers);
        if (signers & MANDATORY == 0) {
            _refused(aux, abi.encodeWithSelector(CommitteeDa.CommitteeDa_MandatoryMissing.selector, MANDATORY));
        } else if (count < 14) {
            _refused(aux, abi.encodeWithSelector(CommitteeDa.CommitteeDa_TooFewSignatures.selector, count, 14));
        } else {
            _taken(aux);
        }
    }

    /// @dev The signature of other members than the bits say is one of nobody's.
    function test_fuzz_postBatch_otherSigners_reverts(uint256 signers, uint8 bit) public {
        signers = signers & ((1 << 21) - 1) | _quorum();
        Certificate memory c = _certificate(PAYLOAD, 1);
        BlsSignature memory by = _blsSigned(c, signers);
        by.signers ^= 1 << (13 + bit % 7);
        if (by.signers == signers) return;
        _refused(_blsAuxOf(c, by), _wrongAggregate());
    }

    function test_postBatch_unknownBits_reverts() public {
        Certificate memory c = _certificate(PAYLOAD, 1);
        BlsSignature memory by = _blsSigned(c, _quorum());
        by.signers |= 1 << 21 | 1 << 255;
        _refused(
            _blsAuxOf(c, by), abi.encodeWithSelector(CommitteeDa.CommitteeDa_NotMembers.selector, 1 << 21 | 1 << 255)
        );
    }

    function test_postBatch_revoked_reverts() public {
        vm.prank(guardian);
        registry.revoke(1, 0);
        bytes memory aux = _blsAux(_certificate(PAYLOAD, 1), _quorum());
        _refused(aux, abi.encodeWithSelector(CommitteeDa.CommitteeDa_NotMembers.selector, 1));
        _taken(_blsAux(_certificate(PAYLOAD, 1), _quorum() ^ (1 | 1 << 13)));
    }

    function test_fuzz_postBatch_alteredSignature_reverts(uint8 where, uint8 bit) public {
        bytes memory aux = _blsAux(_certificate(PAYLOAD, 1), _quorum());
        aux[84 + where % 96] ^= bytes1(uint8(1 << (bit % 8)));
        _refused(aux, _wrongAggregate());
    }

    /// @dev Whatever of the certificate is changed after signing, nobody has signed it.
    function test_fuzz_postBatch_changedCertificate_reverts(uint8 where, uint8 bit) public {
        bytes memory aux = _blsAux(_certificate(PAYLOAD, 1), _quorum());
        aux[_bound(where, 8, 51)] ^= bytes1(uint8(1 << (bit % 8)));
        (bool done,) = _try(aux);
        vm.assertFalse(done, "posted");
    }

    function test_postBatch_infinity_reverts() public {
        Certificate memory c = _certificate(PAYLOAD, 1);
        _refused(_blsAuxOf(c, BlsSignature(_quorum(), new bytes(96))), _wrongAggregate());
    }

    function test_postBatch_malformed_reverts() public {
        bytes memory aux = _blsAux(_certificate(PAYLOAD, 1), _quorum());
        bytes memory bad = abi.encodeWithSelector(IDataAvailability.BadAux.selector, "not one BLS signature");
        _refused(bytes.concat(aux, hex"00"), bad);
        // As members of the other kind would sign.
        _refused(_aux(_certificate(PAYLOAD, 1), 0xf, _keys(0)), bad);
        _refused(new bytes(54), abi.encodeWithSelector(IDataAvailability.BadAux.selector, "shorter than a certificate"));
    }

    function test_postBatch_expired_reverts() public {
        Certificate memory c = _certificate(PAYLOAD, 1);
        bytes memory aux = _blsAux(c, _quorum());
        vm.warp(block.timestamp + 1 hours + 1);
        uint64 needed = uint64(block.timestamp) + RETENTION;
        _refused(aux, abi.encodeWithSelector(CommitteeDa.CommitteeDa_Expired.selector, c.expiry, needed));
        vm.warp(block.timestamp - 1);
        _taken(aux);
    }

    function test_postBatch_otherPlaceOrChain_reverts() public {
        bytes memory first = _blsAux(_certificate(PAYLOAD, 1), _quorum());
        uint256 snapshot = vm.snapshotState();
        _postWith("taken");
        _refused(first, _wrongAggregate());
        vm.revertToState(snapshot);
        vm.chainId(block.chainid + 1);
        _refused(first, _wrongAggregate());
    }

    /// @dev From secp256k1 to BLS and back: each epoch takes its own form only.
    function test_rotation_backToSecp() public {
        address[] memory members = _addresses(_keys(2));
        vm.prank(address(timelock));
        registry.propose(members, THRESHOLD, 0);
        vm.warp(block.timestamp + ROTATION_DELAY);
        _taken(_blsAux(_certificate("one", 1), _quorum()));
        _taken(_aux(_certificate("two", 2), 0xf, _keys(2)));
        // 180 bytes are no whole number of signatures of the other kind.
        BlsSignature memory by = _blsSigned(_certificate("three", 2), 0xf);
        bytes memory aux = _blsAuxOf(_certificate("three", 2), by);
        (aux[52], aux[53], aux[54]) = (0, 0, 0x0f);
        _refused(aux, abi.encodeWithSelector(IDataAvailability.BadAux.selector, "not a signature for each signer"));
        vm.warp(block.timestamp + OVERLAP + 1);
        (bool done,) = _try(_blsAux(_certificate("three", 1), _quorum()));
        vm.assertFalse(done, "the overlap is over");
        vm.assertEq(registry.membersOf(1).length, 21);
    }

    // --- revoking ---

    function test_revoke_byGuardianOrByTheMember() public {
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_Unauthorized.selector, alice));
        vm.prank(alice);
        registry.revoke(1, 2);
        vm.prank(blsMembers[2]);
        registry.revoke(1, 2);
        vm.prank(guardian);
        registry.revoke(1, 19);
        vm.assertEq(registry.blsEpochAt(1).revoked, 4 | 1 << 19);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_BadMembers.selector, 21));
        vm.prank(guardian);
        registry.revoke(1, 21);
    }

    function test_revoke_neverBelowTheThresholdNorTheMandatory() public {
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_Indispensable.selector, 1, 20));
        registry.revoke(1, 20);
        for (uint256 i; i < 7; ++i) {
            registry.revoke(1, i);
        }
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_Indispensable.selector, 1, 7));
        registry.revoke(1, 7);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_Indispensable.selector, 1, 0));
        registry.revoke(1, 0);
    }

    // --- equivocation ---

    function _two() private view returns (Certificate memory first, Certificate memory second) {
        first = _certificate("one", 1);
        second = _certificate("another", 1);
    }

    function _expectShown(uint256 index, bool revoked) private {
        (Certificate memory first, Certificate memory second) = _two();
        vm.expectEmit(true, true, true, true, address(registry));
        emit ICommitteeRegistry.EquivocationShown(
            1, index, blsMembers[index], first.payloadHash, second.payloadHash, revoked
        );
    }

    /// @dev A member's own signatures are enough.
    function test_showBlsEquivocation_ofOneMember() public {
        (Certificate memory first, Certificate memory second) = _two();
        BlsSignature memory one = _blsSigned(first, 1 << 3);
        BlsSignature memory another = _blsSigned(second, 1 << 3);
        _expectShown(3, true);
        registry.showBlsEquivocation(address(inbox), first, one, second, another);
        vm.assertEq(registry.blsEpochAt(1).revoked, 8);
        _refused(
            _blsAux(_certificate(PAYLOAD, 1), _quorum()),
            abi.encodeWithSelector(CommitteeDa.CommitteeDa_NotMembers.selector, 8)
        );
    }

    /// @dev Two certificates show all that are in both, the mandatory one too; revoked are those that can be missed.
    function test_showBlsEquivocation_ofTwoCertificates() public {
        (Certificate memory first, Certificate memory second) = _two();
        BlsSignature memory one = _blsSigned(first, _quorum());
        BlsSignature memory another = _blsSigned(second, (1 << 21) - 1);
        for (uint256 i; i < 7; ++i) {
            _expectShown(i, true);
        }
        _expectShown(7, false);
        for (uint256 i = 8; i < 13; ++i) {
            _expectShown(i, false);
        }
        _expectShown(20, false);
        registry.showBlsEquivocation(address(inbox), first, one, second, another);
        vm.assertEq(registry.blsEpochAt(1).revoked, 0x7f);
    }

    function test_showBlsEquivocation_none_reverts() public {
        (Certificate memory first, Certificate memory second) = _two();
        BlsSignature memory one = _blsSigned(first, 0x3);
        _notShown("one payload", first, one, first, one);
        _notShown("two signers", first, one, second, _blsSigned(second, 0xc));
        _notShown("wrong signature", first, one, second, one);
        // The signature of one in the name of two.
        BlsSignature memory another = _blsSigned(second, 0x1);
        another.signers = 0x3;
        _notShown("wrong signature", first, one, second, another);
        // In the name of no member.
        another = _blsSigned(second, 0x1);
        another.signers = 1 << 21 | 1;
        _notShown("wrong signature", first, one, second, another);
        second.batchIndex += 1;
        _notShown("other places", first, one, second, _blsSigned(second, 0x1));
        (, second) = _two();
        another = _blsSigned(second, 0x1);
        vm.warp(block.timestamp + 1 hours + 1);
        _notShown("expired", first, one, second, another);
    }

    function _notShown(
        string memory reason,
        Certificate memory first,
        BlsSignature memory one,
        Certificate memory second,
        BlsSignature memory another
    ) private {
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_NoEquivocation.selector, reason));
        this.show(first, one, second, another);
    }

    /// @dev With little gas: a precompile that refuses takes all that it is given.
    function show(
        Certificate memory first,
        BlsSignature memory one,
        Certificate memory second,
        BlsSignature memory another
    ) external {
        registry.showBlsEquivocation{gas: GAS}(address(inbox), first, one, second, another);
    }

    /// @dev What a member signs with its account is no certificate of a BLS epoch, and the other way round.
    function test_showEquivocation_otherScheme_reverts() public {
        (Certificate memory first, Certificate memory second) = _two();
        uint256 account = _accountKey(0);
        bytes memory one = _signature(first, account);
        bytes memory another = _signature(second, account);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_OtherScheme.selector, 1));
        registry.showEquivocation(address(inbox), first, one, second, another);
        first.epoch = second.epoch = 0;
        BlsSignature memory by = _blsSigned(first, 1);
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeRegistry_OtherScheme.selector, 0));
        registry.showBlsEquivocation(address(inbox), first, by, second, by);
    }
}

/// @notice A committee of 256, the most that there may be: every bit of a word is a member.
contract BlsCommitteeFullTest is BlsCommitteeDeployment {
    function setUp() public override {
        super.setUp();
        _rotateToBls();
    }

    function _blsCount() internal pure override returns (uint256) {
        return 256;
    }

    function _post(uint256 signers) private {
        Certificate memory c = _certificate("payload", 1);
        _postAux(3, _blsAux(c, signers), Hashing.committee(c.payloadHash, c.payloadLength));
    }

    function test_postBatch_anyPage() public {
        _post(type(uint256).max);
        _post((1 << 171) - 1);
        _post(type(uint256).max << 85);
        _post(type(uint256).max ^ (1 << 255 | 1 << 192 | 1 << 64 | 1));
        vm.assertEq(registry.blsKeysOf(1), _blsKeys());
        vm.prank(guardian);
        registry.revoke(1, 255);
        vm.assertEq(registry.blsEpochAt(1).revoked, 1 << 255);
    }
}

/// @notice Fewer than half must sign: the key is the sum of theirs.
contract BlsCommitteeMinorityTest is BlsCommitteeDeployment {
    function setUp() public override {
        super.setUp();
        _rotateToBls();
    }

    function _blsThreshold() internal pure override returns (uint16) {
        return 1;
    }

    function test_postBatch_anySize() public {
        for (uint256 count = 1; count <= 21; ++count) {
            Certificate memory c = _certificate("payload", 1);
            bytes memory aux = _blsAux(c, (1 << count) - 1);
            _postAux(3, aux, Hashing.committee(c.payloadHash, c.payloadLength));
        }
        vm.assertEq(uint256(inbox.batchCount()), 21);
    }
}

/// @notice Two members whose keys add up to infinity: of both together there is no signature, and a sum with others' is theirs.
contract BlsCommitteeOppositeKeysTest is BlsCommitteeDeployment {
    function setUp() public override {
        super.setUp();
        _makeMembers();
        blsSecrets[1] = BlsSigner.ORDER - blsSecrets[0];
        for (uint256 i; i < blsMembers.length; ++i) {
            _register(i);
        }
        _proposeBls();
        _skip(ROTATION_DELAY + OVERLAP + 1);
    }

    function _blsThreshold() internal pure override returns (uint16) {
        return 2;
    }

    function post(bytes memory aux) external {
        _postAux(3, aux, Hashing.committee(Hashing.payload(_hashes("payload")), 7));
    }

    function test_postBatch_keysAddUpToInfinity_reverts() public {
        Certificate memory c = _certificate("payload", BLS_EPOCH);
        bytes memory wrong = abi.encodeWithSelector(CommitteeDa.CommitteeDa_WrongAggregate.selector);
        bytes memory aux = _blsAuxOf(c, BlsSignature(0x3, new bytes(96)));
        vm.expectRevert(wrong);
        this.post(aux);
        aux = _blsAuxOf(c, BlsSignature(0x3, _blsSigned(c, 0x1).signature));
        vm.expectRevert(wrong);
        this.post(aux);
        // Two honest members are as many as before: no signature of theirs, no certificate.
        aux = _blsAuxOf(c, BlsSignature(0xf, _blsSigned(c, 0x4).signature));
        vm.expectRevert(wrong);
        this.post(aux);
        this.post(_blsAux(c, 0xf));
    }
}
