//! What one side of a dispute computes: the whole run, divided five times, and the witness of one step.

use crate::{
    costs::ecrecover_forever,
    machine::{self, PROGRAM},
    rollup::{cases, sign, transfer, wallet},
    scenes::{block, creation, fund, recovery, signed, token},
    world::{Contract, Posted, World},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256};
use mezz_riscv::{Machine, Opening, Openings, Trace, trace::PATH_MAX};
use std::fs;

/// Seconds of CPU that one side of an ordinary dispute may take.
const SECONDS_MAX: f64 = 60.0;
/// Memory that it may take.
const MEMORY_MAX: u64 = 4 << 30;

/// No step of these disputes reads a blob.
struct NoBlobs;

impl Openings for NoBlobs {
    fn opening(&self, _blob: B256, _index: u32) -> Option<Opening> {
        None
    }
}

/// Seconds of CPU of this thread.
fn seconds() -> f64 {
    let line = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    line.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// The most memory that this process has had, bytes.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

/// Defends the last block down to a step in the middle of the run, then in its end: steps of the run and seconds of CPU.
fn defend(world: &mut World) -> (u64, f64) {
    let (head, end) = (world.output().number, world.batches.len() as u64);
    let boot = world.boot(head - 1, end, 1).hash();
    let began = seconds();
    let steps = machine::check(world, head - 1, end, 1);
    let mut trace = Trace::new(Machine::new(&PROGRAM, boot), &world.preimages);
    for step in [steps / 2, steps - 1] {
        let path = [32, 24, 16, 8, 0].map(|shift| (step >> shift) as u8);
        let mut end = trace.end(&[]).unwrap().state().hash();
        for depth in 0..PATH_MAX {
            let vector = trace.vector(&path[..depth]).unwrap();
            assert_eq!(vector[255], end, "each vector ends where the one above says");
            end = vector[usize::from(path[depth])];
        }
        let witness = trace.witness(&path, &NoBlobs).unwrap();
        assert_eq!(witness.state.len(), 263);
    }
    (steps, seconds() - began)
}

#[test]
fn a_usual_block_is_defended_in_a_minute() {
    let mut world = fund(World::new());
    world.force(sign(2, transfer(1, wallet(0).address(), 11)));
    let users = [
        sign(0, transfer(1, wallet(1).address(), 5)),
        token(0, 2, wallet(1).address(), 1),
        creation(0, 3),
        sign(1, transfer(1, wallet(0).address(), 5)),
        recovery(1, 2),
    ];
    world.post(Posted::Calldata, vec![block(1, users)]);
    let (steps, seconds) = defend(&mut world);
    println!("{} M steps: {seconds:.1} s of CPU, {} MiB", steps / 1_000_000, memory() >> 20);
    assert!(seconds < SECONDS_MAX, "{seconds} s");
    assert!(memory() < MEMORY_MAX);
}

/// Two transactions that do nothing but recover signatures: half a million gas here, 30 million in `make test-deep`.
#[test]
fn a_block_of_signature_recoveries_is_defended() {
    let gas = if cases(1).cases > 1 { 15_000_000 } else { 250_000 };
    let address = Address::repeat_byte(0xe0);
    let mut world = fund(World::with_contracts([Contract::new(address, ecrecover_forever())]));
    let spam = |nonce| {
        let input = signed();
        let usual = transfer(nonce, address, 0);
        sign(0, TxEip1559 { gas_limit: gas, input, ..usual })
    };
    world.post(Posted::Calldata, vec![block(0, [spam(1), spam(2)])]);
    let used = world.rollup.head().gas_used;
    assert!(used > 19 * gas / 10, "{used} gas");
    let (steps, seconds) = defend(&mut world);
    println!(
        "{used} gas, {} M steps: {seconds:.1} s of CPU, {} MiB",
        steps / 1_000_000,
        memory() >> 20
    );
    assert!(steps > 1_500 * used, "the spam is the dearest of its kind");
    assert!(memory() < MEMORY_MAX);
}
