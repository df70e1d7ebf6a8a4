//! Batches to block inputs (`docs/spec/derivation.md`).

use crate::{Batch, BlockBody, Expected, decode, message_transaction};
use alloc::vec::Vec;
use alloy_primitives::B256;
use mezz_primitives::{
    BatchHeader, BlockInput, DaType, MESSAGES_PER_BLOCK_MAX, MessageKind, Output, QueueMessage,
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
    let Batch { blocks: bodies, hints } =
        read(header, messages, payload, chain_id).unwrap_or_default();
    let mut bodies = bodies.into_iter();
    let mut hints = hints.into_iter();
    let mut unassigned = messages;
    let mut timestamp = parent_timestamp;
    let derive = |position: u32| {
        let body = bodies.next().unwrap_or_default();
        let (consumed, rest) = unassigned.split_at(message_count(
            &body,
            unassigned.len(),
            header.block_count - 1 - position,
        ));
        unassigned = rest;
        timestamp = block_time(timestamp, body.step, header.l1_time);
        let mut transactions = Vec::with_capacity(consumed.len() + body.transactions.len());
        for message in consumed {
            let hint = if message.kind == MessageKind::Deposit { hints.next() } else { None };
            transactions.extend(message_transaction(message, hint));
        }
        transactions.extend(body.transactions);
        let queue_index = header.q_end.saturating_sub(rest.len() as u64);
        BlockInput { timestamp, queue_index, transactions }
    };
    (0..header.block_count).map(derive).collect()
}

/// The payload's content, if the batch has one and it is valid.
fn read(
    header: &BatchHeader,
    messages: &[QueueMessage],
    payload: Option<&[u8]>,
    chain_id: u64,
) -> Option<Batch> {
    if !matches!(header.da_type, DaType::Calldata | DaType::Blobs) {
        return None;
    }
    let deposits = messages.iter().filter(|message| message.kind == MessageKind::Deposit).count();
    decode(payload?, &Expected { chain_id, block_count: header.block_count, deposits }).ok()
}

/// How many of the `left` messages a block takes: what it declares, but never so few that the blocks after it had more
/// than [`MESSAGES_PER_BLOCK_MAX`] each.
///
/// The contract sees to it that the messages fit the blocks. If they did not, the first block would take the excess: none is lost.
fn message_count(body: &BlockBody, left: usize, blocks_after: u32) -> usize {
    let room_after = MESSAGES_PER_BLOCK_MAX.saturating_mul(blocks_after.into());
    let least = (left as u64).saturating_sub(room_after);
    let count = u64::from(body.messages).min(MESSAGES_PER_BLOCK_MAX).min(left as u64).max(least);
    usize::try_from(count).expect("it is at most the number left; qed")
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
