//! One seed, one game: who plays, by which numbers, and how it ends.
//!
//! `make test` plays a few thousand games; `PROPTEST_CASES` says more (five for each case, so `make test-deep` plays 100,000).

use crate::{
    adversaries::{self, Adversary, Censor, Turn},
    checks::Violation,
    game::{
        Mutation, Rules,
        honest::{self, Party},
    },
    random::Random,
    world::{World, honest},
};
use std::fmt::{self, Write as _};

/// What a game was like.
#[derive(Debug, Clone, Default)]
pub(crate) struct Summary {
    pub(crate) moves: u64,
    pub(crate) queries: u64,
    pub(crate) contents: u64,
    pub(crate) refuted: u64,
    pub(crate) confirmed: u64,
    /// Contents asserted before their parents were confirmed.
    pub(crate) pipelined: u64,
    pub(crate) on_wrong: u64,
}

/// A game that broke an invariant.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) seed: u64,
    pub(crate) violation: Violation,
    pub(crate) story: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = "cargo test --release -p mezz-settlement --test model replay -- --nocapture";
        write!(f, "{}\n{}MODEL_SEED={} {command}", self.violation, self.story, self.seed)
    }
}

impl Summary {
    const fn add(&mut self, other: &Self) {
        self.moves += other.moves;
        self.queries += other.queries;
        self.contents += other.contents;
        self.refuted += other.refuted;
        self.confirmed += other.confirmed;
        self.pipelined += other.pipelined;
        self.on_wrong += other.on_wrong;
    }
}

/// Everything that a seed decides before the first move.
struct Setting {
    world: World,
    players: Vec<(&'static str, Box<dyn Adversary>)>,
    censor: Censor,
    /// When each batch is posted.
    batches: Vec<u64>,
    /// The honest parties sleep until here.
    arrival: u64,
    /// Whether adversaries move after the honest parties too.
    both_turns: bool,
    proposes: bool,
}

/// Plays one game.
pub(crate) fn play(seed: u64, mutation: Option<Mutation>) -> Result<Summary, Failure> {
    let mut random = Random::new(seed);
    let mut setting = setting(&mut random, mutation);
    let result = run(&mut setting, &mut random);
    result.map_err(|violation| Failure {
        seed,
        story: story(&setting, Some(&violation)),
        violation,
    })
}

fn setting(random: &mut Random, mutation: Option<Mutation>) -> Setting {
    let (entries, depth) =
        [(2, 2), (2, 3), (3, 2), (3, 3), (4, 3), (2, 4), (3, 3)][random.below(7) as usize];
    let clock = random.between(4, 9);
    let rules = Rules {
        entries,
        depth,
        span: random.between(1, 2),
        window: random.between(clock, clock + 7),
        clock,
        grace: random.between(1, 3),
        bond: 10,
        stake: 1_000,
        proofs: None,
    };
    let proposes = random.chance(85);
    let parties = random.between(1, 2) as u8;
    // They refute the last instruction by its owner's time alone.
    let private = random.chance(30);
    let parties: Vec<_> = (0..parties)
        .map(|number| Party {
            address: honest(number),
            proposes: proposes && number == 0 || random.chance(30),
            challenges: true,
            private,
        })
        .collect();
    let proposes = parties.iter().any(|party| party.proposes);
    let arrival = if random.chance(25) { random.between(0, rules.window) } else { 0 };
    // Each move after the honest party's costs it one tick on every level.
    let both_turns = random.chance(50);
    let budget = if both_turns { clock.saturating_sub(rules.depth as u64) } else { clock };
    let censor = Censor::new(&rules, budget, arrival + 1, random);
    let mut at = 0;
    let batches = (0..random.between(1, 5)).map(|_| {
        at += random.below(6);
        at
    });
    let batches = batches.collect();
    let count = random.between(1, 4) as u8;
    let mut players: Vec<(&'static str, Box<dyn Adversary>)> = Vec::new();
    for seat in 0..count {
        let (name, make) = adversaries::ALL[random.below(adversaries::ALL.len() as u64) as usize];
        players.push((name, make(seat, random)));
    }
    let world = World::new(rules, parties, mutation);
    Setting { world, players, censor, batches, arrival, both_turns, proposes }
}

fn run(setting: &mut Setting, random: &mut Random) -> Result<Summary, Violation> {
    let rules = *setting.world.game.rules();
    let last = setting.batches.last().copied().unwrap_or(0);
    let end = last + setting.arrival + 3 * (rules.resolution_max() + rules.clock) + 20;
    for now in 0..=end {
        tick(setting, random, now)?;
        if now > last && finished(&setting.world, setting.proposes) {
            return finish(setting);
        }
    }
    if setting.proposes {
        return Err(Violation::new(11, "the game does not end"));
    }
    let summary = summary(&setting.world);
    wind_up(&mut setting.world)?;
    Ok(summary)
}

/// Nobody claims what is right, so nothing is ever confirmed; but every wrong claim falls, and whoever challenged has all its money back.
fn wind_up(world: &mut World) -> Result<(), Violation> {
    let from = world.now;
    for now in from + 1..=from + world.game.rules().resolution_max() {
        world.now = now;
        world.grab();
        world.act_honestly();
        world.violation.take().map_or(Ok(()), Err)?;
    }
    for (content, owner, _) in world.game.instances() {
        let on_right = world.game.content(content).is_some_and(|it| world.is_right(it.parent));
        if on_right && !world.is_right(content) && world.game.is_live(content, owner) {
            return Err(Violation::new(10, format!("wrong {content} by {owner} stands for ever")));
        }
    }
    let loser = world.honest.iter().find(|party| {
        let owner = world.game.owner(party.address);
        let staked = if owner.staked { world.game.rules().stake as i128 } else { 0 };
        world.game.purse().net(party.address) + staked < 0
    });
    match loser {
        Some(party) => Err(Violation::new(13, format!("{} has lost", party.address))),
        None => Ok(()),
    }
}

fn tick(setting: &mut Setting, random: &mut Random, now: u64) -> Result<(), Violation> {
    let Setting { world, players, censor, batches, arrival, both_turns, .. } = setting;
    world.now = now;
    for _ in batches.iter().filter(|at| **at == now) {
        let most = world.game.rules().entries as u64 * world.game.rules().span;
        world.post(random.between(1, most), random.next());
    }
    world.grab();
    for (_, player) in players.iter_mut() {
        player.act(world, random, Turn::First);
    }
    if now >= *arrival {
        let parties = world.honest.iter();
        let due: Vec<_> =
            parties.flat_map(|party| honest::moves(&world.game, &world.toy, *party, now)).collect();
        if !censor.takes(now, &due, random) {
            world.act_honestly();
        }
    }
    if *both_turns {
        for (_, player) in players.iter_mut() {
            player.act(world, random, Turn::Last);
        }
    }
    world.violation.take().map_or(Ok(()), Err)?;
    world.books.after_tick(&world.game, now)
}

/// Whether all that can be confirmed is, and nothing wrong can be any more.
fn finished(world: &World, proposes: bool) -> bool {
    let head = world.game.head();
    let complete = world.game.content(head).is_some_and(|it| it.child_n1 > world.game.batches());
    complete && proposes
}

/// Everybody stops: what is due to anybody is paid.
fn finish(setting: &mut Setting) -> Result<Summary, Violation> {
    let summary = summary(&setting.world);
    let world = &mut setting.world;
    world.settle_all();
    world.violation.take().map_or(Ok(()), Err)?;
    world.books.at_end(&world.game, &world.honest)?;
    Ok(summary)
}

fn summary(world: &World) -> Summary {
    let game = &world.game;
    let queries: usize = game.instances().map(|(_, _, instance)| instance.nodes.len()).sum();
    let refuted = game.owners().values().filter(|owner| owner.refuted_by.is_some());
    let contents = game.contents().skip(1);
    let confirmed = contents.filter(|(index, _)| game.is_confirmed(*index));
    Summary {
        moves: world.log.len() as u64,
        queries: queries as u64,
        contents: game.contents().count() as u64 - 1,
        refuted: refuted.count() as u64,
        confirmed: confirmed.count() as u64,
        pipelined: world.books.pipelined,
        on_wrong: game.contents().filter(|(_, it)| !world.is_right(it.parent)).count() as u64,
    }
}

/// What happened, for whoever must find out why.
fn story(setting: &Setting, violation: Option<&Violation>) -> String {
    let Setting { world, players, arrival, batches, both_turns, .. } = setting;
    let names: Vec<_> = players.iter().map(|(name, _)| *name).collect();
    let mut text = format!(
        "{:?}\nhonest: {:?} from {arrival}\nadversaries: {names:?}, both turns: {both_turns}\nbatches: {batches:?}\n",
        world.game.rules(),
        world.honest
    );
    for entry in &world.log {
        let who = entry.who.0[19];
        let _ = writeln!(text, "{:4} {who:#04x} {:?}", entry.at, entry.action);
    }
    if let Some(violation) = violation {
        let _ = writeln!(text, "at {}: {violation}", world.now);
    }
    text
}

/// Games of one test: so many, or as `PROPTEST_CASES` says.
pub(crate) fn games() -> u64 {
    let cases = u64::from(proptest::test_runner::Config::default().cases);
    // 256 is proptest's own number: nobody has said another.
    if cases == 256 { 1_000 } else { cases * 5 / 4 }
}

/// Whether somebody has asked for a long run.
pub(crate) fn is_deep() -> bool {
    proptest::test_runner::Config::default().cases > 256
}

fn play_many(quarter: u64) {
    let mut total = Summary::default();
    for seed in (0..games()).map(|number| number * 4 + quarter) {
        match play(seed, None) {
            Ok(summary) => total.add(&summary),
            Err(failure) => panic!("{failure}"),
        }
    }
    println!("{total:?}");
    // Games in which nothing happens would show nothing.
    assert!(total.refuted > games() && total.queries > 10 * games(), "{total:?}");
    assert!(total.confirmed > games() && total.contents > 3 * games(), "{total:?}");
    assert!(total.pipelined > games() && total.on_wrong > games() / 10, "{total:?}");
}

/// Invariants 10 to 18, 21 and 22 (checks.rs), in the first quarter of the games.
#[test]
fn no_game_breaks_an_invariant_1() {
    play_many(0);
}

/// Invariants 10 to 18, 21 and 22 (checks.rs), in the second quarter of the games.
#[test]
fn no_game_breaks_an_invariant_2() {
    play_many(1);
}

/// Invariants 10 to 18, 21 and 22 (checks.rs), in the third quarter of the games.
#[test]
fn no_game_breaks_an_invariant_3() {
    play_many(2);
}

/// Invariants 10 to 18, 21 and 22 (checks.rs), in the last quarter of the games.
#[test]
fn no_game_breaks_an_invariant_4() {
    play_many(3);
}

/// Shows the game of `MODEL_SEED`, if that is set.
#[test]
#[expect(clippy::disallowed_methods, reason = "a person says which game to show")]
fn replay() {
    let Ok(seed) = std::env::var("MODEL_SEED") else { return };
    let seed = seed.parse().expect("MODEL_SEED is a number");
    let mut random = Random::new(seed);
    let mut setting = setting(&mut random, None);
    let violation = run(&mut setting, &mut random).err();
    println!("{}", story(&setting, violation.as_ref()));
    assert!(violation.is_none(), "seed {seed} breaks an invariant");
}
