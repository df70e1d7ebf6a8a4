//! A member that signs two payloads for one place is noticed, and what shows it is kept.

use crate::{
    adversaries::serve,
    world::{INBOX, RETENTION, World, batcher, key, payload},
};
use alloy::{
    hex,
    primitives::{B256, Bytes, U256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use axum::{Router, http::HeaderMap, routing::post};
use mezz_da::{
    CommitteeClient,
    committee::{
        BlsKey, Equivocation, NoEquivocation, SignatureWatch, SignedStatement, Signers,
        read_statements,
    },
};
use mezz_primitives::{Accumulator, Certificate, PayloadId};
use serde_json::json;
use std::{
    fs,
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

/// Signs whatever it is asked for, and keeps nothing.
async fn equivocator(key: PrivateKeySigner) -> String {
    let sign = move |headers: HeaderMap| async move {
        let header = headers["mezzanine-certificate"].to_str().unwrap();
        let mut asked: serde_json::Value = serde_json::from_str(header).unwrap();
        asked["signature"] = "0x".into();
        let asked: SignedStatement = serde_json::from_value(asked).unwrap();
        let digest = asked.certificate.digest(INBOX.l1_chain_id, INBOX.inbox);
        let signature = hex::encode_prefixed(key.sign_hash_sync(&digest).unwrap().as_bytes());
        format!("{{\"member\":\"{}\",\"signature\":\"{signature}\"}}", key.address())
    };
    serve(Router::new().route("/v1/certificates", post(sign))).await
}

fn evidence(folder: &Path) -> Vec<Equivocation> {
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    let read = |file: std::io::Result<fs::DirEntry>| {
        let text = fs::read(file.unwrap().path()).unwrap();
        let [first, second]: [SignedStatement; 2] =
            read_statements(&text).unwrap().try_into().unwrap();
        Equivocation::new(first, second).unwrap()
    };
    files.map(read).collect()
}

/// Waits until so many equivocations were noticed, and a moment longer.
async fn noticed(client: &CommitteeClient, count: u64) {
    for _ in 0..100 {
        if client.metrics().equivocations.load(Relaxed) >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(client.metrics().equivocations.load(Relaxed), count);
}

#[tokio::test]
async fn who_signs_two_payloads_for_one_place_is_noticed() {
    let world = World::new(3, 3).await;
    let mut endpoints = world.endpoints();
    endpoints[0].url = equivocator(world.keys[0].clone()).await;
    let folder = world.path("equivocations");
    let watch = Arc::new(SignatureWatch::new(&folder, RETENTION));
    let client = world.client_of(endpoints, Some(batcher())).watched(watch);

    let [one, other, third] = [1, 2, 3].map(payload);
    let first = world.certificate(7, &one);
    client.certify(&first, &world.committee, 0, &one).await.unwrap();
    // The same once more, for longer: that is no equivocation, and another place is none.
    let longer = Certificate { expiry: first.expiry + 60, ..first };
    client.certify(&longer, &world.committee, 0, &one).await.unwrap();
    let next = world.certificate(8, &other);
    client.certify(&next, &world.committee, 0, &other).await.unwrap();
    noticed(&client, 0).await;
    assert!(!folder.exists());

    let second = world.certificate(7, &other);
    client.certify(&second, &world.committee, 0, &other).await.unwrap_err();
    noticed(&client, 1).await;
    let kept = evidence(&folder);
    let [found] = &kept[..] else { panic!("one file") };
    assert_eq!(found.signers(), Ok(Signers::Member(world.keys[0].address())));
    assert_eq!(found.until(RETENTION), first.expiry.min(second.expiry) - RETENTION);
    let signed = [found.first.certificate.payload, found.second.certificate.payload];
    assert_eq!(signed, [first.payload, second.payload]);
    // It is said once.
    let again = world.certificate(7, &third);
    client.certify(&again, &world.committee, 0, &third).await.unwrap_err();
    noticed(&client, 1).await;

    // What can be posted no more is signed anew by the honest too.
    world.time.pass(800);
    let anew = world.certificate(8, &third);
    client.notice([], world.time.now());
    client.certify(&anew, &world.committee, 0, &third).await.unwrap();
    noticed(&client, 1).await;
    assert_eq!(evidence(&folder).len(), 1);
}

fn signed(key: &PrivateKeySigner, certificate: Certificate) -> SignedStatement {
    let digest = certificate.digest(INBOX.l1_chain_id, INBOX.inbox);
    let signature = key.sign_hash_sync(&digest).unwrap().as_bytes().to_vec().into();
    SignedStatement { inbox: INBOX, certificate, signers: None, signature }
}

#[test]
fn two_statements_are_an_equivocation_or_it_is_said_why_not() {
    let certificate = |batch_index, payload: &[u8]| Certificate {
        batch_index,
        prev_acc: Accumulator(B256::repeat_byte(9)),
        payload: PayloadId::of(payload).unwrap(),
        epoch: 0,
        expiry: RETENTION + 100,
    };
    let one = signed(&key(1), certificate(1, b"one"));
    let check = |other: SignedStatement, expected: Result<Signers, NoEquivocation>| {
        let both = Equivocation::new(one.clone(), other);
        assert_eq!(both.and_then(|both| both.signers()), expected);
    };
    let two = certificate(1, b"two");
    check(signed(&key(1), two), Ok(Signers::Member(key(1).address())));
    check(signed(&key(2), two), Err(NoEquivocation::OtherSigners));
    check(signed(&key(1), certificate(2, b"two")), Err(NoEquivocation::OtherPlaces));
    check(signed(&key(1), Certificate { epoch: 1, ..two }), Err(NoEquivocation::OtherPlaces));
    check(signed(&key(1), certificate(1, b"one")), Err(NoEquivocation::OnePayload));
    let short = SignedStatement { signature: vec![1; 64].into(), ..signed(&key(1), two) };
    check(short, Err(NoEquivocation::NoSignature));
    // Its JSON is what was asked for, and the signature.
    let text = serde_json::to_value(&one).unwrap();
    assert_eq!((&text["batchIndex"], &text["l1ChainId"]), (&json!(1), &json!(31_337)));
    assert_eq!(read_statements(text.to_string().as_bytes()).unwrap(), [one]);
}

#[test]
fn members_that_sign_with_bls_are_found_in_what_both_are_the_sum_of() {
    let statement = |text: &[u8], signers: u64| {
        let certificate = Certificate {
            batch_index: 1,
            prev_acc: Accumulator(B256::ZERO),
            payload: PayloadId::of(text).unwrap(),
            epoch: 1,
            expiry: RETENTION + 100,
        };
        let signature: Bytes = BlsKey::random().sign(B256::ZERO).encode().into();
        SignedStatement { inbox: INBOX, certificate, signers: Some(U256::from(signers)), signature }
    };
    let both = |ones, others| Equivocation::new(statement(b"one", ones), statement(b"two", others));
    assert_eq!(both(0b0111, 0b1100).unwrap().signers(), Ok(Signers::Bls(U256::from(0b0100))));
    assert_eq!(both(0b0011, 0b1100), Err(NoEquivocation::OtherSigners));
}

/// A batch that was posted, taken back by a reorganization, and posted with other data in its place.
#[tokio::test]
async fn what_was_posted_says_who_signed_it() {
    let world = World::new(3, 2).await;
    let (one, other) = (payload(1), payload(2));
    let certificate = world.certificate(4, &one);
    let posted =
        world.client().certify(&certificate, &world.committee, 0, &one).await.unwrap().encode();
    let statements = SignedStatement::of_posted(INBOX, 4, certificate.prev_acc, &posted);
    let signers: Vec<_> = statements.iter().map(|one| one.signers().unwrap()).collect();
    assert_eq!(signers.len(), 2);
    let ours =
        |signer: &Signers| world.keys.iter().any(|key| *signer == Signers::Member(key.address()));
    assert!(signers.iter().all(ours), "{signers:?}");

    let folder = world.path("equivocations");
    let watch = Arc::new(SignatureWatch::new(&folder, RETENTION));
    let client = world.client().watched(watch);
    client.notice(statements, world.time.now());
    let culprit = world.keys.iter().find(|key| signers[0] == Signers::Member(key.address()));
    client.notice([signed(culprit.unwrap(), world.certificate(4, &other))], world.time.now());
    noticed(&client, 1).await;
    assert_eq!(evidence(&folder).len(), 1);
    assert!(SignedStatement::of_posted(INBOX, 4, certificate.prev_acc, b"garbage").is_empty());
}
