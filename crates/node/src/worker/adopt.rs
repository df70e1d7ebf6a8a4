//! What L1 dictates and what an earlier run promised: blocks go, others come, and no promise is lost on the way.
//!
//! The order in which it reaches the disk is what makes that true. Before a block goes, its transactions are in the journal as displaced; only then the
//! store is cut. Whoever starts again reads both: a transaction that is displaced and in no block is still owed a place.

use super::Worker;
use crate::{
    Error,
    builder::{Builder, header},
    journal::{Entry, JournaledBlock, Past},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::Bytes;
use mezz_evm::{SignedTransaction, execute};
use mezz_primitives::BlockInput;
use mezz_rpc::Event;
use revm::DatabaseRef;
use std::collections::HashMap;

impl Worker {
    /// Brings the chain to where the journal says it was.
    pub(super) fn recover(&mut self, entries: Vec<Entry>) -> Result<(), Error> {
        let past = Past::new(entries);
        for block in &past.blocks {
            self.recover_block(block)?;
        }
        if let Some(cut) = past.cut.filter(|cut| *cut < self.store.head().number) {
            self.store.rewind(cut)?;
        }
        let open = self.builder.as_ref().map_or(0, |builder| builder.signed().count());
        tracing::info!(
            head = self.store.head().number,
            open,
            displaced = past.displaced.len(),
            "recovered"
        );
        // What does not decode was never ours.
        self.owed = past
            .displaced
            .into_iter()
            .filter_map(|(sender, bytes)| SignedTransaction::decode_recovered(bytes, sender).ok())
            .collect();
        if !self.config.sequencing
            && let Some(open) = self.builder.take()
        {
            // This run seals nothing; a later one may.
            open.signed().for_each(|transaction| self.journal.append(&owed(transaction)));
            self.owed.extend(open.signed().cloned());
        }
        *self.shared.pending.write() = self.builder.as_ref().map(Builder::pending);
        self.owe_all()
    }

    fn recover_block(&mut self, block: &JournaledBlock) -> Result<(), Error> {
        if block.number <= self.store.head().number {
            let stored = self.store.header(block.number)?.map(|header| header.hash_slow());
            if block.sealed.is_some() && stored == block.sealed {
                return Ok(());
            }
            self.store.rewind(block.number - 1)?;
        }
        let head = self.store.head();
        if block.number != head.number + 1 || block.parent != head.hash {
            return Err(Error::Diverged { number: block.number });
        }
        let builder = Builder::replay(&self.store, block, self.config.block_bytes)?;
        let Some(hash) = block.sealed else {
            self.builder = Some(builder);
            return Ok(());
        };
        match builder.seal(&self.store)?.hash == hash {
            true => Ok(()),
            false => Err(Error::Diverged { number: block.number }),
        }
    }

    /// Cuts the chain back to `parent`, executes the blocks that L1 dictates, and gives what they displaced another place.
    pub(super) fn adopt(&mut self, parent: u64, blocks: &[BlockInput]) -> Result<(), Error> {
        self.displace(parent)?;
        let signed = self.signed();
        let adopted = blocks.iter().try_for_each(|input| self.append(&with(input, &signed)));
        // Also when a block failed: what was displaced before it is owed its place all the same.
        if self.sequencing {
            self.begin()?;
        }
        if !self.owed.is_empty() {
            tracing::info!(count = self.owed.len(), "displaced transactions are placed again");
        }
        self.owe_all()?;
        self.drain_pool()?;
        adopted
    }

    /// Takes the blocks above `parent` away, the one under construction with them; their transactions are owed, in order.
    fn displace(&mut self, parent: u64) -> Result<(), Error> {
        let mut displaced = Vec::new();
        for number in parent + 1..=self.store.head().number {
            let block = self.store.block(number)?.ok_or(Error::MissingBlock { number })?;
            let users = block.transactions.iter().filter(|tx| !tx.is_deposit());
            // Without its signature a transaction can neither be posted nor proven again.
            let (lost, kept): (Vec<_>, Vec<_>) = users.partition(|tx| tx.is_unsigned());
            if !lost.is_empty() {
                tracing::warn!(
                    block = number,
                    count = lost.len(),
                    "the signatures of displaced transactions are not known here: their senders must send them again"
                );
            }
            displaced.extend(kept.into_iter().cloned());
        }
        let open = self.builder.take();
        *self.shared.pending.write() = None;
        displaced.extend(open.iter().flat_map(|builder| builder.signed().cloned()));
        for transaction in &displaced {
            self.journal.append(&owed(transaction));
        }
        self.owed.append(&mut displaced);
        if parent < self.store.head().number {
            self.journal.append(&Entry::Cut { to: parent });
            self.journal.sync()?;
            let removed = self.store.rewind(parent)?;
            tracing::warn!(from = parent + 1, blocks = removed.len(), "blocks displaced by L1");
            let _ = self.shared.events.send(Event::Reorged { removed });
        }
        Ok(())
    }

    /// What was displaced, just now or before and has found no other place yet, by what stands for it in a batch without signatures.
    fn signed(&self) -> HashMap<Bytes, Bytes> {
        if !self.config.attributed {
            return HashMap::new();
        }
        let pool = self.shared.pool.read();
        let signed = self.owed.iter().chain(pool.transactions()).map(|transaction| {
            (transaction.clone().attribute().standing().clone(), transaction.bytes.clone())
        });
        signed.collect()
    }

    /// Executes one block that L1 dictates.
    fn append(&mut self, input: &BlockInput) -> Result<(), Error> {
        let head = self.store.head();
        self.turn_page(head.number);
        let parent = header(&self.store, head.number)?;
        let (outcome, diff) =
            execute(self.store.chain(), &parent, head.hash, input, self.store.latest())?;
        let (number, timestamp, queue_index) =
            (outcome.header.number, input.timestamp, input.queue_index);
        let (parent, attributed) = (head.hash, input.attributed);
        self.journal.append(&Entry::Open { number, timestamp, queue_index, parent, attributed });
        for transaction in &outcome.transactions {
            self.journal.append(&Entry::Transaction {
                sender: transaction.sender,
                bytes: transaction.bytes.clone(),
            });
        }
        self.journal.append(&Entry::Seal { number, hash: outcome.hash });
        let block = self.store.append(outcome, &diff)?;
        let _ = self.shared.events.send(Event::Head(block));
        Ok(())
    }

    /// Gives what lost its place another, in the order in which it was promised.
    fn owe_all(&mut self) -> Result<(), Error> {
        for transaction in std::mem::take(&mut self.owed) {
            self.owe(transaction)?;
        }
        Ok(())
    }

    /// Gives a transaction that lost its place the next one: in the open block, or in the pool whatever its limits say.
    fn owe(&mut self, transaction: SignedTransaction) -> Result<(), Error> {
        let (hash, sender, nonce) =
            (transaction.hash, transaction.sender, transaction.transaction.nonce());
        let next = match &mut self.builder {
            Some(builder) => builder.next_nonce(sender)?,
            None => self.store.latest().basic_ref(sender)?.map_or(0, |info| info.nonce),
        };
        // Another transaction has its nonce, or it is in the blocks that L1 dictated.
        if nonce < next {
            return Ok(());
        }
        self.displaced.insert(hash);
        if let Some(builder) = self.builder.as_mut().filter(|_| nonce == next) {
            match builder.execute_signed(&self.journal, transaction.clone())? {
                Ok(_) => {
                    self.displaced.remove(&hash);
                    return Ok(());
                }
                Err(error) if !self.may_wait(&transaction, &error) => {
                    tracing::warn!(%hash, %error, "displaced by L1 and invalid since");
                    self.displaced.remove(&hash);
                    return Ok(());
                }
                Err(_) => {}
            }
        }
        let other = self.shared.pool.write().restore(transaction);
        if let Some(other) = other.filter(|other| other.hash != hash) {
            self.give_up(&other, mezz_rpc::SubmitError::Replaced { by: hash });
        }
        Ok(())
    }

    /// Says in a new segment of the journal what is owed still: the segments that said so may be forgotten.
    pub(super) fn owe_again(&mut self) {
        self.owed.iter().for_each(|transaction| self.journal.append(&owed(transaction)));
        let pool = self.shared.pool.read();
        self.displaced.retain(|hash| match pool.get(hash) {
            Some(transaction) => {
                self.journal.append(&owed(transaction));
                true
            }
            None => false,
        });
    }
}

/// A block that L1 dictates, with the signatures that are known here.
fn with(input: &BlockInput, signed: &HashMap<Bytes, Bytes>) -> BlockInput {
    let known = |bytes: &Bytes| signed.get(bytes).unwrap_or(bytes).clone();
    BlockInput { transactions: input.transactions.iter().map(known).collect(), ..input.clone() }
}

fn owed(transaction: &SignedTransaction) -> Entry {
    Entry::Displaced { sender: transaction.sender, bytes: transaction.bytes.clone() }
}
