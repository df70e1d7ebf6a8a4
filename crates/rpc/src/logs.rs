//! Finding logs.

use crate::{
    RpcError,
    access::View,
    node::{Node, sealed_place},
    shape::LogJson,
    wire::{Answer, Params, json},
    workers::Deadline,
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{B256, Log},
    rpc::types::{Filter, FilterBlockOption},
};
use mezz_storage::Block;

/// Which logs somebody wants.
pub(crate) type Criteria = Filter;

/// `eth_getLogs`.
pub(crate) fn get_logs(node: &Node, params: &Params<'_>) -> Answer {
    query(node, &params.get(0)?, params.who().view().as_ref())
}

/// The logs in the blocks that the criteria name, as far as `view` sees them.
pub(crate) fn query(node: &Node, criteria: &Criteria, view: Option<&View>) -> Answer {
    let mut found = Found::new(node.limits.logs_max, view);
    match &criteria.block_option {
        FilterBlockOption::AtBlockHash(hash) => {
            let block = node
                .backend
                .store()
                .block_by_hash(*hash)?
                .ok_or_else(|| RpcError::rejected(format!("unknown block {hash}")))?;
            found.add(&block, criteria)?;
        }
        FilterBlockOption::Range { from_block, to_block } => {
            let (from, to) = range(node, *from_block, *to_block)?;
            search(node, criteria, from, to, &mut found)?;
        }
    }
    Ok(found.finish())
}

/// The logs in a range of blocks as JSON text.
pub(crate) fn in_range(
    node: &Node,
    criteria: &Criteria,
    view: Option<&View>,
    from: u64,
    to: u64,
) -> Result<Vec<String>, RpcError> {
    let mut found = Found::new(node.limits.logs_max, view);
    search(node, criteria, from, to, &mut found)?;
    Ok(found.texts)
}

/// The logs of one block, each as JSON text.
pub(crate) fn each(
    block: &Block,
    criteria: &Criteria,
    view: Option<&View>,
    removed: bool,
) -> Vec<String> {
    matching(block, criteria, view)
        .filter_map(|(hit, log)| json(&hit.shape(block, log, removed)).ok())
        .collect()
}

fn range(
    node: &Node,
    from: Option<BlockNumberOrTag>,
    to: Option<BlockNumberOrTag>,
) -> Result<(u64, u64), RpcError> {
    let latest = node.backend.heads().latest;
    let resolve = |tag: Option<BlockNumberOrTag>| match tag {
        // Logs of a block that is not sealed may still move: the newest sealed block is what there is.
        None | Some(BlockNumberOrTag::Pending) => latest,
        Some(tag) => node.number(tag),
    };
    let (from, to) = (resolve(from), resolve(to));
    if from > to {
        return Err(RpcError::invalid_params(
            "invalid block range params: fromBlock is after toBlock",
        ));
    }
    if to > latest {
        return Err(RpcError::invalid_params(format!(
            "block range extends beyond current head block {latest}"
        )));
    }
    let limit = node.limits.log_range_blocks_max;
    if to - from >= limit {
        let next = from + limit - 1;
        return Err(RpcError::limit(format!(
            "block range too large: {} blocks, {limit} are allowed; try 0x{from:x} to 0x{next:x}",
            to - from + 1
        )));
    }
    Ok((from, to))
}

fn search(
    node: &Node,
    criteria: &Criteria,
    from: u64,
    to: u64,
    found: &mut Found<'_>,
) -> Result<(), RpcError> {
    let deadline = Deadline::after(node.limits.call_time_max);
    let store = node.backend.store();
    for number in from..=to {
        deadline.check()?;
        let Some(header) = store.header(number)? else { continue };
        if !criteria.matches_bloom(header.logs_bloom) {
            continue;
        }
        if let Some(block) = store.block(number)? {
            found.add(&block, criteria)?;
        }
    }
    Ok(())
}

/// Where a matching log stands.
struct Hit {
    transaction: usize,
    hash: B256,
    log: u64,
}

impl Hit {
    fn shape<'a>(&self, block: &Block, log: &'a Log, removed: bool) -> LogJson<'a> {
        LogJson::new(
            log,
            sealed_place(block, self.transaction as u64),
            self.hash,
            self.log,
            removed,
        )
    }
}

fn matching<'a>(
    block: &'a Block,
    criteria: &'a Criteria,
    view: Option<&'a View>,
) -> impl Iterator<Item = (Hit, &'a Log)> {
    let all =
        block.receipts.iter().enumerate().flat_map(|(transaction, receipt)| {
            receipt.logs.iter().map(move |log| (transaction, log))
        });
    all.zip(0..)
        .filter(|((_, log), _)| {
            criteria.matches_address(log.address) && criteria.matches_topics(log.data.topics())
        })
        .filter(move |((transaction, log), _)| {
            view.is_none_or(|view| view.sees_log_of(&block.transactions[*transaction], log))
        })
        .map(|((transaction, log), index)| {
            (Hit { transaction, hash: block.transactions[transaction].hash, log: index }, log)
        })
}

/// Logs found so far. What is not seen is not counted: how many there are would tell of others' as well.
struct Found<'a> {
    texts: Vec<String>,
    limit: usize,
    view: Option<&'a View>,
}

impl<'a> Found<'a> {
    const fn new(limit: usize, view: Option<&'a View>) -> Self {
        Self { texts: Vec::new(), limit, view }
    }

    fn add(&mut self, block: &Block, criteria: &Criteria) -> Result<(), RpcError> {
        for (hit, log) in matching(block, criteria, self.view) {
            if self.texts.len() == self.limit {
                return Err(RpcError::limit(format!(
                    "query returns more than {} logs; ask for fewer blocks than up to {}",
                    self.limit, block.header.number
                )));
            }
            self.texts.push(json(&hit.shape(block, log, false))?);
        }
        Ok(())
    }

    fn finish(self) -> String {
        array(&self.texts)
    }
}

/// A JSON array of JSON texts.
pub(crate) fn array(texts: &[String]) -> String {
    format!("[{}]", texts.join(","))
}
