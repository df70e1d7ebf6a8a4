//! Adversaries with names. Each plays from the same state that everybody sees, moves before the honest parties in every tick (and may move after them
//! too), and has as many owners and as much money as it likes.

mod censor;
mod equivocator;
mod front_runner;
mod garbage;
mod griefer;
mod last_second;
mod liar;
mod saboteur;
mod staller;
mod withholder;

use crate::{
    game::{Game, Machine, Move, Node, Path, Status},
    random::Random,
    toy::Toy,
    world::World,
};
use alloy_primitives::{Address, B256};

pub(crate) use censor::Censor;

/// When in a tick an adversary moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Before the honest parties.
    First,
    /// After them.
    Last,
}

/// Somebody who plays against the rollup.
pub(crate) trait Adversary {
    /// Makes any moves.
    fn act(&mut self, world: &mut World, random: &mut Random, turn: Turn);
}

/// Puts an adversary into a seat, with habits of its own.
pub(crate) type Make = fn(u8, &mut Random) -> Box<dyn Adversary>;

/// All of them but the censor, by name.
pub(crate) const ALL: [(&str, Make); 9] = [
    ("equivocator", |seat, random| Box::new(equivocator::Equivocator::new(seat, random))),
    ("front_runner", |seat, random| Box::new(front_runner::FrontRunner::new(seat, random))),
    ("garbage", |seat, random| Box::new(garbage::Garbage::new(seat, random))),
    ("griefer", |seat, random| Box::new(griefer::Griefer::new(seat, random))),
    ("last_second", |seat, random| Box::new(last_second::LastSecond::new(seat, random))),
    ("liar", |seat, random| Box::new(liar::Liar::new(seat, random))),
    ("saboteur", |seat, random| Box::new(saboteur::Saboteur::new(seat, random))),
    ("staller", |seat, random| Box::new(staller::Staller::new(seat, random))),
    ("withholder", |seat, random| Box::new(withholder::Withholder::new(seat, random))),
];

/// The address of the adversary in this seat that bears this number.
pub(crate) const fn address(seat: u8, number: u8) -> Address {
    Address::with_last_byte(0x10 + seat * 8 + number)
}

/// How a vector is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    /// From some entry on, as if one step had gone wrong.
    From,
    /// In one entry only: the end is right.
    Middle,
    /// In the last entry only.
    End,
    /// In any entries.
    Any,
}

/// A claim on `parent` that is wrong in this way, if there can be one yet.
pub(crate) fn wrong_claim(
    world: &World,
    random: &mut Random,
    parent: u64,
    lie: Lie,
) -> Option<Vec<B256>> {
    let above = world.game.content(parent)?;
    let mut vector = world.toy.outputs(above.child_n1, above.end)?;
    let count = vector.len() as u64;
    let unknown = random.chance(15);
    let mut spoil = |vector: &mut [B256], index: usize| {
        vector[index] = Toy::other_output(vector[index], random.below(1000), unknown);
    };
    match lie {
        Lie::From => {
            let first = world.now as usize * 7 % count as usize;
            spoil(&mut vector, first);
            // What follows is computed rightly from the wrong entry.
            for index in first + 1..vector.len() {
                let next = world.toy.outputs(above.child_n1, vector[index - 1])?;
                vector[index] = if unknown { vector[index] } else { next[0] };
            }
        }
        Lie::Middle => spoil(&mut vector, (world.now % (count - 1)) as usize),
        Lie::End => spoil(&mut vector, count as usize - 1),
        Lie::Any => {
            (0..vector.len()).filter(|index| (world.now >> index) & 1 == 0).for_each(|index| {
                spoil(&mut vector, index);
            });
        }
    }
    Some(vector)
}

/// What the owner of this instance would answer if it told the truth from the node's start on.
pub(crate) fn truthful(world: &World, content: u64, path: Path, node: &Node) -> Vec<B256> {
    let n1 = world.game.content(content).map_or(0, |content| content.n1);
    let begin = if path.length() == 1 { world.toy.initial(n1, node.start) } else { node.start };
    world.toy.vector(begin, path.length())
}

/// An answer that the rules take: it ends where it must, and is spoilt before.
pub(crate) fn lying_answer(
    world: &World,
    random: &mut Random,
    content: u64,
    path: Path,
    node: &Node,
) -> Vec<B256> {
    let mut vector = truthful(world, content, path, node);
    let last = vector.len() - 1;
    let unknown = random.chance(10);
    match random.below(4) {
        // Right as far as it can be: the lie is in the last entry alone.
        0 | 1 => {}
        2 => {
            let from = random.below(last as u64) as usize;
            for entry in &mut vector[from..last] {
                *entry = Toy::other_state(*entry, random.below(1000), unknown);
            }
        }
        _ => {
            let index = random.below(last as u64) as usize;
            vector[index] = Toy::other_state(vector[index], random.below(1000), unknown);
        }
    }
    let ends_right = path.length() == 1 && world.toy.output(vector[last]) == Some(node.end);
    if !ends_right {
        vector[last] = if path.length() == 1 { Toy::halted(node.end) } else { node.end };
    }
    vector
}

/// The open doubts about instances of these owners.
pub(crate) fn open_nodes(game: &Game, owners: &[Address]) -> Vec<(u64, Address, Path, Node)> {
    let mut open = Vec::new();
    for (content, owner, instance) in game.instances() {
        if owners.contains(&owner) && game.status(content, owner) == Some(Status::Live) {
            let nodes = instance.nodes.iter().filter(|(_, node)| node.is_open());
            open.extend(nodes.map(|(path, node)| (content, owner, *path, node.clone())));
        }
    }
    open
}

/// The instances that may still be doubted.
pub(crate) fn live(game: &Game) -> Vec<(u64, Address)> {
    let all = game.instances().map(|(content, owner, _)| (content, owner));
    all.filter(|(content, owner)| game.is_live(*content, *owner)).collect()
}

/// The doubts that may be raised about an instance now, and until when.
pub(crate) fn possible_queries(game: &Game, content: u64, owner: Address) -> Vec<(Path, u64)> {
    let Some(instance) = game.instance(content, owner) else { return Vec::new() };
    let top = (Path::CLAIM, instance.created_at + game.rules().window);
    let answered = instance
        .nodes
        .iter()
        .filter_map(|(path, node)| node.answer().map(|answer| (*path, answer.child_close)));
    let mut possible = Vec::new();
    for (above, until) in std::iter::once(top).chain(answered) {
        if above.length() < game.rules().depth {
            let entries = (0..game.rules().entries).filter_map(|index| above.entry(index));
            let free = entries.filter(|path| !instance.nodes.contains_key(path));
            possible.extend(free.map(|path| (path, until)));
        }
    }
    possible
}

/// Deposits if need be and claims, or backs if somebody has claimed the same.
pub(crate) fn claim(world: &mut World, who: Address, parent: u64, vector: Vec<B256>) -> bool {
    if !world.game.owner(who).staked {
        let _ = world.play(who, Move::Deposit);
    }
    let mut children = world.game.children(parent);
    let known = children.find(|(_, child)| child.vector == vector).map(|(index, _)| index);
    drop(children);
    let action = match known {
        Some(content) => Move::Back { content },
        None => Move::Assert { parent, vector },
    };
    world.play(who, action).is_ok()
}

/// Claims or backs what is right from the head on, as far as `until`: whoever wants to claim below must stand there.
pub(crate) fn climb(world: &mut World, who: Address, until: u64) {
    if !world.game.owner(who).staked {
        let _ = world.play(who, Move::Deposit);
    }
    let mut way = vec![until];
    while let Some(content) = way.last().and_then(|last| world.game.content(*last)) {
        if content.mark.is_some() {
            break;
        }
        way.push(content.parent);
    }
    for content in way.into_iter().rev() {
        if world.game.instance(content, who).is_none() {
            let _ = world.play(who, Move::Back { content });
        }
    }
}

/// Answers, or steps, every open doubt about these owners' instances that `due` names, with lies where the truth would lose.
pub(crate) fn answer_all(
    world: &mut World,
    random: &mut Random,
    owners: &[Address],
    due: impl Fn(&mut Random, &Node) -> bool,
) {
    for (content, owner, path, node) in open_nodes(&world.game, owners) {
        if !due(random, &node) {
            continue;
        }
        if cheat(world, content, owner, path, &node) {
            continue;
        }
        if path.length() == world.game.rules().depth {
            if world.toy.step(node.start) == Some(node.end) {
                let _ = world.play(owner, Move::Step { content, owner, path });
            }
        } else {
            let vector = lying_answer(world, random, content, path, &node);
            let _ = world.play(owner, Move::Answer { content, owner, path, vector });
        }
    }
}

/// What would save a lost doubt, if a rule were missing: each is refused.
fn cheat(world: &mut World, content: u64, owner: Address, path: Path, node: &Node) -> bool {
    let truth = truthful(world, content, path, node);
    let ends = |vector: &[B256]| match path.length() {
        1 => world.toy.output(vector[vector.len() - 1]) == Some(node.end),
        _ => vector[vector.len() - 1] == node.end,
    };
    if path.length() == world.game.rules().depth {
        let lost = world.toy.step(node.start) != Some(node.end);
        let vector = vec![node.end; truth.len()];
        return lost
            && (world.play(owner, Move::Answer { content, owner, path, vector }).is_ok()
                || (world.toy.step(node.start).is_none()
                    && world.play(owner, Move::Step { content, owner, path }).is_ok()));
    }
    if ends(&truth) {
        return false;
    }
    let end = if path.length() == 1 { Toy::halted(node.end) } else { node.end };
    let longer = [truth.clone(), vec![end]].concat();
    let mut tries = [truth, longer].into_iter();
    tries.any(|vector| world.play(owner, Move::Answer { content, owner, path, vector }).is_ok())
}

/// Takes the stake away from a claim that is still live, if a rule were missing.
pub(crate) fn flee(world: &mut World, owner: Address) {
    let confirmed: Vec<_> = world
        .game
        .instances()
        .filter(|(content, who, _)| {
            *who == owner && world.game.status(*content, owner) == Some(Status::Confirmed)
        })
        .map(|(content, ..)| content)
        .collect();
    for content in confirmed {
        while world.game.owner(owner).open_instances > 0
            && world.play(owner, Move::Settle { content, owner }).is_ok()
        {}
    }
    let _ = world.play(owner, Move::WithdrawStake);
}
