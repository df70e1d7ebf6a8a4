//! The node that wants proofs, asked over JSON-RPC.

use alloy_primitives::{B256, Bytes};
use mezz_primitives::Statement;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{fmt, time::Duration};
use ureq::Agent;

/// How long the node may take to gather a job, which is the longest that it does.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long it may take to be reached.
const CONNECT: Duration = Duration::from_secs(10);
/// JSON-RPC: nobody answers to this name.
const NO_METHOD: i64 = -32601;

/// JSON-RPC: a node with --access does not answer this to whoever shows no token.
const NOT_ALLOWED: i64 = -32001;

/// A job that a node gives.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// The hash of what the proof will say.
    pub id: B256,
    /// What it will say.
    pub statement: Statement,
    /// What the program will be told.
    pub input: Bytes,
    /// How long the job is this worker's without a word of it.
    pub lease_seconds: u64,
    /// The program that is to be proved.
    pub program_key: B256,
    /// The batches that it is about.
    pub batches: Batches,
    /// What the chain's L1 takes for a proof.
    pub form: Form,
}

/// The form of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// The STARK itself.
    Stark,
    /// A halo2 proof of it.
    Halo2,
}

/// The batches `from..to`.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Batches {
    pub from: u64,
    pub to: u64,
}

/// What a job is to its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// This worker's.
    Proving,
    /// Another worker's.
    Leased,
    /// Of no use: L1 has such a proof, or was reorganised.
    Unwanted,
    /// Proven.
    Proved,
}

#[derive(Deserialize)]
struct Answer {
    state: State,
}

/// Why a node did not do what it was asked.
#[derive(Debug)]
pub enum Trouble {
    /// It cannot be reached, or is no such node.
    Unreachable(String),
    /// It refuses, for now.
    Refused(String),
    /// It does not give work.
    Unserved(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) => write!(f, "the node does not answer ({reason})"),
            Self::Refused(reason) => write!(f, "the node says: {reason}"),
            Self::Unserved(reason) => write!(f, "the node gives no work: {reason}"),
        }
    }
}

impl std::error::Error for Trouble {}

/// A node, and the name under which it knows this worker.
pub struct Node {
    agent: Agent,
    url: String,
    worker: String,
}

impl Node {
    /// The node at `url`; nothing is asked yet.
    pub fn new(url: String, worker: String) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .timeout_connect(Some(CONNECT))
            .http_status_as_error(false)
            .build()
            .new_agent();
        Self { agent, url, worker }
    }

    /// Asks for a job.
    pub fn take(&self) -> Result<Option<Offer>, Trouble> {
        self.ask("mezz_takeProof", json!({ "worker": self.worker }))
    }

    /// Says how far a job is.
    pub fn renew(
        &self,
        statement: &Statement,
        (progress, seconds_left): (f64, Option<u64>),
    ) -> Result<State, Trouble> {
        let said = json!({
            "worker": self.worker, "statement": statement,
            "progress": progress.clamp(0.0, 1.0), "secondsLeft": seconds_left,
        });
        self.ask("mezz_renewProof", said).map(|Answer { state }| state)
    }

    /// Hands a proof over.
    pub fn give(&self, statement: &Statement, proof: &[u8]) -> Result<State, Trouble> {
        let proof = Bytes::copy_from_slice(proof);
        let given = json!({ "worker": self.worker, "statement": statement, "proof": proof });
        self.ask("mezz_giveProof", given).map(|Answer { state }| state)
    }

    fn ask<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, Trouble> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": [params] });
        let answer = self
            .post(&body.to_string())
            .map_err(|error| Trouble::Unreachable(format!("{}: {error}", self.url)))?;
        let strange = |reason: String| Trouble::Unreachable(format!("{}: {reason}", self.url));
        let mut answer: Value = serde_json::from_slice(&answer)
            .map_err(|_| strange("this is no JSON-RPC endpoint".into()))?;
        if let Some(error) = answer.get("error") {
            let message = error["message"].as_str().unwrap_or("no reason").to_owned();
            return Err(match error["code"].as_i64() {
                Some(NO_METHOD) => Trouble::Unserved(message),
                Some(NOT_ALLOWED) => Trouble::Unserved(format!(
                    "it answers by token, and a prover shows none ({message}); give it a node of the operator's own that runs with --provers and without --access, and that nobody else reaches"
                )),
                _ => Trouble::Refused(message),
            });
        }
        serde_json::from_value(answer["result"].take()).map_err(|error| strange(error.to_string()))
    }

    fn post(&self, body: &str) -> Result<Vec<u8>, ureq::Error> {
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let mut response = request.send(body)?;
        // What a large claim is proven from has no limit here.
        response.body_mut().with_config().limit(u64::MAX).read_to_vec()
    }
}
