//! Accounts and storage at any block.

use crate::{
    RpcError,
    node::{At, Node, StateAt},
    shape::{quantity, word},
    wire::{Answer, Params, json},
};
use alloy::{
    hex,
    primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U64, U256},
};
use revm::{DatabaseRef, state::AccountInfo};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Slots that one request may ask for.
const SLOTS_MAX: usize = 1024;

fn account(
    node: &Node,
    params: &Params<'_>,
    block: usize,
) -> Result<(StateAt, AccountInfo), RpcError> {
    let address = params.address(0)?;
    let state = node.state(params.block(block)?)?;
    let info = state.basic_ref(address)?.unwrap_or_default();
    Ok((state, info))
}

/// `eth_getBalance`.
pub(super) fn get_balance(node: &Node, params: &Params<'_>) -> Answer {
    json(&account(node, params, 1)?.1.balance)
}

/// `eth_getTransactionCount`. At `pending` the transactions that are ready in the pool count too.
pub(super) fn get_transaction_count(node: &Node, params: &Params<'_>) -> Answer {
    let address = params.address(0)?;
    let block = params.block(1)?;
    let executed = node.state(block)?.basic_ref(address)?.unwrap_or_default().nonce;
    let next = if block.is_pending() {
        crate::txpool::next_nonce(node, address, executed)
    } else {
        executed
    };
    json(&quantity(next))
}

/// `eth_getCode`.
pub(super) fn get_code(node: &Node, params: &Params<'_>) -> Answer {
    let (state, info) = account(node, params, 1)?;
    json(&code(&state, &info)?)
}

fn code(state: &StateAt, info: &AccountInfo) -> Result<Bytes, RpcError> {
    Ok(match &info.code {
        Some(code) => code.original_bytes(),
        None if info.code_hash == KECCAK256_EMPTY || info.code_hash.is_zero() => Bytes::new(),
        None => state.code_by_hash_ref(info.code_hash)?.original_bytes(),
    })
}

/// `eth_getStorageAt`.
pub(super) fn get_storage_at(node: &Node, params: &Params<'_>) -> Answer {
    let address = params.address(0)?;
    let slot = storage_key(params.get(1)?)?;
    let state = node.state(params.block(2)?)?;
    json(&word(storage(&state, address, slot)?))
}

/// A state reads storage through its account.
fn storage(state: &StateAt, address: Address, slot: U256) -> Result<U256, RpcError> {
    Ok(match state.basic_ref(address)? {
        Some(_) => state.storage_ref(address, slot)?,
        None => U256::ZERO,
    })
}

/// A key of up to 32 bytes, with any number of leading zeros left out.
fn storage_key(text: &str) -> Result<U256, RpcError> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(RpcError::invalid_params(format!("invalid hex in storage key: {text:?}")));
    }
    if digits.len() > 64 {
        return Err(RpcError::invalid_params(format!(
            "storage key too long (want at most 32 bytes): {text:?}"
        )));
    }
    U256::from_str_radix(digits, 16).map_err(|error| RpcError::invalid_params(error.to_string()))
}

/// `eth_getStorageValues`.
pub(super) fn get_storage_values(node: &Node, params: &Params<'_>) -> Answer {
    let wanted: BTreeMap<Address, Vec<B256>> = params.get(0)?;
    let slots: usize = wanted.values().map(Vec::len).sum();
    if slots == 0 {
        return Err(RpcError::invalid_params("empty request"));
    }
    if slots > SLOTS_MAX {
        return Err(RpcError::limit(format!("too many slots (max {SLOTS_MAX})")));
    }
    let state = node.state(params.block(1)?)?;
    let mut found: BTreeMap<String, Vec<B256>> = BTreeMap::new();
    for (address, slots) in wanted {
        let values = slots
            .into_iter()
            .map(|slot| storage(&state, address, slot.into()).map(word))
            .collect::<Result<_, _>>()?;
        found.insert(hex::encode_prefixed(address), values);
    }
    json(&found)
}

/// An account as `eth_getAccount` shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountJson {
    code_hash: B256,
    storage_root: B256,
    balance: U256,
    nonce: U64,
}

/// `eth_getAccount`.
pub(super) fn get_account(node: &Node, params: &Params<'_>) -> Answer {
    let address = params.address(0)?;
    let proof = sealed_state(node, params, 1)?.proof(address, &[])?;
    match proof.account {
        Some(account) => json(&AccountJson {
            code_hash: account.code_hash,
            storage_root: account.storage_root,
            balance: account.balance,
            nonce: quantity(account.nonce),
        }),
        None => Ok("null".to_owned()),
    }
}

/// `eth_getAccountInfo`: what wallets ask for, in one go.
pub(super) fn get_account_info(node: &Node, params: &Params<'_>) -> Answer {
    let (state, info) = account(node, params, 1)?;
    json(
        &serde_json::json!({ "balance": info.balance, "nonce": quantity(info.nonce), "code": code(&state, &info)? }),
    )
}

/// A proof as `eth_getProof` shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProofJson {
    address: Address,
    account_proof: Vec<Bytes>,
    balance: U256,
    code_hash: B256,
    nonce: U64,
    storage_hash: B256,
    storage_proof: Vec<SlotJson>,
}

#[derive(Serialize)]
struct SlotJson {
    key: Value,
    value: U256,
    proof: Vec<Bytes>,
}

/// `eth_getProof`.
pub(super) fn get_proof(node: &Node, params: &Params<'_>) -> Answer {
    let address = params.address(0)?;
    let keys: Vec<String> = params.optional(1)?.unwrap_or_default();
    if keys.len() > SLOTS_MAX {
        return Err(RpcError::limit(format!("too many keys (max {SLOTS_MAX})")));
    }
    let slots = keys.iter().map(|key| storage_key(key)).collect::<Result<Vec<_>, _>>()?;
    let proof = sealed_state(node, params, 2)?.proof(address, &slots)?;
    let account = proof.account.unwrap_or_default();
    let storage_proof =
        keys.into_iter().zip(slots).zip(proof.storage).map(|((key, slot), proof)| SlotJson {
            // A key of 32 bytes is answered as such, a number as a number (as geth).
            key: if key.len() == 66 { key.into() } else { format!("0x{slot:x}").into() },
            value: proof.value,
            proof: proof.proof,
        });
    json(&ProofJson {
        address,
        balance: account.balance,
        code_hash: account.code_hash,
        nonce: quantity(account.nonce),
        storage_hash: account.storage_root,
        storage_proof: storage_proof.collect(),
        account_proof: proof.proof,
    })
}

/// The state of a sealed block: the one under construction has no trie.
fn sealed_state(
    node: &Node,
    params: &Params<'_>,
    block: usize,
) -> Result<mezz_storage::State, RpcError> {
    match node.at(params.block(block)?)? {
        At::Sealed(block) => node.state_after(block.header.number),
        At::Pending(_) => node.state_after(node.backend.heads().latest),
    }
}
