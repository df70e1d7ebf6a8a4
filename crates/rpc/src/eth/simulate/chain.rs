//! The chain of a simulation: which blocks, with which headers.

use crate::{RpcError, evm::Scene, node::Node, shape::saturate};
use alloy::{
    eips::{eip1559::BaseFeeParams, eip7702::SignedAuthorization},
    primitives::{B256, Bytes, U256},
    rpc::types::{BlockOverrides, TransactionRequest, simulate::SimBlock, state::StateOverride},
};
use mezz_evm::{BLOB_PARAMS, BlockEnvironment, L2Config, Layer, next_base_fee};
use mezz_storage::Block;
use revm::context::{TxEnv, either::Either};

/// Blocks that one request may simulate, those in gaps included.
const BLOCKS_MAX: u64 = 256;
/// Seconds between blocks that do not say.
const BLOCK_SECONDS: u64 = 12;

/// One block to simulate. Its number and time are in the overrides.
pub(super) struct Step {
    pub(super) number: u64,
    pub(super) timestamp: u64,
    pub(super) overrides: BlockOverrides,
    pub(super) state: Option<StateOverride>,
    pub(super) calls: Vec<TransactionRequest>,
}

/// The blocks of a request with their numbers and times, and empty ones where numbers are left out.
pub(super) fn steps(base: &Block, wanted: &[SimBlock]) -> Result<Vec<Step>, RpcError> {
    if wanted.is_empty() {
        return Err(RpcError::invalid_params("empty input"));
    }
    if wanted.len() as u64 > BLOCKS_MAX {
        return Err(too_many());
    }
    let (mut number, mut timestamp) = (base.header.number, base.header.timestamp);
    let mut steps = Vec::new();
    for block in wanted {
        let overrides = block.block_overrides.clone().unwrap_or_default();
        let next = overrides.number.map_or(number + 1, saturate);
        if next <= number {
            return Err(RpcError::new(
                -38020,
                format!("block numbers must be in order: {next} <= {number}"),
            ));
        }
        if next - base.header.number > BLOCKS_MAX {
            return Err(too_many());
        }
        for gap in number + 1..next {
            timestamp = timestamp.saturating_add(BLOCK_SECONDS);
            steps.push(Step {
                number: gap,
                timestamp,
                overrides: BlockOverrides::default(),
                state: None,
                calls: Vec::new(),
            });
        }
        let time = overrides.time.unwrap_or_else(|| timestamp.saturating_add(BLOCK_SECONDS));
        if time <= timestamp {
            return Err(RpcError::new(
                -38021,
                format!("block timestamps must be in order: {time} <= {timestamp}"),
            ));
        }
        (number, timestamp) = (next, time);
        steps.push(Step {
            number,
            timestamp,
            overrides,
            state: block.state_overrides.clone(),
            calls: block.calls.clone(),
        });
    }
    Ok(steps)
}

fn too_many() -> RpcError {
    RpcError::new(-38026, format!("too many blocks: {BLOCKS_MAX} are allowed"))
}

/// What the block of `step` on `parent` is executed in.
pub(super) fn environment(
    node: &Node,
    parent: &Block,
    step: &Step,
    scene: &mut Scene,
    validation: bool,
) -> Result<BlockEnvironment, RpcError> {
    let header = &parent.header;
    let chain = node.backend.store().chain();
    let l2 = match chain.layer {
        Layer::One => None,
        Layer::Two => Some(L2Config::read(&mut scene.db)?),
    };
    let overrides = &step.overrides;
    let base_fee = match (overrides.base_fee, validation) {
        (Some(fee), _) => saturate(fee),
        (None, false) => 0,
        (None, true) => match &l2 {
            Some(config) => next_base_fee(header, config),
            None => header.next_block_base_fee(BaseFeeParams::ethereum()).unwrap_or_default(),
        },
    };
    let excess_blob_gas = match chain.layer {
        Layer::One => BLOB_PARAMS.next_block_excess_blob_gas_osaka(
            header.excess_blob_gas.unwrap_or_default(),
            header.blob_gas_used.unwrap_or_default(),
            header.base_fee_per_gas.unwrap_or_default(),
        ),
        Layer::Two => 0,
    };
    Ok(BlockEnvironment {
        number: step.number,
        parent_hash: parent.hash,
        timestamp: step.timestamp,
        beneficiary: overrides.coinbase.unwrap_or(header.beneficiary),
        gas_limit: overrides.gas_limit.unwrap_or(header.gas_limit),
        base_fee,
        prev_randao: overrides.random.unwrap_or(B256::ZERO),
        extra_data: Bytes::new(),
        queue_index: u64::from_be_bytes(header.nonce.0),
        parent_beacon_block_root: overrides.beacon_root.unwrap_or(B256::ZERO),
        excess_blob_gas,
        l2,
    })
}

/// The signed authorizations of a call, as its transaction lists them.
pub(super) fn authorizations(tx: &TxEnv) -> Vec<SignedAuthorization> {
    let unsigned = |authorization: &Either<
        SignedAuthorization,
        revm::context::transaction::RecoveredAuthorization,
    >| match authorization {
        Either::Left(signed) => signed.clone(),
        Either::Right(recovered) => {
            SignedAuthorization::new_unchecked((**recovered).clone(), 0, U256::ZERO, U256::ZERO)
        }
    };
    tx.authorization_list.iter().map(unsigned).collect()
}
