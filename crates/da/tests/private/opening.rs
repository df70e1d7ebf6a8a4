//! Who opens what.

use crate::{CONTENT_KEY, context, key, payload, recipients, record, sealed};
use alloy::primitives::B256;
use mezz_da::private::{
    AccessKey, AccessPublicKey, Recipients, Record, SealedPayload, SealedRecord, Unsealable,
};
use std::{fs, os::unix::fs::PermissionsExt};

#[test]
fn what_was_opened_comes_into_no_log() {
    let shown = format!("{:?}", sealed().open(&key(1)).unwrap());
    assert_eq!(shown, "Opened { bytes: 5200, .. }");
}

#[test]
fn each_reader_opens_all_and_each_tenant_its_own_record() {
    let sealed = sealed();
    for reader in [1, 2] {
        assert_eq!(sealed.open(&key(reader)).unwrap().payload, payload());
        assert_eq!(sealed.verify(&key(reader)).unwrap().payload, payload());
    }
    for tenant in [11, 12] {
        let own = sealed.record(key(tenant).public()).unwrap();
        assert_eq!(own.open(&key(tenant)).unwrap(), record(tenant));
        let not_for = |error| assert_eq!(error, Unsealable::NotARecipient(key(tenant).public()));
        not_for(sealed.open(&key(tenant)).unwrap_err());
        let others = sealed.record(key(23 - tenant).public()).unwrap();
        not_for(others.open(&key(tenant)).unwrap_err());
    }
    assert!(sealed.record(key(1).public()).is_none(), "a reader has no record");
    assert_eq!(sealed.open(&key(3)).unwrap_err(), Unsealable::NotARecipient(key(3).public()));
}

#[test]
fn nothing_readable_is_in_the_bytes() {
    let bytes = sealed().encode();
    let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(!has(b"payload is a"));
    assert!(!has(&[11; 16]));
    assert!(!has(&CONTENT_KEY[..8]));
}

#[test]
fn the_same_key_and_content_make_the_same_bytes_and_others_do_not() {
    assert_eq!(sealed(), sealed());
    let other = SealedPayload::seal(&[1; 32], context(&payload()), &payload(), &recipients());
    assert_ne!(other.unwrap().encode()[73..], sealed().encode()[73..]);
    let mut elsewhere = context(&payload());
    elsewhere.batch_index += 1;
    let other = SealedPayload::seal(&CONTENT_KEY, elsewhere, &payload(), &recipients()).unwrap();
    let (a, b) = (sealed().encode(), other.encode());
    assert_ne!(a[a.len() - 4_000..], b[b.len() - 4_000..], "another batch has other keys");
}

#[test]
fn records_and_payloads_have_sizes_of_buckets() {
    let small = Recipients {
        readers: recipients().readers,
        tenants: [11, 12].map(|number| (key(number).public(), Record::default())).into(),
    };
    let small = SealedPayload::seal(&CONTENT_KEY, context(&payload()), &payload(), &small);
    assert_eq!(small.unwrap().encode().len(), sealed().encode().len());
}

/// Any bit of a sealed payload matters to each reader who checks, and what a tenant is shown to the tenant.
#[test]
fn whatever_is_changed_is_seen() {
    let bytes = sealed().encode();
    for at in (0..bytes.len()).step_by(41).chain(0..640) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let Ok(changed) = SealedPayload::decode(&changed) else { continue };
        assert!(changed.verify(&key(1)).is_err(), "byte {at}");
    }
    let bytes = sealed().record(key(11).public()).unwrap().encode();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x80;
        let Ok(changed) = SealedRecord::decode(&changed) else { continue };
        assert!(changed.open(&key(11)).is_err(), "byte {at}");
    }
}

#[test]
fn what_cannot_be_sealed_is_refused() {
    let seal = |change: &dyn Fn(&mut Recipients)| {
        let mut recipients = recipients();
        change(&mut recipients);
        SealedPayload::seal(&CONTENT_KEY, context(&payload()), &payload(), &recipients)
    };
    let nobody = seal(&|recipients| recipients.readers.clear());
    assert_eq!(nobody, Err(Unsealable::Recipients));
    // Points of small order have the same secret with everybody.
    for weak in [B256::ZERO, B256::with_last_byte(0), {
        let mut one = B256::ZERO;
        one[0] = 1;
        one
    }] {
        let weak = AccessPublicKey(weak);
        assert!(!weak.is_sound());
        let result = seal(&|recipients| {
            recipients.readers.insert(weak);
        });
        assert_eq!(result, Err(Unsealable::WeakKey(weak)));
    }
    assert!(key(1).public().is_sound());
    let other = SealedPayload::seal(&CONTENT_KEY, context(b"another"), &payload(), &recipients());
    assert!(matches!(other, Err(Unsealable::WrongPayload(_))));
}

#[test]
fn a_proof_is_of_one_key_for_one_key_and_one_request() {
    let (tenant, member) = (key(11), key(1));
    let request = B256::repeat_byte(9);
    let proof = tenant.prove(member.public(), request).unwrap();
    assert!(member.accepts(tenant.public(), request, &proof));
    assert!(!member.accepts(key(12).public(), request, &proof));
    assert!(!member.accepts(tenant.public(), B256::ZERO, &proof));
    assert!(!key(2).accepts(tenant.public(), request, &proof));
    for at in 0..proof.len() {
        let mut changed = proof.clone();
        changed[at] ^= 1;
        assert!(!member.accepts(tenant.public(), request, &changed), "byte {at}");
    }
    for length in 0..proof.len() {
        assert!(!member.accepts(tenant.public(), request, &proof[..length]));
    }
}

#[test]
fn a_key_file_is_its_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    fs::write(&path, format!("{}\n", key(5).to_bytes())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = AccessKey::read(&path).unwrap_err().to_string();
    assert!(error.contains("chmod 600"), "{error}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(AccessKey::read(&path).unwrap().public(), key(5).public());
    fs::write(&path, "0x12").unwrap();
    let error = AccessKey::read(&path).unwrap_err().to_string();
    assert!(error.contains("mezz dac access-key"), "{error}");
    assert!(!format!("{:?}", key(5)).contains("0505"), "a secret is never shown");
}
