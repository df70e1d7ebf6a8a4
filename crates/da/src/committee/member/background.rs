//! What a member does by itself: audits its peers, repairs what it lost, forgets what expired.

use super::{State, connections::stop_asked};
use crate::{
    Error,
    committee::{Audit, Promise},
    private::SealedPayload,
};
use mezz_primitives::PayloadId;
use std::{
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{sync::watch, time::MissedTickBehavior};

/// Files that one round reads whole: with a round each minute and a batch each minute, all of 30 days in a day.
const CHECKED_EACH_ROUND: usize = 32;

/// Works until the member is stopped.
pub(super) async fn run(state: Arc<State>, stopped: watch::Receiver<bool>) {
    let mut round = tokio::time::interval(Duration::from_secs(state.config.limits.audit_seconds));
    let mut sync = tokio::time::interval(Duration::from_secs(1));
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    sync.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = pin!(stop_asked(stopped.clone()));
    let mut synced = state.audit_log.head();
    let mut next = 0;
    loop {
        tokio::select! {
            () = &mut stop => return,
            _ = sync.tick() => {
                let head = state.audit_log.head();
                if head != synced {
                    synced = head;
                    let state = state.clone();
                    let _ = tokio::task::spawn_blocking(move || state.audit_log.sync()).await;
                }
            }
            _ = round.tick() => {
                tokio::select! {
                    () = &mut stop => return,
                    () = work(&state, &mut next) => {}
                }
            }
        }
    }
}

async fn work(state: &Arc<State>, next: &mut usize) {
    let promises = state.signatures.promises(state.clock.now());
    let (sealed, plain): (Vec<PayloadId>, Vec<PayloadId>) =
        promises.iter().map(|promise| promise.payload).partition(|id| state.is_sealed(id));
    let mut audits = state.peers.audit(&plain).await;
    if let Some(private) = &state.private {
        audits.extend(state.peers.audit_sealed(&sealed, &private.key).await);
    }
    for Audit { member, payload, fault, .. } in audits {
        if let Some(fault) = fault {
            tracing::warn!(%member, payload = %payload.payload_hash, %fault, "a peer failed an audit");
        }
    }
    let count = promises.len();
    let is_due = |at: usize| (at + count - *next % count) % count < CHECKED_EACH_ROUND;
    let (due, others): (Vec<_>, Vec<_>) =
        promises.into_iter().enumerate().partition(|(at, _)| is_due(*at));
    let missing = |promise: &Promise| !state.has(&promise.payload);
    let checked = due.into_iter().map(|(_, promise)| promise);
    let missed = others.into_iter().map(|(_, promise)| promise).filter(missing);
    let promises: Vec<Promise> = checked.chain(missed).collect();
    *next = if count == 0 { 0 } else { (*next + CHECKED_EACH_ROUND) % count };
    if let Err(error) = repair(state, promises).await {
        tracing::error!(%error, "a promised payload is missing");
    }
    expire(state).await;
}

/// Checks everything now.
pub(super) async fn repair_all(state: &Arc<State>) -> Result<(), Error> {
    let promises = state.signatures.promises(state.clock.now());
    let repaired = repair(state, promises).await;
    expire(state).await;
    repaired
}

/// Reads these payloads, and gets from the peers what is missing or damaged.
async fn repair(state: &Arc<State>, promises: Vec<Promise>) -> Result<(), Error> {
    let (mut lost, mut first) = (0, Ok(()));
    for promise in promises {
        let keeper = state.clone();
        let checked = tokio::task::spawn_blocking(move || keeper.is_whole(&promise.payload));
        if checked.await.unwrap_or(true) {
            continue;
        }
        match repair_one(state, promise).await {
            Ok(()) => {
                state.metrics.repaired.fetch_add(1, Relaxed);
                tracing::info!(payload = %promise.payload.payload_hash, "a payload was missing or damaged, and came from a peer");
            }
            Err(error) => {
                lost += 1;
                first = first.and(Err(error));
            }
        }
    }
    state.metrics.lost.store(lost, Relaxed);
    first
}

async fn repair_one(state: &Arc<State>, promise: Promise) -> Result<(), Error> {
    if let Some(private) = state.private.as_ref().filter(|_| state.is_sealed(&promise.payload)) {
        let promised = state.signatures.promised_as(&promise.payload);
        let signed = promised.as_ref().map(|promised| promised.sealed.clone()).unwrap_or_default();
        let is_right = |sealed: &SealedPayload, batcher_signed: bool| {
            let Some(promised) = &promised else { return Ok(()) };
            // What was signed here already may be older than the list of who must read.
            let chain = state.chains.get(&promised.inbox).filter(|_| !batcher_signed);
            let must_read = chain.map(|chain| &chain.must_read);
            private.check_copy(sealed, promised.inbox, promised.batch_index, must_read)
        };
        let copy = state.peers.copy_of_sealed(&promise.payload, &private.key, &signed, is_right);
        let sealed = copy.await?;
        let (store, key) = (private.store.clone(), private.key.clone());
        let expiry = Some(promise.expiry);
        let kept = tokio::task::spawn_blocking(move || store.put(&sealed, expiry, &key).map(drop));
        return kept.await.unwrap_or(Ok(()));
    }
    let payload = state.peers.fetch(&promise.payload).await?;
    let keeper = state.clone();
    let kept = tokio::task::spawn_blocking(move || {
        keeper.store.put_until(&payload, promise.expiry).map(drop)
    });
    kept.await.unwrap_or(Ok(()))
}

async fn expire(state: &Arc<State>) {
    let keeper = state.clone();
    let expired = tokio::task::spawn_blocking(move || keeper.expire()).await;
    match expired {
        Ok(Ok(removed)) => {
            state.metrics.expired.fetch_add(removed, Relaxed);
        }
        Ok(Err(error)) => tracing::warn!(%error, "expired payloads are not removed"),
        Err(_stopping) => {}
    }
}

impl State {
    /// Whether a payload is one of a private chain.
    fn is_sealed(&self, payload: &PayloadId) -> bool {
        let inbox = self.signatures.promised_as(payload).map(|promised| promised.inbox);
        let chain = inbox.and_then(|inbox| self.chains.get(&inbox));
        // Of a chain that is served no more: in whichever form it is here.
        let here = || {
            let private = self.private.as_ref();
            private.is_some_and(|private| private.store.kept(payload.payload_hash).is_some())
        };
        chain.map_or_else(here, |chain| chain.private)
    }

    /// Whether there is a file of a payload.
    fn has(&self, payload: &PayloadId) -> bool {
        let hash = payload.payload_hash;
        match &self.private {
            Some(private) if self.is_sealed(payload) => private.store.kept(hash).is_some(),
            _ => self.store.kept(hash).is_some(),
        }
    }

    /// Whether the file of a payload is there and whole.
    fn is_whole(&self, payload: &PayloadId) -> bool {
        match &self.private {
            Some(private) if self.is_sealed(payload) => {
                private.store.get(payload.payload_hash).is_some()
            }
            _ => self.store.get(payload).is_some(),
        }
    }

    /// Removes what expired; gives how much that was.
    fn expire(&self) -> Result<u64, Error> {
        let now = self.clock.now();
        let sealed = match &self.private {
            Some(private) => private.store.expire(now)?.len(),
            None => 0,
        };
        Ok((self.store.expire(now)?.len() + sealed) as u64)
    }
}
