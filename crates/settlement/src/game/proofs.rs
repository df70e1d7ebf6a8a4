//! What validity proofs change in the game: when a content may be confirmed, what a doubt needs, and what an alarm takes back
//! (`docs/spec/validity-proof.md`, section 4).
//!
//! Proofs are checked on L1. These methods are what the contracts do once one is accepted.

use super::{Content, Error, Game, NodeState, Path, Status};
use alloy_primitives::{Address, B256};
use mezz_primitives::{ProofConfig, ProofPolicy};

/// One version of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Version {
    /// The first batch that is of it.
    activation: u64,
    /// Whether proofs of it have contradicted each other.
    broken: bool,
}

impl Version {
    /// The one that a chain begins with.
    pub(super) const FIRST: Self = Self { activation: 0, broken: false };
}

/// What the proof of one content is worth now.
struct Terms {
    proven_at: Option<u64>,
    rules: ProofConfig,
}

impl Terms {
    /// Whether the proof makes the content final by itself.
    const fn is_alone(&self) -> bool {
        matches!(self.rules.policy, ProofPolicy::Fast)
    }
}

impl Game {
    /// Another version of the program begins with this batch.
    pub fn schedule(&mut self, activation: u64) {
        self.versions.push(Version { activation, broken: false });
    }

    /// The version of the program that the batches up to `n1` end in.
    pub fn version_of(&self, n1: u64) -> usize {
        let after = self.versions.partition_point(|version| version.activation < n1);
        after.saturating_sub(1)
    }

    /// The first batch after `batch` that begins a version.
    pub(super) fn next_activation(&self, batch: u64) -> u64 {
        let next = self.versions.iter().find(|version| version.activation > batch);
        next.map_or(u64::MAX, |version| version.activation)
    }

    /// Whether proofs about a content are worth nothing any more.
    pub fn is_broken(&self, content: u64) -> bool {
        self.content(content).is_some_and(|content| self.is_broken_at(content.n1))
    }

    /// The same of one that covers the batches up to `n1`.
    pub fn is_broken_at(&self, n1: u64) -> bool {
        self.versions[self.version_of(n1)].broken
    }

    /// What the proof of a content is worth now; `None` if nothing.
    fn terms(&self, content: u64) -> Option<Terms> {
        let rules = self.rules.proofs.filter(|rules| rules.policy != ProofPolicy::StepOnly)?;
        let known = self.content(content).filter(|_| !self.is_broken(content))?;
        Some(Terms { proven_at: known.proven_at, rules })
    }

    /// Whether a proof alone makes a content final now: its guard is over.
    pub(super) fn is_ripe_by_proof(&self, now: u64, content: u64) -> bool {
        let terms = self.terms(content).filter(Terms::is_alone);
        terms.is_some_and(|terms| terms.proven_at.is_some_and(|at| now > at + terms.rules.wait))
    }

    /// Until when a content waits for a proof, whoever stakes on it; zero if it need not.
    pub fn patience(&self, content: u64) -> u64 {
        let timeout = self.terms(content).map_or(0, |terms| terms.rules.prover_timeout);
        match self.content(content) {
            Some(content) if timeout > 0 => content.created_at + timeout,
            _ => 0,
        }
    }

    /// The end of an instance's window.
    pub(super) fn window_end(&self, content: u64, created_at: u64) -> u64 {
        let whole = created_at + self.rules.window;
        let contested = self.content(content).is_none_or(|content| content.contested);
        let terms = self.terms(content).filter(|terms| !terms.is_alone() && !contested);
        let shortened =
            terms.and_then(|terms| Some(terms.proven_at?.max(created_at) + terms.rules.wait));
        shortened.map_or(whole, |shortened| shortened.min(whole))
    }

    /// The last moment in which an instance may be doubted as far as is known: it may be confirmed after it.
    pub fn close(&self, content: u64, owner: Address) -> Option<u64> {
        let instance = self.instance(content, owner)?;
        Some(self.window_end(content, instance.created_at).max(instance.answers_close))
    }

    /// Doubts that wait for the owner, those among them that proofs had settled which are worth nothing any more.
    pub fn open_nodes(&self, content: u64, owner: Address) -> usize {
        let Some(instance) = self.instance(content, owner) else { return 0 };
        let verified = || instance.nodes.values().filter(|node| node.is_verified()).count();
        instance.open_nodes + if self.is_broken(content) { verified() } else { 0 }
    }

    /// Adds a content that nobody stakes on: it is proven in the same transaction.
    pub fn assert_proven(
        &mut self,
        now: u64,
        parent: u64,
        vector: Vec<B256>,
    ) -> Result<u64, Error> {
        let n1 = self.claimable(parent, &vector)?;
        Ok(self.add_content(now, parent, n1, vector))
    }

    /// A proof of a content was accepted.
    pub fn prove(&mut self, now: u64, content: u64) -> Result<(), Error> {
        let known = self.contents.get_mut(content as usize).ok_or(Error::UnknownContent)?;
        known.proven_at.get_or_insert(now);
        Ok(())
    }

    /// A proof shows that the program leads from the start of a doubt about the claim's own vector to its end.
    pub fn verify(&mut self, content: u64, owner: Address, path: Path) -> Result<(), Error> {
        let node = self.live_node(content, owner, path)?;
        self.require(node.is_open(), Error::NotOpen)?;
        self.require(path.length() == 1, Error::NotAnswerable)?;
        self.close_node(content, owner, path, NodeState::Verified);
        Ok(())
    }

    /// A proof shows that an entry of an instance is another; half the stake is of whoever showed it.
    pub fn disprove(
        &mut self,
        content: u64,
        owner: Address,
        by: Address,
        entry: u8,
    ) -> Result<(), Error> {
        self.require(self.is_live(content, owner), Error::NotLive)?;
        if let Some(content) = self.contents.get_mut(content as usize) {
            content.disproven = Some(entry);
        }
        self.refute_for(content, owner, &[by], Path::CLAIM);
        Ok(())
    }

    /// Proofs of a version have contradicted each other: all of them are worth nothing from now on, and who showed it has the bounty.
    pub fn alarm(&mut self, version: usize, reporter: Address, bounty: u128) {
        if let Some(version) = self.versions.get_mut(version) {
            version.broken = true;
        }
        self.purse.donate(reporter, bounty);
    }

    /// Opens a doubt again that a proof had settled, after the alarm: the owner must answer it.
    pub fn reopen(
        &mut self,
        now: u64,
        content: u64,
        owner: Address,
        path: Path,
    ) -> Result<(), Error> {
        let node = self.live_node(content, owner, path)?;
        self.require(node.is_verified() && self.is_broken(content), Error::NotReopenable)?;
        let deadline = now + self.time_left(node.owner_used);
        if let Some(instance) = self.instance_mut(content, owner) {
            instance.open_nodes += 1;
            if let Some(node) = instance.nodes.get_mut(&path) {
                (node.state, node.asked_at, node.deadline) = (NodeState::Open, now, deadline);
            }
        }
        Ok(())
    }

    /// Adds what was asserted.
    pub(super) fn add_content(&mut self, now: u64, parent: u64, n1: u64, vector: Vec<B256>) -> u64 {
        let end = vector.last().copied().unwrap_or_default();
        self.contents.push(Content {
            parent,
            n1,
            child_n1: self.child_range(n1),
            vector,
            end,
            created_at: now,
            proven_at: None,
            contested: false,
            disproven: None,
            mark: None,
            confirmed_child: None,
            instances: Default::default(),
        });
        self.contents.len() as u64 - 1
    }

    /// The batches that a claim with these entries on `parent` covers, if it may be made.
    pub(super) fn claimable(&self, parent: u64, vector: &[B256]) -> Result<u64, Error> {
        let above = self.content(parent).ok_or(Error::UnknownContent)?;
        // The one right child is known or there is none (invariant 15).
        let open = above.confirmed_child.is_none() && self.resolution(parent).0 != Status::Rejected;
        let n1 = unless!(self, ChildFixedLate => self.child_range(above.n1), above.child_n1);
        self.require(open, Error::ParentResolved)?;
        self.require(n1 <= self.batches(), Error::TooEarly)?;
        self.require(vector.len() == self.rules.entries, Error::VectorLength)?;
        Ok(n1)
    }
}
