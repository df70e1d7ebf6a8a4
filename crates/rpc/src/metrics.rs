//! What the server counts about itself.

use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Upper bounds of the duration histogram, microseconds.
const BUCKETS_MICROS: [u64; 11] =
    [50, 100, 250, 500, 1_000, 5_000, 10_000, 50_000, 250_000, 1_000_000, 5_000_000];

/// The counters of a server, rendered in Prometheus' text format with the OP Stack's names.
#[derive(Debug, Default)]
pub struct Metrics {
    methods: Mutex<BTreeMap<String, Arc<MethodMetrics>>>,
    /// Open HTTP and WebSocket connections.
    pub(crate) connections: AtomicU64,
    /// Open subscriptions.
    pub(crate) subscriptions: AtomicU64,
    /// Refused calls by role and method.
    refused: Mutex<BTreeMap<(&'static str, String), u64>>,
    /// Calls of auditors by method.
    audited: Mutex<BTreeMap<String, u64>>,
}

/// The counters of one method.
#[derive(Debug, Default)]
pub(crate) struct MethodMetrics {
    requests: AtomicU64,
    errors: AtomicU64,
    micros: AtomicU64,
    buckets: [AtomicU64; BUCKETS_MICROS.len()],
}

impl MethodMetrics {
    /// Counts one request.
    pub(crate) fn record(&self, elapsed: Duration, failed: bool) {
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        self.requests.fetch_add(1, Relaxed);
        self.errors.fetch_add(u64::from(failed), Relaxed);
        self.micros.fetch_add(micros, Relaxed);
        if let Some(bucket) = BUCKETS_MICROS.iter().position(|bound| micros <= *bound) {
            self.buckets[bucket].fetch_add(1, Relaxed);
        }
    }
}

impl Metrics {
    /// The counters of a method; made at the first call.
    pub(crate) fn method(&self, name: &str) -> Arc<MethodMetrics> {
        let mut methods = self.methods.lock();
        match methods.get(name) {
            Some(metrics) => metrics.clone(),
            None => methods.entry(name.to_owned()).or_default().clone(),
        }
    }

    /// Counts a call that the access list refused.
    pub(crate) fn count_refusal(&self, role: &'static str, method: &str) {
        *self.refused.lock().entry((role, method.to_owned())).or_default() += 1;
    }

    /// Counts a call of an auditor.
    pub(crate) fn count_audit(&self, method: &str) {
        *self.audited.lock().entry(method.to_owned()).or_default() += 1;
    }

    /// Appends everything in Prometheus' text format; `namespace` as in `op_node_default`.
    pub fn render(&self, namespace: &str, out: &mut String) {
        let methods: Vec<_> = self
            .methods
            .lock()
            .iter()
            .map(|(name, metrics)| (name.clone(), metrics.clone()))
            .collect();
        let used: Vec<_> =
            methods.iter().filter(|(_, metrics)| metrics.requests.load(Relaxed) > 0).collect();
        let mut line = |text: std::fmt::Arguments<'_>| {
            writeln!(out, "{namespace}_{text}").expect("writing to a string; qed")
        };
        line(format_args!("rpc_server_connections {}", self.connections.load(Relaxed)));
        line(format_args!("rpc_server_subscriptions {}", self.subscriptions.load(Relaxed)));
        for ((role, method), count) in self.refused.lock().iter() {
            line(format_args!(
                "rpc_server_refusals_total{{role=\"{role}\",method=\"{method}\"}} {count}"
            ));
        }
        for (method, count) in self.audited.lock().iter() {
            line(format_args!("rpc_server_auditor_reads_total{{method=\"{method}\"}} {count}"));
        }
        for (name, metrics) in &used {
            line(format_args!(
                "rpc_server_requests_total{{method=\"{name}\"}} {}",
                metrics.requests.load(Relaxed)
            ));
        }
        for (name, metrics) in &used {
            line(format_args!(
                "rpc_server_errors_total{{method=\"{name}\"}} {}",
                metrics.errors.load(Relaxed)
            ));
        }
        for (name, metrics) in &used {
            let mut below = 0;
            for (bound, bucket) in BUCKETS_MICROS.iter().zip(&metrics.buckets) {
                below += bucket.load(Relaxed);
                let seconds = *bound as f64 / 1e6;
                line(format_args!(
                    "rpc_server_request_duration_seconds_bucket{{method=\"{name}\",le=\"{seconds}\"}} {below}"
                ));
            }
            let requests = metrics.requests.load(Relaxed);
            line(format_args!(
                "rpc_server_request_duration_seconds_bucket{{method=\"{name}\",le=\"+Inf\"}} {requests}"
            ));
            line(format_args!(
                "rpc_server_request_duration_seconds_sum{{method=\"{name}\"}} {}",
                metrics.micros.load(Relaxed) as f64 / 1e6
            ));
            line(format_args!(
                "rpc_server_request_duration_seconds_count{{method=\"{name}\"}} {requests}"
            ));
        }
    }
}
