//! What L1 makes L2 do: mints, calls, system transactions; and that no wei is lost or made.

use crate::common::{
    random::{WALLETS, blocks, minted, transactions},
    *,
};
use alloy_consensus::{Sealable, TxEip1559, TxEip4844, TxLegacy};
use alloy_primitives::{Address, Bytes, TxKind, U256, hex};
use mezz_evm::{
    BlockEnvironment, BlockExecutor, Chain, L2Config, Layer, Outcome, Overlay, Receipt,
    SignedTransaction, Transaction, TransactionError,
};
use mezz_primitives::{
    FeeConfig, alias,
    predeploys::{DEPOSITOR, L1_BLOCK},
};
use op_alloy_consensus::TxDeposit;
use proptest::prelude::*;

pub(crate) const ALICE: Address = Address::repeat_byte(0xa1);
pub(crate) const BOB: Address = Address::repeat_byte(0xb0);

/// Runs one deposit on a fresh rollup.
fn run(deposit: TxDeposit) -> (Rollup, Receipt, Outcome) {
    let mut rollup = Rollup::new(&FEES);
    let outcome = rollup.run([encode(deposit)]);
    (rollup, outcome.receipts[0].clone(), outcome)
}

fn wei(amount: u128) -> U256 {
    U256::from(amount)
}

#[test]
fn a_mint_is_credited_and_the_call_made_for_nothing() {
    let (rollup, receipt, outcome) =
        run(TxDeposit { mint: 100, value: U256::from(30), ..deposit(ALICE, BOB) });
    assert!(receipt.success);
    assert_eq!((receipt.transaction_type, receipt.deposit_nonce), (0x7e, Some(0)));
    assert_eq!((rollup.balance(ALICE), rollup.balance(BOB)), (wei(70), wei(30)));
    assert_eq!(rollup.nonce(ALICE), 1);
    assert_eq!(rollup.supply(), wei(100));
    assert_eq!(outcome.header.gas_used, 21_000);
}

#[test]
fn a_reverting_call_keeps_the_mint_and_gives_back_the_value() {
    let (rollup, receipt, outcome) = run(TxDeposit {
        mint: 100,
        value: U256::from(30),
        ..deposit(ALICE, Code::Reverter.address())
    });
    assert!(!receipt.success);
    assert_eq!((rollup.balance(ALICE), rollup.supply()), (wei(100), wei(100)));
    assert_eq!(rollup.slot(Code::Reverter.address(), 0), U256::ZERO);
    assert_eq!(rollup.nonce(ALICE), 1);
    assert!((21_000..200_000).contains(&outcome.header.gas_used), "only what it used");
}

#[test]
fn a_call_that_runs_out_of_gas_uses_all_of_it_and_keeps_the_mint() {
    let (rollup, receipt, outcome) =
        run(TxDeposit { mint: 100, ..deposit(ALICE, Code::Spinner.address()) });
    assert!(!receipt.success);
    assert_eq!((rollup.balance(ALICE), rollup.nonce(ALICE)), (wei(100), 1));
    assert_eq!(outcome.header.gas_used, 200_000);
}

#[test]
fn too_little_gas_to_start_fails_and_keeps_the_mint() {
    for to in [TxKind::Call(BOB), TxKind::Create] {
        let (rollup, receipt, outcome) = run(TxDeposit {
            mint: 100,
            value: U256::from(30),
            gas_limit: 20_999,
            to,
            ..deposit(ALICE, BOB)
        });
        assert_eq!((receipt.success, receipt.deposit_nonce), (false, Some(0)));
        assert_eq!((rollup.balance(ALICE), rollup.balance(BOB)), (wei(100), U256::ZERO));
        assert_eq!(rollup.nonce(ALICE), 1);
        assert_eq!(outcome.header.gas_used, 20_999);
    }
}

#[test]
fn more_value_than_the_sender_owns_fails_and_keeps_the_mint() {
    for to in [TxKind::Call(BOB), TxKind::Create] {
        let (rollup, receipt, outcome) =
            run(TxDeposit { mint: 100, value: U256::from(101), to, ..deposit(ALICE, BOB) });
        assert_eq!((receipt.success, receipt.deposit_nonce), (false, Some(0)));
        assert_eq!((rollup.balance(ALICE), rollup.supply()), (wei(100), wei(100)));
        assert_eq!(rollup.nonce(ALICE), 1, "{to:?}");
        assert_eq!(outcome.header.gas_used, 200_000, "{to:?}");
    }
}

#[test]
fn a_creation_makes_the_contract_of_the_nonce() {
    let mut rollup = Rollup::new(&FEES);
    let create = || {
        let input = hex!("6001600c60003960016000f300").into();
        encode(TxDeposit {
            to: TxKind::Create,
            input,
            mint: 9,
            value: wei(4),
            ..deposit(ALICE, BOB)
        })
    };
    let outcome = rollup.run([create(), create()]);
    for (nonce, receipt) in (0..).zip(&outcome.receipts) {
        assert_eq!((receipt.success, receipt.deposit_nonce), (true, Some(nonce)));
        let created = outcome.transactions[0].created(nonce).unwrap();
        assert_eq!(created, ALICE.create(nonce));
        assert_eq!((rollup.balance(created), rollup.nonce(created)), (wei(4), 1));
    }
    assert_eq!((rollup.balance(ALICE), rollup.nonce(ALICE)), (wei(10), 2));
}

#[test]
fn a_contract_on_l1_deposits_as_its_alias_and_spends_what_it_has() {
    let from = alias(Code::Token.address());
    assert_ne!(from, Code::Token.address());
    let (mut rollup, receipt, _) = run(TxDeposit { mint: 100, ..deposit(from, from) });
    assert!(receipt.success);
    let outcome = rollup.run([encode(TxDeposit { value: wei(60), ..deposit(from, BOB) })]);
    assert_eq!(outcome.receipts[0].deposit_nonce, Some(1));
    assert_eq!((rollup.balance(from), rollup.balance(BOB)), (wei(40), wei(60)));
}

#[test]
fn an_account_with_code_may_be_the_sender() {
    let from = Code::Token.address();
    let (rollup, receipt, _) = run(TxDeposit { mint: 7, value: wei(7), ..deposit(from, BOB) });
    assert_eq!((receipt.success, receipt.deposit_nonce), (true, Some(1)));
    assert_eq!(rollup.balance(BOB), wei(7));
}

#[test]
fn neither_the_blocks_gas_nor_the_cap_of_a_transaction_binds_a_deposit() {
    let gas_limit = FEES.gas_limit + 1;
    let (_, receipt, outcome) = run(TxDeposit { gas_limit, mint: 1, ..deposit(ALICE, BOB) });
    assert!(receipt.success);
    assert_eq!(outcome.header.gas_used, 21_000);
}

#[test]
fn what_l1_says_of_its_prices_holds_from_the_next_block() {
    let mut rollup = Rollup::with_wallets(&FEES, 1);
    let pay = |rollup: &Rollup| sign(0, transfer(rollup.nonce(wallet(0).address()), BOB, 1));
    let vault = mezz_primitives::predeploys::L1_FEE_VAULT;
    let outcome = rollup.run([l1_prices(10_000_000_000, 1), pay(&rollup)]);
    assert!(outcome.receipts.iter().all(|receipt| receipt.success));
    // The block itself still had the prices of its parent: none.
    assert_eq!(rollup.balance(vault), U256::ZERO);
    let slots = [(200 << 64) | 100, 10_000_000_000_u128].map(U256::from);
    assert_eq!([0, 1].map(|slot| rollup.slot(L1_BLOCK, slot)), slots);
    assert_eq!([2, 5].map(|slot| rollup.slot(L1_BLOCK, slot).byte(0)), [3, 4]);
    assert_eq!(rollup.slot(L1_BLOCK, 7), U256::from(1));
    let next = rollup.run([pay(&rollup)]);
    assert_eq!(rollup.balance(vault), U256::from(83_632_000_101_u64));
    assert_eq!(next.header.mix_hash.0, [4; 32]);
}

#[test]
fn a_changed_parameter_holds_from_the_next_block() {
    let set = |key: u64, value: u128| {
        system(setConfigCall { key: U256::from(key), value: U256::from(value) })
    };
    let mut rollup = Rollup::new(&FEES);
    let changes = [
        set(0, 12_345_678),
        set(1, (11 << 32) | 12),
        set(2, (13 << 64) | 14),
        set(3, (15 << 32) | 16),
        set(4, 1_000_000),
    ];
    let outcome = rollup.run(changes);
    assert!(outcome.receipts.iter().all(|receipt| receipt.success));
    assert_eq!(outcome.header.gas_limit, FEES.gas_limit);
    let expected = L2Config {
        gas_limit: 12_345_678,
        base_fee_scalar: 11,
        blob_base_fee_scalar: 12,
        operator_fee_scalar: 13,
        operator_fee_constant: 14,
        denominator: 15,
        elasticity: 16,
        min_base_fee: 1_000_000,
        ..L2Config::default()
    };
    assert_eq!(rollup.config(), expected);
    let next = rollup.run([]).header;
    assert_eq!((next.gas_limit, next.base_fee_per_gas), (12_345_678, Some(1_000_000)));
    assert_eq!(next.extra_data, Bytes::from(hex!("000000000f00000010")));
    // Nobody but the derivation can say such a thing.
    let input =
        alloy_sol_types::SolCall::abi_encode(&setConfigCall { key: U256::ZERO, value: U256::ZERO });
    let liar = encode(TxDeposit { input: input.into(), ..deposit(ALICE, L1_BLOCK) });
    assert!(!rollup.run([liar]).receipts[0].success);
    assert_eq!(rollup.config(), expected);
    assert_eq!(rollup.nonce(DEPOSITOR), 5);
}

pub(crate) fn blob_transaction() -> Bytes {
    let blob = TxEip4844 {
        chain_id: CHAIN.id,
        gas_limit: 21_000,
        max_fee_per_gas: 1_000_000,
        max_fee_per_blob_gas: 1_000_000,
        blob_versioned_hashes: vec![alloy_primitives::B256::with_last_byte(1)],
        nonce: 1,
        ..TxEip4844::default()
    };
    sign(0, blob)
}

#[test]
fn each_layer_refuses_the_others_type_with_a_reason() {
    let rollup = Rollup::with_wallets(&FEES, 1);
    let head = rollup.head();
    let refused = |chain, l2, bytes: Bytes| {
        let environment = BlockEnvironment { l2, ..BlockEnvironment::of_header(head, None) };
        let overlay = Overlay::new(&rollup.state);
        let mut executor = BlockExecutor::begin(chain, environment, overlay).unwrap();
        let transaction = SignedTransaction::decode(bytes).unwrap();
        let error = executor.transact(transaction).unwrap().err();
        assert!(executor.receipts().is_empty());
        error
    };
    let error = refused(CHAIN, Some(rollup.config()), blob_transaction());
    assert_eq!(error, Some(TransactionError::Type(3)));
    assert!(error.unwrap().to_string().contains("blob transactions are for L1"));
    let ethereum = Chain { id: CHAIN.id, layer: Layer::One };
    assert_eq!(refused(ethereum, None, mint(ALICE, 1)), Some(TransactionError::Type(0x7e)));
}

#[test]
fn what_cannot_stand_is_skipped_and_leaves_no_trace() {
    let rollup = Rollup::with_wallets(&FEES, 2);
    let good = || [sign(0, transfer(1, BOB, 5)), mint(ALICE, 3)];
    let skipped = [
        Bytes::new(),
        Bytes::from_static(b"garbage"),
        [&sign(0, transfer(1, BOB, 5))[..], &[0]].concat().into(),
        blob_transaction(),
        sign(0, transfer(0, BOB, 5)),
        sign(0, transfer(3, BOB, 5)),
        sign(0, TxEip1559 { chain_id: 1, ..transfer(2, BOB, 5) }),
        sign(
            0,
            TxEip1559 { max_fee_per_gas: 999, max_priority_fee_per_gas: 0, ..transfer(2, BOB, 5) },
        ),
        sign(0, TxEip1559 { max_priority_fee_per_gas: 1_000_001, ..transfer(2, BOB, 5) }),
        sign(0, TxEip1559 { gas_limit: 20_999, ..transfer(2, BOB, 5) }),
        sign(0, TxEip1559 { gas_limit: FEES.gas_limit + 1, ..transfer(2, BOB, 5) }),
        sign(0, transfer(2, BOB, 1001 * ETHER)),
        sign(2, transfer(0, BOB, 0)),
        sign(1, TxLegacy { gas_price: 10, gas_limit: 21_000, nonce: 1, ..TxLegacy::default() }),
    ];
    let (clean, _) = rollup.execute(&rollup.input(good()));
    let (mixed, _) = rollup.execute(&rollup.input(good().into_iter().chain(skipped)));
    assert_eq!(clean.receipts.len(), 2);
    assert_eq!(mixed.header, clean.header);
}

#[test]
fn a_deposit_encodes_as_it_decodes() {
    let deposit = TxDeposit { mint: 5, ..deposit(ALICE, BOB) };
    let decoded = SignedTransaction::decode(encode(deposit.clone())).unwrap();
    assert_eq!((decoded.sender, decoded.deposit()), (ALICE, Some(&deposit)));
    let again = SignedTransaction::new(Transaction::Deposit(deposit.seal_slow()), ALICE);
    assert_eq!((again.hash, again.bytes), (decoded.hash, decoded.bytes));
}

proptest! {
    #![proptest_config(crate::common::cases(64))]

    #[test]
    fn no_wei_is_lost_or_made(blocks in blocks(), prices in any::<(u32, u32)>()) {
        let fees = FeeConfig { min_base_fee: 900, ..FEES };
        let mut rollup = Rollup::with_wallets(&fees, WALLETS);
        rollup.run([l1_prices(prices.0.into(), prices.1.into())]);
        let mut supply = rollup.supply();
        prop_assert_eq!(supply, U256::from(u128::from(WALLETS) * 1000 * ETHER));
        for ops in blocks {
            let outcome = rollup.run(transactions(&rollup, &ops));
            prop_assert!(outcome.receipts.len() <= ops.len());
            supply += minted(&ops);
            prop_assert_eq!(rollup.supply(), supply);
        }
    }
}
