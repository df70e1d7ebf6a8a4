//! Private chains: what members keep, show and refuse, and what a tenant gets.

use crate::{
    store::{damage, files},
    world::{INBOX, RETENTION, World, payload},
};
use alloy::{primitives::B256, transports::http::reqwest};
use mezz_da::{
    CommitteeClient, Error, Member, MemberConfig, MemberFault,
    committee::{RecordPlace, SealedStore, StoreConfig},
    private::{
        AccessKey, OwnTransaction, Recipients, Record, SealContext, SealedPayload, Unsealable,
    },
};
use mezz_primitives::{Certificate, PayloadId};
use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

/// Text that must not be readable anywhere.
const MARKER: &[u8] = b"the price of the deal is 4711";
const AUDITOR: u8 = 70;
const TENANT: u8 = 80;
const OTHER: u8 = 81;

fn access(number: u8) -> AccessKey {
    AccessKey::from_bytes(&B256::repeat_byte(number))
}

/// A payload with the marker in it.
fn secret(seed: u8) -> Vec<u8> {
    [payload(seed), MARKER.to_vec()].concat()
}

/// Three members that know each other and serve a private chain.
async fn private() -> World {
    let mut world = World::none(3);
    for index in 0..3 {
        world.start(index, config(&world, index)).await;
    }
    let all = world.endpoints();
    for (index, endpoint) in all.iter().enumerate() {
        world.stop(index).await;
        let mut config = config(&world, index);
        config.listen = endpoint.url.trim_start_matches("http://").parse().unwrap();
        config.peers = all.clone();
        world.start(index, config).await;
    }
    world.committee.threshold = 3;
    world
}

/// The configuration of a member with the access key of its number.
fn config(world: &World, index: usize) -> MemberConfig {
    let file = world.path(&format!("access-{index}"));
    fs::write(&file, access(index as u8 + 1).to_bytes().to_string()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let mut config = world.config(index);
    config.private_key_file = Some(file);
    config.chains[0].private = true;
    config.chains[0].must_read = [access(AUDITOR).public()].into();
    config
}

fn record(number: u8) -> Record {
    let signed = [MARKER, &[number]].concat().into();
    Record { transactions: vec![OwnTransaction { block_number: 9, position: 1, signed }] }
}

fn recipients() -> Recipients {
    Recipients {
        readers: [1, 2, 3, AUDITOR].map(|number| access(number).public()).into(),
        tenants: [TENANT, OTHER].map(|number| (access(number).public(), record(number))).into(),
    }
}

fn seal(certificate: &Certificate, payload: &[u8], recipients: &Recipients) -> SealedPayload {
    let context = SealContext {
        inbox: INBOX,
        batch_index: certificate.batch_index,
        payload: certificate.payload,
    };
    SealedPayload::new(context, payload, recipients).unwrap()
}

/// Has a payload certified as batch `index`.
async fn post(world: &World, index: u64, payload: &[u8]) -> Certificate {
    let certificate = world.certificate(index, payload);
    let sealed = seal(&certificate, payload, &recipients());
    world.client().certify(&certificate, &world.committee, 0, &sealed).await.unwrap();
    certificate
}

/// A client that has nothing but an access key.
fn reader(world: &World, number: u8) -> CommitteeClient {
    world.client_of(world.endpoints(), None).private(Some(access(number)))
}

fn member(world: &World, index: usize) -> &Member {
    world.members[index].as_ref().unwrap()
}

fn sealed_store(world: &World, index: usize) -> &SealedStore {
    member(world, index).sealed_store().unwrap()
}

/// Whether a text is anywhere below a folder.
fn contains(folder: &Path, text: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => contains(&path, text),
            false => fs::read(&path).unwrap().windows(text.len()).any(|window| window == text),
        }
    })
}

/// What members said no with.
fn refusals(error: Error) -> BTreeSet<(u16, String)> {
    let (Error::Withheld { answers, .. }
    | Error::NotAReader { answers, .. }
    | Error::NoRecord { answers }
    | Error::Uncertified { missing: answers, .. }) = error
    else {
        panic!("{error}")
    };
    let faults = answers.into_iter().map(|answer| answer.fault);
    // Whoever was not waited for said nothing.
    let refusal = |fault| match fault {
        MemberFault::Refused { status, code, .. } => Some((status, code)),
        MemberFault::Pending => None,
        fault => panic!("{fault}"),
    };
    faults.filter_map(refusal).collect()
}

fn only(status: u16, code: &str) -> BTreeSet<(u16, String)> {
    [(status, code.to_owned())].into()
}

#[tokio::test]
async fn members_keep_no_plaintext_and_readers_read() {
    let world = private().await;
    let bytes = secret(1);
    let id = post(&world, 0, &bytes).await.payload;
    for index in 0..3 {
        assert_eq!(sealed_store(&world, index).list().len(), 1);
        assert_eq!(member(&world, index).store().list().len(), 0);
        assert!(!contains(&world.data(index), MARKER), "member {index} keeps plaintext");
    }
    assert_eq!(reader(&world, AUDITOR).fetch(&id).await.unwrap(), bytes);
    let audits = reader(&world, AUDITOR).audit(&[id]).await;
    assert!(audits.len() == 3 && audits.iter().all(|audit| audit.fault.is_none()), "{audits:?}");

    // What is not there is missing, and not kept from somebody.
    let absent = PayloadId::of(b"absent").unwrap();
    let error = reader(&world, AUDITOR).fetch(&absent).await.unwrap_err();
    assert!(error.is_withheld(), "{error}");
    assert_eq!(refusals(error), only(404, "unknown-payload"));

    // A stranger with a key, a node without a key, and one that knows nothing of sealing.
    let error = reader(&world, 99).fetch(&id).await.unwrap_err();
    assert!(!error.is_withheld(), "a stranger must not have it shown on L1");
    assert!(error.to_string().contains("must list that key as a reader"), "{error}");
    assert_eq!(refusals(error), only(403, "not-a-reader"));
    let without = world.client_of(world.endpoints(), None).private(None);
    let error = without.fetch(&id).await.unwrap_err();
    assert!(error.to_string().contains("--access-key FILE"), "{error}");
    assert!(!error.is_withheld());
    let error = world.client_of(world.endpoints(), None).fetch(&id).await.unwrap_err();
    assert!(error.to_string().contains("--access-key FILE"), "{error}");
    assert_eq!(refusals(error), only(403, "sealed"));
    // A tenant is no reader of the whole.
    let error = reader(&world, TENANT).fetch(&id).await.unwrap_err();
    assert_eq!(refusals(error), only(403, "not-a-reader"));

    // Every read and refusal is in the log, with the key that was shown.
    let log = fs::read_to_string(world.data(0).join("access.jsonl")).unwrap();
    let lines = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    assert!(lines(&access(AUDITOR).public().to_string()) > 0, "{log}");
    assert_eq!(lines("not-a-reader"), 2, "{log}");
}

#[tokio::test]
async fn a_tenant_gets_its_records_and_nobody_elses() {
    let world = private().await;
    let posted = [post(&world, 0, &secret(1)).await, post(&world, 1, &secret(2)).await];
    let (client, key) = (world.client_of(world.endpoints(), None), access(TENANT));
    let place = |certificate: &Certificate| RecordPlace {
        batch_index: certificate.batch_index,
        inbox: INBOX,
        payload_hash: certificate.payload.payload_hash,
    };
    let lists = async |key: &AccessKey, from: u64| {
        let lists = client.records(key, from).await.into_iter();
        lists.map(|(_, list)| list.unwrap().into_iter().collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    assert_eq!(lists(&key, 0).await, vec![posted.iter().map(place).collect::<Vec<_>>(); 3]);
    assert_eq!(lists(&key, 1).await, vec![vec![place(&posted[1])]; 3]);
    assert_eq!(lists(&access(99), 0).await, vec![vec![]; 3]);
    let hash = posted[0].payload.payload_hash;
    for (_, own) in client.record(hash, &key).await {
        assert_eq!(own.unwrap().open(&key).unwrap(), record(TENANT));
    }
    assert!(client.record(hash, &access(99)).await.iter().all(|(_, shown)| shown.is_err()));

    // Another's record is refused, whatever key is proven, and so is the list of another's records.
    let other = access(OTHER).public();
    for path in [format!("/v1/sealed/{hash}/{other}"), format!("/v1/records/{other}/0")] {
        let url = world.url(0) + &path;
        let without = reqwest::get(&url).await.unwrap();
        assert_eq!(without.status(), 401, "{path}");
        let proof = proof(&world, &key, &path);
        let request = reqwest::Client::new().get(&url).header("mezzanine-time", world.time.now());
        let request = request.header("mezzanine-access", &proof);
        assert_eq!(request.send().await.unwrap().status(), 403, "{path}");
        // A proof is for one path, one member and one minute.
        for (member, late) in [(1, 0), (0, 61)] {
            let own = path.replace(&other.to_string(), &key.public().to_string());
            let proof = self::proof(&world, &key, &own);
            let time = world.time.now() + late;
            let request = reqwest::Client::new().get(world.url(member) + &own);
            let request = request.header("mezzanine-time", time).header("mezzanine-access", proof);
            assert_eq!(request.send().await.unwrap().status(), 401, "{path}");
        }
    }
    // After a restart the list is the same.
    let mut world = world;
    world.stop(0).await;
    world.start(0, config(&world, 0)).await;
    assert_eq!(sealed_store(&world, 0).records(key.public(), 0).len(), 2);
}

/// The header of a request to member 0 now.
fn proof(world: &World, key: &AccessKey, path: &str) -> String {
    let request = mezz_da::committee::read_request(world.keys[0].address(), world.time.now(), path);
    let proof = key.prove(access(1).public(), request).unwrap();
    alloy::hex::encode_prefixed([key.public().0.as_slice(), &proof].concat())
}

#[tokio::test]
async fn what_a_member_cannot_open_it_does_not_sign() {
    let world = private().await;
    let bytes = secret(1);
    let certificate = world.certificate(0, &bytes);
    let committee = &world.committee;
    let client = world.client();
    let good = seal(&certificate, &bytes, &recipients());

    let error = client.certify(&certificate, committee, 0, &bytes).await.unwrap_err();
    assert_eq!(refusals(error), only(400, "sealed-only"));

    let mut without = recipients();
    without.readers.remove(&access(2).public());
    let sealed = seal(&certificate, &bytes, &without);
    let error = client.certify(&certificate, committee, 0, &sealed).await.unwrap_err();
    assert!(error.to_string().contains("not sealed for the key"), "{error}");

    // Those who are readers have taken it, and keep what they know.
    let kept = || (0..3).map(|index| sealed_store(&world, index).list().len()).collect::<Vec<_>>();
    while kept() != [1, 0, 1] {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }

    // Of each part one bit: a wrap of another reader, of a tenant, the payload, a record.
    let encoded = good.encode();
    let payload_at = encoded.len() - 2 * (4_096 + 16) - 5_000;
    for at in [90, 150, 280, 680, payload_at, encoded.len() - 4_096 - 16 - 3, encoded.len() - 3] {
        let mut changed = encoded.clone();
        changed[at] ^= 1;
        let Ok(sealed) = SealedPayload::decode(&changed) else { continue };
        let error = client.certify(&certificate, committee, 0, &sealed).await.unwrap_err();
        let codes = refusals(error);
        assert!(codes.iter().all(|(_, code)| code == "unsealed"), "{at}: {codes:?}");
    }
    // Sealed for another place.
    let elsewhere = Certificate { batch_index: 3, ..certificate };
    let sealed = seal(&elsewhere, &bytes, &recipients());
    let error = client.certify(&certificate, committee, 0, &sealed).await.unwrap_err();
    assert_eq!(refusals(error), only(400, "wrong-payload"));
    assert_eq!(kept(), [1, 0, 1]);
    client.certify(&certificate, committee, 0, &good).await.unwrap();
    // What fewer could open gave way to what all can.
    for index in 0..3 {
        let sealed = sealed_store(&world, index).get(certificate.payload.payload_hash).unwrap();
        assert_eq!(sealed, good);
    }
}

#[tokio::test]
async fn who_must_read_is_among_the_readers() {
    let mut world = private().await;
    world.stop(0).await;
    let mut strict = config(&world, 0);
    strict.chains[0].must_read = [access(AUDITOR).public()].into();
    world.start(0, strict).await;
    world.committee.threshold = 1;
    world.committee.members.truncate(1);
    let certificate = world.certificate(0, &secret(1));
    let mut without = recipients();
    without.readers.remove(&access(AUDITOR).public());
    let certify = async |recipients: &Recipients| {
        let sealed = seal(&certificate, &secret(1), recipients);
        world.client().certify(&certificate, &world.committee, 0, &sealed).await
    };
    let error = certify(&without).await.unwrap_err();
    assert_eq!(refusals(error), only(400, "missing-reader"));
    certify(&recipients()).await.unwrap();
}

#[tokio::test]
async fn a_chain_that_is_not_private_takes_nothing_sealed() {
    let mut world = World::none(1);
    let mut config = config(&world, 0);
    config.chains[0].private = false;
    config.chains[0].must_read.clear();
    world.start(0, config).await;
    let certificate = world.certificate(0, &secret(1));
    let sealed = seal(&certificate, &secret(1), &recipients());
    let error =
        world.client().certify(&certificate, &world.committee, 0, &sealed).await.unwrap_err();
    assert_eq!(refusals(error), only(400, "not-private"));
    let bytes = secret(1);
    world.client().certify(&certificate, &world.committee, 0, &bytes).await.unwrap();
    let reader = world.client_of(world.endpoints(), None);
    assert_eq!(reader.fetch(&certificate.payload).await.unwrap(), bytes);
}

#[tokio::test]
async fn a_lost_and_a_damaged_sealed_payload_come_back_from_peers() {
    let world = private().await;
    let posted = [post(&world, 0, &secret(1)).await, post(&world, 1, &secret(2)).await];
    let at = |index: usize, certificate: &Certificate| {
        let ending = format!("{}.sealed", certificate.payload.payload_hash);
        files(sealed_store(&world, index).directory(), &ending).pop().unwrap()
    };
    fs::remove_file(at(0, &posted[0])).unwrap();
    damage(&at(0, &posted[1]), 10_000);
    let whole = |certificate: &Certificate| {
        sealed_store(&world, 0).get(certificate.payload.payload_hash).is_some()
    };
    assert_eq!(posted.each_ref().map(whole), [false; 2]);
    member(&world, 0).repair().await.unwrap();
    assert_eq!(posted.each_ref().map(whole), [true; 2]);
    assert!(!contains(&world.data(0), MARKER));
    let opened = sealed_store(&world, 0).get(posted[0].payload.payload_hash).unwrap();
    assert_eq!(opened.verify(&access(1)).unwrap().payload, secret(1));
    assert!(opened.record(access(TENANT).public()).is_some(), "the records came too");

    // What a peer has sealed anew for fewer is not taken where another has what the batcher signed, and not at all if some must read it.
    let hash = posted[0].payload.payload_hash;
    let signed = sealed_store(&world, 0).get(hash).unwrap();
    let put = |index: usize, sealed: &SealedPayload| {
        let bytes = sealed.encode();
        let text = [alloy::primitives::keccak256(&bytes).as_slice(), &bytes].concat();
        fs::write(at(index, &posted[0]), text).unwrap();
    };
    let without = |gone: &[u8], records: bool| {
        let mut fewer = recipients();
        for number in gone {
            fewer.readers.remove(&access(*number).public());
        }
        if !records {
            fewer.tenants.clear();
        }
        seal(&posted[0], &secret(1), &fewer)
    };
    put(1, &without(&[], false));
    fs::remove_file(at(0, &posted[0])).unwrap();
    member(&world, 0).repair().await.unwrap();
    assert_eq!(
        sealed_store(&world, 0).get(hash).unwrap(),
        signed,
        "the one that the batcher signed"
    );
    put(1, &without(&[AUDITOR], true));
    put(2, &without(&[AUDITOR], true));
    fs::remove_file(at(0, &posted[0])).unwrap();
    let error = member(&world, 0).repair().await.unwrap_err().to_string();
    assert!(error.contains("not sealed for all who must read"), "{error}");
    let elsewhere = Certificate { batch_index: 7, ..posted[0] };
    put(1, &seal(&elsewhere, &secret(1), &recipients()));
    assert!(member(&world, 0).repair().await.is_err(), "it is of another batch");
    put(1, &without(&[], false));
    put(2, &without(&[], true));
    member(&world, 0).repair().await.unwrap();
    let kept = sealed_store(&world, 0).get(hash).unwrap();
    assert_eq!(kept.tenants().count(), 2, "of two that nobody signed the one for more");

    // A peer whose file opens to nothing is of no help, and nobody believes it.
    damage(&at(1, &posted[0]), 10_000);
    fs::remove_file(at(2, &posted[0])).unwrap();
    fs::remove_file(at(0, &posted[0])).unwrap();
    assert!(matches!(member(&world, 0).repair().await, Err(Error::Withheld { .. })));

    // What expired goes, records and all.
    world.time.pass(RETENTION + 601);
    let _ = member(&world, 0).repair().await;
    assert_eq!(sealed_store(&world, 0).list().len(), 0);
    assert!(sealed_store(&world, 0).records(access(TENANT).public(), 0).is_empty());
}

#[tokio::test]
async fn a_backup_is_sealed_and_restores() {
    let world = private().await;
    let certificate = post(&world, 0, &secret(1)).await;
    let backup = world.path("backup");
    let done = sealed_store(&world, 0).backup(&backup).unwrap();
    assert_eq!((done.copied, done.present), (vec![certificate.payload], 0));
    assert_eq!(sealed_store(&world, 0).backup(&backup).unwrap().present, 1);
    assert!(!contains(&backup, MARKER));
    let copy = SealedStore::open(&backup, StoreConfig::default()).unwrap();
    let sealed = copy.get(certificate.payload.payload_hash).unwrap();
    assert_eq!(sealed.open(&access(AUDITOR)).unwrap().payload, secret(1));
    assert_eq!(
        sealed.open(&access(TENANT)).unwrap_err(),
        Unsealable::NotARecipient(access(TENANT).public())
    );
    assert_eq!(
        copy.kept(certificate.payload.payload_hash).unwrap().expiry,
        Some(certificate.expiry)
    );
}

/// A member that sends a sealed payload on for fewer readers, with the batcher's own signature, is refused.
#[tokio::test]
async fn what_the_batcher_signed_cannot_be_sealed_anew() {
    let world = private().await;
    let bytes = secret(1);
    let certificate = world.certificate(0, &bytes);
    let signed = seal(&certificate, &bytes, &recipients());
    let mut fewer = recipients();
    fewer.readers.remove(&access(AUDITOR).public());
    let other = seal(&certificate, &bytes, &fewer);
    // The batcher's headers, and another body.
    let hash = alloy::primitives::keccak256(signed.encode());
    let digest = certificate.digest(INBOX.l1_chain_id, INBOX.inbox);
    let request = mezz_da::committee::sealed_request(digest, hash);
    use alloy::signers::SignerSync;
    let signature = crate::world::batcher().sign_message_sync(request.as_slice()).unwrap();
    let mut header = serde_json::to_value(certificate).unwrap();
    header["l1ChainId"] = INBOX.l1_chain_id.into();
    header["inbox"] = INBOX.inbox.to_string().into();
    header["sealed"] = hash.to_string().into();
    let send = async |body: Vec<u8>| {
        let request = reqwest::Client::new()
            .post(world.url(0) + "/v1/sealed")
            .header("mezzanine-certificate", header.to_string())
            .header("mezzanine-signature", alloy::hex::encode_prefixed(signature.as_bytes()))
            .body(body);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(other.encode()).await, 400);
    assert_eq!(send(signed.encode()).await, 200);
}

/// A batcher that seals anew what was certified takes it from nobody.
#[tokio::test]
async fn nobody_loses_what_was_sealed_for_it() {
    let world = private().await;
    let bytes = secret(1);
    let certificate = post(&world, 0, &bytes).await;
    let hash = certificate.payload.payload_hash;
    let kept = || [0, 1, 2].map(|index| sealed_store(&world, index).get(hash).unwrap());
    let first = kept();
    let ask = async |certificate: &Certificate, gone: &[u8], new: &[u8]| {
        let mut recipients = recipients();
        gone.iter().for_each(|number| drop(recipients.tenants.remove(&access(*number).public())));
        recipients.readers.extend(new.iter().map(|number| access(*number).public()));
        let sealed = seal(certificate, &bytes, &recipients);
        world.client().certify(certificate, &world.committee, 0, &sealed).await
    };
    // One more, one less; and another batch.
    let error = ask(&certificate, &[TENANT], &[99]).await.unwrap_err();
    assert!(error.to_string().contains("leaves out a reader or a tenant"), "{error}");
    assert_eq!(refusals(error), only(409, "conflict"));
    let elsewhere = world.certificate(7, &bytes);
    assert_eq!(refusals(ask(&elsewhere, &[], &[]).await.unwrap_err()), only(409, "conflict"));
    // One more, and a record with less in it, or with something else.
    for (number, of) in [(TENANT, None), (TENANT, Some(OTHER)), (OTHER, Some(TENANT))] {
        let mut recipients = recipients();
        recipients.readers.insert(access(99).public());
        let other = of.map(record).unwrap_or_default();
        recipients.tenants.insert(access(number).public(), other);
        let sealed = seal(&certificate, &bytes, &recipients);
        let asked = world.client().certify(&certificate, &world.committee, 0, &sealed).await;
        let error = asked.unwrap_err();
        assert!(error.to_string().contains("something of a tenant's record"), "{error}");
        assert_eq!(refusals(error), only(409, "conflict"));
    }
    // The same again, for fewer, for longer: as it was.
    let later = Certificate { expiry: certificate.expiry + 60, ..certificate };
    ask(&later, &[], &[]).await.unwrap();
    ask(&later, &[TENANT], &[]).await.unwrap();
    assert_eq!(kept(), first);
    assert_eq!(sealed_store(&world, 0).kept(hash).unwrap().expiry, Some(later.expiry));
    // For more: all of them read.
    ask(&later, &[], &[99]).await.unwrap();
    assert_eq!(reader(&world, 99).fetch(&certificate.payload).await.unwrap(), bytes);
    assert!(kept().iter().all(|sealed| sealed.tenants().count() == 2));
    // What is damaged is replaced, and a backup that was sealed otherwise stays.
    for index in 0..3 {
        damage(&files(sealed_store(&world, index).directory(), ".sealed").pop().unwrap(), 10_000);
    }
    let backup = SealedStore::open(world.path("backup"), StoreConfig::default()).unwrap();
    backup.put(&first[0], Some(certificate.expiry), &access(1)).unwrap();
    ask(&later, &[TENANT], &[99]).await.unwrap();
    assert_eq!(sealed_store(&world, 0).backup(backup.directory()).unwrap().present, 1);
    assert_eq!(backup.get(hash).as_ref(), Some(&first[0]));
}

/// A member that never signed has no payload to lack.
#[tokio::test]
async fn who_never_signed_says_nothing_by_lacking_it() {
    let mut world = private().await;
    let id = post(&world, 0, &secret(1)).await.payload;
    fs::remove_file(files(sealed_store(&world, 0).directory(), ".sealed").pop().unwrap()).unwrap();
    world.stop(0).await;
    world.start(0, config(&world, 0)).await;
    let is_withheld = async |signers: &[usize]| {
        let signers = signers.iter().map(|index| world.keys[*index].address()).collect();
        let error = reader(&world, 99).fetch_signed(&id, Some(&signers)).await.unwrap_err();
        error.is_withheld()
    };
    assert!(!is_withheld(&[1, 2]).await);
    assert!(is_withheld(&[0, 1]).await, "it signed, and has it no more");
    assert_eq!(reader(&world, AUDITOR).fetch_signed(&id, None).await.unwrap(), secret(1));
}

/// A demand makes a payload public: who is told that it is sealed for others demands nothing, unless members may sign only what it reads.
#[tokio::test]
async fn who_is_told_that_it_is_no_reader_demands_only_what_it_must_read() {
    let mut world = private().await;
    let id = post(&world, 0, &secret(1)).await.payload;
    let withheld = async |world: &World, must_read: bool| {
        let client = reader(world, 99);
        let client = if must_read { client.must_read() } else { client };
        client.fetch(&id).await.unwrap_err().is_withheld()
    };
    assert!(!withheld(&world, false).await);
    assert!(withheld(&world, true).await, "it was signed against must-read");
    // Who does not answer says nothing.
    world.stop(1).await;
    assert!(!withheld(&world, false).await);
    // Who says that it lost it speaks against those that say it is for others.
    fs::remove_file(files(sealed_store(&world, 0).directory(), ".sealed").pop().unwrap()).unwrap();
    world.stop(0).await;
    world.start(0, config(&world, 0)).await;
    assert!(withheld(&world, false).await);
    // A clock that is wrong is no withholding either.
    world.stop(0).await;
    let (time, late) = (world.time.clone(), 600);
    let clock = mezz_da::committee::Clock::new(move || time.now() + late);
    let client = reader(&world, AUDITOR).with_clock(clock);
    let error = client.fetch(&id).await.unwrap_err();
    assert!(!error.is_withheld(), "{error}");
    assert_eq!(refusals(error), only(401, "stale"));
    // Nobody is there.
    world.stop(2).await;
    let endpoint = mezz_da::Endpoint {
        address: world.keys[0].address(),
        url: "http://127.0.0.1:1".to_owned(),
    };
    let client = world.client_of(vec![endpoint], None).private(Some(access(99)));
    assert!(client.fetch(&id).await.unwrap_err().is_withheld());
}

#[tokio::test]
async fn a_denied_key_is_shown_nothing_that_was_sealed_for_it() {
    let mut world = private().await;
    let id = post(&world, 0, &secret(1)).await.payload;
    for index in 0..3 {
        world.stop(index).await;
        let mut config = config(&world, index);
        config.access.deny = [AUDITOR, TENANT].map(|number| access(number).public()).into();
        world.start(index, config).await;
    }
    let error = reader(&world, AUDITOR).fetch(&id).await.unwrap_err();
    assert!(!error.is_withheld(), "{error}");
    assert_eq!(refusals(error), only(403, "denied"));
    let client = world.client_of(world.endpoints(), None);
    for (_, list) in client.records(&access(TENANT), 0).await {
        assert!(matches!(list, Err(MemberFault::Refused { code, .. }) if code == "denied"));
    }
    assert!(client.records(&access(OTHER), 0).await.iter().all(|(_, list)| list.is_ok()));

    let mut public = World::none(1).config(0);
    public.access.deny = [access(AUDITOR).public()].into();
    assert!(public.check().unwrap_err().to_string().contains("access.deny"));
}

#[tokio::test]
async fn a_member_of_a_private_chain_is_told_who_must_read() {
    let world = World::none(1);
    let mut without = config(&world, 0);
    without.chains[0].must_read.clear();
    let error = without.check().unwrap_err().to_string();
    assert!(error.contains("must-read") && error.contains("challenger"), "{error}");
}

#[tokio::test]
async fn a_member_of_a_private_chain_needs_its_key() {
    let world = World::none(1);
    let mut without = config(&world, 0);
    without.private_key_file = None;
    let error = without.check().unwrap_err().to_string();
    assert!(error.contains("mezz dac access-key FILE"), "{error}");
}
