//! ELF files, and a real program.

use alloy_primitives::{B256, U256, keccak256, uint};
use mezz_riscv::{Machine, Program, ProgramError};

use crate::common::World;

pub(crate) const WORKLOAD: &[u8] = include_bytes!("../fixtures/workload.elf");

/// A run of the workload: the machine at its start and what it asks for.
pub(crate) fn workload(rounds: u32) -> (Machine, World, B256) {
    let seed = [&rounds.to_be_bytes()[..], &[7; 1_000]].concat();
    let mut world = World::default();
    let boot = world.know(&seed);
    (Machine::new(&Program::parse(WORKLOAD).unwrap(), boot), world, boot)
}

/// What the workload computes (programs/workload), natively.
fn fold(boot: B256, rounds: u32) -> B256 {
    const PRIME: U256 =
        uint!(0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f_U256);
    let (mut digest, mut product, mut sums) = (boot, U256::ONE, vec![0u32; 1 << 14]);
    for _ in 0..rounds {
        product = product.mul_mod(U256::from_le_bytes(digest.0), PRIME);
        let mut sum = 0;
        for pair in digest.as_chunks().0 {
            let entry = &mut sums[usize::from(u16::from_be_bytes(*pair)) % (1 << 14)];
            *entry = entry.wrapping_mul(31).wrapping_add(product.as_limbs()[0] as u32);
            sum ^= *entry;
        }
        digest =
            keccak256([&digest[..], &product.to_le_bytes::<32>(), &sum.to_le_bytes()].concat());
    }
    digest
}

#[test]
fn a_real_program_computes_what_it_should() {
    for rounds in [0, 1, 50] {
        let (mut machine, world, boot) = workload(rounds);
        machine.run(1 << 40, &world).unwrap();
        assert_eq!((machine.exit_code(), machine.output()), (Some(0), fold(boot, rounds)));
        // Whatever follows, it is the same.
        let (state, steps) = (machine.state().clone(), machine.steps());
        assert_eq!(machine.run(1 << 40, &world), Ok(0));
        assert_eq!(machine.steps(), steps);
        assert_eq!(*machine.state(), state);
    }
}

#[test]
fn the_start_of_a_program() {
    let program = Program::parse(WORKLOAD).unwrap();
    let start = program.start(B256::repeat_byte(1));
    let state = start.state();
    assert_eq!((state.memory, state.pc), (program.memory_root(), program.entry()));
    assert_eq!(state.boot, B256::repeat_byte(1));
    assert_eq!(
        &state.encode()[128..],
        [&[0; 5][..], &program.entry().to_be_bytes(), &[0; 126]].concat()
    );
    // A header of the file is part of its first segment.
    let machine = Machine::new(&program, B256::ZERO);
    assert_eq!(machine.memory().get::<4>(0x20_0000), *b"\x7fELF");
}

/// The workload with some bytes overwritten.
fn with(changes: &[(usize, &[u8])]) -> Result<Program, ProgramError> {
    let mut file = WORKLOAD.to_vec();
    for (at, bytes) in changes {
        file[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    Program::parse(&file)
}

#[test]
fn what_is_no_program_is_refused() {
    const HEADERS: usize = 52;
    let check = |changes: &[(usize, &[u8])], error| assert_eq!(with(changes).unwrap_err(), error);
    check(&[(0, b"MZ")], ProgramError::NotElf);
    check(&[(4, &[2])], ProgramError::Machine); // 64 bits
    check(&[(5, &[2])], ProgramError::Machine); // big-endian
    check(&[(18, &[62])], ProgramError::Machine); // x86
    check(&[(16, &[1])], ProgramError::NotExecutable); // an object
    check(&[(16, &[3])], ProgramError::NotExecutable); // a library
    check(&[(HEADERS, &[2])], ProgramError::NotExecutable); // with a dynamic section
    check(&[(HEADERS, &[3])], ProgramError::NotExecutable); // with an interpreter
    check(&[(36, &[1])], ProgramError::Flags(1)); // compressed instructions
    check(&[(28, &[0xff; 4])], ProgramError::Truncated);
    check(&[(44, &[0xff; 2])], ProgramError::Truncated);
    // The second header is of the first segment that is loaded.
    let second = HEADERS + 32;
    check(&[(second + 4, &[0xff; 4])], ProgramError::Truncated);
    check(&[(second + 20, &[1, 0, 0, 0])], ProgramError::Segment(0x20_0000)); // smaller than its contents
    check(&[(second + 20, &[0xff; 4])], ProgramError::Segment(0x20_0000)); // past the end
    check(&[(second + 20, &[0, 0x20, 0, 0])], ProgramError::Segment(0x20_10f4)); // over the next
    let entry = u32::from_le_bytes(WORKLOAD[24..28].try_into().unwrap());
    for wrong in [entry + 2, entry + 1, 0, 0x100_0000] {
        check(&[(24, &wrong.to_le_bytes())], ProgramError::Entry(wrong));
    }
    for length in [0, 3, 4, 20, 51, 52, 100, 5_000] {
        Program::parse(&WORKLOAD[..length]).unwrap_err();
    }
}

#[test]
fn a_segment_may_end_with_the_memory() {
    let second = 52 + 32;
    let size = u32::from_le_bytes(WORKLOAD[second + 16..][..4].try_into().unwrap());
    let at = 0u32.wrapping_sub(size);
    let program = with(&[(second + 8, &at.to_le_bytes())]).unwrap();
    let machine = Machine::new(&program, B256::ZERO);
    let last = WORKLOAD[size as usize - 1];
    assert_eq!(machine.memory().get::<1>(u32::MAX), [last]);
}
