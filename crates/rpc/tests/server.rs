//! The server on its port: HTTP, batches, WebSocket subscriptions, limits.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chain;

use alloy::{
    primitives::{Bytes, TxKind},
    providers::{Provider, ProviderBuilder, WsConnect},
    rpc::types::Filter,
};
use chain::{COUNTER, TestBackend, TestChain, ask::Asked, signer};
use futures::StreamExt;
use mezz_evm::Layer;
use mezz_rpc::{Limits, Server};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

struct Running {
    chain: Arc<TestChain>,
    address: SocketAddr,
    server: Server,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

async fn start(limits: Limits) -> Running {
    let chain = TestChain::new(Layer::Two);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let server = Server::new(TestBackend::new(chain.clone()), limits);
    let (stop, stopped) = oneshot::channel();
    let extra = axum::Router::new().route("/extra", axum::routing::get(|| async { "extra" }));
    let task = tokio::spawn(server.clone().serve(listener, extra, async { drop(stopped.await) }));
    Running { chain, address, server, stop, task }
}

/// One HTTP exchange on a connection of its own: status line, headers, body.
async fn http(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    answer
}

async fn post(address: SocketAddr, body: &str) -> String {
    http(
        address,
        &format!(
            "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    )
    .await
}

async fn get(address: SocketAddr, path: &str) -> String {
    http(address, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_port_serves_everything_and_stops_cleanly() {
    let running = start(Limits::default()).await;
    let address = running.address;
    let answer = post(address, r#"{"jsonrpc":"2.0","id":"a","method":"eth_chainId"}"#).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("access-control-allow-origin: *"));
    assert!(answer.ends_with(r#"{"jsonrpc":"2.0","id":"a","result":"0x385"}"#));
    assert!(get(address, "/healthz").await.ends_with("ok\n"));
    assert!(get(address, "/readyz").await.ends_with("ready\n"));
    assert!(get(address, "/extra").await.ends_with("extra"));
    let preflight = http(
        address,
        "OPTIONS / HTTP/1.1\r\nhost: x\r\nconnection: close\r\norigin: http://y\r\n\r\n",
    )
    .await;
    assert!(
        preflight.starts_with("HTTP/1.1 204")
            && preflight.contains("access-control-allow-headers: *"),
        "{preflight}"
    );
    let document = get(address, "/openrpc.json").await;
    let document: Value =
        serde_json::from_str(document.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
    assert_eq!(document["info"]["title"], "Mezzanine");
    let mut metrics = String::new();
    running.server.metrics().render("op_node_default", &mut metrics);
    assert!(
        metrics.contains("op_node_default_rpc_server_requests_total{method=\"eth_chainId\"} 1\n"),
        "{metrics}"
    );
    running.stop.send(()).expect("the server runs");
    tokio::time::timeout(Duration::from_secs(5), running.task)
        .await
        .expect("it stops in time")
        .expect("no panic")
        .expect("no error");
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let limits = Limits { batch_entries_max: 3, ..Limits::default() };
    let asked = Asked::with_limits(Layer::One, limits);
    let code =
        |text: String| serde_json::from_str::<Value>(&text).expect("JSON")["error"]["code"].clone();
    for (body, expected) in [
        ("{", -32700),
        ("\u{fffd}", -32700),
        ("{}", -32600),
        ("[]", -32600),
        ("[1,2,3,4]", -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_nothing"}"#, -32601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}"#, -32601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":{}}"#, -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[]}"#, -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x12"]}"#, -32602),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["2",false]}"#,
            -32602,
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x02"]}"#, -32000),
    ] {
        assert_eq!(code(asked.server.answer(body.as_bytes()).await), expected, "{body}");
    }
    assert_eq!(
        asked.server.answer(br#"{"jsonrpc":"2.0","method":"eth_chainId"}"#).await,
        "",
        "a notification has no answer"
    );
    let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},{"jsonrpc":"2.0","method":"eth_chainId"},7]"#;
    let answers: Value =
        serde_json::from_str(&asked.server.answer(batch.as_bytes()).await).expect("JSON");
    assert_eq!(
        (answers[0]["result"].clone(), answers[1]["error"]["code"].clone()),
        (json!("0x384"), json!(-32600))
    );
    let null = asked.server.answer(br#"{"jsonrpc":"2.0","id":null,"method":"net_version"}"#).await;
    assert_eq!(null, r#"{"jsonrpc":"2.0","id":null,"result":"900"}"#);
}

#[tokio::test]
async fn a_batch_keeps_the_order_of_a_senders_transactions() {
    let asked = Asked::new(Layer::Two);
    let entry = |nonce: u64| {
        let raw = asked.chain.sign(0, nonce, TxKind::Call(COUNTER), 0, Bytes::from_static(&[1]));
        json!({ "jsonrpc": "2.0", "id": nonce, "method": "eth_sendRawTransactionSync", "params": [raw, 500] })
    };
    let batch = Value::Array((0..50).map(entry).collect()).to_string();
    let answers: Vec<Value> =
        serde_json::from_str(&asked.server.answer(batch.as_bytes()).await).expect("JSON");
    for (nonce, answer) in answers.iter().enumerate() {
        assert_eq!(answer["id"], nonce);
        assert_eq!(answer["result"]["transactionIndex"], format!("0x{nonce:x}"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_over_the_limit_is_refused() {
    let running = start(Limits { body_bytes_max: 100, ..Limits::default() }).await;
    let answer = post(running.address, &" ".repeat(101)).await;
    assert!(
        answer.starts_with("HTTP/1.1 413") && answer.contains("limit of 100 bytes"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_asks_where_none_may() {
    let running = start(Limits { browsers: false, ..Limits::default() }).await;
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    assert!(post(running.address, call).await.ends_with(r#""result":"0x385"}"#));
    let head = "host: x\r\nconnection: close\r\norigin: http://y\r\n";
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    for request in [
        format!("POST / HTTP/1.1\r\n{head}content-length: {}\r\n\r\n{call}", call.len()),
        format!("OPTIONS / HTTP/1.1\r\n{head}\r\n"),
        format!("GET / HTTP/1.1\r\n{head}{upgrade}\r\n"),
        format!("GET /extra HTTP/1.1\r\n{head}\r\n"),
    ] {
        let answer = http(running.address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{request}: {answer}");
        assert!(!answer.contains("access-control-allow-origin"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscriptions_follow_the_chain_and_its_reorgs() {
    let running = start(Limits::default()).await;
    let provider = ProviderBuilder::new()
        .connect_ws(WsConnect::new(format!("ws://{}", running.address)))
        .await
        .expect("it upgrades");
    let mut heads = provider.subscribe_blocks().await.expect("newHeads").into_stream();
    let mut logs =
        provider.subscribe_logs(&Filter::new().address(COUNTER)).await.expect("logs").into_stream();
    let mut arrivals = provider
        .subscribe_pending_transactions()
        .await
        .expect("newPendingTransactions")
        .into_stream();
    let raw = running.chain.sign(0, 0, TxKind::Call(COUNTER), 0, Bytes::from_static(&[1]));
    let sent = *provider.send_raw_transaction(&raw).await.expect("taken").tx_hash();
    assert_eq!(arrivals.next().await, Some(sent));
    let chain = running.chain.clone();
    let block = tokio::task::spawn_blocking(move || chain.seal()).await.expect("sealed");
    assert_eq!(heads.next().await.map(|header| header.hash), Some(block.hash));
    let log = logs.next().await.expect("a log");
    assert_eq!(
        (log.removed, log.transaction_hash, log.block_hash),
        (false, Some(sent), Some(block.hash))
    );
    let chain = running.chain.clone();
    tokio::task::spawn_blocking(move || chain.rewind(0)).await.expect("rewound");
    let log = logs.next().await.expect("the log again");
    assert_eq!((log.removed, log.block_hash), (true, Some(block.hash)));
    assert_eq!(
        provider.get_balance(signer(3).address()).await.expect("a balance").to::<u128>(),
        10u128.pow(22)
    );
    running.stop.send(()).expect("the server runs");
    tokio::time::timeout(Duration::from_secs(5), running.task)
        .await
        .expect("it stops in time")
        .expect("no panic")
        .expect("no error");
}
