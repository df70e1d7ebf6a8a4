//! What a queue message becomes on L2 (`docs/spec/derivation.md`, the table).

use crate::transaction;
use alloc::vec::Vec;
use alloy_consensus::Transaction;
use alloy_eips::Encodable2718;
use alloy_primitives::{B256, Bytes, TxKind, U256, keccak256};
use mezz_primitives::{DepositHint, MessageKind, QueueMessage, predeploys};
use op_alloy_consensus::TxDeposit;

/// Gas of a system transaction.
const SYSTEM_GAS: u64 = 1_000_000;
/// `setL1BlockValues(uint64,uint64,uint256,uint256,bytes32,bytes32)`.
const SET_L1_BLOCK_VALUES: [u8; 4] = [0xa6, 0x9b, 0x99, 0xd3];
/// `setConfig(uint256,uint256)`.
const SET_CONFIG: [u8; 4] = [0x1e, 0x34, 0xc5, 0x85];
/// `uint256 mint || uint256 value || uint64 gasLimit || bool isCreation` stand before a deposit's data.
const OPAQUE_HEAD: usize = 73;

/// The `sourceHash` domains; 0 and 1 are OP's.
mod source {
    pub(super) const DEPOSIT: u64 = 0;
    pub(super) const SYSTEM: u64 = 1;
    pub(super) const DEPOSIT_WITHOUT_HINT: u64 = 3;
}

/// The L2 transaction that a queue message becomes, as EIP-2718 bytes; `None` if it becomes nothing.
///
/// The hint names a deposit's `sourceHash` and is of no use for other kinds.
pub fn message_transaction(message: &QueueMessage, hint: Option<DepositHint>) -> Option<Bytes> {
    match message.kind {
        MessageKind::Deposit => Some(encoded(deposit(message, hint))),
        MessageKind::Forced => forced(message),
        MessageKind::L1Info => Some(encoded(system(message, SET_L1_BLOCK_VALUES))),
        MessageKind::Config => Some(encoded(system(message, SET_CONFIG))),
        MessageKind::Unknown(_) => None,
    }
}

/// The signed transaction itself, if it asks for no more gas than its sender paid for on L1.
fn forced(message: &QueueMessage) -> Option<Bytes> {
    let envelope = transaction::parse(&message.data).ok()?;
    (envelope.gas_limit() <= message.gas).then(|| message.data.clone())
}

fn system(message: &QueueMessage, selector: [u8; 4]) -> TxDeposit {
    TxDeposit {
        source_hash: source_hash(source::SYSTEM, index_hash(message)),
        from: predeploys::DEPOSITOR,
        to: TxKind::Call(predeploys::L1_BLOCK),
        mint: 0,
        value: U256::ZERO,
        gas_limit: SYSTEM_GAS,
        is_system_transaction: false,
        input: [&selector[..], &message.data].concat().into(),
    }
}

fn deposit(message: &QueueMessage, hint: Option<DepositHint>) -> TxDeposit {
    let source_hash = match hint {
        Some(hint) => {
            let log = [hint.l1_block_hash, B256::from(U256::from(hint.log_index))].concat();
            source_hash(source::DEPOSIT, keccak256(log))
        }
        None => source_hash(source::DEPOSIT_WITHOUT_HINT, index_hash(message)),
    };
    let call = Call::read(message).unwrap_or_else(|| Call::nothing(message));
    TxDeposit {
        source_hash,
        from: message.from,
        to: call.to,
        // More than 2^128 wei do not exist.
        mint: u128::try_from(message.value).unwrap_or(u128::MAX),
        value: call.value,
        gas_limit: call.gas,
        is_system_transaction: false,
        input: call.data,
    }
}

/// What a deposit asks to run.
struct Call {
    to: TxKind,
    value: U256,
    gas: u64,
    data: Bytes,
}

impl Call {
    /// Reads OP's opaque data; `None` if they are too short.
    fn read(message: &QueueMessage) -> Option<Self> {
        let (head, _) = message.data.split_first_chunk::<OPAQUE_HEAD>()?;
        let (_mint, rest) = head.split_first_chunk::<32>()?;
        let (value, rest) = rest.split_first_chunk::<32>()?;
        let (gas, rest) = rest.split_first_chunk::<8>()?;
        Some(Self {
            to: if rest == [0] { TxKind::Call(message.to) } else { TxKind::Create },
            value: U256::from_be_bytes(*value),
            gas: u64::from_be_bytes(*gas),
            data: message.data.slice(OPAQUE_HEAD..),
        })
    }

    /// The mint stays with the sender and nothing is asked of anybody.
    fn nothing(message: &QueueMessage) -> Self {
        Self {
            to: TxKind::Call(message.from),
            value: U256::ZERO,
            gas: message.gas,
            data: Bytes::new(),
        }
    }
}

fn encoded(deposit: TxDeposit) -> Bytes {
    let mut bytes = Vec::with_capacity(deposit.encode_2718_len());
    deposit.encode_2718(&mut bytes);
    bytes.into()
}

fn index_hash(message: &QueueMessage) -> B256 {
    keccak256(B256::from(U256::from(message.index)))
}

fn source_hash(domain: u64, hash: B256) -> B256 {
    keccak256([B256::from(U256::from(domain)), hash].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_those_of_l1_block() {
        let selector = |signature: &str| keccak256(signature)[..4].to_vec();
        assert_eq!(
            selector("setL1BlockValues(uint64,uint64,uint256,uint256,bytes32,bytes32)"),
            SET_L1_BLOCK_VALUES
        );
        assert_eq!(selector("setConfig(uint256,uint256)"), SET_CONFIG);
    }
}
