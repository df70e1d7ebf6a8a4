//! Chains of blocks, each of which must come out as it stands there.
//!
//! One was computed by Ethereum's executable specification (`fixtures/README.md`): 40 blocks of the newest fork. Another is the one that Ethereum publishes with its
//! execution API: 54 blocks through every fork. It is run where `MEZZ_PUBLISHED_CHAIN` names its folder, that of `tests` in `ethereum/execution-apis`.

use crate::common::{State, insert};
use alloy_consensus::{Block, EthereumTxEnvelope, Header, TxEip4844};
use alloy_eips::{
    eip2935, eip4788, eip4895::Withdrawal, eip7002, eip7251, eip7685::EMPTY_REQUESTS_HASH,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rlp::Decodable;
use mezz_evm::{
    BlockEnvironment, BlockExecutor, Chain, Evm, EvmContext, Kind, Layer, Overlay, Receipt,
    SignedTransaction, StateDiff, Transaction, receipts_bloom, receipts_root, transact,
    transactions_root,
};
use revm::{
    DatabaseCommit, DatabaseRef, MainBuilder, SystemCallEvm,
    context::CfgEnv,
    primitives::hardfork::SpecId,
    state::{Account, AccountInfo, EvmState},
};
use serde::Deserialize;
use std::{collections::BTreeMap, env, fs, path::Path};

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/chain");

#[derive(Deserialize)]
struct Genesis {
    config: Config,
    alloc: BTreeMap<Address, GenesisAccount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    chain_id: u64,
}

#[derive(Deserialize)]
struct GenesisAccount {
    balance: U256,
    #[serde(default)]
    nonce: U256,
    #[serde(default)]
    code: Bytes,
    #[serde(default)]
    storage: BTreeMap<B256, B256>,
}

type PublishedBlock = Block<EthereumTxEnvelope<TxEip4844>>;
type Db<'a> = Overlay<&'a State>;

/// The rules that a block of the published chain is under (its `genesis.json`, `config`).
fn rules(header: &Header) -> SpecId {
    match (header.number, header.timestamp) {
        (_, 480..) => SpecId::OSAKA,
        (_, 450..) => SpecId::PRAGUE,
        (_, 420..) => SpecId::CANCUN,
        (_, 390..) => SpecId::SHANGHAI,
        (36.., _) => SpecId::MERGE,
        (27.., _) => SpecId::LONDON,
        (24.., _) => SpecId::BERLIN,
        (18.., _) => SpecId::ISTANBUL,
        (12.., _) => SpecId::PETERSBURG,
        (9.., _) => SpecId::BYZANTIUM,
        (6.., _) => SpecId::SPURIOUS_DRAGON,
        (3.., _) => SpecId::TANGERINE,
        _ => SpecId::HOMESTEAD,
    }
}

fn transactions(block: &PublishedBlock) -> Vec<SignedTransaction> {
    let transactions = block.body.transactions.iter().cloned().map(Transaction::Ethereum);
    transactions
        .map(|transaction| {
            let sender = transaction.signer().unwrap();
            SignedTransaction::new(transaction, sender)
        })
        .collect()
}

fn credit(db: &mut Db<'_>, address: Address, amount: U256) {
    let mut info = db.basic_ref(address).unwrap().unwrap_or_default();
    info.balance += amount;
    let info = Some(info).filter(|info| !info.is_empty());
    let change = db.diff.accounts.entry(address).or_default();
    change.info = info;
}

/// Takes over what a transaction changed. Before EIP-161 an account that was touched came to be, were it empty.
fn commit(db: &mut Db<'_>, changes: EvmState, spec: SpecId) {
    let kept = |(address, account): (&Address, &Account)| {
        (account.is_touched() && !account.is_selfdestructed())
            .then(|| (*address, AccountInfo { code: None, ..account.info.clone() }))
    };
    let touched: Vec<_> = changes.iter().filter_map(kept).collect();
    db.commit(changes);
    if !spec.is_enabled_in(SpecId::SPURIOUS_DRAGON) {
        for (address, info) in touched {
            db.diff.accounts.entry(address).or_default().info = Some(info);
        }
    }
}

/// Rewards for the miner and for those of the ommers, until the merge.
fn reward(db: &mut Db<'_>, block: &PublishedBlock) {
    let header = &block.header;
    let reward = match header.number {
        ..9 => 5,
        9..12 => 3,
        _ => 2,
    };
    let reward = U256::from(reward) * U256::from(10_u64.pow(18));
    let ommers = &block.body.ommers;
    credit(db, header.beneficiary, reward + reward / U256::from(32) * U256::from(ommers.len()));
    for ommer in ommers {
        let nearness = U256::from(8 + ommer.number - header.number);
        credit(db, ommer.beneficiary, reward * nearness / U256::from(8));
    }
}

fn system_call(evm: &mut Evm<Db<'_>>, contract: Address, input: &[u8]) {
    let mut state = evm.system_call(contract, Bytes::copy_from_slice(input)).unwrap().state;
    state.retain(|address, _| *address == contract);
    evm.ctx.journaled_state.database.commit(state);
}

/// What comes after the transactions.
fn epilogue(mut evm: Evm<Db<'_>>, block: &PublishedBlock, spec: SpecId) -> StateDiff {
    if spec.is_enabled_in(SpecId::PRAGUE) {
        system_call(&mut evm, eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, &[]);
        system_call(&mut evm, eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, &[]);
    }
    let mut db = evm.ctx.journaled_state.database;
    if !spec.is_enabled_in(SpecId::MERGE) {
        reward(&mut db, block);
    }
    withdraw(&mut db, block);
    db.diff
}

/// What validators withdraw, which the embedded L1 and a rollup do not have.
fn withdraw(db: &mut Db<'_>, block: &PublishedBlock) {
    for Withdrawal { address, amount, .. } in block.body.withdrawals.iter().flatten() {
        credit(db, *address, U256::from(*amount) * U256::from(1_000_000_000));
    }
}

fn evm<'a>(chain_id: u64, header: &Header, spec: SpecId, db: Db<'a>) -> Evm<Db<'a>> {
    let mut environment = BlockEnvironment::of_header(header, None).block_env();
    environment.difficulty = header.difficulty;
    EvmContext::new(db, spec)
        .with_cfg(CfgEnv::new_with_spec(spec).with_chain_id(chain_id))
        .with_block(environment)
        .build_mainnet()
}

/// One transaction after the other, under the rules of the time.
fn old(
    chain_id: u64,
    block: &PublishedBlock,
    spec: SpecId,
    db: Db<'_>,
) -> (StateDiff, Vec<Receipt>) {
    let header = &block.header;
    let mut evm = evm(chain_id, header, spec, db);
    if let Some(root) = header.parent_beacon_block_root {
        system_call(&mut evm, eip4788::BEACON_ROOTS_ADDRESS, root.as_slice());
    }
    if spec.is_enabled_in(SpecId::PRAGUE) {
        system_call(&mut evm, eip2935::HISTORY_STORAGE_ADDRESS, header.parent_hash.as_slice());
    }
    let mut receipts: Vec<Receipt> = Vec::new();
    for transaction in transactions(block) {
        let outcome = transact(&mut evm, transaction.environment(), Kind::Ethereum).unwrap();
        commit(&mut evm.ctx.journaled_state.database, outcome.state, spec);
        let before = receipts.last().map_or(0, |receipt| receipt.cumulative_gas_used);
        receipts.push(Receipt {
            transaction_type: transaction.bytes[0]
                & if transaction.bytes[0] < 0x80 { 7 } else { 0 },
            success: outcome.result.is_success(),
            cumulative_gas_used: before + outcome.result.tx_gas_used(),
            logs: outcome.result.logs().to_vec(),
            deposit_nonce: None,
        });
    }
    (epilogue(evm, block, spec), receipts)
}

/// As the embedded L1 does it: with the block executor, whose header must be the published one.
fn new(chain_id: u64, block: &PublishedBlock, db: Db<'_>) -> (StateDiff, Vec<Receipt>) {
    let header = &block.header;
    let chain = Chain { id: chain_id, layer: Layer::One };
    let environment = BlockEnvironment::of_header(header, None);
    let mut executor = BlockExecutor::begin(chain, environment, db).unwrap();
    for transaction in transactions(block) {
        executor.transact(transaction).unwrap().unwrap();
    }
    let unsealed = executor.finish().unwrap();
    let receipts = unsealed.receipts.clone();
    let (outcome, mut db) = unsealed.seal(header.state_root, B256::ZERO);
    // The embedded L1 has no withdrawals.
    let published = Header { withdrawals_root: outcome.header.withdrawals_root, ..header.clone() };
    assert_eq!(outcome.header, published);
    withdraw(&mut db, block);
    (db.diff, receipts)
}

/// How many blocks came out right.
struct Passed {
    blocks: usize,
    with_requests: usize,
}

/// Executes every block of the chain in `directory`.
fn run(directory: &Path, rules: impl Fn(&Header) -> SpecId) -> Passed {
    let genesis = fs::read_to_string(directory.join("genesis.json")).unwrap();
    let Genesis { config, alloc } = serde_json::from_str(&genesis).unwrap();
    let mut diff = StateDiff::default();
    for (address, GenesisAccount { balance, nonce, code, storage }) in alloc {
        let storage = storage.into_iter().map(|(slot, value)| (slot.into(), value.into()));
        insert(&mut diff, address, nonce.to(), balance, code, storage);
    }
    let mut state = State::default();
    state.apply(&diff);
    let chain = fs::read(directory.join("chain.rlp")).unwrap();
    let mut rest = chain.as_slice();
    let mut passed = Passed { blocks: 0, with_requests: 0 };
    while !rest.is_empty() {
        let block = PublishedBlock::decode(&mut rest).unwrap();
        let (header, number) = (&block.header, block.header.number);
        state.hashes.insert(number - 1, header.parent_hash);
        let (spec, db) = (rules(header), Overlay::new(&state));
        let (diff, receipts) = match spec {
            SpecId::OSAKA => new(config.chain_id, &block, db),
            spec => old(config.chain_id, &block, spec, db),
        };
        state.apply(&diff);
        let gas_used = receipts.last().map_or(0, |receipt| receipt.cumulative_gas_used);
        assert_eq!(gas_used, header.gas_used, "block {number}");
        assert_eq!(receipts_bloom(&receipts), header.logs_bloom, "block {number}");
        assert_eq!(transactions_root(&transactions(&block)), header.transactions_root);
        // Receipts had a state root instead of a status before.
        if spec.is_enabled_in(SpecId::BYZANTIUM) {
            assert_eq!(receipts_root(&receipts), header.receipts_root, "block {number}");
        }
        assert_eq!(state.trie.root(), header.state_root, "block {number}");
        passed.blocks += 1;
        passed.with_requests +=
            usize::from(header.requests_hash.is_some_and(|hash| hash != EMPTY_REQUESTS_HASH));
    }
    passed
}

#[test]
fn every_block_comes_out_as_the_specification_says() {
    let passed = run(Path::new(DIRECTORY), |_| SpecId::OSAKA);
    assert_eq!((passed.blocks, passed.with_requests), (40, 8));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's only argument is its environment")]
fn every_block_comes_out_as_published() {
    let Ok(directory) = env::var("MEZZ_PUBLISHED_CHAIN") else {
        eprintln!("skipped: MEZZ_PUBLISHED_CHAIN names no folder with a chain");
        return;
    };
    assert_eq!(run(Path::new(&directory), rules).blocks, 54);
}
