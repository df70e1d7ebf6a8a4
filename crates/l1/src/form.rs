//! What the verifier of a chain takes for a proof.

use crate::{Client, Error, contracts::Halo2Verifier};
use alloy::{eips::BlockNumberOrTag, primitives::Address};
use serde::{Deserialize, Serialize};

/// The form of validity proofs that a verifier takes (`docs/spec/validity-proof.md`, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProofForm {
    /// The aggregated STARK itself: `StarkVerifier`.
    Stark,
    /// A halo2 proof of it: `Halo2Verifier`.
    Halo2,
}

impl ProofForm {
    /// Asks a verifier: only the one of halo2 proofs names the contract behind it.
    pub async fn of(client: &Client, verifier: Address) -> Result<Self, Error> {
        let question = Halo2Verifier::generatedCall {};
        match client.call(verifier, &question, BlockNumberOrTag::Latest).await {
            Ok(_) => Ok(Self::Halo2),
            Err(Error::Reverted(_) | Error::Malformed { .. }) => Ok(Self::Stark),
            Err(error) => Err(error),
        }
    }
}
