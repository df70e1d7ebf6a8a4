//! The proofs that this node wants made: it hands out what is to be proven, and keeps what comes back.
//!
//! ```text
//! settlement.wanted() ─► take ─► worker (mezz-prover work) ─► give: verified here ─► a file, Event::Proved
//!                          ▲ renew, every third of a lease ┘
//! ```
//!
//! The settlement says which proofs are wanted, L1 what they begin with; so nothing of a job is kept. After a restart of the node, or of a worker, or a reorg of
//! L1, the same questions have the right answers. Which batches' signatures go into one proof is chosen when it is begun, and another time it may be others; what L1
//! would take of it is taken here, however it was chosen.

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
use desk::{Outcome, Refused, Verified};
use leases::Said;
use mezz_l1::ProofForm;
use mezz_primitives::Statement;
use mezz_program::ProofInput;
use mezz_settlement::{Event, Proving, Settlement};
use parking_lot::{Mutex, RwLock};
use shelf::Made;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// How often proofs are announced and removed, and leases looked after.
const TURN: Duration = Duration::from_secs(1);
/// How long whoever brings a proof waits for this node to have read L1.
const READINESS: Duration = Duration::from_secs(60);

/// What a node does for its provers.
#[derive(Debug)]
pub(crate) struct Board {
    acts: Arc<Acts>,
    settlement: Arc<RwLock<Settlement>>,
    /// Whether it gives work to whoever asks.
    serves: bool,
    began: Instant,
    /// What verifiers take, once L1 has said it.
    forms: Mutex<BTreeMap<Address, ProofForm>>,
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
    /// The proof of a run and what it says, if this node has it and L1 still shows the batches that it is about. One that it should have and has not is wanted again.
    pub(crate) fn proof(
        &self,
        settlement: &RwLock<Settlement>,
        proving: Proving,
    ) -> Option<(Statement, Vec<u8>)> {
        let run = Run::new(self, &settlement.read(), proving)?;
        let found = self.proofs.shelf().proof(&run);
        if found.is_none() {
            observe(&mut settlement.write(), Event::Unproved(proving));
        }
        found
    }
}

impl Board {
    pub(crate) fn new(
        acts: Arc<Acts>,
        settlement: Arc<RwLock<Settlement>>,
        serves: bool,
    ) -> Arc<Self> {
        Arc::new(Self { acts, settlement, serves, began: Instant::now(), forms: Mutex::default() })
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
        // What is leased from here on is not looked at.
        let leases = self.acts.proofs.leases(self.now());
        self.known_signatures().iter().for_each(|run| self.proved(run));
        let (open, shelf) = (self.open(), self.acts.proofs.shelf());
        open.iter().filter(|run| shelf.has(run)).for_each(|run| self.proved(run));
        let gone: Vec<Run> = {
            let settlement = self.settlement.read();
            let wants_row = self.wants_row(&settlement);
            let all = leases.into_iter().map(|(run, _)| run);
            all.filter(|run| !open.contains(run) && !wants_row(run)).collect()
        };
        self.acts.proofs.tidy(&open, &gone, self.now());
        self.say_workers();
    }

    /// The proofs of signatures that are here and that the settlement has not been told of. Which of them L1 still takes it knows itself.
    fn known_signatures(&self) -> Vec<Run> {
        let made = self.acts.proofs.shelf().all();
        let settlement = self.settlement.read();
        let unknown = made.iter().map(Made::run).filter(|run| {
            let proving = run.proving;
            proving.is_of_signatures()
                && !settlement.has_proof(&proving)
                && Run::new(&self.acts, &settlement, proving) == Some(*run)
        });
        unknown.collect()
    }

    /// Tells the settlement of a proof, if it is of what L1 shows now: it may have been verified for a fork that is gone.
    fn proved(&self, run: &Run) {
        let mut settlement = self.settlement.write();
        if Run::new(&self.acts, &settlement, run.proving) == Some(*run) {
            observe(&mut settlement, Event::Proved(run.proving));
        }
    }

    /// A worker asks for work, or works.
    fn heard(&self) {
        self.acts.proofs.heard(self.now());
        self.say_workers();
    }

    /// Tells the settlement whether there are workers, where it does not know.
    fn say_workers(&self) {
        let there = self.acts.proofs.has_workers();
        let known = self.settlement.read().has_workers();
        if there != known {
            observe(&mut self.settlement.write(), Event::Workers(there));
        }
    }

    /// Whether it has read L1. Until then it does not know what it wants.
    fn is_ready(&self) -> bool {
        self.acts.metrics.caught_up.get() == 1
    }

    /// Removes the proofs of what is confirmed on an L1 that is final, and those of signatures once their batches are sealed there. `confirmed` says when each was
    /// first seen so.
    fn remove_final(&self, confirmed: &mut BTreeMap<Run, u64>) {
        let (settled, decided, head, finalized) = {
            let settlement = self.settlement.read();
            let settled = settlement.claims().confirmed().n1;
            let (head, finalized) = (settlement.l1_head(), settlement.l1_final());
            (settled, settlement.decided(), head.number, finalized.number)
        };
        let is_done = |of: &Proving| of.n1 <= if of.is_of_signatures() { decided } else { settled };
        let shelf = self.acts.proofs.shelf();
        let all = shelf.all();
        confirmed.retain(|run, _| is_done(&run.proving));
        for made in all.iter().filter(|made| is_done(&made.proving)) {
            if *confirmed.entry(made.run()).or_insert(head) <= finalized {
                shelf.remove(made.statement.hash());
            }
        }
    }

    /// What is wanted, the most urgent first.
    fn open(&self) -> Vec<Run> {
        let leases = self.acts.proofs.leases(self.now());
        let settlement = self.settlement.read();
        let live = leases.into_iter().filter(|(_, live)| *live).map(|(run, _)| run);
        let live = live.filter(self.wants_row(&settlement)).map(|run| run.proving);
        let is_one = |row: &Proving| settlement.is_one_version(row.n0, row.n1);
        let rows = signatures::rows(settlement.wanted(), &live.collect::<Vec<_>>(), is_one);
        rows.into_iter().filter_map(|it| Run::new(&self.acts, &settlement, it)).collect()
    }

    /// What tells whether a run is about the signatures of a row of batches, and its proof of use.
    fn wants_row<'a>(&'a self, settlement: &'a Settlement) -> impl Fn(&Run) -> bool + 'a {
        let wants = settlement.wants_signatures();
        move |run| {
            run.proving.is_of_signatures()
                && wants(&run.proving)
                && Run::new(&self.acts, settlement, run.proving) == Some(*run)
        }
    }

    /// The run that a statement is about, if its proof is wanted: also a row of batches that was begun when others were open, by an earlier run of this node or by a
    /// worker who has lost it.
    fn find(&self, statement: &Statement) -> Option<Run> {
        desk::find(&self.open(), statement).or_else(|| {
            let settlement = self.settlement.read();
            let row = signatures::find(&self.acts, &settlement, statement)?;
            Run::new(&self.acts, &settlement, row)
        })
    }

    /// Time since the node began.
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Gives a worker something to prove, if there is anything.
    async fn take(&self, worker: &str) -> Result<Option<Offer>, Error> {
        self.heard();
        if !self.is_ready() {
            return Ok(None);
        }
        let (mut failure, mut wanted) = (None, VecDeque::from(self.open()));
        while let Some(run) = wanted.pop_front() {
            match self.begin(run, worker).await {
                Ok(None) => {}
                Ok(offer) => return Ok(offer),
                Err(error) => {
                    tracing::warn!(%error, batches = run.proving.n1, "a proof cannot be begun");
                    if let Some(rest) = self.rest(&run, &error) {
                        wanted.push_front(rest);
                    }
                    failure = Some(error);
                }
            }
        }
        failure.map_or(Ok(None), Err)
    }

    /// Gives a worker this run, unless somebody has it.
    async fn begin(&self, run: Run, worker: &str) -> Result<Option<Offer>, Error> {
        let run = self.cut(run).await?;
        if self.acts.proofs.take(&[run], worker, self.now()).is_none() {
            return Ok(None);
        }
        // Whoever goes away while the input is gathered leaves the run to others.
        let mut held = Held { board: self, run, worker, keeps: false };
        let offer = self.offer(run).await?;
        let said = Said { id: offer.statement.hash(), progress: 0.0, seconds_left: None };
        let renewed = self.acts.proofs.renew(&[run], &offer.statement, worker, said, self.now());
        held.keeps = renewed == Outcome::Done(run);
        Ok(held.keeps.then_some(offer))
    }

    /// What can be proven of a run all the same: batches whose signatures nobody has hold up no others.
    fn rest(&self, run: &Run, error: &Error) -> Option<Run> {
        let Error::UnknownSignatures { from, to } = *error else { return None };
        let row = signatures::without(run.proving, from, to)?;
        Run::new(&self.acts, &self.settlement.read(), row)
    }

    /// As much of a run as is work for one proof. What a worker has stays as it is.
    async fn cut(&self, run: Run) -> Result<Run, Error> {
        if !run.proving.is_of_signatures() || self.acts.proofs.lease(&run, self.now()).is_some() {
            return Ok(run);
        }
        let inbox = self.settlement.read().inbox().clone();
        let (store, row) = (self.acts.store.clone(), run.proving);
        let counts = blocking(move || signatures::counts(&store, &inbox, &row)).await?;
        let row = signatures::cut(row, &counts);
        Run::new(&self.acts, &self.settlement.read(), row).ok_or(Error::Reorged)
    }

    async fn offer(&self, run: Run) -> Result<Offer, Error> {
        let (statement, input) = input(&self.acts, &self.settlement, run.proving).await?;
        if statement.boot != run.boot {
            return Err(Error::Reorged);
        }
        let blocks = run.blocks(self.settlement.read().inbox(), self.acts.config.span);
        let form = self.form(self.verifier(run.proving.n1)?).await?;
        let input = blocking(move || input.encode()).await;
        Ok(Offer { run, blocks, statement, input, form })
    }

    /// What verifies proofs about the batches up to `n1`: each version of the program has its own.
    fn verifier(&self, n1: u64) -> Result<Address, Error> {
        self.settlement.read().verifier_of(n1).ok_or(Error::Reorged)
    }

    /// What a verifier takes for a proof.
    async fn form(&self, verifier: Address) -> Result<ProofForm, Error> {
        let known = self.forms.lock().get(&verifier).copied();
        if let Some(form) = known {
            return Ok(form);
        }
        let form = ProofForm::of(&self.acts.client, verifier).await?;
        self.forms.lock().insert(verifier, form);
        Ok(form)
    }

    /// Verifies a proof: here, or where only L1 can.
    async fn verify(&self, n1: u64, id: B256, proof: &[u8]) -> Result<Verified, Error> {
        let (proof, verifier) = (Bytes::copy_from_slice(proof), self.verifier(n1)?);
        match self.form(verifier).await? {
            ProofForm::Stark => Ok(blocking(move || Verified::stark(id, &proof)).await),
            ProofForm::Halo2 => Ok(Verified::halo2(&self.acts.client, verifier, id, proof).await?),
        }
    }

    /// Prolongs a lease.
    fn renew(&self, statement: &Statement, worker: &str, said: Said) -> Outcome {
        self.heard();
        let wanted = self.find(statement);
        self.acts.proofs.renew(wanted.as_slice(), statement, worker, said, self.now())
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
        self.wait_until_ready().await;
        let Some(run) = self.find(&statement) else { return Ok(Ok(Outcome::Unwanted)) };
        let verified = self.verify(run.proving.n1, statement.hash(), &proof).await?;
        // What is no proof is refused whatever would be right.
        let right = match verified.is_proof() {
            true => self.right(run, &statement).await?,
            false => Some(statement.result),
        };
        let (acts, now) = (self.acts.clone(), self.now());
        let Some(right) = right else {
            // Made from blobs that decode alike: L1 would refuse them, and nobody would prove it again.
            acts.proofs.release(&run, &worker, now);
            return Ok(Err(Refused::Wrong("it is of other blobs than those on L1".into())));
        };
        let given =
            move || acts.proofs.give((run, right), &statement, &worker, (&proof, verified), now);
        let taken = blocking(given).await;
        Ok(taken.map(|()| {
            self.proved(&run);
            Outcome::Done(run)
        }))
    }

    /// What a run comes to; `None` if the statement is about other blobs than those on L1.
    async fn right(&self, run: Run, statement: &Statement) -> Result<Option<B256>, Error> {
        if run.proving.is_of_signatures() {
            let (acts, openings) = (&self.acts, statement.openings.clone());
            let same = signatures::opens(acts, &self.settlement, run.proving, openings).await?;
            return Ok(same.then_some(run.boot));
        }
        let (right, _) = input(&self.acts, &self.settlement, run.proving).await?;
        Ok((right.openings == statement.openings).then_some(right.result))
    }

    /// Waits for L1 to be read, for a while: a proof is not to be lost to a restart.
    async fn wait_until_ready(&self) {
        for _ in 0..READINESS.as_secs() {
            if self.is_ready() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

fn observe(settlement: &mut Settlement, event: Event) {
    if let Err(error) = settlement.observe(event) {
        tracing::error!(%error, "what is said of proofs does not fit");
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
