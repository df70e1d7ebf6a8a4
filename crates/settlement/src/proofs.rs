//! What validity proofs this node wants, and what it does with those that it has (`docs/spec/validity-proof.md`, section 4).
//!
//! Whatever a proof could do is a move that is due once the proof is there, and until then a wish of it: [`Settlement::wanted`].

use crate::{Move, ProofFact, Role, Settlement, game::Status};
use alloy_primitives::B256;
use mezz_primitives::{ContentId, ProgramId, ProofPolicy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A run that a validity proof is about: all of what is right to claim on a parent, or one entry of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proving {
    /// On which claim.
    pub parent: ContentId,
    /// Batches covered by the parent.
    pub n0: u64,
    /// Batches covered.
    pub n1: u64,
    /// Which entry; `None` for all of them.
    pub entry: Option<u8>,
}

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
}

/// The versions of the program that L1 has announced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Versions(Vec<Version>);

impl Versions {
    pub(crate) fn observe(&mut self, fact: &ProofFact) {
        if let ProofFact::Scheduled { version, activation, program, key } = *fact {
            self.0.push(Version { number: version, activation, program, key });
        }
    }

    /// The one that a batch is of; `None` where L1 has announced none.
    fn of(&self, batch: u64) -> Option<&Version> {
        self.0.iter().rev().find(|version| version.activation <= batch)
    }
}

impl Settlement {
    /// The version of a batch, if it is another than this node executes.
    pub(crate) fn is_foreign(&self, batch: u64) -> bool {
        let version = self.versions().of(batch);
        version.is_some_and(|version| version.program != self.parameters.program)
    }

    /// The number of the version that the batches up to `n1` end in.
    pub fn version_of(&self, n1: u64) -> u64 {
        self.disputes().game().version_of(n1) as u64
    }

    /// The first version, from the next batch to be derived on, that this node cannot execute.
    pub fn foreign(&self) -> Option<Version> {
        let versions = self.versions();
        let from = versions.of(self.derived()).map_or(0, |version| version.number);
        let mut later = versions.0.iter().filter(|version| version.number >= from);
        later.find(|version| version.program != self.parameters.program).copied()
    }

    /// The runs that this node wants validity proofs of and has none, the most urgent first.
    pub fn wanted(&self) -> Vec<Proving> {
        let mut seen = BTreeSet::new();
        let uses = self.uses().into_iter().map(|(of, _)| of);
        uses.filter(|of| !self.has_proof(of) && seen.insert(*of)).collect()
    }

    /// From when on a claim is final by its proof alone, if it is proven and that is what a proof is worth; seconds of L1 time.
    pub fn proven_final_at(&self, content: ContentId) -> Option<u64> {
        let rules = self.parameters.config.proofs;
        let rules = rules.filter(|rules| rules.policy == ProofPolicy::Fast)?;
        Some(self.claims().get(content)?.proven?.time + rules.wait + 1)
    }

    /// What is due of the moves with validity proofs.
    pub(crate) fn proof_moves(&self) -> Vec<Move> {
        let uses = self.uses().into_iter();
        uses.filter(|(of, _)| self.has_proof(of)).map(|(_, due)| due).chain(self.reopen()).collect()
    }

    /// Everything that a proof could do now, the most urgent first.
    fn uses(&self) -> Vec<(Proving, Move)> {
        let policy = self.parameters.config.proofs.map(|rules| rules.policy);
        let Some(policy) = policy.filter(|policy| *policy != ProofPolicy::StepOnly) else {
            return Vec::new();
        };
        let mut uses = Vec::new();
        self.on_the_right_path(|parent, n0, right| {
            let known = right.n1.checked_sub(1).and_then(|last| self.versions().of(last));
            // A proof under another key is of no use, and after an alarm none is.
            let sound = known.is_none_or(|version| version.key == self.parameters.key)
                && !self.disputes().game().is_broken_at(right.n1);
            if sound {
                let of =
                    |entry| Proving { parent: self.disputes().id(parent), n0, n1: right.n1, entry };
                self.about(policy, parent, &right.vector, of, &mut uses);
            }
        });
        uses.sort_by_key(|(_, due)| match due {
            Move::Contradict { .. } | Move::Report { .. } => 0,
            Move::RefuteByProof { .. } => 1,
            Move::AnswerByProof { .. } => 2,
            _ => 3,
        });
        uses
    }

    /// Calls `each` for the last confirmed content and those on it that are right, with what is right to claim on them.
    fn on_the_right_path(&self, mut each: impl FnMut(u64, u64, &crate::disputes::RightClaim)) {
        let game = self.disputes().game();
        let mut parent = Some(game.head());
        while let Some(at) = parent {
            let Some(right) = self.right_claim(self.disputes().id(at)) else { return };
            each(at, game.content(at).map_or(0, |content| content.n1), right);
            parent = game
                .children(at)
                .find(|(_, child)| child.vector == right.vector)
                .map(|(content, _)| content);
        }
    }

    /// What proofs could do about the contents on one parent.
    fn about(
        &self,
        policy: ProofPolicy,
        parent: u64,
        right: &[B256],
        of: impl Fn(Option<u8>) -> Proving,
        uses: &mut Vec<(Proving, Move)>,
    ) {
        let (disputes, game) = (self.disputes(), self.disputes().game());
        let (proposer, challenger) = (self.parameters.proposer, self.parameters.challenger);
        let fast = policy == ProofPolicy::Fast;
        for (index, child) in game.children(parent) {
            if game.resolution(index).0 != Status::Live {
                continue;
            }
            let content = disputes.id(index);
            let wrong =
                child.vector.iter().zip(right).position(|(claimed, right)| claimed != right);
            if let (None, Some(entry), Some(_)) = (wrong, child.disproven, challenger) {
                // It is right, so that proof was false.
                uses.push((of(Some(entry)), Move::Report { content, of: of(Some(entry)) }));
            }
            match (wrong, challenger, proposer) {
                (Some(entry), Some(_), _) => {
                    let entry = entry as u8;
                    let of = of(Some(entry));
                    if child.proven_at.is_some() {
                        uses.push((of, Move::Contradict { content, entry, of }));
                    } else if fast {
                        let live =
                            child.instances.keys().filter(|owner| game.is_live(index, **owner));
                        uses.extend(live.map(|owner| {
                            (of, Move::RefuteByProof { content, owner: *owner, entry, of })
                        }));
                    }
                }
                (None, _, Some(me)) => {
                    let mine = game.nodes_of(index, me).filter(|_| fast && game.is_live(index, me));
                    let open = mine.filter(|(path, node)| path.length() == 1 && node.is_open());
                    uses.extend(open.map(|(path, _)| {
                        let of = of(path.indices().first().copied());
                        (of, Move::AnswerByProof { content, path, of })
                    }));
                    if child.proven_at.is_none() {
                        uses.push((of(None), Move::Prove { content, of: of(None) }));
                    }
                }
                _ => {}
            }
        }
    }

    /// After an alarm: doubts that proofs had settled are opened again where they are this node's to win, or to answer.
    fn reopen(&self) -> Vec<Move> {
        let (disputes, game) = (self.disputes(), self.disputes().game());
        let mut moves = Vec::new();
        self.on_the_right_path(|parent, _, right| {
            if !game.is_broken_at(right.n1) {
                return;
            }
            for (index, child) in game.children(parent) {
                let content = disputes.id(index);
                for owner in
                    child.instances.keys().copied().filter(|owner| game.is_live(index, *owner))
                {
                    let by = match child.vector == right.vector {
                        true if self.parameters.proposer == Some(owner) => Role::Proposer,
                        false if self.parameters.challenger.is_some() => Role::Challenger,
                        _ => continue,
                    };
                    let verified =
                        game.nodes_of(index, owner).filter(|(_, node)| node.is_verified());
                    moves.extend(verified.map(|(path, _)| Move::Reopen {
                        by,
                        content,
                        owner,
                        path,
                    }));
                }
            }
        });
        moves
    }
}
