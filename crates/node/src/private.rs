//! A private chain: payloads are sealed for those that the access file lists (`docs/spec/private-data.md`).

use crate::{Error, acts::Acts, acts::blocking, batches, committee::Asked};
use alloy::consensus::{Transaction as _, Typed2718};
use alloy_primitives::B256;
use mezz_da::private::{
    AccessPublicKey, OwnTransaction, Recipients, Record, SealContext, SealedPayload,
};
use mezz_evm::SignedTransaction;
use mezz_rpc::access::{AccessFile, AccessList};
use mezz_storage::Store;
use std::collections::BTreeMap;

impl Acts {
    /// The payload as members of a private chain take it; `None` where the chain is not private.
    pub(crate) async fn sealed(
        &self,
        asked: &Asked,
        payload: &[u8],
    ) -> Result<Option<SealedPayload>, Error> {
        if !self.private {
            return Ok(None);
        }
        let members = self.members.as_ref().ok_or(mezz_da::Error::NoCommittee)?;
        let file = self.access_list.as_ref().map(AccessList::current).ok_or(Error::NoAccessFile)?;
        let context = SealContext {
            inbox: members.inbox(),
            batch_index: asked.index,
            payload: asked.payload,
        };
        let (store, first, last) = (self.store.clone(), asked.first, asked.last);
        let payload = payload.to_vec();
        blocking(move || {
            let recipients = Recipients {
                readers: file
                    .readers
                    .iter()
                    .filter_map(|reader| key_of(&reader.name, reader.key))
                    .collect(),
                tenants: records(&store, &file, first, last)?,
            };
            let sealed =
                SealedPayload::new(context, &payload, &recipients).map_err(mezz_da::Error::from)?;
            Ok(Some(sealed))
        })
        .await
    }
}

/// What each tenant has in these blocks: signed transactions whose sender or target is an account of its own.
fn records(
    store: &Store,
    file: &AccessFile,
    first: u64,
    last: u64,
) -> Result<BTreeMap<AccessPublicKey, Record>, Error> {
    let mut owners = BTreeMap::new();
    for tenant in &file.tenants {
        let Some(key) = key_of(&tenant.name, tenant.key) else { continue };
        owners.extend(tenant.accounts.iter().map(|account| (*account, key)));
    }
    let mut records = BTreeMap::<AccessPublicKey, Record>::new();
    for number in first..=last {
        let block = batches::block(store, number)?;
        for (position, transaction) in block.transactions.iter().enumerate() {
            if is_deposit(transaction) {
                continue;
            }
            let own = OwnTransaction {
                block_number: number,
                position: position as u32,
                signed: transaction.bytes.clone(),
            };
            let sender = owners.get(&transaction.sender);
            let target = transaction.transaction.to().and_then(|target| owners.get(&target));
            for owner in sender.into_iter().chain(target.filter(|target| Some(*target) != sender)) {
                records.entry(*owner).or_default().transactions.push(own.clone());
            }
        }
    }
    Ok(records)
}

/// A party's key. One for which nothing can be sealed stops no batch.
fn key_of(name: &str, key: Option<B256>) -> Option<AccessPublicKey> {
    let key = AccessPublicKey(key?);
    if !key.is_sound() {
        tracing::error!(name, %key, "nothing can be sealed for this key of the access file: ask for one that `mezz dac access-key` shows");
        return None;
    }
    Some(key)
}

/// What L1 made L2 do is on L1 for all to read, and in no payload.
fn is_deposit(transaction: &SignedTransaction) -> bool {
    transaction.transaction.ty() == 0x7e
}
