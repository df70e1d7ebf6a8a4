//! The chain as the methods see it: block parameters to blocks, states and environments.

use crate::{
    Backend, Limits, Metrics, Pending, RpcError, access::AccessList, filters::Filters,
    shape::Place, workers::Workers,
};
use alloy::{
    consensus::Header,
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, U256},
};
use mezz_evm::{BlockEnvironment, L2Config, Layer, Overlay, StateDiff, StateRoots};
use mezz_storage::{Block, SharedOverlay, State};
use revm::{DatabaseRef, bytecode::Bytecode, state::AccountInfo};
use std::sync::Arc;

/// Everything that a method needs.
pub(crate) struct Node {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) limits: Limits,
    pub(crate) workers: Workers,
    /// Traces may take long: they have workers of their own, and calls do not wait for them.
    pub(crate) tracers: Workers,
    pub(crate) filters: Filters,
    pub(crate) metrics: Arc<Metrics>,
    /// Who may ask what; everybody everything without it.
    pub(crate) access: Option<AccessList>,
}

/// A block that a parameter names.
#[derive(Debug, Clone)]
pub(crate) enum At {
    Sealed(Arc<Block>),
    Pending(Pending),
}

/// The state at a block, or of the one under construction.
#[derive(Clone)]
pub(crate) enum StateAt {
    Sealed(State),
    Pending(SharedOverlay),
}

impl Node {
    /// The block that `id` names, if there is one.
    pub(crate) fn find(&self, id: BlockId) -> Result<Option<At>, RpcError> {
        let store = self.backend.store();
        let block = match id {
            BlockId::Hash(hash) => store.block_by_hash(hash.block_hash)?,
            BlockId::Number(BlockNumberOrTag::Pending) => match self.backend.pending() {
                Some(pending) => return Ok(Some(At::Pending(pending))),
                None => store.block(self.backend.heads().latest)?,
            },
            BlockId::Number(tag) => store.block(self.number(tag))?,
        };
        Ok(block.map(At::Sealed))
    }

    /// As [`Self::find`]; an error when there is none.
    pub(crate) fn at(&self, id: BlockId) -> Result<At, RpcError> {
        self.find(id)?.ok_or_else(|| match id {
            BlockId::Hash(hash) => RpcError::block_not_found(hash.block_hash),
            BlockId::Number(tag) => RpcError::block_not_found(tag),
        })
    }

    /// The sealed block that `id` names; the pending one is not.
    pub(crate) fn sealed(&self, id: BlockId) -> Result<Option<Arc<Block>>, RpcError> {
        Ok(match self.find(id)? {
            Some(At::Sealed(block)) => Some(block),
            Some(At::Pending(_)) | None => None,
        })
    }

    /// The number behind a tag. `pending` is the one after `latest`.
    pub(crate) fn number(&self, tag: BlockNumberOrTag) -> u64 {
        let heads = self.backend.heads();
        match tag {
            BlockNumberOrTag::Number(number) => number,
            BlockNumberOrTag::Earliest => self.backend.store().genesis().header.number,
            BlockNumberOrTag::Latest => heads.latest,
            BlockNumberOrTag::Safe => heads.safe,
            BlockNumberOrTag::Finalized => heads.finalized,
            BlockNumberOrTag::Pending => heads.latest + 1,
        }
    }

    /// The state after the block that `id` names.
    pub(crate) fn state(&self, id: BlockId) -> Result<StateAt, RpcError> {
        match id {
            // The state alone needs no block body.
            BlockId::Number(tag) if tag != BlockNumberOrTag::Pending => {
                self.state_after(self.number(tag)).map(StateAt::Sealed)
            }
            _ => self.state_of(&self.at(id)?),
        }
    }

    /// The state after `at`.
    pub(crate) fn state_of(&self, at: &At) -> Result<StateAt, RpcError> {
        match at {
            At::Sealed(block) => self.state_after(block.header.number).map(StateAt::Sealed),
            At::Pending(pending) => Ok(StateAt::Pending(pending.state.clone())),
        }
    }

    /// The state after a block's number.
    pub(crate) fn state_after(&self, number: u64) -> Result<State, RpcError> {
        self.backend.store().state_at(number)?.ok_or_else(|| {
            RpcError::rejected(format!("header not found: there is no block {number}"))
        })
    }

    /// What `at` was or is executed in.
    pub(crate) fn environment(&self, at: &At) -> Result<BlockEnvironment, RpcError> {
        match at {
            At::Sealed(block) => {
                Ok(BlockEnvironment::of_header(&block.header, self.l2_config(&block.header)?))
            }
            At::Pending(pending) => Ok(BlockEnvironment::clone(&pending.environment)),
        }
    }

    /// The rollup's configuration for a block, from its parent's state; `None` on L1.
    pub(crate) fn l2_config(&self, header: &Header) -> Result<Option<L2Config>, RpcError> {
        match (self.backend.store().chain().layer, header.number.checked_sub(1)) {
            (Layer::Two, Some(parent)) => {
                Ok(Some(L2Config::read(&mut Overlay::new(self.state_after(parent)?))?))
            }
            (Layer::Two, None) => {
                Ok(Some(L2Config::read(&mut Overlay::new(self.state_after(0)?))?))
            }
            (Layer::One, _) => Ok(None),
        }
    }
}

impl StateAt {
    /// The state root and the root of the message passer's storage after `diff`.
    pub(crate) fn roots(&self, diff: &StateDiff) -> Result<(B256, B256), RpcError> {
        Ok(match self {
            Self::Sealed(state) => state.roots(diff)?,
            Self::Pending(pending) => {
                let mut all = pending.diff();
                all.extend(diff.clone());
                pending.base().roots(&all)?
            }
        })
    }
}

impl At {
    /// The place of a transaction in it.
    pub(crate) fn place(&self, index: u64) -> Place {
        match self {
            Self::Sealed(block) => sealed_place(block, index),
            Self::Pending(pending) => Place {
                block_hash: B256::ZERO,
                block_number: pending.environment.number,
                block_timestamp: pending.environment.timestamp,
                base_fee: pending.environment.base_fee,
                index,
            },
        }
    }

    /// Its number.
    pub(crate) fn number(&self) -> u64 {
        match self {
            Self::Sealed(block) => block.header.number,
            Self::Pending(pending) => pending.environment.number,
        }
    }
}

/// The place of a transaction in a sealed block.
pub(crate) fn sealed_place(block: &Block, index: u64) -> Place {
    Place {
        block_hash: block.hash,
        block_number: block.header.number,
        block_timestamp: block.header.timestamp,
        base_fee: block.header.base_fee_per_gas.unwrap_or_default(),
        index,
    }
}

impl DatabaseRef for StateAt {
    type Error = mezz_storage::Error;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        match self {
            Self::Sealed(state) => state.basic_ref(address),
            Self::Pending(state) => state.basic_ref(address),
        }
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Self::Error> {
        match self {
            Self::Sealed(state) => state.code_by_hash_ref(hash),
            Self::Pending(state) => state.code_by_hash_ref(hash),
        }
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Self::Error> {
        match self {
            Self::Sealed(state) => state.storage_ref(address, slot),
            Self::Pending(state) => state.storage_ref(address, slot),
        }
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Self::Error> {
        match self {
            Self::Sealed(state) => state.block_hash_ref(number),
            Self::Pending(state) => state.block_hash_ref(number),
        }
    }
}
