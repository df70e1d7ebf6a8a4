//! What can go wrong with a devnet.

use alloy::signers::local::LocalSignerError;
use mezz_rpc::RpcError;
use revm::context::result::EVMError;
use std::{io, path::PathBuf};

/// Why a devnet cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error("the L1 store failed: {0}")]
    Storage(#[from] mezz_storage::Error),
    /// A block cannot be executed at all.
    #[error("the L1 engine failed: {0}")]
    Execution(#[from] EVMError<mezz_storage::Error>),
    /// A file cannot be read or written.
    #[error("{path}: {source}; check that the disk has room and that the folder may be written")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file of the devnet does not hold what it should.
    #[error("{path} is damaged: {what}; restore it, or delete the folder to begin a new L1")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The folder holds another chain.
    #[error(
        "{path} holds an L1 with other settings ({what}); start with those, or choose another data folder"
    )]
    OtherChain {
        /// The folder.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// The mnemonic gives no keys.
    #[error("the mnemonic gives no keys: {0}; use 12 to 24 words of the English BIP-39 list")]
    Mnemonic(#[from] LocalSignerError),
    /// The chain has been stopped.
    #[error("the embedded L1 has stopped; start it again")]
    Stopped,
    /// What a control asks cannot be done.
    #[error("{0}")]
    Refused(String),
}

impl Error {
    /// An I/O error with the file that it is about.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

impl From<Error> for RpcError {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(why) => Self::invalid_params(why),
            Error::Stopped => Self::rejected(Error::Stopped.to_string()),
            other => Self::internal(other),
        }
    }
}
