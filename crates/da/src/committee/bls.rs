//! Keys and signatures over BLS12-381, as L1 checks them: keys in G2, signatures in G1.
//!
//! Points are encoded as L1 takes them: coordinates of 48 bytes, G1 `x ‖ y`, G2 `x.c0 ‖ x.c1 ‖ y.c0 ‖ y.c1`. That is EIP-2537 without
//! its zero bytes, and the usual uncompressed form with the halves of G2's coordinates in the other order.

use crate::Error;
use alloy::primitives::{Address, B256, Bytes};
use blst::{
    BLST_ERROR,
    min_sig::{AggregateSignature, PublicKey, SecretKey, Signature},
};
use serde::{Deserialize, Serialize};
use std::{fmt, fs, path::Path};

/// The ciphersuite's own tag: whatever signs with BLS can sign certificates.
const SIGNATURE_DST: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";
/// The tag of proofs of possession, which say whose the key is too.
const PROOF_DST: &[u8] = b"MEZZANINE_COMMITTEE_POP_V1_BLS12381G1_XMD:SHA-256_SSWU_RO_";
/// Bytes of a coordinate in the field.
const COORDINATE: usize = 48;

/// A member's key.
#[derive(Clone)]
pub struct BlsKey(SecretKey);

impl BlsKey {
    /// A key of its 32 bytes, big-endian; `None` if the number is 0 or not below the order of the groups.
    pub fn from_bytes(secret: &B256) -> Option<Self> {
        SecretKey::from_bytes(secret.as_slice()).ok().map(Self)
    }

    /// A new key.
    pub fn random() -> Self {
        let material: [u8; 32] = rand::random();
        Self(SecretKey::key_gen(&material, &[]).expect("32 bytes are enough for a key; qed"))
    }

    /// Reads a file with the key's 32 bytes in hexadecimal, with or without `0x`.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(Error::store(path))?;
        let key = text.trim().parse().ok().and_then(|secret| Self::from_bytes(&secret));
        key.ok_or_else(|| Error::MemberConfig {
            field: "bls-key-file",
            reason: format!(
                "is {}, which holds no BLS key: 64 hexadecimal digits, as `mezz dac key` writes them",
                path.display()
            ),
        })
    }

    /// Its 32 bytes, which are secret.
    pub fn to_bytes(&self) -> B256 {
        self.0.to_bytes().into()
    }

    /// What others know it by.
    pub fn public(&self) -> BlsPublicKey {
        BlsPublicKey(self.0.sk_to_pk())
    }

    /// Signs the digest of a certificate.
    pub fn sign(&self, digest: B256) -> BlsSignature {
        BlsSignature(self.0.sign(digest.as_slice(), SIGNATURE_DST, &[]))
    }

    /// The proof that `member` has this key, which L1 asks for before it counts.
    pub fn prove(&self, member: Address) -> BlsSignature {
        BlsSignature(self.0.sign(&possession(member, &self.public()), PROOF_DST, &[]))
    }
}

impl fmt::Debug for BlsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BlsKey").field(&self.public()).finish()
    }
}

/// A public key: a point of G2 in its subgroup, and not infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlsPublicKey(PublicKey);

impl BlsPublicKey {
    /// Bytes of its encoding.
    pub const SIZE: usize = 4 * COORDINATE;

    /// Reads [`BlsPublicKey::encode`].
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = halves_swapped(bytes.try_into().ok()?);
        let key = PublicKey::deserialize(&bytes).ok()?;
        key.validate().ok()?;
        Some(Self(key))
    }

    /// As L1 takes it.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        halves_swapped(&self.0.serialize())
    }

    /// Whether it has signed the digest of a certificate.
    pub fn verify(&self, digest: B256, signature: &BlsSignature) -> bool {
        self.has_signed(digest.as_slice(), SIGNATURE_DST, signature)
    }

    /// Whether `proof` shows that `member` has this key.
    pub fn verify_proof(&self, member: Address, proof: &BlsSignature) -> bool {
        self.has_signed(&possession(member, self), PROOF_DST, proof)
    }

    fn has_signed(&self, message: &[u8], dst: &[u8], signature: &BlsSignature) -> bool {
        // Both are in their subgroups since they were read.
        signature.0.verify(false, message, dst, &[], &self.0, false) == BLST_ERROR::BLST_SUCCESS
    }
}

/// A signature, or a sum of several: a point of G1 in its subgroup, and not infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlsSignature(Signature);

impl BlsSignature {
    /// Bytes of its encoding.
    pub const SIZE: usize = 2 * COORDINATE;

    /// Reads [`BlsSignature::encode`].
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::SIZE] = bytes.try_into().ok()?;
        let signature = Signature::deserialize(bytes).ok()?;
        signature.validate(true).ok()?;
        Some(Self(signature))
    }

    /// As L1 takes it.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        self.0.serialize()
    }

    /// One signature of all who have signed; `None` if there are none, or their sum is nothing.
    pub fn sum<'a>(signatures: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let signatures: Vec<_> = signatures.into_iter().map(|signature| &signature.0).collect();
        let sum = AggregateSignature::aggregate(&signatures, false).ok()?.to_signature();
        sum.validate(true).ok()?;
        Some(Self(sum))
    }
}

/// What L1 is told of a member's key (`registerKey`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlsRegistration {
    /// Whose key it is.
    pub member: Address,
    /// The key, as L1 takes it.
    pub key: Bytes,
    /// The proof that the member has it.
    pub proof: Bytes,
}

impl BlsRegistration {
    /// That of a member with this key.
    pub fn new(member: Address, key: &BlsKey) -> Self {
        let (public, proof) = (key.public().encode(), key.prove(member).encode());
        Self { member, key: public.into(), proof: proof.into() }
    }

    /// Whether L1 takes it.
    pub fn is_sound(&self) -> bool {
        let points = BlsPublicKey::decode(&self.key).zip(BlsSignature::decode(&self.proof));
        points.is_some_and(|(key, proof)| key.verify_proof(self.member, &proof))
    }
}

/// What a proof of possession signs.
fn possession(member: Address, key: &BlsPublicKey) -> Vec<u8> {
    [member.as_slice(), &key.encode()].concat()
}

/// The halves of both coordinates in the other order.
fn halves_swapped(point: &[u8; BlsPublicKey::SIZE]) -> [u8; BlsPublicKey::SIZE] {
    let mut swapped = *point;
    for coordinate in swapped.chunks_exact_mut(2 * COORDINATE) {
        let (first, second) = coordinate.split_at_mut(COORDINATE);
        first.swap_with_slice(second);
    }
    swapped
}
