//! The proofs that this node wants made: it hands out what is to be proven, and keeps what comes back.
//!
//! ```text
//! settlement.wanted() ─► take ─► worker (mezz-prover work) ─► give: verified here ─► a file, Event::Proved
//!                          ▲ renew, every third of a lease ┘
//! ```
//!
//! The settlement says which proofs are wanted, L1 what they begin with; so nothing of a job is kept. After a restart of the node, or of a worker, or a reorg of
//! L1, the same questions have the right answers.

mod desk;
mod job;
mod leases;
mod rpc;
mod shelf;
mod signatures;
#[cfg(test)]
mod tests;

pub(crate) use desk::Desk;
pub(crate) use job::{Run, input};
pub(crate) use rpc::{answer, is_ours};

use crate::{
    Error,
    acts::{Acts, blocking},
};
use alloy_primitives::{Address, B256, Bytes};
use desk::{Outcome, Refused, Verified, find};
use leases::Said;
use mezz_l1::ProofForm;
use mezz_primitives::Statement;
use mezz_program::ProofInput;
use mezz_settlement::{Event, Proving, Settlement};
use parking_lot::RwLock;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{OnceCell, watch};

/// How often proofs are announced and removed, and leases looked after.
const TURN: Duration = Duration::from_secs(1);

/// What a node does for its provers.
#[derive(Debug)]
pub(crate) struct Board {
    acts: Arc<Acts>,
    settlement: Arc<RwLock<Settlement>>,
    /// Whether it gives work to whoever asks.
    serves: bool,
    began: Instant,
    /// What the chain's verifier takes, once L1 has said it.
    form: OnceCell<ProofForm>,
}

/// A job for a worker.
#[derive(Debug)]
struct Offer {
    run: Run,
    blocks: (u64, u64),
    statement: Statement,
    input: Vec<u8>,
    form: ProofForm,
}

impl Acts {
    /// The proof of a run and what it says, if this node has it and L1 still shows the batches that it is about.
    pub(crate) fn proof(
        &self,
        settlement: &RwLock<Settlement>,
        proving: Proving,
    ) -> Option<(Statement, Vec<u8>)> {
        let run = Run::new(self, &settlement.read(), proving)?;
        self.proofs.shelf().proof(&run)
    }
}

impl Board {
    pub(crate) fn new(
        acts: Arc<Acts>,
        settlement: Arc<RwLock<Settlement>>,
        serves: bool,
    ) -> Arc<Self> {
        Arc::new(Self { acts, settlement, serves, began: Instant::now(), form: OnceCell::new() })
    }

    /// Announces what is proven and removes what is final, until told to stop.
    pub(crate) async fn keep(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut confirmed = BTreeMap::new();
        let mut turns = tokio::time::interval(TURN);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stop.changed() => return,
                _ = turns.tick() => {}
            }
            let board = self.clone();
            confirmed = blocking(move || {
                board.announce();
                board.remove_final(&mut confirmed);
                confirmed
            })
            .await;
        }
    }

    /// Tells the settlement what it wants and this node has: after a start, a reorg, or when the view was begun anew.
    fn announce(&self) {
        let wanted = self.wanted();
        for run in wanted.iter().filter(|run| self.acts.proofs.shelf().has(run)) {
            self.proved(run.proving);
        }
        self.acts.proofs.tidy(&wanted, self.now());
    }

    fn proved(&self, proving: Proving) {
        if let Err(error) = self.settlement.write().observe(Event::Proved(proving)) {
            tracing::error!(%error, "a proof does not fit");
        }
    }

    /// Removes the proofs of what is confirmed on an L1 that is final. `confirmed` says when each was first seen so.
    fn remove_final(&self, confirmed: &mut BTreeMap<Run, u64>) {
        let (settled, head, finalized) = {
            let settlement = self.settlement.read();
            let settled = settlement.claims().confirmed().n1;
            (settled, settlement.l1_head().number, settlement.l1_final().number)
        };
        let shelf = self.acts.proofs.shelf();
        let all = shelf.all();
        confirmed.retain(|run, _| run.proving.n1 <= settled);
        for made in all.iter().filter(|made| made.proving.n1 <= settled) {
            if *confirmed.entry(made.run()).or_insert(head) <= finalized {
                shelf.remove(made.statement.hash());
            }
        }
    }

    /// What is wanted of batches that are derived, the most urgent first.
    fn wanted(&self) -> Vec<Run> {
        self.runs(|settlement, leased| {
            let late = signatures::late(&settlement.wanted(), leased);
            signatures::rows(settlement.wanted(), leased).into_iter().chain(late).collect()
        })
    }

    /// The same without what somebody else may bring late.
    fn open(&self) -> Vec<Run> {
        self.runs(|settlement, leased| signatures::rows(settlement.wanted(), leased))
    }

    fn runs(&self, of: impl Fn(&Settlement, &[(Proving, bool)]) -> Vec<Proving>) -> Vec<Run> {
        let leased = self.acts.proofs.leased(self.now());
        let settlement = self.settlement.read();
        let wanted = of(&settlement, &leased);
        wanted.into_iter().filter_map(|it| Run::new(&self.acts, &settlement, it)).collect()
    }

    /// Time since the node began.
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Gives a worker something to prove, if there is anything.
    async fn take(&self, worker: &str) -> Result<Option<Offer>, Error> {
        self.acts.proofs.heard(self.now());
        let (mut wanted, mut failure) = (self.open(), None);
        while let Some(run) = self.acts.proofs.take(&wanted, worker, self.now()) {
            // Whoever goes away while the input is gathered leaves the run to others.
            let mut held = Held { board: self, run, worker, keeps: false };
            match self.offer(run).await {
                Ok(offer) => {
                    let said =
                        Said { id: offer.statement.hash(), progress: 0.0, seconds_left: None };
                    let now = self.now();
                    if self.acts.proofs.renew(&wanted, &offer.statement, worker, said, now)
                        == Outcome::Done(run)
                    {
                        held.keeps = true;
                        return Ok(Some(offer));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, batches = run.proving.n1, "a proof cannot be begun");
                    failure = Some(error);
                }
            }
            wanted.retain(|other| *other != run);
        }
        failure.map_or(Ok(None), Err)
    }

    async fn offer(&self, run: Run) -> Result<Offer, Error> {
        let (statement, input) = input(&self.acts, &self.settlement, run.proving).await?;
        if statement.boot != run.boot {
            return Err(Error::Reorged);
        }
        let blocks = run.blocks(self.settlement.read().inbox(), self.acts.config.span);
        let (input, form) = (blocking(move || input.encode()).await, self.form().await?);
        Ok(Offer { run, blocks, statement, input, form })
    }

    /// What verifies the chain's proofs.
    fn verifier(&self) -> Result<Address, Error> {
        Ok(self.acts.contracts.proofs.ok_or(Error::Reorged)?.verifier)
    }

    /// What that takes for a proof.
    async fn form(&self) -> Result<ProofForm, Error> {
        let ask = async || Ok(ProofForm::of(&self.acts.client, self.verifier()?).await?);
        self.form.get_or_try_init(ask).await.copied()
    }

    /// Verifies a proof: here, or where only L1 can.
    async fn verify(&self, id: B256, proof: &[u8]) -> Result<Verified, Error> {
        let proof = Bytes::copy_from_slice(proof);
        match self.form().await? {
            ProofForm::Stark => Ok(blocking(move || Verified::stark(id, &proof)).await),
            ProofForm::Halo2 => {
                Ok(Verified::halo2(&self.acts.client, self.verifier()?, id, proof).await?)
            }
        }
    }

    /// Prolongs a lease.
    fn renew(&self, statement: &Statement, worker: &str, said: Said) -> Outcome {
        self.acts.proofs.heard(self.now());
        self.acts.proofs.renew(&self.wanted(), statement, worker, said, self.now())
    }

    /// Takes a proof and says so to the settlement.
    async fn give(
        &self,
        statement: Statement,
        worker: String,
        proof: Vec<u8>,
    ) -> Result<Result<Outcome, Refused>, Error> {
        if let Some(made) = self.acts.proofs.shelf().made(statement.hash()) {
            return Ok(Ok(Outcome::Done(made.run())));
        }
        let Some(run) = find(&self.wanted(), &statement) else { return Ok(Ok(Outcome::Unwanted)) };
        let (right, _) = input(&self.acts, &self.settlement, run.proving).await?;
        let (acts, now) = (self.acts.clone(), self.now());
        if statement.openings != right.openings {
            // Made from blobs that decode alike: L1 would refuse them, and nobody would prove it again.
            acts.proofs.release(&run, &worker, now);
            return Ok(Err(Refused::Wrong("it is of other blobs than those on L1".into())));
        }
        let verified = self.verify(statement.hash(), &proof).await?;
        let given = move || {
            acts.proofs.give((run, right.result), &statement, &worker, (&proof, verified), now)
        };
        let taken = blocking(given).await;
        Ok(taken.map(|()| {
            self.proved(run.proving);
            Outcome::Done(run)
        }))
    }
}

/// A run that a worker is about to get.
struct Held<'a> {
    board: &'a Board,
    run: Run,
    worker: &'a str,
    keeps: bool,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !self.keeps {
            self.board.acts.proofs.release(&self.run, self.worker, self.board.now());
        }
    }
}

impl crate::Node {
    /// What the proof of a run is made from, and what it will say.
    pub async fn proof_input(&self, proving: Proving) -> Result<(Statement, ProofInput), Error> {
        input(&self.acts, &self.settlement, proving).await
    }
}
