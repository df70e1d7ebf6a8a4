//! Blob sidecars: checking them, keeping them, giving them back.

use crate::Error;
use alloy::{
    eips::{
        eip4844::{Blob, Bytes48, kzg_to_versioned_hash},
        eip7594::{BlobTransactionSidecarEip7594, BlobTransactionSidecarVariant},
    },
    primitives::{B256, map::B256Map},
};
use c_kzg::KzgSettings;
use mezz_rpc::SubmitError;
use parking_lot::RwLock;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The trusted setup. Without precomputation: checking proofs does not need it, and it loads in a moment.
pub(crate) fn kzg() -> &'static KzgSettings {
    c_kzg::ethereum_kzg_settings(0)
}

/// Takes the sidecar of a transaction that names `hashes`; what Osaka's nodes refuse is refused here, too. Slow: tens of milliseconds for a blob.
pub(crate) fn check(
    sidecar: BlobTransactionSidecarVariant,
    hashes: &[B256],
) -> Result<BlobTransactionSidecarEip7594, SubmitError> {
    let BlobTransactionSidecarVariant::Eip7594(sidecar) = sidecar else {
        return Err(SubmitError::Sidecar(
            "version 0 (one proof for each blob) is refused since Osaka: send version 1, with 128 cell proofs for each blob (EIP-7594). \
             alloy: build the sidecar with build_7594; cast: leave --eip4844 away; geth: NewBlobTxSidecar with BlobSidecarVersion1"
                .to_owned(),
        ));
    };
    if sidecar.blobs.len() != hashes.len() {
        return Err(SubmitError::Sidecar(format!(
            "{} blobs for {} versioned hashes",
            sidecar.blobs.len(),
            hashes.len()
        )));
    }
    sidecar.validate(hashes, kzg()).map_err(|error| SubmitError::Sidecar(error.to_string()))?;
    Ok(sidecar)
}

/// A blob with its commitment.
#[derive(Debug, Clone)]
pub(crate) struct KeptBlob {
    pub(crate) commitment: Bytes48,
    pub(crate) blob: Box<Blob>,
}

impl KeptBlob {
    /// The proof for the whole blob, which version 1 sidecars do not carry. Slow.
    pub(crate) fn proof(&self) -> Result<Bytes48, c_kzg::Error> {
        let blob = c_kzg::Blob::from_bytes(self.blob.as_slice())?;
        let commitment = c_kzg::Bytes48::new(self.commitment.0);
        Ok(Bytes48::from(kzg().compute_blob_kzg_proof(&blob, &commitment)?.to_bytes().into_inner()))
    }
}

/// The blobs of the chain by their versioned hash. They are kept for good: an L2 can always be rebuilt from this L1.
#[derive(Debug)]
pub(crate) enum BlobStore {
    /// In memory.
    Memory(RwLock<B256Map<Arc<KeptBlob>>>),
    /// One file for each, in this folder: the commitment, then the blob.
    Folder(PathBuf),
}

const COMMITMENT_BYTES: usize = 48;

impl BlobStore {
    pub(crate) fn open(datadir: Option<&Path>) -> Result<Self, Error> {
        let Some(datadir) = datadir else {
            return Ok(Self::Memory(RwLock::default()));
        };
        let folder = datadir.join("blobs");
        fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        Ok(Self::Folder(folder))
    }

    /// Keeps all blobs of a sidecar. They are on disk when it returns.
    pub(crate) fn put(&self, sidecar: &BlobTransactionSidecarEip7594) -> Result<(), Error> {
        for (blob, commitment) in sidecar.blobs.iter().zip(&sidecar.commitments) {
            let hash = kzg_to_versioned_hash(commitment.as_slice());
            match self {
                Self::Memory(blobs) => {
                    let kept =
                        || Arc::new(KeptBlob { commitment: *commitment, blob: Box::new(*blob) });
                    blobs.write().entry(hash).or_insert_with(kept);
                }
                Self::Folder(folder) => write_blob(folder, hash, commitment, blob)?,
            }
        }
        Ok(())
    }

    /// The blob of a versioned hash.
    pub(crate) fn get(&self, hash: B256) -> Result<Option<Arc<KeptBlob>>, Error> {
        let path = match self {
            Self::Memory(blobs) => return Ok(blobs.read().get(&hash).cloned()),
            Self::Folder(folder) => blob_path(folder, hash),
        };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::file(path)(error)),
        };
        let parts = bytes.split_at_checked(COMMITMENT_BYTES).and_then(|(commitment, blob)| {
            Some(KeptBlob {
                commitment: Bytes48::try_from(commitment).ok()?,
                blob: Box::new(Blob::try_from(blob).ok()?),
            })
        });
        match parts {
            Some(kept) if kzg_to_versioned_hash(kept.commitment.as_slice()) == hash => {
                Ok(Some(Arc::new(kept)))
            }
            _ => Err(Error::Damaged {
                path,
                what: "not a commitment and a blob of this hash".to_owned(),
            }),
        }
    }
}

fn blob_path(folder: &Path, hash: B256) -> PathBuf {
    folder.join(format!("{hash:x}.blob"))
}

/// Writes a blob whole or not at all.
fn write_blob(folder: &Path, hash: B256, commitment: &Bytes48, blob: &Blob) -> Result<(), Error> {
    let path = blob_path(folder, hash);
    if path.exists() {
        return Ok(());
    }
    let new = path.with_extension("new");
    let write = || {
        let mut file = fs::File::create(&new)?;
        file.write_all(commitment.as_slice())?;
        file.write_all(blob.as_slice())?;
        file.sync_all()
    };
    write().map_err(Error::file(&new))?;
    fs::rename(&new, &path).map_err(Error::file(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sidecar(byte: u8) -> BlobTransactionSidecarEip7594 {
        let mut blob = Blob::repeat_byte(byte);
        // A constant polynomial has the same proof everywhere.
        blob[63] ^= 4;
        BlobTransactionSidecarEip7594::try_from_blobs_with_settings(vec![blob], kzg()).unwrap()
    }

    #[test]
    fn a_good_sidecar_is_taken_and_a_bad_one_is_not() {
        let good = sidecar(1);
        let hashes: Vec<_> = good.versioned_hashes().collect();
        check(BlobTransactionSidecarVariant::Eip7594(good.clone()), &hashes).unwrap();

        let mut wrong_proof = good.clone();
        wrong_proof.cell_proofs.swap(0, 1);
        assert!(check(BlobTransactionSidecarVariant::Eip7594(wrong_proof), &hashes).is_err());
        let mut wrong_blob = good.clone();
        wrong_blob.blobs[0][31] ^= 1;
        assert!(check(BlobTransactionSidecarVariant::Eip7594(wrong_blob), &hashes).is_err());
        assert!(check(BlobTransactionSidecarVariant::Eip7594(good), &[B256::ZERO]).is_err());
    }

    #[test]
    fn version_0_is_refused_with_the_reason() {
        let old = alloy::eips::eip4844::BlobTransactionSidecar::default();
        let error = check(BlobTransactionSidecarVariant::Eip4844(old), &[]).unwrap_err();
        assert!(error.to_string().contains("EIP-7594"), "{error}");
    }

    #[test]
    fn blobs_survive_and_damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let kept = sidecar(2);
        let hash = kept.versioned_hashes().next().unwrap();
        BlobStore::open(Some(folder.path())).unwrap().put(&kept).unwrap();
        let store = BlobStore::open(Some(folder.path())).unwrap();
        let blob = store.get(hash).unwrap().unwrap();
        assert_eq!(*blob.blob, kept.blobs[0]);
        let (raw, commitment) = (
            c_kzg::Blob::from_bytes(blob.blob.as_slice()).unwrap(),
            c_kzg::Bytes48::new(blob.commitment.0),
        );
        assert!(
            kzg()
                .verify_blob_kzg_proof(
                    &raw,
                    &commitment,
                    &c_kzg::Bytes48::new(blob.proof().unwrap().0)
                )
                .unwrap()
        );
        assert!(store.get(B256::ZERO).unwrap().is_none());

        fs::write(blob_path(&folder.path().join("blobs"), hash), b"short").unwrap();
        assert!(store.get(hash).is_err());
    }
}
