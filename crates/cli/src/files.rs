//! The files of a data directory.
//!
//! | file | what |
//! |---|---|
//! | `deployment.json` | for users and tools: endpoints, chain ids, contracts, dev accounts |
//! | `rollup.json` | for nodes: the deployment |
//! | `mezz.pid`, `mezz.log` | of a detached `mezz up` |
//! | `l1/`, `l2/` | the chains |

use crate::output::Failure;
use alloy::primitives::{Address, B256};
use mezz_primitives::Family;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

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
        fs::create_dir_all(path).map_err(|error| {
            Failure::failed(format!(
                "{} cannot be created: {error}; choose another --datadir",
                path.display()
            ))
        })?;
        Ok(Self(path.to_owned()))
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
            Err(error) => {
                Err(Failure::failed(format!("{} cannot be read: {error}", path.display())))
            }
        }
    }

    /// The process of a running `mezz up`, if it is alive.
    pub(crate) fn process(&self) -> Option<i32> {
        let id: i32 = fs::read_to_string(self.join("mezz.pid")).ok()?.trim().parse().ok()?;
        is_alive(id).then_some(id)
    }
}

/// Writes a file so that a reader sees the old one or the new one, never half of it.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        let partial = path.with_extension("partial");
        let mut file = fs::File::create(&partial)?;
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
