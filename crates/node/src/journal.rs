//! The journal: what the sequencer promised, on disk before the answer.
//!
//! | record | bytes |
//! |---|---|
//! | open | `0`, block number, timestamp, queue index (8 each), parent hash (32) |
//! | transaction | `1`, sender (20), EIP-2718 bytes |
//! | seal | `2`, block number (8), block hash (32) |
//! | cut | `3`, block number (8): the blocks above it are gone |
//! | displaced | `4`, sender (20), EIP-2718 bytes: was promised a place that is gone, and waits for another |
//!
//! One thread writes and syncs for everybody at once (group commit): the sequencer goes on executing while the disk works, and every answer waits for the sync
//! that covers it.

use alloy_primitives::{Address, B256, Bytes};
use mezz_storage::{Error, Log};
use std::{
    collections::HashSet,
    path::Path,
    sync::mpsc::{Receiver, Sender, channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A block was begun.
    Open {
        /// Its number.
        number: u64,
        /// Its timestamp.
        timestamp: u64,
        /// The next queue message after it.
        queue_index: u64,
        /// Hash of the block before.
        parent: B256,
        /// Whether it holds senders in place of signatures.
        attributed: bool,
    },
    /// A transaction was executed in the open block.
    Transaction {
        /// Who signed it: recovered once, kept.
        sender: Address,
        /// EIP-2718.
        bytes: Bytes,
    },
    /// The open block was sealed.
    Seal {
        /// Its number.
        number: u64,
        /// Its hash.
        hash: B256,
    },
    /// L1 said otherwise: the blocks above this one are gone.
    Cut {
        /// The last block that stays.
        to: u64,
    },
    /// A transaction whose block is about to go waits for another place.
    Displaced {
        /// Who signed it.
        sender: Address,
        /// EIP-2718.
        bytes: Bytes,
    },
}

impl Entry {
    /// The bytes of a record.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Open { number, timestamp, queue_index, parent, attributed } => [
                &[if *attributed { 5 } else { 0 }],
                &number.to_be_bytes()[..],
                &timestamp.to_be_bytes(),
                &queue_index.to_be_bytes(),
                parent.as_slice(),
            ]
            .concat(),
            Self::Transaction { sender, bytes } => [&[1], sender.as_slice(), bytes].concat(),
            Self::Seal { number, hash } => {
                [&[2], &number.to_be_bytes()[..], hash.as_slice()].concat()
            }
            Self::Cut { to } => [&[3], &to.to_be_bytes()[..]].concat(),
            Self::Displaced { sender, bytes } => [&[4], sender.as_slice(), bytes].concat(),
        }
    }

    /// Reads a record; `None` if it is none of ours.
    pub fn decode(record: &[u8]) -> Option<Self> {
        let (kind, rest) = record.split_first()?;
        let number = |at: usize| Some(u64::from_be_bytes(rest.get(at..at + 8)?.try_into().ok()?));
        let exact = |length: usize| (rest.len() == length).then_some(());
        let signed = || {
            let (sender, bytes) = rest.split_at_checked(20)?;
            Some((Address::from_slice(sender), Bytes::copy_from_slice(bytes)))
        };
        match kind {
            0 | 5 => {
                exact(56)?;
                Some(Self::Open {
                    number: number(0)?,
                    timestamp: number(8)?,
                    queue_index: number(16)?,
                    parent: B256::from_slice(&rest[24..]),
                    attributed: *kind == 5,
                })
            }
            1 => signed().map(|(sender, bytes)| Self::Transaction { sender, bytes }),
            2 => {
                exact(40)?;
                Some(Self::Seal { number: number(0)?, hash: B256::from_slice(&rest[8..]) })
            }
            3 => {
                exact(8)?;
                Some(Self::Cut { to: number(0)? })
            }
            4 => signed().map(|(sender, bytes)| Self::Displaced { sender, bytes }),
            _ => None,
        }
    }
}

/// A block as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournaledBlock {
    /// Its number.
    pub number: u64,
    /// Its timestamp.
    pub timestamp: u64,
    /// The next queue message after it.
    pub queue_index: u64,
    /// Hash of the block before.
    pub parent: B256,
    /// Whether it holds senders in place of signatures.
    pub attributed: bool,
    /// Senders and EIP-2718 bytes, in order.
    pub transactions: Vec<(Address, Bytes)>,
    /// Its hash; `None` while it was open.
    pub sealed: Option<B256>,
}

/// What the entries leave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Past {
    /// The blocks, by number without gaps.
    pub blocks: Vec<JournaledBlock>,
    /// The last block that stays, where a cut was the last that happened to the chain.
    pub cut: Option<u64>,
    /// Senders and bytes of transactions that lost their place and have found no other.
    pub displaced: Vec<(Address, Bytes)>,
}

impl Past {
    /// Reads the entries in order.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut past = Self::default();
        for entry in entries {
            past.observe(entry);
        }
        let mut known: HashSet<Bytes> = past
            .blocks
            .iter()
            .flat_map(|block| block.transactions.iter().map(|(_, bytes)| bytes.clone()))
            .collect();
        past.displaced.retain(|(_, bytes)| known.insert(bytes.clone()));
        past
    }

    fn cut(&mut self, to: u64) {
        while self.blocks.last().is_some_and(|block| block.number > to) {
            self.blocks.pop();
        }
    }

    fn observe(&mut self, entry: Entry) {
        let open = self.blocks.last_mut();
        match entry {
            Entry::Open { number, timestamp, queue_index, parent, attributed } => {
                self.cut(number - number.min(1));
                self.blocks.push(JournaledBlock {
                    number,
                    timestamp,
                    queue_index,
                    parent,
                    attributed,
                    transactions: Vec::new(),
                    sealed: None,
                });
                self.cut = None;
            }
            Entry::Transaction { sender, bytes } => {
                if let Some(open) = open.filter(|block| block.sealed.is_none()) {
                    open.transactions.push((sender, bytes));
                }
            }
            Entry::Seal { number, hash } => {
                if let Some(open) = open.filter(|block| block.number == number) {
                    open.sealed = Some(hash);
                }
            }
            Entry::Cut { to } => {
                self.cut(to);
                self.cut = Some(to);
            }
            Entry::Displaced { sender, bytes } => self.displaced.push((sender, bytes)),
        }
    }
}

/// Something to do once everything before it is durable.
pub type Durable = Box<dyn FnOnce() + Send>;

enum Order {
    Write(Vec<u8>),
    Then(Durable),
    Rotate(u64),
    Forget(u64),
}

/// The writing end of the journal.
#[derive(Debug)]
pub struct Journal {
    orders: Sender<Order>,
    writer: Option<JoinHandle<Result<(), Error>>>,
}

impl Journal {
    /// Opens the journal in `directory`; gives the entries that it still holds, oldest first.
    pub fn open(directory: &Path) -> Result<(Self, Vec<Entry>), crate::Error> {
        let (log, records) = Log::open(directory)?;
        let entries = records.iter().filter_map(|record| Entry::decode(&record.bytes)).collect();
        let (orders, inbox) = channel();
        let writer =
            std::thread::Builder::new().name("journal".into()).spawn(move || write(log, &inbox))?;
        Ok((Self { orders, writer: Some(writer) }, entries))
    }

    /// Appends an entry. It is durable when a later [`Self::then`] runs.
    pub fn append(&self, entry: &Entry) {
        self.send(Order::Write(entry.encode()));
    }

    /// Runs `durable` once everything appended so far is on disk. It never runs if the disk fails.
    pub fn then(&self, durable: Durable) {
        self.send(Order::Then(durable));
    }

    /// Waits until everything appended so far is on disk.
    pub fn sync(&self) -> Result<(), crate::Error> {
        let (done, durable) = channel();
        self.then(Box::new(move || {
            let _ = done.send(());
        }));
        // Whoever fails drops the answer.
        durable.recv().map_err(|_| crate::Error::Journal)
    }

    /// Begins a new segment: what comes now belongs to blocks from `number` on.
    pub fn rotate(&self, number: u64) {
        self.send(Order::Rotate(number));
    }

    /// Forgets the segments whose blocks are all at or below `flushed`.
    pub fn forget(&self, flushed: u64) {
        self.send(Order::Forget(flushed));
    }

    /// Whether the disk still takes entries.
    pub fn is_alive(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| !writer.is_finished())
    }

    fn send(&self, order: Order) {
        // A writer that is gone has said why in its result; the sequencer sees `is_alive` and stops.
        let _ = self.orders.send(order);
    }

    /// Writes what is left and says how the writing went.
    pub fn close(mut self) -> Result<(), Error> {
        let writer = self.writer.take();
        drop(self);
        writer.map_or(Ok(()), |writer| {
            writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

/// How long the writer waits for company, for each answer that waited for the last sync, and at most.
///
/// Each sync costs a trip to the disk and wakes a thread for every answer; one for many saves a good part of both. Nobody waits who was
/// alone the last time, or comes long after it.
const GATHERING: Duration = Duration::from_micros(50);
const GATHERING_MAX: Duration = Duration::from_micros(500);
const LONG: Duration = Duration::from_millis(10);

/// The writer: takes all orders there are, writes them, syncs once, then lets the answers go.
fn write(mut log: Log, orders: &Receiver<Order>) -> Result<(), Error> {
    let mut first_blocks: Vec<(u64, u64)> = Vec::new();
    let mut answers: Vec<Durable> = Vec::new();
    let (mut company, mut answered) = (0_u32, Instant::now());
    while let Ok(first) = orders.recv() {
        if company > 1 && answered.elapsed() < LONG {
            std::thread::sleep(GATHERING.saturating_mul(company).min(GATHERING_MAX));
        }
        for order in std::iter::once(first).chain(orders.try_iter()) {
            match order {
                Order::Write(record) => log.append(&record)?,
                Order::Then(durable) => answers.push(durable),
                Order::Rotate(number) => {
                    log.sync()?;
                    first_blocks.push((log.rotate()?, number));
                }
                Order::Forget(flushed) => {
                    // A segment ends where the next begins: the last one whose successor starts at or below `flushed + 1` may go.
                    // What the newer segments say must be on disk before the older ones go.
                    log.sync()?;
                    if let Some((segment, _)) =
                        first_blocks.iter().rev().find(|(_, number)| *number <= flushed + 1)
                    {
                        log.remove_before(*segment)?;
                        let kept = *segment;
                        first_blocks.retain(|(segment, _)| *segment >= kept);
                    }
                }
            }
        }
        log.sync()?;
        if !answers.is_empty() {
            (company, answered) = (answers.len() as u32, Instant::now());
        }
        answers.drain(..).for_each(|answer| answer());
    }
    log.sync()
}
