//! `eth_*`, `net_*`, `web3_*`, `rpc_modules`.

mod blocks;
mod call;
mod config;
mod estimate;
mod fees;
mod simulate;
mod state;
mod submit;

pub(crate) use blocks::receipts_text;
pub(crate) use blocks::without_transactions;
pub(crate) use call::scene;
pub(crate) use config::{SIMPLE_METHODS, syncing_text};

use crate::{
    filters, logs,
    methods::Handler::{self, Future, Inline, Worker},
};

/// The methods that read or change the chain.
pub(crate) const METHODS: &[(&str, Handler)] = &[
    ("eth_sendRawTransaction", Future(submit::send_raw_transaction)),
    ("eth_sendRawTransactionSync", Future(submit::send_raw_transaction_sync)),
    ("eth_sendTransaction", Future(submit::send_transaction)),
    ("eth_signTransaction", Worker(submit::sign_transaction)),
    ("eth_fillTransaction", Worker(submit::fill_transaction)),
    ("eth_accounts", Inline(submit::accounts)),
    ("eth_sign", Inline(submit::sign)),
    ("personal_sign", Inline(submit::personal_sign)),
    ("eth_getBlockByHash", Inline(blocks::get_block_by_hash)),
    ("eth_getBlockByNumber", Inline(blocks::get_block_by_number)),
    ("eth_getHeaderByHash", Inline(blocks::get_header_by_hash)),
    ("eth_getHeaderByNumber", Inline(blocks::get_header_by_number)),
    ("erigon_getHeaderByNumber", Inline(blocks::get_header_by_number)),
    ("eth_getBlockTransactionCountByHash", Inline(blocks::count_by_hash)),
    ("eth_getBlockTransactionCountByNumber", Inline(blocks::count_by_number)),
    ("eth_getUncleCountByBlockHash", Inline(blocks::uncle_count_by_hash)),
    ("eth_getUncleCountByBlockNumber", Inline(blocks::uncle_count_by_number)),
    ("eth_getUncleByBlockHashAndIndex", Inline(blocks::uncle)),
    ("eth_getUncleByBlockNumberAndIndex", Inline(blocks::uncle)),
    ("eth_getTransactionByHash", Inline(blocks::get_transaction_by_hash)),
    (
        "eth_getTransactionByBlockHashAndIndex",
        Inline(blocks::get_transaction_by_block_hash_and_index),
    ),
    (
        "eth_getTransactionByBlockNumberAndIndex",
        Inline(blocks::get_transaction_by_block_number_and_index),
    ),
    ("eth_getRawTransactionByHash", Inline(blocks::get_raw_transaction_by_hash)),
    (
        "eth_getRawTransactionByBlockHashAndIndex",
        Inline(blocks::get_raw_transaction_by_block_hash_and_index),
    ),
    (
        "eth_getRawTransactionByBlockNumberAndIndex",
        Inline(blocks::get_raw_transaction_by_block_number_and_index),
    ),
    ("eth_getTransactionReceipt", Inline(blocks::get_transaction_receipt)),
    ("eth_getBlockReceipts", Inline(blocks::get_block_receipts)),
    ("eth_getBalance", Inline(state::get_balance)),
    ("eth_getCode", Inline(state::get_code)),
    ("eth_getTransactionCount", Inline(state::get_transaction_count)),
    ("eth_getStorageAt", Inline(state::get_storage_at)),
    ("eth_getStorageValues", Worker(state::get_storage_values)),
    ("eth_getAccount", Worker(state::get_account)),
    ("eth_getAccountInfo", Inline(state::get_account_info)),
    ("eth_getProof", Worker(state::get_proof)),
    ("eth_call", Worker(call::call)),
    ("eth_createAccessList", Worker(call::create_access_list)),
    ("eth_estimateGas", Worker(estimate::estimate_gas)),
    ("eth_simulateV1", Worker(simulate::simulate_v1)),
    ("eth_gasPrice", Inline(fees::gas_price)),
    ("eth_maxPriorityFeePerGas", Inline(fees::max_priority_fee_per_gas)),
    ("eth_baseFee", Inline(fees::base_fee)),
    ("eth_blobBaseFee", Inline(fees::blob_base_fee)),
    ("eth_feeHistory", Worker(fees::fee_history)),
    ("eth_getLogs", Worker(logs::get_logs)),
    ("eth_newFilter", Inline(filters::new_filter)),
    ("eth_newBlockFilter", Inline(filters::new_block_filter)),
    ("eth_newPendingTransactionFilter", Inline(filters::new_pending_transaction_filter)),
    ("eth_uninstallFilter", Inline(filters::uninstall_filter)),
    ("eth_getFilterChanges", Worker(filters::get_filter_changes)),
    ("eth_getFilterLogs", Worker(filters::get_filter_logs)),
];
