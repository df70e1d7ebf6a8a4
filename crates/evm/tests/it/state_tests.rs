//! State tests: one transaction on a given state, and the state root and logs that it must leave.
//!
//! What must come out was computed by Ethereum's executable specification (`fixtures/README.md`), for the newest fork and, where it differs, the one before. Tests
//! of the engine's own fork go through [`BlockExecutor`], those of an earlier one through [`transact`] under its rules.
//!
//! The format is that of execution-spec-tests and ethereum/tests: with `MEZZ_STATE_TESTS` naming a folder of theirs, its tests are run as well.

use crate::common::{State, insert};
use alloy_eips::eip7840::BlobParams;
use alloy_primitives::{Address, B256, Bytes, Log, U64, U256, keccak256};
use mezz_evm::{
    BLOB_PARAMS, BlockEnvironment, BlockExecutor, Chain, EvmContext, Kind, Layer, Overlay,
    SignedTransaction, StateDiff, transact,
};
use revm::{
    DatabaseCommit, MainBuilder,
    context::{CfgEnv, result::EVMError},
    context_interface::block::BlobExcessGasAndPrice,
    primitives::hardfork::SpecId,
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/state_tests");
/// Tests of a creation on an account that has storage but neither code nor nonce, which must fail (EIP-7610). revm does not look for such an account: none
/// can come to be since EIP-161, and our geneses have none.
const EIP_7610: [&str; 5] = [
    "InitCollisionParis",
    "RevertInCreateInInitCreate2Paris",
    "RevertInCreateInInit_Paris",
    "create2collisionStorageParis",
    "dynamicAccountOverwriteEmpty_Paris",
];
const CHAIN: Chain = Chain { id: 1, layer: Layer::One };

#[derive(Deserialize)]
struct Test {
    env: Environment,
    pre: BTreeMap<Address, Account>,
    post: BTreeMap<String, Vec<Expected>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Environment {
    current_coinbase: Address,
    current_gas_limit: U64,
    current_number: U64,
    current_timestamp: U64,
    #[serde(default)]
    current_random: B256,
    #[serde(default)]
    current_base_fee: U64,
    #[serde(default)]
    current_excess_blob_gas: U64,
}

#[derive(Deserialize)]
struct Account {
    balance: U256,
    nonce: U64,
    code: Bytes,
    storage: BTreeMap<U256, U256>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    hash: B256,
    logs: B256,
    txbytes: Bytes,
    expect_exception: Option<String>,
}

/// The rules of a fork, if it is one that is run.
fn rules(fork: &str) -> Option<(SpecId, BlobParams)> {
    Some(match fork {
        "BPO2" => (SpecId::OSAKA, BLOB_PARAMS),
        "Osaka" => (SpecId::OSAKA, BlobParams::osaka()),
        "Prague" => (SpecId::PRAGUE, BlobParams::prague()),
        "Cancun" => (SpecId::CANCUN, BlobParams::cancun()),
        "Shanghai" => (SpecId::SHANGHAI, BlobParams::cancun()),
        "Paris" => (SpecId::MERGE, BlobParams::cancun()),
        _ => return None,
    })
}

impl Test {
    fn state(&self) -> State {
        let mut diff = StateDiff::default();
        for (address, Account { balance, nonce, code, storage }) in &self.pre {
            let storage = storage.iter().map(|(slot, value)| (*slot, *value));
            insert(&mut diff, *address, nonce.to(), *balance, code.clone(), storage);
        }
        let mut state = State::default();
        state.apply(&diff);
        state.hashes = (0..self.env.current_number.to()).map(past).collect();
        state
    }

    fn environment(&self) -> BlockEnvironment {
        let env = &self.env;
        BlockEnvironment {
            number: env.current_number.to(),
            parent_hash: B256::ZERO,
            timestamp: env.current_timestamp.to(),
            beneficiary: env.current_coinbase,
            gas_limit: env.current_gas_limit.to(),
            base_fee: env.current_base_fee.to(),
            prev_randao: env.current_random,
            extra_data: Bytes::new(),
            queue_index: 0,
            parent_beacon_block_root: B256::ZERO,
            excess_blob_gas: env.current_excess_blob_gas.to(),
            l2: None,
        }
    }

    /// The changes and logs of the transaction; `None` if it is invalid.
    fn run(
        &self,
        state: &State,
        transaction: SignedTransaction,
        (spec, blobs): (SpecId, BlobParams),
    ) -> Option<(StateDiff, Vec<Log>)> {
        let (environment, db) = (self.environment(), Overlay::new(state));
        if (spec, blobs) == (Chain::SPEC, BLOB_PARAMS) {
            let mut executor = BlockExecutor::begin(CHAIN, environment, db).unwrap();
            let executed = executor.transact(transaction).unwrap().ok()?;
            return Some((executor.into_db().diff, executed.result.into_logs()));
        }
        let mut cfg = CfgEnv::new_with_spec(spec).with_chain_id(CHAIN.id);
        cfg.max_blobs_per_tx = Some(blobs.max_blobs_per_tx);
        let mut block = environment.block_env();
        block.blob_excess_gas_and_price = Some(BlobExcessGasAndPrice {
            excess_blob_gas: environment.excess_blob_gas,
            blob_gasprice: blobs.calc_blob_fee(environment.excess_blob_gas),
        });
        let mut evm = EvmContext::new(db, spec).with_cfg(cfg).with_block(block).build_mainnet();
        match transact(&mut evm, transaction.environment(), Kind::Ethereum) {
            Ok(outcome) => {
                evm.ctx.journaled_state.database.commit(outcome.state);
                Some((evm.ctx.journaled_state.database.diff, outcome.result.into_logs()))
            }
            Err(EVMError::Transaction(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }

    fn check(&self, expected: &Expected, rules: (SpecId, BlobParams)) -> Result<(), String> {
        let mut state = self.state();
        let outcome = SignedTransaction::decode(expected.txbytes.clone())
            .ok()
            .and_then(|transaction| self.run(&state, transaction, rules));
        if outcome.is_some() == expected.expect_exception.is_some() {
            return Err(format!("valid: {}", outcome.is_some()));
        }
        let (diff, logs) = outcome.unwrap_or_default();
        state.apply(&diff);
        match (state.trie.root(), keccak256(alloy_rlp::encode(logs))) {
            (root, _) if root != expected.hash => Err(format!("state root {root}")),
            (_, logs) if logs != expected.logs => Err(format!("logs {logs}")),
            _ => Ok(()),
        }
    }
}

/// Number and hash of an ancestor, as the test tools make them up.
fn past(number: u64) -> (u64, B256) {
    (number, keccak256(number.to_string()))
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
}

/// Runs every test under `directory` and gives how many were of each fork.
fn run(directory: &Path) -> BTreeMap<String, usize> {
    let (mut paths, mut counts, mut wrong) = (Vec::new(), BTreeMap::new(), Vec::new());
    files(directory, &mut paths);
    for path in paths {
        let tests: BTreeMap<String, Test> = serde_json::from_slice(&fs::read(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (name, test) in tests.iter().filter(|(name, _)| !EIP_7610.contains(&name.as_str())) {
            for (fork, all) in &test.post {
                let Some(rules) = rules(fork) else { continue };
                for (index, expected) in all.iter().enumerate() {
                    *counts.entry(fork.clone()).or_default() += 1;
                    if let Err(error) = test.check(expected, rules) {
                        wrong.push(format!("{} {name} {fork} {index}: {error}", path.display()));
                    }
                }
            }
        }
    }
    eprintln!("{}: {counts:?}", directory.display());
    assert!(wrong.is_empty(), "{} failed of {counts:?}:\n{}", wrong.len(), wrong.join("\n"));
    counts
}

#[test]
fn the_newest_fork_does_as_the_specification_says() {
    let counts = run(Path::new(DIRECTORY));
    // `fixtures/README.md` has the same numbers.
    assert_eq!(counts, BTreeMap::from([("BPO2".into(), 1835), ("Prague".into(), 87)]));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's only argument is its environment")]
fn published_state_tests_pass() {
    let Ok(directory) = env::var("MEZZ_STATE_TESTS") else {
        eprintln!("skipped: MEZZ_STATE_TESTS names no folder of state tests");
        return;
    };
    let counts = run(Path::new(&directory));
    assert!(!counts.is_empty(), "no state test under {directory}");
}
