//! Batches to payloads and back.

use super::{
    Batch, BlockBody, Compressor, EncodeError, Expected, Invalid, Layout, TRANSACTIONS_MAX,
    columns::Columns,
    reader::Reader,
    table::{Interner, Table},
    transactions::{self, Assembler, Tables},
    writer::uvarint,
};
use crate::{
    NotEncodable,
    transaction::{check_chain, parse_encodable},
};
use alloc::vec::Vec;
use alloy_primitives::B256;
use mezz_primitives::{Attributed, DepositHint, PAYLOAD_MAX};

/// The bit of the compressor's byte that says: padding follows.
const PADDED: u8 = 0x80;

/// Packs a batch into a payload.
///
/// [`decode`] gives the batch back if `batch.hints` holds one hint for each deposit that it consumes.
pub fn encode(
    batch: &Batch,
    chain_id: u64,
    compressor: Compressor,
) -> Result<Vec<u8>, EncodeError> {
    let count: usize = batch.blocks.iter().map(|block| block.transactions.len()).sum();
    if count as u64 > TRANSACTIONS_MAX {
        return Err(EncodeError::TransactionCount);
    }
    let mut columns = Columns::of_blocks(&batch.blocks);
    write_hints(&batch.hints, &mut columns);

    let mut tables = Tables::default();
    let mut signatures = Vec::with_capacity(64 * count);
    for (block, body) in batch.blocks.iter().enumerate() {
        for (position, transaction) in body.transactions.iter().enumerate() {
            let refused = |reason| EncodeError::Transaction { block, position, reason };
            if batch.layout == Layout::Unsigned {
                let Attributed { sender, transaction } = Attributed::decode(transaction)
                    .ok_or(NotEncodable::Malformed)
                    .and_then(|it| check_chain(&it.transaction, chain_id).map(|()| it))
                    .map_err(refused)?;
                columns.senders.push(tables.book.index(sender));
                transactions::write(&transaction, &mut columns, &mut tables);
            } else {
                let envelope = parse_encodable(transaction, chain_id).map_err(refused)?;
                transactions::write_signature(envelope.signature(), &mut signatures);
                transactions::write(&envelope, &mut columns, &mut tables);
            }
        }
    }
    columns.book = tables.book.into_entries().into_iter().map(Into::into).collect();
    columns.gas_limits = tables.gas_limits.into_entries();
    columns.fees = tables
        .fees
        .into_entries()
        .into_iter()
        .map(|(max, priority)| [max, priority].map(alloy_primitives::U256::from))
        .collect();

    let (body, seams) = columns.write().finish();
    if body.len() > PAYLOAD_MAX || columns.data_lengths.iter().sum::<u64>() > PAYLOAD_MAX as u64 {
        return Err(EncodeError::Length);
    }
    let mut payload = Vec::from([batch.layout.version(), compressor.id()]);
    uvarint(signatures.len() as u64, &mut payload);
    payload.append(&mut signatures);
    payload.append(&mut compressor.compress(body, &seams));
    Ok(payload)
}

/// Reads a payload; every violation of the format is an error.
pub fn decode(payload: &[u8], expected: &Expected) -> Result<Batch, Invalid> {
    let mut reader = Reader(payload);
    let layout = Layout::of_version(reader.byte()?, expected.unsigned).ok_or(Invalid::Version)?;
    let compressor = reader.byte()?;
    if compressor & PADDED != 0 {
        let length = reader.number()?;
        reader.bytes(length)?;
    }
    let compressor = Compressor::from_id(compressor & !PADDED)?;
    let signatures_length = reader.number()?;
    let (signatures, remainder) = reader.bytes(signatures_length)?.as_chunks::<64>();
    let body = compressor.decompress(reader.0)?;
    let columns = Columns::read(&body, expected)?;
    let signed = if layout == Layout::Unsigned { 0 } else { columns.kinds.len() };
    if signatures.len() != signed || !remainder.is_empty() {
        return Err(Invalid::Signatures);
    }

    let mut assembler = Assembler::new(expected.chain_id, layout, &columns, signatures);
    let mut blocks = Vec::with_capacity(columns.steps.len());
    for (index, count) in columns.transaction_counts.iter().enumerate() {
        blocks.push(BlockBody {
            step: columns.steps[index],
            messages: u32::try_from(columns.message_counts[index]).map_err(|_| Invalid::Number)?,
            transactions: (0..*count).map(|_| assembler.next()).collect::<Result<_, _>>()?,
        });
    }
    assembler.finish()?;
    Ok(Batch { layout, blocks, hints: read_hints(&columns)? })
}

fn write_hints(hints: &[DepositHint], columns: &mut Columns) {
    let mut hashes = Interner::<B256>::default();
    for hint in hints {
        columns.log_indices.push(hint.log_index);
        columns.l1_hash_indices.push(hashes.index(hint.l1_block_hash));
    }
    columns.l1_hashes = hashes.into_entries().into_iter().map(Into::into).collect();
}

fn read_hints(columns: &Columns) -> Result<Vec<DepositHint>, Invalid> {
    let mut hashes = Table::new(&columns.l1_hashes);
    let read = |(log_index, index): (&u64, &u64)| {
        Ok(DepositHint { l1_block_hash: hashes.get(*index)?.into(), log_index: *log_index })
    };
    let hints = columns
        .log_indices
        .iter()
        .zip(&columns.l1_hash_indices)
        .map(read)
        .collect::<Result<_, _>>()?;
    hashes.finish()?;
    Ok(hints)
}
