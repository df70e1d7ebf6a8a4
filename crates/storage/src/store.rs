//! The store.

use crate::{
    Block, BlockRef, Error, Genesis, State,
    delta::Delta,
    disk::{Disk, View},
    flusher::{Flusher, Progress},
    recent::{ANCESTORS, Entry, Recent, WEIGHT_MAX},
    state::Later,
};
use alloy_consensus::Header;
use alloy_primitives::{B256, map::B256Map};
use mezz_evm::{
    Chain, Layer, Outcome, StateDiff,
    trie::{HashedDiff, StateTrie},
};
use mezz_primitives::predeploys::MESSAGE_PASSER;
use parking_lot::{Mutex, RwLock};
use revm::bytecode::Bytecode;
use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    sync::Arc,
};

/// Old blocks and rebuilt states that are kept for the next question.
const CACHED_BLOCKS: usize = 32;
const CACHED_TRIES: usize = 4;
/// Codes kept in memory when the disk has them too.
const CACHED_CODES: usize = 4096;

/// The blocks and states of one chain: many readers, one writer at a time. Clones share it.
///
/// Dropping the last clone waits until everything is on disk.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    _flusher: Option<Flusher>,
}

/// What the store, its states and its background thread share.
pub(crate) struct Shared {
    chain: Chain,
    genesis: Arc<Block>,
    disk: Option<Arc<Disk>>,
    pub(crate) progress: Progress,
    /// Held by whoever changes the head. Locks are taken in the order in which they stand here.
    writer: Mutex<()>,
    /// Held by whoever writes blocks to disk.
    flushing: Mutex<()>,
    recent: RwLock<Recent>,
    codes: RwLock<B256Map<Bytecode>>,
    prepared: Mutex<Option<Prepared>>,
    blocks: Mutex<VecDeque<Arc<Block>>>,
    tries: Mutex<VecDeque<(BlockRef, StateTrie)>>,
    /// The facts of a store without a disk.
    facts: Mutex<BTreeMap<String, Vec<u8>>>,
}

/// The state that the last call of `roots` made: the block that follows is most likely sealed with it.
struct Prepared {
    base: B256,
    diff: HashedDiff,
    trie: StateTrie,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("chain", &self.chain())
            .field("head", &self.head())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("chain", &self.chain).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the chain in the directory `path`, or begins it with `genesis`; without a path it lives in memory.
    pub fn open(path: Option<&Path>, genesis: Genesis) -> Result<Self, Error> {
        let chain = genesis.chain;
        let genesis = genesis_entry(genesis)?;
        let disk = path.map(Disk::open).transpose()?.map(Arc::new);
        let stored =
            disk.as_ref().map(|disk| disk.head(chain, genesis.block.hash)).transpose()?.flatten();
        let codes = genesis.delta.iter().flat_map(|delta| delta.codes.clone()).collect();
        let first = genesis.block.clone();
        let head = match (&disk, stored) {
            (Some(disk), Some(head)) => load(disk, head)?,
            (Some(disk), None) => {
                disk.begin(chain, &genesis)?;
                genesis
            }
            (None, _) => genesis,
        };
        let shared = Arc::new(Shared {
            chain,
            genesis: first,
            progress: Progress::new(head.block.header.number),
            writer: Mutex::new(()),
            flushing: Mutex::new(()),
            recent: RwLock::new(Recent::new(head)),
            codes: RwLock::new(codes),
            prepared: Mutex::new(None),
            blocks: Mutex::default(),
            tries: Mutex::default(),
            facts: Mutex::default(),
            disk,
        });
        let flusher = match (&shared.disk, path) {
            (Some(_), Some(path)) => Some(
                Flusher::start(shared.clone())
                    .map_err(|source| Error::Io { path: path.into(), source })?,
            ),
            _ => None,
        };
        Ok(Self(Arc::new(Inner { shared, _flusher: flusher })))
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    /// Which chain.
    pub fn chain(&self) -> Chain {
        self.shared().chain
    }

    /// The first block.
    pub fn genesis(&self) -> Arc<Block> {
        self.shared().genesis.clone()
    }

    /// The last block.
    pub fn head(&self) -> BlockRef {
        self.shared().recent.read().head_ref()
    }

    /// The state after the head.
    pub fn latest(&self) -> State {
        self.state_of(self.shared().recent.read().head())
    }

    fn state_of(&self, entry: &Entry) -> State {
        State::in_memory(
            self.shared().clone(),
            entry.block.header.number,
            entry.trie.clone(),
            entry.ancestors.clone(),
        )
    }

    /// Makes a block the head. Its parent must be the head, and `diff`, applied to the parent's state, must give its state root.
    ///
    /// It is in memory when this returns, and on disk when [`Store::flushed`] says so.
    pub fn append(&self, outcome: Outcome, diff: &StateDiff) -> Result<Arc<Block>, Error> {
        let shared = self.shared();
        let _writer = shared.writer.lock();
        shared.progress.wait_for_room(|| shared.recent.read().weight() > 3 * WEIGHT_MAX)?;
        let head = shared.recent.read().head().clone();
        let number = outcome.header.number;
        if outcome.header.parent_hash != head.block.hash || number != head.block.header.number + 1 {
            let BlockRef { number: head_number, hash: head } = BlockRef::of(&head.block);
            return Err(Error::NotChild {
                number,
                parent: outcome.header.parent_hash,
                head_number,
                head,
            });
        }
        check_header(&outcome.header)?;
        let (hashed, trie) = match shared.take_prepared(head.trie.root(), outcome.header.state_root)
        {
            Some(prepared) => prepared,
            None => {
                let hashed = HashedDiff::from(diff);
                let mut trie = head.trie.clone();
                trie.apply_hashed(&hashed)?;
                (hashed, trie)
            }
        };
        let computed = trie.root();
        if computed != outcome.header.state_root {
            return Err(Error::StateRoot { number, claimed: outcome.header.state_root, computed });
        }
        let delta = Delta::new(hashed, diff);
        shared.codes.write().extend(delta.codes.clone());
        let block = Arc::new(Block::from(outcome));
        let ancestors = head.child_ancestors(block.hash);
        let entry = Entry::new(block.clone(), trie, ancestors, Some(Arc::new(delta)));
        shared.recent.write().push(entry);
        shared.progress.set(number, shared.disk.is_none().then_some(number));
        Ok(block)
    }

    /// Makes `number` the head again; returns the blocks that were above it, oldest first.
    ///
    /// A crash on the way leaves a head between the two.
    pub fn rewind(&self, number: u64) -> Result<Vec<Arc<Block>>, Error> {
        let shared = self.shared();
        let _writer = shared.writer.lock();
        let _flushing = shared.flushing.lock();
        let (head, first) = {
            let recent = shared.recent.read();
            (recent.head_ref().number, recent.first())
        };
        if number > head {
            return Err(Error::NoBlock { number, head });
        }
        let mut removed = (number + 1..first)
            .map(|number| self.block(number)?.ok_or_else(|| gone(number)))
            .collect::<Result<Vec<_>, Error>>()?;
        let new_head = match (&shared.disk, number < first) {
            (Some(disk), true) => Some(self.old_entry(disk, number)?),
            _ => None,
        };
        let flushed = shared.progress.flushed();
        let mut recent = shared.recent.write();
        if let Some(disk) = shared.disk.as_ref().filter(|_| number < flushed) {
            disk.rewind(number, flushed).inspect_err(|error| shared.progress.fail(error))?;
        }
        match new_head {
            Some(entry) => {
                let above = std::mem::replace(&mut *recent, Recent::new(entry));
                removed.extend(above.into_blocks());
            }
            None => removed.extend(recent.truncate(number).into_iter().map(|entry| entry.block)),
        }
        drop(recent);
        shared.blocks.lock().clear();
        shared.tries.lock().clear();
        shared.progress.set(number, Some(flushed.min(number)));
        Ok(removed)
    }

    /// A block that is on disk alone, with its state.
    fn old_entry(&self, disk: &Disk, number: u64) -> Result<Entry, Error> {
        let trie = self.state_at(number)?.ok_or_else(|| gone(number))?.trie()?;
        let block = self.block(number)?.ok_or_else(|| gone(number))?;
        Ok(Entry::new(block, trie, ancestors(disk, number)?, None))
    }

    /// The last block that is durable.
    pub fn flushed(&self) -> u64 {
        self.shared().progress.flushed()
    }

    /// Waits until the head is durable.
    pub fn flush(&self) -> Result<(), Error> {
        self.shared().progress.wait_for_disk()
    }

    /// A block by number.
    pub fn block(&self, number: u64) -> Result<Option<Arc<Block>>, Error> {
        let shared = self.shared();
        {
            let recent = shared.recent.read();
            if let Some(entry) = recent.get(number) {
                return Ok(Some(entry.block.clone()));
            }
            if number > recent.first() {
                return Ok(None);
            }
        }
        let Some(disk) = &shared.disk else { return Ok(None) };
        if let Some(block) = shared.blocks.lock().iter().find(|block| block.header.number == number)
        {
            return Ok(Some(block.clone()));
        }
        let Some(block) = disk.block(number)?.map(Arc::new) else { return Ok(None) };
        // A rewind clears the cache with the window locked: what was read before it must not come in after it.
        let recent = shared.recent.read();
        if number < recent.first() {
            remember(&mut shared.blocks.lock(), block.clone(), CACHED_BLOCKS);
        }
        Ok(Some(block))
    }

    /// A block by hash.
    pub fn block_by_hash(&self, hash: B256) -> Result<Option<Arc<Block>>, Error> {
        match self.block_number(hash)? {
            Some(number) => Ok(self.block(number)?.filter(|block| block.hash == hash)),
            None => Ok(None),
        }
    }

    /// The number of the block with this hash.
    pub fn block_number(&self, hash: B256) -> Result<Option<u64>, Error> {
        let shared = self.shared();
        let recent = shared.recent.read().number(&hash);
        match (recent, &shared.disk) {
            (None, Some(disk)) => disk.number(hash),
            (recent, _) => Ok(recent),
        }
    }

    /// A header by number.
    pub fn header(&self, number: u64) -> Result<Option<Arc<Header>>, Error> {
        let shared = self.shared();
        {
            let recent = shared.recent.read();
            if let Some(entry) = recent.get(number) {
                return Ok(Some(Arc::new(entry.block.header.clone())));
            }
            if number > recent.first() {
                return Ok(None);
            }
        }
        let Some(disk) = &shared.disk else { return Ok(None) };
        Ok(disk.header(number)?.map(|record| Arc::new(record.header)))
    }

    /// The block that a transaction is in, and its place there.
    pub fn transaction(&self, hash: B256) -> Result<Option<(Arc<Block>, usize)>, Error> {
        let shared = self.shared();
        let recent = shared.recent.read().transaction(&hash);
        let place = match (recent, &shared.disk) {
            (None, Some(disk)) => disk.transaction(hash)?,
            (recent, _) => recent,
        };
        let Some((number, index)) = place else { return Ok(None) };
        let block = self
            .block(number)?
            .filter(|block| block.transactions.get(index).is_some_and(|found| found.hash == hash));
        Ok(block.map(|block| (block, index)))
    }

    /// The state after any block since genesis.
    pub fn state_at(&self, number: u64) -> Result<Option<State>, Error> {
        let shared = self.shared();
        let recent = shared.recent.read();
        if let Some(entry) = recent.get(number) {
            return Ok(Some(self.state_of(entry)));
        }
        let Some(disk) = shared.disk.as_ref().filter(|_| number < recent.first()) else {
            return Ok(None);
        };
        let later = Later { number: recent.first(), trie: recent.oldest().trie.clone() };
        Ok(Some(State::in_history(shared.clone(), number, View::new(disk.clone()), later)))
    }

    /// Makes a small fact of the node durable.
    pub fn put_meta(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        match &self.shared().disk {
            Some(disk) => disk.put_fact(key, value),
            None => {
                self.shared().facts.lock().insert(key.into(), value.into());
                Ok(())
            }
        }
    }

    /// A fact put with [`Store::put_meta`].
    pub fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        match &self.shared().disk {
            Some(disk) => disk.fact(key),
            None => Ok(self.shared().facts.lock().get(key).cloned()),
        }
    }
}

impl Shared {
    /// Code by its hash.
    pub(crate) fn code(&self, hash: B256) -> Result<Bytecode, Error> {
        if let Some(code) = self.codes.read().get(&hash) {
            return Ok(code.clone());
        }
        // First what waits for the disk, then the disk: it may be written in between.
        let waiting = self.recent.read().code(&hash);
        let code = match (waiting, &self.disk) {
            (Some(code), _) => code,
            (None, Some(disk)) => disk.code(hash)?.ok_or(Error::NoCode(hash))?,
            (None, None) => return Err(Error::NoCode(hash)),
        };
        self.codes.write().insert(hash, code.clone());
        Ok(code)
    }

    /// Keeps a state that the next block may be sealed with.
    pub(crate) fn prepare(&self, base: B256, diff: HashedDiff, trie: StateTrie) {
        *self.prepared.lock() = Some(Prepared { base, diff, trie });
    }

    fn take_prepared(&self, base: B256, root: B256) -> Option<(HashedDiff, StateTrie)> {
        let prepared = self.prepared.lock().take()?;
        (prepared.base == base && prepared.trie.root() == root)
            .then_some((prepared.diff, prepared.trie))
    }

    /// Writes some of the blocks that are not on disk yet, and lets go of what memory has no room for.
    pub(crate) fn write_some(&self, weight: usize) -> Result<(), Error> {
        let Some(disk) = &self.disk else { return Ok(()) };
        let _flushing = self.flushing.lock();
        let flushed = self.progress.flushed();
        let (before, entries) = self.recent.read().above(flushed, weight);
        let Some(last) = entries.last().map(|entry| entry.block.header.number) else {
            return Ok(());
        };
        disk.write(before, &entries)?;
        drop(entries);
        let (head, evicted) = {
            let mut recent = self.recent.write();
            (recent.head_ref().number, recent.settle(last))
        };
        self.progress.set_flushed(last);
        tracing::debug!(flushed = last, head, "blocks written");
        // Freeing the tries of old states takes a while: nobody waits for it.
        drop(evicted);
        if self.codes.read().len() > CACHED_CODES {
            self.codes.write().clear();
        }
        Ok(())
    }

    /// Rebuilds the trie of an old state from the nearest state at hand.
    pub(crate) fn rebuild(
        &self,
        view: &View,
        later: &Later,
        number: u64,
    ) -> Result<StateTrie, Error> {
        let record = view.header(number)?.ok_or_else(|| gone(number))?;
        let wanted = BlockRef { number, hash: record.hash };
        let cached: Vec<_> = self.tries.lock().iter().cloned().collect();
        let mut base = (later.number, later.trie.clone());
        for (block, trie) in cached {
            let distance = |other: u64| other.abs_diff(number);
            // What was rebuilt before a rewind may be of another branch than the view.
            if distance(block.number) < distance(base.0)
                && view.header(block.number)?.is_some_and(|record| record.hash == block.hash)
            {
                base = (block.number, trie);
            }
        }
        let (at, mut trie) = base;
        if at != number {
            trie.apply_hashed(&view.diff(at.min(number) + 1..=at.max(number), number)?)?;
        }
        if trie.root() != record.header.state_root {
            return Err(Error::Corrupt(format!(
                "the history gives block {number} another state than its header names"
            )));
        }
        let mut tries = self.tries.lock();
        tries.retain(|(block, _)| *block != wanted);
        remember(&mut tries, (wanted, trie.clone()), CACHED_TRIES);
        Ok(trie)
    }
}

/// What goes to disk must come back.
fn check_header(header: &Header) -> Result<(), Error> {
    let back = alloy_rlp::decode_exact::<Header>(alloy_rlp::encode(header));
    if back.as_ref() == Ok(header) { Ok(()) } else { Err(Error::Header(header.number)) }
}

/// The genesis block with its state.
fn genesis_entry(genesis: Genesis) -> Result<Entry, Error> {
    let Genesis { chain, mut header, alloc } = genesis;
    let mut trie = StateTrie::default();
    let hashed = HashedDiff::from(&alloc);
    trie.apply_hashed(&hashed)?;
    header.state_root = trie.root();
    if chain.layer == Layer::Two && header.withdrawals_root.is_none() {
        header.withdrawals_root = Some(trie.storage_root(MESSAGE_PASSER)?);
    }
    check_header(&header)?;
    let hash = header.hash_slow();
    let block = Arc::new(Block::from(Outcome {
        hash,
        header,
        transactions: Vec::new(),
        receipts: Vec::new(),
    }));
    Ok(Entry::new(block, trie, Arc::new([hash]), Some(Arc::new(Delta::new(hashed, &alloc)))))
}

/// The head on disk with its state, which is checked against its header.
fn load(disk: &Disk, head: BlockRef) -> Result<Entry, Error> {
    let block = disk.block(head.number)?.ok_or_else(|| gone(head.number))?;
    let trie = disk.load()?;
    if trie.root() != block.header.state_root {
        return Err(Error::Corrupt(format!(
            "the state has root {}, block {} has {}",
            trie.root(),
            head.number,
            block.header.state_root
        )));
    }
    Ok(Entry::new(Arc::new(block), trie, ancestors(disk, head.number)?, None))
}

/// Hashes of the blocks up to `number`, as far as `BLOCKHASH` reaches.
fn ancestors(disk: &Disk, number: u64) -> Result<Arc<[B256]>, Error> {
    let first = (number + 1).saturating_sub(ANCESTORS as u64);
    (first..=number).map(|number| Ok(disk.header_required(number)?.hash)).collect()
}

fn gone(number: u64) -> Error {
    Error::Corrupt(format!("block {number} is gone"))
}

/// Puts something into a small cache, for which the oldest goes.
fn remember<T>(cache: &mut VecDeque<T>, item: T, max: usize) {
    if cache.len() >= max {
        cache.pop_front();
    }
    cache.push_back(item);
}
