//! The proofs that this node has, as files.
//!
//! A file holds a proof, what it says and which run it is of. A file that is there is whole: it is written under another name, synced, and renamed.

use super::Run;
use alloy_primitives::{B256, Bytes, keccak256};
use mezz_l1::ProofForm;
use mezz_primitives::Statement;
use mezz_settlement::Proving;
use mezz_verify::Verifier;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// The ending of the files.
const ENDING: &str = "proof.json";
/// The ending of a file that is being written.
const UNFINISHED: &str = "unfinished";

/// Verifies proofs of the program that this node runs.
pub(crate) static VERIFIER: LazyLock<Verifier> = LazyLock::new(Verifier::committed);

/// What a proof on the shelf says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Made {
    /// Which run it is of.
    pub(crate) proving: Proving,
    /// What it says.
    pub(crate) statement: Statement,
    /// When this node took it, seconds since 1970.
    pub(crate) since: u64,
}

impl Made {
    /// The run: another one than that of the same claim after a reorg.
    pub(crate) const fn run(&self) -> Run {
        Run { proving: self.proving, boot: self.statement.boot }
    }
}

/// A file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filed {
    #[serde(flatten)]
    made: Made,
    proof: Bytes,
    /// The hash of a proof that only L1 can verify, which it did before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wrapped: Option<B256>,
}

/// The proofs in a folder.
#[derive(Debug)]
pub(crate) struct Shelf {
    folder: PathBuf,
    /// By the hash of the statement.
    made: RwLock<BTreeMap<B256, Made>>,
}

impl Shelf {
    /// Reads what an earlier run of the node kept. What is no proof of this program is passed over, and stays where it is.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let mut made = BTreeMap::new();
        for file in fs::read_dir(&folder)? {
            let path = file?.path();
            if path.extension() == Some(OsStr::new(UNFINISHED)) {
                fs::remove_file(&path)?;
                continue;
            }
            match read(&path) {
                Ok(Filed { made: found, .. }) => drop(made.insert(found.statement.hash(), found)),
                Err(error) => {
                    tracing::warn!(file = %path.display(), %error, "this is no proof of this program, and is passed over");
                }
            }
        }
        Ok(Self { folder, made: RwLock::new(made) })
    }

    /// Whether the proof of a statement is here, or of which run.
    pub(crate) fn made(&self, id: B256) -> Option<Made> {
        self.made.read().get(&id).cloned()
    }

    /// What is here.
    pub(crate) fn all(&self) -> Vec<Made> {
        self.made.read().values().cloned().collect()
    }

    /// Whether a run is proven.
    pub(crate) fn has(&self, run: &Run) -> bool {
        self.made.read().values().any(|made| made.run() == *run)
    }

    /// The proof of a run and what it says.
    pub(crate) fn proof(&self, run: &Run) -> Option<(Statement, Vec<u8>)> {
        let made = self.made.read().values().find(|made| made.run() == *run).cloned()?;
        match read(&self.path(made.statement.hash())) {
            Ok(filed) => Some((filed.made.statement, filed.proof.into())),
            Err(error) => {
                tracing::error!(proof = %made.statement.hash(), %error, "a proof cannot be read any more, and must be made anew");
                self.made.write().remove(&made.statement.hash());
                None
            }
        }
    }

    /// Keeps a proof, which the caller has verified.
    pub(crate) fn keep(&self, made: Made, proof: &[u8], form: ProofForm) -> io::Result<()> {
        let id = made.statement.hash();
        let wrapped = (form == ProofForm::Halo2).then(|| keccak256(proof));
        let filed = Filed { made, proof: Bytes::copy_from_slice(proof), wrapped };
        let path = self.path(id);
        let unfinished = path.with_extension(UNFINISHED);
        let mut file = File::create(&unfinished)?;
        file.write_all(&serde_json::to_vec(&filed)?)?;
        file.sync_all()?;
        fs::rename(unfinished, path)?;
        File::open(&self.folder)?.sync_all()?;
        self.made.write().insert(id, filed.made);
        Ok(())
    }

    /// Forgets a proof.
    pub(crate) fn remove(&self, id: B256) {
        self.made.write().remove(&id);
        if let Err(error) = fs::remove_file(self.path(id)) {
            tracing::warn!(%id, %error, "a proof that is of no use any more stays on disk");
        }
    }

    fn path(&self, id: B256) -> PathBuf {
        self.folder.join(format!("{id:x}.{ENDING}"))
    }
}

/// A file, whose proof is one.
fn read(path: &Path) -> io::Result<Filed> {
    let other = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
    let filed: Filed = serde_json::from_slice(&fs::read(path)?)?;
    let id = filed.made.statement.hash();
    if path.file_name() != Some(OsStr::new(&format!("{id:x}.{ENDING}"))) {
        return Err(other("its name is of another statement".into()));
    }
    match filed.wrapped {
        None => VERIFIER.verify(id, &filed.proof).map_err(|error| other(error.to_string()))?,
        Some(hash) if hash == keccak256(&filed.proof) => {}
        Some(_) => return Err(other("it was altered".into())),
    }
    Ok(filed)
}
