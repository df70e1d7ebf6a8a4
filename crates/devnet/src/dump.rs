//! The whole state as one value, to be put into another chain: `anvil_dumpState` and `anvil_loadState`.
//!
//! The value is anvil's: JSON, packed with gzip. Of what anvil writes the accounts are read; blocks and transactions of another chain cannot be part of this
//! one.
//!
//! A state trie knows its accounts and slots by their hashes only. Their names are found by executing the chain again from its genesis.

use crate::{Error, chain::Core, edits::Edit};
use alloy::primitives::{Address, B256, Bytes, U256};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use mezz_evm::{BlockEnvironment, BlockExecutor, Overlay, StateDiff};
use mezz_storage::{Block, State};
use revm::DatabaseRef;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
};

/// Most that a dump may unpack to.
const BYTES_MAX: u64 = 1 << 30;

/// What is dumped.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Dump {
    accounts: BTreeMap<Address, Account>,
    #[serde(default)]
    best_block_number: Option<u64>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Account {
    nonce: u64,
    balance: U256,
    #[serde(default)]
    code: Bytes,
    #[serde(default)]
    storage: BTreeMap<B256, B256>,
}

/// The accounts of a chain with the slots that were ever written.
type Names = BTreeMap<Address, BTreeSet<U256>>;

impl Core {
    /// The state at the head.
    pub(crate) fn dump(&self) -> Result<Bytes, Error> {
        let state = &self.tip.state;
        let mut dump = Dump { best_block_number: Some(state.number()), ..Dump::default() };
        for (address, slots) in self.names()? {
            let Some(info) = state.basic_ref(address)? else { continue };
            let mut account =
                Account { nonce: info.nonce, balance: info.balance, ..Account::default() };
            if !info.is_empty_code_hash() {
                account.code = state.code_by_hash_ref(info.code_hash)?.original_bytes();
            }
            for slot in slots {
                let value = state.storage_ref(address, slot)?;
                if !value.is_zero() {
                    account.storage.insert(slot.into(), value.into());
                }
            }
            dump.accounts.insert(address, account);
        }
        check(&dump, state)?;
        let json = serde_json::to_vec(&dump).expect("addresses and numbers serialize; qed");
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&json).expect("a vector takes everything; qed");
        Ok(packed.finish().expect("a vector takes everything; qed").into())
    }

    /// Puts the accounts of a dump into the state, in a block of their own. Accounts and slots that the dump lacks stay as they are.
    pub(crate) fn load(&mut self, dump: &[u8]) -> Result<(), Error> {
        let edits = read(dump)?.accounts.into_iter().flat_map(|(address, account)| {
            let Account { nonce, balance, code, storage } = account;
            let fields = [
                Edit::Nonce { address, nonce },
                Edit::Balance { address, balance },
                Edit::Code { address, code },
            ];
            let slots = storage.into_iter().map(move |(slot, value)| Edit::Storage {
                address,
                slot: slot.into(),
                value: value.into(),
            });
            fields.into_iter().chain(slots)
        });
        self.edit(edits.collect())
    }

    /// Executes the chain again and notes what is written.
    fn names(&self) -> Result<Names, Error> {
        let mut names = Names::new();
        for address in self.shared.genesis_accounts.iter() {
            names.entry(*address).or_default();
        }
        for number in 1..=self.tip.block.header.number {
            let store = &self.shared.store;
            let (Some(block), Some(before)) = (store.block(number)?, store.state_at(number - 1)?)
            else {
                return Err(Error::Refused(format!("block {number} is no longer kept")));
            };
            let diff = self.written(&block, before)?;
            for (address, change) in diff.accounts {
                names.entry(address).or_default().extend(change.storage.keys());
            }
        }
        Ok(names)
    }

    /// What a block changes.
    fn written(&self, block: &Block, before: State) -> Result<StateDiff, Error> {
        let environment = BlockEnvironment::of_header(&block.header, None);
        let mut executor =
            BlockExecutor::begin(self.shared.chain, environment, Overlay::new(before))?;
        // Some may have been sent in the name of a contract.
        executor.allow_contract_senders(true);
        for transaction in &block.transactions {
            // What does not execute again leaves a name unknown, which `check` finds.
            let _ = executor.transact(transaction.clone())?;
        }
        for edit in self.edits_of(block)? {
            edit.apply(executor.db())?;
        }
        Ok(executor.finish()?.db.diff)
    }
}

/// Compares a dump with the tries: everything has to have been found.
fn check(dump: &Dump, state: &State) -> Result<(), Error> {
    let trie = state.trie()?;
    let (mut accounts, mut slots) = (0, 0);
    for leaf in trie.iter() {
        let (_, leaf) = leaf.map_err(mezz_storage::Error::from)?;
        accounts += 1;
        slots += leaf.storage.iter().count();
    }
    let found = dump.accounts.values().map(|account| account.storage.len()).sum::<usize>();
    if (dump.accounts.len(), found) == (accounts, slots) {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "the state has {accounts} accounts and {slots} slots, and only {} and {found} of them can be named",
        dump.accounts.len(),
    )))
}

/// Reads a dump, packed or not.
fn read(dump: &[u8]) -> Result<Dump, Error> {
    let refuse = |what: String| Error::Refused(format!("not a dump of a state: {what}"));
    let mut json = Vec::new();
    if dump.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = GzDecoder::new(dump).take(BYTES_MAX + 1);
        unpacked.read_to_end(&mut json).map_err(|error| refuse(error.to_string()))?;
        if json.len() as u64 > BYTES_MAX {
            return Err(refuse(format!("it unpacks to more than {BYTES_MAX} bytes")));
        }
    } else {
        json.extend_from_slice(dump);
    }
    serde_json::from_slice(&json).map_err(|error| refuse(error.to_string()))
}
