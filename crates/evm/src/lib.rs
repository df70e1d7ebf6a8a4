//! Executes a block: `execute(parent, input, state) -> outcome`, the one state transition of node, guest, devnet and channel apps.
//!
//! The rules are Ethereum's Osaka on both layers; an L2 adds deposits and fees as `docs/spec/execution.md` says. A [`BlockExecutor`] runs transactions one by
//! one as they arrive; [`execute`] is the same thing in one call, as derivation and the guest need it. Nothing here reads a clock, a file or a socket.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod block;
mod chain;
mod config;
mod execute;
mod fees;
mod handler;
mod receipt;
mod requests;
#[cfg(feature = "stark")]
mod stark;
mod state;
mod transaction;
pub mod trie;
mod witness;

pub use block::{
    BlockEnvironment, BlockExecutor, Executed, Outcome, TransactionError, Unsealed, output_root,
};
pub use chain::{BLOB_PARAMS, Chain, Layer};
pub use config::L2Config;
pub use execute::{StateRoots, execute};
pub use fees::{Charges, flz_compress_len, l1_fee, next_base_fee, operator_fee};
pub use handler::{Evm, EvmContext, Kind, transact, transact_inspected};
pub use receipt::{Receipt, receipts_bloom, receipts_root, transactions_root};
#[cfg(feature = "stark")]
pub use stark::{
    STARK_GAS, STARK_PRECOMPILE, STARK_PRECOMPILE_NAME, precompiles, with_precompiles,
};
pub use state::{AccountChange, Overlay, StateDiff};
pub use transaction::{DecodeError, SignedTransaction, Transaction, TransactionType};
pub use witness::{Nodes, PartialState, Recorder, Source, Witness, WitnessError};
