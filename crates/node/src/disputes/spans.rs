//! What the program is told of one span: everything that it will ask for.

use crate::{Error, acts::Acts, batches, builder::header};
use alloy_primitives::B256;
use mezz_derive::Blob;
use mezz_evm::{PartialState, execute};
use mezz_primitives::{
    BatchHeader, Boot, DaType, MessageKind, OpOutput, Output, PayloadId, Preimages,
    QueueAccumulator, QueueMessage, encode_blobs,
};
use mezz_program::KnownPreimages;
use mezz_riscv::{Opening, Openings};
use mezz_settlement::{Inbox, PostedBatch, Settlement};
use mezz_storage::Store;
use parking_lot::RwLock;
use std::sync::Arc;

/// One run of the program: the span of a claim's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Batches that the claim's parent covers.
    pub n0: u64,
    /// Batches that the claim covers.
    pub n1: u64,
    /// Which entry.
    pub index: u8,
}

/// A batch as the program reads it.
struct Posted {
    batch: PostedBatch,
    messages: Vec<(QueueAccumulator, QueueMessage)>,
    payload: Option<Vec<u8>>,
    blobs: Vec<(B256, Box<Blob>)>,
}

/// The preimages of a span, with the openings of its blobs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SpanPreimages(Arc<KnownPreimages>);

impl Preimages for SpanPreimages {
    fn keccak(&self, hash: B256) -> Option<alloy_primitives::Bytes> {
        self.0.keccak(hash)
    }

    fn element(&self, blob: B256, index: u32) -> Option<[u8; 32]> {
        self.0.element(blob, index)
    }
}

impl Openings for SpanPreimages {
    fn opening(&self, blob: B256, index: u32) -> Option<Opening> {
        let blob = self.0.blobs.get(&blob)?;
        let opening = mezz_da::opening(&alloy::eips::eip4844::Blob::new(**blob), index).ok()?;
        Some(Opening { commitment: opening.commitment, proof: opening.proof })
    }
}

/// Gathers what the run over a span asks for; also what it begins with.
pub(crate) async fn gather(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    span: Span,
) -> Result<(Boot, SpanPreimages), Error> {
    let covered = (span.n0, span.n1);
    let (boot, known) = gather_run(acts, settlement, covered, Some(span.index)).await?;
    Ok((boot, SpanPreimages(Arc::new(known))))
}

/// The same over one entry of a claim of the batches `n0..n1`, or over all of them.
pub(crate) async fn gather_run(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    (n0, n1): (u64, u64),
    entry: Option<u8>,
) -> Result<(Boot, KnownPreimages), Error> {
    let inbox = settlement.read().inbox().clone();
    let (first, last) = blocks(&inbox, (n0, n1), entry, acts.config.span);
    let boot = boot(acts, &inbox, (n0, n1), entry)?;
    let start = batches::output(&acts.store, &inbox, first - 1)?;
    let mut touched = Vec::new();
    for batch in inbox
        .batches()
        .iter()
        .filter(|batch| batch.header.first_block <= last && batch.header.last_block() >= first)
    {
        touched.push(read(acts, settlement, &inbox, batch).await?);
    }
    let (store, chain) = (acts.store.clone(), acts.config.l2_chain_id);
    crate::acts::blocking(move || {
        let mut known = KnownPreimages::default();
        known.insert(boot.encode());
        insert_output(&mut known, &store, &start)?;
        let mut before = inbox.acc_before(start.inbox_index).ok_or(Error::Reorged)?;
        let claimed = inbox.batches().iter().take(n1 as usize);
        for batch in claimed.skip(start.inbox_index as usize) {
            known.insert_batch(before, &batch.effective());
            before = batch.acc;
        }
        for posted in touched {
            insert_blocks(&mut known, &store, &posted, first..=last, chain)?;
            posted.insert(&mut known);
        }
        Ok((boot, known))
    })
    .await
}

/// A batch as posted: its header, the kinds of its messages, and its payload.
pub(crate) type AsPosted = (BatchHeader, Vec<MessageKind>, Option<Vec<u8>>);

/// The payloads of batches, with what leads to them.
pub(crate) async fn gather_batches(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    batches: Vec<PostedBatch>,
) -> Result<(Vec<AsPosted>, KnownPreimages), Error> {
    let inbox = settlement.read().inbox().clone();
    let (mut all, mut known) = (Vec::new(), KnownPreimages::default());
    for batch in batches {
        let posted = read(acts, settlement, &inbox, &batch).await?;
        let kinds = posted.messages.iter().map(|(_, message)| message.kind).collect();
        all.push((batch.header, kinds, posted.payload.clone()));
        posted.insert(&mut known);
    }
    Ok((all, known))
}

/// What a run over one entry of a claim begins with, or one over all of them.
pub(crate) fn boot(
    acts: &Acts,
    inbox: &Inbox,
    (n0, n1): (u64, u64),
    entry: Option<u8>,
) -> Result<Boot, Error> {
    let (first, _) = blocks(inbox, (n0, n1), entry, acts.config.span);
    Ok(Boot {
        chain_id: acts.config.l2_chain_id,
        start: batches::output(&acts.store, inbox, first - 1)?.hash(),
        acc: inbox.acc(n1).ok_or(Error::Reorged)?,
        end: n1,
        span: acts.config.span as u32,
    })
}

/// First and last block of such a run: none (`last < first`) where the claim ends before.
pub(crate) fn blocks(
    inbox: &Inbox,
    (n0, n1): (u64, u64),
    entry: Option<u8>,
    span: u64,
) -> (u64, u64) {
    let (start, end) = (inbox.last_block(n0), inbox.last_block(n1));
    let Some(entry) = entry else { return (start + 1, end) };
    let before = (start + u64::from(entry) * span).min(end);
    (before + 1, (before + span).min(end))
}

async fn read(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    inbox: &Inbox,
    batch: &PostedBatch,
) -> Result<Posted, Error> {
    let header = &batch.effective();
    let messages: Vec<_> = (header.q_start..header.q_end)
        .filter_map(|index| {
            let before = inbox.queue_acc(index)?;
            let entry = inbox.messages(index, index + 1).next()?;
            Some((before, entry.message.clone()))
        })
        .collect();
    if messages.len() as u64 != header.q_end - header.q_start {
        return Err(Error::Stale { number: header.first_block });
    }
    let payload = acts.payload(settlement, batch).await?;
    let blobs = match header.da_type {
        DaType::Blobs => acts.data.blobs(&acts.client, header, &batch.aux).await?,
        _ => Vec::new(),
    };
    let blobs = blobs.into_iter().map(|(hash, blob)| (hash, Box::new(blob.0))).collect();
    Ok(Posted { batch: batch.clone(), messages, payload, blobs })
}

impl Posted {
    fn insert(self, known: &mut KnownPreimages) {
        for (before, message) in &self.messages {
            known.insert_message(*before, message);
        }
        match self.batch.effective().da_type {
            DaType::Calldata => drop(known.insert(self.batch.aux)),
            DaType::Blobs => {
                let hashes: Vec<B256> = self.blobs.iter().map(|(hash, _)| *hash).collect();
                known.insert(encode_blobs(&hashes));
                self.blobs.into_iter().for_each(|(hash, blob)| known.insert_blob(hash, blob));
            }
            DaType::Committee => {
                // What is kept is of the form that its hash says: it was checked when it came.
                if let Some(payload) = &self.payload
                    && let Some(id) = PayloadId::of(payload)
                {
                    known.insert_committed(&id, payload);
                }
            }
            DaType::None | DaType::Unknown(_) => {}
        }
    }
}

/// An output, what its root is the hash of, and the header in that.
fn insert_output(known: &mut KnownPreimages, store: &Store, output: &Output) -> Result<(), Error> {
    let header = header(store, output.number)?;
    let root = OpOutput {
        state_root: header.state_root,
        message_passer_root: header.withdrawals_root.unwrap_or_default(),
        block_hash: header.hash_slow(),
    };
    known.insert(output.encode());
    known.insert(root.encode());
    known.insert(alloy::rlp::encode(header.as_ref()));
    Ok(())
}

/// What the execution of the blocks in `range` reads that are in this batch.
fn insert_blocks(
    known: &mut KnownPreimages,
    store: &Store,
    posted: &Posted,
    range: std::ops::RangeInclusive<u64>,
    chain: u64,
) -> Result<(), Error> {
    let batch = &posted.batch.effective();
    let messages: Vec<_> = posted.messages.iter().map(|(_, message)| message.clone()).collect();
    let before = header(store, batch.first_block - 1)?;
    let payload = posted.payload.as_deref();
    let inputs = mezz_derive::blocks(batch, before.timestamp, &messages, payload, chain);
    for (number, input) in (batch.first_block..).zip(inputs) {
        if !range.contains(&number) {
            continue;
        }
        let parent = header(store, number - 1)?;
        let state =
            store.state_at(number - 1)?.ok_or(Error::MissingBlock { number: number - 1 })?;
        let recorded = PartialState::recording(state.trie()?, state);
        execute(store.chain(), &parent, parent.hash_slow(), &input, &recorded)?;
        let witness = recorded.into_witness(number - 1, |number| {
            header(store, number).map(|header| header.as_ref().clone())
        })?;
        known.insert_witness(witness);
    }
    Ok(())
}
