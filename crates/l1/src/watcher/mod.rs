//! Follows the head of an L1 and tells what our contracts did, block by block.
//!
//! [`Watcher::next`] yields [`L1Event::Block`]s, each the child of the block before, and [`L1Event::Rewound`] when blocks that
//! were yielded are no longer part of the L1. So whoever folds the events always holds one chain that really existed.
//!
//! Nothing an endpoint says is believed by itself: headers must link, a log must be in the block that its header names, a header
//! whose bloom filter announces our events must bring one of each kind, and messages and batches must be numbered without a gap. Where an
//! answer fails that, it is asked for again.

mod committee;
mod decode;
mod history;
mod proofs;
#[cfg(test)]
mod tests;

use crate::{
    BlockRef, Client, Error, Head,
    contracts::{ClaimManager, Inbox, Portal, QueryGame},
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, BloomInput, Bytes, U256},
    rpc::types::Log,
    sol_types::SolEvent,
};
use history::{Counters, History};
use mezz_primitives::{
    Accumulator, BatchHeader, CLAIM_ENTRIES, ClaimVector, ContentId, Contracts, DepositHint,
    Output, PayloadId, QueueMessage,
};
use mezz_settlement::ProofFact;
use std::{collections::VecDeque, time::Duration};

/// Polls for which a head behind our own is taken for an endpoint that lags; after them for a chain that was shortened.
const PATIENCE: u32 = 4;
/// How often contradictory answers are asked for again before the contradiction is reported.
const CONTRADICTIONS_MAX: u32 = 8;
/// Ranges no longer than this are read block by block, by hash.
const BY_HASH_MAX: u64 = 3;
/// The longest range read at once.
const RANGE_MAX: u64 = 500;

/// How to watch.
#[derive(Debug, Clone)]
pub struct WatchConfig {
    /// The contracts of the deployment.
    pub contracts: Contracts,
    /// Where to begin.
    pub start: Start,
    /// Pause between two questions for the head.
    pub poll: Duration,
    /// Distance of the safe block from the head where the endpoint has no such tag.
    pub safe_lag: u64,
    /// Distance of the finalized block from the head where the endpoint has no such tag.
    pub finalized_lag: u64,
    /// Blocks remembered at least; those above the finalized one always are.
    pub history: usize,
}

impl WatchConfig {
    /// Watches `contracts` from the block `start` on, with the usual settings.
    pub const fn new(contracts: Contracts, start: u64) -> Self {
        Self {
            contracts,
            start: Start::At(start),
            poll: Duration::from_millis(500),
            safe_lag: 32,
            finalized_lag: 64,
            history: 4096,
        }
    }
}

/// Where a watch begins.
#[derive(Debug, Clone)]
pub enum Start {
    /// With this block.
    At(u64),
    /// After blocks seen earlier, oldest first. Those no longer on the L1 are rewound first.
    After(Vec<BlockRef>),
}

/// Something that happened on the L1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum L1Event {
    /// The next block.
    Block(Box<L1Block>),
    /// The blocks after `to` are gone.
    Rewound {
        /// The newest block that is still there; the parent of the first block if that is gone too.
        to: BlockRef,
    },
}

/// One block of the L1 and what our contracts did in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L1Block {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Hash of the block before.
    pub parent: B256,
    /// Timestamp, seconds.
    pub time: u64,
    /// Wei per gas.
    pub base_fee: u64,
    /// Wei per blob gas, by the newest blob schedule.
    pub blob_base_fee: u128,
    /// What our contracts did, in order.
    pub events: Vec<ContractEvent>,
}

impl L1Block {
    /// Number and hash.
    pub const fn id(&self) -> BlockRef {
        BlockRef { number: self.number, hash: self.hash }
    }
}

/// Something that one of our contracts did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContractEvent {
    /// The inbox took a message for L2.
    MessageEnqueued {
        /// The message.
        message: QueueMessage,
        /// Where the portal announced it, if it is a deposit.
        hint: Option<DepositHint>,
    },
    /// The inbox took a batch.
    BatchPosted {
        /// What it recorded.
        header: BatchHeader,
        /// The batch chain after it.
        acc: Accumulator,
        /// The payload, or the versioned hashes of its blobs.
        aux: Bytes,
        /// The transaction.
        transaction: B256,
    },
    /// Somebody made a new claim.
    ClaimAsserted {
        /// The claim.
        content: ContentId,
        /// The claim that it goes on from.
        parent: ContentId,
        /// Its index.
        index: u64,
        /// Who staked on it.
        owner: Address,
        /// Batches that it covers.
        n1: u64,
        /// Batches that its children cover.
        child_n1: u64,
        /// Root over its vector.
        vector_root: B256,
        /// Its last output.
        end: Output,
        /// Its outputs.
        vector: ClaimVector,
        /// The transaction.
        transaction: B256,
    },
    /// Somebody else staked on a claim.
    ClaimBacked {
        /// The claim.
        content: ContentId,
        /// Who.
        owner: Address,
    },
    /// A claim became final.
    ClaimConfirmed {
        /// The claim.
        content: ContentId,
        /// Its index.
        index: u64,
        /// The transaction.
        transaction: B256,
    },
    /// A claim is known never to become final.
    ClaimRejected {
        /// The claim.
        content: ContentId,
    },
    /// An owner's stake on a claim was refuted.
    InstanceRefuted {
        /// The claim.
        content: ContentId,
        /// Whose.
        owner: Address,
    },
    /// An owner's stake on a decided claim was given free, or lost.
    InstanceSettled {
        /// The claim.
        content: ContentId,
        /// Whose.
        owner: Address,
    },
    /// Somebody staked.
    StakeDeposited {
        /// Who.
        owner: Address,
    },
    /// Somebody took the stake back.
    StakeWithdrawn {
        /// Who.
        owner: Address,
    },
    /// Somebody was paid what the claim manager or the game had credited.
    CreditWithdrawn {
        /// Who.
        owner: Address,
        /// How much, wei.
        amount: U256,
    },
    /// Somebody doubts an entry of a vector.
    Queried {
        /// The doubt.
        node: B256,
        /// The claim.
        content: ContentId,
        /// Whose stake on it is at risk.
        owner: Address,
        /// The doubt whose answer is doubted; zero for the claim's own vector.
        parent: B256,
        /// Which entry.
        index: u8,
        /// Who doubts.
        querier: Address,
    },
    /// The owner answered a doubt.
    Answered {
        /// The doubt.
        node: B256,
        /// What the answer starts from.
        start: B256,
        /// The states.
        vector: Box<[B256; CLAIM_ENTRIES]>,
    },
    /// One instruction was executed, and the doubt was unfounded.
    Proven {
        /// The doubt.
        node: B256,
    },
    /// A doubt was founded, or not answered in time.
    Refuted {
        /// The doubt.
        node: B256,
    },
    /// A doubt's bond was credited.
    Reclaimed {
        /// The doubt.
        node: B256,
    },
    /// Something about programs and validity proofs.
    Proof(ProofFact),
    /// Something about the data committee.
    Committee(CommitteeEvent),
}

/// Something that the contracts of a data committee did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitteeEvent {
    /// Somebody demands the payload of a batch.
    Demanded {
        /// Of which batch.
        index: u64,
        /// Who.
        challenger: Address,
        /// What.
        payload: PayloadId,
        /// Until when it can be shown, seconds.
        deadline: u64,
    },
    /// A chunk of a payload that is demanded was shown.
    ChunkShown {
        /// Of which batch.
        index: u64,
        /// Which chunk.
        chunk: u8,
        /// Who showed it.
        by: Address,
        /// The chunk.
        data: Bytes,
    },
    /// The bond of a demand that was not met was credited.
    DemandReclaimed {
        /// For which batch.
        index: u64,
    },
    /// Somebody was paid what demands had brought.
    DemandPaid {
        /// Who.
        owner: Address,
        /// How much, wei.
        amount: U256,
    },
    /// Batches are decided.
    Sealed {
        /// How many, from the first on.
        count: u64,
        /// The sealed chain after them.
        acc: Accumulator,
    },
    /// The chain has ended.
    Frozen {
        /// With which claim.
        claim: u64,
    },
}

/// How far the L1 is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L1Heads {
    /// The newest block.
    pub latest: BlockRef,
    /// The newest block that is unlikely to go.
    pub safe: BlockRef,
    /// The newest block that will not go.
    pub finalized: BlockRef,
}

/// Follows an L1.
#[derive(Debug)]
pub struct Watcher {
    client: Client,
    config: WatchConfig,
    addresses: Vec<Address>,
    history: History,
    ready: VecDeque<(L1Block, Counters)>,
    heads: Option<L1Heads>,
    range: u64,
    behind: u32,
}

impl Watcher {
    /// A watch that has not asked anything yet.
    pub fn new(client: Client, config: WatchConfig) -> Self {
        let contracts = &config.contracts;
        let mut addresses = vec![
            contracts.inbox,
            contracts.portal,
            contracts.claim_manager,
            contracts.query_game,
            contracts.program_registry,
        ];
        addresses.extend(contracts.proofs.map(|proofs| proofs.router));
        addresses.extend(contracts.sealed_inbox());
        addresses.extend(contracts.signatures.map(|signatures| signatures.proofs));
        if let Some(committee) = contracts.committee {
            addresses.extend([committee.challenges, committee.escape_hatch]);
        }
        let history = match &config.start {
            Start::At(_) => History::default(),
            Start::After(blocks) => blocks.iter().copied().collect(),
        };
        let range = client.capabilities().logs_range.clamp(1, RANGE_MAX);
        Self {
            client,
            config,
            addresses,
            history,
            ready: VecDeque::new(),
            heads: None,
            range,
            behind: 0,
        }
    }

    /// How far the L1 was when it was last asked.
    pub const fn heads(&self) -> Option<L1Heads> {
        self.heads
    }

    /// The block yielded last that still stands.
    pub fn tip(&self) -> Option<BlockRef> {
        self.history.tip()
    }

    /// Waits for the next event. Dropping the future loses nothing; after an error with [`Remedy::Retry`](crate::Remedy::Retry)
    /// it may be called again.
    pub async fn next(&mut self) -> Result<L1Event, Error> {
        let mut contradictions = 0;
        loop {
            match self.step().await {
                Ok(Some(event)) => return Ok(event),
                Ok(None) => contradictions = 0,
                Err(Error::Inconsistent(reason)) if contradictions < CONTRADICTIONS_MAX => {
                    tracing::debug!(reason, "the L1 endpoint contradicts itself; asking again");
                    contradictions += 1;
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(self.config.poll).await;
        }
    }

    /// One event, or `None` if there is none now.
    async fn step(&mut self) -> Result<Option<L1Event>, Error> {
        if let Some((block, counters)) = self.ready.pop_front() {
            self.history.push(block.id(), counters);
            return Ok(Some(L1Event::Block(Box::new(block))));
        }
        let latest = self.client.latest().await?;
        self.refresh_heads(&latest).await?;
        let Some(tip) = self.history.tip() else {
            return self.begin(latest.number).await;
        };
        if latest.id() == tip {
            self.behind = 0;
            return Ok(None);
        }
        if self.history.contains(latest.id()) {
            // An endpoint that lags looks the same as a chain that was cut short; only the second lasts.
            self.behind += 1;
            return if self.behind < PATIENCE { Ok(None) } else { self.rewind(latest.id()) };
        }
        self.behind = 0;
        if latest.number <= tip.number {
            let ancestor = self.ancestor().await?;
            return self.rewind(ancestor);
        }
        let headers = self.headers(tip.number + 1, latest.number).await?;
        match headers.first() {
            None => Ok(None),
            Some(first) if first.parent != tip.hash => {
                let ancestor = self.ancestor().await?;
                self.rewind(ancestor)
            }
            Some(_) => self.fetch(headers, latest.number).await,
        }
    }

    /// The first blocks: the one before them becomes the root of the history, so that even the first can be rewound.
    async fn begin(&mut self, latest: u64) -> Result<Option<L1Event>, Error> {
        let Start::At(start) = self.config.start else {
            return Err(Error::Inconsistent(
                "a watch goes on after blocks seen earlier, but none were given".into(),
            ));
        };
        if latest < start {
            return Ok(None);
        }
        let headers = self.headers(start, latest).await?;
        let Some(first) = headers.first().copied() else { return Ok(None) };
        let event = self.fetch(headers, latest).await?;
        self.history.root(
            BlockRef { number: first.number.saturating_sub(1), hash: first.parent },
            first.number == 0,
        );
        Ok(event)
    }

    /// As many headers from `from` on as one step takes; they link.
    async fn headers(&self, from: u64, latest: u64) -> Result<Vec<Head>, Error> {
        let headers = self.client.headers(from, latest.min(from + self.range - 1)).await?;
        let linked = headers.windows(2).all(|pair| pair[1].parent == pair[0].hash);
        let numbered = headers.iter().zip(from..).all(|(header, number)| header.number == number);
        if !linked || !numbered {
            return Err(Error::Inconsistent(format!(
                "the headers from block {from} on do not form a chain"
            )));
        }
        Ok(headers)
    }

    /// Reads the logs of `headers` and makes the blocks ready.
    async fn fetch(&mut self, headers: Vec<Head>, latest: u64) -> Result<Option<L1Event>, Error> {
        let logs = match self.logs(&headers).await {
            Ok(logs) => logs,
            // Too many blocks or too many logs at once: every provider has its own limits and words for them.
            Err(
                error @ (Error::Refused { .. }
                | Error::Unreachable { .. }
                | Error::Malformed { .. }),
            ) if headers.len() > 1 => {
                self.range = (headers.len() as u64 / 2).max(1);
                tracing::debug!(range = self.range, %error, "reading fewer blocks at once");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut counters = self.history.counters();
        let mut blocks = VecDeque::with_capacity(headers.len());
        for (head, logs) in headers.iter().zip(logs) {
            let events = decode::events(head, &self.config.contracts, logs)?;
            counters.check(&events)?;
            blocks.push_back((block(head, events), counters));
        }
        if headers.last().is_some_and(|last| last.number < latest) {
            self.range = (self.range * 2).min(RANGE_MAX);
        }
        let first = blocks.pop_front();
        self.ready = blocks;
        Ok(first.map(|(block, counters)| {
            self.history.push(block.id(), counters);
            L1Event::Block(Box::new(block))
        }))
    }

    /// The logs of each header's block.
    async fn logs(&self, headers: &[Head]) -> Result<Vec<Vec<Log>>, Error> {
        let mut by_block: Vec<Vec<Log>> = vec![Vec::new(); headers.len()];
        if headers.len() as u64 <= BY_HASH_MAX {
            for (head, logs) in headers.iter().zip(&mut by_block) {
                *logs = self.logs_of(head).await?;
            }
            return Ok(by_block);
        }
        let (first, last) = (headers[0].number, headers[headers.len() - 1].number);
        for log in self.client.logs(first, last, &self.addresses).await? {
            let place = log
                .block_number
                .and_then(|number| number.checked_sub(first))
                .map(|place| place as usize);
            let place = place.filter(|place| {
                headers
                    .get(*place)
                    .is_some_and(|head| log.block_hash == Some(head.hash) && !log.removed)
            });
            let Some(place) = place else {
                return Err(Error::Inconsistent(format!(
                    "a log is in block {:?}, which is not on the chain",
                    log.block_number
                )));
            };
            by_block[place].push(log);
        }
        for (head, logs) in headers.iter().zip(&mut by_block) {
            if announces_more(head, &self.addresses, logs) {
                *logs = self.logs_of(head).await?;
            }
        }
        Ok(by_block)
    }

    async fn logs_of(&self, head: &Head) -> Result<Vec<Log>, Error> {
        let logs = match self.client.logs_at(head.hash, &self.addresses).await {
            Ok(logs) => logs,
            Err(Error::Refused { message, .. }) => {
                return Err(Error::Inconsistent(format!(
                    "block {} has a header but no logs: {message}",
                    head.id()
                )));
            }
            Err(error) => return Err(error),
        };
        match logs.iter().all(|log| log.block_hash == Some(head.hash) && !log.removed) {
            true => Ok(logs),
            false => Err(Error::Inconsistent(format!(
                "the logs of block {} are of another block",
                head.id()
            ))),
        }
    }

    /// The newest block of the history that the L1 still has, by bisection: what is below a block that stands, stands.
    async fn ancestor(&self) -> Result<BlockRef, Error> {
        let (mut stands, mut gone) = (None, self.history.len());
        let mut low = 0;
        // Most reorganisations are shallow: look near the tip first, in steps that double.
        let mut depth = 1;
        while depth < self.history.len() {
            let place = self.history.len() - 1 - depth;
            if self.is_canonical(place).await? {
                (stands, low) = (Some(place), place + 1);
                break;
            }
            (gone, depth) = (place, depth * 2);
        }
        while low < gone {
            let middle = low + (gone - low) / 2;
            if self.is_canonical(middle).await? {
                (stands, low) = (Some(middle), middle + 1);
            } else {
                gone = middle;
            }
        }
        let root = self.history.get(0).expect("there is a tip; qed");
        stands
            .and_then(|place| self.history.get(place))
            .ok_or(Error::StartGone { number: root.number, hash: root.hash })
    }

    async fn is_canonical(&self, place: usize) -> Result<bool, Error> {
        let block = self.history.get(place).expect("bisection stays inside; qed");
        Ok(self.client.header(block.number).await?.is_some_and(|head| head.hash == block.hash))
    }

    fn rewind(&mut self, to: BlockRef) -> Result<Option<L1Event>, Error> {
        self.behind = 0;
        if self.history.tip() == Some(to) {
            // The endpoint changed its mind between two answers.
            return Ok(None);
        }
        self.history.rewind(to);
        Ok(Some(L1Event::Rewound { to }))
    }

    async fn refresh_heads(&mut self, latest: &Head) -> Result<(), Error> {
        if self.heads.is_some_and(|heads| heads.latest == latest.id()) {
            return Ok(());
        }
        let capabilities = self.client.capabilities();
        let (safe_tag, finalized_tag) = (capabilities.safe_tag, capabilities.finalized_tag);
        let safe = self
            .distant(latest, safe_tag.then_some(BlockNumberOrTag::Safe), self.config.safe_lag)
            .await?;
        let finalized = self
            .distant(
                latest,
                finalized_tag.then_some(BlockNumberOrTag::Finalized),
                self.config.finalized_lag,
            )
            .await?;
        self.history.prune(finalized.number, self.config.history);
        self.heads = Some(L1Heads { latest: latest.id(), safe, finalized });
        Ok(())
    }

    /// The block with this tag; on a chain too young for it, or without the tag, one `lag` behind the head.
    async fn distant(
        &self,
        latest: &Head,
        tag: Option<BlockNumberOrTag>,
        lag: u64,
    ) -> Result<BlockRef, Error> {
        let wanted = match tag {
            Some(tag) => match self.client.head(tag).await {
                // A young chain: nothing but its first block is that old.
                Ok(None) | Err(Error::Refused { .. }) => BlockNumberOrTag::Earliest,
                Ok(Some(head)) => return Ok(head.id()),
                Err(error) => return Err(error),
            },
            None => latest.number.saturating_sub(lag).into(),
        };
        let head = self.client.head(wanted).await?;
        Ok(head.ok_or_else(|| Error::Unknown(format!("its block {wanted}")))?.id())
    }
}

/// Whether the header's bloom filter says that there may be an event of ours of a kind that is not among these.
fn announces_more(head: &Head, addresses: &[Address], logs: &[Log]) -> bool {
    let topics = [
        Portal::TransactionDeposited::SIGNATURE_HASH,
        Inbox::MessageEnqueued::SIGNATURE_HASH,
        Inbox::BatchPosted::SIGNATURE_HASH,
        ClaimManager::ClaimAsserted::SIGNATURE_HASH,
        ClaimManager::ClaimBacked::SIGNATURE_HASH,
        ClaimManager::ClaimConfirmed::SIGNATURE_HASH,
        ClaimManager::ClaimRejected::SIGNATURE_HASH,
        ClaimManager::InstanceRefuted::SIGNATURE_HASH,
        ClaimManager::InstanceSettled::SIGNATURE_HASH,
        ClaimManager::StakeDeposited::SIGNATURE_HASH,
        ClaimManager::StakeWithdrawn::SIGNATURE_HASH,
        ClaimManager::CreditWithdrawn::SIGNATURE_HASH,
        QueryGame::Queried::SIGNATURE_HASH,
        QueryGame::Answered::SIGNATURE_HASH,
        QueryGame::Proven::SIGNATURE_HASH,
        QueryGame::Refuted::SIGNATURE_HASH,
        QueryGame::Reclaimed::SIGNATURE_HASH,
        QueryGame::Withdrawn::SIGNATURE_HASH,
    ];
    let has = |bytes: &[u8]| head.logs_bloom.contains_input(BloomInput::Raw(bytes));
    let shown = |topic: &B256| logs.iter().any(|log| log.topic0() == Some(topic));
    let mut topics = topics.iter().chain(&committee::TOPICS).chain(&proofs::TOPICS);
    addresses.iter().any(|address| has(address.as_slice()))
        && topics.any(|topic| has(topic.as_slice()) && !shown(topic))
}

fn block(head: &Head, events: Vec<ContractEvent>) -> L1Block {
    L1Block {
        number: head.number,
        hash: head.hash,
        parent: head.parent,
        time: head.time,
        base_fee: head.base_fee,
        blob_base_fee: head.blob_base_fee,
        events,
    }
}
