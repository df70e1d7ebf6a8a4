//! The built program on the machine comes to what the program comes to here.

use crate::{scenes::busy, world::World};
use mezz_primitives::Output;
use mezz_program::ELF;
use mezz_riscv::{Machine, Program};
use std::sync::LazyLock;

static PROGRAM: LazyLock<Program> = LazyLock::new(|| Program::parse(ELF).unwrap());

/// Runs a span on the machine. Gives the instructions it took.
pub(crate) fn check(world: &mut World, from: u64, end: u64, span: u32) -> u64 {
    let native: Output = world.run(from, end, span).unwrap();
    let mut machine = Machine::new(&PROGRAM, world.boot(from, end, span).hash());
    let steps = machine.run(1 << 40, &world.preimages).unwrap();
    assert_eq!(machine.exit_code(), Some(0), "after {steps} steps");
    assert_eq!(machine.output(), native.hash().0);
    steps
}

/// Invariant 25, its second half.
#[test]
fn the_machine_comes_to_the_same_output() {
    let mut world = busy();
    let end = world.batches.len() as u64;
    for from in 0..world.output().number {
        let steps = check(&mut world, from, end, 1);
        println!("block {}: {steps} steps", from + 1);
    }
    check(&mut world, 0, end, 100);
}
