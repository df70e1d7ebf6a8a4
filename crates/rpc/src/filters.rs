//! Filters that are polled: `eth_newFilter` and its kin.

use crate::{
    Event, RpcError,
    access::View,
    logs::{self, Criteria, array},
    node::Node,
    shape::TransactionJson,
    wire::{Answer, Params, json},
};
use alloy::{eips::BlockNumberOrTag, rpc::types::FilterBlockOption};
use mezz_evm::SignedTransaction;
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

/// The filters of a server by id.
#[derive(Default)]
pub(crate) struct Filters(Mutex<BTreeMap<String, Slot>>);

struct Slot {
    /// Whose token made it: each has its own share.
    holder: Option<Arc<str>>,
    asked: Instant,
    filter: Arc<Mutex<Filter>>,
}

enum Filter {
    Blocks(Cursor),
    Logs { criteria: Box<Criteria>, cursor: Cursor },
    Arrivals { full: bool, arrivals: Receiver<Arc<SignedTransaction>> },
}

/// How far a filter has read.
struct Cursor {
    events: Receiver<Event>,
    number: u64,
}

/// `eth_newBlockFilter`.
pub(crate) fn new_block_filter(node: &Node, params: &Params<'_>) -> Answer {
    node.filters.add(node, params, Filter::Blocks(Cursor::new(node)))
}

/// `eth_newFilter`.
pub(crate) fn new_filter(node: &Node, params: &Params<'_>) -> Answer {
    let criteria: Box<Criteria> = params.get(0)?;
    node.filters.add(node, params, Filter::Logs { criteria, cursor: Cursor::new(node) })
}

/// `eth_newPendingTransactionFilter`.
pub(crate) fn new_pending_transaction_filter(node: &Node, params: &Params<'_>) -> Answer {
    let full = params.optional(0)?.unwrap_or(false);
    node.filters.add(node, params, Filter::Arrivals { full, arrivals: node.backend.arrivals() })
}

/// `eth_uninstallFilter`.
pub(crate) fn uninstall_filter(node: &Node, params: &Params<'_>) -> Answer {
    let id: String = params.get(0)?;
    json(&node.filters.0.lock().remove(&id).is_some())
}

/// `eth_getFilterChanges`.
pub(crate) fn get_filter_changes(node: &Node, params: &Params<'_>) -> Answer {
    let filter = node.filters.get(params.get(0)?)?;
    let mut filter = filter.lock();
    let view = params.who().view();
    let texts = match &mut *filter {
        Filter::Blocks(cursor) => cursor.block_hashes(node)?,
        Filter::Logs { criteria, cursor } => cursor.logs(node, criteria, view.as_ref())?,
        Filter::Arrivals { full, arrivals } => drain(arrivals)
            .iter()
            .map(|transaction| {
                if *full {
                    json(&TransactionJson::new(transaction, None, None))
                } else {
                    json(&transaction.hash)
                }
            })
            .collect::<Result<_, _>>()?,
    };
    Ok(array(&texts))
}

/// `eth_getFilterLogs`.
pub(crate) fn get_filter_logs(node: &Node, params: &Params<'_>) -> Answer {
    let filter = node.filters.get(params.get(0)?)?;
    let criteria = match &*filter.lock() {
        Filter::Logs { criteria, .. } => criteria.clone(),
        Filter::Blocks(_) | Filter::Arrivals { .. } => {
            return Err(RpcError::rejected("filter is no log filter: ask eth_getFilterChanges"));
        }
    };
    logs::query(node, &criteria, params.who().view().as_ref())
}

impl Filters {
    fn add(&self, node: &Node, params: &Params<'_>, filter: Filter) -> Answer {
        let holder = params.who().holder().cloned();
        let limit = match holder {
            Some(_) => node.limits.filters_each_max,
            None => node.limits.filters_max,
        };
        let mut filters = self.0.lock();
        forget_idle(&mut filters, node.limits.filter_idle);
        if filters.values().filter(|slot| slot.holder == holder).count() >= limit {
            return Err(RpcError::limit(format!(
                "too many filters: {limit} are allowed; uninstall some"
            )));
        }
        let id = format!("0x{:032x}", rand::random::<u128>());
        filters.insert(
            id.clone(),
            Slot { holder, asked: Instant::now(), filter: Arc::new(Mutex::new(filter)) },
        );
        json(&id)
    }

    fn get(&self, id: String) -> Result<Arc<Mutex<Filter>>, RpcError> {
        let mut filters = self.0.lock();
        let slot = filters.get_mut(&id).ok_or_else(|| {
            RpcError::rejected(
                "filter not found: it expires when it is not polled; create it again",
            )
        })?;
        slot.asked = Instant::now();
        Ok(slot.filter.clone())
    }
}

fn forget_idle(filters: &mut BTreeMap<String, Slot>, idle: Duration) {
    filters.retain(|_, slot| slot.asked.elapsed() < idle);
}

fn drain<T: Clone>(channel: &mut Receiver<T>) -> Vec<T> {
    let mut items = Vec::new();
    loop {
        match channel.try_recv() {
            Ok(item) => items.push(item),
            Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return items,
        }
    }
}

impl Cursor {
    fn new(node: &Node) -> Self {
        Self { events: node.backend.events(), number: node.backend.heads().latest }
    }

    /// The events since the last time, or `None` when they are no longer there: then the store is read from `number` on.
    fn advance(&mut self, node: &Node) -> Option<Vec<Event>> {
        let mut events = Vec::new();
        let mut complete = true;
        loop {
            match self.events.try_recv() {
                Ok(event) => events.push(event),
                Err(TryRecvError::Lagged(_)) => complete = false,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if complete {
            if let Some(Event::Head(block)) = events.last() {
                self.number = block.header.number;
            }
            return Some(events);
        }
        self.events = node.backend.events();
        None
    }

    fn block_hashes(&mut self, node: &Node) -> Result<Vec<String>, RpcError> {
        let from = self.number + 1;
        if let Some(events) = self.advance(node) {
            let heads = events.iter().filter_map(|event| match event {
                Event::Head(block) => Some(json(&block.hash)),
                Event::Reorged { .. } => None,
            });
            return heads.collect();
        }
        self.number = node.backend.heads().latest;
        let mut hashes = Vec::new();
        for number in from..=self.number {
            if let Some(block) = node.backend.store().block(number)? {
                hashes.push(json(&block.hash)?);
            }
        }
        Ok(hashes)
    }

    fn logs(
        &mut self,
        node: &Node,
        criteria: &Criteria,
        view: Option<&View>,
    ) -> Result<Vec<String>, RpcError> {
        let from = self.number + 1;
        if let Some(events) = self.advance(node) {
            return Ok(events
                .iter()
                .flat_map(|event| match event {
                    Event::Head(block) if in_range(criteria, block.header.number) => {
                        logs::each(block, criteria, view, false)
                    }
                    Event::Head(_) => Vec::new(),
                    Event::Reorged { removed } => removed
                        .iter()
                        .flat_map(|block| logs::each(block, criteria, view, true))
                        .collect(),
                })
                .collect());
        }
        self.number = node.backend.heads().latest;
        logs::in_range(node, criteria, view, from, self.number)
    }
}

/// Whether a new block lies in the numbers that the filter names, if it names some.
fn in_range(criteria: &Criteria, number: u64) -> bool {
    let FilterBlockOption::Range { from_block, to_block } = criteria.block_option else {
        return false;
    };
    let after =
        from_block.as_ref().and_then(BlockNumberOrTag::as_number).is_none_or(|from| number >= from);
    let before =
        to_block.as_ref().and_then(BlockNumberOrTag::as_number).is_none_or(|to| number <= to);
    after && before
}
