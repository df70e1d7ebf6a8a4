//! What the chain's thread writes and everybody reads.

use crate::{
    Error, Mining,
    beacon::BeaconHeader,
    blobs::BlobStore,
    clock::wall_clock,
    environment::{Settings, next_base_fee, next_excess_blob_gas},
    keys::Keys,
    pending::PendingCache,
    pool::Pool,
};
use alloy::primitives::{Address, B256};
use mezz_evm::{BLOB_PARAMS, BlockEnvironment, Chain, SignedTransaction};
use mezz_rpc::{Event, FeeSuggestion, Heads};
use mezz_storage::{Block, State, Store};
use parking_lot::RwLock;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::broadcast;

/// Priority fee that is suggested, wei.
const TIP: u64 = 1_000_000_000;

/// The chain as its readers see it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) chain: Chain,
    /// The accounts that the chain began with.
    pub(crate) genesis_accounts: Box<[Address]>,
    pub(crate) blobs: BlobStore,
    pub(crate) keys: Keys,
    pub(crate) tip: RwLock<Tip>,
    pub(crate) pool: RwLock<Pool>,
    pub(crate) settings: RwLock<Settings>,
    pub(crate) mining: RwLock<Mining>,
    pub(crate) pending: PendingCache,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) arrivals: broadcast::Sender<Arc<SignedTransaction>>,
    pub(crate) safe_lag: u64,
    pub(crate) finalized_lag: u64,
    pub(crate) stopped: AtomicBool,
    /// Why no block can be made; cleared by the next one.
    pub(crate) failure: RwLock<Option<String>>,
}

/// The newest block that was announced, and the state after it.
#[derive(Debug, Clone)]
pub(crate) struct Tip {
    pub(crate) block: Arc<Block>,
    pub(crate) state: State,
}

impl Tip {
    /// The head of the store.
    pub(crate) fn of(store: &Store) -> Result<Self, Error> {
        let head = store.head();
        let block = store.block(head.number)?.unwrap_or_else(|| store.genesis());
        Ok(Self { block, state: store.latest() })
    }
}

impl Shared {
    pub(crate) fn genesis_time(&self) -> u64 {
        self.store.genesis().header.timestamp
    }

    pub(crate) fn head(&self) -> Arc<Block> {
        Arc::clone(&self.tip.read().block)
    }

    pub(crate) fn heads(&self) -> Heads {
        let latest = self.head().header.number;
        Heads {
            latest,
            safe: latest.saturating_sub(self.safe_lag),
            finalized: latest.saturating_sub(self.finalized_lag),
        }
    }

    /// The environment of the block after `parent`.
    pub(crate) fn environment(&self, parent: &Block) -> BlockEnvironment {
        self.settings.read().environment(
            &parent.header,
            parent.hash,
            self.genesis_time(),
            wall_clock(),
        )
    }

    pub(crate) fn fees(&self) -> FeeSuggestion {
        let head = self.head();
        FeeSuggestion {
            base_fee: self.settings.read().base_fee.unwrap_or_else(|| next_base_fee(&head.header)),
            tip: TIP,
            blob_base_fee: BLOB_PARAMS.calc_blob_fee(next_excess_blob_gas(&head.header)),
        }
    }

    /// The beacon header that stands for a block.
    pub(crate) fn beacon_header(&self, block: &Block) -> BeaconHeader {
        BeaconHeader::new(&block.header, block.hash, self.genesis_time())
    }

    /// The block at a slot, if that slot has one. Timestamps increase strictly, so it is found by halving.
    pub(crate) fn block_at_slot(&self, slot: u64) -> Result<Option<Arc<Block>>, Error> {
        let genesis_time = self.genesis_time();
        let slot_of = |header: &alloy::consensus::Header| {
            header.timestamp.saturating_sub(genesis_time) / crate::beacon::SECONDS_PER_SLOT
        };
        let (mut low, mut high) = (0, self.head().header.number);
        while low <= high {
            let middle = low + (high - low) / 2;
            let Some(header) = self.store.header(middle)? else { return Ok(None) };
            match slot_of(&header).cmp(&slot) {
                std::cmp::Ordering::Equal => return Ok(self.store.block(middle)?),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater if middle == 0 => return Ok(None),
                std::cmp::Ordering::Greater => high = middle - 1,
            }
        }
        Ok(None)
    }

    /// The block whose beacon header has a root: the one before the block that names it. Searched from the head.
    pub(crate) fn block_by_beacon_root(&self, root: B256) -> Result<Option<Arc<Block>>, Error> {
        let head = self.head();
        if self.beacon_header(&head).root() == root {
            return Ok(Some(head));
        }
        for number in (1..=head.header.number).rev() {
            let Some(header) = self.store.header(number)? else { return Ok(None) };
            if header.parent_beacon_block_root == Some(root) {
                return Ok(self.store.block(number - 1)?);
            }
        }
        Ok(None)
    }

    /// The slot of the finalized block: what is at or before it cannot be undone.
    pub(crate) fn is_finalized(&self, block: &Block) -> bool {
        block.header.number <= self.heads().finalized
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Sends a notice to whoever listens.
    pub(crate) fn tell(&self, event: Event) {
        // Nobody listening is no error.
        let _ = self.events.send(event);
    }
}
