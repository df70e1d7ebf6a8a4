//! The memory and its tree against the plainest way to compute it.

use std::collections::BTreeMap;

use alloy_primitives::{B256, keccak256};
use mezz_riscv::{Memory, Tree};
use proptest::prelude::*;

use crate::common::cases;

/// Leaves that are not zero, by index.
type Leaves = BTreeMap<u32, [u8; 32]>;

/// The node over `2^level` leaves, computed from the leaves.
fn node(leaves: &Leaves, level: u32, index: u64) -> B256 {
    let (from, to) = (index << level, ((index + 1) << level) - 1);
    if level == 0 {
        return leaves.get(&(index as u32)).copied().unwrap_or_default().into();
    }
    if leaves.range(from as u32..=to as u32).next().is_none() {
        return (0..level).fold(B256::ZERO, |node, _| keccak256([node, node].concat()));
    }
    let children = [node(leaves, level - 1, 2 * index), node(leaves, level - 1, 2 * index + 1)];
    keccak256(children.concat())
}

fn root(leaves: &Leaves) -> B256 {
    node(leaves, 27, 0)
}

/// Stores so many bytes, in the memory and in the list of leaves.
fn write(memory: &mut Memory, leaves: &mut Leaves, address: u32, size: u32, value: u32) {
    let (address, bytes) = (address & !(size - 1), value.to_le_bytes());
    match size {
        1 => memory.set(address, [bytes[0]]),
        2 => memory.set(address, [bytes[0], bytes[1]]),
        4 => memory.set(address, bytes),
        _ => memory.set(address, [bytes[0]; 32]),
    }
    let leaf = leaves.entry(address >> 5).or_default();
    let at = address as usize & 31;
    match size {
        32 => leaf.fill(bytes[0]),
        _ => leaf[at..at + size as usize].copy_from_slice(&bytes[..size as usize]),
    }
}

/// Addresses that are often near each other, and at the ends.
fn address() -> impl Strategy<Value = u32> {
    prop_oneof![
        0u32..0x400,
        (0u32..0x4000).prop_map(|offset| 0x8000_0000 - 0x2000 + offset),
        (0u32..0x400).prop_map(|offset| u32::MAX - offset),
        any::<u32>(),
    ]
}

fn writes() -> impl Strategy<Value = Vec<(u32, u32, u32)>> {
    let size = prop_oneof![Just(1), Just(2), Just(4), Just(32)];
    let value = prop_oneof![Just(0), any::<u32>()];
    prop::collection::vec((address(), size, value), 0..40)
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn the_root_is_that_of_all_leaves(rounds in prop::collection::vec(writes(), 1..4), others in prop::collection::vec(address(), 4)) {
        let (mut memory, mut leaves) = (Memory::default(), Leaves::new());
        let mut past: Vec<(Tree, Leaves)> = Vec::new();
        for writes in rounds {
            for (address, size, value) in &writes {
                write(&mut memory, &mut leaves, *address, *size, *value);
            }
            prop_assert_eq!(memory.root(), root(&leaves));
            for address in writes.iter().map(|write| write.0).chain(others.clone()) {
                let proof = memory.prove(address);
                prop_assert_eq!(proof.leaf, leaves.get(&(address >> 5)).copied().unwrap_or_default());
                prop_assert!(proof.verify(address, memory.root()));
                prop_assert!(!proof.verify(address ^ 0x4_0000, memory.root()) || proof.leaf.is_zero());
                // What the contract computes when a leaf is replaced is what the memory has afterwards.
                let mut replaced = leaves.clone();
                replaced.insert(address >> 5, [7; 32]);
                prop_assert_eq!(proof.root(address, B256::repeat_byte(7)), root(&replaced));
            }
            past.push((memory.commit().clone(), leaves.clone()));
        }
        // Back to each moment, from a memory that has gone on.
        for (tree, then) in past.iter().rev().chain(&past) {
            write(&mut memory, &mut leaves, 0x8000_0000, 4, 0xdead_beef);
            memory.restore(tree);
            prop_assert_eq!(tree.root(), root(then));
            prop_assert_eq!(memory.root(), root(then));
            for index in then.keys().chain(leaves.keys()) {
                prop_assert_eq!(memory.get::<32>(index << 5), then.get(index).copied().unwrap_or_default());
            }
        }
    }
}

#[test]
fn an_empty_memory_is_zeros() {
    let mut memory = Memory::default();
    assert_eq!(memory.root(), root(&Leaves::new()));
    assert_eq!(memory.get::<32>(0xffff_ffe0), [0; 32]);
    memory.set(0x1000, [0; 4]);
    assert_eq!(memory.root(), root(&Leaves::new()));
    memory.set(0x1000, [1; 4]);
    assert_ne!(memory.root(), root(&Leaves::new()));
    memory.set(0x1000, [0; 4]);
    assert_eq!(memory.root(), root(&Leaves::new()));
}
