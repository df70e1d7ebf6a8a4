//! The data committee: certificates for what this node posts, payloads of what others posted, demands.

use crate::{
    Error,
    acts::{Acts, Done},
    batches,
    builder::header,
};
use alloy::eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use mezz_da::{
    CertificateSigner, ClientTls, Endpoint,
    committee::{BlsCommittee, Body, CertificateHead, SignedStatement},
    private::AccessKey,
};
use mezz_l1::{
    Call,
    contracts::{CommitteeRegistry, DaChallenge, SealedInbox},
};
use mezz_primitives::{
    Accumulator, CHUNK_SIZE, Certificate, Committee, CommitteeContracts, DaType, PayloadId,
    chunk_hashes,
};
use mezz_rpc::access::AccessList;
use mezz_settlement::{Event, Inbox, PostedBatch, Settlement};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::watch;

/// How much longer than it must a certificate lasts: in this time it can be posted, seconds.
const POSTING_TIME: u64 = 120;
/// The usual pause between two audits of the members.
const AUDIT_INTERVAL: Duration = Duration::from_secs(60);
/// The key of the note that says what members were asked for last.
const ASKED: &str = "asked";

/// How a node reaches its chain's data committee.
#[derive(Clone)]
pub struct CommitteeAccess {
    /// Where members are.
    pub members: Vec<Endpoint>,
    /// Who asks for certificates, and for payloads where not everybody may read them.
    pub requester: Option<Arc<dyn CertificateSigner>>,
    /// TLS towards them.
    pub tls: Option<ClientTls>,
    /// Of a private chain: whether the key below is in `must-read` of the members, so that what they say is sealed for others is withheld.
    pub must_read: bool,
    /// Of a private chain: the key that opens payloads.
    pub access_key: Option<AccessKey>,
    /// Of a private chain: for whom the batcher seals them.
    pub access_list: Option<AccessList>,
    /// Pause between two audits of the members. Default one minute.
    pub audit_interval: Duration,
}

impl Default for CommitteeAccess {
    fn default() -> Self {
        Self {
            members: Vec::new(),
            requester: None,
            tls: None,
            must_read: false,
            access_key: None,
            access_list: None,
            audit_interval: AUDIT_INTERVAL,
        }
    }
}

impl fmt::Debug for CommitteeAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommitteeAccess").field("members", &self.members).finish_non_exhaustive()
    }
}

/// Blocks that members were asked to certify. They sign one payload for each place in the chain of batches, so whoever asks again asks for the same, through a crash too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) index: u64,
    prev_acc: B256,
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// Hash of the last block: another chain has other batches.
    head: B256,
    pub(crate) payload: PayloadId,
    /// Whether the payload lacks the signatures.
    #[serde(default)]
    pub(crate) unsigned: bool,
}

/// The committee that certifies now.
struct Signing {
    epoch: u64,
    members: Members,
}

/// Who certifies, and the bits of those whose signatures L1 does not take.
enum Members {
    Secp256k1(Committee, u32),
    Bls(BlsCommittee, U256),
}

/// *Challenge me*: asks each member, again and again, for a chunk of what it has promised to keep. Looks at what members have signed, too.
pub(crate) async fn audit(
    acts: Arc<Acts>,
    settlement: Arc<RwLock<Settlement>>,
    every: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let Some(members) = acts.members.clone() else { return };
    let retention = acts.config.committee.map_or(0, |rules| rules.retention);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(every) => {}
        }
        let (promised, signed, now): (Vec<_>, Vec<_>, u64) = {
            let settlement = settlement.read();
            let now = settlement.l1_head().time;
            let batches = settlement.inbox().batches().iter();
            let certified: Vec<_> = batches
                .filter(|batch| batch.header.da_type == DaType::Committee)
                .filter_map(|batch| Some((batch, CertificateHead::decode(&batch.aux)?)))
                .collect();
            let kept = certified.iter().filter(|(_, head)| head.expiry > now);
            // Of older ones a second signature would be no equivocation.
            let fresh = certified.iter().filter(|(_, head)| head.expiry >= now + retention);
            let signed = fresh.flat_map(|(batch, _)| {
                let (index, before) = (batch.header.index, batch.header.prev_acc);
                SignedStatement::of_posted(members.inbox(), index, before, &batch.aux)
            });
            (kept.map(|(_, head)| head.payload).collect(), signed.collect(), now)
        };
        members.notice(signed, now);
        for audit in members.audit(&promised).await {
            if let Some(fault) = audit.fault {
                tracing::warn!(member = %audit.member, %fault, "a member does not show what it has promised to keep");
            }
        }
    }
}

impl Acts {
    fn committee_contracts(&self) -> Result<CommitteeContracts, Error> {
        self.contracts.committee.ok_or(Error::Data(mezz_da::Error::NoCommittee))
    }

    /// What members were asked to certify in the place of the next batch, if those blocks are still the chain's.
    pub(crate) async fn asked_before(
        &self,
        inbox: &Inbox,
    ) -> Result<Option<(Asked, Vec<u8>)>, Error> {
        let Some(note) = self.store.meta(ASKED)? else { return Ok(None) };
        let Ok(asked) = serde_json::from_slice::<Asked>(&note) else { return Ok(None) };
        let here = (inbox.batches().len() as u64, inbox.head().0);
        let block = self.store.block(asked.last)?;
        let same = block.is_some_and(|block| block.hash == asked.head);
        if (asked.index, asked.prev_acc) != here || !same {
            return Ok(None);
        }
        Ok(self.data.kept(asked.payload).await.map(|payload| (asked, payload)))
    }

    /// Writes down what members will be asked to certify, before they are.
    pub(crate) async fn ask(
        &self,
        inbox: &Inbox,
        (first, last): (u64, u64),
        unsigned: bool,
        payload: Vec<u8>,
    ) -> Result<(Asked, Vec<u8>), Error> {
        let bytes = payload.len();
        let asked = Asked {
            index: inbox.batches().len() as u64,
            prev_acc: inbox.head().0,
            first,
            last,
            head: header(&self.store, last)?.hash_slow(),
            payload: PayloadId::of(&payload).ok_or(Error::TooLarge { number: first, bytes })?,
            unsigned,
        };
        // Whoever posts it must be able to show it.
        self.data.keep(payload.clone()).await?;
        let note = serde_json::to_vec(&asked).expect("it is plain data; qed");
        self.store.put_meta(ASKED, &note)?;
        Ok((asked, payload))
    }

    /// Has members certify a payload: what L1 is shown of it.
    pub(crate) async fn certify(
        &self,
        asked: &Asked,
        payload: &[u8],
        l1_time: u64,
    ) -> Result<Bytes, Error> {
        let rules = self.config.committee.ok_or(mezz_da::Error::NoCommittee)?;
        let members = self.members.clone().ok_or(mezz_da::Error::NoCommittee)?;
        let signing = self.signing().await?;
        // L1's clock counts, and members go by their own.
        let now = l1_time.max(batches::now());
        // Whoever signed what could be posted until a moment ago signs anew.
        members.notice([], now);
        let certificate = Certificate {
            batch_index: asked.index,
            prev_acc: Accumulator(asked.prev_acc),
            payload: asked.payload,
            epoch: signing.epoch,
            expiry: now + rules.retention + POSTING_TIME,
        };
        let sealed = self.sealed(asked, payload).await?;
        let body = sealed.as_ref().map_or(Body::Plain(payload), Body::Sealed);
        Ok(match &signing.members {
            Members::Secp256k1(committee, revoked) => {
                members.certify(&certificate, committee, *revoked, body).await?.encode()
            }
            Members::Bls(committee, revoked) => {
                members.certify_bls(&certificate, committee, *revoked, body).await?.encode()
            }
        })
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
            return Ok(Signing { epoch, members: self.members_of(registry, epoch).await? });
        }
        Err(Error::NoEpoch)
    }

    /// The members of an epoch, and how they sign.
    async fn members_of(&self, registry: Address, epoch: u64) -> Result<Members, Error> {
        let at = BlockNumberOrTag::Latest;
        let call = CommitteeRegistry::membersOfCall { epoch };
        let members = self.client.call(registry, &call, at).await?;
        let call = CommitteeRegistry::epochAtCall { epoch };
        let rules = self.client.call(registry, &call, at).await?;
        // The rules of a BLS epoch are elsewhere, and no other has a threshold of zero.
        if rules.threshold != 0 {
            let (threshold, mandatory) = (rules.threshold, rules.mandatory.to());
            let committee = Committee { members, threshold, mandatory };
            return Ok(Members::Secp256k1(committee, rules.revoked.to()));
        }
        let call = CommitteeRegistry::blsEpochAtCall { epoch };
        let rules = self.client.call(registry, &call, at).await?;
        let call = CommitteeRegistry::blsKeysOfCall { epoch };
        let keys = self.client.call(registry, &call, at).await?;
        let committee = BlsCommittee::new(&members, &keys, rules.threshold, rules.mandatory)
            .ok_or(Error::BlsKeys { epoch })?;
        Ok(Members::Bls(committee, rules.revoked))
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
        let shown = sealing.headers(settlement.inbox(), count);
        let batches = settlement.inbox().batches();
        let headers = shown.into_iter().filter_map(|index| batches.get(index as usize));
        let call = SealedInbox::sealCall { headers: headers.map(|b| b.header.into()).collect() };
        let sealed = self.contracts.sealed_inbox().ok_or(Error::Reorged)?;
        Ok(Call::to(sealed, &call))
    }

    /// The call that demands a payload.
    pub(crate) async fn demand(
        &self,
        settlement: &RwLock<Settlement>,
        index: u64,
    ) -> Result<Call, Error> {
        let posted = settlement.read().inbox().batches().get(index as usize).cloned();
        let posted = posted.ok_or(Error::Reorged)?;
        // What is demanded is public for ever, and members that were silent hours ago may be there by now: it is looked for once more.
        match self.payload(settlement, &posted).await {
            Err(Error::Withheld { .. }) => {}
            Err(error) => return Err(error),
            Ok(_) => return Err(Error::Reorged),
        }
        let signed = CertificateHead::decode(&posted.aux).ok_or(Error::Reorged)?;
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
