//! Any move at all with any arguments, most of them nonsense.

use super::{Adversary, Turn, address, lying_answer};
use crate::{
    game::{Move, Path},
    random::Random,
    world::{World, honest},
};
use alloy_primitives::Address;

#[derive(Debug)]
pub(super) struct Garbage {
    seat: u8,
    moves: u64,
}

impl Garbage {
    pub(super) fn new(seat: u8, random: &mut Random) -> Self {
        Self { seat, moves: random.between(1, 12) }
    }

    fn any_move(&self, world: &World, random: &mut Random) -> Move {
        let content = random.below(world.game.contents().count() as u64);
        let owners: Vec<_> = world
            .game
            .content(content)
            .map_or(Vec::new(), |it| it.instances.keys().copied().collect());
        let owner = random.pick(&owners).unwrap_or(honest(0));
        let known: Vec<_> = world.game.nodes_of(content, owner).map(|(path, _)| path).collect();
        let known = random.pick(&known).unwrap_or(Path::CLAIM);
        let deeper = known.entry(random.below(world.game.rules().entries as u64 + 1) as usize);
        let path = if random.chance(50) { deeper.unwrap_or(known) } else { known };
        match random.below(14) {
            0 => Move::Deposit,
            1 => Move::Back { content },
            2 | 3 => Move::Query { content, owner, path },
            4 | 5 => match world.game.node(content, owner, path) {
                Some(node) => {
                    let mut vector = lying_answer(world, random, content, path, node);
                    if random.chance(50) {
                        let mut right = super::truthful(world, content, path, node);
                        if random.chance(20) {
                            right.pop();
                        }
                        vector = right;
                    }
                    Move::Answer { content, owner, path, vector }
                }
                None => Move::Deposit,
            },
            6 => Move::Step { content, owner, path },
            7 => Move::Timeout { content, owner, path },
            8 => Move::Confirm { content, owner },
            9 => Move::Reject { content },
            10 => Move::Settle { content, owner },
            11 => Move::Reclaim { content, owner, path },
            12 => Move::Withdraw,
            _ => Move::WithdrawStake,
        }
    }
}

impl Adversary for Garbage {
    fn act(&mut self, world: &mut World, random: &mut Random, turn: Turn) {
        for _ in 0..random.below(self.moves + 1) {
            let action = self.any_move(world, random);
            let who = address(self.seat, random.below(3) as u8);
            let _ = world.play(who, action);
        }
        if turn == Turn::First && random.chance(20) {
            self.claim_anything(world, random);
        }
    }
}

impl Garbage {
    /// Claims with entries that mean nothing, before the batches are there or after the parent is resolved.
    fn claim_anything(&self, world: &mut World, random: &mut Random) {
        let who: Address = address(self.seat, random.below(3) as u8);
        let parent = random.below(world.game.contents().count() as u64);
        let Some(end) = world.game.content(parent).map(|content| content.end) else { return };
        let count = world.game.rules().entries + usize::from(random.chance(10));
        let right =
            world.game.content(parent).and_then(|it| world.toy.outputs(it.child_n1, it.end));
        let mut vector: Vec<_> = (0..count)
            .map(|_| crate::toy::Toy::other_output(end, random.below(1000), random.chance(30)))
            .collect();
        if let Some(right) = right.filter(|_| random.chance(30)) {
            vector = right;
        }
        let _ = world.play(who, Move::Deposit);
        // Not by way of `claim`: the same content twice is a thing to try.
        let _ = world.play(who, Move::Assert { parent, vector });
    }
}
