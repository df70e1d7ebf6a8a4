//! What the inbox on L1 holds, as far as it still matters.

use crate::{Error, Fact};
use alloy_primitives::{B256, Bytes};
use mezz_primitives::{Accumulator, BatchHeader, DepositHint, QueueAccumulator, QueueMessage};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A queue message with its place on L1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The message.
    pub message: QueueMessage,
    /// Where its deposit event stands.
    pub hint: Option<DepositHint>,
    /// The queue chain after it.
    pub acc: QueueAccumulator,
}

/// A batch with its place on L1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedBatch {
    /// Its header.
    pub header: BatchHeader,
    /// What finds its data.
    pub aux: Bytes,
    /// The L1 transaction that posted it.
    pub transaction: B256,
    /// Whether its payload was demanded and not shown.
    pub void: bool,
    /// The chain after it that claims are about.
    pub acc: Accumulator,
}

impl PostedBatch {
    /// The header that counts: that of a batch without data if it is void.
    pub const fn effective(&self) -> BatchHeader {
        match self.void {
            true => self.header.voided(),
            false => self.header,
        }
    }
}

/// The two chains of the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// Messages from `first_message` on.
    messages: VecDeque<Message>,
    first_message: u64,
    /// The queue chain before `first_message`.
    first_acc: QueueAccumulator,
    /// All batches; headers are small, `aux` is dropped once final.
    batches: Vec<PostedBatch>,
    first_batch_acc: Accumulator,
    head: Accumulator,
}

impl Inbox {
    /// The inbox of a new deployment.
    pub fn new(l2_chain_id: u64) -> Self {
        Self {
            messages: VecDeque::new(),
            first_message: 0,
            first_acc: QueueAccumulator::genesis(l2_chain_id),
            batches: Vec::new(),
            first_batch_acc: Accumulator::genesis(l2_chain_id),
            head: Accumulator::genesis(l2_chain_id),
        }
    }

    /// Folds in one fact about the inbox, checking the hash chains.
    pub(crate) fn observe(&mut self, fact: &Fact) -> Result<(), Error> {
        match fact {
            Fact::MessageEnqueued { message, hint } => {
                if message.index != self.queue_len() {
                    return Err(Error::QueueGap {
                        expected: self.queue_len(),
                        found: message.index,
                    });
                }
                let acc = self
                    .queue_acc(self.queue_len())
                    .expect("the end of the queue is always known; qed")
                    .push(message);
                self.messages.push_back(Message { message: message.clone(), hint: *hint, acc });
                Ok(())
            }
            Fact::BatchPosted { header, acc, aux, transaction } => {
                if header.index != self.batches.len() as u64
                    || header.prev_acc != self.head
                    || header.acc() != *acc
                {
                    return Err(Error::BatchChain { index: header.index });
                }
                if self.queue_acc(header.q_end).is_some_and(|queue| queue.0 != header.queue_acc) {
                    return Err(Error::QueueChain { index: header.index });
                }
                self.head = *acc;
                self.batches.push(PostedBatch {
                    header: *header,
                    aux: aux.clone(),
                    transaction: *transaction,
                    void: false,
                    acc: *acc,
                });
                self.link_from(header.index);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Takes the payload from a batch; whether it had one until now.
    pub(crate) fn void(&mut self, index: u64) -> bool {
        match self.batches.get_mut(index as usize) {
            Some(batch) if !batch.void => {
                batch.void = true;
                self.link_from(index);
                true
            }
            _ => false,
        }
    }

    /// The first batch without the data that were posted.
    pub fn first_void(&self) -> Option<u64> {
        self.batches.iter().position(|batch| batch.void).map(|index| index as u64)
    }

    /// Computes anew the chain that claims are about.
    fn link_from(&mut self, index: u64) {
        let mut before = self.acc_before(index).unwrap_or(self.first_batch_acc);
        for batch in self.batches.iter_mut().skip(index as usize) {
            batch.acc = before.push(batch.effective().hash());
            before = batch.acc;
        }
    }

    /// How many messages were enqueued.
    pub fn queue_len(&self) -> u64 {
        self.first_message + self.messages.len() as u64
    }

    /// The queue chain before message `index`, if that is still known.
    pub fn queue_acc(&self, index: u64) -> Option<QueueAccumulator> {
        match index.checked_sub(self.first_message)? {
            0 => Some(self.first_acc),
            after => self.messages.get(usize::try_from(after).ok()? - 1).map(|entry| entry.acc),
        }
    }

    /// The messages `from..to`, as far as they are kept.
    pub fn messages(&self, from: u64, to: u64) -> impl Iterator<Item = &Message> {
        let skip = from.saturating_sub(self.first_message) as usize;
        self.messages
            .iter()
            .skip(skip)
            .take(to.saturating_sub(from.max(self.first_message)) as usize)
    }

    /// All batches.
    pub fn batches(&self) -> &[PostedBatch] {
        &self.batches
    }

    /// The head of the batch chain: what the next batch is posted on.
    pub const fn head(&self) -> Accumulator {
        self.head
    }

    /// The batch chain that claims are about, after the first `count` batches, if there are so many and any.
    pub fn acc(&self, count: u64) -> Option<Accumulator> {
        let last = self.batches.get(usize::try_from(count.checked_sub(1)?).ok()?)?;
        Some(last.acc)
    }

    /// The batch chain as it was posted, after the first `count` batches, if there are so many and any.
    pub fn posted_acc(&self, count: u64) -> Option<Accumulator> {
        let last = self.batches.get(usize::try_from(count.checked_sub(1)?).ok()?)?;
        Some(last.header.acc())
    }

    /// The batch chain that claims are about before the batch at `index`.
    pub fn acc_before(&self, index: u64) -> Option<Accumulator> {
        match index {
            0 => Some(self.first_batch_acc),
            _ => self.acc(index),
        }
    }

    /// Messages that batches have consumed.
    pub fn consumed(&self) -> u64 {
        self.batches.last().map_or(0, |batch| batch.header.q_end)
    }

    /// The last L2 block in batches `..count`.
    pub fn last_block(&self, count: u64) -> u64 {
        match usize::try_from(count)
            .ok()
            .and_then(|count| count.checked_sub(1))
            .and_then(|last| self.batches.get(last))
        {
            Some(batch) => batch.header.last_block(),
            None => 0,
        }
    }

    /// The batch that holds L2 block `number`.
    pub fn batch_of(&self, number: u64) -> Option<&PostedBatch> {
        let index = self.batches.partition_point(|batch| batch.header.last_block() < number);
        self.batches.get(index).filter(|batch| batch.header.first_block <= number)
    }

    /// Forgets the data of what batches before `count` consumed: nothing asks for it again.
    pub(crate) fn prune(&mut self, count: u64) {
        let Some(last) = count.checked_sub(1).and_then(|last| self.batches.get(last as usize))
        else {
            return;
        };
        let keep_from = last.header.q_start;
        while self.first_message < keep_from {
            let Some(entry) = self.messages.pop_front() else { break };
            self.first_acc = entry.acc;
            self.first_message += 1;
        }
        for batch in self.batches[..count as usize - 1]
            .iter_mut()
            .rev()
            .take_while(|batch| !batch.aux.is_empty())
        {
            batch.aux = Bytes::new();
        }
    }

    /// Hash of the queue chain at `index` as the batch header pins it.
    pub fn queue_hash(&self, index: u64) -> Option<B256> {
        self.queue_acc(index).map(|acc| acc.0)
    }
}
