//! What the machine gives by `ECALL` (`docs/spec/fault-proof.md`, section 2).

use alloc::vec::Vec;
use alloy_primitives::{B256, Bytes};
use core::{arch::asm, cell::Cell};
use mezz_primitives::Preimages;

const HALT: u32 = 0;
const BOOT: u32 = 1;
const SELECT: u32 = 2;
const READ: u32 = 3;
const OUTPUT: u32 = 4;

const PREIMAGE: u32 = 1;
const BLOB: u32 = 2;

/// What passes through memory: the machine wants its address to be a multiple of 32.
#[repr(C, align(32))]
struct Word([u8; 32]);

/// Ends the program.
pub(crate) fn halt(code: u8) -> ! {
    // SAFETY: the machine stops.
    unsafe { asm!("ecall", in("a7") HALT, in("a0") u32::from(code), options(noreturn, nostack)) }
}

/// What the run depends on.
pub(crate) fn boot() -> B256 {
    receive(BOOT)
}

/// What the run has come to.
pub(crate) fn output(hash: B256) {
    let word = Word(hash.0);
    // SAFETY: it reads the word.
    unsafe { asm!("ecall", in("a7") OUTPUT, in("a0") &word, options(nostack, readonly)) }
}

/// Selects what is read next, and gives its length.
fn select(key: B256, kind: u32) -> usize {
    let word = Word(key.0);
    let length;
    // SAFETY: it reads the word.
    unsafe {
        asm!("ecall", in("a7") SELECT, inout("a0") &word => length, in("a1") kind, options(nostack, readonly));
    }
    length
}

/// The next 32 bytes of what is selected.
fn read() -> B256 {
    receive(READ)
}

fn receive(call: u32) -> B256 {
    let mut word = Word([0; 32]);
    // SAFETY: it writes the word.
    unsafe { asm!("ecall", in("a7") call, in("a0") &raw mut word, options(nostack)) }
    word.0.into()
}

/// The machine as an oracle.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// The blob that is selected, and its next element.
    blob: Cell<Option<(B256, u32)>>,
}

impl Preimages for Environment {
    fn keccak(&self, hash: B256) -> Option<Bytes> {
        self.blob.set(None);
        let length = select(hash, PREIMAGE);
        let mut bytes = Vec::with_capacity(length.next_multiple_of(32));
        for _ in 0..length.div_ceil(32) {
            bytes.extend_from_slice(read().as_slice());
        }
        bytes.truncate(length);
        Some(bytes.into())
    }

    fn element(&self, blob: B256, index: u32) -> Option<[u8; 32]> {
        let next = match self.blob.get() {
            Some((selected, next)) if selected == blob && next <= index => next,
            _ => {
                select(blob, BLOB);
                0
            }
        };
        for _ in next..index {
            read();
        }
        self.blob.set(Some((blob, index + 1)));
        Some(read().0)
    }
}
