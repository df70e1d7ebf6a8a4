//! Random transactions, batches and headers.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, reason = "test code")]

pub(crate) mod transfers;

use alloy::{
    consensus::{
        EthereumTxEnvelope, SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702,
        TxLegacy,
    },
    eips::{
        Decodable2718, Encodable2718,
        eip2930::{AccessList, AccessListItem},
        eip7702::{Authorization, SignedAuthorization},
    },
    primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256},
};
use mezz_derive::{Batch, BlockBody, Layout};
use mezz_primitives::{
    Accumulator, Attributed, BatchHeader, DaType, DepositHint, MessageKind, QueueMessage,
};
use proptest::prelude::*;
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

/// The chain of all tests.
pub(crate) const CHAIN_ID: u64 = 42_069;

/// How often a property is tried: so often, or as `PROPTEST_CASES` says.
pub(crate) fn config(usual: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    // 256 is proptest's own number: nobody has said another.
    let cases = if default.cases == 256 { usual } else { default.cases };
    ProptestConfig { cases, failure_persistence: None, ..default }
}

/// A generator that gives the same for the same seed.
pub(crate) fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// A batch of up to six blocks with transactions of all types and two or fewer hints.
pub(crate) fn batch(seed: u64) -> Batch {
    let rng = &mut rng(seed);
    let pool: Vec<Address> = (0..8).map(|_| random_address(rng)).collect();
    let blocks = (0..rng.random_range(1..=6))
        .map(|_| BlockBody {
            step: random_number(rng),
            messages: rng.random_range(0..30),
            transactions: (0..rng.random_range(0..20)).map(|_| transaction(rng, &pool)).collect(),
        })
        .collect();
    let hashes = [random_hash(rng), random_hash(rng)];
    let hints = (0..rng.random_range(0..3))
        .map(|_| DepositHint {
            l1_block_hash: hashes[rng.random_range(0..2)],
            log_index: random_number(rng),
        })
        .collect();
    Batch { layout: Layout::Signed, blocks, hints }
}

/// The same batch without signatures, from senders that each transaction's hash chooses among a few.
pub(crate) fn unsigned(batch: Batch) -> Batch {
    let attributed = |bytes: Bytes| {
        let envelope = EthereumTxEnvelope::<TxEip4844>::decode_2718_exact(&bytes).unwrap();
        let sender = Address::with_last_byte(keccak256(&bytes)[0] % 8);
        Attributed::new(sender, &envelope).encode()
    };
    let blocks = batch.blocks.into_iter().map(|body| BlockBody {
        transactions: body.transactions.into_iter().map(attributed).collect(),
        ..body
    });
    Batch { layout: Layout::Unsigned, blocks: blocks.collect(), hints: batch.hints }
}

/// A signed transaction of any type that a payload carries, with fields at their borders.
pub(crate) fn transaction(rng: &mut StdRng, pool: &[Address]) -> Bytes {
    let nonce = random_number(rng);
    let gas_limit = random_number(rng);
    let value = random_amount(rng);
    let max_fee_per_gas = random_fee(rng);
    let max_priority_fee_per_gas = random_fee(rng);
    let to = if rng.random_ratio(1, 5) { TxKind::Create } else { TxKind::Call(pick(rng, pool)) };
    let input = random_data(rng, pool);
    let access_list = random_access_list(rng, pool);
    let signature = random_signature(rng);
    match rng.random_range(0..5) {
        kind @ 0..2 => {
            let chain_id = (kind == 0).then_some(CHAIN_ID);
            encoded(
                TxLegacy {
                    chain_id,
                    nonce,
                    gas_price: max_fee_per_gas,
                    gas_limit,
                    to,
                    value,
                    input,
                },
                signature,
            )
        }
        2 => encoded(
            TxEip2930 {
                chain_id: CHAIN_ID,
                nonce,
                gas_price: max_fee_per_gas,
                gas_limit,
                to,
                value,
                access_list,
                input,
            },
            signature,
        ),
        3 => encoded(
            TxEip1559 {
                chain_id: CHAIN_ID,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to,
                value,
                access_list,
                input,
            },
            signature,
        ),
        _ => encoded(
            TxEip7702 {
                chain_id: CHAIN_ID,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to: pick(rng, pool),
                value,
                access_list,
                authorization_list: (0..rng.random_range(0..3))
                    .map(|_| authorization(rng, pool))
                    .collect(),
                input,
            },
            signature,
        ),
    }
}

/// The EIP-2718 bytes of a transaction with its signature.
pub(crate) fn encoded<T: SignableTransaction<Signature>>(
    transaction: T,
    signature: Signature,
) -> Bytes
where
    alloy::consensus::Signed<T>: Encodable2718,
{
    transaction.into_signed(signature).encoded_2718().into()
}

/// A signature that no key made: encoding does not look.
pub(crate) fn random_signature(rng: &mut StdRng) -> Signature {
    Signature::new(random_amount(rng), U256::from_limbs(rng.random()), rng.random())
}

/// Any address.
pub(crate) fn random_address(rng: &mut StdRng) -> Address {
    Address::new(rng.random())
}

fn random_hash(rng: &mut StdRng) -> B256 {
    B256::new(rng.random())
}

fn authorization(rng: &mut StdRng, pool: &[Address]) -> SignedAuthorization {
    let inner = Authorization {
        chain_id: U256::from(rng.random::<u64>()),
        address: pick(rng, pool),
        nonce: random_number(rng),
    };
    SignedAuthorization::new_unchecked(inner, rng.random(), random_amount(rng), random_amount(rng))
}

fn random_access_list(rng: &mut StdRng, pool: &[Address]) -> AccessList {
    let item = |rng: &mut StdRng| AccessListItem {
        address: pick(rng, pool),
        storage_keys: (0..rng.random_range(0..3)).map(|_| random_hash(rng)).collect(),
    };
    AccessList((0..rng.random_range(0..3)).map(|_| item(rng)).collect())
}

/// Call data: any bytes, or a selector with words of all sorts.
fn random_data(rng: &mut StdRng, pool: &[Address]) -> Bytes {
    let mut data = vec![0; if rng.random() { 4 } else { rng.random_range(0..70) }];
    rng.fill_bytes(&mut data);
    for _ in 0..rng.random_range(0..6) {
        match rng.random_range(0..4) {
            0 => data.extend([0; 32]),
            1 => data.extend(random_amount(rng).to_be_bytes::<32>()),
            2 => data.extend(pick(rng, pool).into_word()),
            _ => data.extend(random_hash(rng)),
        }
    }
    data.into()
}

fn pick(rng: &mut StdRng, pool: &[Address]) -> Address {
    pool[rng.random_range(0..pool.len())]
}

fn random_number(rng: &mut StdRng) -> u64 {
    rng.random::<u64>().checked_shr(rng.random_range(0..=64)).unwrap_or(0)
}

fn random_fee(rng: &mut StdRng) -> u128 {
    rng.random::<u128>().checked_shr(rng.random_range(0..=128)).unwrap_or(0)
}

fn random_amount(rng: &mut StdRng) -> U256 {
    let amount =
        U256::from_limbs(rng.random()).checked_shr(rng.random_range(0..=256)).unwrap_or_default();
    let round = U256::from(10).pow(U256::from(rng.random_range(0..30)));
    if rng.random() { amount } else { amount / round * round }
}

/// A header for `block_count` blocks and `message_count` messages.
pub(crate) fn header(block_count: u32, message_count: u64) -> BatchHeader {
    BatchHeader {
        unsigned: false,
        version: 1,
        da_type: DaType::Calldata,
        index: 7,
        prev_acc: Accumulator(B256::ZERO),
        da_hash: B256::ZERO,
        q_start: 100,
        q_end: 100 + message_count,
        queue_acc: B256::ZERO,
        first_block: 1_000,
        block_count,
        l1_block: 50,
        l1_time: 1_800_000_000,
    }
}

/// Messages of the kinds given, from index 100 on, each with data that its kind may have.
pub(crate) fn messages(kinds: &[u8]) -> Vec<QueueMessage> {
    kinds.iter().zip(100..).map(|(kind, index)| message((*kind).into(), index)).collect()
}

fn message(kind: MessageKind, index: u64) -> QueueMessage {
    let rng = &mut rng(index);
    let opaque = [
        &U256::from(5).to_be_bytes::<32>()[..],
        &U256::from(3).to_be_bytes::<32>(),
        &100_000u64.to_be_bytes(),
        &[0],
        b"hello",
    ]
    .concat();
    let data = match kind {
        MessageKind::Deposit => opaque.into(),
        MessageKind::Forced => transfers::eth(1, 1, index).remove(0),
        MessageKind::L1Info => vec![1; 192].into(),
        MessageKind::Config => vec![2; 64].into(),
        MessageKind::Unknown(_) => vec![3; 5].into(),
    };
    QueueMessage {
        kind,
        from: random_address(rng),
        to: random_address(rng),
        value: U256::from(5),
        gas: 100_000,
        data,
        l1_block: 49,
        l1_time: 1_799_999_988,
        index,
    }
}

/// A hash over byte strings and their borders.
pub(crate) fn digest<'a>(items: impl IntoIterator<Item = &'a [u8]>) -> B256 {
    keccak256(items.into_iter().flat_map(|item| keccak256(item).0).collect::<Vec<_>>())
}

/// A payload with this padding, whatever it says (docs/spec/batch.md, *Payload*).
pub(crate) fn padded(payload: &[u8], padding: &[u8]) -> Vec<u8> {
    let mut padded = vec![payload[0], payload[1] | 0x80];
    let mut length = padding.len();
    while length >= 0x80 {
        padded.push(length as u8 | 0x80);
        length >>= 7;
    }
    padded.push(length as u8);
    padded.extend_from_slice(padding);
    padded.extend_from_slice(&payload[2..]);
    padded
}
