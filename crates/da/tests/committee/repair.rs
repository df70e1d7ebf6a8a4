//! What a member lost comes back from its peers, and what expired is gone.

use crate::{
    store::{damage, files},
    world::{RETENTION, World, payload},
};
use mezz_da::{Endpoint, Error};
use std::{
    fs,
    time::{Duration, Instant},
};

/// Three members that know each other.
async fn peers() -> World {
    let mut world = World::new(3, 3).await;
    let all: Vec<Endpoint> = world.endpoints();
    for index in 0..3 {
        // Each keeps its port: the others know it.
        let mut config = world.config(index);
        config.listen = world.members[index].as_ref().unwrap().local_addr();
        // One list for all: a member leaves itself out.
        config.peers = all.clone();
        config.access.reads = mezz_da::committee::Reads::Listed;
        world.stop(index).await;
        world.start(index, config).await;
    }
    world
}

#[tokio::test]
async fn a_missing_and_a_damaged_payload_come_back_from_peers() {
    let world = peers().await;
    let client = world.client();
    let (first, second) = (payload(1), payload(2));
    let certificates = [world.certificate(0, &first), world.certificate(1, &second)];
    client.certify(&certificates[0], &world.committee, 0, &first).await.unwrap();
    client.certify(&certificates[1], &world.committee, 0, &second).await.unwrap();

    let member = world.members[0].as_ref().unwrap();
    let at = |certificate: usize| {
        let ending = format!("{}.payload", certificates[certificate].payload.payload_hash);
        files(&world.data(0).join("payloads"), &ending).pop().unwrap()
    };
    fs::remove_file(at(0)).unwrap();
    damage(&at(1), 1_000);
    assert!(member.store().get(&certificates[0].payload).is_none());
    assert!(member.store().get(&certificates[1].payload).is_none());
    member.repair().await.unwrap();
    assert_eq!(member.store().get(&certificates[0].payload), Some(first.clone()));
    assert_eq!(member.store().get(&certificates[1].payload), Some(second));
    assert_eq!(
        member.store().kept(certificates[0].payload.payload_hash).unwrap().expiry,
        Some(certificates[0].expiry)
    );

    // What nobody has any more is named.
    for index in 0..3 {
        let store = world.members[index].as_ref().unwrap().store().directory().to_owned();
        let ending = format!("{}.payload", certificates[0].payload.payload_hash);
        fs::remove_file(files(&store, &ending).pop().unwrap()).unwrap();
    }
    let error = member.repair().await.unwrap_err();
    let Error::Withheld { payload, answers } = &error else { panic!("{error}") };
    assert_eq!((*payload, answers.len()), (certificates[0].payload, 2));
}

#[tokio::test]
async fn a_member_repairs_and_audits_by_itself() {
    let mut world = peers().await;
    let bytes = payload(1);
    let certificate = world.certificate(0, &bytes);
    world.client().certify(&certificate, &world.committee, 0, &bytes).await.unwrap();
    let path = files(&world.data(0).join("payloads"), ".payload").pop().unwrap();
    damage(&path, 0);
    let mut config = world.config(0);
    config.peers = world.endpoints()[1..].to_vec();
    config.limits.audit_seconds = 1;
    world.stop(0).await;
    world.start(0, config).await;
    let start = Instant::now();
    while world.members[0].as_ref().unwrap().store().get(&certificate.payload).is_none() {
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let metrics = alloy::transports::http::reqwest::get(world.url(0) + "/metrics")
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(metrics.contains("\nmezz_dac_payloads_repaired_total 1\n"), "{metrics}");
    for key in &world.keys[1..] {
        let line =
            format!("\nmezz_dac_audits_total{{peer=\"{}\",result=\"passed\"}}", key.address());
        assert!(metrics.contains(&line) && !metrics.contains(&(line + " 0\n")), "{metrics}");
    }
}

#[tokio::test]
async fn what_expired_is_neither_repaired_nor_kept() {
    let world = peers().await;
    let (short, long) = (payload(1), payload(2));
    let first = world.certificate(0, &short);
    world.client().certify(&first, &world.committee, 0, &short).await.unwrap();
    world.time.pass(86_400);
    let second = world.certificate(1, &long);
    world.client().certify(&second, &world.committee, 0, &long).await.unwrap();
    let member = world.members[0].as_ref().unwrap();

    world.time.pass(RETENTION - 86_400 + 600);
    member.repair().await.unwrap();
    assert_eq!(member.store().size().0, 2, "the last second counts");
    world.time.pass(1);
    member.repair().await.unwrap();
    assert_eq!(member.store().get(&first.payload), None);
    assert_eq!(member.store().get(&second.payload), Some(long));
    assert_eq!(member.store().size().0, 1);
}
