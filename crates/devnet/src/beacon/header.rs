//! The beacon block header that stands for an L1 block.
//!
//! There is no beacon chain here, but what is served hangs together as on a real one: a header's root is its SSZ hash tree
//! root, `parent_root` is the root of the header before, and the next execution block carries the root in
//! `parentBeaconBlockRoot`, where EIP-4788 makes contracts see it.

use alloy::{consensus::Header, primitives::B256};
use serde::Serialize;

/// Seconds of a slot: with one, every timestamp has a slot of its own, and `slot = timestamp - genesis_time` is the usual rule.
pub(crate) const SECONDS_PER_SLOT: u64 = 1;

/// `BeaconBlockHeader` of the consensus specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct BeaconHeader {
    #[serde(serialize_with = "decimal")]
    pub(crate) slot: u64,
    #[serde(serialize_with = "decimal")]
    pub(crate) proposer_index: u64,
    pub(crate) parent_root: B256,
    /// The state root of the execution block stands for the beacon state's.
    pub(crate) state_root: B256,
    /// The hash of the execution block stands for the beacon body's.
    pub(crate) body_root: B256,
}

impl BeaconHeader {
    /// The header for an execution block.
    pub(crate) fn new(header: &Header, hash: B256, genesis_time: u64) -> Self {
        Self {
            slot: header.timestamp.saturating_sub(genesis_time) / SECONDS_PER_SLOT,
            proposer_index: 0,
            parent_root: header.parent_beacon_block_root.unwrap_or_default(),
            state_root: header.state_root,
            body_root: hash,
        }
    }

    /// Its hash tree root: five leaves, filled up to eight.
    pub(crate) fn root(&self) -> B256 {
        let zero = [B256::ZERO; 8];
        let mut nodes = [
            number(self.slot),
            number(self.proposer_index),
            self.parent_root,
            self.state_root,
            self.body_root,
            zero[0],
            zero[1],
            zero[2],
        ];
        for width in [4, 2, 1] {
            for index in 0..width {
                nodes[index] = sha256_pair(nodes[2 * index], nodes[2 * index + 1]);
            }
        }
        nodes[0]
    }

    /// Its SSZ encoding.
    pub(crate) fn ssz(&self) -> Vec<u8> {
        let numbers = [self.slot.to_le_bytes(), self.proposer_index.to_le_bytes()].concat();
        [
            numbers.as_slice(),
            self.parent_root.as_slice(),
            self.state_root.as_slice(),
            self.body_root.as_slice(),
        ]
        .concat()
    }
}

/// A number as a leaf: little-endian.
fn number(value: u64) -> B256 {
    let mut leaf = B256::ZERO;
    leaf[..8].copy_from_slice(&value.to_le_bytes());
    leaf
}

fn sha256_pair(left: B256, right: B256) -> B256 {
    revm::precompile::crypto().sha256(&[left, right].concat()).into()
}

/// Numbers are decimal strings in the beacon API.
pub(crate) fn decimal<S: serde::Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::b256;

    #[test]
    fn root_is_that_of_ssz() {
        // The zero header's root is the root of a tree of three levels over zero leaves.
        let zero = BeaconHeader {
            slot: 0,
            proposer_index: 0,
            parent_root: B256::ZERO,
            state_root: B256::ZERO,
            body_root: B256::ZERO,
        };
        assert_eq!(
            zero.root(),
            b256!("c78009fdf07fc56a11f122370658a353aaa542ed63e44c4bc15ff4cd105ab33c")
        );
        let first = BeaconHeader { slot: 1, ..zero };
        assert_ne!(first.root(), zero.root());
        assert_eq!(first.ssz().len(), 112);
    }
}
