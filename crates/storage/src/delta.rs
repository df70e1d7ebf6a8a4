//! What a block changed, as it goes to disk.

use crate::Error;
use alloy_primitives::{B256, U256};
use mezz_evm::{
    StateDiff,
    trie::{HashedChange, HashedDiff, StateTrie},
};
use revm::{bytecode::Bytecode, primitives::KECCAK_EMPTY, state::AccountInfo};
use std::collections::BTreeMap;

/// What a block changed, until it is on disk.
#[derive(Debug, Default)]
pub(crate) struct Delta {
    diff: HashedDiff,
    /// Code deployed.
    pub(crate) codes: BTreeMap<B256, Bytecode>,
}

impl Delta {
    /// Of a diff whose keys are hashed already in `hashed`.
    pub(crate) fn new(hashed: HashedDiff, diff: &StateDiff) -> Self {
        let inline = diff
            .accounts
            .values()
            .filter_map(|change| change.info.as_ref())
            .filter_map(|info| Some((info.code_hash, info.code.clone()?)));
        let codes = diff.codes.iter().map(|(hash, code)| (*hash, code.clone())).chain(inline);
        let codes = codes
            .filter(|(hash, code)| *hash != KECCAK_EMPTY && !hash.is_zero() && !code.is_empty())
            .collect();
        Self { diff: hashed, codes }
    }

    /// Keys written, roughly.
    pub(crate) fn keys(&self) -> usize {
        self.diff.accounts.iter().map(|(_, change)| 1 + change.storage.len()).sum()
    }

    /// The changes to the state `before`, key by key: slots that a wipe or the end of an account removed are listed, and what did not change is left out.
    pub(crate) fn explicit(&self, before: &StateTrie) -> Result<Vec<(B256, HashedChange)>, Error> {
        let changes = self.diff.accounts.iter().map(|(key, change)| {
            Ok(explicit(before, key, change.clone())?.map(|change| (*key, change)))
        });
        changes.filter_map(Result::transpose).collect()
    }
}

/// The change without a wipe; `None` when it changes nothing.
fn explicit(
    before: &StateTrie,
    key: &B256,
    mut change: HashedChange,
) -> Result<Option<HashedChange>, Error> {
    let Some(leaf) = before.leaf(key)? else {
        change.wiped = false;
        change.storage.retain(|(_, value)| !value.is_zero());
        return Ok(change.info.is_some().then_some(change));
    };
    if change.info.is_none() {
        change.storage.clear();
    }
    if change.wiped || change.info.is_none() {
        let mut slots = leaf
            .storage
            .iter()
            .map(|entry| entry.map(|(slot, _)| (slot, U256::ZERO)))
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        slots.extend(change.storage);
        change =
            HashedChange { info: change.info, wiped: false, storage: slots.into_iter().collect() };
    }
    let same = change.storage.is_empty() && change.info.as_ref() == Some(&AccountInfo::from(leaf));
    Ok((!same).then_some(change))
}
