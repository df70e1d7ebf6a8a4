//! The table: who may call which method, and what of the answer is shown.

use super::filter::Filter;

/// Who may call a method, and how a tenant's calls are limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Everybody, also without a token: it says nothing of any account.
    Public,
    /// Everybody; others' transactions, and what tells of them, are cut from the answer.
    PublicCut(Filter),
    /// Tenants too: it says nothing of a single account.
    Tenants,
    /// Tenants too; others' things are cut from the answer.
    TenantsCut(Filter),
    /// Tenants about their own accounts: the parameter that is the account.
    OwnAccount(usize),
    /// Tenants about their own accounts and the contracts of the file: the parameter that is the address.
    OwnCode(usize),
    /// Tenants about their own accounts, and what they need to leave: their withdrawals, and their balances of listed tokens. How much ether a listed contract has is others' business.
    Proof,
    /// Tenants about their own transactions: the parameter that is the hash. Of others' the answer is `null`.
    OwnTransaction(usize),
    /// Tenants from their own accounts, to the functions of the file.
    Call,
    /// Tenants for their own accounts; nobody who only reads.
    Submit,
    /// Operators and auditors.
    Read,
    /// Operators: it changes something, signs, or gives out what proofs are made from.
    Operator,
}

impl Rule {
    /// Whether who sees everything and changes nothing may call it.
    pub(crate) const fn is_read(self) -> bool {
        !matches!(self, Self::Submit | Self::Operator)
    }

    pub(crate) const fn is_public(self) -> bool {
        matches!(self, Self::Public | Self::PublicCut(_))
    }

    pub(crate) const fn filter(self) -> Option<Filter> {
        match self {
            Self::PublicCut(filter) | Self::TenantsCut(filter) => Some(filter),
            _ => None,
        }
    }

    /// For the message of a refusal.
    pub(crate) const fn who_may(self) -> &'static str {
        match self {
            Self::Public | Self::PublicCut(_) => "everybody",
            Self::Tenants | Self::TenantsCut(_) => "tenants, auditors and operators",
            Self::OwnAccount(_) => "tenants about their own accounts, auditors and operators",
            Self::Proof => {
                "tenants about their own accounts, withdrawals, and balances of listed tokens, auditors and operators"
            }
            Self::OwnCode(_) => {
                "tenants about their own accounts and listed contracts, auditors and operators"
            }
            Self::OwnTransaction(_) => {
                "tenants about their own transactions, auditors and operators"
            }
            Self::Call => {
                "tenants from their own accounts to functions that the access file lists, auditors and operators"
            }
            Self::Submit => "tenants for their own accounts, and operators",
            Self::Read => "auditors and operators",
            Self::Operator => "operators",
        }
    }
}

/// Whether the table has a method.
pub fn is_listed(method: &str) -> bool {
    rule(method).is_some()
}

/// The rule of a method; `None` if it is on no list, and so refused.
pub(crate) fn rule(method: &str) -> Option<Rule> {
    TABLE.iter().find(|(name, _)| *name == method).map(|(_, rule)| *rule)
}

/// Every method that a private chain answers, of the server and of an L2 node.
pub(crate) const TABLE: &[(&str, Rule)] = &[
    ("eth_chainId", Rule::Public),
    ("eth_blockNumber", Rule::Public),
    ("eth_protocolVersion", Rule::Public),
    ("eth_syncing", Rule::Public),
    ("eth_coinbase", Rule::Public),
    ("eth_mining", Rule::Public),
    ("eth_hashrate", Rule::Public),
    ("eth_config", Rule::Public),
    ("eth_capabilities", Rule::Public),
    ("eth_accounts", Rule::Public),
    ("eth_gasPrice", Rule::Public),
    ("eth_maxPriorityFeePerGas", Rule::Public),
    ("eth_baseFee", Rule::Public),
    ("eth_blobBaseFee", Rule::Public),
    ("net_version", Rule::Public),
    ("net_listening", Rule::Public),
    ("net_peerCount", Rule::Public),
    ("web3_clientVersion", Rule::Public),
    ("web3_sha3", Rule::Public),
    ("rpc_modules", Rule::Public),
    ("rpc.discover", Rule::Public),
    ("eth_getUncleCountByBlockHash", Rule::Public),
    ("eth_getUncleCountByBlockNumber", Rule::Public),
    ("eth_getUncleByBlockHashAndIndex", Rule::Public),
    ("eth_getUncleByBlockNumberAndIndex", Rule::Public),
    ("eth_unsubscribe", Rule::Public),
    // What a subscription may be is decided by its kind, and each notification is cut.
    ("eth_subscribe", Rule::Public),
    ("eth_getBlockByHash", Rule::PublicCut(Filter::Block)),
    ("eth_getBlockByNumber", Rule::PublicCut(Filter::Block)),
    ("eth_getHeaderByHash", Rule::PublicCut(Filter::Block)),
    ("eth_getHeaderByNumber", Rule::PublicCut(Filter::Block)),
    ("erigon_getHeaderByNumber", Rule::PublicCut(Filter::Block)),
    // What L1 says of the chain.
    ("optimism_syncStatus", Rule::Public),
    ("optimism_rollupConfig", Rule::Public),
    ("optimism_version", Rule::Public),
    ("optimism_safeHeadAtL1Block", Rule::Public),
    ("mezz_chainConfig", Rule::Public),
    ("mezz_version", Rule::Public),
    ("mezz_status", Rule::PublicCut(Filter::Status)),
    ("mezz_getBatches", Rule::Public),
    ("mezz_getBatchByBlock", Rule::Public),
    ("mezz_getClaims", Rule::Public),
    ("mezz_getGame", Rule::Public),
    ("mezz_getQueue", Rule::Public),
    // Tenants.
    ("eth_feeHistory", Rule::TenantsCut(Filter::Fees)),
    ("eth_newFilter", Rule::Tenants),
    ("eth_newBlockFilter", Rule::Tenants),
    ("eth_newPendingTransactionFilter", Rule::Tenants),
    ("eth_uninstallFilter", Rule::Tenants),
    ("optimism_outputAtBlock", Rule::Tenants),
    ("eth_getFilterChanges", Rule::TenantsCut(Filter::Changes)),
    ("eth_getFilterLogs", Rule::TenantsCut(Filter::Logs)),
    ("eth_getLogs", Rule::TenantsCut(Filter::Logs)),
    ("eth_getBlockReceipts", Rule::TenantsCut(Filter::List)),
    ("eth_getTransactionByBlockHashAndIndex", Rule::TenantsCut(Filter::One)),
    ("eth_getTransactionByBlockNumberAndIndex", Rule::TenantsCut(Filter::One)),
    ("eth_getTransactionByHash", Rule::OwnTransaction(0)),
    ("eth_getRawTransactionByHash", Rule::OwnTransaction(0)),
    ("eth_getTransactionReceipt", Rule::OwnTransaction(0)),
    ("mezz_getWithdrawals", Rule::OwnTransaction(0)),
    ("eth_getBalance", Rule::OwnAccount(0)),
    ("eth_getTransactionCount", Rule::OwnAccount(0)),
    ("eth_getAccount", Rule::OwnAccount(0)),
    ("eth_getAccountInfo", Rule::OwnAccount(0)),
    ("eth_getProof", Rule::Proof),
    ("eth_getCode", Rule::OwnCode(0)),
    ("eth_call", Rule::Call),
    ("eth_estimateGas", Rule::Call),
    ("eth_sendRawTransaction", Rule::Submit),
    ("eth_sendRawTransactionSync", Rule::Submit),
    // Auditors.
    ("eth_getBlockTransactionCountByHash", Rule::Read),
    ("eth_getBlockTransactionCountByNumber", Rule::Read),
    ("eth_getRawTransactionByBlockHashAndIndex", Rule::Read),
    ("eth_getRawTransactionByBlockNumberAndIndex", Rule::Read),
    ("eth_getStorageAt", Rule::Read),
    ("eth_getStorageValues", Rule::Read),
    ("eth_createAccessList", Rule::Read),
    ("eth_simulateV1", Rule::Read),
    ("eth_fillTransaction", Rule::Read),
    ("debug_executionWitness", Rule::Read),
    ("debug_executionWitnessByBlockHash", Rule::Read),
    ("debug_getBadBlocks", Rule::Read),
    ("debug_getRawBlock", Rule::Read),
    ("debug_getRawHeader", Rule::Read),
    ("debug_getRawReceipts", Rule::Read),
    ("debug_getRawTransaction", Rule::Read),
    ("debug_storageRangeAt", Rule::Read),
    ("debug_traceBlockByHash", Rule::Read),
    ("debug_traceBlockByNumber", Rule::Read),
    ("debug_traceCall", Rule::Read),
    ("debug_traceTransaction", Rule::Read),
    ("trace_block", Rule::Read),
    ("trace_call", Rule::Read),
    ("trace_callMany", Rule::Read),
    ("trace_filter", Rule::Read),
    ("trace_get", Rule::Read),
    ("trace_rawTransaction", Rule::Read),
    ("trace_replayBlockTransactions", Rule::Read),
    ("trace_replayTransaction", Rule::Read),
    ("trace_transaction", Rule::Read),
    ("ots_getApiLevel", Rule::Read),
    ("ots_getBlockDetails", Rule::Read),
    ("ots_getBlockDetailsByHash", Rule::Read),
    ("ots_getBlockTransactions", Rule::Read),
    ("ots_getContractCreator", Rule::Read),
    ("ots_getInternalOperations", Rule::Read),
    ("ots_getTransactionBySenderAndNonce", Rule::Read),
    ("ots_getTransactionError", Rule::Read),
    ("ots_hasCode", Rule::Read),
    ("ots_searchTransactionsAfter", Rule::Read),
    ("ots_searchTransactionsBefore", Rule::Read),
    ("ots_traceTransaction", Rule::Read),
    ("txpool_content", Rule::Read),
    ("txpool_contentFrom", Rule::Read),
    ("txpool_inspect", Rule::Read),
    ("txpool_status", Rule::Read),
    ("mezz_getCosts", Rule::Read),
    ("mezz_getProofs", Rule::Read),
    // Operators.
    ("eth_sendTransaction", Rule::Operator),
    ("eth_signTransaction", Rule::Operator),
    ("eth_sign", Rule::Operator),
    ("personal_sign", Rule::Operator),
    ("testing_buildBlockV1", Rule::Operator),
    ("mezz_takeProof", Rule::Operator),
    ("mezz_renewProof", Rule::Operator),
    ("mezz_giveProof", Rule::Operator),
    ("admin_sequencerActive", Rule::Operator),
    ("admin_startSequencer", Rule::Operator),
    ("admin_stopSequencer", Rule::Operator),
];
