//! Transactions that wait: for a nonce before them, or for room in a block.
//!
//! A pure value. What can be executed at once never enters it; so it is small, and what it holds was promised nothing.

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, map::AddressMap};
use mezz_evm::SignedTransaction;
use mezz_rpc::{PoolContent, SubmitError};
use std::collections::{BTreeMap, HashSet};

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLimits {
    /// Transactions in all.
    pub total: usize,
    /// Bytes of all transactions.
    pub bytes: usize,
    /// Transactions of one sender.
    pub per_sender: usize,
    /// How far ahead of the next nonce one may be.
    pub nonce_gap: u64,
    /// Per cent by which a replacement must raise both fees (geth: 10).
    pub replacement_bump: u128,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            total: 50_000,
            bytes: 64 << 20,
            per_sender: 1_024,
            nonce_gap: 1_024,
            replacement_bump: 10,
        }
    }
}

/// What a transaction offers the proposer, wei per gas: all it pays, where it does not say.
fn tip(tx: &SignedTransaction) -> u128 {
    let tx = &tx.transaction;
    tx.max_priority_fee_per_gas().unwrap_or_else(|| tx.max_fee_per_gas())
}

/// What waits, by sender and nonce.
#[derive(Debug, Default)]
pub struct Pool {
    limits: PoolLimits,
    senders: AddressMap<BTreeMap<u64, SignedTransaction>>,
    hashes: HashSet<B256>,
    bytes: usize,
}

impl Pool {
    /// An empty pool.
    pub fn new(limits: PoolLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes a transaction whose sender's next nonce is `next`. Gives back the one that it replaced.
    pub fn insert(
        &mut self,
        transaction: SignedTransaction,
        next: u64,
    ) -> Result<Option<SignedTransaction>, SubmitError> {
        let nonce = transaction.transaction.nonce();
        if self.hashes.contains(&transaction.hash) {
            return Err(SubmitError::AlreadyKnown(transaction.hash));
        }
        if nonce < next {
            return Err(SubmitError::NonceTooLow { next, nonce });
        }
        if nonce - next > self.limits.nonce_gap {
            return Err(SubmitError::NonceGapTooFar { next, nonce });
        }
        let slots = self.senders.get(&transaction.sender);
        match slots.and_then(|slots| slots.get(&nonce)) {
            Some(old) => {
                let bump = |fee: u128| {
                    let more = fee.saturating_mul(self.limits.replacement_bump).div_ceil(100);
                    fee.saturating_add(more.max(1))
                };
                let required = bump(old.transaction.max_fee_per_gas());
                if transaction.transaction.max_fee_per_gas() < required
                    || tip(&transaction) < bump(tip(old))
                {
                    return Err(SubmitError::ReplacementUnderpriced { required });
                }
            }
            None if slots.is_some_and(|slots| slots.len() >= self.limits.per_sender) => {
                return Err(SubmitError::SenderLimit { limit: self.limits.per_sender });
            }
            None => {}
        }
        let replaced = self.take(transaction.sender, nonce);
        let full = self.hashes.len() >= self.limits.total
            || self.bytes + transaction.bytes.len() > self.limits.bytes;
        if full && replaced.is_none() {
            return Err(SubmitError::PoolFull);
        }
        self.put(transaction);
        Ok(replaced)
    }

    fn put(&mut self, transaction: SignedTransaction) {
        self.hashes.insert(transaction.hash);
        self.bytes += transaction.bytes.len();
        let slots = self.senders.entry(transaction.sender).or_default();
        slots.insert(transaction.transaction.nonce(), transaction);
    }

    /// Takes out the transaction of `sender` with this nonce.
    pub fn take(&mut self, sender: Address, nonce: u64) -> Option<SignedTransaction> {
        let slots = self.senders.get_mut(&sender)?;
        let transaction = slots.remove(&nonce)?;
        if slots.is_empty() {
            self.senders.remove(&sender);
        }
        self.hashes.remove(&transaction.hash);
        self.bytes -= transaction.bytes.len();
        Some(transaction)
    }

    /// Takes a transaction that was promised a place, whatever the limits say. Gives back the one that stood at its nonce.
    pub fn restore(&mut self, transaction: SignedTransaction) -> Option<SignedTransaction> {
        let other = self.take(transaction.sender, transaction.transaction.nonce());
        self.put(transaction);
        other
    }

    /// Drops what can never be executed any more: nonces of `sender` below `next`. Gives back what that was.
    pub fn drop_stale(&mut self, sender: Address, next: u64) -> Vec<SignedTransaction> {
        let Some(slots) = self.senders.get_mut(&sender) else { return Vec::new() };
        let waiting = slots.split_off(&next);
        let stale = std::mem::replace(slots, waiting);
        if slots.is_empty() {
            self.senders.remove(&sender);
        }
        let stale: Vec<_> = stale.into_values().collect();
        for old in &stale {
            self.hashes.remove(&old.hash);
            self.bytes -= old.bytes.len();
        }
        stale
    }

    /// The lowest transaction of every sender, the best-paying first: what a new block should try.
    pub fn candidates(&self) -> Vec<(Address, u64)> {
        let mut first: Vec<_> = self
            .senders
            .iter()
            .filter_map(|(sender, slots)| {
                slots.first_key_value().map(|(nonce, tx)| (*sender, *nonce, tx))
            })
            .collect();
        first.sort_by_key(|(sender, _, tx)| (std::cmp::Reverse(tip(tx)), *sender));
        first.into_iter().map(|(sender, nonce, _)| (sender, nonce)).collect()
    }

    /// A transaction by its hash.
    pub fn get(&self, hash: &B256) -> Option<&SignedTransaction> {
        let slots = self.hashes.contains(hash).then_some(&self.senders)?;
        slots.values().flat_map(BTreeMap::values).find(|transaction| transaction.hash == *hash)
    }

    /// All that wait.
    pub fn transactions(&self) -> impl Iterator<Item = &SignedTransaction> {
        self.senders.values().flat_map(BTreeMap::values)
    }

    /// The nonce after those of `sender` that follow `next` without a gap; `None` if none does.
    pub fn next_nonce(&self, sender: Address, next: u64) -> Option<u64> {
        let slots = self.senders.get(&sender)?;
        let ready = (next..).take_while(|nonce| slots.contains_key(nonce)).count() as u64;
        (ready > 0).then_some(next + ready)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// How many are ready, and how many miss a nonce before them.
    pub fn counts(&self, next_nonce: impl Fn(Address) -> u64) -> (u64, u64) {
        let ready = self.senders.keys().filter_map(|sender| {
            let next = next_nonce(*sender);
            self.next_nonce(*sender, next).map(|after| after - next)
        });
        let ready: u64 = ready.sum();
        (ready, self.len() as u64 - ready)
    }

    /// What waits, split by whether a nonce before is missing.
    pub fn content(&self, next_nonce: impl Fn(Address) -> u64) -> PoolContent {
        let mut content = PoolContent::default();
        for (sender, slots) in &self.senders {
            let mut next = next_nonce(*sender);
            for (nonce, transaction) in slots {
                let half = if *nonce == next { &mut content.pending } else { &mut content.queued };
                next += u64::from(*nonce == next);
                half.entry(*sender).or_default().insert(*nonce, transaction.clone());
            }
        }
        content
    }
}
