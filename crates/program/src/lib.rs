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
mod chain;
#[cfg(feature = "elf")]
mod elf;
mod oracle;
#[cfg(feature = "std")]
mod preimages;

#[cfg(feature = "elf")]
pub use elf::ELF;
pub use oracle::Missing;
#[cfg(feature = "std")]
pub use preimages::KnownPreimages;

use crate::{batches::Batches, chain::ChainState, oracle::Oracle};
use alloy_primitives::B256;
use mezz_derive::next_output;
use mezz_primitives::{Boot, Output, Preimages};

/// Derives and executes the span that `boot` is the hash of, and gives the output after it.
pub fn run(boot: B256, oracle: &impl Preimages) -> Result<Output, Missing> {
    let oracle = Oracle(oracle);
    let boot = oracle.read(boot, Boot::decode)?;
    let mut output = oracle.read(boot.start.0, Output::decode)?;
    if boot.span == 0 || output.inbox_index >= boot.end {
        return Ok(output);
    }
    let mut batches = Batches::new(oracle, &boot, &output)?;
    let mut state = ChainState::new(oracle, boot.chain_id, &output)?;
    for _ in 0..boot.span {
        let Some((header, input)) = batches.next(&output)? else { break };
        let root = state.execute(&input)?;
        output = next_output(&output, &header, &input, root);
    }
    Ok(output)
}
