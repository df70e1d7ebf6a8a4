//! The opcodes, on operands that take them long.

use super::{Case, forever};
use crate::world::Contract;
use alloy_primitives::{Address, U256, hex};

/// Gas of a loop.
const GAS: u64 = 100_000;
/// Accounts and slots that exist, at the lowest addresses and keys: what `GAS` gives is one of them, and another each time.
const NEIGHBOURS: u64 = 1 << 17;
/// The largest contracts there may be, each with a code of its own.
const LARGE: u8 = 20;

/// An opcode 20 times in a loop.
fn opcode(name: &'static str, body: &[u8]) -> Case {
    Case { gas: GAS, ..dear(name, &body.repeat(20)) }
}

/// A dear opcode once in a loop.
fn dear(name: &'static str, body: &[u8]) -> Case {
    let code = forever(&[], body, 50_000);
    Case { name, code, input: Vec::new(), gas: 2 * GAS, slots: 0 }
}

/// An opcode in a contract with many slots.
fn storage(name: &'static str, body: &[u8]) -> Case {
    Case { slots: NEIGHBOURS, ..dear(name, body) }
}

/// A call with 100,000 bytes of memory as its input, but without gas to read them.
fn with_much_input(name: &'static str, address: u8) -> Case {
    // MSTORE8(100,000, 0)
    let prelude = hex!("5f620186a053");
    // STATICCALL(0, address, 0, 100,000, 0, 0)
    let body = [&hex!("5f5f620186a05f60")[..], &[address], &hex!("5ffa50")].concat();
    Case { code: forever(&prelude, &body.repeat(20), 50_000), ..dear(name, &[]) }
}

/// Something done to each of the large contracts.
fn large(name: &'static str, before: &[u8], after: &[u8]) -> Case {
    let each = |index| [before, &hex!("73"), large_address(index).as_slice(), after].concat();
    let code = (0..LARGE).flat_map(each).chain([0]).collect();
    Case { code, ..dear(name, &[]) }
}

fn large_address(index: u8) -> Address {
    Address::repeat_byte(0xd0 + index)
}

/// What else is on the chain.
pub(super) fn neighbours() -> impl Iterator<Item = Contract> {
    let account = |number: u64| Address::from_word(U256::from(number).into());
    let accounts = (0x1000..NEIGHBOURS).map(move |number| Contract::new(account(number), vec![]));
    let large = (0..LARGE).map(|index| {
        let mut code = vec![0x5b; 24_576];
        // The first opcode stops.
        (code[0], code[24_575]) = (0, index);
        Contract::new(large_address(index), code)
    });
    accounts.chain(large)
}

pub(super) fn cases() -> Vec<Case> {
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
        opcode("keccak256 of 32 bytes", &hex!("60205f2050")),
        opcode("keccak256 of 136 bytes", &hex!("60885f2050")),
        opcode("keccak256 of 1,000 bytes", &hex!("6103e85f2050")),
        opcode("mstore", &hex!("5f5f52")),
        opcode("mcopy of 32 bytes", &hex!("60205f60015e")),
        opcode("calldatacopy of 1,000 bytes", &hex!("6103e85f5f37")),
        opcode("tstore", &hex!("5a5a5d")),
        opcode("tload", &hex!("5a5c50")),
        dear("log0", &hex!("5f5fa0")),
        dear("log4", &hex!("5f5f5f5f5f5fa4")),
        dear("log0 of 1,000 bytes", &hex!("6103e85fa0")),
        storage("sload, cold", &hex!("5a5450")),
        storage("sload, warm", &hex!("5f5450")),
        storage("sstore, a changed slot", &hex!("5a5a55")),
        storage("sstore, a deleted slot", &hex!("5f5a55")),
        dear("sstore, a new slot", &hex!("5a5a55")),
        opcode("sstore, warm", &hex!("5a5f55")),
        dear("balance, cold", &hex!("5a3150")),
        opcode("balance, warm", &hex!("303150")),
        opcode("selfbalance", &hex!("4750")),
        opcode("call of oneself, warm", &hex!("5f5f5f5f5f305ff150")),
        dear("call with value, cold", &hex!("5f5f5f5f60015a5ff150")),
        dear("call with value, a new account", &hex!("5f5f5f5f60015a68010000000000000000015ff150")),
        opcode("staticcall of identity", &hex!("5f5f5f5f60045ffa50")),
        with_much_input("call of sha256 with 100,000 bytes and no gas", 2),
        with_much_input("call of identity with 100,000 bytes and no gas", 4),
        with_much_input("call of blake2f with 100,000 bytes and no gas", 9),
        with_much_input("call of modexp with 100,000 bytes and no gas", 5),
        with_much_input("call of a pairing with 100,000 bytes and no gas", 8),
        with_much_input("call of an msm with 100,000 bytes and no gas", 12),
        with_much_input("call of an account with 100,000 bytes and no gas", 0x77),
        dear("create of nothing", &hex!("5f5f5ff050")),
        dear("create2 of 49,152 zeros", &hex!("5a61c0005f5ff550")),
        opcode("blockhash", &hex!("600143034050")),
        opcode("extcodesize, warm", &hex!("303b50")),
        opcode("extcodecopy of 1,000 bytes", &hex!("6103e85f5f303c")),
        large("extcodesize of 24,576 bytes, cold", &[], &hex!("3b50")),
        large("call of 24,576 bytes, cold", &hex!("5f5f5f5f5f"), &hex!("5ff150")),
        large("extcodecopy of 24,576 bytes, cold", &hex!("6160005f5f"), &hex!("3c")),
    ]
}
