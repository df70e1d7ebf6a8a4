//! How blocks and state lie in the embedded store.

use crate::{Block, Error};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, Log, U256};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use mezz_evm::{Receipt, SignedTransaction};
use revm::state::AccountInfo;

/// A header with what cannot be cheaply computed from it.
#[derive(Debug, RlpEncodable, RlpDecodable)]
pub(crate) struct HeaderRecord {
    pub(crate) hash: B256,
    pub(crate) size: u64,
    pub(crate) header: Header,
}

#[derive(RlpEncodable, RlpDecodable)]
#[rlp(trailing)]
struct BodyRecord {
    senders: Vec<Address>,
    transactions: Vec<Bytes>,
    receipts: Vec<ReceiptRecord>,
    /// There if the block holds senders in place of signatures; the transactions here may be signed all the same.
    attributed: Option<bool>,
}

#[derive(RlpEncodable, RlpDecodable)]
#[rlp(trailing)]
struct ReceiptRecord {
    transaction_type: u8,
    success: bool,
    cumulative_gas_used: u64,
    logs: Vec<Log>,
    deposit_nonce: Option<u64>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct AccountRecord {
    nonce: u64,
    balance: U256,
    code_hash: B256,
}

/// The keys that a block changed: hashed addresses, each with its hashed slots.
#[derive(Debug, RlpEncodable, RlpDecodable)]
pub(crate) struct KeysRecord {
    pub(crate) address: B256,
    pub(crate) slots: Vec<B256>,
}

pub(crate) fn encode(value: &impl Encodable) -> Vec<u8> {
    alloy_rlp::encode(value)
}

pub(crate) fn decode<T: Decodable>(bytes: &[u8], what: &'static str) -> Result<T, Error> {
    alloy_rlp::decode_exact(bytes)
        .map_err(|error| Error::Corrupt(format!("{what} does not decode: {error}")))
}

pub(crate) fn encode_header(block: &Block) -> Vec<u8> {
    encode(&HeaderRecord { hash: block.hash, size: block.size, header: block.header.clone() })
}

pub(crate) fn encode_body(block: &Block) -> Vec<u8> {
    encode(&BodyRecord {
        senders: block.transactions.iter().map(|transaction| transaction.sender).collect(),
        transactions: block
            .transactions
            .iter()
            .map(|transaction| transaction.bytes.clone())
            .collect(),
        receipts: block.receipts.iter().cloned().map(ReceiptRecord::from).collect(),
        attributed: block.transactions.iter().any(SignedTransaction::is_attributed).then_some(true),
    })
}

pub(crate) fn decode_block(header: HeaderRecord, body: &[u8]) -> Result<Block, Error> {
    let body: BodyRecord = decode(body, "a block body")?;
    if body.senders.len() != body.transactions.len()
        || body.receipts.len() != body.transactions.len()
    {
        return Err(Error::Corrupt(format!(
            "block {} has not one sender and one receipt per transaction",
            header.header.number
        )));
    }
    let attributed = body.attributed.unwrap_or(false);
    let transactions = body.senders.into_iter().zip(body.transactions).map(|(sender, bytes)| {
        let transaction = SignedTransaction::decode_recovered(bytes, sender)
            .map_err(|error| Error::Corrupt(format!("a transaction does not decode: {error}")))?;
        Ok(if attributed { transaction.attribute() } else { transaction })
    });
    Ok(Block {
        transactions: transactions.collect::<Result<_, Error>>()?,
        receipts: body.receipts.into_iter().map(Receipt::from).collect(),
        header: header.header,
        hash: header.hash,
        size: header.size,
    })
}

impl From<Receipt> for ReceiptRecord {
    fn from(receipt: Receipt) -> Self {
        let Receipt { transaction_type, success, cumulative_gas_used, logs, deposit_nonce } =
            receipt;
        Self { transaction_type, success, cumulative_gas_used, logs, deposit_nonce }
    }
}

impl From<ReceiptRecord> for Receipt {
    fn from(record: ReceiptRecord) -> Self {
        let ReceiptRecord { transaction_type, success, cumulative_gas_used, logs, deposit_nonce } =
            record;
        Self { transaction_type, success, cumulative_gas_used, logs, deposit_nonce }
    }
}

/// No account is no bytes.
pub(crate) fn encode_account(info: Option<&AccountInfo>) -> Vec<u8> {
    info.map_or_else(Vec::new, |info| {
        encode(&AccountRecord {
            nonce: info.nonce,
            balance: info.balance,
            code_hash: info.code_hash,
        })
    })
}

pub(crate) fn decode_account(bytes: &[u8]) -> Result<Option<AccountInfo>, Error> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let AccountRecord { nonce, balance, code_hash } = decode(bytes, "an account")?;
    Ok(Some(AccountInfo { balance, nonce, code_hash, account_id: None, code: None }))
}

/// Zero is no bytes.
pub(crate) fn encode_slot(value: U256) -> Vec<u8> {
    value.to_be_bytes_trimmed_vec()
}

pub(crate) fn decode_slot(bytes: &[u8]) -> Result<U256, Error> {
    U256::try_from_be_slice(bytes)
        .ok_or_else(|| Error::Corrupt("a slot is longer than 32 bytes".into()))
}

/// A key of several parts.
pub(crate) fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// The place of a transaction.
pub(crate) fn encode_place(number: u64, index: usize) -> [u8; 12] {
    let mut place = [0; 12];
    place[..8].copy_from_slice(&number.to_be_bytes());
    place[8..].copy_from_slice(&(index as u32).to_be_bytes());
    place
}

pub(crate) fn decode_place(bytes: &[u8]) -> Result<(u64, usize), Error> {
    match bytes.split_at_checked(8) {
        Some((number, index)) if index.len() == 4 => Ok((
            decode_number(number)?,
            u32::from_be_bytes(index.try_into().expect("checked above; qed")) as usize,
        )),
        _ => Err(Error::Corrupt("the place of a transaction does not decode".into())),
    }
}

pub(crate) fn decode_number(bytes: &[u8]) -> Result<u64, Error> {
    bytes
        .try_into()
        .map(u64::from_be_bytes)
        .map_err(|_| Error::Corrupt("a block number does not decode".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Damage is an error, whatever it looks like.
        #[test]
        fn any_bytes_are_a_record_or_damage(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0xc0..0xc8_u8, 0xf7..=0xff_u8], 0..200)) {
            let _ = decode::<HeaderRecord>(&bytes, "a header");
            let _ = decode::<Vec<KeysRecord>>(&bytes, "keys");
            let _ = decode_account(&bytes);
            let _ = decode_slot(&bytes);
            let _ = decode_place(&bytes);
            let _ = decode_number(&bytes);
            let header = HeaderRecord { hash: B256::ZERO, size: 0, header: Header::default() };
            let _ = decode_block(header, &bytes);
        }
    }
}
