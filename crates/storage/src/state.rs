//! The state at one block.

use crate::{Error, disk::View, store::Shared};
use alloy_primitives::{Address, B256, U256, keccak256};
use mezz_evm::{
    StateDiff, StateRoots,
    trie::{AccountProof, HashedDiff, StateTrie},
};
use mezz_primitives::predeploys::MESSAGE_PASSER;
use revm::{DatabaseRef, bytecode::Bytecode, primitives::KECCAK_EMPTY, state::AccountInfo};
use std::sync::Arc;

/// The state after one block. Cheap to clone; what happens to the chain afterwards does not change it.
#[derive(Clone)]
pub struct State {
    number: u64,
    shared: Arc<Shared>,
    place: Place,
}

/// Where it is read from.
#[derive(Clone)]
enum Place {
    /// A trie in memory, with the hashes of the last blocks.
    Memory(StateTrie, Arc<[B256]>),
    /// The history on disk, and a later state in memory to rebuild the trie from.
    History(View, Later),
}

/// A state in memory: the blocks up to its own are all on disk.
#[derive(Clone)]
pub(crate) struct Later {
    pub(crate) number: u64,
    pub(crate) trie: StateTrie,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("number", &self.number).finish_non_exhaustive()
    }
}

impl State {
    pub(crate) const fn in_memory(
        shared: Arc<Shared>,
        number: u64,
        trie: StateTrie,
        ancestors: Arc<[B256]>,
    ) -> Self {
        Self { number, shared, place: Place::Memory(trie, ancestors) }
    }

    pub(crate) const fn in_history(
        shared: Arc<Shared>,
        number: u64,
        view: View,
        later: Later,
    ) -> Self {
        Self { number, shared, place: Place::History(view, later) }
    }

    /// The block that it is the state after.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Proves an account and some of its slots.
    pub fn proof(&self, address: Address, slots: &[U256]) -> Result<AccountProof, Error> {
        Ok(self.trie()?.prove(address, slots)?)
    }

    /// The whole state as a trie. For a state older than those in memory it has to be rebuilt.
    pub fn trie(&self) -> Result<StateTrie, Error> {
        match &self.place {
            Place::Memory(trie, _) => Ok(trie.clone()),
            Place::History(view, later) => self.shared.rebuild(view, later, self.number),
        }
    }
}

impl DatabaseRef for State {
    type Error = Error;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Error> {
        match &self.place {
            Place::Memory(trie, _) => Ok(trie.info(address)?),
            Place::History(view, _) => view.account(&keccak256(address), self.number),
        }
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Error> {
        match hash == KECCAK_EMPTY || hash.is_zero() {
            true => Ok(Bytecode::default()),
            false => self.shared.code(hash),
        }
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Error> {
        match &self.place {
            Place::Memory(trie, _) => Ok(trie.storage(address, slot)?),
            Place::History(view, _) => {
                view.slot(&keccak256(address), &keccak256(slot.to_be_bytes::<32>()), self.number)
            }
        }
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Error> {
        let Some(back) = self.number.checked_sub(number) else { return Ok(B256::ZERO) };
        match &self.place {
            Place::Memory(_, ancestors) => Ok(ancestors
                .iter()
                .rev()
                .nth(usize::try_from(back).unwrap_or(usize::MAX))
                .copied()
                .unwrap_or_default()),
            Place::History(view, _) => {
                Ok(view.header(number)?.map(|record| record.hash).unwrap_or_default())
            }
        }
    }
}

impl StateRoots for State {
    fn roots(&self, diff: &StateDiff) -> Result<(B256, B256), Error> {
        let base = self.trie()?;
        let diff = HashedDiff::from(diff);
        let mut trie = base.clone();
        trie.apply_hashed(&diff)?;
        let roots = (trie.root(), trie.storage_root(MESSAGE_PASSER)?);
        self.shared.prepare(base.root(), diff, trie);
        Ok(roots)
    }
}
