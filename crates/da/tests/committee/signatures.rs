//! The log of signatures: what a crash leaves of it, and what nobody may do to it.

use crate::world::{INBOX, RETENTION};
use alloy::primitives::B256;
use mezz_da::{
    Error,
    committee::{Signatures, Verdict},
};
use mezz_primitives::{Accumulator, Certificate, PayloadId};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

const NOW: u64 = 1_800_000_000;

fn certificate(batch_index: u64, payload: u8) -> Certificate {
    Certificate {
        batch_index,
        prev_acc: Accumulator(B256::ZERO),
        payload: PayloadId::of(&[payload]).unwrap(),
        epoch: 0,
        expiry: NOW + RETENTION + 600,
    }
}

fn record(log: &Signatures, batch_index: u64, payload: u8) -> Verdict {
    log.record(INBOX, &certificate(batch_index, payload), RETENTION, NOW).unwrap()
}

fn is_conflict(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Conflict { until, .. } if *until == NOW + 600 + 60)
}

#[test]
fn a_torn_tail_is_cut_and_everything_before_it_stands() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let log = Signatures::open(&path, 0).unwrap();
    for index in 0..3 {
        assert_eq!(record(&log, index, 1), Verdict::Recorded);
    }
    drop(log);
    let whole = fs::read(&path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let mut zeros = whole.clone();
    zeros[last + 4..whole.len() - 1].fill(0);
    // Every length to which the last line may have come, and pages that the disk never got.
    let torn = (last..whole.len()).step_by(7).map(|length| whole[..length].to_vec());
    for bytes in torn.chain([zeros]) {
        fs::write(&path, &bytes).unwrap();
        let log = Signatures::open(&path, 0).unwrap();
        assert!(is_conflict(&record(&log, 0, 2)) && is_conflict(&record(&log, 1, 2)));
        // Nobody had a signature of the last: it was not in the log.
        assert_eq!(record(&log, 2, 2), Verdict::Recorded);
        drop(log);
        let log = Signatures::open(&path, 0).unwrap();
        assert!(is_conflict(&record(&log, 2, 1)));
    }
}

#[test]
fn a_damaged_line_stops_the_member_and_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let log = Signatures::open(&path, 0).unwrap();
    for index in 0..3 {
        record(&log, index, 1);
    }
    drop(log);
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 4);
    let damaged_at = |text: String| {
        fs::write(&path, text).unwrap();
        match Signatures::open(&path, 0) {
            Err(Error::LogDamaged { line, .. }) => line,
            other => panic!("{other:?}"),
        }
    };
    let changed = whole.replacen("\"batchIndex\":1", "\"batchIndex\":9", 1);
    assert_ne!(changed, whole);
    assert_eq!(damaged_at(changed), 3);
    assert_eq!(damaged_at([lines[0], lines[1], lines[3], ""].join("\n")), 3);
    assert_eq!(damaged_at([lines[0], "", lines[1], ""].join("\n")), 2);
    assert_eq!(damaged_at([lines[0], lines[1], lines[1], ""].join("\n")), 3);
    let hash = lines[1].split_once("\"hash\"").unwrap().1;
    let elsewhere = lines[2].replacen(&hash[2..19], "0x000000000000000", 1);
    assert_ne!(elsewhere, lines[2]);
    assert_eq!(damaged_at([lines[0], lines[1], &elsewhere, lines[3], ""].join("\n")), 3);
    // The last line too, if it was finished: it may have been answered.
    let last = lines[3].replacen("\"batchIndex\":2", "\"batchIndex\":9", 1);
    assert_eq!(damaged_at([lines[0], lines[1], lines[2], &last, ""].join("\n")), 4);
    fs::write(&path, whole).unwrap();
    assert!(Signatures::open(&path, 0).is_ok());
}

#[test]
fn one_process_has_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let log = Signatures::open(&path, 0).unwrap();
    assert!(matches!(Signatures::open(&path, 0), Err(Error::Locked { .. })));
    drop(log);
    assert!(Signatures::open(&path, 0).is_ok());
}

#[test]
fn a_log_is_locked_and_read_without_a_change() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    // An empty one is that of a member that lost it: whoever restores payloads does not make it sign sooner.
    fs::write(&path, "").unwrap();
    let held = Signatures::lock(&path).unwrap();
    assert!(matches!(Signatures::open(&path, 0), Err(Error::Locked { .. })));
    drop(held);
    assert_eq!(fs::read(&path).unwrap(), b"");
    assert_eq!(Signatures::promises_in(&path, NOW).unwrap(), []);
    let log = Signatures::open(&path, NOW).unwrap();
    assert_eq!(log.signs_from(), NOW);
    assert!(matches!(Signatures::lock(&path), Err(Error::Locked { .. })));
    record(&log, 0, 1);
    record(&log, 1, 2);
    for now in [NOW, certificate(0, 1).expiry + 1] {
        assert_eq!(Signatures::promises_in(&path, now).unwrap(), log.promises(now));
    }
}

#[test]
fn what_is_promised_is_known_after_a_restart_and_until_it_expires() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let log = Signatures::open(&path, 0).unwrap();
    record(&log, 0, 1);
    record(&log, 1, 1);
    record(&log, 2, 2);
    drop(log);
    let log = Signatures::open(&path, 0).unwrap();
    let expiry = certificate(0, 1).expiry;
    let payloads: Vec<_> = log.promises(expiry).iter().map(|promise| promise.payload).collect();
    let mut expected = [certificate(0, 1).payload, certificate(0, 2).payload];
    expected.sort();
    assert_eq!(payloads, expected);
    assert_eq!(log.promises(expiry + 1), []);
    assert_eq!(log.epochs(&INBOX), [0].into());
}

/// Not a test by itself: signs and tells until it is killed.
#[test]
#[ignore = "a process for the test below"]
fn child() {
    let path = std::env::var("MEZZ_DA_CHILD_LOG").unwrap();
    let log = Signatures::open(path, 0).unwrap();
    for index in 0.. {
        assert_eq!(record(&log, index, 1), Verdict::Recorded);
        println!("signed {index}");
    }
}

/// How many signatures a process gave before it was killed with signal 9.
fn signed_until_killed(path: &Path, most: u64) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "signatures::child", "--ignored", "--nocapture", "--test-threads=1"])
        .env("MEZZ_DA_CHILD_LOG", path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut signed = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some((_, index)) = line.split_once("signed ") else { continue };
        // A line that was cut off by the kill is no promise.
        signed = index.parse::<u64>().map_or(signed, |index| index + 1);
        if signed == most {
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success());
    signed
}

#[test]
fn killed_at_any_moment_it_has_written_down_what_it_signed() {
    for most in [1, 5, 23] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let signed = signed_until_killed(&path, most);
        assert!(signed >= most);
        let log = Signatures::open(&path, 0).unwrap();
        assert!((0..signed).all(|index| is_conflict(&record(&log, index, 2))));
        assert!(log.promises(NOW).len() == 1);
    }
}
