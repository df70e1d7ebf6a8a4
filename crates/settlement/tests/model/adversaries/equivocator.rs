//! One owner in as many contents as the rules let it, right and wrong ones, and one more owner for each that it loses.

use super::{Adversary, Lie, Turn, address, answer_all, claim, wrong_claim};
use crate::{
    game::{Move, honest::Oracle},
    random::Random,
    world::World,
};

#[derive(Debug)]
pub(super) struct Equivocator {
    seat: u8,
    next: u8,
    late: bool,
}

impl Equivocator {
    pub(super) fn new(seat: u8, random: &mut Random) -> Self {
        Self { seat, next: 0, late: random.chance(50) }
    }
}

impl Adversary for Equivocator {
    fn act(&mut self, world: &mut World, random: &mut Random, turn: Turn) {
        let mut owner = address(self.seat, self.next);
        if world.game.owner(owner).slashed.is_some() && self.next < 5 {
            self.next += 1;
            owner = address(self.seat, self.next);
        }
        if turn == Turn::First {
            let contents = world.game.contents().count() as u64;
            for parent in 0..contents {
                if let Some(vector) = wrong_claim(world, random, parent, Lie::From)
                    && random.chance(30)
                {
                    claim(world, owner, parent, vector);
                }
                if let Some(vector) = world.toy.claim(&world.game, parent)
                    && random.chance(10)
                {
                    claim(world, owner, parent, vector);
                }
                if random.chance(30) {
                    let _ = world.play(owner, Move::Back { content: parent });
                }
            }
        }
        let all: Vec<_> = (0..=self.next).map(|number| address(self.seat, number)).collect();
        let (now, late) = (world.now, self.late);
        answer_all(world, random, &all, |_, node| !late || node.deadline <= now);
    }
}
