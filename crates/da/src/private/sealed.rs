//! Sealing and opening.

use super::{
    cipher::{KeySchedule, TAG_SIZE, decrypt, encrypt, pad, padded, unwrap, wrap},
    encoding::{READERS_MAX, TENANTS_MAX, VERSION},
    key::{AccessKey, AccessPublicKey},
    record::Record,
};
use crate::committee::InboxId;
use alloy::primitives::B256;
use mezz_primitives::PayloadId;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};
use zeroize::Zeroizing;

/// What HPKE is told of a content key.
const READER_INFO: &[u8] = b"mezzanine.private.reader.v1";
/// What HPKE is told of a record's key.
const TENANT_INFO: &[u8] = b"mezzanine.private.tenant.v1";

/// What a sealed payload is: everything in it is bound to this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealContext {
    /// The chain.
    pub inbox: InboxId,
    /// The batch for which it was sealed.
    pub batch_index: u64,
    /// The payload, as L1 knows it.
    pub payload: PayloadId,
}

/// For whom a payload is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recipients {
    /// Who opens the whole payload.
    pub readers: BTreeSet<AccessPublicKey>,
    /// What each tenant opens.
    pub tenants: BTreeMap<AccessPublicKey, Record>,
}

/// A payload that only its readers open, and records of it that only their tenants open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPayload {
    pub(super) context: SealContext,
    pub(super) readers: BTreeMap<AccessPublicKey, Wrap>,
    pub(super) body: Vec<u8>,
    pub(super) tenants: BTreeMap<AccessPublicKey, (Wrap, Vec<u8>)>,
}

/// A key that was encrypted for one recipient by HPKE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrap {
    /// The encapsulated key.
    pub encapsulated: [u8; 32],
    /// The wrapped key with its tag.
    pub wrapped: [u8; 48],
}

/// One tenant's part of a sealed payload: all that a member shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    pub(super) context: SealContext,
    pub(super) tenant: AccessPublicKey,
    pub(super) wrap: Wrap,
    pub(super) record: Vec<u8>,
}

/// A payload that was opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The payload: it has the hash and length of the context.
    pub payload: Vec<u8>,
    content_key: Zeroizing<[u8; 32]>,
}

/// Neither the payload nor its key comes into a log by mistake.
impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("bytes", &self.payload.len()).finish_non_exhaustive()
    }
}

/// Why something cannot be sealed, or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsealable {
    /// Bytes that are no sealed payload.
    #[error("these bytes are no sealed payload: {0}")]
    Encoding(&'static str),
    /// It was sealed for others.
    #[error(
        "it is not sealed for the key {0}: ask the operator to list that key, for batches to come"
    )]
    NotARecipient(AccessPublicKey),
    /// A part that was changed, or that was never made as it should be.
    #[error("its {0} was not made as it should be, or changed since")]
    Damaged(&'static str),
    /// Another payload than its hash says.
    #[error("what it holds is not the payload {0}")]
    WrongPayload(B256),
    /// A key that has no secrets with anybody.
    #[error("the key {0} is not one of X25519 for which something can be sealed")]
    WeakKey(AccessPublicKey),
    /// Nobody to seal for, or too many.
    #[error("a payload is sealed for 1 to {READERS_MAX} readers and up to {TENANTS_MAX} tenants")]
    Recipients,
}

impl SealContext {
    /// Bytes of its encoding.
    pub(super) const SIZE: usize = 72;

    /// `l1ChainId (8) ‖ inbox (20) ‖ batchIndex (8) ‖ payloadHash (32) ‖ payloadLength (4)`.
    pub(super) fn encode(&self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        out[..8].copy_from_slice(&self.inbox.l1_chain_id.to_be_bytes());
        out[8..28].copy_from_slice(self.inbox.inbox.as_slice());
        out[28..36].copy_from_slice(&self.batch_index.to_be_bytes());
        out[36..68].copy_from_slice(self.payload.payload_hash.as_slice());
        out[68..].copy_from_slice(&self.payload.payload_length.to_be_bytes());
        out
    }

    /// What HPKE is told of a wrap, so that it is one of this payload only.
    fn info(&self, kind: &[u8]) -> Vec<u8> {
        [kind, &[VERSION], &self.encode()].concat()
    }
}

impl SealedPayload {
    /// Seals a payload under a new content key.
    pub fn new(
        context: SealContext,
        payload: &[u8],
        recipients: &Recipients,
    ) -> Result<Self, Unsealable> {
        Self::seal(&Zeroizing::new(rand::random::<[u8; 32]>()), context, payload, recipients)
    }

    /// Seals a payload under a content key, which is 32 random bytes that are used for nothing else.
    pub fn seal(
        content_key: &[u8; 32],
        context: SealContext,
        payload: &[u8],
        recipients: &Recipients,
    ) -> Result<Self, Unsealable> {
        let Recipients { readers, tenants } = recipients;
        if readers.is_empty() || readers.len() > READERS_MAX || tenants.len() > TENANTS_MAX {
            return Err(Unsealable::Recipients);
        }
        if PayloadId::of(payload) != Some(context.payload) {
            return Err(Unsealable::WrongPayload(context.payload.payload_hash));
        }
        let encoded = context.encode();
        let keys = KeySchedule::new(content_key, &encoded);
        let wrap_for_reader = |reader: &AccessPublicKey| {
            Ok((*reader, wrap_of(&keys, &context, *reader, Kind::Reader(content_key))?))
        };
        let seal_record = |(tenant, record): (&AccessPublicKey, &Record)| {
            let key = keys.key("record", Some(*tenant));
            let sealed = encrypt(&key, &pad(record.encode()), &encoded);
            Ok((*tenant, (wrap_of(&keys, &context, *tenant, Kind::Tenant)?, sealed)))
        };
        Ok(Self {
            context,
            readers: readers.iter().map(wrap_for_reader).collect::<Result<_, _>>()?,
            body: encrypt(&keys.key("payload", None), &pad(payload.to_vec()), &encoded),
            tenants: tenants.iter().map(seal_record).collect::<Result<_, _>>()?,
        })
    }

    /// What it is.
    pub const fn context(&self) -> &SealContext {
        &self.context
    }

    /// Who opens all of it.
    pub fn readers(&self) -> impl Iterator<Item = AccessPublicKey> {
        self.readers.keys().copied()
    }

    /// Who opens a record of it.
    pub fn tenants(&self) -> impl Iterator<Item = AccessPublicKey> {
        self.tenants.keys().copied()
    }

    /// Whether all that open `other` open this too.
    pub fn is_for_all_of(&self, other: &Self) -> bool {
        other.readers.keys().all(|reader| self.readers.contains_key(reader))
            && other.tenants.keys().all(|tenant| self.tenants.contains_key(tenant))
    }

    /// Whether each tenant's record has all that it has in `other`, as somebody who opens both sees.
    pub fn keeps_records_of(&self, other: &Self, key: &AccessKey) -> Result<bool, Unsealable> {
        let (own, before) = (self.records(key)?, other.records(key)?);
        // Both are in the chain's order.
        Ok(before.iter().all(|(tenant, record)| {
            let mut held = own.get(tenant).into_iter().flat_map(|record| &record.transactions);
            record.transactions.iter().all(|before| held.any(|held| held == before))
        }))
    }

    /// The records of all tenants, for a reader.
    fn records(&self, key: &AccessKey) -> Result<BTreeMap<AccessPublicKey, Record>, Unsealable> {
        let encoded = self.context.encode();
        let keys = KeySchedule::new(&self.open(key)?.content_key, &encoded);
        let open = |(tenant, (_, record)): (&AccessPublicKey, &(Wrap, Vec<u8>))| {
            let text = decrypt(&keys.key("record", Some(*tenant)), record, &encoded);
            let record = text.and_then(|text| Record::decode(&text));
            Ok((*tenant, record.ok_or(Unsealable::Damaged("record"))?))
        };
        self.tenants.iter().map(open).collect()
    }

    /// One tenant's part.
    pub fn record(&self, tenant: AccessPublicKey) -> Option<SealedRecord> {
        let (wrap, record) = self.tenants.get(&tenant)?;
        Some(SealedRecord { context: self.context, tenant, wrap: *wrap, record: record.clone() })
    }

    /// The payload, which has the hash that L1 knows it by.
    pub fn open(&self, key: &AccessKey) -> Result<Opened, Unsealable> {
        let reader = key.public();
        let wrap = self.readers.get(&reader).ok_or(Unsealable::NotARecipient(reader))?;
        let content_key =
            unwrap(key, &self.context.info(READER_INFO), &wrap.encapsulated, &wrap.wrapped)
                .ok_or(Unsealable::Damaged("content key for this reader"))?;
        let encoded = self.context.encode();
        let keys = KeySchedule::new(&content_key, &encoded);
        let mut payload = decrypt(&keys.key("payload", None), &self.body, &encoded)
            .ok_or(Unsealable::Damaged("payload"))?;
        let length = self.context.payload.payload_length as usize;
        let padding = payload.get(length..).ok_or(Unsealable::Damaged("payload"))?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(Unsealable::Damaged("padding"));
        }
        payload.truncate(length);
        if PayloadId::of(&payload) != Some(self.context.payload) {
            return Err(Unsealable::WrongPayload(self.context.payload.payload_hash));
        }
        Ok(Opened { payload, content_key })
    }

    /// Opens it, and checks that every other reader can open it and every tenant its record. What a record holds is not compared with
    /// the payload: who sealed it knows whose account is whose.
    pub fn verify(&self, key: &AccessKey) -> Result<Opened, Unsealable> {
        let opened = self.open(key)?;
        let encoded = self.context.encode();
        let keys = KeySchedule::new(&opened.content_key, &encoded);
        for (reader, wrap) in &self.readers {
            let expected =
                wrap_of(&keys, &self.context, *reader, Kind::Reader(&opened.content_key))?;
            if expected != *wrap {
                return Err(Unsealable::Damaged("content key for another reader"));
            }
        }
        for (tenant, (wrap, record)) in &self.tenants {
            if wrap_of(&keys, &self.context, *tenant, Kind::Tenant)? != *wrap {
                return Err(Unsealable::Damaged("key of a record"));
            }
            decrypt(&keys.key("record", Some(*tenant)), record, &encoded)
                .and_then(|text| Record::decode(&text))
                .ok_or(Unsealable::Damaged("record"))?;
        }
        Ok(opened)
    }
}

impl SealedRecord {
    /// What payload it is of.
    pub const fn context(&self) -> &SealContext {
        &self.context
    }

    /// The tenant's transactions.
    pub fn open(&self, key: &AccessKey) -> Result<Record, Unsealable> {
        if key.public() != self.tenant {
            return Err(Unsealable::NotARecipient(key.public()));
        }
        let Wrap { encapsulated, wrapped } = &self.wrap;
        let record_key = unwrap(key, &self.context.info(TENANT_INFO), encapsulated, wrapped)
            .ok_or(Unsealable::Damaged("key of the record"))?;
        decrypt(&record_key, &self.record, &self.context.encode())
            .and_then(|text| Record::decode(&text))
            .ok_or(Unsealable::Damaged("record"))
    }
}

/// What is wrapped: the content key, or that of the tenant's record.
enum Kind<'a> {
    Reader(&'a [u8; 32]),
    Tenant,
}

fn wrap_of(
    keys: &KeySchedule,
    context: &SealContext,
    to: AccessPublicKey,
    kind: Kind<'_>,
) -> Result<Wrap, Unsealable> {
    let (info, key, seed) = match kind {
        Kind::Reader(content_key) => {
            (READER_INFO, Zeroizing::new(*content_key), "reader ephemeral")
        }
        Kind::Tenant => (TENANT_INFO, keys.key("record", Some(to)), "tenant ephemeral"),
    };
    let (encapsulated, wrapped) = wrap(to, &context.info(info), &key, keys.key(seed, Some(to)))
        .ok_or(Unsealable::WeakKey(to))?;
    Ok(Wrap { encapsulated, wrapped })
}

/// Bytes of the encrypted payload of this length.
pub(super) fn body_size(payload: &PayloadId) -> usize {
    padded(payload.payload_length as usize) + TAG_SIZE
}
