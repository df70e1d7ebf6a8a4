//! What batches take on L1, read from L1.

use crate::{
    PostedArgs,
    flow::{Chain, requests},
    server::{Program, Server},
    wallet::Load,
    wire::{Connection, Mode},
};
use alloy::primitives::U64;
use eyre::{OptionExt, Result};
use serde_json::{Value, json};

/// Gas of a transfer on L1.
const TRANSFER_GAS: f64 = 21_000.0;

/// Transfers before those that count.
const WARM_UP: usize = 3_000;

/// One batch of the load.
#[derive(Debug)]
struct Batch {
    transfers: u64,
    gas: u64,
    blob_gas: u64,
}

/// Loads a chain with transfers, then with token transfers, and prints what L1 holds of them.
pub(crate) async fn run(args: &PostedArgs) -> Result<()> {
    let server = Server::start(Program::Mezz, &args.programs, None).await?;
    let mut chain = Chain::prepare(&server).await?;
    chain.wrap().await?;
    let l1 = server.l1.as_deref().ok_or_eyre("`mezz up` names no L1")?;
    let mut l1 = Connection::open(l1, Mode::Single).await?;
    // The first blobs of a process load the trusted setup.
    let warm_up = chain.sign(Load::Ether, WARM_UP)?;
    let passage = chain.pass(&requests(&warm_up, 1, Mode::Batch), WARM_UP, Mode::Batch).await?;
    chain.safe(passage.blocks.1).await?;
    println!(
        "| load | batches | bytes/transfer | L1 gas + blob gas per transfer | of an L1 transfer | fullest batch: transfers, blobs, of an L1 transfer | CPU µs/transfer until on L1 |\n|---|---|---|---|---|---|---|"
    );
    for (load, name) in [(Load::Ether, "transfers"), (Load::Token, "ERC-20 transfers")] {
        let transfers = chain.sign(load, args.transactions)?;
        // What was posted before must not share a batch with the load.
        let head = chain.head().await?;
        chain.safe(head).await?;
        let (before, cpu) = (server.posted_bytes().await?, server.cpu()?);
        let passage = chain
            .pass(&requests(&transfers, 20, Mode::Batch), transfers.len(), Mode::Batch)
            .await?;
        chain.safe(passage.blocks.1).await?;
        let cpu = (server.cpu()? - cpu).as_secs_f64() * 1e6 / transfers.len() as f64;
        let bytes = server.posted_bytes().await? - before;
        let batches = batches(&mut chain, &mut l1, passage.blocks).await?;
        println!("{}", row(name, bytes, cpu, &batches));
    }
    server.stop().await
}

fn row(name: &str, bytes: u64, cpu: f64, batches: &[Batch]) -> String {
    let sum = |value: fn(&Batch) -> u64| batches.iter().map(value).sum::<u64>() as f64;
    let transfers = sum(|batch| batch.transfers);
    let gas = sum(|batch| batch.gas + batch.blob_gas) / transfers;
    let fullest =
        batches.iter().max_by_key(|batch| batch.transfers).map_or_else(String::new, |batch| {
            let gas = (batch.gas + batch.blob_gas) as f64 / batch.transfers as f64;
            format!(
                "{}, {}, {:.2} %",
                batch.transfers,
                batch.blob_gas >> 17,
                100.0 * gas / TRANSFER_GAS
            )
        });
    format!(
        "| {transfers} {name} | {} | {:.1} | {gas:.1} | {:.2} % | {fullest} | {cpu:.0} |",
        batches.len(),
        bytes as f64 / transfers,
        100.0 * gas / TRANSFER_GAS
    )
}

/// The batches that hold transactions of these blocks.
async fn batches(
    chain: &mut Chain,
    l1: &mut Connection,
    (first, last): (u64, u64),
) -> Result<Vec<Batch>> {
    let headers = chain.control.call("mezz_getBatches", json!([])).await?;
    let mut batches = Vec::new();
    for header in headers.as_array().ok_or_eyre("mezz_getBatches answers no list")? {
        let number =
            |field: &str| header[field].as_u64().ok_or_eyre("a batch header lacks a number");
        let (from, count) = (number("firstBlock")?, number("blockCount")?);
        if from + count <= first || from > last {
            continue;
        }
        let mut transfers = 0;
        for block in from..from + count {
            transfers += chain.transactions_in(block).await?;
        }
        if transfers > 0 {
            let (gas, blob_gas) = spent(l1, number("l1Block")?).await?;
            batches.push(Batch { transfers, gas, blob_gas });
        }
    }
    Ok(batches)
}

/// Gas and blob gas of the batch in an L1 block: of the transaction with blobs, or of the longest one.
async fn spent(l1: &mut Connection, block: u64) -> Result<(u64, u64)> {
    let found = l1.call("eth_getBlockByNumber", json!([U64::from(block), true])).await?;
    let weight = |transaction: &&Value| {
        (transaction["type"] == "0x3", transaction["input"].as_str().map_or(0, str::len))
    };
    let transaction = found["transactions"]
        .as_array()
        .and_then(|all| all.iter().max_by_key(weight))
        .ok_or_eyre("the batch's L1 block is empty")?;
    let receipt = l1.call("eth_getTransactionReceipt", json!([transaction["hash"]])).await?;
    let number = |field: &str| -> Result<u64> {
        let value = receipt.get(field).filter(|value| !value.is_null());
        Ok(value.map_or(Ok(U64::ZERO), |value| serde_json::from_value(value.clone()))?.to())
    };
    Ok((number("gasUsed")?, number("blobGasUsed")?))
}
