//! Sealed payloads: what opens them, what does not, their bytes.

#![allow(clippy::unwrap_used, reason = "test code")]

mod bytes;
mod opening;
mod padding;
mod vector;

use alloy::primitives::{Address, B256};
use mezz_da::{
    committee::InboxId,
    private::{AccessKey, OwnTransaction, Recipients, Record, SealContext, SealedPayload},
};
use mezz_primitives::PayloadId;

const CONTENT_KEY: [u8; 32] = [0x4b; 32];

/// A key by number.
fn key(number: u8) -> AccessKey {
    AccessKey::from_bytes(&B256::repeat_byte(number))
}

fn payload() -> Vec<u8> {
    b"every payload is a payload".repeat(200)
}

fn context(payload: &[u8]) -> SealContext {
    SealContext {
        inbox: InboxId { l1_chain_id: 31_337, inbox: Address::repeat_byte(0x1b) },
        batch_index: 7,
        payload: PayloadId::of(payload).unwrap(),
    }
}

fn record(seed: u8) -> Record {
    let transaction = |position: u32| OwnTransaction {
        block_number: 40 + u64::from(position),
        position,
        signed: vec![seed; 100 + position as usize].into(),
    };
    Record { transactions: (0..3).map(transaction).collect() }
}

/// Readers 1 and 2, tenants 11 and 12.
fn recipients() -> Recipients {
    Recipients {
        readers: [1, 2].map(|number| key(number).public()).into(),
        tenants: [11, 12].map(|number| (key(number).public(), record(number))).into(),
    }
}

fn sealed() -> SealedPayload {
    SealedPayload::seal(&CONTENT_KEY, context(&payload()), &payload(), &recipients()).unwrap()
}
