//! Access keys and sealed payloads by command.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
};
use mezz_da::{
    CommitteeClient, Endpoint, Member, MemberConfig,
    committee::{Clock, InboxId},
    private::{
        AccessKey, AccessPublicKey, OwnTransaction, Recipients, Record, SealContext, SealedPayload,
    },
};
use mezz_primitives::{Accumulator, Certificate, Committee, PayloadId};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

const INBOX: InboxId = InboxId { l1_chain_id: 1, inbox: Address::repeat_byte(0x1b) };

fn mezz(place: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mezz"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MEZZ_")) {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(place).output().unwrap()
}

/// What a command says as JSON.
fn answer(place: &Path, arguments: &[&str]) -> Value {
    let output = mezz(place, &[&["--json"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a command says when it fails.
fn failure(place: &Path, arguments: &[&str]) -> String {
    let output = mezz(place, arguments);
    assert!(!output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Makes a key by command.
fn key(place: &Path, name: &str) -> AccessPublicKey {
    let said = answer(place, &["dac", "access-key", name]);
    said["key"].as_str().unwrap().parse().unwrap()
}

/// A member that was asked to keep a payload with a record of one tenant.
async fn member(
    place: &Path,
    readers: [AccessPublicKey; 2],
    tenant: AccessPublicKey,
) -> (Member, PayloadId) {
    let (signer, batcher) = (PrivateKeySigner::random(), PrivateKeySigner::random());
    let config = format!(
        "listen = \"127.0.0.1:0\"\ndata = {:?}\nsigner = {{ key-file = {:?} }}\nprivate-key-file = {:?}\n\
         [[chains]]\nl1-chain-id = 1\ninbox = \"{}\"\nbatchers = [\"{}\"]\nprivate = true\n",
        place.join("data"),
        place.join("signer.key"),
        place.join("member.access"),
        INBOX.inbox,
        batcher.address()
    );
    fs::write(place.join("signer.key"), signer.to_bytes().to_string()).unwrap();
    fs::write(place.join("member.toml"), &config).unwrap();
    let config: MemberConfig = toml::from_str(&config).unwrap();
    let address = signer.address();
    let member = Member::start(config).await.unwrap();
    let payload = PayloadId::of(b"payload").unwrap();
    let record = Record {
        transactions: vec![OwnTransaction {
            block_number: 9,
            position: 2,
            signed: vec![7; 9].into(),
        }],
    };
    let sealed = SealedPayload::new(
        SealContext { inbox: INBOX, batch_index: 4, payload },
        b"payload",
        &Recipients { readers: readers.into(), tenants: [(tenant, record)].into() },
    );
    let certificate = Certificate {
        batch_index: 4,
        prev_acc: Accumulator(B256::ZERO),
        payload,
        epoch: 0,
        expiry: Clock::default().now() + 30 * 86_400 + 600,
    };
    let endpoint = Endpoint { address, url: format!("http://{}", member.local_addr()) };
    let client =
        CommitteeClient::new(1, INBOX.inbox, vec![endpoint], Some(Arc::new(batcher)), None);
    let committee = Committee { members: vec![address], threshold: 1, mandatory: 0 };
    client.unwrap().certify(&certificate, &committee, 0, &sealed.unwrap()).await.unwrap();
    (member, payload)
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_records_shown_and_payloads_opened() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let [own, auditor, tenant, stranger] =
        ["member.access", "auditor.access", "tenant.access", "stranger.access"]
            .map(|name| key(place, name));
    assert_eq!(
        fs::metadata(place.join("tenant.access")).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(AccessKey::read(&place.join("tenant.access")).unwrap().public(), tenant);
    assert!(failure(place, &["dac", "access-key", "tenant.access"]).contains("name another file"));

    let (member, payload) = member(place, [own, auditor], tenant).await;
    let signer = fs::read_to_string(place.join("signer.key")).unwrap();
    let address = signer.parse::<PrivateKeySigner>().unwrap().address();
    let at = format!("{address}=http://{}", member.local_addr());
    let records = ["dac", "records", "--member", &at, "--key"];
    let said = answer(place, &[&records[..], &["tenant.access"]].concat());
    let transaction = &said["transactions"][0];
    assert_eq!((transaction["batch"].as_u64(), transaction["block"].as_u64()), (Some(4), Some(9)));
    assert_eq!(transaction["signed"], "0x070707070707070707");
    let later = answer(place, &[&records[..], &["tenant.access", "--from", "5"]].concat());
    assert_eq!(later["transactions"], Value::Array(Vec::new()));
    let nothing = answer(place, &[&records[..], &["stranger.access"]].concat());
    assert_eq!(nothing["key"], stranger.to_string());
    assert_eq!(nothing["transactions"], Value::Array(Vec::new()));

    let hash = payload.payload_hash.to_string();
    let open = |key: &'static str, to: &'static str| {
        ["dac", "open", "--member", at.as_str(), "--key", key, hash.as_str(), to].map(str::to_owned)
    };
    let run = |arguments: [String; 8]| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        mezz(place, &arguments)
    };
    assert!(run(open("auditor.access", "clear")).status.success());
    assert_eq!(fs::read(place.join("clear")).unwrap(), b"payload");
    for nobody in ["tenant.access", "stranger.access"] {
        let output = run(open(nobody, "none"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("is not a reader of this payload"), "{said}");
    }
    assert!(!place.join("none").exists());

    // A backup is as sealed as what it is one of.
    member.stop().await;
    let done = answer(place, &["dac", "backup", "--config", "member.toml", "--to", "backup"]);
    assert_eq!(done["copied"].as_array().unwrap().len(), 1);
    let verified = answer(place, &["dac", "verify", "--config", "member.toml"]);
    assert_eq!(verified["payloads"], 1);
    assert!(verified["reads"].as_u64().unwrap() > 0, "the log of reads is looked at: {verified}");
    let folder = format!("backup/{}", &hash[2..4]);
    let file = format!("{folder}/{hash}.sealed");
    let open = ["dac", "open", "--sealed", &file, "--key", "auditor.access", &hash, "again"];
    answer(place, &open);
    assert_eq!(fs::read(place.join("again")).unwrap(), b"payload");

    // What is gone or damaged comes back from it; the log of signatures is none of a backup's business.
    fs::remove_dir_all(place.join("data/sealed")).unwrap();
    let restore = ["dac", "restore", "--config", "member.toml", "--from"];
    let lost = answer(place, &["dac", "verify", "--config", "member.toml"]);
    assert_eq!(lost["payloads"], 0);
    let log = fs::read(place.join("data/signatures.jsonl")).unwrap();
    let done = answer(place, &[&restore[..], &["backup"]].concat());
    assert_eq!(done["copied"].as_array().unwrap().len(), 1);
    let verified = answer(place, &["dac", "verify", "--config", "member.toml"]);
    assert_eq!(verified["payloads"], 1);
    assert_eq!(fs::read(place.join("data/signatures.jsonl")).unwrap(), log);
    fs::remove_file(place.join("data/signatures.jsonl")).unwrap();
    answer(place, &[&restore[..], &["backup"]].concat());
    assert!(!place.join("data/signatures.jsonl").exists(), "a member must see that it was lost");
    assert!(failure(place, &[&restore[..], &["absent"]].concat()).contains("is no folder"));
    assert!(!place.join("absent").exists());
    fs::write(place.join("data/signatures.jsonl"), log).unwrap();
    let text = fs::read_to_string(place.join("member.toml")).unwrap();
    let running = Member::start(toml::from_str(&text).unwrap()).await.unwrap();
    let refused = failure(place, &[&restore[..], &["backup"]].concat());
    assert!(refused.contains("signatures.jsonl"), "{refused}");
    running.stop().await;
}

#[test]
fn an_access_file_that_cannot_be_meant_is_refused_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    fs::write(place.join("access.toml"), "[[reader]]\nname = \"a\"\nrole = \"boss\"\n").unwrap();
    let list = mezz_rpc::access::AccessList::read(place.join("access.toml"));
    let error = list.unwrap_err().to_string();
    assert!(error.contains("line 3") && error.contains("boss"), "{error}");
    let open = ["dac", "open", "--key", "none", "0x01", "to"];
    assert!(failure(place, &open).contains("0x01"));
}
