//! Payloads on disk: what is put in comes out, damage is noticed, what expired goes, a copy is a backup.

use crate::world::payload;
use mezz_da::{
    Error, PayloadStore,
    committee::{Kept, StoreConfig},
};
use mezz_primitives::{CHUNK_SIZE, CHUNKS_MAX, PayloadId, chunk_hashes};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The files of a store that end so.
pub(crate) fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let folders = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.filter(|path| path.is_dir()).flat_map(|path| fs::read_dir(path).unwrap());
    files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(ending))
        .collect()
}

/// Changes one byte of a file, counted from its end.
pub(crate) fn damage(path: &Path, from_end: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() - 1 - from_end;
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn every_length_comes_back_whole_and_in_chunks() {
    let directory = tempfile::tempdir().unwrap();
    let store = PayloadStore::open(directory.path()).unwrap();
    let full = CHUNK_SIZE * CHUNKS_MAX;
    let lengths = [1, 31, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, full - 1, full];
    for length in lengths {
        let payload: Vec<u8> = (0..length).map(|at| (at * 7 + length) as u8).collect();
        let id = store.put(&payload).unwrap();
        assert_eq!(Some(id), PayloadId::of(&payload));
        assert_eq!(store.chunk_hashes(id.payload_hash), Some((id, chunk_hashes(&payload))));
        for store in [&store, &PayloadStore::open(directory.path()).unwrap()] {
            assert_eq!(store.get(&id).as_ref(), Some(&payload));
            let chunks = (0..).map_while(|index| store.chunk(id.payload_hash, index));
            assert_eq!(chunks.collect::<Vec<_>>().concat(), payload);
            assert_eq!(store.kept(id.payload_hash), Some(Kept { id, expiry: None }));
        }
        let shorter = PayloadId { payload_length: id.payload_length - 1, ..id };
        assert_eq!(store.get(&shorter), None);
    }
    assert_eq!(store.size(), (7, lengths.iter().sum::<usize>() as u64));
    assert!(matches!(store.put(&[]), Err(Error::Payload { length: 0 })));
    assert!(matches!(store.put(&vec![0; full + 1]), Err(Error::Payload { .. })));
}

#[test]
fn a_damaged_file_counts_as_missing_and_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let store = PayloadStore::open(directory.path()).unwrap();
    let bytes = payload(1);
    let id = store.put(&bytes).unwrap();
    let path = files(directory.path(), ".payload").pop().unwrap();
    // In the last chunk, in the first, in the head.
    for (from_end, chunk) in [(0, 2), (bytes.len() - 1, 0), (bytes.len() + 5, 0)] {
        damage(&path, from_end);
        assert_eq!(store.get(&id), None);
        assert_eq!(store.chunk(id.payload_hash, chunk), None);
        assert_eq!(store.chunk(id.payload_hash, 1).is_some(), from_end < bytes.len());
        store.put(&bytes).unwrap();
        assert_eq!(store.get(&id).as_ref(), Some(&bytes));
    }
    for length in [0, 20, 100, bytes.len()] {
        fs::write(&path, &fs::read(&path).unwrap()[..length]).unwrap();
        assert_eq!(store.get(&id), None);
        let store = PayloadStore::open(directory.path()).unwrap();
        assert_eq!(store.get(&id), None);
        store.put(&bytes).unwrap();
    }
    assert_eq!(store.size(), (1, bytes.len() as u64));
}

#[test]
fn what_expired_goes_and_the_latest_expiry_counts() {
    let directory = tempfile::tempdir().unwrap();
    let store = PayloadStore::open(directory.path()).unwrap();
    let (short, long, ever) = (payload(1), payload(2), payload(3));
    store.put_until(&short, 100).unwrap();
    store.put_until(&long, 100).unwrap();
    store.put_until(&long, 200).unwrap();
    store.put_until(&long, 150).unwrap();
    store.put_until(&ever, 100).unwrap();
    store.put(&ever).unwrap();
    store.put_until(&ever, 100).unwrap();
    drop(store);
    // All of it is on disk, and nothing else is needed to know it.
    let store = PayloadStore::open(directory.path()).unwrap();
    let id = |bytes: &[u8]| PayloadId::of(bytes).unwrap();
    assert_eq!(store.expire(100).unwrap(), []);
    assert_eq!(store.expire(101).unwrap(), [id(&short)]);
    assert_eq!(store.expire(200).unwrap(), []);
    assert_eq!(store.expire(201).unwrap(), [id(&long)]);
    assert_eq!(store.expire(u64::MAX).unwrap(), []);
    assert_eq!(store.get(&id(&ever)), Some(ever.clone()));
    assert_eq!(store.size(), (1, ever.len() as u64));
    assert_eq!(files(directory.path(), "").len(), 1);

    let config = StoreConfig { archive: true, ..StoreConfig::default() };
    let archive = PayloadStore::open_with(directory.path(), config).unwrap();
    archive.put_until(&short, 100).unwrap();
    assert_eq!(archive.expire(u64::MAX).unwrap(), []);
    assert_eq!(archive.get(&id(&short)), Some(short));
}

#[test]
fn what_a_killed_process_left_is_swept_and_a_damaged_expiry_keeps() {
    let directory = tempfile::tempdir().unwrap();
    let store = PayloadStore::open(directory.path()).unwrap();
    let id = store.put_until(&payload(1), 100).unwrap();
    let expiry = files(directory.path(), ".expiry").pop().unwrap();
    fs::write(&expiry, "1x0").unwrap();
    fs::write(expiry.with_file_name(".unfinished-1"), "half a payload").unwrap();
    let store = PayloadStore::open(directory.path()).unwrap();
    assert_eq!(files(directory.path(), "unfinished-1").len(), 0);
    assert_eq!(store.expire(u64::MAX).unwrap(), []);
    assert!(store.get(&id).is_some());
}

#[test]
fn a_backup_copies_what_is_missing_or_damaged_and_tells_what_it_cannot() {
    let directory = tempfile::tempdir().unwrap();
    let (here, there) = (directory.path().join("here"), directory.path().join("there"));
    let store = PayloadStore::open(&here).unwrap();
    let first = store.put_until(&payload(1), 100).unwrap();
    let second = store.put(&payload(2)).unwrap();
    let done = store.backup(&there).unwrap();
    assert_eq!((done.copied.len(), done.present, done.damaged.len()), (2, 0, 0));
    let done = store.backup(&there).unwrap();
    assert_eq!((done.copied.len(), done.present), (0, 2));

    for path in files(&there, &format!("{}.payload", first.payload_hash)) {
        damage(&path, 9);
    }
    for path in files(&here, &format!("{}.payload", second.payload_hash)) {
        damage(&path, 9);
    }
    let third = store.put(&payload(3)).unwrap();
    store.put_until(&payload(1), 300).unwrap();
    let mut done = store.backup(&there).unwrap();
    done.copied.sort();
    let mut expected = vec![first, third];
    expected.sort();
    assert_eq!((done.copied, done.present, done.damaged), (expected, 0, vec![second.payload_hash]));

    // Restored, all are whole again, with their expiries.
    let restored = PayloadStore::open(&there).unwrap().backup(&here).unwrap();
    assert_eq!((restored.copied, restored.present), (vec![second], 2));
    let store = PayloadStore::open(&here).unwrap();
    assert!([first, second, third].iter().all(|id| store.get(id).is_some()));
    assert_eq!(store.kept(first.payload_hash).unwrap().expiry, Some(300));
    // A plain copy of the folder is as good.
    let copy = directory.path().join("copy");
    for path in files(&here, "") {
        let to = copy.join(path.strip_prefix(&here).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&path, to).unwrap();
    }
    assert_eq!(PayloadStore::open(&copy).unwrap().list(), store.list());
}

#[test]
fn a_reader_beside_a_live_member_changes_nothing_and_tells_what_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let (here, there) = (directory.path().join("here"), directory.path().join("there"));
    let store = PayloadStore::open(&here).unwrap();
    let [cut, changed, gone, whole] = [1, 2, 3, 4].map(|seed| store.put(&payload(seed)).unwrap());
    let file = |id: PayloadId| files(&here, &format!("{}.payload", id.payload_hash)).pop().unwrap();
    // Too short for any payload, so that it is in no list.
    fs::write(file(cut), [0; 20]).unwrap();
    damage(&file(changed), 9);
    let unfinished = file(whole).with_file_name(".unfinished-1");
    fs::write(&unfinished, "half a payload").unwrap();
    let reader = PayloadStore::open_to_read(&here).unwrap();
    fs::remove_file(file(gone)).unwrap();
    let mut expected = vec![cut.payload_hash, changed.payload_hash];
    expected.sort();
    assert_eq!(reader.damaged(), expected);
    assert!(reader.is_there(cut.payload_hash) && !reader.is_there(gone.payload_hash));
    let mut done = reader.backup(&there).unwrap();
    done.damaged.sort();
    assert_eq!((done.copied, done.damaged), (vec![whole], expected));
    assert!(unfinished.exists(), "the member may be writing it");
    let absent = directory.path().join("absent");
    assert!(PayloadStore::open_to_read(&absent).unwrap().list().is_empty());
    assert!(!absent.exists());
    // Written anew it is damaged no more.
    let store = PayloadStore::open(&here).unwrap();
    store.put(&payload(1)).unwrap();
    assert_eq!(store.damaged(), [changed.payload_hash]);
}

#[test]
fn there_is_no_room_beyond_the_limits() {
    let directory = tempfile::tempdir().unwrap();
    let length = payload(1).len() as u64;
    let config = StoreConfig { bytes_max: Some(2 * length), ..StoreConfig::default() };
    let store = PayloadStore::open_with(directory.path().join("a"), config).unwrap();
    store.put_until(&payload(1), 5).unwrap();
    store.put(&payload(2)).unwrap();
    assert!(matches!(store.put(&payload(3)), Err(Error::Full { .. })));
    assert_eq!(store.get(&PayloadId::of(&payload(3)).unwrap()), None);
    // What is there can be put again, and what expires makes room.
    store.put_until(&payload(1), 6).unwrap();
    store.expire(7).unwrap();
    store.put(&payload(3)).unwrap();

    let config = StoreConfig { free_bytes_min: u64::MAX, ..StoreConfig::default() };
    let store = PayloadStore::open_with(directory.path().join("b"), config).unwrap();
    assert!(matches!(store.put(&payload(1)), Err(Error::Full { .. })));
}

#[test]
fn many_write_the_same_and_different_payloads_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = PayloadStore::open(directory.path()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let store = &store;
            scope.spawn(move || {
                for seed in 0..6 {
                    store.put_until(&payload(seed), 100 + thread).unwrap();
                    store.expire(50).unwrap();
                }
            });
        }
    });
    assert_eq!(store.size().0, 6);
    assert!(store.list().iter().all(|kept| kept.expiry == Some(103)));
    assert!(store.list().iter().all(|kept| store.get(&kept.id).is_some()));
}
