//! Batches without signatures: proven, void, sealed; and when the next one may be posted so.

use super::*;
use mezz_primitives::{ProofConfig, ProofPolicy, SignaturesConfig};

const TIMEOUT: u64 = 48;

struct Chain {
    world: World,
    settlement: Settlement,
}

impl Chain {
    fn new() -> Self {
        let mut parameters = parameters();
        parameters.config.proofs =
            Some(ProofConfig { policy: ProofPolicy::Fast, wait: 30, prover_timeout: 100 });
        parameters.config.signatures = Some(SignaturesConfig { timeout: TIMEOUT });
        parameters.claim_interval = 0;
        let genesis = (GENESIS, output(0, 0));
        let settlement = Settlement::new(parameters, L1Ref::default(), genesis, 1);
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
        let at = self.world.next(99);
        let (before, acc) = (self.world.clone(), self.world.acc);
        let Fact::BatchPosted { header, aux, transaction, .. } = self.world.batch(at, 1) else {
            unreachable!()
        };
        assert_eq!((before.batches, acc), (header.index, header.prev_acc));
        let header = BatchHeader { unsigned, ..header };
        self.world.acc = header.acc();
        self.mine(vec![Fact::BatchPosted { header, acc: header.acc(), aux, transaction }]);
        derive(&mut self.settlement, header.index);
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
    chain.settlement.observe(Event::Proved(of)).unwrap();
    assert_eq!((chain.wanted(), chain.due()), (vec![], vec![Move::ProveSignatures { of }]));
    // One of them is enough to show the rest of it, too.
    chain.mine(vec![signed(0, 1)]);
    assert_eq!(chain.due(), [Move::ProveSignatures { of }, Move::Seal { count: 2 }]);
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
    let proven: Vec<u64> = (0..9).filter(|index| sealing.is_proven(*index)).collect();
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
    // A reorg of L1 takes the verdict back.
    let mut back = chain.settlement.clone();
    back.observe(Event::Rewound { to: before.l1_head().number }).unwrap();
    assert_eq!(back.inbox(), before.inbox());
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
    while chain.settlement.l1_head().time <= posted + TIMEOUT {
        chain.mine(vec![]);
    }
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
    chain.settlement.observe(Event::Proved(Proving::signatures(0, 1))).unwrap();
    assert_eq!(chain.due().len(), 1);
    chain.mine(vec![Fact::Proof(ProofFact::Conflict { version: 0, reporter: OTHER, bounty: 0 })]);
    assert_eq!((chain.due(), chain.wanted()), (vec![], vec![]));
    assert!(!chain.may_omit());
}
