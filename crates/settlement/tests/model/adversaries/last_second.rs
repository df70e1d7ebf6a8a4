//! Does everything in the last moment of its life: backs wrong claims as they fall or as their siblings are confirmed, asks when windows end, answers when
//! deadlines do.

use super::{
    Adversary, Lie, Turn, address, answer_all, claim, climb, live, possible_queries, wrong_claim,
};
use crate::{
    game::{Move, Path},
    random::Random,
    world::World,
};

#[derive(Debug)]
pub(super) struct LastSecond {
    seat: u8,
    next: u8,
    /// Ticks before the last moment.
    margin: u64,
}

impl LastSecond {
    pub(super) const fn new(seat: u8, random: &mut Random) -> Self {
        Self { seat, next: 0, margin: random.below(2) }
    }
}

impl Adversary for LastSecond {
    fn act(&mut self, world: &mut World, random: &mut Random, turn: Turn) {
        let owner = address(self.seat, self.next % 6);
        let now = world.now + self.margin;
        let mut falls = Vec::new();
        for (content, owner) in live(&world.game) {
            let Some(instance) = world.game.instance(content, owner) else { continue };
            let open = instance.nodes.values().any(|node| node.is_open() && node.deadline <= now);
            if open || world.game.close(content, owner).is_some_and(|close| close <= now) {
                falls.push(content);
            }
        }
        if let Some(content) = random.pick(&falls)
            && turn == Turn::First
            && self.next < 6
        {
            let parent = world.game.content(content).map_or(0, |content| content.parent);
            climb(world, owner, parent);
            let wrong = wrong_claim(world, random, parent, Lie::Middle);
            let made = match wrong {
                Some(vector) if random.chance(50) => claim(world, owner, parent, vector),
                _ => world.play(owner, Move::Back { content }).is_ok(),
            };
            self.next += u8::from(made);
        }
        for (content, owner) in live(&world.game) {
            for (path, until) in possible_queries(&world.game, content, owner) {
                let top = path.parent() == Some(Path::CLAIM);
                if until == now && random.chance(if top { 20 } else { 40 }) {
                    let _ = world.play(address(self.seat, 7), Move::Query { content, owner, path });
                }
            }
        }
        let owners: Vec<_> = (0..6).map(|number| address(self.seat, number)).collect();
        answer_all(world, random, &owners, |_, node| node.deadline <= now);
    }
}
