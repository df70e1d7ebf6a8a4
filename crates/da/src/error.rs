//! What can go wrong with batch data.

use crate::{
    committee::MemberAnswer,
    private::{AccessPublicKey, Unsealable},
};
use alloy::primitives::{Address, B256};
use mezz_l1::Remedy;
use mezz_primitives::PayloadId;
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
    /// Too few members of the committee signed, or not those that must.
    #[error(
        "batch {batch} has {signed} signatures of the {threshold} that it needs; missing: {}",
        MemberAnswer::list(missing)
    )]
    Uncertified {
        /// The batch.
        batch: u64,
        /// How many signed.
        signed: usize,
        /// How many must.
        threshold: u16,
        /// Who did not, and why.
        missing: Vec<MemberAnswer>,
    },
    /// No member showed a payload.
    #[error(
        "no member of the committee showed payload {} of {} bytes: {}; if this lasts, demand it on L1 while its window is open",
        payload.payload_hash, payload.payload_length, MemberAnswer::list(answers)
    )]
    Withheld {
        /// What was asked for.
        payload: PayloadId,
        /// What each member said, of the first part that none showed.
        answers: Vec<MemberAnswer>,
    },
    /// A chain without a data committee, or a node that was not told of it.
    #[error(
        "batch data lie with a committee, and this node knows of none; this is a fault of the program, please report it"
    )]
    NoCommittee,
    /// Nobody to ask for a payload.
    #[error(
        "the data of batch {index} lie with the committee, and this node does not know where a member is: give it --member ADDRESS=URL"
    )]
    NoMembers {
        /// The batch.
        index: u64,
    },
    /// A payload that no committee may keep, or another than the certificate names.
    #[error(
        "a payload of {length} bytes is not what the certificate names, or not between 1 and 786432 bytes long: make the \
         certificate from the payload"
    )]
    Payload {
        /// Bytes of the payload.
        length: usize,
    },
    /// A committee that no contract would take.
    #[error("a committee {0}: read the epoch from L1 again")]
    Committee(&'static str),
    /// The store of payloads or a log beside it cannot be read or written.
    #[error("cannot use {}: {source}; check space and permissions", path.display())]
    Store {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A payload that was sealed before, for somebody whom the new one leaves out or tells less, or for another batch.
    #[error(
        "payload {payload_hash} is kept as it was sealed first, and this one is for another batch, or leaves out a reader or a tenant of that, \
         or something of a tenant's record: list all of them, with all their accounts, until the batch is posted; others may join them"
    )]
    SealedOtherwise {
        /// The payload.
        payload_hash: B256,
    },
    /// There is no room for a payload.
    #[error("no room for {length} bytes in {}: {limit}; make room, or raise the limit", path.display())]
    Full {
        /// Directory of the store.
        path: PathBuf,
        /// Bytes of the payload.
        length: usize,
        /// Which limit it is.
        limit: String,
    },
    /// A log is damaged elsewhere than at its end.
    #[error(
        "line {line} of {} is damaged ({reason}): do not edit it; find out who did, and put back a copy that is whole",
        path.display()
    )]
    LogDamaged {
        /// The log.
        path: PathBuf,
        /// Its line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// Another process has the log.
    #[error("{} is in use by another process: run one member for each key", path.display())]
    Locked {
        /// The log.
        path: PathBuf,
    },
    /// A member's configuration cannot be meant so.
    #[error("{field} in the member's configuration {reason}")]
    MemberConfig {
        /// The field.
        field: &'static str,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A certificate, a key or a list of authorities cannot be used.
    #[error("cannot use {} for TLS: {reason}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The address of a member is not one.
    #[error("{url:?} is not the URL of a member: use http://host:port or https://host:port")]
    MemberUrl {
        /// What was given.
        url: String,
    },
    /// The file of an access key cannot be used.
    #[error("cannot use the access key in {}: {reason}", path.display())]
    AccessKey {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// An access key that has no secrets with anybody.
    #[error(
        "{key} is no public key that `mezz dac access-key` shows: ask whoever gave it for another one"
    )]
    WeakAccessKey {
        /// The key.
        key: AccessPublicKey,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes ({0}), and without them nothing is sealed")]
    NoRandomness(String),
    /// A payload was not sealed, or cannot be opened.
    #[error("a sealed payload cannot be used: {0}")]
    Sealed(#[from] Unsealable),
    /// A node of a private chain without a key that opens payloads.
    #[error(
        "the payloads of this chain are sealed, and this node has no key: make one with `mezz dac access-key FILE`, have the operator \
         list its public half as a reader, and give the node --access-key FILE"
    )]
    NoAccessKey,
    /// No member showed a tenant's records.
    #[error("no member showed the records: {}", MemberAnswer::list(answers))]
    NoRecord {
        /// What each member said.
        answers: Vec<MemberAnswer>,
    },
    /// A payload that members show to others than this node.
    #[error(
        "members show payload {} to others, and not to this node's key {key}: the operator must list that key as a reader, and only batches after \
         that open; the clock must be right; {}",
        payload.payload_hash, MemberAnswer::list(answers)
    )]
    NotAReader {
        /// The payload.
        payload: PayloadId,
        /// The node's key; in a box, because errors are returned often.
        key: Box<AccessPublicKey>,
        /// What each member said.
        answers: Vec<MemberAnswer>,
    },
    /// A key did not sign.
    #[error("the key of {account} did not sign: {reason}")]
    Signing {
        /// The account.
        account: Address,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl Error {
    /// An error of a file or directory.
    pub(crate) fn store(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::Store { path, source }
    }

    /// Whether the disk, or the part of it that is ours, is full.
    pub(crate) fn is_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Full { .. } => true,
            Self::Store { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded),
            _ => false,
        }
    }

    /// Whether the payload of a batch is kept back, as far as this node can tell.
    pub const fn is_withheld(&self) -> bool {
        matches!(self, Self::Withheld { .. } | Self::NoMembers { .. })
    }

    /// What to do about it.
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::L1(error) => error.remedy(),
            Self::BlockMissing { .. }
            | Self::Archive { .. }
            | Self::Uncertified { .. }
            | Self::Withheld { .. }
            | Self::Store { .. }
            | Self::Full { .. }
            | Self::SealedOtherwise { .. }
            | Self::NotAReader { .. }
            | Self::NoRecord { .. }
            | Self::NoRandomness(_)
            | Self::Signing { .. } => Remedy::Retry,
            Self::Hash { .. } => Remedy::Reset,
            Self::NoBeacon { .. }
            | Self::TooLong { .. }
            | Self::Kzg(_)
            | Self::Payload { .. }
            | Self::NoCommittee
            | Self::NoMembers { .. }
            | Self::AccessKey { .. }
            | Self::WeakAccessKey { .. }
            | Self::Sealed(_)
            | Self::NoAccessKey
            | Self::Committee(_)
            | Self::LogDamaged { .. }
            | Self::Locked { .. }
            | Self::MemberConfig { .. }
            | Self::Tls { .. }
            | Self::MemberUrl { .. } => Remedy::Stop,
        }
    }
}
