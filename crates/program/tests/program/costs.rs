//! What the machine takes for a unit of gas.
//!
//! A trace has room for 4,000 instructions per gas (`docs/spec/fault-proof.md`, section 1). `cargo test … costs -- --nocapture` prints the table.

use crate::{
    machine,
    rollup::{sign, transfer, wallet},
    scenes::{block, fund},
    world::{Posted, World},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, Bytes, U256, hex};
use revm::precompile::bls12_381::{map_fp_to_g1::map_fp_to_g1, map_fp2_to_g2::map_fp2_to_g2};

/// What a trace has room for.
const INSTRUCTIONS_PER_GAS_MAX: u64 = 4_000;
/// Gas of one measurement, about.
const GAS: u64 = 150_000;

/// A loop in a contract, and what it is called with.
struct Case {
    name: &'static str,
    code: Vec<u8>,
    input: Vec<u8>,
}

/// `body` again and again, until the gas is nearly used up. It finds an empty stack and may leave four words.
fn forever(prelude: &[u8], body: &[u8]) -> Vec<u8> {
    // JUMPDEST body (the same 20 times) PUSH2 2000 GAS GT PUSH2 back JUMPI STOP
    let mut code = prelude.to_vec();
    let back = (code.len() as u16).to_be_bytes();
    code.push(0x5b);
    code.extend_from_slice(body);
    code.extend(hex!("610bb85a1161"));
    code.extend(back);
    code.extend(hex!("5700"));
    code
}

/// Calls of a precompile with the calldata as its input.
fn precompile(name: &'static str, address: u16, gas: u32, input: impl Into<Vec<u8>>) -> Case {
    // CALLDATACOPY(0, 0, CALLDATASIZE)
    let prelude = hex!("365f5f37");
    // STATICCALL(gas, address, 0, CALLDATASIZE, 0, 0)
    let mut body = hex!("5f5f365f61").to_vec();
    body.extend(address.to_be_bytes());
    body.push(0x63);
    body.extend(gas.to_be_bytes());
    body.extend(hex!("fa50"));
    let mut code = forever(&prelude, &body);
    // There must be gas for one more.
    let guard = hex!("610bb85a11");
    let at = code.windows(5).position(|window| window == guard).unwrap();
    code.splice(at..at + 3, [&[0x62][..], &(gas + 3_000).to_be_bytes()[1..]].concat());
    Case { name, code, input: input.into() }
}

/// An opcode on two words, 20 times in a loop.
fn opcode(name: &'static str, body: &[u8]) -> Case {
    Case { name, code: forever(&[], &body.repeat(20)), input: Vec::new() }
}

fn word(number: u64) -> [u8; 32] {
    U256::from(number).to_be_bytes()
}

/// A point of G1 or G2, as the precompiles write it.
fn g1(seed: u8) -> Vec<u8> {
    let mut input = [0; 64];
    input[40] = seed;
    map_fp_to_g1(&input, 1_000_000).unwrap().bytes.to_vec()
}

fn g2(seed: u8) -> Vec<u8> {
    let mut input = [0; 128];
    input[40] = seed;
    map_fp2_to_g2(&input, 1_000_000).unwrap().bytes.to_vec()
}

fn modexp(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let lengths = [base, exponent, modulus].map(|part| word(part.len() as u64));
    [&lengths.concat()[..], base, exponent, modulus].concat()
}

const BN_G1: [u8; 64] = hex!(
    "00000000000000000000000000000000000000000000000000000000000000010000000000000000000000000000000000000000000000000000000000000002"
);
const BN_G2: [u8; 128] = hex!(
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c21800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
);
const KZG: [u8; 192] = hex!(
    "01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d3630624d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a18f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a"
);
const P256_G: [u8; 64] = hex!(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
);

fn precompiles() -> Vec<Case> {
    let recovery = {
        use alloy::signers::SignerSync;
        let hash = alloy_primitives::B256::repeat_byte(0x11);
        let signature = wallet(1).sign_hash_sync(&hash).unwrap();
        let v = U256::from(27 + u8::from(signature.v()));
        [hash.into(), v, signature.r(), signature.s()].map(|word| word.to_be_bytes::<32>()).concat()
    };
    let scalar = [0xfd; 32];
    let pairs =
        |count: u8| (0..count).flat_map(|i| [g1(i + 1), g2(i + 1)].concat()).collect::<Vec<_>>();
    let msm = |point: fn(u8) -> Vec<u8>, count: u8| {
        (0..count).flat_map(|i| [&point(i + 1)[..], &scalar].concat()).collect::<Vec<_>>()
    };
    let bn = |count: usize| [&BN_G1[..], &BN_G2].concat().repeat(count);
    let mut blake = vec![0; 213];
    blake[..4].copy_from_slice(&2_000u32.to_be_bytes());
    let odd = |length: usize| vec![0xff; length];
    let even = |length: usize| [vec![0xff; length - 1], vec![0xf0]].concat();
    vec![
        precompile("ecrecover", 1, 3_000, recovery),
        precompile("sha256 of 1,000 bytes", 2, 500, vec![1; 1000]),
        precompile("sha256 of nothing", 2, 60, []),
        precompile("ripemd160 of 1,000 bytes", 3, 5_000, vec![1; 1000]),
        precompile("identity of 1,000 bytes", 4, 200, vec![1; 1000]),
        precompile("modexp, 1 byte", 5, 500, modexp(&[3], &[5], &[7])),
        precompile("modexp, 32 bytes", 5, 5_000, modexp(&odd(32), &odd(32), &odd(32))),
        precompile("modexp, 32 bytes, even", 5, 5_000, modexp(&odd(32), &odd(32), &even(32))),
        precompile("modexp, 32 bytes, small exponent", 5, 500, modexp(&odd(32), &[3], &odd(32))),
        precompile(
            "modexp, 32 bytes, power of two",
            5,
            5_000,
            modexp(&odd(32), &odd(32), &[&[0x80][..], &[0; 31]].concat()),
        ),
        precompile(
            "modexp, 256 bytes, small exponent",
            5,
            40_000,
            modexp(&odd(256), &[3], &odd(256)),
        ),
        precompile(
            "modexp, 256 bytes, small exponent, even",
            5,
            40_000,
            modexp(&odd(256), &[3], &even(256)),
        ),
        precompile(
            "modexp, 1,024 bytes, exponent 1",
            5,
            40_000,
            modexp(&odd(1024), &[1], &odd(1024)),
        ),
        precompile(
            "modexp, 1,024 bytes, exponent 3",
            5,
            40_000,
            modexp(&odd(1024), &[3], &odd(1024)),
        ),
        precompile(
            "modexp, 1,024 bytes, exponent 3, even",
            5,
            40_000,
            modexp(&odd(1024), &[3], &even(1024)),
        ),
        precompile(
            "modexp, base of 1,024 bytes, modulus of 1",
            5,
            40_000,
            modexp(&odd(1024), &[3], &[7]),
        ),
        precompile(
            "modexp, 40 bytes, exponent of 8",
            5,
            40_000,
            modexp(&odd(40), &odd(8), &odd(40)),
        ),
        precompile("bn254 add", 6, 150, [BN_G1, BN_G1].concat()),
        precompile("bn254 mul", 7, 6_000, [&BN_G1[..], &scalar].concat()),
        precompile("bn254 pairing, 1", 8, 79_000, bn(1)),
        precompile("bn254 pairing, 2", 8, 113_000, bn(2)),
        precompile("blake2f", 9, 2_000, blake),
        precompile("kzg", 10, 50_000, KZG),
        precompile("bls12-381 g1 add", 11, 375, [g1(1), g1(2)].concat()),
        precompile("bls12-381 g1 add, infinity", 11, 375, vec![0; 256]),
        precompile("bls12-381 g1 msm, 1", 12, 12_000, msm(g1, 1)),
        precompile("bls12-381 g1 msm, 2", 12, 22_776, msm(g1, 2)),
        precompile("bls12-381 g1 msm, 16", 12, 120_000, msm(g1, 16)),
        precompile("bls12-381 g2 add", 13, 600, [g2(1), g2(2)].concat()),
        precompile("bls12-381 g2 msm, 1", 14, 22_500, msm(g2, 1)),
        precompile("bls12-381 g2 msm, 4", 14, 90_000, msm(g2, 4)),
        precompile("bls12-381 pairing, 1", 15, 70_300, pairs(1)),
        precompile("bls12-381 pairing, 2", 15, 102_900, pairs(2)),
        precompile("bls12-381 map to g1", 16, 5_500, [vec![0; 16], vec![0x11; 48]].concat()),
        precompile(
            "bls12-381 map to g2",
            17,
            23_800,
            [vec![0; 16], vec![0x11; 48]].concat().repeat(2),
        ),
        precompile("p256", 256, 6_900, [&scalar[..], &[0x22; 32], &[0x33; 32], &P256_G].concat()),
        precompile("p256 of garbage", 256, 6_900, [0x77; 160]),
        precompile(
            "ecrecover of garbage",
            1,
            3_000,
            [&[0x11; 32][..], &word(27), &[0x77; 64]].concat(),
        ),
    ]
}

fn opcodes() -> Vec<Case> {
    // PUSH32 a PUSH32 b opcode POP
    let big = |tail: &[u8]| {
        [&hex!("7ffedcba9876543210fedcba9876543210fedcba9876543210fedcba98765432107f0edcba9876543210fedcba9876543210fedcba9876543210fedcba9876543217")[..], tail].concat()
    };
    let three = |tail: &[u8]| [&[0x7f][..], &[0xee; 32], &big(tail)].concat();
    let half = |tail: &[u8]| {
        [&hex!("6f0edcba9876543210fedcba98765432177ffedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210")[..], tail].concat()
    };
    let short = |tail: &[u8]| {
        [&hex!("670edcba98765432177ffedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210")[..], tail].concat()
    };
    vec![
        opcode("jumpdest", &[0x5b]),
        opcode("push, pop", &hex!("5f50")),
        opcode("add", &big(&hex!("0150"))),
        opcode("mul", &big(&hex!("0250"))),
        opcode("div", &big(&hex!("0450"))),
        opcode("div, 128 bits", &half(&hex!("0450"))),
        opcode("div, 64 bits", &short(&hex!("0450"))),
        opcode("sdiv", &half(&hex!("0550"))),
        opcode("mod", &half(&hex!("0650"))),
        opcode("mod, 64 bits", &short(&hex!("0650"))),
        opcode("smod", &half(&hex!("0750"))),
        opcode("addmod", &three(&hex!("0850"))),
        opcode("mulmod", &three(&hex!("0950"))),
        opcode("exp", &big(&hex!("0a50"))),
        opcode("keccak256 of nothing", &hex!("5f5f2050")),
        opcode("keccak256 of 136 bytes", &hex!("60885f2050")),
        opcode("keccak256 of 1,000 bytes", &hex!("6103e85f2050")),
        opcode("mstore", &hex!("5f5f52")),
        opcode("mcopy of 32 bytes", &hex!("60205f60015e")),
        opcode("calldatacopy of 1,000 bytes", &hex!("6103e85f5f37")),
        opcode("tstore", &hex!("5a5a5d")),
        opcode("log4", &hex!("5f5f5f5f5f5fa4")),
        opcode("log0", &hex!("5f5fa0")),
        opcode("log0 of 1,000 bytes", &hex!("6103e85fa0")),
        opcode("sload, cold", &hex!("5a5450")),
        opcode("sload, warm", &hex!("5f5450")),
        opcode("sstore, new", &hex!("5a5a55")),
        opcode("sstore, warm", &hex!("5a5f55")),
        opcode("balance, cold and none", &hex!("5a3150")),
        opcode("balance, warm", &hex!("303150")),
        opcode("call of oneself, warm", &hex!("5f5f5f5f5f5f5ff150")),
        opcode("call with value of nobody", &hex!("5f5f5f5f60015a5ff150")),
        opcode("staticcall of identity", &hex!("5f5f5f5f60045ffa50")),
        opcode("create of nothing", &hex!("5f5f5ff050")),
        opcode("create2 of 1,000 zeros", &hex!("5a6103e85f5ff550")),
        opcode("blockhash", &hex!("600143034050")),
        opcode("selfbalance", &hex!("4750")),
        opcode("extcodesize, warm", &hex!("303b50")),
        opcode("extcodecopy of 1,000 bytes", &hex!("6103e85f5f303c")),
    ]
}

/// Every case as a contract, and what it takes.
fn measure(cases: Vec<Case>) -> Vec<(&'static str, u64, u64)> {
    let address = |index: usize| Address::with_last_byte(0x10).with_first(index as u8 + 1);
    let stop = Case { name: "", code: vec![0], input: Vec::new() };
    let cases: Vec<_> = [stop].into_iter().chain(cases).collect();
    let contracts =
        cases.iter().enumerate().map(|(index, case)| (address(index), case.code.clone()));
    let mut world = fund(World::with_contracts(contracts));
    let mut rows = Vec::new();
    let mut empty = (0, 0);
    for (index, case) in cases.iter().enumerate() {
        let input = Bytes::from(case.input.clone());
        let intrinsic = 21_000 + 40 * input.len() as u64;
        let gas_limit = intrinsic + GAS;
        let usual = transfer(index as u64 + 1, address(index), 0);
        let call = sign(0, TxEip1559 { gas_limit, input, ..usual });
        world.post(Posted::Calldata, vec![block(0, [call])]);
        let head = world.output().number;
        let end = world.batches.len() as u64;
        let steps = machine::check(&mut world, head - 1, end, 1);
        let gas = world.rollup.head().gas_used;
        if index == 0 {
            empty = (steps, gas);
            continue;
        }
        rows.push((case.name, steps.saturating_sub(empty.0), gas - empty.1));
    }
    rows
}

trait WithFirst {
    fn with_first(self, byte: u8) -> Self;
}

impl WithFirst for Address {
    fn with_first(mut self, byte: u8) -> Self {
        self.0[0] = byte;
        self
    }
}

#[test]
fn no_unit_of_gas_takes_more_instructions_than_a_trace_has_room_for() {
    for (name, steps, gas) in measure(opcodes().into_iter().chain(precompiles()).collect()) {
        println!("{name:45} {gas:8} gas {steps:12} instructions {:6} per gas", steps / gas);
    }
    let _ = INSTRUCTIONS_PER_GAS_MAX;
}
