//! Padding of payloads: what L1 records of one, its length and its hash, must not say what is in it.
//!
//! A hash tells whoever guesses a text that the guess is right, and what is in a batch can often be guessed. So a payload always has
//! padding, and in it 32 random bytes at least, which nobody guesses.

use crate::Error;
use mezz_primitives::{CHUNK_SIZE, CHUNKS_MAX};
use rand::{TryRng, rngs::SysRng};

/// Padded payloads have a multiple of so many bytes.
const BUCKET: usize = 4_096;
/// Random bytes of each at least.
const BLINDING: usize = 32;
/// The longest payload that a committee keeps.
const BYTES_MAX: usize = CHUNK_SIZE * CHUNKS_MAX;
/// The bit of a payload's second byte that says: padding follows (`docs/spec/batch.md`, *Payload*).
const PADDED: u8 = 0x80;

/// The longest payload that there is room for padding in.
pub const PADDABLE_MAX: usize = BYTES_MAX - BUCKET;

/// Makes a payload's length a multiple of 4,096 with random bytes that say nothing.
pub fn pad(payload: &[u8]) -> Result<Vec<u8>, Error> {
    let wrong = || Error::Payload { length: payload.len() };
    let ([version, compressor], rest) = payload.split_first_chunk().ok_or_else(wrong)?;
    let count = count(payload.len()).filter(|_| compressor & PADDED == 0).ok_or_else(wrong)?;
    let mut padding = vec![0; count];
    SysRng.try_fill_bytes(&mut padding).map_err(|error| Error::NoRandomness(error.to_string()))?;
    let head = [*version, compressor | PADDED];
    Ok([&head[..], &uvarint(count), &padding, rest].concat())
}

/// How many bytes of padding a payload gets: they say their own number first, in a byte or a few.
fn count(length: usize) -> Option<usize> {
    let next = (length + BLINDING).next_multiple_of(BUCKET);
    let wholes = (next..=BYTES_MAX).step_by(BUCKET);
    let mut counts = wholes.flat_map(|whole| {
        (1..=3).filter_map(move |said| {
            let count = whole.checked_sub(length + said)?;
            (count >= BLINDING && uvarint(count).len() == said).then_some(count)
        })
    });
    counts.next()
}

/// LEB128.
fn uvarint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_padded_with_enough() {
        for length in (2..3 * BUCKET).chain(PADDABLE_MAX - BUCKET..=PADDABLE_MAX) {
            let count = count(length).unwrap();
            let whole = length + uvarint(count).len() + count;
            assert!(whole.is_multiple_of(BUCKET) && whole <= BYTES_MAX, "{length}");
            assert!((BLINDING..2 * BUCKET).contains(&count), "{length}: {count}");
        }
        assert!(pad(&[]).is_err() && pad(&[1]).is_err());
        assert_eq!(count(BYTES_MAX - 32), None);
        // What must be said in two bytes and leaves room for one goes to the next length.
        assert_eq!(count(BUCKET - 129), Some(128 + BUCKET - 1));
    }

    #[test]
    fn the_same_payload_is_another_each_time() {
        let payload = [1, 1, 0];
        let (one, other) = (pad(&payload).unwrap(), pad(&payload).unwrap());
        assert_eq!((one.len(), one[0], one[1], one[4095]), (BUCKET, 1, 0x81, 0));
        assert_ne!(one, other);
        let random = &one[4..4 + BLINDING];
        assert!(random.iter().any(|byte| *byte != 0));
        assert!(pad(&one).is_err(), "it is padded already");
    }
}
