//! What the RPC server sees of a node.

use crate::{Node, sequencer::Sequencer};
use alloy_primitives::{Address, B256, U64};
use futures::future::BoxFuture;
use mezz_evm::{L2Config, SignedTransaction, next_base_fee};
use mezz_rpc::{
    Backend, Event, FeeSuggestion, Heads, Pending, PoolContent, RpcError, Submission, SubmitError,
    Submitted,
};
use mezz_settlement::{ClaimState, Settlement};
use mezz_storage::Store;
use parking_lot::RwLock;
use revm::DatabaseRef;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::broadcast;

/// A node behind the server.
#[derive(Debug)]
pub(crate) struct NodeBackend {
    pub(crate) store: Store,
    pub(crate) sequencer: Arc<Sequencer>,
    pub(crate) settlement: Arc<RwLock<Settlement>>,
    pub(crate) rollup: Value,
}

impl Backend for NodeBackend {
    fn store(&self) -> &Store {
        &self.store
    }

    fn heads(&self) -> Heads {
        let heads = self.settlement.read().heads();
        let latest = self.store.head().number;
        Heads { latest, safe: heads.safe.min(latest), finalized: heads.finalized.min(latest) }
    }

    fn pending(&self) -> Option<Pending> {
        self.sequencer.shared.pending.read().clone()
    }

    fn submit(&self, submission: Submission) -> BoxFuture<'static, Result<Submitted, SubmitError>> {
        let (sequencer, chain) = (self.sequencer.clone(), self.store.chain().id);
        Box::pin(async move {
            // Refused here already, before a signature is recovered: no batch could carry it.
            if let Err(reason) = mezz_derive::check_encodable(&submission.bytes, chain) {
                return Err(SubmitError::Decode(reason.to_string()));
            }
            let transaction = SignedTransaction::decode(submission.bytes)?;
            let answer = sequencer.submit(transaction, submission.wait)?;
            answer.await.unwrap_or_else(|_| {
                Err(SubmitError::Unavailable(
                    "the node is stopping, or its disk failed; see its log".into(),
                ))
            })
        })
    }

    fn pool(&self) -> PoolContent {
        self.sequencer.shared.pool.read().content(|sender| self.account_nonce(sender))
    }

    fn pooled(&self, hash: B256) -> Option<SignedTransaction> {
        self.sequencer.shared.pool.read().get(&hash).cloned()
    }

    fn next_nonce(&self, sender: Address) -> Option<u64> {
        let next = self.account_nonce(sender);
        self.sequencer.shared.pool.read().next_nonce(sender, next)
    }

    fn pool_size(&self) -> (u64, u64) {
        let pool = self.pool();
        let count =
            |slots: &mezz_rpc::PoolSlots| slots.values().map(|nonces| nonces.len() as u64).sum();
        (count(&pool.pending), count(&pool.queued))
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.sequencer.shared.events.subscribe()
    }

    fn arrivals(&self) -> broadcast::Receiver<Arc<SignedTransaction>> {
        self.sequencer.shared.arrivals.subscribe()
    }

    fn fees(&self) -> FeeSuggestion {
        let floor = self.sequencer.shared.tip_floor.load(std::sync::atomic::Ordering::Relaxed);
        let base_fee = self.next_base_fee().unwrap_or_default();
        FeeSuggestion { base_fee, tip: floor.max(1_000_000), blob_base_fee: 1 }
    }

    fn extra(
        &self,
        method: &str,
        params: Value,
    ) -> Option<BoxFuture<'static, Result<Value, RpcError>>> {
        let answer = match method {
            "optimism_syncStatus" => self.sync_status(),
            "optimism_outputAtBlock" => self.output_at(&params),
            "optimism_rollupConfig" | "mezz_chainConfig" => Ok(self.rollup.clone()),
            "optimism_version" | "mezz_version" => Ok(json!(env!("CARGO_PKG_VERSION"))),
            "optimism_safeHeadAtL1Block" => self.safe_head_at(&params),
            "mezz_status" => Ok(self.status()),
            "mezz_getBatches" => Ok(self.batches()),
            "mezz_getBatchByBlock" => self.batch_by_block(&params),
            "mezz_getClaims" => Ok(self.claims()),
            "mezz_getQueue" => Ok(self.queue()),
            "admin_sequencerActive" => Ok(json!(self.sequencer.shared.pending.read().is_some())),
            "admin_stopSequencer" | "admin_startSequencer" => {
                let (sequencer, on) = (self.sequencer.clone(), method == "admin_startSequencer");
                let head = self.store.head().hash;
                return Some(Box::pin(async move {
                    sequencer.sequence(on).await.map_err(RpcError::internal)?;
                    Ok(if on { Value::Null } else { json!(head) })
                }));
            }
            _ => return None,
        };
        Some(Box::pin(async move { answer }))
    }

    fn modules(&self) -> &'static [&'static str] {
        &["optimism", "mezz", "admin"]
    }

    fn client_version(&self) -> String {
        format!("mezz/v{}", env!("CARGO_PKG_VERSION"))
    }

    fn ready(&self) -> Result<(), String> {
        self.sequencer.shared.failure.read().clone().map_or(Ok(()), Err)
    }
}

impl NodeBackend {
    /// The sender's next nonce in the block under construction.
    fn account_nonce(&self, sender: Address) -> u64 {
        let info = match self.pending() {
            Some(pending) => pending.state.basic_ref(sender),
            None => self.store.latest().basic_ref(sender),
        };
        info.ok().flatten().map_or(0, |info| info.nonce)
    }

    fn next_base_fee(&self) -> Option<u64> {
        if let Some(pending) = self.pending() {
            return Some(pending.environment.base_fee);
        }
        let header = self.store.header(self.store.head().number).ok()??;
        let config =
            L2Config::read(&mut revm::database_interface::WrapDatabaseRef(self.store.latest()))
                .ok()?;
        Some(next_base_fee(&header, &config))
    }

    /// A block in the words of `optimism_syncStatus`.
    fn l2_ref(&self, number: u64) -> Result<Value, RpcError> {
        let block = self.store.block(number)?.ok_or_else(|| RpcError::block_not_found(number))?;
        Ok(json!({
            "hash": block.hash, "number": number, "parentHash": block.header.parent_hash, "timestamp": block.header.timestamp,
            "l1origin": { "hash": B256::ZERO, "number": 0 }, "sequenceNumber": 0,
        }))
    }

    fn sync_status(&self) -> Result<Value, RpcError> {
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

    fn output_at(&self, params: &Value) -> Result<Value, RpcError> {
        let number = block_number(params)?;
        let block = self.store.block(number)?.ok_or_else(|| RpcError::block_not_found(number))?;
        let passer = block.header.withdrawals_root.unwrap_or_default();
        let root = mezz_primitives::op_output_root(block.header.state_root, passer, block.hash);
        Ok(json!({
            "version": B256::ZERO, "outputRoot": root, "blockRef": self.l2_ref(number)?,
            "withdrawalStorageRoot": passer, "stateRoot": block.header.state_root, "syncStatus": self.sync_status()?,
        }))
    }

    fn safe_head_at(&self, params: &Value) -> Result<Value, RpcError> {
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
            "referee": "security council",
            "finality": "a claim confirms when its window has passed and the security council has not refuted it; step proofs are not deployed on this chain",
            "failure": *self.sequencer.shared.failure.read(),
        })
    }

    fn batches(&self) -> Value {
        let settlement = self.settlement.read();
        json!(
            settlement
                .inbox()
                .batches()
                .iter()
                .rev()
                .take(100)
                .map(|batch| json!(batch.header))
                .collect::<Vec<_>>()
        )
    }

    fn batch_by_block(&self, params: &Value) -> Result<Value, RpcError> {
        let number = block_number(params)?;
        Ok(json!(self.settlement.read().inbox().batch_of(number)))
    }

    fn claims(&self) -> Value {
        let settlement = self.settlement.read();
        json!(
            settlement
                .claims()
                .iter()
                .rev()
                .take(100)
                .map(
                    |claim| json!({ "claim": claim, "final": claim.state == ClaimState::Confirmed })
                )
                .collect::<Vec<_>>()
        )
    }

    fn queue(&self) -> Value {
        let settlement = self.settlement.read();
        let inbox = settlement.inbox();
        json!(
            inbox
                .messages(inbox.consumed(), inbox.queue_len())
                .take(100)
                .map(|entry| json!({ "message": entry.message, "hint": entry.hint }))
                .collect::<Vec<_>>()
        )
    }
}

/// The first parameter as a block number.
fn block_number(params: &Value) -> Result<u64, RpcError> {
    let first =
        params.get(0).ok_or_else(|| RpcError::invalid_params("a block number is missing"))?;
    let number: U64 = serde_json::from_value(first.clone())
        .map_err(|_| RpcError::invalid_params("the block number must be hex, such as \"0x10\""))?;
    Ok(number.to())
}

impl Node {
    /// What the RPC server serves.
    pub fn backend(&self) -> Arc<dyn Backend> {
        self.backend.clone()
    }
}
