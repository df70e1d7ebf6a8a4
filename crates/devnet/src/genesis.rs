//! The first block: funded accounts, system contracts, and the contracts that tools expect on every chain.

use crate::{DevnetConfig, Error, clock::wall_clock, keys::dev_account};
use alloy::{
    consensus::{Header, constants::EMPTY_WITHDRAWALS},
    eips::{eip2935, eip4788, eip7002, eip7251, eip7685::EMPTY_REQUESTS_HASH},
    primitives::{Address, B256, Bytes, U256},
};
use mezz_evm::{AccountChange, Chain, Layer, StateDiff};
use mezz_storage::Genesis;
use revm::{bytecode::Bytecode, state::AccountInfo};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// Wei per gas in the genesis block.
pub(crate) const INITIAL_BASE_FEE: u64 = 1_000_000_000;

/// What the genesis block is made from, kept beside the chain: the same block must come out at every start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Spec {
    chain_id: u64,
    timestamp: u64,
    gas_limit: u64,
    balance: U256,
    accounts: Vec<Address>,
}

impl Spec {
    /// The one in the data folder, or a new one that is written there.
    pub(crate) fn load(config: &DevnetConfig) -> Result<Self, Error> {
        // The zero address owns ether as on mainnet: clients estimate from it when they name no sender.
        let zero = std::iter::once(Ok(Address::ZERO));
        let accounts = zero
            .chain(
                (0..config.accounts).chain(config.funded.iter().copied()).map(|index| {
                    dev_account(&config.mnemonic, index).map(|signer| signer.address())
                }),
            )
            .collect::<Result<_, _>>()?;
        let mut wanted = Self {
            chain_id: config.chain_id,
            timestamp: config.genesis_time.unwrap_or_else(wall_clock),
            gas_limit: config.gas_limit,
            balance: config.balance,
            accounts,
        };
        let Some(folder) = &config.datadir else {
            return Ok(wanted);
        };
        let path = folder.join("genesis.json");
        if !path.exists() {
            wanted.write(folder, &path)?;
            return Ok(wanted);
        }
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let kept: Self = serde_json::from_str(&text)
            .map_err(|error| Error::Damaged { path: path.clone(), what: error.to_string() })?;
        if config.genesis_time.is_none() {
            wanted.timestamp = kept.timestamp;
        }
        match kept.difference(&wanted) {
            None => Ok(kept),
            Some(what) => Err(Error::OtherChain { path: folder.clone(), what }),
        }
    }

    /// Writes it whole or not at all.
    fn write(&self, folder: &Path, path: &Path) -> Result<(), Error> {
        fs::create_dir_all(folder).map_err(Error::file(folder))?;
        let new = path.with_extension("new");
        let text =
            serde_json::to_string_pretty(self).expect("numbers and addresses serialize; qed");
        fs::write(&new, text).map_err(Error::file(&new))?;
        fs::File::open(&new).and_then(|file| file.sync_all()).map_err(Error::file(&new))?;
        fs::rename(&new, path).map_err(Error::file(path))
    }

    fn difference(&self, wanted: &Self) -> Option<String> {
        let numbers = [
            ("chain id", self.chain_id, wanted.chain_id),
            ("genesis time", self.timestamp, wanted.timestamp),
            ("gas limit", self.gas_limit, wanted.gas_limit),
        ];
        if let Some((name, kept, asked)) =
            numbers.into_iter().find(|(_, kept, asked)| kept != asked)
        {
            return Some(format!("{name} {kept}, asked for {asked}"));
        }
        (self != wanted).then(|| "other accounts or balances".to_owned())
    }

    /// The chain that begins with it.
    pub(crate) const fn chain(&self) -> Chain {
        Chain { id: self.chain_id, layer: Layer::One }
    }

    /// The genesis block and its state. The store fills in the state root.
    pub(crate) fn genesis(&self) -> Genesis {
        let header = Header {
            timestamp: self.timestamp,
            gas_limit: self.gas_limit,
            base_fee_per_gas: Some(INITIAL_BASE_FEE),
            withdrawals_root: Some(EMPTY_WITHDRAWALS),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..Header::default()
        };
        let mut alloc = StateDiff::default();
        for account in &self.accounts {
            let info = AccountInfo::from_balance(self.balance);
            alloc
                .accounts
                .insert(*account, AccountChange { info: Some(info), ..AccountChange::default() });
        }
        for (address, code) in system_contracts().into_iter().chain(preinstalls()) {
            let code = Bytecode::new_raw(code);
            let info = AccountInfo {
                nonce: 1,
                code_hash: code.hash_slow(),
                code: None,
                ..AccountInfo::default()
            };
            alloc.codes.insert(info.code_hash, code);
            alloc
                .accounts
                .insert(address, AccountChange { info: Some(info), ..AccountChange::default() });
        }
        Genesis { chain: self.chain(), header, alloc }
    }
}

/// The contracts that the hard forks put there.
fn system_contracts() -> [(Address, Bytes); 4] {
    [
        (eip4788::BEACON_ROOTS_ADDRESS, eip4788::BEACON_ROOTS_CODE.clone()),
        (eip2935::HISTORY_STORAGE_ADDRESS, eip2935::HISTORY_STORAGE_CODE.clone()),
        (
            eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
            eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_CODE.clone(),
        ),
        (
            eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
            eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_CODE.clone(),
        ),
    ]
}

/// The contracts that tools expect: Multicall3, Permit2 and the deployment proxies.
fn preinstalls() -> Vec<(Address, Bytes)> {
    #[derive(Deserialize)]
    struct Preinstall {
        address: Address,
        code: Bytes,
    }
    let list: Vec<Preinstall> = serde_json::from_str(include_str!("../data/preinstalls.json"))
        .expect("the file is checked by a test; qed");
    list.into_iter().map(|contract| (contract.address, contract.code)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::address;

    #[test]
    fn genesis_has_what_tools_expect() {
        let genesis =
            Spec::load(&DevnetConfig { genesis_time: Some(1), ..DevnetConfig::default() })
                .unwrap()
                .genesis();
        let code = |address: Address| {
            genesis.alloc.accounts[&address]
                .info
                .as_ref()
                .map(|info| genesis.alloc.codes[&info.code_hash].len())
        };
        assert_eq!(code(address!("cA11bde05977b3631167028862bE2a173976CA11")), Some(3_808));
        assert_eq!(code(address!("4e59b44847b379578588920cA78FbF26c0B4956C")), Some(69));
        assert!(code(address!("000F3df6D732807Ef1319fB7B8bB8522d0Beac02")) > Some(90));
        assert!(code(address!("0000F90827F1C53a10cb7A02335B175320002935")) > Some(80));
        let first = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        assert_eq!(
            genesis.alloc.accounts[&first].info.as_ref().map(|info| info.balance),
            Some(DevnetConfig::default().balance)
        );
        assert_eq!(genesis.alloc.accounts.len(), 1 + 14 + 4 + 5);
    }

    #[test]
    fn another_chain_in_the_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let config =
            DevnetConfig { datadir: Some(folder.path().to_owned()), ..DevnetConfig::default() };
        let first = Spec::load(&config).unwrap();
        assert_eq!(Spec::load(&config).unwrap(), first);
        let error = Spec::load(&DevnetConfig { chain_id: 901, ..config }).unwrap_err();
        assert!(error.to_string().contains("chain id 900, asked for 901"), "{error}");
    }
}
