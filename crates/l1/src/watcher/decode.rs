//! Logs to events.

use super::{ContractEvent, committee, proofs};
use crate::{
    Error, Head,
    contracts::{ClaimManager, Inbox, Portal, QueryGame},
};
use alloy::{primitives::B256, rpc::types::Log, sol_types::SolEvent};
use mezz_primitives::{
    Accumulator, BatchHeader, CLAIM_ENTRIES, ClaimVector, ContentId, Contracts, DepositHint,
    MessageKind, OutputHash, QueueMessage,
};
use mezz_settlement::ProofFact;

/// The events of one block from the logs of our contracts in it.
pub(super) fn events(
    head: &Head,
    contracts: &Contracts,
    mut logs: Vec<Log>,
) -> Result<Vec<ContractEvent>, Error> {
    logs.sort_by_key(|log| log.log_index);
    let mut announced = announcements(head, contracts, &logs)?;
    let mut events = Vec::new();
    for log in &logs {
        let event = if log.address() == contracts.inbox {
            inbox_event(head, log, &mut announced)?
        } else if log.address() == contracts.claim_manager {
            claim_event(head, log)?
        } else if log.address() == contracts.query_game {
            game_event(head, log)?
        } else if contracts.sealed_inbox() == Some(log.address()) {
            committee::seal(head, log)?.map(ContractEvent::Committee)
        } else {
            match proofs::event(head, log, contracts)? {
                Some(event) => Some(event),
                None => match &contracts.committee {
                    Some(contracts) => {
                        committee::event(head, log, contracts)?.map(ContractEvent::Committee)
                    }
                    None => None,
                },
            }
        };
        events.extend(event);
    }
    Ok(events)
}

/// A `TransactionDeposited` log that no message has taken yet.
struct Announcement {
    transaction: Option<B256>,
    deposit: Portal::TransactionDeposited,
    hint: DepositHint,
}

fn announcements(
    head: &Head,
    contracts: &Contracts,
    logs: &[Log],
) -> Result<Vec<Announcement>, Error> {
    let deposits = logs.iter().filter(|log| {
        log.address() == contracts.portal
            && log.topic0() == Some(&Portal::TransactionDeposited::SIGNATURE_HASH)
    });
    deposits
        .map(|log| {
            let log_index = log.log_index.ok_or_else(|| foreign(head, log, "it has no index"))?;
            let deposit = decode::<Portal::TransactionDeposited>(head, log)?;
            let hint = DepositHint { l1_block_hash: head.hash, log_index };
            Ok(Announcement { transaction: log.transaction_hash, deposit, hint })
        })
        .collect()
}

fn inbox_event(
    head: &Head,
    log: &Log,
    announced: &mut Vec<Announcement>,
) -> Result<Option<ContractEvent>, Error> {
    match log.topic0() {
        Some(&Inbox::MessageEnqueued::SIGNATURE_HASH) => {
            let event = decode::<Inbox::MessageEnqueued>(head, log)?;
            let message = QueueMessage {
                kind: MessageKind::from(event.kind),
                from: event.from,
                to: event.to,
                value: event.value,
                gas: event.gas,
                data: event.data,
                l1_block: event.l1Block,
                l1_time: event.l1Time,
                index: event.index,
            };
            let hint = (message.kind == MessageKind::Deposit)
                .then(|| take_hint(&message, log, announced))
                .flatten();
            Ok(Some(ContractEvent::MessageEnqueued { message, hint }))
        }
        Some(&Inbox::BatchPosted::SIGNATURE_HASH) => {
            let event = decode::<Inbox::BatchPosted>(head, log)?;
            let header = BatchHeader::from(event.header);
            let acc = Accumulator(event.acc);
            if header.acc() != acc || header.index != event.index {
                return Err(foreign(head, log, "its accumulator is not that of its header"));
            }
            let transaction = transaction(head, log)?;
            Ok(Some(ContractEvent::BatchPosted { header, acc, aux: event.aux, transaction }))
        }
        _ => Ok(None),
    }
}

/// The first announcement of the same transaction with the same content: the portal announces each deposit once, in order.
fn take_hint(
    message: &QueueMessage,
    log: &Log,
    announced: &mut Vec<Announcement>,
) -> Option<DepositHint> {
    let place = announced.iter().position(|announcement| {
        let deposit = &announcement.deposit;
        announcement.transaction == log.transaction_hash
            && (deposit.from, deposit.to) == (message.from, message.to)
            && deposit.opaqueData == message.data
    })?;
    Some(announced.remove(place).hint)
}

fn claim_event(head: &Head, log: &Log) -> Result<Option<ContractEvent>, Error> {
    let index = |index: alloy::primitives::U256| {
        u64::try_from(index).map_err(|_| foreign(head, log, "its index is not a 64-bit number"))
    };
    Ok(Some(match log.topic0() {
        Some(&ClaimManager::ClaimAsserted::SIGNATURE_HASH) => {
            let event = decode::<ClaimManager::ClaimAsserted>(head, log)?;
            let entries: Vec<OutputHash> = event.vector.iter().copied().map(OutputHash).collect();
            let vector: ClaimVector = entries.into_boxed_slice().try_into().unwrap_or_else(|_| {
                unreachable!("the ABI says {CLAIM_ENTRIES} entries; qed");
            });
            ContractEvent::ClaimAsserted {
                content: ContentId(event.contentId),
                parent: ContentId(event.parentId),
                index: index(event.index)?,
                owner: event.owner,
                n1: event.n1,
                child_n1: event.childN1,
                vector_root: event.vectorRoot,
                end: event.endOutput.into(),
                vector,
                transaction: transaction(head, log)?,
            }
        }
        Some(&ClaimManager::ClaimBacked::SIGNATURE_HASH) => {
            let event = decode::<ClaimManager::ClaimBacked>(head, log)?;
            ContractEvent::ClaimBacked { content: ContentId(event.contentId), owner: event.owner }
        }
        Some(&ClaimManager::ClaimConfirmed::SIGNATURE_HASH) => {
            let event = decode::<ClaimManager::ClaimConfirmed>(head, log)?;
            let transaction = transaction(head, log)?;
            ContractEvent::ClaimConfirmed {
                content: ContentId(event.contentId),
                index: index(event.index)?,
                transaction,
            }
        }
        Some(&ClaimManager::InstanceRefuted::SIGNATURE_HASH) => {
            let event = decode::<ClaimManager::InstanceRefuted>(head, log)?;
            ContractEvent::InstanceRefuted {
                content: ContentId(event.contentId),
                owner: event.owner,
            }
        }
        _ => return stake_event(head, log),
    }))
}

/// What becomes of claims and stakes afterwards.
fn stake_event(head: &Head, log: &Log) -> Result<Option<ContractEvent>, Error> {
    Ok(Some(match log.topic0() {
        Some(&ClaimManager::ClaimRejected::SIGNATURE_HASH) => {
            let event = decode::<ClaimManager::ClaimRejected>(head, log)?;
            ContractEvent::ClaimRejected { content: ContentId(event.contentId) }
        }
        Some(&ClaimManager::InstanceSettled::SIGNATURE_HASH) => {
            let event = decode::<ClaimManager::InstanceSettled>(head, log)?;
            let content = ContentId(event.contentId);
            ContractEvent::InstanceSettled { content, owner: event.owner }
        }
        Some(&ClaimManager::StakeDeposited::SIGNATURE_HASH) => {
            let event = decode::<ClaimManager::StakeDeposited>(head, log)?;
            ContractEvent::StakeDeposited { owner: event.owner }
        }
        Some(&ClaimManager::StakeWithdrawn::SIGNATURE_HASH) => {
            let event = decode::<ClaimManager::StakeWithdrawn>(head, log)?;
            ContractEvent::StakeWithdrawn { owner: event.owner }
        }
        Some(&ClaimManager::CreditWithdrawn::SIGNATURE_HASH) => {
            let event = decode::<ClaimManager::CreditWithdrawn>(head, log)?;
            ContractEvent::CreditWithdrawn { owner: event.to, amount: event.amount }
        }
        _ => return Ok(None),
    }))
}

fn game_event(head: &Head, log: &Log) -> Result<Option<ContractEvent>, Error> {
    Ok(Some(match log.topic0() {
        Some(&QueryGame::Queried::SIGNATURE_HASH) => {
            let event = decode::<QueryGame::Queried>(head, log)?;
            ContractEvent::Queried {
                node: event.node,
                content: ContentId(event.content),
                owner: event.owner,
                parent: event.parent,
                index: event.index,
                querier: event.querier,
            }
        }
        Some(&QueryGame::Answered::SIGNATURE_HASH) => {
            let event = decode::<QueryGame::Answered>(head, log)?;
            let vector = Box::new(event.vector);
            ContractEvent::Answered { node: event.node, start: event.start, vector }
        }
        Some(&QueryGame::Proven::SIGNATURE_HASH) => {
            ContractEvent::Proven { node: decode::<QueryGame::Proven>(head, log)?.node }
        }
        Some(&QueryGame::Refuted::SIGNATURE_HASH) => {
            ContractEvent::Refuted { node: decode::<QueryGame::Refuted>(head, log)?.node }
        }
        Some(&QueryGame::Reopened::SIGNATURE_HASH) => {
            let node = decode::<QueryGame::Reopened>(head, log)?.node;
            ContractEvent::Proof(ProofFact::Reopened { node })
        }
        Some(&QueryGame::Reclaimed::SIGNATURE_HASH) => {
            ContractEvent::Reclaimed { node: decode::<QueryGame::Reclaimed>(head, log)?.node }
        }
        Some(&QueryGame::Withdrawn::SIGNATURE_HASH) => {
            let event = decode::<QueryGame::Withdrawn>(head, log)?;
            ContractEvent::CreditWithdrawn { owner: event.to, amount: event.amount }
        }
        _ => return Ok(None),
    }))
}

pub(super) fn decode<E: SolEvent>(head: &Head, log: &Log) -> Result<E, Error> {
    E::decode_log(&log.inner)
        .map(|log| log.data)
        .map_err(|error| foreign(head, log, &error.to_string()))
}

fn transaction(head: &Head, log: &Log) -> Result<B256, Error> {
    log.transaction_hash.ok_or_else(|| foreign(head, log, "it names no transaction"))
}

pub(super) fn foreign(head: &Head, log: &Log, reason: &str) -> Error {
    Error::ForeignLog { address: log.address(), block: head.number, reason: reason.to_owned() }
}
