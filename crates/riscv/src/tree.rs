//! The Merkle tree over a memory, as a value: a copy costs nothing, and shares with the original what they have in common.

use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use alloy_primitives::{B256, keccak256};

use crate::{
    memory::{PAGE_SIZE, Page},
    zeros::ZEROS,
};

/// Levels above the leaves of 32 bytes.
pub(crate) const DEPTH: usize = 27;
/// The level of the nodes that hold bytes: small enough that few stores do not copy much, large enough that the nodes do not outweigh them.
const CHUNK_LEVEL: usize = 3;
const CHUNK_SIZE: usize = 32 << CHUNK_LEVEL;
const PAGE_LEVEL: usize = 7;

const _: () = assert!(PAGE_SIZE == 32 << PAGE_LEVEL);

/// The contents of a memory and its Merkle tree.
#[derive(Clone, Default)]
pub struct Tree(Link);

/// A subtree.
#[derive(Clone, Default)]
enum Link {
    /// All zeros.
    #[default]
    Zero,
    Inner(Arc<Inner>),
    Chunk(Arc<Chunk>),
}

struct Inner {
    hash: B256,
    left: Link,
    right: Link,
}

struct Chunk {
    hash: B256,
    bytes: [u8; CHUNK_SIZE],
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tree").field(&self.root()).finish()
    }
}

impl Tree {
    /// The root of the tree.
    pub fn root(&self) -> B256 {
        self.0.hash(DEPTH)
    }

    /// The opening of the 32 bytes in which `address` lies.
    pub fn prove(&self, address: u32) -> MemoryProof {
        let index = (address >> 5) as usize;
        let (mut siblings, mut link) = ([B256::ZERO; DEPTH], &self.0);
        for level in (CHUNK_LEVEL..DEPTH).rev() {
            let (left, right) = link.children();
            let (child, sibling) =
                if index >> level & 1 == 0 { (left, right) } else { (right, left) };
            siblings[level] = sibling.hash(level);
            link = child;
        }
        let mut nodes: Vec<B256> =
            link.bytes().as_chunks::<32>().0.iter().map(|leaf| leaf.into()).collect();
        let leaf = nodes[index % nodes.len()];
        for (level, sibling) in siblings[..CHUNK_LEVEL].iter_mut().enumerate() {
            *sibling = nodes[(index >> level ^ 1) % nodes.len()];
            nodes = nodes.as_chunks().0.iter().map(|[left, right]| hash(left, right)).collect();
        }
        MemoryProof { leaf, siblings }
    }

    /// The tree with other contents of some pages, which are in the order of their numbers.
    pub(crate) fn update(&self, pages: &[(u32, &Page)]) -> Self {
        Self(self.0.update(DEPTH, pages))
    }

    /// Copies a page's contents.
    pub(crate) fn read_page(&self, number: u32, page: &mut Page) {
        let mut link = &self.0;
        for level in (PAGE_LEVEL..DEPTH).rev() {
            let (left, right) = link.children();
            link = if number >> (level - PAGE_LEVEL) & 1 == 0 { left } else { right };
        }
        link.read(&mut page.0);
    }

    /// Bytes that a tree needs beyond what it shares with another.
    pub(crate) fn bytes_beyond(&self, other: &Self) -> usize {
        self.0.bytes_beyond(&other.0, DEPTH)
    }

    /// The pages in which two memories differ.
    pub(crate) fn changed_pages(&self, other: &Self) -> Vec<u32> {
        let mut pages = Vec::new();
        self.0.changed_pages(&other.0, DEPTH, 0, &mut pages);
        pages
    }
}

impl Link {
    fn hash(&self, level: usize) -> B256 {
        match self {
            Self::Zero => ZEROS[level],
            Self::Inner(inner) => inner.hash,
            Self::Chunk(chunk) => chunk.hash,
        }
    }

    fn children(&self) -> (&Self, &Self) {
        match self {
            Self::Inner(inner) => (&inner.left, &inner.right),
            Self::Zero | Self::Chunk(_) => (&Self::Zero, &Self::Zero),
        }
    }

    fn bytes(&self) -> &[u8; CHUNK_SIZE] {
        match self {
            Self::Chunk(chunk) => &chunk.bytes,
            Self::Zero | Self::Inner(_) => &[0; CHUNK_SIZE],
        }
    }

    /// Whether both are one and the same in memory; equal contents may still be kept twice.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Zero, Self::Zero) => true,
            (Self::Inner(one), Self::Inner(other)) => Arc::ptr_eq(one, other),
            (Self::Chunk(one), Self::Chunk(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    fn update(&self, level: usize, pages: &[(u32, &Page)]) -> Self {
        match pages {
            [] => return self.clone(),
            [(_, page)] if level == PAGE_LEVEL => return self.update_bytes(level, &page.0),
            _ => {}
        }
        let right_half = 1 << (level - 1 - PAGE_LEVEL);
        let (on_left, on_right) =
            pages.split_at(pages.partition_point(|(number, _)| number & right_half == 0));
        let (left, right) = self.children();
        self.join(level, left.update(level - 1, on_left), right.update(level - 1, on_right))
    }

    fn update_bytes(&self, level: usize, bytes: &[u8]) -> Self {
        if let Ok(bytes) = <&[u8; CHUNK_SIZE]>::try_from(bytes) {
            return self.update_chunk(bytes);
        }
        let (on_left, on_right) = bytes.split_at(bytes.len() / 2);
        let (left, right) = self.children();
        let left = left.update_bytes(level - 1, on_left);
        let right = right.update_bytes(level - 1, on_right);
        self.join(level, left, right)
    }

    fn update_chunk(&self, bytes: &[u8; CHUNK_SIZE]) -> Self {
        if bytes == self.bytes() {
            return self.clone();
        }
        if *bytes == [0; CHUNK_SIZE] {
            return Self::Zero;
        }
        Self::Chunk(Arc::new(Chunk { hash: hash_chunk(bytes), bytes: *bytes }))
    }

    /// This node with these children; itself if they are what it has.
    fn join(&self, level: usize, left: Self, right: Self) -> Self {
        let (old_left, old_right) = self.children();
        if left.is(old_left) && right.is(old_right) {
            return self.clone();
        }
        if matches!((&left, &right), (Self::Zero, Self::Zero)) {
            return Self::Zero;
        }
        let hash = hash(&left.hash(level - 1), &right.hash(level - 1));
        Self::Inner(Arc::new(Inner { hash, left, right }))
    }

    /// Copies the contents of a subtree of this many bytes.
    fn read(&self, bytes: &mut [u8]) {
        match self {
            Self::Zero => bytes.fill(0),
            Self::Chunk(chunk) => bytes.copy_from_slice(&chunk.bytes),
            Self::Inner(inner) => {
                let (on_left, on_right) = bytes.split_at_mut(bytes.len() / 2);
                inner.left.read(on_left);
                inner.right.read(on_right);
            }
        }
    }

    fn bytes_beyond(&self, other: &Self, level: usize) -> usize {
        if self.is(other) || self.hash(level) == other.hash(level) {
            return 0;
        }
        match self {
            Self::Zero => 0,
            Self::Chunk(_) => size_of::<Chunk>(),
            Self::Inner(inner) => {
                let (left, right) = other.children();
                let below = inner.left.bytes_beyond(left, level - 1);
                below + inner.right.bytes_beyond(right, level - 1) + size_of::<Inner>()
            }
        }
    }

    fn changed_pages(&self, other: &Self, level: usize, prefix: u32, pages: &mut Vec<u32>) {
        if self.is(other) || self.hash(level) == other.hash(level) {
            return;
        }
        if level == PAGE_LEVEL {
            return pages.push(prefix);
        }
        let ((left, right), (other_left, other_right)) = (self.children(), other.children());
        left.changed_pages(other_left, level - 1, prefix << 1, pages);
        right.changed_pages(other_right, level - 1, prefix << 1 | 1, pages);
    }
}

/// Shows 32 bytes of a memory to whoever knows its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryProof {
    /// The bytes.
    pub leaf: B256,
    /// The other child of each node on the way up, from the bottom.
    pub siblings: [B256; DEPTH],
}

impl MemoryProof {
    /// The root of a memory that has `leaf` at `address` and is otherwise as the proof has it.
    pub fn root(&self, address: u32, leaf: B256) -> B256 {
        let index = address >> 5;
        self.siblings.iter().enumerate().fold(leaf, |node, (level, sibling)| {
            if index >> level & 1 == 0 { hash(&node, sibling) } else { hash(sibling, &node) }
        })
    }

    /// Whether a memory with this root has the leaf at `address`.
    pub fn verify(&self, address: u32, root: B256) -> bool {
        self.root(address, self.leaf) == root
    }

    /// The leaf and its siblings, as the contract wants them.
    pub fn words(self) -> impl Iterator<Item = B256> {
        core::iter::once(self.leaf).chain(self.siblings)
    }
}

fn hash(left: &B256, right: &B256) -> B256 {
    let mut pair = [0; 64];
    pair[..32].copy_from_slice(left.as_slice());
    pair[32..].copy_from_slice(right.as_slice());
    keccak256(pair)
}

fn hash_chunk(bytes: &[u8; CHUNK_SIZE]) -> B256 {
    let mut nodes: [B256; CHUNK_SIZE / 64] =
        core::array::from_fn(|pair| keccak256(&bytes[64 * pair..][..64]));
    let mut width = nodes.len();
    while width > 1 {
        width /= 2;
        for index in 0..width {
            nodes[index] = hash(&nodes[2 * index], &nodes[2 * index + 1]);
        }
    }
    nodes[0]
}
