//! Data committees: what a member keeps and signs, and how to ask it (`docs/spec/committee.md`).
//!
//! ```text
//!  batcher ── CommitteeClient::certify ──► Member: PayloadStore::put_until (fsync)
//!                                                  Signatures::record     (fsync, one payload for each place)
//!                                                  CertificateSigner      only now is there a signature
//!  node    ── CommitteeClient::fetch ────► Member: a chunk at a time, each checked against its hash
//!  node    ── CommitteeClient::audit ────► Member: challenge me
//!  member  ── the same two, of its peers: audit, and repair of what it lost
//! ```
//!
//! A member needs no L1: what it signs is bound to a chain, an inbox and a place by its digest, and L1 judges the rest.

mod audit_log;
mod bls;
mod certificate;
mod chained;
mod client;
mod clock;
mod config;
mod equivocation;
mod files;
mod key;
mod member;
mod sealed_store;
mod signatures;
mod store;
mod wire;

pub use audit_log::{AuditHead, verify_audit_log};
pub use bls::{BlsKey, BlsPublicKey, BlsRegistration, BlsSignature};
pub use certificate::{BLS_MEMBERS_MAX, BlsCertificate, BlsCommittee, CertificateHead};
pub use client::{
    Audit, Body, ClientMetrics, ClientTls, CommitteeClient, Endpoint, MemberAnswer, MemberFault,
    MemberMetrics, MemberRecords, Waits,
};
pub use clock::Clock;
pub use config::{
    AccessConfig, ChainServed, ClientCertificates, LimitsConfig, MemberConfig, Reads, SignerConfig,
    StoreConfig, TlsConfig,
};
pub use equivocation::{
    Equivocation, NoEquivocation, SignatureWatch, SignedStatement, Signers, read_statements,
};
pub use key::{CertificateSigner, RemoteSigner};
pub use member::Member;
pub use sealed_store::{RecordPlace, SealedStore};
pub use signatures::{BatchPlace, Promise, Signatures, Verdict};
pub use store::{Backup, Kept, PayloadStore};
pub use wire::{
    Description, InboxId, MemberStatus, Scheme, certificate_request, read_request, sealed_request,
};
