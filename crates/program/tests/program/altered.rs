//! An oracle that lies gets nowhere.

use crate::scenes::busy;
use alloy_primitives::{B256, Bytes};
use mezz_primitives::Preimages;
use mezz_program::{KnownPreimages, Missing, run};
use std::{cell::RefCell, collections::BTreeSet};

/// Remembers what was asked for.
struct Asked<'a> {
    known: &'a KnownPreimages,
    hashes: RefCell<BTreeSet<B256>>,
    blobs: RefCell<BTreeSet<B256>>,
}

impl Preimages for Asked<'_> {
    fn keccak(&self, hash: B256) -> Option<Bytes> {
        self.hashes.borrow_mut().insert(hash);
        self.known.keccak(hash)
    }

    fn element(&self, blob: B256, index: u32) -> Option<[u8; 32]> {
        self.blobs.borrow_mut().insert(blob);
        self.known.element(blob, index)
    }
}

/// Answers one question otherwise.
struct Liar<'a> {
    known: &'a KnownPreimages,
    hash: B256,
    answer: Option<Bytes>,
}

impl Preimages for Liar<'_> {
    fn keccak(&self, hash: B256) -> Option<Bytes> {
        if hash == self.hash { self.answer.clone() } else { self.known.keccak(hash) }
    }

    fn element(&self, blob: B256, index: u32) -> Option<[u8; 32]> {
        if blob == self.hash { None } else { self.known.element(blob, index) }
    }
}

/// Invariant 27: whatever preimage is missing or altered, the program stops and names it.
#[test]
fn every_altered_preimage_is_rejected() {
    let mut world = busy();
    let boot = world.preimages.insert(world.boot(0, 6, 100).encode());
    let known = &world.preimages;
    let asked = Asked { known, hashes: RefCell::default(), blobs: RefCell::default() };
    run(boot, &asked).unwrap();
    let hashes = asked.hashes.into_inner();
    assert!(hashes.len() > 90, "{} preimages", hashes.len());
    let mut former = Bytes::from_static(b"something else");
    for hash in hashes {
        let right = known.keccak(hash).unwrap();
        let changed = |position: usize| {
            let mut bytes = right.to_vec();
            bytes[position] ^= 1;
            Bytes::from(bytes)
        };
        let longer = Bytes::from([&right[..], &[0]].concat());
        let mut answers = vec![None, Some(longer), Some(former)];
        if !right.is_empty() {
            answers.extend([0, right.len() / 2, right.len() - 1].map(|at| Some(changed(at))));
            answers.push(Some(right.slice(1..)));
            answers.push(Some(Bytes::new()));
        }
        for answer in answers {
            let outcome = run(boot, &Liar { known, hash, answer: answer.clone() });
            assert_eq!(outcome, Err(Missing::Preimage(hash)), "{answer:?}");
        }
        former = right;
    }
    let blobs = asked.blobs.into_inner();
    assert_eq!(blobs.len(), 2);
    for blob in blobs {
        let outcome = run(boot, &Liar { known, hash: blob, answer: None });
        assert_eq!(outcome, Err(Missing::Element { blob, index: 0 }));
    }
}

/// What begins nowhere ends, and says so.
#[test]
fn a_span_that_begins_at_no_output_is_rejected() {
    let mut world = busy();
    let strange = world.preimages.insert(b"no boot".to_vec());
    assert_eq!(run(strange, &world.preimages), Err(Missing::Form(strange)));

    let mut boot = world.boot(0, 6, 100);
    boot.start.0 = strange;
    let hash = world.preimages.insert(boot.encode());
    assert_eq!(run(hash, &world.preimages), Err(Missing::Form(strange)));

    let boot = mezz_primitives::Boot { end: 99, ..world.boot(0, 6, 100) };
    let hash = world.preimages.insert(boot.encode());
    assert!(matches!(run(hash, &world.preimages), Err(Missing::Preimage(_))));
}
