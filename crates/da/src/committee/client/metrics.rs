//! What a client of a committee counts.

use alloy::primitives::Address;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Counters of a client, from its start on.
#[derive(Debug, Default)]
pub struct ClientMetrics {
    /// Certificates with enough signatures.
    pub certified: AtomicU64,
    /// Batches for which too few members signed.
    pub uncertified: AtomicU64,
    /// Batches that were posted to L1 instead: whoever posts them counts them.
    pub fallbacks: AtomicU64,
    /// Pairs of signatures of one member that contradict each other.
    pub equivocations: AtomicU64,
    /// Time to the last certificate, microseconds.
    pub certificate_micros_last: AtomicU64,
    /// Time to all certificates together, microseconds.
    pub certificate_micros_total: AtomicU64,
    /// Members that signed the last certificate, those slower than the threshold too: at the threshold one more failure
    /// stops the chain.
    pub signers_last: AtomicU64,
    /// Payloads that members showed.
    pub fetched: AtomicU64,
    /// Payloads that no member showed.
    pub withheld: AtomicU64,
    members: BTreeMap<Address, MemberMetrics>,
}

/// Counters for one member.
#[derive(Debug, Default)]
pub struct MemberMetrics {
    /// Certificates that it signed.
    pub signed: AtomicU64,
    /// Certificates that it was asked for and did not sign.
    pub missing: AtomicU64,
    /// Time to its last signature, microseconds.
    pub signature_micros_last: AtomicU64,
    /// Chunks that it showed.
    pub chunks: AtomicU64,
    /// Chunks that it did not show, or not the right one.
    pub chunks_missing: AtomicU64,
    /// Audits that it passed.
    pub audits_passed: AtomicU64,
    /// Audits that it failed.
    pub audits_failed: AtomicU64,
}

impl ClientMetrics {
    pub(crate) fn of(members: impl IntoIterator<Item = Address>) -> Self {
        let members = members.into_iter().map(|member| (member, MemberMetrics::default()));
        Self { members: members.collect(), ..Self::default() }
    }

    /// Those of each member.
    pub const fn members(&self) -> &BTreeMap<Address, MemberMetrics> {
        &self.members
    }

    pub(crate) fn count_certificate(&self, took: Duration) {
        let micros = micros(took);
        self.certified.fetch_add(1, Relaxed);
        self.certificate_micros_last.store(micros, Relaxed);
        self.certificate_micros_total.fetch_add(micros, Relaxed);
    }

    pub(crate) fn count_signature(&self, member: Address, took: Option<Duration>) {
        let Some(metrics) = self.members.get(&member) else { return };
        match took {
            Some(took) => {
                metrics.signed.fetch_add(1, Relaxed);
                metrics.signature_micros_last.store(micros(took), Relaxed);
            }
            None => {
                metrics.missing.fetch_add(1, Relaxed);
            }
        }
    }

    pub(crate) fn count_chunk(&self, member: Address, shown: bool) {
        let Some(metrics) = self.members.get(&member) else { return };
        let counter = if shown { &metrics.chunks } else { &metrics.chunks_missing };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_audit(&self, member: Address, passed: bool) {
        let Some(metrics) = self.members.get(&member) else { return };
        let counter = if passed { &metrics.audits_passed } else { &metrics.audits_failed };
        counter.fetch_add(1, Relaxed);
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
