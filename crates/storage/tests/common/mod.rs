//! Blocks for the tests: what they change is made up, their roots are right.
#![allow(dead_code, reason = "each test uses a part")]

use alloy_consensus::{Header, Sealable};
use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256, keccak256};
use mezz_evm::{
    AccountChange, Chain, Layer, Outcome, Receipt, SignedTransaction, StateDiff, StateRoots,
    Transaction,
};
use mezz_storage::{Block, Genesis, Store};
use op_alloy_consensus::TxDeposit;
use revm::{bytecode::Bytecode, primitives::KECCAK_EMPTY, state::AccountInfo};
use std::sync::Arc;

pub(crate) const CHAIN: Chain = Chain { id: 901, layer: Layer::Two };

pub(crate) fn genesis() -> Genesis {
    Genesis {
        chain: CHAIN,
        header: Header { timestamp: 1, base_fee_per_gas: Some(7), ..Header::default() },
        alloc: diff([(1, change(1, &[(1, 11), (2, 22)])), (2, change(0, &[]))]),
    }
}

pub(crate) fn address(account: u8) -> Address {
    Address::repeat_byte(account)
}

pub(crate) fn change(nonce: u64, storage: &[(u64, u64)]) -> AccountChange {
    AccountChange {
        info: Some(AccountInfo {
            nonce,
            balance: U256::from(nonce) * U256::from(1_000_000_007_u64) + U256::from(1),
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

pub(crate) fn diff(changes: impl IntoIterator<Item = (u8, AccountChange)>) -> StateDiff {
    let mut diff = StateDiff::default();
    for (account, change) in changes {
        diff.accounts.insert(address(account), change);
    }
    diff
}

/// Gives an account code.
pub(crate) fn deploy(diff: &mut StateDiff, account: u8, code: &[u8]) {
    let code = Bytecode::new_raw(Bytes::copy_from_slice(code));
    let hash = code.hash_slow();
    if let Some(info) =
        diff.accounts.get_mut(&address(account)).and_then(|change| change.info.as_mut())
    {
        info.code_hash = hash;
        diff.codes.insert(hash, code);
    }
}

/// The transactions and receipts of a made-up block.
fn body(number: u64, branch: u64, count: u64) -> (Vec<SignedTransaction>, Vec<Receipt>) {
    let transaction = |index: u64| {
        let source_hash =
            keccak256([number.to_be_bytes(), branch.to_be_bytes(), index.to_be_bytes()].concat());
        let deposit = TxDeposit {
            source_hash,
            from: address(9),
            to: TxKind::Call(address(1)),
            input: Bytes::from(vec![7; index as usize * 40]),
            ..TxDeposit::default()
        };
        SignedTransaction::new(Transaction::Deposit(deposit.seal_slow()), address(9))
    };
    let receipt = |index: u64| Receipt {
        transaction_type: 0x7e,
        success: index.is_multiple_of(2),
        cumulative_gas_used: 21_000 * (index + 1),
        logs: (0..index)
            .map(|log| {
                Log::new_unchecked(
                    address(3),
                    vec![B256::with_last_byte(log as u8)],
                    Bytes::from_static(b"data"),
                )
            })
            .collect(),
        deposit_nonce: (!index.is_multiple_of(3)).then_some(index),
    };
    ((0..count).map(transaction).collect(), (0..count).map(receipt).collect())
}

/// Appends a block with these changes.
pub(crate) fn append(
    store: &Store,
    diff: &StateDiff,
    branch: u64,
    transactions: u64,
) -> Arc<Block> {
    let outcome = outcome(store, diff, branch, transactions);
    store.append(outcome, diff).unwrap()
}

pub(crate) fn outcome(store: &Store, diff: &StateDiff, branch: u64, transactions: u64) -> Outcome {
    let head = store.head();
    let (state_root, passer_root) = store.latest().roots(diff).unwrap();
    let number = head.number + 1;
    let (transactions, receipts) = body(number, branch, transactions);
    let header = Header {
        number,
        parent_hash: head.hash,
        state_root,
        timestamp: number,
        mix_hash: B256::from(U256::from(branch)),
        withdrawals_root: Some(passer_root),
        base_fee_per_gas: Some(7),
        ..Header::default()
    };
    Outcome { hash: header.hash_slow(), header, transactions, receipts }
}

/// What the block with this number changes, when nothing but the number decides.
pub(crate) fn changes_of(number: u64) -> StateDiff {
    let account = (number % 7 + 1) as u8;
    let mut diff = diff([
        (account, change(number, &[(number % 5, number), (number % 3, 0)])),
        (20 + (number % 50) as u8, change(number, &[])),
    ]);
    if number.is_multiple_of(11) {
        diff.accounts
            .insert(address(account), AccountChange { wiped: true, ..AccountChange::default() });
    } else if number.is_multiple_of(4) {
        deploy(&mut diff, account, &[0x60, number as u8, 0x00]);
    }
    diff
}

/// Copies a directory as it is at this moment, as a crash would leave it.
pub(crate) fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            // A file may be removed by a compaction in the meantime.
            false => drop(std::fs::copy(entry.path(), target)),
        }
    }
}
