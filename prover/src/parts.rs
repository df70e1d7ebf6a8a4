//! The proofs that were made of a job so far, as files.
//!
//! ```text
//! part: stamp (32) ‖ keccak256(proof) (32) ‖ proof        stamp = keccak256("…" ‖ program key ‖ job ‖ run ‖ name)
//! ```
//!
//! The stamp says what a part is of, the hash that it is whole. A part of something else, or a damaged one, is made anew: the proof never fails for it.

use crate::durable;
use alloy_primitives::{B256, Keccak256, keccak256};
use eyre::{Result, WrapErr as _, bail};
use openvm_stark_backend::codec::{Decode, Encode};
use std::{
    fs::{self, File, TryLockError},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

/// What stamps begin with: another number for another form of the files.
const FORM: &[u8] = b"mezz-prover part 1";
/// Bytes of the stamp, and of the hash.
const WORD: usize = 32;

/// A folder of proofs of one job. Nobody else works in it at the same time.
pub struct Parts {
    folder: PathBuf,
    program: B256,
    job: B256,
    _lock: File,
}

/// The parts of one run of the job: of its division into segments.
pub struct Run<'a> {
    parts: &'a Parts,
    run: B256,
}

impl Parts {
    /// Opens or makes the folder of a job for a program.
    pub fn open(root: &Path, program: B256, job: B256) -> Result<Self> {
        let folder = root.join(format!("{program:x}-{job:x}"));
        fs::create_dir_all(&folder).wrap_err_with(|| folder.display().to_string())?;
        durable::sync_folder(root)?;
        let lock = File::create(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder, program, job, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                bail!("another process works on this job in {}", folder.display())
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Those of a run. Another limit of memory divides the same job differently.
    pub const fn of(&self, run: B256) -> Run<'_> {
        Run { parts: self, run }
    }

    /// Forgets the job.
    pub fn remove(self) -> Result<()> {
        Ok(fs::remove_dir_all(&self.folder)?)
    }
}

impl Run<'_> {
    /// A proof that was made before. What is not that is removed, with a warning.
    pub fn load<T: Decode>(&self, name: &str) -> Result<Option<T>> {
        let path = self.path(name);
        let reason = match fs::read(&path) {
            Ok(file) => match self.read(name, &file) {
                Ok(proof) => return Ok(Some(proof)),
                Err(reason) => reason,
            },
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => format!("cannot be read ({error})"),
        };
        discard(&path, &reason)?;
        Ok(None)
    }

    /// Keeps a proof: all of it or nothing, and on the disk once this returns.
    pub fn save<T: Encode>(&self, name: &str, proof: &T) -> Result<()> {
        let proof = proof.encode_to_vec()?;
        durable::write(&self.path(name), |file| {
            file.write_all(self.stamp(name).as_slice())?;
            file.write_all(keccak256(&proof).as_slice())?;
            Ok(file.write_all(&proof)?)
        })
    }

    /// The proof in a file, or what is wrong with that.
    fn read<T: Decode>(&self, name: &str, file: &[u8]) -> Result<T, String> {
        let (head, proof) = file.split_at_checked(2 * WORD).ok_or("is torn")?;
        let (stamp, hash) = head.split_at(WORD);
        if stamp != self.stamp(name).as_slice() {
            return Err("is of another input, program or build, or of another --memory-cap".into());
        }
        if hash != keccak256(proof).as_slice() {
            return Err("is damaged".into());
        }
        T::decode_from_bytes(proof).map_err(|error| format!("is no proof ({error})"))
    }

    fn stamp(&self, name: &str) -> B256 {
        let mut stamp = Keccak256::new();
        stamp.update(FORM);
        for word in [self.parts.program, self.parts.job, self.run] {
            stamp.update(word);
        }
        stamp.update(name);
        stamp.finalize()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.parts.folder.join(name)
    }
}

/// Removes what a proof cannot go on with, and says so.
pub fn discard(path: &Path, reason: &str) -> Result<()> {
    eprintln!("warning: {} {reason}: it is removed and made anew", path.display());
    fs::remove_file(path)
        .wrap_err_with(|| format!("{} {reason}, and cannot be removed: remove it", path.display()))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// An empty folder.
    pub fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("mezz-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    const PROGRAM: B256 = B256::repeat_byte(1);
    const JOB: B256 = B256::repeat_byte(2);
    const RUN: B256 = B256::repeat_byte(3);
    /// A proof like any other that has a length.
    const PROOF: [u8; 3] = [7, 8, 9];

    fn proof() -> Vec<u8> {
        PROOF.to_vec()
    }

    fn load(parts: &Parts, run: B256, name: &str) -> Option<Vec<u8>> {
        parts.of(run).load(name).unwrap()
    }

    /// Does something to a part's file, and asks for it: it must be gone, and take another.
    fn check(parts: &Parts, spoil: impl FnOnce(&Path)) {
        parts.of(RUN).save("segment.0", &proof()).unwrap();
        let path = parts.folder.join("segment.0");
        spoil(&path);
        assert_eq!(load(parts, RUN, "segment.0"), None);
        assert!(!path.exists(), "it is removed");
        parts.of(RUN).save("segment.0", &proof()).unwrap();
        assert_eq!(load(parts, RUN, "segment.0"), Some(proof()), "and made anew");
    }

    #[test]
    fn parts_are_found_again() {
        let root = folder("found");
        let parts = Parts::open(&root, PROGRAM, JOB).unwrap();
        assert_eq!(load(&parts, RUN, "segment.0"), None);
        parts.of(RUN).save("segment.0", &proof()).unwrap();
        assert!(Parts::open(&root, PROGRAM, JOB).is_err(), "one process at a time");
        drop(parts);
        let parts = Parts::open(&root, PROGRAM, JOB).unwrap();
        assert_eq!(load(&parts, RUN, "segment.0"), Some(proof()));
        parts.remove().unwrap();
        assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_damaged_part_is_made_anew() {
        let root = folder("damaged");
        let parts = Parts::open(&root, PROGRAM, JOB).unwrap();
        let length = 2 * WORD + proof().encode_to_vec().unwrap().len();
        // What a loss of power leaves without a sync: nothing, a beginning, zeros.
        for kept in [0, 1, WORD, 2 * WORD, length - 1] {
            check(&parts, |path| {
                File::options().write(true).open(path).unwrap().set_len(kept as u64).unwrap();
            });
        }
        check(&parts, |path| fs::write(path, vec![0; length]).unwrap());
        for place in [0, WORD, 2 * WORD, length - 1] {
            check(&parts, |path| {
                let mut file = fs::read(path).unwrap();
                file[place] ^= 1;
                fs::write(path, file).unwrap();
            });
        }
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_part_of_something_else_is_made_anew() {
        let root = folder("else");
        let parts = Parts::open(&root, PROGRAM, JOB).unwrap();
        // As an earlier version of this program kept it.
        check(&parts, |path| fs::write(path, proof().encode_to_vec().unwrap()).unwrap());
        check(&parts, |path| {
            // Whole, with the right stamp, and no proof.
            let stamp = parts.of(RUN).stamp("segment.0");
            fs::write(path, [stamp.as_slice(), keccak256([]).as_slice()].concat()).unwrap();
        });
        let another = B256::repeat_byte(4);
        for (program, job) in [(another, JOB), (PROGRAM, another)] {
            let other = Parts::open(&root, program, job).unwrap();
            other.of(RUN).save("segment.0", &proof()).unwrap();
            check(&parts, |path| {
                fs::copy(other.folder.join("segment.0"), path).unwrap();
            });
        }
        // Of another division into segments, and another part of the same.
        check(&parts, |_| parts.of(another).save("segment.0", &proof()).unwrap());
        check(&parts, |path| {
            parts.of(RUN).save("layer.0.0", &proof()).unwrap();
            fs::rename(parts.folder.join("layer.0.0"), path).unwrap();
        });
        fs::remove_dir_all(root).unwrap();
    }
}
