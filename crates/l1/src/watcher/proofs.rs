//! Logs about programs and validity proofs to events.

use super::{
    ContractEvent,
    decode::{decode, foreign},
};
use crate::{
    Error, Head,
    contracts::{ProgramRegistry, ProofRouter, QueryGame, SignatureProofs},
};
use alloy::{primitives::B256, rpc::types::Log, sol_types::SolEvent};
use mezz_primitives::{ContentId, Contracts, ProgramId};
use mezz_settlement::ProofFact;

/// The events that matter.
pub(super) const TOPICS: [B256; 7] = [
    ProgramRegistry::ProgramScheduled::SIGNATURE_HASH,
    ProofRouter::ContentProven::SIGNATURE_HASH,
    ProofRouter::InstanceDisproven::SIGNATURE_HASH,
    ProofRouter::ProofConflict::SIGNATURE_HASH,
    ProofRouter::Withdrawn::SIGNATURE_HASH,
    QueryGame::Reopened::SIGNATURE_HASH,
    SignatureProofs::SignaturesProven::SIGNATURE_HASH,
];

/// The event of a log, if it is one that matters.
pub(super) fn event(
    head: &Head,
    log: &Log,
    contracts: &Contracts,
) -> Result<Option<ContractEvent>, Error> {
    let scheduled = log.topic0() == Some(&ProgramRegistry::ProgramScheduled::SIGNATURE_HASH);
    if log.address() == contracts.program_registry && scheduled {
        return scheduling(head, log).map(Some);
    }
    let proven = log.topic0() == Some(&SignatureProofs::SignaturesProven::SIGNATURE_HASH);
    if proven && contracts.signatures.is_some_and(|it| log.address() == it.proofs) {
        let event = decode::<SignatureProofs::SignaturesProven>(head, log)?;
        let fact = ProofFact::Signed { start: event.from, end: event.to };
        return Ok(Some(ContractEvent::Proof(fact)));
    }
    if contracts.proofs.is_none_or(|proofs| log.address() != proofs.router) {
        return Ok(None);
    }
    let fact = match log.topic0() {
        Some(&ProofRouter::ContentProven::SIGNATURE_HASH) => {
            let event = decode::<ProofRouter::ContentProven>(head, log)?;
            ProofFact::Proven { content: ContentId(event.content) }
        }
        Some(&ProofRouter::InstanceDisproven::SIGNATURE_HASH) => {
            let event = decode::<ProofRouter::InstanceDisproven>(head, log)?;
            let content = ContentId(event.content);
            ProofFact::Disproven { content, owner: event.owner, by: event.by, entry: event.entry }
        }
        Some(&ProofRouter::ProofConflict::SIGNATURE_HASH) => {
            let event = decode::<ProofRouter::ProofConflict>(head, log)?;
            ProofFact::Conflict {
                version: number(head, log, event.version)?,
                reporter: event.reporter,
                bounty: event.bounty.saturating_to(),
            }
        }
        Some(&ProofRouter::Withdrawn::SIGNATURE_HASH) => {
            let event = decode::<ProofRouter::Withdrawn>(head, log)?;
            let (owner, amount) = (event.to, event.amount);
            return Ok(Some(ContractEvent::CreditWithdrawn { owner, amount }));
        }
        _ => return Ok(None),
    };
    Ok(Some(ContractEvent::Proof(fact)))
}

fn scheduling(head: &Head, log: &Log) -> Result<ContractEvent, Error> {
    let event = decode::<ProgramRegistry::ProgramScheduled>(head, log)?;
    Ok(ContractEvent::Proof(ProofFact::Scheduled {
        version: number(head, log, event.version)?,
        activation: event.activation,
        program: ProgramId { memory: event.program.memoryRoot, pc: event.program.pc },
        key: event.program.key,
        verifier: event.program.verifier,
    }))
}

fn number(head: &Head, log: &Log, version: alloy::primitives::U256) -> Result<u64, Error> {
    u64::try_from(version).map_err(|_| foreign(head, log, "its version is not a 64-bit number"))
}
