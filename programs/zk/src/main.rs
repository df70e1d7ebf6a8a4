//! The proven program on OpenVM: an entry point, an environment and a heap around [`mezz_program::prove`].
//!
//! It is `programs/guest` with other ways to the outside, and what costs most done by the machine's own circuits: Keccak, secp256k1, the field of blobs.

#![no_std]
#![no_main]

extern crate alloc;

#[path = "../../guest/src/crypto.rs"]
mod crypto;
mod environment;
mod field;
mod heap;
mod keccak;
mod machine;
mod memory;
mod recover;

use alloy_primitives::B256;
use core::arch::global_asm;
use environment::Host;
use machine::{Point, halt, reveal};
use mezz_primitives::ProofKind;

/// Where the stack begins (`zk.ld`). It ends at zero: below is no memory.
const STACK_TOP: usize = 0x100_0000;

// Registers and memory are zero at the start.
global_asm!(".section .text.start", ".globl _start", "_start:", "li sp, {top}", "call {main}", top = const STACK_TOP, main = sym main);

extern "C" fn main() -> ! {
    let begin = environment::answer();
    let Some((boot, kind)) = begin.split_last_chunk().and_then(|(kind, boot)| {
        Some((B256::from(*boot), ProofKind::try_from(*kind.first()?).ok()?))
    }) else {
        halt::<1>()
    };
    foldhash::seed(&boot.0);
    recover::install();
    crypto::install();
    match mezz_program::prove::<field::Element>(kind, boot, &Host) {
        Ok(statement) => {
            let hash = statement.hash();
            for (index, word) in hash.as_chunks().0.iter().enumerate() {
                reveal(index, u32::from_le_bytes(*word));
            }
            halt::<0>()
        }
        Err(_) => halt::<1>(),
    }
}

/// `1..=255` times the generator of secp256k1, and times `2^128` times it.
fn multiples() -> &'static [[Point; 255]; 2] {
    #[repr(C, align(32))]
    struct Aligned([u8; 2 * 255 * 64]);
    static TABLE: Aligned = Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/multiples.bin")));
    // SAFETY: a point is two little-endian numbers, and any bytes are one.
    unsafe { &*(&raw const TABLE).cast() }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    halt::<1>()
}
