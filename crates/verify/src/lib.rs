//! Verifies validity proofs: the aggregated STARKs of OpenVM 2 that `mezz-prover` makes (`docs/spec/validity-proof.md`, section 3).
//!
//! A proof is one of the recursive circuit, which verified proofs of itself or of the circuits below it, down to the segments of a run. What it makes public names
//! the circuits that were verified and the program that ran; `public.rs` compares that with the [`VerifyingKey`]. So nothing of the zkVM is needed here but its proof system.

mod digest;
mod key;
mod public;

pub use key::{Circuit, VerifyingKey};

use alloy_primitives::B256;
use openvm_stark_backend::{
    codec::{DecodableConfig, Decode as _},
    proof,
};
use openvm_stark_sdk::config::baby_bear_poseidon2::{
    BabyBearPoseidon2Config, default_duplex_sponge,
};

/// An element of the field that proofs are made in.
type F = openvm_stark_sdk::config::baby_bear_poseidon2::F;
/// A hash in that field.
pub type Digest = openvm_stark_sdk::config::baby_bear_poseidon2::Digest;

/// Why a proof is none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The verifying key's file is another format's.
    #[error("this is no verifying key: it must be the one that `mezz-prover key` writes")]
    Key,
    /// The bytes are not a proof.
    #[error("the proof cannot be read: {0}")]
    Form(String),
    /// The proof system refuses it.
    #[error("the proof is wrong: {0}")]
    Proof(String),
    /// It proves something, but not this.
    #[error("the proof is of something else: {0}")]
    Public(&'static str),
}

impl Error {
    fn form(error: impl core::fmt::Display) -> Self {
        Self::Form(error.to_string())
    }
}

/// A proof and the memory that the public values are in.
struct Decoded {
    inner: proof::Proof<BabyBearPoseidon2Config>,
    /// Siblings on the way from the public values to the root of the memory.
    siblings: Vec<Digest>,
    values: Vec<F>,
    root: Digest,
}

impl Decoded {
    fn decode(mut bytes: &[u8]) -> Result<Self, Error> {
        let reader = &mut bytes;
        let decoded = Self {
            inner: proof::Proof::decode(reader).map_err(Error::form)?,
            siblings: BabyBearPoseidon2Config::decode_digest_vec(reader).map_err(Error::form)?,
            values: BabyBearPoseidon2Config::decode_base_field_vec(reader).map_err(Error::form)?,
            root: BabyBearPoseidon2Config::decode_digest(reader).map_err(Error::form)?,
        };
        // No deferred computations, and nothing behind.
        if bytes != [0] {
            return Err(Error::Public("it has parts that proofs of this program do not have"));
        }
        Ok(decoded)
    }
}

/// Verifies proofs of one program.
#[derive(Debug)]
pub struct Verifier {
    key: VerifyingKey,
    config: BabyBearPoseidon2Config,
}

impl Verifier {
    /// A verifier with this key.
    pub fn new(key: VerifyingKey) -> Self {
        let config = BabyBearPoseidon2Config::default_from_params(key.circuit.inner.params.clone());
        Self { key, config }
    }

    /// The committed program's.
    #[cfg(feature = "key")]
    pub fn committed() -> Self {
        let key = VerifyingKey::decode(include_bytes!("../../../programs/zk/verifying.key"))
            .expect("a test reads the committed key; qed");
        Self::new(key)
    }

    /// What L1 knows the program by.
    pub fn program_key(&self) -> B256 {
        self.key.program_key()
    }

    /// Returns if the proof shows that the program puts out `statement`. It takes about 20 ms.
    pub fn verify(&self, statement: B256, proof: &[u8]) -> Result<(), Error> {
        let proof = Decoded::decode(proof)?;
        openvm_stark_backend::verifier::verify(
            &self.config,
            &self.key.circuit,
            &proof.inner,
            &mut default_duplex_sponge(),
        )
        .map_err(|error| Error::Proof(error.to_string()))?;
        public::check(&self.key, statement, &proof)
    }
}
