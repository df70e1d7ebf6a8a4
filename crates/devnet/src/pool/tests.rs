use super::*;
use alloy::{
    consensus::{EthereumTxEnvelope, SignableTransaction, TxEip1559, TxEip4844},
    primitives::{Signature, TxKind},
};
use mezz_evm::Transaction;

const ALICE: Address = Address::repeat_byte(0xaa);
const BOB: Address = Address::repeat_byte(0xbb);
const RICH: Sender = Sender { nonce: 0, balance: U256::MAX };

fn signed<T>(tx: T) -> alloy::consensus::Signed<T>
where
    T: SignableTransaction<Signature>,
{
    tx.into_signed(Signature::new(U256::ONE, U256::ONE, false))
}

fn entry(sender: Address, nonce: u64, fee: u128, tip: u128) -> Entry {
    let tx = TxEip1559 {
        nonce,
        max_fee_per_gas: fee,
        max_priority_fee_per_gas: tip,
        gas_limit: 21_000,
        to: TxKind::Call(sender),
        ..TxEip1559::default()
    };
    let transaction = Transaction::Ethereum(EthereumTxEnvelope::Eip1559(signed(tx)));
    Entry {
        transaction: SignedTransaction::new(transaction, sender),
        sidecar: None,
        impersonated: false,
    }
}

fn blob_entry(sender: Address, nonce: u64, fee: u128, blob_fee: u128) -> Entry {
    let tx = TxEip4844 {
        nonce,
        max_fee_per_gas: fee,
        max_priority_fee_per_gas: fee,
        max_fee_per_blob_gas: blob_fee,
        gas_limit: 21_000,
        blob_versioned_hashes: vec![B256::ZERO],
        ..TxEip4844::default()
    };
    let transaction = Transaction::Ethereum(EthereumTxEnvelope::Eip4844(signed(tx)));
    Entry {
        transaction: SignedTransaction::new(transaction, sender),
        sidecar: None,
        impersonated: false,
    }
}

/// The pool's order at a base fee of 10 and a blob fee of 5, as (first byte of the sender, nonce).
fn order(pool: &Pool) -> Vec<(u8, u64)> {
    let mut best = pool.best(10, 5);
    let mut order = Vec::new();
    while let Some(candidate) = best.next() {
        order.push((candidate.entry().transaction.sender[0], candidate.nonce));
        best.taken(candidate);
    }
    order
}

fn pool(entries: impl IntoIterator<Item = Entry>) -> Pool {
    let mut pool = Pool::default();
    for entry in entries {
        pool.insert(entry, RICH).unwrap();
    }
    pool
}

#[test]
fn the_best_tip_goes_first_and_nonces_stay_in_order() {
    let pool = pool([
        entry(ALICE, 0, 100, 1),
        entry(ALICE, 1, 100, 50),
        entry(BOB, 0, 100, 9),
        entry(BOB, 1, 12, 9),
    ]);
    // Bob's second tip is cut to 2 by its fee; Alice's second comes after her first, however much it pays.
    assert_eq!(order(&pool), [(0xbb, 0), (0xbb, 1), (0xaa, 0), (0xaa, 1)]);
}

#[test]
fn equal_tips_go_by_arrival() {
    assert_eq!(
        order(&pool([entry(BOB, 0, 100, 5), entry(ALICE, 0, 100, 5)])),
        [(0xbb, 0), (0xaa, 0)]
    );
}

#[test]
fn a_gap_queues_and_what_pays_too_little_waits() {
    let mut pool = pool([entry(ALICE, 1, 100, 1), entry(BOB, 0, 9, 1), entry(BOB, 1, 100, 1)]);
    assert_eq!(order(&pool), []);
    assert_eq!(pool.content().queued[&ALICE].len(), 1);
    assert_eq!(pool.content().pending[&BOB].len(), 2);
    pool.insert(entry(ALICE, 0, 100, 1), RICH).unwrap();
    assert_eq!(order(&pool), [(0xaa, 0), (0xaa, 1)]);
    assert_eq!(pool.next_nonce(ALICE), Some(2));
}

#[test]
fn blobs_wait_for_their_price() {
    assert_eq!(
        order(&pool([blob_entry(ALICE, 0, 100, 4), blob_entry(BOB, 0, 100, 5)])),
        [(0xbb, 0)]
    );
}

#[test]
fn replacing_takes_ten_per_cent_and_twice_for_blobs() {
    let mut normal = pool([entry(ALICE, 0, 100, 10)]);
    let error = normal.insert(entry(ALICE, 0, 109, 11), RICH).unwrap_err();
    assert_eq!(error, SubmitError::ReplacementUnderpriced { required: 110 });
    assert!(normal.insert(entry(ALICE, 0, 110, 10), RICH).is_err());
    normal.insert(entry(ALICE, 0, 110, 11), RICH).unwrap();
    assert_eq!(normal.content().pending[&ALICE].len(), 1);
    assert_eq!(normal.places.len(), 1);

    let mut blobs = pool([blob_entry(ALICE, 0, 100, 7)]);
    assert!(blobs.insert(blob_entry(ALICE, 0, 199, 14), RICH).is_err());
    assert!(blobs.insert(blob_entry(ALICE, 0, 200, 13), RICH).is_err());
    blobs.insert(blob_entry(ALICE, 0, 200, 14), RICH).unwrap();
    assert_eq!(blobs.blob_entries, 1);
    assert!(blobs.insert(entry(ALICE, 0, 399, 399), RICH).is_err());
    blobs.insert(entry(ALICE, 0, 400, 400), RICH).unwrap();
    assert_eq!(blobs.blob_entries, 0);
}

#[test]
fn a_sender_pays_for_all_it_sends() {
    let mut pool = Pool::default();
    let sender = Sender { nonce: 0, balance: U256::from(21_000 * 150) };
    pool.insert(entry(ALICE, 0, 100, 1), sender).unwrap();
    let error = pool.insert(entry(ALICE, 1, 100, 1), sender).unwrap_err();
    assert!(matches!(error, SubmitError::InsufficientFunds { .. }), "{error}");
    pool.insert(entry(ALICE, 1, 50, 1), sender).unwrap();
}

#[test]
fn known_old_and_far_transactions_are_refused() {
    let mut pool = pool([entry(ALICE, 0, 100, 1)]);
    assert!(matches!(
        pool.insert(entry(ALICE, 0, 100, 1), RICH),
        Err(SubmitError::AlreadyKnown(_))
    ));
    let late = Sender { nonce: 5, ..RICH };
    assert_eq!(
        pool.insert(entry(BOB, 4, 100, 1), late),
        Err(SubmitError::NonceTooLow { next: 5, nonce: 4 })
    );
    assert!(matches!(
        pool.insert(entry(BOB, 5_000, 100, 1), late),
        Err(SubmitError::NonceGapTooFar { .. })
    ));
}

#[test]
fn limits_hold() {
    let mut pool = Pool::default();
    for nonce in 0..ENTRIES_PER_SENDER_MAX as u64 {
        pool.insert(entry(ALICE, nonce, 100, 1), RICH).unwrap();
    }
    let next = ENTRIES_PER_SENDER_MAX as u64;
    assert!(matches!(
        pool.insert(entry(ALICE, next, 100, 1), RICH),
        Err(SubmitError::SenderLimit { .. })
    ));
    // A replacement takes no room.
    pool.insert(entry(ALICE, 0, 200, 2), RICH).unwrap();
    for nonce in 0..BLOB_ENTRIES_MAX as u64 {
        pool.insert(blob_entry(BOB, nonce, 100, 7), RICH).unwrap();
    }
    assert_eq!(
        pool.insert(blob_entry(BOB, BLOB_ENTRIES_MAX as u64, 100, 7), RICH),
        Err(SubmitError::PoolFull)
    );
}

#[test]
fn settling_forgets_what_is_over() {
    let mut pool =
        pool([entry(ALICE, 0, 100, 1), entry(ALICE, 1, 100, 1), entry(ALICE, 3, 100, 1)]);
    let version = pool.version();
    pool.settle(ALICE, 1);
    assert_eq!(order(&pool), [(0xaa, 1)]);
    assert_ne!(pool.version(), version);
    pool.settle(ALICE, 4);
    assert!(pool.senders().is_empty() && pool.places.is_empty());
}
