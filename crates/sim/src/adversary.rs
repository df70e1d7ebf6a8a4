//! What each adversary does.

use alloy::primitives::{B256, Bytes, keccak256};
use mezz_primitives::{CLAIM_ENTRIES, Output};
use mezz_riscv::State;
use std::{fmt, str::FromStr};

/// A dishonest party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Adversary {
    /// Claims a wrong output and answers with made-up states.
    Liar,
    /// Claims a wrong output and answers nothing.
    Withholder,
    /// Stakes once on two wrong claims.
    Equivocator,
    /// As the liar, and keeps the challenger out of L1 for a while.
    Censor,
    /// Claims the right end with garbage before it.
    Garbage,
    /// Doubts what is right.
    Griefer,
    /// As the liar, and shows L1 false proofs of its claim.
    LyingProver,
    /// A batcher and its committee, who post a batch that nobody else gets to see.
    DataWithholder,
}

impl Adversary {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Liar,
        Self::Withholder,
        Self::Equivocator,
        Self::Censor,
        Self::Garbage,
        Self::Griefer,
        Self::LyingProver,
        Self::DataWithholder,
    ];

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Liar => "liar",
            Self::Withholder => "withholder",
            Self::Equivocator => "equivocator",
            Self::Censor => "censor",
            Self::Garbage => "garbage",
            Self::Griefer => "griefer",
            Self::LyingProver => "lying-prover",
            Self::DataWithholder => "data-withholder",
        }
    }

    /// Whether it claims, and so stakes.
    pub const fn claims(self) -> bool {
        !matches!(self, Self::Griefer | Self::DataWithholder)
    }

    /// Whether it answers doubts.
    pub const fn answers(self) -> bool {
        !matches!(self, Self::Withholder | Self::Griefer | Self::DataWithholder)
    }

    /// The claims that it makes beside a right one: vectors and last outputs.
    pub(crate) fn falsify(self, right: &[B256; CLAIM_ENTRIES], end: &Output) -> Vec<Claimed> {
        // Entries that differ from the last: after them the claim only repeats its end.
        let distinct = right.iter().position(|entry| *entry == right[CLAIM_ENTRIES - 1]);
        let distinct = distinct.unwrap_or(CLAIM_ENTRIES - 1);
        match self {
            Self::Griefer | Self::DataWithholder => Vec::new(),
            Self::Garbage if distinct > 0 => {
                let mut vector = *right;
                vector[distinct / 2] = garbage(distinct as u64);
                vec![Claimed { vector, end: *end }]
            }
            Self::Equivocator => vec![wrong(right, end, 0, 1), wrong(right, end, distinct, 2)],
            _ => vec![wrong(right, end, distinct / 2, 1)],
        }
    }
}

/// What a claim says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claimed {
    pub(crate) vector: [B256; CLAIM_ENTRIES],
    pub(crate) end: Output,
}

/// A claim that is right before entry `from` and wrong from there to the end.
fn wrong(right: &[B256; CLAIM_ENTRIES], end: &Output, from: usize, lie: u64) -> Claimed {
    let end = Output { output_root: garbage(lie), ..*end };
    let mut vector = *right;
    vector[from..].fill(end.hash().0);
    Claimed { vector, end }
}

/// A made-up answer that L1 accepts: 255 states that never were, and a last one that ends where it must.
pub(crate) fn answer(depth: u8, end: B256) -> ([B256; CLAIM_ENTRIES], Vec<u8>) {
    let mut vector = [B256::ZERO; CLAIM_ENTRIES];
    for (entry, index) in vector.iter_mut().zip(1_000..) {
        *entry = garbage(index);
    }
    if depth > 0 {
        vector[CLAIM_ENTRIES - 1] = end;
        return (vector, Vec::new());
    }
    let state = State { exited: 1, output: end, ..State::default() };
    vector[CLAIM_ENTRIES - 1] = state.hash();
    (vector, state.encode().to_vec())
}

/// Bytes that prove nothing, as many as a proof has.
pub(crate) fn false_proof(length: usize) -> Bytes {
    (0u64..).flat_map(|index| garbage(index).0).take(length).collect::<Vec<u8>>().into()
}

fn garbage(seed: u64) -> B256 {
    keccak256(seed.to_be_bytes())
}

impl fmt::Display for Adversary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Adversary {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|adversary| adversary.as_str() == word).ok_or_else(|| {
            "no such adversary; there are liar, withholder, equivocator, censor, garbage, griefer, lying-prover, data-withholder"
                .to_owned()
        })
    }
}
