//! The development accounts and the impersonated ones.

use crate::Error;
use alloy::{
    consensus::{SignableTransaction, TypedTransaction},
    dyn_abi::TypedData,
    primitives::{Address, B256, Bytes, Signature, U256},
    signers::{
        SignerSync,
        local::{LocalSignerError, MnemonicBuilder, PrivateKeySigner},
    },
};
use mezz_rpc::RpcError;
use parking_lot::RwLock;
use std::collections::BTreeSet;

/// The mnemonic that Hardhat and anvil use, too.
pub const TEST_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// A development account of the mnemonic at `index`, by the usual path `m/44'/60'/0'/0/index`.
pub fn dev_account(mnemonic: &str, index: u32) -> Result<PrivateKeySigner, LocalSignerError> {
    MnemonicBuilder::english().phrase(mnemonic).index(index)?.build()
}

/// The keys that a devnet holds, and whom it may speak for without a key.
#[derive(Debug)]
pub(crate) struct Keys {
    signers: Vec<PrivateKeySigner>,
    impersonated: RwLock<Impersonated>,
}

#[derive(Debug, Default)]
struct Impersonated {
    accounts: BTreeSet<Address>,
    all: bool,
}

impl Keys {
    pub(crate) fn new(mnemonic: &str, count: u32) -> Result<Self, Error> {
        let signers =
            (0..count).map(|index| dev_account(mnemonic, index)).collect::<Result<_, _>>()?;
        Ok(Self { signers, impersonated: RwLock::default() })
    }

    /// The accounts that it holds keys of.
    pub(crate) fn accounts(&self) -> Vec<Address> {
        self.signers.iter().map(PrivateKeySigner::address).collect()
    }

    pub(crate) fn impersonate(&self, account: Address) {
        self.impersonated.write().accounts.insert(account);
    }

    pub(crate) fn stop_impersonating(&self, account: Address) {
        self.impersonated.write().accounts.remove(&account);
    }

    pub(crate) fn impersonate_all(&self, all: bool) {
        self.impersonated.write().all = all;
    }

    /// A signature over the transaction by `from`: a true one where there is a key, a stand-in where it is impersonated.
    pub(crate) fn sign(
        &self,
        from: Address,
        transaction: &TypedTransaction,
    ) -> Result<Signed, RpcError> {
        if let Some(signer) = self.signer(from) {
            let signature =
                signer.sign_hash_sync(&transaction.signature_hash()).map_err(RpcError::internal)?;
            return Ok(Signed { signature, impersonated: false });
        }
        let impersonated = self.impersonated.read();
        if impersonated.all || impersonated.accounts.contains(&from) {
            return Ok(Signed { signature: stand_in(from), impersonated: true });
        }
        Err(unknown(from))
    }

    pub(crate) fn sign_message(&self, address: Address, message: &[u8]) -> Result<Bytes, RpcError> {
        let signer = self.signer(address).ok_or_else(|| unknown(address))?;
        signer
            .sign_message_sync(message)
            .map(|signature| signature.as_bytes().into())
            .map_err(RpcError::internal)
    }

    pub(crate) fn sign_typed_data(
        &self,
        address: Address,
        data: &TypedData,
    ) -> Result<Bytes, RpcError> {
        let signer = self.signer(address).ok_or_else(|| unknown(address))?;
        let hash: B256 = data.eip712_signing_hash().map_err(|error| {
            RpcError::invalid_params(format!("not EIP-712 typed data: {error}"))
        })?;
        signer
            .sign_hash_sync(&hash)
            .map(|signature| signature.as_bytes().into())
            .map_err(RpcError::internal)
    }

    fn signer(&self, address: Address) -> Option<&PrivateKeySigner> {
        self.signers.iter().find(|signer| signer.address() == address)
    }
}

/// A signature, and whether it is only a stand-in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed {
    pub(crate) signature: Signature,
    pub(crate) impersonated: bool,
}

/// What stands where the signature would: `r` is the impersonated address, so that no two senders share a transaction hash.
fn stand_in(from: Address) -> Signature {
    Signature::new(U256::from_be_slice(from.as_slice()), U256::ONE, false)
}

fn unknown(address: Address) -> RpcError {
    RpcError::rejected(format!(
        "no key of {address} here: use one of eth_accounts, or call anvil_impersonateAccount for it first"
    ))
}
