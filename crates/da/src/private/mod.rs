//! Sealed payloads: batch data that only listed readers open (`docs/spec/private-data.md`).
//!
//! ```text
//!  batcher   pad(payload), so that neither length nor hash say what is in it
//!            SealedPayload::seal(content key, payload, readers, tenants' records)
//!  member    SealedPayload::verify(own key): the payload's hash, every wrap, every record; keeps and serves what is sealed
//!  node      SealedPayload::open(own key): the payload, if it has the hash that L1 recorded
//!  tenant    SealedRecord::open(own key): its own transactions of the batch, and nothing else
//! ```
//!
//! Everything but the content key follows from what is sealed and for whom: whoever opens a sealed payload makes it once more
//! and sees that every other reader and tenant can open its part as well.

mod cipher;
mod encoding;
mod key;
mod padding;
mod record;
mod sealed;

pub use encoding::{READERS_MAX, SEALED_BYTES_MAX, SealedHead, TENANTS_MAX};
pub use key::{AccessKey, AccessPublicKey};
pub use padding::{PADDABLE_MAX, pad};
pub use record::{OwnTransaction, Record};
pub use sealed::{Opened, Recipients, SealContext, SealedPayload, SealedRecord, Unsealable, Wrap};
