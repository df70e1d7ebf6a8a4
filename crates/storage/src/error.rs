//! What can go wrong.

use alloy_primitives::B256;
use mezz_evm::{WitnessError, trie::Missing};
use revm::database_interface::DBErrorMarker;
use std::{path::PathBuf, sync::Arc};

/// What can go wrong in the store or the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{path}: {source}; check that the disk has room and that the directory can be written")]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// The embedded store failed.
    #[error("the embedded store failed: {0}; check the disk and restart")]
    Database(#[from] fjall::Error),
    /// Another process has the directory.
    #[error("{path} is in use by another process: stop it, or choose another data directory")]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The directory holds another chain.
    #[error(
        "{path} holds chain {stored_id} with genesis {stored}, not chain {given_id} with genesis {given}: choose another data directory, or remove this one to start over"
    )]
    Genesis {
        /// The directory.
        path: PathBuf,
        /// Genesis hash in the directory.
        stored: B256,
        /// Chain id in the directory.
        stored_id: u64,
        /// Genesis hash asked for.
        given: B256,
        /// Chain id asked for.
        given_id: u64,
    },
    /// The directory was written by another version.
    #[error(
        "{path} has layout {found}, this program knows {known}: run the version that wrote it, or `mezz resync` with this one"
    )]
    Version {
        /// The directory.
        path: PathBuf,
        /// Layout in the directory.
        found: String,
        /// Layout that this program writes.
        known: String,
    },
    /// What is on disk contradicts itself.
    #[error("the store is damaged: {0}; run `mezz resync`")]
    Corrupt(String),
    /// The log is damaged where no crash can have damaged it.
    #[error(
        "{path} is damaged at byte {offset}: {reason}; restore the file from a copy, or move it away and run `mezz resync`"
    )]
    Log {
        /// The segment.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// A record that the log cannot hold.
    #[error("a log record of {length} bytes is too long: split it into records of at most {max}")]
    RecordTooLong {
        /// Its length.
        length: usize,
        /// The most.
        max: usize,
    },
    /// A block that does not follow the head.
    #[error(
        "block {number} on {parent} does not follow the head {head_number} ({head}): rewind first"
    )]
    NotChild {
        /// Number of the block.
        number: u64,
        /// Its parent.
        parent: B256,
        /// Number of the head.
        head_number: u64,
        /// Hash of the head.
        head: B256,
    },
    /// A block whose header names another state than its changes make.
    #[error(
        "block {number} claims state root {claimed} but its changes make {computed}: its header and its diff do not belong together"
    )]
    StateRoot {
        /// Number of the block.
        number: u64,
        /// In the header.
        claimed: B256,
        /// After the diff.
        computed: B256,
    },
    /// A header whose RLP is another header's: an optional field is there without those before it.
    #[error(
        "header {0} has an optional field without those before it: set them all from `baseFeePerGas` on"
    )]
    Header(u64),
    /// A block above the head.
    #[error("there is no block {number}: the head is {head}")]
    NoBlock {
        /// Asked for.
        number: u64,
        /// Number of the head.
        head: u64,
    },
    /// Code that nobody stored.
    #[error("the store has no code with hash {0}; run `mezz resync`")]
    NoCode(B256),
    /// The background thread could not write; the store takes no more blocks.
    #[error("blocks cannot be written: {0}; free the disk and restart")]
    Flush(Arc<str>),
    /// A trie lacks a node.
    #[error(transparent)]
    Trie(#[from] Missing),
    /// A witness could not be recorded.
    #[error(transparent)]
    Witness(#[from] WitnessError),
}

impl DBErrorMarker for Error {}
