//! Prices.

use crate::{
    RpcError,
    node::Node,
    shape::{effective_gas_price, gas_used, quantity, quantity_128},
    wire::{Answer, Params, json},
    workers::Deadline,
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{U64, U128},
};
use mezz_evm::{BLOB_PARAMS, Layer};
use mezz_storage::Block;
use serde::Serialize;

/// Percentiles that one request may ask for.
const PERCENTILES_MAX: usize = 100;

/// `eth_gasPrice`: the base fee of the next block and the suggested tip.
pub(super) fn gas_price(node: &Node, _: &Params<'_>) -> Answer {
    let fees = node.backend.fees();
    json(&quantity(fees.base_fee.saturating_add(fees.tip)))
}

/// `eth_maxPriorityFeePerGas`.
pub(super) fn max_priority_fee_per_gas(node: &Node, _: &Params<'_>) -> Answer {
    json(&quantity(node.backend.fees().tip))
}

/// `eth_baseFee`: of the next block.
pub(super) fn base_fee(node: &Node, _: &Params<'_>) -> Answer {
    json(&quantity(node.backend.fees().base_fee))
}

/// `eth_blobBaseFee`: of the next block.
pub(super) fn blob_base_fee(node: &Node, _: &Params<'_>) -> Answer {
    json(&quantity_128(node.backend.fees().blob_base_fee))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FeeHistory {
    oldest_block: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<Vec<Vec<U128>>>,
    base_fee_per_gas: Vec<U64>,
    gas_used_ratio: Vec<f64>,
    base_fee_per_blob_gas: Vec<U128>,
    blob_gas_used_ratio: Vec<f64>,
}

/// `eth_feeHistory`.
pub(super) fn fee_history(node: &Node, params: &Params<'_>) -> Answer {
    let wanted = match params.get::<U64>(0) {
        Ok(count) => count.to::<u64>(),
        // Older clients send a plain number.
        Err(error) => params.get::<u64>(0).map_err(|_| error)?,
    };
    let newest = node.number(params.get::<BlockNumberOrTag>(1)?).min(node.backend.heads().latest);
    let percentiles: Vec<f64> = params.optional(2)?.unwrap_or_default();
    check_percentiles(&percentiles)?;
    let count = wanted.min(node.limits.fee_history_blocks_max).min(newest + 1);
    let oldest = newest + 1 - count;
    let deadline = Deadline::after(node.limits.call_time_max);
    let mut history = FeeHistory {
        oldest_block: quantity(if count == 0 { 0 } else { oldest }),
        reward: (!percentiles.is_empty()).then(Vec::new),
        base_fee_per_gas: Vec::new(),
        gas_used_ratio: Vec::new(),
        base_fee_per_blob_gas: Vec::new(),
        blob_gas_used_ratio: Vec::new(),
    };
    for number in oldest..oldest + count {
        deadline.check()?;
        let block =
            node.backend.store().block(number)?.ok_or_else(|| RpcError::block_not_found(number))?;
        history.add(node, &block);
        if let Some(reward) = &mut history.reward {
            reward.push(rewards(&block, &percentiles));
        }
        if number == newest {
            history.add_next(node, &block)?;
        }
    }
    json(&history)
}

impl FeeHistory {
    fn add(&mut self, node: &Node, block: &Block) {
        let header = &block.header;
        let blob_gas_max = match node.backend.store().chain().layer {
            Layer::One => BLOB_PARAMS.max_blob_gas_per_block(),
            Layer::Two => 0,
        };
        self.base_fee_per_gas.push(quantity(header.base_fee_per_gas.unwrap_or_default()));
        self.gas_used_ratio.push(ratio(header.gas_used, header.gas_limit));
        self.base_fee_per_blob_gas
            .push(blob_price(node, header.excess_blob_gas.unwrap_or_default()));
        self.blob_gas_used_ratio
            .push(ratio(header.blob_gas_used.unwrap_or_default(), blob_gas_max));
    }

    /// The prices of the block after the last one.
    fn add_next(&mut self, node: &Node, last: &Block) -> Result<(), RpcError> {
        let known = node.backend.store().header(last.header.number + 1)?;
        let (base_fee, blob) = match known {
            Some(next) => (
                next.base_fee_per_gas.unwrap_or_default(),
                blob_price(node, next.excess_blob_gas.unwrap_or_default()),
            ),
            None => {
                let fees = node.backend.fees();
                (fees.base_fee, quantity_128(fees.blob_base_fee))
            }
        };
        self.base_fee_per_gas.push(quantity(base_fee));
        self.base_fee_per_blob_gas.push(blob);
        Ok(())
    }
}

fn blob_price(node: &Node, excess_blob_gas: u64) -> U128 {
    quantity_128(match node.backend.store().chain().layer {
        Layer::One => BLOB_PARAMS.calc_blob_fee(excess_blob_gas),
        Layer::Two => 1,
    })
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn check_percentiles(percentiles: &[f64]) -> Result<(), RpcError> {
    if percentiles.len() > PERCENTILES_MAX {
        return Err(RpcError::limit(format!(
            "over the query limit {PERCENTILES_MAX}: too many percentiles"
        )));
    }
    let sound = percentiles.iter().all(|percentile| (0.0..=100.0).contains(percentile))
        && percentiles.is_sorted();
    sound.then_some(()).ok_or_else(|| {
        RpcError::invalid_params("invalid reward percentile: they must rise from 0 to 100")
    })
}

/// The tip at each percentile of the gas in a block.
fn rewards(block: &Block, percentiles: &[f64]) -> Vec<U128> {
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let mut tips: Vec<(u128, u64)> = (0..block.transactions.len())
        .filter(|index| !block.transactions[*index].is_deposit())
        .map(|index| {
            let price = effective_gas_price(&block.transactions[index], base_fee);
            (price.saturating_sub(base_fee.into()), gas_used(&block.receipts, index))
        })
        .collect();
    tips.sort_unstable();
    let total: u64 = tips.iter().map(|(_, gas)| gas).sum();
    let at = |percentile: &f64| {
        let threshold = (total as f64 * percentile / 100.0) as u64;
        let mut sum = 0;
        let reached = tips.iter().find(|(_, gas)| {
            sum += gas;
            sum >= threshold
        });
        quantity_128(reached.or(tips.last()).map_or(0, |(tip, _)| *tip))
    };
    percentiles.iter().map(at).collect()
}
