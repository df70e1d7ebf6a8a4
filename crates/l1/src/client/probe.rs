//! Finds out what an endpoint can do.

use super::{Client, Head};
use crate::Error;
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, U256},
    rpc::types::Block,
};

/// Block ranges tried for `eth_getLogs`, widest first.
const LOG_RANGES: [u64; 5] = [10_000, 2_000, 500, 100, 10];

/// What an endpoint can do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// The L1's chain id.
    pub chain_id: u64,
    /// What the endpoint calls itself.
    pub version: String,
    /// The L1 has blobs.
    pub blobs: bool,
    /// A beacon endpoint was given, so that blobs can be read back.
    pub beacon: bool,
    /// The `safe` tag is answered.
    pub safe_tag: bool,
    /// The `finalized` tag is answered.
    pub finalized_tag: bool,
    /// The widest range of blocks that `eth_getLogs` took in the probe, which no more than the chain's length shows.
    pub logs_range: u64,
}

impl Capabilities {
    /// What is missing and what that means, one sentence each.
    pub fn missing(&self) -> Vec<&'static str> {
        let table = [
            (!self.blobs, "blobs: batches go into calldata"),
            (
                self.blobs && !self.beacon,
                "a beacon endpoint: batches in blobs cannot be read back, so batches go into calldata",
            ),
            (!self.safe_tag, "the safe tag: a fixed distance from the head stands in for it"),
            (
                !self.finalized_tag,
                "the finalized tag: a fixed distance from the head stands in for it",
            ),
            (self.logs_range < 100, "eth_getLogs over at least 100 blocks: catching up is slow"),
        ];
        table.into_iter().filter_map(|(missing, what)| missing.then_some(what)).collect()
    }
}

pub(super) async fn probe(client: &Client) -> Result<Capabilities, Error> {
    let chain_id: U256 = client.request("eth_chainId", ()).await?;
    let version: String = client.request("web3_clientVersion", ()).await.unwrap_or_default();
    let block: Block =
        client.request("eth_getBlockByNumber", (BlockNumberOrTag::Latest, false)).await?;
    let blobs = block.header.excess_blob_gas.is_some();
    let latest = Head::from(block);
    Ok(Capabilities {
        chain_id: chain_id.saturating_to(),
        version,
        blobs,
        beacon: client.beacon().is_some(),
        safe_tag: has_tag(client, BlockNumberOrTag::Safe).await?,
        finalized_tag: has_tag(client, BlockNumberOrTag::Finalized).await?,
        logs_range: logs_range(client, latest.number).await?,
    })
}

/// A young chain answers the tag with null and has it all the same; an endpoint without it refuses.
async fn has_tag(client: &Client, tag: BlockNumberOrTag) -> Result<bool, Error> {
    match client.head(tag).await {
        Ok(_) => Ok(true),
        Err(Error::Refused { message, .. }) => Ok(message.contains("not found")),
        Err(Error::Malformed { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn logs_range(client: &Client, latest: u64) -> Result<u64, Error> {
    for range in LOG_RANGES {
        match client.logs((latest + 1).saturating_sub(range), latest, &[Address::ZERO]).await {
            Ok(_) => return Ok(range),
            Err(Error::Refused { .. } | Error::Malformed { .. }) => continue,
            Err(error) => return Err(error),
        }
    }
    Ok(1)
}
