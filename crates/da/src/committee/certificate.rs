//! Certificates of committees with more than 20 members, which sign with BLS, and what all certificates have in common.

use super::{BlsPublicKey, BlsSignature};
use alloy::primitives::{Address, Bytes, U256};
use mezz_primitives::{COMMITTEE_MEMBERS_MAX, PayloadId, SignedCertificate};

/// Members of a committee that signs with BLS: as many as a word has bits.
pub const BLS_MEMBERS_MAX: usize = 256;

/// The start of every certificate that is posted: 52 bytes.
const HEAD_SIZE: usize = 52;

/// What a posted certificate promises, whoever signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateHead {
    /// What is kept.
    pub payload: PayloadId,
    /// Of which members.
    pub epoch: u64,
    /// Until when, seconds since 1970.
    pub expiry: u64,
}

impl CertificateHead {
    /// That of the `aux` of a batch with a committee, of either kind; `None` if it is neither.
    ///
    /// Which kind it is shows in its length: that of a BLS certificate is no certificate's with single signatures.
    pub fn decode(aux: &[u8]) -> Option<Self> {
        let single = SignedCertificate::decode(aux).map(|signed| {
            let SignedCertificate { payload, epoch, expiry, .. } = signed;
            Self { payload, epoch, expiry }
        });
        single.or_else(|| BlsCertificate::decode(aux).map(|signed| signed.head))
    }

    fn encode(&self) -> Vec<u8> {
        [
            &self.epoch.to_be_bytes()[..],
            &self.expiry.to_be_bytes(),
            self.payload.payload_hash.as_slice(),
            &self.payload.payload_length.to_be_bytes(),
        ]
        .concat()
    }

    fn read(bytes: &[u8; HEAD_SIZE]) -> Self {
        let (epoch, rest) = bytes.split_first_chunk().expect("there are 52 bytes; qed");
        let (expiry, rest) = rest.split_first_chunk().expect("there are 44 bytes; qed");
        let (payload_hash, length) = rest.split_first_chunk::<32>().expect("there are 36; qed");
        let payload_length = length.try_into().map(u32::from_be_bytes).expect("there are 4; qed");
        Self {
            payload: PayloadId { payload_hash: payload_hash.into(), payload_length },
            epoch: u64::from_be_bytes(*epoch),
            expiry: u64::from_be_bytes(*expiry),
        }
    }
}

/// A certificate with one signature of several members: what the inbox is shown for a batch of a BLS epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlsCertificate {
    /// What they promise.
    pub head: CertificateHead,
    /// Who signed, by bit.
    pub signers: U256,
    /// The sum of their signatures.
    pub signature: BlsSignature,
}

impl BlsCertificate {
    /// Bytes of its encoding.
    pub const SIZE: usize = HEAD_SIZE + 32 + BlsSignature::SIZE;

    /// The `aux` of `postBatch`.
    pub fn encode(&self) -> Bytes {
        let mut bytes = self.head.encode();
        bytes.extend(self.signers.to_be_bytes::<32>());
        bytes.extend(self.signature.encode());
        bytes.into()
    }

    /// Reads [`BlsCertificate::encode`].
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk()?;
        let (signers, signature) = rest.split_first_chunk::<32>()?;
        Some(Self {
            head: CertificateHead::read(head),
            signers: U256::from_be_bytes(*signers),
            signature: BlsSignature::decode(signature)?,
        })
    }
}

/// Who may certify in one epoch of a committee that signs with BLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlsCommittee {
    /// The members, in ascending order, each with its key.
    pub members: Vec<(Address, BlsPublicKey)>,
    /// How many of them must sign.
    pub threshold: u16,
    /// Those that must be among them, by bit.
    pub mandatory: U256,
}

impl BlsCommittee {
    /// A committee as L1 says it, its keys one after the other; `None` if they are not as many, or no keys.
    pub fn new(members: &[Address], keys: &[u8], threshold: u16, mandatory: U256) -> Option<Self> {
        let (keys, rest) = keys.as_chunks::<{ BlsPublicKey::SIZE }>();
        if keys.len() != members.len() || !rest.is_empty() {
            return None;
        }
        let keyed = members.iter().zip(keys);
        let members = keyed.map(|(member, key)| Some((*member, BlsPublicKey::decode(key)?)));
        Some(Self { members: members.collect::<Option<_>>()?, threshold, mandatory })
    }

    /// Why no contract would take it, if so.
    pub fn fault(&self) -> Option<&'static str> {
        let count = self.members.len();
        match () {
            () if !(COMMITTEE_MEMBERS_MAX + 1..=BLS_MEMBERS_MAX).contains(&count) => {
                Some("has 21 to 256 members if it signs with BLS")
            }
            () if !self.members.is_sorted_by(|a, b| a.0 < b.0) || self.members[0].0.is_zero() => {
                Some("names each member once, in ascending order, and not the zero address")
            }
            () if !(1..=count).contains(&self.threshold.into()) => {
                Some("needs between one signature and all of them")
            }
            () if self.mandatory.bit_len() > count
                || self.mandatory.count_ones() > self.threshold.into() =>
            {
                Some("has mandatory members among its own, and no more than must sign")
            }
            () => None,
        }
    }
}
