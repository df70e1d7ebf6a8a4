//! Keccak-256 in 32-bit registers: half of what a machine without rotations takes for the usual code.

use core::arch::asm;

/// Bytes that a permutation absorbs.
const RATE: usize = 136;

/// What the rounds differ in.
const ROUNDS: [u64; 24] = [
    0x0000000000000001,
    0x0000000000008082,
    0x800000000000808A,
    0x8000000080008000,
    0x000000000000808B,
    0x0000000080000001,
    0x8000000080008081,
    0x8000000000008009,
    0x000000000000008A,
    0x0000000000000088,
    0x0000000080008009,
    0x000000008000000A,
    0x000000008000808B,
    0x800000000000008B,
    0x8000000000008089,
    0x8000000000008003,
    0x8000000000008002,
    0x8000000000000080,
    0x000000000000800A,
    0x800000008000000A,
    0x8000000080008081,
    0x8000000000008080,
    0x0000000080000001,
    0x8000000080008008,
];

/// How far lane `x + 5 * y` is rotated.
const ROTATIONS: [u32; 25] =
    [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14];

type Lanes = [u64; 25];

/// The hash of the bytes.
pub(crate) fn keccak256(bytes: &[u8]) -> [u8; 32] {
    let mut lanes = [0; 25];
    let (blocks, rest) = bytes.as_chunks::<RATE>();
    for block in blocks {
        absorb(&mut lanes, block);
    }
    let mut last = [0; RATE];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 1;
    last[RATE - 1] |= 0x80;
    absorb(&mut lanes, &last);
    let mut hash = [0; 32];
    for (bytes, lane) in hash.as_chunks_mut().0.iter_mut().zip(lanes) {
        *bytes = lane.to_le_bytes();
    }
    hash
}

fn absorb(lanes: &mut Lanes, block: &[u8; RATE]) {
    for (lane, bytes) in lanes.iter_mut().zip(block.as_chunks().0) {
        *lane ^= u64::from_le_bytes(*bytes);
    }
    permute(lanes);
}

/// Keccak-f[1600]: two rounds at a time, there and back.
#[inline(never)]
fn permute(lanes: &mut Lanes) {
    let mut other = [0; 25];
    for constants in ROUNDS.as_chunks::<2>().0 {
        round(lanes, &mut other, constants[0]);
        round(&other, lanes, constants[1]);
    }
}

#[inline(always)]
fn round(from: &Lanes, to: &mut Lanes, constant: u64) {
    let column = |x: usize| (0..5).fold(0, |parity, y| parity ^ from[x + 5 * y]);
    let parities: [u64; 5] = core::array::from_fn(column);
    let effect = |x: usize| parities[(x + 4) % 5] ^ parities[(x + 1) % 5].rotate_left(1);
    let effects = core::array::from_fn(effect);
    row::<0>(from, to, &effects);
    to[0] ^= constant;
    row::<1>(from, to, &effects);
    row::<2>(from, to, &effects);
    row::<3>(from, to, &effects);
    row::<4>(from, to, &effects);
}

/// One row of the next state.
#[inline(always)]
fn row<const Y: usize>(from: &Lanes, to: &mut Lanes, effects: &[u64; 5]) {
    // Nothing is loaded before this row needs it: there are not registers for more.
    // SAFETY: it does nothing.
    unsafe { asm!("/* {} {} */", in(reg) from, in(reg) to, options(nostack, preserves_flags)) };
    let moved: [u64; 5] = core::array::from_fn(|y| {
        let x = (y + 3 * Y) % 5;
        (from[x + 5 * y] ^ effects[x]).rotate_left(ROTATIONS[x + 5 * y])
    });
    for x in 0..5 {
        to[x + 5 * Y] = moved[x] ^ (!moved[(x + 1) % 5] & moved[(x + 2) % 5]);
    }
}
