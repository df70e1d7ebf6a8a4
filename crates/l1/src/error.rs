//! What can go wrong when speaking to an L1, and what helps.

use crate::revert::Revert;
use alloy::primitives::{Address, B256};

/// What whoever meets an error should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Do the same again, later.
    Retry,
    /// Forget what was computed from earlier answers and start from what the L1 says now.
    Reset,
    /// Stop and tell a person: it will not get better by itself.
    Stop,
}

/// Something went wrong between us and the L1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of an endpoint is not one.
    #[error("{url:?} is not the URL of an endpoint: use http://, https://, ws:// or wss://")]
    Url {
        /// What was given.
        url: String,
    },
    /// No answer came.
    #[error("no answer from {endpoint} to {method} ({reason}); check that it is up and reachable")]
    Unreachable {
        /// Host of the endpoint.
        endpoint: String,
        /// The call.
        method: String,
        /// What the transport says.
        reason: String,
    },
    /// The endpoint answered with an error.
    #[error("{endpoint} refused {method}: {message} (code {code})")]
    Refused {
        /// Host of the endpoint.
        endpoint: String,
        /// The call.
        method: String,
        /// JSON-RPC error code.
        code: i64,
        /// What it says.
        message: String,
    },
    /// The endpoint's answer cannot be read.
    #[error("{endpoint} answered {method} with something else than the standard says: {reason}")]
    Malformed {
        /// Host of the endpoint.
        endpoint: String,
        /// The call.
        method: String,
        /// What is wrong.
        reason: String,
    },
    /// The endpoint's answers contradict each other.
    #[error(
        "the endpoint's answers do not belong to one chain: {0}; if this lasts, use an endpoint without a load balancer"
    )]
    Inconsistent(String),
    /// The endpoint does not know what was asked for.
    #[error("the endpoint does not know {0}; it may lag behind, or have dropped it")]
    Unknown(String),
    /// The L1 is another one.
    #[error(
        "the endpoint serves chain {actual}, not {expected}: use an endpoint of the L1 that the rollup was deployed on"
    )]
    WrongChain {
        /// Chain id asked for.
        expected: u64,
        /// Chain id found.
        actual: u64,
    },
    /// The L1 was reorganised below everything that is remembered.
    #[error(
        "the L1 no longer holds block {number} ({hash}), where this watch began: start again from the deployment block"
    )]
    StartGone {
        /// Number of the first block watched.
        number: u64,
        /// Its hash.
        hash: B256,
    },
    /// A log of one of our contracts cannot be read.
    #[error(
        "a log of {address} in L1 block {block} cannot be read ({reason}): the contracts are of another version than this program"
    )]
    ForeignLog {
        /// The contract.
        address: Address,
        /// The block.
        block: u64,
        /// What is wrong.
        reason: String,
    },
    /// A call would revert, or did.
    #[error("the L1 contract refused: {0}")]
    Reverted(Revert),
    /// The transaction's nonce was used by another one of the same account.
    #[error(
        "another transaction of {account} took nonce {nonce}: is the same key in use elsewhere?"
    )]
    Replaced {
        /// The account.
        account: Address,
        /// The nonce.
        nonce: u64,
    },
    /// L1 was reorganised and the account's transactions before this one are gone: it can never be included.
    #[error(
        "L1 took back transactions of {account} before nonce {nonce}: what is still due is sent anew"
    )]
    Unmade {
        /// The account.
        account: Address,
        /// The nonce.
        nonce: u64,
    },
    /// The account cannot pay.
    #[error("{account} has too little ether on L1 ({message}): send it some")]
    InsufficientFunds {
        /// The account.
        account: Address,
        /// What the endpoint says.
        message: String,
    },
    /// A transaction waited too long.
    #[error(
        "transaction {hash} was not included within {seconds} s; raise the fee limit or wait for lower fees"
    )]
    Timeout {
        /// The last hash that was sent.
        hash: B256,
        /// How long it was waited for.
        seconds: u64,
    },
    /// Signing failed.
    #[error("cannot sign for {account}: {reason}")]
    Signing {
        /// The account.
        account: Address,
        /// What the signer says.
        reason: String,
    },
    /// The blobs are not on offer.
    #[error("the blobs of L1 block {block} are not available: {reason}")]
    BlobsMissing {
        /// The block.
        block: u64,
        /// What was tried.
        reason: String,
    },
    /// A deployment's description or files are wrong.
    #[error("{0}")]
    Deploy(#[from] crate::deploy::DeployError),
}

impl Error {
    /// What to do about it.
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::Unreachable { .. }
            | Self::Inconsistent(_)
            | Self::Unknown(_)
            | Self::Timeout { .. }
            | Self::InsufficientFunds { .. }
            | Self::Refused { .. }
            | Self::Unmade { .. }
            | Self::BlobsMissing { .. } => Remedy::Retry,
            Self::Reverted(_) | Self::Replaced { .. } | Self::StartGone { .. } => Remedy::Reset,
            Self::Url { .. }
            | Self::Malformed { .. }
            | Self::WrongChain { .. }
            | Self::ForeignLog { .. }
            | Self::Signing { .. }
            | Self::Deploy(_) => Remedy::Stop,
        }
    }
}
