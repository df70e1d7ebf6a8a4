//! A block repeated from its witness alone is the block, on the real genesis and with every kind of transaction.

use crate::common::{
    random::{WALLETS, blocks, transactions},
    *,
};
use alloy_primitives::U256;
use mezz_evm::{Outcome, PartialState, StateDiff, Witness, WitnessError, execute};
use mezz_primitives::BlockInput;
use op_alloy_consensus::TxDeposit;
use proptest::prelude::*;
use revm::context::result::EVMError;

/// Records the next block; what was recorded is all that is kept.
fn record(rollup: &Rollup, input: &BlockInput) -> Witness {
    let (parent, state) = (rollup.head(), &rollup.state);
    let recording = PartialState::recording(state.trie.clone(), state);
    execute(CHAIN, parent, parent.hash_slow(), input, &recording).unwrap();
    let header = |number: u64| Ok::<_, WitnessError>(rollup.headers[number as usize].clone());
    recording.into_witness(parent.number, header).unwrap()
}

fn replay(
    rollup: &Rollup,
    input: &BlockInput,
    witness: &Witness,
) -> Result<(Outcome, StateDiff), EVMError<WitnessError>> {
    let parent = rollup.head();
    let state = PartialState::from_witness(parent.state_root, witness)
        .with_ancestors(parent.hash_slow(), &witness.headers)
        .map_err(EVMError::Database)?;
    execute(CHAIN, parent, parent.hash_slow(), input, state)
}

/// The next block, live and from its witness; its witness.
fn check(rollup: &mut Rollup, input: &BlockInput) -> (Outcome, Witness) {
    let live = rollup.execute(input);
    let witness = record(rollup, input);
    let (outcome, diff) = replay(rollup, input, &witness).unwrap();
    assert_eq!((outcome.hash, &outcome.header), (live.0.hash, &live.0.header));
    assert_eq!((&outcome.receipts, &diff), (&live.0.receipts, &live.1));
    rollup.append(&live);
    (outcome, witness)
}

proptest! {
    #![proptest_config(crate::common::cases(64))]

    #[test]
    fn a_witness_repeats_the_block(blocks in blocks(), prices in any::<(u32, u32)>()) {
        let mut rollup = Rollup::with_wallets(&FEES, WALLETS);
        rollup.run([l1_prices(prices.0.into(), prices.1.into())]);
        for ops in blocks {
            let input = rollup.input(transactions(&rollup, &ops));
            check(&mut rollup, &input);
        }
    }
}

/// One of each by hand, so that none of them is there only by luck.
#[test]
fn a_witness_repeats_each_kind_of_transaction() {
    let mut rollup = Rollup::with_wallets(&FEES, 2);
    let (alice, bob) = (wallet(0).address(), wallet(1).address());
    let call = |number: u8, nonce, code: Code, input| {
        let fees = transfer(nonce, code.address(), 0);
        sign(number, alloy_consensus::TxEip1559 { gas_limit: 200_000, input, ..fees })
    };
    let token = |to, amount: u64| words([word(to), U256::from(amount)]);
    let write = |slot: u64, value: u64, back: u64| words([slot, value, back].map(U256::from));
    let create = alloy_consensus::TxEip1559 {
        to: alloy_primitives::TxKind::Create,
        gas_limit: 100_000,
        input: alloy_primitives::hex!("6001600c60003960016000f300").into(),
        ..transfer(4, bob, 7)
    };
    let blocks = [
        vec![
            l1_prices(1_000_000_000, 5),
            sign(0, transfer(1, bob, 5)),
            call(0, 2, Code::Token, token(bob, 1)),
            call(0, 3, Code::Writer, write(1, 5, 1)),
            sign(0, create),
            mint(alloy_primitives::Address::repeat_byte(0x77), 3),
        ],
        vec![
            // The slots that the block before has filled are emptied.
            call(1, 1, Code::Token, token(alice, 1)),
            call(1, 2, Code::Writer, write(1, 0, 3)),
            call(1, 3, Code::Reverter, write(0, 0, 0)),
            encode(TxDeposit {
                value: U256::from(3),
                ..deposit(alloy_primitives::Address::repeat_byte(0x77), alice)
            }),
        ],
        vec![],
    ];
    let lengths = blocks.each_ref().map(Vec::len);
    let all = blocks.map(|transactions| {
        let input = rollup.input(transactions);
        check(&mut rollup, &input)
    });
    assert_eq!(all.each_ref().map(|(outcome, _)| outcome.receipts.len()), lengths);
    let failed =
        all.iter().flat_map(|(outcome, _)| &outcome.receipts).filter(|receipt| !receipt.success);
    assert_eq!(failed.count(), 1, "the reverter's");
    // A header names the block before it, so `BLOCKHASH` of three blocks ago needs one more.
    assert_eq!(all.each_ref().map(|(_, witness)| witness.headers.len()), [1, 2, 1]);
}

/// A witness holds what was touched, not the state.
#[test]
fn a_witness_is_small() {
    let mut rollup = Rollup::with_wallets(&FEES, 2);
    let genesis_code: usize = rollup.state.codes.values().map(|code| code.len()).sum();
    let input = rollup.input([sign(0, transfer(1, wallet(1).address(), 5))]);
    let (_, witness) = check(&mut rollup, &input);
    let size: usize = witness.state.iter().chain(&witness.codes).map(|part| part.len()).sum();
    assert!(size * 8 < genesis_code, "{size} bytes of witness, {genesis_code} of code");
}
