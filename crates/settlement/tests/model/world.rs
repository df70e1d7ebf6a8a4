//! One L1 with one rollup, and everybody who plays on it.

use crate::{
    checks::{Books, Violation},
    game::{
        Error, Game, Move, Mutation, Rules, Status,
        honest::{self, Oracle, Party},
    },
    toy::Toy,
};
use alloy_primitives::Address;
use std::collections::BTreeSet;

/// Everything there is. Only [`World::play`] changes the game, and checks it afterwards.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) game: Game,
    pub(crate) toy: Toy,
    pub(crate) now: u64,
    pub(crate) honest: Vec<Party>,
    pub(crate) log: Vec<Entry>,
    pub(crate) books: Books,
    /// The first check that failed.
    pub(crate) violation: Option<Violation>,
}

/// One move that was made.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) at: u64,
    pub(crate) who: Address,
    pub(crate) action: Move,
}

/// The address of an honest party.
pub(crate) const fn honest(number: u8) -> Address {
    Address::with_last_byte(number + 1)
}

/// Gets what is forfeited.
pub(crate) const TREASURY: Address = Address::with_last_byte(0xff);

impl World {
    pub(crate) fn new(rules: Rules, honest: Vec<Party>, mutation: Option<Mutation>) -> Self {
        let mut game = Game::new(rules, Toy::genesis());
        game.mutation = mutation;
        Self {
            game,
            toy: Toy::new(&rules),
            now: 0,
            honest,
            log: Vec::new(),
            books: Books::default(),
            violation: None,
        }
    }

    pub(crate) fn post(&mut self, blocks: u64, data: u64) {
        self.game.post(blocks);
        self.toy.post(blocks, data);
    }

    /// Makes a move, and checks what must hold after it.
    pub(crate) fn play(&mut self, who: Address, action: Move) -> Result<(), Error> {
        self.game.apply(self.now, who, &action, &self.toy)?;
        let entry = Entry { at: self.now, who, action };
        if self.violation.is_none() {
            let parties = &self.honest;
            let found = self.books.after(&self.game, &self.toy, parties, self.now, &entry);
            self.violation = found.err();
        }
        self.log.push(entry);
        Ok(())
    }

    /// The honest parties make all their moves.
    pub(crate) fn act_honestly(&mut self) {
        for party in self.honest.clone() {
            self.act_as(party);
        }
    }

    pub(crate) fn act_as(&mut self, party: Party) {
        while self.violation.is_none() {
            let due = honest::moves(&self.game, &self.toy, party, self.now);
            if due.is_empty() {
                return;
            }
            let refused: Vec<_> = due
                .into_iter()
                .map(|action| (self.play(party.address, action.clone()), action))
                .collect();
            // One move may make a later one of the same list superfluous, but not the first.
            if let (Err(error), action) = &refused[0] {
                let challenges =
                    matches!(action, Move::Query { .. } | Move::Step { .. } | Move::Timeout { .. });
                let invariant = if challenges { 10 } else { 12 };
                let found = Violation::new(invariant, format!("refused: {action:?}: {error}"));
                self.violation.get_or_insert(found);
            }
        }
    }

    /// Whether the content is right: every entry of it, and of everything that it builds on.
    pub(crate) fn is_right(&self, content: u64) -> bool {
        self.books.is_right(content)
    }

    pub(crate) fn is_honest(&self, who: Address) -> bool {
        self.honest.iter().any(|party| party.address == who)
    }

    /// Whatever anybody would like to do at once if the rules let it: confirm what is wrong, refute what is right.
    pub(crate) fn grab(&mut self) {
        let thief = Address::with_last_byte(0xee);
        let mut actions = Vec::new();
        for (content, owner, instance) in self.game.instances() {
            if self.game.status(content, owner) != Some(Status::Live) {
                continue;
            }
            let right = self.is_right(content);
            if !right {
                actions.push(Move::Confirm { content, owner });
            }
            if self.is_honest(owner) {
                let open = instance.nodes.iter().filter(|(_, node)| node.is_open());
                for path in open.map(|(path, _)| *path) {
                    actions.push(Move::Timeout { content, owner, path });
                    actions.push(Move::Step { content, owner, path });
                }
            }
        }
        for action in actions {
            let _ = self.play(thief, action);
        }
    }

    /// Books and pays everything that is due to anybody.
    pub(crate) fn settle_all(&mut self) {
        let anybody = Address::with_last_byte(0xdd);
        while self.violation.is_none() {
            let due = honest::sweep(&self.game);
            if due.is_empty() {
                break;
            }
            let made = due.into_iter().filter(|action| self.play(anybody, action.clone()).is_ok());
            if made.count() == 0 {
                self.violation = Some(Violation::new(14, "nothing of what is due can be booked"));
            }
        }
        let credited = self.game.purse().credits().keys();
        let everybody: BTreeSet<_> = credited.chain(self.game.owners().keys()).copied().collect();
        for who in everybody {
            if self.game.owner(who).staked {
                let _ = self.play(who, Move::WithdrawStake);
            }
            if self.game.purse().credit(who) != 0 {
                let _ = self.play(who, Move::Withdraw);
            }
        }
        let _ = self.game.collect(TREASURY);
    }

    /// What the honest parties hold for right on the longest right path, from the head on.
    pub(crate) fn right_tip(&self) -> u64 {
        let mut tip = self.game.head();
        while let Some(right) = self.toy.claim(&self.game, tip) {
            let mut children = self.game.children(tip);
            match children.find(|(_, child)| child.vector == right) {
                Some((child, _)) => tip = child,
                None => break,
            }
        }
        tip
    }
}
