//! What verifies the proofs of a deployment, found out before its first transaction.

use super::{DeployError, Profile, artifacts};
use crate::{Client, Error, contracts::Halo2Verifier};
use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, address, b256, keccak256},
    rpc::types::TransactionRequest,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The first coordinate of `s * G2`, which says what the development parameters are (ADR 9): every pairing check with them needs it.
pub(super) const DEVELOPMENT_POINT: [B256; 2] = [
    b256!("10eac183569bd2838121f6eca9da76982fee728f514c06284e3f1ade202efc98"),
    b256!("06b6c61c44322f89c623cd2c50d2e8bbb5db3001522fcbb94634459fbfa89131"),
];

/// Where the embedded L1 verifies STARKs (`docs/spec/validity-proof.md`, section 3).
const PRECOMPILE: Address = address!("00000000000000000000000000000000004D5A01");

/// What verifies the proofs of a chain that has some: `"stark"`, `"development"` or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ProofVerifier {
    /// The embedded L1, natively.
    Stark,
    /// The contract that OpenVM generates, with KZG parameters whose secret everybody knows.
    Development,
    /// A `Halo2Verifier` that is deployed already.
    Named(Address),
}

impl fmt::Display for ProofVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stark => f.write_str("stark"),
            Self::Development => f.write_str("development"),
            Self::Named(address) => address.fmt(f),
        }
    }
}

impl From<ProofVerifier> for String {
    fn from(verifier: ProofVerifier) -> Self {
        verifier.to_string()
    }
}

impl FromStr for ProofVerifier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "stark" => Ok(Self::Stark),
            "development" => Ok(Self::Development),
            address => address.parse().map(Self::Named).map_err(|_| {
                format!("\"{text}\" verifies nothing: write \"stark\", \"development\" or the address of a Halo2Verifier")
            }),
        }
    }
}

impl TryFrom<String> for ProofVerifier {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// What is to verify proofs on this L1; an error if it cannot.
pub(super) async fn choose(
    client: &Client,
    profile: Profile,
    wanted: Option<ProofVerifier>,
) -> Result<ProofVerifier, Error> {
    match wanted {
        Some(ProofVerifier::Development) => {}
        Some(ProofVerifier::Named(address)) => named(client, profile, address).await?,
        Some(ProofVerifier::Stark) | None => {
            if verifies_starks(client).await? {
                return Ok(ProofVerifier::Stark);
            }
            if wanted.is_some() || profile != Profile::Devnet {
                return Err(DeployError::NoStark.into());
            }
        }
    }
    Ok(wanted.unwrap_or(ProofVerifier::Development))
}

/// An error unless there is a verifier at an address: with other people's money only one that was looked at, with parameters of which nobody knows the secret.
async fn named(client: &Client, profile: Profile, address: Address) -> Result<(), Error> {
    let reason = fault(client, profile, address, BlockNumberOrTag::Latest.into()).await?;
    let contract = artifacts::HALO2_VERIFIER.name;
    reason.map_or(Ok(()), |reason| Err(DeployError::WrongCode { contract, address, reason }.into()))
}

/// What is wrong with a verifier that was deployed before; `None` if nothing is.
pub(super) async fn fault(
    client: &Client,
    profile: Profile,
    address: Address,
    at: BlockId,
) -> Result<Option<String>, Error> {
    let code = client.code(address, at).await?;
    if profile != Profile::Production {
        return Ok(code.is_empty().then(|| "there is no code".into()));
    }
    if let Some(reason) = artifacts::HALO2_VERIFIER.differs(&code) {
        return Ok(Some(reason));
    }
    let generated = client.call(address, &Halo2Verifier::generatedCall {}, at).await?;
    let code = client.code(generated, at).await?;
    let reason = match (code.is_empty(), is_for_development(&code)) {
        (true, _) => "there is no code at the contract that it asks",
        (_, true) => {
            "it verifies with development parameters, under which anybody can prove anything: deploy one made with those of a ceremony"
        }
        _ => return Ok(None),
    };
    Ok(Some(reason.into()))
}

/// Whether that is a contract with development parameters, however it was compiled: their point is among its constants.
pub(super) fn is_for_development(generated: &[u8]) -> bool {
    generated.windows(32).any(|word| DEVELOPMENT_POINT.iter().any(|half| half == word))
}

/// Asks the precompile who it is.
async fn verifies_starks(client: &Client) -> Result<bool, Error> {
    let name = keccak256("mezzanine.stark.v1");
    let question = TransactionRequest::default().to(PRECOMPILE).input(name.0.to_vec().into());
    let answer: Result<Bytes, Error> =
        client.request("eth_call", (question, BlockNumberOrTag::Latest)).await;
    match answer {
        Ok(answer) => Ok(answer[..] == keccak256([name, name].concat())[..]),
        // Whatever is there refuses to answer.
        Err(Error::Reverted(_) | Error::Refused { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
