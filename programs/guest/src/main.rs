//! The proven program on the machine: an entry point, an environment and a heap around [`mezz_program::run`].
//!
//! Memory from the bottom up: the program (`guest.ld`), its heap, and at the top the stack, which grows down towards the heap.

#![no_std]
#![no_main]

extern crate alloc;

mod crypto;
mod environment;
mod heap;
mod keccak;
mod recover;

use core::arch::global_asm;
use environment::{Environment, boot, halt, output};

// Registers and memory are zero at the start.
global_asm!(".section .text.start", ".globl _start", "_start:", "li sp, {top}", "call {main}", top = const heap::STACK_TOP, main = sym main);

/// What the program ends with when it cannot come to an output: an honest party has every preimage of a right start, and never sees these.
mod code {
    pub(crate) const MISSING: u8 = 1;
    pub(crate) const PANIC: u8 = 255;
}

extern "C" fn main() -> ! {
    heap::init();
    let boot = boot();
    foldhash::seed(&boot.0);
    crypto::install();
    match mezz_program::run(boot, &Environment::default()) {
        Ok(done) => {
            output(done.hash().0);
            halt(0)
        }
        Err(_) => halt(code::MISSING),
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    halt(code::PANIC)
}
