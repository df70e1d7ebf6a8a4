//! What a tenant may ask, by the parameters.

use super::{AccessFile, Admission, Rule, Tenant, View, filter::Filter, refusal};
use crate::{
    RpcError,
    node::Node,
    request,
    wire::{Params, Request},
};
use alloy::{
    consensus::constants::KECCAK_EMPTY,
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, Selector, TxKind, U256, keccak256},
    rpc::types::TransactionRequest,
};
use mezz_evm::SignedTransaction;
use mezz_primitives::predeploys::{ERC20_FACTORY, MESSAGE_PASSER};
use revm::DatabaseRef;
use serde_json::Value;
use std::sync::Arc;

/// Decides about a tenant's call.
pub(super) fn tenant(
    node: &Node,
    rule: Rule,
    tenant: &Arc<Tenant>,
    file: &AccessFile,
    request: &Request<'_>,
) -> Result<Admission, RpcError> {
    let method = request.method.as_ref();
    let params = Params::new(request.params)?;
    let refused = || refusal(method, rule.who_may());
    let own = |address: &Address| tenant.accounts.contains(address);
    let allowed = match rule {
        Rule::Public | Rule::Tenants => true,
        Rule::PublicCut(filter) | Rule::TenantsCut(filter) => {
            return Ok(Admission::Cut(filter, View::of(tenant.clone())));
        }
        Rule::OwnAccount(index) => own(&params.address(index)?),
        Rule::OwnCode(index) => {
            let address = params.address(index)?;
            own(&address) || file.has_contract(address)
        }
        Rule::Proof => {
            let address = params.address(0)?;
            let keys: Vec<String> = params.optional(1)?.unwrap_or_default();
            if address == MESSAGE_PASSER && !own(&address) {
                return Ok(Admission::Cut(Filter::Storage, View::of(tenant.clone())));
            }
            if !own(&address) && !is_made_by_factory(node, address)? {
                let allowed = !keys.is_empty() && is_of_own_tokens(tenant, file, address, &keys);
                let cut = Admission::Cut(Filter::Storage, View::of(tenant.clone()));
                return if allowed { Ok(cut) } else { Err(refused()) };
            }
            own(&address) || is_of_own_tokens(tenant, file, address, &keys)
        }
        Rule::OwnTransaction(index) => {
            let view = View::of(tenant.clone());
            return Ok(match view.sees_transaction(node, params.hash(index)?)? {
                true => Admission::Run,
                false => Admission::Answer(nothing(method)),
            });
        }
        Rule::Call => may_call(node, tenant, file, &params, default_block(method))?,
        Rule::Submit => {
            let bytes: Bytes = params.get(0)?;
            let transaction = SignedTransaction::decode(bytes)
                .map_err(|error| RpcError::invalid_params(error.to_string()))?;
            own(&transaction.sender)
        }
        Rule::Read | Rule::Operator => false,
    };
    if allowed { Ok(Admission::Run) } else { Err(refused()) }
}

/// What is said of a transaction that is another's, as if there were none.
fn nothing(method: &str) -> String {
    match method {
        "mezz_getWithdrawals" => "[]".to_owned(),
        _ => "null".to_owned(),
    }
}

/// Whether slots are those by which a tenant leaves with its tokens: its own balances of listed ones, and that L2's factory made these.
fn is_of_own_tokens(tenant: &Tenant, file: &AccessFile, address: Address, keys: &[String]) -> bool {
    let are_of = |accounts: Vec<Address>| {
        let entries: Vec<B256> = accounts.into_iter().map(entry).collect();
        let mut slots = keys.iter().map(|key| key.parse::<B256>());
        slots.all(|slot| slot.is_ok_and(|slot| entries.contains(&slot)))
    };
    match address {
        ERC20_FACTORY => are_of(file.contracts().collect()),
        token => file.has_contract(token) && are_of(tenant.accounts.iter().copied().collect()),
    }
}

/// Whether a contract is the factory, or a token that it made: what leaves the chain is proven by the whole of their accounts, and they hold no ether.
fn is_made_by_factory(node: &Node, address: Address) -> Result<bool, RpcError> {
    let made = || {
        let slot = U256::from_be_bytes(entry(address).0);
        node.backend.store().latest().storage_ref(ERC20_FACTORY, slot)
    };
    Ok(address == ERC20_FACTORY || !made()?.is_zero())
}

/// Where `key` lies in the mapping in slot 0.
fn entry(key: Address) -> B256 {
    keccak256([key.into_word(), B256::ZERO].concat())
}

/// Where a call is executed if it names no block.
fn default_block(method: &str) -> BlockNumberOrTag {
    match method {
        "eth_estimateGas" => BlockNumberOrTag::Pending,
        _ => BlockNumberOrTag::Latest,
    }
}

/// Whether a call is from an own account, to a function of the file, with own accounts where it says so. What would run other code is refused.
fn may_call(
    node: &Node,
    tenant: &Tenant,
    file: &AccessFile,
    params: &Params<'_>,
    default: BlockNumberOrTag,
) -> Result<bool, RpcError> {
    let call: TransactionRequest = params.get(0)?;
    let own = |address: &Address| tenant.accounts.contains(address);
    // Overrides give accounts other code and other storage; so do authorizations.
    for index in 2..params.len() {
        if params.optional::<Value>(index)?.is_some() {
            return Ok(false);
        }
    }
    let Some(TxKind::Call(to)) = call.to else { return Ok(false) };
    if !call.from.as_ref().is_some_and(own) || call.authorization_list.is_some() {
        return Ok(false);
    }
    let input = request::input(&call)?;
    if input.is_empty() {
        // A plain transfer runs no code: not where it is executed, nor in the block that may become that meanwhile.
        let named = params.optional(1)?.unwrap_or(BlockId::Number(default));
        for block in [named, BlockId::pending(), BlockId::latest()] {
            let account = node.state(block)?.basic_ref(to)?;
            if account.is_some_and(|account| account.code_hash != KECCAK_EMPTY) {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    let Some((selector, arguments)) = input.split_first_chunk::<4>() else { return Ok(false) };
    let Some(own_arguments) = file.function(to, Selector::from(*selector)) else {
        return Ok(false);
    };
    let is_own = |index: &usize| {
        let word = arguments.get(32 * index..32 * index + 32);
        word.is_some_and(|word| word[..12] == [0; 12] && own(&Address::from_slice(&word[12..])))
    };
    Ok(own_arguments.iter().all(is_own))
}
