//! What a deployment is to be, as a person writes it down.

use super::{DeployError, ProofVerifier, Refusal, check};
use alloy::{
    primitives::{Address, U256},
    signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English},
};
use mezz_primitives::{
    Committee, CommitteeConfig, Fallback, Family, FeeConfig, ProofConfig, ProofPolicy,
    SignaturesConfig, Windows,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The mnemonic of the usual development accounts. Everybody knows its keys.
pub const DEV_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Index of the development account that owns a devnet; the batcher and the proposer follow.
const DEV_OWNER: u32 = 100;
/// Index of the development account that is the first member of a devnet's data committee; the others follow.
pub const DEV_MEMBER: u32 = 110;

const GWEI: u64 = 1_000_000_000;

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

/// Delays of governance, seconds where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Governance {
    /// Between announcing a change and making it.
    pub timelock_delay: u64,
    /// Longest pause without the council.
    pub pause_max: u64,
    /// Between the end of a pause and the next.
    pub pause_cooldown: u64,
    /// Batches between the announcement of a version of the program and the first that is its own, at least.
    pub program_notice: u64,
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
    pub committee: Option<CommitteeFile>,
    pub proofs: Option<ProofsFile>,
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
    GovernanceFile { timelock_delay: u64, pause_max: u64, pause_cooldown: u64, program_notice: u64 }
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

partial!(
    /// [`CommitteeConfig`] as it is written; times in seconds.
    CommitteeRulesFile {
        challenge_window: u64,
        answer_window: u64,
        retention: u64,
        rotation_delay: u64,
        overlap: u64,
        freeze_delay: u64,
        bond_per_chunk_gwei: u64,
        fallback: Fallback,
    }
);

partial!(
    /// What validity proofs are to be worth, as it is written; times in seconds. `guard` is for the policy `fast`, `fast_window` for `safe`.
    ProofsFile { policy: ProofPolicy, guard: u64, fast_window: u64, prover_timeout: u64, verifier: ProofVerifier, signatures: Signatures, signatures_timeout: u64 }
);

/// Where the signatures of the transactions in batches are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signatures {
    /// In the batches.
    #[default]
    Posted,
    /// In a validity proof, while provers keep pace; otherwise in the batches.
    Proved,
}

impl Signatures {
    /// The rules of a devnet whose batches may lack them.
    pub const fn devnet() -> SignaturesConfig {
        SignaturesConfig { timeout: DEVNET_PROOFS.signatures_timeout }
    }
}

impl FromStr for Signatures {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "posted" => Ok(Self::Posted),
            "proved" => Ok(Self::Proved),
            _ => Err("signatures are posted or proved".into()),
        }
    }
}

impl ProofsFile {
    /// The policy; what is not said is that of the family zk.
    pub(super) fn policy(&self) -> ProofPolicy {
        self.policy.unwrap_or(ProofPolicy::Fast)
    }
}

/// A chain's data committee as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[allow(missing_docs, reason = "the fields are those of the structure that it becomes")]
pub struct CommitteeFile {
    pub members: Option<Vec<Address>>,
    pub threshold: Option<u8>,
    /// Those of the members that must always sign.
    pub mandatory: Vec<Address>,
    /// The only ones who may demand payloads, which makes them public: for a chain whose data are private. Nobody said is everybody.
    pub demanders: Vec<Address>,
    /// How long one that is removed from them still may, seconds.
    pub demanders_delay: Option<u64>,
    pub rules: CommitteeRulesFile,
}

/// The data committee that a chain is to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitteeIntent {
    /// Its first members.
    pub committee: Committee,
    /// Its rules.
    pub rules: CommitteeConfig,
    /// Who may demand payloads, where not everybody may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demanders: Option<DemandersIntent>,
}

/// Who may demand payloads of a chain whose data are private.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DemandersIntent {
    /// The first of them.
    pub first: Vec<Address>,
    /// How long one that is removed still may, seconds.
    pub delay: u64,
}

/// What validity proofs are to be worth in a chain, and what verifies them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProofIntent {
    /// Their rules.
    pub rules: ProofConfig,
    /// What verifies them; `None` is what the L1 and the profile allow, which the plan finds out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifier: Option<ProofVerifier>,
    /// The rules for batches without signatures, if there may be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<SignaturesConfig>,
}

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
    /// The data committee, if there is to be one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committee: Option<CommitteeIntent>,
    /// Validity proofs, if there are to be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proofs: Option<ProofIntent>,
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
    Governance { timelock_delay: 30, pause_max: 60, pause_cooldown: 60, program_notice: 8 },
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
    Governance {
        timelock_delay: 2 * HOUR,
        pause_max: HOUR,
        pause_cooldown: DAY,
        program_notice: 60,
    },
);

const DEVNET_COMMITTEE: CommitteeConfig = CommitteeConfig {
    challenge_window: 12,
    answer_window: 20,
    retention: 8 * DAY,
    rotation_delay: 60,
    overlap: 20,
    freeze_delay: 300,
    bond_per_chunk: U256::from_limbs([10_000_000_000_000_000, 0, 0, 0]),
    fallback: Fallback::L1,
};

const TESTNET_COMMITTEE: CommitteeConfig = CommitteeConfig {
    challenge_window: 30 * MINUTE,
    answer_window: 30 * MINUTE,
    retention: 9 * DAY,
    rotation_delay: DAY,
    overlap: HOUR,
    freeze_delay: 12 * HOUR,
    bond_per_chunk: U256::from_limbs([10_000_000_000_000_000, 0, 0, 0]),
    fallback: Fallback::L1,
};

/// The usual times of validity proofs, seconds.
struct ProofTimes {
    guard: u64,
    fast_window: u64,
    prover_timeout: u64,
    signatures_timeout: u64,
}

/// A prover takes minutes for a claim of some blocks: on a devnet claims do not wait for it.
const DEVNET_PROOFS: ProofTimes =
    ProofTimes { guard: 10, fast_window: 10, prover_timeout: 90, signatures_timeout: 10 * MINUTE };

const TESTNET_PROOFS: ProofTimes = ProofTimes {
    guard: 10 * MINUTE,
    fast_window: 20 * MINUTE,
    prover_timeout: 4 * HOUR,
    signatures_timeout: 4 * HOUR,
};

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

    /// The same of a family; `None` for one that is no rollup or has not come yet.
    pub fn devnet_of(family: Family, l1_chain_id: u64, l2_chain_id: u64) -> Option<Self> {
        let proofs = |policy| Some(ProofsFile { policy: Some(policy), ..ProofsFile::default() });
        let (committee, proofs) = match family {
            Family::Optimistic => (None, None),
            Family::Optimium => (Some(CommitteeFile::default()), None),
            Family::Zk => (None, proofs(ProofPolicy::Fast)),
            Family::Hybrid => (None, proofs(ProofPolicy::Safe)),
            Family::Validium => (Some(CommitteeFile::default()), proofs(ProofPolicy::Fast)),
            Family::Sidechain | Family::Plasma | Family::Channel | Family::Lightning => {
                return None;
            }
        };
        let file = IntentFile {
            l1_chain_id: Some(l1_chain_id),
            l2_chain_id: Some(l2_chain_id),
            committee,
            proofs,
            ..IntentFile::default()
        };
        let defaults = Defaults { profile: Profile::Devnet, missing: &mut Vec::new() };
        Some(defaults.intent(&file, Address::ZERO))
    }
}

impl IntentFile {
    /// Fills in the profile's defaults and checks the whole.
    pub fn resolve(&self, deployer: Address) -> Result<Intent, DeployError> {
        let mut missing = Vec::new();
        let intent =
            Defaults { profile: self.profile, missing: &mut missing }.intent(self, deployer);
        let mut refusals: Vec<Refusal> = missing.into_iter().map(Refusal::Missing).collect();
        refusals.extend(self.proofs.as_ref().into_iter().flat_map(check::misplaced));
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
        let proofs = file.proofs.as_ref().map(|proofs| self.proofs(proofs, &file.windows));
        let timeout = proofs.map_or(0, |proofs| {
            let signatures = proofs.signatures.map_or(0, |rules| rules.timeout);
            proofs.rules.prover_timeout.saturating_add(signatures)
        });
        let windows = self.windows(&file.windows, proofs.as_ref());
        Intent {
            profile: self.profile,
            l1_chain_id: self.or(file.l1_chain_id, "l1-chain-id", l1),
            l2_chain_id: self.or(file.l2_chain_id, "l2-chain-id", 901),
            genesis_time: file.genesis_time,
            span: self.or(file.span, "span", 2),
            stake: U256::from(stake) * U256::from(GWEI),
            bond: U256::from(bond) * U256::from(GWEI),
            roles: self.roles(&file.roles, deployer),
            governance: self.governance(&file.governance),
            fees: fees(&file.fees),
            committee: file
                .committee
                .as_ref()
                .map(|file| self.committee(file, timeout, windows.claim_window)),
            windows,
            proofs,
        }
    }

    /// A chain's claims may wait for a proof for `timeout`, and it must outlive that; they may be doubted for `claim_window`.
    fn committee(
        &mut self,
        file: &CommitteeFile,
        timeout: u64,
        claim_window: u64,
    ) -> CommitteeIntent {
        let usual = match self.profile {
            Profile::Devnet => DEVNET_COMMITTEE,
            Profile::Testnet | Profile::Production => TESTNET_COMMITTEE,
        };
        let members = match self.profile {
            Profile::Devnet => {
                (0..3).map(|member| dev_key(DEV_MEMBER + member).address()).collect()
            }
            // Nobody can be a member without knowing of it.
            Profile::Testnet | Profile::Production => Vec::new(),
        };
        if file.members.is_none() && members.is_empty() {
            self.missing.push("committee.members");
        }
        let mut members = file.members.clone().unwrap_or(members);
        members.sort_unstable();
        let bit = |member: &Address| {
            // One that is no member: a bit that the check refuses.
            members.iter().position(|known| known == member).unwrap_or(members.len().min(31))
        };
        let mandatory = file.mandatory.iter().fold(0, |bits, member| bits | 1 << bit(member));
        let most = u8::try_from(members.len()).unwrap_or(u8::MAX);
        let threshold =
            self.or(file.threshold, "committee.threshold", most.saturating_sub(1).max(1));
        let rules = &file.rules;
        let gwei = self.or(
            rules.bond_per_chunk_gwei,
            "committee.rules.bond-per-chunk-gwei",
            (usual.bond_per_chunk / U256::from(GWEI)).saturating_to(),
        );
        let mut or = |said, name, default| self.or(said, name, default);
        let challenge_window =
            or(rules.challenge_window, "committee.rules.challenge-window", usual.challenge_window);
        CommitteeIntent {
            rules: CommitteeConfig {
                challenge_window,
                answer_window: or(
                    rules.answer_window,
                    "committee.rules.answer-window",
                    usual.answer_window,
                ),
                retention: or(rules.retention, "committee.rules.retention", usual.retention),
                rotation_delay: or(
                    rules.rotation_delay,
                    "committee.rules.rotation-delay",
                    usual.rotation_delay,
                ),
                overlap: or(rules.overlap, "committee.rules.overlap", usual.overlap),
                freeze_delay: or(
                    rules.freeze_delay,
                    "committee.rules.freeze-delay",
                    usual.freeze_delay + timeout,
                ),
                bond_per_chunk: U256::from(gwei) * U256::from(GWEI),
                // A private chain must never become public by an oversight.
                fallback: self.or(rules.fallback, "committee.rules.fallback", usual.fallback),
            },
            committee: Committee { members, threshold, mandatory },
            demanders: (!file.demanders.is_empty()).then(|| DemandersIntent {
                first: file.demanders.clone(),
                delay: file
                    .demanders_delay
                    .unwrap_or(challenge_window.max(claim_window).saturating_mul(2)),
            }),
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

    fn proofs(&mut self, file: &ProofsFile, windows: &WindowsFile) -> ProofIntent {
        let (usual, (usual_windows, _)) = match self.profile {
            Profile::Devnet => (DEVNET_PROOFS, DEVNET),
            Profile::Testnet | Profile::Production => (TESTNET_PROOFS, TESTNET),
        };
        let policy = self.or(file.policy, "proofs.policy", file.policy());
        let (wait, prover_timeout) = match policy {
            // Nothing is final by it: any time that the contract takes.
            ProofPolicy::StepOnly => {
                (windows.claim_window.unwrap_or(usual_windows.claim_window), 0)
            }
            ProofPolicy::Safe => {
                (self.or(file.fast_window, "proofs.fast-window", usual.fast_window), 0)
            }
            ProofPolicy::Fast => (
                self.or(file.guard, "proofs.guard", usual.guard),
                self.or(file.prover_timeout, "proofs.prover-timeout", usual.prover_timeout),
            ),
        };
        let verifier = file.verifier;
        let proved = file.signatures == Some(Signatures::Proved);
        let signatures = proved.then(|| SignaturesConfig {
            timeout: self.or(
                file.signatures_timeout,
                "proofs.signatures-timeout",
                usual.signatures_timeout,
            ),
        });
        ProofIntent { rules: ProofConfig { policy, wait, prover_timeout }, verifier, signatures }
    }

    fn windows(&mut self, file: &WindowsFile, proofs: Option<&ProofIntent>) -> Windows {
        let (default, _) = if self.profile == Profile::Devnet { DEVNET } else { TESTNET };
        // By proof a withdrawal is paid sooner; the air gap is the same.
        let maturity = match proofs.map(|proofs| proofs.rules) {
            Some(ProofConfig { policy: ProofPolicy::Safe | ProofPolicy::Fast, wait, .. }) => {
                wait.saturating_add(default.proof_maturity - default.claim_window)
            }
            Some(_) | None => default.proof_maturity,
        };
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
            proof_maturity: self.or(file.proof_maturity, "windows.proof-maturity", maturity),
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
            program_notice: self.or(
                file.program_notice,
                "governance.program-notice",
                default.program_notice,
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
