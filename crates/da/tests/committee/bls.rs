//! A committee of more than 20 members: keys, proofs of possession, one signature of many.

use crate::{
    adversaries::serve,
    world::{INBOX, World, batcher, payload},
};
use alloy::{
    hex,
    primitives::{Address, B256, Bytes, U256},
};
use axum::{Json, Router, routing::post};
use mezz_da::{
    CommitteeClient, Error, MemberFault,
    committee::{
        BlsCertificate, BlsCommittee, BlsKey, BlsPublicKey, BlsRegistration, BlsSignature,
        CertificateHead, MemberStatus, SignerConfig,
    },
};
use mezz_primitives::{Accumulator, Certificate, PayloadId, SignedCertificate};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

fn bls_key(index: usize) -> BlsKey {
    BlsKey::from_bytes(&B256::with_last_byte(index as u8 + 1)).unwrap()
}

/// Members with BLS keys that run, and their committee.
async fn large(count: u8, threshold: u16) -> (World, BlsCommittee, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let mut world = World::none(count);
    let mut members = Vec::new();
    for index in 0..usize::from(count) {
        let key = bls_key(index);
        let file = directory.path().join(format!("{index}.bls"));
        fs::write(&file, format!("{}\n", key.to_bytes())).unwrap();
        let mut config = world.config(index);
        config.bls_key_file = Some(file);
        world.start(index, config).await;
        members.push((world.keys[index].address(), key.public()));
    }
    (world, BlsCommittee { members, threshold, mandatory: U256::ZERO }, directory)
}

/// One signature, which is that of exactly its signers.
fn assert_signed(committee: &BlsCommittee, certificate: &Certificate, signed: &BlsCertificate) {
    let digest = certificate.digest(INBOX.l1_chain_id, INBOX.inbox);
    let signers = (0..committee.members.len()).filter(|index| signed.signers.bit(*index));
    let each: Vec<_> = signers.map(|index| bls_key(index).sign(digest)).collect();
    assert_eq!(BlsSignature::sum(&each), Some(signed.signature));
    assert_eq!(BlsCertificate::decode(&signed.encode()).as_ref(), Some(signed));
    assert_eq!(CertificateHead::decode(&signed.encode()), Some(signed.head));
    assert_eq!(SignedCertificate::decode(&signed.encode()), None);
}

#[tokio::test]
async fn fourteen_of_twenty_one_sign_once() {
    let (mut world, committee, _keys) = large(21, 14).await;
    assert_eq!(committee.fault(), None);
    let bytes = payload(1);
    let certificate = world.certificate(7, &bytes);
    let client = world.client();
    let signed = client.certify_bls(&certificate, &committee, U256::ZERO, &bytes).await.unwrap();
    assert!(signed.signers.count_ones() >= 14);
    assert_signed(&committee, &certificate, &signed);
    assert_eq!(signed.encode().len(), BlsCertificate::SIZE);
    assert_eq!(client.fetch(&certificate.payload).await.unwrap(), bytes);

    // The log holds for these signatures too.
    let other = payload(2);
    let conflicting = world.certificate(7, &other);
    let error = client.certify_bls(&conflicting, &committee, U256::ZERO, &other).await.unwrap_err();
    assert!(error.to_string().contains("conflict"), "{error}");

    // Mandatory and revoked ones.
    let committee = BlsCommittee { mandatory: U256::from(1) << 20, ..committee };
    let certificate = world.certificate(8, &bytes);
    let revoked = U256::from(0x7f);
    let signed = client.certify_bls(&certificate, &committee, revoked, &bytes).await.unwrap();
    assert_eq!(signed.signers, U256::from(0x1f_ff80));
    assert_signed(&committee, &certificate, &signed);
    world.stop(20).await;
    let certificate = world.certificate(9, &bytes);
    let error =
        world.client().certify_bls(&certificate, &committee, U256::ZERO, &bytes).await.unwrap_err();
    let Error::Uncertified { missing, threshold: 14, .. } = &error else { panic!("{error}") };
    assert!(missing.iter().any(|answer| answer.member == world.keys[20].address()));
}

#[tokio::test]
async fn a_member_shows_its_key_with_the_proof_that_l1_takes() {
    let (world, committee, _keys) = large(21, 14).await;
    let url = format!("{}/v1/member", world.url(3));
    let status: MemberStatus = reqwest_json(&url).await;
    let key = BlsPublicKey::decode(&status.bls_key.unwrap()).unwrap();
    let proof = BlsSignature::decode(&status.bls_proof.unwrap()).unwrap();
    assert_eq!((status.address, key), committee.members[3]);
    assert!(key.verify_proof(status.address, &proof));
    assert!(!key.verify_proof(world.keys[4].address(), &proof));
    assert!(!committee.members[4].1.verify_proof(status.address, &proof));
}

async fn reqwest_json<T: DeserializeOwned>(url: &str) -> T {
    let answer = alloy::transports::http::reqwest::get(url).await.unwrap();
    answer.json().await.unwrap()
}

#[test]
fn what_l1_is_told_of_a_key_is_in_the_members_configuration() {
    let world = World::none(1);
    let mut config = world.config(0);
    assert!(config.registration().unwrap().is_none());
    let (account, bls) = (world.path("member.key"), world.path("member.bls"));
    fs::write(&account, world.keys[0].to_bytes().to_string()).unwrap();
    fs::write(&bls, "0x00").unwrap();
    config.signer = SignerConfig::KeyFile(account);
    config.bls_key_file = Some(bls.clone());
    assert!(config.registration().unwrap_err().to_string().contains("holds no BLS key"));
    let key = BlsKey::random();
    fs::write(&bls, key.to_bytes().to_string()).unwrap();
    let registration = config.registration().unwrap().unwrap();
    assert_eq!(registration, BlsRegistration::new(world.keys[0].address(), &key));
    assert!(registration.is_sound());
    let other = BlsRegistration { member: batcher().address(), ..registration.clone() };
    assert!(!other.is_sound());
    assert!(!BlsRegistration { proof: Bytes::new(), ..registration }.is_sound());
}

#[tokio::test]
async fn without_the_key_a_member_says_so() {
    let world = World::new(1, 1).await;
    let committee = one_running(&world);
    let bytes = payload(1);
    let certificate = world.certificate(0, &bytes);
    let error =
        world.client().certify_bls(&certificate, &committee, U256::ZERO, &bytes).await.unwrap_err();
    let fault = fault_of(&error, world.keys[0].address());
    assert!(
        matches!(fault, MemberFault::Refused { status: 400, code, .. } if code == "no-bls-key")
    );
    // Nor has it promised anything.
    assert_eq!(world.members[0].as_ref().unwrap().store().size(), (0, 0));
}

/// What other keys sign, or nothing at all, does not spoil the sum.
#[tokio::test]
async fn a_wrong_signature_is_its_own_members_fault() {
    let (world, committee, _keys) = large(21, 20).await;
    let bytes = payload(1);
    let certificate = world.certificate(0, &bytes);
    let liar = committee.members[5].0;
    for signature in [
        bls_key(6).sign(certificate.digest(INBOX.l1_chain_id, INBOX.inbox)).encode().to_vec(),
        bls_key(5).sign(B256::ZERO).encode().to_vec(),
        vec![0; 96],
        vec![0xff; 96],
    ] {
        let answer = json!({ "member": liar, "signature": hex::encode_prefixed(signature) });
        let router = Router::new()
            .route("/v1/certificates", post(async move || Json(answer)))
            .layer(axum::extract::DefaultBodyLimit::disable());
        let mut endpoints = world.endpoints();
        endpoints[5].url = serve(router).await;
        let client: CommitteeClient = world.client_of(endpoints, Some(batcher()));
        let signed =
            client.certify_bls(&certificate, &committee, U256::ZERO, &bytes).await.unwrap();
        assert_signed(&committee, &certificate, &signed);
        assert!(!signed.signers.bit(5));
        let all = BlsCommittee { threshold: 21, ..committee.clone() };
        let error = client.certify_bls(&certificate, &all, U256::ZERO, &bytes).await.unwrap_err();
        assert_eq!(fault_of(&error, liar), &MemberFault::WrongSignature);
    }
}

fn fault_of(error: &Error, member: Address) -> &MemberFault {
    let Error::Uncertified { missing, .. } = error else { panic!("{error}") };
    &missing.iter().find(|answer| answer.member == member).expect("it is named").fault
}

/// A committee of 21 with one that runs among them.
fn one_running(world: &World) -> BlsCommittee {
    let others = (1..=20).map(Address::repeat_byte);
    let mut members: Vec<_> = others.chain([world.keys[0].address()]).collect();
    members.sort();
    let members =
        members.into_iter().zip(0..).map(|(member, index)| (member, bls_key(index).public()));
    BlsCommittee { members: members.collect(), threshold: 1, mandatory: U256::ZERO }
}

/// The keys, proofs and signatures that the contracts' tests make with L1's precompiles.
#[test]
fn vectors_are_those_of_the_contracts() {
    let file: Value =
        serde_json::from_str(include_str!("../../../../contracts/vectors.json")).unwrap();
    let get = |name: &str| file["bls"][name].clone();
    fn read<T: DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }
    let certificate = Certificate {
        batch_index: read(get("batchIndex")),
        prev_acc: Accumulator(read(get("prevAcc"))),
        payload: PayloadId {
            payload_hash: read(get("payloadHash")),
            payload_length: read(get("payloadLength")),
        },
        epoch: read(get("epoch")),
        expiry: read(get("expiry")),
    };
    let digest = certificate.digest(read(get("l1ChainId")), read(get("inbox")));
    assert_eq!(digest, read::<B256>(get("digest")));
    let bytes = |name: &str, index: usize| read::<Bytes>(get(&format!("{name}{index}")));
    let mut signatures = Vec::new();
    for index in 0..3 {
        let key = BlsKey::from_bytes(&read(get(&format!("secret{index}")))).unwrap();
        let member: Address = read(get(&format!("member{index}")));
        let public = key.public();
        assert_eq!(public.encode()[..], bytes("key", index)[..]);
        assert_eq!(BlsPublicKey::decode(&bytes("key", index)), Some(public));
        assert_eq!(key.prove(member).encode()[..], bytes("proof", index)[..]);
        assert_eq!(key.sign(digest).encode()[..], bytes("signature", index)[..]);
        assert!(public.verify(digest, &key.sign(digest)));
        assert!(public.verify_proof(member, &key.prove(member)));
        signatures.push(key.sign(digest));
    }
    let signature = BlsSignature::sum(&signatures).unwrap();
    assert_eq!(signature.encode()[..], read::<Bytes>(get("signatureSum"))[..]);
    let sum = BlsPublicKey::decode(&read::<Bytes>(get("keySum"))).unwrap();
    assert!(sum.verify(digest, &signature));
    let Certificate { payload, epoch, expiry, .. } = certificate;
    let head = CertificateHead { payload, epoch, expiry };
    let signed = BlsCertificate { head, signers: read(get("signers")), signature };
    assert_eq!(signed.encode(), read::<Bytes>(get("aux")));
    assert_eq!(CertificateHead::decode(&signed.encode()), Some(head));
}

#[test]
fn what_is_no_point_is_not_read() {
    let key = bls_key(0);
    let public = key.public().encode();
    let signature = key.sign(B256::ZERO).encode();
    assert!(BlsPublicKey::decode(&public).is_some() && BlsSignature::decode(&signature).is_some());
    assert_eq!(BlsPublicKey::decode(&[0; 192]), None);
    assert_eq!(BlsSignature::decode(&[0; 96]), None);
    assert_eq!(BlsPublicKey::decode(&public[..191]), None);
    assert_eq!(BlsSignature::decode(&signature[..48]), None);
    // Flags of other encodings, which L1 does not know.
    for flag in [0x20, 0x40, 0x80] {
        let (mut key, mut point) = (public, signature);
        // The first half is the second of the usual form.
        key[48] |= flag;
        point[0] |= flag;
        assert_eq!(BlsPublicKey::decode(&key), None, "{flag:#x}");
        assert_eq!(BlsSignature::decode(&point), None, "{flag:#x}");
    }
    let mut infinity = [0; 96];
    infinity[0] = 0x40;
    assert_eq!(BlsSignature::decode(&infinity), None);
    // On the curve, and not in the subgroup.
    let mut outside = [0; 96];
    hex::decode_to_slice(
        "0a989badd40d6212b33cffc3f3763e9bc760f988c9926b26da9dd85e928483446346b8ed00e1de5d5ea93e354abe706c",
        &mut outside[48..],
    )
    .unwrap();
    outside[47] = 4;
    assert_eq!(BlsSignature::decode(&outside), None);
    assert!(BlsKey::from_bytes(&B256::ZERO).is_none());
    assert!(BlsKey::from_bytes(&B256::repeat_byte(0xff)).is_none());
}

#[test]
fn a_committee_says_what_is_wrong_with_it() {
    let of = |count: u8, threshold: u16, mandatory: u64| {
        let members = (1..=count)
            .map(|index| (Address::repeat_byte(index), bls_key(index.into()).public()))
            .collect();
        BlsCommittee { members, threshold, mandatory: U256::from(mandatory) }
    };
    assert_eq!(of(21, 14, 0x10_0000).fault(), None);
    assert_eq!(of(21, 21, 0x1f_ffff).fault(), None);
    let mut unordered = of(21, 14, 0);
    unordered.members.swap(3, 4);
    for wrong in
        [of(20, 14, 0), of(21, 0, 0), of(21, 22, 0), of(21, 14, 0x20_0000), of(21, 2, 7), unordered]
    {
        assert!(wrong.fault().is_some());
    }
    let right = of(21, 14, 0);
    let members: Vec<_> = right.members.iter().map(|(member, _)| *member).collect();
    let keys: Vec<_> = right.members.iter().flat_map(|(_, key)| key.encode()).collect();
    assert_eq!(BlsCommittee::new(&members, &keys, 14, U256::ZERO), Some(right));
    assert_eq!(BlsCommittee::new(&members, &keys[192..], 14, U256::ZERO), None);
    assert_eq!(BlsCommittee::new(&members, &keys[1..], 14, U256::ZERO), None);
}
