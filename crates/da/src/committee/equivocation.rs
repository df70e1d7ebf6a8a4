//! Two payloads that one member has signed for one place (`docs/spec/committee.md`, *Members*): noticed among the signatures
//! that come along, and kept for whoever shows them to L1.

use super::{
    BatchPlace, BlsCertificate, CertificateHead, InboxId,
    files::{create_directory, write_atomically},
};
use alloy::primitives::{Address, Bytes, Signature, U256};
use mezz_primitives::{Accumulator, Certificate, SignedCertificate};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A certificate and a signature of it. As JSON it is what was asked for (the header `mezzanine-certificate`) and `signature`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedStatement {
    /// The chain.
    #[serde(flatten)]
    pub inbox: InboxId,
    /// What was signed.
    #[serde(flatten)]
    pub certificate: Certificate,
    /// Of an epoch that signs with BLS: whose signatures the one is the sum of, by bit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signers: Option<U256>,
    /// The signature as L1 takes it.
    pub signature: Bytes,
}

/// Who signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signers {
    /// One member, by its address.
    Member(Address),
    /// Members of an epoch that signs with BLS, by bit.
    Bls(U256),
}

/// Two statements that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Equivocation {
    /// The one.
    pub first: SignedStatement,
    /// The other.
    pub second: SignedStatement,
}

/// Why two statements are no equivocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoEquivocation {
    /// Another chain, inbox, batch, history or epoch.
    #[error(
        "the two are for different places: chain, inbox, batch, prevAcc and epoch must be the same"
    )]
    OtherPlaces,
    /// One payload, signed twice.
    #[error("the two are for one payload, which a member may sign as often as it likes")]
    OnePayload,
    /// Nobody has signed both.
    #[error("the two are signed by different members")]
    OtherSigners,
    /// Not a signature.
    #[error("a signature is none: 65 bytes of one member, or 96 bytes with `signers`")]
    NoSignature,
}

impl SignedStatement {
    /// Who signed. Of BLS it is what the statement says: L1 has the keys that it takes to check that.
    pub fn signers(&self) -> Option<Signers> {
        if let Some(bits) = self.signers {
            return (!bits.is_zero() && self.signature.len() == 96).then_some(Signers::Bls(bits));
        }
        let signature = Signature::from_raw(&self.signature).ok()?;
        let InboxId { l1_chain_id, inbox } = self.inbox;
        let digest = self.certificate.digest(l1_chain_id, inbox);
        signature.recover_address_from_prehash(&digest).ok().map(Signers::Member)
    }

    /// Those of a batch with a committee, from the `aux` that it was posted with.
    pub fn of_posted(
        inbox: InboxId,
        batch_index: u64,
        prev_acc: Accumulator,
        aux: &[u8],
    ) -> Vec<Self> {
        let Some(head) = CertificateHead::decode(aux) else { return Vec::new() };
        let CertificateHead { payload, epoch, expiry } = head;
        let certificate = Certificate { batch_index, prev_acc, payload, epoch, expiry };
        let statement = |signers, signature| Self { inbox, certificate, signers, signature };
        if let Some(signed) = SignedCertificate::decode(aux) {
            let signatures = signed.signatures.values();
            return signatures.map(|one| statement(None, Bytes::copy_from_slice(one))).collect();
        }
        let bls = BlsCertificate::decode(aux).into_iter();
        bls.map(|bls| statement(Some(bls.signers), bls.signature.encode().into())).collect()
    }
}

impl Equivocation {
    /// The two, if they contradict each other.
    pub fn new(first: SignedStatement, second: SignedStatement) -> Result<Self, NoEquivocation> {
        let place = |one: &SignedStatement| BatchPlace::of(one.inbox, &one.certificate);
        if place(&first) != place(&second) {
            return Err(NoEquivocation::OtherPlaces);
        }
        if first.certificate.payload == second.certificate.payload {
            return Err(NoEquivocation::OnePayload);
        }
        let both = Self { first, second };
        both.signers().map(|_| both)
    }

    /// Who signed both.
    pub fn signers(&self) -> Result<Signers, NoEquivocation> {
        let of = |one: &SignedStatement| one.signers().ok_or(NoEquivocation::NoSignature);
        match (of(&self.first)?, of(&self.second)?) {
            (Signers::Member(one), Signers::Member(other)) if one == other => {
                Ok(Signers::Member(one))
            }
            (Signers::Bls(ones), Signers::Bls(others)) if !(ones & others).is_zero() => {
                Ok(Signers::Bls(ones & others))
            }
            _ => Err(NoEquivocation::OtherSigners),
        }
    }

    /// The last second in which L1 takes it, since 1970: as long as both could be posted. `retention` is that of the contract.
    pub fn until(&self, retention: u64) -> u64 {
        let (first, second) = (self.first.certificate.expiry, self.second.certificate.expiry);
        first.min(second).saturating_sub(retention)
    }
}

impl fmt::Display for Signers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(member) => member.fmt(f),
            Self::Bls(bits) => {
                let members: Vec<_> =
                    (0..256).filter(|bit| bits.bit(*bit)).map(|bit| bit.to_string()).collect();
                write!(f, "{}", members.join("+"))
            }
        }
    }
}

/// Looks at signatures as they come along, and keeps two that contradict each other in a file.
#[derive(Debug)]
pub struct SignatureWatch {
    directory: PathBuf,
    retention: u64,
    /// L1's time, as far as it is known here.
    now: AtomicU64,
    /// What was signed and can be posted still, by place.
    seen: Mutex<BTreeMap<BatchPlace, Vec<SignedStatement>>>,
}

impl SignatureWatch {
    /// One that keeps what it finds in a directory, which is created when there is something. `retention` is that of the chain's contract.
    pub fn new(directory: impl Into<PathBuf>, retention: u64) -> Self {
        let (now, seen) = (AtomicU64::new(0), Mutex::default());
        Self { directory: directory.into(), retention, now, seen }
    }

    /// Says what time it is on L1: a member may sign anew what can be posted no more.
    pub fn tell_time(&self, now: u64) {
        self.now.fetch_max(now, Relaxed);
    }

    /// Looks at a signature; tells whether it is the second of two that contradict each other, and was not noticed before.
    pub fn see(&self, statement: SignedStatement) -> bool {
        let now = self.now.load(Relaxed);
        let live =
            |one: &SignedStatement| one.certificate.expiry >= now.saturating_add(self.retention);
        if !live(&statement) {
            return false;
        }
        let place = BatchPlace::of(statement.inbox, &statement.certificate);
        let mut seen = self.seen.lock();
        seen.values_mut().for_each(|statements| statements.retain(live));
        seen.retain(|_, statements| !statements.is_empty());
        let here = seen.entry(place).or_default();
        if here.contains(&statement) {
            return false;
        }
        let found = here.iter().find_map(|before| {
            let both = Equivocation::new(before.clone(), statement.clone()).ok()?;
            Some((both.signers().ok()?, both))
        });
        here.push(statement);
        drop(seen);
        found.is_some_and(|(signers, both)| self.keep(signers, &both))
    }

    /// Writes evidence into a file; tells whether it is the first of these members for this place.
    fn keep(&self, signers: Signers, both: &Equivocation) -> bool {
        let place = both.first.certificate;
        let name = format!("{}-{}-{signers}.json", place.batch_index, place.epoch);
        let path = self.directory.join(name);
        if path.exists() {
            return false;
        }
        let text = serde_json::to_vec_pretty(both).expect("it is plain data; qed");
        let written = create_directory(&self.directory)
            .and_then(|()| write_atomically(&path, &self.directory, &[&text]));
        let (batch, until) = (place.batch_index, both.until(self.retention));
        match written {
            Ok(()) => tracing::warn!(
                member = %signers, batch, until,
                "a member of the committee has signed two payloads for one batch: show L1 before the time `until`, with `mezz dac show-equivocation {} --l1 URL`",
                path.display()
            ),
            Err(error) => tracing::error!(
                %error, member = %signers, batch, until, evidence = %String::from_utf8_lossy(&text),
                "a member of the committee has signed two payloads for one batch, and the evidence cannot be kept"
            ),
        }
        true
    }
}

/// Reads evidence: two statements in one file, or one statement.
pub fn read_statements(text: &[u8]) -> Result<Vec<SignedStatement>, serde_json::Error> {
    let value: serde_json::Value = serde_json::from_slice(text)?;
    if value.get("first").is_some() {
        let Equivocation { first, second } = serde_json::from_value(value)?;
        return Ok(vec![first, second]);
    }
    Ok(vec![serde_json::from_value(value)?])
}
