//! An owner that claims what is wrong, and defends it as well as its lie allows.

use crate::world::World;
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, Bytes, U256, keccak256, utils::parse_ether},
    signers::local::PrivateKeySigner,
    sol_types::SolEvent,
};
use mezz_l1::{
    Call, Sender, SenderConfig,
    contracts::{ClaimManager, Inbox, QueryGame},
};
use mezz_node::{Node, Span, SpanPreimages};
use mezz_primitives::{CLAIM_ENTRIES, Output, Preimages};
use mezz_program::ELF;
use mezz_riscv::{Machine, Opening, Openings, Program, State, Trace};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::Duration,
};

static PROGRAM: LazyLock<Program> = LazyLock::new(|| Program::parse(ELF).unwrap());
/// Steps of a whole trace.
const STEPS: u64 = 1 << 40;

/// How an owner lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    /// It answers with states that never were.
    MadeUp,
    /// It answers nothing.
    Silent,
    /// It answers with the right states before a step, and with made-up ones from there.
    From(Moment),
    /// It answers with a run of the program over a blob that L1 does not have.
    Blob,
}

/// A step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The very first.
    First,
    /// One in the middle.
    Middle,
    /// The one in which the program halts.
    Halt,
    /// The first one after it, in which nothing happens.
    Halted,
    /// The last of all, long after the end.
    Last,
}

/// Which entries of the claim are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// From this one to the end.
    From(usize),
    /// Only this one.
    Only(usize),
}

/// The preimages of a span, with one element of a blob changed.
#[derive(Debug, Clone)]
pub(crate) struct Altered {
    right: SpanPreimages,
    element: Option<u32>,
}

impl Preimages for Altered {
    fn keccak(&self, hash: B256) -> Option<Bytes> {
        self.right.keccak(hash)
    }

    fn element(&self, blob: B256, index: u32) -> Option<[u8; 32]> {
        let mut element = self.right.element(blob, index)?;
        if self.element == Some(index) {
            element[31] ^= 1;
        }
        Some(element)
    }
}

impl Openings for Altered {
    fn opening(&self, blob: B256, index: u32) -> Option<Opening> {
        self.right.opening(blob, index)
    }
}

/// What it answers with.
enum Answers {
    Nothing,
    MadeUp,
    /// A run, and the step from which on it is not believed; its end, encoded.
    Run(Box<Trace<Altered>>, u64, Box<State>),
}

/// The owner.
pub(crate) struct Crook {
    pub(crate) name: String,
    pub(crate) claim: B256,
    sender: Sender,
    answers: Answers,
    /// The paths below the claim's entry by node.
    paths: BTreeMap<B256, Vec<u8>>,
    answered: Vec<B256>,
    since: u64,
}

/// An account with 100 ether on L1.
pub(crate) async fn stranger(world: &World) -> Sender {
    let key = PrivateKeySigner::random();
    let wei = parse_ether("100").unwrap();
    world.control("anvil_setBalance", json!([key.address(), wei])).await;
    let config = SenderConfig { poll: Duration::from_millis(50), ..SenderConfig::default() };
    Sender::new(world.l1.clone(), Arc::new(key), config)
}

/// What was claimed.
pub(crate) async fn claims(world: &World) -> Vec<ClaimManager::ClaimAsserted> {
    let head = world.l1.latest().await.unwrap().number;
    let manager = world.deployment.contracts.claim_manager;
    let logs = world.l1.logs(world.deployment.start_block, head, &[manager]).await.unwrap();
    let claims =
        logs.iter().filter_map(|log| ClaimManager::ClaimAsserted::decode_log(&log.inner).ok());
    claims.map(|claim| claim.data).collect()
}

/// The claims that a claim stands on, from the first on.
async fn before(world: &World, claim: &ClaimManager::ClaimAsserted) -> Vec<B256> {
    let mut path = vec![claim.parentId];
    for earlier in claims(world).await.iter().rev() {
        if path.last() == Some(&earlier.contentId) {
            path.push(earlier.parentId);
        }
    }
    path.pop();
    path.reverse();
    path
}

impl Crook {
    /// Claims beside a right claim, of whose span `wrong` begins in `node` knows everything. Who does not keep silent claims beside one on the genesis.
    pub(crate) async fn begin(
        world: &World,
        node: &Node,
        right: &ClaimManager::ClaimAsserted,
        lie: Lie,
        wrong: Wrong,
    ) -> Self {
        let contracts = world.deployment.contracts;
        let sender = stranger(world).await;
        let since = world.l1.latest().await.unwrap().number;
        let stake = Call::to(contracts.claim_manager, &ClaimManager::depositCall {});
        sender.send(stake.with_value(world.deployment.config.stake)).await.unwrap();
        // What an owner holds for right forms one path: it starts where the claims before end.
        for claim in before(world, right).await {
            let back = ClaimManager::backCall { contentId: claim };
            // One that is confirmed meanwhile needs no backing; if it was for another reason, the claim below fails.
            drop(sender.send(Call::to(contracts.claim_manager, &back)).await);
        }

        let name = format!("{lie:?} {wrong:?}");
        let (Wrong::From(first) | Wrong::Only(first)) = wrong;
        let made_up = keccak256(&name);
        let end = Output::from(right.endOutput.clone());
        let end = match wrong {
            Wrong::From(_) => Output { output_root: made_up, ..end },
            Wrong::Only(_) => end,
        };
        let mut vector = right.vector;
        let span = Span { n0: 0, n1: right.n1, index: first as u8 };
        let (answers, output) = match lie {
            Lie::MadeUp => (Answers::MadeUp, made_up),
            Lie::Silent => (Answers::Nothing, made_up),
            Lie::From(moment) => {
                let (trace, halt, _) = run(node, span, None).await;
                let step = match moment {
                    Moment::First => 0,
                    Moment::Middle => halt / 2,
                    Moment::Halt => halt - 1,
                    Moment::Halted => halt,
                    Moment::Last => STEPS - 1,
                };
                let last = State { exited: 1, output: made_up, ..State::default() };
                (Answers::Run(Box::new(trace), step, Box::new(last)), made_up)
            }
            Lie::Blob => {
                // Not every element bears on this span.
                let mut element = 0;
                let (trace, last) = loop {
                    let (trace, _, last) = run(node, span, Some(element)).await;
                    if last.output != right.vector[first] {
                        break (trace, last);
                    }
                    element += 1;
                };
                let output = last.output;
                (Answers::Run(Box::new(trace), STEPS, Box::new(last)), output)
            }
        };
        match wrong {
            Wrong::From(first) => vector[first..].fill(output),
            Wrong::Only(only) => vector[only] = output,
        }
        let mut answers = answers;
        vector[CLAIM_ENTRIES - 1] = end.hash().0;
        // Where the wrong entry is the last there is nothing to choose.
        if let Answers::Run(_, _, last) = &mut answers {
            last.output = vector[first];
        }
        let acc = world.read(contracts.inbox, &Inbox::accCall { n: right.n1 }).await;
        let parent = right.parentId;
        let call =
            ClaimManager::assertClaimCall { parentId: parent, acc, vector, endOutput: end.into() };
        let receipt = sender.send(Call::to(contracts.claim_manager, &call)).await.unwrap();
        let asserted = receipt
            .inner
            .logs()
            .iter()
            .find_map(|log| ClaimManager::ClaimAsserted::decode_log(&log.inner).ok());
        let claim = asserted.unwrap().contentId;
        Self { name, claim, sender, answers, paths: BTreeMap::new(), answered: Vec::new(), since }
    }

    pub(crate) fn address(&self) -> Address {
        self.sender.address()
    }

    /// Answers whatever is asked and not answered on L1: how deep it was asked.
    pub(crate) async fn turn(&mut self, world: &World) -> usize {
        let game = world.deployment.contracts.query_game;
        let head = world.l1.latest().await.unwrap().number;
        let logs = world.l1.logs(self.since, head, &[game]).await.unwrap();
        let on_l1: Vec<B256> = logs
            .iter()
            .filter_map(|log| QueryGame::Answered::decode_log(&log.inner).ok())
            .map(|answered| answered.node)
            .collect();
        // After a reorg it may have to be said again.
        self.answered.retain(|node| on_l1.contains(node));
        let mut depth = 0;
        for log in &logs {
            let Ok(query) = QueryGame::Queried::decode_log(&log.inner) else { continue };
            if query.owner != self.address() || query.content != self.claim {
                continue;
            }
            depth = depth.max(usize::from(query.depth) + 1);
            let path = match self.paths.get(&query.parent) {
                Some(above) => [&above[..], &[query.index]].concat(),
                None => Vec::new(),
            };
            self.paths.insert(query.node, path.clone());
            if query.depth >= 5
                || on_l1.contains(&query.node)
                || self.answered.contains(&query.node)
            {
                continue;
            }
            let Some((vector, last)) = self.answer(&path, query.end) else { continue };
            let call = QueryGame::answerCall { node: query.node, vector, finalState: last };
            // Too late, or refuted meanwhile: that is not for it to say.
            if self.sender.send(Call::to(game, &call)).await.is_ok() {
                self.answered.push(query.node);
            }
        }
        depth
    }

    /// The states that it says were there, and at the top the last of them.
    fn answer(&mut self, path: &[u8], end: B256) -> Option<([B256; CLAIM_ENTRIES], Bytes)> {
        let made_up = std::array::from_fn(|index| keccak256([index as u8]));
        let (mut vector, last) = match &mut self.answers {
            Answers::Nothing => return None,
            Answers::MadeUp => (made_up, State { exited: 1, output: end, ..State::default() }),
            Answers::Run(trace, step, last) => {
                let mut vector = trace.vector(path).unwrap();
                let digits: Vec<u8> =
                    (0..5).map(|digit| (*step >> (8 * (4 - digit))) as u8).collect();
                if *step < STEPS && digits.starts_with(path) {
                    let first = usize::from(digits[path.len()]);
                    vector[first..].copy_from_slice(&made_up[first..]);
                }
                (vector, State::clone(last))
            }
        };
        let top = path.is_empty();
        vector[CLAIM_ENTRIES - 1] = if top { last.hash() } else { end };
        Some((vector, if top { last.encode().to_vec().into() } else { Bytes::new() }))
    }

    /// What L1 says of its claim: 2 confirmed, 3 refuted, 4 rejected.
    pub(crate) async fn status(&self, world: &World) -> u8 {
        let call =
            ClaimManager::instanceStatusCall { contentId: self.claim, owner: self.address() };
        world.read(world.deployment.contracts.claim_manager, &call).await
    }

    /// Whether its stake is gone for good.
    pub(crate) async fn is_slashed(&self, world: &World) -> bool {
        let call = ClaimManager::ownersCall { owner: self.address() };
        let owner = world.read(world.deployment.contracts.claim_manager, &call).await;
        !owner.staked && owner.slashedSequence != 0
    }

    /// What it has on L1 and in credit.
    pub(crate) async fn wealth(&self, world: &World) -> U256 {
        wealth(world, self.address()).await
    }
}

/// Ether of an account, with what claim manager and game owe it.
pub(crate) async fn wealth(world: &World, who: Address) -> U256 {
    let contracts = world.deployment.contracts;
    let ether = world.l1.balance(who, BlockNumberOrTag::Latest).await.unwrap();
    let stakes = world.read(contracts.claim_manager, &ClaimManager::creditsCall { who }).await;
    let bonds = world.read(contracts.query_game, &QueryGame::creditsCall { who }).await;
    ether + stakes + bonds
}

/// What an account has paid for gas in a range of blocks.
pub(crate) async fn gas_paid(world: &World, who: Address, from: u64, to: u64) -> U256 {
    let mut paid = U256::ZERO;
    for number in from..=to {
        let receipts = world.control("eth_getBlockReceipts", json!([format!("{number:#x}")])).await;
        let number = |value: &Value| value.as_str().unwrap().parse::<U256>().unwrap();
        for receipt in receipts.as_array().unwrap() {
            let from: Address = serde_json::from_value(receipt["from"].clone()).unwrap();
            if from == who {
                let blobs = receipt["blobGasUsed"].as_str().map_or(U256::ZERO, |gas| {
                    gas.parse::<U256>().unwrap() * number(&receipt["blobGasPrice"])
                });
                paid += number(&receipt["gasUsed"]) * number(&receipt["effectiveGasPrice"]) + blobs;
            }
        }
    }
    paid
}

/// The program's run over a span, the step after which it has halted, and the state it halts in.
async fn run(node: &Node, span: Span, element: Option<u32>) -> (Trace<Altered>, u64, State) {
    let (boot, right) = node.span(span).await.unwrap();
    let preimages = Altered { right, element };
    let mut machine = Machine::new(&PROGRAM, boot.hash());
    let steps = machine.run(STEPS, &preimages).unwrap();
    let state = machine.state().clone();
    (Trace::new(Machine::new(&PROGRAM, boot.hash()), preimages), steps, state)
}
