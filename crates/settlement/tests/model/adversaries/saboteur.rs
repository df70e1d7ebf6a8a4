//! Claims what is right, lets others build on it, and then makes its own claim fall: by silence, or by answers that are wrong.

use super::{Adversary, Turn, address, lying_answer, open_nodes, possible_queries};
use crate::{
    game::{
        Move,
        honest::{self, Party},
    },
    random::Random,
    world::World,
};

#[derive(Debug)]
pub(super) struct Saboteur {
    seat: u8,
    next: u8,
    /// How likely it turns on itself in a tick, in percent.
    rate: u64,
    silent: bool,
}

impl Saboteur {
    pub(super) fn new(seat: u8, random: &mut Random) -> Self {
        Self { seat, next: 0, rate: random.between(3, 40), silent: random.chance(30) }
    }
}

impl Adversary for Saboteur {
    fn act(&mut self, world: &mut World, random: &mut Random, turn: Turn) {
        let querier = address(self.seat, 7);
        if world.game.owner(address(self.seat, self.next)).slashed.is_some() && self.next < 3 {
            self.next += 1;
        }
        let me = address(self.seat, self.next);
        if turn == Turn::First {
            // Quicker than the honest: the content is its own.
            let copy = Party { address: me, proposes: true, challenges: true, private: false };
            for action in honest::moves(&world.game, &world.toy, copy, world.now) {
                if matches!(action, Move::Assert { .. } | Move::Back { .. } | Move::Deposit) {
                    let _ = world.play(me, action);
                }
            }
        }
        let mine = super::live(&world.game).into_iter().filter(|(_, owner)| *owner == me);
        for (content, owner) in mine.collect::<Vec<_>>() {
            let possible = possible_queries(&world.game, content, owner);
            if random.chance(self.rate)
                && let Some((path, _)) = random.pick(&possible)
            {
                let _ = world.play(querier, Move::Query { content, owner, path });
            }
        }
        for (content, owner, path, node) in open_nodes(&world.game, &[me]) {
            if path.length() == world.game.rules().depth {
                let _ = world.play(querier, Move::Step { content, owner, path });
            } else if !self.silent {
                let vector = lying_answer(world, random, content, path, &node);
                let _ = world.play(me, Move::Answer { content, owner, path, vector });
            } else if world.now > node.deadline {
                let _ = world.play(querier, Move::Timeout { content, owner, path });
            }
        }
    }
}
