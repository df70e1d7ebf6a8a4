//! The transactions that wait for a block.

use alloy::{
    consensus::Transaction as _,
    eips::{eip4844::DATA_GAS_PER_BLOB, eip7594::BlobTransactionSidecarEip7594},
    primitives::{Address, B256, U256, map::B256Map},
};
use mezz_evm::SignedTransaction;
use mezz_rpc::{PoolContent, SubmitError};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, btree_map::Range},
    sync::Arc,
};

/// Transactions that wait at most.
const ENTRIES_MAX: usize = 65_536;
/// Of one sender.
const ENTRIES_PER_SENDER_MAX: usize = 4_096;
/// With blobs: they are held in memory, up to 0.8 MB each.
const BLOB_ENTRIES_MAX: usize = 256;
/// How far the nonce may be ahead of the sender's next one.
const NONCE_GAP_MAX: u64 = 4_096;

/// A transaction that waits.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) transaction: SignedTransaction,
    /// Its blobs, checked; `None` for one that was in a block already, whose blobs are kept.
    pub(crate) sidecar: Option<Arc<BlobTransactionSidecarEip7594>>,
    /// The sender is impersonated: its code, if any, does not keep it from sending.
    pub(crate) impersonated: bool,
}

impl Entry {
    /// Whether it carries blobs.
    pub(crate) fn has_blobs(&self) -> bool {
        self.transaction.transaction.max_fee_per_blob_gas().is_some()
    }
}

/// The transactions that wait, by sender and nonce. Only the chain's thread writes it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool {
    senders: BTreeMap<Address, Queue>,
    places: B256Map<(Address, u64)>,
    blob_entries: usize,
    arrivals: u64,
    version: u64,
}

/// The transactions of one sender.
#[derive(Debug, Clone, Default)]
struct Queue {
    /// The sender's nonce in the state of the head.
    next: u64,
    slots: BTreeMap<u64, Slot>,
}

#[derive(Debug, Clone)]
struct Slot {
    entry: Entry,
    arrival: u64,
}

/// What the state says about a sender.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) nonce: u64,
    pub(crate) balance: U256,
}

impl Pool {
    /// Adds a transaction whose sender stands so in the state. Whatever depends on other transactions is checked here.
    pub(crate) fn insert(&mut self, entry: Entry, sender: Sender) -> Result<(), SubmitError> {
        let transaction = &entry.transaction;
        let (address, nonce) = (transaction.sender, transaction.transaction.nonce());
        if self.places.contains_key(&transaction.hash) {
            return Err(SubmitError::AlreadyKnown(transaction.hash));
        }
        if nonce < sender.nonce {
            return Err(SubmitError::NonceTooLow { next: sender.nonce, nonce });
        }
        if nonce - sender.nonce > NONCE_GAP_MAX {
            return Err(SubmitError::NonceGapTooFar { next: sender.nonce, nonce });
        }
        let replaced = self.senders.get(&address).and_then(|queue| queue.slots.get(&nonce));
        match replaced {
            Some(slot) => outbids(&entry, &slot.entry)?,
            None => self.has_room(&entry)?,
        }
        self.affordable(&entry, sender)?;

        self.arrivals += 1;
        self.version += 1;
        let slot = Slot { arrival: self.arrivals, entry };
        self.remove(address, nonce);
        self.places.insert(slot.entry.transaction.hash, (address, nonce));
        self.blob_entries += usize::from(slot.entry.has_blobs());
        let queue = self.senders.entry(address).or_default();
        queue.next = sender.nonce;
        queue.slots.insert(nonce, slot);
        Ok(())
    }

    fn has_room(&self, entry: &Entry) -> Result<(), SubmitError> {
        let of_sender =
            self.senders.get(&entry.transaction.sender).map_or(0, |queue| queue.slots.len());
        if of_sender >= ENTRIES_PER_SENDER_MAX {
            return Err(SubmitError::SenderLimit { limit: ENTRIES_PER_SENDER_MAX });
        }
        let full = self.places.len() >= ENTRIES_MAX
            || (entry.has_blobs() && self.blob_entries >= BLOB_ENTRIES_MAX);
        if full { Err(SubmitError::PoolFull) } else { Ok(()) }
    }

    /// Whether the sender can pay for this transaction after those before it.
    fn affordable(&self, entry: &Entry, sender: Sender) -> Result<(), SubmitError> {
        let (address, nonce) = (entry.transaction.sender, entry.transaction.transaction.nonce());
        let before = self.senders.get(&address).map_or(U256::ZERO, |queue| {
            queue.slots.range(sender.nonce..nonce).fold(U256::ZERO, |sum, (_, slot)| {
                sum.saturating_add(cost(&slot.entry.transaction))
            })
        });
        let want = before.saturating_add(cost(&entry.transaction));
        if want > sender.balance {
            return Err(SubmitError::InsufficientFunds { address, have: sender.balance, want });
        }
        Ok(())
    }

    /// Takes out the transaction at a place.
    pub(crate) fn remove(&mut self, sender: Address, nonce: u64) -> Option<Entry> {
        let queue = self.senders.get_mut(&sender)?;
        let slot = queue.slots.remove(&nonce)?;
        self.version += 1;
        if queue.slots.is_empty() {
            self.senders.remove(&sender);
        }
        self.places.remove(&slot.entry.transaction.hash);
        self.blob_entries -= usize::from(slot.entry.has_blobs());
        Some(slot.entry)
    }

    /// Takes out the transaction with a hash.
    pub(crate) fn remove_hash(&mut self, hash: B256) -> Option<Entry> {
        let (sender, nonce) = self.places.get(&hash).copied()?;
        self.remove(sender, nonce)
    }

    /// Takes out everything.
    pub(crate) fn clear(&mut self) {
        *self = Self { arrivals: self.arrivals, version: self.version + 1, ..Self::default() };
    }

    /// Has again what it had earlier.
    pub(crate) fn become_again(&mut self, earlier: Self) {
        *self = Self { arrivals: self.arrivals, version: self.version + 1, ..earlier };
    }

    /// Takes out all transactions of a sender.
    pub(crate) fn remove_sender(&mut self, sender: Address) {
        let nonces: Vec<_> = self
            .senders
            .get(&sender)
            .map(|queue| queue.slots.keys().copied().collect())
            .unwrap_or_default();
        for nonce in nonces {
            self.remove(sender, nonce);
        }
    }

    /// Follows the state: `nonce` is the next of `sender`, and what is below it is over.
    pub(crate) fn settle(&mut self, sender: Address, nonce: u64) {
        let over: Vec<_> = match self.senders.get_mut(&sender) {
            None => return,
            Some(queue) => {
                queue.next = nonce;
                queue.slots.range(..nonce).map(|(nonce, _)| *nonce).collect()
            }
        };
        for nonce in over {
            self.remove(sender, nonce);
        }
    }

    /// Changes whenever the pool does.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// Everybody who has a transaction here.
    pub(crate) fn senders(&self) -> Vec<Address> {
        self.senders.keys().copied().collect()
    }

    /// The transaction with a hash.
    pub(crate) fn get(&self, hash: B256) -> Option<&Entry> {
        let (sender, nonce) = self.places.get(&hash)?;
        Some(&self.senders.get(sender)?.slots.get(nonce)?.entry)
    }

    /// The nonce after the sender's transactions that can be executed; `None` if it has none here.
    #[cfg(test)]
    fn next_nonce(&self, sender: Address) -> Option<u64> {
        self.senders.get(&sender).map(|queue| queue.next + queue.ready().count() as u64)
    }

    /// The transactions that a block can take at these prices, the best first.
    pub(crate) fn best(&self, base_fee: u64, blob_fee: u128) -> Best<'_> {
        let mut best = Best { candidates: BinaryHeap::new(), base_fee, blob_fee };
        for queue in self.senders.values() {
            best.follow(queue.next, queue.slots.range(queue.next..));
        }
        best
    }

    /// What waits, for `txpool_*`.
    pub(crate) fn content(&self) -> PoolContent {
        let mut content = PoolContent::default();
        for (sender, queue) in &self.senders {
            let end = queue.next + queue.ready().count() as u64;
            for (nonce, slot) in &queue.slots {
                let part = if *nonce < end { &mut content.pending } else { &mut content.queued };
                part.entry(*sender).or_default().insert(*nonce, slot.entry.transaction.clone());
            }
        }
        content
    }
}

impl Queue {
    /// The transactions without a gap before them.
    fn ready(&self) -> impl Iterator<Item = &Slot> {
        self.slots
            .range(self.next..)
            .zip(self.next..)
            .take_while(|((nonce, _), wanted)| *nonce == wanted)
            .map(|((_, slot), _)| slot)
    }
}

/// Walks through the pool by price, each sender's transactions in order of nonce.
#[derive(Debug)]
pub(crate) struct Best<'a> {
    candidates: BinaryHeap<Candidate<'a>>,
    base_fee: u64,
    blob_fee: u128,
}

/// The next transaction of one sender. Dropping it drops the ones behind it from the walk.
#[derive(Debug)]
pub(crate) struct Candidate<'a> {
    tip: u128,
    slot: &'a Slot,
    nonce: u64,
    rest: Range<'a, u64, Slot>,
}

impl<'a> Candidate<'a> {
    /// The transaction.
    pub(crate) const fn entry(&self) -> &'a Entry {
        &self.slot.entry
    }
}

impl<'a> Best<'a> {
    /// The best transaction left.
    pub(crate) fn next(&mut self) -> Option<Candidate<'a>> {
        self.candidates.pop()
    }

    /// The candidate was taken: its sender's next transaction comes into the walk.
    pub(crate) fn taken(&mut self, candidate: Candidate<'a>) {
        self.follow(candidate.nonce + 1, candidate.rest);
    }

    /// Puts a sender's transaction into the walk, if it has the right nonce and pays enough.
    fn follow(&mut self, wanted: u64, mut rest: Range<'a, u64, Slot>) {
        let Some((nonce, slot)) = rest.next() else { return };
        let transaction = &slot.entry.transaction.transaction;
        let Some(tip) = transaction.effective_tip_per_gas(self.base_fee) else { return };
        if *nonce == wanted
            && transaction.max_fee_per_blob_gas().is_none_or(|fee| fee >= self.blob_fee)
        {
            self.candidates.push(Candidate { tip, slot, nonce: *nonce, rest });
        }
    }
}

impl Ord for Candidate<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.tip, Reverse(self.slot.arrival)).cmp(&(other.tip, Reverse(other.slot.arrival)))
    }
}

impl PartialOrd for Candidate<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate<'_> {}

/// The most that a transaction can cost its sender.
fn cost(transaction: &SignedTransaction) -> U256 {
    let tx = &transaction.transaction;
    let blob_gas = tx.blob_count().unwrap_or_default() * DATA_GAS_PER_BLOB;
    let gas = U256::from(tx.gas_limit()).saturating_mul(U256::from(tx.max_fee_per_gas()));
    let blobs = U256::from(blob_gas)
        .saturating_mul(U256::from(tx.max_fee_per_blob_gas().unwrap_or_default()));
    gas.saturating_add(blobs).saturating_add(tx.value())
}

/// Replacing takes 10 % more in fee and tip, and twice as much in each price where blobs are concerned: geth's rule.
fn outbids(new: &Entry, old: &Entry) -> Result<(), SubmitError> {
    let blobs = new.has_blobs() || old.has_blobs();
    let (new, old) = (&new.transaction.transaction, &old.transaction.transaction);
    let required = |price: u128| {
        if blobs { price.saturating_mul(2) } else { price.saturating_add(price.div_ceil(10)) }
    };
    let tip = |tx: &mezz_evm::Transaction| {
        tx.max_priority_fee_per_gas().unwrap_or_else(|| tx.max_fee_per_gas())
    };
    let prices = [
        (Some(new.max_fee_per_gas()), Some(old.max_fee_per_gas())),
        (Some(tip(new)), Some(tip(old))),
        (new.max_fee_per_blob_gas(), old.max_fee_per_blob_gas()),
    ];
    for (offered, before) in prices {
        if let (Some(offered), Some(before)) = (offered, before)
            && offered < required(before)
        {
            return Err(SubmitError::ReplacementUnderpriced { required: required(before) });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
