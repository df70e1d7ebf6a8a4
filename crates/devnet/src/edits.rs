//! Changes to the state that no transaction makes: balances, nonces, code and storage set by hand.
//!
//! An edit is part of the chain: it stands in a block of its own, without transactions, so that every state root is the root
//! of its state, every block with transactions can be executed again from the state before it, and edits survive restarts
//! and reorgs as everything else does.

use crate::Error;
use alloy::primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use mezz_evm::{AccountChange, Overlay};
use mezz_storage::State;
use revm::{DatabaseRef, bytecode::Bytecode, state::AccountInfo};
use serde::{Deserialize, Serialize};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) enum Edit {
    /// `anvil_setBalance`.
    Balance { address: Address, balance: U256 },
    /// `anvil_setNonce`.
    Nonce { address: Address, nonce: u64 },
    /// `anvil_setCode`.
    Code { address: Address, code: Bytes },
    /// `anvil_setStorageAt`.
    Storage { address: Address, slot: U256, value: U256 },
}

/// The edits of one block, kept to be made again after a reorg.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EditsOf {
    pub(crate) block: B256,
    pub(crate) edits: Vec<Edit>,
}

impl EditsOf {
    /// The name under which the edits of the block at `number` are kept.
    pub(crate) fn key(number: u64) -> String {
        format!("edits/{number}")
    }
}

impl Edit {
    /// Checks edits against the state that they would change, one after the other.
    pub(crate) fn check_all(edits: &[Self], state: &State) -> Result<(), Error> {
        let mut overlay = Overlay::new(state.clone());
        for edit in edits {
            edit.check(&overlay)?;
            edit.apply(&mut overlay)?;
        }
        Ok(())
    }

    fn check(&self, state: &Overlay<State>) -> Result<(), Error> {
        match self {
            Self::Storage { address, .. }
                if state.basic_ref(*address)?.is_none_or(|info| info.is_empty()) =>
            {
                Err(Error::Refused(format!(
                    "{address} is an empty account, which cannot have storage: set its code or balance first"
                )))
            }
            Self::Code { code, .. } => {
                Bytecode::new_raw_checked(code.clone()).map(drop).map_err(|error| {
                    Error::Refused(format!("not code that an account can have: {error}"))
                })
            }
            _ => Ok(()),
        }
    }

    /// Makes the change.
    pub(crate) fn apply(&self, overlay: &mut Overlay<State>) -> Result<(), Error> {
        match self {
            Self::Balance { address, balance } => {
                change(overlay, *address, |info| info.balance = *balance)
            }
            Self::Nonce { address, nonce } => change(overlay, *address, |info| info.nonce = *nonce),
            Self::Storage { address, slot, value } => {
                change(overlay, *address, |_| {})?;
                overlay.diff.accounts.entry(*address).or_default().storage.insert(*slot, *value);
                Ok(())
            }
            Self::Code { address, code } => {
                let hash = if code.is_empty() {
                    KECCAK256_EMPTY
                } else {
                    alloy::primitives::keccak256(code)
                };
                if !code.is_empty() {
                    overlay.diff.codes.insert(hash, Bytecode::new_raw(code.clone()));
                }
                change(overlay, *address, |info| info.code_hash = hash)
            }
        }
    }
}

fn change(
    overlay: &mut Overlay<State>,
    address: Address,
    edit: impl FnOnce(&mut AccountInfo),
) -> Result<(), Error> {
    let mut info = overlay.basic_ref(address)?.unwrap_or_default();
    edit(&mut info);
    info.code = None;
    let change: &mut AccountChange = overlay.diff.accounts.entry(address).or_default();
    change.info = (!info.is_empty()).then_some(info);
    Ok(())
}
