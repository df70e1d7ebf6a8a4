//! What a transaction pays on L2 beside its gas, and how the base fee moves.

use crate::L2Config;
use alloc::{vec, vec::Vec};
use alloy_consensus::Header;
use alloy_eips::eip1559::{BaseFeeParams, calc_next_block_base_fee};
use alloy_primitives::U256;

/// What one transaction pays beside its gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Charges {
    /// For its data on L1, wei.
    pub l1_fee: U256,
    /// Operator fee per million gas, wei.
    pub operator_scalar: u32,
    /// Operator fee per transaction, wei.
    pub operator_constant: u64,
}

impl Charges {
    /// What a transaction with these signed bytes pays in a block with this configuration.
    pub fn new(config: &L2Config, signed: &[u8]) -> Self {
        Self {
            l1_fee: l1_fee(config, signed),
            operator_scalar: config.operator_fee_scalar,
            operator_constant: config.operator_fee_constant,
        }
    }

    /// The operator fee for an amount of gas.
    pub fn operator(&self, gas: u64) -> U256 {
        operator_fee(self.operator_scalar, self.operator_constant, gas)
    }

    /// The most it can come to.
    pub fn upfront(&self, gas_limit: u64) -> U256 {
        self.l1_fee.saturating_add(self.operator(gas_limit))
    }
}

/// `gas * scalar / 1e6 + constant` (OP Isthmus).
pub fn operator_fee(scalar: u32, constant: u64, gas: u64) -> U256 {
    U256::from(gas) * U256::from(scalar) / U256::from(1_000_000) + U256::from(constant)
}

/// What the data of a transaction cost on L1 (Fjord's formula: a linear estimate from its FastLZ length).
pub fn l1_fee(config: &L2Config, signed: &[u8]) -> U256 {
    let price = U256::from(16)
        .saturating_mul(U256::from(config.base_fee_scalar))
        .saturating_mul(config.l1_base_fee)
        .saturating_add(
            U256::from(config.blob_base_fee_scalar).saturating_mul(config.l1_blob_base_fee),
        );
    if price.is_zero() {
        return U256::ZERO;
    }
    let size =
        (836_500 * u64::from(flz_compress_len(signed))).saturating_sub(42_585_600).max(100_000_000);
    U256::from(size).saturating_mul(price) / U256::from(1_000_000_000_000u64)
}

/// The base fee of the block after `parent`.
pub fn next_base_fee(parent: &Header, config: &L2Config) -> u64 {
    let params = BaseFeeParams::new(
        u128::from(config.denominator.max(1)),
        u128::from(config.elasticity.max(1)),
    );
    let parent_fee = parent.base_fee_per_gas.unwrap_or_default();
    calc_next_block_base_fee(
        parent.gas_used,
        parent.gas_limit.max(u64::from(config.elasticity.max(1))),
        parent_fee,
        params,
    )
    .max(config.min_base_fee)
}

const WINDOW: usize = 8192;
const RUN_MAX: u32 = 262;

/// The length that FastLZ (level 1, as Solady's `LibZip.flzCompress`) compresses `input` to.
///
/// It is a length only: the hash table finds three-byte repeats within the window, runs of literals cost one byte in 32, a match two or three.
pub fn flz_compress_len(input: &[u8]) -> u32 {
    let three = |at: usize| {
        u32::from(input[at]) | u32::from(input[at + 1]) << 8 | u32::from(input[at + 2]) << 16
    };
    let bucket =
        |sequence: u32| (sequence.wrapping_mul(2_654_435_769) >> 19) as usize & (WINDOW - 1);
    let limit = input.len().saturating_sub(13);
    let mut seen = Positions::new(input.len());
    let (mut size, mut anchor, mut at) = (0, 0, 2);
    while at < limit {
        let sequence = three(at);
        let candidate = seen.replace(bucket(sequence), at);
        at += 1;
        if at - 1 - candidate >= WINDOW || sequence != three(candidate) {
            continue;
        }
        if at >= limit {
            break;
        }
        at -= 1;
        size += literals((at - anchor) as u32);
        let matched = match_length(input, candidate + 3, at + 3, limit + 9);
        size += 3 * ((matched - 1) / RUN_MAX) + if (matched - 1) % RUN_MAX >= 6 { 3 } else { 2 };
        at += matched as usize;
        for _ in 0..2 {
            seen.replace(bucket(three(at)), at);
            at += 1;
        }
        anchor = at;
    }
    size + literals((input.len() - anchor) as u32)
}

/// The last position in each bucket, zero at first.
///
/// A usual transaction has a hundred positions: clearing a word for each of all the buckets would cost more than the rest of its execution where execution is proved.
struct Positions {
    /// By bucket if there are as many slots; else `(bucket + 1) << 16 | position` in the first free slot from there on.
    slots: Vec<u32>,
}

impl Positions {
    fn new(length: usize) -> Self {
        Self { slots: vec![0; (2 * length).next_power_of_two().min(WINDOW)] }
    }

    /// Notes a position, and gives the last one.
    fn replace(&mut self, bucket: usize, at: usize) -> usize {
        if self.slots.len() == WINDOW {
            return core::mem::replace(&mut self.slots[bucket], at as u32) as usize;
        }
        let (tag, mask) = ((bucket as u32 + 1) << 16, self.slots.len() - 1);
        let mut slot = bucket & mask;
        while self.slots[slot] != 0 && self.slots[slot] & 0xffff_0000 != tag {
            slot = (slot + 1) & mask;
        }
        (core::mem::replace(&mut self.slots[slot], tag | at as u32) & 0xffff) as usize
    }
}

/// Bytes that a run of literals takes: one more for each 32 begun.
const fn literals(count: u32) -> u32 {
    count + count.div_ceil(32)
}

/// How far the bytes at `a` and `b` agree, counting the first that does not, up to `end`.
fn match_length(input: &[u8], a: usize, b: usize, end: usize) -> u32 {
    let most = end - b;
    let equal = (0..most).take_while(|offset| input[a + offset] == input[b + offset]).count();
    (equal + 1).min(most) as u32
}
