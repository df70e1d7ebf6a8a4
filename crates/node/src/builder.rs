//! The block under construction: an executor, what RPC sees of it, and the journal behind it.

use crate::{
    Error,
    journal::{Entry, Journal, JournaledBlock},
};
use alloy_consensus::{Header, Transaction as _};
use alloy_primitives::{Address, U256};
use mezz_evm::{BlockEnvironment, BlockExecutor, SignedTransaction, StateRoots, TransactionError};
use mezz_rpc::{Pending, PendingBody, Preconfirmed};
use mezz_storage::{Block, SharedOverlay, Store};
use parking_lot::RwLock;
use revm::DatabaseRef;
use std::sync::Arc;

/// What begins a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) timestamp: u64,
    pub(crate) queue_index: u64,
    /// Whether the block holds senders in place of signatures.
    pub(crate) attributed: bool,
}

/// A block under construction on the head of a store.
#[derive(Debug)]
pub(crate) struct Builder {
    executor: BlockExecutor<SharedOverlay>,
    attributed: bool,
    pending: Pending,
    logs: u64,
    /// Bytes that users' transactions take up to now, and may take: the batch with this block must fit L1.
    bytes: usize,
    bytes_max: usize,
}

impl Builder {
    /// Begins the block after the store's head.
    pub(crate) fn begin(store: &Store, opening: Opening, bytes_max: usize) -> Result<Self, Error> {
        let head = store.head();
        let parent = header(store, head.number)?;
        let mut overlay = SharedOverlay::new(store.latest());
        let environment = BlockEnvironment::rollup(
            &parent,
            head.hash,
            opening.timestamp,
            opening.queue_index,
            &mut overlay,
        )?;
        let pending = Pending {
            environment: Arc::new(environment.clone()),
            body: Arc::new(RwLock::new(PendingBody::default())),
            state: overlay.clone(),
        };
        let executor = BlockExecutor::begin(store.chain(), environment, overlay)?;
        Ok(Self { executor, attributed: opening.attributed, pending, logs: 0, bytes: 0, bytes_max })
    }

    /// Does again what the journal says was done.
    pub(crate) fn replay(
        store: &Store,
        block: &JournaledBlock,
        bytes_max: usize,
    ) -> Result<Self, Error> {
        let JournaledBlock { timestamp, queue_index, attributed, .. } = *block;
        let opening = Opening { timestamp, queue_index, attributed };
        let mut builder = Self::begin(store, opening, bytes_max)?;
        for (sender, bytes) in &block.transactions {
            let transaction = SignedTransaction::decode_recovered(bytes.clone(), *sender)
                .map_err(|_| Error::Diverged { number: block.number })?;
            builder.bytes += if transaction.is_deposit() { 0 } else { transaction.bytes.len() };
            builder.execute(transaction)?.map_err(|_| Error::Diverged { number: block.number })?;
        }
        Ok(builder)
    }

    /// The journal's entry for the beginning.
    pub(crate) fn opened(&self) -> Entry {
        let environment = self.executor.environment();
        Entry::Open {
            number: environment.number,
            timestamp: environment.timestamp,
            queue_index: environment.queue_index,
            parent: environment.parent_hash,
            attributed: self.attributed,
        }
    }

    /// Executes one more transaction and shows it to RPC. An invalid one leaves no trace.
    pub(crate) fn execute(
        &mut self,
        transaction: SignedTransaction,
    ) -> Result<Result<Preconfirmed, TransactionError>, Error> {
        let transaction = if self.attributed { transaction.attribute() } else { transaction };
        let executed = match self.executor.transact(transaction.clone())? {
            Ok(executed) => executed,
            Err(invalid) => return Ok(Err(invalid)),
        };
        let receipt =
            self.executor.receipts().last().expect("a transaction was executed; qed").clone();
        let first_log = self.logs;
        self.logs += receipt.logs.len() as u64;
        let mut body = self.pending.body.write();
        let index = body.transactions().len() as u64;
        body.push(transaction.clone(), receipt.clone());
        drop(body);
        Ok(Ok(Preconfirmed {
            environment: self.pending.environment.clone(),
            transaction,
            receipt,
            index,
            gas_used: executed.gas_used,
            first_log,
        }))
    }

    /// As [`Self::execute`], written down.
    pub(crate) fn execute_journaled(
        &mut self,
        journal: &Journal,
        transaction: SignedTransaction,
    ) -> Result<Result<Preconfirmed, TransactionError>, Error> {
        let done = self.execute(transaction)?;
        if let Ok(done) = &done {
            journal.append(&Entry::Transaction {
                sender: done.transaction.sender,
                bytes: done.transaction.bytes.clone(),
            });
        }
        Ok(done)
    }

    /// What a user sent, executed and written down. There must be room for its bytes in a batch, too.
    pub(crate) fn execute_signed(
        &mut self,
        journal: &Journal,
        transaction: SignedTransaction,
    ) -> Result<Result<Preconfirmed, TransactionError>, Error> {
        let bytes = transaction.bytes.len();
        if self.bytes + bytes > self.bytes_max {
            let (needed, (_, left)) = (transaction.transaction.gas_limit(), self.gas());
            return Ok(Err(TransactionError::BlockFull { needed, left }));
        }
        let done = self.execute_journaled(journal, transaction)?;
        self.bytes += if done.is_ok() { bytes } else { 0 };
        Ok(done)
    }

    /// Seals the block and appends it to the store.
    pub(crate) fn seal(self, store: &Store) -> Result<Arc<Block>, Error> {
        let diff = self.pending.state.diff();
        let (state_root, passer_root) = store.latest().roots(&diff)?;
        let (outcome, _) = self.executor.finish()?.seal(state_root, passer_root);
        Ok(store.append(outcome, &diff)?)
    }

    /// What RPC sees.
    pub(crate) fn pending(&self) -> Pending {
        self.pending.clone()
    }

    /// The sender's next nonce here.
    pub(crate) fn next_nonce(&mut self, sender: Address) -> Result<u64, Error> {
        Ok(self.executor.db().basic_ref(sender)?.map_or(0, |info| info.nonce))
    }

    /// What an account owns here, wei.
    pub(crate) fn balance(&mut self, account: Address) -> Result<U256, Error> {
        Ok(self.executor.db().basic_ref(account)?.map_or(U256::ZERO, |info| info.balance))
    }

    /// The block's gas limit and what is left of it.
    pub(crate) fn gas(&self) -> (u64, u64) {
        (self.executor.environment().gas_limit, self.executor.gas_left())
    }

    /// What the block is executed in.
    pub(crate) fn environment(&self) -> &BlockEnvironment {
        self.executor.environment()
    }

    /// What users sent so far; messages excluded by type only (forced ones are signed).
    pub(crate) fn signed(&self) -> impl Iterator<Item = &SignedTransaction> {
        self.executor.transactions().iter().filter(|transaction| !transaction.is_deposit())
    }
}

/// The header of a block that is there.
pub(crate) fn header(store: &Store, number: u64) -> Result<Arc<Header>, Error> {
    store.header(number)?.ok_or(Error::MissingBlock { number })
}
