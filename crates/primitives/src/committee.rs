//! Payloads that a data committee keeps, and what its members sign (`docs/spec/committee.md`).

use crate::{
    Accumulator, CHUNK_SIZE, CHUNKS_MAX, COMMITTEE_MEMBERS_MAX,
    hash::{Fields, Words, domain},
};
use alloc::{collections::BTreeMap, vec::Vec};
use alloy_primitives::{Address, B256, Bytes, U256, b256, keccak256};
use serde::{Deserialize, Serialize};

/// A payload by the hash over its chunks and by its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PayloadId {
    /// Hash over the hashes of its chunks.
    pub payload_hash: B256,
    /// Its length in bytes.
    pub payload_length: u32,
}

impl PayloadId {
    /// That of a payload; `None` if it is empty or longer than a committee may keep.
    pub fn of(payload: &[u8]) -> Option<Self> {
        let payload_length = u32::try_from(payload.len()).ok()?;
        chunk_count(payload_length)?;
        let payload_hash = keccak256(encode_chunk_hashes(&chunk_hashes(payload)));
        Some(Self { payload_hash, payload_length })
    }

    /// The `daHash` of a batch with this payload.
    pub fn da_hash(&self) -> B256 {
        keccak256(self.encode())
    }

    /// What [`PayloadId::da_hash`] is the hash of.
    pub fn encode(&self) -> Bytes {
        Words::domain(domain::COMMITTEE)
            .word(self.payload_hash)
            .number(self.payload_length.into())
            .into_bytes()
    }

    /// Reads [`PayloadId::encode`].
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::of(domain::COMMITTEE, bytes)?;
        let id = Self { payload_hash: fields.word()?, payload_length: fields.number()? };
        fields.end(id)
    }

    /// How many chunks it has; `None` if no committee may keep a payload of this length.
    pub const fn chunks(&self) -> Option<usize> {
        chunk_count(self.payload_length)
    }

    /// Bytes of its chunk `index`, 0 from its end on.
    pub const fn chunk_length(&self, index: usize) -> usize {
        let left = (self.payload_length as usize).saturating_sub(index.saturating_mul(CHUNK_SIZE));
        if left < CHUNK_SIZE { left } else { CHUNK_SIZE }
    }
}

const fn chunk_count(payload_length: u32) -> Option<usize> {
    match (payload_length as usize).div_ceil(CHUNK_SIZE) {
        count @ 1..=CHUNKS_MAX => Some(count),
        _ => None,
    }
}

/// The hashes of a payload's chunks, in order.
pub fn chunk_hashes(payload: &[u8]) -> Vec<B256> {
    payload.chunks(CHUNK_SIZE).map(keccak256).collect()
}

/// What a payload's hash is the hash of.
pub fn encode_chunk_hashes(hashes: &[B256]) -> Bytes {
    hashes.iter().fold(Words::domain(domain::PAYLOAD), |words, hash| words.word(*hash)).into_bytes()
}

/// Reads [`encode_chunk_hashes`].
pub fn decode_chunk_hashes(bytes: &[u8]) -> Option<Vec<B256>> {
    Fields::of(domain::PAYLOAD, bytes).map(Fields::rest)
}

/// What a member signs: that it keeps this payload for this one place in the chain of batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// Position of the batch in the inbox.
    pub batch_index: u64,
    /// The chain of batches before it.
    pub prev_acc: Accumulator,
    /// What is kept.
    #[serde(flatten)]
    pub payload: PayloadId,
    /// The members that are asked.
    pub epoch: u64,
    /// Until when they serve it, seconds since 1970.
    pub expiry: u64,
}

impl Certificate {
    /// The EIP-712 digest that is signed, for an inbox on an L1.
    pub fn digest(&self, l1_chain_id: u64, inbox: Address) -> B256 {
        /// `EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)`
        const DOMAIN_TYPE: B256 =
            b256!("8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f");
        /// `Certificate(uint64 batchIndex,bytes32 prevAcc,bytes32 payloadHash,uint32 payloadLength,uint64 epoch,uint64 expiry)`
        const TYPE: B256 =
            b256!("ef6fd82f34ae359eee312f5d0c13db0dadfa760f99ff184e30a9f7048112993f");
        let domain = Words::domain(DOMAIN_TYPE)
            .word(keccak256("Mezzanine data committee"))
            .word(keccak256("1"))
            .number(l1_chain_id)
            .address(inbox)
            .hash();
        let certificate = Words::domain(TYPE)
            .number(self.batch_index)
            .word(self.prev_acc.0)
            .word(self.payload.payload_hash)
            .number(self.payload.payload_length.into())
            .number(self.epoch)
            .number(self.expiry)
            .hash();
        let mut bytes = [0; 66];
        bytes[..2].copy_from_slice(&[0x19, 0x01]);
        bytes[2..34].copy_from_slice(domain.as_slice());
        bytes[34..].copy_from_slice(certificate.as_slice());
        keccak256(bytes)
    }
}

/// What the inbox is shown for a batch with a committee: the certificate but for its place, and the signatures by the members' positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCertificate {
    /// What is kept.
    pub payload: PayloadId,
    /// Of which members.
    pub epoch: u64,
    /// Until when, seconds since 1970.
    pub expiry: u64,
    /// `r ‖ s ‖ v` of each member that signed, `v` 27 or 28.
    pub signatures: BTreeMap<u8, [u8; 65]>,
}

impl SignedCertificate {
    /// The `aux` of `postBatch`.
    pub fn encode(&self) -> Bytes {
        let signers = self.signatures.keys().fold(0_u32, |bits, member| bits | 1 << member);
        let mut bytes = Vec::with_capacity(55 + 65 * self.signatures.len());
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.expiry.to_be_bytes());
        bytes.extend(self.payload.payload_hash);
        bytes.extend(self.payload.payload_length.to_be_bytes());
        bytes.extend(&signers.to_be_bytes()[1..]);
        self.signatures.values().for_each(|signature| bytes.extend(signature));
        bytes.into()
    }

    /// Reads [`SignedCertificate::encode`].
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (epoch, rest) = bytes.split_first_chunk()?;
        let (expiry, rest) = rest.split_first_chunk()?;
        let (payload_hash, rest) = rest.split_first_chunk::<32>()?;
        let (payload_length, rest) = rest.split_first_chunk()?;
        let (signers, rest) = rest.split_first_chunk::<3>()?;
        let signers = U256::from_be_slice(signers).to::<u32>();
        let (signatures, rest) = rest.as_chunks::<65>();
        if signatures.len() != signers.count_ones() as usize || !rest.is_empty() {
            return None;
        }
        let members = (0..24_u8).filter(|member| signers >> member & 1 == 1);
        Some(Self {
            payload: PayloadId {
                payload_hash: payload_hash.into(),
                payload_length: u32::from_be_bytes(*payload_length),
            },
            epoch: u64::from_be_bytes(*epoch),
            expiry: u64::from_be_bytes(*expiry),
            signatures: members.zip(signatures.iter().copied()).collect(),
        })
    }
}

/// Who may certify in one epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Committee {
    /// The members, in ascending order.
    pub members: Vec<Address>,
    /// How many of them must sign.
    pub threshold: u8,
    /// Those that must be among them, by bit.
    #[serde(default)]
    pub mandatory: u32,
}

impl Committee {
    /// Of how many members at least one must be honest for what is certified to be had.
    pub fn honest_of(&self) -> usize {
        (self.members.len() + 1).saturating_sub(self.threshold.into())
    }

    /// Why no contract would take it, if so.
    pub fn fault(&self) -> Option<&'static str> {
        let count = self.members.len();
        let outside = self.mandatory.checked_shr(count as u32).unwrap_or_default();
        match () {
            () if !(1..=COMMITTEE_MEMBERS_MAX).contains(&count) => Some("has 1 to 20 members"),
            () if !self.members.is_sorted_by(|a, b| a < b) || self.members[0].is_zero() => {
                Some("names each member once, in ascending order, and not the zero address")
            }
            () if !(1..=count).contains(&self.threshold.into()) => {
                Some("needs between one signature and all of them")
            }
            () if outside != 0 || self.mandatory.count_ones() > self.threshold.into() => {
                Some("has mandatory members among its own, and no more than must sign")
            }
            () => None,
        }
    }
}

/// What to do when too few members sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fallback {
    /// Post the batch to L1, where everybody can read it.
    #[default]
    L1,
    /// Wait: nothing of the data becomes public.
    Stop,
}

/// The rules of a chain's data committee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommitteeConfig {
    /// How long after its posting a batch may be demanded, seconds.
    pub challenge_window: u64,
    /// How long it then has to be shown, seconds.
    pub answer_window: u64,
    /// How long members keep what they certify, at least, seconds.
    pub retention: u64,
    /// Between a change of members and its effect, seconds.
    pub rotation_delay: u64,
    /// How long the old members still sign after it, seconds.
    pub overlap: u64,
    /// Without a confirmed claim for so long the chain may be ended, seconds.
    pub freeze_delay: u64,
    /// What a demand costs for each chunk, wei.
    pub bond_per_chunk: U256,
    /// What to do when too few members sign.
    pub fallback: Fallback,
}

/// The contracts of a chain's data committee on L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitteeContracts {
    /// The members, by epoch.
    pub registry: Address,
    /// What a certificate must be.
    pub committee_da: Address,
    /// Demands for payloads.
    pub challenges: Address,
    /// The batches that are decided.
    pub sealed_inbox: Address,
    /// The end of the chain.
    pub escape_hatch: Address,
    /// Who may demand payloads, where not everybody may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demanders: Option<Address>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_a_payload() {
        for length in [1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, CHUNK_SIZE * CHUNKS_MAX] {
            let id = PayloadId::of(&alloc::vec![7; length]).expect("it fits");
            let count = id.chunks().expect("it fits");
            assert_eq!((0..count).map(|index| id.chunk_length(index)).sum::<usize>(), length);
            assert_eq!(id.chunk_length(count), 0);
            assert_eq!(PayloadId::decode(&id.encode()), Some(id));
        }
        assert_eq!(PayloadId::of(&[]), None);
        assert_eq!(PayloadId::of(&alloc::vec![7; CHUNK_SIZE * CHUNKS_MAX + 1]), None);
    }

    #[test]
    fn a_signed_certificate_is_read_back_and_nothing_else_is() {
        let signed = SignedCertificate {
            payload: PayloadId { payload_hash: B256::repeat_byte(3), payload_length: 9 },
            epoch: 2,
            expiry: 77,
            signatures: [(0, [1; 65]), (19, [2; 65])].into(),
        };
        let bytes = signed.encode();
        assert_eq!(SignedCertificate::decode(&bytes), Some(signed));
        for wrong in [0, 54, bytes.len() - 1] {
            assert_eq!(SignedCertificate::decode(&bytes[..wrong]), None);
        }
        assert_eq!(SignedCertificate::decode(&[&bytes[..], &[0]].concat()), None);
    }

    #[test]
    fn a_committee_says_what_is_wrong_with_it() {
        let member = Address::repeat_byte;
        let right =
            Committee { members: [1, 2, 3].map(member).to_vec(), threshold: 2, mandatory: 0b100 };
        assert_eq!((right.fault(), right.honest_of()), (None, 2));
        let wrong = [
            Committee { members: Vec::new(), ..right.clone() },
            Committee { members: [1, 3, 2].map(member).to_vec(), ..right.clone() },
            Committee { members: [1, 1, 2].map(member).to_vec(), ..right.clone() },
            Committee { members: [0, 1, 2].map(member).to_vec(), ..right.clone() },
            Committee { threshold: 0, ..right.clone() },
            Committee { threshold: 4, ..right.clone() },
            Committee { mandatory: 0b1000, ..right.clone() },
            Committee { mandatory: 0b111, ..right },
        ];
        assert!(wrong.iter().all(|committee| committee.fault().is_some()));
    }
}
