//! L1 data to L2 blocks and back, as pure functions.
//!
//! [`encode`] packs sealed blocks into a payload, [`decode`] reads it, and [`blocks`] turns a batch header, its queue
//! messages and its payload into exactly the header's number of block inputs, whatever the bytes are.
//! `docs/spec/batch.md` fixes the bytes, `docs/spec/derivation.md` the rules.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod blobs;
mod blocks;
mod messages;
mod payload;
mod transaction;

pub use blobs::{BLOB_CAPACITY, Blob, PAYLOAD_BLOBS_MAX, blob_count, from_blobs, to_blobs};
pub use blocks::{Derivation, blocks, next_output};
pub use messages::message_transaction;
pub use payload::{
    Batch, BlockBody, Compressor, EncodeError, Expected, Invalid, Layout, TRANSACTIONS_MAX, decode,
    encode,
};
pub use transaction::{NotEncodable, check_encodable, is_encodable};
