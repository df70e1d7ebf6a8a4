//! Call data as ABI words: most are zero, an amount or an address.

use super::{
    Invalid,
    columns::Columns,
    decimal,
    table::{Interner, Table},
};
use alloc::vec::Vec;
use alloy_primitives::{Address, U256};

const WORD: usize = 32;
/// A word that is an address starts with this many zeros.
const ADDRESS_ZEROS: usize = 12;
/// A number below `256^(WORD - AMOUNT_ZEROS)` is taken for an amount, not an address.
const AMOUNT_ZEROS: usize = 20;
/// A mantissa of more bytes costs more than the literal.
const MANTISSA_BITS_MAX: usize = 8 * 24;

/// What a word is.
mod tag {
    pub(super) const ZERO: u8 = 0;
    pub(super) const DECIMAL: u8 = 1;
    pub(super) const ADDRESS: u8 = 2;
    pub(super) const LITERAL: u8 = 3;
}

/// Bytes before the first word of data of this length.
pub(super) const fn head_length(data_length: u64) -> u64 {
    data_length % WORD as u64
}

/// Words of data of this length.
pub(super) const fn word_count(data_length: u64) -> u64 {
    data_length / WORD as u64
}

/// Takes data apart into the columns.
pub(super) fn write(data: &[u8], columns: &mut Columns, book: &mut Interner<Address>) {
    let (head, words) = data.split_at(data.len() % WORD);
    columns.heads.extend_from_slice(head);
    for word in words.as_chunks::<WORD>().0 {
        let tag = classify(word);
        columns.tags.push(tag);
        match tag {
            tag::ZERO => {}
            tag::DECIMAL => columns.decimals.push(U256::from_be_bytes(*word)),
            tag::ADDRESS => {
                columns.addresses.push(book.index(Address::from_slice(&word[ADDRESS_ZEROS..])))
            }
            _ => columns.literals.extend_from_slice(word),
        }
    }
}

/// How a word is best stored; a reader takes any tag.
fn classify(word: &[u8; WORD]) -> u8 {
    let zeros = word.iter().take_while(|byte| **byte == 0).count();
    match zeros {
        WORD => tag::ZERO,
        AMOUNT_ZEROS.. => tag::DECIMAL,
        ADDRESS_ZEROS.. => tag::ADDRESS,
        _ if decimal::split(U256::from_be_bytes(*word)).1.bit_len() <= MANTISSA_BITS_MAX => {
            tag::DECIMAL
        }
        _ => tag::LITERAL,
    }
}

/// The sub-columns of data as a reader uses them up.
#[derive(Debug)]
pub(super) struct Words<'a> {
    heads: &'a [u8],
    tags: &'a [u8],
    decimals: core::slice::Iter<'a, U256>,
    addresses: core::slice::Iter<'a, u64>,
    literals: &'a [u8],
}

impl<'a> Words<'a> {
    pub(super) fn new(columns: &'a Columns) -> Self {
        Self {
            heads: &columns.heads,
            tags: &columns.tags,
            decimals: columns.decimals.iter(),
            addresses: columns.addresses.iter(),
            literals: &columns.literals,
        }
    }

    /// Puts data of this length together.
    pub(super) fn read(
        &mut self,
        length: usize,
        book: &mut Table<'_, [u8; 20]>,
    ) -> Result<Vec<u8>, Invalid> {
        let mut data = Vec::with_capacity(length);
        data.extend_from_slice(split_off(&mut self.heads, length % WORD)?);
        for tag in split_off(&mut self.tags, length / WORD)? {
            match *tag {
                tag::ZERO => data.extend_from_slice(&[0; WORD]),
                tag::DECIMAL => data.extend_from_slice(
                    &self.decimals.next().ok_or(Invalid::Truncated)?.to_be_bytes::<WORD>(),
                ),
                tag::ADDRESS => {
                    data.extend_from_slice(&[0; ADDRESS_ZEROS]);
                    data.extend_from_slice(
                        book.get(*self.addresses.next().ok_or(Invalid::Truncated)?)?,
                    );
                }
                tag::LITERAL => data.extend_from_slice(split_off(&mut self.literals, WORD)?),
                _ => return Err(Invalid::Tag),
            }
        }
        Ok(data)
    }
}

/// How many words have each tag; `None` if there are others.
pub(super) fn count_tags(tags: &[u8]) -> Result<TagCounts, Invalid> {
    let mut counts = TagCounts::default();
    for tag in tags {
        match *tag {
            tag::ZERO => {}
            tag::DECIMAL => counts.decimals += 1,
            tag::ADDRESS => counts.addresses += 1,
            tag::LITERAL => counts.literals += 1,
            _ => return Err(Invalid::Tag),
        }
    }
    Ok(counts)
}

/// How long the sub-columns of data are.
#[derive(Debug, Default)]
pub(super) struct TagCounts {
    pub(super) decimals: u64,
    pub(super) addresses: u64,
    pub(super) literals: u64,
}

/// Splits bytes off a column.
fn split_off<'a>(column: &mut &'a [u8], length: usize) -> Result<&'a [u8], Invalid> {
    column.split_off(..length).ok_or(Invalid::Truncated)
}
