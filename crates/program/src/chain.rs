//! The state that the blocks of a span are executed on.

use crate::{Missing, oracle::Oracle};
use alloc::{vec, vec::Vec};
use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes};
use alloy_rlp::decode_exact;
use core::cell::RefCell;
use mezz_evm::{Chain, Layer, PartialState, Source, execute, trie::Position};
use mezz_primitives::{BlockInput, OpOutput, Output, Preimages};
use revm::{bytecode::Bytecode, context::result::EVMError};

/// The chain after the last block.
pub(crate) struct ChainState<'a, P> {
    chain: Chain,
    head: Header,
    hash: B256,
    state: PartialState<Ancestry<'a, P>>,
}

impl<'a, P: Preimages> ChainState<'a, P> {
    /// Stands where `output` says: its root names the block, and the block the state.
    pub(crate) fn new(
        oracle: Oracle<'a, P>,
        chain_id: u64,
        output: &Output,
    ) -> Result<Self, Missing> {
        let hash = oracle.read(output.output_root, OpOutput::decode)?.block_hash;
        let head = header(oracle, hash)?;
        let ancestry = Ancestry { oracle, number: head.number, hashes: RefCell::new(vec![hash]) };
        let state = PartialState::new(head.state_root, ancestry);
        Ok(Self { chain: Chain { id: chain_id, layer: Layer::Two }, head, hash, state })
    }

    /// Executes the next block and gives its output root.
    pub(crate) fn execute(&mut self, input: &BlockInput) -> Result<B256, Missing> {
        let done = execute(self.chain, &self.head, self.hash, input, &self.state);
        let (outcome, diff) = done.map_err(|error| match error {
            EVMError::Database(missing) => missing,
            _ => Missing::Engine,
        })?;
        self.state.advance(&outcome, &diff)?;
        let root = outcome.output_root();
        (self.head, self.hash) = (outcome.header, outcome.hash);
        Ok(root)
    }
}

fn header<P: Preimages>(oracle: Oracle<'_, P>, hash: B256) -> Result<Header, Missing> {
    oracle.read(hash, |rlp| decode_exact(rlp).ok())
}

/// The state at the beginning of a span, and the blocks before it.
#[derive(Debug)]
struct Ancestry<'a, P> {
    oracle: Oracle<'a, P>,
    /// The last block before the span.
    number: u64,
    /// Hashes of that block and those before it, as far as anybody has asked.
    hashes: RefCell<Vec<B256>>,
}

impl<P: Preimages> Source for Ancestry<'_, P> {
    type Error = Missing;

    fn node(&self, position: &Position) -> Option<Bytes> {
        // The trie hashes what it reveals.
        self.oracle.unchecked(position.hash)
    }

    fn code(&self, hash: B256) -> Result<Bytecode, Missing> {
        let code = self.oracle.preimage(hash)?;
        Bytecode::new_raw_checked(code).map_err(|_| Missing::Form(hash))
    }

    fn block_hash(&self, number: u64) -> Result<B256, Missing> {
        let back = self.number.checked_sub(number).and_then(|back| usize::try_from(back).ok());
        let back = back.ok_or(Missing::Ancestor(number))?;
        let mut hashes = self.hashes.borrow_mut();
        loop {
            if let Some(hash) = hashes.get(back) {
                return Ok(*hash);
            }
            let oldest = *hashes.last().expect("it begins with one; qed");
            hashes.push(header(self.oracle, oldest)?.parent_hash);
        }
    }
}
