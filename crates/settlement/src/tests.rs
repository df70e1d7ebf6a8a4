mod committee;
mod proofs;
mod signatures;

use crate::{game::Path, *};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use mezz_primitives::{
    Accumulator, BatchHeader, CLAIM_ENTRIES, ChainConfig, ContentId, DaType, FeeConfig,
    MessageKind, Output, ProgramId, QueueAccumulator, QueueMessage, Windows,
};
use proptest::prelude::*;

const CHAIN: u64 = 901;
const ME: Address = Address::repeat_byte(0xaa);
const OTHER: Address = Address::repeat_byte(0xbb);
const LIAR: Address = Address::repeat_byte(0xcc);
const GENESIS: ContentId = ContentId(B256::repeat_byte(1));

fn parameters() -> Parameters {
    Parameters {
        config: ChainConfig {
            l2_chain_id: CHAIN,
            l1_chain_id: 900,
            genesis_time: 0,
            span: 2,
            stake: U256::from(1_000),
            bond: U256::from(10),
            fees: FeeConfig {
                gas_limit: 120_000_000,
                base_fee_scalar: 0,
                blob_base_fee_scalar: 0,
                operator_fee_scalar: 0,
                operator_fee_constant: 0,
                eip1559_denominator: 50,
                eip1559_elasticity: 6,
                min_base_fee: 1,
            },
            windows: Windows {
                force_delay: 60,
                force_grace: 10,
                permissionless_delay: 120,
                claim_window: 12,
                dispute_clock: 12,
                dispute_grace: 6,
                proof_maturity: 14,
            },
            committee: None,
            proofs: None,
            signatures: None,
        },
        proposer: Some(ME),
        challenger: None,
        batch_interval: 10,
        batch_bytes: 1_000,
        batch_bytes_max: 2_000,
        claim_interval: 5,
        confirmations: 1,
        program: ProgramId { memory: B256::ZERO, pc: 0 },
        key: B256::ZERO,
        batcher: None,
        private: false,
        shows_proofs: true,
    }
}

fn output(n1: u64, number: u64) -> Output {
    Output {
        version: 1,
        chain_id: CHAIN,
        inbox_index: n1,
        block_in_batch: 0,
        queue_index: 0,
        number,
        timestamp: number,
        output_root: B256::ZERO,
    }
}

/// An L1 that says consistent things.
#[derive(Clone)]
struct World {
    blocks: Vec<L1Block>,
    queue: u64,
    queue_acc: QueueAccumulator,
    acc: Accumulator,
    batches: u64,
    consumed: u64,
    last_block: u64,
}

/// What is right to claim of the first batch.
fn computed(world: &World, content: ContentId, vector: &[B256]) -> Event {
    Event::Computed { parent: GENESIS, n1: 1, acc: world.acc, content, vector: vector.to_vec() }
}

impl World {
    fn new() -> Self {
        Self {
            blocks: Vec::new(),
            queue: 0,
            queue_acc: QueueAccumulator::genesis(CHAIN),
            acc: Accumulator::genesis(CHAIN),
            batches: 0,
            consumed: 0,
            last_block: 0,
        }
    }

    fn next(&self, salt: u8) -> L1Ref {
        let number = self.blocks.len() as u64 + 1;
        L1Ref { number, hash: keccak256([number as u8, salt]), time: 12 * number }
    }

    fn message(&mut self, at: L1Ref, salt: u8) -> Fact {
        let message = QueueMessage {
            kind: MessageKind::Deposit,
            from: ME,
            to: ME,
            value: U256::from(salt),
            gas: 21_000,
            data: Bytes::new(),
            l1_block: at.number,
            l1_time: at.time,
            index: self.queue,
        };
        self.queue_acc = self.queue_acc.push(&message);
        self.queue += 1;
        Fact::MessageEnqueued { message, hint: None }
    }

    fn batch(&mut self, at: L1Ref, count: u32) -> Fact {
        self.batch_with(at, count, DaType::Calldata, B256::ZERO)
    }

    fn batch_with(&mut self, at: L1Ref, count: u32, da_type: DaType, da_hash: B256) -> Fact {
        let header = BatchHeader {
            unsigned: false,
            version: 1,
            da_type,
            index: self.batches,
            prev_acc: self.acc,
            da_hash,
            q_start: self.consumed,
            q_end: self.queue,
            queue_acc: self.queue_acc.0,
            first_block: self.last_block + 1,
            block_count: count,
            l1_block: at.number,
            l1_time: at.time,
        };
        self.acc = header.acc();
        self.batches += 1;
        self.consumed = self.queue;
        self.last_block += u64::from(count);
        Fact::BatchPosted {
            header,
            acc: self.acc,
            aux: Bytes::from_static(b"x"),
            transaction: B256::ZERO,
        }
    }

    fn mine(&mut self, salt: u8, kinds: &[u8]) -> L1Block {
        let at = self.next(salt);
        let facts = kinds
            .iter()
            .map(|kind| {
                if kind % 3 == 0 {
                    self.batch(at, 1 + u32::from(kind % 4))
                } else {
                    self.message(at, *kind)
                }
            })
            .collect();
        let block = L1Block { block: at, facts };
        self.blocks.push(block.clone());
        block
    }
}

fn fresh() -> Settlement {
    Settlement::new(parameters(), L1Ref::default(), (GENESIS, output(0, 0)), 1)
}

fn derive(settlement: &mut Settlement, index: u64) {
    let header = settlement.inbox().batches()[index as usize].effective().hash();
    settlement.observe(Event::Derived { index, header }).unwrap();
}

fn seal(settlement: &mut Settlement, from: u64, to: u64, bytes: u64) {
    for number in from..=to {
        settlement
            .observe(Event::Sealed(SealedBlock {
                number,
                timestamp: number,
                queue_index: 0,
                bytes,
                signatures: 0,
            }))
            .unwrap();
    }
}

proptest! {
    /// Invariant 35, its pure half: after any reorgs the view is the one that a fresh node has.
    #[test]
    fn a_reorg_is_a_replay(steps in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..4), 0u64..6, 0u64..3), 1..40)) {
        let mut history = vec![World::new()];
        let mut settlement = fresh();
        let mut finalized = 0;
        for (salt, kinds, depth, lag) in steps {
            let back = (depth.min(history.len() as u64 - 1 - finalized)) as usize;
            if back > 0 {
                history.truncate(history.len() - back);
                settlement.observe(Event::Rewound { to: history.len() as u64 - 1 }).unwrap();
            }
            let mut world = history.last().unwrap().clone();
            let block = world.mine(salt, &kinds);
            history.push(world);
            settlement.observe(Event::L1(block)).unwrap();
            finalized = finalized.max((history.len() as u64 - 1).saturating_sub(lag + 3));
            settlement.observe(Event::L1Finalized(finalized)).unwrap();
        }
        let mut replayed = fresh();
        for block in &history.last().unwrap().blocks {
            replayed.observe(Event::L1(block.clone())).unwrap();
        }
        replayed.observe(Event::L1Finalized(finalized)).unwrap();
        prop_assert_eq!(settlement.inbox(), replayed.inbox());
        prop_assert_eq!(settlement.claims(), replayed.claims());
        prop_assert_eq!(settlement.moves(), replayed.moves());
        prop_assert_eq!(settlement.heads(), replayed.heads());
    }
}

#[test]
fn publishes_when_full_or_old() {
    let mut world = World::new();
    let mut settlement = fresh();
    settlement.observe(Event::L1(world.mine(0, &[]))).unwrap();
    assert_eq!(settlement.moves(), []);
    seal(&mut settlement, 1, 3, 10);
    // Twelve seconds of L1 time since the genesis are more than the interval.
    assert_eq!(
        settlement.moves(),
        [Move::Publish { index: 0, first: 1, last: 3, unsigned: false }]
    );
    seal(&mut settlement, 4, 5, 990);
    assert_eq!(
        settlement.moves(),
        [Move::Publish { index: 0, first: 1, last: 3, unsigned: false }],
        "a batch ends before it is too large"
    );
}

#[test]
fn waits_for_the_block_with_an_overdue_message() {
    let mut world = World::new();
    let mut settlement = fresh();
    settlement.observe(Event::L1(world.mine(0, &[1]))).unwrap();
    seal(&mut settlement, 1, 3, 10);
    // The message came at second 12 and must be in a batch of second 72 at the latest.
    for salt in 1..6 {
        settlement.observe(Event::L1(world.mine(salt, &[]))).unwrap();
        assert_eq!(
            settlement.moves(),
            [Move::Publish { index: 0, first: 1, last: 3, unsigned: false }]
        );
    }
    settlement.observe(Event::L1(world.mine(6, &[]))).unwrap();
    let force = Move::ForceInclude { from: 0 };
    assert_eq!(settlement.moves(), std::slice::from_ref(&force));
    let with_message =
        SealedBlock { number: 4, timestamp: 4, queue_index: 1, bytes: 10, signatures: 0 };
    settlement.observe(Event::Sealed(with_message)).unwrap();
    // The batch takes the message up: nobody need force it, which would displace the blocks.
    let publish = |last| [Move::Publish { index: 0, first: 1, last, unsigned: false }];
    assert_eq!(settlement.moves(), publish(4));
    // Also where that makes the batch larger than others.
    let mut large = fresh();
    world.blocks.iter().for_each(|block| large.observe(Event::L1(block.clone())).unwrap());
    seal(&mut large, 1, 3, 500);
    large.observe(Event::Sealed(with_message)).unwrap();
    assert_eq!(large.moves(), publish(4));
    // But not larger than L1 takes: then it must be forced, and the blocks give way.
    let mut too_large = fresh();
    world.blocks.iter().for_each(|block| too_large.observe(Event::L1(block.clone())).unwrap());
    seal(&mut too_large, 1, 3, 700);
    too_large.observe(Event::Sealed(with_message)).unwrap();
    assert_eq!(too_large.moves(), [force]);
}

#[test]
fn derives_before_anything_else_and_claims_what_it_computed() {
    let mut world = World::new();
    let mut settlement = fresh();
    seal(&mut settlement, 1, 1, 10);
    settlement.observe(Event::L1(world.mine(0, &[0]))).unwrap();
    assert_eq!(settlement.moves(), [Move::Derive { index: 0 }]);
    derive(&mut settlement, 0);
    assert_eq!(settlement.moves(), [Move::Compute { parent: GENESIS, n0: 0, n1: 1 }]);
    let right = ContentId(B256::repeat_byte(2));
    let vector = vec![B256::repeat_byte(7); CLAIM_ENTRIES];
    settlement.observe(computed(&world, right, &vector)).unwrap();
    assert_eq!(settlement.moves(), [Move::Stake]);
    let mut block = world.mine(1, &[]);
    let owners = [ME, OTHER, LIAR];
    block.facts.extend(owners.map(|owner| Fact::StakeDeposited { owner }));
    settlement.observe(Event::L1(block)).unwrap();
    assert_eq!(settlement.moves(), [Move::Propose { parent: GENESIS, n0: 0, n1: 1 }]);
    assert_eq!(settlement.heads(), Heads { latest: 1, safe: 1, finalized: 0, settled: 0 });

    // Somebody else claims it first: back it. Somebody claims something else: claim all the same.
    let claim = |content, owner, index, vector| Fact::ClaimAsserted {
        content,
        parent: GENESIS,
        index,
        owner,
        n1: 1,
        child_n1: 2,
        end: output(1, 1),
        vector,
    };
    let (wrong, mut garbage) = (ContentId(B256::repeat_byte(9)), vector.clone());
    garbage[3] = B256::ZERO;
    let mut block = world.mine(2, &[]);
    block.facts.push(claim(wrong, LIAR, 1, garbage));
    settlement.observe(Event::L1(block)).unwrap();
    assert_eq!(settlement.moves(), [Move::Propose { parent: GENESIS, n0: 0, n1: 1 }]);
    let mut block = world.mine(3, &[]);
    block.facts.push(claim(right, OTHER, 2, vector));
    settlement.observe(Event::L1(block)).unwrap();
    assert_eq!(settlement.moves(), [Move::Back { content: right }]);
    let mut block = world.mine(4, &[]);
    block.facts.push(Fact::ClaimBacked { content: right, owner: ME });
    settlement.observe(Event::L1(block)).unwrap();
    assert_eq!(settlement.moves(), []);

    // The window has passed: the right one is confirmed, never the wrong one.
    settlement.observe(Event::L1(world.mine(5, &[]))).unwrap();
    let confirm = settlement.moves();
    assert!(matches!(confirm[..], [Move::Confirm { content, .. }] if content == right));
    let mut block = world.mine(6, &[]);
    block.facts.push(Fact::ClaimConfirmed { content: right });
    settlement.observe(Event::L1(block)).unwrap();
    assert_eq!(settlement.heads().settled, 1);
    let states: Vec<_> = settlement.claims().iter().map(|claim| claim.state).collect();
    assert_eq!(states, [ClaimState::Confirmed, ClaimState::Rejected, ClaimState::Confirmed]);
}

#[test]
fn doubts_the_first_wrong_entry_and_answers_doubts_about_its_own() {
    let mut world = World::new();
    let mut settlement = fresh();
    settlement.parameters.challenger = Some(OTHER);
    seal(&mut settlement, 1, 1, 10);
    settlement.observe(Event::L1(world.mine(0, &[0]))).unwrap();
    derive(&mut settlement, 0);
    let (right, wrong) = (ContentId(B256::repeat_byte(2)), ContentId(B256::repeat_byte(9)));
    let vector = vec![B256::repeat_byte(7); CLAIM_ENTRIES];
    settlement.observe(computed(&world, right, &vector)).unwrap();
    let mut garbage = vector.clone();
    garbage[3] = B256::ZERO;
    let mut block = world.mine(1, &[]);
    block.facts.extend([ME, LIAR].map(|owner| Fact::StakeDeposited { owner }));
    for (content, owner, index, vector) in [(wrong, LIAR, 1, garbage), (right, ME, 2, vector)] {
        let (parent, end) = (GENESIS, output(1, 1));
        let (n1, child_n1) = (1, 2);
        block.facts.push(Fact::ClaimAsserted {
            content,
            parent,
            index,
            owner,
            n1,
            child_n1,
            end,
            vector,
        });
    }
    settlement.observe(Event::L1(block)).unwrap();
    let path = Path::CLAIM.entry(3).unwrap();
    let query = Move::Query { content: wrong, owner: LIAR, path };
    assert_eq!(settlement.moves(), std::slice::from_ref(&query));

    // Somebody doubts what is right: run the program, then answer.
    let node = Disputes::node_id(right, ME, path);
    let mut block = world.mine(2, &[]);
    block.facts.push(Fact::Queried {
        node,
        content: right,
        owner: ME,
        parent: B256::ZERO,
        index: 3,
        querier: LIAR,
    });
    settlement.observe(Event::L1(block)).unwrap();
    let trace = Move::Trace { parent: GENESIS, n0: 0, n1: 1, path };
    assert!(settlement.moves().contains(&trace));
    let states = vec![B256::repeat_byte(5); CLAIM_ENTRIES];
    settlement.observe(Event::Traced { parent: GENESIS, path, vector: states }).unwrap();
    let answer = Move::Answer { content: right, path };
    assert!(settlement.moves().contains(&answer) && !settlement.moves().contains(&trace));
}

#[test]
fn includes_overdue_messages_without_a_batcher() {
    let mut world = World::new();
    let mut settlement = fresh();
    settlement.observe(Event::L1(world.mine(0, &[1]))).unwrap();
    for salt in 1..8 {
        settlement.observe(Event::L1(world.mine(salt, &[]))).unwrap();
        let late = world.blocks.len() as u64 * 12 > 12 + 60 + 10;
        assert_eq!(settlement.moves().contains(&Move::ForceInclude { from: 0 }), late);
    }
}

#[test]
fn takes_messages_only_when_confirmed() {
    let mut world = World::new();
    let mut settlement = fresh();
    settlement.observe(Event::L1(world.mine(0, &[1]))).unwrap();
    assert_eq!(settlement.takeable(0).len(), 0);
    settlement.observe(Event::L1(world.mine(1, &[1]))).unwrap();
    assert_eq!(settlement.takeable(0).len(), 1);
    assert_eq!(settlement.takeable(1).len(), 0);
}

#[test]
fn refuses_an_l1_that_contradicts_itself() {
    let mut world = World::new();
    let mut settlement = fresh();
    let block = world.mine(0, &[1, 1, 0]);
    let mut gap = block.clone();
    gap.facts.remove(0);
    assert_eq!(fresh().observe(Event::L1(gap)), Err(Error::QueueGap { expected: 0, found: 1 }));
    let mut forged = block.clone();
    if let Fact::MessageEnqueued { message, .. } = &mut forged.facts[0] {
        message.value += U256::from(1);
    }
    assert_eq!(fresh().observe(Event::L1(forged)), Err(Error::QueueChain { index: 0 }));
    let mut torn = block.clone();
    if let Fact::BatchPosted { header, .. } = &mut torn.facts[2] {
        header.block_count += 1;
    }
    assert_eq!(fresh().observe(Event::L1(torn)), Err(Error::BatchChain { index: 0 }));
    settlement.observe(Event::L1(block)).unwrap();
}

#[test]
fn what_an_earlier_run_derived_is_believed_only_if_l1_shows_it() {
    let mut world = World::new();
    let block = world.mine(0, &[0]);
    let mut settlement = fresh();
    settlement.resume(1, world.acc, 1);
    assert_eq!(settlement.moves(), []);
    settlement.observe(Event::L1(block.clone())).unwrap();
    assert_eq!(settlement.heads().safe, 1);
    let mut settlement = fresh();
    settlement.resume(1, Accumulator(B256::ZERO), 1);
    settlement.observe(Event::L1(block)).unwrap();
    // A later block may still make it another chain.
    assert_eq!(settlement.moves(), []);
    settlement.distrust();
    assert_eq!(settlement.moves()[0], Move::Derive { index: 0 });
}
