//! What a proof is verified with.

use crate::{Digest, Error, digest};
use alloy_primitives::B256;
use mezz_primitives::program_key;
use openvm_stark_backend::keygen::types::MultiStarkVerifyingKey;
use openvm_stark_sdk::config::baby_bear_poseidon2::BabyBearPoseidon2Config;
use serde::{Deserialize, Serialize};

/// The commitment to a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circuit {
    /// To its constraints.
    pub constraints: Digest,
    /// To its verifying key.
    pub key: Digest,
}

/// What a program's proofs are verified with: the last circuit, and the commitments to those below and to the program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifyingKey {
    /// The circuit that a proof is of.
    pub circuit: MultiStarkVerifyingKey<BabyBearPoseidon2Config>,
    /// The program: its instructions, its first memory, its start.
    pub program: Digest,
    /// Whose proofs are verified first: the machine's.
    pub machine: Circuit,
    /// What verifies the machine's.
    pub leaf: Circuit,
    /// What verifies the leaf's.
    pub internal: Circuit,
    /// What verifies the internal one's, and its own.
    pub recursive: Circuit,
    /// Levels of the memory's tree above the address spaces, and within each.
    pub memory_heights: (u32, u32),
}

impl VerifyingKey {
    /// Reads [`VerifyingKey::encode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        postcard::from_bytes(bytes).map_err(|_| Error::Key)
    }

    /// The key as a file.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a key has only what can be written; qed")
    }

    /// OpenVM's commitment to the program.
    pub fn app_exe_commit(&self) -> B256 {
        digest::to_bytes(&self.program)
    }

    /// OpenVM's commitment to the machine and to what verifies its proofs.
    pub fn app_vm_commit(&self) -> B256 {
        let circuits = [&self.machine, &self.leaf, &self.internal];
        let digests = circuits.into_iter().flat_map(|it| [&it.constraints, &it.key]);
        digest::to_bytes(&digest::hash_all(digests))
    }

    /// What L1 knows the program by.
    pub fn program_key(&self) -> B256 {
        program_key(self.app_exe_commit(), self.app_vm_commit())
    }
}
