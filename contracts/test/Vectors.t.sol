// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Aliasing} from "../src/libraries/Aliasing.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {BatchHeader} from "../src/types/Batch.sol";
import {Certificate} from "../src/types/Certificate.sol";
import {Output} from "../src/types/Output.sol";
import {QueueMessage} from "../src/types/Queue.sol";
import {OutputRootProof, WithdrawalTransaction} from "../src/types/Withdrawal.sol";
import {BlsSigner} from "./utils/BlsSigner.sol";
import {Test} from "./utils/Test.sol";
import {vm} from "./utils/Vm.sol";

/// @notice Pins every hash of the protocol in `vectors.json`, which the Rust side asserts too.
///
/// `VECTORS_WRITE=true forge test --match-contract VectorsTest` writes the file; otherwise it must be equal.
contract VectorsTest is Test {
    string private constant FILE = "vectors.json";
    uint64 private constant CHAIN_ID = 901;

    string private _json = "{\n";

    function test_vectors_fileIsEqual() public {
        _domains();
        _queue();
        _batch();
        _output();
        _bridge();
        _fault();
        _committee();
        _bls();
        _proof();
        _signatures();
        _json = string.concat(_json, "\n}\n");
        if (vm.envOr("VECTORS_WRITE", false)) vm.writeFile(FILE, _json);
        vm.assertEq(vm.readFile(FILE), _json, "run: VECTORS_WRITE=true forge test --match-contract VectorsTest");
    }

    function _domains() private {
        _first("DOMAIN_MESSAGE", Hashing.DOMAIN_MESSAGE);
        _hash("DOMAIN_QUEUE", Hashing.DOMAIN_QUEUE);
        _hash("DOMAIN_HEADER", Hashing.DOMAIN_HEADER);
        _hash("DOMAIN_BATCH", Hashing.DOMAIN_BATCH);
        _hash("DOMAIN_BLOBS", Hashing.DOMAIN_BLOBS);
        _hash("DOMAIN_PAYLOAD", Hashing.DOMAIN_PAYLOAD);
        _hash("DOMAIN_COMMITTEE", Hashing.DOMAIN_COMMITTEE);
        _hash("DOMAIN_OUTPUT", Hashing.DOMAIN_OUTPUT);
        _hash("DOMAIN_CONTENT", Hashing.DOMAIN_CONTENT);
        _hash("DOMAIN_NODE", Hashing.DOMAIN_NODE);
        _hash("DOMAIN_BOOT", Hashing.DOMAIN_BOOT);
        _hash("DOMAIN_STATE", Hashing.DOMAIN_STATE);
        _hash("DOMAIN_QUERY", Hashing.DOMAIN_QUERY);
        _hash("DOMAIN_PROOF", Hashing.DOMAIN_PROOF);
        _hash("DOMAIN_OPENINGS", Hashing.DOMAIN_OPENINGS);
        _hash("DOMAIN_POINT", Hashing.DOMAIN_POINT);
        _hash("DOMAIN_PROGRAM", Hashing.DOMAIN_PROGRAM);
        _hash("DOMAIN_RELEASE", Hashing.DOMAIN_RELEASE);
        _hash("DOMAIN_SIGNATURES", Hashing.DOMAIN_SIGNATURES);
    }

    function _queue() private {
        bytes memory data = hex"00112233445566778899";
        QueueMessage memory m = QueueMessage({
            kind: 1,
            from: address(0x1111111111111111111111111111111111111111),
            to: address(0x2222222222222222222222222222222222222222),
            value: 3 ether,
            gas: 4_000_000,
            dataHash: keccak256(data),
            l1Block: 5,
            l1Time: 1_700_000_006,
            index: 7
        });
        bytes32 hash = Hashing.message(m);
        bytes32 genesis = Hashing.queueGenesis(CHAIN_ID);
        _object("message");
        _field("l2ChainId", uint256(CHAIN_ID), true);
        _field("kind", m.kind, false);
        _field("from", vm.toString(m.from));
        _field("to", vm.toString(m.to));
        _field("value", vm.toString(bytes32(m.value)));
        _field("gas", m.gas, false);
        _field("data", vm.toString(data));
        _field("l1Block", m.l1Block, false);
        _field("l1Time", m.l1Time, false);
        _field("index", m.index, false);
        _field("hash", vm.toString(hash));
        _field("queueGenesis", vm.toString(genesis));
        _field("queueNext", vm.toString(Hashing.queueNext(genesis, hash)));
        _close();
    }

    function _batch() private {
        bytes memory versionedHashes = abi.encodePacked(
            bytes32(0x0101010101010101010101010101010101010101010101010101010101010101),
            bytes32(0x0102020202020202020202020202020202020202020202020202020202020202)
        );
        bytes32 genesis = Hashing.batchGenesis(CHAIN_ID);
        BatchHeader memory h = BatchHeader({
            version: 1,
            daType: 2,
            index: 3,
            prevAcc: genesis,
            daHash: Hashing.blobs(versionedHashes),
            qStart: 4,
            qEnd: 9,
            queueAcc: Hashing.queueGenesis(CHAIN_ID),
            firstBlock: 10,
            blockCount: 11,
            l1Block: 12,
            l1Time: 1_700_000_013
        });
        bytes32 hash = Hashing.header(h);
        _object("batch");
        _field("l2ChainId", uint256(CHAIN_ID), true);
        _field("version", h.version, false);
        _field("daType", h.daType, false);
        _field("index", h.index, false);
        _field("prevAcc", vm.toString(h.prevAcc));
        _field("versionedHashes", vm.toString(versionedHashes));
        _field("daHash", vm.toString(h.daHash));
        _field("qStart", h.qStart, false);
        _field("qEnd", h.qEnd, false);
        _field("queueAcc", vm.toString(h.queueAcc));
        _field("firstBlock", h.firstBlock, false);
        _field("blockCount", h.blockCount, false);
        _field("l1Block", h.l1Block, false);
        _field("l1Time", h.l1Time, false);
        _field("headerHash", vm.toString(hash));
        _field("batchGenesis", vm.toString(genesis));
        _field("batchNext", vm.toString(Hashing.batchNext(genesis, hash)));
        _close();
    }

    function _output() private {
        OutputRootProof memory proof = OutputRootProof({
            version: 0,
            stateRoot: keccak256("state root"),
            messagePasserStorageRoot: keccak256("message passer storage root"),
            latestBlockhash: keccak256("block hash")
        });
        Output memory o = Output({
            version: 1,
            chainId: CHAIN_ID,
            inboxIndex: 2,
            blockInBatch: 3,
            queueIndex: 4,
            number: 5,
            timestamp: 1_700_000_006,
            outputRoot: Hashing.outputRoot(proof)
        });
        bytes32 outputHash = Hashing.output(o);
        bytes32 parent = Hashing.content(0, 0, Hashing.batchGenesis(CHAIN_ID), 0, outputHash);
        bytes32[256] memory entries;
        for (uint256 j; j < 256; ++j) {
            entries[j] = keccak256(abi.encode(j));
        }
        bytes32 root = Hashing.vectorRoot(entries);
        _object("output");
        _field("version", uint256(o.version), true);
        _field("chainId", o.chainId, false);
        _field("inboxIndex", o.inboxIndex, false);
        _field("blockInBatch", o.blockInBatch, false);
        _field("queueIndex", o.queueIndex, false);
        _field("number", o.number, false);
        _field("timestamp", o.timestamp, false);
        _field("stateRoot", vm.toString(proof.stateRoot));
        _field("messagePasserStorageRoot", vm.toString(proof.messagePasserStorageRoot));
        _field("blockHash", vm.toString(proof.latestBlockhash));
        _field("outputRoot", vm.toString(o.outputRoot));
        _field("outputHash", vm.toString(outputHash));
        _field("genesisContentId", vm.toString(parent));
        bytes32 acc = keccak256("accumulator");
        _field("n1", 6, false);
        _field("acc", vm.toString(acc));
        _field("vectorEntryRule", "entry j is keccak256 of j as 32 bytes");
        _field("vectorRoot", vm.toString(root));
        _field("contentId", vm.toString(Hashing.content(parent, 6, acc, root, outputHash)));
        _close();
    }

    function _bridge() private {
        WithdrawalTransaction memory w = WithdrawalTransaction({
            nonce: (uint256(1) << 240) | 2,
            sender: address(0x3333333333333333333333333333333333333333),
            target: address(0x4444444444444444444444444444444444444444),
            value: 5 ether,
            gasLimit: 100_000,
            data: hex"aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aa"
        });
        bytes32 hash = Hashing.withdrawal(w);
        _object("withdrawal");
        _json = string.concat(_json, "    \"nonce\": \"", vm.toString(bytes32(w.nonce)), "\"");
        _field("sender", vm.toString(w.sender));
        _field("target", vm.toString(w.target));
        _field("value", vm.toString(bytes32(w.value)));
        _field("gasLimit", vm.toString(bytes32(w.gasLimit)));
        _field("data", vm.toString(w.data));
        _field("hash", vm.toString(hash));
        _field("storageSlot", vm.toString(keccak256(abi.encode(hash, uint256(0)))));
        _close();

        address l1 = address(0xFFFFFfFfFffffFFfFFffFFFffFfFffFfFFFffFF0);
        _object("alias");
        _json = string.concat(_json, "    \"l1\": \"", vm.toString(l1), "\"");
        _field("l2", vm.toString(Aliasing.toL2(l1)));
        _close();
        vm.assertEq(Aliasing.toL1(Aliasing.toL2(l1)), l1);
    }

    function _fault() private {
        bytes32 start = keccak256("start");
        bytes32 acc = keccak256("acc");
        bytes32 boot = Hashing.boot(CHAIN_ID, start, acc, 6, 2);
        bytes32 memoryRoot = keccak256("program memory");
        bytes memory state;
        for (uint256 i; i < 263; ++i) {
            state = bytes.concat(state, bytes1(uint8(i)));
        }
        bytes32 content = keccak256("content");
        address owner = address(0x5555555555555555555555555555555555555555);
        bytes32 top = Hashing.queryId(content, owner, 0, 255);
        _object("fault");
        _field("l2ChainId", uint256(CHAIN_ID), true);
        _field("start", vm.toString(start));
        _field("acc", vm.toString(acc));
        _field("end", 6, false);
        _field("span", 2, false);
        _field("boot", vm.toString(boot));
        _field("programMemory", vm.toString(memoryRoot));
        _field("programPc", 0x1000, false);
        _field("initialState", vm.toString(Hashing.initialState(memoryRoot, 0x1000, boot)));
        _field("stateRule", "byte i of the state is i modulo 256");
        _field("stateHash", vm.toString(Hashing.state(state)));
        _field("content", vm.toString(content));
        _field("owner", vm.toString(owner));
        _field("queryId", vm.toString(top));
        _field("childQueryId", vm.toString(Hashing.queryId(content, owner, top, 7)));
        _close();
    }

    function _committee() private {
        // As many bytes as two chunks need: 98,304 and 1.
        bytes memory chunk = new bytes(98_304);
        for (uint256 i; i < chunk.length; ++i) {
            chunk[i] = bytes1(uint8(i));
        }
        bytes32[] memory hashes = new bytes32[](2);
        hashes[0] = keccak256(chunk);
        hashes[1] = keccak256(hex"00");
        bytes32 genesis = Hashing.batchGenesis(CHAIN_ID);
        Certificate memory c = Certificate({
            batchIndex: 3,
            prevAcc: genesis,
            payloadHash: Hashing.payload(hashes),
            payloadLength: 98_305,
            epoch: 4,
            expiry: 1_700_000_005
        });
        BatchHeader memory h = BatchHeader({
            version: 1,
            daType: 3,
            index: 3,
            prevAcc: genesis,
            daHash: Hashing.committee(c.payloadHash, c.payloadLength),
            qStart: 4,
            qEnd: 9,
            queueAcc: Hashing.queueGenesis(CHAIN_ID),
            firstBlock: 10,
            blockCount: 11,
            l1Block: 12,
            l1Time: 1_700_000_013
        });
        address inbox = address(0x6666666666666666666666666666666666666666);
        bytes32 digest = Hashing.certificate(c, 1, inbox);
        uint256 key = 0x0101010101010101010101010101010101010101010101010101010101010101;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        bytes memory signature = abi.encodePacked(r, s, v);
        _object("committee");
        _field("l1ChainId", 1, true);
        _field("inbox", vm.toString(inbox));
        _field("payloadRule", "98305 bytes, byte i is i modulo 256");
        _field("payloadHash", vm.toString(c.payloadHash));
        _field("payloadLength", c.payloadLength, false);
        _field("batchIndex", c.batchIndex, false);
        _field("prevAcc", vm.toString(c.prevAcc));
        _field("epoch", c.epoch, false);
        _field("expiry", c.expiry, false);
        _field("digest", vm.toString(digest));
        _field("key", vm.toString(bytes32(key)));
        _field("member", vm.toString(vm.addr(key)));
        _field("signature", vm.toString(signature));
        _field(
            "aux",
            vm.toString(abi.encodePacked(c.epoch, c.expiry, c.payloadHash, c.payloadLength, uint24(1), signature))
        );
        _field("daHash", vm.toString(h.daHash));
        _field("headerRule", "the header of batch with daType 3, this daHash and batchGenesis of 901 as prevAcc");
        bytes32 posted = Hashing.batchNext(genesis, Hashing.header(h));
        _field("acc", vm.toString(posted));
        h.daType = 0;
        h.daHash = 0;
        _field("voidHeaderHash", vm.toString(Hashing.header(h)));
        _field("voidAcc", vm.toString(Hashing.batchNext(genesis, Hashing.header(h))));
        _close();
    }

    /// @dev Keys, proofs and signatures of three members of a BLS committee, and what L1 is shown of them.
    function _bls() private {
        Certificate memory c = Certificate({
            batchIndex: 3,
            prevAcc: Hashing.batchGenesis(CHAIN_ID),
            payloadHash: keccak256("payload"),
            payloadLength: 98_305,
            epoch: 4,
            expiry: 1_700_000_005
        });
        address inbox = address(0x6666666666666666666666666666666666666666);
        bytes32 digest = Hashing.certificate(c, 1, inbox);
        _object("bls");
        _field("l1ChainId", 1, true);
        _field("inbox", vm.toString(inbox));
        _field("payloadHash", vm.toString(c.payloadHash));
        _field("payloadLength", c.payloadLength, false);
        _field("batchIndex", c.batchIndex, false);
        _field("prevAcc", vm.toString(c.prevAcc));
        _field("epoch", c.epoch, false);
        _field("expiry", c.expiry, false);
        _field("digest", vm.toString(digest));
        _field("proofDst", string(BlsSigner.PROOF_DST));
        _field("signatureDst", string(BlsSigner.SIGNATURE_DST));
        uint256 sum;
        for (uint256 i; i < 3; ++i) {
            uint256 secret = uint256(keccak256(abi.encode("mezzanine bls vector", i))) % BlsSigner.ORDER;
            sum = addmod(sum, secret, BlsSigner.ORDER);
            address member = address(uint160(uint256(keccak256(abi.encode("mezzanine bls vector", i)))));
            string memory number = vm.toString(i);
            _field(string.concat("secret", number), vm.toString(bytes32(secret)));
            _field(string.concat("member", number), vm.toString(member));
            _field(string.concat("key", number), vm.toString(BlsSigner.keyOf(secret)));
            _field(string.concat("proof", number), vm.toString(BlsSigner.prove(secret, member)));
            _field(string.concat("signature", number), vm.toString(BlsSigner.sign(secret, digest)));
        }
        // The members are 0, 20 and 255 of their committee.
        uint256 signers = 1 | 1 << 20 | 1 << 255;
        bytes memory signature = BlsSigner.sign(sum, digest);
        _field("keySum", vm.toString(BlsSigner.keyOf(sum)));
        _field("signatureSum", vm.toString(signature));
        _field("signers", vm.toString(bytes32(signers)));
        _field(
            "aux", vm.toString(abi.encodePacked(c.epoch, c.expiry, c.payloadHash, c.payloadLength, signers, signature))
        );
        _close();
    }

    /// @dev RFC 9380, J.9.1, the first two vectors.
    function test_hashToG1_isThatOfRfc9380() public view {
        bytes memory dst = "QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_";
        vm.assertEq(
            Bls12381.pack(Bls12381.hashToG1("", dst)),
            hex"052926add2207b76ca4fa57a8734416c8dc95e24501772c814278700eed6d1e4e8cf62d9c09db0fac349612b759e79a1"
            hex"08ba738453bfed09cb546dbb0783dbb3a5f1f566ed67bb6be0e8c67e2e81a4cc68ee29813bb7994998f3eae0c9c6a265"
        );
        vm.assertEq(
            Bls12381.pack(Bls12381.hashToG1("abc", dst)),
            hex"03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903"
            hex"0b9c15f3fe6e5cf4211f346271d7b01c8f3b28be689c8429c85b67af215533311f0b8dfaaa154fa6b88176c229f2885d"
        );
    }

    /// @dev `z` by the spec's rule, over the elements up to the last that is not zero; the values there are c-kzg's, and the precompile's.
    function _proof() private {
        bytes32[2] memory hashes = [
            bytes32(0x011b95cc69fca9bc7f0406752fccf4aa04f465a022130f76bf17e0cd64e48bc4),
            0x010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014
        ];
        bytes32[2] memory values = [bytes32(0x27f7096dd59eb7efcf80afbfd4ec9bb845a2a1f107b88e004a713ffa2112e169), 0];
        bytes[2] memory witnesses = [
            bytes(
                hex"a18277f6f65c7aae6744c27e6d8bb399660bdc2ad408ac87838742e63ca08a208b5656b06f9451ff5bca2bef9388e55d8506b0ae1cb5262ad6963902f4015429bf1c5a6fcb9f60d41335e063f4664d94c718ecc0d049b0ab4d38bc8e45b3dc01"
            ),
            hex"c00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000c00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        ];
        bytes memory blob = new bytes(131_072);
        for (uint256 i; i < 4096; ++i) {
            bytes32 element = sha256(abi.encodePacked(uint16(i))) & ~bytes32(bytes1(0xff));
            assembly ("memory-safe") {
                mstore(add(add(blob, 0x20), shl(5, i)), element)
            }
        }
        bytes32[2] memory points = [Hashing.point(hashes[0], keccak256(blob)), Hashing.point(hashes[1], keccak256(""))];
        bytes32 openings;
        bytes memory list;
        for (uint256 i; i < 2; ++i) {
            bytes memory opening = abi.encodePacked(hashes[i], points[i], values[i], witnesses[i]);
            (bool success, bytes memory answer) = address(0x0a).staticcall(opening);
            vm.assertTrue(success && answer.length == 64, "the precompile refuses it");
            openings = Hashing.openingsNext(openings, hashes[i], points[i], values[i]);
            list = bytes.concat(list, opening);
        }
        bytes32 boot = Hashing.boot(CHAIN_ID, keccak256("start"), keccak256("acc"), 6, 2);
        bytes32 result = keccak256("result");
        bytes32 key = Hashing.programKey(keccak256("exe"), keccak256("vm"));
        _object("proof");
        _field("l2ChainId", uint256(CHAIN_ID), true);
        _field("bootRule", "boot of the object fault");
        _field("boot", vm.toString(boot));
        _field("result", vm.toString(result));
        _field(
            "blobRule",
            "element i of the first blob is sha256 of i as 2 bytes, its first byte zero; the second blob is zeros"
        );
        _field("openings", vm.toString(list));
        _field("openingsRule", "versionedHash, z, y, commitment (48), KZG proof (48) of each blob");
        _field("openingsHash", vm.toString(openings));
        _field("spanStatement", vm.toString(Hashing.statement(0, boot, result, openings)));
        _field("claimStatement", vm.toString(Hashing.statement(1, boot, result, openings)));
        _field("statementWithoutBlobs", vm.toString(Hashing.statement(1, boot, result, 0)));
        _field("appExeCommit", vm.toString(keccak256("exe")));
        _field("appVmCommit", vm.toString(keccak256("vm")));
        _field("programKey", vm.toString(key));
        _field("releaseRule", "programMemory and programPc of the object fault, this programKey");
        _field("release", vm.toString(Hashing.release(keccak256("program memory"), 0x1000, key)));
        _close();
    }

    /// @dev A batch without signatures in blobs, and what a proof of the signatures of three batches shows.
    function _signatures() private {
        bytes32 genesis = Hashing.batchGenesis(CHAIN_ID);
        BatchHeader memory h = BatchHeader({
            version: 1,
            daType: 0x12,
            index: 3,
            prevAcc: genesis,
            daHash: keccak256("data"),
            qStart: 4,
            qEnd: 9,
            queueAcc: Hashing.queueGenesis(CHAIN_ID),
            firstBlock: 10,
            blockCount: 11,
            l1Block: 12,
            l1Time: 1_700_000_013
        });
        bytes32 hash = Hashing.header(h);
        bytes32 acc = Hashing.batchNext(genesis, hash);
        bytes32 boot = Hashing.signatures(CHAIN_ID, acc, 1, 4);
        bytes32 openings = keccak256("openings");
        _object("signatures");
        _field("l2ChainId", uint256(CHAIN_ID), true);
        _field("daType", h.daType, false);
        _field("daHash", vm.toString(h.daHash));
        _field("headerRule", "the header of batch with this daType and daHash");
        _field("headerHash", vm.toString(hash));
        _field("acc", vm.toString(acc));
        _field("start", 1, false);
        _field("end", 4, false);
        _field("boot", vm.toString(boot));
        _field("openingsHash", vm.toString(openings));
        _field("statement", vm.toString(Hashing.statement(2, boot, boot, openings)));
        _field("statementWithoutBlobs", vm.toString(Hashing.statement(2, boot, boot, 0)));
        h.daType = 0;
        h.daHash = 0;
        _field("voidHeaderHash", vm.toString(Hashing.header(h)));
        _close();
    }

    function _first(string memory key, bytes32 value) private {
        _json = string.concat(_json, "  \"", key, "\": \"", vm.toString(value), "\"");
    }

    function _hash(string memory key, bytes32 value) private {
        _json = string.concat(_json, ",\n");
        _first(key, value);
    }

    function _object(string memory key) private {
        _json = string.concat(_json, ",\n  \"", key, "\": {\n");
    }

    function _field(string memory key, uint256 value, bool first) private {
        _json = string.concat(_json, first ? "" : ",\n", "    \"", key, "\": ", vm.toString(value));
    }

    function _field(string memory key, string memory value) private {
        _json = string.concat(_json, ",\n    \"", key, "\": \"", value, "\"");
    }

    function _close() private {
        _json = string.concat(_json, "\n  }");
    }
}
