//! Executing a block again, exactly as it was executed, with somebody watching.

use crate::{
    RpcError,
    evm::{CallError, Guard, SceneDb, inspected},
    node::{At, Node, StateAt},
    workers::Deadline,
};
use alloy::primitives::map::AddressMap;
use mezz_evm::{BlockEnvironment, BlockExecutor, Chain, EvmContext, Overlay, SignedTransaction};
use mezz_storage::Block;
use revm::{
    Database, DatabaseCommit, Inspector,
    context::{BlockEnv, TxEnv, result::ResultAndState},
};
use std::{collections::BTreeMap, sync::Arc};

/// A block being executed again.
pub(crate) struct Replay {
    chain: Chain,
    environment: BlockEnvironment,
    transactions: Transactions,
    db: SceneDb,
    deadline: Deadline,
    record_bytes_max: usize,
}

enum Transactions {
    Sealed(Arc<Block>),
    Pending(Vec<SignedTransaction>),
}

/// One transaction executed again, not yet written.
pub(crate) struct Watched<I> {
    pub(crate) outcome: ResultAndState,
    pub(crate) tx: TxEnv,
    pub(crate) block: BlockEnv,
    pub(crate) inspector: I,
}

impl Replay {
    /// Stands before the first transaction of `at`, after the system calls.
    pub(crate) fn start(node: &Node, at: &At, deadline: Deadline) -> Result<Self, RpcError> {
        let chain = node.backend.store().chain();
        let Some(parent) = at.number().checked_sub(1) else {
            return Err(RpcError::rejected("genesis is not traceable"));
        };
        let environment = node.environment(at)?;
        let state = StateAt::Sealed(node.state_after(parent)?);
        let executor = BlockExecutor::begin(chain, environment.clone(), Overlay::new(state))
            .map_err(RpcError::internal)?;
        let transactions = match at {
            At::Sealed(block) => Transactions::Sealed(block.clone()),
            At::Pending(pending) => {
                Transactions::Pending(pending.body.read().transactions().to_vec())
            }
        };
        let db = SceneDb { overlay: executor.into_db(), hashes: BTreeMap::new() };
        Ok(Self { chain, environment, transactions, db, deadline, record_bytes_max: usize::MAX })
    }

    /// Limits what recording instructions may take.
    pub(crate) fn limit_records(&mut self, bytes: usize) {
        self.record_bytes_max = bytes;
    }

    /// Stands before the transaction at `index`.
    pub(crate) fn before(
        node: &Node,
        at: &At,
        index: usize,
        deadline: Deadline,
    ) -> Result<Self, RpcError> {
        let mut replay = Self::start(node, at, deadline)?;
        for position in 0..index {
            let watched = replay.watch(position, revm::inspector::NoOpInspector)?;
            replay.write(watched.outcome);
        }
        Ok(replay)
    }

    /// Stands after the whole of `at`, for a transaction that might follow.
    pub(crate) fn after(node: &Node, at: &At, deadline: Deadline) -> Result<Self, RpcError> {
        let environment = node.environment(at)?;
        let db = SceneDb { overlay: Overlay::new(node.state_of(at)?), hashes: BTreeMap::new() };
        let transactions = Transactions::Pending(Vec::new());
        Ok(Self {
            chain: node.backend.store().chain(),
            environment,
            transactions,
            db,
            deadline,
            record_bytes_max: usize::MAX,
        })
    }

    /// The transactions of the block.
    pub(crate) fn transactions(&self) -> &[SignedTransaction] {
        match &self.transactions {
            Transactions::Sealed(block) => &block.transactions,
            Transactions::Pending(transactions) => transactions,
        }
    }

    /// Executes the transaction at `index` on the state so far.
    pub(crate) fn watch<I>(&mut self, index: usize, inspector: I) -> Result<Watched<I>, RpcError>
    where
        I: for<'a> Inspector<EvmContext<&'a mut SceneDb>>,
    {
        let signed =
            self.transactions().get(index).cloned().ok_or_else(|| {
                RpcError::rejected("transaction index out of range for the block")
            })?;
        self.watch_other(&signed, inspector)
    }

    /// Executes a transaction that is not of this block on the state so far.
    pub(crate) fn watch_other<I>(
        &mut self,
        signed: &SignedTransaction,
        inspector: I,
    ) -> Result<Watched<I>, RpcError>
    where
        I: for<'a> Inspector<EvmContext<&'a mut SceneDb>>,
    {
        self.deadline.check()?;
        let kind = self.chain.kind(&self.environment, signed);
        let mut tx = signed.environment();
        if signed.is_deposit() {
            tx.nonce = self.db.basic(signed.sender)?.map_or(0, |info| info.nonce);
        }
        let block = self.environment.block_env();
        let still = AddressMap::default();
        let guard = Guard::new(inspector, &still, self.deadline, self.record_bytes_max);
        let (outcome, inspector) = inspected(
            &mut self.db,
            self.chain.layer,
            self.chain.cfg_env(),
            block.clone(),
            tx.clone(),
            kind,
            guard,
        )
        .map_err(|error| match error {
            CallError::Invalid(invalid) => RpcError::rejected(format!(
                "transaction {} is not valid at its place: {invalid}",
                signed.hash
            )),
            CallError::Rpc(error) => error,
        })?;
        Ok(Watched { outcome, tx, block, inspector })
    }

    /// Writes what a transaction changed.
    pub(crate) fn write(&mut self, outcome: ResultAndState) {
        self.db.commit(outcome.state);
    }

    /// The state so far.
    pub(crate) fn db(&mut self) -> &mut SceneDb {
        &mut self.db
    }

    /// What the block is executed in.
    pub(crate) const fn environment(&self) -> &BlockEnvironment {
        &self.environment
    }
}
