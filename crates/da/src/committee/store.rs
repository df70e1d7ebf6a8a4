//! Payloads on disk: one file each, named after the payload's hash.
//!
//! A file is the preimage of its name (`DOMAIN_PAYLOAD ‖ hashes of the chunks`) and then the payload, so each chunk can be checked
//! alone. Beside it lies `HASH.expiry` with the last second, in decimal, in which the payload is needed; without it the
//! payload is kept for ever. A copy of the directory is a backup.

use super::{StoreConfig, files::Files};
use crate::Error;
use alloy::primitives::{B256, keccak256};
use mezz_primitives::{
    CHUNK_SIZE, PayloadId, chunk_hashes, decode_chunk_hashes, encode_chunk_hashes,
};
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

const EXTENSION: &str = "payload";

/// A directory of payloads. One process writes to it; anybody may read and copy it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PayloadStore {
    files: Arc<Files>,
}

/// A payload in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Which.
    pub id: PayloadId,
    /// The last second in which it is needed, since 1970; `None` if it is kept for ever.
    pub expiry: Option<u64>,
}

/// What a backup did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backup {
    /// Payloads that were written.
    pub copied: Vec<PayloadId>,
    /// How many were there and whole.
    pub present: usize,
    /// The hashes of payloads that are damaged here, so that there is nothing to copy.
    pub damaged: Vec<B256>,
}

impl PayloadStore {
    /// Opens the store in a directory, which is created if need be; it has no limit but the disk.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::open_with(directory, StoreConfig::default())
    }

    /// Opens a store with limits.
    pub fn open_with(directory: impl Into<PathBuf>, config: StoreConfig) -> Result<Self, Error> {
        let files = Files::open(directory.into(), config, EXTENSION, describe)?;
        Ok(Self { files: Arc::new(files) })
    }

    /// Opens a store to which another process may be writing, to read it: nothing is created or removed.
    pub fn open_to_read(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let files = Files::open_to_read(directory.into(), EXTENSION, describe)?;
        Ok(Self { files: Arc::new(files) })
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        self.files.directory()
    }

    /// Keeps a payload for ever. It is on disk when this returns.
    pub fn put(&self, payload: &[u8]) -> Result<PayloadId, Error> {
        Ok(self.write(payload, None)?.0)
    }

    /// Keeps a payload until a time, seconds since 1970, or for longer if it was to be kept for longer. It is on disk when this returns.
    pub fn put_until(&self, payload: &[u8], expiry: u64) -> Result<PayloadId, Error> {
        Ok(self.write(payload, Some(expiry))?.0)
    }

    /// A payload; `None` if it is not there or its file is damaged.
    pub fn get(&self, id: &PayloadId) -> Option<Vec<u8>> {
        self.read(id.payload_hash).filter(|payload| payload.len() == id.payload_length as usize)
    }

    /// A chunk of a payload; `None` if it is not there or damaged.
    pub fn chunk(&self, payload_hash: B256, index: usize) -> Option<Vec<u8>> {
        let (mut file, hashes, length) = self.open_file(payload_hash)?;
        let expected = *hashes.get(index)?;
        let start = index * CHUNK_SIZE;
        let mut chunk = vec![0; (length - start).min(CHUNK_SIZE)];
        file.seek(SeekFrom::Start((head_length(hashes.len()) + start) as u64)).ok()?;
        file.read_exact(&mut chunk).ok()?;
        if keccak256(&chunk) != expected {
            self.files.warn(payload_hash);
            return None;
        }
        Some(chunk)
    }

    /// The hashes of a payload's chunks; `None` if it is not there. The chunks themselves are not read.
    pub fn chunk_hashes(&self, payload_hash: B256) -> Option<(PayloadId, Vec<B256>)> {
        let (_, hashes, length) = self.open_file(payload_hash)?;
        Some((PayloadId { payload_hash, payload_length: length as u32 }, hashes))
    }

    /// What the store knows of a payload without reading it.
    pub fn kept(&self, payload_hash: B256) -> Option<Kept> {
        self.files.kept(payload_hash)
    }

    /// All payloads, by hash, without reading them.
    pub fn list(&self) -> Vec<Kept> {
        self.files.list()
    }

    /// Reads all payloads; gives the hashes of those whose files are damaged.
    pub fn damaged(&self) -> Vec<B256> {
        self.files.damaged(|kept| self.get(&kept.id).is_none())
    }

    /// Whether there is a file of a payload now, whole or damaged.
    pub fn is_there(&self, payload_hash: B256) -> bool {
        self.files.is_there(payload_hash)
    }

    /// How many payloads there are, and their bytes.
    pub fn size(&self) -> (u64, u64) {
        self.files.size()
    }

    /// Removes what is needed no more, unless the store is an archive. Gives what it removed.
    pub fn expire(&self, now: u64) -> Result<Vec<PayloadId>, Error> {
        self.files.expire(now)
    }

    /// Copies to another directory what is missing or damaged there; every payload is read and checked, here and there.
    ///
    /// The other way round it is how a backup is restored. What expired here stays there.
    pub fn backup(&self, to: impl Into<PathBuf>) -> Result<Backup, Error> {
        let target = Self::open(to)?;
        back_up(&self.files, |Kept { id, expiry }| {
            let payload = self.get(&id);
            payload.map(|payload| Ok(target.write(&payload, expiry)?.1)).transpose()
        })
    }

    /// Writes a payload unless it is there and whole; tells whether it wrote.
    fn write(&self, payload: &[u8], expiry: Option<u64>) -> Result<(PayloadId, bool), Error> {
        let length = payload.len();
        let id = PayloadId::of(payload).ok_or(Error::Payload { length })?;
        let head = encode_chunk_hashes(&chunk_hashes(payload));
        let stays = || Ok(self.get(&id).is_some());
        let wrote = self.files.write(id, length as u64, expiry, stays, &[&head, payload])?;
        Ok((id, wrote))
    }

    /// The whole payload, checked.
    fn read(&self, payload_hash: B256) -> Option<Vec<u8>> {
        let (mut file, hashes, length) = self.open_file(payload_hash)?;
        let mut payload = Vec::with_capacity(length);
        file.read_to_end(&mut payload).ok()?;
        if chunk_hashes(&payload) != hashes {
            self.files.warn(payload_hash);
            return None;
        }
        Some(payload)
    }

    /// A payload's file behind its head, the hashes in the head, and the payload's length.
    fn open_file(&self, payload_hash: B256) -> Option<(File, Vec<B256>, usize)> {
        let mut file = File::open(self.files.path(payload_hash)).ok()?;
        let opened = payload_length(file.metadata().ok()?.len()).and_then(|length| {
            let mut head = vec![0; head_length(length.div_ceil(CHUNK_SIZE))];
            file.read_exact(&mut head).ok()?;
            let hashes = decode_chunk_hashes(&head)?;
            (keccak256(&head) == payload_hash).then_some((hashes, length))
        });
        let Some((hashes, length)) = opened else {
            self.files.warn(payload_hash);
            return None;
        };
        Some((file, hashes, length))
    }
}

/// Copies each with `copy`, which tells whether it wrote, or nothing if what it is to copy is damaged.
pub(super) fn back_up(
    files: &Files,
    copy: impl Fn(Kept) -> Result<Option<bool>, Error>,
) -> Result<Backup, Error> {
    let mut done = Backup { damaged: files.damaged(|_| false), ..Backup::default() };
    for kept in files.list() {
        match copy(kept)? {
            // What a live member removes meanwhile has expired.
            None if !files.is_there(kept.id.payload_hash) => {}
            None => done.damaged.push(kept.id.payload_hash),
            Some(true) => done.copied.push(kept.id),
            Some(false) => done.present += 1,
        }
    }
    Ok(done)
}

fn describe(_: &Path, file_length: u64) -> Option<(u32, u64)> {
    let length = payload_length(file_length)?;
    Some((length as u32, length as u64))
}

/// Bytes before the payload of so many chunks.
const fn head_length(chunks: usize) -> usize {
    32 + 32 * chunks
}

/// How long the payload in a file of this length is; `None` if there is none of it.
fn payload_length(file_length: u64) -> Option<usize> {
    let rest = usize::try_from(file_length).ok()?.checked_sub(head_length(0))?;
    let chunks = rest.div_ceil(CHUNK_SIZE + 32);
    let length = rest.checked_sub(32 * chunks)?;
    let id = PayloadId { payload_hash: B256::ZERO, payload_length: u32::try_from(length).ok()? };
    (id.chunks() == Some(chunks)).then_some(length)
}
