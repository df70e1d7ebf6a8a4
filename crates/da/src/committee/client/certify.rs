//! Signatures of enough members.

use super::{CommitteeClient, MemberAnswer, MemberFault, peers::Asked};
use crate::{
    Error,
    committee::wire::{CERTIFICATE, CertificateHeader, SIGNATURE, Signed, certificate_request},
};
use alloy::{
    hex,
    primitives::{Address, B256, Signature},
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

/// One member's request, the same for both attempts.
#[derive(Clone)]
struct Request {
    header: Arc<str>,
    signature: Option<Arc<str>>,
    digest: B256,
    payload: axum::body::Bytes,
}

type Signatures = BTreeMap<u8, [u8; 65]>;

impl CommitteeClient {
    /// Has a payload certified: asks all members at once, and comes back as soon as enough have signed.
    ///
    /// `committee` is that of the certificate's epoch, `revoked` the bits of its members that L1 takes no signature of. A
    /// member that fails is sent the payload once more. Those that are slower than the threshold still get the payload,
    /// in the background. The error names who is missing, and why.
    pub async fn certify(
        &self,
        certificate: &Certificate,
        committee: &Committee,
        revoked: u32,
        payload: &[u8],
    ) -> Result<SignedCertificate, Error> {
        if let Some(fault) = committee.fault() {
            return Err(Error::Committee(fault));
        }
        if PayloadId::of(payload) != Some(certificate.payload) {
            return Err(Error::Payload { length: payload.len() });
        }
        let start = Instant::now();
        let request = self.request(certificate, payload).await?;
        let (signatures, missing) = self.collect(committee, revoked, request, start).await;
        if !is_enough(committee, bits(&signatures)) {
            self.metrics().uncertified.fetch_add(1, Relaxed);
            return Err(Error::Uncertified {
                batch: certificate.batch_index,
                signed: signatures.len(),
                threshold: committee.threshold,
                missing,
            });
        }
        self.metrics().count_certificate(start.elapsed());
        let Certificate { payload, epoch, expiry, .. } = *certificate;
        let signatures = cheapest(committee, signatures);
        Ok(SignedCertificate { payload, epoch, expiry, signatures })
    }

    async fn request(&self, certificate: &Certificate, payload: &[u8]) -> Result<Request, Error> {
        let header = CertificateHeader { inbox: self.inbox, certificate: *certificate };
        let digest = certificate.digest(self.inbox.l1_chain_id, self.inbox.inbox);
        let signature = match &self.peers.requester {
            Some(key) => {
                let signature = key.sign_request(certificate_request(digest)).await?;
                Some(hex::encode_prefixed(signature).into())
            }
            None => None,
        };
        Ok(Request {
            header: serde_json::to_string(&header).expect("a header is plain data; qed").into(),
            signature,
            digest,
            payload: payload.to_vec().into(),
        })
    }

    /// Asks all members until enough have signed, all have answered, or the time is over.
    async fn collect(
        &self,
        committee: &Committee,
        revoked: u32,
        request: Request,
        start: Instant,
    ) -> (Signatures, Vec<MemberAnswer>) {
        let wait = self.peers.waits.certificate;
        let (sender, mut answers) = mpsc::channel(committee.members.len());
        let mut faults: BTreeMap<Address, MemberFault> = BTreeMap::new();
        let mut pending = 0_u32;
        let signers = Arc::new(AtomicU64::new(0));
        for (bit, member) in (0..).zip(committee.members.iter().copied()) {
            let endpoint = self.peers.url(member);
            let (Some(url), false) = (endpoint, revoked >> bit & 1 == 1) else {
                let fault =
                    if endpoint.is_some() { MemberFault::Revoked } else { MemberFault::NoEndpoint };
                faults.insert(member, fault);
                continue;
            };
            pending |= 1 << bit;
            let (client, request, sender, url, signers) =
                (self.clone(), request.clone(), sender.clone(), url.clone(), signers.clone());
            tokio::spawn(async move {
                let answer = client.ask_twice(member, &url, &request).await;
                let took = answer.is_ok().then(|| start.elapsed());
                client.metrics().count_signature(member, took);
                if answer.is_ok() {
                    let count = signers.fetch_add(1, Relaxed) + 1;
                    client.metrics().signers_last.store(count, Relaxed);
                }
                // Nobody waits for those that are slower than the threshold.
                let _ = sender.send((bit, member, answer)).await;
            });
        }
        drop(sender);
        let mut signatures = Signatures::new();
        let deadline = tokio::time::Instant::from_std(start + wait);
        while !is_enough(committee, bits(&signatures)) {
            let unanswered = |fault: MemberFault| silent(committee, pending, fault);
            if !is_enough(committee, bits(&signatures) | pending) {
                faults.extend(unanswered(MemberFault::Pending));
                break;
            }
            let Ok(Some((bit, member, answer))) =
                tokio::time::timeout_at(deadline, answers.recv()).await
            else {
                faults.extend(unanswered(MemberFault::Silent(wait)));
                break;
            };
            pending &= !(1 << bit);
            match answer {
                Ok(signature) => {
                    signatures.insert(bit, signature);
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

    async fn ask_twice(
        &self,
        member: Address,
        url: &Url,
        request: &Request,
    ) -> Result<[u8; 65], MemberFault> {
        match self.ask(member, url, request).await {
            Err(fault) if fault.may_pass() => self.ask(member, url, request).await,
            answer => answer,
        }
    }

    async fn ask(
        &self,
        member: Address,
        url: &Url,
        request: &Request,
    ) -> Result<[u8; 65], MemberFault> {
        let url = super::peers::join(url, "/v1/certificates");
        let mut post = self.peers.http.post(url).header(CERTIFICATE, &*request.header);
        if let Some(signature) = &request.signature {
            post = post.header(SIGNATURE, &**signature);
        }
        let asked = Asked { request: post.body(request.payload.clone()), bytes_max: 1_024 };
        let answer = asked.answer(self.peers.waits.certificate / 2).await?;
        let malformed = MemberFault::Malformed("its answer is no signature");
        let Ok(signed) = serde_json::from_slice::<Signed>(&answer) else { return Err(malformed) };
        let Ok(signature) = <[u8; 65]>::try_from(&signed.signature[..]) else {
            return Err(malformed);
        };
        check(member, request.digest, &signature).ok_or(MemberFault::WrongSignature)
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

/// A signature as L1 takes it, if it is the member's of this digest.
fn check(member: Address, digest: B256, signature: &[u8; 65]) -> Option<[u8; 65]> {
    let signature = Signature::from_raw_array(signature).ok()?.normalized_s();
    let signer = signature.recover_address_from_prehash(&digest).ok()?;
    (signer == member).then(|| signature.as_bytes())
}

fn bits(signatures: &Signatures) -> u32 {
    signatures.keys().fold(0, |bits, bit| bits | 1 << bit)
}

/// Whether the signatures of these members are enough.
const fn is_enough(committee: &Committee, bits: u32) -> bool {
    bits.count_ones() >= committee.threshold as u32
        && bits & committee.mandatory == committee.mandatory
}

/// The fault of all members that are still pending.
fn silent(
    committee: &Committee,
    pending: u32,
    fault: MemberFault,
) -> impl Iterator<Item = (Address, MemberFault)> {
    let members = (0..).zip(committee.members.iter().copied());
    members
        .filter(move |(bit, _)| pending >> bit & 1 == 1)
        .map(move |(_, member)| (member, fault.clone()))
}

/// As few as are enough: each costs gas on L1.
fn cheapest(committee: &Committee, signatures: Signatures) -> Signatures {
    let must = |bit: &u8| committee.mandatory >> bit & 1 == 1;
    let (mandatory, others): (Signatures, Signatures) =
        signatures.into_iter().partition(|(bit, _)| must(bit));
    let room = usize::from(committee.threshold).saturating_sub(mandatory.len());
    mandatory.into_iter().chain(others.into_iter().take(room)).collect()
}
