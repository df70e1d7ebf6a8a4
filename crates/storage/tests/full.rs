//! A full disk: what was durable stays, everything after it is refused with the reason, and it goes on where there is room again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{append, changes_of, genesis, outcome};
use mezz_storage::{Log, Store};
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The variable that turns the ignored tests into the processes whose disk is full.
const DIRECTORY: &str = "MEZZ_TEST_FULL_DIRECTORY";

/// Runs a shell script in which `$0` is this program.
fn script(text: &str, directory: &Path) -> Output {
    Command::new("sh")
        .args(["-c", text])
        .arg(env::current_exe().unwrap())
        .env(DIRECTORY, directory)
        .output()
        .unwrap()
}

fn directory() -> Option<PathBuf> {
    env::var_os(DIRECTORY).map(PathBuf::from)
}

/// What a process said on its lines that begin with `word`.
fn said(output: &Output, word: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter_map(|line| line.strip_prefix(word)?.strip_prefix(' ').map(str::to_owned))
        .collect()
}

/// The last number on such lines.
fn last(output: &Output, word: &str) -> u64 {
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines = said(output, word);
    lines.last().unwrap_or_else(|| panic!("no {word}: {output:?} {errors}")).parse().unwrap()
}

fn record(number: u64) -> Vec<u8> {
    vec![number as u8; 1_000]
}

#[test]
fn a_log_on_a_full_disk_keeps_what_was_synced() {
    let directory = tempfile::tempdir().unwrap();
    // Files may have 64 blocks of 512 bytes (some shells: of 1,024); a write beyond is an error and no signal.
    let output = script(
        r#"trap "" XFSZ; ulimit -f 64; "$0" --exact fills_a_log --ignored --nocapture"#,
        directory.path(),
    );
    let synced = last(&output, "synced");
    assert!((20..70).contains(&synced), "{synced}");
    let refused = said(&output, "refused");
    assert_eq!(refused.len(), 2, "{output:?}");
    assert!(refused[0].contains("check that the disk has room"), "{}", refused[0]);
    assert!(refused[1].contains("an earlier write failed"), "{}", refused[1]);

    let (mut log, records) = Log::open(directory.path()).unwrap();
    // What was written whole and not synced may be there as well: nobody was told.
    assert!((synced..=synced + 1).contains(&(records.len() as u64)), "{}", records.len());
    for (number, found) in (0..).zip(&records) {
        assert_eq!(found.bytes, record(number));
    }
    log.append(b"goes on").unwrap();
    log.sync().unwrap();
    drop(log);
    let (_, again) = Log::open(directory.path()).unwrap();
    assert_eq!(again.len(), records.len() + 1);
}

#[test]
#[ignore = "is run by a_log_on_a_full_disk_keeps_what_was_synced"]
fn fills_a_log() {
    let Some(directory) = directory() else { return };
    let (mut log, _) = Log::open(&directory).unwrap();
    for number in 0..1_000 {
        log.append(&record(number)).unwrap();
        match log.sync() {
            Ok(()) => println!("\nsynced {}", number + 1),
            Err(error) => {
                println!("\nrefused {error}");
                break;
            }
        }
    }
    log.append(b"more").unwrap();
    println!("\nrefused {}", log.sync().unwrap_err());
}

#[test]
fn a_store_on_a_full_disk_keeps_what_was_flushed() {
    let directory = tempfile::tempdir().unwrap();
    // A disk of four megabytes, in a name space of its own.
    let output = script(
        r#"
        exec 2>&1
        export PROGRAM="$0"
        unshare -rm sh -c '
            mount -t tmpfs -o size=4m none "$MEZZ_TEST_FULL_DIRECTORY" || exit 77
            "$PROGRAM" --exact fills_a_store --ignored --nocapture
            "$PROGRAM" --exact opens_a_store_while_there_is_no_room --ignored --nocapture
            mount -o remount,size=256m "$MEZZ_TEST_FULL_DIRECTORY" || exit 77
            "$PROGRAM" --exact goes_on_where_there_is_room --ignored --nocapture
        ' || [ $? = 101 ] || echo unmounted
        "#,
        directory.path(),
    );
    if String::from_utf8_lossy(&output.stdout).contains("unmounted") {
        eprintln!("skipped: no file system may be mounted here");
        return;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let floor = last(&output, "floor");
    assert!(floor > 0, "{text}");
    let refused = said(&output, "refused");
    assert!(refused.len() >= 2, "{text}");
    for error in &refused {
        assert!(error.contains("free the disk") || error.contains("check the disk"), "{error}");
    }
    let reopened = last(&output, "reopened");
    assert!(reopened >= floor, "{reopened} after {floor}: {text}");
    assert_eq!(last(&output, "went on to"), reopened + 50, "{text}");
}

#[test]
#[ignore = "is run by a_store_on_a_full_disk_keeps_what_was_flushed"]
fn fills_a_store() {
    let Some(directory) = directory() else { return };
    let store = Store::open(Some(&directory), genesis()).unwrap();
    loop {
        let changes = changes_of(store.head().number + 1);
        let result =
            store.append(outcome(&store, &changes, 0, 60), &changes).and_then(|_| store.flush());
        match result {
            Ok(()) => println!("\nfloor {}", store.flushed()),
            Err(error) => {
                println!("\nrefused {error}");
                break;
            }
        }
    }
    // Nothing is taken any more, and nobody waits for ever.
    let changes = changes_of(store.head().number + 1);
    let again = store.append(outcome(&store, &changes, 0, 1), &changes).and_then(|_| store.flush());
    println!("\nrefused {}", again.unwrap_err());
}

#[test]
#[ignore = "is run by a_store_on_a_full_disk_keeps_what_was_flushed"]
fn opens_a_store_while_there_is_no_room() {
    let Some(directory) = directory() else { return };
    match Store::open(Some(&directory), genesis()) {
        Ok(store) => println!("\nopened {}", store.head().number),
        Err(error) => println!("\nrefused {error}"),
    }
}

#[test]
#[ignore = "is run by a_store_on_a_full_disk_keeps_what_was_flushed"]
fn goes_on_where_there_is_room() {
    let Some(directory) = directory() else { return };
    let expected = Store::open(None, genesis()).unwrap();
    let store = Store::open(Some(&directory), genesis()).unwrap();
    let head = store.head();
    println!("\nreopened {}", head.number);
    for number in 1..=head.number {
        let block = append(&expected, &changes_of(number), 0, 60);
        assert_eq!(store.block(number).unwrap().unwrap().hash, block.hash);
    }
    assert_eq!(store.latest().trie().unwrap().root(), expected.latest().trie().unwrap().root());
    for number in head.number + 1..=head.number + 50 {
        append(&store, &changes_of(number), 0, 60);
    }
    store.flush().unwrap();
    println!("\nwent on to {}", store.flushed());
}
