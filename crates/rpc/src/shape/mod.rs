//! The JSON of blocks, transactions, receipts and logs: geth's on L1, OP's on L2.

mod block;
mod receipt;
mod transaction;

pub(crate) use block::{BlockJson, HeaderJson};
pub(crate) use receipt::{LogJson, ReceiptJson, gas_used};
pub(crate) use transaction::{Place, TransactionJson, effective_gas_price};

use alloy::primitives::{B256, U64, U128, U256, ruint::UintTryTo};

/// A quantity: hexadecimal without leading zeros.
pub(crate) const fn quantity(value: u64) -> U64 {
    U64::from_limbs([value])
}

/// A quantity of up to 128 bits.
pub(crate) fn quantity_128(value: u128) -> U128 {
    U128::from(value)
}

/// A word as 32 bytes.
pub(crate) fn word(value: U256) -> B256 {
    B256::from(value)
}

/// The low 64 bits, or all ones when there are more.
pub(crate) fn saturate(value: U256) -> u64 {
    let narrow: Result<u64, _> = value.uint_try_to();
    narrow.unwrap_or(u64::MAX)
}
