//! What was signed: never two payloads for one place in the chain of batches.

use super::{
    InboxId,
    chained::{Chained, lock, read_log},
};
use crate::Error;
use alloy::primitives::B256;
use mezz_primitives::{Certificate, PayloadId};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::{Path, PathBuf},
};

/// How far L1's clock may be behind the member's, seconds.
pub(crate) const CLOCK_MARGIN: u64 = 60;

/// The log of a member's signatures. It is locked for as long as this lives: one process for each.
#[derive(Debug)]
pub struct Signatures {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    log: Chained,
    memory: Memory,
}

/// What follows from the log.
#[derive(Debug, Default)]
struct Memory {
    signs_from: u64,
    last: BTreeMap<BatchPlace, Promise>,
    promised: BTreeMap<PayloadId, Promised>,
    epochs: BTreeMap<InboxId, BTreeSet<u64>>,
}

/// What is known of a payload that is kept.
#[derive(Debug)]
struct Promised {
    expiry: u64,
    inbox: InboxId,
    batch_index: u64,
    sealed: BTreeSet<B256>,
}

/// As what a payload was promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PromisedAs {
    /// The chain.
    pub(crate) inbox: InboxId,
    /// The batch.
    pub(crate) batch_index: u64,
    /// Of a private chain: the hashes of what the batcher sent, each under its signature.
    pub(crate) sealed: BTreeSet<B256>,
}

/// Where a certificate belongs: two payloads signed for one place are an equivocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPlace {
    /// The chain.
    #[serde(flatten)]
    pub inbox: InboxId,
    /// Position of the batch.
    pub batch_index: u64,
    /// The chain of batches before it.
    pub prev_acc: B256,
    /// The members.
    pub epoch: u64,
}

/// A payload that is kept until a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promise {
    /// The payload.
    #[serde(flatten)]
    pub payload: PayloadId,
    /// Until when, seconds since 1970.
    pub expiry: u64,
}

/// Whether a certificate may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the log: sign.
    Recorded,
    /// Another payload was signed for the same place.
    Conflict {
        /// What was signed.
        first: Promise,
        /// When it can be posted no more, seconds since 1970.
        until: u64,
    },
    /// Nothing may be signed before a time: the log is younger than the payloads.
    TooEarly {
        /// Seconds since 1970.
        until: u64,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Entry {
    /// A log begins; nothing is signed before this time.
    Opened { signs_from: u64 },
    /// A certificate is signed next.
    Signed {
        place: BatchPlace,
        promise: Promise,
        /// The hash of the sealed payload that was sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sealed: Option<B256>,
    },
}

impl Signatures {
    /// Opens the log, or begins one that signs nothing before `signs_from` if there is none.
    ///
    /// A log that was lost may have held what could still be posted: whoever begins a new one with old payloads waits.
    pub fn open(path: impl Into<PathBuf>, signs_from: u64) -> Result<Self, Error> {
        let mut memory = Memory::default();
        let mut log = Chained::open(path, B256::ZERO, |entry| memory.read(entry))?;
        if log.end().lines == 0 {
            let entry = Entry::Opened { signs_from };
            log.append(&entry, true)?;
            memory.learn(&entry);
        }
        Ok(Self { state: Mutex::new(State { log, memory }) })
    }

    /// Keeps a member from starting for as long as the file is open, and changes nothing: an empty log stays that of a member that lost it.
    pub fn lock(path: &Path) -> Result<File, Error> {
        let file = File::open(path).map_err(Error::store(path))?;
        lock(&file, path)?;
        Ok(file)
    }

    /// What must be kept now, by a log that may be in use.
    pub fn promises_in(path: &Path, now: u64) -> Result<Vec<Promise>, Error> {
        let mut memory = Memory::default();
        read_log(path, B256::ZERO, |entry| memory.read(entry))?;
        Ok(memory.promises(now))
    }

    /// Puts a certificate into the log, durably, if nothing speaks against signing it. Only then may it be signed.
    ///
    /// `retention` is that of the chain's contract, in seconds: a certificate whose expiry is less than that away cannot be posted.
    pub fn record(
        &self,
        inbox: InboxId,
        certificate: &Certificate,
        retention: u64,
        now: u64,
    ) -> Result<Verdict, Error> {
        self.record_sealed(inbox, certificate, None, retention, now)
    }

    /// The same where the payload came sealed: with the hash of what came, by which a copy is known later.
    pub fn record_sealed(
        &self,
        inbox: InboxId,
        certificate: &Certificate,
        sealed: Option<B256>,
        retention: u64,
        now: u64,
    ) -> Result<Verdict, Error> {
        let place = BatchPlace::of(inbox, certificate);
        let promise = Promise { payload: certificate.payload, expiry: certificate.expiry };
        let mut state = self.state.lock();
        let State { log, memory } = &mut *state;
        if let Some(verdict) = memory.objection(&place, promise.payload, retention, now) {
            return Ok(verdict);
        }
        memory.forget(now);
        let covered = memory.last.get(&place).is_some_and(|last| last.expiry >= promise.expiry);
        let known = sealed.is_none_or(|sealed| memory.knows(&promise.payload, sealed));
        if !(covered && known) {
            // A promise is not shortened by what came with it.
            let expiry = memory.last.get(&place).map_or(0, |last| last.expiry).max(promise.expiry);
            let entry = Entry::Signed { place, promise: Promise { expiry, ..promise }, sealed };
            log.append(&entry, true)?;
            memory.learn(&entry);
        }
        Ok(Verdict::Recorded)
    }

    /// Why a certificate would not be signed now, if so.
    pub fn objection(
        &self,
        inbox: InboxId,
        certificate: &Certificate,
        retention: u64,
        now: u64,
    ) -> Option<Verdict> {
        let place = BatchPlace::of(inbox, certificate);
        self.state.lock().memory.objection(&place, certificate.payload, retention, now)
    }

    /// What must be kept now.
    pub fn promises(&self, now: u64) -> Vec<Promise> {
        self.state.lock().memory.promises(now)
    }

    /// As what a payload was promised last.
    pub(crate) fn promised_as(&self, payload: &PayloadId) -> Option<PromisedAs> {
        let state = self.state.lock();
        let Promised { inbox, batch_index, sealed, .. } = state.memory.promised.get(payload)?;
        Some(PromisedAs { inbox: *inbox, batch_index: *batch_index, sealed: sealed.clone() })
    }

    /// The epochs that were signed for.
    pub fn epochs(&self, inbox: &InboxId) -> BTreeSet<u64> {
        self.state.lock().memory.epochs.get(inbox).cloned().unwrap_or_default()
    }

    /// Before this time it signs nothing, seconds since 1970.
    pub fn signs_from(&self) -> u64 {
        self.state.lock().memory.signs_from
    }
}

impl Memory {
    fn knows(&self, payload: &PayloadId, sealed: B256) -> bool {
        self.promised.get(payload).is_some_and(|promised| promised.sealed.contains(&sealed))
    }

    fn objection(
        &self,
        place: &BatchPlace,
        payload: PayloadId,
        retention: u64,
        now: u64,
    ) -> Option<Verdict> {
        if now < self.signs_from {
            return Some(Verdict::TooEarly { until: self.signs_from });
        }
        let first = *self.last.get(place)?;
        // The last second in which L1 takes the first, and a margin for its clock.
        let until = first.expiry.saturating_sub(retention).saturating_add(CLOCK_MARGIN);
        (first.payload != payload && now <= until).then_some(Verdict::Conflict { first, until })
    }

    fn promises(&self, now: u64) -> Vec<Promise> {
        let kept = self.promised.iter().filter(|(_, promised)| promised.expiry >= now);
        kept.map(|(payload, promised)| Promise { payload: *payload, expiry: promised.expiry })
            .collect()
    }

    /// Learns from a line of the log.
    fn read(&mut self, entry: &str) -> Result<(), String> {
        let entry = serde_json::from_str(entry).map_err(|error| error.to_string())?;
        self.learn(&entry);
        Ok(())
    }

    fn learn(&mut self, entry: &Entry) {
        match entry {
            Entry::Opened { signs_from } => self.signs_from = *signs_from,
            Entry::Signed { place, promise, sealed } => {
                self.last.insert(*place, *promise);
                let (inbox, batch_index) = (place.inbox, place.batch_index);
                let new = Promised { expiry: 0, inbox, batch_index, sealed: BTreeSet::new() };
                let promised = self.promised.entry(promise.payload).or_insert(new);
                // What was sealed for another place is none of this one.
                if (promised.inbox, promised.batch_index) != (inbox, batch_index) {
                    promised.sealed.clear();
                }
                (promised.inbox, promised.batch_index) = (inbox, batch_index);
                promised.expiry = promised.expiry.max(promise.expiry);
                promised.sealed.extend(sealed);
                self.epochs.entry(place.inbox).or_default().insert(place.epoch);
            }
        }
    }

    /// Forgets what is over. What expired could not be posted for at least `retention` before.
    fn forget(&mut self, now: u64) {
        let over = |expiry: u64| expiry.saturating_add(CLOCK_MARGIN) < now;
        self.last.retain(|_, promise| !over(promise.expiry));
        self.promised.retain(|_, promised| !over(promised.expiry));
    }
}

impl BatchPlace {
    /// That of a certificate.
    pub const fn of(inbox: InboxId, certificate: &Certificate) -> Self {
        let Certificate { batch_index, prev_acc, epoch, .. } = *certificate;
        Self { inbox, batch_index, prev_acc: prev_acc.0, epoch }
    }
}
