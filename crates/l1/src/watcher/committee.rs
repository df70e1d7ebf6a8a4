//! Logs of the data committee's contracts to events.

use super::{
    CommitteeEvent,
    decode::{decode, foreign},
};
use crate::{
    Error, Head,
    contracts::{DaChallenge, EscapeHatch, SealedInbox},
};
use alloy::{primitives::B256, rpc::types::Log, sol_types::SolEvent};
use mezz_primitives::{Accumulator, CommitteeContracts, PayloadId};

/// The events that matter.
pub(super) const TOPICS: [B256; 6] = [
    DaChallenge::Challenged::SIGNATURE_HASH,
    DaChallenge::ChunkAnswered::SIGNATURE_HASH,
    DaChallenge::Reclaimed::SIGNATURE_HASH,
    DaChallenge::Withdrawn::SIGNATURE_HASH,
    SealedInbox::Sealed::SIGNATURE_HASH,
    EscapeHatch::Frozen::SIGNATURE_HASH,
];

/// The event of a log of the batches that are decided, if it is one that matters.
pub(super) fn seal(head: &Head, log: &Log) -> Result<Option<CommitteeEvent>, Error> {
    if log.topic0() != Some(&SealedInbox::Sealed::SIGNATURE_HASH) {
        return Ok(None);
    }
    let event = decode::<SealedInbox::Sealed>(head, log)?;
    Ok(Some(CommitteeEvent::Sealed { count: event.count, acc: Accumulator(event.acc) }))
}

/// The event of a log, if it is one that matters.
pub(super) fn event(
    head: &Head,
    log: &Log,
    contracts: &CommitteeContracts,
) -> Result<Option<CommitteeEvent>, Error> {
    let topic = log.topic0();
    let is = |signature: B256| topic == Some(&signature);
    if log.address() == contracts.escape_hatch && is(EscapeHatch::Frozen::SIGNATURE_HASH) {
        let event = decode::<EscapeHatch::Frozen>(head, log)?;
        return Ok(Some(CommitteeEvent::Frozen { claim: event.claimIndex.saturating_to() }));
    }
    if log.address() == contracts.challenges {
        return demand(head, log);
    }
    Ok(None)
}

fn demand(head: &Head, log: &Log) -> Result<Option<CommitteeEvent>, Error> {
    Ok(Some(match log.topic0() {
        Some(&DaChallenge::Challenged::SIGNATURE_HASH) => {
            let event = decode::<DaChallenge::Challenged>(head, log)?;
            let (payload_hash, payload_length) = (event.payloadHash, event.payloadLength);
            CommitteeEvent::Demanded {
                index: event.index,
                challenger: event.challenger,
                payload: PayloadId { payload_hash, payload_length },
                deadline: event.deadline,
            }
        }
        Some(&DaChallenge::ChunkAnswered::SIGNATURE_HASH) => {
            let event = decode::<DaChallenge::ChunkAnswered>(head, log)?;
            let chunk = u8::try_from(event.chunk)
                .map_err(|_| foreign(head, log, "no payload has so many chunks"))?;
            CommitteeEvent::ChunkShown { index: event.index, chunk, by: event.by, data: event.data }
        }
        Some(&DaChallenge::Reclaimed::SIGNATURE_HASH) => {
            let event = decode::<DaChallenge::Reclaimed>(head, log)?;
            CommitteeEvent::DemandReclaimed { index: event.index }
        }
        Some(&DaChallenge::Withdrawn::SIGNATURE_HASH) => {
            let event = decode::<DaChallenge::Withdrawn>(head, log)?;
            CommitteeEvent::DemandPaid { owner: event.to, amount: event.amount }
        }
        _ => return Ok(None),
    }))
}
