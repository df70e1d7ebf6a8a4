//! The columns of a body, in their order on the wire (`docs/spec/batch.md`, the table).

use super::{
    BlockBody, Expected, Invalid, TRANSACTIONS_MAX,
    reader::Reader,
    transactions::kind,
    words::{count_tags, head_length, word_count},
    writer::Writer,
};
use alloc::vec::Vec;
use alloy_primitives::U256;
use mezz_primitives::PAYLOAD_MAX;

/// A body taken apart. Each field is one column.
#[derive(Debug, Default)]
pub(super) struct Columns {
    // per block
    pub(super) steps: Vec<u64>,
    pub(super) message_counts: Vec<u64>,
    pub(super) transaction_counts: Vec<u64>,
    // per deposit
    pub(super) l1_hashes: Vec<[u8; 32]>,
    pub(super) log_indices: Vec<u64>,
    pub(super) l1_hash_indices: Vec<u64>,
    // per batch
    pub(super) book: Vec<[u8; 20]>,
    // per transaction
    pub(super) kinds: Vec<u8>,
    /// Of an unsigned batch only.
    pub(super) senders: Vec<u64>,
    pub(super) nonces: Vec<u64>,
    pub(super) gas_limits: Vec<u64>,
    pub(super) gas_limit_indices: Vec<u64>,
    pub(super) fees: Vec<[U256; 2]>,
    pub(super) fee_indices: Vec<u64>,
    pub(super) targets: Vec<u64>,
    pub(super) values: Vec<U256>,
    pub(super) data_lengths: Vec<u64>,
    pub(super) heads: Vec<u8>,
    pub(super) tags: Vec<u8>,
    pub(super) decimals: Vec<U256>,
    pub(super) addresses: Vec<u64>,
    pub(super) literals: Vec<u8>,
    pub(super) extra_lengths: Vec<u64>,
    pub(super) extras: Vec<u8>,
}

impl Columns {
    /// The columns that hold one entry for each block.
    pub(super) fn of_blocks(blocks: &[BlockBody]) -> Self {
        Self {
            steps: blocks.iter().map(|block| block.step).collect(),
            message_counts: blocks.iter().map(|block| block.messages.into()).collect(),
            transaction_counts: blocks
                .iter()
                .map(|block| block.transactions.len() as u64)
                .collect(),
            ..Self::default()
        }
    }

    /// Writes all columns.
    pub(super) fn write(&self) -> Writer {
        let mut to = Writer::default();
        to.number(self.steps.len() as u64);
        to.numbers(&self.steps);
        to.numbers(&self.message_counts);
        to.numbers(&self.transaction_counts);

        to.number(self.l1_hashes.len() as u64);
        to.bytes(self.l1_hashes.as_flattened());
        to.numbers(&self.log_indices);
        to.numbers(&self.l1_hash_indices);

        to.number(self.book.len() as u64);
        to.bytes(self.book.as_flattened());

        to.bytes(&self.kinds);
        to.numbers(&self.senders);
        to.numbers(&self.nonces);
        to.number(self.gas_limits.len() as u64);
        to.numbers(&self.gas_limits);
        to.numbers(&self.gas_limit_indices);
        to.number(self.fees.len() as u64);
        to.decimals(self.fees.as_flattened());
        to.numbers(&self.fee_indices);
        to.numbers(&self.targets);
        to.decimals(&self.values);
        to.numbers(&self.data_lengths);
        to.bytes(&self.heads);
        to.bytes(&self.tags);
        to.decimals(&self.decimals);
        to.numbers(&self.addresses);
        to.bytes(&self.literals);
        to.numbers(&self.extra_lengths);
        to.bytes(&self.extras);
        to
    }

    /// Reads all columns and uses the body up.
    pub(super) fn read(body: &[u8], expected: &Expected) -> Result<Self, Invalid> {
        let mut from = Reader(body);
        let block_count = from.number()?;
        if block_count != u64::from(expected.block_count) {
            return Err(Invalid::BlockCount);
        }
        let steps = from.numbers(block_count)?;
        let message_counts = from.numbers(block_count)?;
        let transaction_counts = from.numbers(block_count)?;
        let count = sum(&transaction_counts)
            .filter(|count| *count <= TRANSACTIONS_MAX)
            .ok_or(Invalid::TransactionCount)?;

        let l1_hash_count = from.number()?;
        let l1_hashes = from.arrays(l1_hash_count)?.to_vec();
        let log_indices = from.numbers(expected.deposits as u64)?;
        let l1_hash_indices = from.numbers(expected.deposits as u64)?;

        let book_length = from.number()?;
        let book = from.arrays(book_length)?.to_vec();

        let kinds = from.bytes(count)?.to_vec();
        let senders = from.numbers(if expected.unsigned { count } else { 0 })?;
        let nonces = from.numbers(count)?;
        let gas_limit_count = table_length(&mut from, count)?;
        let gas_limits = from.numbers(gas_limit_count)?;
        let gas_limit_indices = from.numbers(count)?;
        let fee_count = table_length(&mut from, count)?;
        let fees = from.decimals(2 * fee_count)?.as_chunks().0.to_vec();
        let fee_indices = from.numbers(count)?;
        let targets = from.numbers(count_with(&kinds, |kind| kind & kind::CREATION == 0))?;
        let values = from.decimals(count)?;
        let data_lengths = from.numbers(count)?;
        sum(&data_lengths).filter(|length| *length <= PAYLOAD_MAX as u64).ok_or(Invalid::Length)?;
        let heads = from.bytes(data_lengths.iter().copied().map(head_length).sum())?.to_vec();
        let tags = from.bytes(data_lengths.iter().copied().map(word_count).sum())?.to_vec();
        let tag_counts = count_tags(&tags)?;
        let decimals = from.decimals(tag_counts.decimals)?;
        let addresses = from.numbers(tag_counts.addresses)?;
        let literals = from.arrays::<32>(tag_counts.literals)?.as_flattened().to_vec();
        let extra_lengths = from.numbers(count_with(&kinds, |kind| kind & kind::EXTRAS != 0))?;
        let extras = from.bytes(sum(&extra_lengths).ok_or(Invalid::Truncated)?)?.to_vec();
        from.finish()?;
        Ok(Self {
            steps,
            message_counts,
            transaction_counts,
            l1_hashes,
            log_indices,
            l1_hash_indices,
            book,
            kinds,
            senders,
            nonces,
            gas_limits,
            gas_limit_indices,
            fees,
            fee_indices,
            targets,
            values,
            data_lengths,
            heads,
            tags,
            decimals,
            addresses,
            literals,
            extra_lengths,
            extras,
        })
    }
}

/// The length of a table that each of `uses` may lengthen by one.
fn table_length(from: &mut Reader<'_>, uses: u64) -> Result<u64, Invalid> {
    from.number().and_then(|length| if length > uses { Err(Invalid::Table) } else { Ok(length) })
}

fn sum(numbers: &[u64]) -> Option<u64> {
    numbers.iter().try_fold(0u64, |sum, number| sum.checked_add(*number))
}

fn count_with(kinds: &[u8], predicate: impl Fn(u8) -> bool) -> u64 {
    kinds.iter().filter(|kind| predicate(**kind)).count() as u64
}
