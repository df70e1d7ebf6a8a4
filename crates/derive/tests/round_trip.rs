//! What goes into a payload or into blobs comes out of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use alloy::{
    consensus::{EthereumTxEnvelope, TxEip1559, TxEip4844, TxLegacy},
    eips::{Decodable2718, Encodable2718},
    primitives::Bytes,
};
use mezz_derive::{
    BLOB_CAPACITY, Batch, BlockBody, Compressor, EncodeError, Expected, Invalid, Layout,
    NotEncodable, PAYLOAD_BLOBS_MAX, TRANSACTIONS_MAX, blob_count, check_encodable, decode, encode,
    from_blobs, is_encodable, to_blobs,
};
use mezz_primitives::Attributed;
use proptest::prelude::*;
use support::{CHAIN_ID, config, encoded, random_address, random_signature, rng};

fn expected(batch: &Batch) -> Expected {
    Expected {
        unsigned: batch.layout == Layout::Unsigned,
        chain_id: CHAIN_ID,
        block_count: batch.blocks.len() as u32,
        deposits: batch.hints.len(),
    }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn batches_round_trip(seed: u64) {
        let signed = support::batch(seed);
        let attributed = Batch { layout: Layout::Attributed, ..signed.clone() };
        for batch in [signed.clone(), attributed, support::unsigned(signed)] {
            for compressor in [Compressor::None, Compressor::Deflate] {
                let payload = encode(&batch, CHAIN_ID, compressor).unwrap();
                prop_assert_eq!(&encode(&batch, CHAIN_ID, compressor).unwrap(), &payload);
                prop_assert_eq!(decode(&payload, &expected(&batch)), Ok(batch.clone()));
            }
        }
    }

    /// Whether signatures are missing is L1's word and not the payload's.
    #[test]
    fn a_payload_goes_with_its_header(seed: u64) {
        let signed = support::batch(seed);
        let attributed = Batch { layout: Layout::Attributed, ..signed.clone() };
        let unsigned = support::unsigned(signed.clone());
        let empty = signed.blocks.iter().all(|block| block.transactions.is_empty());
        for batch in [signed, attributed, unsigned] {
            let payload = encode(&batch, CHAIN_ID, Compressor::None).unwrap();
            let told = Expected { unsigned: batch.layout != Layout::Unsigned, ..expected(&batch) };
            match decode(&payload, &told) {
                // Without a transaction there is no signature to tell by.
                Ok(other) => prop_assert!(empty && batch.layout != Layout::Signed && other.blocks == batch.blocks),
                Err(invalid) => prop_assert!(!empty || (batch.layout, invalid) == (Layout::Signed, Invalid::Version)),
            }
        }
    }

    #[test]
    fn padding_says_nothing(seed: u64, padding in proptest::collection::vec(any::<u8>(), 0..5_000)) {
        let batch = support::batch(seed);
        let payload = encode(&batch, CHAIN_ID, Compressor::Deflate).unwrap();
        let padded = support::padded(&payload, &padding);
        prop_assert_eq!(decode(&padded, &expected(&batch)), Ok(batch.clone()));
        let cut = &padded[..padding.len()];
        prop_assert!(decode(cut, &expected(&batch)).is_err());
    }

    /// The form is the same whoever makes it, and takes a signature back.
    #[test]
    fn a_transaction_loses_its_signature_and_nothing_else(seed: u64) {
        let rng = &mut rng(seed);
        let (sender, pool) = (random_address(rng), [random_address(rng)]);
        let bytes = support::transaction(rng, &pool);
        let envelope = EthereumTxEnvelope::<TxEip4844>::decode_2718_exact(&bytes).unwrap();
        let attributed = Attributed::new(sender, &envelope);
        prop_assert_eq!(Attributed::decode(&attributed.encode()), Some(attributed.clone()));
        prop_assert_eq!(&Attributed::new(sender, &attributed.transaction), &attributed);
        let signature = envelope.signature();
        let mut whole = [0; 65];
        whole[..32].copy_from_slice(&signature.r().to_be_bytes::<32>());
        whole[32..64].copy_from_slice(&signature.s().to_be_bytes::<32>());
        whole[64] = signature.v().into();
        prop_assert_eq!(attributed.signed(&whole).unwrap().encoded_2718(), bytes.to_vec());
        whole[64] = 2;
        prop_assert!(attributed.signed(&whole).is_none());
        prop_assert!(Attributed::decode(&bytes).is_none());
        let mut signed_inside = attributed.encode().to_vec();
        signed_inside.truncate(21);
        signed_inside.extend_from_slice(&bytes);
        prop_assert!(Attributed::decode(&signed_inside).is_none());
    }

    #[test]
    fn every_wallet_transaction_is_encodable(seed: u64) {
        let rng = &mut rng(seed);
        let pool = [random_address(rng)];
        let transaction = support::transaction(rng, &pool);
        prop_assert_eq!(check_encodable(&transaction, CHAIN_ID), Ok(()));
        for length in 0..transaction.len() {
            prop_assert!(!is_encodable(&transaction[..length], CHAIN_ID));
        }
        let longer = [&transaction[..], &[0]].concat();
        prop_assert_eq!(check_encodable(&longer, CHAIN_ID), Err(NotEncodable::Malformed));
    }

    /// Whatever the check lets through is carried without loss.
    #[test]
    fn what_is_encodable_round_trips(seed: u64, position: prop::sample::Index, bit in 0u8..8) {
        let rng = &mut rng(seed);
        let pool = [random_address(rng)];
        let mut bytes = support::transaction(rng, &pool).to_vec();
        *position.get_mut(&mut bytes[..]) ^= 1 << bit;
        let batch = Batch { layout: Layout::Signed, blocks: vec![BlockBody { transactions: vec![bytes.into()], ..BlockBody::default() }], hints: vec![] };
        match encode(&batch, CHAIN_ID, Compressor::Deflate) {
            Ok(payload) => prop_assert_eq!(decode(&payload, &expected(&batch)), Ok(batch)),
            Err(error) => {
                let refused = matches!(error, EncodeError::Transaction { block: 0, position: 0, .. });
                prop_assert!(refused);
            }
        }
    }

    #[test]
    fn blobs_round_trip(length in 0..3 * BLOB_CAPACITY, seed: u64) {
        let payload: Vec<u8> = (0..length as u64).map(|index| (index ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0]).collect();
        let blobs = to_blobs(&payload).unwrap();
        prop_assert_eq!(blob_count(length), Some(blobs.len()));
        prop_assert_eq!(from_blobs(blobs.iter().map(|blob| &**blob)), Ok(payload.clone()));
        let trimmed = blobs.iter().map(|blob| mezz_primitives::trimmed(&blob[..]));
        prop_assert_eq!(from_blobs(trimmed), Ok(payload));
    }
}

#[test]
fn an_empty_batch_is_a_payload() {
    let batch = Batch { layout: Layout::Signed, blocks: vec![BlockBody::default()], hints: vec![] };
    let payload = encode(&batch, CHAIN_ID, Compressor::None).unwrap();
    assert_eq!(decode(&payload, &expected(&batch)), Ok(batch));
}

#[test]
fn transactions_of_other_chains_and_types_are_refused() {
    let signature = random_signature(&mut rng(1));
    let other = encoded(TxEip1559 { chain_id: 1, ..TxEip1559::default() }, signature);
    assert_eq!(
        check_encodable(&other, CHAIN_ID),
        Err(NotEncodable::ChainId { signed: 1, expected: CHAIN_ID })
    );
    let protected = encoded(TxLegacy { chain_id: Some(1), ..TxLegacy::default() }, signature);
    assert_eq!(
        check_encodable(&protected, CHAIN_ID),
        Err(NotEncodable::ChainId { signed: 1, expected: CHAIN_ID })
    );
    let blob = encoded(TxEip4844 { chain_id: CHAIN_ID, ..TxEip4844::default() }, signature);
    assert_eq!(check_encodable(&blob, CHAIN_ID), Err(NotEncodable::Type(3)));
    assert_eq!(check_encodable(&[0x7e, 0xc0], CHAIN_ID), Err(NotEncodable::Type(0x7e)));
    assert_eq!(check_encodable(&[], CHAIN_ID), Err(NotEncodable::Malformed));

    let block = |transactions: Vec<Bytes>| BlockBody { transactions, ..BlockBody::default() };
    let batch = Batch {
        layout: Layout::Signed,
        blocks: vec![block(vec![]), block(vec![blob])],
        hints: vec![],
    };
    let reason = NotEncodable::Type(3);
    assert_eq!(
        encode(&batch, CHAIN_ID, Compressor::None),
        Err(EncodeError::Transaction { block: 1, position: 0, reason })
    );
}

#[test]
fn batches_past_the_limits_are_refused() {
    let legacy = |input: Vec<u8>| {
        encoded(
            TxLegacy { input: input.into(), ..TxLegacy::default() },
            random_signature(&mut rng(1)),
        )
    };
    let batch = |transactions| Batch {
        layout: Layout::Signed,
        blocks: vec![BlockBody { transactions, ..BlockBody::default() }],
        hints: vec![],
    };
    let encode = |batch: &Batch| encode(batch, CHAIN_ID, Compressor::Deflate);

    let full = batch(vec![legacy(vec![0; mezz_primitives::PAYLOAD_MAX])]);
    assert_eq!(decode(&encode(&full).unwrap(), &expected(&full)), Ok(full));
    assert_eq!(
        encode(&batch(vec![legacy(vec![0; mezz_primitives::PAYLOAD_MAX + 1])])),
        Err(EncodeError::Length)
    );
    let noise = vec![[0xee; 31]; mezz_primitives::PAYLOAD_MAX / 31].concat();
    assert_eq!(encode(&batch(vec![legacy(noise)])), Err(EncodeError::Length));
    let many = batch(vec![legacy(vec![]); TRANSACTIONS_MAX as usize]);
    assert_eq!(decode(&encode(&many).unwrap(), &expected(&many)), Ok(many));
    assert_eq!(
        encode(&batch(vec![legacy(vec![]); TRANSACTIONS_MAX as usize + 1])),
        Err(EncodeError::TransactionCount)
    );
}

#[test]
fn blobs_are_packed_as_the_specification_says() {
    let blobs = to_blobs(&[0xaa; 30]).unwrap();
    assert_eq!(blobs.len(), 1);
    assert_eq!(blobs[0][..5], [0, 0, 0, 0, 30]);
    assert_eq!(blobs[0][5..32], [0xaa; 27]);
    assert_eq!(blobs[0][32..36], [0, 0xaa, 0xaa, 0xaa]);
    assert!(blobs[0][36..].iter().all(|byte| *byte == 0));

    assert_eq!(blob_count(0), Some(1));
    assert_eq!(blob_count(BLOB_CAPACITY - 4), Some(1));
    assert_eq!(blob_count(BLOB_CAPACITY - 3), Some(2));
    assert_eq!(blob_count(PAYLOAD_BLOBS_MAX), Some(6));
    assert_eq!(blob_count(PAYLOAD_BLOBS_MAX + 1), None);
    assert_eq!(to_blobs(&vec![0; PAYLOAD_BLOBS_MAX + 1]), None);
    let full = vec![0xff; PAYLOAD_BLOBS_MAX];
    assert_eq!(from_blobs(to_blobs(&full).unwrap().iter().map(|blob| &**blob)), Ok(full));
}

#[test]
fn blobs_packed_otherwise_are_invalid() {
    let check = |change: fn(&mut [u8]), error: Invalid| {
        let mut blob = to_blobs(&[1; 40]).unwrap().remove(0);
        change(&mut blob[..]);
        assert_eq!(from_blobs([&*blob]), Err(error));
    };
    check(|blob| blob[0] = 1, Invalid::BlobElement);
    check(|blob| blob[4095 * 32] = 1, Invalid::BlobElement);
    check(|blob| blob[131_071] = 1, Invalid::BlobPadding);
    check(|blob| blob[4] = 39, Invalid::BlobPadding);
    check(|blob| blob[2] = 0xff, Invalid::BlobLength);
    check(|blob| blob[1..5].fill(0xff), Invalid::BlobLength);
    assert_eq!(from_blobs::<&[u8]>([]), Err(Invalid::BlobLength));
}
