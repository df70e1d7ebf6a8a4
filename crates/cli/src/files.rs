//! The files of a data directory.
//!
//! | file | what |
//! |---|---|
//! | `deployment.json` | for users and tools: endpoints, chain ids, contracts, dev accounts |
//! | `rollup.json` | for nodes: the deployment |
//! | `mezz.pid` | the process that runs here, which holds the file locked |
//! | `mezz.log` | of a detached `mezz up` |
//! | `l1/`, `l2/` | the chains |
//! | `members/` | what the members of a data committee keep |
//! | `access/` | of a private devnet: the access file, keys and tokens |

use crate::{
    args::AskArgs,
    commands::{CommitteeFile, PartiesFile},
    output::Failure,
};
use alloy::primitives::{Address, B256};
use mezz_l1::deploy::Deployment;
use mezz_primitives::Family;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

/// How often and how long apart the lock of a directory is tried: whoever only looks holds it for a moment.
const TRIES: u32 = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// A data directory.
#[derive(Debug, Clone)]
pub(crate) struct DataDir(pub(crate) PathBuf);

/// What users and tools need to know of a running chain.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeploymentFile {
    pub(crate) family: Family,
    pub(crate) l1: L1Endpoints,
    pub(crate) l2: L2Endpoints,
    pub(crate) metrics: String,
    pub(crate) contracts: mezz_primitives::Contracts,
    /// The data committee, of a chain that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) committee: Option<CommitteeFile>,
    /// Who reads what, of a private chain: the node answers by token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) access: Option<PartiesFile>,
    pub(crate) accounts: Vec<DevAccount>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct L1Endpoints {
    pub(crate) rpc: String,
    pub(crate) ws: String,
    pub(crate) beacon: Option<String>,
    pub(crate) chain_id: u64,
    /// Whether `mezz` runs it.
    #[serde(default)]
    pub(crate) embedded: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct L2Endpoints {
    pub(crate) rpc: String,
    pub(crate) ws: String,
    pub(crate) chain_id: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DevAccount {
    pub(crate) address: Address,
    pub(crate) private_key: B256,
}

impl DataDir {
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let path_shown = path.display();
        if path.exists() && !path.is_dir() {
            return Err(Failure::failed(format!(
                "{path_shown} is a file, not a directory; choose another --datadir"
            )));
        }
        fs::create_dir_all(path).map_err(|error| {
            Failure::failed(format!(
                "{path_shown} cannot be created: {error}; choose another --datadir"
            ))
        })?;
        Ok(Self(path.to_owned()))
    }

    /// Takes the directory for this process until the answer is dropped; refused while another one has it.
    pub(crate) fn take(&self) -> Result<Running, Failure> {
        let path = self.join("mezz.pid");
        let wrong = |error: std::io::Error| {
            Failure::failed(format!(
                "{} cannot be written: {error}; choose another --datadir",
                path.display()
            ))
        };
        for _ in 0..TRIES {
            let open = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path);
            let mut file = open.map_err(wrong)?;
            match file.try_lock() {
                // Whoever ran here before may have removed the name after it was opened.
                Ok(()) if fs::metadata(&path).is_ok_and(|named| is_same(&named, &file)) => {
                    let id = std::process::id().to_string();
                    file.set_len(0).and_then(|()| file.write_all(id.as_bytes())).map_err(wrong)?;
                    return Ok(Running { path, _locked: file });
                }
                Ok(()) | Err(fs::TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_TRIES),
                Err(fs::TryLockError::Error(error)) => return Err(wrong(error)),
            }
        }
        let process = self
            .process()
            .map_or_else(|| "another process".to_owned(), |id| format!("process {id}"));
        Err(Failure::refused(format!(
            "{process} runs in {0}; stop it with `mezz down --datadir {0}`, or give another --datadir",
            self.0.display()
        )))
    }

    /// Where `mezz resync` puts the chain that it rebuilds.
    pub(crate) fn aside(&self) -> PathBuf {
        self.join("l2.before-resync")
    }

    /// Refuses to go on with a chain that `mezz resync` has not rebuilt to its end.
    pub(crate) fn refuse_half_resynced(&self) -> Result<(), Failure> {
        if !self.aside().exists() {
            return Ok(());
        }
        Err(Failure::refused(format!(
            "a resync was interrupted here, and {} holds the chain before it; run `mezz resync --datadir {}` again",
            self.aside().display(),
            self.0.display()
        )))
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// deployment.json; a failure that says how to get one if there is none.
    pub(crate) fn deployment(&self) -> Result<DeploymentFile, Failure> {
        let path = self.join("deployment.json");
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                Failure::failed(format!(
                    "{} is damaged: {error}; start `mezz up` again to write it anew",
                    path.display()
                ))
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(Failure::not_running(format!(
                    "{} is not there: start a chain with `mezz up --datadir {}`, or give the --datadir of a running one",
                    path.display(),
                    self.0.display()
                )))
            }
            Err(error) => Err(Failure::failed(format!(
                "{} cannot be read: {error}; give the --datadir of a running chain",
                path.display()
            ))),
        }
    }

    /// The process that runs here. A number that an ended one left behind says nothing: it may be anybody's by now.
    pub(crate) fn process(&self) -> Option<i32> {
        let file = fs::File::open(self.join("mezz.pid")).ok()?;
        let Err(fs::TryLockError::WouldBlock) = file.try_lock_shared() else { return None };
        std::io::read_to_string(file).ok()?.trim().parse().ok()
    }
}

/// A data directory that this process has to itself.
#[derive(Debug)]
pub(crate) struct Running {
    path: PathBuf,
    _locked: fs::File,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn is_same(named: &fs::Metadata, file: &fs::File) -> bool {
    file.metadata().is_ok_and(|opened| (opened.dev(), opened.ino()) == (named.dev(), named.ino()))
}

/// The chain that a command asks: the one that runs in the data directory, or the one whose endpoints are given.
pub(crate) fn asked(args: &AskArgs) -> Result<DeploymentFile, Failure> {
    let Some((l1, l2)) = args.l1.as_ref().zip(args.l2.as_ref()) else {
        return DataDir(args.here.datadir.clone()).deployment();
    };
    // Withdrawals that were begun and branches are kept here.
    let here = DataDir::create(&args.here.datadir)?;
    let path = args.rollup.clone().unwrap_or_else(|| here.join("rollup.json"));
    let rollup = rollup(&path, "give --rollup with the rollup.json of the chain's operator")?;
    let ws = |url: &str| url.replacen("http", "ws", 1);
    let (l1_chain, l2_chain) = (rollup.config.l1_chain_id, rollup.config.l2_chain_id);
    Ok(DeploymentFile {
        family: rollup.config.family(),
        l1: L1Endpoints {
            ws: ws(l1),
            rpc: l1.clone(),
            beacon: None,
            chain_id: l1_chain,
            embedded: false,
        },
        l2: L2Endpoints { ws: ws(l2), rpc: l2.clone(), chain_id: l2_chain },
        metrics: String::new(),
        contracts: rollup.contracts,
        committee: None,
        access: None,
        accounts: Vec::new(),
    })
}

/// The deployment in a file; `otherwise` says what to do when it is not there.
pub(crate) fn rollup(path: &Path, otherwise: &str) -> Result<Deployment, Failure> {
    if !path.exists() {
        return Err(Failure::not_running(format!("{} is not there; {otherwise}", path.display())));
    }
    Deployment::load(path).map_err(|error| {
        Failure::failed(format!(
            "{error}; it is damaged or of another version: restore it from a copy, or choose another --datadir"
        ))
    })
}

/// Writes a file so that a reader sees the old one or the new one, never half of it.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes, 0o666)
}

/// The same, for nobody else to read.
pub(crate) fn write_for_owner(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes, 0o600)
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let write = || {
        let partial = path.with_extension("partial");
        // One that a kill has left would keep its own mode.
        match fs::remove_file(&partial) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(|error: std::io::Error| {
        Failure::failed(format!("{} cannot be written: {error}", path.display()))
    })
}

/// Whether a process lives.
pub(crate) fn is_alive(process: i32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
        && !fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default().contains(") Z ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_process_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let here = DataDir(directory.path().to_owned());
        fs::write(here.join("mezz.pid"), "1").unwrap();
        assert_eq!(here.process(), None, "what is left of another process");
        let running = here.take().unwrap();
        assert_eq!(here.process(), i32::try_from(std::process::id()).ok());
        let refused = here.take().unwrap_err();
        assert_eq!(refused.code, 4, "{}", refused.message);
        drop(running);
        assert_eq!(here.process(), None);
        drop(here.take().unwrap());
    }
}
