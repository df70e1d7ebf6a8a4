//! What the RPC server sees of a node.

use crate::{Node, proofs::Board, queries, sequencer::Sequencer};
use alloy_primitives::{Address, B256};
use futures::future::BoxFuture;
use mezz_evm::{L2Config, SignedTransaction, next_base_fee};
use mezz_l1::Client;
use mezz_primitives::Contracts;
use mezz_rpc::{
    Backend, Event, FeeSuggestion, Heads, Pending, PoolContent, RpcError, Submission, SubmitError,
    Submitted,
};
use mezz_settlement::Settlement;
use mezz_storage::Store;
use parking_lot::RwLock;
use revm::DatabaseRef;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::{Semaphore, broadcast};

/// Bytes of one transaction, as geth takes them.
const TRANSACTION_BYTES_MAX: usize = 128 << 10;

/// A node behind the server.
#[derive(Debug, Clone)]
pub(crate) struct NodeBackend {
    pub(crate) store: Store,
    pub(crate) sequencer: Arc<Sequencer>,
    pub(crate) settlement: Arc<RwLock<Settlement>>,
    pub(crate) rollup: Value,
    pub(crate) admin: bool,
    pub(crate) client: Client,
    pub(crate) contracts: Contracts,
    /// Questions that are passed on to L1, a few at a time.
    pub(crate) l1_questions: Arc<Semaphore>,
    /// The work of provers.
    pub(crate) proofs: Arc<Board>,
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
            if submission.bytes.len() > TRANSACTION_BYTES_MAX {
                let bytes = submission.bytes.len();
                return Err(SubmitError::Oversized { bytes, limit: TRANSACTION_BYTES_MAX });
            }
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
        self.sequencer.shared.pool.read().counts(|sender| self.account_nonce(sender))
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
        queries::answer(self, method, params)
    }

    fn modules(&self) -> &'static [&'static str] {
        if self.admin { &["optimism", "mezz", "admin"] } else { &["optimism", "mezz"] }
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
}

impl Node {
    /// What the RPC server serves.
    pub fn backend(&self) -> Arc<dyn Backend> {
        self.backend.clone()
    }
}
