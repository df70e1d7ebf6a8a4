//! The block under construction, shared between the executor and its readers.

use crate::{Error, State};
use alloy_primitives::{Address, B256, U256};
use mezz_evm::{Overlay, StateDiff};
use parking_lot::RwLock;
use revm::{
    Database, DatabaseCommit, DatabaseRef,
    bytecode::Bytecode,
    state::{AccountInfo, EvmState},
};
use std::sync::Arc;

/// Changes over a [`State`]: the executor writes them, and whoever asks for `pending` reads them at the same time.
#[derive(Debug, Clone)]
pub struct SharedOverlay {
    base: State,
    overlay: Arc<RwLock<Overlay<State>>>,
}

impl SharedOverlay {
    /// No changes over `base`.
    pub fn new(base: State) -> Self {
        Self { overlay: Arc::new(RwLock::new(Overlay::new(base.clone()))), base }
    }

    /// The state beneath.
    pub const fn base(&self) -> &State {
        &self.base
    }

    /// The changes so far.
    pub fn diff(&self) -> StateDiff {
        self.overlay.read().diff.clone()
    }

    /// The changes, without a copy when nobody else reads them.
    pub fn into_diff(self) -> StateDiff {
        match Arc::try_unwrap(self.overlay) {
            Ok(overlay) => overlay.into_inner().diff,
            Err(shared) => shared.read().diff.clone(),
        }
    }

    /// Reads several things of one moment.
    pub fn read<T>(&self, reader: impl FnOnce(&Overlay<State>) -> T) -> T {
        reader(&self.overlay.read())
    }
}

impl DatabaseRef for SharedOverlay {
    type Error = Error;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Error> {
        self.overlay.read().basic_ref(address)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Error> {
        self.overlay.read().code_by_hash_ref(hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Error> {
        self.overlay.read().storage_ref(address, slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Error> {
        self.base.block_hash_ref(number)
    }
}

impl Database for SharedOverlay {
    type Error = Error;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Error> {
        self.basic_ref(address)
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, Error> {
        self.code_by_hash_ref(hash)
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Error> {
        self.storage_ref(address, slot)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Error> {
        self.block_hash_ref(number)
    }
}

impl DatabaseCommit for SharedOverlay {
    fn commit(&mut self, changes: EvmState) {
        self.overlay.write().commit(changes);
    }
}
