//! The payload of a batch (`docs/spec/batch.md`, *Payload*).
//!
//! Fields of all transactions are stored by column, each column in sub-columns of bytes that resemble one another, so
//! that a plain deflate comes near the entropy of the data. Signatures stand outside: they cannot be compressed.

mod assemble;
mod columns;
mod decimal;
mod deflate;
mod reader;
mod table;
mod transactions;
mod words;
mod writer;

pub use assemble::{decode, encode};
pub use deflate::Compressor;

use crate::NotEncodable;
use alloc::vec::Vec;
use alloy_primitives::Bytes;
#[cfg(doc)]
use mezz_primitives::Attributed;
use mezz_primitives::{DepositHint, PAYLOAD_MAX};

/// The most transactions in one payload.
pub const TRANSACTIONS_MAX: u64 = 1 << 17;

/// What blocks hold of a payload's transactions, and what the payload has of their signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// Signed transactions, in the payload as in the blocks.
    #[default]
    Signed,
    /// Signed transactions, of which the blocks hold the senders in place of the signatures.
    Attributed,
    /// Transactions with their senders, whose signatures are elsewhere: for a batch that is posted as such.
    Unsigned,
}

impl Layout {
    /// The format's first byte.
    const fn version(self) -> u8 {
        match self {
            Self::Signed => 1,
            Self::Attributed | Self::Unsigned => 2,
        }
    }

    /// What the first byte means in a batch that was posted with signatures, or without.
    const fn of_version(version: u8, unsigned: bool) -> Option<Self> {
        match (version, unsigned) {
            (1, false) => Some(Self::Signed),
            (2, false) => Some(Self::Attributed),
            (2, true) => Some(Self::Unsigned),
            _ => None,
        }
    }
}

/// What the payload of one batch says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// What the blocks hold.
    pub layout: Layout,
    /// The blocks in order.
    pub blocks: Vec<BlockBody>,
    /// One hint for each deposit that the batch consumes, in order.
    pub hints: Vec<DepositHint>,
}

/// What the payload says of one block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlockBody {
    /// Seconds since the block before.
    pub step: u64,
    /// Queue messages consumed.
    pub messages: u32,
    /// Transactions after those of the messages: signed, EIP-2718, or in an unsigned batch [`Attributed`].
    pub transactions: Vec<Bytes>,
}

/// What a reader knows of a payload before it reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Chain id of the L2.
    pub chain_id: u64,
    /// Blocks of the batch, from its header.
    pub block_count: u32,
    /// Deposits among the queue messages that the batch consumes.
    pub deposits: usize,
    /// Whether the batch was posted without signatures, from its header.
    pub unsigned: bool,
}

/// Why blocks cannot be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A transaction that the columns cannot carry.
    #[error("transaction {position} of block {block} of the batch cannot be encoded: {reason}")]
    Transaction {
        /// Position of the block in the batch.
        block: usize,
        /// Position of the transaction in the block.
        position: usize,
        /// Why.
        reason: NotEncodable,
    },
    /// More than [`TRANSACTIONS_MAX`] transactions.
    #[error("a batch holds at most {TRANSACTIONS_MAX} transactions; put fewer blocks into it")]
    TransactionCount,
    /// More bytes than a decoder reads.
    #[error(
        "a batch holds at most {PAYLOAD_MAX} bytes before compression; put fewer blocks into it"
    )]
    Length,
}

/// Why bytes are no payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// Bytes follow the end.
    #[error("bytes follow the end")]
    Trailing,
    /// An unknown version, or one that does not go with the header.
    #[error("unknown payload version, or one for a batch with signatures where there are none")]
    Version,
    /// An unknown compressor.
    #[error("unknown compressor")]
    Compressor,
    /// The compressed bytes are no deflate stream.
    #[error("the body is no deflate stream")]
    Deflate,
    /// The body, or the transactions' data, are longer than [`PAYLOAD_MAX`].
    #[error("the content is longer than {PAYLOAD_MAX} bytes")]
    Length,
    /// A number that is too large or not in shortest form.
    #[error("a number is too large or not in shortest form")]
    Number,
    /// A decimal that is too large or not in canonical form.
    #[error("a decimal is too large or not in canonical form")]
    Decimal,
    /// Another number of blocks than the header's.
    #[error("the block count is not the header's")]
    BlockCount,
    /// More than [`TRANSACTIONS_MAX`] transactions.
    #[error("more than {TRANSACTIONS_MAX} transactions")]
    TransactionCount,
    /// Signatures for another number of transactions.
    #[error(
        "the signatures are not 64 bytes for each transaction, or none where the batch is posted without"
    )]
    Signatures,
    /// A kind byte that says something impossible.
    #[error("impossible kind of transaction")]
    Kind,
    /// An index past its table, an entry that is not used, or entries out of order.
    #[error("a table does not list what is used in order of first use")]
    Table,
    /// A data tag that does not exist.
    #[error("unknown data tag")]
    Tag,
    /// Access lists or authorizations that are not canonical RLP.
    #[error("access list or authorization list is not canonical RLP")]
    Extras,
    /// A field element of a blob with a non-zero top byte.
    #[error("the top byte of a field element is not zero")]
    BlobElement,
    /// A length past the end of the blobs.
    #[error("the length is past the end of the blobs")]
    BlobLength,
    /// Bytes after the payload in the last blob.
    #[error("the blobs' padding is not zero")]
    BlobPadding,
}
