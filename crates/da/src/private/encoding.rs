//! The bytes of a sealed payload: a head with all keys, the payload, the records.

use super::{
    cipher::{BUCKET, TAG_SIZE},
    key::AccessPublicKey,
    sealed::{SealContext, SealedPayload, SealedRecord, Unsealable, Wrap, body_size},
};
use crate::committee::InboxId;
use alloy::primitives::{Address, B256};
use mezz_primitives::PayloadId;
use std::collections::BTreeMap;

/// The format's first byte.
pub(super) const VERSION: u8 = 1;
/// The most readers of one payload.
pub const READERS_MAX: usize = 512;
/// The most tenants with a record of one payload.
pub const TENANTS_MAX: usize = 1_024;
/// The longest sealed payload, bytes: more than 4 MiB of transactions, each in two records, come to.
pub const SEALED_BYTES_MAX: usize = 24 << 20;

/// Bytes of a recipient's key and what is wrapped for it.
const WRAP_SIZE: usize = 32 + 32 + 48;

/// What a sealed payload says of itself before anything is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedHead {
    /// What it is.
    pub context: SealContext,
    /// Who opens all of it.
    pub readers: BTreeMap<AccessPublicKey, Wrap>,
    /// Who opens a record of it, and the record's bytes.
    pub tenants: BTreeMap<AccessPublicKey, (Wrap, usize)>,
}

/// Takes bytes from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn context(&mut self) -> Option<SealContext> {
        let l1_chain_id = u64::from_be_bytes(self.array()?);
        let inbox = Address::from(self.array::<20>()?);
        let batch_index = u64::from_be_bytes(self.array()?);
        let payload_hash = B256::from(self.array::<32>()?);
        let payload_length = u32::from_be_bytes(self.array()?);
        let payload = PayloadId { payload_hash, payload_length };
        payload.chunks()?;
        Some(SealContext { inbox: InboxId { l1_chain_id, inbox }, batch_index, payload })
    }

    fn wrap(&mut self) -> Option<(AccessPublicKey, Wrap)> {
        let key = AccessPublicKey(B256::from(self.array::<32>()?));
        Some((key, Wrap { encapsulated: self.array()?, wrapped: self.array()? }))
    }

    fn record_length(&mut self) -> Option<usize> {
        let length = usize::try_from(u32::from_be_bytes(self.array()?)).ok()?;
        let text = length.checked_sub(TAG_SIZE)?;
        (text > 0 && text.is_multiple_of(BUCKET) && length <= SEALED_BYTES_MAX).then_some(length)
    }

    /// So many entries, each with a greater key than the one before.
    fn entries<T>(
        &mut self,
        count: usize,
        entry: impl Fn(&mut Self) -> Option<(AccessPublicKey, T)>,
    ) -> Option<BTreeMap<AccessPublicKey, T>> {
        let mut entries = BTreeMap::new();
        for _ in 0..count {
            let (key, value) = entry(self)?;
            if entries.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return None;
            }
            entries.insert(key, value);
        }
        Some(entries)
    }

    fn head(&mut self) -> Option<SealedHead> {
        if self.array::<1>()? != [VERSION] {
            return None;
        }
        let context = self.context()?;
        let readers = usize::from(u16::from_be_bytes(self.array()?));
        let tenants = usize::from(u16::from_be_bytes(self.array()?));
        if !(1..=READERS_MAX).contains(&readers) || tenants > TENANTS_MAX {
            return None;
        }
        let readers = self.entries(readers, Self::wrap)?;
        let tenants = self.entries(tenants, |reader| {
            let (key, wrap) = reader.wrap()?;
            Some((key, (wrap, reader.record_length()?)))
        })?;
        Some(SealedHead { context, readers, tenants })
    }
}

impl SealedHead {
    /// The most bytes that a head has.
    pub const SIZE_MAX: usize =
        1 + SealContext::SIZE + 4 + READERS_MAX * WRAP_SIZE + TENANTS_MAX * (WRAP_SIZE + 4);

    /// Reads the head at the front of a sealed payload; `None` if there is none.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        Reader(bytes).head()
    }
}

impl SealedPayload {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend(self.context.encode());
        out.extend((self.readers.len() as u16).to_be_bytes());
        out.extend((self.tenants.len() as u16).to_be_bytes());
        for (key, wrap) in &self.readers {
            push_wrap(&mut out, key, wrap);
        }
        for (key, (wrap, record)) in &self.tenants {
            push_wrap(&mut out, key, wrap);
            out.extend((record.len() as u32).to_be_bytes());
        }
        out.extend_from_slice(&self.body);
        for (_, record) in self.tenants.values() {
            out.extend_from_slice(record);
        }
        out
    }

    /// Reads what [`Self::encode`] wrote. Each sealed payload has one encoding.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unsealable> {
        if bytes.len() > SEALED_BYTES_MAX {
            return Err(Unsealable::Encoding("they are too many"));
        }
        let mut reader = Reader(bytes);
        let SealedHead { context, readers, tenants } =
            reader.head().ok_or(Unsealable::Encoding("they begin with no head of this version"))?;
        let short = Unsealable::Encoding("they end too early");
        let body = reader.bytes(body_size(&context.payload)).ok_or(short.clone())?.to_vec();
        let mut take_record = |(key, (wrap, length))| {
            let record = reader.bytes(length)?.to_vec();
            Some((key, (wrap, record)))
        };
        let tenants = tenants.into_iter().map(&mut take_record).collect::<Option<_>>();
        let tenants = tenants.ok_or(short)?;
        match reader.0 {
            [] => Ok(Self { context, readers, body, tenants }),
            _ => Err(Unsealable::Encoding("bytes follow their end")),
        }
    }
}

impl SealedRecord {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend(self.context.encode());
        push_wrap(&mut out, &self.tenant, &self.wrap);
        out.extend_from_slice(&self.record);
        out
    }

    /// Reads what [`Self::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unsealable> {
        let read = || {
            let mut reader = Reader(bytes);
            (reader.array::<1>()? == [VERSION]).then_some(())?;
            let context = reader.context()?;
            let (tenant, wrap) = reader.wrap()?;
            let text = reader.0.len().checked_sub(TAG_SIZE)?;
            let right = text > 0 && text.is_multiple_of(BUCKET) && bytes.len() <= SEALED_BYTES_MAX;
            right.then(|| Self { context, tenant, wrap, record: reader.0.to_vec() })
        };
        read().ok_or(Unsealable::Encoding("they are no record of this version"))
    }
}

fn push_wrap(out: &mut Vec<u8>, key: &AccessPublicKey, wrap: &Wrap) {
    out.extend_from_slice(key.0.as_slice());
    out.extend(wrap.encapsulated);
    out.extend(wrap.wrapped);
}
