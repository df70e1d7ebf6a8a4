//! The game as L1 shows it, and what this node has to do in it.

use crate::{
    Fact, L1Ref, Move, ProofFact, Role,
    game::{self, Game, Machine, Path, Rules, honest},
};
use alloy_primitives::{Address, B256};
use mezz_primitives::{Accumulator, ContentId, Output, query_id};
use std::{cell::RefCell, collections::BTreeMap};

/// L1 took a move that the rules here forbid: they are not those of the contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "L1 took a move that this program's rules forbid ({0}); the deployment is of another version: use its program"
)]
pub struct Forbidden(#[from] pub game::Error);

/// What is known to be right.
#[derive(Debug, Clone, Default)]
pub(crate) struct Right {
    /// By parent.
    pub(crate) claims: BTreeMap<ContentId, RightClaim>,
    /// By parent and doubt: the answer.
    pub(crate) answers: BTreeMap<(ContentId, Path), Vec<B256>>,
}

/// What is right to claim, of which batches.
#[derive(Debug, Clone)]
pub(crate) struct RightClaim {
    pub(crate) n1: u64,
    pub(crate) acc: Accumulator,
    pub(crate) content: ContentId,
    pub(crate) vector: Vec<B256>,
}

impl Right {
    /// Keeps what is about claims of which that is so.
    pub(crate) fn retain(&mut self, keeps: impl Fn(&ContentId, &RightClaim) -> bool) {
        self.claims.retain(|parent, claim| keeps(parent, claim));
        self.answers.retain(|(parent, _), _| self.claims.contains_key(parent));
    }
}

/// Everything that was claimed and doubted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disputes {
    game: Game,
    ids: Vec<ContentId>,
    nodes: BTreeMap<B256, (u64, Address, Path)>,
}

impl Disputes {
    /// Only the genesis.
    pub(crate) fn new(rules: Rules, genesis: ContentId, end: &Output) -> Self {
        Self { game: Game::new(rules, end.hash().0), ids: vec![genesis], nodes: BTreeMap::new() }
    }

    /// The rules' state. Contents are numbered as on L1.
    pub const fn game(&self) -> &Game {
        &self.game
    }

    /// Whether a child of this content is final.
    pub(crate) fn is_decided(&self, parent: ContentId) -> bool {
        let content = self.content(parent).and_then(|content| self.game.content(content));
        content.is_some_and(|content| content.confirmed_child.is_some())
    }

    /// Forgets what nobody asks about any more.
    pub(crate) fn forget(&mut self, decided: &[u64]) {
        self.game.forget(decided);
    }

    /// Batches that claims may be about, with so many blocks each.
    pub(crate) fn post(&mut self, blocks: impl IntoIterator<Item = u64>) {
        blocks.into_iter().for_each(|count| self.game.post(count));
    }

    /// The identity of a content.
    pub fn id(&self, content: u64) -> ContentId {
        self.ids.get(content as usize).copied().unwrap_or(ContentId(B256::ZERO))
    }

    /// The number of a content.
    pub fn content(&self, id: ContentId) -> Option<u64> {
        self.ids.iter().position(|known| *known == id).map(|place| place as u64)
    }

    /// The identity of a doubt; zero for the claim itself.
    pub fn node_id(content: ContentId, owner: Address, path: Path) -> B256 {
        path.indices()
            .iter()
            .fold(B256::ZERO, |parent, index| query_id(content, owner, parent, *index))
    }

    /// Folds in a fact.
    pub(crate) fn observe(&mut self, at: L1Ref, fact: &Fact) -> Result<(), Forbidden> {
        let now = at.time;
        match fact {
            Fact::StakeDeposited { owner } => self.game.deposit(*owner)?,
            Fact::StakeWithdrawn { owner } => self.game.withdraw_stake(*owner)?,
            Fact::ClaimAsserted { content, parent, owner, vector, .. } => {
                if let Some(parent) = self.content(*parent) {
                    match owner.is_zero() {
                        true => self.game.assert_proven(now, parent, vector.clone())?,
                        false => self.game.assert(now, *owner, parent, vector.clone())?,
                    };
                    self.ids.push(*content);
                }
            }
            Fact::CreditWithdrawn { owner, amount } => self.game.paid(*owner, *amount),
            Fact::Answered { node, .. } | Fact::Proven { node } | Fact::Refuted { node } => {
                if let Some(doubt) = self.nodes.get(node).copied() {
                    self.decide(now, doubt, fact)?;
                }
            }
            Fact::Reclaimed { node } => {
                if let Some((content, owner, path)) = self.nodes.get(node).copied() {
                    self.game.reclaim(content, owner, path)?;
                }
            }
            Fact::Proof(fact) => self.observe_proof(now, fact)?,
            _ => self.observe_claim(now, fact)?,
        }
        Ok(())
    }

    /// A fact about a content that is known.
    fn observe_claim(&mut self, now: u64, fact: &Fact) -> Result<(), Forbidden> {
        let id = match fact {
            Fact::ClaimBacked { content, .. }
            | Fact::ClaimConfirmed { content }
            | Fact::ClaimRejected { content }
            | Fact::InstanceSettled { content, .. }
            | Fact::Queried { content, .. } => *content,
            _ => return Ok(()),
        };
        let Some(content) = self.content(id) else { return Ok(()) };
        match fact {
            Fact::ClaimBacked { owner, .. } => self.game.back(now, *owner, content)?,
            // The genesis announces itself too.
            Fact::ClaimConfirmed { .. } if content > 0 => {
                let ripe = self.game.ripe_by(now, content).unwrap_or_default();
                self.game.confirm(now, content, ripe)?;
            }
            Fact::ClaimRejected { .. } => self.game.reject(content)?,
            Fact::InstanceSettled { owner, .. } => self.game.settle(content, *owner)?,
            Fact::Queried { node, owner, parent, index, querier, .. } => {
                let above = match self.nodes.get(parent) {
                    Some((_, _, path)) => *path,
                    None => Path::CLAIM,
                };
                let path = above.entry((*index).into()).ok_or(game::Error::BadPath)?;
                self.game.query(now, *querier, content, *owner, path)?;
                self.nodes.insert(*node, (content, *owner, path));
            }
            _ => {}
        }
        Ok(())
    }

    /// A fact about validity proofs or the program.
    fn observe_proof(&mut self, now: u64, fact: &ProofFact) -> Result<(), Forbidden> {
        match fact {
            // The first is there from the beginning.
            ProofFact::Scheduled { activation: 0, .. } => {}
            // No claim is about them before they are sealed.
            ProofFact::Signed { .. } => {}
            ProofFact::Scheduled { activation, .. } => self.game.schedule(*activation),
            ProofFact::Proven { content } => {
                if let Some(content) = self.content(*content) {
                    self.game.prove(now, content)?;
                }
            }
            ProofFact::Disproven { content, owner, by, entry } => {
                if let Some(content) = self.content(*content) {
                    self.game.disprove(content, *owner, *by, *entry)?;
                }
            }
            ProofFact::Reopened { node } => {
                if let Some((content, owner, path)) = self.nodes.get(node).copied() {
                    self.game.reopen(now, content, owner, path)?;
                }
            }
            ProofFact::Conflict { version, reporter, bounty } => {
                self.game.alarm(*version as usize, *reporter, *bounty);
            }
        }
        Ok(())
    }

    fn decide(
        &mut self,
        now: u64,
        (content, owner, path): (u64, Address, Path),
        fact: &Fact,
    ) -> Result<(), Forbidden> {
        let end = self.game.node(content, owner, path).map_or(B256::ZERO, |node| node.end);
        match fact {
            Fact::Answered { start, vector, .. } => {
                let shown = Shown { start: *start, end };
                self.game.answer(now, owner, content, owner, path, vector.clone(), &shown)?;
            }
            Fact::Proven { .. } if path.length() < self.game.rules().depth => {
                self.game.verify(content, owner, path)?;
            }
            Fact::Proven { .. } => {
                self.game.step(content, owner, path, &Shown { start: end, end })?;
            }
            _ if path.length() == self.game.rules().depth => {
                self.game.step(content, owner, path, &Shown { start: !end, end })?;
            }
            _ => self.game.timeout(now, content, owner, path)?,
        }
        Ok(())
    }

    /// What `address` has to do in `role`, and what has to be computed for it.
    pub(crate) fn moves(
        &self,
        right: &Right,
        (role, address): (Role, Address),
        private: bool,
        now: u64,
    ) -> Vec<Move> {
        let oracle = Known { disputes: self, right, wanted: RefCell::default() };
        let party = honest::Party {
            address,
            proposes: role == Role::Proposer,
            challenges: role == Role::Challenger,
            private,
        };
        let due = honest::moves(&self.game, &oracle, party, now);
        let mine = |due: &game::Move| self.is_of(due, role, address) && self.is_in_time(due, now);
        let moves = due.into_iter().filter(mine).filter_map(|due| self.translate(due, role));
        let moves: Vec<_> = moves.collect();
        let mut wanted = oracle.wanted.take();
        wanted.sort_by_key(|(moment, _)| *moment);
        wanted.into_iter().map(|(_, compute)| compute).chain(moves).collect()
    }

    /// Until when the right answer to a doubt about claims on `parent` is of use: to give it, or to doubt another.
    fn needed_by(&self, parent: u64, path: Path) -> u64 {
        let instances = self.game.children(parent).flat_map(|(_, child)| child.instances.values());
        let moments = instances
            .filter_map(|instance| instance.nodes.get(&path))
            .map(|node| node.answer().map_or(node.deadline, |answer| answer.child_close));
        moments.min().unwrap_or(u64::MAX)
    }

    /// Whether a move is for this role to make.
    fn is_of(&self, due: &game::Move, role: Role, address: Address) -> bool {
        use game::Move as M;
        match (due, role) {
            (M::Query { .. } | M::Timeout { .. }, role) => role == Role::Challenger,
            (M::Step { owner, .. }, Role::Proposer) => *owner == address,
            (M::Step { .. }, role) => role == Role::Challenger,
            (M::Reclaim { .. } | M::Withdraw, _) => true,
            (_, role) => role == Role::Proposer,
        }
    }

    /// Whether L1 still takes it.
    fn is_in_time(&self, due: &game::Move, now: u64) -> bool {
        if let game::Move::Answer { content, owner, path, .. } = due {
            let node = self.game.node(*content, *owner, *path);
            return node.is_some_and(|node| now <= node.deadline);
        }
        let game::Move::Query { content, owner, path } = due else { return true };
        let Some(instance) = self.game.instance(*content, *owner) else { return false };
        let above = path.parent().unwrap_or_default();
        let limit = match instance.nodes.get(&above).and_then(game::Node::answer) {
            Some(answer) => answer.child_close,
            None => instance.created_at + self.game.rules().window,
        };
        now <= limit
    }

    /// A move of the game in the node's words.
    fn translate(&self, due: game::Move, role: Role) -> Option<Move> {
        use game::Move as M;
        let id = |content| self.id(content);
        Some(match due {
            M::Deposit => Move::Stake,
            M::Assert { parent, .. } => {
                let content = self.game.content(parent)?;
                Move::Propose { parent: id(parent), n0: content.n1, n1: content.child_n1 }
            }
            M::Back { content } => Move::Back { content: id(content) },
            M::Query { content, owner, path } => Move::Query { content: id(content), owner, path },
            M::Answer { content, path, .. } => Move::Answer { content: id(content), path },
            M::Step { content, owner, path } => {
                Move::Step { by: role, content: id(content), owner, path }
            }
            M::Timeout { content, owner, path } => {
                Move::Timeout { content: id(content), owner, path }
            }
            M::Confirm { content, owner } => Move::Confirm { content: id(content), owner },
            M::Reject { content } => Move::Reject { content: id(content) },
            M::Settle { content, owner } => Move::Settle { content: id(content), owner },
            M::Reclaim { content, owner, path } => {
                Move::Reclaim { by: role, content: id(content), owner, path }
            }
            M::Withdraw => Move::Collect { by: role },
            M::WithdrawStake => return None,
        })
    }
}

/// What L1 showed of an answer or a step: whether it was right is decided there.
struct Shown {
    start: B256,
    end: B256,
}

impl Machine for Shown {
    fn initial(&self, _n1: u64, _start: B256) -> B256 {
        self.start
    }

    fn output(&self, _state: B256) -> Option<B256> {
        Some(self.end)
    }

    fn step(&self, _state: B256) -> Option<B256> {
        Some(self.start)
    }
}

/// What is right as far as it was computed; remembers what was asked for in vain.
struct Known<'a> {
    disputes: &'a Disputes,
    right: &'a Right,
    /// Each with the moment until which it is of use.
    wanted: RefCell<Vec<(u64, Move)>>,
}

impl honest::Oracle for Known<'_> {
    fn claim(&self, game: &Game, parent: u64) -> Option<Vec<B256>> {
        let id = self.disputes.id(parent);
        if let Some(claim) = self.right.claims.get(&id) {
            return Some(claim.vector.clone());
        }
        let content = game.content(parent)?;
        if content.child_n1 <= game.batches() {
            let (n0, n1) = (content.n1, content.child_n1);
            self.wanted.borrow_mut().push((0, Move::Compute { parent: id, n0, n1 }));
        }
        None
    }

    fn answer(&self, game: &Game, parent: u64, path: Path) -> Option<Vec<B256>> {
        let id = self.disputes.id(parent);
        let known = self.right.answers.get(&(id, path)).cloned();
        if known.is_none()
            && let Some(content) = game.content(parent)
        {
            let (n0, n1) = (content.n1, content.child_n1);
            let trace = Move::Trace { parent: id, n0, n1, path };
            self.wanted.borrow_mut().push((self.disputes.needed_by(parent, path), trace));
        }
        known
    }
}
