//! The moves with validity proofs, made on L1.

use super::plays::doubted;
use crate::{
    Error,
    acts::{Acts, blocking},
};
use alloy::eips::{BlockNumberOrTag, eip4844::Blob};
use alloy_primitives::{B256, Bytes, U256};
use mezz_l1::{
    Call,
    contracts::{Entry, ProofRouter, SignatureProofs, SignaturesProof, ValidityProof},
};
use mezz_primitives::{
    BlobOpening, ContentId, DaType, ProofContracts, Statement, openings_hash, vector_proof,
};
use mezz_settlement::{Disputes, Move, Proving, Role, Settlement, game::Path};
use parking_lot::RwLock;
use std::collections::BTreeMap;

/// The call of a move with a proof.
pub(super) async fn call(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    due: &Move,
) -> Result<Call, Error> {
    let (of, role) = match *due {
        Move::Prove { of, .. }
        | Move::AnswerByProof { of, .. }
        | Move::RefuteByProof { of, .. }
        | Move::Contradict { of, .. }
        | Move::Report { of, .. }
        | Move::ProveSignatures { of, .. } => (of, due.role()),
        _ => return Err(Error::Reorged),
    };
    let ProofContracts { router, .. } = acts.contracts.proofs.ok_or(Error::Reorged)?;
    let (statement, proof) = acts.proof(settlement, of).ok_or(Error::Reorged)?;
    let (kind, boot, result) = (statement.kind, statement.boot, statement.result);
    let proof = acts.validity(settlement, role, of, statement, proof.into()).await?;
    Ok(match *due {
        Move::Prove { content, .. } => {
            tracing::info!(claim = %content.0, "shows L1 the proof of a claim");
            Call::to(router, &ProofRouter::proveCall { content: content.0, proof })
        }
        Move::AnswerByProof { content, path, .. } => {
            tracing::info!(claim = %content.0, ?path, "answers a doubt about its claim by a proof");
            let owner = acts.sender(role)?.address();
            let node = Disputes::node_id(content, owner, path);
            Call::to(router, &ProofRouter::answerByZkCall { node, proof })
        }
        Move::RefuteByProof { content, owner, entry, .. } => {
            tracing::info!(claim = %content.0, %owner, entry, "refutes a wrong claim by a proof");
            let (content, entry) = (content.0, claimed(settlement, content, entry)?);
            let call = ProofRouter::refuteByZkCall { content, owner, entry, result, proof };
            Call::to(router, &call)
        }
        Move::Contradict { content, entry, .. } => {
            tracing::error!(claim = %content.0, entry, "a wrong claim is proven: raises the alarm");
            let (content, entry) = (content.0, claimed(settlement, content, entry)?);
            let call = ProofRouter::reportContradictionCall { content, entry, result, proof };
            Call::to(router, &call)
        }
        Move::Report { content, .. } => {
            tracing::error!(claim = %content.0, "a false proof has refuted a right claim: raises the alarm");
            let version = U256::from(settlement.read().version_of(of.n1));
            let kind = kind as u8;
            Call::to(router, &ProofRouter::reportCall { version, kind, boot, result, proof })
        }
        Move::ProveSignatures { of, first } => {
            let (from, to) = (of.n0, of.n1);
            tracing::info!(first, from, to, "shows L1 the proof of the signatures of batches");
            let contracts = acts.contracts.signatures.ok_or(Error::Reorged)?;
            let first = settlement.read().inbox().batches().get(first as usize).cloned();
            let call = SignatureProofs::proveCall {
                first: first.ok_or(Error::Reorged)?.header.into(),
                start: of.n0,
                end: of.n1,
                proof: SignaturesProof {
                    opened: proof.opened,
                    openings: proof.openings,
                    proof: proof.proof,
                },
            };
            Call::to(contracts.proofs, &call)
        }
        _ => return Err(Error::Reorged),
    })
}

/// An entry of a content and the one before it, as L1 must be shown them.
fn claimed(settlement: &RwLock<Settlement>, id: ContentId, index: u8) -> Result<Entry, Error> {
    let settlement = settlement.read();
    let disputes = settlement.disputes();
    let path = Path::CLAIM.entry(index.into()).ok_or(Error::Reorged)?;
    let (_, _, start, vector) = disputes
        .content(id)
        .and_then(|content| doubted(disputes.game(), content, Default::default(), path))
        .ok_or(Error::Reorged)?;
    let before = index.checked_sub(1);
    Ok(Entry {
        index,
        start: before.map_or(start, |before| vector[usize::from(before)]),
        end: vector[usize::from(index)],
        startProof: before.map_or_else(Vec::new, |before| vector_proof(vector, before)),
        endProof: vector_proof(vector, index),
    })
}

impl Acts {
    /// A proof with what shows that the blobs it was made from are those of L1.
    async fn validity(
        &self,
        settlement: &RwLock<Settlement>,
        role: Role,
        of: Proving,
        statement: Statement,
        proof: Bytes,
    ) -> Result<ValidityProof, Error> {
        let openings = statement.openings;
        let mut shown = self.openings(settlement, of, &openings).await?;
        let most = self.openings_max.get();
        let ahead = openings.len().saturating_sub(most);
        for from in (0..ahead).step_by(most) {
            let to = ahead.min(from + most);
            self.open(role, &openings, &shown, from, to).await?;
        }
        Ok(ValidityProof {
            opened: openings_hash(&openings[..ahead]),
            openings: shown.split_off(ahead).concat().into(),
            proof,
        })
    }

    /// Has L1 check some of the openings, unless it has.
    async fn open(
        &self,
        role: Role,
        openings: &[BlobOpening],
        shown: &[[u8; 192]],
        from: usize,
        to: usize,
    ) -> Result<(), Error> {
        let ProofContracts { router, .. } = self.contracts.proofs.ok_or(Error::Reorged)?;
        let known = ProofRouter::openedCall { openings: openings_hash(&openings[..to]) };
        if self.client.call(router, &known, BlockNumberOrTag::Latest).await? {
            return Ok(());
        }
        let call = ProofRouter::openCall {
            from: openings_hash(&openings[..from]),
            openings: shown[from..to].concat().into(),
        };
        self.sender(role)?.send(Call::to(router, &call)).await?;
        Ok(())
    }

    /// For each blob `versionedHash ‖ z ‖ y ‖ commitment ‖ KZG proof`.
    async fn openings(
        &self,
        settlement: &RwLock<Settlement>,
        of: Proving,
        openings: &[BlobOpening],
    ) -> Result<Vec<[u8; 192]>, Error> {
        let inbox = settlement.read().inbox().clone();
        let covered = inbox.batches().iter().take(of.n1 as usize).skip(of.n0 as usize);
        let mut blobs: BTreeMap<B256, Box<Blob>> = BTreeMap::new();
        for batch in covered {
            // Signatures are proven of what was posted, whatever has become of it.
            let header = if of.is_of_signatures() { batch.header } else { batch.effective() };
            if header.da_type == DaType::Blobs {
                blobs.extend(self.data.blobs(&self.client, &header, &batch.aux).await?);
            }
        }
        let openings = openings.to_vec();
        blocking(move || {
            let shown = openings.iter().map(|opening| {
                let blob = blobs.get(&opening.versioned_hash).ok_or(Error::Reorged)?;
                let shown = mezz_da::opening_at(blob, opening.z)?;
                let mut bytes = [0; 192];
                bytes[..32].copy_from_slice(opening.versioned_hash.as_slice());
                bytes[32..64].copy_from_slice(opening.z.as_slice());
                bytes[64..96].copy_from_slice(opening.y.as_slice());
                bytes[96..144].copy_from_slice(&shown.commitment);
                bytes[144..].copy_from_slice(&shown.proof);
                Ok(bytes)
            });
            shown.collect()
        })
        .await
    }
}
