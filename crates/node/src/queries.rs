//! The `optimism_*`, `mezz_*` and `admin_*` methods of a node.

use crate::{backend::NodeBackend, costs, proofs, versions, withdrawals};
use alloy_primitives::{B256, U64, U256};
use futures::future::BoxFuture;
use mezz_da::committee::CertificateHead;
use mezz_primitives::ProofPolicy;
use mezz_rpc::RpcError;
use mezz_settlement::{ClaimState, Disputes, PostedBatch, Sealing, Settlement};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// Batches, claims or messages in one answer.
const LIST_MAX: usize = 100;

type Answer = Result<Value, RpcError>;

/// The answer to one of the methods; `None` for a method of somebody else.
pub(crate) fn answer(
    node: &NodeBackend,
    method: &str,
    params: Value,
) -> Option<BoxFuture<'static, Answer>> {
    let answer = match method {
        "optimism_syncStatus" => node.sync_status(),
        "optimism_outputAtBlock" => node.output_at(&params),
        "optimism_rollupConfig" | "mezz_chainConfig" => Ok(node.rollup.clone()),
        "optimism_version" | "mezz_version" => Ok(json!(env!("CARGO_PKG_VERSION"))),
        "optimism_safeHeadAtL1Block" => node.safe_head_at(&params),
        "mezz_status" => Ok(node.status()),
        "mezz_getBatches" => Ok(node.batches()),
        "mezz_getBatchByBlock" => node.batch_by_block(&params),
        "mezz_getClaims" => Ok(node.claims()),
        "mezz_getGame" => Ok(node.game()),
        "mezz_getQueue" => Ok(node.queue()),
        "mezz_getWithdrawals" => {
            let node = node.clone();
            return Some(Box::pin(async move {
                let transaction = parameter(&params, 0)?;
                let _turn = node.l1_questions.acquire().await.map_err(RpcError::internal)?;
                withdrawals::of_transaction(&node, transaction).await
            }));
        }
        "mezz_getCosts" => {
            let node = node.clone();
            return Some(Box::pin(async move {
                let batches: Option<U64> = optional(&params, 0)?;
                let _turn = node.l1_questions.acquire().await.map_err(RpcError::internal)?;
                costs::of_batches(&node, batches.map(|count| count.to())).await
            }));
        }
        _ if proofs::is_ours(method) => return Some(proofs::answer(node, method, params)),
        _ if method.starts_with("admin_") && !node.admin => return None,
        "admin_sequencerActive" => {
            Ok(json!(node.sequencer.shared.sequencing.load(Ordering::Relaxed)))
        }
        "admin_stopSequencer" | "admin_startSequencer" => {
            let (sequencer, on) = (node.sequencer.clone(), method == "admin_startSequencer");
            return Some(Box::pin(async move {
                let head = sequencer.sequence(on).await.map_err(RpcError::internal)?;
                Ok(if on { Value::Null } else { json!(head.hash) })
            }));
        }
        _ => return None,
    };
    Some(Box::pin(async move { answer }))
}

impl NodeBackend {
    /// A block in the words of `optimism_syncStatus`.
    fn l2_ref(&self, number: u64) -> Answer {
        let block = self.store.block(number)?.ok_or_else(|| RpcError::block_not_found(number))?;
        Ok(json!({
            "hash": block.hash, "number": number, "parentHash": block.header.parent_hash, "timestamp": block.header.timestamp,
            "l1origin": { "hash": B256::ZERO, "number": 0 }, "sequenceNumber": 0,
        }))
    }

    fn sync_status(&self) -> Answer {
        let (heads, l1_head, l1_final) = {
            let settlement = self.settlement.read();
            (settlement.heads(), settlement.l1_head(), settlement.l1_final())
        };
        let l1 = |block: mezz_settlement::L1Ref| json!({ "hash": block.hash, "number": block.number, "timestamp": block.time });
        let latest = self.store.head().number;
        Ok(json!({
            "current_l1": l1(l1_head), "current_l1_finalized": l1(l1_final), "head_l1": l1(l1_head), "safe_l1": l1(l1_final), "finalized_l1": l1(l1_final),
            "unsafe_l2": self.l2_ref(latest)?, "safe_l2": self.l2_ref(heads.safe.min(latest))?,
            "finalized_l2": self.l2_ref(heads.finalized.min(latest))?, "settled_l2": self.l2_ref(heads.settled.min(latest))?,
        }))
    }

    fn output_at(&self, params: &Value) -> Answer {
        let number = block_number(params)?;
        let block = self.store.block(number)?.ok_or_else(|| RpcError::block_not_found(number))?;
        let passer = block.header.withdrawals_root.unwrap_or_default();
        let root = mezz_evm::output_root(&block.header, block.hash);
        Ok(json!({
            "version": B256::ZERO, "outputRoot": root, "blockRef": self.l2_ref(number)?,
            "withdrawalStorageRoot": passer, "stateRoot": block.header.state_root, "syncStatus": self.sync_status()?,
        }))
    }

    fn safe_head_at(&self, params: &Value) -> Answer {
        let l1 = block_number(params)?;
        let settlement = self.settlement.read();
        let batch =
            settlement.inbox().batches().iter().rev().find(|batch| batch.header.l1_block <= l1);
        let batch = batch
            .ok_or_else(|| RpcError::rejected(format!("no batch at or before L1 block {l1}")))?;
        let block = self
            .store
            .block(batch.header.last_block())?
            .ok_or_else(|| RpcError::block_not_found(batch.header.last_block()))?;
        Ok(
            json!({ "l1Block": { "number": batch.header.l1_block }, "safeHead": { "number": block.header.number, "hash": block.hash } }),
        )
    }

    fn status(&self) -> Value {
        let settlement = self.settlement.read();
        json!({
            "heads": settlement.heads(), "l1Head": settlement.l1_head(), "l1Final": settlement.l1_final(),
            "batches": settlement.inbox().batches().len(), "derivedBatches": settlement.derived(),
            "queue": { "enqueued": settlement.inbox().queue_len(), "consumed": settlement.inbox().consumed() },
            "unpostedBytes": settlement.unposted_bytes(),
            "referee": "query-answer game",
            "finality": finality(settlement.config().proofs.map(|rules| rules.policy)),
            "proofs": proofs(&settlement),
            "committee": settlement.config().committee.and(settlement.sealing()).map(committee),
            "signatures": signatures(&settlement),
            "program": versions::describe(&settlement),
            "failure": *self.sequencer.shared.failure.read(),
        })
    }

    /// The newest batches, newest first.
    fn batches(&self) -> Value {
        let settlement = self.settlement.read();
        let newest = settlement.inbox().batches().iter().rev().take(LIST_MAX);
        newest.map(|batch| batch_json(&settlement, batch)).collect()
    }

    fn batch_by_block(&self, params: &Value) -> Answer {
        let number = block_number(params)?;
        let settlement = self.settlement.read();
        let batch = settlement.inbox().batch_of(number);
        Ok(batch.map_or(Value::Null, |batch| batch_json(&settlement, batch)))
    }

    /// The newest claims, newest first.
    fn claims(&self) -> Value {
        let settlement = self.settlement.read();
        let newest = settlement.claims().iter().rev().take(LIST_MAX);
        newest
            .map(|claim| {
                let parent = claim.parent.and_then(|parent| settlement.right(parent));
                json!({
                    "claim": claim,
                    "final": claim.state == ClaimState::Confirmed,
                    "right": parent.map(|right| right == claim.content),
                    "provenFinalAt": settlement.proven_final_at(claim.content),
                    "instances": instances(settlement.disputes(), claim.index),
                })
            })
            .collect()
    }

    /// The deployment's numbers of the game, and what it holds.
    fn game(&self) -> Value {
        let settlement = self.settlement.read();
        let game = settlement.disputes().game();
        let rules = game.rules();
        json!({
            "window": rules.window, "clock": rules.clock, "grace": rules.grace,
            "bond": U256::from(rules.bond), "stake": U256::from(rules.stake), "entries": rules.entries, "depth": rules.depth, "span": rules.span,
            "escrow": U256::from(game.purse().escrow()), "forfeited": U256::from(game.purse().forfeited()),
            "l1Time": settlement.l1_head().time,
            "proofs": proofs(&settlement),
        })
    }

    /// What no batch has consumed, oldest first.
    fn queue(&self) -> Value {
        let settlement = self.settlement.read();
        let inbox = settlement.inbox();
        let waiting = inbox.messages(inbox.consumed(), inbox.queue_len()).take(LIST_MAX);
        waiting.map(|entry| json!({ "message": entry.message, "hint": entry.hint })).collect()
    }
}

/// When a claim is final, in a sentence.
const fn finality(policy: Option<ProofPolicy>) -> &'static str {
    match policy {
        None | Some(ProofPolicy::StepOnly) => {
            "a claim confirms when its window has passed and every doubt about it was answered; anybody may doubt, and L1 executes the one instruction that is left"
        }
        Some(ProofPolicy::Safe) => {
            "as in an optimistic rollup, with a shorter window once the claim is proven; anybody may doubt it, and L1 executes the one instruction that is left"
        }
        Some(ProofPolicy::Fast) => {
            "a claim confirms when L1 has verified its validity proof and the guard has passed; one that nobody proves confirms as in an optimistic rollup, after the prover's timeout"
        }
    }
}

/// What validity proofs are worth on this chain now.
fn proofs(settlement: &Settlement) -> Value {
    let Some(rules) = settlement.config().proofs else { return Value::Null };
    let confirmed = settlement.claims().confirmed();
    let next = settlement.child_n1(confirmed);
    json!({
        "policy": rules.policy, "wait": rules.wait, "proverTimeout": rules.prover_timeout,
        "broken": settlement.disputes().game().is_broken_at(next),
    })
}

/// Who stands behind a claim, and what is doubted: clocks in seconds of L1 time.
fn instances(disputes: &Disputes, content: u64) -> Value {
    let game = disputes.game();
    let Some(known) = game.content(content) else { return Value::Null };
    let id = disputes.id(content);
    let each = known.instances.iter().map(|(owner, instance)| {
        let queries: Value = instance
            .nodes
            .iter()
            .map(|(path, node)| {
                json!({
                    "node": Disputes::node_id(id, *owner, *path), "path": path.indices(), "querier": node.querier,
                    "askedAt": node.asked_at, "deadline": node.deadline, "answeredAt": node.answer().map(|answer| answer.at),
                    "childClose": node.answer().map(|answer| answer.child_close), "open": node.is_open(), "verified": node.is_verified(), "bonded": node.bonded,
                    "ownerUsed": node.owner_used, "querierUsed": node.querier_used, "start": node.start, "end": node.end,
                })
            })
            .collect();
        let closes = game.close(content, *owner).map(|close| close.max(game.patience(content)));
        json!({
            "owner": owner, "createdAt": instance.created_at, "closesAt": closes, "settled": instance.settled,
            "status": game.status(content, *owner).map(|status| format!("{status:?}").to_lowercase()), "queries": queries,
        })
    });
    each.collect()
}

/// A batch header and the L1 transaction that posted it; where posting does not decide also what it counts as.
fn batch_json(settlement: &Settlement, batch: &PostedBatch) -> Value {
    let mut value = json!(batch.header);
    value["transaction"] = json!(batch.transaction);
    if let Some(sealing) = settlement.sealing() {
        let index = batch.header.index;
        let demand = sealing.demand(index).map(|demand| demand.status(settlement.l1_head().time));
        let revocable =
            settlement.config().committee.is_some() || sealing.signatures_due(batch).is_some();
        value["status"] = json!(match (batch.void, index < sealing.sealed(), revocable) {
            (true, _, _) => "void",
            (false, true, _) => "sealed",
            (false, false, true) => "revocable",
            (false, false, false) => "decided",
        });
        value["signaturesProven"] = json!(sealing.signatures_proven(batch));
        value["signaturesDue"] = json!(sealing.signatures_due(batch));
        if settlement.config().committee.is_some() {
            value["demand"] = json!(demand);
            let certificate = CertificateHead::decode(&batch.aux);
            value["epoch"] = json!(certificate.map(|certificate| certificate.epoch));
            value["payloadHash"] =
                json!(certificate.map(|certificate| certificate.payload.payload_hash));
        }
    }
    value
}

/// What is proven of the signatures, where batches may lack them.
fn signatures(settlement: &Settlement) -> Value {
    let rules = settlement.config().signatures;
    let Some((rules, sealing)) = rules.zip(settlement.sealing()) else { return Value::Null };
    let unsigned = || settlement.inbox().batches().iter().filter(|batch| batch.header.unsigned);
    let open = unsigned().filter(|batch| !batch.void && sealing.signatures_due(batch).is_some());
    json!({
        "timeout": rules.timeout, "sealed": sealing.sealed(), "unsigned": unsigned().count(),
        "unproven": open.count(),
        "void": unsigned().filter(|batch| batch.void).count(),
    })
}

/// What a data committee's chain has decided, and what is demanded.
fn committee(sealing: &Sealing) -> Value {
    json!({ "sealed": sealing.sealed(), "demands": sealing.demands().count(), "frozen": sealing.frozen() })
}

/// A parameter that must be there.
pub(crate) fn parameter<T: DeserializeOwned>(params: &Value, index: usize) -> Result<T, RpcError> {
    optional(params, index)?
        .ok_or_else(|| RpcError::invalid_params(format!("parameter {index} is missing")))
}

fn optional<T: DeserializeOwned>(params: &Value, index: usize) -> Result<Option<T>, RpcError> {
    let value = params.get(index).cloned().unwrap_or_default();
    serde_json::from_value(value)
        .map_err(|error| RpcError::invalid_params(format!("parameter {index}: {error}")))
}

/// The first parameter as a block number.
fn block_number(params: &Value) -> Result<u64, RpcError> {
    parameter::<U64>(params, 0).map(|number| number.to())
}
