//! The loop: observe, ask what is due, do it.
//!
//! The driver holds no state of its own but the settlement's view. A move in flight is remembered only so that it is not made twice at once; when it ends,
//! well or badly, the view decides again. An error is logged here, where it ends.

use crate::{
    Error,
    acts::{self, Acts, Done},
    batches,
    metrics::Metrics,
    sequencer::Sequencer,
    versions,
};
use mezz_evm::SignedTransaction;
use mezz_l1::{CommitteeEvent, ContractEvent, L1Event, L1Heads, Remedy, Watcher};
use mezz_primitives::ContentId;
use mezz_rpc::Event as ChainEvent;
use mezz_settlement::{Event, Fact, L1Block, L1Ref, Move, Role, SealedBlock, Settlement, Standing};
use mezz_storage::Block;
use parking_lot::RwLock;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::{AbortHandle, JoinHandle, JoinSet},
    time::Instant,
};

/// Pause before a failed move is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// How long a node waits where all that is left to be posted is of an earlier version than its own: a reorg of L1 may just have taken back the last batch of that.
const EARLY: Duration = Duration::from_secs(30);
/// Transactions about claims that are sent before the first of them is in a block: pools keep sixteen places for an account.
const ROW_MAX: usize = 16;

/// What the watcher saw, and how far L1 was then.
#[derive(Debug)]
pub(crate) struct Observation {
    event: Result<L1Event, mezz_l1::Error>,
    heads: Option<L1Heads>,
}

/// What a watcher sees, and the task that it is.
pub(crate) type Following = (mpsc::Receiver<Observation>, JoinHandle<()>);

/// Watches L1 in a task of its own, at its own pace.
pub(crate) fn follow(mut watcher: Watcher) -> Following {
    let (observations, inbox) = mpsc::channel(256);
    let task = tokio::spawn(async move {
        loop {
            let event = watcher.next().await;
            let failed = event.is_err();
            if observations.send(Observation { event, heads: watcher.heads() }).await.is_err() {
                break;
            }
            if failed {
                tokio::time::sleep(RETRY).await;
            }
        }
    });
    (inbox, task)
}

/// The loop's parts.
pub(crate) struct Driver {
    /// The view before anything was observed.
    pub(crate) pristine: Settlement,
    /// Begins to watch L1 from the deployment on.
    pub(crate) follow: Box<dyn Fn() -> Following + Send + Sync>,
    pub(crate) settlement: Arc<RwLock<Settlement>>,
    pub(crate) sequencer: Arc<Sequencer>,
    pub(crate) acts: Arc<Acts>,
    pub(crate) roles: BTreeSet<Role>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stop: watch::Receiver<bool>,
    /// Unposted bytes above which the tip floor rises, wei per gas and doubling.
    pub(crate) backlog_bytes: u64,
    /// Only say which moves about claims would be made.
    pub(crate) dry_run: bool,
    /// Runs of the program at once.
    pub(crate) runs_max: usize,
}

/// What makes its moves one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Lane {
    /// A role: its transactions have one nonce after the other, its blocks one number.
    Role(Role),
    /// The run of the program over an entry of the right claim on this parent: nobody else waits for it.
    Run(ContentId, u8),
}

impl Lane {
    fn of(due: &Move) -> Self {
        match due {
            Move::Trace { parent, path, .. } => {
                Self::Run(*parent, path.indices().first().copied().unwrap_or_default())
            }
            _ => Self::Role(due.role()),
        }
    }

    /// Whether it only computes, which a reorg of L1 does not disturb.
    const fn computes(&self) -> bool {
        matches!(self, Self::Run(..) | Self::Role(Role::Watcher))
    }
}

/// What waits after a failure.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Rest {
    /// This move; others of its lane do not.
    Move(Move),
    /// Everything there: all moves of the batcher are about the next batch, and each block makes another of them.
    Lane(Lane),
}

impl Rest {
    fn of(due: &Move) -> Self {
        match due.role() {
            Role::Batcher => Self::Lane(Lane::of(due)),
            _ => Self::Move(due.clone()),
        }
    }
}

/// Moves that ended: where, after how many reorgs they were begun, which, and what they brought.
type Made = (Lane, u64, Vec<Move>, Result<Done, Error>);

/// What the loop remembers between turns.
#[derive(Default)]
struct Turn {
    in_flight: JoinSet<Made>,
    /// Where moves are being made.
    busy: BTreeMap<Lane, AbortHandle>,
    /// Until when what failed waits.
    resting: HashMap<Rest, Instant>,
    /// The L1 block that the view must reach before a lane looks again.
    awaited: BTreeMap<Lane, u64>,
    /// Reorgs of L1 so far: what a move learnt of the L1 before one says nothing about the L1 after it.
    reorgs: u64,
    /// L1 was rewound or just caught up with: sealed blocks may hold messages that are gone.
    suspicious: bool,
    /// A sealed block that is in no batch and can be in none: signatures of it are not known here.
    unsigned: Option<u64>,
    caught_up: bool,
    /// The sequencer was told to begin: L1 is read and derived.
    sequencing: bool,
    /// L1 contradicts the view, which therefore is begun anew.
    contradicted: bool,
    /// What was said last of the versions of the program.
    notice: Option<String>,
    /// Since when all that is posted is derived and the next batch is of an earlier version of the program than this node's.
    early_since: Option<Instant>,
    /// Moves that a dry run has spoken of.
    said: HashSet<Move>,
}

impl Driver {
    /// Runs until told to stop.
    pub(crate) async fn run(mut self) {
        let mut turn = Turn { suspicious: true, ..Turn::default() };
        let (mut l1, mut watch) = (self.follow)();
        let mut chain = self.sequencer.shared.events.subscribe();
        let mut clock = tokio::time::interval(Duration::from_millis(250));
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = self.stop.changed() => break,
                Some(observation) = l1.recv() => match observation.event {
                    Ok(event) => self.observe_l1(event, observation.heads, &mut turn),
                    Err(error) => {
                        self.metrics.l1_errors.increment();
                        match error.remedy() {
                            Remedy::Retry => tracing::warn!(%error, "L1 did not answer; asking again"),
                            Remedy::Reset | Remedy::Stop => tracing::error!(%error, "L1 cannot be followed"),
                        }
                    }
                },
                event = chain.recv() => self.observe_chain(event, &mut turn),
                Some(done) = turn.in_flight.join_next() => self.finish(done, &mut turn),
                _ = clock.tick() => {}
            }
            if std::mem::take(&mut turn.contradicted) {
                watch.abort();
                self.begin_anew(&mut turn).await;
                (l1, watch) = (self.follow)();
            }
            self.turn(&mut turn).await;
        }
        watch.abort();
        turn.in_flight.shutdown().await;
    }

    /// L1 took back what was final, or the endpoint lied: forgets the view and reads L1 from the deployment on.
    async fn begin_anew(&self, turn: &mut Turn) {
        tracing::warn!("L1 is read anew from the deployment on");
        tokio::time::sleep(RETRY).await;
        turn.in_flight.shutdown().await;
        let reorgs = turn.reorgs + 1;
        *turn = Turn { suspicious: true, sequencing: turn.sequencing, reorgs, ..Turn::default() };
        self.metrics.caught_up.set(0);
        self.metrics.l1_resets.increment();
        let mut view = self.pristine.clone();
        match acts::progress(&self.acts.store) {
            Ok(Some((count, acc))) => view.resume(count, acc, self.acts.store.head().number),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "what was derived is derived again"),
        }
        *self.settlement.write() = view;
    }

    /// Folds an event of L1 into the view.
    fn observe_l1(&self, event: L1Event, heads: Option<L1Heads>, turn: &mut Turn) {
        let rewound = matches!(event, L1Event::Rewound { .. });
        let event = match event {
            L1Event::Block(block) => {
                self.sequencer.shared.l1_time.store(block.time, Ordering::Relaxed);
                self.metrics.l1_head.set(block.number);
                let at = L1Ref { number: block.number, hash: block.hash, time: block.time };
                Event::L1(L1Block {
                    block: at,
                    facts: block.events.into_iter().map(fact).collect(),
                })
            }
            L1Event::Rewound { to } => {
                tracing::warn!(to = to.number, "L1 was reorganised");
                self.metrics.l1_reorgs.increment();
                turn.suspicious = true;
                turn.reorgs += 1;
                // A transaction that L1 unmade may leave a hole in the nonces before the one that is waited for; the next takes its place.
                turn.busy.retain(|lane, made| {
                    let stays = lane.computes();
                    if !stays {
                        made.abort();
                    }
                    stays
                });
                turn.awaited.clear();
                Event::Rewound { to: to.number }
            }
        };
        self.observe(event, turn);
        if rewound {
            // What a lost batch held waits again to be posted.
            self.refill(turn);
        }
        if let Some(heads) = heads {
            self.observe(Event::L1Finalized(heads.finalized.number), turn);
            if !turn.caught_up && self.settlement.read().l1_head().number >= heads.latest.number {
                turn.caught_up = true;
                self.metrics.caught_up.set(1);
                self.settlement.write().distrust();
                // What an earlier run sealed and did not post.
                self.refill(turn);
            }
        }
    }

    /// Folds what the sequencer did into the view.
    fn observe_chain(
        &self,
        event: Result<ChainEvent, broadcast::error::RecvError>,
        turn: &mut Turn,
    ) {
        match event {
            Ok(ChainEvent::Head(block)) => self.observe(Event::Sealed(sealed(&block)), turn),
            Ok(ChainEvent::Reorged { removed }) => {
                if let Some(first) = removed.first() {
                    self.observe(Event::Cut(first.header.number - 1), turn);
                }
            }
            // Too many blocks at once for the channel: what was missed is read from the store.
            Err(broadcast::error::RecvError::Lagged(_)) => self.refill(turn),
            Err(broadcast::error::RecvError::Closed) => {}
        }
    }

    /// Tells the view all blocks that are not safe.
    fn refill(&self, turn: &mut Turn) {
        let safe = self.settlement.read().heads().safe;
        self.observe(Event::Cut(safe), turn);
        let store = &self.acts.store;
        for number in safe + 1..=store.head().number {
            if let Ok(Some(block)) = store.block(number) {
                self.observe(Event::Sealed(sealed(&block)), turn);
            }
        }
    }

    fn observe(&self, event: Event, turn: &mut Turn) {
        if let Err(error) = self.settlement.write().observe(event) {
            tracing::error!(%error, "an L1 event does not fit");
            turn.contradicted = true;
        }
    }

    /// What ended: its events go into the view, its failure into the log.
    fn finish(&self, done: Result<Made, tokio::task::JoinError>, turn: &mut Turn) {
        let (lane, reorgs, made, outcome) = match done {
            Ok(made) => made,
            Err(error) => {
                if error.is_panic() {
                    tracing::error!(%error, "a move panicked and is tried again");
                }
                turn.busy.retain(|_, made| !made.is_finished());
                return;
            }
        };
        let lasting = reorgs == turn.reorgs;
        if !lasting && !lane.computes() {
            // It ended just before it was aborted, and its lane may be at the next move.
            return;
        }
        turn.busy.remove(&lane);
        match outcome {
            Ok(_) if !lasting => tracing::debug!(?made, "done on an L1 that is gone"),
            Ok(done) => {
                tracing::debug!(?made, "done");
                turn.awaited.insert(lane, done.on_l1);
                done.events.into_iter().for_each(|event| self.observe(event, turn));
                for (made, error) in done.failed {
                    self.failed(made, &error, turn);
                }
            }
            Err(error) if !lasting => {
                tracing::warn!(?made, %error, "a move failed on an L1 that is gone");
            }
            Err(error) => made.into_iter().for_each(|made| self.failed(made, &error, turn)),
        }
        if let Err(error) = self.acts.remember_progress(&self.settlement.read()) {
            tracing::error!(%error, "progress is not saved");
        }
    }

    /// A move that failed is made again in a while, if it is still due then.
    fn failed(&self, made: Move, error: &Error, turn: &mut Turn) {
        // What nobody gives is asked for every two seconds, and worth a word once.
        let known = match error {
            Error::Withheld { index, .. } => self.settlement.read().is_missing(*index),
            _ => false,
        };
        match known {
            true => tracing::debug!(?made, %error, "still withheld"),
            false => {
                tracing::warn!(role = made.role().as_str(), ?made, %error, "a move failed and is tried again");
            }
        }
        self.metrics.failed_moves.increment();
        if matches!(error, Error::OlderVersion { .. }) {
            self.fail(error);
        }
        turn.suspicious |= matches!(error, Error::Stale { .. });
        if let (Move::Publish { .. }, Error::Unsigned { number }) = (&made, error) {
            turn.unsigned = Some(*number);
        }
        if let Error::Withheld { index, header, .. } = error {
            self.observe(Event::Looked { index: *index, header: *header, found: false }, turn);
        }
        turn.resting.insert(Rest::of(&made), Instant::now() + RETRY);
    }

    /// Looks whether anything is due.
    async fn turn(&self, turn: &mut Turn) {
        self.publish_price();
        self.metrics.heads(&self.settlement.read().heads());
        if !turn.caught_up {
            return;
        }
        if !turn.busy.contains_key(&Lane::Role(Role::Watcher)) {
            if std::mem::take(&mut turn.suspicious) {
                self.drop_stale().await;
            }
            if let Some(number) = turn.unsigned.take() {
                self.drop_unsigned(number).await;
            }
        }
        let (standing, complete) = {
            let settlement = self.settlement.read();
            let posted = settlement.inbox().batches().len() as u64;
            (settlement.standing(), settlement.derived() == posted)
        };
        // Until now nobody knew what the next block stands on.
        if !turn.sequencing && complete && standing == Standing::Current {
            self.begin(turn).await;
        }
        let (mut moves, l1_head) = {
            let settlement = self.settlement.read();
            (settlement.moves(), settlement.l1_head().number)
        };
        turn.resting.retain(|_, until| *until > Instant::now());
        moves.retain(|due| self.roles.contains(&due.role()));
        let idle = moves.is_empty() && turn.busy.is_empty();
        self.mind_versions(turn, standing, complete, idle).await;
        moves.retain(|due| !turn.resting.contains_key(&Rest::of(due)));
        for (place, due) in moves.iter().enumerate() {
            let (lane, role) = (Lane::of(due), due.role());
            let unseen = turn.awaited.get(&lane).is_some_and(|block| *block > l1_head);
            if turn.busy.contains_key(&lane) || unseen {
                continue;
            }
            let runs = turn.busy.keys().filter(|lane| matches!(lane, Lane::Run(..))).count();
            if matches!(lane, Lane::Run(..)) && runs >= self.runs_max {
                continue;
            }
            if self.dry_run && matches!(role, Role::Proposer | Role::Challenger) {
                if turn.said.insert(due.clone()) {
                    tracing::info!(role = role.as_str(), ?due, "would do, were this no dry run");
                }
                continue;
            }
            let row = row(&moves[place..]);
            let (acts, settlement) = (self.acts.clone(), self.settlement.clone());
            let reorgs = turn.reorgs;
            let made = turn.in_flight.spawn(async move {
                let outcome = acts::act(&acts, &settlement, &row).await;
                (lane, reorgs, row, outcome)
            });
            turn.busy.insert(lane, made);
        }
    }

    /// Lets the sequencer begin, on blocks that this node's program has executed.
    async fn begin(&self, turn: &mut Turn) {
        let taken_over = async {
            if let Some(number) = self.acts.take_over(&self.settlement).await? {
                tracing::warn!(
                    number,
                    "this block was executed by another version of the program; building anew from there"
                );
                self.sequencer.adopt(number - 1, Vec::new()).await?;
            }
            self.acts.note_own_blocks(self.settlement.read().first_own_block())
        };
        if let Err(error) = taken_over.await {
            tracing::error!(%error, "what an earlier run has sealed is not looked through; trying again");
            tokio::time::sleep(RETRY).await;
            return;
        }
        turn.sequencing = true;
        if let Err(error) = self.sequencer.sequence(true).await {
            tracing::error!(%error, "the sequencer does not begin");
        }
    }

    /// Says what is to be known of the versions of the program, seals nothing for one that this node has not, and ends where it is of no use (any more).
    async fn mind_versions(&self, turn: &mut Turn, standing: Standing, complete: bool, idle: bool) {
        let (notice, reason) = {
            let settlement = self.settlement.read();
            self.metrics.versions(&settlement);
            (versions::notice(&settlement), versions::reason(&settlement))
        };
        if turn.notice != notice {
            match &notice {
                Some(notice) => tracing::warn!("{notice}"),
                None => tracing::info!("all that is not final is of this version's program"),
            }
            turn.notice = notice;
        }
        if standing == Standing::Current {
            turn.early_since = None;
            return;
        }
        turn.sequencing = false;
        if self.sequencer.shared.sequencing.load(Ordering::Relaxed)
            && let Err(error) = self.sequencer.sequence(false).await
        {
            tracing::error!(%error, "the sequencer does not stop");
        }
        let disputes = [Role::Proposer, Role::Challenger].map(|role| self.roles.contains(&role));
        let ends = match standing {
            Standing::Current => false,
            Standing::Superseded { done, .. } => (done && idle) || !disputes.contains(&true),
            Standing::Early { own, .. } => {
                let since = complete.then(|| turn.early_since.unwrap_or_else(Instant::now));
                turn.early_since = since;
                own.is_none() || since.is_some_and(|since| since.elapsed() >= EARLY)
            }
        };
        if let Some(error) = reason.filter(|_| ends) {
            self.fail(&error);
        }
    }

    /// Has the node end.
    fn fail(&self, error: &Error) {
        self.sequencer.shared.failure.write().get_or_insert_with(|| error.to_string());
    }

    /// Cuts off sealed blocks whose queue messages are gone from L1.
    async fn drop_stale(&self) {
        let (inbox, safe) = {
            let settlement = self.settlement.read();
            (settlement.inbox().clone(), settlement.heads().safe)
        };
        let stale = match batches::first_stale(&self.acts.store, &inbox, safe) {
            Ok(stale) => stale,
            Err(error) => {
                tracing::error!(%error, "sealed blocks cannot be checked");
                return;
            }
        };
        if let Some(number) = stale {
            tracing::warn!(
                number,
                "L1 no longer shows messages that this block holds; building anew from there"
            );
            self.drop_from(number).await;
        }
    }

    /// Cuts off a block of a batch without signatures that L1 no longer shows: nobody can post it again.
    async fn drop_unsigned(&self, number: u64) {
        // It may be back meanwhile.
        if number > self.settlement.read().heads().safe {
            tracing::warn!(
                number,
                "L1 no longer shows the batch that this block came from, and its signatures are not known here; building anew from there"
            );
            self.drop_from(number).await;
        }
    }

    async fn drop_from(&self, number: u64) {
        if let Err(error) = self.sequencer.adopt(number - 1, Vec::new()).await {
            tracing::error!(%error, "blocks stay that cannot be posted");
        }
    }

    /// Lets the price of a place rise with what is waiting to be posted.
    fn publish_price(&self) {
        let bytes = self.settlement.read().unposted_bytes();
        self.metrics.unposted_bytes.set(bytes);
        let steps = (bytes / self.backlog_bytes.max(1)).min(20);
        let floor = if steps == 0 { 0 } else { 1_000_000_000 << steps.saturating_sub(1) };
        self.sequencer.shared.tip_floor.store(floor, Ordering::Relaxed);
    }
}

/// The first move, and those that may be made with it.
fn row(moves: &[Move]) -> Vec<Move> {
    let Some((first, rest)) = moves.split_first() else { return Vec::new() };
    let together = rest
        .iter()
        .filter(|due| first.is_independent() && due.is_independent() && due.role() == first.role());
    [first].into_iter().chain(together).take(ROW_MAX).cloned().collect()
}

/// What the view needs of a sealed block.
pub(crate) fn sealed(block: &Block) -> SealedBlock {
    // A signature hardly compresses, calldata does; 16 bytes carry the rest of a transfer.
    let bytes = block
        .transactions
        .iter()
        .filter(|tx| !tx.is_deposit())
        .map(|tx| 80 + (tx.bytes.len() as u64).saturating_sub(110))
        .sum::<u64>()
        + 2;
    let signatures = match block.transactions.iter().any(SignedTransaction::is_attributed) {
        true => 64 * block.transactions.iter().filter(|tx| !tx.is_deposit()).count() as u64,
        false => 0,
    };
    SealedBlock {
        signatures,
        number: block.header.number,
        timestamp: block.header.timestamp,
        queue_index: batches::queue_index(&block.header),
        bytes,
    }
}

/// An event of the contracts in the words of the settlement.
fn fact(event: ContractEvent) -> Fact {
    match event {
        ContractEvent::MessageEnqueued { message, hint } => Fact::MessageEnqueued { message, hint },
        ContractEvent::BatchPosted { header, acc, aux, transaction } => {
            Fact::BatchPosted { header, acc, aux, transaction }
        }
        ContractEvent::ClaimAsserted {
            content,
            parent,
            index,
            owner,
            n1,
            child_n1,
            end,
            vector,
            ..
        } => {
            let vector = vector.iter().map(|output| output.0).collect();
            Fact::ClaimAsserted { content, parent, index, owner, n1, child_n1, end, vector }
        }
        ContractEvent::ClaimBacked { content, owner } => Fact::ClaimBacked { content, owner },
        ContractEvent::ClaimConfirmed { content, .. } => Fact::ClaimConfirmed { content },
        ContractEvent::ClaimRejected { content } => Fact::ClaimRejected { content },
        ContractEvent::InstanceRefuted { content, owner } => {
            Fact::InstanceRefuted { content, owner }
        }
        ContractEvent::InstanceSettled { content, owner } => {
            Fact::InstanceSettled { content, owner }
        }
        ContractEvent::StakeDeposited { owner } => Fact::StakeDeposited { owner },
        ContractEvent::StakeWithdrawn { owner } => Fact::StakeWithdrawn { owner },
        ContractEvent::CreditWithdrawn { owner, amount } => {
            Fact::CreditWithdrawn { owner, amount: amount.saturating_to() }
        }
        ContractEvent::Queried { node, content, owner, parent, index, querier } => {
            Fact::Queried { node, content, owner, parent, index, querier }
        }
        ContractEvent::Answered { node, start, vector } => {
            Fact::Answered { node, start, vector: vector.to_vec() }
        }
        ContractEvent::Proven { node } => Fact::Proven { node },
        ContractEvent::Refuted { node } => Fact::Refuted { node },
        ContractEvent::Reclaimed { node } => Fact::Reclaimed { node },
        ContractEvent::Proof(fact) => Fact::Proof(fact),
        ContractEvent::Committee(event) => committee_fact(event),
    }
}

fn committee_fact(event: CommitteeEvent) -> Fact {
    match event {
        CommitteeEvent::Demanded { index, challenger, payload, deadline } => {
            Fact::PayloadDemanded { index, challenger, payload, deadline }
        }
        CommitteeEvent::ChunkShown { index, chunk, by, data } => {
            Fact::ChunkShown { index, chunk, by, data }
        }
        CommitteeEvent::DemandReclaimed { index } => Fact::DemandReclaimed { index },
        CommitteeEvent::DemandPaid { owner, amount } => {
            Fact::DemandPaid { owner, amount: amount.saturating_to() }
        }
        CommitteeEvent::Sealed { count, acc } => Fact::BatchesSealed { count, acc },
        CommitteeEvent::Frozen { claim } => Fact::Frozen { claim },
    }
}
