//! The configuration of one L2 chain.

use crate::{
    BLOCK_GAS_MIN, CommitteeConfig, CommitteeContracts, ProofConfig, ProofContracts, ProofPolicy,
    SPAN_GAS_MAX, SignaturesConfig, SignaturesContracts,
};
use alloy_primitives::{Address, B256, U256};
use core::{fmt, str::FromStr};
use serde::{Deserialize, Serialize};

/// A kind of Layer 2: who orders, where the data lie, what makes a claim final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// A sequencer; data on L1; final when the window passed and nobody refuted.
    Optimistic,
    /// A sequencer; data on L1; final when a validity proof was verified.
    Zk,
    /// A sequencer; data on L1; a window that a proof shortens.
    Hybrid,
    /// A sequencer; data with a committee; validity proofs.
    Validium,
    /// A sequencer; data with a committee; a window.
    Optimium,
    /// BFT validators; a quorum certificate.
    Sidechain,
    /// An operator; data with operator and users; every exit after its own challenge.
    Plasma,
    /// The parties themselves.
    Channel,
    /// The parties themselves, on Bitcoin.
    Lightning,
}

impl Family {
    /// All families, in the order of the table.
    pub const ALL: [Self; 9] = [
        Self::Optimistic,
        Self::Zk,
        Self::Hybrid,
        Self::Validium,
        Self::Optimium,
        Self::Sidechain,
        Self::Plasma,
        Self::Channel,
        Self::Lightning,
    ];

    /// The name on the command line and in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Optimistic => "optimistic",
            Self::Zk => "zk",
            Self::Hybrid => "hybrid",
            Self::Validium => "validium",
            Self::Optimium => "optimium",
            Self::Sidechain => "sidechain",
            Self::Plasma => "plasma",
            Self::Channel => "channel",
            Self::Lightning => "lightning",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no such family; the families are optimistic, zk, hybrid, validium, optimium, sidechain, plasma, channel, lightning"
)]
pub struct ParseFamilyError;

impl FromStr for Family {
    type Err = ParseFamilyError;

    fn from_str(word: &str) -> Result<Self, ParseFamilyError> {
        Self::ALL.into_iter().find(|family| family.as_str() == word).ok_or(ParseFamilyError)
    }
}

/// The protocol parameters of one deployment; what node, contracts and guest agree on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChainConfig {
    /// Chain id of the L2.
    pub l2_chain_id: u64,
    /// Chain id of the L1.
    pub l1_chain_id: u64,
    /// Timestamp of the L2 genesis block, seconds.
    pub genesis_time: u64,
    /// Blocks between two entries of a claim.
    pub span: u64,
    /// What a proposer stakes, wei.
    pub stake: U256,
    /// What a doubt about a claim costs until it is decided, wei.
    pub bond: U256,
    /// Fee parameters at genesis.
    pub fees: FeeConfig,
    /// Windows and delays.
    pub windows: Windows,
    /// The rules of its data committee, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committee: Option<CommitteeConfig>,
    /// What validity proofs are worth, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proofs: Option<ProofConfig>,
    /// The rules for batches without signatures, if there may be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<SignaturesConfig>,
}

impl ChainConfig {
    /// What kind of Layer 2 it is.
    pub const fn family(&self) -> Family {
        let (public, proofs) = (self.committee.is_none(), self.proofs);
        match (public, proofs) {
            (true, Some(proofs)) if proofs.decides() => Family::Zk,
            (true, Some(ProofConfig { policy: ProofPolicy::Safe | ProofPolicy::Fast, .. })) => {
                Family::Hybrid
            }
            (true, _) => Family::Optimistic,
            (false, Some(proofs)) if proofs.decides() => Family::Validium,
            (false, _) => Family::Optimium,
        }
    }

    /// The greatest number of blocks in one batch.
    pub const fn batch_blocks_max(&self) -> u64 {
        256 * self.span
    }

    /// Whether the parameters keep a worst-case span provable.
    pub const fn is_provable(&self) -> bool {
        self.span >= 1
            && self.fees.gas_limit >= BLOCK_GAS_MIN
            && self.fees.gas_limit.saturating_mul(self.span) <= SPAN_GAS_MAX
    }
}

/// Gas and fee parameters; at genesis here, later in `L1Block`'s storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeeConfig {
    /// Gas of one L2 block.
    pub gas_limit: u64,
    /// Weight of the L1 base fee in the L1 fee, millionths.
    pub base_fee_scalar: u32,
    /// Weight of the L1 blob base fee in the L1 fee, millionths.
    pub blob_base_fee_scalar: u32,
    /// Operator fee per gas, millionths of a wei.
    pub operator_fee_scalar: u32,
    /// Operator fee per transaction, wei.
    pub operator_fee_constant: u64,
    /// EIP-1559 denominator.
    pub eip1559_denominator: u32,
    /// EIP-1559 elasticity.
    pub eip1559_elasticity: u32,
    /// Least base fee, wei.
    pub min_base_fee: u64,
}

/// The times after which somebody may act without somebody else, seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Windows {
    /// A queue message must be in the next batch after this.
    pub force_delay: u64,
    /// Then, after this, anybody may include it without a batcher.
    pub force_grace: u64,
    /// Anybody may post batches when a message has waited this long.
    pub permissionless_delay: u64,
    /// A claim may be doubted this long; what was doubted is decided later.
    pub claim_window: u64,
    /// Time that each side of a dispute has for all its moves along one path.
    pub dispute_clock: u64,
    /// Time that each move has even when the clock has run down.
    pub dispute_grace: u64,
    /// A withdrawal is paid at the earliest this long after its proof.
    pub proof_maturity: u64,
}

/// The addresses of one deployment on L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contracts {
    /// Holds the money; deposits in, withdrawals out.
    pub portal: Address,
    /// Claims in the shape of OP's dispute games.
    pub dispute_game_factory: Address,
    /// ERC-20 and ether bridge.
    pub l1_standard_bridge: Address,
    /// Messenger.
    pub l1_cross_domain_messenger: Address,
    /// ERC-721 bridge.
    #[serde(rename = "l1Erc721Bridge")]
    pub l1_erc721_bridge: Address,
    /// Batches and queue messages.
    pub inbox: Address,
    /// Claims and stakes.
    pub claim_manager: Address,
    /// Doubts about claims, and their answers.
    pub query_game: Address,
    /// Which version of the program each batch belongs to.
    pub program_registry: Address,
    /// Parameters and roles.
    pub system_config: Address,
    /// Typed, expiring pauses.
    pub pause_controller: Address,
    /// Owner of the parameters.
    pub timelock: Address,
    /// Those of its data committee, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committee: Option<CommitteeContracts>,
    /// Those of its validity proofs, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proofs: Option<ProofContracts>,
    /// Those of its batches without signatures, if there may be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<SignaturesContracts>,
}

impl Contracts {
    /// The batches that are decided, where being posted does not decide: with a data committee, or where batches may lack signatures.
    pub fn sealed_inbox(&self) -> Option<Address> {
        let committee = self.committee.map(|committee| committee.sealed_inbox);
        committee.or(self.signatures.map(|signatures| signatures.sealed_inbox))
    }

    /// The batches that claims are about: those that are decided.
    pub fn claimed_batches(&self) -> Address {
        self.sealed_inbox().unwrap_or(self.inbox)
    }
}

/// The genesis of one L2: its block hash and state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GenesisId {
    /// Hash of block 0.
    pub block_hash: B256,
    /// State root of block 0.
    pub state_root: B256,
}
