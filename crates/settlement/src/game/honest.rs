//! What a party that knows what is right does: every move that is due, as a function of what L1 shows.
//!
//! It holds nothing and remembers nothing: a move is named for as long as its effect is not on L1. So a lost transaction, a rival that was quicker,
//! a restart and a second honest party need no code of their own.
//!
//! - It claims what is right, and backs each right claim that it builds on: an owner may sabotage its own right claim, and then this one stands.
//! - It doubts the first wrong entry of each wrong claim on a right one, whoever owns it and however right its end, and goes on at once along that
//!   path, whoever asked the earlier queries. What builds on a wrong claim falls with it.
//! - It answers every doubt about its own instances.

use super::{Game, Move, Path, Status};
use alloy_primitives::{Address, B256};

/// What is right, as far as it is known.
///
/// It is about the batches that L1 has now: a content names them, so that what is said of others is refused by L1.
pub trait Oracle {
    /// The right claim on `parent`, which is right itself; `None` while its batches are not there.
    fn claim(&self, game: &Game, parent: u64) -> Option<Vec<B256>>;

    /// The right answer to the doubt `path` about a claim on `parent` that is right up to there.
    fn answer(&self, game: &Game, parent: u64, path: Path) -> Option<Vec<B256>>;
}

/// Somebody who plays by this strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// Its address.
    pub address: Address,
    /// Whether it claims; without this it needs no stake.
    pub proposes: bool,
    /// Whether it doubts what is wrong; without this it needs no bonds.
    pub challenges: bool,
    /// Whether nobody may learn from it what the machine reads: then it refutes a wrong instruction by the owner's time, and not by a step.
    pub private: bool,
}

/// The moves due, the most urgent first. Each is allowed now; one may make another superfluous.
pub fn moves(game: &Game, oracle: &impl Oracle, party: Party, now: u64) -> Vec<Move> {
    let mut due = Vec::new();
    let mut parent = game.head();
    while let Some(right) = oracle.claim(game, parent) {
        let mut next = None;
        for (content, child) in game.children(parent) {
            if child.vector == right {
                next = Some(content);
                defend(game, oracle, party, parent, content, &mut due);
            } else if party.challenges {
                challenge(game, oracle, party, now, parent, content, &right, &mut due);
            }
        }
        if party.proposes {
            claim(game, party.address, parent, next, right, &mut due);
        }
        let Some(content) = next else { break };
        confirm(game, now, content, &mut due);
        parent = content;
    }
    collect(game, party.address, &mut due);
    due.sort_by_key(|action| last_moment(game, action));
    due
}

/// Until when a move may be made; for ever where nothing is lost by waiting.
pub fn last_moment(game: &Game, action: &Move) -> u64 {
    let moment = match action {
        Move::Query { content, owner, path } => match path.parent() {
            Some(above) if above != Path::CLAIM => {
                game.node(*content, *owner, above).and_then(|node| Some(node.answer()?.child_close))
            }
            _ => game
                .instance(*content, *owner)
                .map(|instance| instance.created_at + game.rules().window),
        },
        Move::Answer { content, owner, path, .. } | Move::Step { content, owner, path } => {
            game.node(*content, *owner, *path).map(|node| node.deadline)
        }
        _ => None,
    };
    moment.unwrap_or(u64::MAX)
}

/// What anybody may do for everybody once things are resolved, so that all that is due to anyone can be withdrawn.
pub fn sweep(game: &Game) -> Vec<Move> {
    let mut due: Vec<_> = rejections(game).collect();
    for (content, owner, instance) in game.instances() {
        let status = game.status(content, owner);
        if matches!(status, Some(Status::Confirmed | Status::Rejected)) && !instance.settled {
            due.push(Move::Settle { content, owner });
        }
        if status != Some(Status::Live) {
            let bonded = instance.nodes.iter().filter(|(_, node)| node.bonded);
            due.extend(bonded.map(|(path, _)| Move::Reclaim { content, owner, path: *path }));
        }
    }
    due
}

/// Claims the right outputs on `parent`, or backs whoever did.
fn claim(
    game: &Game,
    me: Address,
    parent: u64,
    right: Option<u64>,
    vector: Vec<B256>,
    due: &mut Vec<Move>,
) {
    let owner = game.owner(me);
    let backed = right.is_some_and(|content| game.instance(content, me).is_some());
    if owner.slashed.is_some() || backed {
        return;
    }
    let builds = game.extends(me, parent);
    match right {
        _ if !owner.staked => due.push(Move::Deposit),
        Some(content) if builds => due.push(Move::Back { content }),
        None if builds => due.push(Move::Assert { parent, vector }),
        _ => {}
    }
}

/// Answers the doubts about one's own instance of a right content.
fn defend(
    game: &Game,
    oracle: &impl Oracle,
    party: Party,
    parent: u64,
    content: u64,
    due: &mut Vec<Move>,
) {
    let owner = party.address;
    if !game.is_live(content, owner) {
        return;
    }
    for (path, _) in game.nodes_of(content, owner).filter(|(_, node)| node.is_open()) {
        if path.length() == game.rules().depth {
            due.push(Move::Step { content, owner, path });
        } else if let Some(vector) = oracle.answer(game, parent, path) {
            due.push(Move::Answer { content, owner, path, vector });
        }
    }
}

/// Leads each live instance of a wrong content to its end, along the first wrong entries.
#[allow(clippy::too_many_arguments, reason = "a claim, who doubts it, and what is right")]
fn challenge(
    game: &Game,
    oracle: &impl Oracle,
    party: Party,
    now: u64,
    parent: u64,
    content: u64,
    right: &[B256],
    due: &mut Vec<Move>,
) {
    let Some(wrong) = game.content(content) else { return };
    for (owner, instance) in &wrong.instances {
        let owner = *owner;
        if !game.is_live(content, owner) {
            continue;
        }
        let mut overdue =
            instance.nodes.iter().filter(|(_, node)| node.is_open() && now > node.deadline);
        if let Some((path, _)) = overdue.next() {
            due.push(Move::Timeout { content, owner, path: *path });
            // A leaf may still be proven in the last moment, and the next one as well: the honest path goes on meanwhile.
            if path.length() < game.rules().depth {
                continue;
            }
        }
        let mut path = first_wrong(Path::CLAIM, &wrong.vector, right);
        while let Some(doubt) = path {
            let Some(node) = instance.nodes.get(&doubt) else {
                due.push(Move::Query { content, owner, path: doubt });
                break;
            };
            if node.is_open() && doubt.length() == game.rules().depth && !party.private {
                due.push(Move::Step { content, owner, path: doubt });
            }
            let right = node.answer().and_then(|_| oracle.answer(game, parent, doubt));
            path = node
                .answer()
                .zip(right)
                .and_then(|(answer, right)| first_wrong(doubt, &answer.vector, &right));
        }
    }
}

/// The first entry that is wrong: the one before it is right.
fn first_wrong(above: Path, vector: &[B256], right: &[B256]) -> Option<Path> {
    let index = vector.iter().zip(right).position(|(claimed, right)| claimed != right)?;
    above.entry(index)
}

fn confirm(game: &Game, now: u64, content: u64, due: &mut Vec<Move>) {
    due.extend(game.ripe_by(now, content).map(|owner| Move::Confirm { content, owner }));
}

/// Books what has ended and takes what is due to oneself.
fn collect(game: &Game, me: Address, due: &mut Vec<Move>) {
    due.extend(rejections(game));
    for (content, owner, instance) in game.instances() {
        let status = game.status(content, owner);
        let ended = matches!(status, Some(Status::Confirmed | Status::Rejected));
        if ended && owner == me && !instance.settled {
            due.push(Move::Settle { content, owner });
        }
        let mine = |querier: Address| match status {
            Some(Status::Confirmed) => owner == me,
            Some(Status::Refuted | Status::Rejected) => querier == me,
            _ => false,
        };
        let bonds = instance.nodes.iter().filter(|(_, node)| node.bonded && mine(node.querier));
        due.extend(bonds.map(|(path, _)| Move::Reclaim { content, owner, path: *path }));
    }
    if game.purse().credit(me) != 0 {
        due.push(Move::Withdraw);
    }
}

/// Contents that can never be confirmed and have children that wait to hear it.
fn rejections(game: &Game) -> impl Iterator<Item = Move> {
    let rejected = game.contents().filter(|(index, content)| {
        content.mark.is_none()
            && game.resolution(*index).0 == Status::Rejected
            && game.children(*index).next().is_some()
    });
    rejected.map(|(content, _)| Move::Reject { content })
}
