//! The methods for provers.

use super::{
    Board, Offer,
    desk::Outcome,
    leases::{LEASE, Lease, Said},
    shelf::{Made, VERIFIER},
};
use crate::{backend::NodeBackend, queries::parameter};
use alloy_primitives::Bytes;
use futures::future::BoxFuture;
use mezz_primitives::Statement;
use mezz_rpc::RpcError;
use mezz_settlement::{Proven, Proving};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

type Answer = Result<Value, RpcError>;

/// Bytes of a worker's name.
const NAME_MAX: usize = 64;

/// Which methods are answered here.
pub(crate) fn is_ours(method: &str) -> bool {
    ["mezz_getProofs", "mezz_takeProof", "mezz_renewProof", "mezz_giveProof"].contains(&method)
}

/// The answer to one of them.
pub(crate) fn answer(
    node: &NodeBackend,
    method: &str,
    params: Value,
) -> BoxFuture<'static, Answer> {
    let (board, method) = (node.proofs.clone(), method.to_owned());
    Box::pin(async move {
        match method.as_str() {
            "mezz_getProofs" => Ok(board.list()),
            _ if !board.serves => Err(RpcError::new(
                -32601,
                format!("{method} is not served: start the node with --provers"),
            )),
            "mezz_takeProof" => board.answer_take(parameter(&params, 0)?).await,
            "mezz_renewProof" => board.answer_renew(parameter(&params, 0)?),
            _ => board.answer_give(parameter(&params, 0)?).await,
        }
    })
}

/// Who asks for work.
#[derive(Deserialize)]
struct Take {
    worker: String,
}

/// What a worker says of its job.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Renew {
    worker: String,
    statement: Statement,
    progress: f64,
    seconds_left: Option<u64>,
}

/// What a worker has made.
#[derive(Deserialize)]
struct Give {
    worker: String,
    statement: Statement,
    proof: Bytes,
}

/// A name that does no harm in a log.
fn check_name(worker: &str) -> Result<(), RpcError> {
    let is_plain = |name: &str| name.chars().all(|letter| letter.is_ascii_graphic());
    match (1..=NAME_MAX).contains(&worker.len()) && is_plain(worker) {
        true => Ok(()),
        false => Err(RpcError::invalid_params(format!(
            "`worker` must be a name of 1 to {NAME_MAX} ASCII letters, digits and signs without spaces"
        ))),
    }
}

impl Board {
    async fn answer_take(self: Arc<Self>, take: Take) -> Answer {
        check_name(&take.worker)?;
        let offer = self.take(&take.worker).await;
        let offer = offer.map_err(|error| {
            RpcError::rejected(format!("what is to be proven cannot be gathered now: {error}"))
        })?;
        Ok(offer.map_or(Value::Null, |offer| offer.to_json()))
    }

    fn answer_renew(&self, renew: Renew) -> Answer {
        let Renew { worker, statement, progress, seconds_left } = renew;
        check_name(&worker)?;
        if !(0.0..=1.0).contains(&progress) {
            return Err(RpcError::invalid_params("`progress` must be from 0 to 1"));
        }
        if !self.is_ready() {
            return Err(RpcError::rejected(
                "this node is reading L1: go on, and say it again later",
            ));
        }
        let said = Said { id: statement.hash(), progress, seconds_left };
        Ok(match Self::renew(self, &statement, &worker, said) {
            Outcome::Done(_) => json!({ "state": "proving", "leaseSeconds": LEASE.as_secs() }),
            Outcome::Leased => json!({ "state": "leased" }),
            Outcome::Unwanted => json!({ "state": "unwanted" }),
        })
    }

    async fn answer_give(self: Arc<Self>, give: Give) -> Answer {
        let Give { worker, statement, proof } = give;
        check_name(&worker)?;
        let given = self.give(statement, worker, proof.into()).await;
        let given = given.map_err(|error| {
            RpcError::rejected(format!("the proof cannot be looked at now: {error}; try again"))
        })?;
        match given {
            Ok(Outcome::Unwanted) => Ok(json!({ "state": "unwanted" })),
            Ok(_) => Ok(json!({ "state": "proved" })),
            Err(refused) => Err(RpcError::rejected(refused.to_string())),
        }
    }

    /// What is wanted, the most urgent first, then what is proven.
    fn list(&self) -> Value {
        let now = self.now();
        let wanted = self.open();
        let shelf = self.acts.proofs.shelf();
        let open = wanted.iter().filter(|run| !shelf.has(run));
        let open = open.map(|run| {
            let mut entry = self.describe(&run.proving);
            entry["state"] = json!("wanted");
            if let Some(lease) = self.acts.proofs.lease(run, now) {
                describe_lease(&mut entry, &lease, now);
            }
            entry
        });
        let made = shelf.all();
        let made = made.iter().map(|made| self.describe_made(made));
        open.chain(made).collect()
    }

    fn describe(&self, proving: &Proving) -> Value {
        let settlement = self.settlement.read();
        let (kind, entry) = match proving.of {
            Proven::Claim(_) => ("claim", Value::Null),
            Proven::Entry(_, entry) => ("span", json!(entry)),
            Proven::Signatures => ("signatures", Value::Null),
        };
        let parent = proving.parent();
        json!({
            "id": null, "kind": kind, "entry": entry, "parent": parent,
            "claim": parent.and_then(|parent| settlement.right(parent)),
            "batches": { "from": proving.n0, "to": proving.n1 }, "state": null,
            "worker": null, "progress": null, "secondsLeft": null, "since": null,
        })
    }

    fn describe_made(&self, made: &Made) -> Value {
        let mut entry = self.describe(&made.proving);
        entry["id"] = json!(made.statement.hash());
        entry["state"] = json!("proved");
        entry["since"] = json!(made.since);
        entry
    }
}

fn describe_lease(entry: &mut Value, lease: &Lease, now: Duration) {
    entry["state"] = json!("proving");
    entry["id"] = json!(lease.id);
    entry["worker"] = json!(lease.worker);
    entry["progress"] = json!(lease.progress);
    entry["secondsLeft"] = json!(lease.seconds_left);
    let began = now.saturating_sub(lease.since).as_secs();
    entry["since"] = json!(crate::batches::now().saturating_sub(began));
}

impl Offer {
    fn to_json(&self) -> Value {
        let Proving { n0, n1, .. } = self.run.proving;
        let (parent, entry) = (self.run.proving.parent(), self.run.proving.entry());
        json!({
            "id": self.statement.hash(), "kind": self.statement.kind, "parent": parent, "entry": entry,
            "batches": { "from": n0, "to": n1 }, "blocks": { "first": self.blocks.0, "last": self.blocks.1 },
            "statement": self.statement, "input": alloy_primitives::hex::encode_prefixed(&self.input),
            "leaseSeconds": LEASE.as_secs(), "programKey": VERIFIER.program_key(), "form": self.form,
        })
    }
}
