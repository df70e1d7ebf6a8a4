// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Inbox} from "../src/Inbox.sol";
import {CommitteeDa} from "../src/da/CommitteeDa.sol";
import {CommitteeRegistry} from "../src/da/CommitteeRegistry.sol";
import {NoDa} from "../src/da/NoDa.sol";
import {ICommitteeRegistry} from "../src/interfaces/ICommitteeRegistry.sol";
import {IDataAvailability} from "../src/interfaces/IDataAvailability.sol";
import {IInbox} from "../src/interfaces/IInbox.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {Certificate} from "../src/types/Certificate.sol";
import {CommitteeDeployment} from "./utils/CommitteeDeployment.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What the inbox takes of a committee, and what it does not.
contract CommitteeDaTest is CommitteeDeployment {
    bytes private constant PAYLOAD = "payload";

    /// @dev Reverts as `postBatch` does.
    function _try(bytes memory aux) private {
        uint64 head = inbox.batchCount();
        uint64 qEnd = inbox.queueCount();
        bytes32 prevAcc = inbox.acc(head);
        bytes32 queueAcc = inbox.queueAcc(qEnd);
        vm.prank(batcher);
        inbox.postBatch(3, prevAcc, qEnd, queueAcc, 1, aux);
    }

    /// @dev Outside, so that the cheatcode sees one call.
    function tryPost(bytes memory aux) external {
        _try(aux);
    }

    function _expect(bytes memory reason, bytes memory aux) private {
        vm.expectRevert(reason);
        this.tryPost(aux);
    }

    function test_postBatch_certified() public {
        _postWith(PAYLOAD);
        vm.assertEq(uint256(inbox.batchCount()), 1);
        vm.assertEq(
            headers[0].daHash, Hashing.committee(Hashing.payload(_hashes(PAYLOAD)), uint32(PAYLOAD.length)), "daHash"
        );
    }

    /// @dev Any set of members is judged by its size alone.
    function test_fuzz_postBatch_anyQuorum(uint24 signers) public {
        signers &= 0x1f;
        uint256 count;
        for (uint24 bits = signers; bits != 0; bits &= bits - 1) {
            ++count;
        }
        bytes memory aux = _aux(_certificate(PAYLOAD, 0), signers, _keys(0));
        if (count >= THRESHOLD) {
            _try(aux);
            vm.assertEq(uint256(inbox.batchCount()), 1);
        } else {
            _expect(abi.encodeWithSelector(CommitteeDa.CommitteeDa_TooFewSignatures.selector, count, THRESHOLD), aux);
        }
    }

    function test_postBatch_oneSignatureShort_reverts() public {
        Certificate memory c = _certificate(PAYLOAD, 0);
        _expect(abi.encodeWithSelector(CommitteeDa.CommitteeDa_TooFewSignatures.selector, 3, 4), _aux(c, 0x7, _keys(0)));
        // A member that signs twice counts once.
        bytes memory aux = _aux(c, 0x7, _keys(0));
        aux = bytes.concat(aux, _signature(c, _keys(0)[2]));
        _expect(
            abi.encodeWithSelector(IDataAvailability.BadAux.selector, "not a signature for each signer"),
            _raise(aux, 0x7, true)
        );
        _expect(abi.encodeWithSelector(CommitteeDa.CommitteeDa_WrongSignature.selector, 3), _raise(aux, 0xf, false));
    }

    /// @dev The same with other `signers`, and as many signatures again or not.
    function _raise(bytes memory aux, uint24 signers, bool enough) private pure returns (bytes memory) {
        aux[54] = bytes1(uint8(signers | (enough ? 0x18 : 0)));
        return aux;
    }

    function test_postBatch_wrongSignature_reverts() public {
        Certificate memory c = _certificate(PAYLOAD, 0);
        uint256[] memory keys = _keys(0);
        keys[1] = 77;
        _expect(abi.encodeWithSelector(CommitteeDa.CommitteeDa_WrongSignature.selector, 1), _aux(c, 0xf, keys));
        // In another order.
        keys = _keys(0);
        (keys[0], keys[1]) = (keys[1], keys[0]);
        _expect(abi.encodeWithSelector(CommitteeDa.CommitteeDa_WrongSignature.selector, 0), _aux(c, 0xf, keys));
        // `v` that nobody writes, and a signature of zeros, which recovers to nobody.
        bytes memory aux = _aux(c, 0xf, _keys(0));
        aux[aux.length - 1] = 0x05;
        _expect(abi.encodeWithSelector(CommitteeDa.CommitteeDa_WrongSignature.selector, 3), aux);
    }

    /// @dev Whatever of the certificate is changed after signing, no member has signed it.
    function test_fuzz_postBatch_changedCertificate_reverts(uint8 where, uint8 bit) public {
        bytes memory aux = _aux(_certificate(PAYLOAD, 0), 0xf, _keys(0));
        // epoch, then everything up to the signers
        uint256 place = _bound(where, 8, 51);
        aux[place] ^= bytes1(uint8(1 << (bit % 8)));
        vm.expectRevert();
        this.tryPost(aux);
        vm.assertEq(uint256(inbox.batchCount()), 0);
    }

    function test_postBatch_otherPlace_reverts() public {
        bytes memory first = _aux(_certificate(PAYLOAD, 0), 0xf, _keys(0));
        _postWith("taken");
        // The place is taken: the same certificate is one of another batch now.
        _expect(abi.encodeWithSelector(CommitteeDa.CommitteeDa_WrongSignature.selector, 0), first);
    }

    function test_postBatch_otherInboxOrChain_reverts() public {
        Certificate memory c = _certificate(PAYLOAD, 0);
        bytes memory aux = _aux(c, 0xf, _keys(0));
        // Asked by another contract with the same head, as the committee of two chains would be.
        OtherInbox other = new OtherInbox(committeeDa, c.batchIndex, c.prevAcc);
        vm.expectRevert(abi.encodeWithSelector(CommitteeDa.CommitteeDa_WrongSignature.selector, 0));
        other.commit(aux);
        vm.chainId(block.chainid + 1);
        _expect(abi.encodeWithSelector(CommitteeDa.CommitteeDa_WrongSignature.selector, 0), aux);
    }

    function test_postBatch_expired_reverts() public {
        Certificate memory c = _certificate(PAYLOAD, 0);
        bytes memory aux = _aux(c, 0xf, _keys(0));
        vm.warp(block.timestamp + 1 hours + 1);
        _expect(
            abi.encodeWithSelector(
                CommitteeDa.CommitteeDa_Expired.selector, c.expiry, uint64(block.timestamp) + RETENTION
            ),
            aux
        );
        vm.warp(block.timestamp - 1);
        _try(aux);
        vm.assertEq(uint256(inbox.batchCount()), 1);
    }

    function test_postBatch_revoked_reverts() public {
        vm.prank(guardian);
        registry.revoke(0, 0);
        Certificate memory c = _certificate(PAYLOAD, 0);
        _expect(abi.encodeWithSelector(CommitteeDa.CommitteeDa_NotMembers.selector, 0x1), _aux(c, 0xf, _keys(0)));
        _try(_aux(c, 0x1e, _keys(0)));
        vm.assertEq(uint256(inbox.batchCount()), 1);
    }

    function test_postBatch_noMember_reverts() public {
        uint256[] memory keys = new uint256[](6);
        for (uint256 i; i < 5; ++i) {
            keys[i] = _keys(0)[i];
        }
        keys[5] = 77;
        bytes memory aux = _aux(_certificate(PAYLOAD, 0), 0x3f, keys);
        _expect(abi.encodeWithSelector(CommitteeDa.CommitteeDa_NotMembers.selector, 0x20), aux);
    }

    function test_postBatch_malformed_reverts() public {
        _expect(abi.encodeWithSelector(IDataAvailability.BadAux.selector, "shorter than a certificate"), new bytes(54));
        bytes memory aux = _aux(_certificate(PAYLOAD, 0), 0xf, _keys(0));
        _expect(
            abi.encodeWithSelector(IDataAvailability.BadAux.selector, "not a signature for each signer"),
            bytes.concat(aux, hex"00")
        );
        Certificate memory c = _certificate(PAYLOAD, 0);
        c.payloadLength = 0;
        _expect(abi.encodeWithSelector(CommitteeDa.CommitteeDa_PayloadLength.selector, 0), _aux(c, 0xf, _keys(0)));
        c.payloadLength = 786_433;
        _expect(abi.encodeWithSelector(CommitteeDa.CommitteeDa_PayloadLength.selector, 786_433), _aux(c, 0xf, _keys(0)));
        c.payloadLength = 786_432;
        _try(_aux(c, 0xf, _keys(0)));
        vm.assertEq(uint256(inbox.batchCount()), 1);
    }

    function test_postBatch_byAStranger_reverts() public {
        bytes memory aux = _aux(_certificate(PAYLOAD, 0), 0xf, _keys(0));
        uint64 qEnd = inbox.queueCount();
        bytes32 prevAcc = inbox.acc(0);
        bytes32 queueAcc = inbox.queueAcc(qEnd);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_NotBatcher.selector, alice));
        vm.prank(alice);
        inbox.postBatch(3, prevAcc, qEnd, queueAcc, 1, aux);
    }

    /// @dev Two payloads for one place: L1 takes the first that comes, and the other is of no use any more.
    function test_equivocation_onePayloadOnly() public {
        bytes memory one = _aux(_certificate("one", 0), 0xf, _keys(0));
        bytes memory another = _aux(_certificate("another", 0), 0xf, _keys(0));
        uint64 qEnd = inbox.queueCount();
        bytes32 prevAcc = inbox.acc(0);
        bytes32 queueAcc = inbox.queueAcc(qEnd);
        vm.startPrank(batcher);
        inbox.postBatch(3, prevAcc, qEnd, queueAcc, 1, one);
        bytes32 head = inbox.acc(1);
        vm.expectRevert(abi.encodeWithSelector(IInbox.Inbox_WrongHead.selector, head));
        inbox.postBatch(3, prevAcc, qEnd, queueAcc, 1, another);
    }

    /// @dev A batch in every hour while the committee changes: certificates of the old epoch hold until its overlap ends, those of the
    /// new one from its beginning, and there is never an hour in which neither does.
    function test_rotation_underLoad() public {
        uint256 start = block.timestamp;
        address[] memory members = _addresses(_keys(1));
        vm.prank(address(timelock));
        registry.propose(members, THRESHOLD, 0);
        uint256 both;
        for (uint256 hour = 0; hour < 24 * 9; hour += 6) {
            vm.warp(start + hour * 1 hours);
            vm.roll(block.number + 1);
            bool old = registry.isSigning(0);
            bool new_ = registry.isSigning(1);
            vm.assertTrue(old || new_);
            if (old && new_) ++both;
            uint64 wrong = old ? 1 : 0;
            if (old != new_) {
                bytes memory aux = _aux(_certificate(PAYLOAD, wrong), 0xf, _keys(wrong));
                vm.expectPartialRevert(ICommitteeRegistry.CommitteeRegistry_NotSigning.selector);
                this.tryPost(aux);
            }
            // A signature of the one epoch is none of the other.
            uint64 right = old ? 0 : 1;
            bytes memory mixed = _aux(_certificate(PAYLOAD, right), 0xf, _keys(1 - right));
            vm.expectPartialRevert(CommitteeDa.CommitteeDa_WrongSignature.selector);
            this.tryPost(mixed);
            _try(_aux(_certificate(PAYLOAD, right), 0xf, _keys(right)));
        }
        vm.assertEq(both, 5);
        vm.assertEq(uint256(inbox.batchCount()), 36);
    }

    function test_postBatch_fallback() public {
        _postPlain(hex"0100");
        _postWith(PAYLOAD);
        vm.assertEq(uint256(inbox.batchCount()), 2);
    }

    function test_constructor_zero_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(CommitteeDa.CommitteeDa_BadParameter.selector, "registry"));
        new CommitteeDa(ICommitteeRegistry(address(0)));
    }
}

/// @notice Another chain with the same committee.
contract OtherInbox {
    CommitteeDa private immutable _da;
    uint64 public immutable batchCount;
    bytes32 private immutable _acc;

    constructor(CommitteeDa da, uint64 count, bytes32 head) {
        _da = da;
        batchCount = count;
        _acc = head;
    }

    function acc(uint64) external view returns (bytes32) {
        return _acc;
    }

    function commit(bytes calldata aux) external view returns (bytes32) {
        return _da.commit(aux);
    }
}

/// @notice A committee with a mandatory member.
contract MandatoryMemberTest is CommitteeDeployment {
    function _registryParameters() internal view override returns (CommitteeRegistry.Parameters memory p) {
        p = super._registryParameters();
        p.mandatory = 0x10;
    }

    function test_postBatch_mandatoryMissing_reverts() public {
        Certificate memory c = _certificate("payload", 0);
        bytes memory aux = _aux(c, 0xf, _keys(0));
        vm.expectRevert(abi.encodeWithSelector(CommitteeDa.CommitteeDa_MandatoryMissing.selector, 0x10));
        this.post(aux);
        this.post(_aux(c, 0x1e, _keys(0)));
        vm.assertEq(uint256(inbox.batchCount()), 1);
    }

    function post(bytes memory aux) external {
        _postAux(3, aux, Hashing.committee(Hashing.payload(_hashes("payload")), 7));
    }
}

/// @notice A chain whose data must not become public: nobody can post them on L1, whatever key it has.
contract StopTest is CommitteeDeployment {
    function _inboxParameters() internal view override returns (Inbox.Parameters memory p) {
        p = super._inboxParameters();
        p.calldataDa = _noDa;
        p.blobDa = _noDa;
    }

    address private _noDa;

    function setUp() public override {
        _noDa = address(new NoDa());
        super.setUp();
    }

    function test_postBatch_onL1_reverts() public {
        for (uint8 daType = 1; daType < 3; ++daType) {
            uint64 qEnd = inbox.queueCount();
            bytes32 prevAcc = inbox.acc(0);
            bytes32 queueAcc = inbox.queueAcc(qEnd);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IDataAvailability.BadAux.selector, "this chain keeps its data with its committee"
                )
            );
            vm.prank(batcher);
            inbox.postBatch(daType, prevAcc, qEnd, queueAcc, 1, hex"0100");
        }
        _postWith("payload");
        // Messages go on without anybody's data.
        vm.warp(block.timestamp + FORCE_DELAY + FORCE_GRACE + 1);
        inbox.forceInclude();
        vm.assertEq(uint256(inbox.batchCount()), 2);
    }
}
