//! Payloads on disk: one file each, named after the payload's hash.
//!
//! A file is the preimage of its name (`DOMAIN_PAYLOAD ‖ hashes of the chunks`) and then the payload, so each chunk can be checked
//! alone. Beside it lies `HASH.expiry` with the last second, in decimal, in which the payload is needed; without it the
//! payload is kept for ever. A copy of the directory is a backup.

use super::StoreConfig;
use crate::Error;
use alloy::primitives::{B256, keccak256};
use mezz_primitives::{
    CHUNK_SIZE, PayloadId, chunk_hashes, decode_chunk_hashes, encode_chunk_hashes,
};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::Builder;

const PAYLOAD: &str = "payload";
const EXPIRY: &str = "expiry";
const UNFINISHED: &str = ".unfinished-";

/// A directory of payloads. One process writes to it; anybody may read and copy it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PayloadStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    directory: PathBuf,
    config: StoreConfig,
    index: Mutex<Index>,
    /// Whoever changes files holds this.
    writer: Mutex<()>,
}

#[derive(Debug, Default)]
struct Index {
    kept: BTreeMap<B256, Kept>,
    bytes: u64,
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
    /// Payloads that are damaged here, so that there is nothing to copy.
    pub damaged: Vec<PayloadId>,
}

impl PayloadStore {
    /// Opens the store in a directory, which is created if need be; it has no limit but the disk.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::open_with(directory, StoreConfig::default())
    }

    /// Opens a store with limits.
    pub fn open_with(directory: impl Into<PathBuf>, config: StoreConfig) -> Result<Self, Error> {
        let directory = directory.into();
        create_directory(&directory)?;
        let index = Mutex::new(scan(&directory)?);
        Ok(Self { inner: Arc::new(Inner { directory, config, index, writer: Mutex::default() }) })
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.inner.directory
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
            self.warn(payload_hash);
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
        self.inner.index.lock().kept.get(&payload_hash).copied()
    }

    /// All payloads, by hash, without reading them.
    pub fn list(&self) -> Vec<Kept> {
        self.inner.index.lock().kept.values().copied().collect()
    }

    /// How many payloads there are, and their bytes.
    pub fn size(&self) -> (u64, u64) {
        let index = self.inner.index.lock();
        (index.kept.len() as u64, index.bytes)
    }

    /// Removes what is needed no more, unless the store is an archive. Gives what it removed.
    pub fn expire(&self, now: u64) -> Result<Vec<PayloadId>, Error> {
        if self.inner.config.archive {
            return Ok(Vec::new());
        }
        let mut removed = Vec::new();
        for hash in self.list().into_iter().map(|kept| kept.id.payload_hash) {
            let _writing = self.inner.writer.lock();
            let Some(kept) = self.kept(hash) else { continue };
            if kept.expiry.is_none_or(|expiry| expiry >= now) {
                continue;
            }
            // Without its expiry a payload is kept for ever: so the payload goes first.
            for extension in [PAYLOAD, EXPIRY] {
                let path = self.path(hash, extension);
                remove(&path).map_err(Error::store(&path))?;
            }
            let mut index = self.inner.index.lock();
            index.kept.remove(&hash);
            index.bytes -= u64::from(kept.id.payload_length);
            removed.push(kept.id);
        }
        Ok(removed)
    }

    /// Copies to another directory what is missing or damaged there; every payload is read and checked, here and there.
    ///
    /// The other way round it is how a backup is restored. What expired here stays there.
    pub fn backup(&self, to: impl Into<PathBuf>) -> Result<Backup, Error> {
        let target = Self::open(to)?;
        let mut done = Backup::default();
        for Kept { id, expiry } in self.list() {
            match self.get(&id) {
                None => done.damaged.push(id),
                Some(payload) => match target.write(&payload, expiry)?.1 {
                    true => done.copied.push(id),
                    false => done.present += 1,
                },
            }
        }
        Ok(done)
    }

    /// Writes a payload unless it is there and whole; tells whether it wrote.
    fn write(&self, payload: &[u8], expiry: Option<u64>) -> Result<(PayloadId, bool), Error> {
        let length = payload.len();
        let id = PayloadId::of(payload).ok_or(Error::Payload { length })?;
        let hash = id.payload_hash;
        let _writing = self.inner.writer.lock();
        let before = self.kept(hash);
        let expiry = match before {
            Some(before) => expiry.zip(before.expiry).map(|(a, b)| a.max(b)),
            None => expiry,
        };
        let whole = before.is_some() && self.get(&id).is_some();
        if !whole {
            self.require_room(length)?;
        }
        let folder = self.folder(hash);
        create_directory(&folder)?;
        // The expiry first: a payload without one is never removed.
        let expiry_path = self.path(hash, EXPIRY);
        match expiry {
            Some(expiry) if before.is_none_or(|before| before.expiry != Some(expiry)) => {
                write_atomically(&expiry_path, &folder, &[expiry.to_string().as_bytes()])?;
            }
            _ => {}
        }
        if !whole {
            let head = encode_chunk_hashes(&chunk_hashes(payload));
            write_atomically(&self.path(hash, PAYLOAD), &folder, &[&head, payload])?;
        }
        if expiry.is_none() {
            remove(&expiry_path).map_err(Error::store(&expiry_path))?;
        }
        sync_directory(&folder)?;
        let mut index = self.inner.index.lock();
        if index.kept.insert(hash, Kept { id, expiry }).is_none() {
            index.bytes += u64::from(id.payload_length);
        }
        Ok((id, !whole))
    }

    fn require_room(&self, length: usize) -> Result<(), Error> {
        let Inner { directory, config, .. } = &*self.inner;
        let full = |limit| Error::Full { path: directory.clone(), length, limit };
        let needed = length as u64;
        if let Some(bytes_max) = config.bytes_max
            && self.size().1 + needed > bytes_max
        {
            return Err(full(format!("the store may have {bytes_max} bytes")));
        }
        let disk = rustix::fs::statvfs(directory)
            .map_err(|error| Error::store(directory)(io::Error::from(error)))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < needed.saturating_add(config.free_bytes_min) {
            return Err(full(format!(
                "{free} bytes of the disk are free, and {} are to stay so",
                config.free_bytes_min
            )));
        }
        Ok(())
    }

    /// The whole payload, checked.
    fn read(&self, payload_hash: B256) -> Option<Vec<u8>> {
        let (mut file, hashes, length) = self.open_file(payload_hash)?;
        let mut payload = Vec::with_capacity(length);
        file.read_to_end(&mut payload).ok()?;
        if chunk_hashes(&payload) != hashes {
            self.warn(payload_hash);
            return None;
        }
        Some(payload)
    }

    /// A payload's file behind its head, the hashes in the head, and the payload's length.
    fn open_file(&self, payload_hash: B256) -> Option<(File, Vec<B256>, usize)> {
        let mut file = File::open(self.path(payload_hash, PAYLOAD)).ok()?;
        let opened = payload_length(file.metadata().ok()?.len()).and_then(|length| {
            let mut head = vec![0; head_length(length.div_ceil(CHUNK_SIZE))];
            file.read_exact(&mut head).ok()?;
            let hashes = decode_chunk_hashes(&head)?;
            (keccak256(&head) == payload_hash).then_some((hashes, length))
        });
        let Some((hashes, length)) = opened else {
            self.warn(payload_hash);
            return None;
        };
        Some((file, hashes, length))
    }

    fn warn(&self, payload_hash: B256) {
        let path = self.path(payload_hash, PAYLOAD);
        tracing::warn!(path = %path.display(), "a payload's file is damaged: it counts as missing");
    }

    fn folder(&self, payload_hash: B256) -> PathBuf {
        self.inner.directory.join(format!("{:02x}", payload_hash[0]))
    }

    fn path(&self, payload_hash: B256, extension: &str) -> PathBuf {
        self.folder(payload_hash).join(format!("{payload_hash}.{extension}"))
    }
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

/// Reads the names and lengths of all payloads, and removes what a killed process left unfinished.
fn scan(directory: &Path) -> Result<Index, Error> {
    let mut index = Index::default();
    for folder in fs::read_dir(directory).map_err(Error::store(directory))? {
        let folder = folder.map_err(Error::store(directory))?.path();
        if !folder.is_dir() {
            continue;
        }
        for file in fs::read_dir(&folder).map_err(Error::store(&folder))? {
            let path = file.map_err(Error::store(&folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(UNFINISHED) {
                remove(&path).map_err(Error::store(&path))?;
            }
            let Some((Ok(payload_hash), PAYLOAD)) =
                name.split_once('.').map(|(stem, extension)| (stem.parse::<B256>(), extension))
            else {
                continue;
            };
            let length = fs::metadata(&path).map_err(Error::store(&path))?.len();
            let Some(length) = payload_length(length) else {
                tracing::warn!(path = %path.display(), "a payload's file is damaged: it counts as missing");
                continue;
            };
            let id = PayloadId { payload_hash, payload_length: length as u32 };
            index.kept.insert(payload_hash, Kept { id, expiry: read_expiry(&path) });
            index.bytes += length as u64;
        }
    }
    Ok(index)
}

/// The expiry beside a payload. One that cannot be read is none: rather too long than too short.
fn read_expiry(payload: &Path) -> Option<u64> {
    let path = payload.with_extension(EXPIRY);
    let text = fs::read_to_string(&path).ok()?;
    let expiry = text.trim().parse().ok();
    if expiry.is_none() {
        tracing::warn!(path = %path.display(), "an expiry is damaged: its payload is kept for ever");
    }
    expiry
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Writes and syncs a file that nobody ever sees unfinished; its name is durable when the folder was synced.
fn write_atomically(path: &Path, folder: &Path, parts: &[&[u8]]) -> Result<(), Error> {
    let write = || {
        let mut unfinished = Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
        parts.iter().try_for_each(|part| unfinished.write_all(part))?;
        unfinished.as_file().sync_all()?;
        unfinished.persist(path)?;
        Ok(())
    };
    write().map_err(Error::store(path))
}

/// Creates a directory, with those that it is in, for good.
pub(crate) fn create_directory(directory: &Path) -> Result<(), Error> {
    let missing: Vec<&Path> = directory
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .collect();
    fs::create_dir_all(directory).map_err(Error::store(directory))?;
    missing.into_iter().try_for_each(|path| sync_directory(parent(path)))
}

/// Where a file or directory is; a bare name is where the process is.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(crate) fn sync_directory(directory: &Path) -> Result<(), Error> {
    let sync = || File::open(directory)?.sync_all();
    sync().map_err(Error::store(directory))
}
