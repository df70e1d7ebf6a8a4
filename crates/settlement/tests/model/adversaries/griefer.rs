//! Doubts what is right, everywhere, to keep it from being confirmed and its owner at work.

use super::{Adversary, Turn, address, live, possible_queries};
use crate::{game::Move, random::Random, world::World};
use alloy_primitives::Address;

#[derive(Debug)]
pub(super) struct Griefer {
    who: Address,
    /// How likely it asks what it can, in percent.
    rate: u64,
    /// How many doubts it pays for.
    purse: u64,
    /// Whether it waits for the last moment each time.
    late: bool,
}

impl Griefer {
    pub(super) fn new(seat: u8, random: &mut Random) -> Self {
        Self {
            who: address(seat, 0),
            rate: random.between(2, 50),
            purse: random.between(5, 60),
            late: random.chance(60),
        }
    }
}

impl Adversary for Griefer {
    fn act(&mut self, world: &mut World, random: &mut Random, turn: Turn) {
        if turn == Turn::First && self.late && random.chance(50) {
            return;
        }
        for (content, owner) in live(&world.game) {
            for (path, until) in possible_queries(&world.game, content, owner) {
                let now = if self.late { until == world.now } else { random.chance(self.rate) };
                if now && self.purse > 0 && random.chance(70) {
                    self.purse -= 1;
                    let _ = world.play(self.who, Move::Query { content, owner, path });
                }
            }
        }
    }
}
