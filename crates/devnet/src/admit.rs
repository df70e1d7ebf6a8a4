//! What a transaction must be before it may wait in the pool: everything that needs neither state nor pool.

use crate::{blobs, pool::Entry};
use alloy::{
    consensus::{EthereumTxEnvelope, Transaction as _, TxEip4844WithSidecar, Typed2718},
    eips::{
        eip2718::Decodable2718, eip4844::VERSIONED_HASH_VERSION_KZG,
        eip7594::BlobTransactionSidecarVariant,
    },
    primitives::{Address, Bytes},
};
use mezz_evm::{BLOB_PARAMS, Chain, SignedTransaction, Transaction, TransactionError};
use mezz_rpc::SubmitError;
use revm::{
    context::result::InvalidTransaction,
    context_interface::cfg::GasParams,
    primitives::{eip3860::MAX_INITCODE_SIZE, eip7825::TX_GAS_LIMIT_CAP},
};
use std::sync::Arc;

/// A blob transaction as it is sent.
type WithBlobs = EthereumTxEnvelope<TxEip4844WithSidecar<BlobTransactionSidecarVariant>>;

const BLOB_TYPE: u8 = 3;

/// Whether [`decode`] has proofs to check, which takes a while.
pub(crate) fn is_slow(bytes: &[u8]) -> bool {
    bytes.first() == Some(&BLOB_TYPE)
}

/// Decodes a transaction and checks its signature and blobs. The sender of an impersonated one is given instead.
pub(crate) fn decode(bytes: Bytes, impersonated: Option<Address>) -> Result<Entry, SubmitError> {
    if is_slow(&bytes) {
        return decode_with_blobs(&bytes, impersonated);
    }
    let transaction = match impersonated {
        None => SignedTransaction::decode(bytes)?,
        Some(sender) => SignedTransaction::new(whole::<Transaction>(&bytes)?, sender),
    };
    if transaction.is_deposit() {
        return Err(TransactionError::Type(transaction.transaction.ty()).into());
    }
    Ok(Entry { transaction, sidecar: None, impersonated: impersonated.is_some() })
}

fn decode_with_blobs(bytes: &[u8], impersonated: Option<Address>) -> Result<Entry, SubmitError> {
    let pooled: WithBlobs = match whole(bytes) {
        Ok(pooled) => pooled,
        Err(_) if whole::<Transaction>(bytes).is_ok() => {
            return Err(SubmitError::Sidecar("it is missing: send 0x03 || rlp([transaction, 0x01, blobs, commitments, cell proofs])".to_owned()));
        }
        Err(error) => return Err(error),
    };
    let mut sidecar = None;
    let envelope = pooled.map_eip4844(|transaction| {
        let (transaction, blobs) = transaction.into_parts();
        sidecar = Some(blobs);
        transaction
    });
    let transaction = Transaction::Ethereum(envelope);
    let sender = match impersonated {
        Some(sender) => sender,
        None => transaction.signer().map_err(mezz_evm::DecodeError::from)?,
    };
    let hashes = transaction.blob_versioned_hashes().unwrap_or_default();
    blob_rules(hashes)?;
    let sidecar = sidecar.map(|sidecar| blobs::check(sidecar, hashes)).transpose()?.map(Arc::new);
    Ok(Entry {
        transaction: SignedTransaction::new(transaction, sender),
        sidecar,
        impersonated: impersonated.is_some(),
    })
}

/// Decodes bytes that are one transaction and nothing more.
fn whole<T: Decodable2718>(bytes: &[u8]) -> Result<T, SubmitError> {
    let mut rest = bytes;
    let transaction = T::decode_2718(&mut rest)
        .map_err(|error| SubmitError::from(mezz_evm::DecodeError::from(error)))?;
    match rest.len() {
        0 => Ok(transaction),
        trailing => Err(mezz_evm::DecodeError::Trailing(trailing).into()),
    }
}

fn blob_rules(hashes: &[alloy::primitives::B256]) -> Result<(), InvalidRule> {
    let max = BLOB_PARAMS.max_blobs_per_tx as usize;
    if hashes.is_empty() {
        return Err(InvalidTransaction::EmptyBlobs.into());
    }
    if hashes.len() > max {
        return Err(InvalidTransaction::TooManyBlobs { max, have: hashes.len() }.into());
    }
    match hashes.iter().all(|hash| hash[0] == VERSIONED_HASH_VERSION_KZG) {
        true => Ok(()),
        false => Err(InvalidTransaction::BlobVersionNotSupported.into()),
    }
}

/// The rules of the chain that need no state; `gas_limit` is that of the next block.
pub(crate) fn rules(
    transaction: &SignedTransaction,
    chain: Chain,
    gas_limit: u64,
) -> Result<(), SubmitError> {
    let tx = &transaction.transaction;
    if tx.gas_limit() > gas_limit {
        return Err(SubmitError::ExceedsGasLimit { gas: tx.gas_limit(), limit: gas_limit });
    }
    Ok(engine_rules(tx, chain)?)
}

fn engine_rules(tx: &Transaction, chain: Chain) -> Result<(), InvalidRule> {
    let refuse = |error: InvalidTransaction| Err(InvalidRule(error));
    if tx.chain_id().is_some_and(|id| id != chain.id) {
        return refuse(InvalidTransaction::InvalidChainId);
    }
    if tx.max_priority_fee_per_gas().is_some_and(|tip| tip > tx.max_fee_per_gas()) {
        return refuse(InvalidTransaction::PriorityFeeGreaterThanMaxFee);
    }
    if tx.nonce() == u64::MAX {
        return refuse(InvalidTransaction::NonceOverflowInTransaction);
    }
    if tx.gas_limit() > TX_GAS_LIMIT_CAP {
        return refuse(InvalidTransaction::TxGasLimitGreaterThanCap {
            gas_limit: tx.gas_limit(),
            cap: TX_GAS_LIMIT_CAP,
        });
    }
    if tx.is_create() && tx.input().len() > MAX_INITCODE_SIZE {
        return refuse(InvalidTransaction::CreateInitCodeSizeLimit);
    }
    if tx.authorization_list().is_some_and(<[_]>::is_empty) {
        return refuse(InvalidTransaction::EmptyAuthorizationList);
    }
    let (addresses, slots) =
        tx.access_list().map_or((0, 0), |list| (list.len(), list.storage_keys_count()));
    let authorizations = tx.authorization_list().map_or(0, <[_]>::len);
    let gas = GasParams::new_spec(Chain::SPEC).initial_tx_gas(
        tx.input(),
        tx.is_create(),
        addresses as u64,
        slots as u64,
        authorizations as u64,
        None,
    );
    if gas.initial_total_gas() > tx.gas_limit() {
        return refuse(InvalidTransaction::CallGasCostMoreThanGasLimit {
            initial_gas: gas.initial_total_gas(),
            gas_limit: tx.gas_limit(),
        });
    }
    if gas.floor_gas() > tx.gas_limit() {
        return refuse(InvalidTransaction::GasFloorMoreThanGasLimit {
            gas_floor: gas.floor_gas(),
            gas_limit: tx.gas_limit(),
        });
    }
    Ok(())
}

/// A rule of the engine that a transaction breaks.
struct InvalidRule(InvalidTransaction);

impl From<InvalidTransaction> for InvalidRule {
    fn from(error: InvalidTransaction) -> Self {
        Self(error)
    }
}

impl From<InvalidRule> for SubmitError {
    fn from(error: InvalidRule) -> Self {
        Self::Invalid(error.0.into())
    }
}
