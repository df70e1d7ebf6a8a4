//! What a transfer costs in bytes.

#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use alloy::primitives::Bytes;
use mezz_derive::{Compressor, Expected, decode, encode};
use support::{CHAIN_ID, transfers};

/// Checks that the transactions cost at most `bytes_max` each and come back.
fn check(name: &str, transactions: Vec<Bytes>, bytes_max: f64) {
    let batch = transfers::in_blocks(&transactions);
    let payload = encode(&batch, CHAIN_ID, Compressor::Deflate).unwrap();
    let bytes = payload.len() as f64 / transactions.len() as f64;
    println!("{name}: {bytes:.2} bytes per transfer");
    assert!(
        bytes <= bytes_max,
        "{name}: {bytes:.2} bytes per transfer, at most {bytes_max} wanted"
    );
    let expected =
        Expected { chain_id: CHAIN_ID, block_count: batch.blocks.len() as u32, deposits: 0 };
    assert_eq!(decode(&payload, &expected), Ok(batch));
}

#[test]
fn ether_transfers_cost_75_bytes() {
    check("ETH, 10,000 among 2,000 accounts", transfers::eth(10_000, 2_000, 1), 75.0);
}

#[test]
fn erc20_transfers_cost_75_bytes() {
    check("ERC-20, 10,000 among 2,000 accounts", transfers::erc20(10_000, 2_000, 2), 75.0);
}
