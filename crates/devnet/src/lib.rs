#![doc = include_str!("../README.md")]

mod admit;
mod backend;
mod beacon;
mod blobs;
mod chain;
mod clock;
mod config;
mod controls;
mod dump;
mod edits;
mod environment;
mod error;
mod genesis;
mod keys;
mod mine;
mod pending;
mod pool;
mod reorg;
mod shared;
mod snapshots;

pub use config::{DevnetConfig, Mining};
pub use error::Error;
pub use keys::{TEST_MNEMONIC, dev_account};

use backend::Backend;
use blobs::BlobStore;
use chain::Handle;
use environment::Settings;
use keys::Keys;
use mezz_storage::Store;
use parking_lot::RwLock;
use shared::{Shared, Tip};
use std::{
    sync::{Arc, atomic::AtomicBool},
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::broadcast;

/// Events that a slow listener may be behind.
const EVENTS_KEPT: usize = 4_096;

/// A running embedded L1.
#[derive(Debug)]
pub struct Devnet {
    shared: Arc<Shared>,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Devnet {
    /// Opens or creates the chain and begins to make blocks. Call it within a tokio runtime or without one.
    pub fn start(config: DevnetConfig) -> Result<Self, Error> {
        if config.mining == Mining::Interval(Duration::ZERO) {
            return Err(Error::Refused(
                "the L1 block time is zero: choose a longer one, or automatic mining".to_owned(),
            ));
        }
        let spec = genesis::Spec::load(&config)?;
        let genesis = spec.genesis();
        let genesis_accounts = genesis.alloc.accounts.keys().copied().collect();
        let store = Store::open(
            config.datadir.as_deref().map(|folder| folder.join("chain")).as_deref(),
            genesis,
        )?;
        let settings: Settings = store
            .meta(mine::SETTINGS)?
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let shared = Arc::new(Shared {
            tip: RwLock::new(Tip::of(&store)?),
            blobs: BlobStore::open(config.datadir.as_deref())?,
            keys: Keys::new(&config.mnemonic, config.accounts)?,
            chain: spec.chain(),
            genesis_accounts,
            store,
            pool: RwLock::default(),
            settings: RwLock::new(settings),
            mining: RwLock::new(config.mining),
            pending: Default::default(),
            events: broadcast::channel(EVENTS_KEPT).0,
            arrivals: broadcast::channel(EVENTS_KEPT).0,
            safe_lag: config.safe_lag,
            finalized_lag: config.finalized_lag,
            stopped: AtomicBool::new(false),
            failure: RwLock::default(),
        });
        let (handle, thread) = chain::start(Arc::clone(&shared))?;
        Ok(Self { shared, handle, thread: Some(thread) })
    }

    /// What `mezz_rpc::serve` serves.
    pub fn backend(&self) -> Arc<dyn mezz_rpc::Backend> {
        Arc::new(Backend { shared: Arc::clone(&self.shared), handle: self.handle.clone() })
    }

    /// The beacon API: `/eth/v1/…`, to be served on the port of the JSON-RPC or another.
    pub fn beacon_router(&self) -> axum::Router {
        beacon::router(Arc::clone(&self.shared))
    }

    /// Changes when blocks are made.
    pub async fn set_mining(&self, mining: Mining) -> Result<(), Error> {
        self.handle.call(move |core| core.set_mining(mining)).await?
    }

    /// Stops making blocks and waits until everything is on disk. The store is closed when the last backend is dropped.
    pub async fn stop(mut self) {
        self.handle.stop();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        self.handle.stop();
    }
}
