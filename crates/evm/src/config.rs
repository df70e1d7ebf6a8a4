//! The configuration of an L2 block, read from the storage of `L1Block` in the parent's state.

use alloy_primitives::{B256, Bytes, U256};
use mezz_primitives::{FeeConfig, predeploys::L1_BLOCK};
use revm::Database;

/// Everything that `L1Block` tells the engine, fixed before the block (`docs/spec/execution.md` has the slots).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct L2Config {
    /// Gas of the block.
    pub gas_limit: u64,
    /// L1 base fee, wei.
    pub l1_base_fee: U256,
    /// L1 blob base fee, wei.
    pub l1_blob_base_fee: U256,
    /// Weight of the L1 base fee.
    pub base_fee_scalar: u32,
    /// Weight of the L1 blob base fee.
    pub blob_base_fee_scalar: u32,
    /// Operator fee per million gas, wei.
    pub operator_fee_scalar: u32,
    /// Operator fee per transaction, wei.
    pub operator_fee_constant: u64,
    /// EIP-1559 denominator.
    pub denominator: u32,
    /// EIP-1559 elasticity.
    pub elasticity: u32,
    /// Least base fee, wei.
    pub min_base_fee: u64,
    /// Randomness of the last L1 block known.
    pub prev_randao: B256,
}

impl L2Config {
    /// Reads the slots.
    pub fn read<D: Database>(db: &mut D) -> Result<Self, D::Error> {
        // A state reads storage through its account: load that first.
        db.basic(L1_BLOCK)?;
        let mut slot = |number: u64| {
            db.storage(L1_BLOCK, U256::from(number)).map(|value| (value, value.into_limbs()))
        };
        let scalars = slot(3)?.1;
        let operator = slot(8)?.1;
        let eip1559 = slot(9)?.1;
        Ok(Self {
            gas_limit: slot(6)?.1[0],
            l1_base_fee: slot(1)?.0,
            l1_blob_base_fee: slot(7)?.0,
            base_fee_scalar: (scalars[1] >> 32) as u32,
            blob_base_fee_scalar: scalars[1] as u32,
            operator_fee_scalar: operator[1] as u32,
            operator_fee_constant: operator[0],
            denominator: (eip1559[0] >> 32) as u32,
            elasticity: eip1559[0] as u32,
            min_base_fee: u64::try_from(slot(10)?.0).unwrap_or(u64::MAX),
            prev_randao: B256::from(slot(5)?.0),
        })
    }

    /// The slots of `L1Block` that a genesis with `fees` holds.
    pub fn genesis_slots(fees: &FeeConfig) -> [(U256, U256); 5] {
        let pack =
            |high: u64, shift: usize, low: u64| (U256::from(high) << shift) | U256::from(low);
        [
            (
                U256::from(3),
                (U256::from(fees.base_fee_scalar) << 96)
                    | (U256::from(fees.blob_base_fee_scalar) << 64),
            ),
            (U256::from(6), U256::from(fees.gas_limit)),
            (U256::from(8), pack(fees.operator_fee_scalar.into(), 64, fees.operator_fee_constant)),
            (
                U256::from(9),
                pack(fees.eip1559_denominator.into(), 32, fees.eip1559_elasticity.into()),
            ),
            (U256::from(10), U256::from(fees.min_base_fee)),
        ]
    }

    /// The header's `extraData`: version 0, denominator, elasticity (as OP Holocene).
    pub fn extra_data(&self) -> Bytes {
        let mut bytes = [0; 9];
        bytes[1..5].copy_from_slice(&self.denominator.to_be_bytes());
        bytes[5..].copy_from_slice(&self.elasticity.to_be_bytes());
        Bytes::copy_from_slice(&bytes)
    }
}
