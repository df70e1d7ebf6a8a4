//! What the store refuses, and what it survives.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use alloy_primitives::{B256, U256};
use common::{CHAIN, address, append, change, changes_of, copy, diff, genesis, outcome};
use mezz_evm::{Chain, Outcome, StateRoots};
use mezz_storage::{Error, SharedOverlay, Store};
use revm::{Database, DatabaseCommit, DatabaseRef};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

#[test]
fn a_block_must_follow_the_head_and_have_the_right_root() {
    let store = Store::open(None, genesis()).unwrap();
    let changes = diff([(1, change(5, &[(1, 0)]))]);
    let good = outcome(&store, &changes, 0, 1);
    let reheaded = |change: fn(&mut alloy_consensus::Header)| {
        let mut outcome = good.clone();
        change(&mut outcome.header);
        Outcome { hash: outcome.header.hash_slow(), ..outcome }
    };
    assert!(matches!(
        store.append(reheaded(|header| header.number = 2), &changes),
        Err(Error::NotChild { number: 2, head_number: 0, .. })
    ));
    assert!(matches!(
        store.append(reheaded(|header| header.parent_hash = B256::ZERO), &changes),
        Err(Error::NotChild { .. })
    ));
    assert!(matches!(
        store.append(reheaded(|header| header.state_root = B256::ZERO), &changes),
        Err(Error::StateRoot { number: 1, .. })
    ));
    assert!(matches!(
        store.append(good.clone(), &diff([(1, change(6, &[]))])),
        Err(Error::StateRoot { .. })
    ));
    assert!(matches!(
        store.append(reheaded(|header| header.base_fee_per_gas = None), &changes),
        Err(Error::Header(1))
    ));
    assert!(matches!(store.rewind(1), Err(Error::NoBlock { number: 1, head: 0 })));
    assert_eq!(store.head().number, 0);
    store.append(good, &changes).unwrap();
    assert_eq!(store.latest().basic_ref(address(1)).unwrap().unwrap().nonce, 5);
}

#[test]
fn genesis_is_filled_in() {
    let store = Store::open(None, genesis()).unwrap();
    let header = &store.genesis().header;
    assert_eq!(header.state_root, store.latest().trie().unwrap().root());
    assert_eq!(header.withdrawals_root, Some(alloy_trie::EMPTY_ROOT_HASH));
    assert_eq!(store.latest().storage_ref(address(1), U256::from(2)).unwrap(), U256::from(22));
    assert_eq!((store.chain(), store.flushed()), (CHAIN, 0));
}

#[test]
fn one_process_and_one_chain_per_directory() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(Some(directory.path()), genesis()).unwrap();
    assert!(matches!(Store::open(Some(directory.path()), genesis()), Err(Error::Locked { .. })));
    drop(store);
    let mut other = genesis();
    other.alloc = diff([(1, change(2, &[]))]);
    assert!(matches!(Store::open(Some(directory.path()), other), Err(Error::Genesis { .. })));
    let other = mezz_storage::Genesis { chain: Chain { id: 5, ..CHAIN }, ..genesis() };
    assert!(matches!(
        Store::open(Some(directory.path()), other),
        Err(Error::Genesis { stored_id: 901, given_id: 5, .. })
    ));
    Store::open(Some(directory.path()), genesis()).unwrap();
}

#[test]
fn facts_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    for path in [None, Some(directory.path())] {
        let store = Store::open(path, genesis()).unwrap();
        assert_eq!(store.meta("safe").unwrap(), None);
        store.put_meta("safe", b"one").unwrap();
        store.put_meta("safe", b"two").unwrap();
        assert_eq!(store.meta("safe").unwrap().as_deref(), Some(b"two".as_slice()));
    }
    assert_eq!(
        Store::open(Some(directory.path()), genesis()).unwrap().meta("safe").unwrap().as_deref(),
        Some(b"two".as_slice())
    );
}

#[test]
fn a_shared_overlay_is_read_while_it_is_written() {
    let store = Store::open(None, genesis()).unwrap();
    let mut writer = SharedOverlay::new(store.latest());
    let reader = writer.clone();
    let mut account = revm::state::Account::from(writer.basic(address(1)).unwrap().unwrap());
    account.info.nonce = 77;
    account.mark_touch();
    account.storage.insert(
        U256::from(1),
        revm::state::EvmStorageSlot::new_changed(
            U256::from(11),
            U256::from(12),
            revm::state::TransactionId::ZERO,
        ),
    );
    writer.commit([(address(1), account)].into_iter().collect());
    assert_eq!(reader.basic_ref(address(1)).unwrap().unwrap().nonce, 77);
    assert_eq!(reader.storage_ref(address(1), U256::from(1)).unwrap(), U256::from(12));
    assert_eq!(reader.storage_ref(address(1), U256::from(2)).unwrap(), U256::from(22));
    assert_eq!(reader.block_hash_ref(0).unwrap(), store.genesis().hash);
    assert_eq!(store.latest().basic_ref(address(1)).unwrap().unwrap().nonce, 1);
    let diff = reader.diff();
    drop(reader);
    assert_eq!(writer.into_diff(), diff);
    assert_ne!(store.latest().roots(&diff).unwrap().0, store.genesis().header.state_root);
}

#[test]
fn readers_see_whole_blocks_while_the_chain_grows_and_shrinks() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(Some(directory.path()), genesis()).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let state = store.latest();
                    assert_eq!(state.trie().unwrap().root(), state.trie().unwrap().clone().root());
                    let number = state.number() / 2;
                    if let Some(old) = store.state_at(number).unwrap() {
                        // The last writer of account 20 + n % 50 is known from the number alone.
                        let last = number - number % 50;
                        let nonce = old.basic_ref(address(20)).unwrap().map(|info| info.nonce);
                        assert_eq!(nonce, (last > 0).then_some(last), "at {number}");
                    }
                }
            });
        }
        for round in 0..6 {
            for _ in 0..120 {
                append(&store, &changes_of(store.head().number + 1), 0, 1);
            }
            store.rewind(store.head().number - 37 * (round % 3)).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    store.flush().unwrap();
    assert_eq!(store.flushed(), store.head().number);
}

#[test]
fn what_is_flushed_is_in_a_copy_taken_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(Some(directory.path()), genesis()).unwrap();
    let mut hashes = vec![store.head().hash];
    for round in 0..5 {
        for number in hashes.len() as u64..hashes.len() as u64 + 20 {
            hashes.push(append(&store, &changes_of(number), 0, 2).hash);
        }
        store.flush().unwrap();
        let flushed = store.flushed();
        let target = tempfile::tempdir().unwrap();
        copy(directory.path(), target.path());
        let restored = Store::open(Some(target.path()), genesis()).unwrap();
        assert!(restored.head().number >= flushed, "round {round}");
        assert_eq!(restored.head().hash, hashes[restored.head().number as usize]);
    }
}

#[test]
fn a_directory_that_a_process_had_only_begun_with_is_begun_anew() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("db");
    drop(Store::open(Some(directory.path()), genesis()).unwrap());
    let marker = std::fs::read(db.join("version")).unwrap();
    std::fs::remove_dir_all(&db).unwrap();
    std::fs::create_dir(&db).unwrap();
    // fjall makes these in this order, and the marker in two steps.
    for (name, bytes) in [("lock", &[][..]), ("0.jnl", &[0; 64]), ("version", &[])] {
        std::fs::write(db.join(name), bytes).unwrap();
        let copied = tempfile::tempdir().unwrap();
        copy(directory.path(), copied.path());
        let store = Store::open(Some(copied.path()), genesis()).unwrap();
        append(&store, &changes_of(1), 0, 2);
        store.flush().unwrap();
        assert_eq!(std::fs::read(copied.path().join("db/version")).unwrap(), marker);
        let busy = Store::open(Some(copied.path()), genesis());
        assert!(matches!(busy.map(drop), Err(Error::Locked { .. })), "after {name}");
        drop(store);
        let store = Store::open(Some(copied.path()), genesis()).unwrap();
        assert_eq!(store.head().number, 1, "after {name}");
    }
}

/// The variable that turns [`writes_until_it_is_killed`] into the process that is killed.
const DIRECTORY: &str = "MEZZ_TEST_KILLED_DIRECTORY";

#[test]
#[ignore = "is run by a_killed_process_loses_nothing_flushed"]
fn writes_until_it_is_killed() {
    let Ok(directory) = std::env::var(DIRECTORY) else { return };
    let store = Store::open(Some(Path::new(&directory)), genesis()).unwrap();
    let mut seed = store.head().number + u64::from(std::process::id());
    loop {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let head = store.head().number;
        match (seed >> 33) % 40 {
            0 => {
                let target = head.saturating_sub((seed >> 45) % 300);
                println!("\nfloor {target}");
                store.rewind(target).unwrap();
            }
            1 => {
                store.flush().unwrap();
                println!("\nfloor {}", store.flushed());
            }
            _ => drop(append(&store, &changes_of(head + 1), 0, head % 3)),
        }
    }
}

#[test]
fn a_killed_process_loses_nothing_flushed() {
    let directory = tempfile::tempdir().unwrap();
    let expected = Store::open(None, genesis()).unwrap();
    for round in 0..8_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_until_it_is_killed", "--ignored", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            output
                .lines()
                .map_while(Result::ok)
                .filter_map(|line| {
                    line.strip_prefix("floor ").and_then(|number| number.parse::<u64>().ok())
                })
                .last()
        });
        std::thread::sleep(Duration::from_millis(150 + round * 97));
        child.kill().unwrap();
        child.wait().unwrap();
        let floor = reader.join().unwrap().unwrap_or_default();
        let store = Store::open(Some(directory.path()), genesis()).unwrap();
        let head = store.head();
        assert!(head.number >= floor, "round {round}: head {} is below {floor}", head.number);
        while expected.head().number < head.number {
            let number = expected.head().number + 1;
            append(&expected, &changes_of(number), 0, (number - 1) % 3);
        }
        for number in [head.number, head.number / 2, head.number.saturating_sub(3)] {
            assert_eq!(
                store.block(number).unwrap().unwrap().hash,
                expected.block(number).unwrap().unwrap().hash
            );
            assert_eq!(
                store.state_at(number).unwrap().unwrap().trie().unwrap().root(),
                expected.header(number).unwrap().unwrap().state_root
            );
        }
    }
    assert!(expected.head().number > 0, "the process got nowhere");
}
