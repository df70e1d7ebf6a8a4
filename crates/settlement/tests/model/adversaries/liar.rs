//! Claims what is wrong and defends it as well as can be.

use super::{Adversary, Lie, Turn, address, answer_all, claim, climb, flee, wrong_claim};
use crate::{random::Random, world::World};
use alloy_primitives::Address;

#[derive(Debug)]
pub(super) struct Liar {
    owners: Vec<Address>,
    /// How often it claims, in percent of the ticks.
    rate: u64,
    /// Whether it answers in the last moment.
    late: bool,
    lie: Lie,
}

impl Liar {
    pub(super) fn new(seat: u8, random: &mut Random) -> Self {
        let lies = [Lie::From, Lie::Middle, Lie::End, Lie::Any];
        Self {
            owners: (0..random.between(1, 4) as u8).map(|number| address(seat, number)).collect(),
            rate: random.between(5, 60),
            late: random.chance(50),
            lie: lies[random.below(4) as usize],
        }
    }
}

impl Adversary for Liar {
    fn act(&mut self, world: &mut World, random: &mut Random, turn: Turn) {
        if turn == Turn::First && random.chance(self.rate) {
            // Anywhere: on the right tip, beside what is right, on what is wrong.
            let parent = random.below(world.game.contents().count() as u64);
            let owner = random.pick(&self.owners).expect("there is an owner; qed");
            climb(world, owner, parent);
            if let Some(vector) = wrong_claim(world, random, parent, self.lie) {
                claim(world, owner, parent, vector);
            }
        }
        if random.chance(10) {
            self.owners.iter().for_each(|owner| flee(world, *owner));
        }
        let (now, late) = (world.now, self.late);
        answer_all(world, random, &self.owners, |_, node| !late || node.deadline <= now);
    }
}
