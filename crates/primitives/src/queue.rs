//! Queue messages: everything L1 tells L2, in one hash chain (`docs/spec/queue.md`).

use crate::hash::{Fields, Words, domain};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use serde::{Deserialize, Serialize};

/// What a queue message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MessageKind {
    /// Ether minted on L2 and a call.
    Deposit,
    /// A signed L2 transaction that must be included.
    Forced,
    /// Number, time and prices of an L1 block.
    L1Info,
    /// A changed parameter of the chain.
    Config,
    /// A kind this version does not know; it becomes nothing.
    Unknown(u8),
}

impl From<u8> for MessageKind {
    fn from(kind: u8) -> Self {
        match kind {
            0 => Self::Deposit,
            1 => Self::Forced,
            2 => Self::L1Info,
            3 => Self::Config,
            other => Self::Unknown(other),
        }
    }
}

impl From<MessageKind> for u8 {
    fn from(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Deposit => 0,
            MessageKind::Forced => 1,
            MessageKind::L1Info => 2,
            MessageKind::Config => 3,
            MessageKind::Unknown(other) => other,
        }
    }
}

/// One message from L1 to L2, with its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueMessage {
    /// What it is.
    pub kind: MessageKind,
    /// The sender, aliased if it is a contract.
    pub from: Address,
    /// The L2 target.
    pub to: Address,
    /// Wei to mint on L2.
    pub value: U256,
    /// L2 gas.
    pub gas: u64,
    /// Kind-dependent bytes.
    pub data: Bytes,
    /// L1 block that enqueued it.
    pub l1_block: u64,
    /// Timestamp of that block, seconds.
    pub l1_time: u64,
    /// Position in the queue.
    pub index: u64,
}

impl QueueMessage {
    /// The hash that the queue chain absorbs.
    pub fn hash(&self) -> B256 {
        self.words().hash()
    }

    /// What the hash is taken of.
    pub fn encode(&self) -> Bytes {
        self.words().into_bytes()
    }

    /// Reads [`QueueMessage::encode`]: the message without its data, and the hash of the data.
    pub fn decode(bytes: &[u8]) -> Option<(Self, B256)> {
        let mut fields = Fields::of(domain::MESSAGE, bytes)?;
        let kind = MessageKind::from(fields.number::<u8>()?);
        let (from, to) = (fields.address()?, fields.address()?);
        let (value, gas) = (fields.amount()?, fields.number()?);
        let data_hash = fields.word()?;
        let (l1_block, l1_time) = (fields.number()?, fields.number()?);
        let (data, index) = (Bytes::new(), fields.number()?);
        let message = Self { kind, from, to, value, gas, data, l1_block, l1_time, index };
        fields.end((message, data_hash))
    }

    fn words(&self) -> Words {
        Words::domain(domain::MESSAGE)
            .number(u8::from(self.kind).into())
            .address(self.from)
            .address(self.to)
            .amount(self.value)
            .number(self.gas)
            .word(keccak256(&self.data))
            .number(self.l1_block)
            .number(self.l1_time)
            .number(self.index)
    }
}

/// The hash chain over all queue messages so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct QueueAccumulator(pub B256);

impl QueueAccumulator {
    /// The accumulator before message 0.
    pub fn genesis(l2_chain_id: u64) -> Self {
        Self(Words::domain(domain::QUEUE).word(B256::ZERO).number(l2_chain_id).hash())
    }

    /// The accumulator after `message`.
    pub fn push(self, message: &QueueMessage) -> Self {
        Self(keccak256(self.link(message.hash())))
    }

    /// What the accumulator after the message with this hash is the hash of.
    pub fn link(self, message: B256) -> Bytes {
        Words::domain(domain::QUEUE).word(self.0).word(message).into_bytes()
    }

    /// Reads [`QueueAccumulator::link`]: the accumulator before, and the hash of the message.
    pub fn unlink(bytes: &[u8]) -> Option<(Self, B256)> {
        let mut fields = Fields::of(domain::QUEUE, bytes)?;
        let link = (Self(fields.word()?), fields.word()?);
        fields.end(link)
    }
}

/// Where a deposit's event stands on L1; names the deposit's `sourceHash` as the OP tools compute it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DepositHint {
    /// Hash of the L1 block with the event.
    pub l1_block_hash: B256,
    /// Index of the event in that block.
    pub log_index: u64,
}

/// What a kind-2 message says of its L1 block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct L1Info {
    /// Block number.
    pub number: u64,
    /// Block timestamp, seconds.
    pub timestamp: u64,
    /// Wei per gas.
    pub base_fee: U256,
    /// Wei per blob gas.
    pub blob_base_fee: U256,
    /// Hash of the block before.
    pub parent_hash: B256,
    /// The beacon chain's randomness.
    pub prev_randao: B256,
}

impl L1Info {
    /// Reads the data of a kind-2 message; `None` if they are not six words or a number is too large.
    pub fn decode(data: &[u8]) -> Option<Self> {
        let words: &[[u8; 32]; 6] =
            data.as_chunks().0.try_into().ok().filter(|_| data.len() == 192)?;
        let number = |word: &[u8; 32]| u64::try_from(U256::from_be_bytes(*word)).ok();
        Some(Self {
            number: number(&words[0])?,
            timestamp: number(&words[1])?,
            base_fee: U256::from_be_bytes(words[2]),
            blob_base_fee: U256::from_be_bytes(words[3]),
            parent_hash: B256::from(words[4]),
            prev_randao: B256::from(words[5]),
        })
    }
}
