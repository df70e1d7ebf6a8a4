//! Sealed payloads and records, from whichever members show them.

use super::{Audit, CommitteeClient, MemberFault, Peers, peers::Asked};
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
use alloy::primitives::B256;
use futures::future::join_all;
use mezz_primitives::PayloadId;
use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

impl Peers {
    /// A sealed payload and what it opens to, from whoever shows one that opens.
    pub(crate) async fn fetch_sealed(
        &self,
        payload: &PayloadId,
        key: &AccessKey,
    ) -> Result<(SealedPayload, Opened), Error> {
        let turn = rand::random_range(0..self.endpoints.len().max(1));
        let found = self.race(turn, |member| self.sealed(member, payload, key)).await;
        if found.is_ok() {
            self.metrics.fetched.fetch_add(1, Relaxed);
        }
        found.map_err(|answers| {
            // Who is no reader must not take that for withholding, and have the payload shown on L1.
            if answers.iter().any(|answer| answer.fault.is_not_for_us()) {
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
    /// A tenant's records of batches from `from` on, as the first member says that shows them; the second says whether there are more.
    pub async fn records(
        &self,
        key: &AccessKey,
        from: u64,
    ) -> Result<(Vec<RecordPlace>, bool), Error> {
        let path = records_path(key.public(), from);
        let list = async |member| {
            let answer = self.peers.get_proven(member, &path, RecordList::BYTES_MAX, key).await?;
            serde_json::from_slice::<RecordList>(&answer)
                .map_err(|_| MemberFault::Malformed("its answer lists no records"))
        };
        let RecordList { records, more } =
            self.peers.race(0, list).await.map_err(|answers| Error::NoRecord { answers })?;
        Ok((records, more))
    }

    /// A tenant's record of one payload, sealed.
    pub async fn record(&self, payload_hash: B256, key: &AccessKey) -> Result<SealedRecord, Error> {
        let path = record_path(payload_hash, key.public());
        let read = async |member| {
            let answer = self.peers.get_proven(member, &path, SEALED_BYTES_MAX, key).await?;
            let record = SealedRecord::decode(&answer).map_err(MemberFault::Sealed)?;
            let right = record.context().payload.payload_hash == payload_hash;
            right.then_some(record).ok_or(MemberFault::WrongBytes)
        };
        self.peers.race(0, read).await.map_err(|answers| Error::NoRecord { answers })
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

impl MemberFault {
    /// Whether the member has it, and shows it to others.
    fn is_not_for_us(&self) -> bool {
        use crate::private::Unsealable::NotARecipient;
        match self {
            Self::Refused { code, .. } => code == "not-a-reader",
            Self::Sealed(fault) => matches!(fault, NotARecipient(_)),
            _ => false,
        }
    }
}
