//! The memory of a running machine: 2^32 bytes, of which those pages exist that have been written.

use alloc::{boxed::Box, vec, vec::Vec};
use core::fmt;

use alloy_primitives::B256;

use crate::{
    code::Code,
    tree::{MemoryProof, Tree},
};

/// Bytes of a page.
pub(crate) const PAGE_SIZE: usize = 4096;
/// Pages of a memory.
const PAGES: usize = 1 << 20;

/// A page's bytes.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(crate) struct Page(pub(crate) [u8; PAGE_SIZE]);

impl Page {
    /// The aligned bytes at an address, whichever page it is on.
    pub(crate) fn get<const N: usize>(&self, address: u32) -> [u8; N] {
        let at = address as usize & (PAGE_SIZE - N);
        self.0[at..at + N].try_into().expect("the slice has N bytes; qed")
    }

    /// Overwrites aligned bytes at an address, whichever page it is on.
    pub(crate) fn set<const N: usize>(&mut self, address: u32, bytes: [u8; N]) {
        let at = address as usize & (PAGE_SIZE - N);
        self.0[at..at + N].copy_from_slice(&bytes);
    }
}

/// For each page a place in a list, zero for none.
pub(crate) struct Table(Box<[u32; PAGES]>);

impl Table {
    pub(crate) fn new() -> Self {
        // On the heap from the start, and zeros that the system gives cost nothing until they are touched.
        let table = vec![0; PAGES].into_boxed_slice();
        Self(table.try_into().expect("it has as many entries as there are pages; qed"))
    }

    /// The entry of the page of an address.
    pub(crate) fn of(&self, address: u32) -> u32 {
        self.0[address as usize / PAGE_SIZE]
    }

    pub(crate) fn set(&mut self, address: u32, entry: u32) {
        self.0[address as usize / PAGE_SIZE] = entry;
    }
}

/// A memory that is written to.
///
/// It stands on a [`Tree`], its contents at the last commit; pages written since then are dirty.
pub struct Memory {
    /// The first is all zeros, for reading what does not exist.
    pub(crate) frames: Vec<Page>,
    /// Where a page's bytes are.
    pub(crate) readable: Table,
    /// The same for pages that may be written with nothing else to do: they are dirty, and no code.
    pub(crate) writable: Table,
    /// Pages that have been executed.
    pub(crate) code: Code,
    /// By frame.
    is_dirty: Vec<bool>,
    /// Addresses of the dirty pages.
    dirty: Vec<u32>,
    tree: Tree,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("pages", &(self.frames.len() - 1)).finish_non_exhaustive()
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            frames: vec![Page([0; PAGE_SIZE])],
            readable: Table::new(),
            writable: Table::new(),
            code: Code::new(),
            is_dirty: vec![false],
            dirty: Vec::new(),
            tree: Tree::default(),
        }
    }
}

impl Memory {
    /// A memory with these contents.
    pub fn new(tree: &Tree) -> Self {
        let mut memory = Self::default();
        memory.restore(tree);
        memory
    }

    /// The bytes at an address that is a multiple of their number, which is at most 32 and a power of two.
    pub fn get<const N: usize>(&self, address: u32) -> [u8; N] {
        self.frames[self.readable.of(address) as usize].get(address)
    }

    /// Overwrites the bytes at an address that is a multiple of their number, which is at most 32 and a power of two.
    pub fn set<const N: usize>(&mut self, address: u32, bytes: [u8; N]) {
        let frame = self.touch(address);
        self.frames[frame].set(address, bytes);
        self.code.refresh(address, &self.frames[frame]);
    }

    /// Overwrites any number of bytes, up to the end of the memory and on from its start.
    pub(crate) fn write(&mut self, mut address: u32, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let at = address as usize % PAGE_SIZE;
            let (here, rest) = bytes.split_at(bytes.len().min(PAGE_SIZE - at));
            let frame = self.touch(address);
            self.frames[frame].0[at..at + here.len()].copy_from_slice(here);
            self.code.forget(address);
            (address, bytes) = (address.wrapping_add(here.len() as u32), rest);
        }
    }

    /// The contents and their tree. Costs a few hashes for each 32 bytes written since the last call.
    pub fn commit(&mut self) -> &Tree {
        self.dirty.sort_unstable();
        let pages: Vec<_> = (self.dirty.iter())
            .map(|&page| (page >> 12, &self.frames[self.readable.of(page) as usize]))
            .collect();
        self.tree = self.tree.update(&pages);
        self.forget_dirty();
        &self.tree
    }

    /// The root of the contents.
    pub fn root(&mut self) -> B256 {
        self.commit().root()
    }

    /// The opening of the 32 bytes in which `address` lies.
    pub fn prove(&mut self, address: u32) -> MemoryProof {
        self.commit().prove(address)
    }

    /// Replaces the contents. Costs as much as there is difference.
    pub fn restore(&mut self, tree: &Tree) {
        let mut pages = self.tree.changed_pages(tree);
        pages.extend(self.dirty.iter().map(|page| page >> 12));
        self.forget_dirty();
        self.tree = tree.clone();
        for number in pages {
            let address = number << 12;
            let frame = self.frame(address);
            tree.read_page(number, &mut self.frames[frame]);
            self.code.forget(address);
        }
    }

    /// Marks the page of an address as dirty; the place of its bytes.
    fn touch(&mut self, address: u32) -> usize {
        let frame = self.frame(address);
        if !core::mem::replace(&mut self.is_dirty[frame], true) {
            self.dirty.push(address & !(PAGE_SIZE as u32 - 1));
        }
        if !self.code.has(address) {
            self.writable.set(address, frame as u32);
        }
        frame
    }

    fn frame(&mut self, address: u32) -> usize {
        if self.readable.of(address) == 0 {
            self.readable.set(address, self.frames.len() as u32);
            self.frames.push(self.frames[0].clone());
            self.is_dirty.push(false);
        }
        self.readable.of(address) as usize
    }

    fn forget_dirty(&mut self) {
        for page in self.dirty.drain(..) {
            self.writable.set(page, 0);
            self.is_dirty[self.readable.of(page) as usize] = false;
        }
    }

    /// Sees to it that the page of an address can be executed; `false` if it does not exist.
    pub(crate) fn decode(&mut self, address: u32) -> bool {
        let frame = self.readable.of(address) as usize;
        if frame != 0 && !self.code.has(address) {
            self.code.decode(address, &self.frames[frame]);
            // From now on a store must decode anew.
            self.writable.set(address, 0);
        }
        frame != 0
    }
}
