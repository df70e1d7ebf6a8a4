//! Who read what: JSON lines, each with the hash of the line before.

use super::chained::{Chained, End, read_log};
use crate::Error;
use alloy::primitives::{Address, B256};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

/// The audit log of a member.
#[derive(Debug)]
pub(crate) struct AuditLog {
    log: Mutex<Chained>,
}

/// One request for a payload, or for a signature that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditEntry {
    /// Seconds since 1970.
    pub(crate) time: u64,
    /// Where it came from.
    pub(crate) from: IpAddr,
    /// Whose key signed the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Address>,
    /// The names in the client's certificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) names: Vec<String>,
    /// Method and path.
    pub(crate) request: String,
    /// HTTP status.
    pub(crate) status: u16,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
    /// Bytes of payload in the answer.
    pub(crate) bytes: u64,
}

/// The end of an audit log. Whoever wrote it down before can tell whether lines were cut off since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// Hash of the last line, zero of an empty log.
    pub hash: B256,
    /// Number of lines.
    pub lines: u64,
}

impl AuditLog {
    pub(crate) fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Ok(Self { log: Mutex::new(Chained::open(path, |_| Ok(()))?) })
    }

    /// Adds a line. It is with the system, and on disk with the next [`AuditLog::sync`].
    pub(crate) fn append(&self, entry: &AuditEntry) -> Result<(), Error> {
        self.log.lock().append(entry, false)
    }

    /// Waits until all lines are on disk.
    pub(crate) fn sync(&self) {
        if let Err(error) = self.log.lock().sync() {
            tracing::warn!(%error, "the audit log is not on disk");
        }
    }

    pub(crate) fn head(&self) -> AuditHead {
        let End { hash, lines, .. } = self.log.lock().end();
        AuditHead { hash, lines }
    }
}

/// Checks that no line of an audit log was changed, removed or put in between.
///
/// Who can write the file can also write it anew as a whole, or cut its end off: compare the head with one that was noted
/// elsewhere (`auditHead` in a member's status).
pub fn verify_audit_log(path: &Path) -> Result<AuditHead, Error> {
    let visit = |entry: &str| {
        serde_json::from_str::<AuditEntry>(entry).map(drop).map_err(|error| error.to_string())
    };
    let (end, whole) = read_log(path, visit)?;
    if !whole {
        let reason = "it is not finished".to_owned();
        return Err(Error::LogDamaged { path: path.to_owned(), line: end.lines + 1, reason });
    }
    Ok(AuditHead { hash: end.hash, lines: end.lines })
}
