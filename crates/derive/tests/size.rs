//! What a transfer costs in bytes.

#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use alloy::primitives::Bytes;
use mezz_derive::{Compressor, Expected, Layout, decode, encode};
use support::{CHAIN_ID, transfers};

/// Checks that the transactions cost at most `bytes_max` each and come back.
fn check(name: &str, layout: Layout, transactions: Vec<Bytes>, bytes_max: f64) {
    let batch = transfers::in_blocks(layout, &transactions);
    let payload = encode(&batch, CHAIN_ID, Compressor::Deflate).unwrap();
    let bytes = payload.len() as f64 / transactions.len() as f64;
    println!("{name}: {bytes:.2} bytes per transfer");
    assert!(
        bytes <= bytes_max,
        "{name}: {bytes:.2} bytes per transfer, at most {bytes_max} wanted"
    );
    let expected = Expected {
        unsigned: layout == Layout::Unsigned,
        chain_id: CHAIN_ID,
        block_count: batch.blocks.len() as u32,
        deposits: 0,
    };
    assert_eq!(decode(&payload, &expected), Ok(batch));
}

#[test]
fn ether_transfers_cost_75_bytes() {
    let transfers = transfers::eth(10_000, 2_000, 1);
    check("ETH, 10,000 among 2,000 accounts", Layout::Signed, transfers, 75.0);
}

#[test]
fn erc20_transfers_cost_75_bytes() {
    let transfers = transfers::erc20(10_000, 2_000, 2);
    check("ERC-20, 10,000 among 2,000 accounts", Layout::Signed, transfers, 75.0);
}

#[test]
fn without_signatures_transfers_cost_12_bytes() {
    let eth = transfers::eth(10_000, 2_000, 1);
    check("ETH without signatures, 10,000 among 2,000 accounts", Layout::Unsigned, eth, 12.0);
    let erc20 = transfers::erc20(10_000, 2_000, 2);
    check("ERC-20 without signatures, 10,000 among 2,000 accounts", Layout::Unsigned, erc20, 12.5);
}
