//! Games written out: one for each thing that a reader may doubt.

use crate::{
    game::{
        Error, Move, Mutation, Path, Rules, Status,
        honest::{Oracle, Party},
    },
    toy::Toy,
    world::{World, honest},
};
use alloy_primitives::{Address, B256};

const RULES: Rules = Rules {
    entries: 4,
    depth: 6,
    span: 1,
    window: 120,
    clock: 72,
    grace: 6,
    bond: 100,
    stake: 10_000,
    proofs: None,
};
const LIAR: Address = Address::with_last_byte(0x40);
const QUERIER: Address = Address::with_last_byte(0x41);
const PROPOSER: Party =
    Party { address: honest(0), proposes: true, challenges: true, private: false };
const CHALLENGER: Party =
    Party { address: honest(1), proposes: false, challenges: true, private: false };

/// One batch, hours as ticks, the numbers of production.
fn world(parties: &[Party], mutation: Option<Mutation>) -> World {
    let mut world = World::new(RULES, parties.to_vec(), mutation);
    world.post(4, 9);
    world
}

/// The right claim on the genesis, with its entry `index` replaced.
fn wrong(world: &World, index: usize) -> Vec<B256> {
    let mut vector = world.toy.claim(&world.game, 0).expect("the batch is posted; qed");
    vector[index] = Toy::other_output(vector[index], 77, false);
    vector
}

fn claims(world: &mut World, who: Address, vector: Vec<B256>) {
    let _ = world.play(who, Move::Deposit);
    world.play(who, Move::Assert { parent: 0, vector }).expect("a first claim is taken; qed");
}

/// The owner answers what is open as well as it can.
fn answers(world: &mut World, owner: Address) {
    crate::adversaries::answer_all(world, &mut crate::random::Random::new(4), &[owner], |_, _| {
        true
    });
}

fn ends_well(world: &mut World) {
    world.settle_all();
    let found = world.violation.take();
    assert_eq!(found, None);
    assert_eq!(world.books.at_end(&world.game, &world.honest), Ok(()));
}

/// A wrong claim with a right end is led to one instruction, by six bonds.
#[test]
fn a_lie_ends_at_one_instruction() {
    let mut world = world(&[PROPOSER, CHALLENGER], None);
    let vector = wrong(&world, 1);
    claims(&mut world, LIAR, vector);
    for _ in 0..6 {
        world.act_as(CHALLENGER);
        answers(&mut world, LIAR);
        world.now += 1;
    }
    let (content, path) = world.game.owner(LIAR).refuted_by.expect("the step refutes");
    assert_eq!((content, path.length()), (1, RULES.depth));
    assert_eq!(world.game.status(1, LIAR), Some(Status::Refuted));
    world.act_honestly();
    world.now += RULES.window + 1;
    world.act_honestly();
    ends_well(&mut world);
    // Half a stake in six shares; the bonds came back.
    assert_eq!(world.game.purse().net(CHALLENGER.address), (RULES.stake / 2 / 6 * 6) as i128);
}

/// On a private chain nobody executes the instruction for a liar: its time refutes it, and what the machine reads stays unknown.
#[test]
fn a_lie_on_a_private_chain_ends_without_a_step() {
    let challenger = Party { private: true, ..CHALLENGER };
    let mut world = world(&[PROPOSER, challenger], None);
    let vector = wrong(&world, 1);
    claims(&mut world, LIAR, vector);
    for _ in 0..6 {
        world.act_as(challenger);
        answers(&mut world, LIAR);
        world.now += 1;
    }
    world.act_as(challenger);
    assert_eq!(world.game.status(1, LIAR), Some(Status::Live));
    world.now += RULES.clock + RULES.grace;
    world.act_as(challenger);
    let (content, path) = world.game.owner(LIAR).refuted_by.expect("its time refutes");
    assert_eq!((content, path.length()), (1, RULES.depth));
    assert_eq!(world.game.status(1, LIAR), Some(Status::Refuted));
    world.act_honestly();
    world.now += RULES.window + 1;
    world.act_honestly();
    ends_well(&mut world);
}

/// Its accomplice asks the question that matters at once and is answered at once, five times: whoever comes in the last moment of the window goes on
/// from there, with the whole clock before it.
#[test]
fn a_path_played_in_advance_locks_nobody_out() {
    let mut world = world(&[CHALLENGER], None);
    let vector = wrong(&world, 0);
    claims(&mut world, LIAR, vector);
    let accomplice = Party { address: QUERIER, proposes: false, challenges: true, private: false };
    for _ in 0..4 {
        let mut moves = crate::game::honest::moves(&world.game, &world.toy, accomplice, 0);
        world.play(QUERIER, moves.remove(0)).expect("the window is open");
        answers(&mut world, LIAR);
    }
    world.now = RULES.window;
    world.act_as(CHALLENGER);
    world.now += RULES.clock;
    answers(&mut world, LIAR);
    world.now += RULES.clock - 1;
    world.act_as(CHALLENGER);
    assert!(world.violation.is_none(), "{:?}", world.violation);
    assert_eq!(world.game.status(1, LIAR), Some(Status::Refuted));
}

/// One stake stands behind one path: no second claim on the same parent, none elsewhere before the first is decided.
#[test]
fn one_stake_carries_one_lie() {
    let mut world = world(&[PROPOSER], None);
    let (first, second) = (wrong(&world, 0), wrong(&world, 1));
    claims(&mut world, LIAR, first);
    assert_eq!(world.play(LIAR, Move::Assert { parent: 0, vector: second }), Err(Error::OffPath));
    assert_eq!(world.play(LIAR, Move::Back { content: 1 }), Err(Error::OffPath));
    world.act_honestly();
    assert_eq!(world.play(LIAR, Move::Back { content: 2 }), Err(Error::OffPath));
}

/// An owner that lets its own right claim fall delays nobody: the honest party stands there too.
#[test]
fn sabotage_delays_nobody() {
    let mut world = world(&[PROPOSER], None);
    let right = world.toy.claim(&world.game, 0).expect("the batch is posted; qed");
    claims(&mut world, LIAR, right);
    world.act_honestly();
    let path = Path::CLAIM.entry(0).expect("there is room; qed");
    world.play(QUERIER, Move::Query { content: 1, owner: LIAR, path }).expect("in the window");
    world.now = RULES.clock + 1;
    world.play(QUERIER, Move::Timeout { content: 1, owner: LIAR, path }).expect("it is silent");
    assert_eq!(world.game.status(1, LIAR), Some(Status::Refuted));
    world.now = RULES.window + 1;
    world.act_honestly();
    assert_eq!(world.game.status(1, PROPOSER.address), Some(Status::Confirmed));
    ends_well(&mut world);
}

/// What doubts cost at most: each query in the last moment takes `clock` and four times `grace`, and pays the owner six bonds.
#[test]
fn doubts_delay_a_right_claim_by_a_known_time() {
    let mut world = world(&[PROPOSER], None);
    world.act_honestly();
    let mut path = Path::CLAIM;
    let mut until = RULES.window;
    while path.length() < RULES.depth {
        world.now = until;
        path = path.entry(0).expect("there is room; qed");
        let owner = PROPOSER.address;
        world.play(QUERIER, Move::Query { content: 1, owner, path }).expect("in time");
        world.act_honestly();
        until = world.game.close(1, owner).expect("it stands; qed");
    }
    assert_eq!(world.now, RULES.window + RULES.clock + 4 * RULES.grace);
    world.now += 1;
    world.act_honestly();
    assert!(world.game.is_confirmed(1));
    ends_well(&mut world);
    assert_eq!(world.game.purse().net(PROPOSER.address), 6 * RULES.bond as i128);
    assert!(world.now <= RULES.resolution_max());
}

/// Owners of what builds on a wrong claim lose their stakes with it, and every bond can be withdrawn.
#[test]
fn what_builds_on_a_lie_falls_with_it() {
    let mut world = world(&[PROPOSER], None);
    world.post(2, 5);
    let vector = wrong(&world, 3);
    claims(&mut world, LIAR, vector);
    let above = world.game.content(1).expect("it was asserted; qed");
    let vector = world.toy.outputs(above.child_n1, above.end).expect("the batch is posted; qed");
    world.play(LIAR, Move::Assert { parent: 1, vector }).expect("it stands on the parent");
    let path = Path::CLAIM.entry(2).expect("there is room; qed");
    world.play(QUERIER, Move::Query { content: 2, owner: LIAR, path }).expect("in the window");
    // The honest party is kept away from the lie until the right claim is confirmed: nobody refutes anything.
    let right = world.toy.claim(&world.game, 0).expect("the batch is posted; qed");
    claims(&mut world, PROPOSER.address, right);
    world.now = RULES.window;
    world.act_honestly();
    world.now = RULES.window + 1;
    world.play(QUERIER, Move::Confirm { content: 3, owner: PROPOSER.address }).expect("it is ripe");
    assert_eq!(world.game.status(1, LIAR), Some(Status::Rejected));
    while world
        .game
        .content(world.game.head())
        .is_some_and(|it| it.child_n1 <= world.game.batches())
    {
        world.act_honestly();
        world.now += RULES.window;
    }
    ends_well(&mut world);
    assert_eq!(world.game.purse().net(LIAR), -(RULES.stake as i128));
    assert_eq!(world.game.purse().net(QUERIER), 0);
}

/// An owner that was kept away for its whole clock, and then needs almost `grace` for each answer.
pub(crate) fn survives_an_outage(mutation: Option<Mutation>) -> bool {
    let mut world = world(&[PROPOSER], mutation);
    world.act_honestly();
    let (owner, mut path) = (PROPOSER.address, Path::CLAIM);
    let mut late = RULES.clock;
    while path.length() < RULES.depth {
        path = path.entry(0).expect("there is room; qed");
        world.play(QUERIER, Move::Query { content: 1, owner, path }).expect("in time");
        world.now += late;
        late = RULES.grace - 1;
        let _ = world.play(QUERIER, Move::Timeout { content: 1, owner, path });
        if world.game.status(1, owner) != Some(Status::Live) {
            return false;
        }
        world.act_honestly();
    }
    true
}

/// The numbers of production, in hours: 13.5 days.
#[test]
fn everything_is_decided_in_less_than_a_fortnight() {
    assert_eq!(RULES.resolution_max(), 324);
}
