//! `mezz withdraw`: ether from L2 to L1, in four steps that may be days apart.
//!
//! initiate (L2) → a claim covers the block → prove (L1) → window and air gap → finalize (L1)
//!
//! What was initiated is remembered in `withdrawals.json`; everything else is read from the chains, so an interrupted withdrawal goes on where it is.

use super::{keys, send};
use crate::{
    args::WithdrawArgs,
    files::{self, DataDir, DeploymentFile, write_atomically},
    output::{Failure, Output, ether},
};
use alloy::{
    eips::BlockNumberOrTag,
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes, U256},
    providers::Provider,
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
    sol_types::{SolCall, SolEvent},
};
use indicatif::ProgressBar;
use mezz_l1::{
    Call, Client, Sender, SenderConfig,
    contracts::{DisputeGameFactory, L2ToL1MessagePasser, OutputRootProof, Portal},
};
use mezz_primitives::{Withdrawal, predeploys::MESSAGE_PASSER};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{fs, sync::Arc, time::Duration};

/// Pause between two looks at the chains.
const LOOK: Duration = Duration::from_millis(500);
/// L1 gas that the receiver gets at least.
const RECEIVER_GAS: u64 = 100_000;
/// L2 gas that initiating takes at most. A node may refuse to say what it takes, and nobody is kept in by that.
const INITIATE_GAS: u64 = 400_000;
/// Claims looked at for one that covers a block.
const CLAIMS: u64 = 64;

/// A withdrawal that was initiated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Initiated {
    /// The L2 transaction.
    transaction: B256,
    /// Its block.
    block: u64,
    /// The message.
    withdrawal: Withdrawal,
}

/// Where a withdrawal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Stage {
    /// No claim covers its block yet.
    WaitingForClaim,
    /// It can be proven against the claim with this index.
    ReadyToProve { game: u64 },
    /// Proven; the window and the air gap are running.
    WaitingForWindow { until: u64 },
    /// It can be paid.
    ReadyToFinalize,
    /// Paid.
    Finalized,
}

pub(crate) async fn run(args: &WithdrawArgs, output: Output) -> Result<(), Failure> {
    let here = DataDir(args.ask.here.datadir.clone());
    let signer = keys::read(&args.key.key)?;
    let deployment = files::asked(&args.ask)?;
    let mut known = load(&here)?;
    let l2 = send::provider(&args.ask, &deployment)?;
    if let Some(hash) = args.transaction {
        remember(&here, &mut known, find(&l2, hash).await?)?;
    }
    if let Some(amount) = args.amount {
        let target = args.to.unwrap_or_else(|| signer.address());
        refuse_parts(&deployment, target)?;
        let initiated = initiate(&l2, signer.clone(), target, amount).await?;
        output.note(format!(
            "initiated on L2 in block {}\n  {}",
            initiated.block, initiated.transaction
        ));
        remember(&here, &mut known, initiated)?;
    }
    let client = Client::connect(&deployment.l1.rpc, None).await?;
    if args.status || args.no_wait {
        return show(&client, &deployment, signer.address(), &known, output).await;
    }
    let sender = Sender::new(client.clone(), Arc::new(signer), SenderConfig::default());
    let mut done = Vec::new();
    for initiated in &known {
        let bar = super::deploy::bar(output, 4);
        complete(&client, &l2, &sender, &deployment, initiated, &bar).await?;
        bar.finish_and_clear();
        done.push(initiated.clone());
    }
    known.clear();
    save(&here, &known)?;
    let text: Vec<_> = done
        .iter()
        .map(|initiated| {
            format!(
                "{} ether paid to {} on L1",
                ether(initiated.withdrawal.value),
                initiated.withdrawal.target
            )
        })
        .collect();
    let text = if text.is_empty() {
        "no withdrawal is open; begin one with `mezz withdraw AMOUNT`".to_owned()
    } else {
        text.join("\n")
    };
    output.answer(text, &done)
}

/// The contracts of the chain cannot be paid: L2 refuses such a withdrawal, with the bytes of an error.
fn refuse_parts(deployment: &DeploymentFile, target: Address) -> Result<(), Failure> {
    let c = &deployment.contracts;
    let bridges = [c.l1_cross_domain_messenger, c.l1_standard_bridge, c.l1_erc721_bridge];
    if bridges.contains(&target)
        || [c.portal, c.inbox, c.claim_manager, c.system_config].contains(&target)
    {
        let reason = "is a contract of the chain, where the ether would be lost";
        return Err(Failure::usage(format!("{target} {reason}: name the receiver's own address")));
    }
    Ok(())
}

/// Sends the L2 transaction.
async fn initiate(
    l2: &impl Provider,
    signer: PrivateKeySigner,
    target: Address,
    amount: U256,
) -> Result<Initiated, Failure> {
    let call = L2ToL1MessagePasser::initiateWithdrawalCall {
        target,
        gasLimit: U256::from(RECEIVER_GAS),
        data: Bytes::new(),
    };
    let request = TransactionRequest::default()
        .with_to(MESSAGE_PASSER)
        .with_value(amount)
        .with_input(call.abi_encode());
    let receipt = send::submit(l2, signer, request, Some(INITIATE_GAS)).await?;
    let hash = serde_json::from_value(receipt["transactionHash"].clone())?;
    // The preconfirmed receipt names the block; the sealed one has the logs for good.
    loop {
        if l2
            .get_transaction_receipt(hash)
            .await?
            .is_some_and(|receipt| receipt.block_hash.is_some())
        {
            return find(l2, hash).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The withdrawal that an L2 transaction initiated.
async fn find(l2: &impl Provider, transaction: B256) -> Result<Initiated, Failure> {
    let receipt = l2
        .get_transaction_receipt(transaction)
        .await?
        .ok_or_else(|| Failure::usage(format!("{transaction} is not in a block of this L2")))?;
    let event = receipt.logs().iter().find_map(|log| {
        (log.address() == MESSAGE_PASSER)
            .then(|| L2ToL1MessagePasser::MessagePassed::decode_log(&log.inner).ok())
            .flatten()
    });
    let event =
        event.ok_or_else(|| Failure::usage(format!("{transaction} initiated no withdrawal")))?;
    let withdrawal = Withdrawal::from(event.data);
    Ok(Initiated { transaction, block: receipt.block_number.unwrap_or_default(), withdrawal })
}

/// Where a withdrawal stands now.
async fn stage(
    client: &Client,
    deployment: &DeploymentFile,
    prover: Address,
    initiated: &Initiated,
) -> Result<Stage, Failure> {
    let portal = deployment.contracts.portal;
    let hash = initiated.withdrawal.hash();
    let latest = BlockNumberOrTag::Latest;
    if client
        .call(portal, &Portal::finalizedWithdrawalsCall { withdrawalHash: hash }, latest)
        .await?
    {
        return Ok(Stage::Finalized);
    }
    let proven = client
        .call(
            portal,
            &Portal::provenWithdrawalsCall { withdrawalHash: hash, submitter: prover },
            latest,
        )
        .await?;
    if proven.timestamp > 0 {
        let delay = client.call(portal, &Portal::proofMaturityDelaySecondsCall {}, latest).await?;
        let until = proven.timestamp.saturating_add(delay.saturating_to());
        let ready = client
            .call(
                portal,
                &Portal::checkWithdrawalCall { withdrawalHash: hash, proofSubmitter: prover },
                latest,
            )
            .await
            .is_ok();
        let passed = client.latest().await?.time > until;
        return Ok(if ready || passed {
            Stage::ReadyToFinalize
        } else {
            Stage::WaitingForWindow { until }
        });
    }
    Ok(covering(client, deployment, initiated.block)
        .await?
        .map_or(Stage::WaitingForClaim, |game| Stage::ReadyToProve { game: game.0 }))
}

/// The oldest of the newest claims that covers an L2 block: its index and its last block.
async fn covering(
    client: &Client,
    deployment: &DeploymentFile,
    block: u64,
) -> Result<Option<(u64, u64)>, Failure> {
    let factory = deployment.contracts.dispute_game_factory;
    let latest = BlockNumberOrTag::Latest;
    let count: u64 =
        client.call(factory, &DisputeGameFactory::gameCountCall {}, latest).await?.saturating_to();
    let Some(last) = count.checked_sub(1) else { return Ok(None) };
    let kind = client.call(factory, &DisputeGameFactory::GAME_TYPECall {}, latest).await?;
    let find = DisputeGameFactory::findLatestGamesCall {
        gameType: kind,
        start: U256::from(last),
        n: U256::from(CLAIMS),
    };
    let games = client.call(factory, &find, latest).await?;
    let covering = games.iter().filter_map(|game| {
        let number: u64 = U256::try_from_be_slice(game.extraData.get(..32)?)?.saturating_to();
        (number >= block).then_some((game.index.saturating_to(), number))
    });
    Ok(covering.min())
}

/// Makes every step that is left, waiting between them.
async fn complete(
    client: &Client,
    l2: &impl Provider,
    sender: &Sender,
    deployment: &DeploymentFile,
    initiated: &Initiated,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    loop {
        let stage = stage(client, deployment, sender.address(), initiated).await?;
        match stage {
            Stage::WaitingForClaim => {
                bar.set_position(1);
                bar.set_message("waiting for a claim that covers the block");
                tokio::time::sleep(LOOK).await;
            }
            Stage::ReadyToProve { game } => {
                bar.set_position(2);
                bar.set_message("proving");
                prove(client, l2, sender, deployment, initiated, game).await?;
            }
            Stage::WaitingForWindow { until } => {
                bar.set_position(3);
                let now = client.latest().await?.time;
                bar.set_message(format!("window: {} s of L1 time left", until.saturating_sub(now)));
                tokio::time::sleep(LOOK).await;
            }
            Stage::ReadyToFinalize => {
                bar.set_message("finalizing");
                let call = Portal::finalizeWithdrawalTransactionCall {
                    withdrawal: initiated.withdrawal.clone().into(),
                };
                sender.send(Call::to(deployment.contracts.portal, &call)).await?;
            }
            Stage::Finalized => return Ok(()),
        }
    }
}

/// Proves the withdrawal against a claim.
async fn prove(
    client: &Client,
    l2: &impl Provider,
    sender: &Sender,
    deployment: &DeploymentFile,
    initiated: &Initiated,
    game: u64,
) -> Result<(), Failure> {
    let Some((_, number)) = covering(client, deployment, initiated.block).await? else {
        return Ok(());
    };
    let block = l2.get_block_by_number(number.into()).await?.ok_or_else(|| {
        Failure::not_running(format!("the node does not have block {number} yet; try again"))
    })?;
    let proof = l2
        .get_proof(MESSAGE_PASSER, vec![initiated.withdrawal.storage_slot()])
        .number(number)
        .await?;
    let slot = proof
        .storage_proof
        .first()
        .ok_or_else(|| Failure::failed("the node gave no proof of the message"))?;
    let call = Portal::proveWithdrawalTransactionCall {
        withdrawal: initiated.withdrawal.clone().into(),
        disputeGameIndex: U256::from(game),
        outputRootProof: OutputRootProof {
            version: B256::ZERO,
            stateRoot: block.header.state_root,
            messagePasserStorageRoot: proof.storage_hash,
            latestBlockhash: block.header.hash,
        },
        withdrawalProof: slot.proof.clone(),
    };
    sender.send(Call::to(deployment.contracts.portal, &call)).await?;
    Ok(())
}

async fn show(
    client: &Client,
    deployment: &DeploymentFile,
    prover: Address,
    known: &[Initiated],
    output: Output,
) -> Result<(), Failure> {
    let (mut lines, mut values) = (Vec::new(), Vec::new());
    for initiated in known {
        let stage = stage(client, deployment, prover, initiated).await?;
        let words = match stage {
            Stage::WaitingForClaim => "waiting for a claim that covers its block".to_owned(),
            Stage::ReadyToProve { .. } => "ready to prove".to_owned(),
            Stage::WaitingForWindow { until } => format!("proven; payable at L1 time {until}"),
            Stage::ReadyToFinalize => "ready to finalize".to_owned(),
            Stage::Finalized => "paid".to_owned(),
        };
        lines.push(format!(
            "{} ether to {}\n  {words}\n  {}",
            ether(initiated.withdrawal.value),
            initiated.withdrawal.target,
            initiated.transaction
        ));
        values.push(
            json!({ "withdrawal": initiated, "hash": initiated.withdrawal.hash(), "stage": stage }),
        );
    }
    let text = if lines.is_empty() { "no withdrawal is open".to_owned() } else { lines.join("\n") };
    output.answer(text, &values)
}

fn load(here: &DataDir) -> Result<Vec<Initiated>, Failure> {
    let path = here.join("withdrawals.json");
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::failed(format!(
            "{} cannot be read: {error}; move it away, and name each L2 transaction in it with --transaction",
            path.display()
        ))
    };
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| wrong(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(wrong(&error)),
    }
}

fn save(here: &DataDir, known: &[Initiated]) -> Result<(), Failure> {
    write_atomically(&here.join("withdrawals.json"), &serde_json::to_vec_pretty(known)?)
}

fn remember(
    here: &DataDir,
    known: &mut Vec<Initiated>,
    initiated: Initiated,
) -> Result<(), Failure> {
    if !known.contains(&initiated) {
        known.push(initiated);
        save(here, known)?;
    }
    Ok(())
}
