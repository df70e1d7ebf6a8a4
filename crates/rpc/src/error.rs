//! What goes wrong, in the words and codes that Ethereum's clients know.

use alloy::{
    hex,
    primitives::{Address, B256, Bytes, U256},
    sol_types::{Panic, Revert, SolError},
};
use mezz_evm::{DecodeError, TransactionError};
use serde::Serialize;
use serde_json::Value;

/// The error member of a JSON-RPC answer.
#[derive(Debug, Clone, PartialEq, Serialize, thiserror::Error)]
#[error("{message} (code {code})")]
pub struct RpcError {
    /// Its kind: JSON-RPC's, Ethereum's (3, -32000 …) or a method's own.
    pub code: i64,
    /// What happened and what to do.
    pub message: String,
    /// What a program can read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl RpcError {
    /// An error without data.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// With data for programs.
    pub fn with_data(mut self, data: impl Into<Value>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// The body is not JSON (-32700).
    pub fn parse(message: impl Into<String>) -> Self {
        Self::new(-32700, message)
    }

    /// JSON, but no request (-32600).
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(-32600, message)
    }

    /// Nobody answers to this name (-32601).
    pub fn method_not_found(method: &str) -> Self {
        Self::new(
            -32601,
            format!(
                "the method {method} does not exist/is not available; rpc.discover lists those that do"
            ),
        )
    }

    /// The parameters do not fit the method (-32602).
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(-32602, message)
    }

    /// A fault of ours, of the disk for instance (-32603).
    pub fn internal(message: impl ToString) -> Self {
        Self::new(-32603, message.to_string())
    }

    /// The usual refusal (-32000).
    pub fn rejected(message: impl Into<String>) -> Self {
        Self::new(-32000, message)
    }

    /// More than this server allows (-32005).
    pub fn limit(message: impl Into<String>) -> Self {
        Self::new(-32005, message)
    }

    /// The answers to one body are too long together (-32003).
    pub fn response_too_large() -> Self {
        Self::new(-32003, "response too large: ask for less in one batch")
    }

    /// No such block (-32000, as geth).
    pub fn block_not_found(what: impl std::fmt::Display) -> Self {
        Self::rejected(format!("block {what} not found"))
    }

    /// A call reverted (3): its reason in the message, its output in the data.
    pub fn execution_reverted(output: &Bytes) -> Self {
        let reason = revert_reason(output).map_or_else(String::new, |reason| format!(": {reason}"));
        Self::new(3, format!("execution reverted{reason}")).with_data(hex::encode_prefixed(output))
    }

    /// The node holds no key for what is asked.
    pub fn no_keys() -> Self {
        Self::rejected(
            "this node holds no keys: sign in the wallet and send eth_sendRawTransaction",
        )
    }
}

/// Solidity's `Error(string)` and `Panic(uint256)`, worded as geth does.
fn revert_reason(output: &[u8]) -> Option<String> {
    if let Ok(revert) = Revert::abi_decode(output) {
        return Some(revert.reason);
    }
    let code = Panic::abi_decode(output).ok()?.code;
    let words = match code.try_into().unwrap_or(u64::MAX) {
        0x00 => "generic panic",
        0x01 => "assert(false)",
        0x11 => "arithmetic underflow or overflow",
        0x12 => "division or modulo by zero",
        0x21 => "enum overflow",
        0x22 => "invalid encoded storage byte array accessed",
        0x31 => "out-of-bounds array access; popping on an empty array",
        0x32 => "out-of-bounds access of an array or bytesN",
        0x41 => "out of memory",
        0x51 => "uninitialized function",
        _ => return Some(format!("unknown panic code: {code:#x}")),
    };
    Some(words.to_owned())
}

impl From<mezz_storage::Error> for RpcError {
    fn from(error: mezz_storage::Error) -> Self {
        Self::internal(error)
    }
}

/// Why a transaction was not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SubmitError {
    /// The sender's next nonce is higher.
    #[error("nonce too low: next nonce {next}, tx nonce {nonce}")]
    NonceTooLow {
        /// The sender's next nonce.
        next: u64,
        /// The transaction's.
        nonce: u64,
    },
    /// Too many transactions of the sender would have to come first.
    #[error(
        "nonce too high: the nonce gap is too far: next nonce {next}, tx nonce {nonce}; send the transactions between first"
    )]
    NonceGapTooFar {
        /// The sender's next nonce.
        next: u64,
        /// The transaction's.
        nonce: u64,
    },
    /// The transaction waits for one before it, so it cannot be preconfirmed now; it stays in the pool.
    #[error("transaction {hash} is queued: nonce {next} must come first")]
    Gapped {
        /// The transaction, which is kept.
        hash: B256,
        /// The nonce that is missing.
        next: u64,
    },
    /// It is in the pool or in a block.
    #[error("already known")]
    AlreadyKnown(B256),
    /// It pays less than the pool asks.
    #[error("transaction underpriced: {offered} wei per gas offered, {required} required")]
    Underpriced {
        /// Least wei per gas.
        required: u128,
        /// Wei per gas offered.
        offered: u128,
    },
    /// It does not pay enough more than the one it would replace.
    #[error("replacement transaction underpriced: {required} wei per gas required")]
    ReplacementUnderpriced {
        /// Least wei per gas.
        required: u128,
    },
    /// Another transaction took its nonce while it waited.
    #[error("replaced by transaction {by}, which has the same nonce")]
    Replaced {
        /// That transaction.
        by: B256,
    },
    /// The pool takes no more.
    #[error("txpool is full: try again in a few seconds or offer a higher fee")]
    PoolFull,
    /// The sender has too many transactions in the pool.
    #[error("account limit exceeded: {limit} transactions of this sender wait already")]
    SenderLimit {
        /// How many a sender may have.
        limit: usize,
    },
    /// The sender cannot pay.
    #[error(
        "insufficient funds for gas * price + value: address {address} have {have} want {want}"
    )]
    InsufficientFunds {
        /// Sender.
        address: Address,
        /// What it owns, wei.
        have: U256,
        /// What it needs, wei.
        want: U256,
    },
    /// It asks for more gas than a block has.
    #[error("exceeds block gas limit: {gas} of {limit}")]
    ExceedsGasLimit {
        /// Asked.
        gas: u64,
        /// The limit.
        limit: u64,
    },
    /// It is longer than a block of this chain can carry to L1.
    #[error("oversized data: {bytes} bytes, {limit} are the most")]
    Oversized {
        /// Its bytes.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The rules of the chain refuse it.
    #[error("{0}")]
    Invalid(TransactionError),
    /// Its bytes or its signature are wrong.
    #[error("{0}")]
    Decode(String),
    /// Its blobs or their proofs are wrong.
    #[error("invalid blob sidecar: {0}")]
    Sidecar(String),
    /// The admission policy refuses it.
    #[error("denied by the admission policy: {0}")]
    Denied(String),
    /// The chain is not taking transactions.
    #[error("not accepting transactions now: {0}")]
    Unavailable(String),
}

impl From<DecodeError> for SubmitError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error.to_string())
    }
}

impl From<TransactionError> for SubmitError {
    fn from(error: TransactionError) -> Self {
        Self::Invalid(error)
    }
}

impl From<SubmitError> for RpcError {
    fn from(error: SubmitError) -> Self {
        let message = error.to_string();
        match error {
            // EIP-7966: 5 is "not ready", with the hash that was kept.
            SubmitError::Gapped { hash, .. } => Self::new(5, message).with_data(hash.to_string()),
            SubmitError::PoolFull | SubmitError::Unavailable(_) => Self::limit(message),
            SubmitError::Invalid(TransactionError::Invalid(invalid)) => {
                Self::rejected(crate::words::geth_words(&invalid))
            }
            _ => Self::rejected(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_the_codes_that_clients_know() {
        let hash = B256::repeat_byte(7);
        let gapped = RpcError::from(SubmitError::Gapped { hash, next: 3 });
        assert_eq!((gapped.code, gapped.data), (5, Some(hash.to_string().into())));
        let low = RpcError::from(SubmitError::NonceTooLow { next: 3, nonce: 1 });
        assert_eq!(
            (low.code, low.message.as_str()),
            (-32000, "nonce too low: next nonce 3, tx nonce 1")
        );
        assert_eq!(RpcError::from(SubmitError::PoolFull).code, -32005);
    }

    #[test]
    fn reverts_are_worded_as_geth_does() {
        let check = |output: Vec<u8>, message: &str| {
            assert_eq!(RpcError::execution_reverted(&output.into()).message, message)
        };
        check(Revert::from("why").abi_encode(), "execution reverted: why");
        check(
            Panic::from(0x11).abi_encode(),
            "execution reverted: arithmetic underflow or overflow",
        );
        check(b"wrong-calldatasize".to_vec(), "execution reverted");
        check(Vec::new(), "execution reverted");
    }
}
