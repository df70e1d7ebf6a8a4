//! Sees what the honest parties are about to do, and does it first: their claims, their queries, their steps.

use super::{Adversary, Turn, address, answer_all};
use crate::{
    game::{
        Move,
        honest::{self, Party},
    },
    random::Random,
    world::World,
};

#[derive(Debug)]
pub(super) struct FrontRunner {
    seat: u8,
    rate: u64,
    /// Whether it defends the claims that it copied, or lets them fall.
    answers: bool,
}

impl FrontRunner {
    pub(super) fn new(seat: u8, random: &mut Random) -> Self {
        Self { seat, rate: random.between(20, 100), answers: random.chance(50) }
    }
}

impl Adversary for FrontRunner {
    fn act(&mut self, world: &mut World, random: &mut Random, turn: Turn) {
        if turn == Turn::Last {
            return;
        }
        let me = address(self.seat, 0);
        for party in world.honest.clone() {
            for action in honest::moves(&world.game, &world.toy, party, world.now) {
                let copied = match action {
                    Move::Settle { .. } | Move::Withdraw | Move::WithdrawStake => continue,
                    Move::Deposit if world.game.owner(me).staked => continue,
                    action => action,
                };
                if random.chance(self.rate) {
                    let _ = world.play(me, copied);
                }
            }
        }
        // What an honest party in its place would claim next, once it has a stake.
        let copy = Party { address: me, proposes: true, challenges: true, private: false };
        for action in honest::moves(&world.game, &world.toy, copy, world.now) {
            if matches!(action, Move::Assert { .. } | Move::Back { .. } | Move::Deposit)
                && random.chance(self.rate)
            {
                let _ = world.play(me, action);
            }
        }
        if self.answers {
            answer_all(world, random, &[me], |_, _| true);
        }
    }
}
