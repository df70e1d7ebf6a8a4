//! What the built program has of its own, against the libraries.

#[allow(unsafe_code, reason = "it tells the compiler when to load")]
#[path = "../../../../programs/guest/src/keccak.rs"]
mod keccak;
#[path = "../../../../programs/guest/src/recover.rs"]
mod recover;

use crate::rollup::{cases, wallet};
use alloy::signers::SignerSync;
use alloy_primitives::{B256, B512, U256};
use proptest::{collection::vec, prelude::*};
use revm::precompile::secp256k1::ecrecover;

/// What the library on this machine recovers, its first 12 bytes zero.
fn expected(signature: &[u8; 64], y_is_odd: bool, hash: &[u8; 32]) -> Option<B256> {
    ecrecover(&B512::new(*signature), y_is_odd.into(), &B256::new(*hash)).ok()
}

fn check(signature: &[u8; 64], y_is_odd: bool, hash: &[u8; 32]) -> Option<B256> {
    let found = recover::signer(signature, y_is_odd, hash).map(|mut signer| {
        signer[..12].fill(0);
        B256::new(signer)
    });
    assert_eq!(found, expected(signature, y_is_odd, hash));
    found
}

#[test]
fn every_length_is_hashed_right() {
    let bytes: Vec<u8> = (0..2_000u32).map(|number| ((number * number) >> 3) as u8).collect();
    for end in 0..bytes.len() {
        let bytes = &bytes[end / 3..end];
        assert_eq!(keccak::keccak256(bytes), alloy_primitives::keccak256(bytes).0);
    }
}

/// The order of the curve, and numbers next to what is special.
#[test]
fn borders_of_signatures_are_those_of_the_library() {
    let order = U256::from_be_bytes(alloy_primitives::hex!(
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
    ));
    let one = U256::from(1);
    let values =
        [U256::ZERO, one, U256::from(2), order - one, order, order + one, U256::MAX, order >> 1];
    let mut found = 0;
    for r in values {
        for s in values {
            let signature = B512::from_slice(&[r.to_be_bytes::<32>(), s.to_be_bytes()].concat()).0;
            for hash in values {
                for y_is_odd in [false, true] {
                    found +=
                        usize::from(check(&signature, y_is_odd, &hash.to_be_bytes()).is_some());
                }
            }
        }
    }
    assert!(found > 50, "{found}");
}

/// The key that signs nothing: `s * R` and `hash * G` are the same point.
#[test]
fn the_point_at_infinity_is_nobody() {
    // With R = G, whose x is r, and s equal to the hash, s * R - hash * G is nothing.
    let generator =
        alloy_primitives::hex!("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    let hash = B256::repeat_byte(0x11);
    let signature = B512::from_slice(&[generator, hash.0].concat()).0;
    assert_eq!(check(&signature, false, &hash.0), None);
    assert!(check(&signature, true, &hash.0).is_some());
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn any_bytes_are_hashed_right(bytes in vec(any::<u8>(), 0..5_000)) {
        prop_assert_eq!(keccak::keccak256(&bytes), alloy_primitives::keccak256(&bytes).0);
    }

    #[test]
    fn signers_are_recovered(number in 0..8u8, hash: [u8; 32], high: bool) {
        let made = wallet(number).sign_hash_sync(&hash.into()).unwrap();
        let order = U256::from_be_bytes(alloy_primitives::hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
        let (s, y_is_odd) = if high { (order - made.s(), !made.v()) } else { (made.s(), made.v()) };
        let signature = B512::from_slice(&[made.r().to_be_bytes::<32>(), s.to_be_bytes()].concat()).0;
        prop_assert_eq!(check(&signature, y_is_odd, &hash), Some(wallet(number).address().into_word()));
    }

    #[test]
    fn no_signature_is_taken_for_one(signature in vec(any::<u8>(), 64), y_is_odd: bool, hash: [u8; 32]) {
        check(&B512::from_slice(&signature).0, y_is_odd, &hash);
    }
}

/// The vectors of HalfSipHash-1-3 as Linux tests it (`hsiphash`, 32 bits), for whole words.
#[test]
fn maps_hash_as_they_say() {
    use guest_foldhash::fast::FoldHasher;
    use std::hash::Hasher;
    let key = [0x0302_0100u32, 0x0706_0504];
    let state = [key[0], key[1], 0x6c79_6765 ^ key[0], 0x7465_6462 ^ key[1]];
    let hash = |words: u32| {
        let mut hasher = FoldHasher::new(state);
        (0..words).for_each(|word| hasher.write_u32(0x0302_0100 + word * 0x0404_0404));
        hasher.finish()
    };
    assert_eq!([0, 1, 2, 3].map(hash), [0x5814_c896, 0x7e05_9ea6, 0x5779_99b1, 0x6b28_096c]);
}

/// Every bit of the key and of what is hashed counts.
#[test]
fn maps_hash_with_the_whole_key() {
    use std::hash::{BuildHasher, Hasher};
    let hash = |key: [u8; 32], word: u64| {
        guest_foldhash::seed(&key);
        let mut hasher = guest_foldhash::fast::RandomState.build_hasher();
        hasher.write_u64(word);
        hasher.finish()
    };
    let mut seen: std::collections::BTreeSet<_> = [hash([0; 32], 0)].into();
    for bit in 0..128 {
        let mut key = [0; 32];
        key[bit / 8] = 1 << (bit % 8);
        assert!(seen.insert(hash(key, 0)));
    }
    assert!((0..64).all(|bit| seen.insert(hash([0; 32], 1 << bit))));
}
