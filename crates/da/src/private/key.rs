//! Access keys: X25519, of whoever reads sealed payloads.

use super::cipher::{Aead, Kdf, Kem};
use crate::Error;
use alloy::primitives::B256;
use hpke::{Deserializable, Kem as _, OpModeR, OpModeS, Serializable};
use serde::{Deserialize, Serialize};
use std::{
    fmt, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// What HPKE is told of a proof of a key.
const PROOF_INFO: &[u8] = b"mezzanine.private.read.v1";
/// Bytes of a proof: the encapsulated key and the tag of an empty text.
const PROOF_SIZE: usize = 32 + 16;

/// The secret half of an access key.
#[derive(Clone)]
pub struct AccessKey {
    secret: <Kem as hpke::Kem>::PrivateKey,
    public: AccessPublicKey,
}

/// The public half of an access key: 32 bytes, little-endian, as RFC 7748 has them. It is the name of whoever has the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccessPublicKey(pub B256);

impl AccessKey {
    /// A key of its 32 bytes. Every 32 bytes are one.
    pub fn from_bytes(secret: &B256) -> Self {
        let secret = <Kem as hpke::Kem>::PrivateKey::from_bytes(secret.as_slice())
            .expect("32 bytes are a key of X25519; qed");
        let public = B256::from_slice(&Kem::sk_to_pk(&secret).to_bytes());
        Self { secret, public: AccessPublicKey(public) }
    }

    /// A new key.
    pub fn random() -> Self {
        Self::from_bytes(&B256::from(rand::random::<[u8; 32]>()))
    }

    /// Reads a file with the key's 32 bytes in hexadecimal, with or without `0x`, that nobody but its owner may read.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let wrong =
            |reason: &str| Error::AccessKey { path: path.to_owned(), reason: reason.into() };
        let mode = fs::metadata(path).map_err(Error::store(path))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(wrong("others may read it: `chmod 600` it, or make another key"));
        }
        let text = fs::read_to_string(path).map_err(Error::store(path))?;
        let secret = text.trim().parse().map_err(|_| {
            wrong("it holds no access key: 64 hexadecimal digits, as `mezz dac access-key` writes them")
        })?;
        Ok(Self::from_bytes(&secret))
    }

    /// Its 32 bytes, which are secret.
    pub fn to_bytes(&self) -> B256 {
        B256::from_slice(&self.secret.to_bytes())
    }

    /// What others know it by.
    pub const fn public(&self) -> AccessPublicKey {
        self.public
    }

    /// Shows to the holder of `to` that this key asks for `request`: nobody else can make it, and nobody else can check it.
    pub fn prove(&self, to: AccessPublicKey, request: B256) -> Result<Vec<u8>, Error> {
        let recipient = to.decode().ok_or(Error::WeakAccessKey { key: to })?;
        let own = self.public.decode().expect("a public key of a secret is one; qed");
        let mode = OpModeS::Auth((self.secret.clone(), own));
        let (encapsulated, tag) = hpke::single_shot_seal_with_rng::<Aead, Kdf, Kem>(
            &mode,
            &recipient,
            PROOF_INFO,
            &[],
            request.as_slice(),
            &mut rand::rng(),
        )
        .map_err(|_| Error::WeakAccessKey { key: to })?;
        Ok([&encapsulated.to_bytes()[..], &tag].concat())
    }

    /// Whether `proof` is that of `from` for `request`, made for this key.
    pub fn accepts(&self, from: AccessPublicKey, request: B256, proof: &[u8]) -> bool {
        let Some((encapsulated, tag)) = proof.split_at_checked(32) else { return false };
        let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulated);
        let (Ok(encapsulated), Some(from), true) =
            (encapsulated, from.decode(), proof.len() == PROOF_SIZE)
        else {
            return false;
        };
        hpke::single_shot_open::<Aead, Kdf, Kem>(
            &OpModeR::Auth(from),
            &self.secret,
            &encapsulated,
            PROOF_INFO,
            tag,
            request.as_slice(),
        )
        .is_ok()
    }

    pub(super) const fn secret(&self) -> &<Kem as hpke::Kem>::PrivateKey {
        &self.secret
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AccessKey").field(&self.public).finish()
    }
}

impl AccessPublicKey {
    pub(super) fn decode(&self) -> Option<<Kem as hpke::Kem>::PublicKey> {
        <Kem as hpke::Kem>::PublicKey::from_bytes(self.0.as_slice()).ok()
    }

    /// Whether something can be sealed for it. Some points have no secrets with anybody, and whoever names one would stop the batcher.
    pub fn is_sound(&self) -> bool {
        AccessKey::from_bytes(&B256::repeat_byte(1)).prove(*self, B256::ZERO).is_ok()
    }
}

impl fmt::Display for AccessPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for AccessPublicKey {
    type Err = <B256 as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Error {
    /// An error of an access key's file.
    pub fn access_key(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Self::AccessKey { path: path.into(), reason: reason.into() }
    }
}
