//! A block under construction: transactions run one by one as they arrive.

use crate::{
    BLOB_PARAMS, Chain, Charges, Evm, Kind, L2Config, Layer, Receipt, SignedTransaction,
    next_base_fee, receipts_bloom, receipts_root,
    requests::{self, system_call},
    transact, transactions_root,
};
use alloc::vec::Vec;
use alloy_consensus::{
    EMPTY_OMMER_ROOT_HASH, Header, Transaction as _, Typed2718, constants::EMPTY_WITHDRAWALS,
};
use alloy_eips::{eip2935, eip4788, eip7685::Requests};
use alloy_primitives::{Address, B64, B256, Bytes, U256};
use mezz_primitives::{op_output_root, predeploys::SEQUENCER_FEE_VAULT};
use revm::{
    Database, DatabaseCommit, MainBuilder,
    context::{
        BlockEnv, CfgEnv, Context,
        result::{EVMError, ExecutionResult, InvalidTransaction},
    },
    context_interface::block::BlobExcessGasAndPrice,
};

/// Everything about a block that is fixed before its first transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockEnvironment {
    /// Number of the block.
    pub number: u64,
    /// Hash of the block before.
    pub parent_hash: B256,
    /// Seconds.
    pub timestamp: u64,
    /// Who gets the priority fees.
    pub beneficiary: Address,
    /// Gas of the block.
    pub gas_limit: u64,
    /// Wei per gas.
    pub base_fee: u64,
    /// What `PREVRANDAO` gives.
    pub prev_randao: B256,
    /// Free bytes of the header.
    pub extra_data: Bytes,
    /// The header's nonce: zero on L1, the next queue message on L2.
    pub queue_index: u64,
    /// EIP-4788 root.
    pub parent_beacon_block_root: B256,
    /// EIP-4844 excess; 0 on L2.
    pub excess_blob_gas: u64,
    /// The rollup's configuration; `None` on L1.
    pub l2: Option<L2Config>,
}

impl BlockEnvironment {
    /// The L2 block after `parent` at `timestamp`; reads its configuration from the parent's state.
    pub fn rollup<D: Database>(
        parent: &Header,
        parent_hash: B256,
        timestamp: u64,
        queue_index: u64,
        db: &mut D,
    ) -> Result<Self, D::Error> {
        let config = L2Config::read(db)?;
        Ok(Self {
            number: parent.number + 1,
            parent_hash,
            timestamp,
            beneficiary: SEQUENCER_FEE_VAULT,
            gas_limit: config.gas_limit,
            base_fee: next_base_fee(parent, &config),
            prev_randao: config.prev_randao,
            extra_data: config.extra_data(),
            queue_index,
            parent_beacon_block_root: B256::ZERO,
            excess_blob_gas: 0,
            l2: Some(config),
        })
    }

    /// What revm sees of it.
    pub fn block_env(&self) -> BlockEnv {
        BlockEnv {
            number: U256::from(self.number),
            beneficiary: self.beneficiary,
            timestamp: U256::from(self.timestamp),
            gas_limit: self.gas_limit,
            basefee: self.base_fee,
            difficulty: U256::ZERO,
            prevrandao: Some(self.prev_randao),
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
                excess_blob_gas: self.excess_blob_gas,
                blob_gasprice: if self.l2.is_some() {
                    1
                } else {
                    BLOB_PARAMS.calc_blob_fee(self.excess_blob_gas)
                },
            }),
            slot_num: 0,
        }
    }

    /// The environment that `header` was executed in.
    pub fn of_header(header: &Header, l2: Option<L2Config>) -> Self {
        Self {
            number: header.number,
            parent_hash: header.parent_hash,
            timestamp: header.timestamp,
            beneficiary: header.beneficiary,
            gas_limit: header.gas_limit,
            base_fee: header.base_fee_per_gas.unwrap_or_default(),
            prev_randao: header.mix_hash,
            extra_data: header.extra_data.clone(),
            queue_index: u64::from_be_bytes(header.nonce.0),
            parent_beacon_block_root: header.parent_beacon_block_root.unwrap_or_default(),
            excess_blob_gas: header.excess_blob_gas.unwrap_or_default(),
            l2,
        }
    }
}

impl Chain {
    /// revm's configuration for this chain.
    pub fn cfg_env(&self) -> CfgEnv {
        let mut cfg = CfgEnv::new_with_spec(Self::SPEC).with_chain_id(self.id);
        cfg.max_blobs_per_tx = Some(BLOB_PARAMS.max_blobs_per_tx);
        cfg.blob_base_fee_update_fraction = Some(BLOB_PARAMS.update_fraction as u64);
        cfg
    }

    /// How a transaction pays on this chain, in a block with this environment.
    pub fn kind(&self, environment: &BlockEnvironment, transaction: &SignedTransaction) -> Kind {
        match (transaction.deposit(), &environment.l2) {
            (Some(deposit), _) => Kind::Deposit { mint: deposit.mint },
            (None, Some(config)) => Kind::Rollup(Charges::new(config, transaction.standing())),
            (None, None) => Kind::Ethereum,
        }
    }
}

/// Why a transaction cannot stand at this place in this block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// Ethereum's or the rollup's rules refuse it.
    #[error("{0}")]
    Invalid(#[from] InvalidTransaction),
    /// The block has no room for its gas limit.
    #[error("needs {needed} gas; {left} are left in the block")]
    BlockFull {
        /// Gas limit of the transaction.
        needed: u64,
        /// Gas left.
        left: u64,
    },
    /// The block has no room for its blobs.
    #[error("no room for its blobs in the block")]
    BlobsFull,
    /// A type that this layer does not take.
    #[error(
        "transaction type {0} is not accepted here; blob transactions are for L1, deposits come from the portal"
    )]
    Type(u8),
}

/// What became of one transaction.
#[derive(Debug, Clone)]
pub struct Executed {
    /// revm's result.
    pub result: ExecutionResult,
    /// Gas used.
    pub gas_used: u64,
}

/// A block under construction over a database.
pub struct BlockExecutor<DB: Database> {
    chain: Chain,
    environment: BlockEnvironment,
    evm: Evm<DB>,
    transactions: Vec<SignedTransaction>,
    receipts: Vec<Receipt>,
    gas_used: u64,
    blob_gas_used: u64,
}

impl<DB: Database> core::fmt::Debug for BlockExecutor<DB> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BlockExecutor")
            .field("number", &self.environment.number)
            .field("transactions", &self.transactions.len())
            .field("gas_used", &self.gas_used)
            .finish_non_exhaustive()
    }
}

/// A block whose transactions are done and whose roots over the state are not known yet.
#[derive(Debug)]
pub struct Unsealed<DB> {
    /// What it was executed in.
    pub environment: BlockEnvironment,
    /// Its transactions.
    pub transactions: Vec<SignedTransaction>,
    /// Their receipts.
    pub receipts: Vec<Receipt>,
    /// Gas used.
    pub gas_used: u64,
    /// Blob gas used.
    pub blob_gas_used: u64,
    /// What L1 asks of its consensus layer; nothing on L2.
    pub requests: Requests,
    /// The state after.
    pub db: DB,
}

/// An executed block.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its header.
    pub header: Header,
    /// The header's hash.
    pub hash: B256,
    /// Its transactions.
    pub transactions: Vec<SignedTransaction>,
    /// Their receipts.
    pub receipts: Vec<Receipt>,
}

impl Outcome {
    /// The root that outputs hold and withdrawals are proven against.
    pub fn output_root(&self) -> B256 {
        output_root(&self.header, self.hash)
    }
}

/// The OP output root of the L2 block with this header and hash.
pub fn output_root(header: &Header, hash: B256) -> B256 {
    op_output_root(header.state_root, header.withdrawals_root.unwrap_or_default(), hash)
}

impl<DB: Database + DatabaseCommit> BlockExecutor<DB> {
    /// Starts a block: runs the system calls that come before the transactions.
    pub fn begin(
        chain: Chain,
        environment: BlockEnvironment,
        db: DB,
    ) -> Result<Self, EVMError<DB::Error>> {
        let mut executor = Self::resume(chain, environment, Vec::new(), db);
        let (beacon_root, parent_hash) =
            (executor.environment.parent_beacon_block_root, executor.environment.parent_hash);
        if executor.environment.number > 0 {
            system_call(&mut executor.evm, eip4788::BEACON_ROOTS_ADDRESS, beacon_root.into())?;
            system_call(&mut executor.evm, eip2935::HISTORY_STORAGE_ADDRESS, parent_hash.into())?;
        }
        Ok(executor)
    }

    /// Stands in a block after the transactions that left `receipts` and `db`: for one whose transactions were executed elsewhere.
    pub fn resume(
        chain: Chain,
        environment: BlockEnvironment,
        receipts: Vec<Receipt>,
        db: DB,
    ) -> Self {
        let evm = Context::<BlockEnv, _, _, _, _, _>::new(db, Chain::SPEC)
            .with_cfg(chain.cfg_env())
            .with_block(environment.block_env())
            .build_mainnet();
        #[cfg(feature = "stark")]
        let evm = crate::with_precompiles(evm, chain.layer);
        let gas_used = receipts.last().map_or(0, |receipt| receipt.cumulative_gas_used);
        let transactions = Vec::new();
        Self { chain, environment, evm, transactions, receipts, gas_used, blob_gas_used: 0 }
    }

    /// Executes one more transaction. An invalid one leaves no trace.
    pub fn transact(
        &mut self,
        transaction: SignedTransaction,
    ) -> Result<Result<Executed, TransactionError>, EVMError<DB::Error>> {
        if let Err(error) = self.admit(&transaction) {
            return Ok(Err(error));
        }
        let kind = self.chain.kind(&self.environment, &transaction);
        let deposit_nonce = match transaction.is_deposit() {
            true => Some(
                self.evm
                    .ctx
                    .journaled_state
                    .database
                    .basic(transaction.sender)
                    .map_err(EVMError::Database)?
                    .map_or(0, |info| info.nonce),
            ),
            false => None,
        };
        let mut environment = transaction.environment();
        environment.nonce = deposit_nonce.unwrap_or(environment.nonce);
        let outcome = match transact(&mut self.evm, environment, kind) {
            Ok(outcome) => outcome,
            Err(EVMError::Transaction(invalid)) => return Ok(Err(invalid.into())),
            Err(error) => return Err(error),
        };
        self.evm.ctx.journaled_state.database.commit(outcome.state);
        let gas_used = outcome.result.tx_gas_used();
        self.gas_used += gas_used;
        self.blob_gas_used += transaction.transaction.blob_gas_used().unwrap_or_default();
        self.receipts.push(Receipt {
            transaction_type: transaction.transaction.ty(),
            success: outcome.result.is_success(),
            cumulative_gas_used: self.gas_used,
            logs: outcome.result.logs().to_vec(),
            deposit_nonce,
        });
        self.transactions.push(transaction);
        Ok(Ok(Executed { result: outcome.result, gas_used }))
    }

    /// The checks that need no state.
    fn admit(&self, transaction: &SignedTransaction) -> Result<(), TransactionError> {
        let kind = transaction.transaction.ty();
        let foreign = match self.chain.layer {
            Layer::One => transaction.is_deposit(),
            Layer::Two => kind == 3,
        };
        if foreign {
            return Err(TransactionError::Type(kind));
        }
        // A queue message always has its room (`BLOCK_GAS_MIN`): only what a user sends is measured.
        let (needed, left) = (transaction.transaction.gas_limit(), self.gas_left());
        if !transaction.is_deposit() && needed > left {
            return Err(TransactionError::BlockFull { needed, left });
        }
        let blob_gas = transaction.transaction.blob_gas_used().unwrap_or_default();
        if self.blob_gas_used + blob_gas > BLOB_PARAMS.max_blob_gas_per_block() {
            return Err(TransactionError::BlobsFull);
        }
        Ok(())
    }

    /// Whether accounts with code may send the transactions that follow (EIP-3607): for impersonated senders on a devnet.
    #[cfg(feature = "simulate")]
    pub const fn allow_contract_senders(&mut self, allow: bool) {
        self.evm.ctx.cfg.disable_eip3607 = allow;
    }

    /// Gas left in the block.
    pub const fn gas_left(&self) -> u64 {
        self.environment.gas_limit.saturating_sub(self.gas_used)
    }

    /// What the block is executed in.
    pub const fn environment(&self) -> &BlockEnvironment {
        &self.environment
    }

    /// The transactions so far.
    pub fn transactions(&self) -> &[SignedTransaction] {
        &self.transactions
    }

    /// The receipts so far.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// The state so far.
    pub fn db(&mut self) -> &mut DB {
        &mut self.evm.ctx.journaled_state.database
    }

    /// The state so far; the block is not ended.
    pub fn into_db(self) -> DB {
        self.evm.ctx.journaled_state.database
    }

    /// Ends the block: on L1 it takes the requests to the consensus layer, on L2 nothing happens any more.
    pub fn finish(mut self) -> Result<Unsealed<DB>, EVMError<DB::Error>> {
        let requests = match self.chain.layer {
            Layer::One => requests::take(&mut self.evm, &self.receipts)?,
            Layer::Two => Requests::default(),
        };
        Ok(Unsealed {
            environment: self.environment,
            transactions: self.transactions,
            receipts: self.receipts,
            gas_used: self.gas_used,
            blob_gas_used: self.blob_gas_used,
            requests,
            db: self.evm.ctx.journaled_state.database,
        })
    }
}

impl<DB> Unsealed<DB> {
    /// Writes the header. `message_passer_root` is the L2's withdrawals root; L1 has none.
    pub fn seal(self, state_root: B256, message_passer_root: B256) -> (Outcome, DB) {
        let environment = self.environment;
        let header = Header {
            parent_hash: environment.parent_hash,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: environment.beneficiary,
            state_root,
            transactions_root: transactions_root(&self.transactions),
            receipts_root: receipts_root(&self.receipts),
            logs_bloom: receipts_bloom(&self.receipts),
            difficulty: U256::ZERO,
            number: environment.number,
            gas_limit: environment.gas_limit,
            gas_used: self.gas_used,
            timestamp: environment.timestamp,
            extra_data: environment.extra_data,
            mix_hash: environment.prev_randao,
            nonce: B64::from(environment.queue_index),
            base_fee_per_gas: Some(environment.base_fee),
            withdrawals_root: Some(if environment.l2.is_some() {
                message_passer_root
            } else {
                EMPTY_WITHDRAWALS
            }),
            blob_gas_used: Some(self.blob_gas_used),
            excess_blob_gas: Some(environment.excess_blob_gas),
            parent_beacon_block_root: Some(environment.parent_beacon_block_root),
            requests_hash: Some(self.requests.requests_hash()),
            ..Header::default()
        };
        (
            Outcome {
                hash: header.hash_slow(),
                header,
                transactions: self.transactions,
                receipts: self.receipts,
            },
            self.db,
        )
    }
}
