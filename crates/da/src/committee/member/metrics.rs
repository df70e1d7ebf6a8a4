//! What a member counts, as Prometheus reads it.

use crate::committee::MemberMetrics;
use alloy::primitives::Address;
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fmt::{Display, Write},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Counters of a member, from its start on.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    signatures: AtomicU64,
    signing_micros: AtomicU64,
    refusals: Mutex<BTreeMap<&'static str, u64>>,
    pub(super) reads: AtomicU64,
    pub(super) read_bytes: AtomicU64,
    pub(super) repaired: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) expired: AtomicU64,
}

impl Metrics {
    pub(super) fn count_signature(&self, took: Duration) {
        self.signatures.fetch_add(1, Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.signing_micros.fetch_add(micros, Relaxed);
    }

    pub(super) fn count_refusal(&self, code: &'static str) {
        *self.refusals.lock().entry(code).or_default() += 1;
    }

    /// All of them, with the size of the store and what audits of the peers found.
    pub(super) fn render(
        &self,
        (payloads, bytes): (u64, u64),
        peers: &BTreeMap<Address, MemberMetrics>,
    ) -> String {
        let mut page = Page::default();
        let seconds = Duration::from_micros(self.signing_micros.load(Relaxed)).as_secs_f64();
        page.one(
            "signatures_total",
            "counter",
            "Certificates that were signed.",
            self.signatures.load(Relaxed),
        );
        page.one(
            "signing_seconds_total",
            "counter",
            "Time from request to signature, all together.",
            seconds,
        );
        page.one(
            "reads_total",
            "counter",
            "Requests for payloads that were answered.",
            self.reads.load(Relaxed),
        );
        page.one(
            "read_bytes_total",
            "counter",
            "Bytes of payloads that were shown.",
            self.read_bytes.load(Relaxed),
        );
        page.one("payloads", "gauge", "Payloads that are kept.", payloads);
        page.one("payload_bytes", "gauge", "Bytes of payloads that are kept.", bytes);
        page.one(
            "payloads_expired_total",
            "counter",
            "Payloads that were removed after their time.",
            self.expired.load(Relaxed),
        );
        page.one(
            "payloads_repaired_total",
            "counter",
            "Payloads that were missing or damaged and came from a peer.",
            self.repaired.load(Relaxed),
        );
        page.one(
            "payloads_lost",
            "gauge",
            "Promised payloads that are missing, and that no peer showed.",
            self.lost.load(Relaxed),
        );
        page.head("refusals_total", "counter", "Requests that were refused, by reason.");
        for (code, count) in self.refusals.lock().iter() {
            page.line("refusals_total", &format!("{{reason=\"{code}\"}}"), count);
        }
        page.head("audits_total", "counter", "Audits of peers, by result.");
        for (peer, metrics) in peers {
            let results = [("passed", &metrics.audits_passed), ("failed", &metrics.audits_failed)];
            for (result, count) in results {
                let labels = format!("{{peer=\"{peer}\",result=\"{result}\"}}");
                page.line("audits_total", &labels, count.load(Relaxed));
            }
        }
        page.text
    }
}

/// A page of metrics.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.line(name, "", value);
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.write(format_args!("# HELP mezz_dac_{name} {help}\n# TYPE mezz_dac_{name} {kind}\n"));
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        self.write(format_args!("mezz_dac_{name}{labels} {value}\n"));
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        self.text.write_fmt(text).expect("a string takes everything; qed");
    }
}
