//! The built program on the machine comes to what the program comes to here.

use crate::{
    rollup::{sign, transfer},
    scenes::{block, busy, fund},
    world::{Contract, Posted, World},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, hex};
use mezz_primitives::Output;
use mezz_program::ELF;
use mezz_riscv::{Machine, Program};
use std::sync::LazyLock;

pub(crate) static PROGRAM: LazyLock<Program> = LazyLock::new(|| Program::parse(ELF).unwrap());

/// Runs a span on the machine. Gives the instructions it took.
pub(crate) fn check(world: &mut World, from: u64, end: u64, span: u32) -> u64 {
    let native: Output = world.run(from, end, span).unwrap();
    let mut machine = Machine::new(&PROGRAM, world.boot(from, end, span).hash());
    let steps = machine.run(1 << 40, &world.preimages).unwrap();
    assert_eq!(machine.exit_code(), Some(0), "after {steps} steps");
    assert_eq!(machine.output(), native.hash().0);
    steps
}

/// Calls within calls as deep as the gas of a transaction goes, each with memory of its own.
#[test]
fn deep_calls_find_room() {
    // CODECOPY(60,000, 0, 1); CALL(GAS, ADDRESS, 0, 0, 0, 0, 0)
    let code = hex!("60015f61ea60395f5f5f5f5f305af1").to_vec();
    let mut world = fund(World::with_contracts([Contract::new(Address::repeat_byte(0xe0), code)]));
    let usual = transfer(1, Address::repeat_byte(0xe0), 0);
    let transaction = sign(0, TxEip1559 { gas_limit: 16_777_216, ..usual });
    world.post(Posted::Calldata, vec![block(0, [transaction])]);
    let (head, end) = (world.output().number, world.batches.len() as u64);
    assert!(world.rollup.head().gas_used > 2_000_000);
    check(&mut world, head - 1, end, 1);
}

/// Invariant 25, its second half: the built program in the machine.
#[test]
fn the_machine_comes_to_the_same_output() {
    let mut world = busy();
    let end = world.batches.len() as u64;
    for from in 0..world.output().number {
        check(&mut world, from, end, 1);
    }
    check(&mut world, 0, end, 100);
}
