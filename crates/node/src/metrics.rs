//! What a node counts, in Prometheus's text format with OP's label shapes, so that existing dashboards read it.

use mezz_da::committee::{ClientMetrics, MemberMetrics};
use mezz_settlement::{Heads, Settlement, Standing};
use std::{
    fmt::Write,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// Sets it.
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Reads it.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Adds.
    pub fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// Reads it.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The numbers of one node.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Newest L1 block observed.
    pub l1_head: Gauge,
    /// Newest L2 block.
    pub l2_unsafe: Gauge,
    /// Newest L2 block whose batch is on L1.
    pub l2_safe: Gauge,
    /// Newest L2 block whose batch is in a final L1 block.
    pub l2_finalized: Gauge,
    /// Newest L2 block whose claim is confirmed.
    pub l2_settled: Gauge,
    /// Estimated bytes sealed and not yet on L1.
    pub unposted_bytes: Gauge,
    /// 1 once L1 was read to its head.
    pub caught_up: Gauge,
    /// 1 while the next batch is of a version of the program that this node has not.
    pub superseded: Gauge,
    /// Batches of an earlier version of the program, which this node has not, that are not final.
    pub older_batches: Gauge,
    /// Reorgs of L1 seen.
    pub l1_reorgs: Counter,
    /// Times that L1 contradicted what was final or itself, and was read anew.
    pub l1_resets: Counter,
    /// Questions to L1 that failed.
    pub l1_errors: Counter,
    /// Moves that failed and were tried again.
    pub failed_moves: Counter,
    /// Batches posted by this node.
    pub batches: Counter,
    /// Those of them that went without signatures.
    pub unsigned_batches: Counter,
    /// Payload bytes posted by this node.
    pub batch_bytes: Counter,
    /// L1 gas spent on batches by this node.
    pub batch_gas: Counter,
    /// Batches posted to L1 because too few members of the committee signed.
    pub fallbacks: Counter,
    /// Claims made by this node.
    pub claims: Counter,
    /// L1 gas that moves about claims and demands took.
    pub dispute_gas: Counter,
    /// Proofs wanted that nobody works on.
    pub proofs_wanted: Gauge,
    /// Proofs that workers make.
    pub proofs_proving: Gauge,
    /// Proofs taken.
    pub proofs: Counter,
    /// Wrong proofs refused.
    pub proofs_refused: Counter,
    /// Seconds that the proofs taken took, from the job to the proof.
    pub proof_seconds: Counter,
    /// What the client of the data committee counts, of a chain that has one.
    pub committee: OnceLock<Arc<ClientMetrics>>,
}

impl Metrics {
    pub(crate) fn heads(&self, heads: &Heads) {
        self.l2_unsafe.set(heads.latest);
        self.l2_safe.set(heads.safe);
        self.l2_finalized.set(heads.finalized);
        self.l2_settled.set(heads.settled);
    }

    pub(crate) fn versions(&self, settlement: &Settlement) {
        self.superseded.set((settlement.standing() != Standing::Current).into());
        self.older_batches.set(settlement.older().map_or(0, |older| older.to - older.from));
    }

    /// The text that Prometheus scrapes.
    pub fn render(&self) -> String {
        let mut text = String::new();
        self.render_node(&mut text);
        self.render_versions(&mut text);
        self.render_proofs(&mut text);
        if let Some(committee) = self.committee.get() {
            render_committee(committee, &mut text);
        }
        text
    }

    fn render_node(&self, text: &mut String) {
        let mut family = |name: &str, kind: &str, help: &str, lines: &[(&str, u64)]| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in lines {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        };
        let refs = [
            (r#"{layer="l1",type="l1_head"}"#, self.l1_head.get()),
            (r#"{layer="l2",type="l2_unsafe"}"#, self.l2_unsafe.get()),
            (r#"{layer="l2",type="l2_safe"}"#, self.l2_safe.get()),
            (r#"{layer="l2",type="l2_finalized"}"#, self.l2_finalized.get()),
            (r#"{layer="l2",type="l2_settled"}"#, self.l2_settled.get()),
        ];
        family("mezz_node_refs_number", "gauge", "Block numbers of the heads.", &refs);
        family("mezz_node_up", "gauge", "1 while the node runs.", &[("", 1)]);
        family(
            "mezz_node_caught_up",
            "gauge",
            "1 once L1 was read to its head.",
            &[("", self.caught_up.get())],
        );
        family(
            "mezz_node_unposted_bytes",
            "gauge",
            "Estimated bytes sealed and not yet on L1.",
            &[("", self.unposted_bytes.get())],
        );
        family(
            "mezz_node_l1_reorgs_total",
            "counter",
            "Reorgs of L1 seen.",
            &[("", self.l1_reorgs.get())],
        );
        family(
            "mezz_node_l1_resets_total",
            "counter",
            "Times that L1 contradicted itself or what was final, and was read anew.",
            &[("", self.l1_resets.get())],
        );
        family(
            "mezz_node_l1_errors_total",
            "counter",
            "Questions to L1 that failed.",
            &[("", self.l1_errors.get())],
        );
        family(
            "mezz_node_failed_moves_total",
            "counter",
            "Moves that failed and were tried again.",
            &[("", self.failed_moves.get())],
        );
        family(
            "mezz_node_batches_total",
            "counter",
            "Batches posted by this node.",
            &[("", self.batches.get())],
        );
        family(
            "mezz_node_batch_bytes_total",
            "counter",
            "Payload bytes posted by this node.",
            &[("", self.batch_bytes.get())],
        );
        family(
            "mezz_node_batch_gas_total",
            "counter",
            "L1 gas spent on batches by this node.",
            &[("", self.batch_gas.get())],
        );
        family(
            "mezz_node_fallbacks_total",
            "counter",
            "Batches posted to L1 because too few members of the committee signed.",
            &[("", self.fallbacks.get())],
        );
        family(
            "mezz_node_unsigned_batches_total",
            "counter",
            "Batches posted without signatures by this node.",
            &[("", self.unsigned_batches.get())],
        );
        family(
            "mezz_node_claims_total",
            "counter",
            "Claims made by this node.",
            &[("", self.claims.get())],
        );
    }

    fn render_versions(&self, text: &mut String) {
        let superseded = "1 while the next batch is of a version of the program that this node has not: it derives, sequences and posts nothing.";
        let older = "Batches of an earlier version of the program, which this node has not, that are not final: a node that has it must run.";
        let families = [
            ("superseded", "gauge", superseded, self.superseded.get()),
            ("older_batches", "gauge", older, self.older_batches.get()),
        ];
        render_families(&families, text);
    }

    fn render_proofs(&self, text: &mut String) {
        let families = [
            (
                "proofs_wanted",
                "gauge",
                "Proofs wanted that nobody works on.",
                self.proofs_wanted.get(),
            ),
            ("proofs_proving", "gauge", "Proofs that workers make.", self.proofs_proving.get()),
            ("proofs_total", "counter", "Proofs taken from workers.", self.proofs.get()),
            ("proofs_refused_total", "counter", "Wrong proofs refused.", self.proofs_refused.get()),
            (
                "proof_seconds_total",
                "counter",
                "Seconds that the proofs taken took, from the job to the proof.",
                self.proof_seconds.get(),
            ),
        ];
        render_families(&families, text);
    }
}

/// Name, kind, help and value of each.
fn render_families(families: &[(&str, &str, &str, u64)], text: &mut String) {
    for (name, kind, help, value) in families {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "# HELP mezz_node_{name} {help}\n# TYPE mezz_node_{name} {kind}\nmezz_node_{name} {value}"
        );
    }
}

/// Certificates in general, and each member: an alarm belongs at one signature above the threshold.
fn render_committee(committee: &ClientMetrics, text: &mut String) {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    // Writing to a string cannot fail.
    let mut one = |name: &str, kind: &str, help: &str, value: u64| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    };
    one(
        "mezz_committee_certificates_total",
        "counter",
        "Batches that enough members certified.",
        read(&committee.certified),
    );
    one(
        "mezz_committee_uncertified_total",
        "counter",
        "Batches for which too few members signed.",
        read(&committee.uncertified),
    );
    one(
        "mezz_committee_signers",
        "gauge",
        "Members that signed the last certificate: at the threshold one more failure stops it.",
        read(&committee.signers_last),
    );
    one(
        "mezz_committee_certificate_microseconds",
        "gauge",
        "Time to the last certificate.",
        read(&committee.certificate_micros_last),
    );
    one(
        "mezz_committee_withheld_total",
        "counter",
        "Payloads that no member showed.",
        read(&committee.withheld),
    );
    one(
        "mezz_committee_equivocations_total",
        "counter",
        "Pairs of signatures of one member that contradict each other: the evidence is in equivocations/.",
        read(&committee.equivocations),
    );
    type Value = fn(&MemberMetrics) -> &AtomicU64;
    let members: [(&str, &str, Value); 4] = [
        ("signed", "Certificates that a member signed.", |member| &member.signed),
        ("missing", "Certificates that a member did not sign.", |member| &member.missing),
        ("audits_passed", "Audits that a member passed.", |member| &member.audits_passed),
        ("audits_failed", "Audits that a member failed.", |member| &member.audits_failed),
    ];
    for (name, help, value) in members {
        let name = format!("mezz_committee_member_{name}_total");
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter");
        for (member, metrics) in committee.members() {
            let _ = writeln!(text, "{name}{{member=\"{member}\"}} {}", read(value(metrics)));
        }
    }
}
