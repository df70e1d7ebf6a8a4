//! A message from L2 to L1 (`docs/spec/bridge.md`).

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue;
use serde::{Deserialize, Serialize};

/// A withdrawal as `L2ToL1MessagePasser` records it and the portal pays it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawal {
    /// Message nonce; the version stands in the top two bytes.
    pub nonce: U256,
    /// L2 sender.
    pub sender: Address,
    /// L1 target.
    pub target: Address,
    /// Wei.
    pub value: U256,
    /// Least L1 gas for the target.
    pub gas_limit: U256,
    /// Calldata for the target.
    pub data: Bytes,
}

impl Withdrawal {
    /// The hash under which both sides know it.
    pub fn hash(&self) -> B256 {
        keccak256(
            (self.nonce, self.sender, self.target, self.value, self.gas_limit, self.data.clone())
                .abi_encode_params(),
        )
    }

    /// The storage slot of `sentMessages[hash]` in `L2ToL1MessagePasser`.
    pub fn storage_slot(&self) -> B256 {
        keccak256([self.hash(), B256::ZERO].concat())
    }
}
