//! `mezz deposit`: ether from L1 to L2.

use super::{keys, send};
use crate::{
    args::DepositArgs,
    files,
    output::{Failure, Output, ether},
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, Bytes, U64, U256, keccak256},
    providers::Provider,
    rpc::types::TransactionReceipt,
};
use mezz_l1::{Call, Client, Sender, SenderConfig, contracts::Portal};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// How long a deposit may take until it shows on L2.
const PATIENCE: Duration = Duration::from_secs(900);
/// Pause between two looks at the L2.
const LOOK: Duration = Duration::from_millis(300);

pub(crate) async fn run(args: &DepositArgs, output: Output) -> Result<(), Failure> {
    let signer = keys::read(&args.key.key)?;
    let deployment = files::asked(&args.ask)?;
    let to = args.to.unwrap_or_else(|| signer.address());
    let value = args.amount;
    let client = Client::connect(&deployment.l1.rpc, None).await?;
    let l2 = send::provider(&args.ask, &deployment)?;
    let head = l2.get_block_number().await?;
    let sender = Sender::new(client.clone(), Arc::new(signer), SenderConfig::default());
    let funds = client.balance(sender.address(), BlockNumberOrTag::Latest).await?;
    if funds < value {
        return Err(Failure::failed(format!(
            "{} owns {} ether on L1, less than {}; send it some, or name another --key",
            sender.address(),
            ether(funds),
            ether(value)
        )));
    }
    let call = Portal::depositTransactionCall {
        to,
        value,
        gasLimit: 100_000,
        isCreation: false,
        data: Bytes::new(),
    };
    let receipt =
        sender.send(Call::to(deployment.contracts.portal, &call).with_value(value)).await?;
    output.note(format!("on L1 in block {}", receipt.block_number.unwrap_or_default()));
    let mut arrived = false;
    if !args.no_wait {
        arrived = arrival(&l2, head, source(&receipt, deployment.contracts.portal)?).await?;
        if !arrived {
            return Err(Failure::not_running(format!(
                "the deposit is on L1 ({}) but not on L2 yet; look at `mezz status`",
                receipt.transaction_hash
            )));
        }
    }
    let text = if arrived {
        format!("{} ether arrived at {to} on L2", ether(value))
    } else {
        format!("sent; L1 transaction {}", receipt.transaction_hash)
    };
    output.answer(text, &json!({ "l1Transaction": receipt.transaction_hash, "to": to, "value": value, "arrived": arrived }))
}

/// What names the deposit on L2: the OP Stack's `sourceHash`, of the L1 block and the place of the portal's log in it.
fn source(receipt: &TransactionReceipt, portal: Address) -> Result<B256, Failure> {
    let log = receipt.logs().iter().find(|log| log.address() == portal);
    let place = log.and_then(|log| Some((log.block_hash?, log.log_index?)));
    let Some((block, index)) = place else {
        return Err(Failure::failed("the portal logged no deposit: is it another version's?"));
    };
    let deposit = keccak256([block, B256::from(U256::from(index))].concat());
    Ok(keccak256([B256::ZERO, deposit].concat()))
}

/// Whether the deposit shows up in a block above `head` while it is waited for.
async fn arrival(l2: &impl Provider, head: u64, source: B256) -> Result<bool, Failure> {
    let began = std::time::Instant::now();
    let mut next = head + 1;
    while began.elapsed() < PATIENCE {
        let block: Value =
            l2.raw_request("eth_getBlockByNumber".into(), (U64::from(next), true)).await?;
        if block.is_null() {
            tokio::time::sleep(LOOK).await;
            continue;
        }
        let transactions = block["transactions"].as_array();
        if transactions.into_iter().flatten().any(|transaction| {
            transaction["sourceHash"].as_str() == Some(source.to_string().as_str())
        }) {
            return Ok(true);
        }
        next += 1;
    }
    Ok(false)
}
