//! Blocks, state, tries and the write-ahead log of one chain.
//!
//! [`Store`] holds a chain: its blocks and the state after each of them. The head's state is a trie in memory ([`StateTrie`](mezz_evm::trie::StateTrie)); the
//! last few hundred states are snapshots of it; older ones are read from the history on disk. A background thread carries blocks to disk in atomic batches, so
//! [`Store::append`] waits for no disk; [`Store::flushed`] says how far they got, and nothing at or below it is lost whatever happens to the process.
//!
//! [`Log`] is the other half of durability: an append-only file that is on disk before the sequencer answers.

mod block;
mod codec;
mod delta;
mod disk;
mod error;
mod flusher;
mod log;
mod overlay;
mod recent;
mod state;
mod store;

pub use block::{Block, BlockRef, Genesis};
pub use error::Error;
pub use log::{Log, Record};
pub use overlay::SharedOverlay;
pub use state::State;
pub use store::Store;
