//! Keccak-256 with the machine's permutation.

use crate::machine::{permute, xor_in};

/// Bytes that a permutation absorbs.
const RATE: usize = 136;

#[repr(C, align(8))]
struct Aligned<const N: usize>([u8; N]);

/// The hash of the bytes.
pub(crate) fn keccak256(bytes: &[u8]) -> [u8; 32] {
    let mut state = Aligned([0; 200]);
    let (blocks, rest) = bytes.as_chunks::<RATE>();
    for block in blocks {
        absorb(&mut state, block);
    }
    let mut last = Aligned([0; RATE]);
    last.0[..rest.len()].copy_from_slice(rest);
    last.0[rest.len()] = 1;
    last.0[RATE - 1] |= 0x80;
    absorb(&mut state, &last.0);
    *state.0.first_chunk().expect("a state is longer; qed")
}

fn absorb(state: &mut Aligned<200>, block: &[u8; RATE]) {
    // SAFETY: the state is aligned, and so is what is absorbed.
    unsafe {
        if block.as_ptr().addr() % 4 == 0 {
            xor_in(state.0.as_mut_ptr(), block.as_ptr(), RATE);
        } else {
            let aligned = Aligned(*block);
            xor_in(state.0.as_mut_ptr(), aligned.0.as_ptr(), RATE);
        }
        permute(state.0.as_mut_ptr());
    }
}
