//! The journal: what comes back from it after any end.

use alloy::primitives::{Address, B256, Bytes};
use mezz_node::journal::{Entry, Journal, JournaledBlock, Past};
use proptest::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::channel,
};

const SENDER: Address = Address::repeat_byte(0xaa);

fn open(number: u64) -> Entry {
    Entry::Open {
        attributed: false,
        number,
        timestamp: 1_000 + number,
        queue_index: 2 * number,
        parent: B256::with_last_byte(number as u8 - 1),
    }
}

fn transaction(byte: u8) -> Entry {
    Entry::Transaction { sender: SENDER, bytes: Bytes::from(vec![byte; 100]) }
}

fn seal(number: u64) -> Entry {
    Entry::Seal { number, hash: B256::with_last_byte(number as u8) }
}

fn block(number: u64, transactions: &[u8], sealed: bool) -> JournaledBlock {
    JournaledBlock {
        attributed: false,
        number,
        timestamp: 1_000 + number,
        queue_index: 2 * number,
        parent: B256::with_last_byte(number as u8 - 1),
        transactions: transactions.iter().map(|byte| (SENDER, vec![*byte; 100].into())).collect(),
        sealed: sealed.then(|| B256::with_last_byte(number as u8)),
    }
}

fn blocks(entries: impl IntoIterator<Item = Entry>) -> Vec<JournaledBlock> {
    Past::new(entries).blocks
}

fn displaced(byte: u8) -> Entry {
    Entry::Displaced { sender: SENDER, bytes: Bytes::from(vec![byte; 100]) }
}

/// The newest segment of a journal.
fn newest(directory: &Path) -> PathBuf {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|kind| kind == "wal")).max().unwrap()
}

fn reopened(directory: &Path) -> Vec<Entry> {
    let (journal, entries) = Journal::open(directory).unwrap();
    journal.close().unwrap();
    entries
}

#[test]
fn entries_are_read_as_written_and_nothing_else_is() {
    for entry in [open(7), transaction(3), seal(7), Entry::Cut { to: 5 }, displaced(3)] {
        let bytes = entry.encode();
        assert_eq!(Entry::decode(&bytes), Some(entry.clone()));
        // A transaction is as long as it says; every other record has one length.
        if !matches!(entry, Entry::Transaction { .. } | Entry::Displaced { .. }) {
            assert_eq!(Entry::decode(&[&bytes[..], &[0]].concat()), None);
            assert_eq!(Entry::decode(&bytes[..bytes.len() - 1]), None);
        }
    }
    assert_eq!(Entry::decode(&[]), None);
    assert_eq!(Entry::decode(&[5, 0]), None);
    for signed in [1_u8, 4] {
        assert_eq!(Entry::decode(&[&[signed][..], &[0; 19]].concat()), None);
    }
}

#[test]
fn blocks_are_what_was_opened_filled_and_sealed() {
    let entries = [
        open(1),
        transaction(1),
        transaction(2),
        seal(1),
        open(2),
        seal(2),
        open(3),
        transaction(3),
    ];
    assert_eq!(
        blocks(entries),
        [block(1, &[1, 2], true), block(2, &[], true), block(3, &[3], false)]
    );
}

#[test]
fn a_cut_takes_the_blocks_above_it() {
    let entries = [open(1), seal(1), open(2), transaction(2), seal(2), open(3), transaction(3)];
    let cut = |to| entries.iter().cloned().chain([Entry::Cut { to }]);
    assert_eq!(blocks(cut(3)), blocks(entries.clone()));
    assert_eq!(blocks(cut(1)), [block(1, &[], true)]);
    assert!(blocks(cut(0)).is_empty());
    // And the chain goes on from there.
    let again = cut(1).chain([open(2), transaction(9), seal(2)]);
    assert_eq!(blocks(again), [block(1, &[], true), block(2, &[9], true)]);
}

#[test]
fn what_lost_its_place_is_owed_until_it_has_another() {
    let before = [open(1), transaction(1), seal(1), open(2), transaction(2), transaction(3)];
    let after = |more: Vec<Entry>| Past::new(before.iter().cloned().chain(more));
    let owed = |past: &Past| past.displaced.iter().map(|(_, bytes)| bytes[0]).collect::<Vec<_>>();
    // Written down before the cut; a kill between the two leaves them where they were.
    let noted = vec![displaced(1), displaced(2), displaced(3)];
    let past = after(noted.clone());
    assert_eq!((past.blocks.len(), past.cut, owed(&past)), (2, None, vec![]));
    let mut more = noted;
    more.push(Entry::Cut { to: 0 });
    let past = after(more.clone());
    assert_eq!((past.blocks.len(), past.cut, owed(&past)), (0, Some(0), vec![1, 2, 3]));
    // One has a place again; another is noted twice, as a new segment does.
    more.extend([open(1), transaction(2), displaced(3)]);
    let past = after(more);
    assert_eq!((past.blocks.len(), past.cut, owed(&past)), (1, None, vec![1, 3]));
}

#[test]
fn a_block_that_was_begun_again_replaces_the_first_try() {
    let entries = [open(1), seal(1), open(2), transaction(1), open(2), transaction(2)];
    assert_eq!(blocks(entries), [block(1, &[], true), block(2, &[2], false)]);
}

#[test]
fn entries_without_their_block_are_ignored() {
    // The segment with the beginning was forgotten: what is left begins in the middle of a block.
    let entries = [transaction(1), seal(4), open(5), transaction(2), seal(5), transaction(3)];
    assert_eq!(blocks(entries), [block(5, &[2], true)]);
}

#[test]
fn what_is_durable_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, entries) = Journal::open(folder.path()).unwrap();
    assert!(entries.is_empty());
    let written = [open(1), transaction(1), transaction(2)];
    written.iter().for_each(|entry| journal.append(entry));
    let (done, durable) = channel();
    journal.then(Box::new(move || done.send(()).unwrap()));
    durable.recv().unwrap();
    // As after kill -9: the journal was never closed.
    let copy = tempfile::tempdir().unwrap();
    let file = newest(folder.path());
    fs::copy(&file, copy.path().join(file.file_name().unwrap())).unwrap();
    assert_eq!(reopened(copy.path()), written);
    assert!(journal.is_alive());
    journal.close().unwrap();
}

#[test]
fn a_torn_tail_costs_only_the_torn_entry() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(folder.path()).unwrap();
    let written = [open(1), transaction(1), seal(1), open(2), transaction(2)];
    written.iter().for_each(|entry| journal.append(entry));
    journal.close().unwrap();
    let path = newest(folder.path());
    let whole = fs::read(&path).unwrap();
    // The room ahead is zeros, and the last entry does not end in one.
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for torn in [1, 7, 60, 100] {
        let short = whole[..end - torn].to_vec();
        let mut lost = whole.clone();
        lost[end - torn..end].fill(0);
        for left in [short, lost] {
            fs::write(&path, left).unwrap();
            let entries = reopened(folder.path());
            assert_eq!(entries, written[..4], "torn by {torn} bytes");
            assert_eq!(blocks(entries), [block(1, &[1], true), block(2, &[], false)]);
        }
    }
    // What is written after it is read after it.
    let (journal, _) = Journal::open(folder.path()).unwrap();
    journal.append(&transaction(3));
    journal.close().unwrap();
    assert_eq!(reopened(folder.path()), [&written[..4], &[transaction(3)]].concat());
}

#[test]
fn forgotten_segments_are_gone_and_later_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(folder.path()).unwrap();
    for number in 1..=6 {
        if number % 2 == 1 {
            journal.rotate(number);
        }
        journal.append(&open(number));
        journal.append(&seal(number));
    }
    // Block 4 is not in the store yet: its segment, from block 3 on, stays.
    journal.forget(3);
    journal.close().unwrap();
    let numbers = |entries| blocks(entries).iter().map(|block| block.number).collect::<Vec<_>>();
    assert_eq!(numbers(reopened(folder.path())), [3, 4, 5, 6]);
}

/// The variable that turns [`fills_the_disk`] into the process whose disk is full.
const DIRECTORY: &str = "MEZZ_TEST_FULL_DIRECTORY";

#[test]
fn nothing_is_promised_on_a_full_disk() {
    let directory = tempfile::tempdir().unwrap();
    // Files may have 64 blocks of 512 bytes (some shells: of 1,024); a write beyond is an error and no signal.
    let script =
        r#"trap "" XFSZ; ulimit -f 64; "$0" --exact journal::fills_the_disk --ignored --nocapture"#;
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .env(DIRECTORY, directory.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let promised: usize = text
        .lines()
        .find_map(|line| line.strip_prefix("promised "))
        .unwrap_or_else(|| panic!("{output:?}"))
        .parse()
        .unwrap();
    assert!((100..600).contains(&promised), "{promised}");
    assert!(text.contains("check that the disk has room"), "{text}");
    let entries = reopened(directory.path());
    assert!(entries.len() >= promised, "{} of {promised}", entries.len());
    assert!((0..).zip(&entries).all(|(byte, entry)| *entry == transaction(byte as u8)));
}

#[test]
#[ignore = "is run by nothing_is_promised_on_a_full_disk"]
fn fills_the_disk() {
    let Ok(directory) = std::env::var(DIRECTORY) else { return };
    let (journal, _) = Journal::open(Path::new(&directory)).unwrap();
    let mut promised = 0;
    for number in 0..10_000_u32 {
        let (promise, answer) = channel();
        journal.append(&transaction(number as u8));
        journal.then(Box::new(move || promise.send(()).unwrap()));
        // The promise is dropped, unkept, when the disk fails.
        if answer.recv().is_err() {
            break;
        }
        promised += 1;
    }
    println!("\npromised {promised}");
    while journal.is_alive() {
        std::thread::yield_now();
    }
    let (promise, answer) = channel();
    journal.then(Box::new(move || promise.send(()).unwrap()));
    assert!(answer.recv().is_err(), "a promise after the disk failed");
    println!("\n{}", journal.close().unwrap_err());
}

proptest! {
    /// What is read is what would have been written.
    #[test]
    fn any_record_is_an_entry_or_none(kind in 0_u8..6, rest in prop::collection::vec(any::<u8>(), 0..80)) {
        let record = [&[kind], &rest[..]].concat();
        if let Some(entry) = Entry::decode(&record) {
            prop_assert_eq!(entry.encode(), record);
        }
    }
}
