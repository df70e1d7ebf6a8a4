//! What can go wrong with batch data.

use alloy::primitives::B256;
use mezz_l1::Remedy;
use std::{io, path::PathBuf};

/// Batch data could not be had or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The L1 or its beacon endpoint.
    #[error(transparent)]
    L1(#[from] mezz_l1::Error),
    /// No endpoint to ask for blobs.
    #[error(
        "batch {index} lies in blobs of L1 block {block} and {hash} is not in the archive: give the node a beacon endpoint \
         that has that block, or put the blob into the archive"
    )]
    NoBeacon {
        /// The batch.
        index: u64,
        /// The L1 block.
        block: u64,
        /// A versioned hash.
        hash: B256,
    },
    /// The L1 endpoint lacks a block.
    #[error(
        "the L1 endpoint does not know block {block}, which holds batch {index}; it may lag behind, or the L1 was reorganised"
    )]
    BlockMissing {
        /// The batch.
        index: u64,
        /// The L1 block.
        block: u64,
    },
    /// The event's data are not those that the contract recorded.
    #[error(
        "the data in the event of batch {index} do not hash to {expected}: the L1 endpoint is wrong, use another one"
    )]
    Hash {
        /// The batch.
        index: u64,
        /// The batch's `daHash`.
        expected: B256,
    },
    /// A payload for which there is no room.
    #[error(
        "a payload of {length} bytes does not fit the blobs of one batch: put fewer blocks into the batch"
    )]
    TooLong {
        /// Bytes of the payload.
        length: usize,
    },
    /// The KZG library refused blobs that we made.
    #[error("the KZG library failed: {0}; this is a fault of the program, please report it")]
    Kzg(#[from] c_kzg::Error),
    /// The archive cannot be written.
    #[error("cannot write the blob archive at {}: {source}; check space and permissions", path.display())]
    Archive {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Error {
    /// What to do about it.
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::L1(error) => error.remedy(),
            Self::BlockMissing { .. } | Self::Archive { .. } => Remedy::Retry,
            Self::Hash { .. } => Remedy::Reset,
            Self::NoBeacon { .. } | Self::TooLong { .. } | Self::Kzg(_) => Remedy::Stop,
        }
    }
}
