//! The batches of a span: found by going back through the chains that L1 keeps.

use crate::{Missing, oracle::Oracle};
use alloc::{vec, vec::Vec};
use alloy_consensus::transaction::SignerRecoverable;
use alloy_primitives::{B256, Bytes};
use core::ops::Range;
use mezz_derive::{Blob, Derivation, Expected, decode, from_blobs};
use mezz_primitives::{
    Accumulator, Attributed, BatchHeader, BlockInput, Boot, DaType, MessageKind, Output, PayloadId,
    Preimages, QueueAccumulator, QueueMessage, decode_blobs, decode_chunk_hashes,
};

/// The batches from that of the next block on to the end of the claim.
pub(crate) struct Batches<'a, P> {
    oracle: Oracle<'a, P>,
    chain_id: u64,
    /// Hashes of the headers of the batches to come, the next one last.
    headers: Vec<B256>,
    batch: Option<Batch>,
}

/// A batch whose payload was read, so that it is read once for all its blocks.
struct Batch {
    header: BatchHeader,
    /// Its queue messages, each without its data and with their hash.
    messages: Vec<(QueueMessage, B256)>,
    derivation: Derivation,
}

impl<'a, P: Preimages> Batches<'a, P> {
    /// Goes back from the end of the claim to the batch that holds the block after `output`.
    pub(crate) fn new(
        oracle: Oracle<'a, P>,
        boot: &Boot,
        output: &Output,
    ) -> Result<Self, Missing> {
        Self::between(oracle, boot.chain_id, boot.acc, output.inbox_index..boot.end)
    }

    /// Goes back from `acc`, which is after the last of these batches, to the first.
    pub(crate) fn between(
        oracle: Oracle<'a, P>,
        chain_id: u64,
        mut acc: Accumulator,
        batches: Range<u64>,
    ) -> Result<Self, Missing> {
        let mut headers = Vec::new();
        for _ in batches {
            let (before, header) = oracle.read(acc.0, Accumulator::unlink)?;
            headers.push(header);
            acc = before;
        }
        Ok(Self { oracle, chain_id, headers, batch: None })
    }

    /// Looks for the signatures of all transactions that were posted without.
    pub(crate) fn check_signatures(self) -> Result<(), Missing> {
        for hash in self.headers.iter().rev() {
            let header = self.oracle.read(*hash, BatchHeader::decode)?;
            if !header.unsigned {
                continue;
            }
            let kinds = kinds(&self.heads(&header)?);
            let Some(payload) = self.payload(&header)? else { continue };
            // What cannot be read is no transaction of anybody.
            let expected = Expected::of(&header, &kinds, self.chain_id);
            let Ok(batch) = decode(&payload, &expected) else { continue };
            let transactions = batch.blocks.iter().flat_map(|block| &block.transactions);
            for (transaction, index) in transactions.zip(0..) {
                if !self.is_signed(*hash, index, transaction) {
                    return Err(Missing::Signature { batch: *hash, index });
                }
            }
        }
        Ok(())
    }

    /// Whether the oracle has the signature of the transaction's sender.
    fn is_signed(&self, batch: B256, index: u32, transaction: &[u8]) -> bool {
        let signer = || {
            let transaction = Attributed::decode(transaction)?;
            let signature = self.oracle.signature(batch, index)?;
            let signer = transaction.signed(&signature)?.recover_signer().ok()?;
            (signer == transaction.sender).then_some(())
        };
        signer().is_some()
    }

    /// The block after `output` and the header of its batch; `None` at the end of the claim.
    pub(crate) fn next(
        &mut self,
        output: &Output,
    ) -> Result<Option<(BatchHeader, BlockInput)>, Missing> {
        if output.block_in_batch == 0 {
            self.batch = None;
        }
        let mut batch = match self.batch.take() {
            Some(batch) => batch,
            None => match self.headers.pop() {
                Some(header) => self.open(header, output)?,
                None => return Ok(None),
            },
        };
        let messages = self.messages(&batch, output)?;
        let input = batch.derivation.next(&messages);
        let header = batch.header;
        self.batch = Some(batch);
        Ok(Some((header, input)))
    }

    /// Reads a batch, to go on after `output`.
    fn open(&self, header: B256, output: &Output) -> Result<Batch, Missing> {
        let header = self.oracle.read(header, BatchHeader::decode)?;
        let messages = self.heads(&header)?;
        let kinds = kinds(&messages);
        let payload = self.payload(&header)?;
        let derivation =
            Derivation::resume(&header, output, &kinds, payload.as_deref(), self.chain_id);
        Ok(Batch { header, messages, derivation })
    }

    /// The queue messages of a batch without their data: going back from the accumulator after them.
    fn heads(&self, header: &BatchHeader) -> Result<Vec<(QueueMessage, B256)>, Missing> {
        let (mut heads, mut acc) = (Vec::new(), QueueAccumulator(header.queue_acc));
        for _ in header.q_start..header.q_end {
            let (before, message) = self.oracle.read(acc.0, QueueAccumulator::unlink)?;
            heads.push(self.oracle.read(message, QueueMessage::decode)?);
            acc = before;
        }
        heads.reverse();
        Ok(heads)
    }

    /// The messages of the next block, with their data.
    fn messages(&self, batch: &Batch, output: &Output) -> Result<Vec<QueueMessage>, Missing> {
        let first = output.queue_index.saturating_sub(batch.header.q_start);
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        let heads = batch.messages.iter().skip(first).take(batch.derivation.message_count());
        heads
            .map(|(head, data)| {
                Ok(QueueMessage { data: self.oracle.preimage(*data)?, ..head.clone() })
            })
            .collect()
    }

    /// The payload of a batch; `None` if it has none or its blobs are not packed as they should be.
    fn payload(&self, header: &BatchHeader) -> Result<Option<Vec<u8>>, Missing> {
        match header.da_type {
            DaType::None | DaType::Unknown(_) => Ok(None),
            DaType::Calldata => {
                self.oracle.preimage(header.da_hash).map(|bytes| Some(bytes.into()))
            }
            DaType::Blobs => {
                let hashes = self.oracle.read(header.da_hash, decode_blobs)?;
                let blobs: Vec<_> =
                    hashes.into_iter().map(|hash| self.blob(hash)).collect::<Result<_, _>>()?;
                Ok(from_blobs(&blobs).ok())
            }
            DaType::Committee => {
                let id = self.oracle.read(header.da_hash, PayloadId::decode)?;
                self.chunks(&id)
            }
        }
    }

    /// The payload that a committee keeps; `None` if its chunks are not those that its length says. The committee chose the hash, so anything may be hashed there.
    fn chunks(&self, id: &PayloadId) -> Result<Option<Vec<u8>>, Missing> {
        let hashes = decode_chunk_hashes(&self.oracle.preimage(id.payload_hash)?);
        let Some(hashes) = hashes.filter(|hashes| id.chunks() == Some(hashes.len())) else {
            return Ok(None);
        };
        let mut payload = Vec::new();
        for (index, hash) in hashes.into_iter().enumerate() {
            let chunk = self.oracle.preimage(hash)?;
            if chunk.len() != id.chunk_length(index) {
                return Ok(None);
            }
            payload.extend_from_slice(&chunk);
        }
        Ok(Some(payload))
    }

    /// The elements of a blob, if possible without the zeros that it ends in.
    fn blob(&self, hash: B256) -> Result<Bytes, Missing> {
        if let Some(blob) = self.oracle.blob(hash) {
            return Ok(blob);
        }
        let mut blob = vec![0; size_of::<Blob>()];
        for (element, index) in blob.as_chunks_mut().0.iter_mut().zip(0..) {
            *element = self.oracle.element(hash, index)?;
        }
        Ok(blob.into())
    }
}

/// What the messages are.
fn kinds(messages: &[(QueueMessage, B256)]) -> Vec<MessageKind> {
    messages.iter().map(|(message, _)| message.kind).collect()
}
