//! What is too much, too slow, or wrong is refused in bounded time.

use crate::world::{World, batcher, payload};
use alloy::{hex, signers::SignerSync, transports::http::reqwest};
use mezz_da::{
    CommitteeClient, Endpoint, Error, Member, MemberConfig, MemberFault,
    committee::certificate_request,
};
use mezz_primitives::{CHUNK_SIZE, CHUNKS_MAX, Certificate};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The headers of a right request for a certificate.
fn headers(certificate: &Certificate) -> [(&'static str, String); 2] {
    let inbox = crate::world::INBOX;
    let mut json = serde_json::to_value(certificate).unwrap();
    json["l1ChainId"] = json!(inbox.l1_chain_id);
    json["inbox"] = json!(inbox.inbox);
    let request = certificate_request(certificate.digest(inbox.l1_chain_id, inbox.inbox));
    let signature = batcher().sign_message_sync(request.as_slice()).unwrap();
    [
        ("mezzanine-certificate", json.to_string()),
        ("mezzanine-signature", hex::encode_prefixed(signature.as_bytes())),
    ]
}

async fn post(world: &World, headers: &[(&str, String)], body: Vec<u8>) -> (u16, Value) {
    let mut request = reqwest::Client::new().post(world.url(0) + "/v1/certificates").body(body);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

#[tokio::test]
async fn bodies_are_checked_against_the_certificate_and_the_limit() {
    let world = World::new(1, 1).await;
    let right = payload(1);
    let headers = headers(&world.certificate(0, &right));
    let full = CHUNK_SIZE * CHUNKS_MAX;
    let cases = [
        (vec![0; full + 1], 413, "too-large"),
        (vec![0; 2 * full], 413, "too-large"),
        (payload(2), 400, "wrong-payload"),
        (Vec::new(), 400, "wrong-payload"),
        (right[1..].to_vec(), 400, "wrong-payload"),
    ];
    for (body, status, code) in cases {
        let (actual, answer) = post(&world, &headers, body).await;
        assert_eq!((actual, answer["code"].as_str()), (status, Some(code)));
        assert!(answer["message"].as_str().is_some_and(|message| !message.is_empty()));
    }
    let (status, answer) = post(&world, &headers[1..], right.clone()).await;
    assert_eq!((status, answer["code"].as_str()), (400, Some("malformed")));
    let (status, answer) = post(&world, &headers[..1], right.clone()).await;
    assert_eq!((status, answer["code"].as_str()), (401, Some("unsigned")));
    let (status, answer) = post(&world, &headers, right).await;
    assert_eq!(status, 200);
    assert_eq!(answer["member"], json!(world.keys[0].address()));
    let metrics = reqwest::get(world.url(0) + "/metrics").await.unwrap().text().await.unwrap();
    for line in [
        "signatures_total 1",
        "refusals_total{reason=\"too-large\"} 2",
        "refusals_total{reason=\"wrong-payload\"} 3",
    ] {
        assert!(metrics.contains(&format!("\nmezz_dac_{line}\n")), "{metrics}");
    }
}

#[tokio::test]
async fn a_full_member_says_so_and_signs_nothing() {
    let world = World::with(1, 1, |config| config.store.bytes_max = Some(300_000)).await;
    let (first, second) = (payload(1), payload(2));
    let client = world.client();
    client.certify(&world.certificate(0, &first), &world.committee, 0, &first).await.unwrap();
    let certificate = world.certificate(1, &second);
    let error = client.certify(&certificate, &world.committee, 0, &second).await.unwrap_err();
    let Error::Uncertified { missing, .. } = &error else { panic!("{error}") };
    assert!(
        matches!(&missing[0].fault, MemberFault::Refused { status: 507, code, .. } if code == "full"),
        "{error}"
    );
    // It promised nothing: another payload may have the place, once there is room.
    let small = b"small".to_vec();
    let certificate = world.certificate(1, &small);
    client.certify(&certificate, &world.committee, 0, &small).await.unwrap();
}

fn impatient(config: &mut MemberConfig) {
    config.limits.head_seconds = 1;
    config.limits.body_seconds = 1;
    config.limits.connections_each_max = 8;
}

/// What a server says to somebody who writes a byte each 50 ms, and when it has closed.
async fn dribble(world: &World, head: &str) -> (String, Duration) {
    let address = world.members[0].as_ref().unwrap().local_addr();
    let start = Instant::now();
    let (mut reader, mut writer) = TcpStream::connect(address).await.unwrap().into_split();
    writer.write_all(head.as_bytes()).await.unwrap();
    let writing = tokio::spawn(async move {
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut said = Vec::new();
    let _ = reader.read_to_end(&mut said).await;
    writing.abort();
    (String::from_utf8_lossy(&said).into_owned(), start.elapsed())
}

#[tokio::test]
async fn slow_heads_and_slow_bodies_are_cut_off() {
    let world = World::with(1, 1, impatient).await;
    let (_, took) = dribble(&world, "GET /v1/member HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
    assert!(took < Duration::from_secs(4), "{took:?}");
    let [certificate, signature] = headers(&world.certificate(0, &payload(1)))
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    // Who may ask, and who may not.
    for (headers, status) in [(certificate.clone() + &signature, "408"), (certificate, "401")] {
        let head = format!(
            "POST /v1/certificates HTTP/1.1\r\nhost: x\r\ncontent-length: 196000\r\n{headers}\r\n"
        );
        let (said, took) = dribble(&world, &head).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{said}");
        assert!(took < Duration::from_secs(6), "{took:?}");
    }
}

#[tokio::test]
async fn idle_connections_of_one_address_do_not_keep_others_out_for_long() {
    let world = World::with(1, 1, impatient).await;
    let address = world.members[0].as_ref().unwrap().local_addr();
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    // One more is closed at once.
    let mut ninth = TcpStream::connect(address).await.unwrap();
    let mut byte = [0];
    let closed = tokio::time::timeout(Duration::from_millis(900), ninth.read(&mut byte)).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
    let start = Instant::now();
    while reqwest::get(world.url(0) + "/v1/member").await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(4));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn stopping_does_not_wait_for_who_holds_a_connection() {
    let mut world = World::new(1, 1).await;
    let _idle = TcpStream::connect(world.members[0].as_ref().unwrap().local_addr()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    world.stop(0).await;
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn unknown_paths_and_chunks_are_refused_in_json() {
    let world = World::new(1, 1).await;
    let id = world.members[0].as_ref().unwrap().store().put(&payload(1)).unwrap();
    let cases = [
        ("/".to_owned(), 404, "unknown-path"),
        ("/v1/payloads/0x12".to_owned(), 400, "malformed"),
        (format!("/v1/payloads/{}/x", id.payload_hash), 400, "malformed"),
        (format!("/v1/payloads/{}/3", id.payload_hash), 404, "unknown-payload"),
    ];
    let posted = reqwest::Client::new().post(world.url(0) + "/v1/member").send().await.unwrap();
    assert_eq!(posted.status().as_u16(), 404);
    for (path, status, code) in cases {
        let response = reqwest::get(world.url(0) + &path).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{path}");
        let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(answer["code"], code);
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_be_meant_is_refused() {
    let world = World::new(1, 1).await;
    let changes: [fn(&mut MemberConfig); 6] = [
        |config| config.chains.clear(),
        |config| config.chains.push(config.chains[0].clone()),
        |config| config.chains[0].batchers.clear(),
        |config| config.access.readers = [batcher().address()].into(),
        |config| config.limits.body_seconds = 0,
        |config| {
            config.access = mezz_da::committee::AccessConfig {
                reads: mezz_da::committee::Reads::Listed,
                names: ["x".to_owned()].into(),
                readers: Default::default(),
                deny: Default::default(),
            }
        },
    ];
    assert!(world.config(0).check().is_ok());
    for change in changes {
        let mut config = world.config(0);
        change(&mut config);
        let error = config.check().unwrap_err();
        assert!(matches!(error, Error::MemberConfig { .. }), "{error}");
    }
    let unknown = "data = \"x\"\nsigner = { key-file = \"x\" }\nchains = []\nlistenn = \"x\"\n";
    assert!(toml::from_str::<MemberConfig>(unknown).is_err());
}

#[test]
fn what_is_no_url_of_a_member_is_refused() {
    for url in ["ftp://x", "127.0.0.1:8560", "http://x/?y", ""] {
        let endpoint = Endpoint { address: batcher().address(), url: url.to_owned() };
        let client = CommitteeClient::new(1, batcher().address(), vec![endpoint], None, None);
        assert!(matches!(client, Err(Error::MemberUrl { .. })), "{url}");
    }
}

/// A configuration as an operator writes it, with every field that there is.
const CONFIG: &str = r#"
listen = "127.0.0.1:0"
data = "DATA/a/b"
signer = { key-file = "DATA/key" }
peers = [{ address = "0x0101010101010101010101010101010101010101", url = "http://127.0.0.1:1" }]
peer-tls = { ca = "DATA/ca.pem", certificate = "DATA/me.pem", key = "DATA/me.key" }

[[chains]]
l1-chain-id = 1
inbox = "0x0202020202020202020202020202020202020202"
batchers = ["0x0303030303030303030303030303030303030303"]
retention = 2592000
expiry-slack = 86400

[access]
reads = "listed"
readers = ["0x0404040404040404040404040404040404040404"]
names = ["auditor.example"]

[tls]
certificate = "DATA/server.pem"
key = "DATA/server.key"
client-ca = "DATA/ca.pem"
client-certificates = "optional"

[store]
archive = true
bytes-max = 1000000000
free-bytes-min = 1000000

[limits]
connections-max = 10
connections-each-max = 5
head-seconds = 1
body-seconds = 2
connection-seconds = 3
audit-seconds = 4
"#;

#[tokio::test]
async fn a_member_starts_from_its_files() {
    let directory = tempfile::tempdir().unwrap();
    let text = CONFIG.replace("DATA", directory.path().to_str().unwrap());
    let mut config: MemberConfig = toml::from_str(&text).unwrap();
    config.check().unwrap();
    assert_eq!(config.chains[0].retention, 2_592_000);
    // The signer of another kind, in the words of the same file.
    let remote = "signer = { remote = { address = \"0x0101010101010101010101010101010101010101\", url = \"http://x\" } }\n";
    let line = text.lines().find(|line| line.starts_with("signer")).unwrap();
    toml::from_str::<MemberConfig>(&text.replace(line, remote)).unwrap();

    (config.tls, config.peer_tls) = (None, None);
    config.access.names.clear();
    let key = directory.path().join("key");
    for text in ["0x01", ""] {
        std::fs::write(&key, text).unwrap();
        let error = Member::start(config.clone()).await.unwrap_err();
        assert!(error.to_string().contains("64 hexadecimal digits"), "{error}");
    }
    let secret = hex::encode(batcher().to_bytes());
    for text in [format!("0x{secret}\n"), secret] {
        std::fs::write(&key, text).unwrap();
        let member = Member::start(config.clone()).await.unwrap();
        let url = format!("http://{}/v1/member", member.local_addr());
        let status = reqwest::get(url).await.unwrap().text().await.unwrap();
        let status: Value = serde_json::from_str(&status).unwrap();
        assert_eq!(status["address"], json!(batcher().address()));
        assert_eq!(status["signsFrom"], 0);
        member.stop().await;
    }
}
