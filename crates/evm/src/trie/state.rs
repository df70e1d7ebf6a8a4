//! Ethereum's state as tries.

use super::{Missing, Position, Resolver, Trie, Value};
use crate::StateDiff;
use alloc::vec::Vec;
use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use revm::{primitives::KECCAK_EMPTY, state::AccountInfo};

/// An account, as the trie has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Account {
    /// Its nonce.
    pub nonce: u64,
    /// Its balance in wei.
    pub balance: U256,
    /// Root of its storage.
    pub storage_root: B256,
    /// Hash of its code.
    pub code_hash: B256,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            nonce: 0,
            balance: U256::ZERO,
            storage_root: EMPTY_ROOT_HASH,
            code_hash: KECCAK_EMPTY,
        }
    }
}

/// The leaf of an account: the account with its storage inside.
#[derive(Debug, Clone)]
pub struct AccountLeaf {
    /// Its nonce.
    pub nonce: u64,
    /// Its balance in wei.
    pub balance: U256,
    /// Hash of its code.
    pub code_hash: B256,
    /// Its storage.
    pub storage: Trie<U256>,
}

impl AccountLeaf {
    /// The account as it is hashed.
    pub fn account(&self) -> Account {
        Account {
            nonce: self.nonce,
            balance: self.balance,
            storage_root: self.storage.root(),
            code_hash: self.code_hash,
        }
    }

    fn set(&mut self, info: &AccountInfo) {
        self.nonce = info.nonce;
        self.balance = info.balance;
        self.code_hash = code_hash(info);
    }
}

impl From<&AccountLeaf> for AccountInfo {
    fn from(leaf: &AccountLeaf) -> Self {
        Self {
            balance: leaf.balance,
            nonce: leaf.nonce,
            code_hash: leaf.code_hash,
            account_id: None,
            code: None,
        }
    }
}

/// revm writes "no code" in two ways; the trie has one.
fn code_hash(info: &AccountInfo) -> B256 {
    if info.code_hash.is_zero() { KECCAK_EMPTY } else { info.code_hash }
}

impl Value for AccountLeaf {
    fn commit(&mut self) {
        self.storage.commit();
    }

    fn encode(&self, out: &mut Vec<u8>) {
        self.account().encode(out);
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let account = Account::decode(&mut bytes).ok().filter(|_| bytes.is_empty())?;
        Some(Self {
            nonce: account.nonce,
            balance: account.balance,
            code_hash: account.code_hash,
            storage: Trie::blinded(account.storage_root),
        })
    }
}

/// What a block changes, keyed as the tries are and in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HashedDiff {
    /// The accounts touched, by hashed address.
    pub accounts: Vec<(B256, HashedChange)>,
}

/// What became of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HashedChange {
    /// The account after the change; `None` when it is gone.
    pub info: Option<AccountInfo>,
    /// All storage of before is gone.
    pub wiped: bool,
    /// Slots written, by hashed slot; zero for a deleted one.
    pub storage: Vec<(B256, U256)>,
}

impl From<&StateDiff> for HashedDiff {
    fn from(diff: &StateDiff) -> Self {
        let mut accounts: Vec<_> = diff
            .accounts
            .iter()
            .map(|(address, change)| {
                let mut storage: Vec<_> = change
                    .storage
                    .iter()
                    .map(|(slot, value)| (keccak256(slot.to_be_bytes::<32>()), *value))
                    .collect();
                storage.sort_unstable_by_key(|(slot, _)| *slot);
                let info = change.info.as_ref().map(|info| AccountInfo {
                    code: None,
                    code_hash: code_hash(info),
                    ..info.clone()
                });
                (keccak256(address), HashedChange { info, wiped: change.wiped, storage })
            })
            .collect();
        accounts.sort_unstable_by_key(|(address, _)| *address);
        Self { accounts }
    }
}

/// The proof of an account and some of its slots, as `eth_getProof` gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountProof {
    /// Whose.
    pub address: Address,
    /// The account; `None` when the proof shows that there is none.
    pub account: Option<Account>,
    /// Nodes of the state trie, from the root down.
    pub proof: Vec<Bytes>,
    /// The slots asked for.
    pub storage: Vec<StorageProof>,
}

/// The proof of one slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageProof {
    /// The slot.
    pub slot: U256,
    /// Its value; zero when the proof shows that there is none.
    pub value: U256,
    /// Nodes of the storage trie, from the root down.
    pub proof: Vec<Bytes>,
}

/// The state: accounts with their storage. A clone is a snapshot and costs nothing.
///
/// The hashes are always up to date: [`StateTrie::apply`] leaves nothing dirty.
#[derive(Debug, Clone, Default)]
pub struct StateTrie {
    accounts: Trie<AccountLeaf>,
}

impl From<Trie<AccountLeaf>> for StateTrie {
    fn from(mut accounts: Trie<AccountLeaf>) -> Self {
        accounts.commit();
        Self { accounts }
    }
}

impl StateTrie {
    /// A state of which only the root is known.
    pub fn blinded(root: B256) -> Self {
        Self { accounts: Trie::blinded(root) }
    }

    /// The account at `address`.
    pub fn account(&self, address: Address) -> Result<Option<Account>, Missing> {
        Ok(self.leaf(&keccak256(address))?.map(AccountLeaf::account))
    }

    /// Nonce, balance and code hash of `address`, for the engine.
    pub fn info(&self, address: Address) -> Result<Option<AccountInfo>, Missing> {
        Ok(self.leaf(&keccak256(address))?.map(AccountInfo::from))
    }

    /// The value of a slot.
    pub fn storage(&self, address: Address, slot: U256) -> Result<U256, Missing> {
        match self.leaf(&keccak256(address))? {
            Some(leaf) if !leaf.storage.is_empty() => {
                Ok(leaf.storage.get(&hashed(slot))?.copied().unwrap_or_default())
            }
            _ => Ok(U256::ZERO),
        }
    }

    /// The leaf at a hashed address.
    pub fn leaf(&self, hashed_address: &B256) -> Result<Option<&AccountLeaf>, Missing> {
        self.accounts.get(hashed_address)
    }

    /// The accounts in the order of their hashed addresses.
    pub fn iter(&self) -> super::Iter<'_, AccountLeaf> {
        self.accounts.iter()
    }

    /// The state root.
    pub fn root(&self) -> B256 {
        self.accounts.root()
    }

    /// The root of an account's storage; the empty one when there is no account.
    pub fn storage_root(&self, address: Address) -> Result<B256, Missing> {
        Ok(self.leaf(&keccak256(address))?.map_or(EMPTY_ROOT_HASH, |leaf| leaf.storage.root()))
    }

    /// Applies what a block changed. When a node is missing, a part of the diff may be in: apply to a clone where that can happen.
    pub fn apply(&mut self, diff: &StateDiff) -> Result<(), Missing> {
        self.apply_hashed(&HashedDiff::from(diff))
    }

    /// As [`StateTrie::apply`], with the keys hashed already.
    pub fn apply_hashed(&mut self, diff: &HashedDiff) -> Result<(), Missing> {
        self.apply_with(diff, &mut |_| None)
    }

    /// Proves the account at `address` and some of its slots.
    pub fn prove(&self, address: Address, slots: &[U256]) -> Result<AccountProof, Missing> {
        let key = keccak256(address);
        let leaf = self.leaf(&key)?;
        let storage = slots.iter().map(|slot| {
            let Some(leaf) = leaf else {
                return Ok(StorageProof { slot: *slot, value: U256::ZERO, proof: Vec::new() });
            };
            let key = hashed(*slot);
            Ok(StorageProof {
                slot: *slot,
                value: leaf.storage.get(&key)?.copied().unwrap_or_default(),
                proof: leaf.storage.prove(&key)?,
            })
        });
        Ok(AccountProof {
            address,
            storage: storage.collect::<Result<_, _>>()?,
            account: leaf.map(AccountLeaf::account),
            proof: self.accounts.prove(&key)?,
        })
    }

    /// The RLP of the node at `position`.
    pub(crate) fn node(&self, position: &Position) -> Option<Bytes> {
        match &position.owner {
            None => self.accounts.node(&position.prefix, position.depth),
            Some(owner) => self.leaf(owner).ok()??.storage.node(&position.prefix, position.depth),
        }
    }

    /// The account at a hashed address, for which blinded nodes are revealed.
    pub(crate) fn leaf_with(
        &mut self,
        key: &B256,
        resolve: &mut Resolver<'_>,
    ) -> Result<Option<&AccountLeaf>, Missing> {
        self.accounts.get_with(key, resolve)
    }

    /// The value of a slot by hashed keys, for which blinded nodes are revealed.
    pub(crate) fn slot_with(
        &mut self,
        key: &B256,
        slot: &B256,
        resolve: &mut Resolver<'_>,
    ) -> Result<U256, Missing> {
        match self.accounts.get_with(key, resolve)? {
            None => return Ok(U256::ZERO),
            Some(leaf) => {
                if let Ok(value) = leaf.storage.get(slot) {
                    return Ok(value.copied().unwrap_or_default());
                }
            }
        }
        let leaf = self.accounts.get_mut(key, false).expect("revealed above; qed");
        Ok(leaf.storage.get_with(slot, &mut owned(*key, resolve))?.copied().unwrap_or_default())
    }

    /// Applies a diff, for which blinded nodes are revealed. Whatever comes of it, the hashes are up to date afterwards.
    pub(crate) fn apply_with(
        &mut self,
        diff: &HashedDiff,
        resolve: &mut Resolver<'_>,
    ) -> Result<(), Missing> {
        let outcome = self.write(diff, resolve);
        self.accounts.commit();
        outcome
    }

    fn write(&mut self, diff: &HashedDiff, resolve: &mut Resolver<'_>) -> Result<(), Missing> {
        // What is removed comes last: then fewer branches collapse, and a witness needs fewer siblings.
        for (key, change) in &diff.accounts {
            if let Some(info) = &change.info {
                self.upsert(key, info, change, resolve)?;
            }
        }
        for (key, change) in &diff.accounts {
            if change.info.is_none() {
                self.accounts.remove_with(key, resolve)?;
            }
        }
        Ok(())
    }

    fn upsert(
        &mut self,
        key: &B256,
        info: &AccountInfo,
        change: &HashedChange,
        resolve: &mut Resolver<'_>,
    ) -> Result<(), Missing> {
        match self.accounts.get_with(key, resolve)? {
            None => {
                let mut leaf = AccountLeaf {
                    nonce: info.nonce,
                    balance: info.balance,
                    code_hash: code_hash(info),
                    storage: Trie::default(),
                };
                write_slots(&mut leaf.storage, &change.storage, &mut |_| None)?;
                self.accounts.insert_with(*key, leaf, resolve)
            }
            Some(leaf) => {
                let same = leaf.nonce == info.nonce
                    && leaf.balance == info.balance
                    && leaf.code_hash == code_hash(info);
                if same && !change.wiped && change.storage.is_empty() {
                    return Ok(());
                }
                let leaf = self.accounts.get_mut(key, true).expect("found above; qed");
                leaf.set(info);
                if change.wiped {
                    leaf.storage = Trie::default();
                }
                write_slots(&mut leaf.storage, &change.storage, &mut owned(*key, resolve))
            }
        }
    }
}

fn hashed(slot: U256) -> B256 {
    keccak256(slot.to_be_bytes::<32>())
}

/// The resolver of one account's storage.
fn owned<'a>(
    owner: B256,
    resolve: &'a mut Resolver<'_>,
) -> impl FnMut(&Position) -> Option<Bytes> + 'a {
    move |position| resolve(&Position { owner: Some(owner), ..*position })
}

fn write_slots(
    storage: &mut Trie<U256>,
    slots: &[(B256, U256)],
    resolve: &mut Resolver<'_>,
) -> Result<(), Missing> {
    for (slot, value) in slots.iter().filter(|(_, value)| !value.is_zero()) {
        storage.insert_with(*slot, *value, resolve)?;
    }
    for (slot, _) in slots.iter().filter(|(_, value)| value.is_zero()) {
        storage.remove_with(slot, resolve)?;
    }
    Ok(())
}
