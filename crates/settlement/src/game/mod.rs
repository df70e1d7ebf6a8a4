//! The query-answer game: claims in a tree, and how one honest party refutes what is wrong (`docs/spec/fault-proof.md`).
//!
//! [`Game`] has the rules of the contracts `ClaimManager` and `QueryGame` as one pure value: each move is a method that checks what the contract checks
//! and changes what the contract changes. Time is an argument, and the program and its machine are behind [`Machine`]. It is the model that the
//! adversaries of `tests/model` play against, and the view into which a node folds what it sees on L1: its [`Machine`] then says what L1 has said.
//!
//! | who | moves |
//! |---|---|
//! | an owner | [`deposit`](Game::deposit), [`assert`](Game::assert), [`back`](Game::back), [`answer`](Game::answer), [`withdraw_stake`](Game::withdraw_stake) |
//! | anybody, with a bond | [`query`](Game::query) |
//! | anybody | [`step`](Game::step), [`timeout`](Game::timeout), [`confirm`](Game::confirm), [`reject`](Game::reject), [`settle`](Game::settle), [`reclaim`](Game::reclaim) |
//! | whoever is credited | [`withdraw`](Game::withdraw), [`collect`](Game::collect) |
//!
//! [`honest::moves`] names the moves that are due for a party that knows what is right.

/// The right expression, or in a model test the one of a mutation.
macro_rules! unless {
    ($game:expr, $mutation:ident => $wrong:expr, $right:expr) => {{
        #[cfg(test)]
        let value =
            if $game.mutation == Some($crate::game::Mutation::$mutation) { $wrong } else { $right };
        #[cfg(not(test))]
        let value = $right;
        value
    }};
}

mod claims;
mod content;
pub mod honest;
mod moves;
mod node;
mod proofs;
mod purse;
mod queries;
mod rules;

pub use content::{Content, Instance, Mark, Owner, Status};
pub use moves::Move;
pub use node::{Answer, DEPTH_MAX, Node, NodeState, Path};
pub use purse::Purse;
#[cfg(test)]
pub use rules::Mutation;
pub use rules::{Error, Rules};

use alloy_primitives::{Address, B256};
use std::collections::BTreeMap;

/// What the program's constants and the step contract decide.
pub trait Machine {
    /// The state in which the program starts a span of a claim up to batch `n1`, from the output `start`.
    fn initial(&self, n1: u64, start: B256) -> B256;

    /// The output of a state in which the program has halted without an error; `None` for any other state.
    fn output(&self, state: B256) -> Option<B256>;

    /// The state after one instruction; `None` if `state`, or what its instruction reads, cannot be shown.
    fn step(&self, state: B256) -> Option<B256>;
}

/// All claims, the doubts about them, and the money.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Game {
    rules: Rules,
    /// Blocks up to each number of batches.
    blocks: Vec<u64>,
    contents: Vec<Content>,
    owners: BTreeMap<Address, Owner>,
    purse: Purse,
    versions: Vec<proofs::Version>,
    /// Counts resolutions and slashings, so that it is always known which came first.
    sequence: u64,
    /// The rule that is broken.
    #[cfg(test)]
    pub mutation: Option<Mutation>,
}

impl Game {
    /// Only the genesis, which is confirmed and ends in `end`.
    pub fn new(rules: Rules, end: B256) -> Self {
        assert!(
            rules.depth >= 2 && rules.depth <= DEPTH_MAX,
            "a path has 2 to {DEPTH_MAX} queries"
        );
        assert!(rules.entries >= 2 && rules.entries <= 256, "a vector has 2 to 256 entries");
        let genesis = Content {
            parent: 0,
            n1: 0,
            child_n1: 1,
            vector: Vec::new(),
            end,
            created_at: 0,
            proven_at: None,
            contested: false,
            disproven: None,
            mark: Some(Mark::Confirmed { sequence: 1 }),
            confirmed_child: None,
            instances: BTreeMap::new(),
        };
        Self {
            rules,
            blocks: vec![0],
            contents: vec![genesis],
            owners: BTreeMap::new(),
            purse: Purse::default(),
            versions: vec![proofs::Version::FIRST],
            sequence: 1,
            #[cfg(test)]
            mutation: None,
        }
    }

    /// The inbox holds one batch more, of so many blocks.
    pub fn post(&mut self, blocks: u64) {
        self.blocks.push(self.blocks_up_to(self.batches()) + blocks);
    }

    /// What is fixed.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Batches in the inbox.
    pub const fn batches(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    /// Blocks in the first `batches` batches.
    pub fn blocks_up_to(&self, batches: u64) -> u64 {
        let last = self.blocks.last().copied().unwrap_or_default();
        self.blocks.get(batches as usize).copied().unwrap_or(last)
    }

    /// All contents with their indices, oldest first.
    pub fn contents(&self) -> impl Iterator<Item = (u64, &Content)> {
        (0..).zip(&self.contents)
    }

    /// One content.
    pub fn content(&self, index: u64) -> Option<&Content> {
        self.contents.get(index as usize)
    }

    /// The contents that build on `parent`.
    pub fn children(&self, parent: u64) -> impl Iterator<Item = (u64, &Content)> {
        self.contents().skip(1).filter(move |(_, content)| content.parent == parent)
    }

    /// The last confirmed content.
    pub fn head(&self) -> u64 {
        let mut head = 0;
        while let Some(child) = self.contents[head as usize].confirmed_child {
            head = child;
        }
        head
    }

    /// Everybody who has claimed.
    pub const fn owners(&self) -> &BTreeMap<Address, Owner> {
        &self.owners
    }

    /// What is known of one owner.
    pub fn owner(&self, owner: Address) -> Owner {
        self.owners.get(&owner).copied().unwrap_or_default()
    }

    /// The money.
    pub const fn purse(&self) -> &Purse {
        &self.purse
    }

    /// One owner's instance of a content.
    pub fn instance(&self, content: u64, owner: Address) -> Option<&Instance> {
        self.content(content)?.instances.get(&owner)
    }

    /// All instances: content, owner, instance.
    pub fn instances(&self) -> impl Iterator<Item = (u64, Address, &Instance)> {
        self.contents().flat_map(|(index, content)| {
            content.instances.iter().map(move |(owner, instance)| (index, *owner, instance))
        })
    }

    /// The doubts about one instance, each before those below it.
    pub fn nodes_of(&self, content: u64, owner: Address) -> impl Iterator<Item = (Path, &Node)> {
        let nodes = self.instance(content, owner).map(|instance| instance.nodes.iter());
        nodes.into_iter().flatten().map(|(path, node)| (*path, node))
    }

    /// One doubt.
    pub fn node(&self, content: u64, owner: Address, path: Path) -> Option<&Node> {
        self.instance(content, owner)?.nodes.get(&path)
    }

    /// Where an instance stands; `None` if there is none.
    pub fn status(&self, content: u64, owner: Address) -> Option<Status> {
        self.instance(content, owner)?;
        let (status, sequence) = self.resolution(content);
        let owner = self.owner(owner);
        // What came first stays: a resolved instance is not touched by a later slashing of its owner (invariant 16).
        let refuted = owner.slashed.is_some_and(|slashed| {
            let first = status == Status::Live || slashed < sequence;
            unless!(self, SlashUndoesResolved => true, first)
        });
        #[cfg(test)]
        let here = || owner.refuted_by.is_some_and(|(lost, _)| lost == content);
        let refuted = unless!(self, SlashSparesOthers => refuted && here(), refuted);
        Some(if refuted { Status::Refuted } else { status })
    }

    /// Whether an instance may still be refuted.
    pub fn is_live(&self, content: u64, owner: Address) -> bool {
        self.status(content, owner) == Some(Status::Live)
    }

    /// Whether a content is final.
    pub fn is_confirmed(&self, content: u64) -> bool {
        self.content(content)
            .is_some_and(|content| matches!(content.mark, Some(Mark::Confirmed { .. })))
    }

    /// How a content was resolved, and when in the order of all that was resolved; live and 0 if it was not.
    pub fn resolution(&self, content: u64) -> (Status, u64) {
        let Some(content) = self.content(content) else { return (Status::Live, 0) };
        if let Some(Mark::Confirmed { sequence }) = content.mark {
            return (Status::Confirmed, sequence);
        }
        let parent = &self.contents[content.parent as usize];
        if let Some(child) = parent.confirmed_child
            && let Some(Mark::Confirmed { sequence }) = self.contents[child as usize].mark
        {
            let status = unless!(self, ConfirmSparesSiblings => Status::Live, Status::Rejected);
            return (status, sequence);
        }
        if let Some(Mark::Rejected { sequence }) = parent.mark {
            let status = unless!(self, RejectStopsAtChildren => Status::Live, Status::Rejected);
            return (status, sequence);
        }
        (Status::Live, 0)
    }

    /// Whether `owner` may claim on `parent`: its instances form one path, so that at most one of them is wrong on a right parent.
    pub fn extends(&self, owner: Address, parent: u64) -> bool {
        let tip = self.owner(owner).tip;
        let on_path = tip == parent || (self.is_confirmed(tip) && self.is_confirmed(parent));
        #[cfg(test)]
        let elsewhere =
            || self.children(parent).any(|(_, child)| child.instances.contains_key(&owner));
        unless!(self, OncePerParent => !elsewhere(), on_path)
    }

    /// The batches that a child of a claim up to `n1` covers: as many as there are now, fit and are of one version, but at least one.
    pub fn child_range(&self, n1: u64) -> u64 {
        let limit = self.blocks_up_to(n1) + self.rules.entries as u64 * self.rules.span;
        let fitting = self.blocks.partition_point(|blocks| *blocks <= limit) as u64 - 1;
        fitting.min(self.next_activation(n1)).max(n1 + 1)
    }

    /// Who may confirm a content now: the owner of an instance, or, as the zero address, its proof.
    pub fn ripe_by(&self, now: u64, content: u64) -> Option<Address> {
        let owners = self.content(content)?.instances.keys().copied();
        [Address::ZERO].into_iter().chain(owners).find(|owner| self.is_ripe(now, content, *owner))
    }

    /// Whether this instance makes a content final now, or, for the zero address, its proof.
    pub fn is_ripe(&self, now: u64, content: u64, owner: Address) -> bool {
        let parent = self.content(content).map(|content| content.parent);
        let next = parent.is_some_and(|parent| self.is_confirmed(parent));
        if !next || self.resolution(content).0 != Status::Live {
            return false;
        }
        match self.close(content, owner) {
            None => owner.is_zero() && self.is_ripe_by_proof(now, content),
            Some(close) => {
                self.is_live(content, owner)
                    && self.open_nodes(content, owner) == 0
                    && now > close.max(self.patience(content))
            }
        }
    }

    /// Contents of which nothing can be doubted or claimed any more and whose entries are still here.
    pub fn decided(&self) -> Vec<u64> {
        let decided = self.contents().filter(|(index, content)| {
            !content.vector.is_empty() && self.resolution(*index).0 != Status::Live
        });
        decided.map(|(index, _)| index).collect()
    }

    /// Forgets the entries of decided contents and of the answers about them: 8 KiB each.
    pub fn forget(&mut self, decided: &[u64]) {
        for index in decided {
            let Some(content) = self.contents.get_mut(*index as usize) else { continue };
            content.vector = Vec::new();
            let nodes =
                content.instances.values_mut().flat_map(|instance| instance.nodes.values_mut());
            for node in nodes {
                if let NodeState::Answered(answer) = &mut node.state {
                    answer.vector = Vec::new();
                }
            }
        }
    }

    /// A check that ends in `otherwise`; a model test may leave it out.
    fn require(&self, holds: bool, otherwise: Error) -> Result<(), Error> {
        #[cfg(test)]
        if self.mutation == Some(Mutation::Without(otherwise)) {
            return Ok(());
        }
        if holds { Ok(()) } else { Err(otherwise) }
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}
