//! An append-only file of JSON lines, each with the hash of the line before.
//!
//! ```text
//! {"previous":"0x…","entry":{…},"hash":"0x…"}      hash = keccak256(previous ‖ the bytes of entry)
//! ```
//!
//! A line that a killed process left unfinished is cut off; anything else that does not fit is an error. A log may go on where
//! another file ended: its first line has the hash of the last one there.

use super::files::{parent, sync_directory};
use crate::Error;
use alloy::primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// A log that is being written, locked against other processes.
#[derive(Debug)]
pub(crate) struct Chained {
    file: File,
    path: PathBuf,
    end: End,
    /// What is in the file is not what is known here.
    broken: bool,
}

/// Where a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct End {
    /// What the first line follows.
    pub(crate) start: B256,
    /// Hash of the last line; `start` if there is none.
    pub(crate) hash: B256,
    /// Number of lines.
    pub(crate) lines: u64,
    /// Bytes.
    pub(crate) bytes: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    previous: B256,
    #[serde(borrow)]
    entry: &'a RawValue,
    hash: B256,
}

impl Chained {
    /// Opens or creates a log and reads its entries, oldest first; the first line follows `start`.
    pub(crate) fn open(
        path: impl Into<PathBuf>,
        start: B256,
        visit: impl FnMut(&str) -> Result<(), String>,
    ) -> Result<Self, Error> {
        let path = path.into();
        let is_new = !path.exists();
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(Error::store(&path))?;
        lock(&file, &path)?;
        if is_new {
            sync_directory(parent(&path))?;
        }
        let end = read(&file, &path, start, visit)?;
        let length = file.metadata().map_err(Error::store(&path))?.len();
        if length != end.bytes {
            tracing::warn!(path = %path.display(), bytes = length - end.bytes, "the last line of a log was never finished, and is cut off");
            file.set_len(end.bytes).and_then(|()| file.sync_all()).map_err(Error::store(&path))?;
        }
        Ok(Self { file, path, end, broken: false })
    }

    /// Adds an entry; `durable` waits for the disk. After an error the log is as it was.
    pub(crate) fn append(&mut self, entry: &impl Serialize, durable: bool) -> Result<(), Error> {
        let entry = serde_json::value::to_raw_value(entry).expect("entries are plain data; qed");
        let previous = self.end.hash;
        let hash = link(previous, entry.get());
        let mut line = serde_json::to_string(&Line { previous, entry: &entry, hash })
            .expect("a line is plain data; qed");
        line.push('\n');
        if let Err(error) = self.write(line.as_bytes(), durable) {
            return Err(Error::store(&self.path)(error));
        }
        let bytes = self.end.bytes + line.len() as u64;
        self.end = End { hash, lines: self.end.lines + 1, bytes, ..self.end };
        Ok(())
    }

    /// Where it ends.
    pub(crate) const fn end(&self) -> End {
        self.end
    }

    /// Waits until everything is on disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&mut self, line: &[u8], durable: bool) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other(
                "an earlier write failed and could not be undone: restart the member",
            ));
        }
        let mut written = self.file.write_all(line);
        if durable && written.is_ok() {
            written = self.file.sync_data();
        }
        if written.is_err() {
            let undone = self.file.set_len(self.end.bytes).and_then(|()| self.file.sync_all());
            self.broken = undone.is_err();
        }
        written
    }
}

/// Takes a log from other processes, for as long as the file is open.
pub(crate) fn lock(file: &File, path: &Path) -> Result<(), Error> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(Error::store(path)(error)),
    }
}

/// Reads a log that may be in use. A last line without an end is not read.
pub(crate) fn read_log(
    path: &Path,
    start: B256,
    visit: impl FnMut(&str) -> Result<(), String>,
) -> Result<(End, bool), Error> {
    let file = File::open(path).map_err(Error::store(path))?;
    let end = read(&file, path, start, visit)?;
    let length = file.metadata().map_err(Error::store(path))?.len();
    Ok((end, length == end.bytes))
}

fn read(
    mut file: &File,
    path: &Path,
    start: B256,
    mut visit: impl FnMut(&str) -> Result<(), String>,
) -> Result<End, Error> {
    file.seek(SeekFrom::Start(0)).map_err(Error::store(path))?;
    let mut reader = BufReader::new(file);
    let mut end = End { start, hash: start, ..End::default() };
    let mut line = Vec::new();
    loop {
        line.clear();
        let bytes = reader.read_until(b'\n', &mut line).map_err(Error::store(path))?;
        if line.pop() != Some(b'\n') {
            return Ok(end);
        }
        let damaged =
            |reason| Error::LogDamaged { path: path.to_owned(), line: end.lines + 1, reason };
        // A page that never reached the disk reads as zeros; nobody was told of what it held.
        let is_last = reader.fill_buf().map_err(Error::store(path))?.is_empty();
        if is_last && line.contains(&0) {
            return Ok(end);
        }
        let hash = open_line(&line, end.hash, &mut visit).map_err(damaged)?;
        end = End { hash, lines: end.lines + 1, bytes: end.bytes + bytes as u64, start };
    }
}

/// Checks a line and shows its entry; gives its hash.
fn open_line(
    line: &[u8],
    previous: B256,
    visit: &mut impl FnMut(&str) -> Result<(), String>,
) -> Result<B256, String> {
    let line: Line<'_> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if line.previous != previous {
        return Err("it does not follow the line before".to_owned());
    }
    if line.hash != link(previous, line.entry.get()) {
        return Err("its entry is not the one that was written".to_owned());
    }
    visit(line.entry.get())?;
    Ok(line.hash)
}

/// What the first line of a log follows; `None` if there is no whole line.
pub(crate) fn start_of(path: &Path) -> Option<B256> {
    let mut line = Vec::new();
    BufReader::new(File::open(path).ok()?).read_until(b'\n', &mut line).ok()?;
    serde_json::from_slice(&line).ok().map(|line: Line<'_>| line.previous)
}

fn link(previous: B256, entry: &str) -> B256 {
    keccak256([previous.as_slice(), entry.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_and_what_cannot_be_undone_stops_the_log() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut log = Chained::open(&path, B256::ZERO, |_| Ok(())).unwrap();
        log.append(&1, true).unwrap();
        let end = log.end();
        // A device that takes nothing, and cannot be cut.
        log.file = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let error = log.append(&2, true).unwrap_err();
        assert!(error.is_full(), "{error}");
        assert_eq!(log.end(), end);
        log.file = OpenOptions::new().append(true).open(&path).unwrap();
        let error = log.append(&2, true).unwrap_err();
        assert!(error.to_string().contains("restart"), "{error}");
        drop(log);
        let mut log = Chained::open(&path, B256::ZERO, |_| Ok(())).unwrap();
        assert_eq!(log.end(), end);
        log.append(&2, true).unwrap();
    }

    #[test]
    fn what_is_no_continuation_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let start = B256::repeat_byte(1);
        let mut log = Chained::open(&path, start, |_| Ok(())).unwrap();
        assert_eq!(start_of(&path), None);
        log.append(&1, false).unwrap();
        assert_eq!(start_of(&path), Some(start));
        let end = log.end();
        drop(log);
        assert_eq!(read_log(&path, start, |_| Ok(())).unwrap(), (end, true));
        let error = read_log(&path, B256::ZERO, |_| Ok(())).unwrap_err();
        assert!(matches!(error, Error::LogDamaged { line: 1, .. }), "{error}");
    }
}
