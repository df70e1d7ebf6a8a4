//! The block that would come next: what `pending` means here.

use crate::{Error, mine::pack, shared::Shared};
use mezz_evm::{BlockEnvironment, BlockExecutor};
use mezz_rpc::{Pending, PendingBody};
use mezz_storage::SharedOverlay;
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;

/// The last pending block that was made, until the head, the pool or the second changes.
#[derive(Debug, Default)]
pub(crate) struct PendingCache(Mutex<Option<(Key, Pending)>>);

/// What the pending block is made from.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    environment: BlockEnvironment,
    pool: u64,
}

impl Shared {
    /// The block that would come next if it were made now.
    pub(crate) fn pending(&self) -> Result<Pending, Error> {
        let tip = self.tip.read().clone();
        let environment = self.environment(&tip.block);
        let mut cached = self.pending.0.lock();
        let pool = self.pool.read();
        let key = Key { environment: environment.clone(), pool: pool.version() };
        if let Some((_, pending)) = cached.as_ref().filter(|(made_for, _)| *made_for == key) {
            return Ok(pending.clone());
        }
        let state = SharedOverlay::new(tip.state);
        let mut executor = BlockExecutor::begin(self.chain, environment, state.clone())?;
        // What the rules refuse is dropped when the true block is made.
        let _ = pack(&mut executor, &pool)?;
        let unsealed = executor.finish()?;
        let mut body = PendingBody::default();
        for (transaction, receipt) in unsealed.transactions.into_iter().zip(unsealed.receipts) {
            body.push(transaction, receipt);
        }
        let pending = Pending {
            environment: Arc::new(unsealed.environment),
            body: Arc::new(RwLock::new(body)),
            state,
        };
        *cached = Some((key, pending.clone()));
        Ok(pending)
    }
}
