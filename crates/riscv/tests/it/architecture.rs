//! RISC-V's own architecture tests (`scripts/riscv-tests.sh` builds them): each halts with 0, or with the number of the case that failed.

use crate::common::World;
use alloy_primitives::B256;
use mezz_riscv::{Machine, Program, Trace};
use std::{fs, path::Path};

/// Those of the base instructions but for misaligned data, and those of multiplication and division.
const TESTS: usize = 41 + 8;

#[test]
fn the_architecture_tests_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/riscv-tests");
    let mut passed = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "elf") {
            continue;
        }
        let program = Program::parse(&fs::read(&path).unwrap()).unwrap();
        let mut machine = Machine::new(&program, B256::ZERO);
        machine.run(1 << 20, &World::default()).unwrap();
        assert_eq!(machine.exit_code(), Some(0), "{}", path.display());
        // And one by one, as a dispute goes through it.
        let last = machine.steps() - 1;
        let mut trace = Trace::new(Machine::new(&program, B256::ZERO), World::default());
        let vector = trace.vector(&[0, 0, (last >> 16) as u8, (last >> 8) as u8]).unwrap();
        assert_eq!(vector[usize::from(last as u8)], machine.state().hash());
        passed += 1;
    }
    assert_eq!(passed, TESTS);
}
