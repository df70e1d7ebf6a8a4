//! Blocks as the store keeps them.

use alloy_consensus::Header;
use alloy_primitives::B256;
use alloy_rlp::Encodable;
use mezz_evm::{Chain, Outcome, Receipt, SignedTransaction, StateDiff};

/// A block with its receipts.
#[derive(Debug, Clone)]
pub struct Block {
    /// Its header.
    pub header: Header,
    /// The header's hash.
    pub hash: B256,
    /// Its transactions.
    pub transactions: Vec<SignedTransaction>,
    /// Their receipts.
    pub receipts: Vec<Receipt>,
    /// Bytes of the block's RLP, as `eth_getBlockByNumber` tells them.
    pub size: u64,
}

impl From<Outcome> for Block {
    fn from(outcome: Outcome) -> Self {
        let size = size(&outcome.header, &outcome.transactions);
        Self {
            header: outcome.header,
            hash: outcome.hash,
            transactions: outcome.transactions,
            receipts: outcome.receipts,
            size,
        }
    }
}

/// Length of `rlp([header, transactions, ommers, withdrawals])`.
fn size(header: &Header, transactions: &[SignedTransaction]) -> u64 {
    let list = |payload: usize| payload + alloy_rlp::length_of_length(payload);
    // A legacy transaction stands in the list as it is; a typed one is a string.
    let transaction = |transaction: &SignedTransaction| match transaction.standing().first() {
        Some(first) if *first >= 0xc0 => transaction.standing().len(),
        _ => transaction.standing().length(),
    };
    let transactions = list(transactions.iter().map(transaction).sum());
    let (ommers, withdrawals) = (1, usize::from(header.withdrawals_root.is_some()));
    list(header.length() + transactions + ommers + withdrawals) as u64
}

/// A block by number and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockRef {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

impl BlockRef {
    pub(crate) const fn of(block: &Block) -> Self {
        Self { number: block.header.number, hash: block.hash }
    }
}

/// What a chain begins with.
#[derive(Debug, Clone)]
pub struct Genesis {
    /// Which chain.
    pub chain: Chain,
    /// The first header. The store fills in `state_root`, and on an L2 `withdrawals_root` when it is `None`.
    pub header: Header,
    /// The accounts, with their code either in `codes` or in the accounts.
    pub alloc: StateDiff,
}
