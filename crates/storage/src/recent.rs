//! The blocks and states that are in memory: the head, what is not on disk yet, and some more.

use crate::{Block, BlockRef, delta::Delta};
use alloy_primitives::{B256, map::B256Map};
use mezz_evm::trie::StateTrie;
use revm::bytecode::Bytecode;
use std::{collections::VecDeque, sync::Arc};

/// Blocks kept when nothing else presses.
pub(crate) const BLOCKS_MAX: usize = 256;
/// Changed keys and transactions kept, so that 256 full blocks do not fill the memory. One weighs about a kilobyte.
pub(crate) const WEIGHT_MAX: usize = 500_000;
/// Ancestors that `BLOCKHASH` reaches.
pub(crate) const ANCESTORS: usize = 256;

/// A block in memory with the state after it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) block: Arc<Block>,
    pub(crate) trie: StateTrie,
    /// Hashes of the last blocks, the own one at the end.
    pub(crate) ancestors: Arc<[B256]>,
    /// Until it is on disk.
    pub(crate) delta: Option<Arc<Delta>>,
    weight: usize,
}

impl Entry {
    pub(crate) fn new(
        block: Arc<Block>,
        trie: StateTrie,
        ancestors: Arc<[B256]>,
        delta: Option<Arc<Delta>>,
    ) -> Self {
        let weight = 1 + block.transactions.len() + delta.as_ref().map_or(0, |delta| delta.keys());
        Self { block, trie, ancestors, delta, weight }
    }

    /// The ancestors of a child with this hash.
    pub(crate) fn child_ancestors(&self, hash: B256) -> Arc<[B256]> {
        let skip = (self.ancestors.len() + 1).saturating_sub(ANCESTORS);
        self.ancestors.iter().skip(skip).copied().chain([hash]).collect()
    }
}

/// A run of blocks that ends with the head. Never empty.
#[derive(Debug)]
pub(crate) struct Recent {
    entries: VecDeque<Entry>,
    numbers: B256Map<u64>,
    transactions: B256Map<(u64, usize)>,
    weight: usize,
}

impl Recent {
    pub(crate) fn new(head: Entry) -> Self {
        let mut recent = Self {
            entries: VecDeque::new(),
            numbers: B256Map::default(),
            transactions: B256Map::default(),
            weight: 0,
        };
        recent.push(head);
        recent
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        let number = entry.block.header.number;
        self.numbers.insert(entry.block.hash, number);
        self.transactions.extend(
            entry
                .block
                .transactions
                .iter()
                .enumerate()
                .map(|(index, transaction)| (transaction.hash, (number, index))),
        );
        self.weight += entry.weight;
        self.entries.push_back(entry);
    }

    pub(crate) fn head(&self) -> &Entry {
        self.entries.back().expect("never empty; qed")
    }

    pub(crate) fn head_ref(&self) -> BlockRef {
        BlockRef::of(&self.head().block)
    }

    /// Number of the oldest block in memory.
    pub(crate) fn first(&self) -> u64 {
        self.oldest().block.header.number
    }

    /// The oldest block in memory.
    pub(crate) fn oldest(&self) -> &Entry {
        self.entries.front().expect("never empty; qed")
    }

    /// Up to `weight_max` of the blocks above `number`, at least one if there is one, and the state that they change. `number` must be in memory.
    pub(crate) fn above(&self, number: u64, weight_max: usize) -> (StateTrie, Vec<Entry>) {
        let mut above = Vec::new();
        let mut weight = 0;
        for entry in self.entries.iter().filter(|entry| entry.block.header.number > number) {
            if weight >= weight_max {
                break;
            }
            weight += entry.weight;
            above.push(entry.clone());
        }
        (self.get(number).expect("the last block on disk is in memory; qed").trie.clone(), above)
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(number.checked_sub(self.first())?).ok()?)
    }

    pub(crate) fn number(&self, hash: &B256) -> Option<u64> {
        self.numbers.get(hash).copied()
    }

    pub(crate) fn transaction(&self, hash: &B256) -> Option<(u64, usize)> {
        self.transactions.get(hash).copied()
    }

    /// Code that a block not on disk yet deployed.
    pub(crate) fn code(&self, hash: &B256) -> Option<Bytecode> {
        self.entries
            .iter()
            .filter_map(|entry| entry.delta.as_ref())
            .find_map(|delta| delta.codes.get(hash).cloned())
    }

    pub(crate) const fn weight(&self) -> usize {
        self.weight
    }

    /// Takes the blocks above `number` away, oldest first. `number` must be in memory.
    pub(crate) fn truncate(&mut self, number: u64) -> Vec<Entry> {
        let keep =
            usize::try_from(number - self.first()).expect("the window fits the memory; qed") + 1;
        let removed: Vec<_> = self.entries.split_off(keep).into();
        removed.iter().for_each(|entry| self.forget(entry));
        removed
    }

    /// All blocks, oldest first.
    pub(crate) fn into_blocks(self) -> impl Iterator<Item = Arc<Block>> {
        self.entries.into_iter().map(|entry| entry.block)
    }

    /// Marks the blocks up to `flushed` as being on disk and gives back those that memory has no room for. The head stays.
    pub(crate) fn settle(&mut self, flushed: u64) -> Vec<Entry> {
        for entry in self.entries.iter_mut().filter(|entry| entry.block.header.number <= flushed) {
            entry.delta = None;
        }
        let mut evicted = Vec::new();
        // The oldest in memory is on disk too: older states are told from it by what the disk knows.
        while (self.entries.len() > BLOCKS_MAX || self.weight > WEIGHT_MAX)
            && self.first() < flushed
        {
            let entry = self.entries.pop_front().expect("first < flushed <= head; qed");
            self.forget(&entry);
            evicted.push(entry);
        }
        evicted
    }

    fn forget(&mut self, entry: &Entry) {
        self.weight -= entry.weight;
        self.numbers.remove(&entry.block.hash);
        for transaction in &entry.block.transactions {
            self.transactions.remove(&transaction.hash);
        }
    }
}
