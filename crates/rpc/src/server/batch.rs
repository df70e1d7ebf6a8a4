//! One body: a request or a batch of them.

use crate::{
    RpcError,
    access::Caller,
    methods::{Budget, Methods, Step},
    wire::{Answer, Request, response, write_response},
};
use futures::{StreamExt, stream::FuturesOrdered};
use serde_json::value::RawValue;

/// Entries of one batch that run at once.
const SIDE_BY_SIDE: usize = 128;

/// Answers a body. Empty when it held notifications only.
pub(crate) async fn answer(methods: &Methods, caller: &Caller, body: &[u8]) -> String {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(_) => {
            return response("null", &Err(RpcError::parse("parse error: the body is not UTF-8")));
        }
    };
    match text.trim_start().starts_with('[') {
        true => answer_batch(methods, caller, text).await,
        false => answer_one(methods, caller, text).await,
    }
}

async fn answer_one(methods: &Methods, caller: &Caller, text: &str) -> String {
    let request = match Request::parse(text) {
        Ok(request) => request,
        Err(error) => return response("null", &Err(error)),
    };
    let budget = Budget::new(methods.node().limits.answer_bytes_max);
    let answer = match methods.start(&request, &caller.who(), &budget) {
        Step::Done(answer) => answer,
        Step::Later(future) => future.await,
    };
    match request.id {
        Some(id) => response(id.get(), &answer),
        None => String::new(),
    }
}

/// Starts the entries in order and lets them run side by side: a sender's nonces stay in order, and their commits to disk are one.
async fn answer_batch(methods: &Methods, caller: &Caller, text: &str) -> String {
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
    let who = caller.who();
    let mut running = FuturesOrdered::new();
    let mut out = Answers { text: String::from("["), bytes_max: limits.answer_bytes_max };
    let budget = Budget::new(limits.answer_bytes_max);
    // What is answered and not yet written, bytes.
    let mut held = 0;
    for entry in entries {
        while running.len() >= SIDE_BY_SIDE || (held > limits.answer_bytes_max && !out.is_full()) {
            let Some(answered) = running.next().await else { break };
            held -= out.add(answered).min(held);
        }
        let request = Request::parse(entry.get());
        let step = match &request {
            // A transaction must not be taken and its answer withheld.
            Ok(_) if out.is_full() || budget.is_spent() => {
                Step::Done(Err(RpcError::response_too_large()))
            }
            Ok(request) => methods.start(request, &who, &budget),
            Err(error) => Step::Done(Err(error.clone())),
        };
        if let Step::Done(Ok(answer)) = &step {
            held += answer.len();
        }
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
    while let Some(answered) = running.next().await {
        out.add(answered);
    }
    match out.text.len() {
        1 => String::new(),
        _ => out.text + "]",
    }
}

/// The answers of a batch as they are written.
struct Answers {
    text: String,
    bytes_max: usize,
}

impl Answers {
    fn is_full(&self) -> bool {
        self.text.len() > self.bytes_max
    }

    /// Writes one, unless it is a notification's; gives the bytes that it took before.
    fn add(&mut self, answered: Option<(&str, Answer)>) -> usize {
        let Some((id, answer)) = answered else { return 0 };
        let bytes = answer.as_ref().map_or(0, String::len);
        if self.text.len() > 1 {
            self.text.push(',');
        }
        match self.is_full() {
            true => write_response(&mut self.text, id, &Err(RpcError::response_too_large())),
            false => write_response(&mut self.text, id, &answer),
        }
        bytes
    }
}
