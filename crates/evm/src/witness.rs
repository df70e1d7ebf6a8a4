//! What an execution reads, so that whoever has only a state root can repeat it.
//!
//! A [`PartialState`] is a state of which nothing but the root is known at first. What an execution asks for is fetched from a [`Source`] node by node. Over a
//! [`Recorder`] the source is the whole state, and what was fetched is the [`Witness`]; over the witness the same execution then finds exactly what it needs.
//! Every node, code and header is checked against the hash by which it is asked for: a witness can be incomplete, but it cannot lie.

use crate::{
    Outcome, StateDiff, StateRoots,
    trie::{HashedDiff, Missing, Position, StateTrie},
};
use alloc::{collections::BTreeMap, collections::BTreeSet, vec::Vec};
use alloy_consensus::{Header, constants::EMPTY_ROOT_HASH};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256, map::B256Map};
use alloy_rlp::Decodable;
use core::cell::{Cell, RefCell};
use mezz_primitives::predeploys::MESSAGE_PASSER;
use revm::{
    DatabaseRef, bytecode::Bytecode, database_interface::DBErrorMarker, primitives::KECCAK_EMPTY,
    state::AccountInfo,
};

/// What an execution needs of the state it starts from, as `debug_executionWitness` gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Witness {
    /// RLP of the trie nodes.
    pub state: Vec<Bytes>,
    /// Code that was run or read.
    pub codes: Vec<Bytes>,
    /// The addresses and slots that were read, 20 and 32 bytes each. The execution does not need them.
    pub keys: Vec<Bytes>,
    /// RLP of the ancestors' headers, oldest first: the parent, and those before it down to what `BLOCKHASH` asked for.
    pub headers: Vec<Bytes>,
}

/// What a witness does not hold, or holds wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// A trie node.
    #[error(transparent)]
    Node(#[from] Missing),
    /// Code.
    #[error("code {0} is missing: the witness does not hold it")]
    Code(B256),
    /// The hash of an ancestor.
    #[error("the hash of block {0} is missing: the witness holds no header that names it")]
    BlockHash(u64),
    /// Headers that are no chain up to the parent.
    #[error("header {0} is missing: the witness holds something else in its place")]
    Header(B256),
}

impl DBErrorMarker for WitnessError {}

/// Where a [`PartialState`] finds what it does not have yet.
pub trait Source {
    /// Why something cannot be found.
    type Error: DBErrorMarker + From<WitnessError>;

    /// RLP of a trie node.
    fn node(&self, position: &Position) -> Option<Bytes>;

    /// Code by its hash.
    fn code(&self, hash: B256) -> Result<Bytecode, Self::Error>;

    /// Hash of an ancestor.
    fn block_hash(&self, number: u64) -> Result<B256, Self::Error>;

    /// An address or a slot was read.
    fn touched(&self, _key: &[u8]) {}
}

/// What a witness holds, by hash.
#[derive(Debug, Clone, Default)]
pub struct Nodes {
    nodes: B256Map<Bytes>,
    codes: B256Map<Bytes>,
}

impl Source for Nodes {
    type Error = WitnessError;

    fn node(&self, position: &Position) -> Option<Bytes> {
        self.nodes.get(&position.hash).cloned()
    }

    fn code(&self, hash: B256) -> Result<Bytecode, WitnessError> {
        let bytes = self.codes.get(&hash).ok_or(WitnessError::Code(hash))?;
        Bytecode::new_raw_checked(bytes.clone()).map_err(|_| WitnessError::Code(hash))
    }

    fn block_hash(&self, number: u64) -> Result<B256, WitnessError> {
        Err(WitnessError::BlockHash(number))
    }
}

/// A state that fetches from its source what it is asked for.
#[derive(Debug, Clone)]
pub struct PartialState<S = Nodes> {
    source: S,
    trie: RefCell<StateTrie>,
    codes: RefCell<B256Map<Bytecode>>,
    hashes: BTreeMap<u64, B256>,
    /// The state that roots were asked of last: most likely the one after the block.
    next: RefCell<Option<StateTrie>>,
}

impl PartialState {
    /// The state with this root, as far as `witness` knows it. `BLOCKHASH` needs [`PartialState::with_ancestors`] too.
    pub fn from_witness(state_root: B256, witness: &Witness) -> Self {
        let by_hash =
            |all: &[Bytes]| all.iter().map(|bytes| (keccak256(bytes), bytes.clone())).collect();
        Self::new(
            state_root,
            Nodes { nodes: by_hash(&witness.state), codes: by_hash(&witness.codes) },
        )
    }

    /// Learns the ancestors' hashes from headers, oldest first, of which the last must be the parent's.
    pub fn with_ancestors(
        mut self,
        parent_hash: B256,
        headers: &[Bytes],
    ) -> Result<Self, WitnessError> {
        let mut expected = parent_hash;
        for rlp in headers.iter().rev() {
            let header = Header::decode(&mut rlp.as_ref())
                .ok()
                .filter(|_| keccak256(rlp) == expected)
                .ok_or(WitnessError::Header(expected))?;
            self.hashes.insert(header.number, expected);
            expected = header.parent_hash;
            if let Some(number) = header.number.checked_sub(1) {
                self.hashes.insert(number, expected);
            }
        }
        Ok(self)
    }
}

impl<S: Source> PartialState<S> {
    /// The state with this root over a source.
    pub fn new(state_root: B256, source: S) -> Self {
        Self {
            source,
            trie: RefCell::new(StateTrie::blinded(state_root)),
            codes: RefCell::default(),
            hashes: BTreeMap::new(),
            next: RefCell::default(),
        }
    }

    /// The state root.
    pub fn root(&self) -> B256 {
        self.trie.borrow().root()
    }

    /// Goes on to the state after a block executed here, so that one witness serves several blocks.
    pub fn advance(&mut self, block: &Outcome, diff: &StateDiff) -> Result<(), S::Error> {
        let source = &self.source;
        let next = self.next.take().filter(|next| next.root() == block.header.state_root);
        match next {
            Some(next) => *self.trie.get_mut() = next,
            None => self
                .trie
                .get_mut()
                .apply_with(&HashedDiff::from(diff), &mut |position| source.node(position))
                .map_err(WitnessError::from)?,
        }
        self.codes.get_mut().extend(diff.codes.iter().map(|(hash, code)| (*hash, code.clone())));
        self.hashes.insert(block.header.number, block.hash);
        Ok(())
    }
}

impl<S: Source> DatabaseRef for PartialState<S> {
    type Error = S::Error;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, S::Error> {
        self.source.touched(address.as_slice());
        let mut trie = self.trie.borrow_mut();
        let leaf = trie
            .leaf_with(&keccak256(address), &mut |position| self.source.node(position))
            .map_err(WitnessError::from)?;
        Ok(leaf.map(AccountInfo::from))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, S::Error> {
        if hash == KECCAK_EMPTY || hash.is_zero() {
            return Ok(Bytecode::default());
        }
        if let Some(code) = self.codes.borrow().get(&hash) {
            return Ok(code.clone());
        }
        let code = self.source.code(hash)?;
        self.codes.borrow_mut().insert(hash, code.clone());
        Ok(code)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, S::Error> {
        let slot = slot.to_be_bytes::<32>();
        self.source.touched(address.as_slice());
        self.source.touched(&slot);
        let value = self.trie.borrow_mut().slot_with(
            &keccak256(address),
            &keccak256(slot),
            &mut |position| self.source.node(position),
        );
        Ok(value.map_err(WitnessError::from)?)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, S::Error> {
        match self.hashes.get(&number) {
            Some(hash) => Ok(*hash),
            None => self.source.block_hash(number),
        }
    }
}

impl<S: Source> StateRoots for PartialState<S> {
    fn roots(&self, diff: &StateDiff) -> Result<(B256, B256), S::Error> {
        let mut trie = self.trie.borrow().clone();
        let mut resolve = |position: &Position| self.source.node(position);
        trie.apply_with(&HashedDiff::from(diff), &mut resolve).map_err(WitnessError::from)?;
        let passer =
            trie.leaf_with(&keccak256(MESSAGE_PASSER), &mut resolve).map_err(WitnessError::from)?;
        let passer_root = passer.map_or(EMPTY_ROOT_HASH, |leaf| leaf.storage.root());
        let root = trie.root();
        *self.next.borrow_mut() = Some(trie);
        Ok((root, passer_root))
    }
}

impl<T: StateRoots + ?Sized> StateRoots for &T {
    fn roots(&self, diff: &StateDiff) -> Result<(B256, B256), Self::Error> {
        (**self).roots(diff)
    }
}

/// The whole state as a source that remembers what it was asked for.
#[derive(Debug)]
pub struct Recorder<D> {
    trie: StateTrie,
    database: D,
    nodes: RefCell<BTreeMap<B256, Bytes>>,
    codes: RefCell<BTreeMap<B256, Bytes>>,
    keys: RefCell<BTreeSet<Bytes>>,
    oldest: Cell<Option<u64>>,
}

impl<D: DatabaseRef> PartialState<Recorder<D>>
where
    D::Error: From<WitnessError>,
{
    /// Records what is read of a state: its tries, and the database that knows its code and the ancestors' hashes.
    pub fn recording(trie: StateTrie, database: D) -> Self {
        let root = trie.root();
        let recorder = Recorder {
            trie,
            database,
            nodes: RefCell::default(),
            codes: RefCell::default(),
            keys: RefCell::default(),
            oldest: Cell::new(None),
        };
        Self::new(root, recorder)
    }

    /// What was read. `header` finds the headers of the parent, whose number is given, and of its ancestors.
    pub fn into_witness<E>(
        self,
        parent: u64,
        mut header: impl FnMut(u64) -> Result<Header, E>,
    ) -> Result<Witness, E> {
        let Recorder { nodes, codes, keys, oldest, .. } = self.source;
        // The header after a block names its hash.
        let first = oldest.get().map_or(parent, |oldest| parent.min(oldest + 1));
        Ok(Witness {
            state: nodes.into_inner().into_values().collect(),
            codes: codes.into_inner().into_values().collect(),
            keys: keys.into_inner().into_iter().collect(),
            headers: (first..=parent)
                .map(|number| header(number).map(|header| alloy_rlp::encode(header).into()))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl<D: DatabaseRef> Source for Recorder<D>
where
    D::Error: From<WitnessError>,
{
    type Error = D::Error;

    fn node(&self, position: &Position) -> Option<Bytes> {
        let node = self.trie.node(position)?;
        self.nodes.borrow_mut().insert(position.hash, node.clone());
        Some(node)
    }

    fn code(&self, hash: B256) -> Result<Bytecode, D::Error> {
        let code = self.database.code_by_hash_ref(hash)?;
        self.codes.borrow_mut().insert(hash, code.original_bytes());
        Ok(code)
    }

    fn block_hash(&self, number: u64) -> Result<B256, D::Error> {
        self.oldest.set(Some(self.oldest.get().map_or(number, |oldest| oldest.min(number))));
        self.database.block_hash_ref(number)
    }

    fn touched(&self, key: &[u8]) {
        let mut keys = self.keys.borrow_mut();
        if !keys.contains(key) {
            keys.insert(Bytes::copy_from_slice(key));
        }
    }
}

#[cfg(test)]
mod tests;
