//! Validity proofs: what is wanted, what is done with it, and what an alarm takes back.

use super::*;
use mezz_primitives::{ProofConfig, ProofPolicy};

const FAST: ProofConfig = ProofConfig { policy: ProofPolicy::Fast, wait: 30, prover_timeout: 100 };
const SAFE: ProofConfig = ProofConfig { policy: ProofPolicy::Safe, wait: 5, prover_timeout: 0 };
const RIGHT: ContentId = ContentId(B256::repeat_byte(2));
const WRONG: ContentId = ContentId(B256::repeat_byte(9));

fn of(entry: Option<u8>) -> Proving {
    let of = entry.map_or(Proven::Claim(GENESIS), |entry| Proven::Entry(GENESIS, entry));
    Proving { of, n0: 0, n1: 1 }
}

fn vector() -> Vec<B256> {
    vec![B256::repeat_byte(7); CLAIM_ENTRIES]
}

/// The right vector with a wrong entry 3.
fn garbage() -> Vec<B256> {
    let mut garbage = vector();
    garbage[3] = B256::ZERO;
    garbage
}

fn claim(content: ContentId, owner: Address, index: u64, vector: Vec<B256>) -> Fact {
    let (parent, end) = (GENESIS, output(1, 1));
    Fact::ClaimAsserted { content, parent, index, owner, n1: 1, child_n1: 2, end, vector }
}

const fn proven(content: ContentId) -> Fact {
    Fact::Proof(ProofFact::Proven { content })
}

/// A version, with a verifier that has its number in all its bytes.
fn scheduled(version: u64, activation: u64, program: ProgramId) -> Fact {
    let (key, verifier) = (B256::ZERO, Address::repeat_byte(version as u8));
    Fact::Proof(ProofFact::Scheduled { version, activation, program, key, verifier })
}

fn conflict() -> Fact {
    Fact::Proof(ProofFact::Conflict { version: 0, reporter: OTHER, bounty: 70 })
}

/// A chain with one batch, of which this node knows what is right to claim.
struct Chain {
    world: World,
    settlement: Settlement,
}

impl Chain {
    fn new(proofs: ProofConfig) -> Self {
        let mut parameters = parameters();
        parameters.config.proofs = Some(proofs);
        parameters.challenger = Some(OTHER);
        parameters.config.windows.claim_window = 60;
        let mut chain = Self {
            world: World::new(),
            settlement: Settlement::new(parameters, L1Ref::default(), (GENESIS, output(0, 0)), 1),
        };
        seal(&mut chain.settlement, 1, 1, 10);
        let block = chain.world.mine(0, &[0]);
        chain.settlement.observe(Event::L1(block)).unwrap();
        derive(&mut chain.settlement, 0);
        chain.settlement.observe(computed(&chain.world, RIGHT, &vector())).unwrap();
        chain.mine([ME, LIAR].map(|owner| Fact::StakeDeposited { owner }).to_vec());
        chain
    }

    /// 12 seconds later on L1.
    fn mine(&mut self, facts: Vec<Fact>) -> L1Ref {
        let mut block = self.world.mine(1, &[]);
        block.facts.extend(facts);
        self.settlement.observe(Event::L1(block.clone())).unwrap();
        block.block
    }

    fn has(&self, entry: Option<u8>) -> bool {
        !self.settlement.wanted().contains(&of(entry))
    }

    fn prove(&mut self, entry: Option<u8>) {
        self.settlement.observe(Event::Proved(of(entry))).unwrap();
    }

    fn due(&self, wanted: impl Fn(&Move) -> bool) -> bool {
        self.settlement.moves().iter().any(wanted)
    }
}

/// Invariant 42, in the node: by its proof a claim is final after the guard, without an instance that has lived through its window.
#[test]
fn a_right_claim_is_proven_and_final_after_the_guard() {
    let mut chain = Chain::new(FAST);
    assert!(chain.settlement.wanted().is_empty(), "nothing was claimed");
    chain.mine(vec![claim(RIGHT, ME, 1, vector())]);
    assert_eq!(chain.settlement.wanted(), [of(None)]);
    assert!(!chain.due(|due| matches!(due, Move::Prove { .. })));
    chain.prove(None);
    assert!(chain.settlement.wanted().is_empty());
    let show = Move::Prove { content: RIGHT, of: of(None) };
    assert!(chain.due(|due| *due == show));
    // One that cannot be read any more is made anew.
    chain.settlement.observe(Event::Unproved(of(None))).unwrap();
    assert_eq!(chain.settlement.wanted(), [of(None)]);
    assert!(!chain.due(|due| *due == show));
    chain.prove(None);
    let at = chain.mine(vec![proven(RIGHT)]);
    assert!(!chain.due(|due| matches!(due, Move::Prove { .. })));
    assert_eq!(chain.settlement.claims().get(RIGHT).unwrap().proven, Some(at));
    let by_proof = Move::Confirm { content: RIGHT, owner: Address::ZERO };
    for _ in 0..2 {
        assert!(!chain.due(|due| *due == by_proof));
        chain.mine(vec![]);
    }
    chain.mine(vec![]);
    assert!(chain.due(|due| *due == by_proof));
    chain.mine(vec![Fact::ClaimConfirmed { content: RIGHT }]);
    assert_eq!(chain.settlement.heads().settled, 1);
    // Whoever staked on it has its instance booked.
    assert!(chain.due(|due| *due == Move::Settle { content: RIGHT, owner: ME }));
}

/// Invariant 43: without provers a claim waits for the prover's timeout, and then its instance confirms it.
#[test]
fn without_provers_the_instance_confirms_after_the_timeout() {
    let mut chain = Chain::new(FAST);
    let asserted = chain.mine(vec![claim(RIGHT, ME, 1, vector())]).time;
    loop {
        let now = chain.mine(vec![]).time;
        let confirm = chain.due(|due| *due == Move::Confirm { content: RIGHT, owner: ME });
        assert_eq!(confirm, now > asserted + 100, "{} s later", now - asserted);
        if confirm {
            break;
        }
    }
    assert_eq!(chain.settlement.wanted(), [of(None)], "a late proof still spares the rest");
}

#[test]
fn a_proof_shortens_the_window_where_the_game_has_the_last_word() {
    let mut chain = Chain::new(SAFE);
    chain.mine(vec![claim(RIGHT, ME, 1, vector())]);
    chain.prove(None);
    chain.mine(vec![proven(RIGHT)]);
    let by_instance = Move::Confirm { content: RIGHT, owner: ME };
    assert!(!chain.due(|due| *due == by_instance));
    chain.mine(vec![]);
    assert!(chain.due(|due| *due == by_instance), "five seconds after the proof");
    // Alone it makes nothing final: a claim whose owners are all refuted does not stand.
    let mut alone = Chain::new(SAFE);
    alone.mine(vec![claim(RIGHT, LIAR, 1, vector()), proven(RIGHT)]);
    alone.mine(vec![Fact::InstanceRefuted { content: RIGHT, owner: LIAR }]);
    assert_eq!(alone.settlement.claims().get(RIGHT).unwrap().state, ClaimState::Refuted);
    // An instance of it that was refuted brings the whole window back.
    let mut chain = Chain::new(SAFE);
    chain.mine(vec![claim(RIGHT, ME, 1, vector())]);
    chain.mine(vec![proven(RIGHT), Fact::ClaimBacked { content: RIGHT, owner: LIAR }]);
    let node = Disputes::node_id(RIGHT, LIAR, Path::CLAIM.entry(3).unwrap());
    let parent = B256::ZERO;
    let query =
        Fact::Queried { node, content: RIGHT, owner: LIAR, parent, index: 3, querier: OTHER };
    chain.mine(vec![query]);
    chain.mine(vec![]);
    let refuted = Fact::InstanceRefuted { content: RIGHT, owner: LIAR };
    chain.mine(vec![Fact::Refuted { node }, refuted]);
    chain.mine(vec![]);
    assert!(!chain.due(|due| *due == by_instance), "the window is 60 seconds");
    chain.mine(vec![]);
    assert!(chain.due(|due| *due == by_instance));
}

#[test]
fn proofs_answer_and_refute_and_are_not_wanted_where_they_are_worth_nothing() {
    let mut chain = Chain::new(FAST);
    let asserted = vec![claim(WRONG, LIAR, 1, garbage()), claim(RIGHT, ME, 2, vector())];
    chain.mine(asserted.clone());
    assert_eq!(chain.settlement.wanted(), [of(Some(3)), of(None)], "the refutation first");
    let path = Path::CLAIM.entry(4).unwrap();
    let node = Disputes::node_id(RIGHT, ME, path);
    let parent = B256::ZERO;
    let query = Fact::Queried { node, content: RIGHT, owner: ME, parent, index: 4, querier: LIAR };
    chain.mine(vec![query]);
    assert_eq!(chain.settlement.wanted(), [of(Some(3)), of(Some(4)), of(None)]);
    chain.prove(Some(4));
    chain.prove(Some(3));
    assert!(chain.has(Some(3)) && chain.has(Some(4)));
    let answer = Move::AnswerByProof { content: RIGHT, path, of: of(Some(4)) };
    let refute = Move::RefuteByProof { content: WRONG, owner: LIAR, entry: 3, of: of(Some(3)) };
    assert!(chain.due(|due| *due == answer) && chain.due(|due| *due == refute));
    // L1 has them: the doubt is settled, the liar has lost half its stake to whoever showed it.
    chain.mine(vec![
        Fact::Proven { node },
        Fact::Proof(ProofFact::Disproven { content: WRONG, owner: LIAR, by: OTHER, entry: 3 }),
        Fact::InstanceRefuted { content: WRONG, owner: LIAR },
    ]);
    assert!(!chain.due(|due| *due == answer) && !chain.due(|due| *due == refute));
    assert_eq!(chain.settlement.claims().get(WRONG).unwrap().state, ClaimState::Refuted);
    assert!(chain.due(|due| *due == Move::Collect { by: Role::Challenger }));

    let nothing = ProofConfig { policy: ProofPolicy::StepOnly, wait: 5, prover_timeout: 0 };
    let mut chain = Chain::new(nothing);
    chain.mine(asserted);
    assert!(chain.settlement.wanted().is_empty());
    chain.mine(vec![proven(RIGHT)]);
    chain.mine(vec![]);
    assert!(!chain.due(|due| matches!(due, Move::Confirm { .. })));
}

/// Invariant 39, in the node: after the alarm everything is as if nothing had been proven, and what proofs had settled is open again.
#[test]
fn a_wrong_claim_that_is_proven_raises_the_alarm() {
    let mut chain = Chain::new(FAST);
    let staked = Fact::StakeDeposited { owner: OTHER };
    chain.mine(vec![staked, claim(WRONG, LIAR, 1, garbage()), claim(RIGHT, ME, 2, vector())]);
    let path = Path::CLAIM.entry(3).unwrap();
    let doubt = |content, owner, index| Fact::Queried {
        node: Disputes::node_id(content, owner, Path::CLAIM.entry(index).unwrap()),
        content,
        owner,
        parent: B256::ZERO,
        index: index as u8,
        querier: OTHER,
    };
    let (wrong, mine) = (doubt(WRONG, LIAR, 3), doubt(RIGHT, ME, 5));
    let node = |fact: &Fact| match fact {
        Fact::Queried { node, .. } => *node,
        _ => unreachable!("a doubt; qed"),
    };
    let (wrong_node, my_node) = (node(&wrong), node(&mine));
    chain.mine(vec![wrong, mine]);
    // False proofs settle the doubt and prove the claim, a right one settles the other.
    let settled = vec![Fact::Proven { node: wrong_node }, Fact::Proven { node: my_node }];
    chain.mine(settled);
    chain.mine(vec![proven(WRONG)]);
    assert_eq!(chain.settlement.wanted()[0], of(Some(3)));
    chain.prove(Some(3));
    let alarm = Move::Contradict { content: WRONG, entry: 3, of: of(Some(3)) };
    assert!(chain.due(|due| *due == alarm));
    // What builds on proofs alone falls with them.
    let alone = ContentId(B256::repeat_byte(0x11));
    let mut other = vector();
    other[9] = B256::ZERO;
    chain.mine(vec![claim(alone, Address::ZERO, 3, other), proven(alone)]);
    assert_eq!(chain.settlement.claims().get(alone).unwrap().state, ClaimState::Live);
    chain.mine(vec![conflict()]);
    assert_eq!(chain.settlement.claims().get(alone).unwrap().state, ClaimState::Refuted);
    assert_eq!(chain.settlement.claims().get(WRONG).unwrap().proven, None);
    assert!(chain.settlement.wanted().is_empty() && !chain.due(|due| *due == alarm));
    for _ in 0..9 {
        chain.mine(vec![]);
    }
    assert!(!chain.due(|due| matches!(due, Move::Confirm { .. })), "verified doubts are open");
    let my_path = Path::CLAIM.entry(5).unwrap();
    let reopen = |by, content, owner, path| Move::Reopen { by, content, owner, path };
    let (theirs, ours) =
        (reopen(Role::Challenger, WRONG, LIAR, path), reopen(Role::Proposer, RIGHT, ME, my_path));
    assert!(chain.due(|due| *due == theirs) && chain.due(|due| *due == ours));
    let reopened = |node| Fact::Proof(ProofFact::Reopened { node });
    chain.mine(vec![reopened(wrong_node), reopened(my_node)]);
    assert!(!chain.due(|due| matches!(due, Move::Reopen { .. })));
    let states = vec![B256::repeat_byte(5); CLAIM_ENTRIES];
    let traced = Event::Traced { parent: GENESIS, path: my_path, vector: states };
    chain.settlement.observe(traced).unwrap();
    assert!(chain.due(|due| *due == Move::Answer { content: RIGHT, path: my_path }));
    // The bounty is due to whoever raised it.
    assert!(chain.due(|due| *due == Move::Collect { by: Role::Challenger }));
    let deadline = chain.world.blocks.len() as u64 * 12 + 24;
    while chain.mine(vec![]).time <= deadline {}
    let timeout = Move::Timeout { content: WRONG, owner: LIAR, path };
    assert!(chain.due(|due| *due == timeout), "the liar does not answer");
}

/// A right claim's owner is refuted by a false proof: the truth about that span raises the alarm, and the claim's other owners carry it.
#[test]
fn a_false_refutation_is_contradicted() {
    let mut chain = Chain::new(FAST);
    chain.mine(vec![
        claim(RIGHT, LIAR, 1, vector()),
        Fact::ClaimBacked { content: RIGHT, owner: ME },
    ]);
    chain.mine(vec![
        Fact::Proof(ProofFact::Disproven { content: RIGHT, owner: LIAR, by: OTHER, entry: 9 }),
        Fact::InstanceRefuted { content: RIGHT, owner: LIAR },
    ]);
    assert_eq!(chain.settlement.wanted(), [of(Some(9)), of(None)]);
    chain.prove(Some(9));
    let report = Move::Report { content: RIGHT, of: of(Some(9)) };
    assert!(chain.due(|due| *due == report));
    chain.mine(vec![conflict()]);
    assert!(!chain.due(|due| *due == report));
    assert_eq!(chain.settlement.claims().get(RIGHT).unwrap().state, ClaimState::Live);
}

/// Invariant 40, in the node: no claim straddles an activation, and a node stops before the first batch of a program that it does not have.
#[test]
fn a_node_stops_before_a_version_that_it_does_not_have() {
    let mut world = World::new();
    let mut settlement = fresh();
    let schedule = |version: u64, activation, byte| {
        let program = ProgramId { memory: B256::repeat_byte(byte), pc: 0 };
        scheduled(version, activation, program)
    };
    let mut block = world.mine(0, &[0]);
    block.facts.insert(0, schedule(0, 0, 0));
    block.facts.push(schedule(1, 2, 1));
    settlement.observe(Event::L1(block)).unwrap();
    let foreign = settlement.foreign().unwrap();
    assert_eq!((foreign.number, foreign.activation), (1, 2));
    derive(&mut settlement, 0);
    settlement.observe(Event::L1(world.mine(1, &[0, 0]))).unwrap();
    assert!(settlement.moves().contains(&Move::Derive { index: 1 }));
    assert_eq!(settlement.standing(), Standing::Current);
    derive(&mut settlement, 1);
    let Standing::Superseded { by, done: false } = settlement.standing() else {
        panic!("its claims are open: {:?}", settlement.standing())
    };
    assert_eq!((by.number, settlement.older()), (1, None));
    assert!(!settlement.moves().iter().any(|due| matches!(due, Move::Derive { .. })));
    assert_eq!(settlement.disputes().game().child_range(0), 2, "and not 3");
    // Nor does it post one.
    let mut settlement = fresh();
    let mut block = World::new().mine(0, &[]);
    block.facts.extend([schedule(0, 0, 0), schedule(1, 1, 1)]);
    let mut world = World::new();
    world.blocks.push(block.clone());
    settlement.observe(Event::L1(block)).unwrap();
    settlement.observe(Event::L1(world.mine(1, &[0]))).unwrap();
    derive(&mut settlement, 0);
    let last = settlement.heads().safe;
    seal(&mut settlement, last + 1, last + 3, 2_000);
    assert!(!settlement.moves().iter().any(|due| matches!(due, Move::Publish { .. })));
}

/// What a node does about a claim of the first batch, whose version it has or not, and about a lie beside it; the second batch is of a version that it has.
fn after_an_upgrade(first: u8) -> (Settlement, Vec<Move>) {
    let (mut world, mut parameters) = (World::new(), parameters());
    parameters.challenger = Some(OTHER);
    let genesis = (GENESIS, output(0, 0));
    let mut settlement = Settlement::new(parameters, L1Ref::default(), genesis, 1);
    let schedule = |version: u64, byte| {
        let program = ProgramId { memory: B256::repeat_byte(byte), pc: 0 };
        scheduled(version, version, program)
    };
    let mut block = world.mine(0, &[0]);
    block.facts.insert(0, schedule(0, first));
    block.facts.insert(1, schedule(1, 0));
    // An earlier run has derived it.
    settlement.resume(1, world.acc, 1);
    settlement.observe(Event::L1(block)).unwrap();
    settlement.observe(computed(&world, RIGHT, &vector())).unwrap();
    let mut block = world.mine(1, &[]);
    let owners = [ME, LIAR].map(|owner| Fact::StakeDeposited { owner });
    block.facts.extend(owners.into_iter().chain([claim(WRONG, LIAR, 1, garbage())]));
    settlement.observe(Event::L1(block)).unwrap();
    let moves = settlement.moves();
    (settlement, moves)
}

/// After an upgrade a node leaves claims about the batches before to whoever has their version.
#[test]
fn a_node_plays_for_the_batches_of_its_versions_only() {
    let doubts = |due: &Move| matches!(due, Move::Query { content: WRONG, .. });
    let proposes = |due: &Move| matches!(due, Move::Propose { .. });
    let (settlement, moves) = after_an_upgrade(0);
    assert!(moves.iter().any(doubts) && moves.iter().any(proposes), "{moves:?}");
    assert_eq!((settlement.standing(), settlement.older()), (Standing::Current, None));

    let (settlement, moves) = after_an_upgrade(1);
    assert!(!moves.iter().any(doubts) && !moves.iter().any(proposes), "{moves:?}");
    assert_eq!((settlement.standing(), settlement.derived()), (Standing::Current, 1));
    let older = settlement.older().unwrap();
    assert_eq!((older.version.number, older.from, older.to), (0, 0, 1));
    assert_eq!(settlement.first_own_block(), settlement.inbox().last_block(1) + 1);
    assert_eq!(settlement.foreign(), None, "what comes it has");
    let verifiers = [1, 2].map(|n1| settlement.verifier_of(n1));
    assert_eq!(verifiers, [0, 1].map(|number| Some(Address::repeat_byte(number))));
}

/// A node that has a later version only takes over what another has derived, and does nothing else.
#[test]
fn a_node_of_a_later_version_derives_nothing_of_its_own() {
    let mut world = World::new();
    let mut settlement = fresh();
    let mut block = world.mine(0, &[0]);
    let schedule = |version: u64, activation, byte| {
        let program = ProgramId { memory: B256::repeat_byte(byte), pc: 0 };
        scheduled(version, activation, program)
    };
    block.facts.insert(0, schedule(0, 0, 1));
    settlement.observe(Event::L1(block)).unwrap();
    let Standing::Early { of, own: None } = settlement.standing() else { panic!("of no use") };
    assert_eq!(of.number, 0);
    assert!(!settlement.moves().iter().any(|due| matches!(due, Move::Derive { .. })));
    let mut block = world.mine(1, &[]);
    block.facts.push(schedule(1, 2, 0));
    settlement.observe(Event::L1(block)).unwrap();
    assert!(matches!(settlement.standing(), Standing::Early { own: Some(2), .. }));
    assert!(settlement.moves().contains(&Move::Derive { index: 0 }), "compared with the store");
    derive(&mut settlement, 0);
    let last = settlement.heads().safe;
    seal(&mut settlement, last + 1, last + 3, 2_000);
    assert!(!settlement.moves().iter().any(|due| matches!(due, Move::Publish { .. })));
}

/// A proof is about the batches that L1 had when it was made.
#[test]
fn a_reorg_takes_proofs_of_other_batches_away() {
    let mut chain = Chain::new(FAST);
    chain.prove(None);
    chain.mine(vec![claim(RIGHT, ME, 1, vector())]);
    assert!(chain.has(None));
    chain.settlement.observe(Event::Rewound { to: 1 }).unwrap();
    assert!(chain.settlement.has_proof(&of(None)), "the batch is still there");
    let mut chain = Chain::new(FAST);
    chain.prove(None);
    chain.settlement.observe(Event::Rewound { to: 0 }).unwrap();
    assert!(!chain.settlement.has_proof(&of(None)));
}
