//! What a block changes, and a database that holds changes over another.

use alloc::collections::BTreeMap;
use alloy_primitives::{
    Address, B256, U256,
    map::{AddressMap, B256Map, U256Map},
};
use revm::{
    Database, DatabaseCommit, DatabaseRef,
    bytecode::Bytecode,
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, EvmState},
};

/// What became of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// Balance, nonce and code hash after the change; `None` when the account is gone or empty.
    pub info: Option<AccountInfo>,
    /// All storage of before is gone; `storage` holds everything there is.
    pub wiped: bool,
    /// Slots written, zero for a deleted one.
    pub storage: U256Map<U256>,
}

/// What one or more transactions changed, against the state they started from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateDiff {
    /// The accounts that were touched.
    pub accounts: AddressMap<AccountChange>,
    /// Code deployed, by hash.
    pub codes: B256Map<Bytecode>,
}

impl StateDiff {
    /// Folds in what one transaction changed.
    pub fn absorb(&mut self, changes: EvmState) {
        for (address, account) in changes {
            if !account.is_touched() {
                continue;
            }
            let change = self.accounts.entry(address).or_default();
            if account.is_selfdestructed() {
                *change = AccountChange { info: None, wiped: true, storage: U256Map::default() };
                continue;
            }
            if account.is_created() {
                change.wiped = true;
                change.storage.clear();
            }
            if let Some(code) = account
                .info
                .code
                .as_ref()
                .filter(|code| !code.is_empty() && account.info.code_hash != KECCAK_EMPTY)
                && (account.is_created() || code.is_eip7702())
            {
                self.codes.entry(account.info.code_hash).or_insert_with(|| code.clone());
            }
            for (slot, value) in account.storage {
                if value.is_changed()
                    || account.status.contains(revm::state::AccountStatus::Created)
                {
                    change.storage.insert(slot, value.present_value());
                }
            }
            change.info =
                (!account.info.is_empty()).then_some(AccountInfo { code: None, ..account.info });
        }
    }

    /// Folds in a later diff.
    pub fn extend(&mut self, later: Self) {
        for (address, change) in later.accounts {
            let earlier = self.accounts.entry(address).or_default();
            if change.wiped {
                *earlier = change;
            } else {
                earlier.info = change.info;
                earlier.storage.extend(change.storage);
            }
        }
        self.codes.extend(later.codes);
    }

    /// The accounts in the order of their addresses, for whatever must not depend on a map's order.
    pub fn sorted(&self) -> BTreeMap<Address, &AccountChange> {
        self.accounts.iter().map(|(address, change)| (*address, change)).collect()
    }
}

/// Changes over a state that does not change.
#[derive(Debug, Clone, Default)]
pub struct Overlay<B> {
    /// The state beneath.
    pub base: B,
    /// What was changed since.
    pub diff: StateDiff,
}

impl<B> Overlay<B> {
    /// No changes over `base`.
    pub fn new(base: B) -> Self {
        Self { base, diff: StateDiff::default() }
    }
}

impl<B: DatabaseRef> DatabaseRef for Overlay<B> {
    type Error = B::Error;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, B::Error> {
        match self.diff.accounts.get(&address) {
            Some(change) => Ok(change.info.clone()),
            None => self.base.basic_ref(address),
        }
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, B::Error> {
        match self.diff.codes.get(&hash) {
            Some(code) => Ok(code.clone()),
            None => self.base.code_by_hash_ref(hash),
        }
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, B::Error> {
        match self.diff.accounts.get(&address) {
            Some(change) => match change.storage.get(&slot) {
                Some(value) => Ok(*value),
                None if change.wiped => Ok(U256::ZERO),
                None => self.base.storage_ref(address, slot),
            },
            None => self.base.storage_ref(address, slot),
        }
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, B::Error> {
        self.base.block_hash_ref(number)
    }
}

impl<B: DatabaseRef> Database for Overlay<B> {
    type Error = B::Error;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, B::Error> {
        self.basic_ref(address)
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, B::Error> {
        self.code_by_hash_ref(hash)
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, B::Error> {
        self.storage_ref(address, slot)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, B::Error> {
        self.block_hash_ref(number)
    }
}

impl<B> DatabaseCommit for Overlay<B> {
    fn commit(&mut self, changes: EvmState) {
        self.diff.absorb(changes);
    }
}
