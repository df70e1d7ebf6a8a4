//! The write-ahead log: append-only segments of checksummed records.
//!
//! A segment `NNNNNNNNNNNNNNNN.wal` begins with a magic and its number; records follow one another. A record's header holds its length and how much of the
//! segment was durable when it was written; both checksums are seeded with the segment and the offset, so a record is valid only where it was written.
//! The segment in use goes on in zeros, as room for what comes: a sync then writes over bytes that the file has already, and the file system's own journal
//! has nothing to say about it.
//!
//! After a crash the last segment may end in records that were never synced: they are cut off. A bad record below what a later one calls durable is damage, and
//! an error.

use crate::Error;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::Write,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// First bytes of a segment.
const MAGIC: &[u8; 8] = b"mezzwal1";
/// Magic and number.
const SEGMENT_HEADER: usize = 16;
/// Length (4), durable offset (8), checksum of these two (4), checksum of the payload (8).
const RECORD_HEADER: usize = 24;
/// A file is made longer up to a multiple of so many bytes.
const ROOM: u64 = 64 << 10;
/// Bytes that a record may have.
const RECORD_MAX: usize = 1 << 28;

/// A record of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The segment that it is in.
    pub segment: u64,
    /// What was appended.
    pub bytes: Vec<u8>,
}

/// An append-only log in a directory of its own.
#[derive(Debug)]
pub struct Log {
    dir: PathBuf,
    file: File,
    segment: u64,
    oldest: u64,
    /// Bytes of the segment that are durable.
    synced: u64,
    /// Where the zeros after its records end, as far as there was room for them.
    room: u64,
    buffer: Vec<u8>,
    /// A write failed: what is in the file is not known any more.
    failed: bool,
    _lock: File,
}

impl Log {
    /// Opens the log in `dir`, or starts one; returns the records still kept, oldest first.
    pub fn open(dir: &Path) -> Result<(Self, Vec<Record>), Error> {
        fs::create_dir_all(dir).map_err(at(dir))?;
        let lock = lock(dir)?;
        let segments = segments(dir)?;
        let mut records = Vec::new();
        let Some((&last, sealed)) = segments.split_last() else {
            let file = create(dir, 0)?;
            let log = Self {
                dir: dir.into(),
                file,
                segment: 0,
                oldest: 0,
                synced: SEGMENT_HEADER as u64,
                room: SEGMENT_HEADER as u64,
                buffer: Vec::new(),
                failed: false,
                _lock: lock,
            };
            return Ok((log, records));
        };
        for (index, &segment) in sealed.iter().enumerate() {
            let path = path(dir, segment);
            if segments[index + 1] != segment + 1 {
                return Err(damage(path, 0, "the segment after it is gone"));
            }
            let bytes = fs::read(&path).map_err(at(&path))?;
            let end = read_records(&bytes, segment, &mut records);
            if end < bytes.len() || bytes.len() < SEGMENT_HEADER {
                return Err(damage(path, end, "a record does not match its checksum"));
            }
        }
        let (file, synced, room) = recover(dir, last, &mut records)?;
        Ok((
            Self {
                dir: dir.into(),
                file,
                segment: last,
                oldest: segments[0],
                synced,
                room,
                buffer: Vec::new(),
                failed: false,
                _lock: lock,
            },
            records,
        ))
    }

    /// Adds a record. It is durable after the next [`Log::sync`].
    pub fn append(&mut self, record: &[u8]) -> Result<(), Error> {
        if record.len() > RECORD_MAX {
            return Err(Error::RecordTooLong { length: record.len(), max: RECORD_MAX });
        }
        let offset = self.synced + self.buffer.len() as u64;
        let mut header = [0; RECORD_HEADER];
        header[..4].copy_from_slice(&(record.len() as u32).to_le_bytes());
        header[4..12].copy_from_slice(&self.synced.to_le_bytes());
        let checksum = header_checksum(&header, self.segment, offset);
        header[12..16].copy_from_slice(&checksum);
        header[16..]
            .copy_from_slice(&xxh3_64_with_seed(record, seed(self.segment, offset)).to_le_bytes());
        self.buffer.extend_from_slice(&header);
        self.buffer.extend_from_slice(record);
        Ok(())
    }

    /// Makes everything appended durable. After an error the log takes nothing more: open it again.
    pub fn sync(&mut self) -> Result<(), Error> {
        if self.failed {
            let source = std::io::Error::other("an earlier write failed; open the log again");
            return Err(Error::Io { path: path(&self.dir, self.segment), source });
        }
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.failed = true;
        let end = self.synced + self.buffer.len() as u64;
        self.file
            .write_all_at(&self.buffer, self.synced)
            .and_then(|()| {
                self.make_room(end);
                self.file.sync_data()
            })
            .map_err(at(&path(&self.dir, self.segment)))?;
        self.failed = false;
        self.synced = end;
        self.buffer.clear();
        Ok(())
    }

    /// Makes the file longer when the records have reached its end. On a full disk it grows with them instead.
    fn make_room(&mut self, end: u64) {
        if end > self.room {
            self.room = end.next_multiple_of(ROOM);
            let _ = self.file.write_all_at(&vec![0; (self.room - end) as usize], end);
        }
    }

    /// Number of the segment that records go to.
    pub const fn segment(&self) -> u64 {
        self.segment
    }

    /// Bytes of that segment, what is not durable yet included.
    pub const fn segment_size(&self) -> u64 {
        self.synced + self.buffer.len() as u64
    }

    /// Syncs and starts a new segment; returns its number.
    pub fn rotate(&mut self) -> Result<u64, Error> {
        self.sync()?;
        self.failed = true;
        // A segment that has a successor ends with its records.
        self.file
            .set_len(self.synced)
            .and_then(|()| self.file.sync_all())
            .map_err(at(&path(&self.dir, self.segment)))?;
        let segment = self.segment + 1;
        self.file = create(&self.dir, segment)?;
        self.segment = segment;
        self.synced = SEGMENT_HEADER as u64;
        self.room = self.synced;
        self.failed = false;
        Ok(segment)
    }

    /// Deletes the segments before `segment`. The one in use stays.
    pub fn remove_before(&mut self, segment: u64) -> Result<(), Error> {
        let end = segment.min(self.segment);
        if self.oldest >= end {
            return Ok(());
        }
        // Oldest first, so that a crash leaves no gap.
        while self.oldest < end {
            let path = path(&self.dir, self.oldest);
            fs::remove_file(&path).map_err(at(&path))?;
            self.oldest += 1;
        }
        sync_directory(&self.dir)
    }
}

/// Reads the last segment and cuts off what was never durable; returns its file, where the records end, and where the file does.
fn recover(dir: &Path, segment: u64, records: &mut Vec<Record>) -> Result<(File, u64, u64), Error> {
    let path = path(dir, segment);
    let mut bytes = fs::read(&path).map_err(at(&path))?;
    let file = OpenOptions::new().read(true).write(true).open(&path).map_err(at(&path))?;
    let end = read_records(&bytes, segment, records);
    if end < SEGMENT_HEADER || bytes[end..].iter().any(|byte| *byte != 0) {
        if durable_beyond(&bytes, segment, end) {
            let reason = "a record that was durable does not match its checksum";
            return Err(damage(path, end, reason));
        }
        tracing::warn!(path = %path.display(), cut = bytes.len() - end, "cut off records that were never durable");
        bytes.truncate(end);
        file.set_len(end as u64).map_err(at(&path))?;
        if end < SEGMENT_HEADER {
            bytes = segment_header(segment).to_vec();
            file.set_len(0).and_then(|()| file.write_all_at(&bytes, 0)).map_err(at(&path))?;
        }
    }
    // What a killed process wrote may still be in the page cache alone.
    file.sync_all().map_err(at(&path))?;
    sync_directory(dir)?;
    Ok((file, end.max(SEGMENT_HEADER) as u64, bytes.len() as u64))
}

/// Reads the valid records at the start of a segment; returns where they end.
fn read_records(bytes: &[u8], segment: u64, records: &mut Vec<Record>) -> usize {
    if bytes.get(..SEGMENT_HEADER) != Some(&segment_header(segment)) {
        return 0;
    }
    let mut offset = SEGMENT_HEADER;
    while let Some(payload) = record(bytes, segment, offset) {
        records.push(Record { segment, bytes: payload.to_vec() });
        offset += RECORD_HEADER + payload.len();
    }
    offset
}

/// Whether a valid header after `from` says that the bytes at `from` were durable when it was written.
fn durable_beyond(bytes: &[u8], segment: u64, from: usize) -> bool {
    (from + 1..bytes.len()).any(|offset| {
        header(bytes, segment, offset).is_some_and(|(_, synced)| synced > from as u64)
    })
}

/// Length and durable offset of the record at `offset`, if its header is valid.
fn header(bytes: &[u8], segment: u64, offset: usize) -> Option<(usize, u64)> {
    let header: &[u8; RECORD_HEADER] =
        bytes.get(offset..offset + RECORD_HEADER)?.try_into().ok()?;
    if header[12..16] != header_checksum(header, segment, offset as u64) {
        return None;
    }
    Some((
        u32::from_le_bytes(header[..4].try_into().ok()?) as usize,
        u64::from_le_bytes(header[4..12].try_into().ok()?),
    ))
}

/// The payload of the record at `offset`, if all of it is valid.
fn record(bytes: &[u8], segment: u64, offset: usize) -> Option<&[u8]> {
    let (length, _) = header(bytes, segment, offset)?;
    let start = offset + RECORD_HEADER;
    let payload = bytes.get(start..start + length)?;
    let checksum = xxh3_64_with_seed(payload, seed(segment, offset as u64)).to_le_bytes();
    (bytes[start - 8..start] == checksum).then_some(payload)
}

fn header_checksum(header: &[u8; RECORD_HEADER], segment: u64, offset: u64) -> [u8; 4] {
    (xxh3_64_with_seed(&header[..12], seed(segment, offset)) as u32).to_le_bytes()
}

const fn seed(segment: u64, offset: u64) -> u64 {
    (segment << 40) ^ offset
}

fn segment_header(segment: u64) -> [u8; SEGMENT_HEADER] {
    let mut header = [0; SEGMENT_HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..].copy_from_slice(&segment.to_le_bytes());
    header
}

fn path(dir: &Path, segment: u64) -> PathBuf {
    dir.join(format!("{segment:016}.wal"))
}

/// The segments in `dir`, in order.
fn segments(dir: &Path) -> Result<Vec<u64>, Error> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(dir).map_err(at(dir))? {
        let name = entry.map_err(at(dir))?.file_name();
        segments.extend(
            name.to_str()
                .and_then(|name| name.strip_suffix(".wal"))
                .and_then(|number| number.parse::<u64>().ok()),
        );
    }
    segments.sort_unstable();
    Ok(segments)
}

fn create(dir: &Path, segment: u64) -> Result<File, Error> {
    let path = path(dir, segment);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .map_err(at(&path))?;
    file.write_all(&segment_header(segment)).and_then(|()| file.sync_all()).map_err(at(&path))?;
    sync_directory(dir)?;
    Ok(file)
}

fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: dir.into() }),
        Err(TryLockError::Error(source)) => Err(Error::Io { path, source }),
    }
}

fn sync_directory(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(at(dir))
}

fn damage(path: PathBuf, offset: usize, reason: &'static str) -> Error {
    Error::Log { path, offset: offset as u64, reason }
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_path_buf();
    move |source| Error::Io { path, source }
}
