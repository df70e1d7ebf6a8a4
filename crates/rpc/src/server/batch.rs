//! One body: a request or a batch of them.

use crate::{
    RpcError,
    methods::{Methods, Step},
    wire::{Request, response, write_response},
};
use futures::{StreamExt, stream::FuturesOrdered};
use serde_json::value::RawValue;

/// Answers a body. Empty when it held notifications only.
pub(crate) async fn answer(methods: &Methods, body: &[u8]) -> String {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(_) => {
            return response("null", &Err(RpcError::parse("parse error: the body is not UTF-8")));
        }
    };
    match text.trim_start().starts_with('[') {
        true => answer_batch(methods, text).await,
        false => answer_one(methods, text).await,
    }
}

async fn answer_one(methods: &Methods, text: &str) -> String {
    let request = match Request::parse(text) {
        Ok(request) => request,
        Err(error) => return response("null", &Err(error)),
    };
    let answer = match methods.start(&request) {
        Step::Done(answer) => answer,
        Step::Later(future) => future.await,
    };
    match request.id {
        Some(id) => response(id.get(), &answer),
        None => String::new(),
    }
}

/// Starts the entries in order and lets them run side by side: a sender's nonces stay in order, and their commits to disk are one.
async fn answer_batch(methods: &Methods, text: &str) -> String {
    let limits = &methods.node().limits;
    let entries: Vec<&RawValue> = match serde_json::from_str(text) {
        Ok(entries) => entries,
        Err(error) => {
            return response("null", &Err(RpcError::parse(format!("parse error: {error}"))));
        }
    };
    if entries.is_empty() {
        return response(
            "null",
            &Err(RpcError::invalid_request("invalid request: the batch is empty")),
        );
    }
    if entries.len() > limits.batch_entries_max {
        let message = format!(
            "batch too large: {} entries, {} are allowed",
            entries.len(),
            limits.batch_entries_max
        );
        return response("null", &Err(RpcError::invalid_request(message)));
    }
    let mut running = FuturesOrdered::new();
    for entry in entries {
        let request = Request::parse(entry.get());
        let step = match &request {
            Ok(request) => methods.start(request),
            Err(error) => Step::Done(Err(error.clone())),
        };
        running.push_back(async move {
            let answer = match step {
                Step::Done(answer) => answer,
                Step::Later(future) => future.await,
            };
            match &request {
                Ok(request) => request.id.map(|id| (id.get(), answer)),
                Err(_) => Some(("null", answer)),
            }
        });
    }
    let mut out = String::from("[");
    while let Some(answered) = running.next().await {
        let Some((id, mut answer)) = answered else { continue };
        if out.len() > limits.answer_bytes_max {
            answer = Err(RpcError::new(-32003, "response too large: ask for less in one batch"));
        }
        if out.len() > 1 {
            out.push(',');
        }
        write_response(&mut out, id, &answer);
    }
    if out.len() == 1 {
        return String::new();
    }
    out.push(']');
    out
}
