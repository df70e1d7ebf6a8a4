//! The controls that people know from anvil and Hardhat: `evm_*`, `anvil_*`, `hardhat_*`.
//!
//! A name is its prefix and the rest; where two families give the rest the same meaning, one arm answers both.

mod params;

use crate::{
    Error, Mining, admit,
    backend::{self, Backend, VERSION},
    chain::{Core, Handle},
    clock::wall_clock,
    edits::Edit,
    pool::Entry,
    reorg::Branch,
    shared::Shared,
};
use alloy::{
    consensus::Transaction as _,
    primitives::{Address, B256, Bytes, U64, U256},
    rpc::types::TransactionRequest,
};
use futures::future::BoxFuture;
use mezz_rpc::RpcError;
use params::{Json, Params, Word};
use revm::DatabaseRef;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

type Answer = Result<Value, RpcError>;

/// Blocks that one call may make.
const BLOCKS_MAX: u64 = 1_000_000;
/// From here on a time is in milliseconds: as seconds it would be the year 5138.
const MILLISECONDS_FROM: u64 = 100_000_000_000;

/// Answers a control; `None` when there is none of this name.
pub(crate) fn dispatch(
    backend: &Backend,
    method: &str,
    params: Value,
) -> Option<BoxFuture<'static, Answer>> {
    let (prefix, name) = method.split_once('_')?;
    if !matches!(prefix, "evm" | "anvil" | "hardhat") {
        return None;
    }
    let (shared, handle) = (Arc::clone(&backend.shared), backend.handle.clone());
    let mut params = Params::new(params);
    let answer = keys(&shared, name, &mut params).or_else(|| questions(&shared, name, &mut params));
    if let Some(answer) = answer {
        return Some(Box::pin(async move { answer }));
    }
    match name {
        "reorg" => return Some(Box::pin(reorg(shared, handle, params))),
        "getBlobsByTransactionHash" | "getBlobsByHash" => {
            return Some(Box::pin(blobs_of_transaction(shared, params)));
        }
        "getBlobByHash" | "getBlobByVersionedHash" => return Some(Box::pin(blob(shared, params))),
        _ => {}
    }
    let command = edits(&shared, name, &mut params).or_else(|| chain(prefix, name, &mut params))?;
    Some(Box::pin(async move { handle.call(command?).await?.map_err(RpcError::from) }))
}

/// Something to do on the chain's thread.
type Command = Box<dyn FnOnce(&mut Core) -> Result<Value, Error> + Send>;
type Parsed = Option<Result<Command, RpcError>>;

fn command(
    work: impl FnOnce(&mut Core) -> Result<Value, Error> + Send + 'static,
) -> Result<Command, RpcError> {
    Ok(Box::new(work))
}

/// Controls of who may send.
fn keys(shared: &Shared, name: &str, params: &mut Params) -> Option<Answer> {
    let answer = match name {
        "impersonateAccount" => {
            params.required("address").map(|Json(account)| shared.keys.impersonate(account))
        }
        "stopImpersonatingAccount" => {
            params.required("address").map(|Json(account)| shared.keys.stop_impersonating(account))
        }
        "autoImpersonateAccount" => {
            params.required("enabled").map(|Json(all)| shared.keys.impersonate_all(all))
        }
        // Calls of tools that have no meaning here and must not fail.
        "setLoggingEnabled" => Ok(()),
        _ => return None,
    };
    Some(answer.map(|()| Value::Null))
}

/// Questions that change nothing.
fn questions(shared: &Shared, name: &str, _: &mut Params) -> Option<Answer> {
    let mining = *shared.mining.read();
    let head = shared.head();
    Some(Ok(match name {
        "getAutomine" => json!(mining == Mining::Automatic),
        "getIntervalMining" => match mining {
            Mining::Interval(period) if period.subsec_nanos() == 0 => json!(period.as_secs()),
            Mining::Interval(period) => json!(period.as_secs_f64()),
            Mining::Automatic | Mining::Manual => Value::Null,
        },
        "getGenesisTime" => json!(shared.genesis_time()),
        "metadata" => json!({
            "clientVersion": VERSION,
            "clientCommitSha": null,
            "chainId": shared.chain.id,
            "instanceId": shared.store.genesis().hash,
            "latestBlockNumber": head.header.number,
            "latestBlockHash": head.hash,
            "forkedNetwork": null,
            "snapshots": {},
        }),
        "nodeInfo" => json!({
            "currentBlockNumber": U64::from(head.header.number),
            "currentBlockTimestamp": head.header.timestamp,
            "currentBlockHash": head.hash,
            "hardFork": "Osaka",
            "transactionOrder": "fees",
            "environment": {
                "baseFee": U256::from(head.header.base_fee_per_gas.unwrap_or_default()),
                "chainId": shared.chain.id,
                "gasLimit": U64::from(head.header.gas_limit),
                "gasPrice": U256::from(shared.fees().base_fee + shared.fees().tip),
            },
            "forkConfig": { "forkUrl": null, "forkBlockNumber": null, "forkRetryBackoff": null },
        }),
        _ => return None,
    }))
}

/// Edits of the state. Each takes a block of its own.
fn edits(shared: &Shared, name: &str, params: &mut Params) -> Parsed {
    let answer = if name == "setStorageAt" { Value::Bool(true) } else { Value::Null };
    let edit = match name {
        "setBalance" => (|| {
            Ok(Edit::Balance { address: params.address()?, balance: params.required("balance")? })
        })(),
        "addBalance" => add_balance(shared, params),
        "setNonce" => {
            (|| Ok(Edit::Nonce { address: params.address()?, nonce: params.required("nonce")? }))()
        }
        "setCode" => (|| {
            Ok(Edit::Code {
                address: params.address()?,
                code: params.required::<Json<Bytes>>("code")?.0,
            })
        })(),
        "setStorageAt" => set_storage(params),
        _ => return None,
    };
    Some(edit.and_then(|edit| command(move |core| core.edit(vec![edit]).map(|()| answer))))
}

fn add_balance(shared: &Shared, params: &mut Params) -> Result<Edit, RpcError> {
    let (address, more): (_, U256) = (params.address()?, params.required("amount")?);
    let balance =
        shared.tip.read().state.basic_ref(address)?.map_or(U256::ZERO, |info| info.balance);
    Ok(Edit::Balance { address, balance: balance.saturating_add(more) })
}

fn set_storage(params: &mut Params) -> Result<Edit, RpcError> {
    let (address, Word(slot), Word(value)) =
        (params.address()?, params.required("slot")?, params.required("value")?);
    Ok(Edit::Storage { address, slot, value })
}

impl Params {
    fn address(&mut self) -> Result<Address, RpcError> {
        self.required("address").map(|Json(address)| address)
    }
}

/// Controls of blocks, time and pool.
fn chain(prefix: &str, name: &str, params: &mut Params) -> Parsed {
    Some(match (prefix, name) {
        ("evm", "mine") => evm_mine(params),
        (_, "mine") => mine(params),
        (_, "setAutomine") => params.required("enabled").and_then(|Json(automatic)| {
            command(move |core| {
                core.set_mining(if automatic { Mining::Automatic } else { Mining::Manual })
                    .map(|()| Value::Null)
            })
        }),
        (_, "setIntervalMining") => params.required("seconds").and_then(|seconds: u64| {
            let mining = if seconds == 0 {
                Mining::Manual
            } else {
                Mining::Interval(Duration::from_secs(seconds))
            };
            command(move |core| core.set_mining(mining).map(|()| Value::Null))
        }),
        (_, "snapshot") => command(|core| Ok(json!(U64::from(core.snapshot()?)))),
        (_, "revert") => params
            .required("snapshot id")
            .and_then(|id: u64| command(move |core| Ok(json!(core.revert(id)?)))),
        (_, "dumpState") => command(|core| Ok(json!(core.dump()?))),
        (_, "loadState") => params.required("state").and_then(|Json::<Bytes>(dump)| {
            command(move |core| core.load(&dump).map(|()| Value::Bool(true)))
        }),
        (_, "rollback") => params.optional("depth").and_then(|depth: Option<u64>| {
            command(move |core| core.rollback(depth.unwrap_or(1)).map(|()| Value::Null))
        }),
        (_, "reset") => reset(params),
        (_, "dropTransaction") => {
            params.required("transaction hash").and_then(|Json::<B256>(hash)| {
                command(move |core| {
                    Ok(json!(core.shared.pool.write().remove_hash(hash).map(|_| hash)))
                })
            })
        }
        (_, "dropAllTransactions") => command(|core| {
            core.shared.pool.write().clear();
            Ok(Value::Null)
        }),
        (_, "removePoolTransactions") => params.address().and_then(|sender| {
            command(move |core| {
                core.shared.pool.write().remove_sender(sender);
                Ok(Value::Null)
            })
        }),
        _ => return time(name, params).or_else(|| settings(name, params)),
    })
}

/// Controls of the clock.
fn time(name: &str, params: &mut Params) -> Parsed {
    Some(match name {
        "increaseTime" => params.required("seconds").and_then(|seconds: u64| {
            command(move |core| {
                let head = core.tip.block.header.timestamp;
                core.set(|settings| settings.clock.advance(seconds, head, wall_clock()))?;
                Ok(json!(core.shared.settings.read().clock.offset()))
            })
        }),
        "setTime" => params.required("timestamp").and_then(|time: u64| {
            let seconds = if time >= MILLISECONDS_FROM { time / 1_000 } else { time };
            command(move |core| {
                core.set(|settings| settings.clock.set(seconds, wall_clock()))?;
                Ok(json!(core.shared.settings.read().clock.offset()))
            })
        }),
        "setNextBlockTimestamp" => params.required("timestamp").and_then(|time: u64| {
            command(move |core| {
                core.set_next_timestamp(time)?;
                Ok(Value::Null)
            })
        }),
        "setBlockTimestampInterval" => params
            .required("seconds")
            .and_then(|step: u64| set(move |settings| settings.clock.step = Some(step))),
        "removeBlockTimestampInterval" => command(|core| {
            let had = core.shared.settings.read().clock.step.is_some();
            core.set(|settings| settings.clock.step = None)?;
            Ok(json!(had))
        }),
        _ => return None,
    })
}

/// Controls of the blocks to come.
fn settings(name: &str, params: &mut Params) -> Parsed {
    Some(match name {
        "setBlockGasLimit" => params.required("gas limit").and_then(|limit: u64| {
            command(move |core| {
                core.set(|settings| settings.gas_limit = Some(limit))?;
                Ok(Value::Bool(true))
            })
        }),
        "setCoinbase" => params
            .address()
            .and_then(|coinbase| set(move |settings| settings.coinbase = Some(coinbase))),
        "setNextBlockBaseFeePerGas" => params
            .required("base fee")
            .and_then(|fee: u64| set(move |settings| settings.base_fee = Some(fee))),
        "setMinGasPrice" => params
            .required("gas price")
            .and_then(|price: u128| set(move |settings| settings.gas_price_min = price)),
        "setPrevRandao" => params
            .required("prevRandao")
            .and_then(|Word(value)| set(move |settings| settings.prev_randao = Some(value.into()))),
        "setChainId" => Err(RpcError::invalid_params(
            "the chain id is part of the genesis block: start a new L1 with the one that you want",
        )),
        _ => return None,
    })
}

fn set(
    change: impl FnOnce(&mut crate::environment::Settings) + Send + 'static,
) -> Result<Command, RpcError> {
    command(move |core| core.set(change).map(|()| Value::Null))
}

impl Core {
    /// Changes the settings for good.
    fn set(&mut self, change: impl FnOnce(&mut crate::environment::Settings)) -> Result<(), Error> {
        change(&mut self.shared.settings.write());
        self.save_settings()
    }

    fn set_next_timestamp(&mut self, time: u64) -> Result<(), Error> {
        let head = self.tip.block.header.timestamp;
        if time <= head {
            return Err(Error::Refused(format!(
                "timestamp {time} is not after the newest block's, {head}"
            )));
        }
        self.set(|settings| settings.clock.set_next(time))
    }
}

/// `evm_mine`: one block, at a time if one is given; or `{timestamp, blocks}`.
fn evm_mine(params: &mut Params) -> Result<Command, RpcError> {
    #[derive(Deserialize)]
    struct Options {
        timestamp: Option<Value>,
        blocks: Option<Value>,
    }
    let (timestamp, blocks) = match params.optional::<Json<Value>>("timestamp")? {
        Some(Json(Value::Object(options))) => {
            let options: Options = serde_json::from_value(Value::Object(options))
                .map_err(|error| RpcError::invalid_params(error.to_string()))?;
            let number =
                |value: Option<Value>, name| Params::new(json!([value])).optional::<u64>(name);
            (number(options.timestamp, "timestamp")?, number(options.blocks, "blocks")?)
        }
        Some(Json(value)) => (Some(Params::new(json!([value])).required("timestamp")?), None),
        None => (None, None),
    };
    let blocks = limited(blocks.unwrap_or(1))?;
    command(move |core| {
        if let Some(timestamp) = timestamp {
            core.set_next_timestamp(timestamp)?;
        }
        core.mine_many(blocks, None)?;
        Ok(json!("0x0"))
    })
}

/// `anvil_mine`, `hardhat_mine`: so many blocks, so many seconds apart.
fn mine(params: &mut Params) -> Result<Command, RpcError> {
    let (blocks, step): (Option<u64>, Option<u64>) =
        (params.optional("blocks")?, params.optional("interval")?);
    let blocks = limited(blocks.unwrap_or(1))?;
    command(move |core| core.mine_many(blocks, step).map(|()| Value::Null))
}

fn limited(blocks: u64) -> Result<u64, RpcError> {
    match blocks {
        0..=BLOCKS_MAX => Ok(blocks),
        _ => {
            Err(RpcError::limit(format!("{blocks} blocks asked for; at most {BLOCKS_MAX} at once")))
        }
    }
}

/// Back to the genesis block.
fn reset(params: &mut Params) -> Result<Command, RpcError> {
    if let Some(Json(Value::Object(options))) = params.optional::<Json<Value>>("options")?
        && options.contains_key("forking")
    {
        return Err(RpcError::invalid_params(
            "this L1 cannot fork another chain: call without \"forking\"",
        ));
    }
    command(|core| {
        core.rewind(0)?;
        core.shared.pool.write().clear();
        core.set(|settings| {
            *settings = crate::environment::Settings { fork: settings.fork, ..Default::default() }
        })?;
        Ok(Value::Null)
    })
}

/// `anvil_reorg`: a depth, and pairs of a transaction (raw, or a request to be signed) and the block that it goes into.
async fn reorg(shared: Arc<Shared>, handle: Handle, mut params: Params) -> Answer {
    let (depth, pairs): (u64, Vec<(Value, Value)>) =
        match params.required::<Json<Value>>("depth")?.0 {
            Value::Object(options) => {
                let number = options.get("depth").cloned().unwrap_or(Value::Null);
                let pairs = options
                    .get("txBlockPairs")
                    .or_else(|| options.get("tx_block_pairs"))
                    .cloned()
                    .unwrap_or_else(|| json!([]));
                (
                    Params::new(json!([number])).required("depth")?,
                    Params::new(json!([pairs])).required::<Json<_>>("txBlockPairs")?.0,
                )
            }
            number => {
                let pairs = params
                    .optional::<Json<_>>("transactions")?
                    .map(|Json(pairs)| pairs)
                    .unwrap_or_default();
                (Params::new(json!([number])).required("depth")?, pairs)
            }
        };
    let mut branch = Branch::new();
    for (transaction, offset) in pairs {
        let offset: u64 = Params::new(json!([offset])).required("block offset")?;
        branch.entry(offset).or_default().push(branch_entry(&shared, transaction).await?);
    }
    handle.call(move |core| core.reorg(depth, branch)).await??;
    Ok(Value::Null)
}

async fn branch_entry(shared: &Shared, transaction: Value) -> Result<Entry, RpcError> {
    let (bytes, impersonated) = match transaction {
        Value::String(_) => {
            (Params::new(json!([transaction])).required::<Json<Bytes>>("transaction")?.0, None)
        }
        request => {
            let Json(mut request) = Params::new(json!([request]))
                .required::<Json<TransactionRequest>>("transaction")?;
            // A reorg has no "next block" to estimate against: what is missing is filled with what always works.
            request.gas.get_or_insert(1_000_000);
            if request.gas_price.is_none() {
                let fees = shared.fees();
                request.max_priority_fee_per_gas.get_or_insert(fees.tip.into());
                request
                    .max_fee_per_gas
                    .get_or_insert(u128::from(fees.base_fee) * 10 + u128::from(fees.tip));
            }
            if request.nonce.is_none() {
                return Err(RpcError::invalid_params(
                    "give the transaction a nonce: the blocks of the reorg are not there yet to count from",
                ));
            }
            backend::sign(shared, request)?
        }
    };
    let decoded = tokio::task::spawn_blocking(move || admit::decode(bytes, impersonated))
        .await
        .map_err(RpcError::internal)?;
    Ok(decoded?)
}

/// The blobs of a transaction in the chain; null when there is no such transaction.
async fn blobs_of_transaction(shared: Arc<Shared>, mut params: Params) -> Answer {
    let Json(hash) = params.required::<Json<B256>>("transaction hash")?;
    let Some((block, index)) = shared.store.transaction(hash)? else { return Ok(Value::Null) };
    let hashes =
        block.transactions[index].transaction.blob_versioned_hashes().unwrap_or_default().to_vec();
    let mut blobs = Vec::new();
    for hash in hashes {
        let blob = shared
            .blobs
            .get(hash)?
            .ok_or_else(|| RpcError::internal(format!("the blob {hash} is not on disk")))?;
        blobs.push(json!(*blob.blob));
    }
    Ok(Value::Array(blobs))
}

/// The blob of a versioned hash; null when there is none.
async fn blob(shared: Arc<Shared>, mut params: Params) -> Answer {
    let Json(hash) = params.required::<Json<B256>>("versioned hash")?;
    Ok(shared.blobs.get(hash)?.map_or(Value::Null, |kept| json!(*kept.blob)))
}
