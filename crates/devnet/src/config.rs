//! What a devnet is started with.

use crate::keys::TEST_MNEMONIC;
use alloy::primitives::{U256, utils::parse_ether};
use std::{path::PathBuf, time::Duration};

/// When blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mining {
    /// One block per period, empty ones too. Timestamps are whole seconds and strictly increase, so with periods under a
    /// second the chain's clock runs ahead of the wall's.
    Interval(Duration),
    /// A block as soon as a transaction arrives.
    Automatic,
    /// Only when asked: `evm_mine`.
    Manual,
}

/// Everything that a devnet is started with.
#[derive(Debug, Clone)]
pub struct DevnetConfig {
    /// Chain id of the new chain.
    pub chain_id: u64,
    /// Where the chain is kept; `None` keeps it in memory only.
    pub datadir: Option<PathBuf>,
    /// When blocks are made.
    pub mining: Mining,
    /// Blocks by which the `safe` tag is behind the head.
    pub safe_lag: u64,
    /// Blocks by which the `finalized` tag is behind the head.
    pub finalized_lag: u64,
    /// Gas of a block, at genesis.
    pub gas_limit: u64,
    /// The words that the accounts are derived from.
    pub mnemonic: String,
    /// How many accounts the devnet holds keys of, from index 0: `eth_accounts`.
    pub accounts: u32,
    /// Further indices that are given ether. The devnet holds no keys of these.
    pub funded: Vec<u32>,
    /// Wei of each account at genesis.
    pub balance: U256,
    /// Timestamp of the genesis block, seconds; `None` takes the time of the first start.
    pub genesis_time: Option<u64>,
}

impl Default for DevnetConfig {
    fn default() -> Self {
        Self {
            chain_id: 900,
            datadir: None,
            mining: Mining::Interval(Duration::from_secs(2)),
            safe_lag: 2,
            finalized_lag: 4,
            gas_limit: 60_000_000,
            mnemonic: TEST_MNEMONIC.to_owned(),
            accounts: 10,
            // Owner, batcher and proposer of an L2 on this chain: their nonces are not the users'.
            funded: vec![100, 101, 102, 103],
            balance: parse_ether("10000").expect("10000 is a number; qed"),
            genesis_time: None,
        }
    }
}
