//! The host as an oracle: it gives the preimages and signatures in the order in which the program asks for them.

use crate::machine::{next_answer, read_words};
use alloc::vec::Vec;
use alloy_primitives::{B256, Bytes};
use mezz_primitives::{Preimages, SIGNATURE_SIZE};

/// Bytes of the longest answer: a blob. A longer one would reach beyond the memory that it is written to.
const LENGTH_MAX: usize = 131_072;

/// The next answer, as it comes.
pub(crate) fn answer() -> Vec<u8> {
    next_answer();
    let mut length = 0u32;
    // SAFETY: there is room for a word.
    unsafe { read_words(&raw mut length, 1) };
    let length = length as usize;
    assert!(length <= LENGTH_MAX, "no answer is as long");
    let mut bytes = Vec::<u8>::with_capacity(length.next_multiple_of(4));
    // SAFETY: there is room for the whole words, and the heap's blocks lie at multiples of 16.
    unsafe {
        read_words(bytes.as_mut_ptr().cast(), length.div_ceil(4));
        bytes.set_len(length);
    }
    bytes
}

/// Whatever the host says; the program checks all of it.
#[derive(Debug)]
pub(crate) struct Host;

impl Preimages for Host {
    fn keccak(&self, _: B256) -> Option<Bytes> {
        Some(answer().into())
    }

    fn element(&self, _: B256, _: u32) -> Option<[u8; 32]> {
        None
    }

    fn blob(&self, _: B256) -> Option<Bytes> {
        Some(answer().into())
    }

    fn signature(&self, _: B256, _: u32) -> Option<[u8; SIGNATURE_SIZE]> {
        answer().try_into().ok()
    }
}
