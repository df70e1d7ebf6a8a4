//! Bombs: small payloads that claim to be large.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unsafe_code, reason = "a counting allocator is unsafe by its interface")]

mod support;

use mezz_derive::{Expected, Invalid, decode};
use mezz_primitives::PAYLOAD_MAX;
use miniz_oxide::deflate::compress_to_vec;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// The system's allocator, with the bytes in use and their greatest number.
struct Counting {
    used: AtomicUsize,
    peak: AtomicUsize,
}

// SAFETY: every call is handed to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let used = self.used.fetch_add(layout.size(), Relaxed) + layout.size();
        self.peak.fetch_max(used, Relaxed);
        // SAFETY: the caller's duties are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.used.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's duties are the system allocator's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting { used: AtomicUsize::new(0), peak: AtomicUsize::new(0) };

/// Checks that the body is refused, and the memory that takes.
fn check(name: &str, body: &[u8], error: Invalid, bytes_max: usize) {
    let payload = [&[1, 1, 0], &compress_to_vec(body, 9)[..]].concat();
    assert!(payload.len() < 64 * 1024, "{name} is no bomb");
    let expected =
        Expected { unsigned: false, chain_id: support::CHAIN_ID, block_count: 1, deposits: 0 };
    let before = ALLOCATOR.used.load(Relaxed);
    ALLOCATOR.peak.store(before, Relaxed);
    let outcome = decode(&payload, &expected);
    let peak = ALLOCATOR.peak.load(Relaxed) - before;
    assert_eq!(outcome, Err(error), "{name}");
    assert!(peak <= bytes_max, "{name} takes {peak} bytes");
}

/// One test: the counter is the process's.
#[test]
fn bombs_take_bounded_memory() {
    // A body grows by moving, so the last step may hold it twice.
    let inflated = 2 * PAYLOAD_MAX + 65_536;
    check("deflate bomb", &vec![0; 8 * PAYLOAD_MAX], Invalid::Length, inflated);
    check(
        "many transactions",
        &[&[1, 0, 0, 0xff, 0xff, 0x7f][..], &vec![0; 4_000_000]].concat(),
        Invalid::TransactionCount,
        inflated,
    );

    let one_transaction = |data_length: &[u8], rest: &[u8]| {
        // one block, one transaction; no hash, no address; a legacy creation without chain id; nonce 0; gas 0; fees 0
        let head = [1, 0, 0, 1, 0, 0, 0b11_0000, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
        [&head, data_length, rest].concat()
    };
    let four_gigabytes = [0x80, 0x80, 0x80, 0x80, 0x10];
    check("long data", &one_transaction(&four_gigabytes, &[0; 100]), Invalid::Length, 100_000);
    let all_data = [0x80, 0x80, 0x80, 0x02];
    check(
        "zero words",
        &one_transaction(&all_data, &vec![0; PAYLOAD_MAX / 32]),
        Invalid::Signatures,
        4 * 1024 * 1024,
    );
    let decimals = [vec![1; PAYLOAD_MAX / 32], vec![0; PAYLOAD_MAX / 16]].concat();
    check("decimals", &one_transaction(&all_data, &decimals), Invalid::Signatures, 4 * PAYLOAD_MAX);
    check(
        "a long fee table",
        &[&[1, 0, 0, 1, 0, 0, 0b11_0000, 0, 1, 0, 0, 0xff, 0x7f][..], &vec![0; 3_000_000]].concat(),
        Invalid::Table,
        inflated,
    );
}
