//! The view and the rules that read it.

use crate::{
    Claim, Claims, Disputes, Event, Fact, Forbidden, Heads, Inbox, L1Block, L1Ref, Move, Role,
    SealedBlock,
    disputes::{Right, RightClaim},
    game::{DEPTH_MAX, Path, Rules},
};
use alloy_primitives::{Address, B256};
use mezz_primitives::{
    Accumulator, CLAIM_ENTRIES, ChainConfig, ContentId, MESSAGES_PER_BLOCK_MAX, Output,
};
use std::collections::VecDeque;

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
}

/// What L1 says, at one of its blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chains {
    head: L1Ref,
    inbox: Inbox,
    claims: Claims,
    disputes: Disputes,
}

impl Chains {
    fn observe(&mut self, block: &L1Block) -> Result<(), Error> {
        for fact in &block.facts {
            self.inbox.observe(fact)?;
            self.claims.observe(block.block, fact);
            self.disputes.observe(block.block, fact)?;
        }
        self.head = block.block;
        Ok(())
    }
}

/// How one optimistic rollup settles.
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
            claims: Claims::new(genesis.0, genesis.1, child_n1),
            disputes: Disputes::new(rules, genesis.0, &genesis.1),
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
                self.now.observe(&block)?;
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
            }
            Event::Derived { index } => {
                self.derived = index + 1;
                let safe = self.now.inbox.last_block(self.derived);
                self.sealed.retain(|block| block.number > safe);
                self.latest = self.latest.max(safe);
            }
            Event::Computed { parent, n1, acc, content, vector } => {
                self.right.claims.insert(parent, RightClaim { n1, acc, content, vector });
            }
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
        if last.header.acc() == acc {
            self.derived = self.derived.max(count);
        }
        self.trusted = None;
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
            .take_while(|(old, new)| old.header == new.header)
            .count() as u64;
        self.derived = self.derived.min(same);
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
        let done = self.derived.min(self.base.inbox.batches().len() as u64).min(confirmed);
        self.base.inbox.prune(done);
        self.now.inbox.prune(done);
        let decided = self.base.disputes.game().decided();
        self.base.disputes.forget(&decided);
        self.now.disputes.forget(&decided);
        self.right.retain(|parent, _| !self.base.disputes.is_decided(*parent));
        Ok(())
    }

    /// The moves now due, most urgent first. The same events always give the same moves.
    pub fn moves(&self) -> Vec<Move> {
        [self.derive(), self.force_include(), self.publish()]
            .into_iter()
            .flatten()
            .chain(self.dispute())
            .collect()
    }

    fn derive(&self) -> Option<Move> {
        if self.trusted.is_some_and(|(count, _)| (self.now.inbox.batches().len() as u64) < count) {
            return None;
        }
        (self.derived < self.now.inbox.batches().len() as u64)
            .then_some(Move::Derive { index: self.derived })
    }

    /// Publishes what was sealed since the last batch: when it is worth a batch, or old, or a message in it is overdue.
    fn publish(&self) -> Option<Move> {
        let posted = self.now.inbox.batches().len() as u64;
        if self.derived < posted {
            return None;
        }
        let last_posted = self.now.inbox.last_block(posted);
        let (mut first, mut last, mut bytes) = (None, 0, 0);
        let mut queue_index = self.now.inbox.consumed();
        for block in self
            .sealed
            .iter()
            .filter(|block| block.number > last_posted)
            .take(self.parameters.config.batch_blocks_max() as usize)
        {
            // Beyond what makes a batch only for a message that must be in it, and never beyond what L1 takes.
            let full =
                bytes + block.bytes > self.parameters.batch_bytes && !self.is_overdue(queue_index);
            let too_much = bytes + block.bytes > self.parameters.batch_bytes_max;
            if (full || too_much) && first.is_some() {
                break;
            }
            first.get_or_insert(block.number);
            last = block.number;
            bytes += block.bytes;
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
        })
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
            for due in self.now.disputes.moves(&self.right, role, address, self.now.head.time) {
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
        let final_batches = (self.base.inbox.batches().len() as u64).min(self.derived);
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

    /// What the inbox holds.
    pub const fn inbox(&self) -> &Inbox {
        &self.now.inbox
    }

    /// What was claimed.
    pub const fn claims(&self) -> &Claims {
        &self.now.claims
    }

    /// What is in dispute.
    pub const fn disputes(&self) -> &Disputes {
        &self.now.disputes
    }

    /// What is right to claim on `parent`, if that was computed.
    pub fn right(&self, parent: ContentId) -> Option<ContentId> {
        self.right.claims.get(&parent).map(|claim| claim.content)
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
    }
}
