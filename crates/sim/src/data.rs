//! A batcher and its committee keep a batch to themselves.

use crate::{Act, Drill, Error, Side, Verdict, drill::LOOK};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, U256, keccak256},
    rpc::types::Log,
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::SolEvent,
};
use mezz_l1::{
    Call, Sender, SenderConfig,
    contracts::{CommitteeRegistry, DaChallenge, Inbox, SealedInbox},
};
use mezz_primitives::{
    Accumulator, Certificate, CommitteeContracts, DaType, MESSAGES_PER_BLOCK_MAX, PayloadId,
    SignedCertificate,
};
use std::{sync::Arc, time::Instant};

/// Tries at a place in the chain of batches, which the honest batcher may take first.
const TRIES: u32 = 20;
/// How much longer than it must the certificate lasts, seconds.
const POSTING_TIME: u64 = 300;
/// `statusOf` of a batch without data.
const VOID: u8 = 3;

/// What the drill goes by.
enum Seen {
    Demanded,
    Reclaimed,
    Posted(u64),
    Sealed(u64),
}

/// Holds the drill.
pub(crate) async fn run(drill: &Drill, mut report: impl FnMut(&Act)) -> Result<Verdict, Error> {
    let committee = drill.contracts.committee.ok_or(Error::NoCommittee)?;
    let rules = drill.config.committee.ok_or(Error::NoCommittee)?;
    let (batcher, _) = &drill.colluding;
    let settings = SenderConfig { poll: LOOK, ..SenderConfig::default() };
    let sender = Sender::new(drill.client.clone(), Arc::new(batcher.clone()), settings);
    let head = drill.client.latest().await?;
    let begun = Instant::now();
    let (index, adversary_gas) = post(drill, &committee, &sender).await?;
    report(&Act {
        second: drill.client.latest().await?.time.saturating_sub(head.time),
        side: Side::Adversary,
        action: "post",
        detail: format!("batch {index}, shown to nobody"),
        transaction: None,
        gas: adversary_gas,
        at_risk: U256::ZERO,
    });
    let patience = 120 + 2 * (rules.challenge_window + rules.answer_window);
    let (mut next, mut honest_gas) = (head.number + 1, 0);
    let (mut demanded, mut reclaimed, mut after, mut sealed) = (false, false, false, false);
    while begun.elapsed().as_secs() < patience {
        let latest = drill.client.latest().await?;
        let ours = [committee.challenges, committee.sealed_inbox, drill.contracts.inbox];
        let logs = match latest.number >= next {
            true => drill.client.logs(next, latest.number, &ours).await?,
            false => Vec::new(),
        };
        next = next.max(latest.number + 1);
        for log in &logs {
            let Some((action, detail, seen)) = tell(log, index) else { continue };
            match seen {
                Seen::Demanded => demanded = true,
                Seen::Reclaimed => reclaimed = true,
                Seen::Posted(posted) if posted > index => after = true,
                Seen::Sealed(count) if count > index => sealed = true,
                _ => continue,
            }
            let receipt = match log.transaction_hash {
                Some(hash) => drill.client.receipt(hash).await?,
                None => None,
            };
            let gas = receipt.map_or(0, |receipt| receipt.gas_used);
            honest_gas += gas;
            let bond = if action == "demand" { rules.bond_per_chunk } else { U256::ZERO };
            report(&Act {
                second: latest.time.saturating_sub(head.time),
                side: Side::Honest,
                action,
                detail,
                transaction: log.transaction_hash,
                gas,
                at_risk: bond,
            });
        }
        let status = DaChallenge::statusOfCall { index };
        let at = BlockNumberOrTag::Latest;
        let void = drill.client.call(committee.challenges, &status, at).await? == VOID;
        if void && demanded && reclaimed && after && sealed {
            return Ok(Verdict {
                adversary: drill.adversary.to_string(),
                address: sender.address(),
                honest_won: true,
                reason: format!(
                    "batch {index} counts as one without data, the bond is back, and the chain goes on"
                ),
                seconds: begun.elapsed().as_secs_f64(),
                honest_gas,
                adversary_gas,
                adversary_lost: U256::ZERO,
            });
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(Error::Undecided(patience))
}

/// A log in words, if it is about the batch or those after it.
fn tell(log: &Log, batch: u64) -> Option<(&'static str, String, Seen)> {
    let topic = *log.topic0()?;
    Some(match topic {
        DaChallenge::Challenged::SIGNATURE_HASH => {
            let event = DaChallenge::Challenged::decode_log(&log.inner).ok()?;
            (event.index == batch).then_some(())?;
            ("demand", format!("batch {batch}, until {}", event.deadline), Seen::Demanded)
        }
        DaChallenge::Reclaimed::SIGNATURE_HASH => {
            let event = DaChallenge::Reclaimed::decode_log(&log.inner).ok()?;
            (event.index == batch).then_some(())?;
            ("reclaim", "not shown: the bond comes back".to_owned(), Seen::Reclaimed)
        }
        Inbox::BatchPosted::SIGNATURE_HASH => {
            let event = Inbox::BatchPosted::decode_log(&log.inner).ok()?;
            ("post", format!("batch {}", event.index), Seen::Posted(event.index))
        }
        SealedInbox::Sealed::SIGNATURE_HASH => {
            let event = SealedInbox::Sealed::decode_log(&log.inner).ok()?;
            ("seal", format!("{} batches", event.count), Seen::Sealed(event.count))
        }
        _ => return None,
    })
}

/// Posts a batch whose payload is only a hash; its index, and the gas.
async fn post(
    drill: &Drill,
    committee: &CommitteeContracts,
    sender: &Sender,
) -> Result<(u64, u64), Error> {
    let mut tries = 0;
    loop {
        let (index, call) = batch(drill, committee).await?;
        match sender.send(Call::to(drill.contracts.inbox, &call)).await {
            Ok(receipt) => return Ok((index, receipt.gas_used)),
            // The honest batcher was faster, or took the nonce.
            Err(_) if tries < TRIES => tries += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// The next batch, certified and empty-handed.
async fn batch(
    drill: &Drill,
    committee: &CommitteeContracts,
) -> Result<(u64, Inbox::postBatchCall), Error> {
    let (client, inbox, at) = (&drill.client, drill.contracts.inbox, BlockNumberOrTag::Latest);
    let index = client.call(inbox, &Inbox::batchCountCall {}, at).await?;
    let prev_acc = client.call(inbox, &Inbox::accCall { n: index }, at).await?;
    let q_start = client.call(inbox, &Inbox::consumedCall {}, at).await?;
    let q_end = client.call(inbox, &Inbox::queueCountCall {}, at).await?;
    let queue_acc = client.call(inbox, &Inbox::queueAccCall { n: q_end }, at).await?;
    let retention =
        client.call(committee.registry, &CommitteeRegistry::retentionCall {}, at).await?;
    // A hash of something that nobody knows any more.
    let secret = keccak256(PrivateKeySigner::random().address());
    let certificate = Certificate {
        batch_index: index,
        prev_acc: Accumulator(prev_acc),
        payload: PayloadId { payload_hash: secret, payload_length: 1_000 },
        epoch: 0,
        expiry: client.latest().await?.time + retention + POSTING_TIME,
    };
    let members = CommitteeRegistry::membersOfCall { epoch: 0 };
    let members = client.call(committee.registry, &members, at).await?;
    let epoch = CommitteeRegistry::epochAtCall { epoch: 0 };
    let threshold = client.call(committee.registry, &epoch, at).await?.threshold;
    let digest = certificate.digest(drill.config.l1_chain_id, inbox);
    let signatures = members
        .iter()
        .zip(0..)
        .filter_map(|(member, bit)| Some((bit, signature(&drill.colluding.1, *member, digest)?)));
    let Certificate { payload, epoch, expiry, .. } = certificate;
    let signed = SignedCertificate {
        payload,
        epoch,
        expiry,
        signatures: signatures.take(threshold.into()).collect(),
    };
    let blocks = (q_end - q_start).div_ceil(MESSAGES_PER_BLOCK_MAX).max(1);
    let call = Inbox::postBatchCall {
        daType: DaType::Committee.into(),
        prevAcc: prev_acc,
        qEnd: q_end,
        queueAcc: queue_acc,
        blockCount: blocks as u32,
        aux: signed.encode(),
    };
    Ok((index, call))
}

fn signature(keys: &[PrivateKeySigner], member: Address, digest: B256) -> Option<[u8; 65]> {
    let key = keys.iter().find(|key| key.address() == member)?;
    Some(key.sign_hash_sync(&digest).ok()?.as_bytes())
}
