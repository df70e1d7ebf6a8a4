//! Tables of what occurs more than once, in order of first use.

use super::Invalid;
use alloc::{collections::BTreeMap, vec::Vec};

/// A table that a writer fills.
#[derive(Debug)]
pub(super) struct Interner<T> {
    indices: BTreeMap<T, u64>,
    entries: Vec<T>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { indices: BTreeMap::new(), entries: Vec::new() }
    }
}

impl<T: Ord + Copy> Interner<T> {
    /// The index of an entry, which is added if it is new.
    pub(super) fn index(&mut self, entry: T) -> u64 {
        *self.indices.entry(entry).or_insert_with(|| {
            self.entries.push(entry);
            self.entries.len() as u64 - 1
        })
    }

    /// All entries in order of first use.
    pub(super) fn into_entries(self) -> Vec<T> {
        self.entries
    }
}

/// A table that a reader uses up.
#[derive(Debug)]
pub(super) struct Table<'a, T> {
    entries: &'a [T],
    used: usize,
}

impl<'a, T> Table<'a, T> {
    pub(super) const fn new(entries: &'a [T]) -> Self {
        Self { entries, used: 0 }
    }

    /// The entry at an index; a new one must be the next.
    pub(super) fn get(&mut self, index: u64) -> Result<&'a T, Invalid> {
        let index = usize::try_from(index).map_err(|_| Invalid::Table)?;
        if index > self.used {
            return Err(Invalid::Table);
        }
        self.used = self.used.max(index + 1);
        self.entries.get(index).ok_or(Invalid::Table)
    }

    /// That every entry was used.
    pub(super) const fn finish(self) -> Result<(), Invalid> {
        if self.used == self.entries.len() { Ok(()) } else { Err(Invalid::Table) }
    }
}
