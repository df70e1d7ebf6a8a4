//! Measures the state: microseconds of CPU per account read, updated and appended, at 100,000 and 1,000,000 accounts.
//!
//! `cargo run --release -p mezz-storage --example state_bench [ACCOUNTS]...`

use alloy_consensus::Header;
use alloy_primitives::{Address, U256};
use mezz_evm::{AccountChange, Chain, Layer, Outcome, StateDiff, StateRoots};
use mezz_storage::{Genesis, Store};
use revm::{DatabaseRef, primitives::KECCAK_EMPTY, state::AccountInfo};
use std::time::Instant;

const READS: u64 = 1_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<u64> =
        std::env::args().skip(1).map(|argument| argument.parse()).collect::<Result<_, _>>()?;
    for accounts in if given.is_empty() { vec![100_000, 1_000_000] } else { given } {
        bench(accounts)?;
    }
    Ok(())
}

fn bench(accounts: u64) -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let header = Header { base_fee_per_gas: Some(7), ..Header::default() };
    let genesis = || Genesis {
        chain: Chain { id: 1, layer: Layer::Two },
        header: header.clone(),
        alloc: diff(0..accounts, 1),
    };
    let (store, seconds) = timed(|| Store::open(Some(directory.path()), genesis()));
    let store = store?;
    println!("{accounts} accounts: genesis {:.2} us per account", seconds * 1e6 / accounts as f64);

    let state = store.latest();
    let mut seed = 1;
    let (found, seconds) = timed(|| {
        (0..READS)
            .filter(|_| {
                state
                    .basic_ref(address(next(&mut seed) % accounts))
                    .is_ok_and(|info| info.is_some())
            })
            .count()
    });
    println!("{accounts} accounts: read {:.2} us ({found} found)", seconds * 1e6 / READS as f64);
    drop(state);

    for (per_block, blocks) in [(100, 200), (1_000, 100), (10_000, 20), (130_000, 3)] {
        let (mut updating, mut appending) = (0.0, 0.0);
        for block in 0..blocks {
            let changes = diff((0..per_block).map(|_| next(&mut seed) % accounts), block + 2);
            let head = store.head();
            let (roots, seconds) = timed(|| store.latest().roots(&changes));
            updating += seconds;
            let header = Header {
                number: head.number + 1,
                parent_hash: head.hash,
                state_root: roots?.0,
                ..Header::default()
            };
            let outcome = Outcome {
                hash: header.hash_slow(),
                header,
                transactions: Vec::new(),
                receipts: Vec::new(),
            };
            let (block, seconds) = timed(|| store.append(outcome, &changes));
            block?;
            appending += seconds;
        }
        let updates = (per_block * blocks) as f64;
        let start = Instant::now();
        store.flush()?;
        let flushing = start.elapsed().as_secs_f64();
        println!(
            "{accounts} accounts: {per_block} updates per block: state root {:.2} us, append {:.2} us, then {:.2} us of waiting for the disk, per update",
            updating * 1e6 / updates,
            appending * 1e6 / updates,
            flushing * 1e6 / updates
        );
    }
    let old = store.state_at(1)?.ok_or("block 1 is there")?;
    let (found, seconds) = timed(|| {
        (0..10_000)
            .filter(|_| {
                old.basic_ref(address(next(&mut seed) % accounts)).is_ok_and(|info| info.is_some())
            })
            .count()
    });
    println!(
        "{accounts} accounts: read of an old state {:.2} us ({found} found)",
        seconds * 1e6 / 10_000.0
    );
    drop((old, store));
    let (store, seconds) = timed(|| Store::open(Some(directory.path()), genesis()));
    println!("{accounts} accounts: open again {seconds:.2} s, head {}", store?.head().number);
    Ok(())
}

/// Seconds of CPU where the system tells them, so that a busy machine does not matter; otherwise seconds of the clock.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let (start, start_cpu) = (Instant::now(), cpu());
    let result = work();
    match (start_cpu, cpu()) {
        (Some(start), Some(end)) => (result, end - start),
        _ => (result, start.elapsed().as_secs_f64()),
    }
}

/// CPU seconds of this thread.
fn cpu() -> Option<f64> {
    let nanoseconds: f64 = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()?
        .split(' ')
        .next()?
        .parse()
        .ok()?;
    Some(nanoseconds / 1e9)
}

fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 20
}

fn address(account: u64) -> Address {
    Address::left_padding_from(&account.to_be_bytes())
}

fn diff(accounts: impl Iterator<Item = u64>, nonce: u64) -> StateDiff {
    let info = |account| AccountInfo {
        nonce,
        balance: U256::from(account + nonce),
        code_hash: KECCAK_EMPTY,
        account_id: None,
        code: None,
    };
    StateDiff {
        accounts: accounts
            .map(|account| {
                (
                    address(account),
                    AccountChange { info: Some(info(account)), ..AccountChange::default() },
                )
            })
            .collect(),
        ..StateDiff::default()
    }
}
