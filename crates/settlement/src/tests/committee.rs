//! Batches of a data committee: demanded, shown, void, sealed.

use super::*;
use crate::committee::DemandStatus;
use mezz_primitives::{CHUNK_SIZE, CommitteeConfig, Fallback, PayloadId};

const BOND: u64 = 7;
const RULES: CommitteeConfig = CommitteeConfig {
    challenge_window: 36,
    answer_window: 48,
    retention: 1_000_000,
    rotation_delay: 60,
    overlap: 10,
    freeze_delay: 1_000,
    bond_per_chunk: U256::from_limbs([BOND, 0, 0, 0]),
    fallback: Fallback::Stop,
};

/// Two chunks.
fn payload() -> (Vec<u8>, PayloadId) {
    let payload = vec![5; CHUNK_SIZE + 3];
    let id = PayloadId::of(&payload).unwrap();
    (payload, id)
}

fn with_committee(change: impl FnOnce(&mut Parameters)) -> Settlement {
    let mut parameters = parameters();
    parameters.config.committee = Some(RULES);
    parameters.claim_interval = 0;
    change(&mut parameters);
    Settlement::new(parameters, L1Ref::default(), (GENESIS, output(0, 0)), 1)
}

/// An L1 with one batch of one block in each of its first blocks.
fn posted(count: u8) -> (World, Vec<BatchHeader>) {
    let (mut world, mut headers) = (World::new(), Vec::new());
    for salt in 0..count {
        let at = world.next(salt);
        let fact = world.batch_with(at, 1, DaType::Committee, payload().1.da_hash());
        let Fact::BatchPosted { header, .. } = &fact else { unreachable!() };
        headers.push(*header);
        world.blocks.push(L1Block { block: at, facts: vec![fact] });
    }
    (world, headers)
}

fn mine(world: &mut World, settlement: &mut Settlement, facts: Vec<Fact>) {
    let mut block = world.mine(99, &[]);
    block.facts = facts;
    *world.blocks.last_mut().unwrap() = block.clone();
    settlement.observe(Event::L1(block)).unwrap();
}

fn demanded(index: u64, challenger: Address, world: &World) -> Fact {
    let deadline = 12 * (world.blocks.len() as u64 + 1) + RULES.answer_window;
    Fact::PayloadDemanded { index, challenger, payload: payload().1, deadline }
}

fn follow(settlement: &mut Settlement, world: &World) {
    world.blocks.iter().for_each(|block| settlement.observe(Event::L1(block.clone())).unwrap());
}

fn missing(settlement: &mut Settlement, header: &BatchHeader) {
    let looked = Event::Looked { index: header.index, header: header.hash(), found: false };
    settlement.observe(looked).unwrap();
}

#[test]
fn batches_are_sealed_when_their_window_is_over_and_claimed_only_then() {
    let (mut world, headers) = posted(3);
    let mut settlement = with_committee(|_| ());
    follow(&mut settlement, &world);
    for index in 0..3 {
        derive(&mut settlement, index);
    }
    // Posted at 12, 24 and 36: at 48 the first window is just not over.
    mine(&mut world, &mut settlement, Vec::new());
    assert_eq!(settlement.moves(), []);
    mine(&mut world, &mut settlement, Vec::new());
    assert_eq!(settlement.moves(), [Move::Seal { count: 1 }]);
    mine(&mut world, &mut settlement, Vec::new());
    assert_eq!(settlement.moves(), [Move::Seal { count: 2 }]);
    let sealing = settlement.sealing().unwrap();
    assert_eq!(sealing.headers(settlement.inbox(), 2), [1], "one header for all");
    let (acc, finalized) = (headers[1].acc(), settlement.heads().finalized);
    mine(&mut world, &mut settlement, vec![Fact::BatchesSealed { count: 2, acc }]);
    let compute = Move::Compute { parent: GENESIS, n0: 0, n1: 1 };
    assert_eq!(settlement.moves(), [compute, Move::Seal { count: 3 }]);
    // What is not sealed is not final, however deep it lies.
    settlement.observe(Event::L1Finalized(6)).unwrap();
    assert_eq!((finalized, settlement.heads().finalized), (0, 0));
    settlement.observe(Event::L1Finalized(7)).unwrap();
    assert_eq!(settlement.heads().finalized, 2);

    let mut other = with_committee(|_| ());
    follow(&mut other, &world);
    let mut block = world.mine(1, &[]);
    block.facts.push(Fact::BatchesSealed { count: 3, acc: headers[0].acc() });
    assert_eq!(other.observe(Event::L1(block)), Err(Error::SealedChain { count: 3 }));
}

#[test]
fn a_payload_that_nobody_gives_is_demanded_and_those_after_it_are_looked_for() {
    let (mut world, headers) = posted(2);
    let mut settlement = with_committee(|parameters| {
        parameters.proposer = None;
        parameters.challenger = Some(ME);
    });
    follow(&mut settlement, &world);
    missing(&mut settlement, &headers[0]);
    // Posted at 12, now it is 24: twelve seconds are a third of the window.
    let derive = Move::Derive { index: 0 };
    let look = Move::Look { index: 1 };
    assert_eq!(settlement.moves(), [derive.clone(), look.clone(), Move::Demand { index: 0 }]);
    missing(&mut settlement, &headers[1]);
    assert_eq!(settlement.moves(), [derive.clone(), look.clone(), Move::Demand { index: 0 }]);
    let fact = demanded(0, OTHER, &world);
    mine(&mut world, &mut settlement, vec![fact]);
    assert_eq!(settlement.moves(), [derive.clone(), look, Move::Demand { index: 1 }]);
    let found = Event::Looked { index: 1, header: headers[1].hash(), found: true };
    settlement.observe(found).unwrap();
    assert_eq!(settlement.moves(), [derive]);
    // Another batch in its place after a reorg: nothing is known of that.
    settlement.observe(Event::Rewound { to: 0 }).unwrap();
    assert_eq!(settlement.moves(), []);
}

#[test]
fn a_demand_is_met_by_the_batcher_and_late_by_whoever_watches() {
    let (payload, id) = payload();
    for (batcher, challenger, by) in
        [(Some(ME), None, Role::Batcher), (None, Some(ME), Role::Challenger)]
    {
        let (mut world, _) = posted(1);
        let mut settlement = with_committee(|parameters| {
            (parameters.batcher, parameters.challenger) = (batcher, challenger);
            parameters.proposer = None;
        });
        follow(&mut settlement, &world);
        let fact = demanded(0, OTHER, &world);
        mine(&mut world, &mut settlement, vec![fact]);
        let show = |chunk| Move::Show { by, index: 0, chunk };
        assert!(!settlement.moves().contains(&show(0)), "nobody shows what it does not have");
        derive(&mut settlement, 0);
        let waits = by == Role::Challenger;
        assert_eq!(settlement.moves().contains(&show(0)), !waits);
        // Demanded at 24 until 72: at 48 half of that is over.
        mine(&mut world, &mut settlement, Vec::new());
        mine(&mut world, &mut settlement, Vec::new());
        assert_eq!(settlement.moves(), [show(0), show(1)]);
        let chunk = |chunk: u8| {
            let data = payload.chunks(CHUNK_SIZE).nth(chunk.into()).unwrap().to_vec().into();
            Fact::ChunkShown { index: 0, chunk, by: ME, data }
        };
        mine(&mut world, &mut settlement, vec![chunk(1)]);
        assert_eq!(settlement.moves(), [show(0)]);
        assert_eq!(settlement.sealing().unwrap().credit(ME), 0, "nothing for a part of it");
        mine(&mut world, &mut settlement, vec![chunk(0)]);
        assert_eq!(settlement.moves(), [Move::Collect { by }]);
        let demand = settlement.sealing().unwrap().demand(0).unwrap();
        assert_eq!(demand.status(u64::MAX), DemandStatus::Answered);
        assert_eq!(PayloadId::of(&demand.shown().unwrap()), Some(id));
        let paid = Fact::DemandPaid { owner: ME, amount: 2 * u128::from(BOND) };
        mine(&mut world, &mut settlement, vec![paid]);
        assert_eq!(settlement.moves(), []);
    }
}

/// Invariant 37, the node's part: what was derived of a void batch is derived again, as of one without data.
#[test]
fn a_void_batch_is_derived_again_and_claimed_as_one_without_data() {
    let (mut world, headers) = posted(2);
    let mut settlement = with_committee(|parameters| parameters.challenger = Some(OTHER));
    follow(&mut settlement, &world);
    derive(&mut settlement, 0);
    derive(&mut settlement, 1);
    let fact = demanded(0, OTHER, &world);
    mine(&mut world, &mut settlement, vec![fact]);
    // Demanded at 36 until 84.
    for _ in 0..4 {
        mine(&mut world, &mut settlement, Vec::new());
        assert_eq!((settlement.derived(), settlement.inbox().first_void()), (2, None));
    }
    let late = settlement.clone();
    mine(&mut world, &mut settlement, Vec::new());
    assert_eq!((settlement.derived(), settlement.inbox().first_void()), (0, Some(0)));
    assert_eq!(settlement.inbox().batches()[0].effective(), headers[0].voided());
    assert_eq!(settlement.inbox().head(), headers[1].acc(), "what the next batch stands on");
    let void = Accumulator::genesis(CHAIN).push(headers[0].voided().hash());
    assert_eq!(settlement.inbox().acc(1), Some(void));
    assert_eq!(settlement.inbox().acc(2), Some(void.push(headers[1].hash())));
    let moves = settlement.moves();
    let reclaim = Move::ReclaimDemand { index: 0 };
    assert_eq!(moves, [Move::Derive { index: 0 }, reclaim.clone(), Move::Seal { count: 2 }]);
    // A derivation with the payload that ends now was in vain.
    let header = headers[0].hash();
    settlement.observe(Event::Derived { index: 0, header }).unwrap();
    assert_eq!(settlement.derived(), 0);
    derive(&mut settlement, 0);
    assert_eq!(settlement.derived(), 1);
    let sealing = settlement.sealing().unwrap();
    assert_eq!(sealing.headers(settlement.inbox(), 2), [0, 1], "each header from the void one on");
    let acc = settlement.inbox().acc(2).unwrap();
    let facts = vec![Fact::BatchesSealed { count: 2, acc }, Fact::DemandReclaimed { index: 0 }];
    mine(&mut world, &mut settlement, facts);
    assert!(settlement.moves().contains(&Move::Compute { parent: GENESIS, n0: 0, n1: 1 }));
    assert!(settlement.moves().contains(&Move::Collect { by: Role::Challenger }));
    assert!(!settlement.moves().contains(&reclaim));

    // A reorg of L1 to before the deadline takes the verdict back.
    let mut back = settlement.clone();
    back.observe(Event::Rewound { to: late.l1_head().number }).unwrap();
    assert_eq!((back.inbox(), back.derived()), (late.inbox(), 0));
}

#[test]
fn an_ended_chain_goes_no_further() {
    let (mut world, _) = posted(1);
    let mut settlement = with_committee(|parameters| parameters.batcher = Some(ME));
    follow(&mut settlement, &world);
    derive(&mut settlement, 0);
    seal(&mut settlement, 2, 3, 10);
    for _ in 0..5 {
        mine(&mut world, &mut settlement, Vec::new());
    }
    let moves = settlement.moves();
    assert_eq!(
        moves,
        [Move::Publish { index: 1, first: 2, last: 3, unsigned: false }, Move::Seal { count: 1 }]
    );
    mine(&mut world, &mut settlement, vec![Fact::Frozen { claim: 0 }]);
    assert_eq!(settlement.moves(), []);
    assert_eq!(settlement.sealing().unwrap().frozen(), Some(0));
}
