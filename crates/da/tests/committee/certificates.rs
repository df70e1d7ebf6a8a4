//! Certificates: who signs, who is missing, and never two payloads for one place.

use crate::world::{Dying, INBOX, RETENTION, World, batcher, key, payload};
use alloy::primitives::Signature;
use mezz_da::{Error, MemberFault};
use mezz_primitives::{Certificate, SignedCertificate};
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

/// Each signature is that of its member over the certificate, as L1 checks it.
fn assert_signed(world: &World, certificate: &Certificate, signed: &SignedCertificate) {
    let digest = certificate.digest(INBOX.l1_chain_id, INBOX.inbox);
    for (index, bytes) in &signed.signatures {
        let signature = Signature::from_raw_array(bytes).unwrap();
        assert!(matches!(bytes[64], 27 | 28) && signature.normalize_s().is_none());
        let member = signature.recover_address_from_prehash(&digest).unwrap();
        assert_eq!(member, world.committee.members[usize::from(*index)]);
    }
    assert_eq!(SignedCertificate::decode(&signed.encode()).as_ref(), Some(signed));
}

fn refusal(error: &Error, world: &World, index: usize) -> (u16, String) {
    let Error::Uncertified { missing, .. } = error else { panic!("{error}") };
    let member = world.keys[index].address();
    match &missing.iter().find(|answer| answer.member == member).expect("it is named").fault {
        MemberFault::Refused { status, code, message } => {
            assert!(!message.is_empty());
            (*status, code.clone())
        }
        fault => panic!("{fault}"),
    }
}

#[tokio::test]
async fn three_of_five_sign_and_all_five_keep() {
    let world = World::new(5, 3).await;
    let bytes = payload(1);
    let certificate = world.certificate(7, &bytes);
    let client = world.client();
    let signed = client.certify(&certificate, &world.committee, 0, &bytes).await.unwrap();
    assert_eq!(signed.signatures.len(), 3);
    assert_signed(&world, &certificate, &signed);
    assert_eq!(client.metrics().certified.load(Relaxed), 1);
    assert!(client.metrics().certificate_micros_last.load(Relaxed) > 0);
    // Those that are slower than the threshold get the payload all the same.
    for member in world.members.iter().flatten() {
        let start = Instant::now();
        let kept = loop {
            assert!(start.elapsed() < Duration::from_secs(5));
            match member.store().kept(certificate.payload.payload_hash) {
                Some(kept) => break kept,
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        assert_eq!(kept.expiry, Some(certificate.expiry));
        assert_eq!(member.store().get(&certificate.payload).as_ref(), Some(&bytes));
    }
    let start = Instant::now();
    while client.metrics().signers_last.load(Relaxed) < 5 {
        assert!(start.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(world.client().fetch(&certificate.payload).await.unwrap(), bytes);
}

#[tokio::test]
async fn one_short_of_the_threshold_names_who_is_missing() {
    let mut world = World::new(5, 4).await;
    let endpoints = world.endpoints();
    world.stop(1).await;
    world.stop(3).await;
    let bytes = payload(1);
    let certificate = world.certificate(7, &bytes);
    let client = world.client_of(endpoints, Some(batcher()));
    let error = client.certify(&certificate, &world.committee, 0, &bytes).await.unwrap_err();
    let Error::Uncertified { signed, threshold, missing, batch } = &error else {
        panic!("{error}")
    };
    assert!((*batch, *threshold) == (7, 4) && *signed <= 3);
    for index in [1, 3] {
        let member = world.keys[index].address();
        let answer = missing.iter().find(|answer| answer.member == member).unwrap();
        assert!(matches!(answer.fault, MemberFault::Unreachable(_)), "{}", answer.fault);
        assert!(error.to_string().contains(&member.to_string()), "{error}");
        assert_eq!(client.metrics().members()[&member].missing.load(Relaxed), 1);
    }
    assert_eq!(client.metrics().uncertified.load(Relaxed), 1);
}

#[tokio::test]
async fn a_mandatory_member_must_be_among_them() {
    let mut world = World::new(4, 2).await;
    world.committee.mandatory = 0b1000;
    let (bytes, all) = (payload(1), world.endpoints());
    let certificate = world.certificate(0, &bytes);
    let client = world.client_of(all.clone(), Some(batcher()));
    let signed = client.certify(&certificate, &world.committee, 0, &bytes).await.unwrap();
    assert!(signed.signatures.contains_key(&3));
    assert_eq!(signed.signatures.len(), 2);

    world.stop(3).await;
    let certificate = world.certificate(1, &bytes);
    let error = client.certify(&certificate, &world.committee, 0, &bytes).await.unwrap_err();
    let Error::Uncertified { missing, .. } = &error else { panic!("{error}") };
    let member = world.keys[3].address();
    assert!(missing.iter().any(|answer| answer.member == member), "{error}");

    // Without an endpoint, or revoked, it is named at once and nobody is waited for.
    let start = Instant::now();
    let client = world.client_of(all[..3].to_vec(), Some(batcher()));
    let error = client.certify(&certificate, &world.committee, 0, &bytes).await.unwrap_err();
    assert!(error.to_string().contains("has no endpoint"), "{error}");
    let client = world.client_of(all, Some(batcher()));
    let error = client.certify(&certificate, &world.committee, 0b1000, &bytes).await.unwrap_err();
    assert!(error.to_string().contains("is revoked"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn who_asks_what_is_checked_in_order() {
    let mut world = World::new(1, 1).await;
    let (bytes, client) = (payload(1), world.client());
    let right = world.certificate(0, &bytes);
    let ask = async |client: &mezz_da::CommitteeClient, certificate: &Certificate| {
        client.certify(certificate, &world.committee, 0, &bytes).await.unwrap_err()
    };
    let stranger = world.client_of(world.endpoints(), Some(key(99)));
    let nobody = world.client_of(world.endpoints(), None);
    let expected = |code: &str| (401, code.to_owned());
    assert_eq!(refusal(&ask(&stranger, &right).await, &world, 0), expected("unknown-batcher"));
    assert_eq!(refusal(&ask(&nobody, &right).await, &world, 0), expected("unsigned"));
    for expiry in [right.expiry - 601, right.expiry - 600 + 86_401] {
        let error = ask(&client, &Certificate { expiry, ..right }).await;
        assert_eq!(refusal(&error, &world, 0), (400, "expiry".to_owned()));
    }
    let elsewhere = mezz_da::CommitteeClient::new(
        1,
        INBOX.inbox,
        world.endpoints(),
        Some(Arc::new(batcher())),
        None,
    )
    .unwrap();
    assert_eq!(
        refusal(&ask(&elsewhere, &right).await, &world, 0),
        (400, "unknown-chain".to_owned())
    );
    assert_eq!(world.members[0].as_ref().unwrap().store().size(), (0, 0));
    assert!(client.certify(&right, &world.committee, 0, &bytes).await.is_ok());
    // The client does not send what the certificate does not name.
    let other = client.certify(&right, &world.committee, 0, b"other").await;
    assert!(matches!(other, Err(Error::Payload { length: 5 })));
    world.stop(0).await;
}

#[tokio::test]
async fn two_payloads_for_one_place_are_refused_until_the_first_cannot_be_posted() {
    let mut world = World::new(1, 1).await;
    let (first, second) = (payload(1), payload(2));
    let certificate = world.certificate(5, &first);
    let signed = world.client().certify(&certificate, &world.committee, 0, &first).await.unwrap();
    // The same again has the same answer; so has a later expiry of the same payload, which is a promise of its own.
    let again = world.client().certify(&certificate, &world.committee, 0, &first).await.unwrap();
    assert_eq!(again, signed);
    let later = Certificate { expiry: certificate.expiry + 100, ..certificate };
    world.client().certify(&later, &world.committee, 0, &first).await.unwrap();

    for _ in 0..2 {
        let other = world.certificate(5, &second);
        let error = world.client().certify(&other, &world.committee, 0, &second).await.unwrap_err();
        assert_eq!(refusal(&error, &world, 0), (409, "conflict".to_owned()));
        // A restart forgets nothing.
        world.stop(0).await;
        let config = world.config(0);
        world.start(0, config).await;
    }
    // Another epoch or head is another place.
    let elsewhere = Certificate { epoch: 1, ..world.certificate(5, &second) };
    world.client().certify(&elsewhere, &world.committee, 0, &second).await.unwrap();

    world.time.pass(700 + 60);
    let other = world.certificate(5, &second);
    let error = world.client().certify(&other, &world.committee, 0, &second).await.unwrap_err();
    assert_eq!(
        refusal(&error, &world, 0),
        (409, "conflict".to_owned()),
        "{}",
        later.expiry - RETENTION
    );
    world.time.pass(1);
    let other = world.certificate(5, &second);
    world.client().certify(&other, &world.committee, 0, &second).await.unwrap();
    // And now the first is the one that is refused.
    let first_again = world.certificate(5, &first);
    let error =
        world.client().certify(&first_again, &world.committee, 0, &first).await.unwrap_err();
    assert_eq!(refusal(&error, &world, 0), (409, "conflict".to_owned()));
}

#[tokio::test]
async fn of_two_payloads_asked_for_at_once_one_is_signed() {
    let world = World::new(1, 1).await;
    let (first, second) = (payload(1), payload(2));
    for batch in 0..12 {
        let certificates = [world.certificate(batch, &first), world.certificate(batch, &second)];
        let (one, two) = (world.client(), world.client());
        let (one, two) = tokio::join!(
            one.certify(&certificates[0], &world.committee, 0, &first),
            two.certify(&certificates[1], &world.committee, 0, &second),
        );
        assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1);
        let error = one.err().or(two.err()).unwrap();
        assert_eq!(refusal(&error, &world, 0), (409, "conflict".to_owned()));
    }
}

#[tokio::test]
async fn killed_between_log_and_answer_a_member_stands_by_its_log() {
    let mut world = World::new(1, 1).await;
    world.stop(0).await;
    let (first, second) = (payload(1), payload(2));
    let dying = Arc::new(Dying(world.keys[0].clone()));
    world.start_with(0, world.config(0), dying).await.unwrap();
    let certificate = world.certificate(3, &first);
    let error =
        world.client().certify(&certificate, &world.committee, 0, &first).await.unwrap_err();
    let Error::Uncertified { missing, .. } = &error else { panic!("{error}") };
    assert!(matches!(missing[0].fault, MemberFault::Silent(_)), "{error}");
    drop(world.members[0].take());

    world.start(0, world.config(0)).await;
    let other = world.certificate(3, &second);
    let error = world.client().certify(&other, &world.committee, 0, &second).await.unwrap_err();
    assert_eq!(refusal(&error, &world, 0), (409, "conflict".to_owned()));
    let signed = world.client().certify(&certificate, &world.committee, 0, &first).await.unwrap();
    assert_signed(&world, &certificate, &signed);
}

#[tokio::test]
async fn a_member_that_lost_its_log_waits_until_nothing_old_can_be_posted() {
    let mut world = World::new(1, 1).await;
    let (first, second) = (payload(1), payload(2));
    let certificate = world.certificate(3, &first);
    world.client().certify(&certificate, &world.committee, 0, &first).await.unwrap();
    world.stop(0).await;
    std::fs::remove_file(world.data(0).join("signatures.jsonl")).unwrap();
    world.start(0, world.config(0)).await;
    let other = world.certificate(3, &second);
    let error = world.client().certify(&other, &world.committee, 0, &second).await.unwrap_err();
    assert_eq!(refusal(&error, &world, 0), (409, "too-early".to_owned()));
    // A second restart does not make it forget that it waits, nor wait longer.
    world.time.pass(86_400);
    world.stop(0).await;
    world.start(0, world.config(0)).await;
    let other = world.certificate(3, &second);
    let error = world.client().certify(&other, &world.committee, 0, &second).await.unwrap_err();
    assert_eq!(refusal(&error, &world, 0), (409, "too-early".to_owned()));
    world.time.pass(120);
    let other = world.certificate(3, &second);
    world.client().certify(&other, &world.committee, 0, &second).await.unwrap();
}
