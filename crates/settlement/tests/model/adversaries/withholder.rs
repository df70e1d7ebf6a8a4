//! Claims and then is silent, or goes silent somewhere on the way; asks itself the question that matters and leaves it there.

use super::{
    Adversary, Lie, Turn, address, answer_all, claim, climb, possible_queries, wrong_claim,
};
use crate::{
    game::{Move, honest::Oracle},
    random::Random,
    world::World,
};
use alloy_primitives::Address;

#[derive(Debug)]
pub(super) struct Withholder {
    owner: Address,
    querier: Address,
    right: bool,
    /// It answers doubts of so many indices and no longer ones.
    answers_to: usize,
}

impl Withholder {
    pub(super) fn new(seat: u8, random: &mut Random) -> Self {
        Self {
            owner: address(seat, 0),
            querier: address(seat, 1),
            right: random.chance(30),
            answers_to: random.below(4) as usize,
        }
    }
}

impl Adversary for Withholder {
    fn act(&mut self, world: &mut World, random: &mut Random, turn: Turn) {
        if turn == Turn::First && world.game.owner(self.owner).open_instances == 0 {
            let parent = world.right_tip();
            climb(world, self.owner, parent);
            let vector = if self.right {
                world.toy.claim(&world.game, parent)
            } else {
                wrong_claim(world, random, parent, Lie::From)
            };
            if let Some(vector) = vector {
                claim(world, self.owner, parent, vector);
            }
        }
        let mine: Vec<_> = super::live(&world.game)
            .into_iter()
            .filter(|(_, owner)| *owner == self.owner)
            .collect();
        for (content, owner) in mine {
            for (path, _) in possible_queries(&world.game, content, owner) {
                // Everything near the top at once, so that nobody else can ask it later.
                if path.length() <= self.answers_to && random.chance(60) {
                    let _ = world.play(self.querier, Move::Query { content, owner, path });
                }
            }
        }
        let answers_to = self.answers_to;
        let owner = self.owner;
        let open = super::open_nodes(&world.game, &[owner]);
        if open.iter().any(|(_, _, path, _)| path.length() <= answers_to) {
            answer_all(world, random, &[owner], |_, _| true);
        }
    }
}
