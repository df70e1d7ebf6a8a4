//! Signatures of enough members.

use super::{CommitteeClient, MemberAnswer, MemberFault, peers::Asked};
use crate::{
    Error,
    committee::{
        BlsCertificate, BlsCommittee, BlsPublicKey, BlsSignature, CertificateHead, Scheme,
        SignedStatement,
        wire::{CERTIFICATE, CertificateHeader, SIGNATURE, Signed},
    },
    private::SealedPayload,
};
use alloy::{
    hex,
    primitives::{Address, B256, Bytes, Signature, U256, keccak256},
    transports::http::reqwest::Url,
};
use mezz_primitives::{Certificate, Committee, PayloadId, SignedCertificate};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};
use tokio::sync::mpsc;

/// What members are to keep.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// A payload.
    Plain(&'a [u8]),
    /// A payload of a private chain.
    Sealed(&'a SealedPayload),
}

impl Body<'_> {
    fn id(&self) -> Option<PayloadId> {
        match self {
            Self::Plain(payload) => PayloadId::of(payload),
            Self::Sealed(sealed) => Some(sealed.context().payload),
        }
    }
}

impl<'a> From<&'a [u8]> for Body<'a> {
    fn from(payload: &'a [u8]) -> Self {
        Self::Plain(payload)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Body<'a> {
    fn from(payload: &'a [u8; N]) -> Self {
        Self::Plain(payload)
    }
}

impl<'a> From<&'a Vec<u8>> for Body<'a> {
    fn from(payload: &'a Vec<u8>) -> Self {
        Self::Plain(payload)
    }
}

impl<'a> From<&'a SealedPayload> for Body<'a> {
    fn from(sealed: &'a SealedPayload) -> Self {
        Self::Sealed(sealed)
    }
}

/// One member's request, the same for both attempts.
#[derive(Clone)]
struct Request {
    path: &'static str,
    header: Arc<str>,
    signature: Option<Arc<str>>,
    digest: B256,
    certificate: Certificate,
    payload: axum::body::Bytes,
}

/// A member whose signature is asked for: it knows which signatures are its own.
trait Signatory: Copy + Send + Sync + 'static {
    type Signature: Send + 'static;

    /// Bytes of a signature.
    const SIGNATURE_SIZE: usize;

    fn address(&self) -> Address;

    /// The signature as L1 takes it, if it is the member's of this digest.
    fn check(&self, digest: B256, signature: &[u8]) -> Option<Self::Signature>;

    /// The signature in bytes, and who signed where it does not say so: `index` is the member's.
    fn stated(signature: &Self::Signature, index: u8) -> (Bytes, Option<U256>);
}

impl Signatory for Address {
    type Signature = [u8; 65];

    const SIGNATURE_SIZE: usize = 65;

    fn address(&self) -> Address {
        *self
    }

    fn check(&self, digest: B256, signature: &[u8]) -> Option<[u8; 65]> {
        let signature = Signature::from_raw_array(signature.try_into().ok()?).ok()?;
        let signature = signature.normalized_s();
        let signer = signature.recover_address_from_prehash(&digest).ok()?;
        (signer == *self).then(|| signature.as_bytes())
    }

    fn stated(signature: &[u8; 65], _index: u8) -> (Bytes, Option<U256>) {
        (Bytes::copy_from_slice(signature), None)
    }
}

impl Signatory for (Address, BlsPublicKey) {
    type Signature = BlsSignature;

    const SIGNATURE_SIZE: usize = BlsSignature::SIZE;

    fn address(&self) -> Address {
        self.0
    }

    fn check(&self, digest: B256, signature: &[u8]) -> Option<BlsSignature> {
        let signature = BlsSignature::decode(signature)?;
        self.1.verify(digest, &signature).then_some(signature)
    }

    fn stated(signature: &BlsSignature, index: u8) -> (Bytes, Option<U256>) {
        (signature.encode().into(), Some(U256::ONE << index))
    }
}

/// Of whom signatures are collected, and when they are enough.
struct Quorum<'a, M> {
    members: &'a [M],
    threshold: u16,
    mandatory: U256,
    revoked: U256,
}

type Signatures<M> = BTreeMap<u8, <M as Signatory>::Signature>;

impl CommitteeClient {
    /// Has a payload certified: asks all members at once, and comes back as soon as enough have signed.
    ///
    /// `committee` is that of the certificate's epoch, `revoked` the bits of its members that L1 takes no signature of. A
    /// member that fails is sent the payload once more. Those that are slower than the threshold still get the payload,
    /// in the background. The error names who is missing, and why.
    pub async fn certify<'a>(
        &self,
        certificate: &Certificate,
        committee: &Committee,
        revoked: u32,
        payload: impl Into<Body<'a>>,
    ) -> Result<SignedCertificate, Error> {
        if let Some(fault) = committee.fault() {
            return Err(Error::Committee(fault));
        }
        let quorum = Quorum {
            members: &committee.members,
            threshold: committee.threshold.into(),
            mandatory: U256::from(committee.mandatory),
            revoked: U256::from(revoked),
        };
        let signatures =
            self.gather(certificate, &quorum, Scheme::Secp256k1, payload.into()).await?;
        let Certificate { payload, epoch, expiry, .. } = *certificate;
        let signatures = cheapest(&quorum, signatures);
        Ok(SignedCertificate { payload, epoch, expiry, signatures })
    }

    /// As [`CommitteeClient::certify`], of a committee that signs with BLS: one signature comes back, the sum of the members'.
    ///
    /// Each is checked before it is added, so that one wrong signature spoils its own only.
    pub async fn certify_bls<'a>(
        &self,
        certificate: &Certificate,
        committee: &BlsCommittee,
        revoked: U256,
        payload: impl Into<Body<'a>>,
    ) -> Result<BlsCertificate, Error> {
        if let Some(fault) = committee.fault() {
            return Err(Error::Committee(fault));
        }
        let BlsCommittee { members, threshold, mandatory } = committee;
        let (threshold, mandatory) = (*threshold, *mandatory);
        let quorum = Quorum { members, threshold, mandatory, revoked };
        let signatures = self.gather(certificate, &quorum, Scheme::Bls, payload.into()).await?;
        let Certificate { payload, epoch, expiry, .. } = *certificate;
        // Whoever has proven possession of its key can make the sum nothing only together with others who sign.
        let signature = BlsSignature::sum(signatures.values()).ok_or(Error::Committee(
            "has members whose keys are each other's negation; rotate them out",
        ))?;
        let head = CertificateHead { payload, epoch, expiry };
        Ok(BlsCertificate { head, signers: bits(&signatures), signature })
    }

    /// The signatures of enough members, or the error that names who is missing.
    async fn gather<M: Signatory>(
        &self,
        certificate: &Certificate,
        quorum: &Quorum<'_, M>,
        scheme: Scheme,
        body: Body<'_>,
    ) -> Result<Signatures<M>, Error> {
        if body.id() != Some(certificate.payload) {
            let length = match body {
                Body::Plain(payload) => payload.len(),
                Body::Sealed(sealed) => sealed.context().payload.payload_length as usize,
            };
            return Err(Error::Payload { length });
        }
        let start = Instant::now();
        let request = self.request(certificate, scheme, body).await?;
        let (signatures, missing) = self.collect(quorum, request, start).await;
        if !quorum.is_enough(bits(&signatures)) {
            self.metrics().uncertified.fetch_add(1, Relaxed);
            return Err(Error::Uncertified {
                batch: certificate.batch_index,
                signed: signatures.len(),
                threshold: quorum.threshold,
                missing,
            });
        }
        self.metrics().count_certificate(start.elapsed());
        Ok(signatures)
    }

    async fn request(
        &self,
        certificate: &Certificate,
        scheme: Scheme,
        body: Body<'_>,
    ) -> Result<Request, Error> {
        let (path, payload, sealed) = match body {
            Body::Plain(payload) => ("/v1/certificates", payload.to_vec(), None),
            Body::Sealed(sealed) => {
                let bytes = sealed.encode();
                let hash = keccak256(&bytes);
                ("/v1/sealed", bytes, Some(hash))
            }
        };
        let (inbox, certificate) = (self.inbox, *certificate);
        let header = CertificateHeader { inbox, certificate, scheme, sealed };
        let signature = match &self.peers.requester {
            Some(key) => {
                let signature = key.sign_request(header.request()).await?;
                Some(hex::encode_prefixed(signature).into())
            }
            None => None,
        };
        Ok(Request {
            path,
            header: serde_json::to_string(&header).expect("a header is plain data; qed").into(),
            signature,
            digest: certificate.digest(inbox.l1_chain_id, inbox.inbox),
            certificate,
            payload: payload.into(),
        })
    }

    /// Asks all members until enough have signed, all have answered, or the time is over.
    async fn collect<M: Signatory>(
        &self,
        quorum: &Quorum<'_, M>,
        request: Request,
        start: Instant,
    ) -> (Signatures<M>, Vec<MemberAnswer>) {
        let wait = self.peers.waits.certificate;
        let (sender, mut answers) = mpsc::channel(quorum.members.len());
        let mut faults: BTreeMap<Address, MemberFault> = BTreeMap::new();
        let mut pending = U256::ZERO;
        let signers = Arc::new(AtomicU64::new(0));
        for (index, member) in quorum.indexed() {
            let address = member.address();
            let endpoint = self.peers.url(address);
            let (Some(url), false) = (endpoint, quorum.revoked.bit(index.into())) else {
                let fault =
                    if endpoint.is_some() { MemberFault::Revoked } else { MemberFault::NoEndpoint };
                faults.insert(address, fault);
                continue;
            };
            pending.set_bit(index.into(), true);
            let (client, request, sender, url, signers) =
                (self.clone(), request.clone(), sender.clone(), url.clone(), signers.clone());
            tokio::spawn(async move {
                let answer = client.ask_twice(member, &url, &request).await;
                let took = answer.is_ok().then(|| start.elapsed());
                client.metrics().count_signature(address, took);
                if let Ok(signature) = &answer {
                    client.stated::<M>(request.certificate, signature, index);
                    let count = signers.fetch_add(1, Relaxed) + 1;
                    client.metrics().signers_last.store(count, Relaxed);
                }
                // Nobody waits for those that are slower than the threshold.
                let _ = sender.send((index, address, answer)).await;
            });
        }
        drop(sender);
        let mut signatures = Signatures::<M>::new();
        let deadline = tokio::time::Instant::from_std(start + wait);
        while !quorum.is_enough(bits(&signatures)) {
            let unanswered = |fault: MemberFault| quorum.silent(pending, fault);
            if !quorum.is_enough(bits(&signatures) | pending) {
                faults.extend(unanswered(MemberFault::Pending));
                break;
            }
            let Ok(Some((index, member, answer))) =
                tokio::time::timeout_at(deadline, answers.recv()).await
            else {
                faults.extend(unanswered(MemberFault::Silent(wait)));
                break;
            };
            pending.set_bit(index.into(), false);
            match answer {
                Ok(signature) => {
                    signatures.insert(index, signature);
                }
                Err(fault) => {
                    tracing::warn!(%member, %fault, "a member did not sign");
                    faults.insert(member, fault);
                }
            }
        }
        let missing = faults.into_iter().map(|(member, fault)| MemberAnswer { member, fault });
        (signatures, missing.collect())
    }

    /// Looks whether the member has signed something else for this place.
    fn stated<M: Signatory>(&self, certificate: Certificate, signature: &M::Signature, index: u8) {
        let (signature, signers) = M::stated(signature, index);
        let signed = SignedStatement { inbox: self.inbox, certificate, signers, signature };
        self.notice([signed], self.peers.clock.now());
    }

    async fn ask_twice<M: Signatory>(
        &self,
        member: M,
        url: &Url,
        request: &Request,
    ) -> Result<M::Signature, MemberFault> {
        match self.ask(member, url, request).await {
            Err(fault) if fault.may_pass() => self.ask(member, url, request).await,
            answer => answer,
        }
    }

    async fn ask<M: Signatory>(
        &self,
        member: M,
        url: &Url,
        request: &Request,
    ) -> Result<M::Signature, MemberFault> {
        let url = super::peers::join(url, request.path);
        let mut post = self.peers.http.post(url).header(CERTIFICATE, &*request.header);
        if let Some(signature) = &request.signature {
            post = post.header(SIGNATURE, &**signature);
        }
        let asked = Asked { request: post.body(request.payload.clone()), bytes_max: 1_024 };
        let answer = asked.answer(self.peers.waits.certificate / 2).await?;
        let signed = serde_json::from_slice::<Signed>(&answer).ok();
        let signed = signed.filter(|signed| signed.signature.len() == M::SIGNATURE_SIZE);
        let signed = signed.ok_or(MemberFault::Malformed("its answer is no signature"))?;
        member.check(request.digest, &signed.signature).ok_or(MemberFault::WrongSignature)
    }
}

impl<M: Signatory> Quorum<'_, M> {
    fn indexed(&self) -> impl Iterator<Item = (u8, M)> {
        (0..=u8::MAX).zip(self.members.iter().copied())
    }

    /// Whether the signatures of these members are enough.
    fn is_enough(&self, signers: U256) -> bool {
        signers.count_ones() >= self.threshold.into() && signers & self.mandatory == self.mandatory
    }

    /// The fault of all members that are still pending.
    fn silent(
        &self,
        pending: U256,
        fault: MemberFault,
    ) -> impl Iterator<Item = (Address, MemberFault)> {
        let silent = self.indexed().filter(move |(index, _)| pending.bit((*index).into()));
        silent.map(move |(_, member)| (member.address(), fault.clone()))
    }
}

impl MemberFault {
    /// Whether it may help to ask again.
    const fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Silent(_) => true,
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500..),
            _ => false,
        }
    }
}

fn bits<S>(signatures: &BTreeMap<u8, S>) -> U256 {
    signatures.keys().fold(U256::ZERO, |bits, index| bits | U256::ONE << *index)
}

/// As few as are enough: each costs gas on L1.
fn cheapest<M: Signatory>(quorum: &Quorum<'_, M>, signatures: Signatures<M>) -> Signatures<M> {
    let must = |index: &u8| quorum.mandatory.bit((*index).into());
    let (mandatory, others): (Signatures<M>, Signatures<M>) =
        signatures.into_iter().partition(|(index, _)| must(index));
    let room = usize::from(quorum.threshold).saturating_sub(mandatory.len());
    mandatory.into_iter().chain(others.into_iter().take(room)).collect()
}
