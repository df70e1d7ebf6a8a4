//! Folds the preimage of its boot hash: `rounds` times a product modulo secp256k1's prime, a sum in a table and a keccak256.
//!
//! The preimage begins with `rounds`, big-endian, 4 bytes. `crates/riscv/tests` computes the same natively.

#![no_std]
#![no_main]

use core::arch::{asm, global_asm};

global_asm!(".section .text.start", ".globl _start", "_start:", "li sp, 0x00200000", "call main");

const TABLE: usize = 1 << 14;
static mut SUMS: [u32; TABLE] = [0; TABLE];

#[repr(C, align(32))]
struct Word([u8; 32]);

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let mut seed = Word([0; 32]);
    call(1, seed.0.as_mut_ptr() as usize, 0);
    let length = call(2, seed.0.as_ptr() as usize, 1);
    let (mut hasher, mut rounds) = (Keccak::new(), 0);
    for at in (0..length).step_by(32) {
        let mut word = Word([0; 32]);
        call(3, word.0.as_mut_ptr() as usize, 0);
        if at == 0 {
            rounds = u32::from_be_bytes([word.0[0], word.0[1], word.0[2], word.0[3]]);
        }
        hasher.absorb(&word.0[..32.min(length - at)]);
    }
    let digest = hasher.finish();
    if digest != seed.0 {
        halt(1);
    }
    let output = Word(fold(digest, rounds));
    call(4, output.0.as_ptr() as usize, 0);
    halt(0)
}

fn fold(mut digest: [u8; 32], rounds: u32) -> [u8; 32] {
    #[allow(static_mut_refs)]
    let sums = unsafe { &mut SUMS };
    let mut product = [1, 0, 0, 0, 0, 0, 0, 0];
    for _ in 0..rounds {
        product = multiply(&product, &limbs(&digest));
        let mut sum = 0u32;
        for pair in digest.chunks_exact(2) {
            let entry = &mut sums[usize::from(u16::from_be_bytes([pair[0], pair[1]])) % TABLE];
            *entry = entry.wrapping_mul(31).wrapping_add(product[0]);
            sum ^= *entry;
        }
        let mut hasher = Keccak::new();
        hasher.absorb(&digest);
        for limb in product {
            hasher.absorb(&limb.to_le_bytes());
        }
        hasher.absorb(&sum.to_le_bytes());
        digest = hasher.finish();
    }
    digest
}

fn limbs(bytes: &[u8; 32]) -> [u32; 8] {
    core::array::from_fn(|i| {
        u32::from_le_bytes([bytes[4 * i], bytes[4 * i + 1], bytes[4 * i + 2], bytes[4 * i + 3]])
    })
}

/// Modulo 2^256 - FOLD.
fn multiply(a: &[u32; 8], b: &[u32; 8]) -> [u32; 8] {
    const FOLD: [u32; 2] = [977, 1];
    let mut wide = [0u32; 16];
    for (i, x) in a.iter().enumerate() {
        let mut carry = 0;
        for (j, y) in b.iter().enumerate() {
            let sum = u64::from(*x) * u64::from(*y) + u64::from(wide[i + j]) + carry;
            wide[i + j] = sum as u32;
            carry = sum >> 32;
        }
        wide[i + 8] = carry as u32;
    }
    // Twice the part above 2^256 is multiplied by FOLD and added to the part below.
    for _ in 0..3 {
        let mut next = [0u32; 16];
        next[..8].copy_from_slice(&wide[..8]);
        for (i, x) in wide[8..].iter().enumerate() {
            let mut carry = 0;
            for (j, y) in FOLD.iter().enumerate() {
                if i + j < 16 {
                    let sum = u64::from(*x) * u64::from(*y) + u64::from(next[i + j]) + carry;
                    next[i + j] = sum as u32;
                    carry = sum >> 32;
                }
            }
            let mut at = i + FOLD.len();
            while carry != 0 && at < 16 {
                let sum = u64::from(next[at]) + carry;
                next[at] = sum as u32;
                carry = sum >> 32;
                at += 1;
            }
        }
        wide = next;
    }
    let mut result = [0; 8];
    result.copy_from_slice(&wide[..8]);
    // Once more, if what is left is not below the prime.
    let mut reduced = [0; 8];
    let mut carry = 0;
    for i in 0..8 {
        let sum = u64::from(result[i]) + u64::from(FOLD.get(i).copied().unwrap_or(0)) + carry;
        reduced[i] = sum as u32;
        carry = sum >> 32;
    }
    if carry != 0 { reduced } else { result }
}

struct Keccak {
    lanes: [u64; 25],
    filled: usize,
}

impl Keccak {
    const RATE: usize = 136;

    fn new() -> Self {
        Self { lanes: [0; 25], filled: 0 }
    }

    fn absorb(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.add(self.filled, *byte);
            self.filled += 1;
            if self.filled == Self::RATE {
                permute(&mut self.lanes);
                self.filled = 0;
            }
        }
    }

    fn add(&mut self, at: usize, byte: u8) {
        self.lanes[at / 8] ^= u64::from(byte) << (8 * (at % 8));
    }

    fn finish(mut self) -> [u8; 32] {
        self.add(self.filled, 1);
        self.add(Self::RATE - 1, 0x80);
        permute(&mut self.lanes);
        let mut digest = [0; 32];
        for (i, lane) in self.lanes[..4].iter().enumerate() {
            digest[8 * i..8 * i + 8].copy_from_slice(&lane.to_le_bytes());
        }
        digest
    }
}

/// Keccak-f[1600].
fn permute(lanes: &mut [u64; 25]) {
    let mut lfsr = 1u8;
    for _ in 0..24 {
        let parity: [u64; 5] = core::array::from_fn(|x| (0..5).fold(0, |p, y| p ^ lanes[x + 5 * y]));
        for x in 0..5 {
            let d = parity[(x + 4) % 5] ^ parity[(x + 1) % 5].rotate_left(1);
            for y in 0..5 {
                lanes[x + 5 * y] ^= d;
            }
        }
        let (mut x, mut y, mut current) = (1, 0, lanes[1]);
        for t in 0..24 {
            (x, y) = (y, (2 * x + 3 * y) % 5);
            let moved = current.rotate_left((t + 1) * (t + 2) / 2 % 64);
            current = core::mem::replace(&mut lanes[x + 5 * y], moved);
        }
        for y in 0..5 {
            let row: [u64; 5] = core::array::from_fn(|x| lanes[x + 5 * y]);
            for x in 0..5 {
                lanes[x + 5 * y] = row[x] ^ !row[(x + 1) % 5] & row[(x + 2) % 5];
            }
        }
        for j in 0..7 {
            if lfsr & 1 == 1 {
                lanes[0] ^= 1 << ((1 << j) - 1);
            }
            lfsr = lfsr << 1 ^ (lfsr >> 7) * 0x71;
        }
    }
}

fn call(number: u32, a0: usize, a1: u32) -> usize {
    let result;
    unsafe { asm!("ecall", in("a7") number, inlateout("a0") a0 => result, in("a1") a1) }
    result
}

fn halt(code: u32) -> ! {
    unsafe { asm!("ecall", in("a7") 0, in("a0") code, options(noreturn)) }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    halt(255)
}
