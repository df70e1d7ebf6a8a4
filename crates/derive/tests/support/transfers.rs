//! Signed transfers as a busy chain sees them.

use super::{CHAIN_ID, random_address, rng};
use alloy::{
    consensus::{
        EthereumTxEnvelope, SignableTransaction, TxEip1559, TxEip4844,
        transaction::SignerRecoverable,
    },
    eips::{Decodable2718, Encodable2718},
    primitives::{Address, Bytes, TxKind, U256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use mezz_derive::{Batch, BlockBody, Layout};
use mezz_primitives::Attributed;
use rand::{RngExt, rngs::StdRng};

const GWEI: u128 = 1_000_000_000;
/// The fee pairs that the wallets offer.
const FEES: [(u128, u128); 4] = [
    (GWEI / 10, GWEI / 100),
    (2 * GWEI, GWEI),
    (3 * GWEI / 2, GWEI / 10),
    (123_456_789, 1_000_000),
];

/// Transfers of ether among the accounts.
pub(crate) fn eth(count: usize, accounts: usize, seed: u64) -> Vec<Bytes> {
    transfers(count, accounts, seed, |rng, to| Call {
        to,
        value: amount(rng, 10),
        gas_limit: 21_000,
        input: Bytes::new(),
    })
}

/// Transfers of three ERC-20 tokens among the accounts.
pub(crate) fn erc20(count: usize, accounts: usize, seed: u64) -> Vec<Bytes> {
    let tokens_rng = &mut rng(seed ^ 1);
    let tokens: Vec<Address> = (0..3).map(|_| random_address(tokens_rng)).collect();
    transfers(count, accounts, seed, |rng, to| {
        let token = rng.random_range(0..tokens.len());
        let amount = amount(rng, if token == 0 { 0 } else { 10 });
        let words = [to.into_word().0, amount.to_be_bytes()].concat();
        Call {
            to: tokens[token],
            value: U256::ZERO,
            gas_limit: [51_000, 65_000, 34_100, 46_234][rng.random_range(0..4)],
            input: [&[0xa9, 0x05, 0x9c, 0xbb], &words[..]].concat().into(),
        }
    })
}

/// The transactions in blocks of 200, with or without their signatures.
pub(crate) fn in_blocks(layout: Layout, transactions: &[Bytes]) -> Batch {
    let attributed = |bytes: &Bytes| {
        let envelope = EthereumTxEnvelope::<TxEip4844>::decode_2718_exact(bytes).unwrap();
        Attributed::new(envelope.recover_signer().unwrap(), &envelope).encode()
    };
    let block = |transactions: &[Bytes]| BlockBody {
        step: 1,
        messages: 0,
        transactions: match layout {
            Layout::Unsigned => transactions.iter().map(attributed).collect(),
            _ => transactions.to_vec(),
        },
    };
    Batch { layout, blocks: transactions.chunks(200).map(block).collect(), hints: Vec::new() }
}

struct Call {
    to: Address,
    value: U256,
    gas_limit: u64,
    input: Bytes,
}

/// An amount of eight significant digits.
fn amount(rng: &mut StdRng, exponent: u32) -> U256 {
    let digits: u64 = rng.random_range(10_000_000..100_000_000);
    U256::from(digits) * U256::from(10u64.pow(exponent + rng.random_range(0..3)))
}

fn transfers(
    count: usize,
    accounts: usize,
    seed: u64,
    call: impl Fn(&mut StdRng, Address) -> Call,
) -> Vec<Bytes> {
    let rng = &mut rng(seed);
    let signers: Vec<PrivateKeySigner> = (0..accounts)
        .map(|_| PrivateKeySigner::from_slice(&rng.random::<[u8; 32]>()).unwrap())
        .collect();
    let mut nonces: Vec<u64> = (0..accounts).map(|_| rng.random_range(0..50)).collect();
    let mut transfer = |_| {
        let from = rng.random_range(0..accounts);
        let to = signers[rng.random_range(0..accounts)].address();
        let Call { to, value, gas_limit, input } = call(rng, to);
        let (max_fee_per_gas, max_priority_fee_per_gas) = FEES[rng.random_range(0..FEES.len())];
        let transaction = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce: nonces[from],
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to: TxKind::Call(to),
            value,
            access_list: Default::default(),
            input,
        };
        nonces[from] += 1;
        let signature = signers[from].sign_hash_sync(&transaction.signature_hash()).unwrap();
        transaction.into_signed(signature).encoded_2718().into()
    };
    (0..count).map(&mut transfer).collect()
}
