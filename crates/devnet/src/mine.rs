//! Making blocks.

use crate::{
    Error, Mining, admit,
    chain::Core,
    clock::wall_clock,
    edits::{Edit, EditsOf},
    pool::{Entry, Pool, Sender},
    shared::Tip,
};
use alloy::primitives::{Address, B256};
use mezz_evm::{
    BLOB_PARAMS, BlockEnvironment, BlockExecutor, Overlay, StateRoots, TransactionError,
};
use mezz_rpc::{Event, SubmitError};
use mezz_storage::{Block, State};
use revm::{
    Database, DatabaseCommit, DatabaseRef, context::result::EVMError,
    context::result::InvalidTransaction,
};
use std::sync::Arc;

/// Least gas that a transaction takes.
const GAS_MIN: u64 = 21_000;

type Executor = BlockExecutor<Overlay<State>>;

/// Transactions that a block should have taken and that the rules refuse.
pub(crate) type Refused = Vec<(B256, TransactionError)>;

/// Fills a block from the pool, the best prices first. Returns what can never be taken.
pub(crate) fn pack<D: Database + DatabaseCommit>(
    executor: &mut BlockExecutor<D>,
    pool: &Pool,
) -> Result<Refused, EVMError<D::Error>> {
    let environment = executor.environment();
    let mut best =
        pool.best(environment.base_fee, BLOB_PARAMS.calc_blob_fee(environment.excess_blob_gas));
    let mut refused = Vec::new();
    while let Some(candidate) = best.next() {
        if executor.gas_left() < GAS_MIN {
            break;
        }
        let entry = candidate.entry();
        match execute(executor, entry)? {
            Ok(()) => best.taken(candidate),
            // This sender waits for the next block.
            Err(TransactionError::BlockFull { .. } | TransactionError::BlobsFull) => {}
            Err(error) => refused.push((entry.transaction.hash, error)),
        }
    }
    Ok(refused)
}

/// Executes one transaction. One of an impersonated contract is executed as if the sender had no code (EIP-3607 off).
fn execute<D: Database + DatabaseCommit>(
    executor: &mut BlockExecutor<D>,
    entry: &Entry,
) -> Result<Result<(), TransactionError>, EVMError<D::Error>> {
    executor.allow_contract_senders(entry.impersonated);
    Ok(executor.transact(entry.transaction.clone())?.map(drop))
}

impl Core {
    /// Makes a block of what the pool has, announces it and returns it.
    pub(crate) fn mine(&mut self) -> Result<Arc<Block>, Error> {
        let (block, _) = self.seal_pool()?;
        self.publish(vec![Arc::clone(&block)])?;
        Ok(block)
    }

    /// Makes `count` blocks, each `step` seconds after the one before where that is given.
    pub(crate) fn mine_many(&mut self, count: u64, step: Option<u64>) -> Result<(), Error> {
        /// Blocks that are made durable together.
        const GROUP: u64 = 256;
        let mut blocks = Vec::new();
        for index in 0..count {
            if let (Some(step), true) = (step, index > 0) {
                let parent = self.tip.block.header.timestamp;
                self.shared.settings.write().clock.set_next(parent.saturating_add(step));
            }
            blocks.push(self.seal_pool()?.0);
            if blocks.len() as u64 == GROUP {
                self.publish(std::mem::take(&mut blocks))?;
            }
        }
        self.publish(blocks)
    }

    /// Makes blocks until the pool has nothing more for one.
    pub(crate) fn mine_ready(&mut self) -> Result<(), Error> {
        self.mine_ready_refusing(B256::ZERO).map(drop)
    }

    /// As [`Self::mine_ready`]; the reason if the transaction `hash` was refused.
    pub(crate) fn mine_ready_refusing(
        &mut self,
        hash: B256,
    ) -> Result<Option<TransactionError>, Error> {
        let mut reason = None;
        while self.has_ready() {
            let (block, refused) = self.seal_pool()?;
            let empty = block.transactions.is_empty();
            self.publish(vec![block])?;
            reason = reason
                .or(refused.into_iter().find(|(other, _)| *other == hash).map(|(_, error)| error));
            if empty {
                break;
            }
        }
        Ok(reason)
    }

    fn has_ready(&self) -> bool {
        let fees = self.shared.fees();
        self.shared.pool.read().best(fees.base_fee, fees.blob_base_fee).next().is_some()
    }

    /// Makes a block of what the pool has. It is not announced yet.
    fn seal_pool(&mut self) -> Result<(Arc<Block>, Refused), Error> {
        let environment = self.shared.environment(&self.tip.block);
        let shared = Arc::clone(&self.shared);
        let mut refused = Vec::new();
        let block = self.seal(environment, |executor| {
            let pool = shared.pool.read();
            refused = pack(executor, &pool)?;
            for transaction in executor.transactions() {
                if let Some(sidecar) =
                    pool.get(transaction.hash).and_then(|entry| entry.sidecar.as_ref())
                {
                    shared.blobs.put(sidecar)?;
                }
            }
            Ok(())
        })?;
        for (hash, error) in &refused {
            tracing::debug!(%hash, %error, "transaction dropped from the L1 pool");
            self.shared.pool.write().remove_hash(*hash);
        }
        self.settle(block.transactions.iter().map(|transaction| transaction.sender))?;
        Ok((block, refused))
    }

    /// Makes a block without transactions that carries edits, with the timestamp given or the clock's.
    pub(crate) fn seal_edits(
        &mut self,
        edits: Vec<Edit>,
        timestamp: Option<u64>,
    ) -> Result<Arc<Block>, Error> {
        let parent = Arc::clone(&self.tip.block);
        let mut environment = self.shared.settings.read().environment_between(
            &parent.header,
            parent.hash,
            self.shared.genesis_time(),
            wall_clock(),
        );
        environment.timestamp = timestamp.unwrap_or(environment.timestamp);
        // What was set for the next block is not used up.
        let settings = self.shared.settings.read().clone();
        let block = self.seal(environment, |executor| {
            edits.iter().try_for_each(|edit| edit.apply(executor.db()))
        })?;
        *self.shared.settings.write() = settings;
        let kept = EditsOf { block: block.hash, edits };
        let bytes = serde_json::to_vec(&kept).expect("addresses and numbers serialize; qed");
        self.shared.store.put_meta(&EditsOf::key(block.header.number), &bytes)?;
        Ok(block)
    }

    /// Makes a block: begins it, has it filled, and makes it the head of the store.
    pub(crate) fn seal(
        &mut self,
        environment: BlockEnvironment,
        fill: impl FnOnce(&mut Executor) -> Result<(), Error>,
    ) -> Result<Arc<Block>, Error> {
        let base = self.shared.store.latest();
        let mut executor =
            BlockExecutor::begin(self.shared.chain, environment.clone(), Overlay::new(base))?;
        fill(&mut executor)?;
        let unsealed = executor.finish()?;
        let (state_root, passer_root) = unsealed.db.base.roots(&unsealed.db.diff)?;
        let (outcome, overlay) = unsealed.seal(state_root, passer_root);
        let block = self.shared.store.append(outcome, &overlay.diff)?;
        self.shared.settings.write().passed(&environment, wall_clock());
        self.tip = Tip { block: Arc::clone(&block), state: self.shared.store.latest() };
        Ok(block)
    }

    /// Makes blocks durable, then tells the world.
    pub(crate) fn publish(&mut self, blocks: Vec<Arc<Block>>) -> Result<(), Error> {
        if blocks.is_empty() {
            return Ok(());
        }
        self.save_settings()?;
        self.shared.store.flush()?;
        *self.shared.failure.write() = None;
        *self.shared.tip.write() = self.tip.clone();
        for block in blocks {
            tracing::debug!(number = block.header.number, hash = %block.hash, transactions = block.transactions.len(), "L1 block");
            self.shared.tell(Event::Head(block));
        }
        Ok(())
    }

    /// Takes a transaction into the pool.
    pub(crate) fn admit(&mut self, entry: Entry) -> Result<(), SubmitError> {
        let unavailable = |error: mezz_storage::Error| SubmitError::Unavailable(error.to_string());
        let tx = &entry.transaction;
        let environment = self.shared.environment(&self.tip.block);
        admit::rules(tx, self.shared.chain, environment.gas_limit)?;
        self.pays(&entry, &environment)?;
        let sender = self.sender(tx.sender, entry.impersonated).map_err(unavailable)??;
        self.shared.pool.write().insert(entry, sender)
    }

    /// A price below what is asked can wait for better times only where blocks come by themselves.
    fn pays(&self, entry: &Entry, environment: &BlockEnvironment) -> Result<(), SubmitError> {
        use alloy::consensus::Transaction as _;
        let (tx, automatic) =
            (&entry.transaction.transaction, *self.shared.mining.read() == Mining::Automatic);
        let floor = self.shared.settings.read().gas_price_min;
        let required = if automatic { floor.max(environment.base_fee.into()) } else { floor };
        if tx.max_fee_per_gas() < required {
            return Err(SubmitError::Underpriced { required, offered: tx.max_fee_per_gas() });
        }
        let blob_fee =
            if automatic { BLOB_PARAMS.calc_blob_fee(environment.excess_blob_gas) } else { 1 };
        match tx.max_fee_per_blob_gas() {
            Some(offered) if offered < blob_fee => {
                let error = InvalidTransaction::BlobGasPriceGreaterThanMax {
                    block_blob_gas_price: blob_fee,
                    tx_max_fee_per_blob_gas: offered,
                };
                Err(SubmitError::Invalid(error.into()))
            }
            _ => Ok(()),
        }
    }

    /// How a sender stands in the state of the head.
    fn sender(
        &self,
        address: Address,
        impersonated: bool,
    ) -> Result<Result<Sender, SubmitError>, mezz_storage::Error> {
        let state = &self.tip.state;
        let info = state.basic_ref(address)?.unwrap_or_default();
        let is_contract =
            !info.is_empty_code_hash() && !state.code_by_hash_ref(info.code_hash)?.is_eip7702();
        if is_contract && !impersonated {
            return Ok(Err(SubmitError::Invalid(InvalidTransaction::RejectCallerWithCode.into())));
        }
        Ok(Ok(Sender { nonce: info.nonce, balance: info.balance }))
    }

    /// Makes the pool follow the state for these senders.
    pub(crate) fn settle(&mut self, senders: impl Iterator<Item = Address>) -> Result<(), Error> {
        let state = self.tip.state.clone();
        let mut pool = self.shared.pool.write();
        for sender in senders {
            pool.settle(sender, state.basic_ref(sender)?.map_or(0, |info| info.nonce));
        }
        Ok(())
    }

    pub(crate) fn settle_everybody(&mut self) -> Result<(), Error> {
        let senders = self.shared.pool.read().senders();
        self.settle(senders.into_iter())
    }

    /// Keeps the settings for the next start.
    pub(crate) fn save_settings(&self) -> Result<(), Error> {
        let bytes =
            serde_json::to_vec(&*self.shared.settings.read()).expect("numbers serialize; qed");
        Ok(self.shared.store.put_meta(SETTINGS, &bytes)?)
    }
}

/// The name under which the settings are kept.
pub(crate) const SETTINGS: &str = "settings";
