//! The versions of the program, and what a node that has some of them does for the batches of each (`docs/spec/validity-proof.md`, section 5).
//!
//! Which version is concerned is asked for each batch, so that an upgrade needs no moment at which everything changes: the older version of this software plays
//! on for the claims about its batches, the newer one derives, posts and claims from its first batch on.

use crate::{Move, ProofFact, Settlement};
use alloy_primitives::{Address, B256};
use mezz_primitives::{ContentId, ProgramId};
use serde::{Deserialize, Serialize};

/// A version of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// Its number.
    pub number: u64,
    /// The first batch that is of it.
    pub activation: u64,
    /// Its build for the fault proof.
    pub program: ProgramId,
    /// What proofs of it are verified against; zero without validity proofs.
    pub key: B256,
    /// What verifies them; zero without.
    pub verifier: Address,
}

/// The versions of the program that L1 has announced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Versions(Vec<Version>);

impl Versions {
    pub(crate) fn observe(&mut self, fact: &ProofFact) {
        if let ProofFact::Scheduled { version, activation, program, key, verifier } = *fact {
            self.0.push(Version { number: version, activation, program, key, verifier });
        }
    }

    /// The one that a batch is of; `None` where L1 has announced none.
    pub(crate) fn of(&self, batch: u64) -> Option<&Version> {
        self.0.iter().rev().find(|version| version.activation <= batch)
    }

    /// Those after one, the first first.
    fn after(&self, number: u64) -> impl Iterator<Item = &Version> {
        self.0.iter().filter(move |later| later.number > number)
    }

    /// Those before one, the last first.
    fn before(&self, number: u64) -> impl Iterator<Item = &Version> {
        self.0.iter().rev().filter(move |earlier| earlier.number < number)
    }
}

/// What a node can do for the batch that is to be derived next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// All: it is of a version that the node has.
    Current,
    /// Nothing, as it is of a later version: what is left are the claims about the batches before `by`.
    Superseded {
        /// The version after the node's.
        by: Version,
        /// Whether all those claims are final, and no reorg of L1 changes it.
        done: bool,
    },
    /// Nothing but to take over what an earlier version of the software has executed, as it is of an earlier version of the program.
    Early {
        /// That version.
        of: Version,
        /// The first batch of the node's own, if it has one at all.
        own: Option<u64>,
    },
}

/// Batches of an earlier version that the node has not, which are not final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Older {
    /// The version.
    pub version: Version,
    /// The first of them.
    pub from: u64,
    /// One past the last of them.
    pub to: u64,
}

impl Settlement {
    /// The program that this node executes.
    pub const fn program(&self) -> ProgramId {
        self.parameters.program
    }

    /// Whether this node executes a version.
    pub(crate) fn executes(&self, version: &Version) -> bool {
        version.program == self.parameters.program
    }

    /// The version of a batch, if it is another than this node executes.
    pub fn foreign_version(&self, batch: u64) -> Option<Version> {
        self.versions().of(batch).filter(|version| !self.executes(version)).copied()
    }

    /// Whether there is one.
    pub(crate) fn is_foreign(&self, batch: u64) -> bool {
        self.foreign_version(batch).is_some()
    }

    /// The number of the version that the batches up to `n1` end in.
    pub fn version_of(&self, n1: u64) -> u64 {
        self.disputes().game().version_of(n1) as u64
    }

    /// What verifies proofs about the batches up to `n1`, if L1 has said so.
    pub fn verifier_of(&self, n1: u64) -> Option<Address> {
        Some(self.versions().of(n1.checked_sub(1)?)?.verifier)
    }

    /// The first version, from the next batch to be derived on, that this node cannot execute.
    pub fn foreign(&self) -> Option<Version> {
        let versions = self.versions();
        let from = versions.of(self.derived()).map_or(0, |version| version.number);
        let mut later = versions.0.iter().filter(|version| version.number >= from);
        later.find(|version| !self.executes(version)).copied()
    }

    /// What this node can do for the batch that is to be derived next.
    pub fn standing(&self) -> Standing {
        let Some(of) = self.foreign_version(self.derived()) else { return Standing::Current };
        let versions = self.versions();
        let own = versions.before(of.number).find(|version| self.executes(version));
        match own.and_then(|own| versions.after(own.number).next()) {
            Some(by) => Standing::Superseded { by: *by, done: self.is_final(by.activation) },
            None => {
                let own = versions.after(of.number).find(|version| self.executes(version));
                Standing::Early { of, own: own.map(|version| version.activation) }
            }
        }
    }

    /// The first batches below the next to be derived that are not final, and of a version that this node has not: somebody who has it must be there for the
    /// claims about them.
    pub fn older(&self) -> Option<Older> {
        let versions = self.versions();
        let now = versions.of(self.derived()).filter(|version| self.executes(version))?;
        let confirmed = self.claims().confirmed().n1;
        let mut earlier = versions.0.iter().filter(|version| version.number < now.number);
        earlier.find_map(|version| {
            let to = versions.after(version.number).next()?.activation;
            let from = version.activation.max(confirmed);
            (!self.executes(version) && from < to).then_some(Older { version: *version, from, to })
        })
    }

    /// The first block of the batches in a row up to the next to be derived that this node executes.
    pub fn first_own_block(&self) -> u64 {
        let versions = self.versions();
        let now = versions.of(self.derived()).filter(|version| self.executes(version));
        let row = now.into_iter().flat_map(|now| {
            let earlier = versions.before(now.number);
            [now].into_iter().chain(earlier).take_while(|version| self.executes(version))
        });
        let first = row.last().map_or(0, |version| version.activation);
        self.inbox().last_block(first) + 1
    }

    /// Whether a move is for this node to make. One that leads to a run of the program is for whoever has the version of the claim's batches: a stake or a bond
    /// would be lost on it. What a claim says can be told from the blocks alone, so whoever has these confirms, rejects and times out all the same.
    pub(crate) fn is_playable(&self, due: &Move) -> bool {
        let n1 = match due {
            Move::Propose { n1, .. } | Move::Trace { n1, .. } => Some(*n1),
            Move::Back { content }
            | Move::Query { content, .. }
            | Move::Answer { content, .. }
            | Move::Step { content, .. } => self.end_of(*content),
            _ => None,
        };
        n1.and_then(|n1| n1.checked_sub(1)).is_none_or(|last| !self.is_foreign(last))
    }

    /// The batches that a content covers.
    fn end_of(&self, content: ContentId) -> Option<u64> {
        let disputes = self.disputes();
        let content = disputes.content(content)?;
        Some(disputes.game().content(content)?.n1)
    }
}
