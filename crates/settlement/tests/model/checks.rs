//! What must hold after every move, in every tick and at the end; the numbers are those of the invariants in docs/spec/fault-proof.md.

use crate::{
    game::{
        Game, Mark, Move, Path, Status,
        honest::{Oracle, Party},
    },
    toy::Toy,
    world::{Entry, TREASURY},
};
use alloy_primitives::Address;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A check that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) invariant: u32,
    pub(crate) what: String,
}

/// What the checks remember from move to move.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    statuses: BTreeMap<(u64, Address), Status>,
    /// Whether each content is right, decided when it is asserted.
    right: Vec<bool>,
    /// By when each content must be confirmed, if an honest party stands behind it.
    due: BTreeMap<u64, u64>,
    credits: BTreeMap<Address, u128>,
    confirmed: BTreeSet<u64>,
    /// Contents asserted before their parents were confirmed.
    pub(crate) pipelined: u64,
}

impl Violation {
    pub(crate) fn new(invariant: u32, what: impl Into<String>) -> Self {
        Self { invariant, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invariant {}: {}", self.invariant, self.what)
    }
}

/// Fails with the invariant's number unless `holds`.
fn check(invariant: u32, holds: bool, what: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation::new(invariant, what())) }
}

impl Books {
    pub(crate) fn is_right(&self, content: u64) -> bool {
        content == 0 || self.right.get(content as usize).copied().unwrap_or_default()
    }

    /// After one move.
    pub(crate) fn after(
        &mut self,
        game: &Game,
        toy: &Toy,
        honest: &[Party],
        now: u64,
        made: &Entry,
    ) -> Result<(), Violation> {
        self.learn(game, toy, honest, now);
        self.statuses_changed_as_allowed(game, made)?;
        escrow_is_what_is_due(game)?;
        match &made.action {
            Move::Query { content, owner, path } => {
                clocks_are_fair(game, *content, *owner, *path)?;
                capital_is_bounded(game, self, honest)?;
            }
            Move::Answer { content, owner, path, .. } => {
                clocks_are_fair(game, *content, *owner, *path)?;
            }
            Move::Step { content, owner, .. } | Move::Timeout { content, owner, .. } => {
                self.reward_is_shared(game, *content, *owner)?;
            }
            Move::Confirm { content, owner } => {
                self.confirmation_is_due(game, now, *content, *owner)?;
            }
            _ => {}
        }
        for party in honest {
            let slashed = game.owner(party.address).slashed.is_some();
            check(12, !slashed, || format!("{} was slashed", party.address))?;
        }
        self.credits.clone_from(game.purse().credits());
        Ok(())
    }

    /// After each tick: what an honest party stands behind is confirmed in time (invariant 11).
    pub(crate) fn after_tick(&self, game: &Game, now: u64) -> Result<(), Violation> {
        for (content, due) in &self.due {
            let late = now > *due && !game.is_confirmed(*content);
            check(11, !late, || format!("content {content} was due at {due}"))?;
        }
        Ok(())
    }

    /// When everybody has settled and withdrawn.
    pub(crate) fn at_end(&self, game: &Game, honest: &[Party]) -> Result<(), Violation> {
        for (content, owner, _) in game.instances() {
            let live = game.is_live(content, owner);
            check(14, !live, || format!("instance of {content} by {owner} is never resolved"))?;
        }
        let left = game.purse().escrow();
        check(14, left == 0, || format!("{left} can never be withdrawn"))?;
        let expected = expected(game);
        let all: BTreeSet<_> = expected.keys().chain(game.owners().keys()).copied().collect();
        for who in all {
            let (due, got) = (expected.get(&who).copied().unwrap_or(0), game.purse().net(who));
            check(14, due == got, || format!("{who} ends with {got} and not with {due}"))?;
        }
        for party in honest {
            let net = game.purse().net(party.address);
            check(13, net >= 0, || format!("{} has lost {}", party.address, -net))?;
        }
        self.wrongdoers_paid(game)
    }

    fn learn(&mut self, game: &Game, toy: &Toy, honest: &[Party], now: u64) {
        for (index, content) in game.contents().skip(self.right.len()) {
            let right = index == 0
                || (self.is_right(content.parent)
                    && toy.claim(game, content.parent).as_ref() == Some(&content.vector));
            self.right.push(right);
            self.pipelined += u64::from(!game.is_confirmed(content.parent));
        }
        for (index, content) in game.contents().skip(1) {
            let stood = honest.iter().any(|party| content.instances.contains_key(&party.address));
            if stood && !self.due.contains_key(&index) {
                let own = now + game.rules().resolution_max() + 2;
                let above = self.due.get(&content.parent).copied().unwrap_or(0);
                self.due.insert(index, own.max(above));
            }
        }
    }

    /// Invariants 15, 16, 22: a status changes only from live, and only by a move that may change it.
    fn statuses_changed_as_allowed(&mut self, game: &Game, made: &Entry) -> Result<(), Violation> {
        for (content, owner, _) in game.instances() {
            let Some(after) = game.status(content, owner) else { continue };
            let before = self.statuses.insert((content, owner), after).unwrap_or(Status::Live);
            if before == after {
                continue;
            }
            let what = || format!("instance of {content} by {owner}: {before:?} to {after:?}");
            check(16, before == Status::Live, what)?;
            let parent = game.content(content).map_or(0, |content| content.parent);
            let allowed = match (&made.action, after) {
                (Move::Confirm { content: final_, .. }, Status::Confirmed) => *final_ == content,
                (Move::Confirm { content: final_, .. }, Status::Rejected) => {
                    *final_ != content && game.content(*final_).map(|it| it.parent) == Some(parent)
                }
                (Move::Reject { content: rejected }, Status::Rejected) => *rejected == parent,
                (
                    Move::Step { owner: slashed, .. }
                    | Move::Timeout { owner: slashed, .. }
                    | Move::Settle { owner: slashed, .. },
                    Status::Refuted,
                ) => *slashed == owner,
                _ => false,
            };
            check(22, allowed, || format!("{:?} took {}", made.action, what()))?;
        }
        for (index, content) in game.contents() {
            if matches!(content.mark, Some(Mark::Confirmed { .. })) {
                self.confirmed.insert(index);
            }
        }
        let finals: Vec<_> = self.confirmed.iter().filter(|index| **index != 0).collect();
        for index in &finals {
            check(16, game.is_confirmed(**index), || {
                format!("content {index} is no longer final")
            })?;
        }
        let parents: BTreeSet<_> =
            finals.iter().filter_map(|index| Some(game.content(**index)?.parent)).collect();
        check(15, parents.len() == finals.len(), || "two children of one parent are final".into())
    }

    /// Invariants 10 and 17, computed from the nodes and not from what the game keeps of them.
    fn confirmation_is_due(
        &self,
        game: &Game,
        now: u64,
        content: u64,
        owner: Address,
    ) -> Result<(), Violation> {
        check(10, self.is_right(content), || format!("wrong content {content} is final"))?;
        let Some(instance) = game.instance(content, owner) else { return Ok(()) };
        let window = instance.created_at + game.rules().window;
        check(17, now > window, || format!("content {content} is final inside its window"))?;
        for (path, node) in &instance.nodes {
            let open =
                node.is_open() || node.answer().is_some_and(|answer| now <= answer.child_close);
            check(17, !open, || format!("content {content} is final with {path:?} open"))?;
        }
        Ok(())
    }

    /// Invariant 21: each querier of the refuting path gets the same share, and nobody else gets anything.
    fn reward_is_shared(&self, game: &Game, content: u64, owner: Address) -> Result<(), Violation> {
        let Some((lost, path)) = game.owner(owner).refuted_by else { return Ok(()) };
        if lost != content || self.credits == *game.purse().credits() {
            return Ok(());
        }
        let mut expected = self.credits.clone();
        let share = game.rules().stake / 2 / path.length() as u128;
        for prefix in path.prefixes() {
            if let Some(node) = game.node(content, owner, prefix) {
                *expected.entry(node.querier).or_default() += share;
            }
        }
        let got = game.purse().credits();
        check(21, *got == expected, || format!("shares of {path:?}: {got:?} and not {expected:?}"))
    }

    /// Half a stake at least is gone for each owner that was slashed (what an attack costs, section 5).
    fn wrongdoers_paid(&self, game: &Game) -> Result<(), Violation> {
        let slashed = game.owners().values().filter(|owner| owner.slashed.is_some()).count();
        let least = slashed as u128 * (game.rules().stake / 2);
        let paid = game.purse().net(TREASURY);
        check(13, paid >= least as i128, || format!("{slashed} were slashed for {paid}"))?;
        for ((content, owner), status) in &self.statuses {
            let kept = *status == Status::Rejected && game.owner(*owner).slashed.is_none();
            check(13, !kept, || format!("{owner} keeps the stake on rejected {content}"))?;
        }
        Ok(())
    }
}

/// Invariant 14: what is held is what is due.
fn escrow_is_what_is_due(game: &Game) -> Result<(), Violation> {
    let staked = game.owners().values().filter(|owner| owner.staked).count() as u128;
    let nodes = game.instances().flat_map(|(_, _, instance)| instance.nodes.values());
    let bonded = nodes.filter(|node| node.bonded).count() as u128;
    let purse = game.purse();
    let due = staked * game.rules().stake
        + bonded * game.rules().bond
        + purse.credits().values().sum::<u128>()
        + purse.forfeited();
    check(14, purse.escrow() == due, || format!("{} is held and {due} is due", purse.escrow()))
}

/// Invariants 11 and 18: no side's time is taken by the other, and neither side has more than its clock and a little for each move.
fn clocks_are_fair(game: &Game, content: u64, owner: Address, path: Path) -> Result<(), Violation> {
    let rules = game.rules();
    let Some(instance) = game.instance(content, owner) else { return Ok(()) };
    let opened = instance.created_at + rules.window;
    let most = rules.clock + rules.depth as u64 * rules.grace;
    let (mut owner_used, mut querier_used, mut late_used, mut answered) = (0, 0, 0, None);
    for prefix in path.prefixes() {
        let Some(node) = instance.nodes.get(&prefix) else { return Ok(()) };
        if let Some(from) = answered {
            querier_used += node.asked_at - from;
            late_used += node.asked_at.saturating_sub(opened.max(from));
        }
        let used = || format!("{path:?}: owner {owner_used}, queriers {late_used} of {most}");
        check(11, owner_used <= most && late_used <= most, used)?;
        let least = node.asked_at + rules.clock.saturating_sub(owner_used);
        check(18, node.deadline >= least, || format!("{path:?}: {} < {least}", node.deadline))?;
        let Some(answer) = node.answer() else { return Ok(()) };
        owner_used += answer.at - node.asked_at;
        answered = Some(answer.at);
        let least = answer.at + rules.clock.saturating_sub(querier_used);
        check(18, answer.child_close >= least, || {
            format!("{path:?}: {} < {least}", answer.child_close)
        })?;
    }
    let used = || format!("{path:?}: owner {owner_used} of {most}");
    check(11, owner_used <= most, used)
}

/// Invariant 10: no honest party needs more than one path of bonds for each wrong owner, however many claims there are.
fn capital_is_bounded(game: &Game, books: &Books, honest: &[Party]) -> Result<(), Violation> {
    for party in honest {
        let (mut bonds, mut owners) = (0, BTreeSet::new());
        for (content, owner, instance) in game.instances() {
            if game.is_live(content, owner) {
                let mine = |querier| querier == party.address;
                bonds += instance.nodes.values().filter(|node| mine(node.querier)).count();
                if !books.is_right(content) {
                    owners.insert(owner);
                }
            }
        }
        let most = owners.len() * game.rules().depth;
        check(10, bonds <= most, || format!("{bonds} bonds for {} wrong owners", owners.len()))?;
    }
    Ok(())
}

/// What each address ends with, from what became of every instance.
fn expected(game: &Game) -> BTreeMap<Address, i128> {
    let (bond, stake) = (game.rules().bond as i128, game.rules().stake as i128);
    let mut net: BTreeMap<Address, i128> = BTreeMap::new();
    for (content, owner, instance) in game.instances() {
        if game.status(content, owner) == Some(Status::Confirmed) {
            for node in instance.nodes.values() {
                *net.entry(node.querier).or_default() -= bond;
                *net.entry(owner).or_default() += bond;
            }
        }
    }
    for (owner, record) in game.owners() {
        if record.slashed.is_some() {
            *net.entry(*owner).or_default() -= stake;
        }
        let Some((content, path)) = record.refuted_by else { continue };
        let share = stake / 2 / path.length() as i128;
        for node in path.prefixes().filter_map(|prefix| game.node(content, *owner, prefix)) {
            *net.entry(node.querier).or_default() += share;
        }
    }
    net
}
