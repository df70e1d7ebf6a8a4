//! What the program says, and with which exit code, when it is asked for what cannot be.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use alloy::{
    primitives::{Address, B256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use mezz_da::committee::{InboxId, SignedStatement};
use mezz_primitives::{Accumulator, Certificate, PayloadId};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// Somebody's address.
const BOB: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/// Where nobody listens.
const DEAD: &str = "http://127.0.0.1:1";

/// Runs `mezz` in a directory. What the environment of the test says is not for it.
fn mezz(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments).output().unwrap()
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mezz"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MEZZ_")) {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(directory).env("RUST_BACKTRACE", "1").env("COLUMNS", "80");
    command
}

/// The arguments fail with this code and these words, for people and as JSON.
fn check(directory: &Path, arguments: &[&str], code: i32, words: &str) {
    let plain = mezz(directory, arguments);
    let said = String::from_utf8_lossy(&plain.stderr).into_owned();
    assert_eq!(plain.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.starts_with("error: ") && said.contains(words), "{arguments:?}: {said}");
    assert_eq!(said.matches("error: ").count(), 1, "{arguments:?}: {said}");
    for never in ["panicked", "stack backtrace", "\u{1b}["] {
        assert!(!said.contains(never), "{arguments:?}: {said}");
    }
    assert!(plain.stdout.is_empty(), "{arguments:?}");

    let json = mezz(directory, &[&["--json"], arguments].concat());
    let answer: Value = serde_json::from_slice(&json.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {json:?}"));
    assert_eq!(json.status.code(), Some(code), "{arguments:?}");
    assert_eq!(answer["code"], code, "{arguments:?}: {answer}");
    assert!(answer["error"].as_str().unwrap().contains(words), "{arguments:?}: {answer}");
}

/// A directory with what a failed or foreign run may leave.
fn scene() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_owned();
    fs::write(path.join("file"), "text").unwrap();
    for name in ["damaged", "half", "stale"] {
        fs::create_dir(path.join(name)).unwrap();
    }
    fs::write(path.join("damaged/rollup.json"), "{}").unwrap();
    fs::write(path.join("damaged/deployment.json"), "{").unwrap();
    fs::write(path.join("damaged/deploy-state.json"), "[]").unwrap();
    fs::create_dir(path.join("half/l2.before-resync")).unwrap();
    fs::create_dir_all(path.join("garbled/l1/chain/db")).unwrap();
    fs::write(path.join("garbled/l1/chain/db/version"), "none").unwrap();
    // The number of a process that has nothing to do with it: ours.
    fs::write(path.join("stale/mezz.pid"), std::process::id().to_string()).unwrap();
    fs::write(path.join("intent.toml"), "profile = \"production\"").unwrap();
    fs::write(path.join("nonsense.toml"), "profil = 1").unwrap();
    (directory, path)
}

#[test]
fn wrong_arguments_are_named_and_say_what_is_right() {
    let (_kept, here) = scene();
    let usage = |arguments: &[&str], words: &str| check(&here, arguments, 2, words);
    usage(&["bogus"], "unrecognized subcommand 'bogus'");
    usage(&["--log", "a=b=c", "families"], "give a level such as debug");
    usage(&["up", "bogus"], "the families are optimistic, zk");
    usage(&["up", "--block-time", "0"], "give seconds from 0.1 to 12");
    usage(&["up", "--l1-block-time", "-1"], "give seconds from 0.05 to 3600");
    usage(&["up", "--l1-block-time", "NaN"], "give seconds from 0.05 to 3600");
    usage(&["up", "--l2-port", "65536"], "65536 is not in 0..=65535");
    usage(&["up", "--host", "localhost"], "give an IP address");
    usage(&["up", "--chain-id", "0"], "give a whole number from 1");
    usage(&["up", "--batch-interval", "-1"], "give a whole number");
    usage(&["up", "--beacon", DEAD], "--l1 <URL>");
    usage(&["up", "--l1", "anvil"], "use http://, https://, ws:// or wss://");
    usage(&["up", "--l1", "ftp://anvil"], "use http://, https://, ws:// or wss://");
    usage(&["node"], "--l1 <URL>");
    usage(&["node", "--l1", DEAD, "--roles", "king"], "the roles are sequencer, batcher");
    usage(&["node", "--l1", DEAD, "--roles", "batcher"], "give --batcher-key");
    usage(&["deposit"], "<AMOUNT>");
    usage(&["deposit", "1e3"], "give ether, such as 1.5");
    usage(&["deposit", "-1"], "give ether, such as 1.5");
    usage(&["deposit", "0"], "give more than nothing");
    usage(&["withdraw", "1,5"], "give ether, such as 1.5");
    usage(&["withdraw", "1", "--status"], "cannot be used with");
    usage(&["withdraw", "--to", BOB], "<AMOUNT>");
    usage(&["withdraw", "--transaction", "0x00"], "0x and 64 hex digits");
    usage(&["send"], "<TO>");
    usage(&["send", "bob"], "0x and 40 hex digits");
    usage(&["send", &BOB.replace('C', "c")], "its checksum is wrong");
    usage(&["send", BOB, "1.0000000000000000001"], "at most 18 decimals");
    usage(&["send", BOB, "--data", "0x0"], "an even number of hex digits");
    usage(&["send", BOB, "--key", "secret"], "a key is 0x and 64 hex digits");
    usage(&["keys", "address", "--key", "dev:2147483648"], "such as dev:0");
    usage(&["keys", "address", "--key", "@missing"], "make one with `mezz keys new missing`");
    usage(&["keys", "address", "--key", &format!("0x{}", "0".repeat(64))], "64 hex digits");
    usage(&["deploy", "plan", "--intent", "missing"], "missing cannot be read");
    usage(&["deploy", "plan", "--intent", "nonsense.toml"], "the intent cannot be read");
    usage(&["completions", "tcsh"], "possible values: bash");
}

#[test]
fn a_key_that_cannot_be_read_is_not_repeated() {
    let (_kept, here) = scene();
    let said = mezz(&here, &["send", BOB, "--key", "my secret words"]);
    assert!(!String::from_utf8_lossy(&said.stderr).contains("secret"), "{said:?}");
}

#[test]
fn what_is_not_there_is_said_to_be_missing() {
    let (_kept, here) = scene();
    let missing = |arguments: &[&str], words: &str| check(&here, arguments, 3, words);
    missing(&["status"], "start a chain with `mezz up --datadir mezz-data`");
    missing(&["send", BOB, "1"], "start a chain with `mezz up");
    missing(&["deposit", "1"], "start a chain with `mezz up");
    missing(&["withdraw", "1"], "start a chain with `mezz up");
    missing(&["down"], "nothing runs in mezz-data");
    missing(&["down", "--datadir", "stale"], "nothing runs in stale");
    missing(&["resync"], "give the --datadir of a chain that was started before");
    missing(&["node", "--l1", DEAD], "give --rollup");
    missing(&["deploy", "inspect"], "give the --datadir of a deployment");
    missing(&["deploy", "plan", "--l1", DEAD], "no answer from 127.0.0.1:1");
    let up = ["up", "--l2-port", "0", "--metrics-port", "0", "--beacon", DEAD, "--l1"];
    missing(&[&up[..], &["ws://127.0.0.1:1"]].concat(), "no answer from 127.0.0.1:1");
    missing(&[&up[..], &[DEAD, "--detach"]].concat(), "no answer from 127.0.0.1:1");
}

#[test]
fn places_that_cannot_be_used_are_named() {
    let (_kept, here) = scene();
    let failed = |arguments: &[&str], words: &str| check(&here, arguments, 1, words);
    failed(&["up", "--datadir", "file"], "file is a file, not a directory");
    failed(&["up", "--datadir", "file/below"], "choose another --datadir");
    failed(&["up", "--datadir", "/proc/mezz"], "choose another --datadir");
    failed(&["status", "--datadir", "file"], "give the --datadir of a running chain");
    failed(&["status", "--datadir", "damaged"], "start `mezz up` again to write it anew");
    let free = ["--l1-port", "0", "--l2-port", "0", "--metrics-port", "0"];
    let garbled = [&["up", "--datadir", "garbled"][..], &free].concat();
    failed(&garbled, "nothing can rebuild garbled/l1");
    failed(&["resync", "--datadir", "damaged"], "damaged or of another version");
    failed(&["node", "--datadir", "damaged", "--l1", DEAD], "damaged or of another version");
    failed(&["deploy", "plan", "--datadir", "damaged"], "deploy-state.json");
    failed(&["keys", "new", "file"], "name another file");
    failed(&["keys", "new", "missing/key"], "a directory that exists");
    assert_eq!(fs::read_to_string(here.join("file")).unwrap(), "text");
}

#[test]
fn what_would_not_be_right_is_refused() {
    let (_kept, here) = scene();
    let refused = |arguments: &[&str], words: &str| check(&here, arguments, 4, words);
    refused(&["up", "plasma"], "`plasma` does not work yet");
    refused(&["up", "--datadir", "half"], "run `mezz resync --datadir half` again");
    refused(&["deploy", "plan", "--intent", "intent.toml"], "is not set");
}

#[test]
fn a_taken_port_is_named_with_its_option() {
    let (_kept, here) = scene();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for option in ["--l2-port", "--metrics-port", "--l1-port"] {
        let mut arguments = vec!["up", "--ephemeral"];
        for other in ["--l1-port", "--l2-port", "--metrics-port"] {
            arguments.extend([other, if other == option { &port } else { "0" }]);
        }
        check(&here, &arguments, 1, &format!("give another with {option}"));
        check(&here, &[&arguments[..], &["--detach"]].concat(), 1, option);
    }
}

#[test]
fn what_is_wrong_with_a_machine_is_one_answer() {
    let (_kept, here) = scene();
    let doctor = mezz(&here, &["--json", "doctor", "--l1", DEAD]);
    assert_eq!(doctor.status.code(), Some(1), "{doctor:?}");
    let findings: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let l1 = findings.as_array().unwrap().iter().find(|finding| finding["check"] == "L1").unwrap();
    assert_eq!(l1["good"], false);
    assert!(l1["says"].as_str().unwrap().contains("no answer from 127.0.0.1:1"), "{l1}");
}

#[test]
fn flags_in_the_environment_say_yes_and_no() {
    let (_kept, here) = scene();
    for (value, json) in [("1", true), ("true", true), ("0", false), ("", false), ("no", false)] {
        let families = command(&here, &["families"]).env("MEZZ_JSON", value).output().unwrap();
        assert_eq!(families.stdout.starts_with(b"["), json, "{value:?}: {families:?}");
        let wrong = command(&here, &["bogus"]).env("MEZZ_JSON", value).output().unwrap();
        assert_eq!(wrong.stdout.starts_with(b"{"), json, "{value:?}: {wrong:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error_and_a_full_disk_is() {
    let (_kept, here) = scene();
    for arguments in [&["completions", "bash"][..], &["keys", "dev"], &["--help"], &["families"]] {
        let mut gone = command(&here, arguments);
        let mut child = gone.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success() && done.stderr.is_empty(), "{arguments:?}: {done:?}");
    }
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in [&["completions", "bash"][..], &["keys", "dev"], &["--json", "families"]] {
        let done = command(&here, arguments).stdout(full()).output().unwrap();
        assert_eq!(done.status.code(), Some(1), "{arguments:?}: {done:?}");
    }
    let unheard = command(&here, &["status"]).stderr(full()).status().unwrap();
    assert_eq!(unheard.code(), Some(3));
}

#[test]
fn nothing_is_wider_than_a_terminal_of_80_columns() {
    let (_kept, here) = scene();
    let narrow = |arguments: &[&str]| {
        let done = mezz(&here, arguments);
        for line in String::from_utf8_lossy(&done.stdout).lines() {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
        }
    };
    for command in [
        "up",
        "down",
        "status",
        "families",
        "completions",
        "doctor",
        "deploy",
        "node",
        "deposit",
        "withdraw",
        "send",
        "resync",
        "keys",
    ] {
        narrow(&[command, "--help"]);
    }
    narrow(&["--help"]);
    narrow(&["deploy", "apply", "--help"]);
    narrow(&["families"]);
    narrow(&["keys", "dev"]);
    narrow(&["doctor", "--l1", DEAD, "--beacon", DEAD]);
}

/// From 21 members' keys to the call of the registry's owner; what L1 would refuse is said before.
#[test]
fn a_large_committee_is_proposed_by_what_its_members_say() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let answer = |arguments: &[&str]| -> Value {
        let output = mezz(place, &[&["--json"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let files: Vec<String> = (0..21).map(|member| format!("{member}.json")).collect();
    let mut said = Vec::new();
    for (member, file) in files.iter().enumerate() {
        answer(&["keys", "new", &format!("{member}.key")]);
        answer(&["dac", "key", &format!("{member}.bls")]);
        let config = format!(
            "data = \"{member}\"\nsigner = {{ key-file = \"{member}.key\" }}\nbls-key-file = \"{member}.bls\"\nchains = []\n"
        );
        fs::write(place.join(format!("{member}.toml")), config).unwrap();
        let registration = answer(&["dac", "register", "--config", &format!("{member}.toml")]);
        assert_eq!(registration["key"].as_str().unwrap().len(), 2 + 2 * 192);
        assert!(
            registration["call"]
                .as_str()
                .unwrap()
                .contains(&registration["proof"].as_str().unwrap()[2..])
        );
        fs::write(place.join(file), registration.to_string()).unwrap();
        said.push(registration);
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let propose = ["dac", "propose", "--threshold", "14"];
    said.sort_by_key(|registration| registration["member"].as_str().unwrap().to_lowercase());
    let last = said[20]["member"].as_str().unwrap();
    let answered = answer(&[&propose[..], &["--mandatory", last], &files].concat());
    assert_eq!(answered["mandatory"], "0x100000");
    let keys: String =
        said.iter().map(|registration| &registration["key"].as_str().unwrap()[2..]).collect();
    assert!(
        answered["call"].as_str().unwrap().contains(&keys),
        "the keys are in the order of the members"
    );

    check(place, &[&propose[..], &files[1..]].concat(), 2, "21 to 256 members");
    check(
        place,
        &[&["dac", "propose", "--threshold", "22"], &files[..]].concat(),
        2,
        "one signature and all",
    );
    let nobody = "0x0000000000000000000000000000000000000001";
    check(
        place,
        &[&propose[..], &["--mandatory", nobody], &files].concat(),
        2,
        "is not among the members",
    );
    check(place, &["dac", "key", "0.bls"], 1, "name another file");
    let mut other = said[0].clone();
    other["proof"] = said[1]["proof"].clone();
    fs::write(place.join("0.json"), other.to_string()).unwrap();
    fs::write(place.join("1.json"), said[1].to_string()).unwrap();
    check(place, &[&propose[..], &files].concat(), 1, "the proof is not one of");
}

/// Evidence against a member becomes a call; what is none is told why.
#[test]
fn what_a_member_has_signed_twice_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let inbox = InboxId { l1_chain_id: 900, inbox: Address::repeat_byte(0x1b) };
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap();
    let signed = |batch_index: u64, payload: &[u8]| {
        let certificate = Certificate {
            batch_index,
            prev_acc: Accumulator(B256::repeat_byte(1)),
            payload: PayloadId::of(payload).unwrap(),
            epoch: 0,
            expiry: 5_000_000_000,
        };
        let digest = certificate.digest(inbox.l1_chain_id, inbox.inbox);
        let signature = key.sign_hash_sync(&digest).unwrap().as_bytes().to_vec().into();
        json!(SignedStatement { inbox, certificate, signers: None, signature })
    };
    let (one, two, later) = (signed(3, b"one"), signed(3, b"two"), signed(4, b"two"));
    for (name, value) in [
        ("one", &one),
        ("two", &two),
        ("later", &later),
        ("both", &json!({ "first": one, "second": two })),
        ("none", &json!({})),
    ] {
        fs::write(place.join(name), value.to_string()).unwrap();
    }
    let show = ["dac", "show-equivocation"];
    let call = |files: &[&str]| {
        let output = mezz(place, &[&["--json"], &show[..], files, &["--calldata"]].concat());
        assert!(output.status.success(), "{files:?}: {output:?}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["signers"], key.address().to_string());
        answer["call"].as_str().unwrap().to_owned()
    };
    let said = call(&["both"]);
    assert!(said.contains(&two["payloadHash"].as_str().unwrap()[2..]), "{said}");
    assert_eq!(said, call(&["one", "two"]));
    let fails = |files: &[&str], words: &str| {
        check(place, &[&show[..], files, &["--calldata"]].concat(), 2, words);
    };
    fails(&["one", "later"], "different places");
    fails(&["one", "one"], "one payload");
    fails(&["one"], "there are 1");
    fails(&["both", "one"], "there are 3");
    fails(&["none"], "it is to be evidence");
    fails(&["absent"], "cannot be read");
    check(place, &[&show[..], &["both", "--l1", DEAD]].concat(), 3, "rollup.json is not there");
}
