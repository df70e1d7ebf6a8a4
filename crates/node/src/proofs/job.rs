//! What a worker is given: a run of the program, with everything that it asks for.

use super::signatures;
use crate::{
    Error,
    acts::{Acts, blocking},
    batches,
    disputes::{blocks, boot, gather_run},
};
use alloy_primitives::{B256, U256};
use mezz_primitives::{ProofKind, Statement, vector_root};
use mezz_program::ProofInput;
use mezz_settlement::{Inbox, Proven, Proving, Settlement};
use parking_lot::RwLock;

/// A run that is to be proven, on the batches that L1 shows now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    /// Which claim, and which part of it.
    pub(crate) proving: Proving,
    /// Hash of what it depends on: another one after a reorg of L1.
    pub(crate) boot: B256,
}

impl Run {
    /// A run, if L1 shows its batches and, where it is about what they come to, they are derived and their blocks there.
    pub(crate) fn new(acts: &Acts, settlement: &Settlement, proving: Proving) -> Option<Self> {
        if !proving.is_of_signatures() && proving.n1 > settlement.derived() {
            return None;
        }
        let (inbox, covered) = (settlement.inbox(), (proving.n0, proving.n1));
        let boot = match proving.of {
            Proven::Signatures => signatures::boot(acts, inbox, covered)?.hash(),
            Proven::Claim(_) | Proven::Entry(..) => {
                boot(acts, inbox, covered, proving.entry()).ok()?.hash()
            }
        };
        Some(Self { proving, boot })
    }

    /// How much its proof is about.
    pub(crate) const fn kind(&self) -> ProofKind {
        kind(&self.proving)
    }

    /// First and last block.
    pub(crate) fn blocks(&self, inbox: &Inbox, span: u64) -> (u64, u64) {
        blocks(inbox, (self.proving.n0, self.proving.n1), self.proving.entry(), span)
    }
}

const fn kind(proving: &Proving) -> ProofKind {
    match proving.of {
        Proven::Claim(_) => ProofKind::Claim,
        Proven::Entry(..) => ProofKind::Span,
        Proven::Signatures => ProofKind::Signatures,
    }
}

/// What this node holds for the result of a run.
async fn right_result(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    proving: Proving,
) -> Result<B256, Error> {
    let inbox = settlement.read().inbox().clone();
    let (store, span) = (acts.store.clone(), acts.config.span);
    blocking(move || {
        let right = batches::statement(&store, &inbox, proving.n0, proving.n1, span)?;
        Ok(match proving.entry() {
            None => vector_root(&right.vector),
            Some(entry) => right.vector[usize::from(entry)].0,
        })
    })
    .await
}

/// Everything that a proof is made from, and what it will say. The same run always has the same bytes.
pub(crate) async fn input(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    proving: Proving,
) -> Result<(Statement, ProofInput), Error> {
    let covered = (proving.n0, proving.n1);
    let (boot, right, known) = match proving.of {
        Proven::Signatures => {
            let (boot, known) = signatures::gather(acts, settlement, covered).await?;
            (boot, boot, known)
        }
        Proven::Claim(_) | Proven::Entry(..) => {
            let right = right_result(acts, settlement, proving).await?;
            let (boot, known) = gather_run(acts, settlement, covered, proving.entry()).await?;
            (boot.hash(), right, known)
        }
    };
    let input = ProofInput { kind: kind(&proving), boot, known };
    blocking(move || {
        let (statement, _) = input.rehearse::<U256>()?;
        match statement.result == right {
            true => Ok((statement, input)),
            false => Err(Error::Disagreement { found: statement.result, right }),
        }
    })
    .await
}
