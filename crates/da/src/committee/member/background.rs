//! What a member does by itself: audits its peers, repairs what it lost, forgets what expired.

use super::{State, connections::stop_asked};
use crate::{
    Error,
    committee::{Audit, Promise},
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
    let payloads: Vec<PayloadId> = promises.iter().map(|promise| promise.payload).collect();
    for Audit { member, payload, fault, .. } in state.peers.audit(&payloads).await {
        if let Some(fault) = fault {
            tracing::warn!(%member, payload = %payload.payload_hash, %fault, "a peer failed an audit");
        }
    }
    let count = promises.len();
    let is_due = |at: usize| (at + count - *next % count) % count < CHECKED_EACH_ROUND;
    let (due, others): (Vec<_>, Vec<_>) =
        promises.into_iter().enumerate().partition(|(at, _)| is_due(*at));
    let missing = |promise: &Promise| state.store.kept(promise.payload.payload_hash).is_none();
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
        let checked =
            tokio::task::spawn_blocking(move || keeper.store.get(&promise.payload).is_some());
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
    let payload = state.peers.fetch(&promise.payload).await?;
    let keeper = state.clone();
    let kept = tokio::task::spawn_blocking(move || {
        keeper.store.put_until(&payload, promise.expiry).map(drop)
    });
    kept.await.unwrap_or(Ok(()))
}

async fn expire(state: &Arc<State>) {
    let keeper = state.clone();
    let expired =
        tokio::task::spawn_blocking(move || keeper.store.expire(keeper.clock.now())).await;
    match expired {
        Ok(Ok(removed)) => {
            state.metrics.expired.fetch_add(removed.len() as u64, Relaxed);
        }
        Ok(Err(error)) => tracing::warn!(%error, "expired payloads are not removed"),
        Err(_stopping) => {}
    }
}
