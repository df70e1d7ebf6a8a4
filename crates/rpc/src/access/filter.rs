//! What of an answer is a tenant's to see.

use super::Tenant;
use crate::{RpcError, node::Node};
use alloy::{
    consensus::Transaction as _,
    primitives::{Address, B256, Bloom, Log},
};
use mezz_evm::SignedTransaction;
use serde_json::{Value, json};
use std::{str::FromStr, sync::Arc};

/// What an answer is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    /// A header, or a block with its transactions.
    Block,
    /// A transaction or a receipt.
    One,
    /// A list of transactions or receipts.
    List,
    /// A list of logs.
    Logs,
    /// A proof of storage, without its account: the ether there is others' too.
    Storage,
    /// Prices of the past: how full blocks were, and what others paid, is others' business.
    Fees,
    /// How the node stands, without how much it has to post and why it failed.
    Status,
    /// What a filter has found: logs, transactions, or hashes of blocks or transactions.
    Changes,
}

/// Whose things are shown.
#[derive(Debug, Clone)]
pub(crate) struct View {
    tenant: Option<Arc<Tenant>>,
}

impl View {
    /// Nobody's.
    pub(crate) const fn public() -> Self {
        Self { tenant: None }
    }

    /// A tenant's.
    pub(crate) const fn of(tenant: Arc<Tenant>) -> Self {
        Self { tenant: Some(tenant) }
    }

    pub(crate) const fn is_public(&self) -> bool {
        self.tenant.is_none()
    }

    fn owns(&self, address: &Address) -> bool {
        self.tenant.as_ref().is_some_and(|tenant| tenant.accounts.contains(address))
    }

    /// Whether a transaction is the tenant's: its sender or its target is.
    pub(crate) fn sees(&self, transaction: &SignedTransaction) -> bool {
        let target = transaction.transaction.to();
        self.owns(&transaction.sender) || target.is_some_and(|target| self.owns(&target))
    }

    /// The same of one that is known by its hash; an unknown one is nobody's.
    pub(crate) fn sees_transaction(&self, node: &Node, hash: B256) -> Result<bool, RpcError> {
        if let Some(pending) = node.backend.pending() {
            let body = pending.body.read();
            if let Some(at) = body.position(&hash) {
                return Ok(self.sees(&body.transactions()[at]));
            }
        }
        if let Some((block, index)) = node.backend.store().transaction(hash)? {
            return Ok(self.sees(&block.transactions[index]));
        }
        Ok(node.backend.pooled(hash).is_some_and(|transaction| self.sees(&transaction)))
    }

    /// Whether a log of a transaction is: the transaction is, or an indexed topic is an account of the tenant's.
    pub(crate) fn sees_log_of(&self, transaction: &SignedTransaction, log: &Log) -> bool {
        let mut topics = log.topics().iter().skip(1);
        self.sees(transaction) || topics.any(|topic| self.owns_topic(topic))
    }

    fn owns_topic(&self, topic: &B256) -> bool {
        topic[..12] == [0; 12] && self.owns(&Address::from_slice(&topic[12..]))
    }

    /// The same of one as JSON: its transaction is, or an indexed topic is an account of the tenant's.
    fn sees_log(&self, node: &Node, log: &Value) -> Result<bool, RpcError> {
        let topics = log["topics"].as_array().into_iter().flatten().skip(1);
        let own = topics.filter_map(hash).any(|topic| self.owns_topic(&topic));
        match hash(&log["transactionHash"]) {
            _ if own => Ok(true),
            Some(hash) => self.sees_transaction(node, hash),
            None => Ok(false),
        }
    }

    /// Whether a transaction or a receipt, as JSON, is.
    fn sees_json(&self, transaction: &Value) -> bool {
        let owns = |field| {
            let text = transaction[field].as_str().unwrap_or_default();
            Address::from_str(text).is_ok_and(|address| self.owns(&address))
        };
        owns("from") || owns("to")
    }

    /// The part of a JSON answer that is seen.
    pub(crate) fn cut(&self, node: &Node, filter: Filter, text: &str) -> Result<String, RpcError> {
        let mut answer: Value = serde_json::from_str(text).map_err(RpcError::internal)?;
        match filter {
            Filter::Block => self.cut_block(node, &mut answer)?,
            Filter::Storage => {
                if let Some(fields) = answer.as_object_mut() {
                    fields.insert("balance".to_owned(), json!("0x0"));
                    fields.insert("accountProof".to_owned(), json!([]));
                }
            }
            Filter::One if !self.sees_json(&answer) => answer = Value::Null,
            Filter::One => {}
            Filter::List => retain(&mut answer, |entry| Ok(self.sees_json(entry)))?,
            Filter::Fees => cut_fees(&mut answer),
            Filter::Status => cut_status(&mut answer),
            Filter::Logs => retain(&mut answer, |log| self.sees_log(node, log))?,
            Filter::Changes => retain(&mut answer, |found| match found {
                Value::String(_) => match hash(found) {
                    // A filter finds hashes of blocks, which all may know, or of transactions.
                    Some(hash) => Ok(node.backend.store().block_by_hash(hash)?.is_some()
                        || self.sees_transaction(node, hash)?),
                    None => Ok(false),
                },
                found if found.get("topics").is_some() => self.sees_log(node, found),
                found => Ok(self.sees_json(found)),
            })?,
        }
        serde_json::to_string(&answer).map_err(RpcError::internal)
    }

    /// What is seen of a notification, a header or a log; `None` if nothing is.
    pub(crate) fn seen(&self, node: &Node, text: &str) -> Option<String> {
        let value: Value = serde_json::from_str(text).ok()?;
        match value.get("topics") {
            Some(_) => self.sees_log(node, &value).ok()?.then(|| text.to_owned()),
            None => self.cut(node, Filter::Block, text).ok(),
        }
    }

    fn cut_block(&self, node: &Node, block: &mut Value) -> Result<(), RpcError> {
        let Some(fields) = block.as_object_mut() else { return Ok(()) };
        if let Some(transactions) = fields.get_mut("transactions") {
            retain(transactions, |entry| match hash(entry) {
                Some(hash) => self.sees_transaction(node, hash),
                None => Ok(self.sees_json(entry)),
            })?;
        }
        let hidden: &[&str] = if self.is_public() { &HIDDEN_FROM_PUBLIC } else { &[] };
        for field in HIDDEN.iter().chain(hidden) {
            if let Some(value) = fields.get_mut(*field) {
                *value = match *field {
                    "logsBloom" => json!(Bloom::ZERO),
                    "gasUsed" | "size" => json!("0x0"),
                    _ => json!(B256::ZERO),
                };
            }
        }
        Ok(())
    }
}

/// Fields of a header that tell of others' transactions to whoever guesses what they may be.
const HIDDEN: [&str; 5] = ["logsBloom", "gasUsed", "size", "receiptsRoot", "transactionsRoot"];

/// Those that hold every balance and every withdrawal. A tenant needs them for its own proofs.
const HIDDEN_FROM_PUBLIC: [&str; 2] = ["stateRoot", "withdrawalsRoot"];

/// Leaves the base fees: how full blocks were is the gas that headers hide, and rewards are what others paid.
fn cut_fees(answer: &mut Value) {
    let zero = |values: &mut Value, zero: Value| {
        values.as_array_mut().into_iter().flatten().for_each(|value| *value = zero.clone());
    };
    for field in ["gasUsedRatio", "blobGasUsedRatio"] {
        if let Some(ratios) = answer.get_mut(field) {
            zero(ratios, json!(0.0));
        }
    }
    if let Some(blocks) = answer.get_mut("reward").and_then(Value::as_array_mut) {
        blocks.iter_mut().for_each(|rewards| zero(rewards, json!("0x0")));
    }
}

/// What waits to be posted grows by each block's transactions, so it tells their number and lengths.
fn cut_status(status: &mut Value) {
    if let Some(fields) = status.as_object_mut() {
        fields.remove("unpostedBytes");
        if let Some(failure) = fields.get_mut("failure").filter(|failure| !failure.is_null()) {
            *failure = json!("the node has stopped; its operator sees why");
        }
    }
}

fn hash(value: &Value) -> Option<B256> {
    value.as_str()?.parse().ok()
}

fn retain(
    list: &mut Value,
    mut keep: impl FnMut(&Value) -> Result<bool, RpcError>,
) -> Result<(), RpcError> {
    let Some(entries) = list.as_array_mut() else { return Ok(()) };
    let mut kept = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        if keep(&entry)? {
            kept.push(entry);
        }
    }
    *entries = kept;
    Ok(())
}
