//! The pool: what waits, in which order it goes, and what is refused.

use crate::user::{TRANSFER_GAS, User};
use alloy::primitives::{Address, B256, Bytes, U256};
use mezz_evm::SignedTransaction;
use mezz_node::pool::{Pool, PoolLimits};
use mezz_rpc::SubmitError;

const GWEI: u128 = 1_000_000_000;

fn transaction(user: u32, nonce: u64, max_fee: u128) -> SignedTransaction {
    let (to, value) = (Address::repeat_byte(0xee), U256::from(1));
    let raw = User::new(user).sign_at(nonce, to, value, Bytes::new(), TRANSFER_GAS, max_fee);
    SignedTransaction::decode(raw).unwrap()
}

fn address(user: u32) -> Address {
    User::new(user).address()
}

/// As [`Pool::insert`], by hash.
fn insert(
    pool: &mut Pool,
    transaction: SignedTransaction,
    next: u64,
) -> Result<Option<B256>, SubmitError> {
    pool.insert(transaction, next).map(|replaced| replaced.map(|old| old.hash))
}

fn small() -> Pool {
    Pool::new(PoolLimits {
        total: 4,
        bytes: 1_000,
        per_sender: 3,
        nonce_gap: 5,
        replacement_bump: 10,
    })
}

#[test]
fn a_gap_waits_until_it_is_filled() {
    let mut pool = small();
    insert(&mut pool, transaction(1, 9, GWEI), 7).unwrap();
    insert(&mut pool, transaction(1, 8, GWEI), 7).unwrap();
    assert!(pool.take(address(1), 7).is_none());
    let content = pool.content(|_| 7);
    assert!(content.pending.is_empty());
    assert_eq!(content.queued[&address(1)].keys().copied().collect::<Vec<_>>(), [8, 9]);
    let content = pool.content(|_| 8);
    assert_eq!(content.pending[&address(1)].len(), 2);
    assert!(content.queued.is_empty());
    assert_eq!(pool.take(address(1), 8).unwrap().hash, transaction(1, 8, GWEI).hash);
    assert_eq!(pool.take(address(1), 9).unwrap().hash, transaction(1, 9, GWEI).hash);
    assert!(pool.is_empty() && pool.candidates().is_empty());
}

#[test]
fn nonces_are_neither_past_nor_far_ahead() {
    let mut pool = small();
    assert_eq!(
        insert(&mut pool, transaction(1, 6, GWEI), 7),
        Err(SubmitError::NonceTooLow { next: 7, nonce: 6 })
    );
    assert_eq!(
        insert(&mut pool, transaction(1, 13, GWEI), 7),
        Err(SubmitError::NonceGapTooFar { next: 7, nonce: 13 })
    );
    assert_eq!(insert(&mut pool, transaction(1, 12, GWEI), 7), Ok(None));
}

#[test]
fn a_replacement_raises_both_fees() {
    let mut pool = small();
    let old = transaction(1, 0, 100 * GWEI);
    insert(&mut pool, old.clone(), 0).unwrap();
    assert_eq!(insert(&mut pool, old.clone(), 0), Err(SubmitError::AlreadyKnown(old.hash)));
    assert_eq!(
        insert(&mut pool, transaction(1, 0, 110 * GWEI - 1), 0),
        Err(SubmitError::ReplacementUnderpriced { required: 110 * GWEI })
    );
    let new = transaction(1, 0, 110 * GWEI);
    assert_eq!(insert(&mut pool, new.clone(), 0), Ok(Some(old.hash)));
    assert_eq!(insert(&mut pool, new.clone(), 0), Err(SubmitError::AlreadyKnown(new.hash)));
    assert_eq!(pool.len(), 1);
    // What was replaced may come again, if it pays.
    assert!(matches!(insert(&mut pool, old, 0), Err(SubmitError::ReplacementUnderpriced { .. })));
}

#[test]
fn nobody_fills_the_pool_alone_and_a_full_one_says_so() {
    let mut pool = small();
    for nonce in 0..3 {
        insert(&mut pool, transaction(1, nonce, GWEI), 0).unwrap();
    }
    assert_eq!(
        insert(&mut pool, transaction(1, 3, GWEI), 0),
        Err(SubmitError::SenderLimit { limit: 3 })
    );
    insert(&mut pool, transaction(2, 0, GWEI), 0).unwrap();
    assert_eq!(insert(&mut pool, transaction(3, 0, GWEI), 0), Err(SubmitError::PoolFull));
    // A refusal leaves nothing behind.
    assert_eq!((pool.len(), pool.candidates().len()), (4, 2));
    // A replacement needs no room.
    assert!(insert(&mut pool, transaction(2, 0, 2 * GWEI), 0).unwrap().is_some());
    pool.drop_stale(address(1), 2);
    assert_eq!(pool.len(), 2);
    assert!(insert(&mut pool, transaction(3, 0, GWEI), 0).is_ok());
}

#[test]
fn who_pays_best_goes_first_with_the_lowest_nonce() {
    let mut pool = small();
    insert(&mut pool, transaction(1, 4, 2 * GWEI), 3).unwrap();
    insert(&mut pool, transaction(1, 3, GWEI), 3).unwrap();
    insert(&mut pool, transaction(2, 0, 3 * GWEI), 0).unwrap();
    assert_eq!(pool.candidates(), [(address(2), 0), (address(1), 3)]);
    pool.drop_stale(address(1), 4);
    assert_eq!(pool.candidates(), [(address(2), 0), (address(1), 4)]);
    pool.drop_stale(address(1), 5);
    pool.drop_stale(address(3), 5);
    assert_eq!(pool.candidates(), [(address(2), 0)]);
}

#[test]
fn what_was_promised_a_place_is_taken_whatever_the_limits_say() {
    let mut pool = small();
    for nonce in 0..3 {
        insert(&mut pool, transaction(1, nonce, GWEI), 0).unwrap();
    }
    assert!(pool.restore(transaction(1, 9, GWEI)).is_none());
    let other = transaction(1, 2, GWEI / 2);
    assert_eq!(pool.restore(other.clone()).unwrap().hash, transaction(1, 2, GWEI).hash);
    assert_eq!((pool.len(), pool.get(&other.hash).is_some()), (4, true));
    let stale = pool.drop_stale(address(1), 2);
    assert_eq!(
        stale.iter().map(|old| old.hash).collect::<Vec<_>>(),
        [transaction(1, 0, GWEI).hash, transaction(1, 1, GWEI).hash]
    );
    assert_eq!(pool.take(address(1), 2).unwrap().hash, other.hash);
}
