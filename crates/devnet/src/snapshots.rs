//! Places in the chain that one can go back to: `evm_snapshot` and `evm_revert`.

use crate::{Error, chain::Core, clock::Clock, pool::Pool};
use alloy::primitives::B256;
use mezz_storage::Store;
use serde::{Deserialize, Serialize};

/// The name under which the snapshots are kept.
const SNAPSHOTS: &str = "snapshots";

/// The snapshots that are still good, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Snapshots {
    last_id: u64,
    list: Vec<Snapshot>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Snapshot {
    id: u64,
    number: u64,
    hash: B256,
    clock: Clock,
    /// What waited then. The pool does not survive a restart.
    #[serde(skip)]
    pool: Pool,
}

impl Snapshots {
    pub(crate) fn load(store: &Store) -> Result<Self, Error> {
        // Unreadable ones are as good as none: a snapshot is a convenience.
        Ok(store
            .meta(SNAPSHOTS)?
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default())
    }
}

impl Core {
    /// Remembers this place.
    pub(crate) fn snapshot(&mut self) -> Result<u64, Error> {
        let id = self.snapshots.last_id + 1;
        let head = &self.tip.block;
        let (clock, pool) = (self.shared.settings.read().clock, self.shared.pool.read().clone());
        self.snapshots.list.push(Snapshot {
            id,
            number: head.header.number,
            hash: head.hash,
            clock,
            pool,
        });
        self.snapshots.last_id = id;
        self.save_snapshots()?;
        Ok(id)
    }

    /// Goes back to a place. It and the later ones are used up. False when there is no such place, or when a reorg undid it.
    pub(crate) fn revert(&mut self, id: u64) -> Result<bool, Error> {
        let Some(index) = self.snapshots.list.iter().position(|snapshot| snapshot.id == id) else {
            return Ok(false);
        };
        let snapshot = self.snapshots.list.drain(index..).next();
        self.save_snapshots()?;
        let Some(snapshot) = snapshot else { return Ok(false) };
        let is_ours = self
            .shared
            .store
            .block(snapshot.number)?
            .is_some_and(|block| block.hash == snapshot.hash);
        if !is_ours {
            return Ok(false);
        }
        self.rewind(snapshot.number)?;
        self.shared.settings.write().clock = snapshot.clock;
        self.shared.pool.write().become_again(snapshot.pool);
        self.settle_everybody()?;
        self.save_settings()?;
        Ok(true)
    }

    fn save_snapshots(&self) -> Result<(), Error> {
        let bytes = serde_json::to_vec(&self.snapshots).expect("numbers and hashes serialize; qed");
        Ok(self.shared.store.put_meta(SNAPSHOTS, &bytes)?)
    }
}
