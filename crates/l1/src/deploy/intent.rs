//! What a deployment is to be, as a person writes it down.

use super::{DeployError, Refusal, check};
use alloy::{
    primitives::{Address, U256},
    signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English},
};
use mezz_primitives::{FeeConfig, Windows};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The mnemonic of the usual development accounts. Everybody knows its keys.
pub const DEV_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Index of the development account that owns a devnet; the batcher and the proposer follow.
const DEV_OWNER: u32 = 100;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A development account's key.
pub fn dev_key(index: u32) -> PrivateKeySigner {
    let builder = MnemonicBuilder::<English>::default().phrase(DEV_MNEMONIC).index(index);
    builder
        .and_then(|builder| builder.build())
        .expect("the mnemonic is valid, and so is a small index; qed")
}

/// How careful a deployment is: which defaults it has and what is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// On one's own machine: windows of seconds, the well-known keys.
    #[default]
    Devnet,
    /// On a public test network: windows of minutes to an hour.
    Testnet,
    /// With other people's money: every protocol parameter is said, and none is below the recommended one.
    Production,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Devnet => "devnet",
            Self::Testnet => "testnet",
            Self::Production => "production",
        })
    }
}

/// Who may do what (`contracts/README.md`, "Who may do what").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Roles {
    /// Owns the parameters through the timelock; the security council: extends pauses, appoints the guardian.
    pub owner: Address,
    /// Pauses, for a limited time.
    pub guardian: Address,
    /// Replaces the batcher's and the sequencer's key at once.
    pub operator: Address,
    /// Posts batches.
    pub batcher: Address,
    /// Signs preconfirmations.
    pub sequencer: Address,
    /// Makes claims.
    pub proposer: Address,
    /// Gets the fees of the L2 and forfeited stakes.
    pub treasury: Address,
}

/// Delays of governance, seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Governance {
    /// Between announcing a change and making it.
    pub timelock_delay: u64,
    /// Longest pause without the council.
    pub pause_max: u64,
    /// Between the end of a pause and the next.
    pub pause_cooldown: u64,
}

/// An intent as it is written: what is left out gets the profile's default.
///
/// ```
/// let file = r#"
///     profile = "testnet"
///     l1-chain-id = 11155111
///     l2-chain-id = 424242
///     [roles]
///     batcher = "0x1111111111111111111111111111111111111111"
///     [windows]
///     claim-window = 7200
///     proof-maturity = 7500
/// "#;
/// let deployer = "0x2222222222222222222222222222222222222222".parse().unwrap();
/// let intent = mezz_l1::deploy::Intent::from_toml(file, deployer).unwrap();
/// assert_eq!(intent.roles.owner, deployer);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[allow(missing_docs, reason = "the fields are those of the structures that they become")]
pub struct IntentFile {
    pub profile: Profile,
    pub l1_chain_id: Option<u64>,
    pub l2_chain_id: Option<u64>,
    pub genesis_time: Option<u64>,
    pub span: Option<u64>,
    pub stake_gwei: Option<u64>,
    pub bond_gwei: Option<u64>,
    pub roles: RolesFile,
    pub windows: WindowsFile,
    pub governance: GovernanceFile,
    pub fees: FeesFile,
}

macro_rules! partial {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
        #[allow(missing_docs, reason = "the fields are those of the structure that it becomes")]
        pub struct $name { $(pub $field: Option<$type>),* }
    };
}

partial!(
    /// [`Roles`] as they are written.
    RolesFile { owner: Address, guardian: Address, operator: Address, batcher: Address, sequencer: Address, proposer: Address, treasury: Address }
);
partial!(
    /// [`Windows`] as they are written, seconds.
    WindowsFile { force_delay: u64, force_grace: u64, permissionless_delay: u64, claim_window: u64, dispute_clock: u64, dispute_grace: u64, proof_maturity: u64 }
);
partial!(
    /// [`Governance`] as it is written.
    GovernanceFile { timelock_delay: u64, pause_max: u64, pause_cooldown: u64 }
);
partial!(
    /// [`FeeConfig`] as it is written.
    FeesFile {
        gas_limit: u64,
        base_fee_scalar: u32,
        blob_base_fee_scalar: u32,
        operator_fee_scalar: u32,
        operator_fee_constant: u64,
        eip1559_denominator: u32,
        eip1559_elasticity: u32,
        min_base_fee: u64,
    }
);

/// What a deployment is to be, complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// How careful.
    pub profile: Profile,
    /// Chain id of the L1.
    pub l1_chain_id: u64,
    /// Chain id of the L2.
    pub l2_chain_id: u64,
    /// Timestamp of the L2 genesis; `None` is that of the L1 block at which the plan is made.
    pub genesis_time: Option<u64>,
    /// Blocks between two entries of a claim.
    pub span: u64,
    /// What a proposer stakes, wei.
    pub stake: U256,
    /// What a doubt about a claim costs until it is decided, wei.
    pub bond: U256,
    /// Who may do what.
    pub roles: Roles,
    /// Windows of the protocol.
    pub windows: Windows,
    /// Delays of governance.
    pub governance: Governance,
    /// Fees at genesis.
    pub fees: FeeConfig,
}

/// Fees of a chain that posts column-packed batches in blobs.
///
/// The L1 fee formula counts a plain transfer as 100 bytes; packed into columns it takes about 75, and a blob holds 31 bytes in 32,
/// which makes 0.78 blob gas for a byte counted: `blob_base_fee_scalar` 800,000 (millionths) pays that with 3 % to spare. Posting takes
/// about 200,000 gas for up to six blobs, with 5,000 transfers in three of them 0.4 gas for a byte counted; the formula multiplies
/// the scalar by 16, so `base_fee_scalar` is 25,000.
const FEES: FeeConfig = FeeConfig {
    gas_limit: 120_000_000,
    base_fee_scalar: 25_000,
    blob_base_fee_scalar: 800_000,
    operator_fee_scalar: 0,
    operator_fee_constant: 0,
    eip1559_denominator: 250,
    eip1559_elasticity: 6,
    min_base_fee: 1_000_000,
};

const DEVNET: (Windows, Governance) = (
    Windows {
        force_delay: 60,
        force_grace: 10,
        permissionless_delay: 120,
        claim_window: 40,
        dispute_clock: 20,
        dispute_grace: 8,
        proof_maturity: 42,
    },
    Governance { timelock_delay: 30, pause_max: 60, pause_cooldown: 60 },
);

const TESTNET: (Windows, Governance) = (
    Windows {
        force_delay: 10 * MINUTE,
        force_grace: 2 * MINUTE,
        permissionless_delay: 30 * MINUTE,
        claim_window: HOUR,
        dispute_clock: 30 * MINUTE,
        dispute_grace: 5 * MINUTE,
        proof_maturity: HOUR + 5 * MINUTE,
    },
    Governance { timelock_delay: 2 * HOUR, pause_max: HOUR, pause_cooldown: DAY },
);

impl Intent {
    /// Reads an intent; roles that it leaves out fall to `deployer`, on a devnet to the development accounts.
    pub fn from_toml(text: &str, deployer: Address) -> Result<Self, DeployError> {
        let file: IntentFile =
            toml::from_str(text).map_err(|error| DeployError::Syntax(error.to_string()))?;
        file.resolve(deployer)
    }

    /// A devnet between these two chains. [`Plan::prepare`](super::Plan::prepare) checks it.
    pub fn devnet(l1_chain_id: u64, l2_chain_id: u64) -> Self {
        let file = IntentFile {
            l1_chain_id: Some(l1_chain_id),
            l2_chain_id: Some(l2_chain_id),
            ..IntentFile::default()
        };
        Defaults { profile: Profile::Devnet, missing: &mut Vec::new() }.intent(&file, Address::ZERO)
    }
}

impl IntentFile {
    /// Fills in the profile's defaults and checks the whole.
    pub fn resolve(&self, deployer: Address) -> Result<Intent, DeployError> {
        let mut missing = Vec::new();
        let intent =
            Defaults { profile: self.profile, missing: &mut missing }.intent(self, deployer);
        let mut refusals: Vec<Refusal> = missing.into_iter().map(Refusal::Missing).collect();
        if refusals.is_empty() {
            refusals = check::check(&intent);
        }
        match refusals.is_empty() {
            true => Ok(intent),
            false => Err(DeployError::Refused(refusals)),
        }
    }
}

/// The defaults of a profile; a production deployment has none for what the protocol depends on.
struct Defaults<'a> {
    profile: Profile,
    missing: &'a mut Vec<&'static str>,
}

impl Defaults<'_> {
    fn or<T>(&mut self, said: Option<T>, name: &'static str, default: T) -> T {
        if said.is_none() && self.profile == Profile::Production {
            self.missing.push(name);
        }
        said.unwrap_or(default)
    }

    fn intent(mut self, file: &IntentFile, deployer: Address) -> Intent {
        let (l1, stake_gwei, bond_gwei) = match self.profile {
            Profile::Devnet => (900, 1_000_000_000, 10_000_000),
            Profile::Testnet | Profile::Production => (11_155_111, 100_000_000, 1_000_000),
        };
        let stake = self.or(file.stake_gwei, "stake-gwei", stake_gwei);
        let bond = self.or(file.bond_gwei, "bond-gwei", bond_gwei);
        Intent {
            profile: self.profile,
            l1_chain_id: self.or(file.l1_chain_id, "l1-chain-id", l1),
            l2_chain_id: self.or(file.l2_chain_id, "l2-chain-id", 901),
            genesis_time: file.genesis_time,
            span: self.or(file.span, "span", 2),
            stake: U256::from(stake) * U256::from(1_000_000_000),
            bond: U256::from(bond) * U256::from(1_000_000_000),
            roles: self.roles(&file.roles, deployer),
            windows: self.windows(&file.windows),
            governance: self.governance(&file.governance),
            fees: fees(&file.fees),
        }
    }

    fn roles(&mut self, file: &RolesFile, deployer: Address) -> Roles {
        let default = |index| {
            if self.profile == Profile::Devnet {
                dev_key(DEV_OWNER + index).address()
            } else {
                deployer
            }
        };
        let (owner, batcher, proposer) = (default(0), default(1), default(2));
        Roles {
            owner: self.or(file.owner, "roles.owner", owner),
            guardian: self.or(file.guardian, "roles.guardian", owner),
            operator: self.or(file.operator, "roles.operator", owner),
            batcher: self.or(file.batcher, "roles.batcher", batcher),
            sequencer: self.or(file.sequencer, "roles.sequencer", batcher),
            proposer: self.or(file.proposer, "roles.proposer", proposer),
            treasury: self.or(file.treasury, "roles.treasury", owner),
        }
    }

    fn windows(&mut self, file: &WindowsFile) -> Windows {
        let (default, _) = if self.profile == Profile::Devnet { DEVNET } else { TESTNET };
        Windows {
            force_delay: self.or(file.force_delay, "windows.force-delay", default.force_delay),
            force_grace: self.or(file.force_grace, "windows.force-grace", default.force_grace),
            permissionless_delay: self.or(
                file.permissionless_delay,
                "windows.permissionless-delay",
                default.permissionless_delay,
            ),
            claim_window: self.or(file.claim_window, "windows.claim-window", default.claim_window),
            dispute_clock: self.or(
                file.dispute_clock,
                "windows.dispute-clock",
                default.dispute_clock,
            ),
            dispute_grace: self.or(
                file.dispute_grace,
                "windows.dispute-grace",
                default.dispute_grace,
            ),
            proof_maturity: self.or(
                file.proof_maturity,
                "windows.proof-maturity",
                default.proof_maturity,
            ),
        }
    }

    fn governance(&mut self, file: &GovernanceFile) -> Governance {
        let (_, default) = if self.profile == Profile::Devnet { DEVNET } else { TESTNET };
        Governance {
            timelock_delay: self.or(
                file.timelock_delay,
                "governance.timelock-delay",
                default.timelock_delay,
            ),
            pause_max: self.or(file.pause_max, "governance.pause-max", default.pause_max),
            pause_cooldown: self.or(
                file.pause_cooldown,
                "governance.pause-cooldown",
                default.pause_cooldown,
            ),
        }
    }
}

/// Fees have defaults in every profile: governance can change them at any time.
fn fees(file: &FeesFile) -> FeeConfig {
    FeeConfig {
        gas_limit: file.gas_limit.unwrap_or(FEES.gas_limit),
        base_fee_scalar: file.base_fee_scalar.unwrap_or(FEES.base_fee_scalar),
        blob_base_fee_scalar: file.blob_base_fee_scalar.unwrap_or(FEES.blob_base_fee_scalar),
        operator_fee_scalar: file.operator_fee_scalar.unwrap_or(FEES.operator_fee_scalar),
        operator_fee_constant: file.operator_fee_constant.unwrap_or(FEES.operator_fee_constant),
        eip1559_denominator: file.eip1559_denominator.unwrap_or(FEES.eip1559_denominator),
        eip1559_elasticity: file.eip1559_elasticity.unwrap_or(FEES.eip1559_elasticity),
        min_base_fee: file.min_base_fee.unwrap_or(FEES.min_base_fee),
    }
}
