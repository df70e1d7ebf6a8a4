//! Who read what: JSON lines, each with the hash of the line before.
//!
//! `access.jsonl` is being written; when it is long it becomes `access-000001.jsonl`, and the next one goes on from its last
//! hash. Old files may be taken away.

use super::{
    chained::{Chained, End, read_log, start_of},
    files::parent,
};
use crate::{Error, private::AccessPublicKey};
use alloy::primitives::{Address, B256};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
};

/// When a file is closed and the next one begun.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Bytes of a request that are written: more than any that is answered has.
const REQUEST_BYTES_MAX: usize = 200;

/// Refusals of strangers that are written at once; one more may be each second.
const STRANGERS_MAX: u64 = 100;

/// The audit log of a member.
#[derive(Debug)]
pub(crate) struct AuditLog {
    path: PathBuf,
    log: Mutex<Chained>,
    strangers: Mutex<Strangers>,
    file_bytes_max: u64,
}

/// How many refusals of strangers are written: whoever connects could fill the disk with them.
#[derive(Debug)]
struct Strangers {
    /// How many may be, at a time.
    left: u64,
    time: u64,
    /// How many were not, since the last line.
    omitted: u64,
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
    /// Whose access key was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) access: Option<AccessPublicKey>,
    /// The names in the client's certificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) names: Vec<String>,
    /// Method and path, of which the first 200 bytes are written.
    pub(crate) request: String,
    /// HTTP status.
    pub(crate) status: u16,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
    /// Bytes of payload in the answer.
    pub(crate) bytes: u64,
    /// How many refusals of strangers came since the line before, and are in none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) omitted: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The end of an audit log. Whoever wrote it down before can tell whether lines were cut off since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// What the first line follows: zero if no older files were taken away.
    pub start: B256,
    /// Hash of the last line; `start` if there is none.
    pub hash: B256,
    /// Number of lines.
    pub lines: u64,
}

impl AuditLog {
    pub(crate) fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let start = match (start_of(&path), closed(&path)?.last()) {
            (Some(start), _) => start,
            (None, None) => B256::ZERO,
            // A process was killed between closing one file and writing into the next.
            (None, Some((_, last))) => verify_one(last, start_of(last))?.hash,
        };
        let log = Mutex::new(Chained::open(&path, start, |_| Ok(()))?);
        let strangers = Mutex::new(Strangers { left: STRANGERS_MAX, time: 0, omitted: 0 });
        Ok(Self { path, log, strangers, file_bytes_max: FILE_BYTES_MAX })
    }

    /// Adds a line. It is with the system, and on disk with the next [`AuditLog::sync`].
    pub(crate) fn append(&self, mut entry: AuditEntry) -> Result<(), Error> {
        entry.request.truncate(entry.request.floor_char_boundary(REQUEST_BYTES_MAX));
        let mut log = self.log.lock();
        if log.end().bytes >= self.file_bytes_max {
            self.close(&mut log)?;
        }
        let mut strangers = self.strangers.lock();
        entry.omitted = strangers.omitted;
        log.append(&entry, false)?;
        strangers.omitted = 0;
        Ok(())
    }

    /// Adds a line for a refusal of somebody who is not known here, or counts it if there were too many.
    pub(crate) fn append_stranger(&self, entry: AuditEntry) -> Result<(), Error> {
        let is_written = self.strangers.lock().is_written(entry.time);
        if is_written { self.append(entry) } else { Ok(()) }
    }

    /// Closes the file and begins the next one.
    fn close(&self, log: &mut Chained) -> Result<(), Error> {
        log.sync().map_err(Error::store(&self.path))?;
        let number = closed(&self.path)?.last().map_or(1, |(number, _)| number + 1);
        let to = self.path.with_file_name(format!("{}{number:06}.jsonl", prefix(&self.path)));
        fs::rename(&self.path, &to).map_err(Error::store(&to))?;
        *log = Chained::open(&self.path, log.end().hash, |_| Ok(()))?;
        Ok(())
    }

    /// Waits until all lines are on disk.
    pub(crate) fn sync(&self) {
        if let Err(error) = self.log.lock().sync() {
            tracing::warn!(%error, "the audit log is not on disk");
        }
    }

    pub(crate) fn head(&self) -> AuditHead {
        self.log.lock().end().into()
    }
}

impl Strangers {
    /// Whether the next one is, at a time in seconds.
    fn is_written(&mut self, time: u64) -> bool {
        let passed = time.saturating_sub(self.time);
        self.left = self.left.saturating_add(passed).min(STRANGERS_MAX);
        self.time = time;
        let is_written = self.left > 0;
        match is_written {
            true => self.left -= 1,
            false => self.omitted += 1,
        }
        is_written
    }
}

impl From<End> for AuditHead {
    fn from(End { start, hash, lines, .. }: End) -> Self {
        Self { start, hash, lines }
    }
}

/// Checks that no line of an audit log was changed, removed or put in between, with the closed files beside it.
///
/// Who can write the files can also write them anew as a whole, or cut off their end: compare the head with one that was
/// noted elsewhere (`auditHead` in a member's status).
pub fn verify_audit_log(path: &Path) -> Result<AuditHead, Error> {
    let files = closed(path)?.into_iter().map(|(_, file)| file).chain([path.to_owned()]);
    let mut head: Option<AuditHead> = None;
    for file in files {
        let start = head.map(|head| head.hash).or_else(|| start_of(&file));
        let AuditHead { start, hash, lines } = verify_one(&file, start)?;
        let before = head.unwrap_or(AuditHead { start, hash, lines: 0 });
        head = Some(AuditHead { start: before.start, hash, lines: before.lines + lines });
    }
    Ok(head.expect("the path itself is among the files; qed"))
}

fn verify_one(path: &Path, start: Option<B256>) -> Result<AuditHead, Error> {
    let visit = |entry: &str| {
        serde_json::from_str::<AuditEntry>(entry).map(drop).map_err(|error| error.to_string())
    };
    let (end, whole) = read_log(path, start.unwrap_or_default(), visit)?;
    if !whole {
        let reason = "it is not finished".to_owned();
        return Err(Error::LogDamaged { path: path.to_owned(), line: end.lines + 1, reason });
    }
    Ok(end.into())
}

/// The closed files of a log with their numbers, oldest first.
fn closed(path: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let directory = parent(path);
    let prefix = prefix(path);
    let mut files = Vec::new();
    for file in fs::read_dir(directory).map_err(Error::store(directory))? {
        let file = file.map_err(Error::store(directory))?.path();
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix(&prefix).and_then(|name| name.strip_suffix(".jsonl"));
        if let Some(Ok(number)) = number.map(str::parse) {
            files.push((number, file));
        }
    }
    files.sort();
    Ok(files)
}

fn prefix(path: &Path) -> String {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    format!("{stem}-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn entry(time: u64) -> AuditEntry {
        AuditEntry {
            time,
            from: Ipv4Addr::LOCALHOST.into(),
            key: None,
            access: None,
            names: Vec::new(),
            request: "GET /".to_owned(),
            status: 200,
            refused: None,
            bytes: 0,
            omitted: 0,
        }
    }

    #[test]
    fn strangers_fill_no_disk() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("access.jsonl");
        let log = AuditLog::open(&path).unwrap();
        let request = format!("GET /v1/payloads/{}", "é".repeat(30_000));
        let stranger = |time| AuditEntry { request: request.clone(), ..entry(time) };
        (0..1_000).for_each(|_| log.append_stranger(stranger(7)).unwrap());
        assert_eq!(log.head().lines, STRANGERS_MAX);
        assert!(fs::metadata(&path).unwrap().len() < 600 * STRANGERS_MAX);
        // Whoever is known is written, with how many were not.
        log.append(entry(7)).unwrap();
        (0..10).for_each(|_| log.append_stranger(stranger(9)).unwrap());
        log.append(entry(9)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let omitted: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_once("\"omitted\":")?.1.split_once('}'))
            .map(|(number, _)| number)
            .collect();
        assert_eq!(omitted, ["900", "8"]);
        assert_eq!(verify_audit_log(&path).unwrap().lines, STRANGERS_MAX + 4);
    }

    #[test]
    fn a_long_log_goes_on_in_the_next_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("access.jsonl");
        let open = || {
            let mut log = AuditLog::open(&path).unwrap();
            log.file_bytes_max = 1_000;
            log
        };
        let log = open();
        (0..20).for_each(|time| log.append(entry(time)).unwrap());
        let head = log.head();
        drop(log);
        let files = closed(&path).unwrap();
        assert!(files.len() >= 3);
        assert_eq!(
            verify_audit_log(&path).unwrap(),
            AuditHead { start: B256::ZERO, lines: 20, ..head }
        );

        // Killed between the closing of a file and the first line of the next.
        fs::remove_file(&path).unwrap();
        let last =
            verify_one(&files[files.len() - 1].1, start_of(&files[files.len() - 1].1)).unwrap();
        let log = open();
        assert_eq!((log.head().start, log.head().lines), (last.hash, 0));
        log.append(entry(20)).unwrap();
        drop(log);
        verify_audit_log(&path).unwrap();

        // A file in the middle is missed; the oldest may go, and that it did is told.
        let middle = fs::read(&files[1].1).unwrap();
        fs::remove_file(&files[1].1).unwrap();
        assert!(matches!(verify_audit_log(&path), Err(Error::LogDamaged { line: 1, .. })));
        fs::write(&files[1].1, middle).unwrap();
        fs::remove_file(&files[0].1).unwrap();
        assert_ne!(verify_audit_log(&path).unwrap().start, B256::ZERO);
    }
}
