//! A small L1 and the chain derived from it, with every preimage that a proof about it asks for.

use crate::rollup::{CHAIN, ETHER, FEES, Rollup, insert};
use alloy_consensus::{EthereumTxEnvelope, TxEip4844, transaction::SignerRecoverable};
use alloy_eips::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use mezz_derive::{Batch, Blob, BlockBody, Compressor, Layout, blocks, encode, to_blobs};
use mezz_evm::{PartialState, StateDiff, Witness, WitnessError, execute};
use mezz_primitives::{
    Accumulator, Attributed, BLOCK_GAS_MIN, BatchHeader, BlockInput, Boot, DaType, DepositHint,
    FeeConfig, MessageKind, OpOutput, Output, QueueAccumulator, QueueMessage, SIGNATURE_SIZE,
    blobs_hash, encode_blobs,
};
use mezz_program::KnownPreimages;

/// Where a payload is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Posted {
    Calldata,
    Blobs,
}

/// An account of the genesis: with an ether, with code, and with so many slots, at keys from 1 on.
pub(crate) struct Contract {
    pub(crate) address: Address,
    pub(crate) code: Vec<u8>,
    pub(crate) slots: u64,
}

impl Contract {
    pub(crate) const fn new(address: Address, code: Vec<u8>) -> Self {
        Self { address, code, slots: 0 }
    }
}

/// What L1 recorded, and what a node made of it.
pub(crate) struct World {
    pub(crate) rollup: Rollup,
    /// The output after each block.
    pub(crate) outputs: Vec<Output>,
    pub(crate) batches: Vec<BatchHeader>,
    /// The chain after each of them.
    accs: Vec<Accumulator>,
    pub(crate) inputs: Vec<BlockInput>,
    queue: Vec<QueueMessage>,
    queue_accs: Vec<QueueAccumulator>,
    pub(crate) preimages: KnownPreimages,
    pub(crate) l1_time: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_contracts([])
    }

    /// A chain whose genesis holds these contracts too.
    pub(crate) fn with_contracts(contracts: impl IntoIterator<Item = Contract>) -> Self {
        let mut rollup = Rollup::new(&FeeConfig { gas_limit: BLOCK_GAS_MIN, ..FEES });
        let mut diff = StateDiff::default();
        for Contract { address, code, slots } in contracts {
            let storage = (1..=slots).map(|slot| (U256::from(slot), U256::from(1)));
            insert(&mut diff, address, 1, U256::from(ETHER), code.into(), storage);
        }
        rollup.state.apply(&diff);
        rollup.headers[0].state_root = rollup.state.trie.root();
        rollup.state.hashes.insert(0, rollup.head().hash_slow());
        let mut world = Self {
            rollup,
            outputs: Vec::new(),
            batches: Vec::new(),
            accs: Vec::new(),
            inputs: Vec::new(),
            queue: Vec::new(),
            queue_accs: vec![QueueAccumulator::genesis(CHAIN.id)],
            preimages: KnownPreimages::default(),
            l1_time: 1_000_000,
        };
        let genesis = world.rollup.head().clone();
        world.preimages.insert(alloy_rlp::encode(&genesis));
        world.remember(OpOutput {
            state_root: genesis.state_root,
            message_passer_root: B256::ZERO,
            block_hash: genesis.hash_slow(),
        });
        world
    }

    /// The output after the head.
    fn remember(&mut self, root: OpOutput) {
        let head = self.rollup.head();
        // As the node says it: from the number of the block and the batches posted.
        let batch = self
            .batches
            .iter()
            .find(|batch| (batch.first_block..=batch.last_block()).contains(&head.number));
        let (inbox_index, block_in_batch) = match batch {
            Some(batch) if batch.last_block() == head.number => (batch.index + 1, 0),
            Some(batch) => (batch.index, (head.number - batch.first_block + 1) as u32),
            None => (0, 0),
        };
        let output = Output {
            version: 1,
            chain_id: CHAIN.id,
            inbox_index,
            block_in_batch,
            queue_index: u64::from_be_bytes(head.nonce.0),
            number: head.number,
            timestamp: head.timestamp,
            output_root: root.hash(),
        };
        self.preimages.insert(root.encode());
        self.preimages.insert(output.encode());
        self.outputs.push(output);
    }

    pub(crate) fn output(&self) -> &Output {
        self.outputs.last().unwrap()
    }

    /// Puts a message into the queue.
    pub(crate) fn enqueue(
        &mut self,
        kind: u8,
        from: Address,
        to: Address,
        value: u128,
        data: impl Into<Bytes>,
    ) {
        let message = QueueMessage {
            kind: kind.into(),
            from,
            to,
            value: U256::from(value),
            gas: 1_000_000,
            data: data.into(),
            l1_block: self.l1_time / 12,
            l1_time: self.l1_time,
            index: self.queue.len() as u64,
        };
        self.push(message);
    }

    pub(crate) fn push(&mut self, message: QueueMessage) {
        let before = *self.queue_accs.last().unwrap();
        self.preimages.insert_message(before, &message);
        self.queue_accs.push(before.push(&message));
        self.queue.push(message);
    }

    /// Ether for `to` and a call with it.
    pub(crate) fn deposit(
        &mut self,
        from: Address,
        to: Address,
        mint: u128,
        value: u128,
        data: &[u8],
    ) {
        let opaque = [
            &U256::from(mint).to_be_bytes::<32>()[..],
            &U256::from(value).to_be_bytes::<32>(),
            &500_000u64.to_be_bytes(),
            &[0],
            data,
        ];
        self.enqueue(0, from, to, mint, opaque.concat());
    }

    /// What L1 costs now.
    pub(crate) fn l1_info(&mut self, base_fee: u64) {
        let word = |number: u64| U256::from(number).to_be_bytes::<32>();
        let values = [self.l1_time / 12, self.l1_time, base_fee, 7, 8, 9].map(word);
        self.enqueue(2, Address::ZERO, Address::ZERO, 0, values.concat());
    }

    /// A transaction that must be in a block.
    pub(crate) fn force(&mut self, transaction: Bytes) {
        self.enqueue(1, Address::ZERO, Address::ZERO, 0, transaction);
    }

    /// Messages that no batch has taken.
    pub(crate) fn waiting(&self) -> u32 {
        self.queue.len() as u32 - self.output().queue_index as u32
    }

    /// The payload of a batch with these blocks, which takes every message that waits.
    pub(crate) fn payload(&self, layout: Layout, blocks: Vec<BlockBody>) -> Vec<u8> {
        let from = self.output().queue_index as usize;
        let deposits = self.queue[from..].iter().filter(|m| m.kind == MessageKind::Deposit);
        let hints = deposits
            .map(|message| DepositHint {
                l1_block_hash: keccak256(message.l1_block.to_be_bytes()),
                log_index: message.index * 3,
            })
            .collect();
        encode(&Batch { layout, blocks, hints }, CHAIN.id, Compressor::Deflate).unwrap()
    }

    /// Posts a batch with these blocks.
    pub(crate) fn post(&mut self, posted: Posted, blocks: Vec<BlockBody>) {
        self.post_as(Layout::Signed, posted, blocks);
    }

    /// Posts a batch with these blocks of signed transactions, which hold them as `layout` says.
    pub(crate) fn post_as(&mut self, layout: Layout, posted: Posted, blocks: Vec<BlockBody>) {
        let count = blocks.len() as u32;
        if layout != Layout::Unsigned {
            let payload = self.payload(layout, blocks);
            return self.post_payload(posted, count, &payload);
        }
        let signed = || blocks.iter().flat_map(|block| &block.transactions);
        let signatures = signed().map(|bytes| split(bytes).1).collect();
        let unsigned = blocks.iter().map(|block| BlockBody {
            transactions: block.transactions.iter().map(|bytes| split(bytes).0).collect(),
            ..block.clone()
        });
        let payload = self.payload(layout, unsigned.collect());
        self.post_unsigned(posted, count, &payload, signatures);
    }

    /// Posts any bytes as the payload, without signatures, of so many blocks; these are the signatures.
    pub(crate) fn post_unsigned(
        &mut self,
        posted: Posted,
        block_count: u32,
        payload: &[u8],
        signatures: Vec<[u8; SIGNATURE_SIZE]>,
    ) {
        let (da_type, da_hash) = match posted {
            Posted::Calldata => (DaType::Calldata, self.preimages.insert(payload.to_vec())),
            Posted::Blobs => (DaType::Blobs, self.insert_blobs(to_blobs(payload).unwrap())),
        };
        let header = BatchHeader { unsigned: true, ..self.header(da_type, da_hash, block_count) };
        self.preimages.signatures.insert(header.hash(), signatures);
        self.record(header, Some(payload));
    }

    /// Posts any bytes as the payload of so many blocks.
    pub(crate) fn post_payload(&mut self, posted: Posted, block_count: u32, payload: &[u8]) {
        match posted {
            Posted::Calldata => {
                let da_hash = self.preimages.insert(payload.to_vec());
                self.append(DaType::Calldata, da_hash, block_count, Some(payload));
            }
            Posted::Blobs => {
                self.post_blobs(block_count, to_blobs(payload).unwrap(), Some(payload))
            }
        }
    }

    /// Posts blobs that carry this payload, or none.
    pub(crate) fn post_blobs(
        &mut self,
        block_count: u32,
        blobs: Vec<Box<Blob>>,
        payload: Option<&[u8]>,
    ) {
        let da_hash = self.insert_blobs(blobs);
        self.append(DaType::Blobs, da_hash, block_count, payload);
    }

    fn insert_blobs(&mut self, blobs: Vec<Box<Blob>>) -> B256 {
        let hashes: Vec<_> = blobs.iter().map(|blob| versioned_hash(blob)).collect();
        self.preimages.insert(encode_blobs(&hashes));
        for (hash, blob) in hashes.iter().zip(blobs) {
            self.preimages.insert_blob(*hash, blob);
        }
        blobs_hash(&hashes)
    }

    /// Posts a batch whose payload a committee keeps; what leads to it is among the preimages.
    pub(crate) fn post_committed(
        &mut self,
        block_count: u32,
        da_hash: B256,
        payload: Option<&[u8]>,
    ) {
        self.append(DaType::Committee, da_hash, block_count, payload);
    }

    /// What `forceInclude` posts.
    pub(crate) fn post_nothing(&mut self, block_count: u32) {
        self.append(DaType::None, B256::ZERO, block_count, None);
    }

    /// Records a batch whose payload was demanded and not shown. The chain that claims are about is then no longer that of the inbox.
    pub(crate) fn void(&mut self, block_count: u32, da_hash: B256) {
        let posted = self.header(DaType::Committee, da_hash, block_count);
        let header = BatchHeader { prev_acc: posted.acc(), ..posted };
        self.record(header.voided(), None);
    }

    /// Records a batch that takes every message that waits, and follows it as a node does.
    fn append(&mut self, da_type: DaType, da_hash: B256, block_count: u32, payload: Option<&[u8]>) {
        self.record(self.header(da_type, da_hash, block_count), payload);
    }

    fn header(&self, da_type: DaType, da_hash: B256, block_count: u32) -> BatchHeader {
        let parent = self.output();
        BatchHeader {
            unsigned: false,
            version: 1,
            da_type,
            index: self.batches.len() as u64,
            prev_acc: self.acc(self.batches.len() as u64),
            da_hash,
            q_start: parent.queue_index,
            q_end: self.queue.len() as u64,
            queue_acc: self.queue_accs.last().unwrap().0,
            first_block: parent.number + 1,
            block_count,
            l1_block: self.l1_time / 12,
            l1_time: self.l1_time,
        }
    }

    fn record(&mut self, header: BatchHeader, payload: Option<&[u8]>) {
        let parent = *self.output();
        let before = self.acc(self.batches.len() as u64);
        self.preimages.insert_batch(before, &header);
        self.accs.push(before.push(header.hash()));
        self.batches.push(header);
        let messages = &self.queue[header.q_start as usize..];
        for input in blocks(&header, parent.timestamp, messages, payload, CHAIN.id) {
            self.follow(input);
        }
        self.l1_time += 600;
    }

    fn follow(&mut self, input: BlockInput) {
        let witness = self.witness(&input);
        self.preimages.insert_witness(witness);
        let executed = self.rollup.execute(&input);
        self.rollup.append(&executed);
        let header = &executed.0.header;
        self.preimages.insert(alloy_rlp::encode(header));
        self.remember(OpOutput {
            state_root: header.state_root,
            message_passer_root: header.withdrawals_root.unwrap(),
            block_hash: executed.0.hash,
        });
        self.inputs.push(input);
    }

    fn witness(&self, input: &BlockInput) -> Witness {
        let (parent, state) = (self.rollup.head(), &self.rollup.state);
        let recording = PartialState::recording(state.trie.clone(), state);
        execute(CHAIN, parent, parent.hash_slow(), input, &recording).unwrap();
        let header =
            |number: u64| Ok::<_, WitnessError>(self.rollup.headers[number as usize].clone());
        recording.into_witness(parent.number, header).unwrap()
    }

    /// The chain of batches after `count` of them.
    pub(crate) fn acc(&self, count: u64) -> Accumulator {
        match count.checked_sub(1) {
            Some(last) => self.accs[last as usize],
            None => Accumulator::genesis(CHAIN.id),
        }
    }

    /// A span from the output after block `from`, in a claim that covers `end` batches.
    pub(crate) fn boot(&self, from: u64, end: u64, span: u32) -> Boot {
        let start = self.outputs[from as usize].hash();
        Boot { chain_id: CHAIN.id, start, acc: self.acc(end), end, span }
    }

    /// The output after a span, as the chain has it.
    pub(crate) fn expected(&self, from: u64, end: u64, span: u32) -> Output {
        let last = end.checked_sub(1).map_or(0, |last| self.batches[last as usize].last_block());
        self.outputs[(from + u64::from(span)).min(last.max(from)) as usize]
    }

    /// Runs the program on a span.
    pub(crate) fn run(
        &mut self,
        from: u64,
        end: u64,
        span: u32,
    ) -> Result<Output, mezz_program::Missing> {
        let boot = self.preimages.insert(self.boot(from, end, span).encode());
        mezz_program::run(boot, &self.preimages)
    }
}

fn versioned_hash(blob: &Blob) -> B256 {
    let settings = c_kzg::ethereum_kzg_settings(0);
    let commitment = settings.blob_to_kzg_commitment(&c_kzg::Blob::new(*blob)).unwrap();
    alloy_eips::eip4844::kzg_to_versioned_hash(commitment.to_bytes().as_slice())
}

/// A signed transaction with its sender in place of its signature, and the signature.
pub(crate) fn split(bytes: &[u8]) -> (Bytes, [u8; SIGNATURE_SIZE]) {
    let envelope = EthereumTxEnvelope::<TxEip4844>::decode_2718_exact(bytes).unwrap();
    let mut signature = [0; SIGNATURE_SIZE];
    signature[..32].copy_from_slice(&envelope.signature().r().to_be_bytes::<32>());
    signature[32..64].copy_from_slice(&envelope.signature().s().to_be_bytes::<32>());
    signature[64] = envelope.signature().v().into();
    (Attributed::new(envelope.recover_signer().unwrap(), &envelope).encode(), signature)
}
