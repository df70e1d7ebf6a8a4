//! Makes one doubt of what is right last as long as it can: one path, each query in the last moment. Owns wrong claims that it stretches likewise.

use super::{
    Adversary, Lie, Turn, address, answer_all, claim, climb, live, possible_queries, wrong_claim,
};
use crate::{game::Move, random::Random, world::World};

#[derive(Debug)]
pub(super) struct Staller {
    seat: u8,
    /// Ticks before the last moment.
    margin: u64,
    claims: bool,
}

impl Staller {
    pub(super) fn new(seat: u8, random: &mut Random) -> Self {
        Self { seat, margin: random.below(3), claims: random.chance(50) }
    }
}

impl Adversary for Staller {
    fn act(&mut self, world: &mut World, random: &mut Random, turn: Turn) {
        let (querier, owner) = (address(self.seat, 0), address(self.seat, 1));
        if turn == Turn::First && self.claims && world.now % 5 == 1 {
            let parent = world.right_tip();
            climb(world, owner, parent);
            if let Some(vector) = wrong_claim(world, random, parent, Lie::Any) {
                claim(world, owner, parent, vector);
            }
        }
        let late = world.now + self.margin;
        for (content, owner) in live(&world.game) {
            let queries = possible_queries(&world.game, content, owner);
            let deepest = queries.iter().map(|(path, _)| path.length()).max().unwrap_or(0);
            let due = queries.iter().find(|(path, until)| {
                path.length() == deepest && *until <= late && *until >= world.now
            });
            if let Some((path, _)) = due {
                let _ = world.play(querier, Move::Query { content, owner, path: *path });
            }
        }
        // Once more when it is too late.
        for (content, owner) in live(&world.game) {
            if world.game.is_ripe(world.now, content, owner)
                && let Some((path, _)) = random.pick(&possible_queries(&world.game, content, owner))
            {
                let _ = world.play(querier, Move::Query { content, owner, path });
            }
        }
        answer_all(world, random, &[owner], |_, node| node.deadline <= late);
    }
}
