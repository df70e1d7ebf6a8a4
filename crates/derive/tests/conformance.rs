//! The encodings, pinned by hash: a change here is a change of the protocol.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use alloy::{
    consensus::{TxEip1559, TxEip2930, TxEip7702, TxLegacy},
    eips::{
        eip2930::{AccessList, AccessListItem},
        eip7702::{Authorization, SignedAuthorization},
    },
    primitives::{Address, B256, Bytes, Signature, TxKind, U256, b256, hex, keccak256},
};
use mezz_derive::{
    Batch, BlockBody, Compressor, Expected, Layout, blocks, decode, encode, to_blobs,
};
use mezz_primitives::DepositHint;
use support::{CHAIN_ID, digest, encoded, header, messages};

const ALICE: Address = Address::repeat_byte(0xa1);
const BOB: Address = Address::repeat_byte(0xb0);
const GWEI: u128 = 1_000_000_000;

fn signature(seed: u8) -> Signature {
    Signature::new(
        U256::from_be_bytes([seed; 32]),
        U256::from_be_bytes([seed / 2; 32]),
        seed.is_multiple_of(2),
    )
}

/// One transaction of each sort.
fn transactions() -> Vec<Bytes> {
    let to = TxKind::Call(ALICE);
    let value = U256::from(1_234_567_800_000_000_000u64);
    let access_list =
        AccessList(vec![AccessListItem { address: BOB, storage_keys: vec![B256::repeat_byte(5)] }]);
    let approve =
        [&hex!("095ea7b3")[..], BOB.into_word().as_slice(), &[0xff; 32], &[0; 32]].concat();
    let authorization = Authorization { chain_id: U256::from(CHAIN_ID), address: BOB, nonce: 300 };
    vec![
        encoded(
            TxLegacy {
                chain_id: None,
                nonce: 0,
                gas_price: 5 * GWEI,
                gas_limit: 21_000,
                to,
                value,
                input: Bytes::new(),
            },
            signature(0x11),
        ),
        encoded(
            TxLegacy {
                chain_id: Some(CHAIN_ID),
                nonce: 1,
                gas_price: 5 * GWEI,
                gas_limit: 900_000,
                to: TxKind::Create,
                value: U256::ZERO,
                input: hex!("6001600055").into(),
            },
            signature(0x22),
        ),
        encoded(
            TxEip2930 {
                chain_id: CHAIN_ID,
                nonce: 130,
                gas_price: GWEI,
                gas_limit: 60_000,
                to,
                value,
                access_list: access_list.clone(),
                input: Bytes::new(),
            },
            signature(0x33),
        ),
        encoded(
            TxEip1559 {
                chain_id: CHAIN_ID,
                nonce: 2,
                gas_limit: 60_000,
                max_fee_per_gas: 2 * GWEI,
                max_priority_fee_per_gas: 1,
                to: TxKind::Call(BOB),
                value: U256::ZERO,
                access_list: AccessList::default(),
                input: approve.into(),
            },
            signature(0x44),
        ),
        encoded(
            TxEip7702 {
                chain_id: CHAIN_ID,
                nonce: 3,
                gas_limit: 100_000,
                max_fee_per_gas: 2 * GWEI,
                max_priority_fee_per_gas: GWEI,
                to: ALICE,
                value: U256::from(7),
                access_list,
                authorization_list: vec![SignedAuthorization::new_unchecked(
                    authorization,
                    1,
                    U256::from(8),
                    U256::from(9),
                )],
                input: Bytes::new(),
            },
            signature(0x55),
        ),
    ]
}

fn batch() -> Batch {
    let transactions = transactions();
    let body = |step, messages, transactions: &[Bytes]| BlockBody {
        step,
        messages,
        transactions: transactions.to_vec(),
    };
    Batch {
        layout: Layout::Signed,
        blocks: vec![
            body(1, 2, &transactions[..2]),
            body(0, 0, &[]),
            body(200, 3, &transactions[2..]),
        ],
        hints: vec![
            DepositHint { l1_block_hash: B256::repeat_byte(1), log_index: 4 },
            DepositHint { l1_block_hash: B256::repeat_byte(1), log_index: 400 },
        ],
    }
}

#[test]
fn payload_is_pinned() {
    let payload = encode(&batch(), CHAIN_ID, Compressor::None).unwrap();
    assert_eq!(keccak256(&payload), PAYLOAD);
}

#[test]
fn blobs_are_pinned() {
    let payload: Vec<u8> =
        (0..130_000u32).map(|index| index.to_be_bytes()[2] ^ index.to_be_bytes()[3]).collect();
    let blobs = to_blobs(&payload).unwrap();
    assert_eq!(digest(blobs.iter().map(|blob| &blob[..])), BLOBS);
}

#[test]
fn derived_blocks_are_pinned() {
    let messages = messages(&[2, 0, 3, 0, 4]);
    for compressor in [Compressor::None, Compressor::Deflate] {
        let payload = encode(&batch(), CHAIN_ID, compressor).unwrap();
        let derived = blocks(&header(3, 5), 1_800_000_000, &messages, Some(&payload), CHAIN_ID);
        let digests = derived.iter().map(|block| {
            let transactions =
                digest(block.transactions.iter().map(|transaction| &transaction[..]));
            digest([
                &block.timestamp.to_be_bytes()[..],
                &block.queue_index.to_be_bytes(),
                transactions.as_slice(),
            ])
        });
        let digests: Vec<B256> = digests.collect();
        assert_eq!(digest(digests.iter().map(|block| block.as_slice())), DERIVED);
    }
}

/// A compressed payload stays readable whatever a later compressor writes.
#[test]
fn a_compressed_payload_from_the_past_is_read() {
    let expected = Expected { unsigned: false, chain_id: CHAIN_ID, block_count: 3, deposits: 2 };
    assert_eq!(decode(PAST, &expected), Ok(batch()));
}

const PAYLOAD: B256 = b256!("aedeb3909bbfe0a64befe4a01f0b1a598850de710de970dd5e289522c1c83901");
const BLOBS: B256 = b256!("4da89e9224e67ed778381422c10576af7da7cf80adbc684afe100df4d38c8114");
const DERIVED: B256 = b256!("b4bb0f8f27062c29770b2b9feb9ec3790ae1388dbe24c7f2ad6591adb1cd8b7a");
const PAST: &[u8] = &hex!(
    "0101c00211111111111111111111111111111111111111111111111111111111111111110808080808080808080808080808080808080808080808080808080808080808222222222222222222222222"
    "2222222222222222222222222222222222222222111111111111111111111111111111111111111111111111111111111111111133333333333333333333333333333333333333333333333333333333"
    "3333333319191919191919191919191919191919191919191919191919191919191919194444444444444444444444444444444444444444444444444444444444444444222222222222222222222222"
    "222222222222222222222222222222222222222255555555555555555555555555555555555555555555555555555555555555552a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a"
    "2a2a2a2a9c8e3d0ac2401085df9bcdaaab17b0f400d622768257482322293cc956368285075821602b7883545656d6fe1c2155d2e960bdb0e0f74d35cc1b9e21ae14181da6c8f6069063847384d170de"
    "5f805e0cb36d7885b2b9ef38311d50c4640e3f9d05211442d7fa9d18a8b8a9ddaaaa6b6b61b141c102b95b9f2e7ac34f82d9aa9d368758a577b009dae5ffd9e7c3977934eb3966cf7d010000ffff0300"
);
