//! What the chain pays to L1 and what its users pay for it: from the batches on L1, not from an estimate.

use crate::{Error, backend::NodeBackend};
use alloy_primitives::U256;
use mezz_evm::{Charges, L2Config};
use mezz_rpc::RpcError;
use mezz_settlement::PostedBatch;
use mezz_storage::Store;
use revm::database_interface::WrapDatabaseRef;
use serde_json::{Value, json};

/// Batches in one answer, and how many when nobody says.
const BATCHES_MAX: u64 = 64;
const BATCHES: u64 = 16;

/// What one batch cost and brought. Fees are in wei.
#[derive(Debug, Default, Clone)]
struct Cost {
    transactions: u64,
    gas_used: u64,
    blob_gas_used: u64,
    paid: U256,
    collected: U256,
}

/// The newest batches that were derived, newest first, and their sum.
pub(crate) async fn of_batches(node: &NodeBackend, count: Option<u64>) -> Result<Value, RpcError> {
    let count = count.unwrap_or(BATCHES);
    if count > BATCHES_MAX {
        return Err(RpcError::invalid_params(format!("at most {BATCHES_MAX} batches at a time")));
    }
    let batches: Vec<PostedBatch> = {
        let settlement = node.settlement.read();
        let derived = settlement.derived() as usize;
        let newest = settlement.inbox().batches().iter().take(derived).rev();
        newest.take(count as usize).cloned().collect()
    };
    let (mut total, mut rows) = (Cost::default(), Vec::new());
    for batch in &batches {
        let cost = of_batch(node, batch).await.map_err(RpcError::internal)?;
        total.transactions += cost.transactions;
        total.gas_used += cost.gas_used;
        total.blob_gas_used += cost.blob_gas_used;
        total.paid += cost.paid;
        total.collected += cost.collected;
        let mut row = json!({
            "index": batch.header.index, "firstBlock": batch.header.first_block, "lastBlock": batch.header.last_block(),
            "daType": batch.header.da_type, "transaction": batch.transaction,
        });
        extend(&mut row, &cost);
        rows.push(row);
    }
    let mut sum = json!({});
    extend(&mut sum, &total);
    Ok(json!({ "batches": rows, "total": sum }))
}

fn extend(value: &mut Value, cost: &Cost) {
    value["transactions"] = json!(cost.transactions);
    value["l1GasUsed"] = json!(cost.gas_used);
    value["l1BlobGasUsed"] = json!(cost.blob_gas_used);
    value["l1FeePaid"] = json!(cost.paid);
    value["l1FeeCollected"] = json!(cost.collected);
    let each = cost.paid.checked_div(U256::from(cost.transactions));
    value["l1FeePaidPerTransaction"] = json!(each);
}

async fn of_batch(node: &NodeBackend, batch: &PostedBatch) -> Result<Cost, Error> {
    let receipt = node.client.receipt(batch.transaction).await?;
    let (store, header) = (node.store.clone(), batch.header);
    let collected = tokio::task::spawn_blocking(move || {
        collected(&store, header.first_block, header.last_block())
    });
    let (transactions, collected) = match collected.await {
        Ok(done) => done?,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    };
    let mut cost = Cost { transactions, collected, ..Cost::default() };
    // A reorg of L1 between the two questions leaves the batch without a receipt, and without a cost.
    if let Some(receipt) = receipt {
        cost.gas_used = receipt.gas_used;
        cost.blob_gas_used = receipt.blob_gas_used.unwrap_or_default();
        let price = |gas: u64, price: u128| U256::from(gas) * U256::from(price);
        cost.paid = price(cost.gas_used, receipt.effective_gas_price)
            + price(cost.blob_gas_used, receipt.blob_gas_price.unwrap_or_default());
    }
    Ok(cost)
}

/// Transactions that users signed in these blocks, and the L1 fees that they paid.
fn collected(store: &Store, first: u64, last: u64) -> Result<(u64, U256), Error> {
    let (mut count, mut fees) = (0, U256::ZERO);
    for number in first..=last {
        let block = store.block(number)?.ok_or(Error::MissingBlock { number })?;
        let mut signed = block.transactions.iter().filter(|tx| !tx.is_deposit()).peekable();
        if signed.peek().is_none() {
            continue;
        }
        let state =
            store.state_at(number - 1)?.ok_or(Error::MissingBlock { number: number - 1 })?;
        let config = L2Config::read(&mut WrapDatabaseRef(state))?;
        for transaction in signed {
            count += 1;
            fees += Charges::new(&config, transaction.standing()).l1_fee;
        }
    }
    Ok((count, fees))
}
