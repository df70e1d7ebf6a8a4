//! Where a withdrawal stands: on L2, under which claim, and at the portal.

use crate::backend::NodeBackend;
use alloy::{eips::BlockNumberOrTag, sol_types::SolEvent};
use alloy_primitives::{B256, U256};
use mezz_l1::contracts::{L2ToL1MessagePasser, Portal};
use mezz_primitives::{Withdrawal, predeploys::MESSAGE_PASSER};
use mezz_rpc::RpcError;
use mezz_settlement::{Claim, ClaimState};
use serde_json::{Value, json};

/// Proofs of one withdrawal that are shown, the newest.
const PROOFS_MAX: usize = 4;
/// Withdrawals of one transaction that are shown: each takes several questions to L1.
const WITHDRAWALS_MAX: usize = 16;

/// The withdrawals that an L2 transaction initiated, each with its status in viem's words.
pub(crate) async fn of_transaction(
    node: &NodeBackend,
    transaction: B256,
) -> Result<Value, RpcError> {
    let Some((block, index)) = node.store.transaction(transaction)? else {
        return Err(RpcError::rejected(format!("no block of this chain holds {transaction}")));
    };
    let receipt = block.receipts.get(index).ok_or_else(|| RpcError::internal("no receipt"))?;
    let events = receipt.logs.iter().filter(|log| log.address == MESSAGE_PASSER);
    let mut withdrawals = Vec::new();
    let events = events.filter_map(|log| L2ToL1MessagePasser::MessagePassed::decode_log(log).ok());
    for event in events.take(WITHDRAWALS_MAX) {
        let withdrawal = Withdrawal::from(event.data);
        withdrawals.push(status(node, block.header.number, &withdrawal).await?);
    }
    Ok(json!(withdrawals))
}

async fn status(
    node: &NodeBackend,
    block: u64,
    withdrawal: &Withdrawal,
) -> Result<Value, RpcError> {
    let hash = withdrawal.hash();
    let claim = {
        let settlement = node.settlement.read();
        let claims = settlement.claims();
        let covers = |claim: &&Claim| claim.end.number >= block && claims.stands(claim);
        claims.iter().find(covers).map(|claim| {
            json!({
                "index": claim.index, "content": claim.content, "block": claim.end.number,
                "final": claim.state == ClaimState::Confirmed,
            })
        })
    };
    let portal = AtPortal::read(node, hash).await.map_err(|error| {
        RpcError::rejected(format!("L1 cannot be asked about the withdrawal: {error}"))
    })?;
    let status = match (&claim, &portal) {
        (_, AtPortal { paid: true, .. }) => "finalized",
        (_, AtPortal { payable: true, .. }) => "ready-to-finalize",
        (_, AtPortal { proofs, .. }) if !proofs.is_empty() => "waiting-to-finalize",
        (Some(_), _) => "ready-to-prove",
        (None, _) => "waiting-to-prove",
    };
    Ok(json!({
        "status": status, "withdrawal": withdrawal, "hash": hash, "block": block,
        "claim": claim, "proofs": portal.proofs,
    }))
}

/// What the portal knows of a withdrawal.
struct AtPortal {
    paid: bool,
    payable: bool,
    proofs: Vec<Value>,
}

impl AtPortal {
    async fn read(node: &NodeBackend, hash: B256) -> Result<Self, mezz_l1::Error> {
        let (client, portal, latest) =
            (&node.client, node.contracts.portal, BlockNumberOrTag::Latest);
        let paid = Portal::finalizedWithdrawalsCall { withdrawalHash: hash };
        let paid = client.call(portal, &paid, latest).await?;
        let count = Portal::numProofSubmittersCall { withdrawalHash: hash };
        let count: u64 = client.call(portal, &count, latest).await?.saturating_to();
        let delay: u64 = client
            .call(portal, &Portal::proofMaturityDelaySecondsCall {}, latest)
            .await?
            .saturating_to();
        let (mut proofs, mut payable) = (Vec::new(), false);
        for index in (0..count).rev().take(PROOFS_MAX) {
            let submitter =
                Portal::proofSubmittersCall { withdrawalHash: hash, index: U256::from(index) };
            let submitter = client.call(portal, &submitter, latest).await?;
            let proven = Portal::provenWithdrawalsCall { withdrawalHash: hash, submitter };
            let proven = client.call(portal, &proven, latest).await?;
            let check =
                Portal::checkWithdrawalCall { withdrawalHash: hash, proofSubmitter: submitter };
            let ripe = match client.call(portal, &check, latest).await {
                Ok(_) => !paid,
                Err(mezz_l1::Error::Reverted(_)) => false,
                Err(error) => return Err(error),
            };
            payable |= ripe;
            proofs.push(json!({
                "submitter": submitter, "game": proven.disputeGameProxy, "timestamp": proven.timestamp,
                "matureAt": proven.timestamp.saturating_add(delay).saturating_add(1), "payable": ripe,
            }));
        }
        Ok(Self { paid, payable, proofs })
    }
}
