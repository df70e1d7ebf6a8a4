//! What the chain and the node say about themselves.

use crate::{
    RpcError,
    methods::Handler::{self, Inline},
    node::Node,
    shape::quantity,
    wire::{Answer, Params, json},
};
use alloy::{
    eips::{eip2935, eip4788},
    primitives::{Address, B256, Bytes, U64, address, hex, keccak256},
};
use mezz_evm::{BLOB_PARAMS, Layer, STARK_PRECOMPILE, STARK_PRECOMPILE_NAME};
use mezz_primitives::predeploys;
use serde::Serialize;
use serde_json::json as value;
use std::collections::BTreeMap;

/// The methods that answer from what is known anyway.
pub(crate) const SIMPLE_METHODS: &[(&str, Handler)] = &[
    ("eth_chainId", Inline(chain_id)),
    ("eth_blockNumber", Inline(block_number)),
    ("eth_protocolVersion", Inline(protocol_version)),
    ("eth_syncing", Inline(syncing)),
    ("eth_coinbase", Inline(coinbase)),
    ("eth_mining", Inline(mining)),
    ("eth_hashrate", Inline(hashrate)),
    ("eth_config", Inline(config)),
    ("eth_capabilities", Inline(capabilities)),
    ("net_version", Inline(net_version)),
    ("net_listening", Inline(net_listening)),
    ("net_peerCount", Inline(net_peer_count)),
    ("web3_clientVersion", Inline(client_version)),
    ("web3_sha3", Inline(sha3)),
    ("rpc_modules", Inline(modules)),
];

fn chain_id(node: &Node, _: &Params<'_>) -> Answer {
    json(&quantity(node.backend.store().chain().id))
}

fn block_number(node: &Node, _: &Params<'_>) -> Answer {
    json(&quantity(node.backend.heads().latest))
}

fn protocol_version(_: &Node, _: &Params<'_>) -> Answer {
    json(&"0x44")
}

fn syncing(node: &Node, _: &Params<'_>) -> Answer {
    syncing_text(node)
}

/// The answer of `eth_syncing`: `false`, or how far the chain has come.
pub(crate) fn syncing_text(node: &Node) -> Answer {
    match node.backend.syncing() {
        None => Ok("false".to_owned()),
        Some(syncing) => json(&value!({
            "startingBlock": quantity(syncing.starting),
            "currentBlock": quantity(syncing.current),
            "highestBlock": quantity(syncing.highest),
        })),
    }
}

/// Who gets the priority fees of the newest block.
fn coinbase(node: &Node, _: &Params<'_>) -> Answer {
    let header = node.backend.store().header(node.backend.heads().latest)?;
    json(&header.map_or(Address::ZERO, |header| header.beneficiary))
}

fn mining(_: &Node, _: &Params<'_>) -> Answer {
    Ok("false".to_owned())
}

fn hashrate(_: &Node, _: &Params<'_>) -> Answer {
    json(&quantity(0))
}

fn net_version(node: &Node, _: &Params<'_>) -> Answer {
    json(&node.backend.store().chain().id.to_string())
}

fn net_listening(_: &Node, _: &Params<'_>) -> Answer {
    Ok("true".to_owned())
}

fn net_peer_count(_: &Node, _: &Params<'_>) -> Answer {
    json(&quantity(0))
}

fn client_version(node: &Node, _: &Params<'_>) -> Answer {
    json(&node.backend.client_version())
}

fn sha3(_: &Node, params: &Params<'_>) -> Answer {
    json(&keccak256(params.get::<Bytes>(0)?))
}

fn modules(node: &Node, _: &Params<'_>) -> Answer {
    let own =
        crate::methods::names().filter_map(|name| name.split_once('_')).map(|(module, _)| module);
    let all: BTreeMap<&str, &str> =
        own.chain(node.backend.modules().iter().copied()).map(|module| (module, "1.0")).collect();
    json(&all)
}

/// The precompiles of the newest fork in the words of EIP-7910.
const PRECOMPILES: [(&str, u16); 18] = [
    ("ECREC", 0x01),
    ("SHA256", 0x02),
    ("RIPEMD160", 0x03),
    ("ID", 0x04),
    ("MODEXP", 0x05),
    ("BN254_ADD", 0x06),
    ("BN254_MUL", 0x07),
    ("BN254_PAIRING", 0x08),
    ("BLAKE2F", 0x09),
    ("KZG_POINT_EVALUATION", 0x0a),
    ("BLS12_G1ADD", 0x0b),
    ("BLS12_G1MSM", 0x0c),
    ("BLS12_G2ADD", 0x0d),
    ("BLS12_G2MSM", 0x0e),
    ("BLS12_PAIRING_CHECK", 0x0f),
    ("BLS12_MAP_FP_TO_G1", 0x10),
    ("BLS12_MAP_FP2_TO_G2", 0x11),
    ("P256VERIFY", 0x100),
];

/// The contract that mainnet's stakers deposit to; on our chains nothing is there.
const DEPOSIT_CONTRACT: Address = address!("00000000219ab540356cbb839cbe05303d7705fa");
/// EIP-7002.
const WITHDRAWAL_REQUESTS: Address = address!("00000961ef480eb55e80d19ad83579a64c007002");
/// EIP-7251.
const CONSOLIDATION_REQUESTS: Address = address!("0000bbddc7ce488642fb579f8b00f3a590007251");

/// `eth_config` (EIP-7910): one fork holds from genesis on, and none is scheduled.
fn config(node: &Node, _: &Params<'_>) -> Answer {
    let chain = node.backend.store().chain();
    let mut precompiles: BTreeMap<&str, Address> = PRECOMPILES
        .iter()
        .map(|(name, number)| (*name, Address::left_padding_from(&number.to_be_bytes())))
        .collect();
    let mut contracts = BTreeMap::from([
        ("BEACON_ROOTS_ADDRESS", eip4788::BEACON_ROOTS_ADDRESS),
        ("HISTORY_STORAGE_ADDRESS", eip2935::HISTORY_STORAGE_ADDRESS),
    ]);
    let (target, max) = match chain.layer {
        Layer::One => {
            precompiles.insert(STARK_PRECOMPILE_NAME, STARK_PRECOMPILE);
            contracts.insert("DEPOSIT_CONTRACT_ADDRESS", DEPOSIT_CONTRACT);
            contracts.insert("WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS", WITHDRAWAL_REQUESTS);
            contracts.insert("CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS", CONSOLIDATION_REQUESTS);
            (BLOB_PARAMS.target_blob_count, BLOB_PARAMS.max_blob_count)
        }
        Layer::Two => {
            contracts.insert("L1_BLOCK_ADDRESS", predeploys::L1_BLOCK);
            contracts.insert("L2_TO_L1_MESSAGE_PASSER_ADDRESS", predeploys::MESSAGE_PASSER);
            (0, 0)
        }
    };
    json(&value!({
        "current": {
            "activationTime": 0,
            "blobSchedule": {
                "target": target,
                "max": max,
                "baseFeeUpdateFraction": u64::try_from(BLOB_PARAMS.update_fraction).unwrap_or(u64::MAX),
            },
            "chainId": quantity(chain.id),
            "forkId": hex::encode_prefixed(crc32(node.backend.store().genesis().hash.as_slice()).to_be_bytes()),
            "precompiles": precompiles,
            "systemContracts": contracts,
        },
        "next": null,
        "last": null,
    }))
}

/// CRC-32 (IEEE), which EIP-2124 makes fork ids from.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _: u8| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Capability {
    disabled: bool,
    oldest_block: U64,
}

/// `eth_capabilities`: everything since genesis.
fn capabilities(node: &Node, _: &Params<'_>) -> Answer {
    let latest = node.backend.heads().latest;
    let head: B256 =
        node.backend.store().block(latest)?.ok_or_else(|| RpcError::block_not_found(latest))?.hash;
    let all = || Capability { disabled: false, oldest_block: quantity(0) };
    json(&value!({
        "head": { "number": quantity(latest), "hash": head },
        "state": all(), "tx": all(), "logs": all(), "receipts": all(), "blocks": all(), "stateproofs": all(),
    }))
}
