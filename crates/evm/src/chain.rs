//! Which chain, which rules.

use alloy_eips::eip7840::BlobParams;
use revm::primitives::hardfork::SpecId;

/// The blob schedule of the embedded L1 and of the fees that assume it: Osaka with BPO2 (target 14, at most 21 in a block, 6 in a transaction).
pub const BLOB_PARAMS: BlobParams = BlobParams::bpo2();

/// The layer whose rules a block obeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// Ethereum's own rules: blobs, the base fee burnt, no deposits.
    One,
    /// A rollup's: deposits, fee vaults, L1 and operator fees, no blobs.
    Two,
}

/// A chain: its id and its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chain {
    /// EIP-155 chain id.
    pub id: u64,
    /// Whose rules.
    pub layer: Layer,
}

impl Chain {
    /// The hard fork whose rules hold from genesis.
    pub const SPEC: SpecId = SpecId::OSAKA;
}
