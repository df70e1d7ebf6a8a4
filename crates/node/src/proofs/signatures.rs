//! Proofs of signatures: which batches go into one, and what it is made from.

use crate::{
    Error,
    acts::{Acts, blocking},
    batches,
    disputes::gather_batches,
};
use alloy_primitives::{B256, Bytes};
use mezz_derive::Expected;
use mezz_evm::{SignedTransaction, Transaction};
use mezz_primitives::{Accumulator, SIGNATURE_SIZE, SignaturesBoot};
use mezz_program::KnownPreimages;
use mezz_settlement::{Inbox, Proven, Proving, Settlement};
use mezz_storage::Store;
use parking_lot::RwLock;
use std::collections::HashMap;

/// Batches in one proof of signatures.
const BATCHES_MAX: u64 = 32;

/// Puts batches whose signatures are wanted into rows, each for one proof; claims are about what is sealed, so these come first. `leased` is what workers
/// have, or had: what they have stays as it is.
pub(super) fn rows(wanted: Vec<Proving>, leased: &[(Proving, bool)]) -> Vec<Proving> {
    let (open, others): (Vec<_>, Vec<_>) = wanted.into_iter().partition(is_of_signatures);
    let live: Vec<_> = begun(&open, leased, true).collect();
    let mut rows = live.clone();
    for batch in open.iter().filter(|batch| !live.iter().any(|row| within(row, batch.n0))) {
        match rows.last_mut() {
            Some(row) if rows_on(row, batch, &live) => row.n1 = batch.n1,
            _ => rows.push(*batch),
        }
    }
    rows.into_iter().chain(others).collect()
}

/// The rows of workers that have lost them, and may still bring their proofs.
pub(super) fn late(wanted: &[Proving], leased: &[(Proving, bool)]) -> Vec<Proving> {
    let open: Vec<_> = wanted.iter().copied().filter(is_of_signatures).collect();
    begun(&open, leased, false).collect()
}

/// The rows that were leased, and hold or not, with a batch in them that is still wanted.
fn begun(
    open: &[Proving],
    leased: &[(Proving, bool)],
    holds: bool,
) -> impl Iterator<Item = Proving> {
    let useful = move |row: &Proving| open.iter().any(|batch| within(row, batch.n0));
    let rows = leased.iter().filter(move |(_, live)| *live == holds).map(|(row, _)| *row);
    rows.filter(is_of_signatures).filter(useful)
}

fn is_of_signatures(proving: &Proving) -> bool {
    proving.of == Proven::Signatures
}

const fn within(row: &Proving, index: u64) -> bool {
    row.n0 <= index && index < row.n1
}

/// Whether a batch goes on with a row that nobody has begun.
fn rows_on(row: &Proving, batch: &Proving, live: &[Proving]) -> bool {
    row.n1 == batch.n0 && batch.n1 - row.n0 <= BATCHES_MAX && !live.contains(row)
}

/// What the statement about the signatures of these batches begins with.
pub(super) fn boot(acts: &Acts, inbox: &Inbox, (start, end): (u64, u64)) -> Option<SignaturesBoot> {
    let last = inbox.batches().get(usize::try_from(end.checked_sub(1)?).ok()?)?;
    let chain_id = acts.config.l2_chain_id;
    Some(SignaturesBoot { chain_id, acc: last.header.acc(), start, end })
}

/// Everything that a proof of the signatures of these batches asks for.
pub(super) async fn gather(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    (start, end): (u64, u64),
) -> Result<(B256, KnownPreimages), Error> {
    let inbox = settlement.read().inbox().clone();
    let boot = boot(acts, &inbox, (start, end)).ok_or(Error::Reorged)?;
    let unsigned = |index: u64| {
        let posted = inbox.batches().get(index as usize);
        posted.filter(|batch| batch.header.unsigned).cloned()
    };
    let (read, mut known) =
        gather_batches(acts, settlement, (start..end).filter_map(unsigned).collect()).await?;
    let (store, chain, waiting) =
        (acts.store.clone(), acts.config.l2_chain_id, acts.sequencer.unsealed());
    blocking(move || {
        known.insert(boot.encode());
        let posted = inbox.batches().iter().take(end as usize).skip(start as usize);
        for batch in posted {
            let before: Accumulator = batch.header.prev_acc;
            known.insert_batch(before, &batch.header);
        }
        let first = read.iter().map(|(header, _, _)| header.first_block).min();
        let signatures = signatures(&store, first.unwrap_or(u64::MAX), waiting)?;
        for (header, kinds, payload) in read {
            let expected = Expected::of(&header, &kinds, chain);
            let batch = payload.and_then(|payload| mezz_derive::decode(&payload, &expected).ok());
            let all =
                batch.into_iter().flat_map(|batch| batch.blocks).flat_map(|it| it.transactions);
            let found = all.map(|transaction| signatures.get(&transaction).copied());
            let found = found.collect::<Option<_>>();
            let found = found.ok_or(Error::Unsigned { number: header.first_block })?;
            known.signatures.insert(header.hash(), found);
        }
        Ok((boot.hash(), known))
    })
    .await
}

/// The signatures that are known here, of blocks from `first` on and of what waits: by what stands in a batch without them.
fn signatures(
    store: &Store,
    first: u64,
    waiting: Vec<SignedTransaction>,
) -> Result<HashMap<Bytes, [u8; SIGNATURE_SIZE]>, Error> {
    let mut known = HashMap::new();
    let mut insert = |transaction: SignedTransaction| {
        if let Some(signature) = signature(&transaction) {
            known.insert(transaction.attribute().standing().clone(), signature);
        }
    };
    for number in first..=store.head().number {
        batches::block(store, number)?.transactions.iter().cloned().for_each(&mut insert);
    }
    waiting.into_iter().for_each(insert);
    Ok(known)
}

/// `r ‖ s ‖ y-parity` of a transaction, if it is known.
fn signature(transaction: &SignedTransaction) -> Option<[u8; SIGNATURE_SIZE]> {
    let Transaction::Ethereum(signed) = &transaction.transaction else { return None };
    let signature = signed.signature();
    let mut bytes = [0; SIGNATURE_SIZE];
    bytes[..32].copy_from_slice(&signature.r().to_be_bytes::<32>());
    bytes[32..64].copy_from_slice(&signature.s().to_be_bytes::<32>());
    bytes[64] = signature.v().into();
    (!transaction.is_unsigned()).then_some(bytes)
}
