//! The store against a simple model: one map per block.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_rlp::Encodable;
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, proof::verify_proof};
use common::{address, append, change, deploy, genesis};
use mezz_evm::{AccountChange, StateDiff};
use mezz_storage::{Block, State, Store};
use proptest::prelude::*;
use revm::{DatabaseRef, state::AccountInfo};
use std::{collections::BTreeMap, path::Path, sync::Arc};

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(u8, What)>, u64),
    Rewind(usize),
    Flush,
    Reopen,
}

#[derive(Debug, Clone)]
enum What {
    Set(u64, Vec<(u64, u64)>),
    Wipe(u64, Vec<(u64, u64)>),
    Deploy(u64, u8),
    Remove,
}

type Accounts = BTreeMap<Address, (AccountInfo, BTreeMap<U256, U256>)>;

/// A block and the state after it.
#[derive(Clone)]
struct Expected {
    block: Arc<Block>,
    accounts: Accounts,
}

fn step() -> impl Strategy<Value = Step> {
    let slots = || prop::collection::vec((0..6_u64, prop_oneof![Just(0), any::<u64>()]), 0..5);
    let what = prop_oneof![
        4 => (1..1000_u64, slots()).prop_map(|(nonce, slots)| What::Set(nonce, slots)),
        1 => (1..1000_u64, slots()).prop_map(|(nonce, slots)| What::Wipe(nonce, slots)),
        1 => (1..1000_u64, 1..4_u8).prop_map(|(nonce, code)| What::Deploy(nonce, code)),
        1 => Just(What::Remove),
    ];
    prop_oneof![
        12 => (prop::collection::vec((1..8_u8, what), 0..6), 0..4_u64).prop_map(|(changes, transactions)| Step::Append(changes, transactions)),
        2 => (0..8_usize).prop_map(Step::Rewind),
        2 => Just(Step::Flush),
        2 => Just(Step::Reopen),
    ]
}

fn diff(changes: &[(u8, What)]) -> StateDiff {
    let mut diff = StateDiff::default();
    for (account, what) in changes {
        let entry = match what {
            What::Set(nonce, slots) => change(*nonce, slots),
            What::Wipe(nonce, slots) => AccountChange { wiped: true, ..change(*nonce, slots) },
            What::Deploy(nonce, _) => change(*nonce, &[]),
            What::Remove => AccountChange { wiped: true, ..AccountChange::default() },
        };
        diff.accounts.insert(address(*account), entry);
        if let What::Deploy(_, code) = what {
            deploy(&mut diff, *account, &[0x60, *code, 0x00]);
        }
    }
    diff
}

fn apply(accounts: &mut Accounts, diff: &StateDiff) {
    for (address, change) in &diff.accounts {
        let Some(info) = &change.info else {
            accounts.remove(address);
            continue;
        };
        let entry = accounts.entry(*address).or_default();
        entry.0 = info.clone();
        if change.wiped {
            entry.1.clear();
        }
        for (slot, value) in &change.storage {
            match value.is_zero() {
                true => entry.1.remove(slot),
                false => entry.1.insert(*slot, *value),
            };
        }
    }
}

fn check_state(state: &State, expected: &Expected) {
    for account in 0..9 {
        let address = address(account);
        let want = expected.accounts.get(&address);
        let info = state.basic_ref(address).unwrap();
        assert_eq!(
            info.as_ref(),
            want.map(|(info, _)| info),
            "account {account} at {}",
            state.number()
        );
        if let Some(info) = info {
            assert_eq!(state.code_by_hash_ref(info.code_hash).unwrap().hash_slow(), info.code_hash);
        }
        for slot in (0..6).map(U256::from) {
            let value =
                want.and_then(|(_, storage)| storage.get(&slot)).copied().unwrap_or_default();
            assert_eq!(
                state.storage_ref(address, slot).unwrap(),
                value,
                "slot {slot} of {account} at {}",
                state.number()
            );
        }
    }
}

fn check_proofs(state: &State, expected: &Expected) {
    let root = expected.block.header.state_root;
    assert_eq!(state.trie().unwrap().root(), root);
    for account in [1, 2, 5, 8] {
        let slots: Vec<_> = (0..6).map(U256::from).collect();
        let proof = state.proof(address(account), &slots).unwrap();
        let leaf = proof.account.map(|account| {
            let mut rlp = Vec::new();
            account.encode(&mut rlp);
            rlp
        });
        assert_eq!(proof.account.is_some(), expected.accounts.contains_key(&address(account)));
        assert_eq!(
            verify_proof(root, Nibbles::unpack(keccak256(address(account))), leaf, &proof.proof),
            Ok(())
        );
        for slot in &proof.storage {
            let storage_root =
                proof.account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
            let value = (!slot.value.is_zero()).then(|| alloy_rlp::encode(slot.value));
            assert_eq!(
                verify_proof(
                    storage_root,
                    Nibbles::unpack(keccak256(slot.slot.to_be_bytes::<32>())),
                    value,
                    &slot.proof
                ),
                Ok(())
            );
        }
    }
}

fn same(block: &Block, expected: &Block) {
    assert_eq!(block.header, expected.header);
    assert_eq!((block.hash, block.size), (expected.hash, expected.size));
    assert_eq!(block.receipts, expected.receipts);
    assert_eq!(block.transactions.len(), expected.transactions.len());
    for (transaction, expected) in block.transactions.iter().zip(&expected.transactions) {
        assert_eq!(
            (transaction.sender, transaction.hash, &transaction.bytes),
            (expected.sender, expected.hash, &expected.bytes)
        );
        assert_eq!(transaction.transaction, expected.transaction);
    }
}

fn check(store: &Store, chain: &[Expected], removed: &[Arc<Block>]) {
    let head = chain.len() as u64 - 1;
    assert_eq!((store.head().number, store.head().hash), (head, chain[chain.len() - 1].block.hash));
    assert!(store.flushed() <= head);
    for (number, expected) in chain.iter().enumerate() {
        let number = number as u64;
        same(&store.block(number).unwrap().unwrap(), &expected.block);
        same(&store.block_by_hash(expected.block.hash).unwrap().unwrap(), &expected.block);
        assert_eq!(*store.header(number).unwrap().unwrap(), expected.block.header);
        for (index, transaction) in expected.block.transactions.iter().enumerate() {
            let (block, at) = store.transaction(transaction.hash).unwrap().unwrap();
            assert_eq!((block.hash, at), (expected.block.hash, index));
        }
        let state = store.state_at(number).unwrap().unwrap();
        assert_eq!(state.number(), number);
        check_state(&state, expected);
        check_proofs(&state, expected);
        for ancestor in 0..=number {
            assert_eq!(
                state.block_hash_ref(ancestor).unwrap(),
                chain[ancestor as usize].block.hash
            );
        }
        assert_eq!(state.block_hash_ref(number + 1).unwrap(), B256::ZERO);
    }
    for block in
        removed.iter().filter(|block| chain.iter().all(|kept| kept.block.hash != block.hash))
    {
        assert_eq!(store.block_number(block.hash).unwrap(), None);
        for transaction in &block.transactions {
            assert!(store.transaction(transaction.hash).unwrap().is_none());
        }
    }
    assert!(
        store.block(head + 1).unwrap().is_none()
            && store.header(head + 1).unwrap().is_none()
            && store.state_at(head + 1).unwrap().is_none()
    );
    check_state(&store.latest(), &chain[head as usize]);
}

fn run(path: Option<&Path>, steps: &[Step]) {
    let mut store = Store::open(path, genesis()).unwrap();
    let mut accounts = Accounts::new();
    apply(&mut accounts, &genesis().alloc);
    let mut chain = vec![Expected { block: store.genesis(), accounts }];
    let (mut removed, mut held) = (Vec::new(), Vec::new());
    for (branch, step) in steps.iter().enumerate() {
        match step {
            Step::Append(changes, transactions) => {
                let diff = diff(changes);
                let block = append(&store, &diff, branch as u64, *transactions);
                let mut accounts = chain[chain.len() - 1].accounts.clone();
                apply(&mut accounts, &diff);
                chain.push(Expected { block, accounts });
            }
            Step::Rewind(back) => {
                let number = chain.len() - 1 - back.min(&(chain.len() - 1));
                let above = store.rewind(number as u64).unwrap();
                assert_eq!(above.len(), chain.len() - 1 - number);
                above
                    .iter()
                    .zip(&chain[number + 1..])
                    .for_each(|(block, expected)| same(block, &expected.block));
                removed.extend(above);
                chain.truncate(number + 1);
            }
            Step::Flush => {
                store.flush().unwrap();
                assert_eq!(store.flushed(), chain.len() as u64 - 1);
            }
            Step::Reopen if path.is_some() => {
                held.clear();
                drop(store);
                store = Store::open(path, genesis()).unwrap();
            }
            Step::Reopen => {}
        }
        // A state in hand stays what it is, whatever becomes of its block.
        let number = chain.len() / 2;
        held.push((
            store.state_at(number as u64).unwrap().unwrap_or_else(|| store.latest()),
            chain[number.min(chain.len() - 1)].clone(),
        ));
        held.iter().for_each(|(state, expected)| check_state(state, expected));
    }
    check(&store, &chain, &removed);
    held.iter().for_each(|(state, expected)| check_proofs(state, expected));
    drop(held);
    if path.is_some() {
        drop(store);
        check(&Store::open(path, genesis()).unwrap(), &chain, &removed);
    }
}

/// How often a property is tried: so often, or as `PROPTEST_CASES` says.
fn cases(usual: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    // 256 is proptest's own number: nobody has said another.
    let cases = if default.cases == 256 { usual } else { default.cases };
    ProptestConfig { cases, ..default }
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn the_store_does_what_the_model_does(steps in prop::collection::vec(step(), 1..30)) {
        let directory = tempfile::tempdir().unwrap();
        run(Some(directory.path()), &steps);
        run(None, &steps);
    }
}

#[test]
fn old_states_are_told_when_the_window_is_full() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(Some(directory.path()), genesis()).unwrap();
    let mut accounts = Accounts::new();
    apply(&mut accounts, &genesis().alloc);
    let mut chain = vec![Expected { block: store.genesis(), accounts }];
    for number in 1..=600 {
        let diff = common::changes_of(number);
        let block = append(&store, &diff, 0, number % 2);
        let mut accounts = chain[number as usize - 1].accounts.clone();
        apply(&mut accounts, &diff);
        chain.push(Expected { block, accounts });
    }
    store.flush().unwrap();
    for number in [0, 1, 5, 100, 343, 344, 345, 346, 599, 600] {
        let state = store.state_at(number as u64).unwrap().unwrap();
        check_state(&state, &chain[number]);
        check_proofs(&state, &chain[number]);
    }
    // Far below what is in memory, and on from there.
    let above = store.rewind(40).unwrap();
    assert_eq!(
        above.iter().map(|block| block.hash).collect::<Vec<_>>(),
        chain[41..].iter().map(|expected| expected.block.hash).collect::<Vec<_>>()
    );
    chain.truncate(41);
    check(&store, &chain, &above);
    for number in 41..=60 {
        assert_eq!(
            append(&store, &common::changes_of(number), 0, number % 2).hash,
            above[number as usize - 41].hash
        );
    }
    drop(store);
    assert_eq!(Store::open(Some(directory.path()), genesis()).unwrap().head().hash, above[19].hash);
}
