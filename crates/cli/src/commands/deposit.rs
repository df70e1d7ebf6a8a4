//! `mezz deposit`: ether from L1 to L2.

use super::{keys, send};
use crate::{
    args::DepositArgs,
    files::DataDir,
    output::{Failure, Output},
};
use alloy::{eips::BlockNumberOrTag, primitives::Bytes, providers::Provider};
use mezz_l1::{Call, Client, Sender, SenderConfig, contracts::Portal};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// How long a deposit may take until it shows on L2.
const PATIENCE: Duration = Duration::from_secs(900);

pub(crate) async fn run(args: &DepositArgs, output: Output) -> Result<(), Failure> {
    let deployment = DataDir(args.here.datadir.clone()).deployment()?;
    let signer = keys::read(&args.key.key)?;
    let to = args.to.unwrap_or_else(|| signer.address());
    let value = send::ether(&args.amount)?;
    let client = Client::connect(&deployment.l1.rpc, None).await?;
    let l2 = send::provider(&deployment.l2.rpc)?;
    let before = l2.get_balance(to).await?;
    let sender = Sender::new(client.clone(), Arc::new(signer), SenderConfig::default());
    let funds = client.balance(sender.address(), BlockNumberOrTag::Latest).await?;
    if funds < value {
        return Err(Failure::failed(format!(
            "{} owns {} ether on L1, less than {}",
            sender.address(),
            alloy::primitives::utils::format_ether(funds),
            args.amount
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
        let began = std::time::Instant::now();
        while !arrived && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(300)).await;
            arrived = l2.get_balance(to).await? >= before + value;
        }
        if !arrived {
            return Err(Failure::not_running(format!(
                "the deposit is on L1 ({}) but not on L2 yet; look at `mezz status`",
                receipt.transaction_hash
            )));
        }
    }
    let text = if arrived {
        format!("{} ether arrived at {to} on L2", args.amount)
    } else {
        format!("sent; L1 transaction {}", receipt.transaction_hash)
    };
    output.answer(text, &json!({ "l1Transaction": receipt.transaction_hash, "to": to, "value": value, "arrived": arrived }));
    Ok(())
}
