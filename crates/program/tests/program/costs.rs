//! What the machine takes for a unit of gas.
//!
//! A trace has room for 4,000 instructions per gas (`docs/spec/fault-proof.md`, section 1). `cargo test --release --workspace --test program -- costs --nocapture` prints the
//! table of `docs/benchmarks.md`.

mod gasless;
mod opcodes;
mod precompiles;

use crate::{
    machine,
    rollup::{sign, transfer, wallet},
    scenes::{block, creation, delegation, fund, funded, token},
    world::{Contract, Posted, World},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, Bytes, hex};

/// What a trace has room for.
const INSTRUCTIONS_PER_GAS_MAX: u64 = 4_000;

/// A loop in a contract, and what it is called with.
struct Case {
    name: &'static str,
    code: Vec<u8>,
    input: Vec<u8>,
    /// Gas of the loop, about.
    gas: u64,
    /// Slots of its storage that are not zero.
    slots: u64,
}

/// `prelude`, then `body` again and again while `reserve` gas is left. The body leaves the stack as it was.
fn forever(prelude: &[u8], body: &[u8], reserve: u32) -> Vec<u8> {
    let back = (prelude.len() as u16).to_be_bytes();
    // JUMPDEST body PUSH4 reserve GAS GT PUSH2 back JUMPI STOP
    let tail = [&hex!("63")[..], &reserve.to_be_bytes(), &hex!("5a1161"), &back, &hex!("5700")];
    [prelude, &hex!("5b"), body, &tail.concat()].concat()
}

/// Every case as a contract in one chain, called in a block of its own: its gas and instructions beyond those of a call that does nothing.
fn measure(
    cases: Vec<Case>,
    others: impl Iterator<Item = Contract>,
) -> Vec<(&'static str, u64, u64)> {
    let address = |index: usize| Address::repeat_byte(0xe0).with_last(index as u8);
    let stop = Case { name: "", code: vec![0], input: Vec::new(), gas: 0, slots: 0 };
    let cases: Vec<_> = [stop].into_iter().chain(cases).collect();
    let contracts = cases.iter().enumerate().map(|(index, case)| Contract {
        slots: case.slots,
        ..Contract::new(address(index), case.code.clone())
    });
    let mut world = fund(World::with_contracts(contracts.chain(others)));
    let (mut rows, mut nothing) = (Vec::new(), 0);
    for (index, case) in cases.iter().enumerate() {
        let zeros = case.input.iter().filter(|byte| **byte == 0).count() as u64;
        let intrinsic = 21_000 + 16 * case.input.len() as u64 - 12 * zeros;
        let input = Bytes::from(case.input.clone());
        let gas_limit = intrinsic + 24 * input.len() as u64 + case.gas;
        let usual = transfer(index as u64 + 1, address(index), 0);
        let call = sign(0, TxEip1559 { gas_limit, input, ..usual });
        world.post(Posted::Calldata, vec![block(0, [call])]);
        let (head, end) = (world.output().number, world.batches.len() as u64);
        let steps = machine::check(&mut world, head - 1, end, 1);
        let gas = world.rollup.head().gas_used - intrinsic;
        if index == 0 {
            nothing = steps;
            continue;
        }
        assert!(gas < gas_limit - intrinsic, "{}: out of gas", case.name);
        rows.push((case.name, gas, steps - nothing));
    }
    rows
}

/// Prints what cases take, and checks that a trace has room for it.
fn check(cases: Vec<Case>, others: impl Iterator<Item = Contract>) {
    for (name, gas, steps) in measure(cases, others) {
        println!("| {name} | {} |", steps / gas);
        assert!(steps < INSTRUCTIONS_PER_GAS_MAX * gas, "{name}: {steps} for {gas} gas");
    }
}

/// What usual blocks take: the first is empty, each of the others has ten transactions of a kind.
#[test]
fn usual_blocks_take_what_the_documentation_says() {
    let mut world = funded();
    let somebody = wallet(1).address();
    let ten = |make: &dyn Fn(u64) -> Bytes, first: u64| (first..first + 10).map(make).collect();
    // An account that delegates itself uses two nonces.
    let delegations = ten(&|index| delegation(1, 1 + 2 * index), 0);
    let blocks: [(&str, Vec<Bytes>, u64); 5] = [
        ("an empty block", Vec::new(), 3_000_000),
        ("a transfer", ten(&|nonce| sign(0, transfer(nonce, somebody, 5)), 1), 7_000_000),
        ("a token transfer", ten(&|nonce| token(0, nonce, somebody, 5), 11), 7_000_000),
        ("a creation", ten(&|nonce| creation(0, nonce), 21), 7_000_000),
        // Two signatures, neither of them by the library's way.
        ("a delegation", delegations, 13_000_000),
    ];
    let mut empty = None;
    for (name, transactions, most) in blocks {
        world.post(Posted::Calldata, vec![block(0, transactions)]);
        let (head, end) = (world.output().number, world.batches.len() as u64);
        let steps = machine::check(&mut world, head - 1, end, 1);
        let each = empty.map_or(steps, |empty| (steps - empty) / 10);
        empty.get_or_insert(steps);
        println!("| {name} | {each} |");
        assert!(each < most, "{name}: {each}");
    }
}

/// Code that recovers the signature in its calldata as long as there is gas.
pub(crate) fn ecrecover_forever() -> Vec<u8> {
    precompiles::precompile("ecrecover", 1, 3_000, []).code
}

trait WithLast {
    fn with_last(self, byte: u8) -> Self;
}

impl WithLast for Address {
    fn with_last(mut self, byte: u8) -> Self {
        self.0[19] = byte;
        self
    }
}

/// Invariant 29, for the opcodes.
#[test]
fn no_opcode_takes_more_than_a_trace_has_room_for() {
    check(opcodes::cases(), opcodes::neighbours());
}

/// Invariant 29, for the precompiles.
#[test]
fn no_precompile_takes_more_than_a_trace_has_room_for() {
    check(precompiles::cases(), std::iter::empty());
}
