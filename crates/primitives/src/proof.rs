//! What a validity proof says (`docs/spec/validity-proof.md`).

use crate::{
    Accumulator, ProgramId,
    hash::{Fields, Words, domain},
};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use serde::{Deserialize, Serialize};

/// How much a validity proof is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum ProofKind {
    /// One span: the result is the hash of the output after it.
    Span = 0,
    /// All spans of a claim: the result is the root over their outputs.
    Claim = 1,
    /// The signatures of batches that were posted without: the result is the boot itself.
    Signatures = 2,
}

impl TryFrom<u8> for ProofKind {
    type Error = u8;

    fn try_from(kind: u8) -> Result<Self, u8> {
        match kind {
            0 => Ok(Self::Span),
            1 => Ok(Self::Claim),
            2 => Ok(Self::Signatures),
            other => Err(other),
        }
    }
}

/// What a validity proof is worth. The numbers are those of the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum ProofPolicy {
    /// Nothing: it is recorded and changes nothing.
    StepOnly = 0,
    /// It shortens the window of a claim's instances; the game has the last word.
    Safe = 1,
    /// It makes a claim final, decides doubts about spans, and refutes.
    Fast = 2,
}

/// The rules for validity proofs of one deployment; seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProofConfig {
    /// What a proof is worth.
    pub policy: ProofPolicy,
    /// Between a proof and finality: the guard of `Fast`, the shortened window of `Safe`.
    pub wait: u64,
    /// How long a claim waits for a proof, from its assertion; zero is not at all.
    pub prover_timeout: u64,
}

impl ProofConfig {
    /// Whether a claim is final by its proof, and by its window only where that does not come.
    pub const fn decides(&self) -> bool {
        matches!(self.policy, ProofPolicy::Fast) && self.prover_timeout > 0
    }
}

/// The contracts on L1 that only a chain with validity proofs has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProofContracts {
    /// Takes proofs and says what they are worth.
    pub router: Address,
    /// What verifies those of the first version of the program.
    pub verifier: Address,
}

/// Which signatures a proof of [`ProofKind::Signatures`] is about: those of the batches `start..end` that were posted without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignaturesBoot {
    /// Chain id of the L2.
    pub chain_id: u64,
    /// The inbox's chain after `end` batches.
    pub acc: Accumulator,
    /// The first batch.
    pub start: u64,
    /// One past the last batch.
    pub end: u64,
}

impl SignaturesBoot {
    /// What the hash is taken of.
    pub fn encode(&self) -> Bytes {
        self.words().into_bytes()
    }

    /// Reads [`SignaturesBoot::encode`].
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::of(domain::SIGNATURES, bytes)?;
        let boot = Self {
            chain_id: fields.number()?,
            acc: Accumulator(fields.word()?),
            start: fields.number()?,
            end: fields.number()?,
        };
        fields.end(boot)
    }

    /// The statement's `boot`.
    pub fn hash(&self) -> B256 {
        self.words().hash()
    }

    fn words(&self) -> Words {
        Words::domain(domain::SIGNATURES)
            .number(self.chain_id)
            .word(self.acc.0)
            .number(self.start)
            .number(self.end)
    }
}

/// The rules of one deployment for batches without signatures (`docs/spec/signatures.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignaturesConfig {
    /// How long after it was posted the signatures of a batch may be proven, seconds; after that it counts as one without data.
    pub timeout: u64,
}

/// The contracts on L1 that only a chain has whose batches may lack signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignaturesContracts {
    /// The batches that are decided; with a data committee the committee's.
    pub sealed_inbox: Address,
    /// Takes proofs of signatures.
    pub proofs: Address,
}

/// What a blob's polynomial is worth at a point that depends on the whole blob. L1 checks it against the blob's commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobOpening {
    /// Which blob.
    pub versioned_hash: B256,
    /// The point.
    pub z: B256,
    /// The value there.
    pub y: B256,
}

/// What a validity proof says: the program, begun with `boot`, comes to `result` if these openings are right.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// What `result` is.
    pub kind: ProofKind,
    /// The hash of what the run depends on.
    pub boot: B256,
    /// The hash that it comes to.
    pub result: B256,
    /// The blobs that were read, each once, in the order of their first use.
    pub openings: Vec<BlobOpening>,
}

impl Statement {
    /// The only public value of a proof.
    pub fn hash(&self) -> B256 {
        Words::domain(domain::PROOF)
            .number(self.kind as u64)
            .word(self.boot)
            .word(self.result)
            .word(openings_hash(&self.openings))
            .hash()
    }
}

/// The hash over the openings that a statement is made on: a chain, so that L1 can check them in parts. Zero if there are none.
pub fn openings_hash(openings: &[BlobOpening]) -> B256 {
    openings.iter().fold(B256::ZERO, |before, opening| {
        Words::domain(domain::OPENINGS)
            .word(before)
            .word(opening.versioned_hash)
            .word(opening.z)
            .word(opening.y)
            .hash()
    })
}

/// The order of the scalar field of BLS12-381, in which blobs are polynomials.
pub const BLOB_MODULUS: U256 = U256::from_limbs([
    0xffff_ffff_0000_0001,
    0x53bd_a402_fffe_5bfe,
    0x3339_d808_09a1_d805,
    0x73ed_a753_299d_7d48,
]);

/// Where the polynomial of a blob is evaluated: nobody can choose a blob for it. `elements` are those up to the last that is not zero.
pub fn opening_point(versioned_hash: B256, elements: &[u8]) -> B256 {
    let hash = Words::domain(domain::POINT).word(versioned_hash).word(keccak256(elements)).hash();
    B256::from(U256::from_be_bytes(hash.0) % BLOB_MODULUS)
}

/// What L1 knows a program of a zkVM by.
pub fn program_key(app_exe_commit: B256, app_vm_commit: B256) -> B256 {
    Words::domain(domain::PROGRAM).word(app_exe_commit).word(app_vm_commit).hash()
}

/// What L1 knows the builds of one program by: that for the fault proof, and the key of that for the zkVM.
pub fn release(program: ProgramId, key: B256) -> B256 {
    Words::domain(domain::RELEASE).word(program.memory).number(program.pc.into()).word(key).hash()
}

/// Elements of a blob without the zeros that it ends in.
pub fn trimmed(blob: &[u8]) -> &[u8] {
    let (elements, _) = blob.as_chunks::<32>();
    let kept = elements.iter().rposition(|element| *element != [0; 32]).map_or(0, |last| last + 1);
    &blob[..kept * 32]
}
