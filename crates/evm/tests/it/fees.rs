//! What a transaction pays, against numbers worked out by hand and against what `GasPriceOracle` tells wallets.

use crate::common::*;
use alloy_consensus::{Header, SignableTransaction, TxEip1559};
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::sol;
use mezz_evm::{L2Config, flz_compress_len, l1_fee, next_base_fee, operator_fee};
use mezz_primitives::predeploys::{
    BASE_FEE_VAULT, GAS_PRICE_ORACLE, L1_FEE_VAULT, OPERATOR_FEE_VAULT, SEQUENCER_FEE_VAULT,
};
use proptest::prelude::*;

sol! {
    function getL1Fee(bytes data) external view returns (uint256);
    function getL1FeeUpperBound(uint256 unsignedTxSize) external view returns (uint256);
    function getOperatorFee(uint256 gasUsed) external view returns (uint256);
    function baseFee() external view returns (uint256);
    function l1BaseFee() external view returns (uint256);
    function blobBaseFee() external view returns (uint256);
}

const VECTORS: &str = include_str!("../../../../contracts/fastlz-vectors.json");

#[test]
fn fastlz_lengths_are_those_of_the_contracts() {
    let vectors: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
    let vectors = vectors.as_array().unwrap();
    assert_eq!(vectors.len(), 107);
    for vector in vectors {
        let data: Bytes = vector["data"].as_str().unwrap().parse().unwrap();
        let length = u64::from(flz_compress_len(&data));
        assert_eq!(Some(length), vector["length"].as_u64(), "{}", vector["name"]);
    }
}

#[test]
fn the_l1_fee_is_fjords() {
    let config = L2Config {
        base_fee_scalar: 5_227,
        blob_base_fee_scalar: 1_014_213,
        l1_base_fee: U256::from(10_000_000_000_u64),
        l1_blob_base_fee: U256::from(1),
        ..L2Config::default()
    };
    // price = 16 * 5,227 * 10 gwei + 1,014,213 = 836,320,001,014,213
    // Bytes that all differ take 33 for each 32, and one more than their number for what remains.
    let check = |length, compressed, expected: u64| {
        let bytes: Vec<u8> = (0..length).collect();
        assert_eq!(flz_compress_len(&bytes), compressed, "{length} bytes");
        assert_eq!(l1_fee(&config, &bytes), U256::from(expected), "{length} bytes");
    };
    // Up to 170 compressed bytes the least size of 100 bytes stands: 10^8 * price / 10^12.
    check(0, 0, 83_632_000_101);
    check(164, 170, 83_632_000_101);
    // 836,500 * 171 - 42,585,600 = 100,455,900; with 206: 129,733,400.
    check(165, 171, 84_013_278_389);
    check(199, 206, 108_498_637_219);
    assert_eq!(l1_fee(&L2Config::default(), &[1; 500]), U256::ZERO);
}

#[test]
fn the_operator_fee_is_isthmus() {
    assert_eq!(operator_fee(0, 0, 21_000), U256::ZERO);
    assert_eq!(operator_fee(0, 77, 21_000), U256::from(77));
    assert_eq!(operator_fee(250_000, 77, 21_000), U256::from(5_327));
    // Fractions of a wei are dropped.
    assert_eq!(operator_fee(1, 0, 999_999), U256::ZERO);
    assert_eq!(operator_fee(1, 0, 1_000_000), U256::from(1));
    let most =
        U256::from(u64::MAX) * U256::from(u32::MAX) / U256::from(1_000_000) + U256::from(u64::MAX);
    assert_eq!(operator_fee(u32::MAX, u64::MAX, u64::MAX), most);
}

#[test]
fn the_base_fee_moves_with_the_gas_and_never_below_the_least() {
    let config =
        L2Config { denominator: 50, elasticity: 6, min_base_fee: 990, ..L2Config::default() };
    let check = |base_fee, gas_used, expected| {
        let parent = Header {
            base_fee_per_gas: Some(base_fee),
            gas_limit: 60_000_000,
            gas_used,
            ..Header::default()
        };
        assert_eq!(next_base_fee(&parent, &config), expected, "{base_fee} wei, {gas_used} gas");
    };
    check(10_000, 10_000_000, 10_000);
    // Five targets too much: 5/50 up.
    check(10_000, 60_000_000, 11_000);
    // A target too little: 1/50 down.
    check(10_000, 0, 9_800);
    check(10_000, 5_000_000, 9_900);
    check(1_000, 0, 990);
    check(0, 0, 990);
    // It rises by a wei at least.
    let low = L2Config { min_base_fee: 1, ..config };
    let full =
        Header { base_fee_per_gas: Some(7), gas_limit: 60, gas_used: 60, ..Header::default() };
    assert_eq!(next_base_fee(&full, &low), 8);
    // A configuration of zeros divides by nothing.
    assert_eq!(next_base_fee(&full, &L2Config::default()), 7);
}

proptest! {
    #![proptest_config(crate::common::cases(24))]

    #[test]
    fn what_is_charged_is_what_the_oracle_said(
        data in prop::collection::vec(prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], 0..2_000),
        base_fee in 0..u64::MAX / 1_000_000,
        blob_base_fee in 0..u64::MAX / 1_000_000,
        scalars in any::<(u16, u32, u16)>(),
        constant in 0..10_u64.pow(12),
        tip in 0..5_000_u128,
    ) {
        let fees = mezz_primitives::FeeConfig {
            base_fee_scalar: scalars.0.into(),
            blob_base_fee_scalar: scalars.1 >> 8,
            operator_fee_scalar: scalars.2.into(),
            operator_fee_constant: constant,
            ..FEES
        };
        let mut rollup = Rollup::with_wallets(&fees, 1);
        rollup.run([l1_prices(base_fee, blob_base_fee)]);
        let sender = wallet(0).address();
        let unsigned = TxEip1559 {
            gas_limit: 200_000,
            max_priority_fee_per_gas: tip,
            input: data.into(),
            ..transfer(rollup.nonce(sender), Code::Splitter.address(), 10)
        };
        let mut naked = Vec::new();
        unsigned.encode_for_signing(&mut naked);
        let signed = sign(0, unsigned);

        prop_assert_eq!(rollup.call(GAS_PRICE_ORACLE, &l1BaseFeeCall {}), U256::from(base_fee));
        prop_assert_eq!(rollup.call(GAS_PRICE_ORACLE, &blobBaseFeeCall {}), U256::from(blob_base_fee));
        let told = rollup.call(GAS_PRICE_ORACLE, &getL1FeeCall { data: signed.clone() });
        let estimate = rollup.call(GAS_PRICE_ORACLE, &getL1FeeCall { data: naked.clone().into() });
        let bound = rollup.call(GAS_PRICE_ORACLE, &getL1FeeUpperBoundCall { unsignedTxSize: U256::from(naked.len()) });
        prop_assert!(told <= estimate && estimate <= bound, "{} {} {}", told, estimate, bound);
        prop_assert_eq!(told, l1_fee(&rollup.config(), &signed));
        let base_fee_told = rollup.call(GAS_PRICE_ORACLE, &baseFeeCall {});

        let before = rollup.clone();
        let block = rollup.run([signed]);
        prop_assert_eq!(block.receipts.len(), 1);
        let gained = |address| rollup.balance(address) - before.balance(address);
        let gas_used = U256::from(block.header.gas_used);
        let operator = before.call(GAS_PRICE_ORACLE, &getOperatorFeeCall { gasUsed: gas_used });
        prop_assert_eq!(gained(L1_FEE_VAULT), told);
        prop_assert_eq!(gained(OPERATOR_FEE_VAULT), operator);
        prop_assert_eq!(gained(BASE_FEE_VAULT), gas_used * base_fee_told);
        prop_assert_eq!(gained(SEQUENCER_FEE_VAULT), gas_used * U256::from(tip));
        let fees = told + operator + gas_used * (base_fee_told + U256::from(tip));
        let value = if block.receipts[0].success { U256::from(10) } else { U256::ZERO };
        prop_assert_eq!(before.balance(sender) - rollup.balance(sender), fees + value);
    }
}

#[test]
fn a_sender_who_cannot_pay_every_fee_is_refused() {
    let mut rollup = Rollup::new(&FEES);
    rollup.run([l1_prices(10_000_000_000, 1)]);
    let sender = wallet(0).address();
    let transaction = TxEip1559 { nonce: 1, ..transfer(1, wallet(1).address(), 5) };
    let signed = sign(0, transaction.clone());
    let needed = 5
        + 21_000 * transaction.max_fee_per_gas
        + l1_fee(&rollup.config(), &signed).to::<u128>()
        + operator_fee(FEES.operator_fee_scalar, FEES.operator_fee_constant, 21_000).to::<u128>();
    rollup.run([mint(sender, needed - 1)]);
    assert!(rollup.run([signed.clone()]).receipts.is_empty());
    assert_eq!(rollup.balance(sender), U256::from(needed - 1));
    // A wei more, and it stands; the self-call takes the nonce that the transaction would have.
    let mut rich = Rollup::new(&FEES);
    rich.run([l1_prices(10_000_000_000, 1)]);
    rich.run([mint(sender, needed)]);
    assert_eq!(rich.run([signed]).receipts.len(), 1);
}
