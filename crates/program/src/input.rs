//! What a validity proof is made from, as one file.

use crate::{FieldElement, KnownPreimages, Missing, prove};
use alloc::{boxed::Box, vec, vec::Vec};
use alloy_primitives::{B256, Bytes};
use core::cell::RefCell;
use mezz_derive::Blob;
use mezz_primitives::{Preimages, ProofKind, SIGNATURE_SIZE, Statement, trimmed};

const MAGIC: &[u8; 8] = b"mezzprf2";

/// Everything that one proof is made from.
#[derive(Debug, Clone)]
pub struct ProofInput {
    /// One span, a whole claim, or signatures.
    pub kind: ProofKind,
    /// The hash of what the run depends on.
    pub boot: B256,
    /// What the run asks for.
    pub known: KnownPreimages,
}

impl ProofInput {
    /// The file: integers big-endian, `magic ‖ kind (1) ‖ boot ‖ count (4) ‖ (length (4) ‖ preimage)* ‖ count (4) ‖ (versioned hash ‖ length (4) ‖ blob without the zeros that it ends in)* ‖ count (4) ‖ (header hash ‖ length (4) ‖ signatures)*`.
    pub fn encode(&self) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.push(self.kind as u8);
        file.extend_from_slice(self.boot.as_slice());
        let mut preimages: Vec<_> = self.known.by_hash.iter().collect();
        preimages.sort_unstable_by_key(|(hash, _)| **hash);
        put_length(&mut file, preimages.len());
        for (_, bytes) in preimages {
            put(&mut file, bytes);
        }
        let mut blobs: Vec<_> = self.known.blobs.iter().collect();
        blobs.sort_unstable_by_key(|(hash, _)| **hash);
        put_length(&mut file, blobs.len());
        for (hash, blob) in blobs {
            file.extend_from_slice(hash.as_slice());
            put(&mut file, trimmed(&blob[..]));
        }
        let mut signatures: Vec<_> = self.known.signatures.iter().collect();
        signatures.sort_unstable_by_key(|(hash, _)| **hash);
        put_length(&mut file, signatures.len());
        for (hash, signatures) in signatures {
            file.extend_from_slice(hash.as_slice());
            put(&mut file, signatures.as_flattened());
        }
        file
    }

    /// Reads [`ProofInput::encode`]; `None` if the bytes are not such a file.
    pub fn decode(mut file: &[u8]) -> Option<Self> {
        let file = &mut file;
        (take::<8>(file)? == *MAGIC).then_some(())?;
        let kind = ProofKind::try_from(take::<1>(file)?[0]).ok()?;
        let boot = take(file)?.into();
        let mut known = KnownPreimages::default();
        for _ in 0..take_length(file)? {
            known.insert(take_bytes(file)?.to_vec());
        }
        for _ in 0..take_length(file)? {
            let hash = take(file)?.into();
            let elements = take_bytes(file)?;
            let mut blob: Box<Blob> =
                vec![0; size_of::<Blob>()].into_boxed_slice().try_into().ok()?;
            blob.get_mut(..elements.len())?.copy_from_slice(elements);
            known.insert_blob(hash, blob);
        }
        for _ in 0..take_length(file)? {
            let hash = take(file)?.into();
            let (signatures, rest) = take_bytes(file)?.as_chunks();
            rest.is_empty().then(|| known.signatures.insert(hash, signatures.to_vec()))?;
        }
        file.is_empty().then_some(Self { kind, boot, known })
    }

    /// Runs the program on this machine: what a proof will say, and what the guest will be told, in the order in which it asks.
    pub fn rehearse<F: FieldElement>(&self) -> Result<(Statement, Vec<Bytes>), Missing> {
        let mut begin = vec![self.kind as u8];
        begin.extend_from_slice(self.boot.as_slice());
        let recorder = Recorder { known: &self.known, answers: RefCell::new(vec![begin.into()]) };
        let statement = prove::<F>(self.kind, self.boot, &recorder)?;
        Ok((statement, recorder.answers.into_inner()))
    }
}

/// Preimages that note what they were asked for. The guest cannot ask by hash: it is told everything in this order.
struct Recorder<'a> {
    known: &'a KnownPreimages,
    answers: RefCell<Vec<Bytes>>,
}

impl Recorder<'_> {
    fn note(&self, answer: Option<Bytes>) -> Option<Bytes> {
        self.answers.borrow_mut().extend(answer.clone());
        answer
    }
}

impl Preimages for Recorder<'_> {
    fn keccak(&self, hash: B256) -> Option<Bytes> {
        self.note(self.known.keccak(hash))
    }

    fn element(&self, _: B256, _: u32) -> Option<[u8; 32]> {
        None
    }

    fn blob(&self, blob: B256) -> Option<Bytes> {
        self.note(self.known.blob(blob))
    }

    fn signature(&self, batch: B256, index: u32) -> Option<[u8; SIGNATURE_SIZE]> {
        let signature = self.known.signature(batch, index);
        self.note(signature.map(|bytes| Bytes::copy_from_slice(&bytes)));
        signature
    }
}

fn put_length(file: &mut Vec<u8>, length: usize) {
    let length = u32::try_from(length).expect("no proof is about 4 GB; qed");
    file.extend_from_slice(&length.to_be_bytes());
}

fn put(file: &mut Vec<u8>, bytes: &[u8]) {
    put_length(file, bytes.len());
    file.extend_from_slice(bytes);
}

fn take<const N: usize>(file: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = file.split_first_chunk()?;
    *file = rest;
    Some(*taken)
}

fn take_length(file: &mut &[u8]) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(take(file)?)).ok()
}

fn take_bytes<'a>(file: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take_length(file)?;
    let (taken, rest) = file.split_at_checked(length)?;
    *file = rest;
    Some(taken)
}
