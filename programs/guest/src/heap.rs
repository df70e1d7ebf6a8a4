//! The heap: everything between the program and the stack.

use crate::environment::halt;
use core::{
    alloc::{GlobalAlloc, Layout},
    arch::asm,
    cell::UnsafeCell,
    ptr::{NonNull, null_mut, slice_from_raw_parts_mut},
};
use rlsf::Tlsf;

/// Where the stack begins, and what it must not reach: nothing in the machine would notice.
pub(crate) const STACK_TOP: usize = 0xffff_0000;
const STACK_BOTTOM: usize = 0xf000_0000;

unsafe extern "C" {
    /// Where the program ends (`guest.ld`).
    static mut _end: u8;
}

/// Blocks of any size in constant time: whoever makes the data cannot make it slow.
struct Heap(UnsafeCell<Tlsf<'static, u32, u32, 28, 32>>);

// SAFETY: the machine has one thread.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Tlsf::new()));

/// Gives the heap its memory. Before anything is allocated.
pub(crate) fn init() {
    let start = (&raw mut _end).cast::<u8>();
    let region = slice_from_raw_parts_mut(start, STACK_BOTTOM - start as usize);
    // SAFETY: nobody else has that memory.
    unsafe {
        (*HEAP.0.get()).insert_free_block_ptr(NonNull::new_unchecked(region));
    }
}

/// Ends the program if the stack has grown out of its room. What recurses allocates, so it is noticed here.
fn check_stack() {
    let pointer: usize;
    // SAFETY: it reads a register.
    unsafe { asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    if pointer < STACK_BOTTOM {
        halt(crate::code::PANIC);
    }
}

// SAFETY: the pool gives blocks that are as they should be, and takes those that it has given.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check_stack();
        unsafe { (*self.0.get()).allocate(layout) }.map_or(null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { (*self.0.get()).deallocate(NonNull::new_unchecked(block), layout.align()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe {
            let layout = Layout::from_size_align_unchecked(size, layout.align());
            let block = (*self.0.get()).reallocate(NonNull::new_unchecked(block), layout);
            block.map_or(null_mut(), NonNull::as_ptr)
        }
    }
}
