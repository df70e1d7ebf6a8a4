//! The table of methods and how one is called.

use crate::{
    RpcError,
    access::{self, Admission, Filter, View, Who},
    debug, eth,
    metrics::MethodMetrics,
    node::Node,
    openrpc, ots, testing, trace, txpool,
    wire::{Answer, Params, Request},
};
use futures::future::BoxFuture;
use serde_json::{Value, value::RawValue};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

/// How a method is carried out.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// At once, from memory or with a look into the store.
    Inline(Plain),
    /// By a worker: it computes or reads much.
    Worker(Plain),
    /// By a worker that does nothing but execute blocks again, which may take long.
    Tracer(Plain),
    /// It waits for something.
    Future(fn(&Arc<Node>, &Params<'_>) -> Result<BoxFuture<'static, Answer>, RpcError>),
}

/// A method that ends when it returns.
pub(crate) type Plain = fn(&Node, &Params<'_>) -> Answer;

/// Bytes that the answers to one body may take before they are cut: what is cut away was work all the same.
#[derive(Debug)]
pub(crate) struct Budget {
    spent: AtomicUsize,
    bytes_max: usize,
}

impl Budget {
    pub(crate) fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { spent: AtomicUsize::new(0), bytes_max })
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.spent.load(Relaxed) > self.bytes_max
    }

    fn spend(&self, bytes: usize) {
        self.spent.fetch_add(bytes, Relaxed);
    }
}

/// A method of the server with its counters.
struct Entry {
    handler: Handler,
    metrics: Arc<MethodMetrics>,
}

/// Every method of the server by name.
pub(crate) struct Methods {
    node: Arc<Node>,
    entries: HashMap<&'static str, Entry>,
}

/// A call that was begun.
pub(crate) enum Step {
    Done(Answer),
    Later(BoxFuture<'static, Answer>),
}

const TABLES: [&[(&str, Handler)]; 8] = [
    eth::METHODS,
    eth::SIMPLE_METHODS,
    debug::METHODS,
    trace::METHODS,
    ots::METHODS,
    txpool::METHODS,
    testing::METHODS,
    openrpc::METHODS,
];

/// The names of all methods of the server itself.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().flatten().map(|(name, _)| *name).chain(["eth_subscribe", "eth_unsubscribe"])
}

/// Whether a method of the server ends when it returns, and so can be cut by a worker.
#[cfg(test)]
pub(crate) fn is_plain(name: &str) -> bool {
    let mut all = TABLES.into_iter().flatten();
    all.any(|(own, handler)| {
        *own == name && matches!(handler, Handler::Inline(_) | Handler::Worker(_))
    })
}

impl Methods {
    pub(crate) fn new(node: Arc<Node>) -> Self {
        let entry = |(name, handler): &(&'static str, Handler)| {
            (*name, Entry { handler: *handler, metrics: node.metrics.method(name) })
        };
        let entries = TABLES.into_iter().flatten().map(entry).collect();
        Self { node, entries }
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Begins one call. What can be answered at once is.
    pub(crate) fn start(&self, request: &Request<'_>, who: &Who, budget: &Arc<Budget>) -> Step {
        match access::admit(&self.node, who, request) {
            Ok(Admission::Run) => self.run(request, who),
            Ok(Admission::Answer(answer)) => Step::Done(Ok(answer)),
            Err(error) => Step::Done(Err(error)),
            Ok(Admission::Cut(filter, view)) => {
                self.run_and_cut(request, who, (filter, view), budget.clone())
            }
        }
    }

    /// Carries out a method of which not everything is shown: by a worker, as reading an answer to cut it takes longer than making it.
    fn run_and_cut(
        &self,
        request: &Request<'_>,
        who: &Who,
        (filter, view): (Filter, View),
        budget: Arc<Budget>,
    ) -> Step {
        let (method, started) = (request.method.as_ref(), Instant::now());
        let Some(entry) = self.entries.get(method) else {
            let whole = self.start_extra(method, request.params, started);
            let node = self.node.clone();
            return match whole {
                Step::Done(answer) => {
                    Step::Done(answer.and_then(|whole| view.cut(&node, filter, &whole)))
                }
                Step::Later(answer) => Step::Later(Box::pin(async move {
                    answer.await.and_then(|whole| view.cut(&node, filter, &whole))
                })),
            };
        };
        let (Handler::Inline(plain) | Handler::Worker(plain)) = entry.handler else {
            // Nothing of the server's of which parts are shown is anything else; a test holds the table to that.
            return Step::Done(Err(RpcError::method_not_found(method)));
        };
        // Whoever sees no transaction has none written down to be cut again.
        let bare = eth::without_transactions(method).filter(|_| view.is_public());
        let plain = bare.unwrap_or(plain);
        let (node, who, raw) =
            (self.node.clone(), who.clone(), request.params.map(ToOwned::to_owned));
        let answer = async move {
            let worker_node = node.clone();
            let work = move || {
                if budget.is_spent() {
                    return Err(RpcError::response_too_large());
                }
                let whole = plain(&worker_node, &Params::new(raw.as_deref())?.of(who))?;
                budget.spend(whole.len());
                view.cut(&worker_node, filter, &whole)
            };
            node.workers.run(work).await
        };
        measured(Step::Later(Box::pin(answer)), &entry.metrics, started)
    }

    fn run(&self, request: &Request<'_>, who: &Who) -> Step {
        let started = Instant::now();
        let method = request.method.as_ref();
        let Some(entry) = self.entries.get(method) else {
            return self.start_extra(method, request.params, started);
        };
        let step = match Params::new(request.params) {
            Ok(params) => self.start_own(entry.handler, &params.of(who.clone()), request.params),
            Err(error) => Step::Done(Err(error)),
        };
        measured(step, &entry.metrics, started)
    }

    fn start_own(&self, handler: Handler, params: &Params<'_>, raw: Option<&RawValue>) -> Step {
        match handler {
            Handler::Inline(method) => Step::Done(method(&self.node, params)),
            Handler::Future(method) => match method(&self.node, params) {
                Ok(future) => Step::Later(future),
                Err(error) => Step::Done(Err(error)),
            },
            Handler::Worker(method) | Handler::Tracer(method) => {
                let (node, raw) = (self.node.clone(), raw.map(ToOwned::to_owned));
                let who = params.who().clone();
                let tracing = matches!(handler, Handler::Tracer(_));
                Step::Later(Box::pin(async move {
                    let workers = if tracing { &node.tracers } else { &node.workers };
                    let worker_node = node.clone();
                    let work = move || method(&worker_node, &Params::new(raw.as_deref())?.of(who));
                    workers.run(work).await
                }))
            }
        }
    }

    /// Begins a call of a method that belongs to the chain.
    fn start_extra(&self, method: &str, params: Option<&RawValue>, started: Instant) -> Step {
        if matches!(method, "eth_subscribe" | "eth_unsubscribe") {
            let message = "notifications not supported here: subscribe with a single request over WebSocket, on the same port, or poll a filter";
            return Step::Done(Err(RpcError::new(-32601, message)));
        }
        let params = match params
            .map_or(Ok(Value::Array(Vec::new())), |raw| serde_json::from_str(raw.get()))
        {
            Ok(params) => params,
            Err(error) => return Step::Done(Err(RpcError::invalid_params(error.to_string()))),
        };
        match self.node.backend.extra(method, params) {
            Some(future) => {
                let step = Step::Later(Box::pin(async move {
                    future.await.and_then(|value| crate::wire::json(&value))
                }));
                measured(step, &self.node.metrics.method(method), started)
            }
            None => Step::Done(Err(RpcError::method_not_found(method))),
        }
    }
}

/// Counts a call when it ends.
fn measured(step: Step, metrics: &Arc<MethodMetrics>, started: Instant) -> Step {
    match step {
        Step::Done(answer) => {
            metrics.record(started.elapsed(), answer.is_err());
            Step::Done(answer)
        }
        Step::Later(future) => {
            let metrics = metrics.clone();
            Step::Later(Box::pin(async move {
                let answer = future.await;
                metrics.record(started.elapsed(), answer.is_err());
                answer
            }))
        }
    }
}
