//! Proofs of signatures: which batches go into one, and what it is made from.

use crate::{
    Error,
    acts::{Acts, blocking},
    batches,
    disputes::gather_batches,
};
use alloy_primitives::{B256, Bytes, U256};
use mezz_derive::Expected;
use mezz_evm::{SignedTransaction, Transaction};
use mezz_primitives::{
    Accumulator, BatchHeader, BlobOpening, ProofKind, SIGNATURE_SIZE, SignaturesBoot, Statement,
    opening_point, trimmed,
};
use mezz_program::{FieldElement, KnownPreimages, evaluate};
use mezz_settlement::{Inbox, PostedBatch, Proving, Settlement};
use mezz_storage::Store;
use parking_lot::RwLock;
use std::collections::HashMap;

/// Batches in one proof of signatures.
const BATCHES_MAX: u64 = 32;

/// Transactions in one, if not a single batch has more: as many as in the largest batch. They are all recovered before a worker gets the job.
const TRANSACTIONS_MAX: usize = 1 << 17;

/// Puts batches whose signatures are wanted into rows, each for one proof; claims are about what is sealed, so these come first. `live` is what workers have,
/// which stays as it is, and `is_one` says whether L1 takes one proof of a row.
pub(super) fn rows(
    wanted: Vec<Proving>,
    live: &[Proving],
    is_one: impl Fn(&Proving) -> bool,
) -> Vec<Proving> {
    let (open, others): (Vec<_>, Vec<_>) = wanted.into_iter().partition(Proving::is_of_signatures);
    let mut rows = live.to_vec();
    for batch in open.iter().filter(|batch| !live.iter().any(|row| row.covers(batch.n0))) {
        let longer = rows.last().map(|row| Proving { n1: batch.n1, ..*row });
        let rows_on = |row: &Proving, longer: &Proving| {
            let begun = live.contains(row) || row.n1 != batch.n0;
            !begun && longer.n1 - longer.n0 <= BATCHES_MAX && is_one(longer)
        };
        match (rows.last_mut(), longer) {
            (Some(row), Some(longer)) if rows_on(row, &longer) => *row = longer,
            _ => rows.push(*batch),
        }
    }
    rows.into_iter().chain(others).collect()
}

/// The batches of a row from its first on that are work for one proof, by the number of transactions in each.
pub(super) fn cut(row: Proving, transactions: &[usize]) -> Proving {
    let mut sum = 0;
    let fits = |count: &&usize| {
        sum += **count;
        sum <= TRANSACTIONS_MAX
    };
    let batches = transactions.iter().take_while(fits).count().max(1) as u64;
    Proving { n1: row.n1.min(row.n0 + batches), ..row }
}

/// What is left of a row without the batches `from..to`: those before them, or those behind if there are none.
pub(super) fn without(row: Proving, from: u64, to: u64) -> Option<Proving> {
    let rest = match from > row.n0 {
        true => Proving { n1: row.n1.min(from), ..row },
        false => Proving { n0: row.n0.max(to), ..row },
    };
    (rest.n0 < rest.n1 && rest != row).then_some(rest)
}

/// The number of transactions in each batch of a row, as far as its blocks are here.
pub(super) fn counts(store: &Store, inbox: &Inbox, row: &Proving) -> Result<Vec<usize>, Error> {
    let mut counts = Vec::new();
    for batch in inbox.batches().iter().take(row.n1 as usize).skip(row.n0 as usize) {
        let last = batch.header.last_block().min(store.head().number);
        let mut count = 0;
        for number in batch.header.first_block..=last {
            count += batches::block(store, number)?.transactions.len();
        }
        counts.push(count);
    }
    Ok(counts)
}

/// The row of batches that a statement is about, if a proof of it is wanted: of all that one of those may be in which are open.
pub(super) fn find(acts: &Acts, settlement: &Settlement, statement: &Statement) -> Option<Proving> {
    if statement.kind != ProofKind::Signatures {
        return None;
    }
    let (inbox, wants) = (settlement.inbox(), settlement.wants_signatures());
    let open: Vec<u64> = singles(settlement.wanted());
    let chain_id = acts.config.l2_chain_id;
    let ends = open.first()? + 1..=(open.last()? + BATCHES_MAX).min(inbox.batches().len() as u64);
    ends.rev().find_map(|end| {
        let acc = inbox.posted_acc(end)?;
        let last = open[..open.partition_point(|index| *index < end)].last()?;
        let mut starts = end.saturating_sub(BATCHES_MAX)..=*last;
        let is_it = |start: &u64| {
            let boot = SignaturesBoot { chain_id, acc, start: *start, end };
            boot.hash() == statement.boot
        };
        let row = Proving::signatures(starts.find(is_it)?, end);
        wants(&row).then_some(row)
    })
}

/// The batches whose signatures are wanted.
fn singles(wanted: Vec<Proving>) -> Vec<u64> {
    wanted.into_iter().filter(Proving::is_of_signatures).map(|batch| batch.n0).collect()
}

/// What the statement about the signatures of these batches begins with.
pub(super) fn boot(acts: &Acts, inbox: &Inbox, (start, end): (u64, u64)) -> Option<SignaturesBoot> {
    let (chain_id, acc) = (acts.config.l2_chain_id, inbox.posted_acc(end)?);
    Some(SignaturesBoot { chain_id, acc, start, end })
}

/// The batches without signatures among these, as they were posted: what has become of them since says nothing about who signed.
fn posted(inbox: &Inbox, (start, end): (u64, u64)) -> Vec<PostedBatch> {
    let covered = inbox.batches().iter().take(end as usize).skip(start as usize);
    let unsigned = covered.filter(|batch| batch.header.unsigned).cloned();
    unsigned.map(|batch| PostedBatch { void: false, ..batch }).collect()
}

/// Everything that a proof of the signatures of these batches asks for.
pub(super) async fn gather(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    covered: (u64, u64),
) -> Result<(B256, KnownPreimages), Error> {
    let inbox = settlement.read().inbox().clone();
    let boot = boot(acts, &inbox, covered).ok_or(Error::Reorged)?;
    let (read, mut known) = gather_batches(acts, settlement, posted(&inbox, covered)).await?;
    let (store, chain) = (acts.store.clone(), acts.config.l2_chain_id);
    let sequencer = acts.sequencer.clone();
    blocking(move || {
        known.insert(boot.encode());
        let (start, end) = covered;
        for batch in inbox.batches().iter().take(end as usize).skip(start as usize) {
            let before: Accumulator = batch.header.prev_acc;
            known.insert_batch(before, &batch.header);
        }
        let batches = read.into_iter().map(|(header, kinds, payload)| {
            let expected = Expected::of(&header, &kinds, chain);
            let batch = payload.and_then(|payload| mezz_derive::decode(&payload, &expected).ok());
            let all = batch.into_iter().flat_map(|batch| batch.blocks);
            (header, all.flat_map(|it| it.transactions).collect::<Vec<_>>())
        });
        let batches: Vec<_> = batches.collect();
        let mut signatures = Signatures::of(batches.iter().flat_map(|(_, all)| all));
        signatures
            .look(&store, batches.iter().map(|(header, _)| header), || sequencer.unsealed())?;
        let mut unknown = Vec::new();
        for (header, transactions) in batches {
            match signatures.all(&transactions) {
                Some(found) => drop(known.signatures.insert(header.hash(), found)),
                None => unknown.push(header.index),
            }
        }
        let Some(from) = unknown.first().copied() else { return Ok((boot.hash(), known)) };
        let row = unknown.iter().zip(from..).take_while(|(index, place)| *index == place);
        Err(Error::UnknownSignatures { from, to: from + row.count() as u64 })
    })
    .await
}

/// Whether these are openings of blobs of the batches, as L1 has them.
pub(super) async fn opens(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    row: Proving,
    openings: Vec<BlobOpening>,
) -> Result<bool, Error> {
    let batches = posted(settlement.read().inbox(), (row.n0, row.n1));
    let (_, known) = gather_batches(acts, settlement, batches).await?;
    let is_right = move |opening: &BlobOpening| {
        let Some(blob) = known.blobs.get(&opening.versioned_hash) else { return false };
        let elements = trimmed(&blob[..]);
        let z = opening_point(opening.versioned_hash, elements);
        let point = <U256 as FieldElement>::decode(&z.0);
        let y = point.and_then(|point| evaluate(elements, &point));
        opening.z == z && y.is_some_and(|y| opening.y == B256::from(FieldElement::encode(&y)))
    };
    Ok(blocking(move || openings.iter().all(is_right)).await)
}

/// The signatures of some transactions, by what stands for them in a batch without: those that are known.
pub(super) struct Signatures {
    by_standing: HashMap<Bytes, Option<[u8; SIGNATURE_SIZE]>>,
    missing: usize,
}

impl Signatures {
    /// None of them known.
    pub(super) fn of<'a>(transactions: impl Iterator<Item = &'a Bytes>) -> Self {
        let by_standing: HashMap<_, _> = transactions.map(|it| (it.clone(), None)).collect();
        Self { missing: by_standing.len(), by_standing }
    }

    /// Looks for them: in the blocks of their batches, then, where these are gone, in what waits for another place, and then in the blocks that have found it one.
    fn look<'a>(
        &mut self,
        store: &Store,
        batches: impl Iterator<Item = &'a BatchHeader>,
        waiting: impl FnOnce() -> Vec<SignedTransaction>,
    ) -> Result<(), Error> {
        let own: Vec<_> = batches.map(|header| header.first_block..=header.last_block()).collect();
        let Some(first) = own.first().map(|blocks| *blocks.start()) else { return Ok(()) };
        let head = store.head().number;
        let is_own = |number: &u64| own.iter().any(|blocks| blocks.contains(number));
        self.look_in(store, (first..=head).filter(is_own))?;
        if self.missing > 0 {
            self.know_all(&waiting());
        }
        self.look_in(store, (first..=head).filter(|number| !is_own(number)))
    }

    fn look_in(&mut self, store: &Store, blocks: impl Iterator<Item = u64>) -> Result<(), Error> {
        for number in blocks {
            if self.missing == 0 {
                return Ok(());
            }
            self.know_all(&batches::block(store, number)?.transactions);
        }
        Ok(())
    }

    /// Notes the signatures of these, as far as they are looked for.
    pub(super) fn know_all(&mut self, transactions: &[SignedTransaction]) {
        for transaction in transactions {
            if self.missing == 0 {
                return;
            }
            let Some(signature) = signature(transaction) else { continue };
            let attributed = transaction.clone().attribute();
            if let Some(slot @ None) = self.by_standing.get_mut(attributed.standing()) {
                *slot = Some(signature);
                self.missing -= 1;
            }
        }
    }

    /// Those of a batch, in order, if all are known.
    pub(super) fn all(&self, transactions: &[Bytes]) -> Option<Vec<[u8; SIGNATURE_SIZE]>> {
        transactions.iter().map(|it| self.by_standing.get(it).copied().flatten()).collect()
    }
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
