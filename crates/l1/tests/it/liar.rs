//! An endpoint between the client and `anvil` that contradicts itself, as load balancers and tired nodes do.

use axum::{Json, Router, extract::State, routing::post};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// What the endpoint does to an answer: request, answer, how many requests of this method came before.
pub(crate) type Lie = fn(&Value, Value, u64) -> Value;

#[derive(Clone)]
struct Liar {
    truth: String,
    lie: Lie,
    counts: Arc<Mutex<HashMap<String, u64>>>,
    http: alloy::transports::http::reqwest::Client,
}

/// Starts a lying endpoint before `truth`; returns its URL.
pub(crate) async fn start(truth: &str, lie: Lie) -> String {
    let liar =
        Liar { truth: truth.to_owned(), lie, counts: Arc::default(), http: Default::default() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(answer)).with_state(liar);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn answer(State(liar): State<Liar>, Json(request): Json<Value>) -> Json<Value> {
    let body = serde_json::to_vec(&request).unwrap();
    let answer = liar
        .http
        .post(&liar.truth)
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .unwrap();
    let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    let count = {
        let mut counts = liar.counts.lock().unwrap();
        let count = counts.entry(request["method"].to_string()).or_default();
        *count += 1;
        *count - 1
    };
    Json((liar.lie)(&request, answer, count))
}

fn is_logs(request: &Value) -> bool {
    request["method"] == "eth_getLogs"
}

fn span(request: &Value) -> u64 {
    let number = |field: &str| {
        let text = request["params"][0][field].as_str()?;
        u64::from_str_radix(text.trim_start_matches("0x"), 16).ok()
    };
    match (number("fromBlock"), number("toBlock")) {
        (Some(from), Some(to)) => to + 1 - from,
        _ => 1,
    }
}

/// Gives no logs for ranges: it has not indexed the blocks yet.
pub(crate) fn withholder(request: &Value, mut answer: Value, _: u64) -> Value {
    if is_logs(request) && span(request) > 1 {
        answer["result"] = json!([]);
    }
    answer
}

/// Gives, two times in three, logs of blocks on another fork.
pub(crate) fn forked(request: &Value, mut answer: Value, count: u64) -> Value {
    if is_logs(request) && !count.is_multiple_of(3) {
        for log in answer["result"].as_array_mut().into_iter().flatten() {
            log["blockHash"] = json!(format!("0x{}", "ab".repeat(32)));
        }
    }
    answer
}

/// Refuses ranges above seven blocks.
pub(crate) fn stingy(request: &Value, mut answer: Value, _: u64) -> Value {
    if is_logs(request) && span(request) > 7 {
        answer = json!({ "jsonrpc": "2.0", "id": request["id"], "error": { "code": -32000, "message": "block range too wide" } });
    }
    answer
}

/// Keeps every third log for itself, now and then.
pub(crate) fn thief(request: &Value, mut answer: Value, count: u64) -> Value {
    if is_logs(request)
        && count % 2 == 1
        && let Some(logs) = answer["result"].as_array_mut()
    {
        let mut place = 0;
        logs.retain(|_| {
            place += 1;
            place % 3 > 0
        });
    }
    answer
}

/// Shows, every other time, a head that is on no chain.
pub(crate) fn dreamer(request: &Value, mut answer: Value, count: u64) -> Value {
    let latest = request["method"] == "eth_getBlockByNumber" && request["params"][0] == "latest";
    if latest && count % 2 == 1 {
        answer["result"]["parentHash"] = json!(format!("0x{}", "cd".repeat(32)));
        answer["result"]["hash"] = json!(format!("0x{}", "ce".repeat(32)));
    }
    answer
}
