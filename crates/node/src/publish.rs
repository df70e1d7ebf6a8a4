//! Publishing batches: to L1, or to the chain's data committee.

use crate::{
    Error,
    acts::{Acts, Done, blocking},
    batches,
    builder::header,
};
use alloy::rpc::types::TransactionReceipt;
use alloy_primitives::{B256, Bytes};
use mezz_da::{
    Choice,
    private::{PADDABLE_MAX, pad},
};
use mezz_derive::{Compressor, EncodeError, Layout, PAYLOAD_BLOBS_MAX};
use mezz_l1::{Call, contracts::Inbox as InboxContract};
use mezz_primitives::{CALLDATA_MAX, CHUNK_SIZE, CHUNKS_MAX, DaType, Fallback};
use mezz_settlement::{Event, Inbox, Role, Settlement};
use parking_lot::RwLock;
use std::sync::atomic::Ordering;

/// Blocks as one payload.
#[derive(Debug, Clone)]
struct Packed {
    first: u64,
    last: u64,
    /// What it has of the transactions.
    layout: Layout,
    payload: Vec<u8>,
}

impl Acts {
    /// Posts sealed blocks as the next batch: as many as fit. `unsigned` says that they may go without signatures.
    pub(crate) async fn publish(
        &self,
        settlement: &RwLock<Settlement>,
        (first, last): (u64, u64),
        unsigned: bool,
    ) -> Result<Done, Error> {
        let inbox = settlement.read().inbox().clone();
        let layout = match self.config.signatures {
            None => Layout::Signed,
            Some(_) if unsigned => Layout::Unsigned,
            Some(_) => Layout::Attributed,
        };
        // What the next batch must hold is not decided here: a message may be due in the blocks that find no room.
        let index = inbox.batches().len() as u64;
        let limited = |packed: &Packed| {
            let limit = Event::Limited { index, last: packed.last };
            (packed.last < last).then(|| Done::learnt(limit))
        };
        let Some(rules) = self.config.committee else {
            let (packed, choice) = self.fitting_l1(&inbox, (first, last), layout).await?;
            if let Some(limited) = limited(&packed) {
                return Ok(limited);
            }
            return self.post_to_l1(&inbox, packed, choice).await;
        };
        let l1_time = settlement.read().l1_head().time;
        let (asked, payload) = match self.asked_before(&inbox).await? {
            Some(asked) => asked,
            None => {
                let most = match self.private {
                    true => PADDABLE_MAX,
                    false => CHUNKS_MAX * CHUNK_SIZE,
                };
                let packed = self.fitting(&inbox, (first, last), layout, most).await?;
                if let Some(limited) = limited(&packed) {
                    return Ok(limited);
                }
                let Packed { first, last, layout, payload } = packed;
                // Its length and its hash are on L1.
                let payload = match self.private {
                    true => pad(&payload)?,
                    false => payload,
                };
                self.ask(&inbox, (first, last), layout == Layout::Unsigned, payload).await?
            }
        };
        match self.certify(&asked, &payload, l1_time).await {
            Ok(aux) => {
                let (first, last) = (asked.first, asked.last);
                let da_type = DaType::Committee.write(asked.unsigned);
                let call = self.post_batch(&inbox, (first, last), da_type, aux)?;
                let receipt = self.sender(Role::Batcher)?.send(call).await?;
                let posted = (first, last, asked.unsigned);
                self.count_batch(&receipt, payload.len(), posted, "committee");
                Ok(Done::sent(&receipt))
            }
            Err(error) if rules.fallback == Fallback::L1 && error.is_of_members() => {
                tracing::warn!(%error, "the committee does not certify; the batch goes to L1, where everybody can read it");
                self.metrics.fallbacks.increment();
                if let Some(members) = &self.members {
                    members.metrics().fallbacks.fetch_add(1, Ordering::Relaxed);
                }
                let (packed, choice) = self.fitting_l1(&inbox, (first, last), layout).await?;
                if let Some(limited) = limited(&packed) {
                    return Ok(limited);
                }
                self.post_to_l1(&inbox, packed, choice).await
            }
            Err(error) => Err(error),
        }
    }

    /// As many of the blocks as fit L1, and how they do that at the least cost.
    async fn fitting_l1(
        &self,
        inbox: &Inbox,
        (first, last): (u64, u64),
        layout: Layout,
    ) -> Result<(Packed, Choice), Error> {
        let capabilities = self.client.capabilities();
        // What could not be read back is not posted.
        let blobs = capabilities.blobs && capabilities.beacon;
        let prices = self.client.prices().await?;
        let most = match blobs && prices.blob_base_fee.is_some() {
            true => PAYLOAD_BLOBS_MAX,
            false => CALLDATA_MAX,
        };
        let packed = self.fitting(inbox, (first, last), layout, most).await?;
        let bytes = packed.payload.len();
        let choice = mezz_da::choose(bytes, prices.base_fee, prices.blob_base_fee, blobs);
        let choice = choice.ok_or(Error::TooLarge { number: first, bytes })?;
        Ok((packed, choice))
    }

    /// As many of the blocks as fit into `most` bytes.
    async fn fitting(
        &self,
        inbox: &Inbox,
        (first, mut last): (u64, u64),
        layout: Layout,
        most: usize,
    ) -> Result<Packed, Error> {
        loop {
            let blocks = last - first + 1;
            let fewer = match self.pack(inbox, (first, last), layout).await {
                Ok(payload) if payload.len() <= most => {
                    return Ok(Packed { first, last, layout, payload });
                }
                Ok(payload) if blocks == 1 => {
                    return Err(Error::TooLarge { number: first, bytes: payload.len() });
                }
                Ok(payload) => fewer(blocks, payload.len(), most),
                Err(Error::Encode(EncodeError::Length | EncodeError::TransactionCount))
                    if blocks > 1 =>
                {
                    blocks / 2
                }
                Err(error) => return Err(error),
            };
            last = first + fewer - 1;
        }
    }

    /// Encodes blocks `first..=last`.
    async fn pack(
        &self,
        inbox: &Inbox,
        blocks: (u64, u64),
        layout: Layout,
    ) -> Result<Vec<u8>, Error> {
        let (store, inbox, chain) = (self.store.clone(), inbox.clone(), self.config.l2_chain_id);
        blocking(move || {
            let batch = batches::batch(&store, &inbox, blocks, layout)?;
            Ok(mezz_derive::encode(&batch, chain, Compressor::Deflate)?)
        })
        .await
    }

    async fn post_to_l1(
        &self,
        inbox: &Inbox,
        packed: Packed,
        choice: Choice,
    ) -> Result<Done, Error> {
        let Packed { first, last, layout, payload } = packed;
        let (blocks, bytes) = ((first, last), payload.len());
        let unsigned = layout == Layout::Unsigned;
        let (call, how) = match choice {
            Choice::Calldata => {
                let da_type = DaType::Calldata.write(unsigned);
                (self.post_batch(inbox, blocks, da_type, payload.into())?, "calldata")
            }
            Choice::Blobs => {
                let data = self.data.clone();
                let sidecar = blocking(move || data.sidecar(&payload)).await?;
                let hashes: Vec<u8> = sidecar.versioned_hashes().flat_map(B256::from).collect();
                let da_type = DaType::Blobs.write(unsigned);
                let call = self.post_batch(inbox, blocks, da_type, hashes.into())?;
                (call.with_blobs(sidecar), "blobs")
            }
        };
        let receipt = self.sender(Role::Batcher)?.send(call).await?;
        self.count_batch(&receipt, bytes, (first, last, unsigned), how);
        Ok(Done::sent(&receipt))
    }

    /// The call that posts blocks as the next batch.
    fn post_batch(
        &self,
        inbox: &Inbox,
        (first, last): (u64, u64),
        da_type: u8,
        aux: Bytes,
    ) -> Result<Call, Error> {
        let q_end = batches::queue_index(&*header(&self.store, last)?);
        let queue_acc = inbox.queue_hash(q_end).ok_or(Error::Stale { number: last })?;
        let call = InboxContract::postBatchCall {
            daType: da_type,
            prevAcc: inbox.head().0,
            qEnd: q_end,
            queueAcc: queue_acc,
            blockCount: (last - first + 1) as u32,
            aux,
        };
        Ok(Call::to(self.contracts.inbox, &call))
    }

    fn count_batch(
        &self,
        receipt: &TransactionReceipt,
        bytes: usize,
        (first, last, unsigned): (u64, u64, bool),
        how: &str,
    ) {
        self.metrics.batches.increment();
        if unsigned {
            self.metrics.unsigned_batches.increment();
        }
        self.metrics.batch_bytes.add(bytes as u64);
        self.metrics.batch_gas.add(receipt.gas_used);
        let transaction = receipt.transaction_hash;
        tracing::info!(first, last, bytes, how, unsigned, gas = receipt.gas_used, %transaction, "batch posted");
    }
}

/// How many of more than one block to try next, of which all take `bytes` where there is room for `most`: nearly as many as fit if each takes the same.
fn fewer(blocks: u64, bytes: usize, most: usize) -> u64 {
    let share = u128::from(blocks) * most as u128 * 19 / (bytes as u128 * 20);
    u64::try_from(share).unwrap_or(blocks).clamp(1, blocks - 1)
}

#[cfg(test)]
mod tests {
    use super::fewer;

    #[test]
    fn a_batch_that_is_too_large_is_cut_to_what_fits() {
        for (blocks, bytes, most, expected) in [
            (100, 200, 100, 47),
            (100, 101, 100, 94),
            (300, 1_500_000, 750_000, 142),
            (2, 101, 100, 1),
            (5, 1_000_000, 10, 1),
        ] {
            assert_eq!(fewer(blocks, bytes, most), expected, "{blocks} of {bytes} into {most}");
        }
    }
}
