//! Access keys and sealed payloads by command.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718,
    primitives::{Address, B256, Bytes, TxKind},
    signers::{SignerSync, local::PrivateKeySigner},
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

/// A transaction of the tenant's.
fn own_transaction(nonce: u64) -> Bytes {
    let transaction = TxEip1559 {
        chain_id: 901,
        nonce,
        to: TxKind::Call(Address::repeat_byte(0x77)),
        ..TxEip1559::default()
    };
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap();
    let signature = key.sign_hash_sync(&transaction.signature_hash()).unwrap();
    TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}

/// A member, its address, and how it is asked.
struct Running {
    member: Member,
    address: Address,
    batcher: PrivateKeySigner,
}

impl Running {
    /// A member in a folder, with the access key that is there.
    async fn start(place: &Path, must_read: AccessPublicKey) -> Self {
        let (signer, batcher) = (PrivateKeySigner::random(), PrivateKeySigner::random());
        let config = format!(
            "listen = \"127.0.0.1:0\"\ndata = {:?}\nsigner = {{ key-file = {:?} }}\nprivate-key-file = {:?}\n\
             [[chains]]\nl1-chain-id = 1\ninbox = \"{}\"\nbatchers = [\"{}\"]\nprivate = true\nmust-read = [\"{must_read}\"]\n",
            place.join("data"),
            place.join("signer.key"),
            place.join("member.access"),
            INBOX.inbox,
            batcher.address()
        );
        fs::write(place.join("signer.key"), signer.to_bytes().to_string()).unwrap();
        fs::write(place.join("member.toml"), &config).unwrap();
        let config: MemberConfig = toml::from_str(&config).unwrap();
        let member = Member::start(config).await.unwrap();
        Self { member, address: signer.address(), batcher }
    }

    fn at(&self) -> String {
        format!("{}=http://{}", self.address, self.member.local_addr())
    }

    /// Has it keep a payload as batch `batch_index`, with a record of one tenant.
    async fn keep(
        &self,
        batch_index: u64,
        readers: [AccessPublicKey; 2],
        tenant: AccessPublicKey,
        signed: Bytes,
    ) -> PayloadId {
        let bytes = format!("payload {batch_index}");
        let payload = PayloadId::of(bytes.as_bytes()).unwrap();
        let own = OwnTransaction { block_number: 9, position: 2, signed };
        let sealed = SealedPayload::new(
            SealContext { inbox: INBOX, batch_index, payload },
            bytes.as_bytes(),
            &Recipients {
                readers: readers.into(),
                tenants: [(tenant, Record { transactions: vec![own] })].into(),
            },
        );
        let certificate = Certificate {
            batch_index,
            prev_acc: Accumulator(B256::with_last_byte(batch_index as u8)),
            payload,
            epoch: 0,
            expiry: Clock::default().now() + 30 * 86_400 + 600,
        };
        let url = format!("http://{}", self.member.local_addr());
        let endpoint = Endpoint { address: self.address, url };
        let key = Arc::new(self.batcher.clone());
        let client = CommitteeClient::new(1, INBOX.inbox, vec![endpoint], Some(key), None);
        let committee = Committee { members: vec![self.address], threshold: 1, mandatory: 0 };
        client.unwrap().certify(&certificate, &committee, 0, &sealed.unwrap()).await.unwrap();
        payload
    }
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

    let running = Running::start(place, auditor).await;
    let signed = own_transaction(3);
    let payload = running.keep(4, [own, auditor], tenant, signed.clone()).await;
    let (at, member) = (running.at(), running.member);
    let records = ["dac", "records", "--member", &at, "--key"];
    let said = answer(place, &[&records[..], &["tenant.access"]].concat());
    let transaction = &said["transactions"][0];
    assert_eq!((transaction["batch"].as_u64(), transaction["block"].as_u64()), (Some(4), Some(9)));
    assert_eq!(transaction["signed"], signed.to_string());
    assert_eq!(transaction["inbox"], INBOX.inbox.to_string().to_lowercase());
    let sender = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap().address();
    assert_eq!(transaction["from"], sender.to_string().to_lowercase());
    assert_eq!(said["doubts"], Value::Array(Vec::new()));
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
    assert_eq!(fs::read(place.join("clear")).unwrap(), b"payload 4");
    assert_eq!(fs::metadata(place.join("clear")).unwrap().permissions().mode() & 0o777, 0o600);
    let again = String::from_utf8(run(open("auditor.access", "clear")).stderr).unwrap();
    assert!(again.contains("never written over something else"), "{again}");
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
    assert_eq!(fs::read(place.join("again")).unwrap(), b"payload 4");

    // What is gone or damaged comes back from it; the log of signatures is none of a backup's business.
    fs::remove_dir_all(place.join("data/sealed")).unwrap();
    let restore = ["dac", "restore", "--config", "member.toml", "--from"];
    let lost = failure(place, &["dac", "verify", "--config", "member.toml"]);
    assert!(lost.contains("1 that were promised are missing") && lost.contains(&hash), "{lost}");
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

/// What one member leaves out or makes up is seen beside the others.
#[tokio::test(flavor = "multi_thread")]
async fn records_are_compared_among_members() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let place = directory.path().join(name);
        fs::create_dir_all(&place).unwrap();
        place
    };
    let (one, two) = (place("one"), place("two"));
    let [first, second] = [&one, &two].map(|place| key(place, "member.access"));
    let [auditor, tenant] =
        ["auditor.access", "tenant.access"].map(|name| key(directory.path(), name));
    let (honest, other) =
        (Running::start(&one, auditor).await, Running::start(&two, auditor).await);
    honest.keep(4, [first, auditor], tenant, own_transaction(3)).await;
    other.keep(4, [second, auditor], tenant, own_transaction(4)).await;
    honest.keep(5, [first, auditor], tenant, own_transaction(5)).await;
    other.keep(6, [second, auditor], tenant, vec![7; 9].into()).await;
    let members = format!("{},{}", honest.at(), other.at());
    let records = ["dac", "records", "--member", &members, "--key", "tenant.access"];
    let said = answer(directory.path(), &records);
    let doubts: Vec<_> =
        said["doubts"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    let has = |who: &Running, text: &str| {
        doubts
            .iter()
            .any(|doubt| doubt.starts_with(&who.address.to_string()) && doubt.contains(text))
    };
    assert!(doubts.iter().any(|it| it.contains("2 different records of batch 4")), "{doubts:?}");
    assert!(has(&other, "does not list the record of batch 5"), "{doubts:?}");
    assert!(
        doubts.iter().any(|it| it.contains("of batch 6") && it.contains("block 9")),
        "{doubts:?}"
    );
    let batches: Vec<_> =
        said["transactions"].as_array().unwrap().iter().map(|it| it["batch"].as_u64()).collect();
    assert_eq!(batches, [Some(4), Some(4), Some(5)], "what is no transaction is not shown as one");
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
