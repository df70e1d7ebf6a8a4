//! Packing of a payload into blobs: 31 bytes in each field element (`docs/spec/batch.md`, *Header*).

use crate::Invalid;
use alloc::{boxed::Box, vec, vec::Vec};
use mezz_primitives::BLOBS_PER_BATCH_MAX;

const FIELD_ELEMENTS: usize = 4096;
const ELEMENT_BYTES: usize = 32;
const ELEMENT_CAPACITY: usize = ELEMENT_BYTES - 1;
const LENGTH_BYTES: usize = 4;

/// The bytes of one blob.
pub type Blob = [u8; FIELD_ELEMENTS * ELEMENT_BYTES];

/// Bytes that one blob carries.
pub const BLOB_CAPACITY: usize = FIELD_ELEMENTS * ELEMENT_CAPACITY;
/// Bytes of the longest payload that the blobs of one batch carry.
pub const PAYLOAD_BLOBS_MAX: usize = BLOBS_PER_BATCH_MAX * BLOB_CAPACITY - LENGTH_BYTES;

/// How many blobs a payload of this length takes; `None` if it is longer than [`PAYLOAD_BLOBS_MAX`].
pub const fn blob_count(payload_length: usize) -> Option<usize> {
    if payload_length > PAYLOAD_BLOBS_MAX {
        return None;
    }
    Some((payload_length + LENGTH_BYTES).div_ceil(BLOB_CAPACITY))
}

/// Packs a payload into blobs; `None` if it is longer than [`PAYLOAD_BLOBS_MAX`].
pub fn to_blobs(payload: &[u8]) -> Option<Vec<Box<Blob>>> {
    let count = blob_count(payload.len())?;
    let length = u32::try_from(payload.len()).ok()?;
    let stream = [&length.to_be_bytes(), payload].concat();
    let mut blobs: Vec<Box<Blob>> = (0..count).map(|_| empty_blob()).collect();
    for (blob, piece) in blobs.iter_mut().zip(stream.chunks(BLOB_CAPACITY)) {
        for (element, bytes) in
            blob.chunks_exact_mut(ELEMENT_BYTES).zip(piece.chunks(ELEMENT_CAPACITY))
        {
            element[1..=bytes.len()].copy_from_slice(bytes);
        }
    }
    Some(blobs)
}

/// Reads the payload that [`to_blobs`] packed. The zeros that a blob ends in may be left out.
pub fn from_blobs<B: AsRef<[u8]>>(blobs: impl IntoIterator<Item = B>) -> Result<Vec<u8>, Invalid> {
    let (mut stream, mut capacity) = (Vec::new(), 0);
    for blob in blobs {
        stream.resize(capacity, 0);
        capacity += BLOB_CAPACITY;
        let (elements, _) = blob.as_ref().as_chunks::<ELEMENT_BYTES>();
        stream.reserve_exact(elements.len() * ELEMENT_CAPACITY);
        for element in elements {
            if element[0] != 0 {
                return Err(Invalid::BlobElement);
            }
            stream.extend_from_slice(&element[1..]);
        }
    }
    stream.resize(stream.len().max(LENGTH_BYTES.min(capacity)), 0);
    let length = stream.first_chunk().ok_or(Invalid::BlobLength)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Invalid::BlobLength)?;
    let end = length.checked_add(LENGTH_BYTES).filter(|end| *end <= capacity);
    let end = end.ok_or(Invalid::BlobLength)?;
    if stream.iter().skip(end).any(|byte| *byte != 0) {
        return Err(Invalid::BlobPadding);
    }
    stream.resize(end, 0);
    stream.drain(..LENGTH_BYTES);
    Ok(stream)
}

/// A blob of zeros, made on the heap.
fn empty_blob() -> Box<Blob> {
    vec![0; FIELD_ELEMENTS * ELEMENT_BYTES]
        .into_boxed_slice()
        .try_into()
        .expect("the length is a blob's; qed")
}
