//! What validity proofs this node wants, and what it does with those that it has (`docs/spec/validity-proof.md`, section 4).
//!
//! Whatever a proof could do is a move that is due once the proof is there, and until then a wish of it: [`Settlement::wanted`].

use crate::{Move, Role, Settlement, game::Status};
use alloy_primitives::B256;
use mezz_primitives::{ContentId, ProofPolicy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A run that a validity proof is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proving {
    /// What of these batches.
    pub of: Proven,
    /// The first batch.
    pub n0: u64,
    /// One past the last batch.
    pub n1: u64,
}

/// What a validity proof shows of batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Proven {
    /// What is right to claim of them on this parent.
    Claim(ContentId),
    /// One entry of that.
    Entry(ContentId, u8),
    /// The signatures of those that were posted without.
    Signatures,
}

impl Proving {
    /// The signatures of these batches.
    pub const fn signatures(n0: u64, n1: u64) -> Self {
        Self { of: Proven::Signatures, n0, n1 }
    }

    /// Which entry of the claim; `None` if it is about all of them, or about signatures.
    pub const fn entry(&self) -> Option<u8> {
        match self.of {
            Proven::Entry(_, entry) => Some(entry),
            Proven::Claim(_) | Proven::Signatures => None,
        }
    }

    /// The claim that it is about something on.
    pub const fn parent(&self) -> Option<ContentId> {
        match self.of {
            Proven::Claim(parent) | Proven::Entry(parent, _) => Some(parent),
            Proven::Signatures => None,
        }
    }

    /// Whether it is about the signatures of batches.
    pub const fn is_of_signatures(&self) -> bool {
        matches!(self.of, Proven::Signatures)
    }

    /// Whether it is about this batch, among others.
    pub const fn covers(&self, index: u64) -> bool {
        self.n0 <= index && index < self.n1
    }
}

impl Settlement {
    /// The runs that this node wants validity proofs of and has none, the most urgent first.
    pub fn wanted(&self) -> Vec<Proving> {
        let mut seen = BTreeSet::new();
        let uses = self.uses().into_iter().map(|(of, _)| of);
        let uses = uses.filter(|of| !self.has_proof(of) && seen.insert(*of));
        // Claims are about what is sealed, and that waits for the signatures.
        let missing = self.missing().into_iter();
        missing.map(|index| Proving::signatures(index, index + 1)).chain(uses).collect()
    }

    /// What tells of a row of batches, however that came about, whether a proof of their signatures would show one that no proof here does.
    pub fn wants_signatures(&self) -> impl Fn(&Proving) -> bool + '_ {
        let missing = self.missing();
        move |row| self.first_shown(row, &missing).is_some()
    }

    /// The batches whose signatures this node would prove. It matters neither what they derive to nor what became of those before them: the statement is
    /// about what was posted.
    fn unproven(&self) -> Vec<u64> {
        let sealing = self.sealing().filter(|_| self.parameters.proposer.is_some());
        let now = self.l1_head().time;
        let open = sealing.into_iter().flat_map(|sealing| sealing.unproven(self.inbox(), now));
        // What a committee keeps to itself cannot be proven.
        open.filter(|index| self.is_sound(index + 1) && !self.is_missing(*index)).collect()
    }

    /// Those of them that no proof shows which this node has.
    fn missing(&self) -> Vec<u64> {
        let unproven = self.unproven();
        let held = self.proved().filter(|of| self.first_shown(of, &unproven).is_some());
        let held: Vec<_> = held.collect();
        unproven.into_iter().filter(|index| !held.iter().any(|of| of.covers(*index))).collect()
    }

    /// The first of the batches `open` that L1 counts a proof for, if there is one: it takes none about two versions, and counts it from any batch on that it
    /// is in time for.
    fn first_shown(&self, of: &Proving, open: &[u64]) -> Option<u64> {
        let posted = self.inbox().batches().len() as u64;
        let taken = of.is_of_signatures() && of.n1 <= posted && self.is_one_version(of.n0, of.n1);
        let shown = |index: &u64| taken && of.covers(*index);
        open.iter().copied().find(shown)
    }

    /// Whether batches are all of one version of the program.
    pub fn is_one_version(&self, n0: u64, n1: u64) -> bool {
        let version = |batch: u64| self.versions().of(batch).map(|version| version.number);
        n0 < n1 && version(n0) == version(n1 - 1)
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
        let due = uses.filter(|(of, _)| self.has_proof(of)).map(|(_, due)| due);
        due.chain(self.show_signatures()).chain(self.reopen()).collect()
    }

    /// The proofs of signatures that L1 has not been shown.
    fn show_signatures(&self) -> Vec<Move> {
        let unproven = self.unproven();
        let due = self.proved().filter_map(|of| {
            let first = self.first_shown(of, &unproven)?;
            Some(Move::ProveSignatures { of: *of, first })
        });
        due.collect()
    }

    /// Whether a proof under this node's key is of use for batches up to `n1`.
    pub(crate) fn is_sound(&self, n1: u64) -> bool {
        let known = n1.checked_sub(1).and_then(|last| self.versions().of(last));
        known.is_none_or(|version| self.executes(version) && version.key == self.parameters.key)
            && !self.disputes().game().is_broken_at(n1)
    }

    /// Everything that a proof could do now, the most urgent first.
    fn uses(&self) -> Vec<(Proving, Move)> {
        let policy = self.parameters.config.proofs.map(|rules| rules.policy);
        let Some(policy) = policy.filter(|policy| *policy != ProofPolicy::StepOnly) else {
            return Vec::new();
        };
        let mut uses = Vec::new();
        self.on_the_right_path(|parent, n0, right| {
            // A proof under another key is of no use, and after an alarm none is.
            if self.is_sound(right.n1) {
                let id = self.disputes().id(parent);
                let of = |entry: Option<u8>| {
                    let of = entry.map_or(Proven::Claim(id), |entry| Proven::Entry(id, entry));
                    Proving { of, n0, n1: right.n1 }
                };
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
