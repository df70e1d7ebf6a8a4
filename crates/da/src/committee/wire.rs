//! What client and member say to each other over HTTP: names, bodies and what is signed.

use alloy::primitives::{Address, B256, Bytes, Signature, keccak256};
use mezz_primitives::{CHUNK_SIZE, CHUNKS_MAX, Certificate, PayloadId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The longest payload, bytes.
pub(crate) const PAYLOAD_BYTES_MAX: usize = CHUNK_SIZE * CHUNKS_MAX;
/// The longest answer that is not a chunk, bytes.
pub(crate) const ANSWER_BYTES_MAX: usize = 16_384;
/// How far the time of a signed read may be from the member's, seconds.
pub(crate) const READ_TIME_TOLERANCE: u64 = 60;

/// Header with the certificate that is asked for, as JSON.
pub(crate) const CERTIFICATE: &str = "mezzanine-certificate";
/// Header with the signature of who asks.
pub(crate) const SIGNATURE: &str = "mezzanine-signature";
/// Header with the time at which a read was signed, seconds since 1970.
pub(crate) const TIME: &str = "mezzanine-time";

/// Where batches are posted: what a signature is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxId {
    /// Chain id of L1.
    pub l1_chain_id: u64,
    /// The inbox on it.
    pub inbox: Address,
}

/// How a certificate is signed: the epoch that it names has the one or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// ECDSA over secp256k1, of committees of up to 20 members.
    #[default]
    Secp256k1,
    /// BLS12-381, of larger ones.
    Bls,
}

impl Scheme {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// The header [`CERTIFICATE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CertificateHeader {
    #[serde(flatten)]
    pub(crate) inbox: InboxId,
    #[serde(flatten)]
    pub(crate) certificate: Certificate,
    #[serde(default, skip_serializing_if = "Scheme::is_usual")]
    pub(crate) scheme: Scheme,
}

/// The answer to a request for a certificate.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Signed {
    pub(crate) member: Address,
    pub(crate) signature: Bytes,
}

/// Every answer that is not what was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refused {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// A payload that a member has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// Which.
    #[serde(flatten)]
    pub payload: PayloadId,
    /// The hashes of its chunks, in order.
    pub chunk_hashes: Vec<B256>,
    /// Until when it is kept, seconds since 1970; `None` if for ever.
    pub expiry: Option<u64>,
}

/// How a member is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberStatus {
    /// Whose signatures it gives.
    pub address: Address,
    /// Its BLS key, as L1 takes it, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bls_key: Option<Bytes>,
    /// The proof that it has that key, which L1 takes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bls_proof: Option<Bytes>,
    /// Of the program.
    pub version: String,
    /// Its clock, seconds since 1970.
    pub time: u64,
    /// Before this time it signs nothing; 0 if it is not held back.
    pub signs_from: u64,
    /// The chains that it serves.
    pub chains: Vec<ChainStatus>,
    /// How many payloads it keeps.
    pub payloads: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the next of them expires; `None` if none ever does.
    pub oldest_expiry: Option<u64>,
    /// Hash of the last line of its audit log: whoever wrote it down can tell whether the log was cut.
    pub audit_head: B256,
    /// Lines of the audit log.
    pub audit_lines: u64,
}

/// A chain that a member serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainStatus {
    /// Its inbox.
    #[serde(flatten)]
    pub inbox: InboxId,
    /// How long certificates are good at least, seconds.
    pub retention: u64,
    /// The epochs that were signed for.
    pub epochs: BTreeSet<u64>,
}

/// What a batcher signs (EIP-191) to ask for the certificate with this digest.
pub fn certificate_request(digest: B256) -> B256 {
    keccak256([b"mezzanine.committee.request.v1", digest.as_slice()].concat())
}

/// What a reader signs (EIP-191) to `GET` a path from a member at a time.
///
/// The member is in it, so that one member cannot ask another in the reader's name.
pub fn read_request(member: Address, time: u64, path: &str) -> B256 {
    keccak256(
        [
            b"mezzanine.committee.read.v1",
            member.as_slice(),
            &time.to_be_bytes(),
            b"GET ",
            path.as_bytes(),
        ]
        .concat(),
    )
}

/// Who signed a request; `None` if that is no signature.
pub(crate) fn requester(request: B256, signature: &str) -> Option<Address> {
    let signature: Bytes = signature.parse().ok()?;
    let signature = Signature::from_raw_array(&signature[..].try_into().ok()?).ok()?;
    signature.recover_address_from_msg(request).ok()
}

/// The path of a payload's description.
pub(crate) fn payload_path(payload_hash: B256) -> String {
    format!("/v1/payloads/{payload_hash}")
}

/// The path of a chunk.
pub(crate) fn chunk_path(payload_hash: B256, index: usize) -> String {
    format!("/v1/payloads/{payload_hash}/{index}")
}
