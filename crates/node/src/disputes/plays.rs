//! The moves about claims and demands, made on L1.
//!
//! Each says in the log what it does and why.

use super::proving;
use crate::{
    Error,
    acts::{Acts, Done},
};
use alloy::{eips::BlockNumberOrTag, sol_types::SolCall};
use alloy_primitives::{Address, B256, Bytes, U256};
use mezz_l1::{
    Call,
    contracts::{ClaimManager, DaChallenge, ProofRouter, QueryGame},
};
use mezz_primitives::{CLAIM_ENTRIES, ContentId, vector_proof};
use mezz_settlement::{
    Disputes, Move, Role, Settlement,
    game::{Game, Path},
};
use parking_lot::RwLock;

/// Makes moves of one role that do not depend on each other, in one row of transactions.
pub(crate) async fn play(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    row: &[Move],
) -> Result<Done, Error> {
    let Some(role) = row.first().map(Move::role) else { return Ok(Done::default()) };
    let (mut done, mut of, mut all) = (Done::default(), Vec::new(), Vec::new());
    for due in row {
        match calls(acts, settlement, due).await {
            Ok(calls) => {
                of.extend(calls.iter().map(|_| due));
                all.extend(calls);
            }
            Err(error) => done.failed.push((due.clone(), error)),
        }
    }
    for (due, outcome) in of.into_iter().zip(acts.sender(role)?.send_each(all).await?) {
        match outcome {
            Ok(receipt) => {
                acts.metrics.dispute_gas.add(receipt.gas_used);
                done.on_l1 = done.on_l1.max(receipt.block_number.unwrap_or_default());
            }
            Err(error) => done.failed.push((due.clone(), error.into())),
        }
    }
    Ok(done)
}

/// What a move has L1 do.
async fn calls(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    due: &Move,
) -> Result<Vec<Call>, Error> {
    let manager = acts.contracts.claim_manager;
    let call = match *due {
        Move::Stake => {
            tracing::info!(stake = %acts.config.stake, "deposits the stake");
            Call::to(manager, &ClaimManager::depositCall {}).with_value(acts.config.stake)
        }
        Move::Back { content } => {
            tracing::info!(claim = %content.0, "backs a claim that is right");
            Call::to(manager, &ClaimManager::backCall { contentId: content.0 })
        }
        Move::Confirm { content, owner } => {
            match owner.is_zero() {
                true => tracing::info!(claim = %content.0, "confirms a claim that is proven"),
                false => {
                    tracing::info!(claim = %content.0, %owner, "confirms a claim that nobody refuted")
                }
            }
            Call::to(manager, &ClaimManager::confirmCall { contentId: content.0, owner })
        }
        Move::Reject { content } => {
            tracing::info!(claim = %content.0, "marks a claim that can never be final");
            Call::to(manager, &ClaimManager::rejectCall { contentId: content.0 })
        }
        Move::Settle { content, owner } => {
            Call::to(manager, &ClaimManager::settleCall { contentId: content.0, owner })
        }
        Move::Query { content, owner, path } => {
            let call = query(settlement, content, owner, path)?;
            let (depth, entry) = (path.length() - 1, path.last());
            tracing::info!(claim = %content.0, %owner, depth, ?path, entry, "the claim is wrong here and right before: asks its owner for detail");
            game_call(acts, &call).with_value(acts.config.bond)
        }
        Move::Answer { content, path } => answer(acts, settlement, content, path).await?,
        Move::Step { content, owner, path, .. } => {
            step(acts, settlement, content, owner, path).await?
        }
        Move::Timeout { content, owner, path } => {
            tracing::info!(claim = %content.0, %owner, ?path, "the owner let its time pass: refutes the claim");
            let node = Disputes::node_id(content, owner, path);
            game_call(acts, &QueryGame::timeoutCall { node })
        }
        Move::Reclaim { content, owner, path, .. } => {
            let node = Disputes::node_id(content, owner, path);
            game_call(acts, &QueryGame::reclaimCall { node })
        }
        Move::Reopen { content, owner, path, .. } => {
            tracing::info!(claim = %content.0, %owner, ?path, "opens a doubt again that a proof had settled");
            let node = Disputes::node_id(content, owner, path);
            game_call(acts, &QueryGame::reopenCall { node })
        }
        Move::Prove { .. }
        | Move::AnswerByProof { .. }
        | Move::RefuteByProof { .. }
        | Move::Contradict { .. }
        | Move::Report { .. }
        | Move::ProveSignatures { .. } => proving::call(acts, settlement, due).await?,
        Move::Seal { count } => acts.seal(settlement, count)?,
        Move::Demand { index } => acts.demand(settlement, index).await?,
        Move::Show { index, chunk, .. } => acts.show(settlement, index, chunk).await?,
        Move::ReclaimDemand { index } => acts.reclaim_demand(index)?,
        Move::Collect { by } => return collect(acts, by).await,
        _ => return Ok(Vec::new()),
    };
    Ok(vec![call])
}

fn game_call(acts: &Acts, call: &impl SolCall) -> Call {
    Call::to(acts.contracts.query_game, call)
}

/// The call that doubts an entry.
fn query(
    settlement: &RwLock<Settlement>,
    id: ContentId,
    owner: Address,
    path: Path,
) -> Result<QueryGame::queryCall, Error> {
    let settlement = settlement.read();
    let disputes = settlement.disputes();
    let doubted = disputes
        .content(id)
        .and_then(|content| doubted(disputes.game(), content, owner, path))
        .ok_or(Error::Reorged)?;
    let (parent, index, start, vector) = doubted;
    let before = index.checked_sub(1);
    Ok(QueryGame::queryCall {
        content: id.0,
        owner,
        parent: Disputes::node_id(id, owner, parent),
        index,
        start: before.map_or(start, |before| vector[usize::from(before)]),
        end: vector[usize::from(index)],
        startProof: before.map_or_else(Vec::new, |before| vector_proof(vector, before)),
        endProof: vector_proof(vector, index),
    })
}

/// The doubt above a path, the entry in it that the path names, and start and entries of the vector.
type Doubted<'a> = (Path, u8, B256, &'a [B256; CLAIM_ENTRIES]);

pub(super) fn doubted(
    game: &Game,
    content: u64,
    owner: Address,
    path: Path,
) -> Option<Doubted<'_>> {
    let (parent, index) = (path.parent()?, path.indices().last().copied()?);
    let (start, vector) = match game.node(content, owner, parent) {
        Some(node) => node.answer().map(|answer| (answer.start, &answer.vector))?,
        None => {
            let content = game.content(content)?;
            (game.content(content.parent)?.end, &content.vector)
        }
    };
    Some((parent, index, start, vector.as_slice().try_into().ok()?))
}

/// Batches that the parent of a content covers and that the content covers.
fn batches(settlement: &RwLock<Settlement>, id: ContentId) -> Result<(u64, u64), Error> {
    let settlement = settlement.read();
    let disputes = settlement.disputes();
    let content = disputes.content(id).and_then(|content| disputes.game().content(content));
    let content = content.ok_or(Error::Reorged)?;
    let parent = disputes.game().content(content.parent).ok_or(Error::Reorged)?;
    Ok((parent.n1, content.n1))
}

async fn answer(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    content: ContentId,
    path: Path,
) -> Result<Call, Error> {
    let sender = acts.sender(Role::Proposer)?;
    let node = Disputes::node_id(content, sender.address(), path);
    let covered = batches(settlement, content)?;
    let known = settlement.read().right_answer(content, path).map(<[B256]>::to_vec);
    let vector = match known {
        Some(vector) => vector,
        None => acts.disputes.answer(acts, settlement, covered, path).await?,
    };
    let vector = vector.try_into().map_err(|_| Error::Reorged)?;
    let state = match path.length() {
        1 => acts.disputes.final_state(acts, settlement, covered, path).await?.encode().into(),
        _ => Bytes::new(),
    };
    tracing::info!(claim = %content.0, depth = path.length() - 1, ?path, "answers a doubt about its claim");
    let call = QueryGame::answerCall { node, vector, finalState: state };
    Ok(game_call(acts, &call))
}

async fn step(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    content: ContentId,
    owner: Address,
    path: Path,
) -> Result<Call, Error> {
    let covered = batches(settlement, content)?;
    let witness = acts.disputes.witness(acts, settlement, covered, path).await?;
    tracing::info!(claim = %content.0, %owner, ?path, "lets L1 execute the one instruction that is in doubt");
    let call = QueryGame::stepCall {
        node: Disputes::node_id(content, owner, path),
        state: witness.state.into(),
        proof: witness.proof,
        aux: witness.aux,
    };
    Ok(game_call(acts, &call))
}

/// Takes what claim manager and game have credited.
async fn collect(acts: &Acts, role: Role) -> Result<Vec<Call>, Error> {
    let who = acts.sender(role)?.address();
    let (manager, game) = (acts.contracts.claim_manager, acts.contracts.query_game);
    let latest = BlockNumberOrTag::Latest;
    let stakes = acts.client.call(manager, &ClaimManager::creditsCall { who }, latest).await?;
    let bonds = acts.client.call(game, &QueryGame::creditsCall { who }, latest).await?;
    let router = acts.contracts.proofs.map(|proofs| proofs.router);
    let bounties = match router {
        Some(at) => acts.client.call(at, &ProofRouter::creditsCall { who }, latest).await?,
        None => U256::ZERO,
    };
    let challenges = acts.contracts.committee.map(|committee| committee.challenges);
    let demands = match challenges {
        Some(at) => acts.client.call(at, &DaChallenge::creditsCall { who }, latest).await?,
        None => U256::ZERO,
    };
    tracing::info!(%stakes, %bonds, %demands, %bounties, "collects what disputes, demands and alarms have brought");
    let stakes =
        (!stakes.is_zero()).then(|| Call::to(manager, &ClaimManager::withdrawCreditCall {}));
    let bonds = (!bonds.is_zero()).then(|| game_call(acts, &QueryGame::withdrawCall {}));
    let demands = challenges
        .filter(|_| !demands.is_zero())
        .map(|at| Call::to(at, &DaChallenge::withdrawCall {}));
    let bounties = router
        .filter(|_| !bounties.is_zero())
        .map(|at| Call::to(at, &ProofRouter::withdrawCall {}));
    Ok([stakes, bonds, demands, bounties].into_iter().flatten().collect())
}
