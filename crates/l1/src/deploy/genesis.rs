//! The genesis of the L2: predeploys, preinstalls, and what depends on the deployment.

use super::{Roles, artifacts::L2_GENESIS};
use alloy::{
    consensus::{
        EMPTY_OMMER_ROOT_HASH, Header,
        constants::{EMPTY_RECEIPTS, EMPTY_TRANSACTIONS},
    },
    eips::eip7685::EMPTY_REQUESTS_HASH,
    primitives::{Address, B256, Bytes, U64, U256, map::HashMap},
};
use mezz_evm::{AccountChange, Chain, L2Config, Layer, StateDiff, trie::StateTrie};
use mezz_primitives::{
    ChainConfig, Contracts, GenesisId, op_output_root,
    predeploys::{L1_BLOCK, MESSAGE_PASSER, SEQUENCER_FEE_VAULT},
};
use revm::{bytecode::Bytecode, state::AccountInfo};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Least wei that a fee vault sends to its recipient.
const VAULT_WITHDRAWAL_MIN: u64 = 10_000_000_000_000_000;

/// The first block of an L2 and its state.
#[derive(Debug, Clone)]
pub struct Genesis {
    /// Which chain.
    pub chain: Chain,
    /// Block 0, complete.
    pub header: Header,
    /// The accounts. None has ether: on an L2 all of it was deposited.
    pub alloc: StateDiff,
}

impl Genesis {
    /// Hash and state root.
    pub fn id(&self) -> GenesisId {
        GenesisId { block_hash: self.header.hash_slow(), state_root: self.header.state_root }
    }

    /// The OP output root of block 0.
    pub fn output_root(&self) -> B256 {
        let message_passer_root = self.header.withdrawals_root.expect("`genesis` sets it; qed");
        op_output_root(self.header.state_root, message_passer_root, self.header.hash_slow())
    }
}

/// The file that the contracts' build writes (`contracts/README-l2.md`).
#[derive(Deserialize)]
struct Template {
    alloc: BTreeMap<Address, TemplateAccount>,
    slots: BTreeMap<String, TemplateSlot>,
}

#[derive(Deserialize)]
struct TemplateAccount {
    nonce: U64,
    code: Bytes,
}

#[derive(Deserialize)]
struct TemplateSlot {
    address: Address,
    slot: U256,
    offset: usize,
}

/// The genesis of a deployment. It needs the addresses on L1 only, so it is known before anything is deployed.
pub fn genesis(config: &ChainConfig, contracts: &Contracts, roles: &Roles) -> Genesis {
    let template: Template = serde_json::from_str(L2_GENESIS)
        .expect("the template is part of this program and tested; qed");
    let mut storage = storage(&template, config, contracts, roles);
    let mut alloc = StateDiff::default();
    for (address, account) in template.alloc {
        let code = Bytecode::new_raw(account.code);
        let code_hash = code.hash_slow();
        let info = AccountInfo { nonce: account.nonce.to(), code_hash, ..AccountInfo::default() };
        let storage = storage.remove(&address).unwrap_or_default();
        alloc.accounts.insert(
            address,
            AccountChange { info: Some(info), wiped: true, storage: storage.into_iter().collect() },
        );
        alloc.codes.insert(code_hash, code);
    }
    let mut trie = StateTrie::default();
    trie.apply(&alloc).expect("a trie that begins empty has every node; qed");
    let message_passer_root =
        trie.storage_root(MESSAGE_PASSER).expect("a trie that begins empty has every node; qed");
    let header = header(config, trie.root(), message_passer_root);
    Genesis { chain: Chain { id: config.l2_chain_id, layer: Layer::Two }, header, alloc }
}

/// Block 0 (`docs/spec/execution.md`, "Genesis").
fn header(config: &ChainConfig, state_root: B256, message_passer_root: B256) -> Header {
    let fees = &config.fees;
    let l2 = L2Config {
        denominator: fees.eip1559_denominator,
        elasticity: fees.eip1559_elasticity,
        ..L2Config::default()
    };
    Header {
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        beneficiary: SEQUENCER_FEE_VAULT,
        state_root,
        transactions_root: EMPTY_TRANSACTIONS,
        receipts_root: EMPTY_RECEIPTS,
        gas_limit: fees.gas_limit,
        timestamp: config.genesis_time,
        extra_data: l2.extra_data(),
        base_fee_per_gas: Some(fees.min_base_fee),
        withdrawals_root: Some(message_passer_root),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        ..Header::default()
    }
}

type Storage = HashMap<Address, BTreeMap<U256, U256>>;

fn storage(
    template: &Template,
    config: &ChainConfig,
    contracts: &Contracts,
    roles: &Roles,
) -> Storage {
    let word = |address: Address| U256::from_be_slice(address.as_slice());
    let mut values = vec![
        ("l1CrossDomainMessenger".to_owned(), word(contracts.l1_cross_domain_messenger)),
        ("l1Portal".to_owned(), word(contracts.portal)),
        ("l1Inbox".to_owned(), word(contracts.inbox)),
        ("l1ClaimManager".to_owned(), word(contracts.claim_manager)),
        ("l1SystemConfig".to_owned(), word(contracts.system_config)),
        ("l1StandardBridge".to_owned(), word(contracts.l1_standard_bridge)),
        ("l1ERC721Bridge".to_owned(), word(contracts.l1_erc721_bridge)),
        ("l1ChainId".to_owned(), U256::from(config.l1_chain_id)),
        ("batcherHash".to_owned(), word(roles.batcher)),
    ];
    for vault in ["sequencerFeeVault", "baseFeeVault", "l1FeeVault", "operatorFeeVault"] {
        // The network stays zero: the recipient is on L1.
        values.push((format!("{vault}Recipient"), word(roles.treasury)));
        values.push((format!("{vault}MinWithdrawalAmount"), U256::from(VAULT_WITHDRAWAL_MIN)));
    }
    let mut storage = Storage::default();
    for (name, value) in values {
        let slot = template
            .slots
            .get(&name)
            .expect("the template is part of this program and tested; qed");
        *storage.entry(slot.address).or_default().entry(slot.slot).or_default() |=
            value << slot.offset;
    }
    storage.entry(L1_BLOCK).or_default().extend(
        L2Config::genesis_slots(&config.fees).into_iter().filter(|(_, value)| !value.is_zero()),
    );
    storage
}
