//! An adversary that tries everything: each sequence of moves against the honest strategy, for rules so small that they can all be gone through.

use crate::{
    adversaries::{Turn, open_nodes, possible_queries},
    checks::Violation,
    game::{
        Game, Machine, Move, Mutation, Node, Path, Rules, Status,
        honest::{Oracle, Party},
    },
    simulation::is_deep,
    toy::Toy,
    world::{World, honest},
};
use alloy_primitives::{Address, B256};
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

/// What the adversary may do.
#[derive(Debug, Clone, Copy)]
struct Limits {
    rules: Rules,
    /// Whether the honest party claims, or only challenges.
    proposes: bool,
    /// Whether it refutes the last instruction by its owner's time alone.
    private: bool,
    /// Owners of the adversary.
    owners: u8,
    /// Whether they claim what is right too.
    backs_right: bool,
    /// Whether it leaves out what cannot matter: doubts beside the one path that decides, and moves against itself.
    focused: bool,
    /// Moves of the adversary.
    moves: u32,
    /// Ticks that it keeps the honest party from L1.
    censored: u64,
    /// Whether it moves after the honest party too.
    both_turns: bool,
    /// The honest party comes in this tick.
    arrival: u64,
}

struct Search {
    limits: Limits,
    owners: Vec<Address>,
    /// Each state with the most moves that were left in it.
    seen: BTreeMap<(u64, u64), u32>,
    states: u64,
}

const QUERIER: Address = Address::with_last_byte(0x80);

/// An invariant that broke, and in which world.
type Found = Box<(Violation, World)>;

/// Goes through everything; gives the number of states, or the first that breaks an invariant.
fn search(limits: Limits, mutation: Option<Mutation>) -> Result<u64, Found> {
    let Limits { proposes, private, .. } = limits;
    let party = Party { address: honest(0), proposes, challenges: true, private };
    let mut world = World::new(limits.rules, vec![party], mutation);
    world.post(limits.rules.entries as u64 * limits.rules.span, 3);
    let owners: Vec<_> = (0..limits.owners).map(|n| Address::with_last_byte(0x40 + n)).collect();
    for owner in &owners {
        world.play(*owner, Move::Deposit).expect("an address may stake once; qed");
    }
    let mut search = Search { limits, owners, seen: BTreeMap::new(), states: 0 };
    search.explore(world, Turn::First, 0, limits.moves)?;
    Ok(search.states)
}

impl Search {
    fn explore(
        &mut self,
        world: World,
        turn: Turn,
        censored: u64,
        moves: u32,
    ) -> Result<(), Found> {
        if let Some(violation) = world.violation.clone() {
            return Err(Box::new((violation, world)));
        }
        if !self.is_new(&world, turn, censored, moves) {
            return Ok(());
        }
        self.states += 1;
        if self.is_over(&world) {
            return self.finish(world);
        }
        if moves > 0 {
            for (who, action) in self.actions(&world) {
                let mut next = world.clone();
                if next.play(who, action).is_ok() {
                    self.explore(next, turn, censored, moves - 1)?;
                }
            }
        }
        if turn == Turn::Last {
            return self.next_tick(world, censored, moves);
        }
        if world.now < self.limits.arrival {
            return self.after_honest(world, censored, moves);
        }
        if censored < self.limits.censored && world.now != self.limits.arrival {
            self.after_honest(world.clone(), censored + 1, moves)?;
        }
        let mut acted = world;
        acted.act_honestly();
        self.after_honest(acted, censored, moves)
    }

    fn after_honest(&mut self, world: World, censored: u64, moves: u32) -> Result<(), Found> {
        if self.limits.both_turns {
            return self.explore(world, Turn::Last, censored, moves);
        }
        self.next_tick(world, censored, moves)
    }

    fn next_tick(&mut self, mut world: World, censored: u64, moves: u32) -> Result<(), Found> {
        if let Err(violation) = world.books.after_tick(&world.game, world.now) {
            return Err(Box::new((violation, world)));
        }
        world.now += 1;
        // What is due to a wrong claim costs the adversary no move.
        world.grab();
        self.explore(world, Turn::First, censored, moves)
    }

    fn is_new(&mut self, world: &World, turn: Turn, censored: u64, moves: u32) -> bool {
        let key = |salt: u64| {
            let mut hasher = DefaultHasher::new();
            (salt, &world.game, world.now, turn == Turn::First, censored).hash(&mut hasher);
            hasher.finish()
        };
        let best = self.seen.entry((key(1), key(2))).or_insert(u32::MAX);
        let new = *best == u32::MAX || *best < moves;
        if new {
            *best = moves;
        }
        new
    }

    /// Nothing is left that could be decided in another way.
    fn is_over(&self, world: &World) -> bool {
        let limit = 2 * (self.limits.rules.resolution_max() + self.limits.arrival);
        let mut instances = world.game.instances();
        let live = instances.any(|(content, owner, _)| world.game.is_live(content, owner));
        let decided = world.game.head() != 0 || !(self.limits.proposes || self.may_claim(world));
        world.now > limit || (decided && !live)
    }

    /// Only the time between the claim and the honest party's arrival matters, so a claim is never made later than that.
    const fn may_claim(&self, world: &World) -> bool {
        !self.limits.focused || world.now <= self.limits.arrival
    }

    fn finish(&self, mut world: World) -> Result<(), Found> {
        if world.game.head() == 0 {
            return Ok(());
        }
        world.settle_all();
        let found = world.violation.clone().map_or(Ok(()), Err);
        match found.and_then(|()| world.books.at_end(&world.game, &world.honest)) {
            Ok(()) => Ok(()),
            Err(violation) => Err(Box::new((violation, world))),
        }
    }

    fn actions(&self, world: &World) -> Vec<(Address, Move)> {
        let game = &world.game;
        let mut actions = self.claims(world);
        for (content, owner, instance) in game.instances() {
            if game.status(content, owner) != Some(Status::Live) {
                continue;
            }
            for (path, until) in possible_queries(game, content, owner) {
                if self.matters(world, content, owner, path)
                    && (world.now <= until || game.mutation.is_some())
                {
                    actions.push((QUERIER, Move::Query { content, owner, path }));
                }
            }
            for (path, node) in instance.nodes.iter().filter(|(_, node)| node.is_open()) {
                let path = *path;
                if self.limits.focused {
                    continue;
                }
                if path.length() == game.rules().depth {
                    actions.push((QUERIER, Move::Step { content, owner, path }));
                }
                if world.now > node.deadline {
                    actions.push((QUERIER, Move::Timeout { content, owner, path }));
                }
            }
        }
        for (content, owner, path, node) in open_nodes(game, &self.owners) {
            for vector in answers(world, content, path, &node) {
                actions.push((owner, Move::Answer { content, owner, path, vector }));
            }
        }
        actions
    }

    /// Whether a doubt can change what becomes of its instance: of a wrong one the path of first wrong entries, of a right one any path, as they are
    /// all alike and have clocks of their own.
    fn matters(&self, world: &World, content: u64, owner: Address, path: Path) -> bool {
        if !self.limits.focused {
            return true;
        }
        let game = &world.game;
        let Some(claim) = game.content(content) else { return false };
        if world.is_right(content) {
            return path.indices().iter().all(|index| *index == 0);
        }
        let mut above = Path::CLAIM;
        path.prefixes().all(|prefix| {
            let (vector, right) = match game.node(content, owner, above).and_then(Node::answer) {
                None => (&claim.vector, world.toy.claim(game, claim.parent)),
                Some(answer) => (&answer.vector, world.toy.answer(game, claim.parent, above)),
            };
            above = prefix;
            let first = vector.iter().zip(&right.unwrap_or_default()).position(|(a, b)| a != b);
            first == prefix.last()
        })
    }

    /// The claims that an owner without one may make; only the first of those, as they are all alike.
    fn claims(&self, world: &World) -> Vec<(Address, Move)> {
        let game = &world.game;
        if !self.may_claim(world) {
            return Vec::new();
        }
        let idle = |owner: &&Address| game.owner(**owner).open_instances == 0;
        let staked = |owner: &&Address| game.owner(**owner).staked;
        let Some(who) = self.owners.iter().filter(staked).find(idle).copied() else {
            return Vec::new();
        };
        let parent = game.head();
        let Some(right) = world.toy.claim(game, parent) else { return Vec::new() };
        // One entry wrong is as good as several: what follows the first is never looked at.
        let focused = self.limits.focused;
        let masks = (0..1_u32 << right.len()).filter(|mask| {
            (*mask != 0 || self.limits.backs_right) && (!focused || mask.count_ones() < 2)
        });
        let vectors = masks.map(|mask| {
            let spoil = |(index, output): (usize, &B256)| match mask >> index & 1 {
                0 => *output,
                _ => Toy::other_output(*output, 5, false),
            };
            right.iter().enumerate().map(spoil).collect::<Vec<_>>()
        });
        vectors.map(|vector| (who, as_claim(game, parent, vector))).collect()
    }
}

fn as_claim(game: &Game, parent: u64, vector: Vec<B256>) -> Move {
    let known = game.children(parent).find(|(_, child)| child.vector == vector);
    match known {
        Some((content, _)) => Move::Back { content },
        None => Move::Assert { parent, vector },
    }
}

/// Each answer that ends where it must: every entry before as it follows from the start, or another.
fn answers(world: &World, content: u64, path: Path, node: &Node) -> Vec<Vec<B256>> {
    if path.length() == world.game.rules().depth {
        return Vec::new();
    }
    let truth = crate::adversaries::truthful(world, content, path, node);
    let last = truth.len() - 1;
    let ends = path.length() == 1 && world.toy.output(truth[last]) == Some(node.end);
    let end = match path.length() {
        _ if ends => truth[last],
        1 => Toy::halted(node.end),
        _ => node.end,
    };
    (0..1_u32 << last)
        .map(|mask| {
            let spoil = |index: usize| match mask >> index & 1 {
                0 => truth[index],
                _ => Toy::other_state(truth[index], 6, false),
            };
            (0..last).map(spoil).chain([end]).collect()
        })
        .collect()
}

/// The game's rules are checked as a whole for these numbers: window, clock, grace.
const NUMBERS: [(u64, u64, u64); 3] = [(2, 2, 1), (3, 2, 1), (3, 3, 1)];

const BASE: Limits = Limits {
    rules: Rules {
        entries: 2,
        depth: 2,
        span: 1,
        window: 3,
        clock: 2,
        grace: 1,
        bond: 10,
        stake: 1_000,
        proofs: None,
    },
    proposes: false,
    private: false,
    owners: 0,
    backs_right: false,
    focused: true,
    moves: 30,
    censored: 0,
    both_turns: false,
    arrival: 0,
};

impl Limits {
    fn rules(self, depth: usize, (window, clock, grace): (u64, u64, u64)) -> Self {
        Self { rules: Rules { depth, window, clock, grace, ..self.rules }, ..self }
    }

    /// All that the assumption gives to a censor: moves after the honest party's cost it one tick on each level.
    fn censor(self, both_turns: bool) -> Self {
        let Rules { clock, depth, .. } = self.rules;
        let censored = if both_turns { clock.saturating_sub(depth as u64) } else { clock };
        Self { both_turns, censored, ..self }
    }
}

/// A wrong claim against a party that only challenges, and comes at the first or in the last moment.
fn challenges(depth: usize, numbers: (u64, u64, u64)) -> impl Iterator<Item = Limits> {
    [0, numbers.0].into_iter().flat_map(move |arrival| {
        let limits = Limits { owners: 1, arrival, ..BASE }.rules(depth, numbers);
        let private = Limits { private: true, ..limits };
        [limits.censor(false), limits.censor(true), private.censor(false), private.censor(true)]
    })
}

/// Doubts about the one claim of an honest owner.
fn defences(depth: usize, numbers: (u64, u64, u64)) -> impl Iterator<Item = Limits> {
    let limits = Limits { proposes: true, ..BASE }.rules(depth, numbers);
    [limits.censor(false), limits.censor(true)].into_iter()
}

/// An honest owner against an adversary with claims of its own, right and wrong.
fn contests(owners: u8, numbers: (u64, u64, u64)) -> impl Iterator<Item = Limits> {
    let limits = Limits { proposes: true, owners, backs_right: true, ..BASE }.rules(2, numbers);
    [limits.censor(false), limits.censor(true)].into_iter()
}

/// The first of these searches that finds a broken invariant.
pub(crate) fn finds(mutation: Mutation) -> Option<Violation> {
    let mut searches = challenges(2, (2, 2, 1))
        .chain(challenges(2, (3, 2, 1)))
        .chain(defences(3, (3, 3, 1)))
        .chain(contests(1, (2, 2, 1)));
    searches.find_map(|limits| search(limits, Some(mutation)).err()).map(|found| found.0)
}

fn holds(limits: Limits) {
    match search(limits, None) {
        Ok(states) => println!("{states} states of {limits:?}"),
        Err(found) => panic!("{}\n{limits:?}\n{:#?}", found.0, found.1.log),
    }
}

/// Invariant 10, whatever the adversary does.
#[test]
fn no_wrong_claim_stands() {
    let depth = if is_deep() { 4 } else { 3 };
    (2..=depth).flat_map(|depth| NUMBERS.map(|numbers| (depth, numbers))).for_each(
        |(depth, numbers)| {
            challenges(depth, numbers).for_each(holds);
        },
    );
}

/// Invariant 11, invariant 12, whatever the adversary does.
#[test]
fn no_right_claim_falls_or_is_late() {
    let depth = if is_deep() { 6 } else { 4 };
    for depth in 2..=depth {
        NUMBERS.iter().for_each(|numbers| defences(depth, *numbers).for_each(holds));
        defences(depth, (5, 4, 1)).for_each(holds);
    }
    if is_deep() {
        defences(3, (9, 9, 2)).for_each(holds);
    }
}

/// Invariants 10 to 12 of an honest owner against a dishonest one.
#[test]
fn no_contest_is_lost() {
    contests(1, (2, 2, 1)).for_each(holds);
    if is_deep() {
        contests(1, (3, 3, 1)).for_each(holds);
        contests(2, (2, 2, 1)).take(1).for_each(holds);
    }
}

/// Every move and not only those that can matter, as many as there is time for.
#[test]
fn no_few_moves_break_anything() {
    let moves = if is_deep() { 4 } else { 3 };
    let all =
        Limits { proposes: true, owners: 2, backs_right: true, focused: false, moves, ..BASE };
    holds(all.rules(2, (2, 2, 1)).censor(false));
}

/// The assumption is as weak as it can be: with one tick more than `clock` a censor wins.
#[test]
fn a_censor_with_more_than_the_clock_wins() {
    for limits in [Limits { owners: 1, ..BASE }, Limits { proposes: true, ..BASE }] {
        let limits = Limits { censored: 3, ..limits.rules(2, (2, 2, 1)) };
        let found = search(limits, None).expect_err("one tick too many");
        assert!([10, 11, 12].contains(&found.0.invariant), "{}", found.0);
    }
}
