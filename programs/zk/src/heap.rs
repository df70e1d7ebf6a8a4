//! The heap: lists of free blocks, one for each power of two. A proof pays for each piece of memory that was ever touched, so what was freed is used again.

use crate::machine::halt;
use core::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    ptr::null_mut,
};

/// Where memory ends.
const END: usize = 1 << 29;
/// log2 of the smallest block.
const SMALLEST: u32 = 4;

struct Lists {
    /// Where nothing was ever given away; zero before the first time.
    unused: usize,
    /// The first free block of each size, which holds where the next one is.
    free: [*mut *mut u8; 30],
}

struct Heap(UnsafeCell<Lists>);

// SAFETY: the machine has one thread.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Lists { unused: 0, free: [null_mut(); 30] }));

unsafe extern "C" {
    /// Where the program ends (`zk.ld`).
    static _end: u8;
}

/// What all blocks that are as large lie at a multiple of. Nothing asks for more.
const ALIGNMENT: usize = 64;

/// log2 of the block's size.
fn class(layout: Layout) -> u32 {
    let size = layout.size().max(layout.align()).max(1 << SMALLEST);
    usize::BITS - (size - 1).leading_zeros()
}

impl Lists {
    fn take(&mut self, class: u32) -> *mut u8 {
        let first = self.free[class as usize];
        if first.is_null() {
            return self.grow(class);
        }
        // SAFETY: a free block holds where the next one is.
        unsafe { self.free[class as usize] = (*first).cast() };
        first.cast()
    }

    fn grow(&mut self, class: u32) -> *mut u8 {
        let size = 1usize << class;
        if self.unused == 0 {
            self.unused = (&raw const _end).addr();
        }
        let start = self.unused.next_multiple_of(size.min(ALIGNMENT));
        if size > END.saturating_sub(start) {
            halt::<1>();
        }
        self.unused = start + size;
        start as *mut u8
    }
}

// SAFETY: each block belongs to one owner, has its class's size, and lies at a multiple of its size or of `ALIGNMENT`.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: nobody else holds the lists.
        unsafe { (*self.0.get()).take(class(layout)) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: nobody else holds the lists, and the block has room for an address.
        unsafe {
            let list = &mut (*self.0.get()).free[class(layout) as usize];
            block.cast::<*mut u8>().write((*list).cast());
            *list = block.cast();
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller has a block of this layout; the new one is another.
        unsafe {
            let wanted = Layout::from_size_align_unchecked(size, layout.align());
            if class(wanted) == class(layout) {
                return block;
            }
            let moved = self.alloc(wanted);
            moved.copy_from_nonoverlapping(block, size.min(layout.size()));
            self.dealloc(block, layout);
            moved
        }
    }
}
