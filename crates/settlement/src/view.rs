//! The view and the rules that read it.

use crate::{
    Claim, Claims, DemandStatus, Disputes, Event, Fact, Forbidden, Heads, Inbox, L1Block, L1Ref,
    Move, ProofFact, Proving, Role, SealedBlock, Sealing,
    disputes::{Right, RightClaim},
    game::{DEPTH_MAX, Path, Rules},
    versions::{Standing, Versions},
};
use alloy_primitives::{Address, B256};
use mezz_primitives::{
    Accumulator, CLAIM_ENTRIES, ChainConfig, ContentId, DaType, MESSAGES_PER_BLOCK_MAX, Output,
    ProgramId, ProofPolicy,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// An L1 that contradicts itself. Reset: observe it anew from the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A queue message is missing.
    #[error(
        "L1 shows queue message {found} where {expected} must come; the endpoint left events out: use another, or `mezz resync`"
    )]
    QueueGap {
        /// Index that must come.
        expected: u64,
        /// Index that came.
        found: u64,
    },
    /// A batch does not continue the chain.
    #[error(
        "batch {index} does not continue the hash chain; the endpoint mixes forks: use another, or `mezz resync`"
    )]
    BatchChain {
        /// Position of the batch.
        index: u64,
    },
    /// A batch pins another queue.
    #[error(
        "batch {index} pins another queue than the events show; the endpoint left events out: use another, or `mezz resync`"
    )]
    QueueChain {
        /// Position of the batch.
        index: u64,
    },
    /// Other batches are sealed.
    #[error(
        "L1 has sealed {count} batches as others than its events show; the endpoint left events out: use another, or `mezz resync`"
    )]
    SealedChain {
        /// How many.
        count: u64,
    },
    /// A move against the rules of the game.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A block whose parent was not observed.
    #[error("L1 block {found} cannot follow {expected}; the watcher skipped blocks")]
    Order {
        /// Last block observed.
        expected: u64,
        /// Block that came.
        found: u64,
    },
}

/// When the roles act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// The chain.
    pub config: ChainConfig,
    /// Who claims for this node, if anybody.
    pub proposer: Option<Address>,
    /// Who doubts for this node, if anybody.
    pub challenger: Option<Address>,
    /// Least seconds of L1 time between two batches, unless `batch_bytes` are there.
    pub batch_interval: u64,
    /// Bytes that make a batch worth posting at once.
    pub batch_bytes: u64,
    /// Bytes that L1 takes in one batch.
    pub batch_bytes_max: u64,
    /// Least seconds of L1 time between two claims.
    pub claim_interval: u64,
    /// L1 blocks above a message before the sequencer takes it.
    pub confirmations: u64,
    /// The program that this node executes.
    pub program: ProgramId,
    /// What proofs of it are verified against.
    pub key: B256,
    /// Who publishes batches for this node, if anybody.
    pub batcher: Option<Address>,
    /// Whether only some may make payloads public (`docs/spec/private-data.md`).
    pub private: bool,
    /// Whether this node shows L1 the proofs that workers make for it: it makes the proposer's moves.
    pub shows_proofs: bool,
}

/// What L1 says, at one of its blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chains {
    head: L1Ref,
    inbox: Inbox,
    claims: Claims,
    disputes: Disputes,
    sealing: Option<Sealing>,
    versions: Versions,
}

impl Chains {
    /// Folds in a block; gives the first batch that it has taken the payload from.
    fn observe(&mut self, block: &L1Block) -> Result<Option<u64>, Error> {
        let void = self.decide(block.block.time);
        for fact in &block.facts {
            self.inbox.observe(fact)?;
            self.claims.observe(block.block, fact);
            self.count(block.block, fact)?;
            self.disputes.observe(block.block, fact)?;
            if let Fact::Proof(fact) = fact {
                self.versions.observe(fact);
                if let ProofFact::Conflict { .. } = fact {
                    let game = self.disputes.game();
                    self.claims.distrust(|claim| game.is_broken_at(claim.n1));
                }
            }
        }
        self.head = block.block;
        Ok(void)
    }

    /// Lets claims be about the batches that may be claimed of now.
    fn count(&mut self, at: L1Ref, fact: &Fact) -> Result<(), Error> {
        let batches = self.inbox.batches();
        match &mut self.sealing {
            None => {
                if let Fact::BatchPosted { header, .. } = fact {
                    self.disputes.post([header.block_count.into()]);
                }
            }
            Some(sealing) => {
                let newly = sealing.observe(at, fact, &self.inbox)? as usize;
                let from = (sealing.sealed() as usize).saturating_sub(newly);
                let sealed = batches.iter().skip(from).take(newly);
                self.disputes.post(sealed.map(|batch| batch.header.block_count.into()));
            }
        }
        Ok(())
    }

    /// Takes the payload from batches for which it was demanded, or their signatures awaited, in vain until this time.
    fn decide(&mut self, now: u64) -> Option<u64> {
        let void: Vec<u64> =
            self.sealing.iter().flat_map(|sealing| sealing.void(&self.inbox, now)).collect();
        void.into_iter().filter(|index| self.inbox.void(*index)).min()
    }

    /// Batches that nothing but a reorg of L1 can change.
    fn decided(&self) -> u64 {
        match &self.sealing {
            None => self.inbox.batches().len() as u64,
            Some(sealing) => sealing.sealed(),
        }
    }
}

/// How one rollup settles.
#[derive(Debug, Clone)]
pub struct Settlement {
    pub(crate) parameters: Parameters,
    /// As of the last final L1 block; reorgs do not reach it.
    base: Chains,
    /// The blocks above it.
    recent: VecDeque<L1Block>,
    /// As of the last L1 block.
    now: Chains,
    finalized: u64,
    derived: u64,
    sealed: VecDeque<SealedBlock>,
    latest: u64,
    right: Right,
    /// What an earlier run derived: so many batches, the last with this chain after it.
    trusted: Option<(u64, Accumulator)>,
    /// Validity proofs that this node has.
    proved: BTreeSet<Proving>,
    /// Payloads that were looked for before their turn, by batch: its hash, and whether they were found.
    looked: BTreeMap<u64, (B256, bool)>,
    /// Whether there are workers who make proofs.
    workers: bool,
    /// The next batch, and the last block that it has room for, where that was found too small for more.
    limit: Option<(u64, u64)>,
}

impl Settlement {
    /// A settlement that has seen L1 up to the block before the deployment.
    pub fn new(
        parameters: Parameters,
        start: L1Ref,
        genesis: (ContentId, Output),
        child_n1: u64,
    ) -> Self {
        let rules = rules(&parameters.config);
        let chains = Chains {
            head: start,
            inbox: Inbox::new(parameters.config.l2_chain_id),
            claims: Claims::new(
                genesis.0,
                genesis.1,
                child_n1,
                finality_by_proof(&parameters.config),
            ),
            disputes: Disputes::new(rules, genesis.0, &genesis.1),
            sealing: Sealing::new(&parameters.config),
            versions: Versions::default(),
        };
        Self {
            parameters,
            base: chains.clone(),
            recent: VecDeque::new(),
            now: chains,
            finalized: 0,
            derived: 0,
            sealed: VecDeque::new(),
            latest: 0,
            right: Right::default(),
            trusted: None,
            proved: BTreeSet::new(),
            looked: BTreeMap::new(),
            workers: false,
            limit: None,
        }
    }

    /// Remembers that an earlier run derived `count` batches, the last with `acc` after it: if L1 still shows them they are not derived again.
    pub fn resume(&mut self, count: u64, acc: Accumulator, latest: u64) {
        self.trusted = Some((count, acc));
        self.latest = latest;
    }

    /// Folds one event into the view.
    pub fn observe(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::L1(block) => {
                if block.block.number <= self.now.head.number && self.now.head.number != 0 {
                    return Err(Error::Order {
                        expected: self.now.head.number,
                        found: block.block.number,
                    });
                }
                if let Some(void) = self.now.observe(&block)? {
                    // What was derived of it, and what stands on that, is derived again.
                    self.derived = self.derived.min(void);
                    self.proved.retain(|of| of.is_of_signatures() || of.n1 <= void);
                    self.right.retain(|_, claim| self.now.inbox.acc(claim.n1) == Some(claim.acc));
                }
                self.recent.push_back(block);
                self.trust();
            }
            Event::Rewound { to } => self.rewind(to)?,
            Event::L1Finalized(number) => self.finalize(number)?,
            Event::Sealed(block) => {
                self.latest = self.latest.max(block.number);
                // Whoever fills the view anew may meet blocks that are announced as well.
                if self.sealed.back().is_none_or(|last| last.number < block.number) {
                    self.sealed.push_back(block);
                }
            }
            Event::Cut(number) => {
                self.latest = self.latest.min(number);
                self.sealed.retain(|block| block.number <= number);
                self.limit = self.limit.filter(|(_, last)| *last <= number);
            }
            Event::Derived { index, header } => {
                let batch = self.now.inbox.batches().get(index as usize);
                // Nor if one before it became void meanwhile: it stands on that.
                if index != self.derived
                    || batch.is_none_or(|batch| batch.effective().hash() != header)
                {
                    return Ok(());
                }
                self.derived = index + 1;
                self.looked.retain(|looked, _| *looked > index);
                let safe = self.now.inbox.last_block(self.derived);
                self.sealed.retain(|block| block.number > safe);
                self.latest = self.latest.max(safe);
            }
            Event::Looked { index, header, found } => {
                self.looked.insert(index, (header, found));
            }
            Event::Computed { parent, n1, acc, content, vector } => {
                self.right.claims.insert(parent, RightClaim { n1, acc, content, vector });
            }
            Event::Proved(proving) => {
                self.proved.insert(proving);
            }
            Event::Unproved(proving) => drop(self.proved.remove(&proving)),
            Event::Workers(there) => self.workers = there,
            Event::Limited { index, last } => self.limit = Some((index, last)),
            Event::Traced { parent, path, vector } => {
                self.right.answers.insert((parent, path), vector);
            }
        }
        Ok(())
    }

    /// Ends the wait for what an earlier run derived: all of L1 was observed and it is not there.
    pub fn distrust(&mut self) {
        self.trusted = None;
    }

    /// Takes up what an earlier run derived, once L1 shows it.
    fn trust(&mut self) {
        let Some((count, acc)) = self.trusted else { return };
        let Some(last) =
            count.checked_sub(1).and_then(|last| self.now.inbox.batches().get(last as usize))
        else {
            return;
        };
        // Until all of L1 was observed a batch may still turn out to be void.
        if last.acc == acc {
            self.derived = self.derived.max(count);
            self.trusted = None;
        }
    }

    /// Replays what is left after a reorg.
    fn rewind(&mut self, to: u64) -> Result<(), Error> {
        // What was final is gone: nothing here is true any more.
        if to < self.base.head.number {
            return Err(Error::Order { expected: self.base.head.number, found: to });
        }
        self.recent.retain(|block| block.block.number <= to);
        let mut now = self.base.clone();
        for block in &self.recent {
            now.observe(block)?;
        }
        // A batch that is gone must be derived again when it comes back.
        let same = self
            .now
            .inbox
            .batches()
            .iter()
            .zip(now.inbox.batches())
            .take_while(|(old, new)| old.effective() == new.effective())
            .count() as u64;
        self.derived = self.derived.min(same);
        let about = |inbox: &Inbox, of: &Proving| match of.is_of_signatures() {
            true => inbox.posted_acc(of.n1),
            false => inbox.acc(of.n1),
        };
        self.proved.retain(|of| about(&now.inbox, of) == about(&self.now.inbox, of));
        // What was computed of batches that are still there is still right.
        self.right.retain(|_, claim| now.inbox.acc(claim.n1) == Some(claim.acc));
        self.now = now;
        Ok(())
    }

    /// Moves the base up to what reorgs can no longer reach.
    fn finalize(&mut self, number: u64) -> Result<(), Error> {
        self.finalized = self.finalized.max(number);
        while let Some(block) = self.recent.front().filter(|block| block.block.number <= number) {
            self.base.observe(block)?;
            self.recent.pop_front();
        }
        // What is not confirmed may be in dispute, and then its messages and payloads are read again.
        let confirmed = self.base.claims.confirmed().n1;
        let decided = self.base.decided();
        let done = self.derived.min(decided).min(confirmed);
        self.proved.retain(|of| of.n1 > if of.is_of_signatures() { decided } else { confirmed });
        for chains in [&mut self.base, &mut self.now] {
            chains.inbox.prune(done);
            chains.sealing.iter_mut().for_each(|sealing| sealing.prune(done));
        }
        let decided = self.base.disputes.game().decided();
        self.base.disputes.forget(&decided);
        self.now.disputes.forget(&decided);
        self.right.retain(|parent, _| !self.base.disputes.is_decided(*parent));
        Ok(())
    }

    /// The moves now due, most urgent first. The same events always give the same moves.
    pub fn moves(&self) -> Vec<Move> {
        let seal = self.seal();
        let mut moves: Vec<_> = [self.derive(), self.force_include(), self.publish()]
            .into_iter()
            .flatten()
            .chain(self.look())
            .chain(self.dispute())
            .collect();
        for due in self.proof_moves().into_iter().chain(self.demands()) {
            if !moves.contains(&due) {
                moves.push(due);
            }
        }
        // What the next claim covers is fixed when this one is made.
        moves.retain(|due| seal.is_none() || !matches!(due, Move::Propose { .. }));
        moves.extend(seal);
        moves.retain(|due| self.is_playable(due));
        if self.now.sealing.as_ref().is_some_and(|sealing| sealing.frozen().is_some()) {
            moves.retain(|due| !due.is_of_a_living_chain());
        }
        moves
    }

    /// The payloads after one that cannot be had: each has its own time in which it may be demanded.
    fn look(&self) -> Vec<Move> {
        let batches = self.now.inbox.batches();
        let stuck = self.is_missing(self.derived);
        let from = if stuck { self.derived as usize + 1 } else { batches.len() };
        let unknown = batches.iter().skip(from).filter(|batch| {
            let looked = self.looked.get(&batch.header.index);
            batch.effective().da_type == DaType::Committee
                && looked.is_none_or(|(header, found)| *header != batch.header.hash() || !found)
        });
        unknown.map(|batch| Move::Look { index: batch.header.index }).collect()
    }

    /// Whether the payload of a batch was looked for in vain.
    pub fn is_missing(&self, index: u64) -> bool {
        let posted = self.now.inbox.batches().get(index as usize).filter(|batch| !batch.void);
        let looked = self.looked.get(&index);
        posted
            .zip(looked)
            .is_some_and(|(batch, (header, found))| !found && *header == batch.header.hash())
    }

    /// Whether this node has, or had, the payload of a batch.
    fn has(&self, index: u64) -> bool {
        let looked = self.looked.get(&index).zip(self.now.inbox.batches().get(index as usize));
        index < self.derived
            || looked
                .is_some_and(|((header, found), batch)| *found && *header == batch.header.hash())
    }

    /// Demands what nobody gives, shows what is demanded, takes back what was paid.
    fn demands(&self) -> Vec<Move> {
        let Some(sealing) = &self.now.sealing else { return Vec::new() };
        let (now, (before_demand, before_show)) = (self.now.head.time, sealing.patience());
        let posted = |index: u64| self.now.inbox.batches().get(index as usize);
        let mut moves = Vec::new();
        if let Some(challenger) = self.parameters.challenger {
            let missing = self.looked.keys().copied().filter(|index| {
                let since = posted(*index).map_or(u64::MAX, |batch| batch.header.l1_time);
                self.is_missing(*index)
                    && sealing.is_demandable(&self.now.inbox, *index, now)
                    && now >= since.saturating_add(before_demand)
            });
            moves.extend(missing.map(|index| Move::Demand { index }));
            let mine = sealing.demands().filter(|(_, demand)| {
                demand.challenger == challenger
                    && !demand.reclaimed
                    && demand.status(now) == DemandStatus::Void
            });
            moves.extend(mine.map(|(index, _)| Move::ReclaimDemand { index }));
        }
        for (index, demand) in sealing.demands() {
            if demand.status(now) != DemandStatus::Open || !self.has(index) {
                continue;
            }
            // Whoever watches leaves it to the chain's own people as long as there is time.
            let late = now.saturating_add(before_show) >= demand.deadline;
            let by = match (self.parameters.batcher, self.parameters.challenger) {
                (Some(_), _) => Role::Batcher,
                (None, Some(_)) if late => Role::Challenger,
                _ => continue,
            };
            moves.extend(demand.missing().map(|chunk| Move::Show { by, index, chunk }));
        }
        let parties = [
            (Role::Batcher, self.parameters.batcher),
            (Role::Challenger, self.parameters.challenger),
        ];
        for (by, address) in parties {
            if address.is_some_and(|address| sealing.credit(address) > 0) {
                moves.push(Move::Collect { by });
            }
        }
        moves
    }

    /// Seals what is decided, as often as this node claims.
    fn seal(&self) -> Option<Move> {
        let sealing = self.now.sealing.as_ref()?;
        self.parameters.proposer?;
        let now = self.now.head.time;
        if !sealing.is_due(self.parameters.claim_interval, now) {
            return None;
        }
        let count = sealing.sealable(&self.now.inbox, now)?;
        Some(Move::Seal { count })
    }

    fn derive(&self) -> Option<Move> {
        if self.trusted.is_some() {
            return None;
        }
        // Batches of earlier versions are compared with what an earlier version of this software has made of them.
        let derivable = match self.standing() {
            Standing::Current => true,
            Standing::Early { own, .. } => own.is_some(),
            Standing::Superseded { .. } => false,
        };
        (self.derived < self.now.inbox.batches().len() as u64 && derivable)
            .then_some(Move::Derive { index: self.derived })
    }

    /// Publishes what was sealed since the last batch: when it is worth a batch, or old, or a message in it is overdue.
    fn publish(&self) -> Option<Move> {
        let posted = self.now.inbox.batches().len() as u64;
        if self.derived < posted || self.is_foreign(posted) {
            return None;
        }
        let unsigned = self.may_lack_signatures(posted);
        let last_posted = self.now.inbox.last_block(posted);
        let limit = self.limit.filter(|(index, _)| *index == posted).map(|(_, last)| last);
        let (mut first, mut last, mut bytes) = (None, 0, 0);
        let mut queue_index = self.now.inbox.consumed();
        for block in self
            .sealed
            .iter()
            .filter(|block| block.number > last_posted)
            .take_while(|block| limit.is_none_or(|limit| block.number <= limit))
            .take(self.parameters.config.batch_blocks_max() as usize)
        {
            let size = block.bytes - if unsigned { block.signatures } else { 0 };
            // Beyond what makes a batch only for a message that must be in it, and never beyond what L1 takes.
            let full = bytes + size > self.parameters.batch_bytes && !self.is_overdue(queue_index);
            let too_much = bytes + size > self.parameters.batch_bytes_max;
            if (full || too_much) && first.is_some() {
                break;
            }
            first.get_or_insert(block.number);
            last = block.number;
            bytes += size;
            queue_index = block.queue_index;
        }
        let first = first.filter(|first| *first == last_posted + 1)?;
        let count = last - first + 1;
        let since = self
            .now
            .inbox
            .batches()
            .last()
            .map_or(self.parameters.config.genesis_time, |batch| batch.header.l1_time);
        let full = bytes >= self.parameters.batch_bytes
            || count == self.parameters.config.batch_blocks_max()
            || self.latest > last;
        let old = self.now.head.time >= since.saturating_add(self.parameters.batch_interval);
        let due = full || old || self.is_waiting_below(queue_index);
        // The inbox refuses a batch that leaves out an overdue message: a block with it is about to be sealed.
        (due && !self.is_overdue(queue_index)).then_some(Move::Publish {
            index: posted,
            first,
            last,
            unsigned,
        })
    }

    /// Whether the next batch may go without signatures: somebody proves them, this node shows L1 the proofs, and L1 takes them in time. Once a version is announced
    /// that this node has not, none may: if it became void after the activation, nobody could derive it and those after it anew.
    fn may_lack_signatures(&self, index: u64) -> bool {
        let (inbox, now) = (&self.now.inbox, self.now.head.time);
        let in_time = |sealing: &Sealing| sealing.may_lack_signatures(inbox, now);
        let proven = self.workers && self.parameters.shows_proofs && self.is_sound(index + 1);
        proven && self.foreign().is_none() && self.now.sealing.as_ref().is_some_and(in_time)
    }

    /// Whether the oldest message is below `queue_index` and half the time is over in which a batch must take it up.
    fn is_waiting_below(&self, queue_index: u64) -> bool {
        let from = self.now.inbox.consumed();
        let half = self.parameters.config.windows.force_delay / 2;
        self.now
            .inbox
            .messages(from, queue_index.min(from + 1))
            .any(|oldest| self.now.head.time >= oldest.message.l1_time.saturating_add(half))
    }

    /// Whether the message at `index` had to be taken up by now.
    fn is_overdue(&self, index: u64) -> bool {
        let delay = self.parameters.config.windows.force_delay;
        self.now
            .inbox
            .messages(index, index + 1)
            .any(|first| self.now.head.time > first.message.l1_time.saturating_add(delay))
    }

    /// Includes overdue messages when no batcher did in time, and no batch is about to.
    fn force_include(&self) -> Option<Move> {
        if self.is_foreign(self.now.inbox.batches().len() as u64) {
            return None;
        }
        let from = self.now.inbox.consumed();
        if let Some(Move::Publish { last, .. }) = self.publish() {
            let block = self.sealed.iter().find(|block| block.number == last);
            if block.is_some_and(|block| block.queue_index > from) {
                return None;
            }
        }
        let windows = &self.parameters.config.windows;
        let oldest = self.now.inbox.messages(from, from + 1).next()?;
        let late = self.now.head.time
            > oldest
                .message
                .l1_time
                .saturating_add(windows.force_delay)
                .saturating_add(windows.force_grace);
        late.then_some(Move::ForceInclude { from })
    }

    /// Claims what is right, doubts what is not, and computes what it takes to tell.
    fn dispute(&self) -> Vec<Move> {
        let parties = [
            (Role::Proposer, self.parameters.proposer),
            (Role::Challenger, self.parameters.challenger),
            // Whoever only watches wants to know as well.
            (Role::Watcher, Some(Address::ZERO)),
        ];
        let mut moves = Vec::new();
        for (role, address) in parties {
            let Some(address) = address else { continue };
            let (private, now) = (self.parameters.private, self.now.head.time);
            let of = (role, address);
            for due in self.now.disputes.moves(&self.right, of, private, now) {
                if self.is_due(&due, role) && !moves.contains(&due) {
                    moves.push(due);
                }
            }
        }
        moves
    }

    fn is_due(&self, due: &Move, role: Role) -> bool {
        match due {
            Move::Compute { n1, .. } => *n1 <= self.derived,
            Move::Trace { .. } => role != Role::Watcher,
            Move::Propose { parent, .. } => self.now.claims.get(*parent).is_some_and(|parent| {
                let since = parent.asserted.time.saturating_add(self.parameters.claim_interval);
                self.now.head.time >= since
            }),
            _ => true,
        }
    }

    /// Batches that a child of `claim` covers.
    pub fn child_n1(&self, claim: &Claim) -> u64 {
        claim.child_n1.max(claim.n1 + 1)
    }

    /// How far the chain is sequenced, published and final.
    pub fn heads(&self) -> Heads {
        let safe = self.now.inbox.last_block(self.derived);
        let final_batches = self.base.decided().min(self.derived);
        Heads {
            latest: self.latest.max(safe),
            safe,
            finalized: self.base.inbox.last_block(final_batches),
            settled: self.now.claims.confirmed().end.number,
        }
    }

    /// The queue messages that a sequencer may take now, after `from`: confirmed deep enough, at most a block's worth.
    pub fn takeable(&self, from: u64) -> Vec<crate::Message> {
        let deep = self.now.head.number.saturating_sub(self.parameters.confirmations);
        self.now
            .inbox
            .messages(from, from + MESSAGES_PER_BLOCK_MAX)
            .take_while(|entry| entry.message.l1_block <= deep)
            .cloned()
            .collect()
    }

    /// The chain.
    pub const fn config(&self) -> &ChainConfig {
        &self.parameters.config
    }

    /// What the inbox holds.
    pub const fn inbox(&self) -> &Inbox {
        &self.now.inbox
    }

    /// What is demanded, proven and decided, of a chain where posting does not decide.
    pub const fn sealing(&self) -> Option<&Sealing> {
        self.now.sealing.as_ref()
    }

    /// What was claimed.
    pub const fn claims(&self) -> &Claims {
        &self.now.claims
    }

    /// What is in dispute.
    pub const fn disputes(&self) -> &Disputes {
        &self.now.disputes
    }

    /// The versions of the program that L1 has announced.
    pub(crate) const fn versions(&self) -> &Versions {
        &self.now.versions
    }

    /// Whether this node has a validity proof.
    pub fn has_proof(&self, of: &Proving) -> bool {
        self.proved.contains(of)
    }

    /// The validity proofs that this node has.
    pub(crate) fn proved(&self) -> impl Iterator<Item = &Proving> {
        self.proved.iter()
    }

    /// What is right to claim on `parent`, if that was computed.
    pub fn right(&self, parent: ContentId) -> Option<ContentId> {
        self.right_claim(parent).map(|claim| claim.content)
    }

    pub(crate) fn right_claim(&self, parent: ContentId) -> Option<&RightClaim> {
        self.right.claims.get(&parent)
    }

    /// The right answer to a doubt about a right claim, if that was computed.
    pub fn right_answer(&self, claim: ContentId, path: Path) -> Option<&[B256]> {
        let content = self.now.disputes.content(claim)?;
        let parent = self.now.disputes.game().content(content)?.parent;
        let answer = self.right.answers.get(&(self.now.disputes.id(parent), path))?;
        Some(answer)
    }

    /// The last L1 block observed.
    pub const fn l1_head(&self) -> L1Ref {
        self.now.head
    }

    /// The last L1 block that is final and observed.
    pub const fn l1_final(&self) -> L1Ref {
        self.base.head
    }

    /// Batches that nothing but a reorg of what is final on L1 can change.
    pub fn decided(&self) -> u64 {
        self.base.decided()
    }

    /// Whether there are workers who make proofs for this node.
    pub const fn has_workers(&self) -> bool {
        self.workers
    }

    /// Whether the claims about the batches up to `n1` are final, on an L1 that is.
    pub(crate) fn is_final(&self, n1: u64) -> bool {
        self.base.claims.confirmed().n1 >= n1
    }

    /// Batches derived.
    pub const fn derived(&self) -> u64 {
        self.derived
    }

    /// The facts of the L1 blocks that are not final, for whoever shows them.
    pub fn recent_facts(&self) -> impl Iterator<Item = (L1Ref, &Fact)> {
        self.recent.iter().flat_map(|block| block.facts.iter().map(move |fact| (block.block, fact)))
    }

    /// Estimated bytes sealed and not yet in a batch.
    pub fn unposted_bytes(&self) -> u64 {
        let posted = self.now.inbox.last_block(self.now.inbox.batches().len() as u64);
        self.sealed.iter().filter(|block| block.number > posted).map(|block| block.bytes).sum()
    }
}

/// The numbers of the game that this deployment plays.
fn rules(config: &ChainConfig) -> Rules {
    Rules {
        entries: CLAIM_ENTRIES,
        depth: DEPTH_MAX,
        span: config.span,
        window: config.windows.claim_window,
        clock: config.windows.dispute_clock,
        grace: config.windows.dispute_grace,
        bond: u128::try_from(config.bond).unwrap_or(u128::MAX),
        stake: u128::try_from(config.stake).unwrap_or(u128::MAX),
        proofs: config.proofs,
    }
}

/// Whether a proof makes a claim final by itself.
fn finality_by_proof(config: &ChainConfig) -> bool {
    config.proofs.is_some_and(|rules| rules.policy == ProofPolicy::Fast)
}
