//! Between sealed blocks and batches: what a batch says of our blocks, and what our blocks would say in a batch.

use crate::{Error, builder::header};
use alloy_primitives::{B256, Bytes};
use mezz_derive::{Batch, BlockBody, Layout};
use mezz_evm::{SignedTransaction, execute, output_root};
use mezz_primitives::{
    Accumulator, BlockInput, CLAIM_ENTRIES, ClaimVector, DepositHint, MessageKind, Output,
    OutputHash,
};
use mezz_settlement::Inbox;
use mezz_storage::{Block, Store};
use std::sync::Arc;

/// A block that must be there.
pub(crate) fn block(store: &Store, number: u64) -> Result<Arc<Block>, Error> {
    store.block(number)?.ok_or(Error::MissingBlock { number })
}

/// The next queue message after a block.
pub(crate) fn queue_index(header: &alloy_consensus::Header) -> u64 {
    u64::from_be_bytes(header.nonce.0)
}

/// How many of `inputs`, the blocks from `first` on, the chain agrees with already. `own` is the first block that this program has executed, if any.
pub(crate) fn agreeing(
    store: &Store,
    first: u64,
    inputs: &[BlockInput],
    own: Option<u64>,
) -> Result<usize, Error> {
    for (number, input) in (first..).zip(inputs) {
        let position = (number - first) as usize;
        let Some(local) = store.block(number)? else { return Ok(position) };
        // What another program has made of the same input says nothing.
        if own.is_some_and(|own| own <= number) && is_of(&local, input) {
            continue;
        }
        // The batch may hold transactions that are invalid at their place: only execution tells.
        if executed(store, &local, input)? != local.hash {
            return Ok(position);
        }
    }
    Ok(inputs.len())
}

/// Whether the chain has blocks that another program can have made of these `inputs` from `first` on, and none but another has executed them.
pub(crate) fn executed_by_another(
    store: &Store,
    first: u64,
    inputs: &[BlockInput],
    own: Option<u64>,
) -> Result<bool, Error> {
    for (number, input) in (first..).zip(inputs) {
        let local = store.block(number)?.filter(|local| may_be_of(local, input));
        if local.is_none() || own.is_some_and(|own| own <= number) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a block was made of all of this input.
fn is_of(local: &Block, input: &BlockInput) -> bool {
    local.transactions.len() == input.transactions.len() && may_be_of(local, input)
}

/// Whether a block can have been made of this input. What is invalid at its place is left out, and only the program that executed it knows what was.
fn may_be_of(local: &Block, input: &BlockInput) -> bool {
    local.header.timestamp == input.timestamp
        && queue_index(&local.header) == input.queue_index
        && are_of(&local.transactions, input)
}

/// Whether transactions stand in an input, in this order and form. Each is there with its signature, or with its sender in place of it.
fn are_of(transactions: &[SignedTransaction], input: &BlockInput) -> bool {
    let same = |transaction: &SignedTransaction, bytes: &Bytes| {
        let form = transaction.is_deposit() || transaction.is_attributed() == input.attributed;
        form && (transaction.bytes == *bytes || transaction.standing() == bytes)
    };
    let mut given = input.transactions.iter();
    transactions.iter().all(|transaction| given.any(|bytes| same(transaction, bytes)))
}

/// What blocks `first..=last` say in a batch.
pub(crate) fn batch(
    store: &Store,
    inbox: &Inbox,
    (first, last): (u64, u64),
    layout: Layout,
) -> Result<Batch, Error> {
    let mut parent = header(store, first - 1)?;
    let mut batch = Batch { layout, ..Batch::default() };
    for number in first..=last {
        let local = block(store, number)?;
        let taken =
            messages(store, &local, inbox, queue_index(&parent))?.ok_or(Error::Stale { number })?;
        batch.hints.extend(taken.hints);
        batch.blocks.push(BlockBody {
            step: local.header.timestamp - parent.timestamp,
            messages: (queue_index(&local.header) - queue_index(&parent)) as u32,
            transactions: local.transactions[taken.count..]
                .iter()
                .map(|transaction| match layout {
                    // Whether they are posted or proven: without them there is no such batch.
                    _ if transaction.is_unsigned() => Err(Error::Unsigned { number }),
                    Layout::Unsigned => Ok(transaction.standing().clone()),
                    _ => Ok(transaction.bytes.clone()),
                })
                .collect::<Result<_, _>>()?,
        });
        parent = Arc::new(local.header.clone());
    }
    Ok(batch)
}

/// What a block took from the queue.
struct Taken {
    /// The hints of its deposits.
    hints: Vec<DepositHint>,
    /// Its transactions that come from messages.
    count: usize,
}

/// What a block took from the queue; `None` if L1 shows other messages.
fn messages(
    store: &Store,
    local: &Block,
    inbox: &Inbox,
    from: u64,
) -> Result<Option<Taken>, Error> {
    let to = queue_index(&local.header);
    let mut taken = Taken { hints: Vec::new(), count: 0 };
    let (mut all, mut seen) = (Vec::new(), from);
    for entry in inbox.messages(from, to) {
        seen += 1;
        if entry.message.kind == MessageKind::Deposit {
            let Some(hint) = entry.hint else { return Ok(None) };
            taken.hints.push(hint);
        }
        let Some(bytes) = mezz_derive::message_transaction(&entry.message, entry.hint) else {
            continue;
        };
        if local.transactions.get(taken.count).is_some_and(|found| found.bytes == bytes) {
            taken.count += 1;
        } else if entry.message.kind != MessageKind::Forced {
            return Ok(None);
        }
        all.push(bytes);
    }
    if seen != to {
        return Ok(None);
    }
    // A forced transaction that is not in the block was invalid at its place, or another stood there when the block was made: only execution tells.
    if all.len() > taken.count
        && executed(store, local, &input(local, taken.count, all))? != local.hash
    {
        return Ok(None);
    }
    Ok(Some(taken))
}

/// What a block was made of: these messages' transactions, of which it holds so many, and those of users.
fn input(local: &Block, count: usize, all: Vec<Bytes>) -> BlockInput {
    let users = local.transactions[count..].iter().map(|user| user.bytes.clone());
    BlockInput {
        timestamp: local.header.timestamp,
        queue_index: queue_index(&local.header),
        messages: all.len(),
        transactions: all.into_iter().chain(users).collect(),
        attributed: local.transactions.iter().any(SignedTransaction::is_attributed),
    }
}

/// The hash that `input` gives in the place of a block.
fn executed(store: &Store, local: &Block, input: &BlockInput) -> Result<B256, Error> {
    let before = local.header.number - 1;
    let parent = header(store, before)?;
    let state = store.state_at(before)?.ok_or(Error::MissingBlock { number: before })?;
    Ok(execute(store.chain(), &parent, local.header.parent_hash, input, state)?.0.hash)
}

/// The first block above `safe` whose messages L1 does not show (any more).
pub(crate) fn first_stale(store: &Store, inbox: &Inbox, safe: u64) -> Result<Option<u64>, Error> {
    let mut parent = header(store, safe)?;
    for number in safe + 1..=store.head().number {
        let local = block(store, number)?;
        if messages(store, &local, inbox, queue_index(&parent))?.is_none() {
            return Ok(Some(number));
        }
        parent = Arc::new(local.header.clone());
    }
    Ok(None)
}

/// The first block above `safe` of which this program makes something else than stands there, or whose messages L1 does not show.
pub(crate) fn first_different(
    store: &Store,
    inbox: &Inbox,
    safe: u64,
) -> Result<Option<u64>, Error> {
    let mut parent = header(store, safe)?;
    for number in safe + 1..=store.head().number {
        let local = block(store, number)?;
        let from = queue_index(&parent);
        let Some(taken) = messages(store, &local, inbox, from)? else { return Ok(Some(number)) };
        let entries = inbox.messages(from, queue_index(&local.header));
        let all = entries
            .filter_map(|entry| mezz_derive::message_transaction(&entry.message, entry.hint))
            .collect();
        if executed(store, &local, &input(&local, taken.count, all))? != local.hash {
            return Ok(Some(number));
        }
        parent = Arc::new(local.header.clone());
    }
    Ok(None)
}

/// The output after block `number`, which a batch in `inbox` holds (or which is the genesis).
pub(crate) fn output(store: &Store, inbox: &Inbox, number: u64) -> Result<Output, Error> {
    let local = header(store, number)?;
    let batch = inbox.batch_of(number).map(|batch| batch.header);
    let (inbox_index, block_in_batch) = match batch {
        Some(batch) if batch.last_block() == number => (batch.index + 1, 0),
        Some(batch) => (batch.index, (number - batch.first_block + 1) as u32),
        None => (0, 0),
    };
    let hash = match store.block(number)? {
        Some(block) => block.hash,
        None => local.hash_slow(),
    };
    Ok(Output {
        version: 1,
        chain_id: store.chain().id,
        inbox_index,
        block_in_batch,
        queue_index: queue_index(&local),
        number,
        timestamp: local.timestamp,
        output_root: output_root(&local, hash),
    })
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |elapsed| elapsed.as_secs())
}

/// What is right to claim.
pub(crate) struct Statement {
    /// The batches that it is about.
    pub(crate) acc: Accumulator,
    /// Its entries.
    pub(crate) vector: ClaimVector,
    /// The output behind the last of them.
    pub(crate) end: Output,
}

/// What is right to claim of batches `n0..n1`.
pub(crate) fn statement(
    store: &Store,
    inbox: &Inbox,
    n0: u64,
    n1: u64,
    span: u64,
) -> Result<Statement, Error> {
    let acc = inbox.acc(n1).ok_or(Error::Reorged)?;
    let (start, last) = (inbox.last_block(n0), inbox.last_block(n1));
    let mut vector = Box::new([OutputHash(B256::ZERO); CLAIM_ENTRIES]);
    let end = output(store, inbox, last)?;
    for (entry, place) in vector.iter_mut().zip(1..) {
        let number = start + place * span;
        *entry = if number >= last { end.hash() } else { output(store, inbox, number)?.hash() };
    }
    Ok(Statement { acc, vector, end })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use super::are_of;
    use alloy::{eips::Encodable2718, network::TxSignerSync};
    use alloy_consensus::{SignableTransaction, TxEip1559};
    use mezz_evm::SignedTransaction;
    use mezz_primitives::BlockInput;

    fn transaction(nonce: u64) -> SignedTransaction {
        let key = mezz_l1::deploy::dev_key(1);
        let mut transaction = TxEip1559 { chain_id: 901, nonce, ..TxEip1559::default() };
        let signature = key.sign_transaction_sync(&mut transaction).unwrap();
        SignedTransaction::decode(transaction.into_signed(signature).encoded_2718()).unwrap()
    }

    #[test]
    fn what_is_invalid_at_its_place_is_left_out_of_a_block() {
        let all: Vec<_> = (0..3).map(transaction).collect();
        let input = BlockInput {
            timestamp: 1,
            queue_index: 0,
            messages: 0,
            transactions: all.iter().map(|transaction| transaction.bytes.clone()).collect(),
            attributed: false,
        };
        let cases: [(&[usize], bool); 6] = [
            (&[0, 1, 2], true),
            (&[0, 2], true),
            (&[1], true),
            (&[], true),
            (&[1, 0], false),
            (&[1, 1], false),
        ];
        for (places, expected) in cases {
            let block: Vec<_> = places.iter().map(|place| all[*place].clone()).collect();
            assert_eq!(are_of(&block, &input), expected, "{places:?}");
        }
        let attributed: Vec<_> = all.into_iter().map(SignedTransaction::attribute).collect();
        assert!(!are_of(&attributed, &input), "in another form");
    }
}
