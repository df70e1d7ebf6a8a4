//! Prints bytes and microseconds per transaction for batches of transfers.
//!
//! `cargo run --release -p mezz-derive --example batch_size`

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark looks at the clock"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use alloy::primitives::Bytes;
use mezz_derive::{Compressor, Expected, Layout, decode, encode};
use std::time::{Duration, Instant};
use support::{CHAIN_ID, transfers};

const ROUNDS: u32 = 10;

fn main() {
    println!(
        "{:<8}{:>8}{:>8}{:>10}{:>12}{:>12}{:>12}",
        "kind", "count", "signed", "deflate", "bytes/tx", "encode µs", "decode µs"
    );
    for count in [100, 1_000, 10_000] {
        for layout in [Layout::Signed, Layout::Unsigned] {
            report("ETH", layout, &transfers::eth(count, 2_000, 1));
            report("ERC-20", layout, &transfers::erc20(count, 2_000, 2));
        }
    }
}

fn report(kind: &str, layout: Layout, transactions: &[Bytes]) {
    let batch = transfers::in_blocks(layout, transactions);
    let expected = Expected {
        unsigned: layout == Layout::Unsigned,
        chain_id: CHAIN_ID,
        block_count: batch.blocks.len() as u32,
        deposits: 0,
    };
    for compressor in [Compressor::None, Compressor::Deflate] {
        let encode = || {
            encode(&batch, CHAIN_ID, compressor).expect("the transactions are of this chain; qed")
        };
        let payload = encode();
        let encoding = time(&encode);
        let decoding = time(&|| decode(&payload, &expected));
        let per_transaction =
            |duration: Duration| duration.as_secs_f64() * 1e6 / transactions.len() as f64;
        println!(
            "{kind:<8}{:>8}{:>8}{:>10}{:>12.2}{:>12.2}{:>12.2}",
            transactions.len(),
            layout == Layout::Signed,
            compressor == Compressor::Deflate,
            payload.len() as f64 / transactions.len() as f64,
            per_transaction(encoding),
            per_transaction(decoding),
        );
    }
}

/// The shortest of several runs.
fn time<T>(run: &dyn Fn() -> T) -> Duration {
    let once = |_| {
        let start = Instant::now();
        std::hint::black_box(run());
        start.elapsed()
    };
    (0..ROUNDS).map(once).min().expect("there are rounds; qed")
}
