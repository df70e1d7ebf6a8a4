//! The primitives: HPKE for keys, ChaCha20-Poly1305 for texts, HKDF between them.

use super::key::{AccessKey, AccessPublicKey};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, aead, aead::Aead as _};
use hkdf::Hkdf;
use hpke::{
    Deserializable, OpModeR, OpModeS, Serializable,
    rand_core::{TryCryptoRng, TryRng},
};
use sha2::Sha256;
use std::convert::Infallible;
use zeroize::Zeroizing;

pub(super) type Kem = hpke::kem::X25519HkdfSha256;
pub(super) type Kdf = hpke::kdf::HkdfSha256;
pub(super) type Aead = hpke::aead::ChaCha20Poly1305;

/// Bytes that encryption adds.
pub(super) const TAG_SIZE: usize = 16;
/// Texts are padded to a multiple of this, bytes.
pub(super) const BUCKET: usize = 4_096;

/// All keys of one sealed payload: they follow from its content key and from what it is.
pub(super) struct KeySchedule(Hkdf<Sha256>);

impl KeySchedule {
    pub(super) fn new(content_key: &[u8; 32], context: &[u8]) -> Self {
        Self(Hkdf::new(Some(context), content_key))
    }

    /// The key of this name, of a recipient's if there is one.
    pub(super) fn key(&self, name: &str, of: Option<AccessPublicKey>) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let of = of.as_ref().map_or(&[][..], |of| of.0.as_slice());
        self.0
            .expand_multi_info(&[name.as_bytes(), of], &mut *key)
            .expect("32 bytes are not too many for HKDF; qed");
        key
    }
}

/// Encrypts a text under a key that is used once.
pub(super) fn encrypt(key: &[u8; 32], text: &[u8], context: &[u8]) -> Vec<u8> {
    let payload = aead::Payload { msg: text, aad: context };
    ChaCha20Poly1305::new(key.into())
        .encrypt(&Default::default(), payload)
        .expect("a text of megabytes is not too long; qed")
}

/// The text; `None` if it was not encrypted so.
pub(super) fn decrypt(key: &[u8; 32], text: &[u8], context: &[u8]) -> Option<Vec<u8>> {
    let payload = aead::Payload { msg: text, aad: context };
    ChaCha20Poly1305::new(key.into()).decrypt(&Default::default(), payload).ok()
}

/// Encapsulated key and wrapped key. The ephemeral key comes from `seed`, so that whoever knows that can make it again.
pub(super) fn wrap(
    to: AccessPublicKey,
    info: &[u8],
    key: &[u8; 32],
    seed: Zeroizing<[u8; 32]>,
) -> Option<([u8; 32], [u8; 48])> {
    let (encapsulated, wrapped) = hpke::single_shot_seal_with_rng::<Aead, Kdf, Kem>(
        &OpModeS::Base,
        &to.decode()?,
        info,
        key,
        &[],
        &mut Seed(seed),
    )
    .ok()?;
    Some((encapsulated.to_bytes().into(), wrapped.try_into().ok()?))
}

/// What was wrapped.
pub(super) fn unwrap(
    key: &AccessKey,
    info: &[u8],
    encapsulated: &[u8; 32],
    wrapped: &[u8; 48],
) -> Option<Zeroizing<[u8; 32]>> {
    let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulated).ok()?;
    let (mode, secret) = (OpModeR::Base, key.secret());
    let opened =
        hpke::single_shot_open::<Aead, Kdf, Kem>(&mode, secret, &encapsulated, info, wrapped, &[]);
    let opened = Zeroizing::new(opened.ok()?);
    Some(Zeroizing::new(opened[..].try_into().ok()?))
}

/// Fills with zeros up to the next bucket; an empty text fills one.
pub(super) fn pad(mut text: Vec<u8>) -> Vec<u8> {
    text.resize(padded(text.len()), 0);
    text
}

/// The length after [`pad`].
pub(super) fn padded(length: usize) -> usize {
    length.max(1).next_multiple_of(BUCKET)
}

/// The 32 bytes that HPKE asks for to make an ephemeral key, RFC 9180's `ikm` of `DeriveKeyPair`.
struct Seed(Zeroizing<[u8; 32]>);

impl TryRng for Seed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("HPKE asks for 32 bytes, once")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("HPKE asks for 32 bytes, once")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(self.0.as_slice());
        Ok(())
    }
}

impl TryCryptoRng for Seed {}
