//! Who may read, and the log of who did.

use crate::world::{RETENTION, World, key, payload};
use alloy::{hex, primitives::B256, signers::SignerSync, transports::http::reqwest};
use mezz_da::{
    Error, MemberFault,
    committee::{MemberStatus, Reads, read_request, verify_audit_log},
};
use std::fs;

async fn listed() -> World {
    World::with(1, 1, |config| {
        config.access.reads = Reads::Listed;
        config.access.readers = [key(50).address()].into();
    })
    .await
}

fn code(error: &Error) -> (u16, String) {
    let Error::Withheld { answers, .. } = error else { panic!("{error}") };
    match &answers[0].fault {
        MemberFault::Refused { status, code, .. } => (*status, code.clone()),
        fault => panic!("{fault}"),
    }
}

#[tokio::test]
async fn listed_readers_read_and_nobody_else() {
    let world = listed().await;
    let bytes = payload(1);
    let id = world.members[0].as_ref().unwrap().store().put(&bytes).unwrap();
    let client = |reader| world.client_of(world.endpoints(), reader);
    assert_eq!(client(Some(key(50))).fetch(&id).await.unwrap(), bytes);
    let error = client(Some(key(51))).fetch(&id).await.unwrap_err();
    assert_eq!(code(&error), (401, "unknown-reader".to_owned()));
    let error = client(None).fetch(&id).await.unwrap_err();
    assert_eq!(code(&error), (401, "unsigned".to_owned()));
    // Whether something is there is not told to strangers either.
    let absent = mezz_primitives::PayloadId::of(b"absent").unwrap();
    let error = client(Some(key(51))).fetch(&absent).await.unwrap_err();
    assert_eq!(code(&error), (401, "unknown-reader".to_owned()));
    let error = client(Some(key(50))).fetch(&absent).await.unwrap_err();
    assert_eq!(code(&error), (404, "unknown-payload".to_owned()));
}

#[tokio::test]
async fn a_signed_read_is_for_one_member_one_path_and_one_minute() {
    let world = listed().await;
    let id = world.members[0].as_ref().unwrap().store().put(&payload(1)).unwrap();
    let path = format!("/v1/payloads/{}", id.payload_hash);
    let (member, now) = (world.keys[0].address(), world.time.now());
    let ask = async |time: u64, signed: B256| {
        let signature =
            hex::encode_prefixed(key(50).sign_message_sync(signed.as_slice()).unwrap().as_bytes());
        let request = reqwest::Client::new()
            .get(world.url(0) + &path)
            .header("mezzanine-time", time)
            .header("mezzanine-signature", signature);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(now, read_request(member, now, &path)).await, 200);
    assert_eq!(ask(now - 60, read_request(member, now - 60, &path)).await, 200);
    assert_eq!(ask(now - 61, read_request(member, now - 61, &path)).await, 401);
    assert_eq!(ask(now + 61, read_request(member, now + 61, &path)).await, 401);
    assert_eq!(ask(now, read_request(member, now - 1, &path)).await, 401);
    assert_eq!(ask(now, read_request(key(9).address(), now, &path)).await, 401);
    let chunk = format!("{path}/0");
    assert_eq!(ask(now, read_request(member, now, &chunk)).await, 401);
}

#[tokio::test]
async fn every_read_and_refusal_is_in_the_log_and_no_line_can_be_changed() {
    let mut world = listed().await;
    let id = world.members[0].as_ref().unwrap().store().put(&payload(1)).unwrap();
    let reader = world.client_of(world.endpoints(), Some(key(50)));
    reader.fetch(&id).await.unwrap();
    world.client_of(world.endpoints(), Some(key(51))).fetch(&id).await.unwrap_err();
    let certificate = world.certificate(0, b"x");
    let stranger = world.client_of(world.endpoints(), Some(key(52)));
    stranger.certify(&certificate, &world.committee, 0, b"x").await.unwrap_err();

    let status = reqwest::get(world.url(0) + "/v1/member").await.unwrap().text().await.unwrap();
    let status: MemberStatus = serde_json::from_str(&status).unwrap();
    let path = world.data(0).join("access.jsonl");
    let head = verify_audit_log(&path).unwrap();
    // The description and three chunks, and two refusals.
    assert_eq!((head.lines, head.hash), (6, status.audit_head));
    assert_eq!((status.payloads, status.chains[0].retention), (1, RETENTION));
    let text = fs::read_to_string(&path).unwrap();
    let [reader, stranger, asker] = [50, 51, 52].map(|number| {
        let key = format!("{:?}", key(number).address().to_string().to_lowercase());
        text.to_lowercase().lines().filter(|line| line.contains(&key)).count()
    });
    assert_eq!((reader, stranger, asker), (4, 1, 1), "{text}");

    // A restart goes on where the log ended.
    world.stop(0).await;
    world.start(0, world.config(0)).await;
    reqwest::get(world.url(0) + "/v1/payloads/0x00").await.unwrap();
    world.stop(0).await;
    assert_eq!(verify_audit_log(&path).unwrap().lines, 7);

    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let damaged_at = |text: String| {
        let path = world.path("tampered");
        fs::write(&path, text).unwrap();
        match verify_audit_log(&path) {
            Err(Error::LogDamaged { line, .. }) => line,
            other => panic!("{other:?}"),
        }
    };
    for index in 0..lines.len() {
        let line = index as u64 + 1;
        let mut changed = lines.clone();
        let other = lines[index].replacen("\"status\":", "\"status\":1", 1);
        assert_ne!(other, lines[index]);
        changed[index] = &other;
        assert_eq!(damaged_at(changed.join("\n") + "\n"), line);
        let mut without = lines.clone();
        without.remove(index);
        if index > 0 && index + 1 < lines.len() {
            assert_eq!(damaged_at(without.join("\n") + "\n"), line);
        }
    }
    assert_eq!(damaged_at(text[..text.len() - 1].to_owned()), 7);
    // A cut at the beginning looks like an older file that was taken away, and is told as that.
    assert_eq!(verify_audit_log(&path).unwrap().start, B256::ZERO);
    let cut = world.path("cut-first");
    fs::write(&cut, lines[1..].join("\n") + "\n").unwrap();
    assert_ne!(verify_audit_log(&cut).unwrap().start, B256::ZERO);
    // A cut at the end is seen by who noted the head.
    let path = world.path("cut");
    fs::write(&path, lines[..5].join("\n") + "\n").unwrap();
    assert_ne!(verify_audit_log(&path).unwrap().hash, head.hash);
}
