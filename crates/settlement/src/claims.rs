//! The claims on L1.

use crate::{Fact, L1Ref, ProofFact};
use alloy_primitives::Address;
use mezz_primitives::{ContentId, Output};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClaimState {
    /// It may still be refuted.
    Live,
    /// It is final.
    Confirmed,
    /// Nobody stands behind it any more.
    Refuted,
    /// Another child of its parent was confirmed.
    Rejected,
}

/// One content and who stands behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Its identity.
    pub content: ContentId,
    /// What it builds on; `None` for the genesis.
    pub parent: Option<ContentId>,
    /// Position among all contents.
    pub index: u64,
    /// Batches covered.
    pub n1: u64,
    /// Batches that its children cover.
    pub child_n1: u64,
    /// The output claimed.
    pub end: Output,
    /// When it was asserted.
    pub asserted: L1Ref,
    /// When a proof of it was accepted that is still worth something.
    pub proven: Option<L1Ref>,
    /// Owners not refuted.
    pub owners: BTreeSet<Address>,
    /// What became of it.
    pub state: ClaimState,
}

impl Claim {
    /// Whether anybody stands behind it, or a proof that is worth as much (`alone`).
    fn weigh(&mut self, alone: bool) {
        if matches!(self.state, ClaimState::Live | ClaimState::Refuted) {
            let stands = (alone && self.proven.is_some()) || !self.owners.is_empty();
            self.state = if stands { ClaimState::Live } else { ClaimState::Refuted };
        }
    }
}

/// All claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    claims: BTreeMap<u64, Claim>,
    by_content: BTreeMap<ContentId, u64>,
    confirmed: ContentId,
    /// Whether a proof makes a claim final by itself.
    alone: bool,
}

impl Claims {
    /// Only the genesis, which is confirmed.
    pub fn new(genesis: ContentId, end: Output, child_n1: u64, alone: bool) -> Self {
        let claim = Claim {
            content: genesis,
            parent: None,
            index: 0,
            n1: 0,
            child_n1,
            end,
            asserted: L1Ref::default(),
            proven: None,
            owners: BTreeSet::new(),
            state: ClaimState::Confirmed,
        };
        Self {
            claims: BTreeMap::from([(0, claim)]),
            by_content: BTreeMap::from([(genesis, 0)]),
            confirmed: genesis,
            alone,
        }
    }

    pub(crate) fn observe(&mut self, at: L1Ref, fact: &Fact) {
        let alone = self.alone;
        match fact {
            Fact::ClaimAsserted { content, parent, index, owner, n1, child_n1, end, .. } => {
                let claim = Claim {
                    content: *content,
                    parent: Some(*parent),
                    index: *index,
                    n1: *n1,
                    child_n1: *child_n1,
                    end: *end,
                    asserted: at,
                    proven: None,
                    // Nobody stakes on what is proven at once.
                    owners: Some(*owner).filter(|owner| !owner.is_zero()).into_iter().collect(),
                    state: ClaimState::Live,
                };
                self.by_content.insert(*content, *index);
                self.claims.insert(*index, claim);
            }
            Fact::ClaimBacked { content, owner } => self.change(*content, |claim| {
                claim.owners.insert(*owner);
                claim.weigh(alone);
            }),
            Fact::InstanceRefuted { content, owner } => self.change(*content, |claim| {
                claim.owners.remove(owner);
                claim.weigh(alone);
            }),
            Fact::ClaimConfirmed { content } => {
                if self.get(*content).is_none() {
                    return;
                }
                self.confirmed = *content;
                let parent = self.get(*content).and_then(|claim| claim.parent);
                for claim in self
                    .claims
                    .values_mut()
                    .filter(|claim| claim.parent == parent && claim.parent.is_some())
                {
                    claim.state = if claim.content == *content {
                        ClaimState::Confirmed
                    } else {
                        ClaimState::Rejected
                    };
                }
            }
            Fact::Proof(ProofFact::Proven { content }) => self.change(*content, |claim| {
                claim.proven = Some(at);
                claim.weigh(alone);
            }),
            _ => {}
        }
    }

    /// Proofs of claims for which that is so are worth nothing any more.
    pub(crate) fn distrust(&mut self, about: impl Fn(&Claim) -> bool) {
        let alone = self.alone;
        for claim in self.claims.values_mut().filter(|claim| about(claim)) {
            claim.proven = None;
            claim.weigh(alone);
        }
    }

    fn change(&mut self, content: ContentId, change: impl FnOnce(&mut Claim)) {
        if let Some(claim) =
            self.by_content.get(&content).and_then(|index| self.claims.get_mut(index))
        {
            change(claim);
        }
    }

    /// One claim.
    pub fn get(&self, content: ContentId) -> Option<&Claim> {
        self.claims.get(self.by_content.get(&content)?)
    }

    /// Whether a claim and all that it builds on may still become final, or are.
    pub fn stands(&self, claim: &Claim) -> bool {
        let mut claim = claim;
        loop {
            match (claim.state, claim.parent.and_then(|parent| self.get(parent))) {
                (ClaimState::Confirmed, _) => return true,
                (ClaimState::Live, Some(parent)) => claim = parent,
                _ => return false,
            }
        }
    }

    /// All claims, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Claim> {
        self.claims.values()
    }

    /// The last confirmed claim.
    pub fn confirmed(&self) -> &Claim {
        self.get(self.confirmed).expect("a confirmed claim was asserted before; qed")
    }

    /// The claims that build on `parent`.
    pub fn children(&self, parent: ContentId) -> impl Iterator<Item = &Claim> {
        self.claims.values().filter(move |claim| claim.parent == Some(parent))
    }
}
