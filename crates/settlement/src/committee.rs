//! What is decided of the batches of a chain where posting does not decide: with a data committee (`docs/spec/committee.md`), or with batches that lack
//! signatures (`docs/spec/signatures.md`).
//!
//! A batch is *sealed* when its payload can be demanded no more and its signatures are there or proven: then it counts with its payload. If that was
//! demanded and not shown, or the signatures were not proven in time, it counts as one without data. Which it is, is a function of what was shown and of
//! L1's time; no transaction decides it.

use crate::{Error, Fact, Inbox, L1Ref, PostedBatch, ProofFact};
use alloy_primitives::{Address, Bytes};
use mezz_primitives::{ChainConfig, CommitteeConfig, PayloadId, SignaturesConfig};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Headers in one call: each costs 38,000 gas.
const SEALED_AT_ONCE: usize = 64;

/// What a demand has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DemandStatus {
    /// Chunks are missing and there is time.
    Open,
    /// All chunks are on L1.
    Answered,
    /// Chunks are missing and the time is over: the batch has no data.
    Void,
}

/// A demand for the payload of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// Who paid for it.
    pub challenger: Address,
    /// What is demanded.
    pub payload: PayloadId,
    /// Until when it can be shown, seconds of L1 time.
    pub deadline: u64,
    /// What was shown, by whom.
    pub chunks: BTreeMap<u8, (Address, Bytes)>,
    /// Whether the bond was credited to who paid it.
    pub reclaimed: bool,
}

impl Demand {
    /// What it has come to at this time.
    pub fn status(&self, now: u64) -> DemandStatus {
        match Some(self.chunks.len()) == self.payload.chunks() {
            true => DemandStatus::Answered,
            false if now > self.deadline => DemandStatus::Void,
            false => DemandStatus::Open,
        }
    }

    /// The chunks that are still missing.
    pub fn missing(&self) -> impl Iterator<Item = u8> {
        let count = self.payload.chunks().unwrap_or_default() as u8;
        (0..count).filter(|chunk| !self.chunks.contains_key(chunk))
    }

    /// The payload, if all of it was shown.
    pub fn shown(&self) -> Option<Vec<u8>> {
        let whole = Some(self.chunks.len()) == self.payload.chunks();
        whole.then(|| self.chunks.values().flat_map(|(_, chunk)| chunk.iter().copied()).collect())
    }
}

/// The demands and the seal of one chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealing {
    committee: Option<CommitteeConfig>,
    signatures: Option<SignaturesConfig>,
    /// Batches whose signatures are proven: the first of each row, and the one after its last.
    proven: BTreeMap<u64, u64>,
    demands: BTreeMap<u64, Demand>,
    sealed: u64,
    sealed_at: u64,
    credits: BTreeMap<Address, u128>,
    frozen: Option<u64>,
}

impl Sealing {
    /// Before anything was posted; `None` where posting decides.
    pub(crate) fn new(config: &ChainConfig) -> Option<Self> {
        let (committee, signatures) = (config.committee, config.signatures);
        (committee.is_some() || signatures.is_some()).then(|| Self {
            committee,
            signatures,
            proven: BTreeMap::new(),
            demands: BTreeMap::new(),
            sealed: 0,
            sealed_at: 0,
            credits: BTreeMap::new(),
            frozen: None,
        })
    }

    /// How many batches are sealed.
    pub const fn sealed(&self) -> u64 {
        self.sealed
    }

    /// The claim with which the chain has ended, if it has.
    pub const fn frozen(&self) -> Option<u64> {
        self.frozen
    }

    /// The demand for a batch.
    pub fn demand(&self, index: u64) -> Option<&Demand> {
        self.demands.get(&index)
    }

    /// All demands, by batch.
    pub fn demands(&self) -> impl Iterator<Item = (u64, &Demand)> {
        self.demands.iter().map(|(index, demand)| (*index, demand))
    }

    /// What demands have brought somebody, wei.
    pub fn credit(&self, owner: Address) -> u128 {
        self.credits.get(&owner).copied().unwrap_or_default()
    }

    /// Folds in a fact; gives how many batches are newly sealed.
    pub(crate) fn observe(&mut self, at: L1Ref, fact: &Fact, inbox: &Inbox) -> Result<u64, Error> {
        match fact {
            Fact::PayloadDemanded { index, challenger, payload, deadline } => {
                let demand = Demand {
                    challenger: *challenger,
                    payload: *payload,
                    deadline: *deadline,
                    chunks: BTreeMap::new(),
                    reclaimed: false,
                };
                self.demands.insert(*index, demand);
            }
            Fact::ChunkShown { index, chunk, by, data } => self.show(*index, *chunk, *by, data),
            Fact::DemandReclaimed { index } => {
                let bond = self.bond(*index);
                if let Some(demand) = self.demands.get_mut(index) {
                    demand.reclaimed = true;
                    *self.credits.entry(demand.challenger).or_default() += bond;
                }
            }
            Fact::DemandPaid { owner, amount } => {
                let credit = self.credits.entry(*owner).or_default();
                *credit = credit.saturating_sub(*amount);
            }
            Fact::BatchesSealed { count, acc } => {
                if inbox.acc(*count) != Some(*acc) {
                    return Err(Error::SealedChain { count: *count });
                }
                let newly = count.saturating_sub(self.sealed);
                (self.sealed, self.sealed_at) = (*count, at.time);
                self.proven.retain(|_, end| *end > *count);
                return Ok(newly);
            }
            Fact::Frozen { claim } => self.frozen = Some(*claim),
            Fact::Proof(ProofFact::Signed { start, end }) => self.prove(*start, *end),
            _ => {}
        }
        Ok(0)
    }

    fn prove(&mut self, mut start: u64, mut end: u64) {
        self.proven.retain(|first, after| {
            let apart = *after < start || *first > end;
            if !apart {
                (start, end) = (start.min(*first), end.max(*after));
            }
            apart
        });
        self.proven.insert(start, end);
    }

    /// Whether a proof of the signatures of a batch, which is not sealed, was verified.
    fn is_proven(&self, index: u64) -> bool {
        let row = self.proven.range(..=index).next_back();
        row.is_some_and(|(_, end)| index < *end)
    }

    /// Whether the signatures of a batch that has none are proven; `None` of a batch that has them.
    pub fn signatures_proven(&self, batch: &PostedBatch) -> Option<bool> {
        let index = batch.header.index;
        let counts = index < self.sealed && !batch.void;
        batch.header.unsigned.then(|| counts || self.is_proven(index))
    }

    /// Until when the signatures of a batch that has none can be proven, if they are not yet; seconds of L1 time. Of a sealed batch nothing is.
    pub fn signatures_due(&self, batch: &PostedBatch) -> Option<u64> {
        let (rules, index) = (self.signatures?, batch.header.index);
        let open = batch.header.unsigned && index >= self.sealed && !self.is_proven(index);
        open.then(|| batch.header.l1_time.saturating_add(rules.timeout))
    }

    /// The batches whose signatures must still be proven, and can be.
    pub(crate) fn unproven<'a>(
        &'a self,
        inbox: &'a Inbox,
        now: u64,
    ) -> impl Iterator<Item = u64> + 'a {
        let open = inbox.batches().iter().skip(self.sealed as usize);
        let open = open.filter(|batch| !batch.void);
        open.filter(move |batch| self.signatures_due(batch).is_some_and(|due| now <= due))
            .map(|batch| batch.header.index)
    }

    /// Whether the next batch may be posted without signatures: proofs come in time. After a batch for which none came it takes ten times as long.
    pub(crate) fn may_lack_signatures(&self, inbox: &Inbox, now: u64) -> bool {
        let Some(SignaturesConfig { timeout }) = self.signatures else { return false };
        let since = |batch: &PostedBatch| now.saturating_sub(batch.header.l1_time);
        // Times never fall along the chain: what is older says nothing any more.
        let lately = |batch: &&PostedBatch| since(batch) <= timeout.saturating_mul(11);
        let lately = inbox.batches().iter().rev().take_while(lately);
        lately.filter(|batch| batch.header.unsigned).all(|batch| {
            let late = self.signatures_due(batch).is_some() && since(batch) > timeout / 2;
            !batch.void && !late
        })
    }

    fn bond_per_chunk(&self) -> u128 {
        let bond = self.committee.map(|rules| rules.bond_per_chunk).unwrap_or_default();
        u128::try_from(bond).unwrap_or(u128::MAX)
    }

    fn show(&mut self, index: u64, chunk: u8, by: Address, data: &Bytes) {
        let per_chunk = self.bond_per_chunk();
        let Some(demand) = self.demands.get_mut(&index) else { return };
        demand.chunks.insert(chunk, (by, data.clone()));
        if demand.missing().next().is_none() {
            for (by, _) in demand.chunks.values() {
                *self.credits.entry(*by).or_default() += per_chunk;
            }
        }
    }

    /// What the demand for a batch cost, wei.
    fn bond(&self, index: u64) -> u128 {
        let chunks = self.demands.get(&index).and_then(|demand| demand.payload.chunks());
        self.bond_per_chunk().saturating_mul(chunks.unwrap_or_default() as u128)
    }

    /// The batches that have no data at this time.
    pub(crate) fn void(&self, inbox: &Inbox, now: u64) -> Vec<u64> {
        let shown = self.demands.iter();
        let kept = shown.filter(|(_, demand)| demand.status(now) == DemandStatus::Void);
        let open = inbox.batches().iter().skip(self.sealed as usize);
        let unproven = open.filter(|batch| self.signatures_due(batch).is_some_and(|due| now > due));
        kept.map(|(index, _)| *index).chain(unproven.map(|batch| batch.header.index)).collect()
    }

    /// Whether the payload of a batch can still be demanded.
    pub(crate) fn is_demandable(&self, inbox: &Inbox, index: u64, now: u64) -> bool {
        let posted = inbox.batches().get(index as usize);
        !self.demands.contains_key(&index)
            && posted.zip(self.committee).is_some_and(|(batch, rules)| {
                now <= batch.header.l1_time.saturating_add(rules.challenge_window)
            })
    }

    /// How long a watcher tries to get a payload in other ways before it demands it, and a watcher leaves a demand to others, seconds.
    pub(crate) fn patience(&self) -> (u64, u64) {
        self.committee.map_or((0, 0), |rules| (rules.challenge_window / 3, rules.answer_window / 2))
    }

    /// Whether nothing that may still happen changes what a batch is.
    fn is_decided(&self, batch: &PostedBatch, now: u64) -> bool {
        let demand = self.demands.get(&batch.header.index);
        let shown = demand.is_none_or(|demand| demand.status(now) != DemandStatus::Open);
        let seen = self
            .committee
            .is_none_or(|rules| now > batch.header.l1_time.saturating_add(rules.challenge_window));
        shown && seen && self.signatures_due(batch).is_none_or(|due| now > due)
    }

    /// The batches up to which can be sealed now, if that is any more.
    pub(crate) fn sealable(&self, inbox: &Inbox, now: u64) -> Option<u64> {
        let open = inbox.batches().iter().skip(self.sealed as usize);
        let decided = open.take_while(|batch| self.is_decided(batch, now)).count() as u64;
        let mut count = self.sealed + decided;
        // Each header that must be shown costs gas.
        let shown = self.headers(inbox, count);
        if let Some(most) = shown.get(SEALED_AT_ONCE) {
            count = *most;
        }
        (count > self.sealed).then_some(count)
    }

    /// The batches whose headers L1 must be shown to seal up to `count`: the last one, those from the first void one on, and those that no proof of
    /// signatures covers where there are such proofs.
    pub fn headers(&self, inbox: &Inbox, count: u64) -> Vec<u64> {
        let first_void = inbox.first_void().unwrap_or(u64::MAX);
        let must = |index: &u64| {
            let uncovered = self.signatures.is_some() && !self.is_proven(*index);
            index + 1 == count || *index >= first_void || uncovered
        };
        (self.sealed..count).filter(must).collect()
    }

    /// Whether it is time to seal again, for whoever claims so often.
    pub(crate) const fn is_due(&self, interval: u64, now: u64) -> bool {
        self.sealed == 0 || now >= self.sealed_at.saturating_add(interval)
    }

    /// Forgets what was shown of batches before `count`.
    pub(crate) fn prune(&mut self, count: u64) {
        for demand in self.demands.range_mut(..count).map(|(_, demand)| demand) {
            for (_, chunk) in demand.chunks.values_mut() {
                *chunk = Bytes::new();
            }
        }
    }
}
