//! Members that lie, and what an honest client makes of it.

use crate::world::{INBOX, World, batcher, key, payload};
use alloy::{hex, signers::SignerSync};
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use mezz_da::{Endpoint, Error, MemberFault};
use mezz_primitives::{CHUNK_SIZE, Certificate, PayloadId, chunk_hashes};
use std::time::{Duration, Instant};

/// Serves a router on a port of its own for the rest of the test.
pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Signs, but with a key that is not the member's.
async fn forger(world: &World, certificate: Certificate) -> String {
    let member = world.keys[0].address();
    let digest = certificate.digest(INBOX.l1_chain_id, INBOX.inbox);
    let signature = hex::encode_prefixed(key(77).sign_hash_sync(&digest).unwrap().as_bytes());
    let answer = format!("{{\"member\":\"{member}\",\"signature\":\"{signature}\"}}");
    serve(Router::new().route("/v1/certificates", post(move || async { answer }))).await
}

/// Describes the payload rightly, and shows other bytes than those of the chunks.
async fn liar(bytes: &[u8]) -> String {
    let id = PayloadId::of(bytes).unwrap();
    let description = serde_json::json!({
        "payloadHash": id.payload_hash, "payloadLength": id.payload_length,
        "chunkHashes": chunk_hashes(bytes), "expiry": null,
    })
    .to_string();
    // One bit of each chunk is another.
    let bytes = bytes.to_vec();
    let chunk = |Path((_, index)): Path<(String, usize)>| async move {
        let mut chunk = bytes.chunks(CHUNK_SIZE).nth(index).unwrap().to_vec();
        chunk[0] ^= 1;
        chunk
    };
    let router = Router::new()
        .route("/v1/payloads/{hash}", get(move || async { description }))
        .route("/v1/payloads/{hash}/{chunk}", get(chunk));
    serve(router).await
}

/// Describes another payload as if it were the one that was asked for.
async fn garbler() -> String {
    let describe = |Path(hash): Path<String>| async move {
        format!(
            "{{\"payloadHash\":\"{hash}\",\"payloadLength\":7,\"chunkHashes\":[\"{hash}\"],\"expiry\":null}}"
        )
    };
    serve(Router::new().route("/v1/payloads/{hash}", get(describe))).await
}

/// Takes every request and answers none.
async fn staller() -> String {
    let never = || async { std::future::pending::<()>().await };
    serve(Router::new().fallback(never)).await
}

/// Sends more than was asked for, without an end.
async fn flooder() -> String {
    serve(Router::new().fallback(|| async { vec![b' '; 4 << 20] })).await
}

#[tokio::test]
async fn a_signature_of_another_key_is_a_named_fault() {
    let world = World::new(3, 3).await;
    let bytes = payload(1);
    let certificate = world.certificate(7, &bytes);
    let mut endpoints = world.endpoints();
    endpoints[0].url = forger(&world, certificate).await;
    let client = world.client_of(endpoints, Some(batcher()));
    let error = client.certify(&certificate, &world.committee, 0, &bytes).await.unwrap_err();
    let Error::Uncertified { signed, missing, .. } = error else { panic!("{error}") };
    let liar = missing.iter().find(|answer| answer.member == world.keys[0].address()).unwrap();
    assert_eq!(liar.fault, MemberFault::WrongSignature);
    assert!(signed <= 2);
    assert_eq!(missing.len() + signed, 3);
}

#[tokio::test]
async fn a_payload_is_found_among_liars() {
    let mut world = World::new(5, 1).await;
    let bytes = payload(2);
    let id = world.members[4].as_ref().unwrap().store().put(&bytes).unwrap();
    let mut endpoints = world.endpoints();
    endpoints[0].url = liar(&bytes).await;
    endpoints[1].url = garbler().await;
    endpoints[2].url = staller().await;
    endpoints[3].url = flooder().await;
    let client = world.client_of(endpoints.clone(), None);
    for _ in 0..5 {
        let start = Instant::now();
        assert_eq!(client.fetch(&id).await.unwrap(), bytes);
        // Two rounds, the description and the chunks, each past at most four others.
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
    // A description with the right hashes and another length is of another payload.
    let even = world.members[4].as_ref().unwrap().store().put(&bytes[..2 * CHUNK_SIZE]).unwrap();
    assert_eq!(client.fetch(&even).await.unwrap(), bytes[..2 * CHUNK_SIZE]);
    let longer = PayloadId { payload_length: even.payload_length + 5, ..even };
    assert!(matches!(client.fetch(&longer).await, Err(Error::Withheld { .. })));
    world.stop(4).await;
    let error = client.fetch(&id).await.unwrap_err();
    let Error::Withheld { answers, .. } = &error else { panic!("{error}") };
    assert_eq!(answers.len(), 5, "{error}");
    let fault = |index: usize| {
        let member = world.keys[index].address();
        &answers.iter().find(|answer| answer.member == member).unwrap().fault
    };
    assert_eq!(*fault(0), MemberFault::WrongBytes);
    assert_eq!(*fault(2), MemberFault::Silent(Duration::from_secs(2)));
    assert!(matches!(fault(4), MemberFault::Unreachable(_)));
    let text = error.to_string();
    assert!(world.keys.iter().all(|key| text.contains(&key.address().to_string())), "{text}");
}

#[tokio::test]
async fn an_audit_tells_who_has_what_they_promised() {
    let world = World::new(4, 1).await;
    let bytes = payload(3);
    let mut id = None;
    for member in world.members.iter().flatten().take(2) {
        id = Some(member.store().put(&bytes).unwrap());
    }
    let mut endpoints = world.endpoints();
    endpoints[3].url = liar(&bytes).await;
    let client = world.client_of(endpoints, None);
    assert_eq!(client.audit(&[]).await, []);
    let audits = client.audit(&[id.unwrap()]).await;
    let faults: Vec<_> = audits.iter().map(|audit| audit.fault.clone()).collect();
    assert_eq!(faults[..2], [None, None]);
    assert!(matches!(faults[2], Some(MemberFault::Refused { status: 404, .. })));
    assert_eq!(faults[3], Some(MemberFault::WrongBytes));
    let passed = client
        .metrics()
        .members()
        .values()
        .map(|member| member.audits_passed.load(std::sync::atomic::Ordering::Relaxed));
    assert_eq!(passed.sum::<u64>(), 2);
}

#[tokio::test]
async fn a_member_that_fails_once_is_asked_twice_and_one_that_refuses_is_not() {
    let world = World::new(2, 2).await;
    let bytes = payload(4);
    let certificate = world.certificate(0, &bytes);
    let digest = certificate.digest(INBOX.l1_chain_id, INBOX.inbox);
    for (status, attempts) in [(StatusCode::SERVICE_UNAVAILABLE, 2), (StatusCode::CONFLICT, 1)] {
        let (member, signature) =
            (world.keys[0].address(), world.keys[0].sign_hash_sync(&digest).unwrap());
        let count = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let counter = count.clone();
        let flaky = move |_: HeaderMap, body: axum::body::Bytes| async move {
            assert_eq!(body.len(), payload(4).len());
            let signature = hex::encode_prefixed(signature.as_bytes());
            match counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => (status, "{\"code\":\"x\",\"message\":\"y\"}".to_owned()),
                _ => (
                    StatusCode::OK,
                    format!("{{\"member\":\"{member}\",\"signature\":\"{signature}\"}}"),
                ),
            }
        };
        let mut endpoints: Vec<Endpoint> = world.endpoints();
        endpoints[0].url = serve(Router::new().route("/v1/certificates", post(flaky))).await;
        let client = world.client_of(endpoints, Some(batcher()));
        let signed = client.certify(&certificate, &world.committee, 0, &bytes).await;
        assert_eq!(signed.is_ok(), attempts == 2);
        assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), attempts);
    }
}
