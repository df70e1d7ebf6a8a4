//! The proven program (`docs/spec/fault-proof.md`, section 1): `run(boot) -> output`, for node and guest.
//!
//! It derives a span of blocks and executes them, and knows nothing but a 32-byte hash at first: all else are preimages that it asks an oracle
//! for. It hashes each of them and compares, so an oracle can be silent but cannot lie. The derivation is [`mezz_derive`]'s and the execution
//! [`mezz_evm`]'s, which are the node's own.
//!
//! It is total: whatever bytes L1 holds, it comes to an output, as long as the span begins at a right one.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod batches;
mod blobs;
mod chain;
#[cfg(feature = "elf")]
mod elf;
#[cfg(feature = "std")]
mod input;
mod oracle;
#[cfg(feature = "std")]
mod preimages;
mod statement;

pub use blobs::{FieldElement, evaluate};
#[cfg(feature = "elf")]
pub use elf::ELF;
#[cfg(feature = "std")]
pub use input::ProofInput;
pub use oracle::Missing;
#[cfg(feature = "std")]
pub use preimages::KnownPreimages;
pub use statement::prove;

use crate::{batches::Batches, chain::ChainState, oracle::Oracle};
use alloy_primitives::B256;
use mezz_derive::next_output;
use mezz_primitives::{Boot, Output, Preimages};

/// Derives and executes the span that `boot` is the hash of, and gives the output after it.
pub fn run(boot: B256, oracle: &impl Preimages) -> Result<Output, Missing> {
    let mut run = Run::new(boot, Oracle(oracle))?;
    run.advance()?;
    Ok(run.output)
}

/// A run of the program, which stands at `output`.
struct Run<'a, P> {
    oracle: Oracle<'a, P>,
    boot: Boot,
    output: Output,
    /// What only a run that has a block to derive needs.
    chain: Option<(Batches<'a, P>, ChainState<'a, P>)>,
}

impl<'a, P: Preimages> Run<'a, P> {
    fn new(boot: B256, oracle: Oracle<'a, P>) -> Result<Self, Missing> {
        let boot = oracle.read(boot, Boot::decode)?;
        let output = oracle.read(boot.start.0, Output::decode)?;
        Ok(Self { oracle, boot, output, chain: None })
    }

    /// Whether the claim has no more blocks.
    fn is_over(&self) -> bool {
        self.output.inbox_index >= self.boot.end
    }

    /// Goes on by one span, or to the end of the claim.
    fn advance(&mut self) -> Result<(), Missing> {
        if self.boot.span == 0 || self.is_over() {
            return Ok(());
        }
        let (batches, state) = match &mut self.chain {
            Some(chain) => chain,
            None => {
                let batches = Batches::new(self.oracle, &self.boot, &self.output)?;
                let state = ChainState::new(self.oracle, self.boot.chain_id, &self.output)?;
                self.chain.insert((batches, state))
            }
        };
        for _ in 0..self.boot.span {
            let Some((header, input)) = batches.next(&self.output)? else { break };
            let root = state.execute(&input)?;
            self.output = next_output(&self.output, &header, &input, root);
        }
        Ok(())
    }
}
