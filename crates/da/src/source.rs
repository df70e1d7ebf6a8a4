//! Payloads to blobs and back.

use crate::{
    Archive, CommitteeClient, Error, PayloadStore,
    committee::{CertificateHead, InboxId, SignedStatement, Signers},
};
use alloy::{
    eips::{eip4844::Blob, eip7594::BlobTransactionSidecarEip7594},
    primitives::{Address, B256, U256, keccak256, map::B256Map, uint},
};
use mezz_derive::{from_blobs, to_blobs};
use mezz_l1::{Beacon, Client, Head};
use mezz_primitives::{BatchHeader, DaType, PayloadId, blobs_hash};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};
use tokio::task::JoinError;

/// The Ethereum trusted setup, without precomputation: the first caller decides for the process, and `l1` asks for none.
pub(crate) fn kzg_settings() -> &'static c_kzg::KzgSettings {
    c_kzg::ethereum_kzg_settings(0)
}

/// Gets the data of batches, from the archive first and then from L1 or the committee. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DataSource {
    archive: Archive,
    committee: Option<(Arc<PayloadStore>, Option<Arc<CommitteeClient>>)>,
}

impl DataSource {
    /// Opens a source that keeps the blobs it sees in a directory.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        Ok(Self { archive: Archive::open(directory)?, committee: None })
    }

    /// The same for a chain with a data committee: payloads are kept in `store`, and asked for from the members that `client` knows, if any.
    pub fn with_committee(
        self,
        store: Arc<PayloadStore>,
        client: Option<Arc<CommitteeClient>>,
    ) -> Self {
        Self { committee: Some((store, client)), ..self }
    }

    /// Keeps the payload of a batch with a committee, on disk before it returns.
    pub async fn keep(&self, payload: Vec<u8>) -> Result<PayloadId, Error> {
        let Some((store, _)) = self.committee.clone() else { return Err(Error::NoCommittee) };
        blocking(move || store.put(&payload)).await
    }

    /// The payload of a batch with a committee, if it is kept here.
    pub async fn kept(&self, id: PayloadId) -> Option<Vec<u8>> {
        let (store, _) = self.committee.clone()?;
        blocking(move || store.get(&id)).await
    }

    /// The payload that a committee keeps: from here, or from a member.
    async fn certified(&self, header: &BatchHeader, aux: &[u8]) -> Result<Vec<u8>, Error> {
        let (index, expected) = (header.index, header.da_hash);
        let id = CertificateHead::decode(aux).map(|head| head.payload);
        let id = id.filter(|id| id.da_hash() == expected).ok_or(Error::Hash { index, expected })?;
        if let Some(payload) = self.kept(id).await {
            return Ok(payload);
        }
        let client = self.committee.as_ref().and_then(|(_, client)| client.clone());
        let client = client.ok_or(Error::NoMembers { index })?;
        let signers = signers(client.inbox(), header, aux);
        let payload = client.fetch_signed(&id, signers.as_ref()).await?;
        if let Err(error) = self.keep(payload.clone()).await {
            tracing::warn!(%error, "a payload is used but not kept");
        }
        Ok(payload)
    }

    /// The blobs that it keeps.
    pub const fn archive(&self) -> &Archive {
        &self.archive
    }

    /// The payload of a posted batch, from its event's header and `aux`.
    ///
    /// `None` if the batch has none, or if its blobs are packed wrongly: derivation goes on without. An error says that the
    /// data could not be had, not that they are bad.
    pub async fn fetch(
        &self,
        client: &Client,
        header: &BatchHeader,
        aux: &[u8],
    ) -> Result<Option<Vec<u8>>, Error> {
        match header.da_type {
            DaType::None | DaType::Unknown(_) => Ok(None),
            DaType::Calldata => calldata(header, aux).map(Some),
            DaType::Blobs => Ok(unpack(&self.blobs(client, header, aux).await?)),
            DaType::Committee => self.certified(header, aux).await.map(Some),
        }
    }

    /// The blobs of a batch whose data lie in blobs, with their versioned hashes, in the batch's order.
    pub async fn blobs(
        &self,
        client: &Client,
        header: &BatchHeader,
        aux: &[u8],
    ) -> Result<Vec<(B256, Box<Blob>)>, Error> {
        let hashes = versioned_hashes(header, aux)?;
        let mut blobs = self.archived(hashes.clone()).await;
        let missing: Vec<B256> =
            hashes.iter().copied().filter(|hash| !blobs.contains_key(hash)).collect();
        if let Some(&hash) = missing.first() {
            let (index, block) = (header.index, header.l1_block);
            let beacon = client.beacon().ok_or(Error::NoBeacon { index, block, hash })?;
            let head = client.header(block).await?.ok_or(Error::BlockMissing { index, block })?;
            blobs.extend(self.download(beacon, &head, missing).await?);
        }
        // An absent blob must never look like a badly packed one: the chain would differ from everybody else's.
        let blob = |hash: B256| {
            let blob = blobs.get(&hash).expect("each blob was in the archive or downloaded; qed");
            (hash, blob.clone())
        };
        Ok(hashes.into_iter().map(blob).collect())
    }

    /// Packs a payload into the sidecar of a blob transaction (EIP-7594, cell proofs) and keeps the blobs.
    ///
    /// It takes a good part of a second for each blob: do not call it where others wait.
    pub fn sidecar(&self, payload: &[u8]) -> Result<BlobTransactionSidecarEip7594, Error> {
        let blobs = to_blobs(payload).ok_or(Error::TooLong { length: payload.len() })?;
        let blobs = blobs.iter().map(|blob| Blob::from_slice(&blob[..])).collect();
        let sidecar =
            BlobTransactionSidecarEip7594::try_from_blobs_with_settings(blobs, kzg_settings())?;
        for (hash, blob) in sidecar.versioned_hashes().zip(&sidecar.blobs) {
            self.archive.put(hash, blob)?;
        }
        Ok(sidecar)
    }

    /// Those of the blobs that are in the archive.
    async fn archived(&self, hashes: Vec<B256>) -> Blobs {
        let archive = self.archive.clone();
        // Checking a blob takes tens of milliseconds of CPU.
        blocking(move || {
            hashes.into_iter().filter_map(|hash| Some((hash, archive.get(hash)?))).collect()
        })
        .await
    }

    /// Gets blobs from L1 and keeps them, if that is possible.
    async fn download(
        &self,
        beacon: &Beacon,
        head: &Head,
        hashes: Vec<B256>,
    ) -> Result<Blobs, Error> {
        let blobs = beacon.blobs(head, &hashes).await?;
        let archive = self.archive.clone();
        Ok(blocking(move || {
            let found: Blobs = hashes.into_iter().zip(blobs).collect();
            for (hash, blob) in &found {
                if let Err(error) = archive.put(*hash, blob) {
                    tracing::warn!(%error, "a blob is used but not kept");
                }
            }
            found
        })
        .await)
    }
}

/// Who signed the certificate of a batch; `None` if it does not say so by address, as one with a BLS signature.
fn signers(inbox: InboxId, header: &BatchHeader, aux: &[u8]) -> Option<BTreeSet<Address>> {
    let statements = SignedStatement::of_posted(inbox, header.index, header.prev_acc, aux);
    let member = |statement: &SignedStatement| match statement.signers()? {
        Signers::Member(member) => Some(member),
        Signers::Bls(_) => None,
    };
    let signers: BTreeSet<_> = statements.iter().map(member).collect::<Option<_>>()?;
    (!signers.is_empty()).then_some(signers)
}

/// Blobs by versioned hash.
type Blobs = B256Map<Box<Blob>>;

/// The event's payload, if it is the one that the contract hashed.
fn calldata(header: &BatchHeader, aux: &[u8]) -> Result<Vec<u8>, Error> {
    if keccak256(aux) != header.da_hash {
        return Err(Error::Hash { index: header.index, expected: header.da_hash });
    }
    Ok(aux.to_vec())
}

/// The event's versioned hashes, if they are those that the contract hashed.
fn versioned_hashes(header: &BatchHeader, aux: &[u8]) -> Result<Vec<B256>, Error> {
    let (hashes, remainder) = aux.as_chunks::<32>();
    let hashes: Vec<B256> = hashes.iter().copied().map(B256::new).collect();
    if !remainder.is_empty() || blobs_hash(&hashes) != header.da_hash {
        return Err(Error::Hash { index: header.index, expected: header.da_hash });
    }
    Ok(hashes)
}

/// The payload in the blobs.
fn unpack(blobs: &[(B256, Box<Blob>)]) -> Option<Vec<u8>> {
    from_blobs(blobs.iter().map(|(_, blob)| &blob.0)).ok()
}

/// What convinces the point-evaluation precompile of one field element of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// The KZG commitment to the blob.
    pub commitment: [u8; 48],
    /// The KZG proof of the element.
    pub proof: [u8; 48],
}

/// Proves field element `index` (below 4,096) of a blob: the value at `ω^brp(index)`. It takes tens of milliseconds.
pub fn opening(blob: &Blob, index: u32) -> Result<Opening, Error> {
    opening_at(blob, evaluation_point(index).into())
}

/// Proves what a blob's polynomial is worth at `point`, which is below the field's order. It takes tens of milliseconds.
pub fn opening_at(blob: &Blob, point: B256) -> Result<Opening, Error> {
    let settings = kzg_settings();
    let blob = c_kzg::Blob::new(blob.0);
    let commitment = settings.blob_to_kzg_commitment(&blob)?;
    let (proof, _) = settings.compute_kzg_proof(&blob, &c_kzg::Bytes32::new(point.0))?;
    Ok(Opening {
        commitment: commitment.to_bytes().into_inner(),
        proof: proof.to_bytes().into_inner(),
    })
}

/// `ω^brp(index)`: where a blob's polynomial has its field element `index`.
fn evaluation_point(index: u32) -> U256 {
    const MODULUS: U256 =
        uint!(52435875175126190479447740508185965837690552500527637822603658699938581184513_U256);
    const OMEGA: U256 =
        uint!(39033254847818212395286706435128746857159659164139250548781411570340225835782_U256);
    let reversed = (index & 0xfff).reverse_bits() >> 20;
    OMEGA.pow_mod(U256::from(reversed), MODULUS)
}

/// Runs what takes long away from the tasks that must not wait.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await.map_err(JoinError::try_into_panic) {
        Ok(value) => value,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime is shutting down, and whoever waits here with it.
        Err(Err(_cancelled)) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::signers::{SignerSync, local::PrivateKeySigner};
    use mezz_primitives::{Accumulator, Certificate, PayloadId, SignedCertificate};

    #[test]
    fn a_certificate_names_its_signers() {
        let inbox = InboxId { l1_chain_id: 1, inbox: Address::repeat_byte(2) };
        let payload = PayloadId::of(b"payload").unwrap();
        let header = BatchHeader {
            version: 1,
            da_type: DaType::Committee,
            unsigned: false,
            index: 3,
            prev_acc: Accumulator(B256::repeat_byte(4)),
            da_hash: payload.da_hash(),
            q_start: 0,
            q_end: 0,
            queue_acc: B256::ZERO,
            first_block: 1,
            block_count: 1,
            l1_block: 1,
            l1_time: 1,
        };
        let (epoch, expiry) = (0, 9);
        let (batch_index, prev_acc) = (header.index, header.prev_acc);
        let certificate = Certificate { batch_index, prev_acc, payload, epoch, expiry };
        let digest = certificate.digest(inbox.l1_chain_id, inbox.inbox);
        let keys =
            [5, 6].map(|byte| PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).unwrap());
        let sign = |key: &PrivateKeySigner| key.sign_hash_sync(&digest).unwrap().as_bytes();
        let signatures = (0..).zip(keys.iter().map(sign)).collect();
        let aux = SignedCertificate { payload, epoch, expiry, signatures }.encode();
        let expected = keys.iter().map(PrivateKeySigner::address).collect();
        assert_eq!(signers(inbox, &header, &aux), Some(expected));
        assert_eq!(signers(inbox, &header, &[]), None);
    }
}
