//! Machines to try things on, and a world that they may ask.

use std::{cell::RefCell, collections::BTreeMap};

use alloy_primitives::{B256, Bytes, keccak256};
use mezz_riscv::{
    Machine, Memory, MissingPreimage, Opening, Openings, Preimages, Snapshot, State, Tree,
};
use proptest::prelude::ProptestConfig;

/// Where code is put.
pub(crate) const CODE: u32 = 0x1_0000;
/// Where data is.
pub(crate) const DATA: u32 = 0x2_0000;
/// Operands at which arithmetic goes wrong if it does.
pub(crate) const EDGES: [u32; 14] = [
    0,
    1,
    2,
    3,
    0x1f,
    0x20,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x5555_aaaa,
    i32::MAX as u32,
    i32::MIN as u32,
    u32::MAX,
];

/// What is known outside of the machine.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub(crate) preimages: BTreeMap<B256, Bytes>,
    pub(crate) elements: BTreeMap<(B256, u32), [u8; 32]>,
    pub(crate) openings: BTreeMap<(B256, u32), Opening>,
}

impl World {
    /// Makes a preimage known; its hash.
    pub(crate) fn know(&mut self, bytes: &[u8]) -> B256 {
        let hash = keccak256(bytes);
        self.preimages.insert(hash, bytes.to_vec().into());
        hash
    }
}

impl Preimages for World {
    fn keccak(&self, hash: B256) -> Option<Bytes> {
        self.preimages.get(&hash).cloned()
    }

    fn element(&self, blob: B256, index: u32) -> Option<[u8; 32]> {
        self.elements.get(&(blob, index)).copied()
    }
}

impl Openings for World {
    fn opening(&self, blob: B256, index: u32) -> Option<Opening> {
        self.openings.get(&(blob, index)).copied()
    }
}

/// Lends a memory. There is one for each thread, as of machines below.
pub(crate) fn with_memory<R>(tree: &Tree, f: impl FnOnce(&mut Memory) -> R) -> R {
    thread_local! { static MEMORY: RefCell<Memory> = RefCell::default() }
    MEMORY.with_borrow_mut(|memory| {
        memory.restore(tree);
        f(memory)
    })
}

/// A memory with words at addresses.
pub(crate) fn tree(parts: &[(u32, &[u32])]) -> Tree {
    with_memory(&Tree::default(), |memory| {
        for (address, words) in parts {
            for (offset, word) in words.iter().enumerate() {
                memory.set(address.wrapping_add(4 * offset as u32), word.to_le_bytes());
            }
        }
        memory.commit().clone()
    })
}

/// A moment at which words are at addresses, and the first is about to be executed.
pub(crate) fn start(parts: &[(u32, &[u32])], registers: &[(u32, u32)]) -> Snapshot {
    let mut state = State { pc: parts[0].0, ..State::default() };
    for (number, value) in registers {
        state.set_register(*number as usize, *value);
    }
    Snapshot::new(state, tree(parts))
}

/// Lends a machine at a moment. There is one for each thread: to go elsewhere costs far less than to make one.
pub(crate) fn with_machine<R>(moment: &Snapshot, f: impl FnOnce(&mut Machine) -> R) -> R {
    thread_local! { static MACHINE: RefCell<Option<Machine>> = const { RefCell::new(None) } }
    MACHINE.with_borrow_mut(|machine| {
        let machine = machine.get_or_insert_with(|| Machine::from(moment));
        machine.restore(moment);
        f(machine)
    })
}

/// Runs so many steps in both ways, which must agree; the moment afterwards.
pub(crate) fn run(
    start: &Snapshot,
    steps: u64,
    world: &World,
) -> Result<Snapshot, MissingPreimage> {
    let (plain, stopped) = with_machine(start, |machine| {
        let stopped = (0..steps).try_for_each(|_| machine.step(world));
        (machine.snapshot(), stopped)
    });
    let (fast, outcome) = with_machine(start, |machine| {
        let outcome = machine.run(steps, world);
        (machine.snapshot(), outcome)
    });
    assert_eq!(outcome.err(), stopped.err());
    assert_eq!((fast.steps(), fast.state()), (plain.steps(), plain.state()));
    outcome.map(|_| fast)
}

/// The moment after one step.
pub(crate) fn step(start: &Snapshot, world: &World) -> Snapshot {
    with_machine(start, |machine| {
        machine.step(world).unwrap();
        machine.snapshot()
    })
}

/// Executes one instruction at [`CODE`], both plainly and as part of a run; the moment afterwards.
pub(crate) fn execute(word: u32, registers: &[(u32, u32)], data: &[u32]) -> Snapshot {
    let (start, world) = (start(&[(CODE, &[word]), (DATA, data)], registers), World::default());
    // Whatever comes next, it is mostly a trap: long enough for the fast way to begin.
    run(&start, 1_100, &world).unwrap();
    step(&start, &world)
}

/// The 32 bytes at an address.
pub(crate) fn leaf(moment: &Snapshot, address: u32) -> [u8; 32] {
    moment.tree().prove(address).leaf.0
}

/// How often a property is tried: so often, or as `PROPTEST_CASES` says.
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    // 256 is proptest's own number: nobody has said another.
    let cases = if default.cases == 256 { usual } else { default.cases };
    ProptestConfig { cases, failure_persistence: None, ..default }
}
