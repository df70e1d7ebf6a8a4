//! The log after crashes and damage.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use mezz_storage::{Error, Log, Record};
use proptest::prelude::*;
use std::{fs, path::Path};

fn segment(dir: &Path, number: u64) -> std::path::PathBuf {
    dir.join(format!("{number:016}.wal"))
}

fn records(dir: &Path) -> Result<Vec<Vec<u8>>, Error> {
    Ok(Log::open(dir)?.1.into_iter().map(|record| record.bytes).collect())
}

/// A log with these records, each synced on its own; returns where each ends in the file.
fn write(dir: &Path, records: &[Vec<u8>]) -> Vec<usize> {
    let (mut log, _) = Log::open(dir).unwrap();
    records
        .iter()
        .map(|record| {
            log.append(record).unwrap();
            log.sync().unwrap();
            log.segment_size() as usize
        })
        .collect()
}

/// What the first segment's file holds up to the end of its records.
fn written(dir: &Path, ends: &[usize]) -> Vec<u8> {
    let mut bytes = fs::read(segment(dir, 0)).unwrap();
    assert!(bytes.split_off(*ends.last().unwrap()).iter().all(|byte| *byte == 0));
    bytes
}

#[test]
fn records_come_back_in_order_over_segments() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, found) = Log::open(dir.path()).unwrap();
    assert_eq!(found, []);
    log.append(b"a").unwrap();
    log.append(b"").unwrap();
    assert_eq!(log.rotate().unwrap(), 1);
    log.append(b"b").unwrap();
    log.sync().unwrap();
    assert_eq!(log.rotate().unwrap(), 2);
    log.append(b"c").unwrap();
    log.sync().unwrap();
    drop(log);
    let record = |segment, bytes: &[u8]| Record { segment, bytes: bytes.to_vec() };
    let (mut log, found) = Log::open(dir.path()).unwrap();
    assert_eq!(found, [record(0, b"a"), record(0, b""), record(1, b"b"), record(2, b"c")]);
    log.remove_before(1).unwrap();
    log.append(b"d").unwrap();
    log.sync().unwrap();
    drop(log);
    let (mut log, found) = Log::open(dir.path()).unwrap();
    assert_eq!(found, [record(1, b"b"), record(2, b"c"), record(2, b"d")]);
    // The segment in use stays.
    log.remove_before(9).unwrap();
    drop(log);
    assert_eq!(records(dir.path()).unwrap(), [b"c", b"d"]);
}

#[test]
fn what_was_not_synced_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(dir.path()).unwrap();
    log.append(b"synced").unwrap();
    log.sync().unwrap();
    log.append(b"not").unwrap();
    drop(log);
    assert_eq!(records(dir.path()).unwrap(), [b"synced"]);
}

#[test]
fn a_segment_in_use_has_room_ahead_and_a_sealed_one_none() {
    let dir = tempfile::tempdir().unwrap();
    let size = |number| fs::metadata(segment(dir.path(), number)).unwrap().len();
    let (mut log, _) = Log::open(dir.path()).unwrap();
    log.append(b"short").unwrap();
    log.sync().unwrap();
    let room = size(0);
    assert!(room > log.segment_size() && room.is_multiple_of(64 << 10), "{room}");
    log.append(&[1; 1_000]).unwrap();
    log.sync().unwrap();
    assert_eq!(size(0), room, "a sync within the room makes no file longer");
    log.append(&vec![2; room as usize]).unwrap();
    log.sync().unwrap();
    assert_eq!(size(0), 2 * room);
    drop(log);

    // Room is no damage, and it is used after a restart.
    let (mut log, found) = Log::open(dir.path()).unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(size(0), 2 * room);
    log.append(b"goes on").unwrap();
    log.sync().unwrap();
    assert_eq!(size(0), 2 * room);
    let end = log.segment_size();
    log.rotate().unwrap();
    assert_eq!(size(0), end);
    drop(log);
    assert_eq!(records(dir.path()).unwrap().len(), 4);

    // A torn write into the room is cut off with the room.
    let (mut log, _) = Log::open(dir.path()).unwrap();
    log.append(b"whole").unwrap();
    log.sync().unwrap();
    let end = log.segment_size();
    drop(log);
    let path = segment(dir.path(), 1);
    let mut bytes = fs::read(&path).unwrap();
    bytes[end as usize + 100] = 7;
    fs::write(&path, bytes).unwrap();
    assert_eq!(records(dir.path()).unwrap().len(), 5);
    assert_eq!(size(1), end);
}

#[test]
fn a_directory_has_one_writer() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path()).unwrap();
    assert!(matches!(Log::open(dir.path()), Err(Error::Locked { .. })));
    drop(log);
    Log::open(dir.path()).unwrap();
}

#[test]
fn a_torn_tail_is_cut_at_every_byte() {
    let whole = tempfile::tempdir().unwrap();
    let all: Vec<Vec<u8>> = vec![b"first".to_vec(), vec![0; 40], b"the last record".to_vec()];
    let ends = write(whole.path(), &all);
    let bytes = written(whole.path(), &ends);
    for length in 0..bytes.len() {
        // As long as it was made before the tear, or what was torn off reads as zeros: then a record of zeros may be whole.
        let cut = bytes[..length].to_vec();
        let mut torn = cut.clone();
        torn.resize(64 << 10, 0);
        for left in [cut, torn] {
            let is_whole = |end: &&usize| left.get(..**end) == Some(&bytes[..**end]);
            let kept = ends.iter().take_while(is_whole).count();
            let dir = tempfile::tempdir().unwrap();
            fs::write(segment(dir.path(), 0), &left).unwrap();
            let (mut log, found) = Log::open(dir.path()).unwrap();
            assert_eq!(found.len(), kept, "torn at {length}, {} left", left.len());
            log.append(b"goes on").unwrap();
            log.sync().unwrap();
            drop(log);
            let mut expected = all[..kept].to_vec();
            expected.push(b"goes on".to_vec());
            assert_eq!(records(dir.path()).unwrap(), expected, "torn at {length}");
        }
    }
}

#[test]
fn a_batch_that_was_never_synced_may_be_torn_anywhere() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(dir.path()).unwrap();
    log.append(b"before").unwrap();
    log.sync().unwrap();
    let durable = log.segment_size() as usize;
    for record in [b"one", b"two", b"six"] {
        log.append(record).unwrap();
    }
    log.sync().unwrap();
    drop(log);
    // The pages of one write may reach the disk in any order: here the first of them did not.
    let whole = fs::read(segment(dir.path(), 0)).unwrap();
    for lost in [20, 24 + 3] {
        let mut bytes = whole.clone();
        bytes[durable..durable + lost].fill(0);
        fs::write(segment(dir.path(), 0), &bytes).unwrap();
        assert_eq!(records(dir.path()).unwrap(), [b"before"]);
        // What fills the hole to the byte brings back none of the others.
        let (mut log, _) = Log::open(dir.path()).unwrap();
        log.append(b"new").unwrap();
        log.sync().unwrap();
        drop(log);
        assert_eq!(records(dir.path()).unwrap(), [&b"before"[..], b"new"]);
    }
}

#[test]
fn damage_in_a_sealed_segment_or_a_lost_one_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(dir.path()).unwrap();
    for record in [b"a", b"b", b"c"] {
        log.append(record).unwrap();
        log.rotate().unwrap();
    }
    drop(log);
    let path = segment(dir.path(), 1);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert!(
        matches!(Log::open(dir.path()), Err(Error::Log { path: at, offset: 16, .. }) if at == path)
    );
    fs::remove_file(&path).unwrap();
    assert!(
        matches!(Log::open(dir.path()), Err(Error::Log { path: at, .. }) if at == segment(dir.path(), 0))
    );
    // Nor has it room: zeros could stand for records that are gone.
    fs::write(&path, [&bytes[..], &[0]].concat()).unwrap();
    assert!(matches!(Log::open(dir.path()), Err(Error::Log { path: at, .. }) if at == path));
    fs::write(&path, &bytes).unwrap();
    assert_eq!(records(dir.path()).unwrap(), [b"a", b"b", b"c"]);
}

#[test]
fn a_record_that_is_too_long_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(dir.path()).unwrap();
    assert!(matches!(log.append(&vec![0; (1 << 28) + 1]), Err(Error::RecordTooLong { .. })));
}

/// How often a property is tried: so often, or as `PROPTEST_CASES` says.
fn cases(usual: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    // 256 is proptest's own number: nobody has said another.
    let cases = if default.cases == 256 { usual } else { default.cases };
    ProptestConfig { cases, ..default }
}

proptest! {
    #![proptest_config(cases(150))]

    /// Damage is noticed wherever it is; only in the last record it looks like a torn tail. What comes back is always a prefix of what was written.
    #[test]
    fn damage_is_noticed(lengths in prop::collection::vec(0..60_usize, 2..6), at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let all: Vec<Vec<u8>> = lengths.iter().enumerate().map(|(index, length)| vec![index as u8; *length]).collect();
        let dir = tempfile::tempdir().unwrap();
        let ends = write(dir.path(), &all);
        let path = segment(dir.path(), 0);
        let mut bytes = written(dir.path(), &ends);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        fs::write(&path, &bytes).unwrap();
        let last = ends[ends.len() - 2];
        match Log::open(dir.path()) {
            Err(Error::Log { path: named, offset, .. }) => {
                prop_assert_eq!(named, path);
                prop_assert!(at < last && offset as usize <= at);
            }
            Ok((_, found)) => {
                prop_assert!(at >= last);
                prop_assert_eq!(found.into_iter().map(|record| record.bytes).collect::<Vec<_>>(), &all[..all.len() - 1]);
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
    }
}
