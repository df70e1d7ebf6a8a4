//! One WebSocket connection: requests side by side, and subscriptions.

use super::{batch, stop_asked};
use crate::{
    Event, Metrics, RpcError,
    access::{self, Caller},
    logs::{self, Criteria},
    methods::Methods,
    node::Node,
    shape::{HeaderJson, TransactionJson},
    wire::{Answer, Params, Request, json, response},
};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::{FutureExt, SinkExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use mezz_evm::SignedTransaction;
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::sync::{
    broadcast::{self, error::RecvError},
    watch,
};

/// What a client subscribed to.
enum Subscription {
    Heads,
    Logs(Box<Criteria>),
    Arrivals { full: bool },
    Syncing,
}

/// The subscriptions of one connection, and the channels they need.
struct Subscriptions {
    node: Arc<Node>,
    caller: Caller,
    open: BTreeMap<String, Subscription>,
    events: Option<broadcast::Receiver<Event>>,
    arrivals: Option<broadcast::Receiver<Arc<SignedTransaction>>>,
}

/// Counts a session while it is open.
struct Open<'a>(&'a Metrics);

impl<'a> Open<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.connections.fetch_add(1, Relaxed);
        Self(metrics)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Relaxed);
    }
}

/// WebSocket close code "try again later".
const CLOSE_AGAIN: u16 = 1013;
/// How long a client may leave what was written to it unread.
const WRITE_MAX: Duration = Duration::from_secs(30);
/// WebSocket close code "going away".
const CLOSE_AWAY: u16 = 1001;

/// Serves a connection until it closes or the server stops.
pub(crate) async fn run(
    methods: Arc<Methods>,
    caller: Caller,
    socket: WebSocket,
    mut stopped: watch::Receiver<bool>,
) {
    let in_flight_max = methods.node().limits.in_flight_max;
    let metrics = methods.node().metrics.clone();
    let _open = Open::new(&metrics);
    let mut subscriptions = Subscriptions::new(methods.node().clone(), caller.clone());
    let (mut sink, mut stream) = socket.split();
    let mut running: FuturesUnordered<BoxFuture<'static, String>> = FuturesUnordered::new();
    loop {
        let mut out = Vec::new();
        tokio::select! {
            Some(answer) = running.next() => {
                out.push(answer);
                // Whatever else is done goes out in the same write.
                while let Some(Some(answer)) = running.next().now_or_never() {
                    out.push(answer);
                }
            }
            message = stream.next(), if running.len() < in_flight_max => match message {
                Some(Ok(Message::Text(text))) => receive(&methods, &mut subscriptions, text.as_str().to_owned(), &mut running, &mut out),
                Some(Ok(Message::Binary(bytes))) => match String::from_utf8(bytes.to_vec()) {
                    Ok(text) => receive(&methods, &mut subscriptions, text, &mut running, &mut out),
                    Err(_) => out.push(response("null", &Err(RpcError::parse("parse error: the message is not UTF-8")))),
                },
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
            event = receive_from(&mut subscriptions.events) => match event {
                Ok(event) => subscriptions.notify_event(&event, &mut out),
                Err(_) => {
                    let reason = "this connection reads too slowly: subscribe again and read what was missed";
                    let _ = sink.send(Message::Close(Some(CloseFrame { code: CLOSE_AGAIN, reason: reason.into() }))).await;
                    break;
                }
            },
            arrival = receive_from(&mut subscriptions.arrivals) => match arrival {
                Ok(transaction) => subscriptions.notify_arrival(&transaction, &mut out),
                // Arrivals are a hint, not a record: what was missed is not repeated.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => subscriptions.arrivals = None,
            },
            () = stop_asked(&mut stopped) => {
                let _ = sink.send(Message::Close(Some(CloseFrame { code: CLOSE_AWAY, reason: "the server stops".into() }))).await;
                break;
            }
        }
        let write = async {
            for text in out.into_iter().filter(|text| !text.is_empty()) {
                sink.feed(Message::Text(text.into())).await?;
            }
            sink.flush().await
        };
        // Somebody who no longer reads is gone, as is somebody whose connection broke.
        if !matches!(tokio::time::timeout(WRITE_MAX, write).await, Ok(Ok(()))) {
            return;
        }
    }
}

/// The next item of a channel that may not be open.
async fn receive_from<T: Clone>(
    channel: &mut Option<broadcast::Receiver<T>>,
) -> Result<T, RecvError> {
    match channel {
        Some(channel) => channel.recv().await,
        None => std::future::pending().await,
    }
}

/// Takes one message: subscriptions at once, so that nothing overtakes their answer; the rest side by side.
fn receive(
    methods: &Arc<Methods>,
    subscriptions: &mut Subscriptions,
    text: String,
    running: &mut FuturesUnordered<BoxFuture<'static, String>>,
    out: &mut Vec<String>,
) {
    if (text.contains("eth_subscribe") || text.contains("eth_unsubscribe"))
        && let Ok(request) = Request::parse(&text)
        && let Some(answer) = subscriptions.manage(&request)
    {
        out.push(response(request.id_text(), &answer));
        subscriptions.greet(&request, &answer, out);
        return;
    }
    let (methods, caller) = (methods.clone(), subscriptions.caller.clone());
    let mut work: BoxFuture<'static, String> =
        Box::pin(async move { batch::answer(&methods, &caller, text.as_bytes()).await });
    // Most requests are answered at once: no need to come back for those.
    match (&mut work).now_or_never() {
        Some(answer) => out.push(answer),
        None => running.push(work),
    }
}

impl Subscriptions {
    fn new(node: Arc<Node>, caller: Caller) -> Self {
        Self { node, caller, open: BTreeMap::new(), events: None, arrivals: None }
    }

    /// Answers `eth_subscribe` and `eth_unsubscribe`; `None` for every other method.
    fn manage(&mut self, request: &Request<'_>) -> Option<Answer> {
        match request.method.as_ref() {
            "eth_subscribe" => Some(
                access::admit(&self.node, &self.caller.who(), request)
                    .and_then(|_| Params::new(request.params))
                    .and_then(|params| self.subscribe(&params)),
            ),
            "eth_unsubscribe" => {
                Some(Params::new(request.params).and_then(|params| self.unsubscribe(&params)))
            }
            _ => None,
        }
    }

    fn subscribe(&mut self, params: &Params<'_>) -> Answer {
        let limit = self.node.limits.subscriptions_max;
        if self.open.len() >= limit {
            return Err(RpcError::limit(format!(
                "too many subscriptions: {limit} are allowed on one connection"
            )));
        }
        let subscription = match params.get::<&str>(0)? {
            "newHeads" => Subscription::Heads,
            "logs" => Subscription::Logs(params.optional(1)?.unwrap_or_default()),
            "newPendingTransactions" => {
                Subscription::Arrivals { full: params.optional(1)?.unwrap_or(false) }
            }
            "syncing" => Subscription::Syncing,
            other => {
                return Err(RpcError::invalid_params(format!(
                    "no \"{other}\" subscription in eth namespace; there are newHeads, logs, newPendingTransactions and syncing"
                )));
            }
        };
        let public = self.caller.who().view().is_some_and(|view| view.is_public());
        if public && matches!(subscription, Subscription::Logs(_) | Subscription::Arrivals { .. }) {
            let who = "tenants, auditors and operators; newHeads and syncing are for everybody";
            self.node.metrics.count_refusal("public", "eth_subscribe");
            return Err(access::refusal("this subscription", who));
        }
        match subscription {
            Subscription::Arrivals { .. } if self.arrivals.is_none() => {
                self.arrivals = Some(self.node.backend.arrivals())
            }
            Subscription::Heads | Subscription::Logs(_) if self.events.is_none() => {
                self.events = Some(self.node.backend.events())
            }
            _ => {}
        }
        let id = format!("0x{:032x}", rand::random::<u128>());
        self.open.insert(id.clone(), subscription);
        self.node.metrics.subscriptions.fetch_add(1, Relaxed);
        json(&id)
    }

    fn unsubscribe(&mut self, params: &Params<'_>) -> Answer {
        let id: String = params.get(0)?;
        if self.open.remove(&id).is_none() {
            return Err(RpcError::rejected("subscription not found"));
        }
        self.node.metrics.subscriptions.fetch_sub(1, Relaxed);
        if !self.open.values().any(|open| matches!(open, Subscription::Arrivals { .. })) {
            self.arrivals = None;
        }
        if !self
            .open
            .values()
            .any(|open| matches!(open, Subscription::Heads | Subscription::Logs(_)))
        {
            self.events = None;
        }
        Ok("true".to_owned())
    }

    /// A new `syncing` subscription hears the status at once.
    fn greet(&self, request: &Request<'_>, answer: &Answer, out: &mut Vec<String>) {
        let Ok(id) = answer else { return };
        let id = id.trim_matches('"');
        if request.method == "eth_subscribe"
            && matches!(self.open.get(id), Some(Subscription::Syncing))
        {
            out.extend(
                crate::eth::syncing_text(&self.node).ok().map(|status| notification(id, &status)),
            );
        }
    }

    fn notify_event(&self, event: &Event, out: &mut Vec<String>) {
        let view = self.caller.who().view();
        for (id, subscription) in &self.open {
            let results: Vec<String> = match (subscription, event) {
                (Subscription::Heads, Event::Head(block)) => {
                    json(&HeaderJson::new(&block.header, block.hash)).into_iter().collect()
                }
                (Subscription::Logs(criteria), Event::Head(block)) => {
                    logs::each(block, criteria, view.as_ref(), false)
                }
                (Subscription::Logs(criteria), Event::Reorged { removed }) => removed
                    .iter()
                    .flat_map(|block| logs::each(block, criteria, view.as_ref(), true))
                    .collect(),
                _ => Vec::new(),
            };
            let seen = results.into_iter().filter_map(|result| match &view {
                None => Some(result),
                Some(view) => view.seen(&self.node, &result),
            });
            out.extend(seen.map(|result| notification(id, &result)));
        }
    }

    fn notify_arrival(&self, transaction: &SignedTransaction, out: &mut Vec<String>) {
        if self.caller.who().view().is_some_and(|view| !view.sees(transaction)) {
            return;
        }
        for (id, subscription) in &self.open {
            let Subscription::Arrivals { full } = subscription else { continue };
            let result = if *full {
                json(&TransactionJson::new(transaction, None, None))
            } else {
                json(&transaction.hash)
            };
            out.extend(result.ok().map(|result| notification(id, &result)));
        }
    }
}

impl Drop for Subscriptions {
    fn drop(&mut self) {
        self.node.metrics.subscriptions.fetch_sub(self.open.len() as u64, Relaxed);
    }
}

fn notification(id: &str, result: &str) -> String {
    format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{{\"subscription\":\"{id}\",\"result\":{result}}}}}"
    )
}
