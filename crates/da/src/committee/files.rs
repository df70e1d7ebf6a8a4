//! Files named after payloads, each with the time beside it until which it is needed.

use super::{Kept, StoreConfig};
use crate::Error;
use alloy::primitives::B256;
use mezz_primitives::PayloadId;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};
use tempfile::Builder;

const EXPIRY: &str = "expiry";
const UNFINISHED: &str = ".unfinished-";

/// A directory of files, `XX/HASH.EXTENSION`, and `XX/HASH.expiry` beside each that is not kept for ever.
#[derive(Debug)]
pub(super) struct Files {
    directory: PathBuf,
    config: StoreConfig,
    extension: &'static str,
    index: Mutex<Index>,
    /// Whoever changes files holds this.
    writer: Mutex<()>,
}

#[derive(Debug, Default)]
struct Index {
    kept: BTreeMap<B256, (Kept, u64)>,
    bytes: u64,
    /// Of which there are files that are none.
    damaged: BTreeSet<B256>,
}

/// What a scan does with what a killed process left unfinished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unfinished {
    Remove,
    /// Whose process may live.
    Leave,
}

/// Of a file, without reading all of it: how long the payload is, and the bytes that count; `None` if it is damaged.
pub(super) type Describe = fn(&Path, u64) -> Option<(u32, u64)>;

impl Files {
    pub(super) fn open(
        directory: PathBuf,
        config: StoreConfig,
        extension: &'static str,
        describe: Describe,
    ) -> Result<Self, Error> {
        create_directory(&directory)?;
        let index = Mutex::new(scan(&directory, extension, describe, Unfinished::Remove)?);
        Ok(Self { directory, config, extension, index, writer: Mutex::default() })
    }

    /// Opens what another process may be writing: nothing is created or removed, and what vanishes meanwhile was never there.
    pub(super) fn open_to_read(
        directory: PathBuf,
        extension: &'static str,
        describe: Describe,
    ) -> Result<Self, Error> {
        let index = match directory.exists() {
            true => scan(&directory, extension, describe, Unfinished::Leave)?,
            false => Index::default(),
        };
        let (index, config) = (Mutex::new(index), StoreConfig::default());
        Ok(Self { directory, config, extension, index, writer: Mutex::default() })
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What is known of a payload without reading it.
    pub(super) fn kept(&self, payload_hash: B256) -> Option<Kept> {
        self.index.lock().kept.get(&payload_hash).map(|(kept, _)| *kept)
    }

    /// All payloads, by hash, without reading them.
    pub(super) fn list(&self) -> Vec<Kept> {
        self.index.lock().kept.values().map(|(kept, _)| *kept).collect()
    }

    /// Those whose files were no payloads' when they were looked at first, and those that `is_damaged` when they are read now.
    pub(super) fn damaged(&self, is_damaged: impl Fn(&Kept) -> bool) -> Vec<B256> {
        let mut damaged = self.index.lock().damaged.clone();
        let kept = self.list().into_iter().filter(is_damaged).map(|kept| kept.id.payload_hash);
        damaged.extend(kept.filter(|hash| self.is_there(*hash)));
        damaged.into_iter().collect()
    }

    /// Whether there is a file now, whole or not.
    pub(super) fn is_there(&self, payload_hash: B256) -> bool {
        self.path(payload_hash).exists()
    }

    /// How many there are, and their bytes.
    pub(super) fn size(&self) -> (u64, u64) {
        let index = self.index.lock();
        (index.kept.len() as u64, index.bytes)
    }

    /// Removes what is needed no more, unless all is archived. Gives what it removed.
    pub(super) fn expire(&self, now: u64) -> Result<Vec<PayloadId>, Error> {
        if self.config.archive {
            return Ok(Vec::new());
        }
        let mut removed = Vec::new();
        for hash in self.list().into_iter().map(|kept| kept.id.payload_hash) {
            let _writing = self.writer.lock();
            let Some(kept) = self.kept(hash) else { continue };
            if kept.expiry.is_none_or(|expiry| expiry >= now) {
                continue;
            }
            // Without its expiry a payload is kept for ever: so the payload goes first.
            for path in [self.path(hash), self.expiry_path(hash)] {
                remove(&path).map_err(Error::store(&path))?;
            }
            let mut index = self.index.lock();
            if let Some((_, bytes)) = index.kept.remove(&hash) {
                index.bytes -= bytes;
            }
            removed.push(kept.id);
        }
        Ok(removed)
    }

    /// Writes a file of `parts`, of which `bytes` count, unless one is there that `stays`; tells whether it wrote.
    pub(super) fn write(
        &self,
        id: PayloadId,
        bytes: u64,
        expiry: Option<u64>,
        stays: impl FnOnce() -> Result<bool, Error>,
        parts: &[&[u8]],
    ) -> Result<bool, Error> {
        let hash = id.payload_hash;
        let _writing = self.writer.lock();
        let before = self.kept(hash);
        let expiry = match before {
            Some(before) => expiry.zip(before.expiry).map(|(a, b)| a.max(b)),
            None => expiry,
        };
        let stays = before.is_some() && stays()?;
        if !stays {
            self.require_room(bytes)?;
        }
        let folder = self.folder(hash);
        create_directory(&folder)?;
        // The expiry first: a payload without one is never removed.
        let expiry_path = self.expiry_path(hash);
        match expiry {
            Some(expiry) if before.is_none_or(|before| before.expiry != Some(expiry)) => {
                write_atomically(&expiry_path, &folder, &[expiry.to_string().as_bytes()])?;
            }
            _ => {}
        }
        if !stays {
            write_atomically(&self.path(hash), &folder, parts)?;
        }
        if expiry.is_none() {
            remove(&expiry_path).map_err(Error::store(&expiry_path))?;
        }
        sync_directory(&folder)?;
        let mut index = self.index.lock();
        // What is there already may be of another length than what was to be written.
        let counted = match index.kept.get(&hash) {
            Some((_, counted)) if stays => *counted,
            _ => bytes,
        };
        if let Some((_, before)) = index.kept.insert(hash, (Kept { id, expiry }, counted)) {
            index.bytes -= before;
        }
        index.bytes += counted;
        index.damaged.remove(&hash);
        Ok(!stays)
    }

    fn require_room(&self, needed: u64) -> Result<(), Error> {
        let Self { directory, config, .. } = self;
        let length = usize::try_from(needed).unwrap_or(usize::MAX);
        let full = |limit| Error::Full { path: directory.clone(), length, limit };
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

    pub(super) fn warn(&self, payload_hash: B256) {
        let path = self.path(payload_hash);
        tracing::warn!(path = %path.display(), "a payload's file is damaged: it counts as missing");
    }

    fn folder(&self, payload_hash: B256) -> PathBuf {
        self.directory.join(format!("{:02x}", payload_hash[0]))
    }

    /// The payload's file.
    pub(super) fn path(&self, payload_hash: B256) -> PathBuf {
        self.folder(payload_hash).join(format!("{payload_hash}.{}", self.extension))
    }

    fn expiry_path(&self, payload_hash: B256) -> PathBuf {
        self.path(payload_hash).with_extension(EXPIRY)
    }
}

/// Reads the names and lengths of all payloads.
fn scan(
    directory: &Path,
    wanted: &str,
    describe: Describe,
    unfinished: Unfinished,
) -> Result<Index, Error> {
    let mut index = Index::default();
    for folder in fs::read_dir(directory).map_err(Error::store(directory))? {
        let folder = folder.map_err(Error::store(directory))?.path();
        if !folder.is_dir() {
            continue;
        }
        for file in fs::read_dir(&folder).map_err(Error::store(&folder))? {
            let path = file.map_err(Error::store(&folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(UNFINISHED) && unfinished == Unfinished::Remove {
                remove(&path).map_err(Error::store(&path))?;
            }
            let payload_hash = match name.split_once('.') {
                Some((stem, extension)) if extension == wanted => stem.parse::<B256>(),
                _ => continue,
            };
            let Ok(payload_hash) = payload_hash else { continue };
            let length = match fs::metadata(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata.map_err(Error::store(&path))?.len(),
            };
            let Some((payload_length, bytes)) = describe(&path, length) else {
                if path.exists() {
                    tracing::warn!(path = %path.display(), "a payload's file is damaged: it counts as missing");
                    index.damaged.insert(payload_hash);
                }
                continue;
            };
            let kept =
                Kept { id: PayloadId { payload_hash, payload_length }, expiry: read_expiry(&path) };
            index.kept.insert(payload_hash, (kept, bytes));
            index.bytes += bytes;
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
pub(super) fn write_atomically(path: &Path, folder: &Path, parts: &[&[u8]]) -> Result<(), Error> {
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
