//! The wrap: a proof of the zkVM, shown in a proof that any L1 can verify.
//!
//! ```text
//! STARK (BabyBear) ── root ─► STARK over a hash of BN254's field ── circuit ─► halo2 proof ── wrapper ─► halo2 proof, 1,824 bytes
//! ```
//!
//! Each step needs a key. The keys belong to the zkVM and the KZG parameters, not to the program: they are made once, with the first proof, and kept in a folder.
//! So are the first two proofs, until the third is made.

mod parameters;

pub use parameters::Parameters;

use crate::{
    durable,
    machine::{Machine, Proof},
    parts::discard,
    progress::{Progress, Step},
    usage::Usage,
};
use alloy_primitives::{hex, keccak256};
use eyre::{Result, WrapErr as _, bail, ensure, eyre};
use openvm_continuations::{RootSC, prover::ChildVkKind};
use openvm_sdk::{
    DefaultStarkEngine,
    fs::{read_object_from_file, write_object_to_file},
    keygen::{RootProvingKey, static_verifier::keygen_static_verifier},
    prover::{AggProver, RootProver},
    types::EvmProof,
};
use openvm_stark_backend::{
    codec::{Decode, Encode},
    p3_field::PrimeField32 as _,
    proof,
};
use openvm_static_verifier::{
    Halo2Params, Halo2WrapperProvingKey, StaticVerifierProvingKey, StaticVerifierShape,
    tracegen::graph_executor::GraphExecutorState,
};
use openvm_verify_stark_host::VmStarkProof;
use serde::{Serialize, de::DeserializeOwned};
use snark_verifier_sdk::{
    SHPLONK, Snark, evm::gen_evm_verifier_sol_code, halo2::aggregation::AggregationCircuit,
};
use std::{
    fmt, fs,
    io::BufReader,
    path::{Path, PathBuf},
    sync::Arc,
};

/// How often a proof is proved once more where it does not fit the root's circuit.
const RETRIES: usize = 8;

/// What the steps and the keys that they need are worth in a segment's cells: by the CPU time of docs/benchmarks.md, where a million cells took 0.72 s.
mod cells {
    pub(super) const ROOT: u64 = 1_215_000_000;
    pub(super) const ROOT_KEY: u64 = 230_000_000;
    pub(super) const HALO2: u64 = 2_350_000_000;
    pub(super) const CIRCUIT_KEY: u64 = 820_000_000;
    pub(super) const WRAPPER_KEY: u64 = 250_000_000;
    pub(super) const WRAPPER: u64 = 700_000_000;
}

/// What a wrap is worth, and what the keys for the first one are, in a segment's cells.
pub const WRAP_CELLS: [u64; 2] = [
    cells::ROOT + cells::HALO2 + cells::WRAPPER,
    cells::ROOT_KEY + cells::CIRCUIT_KEY + cells::WRAPPER_KEY,
];

/// A proof of the root.
type RootProof = proof::Proof<RootSC>;

/// Wraps proofs with the parameters and keys of one folder.
pub struct Wrap<'a> {
    machine: &'a Machine,
    parameters: Parameters,
    keys: PathBuf,
    usage: Usage,
}

impl<'a> Wrap<'a> {
    /// What the folder has is used; what it lacks is made when it is needed.
    pub fn new(machine: &'a Machine, folder: &Path) -> Result<Self> {
        let parameters = Parameters::in_folder(folder);
        let recursive = machine.aggregator().internal_recursive_prover.get_vk();
        let name =
            [format!("{:?}", recursive.pre_hash).into_bytes(), parameters.secret()?].concat();
        let keys = folder.join(format!("keys-{}", hex::encode(&keccak256(name)[..8])));
        fs::create_dir_all(&keys).wrap_err_with(|| keys.display().to_string())?;
        Ok(Self { machine, parameters, keys, usage: Usage::now() })
    }

    /// What a wrap takes here: with the keys that are not there yet.
    pub fn steps(&self) -> Vec<Step> {
        let key = |name: &str, cells| if self.keys.join(name).exists() { 0 } else { cells };
        let keys = key("circuit", cells::CIRCUIT_KEY) + key("wrapper", cells::WRAPPER_KEY);
        vec![
            Step::new("wrap: the root's proof", cells::ROOT + key("root", cells::ROOT_KEY)),
            Step::new("wrap: halo2 proof of the root's proof", cells::HALO2 + keys),
            Step::new("wrap: the wrapper, a proof of that proof", cells::WRAPPER),
        ]
    }

    /// Wraps a proof: the bytes that `Halo2Verifier` takes.
    ///
    /// Ends with [`Stopped`](crate::progress::Stopped) at the next step once somebody who watches wishes so.
    pub fn wrap(&self, stark: VmStarkProof, progress: &mut Progress<'_>) -> Result<Vec<u8>> {
        self.parameters.check()?;
        let id = keccak256(stark.encode_to_vec()?);
        let part = |name: &str| self.keys.join(format!("{name}-{}", hex::encode(&id[..8])));
        let (root, halo2) = (part("root-proof"), part("halo2-proof"));
        let snark = match read_object(&halo2)? {
            Some(snark) => {
                (0..2).for_each(|_| progress.skip());
                snark
            }
            None => {
                let proof = self.root_proof(&root, stark, progress)?;
                let snark = self.halo2_proof(&proof, progress)?;
                write_object(&halo2, &snark)?;
                snark
            }
        };
        progress.begin()?;
        let Some(wrapper) = read::<Halo2WrapperProvingKey>(&self.keys.join("wrapper"))? else {
            discard(&halo2, "was made for a key that is gone")?;
            bail!("the wrapper's key is gone: the next try makes it anew");
        };
        let parameters = self.wrapper_parameters(&wrapper)?;
        let proof = wrapper.prove_for_evm(&parameters, snark);
        self.say("proof of that proof");
        progress.done();
        for part in [root, halo2].iter().filter(|part| part.exists()) {
            fs::remove_file(part)?;
        }
        encode(EvmProof::try_from(proof)?)
    }

    fn halo2_proof(&self, root: &RootProof, progress: &mut Progress<'_>) -> Result<Snark> {
        progress.begin()?;
        let circuit = self.circuit_key(root)?;
        progress.check()?;
        self.make_wrapper_key(&circuit)?;
        progress.check()?;
        let parameters = self.parameters.read(circuit.shape.k)?;
        let mut state = GraphExecutorState::new(&circuit.graph_program);
        let snark = circuit.prove_wrapped(&parameters, root, &mut state);
        self.say("halo2 proof of the root's proof");
        progress.done();
        Ok(snark)
    }

    /// The sources of the contract that verifies what is wrapped with these parameters: as OpenVM's tool writes them, for solc 0.8.19.
    pub fn contract(&self) -> Result<String> {
        let path = self.keys.join("wrapper");
        let wrapper: Halo2WrapperProvingKey = read(&path)?
            .ok_or_else(|| eyre!("there are no keys yet: wrap a proof first, which makes them"))?;
        Ok(gen_evm_verifier_sol_code::<AggregationCircuit, SHPLONK>(
            self.wrapper_parameters(&wrapper)?.as_ref(),
            wrapper.pinning.pk.get_vk(),
            wrapper.pinning.metadata.num_pvs.clone(),
        ))
    }

    fn say(&self, what: &str) {
        eprintln!("{what}: {}", self.usage.since());
    }

    fn wrapper_parameters(&self, wrapper: &Halo2WrapperProvingKey) -> Result<Arc<Halo2Params>> {
        self.parameters.read(wrapper.pinning.metadata.config_params.k)
    }

    /// Kept at `path` until the wrap is done: it takes ten minutes of two cores.
    fn root_proof(
        &self,
        path: &Path,
        stark: VmStarkProof,
        progress: &mut Progress<'_>,
    ) -> Result<RootProof> {
        if let Some(proof) = read(path)? {
            progress.skip();
            return Ok(proof);
        }
        progress.begin()?;
        let aggregator = self.machine.aggregator();
        let prover = self.root_prover(&aggregator)?;
        self.say("key of the root");
        let again = |mut stark: VmStarkProof| {
            let prover = &aggregator.internal_recursive_prover;
            let inner: &[Proof] = &[stark.inner];
            stark.inner =
                prover.agg_prove_no_def::<DefaultStarkEngine>(inner, ChildVkKind::RecursiveSelf)?;
            Ok(stark)
        };
        let proof = prover.prove(stark, &prover.create_engine(), RETRIES, again)?;
        write(path, &proof)?;
        self.say("proof of the root");
        progress.done();
        Ok(proof)
    }

    fn root_prover(&self, aggregator: &AggProver) -> Result<RootProver> {
        let path = self.keys.join("root");
        let key: RootProvingKey = match read_object(&path)? {
            Some(key) => key,
            None => {
                let key = self.machine.root_key();
                write_object(&path, &key)?;
                key
            }
        };
        let recursive = &aggregator.internal_recursive_prover;
        let commitment =
            recursive.get_self_vk_pcs_data().expect("the circuit verifies itself; qed").commitment;
        let (memory, values) = self.machine.public_memory();
        Ok(RootProver::from_pk(
            recursive.get_vk(),
            commitment.into(),
            key.root_pk,
            memory,
            values,
            None,
            Some(key.trace_heights),
        ))
    }

    fn circuit_key(&self, any: &RootProof) -> Result<StaticVerifierProvingKey> {
        let path = self.keys.join("circuit");
        if let Some(key) = read(&path)? {
            return Ok(key);
        }
        let aggregator = self.machine.aggregator();
        let shape = StaticVerifierShape::default();
        let root = self.root_prover(&aggregator)?.0.get_vk();
        let key = keygen_static_verifier(
            self.parameters.read(shape.k)?.as_ref(),
            shape,
            aggregator.internal_recursive_prover.get_vk().as_ref(),
            root.as_ref(),
            any,
        );
        write(&path, &key)?;
        self.say("key of the circuit");
        Ok(key)
    }

    fn make_wrapper_key(&self, circuit: &StaticVerifierProvingKey) -> Result<()> {
        let path = self.keys.join("wrapper");
        if path.exists() {
            return Ok(());
        }
        let snark = circuit.generate_dummy_snark(&self.parameters);
        let key = Halo2WrapperProvingKey::keygen_auto_tune(&self.parameters, snark);
        write(&path, &key)?;
        self.say("key of the wrapper");
        Ok(())
    }
}

/// What a proof says.
pub fn public_values(stark: &VmStarkProof) -> Vec<u8> {
    let values = &stark.user_pvs_proof.public_values;
    values.iter().map(|value| value.as_canonical_u32() as u8).collect()
}

/// `appExeCommit ‖ appVmCommit ‖ proofData`.
fn encode(proof: EvmProof) -> Result<Vec<u8>> {
    let commits = [proof.app_commit.app_exe_commit, proof.app_commit.app_vm_commit];
    let mut bytes: Vec<u8> = commits.iter().flat_map(|commit| *commit.as_slice()).collect();
    bytes.extend(proof.proof_data.accumulator);
    bytes.extend(proof.proof_data.proof);
    ensure!(bytes.len() == 57 * 32, "the proof has {} bytes, not 57 words", bytes.len());
    Ok(bytes)
}

fn write_object<T: Serialize>(path: &Path, what: &T) -> Result<()> {
    durable::write_by(path, |unfinished| write_object_to_file(unfinished, what))
}

fn read_object<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match path.exists() {
        true => whole(path, read_object_from_file(path)),
        false => Ok(None),
    }
}

fn read<T: Decode>(path: &Path) -> Result<Option<T>> {
    if !path.exists() {
        return Ok(None);
    }
    let mut file = BufReader::with_capacity(1 << 20, fs::File::open(path)?);
    whole(path, T::decode(&mut file))
}

fn write<T: Encode>(path: &Path, what: &T) -> Result<()> {
    durable::write(path, |file| Ok(what.encode(file)?))
}

/// What was read of a file; nothing, and no file any more, where that is damaged.
fn whole<T, E: fmt::Display>(path: &Path, read: Result<T, E>) -> Result<Option<T>> {
    match read {
        Ok(what) => Ok(Some(what)),
        Err(error) => {
            discard(path, &format!("is damaged ({error})"))?;
            Ok(None)
        }
    }
}
