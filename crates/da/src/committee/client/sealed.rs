//! Sealed payloads and records, from whichever members show them.

use super::{Audit, CommitteeClient, MemberAnswer, MemberFault, Peers, peers::Asked};
use crate::{
    Error,
    committee::{
        MemberStatus, RecordPlace, read_request,
        wire::{
            ACCESS, ANSWER_BYTES_MAX, RecordList, TIME, access_header, record_path, records_path,
            sealed_path,
        },
    },
    private::{AccessKey, AccessPublicKey, Opened, SEALED_BYTES_MAX, SealedPayload, SealedRecord},
};
use alloy::primitives::{Address, B256, keccak256};
use futures::{StreamExt, future::join_all, stream};
use mezz_primitives::PayloadId;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

/// Members whose copies are read side by side: each may have 24 MiB.
const COPIES_AT_ONCE: usize = 4;

/// Pages of a list of records that are read.
const LIST_PAGES_MAX: usize = 1_000;

/// What a member says about a tenant's records.
pub type MemberRecords<T> = (Address, Result<T, MemberFault>);

impl Peers {
    /// A sealed payload, opened, from whoever shows one that opens. `must_read` says that members sign nothing that is not sealed for the key;
    /// `signers` who signed for the payload, if that is known.
    pub(super) async fn fetch_sealed(
        &self,
        payload: &PayloadId,
        key: &AccessKey,
        must_read: bool,
        signers: Option<&BTreeSet<Address>>,
    ) -> Result<Vec<u8>, Error> {
        let turn = rand::random_range(0..self.endpoints.len().max(1));
        let found = self.race(turn, |member| self.sealed(member, payload, key)).await;
        if found.is_ok() {
            self.metrics.fetched.fetch_add(1, Relaxed);
        }
        found.map(|(_, opened)| opened.payload).map_err(|answers| {
            // Who is no reader must not take that for withholding, and have the payload shown on L1.
            if !must_read && is_not_for_us(&answers, signers) {
                return Error::NotAReader { payload: *payload, key: key.public().into(), answers };
            }
            self.metrics.withheld.fetch_add(1, Relaxed);
            Error::Withheld { payload: *payload, answers }
        })
    }

    /// Asks each member for a random one of these payloads, sealed, and opens it.
    pub(crate) async fn audit_sealed(&self, payloads: &[PayloadId], key: &AccessKey) -> Vec<Audit> {
        let audits = (0..self.endpoints.len()).filter_map(|index| {
            let payload = *payloads.get(rand::random_range(0..payloads.len().max(1)))?;
            Some(async move {
                let start = Instant::now();
                let fault = self.sealed(index, &payload, key).await.err();
                let member = self.endpoints[index].0;
                self.metrics.count_audit(member, fault.is_none());
                Audit { member, payload, chunk: 0, took: start.elapsed(), fault }
            })
        });
        join_all(audits).await
    }

    /// A copy of a sealed payload for a member that lost its own: one that `batcher_signed` if some peer has that, else the one that most
    /// peers show, of those that `is_right`, which is told whether the batcher signed it. A peer can seal anew what it opens, for fewer.
    pub(crate) async fn copy_of_sealed(
        &self,
        payload: &PayloadId,
        key: &AccessKey,
        batcher_signed: &BTreeSet<B256>,
        is_right: impl Fn(&SealedPayload, bool) -> Result<(), MemberFault>,
    ) -> Result<SealedPayload, Error> {
        let ask = |index| async move { (index, self.sealed(index, payload, key).await) };
        let mut shown =
            stream::iter(0..self.endpoints.len()).map(ask).buffer_unordered(COPIES_AT_ONCE);
        let mut votes: BTreeMap<B256, usize> = BTreeMap::new();
        let mut best: Option<((usize, usize), SealedPayload)> = None;
        let mut answers = Vec::new();
        while let Some((index, answer)) = shown.next().await {
            let checked = answer.and_then(|(sealed, _)| {
                let hash = keccak256(sealed.encode());
                let signed = batcher_signed.contains(&hash);
                is_right(&sealed, signed).map(|()| (sealed, hash, signed))
            });
            let (sealed, hash) = match checked {
                Ok((sealed, _, true)) => return Ok(sealed),
                Ok((sealed, hash, false)) => (sealed, hash),
                Err(fault) => {
                    answers.push(MemberAnswer { member: self.endpoints[index].0, fault });
                    continue;
                }
            };
            let count = votes.entry(hash).or_default();
            *count += 1;
            // Of two that are shown as often the one that more can open.
            let weight = (*count, sealed.readers().count() + sealed.tenants().count());
            if best.as_ref().is_none_or(|(most, _)| weight > *most) {
                best = Some((weight, sealed));
            }
        }
        best.map(|(_, sealed)| sealed).ok_or(Error::Withheld { payload: *payload, answers })
    }

    /// A sealed payload from one member, opened.
    async fn sealed(
        &self,
        index: usize,
        payload: &PayloadId,
        key: &AccessKey,
    ) -> Result<(SealedPayload, Opened), MemberFault> {
        let path = sealed_path(payload.payload_hash);
        let answer = self.get_proven(index, &path, SEALED_BYTES_MAX, key).await;
        let opened = async {
            let sealed = SealedPayload::decode(&answer?).map_err(MemberFault::Sealed)?;
            if sealed.context().payload != *payload {
                return Err(MemberFault::WrongBytes);
            }
            let opened = sealed.open(key).map_err(MemberFault::Sealed)?;
            Ok((sealed, opened))
        };
        let opened = opened.await;
        self.metrics.count_chunk(self.endpoints[index].0, opened.is_ok());
        opened
    }

    /// Reads a path with a proof of an access key.
    async fn get_proven(
        &self,
        index: usize,
        path: &str,
        bytes_max: usize,
        key: &AccessKey,
    ) -> Result<Vec<u8>, MemberFault> {
        let member = self.access_key(index).await?;
        let time = self.clock.now();
        let request = read_request(self.endpoints[index].0, time, path);
        let header = access_header(key, member, request)
            .map_err(|_| MemberFault::Malformed("its access key is none"))?;
        let mut request = self.signed_get(index, path, time).await?.header(ACCESS, header);
        if self.requester.is_none() {
            request = request.header(TIME, time);
        }
        Asked { request, bytes_max }.answer(self.wait_for_sealed()).await
    }

    /// The key for which proofs are made. One that lies about it gets proofs that are good for itself only.
    async fn access_key(&self, index: usize) -> Result<AccessPublicKey, MemberFault> {
        let url = super::peers::join(&self.endpoints[index].1, "/v1/member");
        let asked = Asked { request: self.http.get(url), bytes_max: ANSWER_BYTES_MAX };
        let answer = asked.answer(self.waits.chunk).await?;
        let status = serde_json::from_slice::<MemberStatus>(&answer).ok();
        status
            .and_then(|status| status.access_key)
            .ok_or(MemberFault::Malformed("it has no access key, so it serves no private chain"))
    }

    /// Longer than for a chunk: it comes in one piece.
    fn wait_for_sealed(&self) -> Duration {
        self.waits.certificate.max(self.waits.chunk)
    }
}

impl CommitteeClient {
    /// Where each member says that a tenant has records, from batch `from` on. What one leaves out is to be seen from the others.
    pub async fn records(
        &self,
        key: &AccessKey,
        from: u64,
    ) -> Vec<MemberRecords<BTreeSet<RecordPlace>>> {
        self.each(async |index| {
            let (mut places, mut from) = (BTreeSet::new(), from);
            for _ in 0..LIST_PAGES_MAX {
                let path = records_path(key.public(), from);
                let bytes_max = RecordList::BYTES_MAX;
                let answer = self.peers.get_proven(index, &path, bytes_max, key).await?;
                let RecordList { records, more } = serde_json::from_slice(&answer)
                    .map_err(|_| MemberFault::Malformed("its answer lists no records"))?;
                let (known, last) = (places.len(), records.last().map(|place| place.batch_index));
                places.extend(records);
                match last {
                    // The list may have been cut between two payloads of one batch.
                    Some(last) if more && places.len() > known => from = last,
                    _ => return Ok(places),
                }
            }
            Err(MemberFault::Malformed("its list of records has no end"))
        })
        .await
    }

    /// A tenant's record of one payload, sealed, as each member shows it.
    pub async fn record(
        &self,
        payload_hash: B256,
        key: &AccessKey,
    ) -> Vec<MemberRecords<SealedRecord>> {
        let path = record_path(payload_hash, key.public());
        let read = async |index| {
            let answer = self.peers.get_proven(index, &path, SEALED_BYTES_MAX, key).await?;
            let record = SealedRecord::decode(&answer).map_err(MemberFault::Sealed)?;
            let right = record.context().payload.payload_hash == payload_hash;
            right.then_some(record).ok_or(MemberFault::WrongBytes)
        };
        self.each(read).await
    }

    async fn each<T>(
        &self,
        ask: impl AsyncFn(usize) -> Result<T, MemberFault>,
    ) -> Vec<MemberRecords<T>> {
        let members = self.peers.endpoints.iter().enumerate();
        let asked = members.map(|(index, (member, _))| {
            let answer = ask(index);
            async move { (*member, answer.await) }
        });
        stream::iter(asked).buffered(COPIES_AT_ONCE).collect().await
    }

    /// A sealed payload of which only the hash is known.
    pub async fn sealed_by_hash(
        &self,
        payload_hash: B256,
        key: &AccessKey,
    ) -> Result<SealedPayload, Error> {
        let path = sealed_path(payload_hash);
        let read = async |member| {
            let answer = self.peers.get_proven(member, &path, SEALED_BYTES_MAX, key).await?;
            let sealed = SealedPayload::decode(&answer).map_err(MemberFault::Sealed)?;
            sealed.open(key).map_err(MemberFault::Sealed)?;
            let right = sealed.context().payload.payload_hash == payload_hash;
            right.then_some(sealed).ok_or(MemberFault::WrongBytes)
        };
        self.peers.race(0, read).await.map_err(|answers| Error::NoRecord { answers })
    }
}

/// Whether those who answered all say that it is not for us, or that we do not show who we are. Who is silent says nothing, nor does who
/// lacks what it never signed for.
fn is_not_for_us(answers: &[MemberAnswer], signers: Option<&BTreeSet<Address>>) -> bool {
    let counts = |MemberAnswer { member, fault }: &&MemberAnswer| {
        let signed = signers.is_none_or(|signers| signers.contains(member));
        fault.is_answer() && (signed || fault.is_not_for_us())
    };
    let mut said = answers.iter().filter(counts).peekable();
    said.peek().is_some() && said.all(|answer| answer.fault.is_not_for_us())
}

impl MemberFault {
    /// Whether the member was there and said something about what was asked for.
    fn is_answer(&self) -> bool {
        match self {
            Self::NoEndpoint | Self::Unreachable(_) | Self::Silent(_) | Self::Pending => false,
            Self::Refused { status, .. } => !matches!(status, 408 | 429 | 500..),
            _ => true,
        }
    }

    /// Whether the member shows it to others only.
    fn is_not_for_us(&self) -> bool {
        use crate::private::Unsealable::NotARecipient;
        match self {
            Self::Refused { status, .. } => matches!(status, 401 | 403),
            Self::Sealed(fault) => matches!(fault, NotARecipient(_)),
            _ => false,
        }
    }
}
