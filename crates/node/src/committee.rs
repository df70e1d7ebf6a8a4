//! The data committee: certificates for what this node posts, payloads of what others posted, demands.

use crate::{
    Error,
    acts::{Acts, Done},
    batches,
    builder::header,
};
use alloy::eips::BlockNumberOrTag;
use alloy_primitives::{B256, Bytes, U256, keccak256};
use mezz_da::{CertificateSigner, ClientTls, Endpoint};
use mezz_l1::{
    Call,
    contracts::{CommitteeRegistry, DaChallenge, SealedInbox},
};
use mezz_primitives::{
    CHUNK_SIZE, Certificate, Committee, CommitteeContracts, PayloadId, SignedCertificate,
    chunk_hashes,
};
use mezz_settlement::{Event, Inbox, PostedBatch, Settlement};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// How much longer than it must a certificate lasts: in this time it can be posted, seconds.
const POSTING_TIME: u64 = 120;
/// What is left of that before another certificate is asked for, seconds.
const POSTING_LEAST: u64 = 20;
/// The key of the note that holds the last certificate.
const CERTIFIED: &str = "certified";

/// How a node reaches its chain's data committee.
#[derive(Clone, Default)]
pub struct CommitteeAccess {
    /// Where members are.
    pub members: Vec<Endpoint>,
    /// Who asks for certificates, and for payloads where not everybody may read them.
    pub requester: Option<Arc<dyn CertificateSigner>>,
    /// TLS towards them.
    pub tls: Option<ClientTls>,
}

impl fmt::Debug for CommitteeAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommitteeAccess").field("members", &self.members).finish_non_exhaustive()
    }
}

/// Blocks whose payload enough members have certified.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Certified {
    index: u64,
    prev_acc: B256,
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// Hash of the last block: another chain has other batches.
    head: B256,
    /// Until when it can be posted, seconds.
    until: u64,
    pub(crate) bytes: usize,
    pub(crate) aux: Bytes,
}

/// The committee that certifies now.
struct Signing {
    epoch: u64,
    committee: Committee,
    revoked: u32,
}

impl Acts {
    fn committee_contracts(&self) -> Result<CommitteeContracts, Error> {
        self.contracts.committee.ok_or(Error::Data(mezz_da::Error::NoCommittee))
    }

    /// A certificate of an earlier try for the next batch that can still be posted. Members sign one payload for each place, so what they signed is what is posted.
    pub(crate) fn certified_before(
        &self,
        inbox: &Inbox,
        l1_time: u64,
    ) -> Result<Option<Certified>, Error> {
        let Some(note) = self.store.meta(CERTIFIED)? else { return Ok(None) };
        let Ok(known) = serde_json::from_slice::<Certified>(&note) else { return Ok(None) };
        let here = (inbox.batches().len() as u64, inbox.head().0);
        let in_time = batches::now().max(l1_time) + POSTING_LEAST <= known.until;
        let block = self.store.block(known.last)?;
        let same = block.is_some_and(|block| block.hash == known.head);
        Ok(((known.index, known.prev_acc) == here && in_time && same).then_some(known))
    }

    /// Has blocks certified as the next batch.
    pub(crate) async fn certify(
        &self,
        inbox: &Inbox,
        l1_time: u64,
        first: u64,
        last: u64,
        payload: Vec<u8>,
    ) -> Result<Certified, Error> {
        let rules = self.config.committee.ok_or(mezz_da::Error::NoCommittee)?;
        let members = self.members.clone().ok_or(mezz_da::Error::NoCommittee)?;
        let bytes = payload.len();
        let id = PayloadId::of(&payload).ok_or(Error::TooLarge { number: first, bytes })?;
        let signing = self.signing().await?;
        // L1's clock counts, and members go by their own.
        let now = l1_time.max(batches::now());
        let certificate = Certificate {
            batch_index: inbox.batches().len() as u64,
            prev_acc: inbox.head(),
            payload: id,
            epoch: signing.epoch,
            expiry: now + rules.retention + POSTING_TIME,
        };
        // Whoever posts it must be able to show it.
        self.data.keep(payload.clone()).await?;
        let signed =
            members.certify(&certificate, &signing.committee, signing.revoked, &payload).await?;
        let certified = Certified {
            index: certificate.batch_index,
            prev_acc: certificate.prev_acc.0,
            first,
            last,
            head: header(&self.store, last)?.hash_slow(),
            until: now + POSTING_TIME,
            bytes,
            aux: signed.encode(),
        };
        let note = serde_json::to_vec(&certified).expect("a certificate is plain data; qed");
        self.store.put_meta(CERTIFIED, &note)?;
        Ok(certified)
    }

    /// The newest epoch that signs.
    async fn signing(&self) -> Result<Signing, Error> {
        let (registry, at) = (self.committee_contracts()?.registry, BlockNumberOrTag::Latest);
        let count = self.client.call(registry, &CommitteeRegistry::epochCountCall {}, at).await?;
        for epoch in (0..count).rev() {
            let call = CommitteeRegistry::isSigningCall { epoch };
            if !self.client.call(registry, &call, at).await? {
                continue;
            }
            let call = CommitteeRegistry::membersOfCall { epoch };
            let members = self.client.call(registry, &call, at).await?;
            let call = CommitteeRegistry::epochAtCall { epoch };
            let rules = self.client.call(registry, &call, at).await?;
            return Ok(Signing {
                epoch,
                committee: Committee {
                    members,
                    threshold: rules.threshold,
                    mandatory: rules.mandatory.to(),
                },
                revoked: rules.revoked.to(),
            });
        }
        Err(Error::NoEpoch)
    }

    /// The payload that counts for a batch: what was posted, or what was shown when it was demanded.
    pub(crate) async fn payload(
        &self,
        settlement: &RwLock<Settlement>,
        posted: &PostedBatch,
    ) -> Result<Option<Vec<u8>>, Error> {
        let index = posted.header.index;
        let shown = {
            let settlement = settlement.read();
            settlement.sealing().and_then(|sealing| sealing.demand(index)?.shown())
        };
        if let Some(shown) = shown.filter(|_| !posted.void) {
            self.data.keep(shown).await?;
        }
        let header = posted.effective();
        match self.data.fetch(&self.client, &header, &posted.aux).await {
            Err(error) if error.is_withheld() => {
                Err(Error::Withheld { index, header: header.hash(), error })
            }
            fetched => Ok(fetched?),
        }
    }

    /// Looks for the payload of a batch before its turn.
    pub(crate) async fn look(
        &self,
        settlement: &RwLock<Settlement>,
        index: u64,
    ) -> Result<Done, Error> {
        let posted = settlement.read().inbox().batches().get(index as usize).cloned();
        let Some(posted) = posted else { return Ok(Done::default()) };
        self.payload(settlement, &posted).await?;
        let header = posted.effective().hash();
        Ok(Done::learnt(Event::Looked { index, header, found: true }))
    }

    /// The call that seals batches.
    pub(crate) fn seal(&self, settlement: &RwLock<Settlement>, count: u64) -> Result<Call, Error> {
        let settlement = settlement.read();
        let sealing = settlement.sealing().ok_or(mezz_da::Error::NoCommittee)?;
        let range = sealing.headers(settlement.inbox(), count);
        let batches = settlement.inbox().batches();
        let headers = range.filter_map(|index| batches.get(index as usize));
        let call = SealedInbox::sealCall { headers: headers.map(|b| b.header.into()).collect() };
        Ok(Call::to(self.committee_contracts()?.sealed_inbox, &call))
    }

    /// The call that demands a payload.
    pub(crate) fn demand(
        &self,
        settlement: &RwLock<Settlement>,
        index: u64,
    ) -> Result<Call, Error> {
        let posted = settlement.read().inbox().batches().get(index as usize).cloned();
        let posted = posted.ok_or(Error::Reorged)?;
        let signed = SignedCertificate::decode(&posted.aux).ok_or(Error::Reorged)?;
        let rules = self.config.committee.ok_or(mezz_da::Error::NoCommittee)?;
        let bond = rules.bond_per_chunk * U256::from(signed.payload.chunks().unwrap_or_default());
        tracing::warn!(batch = index, %bond, "nobody gives the payload of a batch: demands it on L1");
        let call = DaChallenge::challengeCall {
            header: posted.header.into(),
            payloadHash: signed.payload.payload_hash,
            payloadLength: signed.payload.payload_length,
        };
        Ok(Call::to(self.committee_contracts()?.challenges, &call).with_value(bond))
    }

    /// The call that shows a chunk which is demanded.
    pub(crate) async fn show(
        &self,
        settlement: &RwLock<Settlement>,
        index: u64,
        chunk: u8,
    ) -> Result<Call, Error> {
        let posted = settlement.read().inbox().batches().get(index as usize).cloned();
        let posted = posted.ok_or(Error::Reorged)?;
        let payload = self.payload(settlement, &posted).await?.ok_or(Error::Reorged)?;
        let data = payload.chunks(CHUNK_SIZE).nth(chunk.into()).ok_or(Error::Reorged)?;
        tracing::info!(batch = index, chunk, bytes = data.len(), "shows a chunk that was demanded");
        debug_assert_eq!(keccak256(data), chunk_hashes(&payload)[usize::from(chunk)]);
        let call = DaChallenge::answerCall {
            index,
            hashes: chunk_hashes(&payload),
            chunk: U256::from(chunk),
            data: data.to_vec().into(),
        };
        Ok(Call::to(self.committee_contracts()?.challenges, &call))
    }

    /// The call that takes back the bond of a demand that was not met.
    pub(crate) fn reclaim_demand(&self, index: u64) -> Result<Call, Error> {
        let call = DaChallenge::reclaimCall { index };
        Ok(Call::to(self.committee_contracts()?.challenges, &call))
    }
}
