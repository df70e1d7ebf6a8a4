//! The wrap: a proof of the zkVM, shown in a proof that any L1 can verify.
//!
//! ```text
//! STARK (BabyBear) ── root ─► STARK over a hash of BN254's field ── circuit ─► halo2 proof ── wrapper ─► halo2 proof, 1,824 bytes
//! ```
//!
//! Each step needs a key. The keys belong to the zkVM and the KZG parameters, not to the program: they are made once, with the first proof, and kept in a folder.

mod parameters;

pub use parameters::Parameters;

use crate::{
    machine::{Machine, Proof},
    progress::Watch,
    usage::Usage,
};
use alloy_primitives::{hex, keccak256};
use eyre::{Result, WrapErr as _, ensure, eyre};
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
use serde::Serialize;
use snark_verifier_sdk::{
    SHPLONK, Snark, evm::gen_evm_verifier_sol_code, halo2::aggregation::AggregationCircuit,
};
use std::{
    fs,
    io::{BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

/// How often a proof is proved once more where it does not fit the root's circuit.
const RETRIES: usize = 8;

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

    /// Wraps a proof: the bytes that `Halo2Verifier` takes.
    ///
    /// Ends with [`Stopped`](crate::progress::Stopped) at the next step once somebody who watches wishes so.
    pub fn wrap(&self, stark: VmStarkProof, watch: &Watch) -> Result<Vec<u8>> {
        self.parameters.check()?;
        let id = keccak256(stark.encode_to_vec()?);
        let part = |name: &str| self.keys.join(format!("{name}-{}", hex::encode(&id[..8])));
        let (root, halo2) = (part("root-proof"), part("halo2-proof"));
        if !halo2.exists() {
            let proof = self.root_proof(&root, stark)?;
            watch.check()?;
            write_object(&halo2, &self.halo2_proof(&proof, watch)?)?;
            self.say("halo2 proof of the root's proof");
            watch.check()?;
        }
        let wrapper: Halo2WrapperProvingKey =
            read(&self.keys.join("wrapper"))?.ok_or_else(|| eyre!("the key is gone"))?;
        let parameters = self.wrapper_parameters(&wrapper)?;
        let proof = wrapper.prove_for_evm(&parameters, read_object_from_file(&halo2)?);
        self.say("proof of that proof");
        fs::remove_file(root)?;
        fs::remove_file(halo2)?;
        encode(EvmProof::try_from(proof)?)
    }

    fn halo2_proof(&self, root: &RootProof, watch: &Watch) -> Result<Snark> {
        let circuit = self.circuit_key(root)?;
        watch.check()?;
        self.make_wrapper_key(&circuit)?;
        watch.check()?;
        let parameters = self.parameters.read(circuit.shape.k)?;
        let mut state = GraphExecutorState::new(&circuit.graph_program);
        Ok(circuit.prove_wrapped(&parameters, root, &mut state))
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
    fn root_proof(&self, path: &Path, stark: VmStarkProof) -> Result<RootProof> {
        if let Some(proof) = read(path)? {
            return Ok(proof);
        }
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
        Ok(proof)
    }

    fn root_prover(&self, aggregator: &AggProver) -> Result<RootProver> {
        let path = self.keys.join("root");
        let key: RootProvingKey = if path.exists() {
            read_object_from_file(&path)?
        } else {
            let key = self.machine.root_key();
            write_object(&path, &key)?;
            key
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
    let unfinished = path.with_extension("unfinished");
    write_object_to_file(&unfinished, what)?;
    Ok(fs::rename(unfinished, path)?)
}

fn read<T: Decode>(path: &Path) -> Result<Option<T>> {
    if !path.exists() {
        return Ok(None);
    }
    let mut file = BufReader::with_capacity(1 << 20, fs::File::open(path)?);
    Ok(Some(T::decode(&mut file).wrap_err_with(|| path.display().to_string())?))
}

fn write<T: Encode>(path: &Path, what: &T) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut file = BufWriter::with_capacity(1 << 20, fs::File::create(&unfinished)?);
    what.encode(&mut file)?;
    file.flush()?;
    drop(file);
    Ok(fs::rename(unfinished, path)?)
}
