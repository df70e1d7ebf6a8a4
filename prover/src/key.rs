//! What L1 and the node know the program by, in both its builds.

use crate::machine::{ELF, Machine};
use alloy_primitives::{B256, keccak256};
use eyre::Result;
use mezz_primitives::{ProgramId, release};
use mezz_riscv::Program;
use mezz_verify::{Circuit, VerifyingKey};
use openvm_verify_stark_host::{pvs::VkCommit, vk::VmStarkVerifyingKey};
use serde::{Deserialize, Serialize};

/// The keys of a program: `programs/zk/key.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// Of the ELF file for the zkVM.
    pub elf_keccak: B256,
    /// OpenVM's commitment to the program: its instructions, its first memory, its start.
    pub app_exe_commit: B256,
    /// OpenVM's commitment to the machine and to what verifies its proofs.
    pub app_vm_commit: B256,
    /// What L1 registers.
    pub program_key: B256,
    /// The build for the fault proof.
    pub fault_proof: ProgramId,
    /// Both builds.
    pub release: B256,
}

impl Key {
    /// Computes the keys, and what proofs are verified with: a quarter of a minute.
    pub fn new(machine: &Machine) -> Result<(Self, VerifyingKey)> {
        let verifying = verifying_key(machine.verifying_key()?);
        let program = Program::parse(mezz_program::ELF)?;
        let fault_proof = ProgramId { memory: program.memory_root(), pc: program.entry() };
        let program_key = verifying.program_key();
        let key = Self {
            elf_keccak: keccak256(ELF),
            app_exe_commit: verifying.app_exe_commit(),
            app_vm_commit: verifying.app_vm_commit(),
            program_key,
            fault_proof,
            release: release(fault_proof, program_key),
        };
        Ok((key, verifying))
    }
}

/// OpenVM's verifying key in the form that needs nothing of the zkVM.
fn verifying_key(key: VmStarkVerifyingKey) -> VerifyingKey {
    let baseline = key.baseline;
    let circuit = |it: VkCommit<_>| Circuit { constraints: it.cached_commit, key: it.vk_pre_hash };
    let heights = baseline.memory_dimensions;
    VerifyingKey {
        circuit: key.mvk,
        program: baseline.app_exe_commit,
        machine: circuit(baseline.app_vk_commit),
        leaf: circuit(baseline.leaf_vk_commit),
        internal: circuit(baseline.internal_for_leaf_vk_commit),
        recursive: circuit(baseline.internal_recursive_vk_commit),
        memory_heights: (heights.addr_space_height as u32, heights.address_height as u32),
    }
}
