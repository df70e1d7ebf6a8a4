//! One adversary against a running chain.

use crate::{
    Act, Adversary, Error, Side,
    adversary::{Claimed, answer},
    data,
    record::{Recorder, Seen},
};
use alloy::{
    primitives::{Address, B256, U256},
    signers::local::PrivateKeySigner,
};
use mezz_l1::{
    Call, Client, Sender, SenderConfig,
    contracts::{ClaimManager, Inbox, QueryGame},
};
use mezz_primitives::{
    Accumulator, CLAIM_ENTRIES, ChainConfig, ContentId, Contracts, Output, OutputHash, content_id,
    query_id, vector_proof, vector_root,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Pause between two looks at L1.
pub(crate) const LOOK: Duration = Duration::from_millis(200);
/// Gas of backing a claim, with room.
const BACK_GAS: u64 = 250_000;
/// Ether that the adversary gets.
const PURSE_ETHER: u64 = 1_000;

/// A drill that is about to be held.
#[derive(Debug)]
pub struct Drill {
    /// Who is dishonest.
    pub adversary: Adversary,
    /// The chain's parameters.
    pub config: ChainConfig,
    /// The chain's contracts on L1.
    pub contracts: Contracts,
    /// A development L1.
    pub client: Client,
    /// Whose transactions the censor keeps out.
    pub censored: Vec<Address>,
    /// The keys of those who keep data back together: the batcher's and the members'.
    pub colluding: (PrivateKeySigner, Vec<PrivateKeySigner>),
}

/// How it ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Who was dishonest.
    pub adversary: String,
    /// Its address.
    pub address: Address,
    /// Whether the honest side has won.
    pub honest_won: bool,
    /// Why, in words.
    pub reason: String,
    /// Seconds from the adversary's first move to the end.
    pub seconds: f64,
    /// Gas of the honest side's moves.
    pub honest_gas: u64,
    /// Gas of the adversary's moves.
    pub adversary_gas: u64,
    /// What the adversary has lost, gas aside, wei.
    pub adversary_lost: U256,
}

/// A drill while it runs.
pub(crate) struct Running<'a> {
    pub(crate) drill: &'a Drill,
    sender: Sender,
    begun: Option<Instant>,
    honest_gas: u64,
    adversary_gas: u64,
    /// What the adversary has paid for gas, wei.
    fees: U256,
    /// False proofs that L1 has refused.
    pub(crate) refused: usize,
    /// False proofs that L1 has believed.
    pub(crate) believed: usize,
    /// The griefer's: the instance that it doubts.
    target: Option<(B256, Address)>,
    /// The griefer's: its last doubt.
    doubted: B256,
    /// The last transaction counted: several events may be of one.
    counted: Option<B256>,
}

impl Drill {
    /// Holds it; `report` hears of each move.
    pub async fn run(&self, mut report: impl FnMut(&Act)) -> Result<Verdict, Error> {
        if self.adversary == Adversary::DataWithholder {
            return data::run(self, report).await;
        }
        if self.adversary == Adversary::LyingProver && self.contracts.proofs.is_none() {
            return Err(Error::NoProofs);
        }
        let signer = PrivateKeySigner::random();
        let address = signer.address();
        let settings = SenderConfig { poll: LOOK, ..SenderConfig::default() };
        let sender = Sender::new(self.client.clone(), Arc::new(signer), settings);
        let purse = U256::from(PURSE_ETHER) * U256::from(10).pow(U256::from(18));
        self.client
            .request::<_, Value>("anvil_setBalance", json!([address, purse]))
            .await
            .map_err(Error::NotDevelopment)?;
        let money = (self.config.stake, self.config.bond);
        let mut recorder =
            Recorder::new(self.client.clone(), self.contracts, address, money).await?;
        let mut running = Running {
            drill: self,
            sender,
            begun: None,
            honest_gas: 0,
            adversary_gas: 0,
            fees: U256::ZERO,
            refused: 0,
            believed: 0,
            target: None,
            doubted: B256::ZERO,
            counted: None,
        };
        if self.adversary.claims() {
            let call = Call::to(self.contracts.claim_manager, &ClaimManager::depositCall {});
            running.send(call.with_value(self.config.stake)).await?;
        }
        let w = &self.config.windows;
        let patience = 60 + 2 * (w.claim_window + 2 * w.dispute_clock + 10 * w.dispute_grace);
        let since = Instant::now();
        loop {
            for (act, seen) in recorder.read().await? {
                if running.concerns(&act, &seen) {
                    running.count(&act);
                    report(&act);
                }
                if let Some(reason) = running.react(&seen).await? {
                    return running.verdict(&reason, purse).await;
                }
            }
            running.censor().await;
            if since.elapsed().as_secs() > patience {
                return Err(match running.begun {
                    Some(_) => Error::Undecided(patience),
                    None => Error::NoClaim(patience),
                });
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Running<'_> {
    /// Whether a move is part of this drill.
    fn concerns(&self, act: &Act, seen: &Seen) -> bool {
        let routine = matches!(seen, Seen::Asserted(_) | Seen::Confirmed | Seen::Settled { .. });
        self.begun.is_some() && (act.side == Side::Adversary || !routine)
    }

    fn count(&mut self, act: &Act) {
        if act.side == Side::Honest && self.counted != act.transaction {
            self.counted = act.transaction;
            self.honest_gas += act.gas;
        }
    }

    /// Sends a transaction of the adversary's.
    pub(crate) async fn send(&mut self, call: Call) -> Result<(), Error> {
        let receipt = self.sender.send(call).await?;
        self.adversary_gas += receipt.gas_used;
        self.fees += U256::from(receipt.gas_used) * U256::from(receipt.effective_gas_price);
        Ok(())
    }

    /// The adversary's answer to what L1 shows; the reason, if that was the end.
    async fn react(&mut self, seen: &Seen) -> Result<Option<String>, Error> {
        let me = self.sender.address();
        match seen {
            Seen::Asserted(claim) if self.begun.is_none() && claim.owner != me => {
                self.begin(claim).await?;
            }
            Seen::Queried(query)
                if query.owner == me && query.depth < 5 && self.drill.adversary.answers() =>
            {
                self.answer(query).await?;
            }
            Seen::Answered(answer) if answer.node == self.doubted => {
                self.doubt(answer.node, &answer.vector).await?;
            }
            Seen::Proven(node) if *node == self.doubted => {
                return Ok(Some(
                    "the doubted instruction was right: its bonds go to the owner of the claim"
                        .into(),
                ));
            }
            Seen::Refuted { owner } if *owner == me => {
                return Ok(Some(
                    "its claim is refuted and its stake lost; all its claims are void".into(),
                ));
            }
            Seen::Settled { owner, status } if *owner == me && *status == 4 => {
                return Ok(Some(
                    "the right claim was confirmed first: its own is rejected and its stake lost"
                        .into(),
                ));
            }
            _ => {}
        }
        Ok(None)
    }

    /// The first dishonest move: beside an honest claim.
    async fn begin(&mut self, claim: &ClaimManager::ClaimAsserted) -> Result<(), Error> {
        self.begun = Some(Instant::now());
        let end = Output::from(claim.endOutput.clone());
        if self.drill.adversary == Adversary::Griefer {
            self.target = Some((claim.contentId, claim.owner));
            return self.doubt(B256::ZERO, &claim.vector).await;
        }
        self.stand_on(claim.parentId).await?;
        let acc = self.acc(claim.n1).await?;
        for Claimed { vector, end } in self.drill.adversary.falsify(&claim.vector, &end) {
            let call = ClaimManager::assertClaimCall {
                parentId: claim.parentId,
                acc,
                vector,
                endOutput: end.into(),
            };
            let sent = self.send(Call::to(self.drill.contracts.claim_manager, &call)).await;
            // L1 refuses a second claim beside the first: an owner's claims form one path.
            if self.drill.adversary != Adversary::Equivocator {
                sent?;
            }
            if self.drill.adversary == Adversary::LyingProver {
                let outputs = vector.map(OutputHash);
                let root = vector_root(&outputs);
                let (parent, acc) = (ContentId(claim.parentId), Accumulator(acc));
                let content = content_id(parent, claim.n1, acc, root, end.hash());
                self.lie_to_the_verifier(content.0).await?;
            }
        }
        Ok(())
    }

    /// The accumulator after so many batches that claims are about.
    async fn acc(&self, n: u64) -> Result<B256, Error> {
        let latest = alloy::eips::BlockNumberOrTag::Latest;
        Ok(self
            .drill
            .client
            .call(self.drill.contracts.claimed_batches(), &Inbox::accCall { n }, latest)
            .await?)
    }

    /// Backs the claims below, which are right: an owner's claims form one path from what is confirmed.
    async fn stand_on(&mut self, claim: B256) -> Result<(), Error> {
        let latest = alloy::eips::BlockNumberOrTag::Latest;
        let before = self.drill.client.balance(self.sender.address(), latest).await?;
        // One of them may be confirmed meanwhile, and then there is one less to back.
        let mut tries = 3;
        loop {
            let below = self.unconfirmed(claim).await?;
            match self.sender.send_together(&below, |_| {}).await {
                Err(_) if tries > 0 => tries -= 1,
                sent => break sent?,
            }
        }
        let after = self.drill.client.balance(self.sender.address(), latest).await?;
        self.fees += before.saturating_sub(after);
        Ok(())
    }

    /// The calls that back the unconfirmed claims up to this one, lowest first.
    async fn unconfirmed(&self, claim: B256) -> Result<Vec<(Call, u64)>, Error> {
        let manager = self.drill.contracts.claim_manager;
        let latest = alloy::eips::BlockNumberOrTag::Latest;
        let index = ClaimManager::indexOfCall { contentId: claim };
        let mut index = self.drill.client.call(manager, &index, latest).await?;
        let mut below = Vec::new();
        loop {
            let call = ClaimManager::contentAtCall { index };
            let content = self.drill.client.call(manager, &call, latest).await?;
            if content.confirmedAt != 0 {
                break;
            }
            let (content_id, owner) = (content.id, self.sender.address());
            let mine = ClaimManager::instanceStatusCall { contentId: content_id, owner };
            if self.drill.client.call(manager, &mine, latest).await? == 0 {
                let back = ClaimManager::backCall { contentId: content_id };
                below.push((Call::to(manager, &back), BACK_GAS));
            }
            index = U256::from(content.parent);
        }
        below.reverse();
        Ok(below)
    }

    async fn answer(&mut self, query: &QueryGame::Queried) -> Result<(), Error> {
        let (vector, state) = answer(query.depth, query.end);
        let call = QueryGame::answerCall { node: query.node, vector, finalState: state.into() };
        self.send(Call::to(self.drill.contracts.query_game, &call)).await
    }

    /// Doubts the second entry of a vector: the claim's own, or that of the answer to `parent`.
    async fn doubt(&mut self, parent: B256, vector: &[B256; CLAIM_ENTRIES]) -> Result<(), Error> {
        let Some((content, owner)) = self.target else { return Ok(()) };
        let call = QueryGame::queryCall {
            content,
            owner,
            parent,
            index: 1,
            start: vector[0],
            end: vector[1],
            startProof: vector_proof(vector, 0),
            endProof: vector_proof(vector, 1),
        };
        self.doubted = query_id(ContentId(content), owner, parent, 1);
        let call = Call::to(self.drill.contracts.query_game, &call);
        self.send(call.with_value(self.drill.config.bond)).await
    }

    /// Keeps the challenger's transactions out of the next blocks, for less than its clock.
    async fn censor(&self) {
        let clock = Duration::from_secs(self.drill.config.windows.dispute_clock);
        let over = self.begun.is_none_or(|begun| begun.elapsed() * 2 > clock);
        if self.drill.adversary != Adversary::Censor || over {
            return;
        }
        let Ok(pool) = self.drill.client.request::<_, Value>("txpool_content", json!([])).await
        else {
            return;
        };
        for who in &self.drill.censored {
            let waiting = pool["pending"].as_object().into_iter().flatten();
            let theirs = waiting
                .filter(|(sender, _)| sender.eq_ignore_ascii_case(&who.to_string()))
                .filter_map(|(_, by_nonce)| by_nonce.as_object());
            for transaction in theirs.flat_map(|by_nonce| by_nonce.values()) {
                let dropped = json!([transaction["hash"]]);
                // One that was mined meanwhile cannot be dropped.
                let _ =
                    self.drill.client.request::<_, Value>("anvil_dropTransaction", dropped).await;
            }
        }
    }

    /// What the adversary has now, beside what it had: whatever is missing it has lost or paid for gas.
    async fn verdict(&self, reason: &str, purse: U256) -> Result<Verdict, Error> {
        let (drill, who) = (self.drill, self.sender.address());
        let (manager, game) = (drill.contracts.claim_manager, drill.contracts.query_game);
        let latest = alloy::eips::BlockNumberOrTag::Latest;
        let owner = ClaimManager::ownersCall { owner: who };
        let owner = drill.client.call(manager, &owner, latest).await?;
        let stakes = ClaimManager::creditsCall { who };
        let bonds = QueryGame::creditsCall { who };
        let staked = if owner.staked { drill.config.stake } else { U256::ZERO };
        let left = drill.client.balance(who, latest).await?
            + drill.client.call(manager, &stakes, latest).await?
            + drill.client.call(game, &bonds, latest).await?
            + staked
            + self.fees;
        let lost = purse.saturating_sub(left);
        Ok(Verdict {
            adversary: drill.adversary.to_string(),
            address: who,
            honest_won: !lost.is_zero() && self.believed == 0,
            reason: match (self.believed, self.refused) {
                (0, 0) => reason.to_owned(),
                (0, refused) => format!("{refused} false proofs were refused; {reason}"),
                (believed, _) => format!("L1 HAS BELIEVED {believed} FALSE PROOFS; {reason}"),
            },
            seconds: self.begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64()),
            honest_gas: self.honest_gas,
            adversary_gas: self.adversary_gas,
            adversary_lost: lost,
        })
    }
}
