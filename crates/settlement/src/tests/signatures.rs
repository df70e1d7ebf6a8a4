//! Batches without signatures: proven, void, sealed; and when the next one may be posted so.

use super::*;
use mezz_primitives::{CommitteeConfig, Fallback, ProofConfig, ProofPolicy, SignaturesConfig};

const TIMEOUT: u64 = 48;

struct Chain {
    world: World,
    settlement: Settlement,
}

impl Chain {
    /// A chain with workers.
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut Parameters)) -> Self {
        let mut parameters = parameters();
        parameters.config.proofs =
            Some(ProofConfig { policy: ProofPolicy::Fast, wait: 30, prover_timeout: 100 });
        parameters.config.signatures = Some(SignaturesConfig { timeout: TIMEOUT });
        parameters.claim_interval = 0;
        change(&mut parameters);
        let genesis = (GENESIS, output(0, 0));
        let mut settlement = Settlement::new(parameters, L1Ref::default(), genesis, 1);
        settlement.observe(Event::Workers(true)).unwrap();
        Self { world: World::new(), settlement }
    }

    fn mine(&mut self, facts: Vec<Fact>) {
        let mut block = self.world.mine(99, &[]);
        block.facts = facts;
        *self.world.blocks.last_mut().unwrap() = block.clone();
        self.settlement.observe(Event::L1(block)).unwrap();
    }

    /// Posts a batch of one block, and derives it.
    fn post(&mut self, unsigned: bool) {
        let index = self.post_only(unsigned, DaType::Calldata);
        derive(&mut self.settlement, index);
    }

    fn post_only(&mut self, unsigned: bool, da_type: DaType) -> u64 {
        let at = self.world.next(99);
        let (before, acc) = (self.world.clone(), self.world.acc);
        let posted = self.world.batch_with(at, 1, da_type, B256::ZERO);
        let Fact::BatchPosted { header, aux, transaction, .. } = posted else { unreachable!() };
        assert_eq!((before.batches, acc), (header.index, header.prev_acc));
        let header = BatchHeader { unsigned, ..header };
        self.world.acc = header.acc();
        self.mine(vec![Fact::BatchPosted { header, acc: header.acc(), aux, transaction }]);
        header.index
    }

    fn prove(&mut self, of: Proving) {
        self.settlement.observe(Event::Proved(of)).unwrap();
    }

    /// Lets time pass until a batch that was posted then can be proven no more.
    fn wait_for_void(&mut self, posted: u64) {
        while self.settlement.l1_head().time <= posted + TIMEOUT {
            self.mine(vec![]);
        }
    }

    fn batch(&self, index: usize) -> &PostedBatch {
        &self.settlement.inbox().batches()[index]
    }

    fn publish(&self) -> Option<Move> {
        self.settlement.moves().into_iter().find(|due| matches!(due, Move::Publish { .. }))
    }

    fn sealed(&mut self, count: u64) {
        let acc = self.settlement.inbox().acc(count).unwrap();
        self.mine(vec![Fact::BatchesSealed { count, acc }]);
    }

    fn wanted(&self) -> Vec<(u64, u64)> {
        let wanted = self.settlement.wanted().into_iter();
        wanted.filter(|it| it.of == Proven::Signatures).map(|it| (it.n0, it.n1)).collect()
    }

    fn due(&self) -> Vec<Move> {
        let of_signatures =
            |due: &Move| matches!(due, Move::Seal { .. } | Move::ProveSignatures { .. });
        self.settlement.moves().into_iter().filter(of_signatures).collect()
    }

    /// Whether the next batch may be posted without.
    fn may_omit(&mut self) -> bool {
        let posted = self.settlement.inbox().batches().len() as u64;
        let mut ready = self.settlement.clone();
        seal(&mut ready, posted + 1, posted + 1, 1_500);
        let publish = ready.moves().into_iter().find_map(|due| match due {
            Move::Publish { unsigned, .. } => Some(unsigned),
            _ => None,
        });
        publish.expect("a block is ready")
    }
}

const fn signed(start: u64, end: u64) -> Fact {
    Fact::Proof(ProofFact::Signed { start, end })
}

#[test]
fn a_batch_counts_once_its_signatures_are_proven() {
    let mut chain = Chain::new();
    chain.post(true);
    chain.post(false);
    chain.post(true);
    assert_eq!((chain.wanted(), chain.due()), (vec![(0, 1), (2, 3)], vec![]));
    let of = Proving::signatures(0, 3);
    chain.prove(of);
    let prove = |first| Move::ProveSignatures { of, first };
    assert_eq!((chain.wanted(), chain.due()), (vec![], vec![prove(0)]));
    // The rest of it is of use on its own.
    chain.mine(vec![signed(0, 1)]);
    assert_eq!(chain.due(), [prove(2), Move::Seal { count: 2 }]);
    let headers = |chain: &Chain, count| {
        let settlement = &chain.settlement;
        settlement.sealing().unwrap().headers(settlement.inbox(), count)
    };
    assert_eq!(headers(&chain, 2), [1], "what is posted with signatures is shown, or covered");
    chain.mine(vec![signed(0, 3)]);
    assert_eq!(chain.due(), [Move::Seal { count: 3 }]);
    assert_eq!(headers(&chain, 3), [2]);
    chain.sealed(3);
    assert_eq!(chain.due(), []);
    assert!(chain.settlement.inbox().batches().iter().all(|batch| !batch.void));
    // What is sealed stays proven, and is due no more.
    let sealing = chain.settlement.sealing().unwrap();
    let proven = [0, 1, 2].map(|index| sealing.signatures_proven(chain.batch(index)));
    assert_eq!(proven, [Some(true), None, Some(true)]);
    assert!((0..3).all(|index| sealing.signatures_due(chain.batch(index)).is_none()));
    let compute = Move::Compute { parent: GENESIS, n0: 0, n1: 1 };
    assert!(chain.settlement.moves().contains(&compute));
}

#[test]
fn rows_of_proven_batches_grow_together() {
    let mut chain = Chain::new();
    for _ in 0..8 {
        chain.post(true);
    }
    for (start, end) in [(5, 6), (0, 2), (3, 4), (1, 4), (0, 1), (5, 6)] {
        chain.mine(vec![signed(start, end)]);
    }
    let sealing = chain.settlement.sealing().unwrap();
    let is_proven = |index: &usize| sealing.signatures_proven(chain.batch(*index)) == Some(true);
    let proven: Vec<usize> = (0..8).filter(is_proven).collect();
    assert_eq!(proven, [0, 1, 2, 3, 5]);
}

#[test]
fn what_is_not_proven_in_time_is_void() {
    let mut chain = Chain::new();
    chain.post(true); // at 12
    chain.post(true); // at 24
    chain.mine(vec![signed(1, 2)]);
    let posted = chain.settlement.inbox().batches()[0].header;
    while chain.settlement.l1_head().time < 12 + TIMEOUT {
        chain.mine(vec![]);
        assert_eq!((chain.wanted(), chain.due()), (vec![(0, 1)], vec![]));
    }
    let before = chain.settlement.clone();
    assert!(chain.settlement.inbox().first_void().is_none());
    chain.mine(vec![]);
    assert_eq!(chain.settlement.inbox().batches()[0].effective(), posted.voided());
    // What was derived of it, and what stands on that, is derived again.
    assert_eq!((chain.settlement.derived(), chain.wanted()), (0, vec![]));
    assert_eq!(chain.due(), [Move::Seal { count: 2 }]);
    derive(&mut chain.settlement, 0);
    derive(&mut chain.settlement, 1);
    let headers = chain.settlement.sealing().unwrap().headers(chain.settlement.inbox(), 2);
    assert_eq!(headers, [0, 1]);
    chain.sealed(2);
    assert_eq!(chain.due(), []);
    let sealing = chain.settlement.sealing().unwrap();
    let said = |index| {
        let batch = chain.batch(index);
        (sealing.signatures_proven(batch), sealing.signatures_due(batch))
    };
    assert_eq!((said(0), said(1)), ((Some(false), None), (Some(true), None)));
    // A reorg of L1 takes the verdict back.
    let mut back = chain.settlement.clone();
    back.observe(Event::Rewound { to: before.l1_head().number }).unwrap();
    assert_eq!(back.inbox(), before.inbox());
}

/// While a batch is derived one before it becomes void: what came of it stands on what is gone.
#[test]
fn what_stands_on_a_void_batch_is_not_derived_before_it() {
    let mut chain = Chain::new();
    chain.post(true); // at 12
    chain.wait_for_void(0);
    let index = chain.post_only(false, DaType::Calldata);
    assert_eq!((chain.settlement.derived(), chain.batch(0).void), (0, true));
    derive(&mut chain.settlement, index);
    assert_eq!(chain.settlement.derived(), 0);
    derive(&mut chain.settlement, 0);
    derive(&mut chain.settlement, index);
    assert_eq!(chain.settlement.derived(), 2);
}

#[test]
fn signatures_are_left_out_while_proofs_come_in_time() {
    let mut chain = Chain::new();
    chain.mine(vec![]);
    assert!(chain.may_omit());
    chain.post(true); // at 24
    while chain.settlement.l1_head().time <= 24 + TIMEOUT / 2 {
        assert!(chain.may_omit());
        chain.mine(vec![]);
    }
    assert!(!chain.may_omit(), "half of the time is over");
    chain.mine(vec![signed(0, 1)]);
    assert!(chain.may_omit());
    chain.post(true);
    let posted = chain.settlement.l1_head().time;
    chain.wait_for_void(posted);
    derive(&mut chain.settlement, 1);
    assert!(chain.settlement.inbox().batches()[1].void);
    while chain.settlement.l1_head().time <= posted + 11 * TIMEOUT {
        assert!(!chain.may_omit(), "after a failure it takes a while");
        chain.mine(vec![]);
    }
    assert!(chain.may_omit());
}

#[test]
fn elsewhere_signatures_are_never_left_out() {
    let mut settlement = fresh();
    seal(&mut settlement, 1, 1, 1_500);
    settlement.observe(Event::L1(World::new().mine(0, &[]))).unwrap();
    let publish = Move::Publish { index: 0, first: 1, last: 1, unsigned: false };
    assert!(settlement.moves().contains(&publish));
    assert!(settlement.sealing().is_none());
}

#[test]
fn after_an_alarm_nothing_is_proven_any_more() {
    let mut chain = Chain::new();
    chain.post(true);
    chain.prove(Proving::signatures(0, 1));
    assert_eq!(chain.due().len(), 1);
    chain.mine(vec![Fact::Proof(ProofFact::Conflict { version: 0, reporter: OTHER, bounty: 0 })]);
    assert_eq!((chain.due(), chain.wanted()), (vec![], vec![]));
    assert!(!chain.may_omit());
}

/// A proof is about what was posted. That its first batches are lost, or that nothing is derived, takes nothing from the rest.
#[test]
fn a_row_whose_first_batch_is_lost_shows_the_others() {
    let mut chain = Chain::new();
    chain.post(true); // at 12
    chain.mine(vec![]);
    chain.mine(vec![]);
    chain.post(true); // at 48
    chain.post(true); // at 60
    let held = Proving::signatures(1, 2);
    chain.prove(held);
    let before = chain.settlement.l1_head().number;
    chain.wait_for_void(12);
    assert_eq!((chain.settlement.derived(), chain.batch(0).void), (0, true));
    // The proof that was there is there still, and what was begun is of use.
    let prove = |of, first| Move::ProveSignatures { of, first };
    assert_eq!((chain.wanted(), chain.due()[0].clone()), (vec![(2, 3)], prove(held, 1)));
    let row = Proving::signatures(0, 3);
    assert!(chain.settlement.wants_signatures()(&row));
    for useless in [Proving::signatures(0, 1), held, Proving::signatures(0, 4)] {
        assert!(!chain.settlement.wants_signatures()(&useless), "{useless:?}");
    }
    chain.prove(row);
    assert!(!chain.settlement.wants_signatures()(&row));
    assert_eq!(chain.wanted(), []);
    assert!(chain.due().contains(&prove(row, 1)));
    // A reorg of L1 that takes the verdict back, and no batch.
    let mut back = chain.settlement.clone();
    back.observe(Event::Rewound { to: before }).unwrap();
    assert!(back.has_proof(&row) && back.moves().contains(&prove(row, 0)));
    // One that takes a batch.
    back.observe(Event::Rewound { to: before - 1 }).unwrap();
    assert!(back.has_proof(&held) && !back.has_proof(&row));
    chain.mine(vec![signed(1, 3)]);
    assert!(!chain.due().iter().any(|due| matches!(due, Move::ProveSignatures { .. })));
    // What is sealed for good needs no proof.
    chain.sealed(3);
    assert!(chain.settlement.has_proof(&row));
    let head = chain.settlement.l1_head().number;
    chain.settlement.observe(Event::L1Finalized(head)).unwrap();
    assert!(!chain.settlement.has_proof(&row) && !chain.settlement.has_proof(&held));
}

/// A version of the program, which is this node's if `byte` is zero.
const fn scheduled(version: u64, activation: u64, byte: u8) -> Fact {
    let program = ProgramId { memory: B256::repeat_byte(byte), pc: 0 };
    let (key, verifier) = (B256::ZERO, Address::ZERO);
    Fact::Proof(ProofFact::Scheduled { version, activation, program, key, verifier })
}

/// Whoever has the next version cannot derive anew what stands on a batch that becomes void.
#[test]
fn signatures_are_posted_once_a_version_is_announced_that_this_node_has_not() {
    let mut chain = Chain::new();
    chain.mine(vec![scheduled(0, 0, 0), scheduled(1, 2, 0)]);
    assert!(chain.may_omit(), "it has both");
    chain.post(true);
    chain.mine(vec![scheduled(2, 9, 1)]);
    assert!(!chain.may_omit());
    chain.mine(vec![signed(0, 1)]);
    assert!(!chain.may_omit());
    // The version after it posts as ever.
    let mut chain = Chain::new();
    chain.mine(vec![scheduled(0, 0, 1), scheduled(1, 1, 0)]);
    chain.post(false);
    assert!(chain.may_omit());
}

/// A proof that cannot be read any more is wanted again.
#[test]
fn a_proof_that_is_lost_is_made_anew() {
    let mut chain = Chain::new();
    chain.post(true);
    chain.post(true);
    let of = Proving::signatures(0, 2);
    chain.prove(of);
    assert_eq!((chain.wanted(), chain.due().len()), (vec![], 1));
    chain.settlement.observe(Event::Unproved(of)).unwrap();
    assert_eq!((chain.wanted(), chain.due()), (vec![(0, 1), (1, 2)], vec![]));
    assert!(!chain.settlement.has_proof(&of));
}

/// L1 takes no proof about two versions of the program, also where both have one key.
#[test]
fn a_proof_is_about_one_version() {
    let mut chain = Chain::new();
    chain.mine(vec![scheduled(0, 0, 0), scheduled(1, 2, 0)]);
    for _ in 0..3 {
        chain.post(true);
    }
    let one = |n0, n1| chain.settlement.is_one_version(n0, n1);
    assert_eq!([one(0, 2), one(2, 3), one(1, 3), one(1, 1)], [true, true, false, false]);
    let straddling = Proving::signatures(0, 3);
    assert!(!chain.settlement.wants_signatures()(&straddling));
    chain.prove(straddling);
    assert_eq!((chain.wanted(), chain.due()), (vec![(0, 1), (1, 2), (2, 3)], vec![]));
    for of in [Proving::signatures(0, 2), Proving::signatures(2, 3)] {
        assert!(chain.settlement.wants_signatures()(&of));
        chain.prove(of);
    }
    assert_eq!((chain.wanted(), chain.due().len()), (vec![], 2));
}

#[test]
fn what_a_committee_keeps_to_itself_is_in_no_row() {
    let mut chain = Chain::with(|parameters| {
        parameters.config.committee = Some(CommitteeConfig {
            challenge_window: 36,
            answer_window: 48,
            retention: 1_000_000,
            rotation_delay: 60,
            overlap: 10,
            freeze_delay: 1_000,
            bond_per_chunk: U256::ZERO,
            fallback: Fallback::Stop,
        });
    });
    for _ in 0..3 {
        chain.post_only(true, DaType::Committee);
    }
    assert_eq!(chain.wanted(), [(0, 1), (1, 2), (2, 3)], "derived or not");
    let header = chain.batch(1).header.hash();
    chain.settlement.observe(Event::Looked { index: 1, header, found: false }).unwrap();
    assert_eq!(chain.wanted(), [(0, 1), (2, 3)]);
}

#[test]
fn signatures_are_left_out_only_for_workers_whose_proofs_are_shown() {
    let mut chain = Chain::new();
    chain.mine(vec![]);
    assert!(chain.may_omit());
    chain.settlement.observe(Event::Workers(false)).unwrap();
    assert!(!chain.may_omit(), "nobody proves them");
    let mut chain = Chain::with(|parameters| parameters.shows_proofs = false);
    chain.mine(vec![]);
    assert!(!chain.may_omit(), "nobody shows L1 the proofs");
}

/// Blocks 1 to 4, the last of which takes the first message, which was enqueued at 12.
fn with_a_message(chain: &mut Chain) {
    let at = chain.world.next(99);
    let message = chain.world.message(at, 1);
    chain.mine(vec![message]);
    for number in 1..=4 {
        let block = SealedBlock {
            number,
            timestamp: number,
            queue_index: u64::from(number == 4),
            bytes: 700,
            signatures: 600,
        };
        chain.settlement.observe(Event::Sealed(block)).unwrap();
    }
}

/// Whether the signatures are left out is decided in one place, and by that how much goes into a batch.
#[test]
fn a_batch_is_as_large_as_it_will_be() {
    let publish = |last, unsigned| Some(Move::Publish { index: 0, first: 1, last, unsigned });
    let mut chain = Chain::new();
    with_a_message(&mut chain);
    assert_eq!(chain.publish(), publish(4, true));
    chain.settlement.observe(Event::Workers(false)).unwrap();
    assert_eq!(chain.publish(), publish(1, false));
    // It is in the way of the message now: what L1 takes of it does not hold that.
    while chain.settlement.l1_head().time <= 12 + 70 {
        chain.mine(vec![]);
    }
    assert_eq!(chain.publish(), None);
    assert!(chain.settlement.moves().contains(&Move::ForceInclude { from: 0 }));
}

/// A batch that cannot hold a message which is overdue is not posted in vain for ever.
#[test]
fn a_message_that_finds_no_room_in_a_batch_is_included_without() {
    let publish = |last, unsigned| Some(Move::Publish { index: 0, first: 1, last, unsigned });
    let limit = |chain: &mut Chain, index, last| {
        chain.settlement.observe(Event::Limited { index, last }).unwrap();
    };
    let mut chain = Chain::new();
    with_a_message(&mut chain);
    limit(&mut chain, 0, 3);
    assert_eq!(chain.publish(), publish(3, true), "there is time");
    limit(&mut chain, 7, 1);
    assert_eq!(chain.publish(), publish(4, true), "that is another batch");
    while chain.settlement.l1_head().time <= 12 + 70 {
        chain.mine(vec![]);
    }
    let force = Move::ForceInclude { from: 0 };
    assert_eq!(chain.publish(), publish(4, true));
    assert!(!chain.settlement.moves().contains(&force));
    limit(&mut chain, 0, 3);
    assert_eq!(chain.publish(), None);
    assert!(chain.settlement.moves().contains(&force));
    // Other blocks may be smaller.
    chain.settlement.observe(Event::Cut(2)).unwrap();
    for number in 3..=4 {
        let queue_index = u64::from(number == 4);
        let block =
            SealedBlock { number, timestamp: number, queue_index, bytes: 10, signatures: 0 };
        chain.settlement.observe(Event::Sealed(block)).unwrap();
    }
    assert_eq!(chain.publish(), publish(4, true));
}
