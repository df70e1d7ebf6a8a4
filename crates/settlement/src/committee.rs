//! What is decided of the batches of a chain with a data committee (`docs/spec/committee.md`).
//!
//! A batch is *sealed* when its payload can be demanded no more: then it counts with its payload, or, if that was demanded and not shown, as one without
//! data. What a demand comes to is a function of what was shown and of L1's time; no transaction decides it.

use crate::{Error, Fact, Inbox, L1Ref};
use alloy_primitives::{Address, Bytes};
use mezz_primitives::{CommitteeConfig, PayloadId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Headers in one call: each costs 38,000 gas.
const SEALED_AT_ONCE: u64 = 64;

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
    rules: CommitteeConfig,
    demands: BTreeMap<u64, Demand>,
    sealed: u64,
    sealed_at: u64,
    credits: BTreeMap<Address, u128>,
    frozen: Option<u64>,
}

impl Sealing {
    /// Before anything was posted.
    pub(crate) const fn new(rules: CommitteeConfig) -> Self {
        Self {
            rules,
            demands: BTreeMap::new(),
            sealed: 0,
            sealed_at: 0,
            credits: BTreeMap::new(),
            frozen: None,
        }
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
                return Ok(newly);
            }
            Fact::Frozen { claim } => self.frozen = Some(*claim),
            _ => {}
        }
        Ok(0)
    }

    fn show(&mut self, index: u64, chunk: u8, by: Address, data: &Bytes) {
        let per_chunk = u128::try_from(self.rules.bond_per_chunk).unwrap_or(u128::MAX);
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
        let per_chunk = u128::try_from(self.rules.bond_per_chunk).unwrap_or(u128::MAX);
        per_chunk.saturating_mul(chunks.unwrap_or_default() as u128)
    }

    /// The batches that have no data at this time.
    pub(crate) fn void(&self, now: u64) -> impl Iterator<Item = u64> {
        self.demands
            .iter()
            .filter(move |(_, demand)| demand.status(now) == DemandStatus::Void)
            .map(|(index, _)| *index)
    }

    /// Whether the payload of a batch can still be demanded.
    pub(crate) fn is_demandable(&self, inbox: &Inbox, index: u64, now: u64) -> bool {
        let posted = inbox.batches().get(index as usize);
        !self.demands.contains_key(&index)
            && posted.is_some_and(|batch| {
                now <= batch.header.l1_time.saturating_add(self.rules.challenge_window)
            })
    }

    /// How long a watcher tries to get a payload in other ways before it demands it, and a watcher leaves a demand to others, seconds.
    pub(crate) const fn patience(&self) -> (u64, u64) {
        (self.rules.challenge_window / 3, self.rules.answer_window / 2)
    }

    /// The batches up to which can be sealed now, if that is any more.
    pub(crate) fn sealable(&self, inbox: &Inbox, now: u64) -> Option<u64> {
        let decided = |index: u64| {
            let open =
                self.demands.get(&index).is_some_and(|d| d.status(now) == DemandStatus::Open);
            inbox.batches().get(index as usize).is_some_and(|batch| {
                !open && now > batch.header.l1_time.saturating_add(self.rules.challenge_window)
            })
        };
        let mut count = self.sealed;
        while decided(count) {
            count += 1;
        }
        let first_void = inbox.first_void();
        // Without a void batch one header is enough for any number.
        if first_void.is_some_and(|first| first < count) {
            let from = first_void.unwrap_or_default().max(self.sealed);
            count = count.min(from + SEALED_AT_ONCE);
        }
        (count > self.sealed).then_some(count)
    }

    /// The batches whose headers L1 must be shown to seal up to `count`.
    pub fn headers(&self, inbox: &Inbox, count: u64) -> std::ops::Range<u64> {
        match inbox.first_void().filter(|first| *first < count) {
            Some(first) => first.max(self.sealed)..count,
            None => count.saturating_sub(1)..count,
        }
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
