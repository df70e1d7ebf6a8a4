//! What a chain gives the server beside its store.

use crate::{RpcError, SubmitError};
use alloy::{
    primitives::{Address, B256, Bytes, map::B256Map},
    rpc::types::TransactionRequest,
};
use futures::future::BoxFuture;
use mezz_evm::{BlockEnvironment, Receipt, SignedTransaction};
use mezz_storage::{Block, SharedOverlay, Store};
use parking_lot::RwLock;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::broadcast;

/// A chain that can be asked: the embedded L1 or an L2 node.
///
/// Methods that return plain values are called on the server's threads: they answer from memory and do not wait.
pub trait Backend: Send + Sync + 'static {
    /// The store of the chain.
    fn store(&self) -> &Store;

    /// How far the chain is sequenced, published and final.
    fn heads(&self) -> Heads;

    /// The block under construction, if the chain has one.
    fn pending(&self) -> Option<Pending>;

    /// Takes a transaction. The future holds nothing of the server: dropping it does not undo a submission.
    fn submit(&self, submission: Submission) -> BoxFuture<'static, Result<Submitted, SubmitError>>;

    /// What waits in the pool.
    fn pool(&self) -> PoolContent;

    /// One transaction of the pool. A chain that knows its pool by hash answers without a copy of it.
    fn pooled(&self, hash: B256) -> Option<SignedTransaction> {
        let pool = self.pool();
        let mut transactions = pool
            .pending
            .into_values()
            .chain(pool.queued.into_values())
            .flat_map(BTreeMap::into_values);
        transactions.find(|transaction| transaction.hash == hash)
    }

    /// The nonce after a sender's transactions that are ready in the pool; `None` when there are none. Asked for `eth_getTransactionCount` at `pending`.
    fn next_nonce(&self, sender: Address) -> Option<u64> {
        self.pool()
            .pending
            .get(&sender)
            .and_then(|nonces| nonces.keys().next_back())
            .map(|last| last + 1)
    }

    /// How many transactions are ready, and how many are queued.
    fn pool_size(&self) -> (u64, u64) {
        let pool = self.pool();
        let count = |slots: &PoolSlots| slots.values().map(|nonces| nonces.len() as u64).sum();
        (count(&pool.pending), count(&pool.queued))
    }

    /// New heads and reorgs, in order.
    fn events(&self) -> broadcast::Receiver<Event>;

    /// Transactions as they are accepted. Sent only while somebody listens (`Sender::receiver_count`).
    fn arrivals(&self) -> broadcast::Receiver<Arc<SignedTransaction>>;

    /// Prices for the next block.
    fn fees(&self) -> FeeSuggestion;

    /// The accounts whose keys it holds.
    fn accounts(&self) -> Vec<Address> {
        Vec::new()
    }

    /// Signs a request, its missing fields filled already, with one of [`Self::accounts`] and submits it: `eth_sendTransaction`.
    fn sign_and_submit(
        &self,
        _request: TransactionRequest,
    ) -> BoxFuture<'static, Result<B256, RpcError>> {
        Box::pin(async { Err(RpcError::no_keys()) })
    }

    /// Signs a request, its missing fields filled already, with one of [`Self::accounts`]: `eth_signTransaction`.
    fn sign_transaction(&self, _request: TransactionRequest) -> Result<Bytes, RpcError> {
        Err(RpcError::no_keys())
    }

    /// Signs an EIP-191 message with one of [`Self::accounts`]: `eth_sign`, `personal_sign`.
    fn sign_message(&self, _address: Address, _message: Bytes) -> Result<Bytes, RpcError> {
        Err(RpcError::no_keys())
    }

    /// A method of its own (`evm_*`, `anvil_*`, `optimism_*`, `mezz_*`, `admin_*`); `None` when there is no such method.
    ///
    /// It is asked when the server itself has no method of this name. `params` is an array, empty when the caller gave none.
    fn extra(
        &self,
        _method: &str,
        _params: Value,
    ) -> Option<BoxFuture<'static, Result<Value, RpcError>>> {
        None
    }

    /// The namespaces of [`Self::extra`], for instance `["evm", "anvil"]`.
    fn modules(&self) -> &'static [&'static str] {
        &[]
    }

    /// What `web3_clientVersion` says.
    fn client_version(&self) -> String;

    /// What the chain is still catching up with; `None` when it is not.
    fn syncing(&self) -> Option<Syncing> {
        None
    }

    /// Whether it serves users; the reason when it does not. Asked by `/readyz`.
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The numbers behind the block tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heads {
    /// The newest block.
    pub latest: u64,
    /// The newest block that is published.
    pub safe: u64,
    /// The newest block that cannot be undone.
    pub finalized: u64,
}

/// The block under construction. Cheap to clone; it moves on while it is read.
#[derive(Debug, Clone)]
pub struct Pending {
    /// What it is executed in.
    pub environment: Arc<BlockEnvironment>,
    /// Its transactions so far. The executor appends.
    pub body: Arc<RwLock<PendingBody>>,
    /// The state so far.
    pub state: SharedOverlay,
}

/// The transactions and receipts of a block under construction.
#[derive(Debug, Default)]
pub struct PendingBody {
    transactions: Vec<SignedTransaction>,
    receipts: Vec<Receipt>,
    by_hash: B256Map<usize>,
}

impl PendingBody {
    /// Adds an executed transaction.
    pub fn push(&mut self, transaction: SignedTransaction, receipt: Receipt) {
        self.by_hash.insert(transaction.hash, self.transactions.len());
        self.transactions.push(transaction);
        self.receipts.push(receipt);
    }

    /// The transactions in order.
    pub fn transactions(&self) -> &[SignedTransaction] {
        &self.transactions
    }

    /// The receipts in order.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// The place of a transaction.
    pub fn position(&self, hash: &B256) -> Option<usize> {
        self.by_hash.get(hash).copied()
    }
}

/// A transaction that somebody sends.
#[derive(Debug, Clone)]
pub struct Submission {
    /// As received: EIP-2718 bytes, a type 3 transaction with its sidecar.
    pub bytes: Bytes,
    /// What to wait for.
    pub wait: Wait,
}

/// What a submission waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It is in the pool (or further): `eth_sendRawTransaction`.
    Accepted,
    /// It is executed and durable: `eth_sendRawTransactionSync`. A chain without preconfirmations answers at acceptance with `preconfirmed: None`, and the
    /// server waits for the block.
    Preconfirmed,
}

/// A transaction that was taken.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// Its hash.
    pub hash: B256,
    /// Where it stands, when the submission waited for that.
    pub preconfirmed: Option<Preconfirmed>,
}

/// A transaction executed in a block that is not sealed yet (or just was): all that its receipt shows.
#[derive(Debug, Clone)]
pub struct Preconfirmed {
    /// What its block is executed in.
    pub environment: Arc<BlockEnvironment>,
    /// The transaction.
    pub transaction: SignedTransaction,
    /// Its receipt.
    pub receipt: Receipt,
    /// Its place in the block.
    pub index: u64,
    /// Gas that it used itself.
    pub gas_used: u64,
    /// Logs in the block before its own.
    pub first_log: u64,
}

/// What happens to the chain.
#[derive(Debug, Clone)]
pub enum Event {
    /// A new block stands on the one before.
    Head(Arc<Block>),
    /// Blocks that are no longer in the chain, oldest first. The heads of the new branch follow.
    Reorged {
        /// The blocks.
        removed: Vec<Arc<Block>>,
    },
}

/// Transactions by sender and nonce.
pub type PoolSlots = BTreeMap<Address, BTreeMap<u64, SignedTransaction>>;

/// What waits in the pool.
#[derive(Debug, Clone, Default)]
pub struct PoolContent {
    /// Ready for a block.
    pub pending: PoolSlots,
    /// Waiting for a nonce before them.
    pub queued: PoolSlots,
}

/// Prices, wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeeSuggestion {
    /// Base fee of the next block.
    pub base_fee: u64,
    /// Priority fee that gets a transaction in soon.
    pub tip: u64,
    /// Blob base fee of the next block; 1 on L2.
    pub blob_base_fee: u128,
}

/// How far a chain that is catching up has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syncing {
    /// Where it began.
    pub starting: u64,
    /// Where it is.
    pub current: u64,
    /// Where it is going.
    pub highest: u64,
}
