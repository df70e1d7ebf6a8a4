//! What happened on L1, move by move.

use crate::Error;
use alloy::{
    primitives::{Address, B256, U256},
    rpc::types::Log,
    sol_types::SolEvent,
};
use mezz_l1::{
    Client,
    contracts::{ClaimManager, QueryGame},
};
use mezz_primitives::Contracts;
use serde::Serialize;

/// Who made a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The adversary.
    Adversary,
    /// Anybody else.
    Honest,
}

/// A move as L1 shows it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Act {
    /// Seconds of L1 time since the drill began.
    pub second: u64,
    /// Who.
    pub side: Side,
    /// What: `assert`, `query`, `answer`, ….
    pub action: &'static str,
    /// About what.
    pub detail: String,
    /// Its transaction.
    pub transaction: Option<B256>,
    /// Gas of its transaction.
    pub gas: u64,
    /// Ether that it put at risk, wei.
    pub at_risk: U256,
}

/// What the drill goes by.
#[derive(Debug, Clone)]
pub(crate) enum Seen {
    Asserted(Box<ClaimManager::ClaimAsserted>),
    Confirmed,
    Refuted { owner: Address },
    Settled { owner: Address, status: u8 },
    Queried(QueryGame::Queried),
    Answered(Box<QueryGame::Answered>),
    Proven(B256),
}

/// Reads the chain from where it stopped.
#[derive(Debug)]
pub(crate) struct Recorder {
    client: Client,
    contracts: Contracts,
    adversary: Address,
    bond: U256,
    stake: U256,
    next: u64,
    begun: u64,
}

impl Recorder {
    pub(crate) async fn new(
        client: Client,
        contracts: Contracts,
        adversary: Address,
        (stake, bond): (U256, U256),
    ) -> Result<Self, Error> {
        let head = client.latest().await?;
        let (next, begun) = (head.number + 1, head.time);
        Ok(Self { client, contracts, adversary, bond, stake, next, begun })
    }

    /// What has happened since the last call.
    pub(crate) async fn read(&mut self) -> Result<Vec<(Act, Seen)>, Error> {
        let head = self.client.latest().await?;
        if head.number < self.next {
            return Ok(Vec::new());
        }
        let ours = [self.contracts.claim_manager, self.contracts.query_game];
        let logs = self.client.logs(self.next, head.number, &ours).await?;
        let mut acts = Vec::new();
        for log in &logs {
            if let Some(act) = self.act(log, head.time).await? {
                acts.push(act);
            }
        }
        self.next = head.number + 1;
        Ok(acts)
    }

    async fn act(&self, log: &Log, now: u64) -> Result<Option<(Act, Seen)>, Error> {
        let Some((action, detail, seen)) = tell(log) else { return Ok(None) };
        let receipt = match log.transaction_hash {
            Some(hash) => self.client.receipt(hash).await?,
            None => None,
        };
        let (from, gas) = receipt.map_or((Address::ZERO, 0), |found| (found.from, found.gas_used));
        let side = if from == self.adversary { Side::Adversary } else { Side::Honest };
        let at_risk = match action {
            "query" => self.bond,
            "assert" => self.stake,
            _ => U256::ZERO,
        };
        let second = now.saturating_sub(self.begun);
        Ok(Some((
            Act { second, side, action, detail, transaction: log.transaction_hash, gas, at_risk },
            seen,
        )))
    }
}

/// A log in words.
fn tell(log: &Log) -> Option<(&'static str, String, Seen)> {
    use {ClaimManager as C, QueryGame as G};
    let topic = *log.topic0()?;
    Some(match topic {
        C::ClaimAsserted::SIGNATURE_HASH => {
            let event = decode::<C::ClaimAsserted>(log)?;
            let detail = format!("claim {} up to block {}", event.index, event.endOutput.number);
            ("assert", detail, Seen::Asserted(Box::new(event)))
        }
        C::ClaimConfirmed::SIGNATURE_HASH => {
            let event = decode::<C::ClaimConfirmed>(log)?;
            ("confirm", format!("claim {} is final", event.index), Seen::Confirmed)
        }
        C::InstanceRefuted::SIGNATURE_HASH => {
            let event = decode::<C::InstanceRefuted>(log)?;
            let seen = Seen::Refuted { owner: event.owner };
            ("refute", "the stake is lost".to_owned(), seen)
        }
        C::InstanceSettled::SIGNATURE_HASH => {
            let event = decode::<C::InstanceSettled>(log)?;
            let seen = Seen::Settled { owner: event.owner, status: event.status };
            ("settle", "the end of a stake".to_owned(), seen)
        }
        G::Queried::SIGNATURE_HASH => {
            let event = decode::<G::Queried>(log)?;
            let detail = format!("depth {}, entry {}", event.depth, event.index);
            ("query", detail, Seen::Queried(event))
        }
        G::Answered::SIGNATURE_HASH => {
            let event = decode::<G::Answered>(log)?;
            ("answer", "256 states".to_owned(), Seen::Answered(Box::new(event)))
        }
        G::Proven::SIGNATURE_HASH => {
            let event = decode::<G::Proven>(log)?;
            ("step", "the instruction was right".to_owned(), Seen::Proven(event.node))
        }
        _ => return None,
    })
}

fn decode<E: SolEvent>(log: &Log) -> Option<E> {
    E::decode_log(&log.inner).ok().map(|log| log.data)
}
