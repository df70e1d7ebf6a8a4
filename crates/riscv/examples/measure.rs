//! How fast the machine runs, and what a dispute costs: `measure [ROUNDS]`, of the workload of the tests.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures time")]

use std::{collections::BTreeMap, env, time::Instant};

use alloy_primitives::{B256, Bytes, keccak256};
use mezz_riscv::{Machine, Memory, Opening, Openings, Preimages, Program, Trace, trace};

const WORKLOAD: &[u8] = include_bytes!("../tests/fixtures/workload.elf");

struct Known(BTreeMap<B256, Bytes>);

impl Preimages for Known {
    fn keccak(&self, hash: B256) -> Option<Bytes> {
        self.0.get(&hash).cloned()
    }

    fn element(&self, _: B256, _: u32) -> Option<[u8; 32]> {
        None
    }
}

impl Openings for Known {
    fn opening(&self, _: B256, _: u32) -> Option<Opening> {
        None
    }
}

fn main() {
    let rounds = env::args().nth(1).map_or(1_700, |rounds| rounds.parse().expect("a number"));
    let seed = Bytes::from([&u32::to_be_bytes(rounds)[..], &[7; 1_000]].concat());
    let boot = keccak256(&seed);
    let known = Known(BTreeMap::from([(boot, seed)]));
    let program = Program::parse(WORKLOAD).expect("it was built by scripts/workload.sh; qed");
    let mut machine = Machine::new(&program, boot);
    let started = Instant::now();
    let steps = machine.run(1 << 40, &known).expect("all preimages are known; qed");
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{steps} steps in {seconds:.2} s: {:.0} million a second",
        steps as f64 / seconds / 1e6
    );
    println!("exit code {:?}, output {}", machine.exit_code(), machine.output());
    let started = Instant::now();
    machine.state();
    println!("memory root: {:.1} ms", started.elapsed().as_secs_f64() * 1e3);

    let mut memory = Memory::default();
    for (what, stride) in [("all leaves", 32), ("one leaf", 4_096)] {
        (0..0x100_0000).step_by(stride).for_each(|address| memory.set(address, [7, stride as u8]));
        let started = Instant::now();
        memory.commit();
        let each = started.elapsed().as_secs_f64() * 1e6 / 4_096.0;
        println!("{what} of 4,096 pages: {each:.1} µs a page");
    }

    // The last step of the run: every level is run to its end.
    let last = steps - 1;
    let path = [32, 24, 16, 8, 0].map(|shift| (last >> shift) as u8);
    let mut trace = Trace::new(Machine::new(&program, boot), &known);
    for depth in 0..trace::PATH_MAX {
        let started = Instant::now();
        let vector = trace.vector(&path[..depth]).expect("all preimages are known; qed");
        let distinct = vector.windows(2).filter(|pair| pair[0] != pair[1]).count() + 1;
        println!("depth {depth}, {distinct} states: {:.3} s", started.elapsed().as_secs_f64());
    }
    let started = Instant::now();
    let witness = trace.witness(&path, &known).expect("all preimages are known; qed");
    let words = witness.proof.len();
    println!("witness of {words} words: {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
}
