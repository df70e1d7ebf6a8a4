//! Batches to block inputs (`docs/spec/derivation.md`).

use crate::{Batch, BlockBody, Expected, Layout, decode, message_transaction};
use alloc::vec::{self, Vec};
use alloy_primitives::B256;
use mezz_primitives::{
    BatchHeader, BlockInput, DaType, DepositHint, MESSAGES_PER_BLOCK_MAX, MessageKind, Output,
    QueueMessage,
};

/// A block may be this much older than the L1 block of its batch, seconds.
const DRIFT_BACK_MAX: u64 = 86_400;
/// A block may be this much younger than the L1 block of its batch, seconds.
const DRIFT_AHEAD_MAX: u64 = 3_600;

/// Derives the blocks of one batch: exactly `header.block_count`, whatever the payload is.
///
/// `messages` are those from `header.q_start` to `header.q_end`, `parent_timestamp` is that of the block before, and
/// `payload` is `None` if the batch has none or its blobs are not packed as they should be.
pub fn blocks(
    header: &BatchHeader,
    parent_timestamp: u64,
    messages: &[QueueMessage],
    payload: Option<&[u8]>,
    chain_id: u64,
) -> Vec<BlockInput> {
    let kinds: Vec<_> = messages.iter().map(|message| message.kind).collect();
    let mut derivation = Derivation::new(header, parent_timestamp, &kinds, payload, chain_id);
    let mut unassigned = messages;
    let derive = |_| {
        let (consumed, rest) = unassigned.split_at(derivation.message_count());
        unassigned = rest;
        derivation.next(consumed)
    };
    (0..header.block_count).map(derive).collect()
}

/// A batch whose payload was read. It gives the blocks one after the other, each from the messages that the block takes and no others.
#[derive(Debug, Clone)]
pub struct Derivation {
    header: BatchHeader,
    /// Whether the blocks hold their transactions' senders in place of the signatures.
    attributed: bool,
    /// What the payload says of the blocks to come.
    bodies: vec::IntoIter<BlockBody>,
    /// The hints of the deposits to come.
    hints: vec::IntoIter<DepositHint>,
    blocks_left: u32,
    messages_left: usize,
    /// That of the block before.
    timestamp: u64,
}

impl Derivation {
    /// Stands before the first block of a batch that consumes messages of these kinds.
    pub fn new(
        header: &BatchHeader,
        parent_timestamp: u64,
        kinds: &[MessageKind],
        payload: Option<&[u8]>,
        chain_id: u64,
    ) -> Self {
        let Batch { layout, blocks, hints } =
            read(header, kinds, payload, chain_id).unwrap_or_default();
        Self {
            header: *header,
            attributed: layout != Layout::Signed,
            bodies: blocks.into_iter(),
            hints: hints.into_iter(),
            blocks_left: header.block_count,
            messages_left: kinds.len(),
            timestamp: parent_timestamp,
        }
    }

    /// Stands before the block that comes after `parent`, which is in the same batch or the last one of the batch before.
    pub fn resume(
        header: &BatchHeader,
        parent: &Output,
        kinds: &[MessageKind],
        payload: Option<&[u8]>,
        chain_id: u64,
    ) -> Self {
        let mut this = Self::new(header, parent.timestamp, kinds, payload, chain_id);
        let consumed = parent.queue_index.saturating_sub(header.q_start);
        let consumed = usize::try_from(consumed).unwrap_or(usize::MAX).min(kinds.len());
        this.blocks_left = this.blocks_left.saturating_sub(parent.block_in_batch);
        this.messages_left -= consumed;
        this.bodies.by_ref().take(parent.block_in_batch as usize).for_each(drop);
        this.hints.by_ref().take(deposits(&kinds[..consumed])).for_each(drop);
        this
    }

    /// How many messages the next block takes: what it declares, but never so few that the blocks after it had more
    /// than [`MESSAGES_PER_BLOCK_MAX`] each.
    ///
    /// The contract sees to it that the messages fit the blocks. If they did not, the first block would take the excess: none is lost.
    pub fn message_count(&self) -> usize {
        let declared = self.bodies.as_slice().first().map_or(0, |body| body.messages);
        let (left, most) = (self.messages_left as u64, MESSAGES_PER_BLOCK_MAX);
        let room_after = most.saturating_mul(self.blocks_left.saturating_sub(1).into());
        let least = left.saturating_sub(room_after);
        let count = u64::from(declared).min(most).min(left).max(least);
        usize::try_from(count).expect("it is at most the number left; qed")
    }

    /// The next block, which takes [`Self::message_count`] messages.
    pub fn next(&mut self, messages: &[QueueMessage]) -> BlockInput {
        let body = self.bodies.next().unwrap_or_default();
        self.blocks_left = self.blocks_left.saturating_sub(1);
        self.messages_left = self.messages_left.saturating_sub(messages.len());
        self.timestamp = block_time(self.timestamp, body.step, self.header.l1_time);
        let mut transactions = Vec::with_capacity(messages.len() + body.transactions.len());
        for message in messages {
            let hint = if message.kind == MessageKind::Deposit { self.hints.next() } else { None };
            transactions.extend(message_transaction(message, hint));
        }
        let from_messages = transactions.len();
        transactions.extend(body.transactions);
        BlockInput {
            timestamp: self.timestamp,
            queue_index: self.header.q_end.saturating_sub(self.messages_left as u64),
            messages: from_messages,
            transactions,
            attributed: self.attributed,
        }
    }
}

/// The payload's content, if the batch has one and it is valid.
fn read(
    header: &BatchHeader,
    kinds: &[MessageKind],
    payload: Option<&[u8]>,
    chain_id: u64,
) -> Option<Batch> {
    if !matches!(header.da_type, DaType::Calldata | DaType::Blobs | DaType::Committee) {
        return None;
    }
    decode(payload?, &Expected::of(header, kinds, chain_id)).ok()
}

impl Expected {
    /// What a reader knows from the header, and the kinds of the messages that the batch consumes.
    pub fn of(header: &BatchHeader, kinds: &[MessageKind], chain_id: u64) -> Self {
        Self {
            chain_id,
            block_count: header.block_count,
            deposits: deposits(kinds),
            unsigned: header.unsigned,
        }
    }
}

/// How many of the messages are deposits.
fn deposits(kinds: &[MessageKind]) -> usize {
    kinds.iter().filter(|kind| **kind == MessageKind::Deposit).count()
}

/// The timestamp of a block: never before its parent, and near the L1 time of its batch.
fn block_time(parent: u64, step: u64, l1_time: u64) -> u64 {
    let earliest = parent.max(l1_time.saturating_sub(DRIFT_BACK_MAX));
    let latest = parent.max(l1_time.saturating_add(DRIFT_AHEAD_MAX));
    parent.saturating_add(step).clamp(earliest, latest)
}

/// The output after the block that derivation gave next: `block` stands at `parent`'s position in the batch of `header`.
pub fn next_output(
    parent: &Output,
    header: &BatchHeader,
    block: &BlockInput,
    output_root: B256,
) -> Output {
    let done = parent.block_in_batch.saturating_add(1);
    let (inbox_index, block_in_batch) = if done >= header.block_count {
        (header.index.saturating_add(1), 0)
    } else {
        (header.index, done)
    };
    Output {
        inbox_index,
        block_in_batch,
        queue_index: block.queue_index,
        number: parent.number.saturating_add(1),
        timestamp: block.timestamp,
        output_root,
        ..*parent
    }
}
