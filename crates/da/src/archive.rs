//! Blobs on disk: one file each, named after the versioned hash.

use crate::Error;
use alloy::{
    eips::eip4844::{Blob, kzg_to_versioned_hash},
    primitives::B256,
};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// A directory of blobs. Several processes may use one.
#[derive(Debug, Clone)]
pub struct Archive {
    directory: PathBuf,
}

impl Archive {
    /// Opens the archive in a directory, which is created if need be.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let directory = directory.into();
        fs::create_dir_all(&directory)
            .map_err(|source| Error::Archive { path: directory.clone(), source })?;
        Ok(Self { directory })
    }

    /// The blob with this versioned hash; `None` if it is not there or its file is damaged.
    pub fn get(&self, hash: B256) -> Option<Box<Blob>> {
        let path = self.path(hash);
        let bytes = fs::read(&path).ok()?;
        match open_blob(&bytes) {
            Some((actual, blob)) if actual == hash => Some(blob),
            _ => {
                tracing::warn!(path = %path.display(), "a file of the blob archive is damaged and will be replaced");
                None
            }
        }
    }

    /// Keeps a blob, which must have this versioned hash. Either the whole file is there afterwards or none.
    pub fn put(&self, hash: B256, blob: &Blob) -> Result<(), Error> {
        let path = self.path(hash);
        write_atomically(&path, &self.directory, blob.as_slice())
            .map_err(|source| Error::Archive { path, source })
    }

    fn path(&self, hash: B256) -> PathBuf {
        self.directory.join(format!("{hash}.bin"))
    }
}

/// Reads a blob and computes its versioned hash; `None` if the bytes are no blob.
fn open_blob(bytes: &[u8]) -> Option<(B256, Box<Blob>)> {
    let raw = c_kzg::Blob::from_bytes(bytes).ok()?;
    let commitment = crate::source::kzg_settings().blob_to_kzg_commitment(&raw).ok()?;
    Some((
        kzg_to_versioned_hash(commitment.to_bytes().as_slice()),
        Box::new(Blob::from_slice(bytes)),
    ))
}

/// Writes a file that nobody ever sees unfinished.
fn write_atomically(path: &Path, directory: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut unfinished = NamedTempFile::new_in(directory)?;
    unfinished.write_all(bytes)?;
    unfinished.as_file().sync_all()?;
    unfinished.persist(path)?;
    Ok(())
}
