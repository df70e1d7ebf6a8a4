// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BatchHeader} from "../types/Batch.sol";
import {Certificate} from "../types/Certificate.sol";
import {Output} from "../types/Output.sol";
import {QueueMessage} from "../types/Queue.sol";
import {OutputRootProof, WithdrawalTransaction} from "../types/Withdrawal.sol";
import {Constants} from "./Constants.sol";

/// @notice Every hash of the protocol: `keccak256(abi.encode(DOMAIN, ...))` with a domain of its own for each type.
///
/// All fields are of fixed size, so an encoding has one reading only. The Rust side has the same functions; both assert
/// `vectors.json`.
library Hashing {
    bytes32 internal constant DOMAIN_MESSAGE = keccak256("mezzanine.message.v1");
    bytes32 internal constant DOMAIN_QUEUE = keccak256("mezzanine.queue.v1");
    bytes32 internal constant DOMAIN_HEADER = keccak256("mezzanine.header.v1");
    bytes32 internal constant DOMAIN_BATCH = keccak256("mezzanine.batch.v1");
    bytes32 internal constant DOMAIN_BLOBS = keccak256("mezzanine.blobs.v1");
    bytes32 internal constant DOMAIN_PAYLOAD = keccak256("mezzanine.payload.v1");
    bytes32 internal constant DOMAIN_COMMITTEE = keccak256("mezzanine.committee.v1");
    bytes32 internal constant DOMAIN_OUTPUT = keccak256("mezzanine.output.v1");
    bytes32 internal constant DOMAIN_CONTENT = keccak256("mezzanine.content.v1");
    bytes32 internal constant DOMAIN_NODE = keccak256("mezzanine.node.v1");
    bytes32 internal constant DOMAIN_BOOT = keccak256("mezzanine.boot.v1");
    bytes32 internal constant DOMAIN_STATE = keccak256("mezzanine.state.v1");
    bytes32 internal constant DOMAIN_QUERY = keccak256("mezzanine.query.v1");
    bytes32 internal constant DOMAIN_PROOF = keccak256("mezzanine.proof.v1");
    bytes32 internal constant DOMAIN_OPENINGS = keccak256("mezzanine.openings.v1");
    bytes32 internal constant DOMAIN_POINT = keccak256("mezzanine.point.v1");
    bytes32 internal constant DOMAIN_PROGRAM = keccak256("mezzanine.program.v1");
    bytes32 internal constant DOMAIN_RELEASE = keccak256("mezzanine.release.v1");
    bytes32 internal constant DOMAIN_SIGNATURES = keccak256("mezzanine.signatures.v1");
    /// @dev The order of the field of a blob's elements (EIP-4844).
    uint256 private constant BLOB_FIELD = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    bytes32 internal constant EIP712_DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 internal constant CERTIFICATE_TYPE = keccak256(
        "Certificate(uint64 batchIndex,bytes32 prevAcc,bytes32 payloadHash,uint32 payloadLength,uint64 epoch,uint64 expiry)"
    );
    bytes32 internal constant CERTIFICATE_NAME = keccak256("Mezzanine data committee");
    bytes32 internal constant CERTIFICATE_VERSION = keccak256("1");

    /// @notice Hash of one queue message.
    function message(QueueMessage memory m) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_MESSAGE, m));
    }

    /// @notice The queue chain before its first message.
    function queueGenesis(uint64 l2ChainId) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_QUEUE, bytes32(0), bytes32(uint256(l2ChainId))));
    }

    /// @notice The queue chain after one more message.
    function queueNext(bytes32 acc, bytes32 messageHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_QUEUE, acc, messageHash));
    }

    /// @notice Hash of one batch header.
    function header(BatchHeader memory h) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_HEADER, h));
    }

    /// @notice The batch chain before its first batch.
    function batchGenesis(uint64 l2ChainId) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_BATCH, bytes32(0), bytes32(uint256(l2ChainId))));
    }

    /// @notice The batch chain after one more batch.
    function batchNext(bytes32 acc, bytes32 headerHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_BATCH, acc, headerHash));
    }

    /// @notice What a batch in blobs commits to. `versionedHashes` are packed, 32 bytes each.
    function blobs(bytes memory versionedHashes) internal pure returns (bytes32) {
        return keccak256(bytes.concat(DOMAIN_BLOBS, versionedHashes));
    }

    /// @notice Hash of a committee's payload by the hashes of its chunks.
    function payload(bytes32[] memory chunkHashes) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(DOMAIN_PAYLOAD, chunkHashes));
    }

    /// @notice What a batch with a committee commits to.
    function committee(bytes32 payloadHash, uint32 payloadLength) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_COMMITTEE, payloadHash, payloadLength));
    }

    /// @notice What a member of a committee signs for a batch of `inbox` (EIP-712).
    function certificate(Certificate memory c, uint256 l1ChainId, address inbox) internal pure returns (bytes32) {
        bytes32 domain =
            keccak256(abi.encode(EIP712_DOMAIN_TYPE, CERTIFICATE_NAME, CERTIFICATE_VERSION, l1ChainId, inbox));
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(abi.encode(CERTIFICATE_TYPE, c))));
    }

    /// @notice Hash of one output.
    function output(Output memory o) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_OUTPUT, o));
    }

    /// @notice The id of a claim's content.
    function content(bytes32 parentId, uint64 n1, bytes32 acc, bytes32 vectorRoot_, bytes32 outputHash)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(DOMAIN_CONTENT, parentId, n1, acc, vectorRoot_, outputHash));
    }

    /// @notice Root of the binary Merkle tree of depth 8 over a claim's entries.
    function vectorRoot(bytes32[256] memory entries) internal pure returns (bytes32) {
        bytes32 domain = DOMAIN_NODE;
        // Folded in place: the caller's copy in memory is used up. Each node is keccak256(domain || left || right).
        assembly ("memory-safe") {
            let scratch := mload(0x40)
            mstore(scratch, domain)
            for { let width := 128 } width { width := shr(1, width) } {
                for { let i := 0 } lt(i, width) { i := add(i, 1) } {
                    mcopy(add(scratch, 0x20), add(entries, shl(6, i)), 0x40)
                    mstore(add(entries, shl(5, i)), keccak256(scratch, 0x60))
                }
            }
        }
        return entries[0];
    }

    /// @notice The root that `entry` at `index` and its eight siblings, from the bottom, lead to.
    function vectorRootFrom(uint256 index, bytes32 entry, bytes32[] calldata proof)
        internal
        pure
        returns (bytes32 node)
    {
        node = entry;
        for (uint256 i; i < proof.length; ++i) {
            bool right = (index >> i) & 1 == 1;
            (bytes32 first, bytes32 second) = right ? (proof[i], node) : (node, proof[i]);
            node = keccak256(abi.encode(DOMAIN_NODE, first, second));
        }
    }

    /// @notice Everything that a run of the program may depend on.
    function boot(uint64 l2ChainId, bytes32 startOutputHash, bytes32 acc, uint64 end, uint32 span)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(DOMAIN_BOOT, l2ChainId, startOutputHash, acc, end, span));
    }

    /// @notice Hash of a state of the machine, which has 263 bytes.
    function state(bytes memory encoded) internal pure returns (bytes32) {
        return keccak256(bytes.concat(DOMAIN_STATE, encoded));
    }

    /// @notice Hash of the state that a run of the program starts from.
    function initialState(bytes32 programMemory, uint32 programPc, bytes32 boot_) internal pure returns (bytes32) {
        bytes memory encoded = abi.encodePacked(programMemory, boot_, new bytes(69), programPc, new bytes(126));
        return state(encoded);
    }

    /// @notice The id of a doubt about entry `index` of the vector that answered `parentNode`; zero stands for the claim's own vector.
    function queryId(bytes32 contentId, address owner, bytes32 parentNode, uint8 index)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(DOMAIN_QUERY, contentId, owner, parentNode, index));
    }

    /// @notice What a validity proof shows: the only public value of every proof, whatever the proof system.
    function statement(uint8 kind, bytes32 boot_, bytes32 result, bytes32 openings) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_PROOF, kind, boot_, result, openings));
    }

    /// @notice Everything that a run over the signatures of the batches `start..end` may depend on; `acc` is the batch chain after them,
    /// as they were posted.
    function signatures(uint64 l2ChainId, bytes32 acc, uint64 start, uint64 end) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_SIGNATURES, l2ChainId, acc, start, end));
    }

    /// @notice The blobs that a run has read, after one more of them; zero stands for none.
    function openingsNext(bytes32 openings, bytes32 versionedHash, bytes32 z, bytes32 y)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(DOMAIN_OPENINGS, openings, versionedHash, z, y));
    }

    /// @notice Where a run evaluates the polynomial of a blob; `blobHash` is keccak256 of its elements as the run has read them, up to the last that is not zero.
    function point(bytes32 versionedHash, bytes32 blobHash) internal pure returns (bytes32 z) {
        return bytes32(uint256(keccak256(abi.encode(DOMAIN_POINT, versionedHash, blobHash))) % BLOB_FIELD);
    }

    /// @notice What a proof system knows the program by: OpenVM's commitments to the executable and to the machine.
    function programKey(bytes32 appExeCommit, bytes32 appVmCommit) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_PROGRAM, appExeCommit, appVmCommit));
    }

    /// @notice One build of the program, for the machine and for the proof system.
    function release(bytes32 programMemory, uint32 programPc, bytes32 key) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_RELEASE, programMemory, programPc, key));
    }

    /// @notice OP's output root of version 0.
    function outputRoot(OutputRootProof memory proof) internal pure returns (bytes32) {
        return keccak256(abi.encode(proof));
    }

    /// @notice OP's hash of a withdrawal.
    function withdrawal(WithdrawalTransaction memory w) internal pure returns (bytes32) {
        return keccak256(abi.encode(w.nonce, w.sender, w.target, w.value, w.gasLimit, w.data));
    }
}
