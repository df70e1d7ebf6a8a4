use super::{Account, HashedDiff, Missing, Position, StateTrie, Trie};
use crate::{AccountChange, StateDiff};
use alloc::{collections::BTreeMap, vec, vec::Vec};
use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256, map::B256Map};
use alloy_rlp::Encodable;
use alloy_trie::{HashBuilder, Nibbles, TrieAccount, proof::verify_proof};
use proptest::prelude::*;
use revm::{primitives::KECCAK_EMPTY, state::AccountInfo};

/// The root that alloy computes.
fn expected_root(entries: &BTreeMap<B256, U256>) -> B256 {
    let mut builder = HashBuilder::default();
    for (key, value) in entries {
        builder.add_leaf(Nibbles::unpack(key), &alloy_rlp::encode(value));
    }
    builder.root()
}

/// Keys that share long prefixes: a few values for a few bytes, at both ends.
fn key() -> impl Strategy<Value = B256> {
    let byte = prop_oneof![Just(0x00_u8), Just(0x01), Just(0x10), Just(0xff), any::<u8>()];
    (byte.clone(), byte.clone(), byte.clone(), byte, any::<bool>()).prop_map(
        |(a, b, c, d, hashed)| {
            let mut key = B256::ZERO;
            (key[0], key[1], key[30], key[31]) = (a, b, c, d);
            if hashed { keccak256(key) } else { key }
        },
    )
}

/// Zero removes.
fn write() -> impl Strategy<Value = (B256, u64)> {
    (key(), prop_oneof![3 => 1..u64::MAX, 1 => 1..4_u64, 3 => Just(0)])
}

fn apply(trie: &mut Trie<U256>, model: &mut BTreeMap<B256, U256>, key: B256, value: u64) {
    match value {
        0 => assert_eq!(trie.remove(&key).unwrap(), model.remove(&key).is_some()),
        value => {
            trie.insert(key, U256::from(value)).unwrap();
            model.insert(key, U256::from(value));
        }
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
    #![proptest_config(cases(400))]

    #[test]
    fn roots_and_proofs_are_ethereums(writes in prop::collection::vec(write(), 1..120), removals in prop::collection::vec(any::<prop::sample::Index>(), 0..60), absent in key()) {
        let (mut trie, mut model) = (Trie::default(), BTreeMap::new());
        for (index, (key, value)) in writes.iter().enumerate() {
            apply(&mut trie, &mut model, *key, *value);
            if index % 7 == 0 {
                prop_assert_eq!(trie.commit(), expected_root(&model));
            }
        }
        for removal in removals {
            apply(&mut trie, &mut model, removal.get(&writes).0, 0);
        }
        let root = trie.commit();
        prop_assert_eq!(root, expected_root(&model));
        prop_assert!(trie.iter().map(|entry| entry.map(|(key, value)| (key, *value))).eq(model.iter().map(|(key, value)| Ok((*key, *value)))));
        for key in writes.iter().map(|(key, _)| *key).chain([absent]) {
            let value = model.get(&key);
            prop_assert_eq!(trie.get(&key).unwrap(), value);
            let proof = trie.prove(&key).unwrap();
            prop_assert_eq!(verify_proof(root, Nibbles::unpack(key), value.map(alloy_rlp::encode), &proof), Ok(()));
        }
    }

    #[test]
    fn a_clone_is_a_snapshot(first in prop::collection::vec(write(), 1..60), second in prop::collection::vec(write(), 1..60)) {
        let (mut trie, mut model) = (Trie::default(), BTreeMap::new());
        first.iter().for_each(|(key, value)| apply(&mut trie, &mut model, *key, *value));
        let snapshot = trie.clone();
        let root = snapshot.root();
        let before = model.clone();
        second.iter().for_each(|(key, value)| apply(&mut trie, &mut model, *key, *value));
        prop_assert_eq!(trie.commit(), expected_root(&model));
        prop_assert_eq!(snapshot.root(), root);
        prop_assert!(snapshot.iter().map(|entry| entry.map(|(key, value)| (key, *value))).eq(before.iter().map(|(key, value)| Ok((*key, *value)))));
    }

    /// A blinded trie that finds its nodes in the whole one does the same; with only the nodes that it asked for it still does, and without any one of them it fails.
    #[test]
    fn a_blinded_trie_asks_for_what_it_needs(first in prop::collection::vec(write(), 1..60), second in prop::collection::vec(write(), 1..12), dropped in any::<prop::sample::Index>()) {
        let (mut trie, mut model) = (Trie::default(), BTreeMap::new());
        first.iter().for_each(|(key, value)| apply(&mut trie, &mut model, *key, *value));
        let root = trie.commit();
        let whole = trie.clone();
        let mut asked: B256Map<Bytes> = B256Map::default();
        let mut find = |position: &Position| {
            let node = whole.node(&position.prefix, position.depth)?;
            asked.insert(position.hash, node.clone());
            Some(node)
        };
        let after = replay(root, &second, &mut find);
        second.iter().for_each(|(key, value)| apply(&mut trie, &mut model, *key, *value));
        prop_assert_eq!(after, Ok(trie.commit()));
        prop_assert_eq!(replay(root, &second, &mut |position| asked.get(&position.hash).cloned()), after);
        if !asked.is_empty() {
            let hash = *dropped.get(&asked.keys().copied().collect::<Vec<_>>());
            let mut altered = asked.remove(&hash).unwrap().to_vec();
            prop_assert_eq!(replay(root, &second, &mut |position| asked.get(&position.hash).cloned()), Err(Missing { hash }));
            *altered.last_mut().unwrap() ^= 1;
            asked.insert(hash, altered.into());
            prop_assert_eq!(replay(root, &second, &mut |position| asked.get(&position.hash).cloned()), Err(Missing { hash }));
        }
    }

    #[test]
    fn decoding_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..80), depth in 0_usize..70) {
        let hash = keccak256(&bytes);
        let mut trie = Trie::<U256>::blinded(hash);
        let _ = trie.get_with(&B256::ZERO, &mut |_| Some(bytes.clone().into()));
        let _ = super::node::Node::<U256>::decode(&bytes, &B256::ZERO, depth);
    }
}

fn replay(
    root: B256,
    writes: &[(B256, u64)],
    resolve: &mut super::Resolver<'_>,
) -> Result<B256, Missing> {
    let mut trie = Trie::blinded(root);
    for (key, value) in writes {
        match value {
            0 => {
                trie.remove_with(key, resolve)?;
            }
            value => trie.insert_with(*key, U256::from(*value), resolve)?,
        }
    }
    Ok(trie.commit())
}

fn change(nonce: u64, storage: &[(u64, u64)]) -> AccountChange {
    AccountChange {
        info: Some(AccountInfo {
            nonce,
            balance: U256::from(nonce * 1000),
            code_hash: KECCAK_EMPTY,
            account_id: None,
            code: None,
        }),
        wiped: false,
        storage: storage
            .iter()
            .map(|(slot, value)| (U256::from(*slot), U256::from(*value)))
            .collect(),
    }
}

fn diff(changes: impl IntoIterator<Item = (u64, AccountChange)>) -> StateDiff {
    StateDiff {
        accounts: changes.into_iter().map(|(account, change)| (address(account), change)).collect(),
        ..StateDiff::default()
    }
}

fn address(account: u64) -> Address {
    Address::from_word(B256::from(U256::from(account)))
}

#[test]
fn a_state_is_ethereums() {
    let mut state = StateTrie::default();
    assert_eq!(state.root(), EMPTY_ROOT_HASH);
    state
        .apply(&diff(
            (1..=40)
                .map(|account| (account, change(account, &[(1, account), (2, 7), (account, 9)]))),
        ))
        .unwrap();
    let mut accounts = BTreeMap::new();
    for account in 1..=40_u64 {
        let storage: BTreeMap<_, _> = [(1, account), (2, 7), (account, 9)]
            .map(|(slot, value)| {
                (keccak256(U256::from(slot).to_be_bytes::<32>()), U256::from(value))
            })
            .into();
        let storage_root = expected_root(&storage);
        assert_eq!(state.storage_root(address(account)), Ok(storage_root));
        let leaf = TrieAccount {
            nonce: account,
            balance: U256::from(account * 1000),
            storage_root,
            code_hash: KECCAK_EMPTY,
        };
        accounts.insert(keccak256(address(account)), alloy_rlp::encode(leaf));
    }
    let mut builder = HashBuilder::default();
    accounts.iter().for_each(|(key, leaf)| builder.add_leaf(Nibbles::unpack(key), leaf));
    assert_eq!(state.root(), builder.root());
    for account in [1, 17, 40, 41] {
        let slots = [U256::from(1), U256::from(999)];
        let proof = state.prove(address(account), &slots).unwrap();
        let key = keccak256(address(account));
        assert_eq!(
            verify_proof(
                state.root(),
                Nibbles::unpack(key),
                accounts.get(&key).cloned(),
                &proof.proof
            ),
            Ok(())
        );
        assert_eq!(proof.account.is_some(), account <= 40);
        for slot in &proof.storage {
            let expected = (!slot.value.is_zero()).then(|| alloy_rlp::encode(slot.value));
            assert_eq!(slot.value, state.storage(address(account), slot.slot).unwrap());
            let root = proof.account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
            assert_eq!(
                verify_proof(
                    root,
                    Nibbles::unpack(keccak256(slot.slot.to_be_bytes::<32>())),
                    expected,
                    &slot.proof
                ),
                Ok(())
            );
        }
    }
}

#[test]
fn wiped_storage_and_gone_accounts_leave_nothing() {
    let mut state = StateTrie::default();
    state.apply(&diff([(1, change(1, &[(1, 1), (2, 2)])), (2, change(2, &[(5, 5)]))])).unwrap();
    let wiped = AccountChange { wiped: true, ..change(3, &[(3, 3)]) };
    state
        .apply(&diff([
            (1, wiped),
            (2, AccountChange { info: None, wiped: true, ..AccountChange::default() }),
        ]))
        .unwrap();
    let mut fresh = StateTrie::default();
    fresh.apply(&diff([(1, change(3, &[(3, 3)]))])).unwrap();
    assert_eq!(state.root(), fresh.root());
    assert_eq!(state.storage(address(1), U256::from(1)), Ok(U256::ZERO));
    assert_eq!(state.account(address(2)), Ok(None));
    state.apply(&diff([(1, AccountChange::default())])).unwrap();
    assert_eq!(state.root(), EMPTY_ROOT_HASH);
}

#[test]
fn a_code_hash_of_zero_means_no_code() {
    let mut zero = change(1, &[]);
    zero.info.as_mut().unwrap().code_hash = B256::ZERO;
    let (mut a, mut b) = (StateTrie::default(), StateTrie::default());
    a.apply(&diff([(1, zero)])).unwrap();
    b.apply(&diff([(1, change(1, &[]))])).unwrap();
    assert_eq!(a.root(), b.root());
    assert_eq!(a.account(address(1)).unwrap().unwrap().code_hash, KECCAK_EMPTY);
}

#[test]
fn a_missing_node_is_named_and_the_hashes_stay_right() {
    let mut state = StateTrie::blinded(B256::repeat_byte(7));
    let missing = Missing { hash: B256::repeat_byte(7) };
    assert_eq!(state.account(address(1)), Err(missing));
    assert_eq!(state.apply(&diff([(1, change(1, &[]))])), Err(missing));
    assert_eq!(state.prove(address(1), &[]), Err(missing));
    assert_eq!(state.iter().next().unwrap().err(), Some(missing));
    assert_eq!(state.root(), B256::repeat_byte(7));
}

#[test]
fn a_hashed_diff_is_sorted() {
    let hashed = HashedDiff::from(&diff(
        (0..50).map(|account| (account, change(account, &[(3, 1), (1, 0), (2, 5)]))),
    ));
    assert!(hashed.accounts.is_sorted_by_key(|(key, _)| *key));
    assert!(
        hashed
            .accounts
            .iter()
            .all(|(_, change)| change.storage.is_sorted_by_key(|(slot, _)| *slot))
    );
    assert_eq!(hashed.accounts.len(), 50);
}

#[test]
fn an_account_is_encoded_as_ethereum_does() {
    let account = Account {
        nonce: 3,
        balance: U256::from(500),
        storage_root: EMPTY_ROOT_HASH,
        code_hash: KECCAK_EMPTY,
    };
    let mut expected = vec![];
    TrieAccount {
        nonce: 3,
        balance: U256::from(500),
        storage_root: EMPTY_ROOT_HASH,
        code_hash: KECCAK_EMPTY,
    }
    .encode(&mut expected);
    assert_eq!(alloy_rlp::encode(account), expected);
}
