//! The virtual machine that the program is proved on, and its keys.

use eyre::{Result, WrapErr as _};
use openvm_sdk::{
    DefaultStarkEngine, F, SC, Sdk,
    config::{AggregationSystemParams, AppConfig},
    openvm_circuit::arch::{VmInstance, instructions::exe::VmExe},
    prover::{AggProver, vm::new_local_prover},
};
use openvm_sdk_config::SdkVmConfig;
use openvm_stark_sdk::config::app_params_with_100_bits_security;
use openvm_verify_stark_host::vk::VmStarkVerifyingKey;
use std::sync::Arc;

#[cfg(not(feature = "cuda"))]
pub use openvm_sdk_config::SdkVmCpuBuilder as Builder;
#[cfg(feature = "cuda")]
pub use openvm_sdk_config::SdkVmGpuBuilder as Builder;

/// The program: `programs/zk`, built by `scripts/guest.sh build zk`.
pub const ELF: &[u8] = include_bytes!("../../programs/zk/zk.elf");
const CONFIG: &str = include_str!("../../programs/zk/openvm.toml");

/// log2 of the longest trace of one segment. Greater ones make larger segments and longer proofs of them. The program's key depends on it.
const LOG_STACKED_HEIGHT: usize = 20;

/// What OpenVM takes a segment for, in fifths of the memory that its proof was seen to take: 14.4 GiB where it said 5.5 to 6.
const ESTIMATE_FIFTHS: usize = 2;

/// A virtual machine with the program in it.
pub type Instance = VmInstance<DefaultStarkEngine, Builder>;
/// The program as the machine runs it.
pub type Exe = VmExe<F>;
/// A proof of one segment, or of some of them.
pub type Proof = openvm_stark_backend::proof::Proof<SC>;

/// The machine, which makes its keys when they are first needed: seconds for one segment's, a quarter of a minute for aggregation.
pub struct Machine {
    sdk: Sdk,
    exe: Arc<Exe>,
}

impl Machine {
    /// The machine with a program, whose segments take at most about so many bytes of memory to prove.
    pub fn new(elf: &[u8], memory_cap: usize) -> Result<Self> {
        let mut config = SdkVmConfig::from_toml(CONFIG).wrap_err("programs/zk/openvm.toml")?;
        config.system.config.set_segmentation_max_memory(memory_cap / 5 * ESTIMATE_FIFTHS);
        let params = app_params_with_100_bits_security(LOG_STACKED_HEIGHT);
        let config = AppConfig::new(config.optimize(), params);
        let sdk = Sdk::new(config, AggregationSystemParams::default())?;
        let exe = sdk.convert_to_exe(elf)?;
        Ok(Self { sdk, exe })
    }

    /// A machine that can prove segments.
    pub fn instance(&self) -> Result<Instance> {
        let key = &self.sdk.app_pk().app_vm_pk;
        Ok(new_local_prover(Builder::default(), key, self.exe.clone())?)
    }

    /// What proves proofs.
    pub fn aggregator(&self) -> Arc<AggProver> {
        self.sdk.agg_prover()
    }

    /// The key of the circuit that verifies a proof for the wrap: it does not depend on the program.
    #[cfg(feature = "wrap")]
    pub fn root_key(&self) -> openvm_sdk::keygen::RootProvingKey {
        self.sdk.root_pk()
    }

    /// Where public values are in the memory, and how many.
    #[cfg(feature = "wrap")]
    pub fn public_memory(
        &self,
    ) -> (openvm_sdk::openvm_circuit::system::memory::dimensions::MemoryDimensions, usize) {
        let config: &openvm_sdk::openvm_circuit::arch::SystemConfig =
            self.sdk.app_config().app_vm_config.as_ref();
        (config.memory_config.memory_dimensions(), config.num_public_values)
    }

    /// What OpenVM verifies a proof with: the last circuit, and the commitments that tell this program from others.
    pub fn verifying_key(&self) -> Result<VmStarkVerifyingKey> {
        let baseline = self.sdk.prover(self.exe.clone())?.generate_baseline();
        Ok(VmStarkVerifyingKey { mvk: self.sdk.agg_vk().as_ref().clone(), baseline })
    }
}
