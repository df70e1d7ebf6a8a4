//! The embedded store: blocks, the latest state, and the history of every key.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `facts` | name | what the node put there |
//! | `meta` | `version`, `chain`, `head` | |
//! | `headers`, `bodies` | number | header; transactions with senders, and receipts |
//! | `numbers` | block hash | number |
//! | `transactions` | hash | number, index |
//! | `codes` | hash | code |
//! | `accounts`, `slots` | hashed address; that and hashed slot | the latest value |
//! | `account_history`, `slot_history` | as above and number | the value after the block; nothing for none |
//! | `changes` | number | the keys that the block changed |
//!
//! Every batch is atomic and on disk when it returns, and brings `head` along: what a crash leaves is the state after some block, complete.

use crate::{
    Block, BlockRef, Error,
    codec::{
        HeaderRecord, KeysRecord, decode, decode_account, decode_block, decode_number,
        decode_place, decode_slot, encode, encode_account, encode_body, encode_header,
        encode_place, encode_slot, join,
    },
    recent::Entry,
};
use alloy_primitives::{
    B256, U256,
    map::{B256Map, HashMap, HashSet},
};
use fjall::{
    Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions, OwnedWriteBatch, PersistMode,
    Readable, Slice, Snapshot,
};
use mezz_evm::{
    Chain,
    trie::{AccountLeaf, HashedChange, HashedDiff, StateTrie, Trie},
};
use revm::{bytecode::Bytecode, state::AccountInfo};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Layout of the keyspaces.
const VERSION: &[u8] = b"1";
/// Keys that one step of a rewind touches.
const REWIND_KEYS: usize = 50_000;

/// The embedded store of one chain.
pub(crate) struct Disk {
    path: PathBuf,
    db: Database,
    facts: Keyspace,
    meta: Keyspace,
    headers: Keyspace,
    bodies: Keyspace,
    numbers: Keyspace,
    transactions: Keyspace,
    codes: Keyspace,
    accounts: Keyspace,
    slots: Keyspace,
    account_history: Keyspace,
    slot_history: Keyspace,
    changes: Keyspace,
}

/// A moment of the store, to read old states from.
#[derive(Clone)]
pub(crate) struct View {
    disk: Arc<Disk>,
    snapshot: Snapshot,
}

/// Takes away what a process left that was killed while it made the database. fjall writes its marker last, makes the database anew where there is none, and then
/// fails at a journal that is already there.
fn clear_beginning(db: &Path) -> io::Result<()> {
    let marker = db.join("version");
    let is_complete = || fs::metadata(&marker).is_ok_and(|file| file.len() > 0);
    // Who holds the lock is at it right now, or has the database open.
    let lock = match File::open(db.join("lock")) {
        Ok(lock) if !is_complete() && lock.try_lock().is_ok() => lock,
        _ => return Ok(()),
    };
    if !is_complete() {
        for left in [marker, db.join("0.jnl")] {
            match fs::remove_file(left) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => (),
                result => result?,
            }
        }
    }
    lock.unlock()
}

impl Disk {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(path)
            .and_then(|()| clear_beginning(&path.join("db")))
            .map_err(|source| Error::Io { path: path.into(), source })?;
        let db = Database::builder(path.join("db")).open().map_err(|error| match error {
            fjall::Error::Locked => Error::Locked { path: path.into() },
            error => error.into(),
        })?;
        File::open(path)
            .and_then(|dir| dir.sync_all())
            .map_err(|source| Error::Io { path: path.into(), source })?;
        let keyspace = |name| db.keyspace(name, KeyspaceCreateOptions::default);
        let large = || {
            KeyspaceCreateOptions::default()
                .with_kv_separation(Some(KvSeparationOptions::default()))
        };
        Ok(Self {
            path: path.into(),
            facts: keyspace("facts")?,
            meta: keyspace("meta")?,
            headers: keyspace("headers")?,
            bodies: db.keyspace("bodies", large)?,
            numbers: keyspace("numbers")?,
            transactions: keyspace("transactions")?,
            codes: keyspace("codes")?,
            accounts: keyspace("accounts")?,
            slots: keyspace("slots")?,
            account_history: keyspace("account_history")?,
            slot_history: keyspace("slot_history")?,
            changes: keyspace("changes")?,
            db,
        })
    }

    fn batch(&self) -> OwnedWriteBatch {
        self.db.batch().durability(Some(PersistMode::SyncAll))
    }

    /// The head on disk; `None` in a new directory. Checks that it holds this chain.
    pub(crate) fn head(&self, chain: Chain, genesis: B256) -> Result<Option<BlockRef>, Error> {
        let Some(number) = self.meta.get("head")? else { return Ok(None) };
        let version = self.meta.get("version")?.unwrap_or_else(|| Slice::from(b"none"));
        if *version != *VERSION {
            let (found, known) = (
                String::from_utf8_lossy(&version).into_owned(),
                String::from_utf8_lossy(VERSION).into_owned(),
            );
            return Err(Error::Version { path: self.path.clone(), found, known });
        }
        let stored = self
            .meta
            .get("chain")?
            .ok_or_else(|| Error::Corrupt("the chain's identity is gone".into()))?;
        if *stored != *identity(chain, genesis) {
            let (id, hash) = stored
                .split_at_checked(9)
                .ok_or_else(|| Error::Corrupt("the chain's identity does not decode".into()))?;
            let stored = (
                decode_number(&id[..8])?,
                B256::try_from(hash)
                    .map_err(|_| Error::Corrupt("the genesis hash does not decode".into()))?,
            );
            return Err(Error::Genesis {
                path: self.path.clone(),
                stored: stored.1,
                stored_id: stored.0,
                given: genesis,
                given_id: chain.id,
            });
        }
        let number = decode_number(&number)?;
        Ok(Some(BlockRef { number, hash: self.header_required(number)?.hash }))
    }

    /// Begins a chain.
    pub(crate) fn begin(&self, chain: Chain, genesis: &Entry) -> Result<(), Error> {
        let mut batch = self.batch();
        batch.insert(&self.meta, "version", VERSION);
        batch.insert(&self.meta, "chain", identity(chain, genesis.block.hash));
        self.put(&mut batch, StateTrie::default(), std::slice::from_ref(genesis))?;
        Ok(batch.commit()?)
    }

    /// Makes consecutive blocks durable, all or none. `before` is the state that the first of them changes.
    pub(crate) fn write(&self, before: StateTrie, entries: &[Entry]) -> Result<(), Error> {
        let mut batch = self.batch();
        self.put(&mut batch, before, entries)?;
        Ok(batch.commit()?)
    }

    fn put(
        &self,
        batch: &mut OwnedWriteBatch,
        mut before: StateTrie,
        entries: &[Entry],
    ) -> Result<(), Error> {
        // A batch may name a key only once: the latest values are collected first.
        let mut accounts: B256Map<Vec<u8>> = B256Map::default();
        let mut slots: HashMap<Vec<u8>, Vec<u8>> = HashMap::default();
        let mut codes: B256Map<&Bytecode> = B256Map::default();
        for entry in entries {
            self.put_block(batch, &entry.block);
            let number = entry.block.header.number.to_be_bytes();
            let Some(delta) = &entry.delta else { continue };
            let changes = delta.explicit(&before)?;
            before = entry.trie.clone();
            let mut keys = Vec::with_capacity(changes.len());
            for (address, change) in &changes {
                let value = encode_account(change.info.as_ref());
                batch.insert(
                    &self.account_history,
                    join(&[address.as_slice(), &number]),
                    value.clone(),
                );
                accounts.insert(*address, value);
                for (slot, value) in &change.storage {
                    let key = join(&[address.as_slice(), slot.as_slice()]);
                    let value = encode_slot(*value);
                    batch.insert(&self.slot_history, join(&[&key, &number]), value.clone());
                    slots.insert(key, value);
                }
                keys.push(KeysRecord {
                    address: *address,
                    slots: change.storage.iter().map(|(slot, _)| *slot).collect(),
                });
            }
            batch.insert(&self.changes, number, encode(&keys));
            codes.extend(delta.codes.iter().map(|(hash, code)| (*hash, code)));
        }
        accounts
            .into_iter()
            .for_each(|(key, value)| set(batch, &self.accounts, key.to_vec(), value));
        slots.into_iter().for_each(|(key, value)| set(batch, &self.slots, key, value));
        codes.into_iter().for_each(|(hash, code)| {
            batch.insert(&self.codes, hash.as_slice(), code.original_bytes().as_ref())
        });
        if let Some(head) = entries.last() {
            batch.insert(&self.meta, "head", head.block.header.number.to_be_bytes());
        }
        Ok(())
    }

    fn put_block(&self, batch: &mut OwnedWriteBatch, block: &Block) {
        let number = block.header.number.to_be_bytes();
        batch.insert(&self.headers, number, encode_header(block));
        batch.insert(&self.bodies, number, encode_body(block));
        batch.insert(&self.numbers, block.hash.as_slice(), number);
        for (index, transaction) in block.transactions.iter().enumerate() {
            batch.insert(
                &self.transactions,
                transaction.hash.as_slice(),
                encode_place(block.header.number, index),
            );
        }
    }

    /// Removes the blocks above `number`, in steps of which each leaves the complete state after some block.
    pub(crate) fn rewind(&self, number: u64, head: u64) -> Result<(), Error> {
        let mut above = head;
        while above > number {
            let mut batch = self.batch();
            let mut keys: BTreeMap<B256, BTreeSet<B256>> = BTreeMap::new();
            let mut weight = 0;
            while above > number && weight < REWIND_KEYS {
                let block = self
                    .block(above)?
                    .ok_or_else(|| Error::Corrupt(format!("block {above} is gone")))?;
                let changes = self.changes.get(above.to_be_bytes())?;
                weight += block.transactions.len()
                    + self.remove(&mut batch, &block, changes, &mut keys)?;
                above -= 1;
            }
            let view = self.snapshot();
            for (address, slots) in keys {
                set(
                    &mut batch,
                    &self.accounts,
                    address.to_vec(),
                    encode_account(self.account_at(&view, &address, above)?.as_ref()),
                );
                for slot in slots {
                    let value = encode_slot(self.slot_at(&view, &address, &slot, above)?);
                    set(
                        &mut batch,
                        &self.slots,
                        join(&[address.as_slice(), slot.as_slice()]),
                        value,
                    );
                }
            }
            batch.insert(&self.meta, "head", above.to_be_bytes());
            batch.commit()?;
        }
        Ok(())
    }

    /// Removes one block and its history; notes the keys that it changed and returns how many.
    fn remove(
        &self,
        batch: &mut OwnedWriteBatch,
        block: &Block,
        changes: Option<Slice>,
        keys: &mut BTreeMap<B256, BTreeSet<B256>>,
    ) -> Result<usize, Error> {
        let number = block.header.number.to_be_bytes();
        batch.remove(&self.headers, number);
        batch.remove(&self.bodies, number);
        batch.remove(&self.numbers, block.hash.as_slice());
        block
            .transactions
            .iter()
            .for_each(|transaction| batch.remove(&self.transactions, transaction.hash.as_slice()));
        let changes: Vec<KeysRecord> = decode(
            &changes.ok_or_else(|| Error::Corrupt("the changes of a block are gone".into()))?,
            "the changes of a block",
        )?;
        batch.remove(&self.changes, number);
        let mut count = 0;
        for KeysRecord { address, slots } in changes {
            count += 1 + slots.len();
            batch.remove(&self.account_history, join(&[address.as_slice(), &number]));
            for slot in &slots {
                batch.remove(
                    &self.slot_history,
                    join(&[address.as_slice(), slot.as_slice(), &number]),
                );
            }
            keys.entry(address).or_default().extend(slots);
        }
        Ok(count)
    }

    /// Builds the latest state.
    pub(crate) fn load(&self) -> Result<StateTrie, Error> {
        let mut slots = self.slots.iter().map(|entry| {
            let (key, value) = entry.into_inner()?;
            let (address, slot) = key
                .split_at_checked(32)
                .filter(|(_, slot)| slot.len() == 32)
                .ok_or_else(|| Error::Corrupt("a slot has no key".into()))?;
            Ok::<_, Error>((
                B256::from_slice(address),
                B256::from_slice(slot),
                decode_slot(&value)?,
            ))
        });
        let mut next = slots.next().transpose()?;
        let mut accounts = Trie::default();
        for entry in self.accounts.iter() {
            let (key, value) = entry.into_inner()?;
            let address = B256::try_from(&*key)
                .map_err(|_| Error::Corrupt("an account has no key".into()))?;
            let info = decode_account(&value)?
                .ok_or_else(|| Error::Corrupt(format!("account {address} is empty")))?;
            let mut storage = Trie::default();
            while let Some((_, slot, value)) = next.filter(|(owner, ..)| *owner == address) {
                storage.insert(slot, value)?;
                next = slots.next().transpose()?;
            }
            accounts.insert(
                address,
                AccountLeaf {
                    nonce: info.nonce,
                    balance: info.balance,
                    code_hash: info.code_hash,
                    storage,
                },
            )?;
        }
        match next {
            Some((address, ..)) => {
                Err(Error::Corrupt(format!("slots belong to {address}, which is no account")))
            }
            None => Ok(accounts.into()),
        }
    }

    pub(crate) fn header(&self, number: u64) -> Result<Option<HeaderRecord>, Error> {
        self.headers.get(number.to_be_bytes())?.map(|bytes| decode(&bytes, "a header")).transpose()
    }

    pub(crate) fn header_required(&self, number: u64) -> Result<HeaderRecord, Error> {
        self.header(number)?.ok_or_else(|| Error::Corrupt(format!("header {number} is gone")))
    }

    pub(crate) fn block(&self, number: u64) -> Result<Option<Block>, Error> {
        // A rewind may take the block away between the two reads.
        match (self.header(number)?, self.bodies.get(number.to_be_bytes())?) {
            (Some(header), Some(body)) => decode_block(header, &body).map(Some),
            _ => Ok(None),
        }
    }

    pub(crate) fn number(&self, hash: B256) -> Result<Option<u64>, Error> {
        self.numbers.get(hash)?.map(|number| decode_number(&number)).transpose()
    }

    pub(crate) fn transaction(&self, hash: B256) -> Result<Option<(u64, usize)>, Error> {
        self.transactions.get(hash)?.map(|place| decode_place(&place)).transpose()
    }

    pub(crate) fn code(&self, hash: B256) -> Result<Option<Bytecode>, Error> {
        let Some(bytes) = self.codes.get(hash)? else { return Ok(None) };
        Bytecode::new_raw_checked(bytes.to_vec().into())
            .map(Some)
            .map_err(|error| Error::Corrupt(format!("code {hash}: {error}")))
    }

    pub(crate) fn put_fact(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        let mut batch = self.batch();
        batch.insert(&self.facts, key, value);
        Ok(batch.commit()?)
    }

    pub(crate) fn fact(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.facts.get(key)?.map(|value| value.to_vec()))
    }

    fn snapshot(&self) -> Snapshot {
        self.db.snapshot()
    }

    fn account_at(
        &self,
        snapshot: &Snapshot,
        address: &B256,
        number: u64,
    ) -> Result<Option<AccountInfo>, Error> {
        match last(snapshot, &self.account_history, address.as_slice(), number)? {
            Some(value) => decode_account(&value),
            None => Ok(None),
        }
    }

    fn slot_at(
        &self,
        snapshot: &Snapshot,
        address: &B256,
        slot: &B256,
        number: u64,
    ) -> Result<U256, Error> {
        match last(
            snapshot,
            &self.slot_history,
            &join(&[address.as_slice(), slot.as_slice()]),
            number,
        )? {
            Some(value) => decode_slot(&value),
            None => Ok(U256::ZERO),
        }
    }
}

impl View {
    pub(crate) fn new(disk: Arc<Disk>) -> Self {
        Self { snapshot: disk.snapshot(), disk }
    }

    /// The account at a hashed address after block `number`.
    pub(crate) fn account(
        &self,
        address: &B256,
        number: u64,
    ) -> Result<Option<AccountInfo>, Error> {
        self.disk.account_at(&self.snapshot, address, number)
    }

    /// A slot by hashed keys after block `number`.
    pub(crate) fn slot(&self, address: &B256, slot: &B256, number: u64) -> Result<U256, Error> {
        self.disk.slot_at(&self.snapshot, address, slot, number)
    }

    pub(crate) fn header(&self, number: u64) -> Result<Option<HeaderRecord>, Error> {
        self.snapshot
            .get(&self.disk.headers, number.to_be_bytes())?
            .map(|bytes| decode(&bytes, "a header"))
            .transpose()
    }

    /// What leads to the state after `number` from one that differs by the blocks `between`.
    pub(crate) fn diff(
        &self,
        between: RangeInclusive<u64>,
        number: u64,
    ) -> Result<HashedDiff, Error> {
        let mut keys: BTreeMap<B256, HashSet<B256>> = BTreeMap::new();
        for entry in self
            .snapshot
            .range(&self.disk.changes, between.start().to_be_bytes()..=between.end().to_be_bytes())
        {
            for KeysRecord { address, slots } in
                decode::<Vec<KeysRecord>>(&entry.value()?, "the changes of a block")?
            {
                keys.entry(address).or_default().extend(slots);
            }
        }
        let change = |(address, slots): (B256, HashSet<B256>)| {
            let mut storage = slots
                .into_iter()
                .map(|slot| Ok((slot, self.slot(&address, &slot, number)?)))
                .collect::<Result<Vec<_>, Error>>()?;
            storage.sort_unstable_by_key(|(slot, _)| *slot);
            Ok((
                address,
                HashedChange { info: self.account(&address, number)?, wiped: false, storage },
            ))
        };
        Ok(HashedDiff { accounts: keys.into_iter().map(change).collect::<Result<_, Error>>()? })
    }
}

/// The last entry of a history up to block `number`.
fn last(
    snapshot: &Snapshot,
    history: &Keyspace,
    key: &[u8],
    number: u64,
) -> Result<Option<Slice>, Error> {
    let range = join(&[key, &0_u64.to_be_bytes()])..=join(&[key, &number.to_be_bytes()]);
    Ok(snapshot.range(history, range).next_back().map(fjall::Guard::value).transpose()?)
}

/// Inserts a latest value, or removes the key when there is none.
fn set(batch: &mut OwnedWriteBatch, keyspace: &Keyspace, key: Vec<u8>, value: Vec<u8>) {
    match value.is_empty() {
        true => batch.remove(keyspace, key),
        false => batch.insert(keyspace, key, value),
    }
}

/// What a directory remembers of its chain.
fn identity(chain: Chain, genesis: B256) -> Vec<u8> {
    join(&[&chain.id.to_be_bytes(), &[chain.layer as u8], genesis.as_slice()])
}
