//! Sealed payloads on disk: what a member of a private chain keeps instead of payloads.
//!
//! A file is the Keccak hash of the rest, and then the sealed payload: damage is seen without any key. What it holds only its
//! readers see. Names, expiries and backups are those of payloads.

use super::{Backup, InboxId, Kept, StoreConfig, files::Files, store::back_up};
use crate::{
    Error,
    private::{AccessKey, AccessPublicKey, SealedHead, SealedPayload},
};
use alloy::primitives::{B256, keccak256};
use mezz_primitives::PayloadId;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

const EXTENSION: &str = "sealed";

/// Bytes of the hash before a sealed payload.
const CHECKSUM: usize = 32;

/// A directory of sealed payloads. One process writes to it; anybody may copy it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SealedStore {
    files: Arc<Files>,
    tenants: Arc<Mutex<Tenants>>,
}

type Tenants = BTreeMap<AccessPublicKey, BTreeSet<RecordPlace>>;

/// A payload that has a record of some tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordPlace {
    /// The batch.
    pub batch_index: u64,
    /// The chain.
    #[serde(flatten)]
    pub inbox: InboxId,
    /// The payload.
    pub payload_hash: B256,
}

impl SealedStore {
    /// Opens the store in a directory, which is created if need be.
    pub fn open(directory: impl Into<PathBuf>, config: StoreConfig) -> Result<Self, Error> {
        Ok(Self::of(Files::open(directory.into(), config, EXTENSION, describe)?))
    }

    /// Opens a store to which another process may be writing, to read it: nothing is created or removed.
    pub fn open_to_read(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        Ok(Self::of(Files::open_to_read(directory.into(), EXTENSION, describe)?))
    }

    fn of(files: Files) -> Self {
        let mut tenants = Tenants::new();
        for kept in files.list() {
            if let Some(head) = read_head(&files.path(kept.id.payload_hash)) {
                learn(&mut tenants, &head);
            }
        }
        Self { files: Arc::new(files), tenants: Arc::new(Mutex::new(tenants)) }
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        self.files.directory()
    }

    /// Keeps a sealed payload until a time, seconds since 1970, or for ever. It is on disk when this returns; tells whether it was written.
    ///
    /// One that is there and whole stays as it is where all that open the new one open it, and gives way where others do too. A new one that
    /// leaves anybody out is refused, or any transaction of a tenant's record, as `key` sees that opens both, and so is one of another chain
    /// or batch: nobody loses what was sealed for it.
    pub fn put(
        &self,
        sealed: &SealedPayload,
        expiry: Option<u64>,
        key: &AccessKey,
    ) -> Result<bool, Error> {
        let payload_hash = sealed.context().payload.payload_hash;
        // What this key no longer opens nobody can compare.
        let keeps = |kept: &_| sealed.keeps_records_of(kept, key).unwrap_or(false);
        self.write(sealed, expiry, keeps, || Err(Error::SealedOtherwise { payload_hash }))
    }

    /// Writes a sealed payload as [`SealedStore::put`] says; `otherwise` tells whether a whole one stays that it would neither keep nor replace.
    fn write(
        &self,
        sealed: &SealedPayload,
        expiry: Option<u64>,
        keeps_records: impl FnOnce(&SealedPayload) -> bool,
        otherwise: impl FnOnce() -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let (id, bytes) = (sealed.context().payload, sealed.encode());
        let (checksum, length) = (keccak256(&bytes), (CHECKSUM + bytes.len()) as u64);
        let stays = || match self.get(id.payload_hash) {
            None => Ok(false),
            Some(kept) if kept.context() != sealed.context() => otherwise(),
            Some(kept) if kept.is_for_all_of(sealed) => Ok(true),
            Some(kept) if sealed.is_for_all_of(&kept) && keeps_records(&kept) => Ok(false),
            Some(_) => otherwise(),
        };
        let parts = [checksum.as_slice(), &bytes];
        let wrote = self.files.write(id, length, expiry, stays, &parts)?;
        if wrote && let Some(head) = SealedHead::decode(&bytes) {
            learn(&mut self.tenants.lock(), &head);
        }
        Ok(wrote)
    }

    /// A sealed payload; `None` if it is not there or its file is damaged.
    pub fn get(&self, payload_hash: B256) -> Option<SealedPayload> {
        self.kept(payload_hash)?;
        let bytes = fs::read(self.files.path(payload_hash)).ok();
        let whole = bytes.and_then(|bytes| {
            let (checksum, sealed) = bytes.split_at_checked(CHECKSUM)?;
            (keccak256(sealed) == checksum).then(|| SealedPayload::decode(sealed).ok())?
        });
        let right = whole.filter(|sealed| sealed.context().payload.payload_hash == payload_hash);
        if right.is_none() {
            self.files.warn(payload_hash);
        }
        right
    }

    /// What a sealed payload says of itself: who opens what.
    pub fn head(&self, payload_hash: B256) -> Option<SealedHead> {
        self.kept(payload_hash)?;
        read_head(&self.files.path(payload_hash))
    }

    /// The payloads from a batch on that have a record of a tenant, by batch.
    pub fn records(&self, tenant: AccessPublicKey, from: u64) -> Vec<RecordPlace> {
        let tenants = self.tenants.lock();
        let places = tenants.get(&tenant).into_iter().flatten();
        let wanted = places.filter(|place| place.batch_index >= from);
        wanted.filter(|place| self.kept(place.payload_hash).is_some()).copied().collect()
    }

    /// What the store knows of a payload without reading it.
    pub fn kept(&self, payload_hash: B256) -> Option<Kept> {
        self.files.kept(payload_hash)
    }

    /// All payloads, by hash, without reading them.
    pub fn list(&self) -> Vec<Kept> {
        self.files.list()
    }

    /// Reads all of them; gives the hashes of those whose files are damaged.
    pub fn damaged(&self) -> Vec<B256> {
        self.files.damaged(|kept| self.get(kept.id.payload_hash).is_none())
    }

    /// Whether there is a file of a payload now, whole or damaged.
    pub fn is_there(&self, payload_hash: B256) -> bool {
        self.files.is_there(payload_hash)
    }

    /// How many there are, and the bytes of their files.
    pub fn size(&self) -> (u64, u64) {
        self.files.size()
    }

    /// Removes what is needed no more, unless the store is an archive. Gives what it removed.
    pub fn expire(&self, now: u64) -> Result<Vec<PayloadId>, Error> {
        let removed = self.files.expire(now)?;
        if !removed.is_empty() {
            let gone: BTreeSet<B256> = removed.iter().map(|id| id.payload_hash).collect();
            let mut tenants = self.tenants.lock();
            tenants.values_mut().for_each(|places| {
                places.retain(|place| !gone.contains(&place.payload_hash));
            });
            tenants.retain(|_, places| !places.is_empty());
        }
        Ok(removed)
    }

    /// Copies to another directory what is missing or damaged there, as it is: sealed. What is whole there
    /// stays, unless others too open this.
    pub fn backup(&self, to: impl Into<PathBuf>) -> Result<Backup, Error> {
        let target = Self::open(to, StoreConfig::default())?;
        back_up(&self.files, |Kept { id, expiry }| {
            let sealed = self.get(id.payload_hash);
            sealed.map(|sealed| target.write(&sealed, expiry, |_| true, || Ok(true))).transpose()
        })
    }
}

fn learn(tenants: &mut Tenants, head: &SealedHead) {
    let context = &head.context;
    let place = RecordPlace {
        batch_index: context.batch_index,
        inbox: context.inbox,
        payload_hash: context.payload.payload_hash,
    };
    for tenant in head.tenants.keys() {
        tenants.entry(*tenant).or_default().insert(place);
    }
}

fn describe(path: &Path, file_length: u64) -> Option<(u32, u64)> {
    Some((read_head(path)?.context.payload.payload_length, file_length))
}

/// The head of a file, whose rest is not looked at.
fn read_head(path: &Path) -> Option<SealedHead> {
    let mut head = Vec::new();
    let most = (CHECKSUM + SealedHead::SIZE_MAX) as u64;
    File::open(path).ok()?.take(most).read_to_end(&mut head).ok()?;
    let head = SealedHead::decode(head.get(CHECKSUM..)?)?;
    let named = path.file_stem()?.to_str()?.parse::<B256>().ok()?;
    (head.context.payload.payload_hash == named).then_some(head)
}
