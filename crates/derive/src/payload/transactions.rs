//! One transaction to its columns and back.

use super::{
    Invalid, Layout,
    columns::Columns,
    table::{Interner, Table},
    words::{self, Words},
};
use crate::transaction::Envelope;
use alloc::vec::Vec;
use alloy_consensus::{
    SignableTransaction, Signed, Transaction, TxEip1559, TxEip2930, TxEip7702, TxLegacy, TxType,
    Typed2718,
};
use alloy_eips::{Encodable2718, eip2930::AccessList, eip7702::SignedAuthorization};
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use mezz_primitives::{Attributed, NO_SIGNATURE};

/// The bits of a kind byte.
pub(super) mod kind {
    /// The EIP-2718 type.
    pub(in super::super) const TYPE: u8 = 0b111;
    /// The y-parity of the signature.
    pub(in super::super) const Y_PARITY: u8 = 1 << 3;
    /// Has no target.
    pub(in super::super) const CREATION: u8 = 1 << 4;
    /// Signed without a chain id.
    pub(in super::super) const UNPROTECTED: u8 = 1 << 5;
    /// Has an access list or authorizations.
    pub(in super::super) const EXTRAS: u8 = 1 << 6;
    /// Not in use.
    pub(in super::super) const RESERVED: u8 = 1 << 7;
}

const LEGACY: u8 = TxType::Legacy as u8;
const EIP2930: u8 = TxType::Eip2930 as u8;
const EIP1559: u8 = TxType::Eip1559 as u8;
const EIP7702: u8 = TxType::Eip7702 as u8;

/// The extras of a type-4 transaction.
#[derive(Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
struct SetCodeExtras {
    access_list: AccessList,
    authorization_list: Vec<SignedAuthorization>,
}

/// What a writer collects over all transactions.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) book: Interner<Address>,
    pub(super) gas_limits: Interner<u64>,
    pub(super) fees: Interner<(u128, u128)>,
}

/// Writes what the columns do not hold of a signature.
pub(super) fn write_signature(signature: &Signature, signatures: &mut Vec<u8>) {
    signatures.extend_from_slice(&signature.r().to_be_bytes::<32>());
    signatures.extend_from_slice(&signature.s().to_be_bytes::<32>());
}

/// Takes a transaction apart into the columns.
pub(super) fn write(envelope: &Envelope, columns: &mut Columns, tables: &mut Tables) {
    let signature = envelope.signature();
    let mut kind = envelope.ty();
    let mut set = |bit: u8, condition: bool| kind |= if condition { bit } else { 0 };
    set(kind::Y_PARITY, signature.v());
    set(kind::UNPROTECTED, envelope.is_legacy() && envelope.chain_id().is_none());
    match envelope.kind() {
        TxKind::Create => set(kind::CREATION, true),
        TxKind::Call(to) => columns.targets.push(tables.book.index(to)),
    }
    if let Some(extras) = extras(envelope) {
        set(kind::EXTRAS, true);
        columns.extra_lengths.push(extras.len() as u64);
        columns.extras.extend(extras);
    }
    columns.kinds.push(kind);
    columns.nonces.push(envelope.nonce());
    columns.gas_limit_indices.push(tables.gas_limits.index(envelope.gas_limit()));
    let fees = (envelope.max_fee_per_gas(), envelope.max_priority_fee_per_gas().unwrap_or(0));
    columns.fee_indices.push(tables.fees.index(fees));
    columns.values.push(envelope.value());
    columns.data_lengths.push(envelope.input().len() as u64);
    words::write(envelope.input(), columns, &mut tables.book);
}

/// Access list and authorizations, if there are any.
fn extras(envelope: &Envelope) -> Option<Vec<u8>> {
    let access_list = envelope.access_list().cloned().unwrap_or_default();
    let authorization_list = envelope.authorization_list().unwrap_or_default().to_vec();
    if access_list.is_empty() && authorization_list.is_empty() {
        return None;
    }
    Some(match envelope.ty() {
        EIP7702 => alloy_rlp::encode(SetCodeExtras { access_list, authorization_list }),
        _ => alloy_rlp::encode(access_list),
    })
}

/// Puts transactions together from the columns, one after the other.
#[derive(Debug)]
pub(super) struct Assembler<'a> {
    chain_id: u64,
    layout: Layout,
    signatures: core::slice::Iter<'a, [u8; 64]>,
    senders: core::slice::Iter<'a, u64>,
    kinds: core::slice::Iter<'a, u8>,
    nonces: core::slice::Iter<'a, u64>,
    gas_limit_indices: core::slice::Iter<'a, u64>,
    fee_indices: core::slice::Iter<'a, u64>,
    targets: core::slice::Iter<'a, u64>,
    values: core::slice::Iter<'a, U256>,
    data_lengths: core::slice::Iter<'a, u64>,
    words: Words<'a>,
    extra_lengths: core::slice::Iter<'a, u64>,
    extras: &'a [u8],
    book: Table<'a, [u8; 20]>,
    gas_limits: Table<'a, u64>,
    fees: Table<'a, [U256; 2]>,
}

/// The next entry of a column.
fn next<T: Copy>(column: &mut core::slice::Iter<'_, T>) -> Result<T, Invalid> {
    column.next().copied().ok_or(Invalid::Truncated)
}

impl<'a> Assembler<'a> {
    pub(super) fn new(
        chain_id: u64,
        layout: Layout,
        columns: &'a Columns,
        signatures: &'a [[u8; 64]],
    ) -> Self {
        Self {
            chain_id,
            layout,
            signatures: signatures.iter(),
            senders: columns.senders.iter(),
            kinds: columns.kinds.iter(),
            nonces: columns.nonces.iter(),
            gas_limit_indices: columns.gas_limit_indices.iter(),
            fee_indices: columns.fee_indices.iter(),
            targets: columns.targets.iter(),
            values: columns.values.iter(),
            data_lengths: columns.data_lengths.iter(),
            words: Words::new(columns),
            extra_lengths: columns.extra_lengths.iter(),
            extras: &columns.extras,
            book: Table::new(&columns.book),
            gas_limits: Table::new(&columns.gas_limits),
            fees: Table::new(&columns.fees),
        }
    }

    /// The next transaction, as [`BlockBody`](super::BlockBody) holds it.
    pub(super) fn next(&mut self) -> Result<Bytes, Invalid> {
        if self.layout != Layout::Unsigned {
            return self.envelope().map(|envelope| envelope.encoded_2718().into());
        }
        let sender = Address::new(*self.book.get(next(&mut self.senders)?)?);
        Ok(Attributed { sender, transaction: self.envelope()? }.encode())
    }

    /// The next transaction, without signature in an unsigned batch.
    fn envelope(&mut self) -> Result<Envelope, Invalid> {
        let kind = next(&mut self.kinds)?;
        let kind_type = kind & kind::TYPE;
        let is = |bit: u8| kind & bit != 0;
        let possible = !is(kind::RESERVED)
            && (!is(kind::UNPROTECTED) || kind_type == LEGACY)
            && (!is(kind::EXTRAS) || kind_type != LEGACY)
            && (!is(kind::CREATION) || kind_type != EIP7702);
        if !possible {
            return Err(Invalid::Kind);
        }

        let signature = self.signature(is(kind::Y_PARITY))?;
        let nonce = next(&mut self.nonces)?;
        let gas_limit = *self.gas_limits.get(next(&mut self.gas_limit_indices)?)?;
        let (max_fee_per_gas, max_priority_fee_per_gas) = self.fees(kind_type)?;
        let to = if is(kind::CREATION) { TxKind::Create } else { TxKind::Call(self.target()?) };
        let value = next(&mut self.values)?;
        let input = self.data()?;
        let chain_id = self.chain_id;
        match kind_type {
            LEGACY => {
                let chain_id = (!is(kind::UNPROTECTED)).then_some(chain_id);
                Ok(signed(
                    TxLegacy {
                        chain_id,
                        nonce,
                        gas_price: max_fee_per_gas,
                        gas_limit,
                        to,
                        value,
                        input,
                    },
                    signature,
                ))
            }
            EIP2930 => {
                let access_list = self.extras(is(kind::EXTRAS))?;
                let gas_price = max_fee_per_gas;
                Ok(signed(
                    TxEip2930 {
                        chain_id,
                        nonce,
                        gas_price,
                        gas_limit,
                        to,
                        value,
                        access_list,
                        input,
                    },
                    signature,
                ))
            }
            EIP1559 => {
                let access_list = self.extras(is(kind::EXTRAS))?;
                let transaction = TxEip1559 {
                    chain_id,
                    nonce,
                    gas_limit,
                    max_fee_per_gas,
                    max_priority_fee_per_gas,
                    to,
                    value,
                    access_list,
                    input,
                };
                Ok(signed(transaction, signature))
            }
            EIP7702 => {
                let TxKind::Call(to) = to else { return Err(Invalid::Kind) };
                let SetCodeExtras { access_list, authorization_list } =
                    self.extras(is(kind::EXTRAS))?;
                let transaction = TxEip7702 {
                    chain_id,
                    nonce,
                    gas_limit,
                    max_fee_per_gas,
                    max_priority_fee_per_gas,
                    to,
                    value,
                    access_list,
                    authorization_list,
                    input,
                };
                Ok(signed(transaction, signature))
            }
            _ => Err(Invalid::Kind),
        }
    }

    /// That the tables list nothing that is not used. The columns' lengths follow from the counts.
    pub(super) fn finish(self) -> Result<(), Invalid> {
        self.book.finish()?;
        self.gas_limits.finish()?;
        self.fees.finish()
    }

    fn signature(&mut self, y_parity: bool) -> Result<Signature, Invalid> {
        if self.layout == Layout::Unsigned {
            return if y_parity { Err(Invalid::Kind) } else { Ok(NO_SIGNATURE) };
        }
        let bytes = self.signatures.next().ok_or(Invalid::Signatures)?;
        let (r, s) = bytes.split_at(32);
        Ok(Signature::new(U256::from_be_slice(r), U256::from_be_slice(s), y_parity))
    }

    fn fees(&mut self, kind_type: u8) -> Result<(u128, u128), Invalid> {
        let fees = self.fees.get(next(&mut self.fee_indices)?)?;
        let [max, priority] = fees.map(|fee| u128::try_from(fee).map_err(|_| Invalid::Number));
        let (max, priority) = (max?, priority?);
        if priority != 0 && matches!(kind_type, LEGACY | EIP2930) {
            return Err(Invalid::Number);
        }
        Ok((max, priority))
    }

    fn target(&mut self) -> Result<Address, Invalid> {
        self.book.get(next(&mut self.targets)?).copied().map(Address::new)
    }

    fn data(&mut self) -> Result<Bytes, Invalid> {
        let length =
            usize::try_from(next(&mut self.data_lengths)?).map_err(|_| Invalid::Truncated)?;
        self.words.read(length, &mut self.book).map(Bytes::from)
    }

    /// The lists behind the other fields: the default when there are none, and then never written.
    fn extras<T: Default + PartialEq + Decodable + Encodable>(
        &mut self,
        present: bool,
    ) -> Result<T, Invalid> {
        if !present {
            return Ok(T::default());
        }
        let length =
            usize::try_from(next(&mut self.extra_lengths)?).map_err(|_| Invalid::Truncated)?;
        let rlp = self.extras.split_off(..length).ok_or(Invalid::Truncated)?;
        let extras: T = alloy_rlp::decode_exact(rlp).map_err(|_| Invalid::Extras)?;
        if extras == T::default() || alloy_rlp::encode(&extras) != rlp {
            return Err(Invalid::Extras);
        }
        Ok(extras)
    }
}

/// A signed transaction.
fn signed<T>(transaction: T, signature: Signature) -> Envelope
where
    T: SignableTransaction<Signature>,
    Signed<T>: Into<Envelope>,
{
    Signed::new_unhashed(transaction, signature).into()
}
