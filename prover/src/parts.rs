//! The proofs that were made of a job so far, as files.

use alloy_primitives::B256;
use eyre::{Result, WrapErr as _, bail};
use openvm_stark_backend::codec::{Decode, Encode};
use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// A folder of proofs of one job. Nobody else works in it at the same time.
pub struct Parts {
    folder: PathBuf,
    _lock: File,
}

impl Parts {
    /// Opens or makes the folder of a job for a program.
    pub fn open(folder: &Path, program: B256, job: B256) -> Result<Self> {
        let folder = folder.join(format!("{program:x}-{job:x}"));
        fs::create_dir_all(&folder).wrap_err_with(|| folder.display().to_string())?;
        let lock = File::create(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                bail!("another process works on this job in {}", folder.display())
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// A proof that was made before.
    pub fn load<T: Decode>(&self, name: &str) -> Result<Option<T>> {
        match fs::read(self.folder.join(name)) {
            Ok(bytes) => Ok(Some(T::decode_from_bytes(&bytes)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps a proof: all of it or nothing.
    pub fn save<T: Encode>(&self, name: &str, proof: &T) -> Result<()> {
        let unfinished = self.folder.join("unfinished");
        fs::write(&unfinished, proof.encode_to_vec()?)?;
        Ok(fs::rename(unfinished, self.folder.join(name))?)
    }

    /// Forgets the job.
    pub fn remove(self) -> Result<()> {
        Ok(fs::remove_dir_all(&self.folder)?)
    }
}
