//! Every step of a transfer's way, timed on one thread of this process.

use crate::{
    StagesArgs,
    stats::{median, thread_cpu},
    wallet::{Load, Wallet},
};
use alloy::{
    consensus::Header,
    primitives::{B256, Bytes, U256, keccak256, utils::Unit},
};
use eyre::{Result, ensure, eyre};
use mezz_da::DataSource;
use mezz_derive::{Batch, BlockBody, Compressor, blob_count};
use mezz_evm::{
    AccountChange, BlockEnvironment, BlockExecutor, Chain, L2Config, Layer, SignedTransaction,
    StateDiff, StateRoots, l1_fee,
};
use mezz_node::journal::Entry;
use mezz_primitives::{FeeConfig, predeploys};
use mezz_storage::{Genesis, Log, SharedOverlay, Store};
use revm::state::AccountInfo;
use std::{collections::BTreeMap, hint::black_box};

const CHAIN: Chain = Chain { id: 901, layer: Layer::Two };
/// Transfers that share one sync of the journal: what 20 connections have under way.
const GROUP: usize = 20;

/// The fees of a chain as `mezz up` deploys it.
const FEES: FeeConfig = FeeConfig {
    gas_limit: 120_000_000,
    base_fee_scalar: 25_000,
    blob_base_fee_scalar: 800_000,
    operator_fee_scalar: 0,
    operator_fee_constant: 0,
    eip1559_denominator: 250,
    eip1559_elasticity: 6,
    min_base_fee: 1_000_000,
};

/// What the steps took, microseconds for each transfer, in the order in which they were first timed.
#[derive(Default)]
struct Timings {
    steps: Vec<(&'static str, Vec<f64>)>,
}

impl Timings {
    /// Does something `count` times' worth and notes what each took.
    fn time<T>(&mut self, step: &'static str, count: usize, work: impl FnOnce() -> T) -> Result<T> {
        let before = thread_cpu()?;
        let done = work();
        let each = (thread_cpu()? - before).as_secs_f64() * 1e6 / count as f64;
        match self.steps.iter_mut().find(|(name, _)| *name == step) {
            Some((_, times)) => times.push(each),
            None => self.steps.push((step, vec![each])),
        }
        Ok(done)
    }
}

/// Runs everything and prints a table.
pub(crate) fn run(args: &StagesArgs) -> Result<()> {
    let wallet = Wallet::new(CHAIN.id)?;
    let raw = wallet.transfers(Load::Ether, 0, args.transactions)?;
    let tokens = wallet.transfers(Load::Token, 0, args.transactions)?;
    let genesis = genesis(&wallet, args.accounts);
    let mut timings = Timings::default();
    let mut bytes = (0, 0);
    for _ in 0..args.rounds {
        yardstick(&mut timings, args.transactions)?;
        let decoded = arrive(&mut timings, &raw)?;
        journal(&mut timings, &decoded)?;
        block(&mut timings, genesis.clone(), &decoded)?;
        bytes = (publish(&mut timings, &raw)?, packed(&tokens)?.len());
    }
    println!(
        "{} transfers, {} accounts, {} rounds; medians (least, most) of CPU µs per transfer\n",
        args.transactions, args.accounts, args.rounds
    );
    println!("| step | µs |\n|---|---|");
    for (step, times) in &timings.steps {
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        let most = times.iter().copied().fold(0.0, f64::max);
        println!("| {step} | {:.2} ({least:.2}, {most:.2}) |", median(times.clone()));
    }
    let each = |bytes: usize| bytes as f64 / args.transactions as f64;
    println!(
        "\nbatch payload: {:.1} bytes per transfer, {:.1} per ERC-20 transfer",
        each(bytes.0),
        each(bytes.1)
    );
    Ok(())
}

/// One recovery with libsecp256k1 and nothing else: tells machines, and hours on one machine, apart.
fn yardstick(timings: &mut Timings, count: usize) -> Result<()> {
    let key = secp256k1::SecretKey::from_byte_array([7; 32])?;
    let message = secp256k1::Message::from_digest(keccak256("yardstick").0);
    let signature = secp256k1::SECP256K1.sign_ecdsa_recoverable(message, &key);
    timings.time("yardstick: libsecp256k1 recover", count, || {
        (0..count).try_for_each(|_| {
            secp256k1::SECP256K1.recover_ecdsa(message, black_box(&signature)).map(|key| {
                black_box(key);
            })
        })
    })??;
    Ok(())
}

/// What happens before the sequencer sees a transaction.
fn arrive(timings: &mut Timings, raw: &[Bytes]) -> Result<Vec<SignedTransaction>> {
    let count = raw.len();
    timings.time("check that a batch can carry it", count, || {
        raw.iter().try_for_each(|bytes| mezz_derive::check_encodable(bytes, CHAIN.id))
    })??;
    timings
        .time("hash", count, || raw.iter().fold(B256::ZERO, |all, bytes| all ^ keccak256(bytes)))?;
    let unsigned = timings.time("decode and hash", count, || {
        raw.iter()
            .map(|bytes| SignedTransaction::decode_recovered(bytes.clone(), Default::default()))
            .collect::<Result<Vec<_>, _>>()
    })??;
    let senders = timings.time("recover the sender", count, || {
        unsigned
            .iter()
            .map(|transaction| transaction.transaction.signer())
            .collect::<Result<Vec<_>, _>>()
    })??;
    let config = L2Config {
        l1_base_fee: Unit::GWEI.wei(),
        l1_blob_base_fee: U256::ONE,
        base_fee_scalar: FEES.base_fee_scalar,
        blob_base_fee_scalar: FEES.blob_base_fee_scalar,
        ..L2Config::default()
    };
    timings.time("L1 fee (FastLZ)", count, || {
        raw.iter().fold(U256::ZERO, |all, bytes| all + l1_fee(&config, bytes))
    })?;
    let signed = unsigned.into_iter().zip(senders);
    Ok(signed.map(|(transaction, sender)| SignedTransaction { sender, ..transaction }).collect())
}

/// The promise: encoded and on disk.
fn journal(timings: &mut Timings, transactions: &[SignedTransaction]) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (mut log, _) = Log::open(directory.path())?;
    timings.time("journal: encode, write, sync for every 20", transactions.len(), || {
        transactions.chunks(GROUP).try_for_each(|group| {
            for transaction in group {
                let (sender, bytes) = (transaction.sender, transaction.bytes.clone());
                log.append(&Entry::Transaction { sender, bytes }.encode())?;
            }
            log.sync()
        })
    })??;
    Ok(())
}

/// The block: executed, sealed, stored.
fn block(
    timings: &mut Timings,
    genesis: Genesis,
    transactions: &[SignedTransaction],
) -> Result<()> {
    let count = transactions.len();
    let store = Store::open(None, genesis)?;
    let parent = store.genesis();
    let mut overlay = SharedOverlay::new(store.latest());
    let environment = BlockEnvironment::rollup(&parent.header, parent.hash, 1, 0, &mut overlay)?;
    let mut executor = BlockExecutor::begin(CHAIN, environment, overlay.clone())
        .map_err(|error| eyre!("the block does not begin: {error:?}"))?;
    let waiting = transactions.to_vec();
    timings.time("execute", count, || {
        waiting.into_iter().try_for_each(|transaction| match executor.transact(transaction) {
            Ok(Ok(_)) => Ok(()),
            other => Err(eyre!("a transfer fails: {other:?}")),
        })
    })??;
    let diff = overlay.diff();
    let (state_root, passer_root) =
        timings.time("state root", count, || store.latest().roots(&diff))??;
    let unsealed = executor.finish().map_err(|error| eyre!("the block does not end: {error:?}"))?;
    let (outcome, _) = timings
        .time("transaction and receipt roots", count, || unsealed.seal(state_root, passer_root))?;
    let sealed = timings.time("append to the store", count, || store.append(outcome, &diff))??;
    ensure!(
        sealed.transactions.len() == count,
        "the block holds other transactions than were sent"
    );
    Ok(())
}

/// The batch: packed, and made into blobs. Gives the payload's length.
fn publish(timings: &mut Timings, raw: &[Bytes]) -> Result<usize> {
    let payload = timings.time("pack the batch", raw.len(), || packed(raw))??;
    let directory = tempfile::tempdir()?;
    let data = DataSource::open(directory.path())?;
    // The trusted setup is loaded once in a process.
    data.sidecar(&[])?;
    ensure!(
        blob_count(payload.len()).is_some(),
        "the payload does not fit one batch: time fewer transfers"
    );
    timings.time("make the blobs (commitments, cell proofs)", raw.len(), || {
        data.sidecar(&payload)
    })??;
    Ok(payload.len())
}

fn packed(raw: &[Bytes]) -> Result<Vec<u8>> {
    let block = BlockBody { step: 1, messages: 0, transactions: raw.to_vec() };
    let batch = Batch { blocks: vec![block], ..Batch::default() };
    Ok(mezz_derive::encode(&batch, CHAIN.id, Compressor::Deflate)?)
}

/// A chain with the fees of a devnet, the senders, and many accounts beside them.
fn genesis(wallet: &Wallet, accounts: usize) -> Genesis {
    let mut alloc = StateDiff::default();
    let account = AccountInfo::from_balance(Unit::ETHER.wei());
    let plain = || AccountChange { info: Some(account.clone()), ..AccountChange::default() };
    let others = (0..accounts)
        .map(|index| alloy::primitives::Address::from_slice(&keccak256(index.to_be_bytes())[12..]));
    alloc.accounts.extend(wallet.senders().chain(others).map(|address| (address, plain())));
    let slots = BTreeMap::from(L2Config::genesis_slots(&FEES));
    let config = AccountChange { storage: slots.into_iter().collect(), ..plain() };
    alloc.accounts.insert(predeploys::L1_BLOCK, config);
    let header = Header {
        gas_limit: FEES.gas_limit,
        base_fee_per_gas: Some(FEES.min_base_fee),
        ..Header::default()
    };
    Genesis { chain: CHAIN, header, alloc }
}
