//! Deploys a rollup's contracts on an L1.
//!
//! ```text
//! Intent (TOML: what is wanted) ─► Plan (every address, the genesis, the cost) ─► apply ─► Deployment (rollup.json)
//!                                                                                  ▲            │
//!                                                            state file + chain ───┘          inspect
//! ```
//!
//! One factory contract creates everything in strictly increasing steps, so each address is known before, contracts name each other
//! in their constructors, and what was interrupted goes on where the chain says it stopped. The state file only keeps what the
//! chain cannot tell: the intent, and the account and nonce that the factory's address follows from.

mod apply;
mod artifacts;
mod check;
mod file;
mod genesis;
mod inspect;
mod intent;
mod layout;
mod plan;
#[cfg(test)]
mod tests;
mod verifier;

pub use apply::{Progress, apply};
pub use check::Refusal;
pub use genesis::{Genesis, genesis};
pub use inspect::{Finding, Inspection, inspect};
pub use intent::{
    CommitteeIntent, DEV_MEMBER, DEV_MNEMONIC, DemandersIntent, Governance, Intent, IntentFile,
    Profile, ProofIntent, Roles, Signatures, dev_key,
};
pub use plan::{Plan, PlannedStep, Seed, program, program_key};
pub use verifier::ProofVerifier;

use crate::Error;
use alloy::primitives::Address;
use layout::Layout;
use mezz_primitives::{ChainConfig, Contracts, GenesisId};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Why a deployment does not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeployError {
    /// The intent is not TOML of the right shape.
    #[error("the intent cannot be read: {0}")]
    Syntax(String),
    /// The intent asks for something unsafe or impossible.
    #[error("the intent is refused:{}", .0.iter().map(|refusal| format!("\n  - {refusal}")).collect::<String>())]
    Refused(Vec<Refusal>),
    /// A file cannot be read or written.
    #[error("{path}: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The state file is of another deployment.
    #[error(
        "{path} belongs to another deployment ({difference}): go on with its intent, or name another state file"
    )]
    OtherState {
        /// The state file.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// The deployer's account was used for something else in between.
    #[error(
        "the account {account} has nonce {actual}, but the plan needs {planned} for its factory: make a new plan"
    )]
    NonceUsed {
        /// The deployer's account.
        account: Address,
        /// The nonce in the plan.
        planned: u64,
        /// The nonce now.
        actual: u64,
    },
    /// The sender is another account than the one planned with.
    #[error("the plan is for the account {planned}, not {actual}: use its key, or make a new plan")]
    OtherAccount {
        /// The account in the plan.
        planned: Address,
        /// The sender's account.
        actual: Address,
    },
    /// The L1 has no precompile that verifies proofs, and is no development L1.
    #[error(
        "this L1 cannot verify STARKs, only Mezzanine's embedded L1 can, and the halo2 verifier with development parameters is for the profile devnet only: deploy a Halo2Verifier made with the parameters of a ceremony and name it in the intent ([proofs] verifier = \"0x...\"; prover/README.md), or take the family optimistic (optimium with a committee), which needs no proofs"
    )]
    NoStark,
    /// There is other code at an address.
    #[error("{contract} at {address} has other code than this program's: {reason}")]
    WrongCode {
        /// The contract.
        contract: &'static str,
        /// Where it is.
        address: Address,
        /// What differs.
        reason: String,
    },
}

/// A rollup that is deployed: everything that a node must know. Saved as `rollup.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// How careful its windows are.
    pub profile: Profile,
    /// The chain's parameters.
    pub config: ChainConfig,
    /// Addresses on L1.
    pub contracts: Contracts,
    /// Makes likenesses of L2 tokens on L1.
    #[serde(rename = "l1MintableErc20Factory")]
    pub l1_mintable_erc20_factory: Address,
    /// Who may do what.
    pub roles: Roles,
    /// Delays of governance.
    pub governance: Governance,
    /// The factory that created the contracts.
    pub deployer: Address,
    /// L1 block of the deployment: no event of this rollup is older.
    pub start_block: u64,
    /// The L2 genesis.
    pub genesis: GenesisId,
}

impl Deployment {
    /// Reads `rollup.json`.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Ok(file::load(path)?)
    }

    /// Writes `rollup.json`, whole or not at all.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        Ok(file::save(path, self)?)
    }

    /// Its contracts.
    fn layout(&self) -> Layout {
        let private = self.contracts.committee.is_some_and(|it| it.demanders.is_some());
        let layout = |proofs| Layout::new(self.deployer, &self.config, private, proofs);
        let Some(proofs) = &self.contracts.proofs else { return layout(None) };
        let own = [ProofVerifier::Stark, ProofVerifier::Development];
        let own = own.map(|own| layout(Some(own)));
        let own = own.into_iter().find(|own| own.verifier() == proofs.verifier);
        own.unwrap_or_else(|| layout(Some(ProofVerifier::Named(proofs.verifier))))
    }

    /// The L2 genesis, ready for a store.
    pub fn l2_genesis(&self) -> Genesis {
        genesis(&self.config, &self.contracts, &self.roles)
    }
}
