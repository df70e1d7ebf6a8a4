//! The hashes of `contracts/vectors.json`, which the contracts compute too.

#![allow(clippy::unwrap_used, reason = "test code")]

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use mezz_primitives::{
    Accumulator, BatchHeader, BlobOpening, Boot, Certificate, ContentId, DaType, L1Info,
    MessageKind, OpOutput, Output, OutputHash, PayloadId, ProgramId, ProofKind, QueueAccumulator,
    QueueMessage, SignaturesBoot, SignedCertificate, Statement, Withdrawal, alias, blobs_hash,
    chunk_hashes, content_id, decode_blobs, decode_chunk_hashes, domain, encode_blobs,
    encode_chunk_hashes, op_output_root, opening_point, openings_hash, program_key, query_id,
    release, trimmed, unalias, vector_root,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// One object of the file.
struct Vector(Value);

impl Vector {
    fn load() -> Self {
        Self(serde_json::from_str(include_str!("../../../contracts/vectors.json")).unwrap())
    }

    fn at(&self, name: &str) -> Self {
        Self(self.0[name].clone())
    }

    fn get<T: DeserializeOwned>(&self, name: &str) -> T {
        let value = self.0[name].clone();
        serde_json::from_value(value)
            .unwrap_or_else(|error| panic!("`{name}` in vectors.json: {error}"))
    }
}

#[test]
fn domains() {
    let vectors = Vector::load();
    let check = |name: &str, preimage: &str, actual: B256| {
        assert_eq!(actual, keccak256(preimage), "{name}");
        assert_eq!(actual, vectors.get::<B256>(name), "{name}");
    };
    check("DOMAIN_MESSAGE", "mezzanine.message.v1", domain::MESSAGE);
    check("DOMAIN_QUEUE", "mezzanine.queue.v1", domain::QUEUE);
    check("DOMAIN_HEADER", "mezzanine.header.v1", domain::HEADER);
    check("DOMAIN_BATCH", "mezzanine.batch.v1", domain::BATCH);
    check("DOMAIN_BLOBS", "mezzanine.blobs.v1", domain::BLOBS);
    check("DOMAIN_PAYLOAD", "mezzanine.payload.v1", domain::PAYLOAD);
    check("DOMAIN_COMMITTEE", "mezzanine.committee.v1", domain::COMMITTEE);
    check("DOMAIN_OUTPUT", "mezzanine.output.v1", domain::OUTPUT);
    check("DOMAIN_CONTENT", "mezzanine.content.v1", domain::CONTENT);
    check("DOMAIN_NODE", "mezzanine.node.v1", domain::NODE);
    check("DOMAIN_BOOT", "mezzanine.boot.v1", domain::BOOT);
    check("DOMAIN_STATE", "mezzanine.state.v1", domain::STATE);
    check("DOMAIN_SIGNATURES", "mezzanine.signatures.v1", domain::SIGNATURES);
    check("DOMAIN_PROOF", "mezzanine.proof.v1", domain::PROOF);
    check("DOMAIN_POINT", "mezzanine.point.v1", domain::POINT);
    check("DOMAIN_OPENINGS", "mezzanine.openings.v1", domain::OPENINGS);
    check("DOMAIN_PROGRAM", "mezzanine.program.v1", domain::PROGRAM);
    check("DOMAIN_RELEASE", "mezzanine.release.v1", domain::RELEASE);
    check("DOMAIN_QUERY", "mezzanine.query.v1", domain::QUERY);
}

#[test]
fn queue() {
    let vector = Vector::load().at("message");
    let message = QueueMessage {
        kind: MessageKind::from(vector.get::<u8>("kind")),
        from: vector.get("from"),
        to: vector.get("to"),
        value: vector.get("value"),
        gas: vector.get("gas"),
        data: vector.get("data"),
        l1_block: vector.get("l1Block"),
        l1_time: vector.get("l1Time"),
        index: vector.get("index"),
    };
    assert_eq!(message.hash(), vector.get::<B256>("hash"));
    let genesis = QueueAccumulator::genesis(vector.get("l2ChainId"));
    assert_eq!(genesis, vector.get("queueGenesis"));
    assert_eq!(genesis.push(&message), vector.get("queueNext"));
}

#[test]
fn batch() {
    let vector = Vector::load().at("batch");
    let hashes: Bytes = vector.get("versionedHashes");
    let hashes: Vec<B256> = hashes.chunks(32).map(B256::from_slice).collect();
    let header = BatchHeader {
        unsigned: false,
        version: vector.get("version"),
        da_type: DaType::from(vector.get::<u8>("daType")),
        index: vector.get("index"),
        prev_acc: vector.get("prevAcc"),
        da_hash: blobs_hash(&hashes),
        q_start: vector.get("qStart"),
        q_end: vector.get("qEnd"),
        queue_acc: vector.get("queueAcc"),
        first_block: vector.get("firstBlock"),
        block_count: vector.get("blockCount"),
        l1_block: vector.get("l1Block"),
        l1_time: vector.get("l1Time"),
    };
    assert_eq!(header.da_hash, vector.get::<B256>("daHash"));
    assert_eq!(header.hash(), vector.get::<B256>("headerHash"));
    assert_eq!(header.acc(), vector.get("batchNext"));
    assert_eq!(Accumulator::genesis(vector.get("l2ChainId")), vector.get("batchGenesis"));
}

#[test]
fn committee() {
    let vectors = Vector::load();
    let vector = vectors.at("committee");
    let length: u32 = vector.get("payloadLength");
    let payload: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
    let id = PayloadId::of(&payload).unwrap();
    assert_eq!(id.payload_hash, vector.get::<B256>("payloadHash"));
    assert_eq!(id.da_hash(), vector.get::<B256>("daHash"));
    assert_eq!(
        decode_chunk_hashes(&encode_chunk_hashes(&chunk_hashes(&payload))).unwrap().len(),
        2
    );
    let certificate = Certificate {
        batch_index: vector.get("batchIndex"),
        prev_acc: vector.get("prevAcc"),
        payload: id,
        epoch: vector.get("epoch"),
        expiry: vector.get("expiry"),
    };
    let digest = certificate.digest(vector.get("l1ChainId"), vector.get("inbox"));
    assert_eq!(digest, vector.get::<B256>("digest"));
    let signed = SignedCertificate::decode(&vector.get::<Bytes>("aux")).unwrap();
    assert_eq!(signed.encode(), vector.get::<Bytes>("aux"));
    assert_eq!(
        (signed.payload, signed.epoch, signed.expiry),
        (id, certificate.epoch, certificate.expiry)
    );
    let signature: Bytes = vector.get("signature");
    assert_eq!(signed.signatures, [(0, signature[..].try_into().unwrap())].into());
    let batch = vectors.at("batch");
    let header = BatchHeader {
        unsigned: false,
        version: batch.get("version"),
        da_type: DaType::Committee,
        index: batch.get("index"),
        prev_acc: batch.get("batchGenesis"),
        da_hash: id.da_hash(),
        q_start: batch.get("qStart"),
        q_end: batch.get("qEnd"),
        queue_acc: batch.get("queueAcc"),
        first_block: batch.get("firstBlock"),
        block_count: batch.get("blockCount"),
        l1_block: batch.get("l1Block"),
        l1_time: batch.get("l1Time"),
    };
    assert_eq!(u8::from(header.da_type), 3);
    assert_eq!(header.acc(), vector.get("acc"));
    assert_eq!(header.voided().hash(), vector.get::<B256>("voidHeaderHash"));
    assert_eq!(header.voided().acc(), vector.get("voidAcc"));
}

#[test]
fn output_and_content() {
    let vector = Vector::load().at("output");
    let root = op_output_root(
        vector.get("stateRoot"),
        vector.get("messagePasserStorageRoot"),
        vector.get("blockHash"),
    );
    assert_eq!(root, vector.get::<B256>("outputRoot"));
    let output = Output {
        version: vector.get("version"),
        chain_id: vector.get("chainId"),
        inbox_index: vector.get("inboxIndex"),
        block_in_batch: vector.get("blockInBatch"),
        queue_index: vector.get("queueIndex"),
        number: vector.get("number"),
        timestamp: vector.get("timestamp"),
        output_root: root,
    };
    assert_eq!(output.hash(), vector.get("outputHash"));
    let entries = std::array::from_fn(|index| OutputHash(keccak256(B256::from(U256::from(index)))));
    let vector_root = vector_root(&entries);
    assert_eq!(vector_root, vector.get::<B256>("vectorRoot"));
    let parent: ContentId = vector.get("genesisContentId");
    assert_eq!(
        content_id(parent, vector.get("n1"), vector.get("acc"), vector_root, output.hash()),
        vector.get("contentId")
    );
}

#[test]
fn boot_and_query() {
    let vector = Vector::load().at("fault");
    let boot = Boot {
        chain_id: vector.get("l2ChainId"),
        start: vector.get("start"),
        acc: vector.get("acc"),
        end: vector.get("end"),
        span: vector.get("span"),
    };
    assert_eq!(boot.hash(), vector.get::<B256>("boot"));
    assert_eq!(keccak256(boot.encode()), boot.hash());
    assert_eq!(Boot::decode(&boot.encode()), Some(boot));
    let (content, owner) = (vector.get("content"), vector.get("owner"));
    let top = query_id(content, owner, B256::ZERO, u8::MAX);
    assert_eq!(top, vector.get::<B256>("queryId"));
    assert_eq!(query_id(content, owner, top, 7), vector.get::<B256>("childQueryId"));
}

/// The layout of a state: memory, boot, 64 zero bytes, kind and offset, pc, exited and code, 31 registers.
#[test]
fn machine_state() {
    let vector = Vector::load().at("fault");
    let hash = |state: &[u8]| keccak256([domain::STATE.as_slice(), state].concat());
    let state: Vec<u8> = (0..263u32).map(|index| index.to_be_bytes()[3]).collect();
    assert_eq!(hash(&state), vector.get::<B256>("stateHash"));
    let (memory, boot): (B256, B256) = (vector.get("programMemory"), vector.get("boot"));
    let pc: u32 = vector.get("programPc");
    let initial =
        [memory.as_slice(), boot.as_slice(), &[0; 69], &pc.to_be_bytes(), &[0; 126]].concat();
    assert_eq!(initial.len(), 263);
    assert_eq!(hash(&initial), vector.get::<B256>("initialState"));
}

#[test]
fn withdrawal() {
    let vector = Vector::load().at("withdrawal");
    let withdrawal = Withdrawal {
        nonce: vector.get("nonce"),
        sender: vector.get("sender"),
        target: vector.get("target"),
        value: vector.get("value"),
        gas_limit: vector.get("gasLimit"),
        data: vector.get("data"),
    };
    assert_eq!(withdrawal.hash(), vector.get::<B256>("hash"));
    assert_eq!(withdrawal.storage_slot(), vector.get::<B256>("storageSlot"));
}

#[test]
fn aliasing() {
    let vector = Vector::load().at("alias");
    let (l1, l2): (Address, Address) = (vector.get("l1"), vector.get("l2"));
    assert_eq!(alias(l1), l2);
    assert_eq!(unalias(l2), l1);
    for seed in 0u64..1_000 {
        let address = Address::from_slice(&keccak256(seed.to_be_bytes())[..20]);
        assert_eq!(unalias(alias(address)), address);
        assert_eq!(alias(unalias(address)), address);
    }
    for address in [Address::ZERO, Address::repeat_byte(0xff), Address::repeat_byte(0xee)] {
        assert_eq!(unalias(alias(address)), address);
    }
}

#[test]
fn signatures() {
    let vectors = Vector::load();
    let (vector, batch) = (vectors.at("signatures"), vectors.at("batch"));
    let (da_type, unsigned) = DaType::read(vector.get("daType"));
    assert_eq!((da_type, unsigned), (DaType::Blobs, true));
    let header = BatchHeader {
        unsigned,
        version: batch.get("version"),
        da_type,
        index: batch.get("index"),
        prev_acc: batch.get("prevAcc"),
        da_hash: vector.get("daHash"),
        q_start: batch.get("qStart"),
        q_end: batch.get("qEnd"),
        queue_acc: batch.get("queueAcc"),
        first_block: batch.get("firstBlock"),
        block_count: batch.get("blockCount"),
        l1_block: batch.get("l1Block"),
        l1_time: batch.get("l1Time"),
    };
    assert_eq!(header.hash(), vector.get::<B256>("headerHash"));
    assert_eq!(BatchHeader::decode(&header.encode()), Some(header));
    assert_eq!(header.voided().hash(), vector.get::<B256>("voidHeaderHash"));
    let boot = SignaturesBoot {
        chain_id: vector.get("l2ChainId"),
        acc: vector.get("acc"),
        start: vector.get("start"),
        end: vector.get("end"),
    };
    assert_eq!(boot.hash(), vector.get::<B256>("boot"));
    let boot = boot.hash();
    let statement =
        Statement { kind: ProofKind::Signatures, boot, result: boot, openings: Vec::new() };
    assert_eq!(statement.hash(), vector.get::<B256>("statementWithoutBlobs"));
}

/// One place has one byte, with signatures and without; all other bytes are nobody's.
#[test]
fn a_data_type_is_read_as_it_is_written() {
    for byte in 0..=u8::MAX {
        let (da_type, unsigned) = DaType::read(byte);
        assert_eq!(da_type.write(unsigned), byte);
        assert_eq!(unsigned, [0x11, 0x12, 0x13].contains(&byte));
        let known = unsigned || byte <= 3;
        assert_eq!(!matches!(da_type, DaType::Unknown(_)), known, "{byte}");
    }
}

#[test]
fn kinds_and_data_types_keep_their_byte() {
    for byte in 0..=u8::MAX {
        assert_eq!(u8::from(MessageKind::from(byte)), byte);
        assert_eq!(u8::from(DaType::from(byte)), byte);
    }
}

#[test]
fn l1_info_is_six_words() {
    let words =
        [7, 1_700_000_000, 9, 1, 0xaa, 0xbb].map(|word| U256::from(word).to_be_bytes::<32>());
    let data = words.concat();
    let info = L1Info::decode(&data).unwrap();
    assert_eq!((info.number, info.timestamp), (7, 1_700_000_000));
    assert_eq!((info.base_fee, info.blob_base_fee), (U256::from(9), U256::from(1)));
    assert_eq!(
        (info.parent_hash, info.prev_randao),
        (B256::with_last_byte(0xaa), B256::with_last_byte(0xbb))
    );
    assert_eq!(L1Info::decode(&data[1..]), None);
    assert_eq!(L1Info::decode(&[&data[..], &[0]].concat()), None);
    let huge = [&[1], &data[1..]].concat();
    assert_eq!(L1Info::decode(&huge), None);
}

/// What is hashed is read back, and nothing else is read.
#[test]
fn what_is_hashed_is_read_back() {
    fn check<T: PartialEq + std::fmt::Debug>(
        bytes: &[u8],
        value: T,
        decode: impl Fn(&[u8]) -> Option<T>,
    ) {
        assert_eq!(decode(bytes), Some(value));
        let longer = [bytes, &[0; 32]].concat();
        assert_eq!(decode(&bytes[1..]), None);
        assert_eq!(decode(&longer[..bytes.len() + 1]), None);
        // Another domain is another kind of thing.
        let mut other = bytes.to_vec();
        other[0] ^= 1;
        assert_eq!(decode(&other), None);
    }
    let (one, two) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let message = QueueMessage {
        kind: MessageKind::Unknown(9),
        from: Address::repeat_byte(3),
        to: Address::repeat_byte(4),
        value: U256::MAX,
        gas: u64::MAX,
        data: Bytes::new(),
        l1_block: 5,
        l1_time: 6,
        index: 7,
    };
    check(&message.encode(), (message, keccak256([])), QueueMessage::decode);
    let header = BatchHeader {
        unsigned: false,
        version: 1,
        da_type: DaType::Blobs,
        index: 2,
        prev_acc: Accumulator(one),
        da_hash: two,
        q_start: 3,
        q_end: u64::MAX,
        queue_acc: one,
        first_block: 4,
        block_count: u32::MAX,
        l1_block: 5,
        l1_time: 6,
    };
    check(&header.encode(), header, BatchHeader::decode);
    let output = Output {
        version: 1,
        chain_id: u64::MAX,
        inbox_index: 2,
        block_in_batch: 3,
        queue_index: 4,
        number: 5,
        timestamp: 6,
        output_root: two,
    };
    check(&output.encode(), output, Output::decode);
    let root = OpOutput { state_root: one, message_passer_root: two, block_hash: one };
    check(&root.encode(), root, OpOutput::decode);
    let acc = Accumulator(one);
    check(&acc.link(two), (acc, two), Accumulator::unlink);
    let queue_acc = QueueAccumulator(one);
    check(&queue_acc.link(two), (queue_acc, two), QueueAccumulator::unlink);
    let boot = Boot { chain_id: 1, start: OutputHash(one), acc, end: u64::MAX, span: u32::MAX };
    check(&boot.encode(), boot, Boot::decode);
    assert_eq!(decode_blobs(&encode_blobs(&[one, two])), Some(vec![one, two]));
}

/// A number with a bit outside its field is no such number: one hash, one meaning.
#[test]
fn a_word_that_does_not_fit_its_field_is_refused() {
    let root = OpOutput {
        state_root: B256::ZERO,
        message_passer_root: B256::ZERO,
        block_hash: B256::ZERO,
    };
    let boot = Boot {
        chain_id: 1,
        start: OutputHash(B256::ZERO),
        acc: Accumulator(B256::ZERO),
        end: 2,
        span: 3,
    };
    let refused = |at: usize| {
        let mut bytes = boot.encode().to_vec();
        bytes[at] = 1;
        Boot::decode(&bytes).is_none()
    };
    assert!(refused(32) && refused(32 + 23) && refused(4 * 32) && refused(5 * 32 + 27));
    let mut versioned = root.encode().to_vec();
    versioned[31] = 1;
    assert_eq!(OpOutput::decode(&versioned), None);
}

#[test]
fn proof() {
    let vectors = Vector::load();
    let vector = vectors.at("proof");
    let mut first = Vec::new();
    for index in 0..4_096_u16 {
        let mut element = Sha256::digest(index.to_be_bytes());
        element[0] = 0;
        first.extend(element);
    }
    let blobs = [first, vec![0; 131_072]];
    let posted: Bytes = vector.get("openings");
    let openings: Vec<BlobOpening> = posted
        .chunks(192)
        .zip(&blobs)
        .map(|(opening, blob)| {
            let word = |index: usize| B256::from_slice(&opening[32 * index..32 * (index + 1)]);
            let (versioned_hash, z) = (word(0), word(1));
            assert_eq!(opening_point(versioned_hash, trimmed(blob)), z);
            BlobOpening { versioned_hash, z, y: word(2) }
        })
        .collect();
    assert_eq!(openings_hash(&openings), vector.get::<B256>("openingsHash"));
    let (boot, result) = (vector.get("boot"), vector.get("result"));
    let statement = |kind, openings: &[BlobOpening]| {
        Statement { kind, boot, result, openings: openings.to_vec() }.hash()
    };
    let (span, claim) = (ProofKind::Span, ProofKind::Claim);
    assert_eq!(statement(span, &openings), vector.get::<B256>("spanStatement"));
    assert_eq!(statement(claim, &openings), vector.get::<B256>("claimStatement"));
    let without: B256 = vector.get("statementWithoutBlobs");
    assert!([span, claim].iter().any(|kind| statement(*kind, &[]) == without));
    let key = program_key(vector.get("appExeCommit"), vector.get("appVmCommit"));
    assert_eq!(key, vector.get::<B256>("programKey"));
    let fault = vectors.at("fault");
    let program = ProgramId { memory: fault.get("programMemory"), pc: fault.get("programPc") };
    assert_eq!(release(program, key), vector.get::<B256>("release"));
}
