//! What the next block is executed in: fees, time and the fields that the beacon chain would give.

use crate::{beacon::BeaconHeader, clock::Clock};
use alloy::{
    consensus::Header,
    eips::eip1559::BaseFeeParams,
    primitives::{Address, B256, Bytes, b256, keccak256},
};
use mezz_evm::{BLOB_PARAMS, BlockEnvironment};
use serde::{Deserialize, Serialize};

/// Folded into each `prevRandao`: known beforehand, but with the look of the real thing.
const RANDAO_DOMAIN: B256 =
    b256!("6d657a7a616e696e65206465766e65742072616e64616f0000000000000000ff");

/// What the controls have set for the blocks to come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// Gives the timestamps.
    pub(crate) clock: Clock,
    /// How often the chain was forked by `anvil_reorg`: goes into `extraData`, so that a block of the new branch differs from
    /// the one of the old, even an empty one with the same timestamp.
    #[serde(default)]
    pub(crate) fork: u64,
    /// Gas of the blocks, where it is not to be the parent's.
    #[serde(default)]
    pub(crate) gas_limit: Option<u64>,
    /// Who gets the tips, where it is not to be the parent's.
    #[serde(default)]
    pub(crate) coinbase: Option<Address>,
    /// Least wei per gas that the pool takes.
    #[serde(default)]
    pub(crate) gas_price_min: u128,
    /// Base fee of the next block only.
    #[serde(skip)]
    pub(crate) base_fee: Option<u64>,
    /// `prevRandao` of the next block only.
    #[serde(skip)]
    pub(crate) prev_randao: Option<B256>,
}

impl Settings {
    /// The environment of the block after `parent`, made when the wall clock says `wall`.
    pub(crate) fn environment(
        &self,
        parent: &Header,
        parent_hash: B256,
        genesis_time: u64,
        wall: u64,
    ) -> BlockEnvironment {
        let timestamp = self.clock.block_time(parent.timestamp, wall);
        BlockEnvironment {
            number: parent.number + 1,
            parent_hash,
            timestamp,
            beneficiary: self.coinbase.unwrap_or(parent.beneficiary),
            gas_limit: self.gas_limit.unwrap_or(parent.gas_limit),
            base_fee: self.base_fee.unwrap_or_else(|| next_base_fee(parent)),
            prev_randao: self
                .prev_randao
                .unwrap_or_else(|| keccak256([parent_hash, RANDAO_DOMAIN].concat())),
            extra_data: self.extra_data(),
            parent_beacon_block_root: BeaconHeader::new(parent, parent_hash, genesis_time).root(),
            excess_blob_gas: next_excess_blob_gas(parent),
            queue_index: 0,
            l2: None,
        }
    }

    /// The environment of a block that only carries state edits: what was set for the next block stays for the one after.
    pub(crate) fn environment_between(
        &self,
        parent: &Header,
        parent_hash: B256,
        genesis_time: u64,
        wall: u64,
    ) -> BlockEnvironment {
        let kept = Self { base_fee: None, prev_randao: None, ..self.clone() };
        let timestamp = self.clock.time_between(parent.timestamp, wall);
        BlockEnvironment { timestamp, ..kept.environment(parent, parent_hash, genesis_time, wall) }
    }

    fn extra_data(&self) -> Bytes {
        match self.fork {
            0 => Bytes::from_static(b"mezzanine"),
            fork => [b"mezzanine ".as_slice(), &fork.to_be_bytes()].concat().into(),
        }
    }

    /// Notes that a block was made in `environment`.
    pub(crate) fn passed(&mut self, environment: &BlockEnvironment, wall: u64) {
        self.clock.passed(environment.timestamp, wall);
        self.base_fee = None;
        self.prev_randao = None;
    }
}

/// EIP-1559, with Ethereum's parameters.
pub(crate) fn next_base_fee(parent: &Header) -> u64 {
    parent.next_block_base_fee(BaseFeeParams::ethereum()).unwrap_or_default()
}

/// EIP-4844 with EIP-7918's reserve price.
pub(crate) fn next_excess_blob_gas(parent: &Header) -> u64 {
    BLOB_PARAMS.next_block_excess_blob_gas_osaka(
        parent.excess_blob_gas.unwrap_or_default(),
        parent.blob_gas_used.unwrap_or_default(),
        parent.base_fee_per_gas.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parent(base_fee: u64, excess: u64, blobs: u64) -> Header {
        Header {
            gas_limit: 60_000_000,
            timestamp: 1_000,
            base_fee_per_gas: Some(base_fee),
            excess_blob_gas: Some(excess),
            blob_gas_used: Some(blobs * 131_072),
            ..Header::default()
        }
    }

    #[test]
    fn the_reserve_price_keeps_blobs_from_getting_free() {
        // Full blocks: below the reserve price the excess grows by a third of what was used, above by what exceeds the target.
        assert_eq!(next_excess_blob_gas(&parent(1_000_000_000, 0, 21)), 21 * 131_072 / 3);
        assert_eq!(next_excess_blob_gas(&parent(1, 0, 21)), 7 * 131_072);
        assert_eq!(next_excess_blob_gas(&parent(1_000_000_000, 0, 13)), 0);
        // Without blobs the excess stays at the reserve price instead of falling.
        let high = 20 * 131_072;
        assert_eq!(next_excess_blob_gas(&parent(1_000_000_000, high, 0)), high);
        assert_eq!(next_excess_blob_gas(&parent(1, high, 0)), high - 14 * 131_072);
    }

    #[test]
    fn a_fork_changes_empty_blocks() {
        let mut settings = Settings::default();
        let parent = parent(7, 0, 0);
        let before = settings.environment(&parent, B256::ZERO, 0, 2_000);
        settings.fork = 1;
        let after = settings.environment(&parent, B256::ZERO, 0, 2_000);
        assert_eq!(before.timestamp, after.timestamp);
        assert_ne!(before.extra_data, after.extra_data);
        assert!(after.extra_data.len() <= 32);
    }

    #[test]
    fn what_is_set_for_the_next_block_is_used_once() {
        let mut settings = Settings { base_fee: Some(77), ..Settings::default() };
        settings.clock.set_next(5_000);
        let parent = parent(1_000_000_000, 0, 0);
        let between = settings.environment_between(&parent, B256::ZERO, 0, 2_000);
        assert_eq!((between.base_fee, between.timestamp), (875_000_000, 2_000));
        let next = settings.environment(&parent, B256::ZERO, 0, 2_000);
        assert_eq!((next.base_fee, next.timestamp), (77, 5_000));
        settings.passed(&next, 2_000);
        let later = settings.environment(&parent, B256::ZERO, 0, 2_001);
        assert_eq!((later.base_fee, later.timestamp), (875_000_000, 5_001));
    }
}
