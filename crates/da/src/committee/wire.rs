//! What client and member say to each other over HTTP: names, bodies and what is signed.

use super::RecordPlace;
use crate::private::{AccessKey, AccessPublicKey};
use alloy::{
    hex,
    primitives::{Address, B256, Bytes, Signature, keccak256},
};
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

/// Header with the access key of who reads, and the proof that the request is its holder's.
pub(crate) const ACCESS: &str = "mezzanine-access";

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
    /// Keccak hash of the sealed payload that is sent, where one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sealed: Option<B256>,
}

impl CertificateHeader {
    /// What the batcher signs (EIP-191).
    pub(crate) fn request(&self) -> B256 {
        let digest = self.certificate.digest(self.inbox.l1_chain_id, self.inbox.inbox);
        match self.sealed {
            None => certificate_request(digest),
            Some(sealed) => sealed_request(digest, sealed),
        }
    }
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

/// Payloads that have a record of one tenant, by batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordList {
    pub(crate) records: Vec<RecordPlace>,
    /// Whether there are more: ask from the batch after the last one on.
    pub(crate) more: bool,
}

impl RecordList {
    /// Entries of one answer.
    pub(crate) const MOST: usize = 1_000;
    /// The longest answer, bytes.
    pub(crate) const BYTES_MAX: usize = 512 * Self::MOST;
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
    /// The public half of the key that opens the payloads of private chains, if it has one: proofs of access keys are made for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key: Option<AccessPublicKey>,
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

/// The same where the payload is sent sealed: the hash of what is sent is in it, so that nobody who opens it can send it on for fewer readers.
pub fn sealed_request(digest: B256, sealed: B256) -> B256 {
    let domain = b"mezzanine.committee.sealed.v1";
    keccak256([domain.as_slice(), digest.as_slice(), sealed.as_slice()].concat())
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

/// The path of a sealed payload.
pub(crate) fn sealed_path(payload_hash: B256) -> String {
    format!("/v1/sealed/{payload_hash}")
}

/// The path of a tenant's record of a payload.
pub(crate) fn record_path(payload_hash: B256, tenant: AccessPublicKey) -> String {
    format!("/v1/sealed/{payload_hash}/{tenant}")
}

/// The path of the list of a tenant's records.
pub(crate) fn records_path(tenant: AccessPublicKey, from: u64) -> String {
    format!("/v1/records/{tenant}/{from}")
}

/// The header [`ACCESS`]: the key and the proof that its holder makes this request of the member with that key.
pub(crate) fn access_header(
    key: &AccessKey,
    member: AccessPublicKey,
    request: B256,
) -> Result<String, crate::Error> {
    let proof = key.prove(member, request)?;
    Ok(hex::encode_prefixed([key.public().0.as_slice(), &proof].concat()))
}

/// Who makes the request, if that is shown.
pub(crate) fn proven(member: &AccessKey, request: B256, header: &str) -> Option<AccessPublicKey> {
    let bytes: Bytes = header.parse().ok()?;
    let (key, proof) = bytes.split_first_chunk::<32>()?;
    let key = AccessPublicKey(B256::from(*key));
    member.accepts(key, request, proof).then_some(key)
}
