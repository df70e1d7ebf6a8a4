//! Whether an L1 can verify the proofs of a deployment, asked before its first transaction.

use super::{DeployError, Profile, artifacts};
use crate::{Client, Error};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, Bytes, address, keccak256},
    rpc::types::TransactionRequest,
};

/// Where the embedded L1 verifies STARKs (`docs/spec/validity-proof.md`, section 3).
const PRECOMPILE: Address = address!("00000000000000000000000000000000004D5A01");

/// An error unless the L1 verifies STARKs itself, or has the contract that was named.
pub(super) async fn check(
    client: &Client,
    profile: Profile,
    named: Option<Address>,
) -> Result<(), Error> {
    let Some(address) = named else {
        return match verifies_starks(client).await? {
            true => Ok(()),
            false => Err(DeployError::NoStark.into()),
        };
    };
    let code = client.code(address, BlockNumberOrTag::Latest).await?;
    let reason = match profile {
        // With other people's money only what was looked at verifies.
        Profile::Production => artifacts::HALO2_VERIFIER.differs(&code),
        Profile::Devnet | Profile::Testnet => code.is_empty().then(|| "there is no code".into()),
    };
    match reason {
        None => Ok(()),
        Some(reason) => {
            let contract = artifacts::HALO2_VERIFIER.name;
            Err(DeployError::WrongCode { contract, address, reason }.into())
        }
    }
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
